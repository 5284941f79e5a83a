/* SPDX-License-Identifier: MIT */
/*
 * convert.h - pixels of any SHMX format into those of a window
 *
 * By pixman, and what pixman does not know by masks and by turning bytes
 * round. A channel of fewer bits becomes one of more by repeating its upper
 * bits, so that white stays white, and one of fewer by leaving the lower ones
 * out. The alpha of SHMX_ARGB8888 is kept where the window has one and pixman
 * knows its format; all else is opaque. Pure, no X.
 */
#ifndef SHMFB_CONVERT_H
#define SHMFB_CONVERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <shmx/shmx.h>

#include "pixel.h"

/* What is read. Borrowed. */
struct shmfb_source {
	const void *pixels;		/* row 0; a multiple of 4 */
	size_t stride;			/* bytes; a multiple of 4 */
	uint32_t width;			/* 1 to SHMX_SIDE_MAX */
	uint32_t height;
	uint32_t format;		/* SHMX_XRGB8888 ... */
};

/* What is written. Borrowed. */
struct shmfb_sink {
	void *pixels;			/* row 0; a multiple of 4 */
	size_t stride;			/* bytes; a multiple of 4 */
	const struct shmfb_native *native;
};

/*
 * Where the middles of the target's pixels lie in the source, in 16.16: that
 * of the first pixel of a rectangle at x, y, and how far from there it is per
 * pixel to the right and per row down.
 */
struct shmfb_lens {
	int32_t x;
	int32_t y;
	int32_t x_right;
	int32_t y_right;
	int32_t x_down;
	int32_t y_down;
	bool linear;			/* between pixels; else the nearest */
};

/* Can frames of that format be read? */
bool
shmfb_convert_knows(uint32_t format);

/*
 * Fill the rectangle of the target from the source, pixel by pixel, where the
 * source's pixel x, y is the one that gets to the rectangle's first. All of it
 * must lie in both. -ENOMEM; what was written until then is right.
 */
int
shmfb_convert(const struct shmfb_sink *to, const struct shmx_rect *rect,
	      const struct shmfb_source *from, uint32_t x, uint32_t y);

/*
 * The same through a lens; beyond the source's edge is what is at its edge.
 * No side of the rectangle is larger than SHMFB_LENS_SIDE.
 */
#define SHMFB_LENS_SIDE 1024

int
shmfb_convert_through(const struct shmfb_sink *to,
		      const struct shmx_rect *rect,
		      const struct shmfb_source *from,
		      const struct shmfb_lens *lens);

#endif /* SHMFB_CONVERT_H */
