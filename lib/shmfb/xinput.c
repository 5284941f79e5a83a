/* SPDX-License-Identifier: MIT */
/*
 * xinput.c - the pointer by XInput 2: smooth wheels, and raw motion
 *
 * Called by display.c, window.c, event.c, loop.c and pointer.c.
 *
 * A wheel that scrolls smoothly moves an axis of the pointer, and for clients
 * who know of none, the server makes presses of button 4 to 7 of it, marked
 * as emulated: of those two the axis counts. A device without such axes has
 * the buttons alone, and those count.
 *
 * Of every other device that takes over the pointer the server tells what it
 * is made of and where its axes are. While the pointer is over windows of
 * others nothing is told, so when it comes back that is asked for. An event
 * is of after the answer if the server had done the request when it sent the
 * event; then the answer is there, too. Nobody waits for it.
 *
 * What an event or an answer says that it has is looked for within what has
 * come of it, and nowhere else.
 *
 * The history of motion between two events (XGetMotionEvents, and what XI2
 * devices keep) is not asked for: XInput 2 tells every move on its own, and so
 * does core X where no hint is asked for; there is nothing between them.
 */
#include "config.h"

#include "xinput.h"

#include <math.h>
#include <stdlib.h>
#include <xcb/xcbext.h>
#include <xcb/xinput.h>

#include "base/base.h"
#include "window.h"

/* Since 2.1 wheels have axes, and raw events are told during grabs as well. */
#define MAJOR 2
#define MINOR 1

#define WHEEL_FIRST 4
#define WHEEL_LAST 7

/* One mask, as XISelectEvents wants it. */
struct selection {
	xcb_input_event_mask_t head;
	uint32_t mask;
};

static double
number_of(xcb_input_fp3232_t n)
{
	return n.integral + n.frac / 4294967296.0;
}

/* ------------------------------------------------- what a pointer has -- */

static void
take_valuator(struct shmfb_xinput *xi, const xcb_input_valuator_class_t *c)
{
	/* The first one is x. */
	if (c->number == 0)
		xi->absolute = c->mode == XCB_INPUT_VALUATOR_MODE_ABSOLUTE;
	shmfb_scroll_set(&xi->scroll, c->number, number_of(c->value));
}

static void
take_scroll(struct shmfb_xinput *xi, const xcb_input_scroll_class_t *c)
{
	if (c->scroll_type == XCB_INPUT_SCROLL_TYPE_VERTICAL)
		shmfb_scroll_add(&xi->scroll, SHMFB_SCROLL_DOWN, c->number,
				 number_of(c->increment));
	else if (c->scroll_type == XCB_INPUT_SCROLL_TYPE_HORIZONTAL)
		shmfb_scroll_add(&xi->scroll, SHMFB_SCROLL_RIGHT, c->number,
				 number_of(c->increment));
}

/*
 * How many of these bytes are the next class: as many as it says, all of them
 * there and enough for what every class has. 0: there is none.
 */
static size_t
class_bytes(const uint8_t *at, size_t bytes)
{
	const xcb_input_device_class_t *c = (const void *)at;

	if (bytes < sizeof(*c) || c->len * 4U < sizeof(*c) ||
	    c->len * 4U > bytes)
		return 0;
	return c->len * 4U;
}

/* Those of one type among count classes in so many bytes. */
static void
take_type(struct shmfb_xinput *xi, uint16_t type, const uint8_t *at,
	  size_t bytes, unsigned count)
{
	const xcb_input_device_class_t *c;
	size_t done = 0, n;

	for (; count > 0; count--, done += n) {
		c = (const void *)(at + done);
		n = class_bytes(at + done, bytes - done);
		if (!n)
			return;
		if (c->type != type)
			continue;
		if (type == XCB_INPUT_DEVICE_CLASS_TYPE_SCROLL &&
		    n >= sizeof(xcb_input_scroll_class_t))
			take_scroll(xi, (const void *)c);
		if (type == XCB_INPUT_DEVICE_CLASS_TYPE_VALUATOR &&
		    n >= sizeof(xcb_input_valuator_class_t))
			take_valuator(xi, (const void *)c);
	}
}

