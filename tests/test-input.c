/* SPDX-License-Identifier: MIT */
/*
 * test-input.c - keys, text, buttons, motion, grabs and focus, made by XTEST
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xcb/xinput.h>
#include <xcb/xkb.h>
#include <xcb/xtest.h>
#include <xkbcommon/xkbcommon-keysyms.h>

#include <shmfb/shmfb.h>

#include "base/clock.h"
#include "base/fd.h"
#include "shmfb/window.h"
#include "suite.h"
#include "xtool.h"

static xcb_connection_t *c;
static xcb_window_t root;
static struct shmfb *fb;

static bool
is_focused(struct shmfb *window, void *data)
{
	struct shmfb_event e;

	(void)data;
	while (shmfb_next_event(window, &e))
		if (e.type == SHMFB_EVENT_FOCUS && e.u.focus.focused)
			return true;
	return false;
}

static void
focus(xcb_window_t window)
{
	xcb_set_input_focus(c, XCB_INPUT_FOCUS_POINTER_ROOT, window,
			    XCB_CURRENT_TIME);
	x_sync(c);
}

static void
fake(uint8_t type, uint8_t detail, int16_t x, int16_t y)
{
	xcb_test_fake_input(c, type, detail, XCB_CURRENT_TIME, root, x, y, 0);
	x_sync(c);
}

static void
setup(void)
{
	c = x_connect(NULL);
	root = xcb_setup_roots_iterator(xcb_get_setup(c)).data->root;
	fake(XCB_MOTION_NOTIFY, 0, 1000, 1000);
	fb = open_window(NULL);
	settle(fb, c);
	focus(shmfb_window_id(fb));
	wait_until(fb, is_focused, NULL);
}

/* By core events alone. */
static void
setup_core(void)
{
	setenv("SHMFB_NO_XINPUT", "1", 1);
	setup();
	unsetenv("SHMFB_NO_XINPUT");
}

static void
teardown(void)
{
	shmfb_close(fb);
	xcb_disconnect(c);
}

/* The next event of that type; others are passed over. */
static struct shmfb_event
next(enum shmfb_event_type type)
{
	uint64_t deadline = base_now_ns() + 5 * BASE_NS_PER_S;
	struct shmfb_event e;

	for (;;) {
		while (shmfb_next_event(fb, &e))
			if (e.type == type)
				return e;
		ck_assert_msg(base_now_ns() < deadline, "no event of type %d",
			      type);
		settle(fb, c);
	}
}

static uint32_t
count(enum shmfb_event_type type)
{
	struct shmfb_event e;
	uint32_t n = 0;

	settle(fb, c);
	while (shmfb_next_event(fb, &e))
		n += e.type == type;
	return n;
}

/* The keycode that has that symbol, in whichever column. */
static xcb_keycode_t
keycode(uint32_t keysym)
{
	const xcb_setup_t *setup_ = xcb_get_setup(c);
	uint8_t codes = (uint8_t)(setup_->max_keycode - setup_->min_keycode +
				  1);
	xcb_get_keyboard_mapping_reply_t *r;
	int i, n;
	xcb_keycode_t code = 0;

	r = xcb_get_keyboard_mapping_reply(c, xcb_get_keyboard_mapping(c,
			setup_->min_keycode, codes), NULL);
	ck_assert_ptr_nonnull(r);
	n = xcb_get_keyboard_mapping_keysyms_length(r);
	for (i = 0; i < n && !code; i++)
		if (xcb_get_keyboard_mapping_keysyms(r)[i] == keysym)
			code = (xcb_keycode_t)(setup_->min_keycode +
				i / r->keysyms_per_keycode);
	free(r);
	ck_assert_uint_ne(code, 0);
	return code;
}

static void
check_key(uint32_t keysym, uint32_t modifiers, bool pressed, bool repeat)
{
	struct shmfb_event e = next(SHMFB_EVENT_KEY);

	ck_assert_uint_eq(e.u.key.keysym, keysym);
	ck_assert_uint_eq(e.u.key.modifiers, modifiers);
	ck_assert_int_eq(e.u.key.pressed, pressed);
	ck_assert_int_eq(e.u.key.repeat, repeat);
}

START_TEST(key)
{
	xcb_keycode_t a = keycode(XKB_KEY_a), f1 = keycode(XKB_KEY_F1);

	fake(XCB_KEY_PRESS, a, 0, 0);
	fake(XCB_KEY_RELEASE, a, 0, 0);
	check_key(XKB_KEY_a, 0, true, false);
	check_key(XKB_KEY_a, 0, false, false);
	fake(XCB_KEY_PRESS, f1, 0, 0);
	fake(XCB_KEY_RELEASE, f1, 0, 0);
	check_key(XKB_KEY_F1, 0, true, false);
	check_key(XKB_KEY_F1, 0, false, false);
}
END_TEST

START_TEST(modifiers)
{
	static const struct {
		uint32_t key;
		uint32_t modifier;
		uint32_t a;
	} with[] = {
		{ XKB_KEY_Shift_L, SHMFB_MOD_SHIFT, XKB_KEY_A },
		{ XKB_KEY_Control_L, SHMFB_MOD_CTRL, XKB_KEY_a },
		{ XKB_KEY_Alt_L, SHMFB_MOD_ALT, XKB_KEY_a },
		{ XKB_KEY_Super_L, SHMFB_MOD_SUPER, XKB_KEY_a },
	};
	xcb_keycode_t a = keycode(XKB_KEY_a), mod;
	unsigned i;

	for (i = 0; i < 4; i++) {
		mod = keycode(with[i].key);
		fake(XCB_KEY_PRESS, mod, 0, 0);
		fake(XCB_KEY_PRESS, a, 0, 0);
		fake(XCB_KEY_RELEASE, a, 0, 0);
		fake(XCB_KEY_RELEASE, mod, 0, 0);
		check_key(with[i].key, 0, true, false);
		check_key(with[i].a, with[i].modifier, true, false);
		check_key(with[i].a, with[i].modifier, false, false);
		/* Which symbol the release has is the keymap's affair. */
		ck_assert(!next(SHMFB_EVENT_KEY).u.key.pressed);
	}
}
END_TEST

/* Repeats are presses marked as such, with no release between. */
START_TEST(repeat)
{
	xcb_keycode_t a = keycode(XKB_KEY_a);
	struct shmfb_event e;
	unsigned i;

	fake(XCB_KEY_PRESS, a, 0, 0);
	check_key(XKB_KEY_a, 0, true, false);
	for (i = 0; i < 3; i++)
		check_key(XKB_KEY_a, 0, true, true);
	fake(XCB_KEY_RELEASE, a, 0, 0);
	do
		e = next(SHMFB_EVENT_KEY);
	while (e.u.key.repeat);
	ck_assert(!e.u.key.pressed);
	ck_assert_uint_eq(count(SHMFB_EVENT_KEY), 0);
}
END_TEST

