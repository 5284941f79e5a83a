/* SPDX-License-Identifier: MIT */
/*
 * pixel.h - how the pixels of a window lie in memory
 *
 * A window's *native* format follows from what the server says of its visual
 * and of images of its depth. The server reads shared memory as it lies: it
 * swaps no bytes there, whatever the byte order of the connection.
 *
 * Pure, no X: the masks come from visual.c, or from a test.
 */
#ifndef SHMFB_PIXEL_H
#define SHMFB_PIXEL_H

#include <stdbool.h>
#include <stdint.h>

/* What the server says of a visual, and of images of its depth. */
struct shmfb_visual {
	uint8_t depth;
	uint8_t bits;			/* in a pixel: 8, 16, 24 or 32 */
	uint8_t pad;			/* bits that a row is a multiple of */
	bool msb_first;			/* the first byte is the highest */
	uint32_t red;			/* masks within a pixel's value */
	uint32_t green;
	uint32_t blue;
};

struct shmfb_native {
	struct shmfb_visual visual;
	uint8_t bytes;			/* in a pixel */
	/* What is left of the depth beside the colours: all ones is opaque. */
	uint32_t alpha;
	/* The SHMX format that lies in memory like this; 0: none does. */
	uint32_t format;
	/*
	 * The pixman_format_code_t to draw in, and how many bytes of each
	 * pixel are to be reversed afterwards (0, 2 or 4). Code 0: pixman
	 * has no such format, and pixels are put together by their masks.
	 */
	uint32_t pixman;
	uint8_t swap;
};

/*
 * The native format of such a visual. -ENOTSUP when it has no colours of 1 to
 * 10 bits each, in whole bytes; *out is untouched then.
 */
int
shmfb_native_of(struct shmfb_native *out, const struct shmfb_visual *visual);

/* The value of a pixel of colour 0xRRGGBB, opaque. */
uint32_t
shmfb_native_pixel(const struct shmfb_native *native, uint32_t rgb);

/* Store a value as a pixel at to, in the server's byte order. */
void
shmfb_native_store(const struct shmfb_native *native, uint8_t *to,
		   uint32_t value);

/* The bytes of a row of so many pixels, with the padding that X wants. */
uint32_t
shmfb_native_row(const struct shmfb_native *native, uint32_t width);

/*
 * MIT-SHM has no field for the stride: the server makes it from the number of
 * pixels in a row. Which number gives that stride; 0: none that fits into the
 * request.
 */
uint32_t
shmfb_native_total(const struct shmfb_native *native, uint32_t stride);

#endif /* SHMFB_PIXEL_H */
