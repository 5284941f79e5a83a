/* SPDX-License-Identifier: MIT */
/*
 * property.c - properties of windows: written, and asked for
 *
 * Called by those who talk with window managers: wm.c, state.c and others.
 */
#include "config.h"

#include "property.h"

#include <limits.h>
#include <stdlib.h>
#include <xcb/xcbext.h>

#include "window.h"

void
shmfb_property_set(struct shmfb *fb, xcb_atom_t name, xcb_atom_t type,
		   uint8_t format, size_t count, const void *data)
{
	xcb_change_property(fb->x->conn, XCB_PROP_MODE_REPLACE, fb->window,
			    name, type, format, (uint32_t)count, data);
}

static void
ask_for(struct shmfb_display *x, struct shmfb_ask *ask, bool delete,
	xcb_window_t window, xcb_atom_t name, xcb_atom_t type, uint32_t bytes)
{
	shmfb_property_forget(x, ask);
	ask->sequence = xcb_get_property(x->conn, delete, window, name, type,
					 0, (bytes + 3) / 4).sequence;
	ask->due = true;
}

void
shmfb_property_ask(struct shmfb_display *x, struct shmfb_ask *ask,
		   xcb_window_t window, xcb_atom_t name, xcb_atom_t type,
		   uint32_t bytes)
{
	ask_for(x, ask, false, window, name, type, bytes);
}

void
shmfb_property_take(struct shmfb_display *x, struct shmfb_ask *ask,
		    xcb_window_t window, xcb_atom_t name, uint32_t bytes)
{
	ask_for(x, ask, true, window, name, XCB_GET_PROPERTY_TYPE_ANY, bytes);
}

/*
 * The answer, or NULL if it is of no format, or claims to have more than has
 * come with it: libxcb allocates what has, and compares nothing.
 */
static xcb_get_property_reply_t *
check(xcb_get_property_reply_t *r)
{
	uint64_t bytes;

	if (!r)
		return NULL;
	bytes = (uint64_t)r->value_len * (r->format / 8);
	/* An int is what libxcb tells its length in. */
	if ((r->format == 0 || r->format == 8 || r->format == 16 ||
	     r->format == 32) && bytes <= (uint64_t)r->length * 4 &&
	    bytes <= INT_MAX)
		return r;
	free(r);
	return NULL;
}

xcb_get_property_reply_t *
shmfb_property_answer(struct shmfb_display *x, struct shmfb_ask *ask,
		      bool *answered)
{
	xcb_generic_error_t *error = NULL;
	void *reply = NULL;

	if (!ask->due ||
	    !xcb_poll_for_reply(x->conn, ask->sequence, &reply, &error))
		return NULL;
	ask->due = false;
	*answered = true;
	free(error);
	return check(reply);
}

xcb_get_property_reply_t *
shmfb_property_wait(struct shmfb_display *x, struct shmfb_ask *ask)
{
	const xcb_get_property_cookie_t cookie = { ask->sequence };

	if (!ask->due)
		return NULL;
	ask->due = false;
	return check(xcb_get_property_reply(x->conn, cookie, NULL));
}

void
shmfb_property_forget(struct shmfb_display *x, struct shmfb_ask *ask)
{
	if (ask->due)
		xcb_discard_reply(x->conn, ask->sequence);
	ask->due = false;
}
