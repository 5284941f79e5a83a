/* SPDX-License-Identifier: MIT */
/*
 * spin.c - how long to look before one sleeps
 */
#include "config.h"

#include "spin.h"

#include "base/base.h"
#include "base/clock.h"
#include "base/spin.h"

#define MIN_NS	(2 * BASE_NS_PER_US)
#define MAX_NS	(50 * BASE_NS_PER_US)

void
shmx_spin_init(struct shmx_spin *spin)
{
	spin->may = base_may_spin("SHMX_NO_SPIN");
	spin->ns = MIN_NS;
}

void
shmx_spin_learn(struct shmx_spin *spin, bool found)
{
	spin->ns = found ? BASE_MIN(spin->ns * 2, MAX_NS) :
		BASE_MAX(spin->ns / 2, MIN_NS);
}
