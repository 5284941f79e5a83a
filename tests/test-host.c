/* SPDX-License-Identifier: MIT */
/*
 * test-host.c - the service: asleep unless there is something to do
 */
#include "config.h"

#include <shmx/shmx.h>

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "byhand.h"
#include "child.h"
#include "suite.h"

/* What this process may use of a processor in a fifth of a second. */
#define LOOK_NS	(200 * BASE_NS_PER_MS)
#define MAY_NS	(100 * BASE_NS_PER_MS)

static uint64_t
cpu_ns(void)
{
	struct timespec t;

	ck_assert_int_eq(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), 0);
	return (uint64_t)t.tv_sec * BASE_NS_PER_S + (uint64_t)t.tv_nsec;
}

static void
check_asleep(void)
{
	uint64_t before = cpu_ns();

	base_sleep_until(base_now_ns() + LOOK_NS);
	ck_assert_uint_lt(cpu_ns() - before, MAY_NS);
}

static struct rlimit
allow_descriptors(rlim_t n)
{
	struct rlimit before, now;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	now = before;
	now.rlim_cur = n;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &now), 0);
	return before;
}

static uint32_t
count_readers(struct shmx_producer *p)
{
	struct shmx_producer_stats stats;

	shmx_producer_stats(p, &stats, sizeof(stats));
	return stats.readers;
}

static void
await_readers(struct shmx_producer *p, uint32_t n)
{
	int i;

	for (i = 0; i < 2000 && count_readers(p) != n; i++)
		usleep(5000);
	ck_assert_uint_eq(count_readers(p), n);
}

static struct shmx_producer *
open_producer(void)
{
	struct shmx_producer *p = NULL;

	ck_assert_msg(shmx_producer_open_image(&p, "test", 64, 48,
					       SHMX_XRGB8888) == 0, "%s",
		      shmx_error());
	return p;
}

/* Attaches, and leaves its connection to a child of its own. */
static void
attach_and_fork(int line, void *arg)
{
	(void)arg;
	expect(child_hear(line) == 'g');
	byhand_attach(1);
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

START_TEST(asleep_without_descriptors)
{
	struct shmx_producer *p;
	struct rlimit before;
	rlim_t n;

	if (suite_is_nofork())
		return;		/* valgrind has limits of its own */
	p = open_producer();
	for (n = 0; n < 3; n++) {
		before = allow_descriptors(n);
		check_asleep();
		ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	}
	shmx_producer_close(p);
}
END_TEST

START_TEST(sees_a_death_without_descriptors)
{
	struct shmx_producer *p;
	struct rlimit before;
	struct child c;
	int line;

	if (suite_is_nofork())
		return;
	child_start(&c, attach_and_fork, NULL);
	p = open_producer();
	child_say(c.line, 'g');
	ck_assert_int_eq(child_hear(c.line), 'f');
	await_readers(p, 1);
	line = base_dup(c.line);
	before = allow_descriptors(0);
	child_kill(&c);
	await_readers(p, 0);
	check_asleep();
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	base_close(&line);
	shmx_producer_close(p);
}
END_TEST

START_TEST(asleep_with_readers_that_sleep)
{
	struct shmx_producer *p = open_producer();
	struct shmx_reader *r = NULL;

	ck_assert_int_eq(shmx_reader_open(&r, "test", NULL), 0);
	await_readers(p, 1);
	check_asleep();
	shmx_reader_close(r);
	await_readers(p, 0);
	check_asleep();
	shmx_producer_close(p);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("host");
	TCase *tc = suite_case(s, "sleep");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, asleep_without_descriptors);
	tcase_add_test(tc, sees_a_death_without_descriptors);
	tcase_add_test(tc, asleep_with_readers_that_sleep);
	return suite_run(s);
}
