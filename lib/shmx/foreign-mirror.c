/* SPDX-License-Identifier: MIT */
/*
 * foreign-mirror.c - a ring of ours that a server's frames are copied to
 *
 * What is read from the object is believed for nothing but what it says: the
 * layout was checked once and kept, lengths are checked in a copy, a frame is
 * copied before its checksum is taken, and its header has to be the same
 * before and after, as session, time and number are not summed.
 */
#include "config.h"

#include "foreign-mirror.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/sys.h"
#include "atomic.h"
#include "checksum.h"
#include "directory.h"
#include "tlv.h"

/* How often a frame may be overwritten while it is copied. */
#define TRIES		4

int
shmx_mirror_init(struct shmx_mirror *m, const struct shmx_server *s,
		 const char *name, uint32_t holds)
{
	const struct shmx_region_plan plan = {
		.slots = holds + 2,
		.history = 1,
		.frame_bytes = s->layout.frame_capacity,
		.directory_bytes = BASE_MIN(s->layout.static_capacity,
					    SHMX_DIRECTORY_MAX),
		.features = SHMX_FEATURE_COPIED,
	};
	int ret;

	m->generation = UINT32_MAX;
	ret = shmx_region_create(&m->region, name, &plan, "");
	if (ret < 0)
		return ret;
	shmx_writer_init(&m->writer, &m->region.ring);
	return shmx_readers_init(&m->readers);
}

int
shmx_mirror_give_seat(struct shmx_mirror *m, const char *name, uint32_t holds,
		      int *wake_fd)
{
	int fd, ret;

	ret = shmx_seat_create(&m->seat, &m->region.records, name, holds, &fd);
	if (ret < 0)
		return ret;
	ret = shmx_readers_add(&m->readers, m->seat);
	if (ret < 0) {
		shmx_seat_destroy(m->seat);
		m->seat = NULL;
		base_close(&fd);
		return ret;
	}
	*wake_fd = fd;
	return 0;
}

void
shmx_mirror_finish(struct shmx_mirror *m)
{
	if (m->seat != NULL)
		shmx_readers_remove(&m->readers, m->seat);
	shmx_readers_finish(&m->readers);
	shmx_region_destroy(&m->region);
}

/* ----------------------------------------------------------- directory -- */

/* Which stream is a picture? */
static void
find_image(struct shmx_mirror *m, const struct shmx_directory *dir)
{
	const struct shmx_directory_entry *e = shmx_directory_image(dir);

	m->image = (struct shmx_stream){ .id = 0 };
	if (e == NULL || shmx_format_bytes(e->stream.format) == 0)
		return;
	m->image = e->stream;
	/* The directory's own. */
	m->image.name = NULL;
	m->image.extra = NULL;
}

/* Take over a directory that is whole, and not changed meanwhile. */
static void
copy_directory(struct shmx_mirror *m, const struct shmx_server *s,
	       uint32_t generation, uint32_t used)
{
	const struct shmx_directory_place place =
		shmx_region_directory(&m->region);
	struct shmx_directory *dir = NULL;
	struct shmx_header again;
	void *bytes;

	if (used > s->layout.static_capacity || used > SHMX_DIRECTORY_MAX)
		return;
	bytes = base_sys.calloc(1, base_round_up(used, 8) + 8);
	if (bytes == NULL)
		return;
	if (shmx_server_read(s, bytes, used, s->layout.static_offset) &&
	    shmx_server_read(s, &again, sizeof(again), 0) &&
	    shmx_load_relaxed(&again.static_generation) == generation &&
	    shmx_directory_parse(&dir, bytes, used, 0) == 0) {
		shmx_directory_replace(&place, bytes, used);
		find_image(m, dir);
		m->generation = generation;
	}
	shmx_directory_free(dir);
	free(bytes);
}

/* -------------------------------------------------------------- frames -- */

