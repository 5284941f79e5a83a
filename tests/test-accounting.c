/* SPDX-License-Identifier: MIT */
/*
 * test-accounting.c - whatever happens to the window, all slots come back
 *
 * A ring with its producer in this process tells how many of its slots are
 * held by somebody. After each mishap that number has to go back to what the
 * window shows, and to none once it is closed.
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <xcb/present.h>

#include <shmfb/shmfb.h>

#include "base/clock.h"
#include "shmfb/window.h"
#include "suite.h"
#include "xtool.h"

enum { WIDTH = 400, HEIGHT = 300 };

static struct shmx_producer *producer;
static struct shmx_reader *reader;
static struct xserver server;
static xcb_connection_t *c;
static struct shmfb *fb;

static void
open_by(enum shmfb_backend backend)
{
	struct shmx_reader_options ropt = SHMX_READER_OPTIONS_INIT;
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;

	/* Its own server, to be stopped and killed. */
	xserver_start(&server, "1024x768x24", NULL);
	c = x_connect(server.display);
	ropt.holds = 3;
	ck_assert_int_eq(shmx_producer_open_image(&producer, "test", WIDTH,
						  HEIGHT, SHMX_XRGB8888), 0);
	ck_assert_int_eq(shmx_reader_open(&reader, "test", &ropt), 0);
	opt.display = server.display;
	opt.width = WIDTH;
	opt.height = HEIGHT;
	opt.vsync = SHMFB_VSYNC_OFF;
	opt.backend = backend;
	fb = open_window(&opt);
}

static void
open_all(void)
{
	open_by(SHMFB_AUTO);
}

static void
open_to_present(void)
{
	open_by(SHMFB_PRESENT);
}

static uint32_t
held(void)
{
	struct shmx_producer_stats s;

	shmx_producer_stats(producer, &s, sizeof(s));
	return s.slots_held;
}

static void
close_all(void)
{
	shmfb_close(fb);
	ck_assert_uint_eq(held(), 0);
	shmx_reader_close(reader);
	shmx_producer_close(producer);
	xcb_disconnect(c);
	xserver_stop(&server);
}

/* Publish and show one; what shmfb_show() says. */
static int
show_one(uint32_t seed)
{
	struct shmx_hold *hold;
	struct shmx_frame f;
	int err;

	shmx_begin(producer, &f);
	memset(f.pixels, (int)seed, f.stride * f.height);
	ck_assert_uint_gt(shmx_publish(producer, &f), 0);
	ck_assert_int_eq(shmx_hold_latest(reader, &hold), 0);
	err = shmfb_show(fb, hold);
	shmx_release(hold);
	return err;
}

static void
show_many(unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		while (!shmfb_ready(fb))
			ck_assert(shmfb_pump(fb));
		ck_assert_msg(show_one(i) == 0, "%s", shmfb_error());
		ck_assert_uint_le(held(), 3);
	}
}

/* One is kept, to be painted from. */
static bool
all_but_one_back(struct shmfb *unused, void *data)
{
	(void)unused;
	(void)data;
	return held() == 1 && stats_of(fb).in_flight == 0;
}

START_TEST(shown)
{
	show_many(100);
	wait_until(fb, all_but_one_back, NULL);
	ck_assert_uint_eq(stats_of(fb).frames_shown, 100);
	ck_assert_uint_eq(stats_of(fb).frames_failed, 0);
}
END_TEST

START_TEST(closed_at_once)
{
	ck_assert_int_eq(show_one(1), 0);
	ck_assert_int_eq(show_one(2), 0);
	/* close_all() counts. */
}
END_TEST

START_TEST(unmapped)
{
	show_many(3);
	xcb_unmap_window(c, shmfb_window_id(fb));
	x_sync(c);
	show_many(50);
	wait_until(fb, all_but_one_back, NULL);
	ck_assert_uint_eq(stats_of(fb).frames_shown, 53);
}
END_TEST

START_TEST(resize_storm)
{
	uint32_t i, size[2];

	for (i = 0; i < 300; i++) {
		size[0] = 1 + i * 7919 % 800;
		size[1] = 1 + i * 104729 % 600;
		xcb_configure_window(c, shmfb_window_id(fb),
				     XCB_CONFIG_WINDOW_WIDTH |
				     XCB_CONFIG_WINDOW_HEIGHT, size);
		if (i % 3 == 0)
			x_sync(c);
		if (i % 2 == 0)
			show_many(1);
		else
			shmfb_dispatch(fb);
	}
	x_sync(c);
	settle(fb, c);
	wait_until(fb, all_but_one_back, NULL);
	ck_assert_uint_eq(stats_of(fb).width, size[0]);
	ck_assert_uint_eq(stats_of(fb).height, size[1]);
	ck_assert_uint_eq(stats_of(fb).frames_shown, 150);
}
END_TEST

