/* SPDX-License-Identifier: MIT */
/*
 * test-shared.c - several windows on one connection
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <xcb/xtest.h>

#include <shmfb/shmfb.h>

#include "base/clock.h"
#include "base/fd.h"
#include "fault.h"
#include "shmfb/window.h"
#include "suite.h"
#include "xtool.h"

static xcb_connection_t *c;
static xcb_window_t root;

/* The second one shares the first one's connection. */
static struct shmfb *a, *b;

static struct shmfb_options
sized(uint32_t width, uint32_t height)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;

	opt.width = width;
	opt.height = height;
	return opt;
}

/* Side by side: what is covered cannot be read back. */
static struct shmfb *
open_shared(struct shmfb *share, uint32_t width, uint32_t height)
{
	struct shmfb_options opt = sized(width, height);
	const struct shmfb *other;

	shmfb_for_each(other, share->x)
		opt.x += 210;
	opt.share = share;
	return open_window(&opt);
}

/* On its parent: 50x40, with its corner at 30, 20. */
static struct shmfb *
open_child(struct shmfb *parent)
{
	struct shmfb_options opt = sized(50, 40);

	opt.parent = parent;
	opt.x = 30;
	opt.y = 20;
	return open_window(&opt);
}

static void
setup(void)
{
	struct shmfb_options opt = sized(200, 100);

	c = x_connect(NULL);
	root = xcb_setup_roots_iterator(xcb_get_setup(c)).data->root;
	a = open_window(&opt);
	b = open_shared(a, 120, 90);
}

static void
teardown(void)
{
	shmfb_close(b);
	shmfb_close(a);
	xcb_disconnect(c);
}

static void
draw(struct shmfb *fb, uint32_t seed)
{
	struct shmfb_canvas canvas;

	while (shmfb_begin(fb, &canvas) == -EAGAIN)
		ck_assert(shmfb_pump(fb));
	fill(canvas.pixels, canvas.stride, canvas.width, canvas.height, seed);
	ck_assert_int_eq(shmfb_present(fb, NULL, 0), 0);
}

static bool
is_readable(const struct shmfb *fb)
{
	struct pollfd p = { shmfb_fd(fb), POLLIN, 0 };

	return poll(&p, 1, 0) == 1;
}

/* What was said to both, up to now, has been taken by this one alone. */
static void
settle_by(struct shmfb *fb)
{
	x_sync(c);
	settle(fb, c);
}

static unsigned
take_all(struct shmfb *fb, enum shmfb_event_type type)
{
	struct shmfb_event e;
	unsigned n = 0;

	while (shmfb_next_event(fb, &e))
		n += e.type == type;
	return n;
}

/* Neither has anything left to do, say about opening. */
static void
calm(void)
{
	settle_by(a);
	shmfb_dispatch(b);
	take_all(a, 0);
	take_all(b, 0);
}

