/* SPDX-License-Identifier: MIT */
/*
 * test-life.c - the parts of demos/life, by themselves
 *
 * The universe is compared, cell by cell, with one that keeps a byte a cell
 * and counts neighbours one by one; the reader of patterns is given what is
 * good, what is wrong and what is damaged.
 *
 * Built twice: as test-life-plain it is the universe alone, without what needs
 * a particular processor.
 */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "picture.h"
#include "rle.h"
#include "suite.h"
#include "universe.h"

#ifdef UNIVERSE_PLAIN
enum { PLAIN = true };
#else
enum { PLAIN = false };
#endif

/* ------------------------------------------------------------- universe -- */

static uint64_t random_state;

static uint32_t
draw_random(uint32_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (random_state >> 32) % below;
}

/* The one that is compared with. */
static struct {
	uint32_t width;
	uint32_t height;
	uint8_t *now;
	uint8_t *next;
} naive;

static uint8_t
naive_cell(uint32_t x, uint32_t y)
{
	return naive.now[(y % naive.height) * naive.width + x % naive.width];
}

static void
naive_step(void)
{
	uint32_t w = naive.width, h = naive.height, x, y, dx, dy;
	uint8_t *old = naive.now;

	for (y = 0; y < h; y++)
		for (x = 0; x < w; x++) {
			unsigned n = 0;

			for (dy = 0; dy < 3; dy++)
				for (dx = 0; dx < 3; dx++)
					if (dx != 1 || dy != 1)
						n += naive_cell(x + w - 1 + dx,
								y + h - 1 + dy);
			naive.next[y * w + x] =
				n == 3 || (n == 2 && naive_cell(x, y));
		}
	naive.now = naive.next;
	naive.next = old;
}

static struct universe *
begin(uint32_t width, uint32_t height)
{
	struct universe *u;

	naive.width = width;
	naive.height = height;
	naive.now = calloc(width, height);
	naive.next = calloc(width, height);
	ck_assert_int_eq(universe_create(&u, width, height), 0);
	return u;
}

static void
end(struct universe *u)
{
	universe_destroy(u);
	free(naive.now);
	free(naive.next);
}

/* A run of live cells somewhere, in both. */
static void
scatter(struct universe *u, uint32_t x, uint32_t y, uint32_t count)
{
	uint32_t i;

	universe_set(u, x, y, count);
	for (i = 0; i < count; i++)
		naive.now[y * naive.width + (x + i) % naive.width] = 1;
}

/* Dead ones, the same way. */
static void
clear(struct universe *u, uint32_t x, uint32_t y, uint32_t count)
{
	uint32_t i;

	universe_erase(u, x, y, count);
	for (i = 0; i < count; i++)
		naive.now[y * naive.width + (x + i) % naive.width] = 0;
}

/* One cell in so many. */
static void
strew(struct universe *u, uint32_t one_in)
{
	uint32_t x, y;

	for (y = 0; y < naive.height; y++)
		for (x = 0; x < naive.width; x++)
			if (draw_random(one_in) == 0)
				scatter(u, x, y, 1);
}

static void
compare(const struct universe *u, unsigned step)
{
	struct census census;
	uint64_t population = 0;
	uint32_t x, y, i;

	for (y = 0; y < naive.height; y++)
		for (x = 0; x < naive.width; x += 64) {
			uint64_t want = 0;

			for (i = 0; i < 64; i++)
				want |= (uint64_t)naive_cell(x + i, y) << i;
			for (i = x; i < x + 64 && i < naive.width; i++)
				population += naive_cell(i, y);
			if (universe_cells(u, x, y) != want)
				ck_abort_msg("%ux%u step %u: cells from %u,%u",
					     naive.width, naive.height, step,
					     x, y);
		}
	universe_census(u, &census);
	ck_assert_uint_eq(census.population, population);
}

static void
run_and_compare(struct universe *u, unsigned steps)
{
	unsigned i;

	compare(u, 0);
	for (i = 1; i <= steps; i++) {
		universe_step(u);
		naive_step();
		compare(u, i);
	}
}

/* Dense and sparse, and every width round the word and tile boundaries. */
START_TEST(tori_of_any_size)
{
	unsigned i;

	for (i = 0; i < 120; i++) {
		uint32_t width = 1 + draw_random(200);
		uint32_t height = 1 + draw_random(i % 4 ? 40 : 200);
		struct universe *u = begin(width, height);

		strew(u, 2 + draw_random(8));
		run_and_compare(u, 12);
		end(u);
	}
}
END_TEST

START_TEST(tori_of_every_narrow_size)
{
	uint32_t width, height;

	for (width = 1; width <= 6; width++)
		for (height = 1; height <= 6; height++) {
			struct universe *u = begin(width, height);

			strew(u, 3);
			run_and_compare(u, 6);
			end(u);
		}
}
END_TEST

