/* SPDX-License-Identifier: MIT */
/*
 * flight.c - what the server has been sent and has not finished
 *
 * Invariants: trips are in the order of their requests; each has a reference
 * to its picture; a slot of the window's own is pinned by each trip that
 * makes the server read it.
 */
#include "config.h"

#include "flight.h"

#include <assert.h>
#include <stdlib.h>
#include <xcb/xcbext.h>

#include "base/clock.h"
#include "window.h"

/* Sequence numbers wrap around: is a at or after b? */
static bool
reached(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) >= 0;
}

unsigned
shmfb_flight_frames(const struct shmfb_flight *flight)
{
	unsigned i, n = 0;

	for (i = 0; i < flight->count; i++)
		n += !flight->trip[i].repaint;
	return n;
}

bool
shmfb_flight_repainting(const struct shmfb_flight *flight)
{
	return shmfb_flight_frames(flight) < flight->count;
}

bool
shmfb_flight_waits(const struct shmfb_flight *flight)
{
	unsigned i;

	for (i = 0; i < flight->count; i++)
		if (flight->trip[i].idle_due)
			return true;
	return false;
}

void
shmfb_flight_overtake(struct shmfb_flight *flight,
		      const struct shmfb_picture *picture)
{
	struct shmfb_trip *trip;

	for (trip = flight->trip; trip < flight->trip + flight->count; trip++)
		if (trip->idle_due && !shmfb_layout_equal(
		    &trip->picture->layout, &picture->layout))
			trip->overtaken = true;
}

bool
shmfb_flight_overtaken(const struct shmfb_flight *flight)
{
	unsigned i;

	for (i = 0; i < flight->count; i++)
		if (flight->trip[i].overtaken)
			return true;
	return false;
}

int
shmfb_flight_start(struct shmfb *fb, struct shmfb_picture *picture,
		   const struct shmfb_damage *damage, int32_t x, int32_t y,
		   bool repaint)
{
	const struct shmfb_target window = {
		.drawable = fb->window,
		.gc = fb->gc,
		.native = &fb->x->native,
		.x = x,
		.y = y,
		.at_once = repaint,
	};
	struct shmfb_flight *flight = &fb->flight;
	struct shmfb_trip trip = { .repaint = repaint };
	int err;

	assert(flight->count < SHMFB_TRIPS);
	err = (picture->copy ? shmfb_copy_put : picture->by->put)
		(fb, &window, picture, damage, &trip.run);
	if (err)
		return err;
	trip.picture = shmfb_picture_ref(picture);
	trip.reply_due = picture->by->fenced;
	trip.idle_due = picture->by->idles;
	trip.serial = picture->serial;
	trip.sent_ns = base_now_ns();
	if (picture->hold && !repaint)
		shmx_feedback(picture->hold, SHMX_STAGE_PUT, trip.sent_ns);
	trip.answers = shmfb_sync_answers(fb, picture, &trip.sync_value);
	trip.pins = picture->slot && !picture->by->copies;
	if (trip.pins)
		picture->slot->pins++;
	flight->trip[flight->count++] = trip;
	return 0;
}

/* Back from the server. Also when it failed. */
static void
land(struct shmfb *fb, const struct shmfb_trip *trip, uint64_t now)
{
	struct shmfb_picture *picture = trip->picture;

	if (trip->pins)
		shmfb_slot_unpin(fb, picture->slot);
	if (!trip->failed)
		fb->flight.refused = 0;
	if (trip->overtaken && !trip->failed)
		shmfb_repaint_later(fb, NULL);
	if (trip->answers && !trip->failed)
		shmfb_sync_drawn(fb, trip->sync_value);
	if (trip->repaint) {
		fb->repaints++;
	} else if (trip->failed) {
		fb->frames_failed++;
	} else {
		fb->frames_shown++;
		if (now > picture->since_ns)
			base_hist_add(&fb->latency, now - picture->since_ns);
		shmfb_show_landed(fb, picture, now);
	}
	shmfb_picture_unref(fb, picture);
	shmfb_stir(fb);
}

/* The n-th is over. */
static void
end_trip(struct shmfb *fb, unsigned n, uint64_t now)
{
	struct shmfb_flight *flight = &fb->flight;
	struct shmfb_trip trip = flight->trip[n];
	unsigned i;

	/* Is this not the order in which they were sent? */
	for (i = 0; i < n; i++)
		flight->trip[i].overtaken |= flight->trip[i].idle_due;
	flight->count--;
	for (; n < flight->count; n++)
		flight->trip[n] = flight->trip[n + 1];
	if (trip.reply_due)
		xcb_discard_reply(fb->x->conn, trip.run.last);
	land(fb, &trip, now);
}

/* The server is done with all requests up to that one. */
static void
done_up_to(struct shmfb *fb, uint32_t sequence)
{
	struct shmfb_flight *flight = &fb->flight;
	uint64_t now = 0;
	unsigned n = 0;

	while (n < flight->count &&
	       reached(sequence, flight->trip[n].run.last)) {
		if (flight->trip[n].idle_due) {
			n++;
			continue;
		}
		if (!now)
			now = base_now_ns();
		end_trip(fb, n, now);
	}
}

