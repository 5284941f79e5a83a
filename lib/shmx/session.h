/* SPDX-License-Identifier: MIT */
/*
 * session.h - a reader's attachment to one producer's ring
 *
 * A session lives as long as its reader is attached or one of its holds is
 * referenced, whichever is longer: what is held stays mapped, and the
 * connection stays open so that the producer knows it is held.
 */
#ifndef SHMX_SESSION_H
#define SHMX_SESSION_H

#include <pthread.h>
#include <stdint.h>

#include "channel.h"
#include "control.h"
#include "region.h"

struct shmx_session;

/* A hold word and what it holds. */
struct shmx_hold {
	struct shmx_session *session;
	shmx_a64 *word;			/* in the record */
	/* 0: free; SHMX_HOLD_ENDING: being emptied; else references. */
	shmx_a32 references;
	struct shmx_frame_info info;
};
#define SHMX_HOLD_ENDING UINT32_MAX

struct shmx_session {
	/* One for the reader, one for each hold that is not free. */
	shmx_a32 references;
	struct shmx_layout layout;
	void *map;			/* layout.map_bytes, read-only */
	struct shmx_record *record;
	void *record_map;		/* the pages that it lies in */
	size_t record_map_bytes;
	struct shmx_control_out control; /* guarded by the reader's lock */
	uint32_t message_max;
	int data_fd;
	int record_fd;			/* only for who inspects us */
	int wake_fd;
	int conn;
	uint64_t ring_id;
	uint32_t holds;			/* granted */
	bool sealed;			/* nobody can cut its memory short */
	struct shmx_hold hold[SHMX_HOLDS_MAX];

	pthread_mutex_t lock;		/* guards what follows */
	void *slots;			/* from slots_from on; or NULL */
	uint64_t slots_from;
	struct shmx_directory *directory; /* as read last, or NULL */
};

/*
 * Make a session of a WELCOME that was just received, with its descriptors,
 * on connection conn.  On success conn is the session's.  -EPROTO, with
 * base_error() said, for memory that is not as it should be.  sealed: -ENOTSUP
 * for a ring that is not, which a named one never is; nor follow one there.
 */
int
shmx_session_create(struct shmx_session **out, struct shmx_channel *ch,
		    int conn, bool sealed);

/*
 * What lies at that offset of the ring, which is that of a slot or in one;
 * mapped at the first call.  -errno, with base_error() said, when that fails.
 * Threads: any.
 */
int
shmx_session_slots(struct shmx_session *s, uint64_t offset, const void **out);

/*
 * A session at the ring that follows that of `old`, of a MOVED that was just
 * received: with other frames, and the same hold words, of which those that
 * hold frames of the old ring are not 0.  It is not connected before
 * shmx_session_take_over(), after which old is nothing but what is held of it.
 */
int
shmx_session_create_after(struct shmx_session **out, struct shmx_channel *ch,
			  const struct shmx_session *old);
void
shmx_session_take_over(struct shmx_session *s, struct shmx_session *old);

/* Wake the producer, which said that it waits for what was just stored. */
void
shmx_session_nudge(const struct shmx_session *s);

void
shmx_session_ref(struct shmx_session *s);
void
shmx_session_unref(struct shmx_session *s);

#endif
