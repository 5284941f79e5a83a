/* SPDX-License-Identifier: MIT */
/*
 * test-clock.c - sixty frames a second, by the display or by the timer
 *
 * The machine that runs this may be busy with other things: rates have an
 * upper limit that is strict and a lower one that is not.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xcb/present.h>

#include <shmfb/shmfb.h>

#include "base/clock.h"
#include "shmfb/window.h"
#include "suite.h"
#include "xtool.h"

static struct xserver server;
static xcb_connection_t *c;

static void
setup(void)
{
	xserver_start(&server, "800x600x24", NULL);
	c = x_connect(server.display);
}

static void
teardown(void)
{
	xcb_disconnect(c);
	xserver_stop(&server);
}

static struct shmfb *
open_small(enum shmfb_vsync vsync)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;

	opt.display = server.display;
	opt.width = 64;
	opt.height = 64;
	opt.vsync = vsync;
	return open_window(&opt);
}

/* One frame, as soon as it is due. */
static void
frame(struct shmfb *fb)
{
	struct shmfb_canvas canvas;
	int err;

	while ((err = shmfb_begin(fb, &canvas)) == -EAGAIN)
		ck_assert(shmfb_pump(fb));
	ck_assert_int_eq(err, 0);
	memset(canvas.pixels, 0, canvas.stride * canvas.height);
	ck_assert_int_eq(shmfb_present(fb, NULL, 0), 0);
}

/* Frames a second, over n of them. */
static double
rate(struct shmfb *fb, unsigned n)
{
	uint64_t begun;
	unsigned i;

	frame(fb);
	frame(fb);
	begun = base_now_ns();
	for (i = 0; i < n; i++)
		frame(fb);
	return n * 1e9 / (double)(base_now_ns() - begun);
}

/*
 * In one of many short tries: others may take the processor away.  Who was
 * late for the first of 15 frames may see the others come a little faster.
 */
static void
check_sixty(struct shmfb *fb)
{
	double hz = 0;
	unsigned i;

	for (i = 0; i < 40 && (hz < 58 || hz > 62); i++) {
		hz = rate(fb, 15);
		ck_assert_double_lt(hz, 70);
	}
	ck_assert_double_gt(hz, 58);
	ck_assert_double_lt(hz, 62);
}

static const enum shmfb_vsync paced[] = {
	SHMFB_VSYNC_ADAPTIVE, SHMFB_VSYNC_ON,
};

START_TEST(display_paces)
{
	struct shmfb *fb = open_small(paced[_i]);

	check_sixty(fb);
	ck_assert_str_eq(stats_of(fb).clock, "present");
	shmfb_close(fb);
}
END_TEST

START_TEST(timer_paces)
{
	struct shmfb *fb;

	setenv("SHMFB_NO_PRESENT", "1", 1);
	fb = open_small(paced[_i]);
	unsetenv("SHMFB_NO_PRESENT");
	check_sixty(fb);
	ck_assert_str_eq(stats_of(fb).clock, "timer");
	shmfb_close(fb);
}
END_TEST

START_TEST(nobody_paces)
{
	struct shmfb *fb = open_small(SHMFB_VSYNC_OFF);
	double hz = rate(fb, 500);

	ck_assert_double_gt(hz, 200);
	ck_assert_str_eq(stats_of(fb).clock, "none");
	shmfb_close(fb);
}
END_TEST

/* Whoever comes late need not wait. */
START_TEST(idle_shows_at_once)
{
	struct shmfb *fb = open_small(SHMFB_VSYNC_ADAPTIVE);
	struct pollfd p = { shmfb_fd(fb), POLLIN, 0 };
	struct shmfb_canvas canvas;
	unsigned i, late;

	for (i = 0; i < 3; i++) {
		frame(fb);
		/* On a busy machine the server may be late, too. */
		for (late = 0; late < 100 && !shmfb_ready(fb); late++) {
			usleep(50000);
			/* One look may find a part of what it has said. */
			while (poll(&p, 1, 0) > 0)
				shmfb_dispatch(fb);
		}
		ck_assert(shmfb_ready(fb));
		ck_assert_int_eq(shmfb_begin(fb, &canvas), 0);
		ck_assert_int_eq(shmfb_present(fb, NULL, 0), 0);
		ck_assert(!shmfb_ready(fb));
	}
	shmfb_close(fb);
}
END_TEST