START_TEST(tori_at_the_boundaries)
{
	static const uint32_t widths[] = {
		63, 64, 65, 127, 128, 129, 191, 192, 193, 255, 256, 257, 320,
		511, 512, 513,
	};
	static const uint32_t heights[] = { 1, 2, 15, 16, 17, 32, 33 };
	size_t i, j;

	for (i = 0; i < sizeof(widths) / sizeof(*widths); i++)
		for (j = 0; j < sizeof(heights) / sizeof(*heights); j++) {
			struct universe *u = begin(widths[i], heights[j]);

			strew(u, 3);
			run_and_compare(u, 8);
			end(u);
		}
}
END_TEST

/* Mostly empty, for hundreds of steps: quiet places are left alone rightly. */
START_TEST(quiet_places)
{
	unsigned seed, i;

	for (seed = 0; seed < 4; seed++) {
		struct universe *u = begin(700 + draw_random(100),
					   60 + draw_random(40));

		for (i = 0; i < 5; i++) {
			uint32_t x = draw_random(naive.width - 4);
			uint32_t y = draw_random(naive.height - 4);

			/* An r-pentomino, or what two of them make. */
			scatter(u, x + 1, y, 2);
			scatter(u, x, y + 1, 2);
			scatter(u, x + 1, y + 2, 1);
		}
		run_and_compare(u, 150);
		end(u);
	}
}
END_TEST

/* Cells that change while it runs, next to what rests and what moves. */
START_TEST(edits_on_the_way)
{
	struct universe *u = begin(530, 70);
	unsigned i;

	for (i = 0; i < 60; i++) {
		scatter(u, draw_random(530), draw_random(70),
			1 + draw_random(i % 10 ? 4 : 600));
		run_and_compare(u, draw_random(5));
		clear(u, draw_random(530), draw_random(70),
		      1 + draw_random(i % 10 ? 4 : 600));
		run_and_compare(u, draw_random(5));
	}
	universe_clear(u);
	memset(naive.now, 0, 530 * 70);
	run_and_compare(u, 3);
	scatter(u, 529, 69, 3);
	run_and_compare(u, 5);
	end(u);
}
END_TEST

START_TEST(rest_costs_nothing)
{
	struct universe *u = begin(2000, 300);
	unsigned i;

	ck_assert_int_eq(universe_activity(u) > 0, 0);
	scatter(u, 1000, 100, 3);		/* a blinker */
	scatter(u, 20, 100, 2);			/* a block */
	scatter(u, 20, 101, 2);
	scatter(u, 1999, 50, 2);		/* a block over the edge */
	scatter(u, 1999, 51, 2);
	scatter(u, 1998, 250, 3);		/* a blinker there */
	run_and_compare(u, 1);
	ck_assert_int_eq(universe_activity(u) > 0, 1);
	run_and_compare(u, 4);
	ck_assert_int_eq(universe_activity(u) > 0, 0);

	scatter(u, 500, 200, 1);		/* a glider */
	scatter(u, 501, 201, 1);
	scatter(u, 499, 202, 3);
	for (i = 0; i < 10; i++) {
		run_and_compare(u, 1);
		ck_assert_int_eq(universe_activity(u) > 0, 1);
		ck_assert_int_eq(universe_activity(u) < 0.2, 1);
	}
	end(u);
}
END_TEST

START_TEST(cells_from_anywhere)
{
	unsigned i, j;

	for (i = 0; i < 200; i++) {
		struct universe *u = begin(1 + draw_random(300), 3);
		uint32_t x = draw_random(naive.width);
		uint64_t want = 0;

		strew(u, 2);
		universe_step(u);
		naive_step();
		for (j = 0; j < 64; j++)
			want |= (uint64_t)naive_cell(x + j, 1) << j;
		ck_assert_uint_eq(universe_cells(u, x, 1), want);
		end(u);
	}
}
END_TEST

START_TEST(census_of_few)
{
	struct universe *u = begin(1000, 500);
	struct census c;

	universe_census(u, &c);
	ck_assert_uint_eq(c.population + c.x + c.y + c.width + c.height, 0);

	scatter(u, 70, 33, 1);
	universe_census(u, &c);
	ck_assert_uint_eq(c.population, 1);
	ck_assert_uint_eq(c.x, 70);
	ck_assert_uint_eq(c.y, 33);
	ck_assert_uint_eq(c.width, 1);
	ck_assert_uint_eq(c.height, 1);

	scatter(u, 998, 400, 3);		/* wraps */
	universe_census(u, &c);
	ck_assert_uint_eq(c.population, 4);
	ck_assert_uint_eq(c.x, 0);
	ck_assert_uint_eq(c.y, 33);
	ck_assert_uint_eq(c.width, 1000);
	ck_assert_uint_eq(c.height, 368);
	end(u);
}
END_TEST

