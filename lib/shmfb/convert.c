/* SPDX-License-Identifier: MIT */
/*
 * convert.c - pixels of any SHMX format into those of a window
 *
 * Called by stage.c. pixman computes with coordinates of 16 bits, less a few
 * for its own use, and its rows begin at multiples of 4 bytes: so it is given
 * a cut-out of the source and one of the target, never the whole.
 *
 * Where pixman cannot draw as the server wants it, a block of the target is
 * drawn in a format that it has, and goes from there to its place.
 */
#include "config.h"

#include "convert.h"

#include <errno.h>
#include <pixman.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "geometry.h"

/* One block, at 1:1: fits into the second cache together with its source. */
#define BLOCK_WIDTH 4096
#define BLOCK_HEIGHT 16
/* Pixels of a block that is drawn beside its place: 16 KB of stack. */
#define ASIDE 4096
/* How much of the source a lens may see at once. */
#define SEEN_SIDE 16384

/* What of the source a block reads. */
struct view {
	const struct shmfb_source *from;
	const struct shmfb_lens *lens;	/* NULL: pixel by pixel */
	int32_t x;			/* of the block's first pixel */
	int32_t y;
};

static const struct {
	uint32_t format;
	pixman_format_code_t pixman;
	uint8_t bytes;
} readable[] = {
	{ SHMX_XRGB8888, PIXMAN_x8r8g8b8, 4 },
	{ SHMX_ARGB8888, PIXMAN_a8r8g8b8, 4 },
	{ SHMX_XBGR8888, PIXMAN_x8b8g8r8, 4 },
	{ SHMX_RGB565, PIXMAN_r5g6b5, 2 },
	{ SHMX_XRGB2101010, PIXMAN_x2r10g10b10, 4 },
	{ SHMX_RGB888, PIXMAN_r8g8b8, 3 },
	/* Read as how much of white is seen; there is no grey in pixman. */
	{ SHMX_R8, PIXMAN_a8, 1 },
};

static int
find(uint32_t format)
{
	unsigned i;

	for (i = 0; i < BASE_ARRAY_SIZE(readable); i++)
		if (readable[i].format == format)
			return (int)i;
	return -1;
}

bool
shmfb_convert_knows(uint32_t format)
{
	return find(format) >= 0;
}

/* ------------------------------------------------------------- images -- */

/*
 * An image of that part of the source, enlarged to the left so that it begins
 * at a multiple of 4 bytes: *skip is by how many pixels.
 */
static pixman_image_t *
source_image(const struct shmfb_source *from, const struct shmx_rect *part,
	     int32_t *skip)
{
	int known = find(from->format);
	const uint8_t *at = from->pixels;
	uintptr_t bits;

	if (known < 0)
		return NULL;
	*skip = part->x % 4;
	at += (size_t)part->y * from->stride +
	      (size_t)(part->x - *skip) * readable[known].bytes;
	/* Which is not written to, whatever the type says. */
	bits = (uintptr_t)at;
	return pixman_image_create_bits_no_clear(readable[known].pixman,
		part->width + *skip, part->height, (uint32_t *)bits,
		(int)from->stride);
}

static void
set_lens(pixman_image_t *image, const struct shmfb_lens *lens, int32_t x,
	 int32_t y)
{
	/* pixman adds half a pixel to what it looks up, and then transforms. */
	const int64_t x0 = (int64_t)lens->x - (int64_t)x * 65536 -
			   ((int64_t)lens->x_right + lens->x_down) / 2;
	const int64_t y0 = (int64_t)lens->y - (int64_t)y * 65536 -
			   ((int64_t)lens->y_right + lens->y_down) / 2;
	const pixman_transform_t t = { {
		{ lens->x_right, lens->x_down, (pixman_fixed_t)x0 },
		{ lens->y_right, lens->y_down, (pixman_fixed_t)y0 },
		{ 0, 0, pixman_fixed_1 },
	} };

	pixman_image_set_transform(image, &t);
	pixman_image_set_repeat(image, PIXMAN_REPEAT_PAD);
	pixman_image_set_filter(image, lens->linear ? PIXMAN_FILTER_BILINEAR :
				PIXMAN_FILTER_NEAREST, NULL, 0);
}

