/* SPDX-License-Identifier: MIT */
/*
 * test-records.c - reader records that lie in the region
 */
#include "config.h"

#include <shmx/shmx.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "shmx/atomic.h"
#include "shmx/host.h"
#include "shmx/region.h"
#include "suite.h"

static const struct shmx_stream picture = {
	.kind = SHMX_STREAM_IMAGE,
	.id = 1,
	.name = "picture",
	.width = 64,
	.height = 48,
	.format = SHMX_XRGB8888,
};

#define SLOTS 32

/* A ring and its service, without what a producer adds. */
struct ring {
	struct shmx_region region;
	struct shmx_writer writer;
	struct shmx_readers readers;
	struct shmx_claim claim;
	struct base_log log;
	struct shmx_host host;
	pthread_t thread;
};

static void
make_region(struct shmx_region *region, uint64_t features)
{
	const struct shmx_region_plan plan = {
		.streams = &picture,
		.stream_count = 1,
		.slots = SLOTS,
		.history = 1,
		.features = features,
	};

	ck_assert_msg(shmx_region_create(region, "test", &plan, "") == 0,
		      "%s", base_error_line());
}

static void *
serve(void *arg)
{
	while (shmx_host_service(arg, BASE_FOREVER) != -ECANCELED)
		continue;
	return NULL;
}

static void
open_ring(struct ring *r)
{
	memset(r, 0, sizeof(*r));
	base_log_init(&r->log, "test");
	ck_assert_int_eq(shmx_rendezvous_claim(&r->claim, "test"), 0);
	make_region(&r->region, SHMX_FEATURE_RECORDS_INSIDE);
	shmx_writer_init(&r->writer, &r->region.ring);
	ck_assert_int_eq(shmx_readers_init(&r->readers), 0);
	r->host.claim = &r->claim;
	r->host.readers = &r->readers;
	r->host.log = &r->log;
	r->host.ext = r->region.ring.ext;
	r->host.data_fd = r->region.data_fd;
	r->host.records_fd = r->region.records_fd;
	r->host.records = r->region.records;
	r->host.session = r->region.session;
	r->host.region_bytes = r->region.bytes;
	r->host.map_bytes = r->region.map_bytes;
	r->host.holds_total = SLOTS - 2;
	ck_assert_int_eq(shmx_host_init(&r->host), 0);
	ck_assert_int_eq(pthread_create(&r->thread, NULL, serve, &r->host), 0);
}

static void
close_ring(struct ring *r)
{
	shmx_host_stop(&r->host);
	pthread_join(r->thread, NULL);
	shmx_rendezvous_unclaim(&r->claim);
	shmx_host_finish(&r->host);
	shmx_readers_finish(&r->readers);
	shmx_region_destroy(&r->region);
}

static void
publish(struct ring *r)
{
	struct shmx_rect16 all = { 0, 0, 64, 48 };
	struct shmx_slot_meta *meta;
	int slot;

	slot = shmx_writer_claim(&r->writer, shmx_readers_enter(&r->readers));
	shmx_readers_leave(&r->readers);
	ck_assert_int_ge(slot, 0);
	meta = &r->region.ring.meta[slot];
	meta->width = 64;
	meta->height = 48;
	meta->stride = 256;
	meta->format = SHMX_XRGB8888;
	meta->pixels_offset = shmx_region_data(&r->region, (uint32_t)slot);
	shmx_writer_publish(&r->writer, all);
}

static struct shmx_reader *
open_reader(unsigned holds)
{
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	struct shmx_reader *reader = NULL;

	o.holds = holds;
	ck_assert_msg(shmx_reader_open(&reader, "test", &o) == 0, "%s",
		      shmx_error());
	return reader;
}

static void
await_in_use(struct ring *r, uint32_t index, uint32_t value)
{
	struct shmx_record *record = shmx_records_at(&r->region.records,
						     index);
	int i;

	for (i = 0; i < 2000 &&
	     shmx_load_acquire(&record->in_use) != value; i++)
		usleep(5000);
	ck_assert_uint_eq(shmx_load_acquire(&record->in_use), value);
}

