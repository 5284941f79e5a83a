/* SPDX-License-Identifier: MIT */
/*
 * test-wm-openbox.c - a window under a window manager that others wrote
 *
 * And with a compositor, if there is one: everything is done without, with
 * picom and with xcompmgr. What is on the screen is compared, not what is in
 * the window.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xcb/sync.h>
#include <xcb/xtest.h>

#include <shmfb/shmfb.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/fd.h"
#include "shmfb/window.h"
#include "suite.h"
#include "xtool.h"

#define SCREEN_WIDTH 800
#define SCREEN_HEIGHT 600

static const char *const compositors[][4] = {
	{ NULL },
	{ "picom", "--backend", "xrender", NULL },
	{ "xcompmgr", NULL },
};

static struct xserver server;
static xcb_connection_t *c;
static xcb_window_t root;
static pid_t manager, compositor;

/* ----------------------------------------------------------- processes -- */

static bool
is_installed(const char *name)
{
	const char *path = getenv("PATH");
	char file[512];
	size_t n;

	for (; path && *path; path += n + (path[n] == ':')) {
		n = strcspn(path, ":");
		snprintf(file, sizeof(file), "%.*s/%s", (int)n, path, name);
		if (access(file, X_OK) == 0)
			return true;
	}
	return false;
}

static pid_t
start(const char *const *argv)
{
	pid_t pid = fork();
	int null;

	ck_assert_int_ge(pid, 0);
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	null = open("/dev/null", O_RDWR);
	dup2(null, 0);
	dup2(null, 1);
	dup2(null, 2);
	setenv("DISPLAY", server.display, 1);
	/* What the user has set up is not what is tested. */
	setenv("HOME", getenv("TMPDIR"), 1);
	unsetenv("XDG_CONFIG_HOME");
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

static void
stop(pid_t *pid)
{
	if (!*pid)
		return;
	kill(*pid, SIGTERM);
	waitpid(*pid, NULL, 0);
	*pid = 0;
}

static bool
has_property(xcb_window_t window, const char *name)
{
	xcb_get_property_reply_t *r;
	bool has;

	r = xcb_get_property_reply(c, xcb_get_property(c, 0, window,
			x_atom(c, name), XCB_ATOM_ANY, 0, 1), NULL);
	has = r && r->value_len > 0;
	free(r);
	return has;
}

/*
 * It says that it is there some time before it manages windows, and those
 * that are mapped meanwhile it never does: so it is tried, with windows of
 * this client's, until one is managed.
 */
static bool
has_manager(void)
{
	uint64_t until = base_now_ns() + 200 * BASE_NS_PER_MS;
	xcb_window_t window = xcb_generate_id(c);
	bool managed;

	if (!has_property(root, "_NET_SUPPORTING_WM_CHECK"))
		return false;
	xcb_create_window(c, XCB_COPY_FROM_PARENT, window, root, 0, 0, 10, 10,
			  0, XCB_WINDOW_CLASS_INPUT_OUTPUT,
			  XCB_COPY_FROM_PARENT, 0, NULL);
	xcb_map_window(c, window);
	do {
		usleep(5000);
		managed = has_property(window, "WM_STATE");
	} while (!managed && base_now_ns() < until);
	xcb_destroy_window(c, window);
	x_sync(c);
	return managed;
}

static bool
has_compositor(void)
{
	xcb_get_selection_owner_reply_t *r;
	bool has;

	r = xcb_get_selection_owner_reply(c, xcb_get_selection_owner(c,
			x_atom(c, "_NET_WM_CM_S0")), NULL);
	has = r && r->owner;
	free(r);
	return has;
}

static void
wait_for(bool (*there)(void))
{
	uint64_t deadline = base_now_ns() + X_PATIENCE_NS;

	while (!there()) {
		ck_assert_msg(base_now_ns() < deadline, "did not start");
		usleep(10000);
	}
}

static void
setup(void)
{
	static const char *const openbox[] = { "openbox", "--sm-disable",
					       NULL };

	xserver_start(&server, "800x600x24", NULL);
	c = x_connect(server.display);
	root = xcb_setup_roots_iterator(xcb_get_setup(c)).data->root;
	manager = start(openbox);
	wait_for(has_manager);
}

/* false when it is not there: main() has said so. */
static bool
start_compositor(int which)
{
	if (!compositors[which][0])
		return true;
	if (!is_installed(compositors[which][0]))
		return false;
	compositor = start(compositors[which]);
	wait_for(has_compositor);
	return true;
}

static void
teardown(void)
{
	xcb_disconnect(c);
	stop(&compositor);
	stop(&manager);
	xserver_stop(&server);
}

/* ------------------------------------------------------------- windows -- */

static struct shmfb *
open_with(uint32_t flags)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;

	opt.display = server.display;
	opt.width = 200;
	opt.height = 100;
	opt.flags = flags;
	return open_window(&opt);
}

