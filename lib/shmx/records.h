/* SPDX-License-Identifier: MIT */
/*
 * records.h - reader records that lie in the region itself
 *
 * In a native ring each reader has a memfd for its record.  Where others than
 * the host have to find the records (SHMX v2.0's clients, other producers of
 * the same ring) they lie in the region, a page each, and its readers map
 * theirs writable.
 *
 * A record is taken by a compare-and-swap of in_use from 0 to 1: the host does
 * it for our readers, v2.0's clients do it for themselves, from the lowest
 * index up.  The host begins at the highest.
 */
#ifndef SHMX_RECORDS_H
#define SHMX_RECORDS_H

#include <stdint.h>

#include "layout.h"

struct shmx_records {
	char *base;			/* the first; NULL: there are none */
	uint32_t offset;		/* of the first, in the region */
	uint32_t count;			/* at most SHMX_READERS_MAX */
	uint64_t avoid;			/* bits: to be taken last */
	shmx_a32 *connected;		/* header.readers_connected */
};

static inline struct shmx_record *
shmx_records_at(const struct shmx_records *r, uint32_t index)
{
	return (struct shmx_record *)(void *)
		(r->base + (uint64_t)index * SHMX_RECORD_BYTES);
}

static inline uint32_t
shmx_records_index(const struct shmx_records *r,
		   const struct shmx_record *record)
{
	return (uint32_t)(((const char *)record - r->base) /
			  SHMX_RECORD_BYTES);
}

/* Take a free record, and wipe it.  NULL when all are in use. */
struct shmx_record *
shmx_records_take(const struct shmx_records *r);

/* Make all words of a record but in_use 0; the caller has taken it. */
void
shmx_records_wipe(struct shmx_record *record);

/*
 * Give back a record that nobody looks at any more: all its words are 0
 * before it can be taken again.
 */
void
shmx_records_free(const struct shmx_records *r, struct shmx_record *record);

#endif
