/* SPDX-License-Identifier: MIT */
/*
 * raw.c - how far a pointer device was moved, whatever the screen made of it
 *
 * Called by xinput.c.
 */
#include "config.h"

#include "raw.h"

#include <math.h>

void
shmfb_raw_add(struct shmfb_raw *raw, uint16_t source, double x, double y)
{
	if (source != raw->source)
		raw->waiting = 0;
	if (raw->waiting++ == 0) {
		raw->x = 0;
		raw->y = 0;
	}
	raw->source = source;
	raw->x += x;
	raw->y += y;
	raw->last_x = x;
	raw->last_y = y;
}

/* It is there now: how far from where it was before. */
static void
take_place(struct shmfb_raw *raw, double x, double y, double *dx, double *dy)
{
	bool known = raw->source == raw->absolute;

	*dx = known ? x - raw->at_x : 0;
	*dy = known ? y - raw->at_y : 0;
	raw->absolute = raw->source;
	if (raw->relative == raw->source)
		raw->relative = 0;
	raw->at_x = x;
	raw->at_y = y;
}

static void
take_sum(struct shmfb_raw *raw, double *dx, double *dy)
{
	*dx = raw->x;
	*dy = raw->y;
	raw->relative = raw->source;
	if (raw->absolute == raw->source)
		raw->absolute = 0;
}

bool
shmfb_raw_match(struct shmfb_raw *raw, double x, double y, bool absolute,
		double *dx, double *dy)
{
	if (!raw->waiting)
		return false;
	raw->waiting = 0;
	/* Who moves it just so far from the corner is so unlucky. */
	if (absolute ||
	    (fabs(raw->last_x - x) < 1 && fabs(raw->last_y - y) < 1))
		take_place(raw, x, y, dx, dy);
	else
		take_sum(raw, dx, dy);
	return true;
}

bool
shmfb_raw_take(struct shmfb_raw *raw, double *dx, double *dy)
{
	/* Of places, and of what may be places, there will be word. */
	if (!raw->waiting || raw->source == raw->absolute ||
	    (raw->source != raw->relative && raw->waiting < SHMFB_RAW_WAIT))
		return false;
	raw->waiting = 0;
	take_sum(raw, dx, dy);
	return true;
}
