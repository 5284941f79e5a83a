/* SPDX-License-Identifier: MIT */
/*
 * universe.c - Conway's Life on a torus, sixty-four cells a word
 *
 * Three ideas make it fast, and each can be read on its own.
 *
 * 1. Adders made of words.  A word holds 64 neighbouring cells of a row; bit
 *    i of word w is cell 64 w + i.  Logical operations on words are 64 little
 *    circuits working at once, so neighbours are counted the way hardware
 *    adds: a full adder takes three bits and gives their sum, a "ones" and a
 *    "twos" bit.  Three cells side by side make a two-bit number, three rows
 *    of those the number of live cells among nine.  A cell lives next if that
 *    is three, or if it is four and the cell itself is one of them.
 *
 *    The words go four at a time through a vector type.  The compiler makes
 *    of it what the machine has: AVX2 where the processor says so (step_tile_*
 *    below), else SSE2, NEON or plain words.
 *
 * 2. A halo, so that the torus has no edges.  Every row is followed by at
 *    least one dead bit, and has a word before it; there is a row above the
 *    first and one below the last.  Before a generation is read they hold
 *    copies of what lies on the opposite edge, and the adders never ask where
 *    they are:
 *
 *	          word -1 | word 0 ...          word W/64      | ...
 *	row -1            | copy of the last row               |
 *	row 0      .....l | f                l r . . . . . . . |
 *	row 1      .....l | f                l r . . . . . . . |
 *	row H             | copy of row 0                      |
 *
 *    f and l are the first and last cell of the row.  Copies of l stand in
 *    the top bit of word -1, copies of f in bit r, the first one after the
 *    row.  Where W is a multiple of 64, r is in a word of its own.
 *
 * 3. Quiet places cost nothing.  There are two generations, and a step reads
 *    one and overwrites the other, which is two steps older than what is
 *    written.  The universe is cut into tiles, 256 cells by TILE_ROWS; a tile
 *    is *stirred* when what was written differs from what it overwrote.  If
 *    neither a tile nor any of the eight around it is stirred, then all that
 *    decides over its next generation is as it was two steps ago, so the next
 *    generation will be what it was then, and that is what the memory that
 *    would be written holds already.  Empty space, still lifes, blinkers and
 *    whatever else has a period of two are left alone.
 *
 *    Cells that were set by hand break the chain of reasoning for two steps,
 *    since the older generation knows nothing of them: EDITED is a tile that
 *    counts as stirred in this step and in the next.
 */
#include "universe.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define WORD_BITS	64
#define LANE_WORDS	4
#define TILE_ROWS	16
#define ALIGNMENT	64

/* LANE_WORDS words, or 256 cells of one row. */
typedef uint64_t lane __attribute__((vector_size(LANE_WORDS * 8)));

enum {
	QUIET,
	STIRRED,
	EDITED,
};

struct universe {
	uint32_t width;
	uint32_t height;
	size_t words;		/* of a row, that hold cells */
	size_t stride;		/* words from a row to the next */

	/*
	 * Word 0 of row 0 of this generation and of the one before, which the
	 * next step overwrites.  Both point into memory.
	 */
	uint64_t *now;
	uint64_t *before;
	void *memory[2];	/* as allocated */
	bool edited;		/* since the halo of now was made */

	/* One byte a tile, row by row; both sets point into memory, too. */
	size_t tiles_across;
	size_t tiles_down;
	uint8_t *stirred;	/* by the step that made now, or EDITED */
	uint8_t *stirring;	/* written by the next step */
	uint8_t *column;	/* tiles_across, used inside a step */
	size_t computed;	/* tiles, in the last step */

	/* The bits of a row's last lane that are cells. */
	uint64_t last_keep[LANE_WORDS];
};

static const uint64_t keep_all[LANE_WORDS] = {
	UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX,
};

/* ------------------------------------------------------------- one tile -- */

/* How many of three cells live: ones + 2 * twos, for 256 cells at once. */
struct sum {
	lane ones;
	lane twos;
};

#define ALWAYS_INLINE	static inline __attribute__((always_inline))

/*
 * Vectors travel by pointer: handing them over by value would depend on which
 * instructions the caller was compiled for.
 */
ALWAYS_INLINE void
load(lane *to, const uint64_t *from)
{
	memcpy(to, from, sizeof(*to));
}

ALWAYS_INLINE void
full_adder(struct sum *out, const lane *a, const lane *b, const lane *c)
{
	lane half = *a ^ *b;

	out->ones = half ^ *c;
	out->twos = (*a & *b) | (half & *c);
}

