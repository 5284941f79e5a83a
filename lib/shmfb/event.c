/* SPDX-License-Identifier: MIT */
/*
 * event.c - X events: what they mean to the window, and to its application
 *
 * Called by step.c for each event in its order: it may be for any window of
 * the connection, or for none that is still open. What another client sent by
 * SendEvent is believed where nothing but input comes of it; completions, the
 * window's size and its end are believed of the server alone.
 */
#include "config.h"

#include <xcb/present.h>
#include <xcb/shm.h>

#include "base/base.h"
#include "window.h"

#define SENT_BY_CLIENT 0x80

/* Applications have the room for it, whichever version they were built with. */
_Static_assert(sizeof(((struct shmfb_event *)0)->u) == 120 &&
	       sizeof(struct shmfb_event) <= 128,
	       "what is written whole keeps its size");

void
shmfb_push(struct shmfb *fb, const struct shmfb_event *event)
{
	shmfb_queue_push(&fb->events, event);
	fb->news = true;
	shmfb_stir(fb);
}

/*
 * Any client may make the window larger than coordinates reach; what is
 * beyond is not painted. The event that a window manager sends is of a window
 * that was moved: of a new size the server itself tells. (Of one that was
 * announced and is the old one, the manager alone may.)
 */
static void
configured(struct shmfb *fb, const xcb_configure_notify_event_t *e)
{
	struct shmfb_event event = { .type = SHMFB_EVENT_RESIZE };
	uint32_t width = BASE_MIN(e->width, SHMX_SIDE_MAX);
	uint32_t height = BASE_MIN(e->height, SHMX_SIDE_MAX);

	bool same = width == fb->width && height == fb->height;

	if (((e->response_type & SENT_BY_CLIENT) && !same) || !width ||
	    !height)
		return;
	shmfb_sync_configured(fb);
	if (same)
		return;
	fb->width = width;
	fb->height = height;
	/* The middle has moved, and with it every pixel. */
	shmfb_repaint_later(fb, NULL);
	event.u.resize.width = fb->width;
	event.u.resize.height = fb->height;
	shmfb_push(fb, &event);
}

static void
exposed(struct shmfb *fb, const xcb_expose_event_t *e)
{
	struct shmfb_event event = { .type = SHMFB_EVENT_EXPOSE };

	event.u.expose.rect = (struct shmx_rect){ e->x, e->y, e->width,
						  e->height };
	shmfb_repaint_later(fb, &event.u.expose.rect);
	shmfb_push(fb, &event);
}

static void
focused(struct shmfb *fb, const xcb_focus_in_event_t *e, uint32_t full,
	bool in)
{
	struct shmfb_event event = { .type = SHMFB_EVENT_FOCUS };

	/* Where the pointer is, while the focus is nowhere in particular. */
	if (e->detail == XCB_NOTIFY_DETAIL_POINTER)
		return;
	if (!in)
		shmfb_keyboard_release_all(fb);
	/* A shortcut of the window manager's, and the focus is here again. */
	if (e->mode == XCB_NOTIFY_MODE_GRAB ||
	    e->mode == XCB_NOTIFY_MODE_UNGRAB)
		return;
	shmfb_pointer_focused(fb, in, full);
	event.u.focus.focused = in;
	shmfb_push(fb, &event);
}

/* Keys, the pointer and the focus; false: it is none of these. */
static bool
input_event(struct shmfb *fb, const xcb_generic_event_t *event)
{
	const struct shmfb_pointing at =
		shmfb_pointer_at((const void *)event, event->full_sequence);
	const void *e = event;

	switch (event->response_type & ~SENT_BY_CLIENT) {
	case XCB_KEY_PRESS:
		shmfb_keyboard_key(fb, e, true);
		return true;
	case XCB_KEY_RELEASE:
		shmfb_keyboard_key(fb, e, false);
		return true;
	case XCB_BUTTON_PRESS:
		shmfb_pointer_button(fb, &at, event->pad0, true);
		return true;
	case XCB_BUTTON_RELEASE:
		shmfb_pointer_button(fb, &at, event->pad0, false);
		return true;
	case XCB_MOTION_NOTIFY:
		shmfb_pointer_motion(fb, &at, NULL);
		return true;
	case XCB_ENTER_NOTIFY:
		shmfb_pointer_crossing(fb, e, true);
		return true;
	case XCB_LEAVE_NOTIFY:
		shmfb_pointer_crossing(fb, e, false);
		return true;
	case XCB_FOCUS_IN:
		focused(fb, e, event->full_sequence, true);
		return true;
	case XCB_FOCUS_OUT:
		focused(fb, e, event->full_sequence, false);
		return true;
	}
	return false;
}

