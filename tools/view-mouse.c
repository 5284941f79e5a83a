/* SPDX-License-Identifier: MIT */
/*
 * view-mouse.c - what the pointer does: the wheel zooms, button 1 moves
 */
#include "config.h"

#include "view.h"

#include <math.h>

/* Of one event: more than there are levels, beyond which nothing changes. */
#define NOTCHES_MAX 64

static bool
is_pointer(const struct shmfb_event *ev)
{
	return ev->type == SHMFB_EVENT_BUTTON ||
	       ev->type == SHMFB_EVENT_SCROLL ||
	       ev->type == SHMFB_EVENT_MOTION;
}

static uint32_t
modifiers_of(const struct shmfb_event *ev)
{
	if (ev->type == SHMFB_EVENT_BUTTON)
		return ev->u.button.modifiers;
	return ev->type == SHMFB_EVENT_SCROLL ? ev->u.scroll.modifiers :
		ev->u.motion.modifiers;
}

/* What began as the viewer's own goes on so, whatever is pressed meanwhile. */
static bool
is_own(struct view *w, const struct shmfb_event *ev)
{
	bool own = !forward_wanted(&w->forward) ||
		(modifiers_of(ev) & SHMFB_MOD_CTRL);

	if (ev->type == SHMFB_EVENT_MOTION)
		return w->dragging;
	if (ev->type == SHMFB_EVENT_SCROLL)
		return own;
	return ev->u.button.button == 1 &&
	       (ev->u.button.pressed ? own : w->dragging);
}

static void
scroll(struct view *w, const struct shmfb_event *ev)
{
	w->notches += fmax(-NOTCHES_MAX, fmin(ev->u.scroll.dy, NOTCHES_MAX));
	for (; w->notches >= 1; w->notches--)
		view_zoom_at(w, 1, ev->u.scroll.window_x,
			     ev->u.scroll.window_y);
	for (; w->notches <= -1; w->notches++)
		view_zoom_at(w, -1, ev->u.scroll.window_x,
			     ev->u.scroll.window_y);
}

static void
press(struct view *w, const struct shmfb_event *ev)
{
	w->dragging = ev->u.button.pressed;
	(void)shmfb_to_picture(w->fb, ev->u.button.window_x,
			       ev->u.button.window_y, &w->drag_x, &w->drag_y);
}

bool
view_mouse(struct view *w, const struct shmfb_event *ev)
{
	if (!is_pointer(ev) || !is_own(w, ev))
		return false;
	if (ev->type == SHMFB_EVENT_SCROLL)
		scroll(w, ev);
	else if (ev->type == SHMFB_EVENT_BUTTON)
		press(w, ev);
	else
		view_drag(w, ev->u.motion.window_x, ev->u.motion.window_y);
	return true;
}
