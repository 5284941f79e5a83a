/* SPDX-License-Identifier: MIT */
/*
 * reader.h - the reading end's state, shared by its files
 */
#ifndef SHMX_READER_H
#define SHMX_READER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/log.h"
#include "channel.h"
#include "foreign.h"
#include "session.h"
#include "spin.h"
#include <shmx/shmx.h>

/* What a descriptor in a reader's epoll set is about. */
enum shmx_about {
	ABOUT_CONN, ABOUT_PROCESS, ABOUT_WAKE, ABOUT_NAMES, ABOUT_TIMER,
	ABOUT_FOREIGN,
};

struct shmx_reader {
	char name[SHMX_NAME_MAX + 1];
	char label[64];
	unsigned holds;			/* wanted */
	bool every;			/* wanted: no frame missed */
	bool sealed;			/* wanted: sealed memory, or none */
	struct base_log log;

	enum shmx_reader_state state;
	/*
	 * SHMX_ATTACHED, else NULL.  Read by the reader's thread, and by who
	 * sends under the lock; written by the former under the lock.
	 */
	struct shmx_session *session;
	struct shmx_session *successor;	/* the ring grew; see move.c */
	pthread_mutex_t lock;
	uint64_t last;			/* sequence held last */
	bool evicted;			/* by the last producer */
	/* Does the producer take input?  Of which directory; under the lock. */
	bool takes_input;
	uint64_t input_generation;
	uint64_t inputs;		/* sent to it */
	int error;			/* of the last attempt to attach */
	char trouble[512];

	int epoll_fd;			/* everything below, for callers */
	int inotify_fd;			/* -1: only the timer tells */
	int timer_fd;
	int conn;			/* SHMX_GREETING, else -1 */
	pid_t pid;
	int pidfd;
	struct shmx_channel channel;	/* of conn, then of the session's */
	struct shmx_foreign *foreign;	/* copies them; NULL: a ring of ours */

	struct shmx_spin spin;

	uint64_t held;
	uint64_t skipped;
	uint64_t sleeps;
	uint64_t producers;
	shmx_a64 sent;			/* messages */
	shmx_a64 unsent;		/* for lack of room */
};

/* Before looking for frames: somebody else's have to be fetched. */
static inline void
shmx_reader_pump(struct shmx_reader *r)
{
	if (r->foreign != NULL)
		shmx_foreign_pump(r->foreign);
}

/* Put another session, or NULL, in place of the reader's. */
void
shmx_reader_set_session(struct shmx_reader *r, struct shmx_session *s);

int
shmx_reader_watch(struct shmx_reader *r, int fd, enum shmx_about about);

/* ABSENT: is there a producer now?  Sets trouble and returns -errno if not. */
int
shmx_reader_find(struct shmx_reader *r);

/* GREETING: take the producer's answer, if it is there. */
void
shmx_reader_hear_greeting(struct shmx_reader *r);

/* ATTACHED: where the producer publishes, as far as we have heard. */
static inline const struct shmx_ring *
shmx_reader_newest(const struct shmx_reader *r)
{
	return r->successor != NULL ? &r->successor->layout.ring :
		&r->session->layout.ring;
}

/*
 * ATTACHED: hear what the producer says, that the ring has moved.  0, also when
 * it says nothing, or what has to wait; -ENOMSG for another message, which is
 * in r->channel; -EPIPE at the end.  The reader may have lost it afterwards.
 */
int
shmx_reader_hear_move(struct shmx_reader *r);

/*
 * ATTACHED, before a frame is held: go over to the ring's successor if there
 * are frames in it and, in order, the last one of this ring was held.  The
 * reader may have lost the producer afterwards.
 */
void
shmx_reader_keep_up(struct shmx_reader *r, bool in_order);

/* Part from the producer; says why.  The reader looks for another. */
void
shmx_reader_lose(struct shmx_reader *r, const char *why);

/* The same when the producer has sent the reader away. */
void
shmx_reader_lose_evicted(struct shmx_reader *r);

#endif
