/* SPDX-License-Identifier: MIT */
/*
 * hist.h - a histogram of times: percentiles without keeping the samples
 *
 * Values below 32 have a bucket each; from there every power of two is cut
 * into 16, so that a percentile is at most 1/16 above the true one. Four
 * kilobytes, no allocation, a handful of instructions a sample.
 */
#ifndef BASE_HIST_H
#define BASE_HIST_H

#include <stdint.h>

/* 16 buckets for each of the 60 powers from 2^4 up, and 16 below 2^4. */
#define BASE_HIST_BUCKETS (16 * 61)

/* All zero is an empty histogram. */
struct base_hist {
	uint64_t count;
	uint64_t max;
	uint32_t bucket[BASE_HIST_BUCKETS];	/* stays at UINT32_MAX */
};

void
base_hist_add(struct base_hist *hist, uint64_t value);

/*
 * The value that percent (0 to 100) of the samples do not exceed, rounded up
 * to the end of its bucket and never above the largest sample; 0 when empty.
 */
uint64_t
base_hist_percentile(const struct base_hist *hist, double percent);

#endif /* BASE_HIST_H */
