/* SPDX-License-Identifier: MIT */
/*
 * host-greet.c - who comes: from a connection to its WELCOME
 *
 * A seat is in the writer's scan set before WELCOME is sent, so that no hold of
 * its owner can be overlooked; READY changes nothing in memory.
 */
#include "config.h"

#include "host-peer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "base/text.h"
#include "atomic.h"
#include "kill.h"
#include "protocol.h"
#include "roster.h"

/* A free place, made by dropping the oldest that is no reader (yet). */
static int
find_place(struct shmx_host *host)
{
	struct shmx_peer *oldest = NULL, *p;
	unsigned i;

	for (i = 0; i < SHMX_PEERS_MAX; i++) {
		p = host->peers[i];
		if (p == NULL)
			return (int)i;
		if ((p->state == ACCEPTED || p->state == INSPECTING) &&
		    (oldest == NULL || p->serial < oldest->serial))
			oldest = p;
	}
	if (oldest == NULL)
		return -1;
	i = oldest->index;
	shmx_peer_drop(host, oldest, "has to make room");
	return (int)i;
}

void
shmx_host_admit(struct shmx_host *host, int conn)
{
	struct shmx_peer *peer;
	struct ucred cred;
	socklen_t len = sizeof(cred);
	int place;

	place = find_place(host);
	peer = place < 0 ? NULL : base_sys.calloc(1, sizeof(*peer));
	if (peer == NULL ||
	    base_sys.getsockopt(conn, SOL_SOCKET, SO_PEERCRED, &cred,
				&len) < 0) {
		free(peer);
		base_close(&conn);
		return;
	}
	peer->index = (unsigned)place;
	peer->serial = ++host->serial;
	peer->conn = conn;
	peer->pid = cred.pid;
	peer->pidfd = -1;
	snprintf(peer->label, sizeof(peer->label), "somebody");
	shmx_channel_init(&peer->channel, conn);
	host->peers[place] = peer;
	if (cred.uid != geteuid() && cred.uid != 0) {
		shmx_peer_refuse(host, peer, EACCES, "ring \"%s\" belongs to "
				 "another user", host->claim->name);
		return;
	}
	peer->pidfd = shmx_peer_pidfd(conn, cred.pid);
	if (peer->pidfd == -ESRCH)
		shmx_peer_drop(host, peer, "has died");
	else if (shmx_peer_watch(host, peer) < 0)
		shmx_peer_drop(host, peer, "could not be watched");
}

/* "viewer (pid 12) 3, recorder (pid 13) 1": who holds how much. */
static void
list_holders(const struct shmx_host *host, char *buf, size_t size)
{
	const struct shmx_peer *p;
	size_t used = 0;
	unsigned i;

	buf[0] = '\0';
	for (i = 0; i < SHMX_PEERS_MAX && used < size; i++) {
		p = host->peers[i];
		if (p == NULL || p->seat == NULL)
			continue;
		used += (size_t)snprintf(buf + used, size - used,
					 "%s%s (pid %d) %" PRIu32,
					 used == 0 ? "" : ", ", p->label,
					 (int)p->pid, p->seat->holds);
	}
}

/* Reasons to refuse a HELLO; true when it was refused. */
static bool
refuse_hello(struct shmx_host *host, struct shmx_peer *peer,
	     const struct shmx_hello *h)
{
	uint32_t granted = shmx_load_relaxed(&host->holds_granted);
	uint32_t left = host->holds_total - granted;
	char who[320];

	if (h->magic != SHMX_PROTOCOL_MAGIC ||
	    h->version_min > SHMX_PROTOCOL_VERSION ||
	    h->version_max < SHMX_PROTOCOL_VERSION) {
		shmx_peer_refuse(host, peer, EPROTO, "ring \"%s\" speaks "
				 "version %d of the protocol, the reader "
				 "another; use the same release of shmfb",
				 host->claim->name, SHMX_PROTOCOL_VERSION);
	} else if (h->role == SHMX_ROLE_INSPECTOR) {
		return false;
	} else if (h->role == SHMX_ROLE_WRITER) {
		if (host->features & SHMX_FEATURE_MULTI_WRITER)
			return false;
		shmx_peer_refuse(host, peer, ENOTSUP, "ring \"%s\" has one "
				 "producer: start that with SHMX_MULTI_WRITER "
				 "for others to join", host->claim->name);
	} else if (h->role != SHMX_ROLE_READER ||
		   (h->mode != SHMX_MODE_LOSSY && h->mode != SHMX_MODE_EVERY)) {
		shmx_peer_refuse(host, peer, ENOTSUP, "ring \"%s\" admits "
				 "only readers, of frames as they come or of "
				 "every frame", host->claim->name);
	} else if (h->mode == SHMX_MODE_EVERY &&
		   !(host->features & SHMX_FEATURE_EVERY)) {
		shmx_peer_refuse(host, peer, ENOTSUP, "ring \"%s\" admits "
				 "only readers that may skip frames: its "
				 "producer would have to wait for others, and "
				 "was not started to (SHMX_ALLOW_EVERY, or "
				 "shmx push --every)",
				 host->claim->name);
	} else if (h->holds < 1 || h->holds > SHMX_HOLDS_MAX) {
		shmx_peer_refuse(host, peer, EINVAL, "a reader holds 1 to %d "
				 "frames, not %" PRIu32, SHMX_HOLDS_MAX,
				 h->holds);
	} else if (h->holds > host->holds_total) {
		shmx_peer_refuse(host, peer, EBUSY, "ring \"%s\" lets readers "
				 "hold %" PRIu32 " frames, %" PRIu32 " are "
				 "wanted: start the producer with more slots",
				 host->claim->name, host->holds_total,
				 h->holds);
	} else if (h->holds > left) {
		list_holders(host, who, sizeof(who));
		shmx_peer_refuse(host, peer, EBUSY, "ring \"%s\" is full: %"
				 PRIu32 " of %" PRIu32 " holds are taken%s%s, "
				 "%" PRIu32 " wanted; close a reader, or start "
				 "the producer with more slots",
				 host->claim->name, granted, host->holds_total,
				 who[0] ? " by " : "", who, h->holds);
	} else {
		return false;
	}
	return true;
}