START_TEST(sizes_out_of_range)
{
	struct universe *u = NULL;

	ck_assert_int_eq(universe_create(&u, 0, 5), -EINVAL);
	ck_assert_int_eq(universe_create(&u, 5, 0), -EINVAL);
	ck_assert_int_eq(universe_create(&u, UNIVERSE_SIDE_MAX + 1, 5),
			 -EINVAL);
	ck_assert_ptr_null(u);
	universe_destroy(NULL);
}
END_TEST

/* -------------------------------------------------------------- patterns -- */

static char path[4096];
static uint64_t frame;	/* the last picture's */

static void
set_up(void)
{
	const char *dir = getenv("TMPDIR");

	snprintf(path, sizeof(path), "%s/life-XXXXXX", dir ? dir : "/tmp");
	close(mkstemp(path));
	random_state = 88172645463325252;
	frame = 0;
}

static void
remove_file(void)
{
	remove(path);
}

static void
write_file(const void *bytes, size_t size)
{
	FILE *file = fopen(path, "we");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
	fclose(file);
}

static size_t
read_file(void *bytes, size_t size)
{
	FILE *file = fopen(path, "re");

	ck_assert_ptr_nonnull(file);
	size = fread(bytes, 1, size, file);
	fclose(file);
	return size;
}

static int
read_text(struct rle_pattern *p, const char *text, char error[512])
{
	write_file(text, strlen(text));
	return rle_read(p, path, error, 512);
}

/* Runs of a pattern, as "x,y+count x,y+count ...". */
static const struct {
	const char *text;
	const char *runs;
	uint32_t width, height, torus_width, torus_height;
} good[] = {
	{ "x = 3, y = 3, rule = B3/S23\nbob$2bo$3o!\n",
	  "1,0+1 2,1+1 0,2+3", 3, 3, 0, 0 },
	{ "x=3,y=3\nbo$2bo$3o!", "1,0+1 2,1+1 0,2+3", 3, 3, 0, 0 },
	{ "#N Glider\r\n#C about it\r\n#O me\r\n\r\nx = 3, y = 3, "
	  "rule = 23/3\r\nbob$\r\n2bo$\r\n3o!\r\n",
	  "1,0+1 2,1+1 0,2+3", 3, 3, 0, 0 },
	{ "X = 3 , Y = 3 , Rule = s23/b3\n b o b $ 2 b o $ 3\n o !",
	  "1,0+1 2,1+1 0,2+3", 3, 3, 0, 0 },
	{ "x = 3, y = 3, rule = Life\n.A.$..A$3A!", "1,0+1 2,1+1 0,2+3", 3, 3,
	  0, 0 },
	{ "x = 2, y = 2, rule = B3/S23:T60,20\noo$2o!", "0,0+2 0,1+2", 2, 2,
	  60, 20 },
	{ "x = 2, y = 2, rule = b3/s23:t60\noo$2o!", "0,0+2 0,1+2", 2, 2,
	  60, 60 },
	/* The dimensions of the header may be wrong. */
	{ "x = 1, y = 1\n3o2$3o!", "0,0+3 0,2+3", 3, 3, 0, 0 },
	{ "x = 9, y = 8\no!", "0,0+1", 9, 8, 0, 0 },
	{ "x = 0, y = 0\n!", "", 0, 0, 0, 0 },
	/* Comments between, and nothing read after the end. */
	{ "x = 1, y = 2\no$\n#C half of it\no!b99999999999?\n", "0,0+1 0,1+1",
	  1, 2, 0, 0 },
	{ "x = 1, y = 1\n999999bo!", "999999,0+1", 1000000, 1, 0, 0 },
	{ "x = 1, y = 1\n999999$o!", "0,999999+1", 1, 1000000, 0, 0 },
	{ "x = 1, y = 1\n1000000o!", "0,0+1000000", 1000000, 1, 0, 0 },
};

START_TEST(good_patterns)
{
	char error[512], runs[512] = "";
	struct rle_pattern p;
	size_t i;

	if (read_text(&p, good[_i].text, error) < 0)
		ck_abort_msg("%s", error);
	for (i = 0; i < p.run_count; i++)
		sprintf(runs + strlen(runs), "%s%u,%u+%u", i ? " " : "",
			p.runs[i].x, p.runs[i].y, p.runs[i].count);
	ck_assert_str_eq(runs, good[_i].runs);
	ck_assert_uint_eq(p.width, good[_i].width);
	ck_assert_uint_eq(p.height, good[_i].height);
	ck_assert_uint_eq(p.torus_width, good[_i].torus_width);
	ck_assert_uint_eq(p.torus_height, good[_i].torus_height);
	rle_finish(&p);
}
END_TEST

