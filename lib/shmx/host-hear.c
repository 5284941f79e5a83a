/* SPDX-License-Identifier: MIT */
/*
 * host-hear.c - what peers say, on their sockets and in their records
 */
#include "config.h"

#include "host-peer.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/socket.h>

#include "atomic.h"
#include "channel.h"
#include "kill.h"
#include "protocol.h"
#include "roster.h"

/* Of one peer in a row; the others wait. */
#define MESSAGES_MAX	64

/* ------------------------------------------------------------- answers -- */

static void
attach(struct shmx_host *host, struct shmx_peer *peer)
{
	peer->state = ATTACHED;
	shmx_add_relaxed(&host->attached_now, 1);
	shmx_add_relaxed(&host->attached, 1);
	shmx_mail_open(&host->mail, peer->box);
	SHMX_KILL_POINT("attached");
	shmx_host_announce(host);
	base_log(host->log, BASE_LOG_DEBUG,
		 "ring %s: %s (pid %d) attached with %" PRIu32 " holds",
		 host->claim->name, peer->label, (int)peer->pid,
		 peer->seat->holds);
}

/* A reader has mapped what it was sent.  False for nonsense. */
static bool
hear_ready(struct shmx_host *host, struct shmx_peer *peer,
	   const struct shmx_ready *ready)
{
	if (ready == NULL || peer->unanswered == 0 ||
	    ready->transport != SHMX_TRANSPORT_RING)
		return false;
	peer->unanswered--;
	if (peer->state == WELCOMED)
		attach(host, peer);
	if (peer->state == JOINING)
		shmx_peer_start_writing(host, peer);
	if (peer->behind)
		shmx_peer_move(host, peer);
	return true;
}

/* The records of readers that were seated after those it knows. */
static int
send_roster(const struct shmx_host *host, const struct shmx_peer *inspector,
	    uint64_t after)
{
	const struct shmx_peer *p;
	unsigned i;
	int ret = 0;

	for (i = 0; i < SHMX_PEERS_MAX && ret == 0; i++) {
		p = host->peers[i];
		if (p != NULL && p->seat != NULL && p->seat->record_fd >= 0 &&
		    p->serial > after)
			ret = shmx_roster_record(inspector->conn, p->serial,
						 p->seat->record_fd);
	}
	SHMX_KILL_POINT("roster");
	return ret < 0 ? ret : shmx_roster_end(inspector->conn,
					       host->serial);
}

/* One whole message.  False when the peer is gone after it. */
static bool
answer(struct shmx_host *host, struct shmx_peer *peer)
{
	struct shmx_channel *ch = &peer->channel;
	const struct shmx_hello *hello;
	const struct shmx_ready *ready;
	const struct shmx_roster *roster;
	unsigned index = peer->index;

	switch (ch->in.header.type) {
	case SHMX_MSG_HELLO:
		hello = shmx_channel_body(ch, sizeof(*hello), 0);
		if (hello == NULL || peer->state != ACCEPTED)
			break;
		shmx_peer_greet(host, peer, hello);
		return host->peers[index] == peer;
	case SHMX_MSG_READY:
		ready = shmx_channel_body(ch, sizeof(*ready), 0);
		if (!hear_ready(host, peer, ready))
			break;
		return host->peers[index] == peer;
	case SHMX_MSG_NUDGE:
		if (peer->state == WRITING)
			shmx_host_wake_readers(host);
		else if (peer->seat != NULL)
			shmx_host_announce(host);
		else
			break;
		return true;
	case SHMX_MSG_ROSTER:
		roster = shmx_channel_body(ch, sizeof(*roster), 0);
		if (roster == NULL || peer->state != INSPECTING)
			break;
		if (send_roster(host, peer, roster->after) == 0)
			return true;
		shmx_peer_drop(host, peer, "does not listen");
		return false;
	case SHMX_MSG_BYE:
		shmx_peer_drop(host, peer, "left");
		return false;
	default:
		break;
	}
	shmx_peer_send_off(host, peer, "does not speak the protocol");
	return false;
}

/* ------------------------------------------------------------ messages -- */

/* Hear what a peer said.  False when it is gone after it. */
static bool
listen_to(struct shmx_host *host, struct shmx_peer *peer)
{
	int n, ret;

	for (n = 0; n < MESSAGES_MAX; n++) {
		ret = shmx_channel_receive(&peer->channel);
		/*
		 * Nobody sends us descriptors.  Kept until the rest comes,
		 * one might be the peer's own end: it would never hang up.
		 */
		if (peer->channel.fd_count != 0)
			ret = -EPROTO;
		if (ret == -EAGAIN)
			return true;
		if (ret < 0) {
			if (ret == -EPIPE)
				shmx_peer_drop(host, peer, "is gone");
			else
				shmx_peer_send_off(host, peer, "does not "
						   "speak the protocol");
			return false;
		}
		if (!answer(host, peer))
			return false;
		shmx_channel_next(&peer->channel);
	}
	return true;
}

/*
 * All that counts of what it says is its end; but a writer that has not heard
 * yet that it was sent off may have published, and want readers to be woken.
 */
static void
await_end(struct shmx_host *host, struct shmx_peer *peer, bool dead)
{
	char words[4096];
	ssize_t n;

	n = recv(peer->conn, words, sizeof(words), MSG_DONTWAIT);
	if (dead || n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		shmx_peer_drop(host, peer, "is gone at last");
	else if (n > 0 && peer->joined != NULL)
		shmx_host_wake_readers(host);
}

void
shmx_peer_hear(struct shmx_host *host, struct shmx_peer *peer, bool dead)
{
	if (peer->state == SENT_OFF) {
		await_end(host, peer, dead);
		return;
	}
	/* What it said before it died counts. */
	if (listen_to(host, peer) && dead)
		shmx_peer_drop(host, peer, "has died");
}

/* ---------------------------------------------------------------- mail -- */

/* A reader that broke the rules, or whose record somebody else wrote to. */
static void
dismiss_sender(struct shmx_host *host, const struct shmx_mailbox *box)
{
	unsigned i;

	if (shmx_guests_mute(&host->guests, box))
		return;
	for (i = 0; i < SHMX_PEERS_MAX; i++)
		if (host->peers[i] != NULL && host->peers[i]->box == box) {
			shmx_peer_dismiss(host, host->peers[i], EPROTO,
					  "a message in its record makes no "
					  "sense");
			return;
		}
}

int
shmx_host_receive(struct shmx_host *host, struct shmx_control *out, void *data)
{
	struct shmx_mailbox *bad = NULL;
	int ret;

	pthread_mutex_lock(&host->lock);
	shmx_host_look_for_guests(host);
	while ((ret = shmx_mail_receive(&host->mail, out, data, &bad)) ==
	       -EPROTO)
		dismiss_sender(host, bad);
	pthread_mutex_unlock(&host->lock);
	return ret;
}
