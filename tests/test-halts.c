/* SPDX-License-Identifier: MIT */
/*
 * test-halts.c - a server that stops for a while, and one that is killed
 *
 * Each way to the window, with an application that does nothing but draw: it
 * goes on when the server does, and is told when there is none any more.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <shmfb/shmfb.h>

#include "base/base.h"
#include "base/clock.h"
#include "suite.h"
#include "xtool.h"

enum { WIDTH = 320, HEIGHT = 200 };

static const struct {
	enum shmfb_backend backend;
	enum shmfb_vsync vsync;
} ways[] = {
	{ SHMFB_SHM, SHMFB_VSYNC_ADAPTIVE }, { SHMFB_SHM, SHMFB_VSYNC_OFF },
	{ SHMFB_SHM, SHMFB_VSYNC_ON },
	{ SHMFB_SYSV, SHMFB_VSYNC_ADAPTIVE }, { SHMFB_SYSV, SHMFB_VSYNC_OFF },
	{ SHMFB_SYSV, SHMFB_VSYNC_ON },
	{ SHMFB_PUT, SHMFB_VSYNC_ADAPTIVE }, { SHMFB_PUT, SHMFB_VSYNC_OFF },
	{ SHMFB_PUT, SHMFB_VSYNC_ON },
	{ SHMFB_PRESENT, SHMFB_VSYNC_ADAPTIVE }, { SHMFB_PRESENT, SHMFB_VSYNC_OFF },
	{ SHMFB_PRESENT, SHMFB_VSYNC_ON },
};

#define WAYS ((int)BASE_ARRAY_SIZE(ways))

static struct xserver server;
static struct shmfb *fb;

static void
setup(void)
{
	xserver_start(&server, "640x480x24", NULL);
}

static void
teardown(void)
{
	xserver_stop(&server);
}

static void
start(int way)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;

	opt.display = server.display;
	opt.width = WIDTH;
	opt.height = HEIGHT;
	opt.backend = ways[way].backend;
	opt.vsync = ways[way].vsync;
	fb = open_window(&opt);
}

/* What shmfb_begin() says; when that is 0, it is drawn and on its way. */
static int
try_draw(uint32_t seed)
{
	struct shmfb_canvas canvas;
	int err = shmfb_begin(fb, &canvas);

	if (err)
		return err;
	fill(canvas.pixels, canvas.stride, canvas.width, canvas.height, seed);
	return shmfb_present(fb, NULL, 0);
}

/* As applications do; false when there is nothing to draw on any more. */
static bool
draw(uint32_t seed)
{
	int err;

	while ((err = try_draw(seed)) == -EAGAIN)
		if (!shmfb_pump(fb))
			return false;
	ck_assert_msg(err == 0 || err == -EPIPE, "%d: %s", err,
		      shmfb_error());
	return err == 0;
}

static void
check(uint32_t seed)
{
	xcb_connection_t *c = x_connect(server.display);

	settle(fb, c);
	check_shows(c, fb, WIDTH, HEIGHT, seed);
	xcb_disconnect(c);
}

/* In so many ms, by another process, which is to be waited for. */
static pid_t
signal_later(int signal, unsigned ms)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid)
		return pid;
	usleep(ms * 1000);
	kill(server.pid, signal);
	_exit(0);
}

static uint64_t
cpu_ns(void)
{
	struct rusage r;

	getrusage(RUSAGE_SELF, &r);
	return ((uint64_t)r.ru_utime.tv_sec + (uint64_t)r.ru_stime.tv_sec) *
		BASE_NS_PER_S + ((uint64_t)r.ru_utime.tv_usec +
				 (uint64_t)r.ru_stime.tv_usec) * 1000;
}

