/* SPDX-License-Identifier: MIT */
/*
 * sync.h - _NET_WM_SYNC_REQUEST: a window manager waits for our drawing
 *
 * While a window is being resized, its manager sends a number with each new
 * size, and sends no other until that number is in a counter of the window's:
 *
 *	        message             ConfigureNotify           frame drawn
 *	  idle ---------> asked (n) ---------------> due (n) -------------> idle
 *	                                                      counter := n
 *
 * A picture of the application's canvas counts if it is of the new size, or
 * if canvases do not have the window's size at all; one of a ring, as it is
 * seen in the window that has the new size. Should there be none for a while
 * the window was painted with what there is, and that has to do.
 */
#ifndef SHMFB_SYNC_H
#define SHMFB_SYNC_H

#include <stdbool.h>
#include <stdint.h>

#include <xcb/xcb.h>

struct shmfb;
struct shmfb_picture;

/* How long the application has to draw. */
#define SHMFB_SYNC_NS UINT64_C(200000000)

struct shmfb_sync {
	uint32_t counter;		/* its id; 0: no SYNC extension */
	bool asked;			/* with a size that is to come */
	uint64_t asked_value;
	bool due;			/* that size is the window's */
	uint64_t value;
	uint64_t due_ns;		/* at the latest */
};

/* Make the counter and say so, if the server has such things. */
void
shmfb_sync_init(struct shmfb *fb);

/* While there is a connection. */
void
shmfb_sync_finish(struct shmfb *fb);

void
shmfb_sync_message(struct shmfb *fb, const xcb_client_message_event_t *event);

/* The window has a size: perhaps the one that was announced. */
void
shmfb_sync_configured(struct shmfb *fb);

/* Would that picture, drawn now, be the answer? Then *value is its number. */
bool
shmfb_sync_answers(const struct shmfb *fb, const struct shmfb_picture *picture,
		   uint64_t *value);

/* It was drawn. */
void
shmfb_sync_drawn(struct shmfb *fb, uint64_t value);

/* When shmfb_sync_expire() is to be called; UINT64_MAX: need not. */
uint64_t
shmfb_sync_deadline(const struct shmfb_sync *sync);

void
shmfb_sync_expire(struct shmfb *fb, uint64_t now);

#endif /* SHMFB_SYNC_H */
