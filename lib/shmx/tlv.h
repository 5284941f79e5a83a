/* SPDX-License-Identifier: MIT */
/*
 * tlv.h - walks over TLVs that somebody else wrote
 *
 * Pure functions over plain memory, which may be shared and changed by a
 * hostile peer meanwhile: every word is read once, no number is used before
 * it was checked, and nothing beyond the given bytes is ever touched.
 */
#ifndef SHMX_TLV_H
#define SHMX_TLV_H

#include <stddef.h>
#include <stdint.h>

#include "layout.h"

/* A walk under way.  The members are the walk's own. */
struct shmx_tlv_walk {
	const unsigned char *base;
	size_t bytes;
	size_t next;			/* offset; above bytes at the end */
};

/* A TLV that lies wholly inside the bytes walked. */
struct shmx_tlv_item {
	uint32_t type;
	uint32_t length;		/* of the body, without padding */
	size_t offset;			/* of the body, from the base */
	const unsigned char *body;	/* aligned to 8 bytes */
};

/* The TLVs in bytes at base, which is aligned to 8. */
static inline struct shmx_tlv_walk
shmx_tlv_walk(const void *base, size_t bytes)
{
	return (struct shmx_tlv_walk){ base, bytes, 0 };
}

/*
 * The next TLV: 1 and *item, 0 at the end, or -EPROTO when what comes is not
 * a TLV that ends within the bytes.  The walk stays where it is then.
 */
int
shmx_tlv_next(struct shmx_tlv_walk *walk, struct shmx_tlv_item *item);

/* A stream of a frame, its data inside the TLV that carries it. */
struct shmx_tlv_stream {
	uint32_t id;
	uint32_t elements;
	uint32_t bytes;			/* of data */
	size_t offset;			/* of data, from the base of the walk */
};

/*
 * The streams of a frame whose payload is in bytes at base, in the order in
 * which they lie there: the first max of them in out[].  Returns how many
 * there are in all, or -EPROTO when the payload is malformed or does not
 * consist of tlv_count TLVs.  TLVs of other types are passed over.
 */
int
shmx_tlv_streams(const void *base, size_t bytes, uint32_t tlv_count,
		 struct shmx_tlv_stream *out, size_t max);

/*
 * The stream of that id: 0 and *out, -ENOENT when the frame has none, -EPROTO
 * as above (what follows the stream is not looked at).
 */
int
shmx_tlv_find(const void *base, size_t bytes, uint32_t tlv_count, uint32_t id,
	      struct shmx_tlv_stream *out);

#endif
