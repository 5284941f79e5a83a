/* SPDX-License-Identifier: MIT */
/*
 * directory.c - the static directory: what streams a ring carries
 *
 * A sequence of TLVs, each starting at a multiple of 16: a type and a length,
 * a struct shmx_stream_desc, the name, then the extra bytes, which for an
 * image are a struct shmx_image_desc.
 */
#include "config.h"

#include "directory.h"

#include <errno.h>
#include <string.h>

#include "base/base.h"

/* An image is stored as whole pixels, or bytes where those have no type. */
static struct shmx_stream_desc
describe(const struct shmx_stream *stream)
{
	unsigned bytes = shmx_format_bytes(stream->format);
	struct shmx_stream_desc d = {
		.stream_id = stream->id,
		.components = 1,
		.layout = SHMX_LAYOUT_SOA_SCALAR,
		.bytes_per_element = bytes,
		.name_bytes = (uint32_t)strlen(stream->name),
		.extra_bytes = sizeof(struct shmx_image_desc),
	};

	switch (bytes) {
	case 4:
		d.element_type = SHMX_DT_U32;
		break;
	case 2:
		d.element_type = SHMX_DT_U16;
		break;
	default:
		d.element_type = SHMX_DT_U8;
		d.components = bytes;
		d.bytes_per_element = 1;
		d.layout = bytes == 1 ? SHMX_LAYOUT_SOA_SCALAR :
			SHMX_LAYOUT_AOS_VECTOR;
		break;
	}
	return d;
}

int
shmx_directory_write(void *buf, size_t size, const struct shmx_stream *stream,
		     uint32_t stride)
{
	const struct shmx_stream_desc desc = describe(stream);
	const struct shmx_image_desc image = {
		.magic = SHMX_IMAGE_MAGIC,
		.width = stream->width,
		.height = stream->height,
		.stride = stride,
		.format = stream->format,
	};
	const struct shmx_tlv tlv = {
		.type = SHMX_TLV_STATIC_DIR,
		.length = (uint32_t)(sizeof(desc) + desc.name_bytes +
				     sizeof(image)),
	};
	size_t used = base_round_up(sizeof(tlv) + tlv.length, SHMX_TLV_ALIGN);
	char *p = buf;

	if (used > size)
		return -EINVAL;
	memset(buf, 0, used);
	memcpy(p, &tlv, sizeof(tlv));
	p += sizeof(tlv);
	memcpy(p, &desc, sizeof(desc));
	p += sizeof(desc);
	memcpy(p, stream->name, desc.name_bytes);
	p += desc.name_bytes;
	memcpy(p, &image, sizeof(image));
	return (int)used;
}

/* One TLV's body.  True when it describes an image that makes sense. */
static bool
read_image(const char *body, uint32_t length, struct shmx_image_info *info)
{
	struct shmx_stream_desc d;
	struct shmx_image_desc image;
	uint32_t left;

	memcpy(&d, body, sizeof(d));
	left = length - (uint32_t)sizeof(d);
	if (d.name_bytes > left || d.extra_bytes > left - d.name_bytes ||
	    d.extra_bytes < sizeof(image))
		return false;
	memcpy(&image, body + sizeof(d) + d.name_bytes, sizeof(image));
	if (image.magic != SHMX_IMAGE_MAGIC ||
	    image.width < 1 || image.width > SHMX_SIDE_MAX ||
	    image.height < 1 || image.height > SHMX_SIDE_MAX)
		return false;
	*info = (struct shmx_image_info){
		.stream_id = d.stream_id,
		.width = image.width,
		.height = image.height,
		.format = image.format,
	};
	memcpy(info->name, body + sizeof(d),
	       BASE_MIN(d.name_bytes, sizeof(info->name) - 1));
	return true;
}

int
shmx_directory_find_image(const void *buf, size_t used,
			  struct shmx_image_info *info)
{
	const char *p = buf;
	struct shmx_tlv tlv;
	size_t step;

	while (used >= sizeof(tlv)) {
		memcpy(&tlv, p, sizeof(tlv));
		if (tlv.length > used - sizeof(tlv))
			return -EPROTO;
		if (tlv.type == SHMX_TLV_STATIC_DIR &&
		    tlv.length >= sizeof(struct shmx_stream_desc) &&
		    read_image(p + sizeof(tlv), tlv.length, info))
			return 0;
		step = base_round_up(sizeof(tlv) + (size_t)tlv.length,
				     SHMX_TLV_ALIGN);
		if (step >= used)
			break;
		p += step;
		used -= step;
	}
	return -ENOENT;
}
