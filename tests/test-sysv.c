/* SPDX-License-Identifier: MIT */
/*
 * test-sysv.c - System V segments, where the server takes no descriptors
 *
 * SHMFB_NO_FD=1 stands for a server whose MIT-SHM is 1.1.
 */
#include "config.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include <shmfb/shmfb.h>

#include "base/clock.h"
#include "fault.h"
#include "shmfb/window.h"
#include "suite.h"
#include "xtool.h"

static xcb_connection_t *c;

static void
setup(void)
{
	c = x_connect(NULL);
	setenv("SHMFB_NO_FD", "1", 1);
}

static void
teardown(void)
{
	unsetenv("SHMFB_NO_FD");
	xcb_disconnect(c);
}

static struct shmfb *
open_sized(uint32_t width, uint32_t height, enum shmfb_backend backend)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;

	opt.width = width;
	opt.height = height;
	opt.backend = backend;
	opt.vsync = SHMFB_VSYNC_OFF;
	return open_window(&opt);
}

static void
draw(struct shmfb *fb, uint32_t seed)
{
	struct shmfb_canvas canvas;
	int err;

	while ((err = shmfb_begin(fb, &canvas)) == -EAGAIN)
		ck_assert(shmfb_pump(fb));
	ck_assert_msg(err == 0, "%s", shmfb_error());
	fill(canvas.pixels, canvas.stride, canvas.width, canvas.height, seed);
	ck_assert_int_eq(shmfb_present(fb, NULL, 0), 0);
}

/* ------------------------------------------------------------- drawing -- */

START_TEST(descriptors_first)
{
	struct shmfb *fb;

	unsetenv("SHMFB_NO_FD");
	fb = open_sized(64, 64, SHMFB_AUTO);
	ck_assert_str_eq(stats_of(fb).path, "shm-fd");
	shmfb_close(fb);
	fb = open_sized(64, 64, SHMFB_SYSV);
	ck_assert_str_eq(stats_of(fb).path, "shm-sysv");
	ck_assert_str_eq(stats_of(fb).why,
			 "MIT-SHM 1.2 attaches System V segments");
	shmfb_close(fb);
}
END_TEST

START_TEST(drawn_without_a_copy)
{
	struct shmfb *fb = open_sized(641, 479, SHMFB_AUTO);
	unsigned i, staying;

	ck_assert_str_eq(stats_of(fb).why, "SHMFB_NO_FD is set; "
			 "MIT-SHM 1.2 attaches System V segments");
	for (i = 0; i < 20; i++) {
		draw(fb, i);
		if (i % 5 == 0) {
			settle(fb, c);
			check_shows(c, fb, 641, 479, i);
		}
	}
	settle(fb, c);
	check_shows(c, fb, 641, 479, 19);
	ck_assert_str_eq(stats_of(fb).path, "shm-sysv");
	ck_assert_uint_eq(stats_of(fb).client_copies, 0);
	ck_assert_uint_eq(stats_of(fb).frames_shown, 20);
	/* Used, and marked to go. */
	ck_assert_uint_ge(segments_of(getpid(), &staying), 1);
	ck_assert_uint_eq(staying, 0);
	shmfb_close(fb);
	check_no_segments(getpid());
}
END_TEST

START_TEST(resized_and_painted_again)
{
	struct shmfb *fb = open_sized(100, 100, SHMFB_SYSV);
	unsigned i, staying;

	for (i = 0; i < 100; i++) {
		ck_assert_int_eq(shmfb_resize(fb, 100 + 5 * i, 100 + i), 0);
		settle(fb, c);
		if (i % 3)
			continue;
		draw(fb, i);
		settle(fb, c);
		check_shows(c, fb, 100 + 5 * i, 100 + i, i);
		ck_assert_uint_le(segments_of(getpid(), &staying),
				  SHMFB_SLOTS + 1);
		ck_assert_uint_eq(staying, 0);
	}
	ck_assert_uint_ge(stats_of(fb).repaints, 60);
	ck_assert_uint_eq(stats_of(fb).frames_failed, 0);
	shmfb_close(fb);
	check_no_segments(getpid());
}
END_TEST

static bool
is_whole(struct shmfb *fb, void *data)
{
	(void)data;
	return shmfb_rect_empty(&fb->repaint) && !fb->flight.count;
}

/* It is read back to be trusted, whatever its pixels look like. */
START_TEST(trusted_at_every_depth)
{
	static const char *const screens[] = { "640x480x16", "640x480x30" };
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	struct xserver server;
	struct shmfb *fb;

	xserver_start(&server, screens[_i], NULL);
	opt.display = server.display;
	opt.backend = SHMFB_SYSV;
	fb = open_window(&opt);
	ck_assert_str_eq(stats_of(fb).path, "shm-sysv");
	shmfb_close(fb);
	xserver_stop(&server);
}
END_TEST

