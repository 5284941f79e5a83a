/* SPDX-License-Identifier: MIT */
/*
 * send.c - a reader talks back to its producer
 */
#include "config.h"

#include "reader.h"

#include <errno.h>
#include <inttypes.h>

#include "base/clock.h"
#include "base/error.h"
#include "atomic.h"
#include "directory.h"
#include "input.h"

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
	    type == SHMX_CONTROL_BYE || type == SHMX_CONTROL_INPUT || (data == NULL && bytes != 0))
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

/* ---------------------------------------------------------------- input -- */

/* Under the reader's lock: what the directory says, looked at when it is new. */
static int
ask_for_input(struct shmx_reader *r)
{
	uint64_t generation = shmx_reader_generation(r);
	const struct shmx_directory_entry *image;
	struct shmx_directory *dir;
	int ret;

	if (generation != r->input_generation) {
		ret = shmx_reader_directory(r, &dir);
		if (ret < 0)
			return ret;
		image = shmx_directory_image(dir);
		r->takes_input = image != NULL &&
			(image->image_flags & SHMX_IMAGE_INPUT) != 0;
		r->input_generation = generation;
		shmx_directory_free(dir);
	}
	return r->takes_input ? 0 :
		base_error(-ENOTSUP, "the producer of ring \"%s\" takes no "
			   "input", r->name);
}

static int
send_input(struct shmx_reader *r, struct shmx_input *in)
{
	struct shmx_input_bytes bytes;
	int ret;

	if (r->session == NULL)
		return base_error(-EPIPE, "ring \"%s\" is not attached",
				  r->name);
	ret = ask_for_input(r);
	if (ret < 0)
		return ret;
	in->sequence = r->inputs + 1;
	ret = shmx_input_encode(in, &bytes);
	if (ret < 0)
		return base_error(ret, "input of kind %d that makes no sense",
				  (int)in->kind);
	ret = send_message(r, SHMX_CONTROL_INPUT, &bytes, (uint32_t)ret);
	if (ret == 0)
		r->inputs++;
	return ret;
}

int
shmx_input_send(struct shmx_reader *r, const struct shmx_input *in)
{
	struct shmx_input sent = *in;
	int ret;

	if (sent.time_ns == 0)
		sent.time_ns = base_now_ns();
	pthread_mutex_lock(&r->lock);
	ret = send_input(r, &sent);
	pthread_mutex_unlock(&r->lock);
	return ret;
}
