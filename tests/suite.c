/* SPDX-License-Identifier: MIT */
/*
 * suite.c - what every Check program here shares
 *
 * The watch is a checked fixture: Check runs it around each test, in the
 * test's own process. It is the first fixture of its case, so that its
 * teardown is the last, after those of the test.
 */
#include "config.h"

#include "suite.h"

#include <dirent.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"

enum { MAX_FDS = 1024, TIMEOUT_S = 60 };

/* What there was when the test began. */
static struct {
	bool fds[MAX_FDS];
	size_t mappings;
	size_t threads;
} before;

/* Mark which descriptors are open; not the one that looks. */
static void
look_at_fds(bool fds[MAX_FDS])
{
	const struct dirent *entry;
	DIR *dir;
	int fd;

	memset(fds, 0, MAX_FDS * sizeof(*fds));
	dir = opendir("/proc/self/fd");
	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)) != NULL) {
		fd = atoi(entry->d_name);
		if (entry->d_name[0] != '.' && fd != dirfd(dir) &&
		    fd < MAX_FDS)
			fds[fd] = true;
	}
	closedir(dir);
}

/*
 * How many mappings are shared: rings, segments of X. last gets the line of
 * the last one.
 */
static size_t
count_mappings(char *last, size_t size)
{
	char line[PATH_MAX];
	char perms[8];
	size_t n = 0;
	FILE *f;

	f = fopen("/proc/self/maps", "re");
	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%*s %7s", perms) != 1 || perms[3] != 's')
			continue;
		n++;
		line[strcspn(line, "\n")] = '\0';
		snprintf(last, size, "%s", line);
	}
	fclose(f);
	return n;
}

static size_t
count_threads(void)
{
	const struct dirent *entry;
	size_t n = 0;
	DIR *dir;

	dir = opendir("/proc/self/task");
	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)) != NULL)
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

#ifdef SUITE_TSAN
static void *
nothing(void *arg)
{
	return arg;
}
#endif

/* With the first thread, the thread sanitizer starts one of its own. */
static void
start_sanitizers_thread(void)
{
#ifdef SUITE_TSAN
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, nothing, NULL), 0);
	pthread_join(thread, NULL);
#endif
}

static void
watch_setup(void)
{
	char last[PATH_MAX];

	start_sanitizers_thread();
	look_at_fds(before.fds);
	before.mappings = count_mappings(last, sizeof(last));
	before.threads = count_threads();
}

static void
check_fds(void)
{
	bool now[MAX_FDS];
	char link[64], target[256];
	ssize_t n;
	int fd;

	look_at_fds(now);
	for (fd = 0; fd < MAX_FDS; fd++) {
		if (now[fd] == before.fds[fd])
			continue;
		if (!now[fd])
			ck_abort_msg("closed descriptor %d, not its own", fd);
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		n = readlink(link, target, sizeof(target) - 1);
		target[BASE_MAX(n, 0)] = '\0';
		ck_abort_msg("leaked descriptor %d, %s", fd, target);
	}
}

/* A joined thread may be seen for an instant longer: the kernel's last look. */
static void
check_threads(void)
{
	uint64_t patience = base_now_ns() + BASE_NS_PER_S;

	while (count_threads() > before.threads) {
		if (base_now_ns() > patience)
			ck_abort_msg("leaked a thread");
		usleep(1000);
	}
}

static void
watch_teardown(void)
{
	char last[PATH_MAX] = "";

	base_clock = NULL;
	check_threads();
	check_fds();
	if (count_mappings(last, sizeof(last)) > before.mappings)
		ck_abort_msg("leaked a shared mapping, %.200s", last);
}

TCase *
suite_case(Suite *s, const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, watch_setup, watch_teardown);
	/* Four seconds, Check's own, are few in a sanitized build. */
	tcase_set_timeout(tc, TIMEOUT_S);
	suite_add_tcase(s, tc);
	return tc;
}

int
suite_run(Suite *s)
{
	SRunner *sr = srunner_create(s);
	int failed;

	/* Automake's driver reads TAP from stdout, where nothing else goes. */
	setenv("CK_TAP_LOG_FILE_NAME", "-", 0);
	setenv("CK_VERBOSITY", "silent", 0);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
suite_count_failures(Suite *s, char *message, size_t size)
{
	SRunner *sr = srunner_create(s);
	TestResult **failures;
	int failed;

	unsetenv("CK_TAP_LOG_FILE_NAME");
	srunner_run_all(sr, CK_SILENT);
	failed = srunner_ntests_failed(sr);
	*message = '\0';
	if (failed > 0) {
		failures = srunner_failures(sr);
		snprintf(message, size, "%s", tr_msg(failures[0]));
		free(failures);
	}
	srunner_free(sr);
	return failed;
}

int
suite_is_nofork(void)
{
	const char *env = getenv("CK_FORK");

	return env != NULL && strcmp(env, "no") == 0;
}
