/* SPDX-License-Identifier: MIT */
/*
 * rate.h - frames a second, as a fraction
 */
#ifndef TOOLS_RATE_H
#define TOOLS_RATE_H

#include <stdbool.h>
#include <stdint.h>

struct rate {
	uint32_t num;			/* frames in den seconds */
	uint32_t den;			/* 0: not known */
};

/* "25", "29.97" or "30000/1001"; false: none from 0.001 to 1000000. */
bool
rate_parse(const char *text, struct rate *rate);

/*
 * Of so many frames in that time, as exact as clocks of programs are: a whole
 * number where one is within 1 %, else hundredths. Both are above 0.
 */
struct rate
rate_measured(uint64_t frames, uint64_t ns);

#endif /* TOOLS_RATE_H */