static bool
is_over(struct shmfb *unused, void *data)
{
	(void)unused;
	(void)data;
	return shmfb_dispatch(fb) == -EPIPE;
}

START_TEST(destroyed)
{
	show_many(3);
	settle(fb, c);
	xcb_destroy_window(c, shmfb_window_id(fb));
	x_sync(c);
	/* Some more, before it has heard of it; then no more. */
	show_one(4);
	show_one(5);
	wait_until(fb, is_over, NULL);
	ck_assert_int_eq(show_one(6), -EPIPE);
	ck_assert_uint_eq(stats_of(fb).in_flight, 0);
	ck_assert_uint_eq(held(), 0);
}
END_TEST

/* The segment is detached behind the window's back, with two under way. */
START_TEST(refused)
{
	show_many(1);
	settle(fb, c);
	xcb_shm_detach(fb->x->conn, fb->ring->xid);
	ck_assert_int_eq(show_one(2), 0);
	ck_assert_int_eq(show_one(3), 0);
	wait_until(fb, all_but_one_back, NULL);
	ck_assert_uint_eq(stats_of(fb).frames_failed, 2);
	ck_assert_uint_eq(stats_of(fb).frames_shown, 1);
	show_many(10);
	wait_until(fb, all_but_one_back, NULL);
	/* It is copied from now on, to where the server reads. */
	ck_assert_str_eq(stats_of(fb).path, "shm-fd");
	ck_assert_str_eq(stats_of(fb).route, "staged");
	ck_assert_ptr_nonnull(strstr(stats_of(fb).why, "BadShmSeg"));
	ck_assert_uint_eq(stats_of(fb).frames_shown, 11);
}
END_TEST

/*
 * A server that loses completions: the put is replaced by one that sends no
 * event, and only the watchdog can tell that it is done.
 */
static int
put_without_event(struct shmfb *window, const struct shmfb_target *target,
		  struct shmfb_picture *picture,
		  const struct shmfb_damage *damage, struct shmfb_run *run)
{
	struct shmfb_target silent = *target;

	silent.more = true;
	return shmfb_present_shm.put(window, &silent, picture, damage, run);
}

START_TEST(lost_completion)
{
	const struct shmfb_presenter silent = {
		.path = "silent",
		.put = put_without_event,
	};
	struct shmfb_picture *picture;
	struct shmfb_damage all;
	uint64_t before;

	show_many(1);
	settle(fb, c);
	picture = shmfb_picture_ref(fb->newest);
	picture->by = &silent;
	shmfb_damage_init(&all, &(struct shmx_rect){ 0, 0, WIDTH, HEIGHT });
	shmfb_damage_all(&all);
	before = base_now_ns();
	ck_assert_int_eq(shmfb_flight_start(fb, picture, &all, 0, 0, false),
			 0);
	shmfb_picture_unref(fb, picture);
	shmfb_step(fb, false);
	ck_assert_uint_eq(stats_of(fb).in_flight, 1);
	wait_until(fb, all_but_one_back, NULL);
	ck_assert_uint_ge(base_now_ns() - before, SHMFB_OVERDUE_NS);
	ck_assert_uint_eq(stats_of(fb).frames_shown, 2);
	picture->by = &shmfb_present_shm;
}
END_TEST

/* The server sleeps; the producer does not wait for it. */
START_TEST(stopped_server)
{
	uint64_t until;
	unsigned i;

	show_many(5);
	settle(fb, c);
	kill(server.pid, SIGSTOP);
	ck_assert_int_eq(show_one(1), 0);
	ck_assert_int_eq(show_one(2), 0);
	until = base_now_ns() + 200 * BASE_NS_PER_MS;
	for (i = 0; base_now_ns() < until; i++) {
		ck_assert_int_eq(show_one(i), -EAGAIN);
		ck_assert_int_eq(shmfb_dispatch(fb), 0);
		ck_assert_uint_le(held(), 3);
		usleep(5000);
	}
	kill(server.pid, SIGCONT);
	wait_until(fb, all_but_one_back, NULL);
	show_many(5);
	wait_until(fb, all_but_one_back, NULL);
	ck_assert_uint_eq(stats_of(fb).frames_shown, 12);
	ck_assert_uint_eq(stats_of(fb).frames_failed, 0);
}
END_TEST

