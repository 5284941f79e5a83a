/* SPDX-License-Identifier: MIT */
/*
 * test-every.c - readers that get every frame, and a producer that waits
 */
#include "config.h"

#include <shmx/shmx.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "child.h"
#include "frames.h"
#include "shmx/atomic.h"
#include "shmx/ring.h"
#include "suite.h"

#define LONG_MS 30000		/* longer than anything takes */

#if defined(SUITE_TSAN) || defined(SUITE_ASAN)
enum { FRAMES = 10000, KILLS = 10, ROUNDS = 20000 };
#else
enum { FRAMES = 100000, KILLS = 30, ROUNDS = 200000 };
#endif

static struct shmx_producer *p;

static void
open_ring(unsigned slots, uint32_t flags)
{
	static const struct shmx_stream picture = {
		.kind = SHMX_STREAM_IMAGE, .id = 1, .name = "picture",
		.width = 8, .height = 4, .format = SHMX_XRGB8888,
	};
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;

	o.streams = &picture;
	o.stream_count = 1;
	o.slots = slots;
	o.flags = flags;
	ck_assert_msg(shmx_producer_open(&p, "test", &o) == 0, "%s",
		      shmx_error());
}

static struct shmx_producer_stats
stats(void)
{
	struct shmx_producer_stats s;

	shmx_producer_stats(p, &s, sizeof(s));
	return s;
}

/* Until so many are attached. */
static void
await_readers(uint32_t n)
{
	int i;

	for (i = 0; i < 20000 && stats().readers != n; i++) {
		(void)shmx_producer_service(p);
		usleep(1000);
	}
	ck_assert_uint_eq(stats().readers, n);
}

/* ---------------------------------------------------------- the readers -- */

struct habits {
	unsigned holds;
	uint32_t flags;
	unsigned keep;			/* holds not released at once */
	uint64_t from;			/* the frame that comes first */
	uint64_t to;			/* and last */
	unsigned pause_every;		/* so many frames, for a while */
};

static struct shmx_reader *
open_reader(const struct habits *habits)
{
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	struct shmx_reader *r = NULL;

	o.holds = habits->holds;
	o.flags = habits->flags;
	o.label = "reader";
	expect(shmx_reader_open(&r, "test", &o) == 0);
	return r;
}

/* Get every frame from one to another, whole and in order. */
static void
read_every(int line, void *arg)
{
	const struct habits *habits = arg;
	struct shmx_hold *held[SHMX_HOLDS_MAX] = { NULL };
	struct shmx_reader *r;
	uint64_t n;
	unsigned i;

	child_hear(line);
	r = open_reader(habits);
	child_say(line, 'o');
	for (n = habits->from; n != habits->to + 1; n++) {
		i = habits->keep == 0 ? 0 : (unsigned)(n % habits->keep);
		/* The oldest goes when it has to, after it was looked at. */
		if (held[i] != NULL) {
			expect(frame_is_whole(held[i]));
			shmx_release(held[i]);
		}
		expect(shmx_wait(r, LONG_MS) == 0);
		expect(shmx_hold_next(r, &held[i]) == 0);
		expect(shmx_frame_info(held[i])->sequence == n);
		expect(shmx_frame_info(held[i])->skipped == 0);
		expect(frame_is_whole(held[i]));
		if (habits->keep == 0) {
			shmx_release(held[i]);
			held[i] = NULL;
		}
		if (habits->pause_every != 0 && n % habits->pause_every == 0)
			usleep(1000);
	}
	for (i = 0; i < SHMX_HOLDS_MAX; i++)
		shmx_release(held[i]);
	shmx_reader_close(r);
	child_say(line, 'd');
}

/* The newest, as ever, and not after what was seen last. */
static void
read_some(int line, void *arg)
{
	const struct habits *habits = arg;
	struct shmx_reader *r;
	struct shmx_hold *h;
	uint64_t last = 0;

	child_hear(line);
	r = open_reader(habits);
	child_say(line, 'o');
	while (last < habits->to) {
		expect(shmx_wait(r, LONG_MS) == 0);
		expect(shmx_hold_latest(r, &h) == 0);
		expect(shmx_frame_info(h)->sequence > last);
		expect(frame_is_whole(h));
		last = shmx_frame_info(h)->sequence;
		shmx_release(h);
	}
	shmx_reader_close(r);
	child_say(line, 'd');
}

