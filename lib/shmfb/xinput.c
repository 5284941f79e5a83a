/* SPDX-License-Identifier: MIT */
/*
 * xinput.c - the pointer by XInput 2: is it there, what is asked of it, grabs
 *
 * Called by display.c, window.c and pointer.c. What its events say is
 * xinput_event.c's, what a pointer is made of xinput_device.c's.
 */
#include "config.h"

#include "xinput.h"

#include <stdlib.h>
#include <xcb/xinput.h>

#include "window.h"

/* Since 2.1 wheels have axes, and raw events are told during grabs as well. */
#define MAJOR 2
#define MINOR 1

/* One mask, as XISelectEvents wants it. */
struct selection {
	xcb_input_event_mask_t head;
	uint32_t mask;
};

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