static bool
is_ready(struct shmfb *fb, void *data)
{
	(void)data;
	return shmfb_ready(fb);
}

/* ------------------------------------------------ always at a refresh -- */

/* A canvas that is presented now, whenever that is. */
static void
frame_now(struct shmfb *fb, uint32_t seed)
{
	struct shmfb_canvas canvas;

	ck_assert_int_eq(shmfb_begin(fb, &canvas), 0);
	fill(canvas.pixels, canvas.stride, 64, 64, seed);
	ck_assert_int_eq(shmfb_present(fb, NULL, 0), 0);
}

/* Until the timer takes over: of ticks that do not come. */
static void
put_off(struct shmfb *fb)
{
	ck_assert(shmfb_ready(fb));
	while (fb->clock.waiting)
		ck_assert(shmfb_dispatch(fb) == 0);
	fb->clock.tick_ns = 0;
	fb->clock.msc = UINT64_C(1) << 40;
}

/* Not before the refresh: until then the window shows what it did. */
START_TEST(held_back)
{
	struct shmfb *fb = open_small(SHMFB_VSYNC_ON);
	struct shmfb_canvas canvas;

	frame_now(fb, 1);
	settle(fb, c);
	check_shows(c, fb, 64, 64, 1);
	put_off(fb);
	frame_now(fb, 2);
	ck_assert_uint_eq(shmfb_in_flight(fb), 1);
	ck_assert_uint_eq(fb->flight.count, 0);
	ck_assert(!shmfb_ready(fb));
	ck_assert_int_eq(shmfb_begin(fb, &canvas), -EAGAIN);
	x_sync(fb->x->conn);
	check_shows(c, fb, 64, 64, 1);
	ck_assert_ptr_nonnull(fb->held.picture);
	wait_until(fb, is_ready, NULL);
	/* It is sent with the tick, and the next one may be drawn already. */
	ck_assert_ptr_null(fb->held.picture);
	ck_assert(fb->clock.waiting);
	ck_assert_uint_lt(fb->sent_ns - fb->clock.tick_ns,
			  SHMFB_TICK_LOST_NS / 2);
	settle(fb, c);
	check_shows(c, fb, 64, 64, 2);
	ck_assert_uint_eq(stats_of(fb).frames_shown, 2);
	shmfb_close(fb);
}
END_TEST

/* Made ready for a window that is another one at the refresh. */
START_TEST(held_back_and_resized)
{
	struct shmfb_view view = SHMFB_VIEW_INIT;
	struct shmfb *fb = open_small(SHMFB_VSYNC_ON);
	double x, y;

	frame_now(fb, 1);
	settle(fb, c);
	put_off(fb);
	frame_now(fb, 2);
	view.rotation = 2;
	ck_assert_int_eq(shmfb_set_view(fb, &view), 0);
	ck_assert_ptr_nonnull(fb->held.picture);
	settle(fb, c);
	view.rotation = 0;
	ck_assert_int_eq(shmfb_set_view(fb, &view), 0);
	put_off(fb);
	frame_now(fb, 3);
	view.rotation = 1;
	ck_assert_int_eq(shmfb_set_view(fb, &view), 0);
	view.rotation = 0;
	settle(fb, c);
	ck_assert_int_eq(shmfb_set_view(fb, &view), 0);
	settle(fb, c);
	check_shows(c, fb, 64, 64, 3);
	ck_assert(shmfb_to_picture(fb, 3, 5, &x, &y));
	ck_assert_uint_eq(stats_of(fb).frames_failed, 0);
	shmfb_close(fb);
}
END_TEST

/* What waits is let go of, and its slot is nobody's. */
START_TEST(held_back_and_closed)
{
	struct shmfb *fb = open_small(SHMFB_VSYNC_ON);

	frame_now(fb, 1);
	settle(fb, c);
	put_off(fb);
	frame_now(fb, 2);
	ck_assert_uint_eq(fb->held.picture->slot->pins, 1);
	shmfb_lost(fb, "as if");
	ck_assert_ptr_null(fb->held.picture);
	ck_assert_uint_eq(shmfb_in_flight(fb), 0);
	shmfb_close(fb);
}
END_TEST

