/* SPDX-License-Identifier: MIT */
/*
 * clock.c - monotonic time in nanoseconds
 */
#include "config.h"

#include "base/clock.h"

#include <errno.h>
#include <stddef.h>
#include <time.h>

uint64_t (*base_clock)(void);

uint64_t
base_now_ns(void)
{
	struct timespec ts;

	if (base_clock != NULL)
		return base_clock();
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * BASE_NS_PER_S + (uint64_t)ts.tv_nsec;
}

void
base_sleep_until(uint64_t deadline_ns)
{
	struct timespec ts = {
		.tv_sec = (time_t)(deadline_ns / BASE_NS_PER_S),
		.tv_nsec = (long)(deadline_ns % BASE_NS_PER_S),
	};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) ==
	       EINTR)
		continue;
}
