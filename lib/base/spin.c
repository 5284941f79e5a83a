/* SPDX-License-Identifier: MIT */
/*
 * spin.c - may one look again and again, before one sleeps?
 */
#include "config.h"

#include "base/spin.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

bool
base_may_spin(const char *off)
{
	const char *env = getenv(off);
	cpu_set_t cpus;

	if (env && strcmp(env, "1") == 0)
		return false;
	return sched_getaffinity(0, sizeof(cpus), &cpus) < 0 ||
	       CPU_COUNT(&cpus) > 1;
}
