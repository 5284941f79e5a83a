/* SPDX-License-Identifier: MIT */
/*
 * canvas.c - shmfb_begin() and shmfb_present()
 *
 * What shmfb_present_copy() copies is a canvas, too: present_copy.c.
 *
 * The canvas may be the very slot that is on the screen, for that is the one
 * that is in the caches and needs the least drawing. Should the window be
 * exposed before the present that ends the drawing, it is painted with what
 * is there; the present then covers all that was drawn, so the end is right.
 */
#include "config.h"

#include <errno.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/error.h"
#include "window.h"

void
shmfb_canvas_drop(struct shmfb *fb)
{
	shmfb_slot_unref(fb, fb->canvas.slot);
	fb->canvas.slot = NULL;
}

static uint32_t
age(const struct shmfb *fb, const struct shmfb_slot *slot)
{
	if (!slot->presented || slot->width != fb->canvas.width ||
	    slot->height != fb->canvas.height ||
	    slot->format != fb->canvas.format)
		return 0;
	return (uint32_t)BASE_MIN(fb->presents - slot->presented + 1,
				  UINT32_MAX);
}

int
shmfb_canvas_take(struct shmfb *fb, uint32_t width, uint32_t height,
		  uint32_t format)
{
	uint32_t stride = shmfb_pool_stride(fb, width,
					    shmx_format_bytes(format));
	int err;

	if (fb->canvas.slot && fb->canvas.width == width &&
	    fb->canvas.height == height && fb->canvas.format == format)
		return 0;
	if (fb->canvas.slot) {
		/* Drawn on for a size that is no more. */
		fb->canvas.slot->presented = 0;
		shmfb_canvas_drop(fb);
	}
	err = shmfb_pool_take(fb, &fb->pool, stride, width, height,
			      &fb->canvas.slot);
	if (err)
		return err;
	fb->canvas.width = width;
	fb->canvas.height = height;
	fb->canvas.stride = stride;
	fb->canvas.format = format;
	fb->canvas.begun_ns = base_now_ns();
	return 0;
}

int
shmfb_set_canvas_size(struct shmfb *fb, uint32_t width, uint32_t height)
{
	if ((width || height) &&
	    (width < 1 || width > SHMX_SIDE_MAX || height < 1 ||
	     height > SHMX_SIDE_MAX))
		return base_error(-EINVAL,
			"a canvas of %ux%u is not possible: sides are 1 to %d "
			"pixels",
			width, height, SHMX_SIDE_MAX);
	fb->canvas_width = width;
	fb->canvas_height = height;
	return 0;
}

/* Nothing is written here but when a slot comes or goes: see pool.c. */
int
shmfb_begin(struct shmfb *fb, struct shmfb_canvas *canvas)
{
	int err;

	err = shmfb_check_gone(fb);
	if (err)
		return err;
	if (!shmfb_ready(fb))
		return base_error(-EAGAIN, "not yet: pump first");
	err = shmfb_canvas_take(fb,
		fb->canvas_width ? fb->canvas_width : fb->width,
		fb->canvas_width ? fb->canvas_height : fb->height,
		fb->canvas_format);
	err = shmfb_catch_up(fb, err);
	if (err)
		return err;
	/* Whatever was copied there, it is drawn on now. */
	fb->canvas.slot->content.defined = false;
	*canvas = (struct shmfb_canvas){
		.pixels = fb->canvas.slot->pixels,
		.stride = fb->canvas.stride,
		.width = fb->canvas.width,
		.height = fb->canvas.height,
		.age = age(fb, fb->canvas.slot),
		.format = fb->canvas.format,
	};
	return 0;
}

static struct shmfb_picture *
picture_of(struct shmfb *fb, uint64_t now)
{
	struct shmfb_picture *picture = shmfb_picture_take(fb);

	picture->drawn = shmfb_slot_ref(fb->canvas.slot);
	picture->layout.width = fb->canvas.width;
	picture->layout.height = fb->canvas.height;
	picture->from_stride = fb->canvas.stride;
	picture->format = fb->canvas.format;
	picture->sequence = fb->drawn.count;
	picture->since_ns = now;
	picture->begun_ns = fb->canvas.begun_ns;
	return picture;
}

