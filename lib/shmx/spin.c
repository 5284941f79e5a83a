/* SPDX-License-Identifier: MIT */
/*
 * spin.c - how long to look before one sleeps
 */
#include "config.h"

#include "spin.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/clock.h"

#define MIN_NS	(2 * BASE_NS_PER_US)
#define MAX_NS	(50 * BASE_NS_PER_US)

static bool
can_spin(void)
{
	const char *env = getenv("SHMX_NO_SPIN");
	cpu_set_t cpus;

	if (env != NULL && strcmp(env, "1") == 0)
		return false;
	/* With one processor the other side needs it. */
	return sched_getaffinity(0, sizeof(cpus), &cpus) < 0 ||
	       CPU_COUNT(&cpus) > 1;
}

void
shmx_spin_init(struct shmx_spin *spin)
{
	spin->may = can_spin();
	spin->ns = MIN_NS;
}

void
shmx_spin_learn(struct shmx_spin *spin, bool found)
{
	spin->ns = found ? BASE_MIN(spin->ns * 2, MAX_NS) :
		BASE_MAX(spin->ns / 2, MIN_NS);
}