/* A key that is down when the focus goes is released, once. */
START_TEST(released_on_focus_loss)
{
	xcb_keycode_t a = keycode(XKB_KEY_a), shift;

	shift = keycode(XKB_KEY_Shift_L);
	fake(XCB_KEY_PRESS, shift, 0, 0);
	fake(XCB_KEY_PRESS, a, 0, 0);
	check_key(XKB_KEY_Shift_L, 0, true, false);
	check_key(XKB_KEY_A, SHMFB_MOD_SHIFT, true, false);
	focus(XCB_NONE);
	ck_assert(!next(SHMFB_EVENT_KEY).u.key.pressed);
	ck_assert(!next(SHMFB_EVENT_KEY).u.key.pressed);
	ck_assert(!next(SHMFB_EVENT_FOCUS).u.focus.focused);
	fake(XCB_KEY_RELEASE, a, 0, 0);
	fake(XCB_KEY_RELEASE, shift, 0, 0);
	ck_assert_uint_eq(count(SHMFB_EVENT_KEY), 0);
	focus(shmfb_window_id(fb));
	ck_assert(next(SHMFB_EVENT_FOCUS).u.focus.focused);
	fake(XCB_KEY_PRESS, a, 0, 0);
	check_key(XKB_KEY_a, 0, true, false);
	fake(XCB_KEY_RELEASE, a, 0, 0);
	check_key(XKB_KEY_a, 0, false, false);
}
END_TEST

/* Another layout while running: the y of one is the z of the other. */
START_TEST(keymap_changes)
{
	xcb_keycode_t a = keycode(XKB_KEY_a);
	xcb_keysym_t sym[2] = { XKB_KEY_adiaeresis, XKB_KEY_Adiaeresis };
	xcb_keysym_t old[2] = { XKB_KEY_a, XKB_KEY_A };

	xcb_change_keyboard_mapping(c, 1, a, 2, sym);
	x_sync(c);
	settle(fb, c);
	fake(XCB_KEY_PRESS, a, 0, 0);
	fake(XCB_KEY_RELEASE, a, 0, 0);
	xcb_change_keyboard_mapping(c, 1, a, 2, old);
	x_sync(c);
	check_key(XKB_KEY_adiaeresis, 0, true, false);
}
END_TEST

/* How many requests the window makes of so many changes of the map. */
static unsigned
requests_for(unsigned changes)
{
	xcb_keysym_t sym[2] = { XKB_KEY_a, XKB_KEY_A };
	xcb_keycode_t a = keycode(XKB_KEY_a);
	unsigned before, i;

	settle(fb, c);
	before = xcb_no_operation(fb->x->conn).sequence;
	for (i = 0; i < changes; i++)
		xcb_change_keyboard_mapping(c, 1, a, 2, sym);
	x_sync(c);
	settle(fb, c);
	return xcb_no_operation(fb->x->conn).sequence - before;
}

/* What comes at once is read once. */
START_TEST(keymap_is_read_once)
{
	unsigned one = requests_for(1);

	ck_assert_uint_ge(one, 5);
	ck_assert_uint_lt(requests_for(50), 10 * one);
}
END_TEST

/*
 * What a step takes of events has a limit, and the last of these may be that
 * the map has changed: then it is read all the same before anybody sleeps.
 */
START_TEST(keymap_changes_at_the_limit)
{
	xcb_connection_t *own = fb->x->conn;
	xcb_keysym_t sym[2] = { XKB_KEY_a, XKB_KEY_A };
	xcb_keycode_t a = keycode(XKB_KEY_a);
	unsigned n, i;

	for (n = 240; n < 260; n++) {
		settle(fb, c);
		for (i = 0; i < n; i++)
			xcb_change_property(c, XCB_PROP_MODE_REPLACE,
					    shmfb_window_id(fb),
					    XCB_ATOM_CUT_BUFFER0,
					    XCB_ATOM_STRING, 8, 0, NULL);
		xcb_change_keyboard_mapping(c, 1, a, 2, sym);
		x_sync(c);
		/* Has libxcb read all of them. */
		x_sync(own);
		ck_assert_int_eq(shmfb_dispatch(fb), 0);
		ck_assert(!fb->x->keymap.stale);
	}
}
END_TEST

/*
 * Whenever a byte comes: changes the map, waits a moment, which is another
 * one each time, and has a key pressed and released.
 */
static pid_t
change_and_press(const int fds[2])
{
	xcb_keysym_t sym[2] = { XKB_KEY_a, XKB_KEY_A };
	xcb_keycode_t a = keycode(XKB_KEY_a);
	unsigned round = 0;
	pid_t pid = fork();
	char byte;

	ck_assert_int_ge(pid, 0);
	if (pid)
		return pid;
	close(fds[1]);
	c = xcb_connect(NULL, NULL);
	while (read(fds[0], &byte, 1) == 1) {
		xcb_change_keyboard_mapping(c, 1, a, 2, sym);
		x_sync(c);
		usleep(50 * (round++ % 40));
		fake(XCB_KEY_PRESS, a, 0, 0);
		fake(XCB_KEY_RELEASE, a, 0, 0);
	}
	_exit(0);
}

static bool
is_released(void)
{
	struct shmfb_event e;

	while (shmfb_next_event(fb, &e))
		if (e.type == SHMFB_EVENT_KEY && !e.u.key.pressed)
			return true;
	return false;
}

/* Keys that come while the map is read: nobody sleeps on them. */
START_TEST(keys_while_the_keymap_is_read)
{
	struct pollfd p = { shmfb_fd(fb), POLLIN, 0 };
	int fds[2];
	unsigned i;
	pid_t pid;

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	pid = change_and_press(fds);
	close(fds[0]);
	for (i = 0; i < 200; i++) {
		ck_assert_int_eq(write(fds[1], "", 1), 1);
		do {
			ck_assert_msg(base_poll(&p, 1, base_now_ns() +
						5 * BASE_NS_PER_S) == 1,
				      "asleep in round %u", i);
			ck_assert_int_eq(shmfb_dispatch(fb), 0);
		} while (!is_released());
	}
	close(fds[1]);
	waitpid(pid, NULL, 0);
}
END_TEST

/* A key means what was said before it, though both are taken together. */
START_TEST(keymap_changes_before_a_key)
{
	xcb_keycode_t a = keycode(XKB_KEY_a);
	xcb_keysym_t sym[2] = { XKB_KEY_adiaeresis, XKB_KEY_Adiaeresis };
	xcb_keysym_t old[2] = { XKB_KEY_a, XKB_KEY_A };

	fake(XCB_KEY_PRESS, a, 0, 0);
	xcb_change_keyboard_mapping(c, 1, a, 2, sym);
	fake(XCB_KEY_RELEASE, a, 0, 0);
	fake(XCB_KEY_PRESS, a, 0, 0);
	fake(XCB_KEY_RELEASE, a, 0, 0);
	check_key(XKB_KEY_a, 0, true, false);
	check_key(XKB_KEY_adiaeresis, 0, false, false);
	check_key(XKB_KEY_adiaeresis, 0, true, false);
	xcb_change_keyboard_mapping(c, 1, a, 2, old);
	x_sync(c);
	settle(fb, c);
}
END_TEST