/* Which axes are wheels comes first: then, where they are. */
static void
take_classes(struct shmfb_xinput *xi, const void *at, size_t bytes,
	     unsigned count)
{
	xi->scroll = (struct shmfb_scroll){ 0 };
	xi->absolute = false;
	take_type(xi, XCB_INPUT_DEVICE_CLASS_TYPE_SCROLL, at, bytes, count);
	take_type(xi, XCB_INPUT_DEVICE_CLASS_TYPE_VALUATOR, at, bytes, count);
}

/* How many bytes its classes are, of those that are left for them. */
static size_t
classes_bytes(const uint8_t *at, size_t bytes, unsigned count)
{
	size_t done = 0, n;

	for (; count > 0; count--, done += n) {
		n = class_bytes(at + done, bytes - done);
		if (!n)
			break;
	}
	return done;
}

uint16_t
shmfb_xinput_take_pointer(struct shmfb_xinput *xi,
			  const xcb_input_xi_query_device_reply_t *r,
			  uint16_t id)
{
	const uint8_t *at = (const void *)(r + 1);
	size_t bytes = (size_t)r->length * 4, n;
	const xcb_input_xi_device_info_t *info;
	unsigned i;

	for (i = 0; i < r->num_infos; i++) {
		info = (const void *)at;
		if (bytes < sizeof(*info))
			return 0;
		/* Its name precedes its classes. */
		n = sizeof(*info) + ((info->name_len + 3U) & ~3U);
		if (bytes < n)
			return 0;
		at += n;
		bytes -= n;
		if (info->type == XCB_INPUT_DEVICE_TYPE_MASTER_POINTER &&
		    (!id || info->deviceid == id)) {
			take_classes(xi, at, bytes, info->num_classes);
			return info->deviceid;
		}
		n = classes_bytes(at, bytes, info->num_classes);
		at += n;
		bytes -= n;
	}
	return 0;
}

/* --------------------------------------------------------- beginnings -- */

static bool
get_version(struct shmfb_display *x, xcb_input_xi_query_version_cookie_t cookie)
{
	xcb_input_xi_query_version_reply_t *v =
		xcb_input_xi_query_version_reply(x->conn, cookie, NULL);

	if (!v)
		return false;
	x->xinput.major = v->major_version;
	x->xinput.minor = v->minor_version;
	free(v);
	return x->xinput.major > MAJOR ||
	       (x->xinput.major == MAJOR && x->xinput.minor >= MINOR);
}

/* The one that is this client's, if that was settled, else the usual one. */
static void
get_pointer(struct shmfb_display *x,
	    xcb_input_xi_get_client_pointer_cookie_t mine,
	    xcb_input_xi_query_device_cookie_t devices)
{
	xcb_input_xi_get_client_pointer_reply_t *r =
		xcb_input_xi_get_client_pointer_reply(x->conn, mine, NULL);
	xcb_input_xi_query_device_reply_t *all =
		xcb_input_xi_query_device_reply(x->conn, devices, NULL);

	if (all)
		x->xinput.pointer = shmfb_xinput_take_pointer(&x->xinput, all,
			r && r->set ? r->deviceid : 0);
	free(all);
	free(r);
}

/* Where its axes are, from which on an answer tells. */
static void
ask(struct shmfb_display *x)
{
	struct shmfb_xinput *xi = &x->xinput;

	if (xi->asked)
		xcb_discard_reply(x->conn, xi->sequence);
	shmfb_scroll_forget(&xi->scroll);
	xi->sequence = xcb_input_xi_query_device(x->conn,
						 xi->pointer).sequence;
	xi->asked = true;
}

void
shmfb_xinput_init(struct shmfb_display *x)
{
	const xcb_query_extension_reply_t *there =
		xcb_get_extension_data(x->conn, &xcb_input_id);
	xcb_input_xi_get_client_pointer_cookie_t pointer;
	xcb_input_xi_query_version_cookie_t version;
	xcb_input_xi_query_device_cookie_t devices;
	bool works;

	if (!there || !there->present || shmfb_env("SHMFB_NO_XINPUT"))
		return;
	version = xcb_input_xi_query_version(x->conn, MAJOR, MINOR);
	pointer = xcb_input_xi_get_client_pointer(x->conn, XCB_NONE);
	devices = xcb_input_xi_query_device(x->conn,
					    XCB_INPUT_DEVICE_ALL_MASTER);
	works = get_version(x, version);
	get_pointer(x, pointer, devices);
	if (works && x->xinput.pointer)
		x->xinput.opcode = there->major_opcode;
}