static void
start(struct child *c, const struct habits *habits)
{
	child_start(c, habits->flags & SHMX_EVERY ? read_every : read_some,
		    (void *)(uintptr_t)habits);
}

/* It attaches now. */
static void
admit(struct child *c)
{
	uint32_t n = stats().readers;

	child_say(c->line, 'g');
	await_readers(n + 1);
	ck_assert_int_eq(child_hear(c->line), 'o');
}

static void
finish(struct child *c)
{
	ck_assert_int_eq(child_hear(c->line), 'd');
	child_end(c);
}

static void
publish(uint64_t from, uint64_t to)
{
	uint64_t n;

	for (n = from; n <= to; n++)
		ck_assert_uint_eq(frame_publish(p, n), n);
}

/* ------------------------------------------------------- every, in order -- */

/* One, several, with what is kept, slowly, and one that skips beside them. */
static const struct sight {
	unsigned slots;
	unsigned readers;
	struct habits habits[4];
} sights[] = {
	{ 3, 1, { { 1, SHMX_EVERY, 0, 1, FRAMES, 0 } } },
	{ 8, 1, { { 1, SHMX_EVERY, 0, 1, FRAMES, 0 } } },
	{ 8, 2, { { 3, SHMX_EVERY, 2, 1, FRAMES / 4, 0 },
		  { 1, SHMX_EVERY, 0, 1, FRAMES / 4, 0 } } },
	{ 8, 1, { { 4, SHMX_EVERY, 4, 1, FRAMES / 4, 0 } } },
	{ 8, 4, { { 2, SHMX_EVERY, 1, 1, FRAMES / 4, 0 },
		  { 1, SHMX_EVERY, 0, 1, FRAMES / 4, 0 },
		  { 1, SHMX_EVERY, 0, 1, FRAMES / 4, 997 },
		  { 2, 0, 0, 1, FRAMES / 4, 0 } } },
};

START_TEST(nobody_misses_a_frame)
{
	const struct sight *sight =
		&sights[(unsigned)_i % BASE_ARRAY_SIZE(sights)];
	uint32_t flags = SHMX_ALLOW_EVERY;
	struct child c[4];
	unsigned i;

	if ((unsigned)_i >= BASE_ARRAY_SIZE(sights))
		flags |= SHMX_NO_THREAD;
	for (i = 0; i < sight->readers; i++)
		start(&c[i], &sight->habits[i]);
	open_ring(sight->slots, flags);
	for (i = 0; i < sight->readers; i++)
		admit(&c[i]);
	publish(1, sight->habits[0].to);
	for (i = 0; i < sight->readers; i++)
		finish(&c[i]);
	ck_assert_uint_eq(stats().dropped, 0);
	ck_assert_uint_gt(stats().waited_ns, 0);
	shmx_producer_close(p);
}
END_TEST

/* It begins with the newest there is, and what it missed it does not want. */
START_TEST(it_begins_with_the_newest)
{
	static const struct habits late = { 1, SHMX_EVERY, 0, 5, 100, 0 };
	struct child c;

	start(&c, &late);
	open_ring(4, SHMX_ALLOW_EVERY);
	publish(1, 5);
	admit(&c);
	publish(6, 100);
	finish(&c);
	/* Nobody is left to wait for. */
	await_readers(0);
	publish(101, 200);
	shmx_producer_close(p);
}
END_TEST

/* Comes while the producer runs: from its first frame on, none is missing. */
static void
read_a_while(int line, void *arg)
{
	static const struct habits habits = { 1, SHMX_EVERY, 0, 0, 0, 0 };
	struct shmx_reader *r;
	struct shmx_hold *h;
	uint64_t n, first;
	int i;

	(void)arg;
	child_hear(line);
	for (i = 0; i < KILLS * 3; i++) {
		r = open_reader(&habits);
		for (n = 0, first = 0; n < 50; n++) {
			expect(shmx_wait(r, LONG_MS) == 0);
			expect(shmx_hold_next(r, &h) == 0);
			expect(frame_is_whole(h));
			if (n == 0)
				first = shmx_frame_info(h)->sequence;
			expect(shmx_frame_info(h)->sequence == first + n);
			shmx_release(h);
		}
		shmx_reader_close(r);
	}
	child_say(line, 'd');
}

