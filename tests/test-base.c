/* SPDX-License-Identifier: MIT */
/*
 * test-base.c - descriptors, clock, log, and the seams
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/memfd.h"
#include "base/sys.h"
#include "fault.h"
#include "suite.h"

/* macros */

START_TEST(macros_compute)
{
	int array[7];

	ck_assert_uint_eq(BASE_ARRAY_SIZE(array), 7);
	ck_assert_int_eq(BASE_MIN(3, -4), -4);
	ck_assert_int_eq(BASE_MAX(3, -4), 3);
}
END_TEST

START_TEST(round_up_keeps_multiples)
{
	ck_assert_uint_eq(base_round_up(0, 64), 0);
	ck_assert_uint_eq(base_round_up(1, 64), 64);
	ck_assert_uint_eq(base_round_up(64, 64), 64);
	ck_assert_uint_eq(base_round_up(65, 64), 128);
	ck_assert_uint_eq(base_round_up(UINT64_C(1) << 40, 4096),
			  UINT64_C(1) << 40);
}
END_TEST

/* descriptors */

START_TEST(close_forgets_and_keeps_errno)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int copy = fd;

	ck_assert_int_ge(fd, 0);
	errno = EXDEV;
	base_close(&fd);
	ck_assert_int_eq(fd, -1);
	ck_assert_int_eq(fcntl(copy, F_GETFD), -1);
	errno = EXDEV;
	base_close(&fd);
	ck_assert_int_eq(fd, -1);
	ck_assert_int_eq(errno, EXDEV);
}
END_TEST

START_TEST(dup_is_cloexec_and_not_stdio)
{
	int fd = base_dup(STDOUT_FILENO);

	ck_assert_int_gt(fd, STDERR_FILENO);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	base_close(&fd);
	ck_assert_int_eq(base_dup(-1), -EBADF);
}
END_TEST

START_TEST(pread_all_is_all_or_nodata)
{
	int fd = base_sys.memfd_create("test", MFD_CLOEXEC);
	char buf[8] = "";

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "0123456789", 10), 10);
	ck_assert_int_eq(base_pread_all(fd, buf, 4, 3), 0);
	ck_assert_str_eq(buf, "3456");
	ck_assert_int_eq(base_pread_all(fd, buf, 4, 7), -ENODATA);
	base_close(&fd);
	ck_assert_int_eq(base_pread_all(-1, buf, 4, 0), -EBADF);
}
END_TEST

/* memory */

START_TEST(memfd_can_be_sealed)
{
	int fd = base_memfd_create("test");

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SEAL), 0);
	base_close(&fd);
}
END_TEST

START_TEST(memfd_of_an_older_kernel)
{
	int fd;

	fault_nth("memfd_create", 1, EINVAL);
	fd = base_memfd_create("test");
	ck_assert(fault_off());
	ck_assert_int_ge(fd, 0);
	ck_assert_uint_eq(fault_calls(), 2);
	ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), 0);
	base_close(&fd);

	fault_always("memfd_create", EMFILE);
	ck_assert_int_eq(base_memfd_create("test"), -EMFILE);
	ck_assert_uint_eq(fault_calls(), 1);
	fault_off();
}
END_TEST

/* More than one piece, to the last byte. */
START_TEST(memfd_is_reserved)
{
	const uint64_t bytes = (20 << 20) + 1;
	int fd = base_memfd_create("test");
	struct stat st;

	fault_nth("fallocate", 2, EINTR);
	ck_assert_int_eq(base_memfd_allocate(fd, bytes), 0);
	ck_assert(fault_off());
	ck_assert_uint_eq(fault_calls(), 4);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_uint_eq((uint64_t)st.st_size, bytes);
	ck_assert_uint_ge((uint64_t)st.st_blocks * 512, bytes);

	fault_always("fallocate", ENOMEM);
	ck_assert_int_eq(base_memfd_allocate(fd, bytes), -ENOMEM);
	fault_always("ftruncate", EPERM);
	ck_assert_int_eq(base_memfd_allocate(fd, bytes), -EPERM);
	fault_off();
	base_close(&fd);
}
END_TEST

/* waiting */

static volatile sig_atomic_t alarms;

static void
count_alarm(int sig BASE_UNUSED)
{
	alarms = alarms + 1;
}

/* A signal every millisecond, and no SA_RESTART. */
static void
start_alarms(void)
{
	struct sigaction action = { .sa_handler = count_alarm };
	struct itimerval every = { { 0, 1000 }, { 0, 1000 } };

	alarms = 0;
	ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &every, NULL), 0);
}

static void
stop_alarms(void)
{
	struct itimerval never = { { 0, 0 }, { 0, 0 } };

	ck_assert_int_eq(setitimer(ITIMER_REAL, &never, NULL), 0);
	signal(SIGALRM, SIG_DFL);
}

