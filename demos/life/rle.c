/* SPDX-License-Identifier: MIT */
/*
 * rle.c - reading Life patterns in the RLE format, gzipped or not
 *
 * A file is somebody else's, so nothing in it is believed: every number is
 * bounded before it is used, and whatever is wrong is said with its line and
 * column.  It is liberal where golly is, whose files vary: the dimensions of
 * the header need not be right, blanks may stand anywhere, the rule comes in
 * several spellings.  A missing "!" is an error all the same, because that is
 * what a file that lost its end looks like.
 */
#include "rle.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#define HEADER_MAX	1024
#define END		(-1)	/* of the file */

struct reader {
	const char *name;
	gzFile file;
	int next;		/* the byte ahead, or END */
	unsigned line;		/* of the byte ahead, from 1 */
	unsigned column;	/* likewise */
	struct rle_pattern pattern;
	size_t room;		/* for runs */
	char *error;
	size_t error_size;
};

/* ---------------------------------------------------------------- errors -- */

__attribute__((format(printf, 4, 5)))
static int
fail_at(struct reader *r, unsigned line, unsigned column, const char *format,
	...)
{
	va_list args;
	int used;

	used = snprintf(r->error, r->error_size, "%s:%u:%u: ", r->name, line,
			column);
	if (used >= 0 && (size_t)used < r->error_size) {
		va_start(args, format);
		vsnprintf(r->error + used, r->error_size - used, format, args);
		va_end(args);
	}
	return -1;
}

/* The byte ahead is not what has to stand there. */
static int
fail_here(struct reader *r, const char *wanted)
{
	int status;
	const char *why = gzerror(r->file, &status);

	if (status == Z_ERRNO)
		return fail_at(r, r->line, r->column, "cannot read on: %s",
			       strerror(errno));
	if (status != Z_OK && status != Z_STREAM_END)
		return fail_at(r, r->line, r->column,
			       "the compressed data is damaged or cut off (%s)",
			       why);
	if (r->next == END)
		return fail_at(r, r->line, r->column,
			       "the file ends here, expected %s", wanted);
	if (r->next > ' ' && r->next < 127)
		return fail_at(r, r->line, r->column,
			       "unexpected '%c', expected %s", r->next, wanted);
	return fail_at(r, r->line, r->column,
		       "unexpected byte 0x%02x, expected %s", r->next, wanted);
}

/* ----------------------------------------------------------------- bytes -- */

static void
advance(struct reader *r)
{
	if (r->next == '\n') {
		r->line++;
		r->column = 1;
	} else {
		r->column++;
	}
	r->next = gzgetc(r->file);
}

static bool
is_blank(int c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' ||
	       c == '\v';
}

static bool
is_digit(int c)
{
	return c >= '0' && c <= '9';
}

/*
 * The rest of the line into text, as much as fits and without its end; the
 * byte ahead is then the first of the next line.
 */
static size_t
take_line(struct reader *r, char *text, size_t size)
{
	size_t length = 0;

	while (r->next != '\n' && r->next != END) {
		if (length + 1 < size)
			text[length++] = r->next;
		advance(r);
	}
	while (length > 0 && is_blank((unsigned char)text[length - 1]))
		length--;
	text[length] = '\0';
	if (r->next == '\n')
		advance(r);
	return length;
}

static void
take_comment(struct reader *r)
{
	char text[256];
	const char *place;
	int x, y;

	take_line(r, text, sizeof(text));
	if (strncmp(text, "#CXRLE", 6) != 0)
		return;
	place = strstr(text, "Pos=");
	if (place && sscanf(place, "Pos=%9d,%9d", &x, &y) == 2) {
		r->pattern.placed = true;
		r->pattern.place_x = x;
		r->pattern.place_y = y;
	}
}

/* Blanks, and comments where a line begins with one. */
static void
skip(struct reader *r)
{
	for (;;) {
		if (is_blank(r->next))
			advance(r);
		else if (r->next == '#' && r->column == 1)
			take_comment(r);
		else
			return;
	}
}

/* ---------------------------------------------------------------- header -- */

/* A line of text that is read from left to right. */
struct cursor {
	struct reader *reader;
	const char *text;
	const char *at;
	unsigned line;
};

static int
fail_cursor(const struct cursor *c, const char *at, const char *what)
{
	return fail_at(c->reader, c->line, at - c->text + 1, "%s", what);
}

static void
skip_spaces(struct cursor *c)
{
	while (is_blank((unsigned char)*c->at))
		c->at++;
}

/* This character, in either case, blanks before it aside. */
static bool
take(struct cursor *c, char wanted)
{
	skip_spaces(c);
	if (*c->at == '\0' || tolower((unsigned char)*c->at) != wanted)
		return false;
	c->at++;
	return true;
}

