/* SPDX-License-Identifier: MIT */
/*
 * scroll.h - what the axes of a pointer device say about its wheels
 *
 * A wheel that scrolls smoothly is an axis whose number grows and shrinks for
 * ever: what counts is by how much. From which number it is known once the
 * server has told the number, which it does again when another device takes
 * over, and has to be asked for when the pointer was in other windows. Pure,
 * no X.
 */
#ifndef SHMFB_SCROLL_H
#define SHMFB_SCROLL_H

#include <stdbool.h>
#include <stdint.h>

/* No wheel's notch is less; where one says so, its buttons count. */
#define SHMFB_SCROLL_NOTCH_MIN (1. / 1024)

/* None turns farther from one event to the next: its number began anew. */
#define SHMFB_SCROLL_NOTCHES_MAX 1000

enum shmfb_scroll_way {
	SHMFB_SCROLL_DOWN,		/* the number grows downwards */
	SHMFB_SCROLL_RIGHT,		/* to the right */
	SHMFB_SCROLL_WAYS
};

/* All zero: the device has no such axes. */
struct shmfb_scroll {
	struct shmfb_scroll_axis {
		bool there;
		bool known;		/* value is */
		uint16_t number;	/* among the axes of the device */
		double notch;		/* how far one is; not 0 */
		double value;		/* last */
	} axis[SHMFB_SCROLL_WAYS];
};

/* The device has such an axis. One whose notch makes no sense is let be. */
void
shmfb_scroll_add(struct shmfb_scroll *scroll, enum shmfb_scroll_way way,
		 uint16_t number, double notch);

/* That axis is there now. Others than those of wheels are let be. */
void
shmfb_scroll_set(struct shmfb_scroll *scroll, uint16_t number, double value);

/* Where they are is not known (any more). */
void
shmfb_scroll_forget(struct shmfb_scroll *scroll);

/*
 * That axis has moved there: notches are added to *dx (to the right) and *dy
 * (up). Whether it is one of a wheel, it was known from where, and that is no
 * farther than a wheel turns.
 */
bool
shmfb_scroll_move(struct shmfb_scroll *scroll, uint16_t number, double value,
		  double *dx, double *dy);

#endif /* SHMFB_SCROLL_H */
