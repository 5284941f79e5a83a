/* SPDX-License-Identifier: MIT */
/*
 * pool.h - the window's own memory, for applications that draw
 *
 * There are two pools: fb->pool is drawn on, and into fb->stage is written
 * what is not in the window's format, or not of its size.
 *
 * A slot is made when it is first needed, and made anew when it has become
 * too small (half as large again, so that most changes of size need no new
 * one) or far too large. The one that was freed last is handed out first: it
 * is in the caches, and two presents a refresh apart use one slot for ever.
 */
#ifndef SHMFB_POOL_H
#define SHMFB_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>

#include <xcb/xcb.h>

#include "view.h"

struct shmfb;
struct shmfb_segment;

/* One under way, one in the application's hands, one being repainted. */
#define SHMFB_SLOTS 3

/* Which picture this process has written into a slot. */
struct shmfb_content {
	bool defined;
	uint64_t ring_id;		/* 0: a canvas */
	uint64_t sequence;
	uint32_t format;
	struct shmx_rect part;		/* of the window */
	struct shmfb_layout layout;
};

struct shmfb_slot {
	unsigned refs;			/* the pool's, pictures', the canvas' */
	unsigned pins;			/* trips that make the server read it */
	void *pixels;			/* a mapping of ours */
	bool sysv;			/* of a System V segment */
	size_t bytes;
	struct shmfb_segment *segment;	/* NULL or refused: core PutImage */
	xcb_pixmap_t pixmap;		/* of that memory; 0: none */
	uint32_t pixmap_width;
	uint32_t pixmap_height;
	uint32_t width;			/* of the picture in it */
	uint32_t height;
	uint32_t format;
	uint64_t presented;		/* as which present; 0: undefined */
	uint64_t freed;			/* the larger, the later */
	struct shmfb_content content;	/* what was staged, or copied */
};

struct shmfb_pool {
	struct shmfb_slot *slot[SHMFB_SLOTS];	/* a reference each, or NULL */
	uint64_t frees;
};

/*
 * From one row of so many pixels to the next, in bytes: a multiple of the
 * cache line, or as X pads the rows of a pixmap where slots are to be pixmaps.
 */
uint32_t
shmfb_pool_stride(const struct shmfb *fb, uint32_t width, unsigned bytes);

/*
 * A slot for a picture of that size and stride, which the server is not
 * reading, with a reference for the caller. The slots of the picture that is
 * shown are given only for one of the same shape, because it is painted from
 * them when the window is exposed. Errors: -EAGAIN all are at the server;
 * -EMFILE, -ENOMEM.
 */
int
shmfb_pool_take(struct shmfb *fb, struct shmfb_pool *pool, uint32_t stride,
		uint32_t width, uint32_t height, struct shmfb_slot **out);

void
shmfb_pool_finish(struct shmfb *fb, struct shmfb_pool *pool);

struct shmfb_slot *
shmfb_slot_ref(struct shmfb_slot *slot);

/* NULL is allowed. */
void
shmfb_slot_unref(struct shmfb *fb, struct shmfb_slot *slot);

/* The server has read it, once. */
void
shmfb_slot_unpin(struct shmfb *fb, struct shmfb_slot *slot);

#endif /* SHMFB_POOL_H */