START_TEST(buttons)
{
	static const uint8_t which[] = { 1, 2, 3, 8, 9 };
	struct shmfb_event e;
	unsigned i;

	fake(XCB_MOTION_NOTIFY, 0, 120, 34);
	for (i = 0; i < 5; i++) {
		fake(XCB_BUTTON_PRESS, which[i], 0, 0);
		e = next(SHMFB_EVENT_BUTTON);
		ck_assert_uint_eq(e.u.button.button, which[i]);
		ck_assert(e.u.button.pressed);
		ck_assert_int_eq(e.u.button.x, 120);
		ck_assert_int_eq(e.u.button.y, 34);
		ck_assert_int_eq(e.u.button.window_x, 120);
		ck_assert_int_eq(e.u.button.window_y, 34);
		fake(XCB_BUTTON_RELEASE, which[i], 0, 0);
		e = next(SHMFB_EVENT_BUTTON);
		ck_assert(!e.u.button.pressed);
	}
}
END_TEST

/* A notch is one event, of its own kind, and no button. */
START_TEST(wheel)
{
	static const double notch[][2] = {
		{ 0, 1 }, { 0, -1 }, { -1, 0 }, { 1, 0 },
	};
	struct shmfb_event e;
	uint8_t b;

	fake(XCB_MOTION_NOTIFY, 0, 120, 34);
	for (b = 4; b <= 7; b++) {
		fake(XCB_BUTTON_PRESS, b, 0, 0);
		fake(XCB_BUTTON_RELEASE, b, 0, 0);
		e = next(SHMFB_EVENT_SCROLL);
		ck_assert_double_eq(e.u.scroll.dx, notch[b - 4][0]);
		ck_assert_double_eq(e.u.scroll.dy, notch[b - 4][1]);
		ck_assert_int_eq(e.u.scroll.x, 120);
		ck_assert_int_eq(e.u.scroll.window_y, 34);
	}
	fake(XCB_BUTTON_PRESS, 4, 0, 0);
	fake(XCB_BUTTON_RELEASE, 4, 0, 0);
	settle(fb, c);
	ck_assert(shmfb_next_event(fb, &e));
	ck_assert_int_eq(e.type, SHMFB_EVENT_SCROLL);
	ck_assert(!shmfb_next_event(fb, &e));
}
END_TEST

/* A picture of 64x48, ten times as large as it is, and turned. */
static void
present_small(uint32_t rotation)
{
	struct shmfb_view view = SHMFB_VIEW_INIT;
	struct shmfb_canvas canvas;

	view.scale = SHMFB_SCALE_FIT;
	view.rotation = rotation;
	ck_assert_int_eq(shmfb_set_view(fb, &view), 0);
	ck_assert_int_eq(shmfb_set_canvas_size(fb, 64, 48), 0);
	while (shmfb_begin(fb, &canvas) < 0)
		ck_assert(shmfb_pump(fb));
	shmfb_fill(&canvas, NULL, 0);
	ck_assert_int_eq(shmfb_present(fb, NULL, 0), 0);
	settle(fb, c);
	while (shmfb_next_event(fb, &(struct shmfb_event){ 0 }));
}

START_TEST(pointer_is_where_the_picture_is)
{
	struct shmfb_event e;

	present_small(0);
	fake(XCB_MOTION_NOTIFY, 0, 639, 0);
	e = next(SHMFB_EVENT_MOTION);
	ck_assert_int_eq(e.u.motion.x, 63);
	ck_assert_int_eq(e.u.motion.y, 0);
	ck_assert_int_eq(e.u.motion.window_x, 639);
	fake(XCB_MOTION_NOTIFY, 0, 105, 209);
	e = next(SHMFB_EVENT_MOTION);
	ck_assert_int_eq(e.u.motion.x, 10);
	ck_assert_int_eq(e.u.motion.y, 20);
	ck_assert_int_eq(e.u.motion.window_x, 105);
	ck_assert_int_eq(e.u.motion.window_y, 209);
	ck_assert_double_eq(e.u.motion.dx, 105 - 639);
	ck_assert_double_eq(e.u.motion.dy, 209);
	/* Upside down: the first is the last. Then the button is there, too. */
	present_small(2);
	fake(XCB_MOTION_NOTIFY, 0, 0, 0);
	e = next(SHMFB_EVENT_MOTION);
	ck_assert_int_eq(e.u.motion.x, 63);
	ck_assert_int_eq(e.u.motion.y, 47);
	fake(XCB_BUTTON_PRESS, 1, 0, 0);
	fake(XCB_BUTTON_RELEASE, 1, 0, 0);
	e = next(SHMFB_EVENT_BUTTON);
	ck_assert_int_eq(e.u.button.x, 63);
	ck_assert_int_eq(e.u.button.y, 47);
	ck_assert_int_eq(e.u.button.window_x, 0);
	/* On its side it is 360 wide, in the middle: beside it, left of 0. */
	present_small(1);
	fake(XCB_MOTION_NOTIFY, 0, 0, 0);
	e = next(SHMFB_EVENT_MOTION);
	ck_assert_int_eq(e.u.motion.x, 0);
	ck_assert_int_gt(e.u.motion.y, 47);
}
END_TEST

/* How many pixels of the window one of the picture is: by hand. */
static double
factor_of(const struct shmfb_view *view)
{
	/* 64 by 48 in 640 by 480; upright, 48 by 64. */
	static const double factors[][2] = {
		[SHMFB_SCALE_NONE] = { 1, 1 },
		[SHMFB_SCALE_INTEGER] = { 10, 7 },
		[SHMFB_SCALE_FIT] = { 10, 7.5 },
	};

	return view->zoom > 0 ? view->zoom :
	       factors[view->scale][view->rotation & 1];
}

/* Which pixel of the picture is seen in the middle of that of the window? */
static void
expect(const struct shmfb_view *view, int16_t wx, int16_t wy, int32_t *x,
       int32_t *y)
{
	/* From the middle, to the right and down: of the window, then here. */
	double right = (wx + 0.5 - 320) / factor_of(view);
	double down = (wy + 0.5 - 240) / factor_of(view);
	double px = 32, py = 24;

	if (view->zoom > 0) {
		px = view->x;
		py = view->y;
	}
	switch (view->rotation) {
	case 0:
		px += right;
		py += down;
		break;
	case 1:			/* what is right there is up here */
		px += down;
		py -= right;
		break;
	case 2:
		px -= right;
		py -= down;
		break;
	case 3:
		px -= down;
		py += right;
		break;
	}
	*x = (int32_t)floor(px);
	*y = (int32_t)floor(py);
}

static void
check_through(const struct shmfb_view *view)
{
	/* Odd places: none is on the border between two pixels. */
	static const int16_t at[][2] = {
		{ 320, 240 }, { 331, 247 }, { 303, 231 }, { 217, 301 },
		{ 512, 163 }, { 3, 5 }, { 633, 471 }, { 341, 19 },
	};
	struct shmfb_event e;
	int32_t x, y;
	unsigned i;

	ck_assert_int_eq(shmfb_set_view(fb, view), 0);
	for (i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		fake(XCB_MOTION_NOTIFY, 0, at[i][0], at[i][1]);
		e = next(SHMFB_EVENT_MOTION);
		expect(view, at[i][0], at[i][1], &x, &y);
		ck_assert_msg(e.u.motion.x == x && e.u.motion.y == y,
			      "scale %d, turned %u, zoom %g: %d,%d is %d,%d "
			      "and not %d,%d", view->scale, view->rotation,
			      view->zoom, at[i][0], at[i][1], e.u.motion.x,
			      e.u.motion.y, x, y);
		ck_assert_int_eq(e.u.motion.window_x, at[i][0]);
		ck_assert_int_eq(e.u.motion.window_y, at[i][1]);
	}
}