static unsigned
count_fds(void)
{
	unsigned n = 0;
	DIR *dir = opendir("/proc/self/fd");

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* -------------------------------------------------------------- frames -- */

START_TEST(frames_reach_their_window)
{
	unsigned i;

	for (i = 0; i < 20; i++) {
		draw(a, 2 * i);
		draw(b, 2 * i + 1);
	}
	settle(a, c);
	settle(b, c);
	check_shows(c, a, 200, 100, 38);
	check_shows(c, b, 120, 90, 39);
	ck_assert_uint_eq(stats_of(a).frames_shown, 20);
	ck_assert_uint_eq(stats_of(b).frames_shown, 20);
	ck_assert_uint_eq(stats_of(a).frames_failed, 0);
	ck_assert_str_eq(stats_of(b).clock, "present");
}
END_TEST

/* One way each, and neither waits for the other's answers. */
START_TEST(ways_may_differ)
{
	struct shmfb_options opt = sized(300, 200);
	struct shmfb *put;
	unsigned i;

	opt.share = b;
	opt.backend = SHMFB_PUT;
	opt.x = 500;
	put = open_window(&opt);
	for (i = 0; i < 10; i++) {
		draw(put, i);
		draw(a, i);
	}
	settle(a, c);
	ck_assert_uint_eq(shmfb_in_flight(put), 0);
	check_shows(c, put, 300, 200, 9);
	ck_assert_str_eq(stats_of(put).path, "put");
	ck_assert_str_eq(stats_of(a).path, "shm-fd");
	ck_assert_uint_eq(stats_of(put).frames_shown, 10);
	shmfb_close(put);
}
END_TEST

/* The server is asked once a connection; switches are looked at each time. */
START_TEST(ladder_is_climbed_once)
{
	struct shmfb *third;

	/* Were it asked again, this would be the answer. */
	ck_assert(a->x->rung[SHMFB_KIND_FD].asked);
	fault_always("memfd_create", EMFILE);
	third = open_shared(a, 10, 10);
	ck_assert(!fault_off());
	ck_assert_str_eq(stats_of(third).path, "shm-fd");
	ck_assert_str_eq(stats_of(third).why, stats_of(a).why);
	shmfb_close(third);
	setenv("SHMFB_NO_FD", "1", 1);
	third = open_shared(a, 10, 10);
	unsetenv("SHMFB_NO_FD");
	ck_assert_str_ne(stats_of(third).path, "shm-fd");
	ck_assert_ptr_nonnull(strstr(stats_of(third).why, "SHMFB_NO_FD"));
	shmfb_close(third);
}
END_TEST

/* Who is not looked at has its completions all the same, and is woken. */
START_TEST(completions_found_by_the_other)
{
	calm();
	draw(b, 1);
	ck_assert_uint_eq(shmfb_in_flight(b), 1);
	x_sync(c);
	x_sync(b->x->conn);
	shmfb_dispatch(a);
	ck_assert_uint_eq(shmfb_in_flight(b), 0);
	ck_assert_uint_eq(stats_of(b).frames_shown, 1);
	ck_assert(is_readable(b));
	ck_assert_int_eq(shmfb_dispatch(b), 0);
}
END_TEST

/* A frame is refused: whose it is pays for it. */
START_TEST(errors_reach_their_window)
{
	xcb_gcontext_t gc = b->gc;

	calm();
	b->gc = xcb_generate_id(b->x->conn);
	draw(b, 1);
	b->gc = gc;
	draw(a, 2);
	settle(a, c);
	settle(b, c);
	ck_assert_uint_eq(stats_of(b).frames_failed, 1);
	ck_assert_uint_eq(stats_of(a).frames_failed, 0);
	ck_assert_uint_eq(stats_of(a).frames_shown, 1);
	check_shows(c, a, 200, 100, 2);
	draw(b, 3);
	settle(b, c);
	check_shows(c, b, 120, 90, 3);
}
END_TEST

static void
cover_and_uncover(struct shmfb *fb)
{
	const uint32_t red = 0xff0000;
	xcb_window_t over = xcb_generate_id(c);

	xcb_create_window(c, XCB_COPY_FROM_PARENT, over, shmfb_window_id(fb),
			  10, 20, 50, 30, 0, XCB_WINDOW_CLASS_INPUT_OUTPUT,
			  XCB_COPY_FROM_PARENT, XCB_CW_BACK_PIXEL, &red);
	xcb_map_window(c, over);
	x_sync(c);
	xcb_destroy_window(c, over);
	x_sync(c);
}

/* It has to be painted again while somebody else is waited for. */
START_TEST(painted_again_by_the_other)
{
	draw(a, 1);
	draw(b, 2);
	calm();
	cover_and_uncover(b);
	settle_by(a);
	check_shows(c, b, 120, 90, 2);
	check_shows(c, a, 200, 100, 1);
	ck_assert_uint_eq(take_all(a, SHMFB_EVENT_EXPOSE), 0);
	ck_assert_uint_eq(take_all(b, SHMFB_EVENT_EXPOSE), 1);
}
END_TEST

static bool
other_is_whole(struct shmfb *fb, void *data)
{
	(void)fb;
	(void)data;
	return shmfb_rect_empty(&b->repaint) && !b->flight.count;
}

/* Refused for a while, and again later: the timer is everybody's. */
START_TEST(repaints_while_the_other_sleeps)
{
	xcb_gcontext_t gc = b->gc;

	draw(b, 1);
	calm();
	b->gc = xcb_generate_id(b->x->conn);
	draw(b, 2);
	/* Two refusals on, it is a matter of time. */
	while (b->flight.refused < 2) {
		x_sync(c);
		shmfb_dispatch(b);
	}
	b->gc = gc;
	wait_until(a, other_is_whole, NULL);
	check_shows(c, b, 120, 90, 2);
}
END_TEST

/* -------------------------------------------------------------- events -- */

static void
click(const struct shmfb *fb, int16_t x, int16_t y)
{
	xcb_translate_coordinates_reply_t *r;

	r = xcb_translate_coordinates_reply(c, xcb_translate_coordinates(c,
		shmfb_window_id(fb), root, x, y), NULL);
	ck_assert_ptr_nonnull(r);
	xcb_test_fake_input(c, XCB_MOTION_NOTIFY, 0, XCB_CURRENT_TIME, root,
			    r->dst_x, r->dst_y, 0);
	xcb_test_fake_input(c, XCB_BUTTON_PRESS, 1, XCB_CURRENT_TIME, root,
			    0, 0, 0);
	xcb_test_fake_input(c, XCB_BUTTON_RELEASE, 1, XCB_CURRENT_TIME, root,
			    0, 0, 0);
	free(r);
	x_sync(c);
}

static bool
takes_click(struct shmfb *fb, int32_t x, int32_t y)
{
	struct shmfb_event e;

	while (shmfb_next_event(fb, &e))
		if (e.type == SHMFB_EVENT_BUTTON)
			return e.u.button.x == x && e.u.button.y == y;
	return false;
}

START_TEST(clicks_reach_their_window)
{
	calm();
	click(b, 5, 6);
	settle_by(a);
	ck_assert_uint_eq(take_all(a, SHMFB_EVENT_BUTTON), 0);
	ck_assert(takes_click(b, 5, 6));
	calm();
	click(a, 190, 95);
	settle_by(b);
	ck_assert(takes_click(a, 190, 95));
	ck_assert_uint_eq(take_all(b, SHMFB_EVENT_BUTTON), 0);
}
END_TEST

static void
press(xcb_keycode_t code)
{
	xcb_test_fake_input(c, XCB_KEY_PRESS, code, XCB_CURRENT_TIME, root, 0,
			    0, 0);
	xcb_test_fake_input(c, XCB_KEY_RELEASE, code, XCB_CURRENT_TIME, root,
			    0, 0, 0);
	x_sync(c);
}

static uint32_t
key_symbol(struct shmfb *fb)
{
	struct shmfb_event e;

	while (shmfb_next_event(fb, &e))
		if (e.type == SHMFB_EVENT_KEY)
			return e.u.key.keysym;
	return 0;
}

static void
focus(const struct shmfb *fb)
{
	xcb_set_input_focus(c, XCB_INPUT_FOCUS_NONE, shmfb_window_id(fb),
			    XCB_CURRENT_TIME);
	x_sync(c);
}

/* Keys go where the focus is, with one map for both. */
START_TEST(keys_reach_their_window)
{
	struct shmfb *const windows[] = { a, b };
	const xcb_keycode_t code = 38;
	uint32_t first = 0;
	unsigned i;

	for (i = 0; i < 2; i++) {
		calm();
		focus(windows[i]);
		press(code);
		settle_by(a);
		ck_assert_uint_eq(take_all(windows[!i], SHMFB_EVENT_KEY), 0);
		if (i == 0)
			first = key_symbol(a);
		else
			ck_assert_uint_eq(key_symbol(b), first);
		ck_assert_uint_ne(first, 0);
	}
}
END_TEST

START_TEST(sizes_reach_their_window)
{
	calm();
	ck_assert_int_eq(shmfb_resize(b, 77, 66), 0);
	settle_by(a);
	ck_assert_uint_eq(stats_of(b).width, 77);
	ck_assert_uint_eq(stats_of(a).width, 200);
	ck_assert_uint_eq(take_all(a, SHMFB_EVENT_RESIZE), 0);
	ck_assert_uint_eq(take_all(b, SHMFB_EVENT_RESIZE), 1);
}
END_TEST

START_TEST(one_is_closed_by_its_user)
{
	const uint32_t data[5] = { x_atom(c, "WM_DELETE_WINDOW") };

	calm();
	x_message(c, shmfb_window_id(b), "WM_PROTOCOLS", data);
	settle_by(a);
	ck_assert_int_eq(shmfb_dispatch(a), 0);
	ck_assert(is_readable(b));
	ck_assert(!shmfb_pump(b));
	ck_assert_uint_eq(take_all(b, SHMFB_EVENT_CLOSE), 1);
	draw(a, 1);
	settle(a, c);
	check_shows(c, a, 200, 100, 1);
}
END_TEST

/* A descriptor is readable for news, once, and quiet from then on. */
START_TEST(pokes_are_quiet)
{
	struct pollfd p;
	unsigned i;

	draw(a, 1);
	draw(b, 1);
	for (i = 0; i < 10; i++) {
		calm();
		usleep(30000);
	}
	p = (struct pollfd){ shmfb_fd(a), POLLIN, 0 };
	ck_assert_int_eq(poll(&p, 1, 200), 0);
	ck_assert(!is_readable(b));
	cover_and_uncover(b);
	settle_by(a);
	ck_assert(is_readable(b));
	ck_assert(!is_readable(a));
	ck_assert(shmfb_pump(b));
	take_all(b, 0);
	shmfb_dispatch(b);
	ck_assert(!is_readable(b));
}
END_TEST

/* pump() of one sleeps and wakes for itself, whatever the other gets. */
START_TEST(pump_is_for_its_own_window)
{
	unsigned i;

	for (i = 0; i < 30; i++) {
		ck_assert(shmfb_pump(a));
		draw(a, i);
		if (shmfb_ready(b))
			draw(b, i);
	}
	ck_assert_uint_ge(stats_of(b).frames_shown, 10);
	settle(a, c);
	settle(b, c);
	check_shows(c, a, 200, 100, 29);
}
END_TEST

/* ------------------------------------------------------------ children -- */

START_TEST(child_is_over_its_parent)
{
	struct shmfb *child = open_child(a);
	uint32_t *got, x, y;
	bool in;

	draw(child, 5);
	draw(a, 6);
	settle(child, c);
	settle(a, c);
	check_shows(c, child, 50, 40, 5);
	/* As seen on the screen: a window read back lacks its children. */
	got = x_read(c, root, 200, 100);
	for (y = 0; y < 100; y++)
		for (x = 0; x < 200; x++) {
			in = x >= 30 && x < 80 && y >= 20 && y < 60;
			ck_assert_uint_eq(got[y * 200 + x],
					  in ? pattern(x - 30, y - 20, 5) :
					  pattern(x, y, 6));
		}
	free(got);
	shmfb_close(child);
	settle(a, c);
	check_shows(c, a, 200, 100, 6);
}
END_TEST

/* A click into the child is the parent's, in the parent's coordinates. */
START_TEST(child_leaves_input_to_its_parent)
{
	struct shmfb *child = open_child(a);

	settle(child, c);
	settle(a, c);
	take_all(a, 0);
	click(child, 7, 8);
	settle_by(child);
	ck_assert_uint_eq(take_all(child, SHMFB_EVENT_BUTTON), 0);
	ck_assert(takes_click(a, 37, 28));
	shmfb_close(child);
}
END_TEST

START_TEST(parent_is_closed_first)
{
	struct shmfb *child = open_child(b);
	struct shmfb_canvas canvas;

	draw(child, 1);
	shmfb_close(b);
	b = NULL;
	settle_by(a);
	ck_assert(is_readable(child));
	ck_assert(!shmfb_pump(child));
	ck_assert_int_eq(shmfb_begin(child, &canvas), -EPIPE);
	ck_assert_ptr_nonnull(strstr(shmfb_error(), "destroyed"));
	shmfb_close(child);
	draw(a, 2);
	settle(a, c);
	check_shows(c, a, 200, 100, 2);
}
END_TEST

/* ------------------------------------------------------------- closing -- */

/* With frames under way. */
START_TEST(any_order)
{
	struct shmfb *w[3] = { a, b, open_shared(b, 64, 64) };
	static const uint8_t order[6][3] = {
		{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
		{ 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
	};
	unsigned i, k;

	for (i = 0; i < 3; i++) {
		for (k = i; k < 3; k++)
			draw(w[order[_i][k]], 10 * i + k);
		shmfb_close(w[order[_i][i]]);
		for (k = i + 1; k < 3; k++) {
			settle(w[order[_i][k]], c);
			check_shows(c, w[order[_i][k]],
				    stats_of(w[order[_i][k]]).width,
				    stats_of(w[order[_i][k]]).height,
				    10 * i + k);
		}
	}
	a = NULL;
	b = NULL;
}
END_TEST

START_TEST(one_is_destroyed)
{
	struct shmfb_canvas canvas;

	draw(a, 1);
	draw(b, 1);
	xcb_destroy_window(c, shmfb_window_id(b));
	settle_by(a);
	ck_assert_int_eq(shmfb_dispatch(a), 0);
	ck_assert(is_readable(b));
	ck_assert_int_eq(shmfb_dispatch(b), -EPIPE);
	ck_assert_int_eq(shmfb_begin(b, &canvas), -EPIPE);
	draw(a, 2);
	settle(a, c);
	check_shows(c, a, 200, 100, 2);
	/* The connection is good: it can be shared again. */
	shmfb_close(b);
	b = open_shared(a, 40, 40);
	draw(b, 3);
	settle(b, c);
	check_shows(c, b, 40, 40, 3);
}
END_TEST

START_TEST(only_windows_that_are_there)
{
	struct shmfb_options opt = sized(10, 10);
	struct shmfb *other, *none = NULL;

	other = open_window(&opt);
	opt.share = a;
	opt.parent = other;
	ck_assert_int_eq(shmfb_open(&none, &opt), -EINVAL);
	shmfb_close(other);
	xcb_destroy_window(c, shmfb_window_id(b));
	settle_by(a);
	opt.parent = b;
	ck_assert_int_eq(shmfb_open(&none, &opt), -EPIPE);
	ck_assert_ptr_nonnull(strstr(shmfb_error(), "destroyed"));
	/* What is shared is the connection, which outlives the window. */
	opt.parent = NULL;
	opt.share = b;
	other = open_window(&opt);
	draw(other, 1);
	settle_by(other);
	check_shows(c, other, 10, 10, 1);
	shmfb_close(other);
	opt.x = 40000;
	ck_assert_int_eq(shmfb_open(&none, &opt), -EINVAL);
	ck_assert_ptr_null(none);
}
END_TEST

/* Alpha is a matter of the connection; a child has what its parent has. */
START_TEST(alpha_is_shared)
{
	struct shmfb_options opt = sized(10, 10);
	struct shmfb *none = NULL, *clear, *child;
	xcb_get_geometry_reply_t *g;
	struct shmfb_canvas canvas;

	opt.flags = SHMFB_ALPHA;
	opt.share = a;
	ck_assert_int_eq(shmfb_open(&none, &opt), -EINVAL);
	ck_assert_ptr_nonnull(strstr(shmfb_error(), "no alpha"));
	opt.share = NULL;
	clear = open_window(&opt);
	ck_assert_int_eq(shmfb_begin(clear, &canvas), 0);
	ck_assert_uint_eq(canvas.format, SHMX_ARGB8888);
	opt.flags = 0;
	opt.parent = clear;
	child = open_window(&opt);
	ck_assert_int_eq(shmfb_begin(child, &canvas), 0);
	ck_assert_uint_eq(canvas.format, SHMX_XRGB8888);
	settle_by(child);
	g = xcb_get_geometry_reply(c, xcb_get_geometry(c,
		shmfb_window_id(child)), NULL);
	ck_assert_ptr_nonnull(g);
	ck_assert_uint_eq(g->depth, 32);
	free(g);
	shmfb_close(child);
	shmfb_close(clear);
	ck_assert_ptr_null(none);
}
END_TEST

/* How often the server has memory of ours in its address space. */
static unsigned
mappings_of(const struct xserver *server)
{
	char name[64], line[512];
	unsigned n = 0;
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%d/maps", (int)server->pid);
	f = fopen(name, "re");
	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f))
		n += strstr(line, "memfd:shmfb") != NULL;
	fclose(f);
	return n;
}

/* What a window had at the server goes with it, not with the connection. */
START_TEST(server_keeps_nothing_of_the_closed)
{
	struct shmfb_options opt = sized(64, 64);
	struct xserver server;
	xcb_connection_t *there;
	struct shmfb *first, *second;
	unsigned i;

	xserver_start(&server, "640x480x24", NULL);
	there = x_connect(server.display);
	opt.display = server.display;
	first = open_window(&opt);
	for (i = 0; i < 4; i++) {
		second = open_shared(first, 100, 100);
		draw(second, i);
		settle(second, there);
		ck_assert_uint_eq(mappings_of(&server), 1);
		/* Also of one that others have destroyed. */
		if (i % 2) {
			xcb_destroy_window(there, shmfb_window_id(second));
			x_sync(there);
			settle(first, there);
		}
		shmfb_close(second);
		settle(first, there);
		ck_assert_uint_eq(mappings_of(&server), 0);
	}
	shmfb_close(first);
	xcb_disconnect(there);
	xserver_stop(&server);
}
END_TEST

START_TEST(server_dies_for_all)
{
	struct shmfb_options opt = sized(64, 64);
	struct shmfb *first, *second, *none = NULL;
	struct xserver server;

	xserver_start(&server, "640x480x24", NULL);
	opt.display = server.display;
	first = open_window(&opt);
	second = open_shared(first, 64, 64);
	draw(first, 1);
	draw(second, 1);
	xserver_stop(&server);
	while (shmfb_pump(first))
		;
	ck_assert(is_readable(second));
	ck_assert_int_eq(shmfb_dispatch(second), -EPIPE);
	ck_assert_ptr_nonnull(strstr(shmfb_error(), "closed the connection"));
	ck_assert_uint_eq(shmfb_in_flight(second), 0);
	opt.share = first;
	ck_assert_int_eq(shmfb_open(&none, &opt), -EPIPE);
	shmfb_close(first);
	ck_assert(!shmfb_pump(second));
	shmfb_close(second);
}
END_TEST

/* --------------------------------------------------------- descriptors -- */

START_TEST(descriptors_are_few)
{
	struct shmfb_options opt = sized(64, 64);
	unsigned before = count_fds();
	struct shmfb *w[4];
	unsigned i;

	w[0] = open_window(&opt);
	/* The connection, the timer, and what shmfb_fd() gives. */
	ck_assert_uint_eq(count_fds(), before + 3);
	for (i = 1; i < 4; i++)
		w[i] = open_shared(w[i - 1], 64, 64);
	/* One for each to be woken by, and three of those that it gives. */
	ck_assert_uint_eq(count_fds(), before + 3 + 4 + 3);
	for (i = 0; i < 4; i++)
		shmfb_close(w[i]);
	ck_assert_uint_eq(count_fds(), before);
}
END_TEST

/* None to be had, at each point: the first window does not notice. */
START_TEST(shared_window_fails_cleanly)
{
	struct shmfb_options opt = sized(64, 64);
	struct rlimit all, few;
	struct shmfb *fb;
	unsigned spare, failed = 0;
	int err = -1;

	shmfb_close(b);
	b = NULL;
	opt.share = a;
	opt.x = 500;
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &all), 0);
	for (spare = 0; err; spare++) {
		few = all;
		few.rlim_cur = (rlim_t)shmfb_fd(a) + 1 + spare;
		setrlimit(RLIMIT_NOFILE, &few);
		err = shmfb_open(&fb, &opt);
		setrlimit(RLIMIT_NOFILE, &all);
		failed += err != 0;
		draw(a, spare);
		settle(a, c);
		check_shows(c, a, 200, 100, spare);
	}
	ck_assert_uint_ge(failed, 2);
	shmfb_close(fb);
}
END_TEST

