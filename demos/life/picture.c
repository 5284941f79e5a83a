/* SPDX-License-Identifier: MIT */
/*
 * picture.c - what a window on the universe looks like
 *
 * Two bytes are kept for every cell of the picture: its *level*, how much
 * lives there (0 nothing; zoomed out, a cell of the picture is a square of
 * the universe's), and its *heat*:
 *
 *	255   born just now, or not as many as before
 *	 |    cooling while it lives
 *	128   settled
 *	127   died just now
 *	 |    the trail fades
 *	  0   nothing here, for a while at least
 *
 * The palette gives a colour for each level and heat.
 *
 * Most of a picture is the same in the next frame, and a simulation that
 * publishes thousands of frames a second must not draw all of it each time.
 * So the picture is cut into *blocks* of 64 cells, which is a word of the
 * universe when a cell of the one is a cell of the other, and each has the
 * number of the last frame in which it changed.  A slot of the ring holds some
 * older frame, and the library tells which: blocks that have not changed since
 * are there already.
 */
#include "picture.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK		64	/* cells; as many as universe_cells() gives */
#define BORN		255
#define SETTLED		128
#define DIED		127
#define LEVELS		16	/* nothing, and 15 of something */
#define FULL		(LEVELS - 1)
#define GUTTER_ZOOM	5	/* from here on cells have a gap between */

struct picture {
	const struct universe *universe;
	struct picture_options options;
	uint32_t columns;	/* cells of the picture */
	uint32_t rows;
	size_t stride;		/* bytes of a row of level and heat */
	uint32_t left;		/* the cell in the top left corner */
	uint32_t top;
	uint8_t *level;
	uint8_t *heat;
	uint64_t frame;		/* that is being looked at */

	/* For each block, row by row. */
	size_t blocks;		/* in a row */
	uint64_t *changed;	/* the last frame in which it did */
	uint64_t *seen;		/* its cells, unless zoomed out */
	bool *still;		/* it does not change by cooling any more */

	uint8_t *fresh;		/* one row of new levels */
	uint16_t *sums;		/* one row of live cells */
	uint8_t *level_of;	/* for each number of live cells */
	uint32_t palette[LEVELS][256];
};

/* --------------------------------------------------------------- colours -- */

struct stop {
	uint8_t heat;
	uint8_t red;
	uint8_t green;
	uint8_t blue;
};

/*
 * Chosen so that lightness grows evenly along the trail and again along life,
 * and that the two differ in hue: embers behind, cool light where it rests.
 */
static const struct stop stops[] = {
	{ 0,   0x06, 0x07, 0x10 },
	{ 24,  0x15, 0x0d, 0x2e },
	{ 56,  0x3c, 0x12, 0x5c },
	{ 88,  0x80, 0x1f, 0x6a },
	{ 110, 0xc0, 0x3b, 0x54 },
	{ 127, 0xee, 0x6f, 0x33 },
	{ 128, 0x3f, 0xa7, 0xb8 },
	{ 170, 0x7f, 0xd6, 0xc6 },
	{ 215, 0xff, 0xe2, 0x9a },
	{ 255, 0xff, 0xff, 0xf4 },
};

static uint8_t
mix(uint8_t from, uint8_t to, unsigned part, unsigned whole)
{
	return (from * (whole - part) + to * part + whole / 2) / whole;
}

static uint32_t
colour(const struct stop *from, const struct stop *to, unsigned part,
       unsigned whole)
{
	return (uint32_t)mix(from->red, to->red, part, whole) << 16 |
	       (uint32_t)mix(from->green, to->green, part, whole) << 8 |
	       mix(from->blue, to->blue, part, whole);
}

static void
make_palette(struct picture *p)
{
	const struct stop *s = stops;
	unsigned heat, level;

	for (heat = 0; heat < 256; heat++) {
		struct stop full = { .heat = heat };
		uint32_t c;

		if (heat > s[1].heat)
			s++;
		c = colour(&s[0], &s[1], heat - s[0].heat,
			   s[1].heat - s[0].heat);
		full.red = c >> 16;
		full.green = c >> 8;
		full.blue = c;
		/* A trail has one brightness, life one for each level. */
		p->palette[0][heat] = c;
		for (level = 1; level < LEVELS; level++)
			p->palette[level][heat] =
				colour(&stops[0], &full, level, FULL);
	}
}