/* The sizes of frames, by seed, which may be others than the window's by now. */
static uint32_t drawn[128][2];

static void
draw(struct shmfb *fb, uint32_t seed)
{
	struct shmfb_canvas canvas;
	int err;

	while ((err = shmfb_begin(fb, &canvas)) == -EAGAIN)
		ck_assert(shmfb_pump(fb));
	ck_assert_int_eq(err, 0);
	drawn[seed][0] = canvas.width;
	drawn[seed][1] = canvas.height;
	fill(canvas.pixels, canvas.stride, canvas.width, canvas.height, seed);
	ck_assert_int_eq(shmfb_present(fb, NULL, 0), 0);
}

static bool
state_is(struct shmfb *fb, void *data)
{
	return shmfb_state(fb) == *(const uint32_t *)data;
}

static void
wait_for_state(struct shmfb *fb, uint32_t state)
{
	wait_until(fb, state_is, &state);
}

/* The manager has forgotten it: else it would forget what is asked next. */
static bool
is_let_go(struct shmfb *fb, void *data)
{
	(void)data;
	return !has_property(shmfb_window_id(fb), "WM_STATE");
}

static bool
size_is(struct shmfb *fb, void *data)
{
	const uint32_t *size = data;
	struct shmfb_stats s = stats_of(fb);

	return s.width == size[0] && s.height == size[1];
}

static void
wait_for_size(struct shmfb *fb, uint32_t width, uint32_t height)
{
	uint32_t size[2] = { width, height };

	wait_until(fb, size_is, size);
}

/* Is the screen, where the window is, that frame? */
static bool
screen_shows(struct shmfb *fb, uint32_t seed)
{
	struct shmfb_stats s = stats_of(fb);
	xcb_translate_coordinates_reply_t *at;
	xcb_get_image_reply_t *r;
	const uint32_t *got;
	uint32_t x, y;
	bool same = true;

	at = xcb_translate_coordinates_reply(c, xcb_translate_coordinates(c,
			shmfb_window_id(fb), root, 0, 0), NULL);
	ck_assert_ptr_nonnull(at);
	r = xcb_get_image_reply(c, xcb_get_image(c, XCB_IMAGE_FORMAT_Z_PIXMAP,
			root, at->dst_x, at->dst_y, (uint16_t)s.width,
			(uint16_t)s.height, ~0U), NULL);
	free(at);
	/* It is not all on the screen, yet. */
	if (!r)
		return false;
	got = (const void *)xcb_get_image_data(r);
	for (y = 0; y < s.height && same; y++)
		for (x = 0; x < s.width && same; x++)
			same = (got[y * s.width + x] & 0xffffff) ==
			       pattern(x, y, seed);
	free(r);
	return same;
}

static bool
is_on_screen(struct shmfb *fb, void *data)
{
	return screen_shows(fb, *(const uint32_t *)data);
}

