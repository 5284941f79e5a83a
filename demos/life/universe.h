/* SPDX-License-Identifier: MIT */
/*
 * universe.h - Conway's Life on a torus of any size, sixty-four cells a word
 *
 * A cell lives in the next generation when three of its eight neighbours
 * live, or when it lives now and two do (rule B3/S23).  The right edge of the
 * universe touches the left one and the bottom edge the top one.  On tori one
 * or two cells across a cell meets itself, or the same neighbour twice, and
 * counts it as often as it meets it.
 *
 * Coordinates: (0, 0) is the top left cell, x grows to the right, y down.
 * Threads: one at a time.
 */
#ifndef LIFE_UNIVERSE_H
#define LIFE_UNIVERSE_H

#include <stdbool.h>
#include <stdint.h>

/* No side may be longer than this. */
#define UNIVERSE_SIDE_MAX	1000000

struct universe;

/* What lives where.  An empty universe has an all zero census. */
struct census {
	uint64_t population;
	/* The smallest rectangle with all live cells, edges not wrapped. */
	uint32_t x;
	uint32_t y;
	uint32_t width;
	uint32_t height;
};

/* Bytes that a universe of this size takes; the sides must be in range. */
uint64_t
universe_bytes(uint32_t width, uint32_t height);

/*
 * Make a universe without life.  0, -EINVAL for a side of 0 or beyond
 * UNIVERSE_SIDE_MAX, -ENOMEM.  *out is the caller's to destroy.
 */
int
universe_create(struct universe **out, uint32_t width, uint32_t height);

/* NULL is allowed. */
void
universe_destroy(struct universe *u);

uint32_t
universe_width(const struct universe *u);

uint32_t
universe_height(const struct universe *u);

/* No life anywhere any more. */
void
universe_clear(struct universe *u);

/*
 * Let count cells live, from (x, y) to the right; wraps at the edge.  x and y
 * must lie in the universe.
 */
void
universe_set(struct universe *u, uint32_t x, uint32_t y, uint32_t count);

/* Let them die; the rest as for universe_set(). */
void
universe_erase(struct universe *u, uint32_t x, uint32_t y, uint32_t count);

/* One generation further. */
void
universe_step(struct universe *u);

/*
 * The 64 cells from (x, y) to the right, the first in the lowest bit; wraps
 * at the edge, several times where the universe is narrow.  x and y must lie
 * in the universe.
 */
uint64_t
universe_cells(const struct universe *u, uint32_t x, uint32_t y);

void
universe_census(const struct universe *u, struct census *census);

/*
 * The part of the universe that was not quiet in the last step, 0 to 1: where
 * anything was not as it had been two generations earlier, or was next to it.
 */
double
universe_activity(const struct universe *u);

#endif
