/* SPDX-License-Identifier: MIT */
/*
 * survey.c - what a private copy of a ring's words says, in words
 */
#include "config.h"

#include "survey.h"

#include <string.h>

#include "base/base.h"
#include "base/text.h"
#include "atomic.h"
#include "protocol.h"
#include "ring-multi.h"
#include "tlv.h"
#include "v2-layout.h"

/* --------------------------------------------------------------- ring -- */

static void
take_slot(struct shmx_survey *survey, const struct shmx_ring *ring,
	  uint32_t i)
{
	const struct shmx_slot_meta *meta = &ring->meta[i];
	struct shmx_inspect_slot *slot = &survey->slot[i];
	uint64_t state = shmx_load_relaxed(&ring->state[i]);
	uint64_t latest = survey->ring.latest;

	*slot = (struct shmx_inspect_slot){ .state = SHMX_SLOT_FREE };
	switch (state >> 62) {
	case SHMX_STATE_WRITING:
		slot->state = SHMX_SLOT_WRITING;
		/* Where there is one writer the word has its sequence. */
		if (ring->ext->writers_max > 1)
			slot->writer = (uint32_t)(state >> 32) &
				(SHMX_OWNERS_MAX - 1);
		return;
	case SHMX_STATE_PUBLISHED:
		break;
	default:
		return;
	}
	slot->state = SHMX_SLOT_PUBLISHED;
	slot->sequence = state & SHMX_SEQUENCE_MAX;
	slot->latest = slot->sequence == latest &&
		i == survey->ring.latest_slot;
	slot->kept = slot->sequence <= latest &&
		latest - slot->sequence < ring->history;
	slot->begun_ns = meta->begun_ns;
	slot->published_ns = meta->published_ns;
	slot->width = meta->width;
	slot->height = meta->height;
	slot->format = meta->format;
	slot->payload_bytes = meta->payload_bytes;
	slot->streams = meta->tlv_count;
	slot->damage_count = meta->damage_count;
}

static enum shmx_ring_state
state_of(const struct shmx_ext *ext)
{
	switch (shmx_load_relaxed(&ext->host_state)) {
	case SHMX_HOST_PAUSED:
		return SHMX_RING_PAUSED;
	case SHMX_HOST_ENDED:
		return SHMX_RING_ORPHANED;
	case SHMX_HOST_MOVED:
		return SHMX_RING_OUTGROWN;
	default:
		return SHMX_RING_RUNNING;
	}
}

static void
take_header(struct shmx_inspect_ring *r, const struct shmx_header *h)
{
	r->session = h->session;
	r->directory_generation = shmx_load_relaxed(&h->static_generation);
	r->directory_offset = h->static_offset;
	r->directory_bytes = h->static_capacity;
	r->directory_used = h->static_used;
	r->readers_offset = h->readers_offset;
	r->readers_bytes = (uint64_t)h->reader_slots * h->reader_stride;
	r->slots_offset = h->slots_offset;
	r->slot_bytes = h->slot_stride;
	r->frame_bytes = h->frame_capacity;
}

void
shmx_survey_ring(struct shmx_survey *survey, const struct shmx_layout *layout,
		 const struct shmx_header *header)
{
	const struct shmx_ring *ring = &layout->ring;
	struct shmx_inspect_ring *r = &survey->ring;
	const struct shmx_ext *e = ring->ext;
	uint64_t latest = shmx_load_relaxed(&e->latest);
	uint32_t i;

	take_header(r, header);
	r->state = state_of(e);
	r->kind = e->features & SHMX_FEATURE_NAMED ? SHMX_RING_NAMED :
		SHMX_RING_NATIVE;
	r->every = (e->features & SHMX_FEATURE_EVERY) != 0;
	r->created_ns = e->created_ns;
	r->generation = e->generation;
	r->writers_max = e->writers_max;
	r->bytes = layout->region_bytes;
	r->tables_offset = header->ext_offset;
	r->tables_bytes = e->bytes;
	r->slots = r->slot_count = ring->slots;
	r->history = ring->history;
	r->holds_total = ring->slots - ring->history - 1;
	r->latest_slot = latest & 0xffff;
	r->latest = r->latest_slot < ring->slots ? latest >> 16 : 0;
	r->published = shmx_load_relaxed(&e->published);
	r->dropped = shmx_load_relaxed(&e->dropped);
	r->refused = shmx_load_relaxed(&e->refused);
	r->evicted = shmx_load_relaxed(&e->evicted);
	r->wakes = shmx_load_relaxed(&e->wakes);
	r->waited_ns = shmx_load_relaxed(&e->waited_ns);
	r->checksummed = shmx_load_relaxed(&e->checksummed);
	for (i = 0; i < ring->slots; i++)
		take_slot(survey, ring, i);
}