/* Every cell of a row with its left and its right neighbour. */
ALWAYS_INLINE void
add_row(struct sum *out, lane *row, const uint64_t *cells)
{
	lane left, right;

	load(row, cells);
	load(&left, cells - 1);
	load(&right, cells + 1);
	left = *row << 1 | left >> (WORD_BITS - 1);
	right = *row >> 1 | right << (WORD_BITS - 1);
	full_adder(out, &left, row, &right);
}

/*
 * The next generation of one tile, the rows given: from now into before.
 * keep has the bits that are cells.  Returns whether any cell differs from
 * the generation that was overwritten.
 *
 * The tile is walked from top to bottom, so that each row is added up once
 * and then serves three times: as the row below, the row itself, the row
 * above.
 */
ALWAYS_INLINE bool
step_tile(uint64_t *to, const uint64_t *from, size_t stride, unsigned rows,
	  const uint64_t *keep)
{
	struct sum above, here, below, ones, twos;
	lane row, next_row, mask, old, next, odd;
	lane stirred = { 0 };

	load(&mask, keep);
	add_row(&above, &row, from - stride);
	add_row(&here, &row, from);
	for (; rows > 0; rows--, from += stride, to += stride) {
		add_row(&below, &next_row, from + stride);

		/*
		 * Nine cells: ones.ones + 2 (ones.twos + twos.ones) +
		 * 4 twos.twos.  Three of them live when exactly one of the two
		 * middle terms is there with the first and without the last;
		 * four live when the first is missing and the others make two.
		 */
		full_adder(&ones, &above.ones, &here.ones, &below.ones);
		full_adder(&twos, &above.twos, &here.twos, &below.twos);
		odd = ones.twos ^ twos.ones;
		next = (ones.ones & odd & ~twos.twos) |
		       (row & ~ones.ones & ~odd & (ones.twos ^ twos.twos));

		next &= mask;
		load(&old, to);
		stirred |= (old & mask) ^ next;
		memcpy(to, &next, sizeof(next));

		above = here;
		here = below;
		row = next_row;
	}
	return (stirred[0] | stirred[1] | stirred[2] | stirred[3]) != 0;
}

typedef bool step_tile_fn(uint64_t *to, const uint64_t *from, size_t stride,
			  unsigned rows, const uint64_t *keep);

static bool
step_tile_plain(uint64_t *to, const uint64_t *from, size_t stride,
		unsigned rows, const uint64_t *keep)
{
	return step_tile(to, from, stride, rows, keep);
}

#if (defined(__x86_64__) || defined(__i386__)) && !defined(UNIVERSE_PLAIN)

__attribute__((target("avx2")))
static bool
step_tile_avx2(uint64_t *to, const uint64_t *from, size_t stride,
	       unsigned rows, const uint64_t *keep)
{
	return step_tile(to, from, stride, rows, keep);
}

static step_tile_fn *
choose_step_tile(void)
{
	return __builtin_cpu_supports("avx2") ? step_tile_avx2
					      : step_tile_plain;
}

#else

static step_tile_fn *
choose_step_tile(void)
{
	return step_tile_plain;
}

#endif

/* --------------------------------------------------------------- memory -- */

