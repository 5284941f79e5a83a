/* SPDX-License-Identifier: MIT */
/*
 * paste.h - text that is pasted here, from whoever has copied it
 *
 * The requestor's side of the ICCCM's selection CLIPBOARD.
 */
#ifndef SHMFB_PASTE_H
#define SHMFB_PASTE_H

#include <stddef.h>
#include <stdint.h>

#include <xcb/xcb.h>

#include "base/clock.h"
#include "clip.h"
#include "property.h"

struct shmfb;

/* So long all of it may take. */
#define SHMFB_PASTE_NS (20 * BASE_NS_PER_S)

enum shmfb_paste_state {
	SHMFB_PASTE_NONE,
	SHMFB_PASTE_STAMPED,		/* waits for the server's time */
	SHMFB_PASTE_ASKED,		/* for the owner's answer */
	SHMFB_PASTE_ANSWERED,		/* for what that is */
	SHMFB_PASTE_PIECES,		/* which comes in pieces */
};

/* All zero: nothing was asked for. */
struct shmfb_paste {
	enum shmfb_paste_state state;
	uint32_t asked_stamp;		/* the request that tells the time */
	xcb_timestamp_t asked;		/* which is that of the question */
	struct shmfb_ask ask;		/* for the answer, or a piece of it */
	uint64_t deadline_ns;		/* for the next piece */
	uint64_t end_ns;		/* for all of it */
	char *got;			/* ours */
	size_t got_length;
	size_t got_size;
	struct shmfb_clip *pasted;	/* what the last paste gave; or NULL */
};

void
shmfb_paste_finish(struct shmfb *fb);

/* The owner has answered, or will not. */
void
shmfb_paste_answered(struct shmfb *fb,
		     const xcb_selection_notify_event_t *event);

/* The server has told its time, by the request of that number. */
void
shmfb_paste_time(struct shmfb *fb, xcb_timestamp_t time, uint32_t full);

/* The owner has written something; full is the event's full_sequence. */
void
shmfb_paste_written(struct shmfb *fb, uint32_t full);

/* Has the server sent what the owner has written? */
void
shmfb_paste_poll(struct shmfb *fb);

/* When the owner has taken too long; UINT64_MAX: it is not waited for. */
uint64_t
shmfb_paste_deadline(const struct shmfb *fb);

void
shmfb_paste_expire(struct shmfb *fb, uint64_t now);

/* Give the event the text that is there now. */
void
shmfb_paste_fill(const struct shmfb *fb, const char **text, size_t *length);

#endif /* SHMFB_PASTE_H */
