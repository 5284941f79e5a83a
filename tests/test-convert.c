/* SPDX-License-Identifier: MIT */
/*
 * test-convert.c - every format into every kind of window
 *
 * Against the reference in colour.c.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <shmx/shmx.h>

#include "base/base.h"
#include "colour.h"
#include "shmfb/convert.h"
#include "shmfb/pixel.h"
#include "suite.h"

static const struct shmfb_visual visuals[] = {
	{ 24, 32, 32, false, 0xff0000, 0xff00, 0xff },
	{ 24, 32, 32, true, 0xff0000, 0xff00, 0xff },
	{ 24, 32, 32, false, 0xff, 0xff00, 0xff0000 },
	{ 24, 32, 32, true, 0xff, 0xff00, 0xff0000 },
	{ 24, 32, 32, false, 0xff00, 0xff, 0xff0000 },
	{ 24, 32, 32, true, 0xff00, 0xff0000, 0xff },
	{ 32, 32, 32, false, 0xff0000, 0xff00, 0xff },
	{ 32, 32, 32, true, 0xff0000, 0xff00, 0xff },
	{ 32, 32, 32, false, 0xff, 0xff00, 0xff0000 },
	{ 32, 32, 32, false, 0xff000000, 0xff0000, 0xff00 },
	{ 32, 32, 32, false, 0xff00, 0xff, 0xff0000 },
	{ 32, 32, 32, false, 0x3ff00000, 0xffc00, 0x3ff },
	{ 30, 32, 32, false, 0x3ff00000, 0xffc00, 0x3ff },
	{ 30, 32, 32, true, 0x3ff00000, 0xffc00, 0x3ff },
	{ 30, 32, 32, false, 0x3ff, 0xffc00, 0x3ff00000 },
	{ 30, 32, 32, false, 0xffc00, 0x3ff, 0x3ff00000 },
	{ 24, 24, 32, false, 0xff0000, 0xff00, 0xff },
	{ 24, 24, 32, true, 0xff0000, 0xff00, 0xff },
	{ 24, 24, 32, false, 0xff, 0xff00, 0xff0000 },
	{ 24, 24, 32, false, 0xff00, 0xff0000, 0xff },
	{ 18, 24, 32, true, 0x3f000, 0xfc0, 0x3f },
	{ 16, 16, 32, false, 0xf800, 0x7e0, 0x1f },
	{ 16, 16, 32, true, 0xf800, 0x7e0, 0x1f },
	{ 16, 16, 32, false, 0x1f, 0x7e0, 0xf800 },
	{ 15, 16, 32, false, 0x7c00, 0x3e0, 0x1f },
	{ 15, 16, 32, true, 0x1f, 0x3e0, 0x7c00 },
	{ 16, 16, 32, false, 0x7e0, 0xf800, 0x1f },
	{ 12, 16, 32, true, 0xf00, 0xf0, 0xf },
	{ 8, 8, 32, false, 0xe0, 0x1c, 0x3 },
};

static const uint32_t formats[] = {
	SHMX_XRGB8888, SHMX_ARGB8888, SHMX_XBGR8888, SHMX_RGB565,
	SHMX_XRGB2101010, SHMX_RGB888, SHMX_R8,
};

#define VISUALS ((int)BASE_ARRAY_SIZE(visuals))
#define FORMATS ((int)BASE_ARRAY_SIZE(formats))

/* --------------------------------------------------------------- native -- */

START_TEST(bytes_of_a_colour)
{
	const struct shmfb_visual *v = &visuals[_i];
	static const uint32_t colours[] = { 0, 0xffffff, 0x123456, 0xff0000,
					    0x00ff00, 0x0000ff, 0x807fc1 };
	struct shmfb_native n;
	uint8_t got[4], want[4], source[4] = { 0 };
	unsigned i, k;

	ck_assert_int_eq(shmfb_native_of(&n, v), 0);
	ck_assert_uint_eq(n.bytes, v->bits / 8);
	for (i = 0; i < BASE_ARRAY_SIZE(colours); i++) {
		for (k = 0; k < 3; k++)
			source[k] = (uint8_t)(colours[i] >> 8 * k);
		shmfb_native_store(&n, got, shmfb_native_pixel(&n,
							       colours[i]));
		colour_write(v, colour_read(SHMX_XRGB8888, source), want);
		ck_assert_mem_eq(got, want, n.bytes);
	}
}
END_TEST

