/* SPDX-License-Identifier: MIT */
/*
 * geometry.h - rectangles: cut, join, place, border, split
 *
 * Pure arithmetic, no X. A rectangle whose width or height is not positive is
 * empty. Arguments may hold any values: sums are made in 64 bits.
 */
#ifndef SHMFB_GEOMETRY_H
#define SHMFB_GEOMETRY_H

#include <stdbool.h>
#include <stdint.h>

#include <shmx/shmx.h>

static inline bool
shmfb_rect_empty(const struct shmx_rect *r)
{
	return r->width <= 0 || r->height <= 0;
}

static inline bool
shmfb_rect_equal(const struct shmx_rect *a, const struct shmx_rect *b)
{
	return a->x == b->x && a->y == b->y && a->width == b->width &&
	       a->height == b->height;
}

/* What a and b share; all zero when that is nothing. */
struct shmx_rect
shmfb_rect_cut(const struct shmx_rect *a, const struct shmx_rect *b);

/* The smallest that covers both; an empty one counts for nothing. */
struct shmx_rect
shmfb_rect_join(const struct shmx_rect *a, const struct shmx_rect *b);

static inline struct shmx_rect
shmfb_rect_move(const struct shmx_rect *r, int32_t dx, int32_t dy)
{
	return (struct shmx_rect){ r->x + dx, r->y + dy, r->width, r->height };
}

/* All of something that is width by height. */
static inline struct shmx_rect
shmfb_rect_all(uint32_t width, uint32_t height)
{
	return (struct shmx_rect){ 0, 0, (int32_t)width, (int32_t)height };
}

/*
 * Where something of this length begins when it is centred in a room of that
 * length: negative where it sticks out on both sides.
 */
int32_t
shmfb_centre(uint32_t room, uint32_t length);

/*
 * What of the whole is not covered by the part (which may stick out): at
 * most four rectangles that do not overlap. Returns how many.
 */
unsigned
shmfb_rect_around(const struct shmx_rect *whole, const struct shmx_rect *part,
		  struct shmx_rect out[4]);

/*
 * How a rectangle is to be cut so that no piece has more than max_pixels (at
 * least 1): rows are kept whole as long as one fits.
 */
void
shmfb_piece_size(uint32_t width, uint32_t height, uint32_t max_pixels,
		 uint32_t *piece_width, uint32_t *piece_height);

#endif /* SHMFB_GEOMETRY_H */
