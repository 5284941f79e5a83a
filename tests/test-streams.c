/* SPDX-License-Identifier: MIT */
/*
 * test-streams.c - arrays of numbers beside the picture, in the same frame
 *
 * What is random prints its seed; SHMX_TEST_SEED=n runs it again.
 */
#include "config.h"

#include <shmx/shmx.h>

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "child.h"
#include "shmx/producer.h"
#include "suite.h"

enum { PICTURE = 1, ENERGY = 10, POSITIONS, COLOURS };

static const struct shmx_stream scene[] = {
	{ .kind = SHMX_STREAM_IMAGE, .id = PICTURE, .name = "picture",
	  .width = 100, .height = 30, .format = SHMX_XRGB8888 },
	{ .kind = SHMX_STREAM_DATA, .id = ENERGY, .name = "energy",
	  .element_type = SHMX_F64, .capacity = 1 },
	{ .kind = SHMX_STREAM_DATA, .id = POSITIONS, .name = "positions",
	  .element_type = SHMX_F32, .components = 3, .layout = SHMX_SOA,
	  .capacity = 1000 },
	{ .kind = SHMX_STREAM_DATA, .id = COLOURS, .name = "colours",
	  .element_type = SHMX_U8, .components = 4, .layout = SHMX_AOS,
	  .capacity = 1000 },
};

static uint64_t seed;

static uint32_t
chance(uint32_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(seed >> 33) % below;
}

static void
sow(void)
{
	const char *env = getenv("SHMX_TEST_SEED");

	seed = env != NULL ? strtoull(env, NULL, 10) : base_now_ns();
	printf("# seed %llu\n", (unsigned long long)seed);
	fflush(stdout);
}

static struct shmx_producer_options
options(const struct shmx_stream *streams, unsigned count)
{
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;

	o.streams = streams;
	o.stream_count = count;
	return o;
}

static struct shmx_producer *
produce(const struct shmx_stream *streams, unsigned count)
{
	struct shmx_producer_options o = options(streams, count);
	struct shmx_producer *p;

	ck_assert_msg(shmx_producer_open(&p, "test", &o) == 0, "%s",
		      shmx_error());
	return p;
}

static struct shmx_reader *
attach(void)
{
	struct shmx_reader *r;

	ck_assert_msg(shmx_reader_open(&r, "test", NULL) == 0, "%s",
		      shmx_error());
	return r;
}

static struct shmx_hold *
latest(struct shmx_reader *r)
{
	struct shmx_hold *hold;

	ck_assert_int_eq(shmx_hold_latest(r, &hold), 0);
	return hold;
}

/* ---------------------------------------------------------------- types -- */

START_TEST(types_have_sizes_and_names)
{
	static const struct {
		uint32_t type;
		unsigned bytes;
		const char *name;
	} all[] = {
		{ SHMX_BOOL, 1, "bool" }, { SHMX_I8, 1, "i8" },
		{ SHMX_U8, 1, "u8" }, { SHMX_I16, 2, "i16" },
		{ SHMX_U16, 2, "u16" }, { SHMX_I32, 4, "i32" },
		{ SHMX_U32, 4, "u32" }, { SHMX_I64, 8, "i64" },
		{ SHMX_U64, 8, "u64" }, { SHMX_F16, 2, "f16" },
		{ SHMX_BF16, 2, "bf16" }, { SHMX_F32, 4, "f32" },
		{ SHMX_F64, 8, "f64" },
		{ 0, 0, "unknown" }, { 14, 0, "unknown" },
		{ UINT32_MAX, 0, "unknown" },
	};
	size_t i;

	for (i = 0; i < BASE_ARRAY_SIZE(all); i++) {
		/* As SHMX v2.0 numbers them. */
		if (all[i].bytes != 0)
			ck_assert_uint_eq(all[i].type, i + 1);
		ck_assert_uint_eq(shmx_element_bytes(all[i].type),
				  all[i].bytes);
		ck_assert_str_eq(shmx_element_name(all[i].type),
				 all[i].name);
	}
}
END_TEST

/* Element e, component c, byte b of a stream: where the layout puts it. */
static size_t
place_of(const struct shmx_stream *s, uint32_t elements, uint32_t e,
	 uint32_t c)
{
	size_t size = shmx_element_bytes(s->element_type);

	return s->layout == SHMX_SOA ?
		((size_t)c * elements + e) * size :
		((size_t)e * s->components + c) * size;
}

static unsigned char
byte_of(uint32_t id, uint32_t e, uint32_t c, uint32_t b)
{
	return (unsigned char)(id * 31 + e * 7 + c * 3 + b);
}

static void
fill(void *to, const struct shmx_stream *s, uint32_t elements)
{
	unsigned size = shmx_element_bytes(s->element_type);
	unsigned char *at;
	uint32_t e, c, b;

	for (e = 0; e < elements; e++)
		for (c = 0; c < s->components; c++) {
			at = (unsigned char *)to + place_of(s, elements, e, c);
			for (b = 0; b < size; b++)
				at[b] = byte_of(s->id, e, c, b);
		}
}

