/* SPDX-License-Identifier: MIT */
/*
 * test-soak.c - one producer at full rate, readers that come and are killed
 *
 * Built twice: test-soak takes some seconds, long-soak.long a minute, or as
 * many seconds as SOAK_SECONDS in the environment says. What readers hold is
 * hashed when they have it and again before they let go. Figures are printed;
 * no time is asserted.
 */
#include "config.h"

#include <shmx/shmx.h>

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "chance.h"
#include "child.h"
#include "deaths.h"
#include "frames.h"
#include "suite.h"

#ifndef SECONDS
#define SECONDS 4
#endif

enum { READERS = 6, HOLDS = 4, HISTORY = 4, SLOTS = 32 };

/* What parent and children see of each other, beside the ring. */
struct shared {
	atomic_uint torn;		/* not whole when they were held */
	atomic_uint changed;		/* another hash before the release */
	atomic_uint_least64_t held;
	atomic_uint_least64_t attached;
	atomic_uint quiet;		/* hold, and do nothing */
};

static struct shared *shared;

static uint64_t
soak_ns(void)
{
	const char *env = getenv("SOAK_SECONDS");

	return (env != NULL ? strtoull(env, NULL, 10) : SECONDS) *
		BASE_NS_PER_S;
}

/* --------------------------------------------------------------- readers -- */

struct hand {
	struct shmx_hold *hold;
	uint64_t hash;
};

static uint64_t
hash(struct shmx_hold *h)
{
	const struct shmx_frame_info *info = shmx_frame_info(h);
	const uint64_t *pixels = shmx_frame_pixels(h);
	size_t i, n = (size_t)info->stride * info->height / 8;
	uint64_t sum = info->sequence;

	expect(pixels != NULL);
	for (i = 0; i < n; i++)
		sum = (sum ^ pixels[i]) * UINT64_C(0x100000001b3);
	return sum;
}

static void
let_go(struct hand *hand)
{
	if (hand->hold == NULL)
		return;
	if (hash(hand->hold) != hand->hash || !frame_is_whole(hand->hold))
		atomic_fetch_add(&shared->changed, 1);
	shmx_release(hand->hold);
	hand->hold = NULL;
}

static void
take(struct shmx_reader *r, bool in_order, struct hand *hand)
{
	int ret;

	ret = in_order ? shmx_hold_next(r, &hand->hold) :
		shmx_hold_latest(r, &hand->hold);
	if (ret < 0) {
		hand->hold = NULL;
		return;
	}
	hand->hash = hash(hand->hold);
	if (!frame_is_whole(hand->hold))
		atomic_fetch_add(&shared->torn, 1);
	atomic_fetch_add(&shared->held, 1);
}

/*
 * One in three keeps what it has while it looks at the next, one takes frames
 * in order, one has many and lets go of them in any order.
 */
static void
read_for_ever(int line, void *arg)
{
	unsigned kind = *(const unsigned *)arg % 3, i;
	unsigned holds = kind == 2 ? HOLDS : 2;
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	struct hand hand[HOLDS] = { { NULL, 0 } };
	struct shmx_reader *r;

	(void)line;
	o.flags = SHMX_WAIT;
	o.holds = holds;
	/* Full for as long as it takes to see that others are dead. */
	while (shmx_reader_open(&r, "test", &o) < 0)
		usleep(500);
	atomic_fetch_add(&shared->attached, 1);
	for (i = 0;; i = kind == 2 ? chance(holds) : i + 1) {
		(void)shmx_wait(r, 100);
		let_go(&hand[i % holds]);
		take(r, kind == 1, &hand[i % holds]);
		while (atomic_load(&shared->quiet))
			usleep(1000);
	}
}

static unsigned kinds[READERS];

static void
start(struct child c[READERS], unsigned i)
{
	kinds[i] = i;
	child_start(&c[i], read_for_ever, &kinds[i]);
}

/* -------------------------------------------------------------- producer -- */

static struct shmx_producer *
open_producer(void)
{
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	struct shmx_producer *p;

	o.streams = &deaths_picture;
	o.stream_count = 1;
	o.slots = SLOTS;
	o.history = HISTORY;
	ck_assert_msg(shmx_producer_open(&p, "test", &o) == 0, "%s",
		      shmx_error());
	return p;
}

/* What publishing took, without drawing. */
struct figures {
	uint64_t frames;
	uint64_t longest_ns;
	uint64_t total_ns;
};

static void
publish(struct shmx_producer *p, uint64_t n, struct figures *figures)
{
	uint64_t begun = base_now_ns(), drawing, drawn, ns;
	struct shmx_frame f;
	uint32_t x, y;

	shmx_begin(p, &f);
	drawing = base_now_ns();
	for (y = 0; y < f.height; y++)
		for (x = 0; x < f.width; x++)
			((uint32_t *)f.pixels)[y * f.stride / 4 + x] =
				frame_pixel(n, y * f.width + x);
	f.input_sequence = n;
	drawn = base_now_ns();
	ck_assert_uint_eq(shmx_publish(p, &f), n);
	ns = base_now_ns() - drawn + (drawing - begun);
	figures->frames++;
	figures->total_ns += ns;
	figures->longest_ns = BASE_MAX(figures->longest_ns, ns);
}

static void
publish_for(struct shmx_producer *p, uint64_t *n, uint64_t ns,
	    struct figures *figures)
{
	uint64_t until = base_now_ns() + ns;

	do
		publish(p, (*n)++, figures);
	while (base_now_ns() < until);
}

