/* SPDX-License-Identifier: MIT */
/*
 * write-png.h - write a picture to a file
 */
#ifndef TOOLS_WRITE_PNG_H
#define TOOLS_WRITE_PNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Write rows of XRGB8888, stride bytes apart, as a PNG of 8-bit RGB.  A file
 * appears whole or not at all; a device or a pipe is written to.  Dies with
 * one line when it cannot be written.
 */
void
write_png_xrgb(const char *path, const void *pixels, size_t stride,
	       uint32_t width, uint32_t height);

/* The same, for who goes on: false and why, which is static, or strerror's. */
bool
try_png_xrgb(const char *path, const void *pixels, size_t stride,
	     uint32_t width, uint32_t height, const char **why);

/*
 * Could a file of that name be written now?  False and why, as above.  To know
 * it before there is something to write.
 */
bool
png_can_be_written(const char *path, const char **why);

#endif /* TOOLS_WRITE_PNG_H */
