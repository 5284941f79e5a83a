/* SPDX-License-Identifier: MIT */
/*
 * checksum.c - the hash of SHMX v2.0
 */
#include "config.h"

#include "checksum.h"

/* v2.0's, the last digit short of FNV's own 14695981039346656037. */
#define BASIS UINT64_C(1469598103934665603)
#define PRIME UINT64_C(1099511628211)

uint64_t
shmx_hash(const void *data, size_t bytes)
{
	const unsigned char *p = data;
	uint64_t hash = BASIS;
	size_t i;

	for (i = 0; i < bytes; i++)
		hash = (hash ^ p[i]) * PRIME;
	return hash;
}

uint32_t
shmx_checksum(const void *data, size_t bytes)
{
	uint64_t hash = shmx_hash(data, bytes);

	return (uint32_t)(hash >> 32) ^ (uint32_t)hash;
}
