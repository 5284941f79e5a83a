/* SPDX-License-Identifier: MIT */
/*
 * directory.h - the static directory: what streams a ring carries
 */
#ifndef SHMX_DIRECTORY_H
#define SHMX_DIRECTORY_H

#include <stddef.h>
#include <stdint.h>

#include "layout.h"
#include <shmx/shmx.h>

/* A reader copies a peer's directory: not gigabytes of it. */
#define SHMX_DIRECTORY_MAX (UINT32_C(1) << 20)

/* A ring's directory in this process. */
struct shmx_directory_place {
	struct shmx_header *header;	/* of which: generation, hash, used */
	shmx_a32 *sequence;		/* the seqlock */
	void *bytes;			/* aligned to 8 */
	uint32_t capacity;
};

/* What the directory of these streams takes. */
uint64_t
shmx_directory_bytes(const struct shmx_stream *streams, unsigned count);

/*
 * Append streams, which have been checked, all of them or none: 0, -ENOSPC or
 * -ENOMEM.  The place is the producer's, and nobody else writes to it.  An
 * image among them has image_flags, of enum shmx_image_flags.
 */
int
shmx_directory_append(const struct shmx_directory_place *place,
		      const struct shmx_stream *streams, unsigned count,
		      uint32_t image_flags);

/*
 * Put a directory that somebody else wrote, which has been parsed, in place of
 * what is there.
 */
void
shmx_directory_replace(const struct shmx_directory_place *place,
		       const void *bytes, uint32_t used);

/* What is private to a snapshot, of one stream. */
struct shmx_directory_entry {
	struct shmx_stream stream;	/* name and extra in the snapshot */
	uint64_t element_bytes;		/* all components of one element */
	uint32_t bytes_per_component;
	uint32_t image_flags;
};

/*
 * A snapshot of a directory whose generation number, for who asks, begins
 * with `serial`: 0 and *out, which is the caller's.  -EAGAIN while it is
 * being changed, -EPROTO for one that is malformed, -ENOMEM; with
 * base_error() said.
 */
int
shmx_directory_read(struct shmx_directory **out,
		    const struct shmx_directory_place *place, uint64_t serial);

/*
 * The same from `used` bytes that are nobody else's, aligned to 8.  For tests
 * and for rings that have no seqlock.
 */
int
shmx_directory_parse(struct shmx_directory **out, const void *bytes,
		     uint32_t used, uint64_t generation);

const struct shmx_directory_entry *
shmx_directory_entry(const struct shmx_directory *dir, uint32_t id);

/* Its first image, or NULL. */
const struct shmx_directory_entry *
shmx_directory_image(const struct shmx_directory *dir);

/* What shmx_directory_generation() returns. */
static inline uint64_t
shmx_directory_number(uint64_t serial, uint32_t generation)
{
	return serial << 32 | generation;
}

#endif
