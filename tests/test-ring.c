/* SPDX-License-Identifier: MIT */
/*
 * test-ring.c - the lock-free core, one step at a time and from threads
 *
 * Over plain memory, so that a step can be taken between two others: a reader
 * is a record whose words the test writes as the protocol would.
 */
#include "config.h"

#include "shmx/ring.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "shmx/atomic.h"
#include "suite.h"

#define READERS 4

/* A ring in private memory, and some readers of it. */
struct bench {
	struct shmx_ext ext;
	shmx_a64 state[SHMX_SLOTS_MAX];
	struct shmx_slot_meta meta[SHMX_SLOTS_MAX];
	struct shmx_damage_entry damage[SHMX_DAMAGE_ENTRIES];
	struct shmx_record record[READERS];
	struct shmx_writer w;
	struct shmx_scan *scan;
};

static struct bench *
bench_new(uint32_t slots, uint32_t history, uint32_t readers, uint32_t holds)
{
	struct bench *b = aligned_alloc(64, sizeof(*b) + 64 -
					sizeof(*b) % 64);
	struct shmx_ring ring;
	uint32_t i;

	ck_assert_ptr_nonnull(b);
	memset(b, 0, sizeof(*b));
	ring = (struct shmx_ring){
		.ext = &b->ext, .state = b->state, .meta = b->meta,
		.damage = b->damage, .slots = slots, .history = history,
	};
	shmx_writer_init(&b->w, &ring);
	b->scan = calloc(1, sizeof(*b->scan) +
			 readers * sizeof(b->scan->entry[0]));
	ck_assert_ptr_nonnull(b->scan);
	b->scan->count = readers;
	for (i = 0; i < readers; i++)
		b->scan->entry[i] = (struct shmx_scan_entry){
			.record = &b->record[i], .holds = holds,
			.wake_fd = -1 };
	return b;
}

static void
bench_free(struct bench *b)
{
	free(b->scan);
	free(b);
}

static const struct shmx_rect16 everything = { 0, 0, 100, 50 };

static uint64_t
publish(struct bench *b)
{
	ck_assert_int_ge(shmx_writer_claim(&b->w, b->scan), 0);
	ck_assert_ptr_null(shmx_writer_check(&b->w));
	return shmx_writer_publish(&b->w, everything);
}

START_TEST(empty_ring_has_nothing_to_hold)
{
	struct bench *b = bench_new(4, 1, 1, 1);
	struct shmx_found f;

	ck_assert_int_eq(shmx_ring_hold_latest(&b->w.ring,
			 &b->record[0].hold[0], &f), -EAGAIN);
	ck_assert_uint_eq(b->record[0].hold[0], 0);
	ck_assert_uint_eq(shmx_ring_latest(&b->w.ring), 0);
	bench_free(b);
}
END_TEST

START_TEST(latest_is_what_was_published_last)
{
	struct bench *b = bench_new(4, 1, 1, 1);
	struct shmx_found f;
	uint64_t i;

	for (i = 1; i < 100; i++) {
		ck_assert_uint_eq(publish(b), i);
		ck_assert_int_eq(shmx_ring_hold_latest(&b->w.ring,
				 &b->record[0].hold[0], &f), 0);
		ck_assert_uint_eq(f.sequence, i);
		ck_assert_uint_eq(b->meta[f.slot].sequence, i);
		ck_assert_uint_eq(b->record[0].hold[0], i << 16 |
				  (f.slot + 1));
		shmx_ring_release(&b->record[0].hold[0]);
		ck_assert_ptr_null(shmx_writer_check(&b->w));
	}
	bench_free(b);
}
END_TEST