/* Who draws for most of a refresh is shown at each of them all the same. */
START_TEST(slow_drawing)
{
	struct shmfb *fb = open_small(SHMFB_VSYNC_ON);
	uint64_t begun;
	double hz = 0;
	unsigned i, n;

	for (n = 0; n < 40 && hz < 55; n++) {
		begun = base_now_ns();
		for (i = 0; i < 15; i++) {
			while (!shmfb_ready(fb))
				ck_assert(shmfb_pump(fb));
			usleep(9000);
			frame_now(fb, i);
		}
		hz = 15e9 / (double)(base_now_ns() - begun);
		ck_assert_double_lt(hz, 70);
	}
	ck_assert_double_ge(hz, 55);
	shmfb_close(fb);
}
END_TEST

/* ------------------------------------------------------------- missed -- */

/* A canvas takes five refreshes to draw: two came too early, at least. */
START_TEST(drawn_too_slowly)
{
	struct shmfb *fb = open_small(paced[_i]);
	struct shmfb_canvas canvas;
	uint64_t begun, most;

	frame(fb);
	wait_until(fb, is_ready, NULL);
	ck_assert_uint_eq(stats_of(fb).missed, 0);
	begun = base_now_ns();
	ck_assert_int_eq(shmfb_begin(fb, &canvas), 0);
	usleep(90000);
	ck_assert_int_eq(shmfb_present(fb, NULL, 0), 0);
	most = (base_now_ns() - begun) / (10 * BASE_NS_PER_MS);
	while (fb->held.picture)
		ck_assert(shmfb_pump(fb));
	ck_assert_uint_ge(stats_of(fb).missed, 2);
	ck_assert_uint_le(stats_of(fb).missed, most);
	shmfb_close(fb);
}
END_TEST

/* A frame lies in its ring for five refreshes, or only until the next. */
START_TEST(shown_too_late)
{
	struct shmfb *fb = open_small(paced[_i]);
	struct shmx_reader_options ropt = SHMX_READER_OPTIONS_INIT;
	struct shmx_producer *producer;
	struct shmx_reader *reader;
	struct shmx_hold *hold;
	struct shmx_frame f;
	uint64_t before, good = 0;
	unsigned i;

	ropt.holds = 3;
	ck_assert_int_eq(shmx_producer_open_image(&producer, "late", 64, 64,
						  SHMX_XRGB8888), 0);
	ck_assert_int_eq(shmx_reader_open(&reader, "late", &ropt), 0);
	for (i = 0; i < 40; i++) {
		shmx_begin(producer, &f);
		memset(f.pixels, (int)i, f.stride * f.height);
		ck_assert(shmx_publish(producer, &f));
		if (i == 30)
			usleep(90000);
		while (!shmfb_ready(fb))
			ck_assert(shmfb_pump(fb));
		before = stats_of(fb).missed;
		ck_assert_int_eq(shmx_hold_latest(reader, &hold), 0);
		ck_assert_int_eq(shmfb_show(fb, hold), 0);
		shmx_release(hold);
		while (fb->held.picture)
			ck_assert(shmfb_pump(fb));
		good += stats_of(fb).missed == before;
		if (i == 30)
			ck_assert_uint_ge(stats_of(fb).missed - before, 2);
	}
	/* Others may take the processor away for as long. */
	ck_assert_uint_ge(good, 20);
	shmfb_close(fb);
	shmx_reader_close(reader);
	shmx_producer_close(producer);
}
END_TEST

/* Which ticks lie between, by the last one and what is between two. */
START_TEST(ticks_are_counted)
{
	struct shmfb_clock k = { .tick_ns = 1000, .period_ns = 100 };

	ck_assert_uint_eq(shmfb_clock_ticks(&k, 1001, 1099), 0);
	ck_assert_uint_eq(shmfb_clock_ticks(&k, 1001, 1100), 1);
	ck_assert_uint_eq(shmfb_clock_ticks(&k, 1000, 1099), 0);
	ck_assert_uint_eq(shmfb_clock_ticks(&k, 999, 1000), 1);
	ck_assert_uint_eq(shmfb_clock_ticks(&k, 901, 999), 0);
	ck_assert_uint_eq(shmfb_clock_ticks(&k, 899, 1250), 4);
	ck_assert_uint_eq(shmfb_clock_ticks(&k, 1250, 1000), 0);
	k.vsync = SHMFB_VSYNC_OFF;
	ck_assert_uint_eq(shmfb_clock_ticks(&k, 899, 1250), 0);
}
END_TEST