/* What the caller says differs, if what it differs from is on the screen. */
static void
damage_of(const struct shmfb *fb, const struct shmx_rect *rect,
	  unsigned count, struct shmfb_damage *damage)
{
	const struct shmfb_picture *newest = fb->newest;
	struct shmx_rect all = shmfb_rect_all(fb->canvas.width,
					      fb->canvas.height);
	unsigned i;

	shmfb_damage_init(damage, &all);
	if (!count || !newest || !newest->drawn ||
	    newest->layout.width != fb->canvas.width ||
	    newest->layout.height != fb->canvas.height) {
		shmfb_damage_all(damage);
		return;
	}
	for (i = 0; i < count; i++)
		shmfb_damage_add(damage, &rect[i]);
}

/*
 * For slots that are some presents behind. Clipped, as a box around what is
 * far outside may be wider than numbers go.
 */
static void
note_drawn(struct shmfb *fb, const struct shmx_rect *rect, unsigned count)
{
	const struct shmx_rect all = shmfb_rect_all(fb->canvas.width,
						    fb->canvas.height);
	struct shmx_rect box = { 0, 0, 0, 0 }, r;
	unsigned i;

	for (i = 0; i < count; i++) {
		r = shmfb_rect_cut(&rect[i], &all);
		box = shmfb_rect_join(&box, &r);
	}
	shmfb_stage_note(fb, count ? &box : NULL);
}

/* The canvas is a picture now, and no longer the application's. */
static void
hand_over(struct shmfb *fb)
{
	struct shmfb_slot *slot = fb->canvas.slot;

	slot->width = fb->canvas.width;
	slot->height = fb->canvas.height;
	slot->format = fb->canvas.format;
	slot->presented = ++fb->presents;
	slot->freed = ++fb->pool.frees;
	shmfb_canvas_drop(fb);
}

static int
present(struct shmfb *fb, struct shmfb_copy *copy,
	const struct shmx_rect *rect, unsigned count)
{
	struct shmfb_picture *picture;
	struct shmfb_damage changed;
	int err = 0;

	if (shmfb_flight_frames(&fb->flight) >= SHMFB_IN_FLIGHT)
		return base_error(-EAGAIN, "two frames are under way: pump");
	if (fb->held.picture)
		return base_error(-EAGAIN, "another waits for a refresh: pump");
	damage_of(fb, rect, count, &changed);
	note_drawn(fb, rect, count);
	picture = picture_of(fb, base_now_ns());
	if (copy)
		err = shmfb_copy_begin(fb, copy, picture);
	if (!err)
		err = shmfb_route(fb, picture);
	if (err) {
		shmfb_picture_unref(fb, picture);
		return shmfb_catch_up(fb, err);
	}
	return shmfb_show_picture(fb, picture, &changed);
}

int
shmfb_canvas_present(struct shmfb *fb, struct shmfb_copy *copy,
		     const struct shmx_rect *damage, unsigned count)
{
	int err;

	err = present(fb, copy, damage, count);
	if (!err) {
		hand_over(fb);
		return 0;
	}
	/* Drawn on since, and not shown: whose content is it? */
	fb->canvas.slot->presented = 0;
	fb->canvas.slot->content.defined = false;
	return err;
}

int
shmfb_present(struct shmfb *fb, const struct shmx_rect *damage,
	      unsigned count)
{
	shmfb_without_sigpipe(fb->x);
	int err;

	err = shmfb_check_gone(fb);
	if (err)
		return err;
	if (!fb->canvas.slot || (count && !damage))
		return base_error(-EINVAL,
				  "shmfb_present() without shmfb_begin()");
	return shmfb_canvas_present(fb, NULL, damage, count);
}
