/* SPDX-License-Identifier: MIT */
/*
 * present_pixmap.h - SHMFB_PRESENT: slots are pixmaps, which Present copies
 *
 * The server reads a slot when the display's refresh comes, not when it gets
 * the request: the slot is ours again when PresentIdleNotify says so, whatever
 * else the server says in between.
 */
#ifndef SHMFB_PRESENT_PIXMAP_H
#define SHMFB_PRESENT_PIXMAP_H

#include <stdbool.h>
#include <stdint.h>

#include <xcb/xcb.h>
#include <xcb/xfixes.h>

struct shmfb;
struct shmfb_slot;

struct shmfb_pixmaps {
	bool on;			/* pictures go this way */
	uint32_t id;			/* of the events that are for us */
	uint32_t serial;		/* of the last one presented */
	xcb_xfixes_region_t region;	/* for all to use; 0: none to be had */
};

/*
 * Find out, by asking the server, whether it makes pixmaps of our memory and
 * presents them. -ENOTSUP when it does not, in words; -ENOMEM. When it makes
 * no region, fb->why says so too, and frames are copied whole.
 */
int
shmfb_pixmap_choose(struct shmfb *fb);

/* There is a window now. */
void
shmfb_pixmap_init(struct shmfb *fb);

void
shmfb_pixmap_finish(struct shmfb *fb);

/* A Present event of the window. */
void
shmfb_pixmap_event(struct shmfb *fb, const xcb_ge_generic_event_t *event);

/* The slot has another shape, or none: its pixmap goes. */
void
shmfb_pixmap_forget(struct shmfb *fb, struct shmfb_slot *slot);

#endif /* SHMFB_PRESENT_PIXMAP_H */
