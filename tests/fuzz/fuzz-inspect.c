/* SPDX-License-Identifier: MIT */
/*
 * fuzz-inspect.c - a ring that somebody left, and what inspecting makes of it
 *
 * Input: a byte, 0 where the object is as long as what follows, else it is
 * longer than any ring; then its bytes, of ours or of v2.0, from the first on.
 */
#include "config.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "shmx/inspect.h"

static void
check_strings(const char *text, size_t size)
{
	fuzz_expect(memchr(text, '\0', size) != NULL);
}

/* Whatever was in it, what we say of it makes sense. */
static void
check(const struct shmx_inspector *n, const struct shmx_inspect_ring *ring)
{
	struct shmx_inspect_stream stream;
	struct shmx_inspect_reader reader;
	struct shmx_inspect_slot slot;
	unsigned i, all = ring->slot_count;

	fuzz_expect(all <= SHMX_SLOTS_MAX);
	fuzz_expect(ring->reader_count <= SHMX_READERS_MAX);
	fuzz_expect(ring->slots_offset + (uint64_t)ring->slots *
		    ring->slot_bytes <= ring->bytes);
	for (i = 0; shmx_inspect_slot(n, i, &slot, sizeof(slot)) == 0; i++)
		fuzz_expect(ring->reader_count == 64 ||
			    slot.readers >> ring->reader_count == 0);
	fuzz_expect(i == all);
	for (i = 0; shmx_inspect_reader(n, i, &reader, sizeof(reader)) == 0;
	     i++) {
		check_strings(reader.label, sizeof(reader.label));
		check_strings(reader.program, sizeof(reader.program));
		fuzz_expect(all == 64 || reader.slots >> all == 0);
		fuzz_expect(reader.holds_used <= SHMX_HOLDS_MAX);
	}
	fuzz_expect(i == ring->reader_count);
	for (i = 0; shmx_inspect_stream(n, i, &stream, sizeof(stream)) == 0;
	     i++)
		check_strings(stream.name, sizeof(stream.name));
	fuzz_expect(i == ring->stream_count);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct shmx_proc_fd where = { .pid = getpid(), .name = "ring" };
	struct shmx_inspector *n = shmx_inspector_new("ring");
	struct fuzz_input in = { data, size };
	bool is_long = fuzz_u8(&in) != 0;
	struct shmx_inspect_ring ring;
	struct stat st;
	int ret;

	where.fd = memfd_create("ring", MFD_CLOEXEC);
	fuzz_expect(n != NULL && where.fd >= 0);
	fuzz_expect(write(where.fd, in.data, in.left) == (ssize_t)in.left);
	if (is_long)
		fuzz_expect(ftruncate(where.fd, (off_t)5 << 30) == 0);
	fuzz_expect(fstat(where.fd, &st) == 0);
	where.dev = st.st_dev;
	where.ino = st.st_ino;
	fuzz_expect(shmx_inspect_held(n, &where, SHMX_RING_LEFTOVER) == 0);
	ret = shmx_inspect_snapshot(n, &ring, sizeof(ring));
	fuzz_expect(ret == 0 || ret == -EPROTO);
	if (ret == 0)
		check(n, &ring);
	shmx_inspect_close(n);
	close(where.fd);
	return 0;
}

/* ---------------------------------------------------------------- seeds -- */

/* Three slots, with records inside. */
enum {
	EXT = 384, SLOTS = 3, STATE = sizeof(struct shmx_ext),
	META = STATE + 64,
	DAMAGE = META + SLOTS * sizeof(struct shmx_slot_meta),
	EXT_BYTES = DAMAGE + SHMX_DAMAGE_ENTRIES *
		sizeof(struct shmx_damage_entry),
	RECORDS = EXT + EXT_BYTES, RECORD = 1856,
	MAP = RECORDS + RECORD + 88, STRIDE = 256,
	BYTES = MAP - 88 + SLOTS * STRIDE,
};

static _Alignas(64) unsigned char region[8192];

static void
put_directory(struct shmx_header *h, uint32_t width)
{
	unsigned char *at = region + sizeof(*h);
	struct shmx_stream_desc d = { .stream_id = 1, .element_type = 7,
		.components = 1, .bytes_per_element = 4, .name_bytes = 5,
		.extra_bytes = sizeof(struct shmx_image_desc) };
	struct shmx_image_desc image = { .magic = SHMX_IMAGE_MAGIC,
		.width = width, .height = 1, .stride = 64,
		.format = SHMX_XRGB8888 };
	struct shmx_tlv tlv = { SHMX_TLV_STATIC_DIR,
		sizeof(d) + 5 + sizeof(image) };

	h->static_offset = sizeof(*h);
	h->static_capacity = EXT - sizeof(*h);
	h->static_used = 80;
	memcpy(at, &tlv, sizeof(tlv));
	memcpy(at + 8, &d, sizeof(d));
	memcpy(at + 40, "image", 5);
	memcpy(at + 45, &image, sizeof(image));
}