/* A click and a wheel as well, and how far is in pixels of the window. */
START_TEST(through_every_view)
{
	struct shmfb_view view = SHMFB_VIEW_INIT;
	struct shmfb_event e;
	int32_t x, y;

	present_small(0);
	for (view.rotation = 0; view.rotation < 4; view.rotation++) {
		for (view.scale = SHMFB_SCALE_NONE;
		     view.scale <= SHMFB_SCALE_FIT; view.scale++)
			check_through(&view);
		view.scale = SHMFB_SCALE_FIT;
		view.zoom = 20;
		view.x = 30;
		view.y = 25;
		check_through(&view);
		expect(&view, 341, 19, &x, &y);
		fake(XCB_BUTTON_PRESS, 3, 0, 0);
		fake(XCB_BUTTON_RELEASE, 3, 0, 0);
		e = next(SHMFB_EVENT_BUTTON);
		ck_assert_int_eq(e.u.button.x, x);
		ck_assert_int_eq(e.u.button.y, y);
		fake(XCB_BUTTON_PRESS, 4, 0, 0);
		fake(XCB_BUTTON_RELEASE, 4, 0, 0);
		e = next(SHMFB_EVENT_SCROLL);
		ck_assert_int_eq(e.u.scroll.x, x);
		ck_assert_int_eq(e.u.scroll.y, y);
		fake(XCB_MOTION_NOTIFY, 0, 349, 9);
		e = next(SHMFB_EVENT_MOTION);
		ck_assert_double_eq(e.u.motion.dx, 8);
		ck_assert_double_eq(e.u.motion.dy, -10);
		view.zoom = 0;
	}
}
END_TEST

START_TEST(enter_and_leave)
{
	struct shmfb_event e;

	fake(XCB_MOTION_NOTIFY, 0, 30, 40);
	e = next(SHMFB_EVENT_ENTER);
	ck_assert_int_eq(e.u.motion.window_x, 30);
	ck_assert_int_eq(e.u.motion.y, 40);
	ck_assert_uint_eq(count(SHMFB_EVENT_ENTER), 0);
	fake(XCB_MOTION_NOTIFY, 0, 1000, 1000);
	next(SHMFB_EVENT_LEAVE);
	ck_assert_uint_eq(count(SHMFB_EVENT_LEAVE), 0);
}
END_TEST

/* ---------------------------------------------------------------- text -- */

static void
type(xcb_keycode_t code)
{
	fake(XCB_KEY_PRESS, code, 0, 0);
	fake(XCB_KEY_RELEASE, code, 0, 0);
}

/* All that was written since. */
static const char *
written(void)
{
	static char text[256];
	struct shmfb_event e;

	settle(fb, c);
	text[0] = '\0';
	while (shmfb_next_event(fb, &e))
		if (e.type == SHMFB_EVENT_TEXT)
			strcat(text, e.u.text.utf8);
	return text;
}

START_TEST(text)
{
	xcb_keycode_t shift = keycode(XKB_KEY_Shift_L);
	xcb_keycode_t ctrl = keycode(XKB_KEY_Control_L);
	xcb_keycode_t alt = keycode(XKB_KEY_Alt_L);

	type(keycode(XKB_KEY_a));
	fake(XCB_KEY_PRESS, shift, 0, 0);
	type(keycode(XKB_KEY_b));
	type(keycode(XKB_KEY_1));
	fake(XCB_KEY_RELEASE, shift, 0, 0);
	type(keycode(XKB_KEY_space));
	ck_assert_str_eq(written(), "aB! ");
	/* Keys that are no characters, and commands. */
	type(keycode(XKB_KEY_Return));
	type(keycode(XKB_KEY_Escape));
	type(keycode(XKB_KEY_BackSpace));
	type(keycode(XKB_KEY_Delete));
	type(keycode(XKB_KEY_F1));
	fake(XCB_KEY_PRESS, ctrl, 0, 0);
	type(keycode(XKB_KEY_c));
	type(keycode(XKB_KEY_1));
	fake(XCB_KEY_RELEASE, ctrl, 0, 0);
	fake(XCB_KEY_PRESS, alt, 0, 0);
	type(keycode(XKB_KEY_x));
	fake(XCB_KEY_RELEASE, alt, 0, 0);
	ck_assert_str_eq(written(), "");
}
END_TEST

static void
map_key(xcb_keycode_t code, xcb_keysym_t symbol)
{
	const xcb_keysym_t symbols[] = { symbol, symbol };

	xcb_change_keyboard_mapping(c, 1, code, 2, symbols);
	x_sync(c);
	settle(fb, c);
}

static void
lock_group(uint8_t group)
{
	free(xcb_xkb_use_extension_reply(c, xcb_xkb_use_extension(c, 1, 0),
					 NULL));
	xcb_xkb_latch_lock_state(c, XCB_XKB_ID_USE_CORE_KBD, 0, 0, 1, group,
				 0, 0, 0);
	x_sync(c);
}

/* The second layout of two: by a key for that, or a panel of the desktop. */
START_TEST(layout_is_switched)
{
	const xcb_keysym_t both[] = { XKB_KEY_a, XKB_KEY_A,
		XKB_KEY_adiaeresis, XKB_KEY_Adiaeresis };
	xcb_keycode_t a = keycode(XKB_KEY_a);
	xcb_keycode_t shift = keycode(XKB_KEY_Shift_L);

	xcb_change_keyboard_mapping(c, 1, a, 4, both);
	x_sync(c);
	settle(fb, c);
	type(a);
	ck_assert_str_eq(written(), "a");
	lock_group(1);
	type(a);
	check_key(XKB_KEY_adiaeresis, 0, true, false);
	ck_assert_str_eq(next(SHMFB_EVENT_TEXT).u.text.utf8, "\xc3\xa4");
	written();
	/* Other keys have one layout, and go on with it. */
	type(keycode(XKB_KEY_b));
	ck_assert_str_eq(written(), "b");
	fake(XCB_KEY_PRESS, shift, 0, 0);
	type(a);
	fake(XCB_KEY_RELEASE, shift, 0, 0);
	ck_assert_str_eq(written(), "\xc3\x84");
	/* While it is held down: it is released, whatever it is called. */
	fake(XCB_KEY_PRESS, a, 0, 0);
	lock_group(0);
	fake(XCB_KEY_RELEASE, a, 0, 0);
	check_key(XKB_KEY_adiaeresis, 0, true, false);
	ck_assert(!next(SHMFB_EVENT_KEY).u.key.pressed);
	while (shmfb_next_event(fb, &(struct shmfb_event){ 0 }));
	type(a);
	ck_assert_str_eq(written(), "a");
}
END_TEST

