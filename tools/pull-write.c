/* SPDX-License-Identifier: MIT */
/*
 * pull-write.c - frames into files: raw, PPM, YUV4MPEG2, PNG
 *
 * A frame is written at one go from memory of ours, or, where it lies in the
 * ring as it is wanted, from there.
 */
#include "config.h"

#include "pull.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/fd.h"
#include "convert.h"
#include "tool.h"
#include "write-png.h"

/* Room for what stands before the pixels. */
#define HEAD_BYTES 128

/*
 * A rate is measured by that many frames, or by those of that time: few enough
 * to be kept in memory, and for nobody to wait long.
 */
#define MEASURED_FRAMES 10
#define MEASURED_NS BASE_NS_PER_S

/* Of a film of one frame, say. */
static const struct rate unknown_rate = { 60, 1 };

enum pull_format
pull_format_by_name(const char *name)
{
	static const char *const names[] = {
		[PULL_RAW] = "raw", [PULL_PPM] = "ppm",
		[PULL_Y4M] = "y4m", [PULL_PNG] = "png",
	};
	unsigned i;

	for (i = PULL_RAW; i < BASE_ARRAY_SIZE(names); i++)
		if (strcasecmp(name, names[i]) == 0)
			return (enum pull_format)i;
	return PULL_NONE;
}

enum pull_format
pull_format_by_path(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot == NULL ? PULL_NONE : pull_format_by_name(dot + 1);
}

/* ---------------------------------------------------------------- names -- */

/* After a '%': how long "d" or "04d" is, and its width; 0: neither. */
static size_t
conversion(const char *s, int *width)
{
	size_t n = strspn(s, "0123456789");

	*width = n > 0 ? (int)strtol(s, NULL, 10) : 0;
	/* A width without the zero would be blanks in a name. */
	if (s[n] != 'd' || n > 2 || (n > 0 && s[0] != '0'))
		return 0;
	return n + 1;
}

int
pull_is_pattern(const char *path)
{
	int found = 0, width;
	const char *p;
	size_t n;

	for (p = path; *p != '\0'; p++) {
		if (*p != '%')
			continue;
		n = p[1] == '%' ? 1 : conversion(p + 1, &width);
		if (n == 0)
			return -1;
		if (p[1] != '%' && found++)
			return -1;
		p += n;
	}
	return found;
}

/* The name of file number n: as printf would, of a format that is the user's. */
static void
expand(char out[PATH_MAX], const char *path, uint64_t n)
{
	size_t used = 0;
	const char *p;
	int width;

	for (p = path; *p != '\0'; p++) {
		if (used + 32 >= PATH_MAX)
			die("cannot write %s: the name is too long", path);
		if (*p == '%' && p[1] == '%') {
			out[used++] = *p++;
		} else if (*p == '%') {
			p += conversion(p + 1, &width);
			used += (size_t)snprintf(out + used, PATH_MAX - used,
				"%0*llu", width, (unsigned long long)n);
		} else {
			out[used++] = *p;
		}
	}
	out[used] = '\0';
}

/* ---------------------------------------------------------------- bytes -- */

static const char *
name_of(const struct pull_sink *sink)
{
	return sink->path == NULL ? "the standard output" : sink->path;
}

/* false: nobody reads it any more, or we were interrupted. */
static bool
write_all(struct pull_sink *sink, const void *data, size_t bytes)
{
	const char *p = data;
	ssize_t n;

	while (bytes > 0) {
		n = write(sink->fd, p, bytes);
		if (n < 0 && errno == EINTR && !interrupted())
			continue;
		if (n < 0 && (errno == EINTR || errno == EPIPE))
			return false;
		if (n < 0)
			die_errno("cannot write to %s after %llu frames: ",
				  name_of(sink),
				  (unsigned long long)sink->count);
		p += n;
		bytes -= (size_t)n;
	}
	return true;
}

static void
open_stream(struct pull_sink *sink, const char *path)
{
	sink->fd = path == NULL ? STDOUT_FILENO :
		open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (sink->fd < 0)
		die_errno("cannot write %s: ", path);
}

/* Some file systems only tell here that there was no room. */
static void
close_stream(struct pull_sink *sink, const char *path)
{
	if (sink->fd > STDERR_FILENO && close(sink->fd) < 0)
		die_errno("cannot write %s: ", path);
	sink->fd = -1;
}

/* --------------------------------------------------------------- pixels -- */

