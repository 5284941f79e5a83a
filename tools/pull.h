/* SPDX-License-Identifier: MIT */
/*
 * pull.h - frames of a ring into files: what shmx-pull.c asks of pull-write.c
 */
#ifndef TOOLS_PULL_H
#define TOOLS_PULL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <shmx/shmx.h>

#include "rate.h"

enum pull_format { PULL_NONE, PULL_RAW, PULL_PPM, PULL_Y4M, PULL_PNG };

/* Where frames go, and as what; zeroed but for the first three. */
struct pull_sink {
	const char *path;		/* borrowed; NULL: stdout */
	enum pull_format format;
	struct rate fps;		/* what a Y4M says; den 0: measured */

	int fd;				/* of the stream being written */
	uint64_t count;			/* frames written */
	uint32_t width;			/* of the first one */
	uint32_t height;
	uint32_t pixels;		/* its format, SHMX_XRGB8888 ... */
	uint8_t *buf;			/* one frame, as it is written */
	size_t buf_bytes;

	/* A Y4M whose rate is not known yet: what comes behind its head. */
	uint8_t *kept;
	size_t kept_bytes;
	uint64_t kept_frames;
	uint64_t from_ns;		/* when the second one was published */
	uint64_t to_ns;			/* and the last one */
};

/* By its name, or by the end of a file's; PULL_NONE when it is none. */
enum pull_format
pull_format_by_name(const char *name);
enum pull_format
pull_format_by_path(const char *path);

/*
 * Does the name have a %d, or %04d, and is a file for each frame?  -1: there
 * is a '%' in it that is something else.
 */
int
pull_is_pattern(const char *path);

/*
 * Write one frame.  false when nobody reads on at the other end of a pipe, or
 * when interrupted; dies with one line when it cannot be written.
 */
bool
pull_write(struct pull_sink *sink, struct shmx_hold *hold);

/* The end of it: dies when what was written is not there. */
void
pull_finish(struct pull_sink *sink);

#endif /* TOOLS_PULL_H */
