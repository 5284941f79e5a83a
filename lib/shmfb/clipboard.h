/* SPDX-License-Identifier: MIT */
/*
 * clipboard.h - text that is copied here, and text that is pasted
 *
 * By the ICCCM's selection CLIPBOARD. Whoever is at the other end may be slow,
 * dead or hostile: every transfer has an end, by time and by size.
 */
#ifndef SHMFB_CLIPBOARD_H
#define SHMFB_CLIPBOARD_H

#include <stdint.h>

#include <xcb/xcb.h>

#include "base/clock.h"
#include "owner.h"
#include "paste.h"

struct shmfb;

/* More is not taken. */
#define SHMFB_PASTE_MAX (16 << 20)
/* So long nothing may come, or be fetched. */
#define SHMFB_PASTE_IDLE_NS (2 * BASE_NS_PER_S)

/* All zero: nothing copied, nothing asked for. */
struct shmfb_clipboard {
	struct shmfb_owner owner;
	struct shmfb_paste paste;
};

void
shmfb_clipboard_finish(struct shmfb *fb);

/* Have the server tell its time: the request whose event that is. */
uint32_t
shmfb_clipboard_ask_time(struct shmfb *fb);

/*
 * A property has changed, of this window or of one that pastes from it; full
 * is the event's full_sequence.
 */
void
shmfb_clipboard_property(struct shmfb *fb,
			 const xcb_property_notify_event_t *event,
			 uint32_t full);

/* Has the server sent what the others have written? */
void
shmfb_clipboard_poll(struct shmfb *fb);

/* When somebody has taken too long; UINT64_MAX: nobody is waited for. */
uint64_t
shmfb_clipboard_deadline(const struct shmfb *fb);

void
shmfb_clipboard_expire(struct shmfb *fb, uint64_t now);

#endif /* SHMFB_CLIPBOARD_H */