void
shmfb_flight_idle(struct shmfb *fb, uint32_t serial)
{
	struct shmfb_flight *flight = &fb->flight;
	unsigned n;

	for (n = 0; n < flight->count; n++)
		if (flight->trip[n].idle_due &&
		    flight->trip[n].serial == serial) {
			end_trip(fb, n, base_now_ns());
			return;
		}
}

void
shmfb_flight_event(struct shmfb *fb, const xcb_generic_event_t *event)
{
	/* The event may come from the middle of the request it names. */
	done_up_to(fb, event->full_sequence - 1);
}

void
shmfb_flight_completed(struct shmfb *fb, const xcb_generic_event_t *event)
{
	done_up_to(fb, event->full_sequence);
}

static struct shmfb_trip *
trip_of(struct shmfb_flight *flight, uint32_t sequence)
{
	unsigned i;

	for (i = 0; i < flight->count; i++)
		if (reached(sequence, flight->trip[i].run.first) &&
		    reached(flight->trip[i].run.last, sequence))
			return &flight->trip[i];
	return NULL;
}

/* Would the same be refused again? Memory, say, may be there another time. */
static bool
is_final(const struct shmfb *fb, uint8_t code)
{
	return code == fb->x->shm_error || code == XCB_VALUE ||
	       code == XCB_MATCH || code == XCB_ACCESS;
}

bool
shmfb_flight_error(struct shmfb *fb, const xcb_generic_error_t *error)
{
	uint32_t sequence = error->full_sequence;
	struct shmfb_trip *trip = trip_of(&fb->flight, sequence);
	struct shmfb_segment *segment;

	if (!trip)
		return shmfb_render_error(fb, error);
	segment = trip->picture->segment;
	if (!trip->failed) {
		shmfb_log(fb, BASE_LOG_WARNING, "a frame was refused: %s",
			  shmfb_display_error_name(fb->x,
						   error->error_code));
		fb->flight.refused++;
	}
	trip->failed = true;
	if (trip->picture->rendered) {
		shmfb_render_refused(fb);
		fb->flight.refused = 0;
	}
	/* Not from there, then: the newest goes another way, and at once. */
	if (segment && !trip->reply_due && is_final(fb, error->error_code) &&
	    !(trip->idle_due && error->error_code == XCB_MATCH)) {
		shmfb_segment_refused(fb, segment, error->error_code);
		fb->flight.refused = 0;
	}
	if (trip->idle_due && trip->pins)
		shmfb_pixmap_forget(fb, trip->picture->slot);
	shmfb_repaint_refused(fb);
	/* What was not presented is not going to be idle. */
	if (sequence == trip->run.last)
		trip->idle_due = false;
	if (sequence == trip->run.last)
		done_up_to(fb, sequence);
	return true;
}

/* true when a reply or an error for that request was there, and is used up. */
static bool
take_reply(struct shmfb *fb, uint32_t sequence)
{
	xcb_generic_error_t *error = NULL;
	void *reply = NULL;

	if (!xcb_poll_for_reply(fb->x->conn, sequence, &reply, &error))
		return false;
	free(reply);
	free(error);
	return true;
}

void
shmfb_flight_poll(struct shmfb *fb)
{
	struct shmfb_flight *flight = &fb->flight;
	bool replied = false;
	uint32_t done = 0;
	unsigned i;

	if (flight->watching && take_reply(fb, flight->watch)) {
		flight->watching = false;
		done = flight->watch;
		replied = true;
	}
	for (i = flight->count; i-- > 0 && !replied; ) {
		if (!flight->trip[i].reply_due ||
		    !take_reply(fb, flight->trip[i].run.last))
			continue;
		flight->trip[i].reply_due = false;
		done = flight->trip[i].run.last;
		replied = true;
	}
	if (!replied)
		return;
	/* Errors may have been read with it, which come first. */
	shmfb_take_queued(fb->x);
	done_up_to(fb, done);
}

uint64_t
shmfb_flight_deadline(const struct shmfb_flight *flight)
{
	unsigned n = 0;

	/* A fence tells nothing of those that wait for a refresh. */
	while (n < flight->count && flight->trip[n].idle_due)
		n++;
	if (n == flight->count || flight->watching)
		return UINT64_MAX;
	return flight->trip[n].sent_ns + SHMFB_OVERDUE_NS;
}

void
shmfb_flight_watch(struct shmfb *fb, uint64_t now)
{
	struct shmfb_flight *flight = &fb->flight;

	if (now < shmfb_flight_deadline(flight))
		return;
	flight->watch = xcb_get_input_focus(fb->x->conn).sequence;
	flight->watching = true;
	shmfb_log(fb, BASE_LOG_DEBUG, "a frame is overdue; asking");
}

void
shmfb_flight_abandon(struct shmfb *fb)
{
	struct shmfb_flight *flight = &fb->flight;
	unsigned i, n = flight->count;

	/* Others may go on using the connection, which would keep these. */
	if (flight->watching)
		xcb_discard_reply(fb->x->conn, flight->watch);
	flight->watching = false;
	flight->count = 0;
	for (i = 0; i < n; i++) {
		flight->trip[i].failed = true;
		if (flight->trip[i].reply_due)
			xcb_discard_reply(fb->x->conn,
					  flight->trip[i].run.last);
		land(fb, &flight->trip[i], 0);
	}
}
