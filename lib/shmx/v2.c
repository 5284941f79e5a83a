/* SPDX-License-Identifier: MIT */
/*
 * v2.c - what a named ring says to readers of SHMX v2.0
 *
 *	v2.0's reader			writer
 *	V1 load write_index		N1 frame_id = 0
 *	V2 its slot's frame_id		N2 write the payload, the header
 *	V3 look at header, payload	N3 frame_id = sequence
 *	V4 does the checksum hold?	N4 write_index = the slot's
 *
 * N3 and N4 are releases, V1 and V2 acquire them.  A frame that is overwritten
 * during V3 fails at V4, as v2.0 has it; N1 spares its reader the work.
 */
#include "config.h"

#include "v2.h"

#include <string.h>

#include "atomic.h"
#include "checksum.h"
#include "kill.h"

void
shmx_v2_init(struct shmx_v2 *v2, const struct shmx_region *region, bool lazy)
{
	struct shmx_header *h = region->map;

	*v2 = (struct shmx_v2){
		.header = h,
		.session = region->session,
		.slots = (char *)region->map + h->slots_offset,
		.slot_stride = h->slot_stride,
		.count = h->slots,
		.records = region->records,
		.lazy = lazy,
	};
}

static struct shmx_frame_header *
frame_at(const struct shmx_v2 *v2, uint32_t slot)
{
	return (struct shmx_frame_header *)(void *)
		(v2->slots + (uint64_t)slot * v2->slot_stride);
}

bool
shmx_v2_is_guest(const struct shmx_record *record)
{
	/* Relaxed: whatever is wrong with it is right at the next look. */
	return shmx_load_relaxed(&record->in_use) != 0 &&
	       shmx_load_relaxed(&record->mark) != SHMX_EXT_MAGIC;
}

/* ----------------------------------------------------------- soft holds -- */

/* The slot of a frame as bit, if it is still there. */
static uint64_t
slot_of(const struct shmx_writer *w, uint64_t sequence)
{
	uint32_t s;

	for (s = 0; sequence != 0 && s < w->ring.slots; s++)
		if (w->sequence[s] == sequence)
			return UINT64_C(1) << s;
	return 0;
}

void
shmx_v2_prefer(const struct shmx_v2 *v2, struct shmx_writer *w)
{
	const struct shmx_record *record;
	uint32_t i;

	w->avoid = 0;
	w->oldest_first = false;
	for (i = 0; i < v2->records.count; i++) {
		record = shmx_records_at(&v2->records, i);
		if (!shmx_v2_is_guest(record))
			continue;
		/* Who has just asked for write_index has the most time. */
		w->oldest_first = true;
		w->avoid |= slot_of(w, shmx_load_relaxed(
			&record->last_frame_seen));
	}
}

/* ---------------------------------------------------------------- frames -- */

void
shmx_v2_spoil(const struct shmx_v2 *v2, uint32_t slot)
{
	/* N1: seq_cst, so that it stays before what is written after it. */
	shmx_store_seq_cst(&frame_at(v2, slot)->frame_id, 0);
	SHMX_KILL_POINT("N1");
}

static bool
has_guest(const struct shmx_v2 *v2)
{
	uint32_t i;

	for (i = 0; i < v2->records.count; i++)
		if (shmx_v2_is_guest(shmx_records_at(&v2->records, i)))
			return true;
	return false;
}

/*
 * The next index that leads to a slot: a reader takes (index - 1) % slots, and
 * 0 for none.  The number of slots divides 2^32, so that this holds where the
 * index starts again; it is another one than the last in any case.
 */
static uint32_t
next_index(const struct shmx_v2 *v2, uint32_t slot)
{
	uint32_t next = v2->write_index + 1;

	next += (slot + 1 - next) & (v2->count - 1);
	return next != 0 ? next : v2->count;
}

/*
 * v2.0 has no frame of no bytes: a TLV of no type and no length says nothing
 * either.  None of our readers looks at it.
 */
static uint32_t
fill_empty(struct shmx_frame_header *f)
{
	const struct shmx_tlv nothing = { 0, 0 };

	memcpy(f + 1, &nothing, sizeof(nothing));
	return sizeof(nothing);
}

void
shmx_v2_publish(struct shmx_v2 *v2, const struct shmx_frame *frame,
		uint64_t sequence)
{
	struct shmx_frame_header *f = frame_at(v2, frame->slot);
	uint32_t bytes = frame->payload_bytes;

	if (v2->lazy && !has_guest(v2))
		return;
	/* N2: the payload is there already, unless it is none. */
	f->session = v2->session;
	f->sim_time = frame->sim_time;
	if (bytes == 0)
		bytes = fill_empty(f);
	f->payload_bytes = bytes;
	f->tlv_count = frame->tlv_count;
	f->checksum = shmx_checksum(f + 1, bytes);
	SHMX_KILL_POINT("N2");
	shmx_store_release(&f->frame_id, sequence);	/* N3 */
	SHMX_KILL_POINT("N3");
	shmx_store_relaxed(&v2->header->frame_sequence, sequence);
	v2->write_index = next_index(v2, frame->slot);
	/* N4 */
	shmx_store_release(&v2->header->write_index, v2->write_index);
	SHMX_KILL_POINT("N4");
	v2->checksummed++;
}
