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
#include <setjmp.h>
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
	const char *why;		/* what went wrong; NULL: nothing */
};

static bool
give_up(struct target *t, const char *why)
{
	if (t->part[0] != '\0')
		unlink(t->part);
	if (t->f != NULL)
		fclose(t->f);
	t->why = why;
	return false;
}

/*
 * A new or an ordinary file is written beside and renamed.  Anything else (a
 * device, a pipe, a link) is what the user named it for, and stays.
 */
static bool
open_target(struct target *t, const char *path)
{
	struct stat st;
	mode_t mask;
	bool exists;
	int fd;

	*t = (struct target){ .path = path };
	exists = lstat(path, &st) == 0;
	if (exists && !S_ISREG(st.st_mode)) {
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
			  0666);
	} else {
		if ((size_t)snprintf(t->part, sizeof(t->part), "%s.XXXXXX",
				     path) >= sizeof(t->part))
			return give_up(t, "the name is too long");
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
	return t->f != NULL || give_up(t, strerror(errno));
}

/* As open_target() does it: in its directory, or where it stands. An errno. */
static int
what_prevents(const char *path)
{
	const char *slash = strrchr(path, '/');
	char where[PATH_MAX] = ".";
	struct stat st;

	if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		if (S_ISDIR(st.st_mode))
			return EISDIR;
		/* What a link points to may have to be made. */
		if (S_ISLNK(st.st_mode))
			return 0;
		return access(path, W_OK) < 0 ? errno : 0;
	}
	if (slash != NULL && (size_t)snprintf(where, sizeof(where), "%.*s",
			(int)(slash - path) + 1, path) >= sizeof(where))
		return ENAMETOOLONG;
	return access(where, W_OK | X_OK) < 0 ? errno : 0;
}

bool
png_can_be_written(const char *path, const char **why)
{
	int error = what_prevents(path);

	if (error != 0)
		*why = strerror(error);
	return error == 0;
}

static bool
close_target(struct target *t)
{
	FILE *f = t->f;

	t->f = NULL;
	if (fclose(f) != 0 ||
	    (t->part[0] != '\0' && rename(t->part, t->path) < 0))
		return give_up(t, strerror(errno));
	return true;
}

/* libpng wants not to be returned to; what it says is in its own memory. */
static void
fail(png_structp png, png_const_charp why)
{
	struct target *t = png_get_error_ptr(png);

	t->why = ferror(t->f) ? strerror(errno) : strcmp(why, "Write Error") ?
		"libpng cannot" : strerror(errno);
	longjmp(png_jmpbuf(png), 1);
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

/* png and info are cleaned up here alone, so that a longjmp clobbers none. */
static bool
write_png(struct target *t, png_structp png, const void *pixels,
	  size_t stride, uint32_t width, uint32_t height)
{
	png_infop info = png_create_info_struct(png);

	if (info == NULL) {
		t->why = "out of memory";
		return false;
	}
	if (setjmp(png_jmpbuf(png)) == 0) {
		png_init_io(png, t->f);
		write_rows(png, info, pixels, stride, width, height);
	}
	png_destroy_info_struct(png, &info);
	return t->why == NULL;
}

bool
try_png_xrgb(const char *path, const void *pixels, size_t stride,
	     uint32_t width, uint32_t height, const char **why)
{
	struct target t;
	png_structp png;
	bool ok;

	ok = open_target(&t, path);
	if (ok) {
		png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &t, fail,
					      ignore);
		if (png == NULL)
			t.why = "out of memory";
		ok = png != NULL && write_png(&t, png, pixels, stride, width,
					      height);
		png_destroy_write_struct(&png, NULL);
		ok = ok ? close_target(&t) : give_up(&t, t.why);
	}
	if (!ok)
		*why = t.why;
	return ok;
}

void
write_png_xrgb(const char *path, const void *pixels, size_t stride,
	       uint32_t width, uint32_t height)
{
	const char *why;

	if (!try_png_xrgb(path, pixels, stride, width, height, &why))
		die("cannot write %s: %s", path, why);
}
