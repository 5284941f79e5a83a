/* SPDX-License-Identifier: MIT */
/*
 * pointer.h - the pointer in a window: motion, buttons, wheel, and its grab
 */
#ifndef SHMFB_POINTER_H
#define SHMFB_POINTER_H

#include <stdbool.h>
#include <stdint.h>

#include <xcb/xcb.h>

struct shmfb;

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
	bool warped;			/* no event of after the warp yet */
	uint32_t warp;			/* its sequence number */
	int32_t warp_x;			/* to there */
	int32_t warp_y;
	int32_t home_x;			/* where it was found, and returns to */
	int32_t home_y;
};

void
shmfb_pointer_button(struct shmfb *fb, const xcb_button_press_event_t *event,
		     bool pressed);

/* full is the event's full_sequence. */
void
shmfb_pointer_motion(struct shmfb *fb, const xcb_motion_notify_event_t *event,
		     uint32_t full);

void
shmfb_pointer_crossing(struct shmfb *fb,
		       const xcb_enter_notify_event_t *event, bool in);

/* Nobody keeps the pointer who does not have the keyboard. */
void
shmfb_pointer_release(struct shmfb *fb);

#endif /* SHMFB_POINTER_H */
