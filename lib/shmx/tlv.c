/* SPDX-License-Identifier: MIT */
/*
 * tlv.c - walks over TLVs that somebody else wrote
 */
#include "config.h"

#include "tlv.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>

#include "base/base.h"
#include "atomic.h"

int
shmx_tlv_next(struct shmx_tlv_walk *walk, struct shmx_tlv_item *item)
{
	struct shmx_tlv tlv;
	size_t left;

	if (walk->next >= walk->bytes)
		return 0;
	left = walk->bytes - walk->next;
	if (left < sizeof(tlv))
		return -EPROTO;
	/* next is a multiple of SHMX_TLV_ALIGN. */
	shmx_copy_words(&tlv, walk->base + walk->next, sizeof(tlv));
	if (tlv.length > left - sizeof(tlv))
		return -EPROTO;
	*item = (struct shmx_tlv_item){
		.type = tlv.type,
		.length = tlv.length,
		.offset = walk->next + sizeof(tlv),
		.body = walk->base + walk->next + sizeof(tlv),
	};
	/* Past the end where the padding of the last one is not counted. */
	walk->next += (size_t)base_round_up(sizeof(tlv) +
					    (uint64_t)tlv.length,
					    SHMX_TLV_ALIGN);
	return 1;
}

/* The bytes of a stream lie within its own TLV, not just in the frame. */
static bool
read_stream(const struct shmx_tlv_item *item, struct shmx_tlv_stream *out)
{
	struct shmx_stream_tlv st;

	if (item->length < sizeof(st))
		return false;
	shmx_copy_words(&st, item->body, sizeof(st));
	if (st.bytes > item->length - sizeof(st))
		return false;
	*out = (struct shmx_tlv_stream){
		.id = st.stream_id,
		.elements = st.elements,
		.bytes = st.bytes,
		.offset = item->offset + sizeof(st),
	};
	return true;
}

/*
 * The next stream of a walk that may take *tlvs more TLVs: 1, 0 or -EPROTO as
 * shmx_tlv_next().
 */
static int
next_stream(struct shmx_tlv_walk *walk, uint32_t *tlvs,
	    struct shmx_tlv_stream *out)
{
	struct shmx_tlv_item item;
	int ret;

	while ((ret = shmx_tlv_next(walk, &item)) > 0) {
		if ((*tlvs)-- == 0)
			return -EPROTO;
		if (item.type == SHMX_TLV_FRAME_STREAM)
			return read_stream(&item, out) ? 1 : -EPROTO;
	}
	return ret < 0 || *tlvs != 0 ? -EPROTO : 0;
}

int
shmx_tlv_streams(const void *base, size_t bytes, uint32_t tlv_count,
		 struct shmx_tlv_stream *out, size_t max)
{
	struct shmx_tlv_walk walk = shmx_tlv_walk(base, bytes);
	struct shmx_tlv_stream stream;
	size_t n = 0;
	int ret;

	while ((ret = next_stream(&walk, &tlv_count, &stream)) > 0) {
		if (n < max)
			out[n] = stream;
		n++;
	}
	return ret < 0 || n > INT_MAX ? -EPROTO : (int)n;
}

int
shmx_tlv_find(const void *base, size_t bytes, uint32_t tlv_count, uint32_t id,
	      struct shmx_tlv_stream *out)
{
	struct shmx_tlv_walk walk = shmx_tlv_walk(base, bytes);
	struct shmx_tlv_stream stream;
	int ret;

	while ((ret = next_stream(&walk, &tlv_count, &stream)) > 0)
		if (stream.id == id) {
			*out = stream;
			return 0;
		}
	return ret < 0 ? ret : -ENOENT;
}
