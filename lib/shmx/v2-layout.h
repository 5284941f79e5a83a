/* SPDX-License-Identifier: MIT */
/*
 * v2-layout.h - where things lie in a ring of SHMX v2.0
 */
#ifndef SHMX_V2_LAYOUT_H
#define SHMX_V2_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "layout.h"

/* Of a record and of what comes before a control ring's data. */
#define SHMX_V2_RECORD_BYTES	64
#define SHMX_V2_CONTROL_HEAD	16

/* What a reader keeps of a header, once checked. */
struct shmx_v2_layout {
	uint64_t session;
	uint64_t bytes;			/* all sections end before */
	uint32_t static_offset;
	uint32_t static_capacity;
	uint32_t slots;
	uint32_t slot_stride;
	uint32_t slots_offset;
	uint32_t frame_capacity;
	uint32_t readers;		/* 0: no records that could be used */
	uint32_t reader_stride;
	uint32_t readers_offset;
	uint32_t control_offset;
	uint32_t control_bytes;		/* 0: no control rings */
	uint32_t control_stride;
};

/* Is it of this version, and this machine's?  NULL, or what it is not. */
const char *
shmx_v2_version_fault(const struct shmx_header *header);

/*
 * Check a private copy of a header, of an object of that size: NULL and
 * *layout, or what is wrong with it (static storage).
 */
const char *
shmx_v2_layout_check(struct shmx_v2_layout *layout,
		     const struct shmx_header *header, uint64_t size);

/* Does a ring of ours begin with this header, and no other of v2.0? */
bool
shmx_v2_is_ours(const struct shmx_header *header);

#endif