static int
setxkbmap(const char *layout)
{
	char command[64];

	snprintf(command, sizeof(command), "setxkbmap %s", layout);
	return system(command);
}

/* All of the keyboard is another one, as a user may have it at any time. */
START_TEST(layout_is_replaced)
{
	xcb_keycode_t y = keycode(XKB_KEY_y), a = keycode(XKB_KEY_a);

	if (setxkbmap("us") != 0)
		return;
	settle(fb, c);
	type(y);
	ck_assert_str_eq(written(), "y");
	ck_assert_int_eq(setxkbmap("de"), 0);
	settle(fb, c);
	type(y);
	check_key(XKB_KEY_z, 0, true, false);
	ck_assert_str_eq(next(SHMFB_EVENT_TEXT).u.text.utf8, "z");
	ck_assert_int_eq(setxkbmap("ru"), 0);
	written();
	type(a);
	check_key(XKB_KEY_Cyrillic_ef, 0, true, false);
	ck_assert_str_eq(next(SHMFB_EVENT_TEXT).u.text.utf8, "\xd1\x84");
	ck_assert_int_eq(setxkbmap("us"), 0);
	written();
	type(y);
	ck_assert_str_eq(written(), "y");
}
END_TEST

/* A dead key is waited for; with another it is one character. */
START_TEST(compose)
{
	xcb_keycode_t f1 = keycode(XKB_KEY_F1), a = keycode(XKB_KEY_a);

	map_key(f1, XKB_KEY_dead_acute);
	type(f1);
	ck_assert_str_eq(written(), "");
	type(a);
	ck_assert_str_eq(written(), "\xc3\xa1");
	type(a);
	ck_assert_str_eq(written(), "a");
	/* No such sequence: it writes nothing, and is over. */
	type(f1);
	type(keycode(XKB_KEY_q));
	ck_assert_str_eq(written(), "");
	type(a);
	ck_assert_str_eq(written(), "a");
	/* One that the focus was taken from is over, too. */
	type(f1);
	focus(XCB_NONE);
	ck_assert(!next(SHMFB_EVENT_FOCUS).u.focus.focused);
	focus(shmfb_window_id(fb));
	ck_assert(next(SHMFB_EVENT_FOCUS).u.focus.focused);
	type(a);
	ck_assert_str_eq(written(), "a");
	map_key(f1, XKB_KEY_Multi_key);
	type(f1);
	type(keycode(XKB_KEY_s));
	type(keycode(XKB_KEY_s));
	ck_assert_str_eq(written(), "\xc3\x9f");
	map_key(f1, XKB_KEY_F1);
}
END_TEST

/* Where Alt and Super have changed places, so have their modifiers. */
START_TEST(modifiers_of_the_layout)
{
	xcb_keycode_t alt = keycode(XKB_KEY_Alt_L);
	xcb_keycode_t super = keycode(XKB_KEY_Super_L);
	xcb_get_modifier_mapping_reply_t *r;
	xcb_keycode_t *row, none;
	unsigned per;

	r = xcb_get_modifier_mapping_reply(c, xcb_get_modifier_mapping(c),
					   NULL);
	ck_assert_ptr_nonnull(r);
	per = r->keycodes_per_modifier;
	row = xcb_get_modifier_mapping_keycodes(r);
	/* What is Mod1 becomes Mod4, and the other way round. */
	while (per-- > 0) {
		none = row[3 * r->keycodes_per_modifier + per];
		row[3 * r->keycodes_per_modifier + per] =
			row[6 * r->keycodes_per_modifier + per];
		row[6 * r->keycodes_per_modifier + per] = none;
	}
	free(xcb_set_modifier_mapping_reply(c, xcb_set_modifier_mapping(c,
			r->keycodes_per_modifier, row), NULL));
	free(r);
	settle(fb, c);
	fake(XCB_KEY_PRESS, alt, 0, 0);
	type(keycode(XKB_KEY_a));
	fake(XCB_KEY_RELEASE, alt, 0, 0);
	check_key(XKB_KEY_Alt_L, 0, true, false);
	check_key(XKB_KEY_a, SHMFB_MOD_ALT, true, false);
	next(SHMFB_EVENT_KEY);
	next(SHMFB_EVENT_KEY);
	fake(XCB_KEY_PRESS, super, 0, 0);
	type(keycode(XKB_KEY_a));
	fake(XCB_KEY_RELEASE, super, 0, 0);
	check_key(XKB_KEY_Super_L, 0, true, false);
	check_key(XKB_KEY_a, SHMFB_MOD_SUPER, true, false);
}
END_TEST

/* ---------------------------------------------------------------- grab -- */

/* How far the pointer was said to have moved since. */
static void
moved(double *dx, double *dy)
{
	struct shmfb_event e;

	settle(fb, c);
	*dx = *dy = 0;
	while (shmfb_next_event(fb, &e)) {
		if (e.type != SHMFB_EVENT_MOTION)
			continue;
		*dx += e.u.motion.dx;
		*dy += e.u.motion.dy;
	}
}

static void
check_pointer(int16_t x, int16_t y)
{
	xcb_query_pointer_reply_t *r = xcb_query_pointer_reply(c,
			xcb_query_pointer(c, root), NULL);

	ck_assert_ptr_nonnull(r);
	ck_assert_int_eq(r->root_x, x);
	ck_assert_int_eq(r->root_y, y);
	free(r);
}

/* However far it goes, no edge ends it; not a pixel is lost or made up. */
START_TEST(grab_tells_how_far)
{
	double dx, dy, x = 0, y = 0;
	unsigned i;

	fake(XCB_MOTION_NOTIFY, 0, 100, 50);
	moved(&dx, &dy);
	ck_assert_int_eq(shmfb_grab_pointer(fb, true), 0);
	ck_assert_int_eq(shmfb_grab_pointer(fb, true), 0);
	moved(&dx, &dy);
	ck_assert_double_eq(dx, 0);
	ck_assert_double_eq(dy, 0);
	for (i = 0; i < 300; i++) {
		/* Sent together, so that some are of before the warp. */
		xcb_test_fake_input(c, XCB_MOTION_NOTIFY, 1, XCB_CURRENT_TIME,
				    XCB_NONE, 17, -5, 0);
		xcb_test_fake_input(c, XCB_MOTION_NOTIFY, 1, XCB_CURRENT_TIME,
				    XCB_NONE, -4, 9, 0);
		xcb_flush(c);
		if (i % 3 == 0) {
			moved(&dx, &dy);
			x += dx;
			y += dy;
		}
	}
	moved(&dx, &dy);
	ck_assert_double_eq(x + dx, 300 * 13);
	ck_assert_double_eq(y + dy, 300 * 4);
	ck_assert_int_eq(shmfb_grab_pointer(fb, false), 0);
	settle(fb, c);
	check_pointer(100, 50);
	while (shmfb_next_event(fb, &(struct shmfb_event){ 0 }));
	fake(XCB_MOTION_NOTIFY, 0, 130, 60);
	ck_assert_int_eq(next(SHMFB_EVENT_MOTION).u.motion.x, 130);
}
END_TEST

