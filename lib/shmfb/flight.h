/* SPDX-License-Identifier: MIT */
/*
 * flight.h - what the server has been sent and has not finished
 *
 * A *trip* is one picture's run of requests. The server does requests in the
 * order in which they were sent, so a trip is over as soon as anything shows
 * that the server is past its last request:
 *
 *	ShmCompletion with that sequence number       (the normal case)
 *	the reply to the fence that ends the trip     (core PutImage)
 *	an X error with that sequence number          (no completion follows)
 *	any event with a later sequence number
 *	the reply to a later fence, sent when a trip is overdue (watchdog)
 *	the window or the connection is gone
 *
 * But where the server reads at a refresh (present_pixmap.c): then by
 *
 *	PresentIdleNotify with its serial
 *	an X error with the sequence number of its last request
 *	the window or the connection is gone
 *
 * and no picture can stay behind for want of one particular event.
 */
#ifndef SHMFB_FLIGHT_H
#define SHMFB_FLIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include <xcb/xcb.h>

#include "present.h"

struct shmfb;

/* At most this many frames; more would add delay and nothing else. */
#define SHMFB_IN_FLIGHT 2
/* And one repaint. */
#define SHMFB_TRIPS (SHMFB_IN_FLIGHT + 2)

/* How long a trip may take before the watchdog asks. */
#define SHMFB_OVERDUE_NS UINT64_C(100000000)

/*
 * What was refused is painted again, at once and then each time after a while,
 * but after so many refusals in a row not before a frame or an event comes.
 */
#define SHMFB_REFUSALS 10
#define SHMFB_REFUSED_NS UINT64_C(50000000)

struct shmfb_trip {
	struct shmfb_picture *picture;	/* a reference of ours */
	struct shmfb_run run;
	uint64_t sent_ns;
	bool pins;			/* the server reads picture->slot */
	bool reply_due;			/* run.last is a GetInputFocus */
	bool idle_due;			/* PresentIdleNotify is */
	uint32_t serial;		/* if so, with this */
	bool repaint;			/* not a frame of its own */
	bool overtaken;			/* it is drawn over what is newer */
	bool answers;			/* what a window manager waits for */
	uint64_t sync_value;		/* as that, if so */
	bool failed;			/* the server refused part of it */
};

struct shmfb_flight {
	struct shmfb_trip trip[SHMFB_TRIPS];	/* the oldest first */
	unsigned count;
	unsigned refused;		/* trips, since one that was not */
	bool watching;			/* a watchdog's reply is due */
	uint32_t watch;			/* its sequence number */
};

/* How many are frames, repaints not counted. */
unsigned
shmfb_flight_frames(const struct shmfb_flight *flight);

bool
shmfb_flight_repainting(const struct shmfb_flight *flight);

/*
 * Are there any that the server may do later than what is sent after them? At
 * a refresh, that is, while all else is drawn at once.
 */
bool
shmfb_flight_waits(const struct shmfb_flight *flight);

/*
 * The background around that picture is drawn now. Those of them that stand
 * elsewhere are going to be drawn over it: the window is painted again when
 * they have been.
 */
void
shmfb_flight_overtake(struct shmfb_flight *flight,
		      const struct shmfb_picture *picture);

/* Is there one of these? */
bool
shmfb_flight_overtaken(const struct shmfb_flight *flight);

/* Put the picture and remember the trip. Returns what the presenter does. */
int
shmfb_flight_start(struct shmfb *fb, struct shmfb_picture *picture,
		   const struct shmfb_damage *damage, int32_t x, int32_t y,
		   bool repaint);

/* An event has come: every request before its sequence number is done. */
void
shmfb_flight_event(struct shmfb *fb, const xcb_generic_event_t *event);

/* ShmCompletion: its own request is done too. */
void
shmfb_flight_completed(struct shmfb *fb, const xcb_generic_event_t *event);

/* PresentIdleNotify with that serial. */
void
shmfb_flight_idle(struct shmfb *fb, uint32_t serial);

/* An X error. Returns whether it is one of our trips'. */
bool
shmfb_flight_error(struct shmfb *fb, const xcb_generic_error_t *error);

/* Look for replies that libxcb has read already. */
void
shmfb_flight_poll(struct shmfb *fb);

/* When shmfb_flight_watch() is to be called; UINT64_MAX: need not. */
uint64_t
shmfb_flight_deadline(const struct shmfb_flight *flight);

/* Send the watchdog's fence if a trip is overdue. */
void
shmfb_flight_watch(struct shmfb *fb, uint64_t now);

/* The window or the connection is gone: let go of everything. */
void
shmfb_flight_abandon(struct shmfb *fb);

#endif /* SHMFB_FLIGHT_H */