static uint8_t *
get_buf(struct pull_sink *sink, size_t bytes)
{
	if (sink->buf_bytes >= bytes)
		return sink->buf;
	free(sink->buf);
	sink->buf = malloc(bytes);
	sink->buf_bytes = bytes;
	if (sink->buf == NULL)
		die("out of memory for a frame of %zu bytes", bytes);
	return sink->buf;
}

/* Row y of the frame into width pixels of XRGB8888. */
static void
get_row(uint32_t *to, const struct shmx_frame_info *info, const uint8_t *from,
	uint32_t y)
{
	convert_row(to, from + (size_t)y * info->stride, info->width,
		    pixel_format_of(info->format));
}

static uint32_t *
row_buf(uint32_t width)
{
	uint32_t *row = malloc((size_t)width * sizeof(*row));

	if (row == NULL)
		die("out of memory for a row of %u pixels", width);
	return row;
}

/* As it lies there, without what pads the rows. */
static bool
write_raw(struct pull_sink *sink, const struct shmx_frame_info *info,
	  const uint8_t *from)
{
	size_t row = (size_t)info->width * shmx_format_bytes(info->format);
	uint8_t *to;
	uint32_t y;

	if (row == info->stride)
		return write_all(sink, from, row * info->height);
	to = get_buf(sink, row * info->height);
	for (y = 0; y < info->height; y++)
		memcpy(to + row * y, from + (size_t)info->stride * y, row);
	return write_all(sink, to, row * info->height);
}

static bool
write_ppm(struct pull_sink *sink, const struct shmx_frame_info *info,
	  const uint8_t *from)
{
	size_t size = (size_t)info->width * info->height * 3;
	uint8_t *start = get_buf(sink, HEAD_BYTES + size), *to;
	uint32_t *row = row_buf(info->width);
	uint32_t x, y;

	to = start + snprintf((char *)start, HEAD_BYTES, "P6\n%u %u\n255\n",
			      info->width, info->height);
	for (y = 0; y < info->height; y++) {
		get_row(row, info, from, y);
		for (x = 0; x < info->width; x++) {
			*to++ = (uint8_t)(row[x] >> 16);
			*to++ = (uint8_t)(row[x] >> 8);
			*to++ = (uint8_t)row[x];
		}
	}
	free(row);
	return write_all(sink, start, (size_t)(to - start));
}

/*
 * ITU-R BT.601, limited range, which is what YUV4MPEG2 means unless it says
 * otherwise; what convert_yuv() undoes.  C444: no colour is spread over its
 * neighbours.
 */
static void
put_yuv(uint8_t *y, uint8_t *u, uint8_t *v, uint32_t pixel)
{
	int r = pixel >> 16 & 0xff, g = pixel >> 8 & 0xff, b = pixel & 0xff;

	*y = (uint8_t)(((66 * r + 129 * g + 25 * b + 128) >> 8) + 16);
	*u = (uint8_t)((-38 * r - 74 * g + 112 * b + 128 + (128 << 8)) >> 8);
	*v = (uint8_t)((112 * r - 94 * g - 18 * b + 128 + (128 << 8)) >> 8);
}

static void
put_planes(uint8_t *to, const struct shmx_frame_info *info,
	   const uint8_t *from)
{
	size_t plane = (size_t)info->width * info->height;
	uint32_t *row = row_buf(info->width);
	uint32_t x, y;

	for (y = 0; y < info->height; y++) {
		get_row(row, info, from, y);
		for (x = 0; x < info->width; x++, to++)
			put_yuv(to, to + plane, to + 2 * plane, row[x]);
	}
	free(row);
}

static bool
write_y4m_head(struct pull_sink *sink)
{
	char head[HEAD_BYTES];
	int n;

	n = snprintf(head, sizeof(head), "YUV4MPEG2 W%u H%u F%u:%u Ip A1:1 "
		     "C444\n", sink->width, sink->height, sink->fps.num,
		     sink->fps.den);
	return write_all(sink, head, (size_t)n);
}

/* Room for one more frame behind those that are kept. */
static uint8_t *
keep(struct pull_sink *sink, size_t bytes)
{
	uint8_t *kept = realloc(sink->kept, sink->kept_bytes + bytes);

	if (kept == NULL)
		die("out of memory for frames of %zu bytes", bytes);
	sink->kept = kept;
	sink->kept_bytes += bytes;
	sink->kept_frames++;
	return kept + sink->kept_bytes - bytes;
}

