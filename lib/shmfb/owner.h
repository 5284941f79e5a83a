/* SPDX-License-Identifier: MIT */
/*
 * owner.h - text that is copied here, and goes to those who paste it
 *
 * The owner's side of the ICCCM's selection CLIPBOARD.
 */
#ifndef SHMFB_OWNER_H
#define SHMFB_OWNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xcb/xcb.h>

#include "clip.h"
#include "multiple.h"

struct shmfb;

/* How many that paste in pieces are served at once. */
#define SHMFB_PASTERS 8

/* One to whom our text goes in pieces; clip NULL: free. */
struct shmfb_paster {
	struct shmfb_clip *clip;	/* a reference */
	xcb_window_t window;
	xcb_atom_t property;
	xcb_atom_t type;		/* of each piece: as it was asked for */
	size_t sent;			/* bytes */
	bool last;			/* the empty piece is under way */
	uint64_t deadline_ns;
};

/* All zero: nothing was copied. */
struct shmfb_owner {
	struct shmfb_clip *own;		/* a reference; NULL: nothing */
	uint32_t since;			/* by the request of that number */
	uint32_t stamp;			/* the one that tells the time then */
	bool timed;			/* which has come, */
	xcb_timestamp_t time;		/* and is that */
	bool leaving;			/* given up as soon as it has */
	struct shmfb_paster pasters[SHMFB_PASTERS];
	struct shmfb_multiple multiples[SHMFB_MULTIPLES];
};

void
shmfb_owner_finish(struct shmfb *fb);

/* Somebody wants our text. */
void
shmfb_owner_wanted(struct shmfb *fb,
		   const xcb_selection_request_event_t *event);

/*
 * Write what a request wants, by its target, to that property of the
 * requestor; false: there is no such thing.
 */
bool
shmfb_owner_convert(struct shmfb *fb,
		    const xcb_selection_request_event_t *event,
		    xcb_atom_t property);

/* Tell the requestor where it is; XCB_NONE: nowhere. */
void
shmfb_owner_answer(struct shmfb *fb,
		   const xcb_selection_request_event_t *event,
		   xcb_atom_t property);

/* Somebody else owns the selection now; full is the event's full_sequence. */
void
shmfb_owner_lost(struct shmfb *fb, const xcb_selection_clear_event_t *event,
		 uint32_t full);

/* The server has told its time, by the request of that number. */
void
shmfb_owner_time(struct shmfb *fb, xcb_timestamp_t time, uint32_t full);

/* A property of some window was deleted: by one that has taken a piece? */
void
shmfb_owner_deleted(struct shmfb *fb, xcb_window_t window,
		    xcb_atom_t property);

/* When somebody has taken too long; UINT64_MAX: nobody is waited for. */
uint64_t
shmfb_owner_deadline(const struct shmfb *fb);

void
shmfb_owner_expire(struct shmfb *fb, uint64_t now);

#endif /* SHMFB_OWNER_H */
