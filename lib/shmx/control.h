/* SPDX-License-Identifier: MIT */
/*
 * control.h - messages from a reader to the producer, in the reader's record
 *
 * One side puts, the other takes; each keeps the cursors to itself and never
 * believes the other's copy of them.  Pure, as ring.c is.
 */
#ifndef SHMX_CONTROL_H
#define SHMX_CONTROL_H

#include <stddef.h>
#include <stdint.h>

#include "layout.h"
#include <shmx/shmx.h>

_Static_assert(SHMX_CONTROL_MAX == SHMX_CONTROL_DATA -
	       sizeof(struct shmx_tlv), "the longest message fills the ring");

/* The reader's end. */
struct shmx_control_out {
	struct shmx_control_ring *ring;
	uint64_t written;
	uint64_t read;			/* as seen last; may have moved on */
};

/* The producer's end. */
struct shmx_control_in {
	struct shmx_control_ring *ring;
	uint64_t read;
	uint64_t written;		/* as seen last; may have moved on */
};

/* The control ring in a record's page. */
static inline struct shmx_control_ring *
shmx_record_control(struct shmx_record *record)
{
	return (struct shmx_control_ring *)(void *)
		((char *)record + SHMX_RECORD_CONTROL_OFFSET);
}

/*
 * Begin to put where the ring says that its last user ended.  -EPROTO when
 * that makes no sense.
 */
int
shmx_control_out_init(struct shmx_control_out *out,
		      struct shmx_control_ring *ring);

/*
 * Put a message: type is not SHMX_CONTROL_PAD, bytes at most SHMX_CONTROL_MAX.
 *	0		it is there; a load that follows in the code follows
 *			in the one order of all seq_cst accesses
 *	-ENOBUFS	no room: the producer has not taken enough yet
 *	-EPROTO		the producer's cursor makes no sense
 */
int
shmx_control_put(struct shmx_control_out *out, uint32_t type,
		 const void *data, uint32_t bytes);

/* Take from the start of an empty ring, which is made one. */
void
shmx_control_in_init(struct shmx_control_in *in,
		     struct shmx_control_ring *ring);

/* Take from where whoever took last has left off; -EPROTO as above. */
int
shmx_control_in_join(struct shmx_control_in *in,
		     struct shmx_control_ring *ring);

/*
 * Take a message: its type and length, and its data, for which there are
 * SHMX_CONTROL_MAX bytes, aligned to 8.
 *	0		taken
 *	-EAGAIN		there is none
 *	-EPROTO		the reader wrote nonsense; nothing that follows would
 *			make sense
 */
int
shmx_control_take(struct shmx_control_in *in, uint32_t *type,
		  uint32_t *bytes, void *data);

/*
 * The reader is gone: copy what it left into a ring of one's own, to be taken
 * from there.  Where the ring is going to be another's, it is empty then.
 */
void
shmx_control_keep(struct shmx_control_in *in, struct shmx_control_ring *copy);

#endif
