/* SPDX-License-Identifier: MIT */
/*
 * test-ring-multi.c - several writers, one step at a time and from threads
 *
 * A writer that was killed at a step is one whose words the test writes up to
 * there, and which is never heard of again but by shmx_multi_reap().
 */
#include "config.h"

#include "shmx/ring-multi.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "shmx/atomic.h"
#include "suite.h"

#define READERS 4
#define WRITERS 4

struct bench {
	struct shmx_ext ext;
	shmx_a64 state[SHMX_SLOTS_MAX];
	struct shmx_slot_meta meta[SHMX_SLOTS_MAX];
	struct shmx_record record[READERS];
	struct shmx_ring ring;
	struct shmx_multi w[WRITERS];
	struct shmx_scan *scan;
};

static struct bench *
bench_new(uint32_t slots, uint32_t history)
{
	struct bench *b = aligned_alloc(64, sizeof(*b) + 64 -
					sizeof(*b) % 64);
	uint32_t i;

	ck_assert_ptr_nonnull(b);
	memset(b, 0, sizeof(*b));
	b->ring = (struct shmx_ring){
		.ext = &b->ext, .state = b->state, .meta = b->meta,
		.slots = slots, .history = history,
	};
	shmx_multi_init_ring(&b->ring);
	for (i = 0; i < WRITERS; i++)
		shmx_multi_init(&b->w[i], &b->ring, i);
	b->scan = calloc(1, sizeof(*b->scan) +
			 READERS * sizeof(b->scan->entry[0]));
	ck_assert_ptr_nonnull(b->scan);
	b->scan->count = READERS;
	for (i = 0; i < READERS; i++)
		b->scan->entry[i] = (struct shmx_scan_entry){
			.record = &b->record[i],
			.holds = SHMX_HOLDS_MAX,
			.wake_fd = -1,
		};
	return b;
}

static void
bench_free(struct bench *b)
{
	ck_assert_ptr_null(shmx_multi_check(&b->ring));
	free(b->scan);
	free(b);
}

static int
claim(struct bench *b, int writer)
{
	return shmx_multi_claim(&b->w[writer], b->scan);
}

static uint64_t
publish(struct bench *b, int writer)
{
	ck_assert_int_ge(claim(b, writer), 0);
	return shmx_multi_publish(&b->w[writer]);
}

static struct shmx_found
hold(struct bench *b, int reader, int word)
{
	struct shmx_found f;

	ck_assert_int_eq(shmx_ring_hold_latest(&b->ring,
			 &b->record[reader].hold[word], &f), 0);
	return f;
}

static uint64_t
writing(uint64_t owner, uint64_t generation)
{
	return SHMX_STATE(SHMX_STATE_WRITING, owner << 32 | generation);
}

static uint64_t
published(uint64_t sequence)
{
	return SHMX_STATE(SHMX_STATE_PUBLISHED, sequence);
}

/* --------------------------------------------------------------- steps -- */

START_TEST(writers_take_turns)
{
	struct bench *b = bench_new(6, 1);
	struct shmx_found f;
	uint64_t i;

	ck_assert_int_eq(shmx_ring_hold_latest(&b->ring,
			 &b->record[0].hold[0], &f), -EAGAIN);
	for (i = 1; i < 100; i++) {
		ck_assert_uint_eq(publish(b, (int)(i % 3)), i);
		f = hold(b, 0, 0);
		ck_assert_uint_eq(f.sequence, i);
		ck_assert_uint_eq(b->meta[f.slot].sequence, i);
		shmx_ring_release(&b->record[0].hold[0]);
		ck_assert_ptr_null(shmx_multi_check(&b->ring));
	}
	bench_free(b);
}
END_TEST

START_TEST(writers_have_slots_of_their_own)
{
	struct bench *b = bench_new(5, 1);
	int a = claim(b, 0), c = claim(b, 1), d = claim(b, 2);

	ck_assert(a >= 0 && c >= 0 && d >= 0);
	ck_assert(a != c && c != d && a != d);
	/* And each its own, again. */
	ck_assert_int_eq(claim(b, 1), c);
	ck_assert_uint_eq(b->state[a], writing(0, 1));
	bench_free(b);
}
END_TEST

START_TEST(the_number_is_drawn_at_publishing)
{
	struct bench *b = bench_new(6, 1);
	struct shmx_found f;
	int first = claim(b, 0);

	/* Begun first, published last: it is the later frame. */
	ck_assert_uint_eq(publish(b, 1), 1);
	ck_assert_uint_eq(publish(b, 1), 2);
	ck_assert_uint_eq(shmx_multi_publish(&b->w[0]), 3);
	f = hold(b, 0, 0);
	ck_assert_uint_eq(f.sequence, 3);
	ck_assert_int_eq((int)f.slot, first);
	bench_free(b);
}
END_TEST

