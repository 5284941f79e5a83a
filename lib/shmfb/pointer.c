/* SPDX-License-Identifier: MIT */
/*
 * pointer.c - the pointer in a window: motion, buttons, wheel, and its grab
 *
 * Called by event.c and xinput.c. Applications see the pointer where their
 * picture is; the view has the last word about that when the event is taken
 * in, not when it happened, which differs for an instant and only after the
 * view has changed.
 */
#include "config.h"

#include "pointer.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "window.h"

/* Buttons of a wheel: up, down, left, right. */
#define WHEEL_FIRST 4
#define WHEEL_LAST 7

static void
in_picture(const struct shmfb *fb, int32_t window_x, int32_t window_y,
	   int32_t *x, int32_t *y)
{
	double px, py;

	shmfb_to_picture(fb, window_x, window_y, &px, &py);
	*x = (int32_t)floor(px);
	*y = (int32_t)floor(py);
}

/* ------------------------------------------------------------- buttons -- */

struct shmfb_pointing
shmfb_pointer_at(const xcb_button_press_event_t *e, uint32_t full)
{
	return (struct shmfb_pointing){
		.x = e->event_x,
		.y = e->event_y,
		.state = e->state,
		.sequence = full,
	};
}

void
shmfb_pointer_scroll(struct shmfb *fb, const struct shmfb_pointing *at,
		     double dx, double dy)
{
	struct shmfb_event event = { .type = SHMFB_EVENT_SCROLL };

	in_picture(fb, at->x, at->y, &event.u.scroll.x, &event.u.scroll.y);
	event.u.scroll.window_x = at->x;
	event.u.scroll.window_y = at->y;
	event.u.scroll.dx = dx;
	event.u.scroll.dy = dy;
	event.u.scroll.modifiers = shmfb_keyboard_modifiers(fb, at->state);
	shmfb_push(fb, &event);
}

void
shmfb_pointer_button(struct shmfb *fb, const struct shmfb_pointing *at,
		     uint32_t button, bool pressed)
{
	static const double notch[][2] = {
		{ 0, 1 }, { 0, -1 }, { -1, 0 }, { 1, 0 },
	};
	struct shmfb_event event = { .type = SHMFB_EVENT_BUTTON };

	if (button >= WHEEL_FIRST && button <= WHEEL_LAST) {
		/* A notch is a press; its release says nothing more. */
		if (pressed)
			shmfb_pointer_scroll(fb, at,
					     notch[button - WHEEL_FIRST][0],
					     notch[button - WHEEL_FIRST][1]);
		return;
	}
	in_picture(fb, at->x, at->y, &event.u.button.x, &event.u.button.y);
	event.u.button.window_x = at->x;
	event.u.button.window_y = at->y;
	event.u.button.button = button;
	event.u.button.modifiers = shmfb_keyboard_modifiers(fb, at->state);
	event.u.button.pressed = pressed;
	shmfb_push(fb, &event);
}

/* -------------------------------------------------------------- motion -- */

static void
push_motion(struct shmfb *fb, enum shmfb_event_type type, int32_t x,
	    int32_t y, double dx, double dy, uint16_t state)
{
	struct shmfb_event event = { .type = type };

	in_picture(fb, x, y, &event.u.motion.x, &event.u.motion.y);
	event.u.motion.window_x = x;
	event.u.motion.window_y = y;
	event.u.motion.dx = dx;
	event.u.motion.dy = dy;
	event.u.motion.modifiers = shmfb_keyboard_modifiers(fb, state);
	shmfb_push(fb, &event);
}

static void
warp_to(struct shmfb *fb, int32_t x, int32_t y)
{
	struct shmfb_pointer *p = &fb->pointer;

	p->warp = xcb_warp_pointer(fb->x->conn, XCB_NONE, fb->window, 0, 0, 0,
				   0, (int16_t)x, (int16_t)y).sequence;
	p->warp_x = x;
	p->warp_y = y;
	p->warped = true;
}

/* Before the pointer gets to where it would be stopped. */
static void
keep_in_middle(struct shmfb *fb)
{
	struct shmfb_pointer *p = &fb->pointer;
	int32_t x = (int32_t)(fb->width / 2), y = (int32_t)(fb->height / 2);

	if (abs(p->x - x) > x / 2 || abs(p->y - y) > y / 2)
		warp_to(fb, x, y);
}

static int32_t
away(int32_t x, int32_t y, int32_t from_x, int32_t from_y)
{
	return abs(x - from_x) + abs(y - from_y);
}

/*
 * Was the pointer there after the warp? Not if the server had not come to the
 * request when it sent the event. If it had, the event may still have waited
 * in the server since before: then it is nearer to where the pointer was.
 */
