/* SPDX-License-Identifier: MIT */
/*
 * test-selftest.c - the harness finds what it is there to find
 *
 * Each case here must fail when it runs by itself; a test that expects the
 * failure runs it silently and looks at the message. TAP is written by hand:
 * a runner within a runner's child is more than Check promises.
 */
#include "config.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/base.h"
#include "suite.h"

/* What the bad tests leave behind, so that main() can put it in order. */
static int left_fd = -1;
static void *left_map = MAP_FAILED;
static pthread_t left_thread;
static bool left_running;
static int stop_pipe[2] = { -1, -1 };

START_TEST(well_behaved)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	void *map = mmap(NULL, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS,
			 -1, 0);

	ck_assert(map != MAP_FAILED);
	munmap(map, 4096);
	close(fd);
}
END_TEST

START_TEST(fails_an_assertion)
{
	ck_assert_int_eq(1, 2);
}
END_TEST

START_TEST(leaks_a_descriptor)
{
	left_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}
END_TEST

START_TEST(closes_a_foreign_descriptor)
{
	close(stop_pipe[1]);
	stop_pipe[1] = -1;
}
END_TEST

START_TEST(leaks_a_mapping)
{
	left_map = mmap(NULL, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1,
			0);
	ck_assert(left_map != MAP_FAILED);
}
END_TEST

static void *
wait_for_end(void *arg BASE_UNUSED)
{
	char c;

	if (read(stop_pipe[0], &c, 1) < 0)
		return NULL;
	return NULL;
}

START_TEST(leaks_a_thread)
{
	ck_assert_int_eq(pthread_create(&left_thread, NULL, wait_for_end, NULL),
			 0);
	left_running = true;
}
END_TEST

START_TEST(crashes)
{
	raise(SIGSEGV);
}
END_TEST

START_TEST(never_ends)
{
	for (;;)
		pause();
}
END_TEST

#ifdef SUITE_ASAN
START_TEST(leaks_memory)
{
	void *volatile p = malloc(100);

	ck_assert_ptr_nonnull(p);
	p = NULL;
}
END_TEST

START_TEST(writes_beyond_the_end)
{
	/* So that the compiler neither warns of it nor drops it. */
	volatile size_t size = 100;
	char *p = malloc(size);

	ck_assert_ptr_nonnull(p);
	*(volatile char *)(p + size) = 1;
	free(p);
}
END_TEST
#endif

#ifdef SUITE_TSAN
static int raced;

static void *
race(void *arg BASE_UNUSED)
{
	int i;

	for (i = 0; i < 1000; i++)
		raced++;
	return NULL;
}

START_TEST(races)
{
	pthread_t other;

	ck_assert_int_eq(pthread_create(&other, NULL, race, NULL), 0);
	race(NULL);
	pthread_join(other, NULL);
}
END_TEST
#endif

static const struct bad {
	const char *what;
	const TTest **test;
	const char *says;	/* part of its message; NULL: it passes */
	bool fork;		/* the end of a process of its own */
} bad[] = {
	{ "what is in order passes", &well_behaved, NULL, false },
	{ "a failed assertion fails", &fails_an_assertion, "1 == 2",
	  false },
	{ "a leaked descriptor fails", &leaks_a_descriptor,
	  "/dev/null", false },
	{ "closing another's descriptor fails",
	  &closes_a_foreign_descriptor, "not its own", false },
	{ "a leaked shared mapping fails", &leaks_a_mapping,
	  "leaked a shared mapping", false },
	{ "a leaked thread fails", &leaks_a_thread, "leaked a thread",
	  false },
	{ "a crash fails", &crashes, "", true },
	{ "a test that never ends fails", &never_ends, "timeout", true },
#ifdef SUITE_ASAN
	{ "leaked memory fails", &leaks_memory, "", true },
	{ "a heap overflow fails", &writes_beyond_the_end, "", true },
#endif
#ifdef SUITE_TSAN
	{ "a data race fails", &races, "", true },
#endif
};

static void
put_in_order(void)
{
	if (left_fd >= 0)
		close(left_fd);
	left_fd = -1;
	if (left_map != MAP_FAILED)
		munmap(left_map, 4096);
	left_map = MAP_FAILED;
	if (left_running) {
		if (write(stop_pipe[1], "x", 1) == 1)
			pthread_join(left_thread, NULL);
		left_running = false;
	}
	if (stop_pipe[1] < 0) {
		close(stop_pipe[0]);
		if (pipe2(stop_pipe, O_CLOEXEC) < 0)
			abort();
	}
}

/* Sanitizers and crashes print what they found; here it is not news. */
static bool
as_expected(const struct bad *b)
{
	Suite *s = suite_create("bad");
	TCase *tc = suite_case(s, "bad");
	int err = dup(STDERR_FILENO);
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	char message[256];
	int failed;

	tcase_add_test(tc, *b->test);
	if (b->test == &never_ends)
		tcase_set_timeout(tc, 0.2);
	dup2(null, STDERR_FILENO);
	close(null);
	failed = suite_count_failures(s, message, sizeof(message));
	dup2(err, STDERR_FILENO);
	close(err);
	put_in_order();
	if (b->says == NULL)
		return failed == 0;
	if (failed == 1 && strcasestr(message, b->says) != NULL)
		return true;
	printf("# %d failed, message: %s\n", failed, message);
	return false;
}

int
main(void)
{
	bool all = true, good;
	size_t i;

	if (pipe2(stop_pipe, O_CLOEXEC) < 0)
		return EXIT_FAILURE;
	printf("1..%zu\n", BASE_ARRAY_SIZE(bad));
	for (i = 0; i < BASE_ARRAY_SIZE(bad); i++) {
		if (bad[i].fork && suite_is_nofork()) {
			printf("ok %zu - %s # SKIP needs a process of its "
			       "own\n", i + 1, bad[i].what);
			continue;
		}
		/* Check's children must not inherit it and print it again. */
		fflush(stdout);
		good = as_expected(&bad[i]);
		all = all && good;
		printf("%s %zu - %s\n", good ? "ok" : "not ok", i + 1,
		       bad[i].what);
	}
	close(stop_pipe[0]);
	close(stop_pipe[1]);
	return all ? EXIT_SUCCESS : EXIT_FAILURE;
}
