/* SPDX-License-Identifier: MIT */
/*
 * route.c - from where a picture is put, and what has to be done before
 *
 * Called by canvas.c for what was drawn, and by show.c for a ring's frames and
 * for what is painted again.
 */
#include "config.h"

#include "route.h"

#include <stdio.h>

#include "base/base.h"
#include "window.h"

/* Can its pixels be put from where they lie? */
static bool
is_direct(const struct shmfb *fb, const struct shmfb_picture *picture)
{
	uint32_t native = fb->x->native.format;

	if (!shmfb_layout_plain(&picture->layout))
		return false;
	/* Where nobody looks at it, alpha is as good as any other byte. */
	return picture->format == native || (native == SHMX_XRGB8888 &&
					     picture->format == SHMX_ARGB8888);
}

static void
explain(struct shmfb *fb, const struct shmfb_picture *picture, bool direct)
{
	const struct shmfb_visual *v = &fb->x->native.visual;

	fb->route = direct ? "direct" : "staged";
	if (direct)
		snprintf(fb->route_why, sizeof(fb->route_why),
			 "%s is what the window has",
			 shmx_format_name(picture->format));
	else if (!shmfb_layout_plain(&picture->layout))
		snprintf(fb->route_why, sizeof(fb->route_why),
			 "scaled or turned by the client");
	else
		snprintf(fb->route_why, sizeof(fb->route_why),
			 "%s is converted by the client: the window has depth %u, masks %x/%x/%x%s",
			 shmx_format_name(picture->format), v->depth, v->red,
			 v->green, v->blue,
			 v->msb_first ? ", highest byte first" : "");
}

/* MIT-SHM counts 32 bits of offset and 16 bits of pixels in a row. */
static bool
can_attach(const struct shmfb *fb, const struct shmx_frame_info *f)
{
	return f->offset <= UINT32_MAX && f->offset % 4 == 0 &&
	       shmfb_native_total(&fb->x->native, f->stride);
}

static void
take_direct(struct shmfb *fb, struct shmfb_picture *picture)
{
	const struct shmx_frame_info *f;

	picture->width = picture->layout.width;
	picture->height = picture->layout.height;
	picture->stride = picture->from_stride;
	if (picture->drawn) {
		picture->slot = shmfb_slot_ref(picture->drawn);
		picture->segment = shmfb_segment_ref(picture->slot->segment);
		return;
	}
	f = shmx_frame_info(picture->hold);
	picture->offset = (uint32_t)f->offset;
	if (fb->shm && can_attach(fb, f))
		picture->segment = shmfb_segment_of_ring(fb, f);
}

/*
 * A ring that the server has not attached, while it does attach memory of
 * ours: to copy a frame into that is less than to send it.
 */
static bool
is_out_of_reach(const struct shmfb *fb, const struct shmfb_picture *picture)
{
	const struct shmfb_segment *segment = picture->segment;

	return picture->hold && (!segment || !segment->xid) &&
	       (fb->shm || fb->sysv) && fb->wanted != SHMFB_SHM;
}

static int
stage_ring(struct shmfb *fb, struct shmfb_picture *picture)
{
	shmfb_segment_unref(fb, picture->segment);
	picture->segment = NULL;
	picture->offset = 0;
	fb->route = "staged";
	snprintf(fb->route_why, sizeof(fb->route_why),
		 "the server has not attached this ring, it is copied to where it reads");
	return shmfb_stage(fb, picture);
}

int
shmfb_route(struct shmfb *fb, struct shmfb_picture *picture)
{
	bool direct;
	int err = 0;

	shmfb_place(fb, &picture->layout);
	direct = is_direct(fb, picture);
	explain(fb, picture, direct);
	if (direct)
		take_direct(fb, picture);
	else
		err = shmfb_stage(fb, picture);
	if (direct && is_out_of_reach(fb, picture))
		err = stage_ring(fb, picture);
	if (err)
		return err;
	return shmfb_present_assign(fb, picture);
}

/* The same frame or canvas, not made ready. */
static struct shmfb_picture *
copy_of(struct shmfb *fb, const struct shmfb_picture *picture)
{
	struct shmfb_picture *copy = shmfb_picture_take(fb);

	if (picture->hold)
		copy->hold = shmx_hold_ref(picture->hold);
	if (picture->drawn)
		copy->drawn = shmfb_slot_ref(picture->drawn);
	copy->from_stride = picture->from_stride;
	copy->format = picture->format;
	copy->layout = picture->layout;
	copy->ring_id = picture->ring_id;
	copy->sequence = picture->sequence;
	copy->since_ns = picture->since_ns;
	return copy;
}

/* What it was staged for: is that how it would be staged now? */
static bool
is_stale(const struct shmfb *fb, const struct shmfb_picture *picture,
	 const struct shmfb_layout *now)
{
	struct shmx_rect part;

	if (!picture->staged)
		return !shmfb_layout_plain(now) ||
		       is_out_of_reach(fb, picture);
	part = shmfb_visible_part(fb, now);
	return !shmfb_rect_equal(&part, &picture->part) ||
	       !shmfb_layout_equal(now, &picture->layout);
}

int
shmfb_route_again(struct shmfb *fb)
{
	struct shmfb_picture *newest = fb->newest, *anew;
	struct shmfb_layout now = newest->layout;
	int err;

	shmfb_place(fb, &now);
	if (!is_stale(fb, newest, &now)) {
		newest->layout = now;
		return shmfb_present_assign(fb, newest);
	}
	anew = copy_of(fb, newest);
	err = shmfb_route(fb, anew);
	if (err) {
		shmfb_picture_unref(fb, anew);
		return err;
	}
	/* Its refresh may be still to come. */
	anew->landed = newest->landed;
	newest->landed = false;
	shmfb_picture_unref(fb, newest);
	fb->newest = anew;
	return 0;
}
