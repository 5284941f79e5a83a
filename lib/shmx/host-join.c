/* SPDX-License-Identifier: MIT */
/*
 * host-join.c - who else writes, and what it is told of readers
 *
 * A writer that has joined publishes by itself, so it has to know each reader:
 * it is told of those that are there when it begins, and of who comes and goes
 * from then on.
 */
#include "config.h"

#include "host-peer.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>

#include "atomic.h"
#include "channel.h"
#include "kill.h"
#include "protocol.h"

void
shmx_peer_tell_writers(const struct shmx_host *host,
		       const struct shmx_peer *peer, bool present)
{
	if (host->writers.max != 0)
		shmx_writers_tell(&host->writers, peer->serial,
				  shmx_records_index(&host->records,
						     peer->seat->record),
				  present ? peer->seat->wake_fd : -1);
}

/* All readers there are, to who has just joined. */
static void
tell_of_readers(const struct shmx_host *host, struct shmx_joined *joined)
{
	const struct shmx_peer *p;
	unsigned i;

	joined->ready = true;
	SHMX_KILL_POINT("joined");
	for (i = 0; i < SHMX_PEERS_MAX; i++) {
		p = host->peers[i];
		if (p != NULL && p->seat != NULL)
			shmx_joined_tell(joined, p->serial, shmx_records_index(
					 &host->records, p->seat->record),
					 p->seat->wake_fd);
	}
}

void
shmx_host_wake_readers(const struct shmx_host *host)
{
	const struct shmx_peer *p;
	unsigned i;

	for (i = 0; i < SHMX_PEERS_MAX; i++) {
		p = host->peers[i];
		if (p == NULL || p->seat == NULL)
			continue;
		shmx_exchange_seq_cst(&p->seat->record->sleeping, 0);
		(void)send(p->seat->wake_fd, "", 1,
			   MSG_DONTWAIT | MSG_NOSIGNAL);
	}
}

void
shmx_peer_greet_writer(struct shmx_host *host, struct shmx_peer *peer)
{
	struct shmx_welcome w = {
		.version = SHMX_PROTOCOL_VERSION,
		.map_bytes = host->map_bytes,
		.session = host->session,
		.features = host->features,
		.region_bytes = host->region_bytes,
	};
	int ret;

	peer->joined = shmx_writers_join(&host->writers, peer->conn);
	if (peer->joined == NULL) {
		shmx_peer_refuse(host, peer, EBUSY, "ring \"%s\" has %" PRIu32
				 " producers already; start the first with "
				 "more writers", host->claim->name,
				 host->writers.max + 1);
		return;
	}
	SHMX_KILL_POINT("join");
	peer->state = JOINING;
	w.record = peer->joined->owner;
	peer->unanswered++;
	ret = shmx_channel_send(peer->conn, SHMX_MSG_WELCOME, &w, sizeof(w),
				&host->records_fd, 1);
	if (ret < 0)
		shmx_peer_refuse(host, peer, -ret, "ring \"%s\" cannot be "
				 "joined: %s", host->claim->name,
				 strerror(-ret));
}

void
shmx_peer_start_writing(struct shmx_host *host, struct shmx_peer *peer)
{
	peer->state = WRITING;
	tell_of_readers(host, peer->joined);
	base_log(host->log, BASE_LOG_DEBUG, "ring %s: %s (pid %d) joined",
		 host->claim->name, peer->label, (int)peer->pid);
}
