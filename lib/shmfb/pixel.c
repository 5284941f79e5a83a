/* SPDX-License-Identifier: MIT */
/*
 * pixel.c - how the pixels of a window lie in memory
 *
 * Called by visual.c for the window's visual, and by all who have to know
 * how long a row is. What is a matter of bytes, as the channels of depth 24
 * are, is looked up with the masks turned round where the server has the other
 * byte order; what is not is drawn in ours and turned round afterwards.
 */
#include "config.h"

#include "pixel.h"

#include <errno.h>
#include <pixman.h>

#include <shmx/shmx.h>

#include "base/base.h"

/* Wider channels would not survive the 10 bits that pixman computes in. */
#define CHANNEL_BITS 10

/* What pixman has, by the value of a pixel in the order of this machine. */
static const struct known {
	uint8_t bits;
	bool alpha;			/* the rest of the pixel is one */
	uint32_t red;
	uint32_t green;
	uint32_t blue;
	pixman_format_code_t pixman;
	uint32_t format;		/* on a machine that is little-endian */
} known[] = {
	{ 32, false, 0xff0000, 0xff00, 0xff, PIXMAN_x8r8g8b8, SHMX_XRGB8888 },
	{ 32, true, 0xff0000, 0xff00, 0xff, PIXMAN_a8r8g8b8, SHMX_ARGB8888 },
	{ 32, false, 0xff, 0xff00, 0xff0000, PIXMAN_x8b8g8r8, SHMX_XBGR8888 },
	{ 32, true, 0xff, 0xff00, 0xff0000, PIXMAN_a8b8g8r8, 0 },
	{ 32, false, 0xff00, 0xff0000, 0xff000000, PIXMAN_b8g8r8x8, 0 },
	{ 32, true, 0xff00, 0xff0000, 0xff000000, PIXMAN_b8g8r8a8, 0 },
	{ 32, false, 0xff000000, 0xff0000, 0xff00, PIXMAN_r8g8b8x8, 0 },
	{ 32, true, 0xff000000, 0xff0000, 0xff00, PIXMAN_r8g8b8a8, 0 },
	{ 32, false, 0x3ff00000, 0xffc00, 0x3ff, PIXMAN_x2r10g10b10,
	  SHMX_XRGB2101010 },
	{ 32, true, 0x3ff00000, 0xffc00, 0x3ff, PIXMAN_a2r10g10b10, 0 },
	{ 32, false, 0x3ff, 0xffc00, 0x3ff00000, PIXMAN_x2b10g10r10, 0 },
	{ 32, true, 0x3ff, 0xffc00, 0x3ff00000, PIXMAN_a2b10g10r10, 0 },
	{ 24, false, 0xff0000, 0xff00, 0xff, PIXMAN_r8g8b8, SHMX_RGB888 },
	{ 24, false, 0xff, 0xff00, 0xff0000, PIXMAN_b8g8r8, 0 },
	{ 16, false, 0xf800, 0x7e0, 0x1f, PIXMAN_r5g6b5, SHMX_RGB565 },
	{ 16, false, 0x1f, 0x7e0, 0xf800, PIXMAN_b5g6r5, 0 },
	{ 16, false, 0x7c00, 0x3e0, 0x1f, PIXMAN_x1r5g5b5, 0 },
	{ 16, false, 0x1f, 0x3e0, 0x7c00, PIXMAN_x1b5g5r5, 0 },
};

static const struct known *
look_up(uint8_t bits, bool alpha, uint32_t red, uint32_t green, uint32_t blue)
{
	unsigned i;

	for (i = 0; i < BASE_ARRAY_SIZE(known); i++)
		if (known[i].bits == bits && known[i].alpha == alpha &&
		    known[i].red == red && known[i].green == green &&
		    known[i].blue == blue)
			return &known[i];
	return NULL;
}

static bool
host_is_little(void)
{
	const uint16_t one = 1;

	return *(const uint8_t *)&one;
}

