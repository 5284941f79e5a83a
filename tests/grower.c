/* SPDX-License-Identifier: MIT */
/*
 * grower NAME - a producer that grows its ring when it is told to
 *
 * For each line of standard input it says which frame was published last:
 *
 *	frames N	publish N more
 *	grow WxH	go on in a ring for pictures of that size; 0x0: of
 *			numbers alone
 *
 * The first line has to be the latter, and makes the ring, with a history of
 * four.  The pictures are those of frames.h, of XRGB8888, frame n the n-th.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include <shmx/shmx.h>

#include "frames.h"

static int
grow(struct shmx_producer **p, const char *name, uint32_t width,
     uint32_t height)
{
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	const struct shmx_stream picture = {
		.kind = SHMX_STREAM_IMAGE, .id = 1, .name = "picture",
		.width = width, .height = height, .format = SHMX_XRGB8888,
	};
	const struct shmx_stream numbers = {
		.kind = SHMX_STREAM_DATA, .id = 2, .name = "numbers",
		.element_type = SHMX_F32, .capacity = 16,
	};

	o.streams = width > 0 ? &picture : &numbers;
	o.stream_count = 1;
	if (*p != NULL)
		return shmx_producer_grow(*p, &o);
	o.history = 4;
	return shmx_producer_open(p, name, &o);
}

int
main(int argc, char **argv)
{
	struct shmx_producer *p = NULL;
	uint32_t width, height, count;
	uint64_t n = 0;
	char line[64];

	while (argc == 2 && fgets(line, sizeof(line), stdin) != NULL) {
		if (sscanf(line, "grow %" SCNu32 "x%" SCNu32, &width,
			   &height) == 2) {
			if (grow(&p, argv[1], width, height) < 0) {
				fprintf(stderr, "grower: %s\n", shmx_error());
				return 1;
			}
		} else if (p != NULL &&
			   sscanf(line, "frames %" SCNu32, &count) == 1) {
			while (count-- > 0)
				n = frame_publish(p, n + 1);
		} else {
			fprintf(stderr, "grower: what is %s", line);
			return 2;
		}
		printf("%" PRIu64 "\n", n);
		fflush(stdout);
	}
	shmx_producer_close(p);
	return 0;
}