START_TEST(latest_never_goes_back)
{
	struct bench *b = bench_new(6, 1);
	int slot = claim(b, 0);

	/* Writer 0 has drawn 1 and sleeps; writer 1 publishes 2. */
	b->ext.next_sequence = 1;
	ck_assert_uint_eq(publish(b, 1), 2);
	ck_assert_uint_eq(hold(b, 0, 0).sequence, 2);
	/* M7, and M8 as its publishing has it: 2 stays. */
	b->meta[slot].sequence = 1;
	b->state[slot] = published(1);
	b->w[0].claimed = -1;
	ck_assert_uint_eq(shmx_multi_reap(&b->ring, 3), 0);
	ck_assert_uint_eq(shmx_ring_latest(&b->ring), 2);
	bench_free(b);
}
END_TEST

START_TEST(a_held_slot_is_never_claimed)
{
	struct bench *b = bench_new(shmx_multi_slots(3, 1, 3), 1);
	struct shmx_found f[3];
	int h, i, slot;

	for (h = 0; h < 3; h++) {
		publish(b, h);
		f[h] = hold(b, h, h);
	}
	for (i = 0; i < 1000; i++) {
		slot = claim(b, i % 3);
		ck_assert_int_ge(slot, 0);
		for (h = 0; h < 3; h++)
			ck_assert_int_ne(slot, (int)f[h].slot);
		shmx_multi_publish(&b->w[i % 3]);
	}
	for (h = 0; h < 3; h++)
		ck_assert_uint_eq(b->state[f[h].slot],
				  published(f[h].sequence));
	bench_free(b);
}
END_TEST

START_TEST(the_history_is_never_claimed)
{
	struct bench *b = bench_new(shmx_multi_slots(0, 4, 2), 4);
	uint64_t v[SHMX_SLOTS_MAX];
	int i, slot;

	for (i = 0; i < 100; i++) {
		shmx_copy_words(v, b->state, sizeof(v));
		slot = claim(b, i % 2);
		ck_assert_int_ge(slot, 0);
		ck_assert(v[slot] == 0 || v[slot] + 4 <=
			  published(b->ext.latest >> 16));
		shmx_multi_publish(&b->w[i % 2]);
	}
	bench_free(b);
}
END_TEST

START_TEST(the_bound_is_what_stopped_writers_need)
{
	/* Each of three others keeps the writer from two slots. */
	uint32_t slots = shmx_multi_slots(2, 1, WRITERS);
	struct bench *b = bench_new(slots, 1);
	int i, slot;

	ck_assert_uint_eq(slots, 2 + 1 + 2 * 3 + 1);
	publish(b, 0);
	hold(b, 0, 0);
	publish(b, 0);
	hold(b, 0, 1);
	publish(b, 0);
	for (i = 1; i < WRITERS; i++) {
		slot = claim(b, i);
		ck_assert_int_ge(slot, 0);
		b->w[i].claimed = -1;
		ck_assert_int_ge(claim(b, i), 0);
	}
	ck_assert_int_ge(claim(b, 0), 0);
	shmx_multi_publish(&b->w[0]);
	/* One more taken, and there is none: said at once, nothing spins. */
	b->w[1].claimed = -1;
	ck_assert_int_ge(claim(b, 1), 0);
	ck_assert_int_eq(claim(b, 0), -1);
	ck_assert_ptr_null(shmx_multi_check(&b->ring));
	/* And one release is enough to go on. */
	shmx_ring_release(&b->record[0].hold[0]);
	ck_assert_int_ge(claim(b, 0), 0);
	bench_free(b);
}
END_TEST

START_TEST(an_evicted_reader_holds_nothing)
{
	struct bench *b = bench_new(4, 1);
	int h;

	publish(b, 0);
	hold(b, 2, 0);
	publish(b, 0);
	hold(b, 2, 1);
	publish(b, 0);
	hold(b, 1, 0);
	publish(b, 0);
	ck_assert_int_eq(claim(b, 0), -1);
	b->record[2].evicted = 1;
	for (h = 0; h < 10; h++) {
		ck_assert_int_ge(claim(b, 0), 0);
		ck_assert_int_ne(b->w[0].claimed, 2);
		shmx_multi_publish(&b->w[0]);
	}
	bench_free(b);
}
END_TEST