/* A native format that is said to be a SHMX one has the very same bytes. */
START_TEST(what_is_the_same_is_the_same)
{
	const struct shmfb_visual *v = &visuals[_i];
	struct shmfb_native n;
	uint8_t from[4], to[4];
	uint32_t i;

	ck_assert_int_eq(shmfb_native_of(&n, v), 0);
	if (!n.format)
		return;
	ck_assert_uint_eq(shmx_format_bytes(n.format), n.bytes);
	for (i = 0; i < 100000; i++) {
		uint32_t word = i * 2654435761U;

		/* Beside the colours are zeros, and so many bytes count. */
		word &= v->red | v->green | v->blue | n.alpha;
		memcpy(from, &word, 4);
		memset(to, 0, 4);
		colour_write(v, colour_read(n.format, from), to);
		ck_assert_mem_eq(to, from, n.bytes);
	}
}
END_TEST

START_TEST(which_are_the_same)
{
	static const struct {
		unsigned visual;
		uint32_t format;
	} same[] = {
		{ 0, SHMX_XRGB8888 }, { 1, 0 }, { 2, SHMX_XBGR8888 },
		{ 6, SHMX_ARGB8888 }, { 12, SHMX_XRGB2101010 }, { 13, 0 },
		{ 16, SHMX_RGB888 }, { 21, SHMX_RGB565 }, { 22, 0 },
	};
	struct shmfb_native n;
	unsigned i;

	for (i = 0; i < BASE_ARRAY_SIZE(same); i++) {
		ck_assert_int_eq(shmfb_native_of(&n,
					&visuals[same[i].visual]), 0);
		ck_assert_uint_eq(n.format, same[i].format);
	}
}
END_TEST

START_TEST(what_is_refused)
{
	static const struct shmfb_visual bad[] = {
		/* Colours by a table; a channel that is missing. */
		{ 8, 8, 32, false, 0, 0, 0 },
		{ 24, 32, 32, false, 0xff0000, 0, 0xff },
		/* Of two parts; sharing a bit; of more than ten. */
		{ 24, 32, 32, false, 0xf00f00, 0xf000, 0xff },
		{ 24, 32, 32, false, 0xff0000, 0xff80, 0xff },
		{ 32, 32, 32, false, 0xffe00000, 0x1ff800, 0x7ff },
		/* Outside of the depth, or of the pixel. */
		{ 16, 32, 32, false, 0xff0000, 0xff00, 0xff },
		{ 24, 16, 32, false, 0xf800, 0x7e0, 0x1f },
		/* No whole bytes; rows that end nowhere. */
		{ 4, 4, 32, false, 0x8, 0x6, 0x1 },
		{ 12, 12, 32, false, 0xf00, 0xf0, 0xf },
		{ 24, 40, 32, false, 0xff0000, 0xff00, 0xff },
		{ 24, 32, 0, false, 0xff0000, 0xff00, 0xff },
		{ 24, 32, 24, false, 0xff0000, 0xff00, 0xff },
	};
	struct shmfb_native n = { .bytes = 77 };

	ck_assert_int_eq(shmfb_native_of(&n, &bad[_i]), -ENOTSUP);
	ck_assert_uint_eq(n.bytes, 77);
}
END_TEST

START_TEST(rows_and_totals)
{
	const struct shmfb_visual *v = &visuals[_i];
	struct shmfb_native n;
	uint32_t width, stride, total;

	ck_assert_int_eq(shmfb_native_of(&n, v), 0);
	for (width = 1; width <= SHMX_SIDE_MAX; width += width < 80 ? 1 : 97) {
		stride = shmfb_native_row(&n, width);
		ck_assert_uint_eq(stride % 4, 0);
		ck_assert_uint_ge(stride, width * n.bytes);
		ck_assert_uint_lt(stride, width * n.bytes + 4);
		/* Rings and slots have rows that end at cache lines. */
		stride = (width * n.bytes + 63) / 64 * 64;
		total = shmfb_native_total(&n, stride);
		if (!total) {
			ck_assert_uint_gt(stride / n.bytes, UINT16_MAX);
			continue;
		}
		ck_assert_uint_ge(total, width);
		ck_assert_uint_eq(shmfb_native_row(&n, total), stride);
	}
	ck_assert_uint_eq(shmfb_native_total(&n, 62), 0);
	ck_assert_uint_eq(shmfb_native_total(&n, 65536 * n.bytes), 0);
}
END_TEST

