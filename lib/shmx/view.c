/* SPDX-License-Identifier: MIT */
/*
 * view.c - the streams of a held frame
 *
 * What a frame consists of is read from its own bytes, which a hostile
 * producer may change at any time: tlv.c reads each number once, and what it
 * lets through lies inside the slot.  What the numbers are comes from the
 * directory, of which the session keeps a snapshot.  Streams are only ever
 * added to it, so that a snapshot is read again when it does not know one.
 */
#include "config.h"

#include <shmx/shmx.h>

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "base/error.h"
#include "atomic.h"
#include "session.h"
#include "tlv.h"

/* A snapshot that is newer than the session's, if there is one. */
static int
refresh(struct shmx_session *s)
{
	struct shmx_directory_place *place = &s->layout.directory;
	struct shmx_directory *dir;
	int ret;

	if (s->directory != NULL &&
	    shmx_directory_generation(s->directory) == shmx_directory_number(
		    s->ring_id,
		    shmx_load_acquire(&place->header->static_generation)))
		return 0;
	ret = shmx_directory_read(&dir, place, s->ring_id);
	if (ret < 0)
		return ret;
	shmx_directory_free(s->directory);
	s->directory = dir;
	return 0;
}

/* The lock is held.  NULL in *out for a stream that is in no directory. */
static int
look_up(struct shmx_session *s, uint32_t id,
	const struct shmx_directory_entry **out)
{
	int ret;

	*out = s->directory == NULL ? NULL :
		shmx_directory_entry(s->directory, id);
	if (*out != NULL)
		return 0;
	ret = refresh(s);
	if (ret == 0)
		*out = shmx_directory_entry(s->directory, id);
	return ret;
}

static int
malformed(const char *what)
{
	return base_error(-EPROTO, "the frame is malformed: %s", what);
}

/* Put together what the frame and the directory say. */
static int
make_view(const struct shmx_directory_entry *e,
	  const struct shmx_tlv_stream *st, const void *payload,
	  struct shmx_stream_view *out)
{
	struct shmx_stream_view view = {
		.kind = SHMX_STREAM_DATA,
		.id = st->id,
		.elements = st->elements,
		.bytes = st->bytes,
		.data = (const char *)payload + st->offset,
	};
	uint64_t need;

	if (e != NULL) {
		/* S8; e->element_bytes is whatever the directory says. */
		if (__builtin_mul_overflow(e->element_bytes,
					   (uint64_t)st->elements, &need) ||
		    need > st->bytes)
			return malformed("a stream has fewer bytes than "
					 "elements");
		view.kind = e->stream.kind;
		view.element_type = e->stream.element_type;
		view.components = e->stream.components;
		view.layout = e->stream.layout;
		if (view.layout == SHMX_SOA) {
			view.element_stride = e->bytes_per_component;
			view.component_stride = (uint64_t)st->elements *
				e->bytes_per_component;
		} else if (view.layout == SHMX_AOS) {
			view.element_stride = e->element_bytes;
			view.component_stride = e->bytes_per_component;
		}
	}
	*out = view;
	return 0;
}

static int
look_and_view(struct shmx_session *s, const struct shmx_tlv_stream *st,
	      const void *payload, struct shmx_stream_view *out)
{
	const struct shmx_directory_entry *e;
	int ret;

	pthread_mutex_lock(&s->lock);
	ret = look_up(s, st->id, &e);
	if (ret == 0)
		ret = make_view(e, st, payload, out);
	pthread_mutex_unlock(&s->lock);
	return ret;
}

int
shmx_frame_stream(struct shmx_hold *hold, uint32_t id,
		  struct shmx_stream_view *view)
{
	const struct shmx_frame_info *info = &hold->info;
	struct shmx_tlv_stream st;
	const void *payload;
	int ret;

	ret = shmx_session_slots(hold->session, info->payload_offset,
				 &payload);
	if (ret < 0)
		return ret;
	ret = shmx_tlv_find(payload, info->payload_bytes, info->tlv_count, id,
			    &st);
	if (ret == -ENOENT)
		return base_error(ret, "the frame has no stream %" PRIu32, id);
	if (ret < 0)
		return malformed("its streams do not fit into it");
	return look_and_view(hold->session, &st, payload, view);
}

int
shmx_frame_streams(struct shmx_hold *hold, struct shmx_stream_view *views,
		   unsigned max)
{
	const struct shmx_frame_info *info = &hold->info;
	struct shmx_tlv_stream st[SHMX_STREAMS_MAX];
	struct shmx_stream_view view;
	const void *payload;
	int i, n, ret;

	ret = shmx_session_slots(hold->session, info->payload_offset,
				 &payload);
	if (ret < 0)
		return ret;
	/* No more TLVs than there may be streams: who held it checked. */
	n = shmx_tlv_streams(payload, info->payload_bytes, info->tlv_count,
			     st, BASE_ARRAY_SIZE(st));
	if (n < 0)
		return malformed("its streams do not fit into it");
	for (i = 0; i < n; i++) {
		ret = look_and_view(hold->session, &st[i], payload, &view);
		if (ret < 0)
			return ret;
		if ((unsigned)i < max)
			views[i] = view;
	}
	return n;
}

int
shmx_frame_stream_copy(struct shmx_hold *hold, uint32_t id, void *buf,
		       size_t size, struct shmx_stream_view *view)
{
	struct shmx_stream_view v;
	int ret;

	ret = shmx_frame_stream(hold, id, &v);
	if (ret < 0)
		return ret;
	if (v.bytes > size)
		return base_error(-ENOSPC, "stream %" PRIu32 " has %zu bytes, "
				  "which do not fit into %zu", id, v.bytes,
				  size);
	if (v.bytes != 0)
		memcpy(buf, v.data, v.bytes);
	v.data = buf;
	*view = v;
	return 0;
}
