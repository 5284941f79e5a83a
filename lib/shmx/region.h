/* SPDX-License-Identifier: MIT */
/*
 * region.h - one ring's memory: planned, made, and checked when received
 */
#ifndef SHMX_REGION_H
#define SHMX_REGION_H

#include <stddef.h>
#include <stdint.h>

#include "directory.h"
#include "records.h"
#include "ring.h"

/* The producer's ring memory.  All offsets from its start. */
struct shmx_region {
	int fd;
	int data_fd;			/* to hand out: cannot be mapped */
	int records_fd;			/* writable, and it; or both -1 */
	struct shmx_records records;	/* those in the region */
	void *map;			/* all of it */
	uint64_t bytes;
	uint32_t map_bytes;		/* P: offset of slot 0's first data */
	uint32_t slot_stride;
	uint32_t frame_capacity;	/* payload bytes a slot takes */
	uint32_t directory_capacity;
	uint64_t session;
	struct shmx_ring ring;
};

/* What a region is to be like. */
struct shmx_region_plan {
	const struct shmx_stream *streams;	/* checked */
	unsigned stream_count;
	uint32_t image_flags;		/* enum shmx_image_flags */
	uint32_t slots;
	uint32_t history;
	uint64_t features;		/* enum shmx_feature */
	uint64_t frame_bytes;		/* payload of a slot; 0: as needed */
	uint64_t directory_bytes;	/* 0: as needed */
};

/*
 * Make the memory of a ring: directory written, every slot free, sealed.
 * With SHMX_FEATURE_RECORDS_INSIDE it has SHMX_RECORDS_INSIDE reader records,
 * and is sealed in size only: who has records_fd can write to it.  With
 * SHMX_FEATURE_NAMED it is an object that can be given a name, see object.h,
 * and is not sealed at all.  The memory that there is is checked first; root
 * is as in shmx_memory_available().  -EINVAL for a plan whose parts do not fit
 * together, -ENOMEM; with base_error() said.
 */
int
shmx_region_create(struct shmx_region *region, const char *name,
		   const struct shmx_region_plan *plan, const char *root);
void
shmx_region_destroy(struct shmx_region *region);

/* Where the data of a slot's first stream starts; 0: the first slot. */
static inline uint64_t
shmx_region_data(const struct shmx_region *region, uint32_t slot)
{
	return region->map_bytes + (uint64_t)slot * region->slot_stride;
}

/* The directory of a ring that is ours. */
struct shmx_directory_place
shmx_region_directory(const struct shmx_region *region);

/* What a reader keeps of a region's header, once checked. */
struct shmx_layout {
	struct shmx_ring ring;
	struct shmx_records records;	/* none, or those in the region */
	uint64_t region_bytes;
	uint64_t features;
	uint64_t first_sequence;
	uint32_t generation;
	uint32_t map_bytes;
	uint32_t slots_offset;		/* of slot 0, its header */
	uint32_t slot_stride;
	uint32_t frame_capacity;	/* payload bytes in a slot */
	struct shmx_directory_place directory;
};

/* Where a slot's payload starts; whatever slot_stride is, it lies inside. */
static inline uint64_t
shmx_layout_payload(const struct shmx_layout *layout, uint32_t slot)
{
	return layout->slots_offset + (uint64_t)slot * layout->slot_stride +
		sizeof(struct shmx_frame_header);
}

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
