/* SPDX-License-Identifier: MIT */
/*
 * memory.h - how much memory may still be taken here
 */
#ifndef SHMX_MEMORY_H
#define SHMX_MEMORY_H

#include <stdint.h>

struct shmx_memory {
	uint64_t bytes;
	const char *limit;	/* what sets it, in words; static storage */
};

/*
 * The least of what the system, the control group (v2 or v1) and the resource
 * limits leave.  root is "" but in tests, where a directory stands for "/".
 * What cannot be read does not limit.
 */
struct shmx_memory
shmx_memory_available(const char *root);

/* The same for a file in that directory; limit says what has so much free. */
void
shmx_memory_limit_dir(struct shmx_memory *memory, const char *dir,
		      const char *limit);

#endif
