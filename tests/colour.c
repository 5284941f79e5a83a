/* SPDX-License-Identifier: MIT */
/*
 * colour.c - what a pixel of any format is in a window, slowly and obviously
 */
#include "config.h"

#include "colour.h"

#include <shmx/shmx.h>

/* Where red, green, blue and alpha begin in a pixel, and how long they are. */
static const struct {
	uint32_t format;
	unsigned from[4];
	unsigned bits[4];
} layouts[] = {
	{ SHMX_XRGB8888, { 16, 8, 0, 0 }, { 8, 8, 8, 0 } },
	{ SHMX_ARGB8888, { 16, 8, 0, 24 }, { 8, 8, 8, 8 } },
	{ SHMX_XBGR8888, { 0, 8, 16, 0 }, { 8, 8, 8, 0 } },
	{ SHMX_RGB565, { 11, 5, 0, 0 }, { 5, 6, 5, 0 } },
	{ SHMX_XRGB2101010, { 20, 10, 0, 0 }, { 10, 10, 10, 0 } },
	{ SHMX_RGB888, { 16, 8, 0, 0 }, { 8, 8, 8, 0 } },
	{ SHMX_R8, { 0, 0, 0, 0 }, { 8, 8, 8, 0 } },
};

static unsigned
bit(const uint8_t *little, unsigned n)
{
	return little[n / 8] >> n % 8 & 1;
}

static uint32_t
get_bits(const uint8_t *p, unsigned from, unsigned bits, unsigned wanted)
{
	uint32_t v = 0;
	unsigned i;

	for (i = 0; i < wanted; i++)
		v = v << 1 | bit(p, from + bits - 1 - i % bits);
	return v;
}

struct colour
colour_read(uint32_t format, const uint8_t *p)
{
	struct colour colour;
	unsigned f = 0, i;

	while (layouts[f].format != format)
		f++;
	for (i = 0; i < 3; i++)
		colour.c[i] = get_bits(p, layouts[f].from[i],
				       layouts[f].bits[i], 10);
	colour.alpha = layouts[f].bits[3] ?
		get_bits(p, layouts[f].from[3], 8, 8) : 0xff;
	return colour;
}

/* As many upper bits of v, which has so many, as the mask has. */
static uint32_t
put_bits(uint32_t v, int bits, uint32_t mask)
{
	uint32_t out = 0;
	int i;

	for (i = 31; i >= 0; i--)
		if (mask >> i & 1)
			out |= (v >> --bits & 1) << i;
	return out;
}

static uint32_t
alpha_of(const struct shmfb_visual *v)
{
	uint32_t depth = v->depth == 32 ? ~0U : (1U << v->depth) - 1;

	return depth & ~(v->red | v->green | v->blue);
}

static void
store(const struct shmfb_visual *v, uint32_t value, uint8_t *to)
{
	unsigned i, n = v->bits / 8;

	for (i = 0; i < n; i++)
		to[v->msb_first ? n - 1 - i : i] = (uint8_t)(value >> 8 * i);
}

void
colour_write(const struct shmfb_visual *v, struct colour colour, uint8_t *to)
{
	uint32_t alpha = alpha_of(v);
	uint32_t value = put_bits(colour.c[0], 10, v->red) |
			 put_bits(colour.c[1], 10, v->green) |
			 put_bits(colour.c[2], 10, v->blue);

	value |= alpha && colour.alpha != 0xff ?
		put_bits(colour.alpha, 8, alpha) : alpha;
	store(v, value, to);
}

bool
colour_same(const struct shmfb_visual *v, const uint8_t *a, const uint8_t *b)
{
	uint8_t mask[4];
	unsigned i;

	store(v, v->red | v->green | v->blue | alpha_of(v), mask);
	for (i = 0; i < v->bits / 8U; i++)
		if ((a[i] ^ b[i]) & mask[i])
			return false;
	return true;
}
