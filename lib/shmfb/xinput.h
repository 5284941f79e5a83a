/* SPDX-License-Identifier: MIT */
/*
 * xinput.h - the pointer by XInput 2: smooth wheels, and raw motion
 *
 * Where the server has it, pointer events of a window come this way and no
 * core events come for them; where it has not, pointer.c is told by those.
 * One for all windows of a connection.
 */
#ifndef SHMFB_XINPUT_H
#define SHMFB_XINPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xcb/xcb.h>
#include <xcb/xinput.h>

#include "scroll.h"

struct shmfb;
struct shmfb_display;

/* All zero: there is none. */
struct shmfb_xinput {
	unsigned major;			/* its version; 0: not there, or off */
	unsigned minor;
	uint8_t opcode;			/* 0: it is not used */
	uint16_t pointer;		/* this client's pointer device */
	/* What that is made of: of the device that it was moved with last. */
	struct shmfb_scroll scroll;
	bool absolute;			/* it says places */
	bool asked;			/* where its axes are; by that */
	unsigned sequence;		/* request */
};

/* Ask the server, unless SHMFB_NO_XINPUT is set: a round trip. */
void
shmfb_xinput_init(struct shmfb_display *x);

/* Have the window's pointer events. */
void
shmfb_xinput_select(struct shmfb *fb);

/* An event of XInput, borrowed. */
void
shmfb_xinput_event(struct shmfb_display *x, const xcb_generic_event_t *event);

static inline double
shmfb_xinput_number(xcb_input_fp3232_t n)
{
	return n.integral + n.frac / 4294967296.0;
}

/*
 * It is made of count classes, in so many bytes. Which axes are wheels comes
 * first: then, where they are.
 */
void
shmfb_xinput_take_classes(struct shmfb_xinput *xi, const void *at, size_t bytes,
			  unsigned count);

/* Has the answer come, of before the event with that sequence number? */
void
shmfb_xinput_take_answer(struct shmfb_display *x, uint32_t full);

/*
 * Of the pointers in an answer of XIQueryDevice that one, or with 0 the first:
 * takes what it is made of. Its id, or 0.
 */
uint16_t
shmfb_xinput_take_pointer(struct shmfb_xinput *xi,
			  const xcb_input_xi_query_device_reply_t *reply,
			  uint16_t id);

/* The pointer has come from other windows, where its wheels may have turned. */
void
shmfb_xinput_entered(struct shmfb_display *x);

/* All events there are were taken: motion that waits for some waits no more. */
void
shmfb_xinput_flush(struct shmfb *fb);

/*
 * As XGrabPointer, with that cursor: the status, or -1 for none. From then on
 * how far it is moved is told by what devices say.
 */
int
shmfb_xinput_grab(struct shmfb *fb, xcb_cursor_t cursor);

void
shmfb_xinput_ungrab(struct shmfb *fb);

#endif /* SHMFB_XINPUT_H */
