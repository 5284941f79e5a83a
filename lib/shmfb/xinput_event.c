/* SPDX-License-Identifier: MIT */
/*
 * xinput_event.c - what XInput 2 tells of the pointer: to pointer.c
 *
 * Called by event.c, and by step.c when all events are taken.
 *
 * A wheel that scrolls smoothly moves an axis of the pointer, and for clients
 * who know of none, the server makes presses of button 4 to 7 of it, marked
 * as emulated: of those two the axis counts. A device without such axes has
 * the buttons alone, and those count.
 *
 * What an event says that it has is looked for within what has come of it,
 * and nowhere else.
 *
 * The history of motion between two events (XGetMotionEvents, and what XI2
 * devices keep) is not asked for: XInput 2 tells every move on its own, and so
 * does core X where no hint is asked for; there is nothing between them.
 */
#include "config.h"

#include "xinput.h"

#include <math.h>
#include <xcb/xinput.h>

#include "window.h"

#define WHEEL_FIRST 4
#define WHEEL_LAST 7

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
		*value = shmfb_xinput_number(a->values[a->taken++]);
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

	shmfb_xinput_take_answer(x, e->full_sequence);
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
	shmfb_xinput_take_answer(x, e->full_sequence);
	shmfb_xinput_take_classes(&x->xinput, e + 1, (size_t)e->length * 4,
				  e->num_classes);
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
