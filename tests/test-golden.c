/* SPDX-License-Identifier: MIT */
/*
 * test-golden.c - a ring of ours, byte by byte
 *
 * What a program of another version, or of others, finds in a ring: put
 * together by hand from what layout.h says in words.  Who changes a byte of it
 * changes the wire, and sees it here.
 */
#include "config.h"

#include <shmx/shmx.h>

#include <stdio.h>
#include <unistd.h>

#include "frames.h"
#include "golden.h"
#include "shmx/producer.h"
#include "suite.h"
#include "v2/v2.h"

static struct shmx_producer *producer;

static const struct shmx_stream streams[] = {
	{ .kind = SHMX_STREAM_IMAGE, .id = 1, .name = "picture",
	  .width = 16, .height = 4, .format = SHMX_XRGB8888 },
	{ .kind = SHMX_STREAM_DATA, .id = 7, .name = "points",
	  .element_type = SHMX_F32, .components = 3, .layout = SHMX_AOS,
	  .capacity = 5, .extra = "metres", .extra_bytes = 6 },
};

/* Where everything is in a ring of these streams, with pages of 4096. */
enum {
	STATIC = 128, STATIC_USED = 80 + 64,
	EXT = 4096, STATES = EXT + 512, METAS = STATES + 64,
	RECORDS = 8192, SLOT = 4096,
	IMAGE_ROOM = 24 + 256 + 8, POINTS_ROOM = 24 + 24,
};

/* And what differs: a named ring has records, and 2^n slots. */
static uint32_t slots, damages, ext_bytes, p;
static bool named;

static void
open_ring(const char *name, uint32_t flags)
{
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;

	named = flags & SHMX_NAMED;
	slots = named ? 4 : 3;
	damages = METAS + slots * 256;
	ext_bytes = damages - EXT + 1024;
	p = RECORDS + (named ? 17 * 4096 : 0);

	o.streams = streams;
	o.stream_count = 2;
	o.slots = 3;
	o.flags = SHMX_NO_THREAD | flags;
	ck_assert_msg(shmx_producer_open(&producer, name, &o) == 0, "%s",
		      shmx_error());
}

static void
setup(void)
{
	open_ring("test", 0);
}

static void
setup_named(void)
{
	char name[64];

	snprintf(name, sizeof(name), "shmfb-test-golden-%d", (int)getpid());
	open_ring(name, SHMX_NAMED);
}

static void
teardown(void)
{
	shmx_producer_close(producer);
}

static void
put_header(void)
{
	put(0, UINT64_C(0x48494E415F53484D), 8);
	put_words(8, 2, 0, 0x01020304, EXT);
	mask(24, 8);				/* session */
	put_words(32, 1, EXT ^ 0x33584D53);	/* generation, check */
	put_words(48, STATIC, EXT - STATIC, STATIC_USED, slots, SLOT, p - 88,
		  SLOT - 64);
	if (named)
		put_words(76, 16, 4096, RECORDS, RECORDS + 2048, 2048, 4096);
}

static void
put_directory(void)
{
	/*
	 * TLV; id, type, components, layout, bytes, capacity, name, extra:
	 * U32 for whole pixels, then F32.
	 */
	put_words(STATIC, 0x1000, 32 + 7 + 32, 1, 7, 1, 0, 4, 64, 7, 32);
	put_text(STATIC + 40, "pictureIMG1");
	/* width, height, stride, XR24 */
	put_words(STATIC + 51, 16, 4, 64, 0x34325258);
	put_words(STATIC + 80, 0x1000, 32 + 6 + 6, 7, 12, 3, 1, 4, 5, 6, 6);
	put_text(STATIC + 120, "pointsmetres");
	put(40, v2_hash(golden.bytes + STATIC, STATIC_USED), 8);
}

static void
put_ext(void)
{
	put_text(EXT, "SHMXPIN3");
	put_words(EXT + 8, 1, ext_bytes);
	mask(EXT + 16, 8);			/* session */
	put(EXT + 24, named ? 1 | 2 : 0, 8);	/* records inside, named */
	put(EXT + 32, p + slots * SLOT, 8);
	/* page, slots, readers, holds of each, history */
	put_words(EXT + 40, 4096, slots, 64, 8, 1);
	/* three tables, from here; a meta, damage entries, what is mapped */
	put_words(EXT + 60, 512, METAS - EXT, damages - EXT, 256, 64, p);
	put(EXT + 84, (uint32_t)getpid(), 4);
	mask(EXT + 88, 8);			/* when it was made */
	put(EXT + 100, 1, 4);			/* writers */
	put(EXT + 128, 0xffff, 8);		/* no frame is latest */
	put(EXT + 192, 1, 4);			/* RUNNING */
	put(EXT + 256, 2, 4);			/* changed once */
}