/* -------------------------------------------------------------- convert -- */

/* Pixels that have every value of every channel, and all there are of 565. */
#define SIDE 256

static uint8_t *
every_value(uint32_t format, size_t stride)
{
	unsigned bytes = shmx_format_bytes(format);
	uint8_t *pixels = malloc(stride * SIDE);
	uint32_t i, word;

	ck_assert_ptr_nonnull(pixels);
	memset(pixels, 0xa5, stride * SIDE);
	for (i = 0; i < SIDE * SIDE; i++) {
		word = i * 2654435761U ^ i << 7;
		if (bytes == 2)
			word = i;
		else if (bytes == 1)
			word = i % 256;
		else if (i < 1024)
			word = (word & ~0x3ffU) | i;
		else if (i < 2048)
			word = (word & ~0xffc00U) | (i - 1024) << 10;
		else if (i < 3072)
			word = (word & ~0x3ff00000U) | (i - 2048) << 20;
		else if (i < 3584)
			word = (word & ~0x1ff0000U) | (i - 3072) << 16;
		memcpy(pixels + i / SIDE * stride +
		       (size_t)(i % SIDE) * bytes, &word, bytes);
	}
	return pixels;
}

/* The source's pixel x, y is at the rectangle's first, and nothing beside. */
static void
check(const struct shmfb_source *from, const struct shmfb_sink *to,
      const struct shmx_rect *r, uint32_t x, uint32_t y, uint32_t width,
      uint32_t height)
{
	const struct shmfb_native *n = to->native;
	unsigned bytes = shmx_format_bytes(from->format);
	struct colour colour;
	const uint8_t *row, *p;
	uint8_t want[4];
	int32_t i, j;

	for (j = 0; j < (int32_t)height; j++) {
		row = (const uint8_t *)to->pixels + (size_t)j * to->stride;
		for (i = 0; i < (int32_t)(to->stride / n->bytes); i++) {
			memset(want, 0x5a, 4);
			if (i >= r->x && i < r->x + r->width && j >= r->y &&
			    j < r->y + r->height) {
				p = from->pixels;
				p += ((size_t)y + (size_t)(j - r->y)) *
					from->stride +
					(x + (size_t)(i - r->x)) * bytes;
				colour = colour_read(from->format, p);
				/* By masks, all is opaque. */
				if (!n->pixman)
					colour.alpha = 0xff;
				colour_write(&n->visual, colour, want);
			}
			if (!colour_same(&n->visual, row + i * n->bytes, want))
				ck_abort_msg("format %s depth %u of %u bits, %x/%x/%x %s: pixel %d,%d is %02x %02x, not %02x %02x",
					shmx_format_name(from->format),
					n->visual.depth, n->visual.bits,
					n->visual.red, n->visual.green,
					n->visual.blue, n->visual.msb_first ?
					"msb" : "lsb", i, j,
					row[i * n->bytes],
					row[i * n->bytes + (n->bytes > 1)],
					want[0], want[n->bytes > 1]);
		}
	}
	ck_assert_uint_ge(width, (uint32_t)(r->x + r->width));
}

START_TEST(every_value_of_every_channel)
{
	uint32_t format = formats[_i % FORMATS];
	size_t stride = SIDE * 4;
	struct shmfb_source from = { every_value(format, stride), stride, SIDE,
				     SIDE, format };
	struct shmx_rect all = { 0, 0, SIDE, SIDE };
	struct shmfb_native native;
	struct shmfb_sink to = { malloc(stride * SIDE), stride, &native };

	ck_assert_int_eq(shmfb_native_of(&native, &visuals[_i / FORMATS]), 0);
	memset(to.pixels, 0x5a, stride * SIDE);
	ck_assert_int_eq(shmfb_convert(&to, &all, &from, 0, 0), 0);
	check(&from, &to, &all, 0, 0, SIDE, SIDE);
	free(to.pixels);
	free((void *)(uintptr_t)from.pixels);
}
END_TEST