START_TEST(grab_ends_with_the_focus)
{
	fake(XCB_MOTION_NOTIFY, 0, 100, 50);
	ck_assert_int_eq(shmfb_grab_pointer(fb, true), 0);
	focus(XCB_NONE);
	ck_assert(!next(SHMFB_EVENT_FOCUS).u.focus.focused);
	settle(fb, c);
	check_pointer(100, 50);
	/* Beyond the window, where the grab would not have let it. */
	fake(XCB_MOTION_NOTIFY, 0, 1200, 900);
	check_pointer(1200, 900);
	next(SHMFB_EVENT_LEAVE);
}
END_TEST

/* As the server has it: may others grab the pointer? */
static bool
is_free(void)
{
	xcb_grab_pointer_reply_t *r;
	uint8_t status;

	r = xcb_grab_pointer_reply(c, xcb_grab_pointer(c, 0, root, 0,
			XCB_GRAB_MODE_ASYNC, XCB_GRAB_MODE_ASYNC, XCB_NONE,
			XCB_NONE, XCB_CURRENT_TIME), NULL);
	ck_assert_ptr_nonnull(r);
	status = r->status;
	free(r);
	xcb_ungrab_pointer(c, XCB_CURRENT_TIME);
	x_sync(c);
	return status == XCB_GRAB_STATUS_SUCCESS;
}

/* What the focus did is heard of when the pointer is grabbed already. */
START_TEST(grab_after_the_focus_was_elsewhere)
{
	fake(XCB_MOTION_NOTIFY, 0, 100, 50);
	settle(fb, c);
	focus(XCB_NONE);
	focus(shmfb_window_id(fb));
	ck_assert_int_eq(shmfb_grab_pointer(fb, true), 0);
	ck_assert(!next(SHMFB_EVENT_FOCUS).u.focus.focused);
	ck_assert(next(SHMFB_EVENT_FOCUS).u.focus.focused);
	settle(fb, c);
	ck_assert(!is_free());
	ck_assert_int_eq(shmfb_grab_pointer(fb, false), 0);
	settle(fb, c);
	ck_assert(is_free());
	/* It has gone and is not back: who would end the grab by a key? */
	focus(XCB_NONE);
	ck_assert_int_eq(shmfb_grab_pointer(fb, true), 0);
	settle(fb, c);
	ck_assert(is_free());
	check_pointer(100, 50);
}
END_TEST

START_TEST(grab_of_another)
{
	xcb_grab_pointer_reply_t *r;

	r = xcb_grab_pointer_reply(c, xcb_grab_pointer(c, 0, root, 0,
			XCB_GRAB_MODE_ASYNC, XCB_GRAB_MODE_ASYNC, XCB_NONE,
			XCB_NONE, XCB_CURRENT_TIME), NULL);
	ck_assert_ptr_nonnull(r);
	ck_assert_uint_eq(r->status, XCB_GRAB_STATUS_SUCCESS);
	free(r);
	ck_assert_int_eq(shmfb_grab_pointer(fb, true), -EBUSY);
	xcb_ungrab_pointer(c, XCB_CURRENT_TIME);
	x_sync(c);
	ck_assert_int_eq(shmfb_grab_pointer(fb, true), 0);
}
END_TEST

/* Of which nobody has told this client yet. */
START_TEST(grab_in_a_window_that_is_gone)
{
	xcb_destroy_window(c, shmfb_window_id(fb));
	x_sync(c);
	ck_assert_int_eq(shmfb_grab_pointer(fb, true), -EPIPE);
	ck_assert_ptr_nonnull(strstr(shmfb_error(), "destroyed"));
	ck_assert_int_eq(shmfb_grab_pointer(fb, false), -EPIPE);
}
END_TEST

/* Grab it, and move it by so much. */
static void
check_grab(void)
{
	double dx, dy;

	ck_assert_int_eq(shmfb_grab_pointer(fb, true), 0);
	moved(&dx, &dy);
	ck_assert(!is_free());
	xcb_test_fake_input(c, XCB_MOTION_NOTIFY, 1, XCB_CURRENT_TIME,
			    XCB_NONE, 17, -5, 0);
	x_sync(c);
	moved(&dx, &dy);
	ck_assert_double_eq(dx, 17);
	ck_assert_double_eq(dy, -5);
}

/* By somebody else, and without the focus, which would go, too. */
START_TEST(grab_ends_out_of_sight)
{
	focus(XCB_NONE);
	ck_assert(!next(SHMFB_EVENT_FOCUS).u.focus.focused);
	fake(XCB_MOTION_NOTIFY, 0, 100, 50);
	check_grab();
	xcb_unmap_window(c, shmfb_window_id(fb));
	xcb_map_window(c, shmfb_window_id(fb));
	x_sync(c);
	settle(fb, c);
	ck_assert(is_free());
	check_pointer(100, 50);
	while (shmfb_next_event(fb, &(struct shmfb_event){ 0 }));
	fake(XCB_MOTION_NOTIFY, 0, 130, 60);
	ck_assert_int_eq(next(SHMFB_EVENT_MOTION).u.motion.x, 130);
	check_grab();
}
END_TEST

/* So many requests later that 32 bits do not tell later from before. */
START_TEST(grab_ends_however_late)
{
	uint32_t late;

	fake(XCB_MOTION_NOTIFY, 0, 100, 50);
	check_grab();
	late = fb->pointer.since + 0x80000000 + 5;
	if (_i == 0)
		shmfb_pointer_unmapped(fb, late);
	else
		shmfb_pointer_focused(fb, false, late);
	settle(fb, c);
	ck_assert(is_free());
	check_pointer(100, 50);
}
END_TEST

/* What it was hidden by is heard of when it has grabbed again. */
START_TEST(grab_after_it_was_hidden)
{
	focus(XCB_NONE);
	ck_assert(!next(SHMFB_EVENT_FOCUS).u.focus.focused);
	fake(XCB_MOTION_NOTIFY, 0, 100, 50);
	check_grab();
	ck_assert_int_eq(shmfb_set_visible(fb, false), 0);
	ck_assert_int_eq(shmfb_set_visible(fb, true), 0);
	check_grab();
	settle(fb, c);
	ck_assert(!is_free());
	ck_assert_int_eq(shmfb_grab_pointer(fb, false), 0);
	settle(fb, c);
	ck_assert(is_free());
	check_pointer(100, 50);
}
END_TEST

/* The last one that asks has it, if it may. */
START_TEST(grab_by_the_other_window)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	struct shmfb *other;
	double dx, dy;

	opt.share = fb;
	other = open_window(&opt);
	settle(other, c);
	ck_assert_int_eq(shmfb_grab_pointer(fb, true), 0);
	ck_assert_int_eq(shmfb_set_visible(other, false), 0);
	ck_assert_int_eq(shmfb_grab_pointer(other, true), -EAGAIN);
	/* Which took nothing from the first one. */
	check_grab();
	ck_assert_int_eq(shmfb_set_visible(other, true), 0);
	ck_assert_int_eq(shmfb_grab_pointer(other, true), 0);
	moved(&dx, &dy);
	/* Nothing that the first one still could release. */
	ck_assert_int_eq(shmfb_grab_pointer(fb, false), 0);
	settle(fb, c);
	ck_assert(!is_free());
	ck_assert_int_eq(shmfb_grab_pointer(other, false), 0);
	settle(fb, c);
	ck_assert(is_free());
	shmfb_close(other);
}
END_TEST

