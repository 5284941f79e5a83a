/* SPDX-License-Identifier: MIT */
/*
 * write-png.c - write a picture to a file
 */
#include "config.h"

#include "write-png.h"

#include <limits.h>
#include <png.h>
#include <stdio.h>
#include <unistd.h>

#include "tool.h"

/* No path out of here with the file open: both end the program. */
static void
fail(png_structp png, png_const_charp why)
{
	const char *path = png_get_error_ptr(png);

	unlink(path);
	die("cannot write %s: %s", path, why);
}

static void
ignore(png_structp png BASE_UNUSED, png_const_charp why BASE_UNUSED)
{
}

static void
write_rows(png_structp png, png_infop info, const void *pixels, size_t stride,
	   uint32_t width, uint32_t height)
{
	const unsigned char *row = pixels;
	uint32_t y;

	png_set_IHDR(png, info, width, height, 8, PNG_COLOR_TYPE_RGB,
		     PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
		     PNG_FILTER_TYPE_DEFAULT);
	png_set_compression_level(png, 3);
	png_write_info(png, info);
	/* B G R x in memory. */
	png_set_filler(png, 0, PNG_FILLER_AFTER);
	png_set_bgr(png);
	for (y = 0; y < height; y++, row += stride)
		png_write_row(png, row);
	png_write_end(png, NULL);
}

void
png_write_xrgb(const char *path, const void *pixels, size_t stride,
	       uint32_t width, uint32_t height)
{
	char part[PATH_MAX];
	png_structp png;
	png_infop info;
	FILE *f;

	if ((size_t)snprintf(part, sizeof(part), "%s.part", path) >=
	    sizeof(part))
		die("cannot write %s: the name is too long", path);
	f = fopen(part, "we");
	if (f == NULL)
		die_errno("cannot write %s: ", path);
	png = png_create_write_struct(PNG_LIBPNG_VER_STRING, part, fail,
				      ignore);
	info = png == NULL ? NULL : png_create_info_struct(png);
	if (info == NULL) {
		unlink(part);
		die("cannot write %s: out of memory", path);
	}
	png_init_io(png, f);
	write_rows(png, info, pixels, stride, width, height);
	png_destroy_write_struct(&png, &info);
	if (fclose(f) != 0 || rename(part, path) < 0) {
		unlink(part);
		die_errno("cannot write %s: ", path);
	}
}
