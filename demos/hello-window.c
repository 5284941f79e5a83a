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
#include <string.h>
#include <shmfb/shmfb.h>

int
main(int argc, char **argv)
{
	struct shmfb_canvas c;
	struct shmfb *fb;
	uint32_t *row, x, y, time = 0;

	if (argc > 1) {
		puts("usage: hello-window");
		return strcmp(argv[1], "--help") ? 2 : 0;
	}
	if (shmfb_open(&fb, NULL) < 0) {
		fprintf(stderr, "hello-window: %s\n", shmfb_error());
		return 1;
	}
	while (shmfb_pump(fb)) {		/* sleeps until it is time */
		if (shmfb_begin(fb, &c) < 0)
			continue;		/* it was for an event */
		for (y = 0; y < c.height; y++) {
			row = (void *)((char *)c.pixels + y * c.stride);
			for (x = 0; x < c.width; x++)
				row[x] = (x + time) % 256 << 16 |
					 (y + time) % 256 << 8 | (x ^ y) % 256;
		}
		shmfb_present(fb, NULL, 0);	/* all of it is new */
		time++;
	}
	shmfb_close(fb);
	return 0;
}
