/* SPDX-License-Identifier: MIT */
/*
 * format.c - what is known of each pixel format
 */
#include "config.h"

#include <shmx/shmx.h>

#include "base/base.h"

static const struct format {
	uint32_t fourcc;
	unsigned bytes;
	const char *name;
} formats[] = {
	{ SHMX_XRGB8888, 4, "XRGB8888" },
	{ SHMX_ARGB8888, 4, "ARGB8888" },
	{ SHMX_XBGR8888, 4, "XBGR8888" },
	{ SHMX_RGB565, 2, "RGB565" },
	{ SHMX_XRGB2101010, 4, "XRGB2101010" },
	{ SHMX_RGB888, 3, "RGB888" },
	{ SHMX_R8, 1, "R8" },
};

static const struct format *
find(uint32_t fourcc)
{
	size_t i;

	for (i = 0; i < BASE_ARRAY_SIZE(formats); i++)
		if (formats[i].fourcc == fourcc)
			return &formats[i];
	return NULL;
}

unsigned
shmx_format_bytes(uint32_t format)
{
	const struct format *f = find(format);

	return f == NULL ? 0 : f->bytes;
}

const char *
shmx_format_name(uint32_t format)
{
	const struct format *f = find(format);

	return f == NULL ? "unknown" : f->name;
}
