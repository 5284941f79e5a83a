/* SPDX-License-Identifier: MIT */
/*
 * ring-multi.h - the lock-free core of a ring with several writers
 *
 * Pure functions over plain memory, as ring.h, whose readers' half is the
 * same here.  ring-multi.c explains and argues what differs.
 */
#ifndef SHMX_RING_MULTI_H
#define SHMX_RING_MULTI_H

#include <stdint.h>

#include "ring.h"

/* Owners that a state word can tell apart, 0 the host. */
#define SHMX_OWNERS_MAX		(1 << 14)

/*
 * The slots with which a claim fails only if others keep publishing: holds
 * that readers have all together, the history, and how many write.
 */
static inline uint32_t
shmx_multi_slots(uint32_t holds, uint32_t history, uint32_t writers)
{
	return holds + history + 2 * writers - 1;
}

/* One of the writers; its private state. */
struct shmx_multi {
	struct shmx_ring ring;
	uint32_t owner;			/* nobody else's meanwhile */
	uint32_t generation;		/* claims tried, of this owner */
	uint64_t word;			/* what it wrote into its slot */
	uint64_t latest;		/* sequence it published last; 0 */
	int claimed;			/* slot being written, or -1 */
};

/* The host, before anybody can see the ring: nothing is in it. */
void
shmx_multi_init_ring(const struct shmx_ring *ring);

void
shmx_multi_init(struct shmx_multi *w, const struct shmx_ring *ring,
		uint32_t owner);

/*
 * Claim a slot to write.  The slot, or -1 when every candidate is held or
 * being written, or the other writers were always faster.  A slot that was
 * claimed and not published is handed out again.
 *
 * The scan has every record of the ring with all its hold words, in use or
 * not.
 */
int
shmx_multi_claim(struct shmx_multi *w, const struct shmx_scan *scan);

/*
 * Publish the claimed slot, its pixels and the caller's part of its meta
 * being written.  The sequence number, or 0 when this writer was reaped, and
 * the slot is no longer its own.
 */
uint64_t
shmx_multi_publish(struct shmx_multi *w);

/* Give a claimed slot back unpublished; nothing where there is none. */
void
shmx_multi_abandon(struct shmx_multi *w);

/*
 * The host, once an owner writes no more: free the slots that it claimed, and
 * announce a frame that it had published.  How many slots were freed.  Every
 * reader is to be sent a wake-up afterwards, its flag up or down: the dead may
 * have taken the flag down and not sent.
 */
unsigned
shmx_multi_reap(const struct shmx_ring *ring, uint32_t owner);

/*
 * For tests: check the invariants that hold while no writer runs.  NULL, or a
 * description of what is broken (static storage).
 */
const char *
shmx_multi_check(const struct shmx_ring *ring);

#endif