/* A compositor takes a moment. */
static void
draw_and_see(struct shmfb *fb, uint32_t seed)
{
	draw(fb, seed);
	wait_until(fb, is_on_screen, &seed);
	ck_assert_uint_eq(stats_of(fb).frames_failed, 0);
}

static void
say(xcb_window_t window, const char *type, uint32_t a, uint32_t b, uint32_t d,
    uint32_t e)
{
	xcb_client_message_event_t m = {
		.response_type = XCB_CLIENT_MESSAGE,
		.format = 32,
		.window = window,
		.type = x_atom(c, type),
		.data.data32 = { a, b, d, e, 2 },
	};

	xcb_send_event(c, 0, root, XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY |
		       XCB_EVENT_MASK_SUBSTRUCTURE_REDIRECT,
		       (const char *)&m);
	x_sync(c);
}

/* --------------------------------------------------------------- tests -- */

START_TEST(comes_and_goes)
{
	struct shmfb *fb;

	if (!start_compositor(_i))
		return;
	fb = open_with(0);
	draw_and_see(fb, 1);
	/* Iconified, and back. */
	say(shmfb_window_id(fb), "WM_CHANGE_STATE", 3, 0, 0, 0);
	wait_for_state(fb, SHMFB_STATE_HIDDEN);
	draw(fb, 2);
	say(shmfb_window_id(fb), "_NET_ACTIVE_WINDOW", 2, 0, 0, 0);
	wait_for_state(fb, 0);
	draw_and_see(fb, 3);
	/* Another desktop. */
	say(root, "_NET_CURRENT_DESKTOP", 1, 0, 0, 0);
	wait_for_state(fb, SHMFB_STATE_HIDDEN);
	say(root, "_NET_CURRENT_DESKTOP", 0, 0, 0, 0);
	wait_for_state(fb, 0);
	draw_and_see(fb, 4);
	shmfb_close(fb);
}
END_TEST

START_TEST(fullscreen)
{
	struct shmfb *fb;

	if (!start_compositor(_i))
		return;
	fb = open_with(SHMFB_FULLSCREEN);
	wait_for_state(fb, SHMFB_STATE_FULLSCREEN);
	wait_for_size(fb, SCREEN_WIDTH, SCREEN_HEIGHT);
	draw_and_see(fb, 1);
	ck_assert_int_eq(shmfb_set_state(fb, SHMFB_STATE_FULLSCREEN, false),
			 0);
	wait_for_state(fb, 0);
	wait_for_size(fb, 200, 100);
	draw_and_see(fb, 2);
	ck_assert_int_eq(shmfb_set_state(fb, SHMFB_STATE_FULLSCREEN, true),
			 0);
	wait_for_size(fb, SCREEN_WIDTH, SCREEN_HEIGHT);
	draw_and_see(fb, 3);
	shmfb_close(fb);
}
END_TEST

/* One that is to keep its size, until it is asked to be fullscreen. */
START_TEST(fixed_size)
{
	struct shmfb *fb = open_with(SHMFB_FIXED_SIZE);

	draw_and_see(fb, 1);
	ck_assert_int_eq(shmfb_set_state(fb, SHMFB_STATE_FULLSCREEN, true),
			 0);
	wait_for_size(fb, SCREEN_WIDTH, SCREEN_HEIGHT);
	ck_assert_int_eq(shmfb_set_state(fb, SHMFB_STATE_FULLSCREEN, false),
			 0);
	wait_for_size(fb, 200, 100);
	wait_for_state(fb, 0);
	draw_and_see(fb, 2);
	shmfb_close(fb);
}
END_TEST

