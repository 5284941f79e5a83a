/* SPDX-License-Identifier: MIT */
/*
 * fuzz-directory.c - a static directory that somebody else wrote
 *
 * Input: its bytes.
 */
#include "config.h"

#include <errno.h>

#include "fuzz.h"
#include "shmx/directory.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct shmx_image_info info;
	void *directory = fuzz_memory(size);
	int ret;

	memcpy(directory, data, size);
	ret = shmx_directory_find_image(directory, size, &info);
	fuzz_expect(ret == 0 || ret == -ENOENT || ret == -EPROTO);
	if (ret == 0) {
		fuzz_expect(info.width >= 1 && info.width <= SHMX_SIDE_MAX);
		fuzz_expect(info.height >= 1 && info.height <= SHMX_SIDE_MAX);
		fuzz_expect(memchr(info.name, '\0', sizeof(info.name)));
	}
	free(directory);
	return 0;
}

static void
put_entry(struct fuzz_seed *s, const char *name, const void *extra,
	  uint32_t extra_bytes)
{
	static const uint8_t zeroes[16];
	const struct shmx_stream_desc d = {
		.stream_id = 1, .element_type = SHMX_DT_U32, .components = 1,
		.bytes_per_element = 4, .name_bytes = (uint32_t)strlen(name),
		.extra_bytes = extra_bytes,
	};
	const uint32_t length = (uint32_t)sizeof(d) + d.name_bytes +
		extra_bytes;

	fuzz_put_u32(s, SHMX_TLV_STATIC_DIR);
	fuzz_put_u32(s, length);
	fuzz_put(s, &d, sizeof(d));
	fuzz_put(s, name, d.name_bytes);
	fuzz_put(s, extra, extra_bytes);
	fuzz_put(s, zeroes, -(8 + length) % 16);
}

void
fuzz_seeds(void (*seed)(const void *data, size_t size))
{
	const struct shmx_image_desc image = {
		.magic = SHMX_IMAGE_MAGIC, .width = 640, .height = 480,
		.stride = 2560, .format = SHMX_XRGB8888,
	};
	struct fuzz_seed s = { .size = 0 };

	put_entry(&s, "", NULL, 0);
	put_entry(&s, "picture", &image, sizeof(image));
	seed(s.data, s.size);
	s.size = 0;
	put_entry(&s, "a name that is longer than there is room for, as names "
		  "of others may well be: seventy", &image, sizeof(image));
	put_entry(&s, "samples", "extra", 5);
	seed(s.data, s.size);
}
