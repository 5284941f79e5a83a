/* SPDX-License-Identifier: MIT */
/*
 * stream.c - what a stream is: checked, and measured
 */
#include "config.h"

#include "stream.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/base.h"
#include "base/error.h"
#include "base/text.h"

#define NAME_MAX_BYTES 63

static const struct type {
	unsigned bytes;
	const char *name;
} types[] = {
	[SHMX_BOOL] = { 1, "bool" },
	[SHMX_I8] = { 1, "i8" },
	[SHMX_U8] = { 1, "u8" },
	[SHMX_I16] = { 2, "i16" },
	[SHMX_U16] = { 2, "u16" },
	[SHMX_I32] = { 4, "i32" },
	[SHMX_U32] = { 4, "u32" },
	[SHMX_I64] = { 8, "i64" },
	[SHMX_U64] = { 8, "u64" },
	[SHMX_F16] = { 2, "f16" },
	[SHMX_BF16] = { 2, "bf16" },
	[SHMX_F32] = { 4, "f32" },
	[SHMX_F64] = { 8, "f64" },
};

unsigned
shmx_element_bytes(uint32_t type)
{
	return type < BASE_ARRAY_SIZE(types) ? types[type].bytes : 0;
}

const char *
shmx_element_name(uint32_t type)
{
	return shmx_element_bytes(type) == 0 ? "unknown" : types[type].name;
}

uint32_t
shmx_stream_stride(const struct shmx_stream *s)
{
	if (s->kind != SHMX_STREAM_IMAGE)
		return 0;
	return (uint32_t)base_round_up(
		(uint64_t)s->width * shmx_format_bytes(s->format),
		SHMX_STRIDE_ALIGN);
}

uint64_t
shmx_stream_element_bytes(const struct shmx_stream *s)
{
	if (s->kind == SHMX_STREAM_IMAGE)
		return shmx_format_bytes(s->format);
	return (uint64_t)shmx_element_bytes(s->element_type) *
		BASE_MAX(s->components, 1);
}

uint64_t
shmx_stream_bytes(const struct shmx_stream *s)
{
	if (s->kind == SHMX_STREAM_IMAGE)
		return (uint64_t)shmx_stream_stride(s) * s->height;
	return s->capacity * shmx_stream_element_bytes(s);
}

static int
check_image(const struct shmx_stream *s)
{
	if (s->width < 1 || s->width > SHMX_SIDE_MAX ||
	    s->height < 1 || s->height > SHMX_SIDE_MAX)
		return base_error(-EINVAL, "a frame of %" PRIu32 "x%" PRIu32
				  " is not possible: each side is 1 to %d "
				  "pixels", s->width, s->height,
				  SHMX_SIDE_MAX);
	if (shmx_format_bytes(s->format) == 0)
		return base_error(-EINVAL, "0x%08" PRIx32 " is no pixel format "
				  "of shmx", s->format);
	return 0;
}

static int
check_data(const struct shmx_stream *s)
{
	uint64_t element = shmx_stream_element_bytes(s);

	if (element == 0)
		return base_error(-EINVAL, "stream \"%s\" has element type %"
				  PRIu32 ", which is none of shmx", s->name,
				  s->element_type);
	if (s->layout != SHMX_SOA && s->layout != SHMX_AOS)
		return base_error(-EINVAL, "stream \"%s\" has layout %" PRIu32
				  ", which is neither SHMX_SOA nor SHMX_AOS",
				  s->name, s->layout);
	if (s->capacity == 0)
		return base_error(-EINVAL, "stream \"%s\" needs a capacity: "
				  "how many elements a frame has at most",
				  s->name);
	/* Two factors of 32 bits: look before multiplying. */
	if (element > SHMX_REGION_MAX ||
	    s->capacity * element > SHMX_REGION_MAX - SHMX_STREAM_HEAD)
		return base_error(-EINVAL, "stream \"%s\" of %" PRIu32
				  " elements of %" PRIu64 " bytes is larger "
				  "than any ring", s->name, s->capacity,
				  element);
	return 0;
}

static bool
is_name(const char *name)
{
	char shown[NAME_MAX_BYTES + 1];

	if (name == NULL || strlen(name) > NAME_MAX_BYTES)
		return false;
	/* It will stand on somebody's terminal. */
	base_clean_text(shown, sizeof(shown), name, NAME_MAX_BYTES);
	return strcmp(shown, name) == 0;
}

int
shmx_stream_check(const struct shmx_stream *s)
{
	if (!is_name(s->name) || s->id == 0)
		return base_error(-EINVAL, "a stream needs an id that is not "
				  "0 and a name of at most %d bytes, in UTF-8 "
				  "and without control characters",
				  NAME_MAX_BYTES);
	if (s->extra == NULL && s->extra_bytes != 0)
		return base_error(-EINVAL, "stream \"%s\" has %" PRIu32
				  " extra bytes, but at NULL", s->name,
				  s->extra_bytes);
	switch (s->kind) {
	case SHMX_STREAM_IMAGE:
		return check_image(s);
	case SHMX_STREAM_DATA:
		return check_data(s);
	}
	return base_error(-EINVAL, "stream \"%s\" is neither an image nor "
			  "data", s->name);
}

int
shmx_streams_check(const struct shmx_stream *streams, unsigned count)
{
	unsigned i, j;
	int ret;

	if (streams == NULL && count != 0)
		return base_error(-EINVAL, "there are said to be %u streams, "
				  "but at NULL", count);
	if (count > SHMX_STREAMS_MAX)
		return base_error(-EINVAL, "a ring has at most %d streams, "
				  "not %u", SHMX_STREAMS_MAX, count);
	for (i = 0; i < count; i++) {
		ret = shmx_stream_check(&streams[i]);
		if (ret < 0)
			return ret;
		if (i > 0 && streams[i].kind == SHMX_STREAM_IMAGE)
			return base_error(-EINVAL, "stream \"%s\": a ring has "
					  "at most one image, as its first "
					  "stream", streams[i].name);
		for (j = 0; j < i; j++)
			if (streams[j].id == streams[i].id)
				return base_error(-EEXIST, "streams \"%s\" "
						  "and \"%s\" have the same "
						  "id, %" PRIu32,
						  streams[j].name,
						  streams[i].name,
						  streams[i].id);
	}
	return 0;
}
