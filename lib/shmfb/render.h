/* SPDX-License-Identifier: MIT */
/*
 * render.h - pictures that the server scales, turns and converts: RENDER
 *
 * What differs is put into a pixmap of the picture's own format and size, as
 * it lies, and from there composed into the window. The client copies nothing,
 * and what is painted again is composed again and not even put.
 */
#ifndef SHMFB_RENDER_H
#define SHMFB_RENDER_H

#include <stdbool.h>
#include <stdint.h>

#include <xcb/render.h>

#include "pixel.h"
#include "pool.h"
#include "present.h"

struct shmfb;
struct shmfb_picture;

enum shmfb_render_state {
	SHMFB_RENDER_UNKNOWN,		/* nobody has asked the server */
	SHMFB_RENDER_NO,
	SHMFB_RENDER_YES,
};

struct shmfb_render {
	enum shmfb_render_state state;
	const char *why;		/* why not; static */
	xcb_render_query_pict_formats_reply_t *formats;	/* ours */
	xcb_render_picture_t window;

	/* The pixmap, if there is one. */
	xcb_pixmap_t pixmap;
	xcb_gcontext_t gc;		/* for its depth */
	xcb_render_picture_t picture;
	uint32_t width;
	uint32_t height;
	uint32_t format;		/* SHMX_XRGB8888 ... */
	struct shmfb_native native;	/* how its pixels lie */
	struct shmfb_content content;	/* its layout has a size alone */
	uint32_t made;			/* sequence number of its creation */
	uint64_t too_large;		/* so many pixels were; 0: never */
};

/* Has this version what we ask for? Repeat Pad came with 0.10. */
static inline bool
shmfb_render_is_enough(const xcb_render_query_version_reply_t *v)
{
	return v->major_version > 0 || v->minor_version >= 10;
}

/*
 * Make ready for pictures of that format, size and stride. false when the
 * server cannot, or SHMFB_NO_RENDER is set: then fb->render.why says why. The
 * first time it waits for the server's answer.
 */
bool
shmfb_render_ready(struct shmfb *fb, const struct shmfb_picture *picture);

/* An X error. Returns whether there is no pixmap because of it. */
bool
shmfb_render_error(struct shmfb *fb, const xcb_generic_error_t *error);

/*
 * The server has refused a picture: never again one as large, if it had no
 * memory for the pixmap, else none at all.
 */
void
shmfb_render_refused(struct shmfb *fb);

/* The window is about to be closed. */
void
shmfb_render_finish(struct shmfb *fb);

/* Damage is where in the window it is seen. */
extern const struct shmfb_presenter shmfb_present_render;

#endif /* SHMFB_RENDER_H */
