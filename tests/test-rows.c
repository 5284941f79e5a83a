/* SPDX-License-Identifier: MIT */
/*
 * test-rows.c - rows as shmx push reads them, every value of every channel
 *
 * Against the reference in colour.c.
 */
#include "config.h"

#include <string.h>

#include <shmx/shmx.h>

#include "base/base.h"
#include "colour.h"
#include "convert.h"
#include "suite.h"

#define PIXELS 65536

/* Bytes R, G, B have no name in SHMX: B, G, R with red and blue swapped. */
static const struct {
	const char *name;
	uint32_t format;
	bool swapped;
} kinds[] = {
	{ "xrgb8888", SHMX_XRGB8888, false },
	{ "xbgr8888", SHMX_XBGR8888, false },
	{ "bgr24", SHMX_RGB888, false },
	{ "rgb24", SHMX_RGB888, true },
	{ "rgb565", SHMX_RGB565, false },
	{ "xrgb2101010", SHMX_XRGB2101010, false },
	{ "x2rgb10le", SHMX_XRGB2101010, false },
	{ "gray8", SHMX_R8, false },
};

START_TEST(rows)
{
	static const struct shmfb_visual xrgb = { 24, 32, 32, false, 0xff0000,
						  0xff00, 0xff };
	static uint8_t from[PIXELS * 4];
	static uint32_t to[PIXELS];
	enum pixel_format pixel = pixel_format_by_name(kinds[_i].name);
	struct colour colour;
	uint8_t want[4];
	uint32_t i, red;
	size_t bytes;

	ck_assert_int_ne(pixel, PIXEL_UNKNOWN);
	if (!kinds[_i].swapped)
		ck_assert_int_eq(pixel, pixel_format_of(kinds[_i].format));
	bytes = pixel_format_bytes(pixel);
	ck_assert_uint_eq(bytes, shmx_format_bytes(kinds[_i].format));
	for (i = 0; i < sizeof(from); i++)
		from[i] = (uint8_t)(i * 2654435761U >> 13);
	/* All that there are of two bytes. */
	for (i = 0; i < PIXELS && bytes == 2; i++)
		memcpy(from + i * 2, &(uint16_t){ (uint16_t)i }, 2);
	convert_row(to, from, PIXELS, pixel);
	for (i = 0; i < PIXELS; i++) {
		colour = colour_read(kinds[_i].format, from + i * bytes);
		red = colour.c[0];
		if (kinds[_i].swapped) {
			colour.c[0] = colour.c[2];
			colour.c[2] = red;
		}
		colour_write(&xrgb, colour, want);
		ck_assert_msg(colour_same(&xrgb, (uint8_t *)&to[i], want),
			      "%s: pixel %u", kinds[_i].name, i);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("rows");
	TCase *tc = suite_case(s, "rows");

	tcase_add_loop_test(tc, rows, 0, (int)BASE_ARRAY_SIZE(kinds));
	return suite_run(s);
}
