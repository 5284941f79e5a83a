/* SPDX-License-Identifier: MIT */
/*
 * region.c - one ring's memory: planned, made, and checked when received
 */
#include "config.h"

#include "region.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"
#include "atomic.h"
#include "directory.h"
#include "memory.h"
#include "object.h"
#include "segment.h"
#include "stream.h"
#include "v2-layout.h"

/* Where everything goes; see layout.h. */
struct plan {
	uint32_t page;
	uint32_t ext_offset;
	uint32_t ext_bytes;
	uint32_t state_offset;		/* these from the extension */
	uint32_t meta_offset;
	uint32_t damage_offset;
	uint32_t records;
	uint32_t records_offset;	/* 0: there are none */
	uint32_t map_bytes;
	uint64_t slot_stride;
	uint64_t region_bytes;
};

/* Payload of a slot. */
static int
plan_frame(const struct shmx_region_plan *want, uint64_t *payload)
{
	const struct shmx_stream *s = want->streams;
	uint64_t all = 0, room, image = 0;
	unsigned i;

	if (want->stream_count == 0 && want->frame_bytes == 0)
		return base_error(-EINVAL, "a ring needs streams, or "
				  "frame_bytes for those that will be added");
	for (i = 0; i < want->stream_count; i++) {
		room = shmx_stream_room(shmx_stream_bytes(&s[i]));
		if (s[i].kind == SHMX_STREAM_IMAGE)
			image = room;
		else
			room += image;
		if (want->frame_bytes != 0 && want->frame_bytes < room)
			return base_error(-EINVAL, "stream \"%s\" does not fit "
					  "into frames of %" PRIu64 " bytes: "
					  "it takes %" PRIu64, s[i].name,
					  want->frame_bytes, room);
		all += shmx_stream_room(shmx_stream_bytes(&s[i]));
	}
	*payload = want->frame_bytes != 0 ? want->frame_bytes : all;
	return 0;
}

/* Where the directory ends. */
static int
plan_directory(const struct shmx_region_plan *want, struct plan *p)
{
	uint64_t need = shmx_directory_bytes(want->streams,
					     want->stream_count);
	uint64_t bytes = want->directory_bytes != 0 ? want->directory_bytes :
		need;

	if (need > SHMX_DIRECTORY_MAX || bytes > SHMX_DIRECTORY_MAX)
		return base_error(-EINVAL, "a directory of %" PRIu64 " bytes "
				  "is larger than the %" PRIu32 " it may have",
				  BASE_MAX(need, bytes), SHMX_DIRECTORY_MAX);
	if (bytes < need)
		return base_error(-EINVAL, "the streams need a directory of %"
				  PRIu64 " bytes, not %" PRIu64, need, bytes);
	p->ext_offset = (uint32_t)base_round_up(
		sizeof(struct shmx_header) + BASE_MAX(bytes, 1), p->page);
	return 0;
}

static int
make_plan(const struct shmx_region_plan *want, struct plan *out)
{
	struct plan p = { .page = (uint32_t)sysconf(_SC_PAGESIZE) };
	uint32_t slots = want->slots, end;
	uint64_t payload = 0;
	int ret;

	ret = plan_frame(want, &payload);
	if (ret == 0)
		ret = plan_directory(want, &p);
	if (ret < 0)
		return ret;
	p.state_offset = sizeof(struct shmx_ext);
	p.meta_offset = (uint32_t)base_round_up(
		p.state_offset + slots * sizeof(shmx_a64), 64);
	p.damage_offset = p.meta_offset +
		slots * (uint32_t)sizeof(struct shmx_slot_meta);
	p.ext_bytes = p.damage_offset + SHMX_DAMAGE_ENTRIES *
		(uint32_t)sizeof(struct shmx_damage_entry);
	end = p.ext_offset + p.ext_bytes;
	if (want->features & SHMX_FEATURE_RECORDS_INSIDE) {
		p.records = SHMX_RECORDS_INSIDE;
		p.records_offset = (uint32_t)base_round_up(end, p.page);
		end = p.records_offset + p.records * SHMX_RECORD_BYTES;
	}
	p.map_bytes = (uint32_t)base_round_up(end + SHMX_SLOT_HEAD, p.page);
	/* What no ring can have is said by who checks the memory. */
	payload = BASE_MIN(payload, SHMX_REGION_MAX);
	p.slot_stride = base_round_up(sizeof(struct shmx_frame_header) +
				      BASE_MAX(payload, SHMX_STREAM_HEAD),
				      p.page);
	p.region_bytes = p.map_bytes + slots * p.slot_stride;
	*out = p;
	return 0;
}

