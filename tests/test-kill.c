/* SPDX-License-Identifier: MIT */
/*
 * test-kill.c - SIGKILL and SIGSTOP at any instant
 *
 * Built twice: test-kill takes some seconds, long-kill.long, with KILLS
 * defined, minutes. Every failure is printed with the number of the round and
 * the seed of the whole run: SHMX_TEST_SEED=n runs it again, as far as chance
 * can be run again.
 */
#include "config.h"

#include <shmx/shmx.h>

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/fd.h"
#include "chance.h"
#include "child.h"
#include "deaths.h"
#include "frames.h"
#include "suite.h"

#ifndef KILLS
#define KILLS 50		/* of each side */
#endif

/* No side's share takes longer, however slow the machine is. */
#ifndef KILL_SECONDS
#define KILL_SECONDS 5
#endif

/* What parent and children see of each other, beside the ring. */
struct shared {
	atomic_uint torn;		/* frames that were not whole */
	atomic_uint changed;		/* held frames that changed */
	atomic_uint_least64_t held;	/* frames held, in all */
	atomic_uint_least64_t published;
	atomic_uint_least64_t dropped;
	atomic_uint stop;
};

static struct shared *shared;

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

/* ------------------------------------------------------ readers killed -- */

/* Take frames, keep one while looking at the next, as a window does. */
static void
read_for_ever(int line, void *arg)
{
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	struct shmx_hold *h, *old = NULL;
	struct shmx_reader *r;

	(void)arg;
	o.flags = SHMX_WAIT;
	/* Full for as long as it takes to see that others are dead. */
	while (shmx_reader_open(&r, "test", &o) < 0)
		usleep(1000);
	child_say(line, 'r');
	while (!atomic_load(&shared->stop)) {
		if (shmx_wait(r, 100) < 0 || shmx_hold_latest(r, &h) < 0)
			continue;
		if (!frame_is_whole(h))
			atomic_fetch_add(&shared->torn, 1);
		if (old != NULL && !frame_is_whole(old))
			atomic_fetch_add(&shared->changed, 1);
		shmx_release(old);
		old = h;
		atomic_fetch_add(&shared->held, 1);
	}
	shmx_release(old);
	shmx_reader_close(r);
}

/* Publish as fast as it goes until told to stop. */
static void
publish_for_ever(int line, void *arg)
{
	struct shmx_producer *p = deaths_producer("test", 0);
	uint64_t n;

	(void)arg;
	expect(p != NULL);
	child_say(line, 'p');
	for (n = 1; !atomic_load(&shared->stop); n++) {
		if (frame_publish(p, n) == 0)
			atomic_fetch_add(&shared->dropped, 1);
		else
			atomic_fetch_add(&shared->published, 1);
	}
	shmx_producer_close(p);
}

/* Publish for so long. */
static void
publish_for(struct shmx_producer *p, uint64_t *n, uint64_t ns)
{
	uint64_t until = base_now_ns() + ns;

	do
		ck_assert_uint_eq(frame_publish(p, *n), *n);
	while ((*n)++, base_now_ns() < until);
}

enum { READERS = 3 };

START_TEST(readers_may_be_killed_at_any_instant)
{
	uint64_t n = 1, deadline;
	struct child c[READERS];
	struct shmx_producer *p;
	int i, kills;

	share();
	for (i = 0; i < READERS; i++)
		child_start(&c[i], read_for_ever, NULL);
	p = deaths_producer("test", 0);
	ck_assert_ptr_nonnull(p);
	deadline = base_now_ns() + KILL_SECONDS * BASE_NS_PER_S;
	for (kills = 0; kills < KILLS && base_now_ns() < deadline; kills++) {
		/* From its first instruction to far into its frames. */
		publish_for(p, &n, chance(2) ? chance(40 * 1000 * 1000) :
			    chance(4 * 1000 * 1000));
		i = (int)chance(READERS);
		child_kill(&c[i]);
		ck_assert_uint_eq(atomic_load(&shared->torn), 0);
		ck_assert_uint_eq(atomic_load(&shared->changed), 0);
		child_start(&c[i], read_for_ever, NULL);
	}
	publish_for(p, &n, 100 * BASE_NS_PER_MS);
	for (i = 0; i < READERS; i++)
		child_kill(&c[i]);
	ck_assert_uint_eq(atomic_load(&shared->torn), 0);
	ck_assert_uint_eq(atomic_load(&shared->changed), 0);
	ck_assert_uint_gt(atomic_load(&shared->held), 0);
	deaths_check_gone(p, 0, 0);
	deaths_check_all_can_be_held(p, "test", &n);
	shmx_producer_close(p);
	printf("# %d readers killed, %llu frames published, %llu held\n",
	       kills, (unsigned long long)n,
	       (unsigned long long)atomic_load(&shared->held));
	fflush(stdout);
	unshare_it();
}
END_TEST