START_TEST(a_region_has_records)
{
	struct shmx_region region;
	struct shmx_layout layout;
	const struct shmx_header *h;

	make_region(&region, SHMX_FEATURE_RECORDS_INSIDE);
	h = region.map;
	ck_assert_uint_eq(h->reader_slots, SHMX_RECORDS_INSIDE);
	ck_assert_uint_eq(h->readers_offset % 4096, 0);
	ck_assert_uint_eq(h->control_offset, h->readers_offset + 2048);
	ck_assert_uint_ge(h->readers_offset, h->ext_offset +
			  region.ring.ext->bytes);
	ck_assert_uint_le(h->readers_offset + h->reader_slots * 4096,
			  h->slots_offset);
	ck_assert_uint_eq((h->slots_offset + 88) % 4096, 0);
	ck_assert_int_eq(shmx_region_check(&layout, region.map,
					   region.map_bytes, region.bytes,
					   region.session), 0);
	ck_assert_uint_eq(layout.records.count, SHMX_RECORDS_INSIDE);
	ck_assert_ptr_eq(shmx_records_at(&layout.records, 1),
			 shmx_records_at(&region.records, 1));
	shmx_region_destroy(&region);
}
END_TEST

START_TEST(a_native_region_has_none)
{
	struct shmx_region region;
	struct shmx_layout layout;

	make_region(&region, 0);
	ck_assert_ptr_null(region.records.base);
	ck_assert_int_eq(region.data_fd, -1);
	ck_assert_int_eq(shmx_region_check(&layout, region.map,
					   region.map_bytes, region.bytes,
					   region.session), 0);
	ck_assert_uint_eq(layout.records.count, 0);
	shmx_region_destroy(&region);
}
END_TEST

/* What a hostile producer may say of them. */
static void
no_records(struct shmx_header *h)
{
	h->readers_offset = 0;
}

static void
records_in_tables(struct shmx_header *h)
{
	h->readers_offset -= 4096;
	h->control_offset -= 4096;
}

static void
too_many(struct shmx_header *h)
{
	h->reader_slots = SHMX_READERS_MAX + 1;
}

static void
past_the_end(struct shmx_header *h)
{
	h->reader_slots = SHMX_READERS_MAX;
}

static void
far_away(struct shmx_header *h)
{
	h->readers_offset = UINT32_C(0) - 4096;
	h->control_offset = UINT32_C(0) - 2048;
}

static void
other_stride(struct shmx_header *h)
{
	h->reader_stride = 64;
}

static void
control_elsewhere(struct shmx_header *h)
{
	h->control_offset += 64;
}

static void
control_larger(struct shmx_header *h)
{
	h->control_bytes = 4096;
}

static void (*const lies[])(struct shmx_header *h) = {
	no_records, records_in_tables, too_many, past_the_end, far_away,
	other_stride, control_elsewhere, control_larger,
};

START_TEST(lies_are_found)
{
	struct shmx_region region;
	struct shmx_layout layout;

	make_region(&region, SHMX_FEATURE_RECORDS_INSIDE);
	lies[_i](region.map);
	ck_assert_int_eq(shmx_region_check(&layout, region.map,
					   region.map_bytes, region.bytes,
					   region.session), -EPROTO);
	shmx_region_destroy(&region);
}
END_TEST