/*
 * The level for each number of live cells in a square of so many.  It grows
 * with the square root, so that a lone blinker is seen next to a busy place,
 * and reaches the top at three cells in eight, about what a busy place has.
 */
static void
make_levels(struct picture *p, unsigned cells)
{
	unsigned n, level = 0;

	for (n = 0; n <= cells; n++) {
		while (level < FULL && level * level * cells * 3 <
				       n * 8 * FULL * FULL)
			level++;
		p->level_of[n] = level;
	}
}

/* ---------------------------------------------------------------- create -- */

/* The cell so far before the middle of the view; wraps. */
static uint32_t
before(uint32_t centre, uint64_t half, uint32_t size)
{
	return (centre % size + size - half % size) % size;
}

int
picture_create(struct picture **out, const struct universe *universe,
	       const struct picture_options *options)
{
	unsigned in = options->zoom_in, n = options->zoom_out;
	struct picture *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->universe = universe;
	p->options = *options;
	p->columns = (options->width + in - 1) / in;
	p->rows = (options->height + in - 1) / in;
	p->stride = (p->columns + BLOCK - 1) / BLOCK * BLOCK;
	p->left = before(options->centre_x, (uint64_t)p->columns * n / 2,
			 universe_width(universe));
	p->top = before(options->centre_y, (uint64_t)p->rows * n / 2,
			universe_height(universe));

	p->blocks = p->stride / BLOCK;
	p->level = calloc(p->rows, p->stride);
	p->heat = calloc(p->rows, p->stride);
	p->changed = calloc(p->rows, p->blocks * sizeof(*p->changed));
	p->seen = calloc(p->rows, p->blocks * sizeof(*p->seen));
	p->still = calloc(p->rows, p->blocks * sizeof(*p->still));
	p->fresh = calloc(1, p->stride);
	p->sums = calloc(p->stride, sizeof(*p->sums));
	p->level_of = calloc(1, n * n + 1);
	if (!p->level || !p->heat || !p->changed || !p->seen || !p->still ||
	    !p->fresh || !p->sums || !p->level_of) {
		picture_destroy(p);
		return -ENOMEM;
	}
	make_palette(p);
	make_levels(p, n * n);
	*out = p;
	return 0;
}

void
picture_destroy(struct picture *picture)
{
	if (!picture)
		return;
	free(picture->level);
	free(picture->heat);
	free(picture->changed);
	free(picture->seen);
	free(picture->still);
	free(picture->fresh);
	free(picture->sums);
	free(picture->level_of);
	free(picture);
}

/* ------------------------------------------------------------------ look -- */

/*
 * What becomes of a block; returns whether anything did.  There is no jump in
 * it and the count is fixed, so that compilers make vector instructions of it.
 */
static bool
cool(uint8_t *restrict heat, uint8_t *restrict level,
     const uint8_t *restrict fresh, uint8_t ticks)
{
	uint8_t changed = 0;
	size_t i;

	for (i = 0; i < BLOCK; i++) {
		uint8_t h = heat[i], was = level[i], is = fresh[i];
		uint8_t cooler = h > ticks ? h - ticks : 0;
		/* DIED for a full level, less where less lived. */
		uint8_t trail = was ? was * 6 + DIED - 6 * FULL : cooler;
		uint8_t life = cooler > SETTLED ? cooler : SETTLED;

		life = is == was ? life : BORN;
		heat[i] = is ? life : trail;
		level[i] = is;
		changed |= (heat[i] ^ h) | (is ^ was);
	}
	return changed;
}

/* Without new levels, and where nothing is left to cool, nothing changes. */
static void
look_at_block(struct picture *p, uint32_t row, size_t block,
	      const uint8_t *fresh, unsigned ticks)
{
	size_t i = row * p->blocks + block;
	uint8_t *heat = p->heat + row * p->stride + block * BLOCK;
	uint8_t *level = p->level + row * p->stride + block * BLOCK;
	bool same = memcmp(level, fresh, BLOCK) == 0;

	if (same && (ticks == 0 || p->still[i]))
		return;
	p->still[i] = !cool(heat, level, fresh, ticks);
	if (!p->still[i])
		p->changed[i] = p->frame;
}

