/* SPDX-License-Identifier: MIT */
/*
 * test-input.c - keys, buttons, motion and focus, made by XTEST
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <xcb/xkb.h>
#include <xcb/xtest.h>
#include <xkbcommon/xkbcommon-keysyms.h>

#include <shmfb/shmfb.h>

#include "base/clock.h"
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

START_TEST(buttons_and_wheel)
{
	struct shmfb_event e;
	uint8_t b;

	fake(XCB_MOTION_NOTIFY, 0, 120, 34);
	for (b = 1; b <= 5; b++) {
		fake(XCB_BUTTON_PRESS, b, 0, 0);
		e = next(SHMFB_EVENT_BUTTON);
		ck_assert_uint_eq(e.u.button.button, b);
		ck_assert(e.u.button.pressed);
		ck_assert_int_eq(e.u.button.x, 120);
		ck_assert_int_eq(e.u.button.y, 34);
		fake(XCB_BUTTON_RELEASE, b, 0, 0);
		e = next(SHMFB_EVENT_BUTTON);
		ck_assert(!e.u.button.pressed);
	}
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
	tcase_add_test(tc, buttons_and_wheel);
	tcase_add_test(tc, motion_is_joined);
	tcase_add_test(tc, pump_wakes_for_input);
	return suite_run(s);
}
