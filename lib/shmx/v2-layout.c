/* SPDX-License-Identifier: MIT */
/*
 * v2-layout.c - where things lie in a ring of SHMX v2.0
 */
#include "config.h"

#include "v2-layout.h"

#include <stdbool.h>

#include "base/base.h"

/* count things, stride apart, each of size bytes, inside an object. */
static bool
fits(uint64_t offset, uint64_t count, uint64_t stride, uint64_t size,
     uint64_t object)
{
	return offset >= sizeof(struct shmx_header) && offset % 8 == 0 &&
	       stride % 8 == 0 && stride >= size &&
	       offset + (count - 1) * stride + size <= object;
}

/* Records and control rings are nice to have, but no frame is lost without. */
static void
find_records(struct shmx_v2_layout *l, const struct shmx_header *h,
	     uint64_t size)
{
	if (h->reader_slots == 0 ||
	    !fits(h->readers_offset, h->reader_slots, h->reader_stride,
		  SHMX_V2_RECORD_BYTES, size))
		return;
	l->readers = h->reader_slots;
	l->reader_stride = h->reader_stride;
	l->readers_offset = h->readers_offset;
	/* Room for one message of no bytes, at least. */
	if (h->control_bytes < SHMX_V2_CONTROL_HEAD + SHMX_TLV_ALIGN ||
	    !fits(h->control_offset, h->reader_slots, h->control_stride,
		  h->control_bytes, size))
		return;
	l->control_offset = h->control_offset;
	l->control_bytes = h->control_bytes;
	l->control_stride = h->control_stride;
}

const char *
shmx_v2_version_fault(const struct shmx_header *h)
{
	if (h->magic != SHMX_MAGIC)
		return "wrong magic number";
	if (h->version_major != SHMX_VERSION_MAJOR)
		return "another major version";
	if (h->endian_tag != SHMX_ENDIAN_TAG)
		return "another byte order";
	return NULL;
}

const char *
shmx_v2_layout_check(struct shmx_v2_layout *l, const struct shmx_header *h,
		     uint64_t size)
{
	const uint64_t head = sizeof(struct shmx_frame_header);
	const char *fault = shmx_v2_version_fault(h);

	if (fault != NULL)
		return fault;
	if (h->slots == 0 || h->frame_capacity < sizeof(struct shmx_tlv) ||
	    !fits(h->slots_offset, h->slots, h->slot_stride,
		  head + h->frame_capacity, size))
		return "slots out of bounds";
	if ((uint64_t)h->static_offset + h->static_capacity > size)
		return "directory out of bounds";
	*l = (struct shmx_v2_layout){
		.session = h->session,
		.bytes = size,
		.static_offset = h->static_offset,
		.static_capacity = h->static_capacity,
		.slots = h->slots,
		.slot_stride = h->slot_stride,
		.slots_offset = h->slots_offset,
		.frame_capacity = h->frame_capacity,
	};
	find_records(l, h, size);
	return NULL;
}

bool
shmx_v2_is_ours(const struct shmx_header *header)
{
	return header->ext_offset != 0 &&
	       header->ext_check == (header->ext_offset ^ SHMX_EXT_CHECK);
}