/* What clients may send as well as the server does. */
static bool
message_event(struct shmfb *fb, const xcb_generic_event_t *event)
{
	const void *e = event;

	switch (event->response_type & ~SENT_BY_CLIENT) {
	case XCB_PROPERTY_NOTIFY:
		shmfb_state_property(fb, e);
		return true;
	case XCB_SELECTION_NOTIFY:
		shmfb_paste_answered(fb, e);
		return true;
	case XCB_CLIENT_MESSAGE:
		shmfb_wm_message(fb, e);
		return true;
	case XCB_CONFIGURE_NOTIFY:
		configured(fb, e);
		return true;
	case XCB_EXPOSE:
		exposed(fb, e);
		return true;
	case XCB_GE_GENERIC:
		shmfb_clock_event(fb, e);
		shmfb_pixmap_event(fb, e);
		return true;
	}
	return false;
}

/* What became of the window and of the clipboard: only the server knows. */
static void
server_event(struct shmfb *fb, const xcb_generic_event_t *event)
{
	const void *e = event;

	switch (event->response_type) {
	case XCB_MAP_NOTIFY:
		shmfb_state_mapped(fb, true);
		break;
	case XCB_UNMAP_NOTIFY:
		shmfb_pointer_unmapped(fb, event->full_sequence);
		shmfb_state_mapped(fb, false);
		break;
	case XCB_VISIBILITY_NOTIFY:
		shmfb_state_visible(fb, e);
		break;
	case XCB_SELECTION_REQUEST:
		shmfb_owner_wanted(fb, e);
		break;
	case XCB_SELECTION_CLEAR:
		shmfb_owner_lost(fb, e, event->full_sequence);
		break;
	case XCB_DESTROY_NOTIFY:
		shmfb_lost(fb, "the window was destroyed");
		break;
	}
}

static void
window_event(struct shmfb *fb, const xcb_generic_event_t *event)
{
	if (!input_event(fb, event) && !message_event(fb, event))
		server_event(fb, event);
}

/* The window that an event is of, by where the event says it. */
static struct shmfb *
window_of(const struct shmfb_display *x, const xcb_generic_event_t *event)
{
	const xcb_present_complete_notify_event_t *present =
		(const void *)event;
	const xcb_key_press_event_t *input = (const void *)event;
	const xcb_selection_request_event_t *selection = (const void *)event;
	const xcb_expose_event_t *other = (const void *)event;
	xcb_window_t id = other->window;
	struct shmfb *fb;

	switch (event->response_type & ~SENT_BY_CLIENT) {
	case XCB_KEY_PRESS:
	case XCB_KEY_RELEASE:
	case XCB_BUTTON_PRESS:
	case XCB_BUTTON_RELEASE:
	case XCB_MOTION_NOTIFY:
	case XCB_ENTER_NOTIFY:
	case XCB_LEAVE_NOTIFY:
		id = input->event;
		break;
	case XCB_SELECTION_REQUEST:
	case XCB_SELECTION_CLEAR:
	case XCB_SELECTION_NOTIFY:
		/* The owner, or whoever asked: in the same place. */
		id = selection->owner;
		break;
	case XCB_GE_GENERIC:
		/* XInput's, which is the other one, are xinput.c's. */
		if (present->response_type & SENT_BY_CLIENT ||
		    !x->present_opcode ||
		    present->extension != x->present_opcode)
			return NULL;
		id = present->window;
		break;
	}
	shmfb_for_each(fb, x)
		if (fb->window == id && !fb->gone)
			return fb;
	return NULL;
}

/* An X error is some window's picture that was refused, or of no account. */
static void
failed(struct shmfb_display *x, const xcb_generic_error_t *error)
{
	struct shmfb *fb;

	shmfb_for_each(fb, x)
		if (!fb->gone && shmfb_flight_error(fb, error))
			return;
	if (x->windows)
		shmfb_log(x->windows, BASE_LOG_DEBUG,
			  "X error %s, request %u.%u",
			  shmfb_display_error_name(x, error->error_code),
			  error->major_code, error->minor_code);
}

void
shmfb_event(struct shmfb_display *x, const xcb_generic_event_t *event)
{
	uint8_t type = event->response_type;
	struct shmfb *fb;

	/* Whose it is: what was sent before is done, for every window. */
	shmfb_for_each(fb, x) {
		if (fb->gone)
			continue;
		if (type == XCB_PROPERTY_NOTIFY)
			shmfb_clipboard_property(fb, (const void *)event,
						 event->full_sequence);
		if (x->shm_completion && type == x->shm_completion)
			shmfb_flight_completed(fb, event);
		else
			shmfb_flight_event(fb, event);
	}
	if (type == 0) {
		failed(x, (const void *)event);
	} else if (x->keymap.event && type == x->keymap.event) {
		shmfb_keymap_event(&x->keymap, event);
	} else if (type == XCB_PROPERTY_NOTIFY && !window_of(x, event)) {
		shmfb_settings_property(x, (const void *)event);
	} else if (type == XCB_GE_GENERIC && x->xinput.opcode &&
		   event->pad0 == x->xinput.opcode) {
		shmfb_xinput_event(x, event);
	} else {
		fb = window_of(x, event);
		if (fb)
			window_event(fb, event);
	}
}