static const struct {
	const char *text;
	const char *error;	/* after the file name */
} bad[] = {
	{ "", ":1:1: the file ends here, expected a header" },
	{ "\n\n#C only that\n", ":4:1: the file ends here, expected a header" },
	{ "x = 3, y = 3", ":1:13: the file ends here, expected a pattern" },
	{ "x = 3, y =\n", ":2:1: the file ends here, expected a pattern" },
	{ "bob$2bo$3o!\n", ":1:1: unexpected 'b', expected a header" },
	{ "\x7f" "ELF", ":1:1: unexpected byte 0x7f, expected a header" },
	{ "x 3\no!", ":1:3: expected a header" },
	{ "x = 3\no!", ":1:6: expected a header" },
	{ "x = , y = 3\no!", ":1:5: expected the width x, a number" },
	{ "x = 3, y = -3\no!", ":1:12: expected the height y, a number" },
	{ "x = 3, y = 3, colour = red\no!", ":1:15: expected a header" },
	{ "x = 3, y = 3 oops\no!", ":1:14: expected the end of the header" },
	{ "x = 3, y = 99999999999999999999\no!",
	  ":1:12: the height y is larger than 1000000" },
	{ "#C\nx = 3, y = 3, rule = B36/S23\no!",
	  ":2:22: rule B36/S23 is not supported, only B3/S23" },
	{ "x = 3, y = 3, rule = LifeHistory:T9,9\no!",
	  ":1:22: rule LifeHistory is not supported, only B3/S23" },
	{ "x = 3, y = 3, rule =\no!", ":1:21: rule  is not supported" },
	{ "x = 3, y = 3, rule = B3/S23:K9,9\no!",
	  ":1:28: the only bounded grid supported is a torus" },
	{ "x = 3, y = 3, rule = B3/S23:T30+7,20\no!",
	  ":1:32: the only bounded grid supported is a torus" },
	{ "x = 3, y = 3, rule = B3/S23:T0,20\no!",
	  ":1:28: a torus that is endless in one direction" },
	{ "x = 3, y = 3, rule = B3/S23:T9,\no!",
	  ":1:32: expected the height of the torus, a number" },
	{ "x = 3, y = 3\nbob$\n2bo$3o\n", ":4:1: the file ends here, expected "
	  "b, o, $, ! or a run count" },
	{ "x = 3, y = 3\nbob$\n2bo$3", ":3:6: the file ends here" },
	{ "x = 3, y = 3\nbob$\n2bo?3o!", ":3:4: unexpected '?', expected b" },
	{ "x = 3, y = 3\nbBb!", ":2:2: unexpected 'B', expected b" },
	{ "x = 3, y = 3\nbo\x80!", ":2:3: unexpected byte 0x80" },
	{ "x = 3, y = 3\nbo$3!", ":2:5: unexpected '!', expected a cell" },
	{ "x = 3, y = 3\nbo$0o!", ":2:4: a run count of 0" },
	{ "x = 3, y = 3\n 99999999999999999999o!",
	  ":2:2: a run count larger than 1000000" },
	{ "x = 3, y = 3\n4294967297o!", ":2:1: a run count larger than" },
	{ "x = 3, y = 3\n1000000bo!",
	  ":2:9: the pattern is wider than 1000000 cells" },
	{ "x = 3, y = 3\n1000000$1000000$o!",
	  ":2:9: the pattern is taller than 1000000 cells" },
	{ "x = 3, y = 3\n1000000$o!",
	  ":2:9: the pattern is taller than 1000000 cells" },
};

START_TEST(bad_patterns)
{
	struct rle_pattern p = { .width = 7 };
	char error[512];

	ck_assert_int_eq(read_text(&p, bad[_i].text, error), -1);
	ck_assert_int_eq(strncmp(error, path, strlen(path)), 0);
	if (strncmp(error + strlen(path), bad[_i].error,
		    strlen(bad[_i].error)) != 0)
		ck_abort_msg("got %s, want %s", error + strlen(path),
			     bad[_i].error);
	ck_assert_uint_eq(p.width, 7);		/* untouched */
	ck_assert_ptr_null(p.runs);
}
END_TEST

START_TEST(place_of_golly)
{
	struct rle_pattern p;
	char error[512];

	ck_assert_int_eq(read_text(&p, "#CXRLE Pos=-12,34 Gen=5\n"
				   "x = 1, y = 1, rule = B3/S23:T99,99\no!",
				   error), 0);
	ck_assert(p.placed);
	ck_assert_int_eq(p.place_x, -12);
	ck_assert_int_eq(p.place_y, 34);
	rle_finish(&p);
}
END_TEST