/* ---------------------------------------------------- producers killed -- */

START_TEST(producers_may_be_killed_at_any_instant)
{
	struct child c, readers[READERS];
	struct shmx_producer_stats stats;
	uint64_t deadline, n = 1, seen = 0;
	struct shmx_producer *p;
	int i, kills;

	share();
	for (i = 0; i < READERS; i++)
		child_start(&readers[i], read_for_ever, NULL);
	deadline = base_now_ns() + KILL_SECONDS * BASE_NS_PER_S;
	for (kills = 0; kills < KILLS && base_now_ns() < deadline; kills++) {
		child_start(&c, publish_for_ever, NULL);
		/* Half of them when everything runs, half at any time. */
		if (chance(2)) {
			ck_assert_int_eq(child_hear(c.line), 'p');
			usleep(chance(40 * 1000));
		} else {
			usleep(chance(8 * 1000));
		}
		child_kill(&c);
		ck_assert_uint_eq(atomic_load(&shared->torn), 0);
		ck_assert_uint_eq(atomic_load(&shared->changed), 0);
	}
	ck_assert_uint_eq(atomic_load(&shared->dropped), 0);
	/* The readers are all alive, and go on with the next. */
	p = deaths_producer("test", 0);
	ck_assert_ptr_nonnull(p);
	for (i = 0; i < READERS; i++)
		ck_assert_int_eq(child_hear(readers[i].line), 'r');
	for (i = 0; i < 1000; i++) {
		publish_for(p, &n, 5 * BASE_NS_PER_MS);
		shmx_producer_stats(p, &stats, sizeof(stats));
		if (stats.readers < READERS)
			seen = atomic_load(&shared->held);
		else if (atomic_load(&shared->held) > seen + 20)
			break;
	}
	ck_assert_int_lt(i, 1000);
	atomic_store(&shared->stop, 1);
	publish_for(p, &n, 5 * BASE_NS_PER_MS);
	for (i = 0; i < READERS; i++)
		child_end(&readers[i]);
	ck_assert_uint_eq(atomic_load(&shared->torn), 0);
	ck_assert_uint_eq(atomic_load(&shared->changed), 0);
	deaths_check_gone(p, 0, 0);
	deaths_check_all_can_be_held(p, "test", &n);
	shmx_producer_close(p);
	printf("# %d producers killed, %llu frames published, %llu held\n",
	       kills, (unsigned long long)(n +
	       atomic_load(&shared->published)),
	       (unsigned long long)atomic_load(&shared->held));
	fflush(stdout);
	unshare_it();
}
END_TEST

/* Nobody is spared: what is left is a name that can be taken. */
START_TEST(both_sides_may_be_killed_together)
{
	struct child producer, reader;
	struct shmx_producer *p;
	uint64_t n = 1;
	int i;

	share();
	for (i = 0; i < 10; i++) {
		child_start(&producer, publish_for_ever, NULL);
		child_start(&reader, read_for_ever, NULL);
		usleep(chance(30 * 1000));
		kill(reader.pid, SIGKILL);
		child_kill(&producer);
		child_kill(&reader);
	}
	ck_assert_uint_eq(atomic_load(&shared->torn), 0);
	p = deaths_producer("test", 0);
	ck_assert_ptr_nonnull(p);
	deaths_check_all_can_be_held(p, "test", &n);
	shmx_producer_close(p);
	unshare_it();
}
END_TEST

/* -------------------------------------------------- outlived by a child -- */

/* It has the descriptors of its parent, and does nothing. */
static void
leave_a_child(int line)
{
	if (fork() == 0) {
		alarm(60);
		child_say(line, 'f');
		while (child_hear(line) != '\0')
			continue;
		_exit(0);
	}
	for (;;)
		pause();
}

static void
produce_and_fork(int line, void *arg)
{
	struct shmx_producer *p = deaths_producer("test", 0);

	(void)arg;
	expect(p != NULL);
	expect(frame_publish(p, 1) == 1);
	child_say(line, 'o');
	child_hear(line);
	leave_a_child(line);
}

static void
hold_and_fork(int line, void *arg)
{
	struct shmx_reader *r;
	struct shmx_hold *h;

	(void)arg;
	expect(child_hear(line) == 'g');
	expect(shmx_reader_open(&r, "test", NULL) == 0);
	expect(shmx_hold_latest(r, &h) == 0);
	leave_a_child(line);
}