static void
select_events(struct shmfb_display *x, xcb_window_t window, uint16_t device,
	      uint32_t mask)
{
	const struct selection selection = { { device, 1 }, mask };

	xcb_input_xi_select_events(x->conn, window, 1, &selection.head);
}

void
shmfb_xinput_select(struct shmfb *fb)
{
	/* Of every pointer there is, as core events are. */
	if (fb->x->xinput.opcode)
		select_events(fb->x, fb->window, XCB_INPUT_DEVICE_ALL_MASTER,
			      XCB_INPUT_XI_EVENT_MASK_MOTION |
			      XCB_INPUT_XI_EVENT_MASK_BUTTON_PRESS |
			      XCB_INPUT_XI_EVENT_MASK_BUTTON_RELEASE |
			      XCB_INPUT_XI_EVENT_MASK_DEVICE_CHANGED);
}

void
shmfb_xinput_entered(struct shmfb_display *x)
{
	if (x->xinput.opcode)
		ask(x);
}

/* -------------------------------------------------------------- events -- */

/* Are all parts that it says to have in what the server has sent of it? */
static bool
is_whole(const xcb_input_button_press_event_t *e)
{
	const xcb_ge_generic_event_t *event = (const void *)e;
	size_t bytes = sizeof(*e), count;

	if (!shmfb_clock_event_is_whole(event, bytes))
		return false;
	bytes += 4 * ((size_t)e->buttons_len + e->valuators_len);
	if (!shmfb_clock_event_is_whole(event, bytes))
		return false;
	/* How many values there are is in the mask, which has to be there. */
	count = (size_t)xcb_input_button_press_axisvalues_length(e);
	bytes += count * sizeof(xcb_input_fp3232_t);
	return shmfb_clock_event_is_whole(event, bytes);
}

/* The same of a raw one, which has each value twice. */
static bool
raw_is_whole(const xcb_input_raw_motion_event_t *e)
{
	const xcb_ge_generic_event_t *event = (const void *)e;
	size_t bytes = sizeof(*e), count;

	if (!shmfb_clock_event_is_whole(event, bytes))
		return false;
	bytes += 4 * (size_t)e->valuators_len;
	if (!shmfb_clock_event_is_whole(event, bytes))
		return false;
	count = (size_t)xcb_input_raw_button_press_axisvalues_length(e);
	bytes += 2 * count * sizeof(xcb_input_fp3232_t);
	return shmfb_clock_event_is_whole(event, bytes);
}

/* Where an event says that the pointer is. */
static struct shmfb_pointing
pointing(const xcb_input_button_press_event_t *e)
{
	return (struct shmfb_pointing){
		.x = e->event_x >> 16,
		.y = e->event_y >> 16,
		.state = e->mods.effective & 0xff,
		.sequence = e->full_sequence,
	};
}

/* Has the answer come, of before the event with that sequence number? */
static void
take_answer(struct shmfb_display *x, uint32_t full)
{
	struct shmfb_xinput *xi = &x->xinput;
	xcb_generic_error_t *error = NULL;
	void *reply = NULL;

	if (!xi->asked || (int32_t)(full - xi->sequence) < 0 ||
	    !xcb_poll_for_reply(x->conn, xi->sequence, &reply, &error))
		return;
	xi->asked = false;
	if (reply)
		shmfb_xinput_take_pointer(xi, reply, xi->pointer);
	free(reply);
	free(error);
}

/* The axes that an event tells of, one after the other. */
struct axes {
	const uint32_t *mask;		/* which */
	unsigned words;			/* of mask */
	const xcb_input_fp3232_t *values;	/* those */
	unsigned count;			/* of values */
	unsigned next;			/* the number to look at */
	unsigned taken;			/* of values */
};