static void
check_view(const struct shmx_stream_view *v, const struct shmx_stream *s,
	   uint32_t elements)
{
	unsigned size = shmx_element_bytes(s->element_type);
	const unsigned char *at;
	uint32_t e, c, b;

	ck_assert_int_eq(v->kind, SHMX_STREAM_DATA);
	ck_assert_uint_eq(v->id, s->id);
	ck_assert_uint_eq(v->element_type, s->element_type);
	ck_assert_uint_eq(v->components, s->components);
	ck_assert_uint_eq(v->layout, s->layout);
	ck_assert_uint_eq(v->elements, elements);
	ck_assert_uint_eq(v->bytes, (size_t)elements * s->components * size);
	ck_assert_uint_eq((uintptr_t)v->data % 16, 0);
	for (e = 0; e < elements; e++)
		for (c = 0; c < s->components; c++) {
			at = (const unsigned char *)v->data +
				e * v->element_stride +
				c * v->component_stride;
			for (b = 0; b < size; b++)
				ck_assert_uint_eq(at[b],
						  byte_of(s->id, e, c, b));
		}
}

#define KINDS (13 * 2 * 2)

/* Every type, as scalars and in vectors, and both layouts. */
static void
declare_all(struct shmx_stream *s, char (*names)[16])
{
	uint32_t i;

	for (i = 0; i < KINDS; i++) {
		snprintf(names[i], sizeof(names[i]), "stream %u", i);
		s[i] = (struct shmx_stream){
			.kind = SHMX_STREAM_DATA,
			.id = 100 + i * 3,
			.name = names[i],
			.element_type = 1 + i / 4,
			.components = i % 2 == 0 ? 1 : 3,
			.layout = i / 2 % 2,
			.capacity = 37,
		};
	}
}

/* Every stream with its own number of elements. */
static void
publish_all(struct shmx_producer *p, const struct shmx_stream *s, bool copied)
{
	unsigned char buf[37 * 3 * 8];
	struct shmx_frame f;
	uint32_t i;
	void *data;

	shmx_begin(p, &f);
	for (i = 0; i < KINDS; i++) {
		if (copied) {
			fill(buf, &s[i], i % 38);
			ck_assert_int_eq(shmx_frame_append_copy(
				p, &f, s[i].id, i % 38, buf), 0);
			memset(buf, 0, sizeof(buf));
			continue;
		}
		ck_assert_int_eq(shmx_frame_append(p, &f, s[i].id, i % 38,
						   &data), 0);
		ck_assert_uint_eq((uintptr_t)data % 16, 0);
		fill(data, &s[i], i % 38);
	}
	f.sim_time = 1.5;
	f.input_sequence = 42;
	ck_assert_uint_ne(shmx_publish(p, &f), 0);
}