/* A number up to RLE_SIDE_MAX; what names it for the error. */
static int
take_number(struct cursor *c, uint32_t *out, const char *what)
{
	char error[128];
	const char *start;
	uint32_t n = 0;

	skip_spaces(c);
	start = c->at;
	if (!is_digit(*c->at)) {
		snprintf(error, sizeof(error), "expected %s, a number", what);
		return fail_cursor(c, start, error);
	}
	for (; is_digit(*c->at); c->at++) {
		n = 10 * n + (*c->at - '0');
		if (n > RLE_SIDE_MAX) {
			snprintf(error, sizeof(error),
				 "%s is larger than %d", what, RLE_SIDE_MAX);
			return fail_cursor(c, start, error);
		}
	}
	*out = n;
	return 0;
}

/* ":T600,136" after a rule; the colon has been taken. */
static int
take_torus(struct cursor *c)
{
	static const char only_torus[] =
		"the only bounded grid supported is a torus, "
		"\":TWIDTH,HEIGHT\"";
	struct rle_pattern *p = &c->reader->pattern;
	const char *start;

	skip_spaces(c);
	start = c->at - 1;
	if (!take(c, 't'))
		return fail_cursor(c, start, only_torus);
	if (take_number(c, &p->torus_width, "the width of the torus") < 0)
		return -1;
	p->torus_height = p->torus_width;
	if (take(c, ',') &&
	    take_number(c, &p->torus_height, "the height of the torus") < 0)
		return -1;
	skip_spaces(c);
	if (*c->at != '\0' && *c->at != ',')
		return fail_cursor(c, c->at, only_torus);
	if (p->torus_width == 0 || p->torus_height == 0)
		return fail_cursor(c, start,
				   "a torus that is endless in one direction "
				   "is not supported");
	return 0;
}

/* "B3/S23", "b3s23", "S23/B3", "23/3" or a name for it. */
static bool
is_conways(const char *rule, size_t length)
{
	static const char *const spellings[] = {
		"B3/S23", "B3S23", "B3/S32", "S23/B3", "S23B3", "23/3",
		"Life", "ConwayLife", "Conway's Life",
	};
	size_t i;

	for (i = 0; i < sizeof(spellings) / sizeof(*spellings); i++)
		if (strlen(spellings[i]) == length &&
		    strncasecmp(spellings[i], rule, length) == 0)
			return true;
	return false;
}

static int
take_rule(struct cursor *c)
{
	const char *start;
	char error[160];
	size_t length;

	skip_spaces(c);
	start = c->at;
	length = strcspn(start, ":,");
	while (length > 0 && is_blank((unsigned char)start[length - 1]))
		length--;
	if (!is_conways(start, length)) {
		snprintf(error, sizeof(error),
			 "rule %.*s is not supported, only B3/S23",
			 (int)(length < 80 ? length : 80), start);
		return fail_cursor(c, start, error);
	}
	c->at += length;
	return take(c, ':') ? take_torus(c) : 0;
}

/* "x = 3, y = 3, rule = B3/S23", of which the rule may be missing. */
static int
take_header(struct reader *r)
{
	static const char shape[] =
		"expected a header, \"x = WIDTH, y = HEIGHT, rule = B3/S23\"";
	struct rle_pattern *p = &r->pattern;
	char text[HEADER_MAX];
	struct cursor c = { .reader = r, .text = text, .at = text };

	skip(r);
	if (r->next != 'x' && r->next != 'X')
		return fail_here(r, shape + strlen("expected "));
	/* Blanks that stood before it count as columns. */
	memset(text, ' ', sizeof(text));
	if (r->column > HEADER_MAX / 2)
		return fail_here(r, shape + strlen("expected "));
	c.line = r->line;
	c.at = text + r->column - 1;
	take_line(r, text + (c.at - text), sizeof(text) - (c.at - text));
	if (r->next == END)
		return fail_here(r, "a pattern after the header");

	if (!take(&c, 'x') || !take(&c, '='))
		return fail_cursor(&c, c.at, shape);
	if (take_number(&c, &p->width, "the width x") < 0)
		return -1;
	if (!take(&c, ',') || !take(&c, 'y') || !take(&c, '='))
		return fail_cursor(&c, c.at, shape);
	if (take_number(&c, &p->height, "the height y") < 0)
		return -1;
	if (take(&c, ',')) {
		skip_spaces(&c);
		if (strncasecmp(c.at, "rule", 4) != 0)
			return fail_cursor(&c, c.at, shape);
		c.at += 4;
		if (!take(&c, '='))
			return fail_cursor(&c, c.at, shape);
		if (take_rule(&c) < 0)
			return -1;
	}
	skip_spaces(&c);
	if (*c.at != '\0')
		return fail_cursor(&c, c.at, "expected the end of the header");
	return 0;
}