static bool
next_axis(struct axes *a, uint16_t *number, double *value)
{
	for (; a->next < a->words * 32 && a->taken < a->count; a->next++) {
		if (!(a->mask[a->next / 32] & 1U << a->next % 32))
			continue;
		*number = (uint16_t)a->next++;
		*value = number_of(a->values[a->taken++]);
		return true;
	}
	return false;
}

/* What a pointer that moved did: whether there is more to it than wheels. */
static bool
scrolled(struct shmfb_display *x, const xcb_input_motion_event_t *e,
	 double *dx, double *dy)
{
	struct axes axes = {
		.mask = xcb_input_button_press_valuator_mask(e),
		.words = e->valuators_len,
		.values = xcb_input_button_press_axisvalues(e),
		.count = (unsigned)xcb_input_button_press_axisvalues_length(e),
	};
	struct shmfb_scroll *scroll = &x->xinput.scroll;
	bool other = axes.count == 0;
	uint16_t number;
	double value;

	take_answer(x, e->full_sequence);
	while (next_axis(&axes, &number, &value)) {
		if (number < 2) {
			other = true;
		} else if (!x->xinput.asked) {
			shmfb_scroll_move(scroll, number, value, dx, dy);
		}
	}
	return other;
}

static void
moved(struct shmfb *fb, const xcb_input_motion_event_t *e)
{
	const struct shmfb_pointing at = pointing(e);
	double far[2] = { 0, 0 }, dx = 0, dy = 0;
	bool other = true;

	if (e->deviceid == fb->x->xinput.pointer)
		other = scrolled(fb->x, e, &dx, &dy);
	if (isfinite(dx) && isfinite(dy) && (fabs(dx) > 0 || fabs(dy) > 0))
		shmfb_pointer_scroll(fb, &at, dx, dy);
	if (!other)
		return;
	/* What no device has said is a warp, or was told before. */
	if (fb->pointer.grabbed)
		shmfb_raw_match(&fb->pointer.raw, e->root_x / 65536.0,
				e->root_y / 65536.0, fb->x->xinput.absolute,
				&far[0], &far[1]);
	shmfb_pointer_motion(fb, &at, far);
}

/* A press of a wheel's button that its axis has told already? */
static bool
is_told(const struct shmfb *fb, const xcb_input_button_press_event_t *e)
{
	const struct shmfb_xinput *xi = &fb->x->xinput;
	enum shmfb_scroll_way way = e->detail < WHEEL_FIRST + 2 ?
		SHMFB_SCROLL_DOWN : SHMFB_SCROLL_RIGHT;

	return e->detail >= WHEEL_FIRST && e->detail <= WHEEL_LAST &&
	       (e->flags & XCB_INPUT_POINTER_EVENT_FLAGS_POINTER_EMULATED) &&
	       e->deviceid == xi->pointer && xi->scroll.axis[way].there;
}

static void
button(struct shmfb *fb, const xcb_input_button_press_event_t *e, bool pressed)
{
	const struct shmfb_pointing at = pointing(e);

	if (!is_told(fb, e))
		shmfb_pointer_button(fb, &at, e->detail, pressed);
}

/* A move as the device said it: its first two axes, whatever they are worth. */
static void
moved_raw(struct shmfb *fb, const xcb_input_raw_motion_event_t *e)
{
	struct axes axes = {
		.mask = xcb_input_raw_button_press_valuator_mask(e),
		.words = e->valuators_len,
		.values = xcb_input_raw_button_press_axisvalues_raw(e),
		.count = (unsigned)
			xcb_input_raw_button_press_axisvalues_raw_length(e),
	};
	double by[2] = { 0, 0 }, value;
	bool there = false;
	uint16_t number;

	while (next_axis(&axes, &number, &value)) {
		if (number >= 2)
			continue;
		by[number] = value;
		there = true;
	}
	if (there)
		shmfb_raw_add(&fb->pointer.raw, e->sourceid, by[0], by[1]);
}

static struct shmfb *
window_of(const struct shmfb_display *x, xcb_window_t id)
{
	struct shmfb *fb;

	shmfb_for_each(fb, x)
		if (fb->window == id && !fb->gone)
			return fb;
	return NULL;
}