static const char sample[] =
	"#N Gosper glider gun\n"
	"#CXRLE Pos=-18,-4\n"
	"x = 36, y = 9, rule = B3/S23:T100,80\n"
	"24bo$22bobo$12b2o6b2o12b2o$11bo3bo4b2o12b2o$2o8bo5bo3b2o$2o8bo3bob2o4b"
	"obo$10bo5bo7bo$11bo3bo$12b2o!\n";

/* Cut off at every byte: an error each time, until all is there. */
START_TEST(cut_off_anywhere)
{
	size_t size, whole = strchr(sample, '!') - sample + 1;
	struct rle_pattern p;
	char error[512];

	for (size = 0; size <= strlen(sample); size++) {
		write_file(sample, size);
		ck_assert_int_eq(rle_read(&p, path, error, sizeof(error)),
				 size < whole ? -1 : 0);
		if (size >= whole)
			rle_finish(&p);
	}
}
END_TEST

/* Anything may happen to it but a crash or a pattern beyond the limits. */
START_TEST(damaged_anywhere)
{
	static const char likely[] = "0123456789bo$!.A \n\r#x=,:TPos-";
	char text[sizeof(sample)], error[512];
	struct rle_pattern p;
	unsigned i, hits;
	size_t j;

	for (i = 0; i < 3000; i++) {
		memcpy(text, sample, sizeof(text));
		for (hits = 1 + draw_random(6); hits > 0; hits--)
			text[draw_random(sizeof(text) - 1)] = draw_random(4)
				? likely[draw_random(sizeof(likely) - 1)]
				: (char)draw_random(256);
		write_file(text, sizeof(text) - 1);
		if (rle_read(&p, path, error, sizeof(error)) < 0) {
			ck_assert_ptr_null(strchr(error, '\n'));
			continue;
		}
		ck_assert_uint_le(p.width, RLE_SIDE_MAX);
		ck_assert_uint_le(p.height, RLE_SIDE_MAX);
		for (j = 0; j < p.run_count; j++) {
			ck_assert_uint_ge(p.runs[j].count, 1);
			ck_assert_uint_lt(p.runs[j].y, p.height);
			ck_assert_uint_le(p.runs[j].x + p.runs[j].count,
					  p.width);
		}
		rle_finish(&p);
	}
}
END_TEST

static size_t
write_gzipped(unsigned char *bytes, size_t size)
{
	gzFile file = gzopen(path, "wb");

	ck_assert_ptr_nonnull(file);
	gzwrite(file, sample, sizeof(sample) - 1);
	gzclose(file);
	return read_file(bytes, size);
}

START_TEST(gzipped)
{
	unsigned char bytes[1024];
	struct rle_pattern p;
	char error[512];

	write_gzipped(bytes, sizeof(bytes));
	ck_assert_uint_eq(bytes[0], 0x1f);
	ck_assert_int_eq(rle_read(&p, path, error, sizeof(error)), 0);
	ck_assert_uint_eq(p.width, 36);
	ck_assert_uint_eq(p.height, 9);
	rle_finish(&p);
}
END_TEST

START_TEST(gzipped_and_cut_off)
{
	unsigned char bytes[1024];
	struct rle_pattern p;
	char error[512];
	size_t size = write_gzipped(bytes, sizeof(bytes)), cut;

	/* The check sum at the end is behind the "!", which is not read. */
	for (cut = 0; cut < size - 12; cut++) {
		write_file(bytes, cut);
		ck_assert_int_eq(rle_read(&p, path, error, sizeof(error)), -1);
		if (cut > 20 &&
		    !strstr(error, "compressed data is damaged or cut off"))
			ck_abort_msg("cut at %zu: %s", cut, error);
	}
}
END_TEST

START_TEST(gzipped_and_damaged)
{
	unsigned char bytes[1024], hurt[1024];
	struct rle_pattern p;
	char error[512];
	size_t size = write_gzipped(bytes, sizeof(bytes)), i;

	for (i = 0; i < 8 * size; i++) {
		memcpy(hurt, bytes, size);
		hurt[i / 8] ^= 1 << i % 8;
		write_file(hurt, size);
		if (rle_read(&p, path, error, sizeof(error)) == 0)
			rle_finish(&p);
	}
}
END_TEST

/* Rows of "bo", gzipped to a thousandth. */
static void
write_bomb(unsigned rows, unsigned row_runs)
{
	gzFile file = gzopen(path, "wb9");
	char *row = malloc(2 * row_runs + 2);
	unsigned i;

	ck_assert_ptr_nonnull(file);
	ck_assert_ptr_nonnull(row);
	for (i = 0; i < row_runs; i++)
		memcpy(row + 2 * i, "bo", 2);
	memcpy(row + 2 * row_runs, "$\n", 2);
	gzputs(file, "x = 1, y = 1\n");
	for (i = 0; i < rows; i++)
		gzwrite(file, row, 2 * row_runs + 2);
	gzputs(file, "!");
	gzclose(file);
	free(row);
}

