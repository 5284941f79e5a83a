/* SPDX-License-Identifier: MIT */
/*
 * colour.h - what a pixel of any format is in a window, slowly and obviously
 *
 * The reference for what lib/shmfb converts. It knows bytes and masks and
 * nothing else: it reads a channel bit by bit, repeats its bits until there
 * are ten, and writes as many of the upper ones as the window's channel has.
 */
#ifndef TESTS_COLOUR_H
#define TESTS_COLOUR_H

#include <stdbool.h>
#include <stdint.h>

#include "shmfb/pixel.h"

struct colour {
	uint32_t c[3];			/* red, green, blue, of ten bits */
	uint32_t alpha;			/* of eight bits */
};

/* A pixel of a SHMX format. */
struct colour
colour_read(uint32_t format, const uint8_t *p);

/* As a pixel of such a window; zeros where there is neither it nor alpha. */
void
colour_write(const struct shmfb_visual *visual, struct colour colour,
	     uint8_t *to);

/* Are they the same, but for what is neither colour nor alpha? */
bool
colour_same(const struct shmfb_visual *visual, const uint8_t *a,
	    const uint8_t *b);

#endif /* TESTS_COLOUR_H */
