/* SPDX-License-Identifier: MIT */
/*
 * clock.h - monotonic time in nanoseconds
 *
 * CLOCK_MONOTONIC is one clock for all processes of a machine: times of two
 * processes can be compared. A uint64_t of nanoseconds lasts 584 years.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#define BASE_NS_PER_US UINT64_C(1000)
#define BASE_NS_PER_MS UINT64_C(1000000)
#define BASE_NS_PER_S UINT64_C(1000000000)

/*
 * Where base_now_ns() gets the time. Tests put a clock of theirs here while
 * no other thread runs, and NULL for the real one again.
 */
extern uint64_t (*base_clock)(void);

uint64_t base_now_ns(void);

/* Sleep until then; at once if it has passed. A signal does not shorten it. */
void base_sleep_until(uint64_t deadline_ns);

#endif /* BASE_CLOCK_H */
