/* SPDX-License-Identifier: MIT */
/*
 * copy.h - structs of the public API that grow
 */
#ifndef BASE_COPY_H
#define BASE_COPY_H

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/base.h"

/*
 * Copy a caller's struct, of the size that the caller knows, into ours, of
 * the size that we know.  What it does not have is zero.  What we do not have
 * must be zero, or it asks for something that we cannot do: -E2BIG.
 */
static inline int
base_copy_struct(void *ours, size_t our_size, const void *theirs,
		 size_t their_size)
{
	const unsigned char *tail = theirs;
	size_t i;

	if (their_size < sizeof(size_t))
		return -EINVAL;
	for (i = our_size; i < their_size; i++)
		if (tail[i] != 0)
			return -E2BIG;
	memset(ours, 0, our_size);
	memcpy(ours, theirs, BASE_MIN(our_size, their_size));
	return 0;
}

#endif