static void
changed(struct shmfb_display *x, const xcb_input_device_changed_event_t *e)
{
	/* Its fixed part is the least that an event has. */
	if (e->deviceid != x->xinput.pointer)
		return;
	/* An answer of before this is one that was right then. */
	take_answer(x, e->full_sequence);
	take_classes(&x->xinput, e + 1, (size_t)e->length * 4, e->num_classes);
}

/* The pointer moved in a window, or a button of it was pressed or released. */
static void
happened(struct shmfb *fb, const xcb_input_button_press_event_t *e)
{
	if (e->event_type == XCB_INPUT_MOTION)
		moved(fb, e);
	else
		button(fb, e, e->event_type == XCB_INPUT_BUTTON_PRESS);
}

void
shmfb_xinput_event(struct shmfb_display *x, const xcb_generic_event_t *event)
{
	const xcb_input_button_press_event_t *e = (const void *)event;
	struct shmfb *fb;

	switch (e->event_type) {
	case XCB_INPUT_DEVICE_CHANGED:
		changed(x, (const void *)event);
		return;
	case XCB_INPUT_RAW_MOTION:
		if (!raw_is_whole((const void *)event))
			return;
		shmfb_for_each(fb, x)
			if (!fb->gone && fb->pointer.grabbed)
				moved_raw(fb, (const void *)event);
		return;
	case XCB_INPUT_MOTION:
	case XCB_INPUT_BUTTON_PRESS:
	case XCB_INPUT_BUTTON_RELEASE:
		fb = is_whole(e) ? window_of(x, e->event) : NULL;
		if (fb)
			happened(fb, e);
		return;
	}
}

void
shmfb_xinput_flush(struct shmfb *fb)
{
	double far[2];

	if (fb->pointer.grabbed && !fb->x->xinput.absolute &&
	    shmfb_raw_take(&fb->pointer.raw, &far[0], &far[1]))
		shmfb_pointer_far(fb, far);
}

/* ---------------------------------------------------------------- grab -- */

static void
tell_raw(struct shmfb_display *x, uint32_t mask)
{
	/* Raw events are of the screen, not of a window. */
	select_events(x, x->screen->root, x->xinput.pointer, mask);
}

static bool
is_grabbed(const struct shmfb_display *x)
{
	const struct shmfb *fb;

	shmfb_for_each(fb, x)
		if (fb->pointer.grabbed)
			return true;
	return false;
}

int
shmfb_xinput_grab(struct shmfb *fb, xcb_cursor_t cursor)
{
	const uint32_t mask = XCB_INPUT_XI_EVENT_MASK_MOTION |
			      XCB_INPUT_XI_EVENT_MASK_BUTTON_PRESS |
			      XCB_INPUT_XI_EVENT_MASK_BUTTON_RELEASE;
	xcb_connection_t *c = fb->x->conn;
	xcb_input_xi_grab_device_cookie_t cookie;
	xcb_input_xi_grab_device_reply_t *r;
	int status;

	fb->pointer.raw = (struct shmfb_raw){ 0 };
	/* First, or it misses the first moves. */
	tell_raw(fb->x, XCB_INPUT_XI_EVENT_MASK_RAW_MOTION);
	cookie = xcb_input_xi_grab_device(c, fb->window, XCB_CURRENT_TIME,
		cursor, fb->x->xinput.pointer, XCB_INPUT_GRAB_MODE_22_ASYNC,
		XCB_INPUT_GRAB_MODE_22_ASYNC,
		XCB_INPUT_GRAB_OWNER_NO_OWNER, 1, &mask);
	fb->pointer.since = cookie.sequence;
	r = xcb_input_xi_grab_device_reply(c, cookie, NULL);
	status = r ? r->status : -1;
	free(r);
	/* Another window may have had it, and has it still. */
	if (status != XCB_GRAB_STATUS_SUCCESS && !is_grabbed(fb->x))
		tell_raw(fb->x, 0);
	return status;
}

void
shmfb_xinput_ungrab(struct shmfb *fb)
{
	tell_raw(fb->x, 0);
	xcb_input_xi_ungrab_device(fb->x->conn, XCB_CURRENT_TIME,
				   fb->x->xinput.pointer);
}
