/* SPDX-License-Identifier: MIT */
/*
 * chance.h - numbers by chance, and the same ones once more
 */
#ifndef TESTS_CHANCE_H
#define TESTS_CHANCE_H

#include <stdint.h>

/* Print the seed, which SHMX_TEST_SEED=n sets. */
void chance_seed(void);

uint32_t chance(uint32_t below);

#endif /* TESTS_CHANCE_H */
