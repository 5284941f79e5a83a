/* SPDX-License-Identifier: MIT */
/*
 * host-leave.c - how a peer goes
 *
 * It is here that what the ring knows of a peer is forgotten, in an order in
 * which anybody may die at any point: see unseat().
 */
#include "config.h"

#include "host-peer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fd.h"
#include "atomic.h"
#include "channel.h"
#include "kill.h"
#include "protocol.h"

/* The writer looks at its holds no more, and nobody hears it. */
static void
unseat(struct shmx_host *host, struct shmx_peer *peer)
{
	uint32_t granted;

	/* While the ring that it sent them by is there. */
	shmx_mail_close(&host->mail, peer->box);
	peer->box = NULL;
	SHMX_KILL_POINT("reap mail");
	if (peer->seat != NULL) {
		granted = shmx_load_relaxed(&host->holds_granted) -
			peer->seat->holds;
		/* One in the region is free once the writer looks away. */
		if (peer->seat->record_fd >= 0)
			shmx_store_relaxed(&peer->seat->record->in_use, 0);
		/*
		 * Should it live on, it is not to believe that what it holds
		 * stays as it is.  Before its words are overlooked; acquires
		 * shmx_hold_valid().
		 */
		if (!host->finishing)
			shmx_exchange_seq_cst(&peer->seat->record->evicted, 1);
		SHMX_KILL_POINT("reap evicted");
		shmx_peer_tell_writers(host, peer, false);
		shmx_readers_remove(host->readers, peer->seat);
		peer->seat = NULL;
		SHMX_KILL_POINT("reap set");
		/* Release: who sees it gone sees no hold of it. */
		shmx_store_release(&host->holds_granted, granted);
		shmx_host_announce(host);
	}
	if (peer->state == ATTACHED) {
		shmx_add_relaxed(&host->reaped, 1);
		shmx_add_acq_rel(&host->attached_now, (uint32_t)-1);
	}
}

void
shmx_peer_drop(struct shmx_host *host, struct shmx_peer *peer,
	       const char *why)
{
	base_log(host->log, BASE_LOG_DEBUG, "ring %s: %s (pid %d) %s",
		 host->claim->name, peer->label, (int)peer->pid, why);
	unseat(host, peer);
	if (peer->lent != NULL)
		shmx_records_free(&host->records, peer->lent);
	/* At our end it may live, and write. */
	if (peer->joined != NULL && !host->finishing) {
		shmx_writers_leave(&host->writers, peer->joined);
		SHMX_KILL_POINT("reap writer");
		shmx_host_wake_readers(host);
	}
	shmx_peer_unwatch(host, peer);
	shmx_channel_finish(&peer->channel);
	base_close(&peer->conn);
	SHMX_KILL_POINT("reap hangup");
	base_close(&peer->pidfd);
	host->peers[peer->index] = NULL;
	free(peer);
}

static void
send_error(const struct shmx_peer *peer, const struct shmx_refusal *r)
{
	(void)shmx_channel_send(peer->conn, SHMX_MSG_ERROR, r, sizeof(*r),
				NULL, 0);
}

/*
 * A writer that is to be one no more.  It has the ring mapped, and may be
 * writing: all that can be done is to ask it to stop.
 */
static void
send_off_writer(struct shmx_host *host, struct shmx_peer *peer,
		const char *why)
{
	struct shmx_refusal r = { .error = EPROTO };

	snprintf(r.text, sizeof(r.text), "the host of ring \"%s\" sent this "
		 "producer away: it %s", host->claim->name, why);
	send_error(peer, &r);
	peer->joined->ready = false;
	peer->state = SENT_OFF;
}

/*
 * It may go on to write into its record, to let go of what it held: one in the
 * region is nobody else's before it is gone.
 */
void
shmx_peer_send_off(struct shmx_host *host, struct shmx_peer *peer,
		   const char *why)
{
	/* Nor are the slots of a writer anybody else's before. */
	if (peer->joined == NULL &&
	    (peer->seat == NULL || peer->seat->record_fd >= 0)) {
		shmx_peer_drop(host, peer, why);
		return;
	}
	base_log(host->log, BASE_LOG_DEBUG, "ring %s: %s (pid %d) %s",
		 host->claim->name, peer->label, (int)peer->pid, why);
	if (peer->joined != NULL) {
		send_off_writer(host, peer, why);
		return;
	}
	peer->lent = peer->seat->record;
	peer->seat->lent = true;
	unseat(host, peer);
	peer->state = SENT_OFF;
}

void
shmx_peer_refuse(struct shmx_host *host, struct shmx_peer *peer, int error,
		 const char *fmt, ...)
{
	struct shmx_refusal r = { .error = error };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r.text, sizeof(r.text), fmt, ap);
	va_end(ap);
	host->refused++;
	shmx_store_relaxed(&host->ext->refused, host->refused);
	send_error(peer, &r);
	SHMX_KILL_POINT("refused");
	shmx_peer_drop(host, peer, r.text);
}

void
shmx_peer_dismiss(struct shmx_host *host, struct shmx_peer *peer, int error,
		  const char *why)
{
	struct shmx_refusal r = { .error = error };

	snprintf(r.text, sizeof(r.text), "the producer of ring \"%s\" sent "
		 "this reader away: %s", host->claim->name, why);
	send_error(peer, &r);
	SHMX_KILL_POINT("evict said");
	shmx_peer_send_off(host, peer, "is sent away");
}
