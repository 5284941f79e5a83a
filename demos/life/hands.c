/* SPDX-License-Identifier: MIT */
/*
 * hands.c - what people do to a universe, in the windows that show it
 */
#include "hands.h"

#include <stdlib.h>

/* As in xkbcommon-keysyms.h, which a program without a window need not have. */
#define KEY_RIGHT	0xff53

/* A few keys a second are made by hand: what is more is somebody's script. */
#define TAKE_MAX	1024
#define STEPS_MAX	64
#define SPEED_MAX	8

/* ------------------------------------------------------------- drawing -- */

/* Erase all that a pixel shows; draw one cell, for a block of them dies. */
static void
touch_pixel(struct hands *h, int32_t pixel_x, int32_t pixel_y)
{
	uint32_t height = universe_height(h->universe);
	uint32_t x, y, side, i;

	if (!picture_cells(h->picture, pixel_x, pixel_y, &x, &y, &side))
		return;
	if (h->tool == HANDS_DRAW)
		universe_set(h->universe, x, y, 1);
	else
		for (i = 0; i < side && i < height; i++)
			universe_erase(h->universe, x, (y + i) % height,
				       side);
	h->changed = true;
}

/* A line without gaps, whatever the pointer left out. */
static void
touch_line(struct hands *h, int32_t x, int32_t y)
{
	int32_t dx = x - h->x, dy = y - h->y;
	int32_t n = abs(dx) > abs(dy) ? abs(dx) : abs(dy), i;

	for (i = 1; i <= n; i++)
		touch_pixel(h, h->x + (int32_t)((int64_t)dx * i / n),
			    h->y + (int32_t)((int64_t)dy * i / n));
	h->x = x;
	h->y = y;
}

/*
 * The pixel at a place, which can be anywhere: windows go on beyond the
 * picture.  So far, no further: a line is drawn pixel by pixel.
 */
static int32_t
pixel_of(double v)
{
	if (v < 0)
		return -1;
	return v < SHMX_SIDE_MAX ? (int32_t)v : SHMX_SIDE_MAX;
}

static void
use_button(struct hands *h, const struct shmx_input *in)
{
	if (!in->pressed) {
		if (in->reader == h->reader && in->button == h->button)
			h->tool = HANDS_NONE;
		return;
	}
	if (in->button != 1 && in->button != 3)
		return;
	h->tool = in->button == 1 ? HANDS_DRAW : HANDS_ERASE;
	h->reader = in->reader;
	h->button = in->button;
	h->x = pixel_of(in->x);
	h->y = pixel_of(in->y);
	touch_pixel(h, h->x, h->y);
}

/* ---------------------------------------------------------------- keys -- */

static void
use_key(struct hands *h, const struct shmx_input *in)
{
	if (!in->pressed)
		return;
	switch (in->keysym) {
	case ' ':
		if (!in->repeat)
			h->paused = !h->paused;
		break;
	case '.':
	case KEY_RIGHT:
		h->paused = true;
		if (h->steps < STEPS_MAX)
			h->steps++;
		break;
	case '+':
	case '=':
		if (h->speed < SPEED_MAX)
			h->speed++;
		break;
	case '-':
		if (h->speed > -SPEED_MAX)
			h->speed--;
		break;
	case 'n':
		h->next += !in->repeat;
		break;
	case 'c':
		universe_clear(h->universe);
		break;
	default:
		return;
	}
	h->changed = true;
}

void
hands_take(struct hands *h)
{
	struct shmx_input in;
	unsigned n;

	for (n = 0; n < TAKE_MAX; n++) {
		if (shmx_input_receive(h->producer, &in, NULL) < 0)
			return;
		if (in.sequence != 0)
			h->sequence = in.sequence;
		if (in.kind == SHMX_INPUT_KEY)
			use_key(h, &in);
		else if (in.kind == SHMX_INPUT_BUTTON)
			use_button(h, &in);
		else if (in.kind == SHMX_INPUT_MOTION &&
			 h->tool != HANDS_NONE && in.reader == h->reader)
			touch_line(h, pixel_of(in.x), pixel_of(in.y));
	}
}