/* What this client has asked the root window for, of raw events. */
static bool
is_raw_told(struct shmfb *window)
{
	xcb_input_xi_get_selected_events_reply_t *r;
	xcb_input_event_mask_iterator_t i;
	bool told = false;

	/* The server says to each client what that one has selected. */
	r = xcb_input_xi_get_selected_events_reply(window->x->conn,
		xcb_input_xi_get_selected_events(window->x->conn, root),
		NULL);
	ck_assert_ptr_nonnull(r);
	for (i = xcb_input_xi_get_selected_events_masks_iterator(r); i.rem;
	     xcb_input_event_mask_next(&i))
		if (i.data->mask_len && (*xcb_input_event_mask_mask(i.data) &
					 XCB_INPUT_XI_EVENT_MASK_RAW_MOTION))
			told = true;
	free(r);
	return told;
}

/* The connection lives on, and so does nothing of the grab. */
START_TEST(grab_ends_with_its_window)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	struct shmfb *other;

	fake(XCB_MOTION_NOTIFY, 0, 100, 50);
	opt.share = fb;
	other = open_window(&opt);
	settle(other, c);
	ck_assert(!is_raw_told(fb));
	ck_assert_int_eq(shmfb_grab_pointer(other, true), 0);
	settle(other, c);
	ck_assert(!is_free());
	ck_assert(is_raw_told(fb) == (fb->x->xinput.opcode != 0));
	shmfb_close(other);
	settle(fb, c);
	ck_assert(is_free());
	ck_assert(!is_raw_told(fb));
	check_pointer(100, 50);
}
END_TEST

START_TEST(motion_is_joined)
{
	struct shmfb_event e;
	int16_t x;

	for (x = 10; x < 60; x++)
		fake(XCB_MOTION_NOTIFY, 0, x, 20);
	settle(fb, c);
	e = next(SHMFB_EVENT_MOTION);
	ck_assert_int_eq(e.u.motion.x, 59);
	ck_assert_int_eq(e.u.motion.y, 20);
	ck_assert_uint_eq(count(SHMFB_EVENT_MOTION), 0);
}
END_TEST

/* An event wakes pump although no frame was asked for. */
START_TEST(pump_wakes_for_input)
{
	struct shmfb_canvas canvas;
	struct shmfb_event e;

	while (shmfb_begin(fb, &canvas) < 0)
		ck_assert(shmfb_pump(fb));
	memset(canvas.pixels, 0, canvas.stride * canvas.height);
	ck_assert_int_eq(shmfb_present(fb, NULL, 0), 0);
	fake(XCB_MOTION_NOTIFY, 0, 200, 100);
	do
		ck_assert(shmfb_pump(fb));
	while (!shmfb_next_event(fb, &e) || e.type != SHMFB_EVENT_MOTION);
	ck_assert_int_eq(e.u.motion.x, 200);
}
END_TEST

/* ------------------------------------------- a server that cuts short -- */

/* Of every event of such a kind, as libxcb has it. */
#define FIXED 36

static uint8_t *page_end;

/* Of what is copied there, nobody reads further without its being noticed. */
static void *
at_end(const void *data, size_t bytes)
{
	return memcpy(page_end - bytes, data, bytes);
}

static void
setup_cut(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *at;

	setup();
	/* The test's process ends with the test, and the pages with it. */
	at = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(at, MAP_FAILED);
	ck_assert_int_eq(mprotect(at + page, page, PROT_NONE), 0);
	page_end = at + page;
}

/* An event of the pointer's with a list of each kind. */
struct pointer_event {
	xcb_input_button_press_event_t e;
	uint32_t buttons;
	uint32_t axes;
	xcb_input_fp3232_t value[2];
};

static struct pointer_event
pointer_event(uint16_t type)
{
	return (struct pointer_event){
		.e = {
			.response_type = XCB_GE_GENERIC,
			.extension = fb->x->xinput.opcode,
			.event_type = type,
			.deviceid = fb->x->xinput.pointer,
			.detail = 1,
			.event = fb->window,
			.event_x = 7 << 16,
			.event_y = 5 << 16,
			.buttons_len = 1,
			.valuators_len = 1,
		},
		.axes = 3,
	};
}

/* However short it is, only the whole event is one. */
START_TEST(pointer_events_cut_short)
{
	static const struct {
		uint16_t type;
		enum shmfb_event_type told;
	} kinds[] = {
		{ XCB_INPUT_MOTION, SHMFB_EVENT_MOTION },
		{ XCB_INPUT_BUTTON_PRESS, SHMFB_EVENT_BUTTON },
		{ XCB_INPUT_BUTTON_RELEASE, SHMFB_EVENT_BUTTON },
	};
	struct pointer_event p = pointer_event(kinds[_i].type);
	size_t bytes;

	for (bytes = FIXED; bytes <= sizeof(p); bytes += 4) {
		p.e.length = (uint32_t)(bytes - FIXED) / 4;
		shmfb_event(fb->x, at_end(&p, bytes));
		ck_assert_uint_eq(count(kinds[_i].told), bytes == sizeof(p));
	}
}
END_TEST

/* Lists that are longer than all there is. */
START_TEST(pointer_events_that_boast)
{
	struct pointer_event p = pointer_event(XCB_INPUT_MOTION);

	p.e.length = (sizeof(p) - FIXED) / 4;
	p.e.buttons_len = UINT16_MAX;
	shmfb_event(fb->x, at_end(&p, sizeof(p)));
	p.e.buttons_len = 1;
	p.e.valuators_len = UINT16_MAX;
	shmfb_event(fb->x, at_end(&p, sizeof(p)));
	p.e.valuators_len = 1;
	p.axes = UINT32_MAX;
	shmfb_event(fb->x, at_end(&p, sizeof(p)));
	ck_assert_uint_eq(count(SHMFB_EVENT_MOTION), 0);
}
END_TEST

/* What devices say while the pointer is grabbed. */
START_TEST(raw_events_cut_short)
{
	struct {
		xcb_input_raw_motion_event_t e;
		uint32_t axes;
		xcb_input_fp3232_t value[4];
	} raw = {
		.e = {
			.response_type = XCB_GE_GENERIC,
			.extension = fb->x->xinput.opcode,
			.event_type = XCB_INPUT_RAW_MOTION,
			.deviceid = fb->x->xinput.pointer,
			.sourceid = 77,
			.valuators_len = 1,
		},
		.axes = 3,
		.value = { { 0 }, { 0 }, { 3, 0 }, { 4, 0 } },
	};
	size_t bytes;

	ck_assert_int_eq(shmfb_grab_pointer(fb, true), 0);
	settle(fb, c);
	for (bytes = FIXED; bytes <= sizeof(raw); bytes += 4) {
		raw.e.length = (uint32_t)(bytes - FIXED) / 4;
		shmfb_event(fb->x, at_end(&raw, bytes));
		ck_assert_uint_eq(fb->pointer.raw.source,
				  bytes == sizeof(raw) ? 77 : 0);
	}
	ck_assert_double_eq(fb->pointer.raw.last_x, 3);
	ck_assert_double_eq(fb->pointer.raw.last_y, 4);
}
END_TEST