static void
put_frame(unsigned slot, uint64_t id)
{
	unsigned char *at = region + MAP - 88 + slot * STRIDE;
	struct shmx_frame_header f = { .session = 7, .frame_id = id,
		.payload_bytes = 88, .tlv_count = 1 };
	struct shmx_tlv tlv = { SHMX_TLV_FRAME_STREAM, 16 + 64 };
	struct shmx_stream_tlv st = { 1, 16, 64, 0 };

	memcpy(at, &f, sizeof(f));
	memcpy(at + 64, &tlv, sizeof(tlv));
	memcpy(at + 72, &st, sizeof(st));
}

static void
put_header(struct shmx_header *h)
{
	h->magic = SHMX_MAGIC;
	h->version_major = SHMX_VERSION_MAJOR;
	h->endian_tag = SHMX_ENDIAN_TAG;
	h->session = 7;
	h->slots = SLOTS;
	h->slot_stride = STRIDE;
	h->slots_offset = MAP - 88;
	h->frame_capacity = STRIDE - 64;
	h->reader_slots = 1;
	h->reader_stride = RECORD;
	h->readers_offset = RECORDS;
	h->write_index = 2;
	h->frame_sequence = 2;
	put_directory(h, 16);
	put_frame(0, 1);
	put_frame(1, 2);
}

static void
put_ext(struct shmx_header *h, struct shmx_ext *e)
{
	shmx_a64 *state = (shmx_a64 *)(void *)(region + EXT + STATE);
	struct shmx_slot_meta *meta = (void *)(region + EXT + META);

	h->ext_offset = EXT;
	h->ext_check = EXT ^ SHMX_EXT_CHECK;
	e->magic = SHMX_EXT_MAGIC;
	e->version = SHMX_EXT_VERSION;
	e->bytes = EXT_BYTES;
	e->session = 7;
	e->features = SHMX_FEATURE_RECORDS_INSIDE;
	e->region_bytes = BYTES;
	e->page_bytes = 4096;
	e->slots = SLOTS;
	e->holds_max = SHMX_HOLDS_MAX;
	e->history = 1;
	e->state_offset = STATE;
	e->meta_offset = META;
	e->damage_offset = DAMAGE;
	e->meta_stride = sizeof(*meta);
	e->damage_entries = SHMX_DAMAGE_ENTRIES;
	e->map_bytes = MAP;
	e->latest = 2 << 16 | 1;
	state[0] = SHMX_STATE(SHMX_STATE_PUBLISHED, 1);
	state[1] = SHMX_STATE(SHMX_STATE_PUBLISHED, 2);
	state[2] = SHMX_STATE(SHMX_STATE_WRITING, 1);
	meta[0].payload_bytes = meta[1].payload_bytes = 88;
	meta[0].tlv_count = meta[1].tlv_count = 1;
}

static void
put_record(void)
{
	struct shmx_record *r = (void *)(region + RECORDS);

	r->in_use = 1;
	r->mark = SHMX_EXT_MAGIC;
	r->session = 7;
	r->granted = 2;
	r->hold[0] = 2 << 16 | 2;
	r->hold[3] = 1 << 16 | 1;
	memcpy(r->label, "reader", 6);
}

static void
put_region(void (*seed)(const void *data, size_t size), bool is_long)
{
	struct fuzz_seed s = { .size = 0 };

	fuzz_put_u8(&s, is_long);
	fuzz_put(&s, region, BYTES);
	seed(s.data, s.size);
}

void
fuzz_seeds(void (*seed)(const void *data, size_t size))
{
	struct shmx_header *h = (void *)region;

	put_header(h);
	put_record();
	put_region(seed, false);

	/* No directory; and one that ends where 32 bits do not reach. */
	h->static_offset = 0;
	h->static_used = 0;
	put_region(seed, false);
	h->static_offset = UINT32_MAX - 7;
	h->static_capacity = 16;
	h->static_used = 16;
	put_region(seed, true);

	put_header(h);
	put_ext(h, (void *)(region + EXT));
	put_region(seed, false);
}