START_TEST(garbage_in_hold_words_costs_nothing_but_slots)
{
	struct bench *b = bench_new(4, 1);
	int r, h;

	for (r = 0; r < READERS; r++)
		for (h = 0; h < SHMX_HOLDS_MAX; h++)
			b->record[r].hold[h] = UINT64_MAX - (uint64_t)h;
	ck_assert_uint_eq(publish(b, 0), 1);
	b->record[0].hold[0] = 1;
	b->record[0].hold[1] = 2;
	b->record[0].hold[2] = 3;
	b->record[0].hold[3] = 4;
	ck_assert_int_eq(claim(b, 1), -1);
	bench_free(b);
}
END_TEST

START_TEST(next_passes_over_gaps)
{
	struct bench *b = bench_new(shmx_multi_slots(1, 4, 2), 4);
	struct shmx_found f;

	publish(b, 0);
	b->ext.next_sequence += 2;	/* 2 and 3 drawn by who was killed */
	ck_assert_uint_eq(publish(b, 1), 4);
	ck_assert_uint_eq(publish(b, 0), 5);
	ck_assert_int_eq(shmx_ring_hold_next(&b->ring,
			 &b->record[0].hold[0], 1, &f), 0);
	ck_assert_uint_eq(f.sequence, 4);
	ck_assert_uint_eq(b->meta[f.slot].sequence, 4);
	shmx_ring_release(&b->record[0].hold[0]);
	ck_assert_int_eq(shmx_ring_hold_next(&b->ring,
			 &b->record[0].hold[0], 4, &f), 0);
	ck_assert_uint_eq(f.sequence, 5);
	shmx_ring_release(&b->record[0].hold[0]);
	ck_assert_int_eq(shmx_ring_hold_next(&b->ring,
			 &b->record[0].hold[0], 5, &f), -EAGAIN);
	ck_assert_uint_eq(b->record[0].hold[0], 0);
	bench_free(b);
}
END_TEST

START_TEST(next_never_takes_what_is_not_announced)
{
	struct bench *b = bench_new(shmx_multi_slots(1, 4, 2), 4);
	struct shmx_found f;
	int slot;

	publish(b, 0);
	slot = claim(b, 1);
	b->ext.next_sequence = 2;
	b->meta[slot].sequence = 2;
	b->state[slot] = published(2);
	b->w[1].claimed = -1;
	ck_assert_int_eq(shmx_ring_hold_next(&b->ring,
			 &b->record[0].hold[0], 1, &f), -EAGAIN);
	/* A later one is announced: now it is part of the history. */
	ck_assert_uint_eq(publish(b, 0), 3);
	ck_assert_int_eq(shmx_ring_hold_next(&b->ring,
			 &b->record[0].hold[0], 1, &f), 0);
	ck_assert_uint_eq(f.sequence, 2);
	ck_assert_int_eq((int)f.slot, slot);
	bench_free(b);
}
END_TEST

START_TEST(an_abandoned_slot_is_free)
{
	struct bench *b = bench_new(4, 1);
	int slot = claim(b, 0);

	shmx_multi_abandon(&b->w[0]);
	shmx_multi_abandon(&b->w[0]);
	ck_assert_uint_eq(b->state[slot], 0);
	ck_assert_uint_eq(publish(b, 0), 1);
	shmx_multi_abandon(&b->w[0]);
	ck_assert_uint_eq(shmx_ring_latest(&b->ring), 1);
	bench_free(b);
}
END_TEST

/* ------------------------------------------------------------- killed -- */

START_TEST(killed_while_writing)
{
	struct bench *b = bench_new(4, 1);
	int mine, other;

	publish(b, 0);
	mine = claim(b, 1);
	other = claim(b, 2);
	ck_assert_uint_eq(shmx_multi_reap(&b->ring, 1), 1);
	ck_assert_uint_eq(shmx_multi_reap(&b->ring, 1), 0);
	ck_assert_uint_eq(b->state[mine], 0);
	ck_assert_uint_eq(b->state[other], writing(2, 1));
	ck_assert_uint_eq(shmx_ring_latest(&b->ring), 1);
	bench_free(b);
}
END_TEST

START_TEST(killed_after_it_drew_a_number)
{
	struct bench *b = bench_new(4, 1);
	int slot = claim(b, 1);

	b->ext.next_sequence = 1;
	b->meta[slot].sequence = 1;
	ck_assert_uint_eq(shmx_multi_reap(&b->ring, 1), 1);
	ck_assert_uint_eq(publish(b, 0), 2);
	ck_assert_uint_eq(hold(b, 0, 0).sequence, 2);
	bench_free(b);
}
END_TEST