/* As many runs as there may be, and one row more of them. */
START_TEST(gzipped_bomb)
{
	struct rle_pattern p;
	char error[512];
	struct stat st;

	write_bomb(RLE_RUNS_MAX / 262144, 262144);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_lt(st.st_size, 100000);
	ck_assert_int_eq(rle_read(&p, path, error, sizeof(error)), 0);
	ck_assert_uint_eq(p.run_count, RLE_RUNS_MAX);
	rle_finish(&p);

	write_bomb(RLE_RUNS_MAX / 262144 + 1, 262144);
	ck_assert_int_eq(rle_read(&p, path, error, sizeof(error)), -1);
	ck_assert_ptr_nonnull(strstr(error, ":34:2: the pattern has more than "
				     "8388608 runs of live cells"));
}
END_TEST

START_TEST(no_file)
{
	struct rle_pattern p;
	char error[512];

	remove(path);
	ck_assert_int_eq(rle_read(&p, path, error, sizeof(error)), -1);
	ck_assert_ptr_nonnull(strstr(error, "cannot open "));
	ck_assert_ptr_nonnull(strstr(error, "No such file"));
	ck_assert_int_eq(rle_read(&p, "/", error, sizeof(error)), -1);
	ck_assert_ptr_nonnull(strstr(error, "/ is a directory"));
}
END_TEST

/* -------------------------------------------------------------- pictures -- */

static uint32_t *
take_picture(struct picture *p, const struct picture_options *o,
	     unsigned ticks)
{
	uint32_t *pixels = malloc(4 * (size_t)o->width * o->height);
	size_t i;

	for (i = 0; i < (size_t)o->width * o->height; i++)
		pixels[i] = 0xffffffff;
	picture_look(p, ticks, ++frame);
	picture_draw(p, pixels, 4 * (size_t)o->width, 0);
	for (i = 0; i < (size_t)o->width * o->height; i++)
		if (pixels[i] >> 24 != 0)
			ck_abort_msg("pixel %zu was not drawn", i);
	return pixels;
}

static unsigned
brightness(uint32_t pixel)
{
	return (pixel >> 16 & 255) + (pixel >> 8 & 255) + (pixel & 255);
}

/* Every zoom, on frames that it does not divide and tori smaller than them. */
START_TEST(pictures_are_whole)
{
	struct picture_options o = { .zoom_in = 1 };
	struct universe *u = begin(100, 61);
	struct picture *p;
	unsigned zoom;

	strew(u, 3);
	for (zoom = 1; zoom <= PICTURE_ZOOM_MAX; zoom++) {
		o.width = 1 + draw_random(150);
		o.height = 1 + draw_random(150);
		o.centre_x = draw_random(1000);
		o.centre_y = draw_random(1000);
		o.zoom_in = zoom;
		o.zoom_out = 1;
		ck_assert_int_eq(picture_create(&p, u, &o), 0);
		free(take_picture(p, &o, 1));
		picture_destroy(p);
		if (zoom & (zoom - 1))
			continue;
		o.zoom_in = 1;
		o.zoom_out = zoom;
		ck_assert_int_eq(picture_create(&p, u, &o), 0);
		free(take_picture(p, &o, 1));
		picture_destroy(p);
	}
	end(u);
}
END_TEST

/* At 1:1 a cell is a pixel: bright where it lives, dark where not. */
START_TEST(pictures_show_cells)
{
	struct picture_options o = {
		.width = 90, .height = 50, .zoom_in = 1, .zoom_out = 1,
		.centre_x = 3, .centre_y = 4,
	};
	struct universe *u = begin(130, 70);
	struct picture *p;
	uint32_t *pixels, x, y;

	strew(u, 3);
	ck_assert_int_eq(picture_create(&p, u, &o), 0);
	pixels = take_picture(p, &o, 1);
	for (y = 0; y < o.height; y++)
		for (x = 0; x < o.width; x++)
			if ((brightness(pixels[y * o.width + x]) > 300) !=
			    naive_cell(3 + 130 - 45 + x, 4 + 70 - 25 + y))
				ck_abort_msg("pixel %u,%u", x, y);
	free(pixels);
	picture_destroy(p);
	end(u);
}
END_TEST

