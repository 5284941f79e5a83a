/* SPDX-License-Identifier: MIT */
/*
 * region.h - one ring's memory: planned, made, and checked when received
 */
#ifndef SHMX_REGION_H
#define SHMX_REGION_H

#include <stddef.h>
#include <stdint.h>

#include "ring.h"

/* The producer's ring memory.  All offsets from its start. */
struct shmx_region {
	int fd;
	void *map;			/* all of it */
	uint64_t bytes;
	uint32_t map_bytes;		/* P: offset of slot 0's pixels */
	uint32_t slot_stride;
	uint32_t stride;		/* of a row, bytes */
	uint64_t pixels_bytes;		/* of the largest frame */
	uint64_t session;
	struct shmx_ring ring;
};

/*
 * Make the memory of a ring with one image stream: directory written, every
 * slot free, sealed.  The memory that there is is checked first; root is as
 * in shmx_memory_available().  -ENOMEM with base_error() said.
 */
int
shmx_region_create(struct shmx_region *region, const char *name,
		   const struct shmx_stream *stream, uint32_t slots,
		   uint32_t history, const char *root);
void
shmx_region_destroy(struct shmx_region *region);

/*
 * Offset of row 0 of a slot.
 */
static inline uint64_t
shmx_region_pixels(const struct shmx_region *region, uint32_t slot)
{
	return region->map_bytes + (uint64_t)slot * region->slot_stride;
}

/* What a reader keeps of a region's header, once checked. */
struct shmx_layout {
	struct shmx_ring ring;
	uint64_t region_bytes;
	uint32_t map_bytes;
	uint32_t static_offset;
	uint32_t static_used;
};

/*
 * Check a ring that a peer made, mapped at map for map_bytes of its
 * region_bytes.  The headers are read once, copied, and never again: only
 * *layout counts from here on.  -EPROTO, with base_error() said, for whatever
 * is not as it should be.
 */
int
shmx_region_check(struct shmx_layout *layout, void *map, uint32_t map_bytes,
		  uint64_t region_bytes, uint64_t session);

#endif
