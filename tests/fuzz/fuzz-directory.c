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

static void
look_at(const struct shmx_stream *s)
{
	size_t i;

	for (i = 0; s->name[i] != '\0'; i++)
		fuzz_expect((unsigned char)s->name[i] >= ' ');
	fuzz_expect(s->components >= 1);
	fuzz_expect((uintptr_t)s->extra % 8 == 0);
	fuzz_expect((s->extra == NULL) == (s->extra_bytes == 0));
	fuzz_touch(s->extra, s->extra_bytes);
	if (s->kind != SHMX_STREAM_IMAGE)
		return;
	fuzz_expect(s->width >= 1 && s->width <= SHMX_SIDE_MAX);
	fuzz_expect(s->height >= 1 && s->height <= SHMX_SIDE_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	void *bytes = fuzz_memory(size);
	struct shmx_directory *dir;
	const struct shmx_stream *s;
	unsigned i;
	int ret;

	memcpy(bytes, data, size);
	ret = shmx_directory_parse(&dir, bytes, (uint32_t)size, 1);
	fuzz_expect(ret == 0 || ret == -EPROTO);
	free(bytes);
	if (ret < 0)
		return 0;
	fuzz_expect(shmx_directory_count(dir) <= SHMX_STREAMS_MAX);
	for (i = 0; i < shmx_directory_count(dir); i++) {
		s = shmx_directory_get(dir, i);
		look_at(s);
		fuzz_expect(shmx_directory_find(dir, s->id) == s);
	}
	shmx_directory_free(dir);
	return 0;
}

static void
put_entry(struct fuzz_seed *s, uint32_t id, const char *name,
	  const void *extra, uint32_t extra_bytes)
{
	static const uint8_t zeroes[16];
	const struct shmx_stream_desc d = {
		.stream_id = id, .element_type = SHMX_U32, .components = 1,
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

	put_entry(&s, 1, "", NULL, 0);
	put_entry(&s, 2, "picture", &image, sizeof(image));
	seed(s.data, s.size);
	s.size = 0;
	put_entry(&s, 1, "a name that is longer than there is room for, as "
		  "names of others may well be: seventy", &image,
		  sizeof(image));
	put_entry(&s, 2, "samples", "extra", 5);
	seed(s.data, s.size);
}
