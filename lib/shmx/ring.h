/* SPDX-License-Identifier: MIT */
/*
 * ring.h - the lock-free core: slots, holds, and who may write where
 *
 * Pure functions over plain memory: no system call, no allocation, no global.
 * ring.c explains and argues the protocol.
 */
#ifndef SHMX_RING_H
#define SHMX_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "layout.h"
#include <shmx/shmx.h>

/* Where the parts of a ring lie in this process; what never changes. */
struct shmx_ring {
	struct shmx_ext *ext;
	shmx_a64 *state;		/* [slots] */
	struct shmx_slot_meta *meta;	/* [slots] */
	struct shmx_damage_entry *damage; /* [SHMX_DAMAGE_ENTRIES] */
	uint32_t slots;			/* 3 to SHMX_SLOTS_MAX */
	uint32_t history;		/* k, at least 1 */
	uint64_t first;			/* sequences in it are greater */
};

/* One reader as the writer sees it: which of its hold words count. */
struct shmx_scan_entry {
	struct shmx_record *record;
	uint32_t holds;			/* granted; at most SHMX_HOLDS_MAX */
	int wake_fd;			/* not used by ring.c */
	uint64_t id;			/* nor is this: its reader's */
	bool every;			/* it gets every frame */
};

/* All readers to look at; constant once the writer can see it. */
struct shmx_scan {
	uint32_t count;			/* at most SHMX_READERS_MAX */
	uint32_t every;			/* so many get every frame */
	struct shmx_scan_entry entry[];
};

/*
 * The writer's private state.  It has written every state word itself, so it
 * need not read them back; `sequence` shadows them.
 */
struct shmx_writer {
	struct shmx_ring ring;
	uint64_t latest;		/* sequence published last; 0: none */
	uint64_t sequence[SHMX_SLOTS_MAX]; /* of each slot's content; 0 */
	uint64_t freed[SHMX_SLOTS_MAX];	/* claim at which it was seen free */
	uint64_t free;			/* slots found free at that claim */
	uint64_t claims;
	int claimed;			/* slot being written, or -1 */
	bool behind;			/* see shmx_writer_claim() */

	/* What the caller would like, set before a claim; no promise. */
	uint64_t avoid;			/* slots to be taken last */
	bool oldest_first;		/* not the warmest */
};

/*
 * Set up the writer of an empty ring: every state word FREE.  The first frame
 * will have the sequence number after ring->first.
 */
void
shmx_writer_init(struct shmx_writer *w, const struct shmx_ring *ring);

/*
 * Claim a slot to write.  The slot, or -1 when every candidate is held; then
 * w->behind says whether there would be more candidates if a reader that gets
 * every frame had secured more of them.  A slot that was claimed and not
 * published is handed out again.
 */
int
shmx_writer_claim(struct shmx_writer *w, const struct shmx_scan *scan);

/*
 * How many publishes ago the content of a claimed slot was published, were
 * it published now: 1 for the latest, 0 for a slot never written.
 */
uint64_t
shmx_writer_age(const struct shmx_writer *w, int slot);

/*
 * Publish the claimed slot, its pixels and the caller's part of its meta
 * being written, under the next sequence number, which is returned.  damage
 * is the frame's bounding box.
 */
uint64_t
shmx_writer_publish(struct shmx_writer *w, struct shmx_rect16 damage);

/*
 * After publishing: the readers that sleep, as a bit for each index of the
 * scan.  Their flags are cleared, so each must now be sent a wake-up.
 */
uint64_t
shmx_writer_sleepers(const struct shmx_scan *scan);

/* Slots that some reader of the scan holds, as bits; a snapshot. */
uint64_t
shmx_scan_held(const struct shmx_scan *scan, const struct shmx_ring *ring);

/* A frame that was found and held. */
struct shmx_found {
	uint64_t sequence;
	uint32_t slot;
};

/*
 * Hold the latest frame in the reader's hold word, which must be empty:
 *	0		held, *found says what
 *	-EAGAIN		nothing published, or overtaken 64 times in a row
 *	-EPROTO		the ring names a slot that it does not have
 */
int
shmx_ring_hold_latest(const struct shmx_ring *ring, shmx_a64 *hold,
		      struct shmx_found *found);

/*
 * The same for the oldest frame after that sequence number which may still be
 * held, that is one of the k newest.
 */
int
shmx_ring_hold_next(const struct shmx_ring *ring, shmx_a64 *hold,
		    uint64_t after, struct shmx_found *found);

/*
 * For a reader that gets every frame: hold the one after that sequence number.
 *	0		held, *found says what; to be secured next
 *	-EAGAIN		it has not been published
 *	-EPROTO		it was, and is not there: the writer does not, or does
 *			no longer, keep frames for this reader
 */
int
shmx_ring_hold_every(const struct shmx_ring *ring, shmx_a64 *hold,
		     uint64_t after, struct shmx_found *found);

/*
 * The same reader has, or has had, every frame up to that one in its hand.
 * True when the producer sleeps until it hears of that.
 */
bool
shmx_ring_secure(const struct shmx_ring *ring, struct shmx_record *record,
		 uint64_t sequence);

/* After a message was put that the producer may sleep for: does it sleep? */
bool
shmx_ring_is_awaited(const struct shmx_ring *ring);

/* Empty a hold word.  Everything read through it was read before. */
void
shmx_ring_release(shmx_a64 *hold);

/* The sequence number published last; 0 for none. */
uint64_t
shmx_ring_latest(const struct shmx_ring *ring);

/*
 * The reader is going to sleep.  True: go; a publish from now on sees the
 * flag.  False: there is a frame after `seen`, the flag is down again.
 */
bool
shmx_ring_arm(const struct shmx_ring *ring, struct shmx_record *record,
	      uint64_t seen);
void
shmx_ring_disarm(struct shmx_record *record);

/*
 * The damage box of the frame of that sequence; false when the log has
 * moved on.
 */
bool
shmx_ring_damage(const struct shmx_ring *ring, uint64_t sequence,
		 struct shmx_rect16 *box);

/*
 * For tests: check the invariants that hold between two calls of the writer.
 * NULL, or a description of what is broken (static storage).
 */
const char *
shmx_writer_check(const struct shmx_writer *w);

#endif