/* The rate of those that are kept, and then they themselves. */
static bool
write_kept(struct pull_sink *sink)
{
	bool ok;

	sink->fps = sink->to_ns > sink->from_ns ?
		rate_measured(sink->kept_frames - 2,
			      sink->to_ns - sink->from_ns) : unknown_rate;
	ok = write_y4m_head(sink) &&
	     write_all(sink, sink->kept, sink->kept_bytes);
	free(sink->kept);
	sink->kept = NULL;
	return ok;
}

/* The first one may have been there for long: it tells nothing. */
static bool
measure(struct pull_sink *sink, const struct shmx_frame_info *info)
{
	if (sink->kept_frames <= 2)
		sink->from_ns = info->published_ns;
	sink->to_ns = info->published_ns;
	if (sink->kept_frames < MEASURED_FRAMES &&
	    sink->to_ns - sink->from_ns < MEASURED_NS)
		return true;
	return write_kept(sink);
}

static bool
write_y4m(struct pull_sink *sink, const struct shmx_frame_info *info,
	  const uint8_t *from)
{
	static const char head[] = { 'F', 'R', 'A', 'M', 'E', '\n' };
	size_t bytes = sizeof(head) + 3 * (size_t)info->width * info->height;
	bool known = sink->fps.den != 0;
	uint8_t *to = known ? get_buf(sink, bytes) : keep(sink, bytes);

	memcpy(to, head, sizeof(head));
	put_planes(to + sizeof(head), info, from);
	if (!known)
		return measure(sink, info);
	return (sink->count > 0 || write_y4m_head(sink)) &&
	       write_all(sink, to, bytes);
}

static bool
write_png_file(struct pull_sink *sink, const struct shmx_frame_info *info,
	       const uint8_t *from, const char *path)
{
	size_t stride = (size_t)info->width * 4;
	uint8_t *to = get_buf(sink, stride * info->height);
	uint32_t y;

	for (y = 0; y < info->height; y++)
		get_row((uint32_t *)(void *)(to + stride * y), info, from, y);
	write_png_xrgb(path, to, stride, info->width, info->height);
	return true;
}

/* --------------------------------------------------------------- frames -- */

/* A stream has a size: who reads it could not tell where a frame ends. */
static void
check_same(struct pull_sink *sink, const struct shmx_frame_info *info)
{
	if (sink->count == 0) {
		sink->width = info->width;
		sink->height = info->height;
		sink->pixels = info->format;
	}
	if (sink->width == info->width && sink->height == info->height &&
	    (sink->format != PULL_RAW || sink->pixels == info->format))
		return;
	die("the ring changed from %ux%u %s to %ux%u %s after %llu frames, "
	    "and a stream is of one size", sink->width, sink->height,
	    shmx_format_name(sink->pixels), info->width, info->height,
	    shmx_format_name(info->format), (unsigned long long)sink->count);
}

static bool
write_frame(struct pull_sink *sink, const struct shmx_frame_info *info,
	    const uint8_t *from, const char *path)
{
	switch (sink->format) {
	case PULL_RAW:
		return write_raw(sink, info, from);
	case PULL_PPM:
		return write_ppm(sink, info, from);
	case PULL_Y4M:
		return write_y4m(sink, info, from);
	default:
		return write_png_file(sink, info, from, path);
	}
}

bool
pull_write(struct pull_sink *sink, struct shmx_hold *hold)
{
	const struct shmx_frame_info *info = shmx_frame_info(hold);
	bool each = sink->path != NULL && pull_is_pattern(sink->path) > 0;
	const char *path = sink->path;
	const uint8_t *from;
	char name[PATH_MAX];
	bool ok;

	if (shmx_format_bytes(info->format) == 0)
		die("a frame of a format that is not known cannot be written");
	from = shmx_frame_pixels(hold);
	if (from == NULL)
		die("%s", shmx_error());
	if (!each && (sink->format == PULL_RAW || sink->format == PULL_Y4M))
		check_same(sink, info);
	/* A %% is a % in the name of a single file, too. */
	if (path != NULL) {
		expand(name, path, sink->count + 1);
		path = name;
	}
	if (sink->format != PULL_PNG && (each || sink->count == 0))
		open_stream(sink, path);
	ok = write_frame(sink, info, from, path);
	if (each)
		close_stream(sink, path);
	sink->count += ok;
	return ok;
}

void
pull_finish(struct pull_sink *sink)
{
	if (sink->kept != NULL)
		write_kept(sink);
	close_stream(sink, name_of(sink));
	free(sink->buf);
	sink->buf = NULL;
}
