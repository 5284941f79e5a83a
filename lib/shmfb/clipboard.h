/* SPDX-License-Identifier: MIT */
/*
 * clipboard.h - text that is copied here, and text that is pasted
 *
 * By the ICCCM's selection CLIPBOARD. Whoever is at the other end may be slow,
 * dead or hostile: every transfer has an end, by time and by size.
 */
#ifndef SHMFB_CLIPBOARD_H
#define SHMFB_CLIPBOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xcb/xcb.h>

#include "base/clock.h"
#include "property.h"

struct shmfb;
struct shmfb_display;

/* More is not taken. */
#define SHMFB_PASTE_MAX (16 << 20)
/* So long nothing may come, or be fetched; and so long all of it may take. */
#define SHMFB_PASTE_IDLE_NS (2 * BASE_NS_PER_S)
#define SHMFB_PASTE_NS (20 * BASE_NS_PER_S)
/* How many that paste in pieces are served at once. */
#define SHMFB_PASTERS 8

/* A text that several transfers may share. */
struct shmfb_clip {
	unsigned refs;
	size_t length;
	char text[];			/* length bytes and a NUL */
};

/* One to whom our text goes in pieces; clip NULL: free. */
struct shmfb_paster {
	struct shmfb_clip *clip;	/* a reference */
	xcb_window_t window;
	xcb_atom_t property;
	size_t sent;			/* bytes */
	bool last;			/* the empty piece is under way */
	uint64_t deadline_ns;
};

enum shmfb_paste_state {
	SHMFB_PASTE_NONE,
	SHMFB_PASTE_STAMPED,		/* waits for the server's time */
	SHMFB_PASTE_ASKED,		/* for the owner's answer */
	SHMFB_PASTE_ANSWERED,		/* for what that is */
	SHMFB_PASTE_PIECES,		/* which comes in pieces */
};

/* All zero: nothing copied, nothing asked for. */
struct shmfb_clipboard {
	/* What we own. */
	struct shmfb_clip *own;		/* a reference; NULL: nothing */
	uint32_t since;			/* by the request of that number */
	uint32_t stamp;			/* the one that told the time then */
	xcb_timestamp_t time;		/* which was that */
	struct shmfb_paster pasters[SHMFB_PASTERS];

	/* What we ask for. */
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
shmfb_clipboard_finish(struct shmfb *fb);

/* Somebody wants our text. */
void
shmfb_clipboard_wanted(struct shmfb *fb,
		       const xcb_selection_request_event_t *event);

/* Somebody else owns the selection now; full is the event's full_sequence. */
void
shmfb_clipboard_lost(struct shmfb *fb,
		     const xcb_selection_clear_event_t *event, uint32_t full);

/* The owner has answered, or will not. */
void
shmfb_clipboard_answered(struct shmfb *fb,
			 const xcb_selection_notify_event_t *event);

/*
 * A property has changed, of this window or of one that pastes from it; full
 * is the event's full_sequence.
 */
void
shmfb_clipboard_property(struct shmfb *fb,
			 const xcb_property_notify_event_t *event,
			 uint32_t full);

/* Has the server sent what the owner has written? */
void
shmfb_clipboard_poll(struct shmfb *fb);

/* When somebody has taken too long; UINT64_MAX: nobody is waited for. */
uint64_t
shmfb_clipboard_deadline(const struct shmfb *fb);

void
shmfb_clipboard_expire(struct shmfb *fb, uint64_t now);

/* Give the event the text that is there now. */
void
shmfb_clipboard_fill(const struct shmfb *fb, const char **text,
		     size_t *length);

#endif /* SHMFB_CLIPBOARD_H */