/* Between M7 and M8, as often as there are slots. */
START_TEST(killed_before_it_announced)
{
	struct bench *b = bench_new(4, 1);
	uint64_t q;
	int slot;

	for (q = 1; q < 20; q++) {
		slot = claim(b, 1);
		ck_assert_int_ge(slot, 0);
		b->ext.next_sequence = q;
		b->meta[slot].sequence = q;
		b->state[slot] = published(q);
		shmx_multi_init(&b->w[1], &b->ring, 1);
		ck_assert_uint_eq(shmx_multi_reap(&b->ring, 1), 0);
		/* Whole, and not lost. */
		ck_assert_uint_eq(hold(b, 0, 0).sequence, q);
		shmx_ring_release(&b->record[0].hold[0]);
	}
	bench_free(b);
}
END_TEST

START_TEST(killed_while_it_gave_a_held_slot_back)
{
	struct bench *b = bench_new(4, 1);
	struct shmx_found f;
	int i;

	publish(b, 0);
	f = hold(b, 0, 0);
	publish(b, 0);
	b->state[f.slot] = writing(1, 7);
	ck_assert_uint_eq(shmx_multi_reap(&b->ring, 1), 1);
	/* It says FREE, and is still nobody's but the reader's. */
	for (i = 0; i < 100; i++) {
		ck_assert_int_ne(claim(b, i % 2), (int)f.slot);
		shmx_multi_publish(&b->w[i % 2]);
	}
	ck_assert_uint_eq(b->meta[f.slot].sequence, 1);
	shmx_ring_release(&b->record[0].hold[0]);
	bench_free(b);
}
END_TEST

START_TEST(who_was_reaped_alive_does_no_harm)
{
	struct bench *b = bench_new(4, 1);
	int slot;

	publish(b, 0);
	slot = claim(b, 1);
	ck_assert_uint_eq(shmx_multi_reap(&b->ring, 1), 1);
	/* The slot is another's, with the same owner's number even. */
	shmx_multi_init(&b->w[2], &b->ring, 1);
	b->w[2].generation = 10;
	ck_assert_int_eq(claim(b, 2), slot);
	ck_assert_uint_eq(shmx_multi_publish(&b->w[1]), 0);
	ck_assert_uint_eq(b->state[slot], writing(1, 11));
	ck_assert_uint_eq(shmx_ring_latest(&b->ring), 1);
	/* It goes on with another. */
	ck_assert_uint_gt(publish(b, 1), 1);
	ck_assert_uint_gt(shmx_multi_publish(&b->w[2]), 2);
	bench_free(b);
}
END_TEST

/* ------------------------------------------------------------- threads -- */

/* All on one mapping, for the thread sanitizer: payloads must not race. */
#define WORDS 64
#define FRAMES 10000

struct crew {
	struct bench *b;
	/* Which frame of which writer a slot has, in each word. */
	uint64_t payload[SHMX_SLOTS_MAX][WORDS];
	shmx_a32 done;
	shmx_a32 torn;
	shmx_a32 back;			/* a reader went back in time */
	shmx_a32 held;
	shmx_a32 dropped;
};

struct member {
	struct crew *crew;
	unsigned index;
	uint64_t published;
};

static void *
write_frames(void *arg)
{
	struct member *m = arg;
	struct crew *c = m->crew;
	struct shmx_multi *w = &c->b->w[m->index];
	uint64_t i, j, q, last = 0;
	int slot;

	for (i = 1; i <= FRAMES; i++) {
		slot = shmx_multi_claim(w, c->b->scan);
		if (slot < 0) {
			shmx_add_relaxed(&c->dropped, 1);
			continue;
		}
		for (j = 0; j < WORDS; j++)
			c->payload[slot][j] = i << 8 | m->index;
		q = shmx_multi_publish(w);
		/* Its own frames are in order. */
		if (q <= last)
			shmx_add_relaxed(&c->back, 1);
		last = q;
		m->published++;
		if (i % 100 == 0)
			shmx_multi_claim(w, c->b->scan);
		if (i % 200 == 0)
			shmx_multi_abandon(w);
	}
	shmx_multi_abandon(w);
	return NULL;
}

