/* SPDX-License-Identifier: MIT */
/*
 * writers.h - the host's view of who else writes into its ring
 *
 * A writer is a process that joined: it has the whole region mapped, and a
 * number, its owner number in the ring's state words.  The host tells it of
 * readers and how to wake them, takes back what it leaves when it is gone, and
 * never drops it while it lives: it might be writing.
 *
 * Guarded by the host's lock.
 */
#ifndef SHMX_WRITERS_H
#define SHMX_WRITERS_H

#include <stdint.h>

#include "protocol.h"
#include "ring.h"

/* One that joined; the host itself is owner 0 and not among them. */
struct shmx_joined {
	int conn;			/* borrowed; -1: a free place */
	uint32_t owner;
	bool ready;			/* to be told of readers */
};

struct shmx_writers {
	struct shmx_ring ring;
	uint32_t max;			/* who can join; 0: nobody */
	uint32_t owner;			/* given last */
	struct shmx_joined joined[SHMX_WRITERS_MAX - 1];
};

/* For a ring that so many may write into, the host among them. */
void
shmx_writers_init(struct shmx_writers *w, const struct shmx_ring *ring,
		  uint32_t writers_max);

/* A place for one, or NULL when all are taken. */
struct shmx_joined *
shmx_writers_join(struct shmx_writers *w, int conn);

/*
 * It writes no more: free what it was writing, and its place.  Readers that
 * sleep are to be woken: it may have died before it did.
 */
void
shmx_writers_leave(struct shmx_writers *w, struct shmx_joined *joined);

/*
 * Tell one of a reader that has that record, and of the descriptor that wakes
 * it; -1: it is gone.  Who cannot be told wakes readers by a NUDGE to us.
 */
void
shmx_joined_tell(const struct shmx_joined *joined, uint64_t reader,
		 uint32_t record, int wake_fd);

/* The same to all that are ready. */
void
shmx_writers_tell(const struct shmx_writers *w, uint64_t reader,
		  uint32_t record, int wake_fd);

#endif
