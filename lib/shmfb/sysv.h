/* SPDX-License-Identifier: MIT */
/*
 * sysv.h - System V shared memory, for servers that take no descriptors
 */
#ifndef SHMFB_SYSV_H
#define SHMFB_SYSV_H

#include <stdint.h>

/*
 * A segment of that many bytes, zeroed and mapped at *memory, which is the
 * caller's. Nobody but this user can attach it, and it goes with the last
 * process that has it attached: only one that is killed between two system
 * calls in here leaves it behind. Returns its number, or -errno.
 */
int
shmfb_sysv_create(uint64_t bytes, void **memory);

void
shmfb_sysv_unmap(void *memory);

#endif /* SHMFB_SYSV_H */