START_TEST(maximised_and_above)
{
	struct shmfb *fb = open_with(SHMFB_MAXIMIZED | SHMFB_ABOVE);

	wait_for_state(fb, SHMFB_STATE_MAXIMIZED | SHMFB_STATE_ABOVE);
	draw(fb, 1);
	ck_assert_int_eq(shmfb_set_state(fb, SHMFB_STATE_MAXIMIZED, false),
			 0);
	wait_for_state(fb, SHMFB_STATE_ABOVE);
	wait_for_size(fb, 200, 100);
	ck_assert_int_eq(shmfb_set_state(fb, SHMFB_STATE_ABOVE, false), 0);
	wait_for_state(fb, 0);
	draw_and_see(fb, 2);
	/* Taken off the screen and put back, as it was. */
	ck_assert_int_eq(shmfb_set_state(fb, SHMFB_STATE_ABOVE, true), 0);
	wait_for_state(fb, SHMFB_STATE_ABOVE);
	ck_assert_int_eq(shmfb_set_visible(fb, false), 0);
	wait_until(fb, is_let_go, NULL);
	ck_assert(shmfb_state(fb) & SHMFB_STATE_HIDDEN);
	ck_assert_int_eq(shmfb_set_visible(fb, true), 0);
	wait_for_state(fb, SHMFB_STATE_ABOVE);
	draw_and_see(fb, 3);
	shmfb_close(fb);
}
END_TEST

/* However little time the manager has for it. */
START_TEST(hidden_and_shown_at_once)
{
	const uint32_t states = SHMFB_STATE_MAXIMIZED | SHMFB_STATE_ABOVE;
	struct shmfb *fb = open_with(SHMFB_MAXIMIZED | SHMFB_ABOVE);
	uint32_t i;

	for (i = 1; i <= 20; i++) {
		wait_for_state(fb, states);
		ck_assert_int_eq(shmfb_set_visible(fb, false), 0);
		ck_assert_int_eq(shmfb_set_visible(fb, true), 0);
		wait_for_state(fb, states);
		/* Again, before it is known what came of it. */
		ck_assert_int_eq(shmfb_set_visible(fb, false), 0);
		ck_assert_int_eq(shmfb_set_visible(fb, true), 0);
		ck_assert_int_eq(shmfb_set_visible(fb, false), 0);
		ck_assert_int_eq(shmfb_set_visible(fb, true), 0);
		usleep(1000 * i);
		draw(fb, i);
	}
	wait_for_state(fb, states);
	draw_and_see(fb, 30);
	shmfb_close(fb);
}
END_TEST

/* The frame's corner is where it was asked to be, or near: it has borders. */
START_TEST(placed)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	xcb_translate_coordinates_reply_t *at;
	struct shmfb *fb;

	opt.display = server.display;
	opt.flags = SHMFB_NO_DECORATION;
	opt.width = 200;
	opt.height = 100;
	opt.x = 123;
	opt.y = 45;
	fb = open_window(&opt);
	draw_and_see(fb, 1);
	at = xcb_translate_coordinates_reply(c, xcb_translate_coordinates(c,
			shmfb_window_id(fb), root, 0, 0), NULL);
	ck_assert_ptr_nonnull(at);
	ck_assert_int_eq(at->dst_x, 123);
	ck_assert_int_eq(at->dst_y, 45);
	free(at);
	shmfb_close(fb);
}
END_TEST

/* By another window; a compositor has all of both. */
START_TEST(covered)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	struct shmfb *fb, *above;

	if (!start_compositor(_i))
		return;
	opt.display = server.display;
	opt.flags = SHMFB_NO_DECORATION;
	opt.width = 200;
	opt.height = 100;
	opt.x = 100;
	opt.y = 60;
	fb = open_window(&opt);
	draw_and_see(fb, 1);
	opt.flags |= SHMFB_ABOVE;
	above = open_window(&opt);
	wait_for_state(above, SHMFB_STATE_ABOVE);
	draw_and_see(above, 2);
	if (!compositor)
		wait_for_state(fb, SHMFB_STATE_COVERED);
	/* Drawn on all the while, and there when it can be seen again. */
	draw(fb, 3);
	ck_assert(!screen_shows(fb, 3));
	shmfb_close(above);
	wait_for_state(fb, 0);
	wait_until(fb, is_on_screen, &(uint32_t){ 3 });
	shmfb_close(fb);
}
END_TEST