static double
megabytes(uint64_t bytes)
{
	return (double)bytes / 1e6;
}

/* One line with the size and the slot count that would fit. */
static int
say_too_large(const struct plan *p, const char *name, uint32_t slots,
	      uint32_t slots_min, struct shmx_memory have)
{
	uint64_t fit = have.bytes < p->map_bytes ? 0 :
		(have.bytes - p->map_bytes) / p->slot_stride;
	char advice[64];

	if (fit >= slots_min)
		snprintf(advice, sizeof(advice), "%" PRIu64 " slots would fit",
			 fit);
	else
		snprintf(advice, sizeof(advice), "not even %" PRIu32 " slots "
			 "fit, use smaller frames", slots_min);
	return base_error(-ENOMEM, "ring \"%s\" needs %.1f MB, %" PRIu32
			  " slots of %.1f MB, but %s %.1f MB: %s", name,
			  megabytes(p->region_bytes), slots,
			  megabytes(p->slot_stride), have.limit,
			  megabytes(have.bytes), advice);
}

static int
check_memory(const struct plan *p, const char *name,
	     const struct shmx_region_plan *want, const char *root)
{
	struct shmx_memory have = shmx_memory_available(root);

	if (want->features & SHMX_FEATURE_NAMED)
		shmx_memory_limit_dir(&have, SHMX_OBJECT_DIR,
				      SHMX_OBJECT_DIR " has free");
	/* Scratch memory, for when no slot is free, is needed too. */
	have.bytes -= BASE_MIN(have.bytes, p->slot_stride);
	if (have.bytes > SHMX_REGION_MAX)
		have = (struct shmx_memory){ SHMX_REGION_MAX,
			"a ring may have" };
	return p->region_bytes <= have.bytes ? 0 :
		say_too_large(p, name, want->slots, want->history + 2, have);
}

static void
write_header(struct shmx_region *r, const struct plan *p, uint32_t slots)
{
	struct shmx_header *h = r->map;

	h->version_major = SHMX_VERSION_MAJOR;
	h->version_minor = SHMX_VERSION_MINOR;
	h->endian_tag = SHMX_ENDIAN_TAG;
	h->ext_offset = p->ext_offset;
	h->ext_check = p->ext_offset ^ SHMX_EXT_CHECK;
	h->session = r->session;
	h->static_offset = sizeof(*h);
	h->static_capacity = r->directory_capacity;
	h->slots = slots;
	h->slot_stride = (uint32_t)p->slot_stride;
	h->slots_offset = p->map_bytes - (uint32_t)SHMX_SLOT_HEAD;
	h->frame_capacity = r->frame_capacity;
	if (p->records != 0) {
		h->reader_slots = p->records;
		h->reader_stride = SHMX_RECORD_BYTES;
		h->readers_offset = p->records_offset;
		h->control_offset = p->records_offset +
			SHMX_RECORD_CONTROL_OFFSET;
		h->control_bytes = SHMX_RECORD_CONTROL_BYTES;
		h->control_stride = SHMX_RECORD_BYTES;
	}
}