static void
put_meta(size_t at, uint64_t n, uint32_t payload, uint32_t tlvs)
{
	put(at, n, 8);
	put(at + 8, n == 1 ? 0 : UINT64_C(0x4000000000000000), 8); /* 2.0 */
	mask(at + 16, 16);			/* begun, published */
	put(at + 32, n * 100, 8);
	/* size, stride, format, colour, flags, payload, TLVs */
	put_words(at + 40, 16, 4, 64, 0x34325258, 0, 0, payload, tlvs);
	put(at + 72, p + (n - 1) * SLOT, 8);
	put(at + 80, 256, 8);
	put(at + 88, 4, 8);			/* rows written */
}

/* What v2.0's readers see of it, when all else is there. */
static void
put_v2_header(size_t at, uint64_t n)
{
	uint32_t bytes = n == 1 ? IMAGE_ROOM : IMAGE_ROOM + POINTS_ROOM;

	put(104, n, 8);				/* frame_seq */
	put(112, n, 4);				/* write_index */
	put(EXT + 352, n, 8);			/* checksummed */
	mask(at, 8);				/* session */
	put(at + 8, n, 8);
	put(at + 16, n == 1 ? 0 : UINT64_C(0x4000000000000000), 8); /* 2.0 */
	put_words(at + 24, bytes, (uint32_t)n,
		  v2_checksum(golden.bytes + at + 64, bytes));
}

/* Frame n in slot n - 1: a picture, and points in the second. */
static void
put_frame(uint64_t n)
{
	size_t data = p + (n - 1) * SLOT, meta = METAS + (n - 1) * 256, i;

	put(EXT + 128, n << 16 | (n - 1), 8);	/* latest */
	put(EXT + 320, n, 8);			/* published */
	put(STATES + (n - 1) * 8, UINT64_C(2) << 62 | n, 8);
	put_meta(meta, n, n == 1 ? IMAGE_ROOM : IMAGE_ROOM + POINTS_ROOM,
		 n == 1 ? 1 : 2);
	put(damages + n * 16, n, 8);
	if (n == 2) {				/* x, y, width, height */
		put(meta + 96, 1, 4);
		put(meta + 104, UINT64_C(0x0002000300010002), 8);
		put(damages + n * 16 + 8, UINT64_C(0x0002000300010002), 8);
	} else {
		put(damages + n * 16 + 8, UINT64_C(0x0004001000000000), 8);
	}
	put_words(data - 24, 0x2000, 16 + 256, 1, 64, 256, 0);
	for (i = 0; i < 64; i++)
		put(data + 4 * i, frame_pixel(n, (uint32_t)i), 4);
	if (n == 2)
		put_words(data + 264, 0x2000, 16 + 24, 7, 2, 24, 0);
	for (i = 0; n == 2 && i < 6; i++)
		put(data + 288 + 4 * i, 0x3f800000, 4);	/* 1.0 */
	if (named)
		put_v2_header(data - 88, n);
}

static void
publish(uint64_t n)
{
	struct shmx_frame f;
	void *points;
	uint32_t i;

	shmx_begin(producer, &f);
	for (i = 0; i < 64; i++)
		((uint32_t *)f.pixels)[i] = frame_pixel(n, i);
	f.input_sequence = n * 100;
	if (n == 2) {
		f.sim_time = 2;
		shmx_damage(&f, 2, 1, 3, 2);
		ck_assert_int_eq(shmx_frame_append(producer, &f, 7, 2,
						   &points), 0);
		for (i = 0; i < 6; i++)
			((float *)points)[i] = 1;
	}
	ck_assert_uint_eq(shmx_publish(producer, &f), n);
}

START_TEST(rings_are_golden)
{
	const struct shmx_region *r = &producer->region;

	if (sysconf(_SC_PAGESIZE) != 4096)
		return;
	memset(&golden, 0, sizeof(golden));
	put_header();
	put_directory();
	put_ext();
	ck_assert_uint_eq(r->bytes, p + slots * SLOT);
	compare_golden(r->map, p - 88);

	publish(1);
	put_frame(1);
	compare_golden(r->map, p + SLOT - 88);
	publish(2);
	put_frame(2);
	compare_golden(r->map, p + 2 * SLOT - 88);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("golden");
	TCase *tc = suite_case(s, "ring");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, rings_are_golden);

	tc = suite_case(s, "named");
	tcase_add_checked_fixture(tc, setup_named, teardown);
	tcase_add_test(tc, rings_are_golden);
	return suite_run(s);
}