/* Eight bits to eight bytes, 0 or 1, the lowest first. */
static uint64_t
spread(uint64_t bits)
{
	uint64_t bytes = bits * 0x0101010101010101 & 0x8040201008040201;

	return htole64((bytes + 0x7f7f7f7f7f7f7f7f) >> 7 & 0x0101010101010101);
}

/* A row whose cells are the universe's. */
static void
look_near(struct picture *p, uint32_t row, uint32_t y, unsigned ticks)
{
	uint32_t width = universe_width(p->universe);
	size_t block, byte, i = row * p->blocks;
	uint32_t x = p->left;
	uint8_t fresh[BLOCK];

	for (block = 0; block < p->blocks; block++, i++) {
		uint64_t bits = universe_cells(p->universe, x, y);

		x = (x + BLOCK) % width;
		if (bits == p->seen[i] && (ticks == 0 || p->still[i]))
			continue;
		p->seen[i] = bits;
		for (byte = 0; byte < 8; byte++, bits >>= 8) {
			uint64_t cells = spread(bits & 0xff) * FULL;

			memcpy(fresh + 8 * byte, &cells, 8);
		}
		look_at_block(p, row, block, fresh, ticks);
	}
}

/*
 * The number of live cells in fields of 2, 4 or 8 bits, found in all of a
 * word at once: first for pairs, then for pairs of those.
 */
