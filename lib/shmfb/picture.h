/* SPDX-License-Identifier: MIT */
/*
 * picture.h - one frame on its way to the screen, or there
 *
 * Where its pixels lie, whose they are, and how they get to the server. A
 * picture is counted: the window refers to the newest one, for repainting,
 * and each trip to the one that the server may still be reading. With its
 * last reference the ring's slot goes back to its producer.
 */
#ifndef SHMFB_PICTURE_H
#define SHMFB_PICTURE_H

#include <stdbool.h>
#include <stdint.h>

#include <shmx/shmx.h>

#include "view.h"

struct shmfb;
struct shmfb_copy;
struct shmfb_presenter;
struct shmfb_segment;
struct shmfb_slot;

/*
 * Two frames under way, an older one that is being repainted, one that waits
 * for a refresh, and one in the making: there can be no sixth, so that taking
 * a picture never fails.
 */
#define SHMFB_PICTURES 5

struct shmfb_picture {
	unsigned refs;			/* 0: free to be taken */
	const struct shmfb_presenter *by;

	/* The frame or the canvas, of which one is NULL; route.c. */
	struct shmx_hold *hold;		/* a reference of ours */
	struct shmfb_slot *drawn;	/* a reference of ours */
	uint32_t from_stride;		/* bytes; a multiple of 4 */
	uint32_t format;		/* SHMX_XRGB8888 ... */
	struct shmfb_layout layout;	/* its size, and where it stands */

	/* From where it is put: from there, or from a slot of fb->stage. */
	bool staged;
	bool rendered;			/* by way of a pixmap, from there */
	struct shmx_rect part;		/* of the window, if either */
	struct shmfb_slot *slot;	/* a reference of ours, or NULL */
	struct shmfb_segment *segment;	/* a reference of ours, or NULL */
	int unasked;			/* why, if the server was not: -errno */
	uint32_t width;
	uint32_t height;
	uint32_t stride;		/* bytes; a multiple of 4 */
	uint32_t offset;		/* of row 0 in the segment */
	struct shmfb_copy *copy;	/* borrowed; the slot lacks it still */
	uint32_t copies;		/* made of it by this process */

	uint64_t ring_id;		/* 0: drawn by the application */
	uint64_t sequence;		/* in the ring, or among canvases */
	uint64_t since_ns;		/* published, or presented */
	uint64_t begun_ns;		/* to be drawn; 0: of a ring */
	uint32_t serial;		/* as which it was presented last */
	bool landed;			/* drawn, and on screen at the tick */
};

/* One with a reference for the caller and all else zero. */
struct shmfb_picture *
shmfb_picture_take(struct shmfb *fb);

struct shmfb_picture *
shmfb_picture_ref(struct shmfb_picture *picture);

/* NULL is allowed. */
void
shmfb_picture_unref(struct shmfb *fb, struct shmfb_picture *picture);

/* Row 0 of what is put, for the client to read; NULL: it cannot be mapped. */
const uint8_t *
shmfb_picture_pixels(const struct shmfb_picture *picture);

#endif /* SHMFB_PICTURE_H */
