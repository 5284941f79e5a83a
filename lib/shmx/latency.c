/* SPDX-License-Identifier: MIT */
/*
 * latency.c - how long frames take to get somewhere, counted in a record
 */
#include "config.h"

#include "latency.h"

#include "base/base.h"
#include "atomic.h"
#include "session.h"

/* The octave of 256 ns, which begins bucket 0. */
#define FIRST_OCTAVE 8

_Static_assert((int)SHMX_STAGE_HELD == SHMX_LATENCY_HELD &&
	       (int)SHMX_STAGE_PUT == SHMX_LATENCY_PUT &&
	       (int)SHMX_STAGE_COMPLETED == SHMX_LATENCY_COMPLETED &&
	       (int)SHMX_STAGE_PRESENTED == SHMX_LATENCY_PRESENTED &&
	       SHMX_STAGES == SHMX_LATENCY_STAGES,
	       "stages are numbered as on the wire");

unsigned
shmx_latency_bucket(uint64_t ns)
{
	unsigned octave, bucket;

	if (ns < UINT64_C(1) << FIRST_OCTAVE)
		return 0;
	octave = 63 - (unsigned)__builtin_clzll(ns);
	/* The two bits after the leading one. */
	bucket = (octave - FIRST_OCTAVE) * 4 +
		(unsigned)(ns >> (octave - 2) & 3);
	return BASE_MIN(bucket, SHMX_LATENCY_BUCKETS - 1);
}

uint64_t
shmx_latency_end(unsigned bucket)
{
	return (uint64_t)(4 + bucket % 4 + 1) <<
		(bucket / 4 + FIRST_OCTAVE - 2);
}

void
shmx_latency_count(struct shmx_record *record, enum shmx_latency_stage stage,
		   uint64_t published_ns, uint64_t when_ns)
{
	uint64_t ns = when_ns > published_ns ? when_ns - published_ns : 0;
	shmx_a32 *count = &record->latency[stage][shmx_latency_bucket(ns)];

	shmx_store_relaxed(count, shmx_load_relaxed(count) + 1);
}

uint64_t
shmx_latency_percentile(const uint32_t buckets[SHMX_LATENCY_BUCKETS],
			double percent)
{
	uint64_t total = 0, seen = 0, last = 0;
	unsigned i;

	for (i = 0; i < SHMX_LATENCY_BUCKETS; i++)
		total += buckets[i];
	for (i = 0; i < SHMX_LATENCY_BUCKETS; i++) {
		if (buckets[i] == 0)
			continue;
		seen += buckets[i];
		last = shmx_latency_end(i);
		if ((double)seen >= (double)total * percent / 100)
			break;
	}
	return last;
}

void
shmx_feedback(struct shmx_hold *hold, enum shmx_stage stage, uint64_t when_ns)
{
	struct shmx_record *record = hold->session->record;

	switch (stage) {
	case SHMX_STAGE_PUT:
		shmx_store_relaxed(&record->put_ns, when_ns);
		break;
	case SHMX_STAGE_COMPLETED:
		shmx_store_relaxed(&record->completed_ns, when_ns);
		break;
	case SHMX_STAGE_PRESENTED:
		/* Release: whoever sees the sequence has its time. */
		shmx_store_relaxed(&record->presented_ns, when_ns);
		shmx_store_release(&record->presented_sequence,
				   hold->info.sequence);
		break;
	default:
		return;
	}
	shmx_latency_count(record, (enum shmx_latency_stage)stage,
			   hold->info.published_ns, when_ns);
}

void
shmx_presented(struct shmx_hold *hold, uint64_t when_ns)
{
	shmx_feedback(hold, SHMX_STAGE_PRESENTED, when_ns);
}
