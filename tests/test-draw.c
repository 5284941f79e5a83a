/* SPDX-License-Identifier: MIT */
/*
 * test-draw.c - pixels and rectangles on a canvas, and none beside it
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <shmfb/shmfb.h>

#include "suite.h"

#define WIDTH 7
#define HEIGHT 5
#define STRIDE 32		/* bytes; more than any row has */
#define EDGE 64			/* bytes before and after the canvas */

static const uint32_t formats[] = {
	SHMX_XRGB8888, SHMX_ARGB8888, SHMX_XBGR8888, SHMX_RGB565,
	SHMX_XRGB2101010, SHMX_RGB888, SHMX_R8,
};

static uint8_t memory[EDGE + STRIDE * HEIGHT + EDGE];

static struct shmfb_canvas
canvas_of(uint32_t format)
{
	struct shmfb_canvas c = {
		.pixels = memory + EDGE,
		.stride = STRIDE,
		.width = WIDTH,
		.height = HEIGHT,
		.format = format,
	};

	memset(memory, 0xa5, sizeof(memory));
	return c;
}

/* How many bytes are not as canvas_of() has left them. */
static unsigned
written(void)
{
	unsigned i, n = 0;

	for (i = 0; i < sizeof(memory); i++)
		n += memory[i] != 0xa5;
	return n;
}

START_TEST(pixels_are_what_the_format_says)
{
	/* Of 0x12345678's colour, 0x3456f8, by hand. */
	static const uint8_t bytes[][4] = {
		{ 0xf8, 0x56, 0x34, 0xff },
		{ 0xf8, 0x56, 0x34, 0xff },
		{ 0x34, 0x56, 0xf8, 0xff },
		{ 0xbf, 0x32 },
		{ 0xe3, 0x67, 0x05, 0x0d },
		{ 0xf8, 0x56, 0x34 },
		{ 0x5e },
	};
	uint32_t size;
	unsigned i;

	for (i = 0; i < 7; i++) {
		struct shmfb_canvas c = canvas_of(formats[i]);

		size = shmx_format_bytes(formats[i]);
		shmfb_set_pixel(&c, 3, 2, 0x123456f8);
		shmfb_set_pixel(&c, 3, 2, 0x3456f8);
		ck_assert_mem_eq(memory + EDGE + 2 * STRIDE + 3 * size,
				 bytes[i], size);
		ck_assert_uint_eq(written(), size);
	}
}
END_TEST

START_TEST(what_is_set_is_got)
{
	static const uint32_t colours[] = {
		0, 0xffffff, 0xff0000, 0x00ff00, 0x0000ff, 0x848284,
	};
	unsigned i, k;

	for (i = 0; i < 6; i++) {
		struct shmfb_canvas c = canvas_of(formats[i]);

		for (k = 0; k < 6; k++) {
			shmfb_set_pixel(&c, 6, 4, colours[k]);
			ck_assert_uint_eq(shmfb_get_pixel(&c, 6, 4),
					  colours[k]);
		}
	}
}
END_TEST

START_TEST(grey_is_how_bright_it_is)
{
	struct shmfb_canvas c = canvas_of(SHMX_R8);

	shmfb_set_pixel(&c, 0, 0, 0xffffff);
	ck_assert_uint_eq(shmfb_get_pixel(&c, 0, 0), 0xffffff);
	shmfb_set_pixel(&c, 0, 0, 0x808080);
	ck_assert_uint_eq(shmfb_get_pixel(&c, 0, 0), 0x808080);
	shmfb_set_pixel(&c, 0, 0, 0x00ff00);
	ck_assert_uint_eq(shmfb_get_pixel(&c, 0, 0), 0x959595);
}
END_TEST

START_TEST(outside_is_left_alone)
{
	static const int32_t at[][2] = {
		{ -1, 0 }, { 0, -1 }, { WIDTH, 0 }, { 0, HEIGHT },
		{ INT32_MIN, INT32_MIN }, { INT32_MAX, INT32_MAX },
		{ INT32_MIN, 2 }, { 2, INT32_MAX },
	};
	unsigned i, k;

	for (i = 0; i < 7; i++) {
		struct shmfb_canvas c = canvas_of(formats[i]);

		for (k = 0; k < 8; k++) {
			shmfb_set_pixel(&c, at[k][0], at[k][1], 0xffffff);
			ck_assert_uint_eq(shmfb_get_pixel(&c, at[k][0],
							  at[k][1]), 0);
		}
		ck_assert_uint_eq(written(), 0);
	}
}
END_TEST

/* Each rectangle fills what shmfb_set_pixel() would, one by one. */
START_TEST(rectangles_are_cut_to_the_canvas)
{
	static const struct shmx_rect rects[] = {
		{ 1, 1, 3, 2 }, { -2, -2, 4, 4 }, { 5, 3, 100, 100 },
		{ 0, 0, WIDTH, HEIGHT }, { 2, 2, 0, 3 }, { 2, 2, 3, -1 },
		{ WIDTH, 0, 1, 1 }, { -5, 0, 5, 5 },
		{ INT32_MIN, INT32_MIN, INT32_MAX, INT32_MAX },
		{ -1, -1, INT32_MAX, INT32_MAX },
		{ INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX },
	};
	uint8_t got[sizeof(memory)];
	unsigned i, k;
	int32_t x, y;

	for (i = 0; i < 7 * 11; i++) {
		struct shmfb_canvas c = canvas_of(formats[i / 11]);
		const struct shmx_rect *r = &rects[i % 11];

		shmfb_fill(&c, r, 0x12c3f0);
		memcpy(got, memory, sizeof(got));
		c = canvas_of(formats[i / 11]);
		for (k = 0; k < WIDTH * HEIGHT; k++) {
			x = (int32_t)(k % WIDTH);
			y = (int32_t)(k / WIDTH);
			if (x >= r->x && (int64_t)x < (int64_t)r->x + r->width &&
			    y >= r->y && (int64_t)y < (int64_t)r->y + r->height)
				shmfb_set_pixel(&c, x, y, 0x12c3f0);
		}
		ck_assert_mem_eq(got, memory, sizeof(got));
	}
}
END_TEST

START_TEST(no_rectangle_is_all_of_it)
{
	struct shmfb_canvas c = canvas_of(SHMX_XRGB8888);

	shmfb_fill(&c, NULL, 0x010203);
	ck_assert_uint_eq(written(), WIDTH * HEIGHT * 4);
	ck_assert_uint_eq(shmfb_get_pixel(&c, WIDTH - 1, HEIGHT - 1),
			  0x010203);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("draw");
	TCase *tc = suite_case(s, "canvas");

	tcase_add_test(tc, pixels_are_what_the_format_says);
	tcase_add_test(tc, what_is_set_is_got);
	tcase_add_test(tc, grey_is_how_bright_it_is);
	tcase_add_test(tc, outside_is_left_alone);
	tcase_add_test(tc, rectangles_are_cut_to_the_canvas);
	tcase_add_test(tc, no_rectangle_is_all_of_it);
	return suite_run(s);
}