/* What the ring of ours says of a frame that was copied to that slot. */
static void
describe(const struct shmx_mirror *m, struct shmx_slot_meta *meta,
	 const struct shmx_frame_header *h, const char *payload,
	 uint64_t payload_offset)
{
	uint32_t stride = shmx_stream_stride(&m->image);
	struct shmx_tlv_stream pixels;

	*meta = (struct shmx_slot_meta){
		.sim_time = h->sim_time,
		.begun_ns = m->frame_ns,
		.published_ns = m->frame_ns,
		/* No stream at all is a TLV of none in v2.0. */
		.payload_bytes = h->tlv_count != 0 ? h->payload_bytes : 0,
		.tlv_count = h->tlv_count,
	};
	if (m->image.kind != SHMX_STREAM_IMAGE ||
	    shmx_tlv_find(payload, h->payload_bytes, h->tlv_count,
			  m->image.id, &pixels) < 0 ||
	    pixels.bytes == 0 || pixels.bytes % stride != 0 ||
	    pixels.bytes / stride > m->image.height)
		return;
	meta->width = m->image.width;
	meta->height = pixels.bytes / stride;
	meta->stride = stride;
	meta->format = m->image.format;
	meta->pixels_offset = payload_offset + pixels.offset;
	meta->pixels_bytes = pixels.bytes;
}

static void
wake(struct shmx_mirror *m)
{
	const struct shmx_scan *scan = shmx_readers_enter(&m->readers);

	if (shmx_writer_sleepers(scan) != 0)
		(void)send(m->seat->wake_fd, "", 1,
			   MSG_DONTWAIT | MSG_NOSIGNAL);
	shmx_readers_leave(&m->readers);
}

static void
publish(struct shmx_mirror *m, uint32_t slot,
	const struct shmx_frame_header *h)
{
	uint64_t offset = shmx_region_data(&m->region, slot) -
		SHMX_STREAM_HEAD;
	struct shmx_slot_meta *meta = &m->region.ring.meta[slot];
	struct shmx_rect16 all;

	m->frame_ns = base_now_ns();
	describe(m, meta, h, (char *)m->region.map + offset, offset);
	all = (struct shmx_rect16){ 0, 0, (uint16_t)meta->width,
		(uint16_t)meta->height };
	/* The server's numbers, gaps and all. */
	m->writer.latest = shmx_load_relaxed(&h->frame_id) - 1;
	shmx_writer_publish(&m->writer, all);
	wake(m);
}

/* Can it be a frame of this server that was not copied yet? */
static bool
is_new_frame(const struct shmx_mirror *m, const struct shmx_server *s,
	     const struct shmx_frame_header *h)
{
	uint64_t id = shmx_load_relaxed(&h->frame_id);

	return id > m->writer.latest && id <= SHMX_SEQUENCE_MAX &&
	       h->session == s->layout.session && h->payload_bytes != 0 &&
	       h->payload_bytes <= s->layout.frame_capacity &&
	       h->tlv_count <= SHMX_STREAMS_MAX;
}

/* False when it was overwritten meanwhile. */
static bool
copy_frame(struct shmx_mirror *m, const struct shmx_server *s, uint64_t at)
{
	struct shmx_frame_header before, after;
	char *to;
	int slot;

	if (!shmx_server_read(s, &before, sizeof(before), at))
		return false;
	if (!is_new_frame(m, s, &before))
		return true;
	slot = shmx_writer_claim(&m->writer, shmx_readers_enter(&m->readers));
	shmx_readers_leave(&m->readers);
	if (slot < 0)
		return true;	/* there are enough of them, but who knows */
	to = (char *)m->region.map +
		shmx_region_data(&m->region, (uint32_t)slot) -
		SHMX_STREAM_HEAD;
	if (!shmx_server_read(s, to, before.payload_bytes,
			      at + sizeof(before)) ||
	    shmx_checksum(to, before.payload_bytes) != before.checksum ||
	    !shmx_server_read(s, &after, sizeof(after), at) ||
	    memcmp(&before, &after, sizeof(before)) != 0)
		return false;
	shmx_server_saw(s, shmx_load_relaxed(&before.frame_id));
	publish(m, (uint32_t)slot, &before);
	return true;
}

bool
shmx_mirror_look(struct shmx_mirror *m, const struct shmx_server *s)
{
	struct shmx_header h;
	uint32_t index, generation;
	int i;

	for (i = 0; i < TRIES; i++) {
		if (!shmx_server_read(s, &h, sizeof(h), 0) ||
		    h.magic != SHMX_MAGIC || h.session != s->layout.session)
			return false;
		generation = shmx_load_relaxed(&h.static_generation);
		if (generation != m->generation)
			copy_directory(m, s, generation,
				       shmx_load_relaxed(&h.static_used));
		index = shmx_load_relaxed(&h.write_index);
		if (index == 0 || index == m->write_index)
			return true;
		if (copy_frame(m, s, s->layout.slots_offset +
			       (uint64_t)((index - 1) % s->layout.slots) *
			       s->layout.slot_stride)) {
			m->write_index = index;
			return true;
		}
	}
	return true;
}