/* What the lens sees of the source, with a pixel around it. */
static struct shmx_rect
seen(const struct view *view, int32_t width, int32_t height)
{
	const struct shmfb_lens *lens = view->lens;
	struct shmx_rect all = shmfb_rect_all(view->from->width,
					      view->from->height);
	int64_t x[2] = { lens->x, lens->x }, y[2] = { lens->y, lens->y };
	int64_t by[4] = { (int64_t)lens->x_right * (width - 1),
			  (int64_t)lens->x_down * (height - 1),
			  (int64_t)lens->y_right * (width - 1),
			  (int64_t)lens->y_down * (height - 1) };
	struct shmx_rect r;

	x[by[0] > 0] += by[0];
	x[by[1] > 0] += by[1];
	y[by[2] > 0] += by[2];
	y[by[3] > 0] += by[3];
	r.x = (int32_t)BASE_MIN(x[0] >> 16, all.width) - 1;
	r.y = (int32_t)BASE_MIN(y[0] >> 16, all.height) - 1;
	r.width = (int32_t)((x[1] >> 16) - r.x + 2);
	r.height = (int32_t)((y[1] >> 16) - r.y + 2);
	return shmfb_rect_cut(&r, &all);
}

/* The source of a block, ready to be looked at from 0, 0. */
static pixman_image_t *
open_view(const struct view *view, int32_t width, int32_t height,
	  int32_t *src_x)
{
	struct shmx_rect part = { view->x, view->y, width, height };
	pixman_image_t *image;
	int32_t skip;

	if (view->lens)
		part = seen(view, width, height);
	image = source_image(view->from, &part, &skip);
	*src_x = view->lens ? 0 : skip;
	if (image && view->lens)
		set_lens(image, view->lens, part.x - skip, part.y);
	return image;
}

/* -------------------------------------------------------------- draw -- */

/* White, as far as the grey source lets it be seen. */
static int
draw_grey(pixman_image_t *grey, pixman_image_t *target, int32_t src_x,
	  int32_t dst_x, int32_t width, int32_t height)
{
	static const pixman_color_t white = { 0xffff, 0xffff, 0xffff, 0xffff };
	pixman_image_t *image = pixman_image_create_solid_fill(&white);

	if (!image)
		return -ENOMEM;
	pixman_image_composite32(PIXMAN_OP_SRC, image, grey, target, 0, 0,
				 src_x, 0, dst_x, 0, width, height);
	pixman_image_unref(image);
	return 0;
}

/* Into memory of that format; to is where the first pixel goes. */
static int
draw(const struct view *view, uint32_t format, uint8_t *to, size_t stride,
     int32_t width, int32_t height)
{
	/* Its first pixel may lie where pixman does not let a row begin. */
	int32_t dst_x = (int32_t)((uintptr_t)to % 4);
	unsigned bytes = PIXMAN_FORMAT_BPP(format) / 8;
	pixman_image_t *source, *target = NULL;
	int err = -ENOMEM;
	int32_t src_x;

	/* Back by pixels until it does; by three bytes to be one further. */
	dst_x = bytes == 3 ? (4 - dst_x) % 4 : dst_x / (int32_t)bytes;
	source = open_view(view, width, height, &src_x);
	if (source)
		target = pixman_image_create_bits_no_clear(
			(pixman_format_code_t)format, width + dst_x, height,
			(uint32_t *)(void *)(to - (size_t)dst_x * bytes),
			(int)stride);
	if (!target)
		goto out;
	if (view->from->format == SHMX_R8) {
		err = draw_grey(source, target, src_x, dst_x, width, height);
		goto out;
	}
	pixman_image_composite32(PIXMAN_OP_SRC, source, NULL, target, src_x, 0,
				 0, 0, dst_x, 0, width, height);
	err = 0;
out:
	if (target)
		pixman_image_unref(target);
	if (source)
		pixman_image_unref(source);
	return err;
}

/* ---------------------------------------------- what pixman has not -- */

static void
turn_row(uint8_t *row, uint8_t bytes, int32_t width)
{
	uint32_t four;
	uint16_t two;
	int32_t x;

	for (x = 0; x < width; x++, row += bytes) {
		if (bytes == 2) {
			memcpy(&two, row, 2);
			two = __builtin_bswap16(two);
			memcpy(row, &two, 2);
		} else {
			memcpy(&four, row, 4);
			four = __builtin_bswap32(four);
			memcpy(row, &four, 4);
		}
	}
}

/* Ten bits, or the upper ones of them, at the mask's place. */
static uint32_t
channel(uint32_t ten, uint32_t mask)
{
	return (ten >> (10 - __builtin_popcount(mask))) <<
	       __builtin_ctz(mask);
}

static void
pack_row(const struct shmfb_native *native, uint8_t *to, const uint32_t *from,
	 int32_t width)
{
	const struct shmfb_visual *v = &native->visual;
	uint32_t value;
	int32_t x;

	for (x = 0; x < width; x++, to += native->bytes) {
		value = native->alpha | channel(from[x] >> 20 & 0x3ff, v->red) |
			channel(from[x] >> 10 & 0x3ff, v->green) |
			channel(from[x] & 0x3ff, v->blue);
		shmfb_native_store(native, to, value);
	}
}

