/* SPDX-License-Identifier: MIT */
/*
 * property.h - properties of windows: written, and asked for
 *
 * But for what a window opens with, nobody waits for an answer: it is looked
 * for in each step, since what has changed is said by an event, and a server
 * may take its time.
 */
#ifndef SHMFB_PROPERTY_H
#define SHMFB_PROPERTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xcb/xcb.h>

struct shmfb;
struct shmfb_display;

/* All zero: nothing asked. */
struct shmfb_ask {
	bool due;			/* an answer is */
	unsigned sequence;		/* of the request */
};

/* Of the window itself; data, of count elements of format bits, is copied. */
void
shmfb_property_set(struct shmfb *fb, xcb_atom_t name, xcb_atom_t type,
		   uint8_t format, size_t count, const void *data);

/* Ask for so many bytes of it. What was asked for before is forgotten. */
void
shmfb_property_ask(struct shmfb_display *x, struct shmfb_ask *ask,
		   xcb_window_t window, xcb_atom_t name, xcb_atom_t type,
		   uint32_t bytes);

/* The same of all of it, of any type; unless there is more, it is deleted. */
void
shmfb_property_take(struct shmfb_display *x, struct shmfb_ask *ask,
		    xcb_window_t window, xcb_atom_t name, uint32_t bytes);

/*
 * The answer, once, to be freed; NULL while there is none. *answered is also
 * set by an error, of a window that is gone, and by an answer that claims more
 * than it has: the value's length can be relied on.
 */
xcb_get_property_reply_t *
shmfb_property_answer(struct shmfb_display *x, struct shmfb_ask *ask,
		      bool *answered);

/* The same, waiting for it: where nothing can be done before it is there. */
xcb_get_property_reply_t *
shmfb_property_wait(struct shmfb_display *x, struct shmfb_ask *ask);

/* No longer wanted. */
void
shmfb_property_forget(struct shmfb_display *x, struct shmfb_ask *ask);

#endif /* SHMFB_PROPERTY_H */
