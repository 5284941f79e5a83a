/* SPDX-License-Identifier: MIT */
/*
 * fuzz-tlv.c - the TLVs of a frame, walked by us and by v2.0's reader
 *
 * Input: the count of TLVs, 4 bytes; then the payload.
 */
#include "config.h"

#include <errno.h>

#include "fuzz.h"
#include "shmx/tlv.h"
#include "v2/v2.h"

enum { STREAMS = 64 };

/* Every word a walk sees is aligned: it copies whole words. */
static const void *
copy_payload(const struct fuzz_input *in, void **memory)
{
	*memory = fuzz_memory(in->left);
	memcpy(*memory, in->data, in->left);
	return *memory;
}

/* What we accept lies inside, and v2.0's reader sees the same. */
static void
compare(const void *payload, size_t bytes, const struct shmx_tlv_stream *got,
	int n)
{
	struct v2_view view = { .payload = payload,
		.payload_bytes = (uint32_t)bytes };
	struct v2_item want[STREAMS];
	int i;

	fuzz_expect(v2_decode(&view, want, STREAMS) == n);
	for (i = 0; i < n && i < STREAMS; i++) {
		fuzz_expect(got[i].offset % 16 == 8);
		fuzz_expect(got[i].offset <= bytes);
		fuzz_expect(got[i].bytes <= bytes - got[i].offset);
		fuzz_expect((const char *)payload + got[i].offset ==
			    want[i].data);
		fuzz_expect(got[i].id == want[i].stream_id);
		fuzz_expect(got[i].elements == want[i].elements);
		fuzz_expect(got[i].bytes == want[i].bytes);
		fuzz_touch((const char *)payload + got[i].offset,
			   got[i].bytes);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct shmx_tlv_stream streams[STREAMS], one;
	uint32_t count = fuzz_u32(&in);
	const void *payload;
	void *memory;
	int n, ret;

	payload = copy_payload(&in, &memory);
	n = shmx_tlv_streams(payload, in.left, count, streams, STREAMS);
	fuzz_expect(n >= 0 || n == -EPROTO);
	if (n >= 0)
		compare(payload, in.left, streams, n);
	ret = shmx_tlv_find(payload, in.left, count, 7, &one);
	fuzz_expect(ret == 0 || ret == -ENOENT || ret == -EPROTO);
	if (ret == 0) {
		fuzz_expect(one.id == 7);
		fuzz_expect(one.offset <= in.left &&
			    one.bytes <= in.left - one.offset);
	}
	if (ret == -ENOENT)
		fuzz_expect(n >= 0);
	free(memory);
	return 0;
}

static void
put_stream(struct fuzz_seed *s, uint32_t id, uint32_t bytes, bool padded)
{
	static const uint8_t zeroes[64];

	fuzz_put_u32(s, V2_FRAME_STREAM);
	fuzz_put_u32(s, 16 + bytes);
	fuzz_put_u32(s, id);
	fuzz_put_u32(s, bytes);
	fuzz_put_u32(s, bytes);
	fuzz_put_u32(s, 0);
	fuzz_put(s, zeroes, bytes);
	if (padded)
		fuzz_put(s, zeroes, -(8 + 16 + bytes) % 16);
}

void
fuzz_seeds(void (*seed)(const void *data, size_t size))
{
	struct fuzz_seed s = { .size = 0 };

	fuzz_put_u32(&s, 0);
	seed(s.data, s.size);

	s.size = 0;
	fuzz_put_u32(&s, 3);
	put_stream(&s, 1, 40, true);
	put_stream(&s, 7, 0, true);
	put_stream(&s, 9, 17, false);
	seed(s.data, s.size);

	/* One of another type between two. */
	s.size = 0;
	fuzz_put_u32(&s, 3);
	put_stream(&s, 7, 8, true);
	fuzz_put_u32(&s, V2_CONTROL_USER);
	fuzz_put_u32(&s, 8);
	fuzz_put_u64(&s, 0);
	put_stream(&s, 7, 24, true);
	seed(s.data, s.size);
}