START_TEST(poll_looks_waits_and_sees)
{
	struct pollfd pfd = { .events = POLLIN };
	uint64_t start;
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	pfd.fd = fds[0];
	ck_assert_int_eq(base_poll(&pfd, 1, 0), 0);

	start = base_now_ns();
	ck_assert_int_eq(base_poll(&pfd, 1, start + 20 * BASE_NS_PER_MS), 0);
	ck_assert_uint_ge(base_now_ns() - start, 20 * BASE_NS_PER_MS);

	ck_assert_int_eq(write(fds[1], "x", 1), 1);
	ck_assert_int_eq(base_poll(&pfd, 1, BASE_FOREVER), 1);
	ck_assert_int_eq(pfd.revents, POLLIN);
	base_close(&fds[0]);
	base_close(&fds[1]);
}
END_TEST

START_TEST(poll_is_not_disturbed_by_signals)
{
	uint64_t start;

	start_alarms();
	start = base_now_ns();
	ck_assert_int_eq(base_poll(NULL, 0, start + 50 * BASE_NS_PER_MS), 0);
	ck_assert_uint_ge(base_now_ns() - start, 50 * BASE_NS_PER_MS);
	stop_alarms();
	ck_assert_int_gt(alarms, 0);
}
END_TEST

START_TEST(poll_reports_errors)
{
	fault_always("poll", ENOMEM);
	ck_assert_int_eq(base_poll(NULL, 0, BASE_FOREVER), -ENOMEM);
	fault_off();
}
END_TEST

START_TEST(clock_goes_on)
{
	uint64_t a = base_now_ns();
	uint64_t b = base_now_ns();

	ck_assert_uint_gt(a, 0);
	ck_assert_uint_le(a, b);
}
END_TEST

static uint64_t
noon(void)
{
	return 12 * 3600 * BASE_NS_PER_S;
}

START_TEST(clock_can_be_replaced)
{
	base_clock = noon;
	ck_assert_uint_eq(base_now_ns(), 12 * 3600 * BASE_NS_PER_S);
	base_clock = NULL;
	ck_assert_uint_gt(base_now_ns(), 0);
}
END_TEST

START_TEST(sleep_is_not_shortened_by_signals)
{
	uint64_t until = base_now_ns() + 50 * BASE_NS_PER_MS;

	start_alarms();
	base_sleep_until(until);
	ck_assert_uint_ge(base_now_ns(), until);
	stop_alarms();
	ck_assert_int_gt(alarms, 0);
	base_sleep_until(0);
}
END_TEST

/* log */

struct heard {
	int n;
	int level;
	char text[64];
};

static void
hear(void *data, int level, const char *line)
{
	struct heard *heard = data;

	heard->n++;
	heard->level = level;
	snprintf(heard->text, sizeof(heard->text), "%s", line);
}

START_TEST(log_is_off_by_default)
{
	struct base_log log;

	unsetenv("SHMX_DEBUG");
	base_log_init(&log, "test");
	ck_assert(!base_log_wanted(&log, BASE_LOG_ERROR));
	base_log(&log, BASE_LOG_ERROR, "nobody hears %d", 1);
}
END_TEST

START_TEST(log_level_filters)
{
	struct heard heard = { 0 };
	struct base_log log;

	unsetenv("SHMX_DEBUG");
	base_log_init(&log, "test");
	base_log_ask(&log, hear, &heard);
	log.level = BASE_LOG_WARNING;

	errno = EXDEV;
	base_log(&log, BASE_LOG_WARNING, "%s %d", "slot", 3);
	ck_assert_int_eq(errno, EXDEV);
	ck_assert_int_eq(heard.n, 1);
	ck_assert_int_eq(heard.level, BASE_LOG_WARNING);
	ck_assert_str_eq(heard.text, "slot 3");

	ck_assert(!base_log_wanted(&log, BASE_LOG_INFO));
	base_log(&log, BASE_LOG_INFO, "finer");
	ck_assert_int_eq(heard.n, 1);
}
END_TEST

/* Log to a pipe in place of stderr; what arrived is in text. */
static void
trace_to(char *text, size_t size, const struct base_log *log,
	 const char *message)
{
	int err = base_dup(STDERR_FILENO);
	int fds[2];
	ssize_t n;

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	ck_assert_int_eq(dup2(fds[1], STDERR_FILENO), STDERR_FILENO);
	base_log(log, BASE_LOG_DEBUG, "%s", message);
	ck_assert_int_eq(dup2(err, STDERR_FILENO), STDERR_FILENO);
	base_close(&fds[1]);
	n = read(fds[0], text, size - 1);
	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	base_close(&fds[0]);
	base_close(&err);
}

