/* SPDX-License-Identifier: MIT */
/*
 * draw.c - pixels and rectangles on a canvas, checked
 *
 * For applications that begin, and for the one pixel that it takes a moment
 * to compute: who fills the whole canvas walks its rows. Nothing outside of
 * the canvas is touched, whatever the numbers are. Pure, no X.
 */
#include "config.h"

#include <string.h>

#include <shmfb/shmfb.h>

#include "base/base.h"

/* 0xRRGGBB as the format has it, in the low bytes; alpha is full. */
static uint32_t
pack(uint32_t format, uint32_t rgb)
{
	uint32_t r = rgb >> 16 & 0xff, g = rgb >> 8 & 0xff, b = rgb & 0xff;

	switch (format) {
	case SHMX_XBGR8888:
		return 0xff000000 | b << 16 | g << 8 | r;
	case SHMX_RGB565:
		return r >> 3 << 11 | g >> 2 << 5 | b >> 3;
	case SHMX_XRGB2101010:
		/* The highest bits again below: white stays white. */
		return (r << 2 | r >> 6) << 20 | (g << 2 | g >> 6) << 10 |
		       (b << 2 | b >> 6);
	case SHMX_R8:
		/* The weights of BT.601, in 256ths. */
		return (77 * r + 150 * g + 29 * b + 128) >> 8;
	default:
		return 0xff000000 | (rgb & 0xffffff);
	}
}

static uint32_t
unpack(uint32_t format, uint32_t p)
{
	uint32_t r, g, b;

	switch (format) {
	case SHMX_XBGR8888:
		return (p & 0xff) << 16 | (p & 0xff00) | (p >> 16 & 0xff);
	case SHMX_RGB565:
		r = p >> 11 & 31;
		g = p >> 5 & 63;
		b = p & 31;
		return (r << 3 | r >> 2) << 16 | (g << 2 | g >> 4) << 8 |
		       (b << 3 | b >> 2);
	case SHMX_XRGB2101010:
		return (p >> 22 & 0xff) << 16 | (p >> 12 & 0xff) << 8 |
		       (p >> 2 & 0xff);
	case SHMX_R8:
		return (p & 0xff) * 0x010101;
	default:
		return p & 0xffffff;
	}
}

/* The first byte of a pixel that is there; NULL: it is not. */
static uint8_t *
at(const struct shmfb_canvas *canvas, int32_t x, int32_t y, uint32_t bytes)
{
	if (x < 0 || y < 0 || (uint32_t)x >= canvas->width ||
	    (uint32_t)y >= canvas->height)
		return NULL;
	return (uint8_t *)canvas->pixels + (size_t)y * canvas->stride +
	       (size_t)x * bytes;
}

/* Formats are little-endian, whatever the machine is. */
static void
store(uint8_t *to, uint32_t pixel, uint32_t bytes)
{
	uint32_t i;

	for (i = 0; i < bytes; i++)
		to[i] = (uint8_t)(pixel >> 8 * i);
}

void
shmfb_set_pixel(const struct shmfb_canvas *canvas, int32_t x, int32_t y,
		uint32_t rgb)
{
	uint32_t bytes = shmx_format_bytes(canvas->format);
	uint8_t *to = at(canvas, x, y, bytes);

	if (to)
		store(to, pack(canvas->format, rgb), bytes);
}

uint32_t
shmfb_get_pixel(const struct shmfb_canvas *canvas, int32_t x, int32_t y)
{
	uint32_t bytes = shmx_format_bytes(canvas->format), pixel = 0, i;
	const uint8_t *from = at(canvas, x, y, bytes);

	if (!from)
		return 0;
	for (i = 0; i < bytes; i++)
		pixel |= (uint32_t)from[i] << 8 * i;
	return unpack(canvas->format, pixel);
}

/* The part of [*at, *at + *length) that is in [0, size); false: none. */
static bool
clip(int32_t *at, int32_t *length, uint32_t size)
{
	int64_t begin = BASE_MAX((int64_t)*at, 0);
	int64_t end = BASE_MIN((int64_t)*at + *length, (int64_t)size);

	*at = (int32_t)begin;
	*length = (int32_t)(end - begin);
	return begin < end;
}

void
shmfb_fill(const struct shmfb_canvas *canvas, const struct shmx_rect *rect,
	   uint32_t rgb)
{
	const uint32_t bytes = shmx_format_bytes(canvas->format);
	struct shmx_rect r = { 0, 0, (int32_t)canvas->width,
			       (int32_t)canvas->height };
	uint8_t *first, *to;
	int32_t i;

	if (rect)
		r = *rect;
	if (!clip(&r.x, &r.width, canvas->width) ||
	    !clip(&r.y, &r.height, canvas->height))
		return;
	first = at(canvas, r.x, r.y, bytes);
	for (i = 0, to = first; i < r.width; i++, to += bytes)
		store(to, pack(canvas->format, rgb), bytes);
	/* The other rows are copies of the first. */
	for (i = 1, to = first; i < r.height; i++) {
		to += canvas->stride;
		memcpy(to, first, (size_t)r.width * bytes);
	}
}
