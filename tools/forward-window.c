/* SPDX-License-Identifier: MIT */
/*
 * forward-window.c - what a window hears, as a producer is told
 *
 * Places are those of the picture, whatever scale and rotation it is seen at.
 */
#include "config.h"

#include "forward-window.h"

#include <stdio.h>

static void
key(struct shmx_input *in, const struct shmfb_event *ev)
{
	in->kind = SHMX_INPUT_KEY;
	in->modifiers = ev->u.key.modifiers;
	in->keysym = ev->u.key.keysym;
	in->keycode = ev->u.key.keycode;
	in->pressed = ev->u.key.pressed;
	in->repeat = ev->u.key.repeat;
}

static void
button(struct shmx_input *in, const struct shmfb_event *ev)
{
	in->kind = SHMX_INPUT_BUTTON;
	in->modifiers = ev->u.button.modifiers;
	in->x = ev->u.button.x;
	in->y = ev->u.button.y;
	in->button = ev->u.button.button;
	in->pressed = ev->u.button.pressed;
}

/* Also where the pointer came in, and where it left. */
static void
motion(struct shmx_input *in, enum shmx_input_kind kind,
       const struct shmfb_event *ev)
{
	in->kind = kind;
	in->modifiers = ev->u.motion.modifiers;
	in->x = ev->u.motion.x;
	in->y = ev->u.motion.y;
	in->dx = ev->u.motion.dx;
	in->dy = ev->u.motion.dy;
}

static void
scroll(struct shmx_input *in, const struct shmfb_event *ev)
{
	in->kind = SHMX_INPUT_SCROLL;
	in->modifiers = ev->u.scroll.modifiers;
	in->x = ev->u.scroll.x;
	in->y = ev->u.scroll.y;
	in->dx = ev->u.scroll.dx;
	in->dy = ev->u.scroll.dy;
}

/* false where it is nothing that a producer could want. */
static bool
translate(struct shmx_input *in, const struct shmfb_event *ev)
{
	switch (ev->type) {
	case SHMFB_EVENT_KEY:
		key(in, ev);
		return true;
	case SHMFB_EVENT_TEXT:
		in->kind = SHMX_INPUT_TEXT;
		snprintf(in->text, sizeof(in->text), "%s", ev->u.text.utf8);
		return true;
	case SHMFB_EVENT_BUTTON:
		button(in, ev);
		return true;
	case SHMFB_EVENT_SCROLL:
		scroll(in, ev);
		return true;
	case SHMFB_EVENT_MOTION:
		motion(in, SHMX_INPUT_MOTION, ev);
		return true;
	case SHMFB_EVENT_ENTER:
		motion(in, SHMX_INPUT_ENTER, ev);
		return true;
	case SHMFB_EVENT_LEAVE:
		motion(in, SHMX_INPUT_LEAVE, ev);
		return true;
	case SHMFB_EVENT_RESIZE:
		in->kind = SHMX_INPUT_RESIZE;
		in->width = ev->u.resize.width;
		in->height = ev->u.resize.height;
		return true;
	case SHMFB_EVENT_FOCUS:
		in->kind = SHMX_INPUT_FOCUS;
		in->focused = ev->u.focus.focused;
		return true;
	default:
		return false;
	}
}

void
forward_event(struct forward *f, const struct shmfb_event *ev)
{
	struct shmx_input in = { .time_ns = 0 };

	(void)forward_wanted(f);
	if (translate(&in, ev))
		forward_put(f, &in);
}
