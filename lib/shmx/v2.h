/* SPDX-License-Identifier: MIT */
/*
 * v2.h - what a named ring says to readers of SHMX v2.0
 *
 * They know nothing of holds: they find the newest frame by write_index, and
 * see by its header and checksum whether it was overwritten meanwhile.  So the
 * writer spoils the header of a slot before it writes there, fills it after
 * publishing, and keeps away from the frames that they looked at last for as
 * long as there are others ("soft holds": a preference, never a promise).
 *
 * All of it runs in the writer's thread, and only for rings that have names.
 */
#ifndef SHMX_V2_H
#define SHMX_V2_H

#include <stdbool.h>
#include <stdint.h>

#include "region.h"

struct shmx_v2 {
	struct shmx_header *header;	/* NULL: a native ring */
	uint64_t session;
	char *slots;			/* slot 0, its header */
	uint32_t slot_stride;
	uint32_t count;			/* of slots; a power of two */
	struct shmx_records records;
	bool lazy;			/* SHMX_LAZY_CHECKSUM */
	uint32_t write_index;		/* as stored last */
	uint64_t checksummed;
};

/* For a region with SHMX_FEATURE_NAMED. */
void
shmx_v2_init(struct shmx_v2 *v2, const struct shmx_region *region, bool lazy);

/* Before a claim: have the writer prefer what v2.0's readers do not look at. */
void
shmx_v2_prefer(const struct shmx_v2 *v2, struct shmx_writer *w);

/* After a claim, before anything is written there: it is no frame now. */
void
shmx_v2_spoil(const struct shmx_v2 *v2, uint32_t slot);

/*
 * After publishing it as that sequence number: the frame as v2.0 sees it.  What
 * the ring says of it is not believed: others can write there.
 */
void
shmx_v2_publish(struct shmx_v2 *v2, const struct shmx_frame *frame,
		uint64_t sequence);

/* Is it a record in use by a reader of v2.0?  A guess: it may be leaving. */
bool
shmx_v2_is_guest(const struct shmx_record *record);

#endif
