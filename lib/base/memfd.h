/* SPDX-License-Identifier: MIT */
/*
 * memfd.h - anonymous files to be sealed and shared
 */
#ifndef BASE_MEMFD_H
#define BASE_MEMFD_H

#include <stdint.h>

/*
 * An empty one that can be sealed, close-on-exec and, where the kernel knows
 * how, never to be executed. label is what /proc shows. Returns a descriptor,
 * which is the caller's, or -errno.
 */
int base_memfd_create(const char *label);

/*
 * Make it that long, and have all of its pages reserved: a lack of memory is
 * an error here and no SIGBUS later. 0 or -errno.
 */
int base_memfd_allocate(int fd, uint64_t bytes);

#endif /* BASE_MEMFD_H */
