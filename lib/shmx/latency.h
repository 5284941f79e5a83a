/* SPDX-License-Identifier: MIT */
/*
 * latency.h - how long frames take to get somewhere, counted in a record
 *
 * A histogram in quarters of octaves: bucket 4 * o + q counts times from
 * (4 + q) << (o + 6) nanoseconds on, so 256 ns and less are in bucket 0 and
 * all from 3.8 s on in the last.  Written by the reader, with two accesses
 * and no read-modify-write; read by anybody, for display.  The counts wrap.
 */
#ifndef SHMX_LATENCY_H
#define SHMX_LATENCY_H

#include <stdint.h>

#include "layout.h"
#include <shmx/shmx.h>

/* Where a time is counted. */
unsigned
shmx_latency_bucket(uint64_t ns);

/* The first time that is beyond a bucket. */
uint64_t
shmx_latency_end(unsigned bucket);

/* Count a frame; times that cannot be are counted as none. */
void
shmx_latency_count(struct shmx_record *record, enum shmx_latency_stage stage,
		   uint64_t published_ns, uint64_t when_ns);

#endif