START_TEST(it_comes_and_goes_at_full_speed)
{
	struct pollfd pfd = { .events = POLLIN };
	struct child c;
	uint64_t n;

	child_start(&c, read_a_while, NULL);
	open_ring(3 + (unsigned)_i, SHMX_ALLOW_EVERY);
	child_say(c.line, 'g');
	pfd.fd = c.line;
	for (n = 1; poll(&pfd, 1, 0) == 0; n++)
		ck_assert_uint_ne(frame_publish(p, n), 0);
	finish(&c);
	ck_assert_uint_eq(stats().dropped, 0);
	shmx_producer_close(p);
}
END_TEST

/* A ring that grows is drained first, and it is still waited for. */
START_TEST(it_follows_a_ring_that_grows)
{
	static const struct habits habits[] = {
		{ 1, SHMX_EVERY, 0, 1, 2000, 0 },
		{ 2, SHMX_EVERY, 1, 1, 2000, 97 },
		{ 1, SHMX_EVERY, 0, 1000, 2000, 0 },
	};
	struct shmx_stream picture = {
		.kind = SHMX_STREAM_IMAGE, .id = 1, .name = "picture",
		.width = 8, .height = 4, .format = SHMX_XRGB8888,
	};
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	struct child c[3];
	uint64_t n;
	int i;

	o.streams = &picture;
	o.stream_count = 1;
	for (i = 0; i < 3; i++)
		start(&c[i], &habits[i]);
	open_ring(7, SHMX_ALLOW_EVERY | (_i ? SHMX_NO_THREAD : 0));
	admit(&c[0]);
	admit(&c[1]);
	for (n = 0; n < 2000; n += 100) {
		publish(n + 1, n + 100);
		picture.width++;
		ck_assert_msg(shmx_producer_grow(p, &o) == 0, "%s",
			      shmx_error());
		/* The last frame of the one, all of the other. */
		if (n + 100 == 1000)
			admit(&c[2]);
	}
	for (i = 0; i < 3; i++)
		finish(&c[i]);
	ck_assert_uint_eq(stats().dropped, 0);
	shmx_producer_close(p);
}
END_TEST

/* --------------------------------------------------------- who stops it -- */

static atomic_uint_least64_t published;

static void *
publish_until(void *arg)
{
	uint64_t n, to = *(uint64_t *)arg;

	for (n = 1; n <= to; n++)
		if (frame_publish(p, n) == n)
			atomic_store(&published, n);
	return NULL;
}

/* The producer's thread has come to a halt. */
static uint64_t
await_halt(void)
{
	uint64_t before, now = atomic_load(&published);
	int i = 0;

	do {
		before = now;
		usleep(50000);
		now = atomic_load(&published);
	} while ((now != before || now == 0) && i++ < 200);
	ck_assert_uint_eq(now, before);
	return now;
}

enum { KILLED, EVICTED, CONTINUED };

/* The producer waits for a reader that is stopped, as long as it is there. */
START_TEST(a_stopped_reader_is_waited_for)
{
	static const struct habits habits = { 2, SHMX_EVERY, 1, 1, 300, 0 };
	static const struct habits beside = { 1, SHMX_EVERY, 0, 1, 300, 0 };
	struct shmx_reader_snapshot s[2];
	struct child c, other;
	uint64_t to = 300;
	pthread_t thread;
	unsigned i;

	start(&c, &habits);
	start(&other, &beside);
	open_ring(6, SHMX_ALLOW_EVERY);
	admit(&c);
	admit(&other);
	child_stop(&c);
	atomic_store(&published, 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, publish_until, &to), 0);
	/* As many as there are slots, or it had some before it stopped. */
	ck_assert_uint_lt(await_halt(), 300);
	ck_assert_int_eq(shmx_producer_readers(p, s, sizeof(s[0]), 2), 2);
	for (i = 0; i < 2 && s[i].pid != c.pid; i++)
		continue;
	ck_assert_uint_eq(s[i].every, 1);
	ck_assert_uint_lt(s[i].secured, 300);
	switch (_i) {
	case KILLED:
		child_kill(&c);
		break;
	case EVICTED:
		ck_assert_int_eq(shmx_producer_evict(p, s[i].id, "slow"), 0);
		break;
	case CONTINUED:
		child_go_on(&c);
		break;
	}
	pthread_join(thread, NULL);
	ck_assert_uint_eq(atomic_load(&published), 300);
	ck_assert_uint_eq(stats().dropped, 0);
	finish(&other);
	if (_i == EVICTED)
		child_kill(&c);
	else if (_i == CONTINUED)
		finish(&c);
	shmx_producer_close(p);
}
END_TEST