/* Nothing waits for it but pump, which sleeps; and nothing is lost. */
START_TEST(stopped)
{
	uint64_t until, before;
	unsigned i, n = 0;
	pid_t pid;
	int err;

	start(_i);
	for (; n < 5; n++)
		ck_assert(draw(n));
	check(n - 1);
	kill(server.pid, SIGSTOP);
	until = base_now_ns() + 100 * BASE_NS_PER_MS;
	for (i = 0; base_now_ns() < until; i++) {
		before = base_now_ns();
		err = try_draw(n);
		n += err == 0;
		ck_assert_msg(err == 0 || err == -EAGAIN, "%s",
			      shmfb_error());
		ck_assert_int_eq(shmfb_dispatch(fb), 0);
		/* Not for as long as the server is stopped. */
		ck_assert_uint_lt(base_now_ns() - before,
				  2 * BASE_NS_PER_S);
		ck_assert_uint_le(shmfb_in_flight(fb), 2);
		usleep(2000);
	}
	ck_assert_uint_le(n, 5 + 2);
	/* And 100 ms more, in which it sleeps. */
	pid = signal_later(SIGCONT, 100);
	before = cpu_ns();
	ck_assert(draw(n++));
	if (n > 7)
		ck_assert_uint_lt(cpu_ns() - before, 60 * BASE_NS_PER_MS);
	waitpid(pid, NULL, 0);
	for (i = 0; i < 5; i++)
		ck_assert(draw(n++));
	check(n - 1);
	ck_assert_uint_eq(stats_of(fb).frames_shown, n);
	ck_assert_uint_eq(stats_of(fb).frames_failed, 0);
	ck_assert_uint_eq(stats_of(fb).in_flight, 0);
	shmfb_close(fb);
}
END_TEST

static void
select_on(xcb_connection_t *c, xcb_window_t window, uint32_t mask)
{
	xcb_change_window_attributes(c, window, XCB_CW_EVENT_MASK, &mask);
	x_sync(c);
}

/* The window is managed, and normal (1), or no longer is (0). */
static void
write_wm_state(xcb_connection_t *c, uint32_t state)
{
	const uint32_t value[2] = { state, XCB_NONE };
	xcb_atom_t name = x_atom(c, "WM_STATE");

	xcb_change_property(c, XCB_PROP_MODE_REPLACE, shmfb_window_id(fb),
			    name, name, 32, 2, value);
	x_sync(c);
}

/* The server stops when the manager has said something that is not read yet. */
static void
check_dispatch_stopped(xcb_connection_t *c)
{
	uint64_t before;
	pid_t pid;

	x_sync(c);
	kill(server.pid, SIGSTOP);
	pid = signal_later(SIGCONT, 3000);
	before = base_now_ns();
	ck_assert_int_eq(shmfb_dispatch(fb), 0);
	ck_assert_uint_lt(base_now_ns() - before, BASE_NS_PER_S);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	kill(server.pid, SIGCONT);
	settle(fb, c);
}

/* As managers let go of a window, in either way; or do not, for too long. */
static void
leave(xcb_connection_t *c, int way)
{
	xcb_window_t window = shmfb_window_id(fb);

	xcb_delete_property(c, window, x_atom(c, "_NET_WM_STATE"));
	if (way == 0)
		xcb_delete_property(c, window, x_atom(c, "WM_STATE"));
	if (way == 1) {
		write_wm_state(c, 0);
		/* It asks what that is: the answer is what is not read yet. */
		ck_assert_int_eq(shmfb_dispatch(fb), 0);
		x_sync(c);
	}
	if (way == 2)
		usleep(1100 * 1000);
}

/* It stops while the window waits for its manager, which lets go of it. */
START_TEST(stopped_while_it_returns)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	xcb_connection_t *c = x_connect(server.display);
	xcb_generic_event_t *e;
	bool asked = false;

	select_on(c, xcb_setup_roots_iterator(xcb_get_setup(c)).data->root,
		  XCB_EVENT_MASK_SUBSTRUCTURE_REDIRECT);
	opt.display = server.display;
	opt.flags = SHMFB_FULLSCREEN;
	fb = open_window(&opt);
	settle(fb, c);
	write_wm_state(c, 1);
	xcb_map_window(c, shmfb_window_id(fb));
	x_sync(c);
	settle(fb, c);
	ck_assert_int_eq(shmfb_set_visible(fb, false), 0);
	settle(fb, c);
	ck_assert_int_eq(shmfb_set_visible(fb, true), 0);
	settle(fb, c);
	while ((e = xcb_poll_for_event(c)))
		free(e);
	leave(c, _i);
	check_dispatch_stopped(c);
	/* And it asks to be mapped. */
	x_sync(c);
	while ((e = xcb_poll_for_event(c))) {
		asked |= (e->response_type & 0x7f) == XCB_MAP_REQUEST;
		free(e);
	}
	ck_assert(asked);
	shmfb_close(fb);
	xcb_disconnect(c);
}
END_TEST

