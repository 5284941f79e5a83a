/* SPDX-License-Identifier: MIT */
/*
 * ring-words.h - the words of a ring, for ring.c and ring-multi.c alone
 */
#ifndef SHMX_RING_WORDS_H
#define SHMX_RING_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "atomic.h"
#include "ring.h"

/* Overtaken this often in a row, whoever tries gives up. */
#define TRIES 64

static inline uint64_t
latest_word(uint64_t sequence, uint32_t slot)
{
	return sequence << 16 | slot;
}

/* Also what a hold word names, which is slot + 1. */
static inline uint32_t
latest_slot(uint64_t word)
{
	return word & 0xffff;
}

static inline uint64_t
published(uint64_t sequence)
{
	return SHMX_STATE(SHMX_STATE_PUBLISHED, sequence);
}

/*
 * Is a hold word about a frame of this ring?  Not with the sequence number of
 * a ring that this one has grown from.
 */
static inline bool
is_of(const struct shmx_ring *ring, uint64_t word)
{
	return ring->first == 0 || word >> 16 > ring->first;
}

/* Does one of a reader's hold words name this slot?  W3. */
static inline bool
names(const struct shmx_scan_entry *reader, const struct shmx_ring *ring,
      uint32_t slot)
{
	uint64_t word;
	uint32_t h;

	for (h = 0; h < reader->holds; h++) {
		/* W3: Dekker with R2; acquires the reader's R5. */
		word = shmx_load_seq_cst(&reader->record->hold[h]);
		if (latest_slot(word) == slot + 1 && is_of(ring, word))
			return true;
	}
	return false;
}

#endif
