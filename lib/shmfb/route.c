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
#include <string.h>

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

/* What has to be done to it. */
static const char *
work(const struct shmfb *fb, const struct shmfb_picture *picture)
{
	if (!shmfb_layout_plain(&picture->layout))
		return "scaled or turned";
	return picture->format == fb->x->native.format ? "copied" :
		"converted";
}

static void
explain(struct shmfb *fb, const struct shmfb_picture *picture,
	const char *route, const char *why_not_render)
{
	const struct shmfb_visual *v = &fb->x->native.visual;
	const char *name = shmx_format_name(picture->format);
	char *why = fb->route_why;
	size_t size = sizeof(fb->route_why);

	fb->route = route;
	if (strcmp(route, "direct") == 0)
		snprintf(why, size, "%s as it is", name);
	else if (!why_not_render)
		snprintf(why, size, "%s is %s by the server", name,
			 work(fb, picture));
	else
		snprintf(why, size,
			 "%s is %s by the client for depth %u, masks "
			 "%x/%x/%x%s: %s",
			 name, work(fb, picture), v->depth, v->red, v->green,
			 v->blue, v->msb_first ? ", highest byte first" : "",
			 why_not_render);
}

/* MIT-SHM counts 32 bits of offset and 16 bits of pixels in a row. */
static bool
can_attach(const struct shmx_frame_info *f, const struct shmfb_native *native)
{
	return f->offset <= UINT32_MAX && f->offset % 4 == 0 &&
	       shmfb_native_total(native, f->stride);
}

/* From where it lies, for a drawable with such pixels. */
static void
put_as_it_lies(struct shmfb *fb, struct shmfb_picture *picture,
	       const struct shmfb_native *native)
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
	if (fb->shm && can_attach(f, native))
		picture->unasked = shmfb_segment_of_ring(fb, f,
							 &picture->segment);
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

/* And not so, after all. */
static void
forget_where(struct shmfb *fb, struct shmfb_picture *picture)
{
	shmfb_segment_unref(fb, picture->segment);
	shmfb_slot_unref(fb, picture->slot);
	picture->segment = NULL;
	picture->unasked = 0;
	picture->slot = NULL;
	picture->offset = 0;
}

/* Have the server do it. Returns NULL, or why it cannot. */
static const char *
render(struct shmfb *fb, struct shmfb_picture *picture)
{
	if (fb->pixmap.on)
		return "it is presented from memory of the window";
	if (!fb->shm && !fb->sysv)
		return "nothing is shared with the server";
	if (!fb->shm && picture->hold)
		return "a ring is no System V segment";
	if (!shmfb_render_ready(fb, picture))
		return fb->render.why;
	put_as_it_lies(fb, picture, &fb->render.native);
	if (shmfb_present_by(picture->segment)->copies) {
		forget_where(fb, picture);
		return "the server has not attached this memory";
	}
	picture->rendered = true;
	picture->part = shmfb_visible_part(fb, &picture->layout);
	return NULL;
}

/* By its segment, and if that leads to a pixmap, on from there. */
static int
assign(struct shmfb *fb, struct shmfb_picture *picture)
{
	int err = shmfb_present_assign(fb, picture);

	if (!err && picture->rendered)
		picture->by = &shmfb_present_render;
	return err;
}

bool
shmfb_route_in_bands(const struct shmfb *fb, struct shmfb_picture *picture)
{
	shmfb_place(fb, &picture->layout);
	return is_direct(fb, picture) && !fb->pixmap.on;
}

int
shmfb_route(struct shmfb *fb, struct shmfb_picture *picture)
{
	const char *why_not;
	int err;

	shmfb_place(fb, &picture->layout);
	if (fb->pixmap.on && picture->hold) {
		why_not = "it is presented from memory of the window";
	} else if (is_direct(fb, picture)) {
		put_as_it_lies(fb, picture, &fb->x->native);
		if (!is_out_of_reach(fb, picture)) {
			explain(fb, picture, "direct", NULL);
			return assign(fb, picture);
		}
		forget_where(fb, picture);
		why_not = "the server has not attached this ring";
	} else {
		why_not = render(fb, picture);
	}
	explain(fb, picture, why_not ? "staged" : "render", why_not);
	if (why_not) {
		err = shmfb_stage(fb, picture);
		if (err)
			return err;
	}
	return assign(fb, picture);
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
	copy->begun_ns = picture->begun_ns;
	return copy;
}

/* What it was made ready for: is that how it would be now? */
static bool
is_stale(struct shmfb *fb, const struct shmfb_picture *picture,
	 const struct shmfb_layout *now)
{
	struct shmx_rect part;

	/* Memory to make it ready was not to be had. */
	if (picture->staged && !picture->slot->content.defined)
		return true;
	if (!picture->staged && !picture->rendered)
		return !shmfb_layout_plain(now) ||
		       is_out_of_reach(fb, picture);
	/* The pixmap may have been another picture's since. */
	if (picture->rendered &&
	    (!picture->segment->xid || !shmfb_render_ready(fb, picture)))
		return true;
	part = shmfb_visible_part(fb, now);
	return !shmfb_rect_equal(&part, &picture->part) ||
	       !shmfb_layout_equal(now, &picture->layout);
}

int
shmfb_route_again(struct shmfb *fb, struct shmfb_picture **picture)
{
	struct shmfb_picture *old = *picture, *anew;
	struct shmfb_layout now = old->layout;
	int err;

	shmfb_place(fb, &now);
	if (!is_stale(fb, old, &now)) {
		old->layout = now;
		return assign(fb, old);
	}
	anew = copy_of(fb, old);
	err = shmfb_route(fb, anew);
	if (err) {
		shmfb_picture_unref(fb, anew);
		return err;
	}
	/* Its refresh may be still to come. */
	anew->landed = old->landed;
	old->landed = false;
	shmfb_picture_unref(fb, old);
	*picture = anew;
	return 0;
}
