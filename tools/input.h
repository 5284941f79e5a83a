/* SPDX-License-Identifier: MIT */
/*
 * input.h - a stream of pictures from a file or a pipe
 */
#ifndef TOOLS_INPUT_H
#define TOOLS_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "convert.h"

enum input_format { INPUT_RAW, INPUT_PPM, INPUT_Y4M };

struct input {
	enum input_format format;
	enum pixel_format pixel;	/* of INPUT_RAW, said by the user */
	bool as_is;			/* INPUT_RAW is not to be converted */
	const char *name;		/* for messages: "stdin", a path */
	int fd;
	uint32_t width;			/* of every picture */
	uint32_t height;
	double fps;			/* of INPUT_Y4M; 0: not said */
	uint64_t frames;		/* read so far */

	/* The rest is input.c's. */
	bool opened;			/* its header was read */
	struct yuv_picture yuv;
	uint8_t *buffer;		/* one picture as it comes */
	size_t bytes;			/* of one picture */
	uint8_t head[512];		/* read ahead, for headers */
	size_t head_used;
	size_t head_next;
};

/*
 * Open a path, "-" for stdin, and read what it says of itself: afterwards
 * width and height are known (for INPUT_RAW they are the caller's, as pixel
 * is).  Dies with one line when it is not what it should be.
 */
void
input_open(struct input *in, const char *path);

/*
 * Read the next picture into rows of stride bytes at to, as XRGB8888 unless it
 * is to be left as it is.  False at the end, and when interrupted.  Dies with
 * one line when the stream ends within a picture.
 */
bool
input_read(struct input *in, void *to, size_t stride);

/* Back to the first picture; false when the input cannot go back. */
bool
input_rewind(struct input *in);

void
input_close(struct input *in);

#endif /* TOOLS_INPUT_H */
