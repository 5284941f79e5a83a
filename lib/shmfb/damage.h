/* SPDX-License-Identifier: MIT */
/*
 * damage.h - the parts of a frame that have to be shown
 *
 * A short list of rectangles within a frame; when it is full it becomes its
 * own bounding box, which is never wrong, only more than needed. Pure, no X.
 */
#ifndef SHMFB_DAMAGE_H
#define SHMFB_DAMAGE_H

#include <stdint.h>

#include <shmx/shmx.h>

/* Each one is a request of 40 bytes; beyond a dozen the box is cheaper. */
#define SHMFB_DAMAGE_RECTS 12

struct shmfb_damage {
	struct shmx_rect within;	/* all that is kept is cut to this */
	unsigned count;			/* 0: nothing has to be shown */
	struct shmx_rect rect[SHMFB_DAMAGE_RECTS];	/* none is empty */
};

/* Nothing yet, of a frame (or the visible part of one). */
void
shmfb_damage_init(struct shmfb_damage *damage, const struct shmx_rect *within);

/* One more; clipped. */
void
shmfb_damage_add(struct shmfb_damage *damage, const struct shmx_rect *rect);

/* All of it, whatever was added. */
void
shmfb_damage_all(struct shmfb_damage *damage);

#endif /* SHMFB_DAMAGE_H */