static void
write_ext(struct shmx_region *r, const struct plan *p,
	  const struct shmx_region_plan *want)
{
	struct shmx_ext *e = r->ring.ext;

	e->magic = SHMX_EXT_MAGIC;
	e->version = SHMX_EXT_VERSION;
	e->bytes = p->ext_bytes;
	e->session = r->session;
	e->features = want->features;
	e->region_bytes = p->region_bytes;
	e->page_bytes = p->page;
	e->slots = want->slots;
	e->readers_max = SHMX_READERS_MAX;
	e->holds_max = SHMX_HOLDS_MAX;
	e->history = want->history;
	e->state_offset = p->state_offset;
	e->meta_offset = p->meta_offset;
	e->damage_offset = p->damage_offset;
	e->meta_stride = sizeof(struct shmx_slot_meta);
	e->damage_entries = SHMX_DAMAGE_ENTRIES;
	e->map_bytes = p->map_bytes;
	e->producer_pid = (int32_t)getpid();
	e->created_ns = base_now_ns();
	e->writers_max = 1;
	shmx_store_relaxed(&e->host_state, SHMX_HOST_RUNNING);
}

static struct shmx_ring
place_ring(void *map, const struct plan *p, uint32_t slots, uint32_t history)
{
	char *ext = (char *)map + p->ext_offset;

	return (struct shmx_ring){
		.ext = (void *)ext,
		.state = (void *)(ext + p->state_offset),
		.meta = (void *)(ext + p->meta_offset),
		.damage = (void *)(ext + p->damage_offset),
		.slots = slots,
		.history = history,
	};
}

struct shmx_directory_place
shmx_region_directory(const struct shmx_region *r)
{
	/* Not by the header: in a named ring others can write to that. */
	return (struct shmx_directory_place){
		.header = r->map,
		.sequence = &r->ring.ext->directory_sequence,
		.bytes = (char *)r->map + sizeof(struct shmx_header),
		.capacity = r->directory_capacity,
	};
}

/* All that is constant, the magic number last. */
static int
write_region(struct shmx_region *r, const struct plan *p,
	     const struct shmx_region_plan *want)
{
	struct shmx_directory_place place;
	int ret;

	write_header(r, p, want->slots);
	write_ext(r, p, want);
	place = shmx_region_directory(r);
	ret = shmx_directory_append(&place, want->streams,
				    want->stream_count, want->image_flags);
	if (ret < 0)
		return base_error(ret, "cannot write the directory: %s",
				  strerror(-ret));
	place.header->magic = SHMX_MAGIC;
	return 0;
}

static struct shmx_records
place_records(void *map, uint32_t offset, uint32_t count)
{
	return (struct shmx_records){
		.base = count != 0 ? (char *)map + offset : NULL,
		.offset = offset,
		.count = count,
		.connected = &((struct shmx_header *)map)->readers_connected,
	};
}

/*
 * Two more ways into the region, each a file description of its own: one to
 * map a record through, and one for all else, through which nobody can.
 */
static int
open_shares(struct shmx_region *r)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", r->fd);
	r->data_fd = base_sys.open(path, O_RDONLY | O_CLOEXEC, 0);
	if (r->data_fd < 0)
		return -errno;
	r->records_fd = base_sys.open(path, O_RDWR | O_CLOEXEC, 0);
	return r->records_fd < 0 ? -errno : 0;
}

static int
make_memory(struct shmx_region *r, const char *name,
	    const struct shmx_region_plan *want, uint64_t bytes)
{
	bool inside = want->features & SHMX_FEATURE_RECORDS_INSIDE;
	char label[sizeof(SHMX_LABEL_RING) + SHMX_NAME_MAX];
	int ret;

	snprintf(label, sizeof(label), "%s%s",
		 want->features & SHMX_FEATURE_COPIED ? SHMX_LABEL_COPY :
		 SHMX_LABEL_RING, name);
	ret = want->features & SHMX_FEATURE_NAMED ?
		shmx_object_create(bytes, &r->fd, &r->map) :
		shmx_segment_create(label, bytes, inside ? SHMX_SEALS_RECORD :
				    SHMX_SEALS_DATA, &r->fd, &r->map);
	if (ret < 0)
		return ret;
	r->bytes = bytes;
	if (inside)
		ret = open_shares(r);
	if (ret < 0)
		shmx_region_destroy(r);
	return ret;
}