START_TEST(a_held_slot_is_never_claimed)
{
	struct bench *b = bench_new(5, 1, 1, 3);
	struct shmx_found f[3];
	int h, i, slot;

	for (h = 0; h < 3; h++) {
		publish(b);
		ck_assert_int_eq(shmx_ring_hold_latest(&b->w.ring,
				 &b->record[0].hold[h], &f[h]), 0);
	}
	for (i = 0; i < 1000; i++) {
		slot = shmx_writer_claim(&b->w, b->scan);
		ck_assert_int_ge(slot, 0);
		for (h = 0; h < 3; h++)
			ck_assert_int_ne(slot, (int)f[h].slot);
		shmx_writer_publish(&b->w, everything);
	}
	/* Un-claimed slots still say what they hold. */
	for (h = 0; h < 3; h++)
		ck_assert_uint_eq(b->state[f[h].slot],
			SHMX_STATE(SHMX_STATE_PUBLISHED, f[h].sequence));
	bench_free(b);
}
END_TEST

START_TEST(the_bound_is_exact)
{
	/* Sum of holds + history + 1 slots suffice, one less does not. */
	struct bench *b = bench_new(6, 2, 1, 3);
	struct shmx_found f;
	int h;

	for (h = 0; h < 3; h++) {
		publish(b);
		ck_assert_int_eq(shmx_ring_hold_latest(&b->w.ring,
				 &b->record[0].hold[h], &f), 0);
	}
	publish(b);
	publish(b);
	ck_assert_int_ge(shmx_writer_claim(&b->w, b->scan), 0);
	bench_free(b);

	b = bench_new(5, 2, 1, 3);
	for (h = 0; h < 3; h++) {
		publish(b);
		ck_assert_int_eq(shmx_ring_hold_latest(&b->w.ring,
				 &b->record[0].hold[h], &f), 0);
	}
	publish(b);
	publish(b);
	ck_assert_int_eq(shmx_writer_claim(&b->w, b->scan), -1);
	ck_assert_ptr_null(shmx_writer_check(&b->w));
	/* And one release is enough to go on. */
	shmx_ring_release(&b->record[0].hold[0]);
	ck_assert_int_ge(shmx_writer_claim(&b->w, b->scan), 0);
	bench_free(b);
}
END_TEST

START_TEST(without_readers_two_slots_take_turns)
{
	struct bench *b = bench_new(8, 1, 0, 0);
	uint64_t used = 0;
	int i;

	for (i = 0; i < 100; i++) {
		used |= UINT64_C(1) << shmx_writer_claim(&b->w, b->scan);
		shmx_writer_publish(&b->w, everything);
	}
	ck_assert_int_eq(__builtin_popcountll(used), 2);
	bench_free(b);
}
END_TEST

START_TEST(the_slot_freed_last_is_taken_first)
{
	struct bench *b = bench_new(8, 1, 1, 3);
	struct shmx_found f[2];
	int h, slot;

	for (h = 0; h < 2; h++) {
		publish(b);
		ck_assert_int_eq(shmx_ring_hold_latest(&b->w.ring,
				 &b->record[0].hold[h], &f[h]), 0);
	}
	for (h = 0; h < 10; h++)
		publish(b);
	/* First the first, then the second is given back. */
	for (h = 0; h < 2; h++) {
		shmx_ring_release(&b->record[0].hold[h]);
		publish(b);
	}
	/* What was published before the latest is warmer; say it is held. */
	for (slot = 0; slot < 8; slot++)
		if (b->w.sequence[slot] == b->w.latest - 1)
			b->record[0].hold[2] = (uint64_t)slot + 1;
	ck_assert_int_eq(shmx_writer_claim(&b->w, b->scan), (int)f[1].slot);
	ck_assert_uint_eq(shmx_writer_age(&b->w, (int)f[1].slot),
			  b->w.latest + 1 - f[1].sequence);
	bench_free(b);
}
END_TEST

START_TEST(claiming_again_gives_the_same_slot)
{
	struct bench *b = bench_new(4, 1, 0, 0);
	int slot = shmx_writer_claim(&b->w, b->scan);

	ck_assert_int_eq(shmx_writer_claim(&b->w, b->scan), slot);
	ck_assert_uint_eq(shmx_writer_age(&b->w, slot), 0);
	bench_free(b);
}
END_TEST