/* At whichever instruction. */
START_TEST(a_killed_reader_is_not_waited_for)
{
	static const struct habits victim = { 2, SHMX_EVERY, 1, 1,
		UINT64_MAX / 2, 0 };
	static const struct habits other = { 1, SHMX_EVERY, 0, 1, 2000, 0 };
	struct child c, o;
	uint64_t n;
	int i;

	for (i = 0; i < KILLS; i++) {
		start(&c, &victim);
		start(&o, &other);
		open_ring(5 + (unsigned)i % 4, SHMX_ALLOW_EVERY |
			  (i % 2 ? SHMX_NO_THREAD : 0));
		admit(&c);
		admit(&o);
		for (n = 1; n <= 2000; n++) {
			if (n == 100 + (unsigned)i * 13)
				kill(c.pid, SIGKILL);
			ck_assert_uint_eq(frame_publish(p, n), n);
		}
		finish(&o);
		child_kill(&c);
		ck_assert_uint_eq(stats().dropped, 0);
		shmx_producer_close(p);
	}
}
END_TEST

static void
ignore(int sig)
{
	(void)sig;
}

static void *
interrupt(void *arg)
{
	usleep(200000);
	pthread_kill(*(pthread_t *)arg, SIGUSR1);
	return NULL;
}

/* A signal gives the frame up, not the reader's. */
START_TEST(a_signal_ends_the_wait)
{
	static const struct habits habits = { 1, SHMX_EVERY, 0, 1, 50, 0 };
	struct sigaction sa = { .sa_handler = ignore, .sa_flags = SA_RESTART };
	pthread_t self = pthread_self(), thread;
	struct shmx_frame f;
	struct child c;
	uint64_t n = 0;

	sigaction(SIGUSR1, &sa, NULL);
	start(&c, &habits);
	open_ring(4, SHMX_ALLOW_EVERY | (_i ? SHMX_NO_THREAD : 0));
	admit(&c);
	child_stop(&c);
	ck_assert_int_eq(pthread_create(&thread, NULL, interrupt, &self), 0);
	while (frame_publish(p, n + 1) != 0)
		n++;
	pthread_join(thread, NULL);
	ck_assert_uint_ge(n, 2);
	ck_assert_uint_eq(stats().dropped, 1);
	ck_assert_uint_ge(stats().waited_ns, 10 * BASE_NS_PER_MS);
	child_go_on(&c);
	/* The same frame once more: there is no gap. */
	shmx_begin(p, &f);
	publish(n + 1, 50);
	finish(&c);
	shmx_producer_close(p);
}
END_TEST

/* ---------------------------------------------------------------- asking -- */

START_TEST(it_is_refused_where_nobody_waits)
{
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	struct shmx_reader *r = NULL;

	open_ring(4, 0);
	o.flags = SHMX_EVERY;
	ck_assert_int_eq(shmx_reader_open(&r, "test", &o), -ENOTSUP);
	ck_assert_ptr_nonnull(strstr(shmx_error(), "would have to wait"));
	ck_assert_uint_eq(stats().refused, 1);
	shmx_producer_close(p);
}
END_TEST

START_TEST(several_producers_do_not_wait)
{
	static const struct shmx_stream picture = {
		.kind = SHMX_STREAM_IMAGE, .id = 1, .name = "picture",
		.width = 8, .height = 4, .format = SHMX_XRGB8888,
	};
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;

	o.streams = &picture;
	o.stream_count = 1;
	o.flags = SHMX_ALLOW_EVERY | SHMX_MULTI_WRITER;
	ck_assert_int_eq(shmx_producer_open(&p, "test", &o), -EINVAL);
	ck_assert_ptr_nonnull(strstr(shmx_error(), "SHMX_ALLOW_EVERY"));
}
END_TEST

