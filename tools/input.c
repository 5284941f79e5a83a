/* SPDX-License-Identifier: MIT */
/*
 * input.c - a stream of pictures from a file or a pipe
 *
 * Raw pixels that need no conversion, and whose rows are as long as the slot's,
 * are read straight into the slot: the only copy is the kernel's.  Everything
 * else comes through one picture of memory.
 */
#include "config.h"

#include "input.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <shmx/shmx.h>

#include "base/base.h"
#include "tool.h"

/* ------------------------------------------------------------- reading -- */

/*
 * One read(2), after sleeping where a signal can end it: what there is, 0 at
 * the end or when interrupted.
 */
static size_t
read_some(struct input *in, void *to, size_t size)
{
	struct pollfd pfd = { .fd = in->fd, .events = POLLIN };
	ssize_t n = -1;

	while (!interrupted()) {
		if (tool_poll(&pfd, 1, -1) < 0)
			continue;
		n = read(in->fd, to, size);
		if (n >= 0 || (errno != EINTR && errno != EAGAIN))
			break;
	}
	if (n < 0 && !interrupted())
		die_errno("cannot read %s: ", in->name);
	/* Nothing was begun, so there is nothing to end. */
	if (interrupted() && !in->opened)
		exit(EXIT_SUCCESS);
	return n < 0 ? 0 : (size_t)n;
}

/* Up to size bytes; fewer only at the end or when interrupted. */
static size_t
read_full(struct input *in, void *to, size_t size)
{
	size_t done = BASE_MIN(size, in->head_used - in->head_next);
	size_t n;

	memcpy(to, in->head + in->head_next, done);
	in->head_next += done;
	while (done < size) {
		n = read_some(in, (char *)to + done, size - done);
		if (n == 0)
			break;
		done += n;
	}
	return done;
}

/* One byte through the head buffer; -1 at the end. */
static int
read_byte(struct input *in)
{
	if (in->head_next == in->head_used) {
		in->head_next = 0;
		in->head_used = read_some(in, in->head, sizeof(in->head));
		if (in->head_used == 0)
			return -1;
	}
	return in->head[in->head_next++];
}

/*
 * A whole picture.  False at the end.  Part of one is not shown, and said.
 */
static bool
read_picture(struct input *in, void *to)
{
	size_t n = read_full(in, to, in->bytes);

	if (n == in->bytes)
		return true;
	if (n > 0 && !interrupted())
		die("%s ends within frame %" PRIu64 ": %zu of %zu bytes; the "
		    "partial frame was not shown. Is the size right?",
		    in->name, in->frames + 1, n, in->bytes);
	return false;
}

static void
set_size(struct input *in, unsigned long width, unsigned long height)
{
	/* Also after a rewind: the ring's slots have the first one's size. */
	if (in->width != 0 && (width != in->width || height != in->height))
		die("%s: frame %" PRIu64 " is %lux%lu, those before were %"
		    PRIu32 "x%" PRIu32 "; all must have one size", in->name,
		    in->frames + 1, width, height, in->width, in->height);
	if (width < 1 || width > SHMX_SIDE_MAX || height < 1 ||
	    height > SHMX_SIDE_MAX)
		die("%s: a picture of %lux%lu; each side must be 1 to %d "
		    "pixels", in->name, width, height, SHMX_SIDE_MAX);
	in->width = (uint32_t)width;
	in->height = (uint32_t)height;
}

static void
allocate(struct input *in, size_t bytes)
{
	if (bytes > in->bytes || in->buffer == NULL) {
		free(in->buffer);
		in->buffer = malloc(bytes);
		if (in->buffer == NULL)
			die("out of memory for a picture of %zu bytes", bytes);
	}
	in->bytes = bytes;
}

/* ----------------------------------------------------------------- PPM -- */

static void
bad_ppm(const struct input *in)
{
	die("%s: picture %" PRIu64 " is no binary PPM or PGM with 8 bits a "
	    "channel (P6 or P5, maximum 255)", in->name, in->frames + 1);
}