START_TEST(claiming_again_ignores_what_became_warmer)
{
	struct bench *b = bench_new(5, 1, 1, 1);
	struct shmx_found f;
	int i, slot;

	publish(b);
	ck_assert_int_eq(shmx_ring_hold_latest(&b->w.ring,
			 &b->record[0].hold[0], &f), 0);
	for (i = 0; i < 4; i++)
		publish(b);
	slot = shmx_writer_claim(&b->w, b->scan);
	shmx_ring_release(&b->record[0].hold[0]);
	ck_assert_int_ne(slot, (int)f.slot);
	ck_assert_int_eq(shmx_writer_claim(&b->w, b->scan), slot);
	ck_assert_ptr_null(shmx_writer_check(&b->w));
	bench_free(b);
}
END_TEST

START_TEST(the_oldest_is_taken_first_on_request)
{
	struct bench *b = bench_new(6, 1, 0, 0);
	int i;

	/* All six are used in turn, and then again in that order. */
	b->w.oldest_first = true;
	for (i = 0; i < 30; i++) {
		ck_assert_int_eq(shmx_writer_claim(&b->w, b->scan), i % 6);
		shmx_writer_publish(&b->w, everything);
	}
	bench_free(b);
}
END_TEST

START_TEST(slots_to_avoid_are_taken_last)
{
	struct bench *b = bench_new(4, 1, 1, 1);
	int i, slot;

	b->w.avoid = 1 << 1 | 1 << 3;
	for (i = 0; i < 10; i++) {
		slot = shmx_writer_claim(&b->w, b->scan);
		ck_assert(slot == 0 || slot == 2);
		shmx_writer_publish(&b->w, everything);
	}
	/* But they are taken. */
	for (slot = 0; slot < 3; slot += 2)
		if (b->w.sequence[slot] != b->w.latest)
			b->record[0].hold[0] = (uint64_t)slot + 1;
	slot = shmx_writer_claim(&b->w, b->scan);
	ck_assert(slot == 1 || slot == 3);
	bench_free(b);
}
END_TEST

START_TEST(garbage_in_hold_words_costs_nothing_but_slots)
{
	struct bench *b = bench_new(4, 1, 2, 8);
	int i, h;

	/* Slots that do not exist, frames that never were. */
	for (h = 0; h < 8; h++)
		b->record[0].hold[h] = UINT64_MAX - (uint64_t)h;
	for (h = 0; h < 8; h++)
		b->record[1].hold[h] = 0x123400000000 + 1000 + (uint64_t)h;
	for (i = 0; i < 10; i++)
		publish(b);
	/* All of them: no slot, but no harm either. */
	for (h = 0; h < 4; h++)
		b->record[0].hold[h] = (uint64_t)h + 1;
	ck_assert_int_eq(shmx_writer_claim(&b->w, b->scan), -1);
	ck_assert_ptr_null(shmx_writer_check(&b->w));
	bench_free(b);
}
END_TEST

START_TEST(words_beyond_the_grant_are_ignored)
{
	struct bench *b = bench_new(4, 1, 1, 1);
	int h;

	for (h = 1; h < 8; h++)
		b->record[0].hold[h] = (uint64_t)h % 4 + 1;
	ck_assert_int_ge(shmx_writer_claim(&b->w, b->scan), 0);
	bench_free(b);
}
END_TEST

START_TEST(a_ring_that_names_a_slot_it_has_not_is_refused)
{
	struct bench *b = bench_new(4, 1, 1, 1);
	struct shmx_found f;

	b->ext.latest = 7 << 16 | 4;
	ck_assert_int_eq(shmx_ring_hold_latest(&b->w.ring,
			 &b->record[0].hold[0], &f), -EPROTO);
	ck_assert_uint_eq(b->record[0].hold[0], 0);
	bench_free(b);
}
END_TEST