START_TEST(every_type_goes_through)
{
	struct shmx_stream_view views[KINDS], view;
	char names[KINDS][16];
	struct shmx_stream s[KINDS];
	struct shmx_producer *p;
	struct shmx_reader *r;
	struct shmx_hold *h;
	uint32_t i;

	declare_all(s, names);
	p = produce(s, KINDS);
	r = attach();
	publish_all(p, s, _i == 1);
	h = latest(r);
	ck_assert_uint_eq(shmx_frame_info(h)->tlv_count, KINDS);
	ck_assert_double_eq(shmx_frame_info(h)->sim_time, 1.5);
	ck_assert_uint_eq(shmx_frame_info(h)->input_sequence, 42);
	ck_assert_int_eq(shmx_frame_streams(h, views, KINDS), KINDS);
	for (i = 0; i < KINDS; i++) {
		check_view(&views[i], &s[i], i % 38);
		ck_assert_int_eq(shmx_frame_stream(h, s[i].id, &view), 0);
		check_view(&view, &s[i], i % 38);
		ck_assert_ptr_eq(view.data, views[i].data);
	}
	shmx_release(h);
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

START_TEST(in_place_and_copied_are_the_same_bytes)
{
	unsigned char *bytes[2];
	uint32_t n[2];
	char names[KINDS][16];
	struct shmx_stream s[KINDS];
	int i;

	declare_all(s, names);
	for (i = 0; i < 2; i++) {
		struct shmx_producer *p = produce(s, KINDS);
		struct shmx_reader *r = attach();
		const struct shmx_frame_info *info;
		struct shmx_hold *h;

		publish_all(p, s, i == 1);
		h = latest(r);
		info = shmx_frame_info(h);
		n[i] = info->payload_bytes;
		bytes[i] = malloc(n[i]);
		ck_assert_ptr_nonnull(bytes[i]);
		ck_assert_int_eq(pread(info->memory_fd, bytes[i], n[i],
				       (off_t)info->payload_offset), n[i]);
		shmx_release(h);
		shmx_reader_close(r);
		shmx_producer_close(p);
	}
	ck_assert_uint_eq(n[0], n[1]);
	ck_assert_mem_eq(bytes[0], bytes[1], n[0]);
	free(bytes[0]);
	free(bytes[1]);
}
END_TEST

/* -------------------------------------------------------------- frames -- */

START_TEST(a_frame_has_a_picture_and_what_belongs_to_it)
{
	struct shmx_producer *p = produce(scene, 4);
	struct shmx_reader *r = attach();
	struct shmx_stream_view v[4];
	const struct shmx_frame_info *info;
	const double energy = 2.5;
	struct shmx_hold *h;
	struct shmx_frame f;
	void *data;

	shmx_begin(p, &f);
	ck_assert_uint_eq((uintptr_t)f.pixels % 4096, 0);
	memset(f.pixels, 0x11, f.stride * f.height);
	ck_assert_int_eq(shmx_frame_append_copy(p, &f, ENERGY, 1, &energy),
			 0);
	ck_assert_int_eq(shmx_frame_append(p, &f, POSITIONS, 1000, &data), 0);
	memset(data, 0x22, 12000);
	ck_assert_int_eq(shmx_frame_append(p, &f, COLOURS, 999, &data), 0);
	memset(data, 0x33, 999 * 4);
	shmx_publish(p, &f);

	h = latest(r);
	info = shmx_frame_info(h);
	ck_assert_uint_eq(info->width, 100);
	ck_assert_uint_eq(info->height, 30);
	ck_assert_uint_eq(info->tlv_count, 4);
	ck_assert_int_eq(shmx_frame_streams(h, v, 4), 4);
	ck_assert_int_eq(v[0].kind, SHMX_STREAM_IMAGE);
	ck_assert_uint_eq(v[0].id, PICTURE);
	ck_assert_ptr_eq(v[0].data, shmx_frame_pixels(h));
	ck_assert_uint_eq(v[0].bytes, (size_t)info->stride * info->height);
	ck_assert_uint_eq(v[0].elements, v[0].bytes / 4);
	ck_assert_uint_eq(v[0].element_stride, 4);
	ck_assert_int_eq(*(const unsigned char *)v[0].data, 0x11);
	ck_assert_double_eq(*(const double *)v[1].data, 2.5);
	ck_assert_uint_eq(v[2].element_stride, 4);
	ck_assert_uint_eq(v[2].component_stride, 4000);
	ck_assert_int_eq(((const unsigned char *)v[2].data)[11999], 0x22);
	ck_assert_uint_eq(v[3].element_stride, 4);
	ck_assert_uint_eq(v[3].component_stride, 1);
	ck_assert_int_eq(((const unsigned char *)v[3].data)[999 * 4 - 1],
			 0x33);
	shmx_release(h);
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

/* Defect 22 of v2.0: it cannot represent a frame without bytes. */
START_TEST(a_frame_may_be_empty)
{
	struct shmx_producer *p = produce(scene + 1, 3);
	struct shmx_reader *r = attach();
	struct shmx_stream_view v;
	struct shmx_rect rect;
	struct shmx_hold *h;
	struct shmx_frame f;
	void *data;

	shmx_begin(p, &f);
	ck_assert_ptr_null(f.pixels);
	ck_assert_uint_eq(f.width, 0);
	ck_assert_uint_eq(f.height, 0);
	shmx_damage(&f, 0, 0, 10, 10);
	ck_assert_uint_eq(shmx_publish(p, &f), 1);
	h = latest(r);
	ck_assert_int_eq(shmx_frame_streams(h, &v, 1), 0);
	ck_assert_int_eq(shmx_frame_stream(h, ENERGY, &v), -ENOENT);
	ck_assert_uint_eq(shmx_frame_info(h)->payload_bytes, 0);
	ck_assert_uint_eq(shmx_frame_info(h)->width, 0);
	ck_assert_uint_eq(shmx_frame_info(h)->stride, 0);
	ck_assert_ptr_null(shmx_frame_pixels(h));
	ck_assert_ptr_nonnull(strstr(shmx_error(), "no picture"));
	shmx_release(h);

	/* Nor need a stream have elements; and the first starts a page. */
	shmx_begin(p, &f);
	ck_assert_int_eq(shmx_frame_append(p, &f, COLOURS, 0, &data), 0);
	ck_assert_uint_eq((uintptr_t)data % 4096, 0);
	ck_assert_uint_eq(shmx_publish(p, &f), 2);
	h = latest(r);
	ck_assert_int_eq(shmx_frame_streams(h, &v, 1), 1);
	ck_assert_uint_eq(v.elements, 0);
	ck_assert_uint_eq(v.bytes, 0);
	ck_assert(shmx_damage_since(h, 1, &rect));
	ck_assert_int_eq(rect.width, 0);
	shmx_release(h);
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

/* The payload says what the frame has, not what it could have. */
START_TEST(a_smaller_picture_is_less_payload)
{
	struct shmx_producer *p = produce(scene, 4);
	struct shmx_reader *r = attach();
	const struct shmx_frame_info *info;
	struct shmx_stream_view v[2];
	const double energy = 1;
	struct shmx_hold *h;
	struct shmx_frame f;
	uint32_t full = 0;
	int i;

	for (i = 0; i < 40; i++) {
		shmx_begin(p, &f);
		memset(f.pixels, i, f.stride * f.height);
		f.width = 50;
		f.height = (uint32_t)(i % 3 == 0 ? 30 : 10);
		if (i % 2 != 0)
			ck_assert_int_eq(shmx_frame_append_copy(
				p, &f, ENERGY, 1, &energy), 0);
		shmx_publish(p, &f);
		h = latest(r);
		info = shmx_frame_info(h);
		ck_assert_int_eq(shmx_frame_streams(h, v, 2), 1 + i % 2);
		ck_assert_uint_eq(v[0].bytes,
				  (size_t)info->stride * info->height);
		ck_assert_int_eq(*(const unsigned char *)v[0].data, i);
		if (i == 0)
			full = info->payload_bytes;
		else if (i % 2 == 0 && i % 3 != 0)
			ck_assert_uint_eq(info->payload_bytes,
					  full - info->stride * 20);
		else if (i % 2 != 0)
			ck_assert_uint_eq(info->payload_bytes, full + 32);
		shmx_release(h);
	}
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

START_TEST(streams_come_in_any_order_or_not_at_all)
{
	struct shmx_producer *p = produce(scene, 4);
	struct shmx_reader *r = attach();
	struct shmx_stream_view v[4];
	struct shmx_hold *h;
	struct shmx_frame f;
	void *data;

	shmx_begin(p, &f);
	ck_assert_int_eq(shmx_frame_append(p, &f, COLOURS, 1, &data), 0);
	ck_assert_int_eq(shmx_frame_append(p, &f, ENERGY, 1, &data), 0);
	shmx_publish(p, &f);
	h = latest(r);
	ck_assert_int_eq(shmx_frame_streams(h, v, 4), 3);
	ck_assert_uint_eq(v[1].id, COLOURS);
	ck_assert_uint_eq(v[2].id, ENERGY);
	ck_assert_int_eq(shmx_frame_stream(h, POSITIONS, v), -ENOENT);
	ck_assert_ptr_nonnull(strstr(shmx_error(), "no stream 11"));
	ck_assert_uint_eq(v[0].id, PICTURE);
	shmx_release(h);
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

START_TEST(a_copy_is_ones_own)
{
	struct shmx_producer *p = produce(scene, 4);
	struct shmx_reader *r = attach();
	struct shmx_stream_view v = { .id = 0 };
	const double energy = 7.25;
	double copy = 0;
	struct shmx_hold *h;
	struct shmx_frame f;

	shmx_begin(p, &f);
	shmx_frame_append_copy(p, &f, ENERGY, 1, &energy);
	shmx_publish(p, &f);
	h = latest(r);
	ck_assert_int_eq(shmx_frame_stream_copy(h, ENERGY, &copy, 7, &v),
			 -ENOSPC);
	ck_assert_uint_eq(v.id, 0);
	ck_assert_double_eq(copy, 0);
	ck_assert_int_eq(shmx_frame_stream_copy(h, COLOURS, &copy, 8, &v),
			 -ENOENT);
	ck_assert_int_eq(shmx_frame_stream_copy(h, ENERGY, &copy, 8, &v), 0);
	ck_assert_double_eq(copy, 7.25);
	ck_assert_ptr_eq(v.data, &copy);
	ck_assert_uint_eq(v.bytes, 8);
	shmx_release(h);
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

/* What is held outlives its reader, and its streams with it. */
START_TEST(streams_are_there_as_long_as_the_hold)
{
	struct shmx_producer *p = produce(scene, 4);
	struct shmx_reader *r = attach();
	struct shmx_stream_view v;
	const double energy = 3;
	struct shmx_hold *h;
	struct shmx_frame f;

	shmx_begin(p, &f);
	shmx_frame_append_copy(p, &f, ENERGY, 1, &energy);
	shmx_publish(p, &f);
	h = latest(r);
	shmx_reader_close(r);
	shmx_producer_close(p);
	ck_assert_int_eq(shmx_frame_stream(h, ENERGY, &v), 0);
	ck_assert_double_eq(*(const double *)v.data, 3);
	shmx_release(h);
}
END_TEST

START_TEST(a_frame_for_which_there_is_no_slot_is_built_all_the_same)
{
	struct shmx_producer *p = produce(scene, 4);
	struct shmx_producer_stats stats;
	struct shmx_frame f;
	void *data;
	int i;

	/* As if the whole ring were history. */
	p->writer.ring.history = 8;
	for (i = 0; i < 8; i++) {
		shmx_begin(p, &f);
		ck_assert_uint_ne(shmx_publish(p, &f), 0);
	}
	shmx_begin(p, &f);
	ck_assert_uint_eq(f.slot, SHMX_NO_SLOT);
	ck_assert_uint_eq((uintptr_t)f.pixels % 4096, 0);
	memset(f.pixels, 1, f.stride * f.height);
	ck_assert_int_eq(shmx_frame_append(p, &f, POSITIONS, 1000, &data), 0);
	ck_assert_uint_eq((uintptr_t)data % 16, 0);
	memset(data, 1, 12000);
	ck_assert_int_eq(shmx_frame_append(p, &f, COLOURS, 1000, &data), 0);
	memset(data, 1, 4000);
	ck_assert_int_eq(shmx_frame_append(p, &f, COLOURS, 1, &data),
			 -EEXIST);
	ck_assert_uint_eq(shmx_publish(p, &f), 0);
	shmx_producer_stats(p, &stats, sizeof(stats));
	ck_assert_uint_eq(stats.dropped, 1);
	shmx_producer_close(p);
}
END_TEST

/* -------------------------------------------------------------- limits -- */

START_TEST(what_does_not_fit_is_refused)
{
	struct shmx_producer *p = produce(scene, 4);
	struct shmx_frame f, before;
	void *data = &f;

	/* What is between its members is compared as well. */
	memset(&f, 0, sizeof(f));
	shmx_begin(p, &f);
	ck_assert_int_eq(shmx_frame_append(p, &f, ENERGY, 1, &data), 0);
	memcpy(&before, &f, sizeof(f));
	data = &f;
	ck_assert_int_eq(shmx_frame_append(p, &f, 99, 1, &data), -ENOENT);
	ck_assert_ptr_nonnull(strstr(shmx_error(), "no stream 99"));
	ck_assert_int_eq(shmx_frame_append(p, &f, PICTURE, 1, &data),
			 -ENOENT);
	ck_assert_ptr_nonnull(strstr(shmx_error(), "is the image"));
	ck_assert_int_eq(shmx_frame_append(p, &f, ENERGY, 1, &data),
			 -EEXIST);
	ck_assert_int_eq(shmx_frame_append(p, &f, COLOURS, 1001, &data),
			 -EOVERFLOW);
	/* Defect 12 of v2.0: a size near the end of 32 bits wrapped. */
	ck_assert_int_eq(shmx_frame_append(p, &f, COLOURS, UINT32_MAX, &data),
			 -EOVERFLOW);
	ck_assert_int_eq(shmx_frame_append_copy(p, &f, COLOURS,
						UINT32_C(0x3ffffffa), &data),
			 -EOVERFLOW);
	ck_assert_ptr_eq(data, &f);
	ck_assert_mem_eq(&f, &before, sizeof(f));
	ck_assert_int_eq(shmx_frame_append(p, &f, COLOURS, 1000, &data), 0);
	shmx_publish(p, &f);
	ck_assert_int_eq(shmx_frame_append(p, &f, POSITIONS, 1, &data),
			 -EINVAL);
	shmx_producer_close(p);
}
END_TEST

/* Begun again, a frame starts from nothing. */
START_TEST(a_frame_begun_again_is_empty)
{
	struct shmx_producer *p = produce(scene, 4);
	struct shmx_frame f;
	void *data;

	shmx_begin(p, &f);
	ck_assert_int_eq(shmx_frame_append(p, &f, ENERGY, 1, &data), 0);
	shmx_begin(p, &f);
	ck_assert_uint_eq(f.tlv_count, 1);
	ck_assert_int_eq(shmx_frame_append(p, &f, ENERGY, 1, &data), 0);
	shmx_publish(p, &f);
	shmx_producer_close(p);
}
END_TEST

START_TEST(frames_may_have_less_room_than_all_streams_need)
{
	struct shmx_producer_options o = options(scene, 4);
	struct shmx_producer *p;
	struct shmx_reader *r;
	struct shmx_stream_view v[4];
	struct shmx_hold *h;
	struct shmx_frame f;
	void *data;

	/* Picture 24 + 448 * 30, and the largest stream 24 + 12000. */
	o.frame_bytes = 13472 + 12032 - 1;
	ck_assert_int_eq(shmx_producer_open(&p, "test", &o), -EINVAL);
	ck_assert_ptr_nonnull(strstr(shmx_error(), "\"positions\""));
	o.frame_bytes += 1;
	ck_assert_int_eq(shmx_producer_open(&p, "test", &o), 0);
	r = attach();
	shmx_begin(p, &f);
	ck_assert_int_eq(shmx_frame_append(p, &f, POSITIONS, 1000, &data), 0);
	memset(data, 5, 12000);
	ck_assert_int_eq(shmx_frame_append(p, &f, COLOURS, 1000, &data),
			 -ENOSPC);
	ck_assert_ptr_nonnull(strstr(shmx_error(), "do not fit"));
	ck_assert_int_eq(shmx_frame_append(p, &f, COLOURS, 200, &data), 0);
	memset(data, 6, 800);
	shmx_publish(p, &f);
	h = latest(r);
	ck_assert_int_eq(shmx_frame_streams(h, v, 4), 3);
	ck_assert_int_eq(((const char *)v[1].data)[11999], 5);
	ck_assert_int_eq(((const char *)v[2].data)[799], 6);
	shmx_release(h);
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

/* Slots end where they end: the last byte of one is not the next one's. */
START_TEST(full_frames_stay_in_their_slots)
{
	struct shmx_stream s[SHMX_STREAMS_MAX];
	struct shmx_producer *p;
	struct shmx_reader *r;
	struct shmx_stream_view v[SHMX_STREAMS_MAX];
	struct shmx_hold *held, *h;
	struct shmx_frame f;
	uint32_t i, b, n;
	void *data;

	for (i = 0; i < SHMX_STREAMS_MAX; i++)
		s[i] = (struct shmx_stream){
			.kind = SHMX_STREAM_DATA, .id = i + 1, .name = "",
			.element_type = SHMX_U8, .capacity = 1 + i % 50,
		};
	p = produce(s, SHMX_STREAMS_MAX);
	r = attach();
	held = NULL;
	for (n = 1; n < 20; n++) {
		shmx_begin(p, &f);
		for (i = 0; i < SHMX_STREAMS_MAX; i++) {
			ck_assert_int_eq(shmx_frame_append(
				p, &f, i + 1, s[i].capacity, &data), 0);
			memset(data, (int)(n + i), s[i].capacity);
		}
		shmx_publish(p, &f);
		h = latest(r);
		ck_assert_int_eq(shmx_frame_streams(h, v, SHMX_STREAMS_MAX),
				 SHMX_STREAMS_MAX);
		for (i = 0; i < SHMX_STREAMS_MAX; i++)
			for (b = 0; b < v[i].bytes; b++)
				ck_assert_uint_eq(
					((const uint8_t *)v[i].data)[b],
					(uint8_t)(n + i));
		if (held == NULL)
			held = h;
		else
			shmx_release(h);
	}
	ck_assert_int_eq(shmx_frame_streams(held, v, SHMX_STREAMS_MAX),
			 SHMX_STREAMS_MAX);
	for (i = 0; i < SHMX_STREAMS_MAX; i++)
		ck_assert_uint_eq(*(const uint8_t *)v[i].data,
				  (uint8_t)(1 + i));
	shmx_release(held);
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

static void
check_refused(const struct shmx_producer_options *o, int error,
	      const char *words)
{
	struct shmx_producer *p = NULL;

	ck_assert_int_eq(shmx_producer_open(&p, "test", o), error);
	ck_assert_msg(strstr(shmx_error(), words) != NULL, "%s",
		      shmx_error());
	ck_assert_ptr_null(p);
}

START_TEST(streams_that_are_not_possible_are_refused)
{
	struct shmx_stream s[2] = { scene[1], scene[2] };
	struct shmx_producer_options o = options(s, 2);

	s[1].id = s[0].id;
	check_refused(&o, -EEXIST, "\"energy\" and \"positions\" have the "
		      "same id, 10");
	s[1] = scene[0];
	check_refused(&o, -EINVAL, "at most one image, as its first");
	o.stream_count = 1;
	s[0].element_type = 14;
	check_refused(&o, -EINVAL, "element type 14");
	s[0].element_type = 0;
	check_refused(&o, -EINVAL, "element type 0");
	s[0] = scene[1];
	s[0].layout = 2;
	check_refused(&o, -EINVAL, "layout 2");
	s[0] = scene[1];
	s[0].capacity = 0;
	check_refused(&o, -EINVAL, "needs a capacity");
	s[0] = scene[1];
	s[0].extra_bytes = 1;
	check_refused(&o, -EINVAL, "at NULL");
	s[0] = scene[1];
	s[0].name = "two\nlines";
	check_refused(&o, -EINVAL, "control characters");
	/* Defect 12 of v2.0: sizes that wrap. */
	s[0] = scene[1];
	s[0].capacity = UINT32_MAX;
	check_refused(&o, -EINVAL, "larger than any ring");
	s[0].components = UINT32_MAX;
	check_refused(&o, -EINVAL, "larger than any ring");
	s[0].capacity = UINT32_C(1) << 30;
	s[0].components = UINT32_C(1) << 31;
	check_refused(&o, -EINVAL, "larger than any ring");
	s[0].capacity = UINT32_C(1) << 29;
	s[0].components = 1;
	check_refused(&o, -EINVAL, "larger than any ring");
	s[0].capacity = (UINT32_C(1) << 29) - 4;
	check_refused(&o, -ENOMEM, "smaller frames");
	o.stream_count = 257;
	check_refused(&o, -EINVAL, "at most 256 streams");
	o = options(NULL, 0);
	o.frame_bytes = SIZE_MAX;
	check_refused(&o, -ENOMEM, "smaller frames");
	o.frame_bytes = 1000;
	o.directory_bytes = SIZE_MAX;
	check_refused(&o, -EINVAL, "directory of");
	o.directory_bytes = (1 << 20) + 1;
	check_refused(&o, -EINVAL, "directory of");
}
END_TEST

/* ----------------------------------------------------------- atomicity -- */

#define PARTICLES 500

/* Everything in frame n follows from n. */
static void
publish_scene(struct shmx_producer *p, uint32_t n)
{
	struct shmx_frame f;
	uint32_t *data, i, few = n % PARTICLES;
	const double energy = n;
	void *at;

	shmx_begin(p, &f);
	for (i = 0; i < f.stride * f.height / 4; i++)
		((uint32_t *)f.pixels)[i] = n ^ i;
	expect(shmx_frame_append_copy(p, &f, ENERGY, 1, &energy) == 0);
	expect(shmx_frame_append(p, &f, POSITIONS, few, &at) == 0);
	for (i = 0, data = at; i < few * 3; i++)
		data[i] = n + i;
	if (n % 3 != 0) {
		expect(shmx_frame_append(p, &f, COLOURS, few, &at) == 0);
		memset(at, (int)n, (size_t)few * 4);
	}
	f.sim_time = n * 0.25;
	f.input_sequence = n;
	expect(shmx_publish(p, &f) != 0);
}

static void
run_scene(int line, void *arg)
{
	struct shmx_producer_options o = options(scene, 4);
	struct shmx_producer *p;
	uint32_t n;

	(void)arg;
	expect(shmx_producer_open(&p, "test", &o) == 0);
	publish_scene(p, 1);
	child_say(line, 'o');
	for (n = 2; ; n++)
		publish_scene(p, n);
}

static void
check_scene(struct shmx_hold *h)
{
	const struct shmx_frame_info *info = shmx_frame_info(h);
	uint32_t n = (uint32_t)info->input_sequence, i, few = n % PARTICLES;
	struct shmx_stream_view v[4];
	const uint32_t *words;

	ck_assert_double_eq(info->sim_time, n * 0.25);
	ck_assert_uint_eq(info->sequence, n);
	ck_assert_int_eq(shmx_frame_streams(h, v, 4), n % 3 == 0 ? 3 : 4);
	words = v[0].data;
	for (i = 0; i < v[0].bytes / 4; i++)
		if (words[i] != (n ^ i))
			ck_abort_msg("pixel %u of frame %u", i, n);
	ck_assert_double_eq(*(const double *)v[1].data, n);
	ck_assert_uint_eq(v[2].elements, few);
	words = v[2].data;
	for (i = 0; i < few * 3; i++)
		if (words[i] != n + i)
			ck_abort_msg("number %u of frame %u", i, n);
	if (n % 3 == 0)
		return;
	ck_assert_uint_eq(v[3].bytes, (size_t)few * 4);
	for (i = 0; i < v[3].bytes; i++)
		if (((const uint8_t *)v[3].data)[i] != (uint8_t)n)
			ck_abort_msg("colour %u of frame %u", i, n);
}

START_TEST(a_frame_is_all_of_one_instant)
{
	uint64_t end = base_now_ns() + BASE_NS_PER_S, frames = 0;
	struct shmx_reader *r;
	struct shmx_hold *h;
	struct child c;

	child_start(&c, run_scene, NULL);
	ck_assert_int_eq(child_hear(c.line), 'o');
	r = attach();
	while (base_now_ns() < end) {
		ck_assert_int_eq(shmx_wait(r, 10000), 0);
		h = latest(r);
		check_scene(h);
		shmx_release(h);
		frames++;
	}
	/* And so is the last one of a producer that was killed at work. */
	h = latest(r);
	child_kill(&c);
	check_scene(h);
	shmx_release(h);
	shmx_reader_close(r);
	ck_assert_uint_gt(frames, 50);
}
END_TEST

/* As v2.0 allows; and a frame of ours whose directory was lost would be so. */
START_TEST(what_is_in_no_directory_has_bytes)
{
	struct shmx_producer *p = produce(scene, 4);
	struct shmx_reader *r = attach();
	struct shmx_stream_view before[4], v[4], one;
	const struct shmx_frame_info *info;
	const uint32_t unknown = 4711, many = UINT32_MAX;
	struct shmx_hold *h;
	char *head;

	publish_scene(p, 499 * 3 + 1);
	h = latest(r);
	info = shmx_frame_info(h);
	ck_assert_int_eq(shmx_frame_streams(h, before, 4), 4);
	ck_assert_uint_eq(before[2].id, POSITIONS);
	head = (char *)p->region.map + info->payload_offset +
		((const char *)before[2].data - (const char *)before[0].data);
	memcpy(head + 8, &unknown, 4);
	/* So many of what size?  It is no reason to refuse them. */
	memcpy(head + 12, &many, 4);
	ck_assert_int_eq(shmx_frame_streams(h, v, 4), 4);
	ck_assert_int_eq(shmx_frame_stream(h, unknown, &one), 0);
	ck_assert_mem_eq(&one, &v[2], sizeof(one));
	ck_assert_uint_eq(one.id, unknown);
	ck_assert_int_eq(one.kind, SHMX_STREAM_DATA);
	ck_assert_uint_eq(one.element_type, 0);
	ck_assert_uint_eq(one.components, 0);
	ck_assert_uint_eq(one.element_stride, 0);
	ck_assert_uint_eq(one.component_stride, 0);
	ck_assert_uint_eq(one.elements, many);
	ck_assert_uint_eq(one.bytes, before[2].bytes);
	ck_assert_ptr_eq(one.data, before[2].data);
	/* The others are what they were. */
	ck_assert_mem_eq(&v[0], &before[0], 2 * sizeof(v[0]));
	ck_assert_mem_eq(&v[3], &before[3], sizeof(v[0]));
	ck_assert_int_eq(shmx_frame_stream(h, POSITIONS, &one), -ENOENT);
	shmx_release(h);
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

START_TEST(meta_says_more_than_is_gone_by)
{
	struct shmx_producer *p = produce(scene, 4);
	struct shmx_reader *r = attach();
	const struct shmx_frame_info *info;
	struct shmx_slot_meta *meta;
	struct shmx_frame f;
	struct shmx_hold *h;

	shmx_begin(p, &f);
	f.height = 7;
	shmx_publish(p, &f);
	meta = &p->region.ring.meta[f.slot];
	ck_assert_uint_eq(meta->pixels_bytes, f.stride * 7);
	ck_assert_uint_eq(meta->watermark, 7);
	ck_assert_uint_eq(meta->flags, 0);
	ck_assert_uint_eq(meta->colour_space, 0);
	meta->pixels_bytes = UINT64_MAX;
	meta->watermark = UINT64_MAX;
	meta->flags = meta->colour_space = UINT32_MAX;
	h = latest(r);
	info = shmx_frame_info(h);
	ck_assert_uint_eq(info->width, 100);
	ck_assert_uint_eq(info->height, 7);
	ck_assert_uint_eq(info->stride, f.stride);
	ck_assert_ptr_nonnull(shmx_frame_pixels(h));
	shmx_release(h);
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

/* ------------------------------------------------------------- hostile -- */

/*
 * A producer writes anything it likes where the frame says what it is, while
 * the reader looks.  What the reader is told lies in the slot.
 */
START_TEST(whatever_a_frame_says_stays_in_its_slot)
{
	struct shmx_producer *p = produce(scene, 4);
	struct shmx_reader *r = attach();
	struct shmx_stream_view v[SHMX_STREAMS_MAX];
	const struct shmx_frame_info *info;
	unsigned good = 0, bad = 0, round;
	unsigned char saved[24], *head[4];
	const unsigned char *payload;
	struct shmx_hold *h;
	int i, n;

	sow();
	publish_scene(p, 499 * 3 + 1);
	h = latest(r);
	info = shmx_frame_info(h);
	ck_assert_int_eq(shmx_frame_streams(h, v, 4), 4);
	payload = (const unsigned char *)v[0].data - 24;
	for (i = 0; i < 4; i++)
		head[i] = (unsigned char *)p->region.map +
			info->payload_offset + ((const unsigned char *)
			v[i].data - 24 - payload);
	for (round = 0; round < 100000; round++) {
		unsigned char *at = head[chance(4)];
		uint32_t value = chance(2) ? chance(20000) :
			UINT32_MAX - chance(64);

		memcpy(saved, at, 24);
		memcpy(at + chance(6) * 4, &value, 4);
		n = shmx_frame_streams(h, v, SHMX_STREAMS_MAX);
		good += n >= 0;
		bad += n < 0;
		ck_assert(n >= 0 || n == -EPROTO);
		for (i = 0; i < n; i++) {
			const unsigned char *data = v[i].data;

			ck_assert(data >= payload + 24);
			ck_assert(data <= payload + info->payload_bytes);
			ck_assert_uint_le(v[i].bytes, (size_t)
				(payload + info->payload_bytes - data));
			if (v[i].elements == 0 || v[i].components == 0)
				continue;
			ck_assert_uint_le((v[i].elements - 1) *
				v[i].element_stride + (v[i].components - 1) *
				v[i].component_stride, v[i].bytes);
		}
		memcpy(at, saved, 24);
	}
	ck_assert_uint_gt(good, 1000);
	ck_assert_uint_gt(bad, 1000);
	shmx_release(h);
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

static void
break_length(struct shmx_slot_meta *m)
{
	m->payload_bytes = 1 << 20;
}

static void
break_count(struct shmx_slot_meta *m)
{
	m->tlv_count = SHMX_STREAMS_MAX + 1;
}

static void
break_offset(struct shmx_slot_meta *m)
{
	m->pixels_offset += 1 << 20;
}

static void
move_to_another_slot(struct shmx_slot_meta *m)
{
	m->pixels_offset += 8192 * 8;
}

static void
move_into_the_header(struct shmx_slot_meta *m)
{
	m->pixels_offset -= 64;
}

static void
half_a_picture(struct shmx_slot_meta *m)
{
	m->width = 0;
}

static void (*const breaks[])(struct shmx_slot_meta *) = {
	break_length, break_count, break_offset, move_to_another_slot,
	move_into_the_header, half_a_picture,
};

START_TEST(a_frame_outside_of_its_slot_is_not_held)
{
	struct shmx_producer *p = produce(scene, 4);
	struct shmx_reader *r = attach();
	struct shmx_hold *h;
	struct shmx_frame f;
	uint32_t slot;

	shmx_begin(p, &f);
	slot = f.slot;
	shmx_publish(p, &f);
	breaks[_i](&p->region.ring.meta[slot]);
	ck_assert_int_eq(shmx_hold_latest(r, &h), -EPROTO);
	ck_assert_int_eq(shmx_reader_state(r), SHMX_ABSENT);
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("streams");
	TCase *tc;

	tc = suite_case(s, "types");
	tcase_add_test(tc, types_have_sizes_and_names);
	tcase_add_loop_test(tc, every_type_goes_through, 0, 2);
	tcase_add_test(tc, in_place_and_copied_are_the_same_bytes);

	tc = suite_case(s, "frames");
	tcase_add_test(tc, a_frame_has_a_picture_and_what_belongs_to_it);
	tcase_add_test(tc, a_frame_may_be_empty);
	tcase_add_test(tc, a_smaller_picture_is_less_payload);
	tcase_add_test(tc, streams_come_in_any_order_or_not_at_all);
	tcase_add_test(tc, a_copy_is_ones_own);
	tcase_add_test(tc, streams_are_there_as_long_as_the_hold);
	tcase_add_test(tc,
		a_frame_for_which_there_is_no_slot_is_built_all_the_same);

	tc = suite_case(s, "limits");
	tcase_add_test(tc, what_does_not_fit_is_refused);
	tcase_add_test(tc, a_frame_begun_again_is_empty);
	tcase_add_test(tc, frames_may_have_less_room_than_all_streams_need);
	tcase_add_test(tc, full_frames_stay_in_their_slots);
	tcase_add_test(tc, streams_that_are_not_possible_are_refused);

	tc = suite_case(s, "atomicity");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_frame_is_all_of_one_instant);
	tcase_add_test(tc, what_is_in_no_directory_has_bytes);
	tcase_add_test(tc, meta_says_more_than_is_gone_by);

	tc = suite_case(s, "hostile");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, whatever_a_frame_says_stays_in_its_slot);
	tcase_add_loop_test(tc, a_frame_outside_of_its_slot_is_not_held, 0,
			    BASE_ARRAY_SIZE(breaks));
	return suite_run(s);
}
