/* SPDX-License-Identifier: MIT */
/*
 * scroll.c - what the axes of a pointer device say about its wheels
 *
 * Called by xinput.c.
 */
#include "config.h"

#include "scroll.h"

#include <math.h>
#include <stddef.h>

static struct shmfb_scroll_axis *
find(struct shmfb_scroll *scroll, uint16_t number)
{
	unsigned way;

	for (way = 0; way < SHMFB_SCROLL_WAYS; way++)
		if (scroll->axis[way].there &&
		    scroll->axis[way].number == number)
			return &scroll->axis[way];
	return NULL;
}

void
shmfb_scroll_add(struct shmfb_scroll *scroll, enum shmfb_scroll_way way,
		 uint16_t number, double notch)
{
	if (!isnormal(notch) || fabs(notch) < SHMFB_SCROLL_NOTCH_MIN)
		return;
	scroll->axis[way] = (struct shmfb_scroll_axis){
		.there = true, .number = number, .notch = notch,
	};
}

void
shmfb_scroll_set(struct shmfb_scroll *scroll, uint16_t number, double value)
{
	struct shmfb_scroll_axis *axis = find(scroll, number);

	if (!axis)
		return;
	axis->value = value;
	axis->known = true;
}

void
shmfb_scroll_forget(struct shmfb_scroll *scroll)
{
	unsigned way;

	for (way = 0; way < SHMFB_SCROLL_WAYS; way++)
		scroll->axis[way].known = false;
}

bool
shmfb_scroll_move(struct shmfb_scroll *scroll, uint16_t number, double value,
		  double *dx, double *dy)
{
	struct shmfb_scroll_axis *axis = find(scroll, number);
	double notches;
	bool known;

	if (!axis)
		return false;
	known = axis->known;
	notches = (value - axis->value) / axis->notch;
	shmfb_scroll_set(scroll, number, value);
	if (!known || fabs(notches) > SHMFB_SCROLL_NOTCHES_MAX)
		return false;
	if (axis == &scroll->axis[SHMFB_SCROLL_RIGHT])
		*dx += notches;
	else
		*dy -= notches;
	return true;
}