START_TEST(an_overtaken_hold_is_given_up)
{
	struct bench *b = bench_new(4, 1, 1, 1);
	struct shmx_found f;

	publish(b);
	/* latest says a frame whose slot is being rewritten. */
	b->state[b->ext.latest & 0xffff] =
		SHMX_STATE(SHMX_STATE_WRITING, 0);
	ck_assert_int_eq(shmx_ring_hold_latest(&b->w.ring,
			 &b->record[0].hold[0], &f), -EAGAIN);
	ck_assert_uint_eq(b->record[0].hold[0], 0);
	bench_free(b);
}
END_TEST

START_TEST(next_follows_in_order)
{
	struct bench *b = bench_new(8, 4, 1, 1);
	struct shmx_found f = { 0 };
	uint64_t i;

	for (i = 1; i <= 3; i++)
		publish(b);
	for (i = 1; i <= 3; i++) {
		ck_assert_int_eq(shmx_ring_hold_next(&b->w.ring,
				 &b->record[0].hold[0], f.sequence, &f), 0);
		ck_assert_uint_eq(f.sequence, i);
		ck_assert_uint_eq(b->meta[f.slot].sequence, i);
		shmx_ring_release(&b->record[0].hold[0]);
	}
	ck_assert_int_eq(shmx_ring_hold_next(&b->w.ring,
			 &b->record[0].hold[0], 3, &f), -EAGAIN);
	bench_free(b);
}
END_TEST

START_TEST(next_skips_what_left_the_history)
{
	struct bench *b = bench_new(8, 3, 1, 1);
	struct shmx_found f;
	int i;

	for (i = 0; i < 10; i++)
		publish(b);
	/* 8, 9 and 10 are protected; 2 is gone or may go. */
	ck_assert_int_eq(shmx_ring_hold_next(&b->w.ring,
			 &b->record[0].hold[0], 1, &f), 0);
	ck_assert_uint_eq(f.sequence, 8);
	bench_free(b);
}
END_TEST

START_TEST(the_history_is_never_claimed)
{
	struct bench *b = bench_new(6, 4, 0, 0);
	uint64_t q;
	int i, slot;

	for (i = 0; i < 100; i++) {
		slot = shmx_writer_claim(&b->w, b->scan);
		q = b->w.sequence[slot];
		ck_assert(q == 0 || q + 4 <= b->w.latest);
		shmx_writer_publish(&b->w, everything);
	}
	bench_free(b);
}
END_TEST

START_TEST(sleepers_are_woken_once)
{
	struct bench *b = bench_new(4, 1, 3, 1);

	ck_assert(shmx_ring_arm(&b->w.ring, &b->record[1], 0));
	publish(b);
	ck_assert_uint_eq(shmx_writer_sleepers(b->scan), 1 << 1);
	ck_assert_uint_eq(shmx_writer_sleepers(b->scan), 0);
	/* With news there, one does not go to sleep. */
	ck_assert(!shmx_ring_arm(&b->w.ring, &b->record[1], 0));
	ck_assert_uint_eq(b->record[1].sleeping, 0);
	ck_assert(shmx_ring_arm(&b->w.ring, &b->record[1], 1));
	bench_free(b);
}
END_TEST

START_TEST(the_damage_log_reaches_64_frames_back)
{
	struct bench *b = bench_new(4, 1, 0, 0);
	struct shmx_rect16 box;
	uint16_t i;

	for (i = 1; i <= 100; i++) {
		shmx_writer_claim(&b->w, b->scan);
		shmx_writer_publish(&b->w,
				    (struct shmx_rect16){ i, 0, 1, 1 });
	}
	for (i = 37; i <= 100; i++) {
		ck_assert(shmx_ring_damage(&b->w.ring, i, &box));
		ck_assert_uint_eq(box.x, i);
	}
	ck_assert(!shmx_ring_damage(&b->w.ring, 36, &box));
	ck_assert(!shmx_ring_damage(&b->w.ring, 101, &box));
	bench_free(b);
}
END_TEST

