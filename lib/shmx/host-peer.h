/* SPDX-License-Identifier: MIT */
/*
 * host-peer.h - a peer of the host, and what the files of the host share
 *
 * A peer's life:
 *
 *	accepted --HELLO--> WELCOME sent --READY--> attached --end--> reaped
 *	              |
 *	              |--> ERROR sent, dropped
 *	              |--> a writer: joining --READY--> writing
 *	              '--> an inspector: shown around, counted nowhere
 *
 * It ends by its connection or its process ending, whichever is seen first (a
 * child that it forked may keep the one open), or by saying something that it
 * should not.  No clock decides about anybody.
 *
 * Who does what to whom, from the gentlest to the last:
 *
 *	evict		the producer, to a reader that it names: counted, and
 *			dismissed
 *	dismiss		to a reader: ERROR says why, and it is sent off
 *	refuse		to who greets, or is being greeted: ERROR says why; it
 *			is counted, and dropped
 *	send off	to one that lives: what it may write to is nobody
 *			else's until it is gone.  A reader is unseated, a
 *			writer asked to stop; with nothing to write to, it is
 *			dropped
 *	unseat		to one with a seat: the writer looks at its holds no
 *			more, and its mail is closed
 *	drop		to anybody: unseated and forgotten, and who was a
 *			reader or a writer has been reaped
 *
 * Guests are readers of SHMX v2.0, which take a record without a word
 * (guests.h).  They are no peers: one is only ever looked for, muted, or
 * freed when it is stale.
 *
 * All of this is called with host->lock held.
 */
#ifndef SHMX_HOST_PEER_H
#define SHMX_HOST_PEER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/base.h"
#include "channel.h"
#include "host.h"

enum shmx_peer_state {
	ACCEPTED, WELCOMED, ATTACHED, INSPECTING, JOINING, WRITING, SENT_OFF,
};

struct shmx_peer {
	enum shmx_peer_state state;
	unsigned index;			/* in host->peers */
	uint64_t serial;		/* order of arrival */
	int conn;
	int pidfd;			/* -1: only the connection tells */
	pid_t pid;
	char label[64];
	struct shmx_seat *seat;		/* NULL until welcomed */
	struct shmx_mailbox *box;	/* the same */
	struct shmx_record *lent;	/* SENT_OFF: until it is gone, too */
	struct shmx_joined *joined;	/* JOINING, WRITING: the same */
	uint32_t mode;
	unsigned unanswered;		/* WELCOME and MOVED without a READY */
	uint32_t sent;			/* generation of the last of those */
	bool behind;			/* the ring grew since the last one */
	struct shmx_channel channel;
};

/* -------------------------------------------------------------- host.c -- */

/* Be told of what it sends, and of its end. */
int
shmx_peer_watch(struct shmx_host *host, const struct shmx_peer *peer);
void
shmx_peer_unwatch(struct shmx_host *host, const struct shmx_peer *peer);

/* -------------------------------------------------------- host-greet.c -- */

/* Make a peer of a connection, which is taken. */
void
shmx_host_admit(struct shmx_host *host, int conn);

/* Answer a HELLO.  It may be dropped. */
void
shmx_peer_greet(struct shmx_host *host, struct shmx_peer *peer,
		const struct shmx_hello *hello);

/* --------------------------------------------------------- host-hear.c -- */

/* Hear what it has said; dead: and will say no more.  It may be dropped. */
void
shmx_peer_hear(struct shmx_host *host, struct shmx_peer *peer, bool dead);

/* -------------------------------------------------------- host-leave.c -- */

/* See above.  `why` follows the peer's name in the log: "is gone". */
void
shmx_peer_drop(struct shmx_host *host, struct shmx_peer *peer,
	       const char *why);
void
shmx_peer_send_off(struct shmx_host *host, struct shmx_peer *peer,
		   const char *why);

/* An errno, positive, and the words are for the peer. */
void
shmx_peer_refuse(struct shmx_host *host, struct shmx_peer *peer, int error,
		 const char *fmt, ...) BASE_PRINTF(4, 5);
void
shmx_peer_dismiss(struct shmx_host *host, struct shmx_peer *peer, int error,
		  const char *why);

/* --------------------------------------------------------- host-ring.c -- */

/*
 * Tell a reader that was given a seat where the ring is; wake_fd, borrowed, is
 * the end of its that wakes it.
 */
int
shmx_peer_welcome(struct shmx_host *host, struct shmx_peer *peer, int wake_fd);

/*
 * Send a reader on to the host's ring, unless it is on its way to another.  It
 * may be dropped.
 */
void
shmx_peer_move(struct shmx_host *host, struct shmx_peer *peer);

/* --------------------------------------------------------- host-join.c -- */

/* Answer a writer's HELLO, and its READY.  The first may drop it. */
void
shmx_peer_greet_writer(struct shmx_host *host, struct shmx_peer *peer);
void
shmx_peer_start_writing(struct shmx_host *host, struct shmx_peer *peer);

/* Tell those who write of a reader; and when it is gone. */
void
shmx_peer_tell_writers(const struct shmx_host *host,
		       const struct shmx_peer *peer, bool present);

/*
 * Wake every reader, in place of a writer that cannot, or died before it did.
 * Whether their flags are up is not asked: it may have cleared them.
 */
void
shmx_host_wake_readers(const struct shmx_host *host);

/* --------------------------------------------------------- host-roll.c -- */

/* Who of v2.0 is there?  For the statistics, they are readers as any. */
void
shmx_host_look_for_guests(struct shmx_host *host);

#endif
