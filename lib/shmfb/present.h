/* SPDX-License-Identifier: MIT */
/*
 * present.h - the ways to get a picture into the window
 *
 * Each way is one file that fills in one table; everything else is the same
 * for all of them. Which one takes a picture is decided when the picture is
 * made, by what the server granted for its memory.
 */
#ifndef SHMFB_PRESENT_H
#define SHMFB_PRESENT_H

#include <stdbool.h>
#include <stdint.h>

#include <xcb/xcb.h>

#include <shmfb/shmfb.h>

#include "damage.h"
#include "pixel.h"
#include "picture.h"

struct shmfb;

/* A run of requests: the sequence numbers of its first and its last. */
struct shmfb_run {
	bool begun;			/* else there is no request yet */
	uint32_t first;
	uint32_t last;
};

static inline void
shmfb_run_add(struct shmfb_run *run, uint32_t sequence)
{
	if (!run->begun)
		run->first = sequence;
	run->begun = true;
	run->last = sequence;
}

/* Where a picture is put. */
struct shmfb_target {
	xcb_drawable_t drawable;
	xcb_gcontext_t gc;		/* for drawables of that depth */
	const struct shmfb_native *native;	/* its pixels */
	int32_t x;			/* the picture's row 0, column 0 */
	int32_t y;
	bool more;			/* another put of this run follows */
	bool at_once;			/* not at a refresh */
};

struct shmfb_presenter {
	const char *path;		/* its name in the statistics */

	/* The client writes every pixel into the connection. */
	bool copies;

	/*
	 * The end of the run is told by the reply to its last request, which
	 * is GetInputFocus; else by an event. Either is asked for by the put
	 * that no other one follows.
	 */
	bool fenced;

	/* Or by PresentIdleNotify with picture->serial. */
	bool idles;

	/*
	 * Queue the requests that put the damaged parts (at least one, in the
	 * picture's coordinates) there, and add them to the run. Returns 0,
	 * or -errno with no request made.
	 */
	int (*put)(struct shmfb *fb, const struct shmfb_target *target,
		   struct shmfb_picture *picture,
		   const struct shmfb_damage *damage, struct shmfb_run *run);
};

extern const struct shmfb_presenter shmfb_present_shm;
extern const struct shmfb_presenter shmfb_present_sysv;
extern const struct shmfb_presenter shmfb_present_put;
extern const struct shmfb_presenter shmfb_present_pixmap;

/*
 * Find out, by asking the server, which memory it attaches; sets fb->shm,
 * fb->sysv, fb->by and fb->why. -ENOTSUP when one kind was wanted and is not
 * to be had.
 */
int
shmfb_present_choose(struct shmfb *fb, enum shmfb_backend wanted);

/* By what the server has attached of its memory; segment may be NULL. */
const struct shmfb_presenter *
shmfb_present_by(const struct shmfb_segment *segment);

/*
 * Which way this picture goes, by its segment: sets picture->by, and fb->by
 * for the statistics. -ENOTSUP when that is the slow one and shared memory
 * was wanted; -EMFILE or -ENOMEM when the server could not be asked for that.
 */
int
shmfb_present_assign(struct shmfb *fb, struct shmfb_picture *picture);

#endif /* SHMFB_PRESENT_H */
