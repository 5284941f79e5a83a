/* SPDX-License-Identifier: MIT */
/*
 * pointer.h - the pointer in a window: motion, buttons, wheel, and its grab
 */
#ifndef SHMFB_POINTER_H
#define SHMFB_POINTER_H

#include <stdbool.h>
#include <stdint.h>

#include <xcb/xcb.h>

#include "raw.h"

struct shmfb;

/* Where the pointer is, as an event of either kind says. */
struct shmfb_pointing {
	int32_t x;			/* in the window */
	int32_t y;
	uint16_t state;			/* modifiers, as core events say */
	uint32_t sequence;		/* of the event, in full */
};

/* All zero: it has not been seen, and is not grabbed. */
struct shmfb_pointer {
	bool inside;			/* between ENTER and LEAVE */
	bool seen;			/* x, y: where it was, in the window */
	int32_t x;
	int32_t y;

	/*
	 * Grabbed: it is kept near the middle of the window, and only how far
	 * it moves is told. Its events are of after the last warp, or not, by
	 * the request that the server had done last when it sent them.
	 */
	bool grabbed;
	unsigned since;			/* the request that grabbed it */
	bool caught_up;			/* no event of before that is left */
	bool unfocused;			/* just before that */
	bool warped;			/* no event of after the warp yet */
	uint32_t warp;			/* its sequence number */
	int32_t warp_x;			/* to there */
	int32_t warp_y;
	int32_t home_x;			/* where it was found, and returns to */
	int32_t home_y;
	struct shmfb_raw raw;		/* moves that wait: xinput.c */
	uint16_t state;			/* modifiers of the motion before */
};

/* A core event of a button or of motion: where it says the pointer is. */
struct shmfb_pointing
shmfb_pointer_at(const xcb_button_press_event_t *event, uint32_t full);

void
shmfb_pointer_button(struct shmfb *fb, const struct shmfb_pointing *at,
		     uint32_t button, bool pressed);

/* Notches: to the right, and up. */
void
shmfb_pointer_scroll(struct shmfb *fb, const struct shmfb_pointing *at,
		     double dx, double dy);

/*
 * far is what is told while the pointer is grabbed: how far the device was
 * moved, x and y. NULL: as far as its places are apart.
 */
void
shmfb_pointer_motion(struct shmfb *fb, const struct shmfb_pointing *at,
		     const double far[2]);

/* While it is grabbed: it was moved so far, wherever it is. */
void
shmfb_pointer_far(struct shmfb *fb, const double far[2]);

void
shmfb_pointer_crossing(struct shmfb *fb,
		       const xcb_enter_notify_event_t *event, bool in);

void
shmfb_pointer_release(struct shmfb *fb);

/*
 * Nobody keeps the pointer who does not have the keyboard, which has come to
 * the window or has gone; full is the event's full_sequence.
 */
void
shmfb_pointer_focused(struct shmfb *fb, bool in, uint32_t full);

/* All events there are were taken. */
void
shmfb_pointer_flush(struct shmfb *fb);

/*
 * The window went out of sight, which ends a grab; full is the event's
 * full_sequence.
 */
void
shmfb_pointer_unmapped(struct shmfb *fb, uint32_t full);

#endif /* SHMFB_POINTER_H */
