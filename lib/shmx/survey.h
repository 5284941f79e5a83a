/* SPDX-License-Identifier: MIT */
/*
 * survey.h - what a private copy of a ring's words says, in words
 *
 * Pure functions over memory that nobody else changes: inspect.c copies, this
 * makes sense of it.  The copy may hold anything at all; what does not fit is
 * left out.
 */
#ifndef SHMX_SURVEY_H
#define SHMX_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "region.h"

#define SHMX_SURVEY_STREAMS 256

struct shmx_survey {
	struct shmx_inspect_ring ring;
	struct shmx_inspect_slot slot[SHMX_SLOTS_MAX];
	struct shmx_inspect_reader reader[SHMX_READERS_MAX];
	struct shmx_inspect_stream stream[SHMX_SURVEY_STREAMS];
};

/* Where things lie in an SHMX v2.0 ring, checked. */
struct shmx_survey_v2 {
	uint32_t static_offset;
	uint32_t static_used;
	uint32_t readers_offset;
	uint32_t reader_stride;
	uint32_t readers;		/* at most SHMX_READERS_MAX */
	uint32_t slots_offset;
	uint32_t slot_stride;
	uint32_t slots;			/* at most SHMX_SLOTS_MAX */
};

/*
 * A ring of ours: its layout was checked by shmx_region_check(), on this copy.
 * Fills ring, but for what was known before, and slot[].
 */
void
shmx_survey_ring(struct shmx_survey *survey, const struct shmx_layout *layout,
		 const struct shmx_header *header);

/*
 * A ring of SHMX v2.0 in an object of that size: NULL and *v2, or what is
 * wrong with its header (static storage).  Fills ring.
 */
const char *
shmx_survey_v2(struct shmx_survey *survey, const struct shmx_header *header,
	       uint64_t bytes, struct shmx_survey_v2 *v2);

/* Slot i of an SHMX v2.0 ring, by its frame header. */
void
shmx_survey_v2_slot(struct shmx_survey *survey, unsigned i,
		    const struct shmx_frame_header *frame);

/*
 * A record: adds a reader and returns it, or NULL when it is nobody's, or not
 * of this ring.  Says in slot[] which slots it holds.
 */
struct shmx_inspect_reader *
shmx_survey_record(struct shmx_survey *survey,
		   const struct shmx_record *record);

/* The directory. */
void
shmx_survey_directory(struct shmx_survey *survey, const void *directory,
		      size_t used);

/* A stream was found in the latest frame. */
void
shmx_survey_present(struct shmx_survey *survey,
		    const struct shmx_stream_tlv *stream);

#endif
