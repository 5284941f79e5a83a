/* SPDX-License-Identifier: MIT */
/*
 * hello-window.c - the shortest program that pushes pixels
 *
 *	cc hello-window.c $(pkg-config --cflags --libs shmfb)
 *
 * A window of 640 by 480 whose picture is computed anew for every refresh of
 * the display. Pixels are 0xRRGGBB, one uint32_t each, rows are `stride`
 * bytes apart. What is drawn lies in memory that the X server reads itself:
 * nothing is copied on the way. Close the window to end.
 */
#include <stdio.h>

#include <shmfb/shmfb.h>

static void
draw(const struct shmfb_canvas *c, uint32_t time)
{
	uint32_t x, y;

	for (y = 0; y < c->height; y++) {
		uint32_t *row = (uint32_t *)((char *)c->pixels +
					     y * c->stride);

		for (x = 0; x < c->width; x++)
			row[x] = ((x + time) & 0xff) << 16 |
				 ((y + time) & 0xff) << 8 | ((x ^ y) & 0xff);
	}
}

int
main(void)
{
	struct shmfb_canvas canvas;
	struct shmfb *fb;
	uint32_t time = 0;

	if (shmfb_open(&fb, NULL) < 0) {
		fprintf(stderr, "hello-window: %s\n", shmfb_error());
		return 1;
	}
	while (shmfb_pump(fb)) {		/* sleeps until it is time */
		if (shmfb_begin(fb, &canvas) < 0)
			continue;		/* it was for an event */
		draw(&canvas, time++);
		shmfb_present(fb, NULL, 0);	/* all of it is new */
	}
	shmfb_close(fb);
	return 0;
}