/* The server comes to refuse it: the frame is there, by the socket. */
START_TEST(refused_later)
{
	struct shmfb *fb = open_sized(64, 64, SHMFB_AUTO);

	draw(fb, 1);
	settle(fb, c);
	xcb_shm_detach(fb->x->conn, fb->newest->segment->xid);
	draw(fb, 2);
	settle(fb, c);
	wait_until(fb, is_whole, NULL);
	settle(fb, c);
	check_shows(c, fb, 64, 64, 2);
	ck_assert_str_eq(stats_of(fb).path, "put");
	ck_assert_ptr_nonnull(strstr(stats_of(fb).why, "BadShmSeg"));
	shmfb_close(fb);
	check_no_segments(getpid());
}
END_TEST

/* -------------------------------------------------------------- faults -- */

START_TEST(none_to_be_had)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	struct shmfb *fb = NULL;

	fault_always("shmget", ENOSPC);
	opt.backend = SHMFB_SYSV;
	ck_assert_int_eq(shmfb_open(&fb, &opt), -ENOTSUP);
	ck_assert_ptr_nonnull(strstr(shmfb_error(), "No space left"));
	fb = open_sized(64, 64, SHMFB_AUTO);
	ck_assert(fault_off());
	ck_assert_str_eq(stats_of(fb).path, "put");
	ck_assert_ptr_nonnull(strstr(stats_of(fb).why, "SHMFB_NO_FD is set; "
				     "no System V segment to be had"));
	draw(fb, 1);
	settle(fb, c);
	check_shows(c, fb, 64, 64, 1);
	shmfb_close(fb);
}
END_TEST

START_TEST(none_for_the_canvas)
{
	struct shmfb *fb = open_sized(64, 64, SHMFB_AUTO);
	struct shmfb_canvas canvas;

	fault_always("shmat", ENOMEM);
	draw(fb, 1);
	ck_assert(fault_off());
	settle(fb, c);
	check_shows(c, fb, 64, 64, 1);
	ck_assert_str_eq(stats_of(fb).path, "put");
	ck_assert_ptr_nonnull(strstr(stats_of(fb).why, "no shared memory"));
	shmfb_close(fb);

	fb = open_sized(64, 64, SHMFB_SYSV);
	fault_always("shmat", ENOMEM);
	ck_assert_int_eq(shmfb_begin(fb, &canvas), -ENOMEM);
	ck_assert(fault_off());
	draw(fb, 2);
	settle(fb, c);
	check_shows(c, fb, 64, 64, 2);
	shmfb_close(fb);
	check_no_segments(getpid());
}
END_TEST

/* The second number that a new descriptor of the process would have. */
static rlim_t
second_free(pid_t pid)
{
	unsigned fd, found = 0;
	char name[64];

	for (fd = 0; found < 2; fd++) {
		snprintf(name, sizeof(name), "/proc/%d/fd/%u", (int)pid, fd);
		found += access(name, F_OK) < 0 && errno == ENOENT;
	}
	return fd - 1;
}

/* The server itself has no room for a descriptor: one step down. */
START_TEST(server_has_no_descriptor)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	struct xserver server;
	xcb_connection_t *there;
	struct rlimit limit;
	struct shmfb *fb;

	unsetenv("SHMFB_NO_FD");
	xserver_start(&server, "640x480x24", NULL);
	there = x_connect(server.display);
	x_sync(there);
	ck_assert_int_eq(prlimit(server.pid, RLIMIT_NOFILE, NULL, &limit), 0);
	/* Room for the connection, and that is all. */
	limit.rlim_cur = second_free(server.pid);
	ck_assert_int_eq(prlimit(server.pid, RLIMIT_NOFILE, &limit, NULL), 0);
	opt.display = server.display;
	fb = open_window(&opt);
	ck_assert_msg(strcmp(stats_of(fb).path, "shm-sysv") == 0, "%s: %s",
		      stats_of(fb).path, stats_of(fb).why);
	ck_assert_msg(strstr(stats_of(fb).why, "refused the descriptor"),
		      "%s", stats_of(fb).why);
	draw(fb, 1);
	settle(fb, there);
	check_shows(there, fb, 640, 480, 1);
	shmfb_close(fb);
	xcb_disconnect(there);
	xserver_stop(&server);
}
END_TEST

/* Each call once; the watch sees what is left behind. */
START_TEST(fails_cleanly)
{
	struct shmfb_canvas canvas;
	bool failed = true;
	struct shmfb *fb;
	unsigned n;

	for (n = 1; failed; n++) {
		fault_nth(NULL, n, ENOMEM);
		if (shmfb_open(&fb, NULL) == 0) {
			shmfb_begin(fb, &canvas);
			failed = fault_off();
			draw(fb, n);
			settle(fb, c);
			check_shows(c, fb, 640, 480, n);
			shmfb_close(fb);
		} else {
			failed = fault_off();
		}
		check_no_segments(getpid());
	}
	ck_assert_uint_gt(n, 6);
}
END_TEST

/* --------------------------------------------------------------- kills -- */

/* Stops at one of these points, to be killed. */
enum { BEGUN, PRESENTED, SHOWN, RESIZED, POINTS };

