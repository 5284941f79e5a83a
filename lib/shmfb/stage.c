/* SPDX-License-Identifier: MIT */
/*
 * stage.c - pictures that the server cannot show as they lie
 *
 * Called by route.c. Two frames that are under way have a slot each, so a slot
 * may be some pictures behind: what it lacks is asked of the ring, or of the
 * window's own list of what was drawn.
 */
#include "config.h"

#include "stage.h"

#include <errno.h>

#include "base/base.h"
#include "base/error.h"
#include "convert.h"
#include "window.h"

void
shmfb_stage_note(struct shmfb *fb, const struct shmx_rect *box)
{
	const struct shmx_rect all = shmfb_rect_all(SHMX_SIDE_MAX,
						    SHMX_SIDE_MAX);

	fb->drawn.count++;
	fb->drawn.box[fb->drawn.count % SHMFB_DRAWN] = box ? *box : all;
}

/* ------------------------------------------------------- what differs -- */

/* Of canvases, since that one was presented. */
static struct shmx_rect
drawn_since(const struct shmfb *fb, uint64_t sequence,
	    const struct shmx_rect *all)
{
	struct shmx_rect box = { 0, 0, 0, 0 };

	if (fb->drawn.count - sequence >= SHMFB_DRAWN)
		return *all;
	for (; sequence < fb->drawn.count; sequence++)
		box = shmfb_rect_join(&box, &fb->drawn.box[(sequence + 1) %
							   SHMFB_DRAWN]);
	return shmfb_rect_cut(&box, all);
}

struct shmx_rect
shmfb_content_missing(const struct shmfb *fb, const struct shmfb_content *is,
		      const struct shmfb_picture *picture)
{
	struct shmx_rect all = shmfb_rect_all(picture->layout.width,
					      picture->layout.height);
	struct shmx_rect since = all;

	if (!is->defined || is->ring_id != picture->ring_id ||
	    is->format != picture->format ||
	    is->sequence > picture->sequence ||
	    is->layout.width != picture->layout.width ||
	    is->layout.height != picture->layout.height)
		return all;
	if (is->sequence == picture->sequence)
		return (struct shmx_rect){ 0, 0, 0, 0 };
	if (picture->hold)
		shmx_damage_since(picture->hold, is->sequence, &since);
	else
		since = drawn_since(fb, is->sequence, &all);
	return since;
}

void
shmfb_content_set(struct shmfb_content *content,
		  const struct shmfb_picture *picture)
{
	*content = (struct shmfb_content){
		.defined = true,
		.ring_id = picture->ring_id,
		.sequence = picture->sequence,
		.format = picture->format,
		.part = picture->part,
		.layout = picture->layout,
	};
}

/* ----------------------------------------------------------- writing -- */

/* Cell by cell: rect is in the window, and part's corner is the slot's. */
static int
write_scaled(const struct shmfb_sink *to, const struct shmx_rect *part,
	     const struct shmx_rect *rect, const struct shmfb_source *from,
	     const struct shmfb_layout *layout)
{
	struct shmx_rect cell = { 0, 0, 0, 0 }, r;
	struct shmfb_lens lens;
	int err;

	while (shmfb_layout_next(layout, rect, &cell)) {
		shmfb_layout_lens(layout, cell.x, cell.y, &lens);
		r = shmfb_rect_move(&cell, -part->x, -part->y);
		err = shmfb_convert_through(to, &r, from, &lens);
		if (err)
			return err;
	}
	return 0;
}

static int
write_plain(const struct shmfb_sink *to, const struct shmx_rect *part,
	    const struct shmx_rect *rect, const struct shmfb_source *from,
	    const struct shmfb_layout *layout)
{
	struct shmx_rect r = shmfb_rect_move(rect, -part->x, -part->y);

	return shmfb_convert(to, &r, from,
			     (uint32_t)(rect->x - layout->at.x),
			     (uint32_t)(rect->y - layout->at.y));
}

/* A part of the slot, whose corner is the picture's part's. */
static int
write_part(const struct shmfb_copy *copy, const struct shmx_rect *part)
{
	const struct shmfb_picture *p = copy->picture;
	struct shmx_rect rect = shmfb_rect_move(part, p->part.x, p->part.y);

	if ((shmfb_layout_plain(&p->layout) ? write_plain : write_scaled)
	    (&copy->to, &p->part, &rect, &copy->from, &p->layout) < 0)
		return base_error(-ENOMEM, "no memory to convert a frame");
	return 0;
}

/* Where in the slot that shows the damaged rectangle of the picture. */
static struct shmx_rect
cover(const struct shmfb_picture *picture, const struct shmx_rect *damaged)
{
	struct shmx_rect rect = shmfb_layout_cover(&picture->layout, damaged);

	rect = shmfb_rect_cut(&rect, &picture->part);
	return shmfb_rect_move(&rect, -picture->part.x, -picture->part.y);
}

/* What it lacks is still to be written: by the put, or by shmfb_copy_rest(). */
static int
fill_slot(struct shmfb *fb, struct shmfb_picture *picture)
{
	struct shmfb_content *is = &picture->slot->content;
	struct shmfb_copy *copy = &fb->staging;
	struct shmx_rect damaged;

	if (!shmfb_rect_equal(&is->part, &picture->part) ||
	    !shmfb_layout_equal(&is->layout, &picture->layout))
		is->defined = false;
	damaged = shmfb_content_missing(fb, is, picture);
	is->defined = false;
	*copy = (struct shmfb_copy){
		.from = {
			.pixels = picture->drawn ? picture->drawn->pixels :
				  shmx_frame_pixels(picture->hold),
			.stride = picture->from_stride,
			.width = picture->layout.width,
			.height = picture->layout.height,
			.format = picture->format,
		},
		.to = { picture->slot->pixels, picture->stride,
			&fb->x->native },
		.missing = cover(picture, &damaged),
		.write = write_part,
		.picture = picture,
	};
	if (!copy->from.pixels)
		return base_error(-ENOMEM, "cannot map the frame: %s",
				  shmx_error());
	if (!shmfb_rect_empty(&copy->missing))
		shmfb_count_copy(fb, picture);
	picture->copy = copy;
	picture->slot->freed = ++fb->pool.frees;
	return fb->pixmap.on ? shmfb_copy_rest(picture) : 0;
}

int
shmfb_stage(struct shmfb *fb, struct shmfb_picture *picture)
{
	struct shmx_rect part = shmfb_visible_part(fb, &picture->layout);
	struct shmfb_slot *slot;
	uint32_t stride;
	int err;

	stride = shmfb_pool_stride(fb, (uint32_t)part.width,
				   fb->x->native.bytes);
	err = shmfb_pool_take(fb, &fb->stage, stride, (uint32_t)part.width,
			      (uint32_t)part.height, &slot);
	if (err)
		return err;
	picture->part = part;
	picture->staged = true;
	picture->slot = slot;
	picture->segment = shmfb_segment_ref(slot->segment);
	picture->width = (uint32_t)part.width;
	picture->height = (uint32_t)part.height;
	picture->stride = stride;
	return fill_slot(fb, picture);
}
