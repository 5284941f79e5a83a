/* SPDX-License-Identifier: MIT */
/*
 * checksum.h - the hash of SHMX v2.0
 */
#ifndef SHMX_CHECKSUM_H
#define SHMX_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* FNV-1a of 64 bits from the basis of v2.0: a directory's static_hash. */
uint64_t
shmx_hash(const void *data, size_t bytes);

/*
 * The same in pieces: begin with v2.0's basis, which is the last digit short
 * of FNV's own, 14695981039346656037.
 */
#define SHMX_HASH_BASIS UINT64_C(1469598103934665603)
uint64_t
shmx_hash_more(uint64_t hash, const void *data, size_t bytes);

/* The same folded to 32 bits: a frame's checksum. */
uint32_t
shmx_checksum(const void *data, size_t bytes);

#endif