static bool
is_after_warp(const struct shmfb_pointer *p, int32_t x, int32_t y,
	      uint32_t full)
{
	return (int32_t)(full - p->warp) >= 0 &&
	       away(x, y, p->warp_x, p->warp_y) <= away(x, y, p->x, p->y);
}

static void
push_far(struct shmfb *fb, double dx, double dy, uint16_t state)
{
	struct shmfb_pointer *p = &fb->pointer;

	p->state = state;
	if (fabs(dx) > 0 || fabs(dy) > 0)
		push_motion(fb, SHMFB_EVENT_MOTION, p->home_x, p->home_y, dx,
			    dy, state);
}

void
shmfb_pointer_far(struct shmfb *fb, const double far[2])
{
	push_far(fb, far[0], far[1], fb->pointer.state);
}

/* The pointer moved while it is grabbed: how far is all that counts. */
static void
moved_grabbed(struct shmfb *fb, const struct shmfb_pointing *at,
	      const double far[2])
{
	struct shmfb_pointer *p = &fb->pointer;
	double dx, dy;

	if (p->warped && is_after_warp(p, at->x, at->y, at->sequence)) {
		p->warped = false;
		p->x = p->warp_x;
		p->y = p->warp_y;
	}
	dx = far ? far[0] : at->x - p->x;
	dy = far ? far[1] : at->y - p->y;
	p->x = at->x;
	p->y = at->y;
	if (!p->warped)
		keep_in_middle(fb);
	push_far(fb, dx, dy, at->state);
}

void
shmfb_pointer_motion(struct shmfb *fb, const struct shmfb_pointing *at,
		     const double far[2])
{
	struct shmfb_pointer *p = &fb->pointer;
	int32_t dx = p->seen ? at->x - p->x : 0;
	int32_t dy = p->seen ? at->y - p->y : 0;

	if (p->grabbed) {
		moved_grabbed(fb, at, far);
		return;
	}
	p->seen = true;
	p->x = at->x;
	p->y = at->y;
	push_motion(fb, SHMFB_EVENT_MOTION, p->x, p->y, dx, dy, at->state);
}

/*
 * A grab that begins or ends reports crossings as well, some for the second
 * time: what counts is whether it is another state.
 */
void
shmfb_pointer_crossing(struct shmfb *fb, const xcb_enter_notify_event_t *e,
		       bool in)
{
	struct shmfb_pointer *p = &fb->pointer;

	/* To or from a window within this one: it is here either way. */
	if (e->detail == XCB_NOTIFY_DETAIL_INFERIOR || in == p->inside)
		return;
	p->inside = in;
	if (in)
		shmfb_xinput_entered(fb->x);
	/* While it is grabbed this is of before, and no way it has gone. */
	if (!p->grabbed) {
		p->seen = in;
		p->x = e->event_x;
		p->y = e->event_y;
	}
	push_motion(fb, in ? SHMFB_EVENT_ENTER : SHMFB_EVENT_LEAVE, e->event_x,
		    e->event_y, 0, 0, e->state);
}

/* ---------------------------------------------------------------- grab -- */

/* A cursor of which nothing is seen; to be freed. */
static xcb_cursor_t
no_cursor(struct shmfb *fb)
{
	const xcb_rectangle_t all = { 0, 0, 1, 1 };
	xcb_connection_t *c = fb->x->conn;
	xcb_pixmap_t pixmap = xcb_generate_id(c);
	xcb_cursor_t cursor = xcb_generate_id(c);
	xcb_gcontext_t gc = xcb_generate_id(c);

	xcb_create_pixmap(c, 1, pixmap, fb->window, 1, 1);
	/* The foreground of a new one is 0. */
	xcb_create_gc(c, gc, pixmap, 0, NULL);
	xcb_poly_fill_rectangle(c, pixmap, gc, 1, &all);
	xcb_create_cursor(c, cursor, pixmap, pixmap, 0, 0, 0, 0, 0, 0, 0, 0);
	xcb_free_gc(c, gc);
	xcb_free_pixmap(c, pixmap);
	return cursor;
}

/* Where it is now, in the window. */
static void
find(struct shmfb *fb, xcb_query_pointer_cookie_t cookie)
{
	xcb_query_pointer_reply_t *r =
		xcb_query_pointer_reply(fb->x->conn, cookie, NULL);

	if (!r)
		return;
	fb->pointer.home_x = r->win_x;
	fb->pointer.home_y = r->win_y;
	free(r);
}

/* How the server says that it did not; 0: it did. -1: it said an error. */
static int
grab_status(int status)
{
	if (status == XCB_GRAB_STATUS_SUCCESS)
		return 0;
	if (status == XCB_GRAB_STATUS_NOT_VIEWABLE)
		return base_error(-EAGAIN,
			"the pointer cannot be grabbed: the window is not "
			"on the screen (yet)");
	if (status < 0)
		return base_error(-ENOTSUP,
			"the pointer cannot be grabbed: the server refuses");
	return base_error(-EBUSY,
		"the pointer cannot be grabbed: another application has it");
}