/* A number after white space and comments, and the byte that ends it. */
static unsigned long
ppm_number(struct input *in)
{
	unsigned long v = 0;
	int c = read_byte(in);

	while (isspace(c) || c == '#') {
		if (c == '#')
			while (c != '\n' && c != -1)
				c = read_byte(in);
		c = read_byte(in);
	}
	if (!isdigit(c))
		bad_ppm(in);
	for (; isdigit(c); c = read_byte(in))
		v = BASE_MIN(v * 10 + (unsigned long)(c - '0'), 100000UL);
	if (!isspace(c))
		bad_ppm(in);
	return v;
}

/* False at the end of the stream, between pictures. */
static bool
ppm_header(struct input *in)
{
	unsigned long width, height;
	int c;

	do {
		c = read_byte(in);
	} while (isspace(c));
	if (c == -1)
		return false;
	if (c != 'P')
		bad_ppm(in);
	c = read_byte(in);
	if (c != '6' && c != '5')
		bad_ppm(in);
	in->pixel = c == '6' ? PIXEL_RGB24 : PIXEL_GRAY8;
	width = ppm_number(in);
	height = ppm_number(in);
	if (ppm_number(in) != 255)
		bad_ppm(in);
	set_size(in, width, height);
	allocate(in, (size_t)width * height * pixel_format_bytes(in->pixel));
	return true;
}

/* ----------------------------------------------------------------- Y4M -- */

/* A line of a header, without its end; false at the end of the stream. */
static bool
y4m_line(struct input *in, char *line, size_t size)
{
	size_t n = 0;
	int c;

	while ((c = read_byte(in)) != '\n') {
		if (c == -1) {
			if (n > 0 && !interrupted())
				die("%s ends within a header, after frame %"
				    PRIu64, in->name, in->frames);
			return false;
		}
		if (n + 1 >= size)
			die("%s: no YUV4MPEG2 stream: a header longer than "
			    "%zu bytes", in->name, size);
		line[n++] = (char)c;
	}
	line[n] = '\0';
	return true;
}

static void
y4m_chroma(struct input *in, const char *name)
{
	in->yuv.chroma_x_shift = in->yuv.chroma_y_shift = 0;
	if (strncmp(name, "420", 3) == 0 && strncmp(name, "420p1", 5) != 0)
		in->yuv.chroma_x_shift = in->yuv.chroma_y_shift = 1;
	else if (strcmp(name, "422") == 0)
		in->yuv.chroma_x_shift = 1;
	else if (strcmp(name, "444") != 0 && strcmp(name, "mono") != 0)
		die("%s: YUV4MPEG2 of chroma %s is not supported; use 420, "
		    "422, 444 or mono with 8 bits", in->name, name);
}

/* Sizes of the planes, and where they lie in the buffer. */
static void
y4m_planes(struct input *in, bool mono)
{
	struct yuv_picture *p = &in->yuv;
	size_t luma = (size_t)in->width * in->height;
	size_t cw = (in->width + (1U << p->chroma_x_shift) - 1) >>
		p->chroma_x_shift;
	size_t ch = (in->height + (1U << p->chroma_y_shift) - 1) >>
		p->chroma_y_shift;

	allocate(in, mono ? luma : luma + 2 * cw * ch);
	p->width = in->width;
	p->height = in->height;
	p->y = in->buffer;
	p->u = mono ? NULL : in->buffer + luma;
	p->v = mono ? NULL : in->buffer + luma + cw * ch;
}