/* ------------------------------------------------------------------ body -- */

static int
make_room(struct reader *r)
{
	size_t room = r->room ? 2 * r->room : 1024;
	struct rle_run *runs;

	if (r->room == RLE_RUNS_MAX)
		return fail_at(r, r->line, r->column,
			       "the pattern has more than %d runs of live "
			       "cells", RLE_RUNS_MAX);
	if (room > RLE_RUNS_MAX)
		room = RLE_RUNS_MAX;
	runs = realloc(r->pattern.runs, room * sizeof(*runs));
	if (!runs)
		return fail_at(r, r->line, r->column, "out of memory");
	r->pattern.runs = runs;
	r->room = room;
	return 0;
}

static int
add_run(struct reader *r, uint32_t x, uint32_t y, uint32_t count)
{
	struct rle_pattern *p = &r->pattern;
	struct rle_run *last = p->run_count ? &p->runs[p->run_count - 1] : NULL;

	if (p->width < x + count)
		p->width = x + count;
	if (p->height < y + 1)
		p->height = y + 1;
	if (last && last->y == y && last->x + last->count == x) {
		last->count += count;
		return 0;
	}
	if (p->run_count == r->room && make_room(r) < 0)
		return -1;
	p->runs[p->run_count++] = (struct rle_run) { x, y, count };
	return 0;
}

/* A run count, 1 where none is written. */
static int
take_count(struct reader *r, uint32_t *out)
{
	unsigned line = r->line, column = r->column;
	uint32_t n = 0;

	if (!is_digit(r->next)) {
		*out = 1;
		return 0;
	}
	for (; is_digit(r->next); advance(r)) {
		n = 10 * n + (r->next - '0');
		if (n > RLE_SIDE_MAX)
			return fail_at(r, line, column,
				       "a run count larger than %d",
				       RLE_SIDE_MAX);
	}
	if (n == 0)
		return fail_at(r, line, column, "a run count of 0");
	skip(r);
	if (r->next == '!')
		return fail_here(r, "a cell (b or o) or $ after a run count");
	*out = n;
	return 0;
}

/* The pattern, up to and with its "!". */
static int
take_body(struct reader *r)
{
	uint32_t x = 0, y = 0, count = 1;
	unsigned line, column;
	bool live;

	for (;;) {
		skip(r);
		line = r->line;
		column = r->column;
		if (take_count(r, &count) < 0)
			return -1;

		live = r->next == 'o' || r->next == 'A';
		if (r->next == '!')
			return 0;
		if (r->next == '$') {
			x = 0;
			y += count;
		} else if (live || r->next == 'b' || r->next == '.') {
			x += count;
		} else {
			return fail_here(r, "b, o, $, ! or a run count");
		}
		if (x > RLE_SIDE_MAX || y > RLE_SIDE_MAX ||
		    (live && y == RLE_SIDE_MAX))
			return fail_at(r, line, column,
				       "the pattern is %s than %d cells",
				       x > RLE_SIDE_MAX ? "wider" : "taller",
				       RLE_SIDE_MAX);
		if (live && add_run(r, x - count, y, count) < 0)
			return -1;
		advance(r);
	}
}

/* ------------------------------------------------------------------ file -- */

static int
open_file(struct reader *r, const char *path)
{
	struct stat status;
	int fd;

	if (strcmp(path, "-") == 0)
		fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
	else
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status) < 0) {
		snprintf(r->error, r->error_size, "cannot open %s: %s", r->name,
			 strerror(errno));
		goto out;
	}
	if (S_ISDIR(status.st_mode)) {
		snprintf(r->error, r->error_size,
			 "%s is a directory, expected an RLE pattern file",
			 r->name);
		goto out;
	}
	r->file = gzdopen(fd, "rb");
	if (r->file)
		return 0;
	snprintf(r->error, r->error_size, "%s: out of memory", r->name);
out:
	if (fd >= 0)
		close(fd);
	return -1;
}

int
rle_read(struct rle_pattern *out, const char *path, char *error,
	 size_t error_size)
{
	struct reader r = {
		.name = strcmp(path, "-") == 0 ? "standard input" : path,
		.line = 1,
		.column = 1,
		.error = error,
		.error_size = error_size,
	};
	int result;

	if (open_file(&r, path) < 0)
		return -1;
	r.next = gzgetc(r.file);
	result = take_header(&r);
	if (result == 0)
		result = take_body(&r);
	gzclose(r.file);

	if (result < 0)
		rle_finish(&r.pattern);
	else
		*out = r.pattern;
	return result;
}

void
rle_finish(struct rle_pattern *pattern)
{
	free(pattern->runs);
	pattern->runs = NULL;
	pattern->run_count = 0;
}