/* The block by way of pixels with ten bits a channel. */
static int
pack(const struct shmfb_sink *to, uint8_t *at, const struct view *view,
     int32_t width, int32_t height)
{
	uint32_t aside[ASIDE];
	int32_t y;
	int err;

	err = draw(view, PIXMAN_x2r10g10b10, (uint8_t *)aside,
		   (size_t)width * 4, width, height);
	if (err)
		return err;
	for (y = 0; y < height; y++)
		pack_row(to->native, at + (size_t)y * to->stride,
			 aside + (size_t)y * (size_t)width, width);
	return 0;
}

/* Grey that was drawn as white let through is as opaque as it is bright. */
static void
make_opaque(const struct shmfb_native *native, uint8_t *row, int32_t width)
{
	uint8_t ones[4];
	int32_t x;
	unsigned i;

	shmfb_native_store(native, ones, native->alpha);
	for (x = 0; x < width; x++, row += native->bytes)
		for (i = 0; i < native->bytes; i++)
			row[i] |= ones[i];
}

/* ------------------------------------------------------------ blocks -- */

static int
convert_block(const struct shmfb_sink *to, const struct shmx_rect *block,
	      const struct view *view)
{
	const struct shmfb_native *native = to->native;
	uint8_t *at = (uint8_t *)to->pixels + (size_t)block->y * to->stride +
		      (size_t)block->x * native->bytes;
	bool see_through = native->alpha && view->from->format == SHMX_R8;
	int32_t y;
	int err;

	if (!native->pixman)
		return pack(to, at, view, block->width, block->height);
	err = draw(view, native->pixman, at, to->stride, block->width,
		   block->height);
	if (err)
		return err;
	for (y = 0; y < block->height && (native->swap || see_through); y++) {
		uint8_t *row = at + (size_t)y * to->stride;

		if (native->swap)
			turn_row(row, native->swap, block->width);
		if (see_through)
			make_opaque(native, row, block->width);
	}
	return 0;
}

/* The lens, moved to where the block is in its rectangle. */
static struct shmfb_lens
moved(const struct shmfb_lens *lens, int32_t dx, int32_t dy)
{
	struct shmfb_lens m = *lens;

	m.x += lens->x_right * dx + lens->x_down * dy;
	m.y += lens->y_right * dx + lens->y_down * dy;
	return m;
}

/* Block by block; view->x and y are of the rectangle's first pixel. */
static int
convert_blocks(const struct shmfb_sink *to, const struct shmx_rect *rect,
	       const struct view *view, int32_t width, int32_t height)
{
	struct shmx_rect cell = { rect->x, rect->y, width, height }, block;
	struct view part = *view;
	struct shmfb_lens lens;
	int err;

	for (; cell.y < rect->y + rect->height; cell.y += height)
		for (cell.x = rect->x; cell.x < rect->x + rect->width;
		     cell.x += width) {
			block = shmfb_rect_cut(&cell, rect);
			part.x = view->x + cell.x - rect->x;
			part.y = view->y + cell.y - rect->y;
			if (view->lens) {
				lens = moved(view->lens, cell.x - rect->x,
					     cell.y - rect->y);
				part.lens = &lens;
			}
			err = convert_block(to, &block, &part);
			if (err)
				return err;
		}
	return 0;
}

static int
convert(const struct shmfb_sink *to, const struct shmx_rect *rect,
	const struct view *view, int32_t width, int32_t height)
{
	width = BASE_MIN(width, rect->width);
	/* Beside its place there is less room. */
	if (!to->native->pixman) {
		width = BASE_MIN(width, ASIDE);
		height = BASE_MIN(height, BASE_MAX(ASIDE / width, 1));
	}
	return convert_blocks(to, rect, view, width, height);
}

int
shmfb_convert(const struct shmfb_sink *to, const struct shmx_rect *rect,
	      const struct shmfb_source *from, uint32_t x, uint32_t y)
{
	const struct view view = { from, NULL, (int32_t)x, (int32_t)y };

	if (shmfb_rect_empty(rect))
		return 0;
	return convert(to, rect, &view, BLOCK_WIDTH, BLOCK_HEIGHT);
}

/* How many steps of that kind a block may have. */
static int32_t
steps(int32_t dx, int32_t dy)
{
	int64_t step = BASE_MAX(BASE_MAX(llabs(dx), llabs(dy)), 1);

	return (int32_t)BASE_MAX(BASE_MIN((INT64_C(65536) * SEEN_SIDE) / step,
					  SHMFB_LENS_SIDE), 1);
}

int
shmfb_convert_through(const struct shmfb_sink *to,
		      const struct shmx_rect *rect,
		      const struct shmfb_source *from,
		      const struct shmfb_lens *lens)
{
	const struct view view = { from, lens, 0, 0 };

	if (shmfb_rect_empty(rect))
		return 0;
	return convert(to, rect, &view, steps(lens->x_right, lens->y_right),
		       steps(lens->x_down, lens->y_down));
}