START_TEST(a_producer_whose_child_lives_on_is_dead)
{
	struct shmx_producer *p;
	struct shmx_reader *r;
	struct shmx_hold *h, *next;
	struct child c;
	int line;

	child_start(&c, produce_and_fork, NULL);
	ck_assert_int_eq(child_hear(c.line), 'o');
	ck_assert_int_eq(shmx_reader_open(&r, "test", NULL), 0);
	ck_assert_int_eq(shmx_hold_latest(r, &h), 0);
	child_say(c.line, 'f');
	ck_assert_int_eq(child_hear(c.line), 'f');
	ck_assert_int_eq(shmx_wait(r, 0), -ETIMEDOUT);
	line = base_dup(c.line);
	child_kill(&c);
	ck_assert_int_eq(shmx_wait(r, 20000), -EPIPE);
	ck_assert(frame_is_whole(h));
	/* The name is free, too. */
	p = deaths_producer("test", 0);
	ck_assert_ptr_nonnull(p);
	ck_assert_uint_eq(frame_publish(p, 1), 1);
	while (shmx_hold_latest(r, &next) < 0)
		(void)shmx_wait(r, 20000);
	ck_assert(frame_is_whole(next));
	ck_assert(frame_is_whole(h));
	shmx_release(next);
	shmx_release(h);
	shmx_reader_close(r);
	shmx_producer_close(p);
	base_close(&line);
}
END_TEST

START_TEST(a_reader_whose_child_lives_on_is_dead)
{
	struct shmx_producer *p;
	uint64_t n = 2;
	struct child c;
	int line;

	child_start(&c, hold_and_fork, NULL);
	p = deaths_producer("test", 0);
	ck_assert_ptr_nonnull(p);
	ck_assert_uint_eq(frame_publish(p, 1), 1);
	child_say(c.line, 'g');
	ck_assert_int_eq(child_hear(c.line), 'f');
	line = base_dup(c.line);
	child_kill(&c);
	deaths_check_gone(p, 0, 0);
	deaths_check_all_can_be_held(p, "test", &n);
	shmx_producer_close(p);
	base_close(&line);
}
END_TEST

/* ------------------------------------------------------------- stopped -- */

/* Holds a frame whenever it is told to, twice. */
static void
hold_two(int line, void *arg)
{
	struct shmx_reader *r;
	struct shmx_hold *h[2];
	int i;

	(void)arg;
	expect(child_hear(line) == 'g');
	expect(shmx_reader_open(&r, "test", NULL) == 0);
	for (i = 0; i < 2; i++) {
		expect(shmx_wait(r, 10000) == 0);
		expect(shmx_hold_latest(r, &h[i]) == 0);
		child_say(line, 'h');
		expect(child_hear(line) == 'g');
	}
	for (i = 0; i < 2; i++) {
		expect(frame_is_whole(h[i]));
		shmx_release(h[i]);
	}
	shmx_reader_close(r);
}

/* Stopped, with all the holds there are. */
START_TEST(stopped_readers_hold_nobody_up)
{
	struct shmx_producer_stats stats;
	struct child c[READERS];
	struct shmx_producer *p;
	uint64_t n = 1;
	int i;

	for (i = 0; i < READERS; i++)
		child_start(&c[i], hold_two, NULL);
	p = deaths_producer("test", 0);
	ck_assert_ptr_nonnull(p);
	for (i = 0; i < 2 * READERS; i++, n++) {
		ck_assert_uint_eq(frame_publish(p, n), n);
		child_say(c[i % READERS].line, 'g');
		ck_assert_int_eq(child_hear(c[i % READERS].line), 'h');
	}
	for (i = 0; i < READERS; i++)
		child_stop(&c[i]);
	/* As many as one likes, and none is dropped. */
	for (i = 0; i < 20000; i++, n++)
		ck_assert_uint_eq(frame_publish(p, n), n);
	shmx_producer_stats(p, &stats, sizeof(stats));
	ck_assert_uint_eq(stats.slots_held, 6);
	ck_assert_uint_eq(stats.dropped, 0);
	ck_assert_uint_eq(stats.readers, READERS);
	for (i = 0; i < READERS; i++) {
		child_go_on(&c[i]);
		child_say(c[i].line, 'g');
		child_end(&c[i]);
	}
	deaths_check_gone(p, 0, 0);
	shmx_producer_close(p);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("kill");
	TCase *tc = suite_case(s, "kill");

	chance_seed();
	tcase_set_timeout(tc, 60 + 4 * KILL_SECONDS);
	tcase_add_test(tc, readers_may_be_killed_at_any_instant);
	tcase_add_test(tc, producers_may_be_killed_at_any_instant);
	tcase_add_test(tc, both_sides_may_be_killed_together);
	tcase_add_test(tc, a_producer_whose_child_lives_on_is_dead);
	tcase_add_test(tc, a_reader_whose_child_lives_on_is_dead);
	tcase_add_test(tc, stopped_readers_hold_nobody_up);
	return suite_run(s);
}
