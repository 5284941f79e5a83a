/* SPDX-License-Identifier: MIT */
/*
 * frame.h - a frame's payload, built where it will stay
 */
#ifndef SHMX_FRAME_H
#define SHMX_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "layout.h"
#include "stream.h"
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
	uint32_t image_room;		/* which that takes */
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
static inline void
shmx_frame_start(struct shmx_outline *outline, struct shmx_frame *frame,
		 void *data)
{
	outline->frame++;
	frame->pixels = outline->has_image ? data : NULL;
	frame->stride = outline->stride;
	frame->payload = (char *)data - SHMX_STREAM_HEAD;
	frame->payload_bytes = outline->image_room;
	frame->tlv_count = outline->has_image;
}

/* Write the headers of the image, of that many bytes in that much room. */
void
shmx_frame_write_image(const struct shmx_outline *outline,
		       const struct shmx_frame *frame, uint32_t bytes,
		       uint32_t room);

/* What the image came to is known: end the payload, in frame->slot. */
static inline void
shmx_frame_finish(struct shmx_outline *outline, struct shmx_frame *frame)
{
	uint32_t bytes = outline->stride * frame->height;
	uint32_t room = outline->image_bytes;

	if (!outline->has_image)
		return;
	if (frame->tlv_count == 1) {
		room = bytes;
		frame->payload_bytes = (uint32_t)shmx_stream_room(room);
	}
	/* It is what it was, mostly, and the line need not be touched. */
	if (outline->head[frame->slot] == ((uint64_t)room << 32 | bytes))
		return;
	outline->head[frame->slot] = (uint64_t)room << 32 | bytes;
	shmx_frame_write_image(outline, frame, bytes, room);
}

#endif