static void
say(const char *what, const struct figures *f, uint64_t ns)
{
	printf("# %s: %" PRIu64 " frames, %" PRIu64 " a second, publishing "
	       "took %" PRIu64 " ns, %" PRIu64 " us at most\n", what,
	       f->frames, f->frames * BASE_NS_PER_S / BASE_MAX(ns, 1),
	       f->total_ns / BASE_MAX(f->frames, 1), f->longest_ns / 1000);
	fflush(stdout);
}

static void
check_frames(void)
{
	ck_assert_uint_eq(atomic_load(&shared->torn), 0);
	ck_assert_uint_eq(atomic_load(&shared->changed), 0);
}

/* With nobody attached. Every slot can be had, whatever was in it. */
static void
check_nothing_lost(struct shmx_producer *p, uint64_t *n)
{
	struct shmx_producer_stats stats;
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	struct shmx_reader *r[(SLOTS - HISTORY - 1) / SHMX_HOLDS_MAX];
	struct shmx_hold *h[BASE_ARRAY_SIZE(r)][SHMX_HOLDS_MAX];
	struct figures figures = { 0 };
	size_t i, j;

	deaths_check_gone(p, 0, 0);
	o.holds = SHMX_HOLDS_MAX;
	for (i = 0; i < BASE_ARRAY_SIZE(r); i++) {
		ck_assert_int_eq(shmx_reader_open(&r[i], "test", &o), 0);
		for (j = 0; j < SHMX_HOLDS_MAX; j++) {
			publish(p, (*n)++, &figures);
			ck_assert_int_eq(shmx_hold_latest(r[i], &h[i][j]), 0);
		}
	}
	for (i = 0; i < SLOTS; i++)
		publish(p, (*n)++, &figures);
	shmx_producer_stats(p, &stats, sizeof(stats));
	ck_assert_uint_eq(stats.slots_held, BASE_ARRAY_SIZE(r) *
			  SHMX_HOLDS_MAX);
	ck_assert_uint_eq(stats.dropped, 0);
	for (i = 0; i < BASE_ARRAY_SIZE(r); i++) {
		for (j = 0; j < SHMX_HOLDS_MAX; j++) {
			ck_assert(frame_is_whole(h[i][j]));
			shmx_release(h[i][j]);
		}
		shmx_reader_close(r[i]);
	}
	deaths_check_gone(p, 0, 0);
}

static void
share(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(shared, MAP_FAILED);
}

static void
unshare_it(void)
{
	munmap(shared, sizeof(*shared));
	shared = NULL;
}

/* ----------------------------------------------------------------- tests -- */

START_TEST(readers_come_and_are_killed)
{
	uint64_t n = 1, began, kills = 0, i;
	struct figures figures = { 0 };
	struct child c[READERS];
	struct shmx_producer *p;

	share();
	for (i = 0; i < READERS; i++)
		start(c, (unsigned)i);
	p = open_producer();
	began = base_now_ns();
	while (base_now_ns() - began < soak_ns()) {
		publish_for(p, &n, chance(12) * BASE_NS_PER_MS,
			    &figures);
		i = chance(READERS);
		child_kill(&c[i]);
		start(c, (unsigned)i);
		kills++;
		check_frames();
	}
	say("full rate", &figures, base_now_ns() - began);
	for (i = 0; i < READERS; i++)
		child_kill(&c[i]);
	check_frames();
	ck_assert_uint_gt(atomic_load(&shared->held), 0);
	check_nothing_lost(p, &n);
	shmx_producer_close(p);
	printf("# %" PRIu64 " readers killed, %" PRIu64 " attached, %" PRIu64
	       " frames held: none torn, none changed, none dropped\n", kills,
	       (uint64_t)atomic_load(&shared->attached),
	       (uint64_t)atomic_load(&shared->held));
	fflush(stdout);
	unshare_it();
}
END_TEST

/* All readers stopped, with all that they hold, and not; turn by turn. */
START_TEST(stopped_readers_cost_nothing)
{
	struct figures stopped = { 0 }, quiet = { 0 };
	const uint64_t turn = 50 * BASE_NS_PER_MS;
	struct child c[READERS];
	struct shmx_producer *p;
	uint64_t n = 1, turns, i;

	share();
	for (i = 0; i < READERS; i++)
		start(c, (unsigned)i);
	p = open_producer();
	while (atomic_load(&shared->held) < 100 * READERS)
		publish_for(p, &n, BASE_NS_PER_MS, &quiet);
	atomic_store(&shared->quiet, 1);
	publish_for(p, &n, 100 * BASE_NS_PER_MS, &quiet);
	quiet = (struct figures){ 0 };
	for (turns = 0; turns < soak_ns() / 8 / turn; turns++) {
		for (i = 0; i < READERS; i++)
			child_stop(&c[i]);
		publish_for(p, &n, turn, &stopped);
		for (i = 0; i < READERS; i++)
			child_go_on(&c[i]);
		publish_for(p, &n, turn, &quiet);
	}
	say("readers stopped", &stopped, turns * turn);
	say("readers idle", &quiet, turns * turn);
	atomic_store(&shared->quiet, 0);
	publish_for(p, &n, 100 * BASE_NS_PER_MS, &quiet);
	for (i = 0; i < READERS; i++)
		child_kill(&c[i]);
	check_frames();
	check_nothing_lost(p, &n);
	shmx_producer_close(p);
	unshare_it();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("soak");
	TCase *tc = suite_case(s, "soak");

	chance_seed();
	tcase_set_timeout(tc, (double)(60 + 4 * soak_ns() / BASE_NS_PER_S));
	tcase_add_test(tc, readers_come_and_are_killed);
	tcase_add_test(tc, stopped_readers_cost_nothing);
	return suite_run(s);
}
