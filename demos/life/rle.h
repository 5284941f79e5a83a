/* SPDX-License-Identifier: MIT */
/*
 * rle.h - reading Life patterns in the RLE format, gzipped or not
 *
 *	#C A glider.
 *	x = 3, y = 3, rule = B3/S23
 *	bob$2bo$3o!
 *
 * Lines with a # are comments, and the first other line is the header.  After
 * it "b" or "." is a dead cell, "o" or "A" a live one, "$" ends a row and "!"
 * the pattern; a number repeats what follows it.  Whatever is behind the "!"
 * is not read.  The rule may name a torus: "B3/S23:T600,136".
 */
#ifndef LIFE_RLE_H
#define LIFE_RLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Neither side of a pattern may be longer. */
#define RLE_SIDE_MAX	1000000

/*
 * Nor may it have more runs of live cells, which are 96 MB: a gzipped file of
 * some kilobytes can ask for any number of them.
 */
#define RLE_RUNS_MAX	(8 * 1024 * 1024)

/* Live cells side by side. */
struct rle_run {
	uint32_t x;
	uint32_t y;
	uint32_t count;
};

struct rle_pattern {
	/*
	 * The rectangle that the header declares, made larger where there are
	 * cells outside of it.
	 */
	uint32_t width;
	uint32_t height;
	/* The torus that the rule names; 0 by 0 if it does not. */
	uint32_t torus_width;
	uint32_t torus_height;
	/*
	 * Where golly's "#CXRLE Pos=X,Y" comment wants the top left cell, seen
	 * from the middle of the torus.
	 */
	bool placed;
	int32_t place_x;
	int32_t place_y;
	struct rle_run *runs;		/* owned; row by row, left to right */
	size_t run_count;
};

/*
 * Read the pattern in a file, "-" being the standard input.  0, or -1 with one
 * line in error that says what is wrong, with file, line and column where it
 * is in the text.  *out is untouched on failure, else rle_finish() frees it.
 */
int
rle_read(struct rle_pattern *out, const char *path, char *error,
	 size_t error_size);

void
rle_finish(struct rle_pattern *pattern);

#endif