START_TEST(killed_server)
{
	show_many(5);
	settle(fb, c);
	kill(server.pid, SIGSTOP);
	ck_assert_int_eq(show_one(1), 0);
	kill(server.pid, SIGKILL);
	wait_until(fb, is_over, NULL);
	ck_assert_uint_eq(held(), 0);
}
END_TEST

/* The reader is gone first; the window keeps the ring alive until it is. */
START_TEST(reader_closed_first)
{
	ck_assert_int_eq(show_one(1), 0);
	ck_assert_int_eq(show_one(2), 0);
	shmx_reader_close(reader);
	reader = NULL;
	settle(fb, c);
	ck_assert_int_eq(shmfb_resize(fb, 500, 500), 0);
	settle(fb, c);
	ck_assert_uint_ge(stats_of(fb).repaints, 1);
}
END_TEST

/* Segments are the server's memory: the old ones have to go. */
START_TEST(rings_one_after_the_other)
{
	struct shmx_reader_options ropt = SHMX_READER_OPTIONS_INIT;
	unsigned i;

	ropt.holds = 3;
	for (i = 0; i < 20; i++) {
		ck_assert_int_eq(show_one(i), 0);
		settle(fb, c);
		ck_assert_uint_eq(fb->ring->refs, 2);
		shmx_reader_close(reader);
		shmx_producer_close(producer);
		ck_assert_int_eq(shmx_producer_open_image(&producer, "test",
				WIDTH, HEIGHT, SHMX_XRGB8888), 0);
		ck_assert_int_eq(shmx_reader_open(&reader, "test", &ropt), 0);
	}
}
END_TEST

static uint64_t
cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * BASE_NS_PER_S + (uint64_t)t.tv_nsec;
}

static void
nothing(int signo)
{
	(void)signo;
}

/* Looking for an answer ends soon, whatever was usual: pump() sleeps. */
START_TEST(no_answer_is_slept_through)
{
	const struct itimerval soon = { .it_value = { 0, 200000 } };
	const struct sigaction action = { .sa_handler = nothing };
	uint64_t cpu;

	show_many(1);
	settle(fb, c);
	fb->spin = (struct shmfb_spin){
		.may = true,
		.awake_is_quicker = true,
		.phase = SHMFB_SPIN_QUICKER,
		.asleep_wait_ns = SHMFB_SPIN_NS,
	};
	kill(server.pid, SIGSTOP);
	ck_assert_int_eq(show_one(2), 0);
	ck_assert_int_eq(show_one(3), 0);
	/* The signal ends the sleep. */
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	cpu = cpu_ns();
	ck_assert(shmfb_pump(fb));
	ck_assert_uint_lt(cpu_ns() - cpu, 20 * BASE_NS_PER_MS);
	ck_assert_uint_eq(shmfb_in_flight(fb), SHMFB_IN_FLIGHT);
	kill(server.pid, SIGCONT);
	wait_until(fb, all_but_one_back, NULL);
}
END_TEST

/* The server will not have the window's own memory. */
START_TEST(canvas_is_refused)
{
	struct shmfb_canvas canvas;

	ck_assert_int_eq(shmfb_begin(fb, &canvas), 0);
	fill(canvas.pixels, canvas.stride, WIDTH, HEIGHT, 1);
	xcb_shm_detach(fb->x->conn, fb->canvas.slot->segment->xid);
	ck_assert_int_eq(shmfb_present(fb, NULL, 0), 0);
	settle(fb, c);
	check_shows(c, fb, WIDTH, HEIGHT, 1);
	ck_assert_uint_eq(stats_of(fb).frames_failed, 1);
	ck_assert_str_eq(stats_of(fb).path, "put");
	ck_assert_int_eq(shmfb_begin(fb, &canvas), 0);
	fill(canvas.pixels, canvas.stride, WIDTH, HEIGHT, 2);
	ck_assert_int_eq(shmfb_present(fb, NULL, 0), 0);
	settle(fb, c);
	check_shows(c, fb, WIDTH, HEIGHT, 2);
}
END_TEST

/* ------------------------------------------------------------- pixmaps -- */

