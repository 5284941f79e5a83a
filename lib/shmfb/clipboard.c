/* SPDX-License-Identifier: MIT */
/*
 * clipboard.c - what both sides of the clipboard share: properties and time
 *
 * Called by window.c, event.c, and by step.c for what takes too long. Text
 * that is copied here is owner.c's, text that is pasted paste.c's.
 */
#include "config.h"

#include "clipboard.h"

#include "base/base.h"
#include "window.h"

void
shmfb_clipboard_finish(struct shmfb *fb)
{
	shmfb_owner_finish(fb);
	shmfb_paste_finish(fb);
}

uint32_t
shmfb_clipboard_ask_time(struct shmfb *fb)
{
	return xcb_change_property(fb->x->conn, XCB_PROP_MODE_REPLACE,
				   fb->window,
				   fb->x->atom[SHMFB_ATOM_TIMESTAMP],
				   XCB_ATOM_INTEGER, 32, 0, NULL).sequence;
}

void
shmfb_clipboard_property(struct shmfb *fb,
			 const xcb_property_notify_event_t *e, uint32_t full)
{
	const xcb_atom_t *atom = fb->x->atom;

	if (e->state == XCB_PROPERTY_DELETE)
		shmfb_owner_deleted(fb, e->window, e->atom);
	if (e->window != fb->window || e->state != XCB_PROPERTY_NEW_VALUE)
		return;
	if (e->atom == atom[SHMFB_ATOM_TIMESTAMP]) {
		shmfb_owner_time(fb, e->time, full);
		shmfb_paste_time(fb, e->time, full);
	} else if (e->atom == atom[SHMFB_ATOM_SHMFB_PASTE]) {
		shmfb_paste_written(fb, full);
	}
}

void
shmfb_clipboard_poll(struct shmfb *fb)
{
	shmfb_multiple_poll(fb);
	shmfb_paste_poll(fb);
}

uint64_t
shmfb_clipboard_deadline(const struct shmfb *fb)
{
	return BASE_MIN(shmfb_owner_deadline(fb), shmfb_paste_deadline(fb));
}

void
shmfb_clipboard_expire(struct shmfb *fb, uint64_t now)
{
	shmfb_owner_expire(fb, now);
	shmfb_paste_expire(fb, now);
}
