/* SPDX-License-Identifier: MIT */
/*
 * taker NAME WxH - a producer that says what keyboard and pointer send it
 *
 * It publishes one frame, and prints a line for each input, "key 61 down",
 * "text a", "button 1 up 84 100", "scroll 0 -1", "motion 84 100", until it is
 * ended.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include <shmx/shmx.h>

#include "frames.h"

static void
print(const struct shmx_input *in)
{
	const char *how = in->repeat ? "again" : in->pressed ? "down" : "up";

	if (in->kind == SHMX_INPUT_KEY) {
		printf("key %" PRIx32 " %s\n", in->keysym, how);
	} else if (in->kind == SHMX_INPUT_BUTTON) {
		printf("button %" PRIu32 " %s %g %g\n", in->button, how,
		       in->x, in->y);
	} else if (in->kind == SHMX_INPUT_SCROLL) {
		printf("scroll %g %g\n", in->dx, in->dy);
	} else if (in->kind == SHMX_INPUT_MOTION) {
		printf("motion %g %g\n", in->x, in->y);
	} else if (in->kind == SHMX_INPUT_TEXT) {
		printf("text %s\n", in->text);
	}
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	const struct timespec pause = { .tv_nsec = 5000000 };
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	struct shmx_stream picture = {
		.kind = SHMX_STREAM_IMAGE, .id = 1, .name = "picture",
		.format = SHMX_XRGB8888,
	};
	struct shmx_producer *p;
	struct shmx_input in;

	if (argc != 3 || sscanf(argv[2], "%" SCNu32 "x%" SCNu32,
				&picture.width, &picture.height) != 2)
		return 2;
	o.streams = &picture;
	o.stream_count = 1;
	o.flags = SHMX_INPUT;
	if (shmx_producer_open(&p, argv[1], &o) < 0) {
		fprintf(stderr, "taker: %s\n", shmx_error());
		return 1;
	}
	frame_publish(p, 1);
	for (;;) {
		while (shmx_input_receive(p, &in, NULL) == 0)
			print(&in);
		nanosleep(&pause, NULL);
	}
}