START_TEST(closed_by_its_user)
{
	struct shmfb *fb = open_with(0);
	struct shmfb_event e;
	bool closed = false;

	draw_and_see(fb, 1);
	say(shmfb_window_id(fb), "_NET_CLOSE_WINDOW", 0, 2, 0, 0);
	while (shmfb_pump(fb))
		;
	while (shmfb_next_event(fb, &e))
		closed |= e.type == SHMFB_EVENT_CLOSE;
	ck_assert(closed);
	shmfb_close(fb);
}
END_TEST

static uint64_t
counter_value(struct shmfb *fb)
{
	xcb_sync_query_counter_reply_t *r;
	xcb_get_property_reply_t *p;
	uint32_t counter;
	uint64_t value;

	p = xcb_get_property_reply(c, xcb_get_property(c, 0,
			shmfb_window_id(fb),
			x_atom(c, "_NET_WM_SYNC_REQUEST_COUNTER"),
			XCB_ATOM_CARDINAL, 0, 1), NULL);
	ck_assert_ptr_nonnull(p);
	ck_assert_uint_eq(p->value_len, 1);
	memcpy(&counter, xcb_get_property_value(p), sizeof(counter));
	free(p);
	r = xcb_sync_query_counter_reply(c, xcb_sync_query_counter(c,
						counter), NULL);
	ck_assert_ptr_nonnull(r);
	value = (uint64_t)(uint32_t)r->counter_value.hi << 32 |
		r->counter_value.lo;
	free(r);
	return value;
}

static void
fake(uint8_t type, uint8_t detail, int16_t x, int16_t y)
{
	xcb_test_fake_input(c, type, detail, XCB_CURRENT_TIME, root, x, y, 0);
	x_sync(c);
}

static bool
is_frame(const uint32_t *pixels, uint32_t width, uint32_t height,
	 uint32_t seed)
{
	uint32_t x, y;

	if (drawn[seed][0] != width || drawn[seed][1] != height)
		return false;
	for (y = 0; y < height; y++)
		for (x = 0; x < width; x++)
			if (pixels[y * width + x] != pattern(x, y, seed))
				return false;
	return true;
}

static void
get_size(xcb_window_t window, uint32_t size[2])
{
	xcb_get_geometry_reply_t *g;

	g = xcb_get_geometry_reply(c, xcb_get_geometry(c, window), NULL);
	ck_assert_ptr_nonnull(g);
	size[0] = g->width;
	size[1] = g->height;
	free(g);
}

/* Does the window show a whole frame, of its size? */
static bool
is_drawn(struct shmfb *fb, uint32_t newest)
{
	uint32_t seed = newest, size[2], *got;

	get_size(shmfb_window_id(fb), size);
	got = x_read(c, shmfb_window_id(fb), size[0], size[1]);
	while (seed > 0 && !is_frame(got, size[0], size[1], seed))
		seed--;
	free(got);
	return seed > 0;
}

/* Of the manager's: it cuts what its window shows. */
static xcb_window_t
parent_of(struct shmfb *fb)
{
	xcb_query_tree_reply_t *r;
	xcb_window_t parent;

	r = xcb_query_tree_reply(c, xcb_query_tree(c, shmfb_window_id(fb)),
				 NULL);
	ck_assert_ptr_nonnull(r);
	parent = r->parent;
	free(r);
	return parent;
}

/* Both of them have another size than that. */
static void
wait_for_another(struct shmfb *fb, const uint32_t window[2],
		 const uint32_t parent[2])
{
	uint64_t until = base_now_ns() + X_PATIENCE_NS;
	uint32_t size[2], around[2];

	do {
		ck_assert_msg(base_now_ns() < until, "was not resized");
		get_size(shmfb_window_id(fb), size);
		get_size(parent_of(fb), around);
	} while (memcmp(size, window, sizeof(size)) == 0 ||
		 memcmp(around, parent, sizeof(around)) == 0);
}