int
shmx_region_create(struct shmx_region *r, const char *name,
		   const struct shmx_region_plan *want, const char *root)
{
	struct plan p;
	int ret;

	*r = (struct shmx_region){ .fd = -1, .data_fd = -1, .records_fd = -1 };
	ret = make_plan(want, &p);
	if (ret == 0)
		ret = check_memory(&p, name, want, root);
	if (ret < 0)
		return ret;
	ret = make_memory(r, name, want, p.region_bytes);
	if (ret < 0)
		return base_error(ret, "cannot make the %.1f MB of ring "
				  "\"%s\": %s", megabytes(p.region_bytes),
				  name, strerror(-ret));
	r->map_bytes = p.map_bytes;
	r->directory_capacity = p.ext_offset -
		(uint32_t)sizeof(struct shmx_header);
	r->slot_stride = (uint32_t)p.slot_stride;
	r->frame_capacity = (uint32_t)(p.slot_stride -
				       sizeof(struct shmx_frame_header));
	if (getrandom(&r->session, sizeof(r->session), GRND_NONBLOCK) !=
	    sizeof(r->session))
		r->session = base_now_ns() ^ (uint64_t)getpid() << 32;
	r->ring = place_ring(r->map, &p, want->slots, want->history);
	r->records = place_records(r->map, p.records_offset, p.records);
	ret = write_region(r, &p, want);
	if (ret < 0)
		shmx_region_destroy(r);
	return ret;
}

void
shmx_region_destroy(struct shmx_region *r)
{
	shmx_segment_unmap(r->map, r->bytes);
	r->map = NULL;
	base_close(&r->fd);
	base_close(&r->data_fd);
	base_close(&r->records_fd);
}

/* --------------------------------------------------------- a peer's --- */

static int
malformed(const char *what)
{
	return base_error(-EPROTO, "the producer's ring is malformed: %s",
			  what);
}

/* A table of count entries inside the extension, after its header. */
static bool
table_fits(const struct shmx_ext *e, uint32_t offset, uint32_t count,
	   uint64_t size)
{
	return offset >= sizeof(*e) && offset % 8 == 0 &&
	       offset + count * size <= e->bytes;
}

static const char *
header_fault(const struct shmx_header *h, uint32_t map_bytes,
	     uint64_t session)
{
	const char *fault = shmx_v2_version_fault(h);

	if (fault != NULL)
		return fault;
	if (h->session != session)
		return "another session";
	if (h->ext_check != (h->ext_offset ^ SHMX_EXT_CHECK))
		return "no extension";
	if (h->ext_offset < sizeof(*h) || h->ext_offset % 64 != 0 ||
	    (uint64_t)h->ext_offset + sizeof(struct shmx_ext) > map_bytes)
		return "extension out of bounds";
	if (h->static_offset < sizeof(*h) || h->static_offset % 8 != 0 ||
	    h->static_used > BASE_MIN(h->static_capacity,
				      SHMX_DIRECTORY_MAX) ||
	    (uint64_t)h->static_offset + h->static_capacity > h->ext_offset)
		return "directory out of bounds";
	return NULL;
}

/* Records in the region: none, or all that SHMX v2.0 says of them. */
static const char *
records_fault(const struct shmx_header *h, const struct shmx_ext *e)
{
	uint32_t end = h->ext_offset + e->bytes;
	bool inside = e->features & SHMX_FEATURE_RECORDS_INSIDE;

	if ((h->readers_offset != 0) != inside)
		return "reader records where there are none";
	if (!inside)
		return NULL;
	if (h->reader_slots < 1 || h->reader_slots > SHMX_READERS_MAX ||
	    h->reader_stride != SHMX_RECORD_BYTES ||
	    h->control_stride != SHMX_RECORD_BYTES ||
	    h->control_bytes != SHMX_RECORD_CONTROL_BYTES)
		return "reader records of another shape";
	if (h->readers_offset < end || h->readers_offset % 64 != 0 ||
	    h->readers_offset > e->map_bytes ||
	    h->reader_slots * SHMX_RECORD_BYTES >
	    e->map_bytes - h->readers_offset ||
	    h->control_offset != h->readers_offset +
	    SHMX_RECORD_CONTROL_OFFSET)
		return "reader records out of bounds";
	return NULL;
}

