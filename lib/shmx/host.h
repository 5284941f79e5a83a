/* SPDX-License-Identifier: MIT */
/*
 * host.h - admit, greet and reap readers
 *
 * The producer's side of the socket.  What it knows of a reader (who it is,
 * how many frames it may hold) is in private memory; what the reader writes
 * into its record is for the ring alone.
 *
 * The host is served by a thread of its own, or by the producer's.  What both
 * may want to see is guarded by `lock`, which the service holds while it
 * handles an event and never while it sleeps.  Who begins and publishes never
 * takes it.
 */
#ifndef SHMX_HOST_H
#define SHMX_HOST_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "guests.h"
#include "mail.h"
#include "readers.h"
#include "region.h"
#include "rendezvous.h"
#include "writers.h"

/* Attached readers, and some that are being greeted. */
#define SHMX_PEERS_MAX (SHMX_READERS_MAX + 16)

struct shmx_peer;

/* A ring that grew: how its memory is to be described. */
struct shmx_outgrown {
	int fd;				/* -1: there is none */
	uint32_t map_bytes;
	uint32_t generation;
	uint64_t session;
	uint64_t features;
	uint64_t region_bytes;
};

struct shmx_host {
	/* Set by the producer before shmx_host_init(), constant after. */
	const struct shmx_claim *claim;
	struct shmx_readers *readers;
	const struct base_log *log;

	pthread_mutex_t lock;
	/* Where readers are welcomed; guarded by lock once it is served. */
	struct shmx_ext *ext;
	int data_fd;
	int records_fd;			/* -1: no records in the region */
	struct shmx_records records;
	uint64_t session;
	uint64_t features;
	uint64_t region_bytes;
	uint32_t map_bytes;
	uint32_t holds_total;

	int epoll_fd;
	int pause_fd;			/* timer: accept again */
	int guests_fd;			/* timer: look for them; or -1 */
	int stop_fd;			/* event: shmx_host_stop() was called */
	int news_fd;			/* event: for the producer, see below */
	/* These are guarded by lock. */
	struct shmx_peer *peers[SHMX_PEERS_MAX];
	uint64_t serial;
	struct shmx_writers writers;
	struct shmx_mail mail;
	struct shmx_guests guests;	/* in a ring with a name */
	uint64_t refused;
	uint64_t evicted;
	bool finishing;			/* what is held now stays as it is */
	/* With the newest frame, while the ring that followed has none. */
	struct shmx_outgrown filled;

	/* For statistics: written by the service, read by anybody. */
	shmx_a32 attached_now;
	shmx_a32 holds_granted;
	shmx_a64 attached;
	shmx_a64 reaped;
};

int
shmx_host_init(struct shmx_host *host);

/* Where readers are welcomed, to hold so many frames all together. */
void
shmx_host_set_ring(struct shmx_host *host, const struct shmx_region *region,
		   uint32_t holds_total);

/*
 * The producer's thread: the same while there are readers, who are all sent
 * there from the ring that was.  -EBUSY, and nothing has changed, when they
 * were granted more holds.
 *
 * Who comes, or has missed the last ring with frames, is shown that first
 * until the new one has a frame: what of `old` that takes is the host's.
 */
int
shmx_host_move(struct shmx_host *host, const struct shmx_region *region,
	       uint32_t holds_total, struct shmx_region *old);

/*
 * Any thread: the new ring has a frame, let go of the old one's memory.  Never
 * waits; false when it is to be tried again.
 */
bool
shmx_host_forget(struct shmx_host *host);

/* Part from every reader.  The scan set is empty afterwards. */
void
shmx_host_finish(struct shmx_host *host);

/*
 * Sleep for something to do, until then at the latest (0: do not sleep), and
 * do it.  0, or -EINTR when a signal ended the sleep, or -ECANCELED from
 * shmx_host_stop() on.
 */
int
shmx_host_service(struct shmx_host *host, uint64_t deadline_ns);

/*
 * For the producer's thread, where it waits for its readers: receive a
 * message, as shmx_control_receive() does.  When there may be one that was
 * not there before, when a reader nudges, attaches or is gone, news_fd
 * becomes readable.  Any thread.
 */
int
shmx_host_receive(struct shmx_host *host, struct shmx_control *out,
		  void *data);

/* Make news_fd readable.  Any thread. */
void
shmx_host_announce(struct shmx_host *host);

/*
 * The attached readers, up to max of them, each in `size` bytes of what out
 * points to; how many there are.  Any thread.
 */
unsigned
shmx_host_list(struct shmx_host *host, void *out, size_t size, unsigned max);

/*
 * Send the reader of that id away, and say why.  -ENOENT: there is none.  Any
 * thread.
 */
int
shmx_host_evict(struct shmx_host *host, uint64_t id, const char *why);

/* Free the records of SHMX v2.0's stale readers; how many.  Any thread. */
unsigned
shmx_host_reap_stale(struct shmx_host *host, uint64_t timeout_ns);

/* Have the service return -ECANCELED, now and for good.  Any thread. */
void
shmx_host_stop(struct shmx_host *host);

#endif