/* Without XInput 2, which cannot confine it. The status, or -1 for none. */
static int
grab_core(struct shmfb *fb, xcb_cursor_t cursor)
{
	const uint16_t mask = XCB_EVENT_MASK_BUTTON_PRESS |
			      XCB_EVENT_MASK_BUTTON_RELEASE |
			      XCB_EVENT_MASK_POINTER_MOTION;
	xcb_connection_t *c = fb->x->conn;
	xcb_grab_pointer_cookie_t cookie;
	xcb_grab_pointer_reply_t *r;
	int status;

	cookie = xcb_grab_pointer(c, 0, fb->window, mask, XCB_GRAB_MODE_ASYNC,
				  XCB_GRAB_MODE_ASYNC, fb->window, cursor,
				  XCB_CURRENT_TIME);
	fb->pointer.since = cookie.sequence;
	r = xcb_grab_pointer_reply(c, cookie, NULL);
	status = r ? r->status : -1;
	free(r);
	return status;
}

/*
 * The server has given the grab to another window of the connection: there is
 * nothing to be released.
 */
static void
forget_grab(struct shmfb_pointer *p)
{
	if (!p->grabbed)
		return;
	p->grabbed = false;
	p->warped = false;
	p->seen = false;
}

static int
grab(struct shmfb *fb)
{
	struct shmfb_pointer *p = &fb->pointer;
	xcb_connection_t *c = fb->x->conn;
	xcb_cursor_t cursor = no_cursor(fb);
	struct shmfb *other;
	int err;

	p->caught_up = false;
	find(fb, xcb_query_pointer(c, fb->window));
	err = grab_status(fb->x->xinput.opcode ?
			  shmfb_xinput_grab(fb, cursor) :
			  grab_core(fb, cursor));
	/* The grab keeps it. */
	xcb_free_cursor(c, cursor);
	if (err)
		return err;
	shmfb_for_each(other, fb->x)
		forget_grab(&other->pointer);
	p->grabbed = true;
	p->x = p->home_x;
	p->y = p->home_y;
	warp_to(fb, (int32_t)(fb->width / 2), (int32_t)(fb->height / 2));
	return 0;
}

void
shmfb_pointer_release(struct shmfb *fb)
{
	struct shmfb_pointer *p = &fb->pointer;

	if (!p->grabbed)
		return;
	p->grabbed = false;
	p->warped = false;
	/* Of what moves it now nothing is told: it is where it was. */
	xcb_warp_pointer(fb->x->conn, XCB_NONE, fb->window, 0, 0, 0, 0,
			 (int16_t)p->home_x, (int16_t)p->home_y);
	if (fb->x->xinput.opcode)
		shmfb_xinput_ungrab(fb);
	else
		xcb_ungrab_pointer(fb->x->conn, XCB_CURRENT_TIME);
	p->seen = false;
}

/*
 * Did the server send that before it came to the request that grabbed it? Such
 * events were read with its answer. When they are taken there are no more, and
 * numbers are not compared: they go round while it is grabbed.
 */
static bool
is_before_grab(const struct shmfb_pointer *p, uint32_t full)
{
	return !p->caught_up && (int32_t)(full - p->since) < 0;
}

void
shmfb_pointer_focused(struct shmfb *fb, bool in, uint32_t full)
{
	struct shmfb_pointer *p = &fb->pointer;

	/* It may have been back when it was grabbed: the next ones say so. */
	if (!in && !is_before_grab(p, full))
		shmfb_pointer_release(fb);
	else
		p->unfocused = !in;
}

void
shmfb_pointer_flush(struct shmfb *fb)
{
	if (fb->pointer.unfocused)
		shmfb_pointer_release(fb);
	fb->pointer.unfocused = false;
	fb->pointer.caught_up = true;
}

void
shmfb_pointer_unmapped(struct shmfb *fb, uint32_t full)
{
	/* Unless it was grabbed after that, when the window was there again. */
	if (!is_before_grab(&fb->pointer, full))
		shmfb_pointer_release(fb);
}

int
shmfb_grab_pointer(struct shmfb *fb, bool wanted)
{
	shmfb_without_sigpipe(fb->x);
	int err;

	err = shmfb_check_gone(fb);
	if (!err && fb->child)
		err = base_error(-EINVAL,
			"a window within another has no pointer to grab");
	if (!err && wanted && !fb->pointer.grabbed)
		err = grab(fb);
	if (err) {
		/* Is there no window, or no server? Then that is why. */
		err = shmfb_catch_up(fb, err);
		return fb->gone ? shmfb_check_gone(fb) : err;
	}
	if (!wanted)
		shmfb_pointer_release(fb);
	shmfb_step(fb, false);
	return shmfb_check_gone(fb);
}