START_TEST(memory_fails_cleanly)
{
	struct shmfb_options opt = sized(64, 64);
	bool failed = true;
	struct shmfb *fb;
	unsigned n;

	opt.share = a;
	opt.x = 500;
	for (n = 1; failed; n++) {
		fault_nth(NULL, n, ENOMEM);
		if (shmfb_open(&fb, &opt) == 0)
			shmfb_close(fb);
		failed = fault_off();
		draw(a, n);
		settle(a, c);
		check_shows(c, a, 200, 100, n);
	}
	ck_assert_uint_gt(n, 2);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("shared");
	TCase *tc = suite_case(s, "frames");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, frames_reach_their_window);
	tcase_add_test(tc, ways_may_differ);
	tcase_add_test(tc, ladder_is_climbed_once);
	tcase_add_test(tc, completions_found_by_the_other);
	tcase_add_test(tc, errors_reach_their_window);
	tcase_add_test(tc, painted_again_by_the_other);
	tcase_add_test(tc, repaints_while_the_other_sleeps);

	tc = suite_case(s, "events");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, clicks_reach_their_window);
	tcase_add_test(tc, keys_reach_their_window);
	tcase_add_test(tc, sizes_reach_their_window);
	tcase_add_test(tc, one_is_closed_by_its_user);
	tcase_add_test(tc, pokes_are_quiet);
	tcase_add_test(tc, pump_is_for_its_own_window);

	tc = suite_case(s, "children");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, child_is_over_its_parent);
	tcase_add_test(tc, child_leaves_input_to_its_parent);
	tcase_add_test(tc, parent_is_closed_first);

	tc = suite_case(s, "closing");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, any_order, 0, 6);
	tcase_add_test(tc, one_is_destroyed);
	tcase_add_test(tc, only_windows_that_are_there);
	tcase_add_test(tc, alpha_is_shared);
	tcase_add_test(tc, server_keeps_nothing_of_the_closed);
	tcase_add_test(tc, server_dies_for_all);

	tc = suite_case(s, "descriptors");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, descriptors_are_few);
	tcase_add_test(tc, shared_window_fails_cleanly);
	tcase_add_test(tc, memory_fails_cleanly);
	return suite_run(s);
}
