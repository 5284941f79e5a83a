/* SPDX-License-Identifier: MIT */
/*
 * hist.c - a histogram of times: percentiles without keeping the samples
 *
 * The bucket of a value is its exponent and the four bits after its leading
 * one, so that buckets are in order and neighbours touch.
 */
#include "config.h"

#include "base/hist.h"

#define SUB_BITS 4
#define SUB_COUNT (1U << SUB_BITS)

static unsigned
bucket_of(uint64_t value)
{
	unsigned shift;

	if (value < SUB_COUNT)
		return (unsigned)value;
	shift = 63 - (unsigned)__builtin_clzll(value) - SUB_BITS;
	return (shift + 1) * SUB_COUNT +
	       (unsigned)((value >> shift) - SUB_COUNT);
}

/* The largest value that falls into a bucket. */
static uint64_t
bucket_end(unsigned bucket)
{
	unsigned shift;
	uint64_t first;

	if (bucket < SUB_COUNT)
		return bucket;
	shift = bucket / SUB_COUNT - 1;
	first = (uint64_t)(SUB_COUNT + bucket % SUB_COUNT) << shift;
	return first + ((UINT64_C(1) << shift) - 1);
}

void
base_hist_add(struct base_hist *hist, uint64_t value)
{
	uint32_t *bucket = &hist->bucket[bucket_of(value)];

	if (*bucket != UINT32_MAX)
		(*bucket)++;
	hist->count++;
	if (value > hist->max)
		hist->max = value;
}

uint64_t
base_hist_percentile(const struct base_hist *hist, double percent)
{
	double want = (double)hist->count * percent / 100;
	uint64_t seen = 0, end;
	unsigned i;

	if (hist->count == 0)
		return 0;
	for (i = 0; i < BASE_HIST_BUCKETS; i++) {
		seen += hist->bucket[i];
		if (seen > 0 && (double)seen >= want) {
			end = bucket_end(i);
			return end < hist->max ? end : hist->max;
		}
	}
	return hist->max;
}
