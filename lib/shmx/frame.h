/* SPDX-License-Identifier: MIT */
/*
 * frame.h - a frame's payload, built where it will stay
 */
#ifndef SHMX_FRAME_H
#define SHMX_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "layout.h"
#include <shmx/shmx.h>

/* One data stream, for who builds frames. */
struct shmx_part {
	uint64_t element_bytes;
	uint32_t capacity;
	uint64_t frame;			/* the last one that it is in */
};

/* The streams of a ring, for who builds frames; one thread's. */
struct shmx_outline {
	uint64_t frame;			/* number of the one being built */
	bool has_image;
	uint32_t image_id;
	uint32_t image_bytes;		/* of the largest */
	uint32_t stride;
	uint32_t pixel_bytes;
	uint64_t head[SHMX_SLOTS_MAX];	/* what the image's TLV says there */

	unsigned count;			/* of data streams */
	unsigned next;			/* where the next one is expected */
	uint32_t id[SHMX_STREAMS_MAX];
	struct shmx_part part[SHMX_STREAMS_MAX];
};

/* Set up for the streams of a ring, which have been checked. */
void
shmx_outline_init(struct shmx_outline *outline,
		  const struct shmx_stream *streams, unsigned count);

/*
 * Begin a frame whose first stream's data goes to `data`, a page's start; the
 * bytes before it are the payload's, too.
 */
void
shmx_frame_start(struct shmx_outline *outline, struct shmx_frame *frame,
		 void *data);

/* What the image came to is known: end the payload, in frame->slot. */
void
shmx_frame_finish(struct shmx_outline *outline, struct shmx_frame *frame);

#endif
