/* SPDX-License-Identifier: MIT */
/*
 * readers.h - the set of attached readers, as the writer scans it
 *
 * Two threads of the producer's process: the writer, which publishes, and the
 * service, which admits and reaps.  The writer enters the set, looks at each
 * reader's words, wakes some, and leaves; it never waits for the service.
 * The service swaps in another set and frees what it took out as soon as the
 * writer cannot be looking at it.
 *
 * This is read-copy-update with one reader (the writer of the ring):
 *
 *	writer	A1 busy = 1		service	B1 set = new
 *		A2 load set			B2 load busy
 *		A3 busy = 0
 *
 * all seq_cst but A3, a release.  If B2 reads 0, either it came before A1,
 * and A2 sees the new set; or it read what A3 stored, and all that the writer
 * did with the old set happened before.  Both ways the old set is nobody's.
 */
#ifndef SHMX_READERS_H
#define SHMX_READERS_H

#include <stdbool.h>
#include <stdint.h>

#include "records.h"
#include "ring.h"

/* What a reader was given; freed when the writer cannot see it any more. */
struct shmx_seat {
	struct shmx_record *record;	/* mapped, SHMX_RECORD_BYTES */
	int record_fd;			/* its memory; -1: in the region */
	struct shmx_records records;	/* which it is one of, in the region */
	bool lent;			/* its record is not free with it */
	int wake_fd;			/* our end */
	uint64_t id;			/* of the reader; may be 0 */
	uint32_t holds;
	bool every;			/* set before it is added */
	struct shmx_scan_box *farewell;	/* reserved: leaving cannot fail */
};

/* A set, and the seat that left when it was replaced. */
struct shmx_scan_box {
	struct shmx_scan_box *next;
	struct shmx_seat *gone;
	struct shmx_scan scan;		/* last: it has the array */
};

struct shmx_readers {
	_Atomic(struct shmx_scan_box *) box;
	shmx_a32 busy;
	struct shmx_scan_box *retired;	/* the service's */
};

int
shmx_readers_init(struct shmx_readers *r);

/* Free everything.  Neither thread runs any more. */
void
shmx_readers_finish(struct shmx_readers *r);

/* Writer: the set to look at until shmx_readers_leave(). */
const struct shmx_scan *
shmx_readers_enter(struct shmx_readers *r);
void
shmx_readers_leave(struct shmx_readers *r);

/*
 * Service: a new seat of that many holds at the ring of that name, its record
 * one of `records` where those have any, else a memfd of its own.  *wake_fd,
 * the reader's end, is the caller's, to be sent and closed.  -EUSERS when all
 * records are in use.
 */
int
shmx_seat_create(struct shmx_seat **out, const struct shmx_records *records,
		 const char *name, uint32_t holds, int *wake_fd);
void
shmx_seat_destroy(struct shmx_seat *seat);

/*
 * The seat of a reader that is another process' guest, to wake it: its record,
 * which is not freed with it, and the descriptor, which is taken on success.
 */
int
shmx_seat_borrow(struct shmx_seat **out, struct shmx_record *record,
		 uint64_t id, int wake_fd);

/*
 * Service: have the writer look at a seat, or not any more.  Adding may fail
 * with -ENOMEM, and nothing has changed.  Removing takes the seat over.
 */
int
shmx_readers_add(struct shmx_readers *r, struct shmx_seat *seat);
void
shmx_readers_remove(struct shmx_readers *r, struct shmx_seat *seat);

/*
 * Service: free what was taken out, if the writer is elsewhere.  False when
 * something is left: try again in a millisecond.
 */
bool
shmx_readers_collect(struct shmx_readers *r);

#endif