START_TEST(trace_has_time_name_and_pid)
{
	struct base_log log;
	char want[64], text[128];

	setenv("SHMX_DEBUG", "1", 1);
	base_log_init(&log, "test");
	ck_assert(base_log_wanted(&log, BASE_LOG_DEBUG));
	base_clock = noon;
	trace_to(text, sizeof(text), &log, "slot 3 is free");
	snprintf(want, sizeof(want), "[43200.000000] test %d: slot 3 is free\n",
		 (int)getpid());
	ck_assert_str_eq(text, want);

	setenv("SHMX_DEBUG", "0", 1);
	base_log_init(&log, "test");
	trace_to(text, sizeof(text), &log, "silence");
	ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(trace_cuts_long_lines)
{
	struct base_log log;
	char message[2000], text[4000];

	memset(message, 'x', sizeof(message));
	message[sizeof(message) - 1] = '\0';
	setenv("SHMX_DEBUG", "1", 1);
	base_log_init(&log, "test");
	trace_to(text, sizeof(text), &log, message);
	ck_assert_uint_le(strlen(text), 512);
	ck_assert_uint_gt(strlen(text), 500);
	ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
}
END_TEST

/* seams */

/* As library code does it: a memfd, mapped; each step may fail. */
static int
make_segment(size_t size, void **map, int *memfd)
{
	int fd, ret;
	void *p;

	fd = base_sys.memfd_create("segment", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (base_sys.ftruncate(fd, (off_t)size) < 0) {
		ret = -errno;
		goto out;
	}
	p = base_sys.mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED) {
		ret = -errno;
		goto out;
	}
	*map = p;
	*memfd = fd;
	return 0;
out:
	base_close(&fd);
	return ret;
}

START_TEST(each_seam_fails_in_turn)
{
	void *map = NULL;
	int fd = -1, ret;
	unsigned n;

	for (n = 1; ; n++) {
		fault_nth(NULL, n, ENOMEM);
		ret = make_segment(4096, &map, &fd);
		if (!fault_off())
			break;
		ck_assert_int_eq(ret, -ENOMEM);
		ck_assert_int_eq(fd, -1);
		ck_assert_ptr_null(map);
	}
	ck_assert_uint_eq(n, 4);
	ck_assert_int_eq(ret, 0);
	munmap(map, 4096);
	base_close(&fd);
}
END_TEST

START_TEST(one_seam_fails_for_good)
{
	int fds[2];

	fault_always("pidfd_open", ENOSYS);
	ck_assert_int_eq(base_sys.pidfd_open(getpid(), 0), -1);
	ck_assert_int_eq(errno, ENOSYS);
	ck_assert_int_eq(base_sys.pidfd_open(getpid(), 0), -1);
	ck_assert_int_eq(base_sys.socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ck_assert_uint_eq(fault_calls(), 2);
	ck_assert(fault_off());
	ck_assert(!fault_off());
	base_close(&fds[0]);
	base_close(&fds[1]);
}
END_TEST

START_TEST(no_seam_is_missing)
{
	void *const *member = (void *const *)(const void *)&base_sys;
	size_t i;

	for (i = 0; i < sizeof(base_sys) / sizeof(*member); i++)
		ck_assert_msg(member[i] != NULL, "member %zu", i);
	fault_nth(NULL, 0, EIO);
	for (i = 0; i < sizeof(base_sys) / sizeof(*member); i++)
		ck_assert_msg(member[i] != NULL, "faulty member %zu", i);
	ck_assert_int_eq(base_sys.pthread_create(NULL, NULL, NULL, NULL), EIO);
	fault_off();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("base");
	TCase *tc;

	tc = suite_case(s, "macros");
	tcase_add_test(tc, macros_compute);
	tcase_add_test(tc, round_up_keeps_multiples);

	tc = suite_case(s, "fd");
	tcase_add_test(tc, close_forgets_and_keeps_errno);
	tcase_add_test(tc, dup_is_cloexec_and_not_stdio);
	tcase_add_test(tc, pread_all_is_all_or_nodata);
	tcase_add_test(tc, poll_looks_waits_and_sees);
	tcase_add_test(tc, poll_is_not_disturbed_by_signals);
	tcase_add_test(tc, poll_reports_errors);

	tc = suite_case(s, "memfd");
	tcase_add_test(tc, memfd_can_be_sealed);
	tcase_add_test(tc, memfd_of_an_older_kernel);
	tcase_add_test(tc, memfd_is_reserved);

	tc = suite_case(s, "clock");
	tcase_add_test(tc, clock_goes_on);
	tcase_add_test(tc, clock_can_be_replaced);
	tcase_add_test(tc, sleep_is_not_shortened_by_signals);

	tc = suite_case(s, "log");
	tcase_add_test(tc, log_is_off_by_default);
	tcase_add_test(tc, log_level_filters);
	tcase_add_test(tc, trace_has_time_name_and_pid);
	tcase_add_test(tc, trace_cuts_long_lines);

	tc = suite_case(s, "seams");
	tcase_add_test(tc, each_seam_fails_in_turn);
	tcase_add_test(tc, one_seam_fails_for_good);
	tcase_add_test(tc, no_seam_is_missing);
	return suite_run(s);
}