/* Which cell a pixel shows is known backwards as well. */
START_TEST(pictures_know_their_cells)
{
	struct picture_options o = {
		.width = 90, .height = 50, .zoom_in = 3, .zoom_out = 1,
		.centre_x = 3, .centre_y = 4,
	};
	struct universe *u = begin(130, 70);
	uint32_t *pixels, x, y, side;
	struct picture *p;

	ck_assert_int_eq(picture_create(&p, u, &o), 0);
	ck_assert(picture_cells(p, 88, 49, &x, &y, &side));
	ck_assert_uint_eq(side, 1);
	universe_set(u, x, y, 1);
	pixels = take_picture(p, &o, 1);
	ck_assert_uint_gt(brightness(pixels[49 * 90 + 88]), 300);
	ck_assert_uint_gt(brightness(pixels[48 * 90 + 89]), 300);
	ck_assert_uint_lt(brightness(pixels[47 * 90 + 88]), 300);
	ck_assert_uint_lt(brightness(pixels[49 * 90 + 86]), 300);
	free(pixels);
	picture_destroy(p);

	o.zoom_in = 1;
	o.zoom_out = 4;
	ck_assert_int_eq(picture_create(&p, u, &o), 0);
	ck_assert(picture_cells(p, 0, 0, &x, &y, &side));
	ck_assert_uint_eq(side, 4);
	/* The middle less half of what is seen, round the torus. */
	ck_assert_uint_eq(x, (3 + 2 * 130 - 180) % 130);
	ck_assert_uint_eq(y, (4 + 2 * 70 - 100) % 70);
	ck_assert(!picture_cells(p, -1, 0, &x, &y, &side));
	ck_assert(!picture_cells(p, 0, -1, &x, &y, &side));
	ck_assert(!picture_cells(p, 90, 0, &x, &y, &side));
	ck_assert(!picture_cells(p, 0, 50, &x, &y, &side));
	picture_destroy(p);
	end(u);
}
END_TEST

/* From some size on there is a gap between them. */
START_TEST(pictures_have_gaps)
{
	struct picture_options o = {
		.width = 80, .height = 80, .zoom_in = 8, .zoom_out = 1,
		.centre_x = 15, .centre_y = 15,
	};
	struct universe *u = begin(30, 30);
	struct picture *p;
	uint32_t *pixels, x, y;

	for (y = 0; y < 30; y++)
		scatter(u, 0, y, 30);
	ck_assert_int_eq(picture_create(&p, u, &o), 0);
	pixels = take_picture(p, &o, 1);
	for (y = 0; y < o.height; y++)
		for (x = 0; x < o.width; x++)
			if ((brightness(pixels[y * o.width + x]) > 300) !=
			    (x % 8 != 7 && y % 8 != 7))
				ck_abort_msg("pixel %u,%u", x, y);
	free(pixels);
	picture_destroy(p);
	end(u);
}
END_TEST

/* Squares with more life in them are brighter. */
START_TEST(pictures_show_density)
{
	struct picture_options o = {
		.width = 16, .height = 1, .zoom_in = 1, .zoom_out = 8,
		.centre_x = 64, .centre_y = 4,
	};
	struct universe *u = begin(128, 8);
	struct picture *p;
	uint32_t *pixels, i;

	for (i = 0; i < 8; i++)			/* 3 i cells of 64 */
		for (uint32_t y = 0; i > 0 && y < 3; y++)
			scatter(u, 8 * i, y, i);
	ck_assert_int_eq(picture_create(&p, u, &o), 0);
	pixels = take_picture(p, &o, 1);
	for (i = 1; i < 8; i++)
		ck_assert_uint_gt(brightness(pixels[i]),
				  brightness(pixels[i - 1]));
	ck_assert_uint_eq(pixels[8], pixels[0]);
	free(pixels);
	picture_destroy(p);
	end(u);
}
END_TEST

/* What has died glows, less and less, and is forgotten. */
START_TEST(pictures_fade)
{
	struct picture_options o = {
		.width = 1, .height = 1, .zoom_in = 1, .zoom_out = 1,
		.centre_x = 5, .centre_y = 5,
	};
	struct universe *u = begin(20, 20);
	unsigned before, now, i;
	struct picture *p;
	uint32_t *pixel;

	scatter(u, 5, 5, 1);
	ck_assert_int_eq(picture_create(&p, u, &o), 0);
	pixel = take_picture(p, &o, 0);
	before = brightness(*pixel);
	free(pixel);
	universe_step(u);
	for (i = 0; i < 127; i++) {
		pixel = take_picture(p, &o, 1);
		now = brightness(*pixel);
		ck_assert_uint_le(now, before + 2);	/* rounded */
		before = now;
		free(pixel);
	}
	ck_assert_uint_gt(before, 0);
	pixel = take_picture(p, &o, 1);
	ck_assert_uint_lt(brightness(*pixel), 40);
	free(pixel);
	picture_destroy(p);
	end(u);
}
END_TEST

