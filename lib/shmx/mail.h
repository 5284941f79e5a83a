/* SPDX-License-Identifier: MIT */
/*
 * mail.h - the messages of all readers, as the producer receives them
 *
 * Each reader has a mailbox, from when it is attached until the last of what
 * it said has been received, which may be long after its end: a mailbox says
 * who it is of by itself.  What is received of one is
 *
 *	HELLO, what the reader sent, in order, BYE
 *
 * and nobody else's.  HELLO and BYE are made here.
 *
 * Guarded by the host's lock.
 */
#ifndef SHMX_MAIL_H
#define SHMX_MAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "control.h"

struct shmx_mailbox {
	struct shmx_mailbox *next;
	struct shmx_control_in in;
	struct shmx_control_ring *kept;	/* for what is left behind, or NULL */
	uint64_t reader;
	int32_t pid;
	char label[64];
	bool open;			/* in one of the queues below */
	bool greeted;			/* its HELLO was received */
	bool gone;			/* so is its reader */
};

struct shmx_mail_queue {
	struct shmx_mailbox *first;
	struct shmx_mailbox **end;
};

struct shmx_mail {
	struct shmx_mail_queue turns;	/* who is next, one message each */
	struct shmx_mail_queue leaving;	/* greeted and gone: they go first */
	unsigned count;			/* in turns */
	unsigned unseen;		/* of those, gone */
};

/*
 * So many that came and went, and nobody asked for their messages, are kept.
 * Those who were greeted are all said goodbye to: as they go before anybody
 * else is greeted, there are never more than readers at one time.
 */
#define SHMX_MAIL_UNSEEN_MAX 64

void
shmx_mail_init(struct shmx_mail *mail);
void
shmx_mail_finish(struct shmx_mail *mail);

/*
 * A mailbox of a reader, whose control ring is emptied.  All that it will
 * ever need is allocated.
 */
int
shmx_mailbox_create(struct shmx_mailbox **out, struct shmx_control_ring *ring,
		    uint64_t reader, int32_t pid, const char *label);

/*
 * The same, but what is in the ring stays there: its reader is there already,
 * and may be writing to it.
 */
int
shmx_mailbox_join(struct shmx_mailbox **out, struct shmx_control_ring *ring,
		  uint64_t reader, int32_t pid, const char *label);

/* The reader is attached: its messages are to be received from now on. */
void
shmx_mail_open(struct shmx_mail *mail, struct shmx_mailbox *box);

/*
 * The reader is gone.  What it had sent is copied, for its ring is going to
 * be unmapped or another's.  Takes the box; NULL is allowed.
 */
void
shmx_mail_close(struct shmx_mail *mail, struct shmx_mailbox *box);

/*
 * Receive a message; its data goes to `data`, SHMX_CONTROL_MAX bytes aligned
 * to 8, where out points.  0, or -EAGAIN, or -EPROTO: *bad has written
 * nonsense and is to be closed.
 */
int
shmx_mail_receive(struct shmx_mail *mail, struct shmx_control *out,
		  void *data, struct shmx_mailbox **bad);

#endif
