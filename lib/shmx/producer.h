/* SPDX-License-Identifier: MIT */
/*
 * producer.h - the writing end's state, shared by its files
 */
#ifndef SHMX_PRODUCER_H
#define SHMX_PRODUCER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "frame.h"
#include "held.h"
#include "host.h"
#include "readers.h"
#include "region.h"
#include "rendezvous.h"
#include "ring-multi.h"
#include "spin.h"
#include "v2.h"
#include <shmx/shmx.h>

/* frame->slot when there is none, and pixels is scratch memory. */
#define SHMX_NO_SLOT UINT32_MAX

struct shmx_join;

struct shmx_producer {
	struct shmx_writer writer;
	/* With several writers, in place of writer; all records, or NULL. */
	struct shmx_multi multi;
	struct shmx_scan *everybody;
	uint64_t published;
	struct shmx_join *join;		/* of who is not the host; or NULL */
	struct shmx_readers readers;
	struct shmx_region region;
	struct shmx_v2 v2;
	struct shmx_stream stream;	/* its image; or zero */
	uint32_t last_width;		/* of the frame published last */
	uint32_t last_height;
	uint64_t dropped;
	uint64_t wakes;
	uint64_t waited_ns;
	struct shmx_spin spin;
	struct shmx_outline outline;
	void *scratch;			/* never read */
	size_t scratch_bytes;

	struct base_log log;
	struct shmx_claim claim;
	struct shmx_host host;
	struct shmx_control message;	/* received by shmx_control_wait() */
	bool has_message;
	void *message_data;		/* of the one received last */
	struct shmx_held *held;		/* by whom; NULL: no SHMX_INPUT */
	bool grew;			/* the host may keep the old ring */
	bool announced;			/* region has its name */
	bool threaded;
	pthread_t thread;
};

/*
 * Sleep until the host has news, but no longer: see host.h.  The readers look
 * at ext.host_waiting to know whether to nudge, so that is set before.  0,
 * also at the deadline, or -EINTR, or another errno.
 */
int
shmx_producer_sleep(struct shmx_producer *p, uint64_t deadline_ns);

/*
 * For who opens a ring, or joins one: a producer with nothing open, which
 * shmx_producer_close() takes; NULL with base_error() said.
 */
struct shmx_producer *
shmx_producer_new(base_log_fn *log, void *log_data);

/*
 * For who opens a ring, or grows one: the caller's options, completed with the
 * defaults and checked; a region for them, with p->stream and p->outline; and
 * memory that stands in for a slot of it.  base_error() is said on failure.
 */
int
shmx_producer_read_options(struct shmx_producer_options *o,
			   const struct shmx_producer_options *given);
int
shmx_producer_make_region(struct shmx_producer *p,
			  const struct shmx_producer_options *o);
int
shmx_producer_map_scratch(struct shmx_producer *p);

/* The slot that is being written, or -1. */
static inline int
shmx_producer_claimed(const struct shmx_producer *p)
{
	return p->everybody != NULL ? p->multi.claimed : p->writer.claimed;
}

/* 0, or -ENOTSUP for a producer that joined: that is for the host to do. */
int
shmx_producer_is_host(const struct shmx_producer *p);

/*
 * What differs with several writers.  Set up after the region was made; then
 * claim a slot, or -1; publish it, 0 when that failed; and wake the readers.
 */
int
shmx_several_init(struct shmx_producer *p, uint32_t owner);
void
shmx_several_finish(struct shmx_producer *p);
int
shmx_several_claim(struct shmx_producer *p);
uint64_t
shmx_several_publish(struct shmx_producer *p);

/*
 * The service of a producer that joined; as those of its host.
 */
int
shmx_join_service(struct shmx_producer *p, uint64_t deadline_ns);
int
shmx_join_fd(const struct shmx_join *join);
void
shmx_join_stop(struct shmx_join *join);
void
shmx_join_finish(struct shmx_producer *p);

/* Is its host gone?  And: have it wake every reader.  The writer's thread. */
bool
shmx_join_is_lost(const struct shmx_producer *p);
void
shmx_join_nudge(const struct shmx_join *join);

/* Serve it, by a thread. */
int
shmx_producer_start_thread(struct shmx_producer *p);

#endif