START_TEST(no_such_vsync)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	struct shmfb *fb = NULL;

	opt.display = server.display;
	opt.vsync = (enum shmfb_vsync)3;
	ck_assert_int_eq(shmfb_open(&fb, &opt), -EINVAL);
	ck_assert_ptr_null(fb);
}
END_TEST

/* The display is asked for a tick that does not come: on with the timer. */
START_TEST(lost_ticks)
{
	struct shmfb *fb = open_small(SHMFB_VSYNC_ADAPTIVE);
	uint64_t begun;
	unsigned i;

	frame(fb);
	wait_until(fb, is_ready, NULL);
	/* On another monitor, where that number is far away. */
	fb->clock.msc = UINT64_C(1) << 40;
	frame(fb);
	begun = base_now_ns();
	frame(fb);
	ck_assert_uint_ge(base_now_ns() - begun, SHMFB_TICK_LOST_NS / 2);
	ck_assert_str_eq(stats_of(fb).clock, "timer");
	/* Asked anew, it answers. */
	for (i = 0; i < 10; i++)
		frame(fb);
	ck_assert_str_eq(stats_of(fb).clock, "present");
	check_sixty(fb);
	shmfb_close(fb);
}
END_TEST

/* A server that sleeps for a while, and wakes up. */
START_TEST(server_sleeps)
{
	struct shmfb *fb = open_small(SHMFB_VSYNC_ADAPTIVE);
	uint64_t until;
	unsigned i;

	frame(fb);
	settle(fb, c);
	kill(server.pid, SIGSTOP);
	until = base_now_ns() + 200 * BASE_NS_PER_MS;
	while (base_now_ns() < until) {
		shmfb_dispatch(fb);
		usleep(5000);
		if (shmfb_ready(fb))
			frame(fb);
	}
	ck_assert_str_eq(stats_of(fb).clock, "timer");
	ck_assert_uint_eq(stats_of(fb).in_flight, 2);
	kill(server.pid, SIGCONT);
	for (i = 0; i < 10; i++)
		frame(fb);
	ck_assert_str_eq(stats_of(fb).clock, "present");
	shmfb_close(fb);
}
END_TEST

/* A tick by a server that says that it is shorter than a tick is. */
START_TEST(short_ticks)
{
	struct shmfb *fb = open_small(SHMFB_VSYNC_ADAPTIVE);
	xcb_present_complete_notify_event_t tick = {
		.response_type = XCB_GE_GENERIC,
		.extension = fb->x->present_opcode,
		.event_type = XCB_PRESENT_COMPLETE_NOTIFY,
		.kind = XCB_PRESENT_COMPLETE_KIND_NOTIFY_MSC,
	};
	xcb_ge_generic_event_t *event;

	frame(fb);
	wait_until(fb, is_ready, NULL);
	fb->clock.asked = true;
	fb->clock.waiting = true;
	tick.serial = fb->clock.serial;
	for (tick.length = 0; tick.length <= 2; tick.length++) {
		event = malloc(36 + tick.length * 4);
		ck_assert_ptr_nonnull(event);
		memcpy(event, &tick, 36 + tick.length * 4);
		shmfb_clock_event(fb, event);
		free(event);
		ck_assert(fb->clock.waiting == (tick.length < 2));
	}
	shmfb_close(fb);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("clock");
	TCase *tc = suite_case(s, "pace");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, display_paces, 0, 2);
	tcase_add_loop_test(tc, timer_paces, 0, 2);
	tcase_add_test(tc, nobody_paces);
	tcase_add_test(tc, idle_shows_at_once);
	tcase_add_test(tc, held_back);
	tcase_add_test(tc, held_back_and_resized);
	tcase_add_test(tc, held_back_and_closed);
	tcase_add_test(tc, slow_drawing);
	tcase_add_loop_test(tc, drawn_too_slowly, 0, 2);
	tcase_add_loop_test(tc, shown_too_late, 0, 2);
	tcase_add_test(tc, ticks_are_counted);
	tcase_add_test(tc, no_such_vsync);
	tcase_add_test(tc, lost_ticks);
	tcase_add_test(tc, server_sleeps);
	tcase_add_test(tc, short_ticks);
	return suite_run(s);
}