START_TEST(words_of_the_ring_before_are_not_heeded)
{
	struct bench *b = bench_new(4, 1, 1, 2);
	struct shmx_ring ring = b->w.ring;
	struct shmx_found f;
	int h, i;

	/* It goes on after frame 100, of which the reader holds some. */
	ring.first = 100;
	shmx_writer_init(&b->w, &ring);
	ck_assert_ptr_null(shmx_writer_check(&b->w));
	for (h = 0; h < 2; h++)
		b->record[0].hold[h] = UINT64_C(100) << 16 | ((uint64_t)h + 1);
	ck_assert_uint_eq(shmx_scan_held(b->scan, &b->w.ring), 0);
	ck_assert_int_eq(shmx_ring_hold_latest(&b->w.ring,
			 &b->record[0].hold[0], &f), -EAGAIN);
	/* And sleeps although it has had later frames than this ring. */
	ck_assert(shmx_ring_arm(&b->w.ring, &b->record[0], 100));
	ck_assert_uint_eq(publish(b), 101);
	ck_assert(!shmx_ring_arm(&b->w.ring, &b->record[0], 100));
	for (i = 102; i < 120; i++) {
		ck_assert_int_lt(shmx_writer_claim(&b->w, b->scan), 2);
		ck_assert_uint_eq(publish(b), (uint64_t)i);
	}
	/* One of this ring counts, next to it. */
	ck_assert_int_eq(shmx_ring_hold_latest(&b->w.ring,
			 &b->record[0].hold[1], &f), 0);
	ck_assert_uint_eq(shmx_scan_held(b->scan, &b->w.ring),
			  UINT64_C(1) << f.slot);
	for (i = 0; i < 20; i++) {
		ck_assert_int_ne(shmx_writer_claim(&b->w, b->scan),
				 (int)f.slot);
		publish(b);
	}
	bench_free(b);
}
END_TEST

START_TEST(sequences_cross_32_bits)
{
	struct bench *b = bench_new(5, 2, 1, 1);
	struct shmx_found f;
	uint64_t start = UINT32_MAX - 3;
	int i;

	publish(b);
	b->w.latest = b->w.sequence[0] = start;
	b->state[0] = SHMX_STATE(SHMX_STATE_PUBLISHED, start);
	b->ext.latest = start << 16;
	for (i = 0; i < 8; i++) {
		uint64_t q = publish(b);

		ck_assert_int_eq(shmx_ring_hold_next(&b->w.ring,
				 &b->record[0].hold[0], q - 1, &f), 0);
		ck_assert_uint_eq(f.sequence, q);
		shmx_ring_release(&b->record[0].hold[0]);
	}
	bench_free(b);
}
END_TEST

/* ------------------------------------------------------------- threads -- */

/*
 * The writer and readers on one mapping, which is what a thread sanitizer can
 * see into: payloads are plain memory and must not race.
 */
#define WORDS 64
#define FRAMES 20000

struct crew {
	struct bench *b;
	uint64_t payload[SHMX_SLOTS_MAX][WORDS];
	shmx_a32 done;
	shmx_a32 torn;
	shmx_a32 held;
};

struct member {
	struct crew *crew;
	unsigned index;
};

static void
look_at(struct crew *c, const struct shmx_found *f)
{
	int i;

	for (i = 0; i < WORDS; i++)
		if (c->payload[f->slot][i] != f->sequence)
			shmx_add_relaxed(&c->torn, 1);
	if (c->b->meta[f->slot].sequence != f->sequence)
		shmx_add_relaxed(&c->torn, 1);
	shmx_add_relaxed(&c->held, 1);
}

