/* SPDX-License-Identifier: MIT */
/*
 * picture.h - what a window on the universe looks like
 *
 * A picture remembers how warm each of its cells is.  A cell is white-hot when
 * it is born and cools down while it lives; what has died glows on for a
 * while.  So motion leaves a trail, a busy place is bright, and what rests
 * recedes.
 */
#ifndef LIFE_PICTURE_H
#define LIFE_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "universe.h"

#define PICTURE_ZOOM_MAX	64

struct picture;

struct picture_options {
	uint32_t width;		/* pixels */
	uint32_t height;
	unsigned zoom_in;	/* pixels a cell, or 1 */
	unsigned zoom_out;	/* cells a pixel, a power of 2, or 1 */
	uint32_t centre_x;	/* the cell in the middle */
	uint32_t centre_y;
};

/*
 * 0 or -ENOMEM.  The options have been checked; the universe is borrowed for
 * as long as the picture lives.  *out is the caller's to destroy.
 */
int
picture_create(struct picture **out, const struct universe *universe,
	       const struct picture_options *options);

/* NULL is allowed. */
void
picture_destroy(struct picture *picture);

/*
 * Look at the universe as it is now, after cooling down for so many ticks (at
 * 64 a living cell has settled, at 127 a dead one is forgotten).  frame is the
 * number of the frame that will show it; it is 1 for the first and never goes
 * back, but stays the same after a frame that was not published.
 */
void
picture_look(struct picture *picture, unsigned ticks, uint64_t frame);

/*
 * Draw it, in XRGB8888.  Where pixels still hold frame number since, only what
 * has changed after that is drawn; with 0 all of it is.
 */
void
picture_draw(const struct picture *picture, void *pixels, size_t stride,
	     uint64_t since);

/*
 * Which cells a pixel shows: side by side of them, from (*x, *y), wrapping at
 * the universe's edge.  False where there is no such pixel.
 */
bool
picture_cells(const struct picture *picture, int32_t pixel_x, int32_t pixel_y,
	      uint32_t *x, uint32_t *y, uint32_t *side);

/* A rectangle of pixels. */
struct picture_box {
	uint32_t x;
	uint32_t y;
	uint32_t width;
	uint32_t height;
};

/* The smallest box with all that has changed after frame number since. */
struct picture_box
picture_changes(const struct picture *picture, uint64_t since);

#endif
