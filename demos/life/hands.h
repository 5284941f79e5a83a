/* SPDX-License-Identifier: MIT */
/*
 * hands.h - what people do to a universe, in the windows that show it
 *
 * Life has no window.  Whoever shows its ring, with `shmx view`, sends what
 * that window hears, and it arrives here as pixels of the picture and as keys.
 * There may be several windows, and any may be gone in the middle of a line:
 * the library sees to it that its button is released then.
 */
#ifndef LIFE_HANDS_H
#define LIFE_HANDS_H

#include <stdbool.h>
#include <stdint.h>

#include <shmx/shmx.h>

#include "picture.h"
#include "universe.h"

enum hands_tool {
	HANDS_NONE,
	HANDS_DRAW,
	HANDS_ERASE,
};

struct hands {
	/* Borrowed, and set before the first call. */
	struct shmx_producer *producer;
	struct universe *universe;
	const struct picture *picture;

	/* What they want; whoever has done it resets it, but for paused. */
	bool paused;
	unsigned steps;			/* to be made although paused */
	int speed;			/* twice as fast so often; < 0: half */
	unsigned next;			/* pattern: so many times */
	bool changed;			/* there is something to see */
	uint64_t sequence;		/* of what was done last */

	/* hands.c's. */
	enum hands_tool tool;
	uint32_t button;		/* that it is pressed with, by whom */
	uint64_t reader;
	int32_t x, y;			/* pixel where it was last */
};

/* Take all that has arrived, and draw.  Never sleeps. */
void
hands_take(struct hands *hands);

#endif