static void
stop_at(int point)
{
	struct shmfb_canvas canvas;
	struct shmfb *fb;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fb = open_sized(300, 200, SHMFB_SYSV);
	draw(fb, 1);
	ck_assert_int_eq(shmfb_begin(fb, &canvas), 0);
	if (point == BEGUN)
		raise(SIGSTOP);
	fill(canvas.pixels, canvas.stride, canvas.width, canvas.height, 2);
	ck_assert_int_eq(shmfb_present(fb, NULL, 0), 0);
	if (point == PRESENTED)
		raise(SIGSTOP);
	x_sync(fb->x->conn);
	shmfb_dispatch(fb);
	if (point == SHOWN)
		raise(SIGSTOP);
	shmfb_resize(fb, 1000, 500);
	x_sync(fb->x->conn);
	shmfb_dispatch(fb);
	draw(fb, 3);
	raise(SIGSTOP);
	_exit(1);
}

/* What is killed leaves nothing, whatever it was about to do. */
START_TEST(killed)
{
	int status;
	pid_t pid;

	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		stop_at(_i);
	ck_assert_int_eq(waitpid(pid, &status, WUNTRACED), pid);
	ck_assert(WIFSTOPPED(status));
	ck_assert_uint_ge(segments_of(pid, &(unsigned){ 0 }), 1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	check_no_segments(pid);
}
END_TEST

/* ---------------------------------------------------------- namespaces -- */

enum { SKIPPED = 77, DECOYS = 8 };

/* A namespace of System V objects for this process; root, or pretend to be. */
static bool
leave_namespace(void)
{
	return unshare(CLONE_NEWIPC) == 0 ||
	       unshare(CLONE_NEWUSER | CLONE_NEWIPC) == 0;
}

/* By the socket, with these words; the exit code of the process. */
static int
shows_by_put(const char *display, const char *words)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	xcb_connection_t *own = x_connect(display);
	struct shmfb *fb = NULL;

	opt.display = display;
	opt.backend = SHMFB_SYSV;
	ck_assert_int_eq(shmfb_open(&fb, &opt), -ENOTSUP);
	ck_assert_msg(strstr(shmfb_error(), words), "\"%s\"", shmfb_error());
	opt.backend = SHMFB_AUTO;
	fb = open_window(&opt);
	ck_assert_str_eq(stats_of(fb).path, "put");
	ck_assert_msg(strstr(stats_of(fb).why, words), "\"%s\"",
		      stats_of(fb).why);
	draw(fb, 1);
	settle(fb, own);
	check_shows(own, fb, 640, 480, 1);
	shmfb_close(fb);
	xcb_disconnect(own);
	return 0;
}

static int
exit_code_of(pid_t pid)
{
	int status;

	ck_assert_int_ge(pid, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Its numbers are not the server's, which has none of that number. */
START_TEST(another_namespace)
{
	pid_t pid = fork();
	int code;

	if (pid == 0)
		_exit(leave_namespace() ?
		      shows_by_put(NULL, "refused the System V segment") :
		      SKIPPED);
	code = exit_code_of(pid);
	if (code == SKIPPED)
		fprintf(stderr, "no namespaces for this user\n");
	else
		ck_assert_int_eq(code, 0);
}
END_TEST

/* Numbers that are given out in a namespace begin with the same ones. */
static int
take_numbers(void)
{
	void *memory;
	int i, id;

	for (i = 0; i < DECOYS; i++) {
		id = shmget(IPC_PRIVATE, 65536, IPC_CREAT | 0666);
		memory = id < 0 ? NULL : shmat(id, NULL, 0);
		if (id < 0 || memory == (void *)-1)
			return -1;
		memset(memory, 0x55, 65536);
		shmctl(id, IPC_RMID, NULL);
	}
	return 0;
}

static int
meet_strangers(void)
{
	struct xserver server;
	int code;

	if (!leave_namespace())
		return SKIPPED;
	if (take_numbers() < 0)
		return 3;
	xserver_start(&server, "800x600x24", NULL);
	/* The server stays in that one. */
	code = leave_namespace() ? shows_by_put(server.display,
		"the server has another System V segment") : SKIPPED;
	xserver_stop(&server);
	return code;
}

/* The server has somebody else's of that number, and would show it. */
START_TEST(another_segment_of_that_number)
{
	pid_t pid = fork();
	int code;

	if (pid == 0)
		_exit(meet_strangers());
	code = exit_code_of(pid);
	if (code == SKIPPED)
		fprintf(stderr, "no namespaces for this user\n");
	else
		ck_assert_int_eq(code, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sysv");
	TCase *tc = suite_case(s, "drawing");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, descriptors_first);
	tcase_add_test(tc, drawn_without_a_copy);
	tcase_add_test(tc, resized_and_painted_again);
	tcase_add_loop_test(tc, trusted_at_every_depth, 0, 2);
	tcase_add_test(tc, refused_later);

	tc = suite_case(s, "faults");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, none_to_be_had);
	tcase_add_test(tc, none_for_the_canvas);
	tcase_add_test(tc, server_has_no_descriptor);
	tcase_add_test(tc, fails_cleanly);

	tc = suite_case(s, "kills");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, killed, 0, POINTS);

	tc = suite_case(s, "namespaces");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, another_namespace);
	tcase_add_test(tc, another_segment_of_that_number);
	return suite_run(s);
}