/*
 * The manager has given the window another size, and is stopped before it can
 * do more. When it gets its answer, a frame of that size is in the window.
 */
static void
check_answer(struct shmfb *fb, uint64_t before, uint32_t seed)
{
	uint64_t began = base_now_ns(), until = began + X_PATIENCE_NS;
	unsigned i;
	bool early;

	kill(manager, SIGSTOP);
	for (i = 0; i < 3; i++) {
		x_sync(fb->x->conn);
		shmfb_dispatch(fb);
		early = counter_value(fb) != before &&
			!is_drawn(fb, seed - 1);
		/* An application that does not draw is not waited for. */
		if (base_now_ns() - began < SHMFB_SYNC_NS)
			ck_assert_msg(!early, "answered before it was drawn");
	}
	draw(fb, seed);
	while (counter_value(fb) == before) {
		ck_assert_msg(base_now_ns() < until, "was not answered");
		shmfb_dispatch(fb);
	}
	ck_assert_msg(is_drawn(fb, seed), "answered, and not drawn");
	kill(manager, SIGCONT);
}

/* Dragged by its corner: each size is waited for, and seen. */
START_TEST(dragged)
{
	uint32_t around[2] = { 0, 0 };
	struct shmfb *fb;
	uint64_t answer;
	int16_t i;

	if (!start_compositor(_i))
		return;
	fb = open_with(0);
	free(xcb_sync_initialize_reply(c, xcb_sync_initialize(c, 3, 0),
				       NULL));
	draw_and_see(fb, 1);
	fake(XCB_MOTION_NOTIFY, 0, 300, 200);
	fake(XCB_BUTTON_PRESS, 1, 0, 0);
	say(shmfb_window_id(fb), "_NET_WM_MOVERESIZE", 300, 200, 4, 1);
	for (i = 1; i <= 40; i++) {
		answer = counter_value(fb);
		fake(XCB_MOTION_NOTIFY, 0, (int16_t)(300 + 3 * i),
		     (int16_t)(200 + 2 * i));
		if (i % 8 == 0) {
			wait_for_another(fb, drawn[i], around);
			check_answer(fb, answer, (uint32_t)i + 1);
		} else {
			draw(fb, (uint32_t)i + 1);
		}
		if (i % 8 != 7)
			continue;
		/* Nothing is to be answered before the next. */
		wait_for_size(fb, 200 + 3 * (uint32_t)i,
			      100 + 2 * (uint32_t)i);
		draw(fb, (uint32_t)i + 1);
		settle(fb, c);
		get_size(parent_of(fb), around);
	}
	fake(XCB_BUTTON_RELEASE, 1, 0, 0);
	/* From 300,200 to 420,280. */
	wait_for_size(fb, 320, 180);
	draw_and_see(fb, 99);
	shmfb_close(fb);
}
END_TEST

int
main(void)
{
	const int all = (int)BASE_ARRAY_SIZE(compositors);
	Suite *s = suite_create("wm-openbox");
	TCase *tc = suite_case(s, "openbox");
	int i;

	if (!is_installed("openbox")) {
		puts("1..0 # SKIP openbox is not installed");
		return 0;
	}
	for (i = 1; i < all; i++)
		if (!is_installed(compositors[i][0]))
			printf("# %s is not installed: not tried\n",
			       compositors[i][0]);
	fflush(stdout);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, comes_and_goes, 0, all);
	tcase_add_loop_test(tc, fullscreen, 0, all);
	tcase_add_loop_test(tc, dragged, 0, all);
	tcase_add_loop_test(tc, covered, 0, all);
	tcase_add_test(tc, fixed_size);
	tcase_add_test(tc, maximised_and_above);
	tcase_add_test(tc, hidden_and_shown_at_once);
	tcase_add_test(tc, placed);
	tcase_add_test(tc, closed_by_its_user);
	return suite_run(s);
}