START_TEST(it_cannot_skip)
{
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	struct shmx_hold *h, *h2;
	struct shmx_reader *r = NULL;

	open_ring(4, SHMX_ALLOW_EVERY);
	o.flags = SHMX_EVERY;
	o.holds = 1;
	publish(1, 1);
	ck_assert_int_eq(shmx_reader_open(&r, "test", &o), 0);
	ck_assert_int_eq(shmx_hold_latest(r, &h), -ENOTSUP);
	ck_assert_ptr_nonnull(strstr(shmx_error(), "shmx_hold_next"));
	ck_assert_int_eq(shmx_hold_next(r, &h), 0);
	ck_assert_uint_eq(shmx_frame_info(h)->sequence, 1);
	ck_assert_int_eq(shmx_hold_next(r, &h2), -EBUSY);
	shmx_release(h);
	ck_assert_int_eq(shmx_hold_next(r, &h2), -EAGAIN);
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

/* ------------------------------------------------------ the words alone -- */

enum { SLOTS = 4 };

/* A writer and a lossless reader on one mapping. */
static struct {
	struct shmx_ext ext;
	shmx_a64 state[SLOTS];
	struct shmx_slot_meta meta[SLOTS];
	struct shmx_damage_entry damage[SHMX_DAMAGE_ENTRIES];
	struct shmx_record record[2];
	uint64_t payload[SLOTS];
} words;

static struct shmx_writer writer;
static struct shmx_scan *scan;

static void
set_up(void)
{
	const struct shmx_ring ring = {
		.ext = &words.ext, .state = words.state, .meta = words.meta,
		.damage = words.damage, .slots = SLOTS, .history = 1,
	};

	memset(&words, 0, sizeof(words));
	shmx_writer_init(&writer, &ring);
	scan = calloc(1, sizeof(*scan) + 2 * sizeof(scan->entry[0]));
	ck_assert_ptr_nonnull(scan);
	scan->count = 1;
	scan->every = 1;
	scan->entry[0] = (struct shmx_scan_entry){
		.record = &words.record[0], .holds = 1, .wake_fd = -1,
		.every = true };
}

static void
tear_down(void)
{
	free(scan);
}

static int
write_one(void)
{
	const struct shmx_rect16 all = { 0, 0, 1, 1 };
	int slot = shmx_writer_claim(&writer, scan);

	if (slot < 0)
		return -1;
	words.payload[slot] = writer.latest + 1;
	shmx_writer_publish(&writer, all);
	return slot;
}

START_TEST(what_is_not_secured_is_no_candidate)
{
	struct shmx_ring *ring = &writer.ring;
	shmx_a64 *hold = &words.record[0].hold[0];
	struct shmx_found f;
	int i;

	for (i = 0; i < SLOTS; i++)
		ck_assert_int_ge(write_one(), 0);
	ck_assert_int_eq(write_one(), -1);
	ck_assert(writer.behind);
	/* In its hand, and nothing before it is wanted. */
	ck_assert_int_eq(shmx_ring_hold_every(ring, hold, 0, &f), 0);
	ck_assert_uint_eq(f.sequence, 1);
	ck_assert_int_eq(write_one(), -1);
	ck_assert(writer.behind);
	ck_assert(!shmx_ring_secure(ring, &words.record[0], 1));
	ck_assert_int_eq(write_one(), -1);
	ck_assert(writer.behind);
	shmx_ring_release(hold);
	ck_assert_int_eq(write_one(), (int)f.slot);
	ck_assert_int_eq(write_one(), -1);
	for (i = 2; i <= SLOTS + 1; i++) {
		ck_assert_int_eq(shmx_ring_hold_every(ring, hold,
						      (uint64_t)i - 1, &f), 0);
		ck_assert_uint_eq(words.payload[f.slot], (uint64_t)i);
		shmx_store_seq_cst(&words.ext.host_waiting, 1);
		ck_assert(shmx_ring_secure(ring, &words.record[0],
					   (uint64_t)i));
		shmx_ring_release(hold);
	}
	ck_assert_int_eq(shmx_ring_hold_every(ring, hold, SLOTS + 1, &f),
			 -EAGAIN);
	/* The slowest counts, and only those that get every frame. */
	scan->count = scan->every = 2;
	scan->entry[1] = scan->entry[0];
	scan->entry[1].record = &words.record[1];
	ck_assert_int_eq(write_one(), -1);
	ck_assert(writer.behind);
	scan->entry[1].every = false;
	scan->every = 1;
	ck_assert_int_ge(write_one(), 0);
	ck_assert_ptr_null(shmx_writer_check(&writer));
}
END_TEST

/* Held by others: waiting for those that get every frame would not help. */
START_TEST(a_held_slot_is_not_waited_for)
{
	int i;

	scan->entry[0].holds = SHMX_HOLDS_MAX;
	shmx_store_seq_cst(&words.record[0].done_sequence, 1000);
	for (i = 0; i < SLOTS; i++) {
		ck_assert_int_ge(write_one(), 0);
		shmx_store_seq_cst(&words.record[0].hold[i],
				   (uint64_t)(i + 1) << 16 | (uint64_t)(i + 1));
	}
	ck_assert_int_eq(write_one(), -1);
	ck_assert(!writer.behind);
}
END_TEST

START_TEST(what_was_not_kept_is_said)
{
	struct shmx_found f;
	int i;

	scan->every = 0;
	for (i = 0; i < 3 * SLOTS; i++)
		ck_assert_int_ge(write_one(), 0);
	ck_assert_int_eq(shmx_ring_hold_every(&writer.ring,
					      &words.record[0].hold[0], 1, &f),
			 -EPROTO);
	ck_assert_uint_eq(shmx_load_seq_cst(&words.record[0].hold[0]), 0);
}
END_TEST

static void *
take_all(void *arg)
{
	struct shmx_record *record = arg;
	struct shmx_found f;
	uint64_t n;
	int ret;

	for (n = 1; n <= ROUNDS; n++) {
		while ((ret = shmx_ring_hold_every(&writer.ring,
						   &record->hold[0], n - 1,
						   &f)) == -EAGAIN)
			sched_yield();
		if (ret != 0)
			abort();
		shmx_ring_secure(&writer.ring, record, n);
		if (words.payload[f.slot] != n)
			abort();
		shmx_ring_release(&record->hold[0]);
	}
	return NULL;
}

/* On one mapping, for the thread sanitizer. */
START_TEST(threads_take_all)
{
	pthread_t thread[2];
	uint64_t n;
	int i;

	scan->count = scan->every = 2;
	scan->entry[1] = scan->entry[0];
	scan->entry[1].record = &words.record[1];
	for (i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&thread[i], NULL, take_all,
						&words.record[i]), 0);
	for (n = 0; n < ROUNDS;)
		if (write_one() >= 0)
			n++;
		else if (!writer.behind)
			ck_abort_msg("no slot at frame %d", (int)n);
		else
			sched_yield();
	pthread_join(thread[0], NULL);
	pthread_join(thread[1], NULL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("every");
	TCase *tc = suite_case(s, "words");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, what_is_not_secured_is_no_candidate);
	tcase_add_test(tc, a_held_slot_is_not_waited_for);
	tcase_add_test(tc, what_was_not_kept_is_said);
	tcase_add_test(tc, threads_take_all);

	tc = suite_case(s, "order");
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, nobody_misses_a_frame, 0,
			    2 * (int)BASE_ARRAY_SIZE(sights));
	tcase_add_test(tc, it_begins_with_the_newest);
	tcase_add_loop_test(tc, it_comes_and_goes_at_full_speed, 0, 4);

	tcase_add_loop_test(tc, it_follows_a_ring_that_grows, 0, 2);

	tc = suite_case(s, "wait");
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, a_stopped_reader_is_waited_for, 0, 3);
	tcase_add_test(tc, a_killed_reader_is_not_waited_for);
	tcase_add_loop_test(tc, a_signal_ends_the_wait, 0, 2);

	tc = suite_case(s, "ask");
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, it_is_refused_where_nobody_waits);
	tcase_add_test(tc, several_producers_do_not_wait);
	tcase_add_test(tc, it_cannot_skip);
	return suite_run(s);
}