/* The frames: whole slots, of whole cache lines, where mapping ends. */
static const char *
slots_fault(const struct shmx_header *h, uint32_t map_bytes,
	    uint64_t region_bytes)
{
	uint64_t head = sizeof(struct shmx_frame_header);

	if (h->slots_offset != map_bytes - SHMX_SLOT_HEAD ||
	    map_bytes % 64 != 0 || h->slot_stride % 64 != 0)
		return "slots out of place";
	if (h->frame_capacity < SHMX_STREAM_HEAD ||
	    head + h->frame_capacity > h->slot_stride)
		return "frames larger than slots";
	if (h->slots_offset + (uint64_t)h->slots * h->slot_stride >
	    region_bytes)
		return "slots out of bounds";
	return NULL;
}

static const char *
ext_fault(const struct shmx_ext *e, const struct shmx_header *h,
	  uint32_t map_bytes, uint64_t region_bytes)
{
	if (e->magic != SHMX_EXT_MAGIC || e->version != SHMX_EXT_VERSION)
		return "an extension of another version";
	if (e->session != h->session || e->slots != h->slots ||
	    e->region_bytes != region_bytes || e->map_bytes != map_bytes)
		return "header and extension disagree";
	if (e->slots < 3 || e->slots > SHMX_SLOTS_MAX)
		return "slot count out of range";
	if (e->history < 1 || e->history > e->slots - 2)
		return "history out of range";
	if (e->holds_max != SHMX_HOLDS_MAX ||
	    e->meta_stride != sizeof(struct shmx_slot_meta) ||
	    e->damage_entries != SHMX_DAMAGE_ENTRIES)
		return "tables of another shape";
	if (e->bytes > map_bytes - h->ext_offset ||
	    !table_fits(e, e->state_offset, e->slots, sizeof(shmx_a64)) ||
	    !table_fits(e, e->meta_offset, e->slots,
			sizeof(struct shmx_slot_meta)) ||
	    !table_fits(e, e->damage_offset, e->damage_entries,
			sizeof(struct shmx_damage_entry)))
		return "tables out of bounds";
	return records_fault(h, e);
}

int
shmx_region_check(struct shmx_layout *layout, void *map, uint32_t map_bytes,
		  uint64_t region_bytes, uint64_t session)
{
	struct shmx_header h;
	struct shmx_ext e;
	struct plan p = { 0 };
	const char *fault;

	if (map_bytes < sizeof(h) || map_bytes > region_bytes ||
	    region_bytes > SHMX_REGION_MAX)
		return malformed("sizes out of range");
	shmx_copy_words(&h, map, sizeof(h));
	fault = header_fault(&h, map_bytes, session);
	if (fault != NULL)
		return malformed(fault);
	shmx_copy_words(&e, (char *)map + h.ext_offset, sizeof(e));
	fault = ext_fault(&e, &h, map_bytes, region_bytes);
	if (fault == NULL)
		fault = slots_fault(&h, map_bytes, region_bytes);
	if (fault != NULL)
		return malformed(fault);
	p.ext_offset = h.ext_offset;
	p.state_offset = e.state_offset;
	p.meta_offset = e.meta_offset;
	p.damage_offset = e.damage_offset;
	*layout = (struct shmx_layout){
		.ring = place_ring(map, &p, e.slots, e.history),
		.records = place_records(map, h.readers_offset,
					 h.readers_offset != 0 ?
					 h.reader_slots : 0),
		.region_bytes = region_bytes,
		.features = e.features,
		.first_sequence = e.first_sequence,
		.generation = e.generation,
		.map_bytes = map_bytes,
		.slots_offset = h.slots_offset,
		.slot_stride = h.slot_stride,
		.frame_capacity = h.frame_capacity,
	};
	layout->directory = (struct shmx_directory_place){
		.header = map,
		.sequence = &layout->ring.ext->directory_sequence,
		.bytes = (char *)map + h.static_offset,
		.capacity = h.static_capacity,
	};
	return 0;
}