static unsigned
pinned(void)
{
	unsigned i, n = 0;

	for (i = 0; i < SHMFB_SLOTS; i++) {
		n += fb->pool.slot[i] ? fb->pool.slot[i]->pins : 0;
		n += fb->stage.slot[i] ? fb->stage.slot[i]->pins : 0;
	}
	return n;
}

static void
draw(uint32_t seed)
{
	struct shmfb_canvas canvas;

	ck_assert_int_eq(shmfb_begin(fb, &canvas), 0);
	fill(canvas.pixels, canvas.stride, WIDTH, HEIGHT, seed);
	ck_assert_msg(shmfb_present(fb, NULL, 0) == 0, "%s", shmfb_error());
}

/* As if the next refresh were to come in some time. */
static void
put_off(uint64_t refreshes)
{
	struct shmfb_clock *clock = &fb->clock;

	ck_assert(!clock->present);
	clock->vsync = SHMFB_VSYNC_ADAPTIVE;
	clock->ticking = true;
	clock->waiting = false;
	clock->msc = refreshes;
}

static void
at_once(void)
{
	fb->clock.vsync = SHMFB_VSYNC_OFF;
}

/* What is drawn there in between is seen: the slot is not given back. */
START_TEST(pixmap_is_read_at_the_refresh)
{
	struct shmfb_canvas canvas;
	void *first;

	draw(1);
	settle(fb, c);
	check_shows(c, fb, WIDTH, HEIGHT, 1);
	put_off(UINT64_C(1) << 40);
	ck_assert_int_eq(shmfb_begin(fb, &canvas), 0);
	first = canvas.pixels;
	fill(first, canvas.stride, WIDTH, HEIGHT, 2);
	ck_assert_int_eq(shmfb_present(fb, NULL, 0), 0);
	at_once();
	x_sync(fb->x->conn);
	shmfb_dispatch(fb);
	/* The server has done all requests, and it is still under way. */
	ck_assert_uint_eq(shmfb_in_flight(fb), 1);
	ck_assert_uint_eq(pinned(), 1);
	check_shows(c, fb, WIDTH, HEIGHT, 1);
	ck_assert_int_eq(shmfb_begin(fb, &canvas), 0);
	ck_assert_ptr_ne(canvas.pixels, first);
}
END_TEST

/* Then neither IdleNotify nor CompleteNotify comes. */
START_TEST(destroyed_before_the_refresh)
{
	put_off(UINT64_C(1) << 40);
	ck_assert_int_eq(show_one(1), 0);
	fb->clock.waiting = false;
	fb->clock.msc++;
	draw(2);
	at_once();
	x_sync(fb->x->conn);
	shmfb_dispatch(fb);
	ck_assert_uint_eq(pinned(), 2);
	xcb_destroy_window(c, shmfb_window_id(fb));
	x_sync(c);
	wait_until(fb, is_over, NULL);
	ck_assert_uint_eq(pinned(), 0);
	ck_assert_uint_eq(held(), 0);
}
END_TEST

enum { NO_PIXMAP, OTHER_DEPTH, NO_REGION };

/* BadPixmap, BadMatch, BadRegion: right in the end, and no slot is stuck. */
START_TEST(pixmap_is_refused)
{
	xcb_connection_t *own = fb->x->conn;
	struct shmfb_canvas canvas;
	struct shmfb_slot *slot;

	draw(1);
	settle(fb, c);
	ck_assert_int_eq(shmfb_begin(fb, &canvas), 0);
	slot = fb->canvas.slot;
	if (_i == NO_PIXMAP) {
		slot->pixmap = xcb_generate_id(own);
	} else if (_i == OTHER_DEPTH) {
		slot->pixmap = xcb_generate_id(own);
		xcb_create_pixmap(own, 1, slot->pixmap, fb->window, WIDTH,
				  HEIGHT);
	} else {
		fb->pixmap.region = xcb_generate_id(own);
	}
	slot->pixmap_width = WIDTH;
	slot->pixmap_height = HEIGHT;
	fill(canvas.pixels, canvas.stride, WIDTH, HEIGHT, 2);
	ck_assert_int_eq(shmfb_present(fb,
		&(struct shmx_rect){ 0, 0, WIDTH, HEIGHT - 1 }, 1), 0);
	settle(fb, c);
	ck_assert_uint_eq(stats_of(fb).frames_failed, 1);
	ck_assert_uint_eq(pinned(), 0);
	ck_assert_uint_eq(shmfb_in_flight(fb), 0);
	draw(3);
	settle(fb, c);
	check_shows(c, fb, WIDTH, HEIGHT, 3);
	ck_assert_str_eq(stats_of(fb).path, "present");
	ck_assert_uint_eq(pinned(), 0);
}
END_TEST

