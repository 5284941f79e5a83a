/* SPDX-License-Identifier: MIT */
/*
 * present_copy.c - shmfb_present_copy(): the application's own image
 *
 * It becomes a canvas like any other. Where that can be put as it is, the
 * image is converted on its way in; else it is copied as it lies, and the
 * server, or stage.c, does with it what the view asks for. A slot remembers
 * which image is in it, so that of the next one only what differs is copied.
 *
 * Called by the application; begin by canvas.c, put by flight.c, and rest by
 * show.c.
 */
#include "config.h"

#include "present_copy.h"

#include <errno.h>
#include <string.h>

#include "base/base.h"
#include "base/error.h"
#include "stage.h"
#include "window.h"

/*
 * With fewer bands the server has less to do meanwhile, and with smaller ones
 * it is woken too often. While it has another frame to do, it needs to be
 * given less to do, and to be woken not at all.
 */
#define BANDS 8
#define BAND_BYTES (320 * 1024)
#define BANDS_BEHIND 2
#define BAND_BYTES_BEHIND (512 * 1024)

/*
 * Some implementations of memcpy() go around the caches when asked for about
 * as much as fits into them, and the server is about to read it.
 */
#define PIECE (64 * 1024)

/* ---------------------------------------------------------------- copy -- */

static void
copy_run(uint8_t *to, const uint8_t *from, size_t length)
{
	size_t done, n;

	for (done = 0; done < length; done += n) {
		n = BASE_MIN(length - done, PIECE);
		memcpy(to + done, from + done, n);
	}
}

static int
copy_bytes(const struct shmfb_copy *copy, const struct shmx_rect *r)
{
	unsigned bytes = shmx_format_bytes(copy->from.format);
	size_t left = (size_t)r->x * bytes, length = (size_t)r->width * bytes;
	const uint8_t *from = copy->from.pixels;
	uint8_t *to = copy->to.pixels;
	size_t y = (size_t)r->y, n = (size_t)r->height;

	from += y * copy->from.stride + left;
	to += y * copy->to.stride + left;
	/* Rows that touch on both sides are one. */
	if (length == copy->from.stride && length == copy->to.stride) {
		length *= n;
		n = 1;
	}
	for (; n > 0; n--) {
		copy_run(to, from, length);
		from += copy->from.stride;
		to += copy->to.stride;
	}
	return 0;
}

static int
convert(const struct shmfb_copy *copy, const struct shmx_rect *r)
{
	if (shmfb_convert(&copy->to, r, &copy->from, (uint32_t)r->x,
			  (uint32_t)r->y) < 0)
		return base_error(-ENOMEM, "no memory to convert an image");
	return 0;
}

/* What is missing above that row. */
static int
copy_up_to(struct shmfb_copy *copy, int32_t row)
{
	struct shmx_rect *missing = &copy->missing, part = *missing;

	/* y is negative where the picture begins above the window. */
	part.height = (int32_t)BASE_MIN((int64_t)row - part.y, part.height);
	if (copy->err || part.height <= 0)
		return copy->err;
	copy->err = copy->write(copy, &part);
	missing->y += part.height;
	missing->height -= part.height;
	return copy->err;
}

int
shmfb_copy_rest(struct shmfb_picture *picture)
{
	int err;

	if (!picture->copy)
		return 0;
	err = copy_up_to(picture->copy, INT32_MAX);
	picture->copy = NULL;
	/* Of others it is known already which image that is. */
	if (!err && picture->staged)
		shmfb_content_set(&picture->slot->content, picture);
	return err;
}

/* -------------------------------------------------------------- bands -- */

static int32_t
band_rows(const struct shmfb *fb, const struct shmfb_picture *picture,
	  int32_t height)
{
	bool behind = shmfb_flight_frames(&fb->flight) > 0;
	uint32_t bytes = behind ? BAND_BYTES_BEHIND : BAND_BYTES;
	uint32_t bands = behind ? BANDS_BEHIND : BANDS;
	uint32_t rows = bytes / picture->stride;

	/* Each of them is a request, or some. */
	if (picture->by->copies)
		rows = fb->x->put_pixels / picture->width;
	else
		rows = BASE_MAX(rows, ((uint32_t)height + bands - 1) / bands);
	return (int32_t)BASE_MAX(rows, 1);
}

/* All damage lies in these rows. */
static struct shmx_rect
box_of(const struct shmfb_damage *damage)
{
	struct shmx_rect box = damage->rect[0];
	unsigned i;

	for (i = 1; i < damage->count; i++)
		box = shmfb_rect_join(&box, &damage->rect[i]);
	return box;
}

/* The damage within one band; false: there is none. */
static bool
cut(struct shmfb_damage *part, const struct shmfb_damage *damage,
    const struct shmx_rect *band)
{
	unsigned i;

	shmfb_damage_init(part, band);
	for (i = 0; i < damage->count; i++)
		shmfb_damage_add(part, &damage->rect[i]);
	return part->count;
}

