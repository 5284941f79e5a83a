/* SPDX-License-Identifier: MIT */
/*
 * guests.h - readers of SHMX v2.0, who come and go without a word
 *
 * They take a record of a named ring, and leave it, by a store to in_use; the
 * host finds out by looking.  What one sends is received as from any reader.
 * One that was killed stays, as far as can be told, until the producer asks
 * for those to be reaped who have not moved their heartbeat for some time.
 *
 * Guarded by the host's lock.
 */
#ifndef SHMX_GUESTS_H
#define SHMX_GUESTS_H

#include <stdbool.h>
#include <stdint.h>

#include "mail.h"
#include "records.h"

#define SHMX_GUEST_LABEL "SHMX v2.0"

struct shmx_guest {
	uint64_t id;			/* as ours are numbered; 0: nobody */
	uint64_t reader_id;		/* what it calls itself */
	uint64_t heartbeat;		/* as seen last, */
	uint64_t since_ns;		/* and since when; 0: not seen */
	uint64_t written;		/* of its messages, as seen last */
	struct shmx_mailbox *box;	/* NULL: it has sent nonsense */
};

struct shmx_guests {
	struct shmx_records *records;	/* the host's */
	struct shmx_mail *mail;
	uint64_t *serial;
	uint32_t miscounted;		/* readers_connected, seen wrong */
	uint32_t now;			/* how many there are, */
	uint64_t came;			/* ever came, */
	uint64_t left;			/* and left */
	struct shmx_guest guest[SHMX_READERS_MAX];
};

/*
 * Look who is there.  True when somebody came, left, or sent something since.
 */
bool
shmx_guests_look(struct shmx_guests *g);

/* The mailbox is that of a guest who sent nonsense: close it.  False: not. */
bool
shmx_guests_mute(struct shmx_guests *g, const struct shmx_mailbox *box);

/*
 * Free the records of those who have not moved for that long; how many there
 * were.  They are not told, and may live on: so v2.0 has it.
 */
unsigned
shmx_guests_reap(struct shmx_guests *g, uint64_t timeout_ns);

/* They are not heard any more; their records stay as they are. */
void
shmx_guests_finish(struct shmx_guests *g);

#endif