/* It is over, with words for it; and close() leaves nothing behind. */
static void
check_is_over(void)
{
	struct shmfb_canvas canvas;
	struct shmfb_event e;

	ck_assert(!shmfb_pump(fb));
	ck_assert_int_eq(shmfb_begin(fb, &canvas), -EPIPE);
	ck_assert_msg(strstr(shmfb_error(), "closed the connection"), "%s",
		      shmfb_error());
	ck_assert_int_eq(shmfb_dispatch(fb), -EPIPE);
	ck_assert_uint_eq(stats_of(fb).in_flight, 0);
	/* Its user did not close it. */
	while (shmfb_next_event(fb, &e))
		ck_assert_int_ne(e.type, SHMFB_EVENT_CLOSE);
	shmfb_close(fb);
	check_no_segments(getpid());
}

/* With frames on their way that it has not looked at. */
START_TEST(killed_while_stopped)
{
	start(_i);
	ck_assert(draw(1));
	check(1);
	kill(server.pid, SIGSTOP);
	/* A timer is the clock when the display's has stopped. */
	ck_assert(draw(2));
	ck_assert_uint_gt(stats_of(fb).in_flight, 0);
	kill(server.pid, SIGKILL);
	while (draw(3))
		;
	check_is_over();
}
END_TEST

/*
 * libxcb's poll(), too.  While it is blind it sees that there is room to write,
 * and not that there is nobody to read: as if the server died in between.
 */
static bool blind;

__attribute__((visibility("default"))) int
poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	const struct timespec timeout = { timeout_ms / 1000,
		timeout_ms % 1000 * 1000000 };
	int ready = ppoll(fds, n, timeout_ms < 0 ? NULL : &timeout, NULL);
	nfds_t i;

	for (i = 0; i < n && blind; i++)
		fds[i].revents &= POLLOUT;
	return ready;
}

static volatile sig_atomic_t broken;

static void
count_signal(int signal)
{
	(void)signal;
	broken++;
}

/* Nobody has told the application, which gets no answer to what it asks. */
START_TEST(killed_before_a_grab)
{
	siginfo_t dead;

	start(0);
	ck_assert(draw(1));
	check(1);
	kill(server.pid, SIGKILL);
	ck_assert_int_eq(waitid(P_PID, (id_t)server.pid, &dead,
				WEXITED | WNOWAIT), 0);
	ck_assert_int_eq(shmfb_grab_pointer(fb, true), -EPIPE);
	ck_assert_msg(strstr(shmfb_error(), "closed the connection"), "%s",
		      shmfb_error());
	check_is_over();
}
END_TEST

/* What happens then is what the process has decided; by default nothing. */
START_TEST(killed_in_mid_write)
{
	siginfo_t dead;
	sigset_t now;

	ck_assert_ptr_ne(signal(SIGPIPE, _i == 0 ? SIG_DFL : _i == 1 ?
				SIG_IGN : count_signal), SIG_ERR);
	start(0);
	ck_assert(draw(1));
	check(1);
	kill(server.pid, SIGKILL);
	ck_assert_int_eq(waitid(P_PID, (id_t)server.pid, &dead,
				WEXITED | WNOWAIT), 0);
	blind = true;
	shmfb_set_title(fb, "to nobody");
	blind = false;
	ck_assert_int_eq(broken, _i == 2);
	ck_assert_int_eq(sigpending(&now), 0);
	ck_assert(!sigismember(&now, SIGPIPE));
	ck_assert_int_eq(pthread_sigmask(SIG_BLOCK, NULL, &now), 0);
	ck_assert(!sigismember(&now, SIGPIPE));
	check_is_over();
}
END_TEST

/* At any moment, for what the application knows. */
START_TEST(killed_at_work)
{
	pid_t pid;
	unsigned n;

	start(_i / 2);
	pid = signal_later(SIGKILL, 10 + 17 * (unsigned)(_i % 2));
	for (n = 0; draw(n); n++)
		;
	waitpid(pid, NULL, 0);
	check_is_over();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("halts");
	TCase *tc = suite_case(s, "halts");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, stopped, 0, WAYS);
	tcase_add_loop_test(tc, stopped_while_it_returns, 0, 3);
	tcase_add_loop_test(tc, killed_while_stopped, 0, WAYS);
	tcase_add_test(tc, killed_before_a_grab);
	tcase_add_loop_test(tc, killed_in_mid_write, 0, 3);
	tcase_add_loop_test(tc, killed_at_work, 0, 2 * WAYS);
	return suite_run(s);
}