int
shmfb_copy_put(struct shmfb *fb, const struct shmfb_target *target,
	       struct shmfb_picture *picture,
	       const struct shmfb_damage *damage, struct shmfb_run *run)
{
	struct shmx_rect box = box_of(damage), band = box;
	struct shmfb_target at = *target;
	struct shmfb_damage part;
	int err;

	band.height = band_rows(fb, picture, box.height);
	for (; band.y < box.y + box.height; band.y += band.height) {
		at.more = target->more ||
			  band.y + band.height < box.y + box.height;
		err = copy_up_to(picture->copy, band.y + band.height);
		/* Of what was begun there has to be an end. */
		if (err && !run->begun)
			return err;
		if (!cut(&part, damage, &band))
			continue;
		err = picture->by->put(fb, &at, picture, &part, run);
		if (err)
			return err;
		if (at.more)
			xcb_flush(fb->x->conn);
	}
	return 0;
}

/* ------------------------------------------------------------ present -- */

/* Can rows be read where they begin? See struct shmfb_source. */
static bool
can_convert(const struct shmfb_image *image)
{
	return (uintptr_t)image->pixels % 4 == 0 && image->stride % 4 == 0;
}

/* As what it is written into a slot: so that it can be put, if possible. */
static uint32_t
format_in_slot(const struct shmfb *fb, const struct shmfb_image *image)
{
	uint32_t native = fb->x->native.format;
	struct shmfb_layout layout = { .width = image->width,
				       .height = image->height };

	shmfb_place(fb, &layout);
	if (!native || !shmfb_layout_plain(&layout) ||
	    (native == SHMX_XRGB8888 && image->format == SHMX_ARGB8888) ||
	    !can_convert(image))
		return image->format;
	return native;
}

int
shmfb_copy_begin(struct shmfb *fb, struct shmfb_copy *copy,
		 struct shmfb_picture *picture)
{
	struct shmfb_slot *slot = picture->drawn;

	copy->missing = shmfb_content_missing(fb, &slot->content, picture);
	copy->to.pixels = slot->pixels;
	copy->to.stride = picture->from_stride;
	copy->write = copy_bytes;
	if (picture->format != copy->from.format) {
		copy->to.native = &fb->x->native;
		copy->write = convert;
	}
	if (!shmfb_rect_empty(&copy->missing))
		shmfb_count_copy(fb, picture);
	shmfb_content_set(&slot->content, picture);
	picture->copy = copy;
	if (shmfb_route_in_bands(fb, picture))
		return 0;
	return shmfb_copy_rest(picture);
}

int
shmfb_image_check_reserved(const struct shmfb_image *image)
{
	unsigned i;

	for (i = 0; i < BASE_ARRAY_SIZE(image->reserved); i++)
		if (image->reserved[i] != 0)
			return base_error(-EINVAL,
				"the reserved words of an image are to be 0");
	return 0;
}

static int
check_image(const struct shmfb_image *image)
{
	if (!image->pixels)
		return base_error(-EINVAL,
			"an image of %ux%u cannot be shown: it has no pixels",
			image->width, image->height);
	if (image->width < 1 || image->width > SHMX_SIDE_MAX ||
	    image->height < 1 ||
	    image->height > SHMX_SIDE_MAX)
		return base_error(-EINVAL,
			"an image of %ux%u cannot be shown: sides are 1 to %d "
			"pixels",
			image->width, image->height, SHMX_SIDE_MAX);
	if (!shmfb_convert_knows(image->format))
		return base_error(-ENOTSUP,
			"images of format %s (%08x) cannot be shown",
			shmx_format_name(image->format), image->format);
	if (image->stride < (size_t)image->width *
	    shmx_format_bytes(image->format) || image->stride > INT32_MAX)
		return base_error(-EINVAL,
			"rows of %zu bytes are not those of an image %u pixels "
			"wide",
			image->stride, image->width);
	return shmfb_image_check_reserved(image);
}

static int
present_copy(struct shmfb *fb, const struct shmfb_image *image,
	     const struct shmx_rect *damage, unsigned count)
{
	struct shmfb_copy copy = { .from = {
		image->pixels, image->stride, image->width, image->height,
		image->format,
	} };
	int err;

	err = shmfb_canvas_take(fb, image->width, image->height,
				format_in_slot(fb, image));
	if (err)
		return shmfb_catch_up(fb, err);
	err = shmfb_canvas_present(fb, &copy, damage, count);
	/* Half of it may be on the screen: from there nothing is a change. */
	if (!err && copy.err) {
		err = copy.err;
		fb->newest->drawn->content.defined = false;
		shmfb_picture_unref(fb, fb->newest);
		fb->newest = NULL;
	}
	shmfb_canvas_drop(fb);
	return err;
}

int
shmfb_present_copy(struct shmfb *fb, const struct shmfb_image *image,
		   const struct shmx_rect *damage, unsigned count)
{
	shmfb_without_sigpipe(fb->x);
	int err;

	err = shmfb_check_gone(fb);
	if (!err)
		err = check_image(image);
	if (err)
		return err;
	if (count && !damage)
		return base_error(-EINVAL, "rectangles without any");
	if (!shmfb_ready(fb))
		return base_error(-EAGAIN, "not yet: pump first");
	return present_copy(fb, image, damage, count);
}
