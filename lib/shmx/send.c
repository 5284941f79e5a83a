/* SPDX-License-Identifier: MIT */
/*
 * send.c - a reader talks back to its producer
 */
#include "config.h"

#include "reader.h"

#include <errno.h>
#include <inttypes.h>

#include "base/error.h"
#include "atomic.h"

/* Under the reader's lock. */
static int
send_message(struct shmx_reader *r, uint32_t type, const void *data,
	     uint32_t bytes)
{
	struct shmx_session *s = r->session;
	int ret;

	if (s == NULL)
		return base_error(-EPIPE, "ring \"%s\" is not attached",
				  r->name);
	if (shmx_load_acquire(&s->record->evicted) != 0)
		return base_error(-EPIPE, "the producer of ring \"%s\" sent "
				  "this reader away", r->name);
	if (bytes > s->message_max)
		return base_error(-EMSGSIZE, "a message of %" PRIu32 " bytes "
				  "is too long: the server of ring \"%s\" "
				  "takes %" PRIu32, bytes, r->name,
				  s->message_max);
	ret = shmx_control_put(&s->control, type, data, bytes);
	if (ret == -ENOBUFS) {
		shmx_add_relaxed(&r->unsent, 1);
		return base_error(ret, "the producer of ring \"%s\" has not "
				  "received what was sent before", r->name);
	}
	if (ret < 0)
		return base_error(ret, "the producer of ring \"%s\" put the "
				  "reader's record in disorder", r->name);
	shmx_add_relaxed(&r->sent, 1);
	/* C3 was: D1 sees it, or this sees that D1 is to come. */
	if (shmx_ring_is_awaited(&s->layout.ring))
		shmx_session_nudge(s);
	return 0;
}

int
shmx_control_send(struct shmx_reader *r, uint32_t type, const void *data,
		  size_t bytes)
{
	int ret;

	if (type == SHMX_CONTROL_PAD || type == SHMX_CONTROL_HELLO ||
	    type == SHMX_CONTROL_BYE || (data == NULL && bytes != 0))
		return base_error(-EINVAL, "a message needs data, and a type "
				  "of its own: not 0x%" PRIx32, type);
	if (bytes > SHMX_CONTROL_MAX)
		return base_error(-EMSGSIZE, "a message of %zu bytes is too "
				  "long: %d are possible", bytes,
				  SHMX_CONTROL_MAX);
	pthread_mutex_lock(&r->lock);
	ret = send_message(r, type, data, (uint32_t)bytes);
	pthread_mutex_unlock(&r->lock);
	return ret;
}