static uint64_t
count_fields(uint64_t bits, unsigned field)
{
	bits -= bits >> 1 & 0x5555555555555555;
	if (field >= 4)
		bits = (bits & 0x3333333333333333) +
		       (bits >> 2 & 0x3333333333333333);
	if (field >= 8)
		bits = (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0f;
	return bits;
}

/* Add a row of the universe to sums. */
static void
sum_row(struct picture *p, uint32_t y)
{
	uint32_t width = universe_width(p->universe);
	unsigned n = p->options.zoom_out, i, j;
	unsigned field = n < 8 ? n : 8;
	uint64_t mask = (1ULL << field) - 1;
	uint16_t *sum = p->sums, *end = p->sums + p->columns;
	uint32_t x = p->left;

	for (; sum < end; sum += BLOCK / n) {
		uint64_t bits = universe_cells(p->universe, x, y);

		x = (x + BLOCK) % width;
		if (bits == 0)
			continue;
		bits = count_fields(bits, field);
		for (i = 0; i < BLOCK / n; i++)
			for (j = 0; j < n; j += field, bits >>= field)
				sum[i] += bits & mask;
	}
}

/* A row whose cells are squares of the universe's; y is where they begin. */
static void
look_far(struct picture *p, uint32_t row, uint32_t y, unsigned ticks)
{
	uint32_t height = universe_height(p->universe);
	size_t block;
	unsigned i;

	memset(p->sums, 0, p->stride * sizeof(*p->sums));
	for (i = 0; i < p->options.zoom_out; i++)
		sum_row(p, (y + i) % height);
	for (i = 0; i < p->columns; i++)
		p->fresh[i] = p->level_of[p->sums[i]];
	for (block = 0; block < p->blocks; block++)
		look_at_block(p, row, block, p->fresh + block * BLOCK, ticks);
}

void
picture_look(struct picture *picture, unsigned ticks, uint64_t frame)
{
	struct picture *p = picture;
	uint32_t height = universe_height(p->universe);
	uint32_t y = p->top, row;

	if (ticks > UINT8_MAX)
		ticks = UINT8_MAX;
	p->frame = frame;
	for (row = 0; row < p->rows; row++) {
		if (p->options.zoom_out > 1)
			look_far(p, row, y, ticks);
		else
			look_near(p, row, y, ticks);
		y = (y + p->options.zoom_out) % height;
	}
}

/* ------------------------------------------------------------------ draw -- */

static uint32_t
smaller(uint64_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* The pixels of a block's first row, from column to end. */
static void
draw_cells(const struct picture *p, uint32_t *pixels, uint32_t row,
	   size_t block, uint32_t column, uint32_t end)
{
	const uint8_t *level = p->level + row * p->stride + block * BLOCK;
	const uint8_t *heat = p->heat + row * p->stride + block * BLOCK;
	unsigned zoom = p->options.zoom_in, i;
	bool gutter = zoom >= GUTTER_ZOOM;

	if (zoom == 1) {
		for (; column < end; column++)
			pixels[column] = p->palette[*level++][*heat++];
		return;
	}
	while (column < end) {
		uint32_t c = p->palette[*level++][*heat++];

		for (i = 0; i < zoom && column < end; i++)
			pixels[column++] = c;
		if (gutter && i == zoom)
			pixels[column - 1] = p->palette[0][0];
	}
}

static void
draw_block(const struct picture *p, char *pixels, size_t stride, uint32_t row,
	   size_t block)
{
	unsigned zoom = p->options.zoom_in;
	uint32_t first = row * zoom, y;
	uint32_t column = block * BLOCK * zoom, x;
	uint32_t end = smaller((uint64_t)column + BLOCK * zoom,
			       p->options.width);
	uint32_t bottom = smaller((uint64_t)first + zoom, p->options.height);
	char *from = pixels + first * stride + 4 * (size_t)column, *to = from;

	draw_cells(p, (uint32_t *)(void *)(pixels + first * stride), row,
		   block, column, end);
	for (y = first + 1; y < bottom; y++) {
		to += stride;
		memcpy(to, from, 4 * (size_t)(end - column));
	}
	if (zoom >= GUTTER_ZOOM && bottom == first + zoom)
		for (x = 0; x < end - column; x++)
			((uint32_t *)(void *)to)[x] = p->palette[0][0];
}

void
picture_draw(const struct picture *picture, void *pixels, size_t stride,
	     uint64_t since)
{
	const struct picture *p = picture;
	const uint64_t *changed = p->changed;
	uint32_t row;
	size_t block;

	for (row = 0; row < p->rows; row++)
		for (block = 0; block < p->blocks; block++)
			if (since == 0 || *changed++ > since)
				draw_block(p, pixels, stride, row, block);
}

struct picture_box
picture_changes(const struct picture *picture, uint64_t since)
{
	const struct picture *p = picture;
	uint64_t across = (uint64_t)BLOCK * p->options.zoom_in;
	uint32_t top = p->rows, bottom = 0, row;
	size_t left = p->blocks, right = 0, block;
	const uint64_t *changed = p->changed;
	struct picture_box box = { 0 };

	for (row = 0; row < p->rows; row++)
		for (block = 0; block < p->blocks; block++) {
			if (*changed++ <= since)
				continue;
			if (top > row)
				top = row;
			bottom = row + 1;
			if (left > block)
				left = block;
			if (right < block + 1)
				right = block + 1;
		}
	if (bottom > 0) {
		box.x = left * across;
		box.y = top * p->options.zoom_in;
		box.width = smaller(right * across, p->options.width) - box.x;
		box.height = smaller((uint64_t)bottom * p->options.zoom_in,
				     p->options.height) - box.y;
	}
	return box;
}

/* ---------------------------------------------------------------- cells -- */

bool
picture_cells(const struct picture *p, int32_t pixel_x, int32_t pixel_y,
	      uint32_t *x, uint32_t *y, uint32_t *side)
{
	const struct picture_options *o = &p->options;
	uint64_t right, down;

	if (pixel_x < 0 || (uint32_t)pixel_x >= o->width ||
	    pixel_y < 0 || (uint32_t)pixel_y >= o->height)
		return false;
	right = (uint64_t)pixel_x / o->zoom_in * o->zoom_out;
	down = (uint64_t)pixel_y / o->zoom_in * o->zoom_out;
	*x = (p->left + right) % universe_width(p->universe);
	*y = (p->top + down) % universe_height(p->universe);
	*side = o->zoom_out;
	return true;
}
