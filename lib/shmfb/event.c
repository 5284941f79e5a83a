/* SPDX-License-Identifier: MIT */
/*
 * event.c - X events: what they mean to the window, and to its application
 *
 * Called by loop.c for each event in its order. What another client sent by
 * SendEvent is believed where nothing but input comes of it; completions, the
 * window's size and its end are believed of the server alone.
 */
#include "config.h"

#include <xcb/present.h>
#include <xcb/shm.h>

#include "base/base.h"
#include "window.h"

#define SENT_BY_CLIENT 0x80

void
shmfb_push(struct shmfb *fb, const struct shmfb_event *event)
{
	shmfb_queue_push(&fb->events, event);
	fb->news = true;
}

/*
 * Any client may make the window larger than coordinates reach; what is
 * beyond is not painted. The event that a window manager sends is of a window
 * that was moved: of a new size the server itself tells.
 */
static void
configured(struct shmfb *fb, const xcb_configure_notify_event_t *e)
{
	struct shmfb_event event = { .type = SHMFB_EVENT_RESIZE };
	uint32_t width = BASE_MIN(e->width, SHMX_SIDE_MAX);
	uint32_t height = BASE_MIN(e->height, SHMX_SIDE_MAX);

	if ((e->response_type & SENT_BY_CLIENT) || !width || !height ||
	    (width == fb->width && height == fb->height))
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
button(struct shmfb *fb, const xcb_button_press_event_t *e, bool pressed)
{
	struct shmfb_event event = { .type = SHMFB_EVENT_BUTTON };

	event.u.button.x = e->event_x;
	event.u.button.y = e->event_y;
	event.u.button.button = e->detail;
	event.u.button.modifiers = shmfb_keyboard_modifiers(e->state);
	event.u.button.pressed = pressed;
	shmfb_push(fb, &event);
}

static void
moved(struct shmfb *fb, const xcb_motion_notify_event_t *e)
{
	struct shmfb_event event = { .type = SHMFB_EVENT_MOTION };

	event.u.motion.x = e->event_x;
	event.u.motion.y = e->event_y;
	event.u.motion.modifiers = shmfb_keyboard_modifiers(e->state);
	shmfb_push(fb, &event);
}

static void
focused(struct shmfb *fb, const xcb_focus_in_event_t *e, bool in)
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
	event.u.focus.focused = in;
	shmfb_push(fb, &event);
}

static void
extension_event(struct shmfb *fb, const xcb_generic_event_t *event)
{
	const xcb_ge_generic_event_t *ge = (const void *)event;
	uint8_t type = event->response_type;

	if (type == XCB_GE_GENERIC) {
		if (fb->x->present_opcode &&
		    ge->extension == fb->x->present_opcode)
			shmfb_clock_event(fb, ge);
	} else if (fb->x->shm_completion && type == fb->x->shm_completion) {
		shmfb_flight_completed(fb, event);
	} else if (fb->x->keymap.event && type == fb->x->keymap.event) {
		shmfb_keymap_event(&fb->x->keymap, fb->x->conn, event);
	}
}

void
shmfb_event(struct shmfb *fb, const xcb_generic_event_t *event)
{
	const void *e = event;

	shmfb_flight_event(fb, event);
	switch (event->response_type & ~SENT_BY_CLIENT) {
	case 0:
		shmfb_flight_error(fb, e);
		break;
	case XCB_KEY_PRESS:
		shmfb_keyboard_key(fb, e, true);
		break;
	case XCB_KEY_RELEASE:
		shmfb_keyboard_key(fb, e, false);
		break;
	case XCB_BUTTON_PRESS:
		button(fb, e, true);
		break;
	case XCB_BUTTON_RELEASE:
		button(fb, e, false);
		break;
	case XCB_MOTION_NOTIFY:
		moved(fb, e);
		break;
	case XCB_FOCUS_IN:
		focused(fb, e, true);
		break;
	case XCB_FOCUS_OUT:
		focused(fb, e, false);
		break;
	case XCB_EXPOSE:
		exposed(fb, e);
		break;
	case XCB_CONFIGURE_NOTIFY:
		configured(fb, e);
		break;
	case XCB_CLIENT_MESSAGE:
		shmfb_wm_message(fb, e);
		break;
	case XCB_DESTROY_NOTIFY:
		if (!(event->response_type & SENT_BY_CLIENT))
			shmfb_lost(fb, "the window was destroyed");
		break;
	default:
		extension_event(fb, event);
	}
}