/* ---------------------------------------------------------- SHMX v2.0 -- */

static bool
inside(uint64_t offset, uint64_t count, uint64_t stride, uint64_t bytes)
{
	/* Products of numbers with 32 bits. */
	return offset <= bytes && count * stride <= bytes - offset;
}

static const char *
v2_fault(const struct shmx_header *h, uint64_t bytes)
{
	const char *fault = shmx_v2_version_fault(h);

	if (fault != NULL)
		return fault;
	if (h->slots < 1 || h->slots_offset % 8 != 0 ||
	    h->slot_stride % 8 != 0 ||
	    h->slot_stride < sizeof(struct shmx_frame_header) ||
	    !inside(h->slots_offset, h->slots, h->slot_stride, bytes))
		return "slots out of bounds";
	if (h->reader_slots > 0 &&
	    (h->readers_offset % 8 != 0 || h->reader_stride % 8 != 0 ||
	     h->reader_stride < 64 ||
	     !inside(h->readers_offset, h->reader_slots, h->reader_stride,
		     bytes)))
		return "readers out of bounds";
	if (h->static_used > h->static_capacity ||
	    !inside(h->static_offset, 1, h->static_used, bytes))
		return "directory out of bounds";
	return NULL;
}

const char *
shmx_survey_v2(struct shmx_survey *survey, const struct shmx_header *h,
	       uint64_t bytes, struct shmx_survey_v2 *v2)
{
	struct shmx_inspect_ring *r = &survey->ring;
	const char *fault = v2_fault(h, bytes);
	uint32_t index;

	if (fault != NULL)
		return fault;
	*v2 = (struct shmx_survey_v2){
		.static_offset = h->static_offset,
		.static_used = h->static_used,
		.readers_offset = h->readers_offset,
		.reader_stride = h->reader_stride,
		.readers = BASE_MIN(h->reader_slots, SHMX_READERS_MAX),
		.slots_offset = h->slots_offset,
		.slot_stride = h->slot_stride,
		.slots = BASE_MIN(h->slots, SHMX_SLOTS_MAX),
	};
	take_header(r, h);
	r->kind = SHMX_RING_V2;
	r->bytes = bytes;
	r->slots = h->slots;
	r->slot_count = v2->slots;
	index = shmx_load_relaxed(&h->write_index);
	r->latest_slot = index == 0 ? 0 : (index - 1) % h->slots;
	r->latest = index == 0 ? 0 : shmx_load_relaxed(&h->frame_sequence);
	r->published = shmx_load_relaxed(&h->frame_sequence);
	return NULL;
}

void
shmx_survey_v2_slot(struct shmx_survey *survey, unsigned i,
		    const struct shmx_frame_header *frame)
{
	struct shmx_inspect_ring *r = &survey->ring;
	uint64_t id = shmx_load_relaxed(&frame->frame_id);

	survey->slot[i] = (struct shmx_inspect_slot){
		.state = id != 0 && frame->session == r->session ?
			SHMX_SLOT_PUBLISHED : SHMX_SLOT_FREE,
		.sequence = id,
		.latest = r->latest != 0 && i == r->latest_slot,
		.payload_bytes = frame->payload_bytes,
		.streams = frame->tlv_count,
	};
	if (survey->slot[i].latest)
		r->latest = id;
}

/* ------------------------------------------------------------ readers -- */

static void
take_holds(struct shmx_survey *survey, struct shmx_inspect_reader *reader,
	   const struct shmx_record *record, uint64_t bit)
{
	uint64_t word;
	unsigned i, slot;

	for (i = 0; i < SHMX_HOLDS_MAX; i++) {
		word = shmx_load_relaxed(&record->hold[i]);
		slot = (word & 0xffff) - 1;
		if (word == 0 || slot >= survey->ring.slot_count)
			continue;
		reader->sequence[i] = word >> 16;
		reader->holds_used++;
		reader->slots |= UINT64_C(1) << slot;
		survey->slot[slot].readers |= bit;
	}
}

