/* SPDX-License-Identifier: MIT */
/*
 * checksum.c - the hash of SHMX v2.0
 */
#include "config.h"

#include "checksum.h"

#define PRIME UINT64_C(1099511628211)

uint64_t
shmx_hash_more(uint64_t hash, const void *data, size_t bytes)
{
	const unsigned char *p = data;
	size_t i;

	for (i = 0; i < bytes; i++)
		hash = (hash ^ p[i]) * PRIME;
	return hash;
}

uint64_t
shmx_hash(const void *data, size_t bytes)
{
	return shmx_hash_more(SHMX_HASH_BASIS, data, bytes);
}

uint32_t
shmx_checksum(const void *data, size_t bytes)
{
	uint64_t hash = shmx_hash(data, bytes);

	return (uint32_t)(hash >> 32) ^ (uint32_t)hash;
}
