/* SPDX-License-Identifier: MIT */
/*
 * convert.c - rows of other pixel formats into XRGB8888
 */
#include "config.h"

#include "convert.h"

#include <string.h>

#include <shmx/shmx.h>

#include "base/base.h"

static const struct {
	const char *name;
	const char *alias[2];
	enum pixel_format format;
	size_t bytes;
} formats[] = {
	{ "xrgb8888", { "bgr0", "bgra" }, PIXEL_XRGB8888, 4 },
	{ "xbgr8888", { "rgb0", "rgba" }, PIXEL_XBGR8888, 4 },
	{ "rgb24", { "rgb", "rgb888" }, PIXEL_RGB24, 3 },
	{ "bgr24", { "bgr", "bgr888" }, PIXEL_BGR24, 3 },
	{ "rgb565", { "rgb565le", "rgb16" }, PIXEL_RGB565, 2 },
	{ "xrgb2101010", { "x2rgb10le", "x2rgb10" }, PIXEL_XRGB2101010, 4 },
	{ "gray8", { "gray", "r8" }, PIXEL_GRAY8, 1 },
};

enum pixel_format
pixel_format_by_name(const char *name)
{
	size_t i;

	for (i = 0; i < BASE_ARRAY_SIZE(formats); i++)
		if (strcmp(name, formats[i].name) == 0 ||
		    strcmp(name, formats[i].alias[0]) == 0 ||
		    strcmp(name, formats[i].alias[1]) == 0)
			return formats[i].format;
	return PIXEL_UNKNOWN;
}

enum pixel_format
pixel_format_of(uint32_t shmx_format)
{
	switch (shmx_format) {
	case SHMX_XRGB8888:
	case SHMX_ARGB8888:
		return PIXEL_XRGB8888;
	case SHMX_XBGR8888:
		return PIXEL_XBGR8888;
	case SHMX_RGB888:
		return PIXEL_BGR24;
	case SHMX_RGB565:
		return PIXEL_RGB565;
	case SHMX_XRGB2101010:
		return PIXEL_XRGB2101010;
	case SHMX_R8:
		return PIXEL_GRAY8;
	default:
		return PIXEL_UNKNOWN;
	}
}

uint32_t
pixel_format_in_ring(enum pixel_format format)
{
	switch (format) {
	case PIXEL_XRGB8888:
		return SHMX_XRGB8888;
	case PIXEL_XBGR8888:
		return SHMX_XBGR8888;
	case PIXEL_BGR24:
		return SHMX_RGB888;
	case PIXEL_RGB565:
		return SHMX_RGB565;
	case PIXEL_XRGB2101010:
		return SHMX_XRGB2101010;
	case PIXEL_GRAY8:
		return SHMX_R8;
	default:
		return 0;
	}
}

const char *
pixel_format_names(void)
{
	return "xrgb8888 (bgr0) xbgr8888 (rgb0) rgb24 bgr24 rgb565 "
		"xrgb2101010 gray8";
}

size_t
pixel_format_bytes(enum pixel_format format)
{
	return formats[format].bytes;
}

static uint32_t
xrgb(uint32_t r, uint32_t g, uint32_t b)
{
	return 0xff000000 | r << 16 | g << 8 | b;
}

void
convert_row(uint32_t *to, const uint8_t *from, uint32_t width,
	    enum pixel_format format)
{
	uint32_t i, v;

	switch (format) {
	case PIXEL_XRGB8888:
		memcpy(to, from, (size_t)width * 4);
		break;
	case PIXEL_XBGR8888:
		for (i = 0; i < width; i++, from += 4)
			to[i] = xrgb(from[0], from[1], from[2]);
		break;
	case PIXEL_RGB24:
		for (i = 0; i < width; i++, from += 3)
			to[i] = xrgb(from[0], from[1], from[2]);
		break;
	case PIXEL_BGR24:
		for (i = 0; i < width; i++, from += 3)
			to[i] = xrgb(from[2], from[1], from[0]);
		break;
	case PIXEL_RGB565:
		for (i = 0; i < width; i++, from += 2) {
			v = from[0] | (uint32_t)from[1] << 8;
			/* The upper bits again, so that white stays white. */
			to[i] = xrgb((v >> 11) << 3 | v >> 13,
				     (v >> 5 & 63) << 2 | (v >> 9 & 3),
				     (v & 31) << 3 | (v >> 2 & 7));
		}
		break;
	case PIXEL_XRGB2101010:
		for (i = 0; i < width; i++, from += 4) {
			memcpy(&v, from, 4);
			/* The upper eight bits of each ten. */
			to[i] = xrgb(v >> 22 & 0xff, v >> 12 & 0xff,
				     v >> 2 & 0xff);
		}
		break;
	case PIXEL_GRAY8:
		for (i = 0; i < width; i++)
			to[i] = xrgb(from[i], from[i], from[i]);
		break;
	case PIXEL_UNKNOWN:
		break;
	}
}

static uint32_t
clamp(int32_t v)
{
	return (uint32_t)BASE_MIN(BASE_MAX(v, 0), 255);
}

/* R = 1.164 (Y - 16) + 1.596 (V - 128) and so on, times 256. */
static uint32_t
yuv_pixel(int32_t y, int32_t u, int32_t v)
{
	int32_t c = 298 * (y - 16) + 128;

	return xrgb(clamp((c + 409 * (v - 128)) >> 8),
		    clamp((c - 100 * (u - 128) - 208 * (v - 128)) >> 8),
		    clamp((c + 516 * (u - 128)) >> 8));
}

void
convert_yuv(void *to, size_t stride, const struct yuv_picture *p)
{
	size_t chroma_width = ((size_t)p->width +
			       (1U << p->chroma_x_shift) - 1) >>
		p->chroma_x_shift;
	uint32_t x, row;
	uint32_t *out;
	size_t c;

	for (row = 0; row < p->height; row++) {
		out = (uint32_t *)(void *)((char *)to + row * stride);
		for (x = 0; x < p->width; x++) {
			c = (row >> p->chroma_y_shift) * chroma_width +
				(x >> p->chroma_x_shift);
			out[x] = yuv_pixel(
				p->y[(size_t)row * p->width + x],
				p->u == NULL ? 128 : p->u[c],
				p->v == NULL ? 128 : p->v[c]);
		}
	}
}
