/* SPDX-License-Identifier: MIT */
/*
 * view.h - where in the window a picture stands, how large, which way up
 *
 * A *layout* says into which rectangle of the window a picture of some size
 * is scaled, after how many quarter turns. All of it is integers, so that it
 * can be followed exactly from the picture to the window and back. Pure, no X.
 */
#ifndef SHMFB_VIEW_H
#define SHMFB_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include <shmx/shmx.h>

#include <shmfb/shmfb.h>

#include "convert.h"

struct shmfb_layout {
	struct shmx_rect at;		/* in the window; may stick out of it */
	uint32_t width;			/* of the picture, not turned */
	uint32_t height;
	unsigned turns;			/* quarter turns clockwise, 0 to 3 */
	bool linear;
};

/* Beyond this no picture is enlarged. */
#define SHMFB_FACTOR_MAX 1024
#define SHMFB_ZOOM_MAX 64

/* 0, or -EINVAL when the view asks for what there is not; in words. */
int
shmfb_view_check(const struct shmfb_view *view);

/*
 * Lay out a picture of layout->width by height in a window of that size; all
 * else in the layout is set.
 */
void
shmfb_layout_set(struct shmfb_layout *layout, const struct shmfb_view *view,
		 uint32_t window_width, uint32_t window_height);

bool
shmfb_layout_equal(const struct shmfb_layout *a, const struct shmfb_layout *b);

/* Neither scaled nor turned: pixel by pixel. */
bool
shmfb_layout_plain(const struct shmfb_layout *layout);

/*
 * The part of the window (of layout->at, that is) that shows something of a
 * rectangle of the picture; not empty unless the rectangle, cut to the
 * picture, is.
 */
struct shmx_rect
shmfb_layout_cover(const struct shmfb_layout *layout,
		   const struct shmx_rect *rect);

/*
 * Which point of the picture the middle of the window's pixel x, y shows.
 * true when it is in the picture; outside of it the point is too.
 */
bool
shmfb_layout_point(const struct shmfb_layout *layout, int32_t x, int32_t y,
		   double *picture_x, double *picture_y);

/*
 * Steps of 16.16 are rounded, and errors add up: so the layout is divided into
 * square cells, from its corner on, in each of which they begin anew. The side
 * of a cell is a power of 2, at most SHMFB_LENS_SIDE, and such that a factor
 * that is whole is exact.
 */
int32_t
shmfb_layout_cell(const struct shmfb_layout *layout);

/*
 * Walk over a rectangle of the window, within layout->at, cell by cell: *part,
 * which is empty at first, becomes the next of what it has of a cell. false
 * when there is none.
 */
bool
shmfb_layout_next(const struct shmfb_layout *layout,
		  const struct shmx_rect *rect, struct shmx_rect *part);

/* The lens for a rectangle of the window within one cell, from pixel x, y. */
void
shmfb_layout_lens(const struct shmfb_layout *layout, int32_t x, int32_t y,
		  struct shmfb_lens *lens);

#endif /* SHMFB_VIEW_H */