/* Two for one refresh: the older one is left out, and its slot comes back. */
START_TEST(newer_frame_instead)
{
	union {
		xcb_ge_generic_event_t any;
		xcb_present_complete_notify_event_t e;
	} tick = { .e = {
		.event_type = XCB_PRESENT_COMPLETE_NOTIFY,
		.kind = XCB_PRESENT_COMPLETE_KIND_PIXMAP,
		.mode = XCB_PRESENT_COMPLETE_MODE_SKIP,
		.length = 2,
	} };

	put_off(UINT64_C(1) << 40);
	draw(1);
	fb->clock.waiting = false;
	fb->clock.msc = UINT64_C(1) << 40;
	draw(2);
	at_once();
	x_sync(fb->x->conn);
	shmfb_dispatch(fb);
	ck_assert_uint_eq(shmfb_in_flight(fb), 1);
	ck_assert_uint_eq(pinned(), 1);
	/* That it was left out is told at that refresh, which is far off. */
	tick.e.event = fb->pixmap.id;
	shmfb_pixmap_event(fb, &tick.any);
	ck_assert_uint_eq(stats_of(fb).skipped, 1);
}
END_TEST

/* Who waits for a refresh is not overdue, however long that is. */
START_TEST(no_fence_is_asked_for)
{
	put_off(UINT64_C(1) << 40);
	draw(1);
	at_once();
	ck_assert_uint_eq(shmfb_flight_deadline(&fb->flight), UINT64_MAX);
	ck_assert_uint_eq(shmfb_in_flight(fb), 1);
}
END_TEST

/* None for a new ring, nor to copy it: by the socket, until there is one. */
START_TEST(no_descriptor)
{
	struct rlimit limit, low;
	int next, err;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	next = dup(0);
	close(next);
	low = limit;
	low.rlim_cur = (rlim_t)next;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &low), 0);
	err = show_one(1);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_msg(err == 0, "%s", shmfb_error());
	ck_assert_str_eq(stats_of(fb).path, "put");
	ck_assert_ptr_nonnull(strstr(stats_of(fb).why, "Too many open files"));
	show_many(3);
	wait_until(fb, all_but_one_back, NULL);
	ck_assert_str_eq(stats_of(fb).path, "shm-fd");
	ck_assert_str_eq(stats_of(fb).route, "direct");
	ck_assert_uint_eq(stats_of(fb).frames_shown, 4);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("accounting");
	TCase *tc = suite_case(s, "slots");

	tcase_add_checked_fixture(tc, open_all, close_all);
	tcase_add_test(tc, shown);
	tcase_add_test(tc, closed_at_once);
	tcase_add_test(tc, unmapped);
	tcase_add_test(tc, resize_storm);
	tcase_add_test(tc, destroyed);
	tcase_add_test(tc, refused);
	tcase_add_test(tc, lost_completion);
	tcase_add_test(tc, stopped_server);
	tcase_add_test(tc, killed_server);
	tcase_add_test(tc, reader_closed_first);
	tcase_add_test(tc, rings_one_after_the_other);
	tcase_add_test(tc, no_answer_is_slept_through);
	tcase_add_test(tc, canvas_is_refused);
	tcase_add_test(tc, no_descriptor);

	/* All that can happen to a pixmap that waits for a refresh. */
	tc = suite_case(s, "pixmaps");
	tcase_add_checked_fixture(tc, open_to_present, close_all);
	tcase_add_test(tc, shown);
	tcase_add_test(tc, closed_at_once);
	tcase_add_test(tc, unmapped);
	tcase_add_test(tc, resize_storm);
	tcase_add_test(tc, destroyed);
	tcase_add_test(tc, stopped_server);
	tcase_add_test(tc, killed_server);
	tcase_add_test(tc, reader_closed_first);
	tcase_add_test(tc, pixmap_is_read_at_the_refresh);
	tcase_add_test(tc, destroyed_before_the_refresh);
	tcase_add_loop_test(tc, pixmap_is_refused, 0, 3);
	tcase_add_test(tc, newer_frame_instead);
	tcase_add_test(tc, no_fence_is_asked_for);
	return suite_run(s);
}
