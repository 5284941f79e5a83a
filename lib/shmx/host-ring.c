/* SPDX-License-Identifier: MIT */
/*
 * host-ring.c - which ring a reader is shown
 *
 * When the ring grows, every reader is sent MOVED, and answers with READY once
 * it has mapped the new one.  Who has not answered the last one yet, and may
 * be stopped, is not sent another, or all those rings would be kept in memory:
 * it is "behind", and is sent the newest ring when it answers.  A lossless
 * reader is sent them all.
 *
 * The newest ring may have no frame yet, perhaps for long.  So the last one
 * that has is kept until then: it is where newcomers are welcomed, and where
 * who has not been there is sent first, being "behind" the newest again.
 */
#include "config.h"

#include "host-peer.h"

#include <errno.h>

#include "base/fd.h"
#include "atomic.h"
#include "channel.h"
#include "kill.h"
#include "protocol.h"

void
shmx_host_set_ring(struct shmx_host *host, const struct shmx_region *region,
		   uint32_t holds_total)
{
	host->ext = region->ring.ext;
	host->data_fd = region->data_fd >= 0 ? region->data_fd : region->fd;
	host->records_fd = region->records_fd;
	host->records = region->records;
	host->session = region->session;
	host->features = region->ring.ext->features;
	host->region_bytes = region->bytes;
	host->map_bytes = region->map_bytes;
	host->holds_total = holds_total;
	shmx_writers_init(&host->writers, &region->ring,
			  region->ring.ext->writers_max);
}

static void
forget_filled(struct shmx_host *host)
{
	base_close(&host->filled.fd);
}

/* The last ring with frames, if it is not the newest; else NULL. */
static const struct shmx_outgrown *
last_filled(struct shmx_host *host)
{
	if (host->filled.fd >= 0 &&
	    shmx_load_acquire(&host->ext->latest) >> 16 != 0)
		forget_filled(host);
	return host->filled.fd >= 0 ? &host->filled : NULL;
}

bool
shmx_host_forget(struct shmx_host *host)
{
	if (pthread_mutex_trylock(&host->lock) != 0)
		return false;
	forget_filled(host);
	pthread_mutex_unlock(&host->lock);
	return true;
}

/* The newest ring, or an older one. */
static struct shmx_welcome
describe(const struct shmx_host *host, const struct shmx_peer *peer,
	 const struct shmx_outgrown *old)
{
	const struct shmx_seat *seat = peer->seat;
	const bool inside = seat->record_fd < 0;

	return (struct shmx_welcome){
		.version = SHMX_PROTOCOL_VERSION,
		.record = inside ? shmx_records_index(&seat->records,
						      seat->record) :
			peer->index,
		.holds = seat->holds,
		.map_bytes = old ? old->map_bytes : host->map_bytes,
		.session = old ? old->session : host->session,
		.features = old ? old->features : host->features,
		.region_bytes = old ? old->region_bytes : host->region_bytes,
		.record_bytes = inside ? 0 : SHMX_RECORD_BYTES,
	};
}

int
shmx_peer_welcome(struct shmx_host *host, struct shmx_peer *peer, int wake_fd)
{
	const struct shmx_outgrown *old = last_filled(host);
	const struct shmx_welcome w = describe(host, peer, old);
	const int fds[SHMX_MESSAGE_FDS] = { old ? old->fd : host->data_fd,
		w.record_bytes == 0 ? host->records_fd : peer->seat->record_fd,
		wake_fd };

	peer->unanswered++;
	peer->sent = old ? old->generation : host->ext->generation;
	peer->behind = old != NULL;
	return shmx_channel_send(peer->conn, SHMX_MSG_WELCOME, &w, sizeof(w),
				 fds, SHMX_MESSAGE_FDS);
}

void
shmx_peer_move(struct shmx_host *host, struct shmx_peer *peer)
{
	const struct shmx_outgrown *old = last_filled(host);
	struct shmx_welcome w;

	peer->seat->record->session = host->session;
	peer->behind = peer->unanswered > 0 && peer->mode != SHMX_MODE_EVERY;
	if (peer->behind)
		return;
	/* It may have missed the ring with the newest frame: that first. */
	if (old != NULL && old->generation <= peer->sent)
		old = NULL;
	w = describe(host, peer, old);
	peer->unanswered++;
	peer->sent = old ? old->generation : host->ext->generation;
	peer->behind = old != NULL;
	if (shmx_channel_send(peer->conn, SHMX_MSG_MOVED, &w, sizeof(w),
			      old ? &old->fd : &host->data_fd, 1) < 0)
		shmx_peer_drop(host, peer, "does not hear that the ring grew");
	SHMX_KILL_POINT("MOVED");
}

/* The ring that was is the last with frames, if it has any. */
static void
outgrow(struct shmx_host *host, struct shmx_region *old)
{
	if (shmx_load_acquire(&old->ring.ext->latest) >> 16 == 0)
		return;
	forget_filled(host);
	host->filled = (struct shmx_outgrown){
		.fd = old->fd,
		.map_bytes = old->map_bytes,
		.generation = old->ring.ext->generation,
		.session = old->session,
		.features = old->ring.ext->features,
		.region_bytes = old->bytes,
	};
	old->fd = -1;
}

int
shmx_host_move(struct shmx_host *host, const struct shmx_region *region,
	       uint32_t holds_total, struct shmx_region *old)
{
	int ret = -EBUSY;
	unsigned i;

	pthread_mutex_lock(&host->lock);
	if (shmx_load_relaxed(&host->holds_granted) <= holds_total) {
		outgrow(host, old);
		shmx_host_set_ring(host, region, holds_total);
		shmx_store_relaxed(&host->ext->refused, host->refused);
		shmx_store_relaxed(&host->ext->evicted, host->evicted);
		SHMX_KILL_POINT("grow");
		for (i = 0; i < SHMX_PEERS_MAX; i++)
			if (host->peers[i] != NULL &&
			    host->peers[i]->seat != NULL)
				shmx_peer_move(host, host->peers[i]);
		ret = 0;
	}
	pthread_mutex_unlock(&host->lock);
	return ret;
}