static void
y4m_header(struct input *in)
{
	unsigned long width = 0, height = 0, num = 0, den = 0;
	const char *chroma = "420";
	char line[256], *word, *save;

	if (!y4m_line(in, line, sizeof(line)) ||
	    strncmp(line, "YUV4MPEG2", 9) != 0)
		die("%s is no YUV4MPEG2 stream", in->name);
	for (word = strtok_r(line + 9, " ", &save); word != NULL;
	     word = strtok_r(NULL, " ", &save)) {
		if (word[0] == 'W')
			width = strtoul(word + 1, NULL, 10);
		else if (word[0] == 'H')
			height = strtoul(word + 1, NULL, 10);
		else if (word[0] == 'C')
			chroma = word + 1;
		else if (word[0] == 'F')
			(void)sscanf(word + 1, "%lu:%lu", &num, &den);
	}
	set_size(in, width, height);
	y4m_chroma(in, chroma);
	y4m_planes(in, strcmp(chroma, "mono") == 0);
	in->fps = den > 0 ? (double)num / (double)den : 0;
}

static bool
y4m_read(struct input *in, void *to, size_t stride)
{
	char line[256];

	if (!y4m_line(in, line, sizeof(line)))
		return false;
	if (strncmp(line, "FRAME", 5) != 0)
		die("%s: no FRAME after frame %" PRIu64, in->name, in->frames);
	if (!read_picture(in, in->buffer)) {
		if (!interrupted())
			die("%s ends within frame %" PRIu64 "; the partial "
			    "frame was not shown", in->name, in->frames + 1);
		return false;
	}
	convert_yuv(to, stride, &in->yuv);
	return true;
}

/* ---------------------------------------------------------------- all --- */

static void
read_header(struct input *in)
{
	if (in->format == INPUT_Y4M)
		y4m_header(in);
	else if (in->format == INPUT_PPM && !ppm_header(in))
		die("%s is empty", in->name);
	else if (in->format == INPUT_RAW)
		allocate(in, (size_t)in->width * in->height *
			 pixel_format_bytes(in->pixel));
}

void
input_open(struct input *in, const char *path)
{
	if (strcmp(path, "-") == 0) {
		in->name = "stdin";
		in->fd = STDIN_FILENO;
	} else {
		in->name = path;
		/* A pipe nobody writes to has us wait, until a signal. */
		in->fd = open(path, O_RDONLY | O_CLOEXEC);
		if (in->fd < 0 && interrupted())
			exit(EXIT_SUCCESS);
		if (in->fd < 0)
			die_errno("cannot open %s: ", path);
	}
	/* Fewer, longer reads; where it is no pipe this does nothing. */
	(void)fcntl(in->fd, F_SETPIPE_SZ, 1 << 20);
	/* What says its own size is not asked for it. */
	if (in->format != INPUT_RAW)
		in->width = in->height = 0;
	read_header(in);
	in->opened = true;
}

static bool
raw_read(struct input *in, void *to, size_t stride)
{
	size_t row = (size_t)in->width * pixel_format_bytes(in->pixel);
	bool same = in->as_is || in->pixel == PIXEL_XRGB8888;
	const uint8_t *from = in->buffer;
	char *at = to;
	uint32_t y;

	if (same && stride == row)
		return read_picture(in, to);
	if (!read_picture(in, in->buffer))
		return false;
	for (y = 0; y < in->height; y++, at += stride, from += row)
		if (same)
			memcpy(at, from, row);
		else
			convert_row((uint32_t *)(void *)at, from, in->width,
				    in->pixel);
	return true;
}

bool
input_read(struct input *in, void *to, size_t stride)
{
	bool ok;

	switch (in->format) {
	case INPUT_Y4M:
		ok = y4m_read(in, to, stride);
		break;
	case INPUT_PPM:
		/* The first header was read to know the size. */
		ok = (in->frames == 0 || ppm_header(in)) &&
		     raw_read(in, to, stride);
		break;
	default:
		ok = raw_read(in, to, stride);
		break;
	}
	in->frames += ok;
	return ok;
}

bool
input_rewind(struct input *in)
{
	if (lseek(in->fd, 0, SEEK_SET) < 0)
		return false;
	in->head_used = in->head_next = 0;
	in->frames = 0;
	read_header(in);
	return true;
}

void
input_close(struct input *in)
{
	free(in->buffer);
	in->buffer = NULL;
	if (in->fd > STDIN_FILENO)
		close(in->fd);
}