START_TEST(taken_from_the_highest)
{
	struct shmx_region region;
	struct shmx_record *a, *b;
	struct shmx_header *h;

	make_region(&region, SHMX_FEATURE_RECORDS_INSIDE);
	h = region.map;
	/* A v2.0 client has taken what we would take first. */
	shmx_store_relaxed(&shmx_records_at(&region.records, 15)->in_use, 1);
	a = shmx_records_take(&region.records);
	b = shmx_records_take(&region.records);
	ck_assert_uint_eq(shmx_records_index(&region.records, a), 14);
	ck_assert_uint_eq(shmx_records_index(&region.records, b), 13);
	ck_assert_uint_eq(shmx_load_relaxed(&h->readers_connected), 2);

	/* Nothing of it is left for the next. */
	memset((char *)a + 64, 0xaa, sizeof(*a) - 64);
	shmx_store_relaxed(&a->reader_id, 7);
	shmx_store_relaxed(&a->mark, 7);
	shmx_records_free(&region.records, a);
	ck_assert_uint_eq(shmx_load_relaxed(&h->readers_connected), 1);
	ck_assert_uint_eq(shmx_load_relaxed(&a->in_use), 0);
	ck_assert_uint_eq(shmx_load_relaxed(&a->reader_id), 0);
	ck_assert_uint_eq(shmx_load_relaxed(&a->mark), 0);
	ck_assert_uint_eq(shmx_load_relaxed(&a->hold[0]), 0);
	ck_assert_uint_eq(shmx_load_relaxed(&a->hold[7]), 0);
	ck_assert_uint_eq(shmx_load_relaxed(&a->latency[3][95]), 0);
	ck_assert_ptr_eq(shmx_records_take(&region.records), a);
	shmx_region_destroy(&region);
}
END_TEST

START_TEST(a_reader_writes_into_its_own)
{
	const struct shmx_frame_info *info;
	struct shmx_record *record;
	struct shmx_reader *reader;
	struct shmx_hold *hold;
	struct ring r;
	void *map;

	open_ring(&r);
	reader = open_reader(2);
	record = shmx_records_at(&r.region.records, 15);
	ck_assert_uint_eq(shmx_load_acquire(&record->in_use), 1);
	ck_assert_uint_eq(shmx_load_relaxed(&record->mark), SHMX_EXT_MAGIC);
	publish(&r);
	ck_assert_int_eq(shmx_wait(reader, 5000), 0);
	ck_assert_int_eq(shmx_hold_latest(reader, &hold), 0);
	ck_assert_uint_eq(shmx_load_acquire(&record->hold[0]),
			  1 << 16 | 1);
	ck_assert_uint_eq(shmx_load_relaxed(&record->last_frame_seen), 1);
	/* What it hands on cannot be written through. */
	info = shmx_frame_info(hold);
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED,
		   info->memory_fd, 0);
	ck_assert_ptr_eq(map, MAP_FAILED);
	ck_assert_int_eq(errno, EACCES);
	ck_assert_ptr_nonnull(shmx_frame_pixels(hold));
	shmx_reader_close(reader);

	/* Detached, but a frame is held. */
	publish(&r);
	ck_assert_uint_eq(shmx_load_acquire(&record->hold[0]),
			  1 << 16 | 1);
	shmx_release(hold);
	await_in_use(&r, 15, 0);
	ck_assert_uint_eq(shmx_load_acquire(&record->mark), 0);
	close_ring(&r);
}
END_TEST

START_TEST(no_more_readers_than_records)
{
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	struct shmx_reader *reader[SHMX_RECORDS_INSIDE], *more = NULL;
	struct ring r;
	unsigned i;

	open_ring(&r);
	for (i = 0; i < SHMX_RECORDS_INSIDE; i++)
		reader[i] = open_reader(1);
	o.holds = 1;
	ck_assert_int_eq(shmx_reader_open(&more, "test", &o), -EBUSY);
	ck_assert_ptr_nonnull(strstr(shmx_error(), "all 16 reader records"));
	shmx_reader_close(reader[3]);
	await_in_use(&r, 12, 0);
	more = open_reader(1);
	ck_assert_uint_eq(shmx_load_acquire(
		&shmx_records_at(&r.region.records, 12)->in_use), 1);
	shmx_reader_close(more);
	for (i = 0; i < SHMX_RECORDS_INSIDE; i++)
		if (i != 3)
			shmx_reader_close(reader[i]);
	close_ring(&r);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("records");
	TCase *tc = suite_case(s, "layout");

	tcase_add_test(tc, a_region_has_records);
	tcase_add_test(tc, a_native_region_has_none);
	tcase_add_loop_test(tc, lies_are_found, 0, BASE_ARRAY_SIZE(lies));
	tcase_add_test(tc, taken_from_the_highest);
	tc = suite_case(s, "readers");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_reader_writes_into_its_own);
	tcase_add_test(tc, no_more_readers_than_records);
	return suite_run(s);
}
