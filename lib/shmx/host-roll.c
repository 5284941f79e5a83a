/* SPDX-License-Identifier: MIT */
/*
 * host-roll.c - who is there, and who is to be no more
 */
#include "config.h"

#include "host-peer.h"

#include <errno.h>
#include <string.h>

#include "base/base.h"
#include "atomic.h"
#include "kill.h"

/* As the reader says, but for what the host knows of it. */
static void
look_at(const struct shmx_peer *peer, struct shmx_reader_snapshot *s)
{
	const struct shmx_record *record = peer->seat->record;
	uint64_t word;
	uint32_t i;

	*s = (struct shmx_reader_snapshot){
		.id = peer->serial,
		.pid = (int32_t)peer->pid,
		.holds_granted = peer->seat->holds,
		.every = peer->seat->every,
		.last_seen = shmx_load_relaxed(&record->last_frame_seen),
		.secured = shmx_load_relaxed(&record->done_sequence),
		.held = shmx_load_relaxed(&record->held),
		.skipped = shmx_load_relaxed(&record->skipped),
		.presented_sequence =
			shmx_load_acquire(&record->presented_sequence),
		.presented_ns = shmx_load_relaxed(&record->presented_ns),
		.seen_ns = shmx_load_relaxed(&record->seen_ns),
		.put_ns = shmx_load_relaxed(&record->put_ns),
		.completed_ns = shmx_load_relaxed(&record->completed_ns),
		.phase_ns = shmx_load_relaxed(&record->phase_ns),
	};
	memcpy(s->label, peer->label, sizeof(s->label));
	for (i = 0; i < peer->seat->holds; i++) {
		word = shmx_load_relaxed(&record->hold[i]);
		if (word != 0)
			s->holding[s->holds_used++] = word >> 16;
	}
}

static void
look_at_guest(const struct shmx_guests *g, uint32_t i,
	      struct shmx_reader_snapshot *s)
{
	*s = (struct shmx_reader_snapshot){
		.id = g->guest[i].id,
		.label = SHMX_GUEST_LABEL,
		.last_seen = shmx_load_relaxed(&shmx_records_at(g->records, i)
					       ->last_frame_seen),
	};
}

void
shmx_host_look_for_guests(struct shmx_host *host)
{
	struct shmx_guests *g = &host->guests;
	uint32_t now = g->now;
	uint64_t came = g->came, left = g->left;

	if (shmx_guests_look(g))
		shmx_host_announce(host);
	shmx_add_relaxed(&host->attached, g->came - came);
	shmx_add_relaxed(&host->reaped, g->left - left);
	shmx_add_acq_rel(&host->attached_now, g->now - now);
}

unsigned
shmx_host_list(struct shmx_host *host, void *out, size_t size, unsigned max)
{
	struct shmx_reader_snapshot s;
	unsigned i, n = 0;

	pthread_mutex_lock(&host->lock);
	shmx_host_look_for_guests(host);
	for (i = 0; i < SHMX_PEERS_MAX; i++) {
		if (host->peers[i] == NULL || host->peers[i]->state != ATTACHED)
			continue;
		if (n < max) {
			look_at(host->peers[i], &s);
			memcpy((char *)out + n * size, &s,
			       BASE_MIN(size, sizeof(s)));
		}
		n++;
	}
	for (i = 0; i < host->records.count; i++) {
		if (host->guests.guest[i].id == 0)
			continue;
		if (n < max) {
			look_at_guest(&host->guests, i, &s);
			memcpy((char *)out + n * size, &s,
			       BASE_MIN(size, sizeof(s)));
		}
		n++;
	}
	pthread_mutex_unlock(&host->lock);
	return n;
}

static void
evict(struct shmx_host *host, struct shmx_peer *peer, const char *why)
{
	host->evicted++;
	shmx_store_relaxed(&host->ext->evicted, host->evicted);
	SHMX_KILL_POINT("evict");
	shmx_peer_dismiss(host, peer, EPERM, why);
}

int
shmx_host_evict(struct shmx_host *host, uint64_t id, const char *why)
{
	struct shmx_peer *peer;
	int ret = -ENOENT;
	unsigned i;

	pthread_mutex_lock(&host->lock);
	for (i = 0; i < SHMX_PEERS_MAX && ret != 0; i++) {
		peer = host->peers[i];
		if (peer == NULL || peer->state != ATTACHED ||
		    peer->serial != id)
			continue;
		evict(host, peer, why);
		ret = 0;
	}
	pthread_mutex_unlock(&host->lock);
	return ret;
}

unsigned
shmx_host_reap_stale(struct shmx_host *host, uint64_t timeout_ns)
{
	uint64_t left;
	unsigned n;

	pthread_mutex_lock(&host->lock);
	shmx_host_look_for_guests(host);
	left = host->guests.left;
	n = shmx_guests_reap(&host->guests, timeout_ns);
	left = host->guests.left - left;
	shmx_add_relaxed(&host->reaped, left);
	shmx_add_acq_rel(&host->attached_now, (uint32_t)0 - (uint32_t)left);
	if (n > 0)
		shmx_host_announce(host);
	pthread_mutex_unlock(&host->lock);
	return n;
}
