/* SPDX-License-Identifier: MIT */
/*
 * write-png.c - write a picture to a file
 */
#include "config.h"

#include "write-png.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <png.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool.h"

/* A file being written; part is "" when it is written where it stands. */
struct target {
	const char *path;
	char part[PATH_MAX];
	FILE *f;
};

static void
give_up(const struct target *t, const char *why)
{
	if (t->part[0] != '\0')
		unlink(t->part);
	die("cannot write %s: %s", t->path, why);
}

/*
 * A new or an ordinary file is written beside and renamed.  Anything else (a
 * device, a pipe, a link) is what the user named it for, and stays.
 */
static void
open_target(struct target *t, const char *path)
{
	struct stat st;
	mode_t mask;
	bool exists;
	int fd;

	t->path = path;
	t->part[0] = '\0';
	exists = lstat(path, &st) == 0;
	if (exists && !S_ISREG(st.st_mode)) {
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
			  0666);
	} else {
		if ((size_t)snprintf(t->part, sizeof(t->part), "%s.XXXXXX",
				     path) >= sizeof(t->part))
			die("cannot write %s: the name is too long", path);
		fd = mkostemp(t->part, O_CLOEXEC);
		mask = umask(0);
		umask(mask);
		if (fd >= 0)
			(void)fchmod(fd, exists ? st.st_mode & 0777 :
				     0666 & ~mask);
		else
			t->part[0] = '\0';
	}
	t->f = fd < 0 ? NULL : fdopen(fd, "w");
	if (t->f == NULL)
		give_up(t, strerror(errno));
}

static void
close_target(struct target *t)
{
	if (fclose(t->f) != 0 ||
	    (t->part[0] != '\0' && rename(t->part, t->path) < 0))
		give_up(t, strerror(errno));
}

/* No way out of here with the file open: both end the program. */
static void
fail(png_structp png, png_const_charp why)
{
	give_up(png_get_error_ptr(png), why);
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
write_png_xrgb(const char *path, const void *pixels, size_t stride,
	       uint32_t width, uint32_t height)
{
	struct target t;
	png_structp png;
	png_infop info;

	open_target(&t, path);
	png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &t, fail, ignore);
	info = png == NULL ? NULL : png_create_info_struct(png);
	if (info == NULL)
		give_up(&t, "out of memory");
	png_init_io(png, t.f);
	write_rows(png, info, pixels, stride, width, height);
	png_destroy_write_struct(&png, &info);
	close_target(&t);
}