static size_t
round_up(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

static size_t
row_words(uint32_t width)
{
	return round_up(width, WORD_BITS) / WORD_BITS;
}

/* A lane to spare: bit r of this row, word -1 of the next. */
static size_t
row_stride(uint32_t width)
{
	return round_up(row_words(width), LANE_WORDS) + LANE_WORDS;
}

/* One generation: the rows, two of halo, a lane before and one behind. */
static size_t
generation_words(uint32_t width, uint32_t height)
{
	return row_stride(width) * ((size_t)height + 2) + 2 * LANE_WORDS;
}

uint64_t
universe_bytes(uint32_t width, uint32_t height)
{
	return 2 * 8 * (uint64_t)generation_words(width, height);
}

/*
 * Zeroed memory, whose pages the kernel hands out only when they are used,
 * and the place of word 0 of row 0 in it, aligned.
 */
static uint64_t *
generation_create(struct universe *u, void **memory)
{
	size_t bytes = 8 * generation_words(u->width, u->height);
	char *start = calloc(1, bytes + ALIGNMENT);

	*memory = start;
	if (!start)
		return NULL;
	start += -(uintptr_t)start % ALIGNMENT;
	return (uint64_t *)start + LANE_WORDS + u->stride;
}

int
universe_create(struct universe **out, uint32_t width, uint32_t height)
{
	struct universe *u;
	size_t tiles, last;
	unsigned i;

	if (width == 0 || width > UNIVERSE_SIDE_MAX ||
	    height == 0 || height > UNIVERSE_SIDE_MAX)
		return -EINVAL;
	u = calloc(1, sizeof(*u));
	if (!u)
		return -ENOMEM;

	u->width = width;
	u->height = height;
	u->words = row_words(width);
	u->stride = row_stride(width);
	u->now = generation_create(u, &u->memory[0]);
	u->before = generation_create(u, &u->memory[1]);

	u->tiles_across = round_up(u->words, LANE_WORDS) / LANE_WORDS;
	u->tiles_down = round_up(height, TILE_ROWS) / TILE_ROWS;
	tiles = u->tiles_across * u->tiles_down;
	u->stirred = calloc(1, tiles);
	u->stirring = calloc(1, tiles);
	u->column = calloc(1, u->tiles_across);

	if (!u->now || !u->before || !u->stirred || !u->stirring ||
	    !u->column) {
		universe_destroy(u);
		return -ENOMEM;
	}

	last = u->words - (u->tiles_across - 1) * LANE_WORDS;
	for (i = 0; i < last; i++)
		u->last_keep[i] = UINT64_MAX;
	if (width % WORD_BITS != 0)
		u->last_keep[last - 1] = (1ULL << width % WORD_BITS) - 1;

	*out = u;
	return 0;
}

void
universe_destroy(struct universe *u)
{
	if (!u)
		return;
	free(u->memory[0]);
	free(u->memory[1]);
	free(u->stirred);
	free(u->stirring);
	free(u->column);
	free(u);
}

uint32_t
universe_width(const struct universe *u)
{
	return u->width;
}

uint32_t
universe_height(const struct universe *u)
{
	return u->height;
}

/* ---------------------------------------------------------------- cells -- */

static uint64_t *
row_of(uint64_t *generation, const struct universe *u, uint32_t y)
{
	return generation + y * u->stride;
}

static size_t
tile_of(const struct universe *u, uint32_t x, uint32_t y)
{
	return y / TILE_ROWS * u->tiles_across + x / (LANE_WORDS * WORD_BITS);
}

void
universe_clear(struct universe *u)
{
	size_t bytes = 8 * generation_words(u->width, u->height);
	size_t before_row_0 = LANE_WORDS + u->stride;

	memset(u->now - before_row_0, 0, bytes);
	memset(u->before - before_row_0, 0, bytes);
	memset(u->stirred, QUIET, u->tiles_across * u->tiles_down);
}

static void
change_cells(struct universe *u, uint32_t x, uint32_t y, uint32_t count,
	     bool alive)
{
	uint64_t *row = row_of(u->now, u, y);
	uint32_t room;
	uint64_t bits;

	for (; count > 0; count -= room) {
		/* As far as this word and this row go. */
		room = WORD_BITS - x % WORD_BITS;
		if (room > u->width - x)
			room = u->width - x;
		if (room > count)
			room = count;

		bits = UINT64_MAX >> (WORD_BITS - room);
		if (alive)
			row[x / WORD_BITS] |= bits << x % WORD_BITS;
		else
			row[x / WORD_BITS] &= ~(bits << x % WORD_BITS);
		u->stirred[tile_of(u, x, y)] = EDITED;
		x = (x + room) % u->width;
	}
	u->edited = true;
}

void
universe_set(struct universe *u, uint32_t x, uint32_t y, uint32_t count)
{
	change_cells(u, x, y, count, true);
}

void
universe_erase(struct universe *u, uint32_t x, uint32_t y, uint32_t count)
{
	change_cells(u, x, y, count, false);
}

/* The cells of one word, without what is halo in it. */
static uint64_t
word_of(const struct universe *u, const uint64_t *row, size_t word)
{
	uint64_t bits = row[word];

	if (word == u->words - 1 && u->width % WORD_BITS != 0)
		bits &= (1ULL << u->width % WORD_BITS) - 1;
	return bits;
}

uint64_t
universe_cells(const struct universe *u, uint32_t x, uint32_t y)
{
	const uint64_t *row = row_of(u->now, u, y);
	unsigned shift, have, take;
	uint64_t bits;

	if (u->width >= WORD_BITS && x <= u->width - WORD_BITS) {
		shift = x % WORD_BITS;
		bits = row[x / WORD_BITS] >> shift;
		if (shift > 0)
			bits |= row[x / WORD_BITS + 1] << (WORD_BITS - shift);
		return bits;
	}

	bits = 0;
	for (have = 0; have < WORD_BITS; have += take) {
		shift = x % WORD_BITS;
		take = WORD_BITS - shift;
		if (take > u->width - x)
			take = u->width - x;
		bits |= word_of(u, row, x / WORD_BITS) >> shift << have;
		x = (x + take) % u->width;
	}
	return bits;
}

void
universe_census(const struct universe *u, struct census *census)
{
	uint32_t left = u->width, right = 0, top = u->height, bottom = 0;
	uint64_t population = 0;
	uint32_t x, y;
	size_t word;

	for (y = 0; y < u->height; y++) {
		const uint64_t *row = row_of(u->now, u, y);

		for (word = 0; word < u->words; word++) {
			uint64_t bits = word_of(u, row, word);

			if (bits == 0)
				continue;
			population += __builtin_popcountll(bits);
			x = word * WORD_BITS;
			if (x + __builtin_ctzll(bits) < left)
				left = x + __builtin_ctzll(bits);
			if (x + 63 - __builtin_clzll(bits) > right)
				right = x + 63 - __builtin_clzll(bits);
			if (y < top)
				top = y;
			bottom = y;
		}
	}

	*census = (struct census) { .population = population };
	if (population > 0) {
		census->x = left;
		census->y = top;
		census->width = right - left + 1;
		census->height = bottom - top + 1;
	}
}

/* ----------------------------------------------------------------- step -- */

static void
make_row_halo(const struct universe *u, uint64_t *row)
{
	uint32_t last = u->width - 1;
	unsigned r = u->width % WORD_BITS;
	uint64_t first = row[0] & 1;

	row[-1] = row[last / WORD_BITS] << (WORD_BITS - 1 - last % WORD_BITS);
	row[u->width / WORD_BITS] &= ~(1ULL << r);
	row[u->width / WORD_BITS] |= first << r;
}

/* Whole rows, with their own halo: from word -1 to bit r. */
static void
copy_row(const struct universe *u, uint64_t *to, const uint64_t *from)
{
	memcpy(to - 1, from - 1, 8 * (u->words + 2));
}

static void
make_edge_rows(const struct universe *u, uint64_t *generation)
{
	uint64_t *first = row_of(generation, u, 0);
	uint64_t *last = row_of(generation, u, u->height - 1);

	copy_row(u, first - u->stride, last);
	copy_row(u, last + u->stride, first);
}

static void
make_halo(const struct universe *u, uint64_t *generation)
{
	uint32_t y;

	for (y = 0; y < u->height; y++)
		make_row_halo(u, row_of(generation, u, y));
	make_edge_rows(u, generation);
}

/* For each column of tiles: is one of three rows' tiles not quiet? */
static void
join_rows(const struct universe *u, size_t ty)
{
	size_t n = u->tiles_across;
	const uint8_t *here = u->stirred + ty * n;
	const uint8_t *above = ty > 0 ? here - n
				      : u->stirred + (u->tiles_down - 1) * n;
	const uint8_t *below = ty + 1 < u->tiles_down ? here + n : u->stirred;
	size_t tx;

	for (tx = 0; tx < n; tx++)
		u->column[tx] = above[tx] | here[tx] | below[tx];
}

/*
 * One row of tiles.  The halo is made anew only where a tile at either edge
 * was written; otherwise the one from two steps ago is right, as all is.
 */
static void
step_tile_row(struct universe *u, size_t ty, step_tile_fn *step)
{
	size_t last = u->tiles_across - 1;
	uint32_t y = ty * TILE_ROWS;
	unsigned rows = u->height - y < TILE_ROWS ? u->height - y : TILE_ROWS;
	const uint64_t *from = row_of(u->now, u, y);
	uint64_t *to = row_of(u->before, u, y);
	const uint8_t *column = u->column;
	uint8_t *old = u->stirred + ty * u->tiles_across;
	uint8_t *new = u->stirring + ty * u->tiles_across;
	bool edge = false;
	size_t tx;

	for (tx = 0; tx <= last; tx++) {
		if (!(column[tx > 0 ? tx - 1 : last] | column[tx] |
		      column[tx < last ? tx + 1 : 0])) {
			new[tx] = QUIET;
			continue;
		}
		new[tx] = step(to + tx * LANE_WORDS, from + tx * LANE_WORDS,
			       u->stride, rows,
			       tx == last ? u->last_keep : keep_all);
		if (old[tx] == EDITED)
			new[tx] = STIRRED;
		u->computed++;
		edge |= tx == 0 || tx == last;
	}
	if (edge)
		for (; rows > 0; rows--, to += u->stride)
			make_row_halo(u, to);
}

void
universe_step(struct universe *u)
{
	step_tile_fn *step = choose_step_tile();
	uint64_t *generation;
	uint8_t *tiles;
	size_t ty;

	if (u->edited) {
		make_halo(u, u->now);
		u->edited = false;
	}

	u->computed = 0;
	for (ty = 0; ty < u->tiles_down; ty++) {
		join_rows(u, ty);
		step_tile_row(u, ty, step);
	}
	make_edge_rows(u, u->before);

	generation = u->now;
	u->now = u->before;
	u->before = generation;
	tiles = u->stirred;
	u->stirred = u->stirring;
	u->stirring = tiles;
}

double
universe_activity(const struct universe *u)
{
	return (double)u->computed / (u->tiles_across * u->tiles_down);
}
