/* SPDX-License-Identifier: MIT */
/*
 * stream.h - what a stream is: checked, and measured
 */
#ifndef SHMX_STREAM_H
#define SHMX_STREAM_H

#include <stdint.h>

#include "layout.h"
#include <shmx/shmx.h>

/* SHMX offsets have 32 bits, and so has X's offset into a segment. */
#define SHMX_REGION_MAX UINT64_C(0xffffffff)
#define SHMX_STRIDE_ALIGN 64

/* Bytes of a stream in a frame's payload that are not data. */
#define SHMX_STREAM_HEAD \
	(sizeof(struct shmx_tlv) + sizeof(struct shmx_stream_tlv))

/*
 * Can rings carry it?  -EINVAL, with base_error() said, where they cannot.
 * A stream that passes is less than SHMX_REGION_MAX bytes long.
 */
int
shmx_stream_check(const struct shmx_stream *stream);

/*
 * The same for all streams of a ring together: one image, and that the
 * first; no id twice, else -EEXIST.
 */
int
shmx_streams_check(const struct shmx_stream *streams, unsigned count);

/* Of a row of an image, bytes; 0 for other streams. */
uint32_t
shmx_stream_stride(const struct shmx_stream *stream);

/* All components of one element. */
uint64_t
shmx_stream_element_bytes(const struct shmx_stream *stream);

/* Of data in a frame, at most. */
uint64_t
shmx_stream_bytes(const struct shmx_stream *stream);

/* Of a frame's payload that so much data takes. */
static inline uint64_t
shmx_stream_room(uint64_t data_bytes)
{
	return (SHMX_STREAM_HEAD + data_bytes + SHMX_TLV_ALIGN - 1) &
		~(uint64_t)(SHMX_TLV_ALIGN - 1);
}

#endif