static void *
read_frames(void *arg)
{
	struct member *m = arg;
	struct crew *c = m->crew;
	struct shmx_record *record = &c->b->record[m->index];
	struct shmx_found f[2] = { { 0 } };
	int h = 0, ret;

	/* Keeps one frame while it takes the next, as a window does. */
	while (!shmx_load_acquire(&c->done)) {
		ret = m->index % 2 == 0 ?
			shmx_ring_hold_latest(&c->b->w.ring, &record->hold[h],
					      &f[h]) :
			shmx_ring_hold_next(&c->b->w.ring, &record->hold[h],
					    f[!h].sequence, &f[h]);
		if (ret < 0)
			continue;
		look_at(c, &f[h]);
		h = !h;
		if (record->hold[h] != 0) {
			look_at(c, &f[h]);
			shmx_ring_release(&record->hold[h]);
		}
	}
	return NULL;
}

START_TEST(threads_never_see_a_torn_frame)
{
	struct crew *c = calloc(1, sizeof(*c));
	struct member m[READERS];
	pthread_t t[READERS];
	unsigned i, j;
	int slot;

	ck_assert_ptr_nonnull(c);
	/* Exactly the bound: 4 readers of 2, history 2. */
	c->b = bench_new(READERS * 2 + 2 + 1, 2, READERS, 2);
	for (i = 0; i < READERS; i++) {
		m[i] = (struct member){ c, i };
		ck_assert_int_eq(pthread_create(&t[i], NULL, read_frames,
						&m[i]), 0);
	}
	for (i = 1; i <= FRAMES; i++) {
		slot = shmx_writer_claim(&c->b->w, c->b->scan);
		ck_assert_msg(slot >= 0, "one pass found no slot");
		for (j = 0; j < WORDS; j++)
			c->payload[slot][j] = i;
		shmx_writer_publish(&c->b->w, everything);
	}
	shmx_store_release(&c->done, 1);
	for (i = 0; i < READERS; i++)
		pthread_join(t[i], NULL);
	ck_assert_uint_eq(c->torn, 0);
	ck_assert_uint_gt(c->held, 0);
	ck_assert_ptr_null(shmx_writer_check(&c->b->w));
	bench_free(c->b);
	free(c);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ring");
	TCase *tc = suite_case(s, "steps");

	tcase_add_test(tc, empty_ring_has_nothing_to_hold);
	tcase_add_test(tc, latest_is_what_was_published_last);
	tcase_add_test(tc, a_held_slot_is_never_claimed);
	tcase_add_test(tc, the_bound_is_exact);
	tcase_add_test(tc, without_readers_two_slots_take_turns);
	tcase_add_test(tc, the_slot_freed_last_is_taken_first);
	tcase_add_test(tc, claiming_again_gives_the_same_slot);
	tcase_add_test(tc, claiming_again_ignores_what_became_warmer);
	tcase_add_test(tc, the_oldest_is_taken_first_on_request);
	tcase_add_test(tc, slots_to_avoid_are_taken_last);
	tcase_add_test(tc, garbage_in_hold_words_costs_nothing_but_slots);
	tcase_add_test(tc, words_beyond_the_grant_are_ignored);
	tcase_add_test(tc, a_ring_that_names_a_slot_it_has_not_is_refused);
	tcase_add_test(tc, an_overtaken_hold_is_given_up);
	tcase_add_test(tc, next_follows_in_order);
	tcase_add_test(tc, next_skips_what_left_the_history);
	tcase_add_test(tc, the_history_is_never_claimed);
	tcase_add_test(tc, sleepers_are_woken_once);
	tcase_add_test(tc, the_damage_log_reaches_64_frames_back);
	tcase_add_test(tc, words_of_the_ring_before_are_not_heeded);
	tcase_add_test(tc, sequences_cross_32_bits);

	tc = suite_case(s, "threads");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, threads_never_see_a_torn_frame);
	return suite_run(s);
}