START_TEST(any_rectangle)
{
	uint32_t format = formats[_i % FORMATS];
	size_t stride = SIDE * 4 + 12;
	struct shmfb_source from = { every_value(format, stride), stride, SIDE,
				     SIDE, format };
	struct shmfb_native native;
	struct shmfb_sink to = { malloc(8 * 128), 128, &native };
	struct shmx_rect r;
	uint32_t i, x, y, h = (uint32_t)_i;

	ck_assert_int_eq(shmfb_native_of(&native, &visuals[_i / FORMATS]), 0);
	for (i = 0; i < 300; i++) {
		h = h * 1664525 + 1013904223;
		r.x = (int32_t)(h >> 8 & 7);
		r.y = (int32_t)(h >> 11 & 3);
		r.width = 1 + (int32_t)(h >> 14 & 15);
		r.height = 1 + (int32_t)(h >> 18 & 3);
		x = h >> 20 & 15;
		y = h >> 24 & 127;
		memset(to.pixels, 0x5a, 8 * 128);
		ck_assert_int_eq(shmfb_convert(&to, &r, &from, x, y), 0);
		check(&from, &to, &r, x, y, 32, 8);
	}
	free(to.pixels);
	free((void *)(uintptr_t)from.pixels);
}
END_TEST

/* Longer than pixman counts, and to the very last pixel of the memory. */
START_TEST(the_longest_row)
{
	static const unsigned kinds[] = { 0, 4, 12, 16, 19, 22 };
	uint32_t format = formats[_i % FORMATS], width = SHMX_SIDE_MAX, x;
	unsigned bytes = shmx_format_bytes(format);
	size_t stride = ((size_t)width * bytes + 3) / 4 * 4;
	uint8_t *pixels = malloc(stride * 2);
	struct shmfb_source from = { pixels, stride, width, 2, format };
	struct shmx_rect all = { 0, 0, (int32_t)width, 2 };
	struct shmfb_native native;
	struct shmfb_sink to = { .native = &native };

	ck_assert_int_eq(shmfb_native_of(&native,
			 &visuals[kinds[_i / FORMATS]]), 0);
	for (x = 0; x < stride * 2; x++)
		pixels[x] = (uint8_t)(x * 2654435761U >> 24);
	to.stride = shmfb_native_row(&native, width);
	to.pixels = malloc(to.stride * 2);
	memset(to.pixels, 0x5a, to.stride * 2);
	ck_assert_int_eq(shmfb_convert(&to, &all, &from, 0, 0), 0);
	check(&from, &to, &all, 0, 0, width, 2);
	free(to.pixels);
	free(pixels);
}
END_TEST

START_TEST(formats_that_are_known)
{
	int i;

	for (i = 0; i < FORMATS; i++)
		ck_assert(shmfb_convert_knows(formats[i]));
	ck_assert(!shmfb_convert_knows(0));
	ck_assert(!shmfb_convert_knows(SHMX_FOURCC('N', 'V', '1', '2')));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("convert");
	TCase *tc = suite_case(s, "native");

	tcase_add_loop_test(tc, bytes_of_a_colour, 0, VISUALS);
	tcase_add_loop_test(tc, what_is_the_same_is_the_same, 0, VISUALS);
	tcase_add_test(tc, which_are_the_same);
	tcase_add_loop_test(tc, what_is_refused, 0, 12);
	tcase_add_loop_test(tc, rows_and_totals, 0, VISUALS);

	tc = suite_case(s, "convert");
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, formats_that_are_known);
	tcase_add_loop_test(tc, every_value_of_every_channel, 0,
			    VISUALS * FORMATS);
	tcase_add_loop_test(tc, any_rectangle, 0, VISUALS * FORMATS);
	tcase_add_loop_test(tc, the_longest_row, 0, 6 * FORMATS);
	return suite_run(s);
}
