/* SPDX-License-Identifier: MIT */
/*
 * frames.h - pictures whose every pixel says which frame it is of
 */
#ifndef TESTS_FRAMES_H
#define TESTS_FRAMES_H

#include <stdbool.h>
#include <stdint.h>

#include <shmx/shmx.h>

/* Pixel i of frame n: two frames differ in every one. */
static inline uint32_t
frame_pixel(uint64_t n, uint32_t i)
{
	return (uint32_t)(n * UINT32_C(2654435761)) ^ i;
}

/* Draw frame n, and publish it; what shmx_publish() returns. */
static inline uint64_t
frame_publish(struct shmx_producer *p, uint64_t n)
{
	struct shmx_frame f;
	uint32_t x, y;

	shmx_begin(p, &f);
	for (y = 0; y < f.height; y++)
		for (x = 0; x < f.width; x++)
			((uint32_t *)f.pixels)[y * f.stride / 4 + x] =
				frame_pixel(n, y * f.width + x);
	f.input_sequence = n;
	return shmx_publish(p, &f);
}

/* Are these the pixels of frame n, all of them? */
static inline bool
frame_is(const struct shmx_frame_info *info, const void *pixels, uint64_t n)
{
	uint32_t x, y;

	for (y = 0; y < info->height; y++)
		for (x = 0; x < info->width; x++)
			if (((const uint32_t *)pixels)
			    [y * info->stride / 4 + x] !=
			    frame_pixel(n, y * info->width + x))
				return false;
	return true;
}

/*
 * Which frame it is, by its input sequence; or, where it was copied from a
 * ring as SHMX v2.0 has it, which knows none, by its first pixel.  (A named
 * ring's frames are read so while its producer is being killed: the socket
 * goes before the lock.)
 */
static inline uint64_t
frame_number(const struct shmx_frame_info *info, const void *pixels)
{
	/* The factor of frame_pixel() backwards, modulo 2^32. */
	return !info->copied ? info->input_sequence :
		*(const uint32_t *)pixels * UINT32_C(244002641);
}

/* Is a held frame whole? */
static inline bool
frame_is_whole(struct shmx_hold *hold)
{
	const struct shmx_frame_info *info = shmx_frame_info(hold);
	const void *pixels = shmx_frame_pixels(hold);

	return pixels != NULL &&
	       frame_is(info, pixels, frame_number(info, pixels));
}

#endif /* TESTS_FRAMES_H */
