/* SPDX-License-Identifier: MIT */
/*
 * sync.c - _NET_WM_SYNC_REQUEST: a window manager waits for our drawing
 *
 * Called by wm.c (the message), event.c (sizes), flight.c and show.c (what was
 * drawn) and step.c (time). The counter is set by a request of the connection
 * that drew, when the server is known to have drawn.
 */
#include "config.h"

#include "sync.h"

#include <xcb/sync.h>

#include "base/clock.h"
#include "window.h"

void
shmfb_sync_init(struct shmfb *fb)
{
	const xcb_sync_int64_t zero = { 0, 0 };
	uint32_t *counter = &fb->sync.counter;

	if (!fb->x->sync)
		return;
	*counter = xcb_generate_id(fb->x->conn);
	xcb_sync_create_counter(fb->x->conn, *counter, zero);
	shmfb_property_set(fb, fb->x->atom[SHMFB_ATOM_NET_WM_SYNC_COUNTER],
			   XCB_ATOM_CARDINAL, 32, 1, counter);
}

void
shmfb_sync_finish(struct shmfb *fb)
{
	if (fb->sync.counter)
		xcb_sync_destroy_counter(fb->x->conn, fb->sync.counter);
	fb->sync = (struct shmfb_sync){ 0 };
}

void
shmfb_sync_message(struct shmfb *fb, const xcb_client_message_event_t *event)
{
	const uint32_t *data = event->data.data32;

	if (!fb->sync.counter)
		return;
	fb->sync.asked = true;
	fb->sync.asked_value = data[2] | (uint64_t)data[3] << 32;
}

void
shmfb_sync_configured(struct shmfb *fb)
{
	struct shmfb_sync *sync = &fb->sync;

	if (!sync->asked)
		return;
	sync->asked = false;
	sync->due = true;
	sync->value = sync->asked_value;
	sync->due_ns = base_now_ns() + SHMFB_SYNC_NS;
}

bool
shmfb_sync_answers(const struct shmfb *fb, const struct shmfb_picture *picture,
		   uint64_t *value)
{
	const struct shmfb_layout *layout = &picture->layout;

	if (!fb->sync.due)
		return false;
	if (picture->drawn && !fb->canvas_width &&
	    (layout->width != fb->width || layout->height != fb->height))
		return false;
	*value = fb->sync.value;
	return true;
}

static void
answer(struct shmfb *fb)
{
	struct shmfb_sync *sync = &fb->sync;
	const xcb_sync_int64_t value = {
		.hi = (int32_t)(sync->value >> 32),
		.lo = (uint32_t)sync->value,
	};

	sync->due = false;
	xcb_sync_set_counter(fb->x->conn, sync->counter, value);
}

void
shmfb_sync_drawn(struct shmfb *fb, uint64_t value)
{
	/*
	 * Else it is of a size that is no more, or not right yet: then what is
	 * painted for that answers.
	 */
	if (fb->sync.due && value == fb->sync.value &&
	    shmfb_rect_empty(&fb->repaint) &&
	    !shmfb_flight_overtaken(&fb->flight))
		answer(fb);
}

uint64_t
shmfb_sync_deadline(const struct shmfb_sync *sync)
{
	return sync->due ? sync->due_ns : UINT64_MAX;
}

void
shmfb_sync_expire(struct shmfb *fb, uint64_t now)
{
	if (now < shmfb_sync_deadline(&fb->sync))
		return;
	shmfb_log(fb, BASE_LOG_DEBUG, "no frame of the new size");
	answer(fb);
}