/*
 * As in a ring: a few slots, each with a frame of some age, and now and then a
 * frame that is not published.  Drawn in part they are what is drawn whole.
 */
static void
draw_in_part(struct universe *u, const struct picture_options *o)
{
	size_t bytes = 4 * (size_t)o->width * o->height;
	uint32_t *slots[4], *whole = malloc(bytes), *last = calloc(1, bytes);
	uint64_t shows[4] = { 0 }, published = 0;
	struct picture_box box;
	struct picture *p;
	unsigned i, slot;
	uint32_t x, y;

	ck_assert_int_eq(picture_create(&p, u, o), 0);
	for (slot = 0; slot < 4; slot++)
		slots[slot] = malloc(bytes);
	for (i = 0; i < 60; i++) {
		slot = draw_random(4);
		picture_look(p, draw_random(3) ? 0 : draw_random(9),
			     published + 1);
		picture_draw(p, whole, 4 * (size_t)o->width, 0);
		picture_draw(p, slots[slot], 4 * (size_t)o->width,
			     shows[slot]);
		ck_assert_int_eq(memcmp(slots[slot], whole, bytes), 0);

		box = picture_changes(p, published);
		ck_assert_uint_le(box.x + box.width, o->width);
		ck_assert_uint_le(box.y + box.height, o->height);
		for (y = 0; y < o->height; y++)
			for (x = 0; published > 0 && x < o->width; x++)
				if ((x - box.x >= box.width ||
				     y - box.y >= box.height) &&
				    whole[y * o->width + x] !=
				    last[y * o->width + x])
					ck_abort_msg("%u,%u is not in the box",
						     x, y);
		if (draw_random(5) > 0) {
			shows[slot] = ++published;
			memcpy(last, whole, bytes);
		} else {
			shows[slot] = 0;
		}
		universe_step(u);
	}
	for (slot = 0; slot < 4; slot++)
		free(slots[slot]);
	free(whole);
	free(last);
	picture_destroy(p);
}

START_TEST(pictures_in_part)
{
	static const unsigned zooms[][2] = {
		{ 1, 1 }, { 2, 1 }, { 3, 1 }, { 7, 1 }, { 1, 2 }, { 1, 8 },
	};
	struct picture_options o = {
		.width = 301, .height = 117,
		.zoom_in = zooms[_i][0], .zoom_out = zooms[_i][1],
	};
	struct universe *u = begin(400, 150);

	/* Something small that moves, and much that rests. */
	scatter(u, 21, 10, 1);
	scatter(u, 22, 11, 1);
	scatter(u, 20, 12, 3);
	scatter(u, 200, 100, 3);
	scatter(u, 100, 50, 30);
	draw_in_part(u, &o);
	end(u);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("life");
	TCase *tc = suite_case(s, "universe");

	tcase_add_checked_fixture(tc, set_up, remove_file);
	tcase_add_test(tc, tori_of_any_size);
	tcase_add_test(tc, tori_of_every_narrow_size);
	tcase_add_test(tc, tori_at_the_boundaries);
	tcase_add_test(tc, quiet_places);
	tcase_add_test(tc, edits_on_the_way);
	tcase_add_test(tc, rest_costs_nothing);
	tcase_add_test(tc, cells_from_anywhere);
	tcase_add_test(tc, census_of_few);
	tcase_add_test(tc, sizes_out_of_range);
	if (PLAIN)
		return suite_run(s);

	tc = suite_case(s, "patterns");
	tcase_add_checked_fixture(tc, set_up, remove_file);
	tcase_add_loop_test(tc, good_patterns, 0,
			    sizeof(good) / sizeof(*good));
	tcase_add_loop_test(tc, bad_patterns, 0, sizeof(bad) / sizeof(*bad));
	tcase_add_test(tc, place_of_golly);
	tcase_add_test(tc, cut_off_anywhere);
	tcase_add_test(tc, damaged_anywhere);
	tcase_add_test(tc, gzipped);
	tcase_add_test(tc, gzipped_and_cut_off);
	tcase_add_test(tc, gzipped_and_damaged);
	tcase_add_test(tc, gzipped_bomb);
	tcase_add_test(tc, no_file);

	tc = suite_case(s, "pictures");
	tcase_add_checked_fixture(tc, set_up, remove_file);
	tcase_add_test(tc, pictures_are_whole);
	tcase_add_test(tc, pictures_show_cells);
	tcase_add_test(tc, pictures_know_their_cells);
	tcase_add_test(tc, pictures_have_gaps);
	tcase_add_test(tc, pictures_show_density);
	tcase_add_test(tc, pictures_fade);
	tcase_add_loop_test(tc, pictures_in_part, 0, 6);
	return suite_run(s);
}