/* What a pointer is made of, in an answer that may end anywhere. */
struct devices {
	xcb_input_xi_query_device_reply_t r;
	xcb_input_xi_device_info_t keyboard;
	char keyboard_name[4];
	xcb_input_xi_device_info_t pointer;
	char pointer_name[8];
	xcb_input_scroll_class_t wheel;
	xcb_input_valuator_class_t axis;
};

static const struct devices devices = {
	.r = { .num_infos = 2 },
	.keyboard = { 3, XCB_INPUT_DEVICE_TYPE_MASTER_KEYBOARD, 2, 0, 3, 1, 0 },
	.pointer = { 2, XCB_INPUT_DEVICE_TYPE_MASTER_POINTER, 3, 2, 5, 1, 0 },
	.wheel = {
		.type = XCB_INPUT_DEVICE_CLASS_TYPE_SCROLL,
		.len = sizeof(xcb_input_scroll_class_t) / 4,
		.number = 3,
		.scroll_type = XCB_INPUT_SCROLL_TYPE_VERTICAL,
		.increment = { 15, 0 },
	},
	.axis = {
		.type = XCB_INPUT_DEVICE_CLASS_TYPE_VALUATOR,
		.len = sizeof(xcb_input_valuator_class_t) / 4,
		.number = 3,
		.value = { 30, 0 },
	},
};

static uint16_t
take_devices(struct shmfb_xinput *xi, struct devices *d, size_t bytes)
{
	*xi = (struct shmfb_xinput){ 0 };
	d->r.length = (uint32_t)(bytes - sizeof(d->r)) / 4;
	return shmfb_xinput_take_pointer(xi, at_end(d, bytes), 0);
}

START_TEST(answers_cut_short)
{
	const size_t named = offsetof(struct devices, wheel);
	const size_t wheeled = offsetof(struct devices, axis);
	struct devices d = devices;
	struct shmfb_xinput xi;
	size_t bytes;

	for (bytes = sizeof(d.r); bytes <= sizeof(d); bytes += 4) {
		ck_assert_uint_eq(take_devices(&xi, &d, bytes),
				  bytes >= named ? 2 : 0);
		ck_assert(xi.scroll.axis[SHMFB_SCROLL_DOWN].there ==
			  (bytes >= wheeled));
		ck_assert(xi.scroll.axis[SHMFB_SCROLL_DOWN].known ==
			  (bytes >= sizeof(d)));
	}
}
END_TEST

START_TEST(answers_that_boast)
{
	struct shmfb_xinput xi;
	struct devices d;

	d = devices;
	d.keyboard.name_len = UINT16_MAX;
	ck_assert_uint_eq(take_devices(&xi, &d, sizeof(d)), 0);
	d = devices;
	d.pointer.name_len = UINT16_MAX;
	ck_assert_uint_eq(take_devices(&xi, &d, sizeof(d)), 0);
	d = devices;
	d.pointer.num_classes = UINT16_MAX;
	ck_assert_uint_eq(take_devices(&xi, &d, sizeof(d)), 2);
	ck_assert(xi.scroll.axis[SHMFB_SCROLL_DOWN].known);
	d.wheel.len = UINT16_MAX;
	ck_assert_uint_eq(take_devices(&xi, &d, sizeof(d)), 2);
	ck_assert(!xi.scroll.axis[SHMFB_SCROLL_DOWN].there);
	d = devices;
	d.r.num_infos = UINT16_MAX;
	d.pointer.type = XCB_INPUT_DEVICE_TYPE_SLAVE_POINTER;
	ck_assert_uint_eq(take_devices(&xi, &d, sizeof(d)), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("input");
	TCase *tc = suite_case(s, "events");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, key);
	tcase_add_test(tc, modifiers);
	tcase_add_test(tc, repeat);
	tcase_add_test(tc, released_on_focus_loss);
	tcase_add_test(tc, keymap_changes);
	tcase_add_test(tc, keymap_is_read_once);
	tcase_add_test(tc, keymap_changes_before_a_key);
	tcase_add_test(tc, keymap_changes_at_the_limit);
	tcase_add_test(tc, keys_while_the_keymap_is_read);
	tcase_add_test(tc, buttons);
	tcase_add_test(tc, wheel);
	tcase_add_test(tc, pointer_is_where_the_picture_is);
	tcase_add_test(tc, through_every_view);
	tcase_add_test(tc, enter_and_leave);
	tcase_add_test(tc, text);
	tcase_add_test(tc, layout_is_switched);
	tcase_add_test(tc, layout_is_replaced);
	tcase_add_test(tc, compose);
	tcase_add_test(tc, modifiers_of_the_layout);
	tcase_add_test(tc, grab_tells_how_far);
	tcase_add_test(tc, grab_ends_with_the_focus);
	tcase_add_test(tc, grab_after_the_focus_was_elsewhere);
	tcase_add_test(tc, grab_of_another);
	tcase_add_test(tc, grab_in_a_window_that_is_gone);
	tcase_add_test(tc, grab_ends_out_of_sight);
	tcase_add_loop_test(tc, grab_ends_however_late, 0, 2);
	tcase_add_test(tc, grab_after_it_was_hidden);
	tcase_add_test(tc, grab_by_the_other_window);
	tcase_add_test(tc, grab_ends_with_its_window);
	tcase_add_test(tc, motion_is_joined);
	tcase_add_test(tc, pump_wakes_for_input);
	tc = suite_case(s, "core");
	tcase_add_checked_fixture(tc, setup_core, teardown);
	tcase_add_test(tc, buttons);
	tcase_add_test(tc, wheel);
	tcase_add_test(tc, pointer_is_where_the_picture_is);
	tcase_add_test(tc, enter_and_leave);
	tcase_add_test(tc, grab_tells_how_far);
	tcase_add_test(tc, grab_ends_with_the_focus);
	tcase_add_test(tc, grab_after_the_focus_was_elsewhere);
	tcase_add_test(tc, grab_of_another);
	tcase_add_test(tc, grab_in_a_window_that_is_gone);
	tcase_add_test(tc, grab_ends_out_of_sight);
	tcase_add_loop_test(tc, grab_ends_however_late, 0, 2);
	tcase_add_test(tc, grab_after_it_was_hidden);
	tcase_add_test(tc, grab_by_the_other_window);
	tcase_add_test(tc, grab_ends_with_its_window);
	tcase_add_test(tc, motion_is_joined);
	tcase_add_test(tc, pump_wakes_for_input);
	tc = suite_case(s, "cut");
	tcase_add_checked_fixture(tc, setup_cut, teardown);
	tcase_add_loop_test(tc, pointer_events_cut_short, 0, 3);
	tcase_add_test(tc, pointer_events_that_boast);
	tcase_add_test(tc, raw_events_cut_short);
	tcase_add_test(tc, answers_cut_short);
	tcase_add_test(tc, answers_that_boast);
	return suite_run(s);
}