/* Whose it is, for who inspects the ring. */
static void
sign_record(const struct shmx_host *host, const struct shmx_peer *peer,
	    const struct shmx_hello *h, struct shmx_record *record)
{
	record->session = host->session;
	record->mode = h->mode;
	record->granted = h->holds;
	record->pid = (int32_t)peer->pid;
	base_clean_text(record->label, sizeof(record->label), peer->label,
			sizeof(peer->label));
	shmx_store_relaxed(&record->reader_id, peer->serial);
	shmx_store_relaxed(&record->mark, SHMX_EXT_MAGIC);
	shmx_store_relaxed(&record->in_use, 1);
}

/* See "where it begins" in ring.c. */
static void
keep_every_frame(const struct shmx_host *host, struct shmx_seat *seat)
{
	uint64_t latest = shmx_load_seq_cst(&host->ext->latest) >> 16;

	seat->every = true;
	shmx_store_seq_cst(&seat->record->done_sequence,
			   latest == 0 ? 0 : latest - 1);
}

/* Give a peer a seat and a mailbox. */
static int
give_seat(struct shmx_host *host, struct shmx_peer *peer,
	  const struct shmx_hello *h, int *wake_fd)
{
	struct shmx_seat *seat = NULL;
	int ret;

	ret = shmx_seat_create(&seat, &host->records, host->claim->name,
			       h->holds, wake_fd);
	if (ret < 0)
		return ret;
	sign_record(host, peer, h, seat->record);
	if (h->mode == SHMX_MODE_EVERY)
		keep_every_frame(host, seat);
	SHMX_KILL_POINT("seat");
	ret = shmx_mailbox_create(&peer->box,
				  shmx_record_control(seat->record),
				  peer->serial, (int32_t)peer->pid,
				  peer->label);
	/* Before WELCOME: no hold may be overlooked. */
	if (ret == 0)
		ret = shmx_readers_add(host->readers, seat);
	SHMX_KILL_POINT("seated");
	if (ret < 0) {
		shmx_seat_destroy(seat);
		return ret;
	}
	peer->seat = seat;
	shmx_peer_tell_writers(host, peer, true);
	shmx_store_relaxed(&host->holds_granted,
			   shmx_load_relaxed(&host->holds_granted) +
			   seat->holds);
	return 0;
}

static void
greet_inspector(struct shmx_host *host, struct shmx_peer *peer)
{
	const struct shmx_welcome w = {
		.version = SHMX_PROTOCOL_VERSION,
		.map_bytes = host->map_bytes,
		.session = host->session,
		.features = host->features,
		.region_bytes = host->region_bytes,
	};
	int ret = shmx_roster_welcome(peer->conn, &w, host->data_fd);

	if (ret < 0)
		shmx_peer_refuse(host, peer, -ret, "ring \"%s\" cannot be "
				 "shown: %s", host->claim->name,
				 strerror(-ret));
	else
		peer->state = INSPECTING;
}

void
shmx_peer_greet(struct shmx_host *host, struct shmx_peer *peer,
		const struct shmx_hello *h)
{
	int wake_fd = -1, ret;

	base_clean_text(peer->label, sizeof(peer->label), h->label,
			sizeof(h->label));
	peer->mode = h->mode;
	if (refuse_hello(host, peer, h))
		return;
	if (h->role == SHMX_ROLE_INSPECTOR) {
		greet_inspector(host, peer);
		return;
	}
	if (h->role == SHMX_ROLE_WRITER) {
		shmx_peer_greet_writer(host, peer);
		return;
	}
	/* In the order in which they are seated, which rosters go by. */
	peer->serial = ++host->serial;
	ret = give_seat(host, peer, h, &wake_fd);
	if (ret == 0)
		ret = shmx_peer_welcome(host, peer, wake_fd);
	SHMX_KILL_POINT("welcomed");
	base_close(&wake_fd);
	if (ret == -EUSERS)
		shmx_peer_refuse(host, peer, EBUSY, "ring \"%s\" is full: all "
				 "%" PRIu32 " reader records are in use; close "
				 "a reader", host->claim->name,
				 host->records.count);
	else if (ret < 0)
		shmx_peer_refuse(host, peer, -ret, "ring \"%s\" cannot take "
				 "another reader: %s", host->claim->name,
				 strerror(-ret));
	else
		peer->state = WELCOMED;
}
