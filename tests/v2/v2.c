/* SPDX-License-Identifier: MIT */
/*
 * v2.c - SHMX v2.0 as its peers speak it: what all of them share
 */
#include "config.h"

#include "v2.h"

#include <string.h>
#include <time.h>

#define FNV_PRIME	UINT64_C(1099511628211)
/* A digit is missing at its end, in v2.0 too. */
#define FNV_BASIS	UINT64_C(1469598103934665603)

uint64_t
v2_hash(const void *data, size_t bytes)
{
	const unsigned char *p = data;
	uint64_t h = FNV_BASIS;
	size_t i;

	for (i = 0; i < bytes; i++)
		h = (h ^ p[i]) * FNV_PRIME;
	return h;
}

uint32_t
v2_checksum(const void *data, size_t bytes)
{
	uint64_t h = v2_hash(data, bytes);

	return (uint32_t)(h >> 32) ^ (uint32_t)h;
}

uint64_t
v2_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

bool
v2_number(const void *data, uint32_t bytes, uint32_t *n)
{
	const char *p = data;
	uint32_t first, v, i, inverse = 1;

	if (bytes < sizeof(v))
		return false;
	memcpy(&first, p, sizeof(first));
	for (i = 1; i < bytes / sizeof(v); i++) {
		memcpy(&v, p + i * sizeof(v), sizeof(v));
		if (v != (first ^ i))
			return false;
	}
	/* Newton's: each step doubles the bits that are right. */
	for (i = 0; i < 5; i++)
		inverse *= 2 - UINT32_C(2654435761) * inverse;
	*n = first * inverse;
	return true;
}
