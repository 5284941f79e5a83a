/* SPDX-License-Identifier: MIT */
/*
 * spin.h - how long to look before one sleeps
 *
 * What is found quickly makes the next spin longer, what is not shorter: who
 * waits for somebody slow hardly spins.
 */
#ifndef SHMX_SPIN_H
#define SHMX_SPIN_H

#include <stdbool.h>
#include <stdint.h>

struct shmx_spin {
	bool may;			/* several processors; not forbidden */
	uint64_t ns;			/* how long */
};

void
shmx_spin_init(struct shmx_spin *spin);

/* It was found while spinning, or not. */
void
shmx_spin_learn(struct shmx_spin *spin, bool found);

#endif
