/* SPDX-License-Identifier: MIT */
/*
 * convert.h - rows of other pixel formats into XRGB8888
 */
#ifndef TOOLS_CONVERT_H
#define TOOLS_CONVERT_H

#include <stddef.h>
#include <stdint.h>

/* How pixels lie in memory, under the names of ffmpeg and of drm_fourcc.h. */
enum pixel_format {
	PIXEL_XRGB8888,		/* bytes B G R -: bgr0, bgra */
	PIXEL_XBGR8888,		/* bytes R G B -: rgb0, rgba */
	PIXEL_RGB24,		/* bytes R G B: rgb24 */
	PIXEL_BGR24,		/* bytes B G R: bgr24 */
	PIXEL_RGB565,		/* 16 bits, little-endian: rgb565le */
	PIXEL_XRGB2101010,	/* 32 bits, little-endian: x2rgb10le */
	PIXEL_GRAY8,		/* one byte: gray */
	PIXEL_UNKNOWN,
};

/* By any of its names; PIXEL_UNKNOWN when it is none. */
enum pixel_format
pixel_format_by_name(const char *name);

/* The first name of each, separated by spaces; static storage. */
const char *
pixel_format_names(void);

/* That of a ring's SHMX_XRGB8888 ...; PIXEL_UNKNOWN when it is none. */
enum pixel_format
pixel_format_of(uint32_t shmx_format);

/* The ring's format whose pixels lie like that; 0: there is none. */
uint32_t
pixel_format_in_ring(enum pixel_format format);

size_t
pixel_format_bytes(enum pixel_format format);

/* Convert width pixels of a row.  PIXEL_XRGB8888 is copied. */
void
convert_row(uint32_t *to, const uint8_t *from, uint32_t width,
	    enum pixel_format format);

/* Planes of 8-bit video; u and v are NULL for grey. */
struct yuv_picture {
	const uint8_t *y;
	const uint8_t *u;
	const uint8_t *v;
	uint32_t width;
	uint32_t height;
	unsigned chroma_x_shift;	/* chroma is 1 / 2^shift as wide */
	unsigned chroma_y_shift;
};

/*
 * Convert a picture of ITU-R BT.601, limited range (which is what YUV4MPEG2
 * means unless it says otherwise), by the integer form of its equations.
 * stride is in bytes.
 */
void
convert_yuv(void *to, size_t stride, const struct yuv_picture *picture);

#endif /* TOOLS_CONVERT_H */
