/* SPDX-License-Identifier: MIT */
/*
 * raw.h - how far a pointer device was moved, whatever the screen made of it
 *
 * The server tells what the device said, before acceleration and however far
 * from an edge, and then, mostly, where the pointer is. Devices that say
 * places (tablets, the pointers of remote desktops) do not always admit it:
 * their numbers are where the pointer is then. Pure, no X.
 */
#ifndef SHMFB_RAW_H
#define SHMFB_RAW_H

#include <stdbool.h>
#include <stdint.h>

/* So often may one be moved of which it is not known what its numbers are. */
#define SHMFB_RAW_WAIT 4

/* All zero: nothing was moved yet. */
struct shmfb_raw {
	unsigned waiting;		/* moves of source, not told yet */
	uint16_t source;		/* the device */
	double x;			/* all of them, added up */
	double y;
	double last_x;			/* the last of them */
	double last_y;
	uint16_t relative;		/* the one that says how far */
	uint16_t absolute;		/* the one that says places */
	double at_x;			/* where that one was last */
	double at_y;
};

/* What the device has said. */
void
shmfb_raw_add(struct shmfb_raw *raw, uint16_t source, double x, double y);

/*
 * The pointer is there now, on the screen, where absolute is whether the
 * device admits to places. How far it was moved is given, false if by nobody.
 */
bool
shmfb_raw_match(struct shmfb_raw *raw, double x, double y, bool absolute,
		double *dx, double *dy);

/*
 * There is no word yet of where the pointer is, which for a device that says
 * how far need not be waited for: how far it was moved, if it was.
 */
bool
shmfb_raw_take(struct shmfb_raw *raw, double *dx, double *dy);

#endif /* SHMFB_RAW_H */
