/* SPDX-License-Identifier: MIT */
/*
 * move.c - a reader follows a ring that grew
 *
 * The producer sends MOVED with another ring's memory, and from then on never
 * writes the old one.  The reader keeps both: what it has not held yet is
 * taken from the old ring first (but for the newest frame of all, if that is
 * what is asked for), and the old ring's last frame is the newest there is
 * until the new ring has one.
 *
 *	session		where frames are held; has the connection
 *	successor	NULL, or the ring after it
 *
 * The record is the same: the sleeping flag is for both rings, and its hold
 * words are used by both.
 *
 * There is one successor.  Should the ring grow once more meanwhile, the
 * message waits: until the successor is empty for good, and forgotten, or is
 * the session itself.
 */
#include "config.h"

#include "reader.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/error.h"
#include "atomic.h"
#include "kill.h"

/* Does the successor have frames?  Once it has moved that is final. */
static bool
has_successor(const struct shmx_reader *r)
{
	return r->successor != NULL &&
	       shmx_ring_latest(&r->successor->layout.ring) != 0;
}

/* A MOVED in r->channel. */
static void
move(struct shmx_reader *r)
{
	const struct shmx_ready ready = { .transport = SHMX_TRANSPORT_RING };
	struct shmx_session *s;
	char why[600];
	int ret;

	ret = shmx_session_create_after(&s, &r->channel, r->session);
	if (ret < 0) {
		snprintf(why, sizeof(why), "grew the ring: %s",
			 base_error_line());
		shmx_reader_lose(r, why);
		return;
	}
	SHMX_KILL_POINT("hear MOVED");
	shmx_channel_next(&r->channel);
	shmx_session_unref(r->successor);
	r->successor = s;
	ret = shmx_channel_send(r->session->conn, SHMX_MSG_READY, &ready,
				sizeof(ready), NULL, 0);
	/* It ended meanwhile: its last frames can be held all the same. */
	if (ret < 0 && ret != -EPIPE) {
		shmx_reader_lose(r, "grew the ring, and cannot be answered");
		return;
	}
	base_log(&r->log, BASE_LOG_DEBUG, "ring %s: grew, to %" PRIu32
		 " slots of %" PRIu64 " bytes in all", r->name,
		 s->layout.ring.slots, s->layout.region_bytes);
}

int
shmx_reader_hear_move(struct shmx_reader *r)
{
	int ret;

	if (has_successor(r))
		return 0;
	ret = shmx_channel_receive(&r->channel);
	if (ret == -EAGAIN)
		return 0;
	if (ret < 0)
		return -EPIPE;
	if (r->channel.in.header.type != SHMX_MSG_MOVED)
		return -ENOMSG;
	/* It may have been published into since: the message stays here. */
	if (!has_successor(r))
		move(r);
	return 0;
}

/* The successor takes the place of the session, for who sends as well. */
static void
go_over(struct shmx_reader *r)
{
	struct shmx_session *old = r->session;

	SHMX_KILL_POINT("go over");
	pthread_mutex_lock(&r->lock);
	shmx_session_take_over(r->successor, old);
	r->session = r->successor;
	pthread_mutex_unlock(&r->lock);
	r->successor = NULL;
	shmx_session_unref(old);
}

void
shmx_reader_keep_up(struct shmx_reader *r, bool in_order)
{
	const struct shmx_ring *ring = &r->session->layout.ring;

	/* For those who neither sleep nor dispatch. */
	if (r->successor == NULL &&
	    shmx_load_relaxed(&ring->ext->host_state) == SHMX_HOST_MOVED)
		(void)shmx_reader_hear_move(r);
	/* Usually there is none; nor is there if that lost the producer. */
	if (!has_successor(r) ||
	    (in_order && r->last < shmx_ring_latest(ring)))
		return;
	go_over(r);
	/* What had to wait. */
	(void)shmx_reader_hear_move(r);
}