/* One run of 1 to CHANNEL_BITS bits? */
static bool
is_channel(uint32_t mask)
{
	uint32_t run = mask ? mask >> __builtin_ctz(mask) : 0;

	return run && !(run & (run + 1)) && run < 1U << CHANNEL_BITS;
}

static uint32_t
lowest(unsigned bits)
{
	return bits >= 32 ? UINT32_MAX : (1U << bits) - 1;
}

static bool
is_possible(const struct shmfb_visual *v)
{
	uint32_t all = v->red | v->green | v->blue;

	return v->bits >= 8 && v->bits <= 32 && v->bits % 8 == 0 &&
	       v->depth <= v->bits && (v->pad == 8 || v->pad == 16 ||
				       v->pad == 32) &&
	       is_channel(v->red) && is_channel(v->green) &&
	       is_channel(v->blue) && !(v->red & v->green) &&
	       !(v->green & v->blue) && !(v->blue & v->red) &&
	       !(all & ~lowest(v->depth));
}

static uint32_t
turn(uint32_t mask, uint8_t bits)
{
	return __builtin_bswap32(mask) >> (32 - bits);
}

/* The same bytes, as a value in the order of this machine. */
static const struct known *
look_up_turned(const struct shmfb_visual *v, bool alpha)
{
	return look_up(v->bits, alpha, turn(v->red, v->bits),
		       turn(v->green, v->bits), turn(v->blue, v->bits));
}

static void
find_pixman(struct shmfb_native *n)
{
	const struct shmfb_visual *v = &n->visual;
	bool ours = v->msb_first != host_is_little();
	const struct known *k;

	k = ours ? look_up(v->bits, n->alpha, v->red, v->green, v->blue) :
		look_up_turned(v, n->alpha);
	if (!k && !ours && v->bits != 24) {
		k = look_up(v->bits, n->alpha, v->red, v->green, v->blue);
		n->swap = k ? v->bits / 8 : 0;
	}
	if (!k)
		return;
	n->pixman = k->pixman;
	if (!n->swap && host_is_little())
		n->format = k->format;
}

int
shmfb_native_of(struct shmfb_native *out, const struct shmfb_visual *visual)
{
	struct shmfb_native n = { .visual = *visual };

	if (!is_possible(visual))
		return -ENOTSUP;
	n.bytes = visual->bits / 8;
	n.alpha = lowest(visual->depth) &
		  ~(visual->red | visual->green | visual->blue);
	find_pixman(&n);
	*out = n;
	return 0;
}

/* Eight bits as more, by repeating them, or as less, by leaving some out. */
static uint32_t
channel(uint32_t value, uint32_t mask)
{
	int width = __builtin_popcount(mask);
	uint32_t wide = value << 8 | value;

	return (wide >> (16 - width)) << __builtin_ctz(mask);
}

uint32_t
shmfb_native_pixel(const struct shmfb_native *native, uint32_t rgb)
{
	const struct shmfb_visual *v = &native->visual;

	return native->alpha | channel(rgb >> 16 & 0xff, v->red) |
	       channel(rgb >> 8 & 0xff, v->green) |
	       channel(rgb & 0xff, v->blue);
}

void
shmfb_native_store(const struct shmfb_native *native, uint8_t *to,
		   uint32_t value)
{
	unsigned i, n = native->bytes;

	for (i = 0; i < n; i++, value >>= 8)
		to[native->visual.msb_first ? n - 1 - i : i] = (uint8_t)value;
}

uint32_t
shmfb_native_row(const struct shmfb_native *native, uint32_t width)
{
	return (uint32_t)base_round_up((uint64_t)width * native->bytes,
				       native->visual.pad / 8);
}

uint32_t
shmfb_native_total(const struct shmfb_native *native, uint32_t stride)
{
	uint32_t total = stride / native->bytes;

	if (total > UINT16_MAX || shmfb_native_row(native, total) != stride)
		return 0;
	return total;
}
