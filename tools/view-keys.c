/* SPDX-License-Identifier: MIT */
/*
 * view-keys.c - what keys do
 */
#include "config.h"

#include "view.h"

#include <xkbcommon/xkbcommon-keysyms.h>

const struct view_key view_keys[] = {
	{ "+ -", "zoom in, out" },
	{ "0", "pixel by pixel, 1:1" },
	{ "w", "fit the window" },
	{ "i", "fit by a whole factor" },
	{ "n", "sharp or smooth" },
	{ "r R", "turn clockwise, back" },
	{ "\u2190 \u2191 \u2192 \u2193", "move the picture" },
	{ "Wheel", "zoom at the pointer" },
	{ "Button 1", "drag the picture" },
	{ "Space", "freeze, go on" },
	{ ", .", "a frame back, forward" },
	{ "s", "screenshot" },
	{ "h", "statistics" },
	{ "f F11", "fullscreen" },
	{ "? F1", "this help" },
	{ "q Esc", "end" },
};
const unsigned view_key_count = BASE_ARRAY_SIZE(view_keys);

static void
toggle_fullscreen(struct view *w)
{
	bool on = shmfb_state(w->fb) & SHMFB_STATE_FULLSCREEN;

	(void)shmfb_set_state(w->fb, SHMFB_STATE_FULLSCREEN, !on);
}

/* How the picture is seen; whether it was such a key. */
static bool
look_key(struct view *w, uint32_t keysym)
{
	switch (keysym) {
	case XKB_KEY_plus:
	case XKB_KEY_equal:
	case XKB_KEY_KP_Add:
		view_zoom(w, 1);
		return true;
	case XKB_KEY_minus:
	case XKB_KEY_KP_Subtract:
		view_zoom(w, -1);
		return true;
	case XKB_KEY_0:
	case XKB_KEY_KP_0:
		view_zoom(w, 0);
		return true;
	case XKB_KEY_w:
		view_scale(w, SHMFB_SCALE_FIT);
		return true;
	case XKB_KEY_i:
		view_scale(w, SHMFB_SCALE_INTEGER);
		return true;
	case XKB_KEY_n:
		view_filter(w);
		return true;
	case XKB_KEY_r:
		view_rotate(w, 1);
		return true;
	case XKB_KEY_R:
		view_rotate(w, 3);
		return true;
	case XKB_KEY_Left:
		view_pan(w, -1, 0);
		return true;
	case XKB_KEY_Right:
		view_pan(w, 1, 0);
		return true;
	case XKB_KEY_Up:
		view_pan(w, 0, -1);
		return true;
	case XKB_KEY_Down:
		view_pan(w, 0, 1);
		return true;
	default:
		return false;
	}
}

/* Those that move something by a step; to do the rest once is enough. */
static bool
repeats(uint32_t keysym)
{
	switch (keysym) {
	case XKB_KEY_plus:
	case XKB_KEY_equal:
	case XKB_KEY_KP_Add:
	case XKB_KEY_minus:
	case XKB_KEY_KP_Subtract:
	case XKB_KEY_Left:
	case XKB_KEY_Right:
	case XKB_KEY_Up:
	case XKB_KEY_Down:
	case XKB_KEY_comma:
	case XKB_KEY_period:
		return true;
	default:
		return false;
	}
}

void
view_key(struct view *w, uint32_t keysym, bool repeat)
{
	if ((repeat && !repeats(keysym)) || look_key(w, keysym))
		return;
	switch (keysym) {
	case XKB_KEY_space:
		view_freeze(w, !w->frozen);
		break;
	case XKB_KEY_comma:
		view_back(w);
		break;
	case XKB_KEY_period:
		view_forth(w);
		break;
	case XKB_KEY_s:
		view_screenshot(w);
		break;
	case XKB_KEY_h:
		view_toggle_stats(w);
		break;
	case XKB_KEY_f:
	case XKB_KEY_F11:
		toggle_fullscreen(w);
		break;
	case XKB_KEY_question:
	case XKB_KEY_F1:
		view_toggle_help(w);
		break;
	case XKB_KEY_Escape:
		/* The first closes what is in the way. */
		if (w->help.fb != NULL) {
			view_toggle_help(w);
			break;
		}
		w->over = true;
		break;
	case XKB_KEY_q:
		w->over = true;
		break;
	default:
		break;
	}
}
