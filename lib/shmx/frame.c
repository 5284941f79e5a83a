/* SPDX-License-Identifier: MIT */
/*
 * frame.c - a frame's payload, built where it will stay
 *
 * The image comes first and has the room of the largest one, since its size
 * is known only when the frame is published.  Each data stream goes behind
 * what is there: its two headers are written and its data are the caller's to
 * fill in.  All of it lies in a claimed slot, which nobody else looks at, or
 * in scratch memory, which nobody ever does.
 */
#include "config.h"

#include "frame.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "base/error.h"
#include "producer.h"

/* -------------------------------------------------------------- outline -- */

static void
add(struct shmx_outline *o, const struct shmx_stream *s)
{
	o->id[o->count] = s->id;
	o->part[o->count] = (struct shmx_part){
		.element_bytes = shmx_stream_element_bytes(s),
		.capacity = s->capacity,
	};
	o->count++;
}

void
shmx_outline_init(struct shmx_outline *o, const struct shmx_stream *streams,
		  unsigned count)
{
	unsigned i;

	memset(o, 0, sizeof(*o));
	for (i = 0; i < count; i++) {
		if (streams[i].kind != SHMX_STREAM_IMAGE) {
			add(o, &streams[i]);
			continue;
		}
		o->has_image = true;
		o->image_id = streams[i].id;
		o->image_bytes = (uint32_t)shmx_stream_bytes(&streams[i]);
		o->image_room = (uint32_t)shmx_stream_room(o->image_bytes);
		o->stride = shmx_stream_stride(&streams[i]);
		o->pixel_bytes = shmx_format_bytes(streams[i].format);
	}
}

/* Most put their streams into each frame in the order of the directory. */
static struct shmx_part *
find(struct shmx_outline *o, uint32_t id)
{
	unsigned i = o->next;

	if (i >= o->count || o->id[i] != id)
		for (i = 0; i < o->count && o->id[i] != id; i++)
			;
	if (i == o->count)
		return NULL;
	o->next = i + 1;
	return &o->part[i];
}

/* ---------------------------------------------------------------- frame -- */

static void
write_head(void *at, uint32_t length, uint32_t id, uint32_t elements,
	   uint32_t bytes)
{
	const struct shmx_tlv tlv = { SHMX_TLV_FRAME_STREAM, length };
	const struct shmx_stream_tlv st = { id, elements, bytes, 0 };

	memcpy(at, &tlv, sizeof(tlv));
	memcpy((char *)at + sizeof(tlv), &st, sizeof(st));
}

void
shmx_frame_write_image(const struct shmx_outline *o,
		       const struct shmx_frame *frame, uint32_t bytes,
		       uint32_t room)
{
	write_head(frame->payload,
		   (uint32_t)sizeof(struct shmx_stream_tlv) + room,
		   o->image_id, bytes / o->pixel_bytes, bytes);
}

/* Is it what shmx_begin() gave last, and not published since? */
static bool
is_begun(const struct shmx_producer *p, const struct shmx_frame *frame)
{
	return frame->slot == SHMX_NO_SLOT ||
	       (int)frame->slot == shmx_producer_claimed(p);
}

static int
say_not_there(const struct shmx_outline *o, uint32_t id)
{
	if (o->has_image && id == o->image_id)
		return base_error(-ENOENT, "stream %" PRIu32 " is the image, "
				  "which every frame has", id);
	return base_error(-ENOENT, "the ring has no stream %" PRIu32, id);
}

int
shmx_frame_append(struct shmx_producer *p, struct shmx_frame *frame,
		  uint32_t id, uint32_t elements, void **data)
{
	struct shmx_outline *o = &p->outline;
	struct shmx_part *part = find(o, id);
	uint64_t bytes, room;
	char *at;

	if (part == NULL)
		return say_not_there(o, id);
	if (!is_begun(p, frame))
		return base_error(-EINVAL, "the frame is not begun");
	if (part->frame == o->frame)
		return base_error(-EEXIST, "the frame has stream %" PRIu32
				  " already", id);
	if (elements > part->capacity)
		return base_error(-EOVERFLOW, "stream %" PRIu32 " has at most "
				  "%" PRIu32 " elements, not %" PRIu32, id,
				  part->capacity, elements);
	/* Less than 4 GiB: the capacity was checked. */
	bytes = elements * part->element_bytes;
	room = shmx_stream_room(bytes);
	if (room > p->region.frame_capacity - frame->payload_bytes)
		return base_error(-ENOSPC, "the %" PRIu64 " bytes of stream %"
				  PRIu32 " do not fit into what is left of "
				  "the frame, %" PRIu32, bytes, id,
				  p->region.frame_capacity -
				  frame->payload_bytes);
	at = (char *)frame->payload + frame->payload_bytes;
	write_head(at, (uint32_t)(sizeof(struct shmx_stream_tlv) + bytes), id,
		   elements, (uint32_t)bytes);
	frame->payload_bytes += (uint32_t)room;
	frame->tlv_count++;
	part->frame = o->frame;
	*data = at + SHMX_STREAM_HEAD;
	return 0;
}

int
shmx_frame_append_copy(struct shmx_producer *p, struct shmx_frame *frame,
		       uint32_t id, uint32_t elements, const void *data)
{
	void *to;
	int ret;

	ret = shmx_frame_append(p, frame, id, elements, &to);
	if (ret == 0 && elements != 0)
		memcpy(to, data, elements *
		       p->outline.part[p->outline.next - 1].element_bytes);
	return ret;
}

/* ------------------------------------------------------- more of them --- */

int
shmx_producer_add_stream(struct shmx_producer *p, const struct shmx_stream *s)
{
	struct shmx_outline *o = &p->outline;
	struct shmx_directory_place place = shmx_region_directory(&p->region);
	int ret;

	ret = shmx_producer_is_host(p);
	if (ret == 0)
		ret = shmx_stream_check(s);
	if (ret < 0)
		return ret;
	if (s->kind == SHMX_STREAM_IMAGE)
		return base_error(-EINVAL, "an image is declared when the "
				  "ring is made, as its first stream");
	if (find(o, s->id) != NULL || (o->has_image && o->image_id == s->id))
		return base_error(-EEXIST, "the ring has a stream %" PRIu32
				  " already", s->id);
	if (o->count + o->has_image == SHMX_STREAMS_MAX)
		return base_error(-ENOSPC, "the ring has %d streams, and no "
				  "more are possible", SHMX_STREAMS_MAX);
	if (shmx_stream_room(shmx_stream_bytes(s)) + o->image_room >
	    p->region.frame_capacity)
		return base_error(-ENOSPC, "stream \"%s\" does not fit into "
				  "frames of %" PRIu32 " bytes; open the ring "
				  "with more frame_bytes", s->name,
				  p->region.frame_capacity);
	ret = shmx_directory_append(&place, s, 1, 0);
	if (ret == -ENOSPC)
		return base_error(ret, "the directory has no room for stream "
				  "\"%s\"; open the ring with more "
				  "directory_bytes", s->name);
	if (ret < 0)
		return base_error(ret, "out of memory");
	add(o, s);
	return 0;
}