static void
take_feedback(struct shmx_inspect_reader *reader,
	      const struct shmx_record *record)
{
	unsigned stage, i;

	reader->sleeping = shmx_load_relaxed(&record->sleeping) != 0;
	reader->evicted = shmx_load_relaxed(&record->evicted) != 0;
	reader->held = shmx_load_relaxed(&record->held);
	reader->skipped = shmx_load_relaxed(&record->skipped);
	reader->seen_ns = shmx_load_relaxed(&record->seen_ns);
	reader->put_ns = shmx_load_relaxed(&record->put_ns);
	reader->completed_ns = shmx_load_relaxed(&record->completed_ns);
	reader->presented_ns = shmx_load_relaxed(&record->presented_ns);
	reader->presented = shmx_load_relaxed(&record->presented_sequence);
	for (stage = 0; stage < SHMX_STAGES; stage++)
		for (i = 0; i < SHMX_LATENCY_BUCKETS; i++)
			reader->latency[stage][i] = shmx_load_relaxed(
				&record->latency[stage][i]);
}

struct shmx_inspect_reader *
shmx_survey_record(struct shmx_survey *survey,
		   const struct shmx_record *record)
{
	struct shmx_inspect_ring *r = &survey->ring;
	struct shmx_inspect_reader *reader;

	if (shmx_load_relaxed(&record->in_use) == 0 ||
	    r->reader_count == SHMX_READERS_MAX)
		return NULL;
	reader = &survey->reader[r->reader_count];
	*reader = (struct shmx_inspect_reader){
		.id = shmx_load_relaxed(&record->reader_id),
		.seen = shmx_load_relaxed(&record->last_frame_seen),
		.heartbeat = shmx_load_relaxed(&record->heartbeat),
	};
	if (shmx_load_relaxed(&record->mark) != SHMX_EXT_MAGIC) {
		reader->v2 = true;
		base_clean_text(reader->label, sizeof(reader->label), "v2.0",
				4);
	} else if (record->session != r->session) {
		return NULL;
	} else {
		reader->pid = BASE_MAX(record->pid, 0);
		reader->every = record->mode == SHMX_MODE_EVERY;
		reader->holds_granted = BASE_MIN(record->granted,
						 SHMX_HOLDS_MAX);
		base_clean_text(reader->label, sizeof(reader->label),
				record->label, sizeof(record->label));
		take_holds(survey, reader, record,
			   UINT64_C(1) << r->reader_count);
		take_feedback(reader, record);
	}
	r->holds_granted += reader->holds_granted;
	r->reader_count++;
	return reader;
}

/* ------------------------------------------------------------ streams -- */

static void
take_image(struct shmx_inspect_stream *stream, const unsigned char *extra,
	   uint32_t bytes)
{
	struct shmx_image_desc image;

	if (bytes < sizeof(image))
		return;
	memcpy(&image, extra, sizeof(image));
	if (image.magic != SHMX_IMAGE_MAGIC)
		return;
	stream->width = image.width;
	stream->height = image.height;
	stream->stride = image.stride;
	stream->format = image.format;
}

static bool
take_stream(struct shmx_inspect_stream *stream,
	    const struct shmx_tlv_item *item)
{
	struct shmx_stream_desc d;
	const unsigned char *name = item->body + sizeof(d);
	uint32_t left;

	if (item->type != SHMX_TLV_STATIC_DIR || item->length < sizeof(d))
		return false;
	memcpy(&d, item->body, sizeof(d));
	left = item->length - (uint32_t)sizeof(d);
	if (d.name_bytes > left || d.extra_bytes > left - d.name_bytes)
		return false;
	*stream = (struct shmx_inspect_stream){
		.id = d.stream_id,
		.element_type = d.element_type,
		.components = d.components,
		.layout = d.layout,
		.element_bytes = d.bytes_per_element,
	};
	base_clean_text(stream->name, sizeof(stream->name), (const char *)name,
		  d.name_bytes);
	take_image(stream, name + d.name_bytes, d.extra_bytes);
	return true;
}

void
shmx_survey_directory(struct shmx_survey *survey, const void *directory,
		      size_t used)
{
	struct shmx_tlv_walk walk = shmx_tlv_walk(directory, used);
	struct shmx_inspect_ring *r = &survey->ring;
	struct shmx_tlv_item item;

	while (r->stream_count < SHMX_SURVEY_STREAMS &&
	       shmx_tlv_next(&walk, &item) > 0)
		r->stream_count += take_stream(
			&survey->stream[r->stream_count], &item);
}

void
shmx_survey_present(struct shmx_survey *survey,
		    const struct shmx_stream_tlv *found)
{
	struct shmx_inspect_stream *stream;
	unsigned i;

	for (i = 0; i < survey->ring.stream_count; i++) {
		stream = &survey->stream[i];
		if (stream->id != found->stream_id)
			continue;
		stream->present = true;
		stream->elements = found->elements;
		stream->bytes = found->bytes;
		return;
	}
}
