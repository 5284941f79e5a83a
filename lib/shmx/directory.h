/* SPDX-License-Identifier: MIT */
/*
 * directory.h - the static directory: what streams a ring carries
 */
#ifndef SHMX_DIRECTORY_H
#define SHMX_DIRECTORY_H

#include <stddef.h>

#include "layout.h"
#include <shmx/shmx.h>

/*
 * Write the directory of one image stream of that stride into size bytes at
 * buf.  Returns the bytes used, or -EINVAL when it does not fit.
 */
int
shmx_directory_write(void *buf, size_t size, const struct shmx_stream *stream,
		     uint32_t stride);

/*
 * Find the image stream in the used bytes of a directory, which the caller
 * has copied out of shared memory.  -EPROTO when it is malformed, -ENOENT
 * when it has none.
 */
int
shmx_directory_find_image(const void *buf, size_t used,
			  struct shmx_image_info *info);

#endif
