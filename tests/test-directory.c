/* SPDX-License-Identifier: MIT */
/*
 * test-directory.c - what a ring says that it carries, and adding to it
 *
 * What is random prints its seed; SHMX_TEST_SEED=n runs it again.
 */
#include "config.h"

#include <shmx/shmx.h>

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/clock.h"
#include "child.h"
#include "shmx/atomic.h"
#include "shmx/checksum.h"
#include "shmx/directory.h"
#include "shmx/producer.h"
#include "shmx/stream.h"
#include "suite.h"

static const char units[] = "unit=m; frame=world";

static const struct shmx_stream scene[] = {
	{ .kind = SHMX_STREAM_IMAGE, .id = 7, .name = "picture",
	  .width = 100, .height = 30, .format = SHMX_RGB888,
	  .extra = "gamma", .extra_bytes = 5 },
	{ .kind = SHMX_STREAM_DATA, .id = UINT32_MAX, .name = "",
	  .element_type = SHMX_F64, .capacity = 1 },
	{ .kind = SHMX_STREAM_DATA, .id = 1, .name = "Größe der Teilchen",
	  .element_type = SHMX_BF16, .components = 3, .layout = SHMX_AOS,
	  .capacity = 1000, .extra = units, .extra_bytes = sizeof(units) },
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

static struct shmx_producer *
produce(const struct shmx_stream *streams, unsigned count, size_t directory)
{
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	struct shmx_producer *p;

	o.streams = streams;
	o.stream_count = count;
	o.directory_bytes = directory;
	o.frame_bytes = 16384;
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

static struct shmx_directory *
snapshot(struct shmx_reader *r)
{
	struct shmx_directory *dir;

	ck_assert_msg(shmx_reader_directory(r, &dir) == 0, "%s",
		      shmx_error());
	return dir;
}

/* ---------------------------------------------------------- what it says -- */

static void
check_same(const struct shmx_stream *got, const struct shmx_stream *want)
{
	ck_assert_int_eq(got->kind, want->kind);
	ck_assert_uint_eq(got->id, want->id);
	ck_assert_str_eq(got->name, want->name);
	ck_assert_uint_eq(got->extra_bytes, want->extra_bytes);
	if (want->extra_bytes != 0)
		ck_assert_mem_eq(got->extra, want->extra, want->extra_bytes);
	ck_assert_uint_eq((uintptr_t)got->extra % 8, 0);
	if (want->kind == SHMX_STREAM_IMAGE) {
		ck_assert_uint_eq(got->width, want->width);
		ck_assert_uint_eq(got->height, want->height);
		ck_assert_uint_eq(got->format, want->format);
		return;
	}
	ck_assert_uint_eq(got->element_type, want->element_type);
	ck_assert_uint_eq(got->components, BASE_MAX(want->components, 1));
	ck_assert_uint_eq(got->layout, want->layout);
	ck_assert_uint_eq(got->capacity, want->capacity);
}

START_TEST(readers_see_what_was_declared)
{
	struct shmx_producer *p = produce(scene, 3, 0);
	struct shmx_reader *r = attach();
	struct shmx_directory *dir = snapshot(r);
	struct shmx_image_info info;
	unsigned i;

	/* The snapshot is nobody else's. */
	ck_assert_int_eq(shmx_reader_image(r, &info, sizeof(info)), 0);
	ck_assert_uint_eq(shmx_directory_generation(dir),
			  shmx_reader_generation(r));
	shmx_reader_close(r);
	shmx_producer_close(p);
	ck_assert_uint_eq(shmx_directory_count(dir), 3);
	for (i = 0; i < 3; i++) {
		check_same(shmx_directory_get(dir, i), &scene[i]);
		ck_assert_ptr_eq(shmx_directory_find(dir, scene[i].id),
				 shmx_directory_get(dir, i));
	}
	ck_assert_ptr_null(shmx_directory_get(dir, 3));
	ck_assert_ptr_null(shmx_directory_get(dir, UINT32_MAX));
	ck_assert_ptr_null(shmx_directory_find(dir, 2));
	shmx_directory_free(dir);
	shmx_directory_free(NULL);
	ck_assert_str_eq(info.name, "picture");
	ck_assert_uint_eq(info.stream_id, 7);
	ck_assert_uint_eq(info.format, SHMX_RGB888);
}
END_TEST

START_TEST(a_ring_without_a_picture_says_so)
{
	struct shmx_producer *p = produce(scene + 1, 2, 0);
	struct shmx_reader *r = attach();
	struct shmx_image_info info;

	ck_assert_int_eq(shmx_reader_image(r, &info, sizeof(info)), -ENOENT);
	ck_assert_ptr_nonnull(strstr(shmx_error(), "carries no picture"));
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

START_TEST(who_is_not_attached_has_no_directory)
{
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	struct shmx_directory *dir = NULL;
	struct shmx_reader *r;

	o.flags = SHMX_WAIT;
	ck_assert_int_eq(shmx_reader_open(&r, "test", &o), 0);
	ck_assert_uint_eq(shmx_reader_generation(r), 0);
	ck_assert_int_eq(shmx_reader_directory(r, &dir), -EAGAIN);
	ck_assert_ptr_null(dir);
	shmx_reader_close(r);
}
END_TEST

/* Its length, its hash: of the bytes that are used, and no other. */
static void
check_header(const struct shmx_producer *p)
{
	const struct shmx_header *h = p->region.map;
	const char *bytes = (const char *)h + h->static_offset;

	ck_assert_uint_le(h->static_used, h->static_capacity);
	ck_assert_uint_eq(h->static_used % 16, 0);
	ck_assert_uint_eq(h->static_hash, shmx_hash(bytes, h->static_used));
	ck_assert_uint_eq(p->region.ring.ext->directory_sequence % 2, 0);
}

/* ---------------------------------------------------------------- adding -- */

START_TEST(a_stream_is_added_while_readers_are_there)
{
	const struct shmx_stream more = {
		.kind = SHMX_STREAM_DATA, .id = 20, .name = "late",
		.element_type = SHMX_I64, .capacity = 4,
	};
	struct shmx_producer *p = produce(scene, 3, 0);
	struct shmx_reader *r = attach();
	struct shmx_directory *before = snapshot(r), *after;
	struct shmx_stream_view v;
	const int64_t values[] = { -1, INT64_MIN };
	uint64_t generation = shmx_reader_generation(r);
	struct shmx_hold *h;
	struct shmx_frame f;
	void *data;

	shmx_begin(p, &f);
	ck_assert_int_eq(shmx_frame_append(p, &f, 20, 1, &data), -ENOENT);
	ck_assert_int_eq(shmx_frame_append(p, &f, 1, 1, &data), 0);
	shmx_publish(p, &f);
	/* The session knows the directory as it is now. */
	ck_assert_int_eq(shmx_hold_latest(r, &h), 0);
	ck_assert_int_eq(shmx_frame_stream(h, 1, &v), 0);
	shmx_release(h);

	check_header(p);
	ck_assert_int_eq(shmx_producer_add_stream(p, &more), 0);
	check_header(p);
	ck_assert_uint_ne(shmx_reader_generation(r), generation);
	after = snapshot(r);
	ck_assert_uint_eq(shmx_directory_generation(after),
			  shmx_reader_generation(r));
	ck_assert_uint_eq(shmx_directory_count(before), 3);
	ck_assert_uint_eq(shmx_directory_count(after), 4);
	check_same(shmx_directory_get(after, 3), &more);
	check_same(shmx_directory_get(after, 2), &scene[2]);
	shmx_directory_free(before);
	shmx_directory_free(after);

	/* A frame with it is understood without asking. */
	shmx_begin(p, &f);
	ck_assert_int_eq(shmx_frame_append_copy(p, &f, 20, 2, values), 0);
	shmx_publish(p, &f);
	ck_assert_int_eq(shmx_hold_latest(r, &h), 0);
	ck_assert_int_eq(shmx_frame_stream(h, 20, &v), 0);
	ck_assert_uint_eq(v.element_type, SHMX_I64);
	ck_assert_uint_eq(v.elements, 2);
	ck_assert(((const int64_t *)v.data)[1] == INT64_MIN);
	shmx_release(h);
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

START_TEST(a_ring_may_begin_without_streams)
{
	struct shmx_producer *p = produce(NULL, 0, 0);
	struct shmx_reader *r = attach();
	struct shmx_directory *dir = snapshot(r);
	struct shmx_stream_view v;
	struct shmx_hold *h;
	struct shmx_frame f;
	void *data;

	ck_assert_uint_eq(shmx_directory_count(dir), 0);
	shmx_directory_free(dir);
	check_header(p);
	ck_assert_int_eq(shmx_producer_add_stream(p, &scene[1]), 0);
	shmx_begin(p, &f);
	ck_assert_int_eq(shmx_frame_append(p, &f, UINT32_MAX, 1, &data), 0);
	shmx_publish(p, &f);
	ck_assert_int_eq(shmx_hold_latest(r, &h), 0);
	ck_assert_int_eq(shmx_frame_streams(h, &v, 1), 1);
	ck_assert_uint_eq(v.element_type, SHMX_F64);
	shmx_release(h);
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

START_TEST(what_cannot_be_added_is_refused)
{
	static char long_text[3900];
	struct shmx_producer *p = produce(scene, 3, 0);
	struct shmx_stream s = scene[1];
	uint64_t hash = ((struct shmx_header *)p->region.map)->static_hash;
	unsigned i;

	ck_assert_int_eq(shmx_producer_add_stream(p, &s), -EEXIST);
	s.id = 7;
	ck_assert_int_eq(shmx_producer_add_stream(p, &s), -EEXIST);
	s.id = 0;
	ck_assert_int_eq(shmx_producer_add_stream(p, &s), -EINVAL);
	s = scene[0];
	s.id = 30;
	ck_assert_int_eq(shmx_producer_add_stream(p, &s), -EINVAL);
	ck_assert_ptr_nonnull(strstr(shmx_error(), "when the ring is made"));
	s = scene[1];
	s.id = 30;
	s.capacity = 100000;
	ck_assert_int_eq(shmx_producer_add_stream(p, &s), -ENOSPC);
	ck_assert_ptr_nonnull(strstr(shmx_error(), "more frame_bytes"));
	s.capacity = 1;
	s.extra = long_text;
	s.extra_bytes = sizeof(long_text);
	ck_assert_int_eq(shmx_producer_add_stream(p, &s), -ENOSPC);
	ck_assert_ptr_nonnull(strstr(shmx_error(), "more directory_bytes"));
	/* Defect 12 of v2.0: the same size, wrapped. */
	s.extra_bytes = UINT32_MAX - 39;
	ck_assert_int_eq(shmx_producer_add_stream(p, &s), -ENOSPC);
	s.extra_bytes = UINT32_MAX;
	ck_assert_int_eq(shmx_producer_add_stream(p, &s), -ENOSPC);
	ck_assert_uint_eq(((struct shmx_header *)p->region.map)->static_hash,
			  hash);
	shmx_producer_close(p);

	p = produce(scene, 3, 256 * 80);
	s.extra_bytes = 0;
	for (i = 3; i < SHMX_STREAMS_MAX; i++) {
		s.id = 100 + i;
		ck_assert_int_eq(shmx_producer_add_stream(p, &s), 0);
	}
	s.id = 100 + i;
	ck_assert_int_eq(shmx_producer_add_stream(p, &s), -ENOSPC);
	ck_assert_ptr_nonnull(strstr(shmx_error(), "256 streams"));
	check_header(p);
	shmx_producer_close(p);
}
END_TEST

START_TEST(a_directory_may_be_larger_than_a_page)
{
	static const char extra[9000];
	struct shmx_stream s = scene[1];
	struct shmx_producer *p;
	struct shmx_reader *r;
	struct shmx_directory *dir;

	s.extra = extra;
	s.extra_bytes = sizeof(extra);
	p = produce(&s, 1, 0);
	r = attach();
	dir = snapshot(r);
	check_same(shmx_directory_get(dir, 0), &s);
	shmx_directory_free(dir);
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

/*
 * Directories differ from producer to producer, though each counts its own
 * from 1: their numbers differ, too.
 */
START_TEST(another_producers_directory_has_another_number)
{
	struct shmx_producer *p = produce(scene, 3, 0);
	struct shmx_reader *r = attach();
	uint64_t generation = shmx_reader_generation(r), end;

	shmx_producer_close(p);
	ck_assert_int_eq(shmx_wait(r, 10000), -EPIPE);
	p = produce(scene + 1, 2, 0);
	end = base_now_ns() + 10 * BASE_NS_PER_S;
	while (shmx_reader_state(r) != SHMX_ATTACHED && base_now_ns() < end)
		(void)shmx_wait(r, 10);
	ck_assert_uint_ne(shmx_reader_generation(r), 0);
	ck_assert_uint_ne(shmx_reader_generation(r), generation);
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

/* ------------------------------------------------------------- while it is */

/* Stream n of a row: everything about it follows from n. */
static struct shmx_stream
numbered(uint32_t n, char *name, char *extra)
{
	uint32_t bytes = n * 7 % 60;

	snprintf(name, 32, "stream number %u", n);
	memset(extra, (int)n, bytes);
	return (struct shmx_stream){
		.kind = SHMX_STREAM_DATA, .id = n + 1, .name = name,
		.element_type = 1 + n % 13, .components = 1 + n % 4,
		.layout = n % 2, .capacity = n + 1, .extra = extra,
		.extra_bytes = bytes,
	};
}

/* Always the first so many of the row, whole.  Quick: it races. */
static bool
is_prefix(const struct shmx_directory *dir)
{
	unsigned i, count = shmx_directory_count(dir);
	const struct shmx_stream *got;
	char name[32], extra[64];
	struct shmx_stream want;

	for (i = 0; i < count; i++) {
		got = shmx_directory_get(dir, i);
		want = numbered(i, name, extra);
		if (got->id != want.id || strcmp(got->name, want.name) != 0 ||
		    got->element_type != want.element_type ||
		    got->components != want.components ||
		    got->layout != want.layout ||
		    got->capacity != want.capacity ||
		    got->extra_bytes != want.extra_bytes ||
		    (want.extra_bytes != 0 &&
		     memcmp(got->extra, extra, want.extra_bytes) != 0))
			return false;
	}
	/* It begins with none, and each one counts. */
	return (shmx_directory_generation(dir) & UINT32_MAX) <= count + 1;
}

static void
add_for_ever(int line, void *arg)
{
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	struct shmx_producer *p;
	char name[32], extra[64];
	struct shmx_stream s;
	uint32_t n;

	(void)arg;
	o.frame_bytes = 65536;
	o.directory_bytes = 65536;
	/* Each ring anew, as soon as it has all the streams it can have. */
	for (;;) {
		expect(shmx_producer_open(&p, "test", &o) == 0);
		child_say(line, 'o');
		if (child_hear(line) != 'g')
			return;
		for (n = 0; n < SHMX_STREAMS_MAX; n++) {
			s = numbered(n, name, extra);
			expect(shmx_producer_add_stream(p, &s) == 0);
		}
		child_say(line, 'd');
		if (child_hear(line) != 'g')
			return;
		shmx_producer_close(p);
	}
}

/*
 * Defect 19 of v2.0: length, hash and bytes could be of different
 * directories, though the generation was the same before and after.
 */
START_TEST(a_snapshot_is_of_one_instant)
{
	struct shmx_directory *dir;
	unsigned round, count, last, busy = 0, between = 0;
	uint64_t generation, seen;
	struct shmx_reader *r;
	struct child c;
	int ret;

	child_start(&c, add_for_ever, NULL);
	for (round = 0; round < 50; round++) {
		ck_assert_int_eq(child_hear(c.line), 'o');
		r = attach();
		child_say(c.line, 'g');
		generation = last = count = 0;
		while (count < SHMX_STREAMS_MAX) {
			seen = shmx_reader_generation(r);
			ret = shmx_reader_directory(r, &dir);
			if (ret == -EAGAIN) {
				busy++;
				continue;
			}
			ck_assert_int_eq(ret, 0);
			count = shmx_directory_count(dir);
			ck_assert_uint_ge(count, last);
			between += count > 0 && count < SHMX_STREAMS_MAX;
			ck_assert(is_prefix(dir));
			ck_assert_uint_ge(shmx_directory_generation(dir),
					  generation);
			ck_assert_uint_ge(shmx_directory_generation(dir),
					  seen);
			generation = shmx_directory_generation(dir);
			last = count;
			shmx_directory_free(dir);
		}
		ck_assert_int_eq(child_hear(c.line), 'd');
		shmx_reader_close(r);
		child_say(c.line, 'g');
	}
	ck_assert_int_eq(child_hear(c.line), 'o');
	child_say(c.line, 'q');
	child_end(&c);
	printf("# %u snapshots on the way, %u times busy\n", between, busy);
	ck_assert_uint_gt(between, 0);
}
END_TEST

/* The same between threads on one mapping, for who looks for races. */
struct race {
	struct shmx_directory_place place;
	shmx_a32 done;
	unsigned good;
};

static void *
read_for_ever(void *arg)
{
	struct race *race = arg;
	struct shmx_directory *dir;
	int ret;

	while (shmx_load_relaxed(&race->done) == 0) {
		ret = shmx_directory_read(&dir, &race->place, 1);
		ck_assert(ret == 0 || ret == -EAGAIN);
		if (ret < 0)
			continue;
		ck_assert(is_prefix(dir));
		shmx_directory_free(dir);
		race->good++;
	}
	return NULL;
}

START_TEST(threads_do_not_race)
{
	struct shmx_producer *p = produce(NULL, 0, 65536);
	struct race race = { .place = shmx_region_directory(&p->region) };
	char name[32], extra[64];
	struct shmx_stream s;
	pthread_t thread;
	uint32_t n;

	ck_assert_int_eq(pthread_create(&thread, NULL, read_for_ever, &race),
			 0);
	for (n = 0; n < SHMX_STREAMS_MAX; n++) {
		s = numbered(n, name, extra);
		ck_assert_int_eq(shmx_producer_add_stream(p, &s), 0);
		if (n % 16 == 0)
			base_sleep_until(base_now_ns() + BASE_NS_PER_MS);
	}
	shmx_store_relaxed(&race.done, 1);
	pthread_join(thread, NULL);
	ck_assert_uint_gt(race.good, 0);
	shmx_producer_close(p);
}
END_TEST

/* A producer that dies at it leaves the last one, or the next, for ever. */
START_TEST(a_producer_may_die_while_it_adds)
{
	struct shmx_producer *p = produce(scene, 3, 0);
	struct shmx_header *h = p->region.map;
	shmx_a32 *sequence = &p->region.ring.ext->directory_sequence;
	struct shmx_reader *r = attach();
	struct shmx_directory *dir;
	uint64_t hash = h->static_hash;
	char *behind = (char *)p->region.map + h->static_offset +
		h->static_used;

	/* Before anything counts: the bytes behind are nobody's. */
	shmx_store_seq_cst(sequence, *sequence + 1);
	memset(behind, 0x55, 64);
	dir = snapshot(r);
	ck_assert_uint_eq(shmx_directory_count(dir), 3);
	shmx_directory_free(dir);
	/* Hash and length are of two directories. */
	shmx_store_seq_cst(&h->static_hash, hash ^ 1);
	ck_assert_int_eq(shmx_reader_directory(r, &dir), -EAGAIN);
	ck_assert_ptr_nonnull(strstr(shmx_error(), "being changed"));
	/* With nobody at it the same is a lie. */
	shmx_store_seq_cst(sequence, *sequence + 1);
	ck_assert_int_eq(shmx_reader_directory(r, &dir), -EPROTO);
	shmx_store_seq_cst(&h->static_hash, hash);
	dir = snapshot(r);
	shmx_directory_free(dir);
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

/* As many TLVs as there can be, none of which the hash ends at. */
START_TEST(a_directory_in_disorder_is_refused_soon)
{
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	const struct shmx_tlv nothing = { 0, 8 };
	uint64_t start = base_now_ns();
	struct shmx_directory_place place;
	struct shmx_directory *dir;
	struct shmx_producer *p;
	struct shmx_reader *r;
	uint32_t at;

	o.frame_bytes = 4096;
	o.directory_bytes = SHMX_DIRECTORY_MAX;
	ck_assert_int_eq(shmx_producer_open(&p, "test", &o), 0);
	place = shmx_region_directory(&p->region);
	for (at = 0; at < SHMX_DIRECTORY_MAX; at += 16)
		memcpy((char *)place.bytes + at, &nothing, sizeof(nothing));
	shmx_store_seq_cst(&place.header->static_used, SHMX_DIRECTORY_MAX);
	shmx_store_seq_cst(&place.header->static_hash, 1);
	shmx_store_seq_cst(place.sequence, 1);
	r = attach();
	ck_assert_int_eq(shmx_reader_directory(r, &dir), -EAGAIN);
	ck_assert_uint_lt(base_now_ns() - start, 5 * BASE_NS_PER_S);
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

/* ------------------------------------------------------------- malformed -- */

/* A directory made by hand, to be made wrong. */
struct by_hand {
	_Alignas(8) unsigned char bytes[4096];
	uint32_t used;
};

static void
put(struct by_hand *d, const struct shmx_stream_desc *desc, const char *name,
    const void *extra, uint32_t length)
{
	const struct shmx_tlv tlv = { SHMX_TLV_STATIC_DIR, length };
	unsigned char *at = d->bytes + d->used;

	memcpy(at, &tlv, sizeof(tlv));
	memcpy(at + 8, desc, sizeof(*desc));
	memcpy(at + 40, name, strlen(name));
	if (extra != NULL)
		memcpy(at + 40 + strlen(name), extra, 32);
	d->used += (uint32_t)base_round_up(8 + (uint64_t)length, 16);
}

static const struct shmx_stream_desc good = {
	.stream_id = 5, .element_type = SHMX_F32, .components = 2,
	.layout = SHMX_AOS, .bytes_per_element = 4, .name_bytes = 4,
};

/* Of one entry `name`, with that descriptor. */
static int
parse(const struct shmx_stream_desc *desc, struct shmx_directory **dir)
{
	struct by_hand d = { .used = 0 };

	put(&d, desc, "name", NULL, 36);
	return shmx_directory_parse(dir, d.bytes, d.used, 1);
}

START_TEST(what_an_entry_may_not_say)
{
	static const struct {
		size_t word;
		uint32_t value;
	} wrong[] = {
		{ 2, 0 },			/* no components */
		{ 4, 0 }, { 4, 3 }, { 4, 9 },	/* no such f32s */
		{ 4, UINT32_MAX },
		{ 6, 5 }, { 6, UINT32_MAX },	/* too long a name */
		{ 6, UINT32_MAX - 31 },
		{ 7, 1 }, { 7, UINT32_MAX },	/* too much extra */
		{ 7, UINT32_MAX - 3 },
	};
	struct shmx_directory *dir = NULL;
	struct shmx_stream_desc desc;
	size_t i;

	ck_assert_int_eq(parse(&good, &dir), 0);
	shmx_directory_free(dir);
	for (i = 0; i < BASE_ARRAY_SIZE(wrong); i++) {
		dir = NULL;
		desc = good;
		memcpy((char *)&desc + wrong[i].word * 4, &wrong[i].value, 4);
		ck_assert_msg(parse(&desc, &dir) == -EPROTO, "%zu", i);
		ck_assert_ptr_null(dir);
	}
}
END_TEST

/* What others may know that we do not is passed on. */
START_TEST(what_an_entry_may_say)
{
	struct shmx_directory *dir;
	struct shmx_stream_desc desc = good;
	const struct shmx_stream *s;

	/* v2.0 leaves open whether that is a component or the vector. */
	desc.bytes_per_element = 8;
	ck_assert_int_eq(parse(&desc, &dir), 0);
	ck_assert_uint_eq(shmx_directory_entry(dir, 5)->element_bytes, 8);
	shmx_directory_free(dir);
	desc = good;
	desc.element_type = 99;
	desc.bytes_per_element = 13;
	desc.layout = 77;
	ck_assert_int_eq(parse(&desc, &dir), 0);
	s = shmx_directory_get(dir, 0);
	ck_assert_uint_eq(s->element_type, 99);
	ck_assert_uint_eq(s->layout, 77);
	ck_assert_uint_eq(shmx_directory_entry(dir, 5)->element_bytes, 26);
	shmx_directory_free(dir);
}
END_TEST

START_TEST(what_a_directory_may_not_say)
{
	struct shmx_image_desc image = {
		.magic = SHMX_IMAGE_MAGIC, .width = 10, .height = 10,
		.stride = 64, .format = SHMX_R8,
	};
	struct shmx_stream_desc desc = good;
	struct by_hand d = { .used = 0 };
	struct shmx_directory *dir;
	uint32_t i;

	/* The same id twice. */
	put(&d, &good, "name", NULL, 36);
	put(&d, &good, "name", NULL, 36);
	ck_assert_int_eq(shmx_directory_parse(&dir, d.bytes, d.used, 1),
			 -EPROTO);
	/* Cut off, at each byte but between the two. */
	d.bytes[48 + 8] = 6;
	ck_assert_int_eq(shmx_directory_parse(&dir, d.bytes, d.used, 1), 0);
	shmx_directory_free(dir);
	for (i = 1; i < 92; i++)
		if (i < 44 || i > 48)
			ck_assert_int_eq(shmx_directory_parse(
				&dir, d.bytes, i, 1), -EPROTO);
	/* An image of no size, or one that is too large. */
	desc.extra_bytes = sizeof(image);
	for (i = 0; i < 5; i++) {
		d.used = 0;
		image.width = i == 1 ? 0 : i == 2 ? SHMX_SIDE_MAX + 1 : 10;
		image.height = i == 3 ? 0 : i == 4 ? UINT32_MAX : 10;
		put(&d, &desc, "name", &image, 68);
		ck_assert_int_eq(shmx_directory_parse(&dir, d.bytes, d.used,
						      1),
				 i == 0 ? 0 : -EPROTO);
		if (i == 0)
			shmx_directory_free(dir);
	}
}
END_TEST

START_TEST(there_may_be_so_many_streams)
{
	static _Alignas(8) unsigned char bytes[257 * 48];
	struct shmx_stream_desc desc = good;
	struct by_hand d = { .used = 0 };
	struct shmx_directory *dir;
	uint32_t i;

	for (i = 0; i < 257; i++) {
		desc.stream_id = i;
		d.used = 0;
		put(&d, &desc, "name", NULL, 36);
		memcpy(bytes + (size_t)i * 48, d.bytes, 48);
	}
	ck_assert_int_eq(shmx_directory_parse(&dir, bytes, 256 * 48, 1), 0);
	ck_assert_uint_eq(shmx_directory_count(dir), 256);
	shmx_directory_free(dir);
	ck_assert_int_eq(shmx_directory_parse(&dir, bytes, 257 * 48, 1),
			 -EPROTO);
}
END_TEST

START_TEST(a_name_is_fit_for_a_terminal)
{
	struct by_hand d = { .used = 0 };
	struct shmx_stream_desc desc = good;
	struct shmx_directory *dir;

	desc.name_bytes = 9;
	put(&d, &desc, "\033[2J\n\177ab\xc3", NULL, 41);
	ck_assert_int_eq(shmx_directory_parse(&dir, d.bytes, d.used, 1), 0);
	ck_assert_str_eq(shmx_directory_get(dir, 0)->name, "?[2J??ab?");
	shmx_directory_free(dir);
}
END_TEST

/* Anything at all, with the right hash: an error, or a whole directory. */
START_TEST(random_directories_are_read_or_refused)
{
	struct by_hand d = { .used = 0 }, e;
	struct shmx_image_desc image = {
		.magic = SHMX_IMAGE_MAGIC, .width = 10, .height = 10,
		.stride = 64, .format = SHMX_R8,
	};
	struct shmx_stream_desc desc = good;
	struct shmx_directory *dir;
	const struct shmx_stream *s;
	unsigned i, j, n, read = 0, refused = 0;
	volatile unsigned char sum = 0;

	sow();
	put(&d, &desc, "name", NULL, 36);
	desc.stream_id = 6;
	desc.extra_bytes = sizeof(image);
	put(&d, &desc, "name", &image, 68);
	desc.stream_id = 7;
	put(&d, &desc, "name", &(const char[32]){ 1, 2, 3 }, 68);
	for (i = 0; i < 100000; i++) {
		e = d;
		for (n = 1 + chance(3); n > 0; n--) {
			uint32_t value = chance(3) == 0 ? UINT32_MAX -
				chance(64) : chance(80);

			memcpy(e.bytes + chance(e.used / 4) * 4, &value, 4);
		}
		e.used -= chance(4) == 0 ? chance(e.used) : 0;
		if (shmx_directory_parse(&dir, e.bytes, e.used, 1) < 0) {
			refused++;
			continue;
		}
		read++;
		for (j = 0; j < shmx_directory_count(dir); j++) {
			s = shmx_directory_get(dir, j);
			ck_assert_uint_ge(s->components, 1);
			sum = (unsigned char)(sum + strlen(s->name));
			for (n = 0; n < s->extra_bytes; n++)
				sum = (unsigned char)(sum +
					((const unsigned char *)s->extra)[n]);
		}
		shmx_directory_free(dir);
	}
	ck_assert_uint_gt(read, 1000);
	ck_assert_uint_gt(refused, 1000);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("directory");
	TCase *tc;

	tc = suite_case(s, "snapshot");
	tcase_add_test(tc, readers_see_what_was_declared);
	tcase_add_test(tc, a_ring_without_a_picture_says_so);
	tcase_add_test(tc, who_is_not_attached_has_no_directory);
	tcase_add_test(tc, a_directory_may_be_larger_than_a_page);
	tcase_add_test(tc, another_producers_directory_has_another_number);

	tc = suite_case(s, "add");
	tcase_add_test(tc, a_stream_is_added_while_readers_are_there);
	tcase_add_test(tc, a_ring_may_begin_without_streams);
	tcase_add_test(tc, what_cannot_be_added_is_refused);

	tc = suite_case(s, "concurrent");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_snapshot_is_of_one_instant);
	tcase_add_test(tc, threads_do_not_race);
	tcase_add_test(tc, a_producer_may_die_while_it_adds);
	tcase_add_test(tc, a_directory_in_disorder_is_refused_soon);

	tc = suite_case(s, "malformed");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, what_an_entry_may_not_say);
	tcase_add_test(tc, what_an_entry_may_say);
	tcase_add_test(tc, what_a_directory_may_not_say);
	tcase_add_test(tc, there_may_be_so_many_streams);
	tcase_add_test(tc, a_name_is_fit_for_a_terminal);
	tcase_add_test(tc, random_directories_are_read_or_refused);
	return suite_run(s);
}