static void
look_at(struct crew *c, const struct shmx_found *f, uint64_t seen[WRITERS])
{
	uint64_t is = c->payload[f->slot][0];
	int j;

	for (j = 1; j < WORDS; j++)
		if (c->payload[f->slot][j] != is)
			shmx_add_relaxed(&c->torn, 1);
	if (c->b->meta[f->slot].sequence != f->sequence)
		shmx_add_relaxed(&c->torn, 1);
	/* What each writer drew is seen in the order in which it drew it. */
	if (is >> 8 < seen[is & 0xff])
		shmx_add_relaxed(&c->back, 1);
	seen[is & 0xff] = is >> 8;
	shmx_add_relaxed(&c->held, 1);
}

static void *
read_frames(void *arg)
{
	struct member *m = arg;
	struct crew *c = m->crew;
	struct shmx_record *record = &c->b->record[m->index];
	uint64_t seen[WRITERS] = { 0 }, again[WRITERS];
	struct shmx_found f[2] = { { 0 } };
	int h = 0, ret;

	/* Keeps one frame while it takes the next, as a window does. */
	while (!shmx_load_acquire(&c->done)) {
		ret = m->index % 2 == 0 ?
			shmx_ring_hold_latest(&c->b->ring, &record->hold[h],
					      &f[h]) :
			shmx_ring_hold_next(&c->b->ring, &record->hold[h],
					    f[!h].sequence, &f[h]);
		if (ret < 0)
			continue;
		if (f[h].sequence < f[!h].sequence)
			shmx_add_relaxed(&c->back, 1);
		look_at(c, &f[h], seen);
		h = !h;
		if (record->hold[h] != 0) {
			memset(again, 0, sizeof(again));
			look_at(c, &f[h], again);
			shmx_ring_release(&record->hold[h]);
		}
	}
	return NULL;
}

START_TEST(threads_never_see_a_torn_frame)
{
	struct crew *c = calloc(1, sizeof(*c));
	struct member m[READERS], n[WRITERS];
	pthread_t t[READERS], u[WRITERS];
	uint64_t published = 0;
	unsigned i;

	ck_assert_ptr_nonnull(c);
	c->b = bench_new(shmx_multi_slots(READERS * 2, 3, WRITERS), 3);
	for (i = 0; i < READERS; i++) {
		m[i] = (struct member){ c, i, 0 };
		ck_assert_int_eq(pthread_create(&t[i], NULL, read_frames,
						&m[i]), 0);
	}
	for (i = 0; i < WRITERS; i++) {
		n[i] = (struct member){ c, i, 0 };
		ck_assert_int_eq(pthread_create(&u[i], NULL, write_frames,
						&n[i]), 0);
	}
	for (i = 0; i < WRITERS; i++) {
		pthread_join(u[i], NULL);
		published += n[i].published;
	}
	shmx_store_release(&c->done, 1);
	for (i = 0; i < READERS; i++)
		pthread_join(t[i], NULL);
	ck_assert_uint_eq(c->torn, 0);
	ck_assert_uint_eq(c->back, 0);
	ck_assert_uint_gt(c->held, 0);
	/* Lapped 64 times in a row: not here. */
	ck_assert_uint_eq(c->dropped, 0);
	ck_assert_uint_eq(shmx_ring_latest(&c->b->ring), published);
	for (i = 0; i < WRITERS; i++)
		ck_assert_uint_eq(shmx_multi_reap(&c->b->ring, i), 0);
	bench_free(c->b);
	free(c);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ring-multi");
	TCase *tc = suite_case(s, "steps");

	tcase_add_test(tc, writers_take_turns);
	tcase_add_test(tc, writers_have_slots_of_their_own);
	tcase_add_test(tc, the_number_is_drawn_at_publishing);
	tcase_add_test(tc, latest_never_goes_back);
	tcase_add_test(tc, a_held_slot_is_never_claimed);
	tcase_add_test(tc, the_history_is_never_claimed);
	tcase_add_test(tc, the_bound_is_what_stopped_writers_need);
	tcase_add_test(tc, an_evicted_reader_holds_nothing);
	tcase_add_test(tc, garbage_in_hold_words_costs_nothing_but_slots);
	tcase_add_test(tc, next_passes_over_gaps);
	tcase_add_test(tc, next_never_takes_what_is_not_announced);
	tcase_add_test(tc, an_abandoned_slot_is_free);

	tc = suite_case(s, "killed");
	tcase_add_test(tc, killed_while_writing);
	tcase_add_test(tc, killed_after_it_drew_a_number);
	tcase_add_test(tc, killed_before_it_announced);
	tcase_add_test(tc, killed_while_it_gave_a_held_slot_back);
	tcase_add_test(tc, who_was_reaped_alive_does_no_harm);

	tc = suite_case(s, "threads");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, threads_never_see_a_torn_frame);
	return suite_run(s);
}
