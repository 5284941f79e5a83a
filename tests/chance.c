/* SPDX-License-Identifier: MIT */
/*
 * chance.c - numbers by chance, and the same ones once more
 */
#include "config.h"

#include "chance.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

static uint64_t seed;

void
chance_seed(void)
{
	const char *env = getenv("SHMX_TEST_SEED");

	seed = env != NULL ? strtoull(env, NULL, 10) : base_now_ns();
	printf("# seed %llu\n", (unsigned long long)seed);
	fflush(stdout);
}

uint32_t
chance(uint32_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(seed >> 33) % below;
}
