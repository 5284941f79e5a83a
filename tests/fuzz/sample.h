/* SPDX-License-Identifier: MIT */
/*
 * sample.h - a real ring, whose bytes a target then changes
 *
 * Its producer greets one reader, publishes frames, and is gone.  What it has
 * sent is the start of an input; a patch (where, how many bytes, which) is
 * what an input mostly consists of.
 */
#ifndef FUZZ_SAMPLE_H
#define FUZZ_SAMPLE_H

#include <shmx/shmx.h>

#include <errno.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/base.h"
#include "base/fd.h"
#include "fuzz.h"
#include "shmx/channel.h"
#include "shmx/layout.h"
#include "shmx/rendezvous.h"

struct fuzz_ring {
	struct shmx_welcome welcome;
	unsigned char *bytes;		/* welcome.region_bytes of data */
};

static inline struct shmx_hello
fuzz_hello(uint32_t holds)
{
	return (struct shmx_hello){
		.magic = SHMX_PROTOCOL_MAGIC,
		.version_min = SHMX_PROTOCOL_VERSION,
		.version_max = SHMX_PROTOCOL_VERSION,
		.role = SHMX_ROLE_READER,
		.mode = SHMX_MODE_LOSSY,
		.holds = holds,
		.label = "fuzz",
	};
}

static inline int
fuzz_connect(const char *name)
{
	int conn, pidfd = -1;
	pid_t pid;

	conn = shmx_rendezvous_connect(name, &pid, &pidfd);
	base_close(&pidfd);
	return conn;
}

/* Four frames in five slots; no thread. */
static inline struct shmx_producer *
fuzz_producer(const char *name)
{
	static const struct shmx_stream streams[] = {
		{ .kind = SHMX_STREAM_IMAGE, .id = 1, .name = "picture",
		  .width = 16, .height = 4, .format = SHMX_XRGB8888 },
		{ .kind = SHMX_STREAM_DATA, .id = 2, .name = "numbers",
		  .element_type = SHMX_F32, .components = 3,
		  .layout = SHMX_AOS, .capacity = 5 },
	};
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	struct shmx_producer *p;
	struct shmx_frame f;
	void *data;
	uint64_t n;

	o.streams = streams;
	o.stream_count = 2;
	o.slots = 5;
	o.history = 2;
	o.flags = SHMX_NO_THREAD;
	if (shmx_producer_open(&p, name, &o) < 0) {
		fprintf(stderr, "%s\n", shmx_error());
		abort();
	}
	for (n = 1; n <= 4; n++) {
		shmx_begin(p, &f);
		shmx_damage(&f, 2, 1, 8, 2);
		shmx_damage(&f, 10, 0, 6, 4);
		fuzz_expect(shmx_frame_append(p, &f, 2, 5, &data) == 0);
		memset(data, (int)n, 60);
		fuzz_expect(shmx_publish(p, &f) == n);
	}
	return p;
}

/* Say hello; the producer answers at once. */
static inline void
fuzz_greet(struct shmx_producer *p, struct shmx_channel *ch)
{
	const struct shmx_hello hello = fuzz_hello(2);

	fuzz_expect(shmx_channel_send(ch->fd, SHMX_MSG_HELLO, &hello,
				      sizeof(hello), NULL, 0) == 0);
	/* Once to accept, once to listen. */
	shmx_producer_service(p);
	shmx_producer_service(p);
	fuzz_expect(shmx_channel_receive(ch) == 0);
	fuzz_expect(ch->in.header.type == SHMX_MSG_WELCOME);
}

/* The ring, made once. */
static inline const struct fuzz_ring *
fuzz_ring(void)
{
	static struct fuzz_ring ring;
	struct shmx_producer *p;
	struct shmx_channel ch;
	void *map;

	if (ring.bytes != NULL)
		return &ring;
	p = fuzz_producer("fuzz-ring");
	shmx_channel_init(&ch, fuzz_connect("fuzz-ring"));
	fuzz_greet(p, &ch);
	memcpy(&ring.welcome, shmx_channel_body(&ch, sizeof(ring.welcome),
						SHMX_MESSAGE_FDS),
	       sizeof(ring.welcome));
	map = mmap(NULL, ring.welcome.region_bytes, PROT_READ, MAP_SHARED,
		   ch.fds[0], 0);
	fuzz_expect(map != MAP_FAILED);
	ring.bytes = malloc(ring.welcome.region_bytes);
	fuzz_expect(ring.bytes != NULL);
	memcpy(ring.bytes, map, ring.welcome.region_bytes);
	munmap(map, ring.welcome.region_bytes);
	shmx_channel_finish(&ch);
	base_close(&ch.fd);
	shmx_producer_close(p);
	return &ring;
}

/* One patch of the input, as far as it lies within the bytes. */
static inline void
fuzz_patch(struct fuzz_input *in, void *bytes, size_t size)
{
	size_t at = fuzz_u16(in), n = fuzz_u8(in) % 8 + 1;
	unsigned char v[8];

	fuzz_take(in, v, n);
	if (at < size)
		memcpy((unsigned char *)bytes + at, v,
		       n < size - at ? n : size - at);
}

/* Patches that leave all as it is, a word each: to be changed. */
static inline void
fuzz_put_patches(struct fuzz_seed *s, const void *bytes, size_t at,
		 size_t size, size_t word)
{
	for (; size >= word; at += word, size -= word) {
		fuzz_put_u16(s, (uint16_t)at);
		fuzz_put_u8(s, (uint8_t)(word - 1));
		fuzz_put(s, (const unsigned char *)bytes + at, word);
	}
}

/* What the streams of a frame are said to have can be read. */
static inline void
fuzz_look_at_streams(struct shmx_hold *hold)
{
	struct shmx_stream_view v[SHMX_STREAMS_MAX];
	uint64_t most;
	int i, n;

	n = shmx_frame_streams(hold, v, SHMX_STREAMS_MAX);
	fuzz_expect(n == -EPROTO || n == -EAGAIN ||
		    (n >= 0 && n <= SHMX_STREAMS_MAX));
	for (i = 0; i < n; i++) {
		fuzz_touch(v[i].data, v[i].bytes);
		if (v[i].elements == 0 || v[i].components == 0)
			continue;
		most = (v[i].elements - 1) * (uint64_t)v[i].element_stride +
			(v[i].components - 1) *
			(uint64_t)v[i].component_stride;
		fuzz_expect(most <= v[i].bytes);
	}
}

/* All that a reader may do with a frame. */
static inline void
fuzz_look(struct shmx_hold *hold, uint64_t since, bool pixels)
{
	const struct shmx_frame_info *info = shmx_frame_info(hold);
	const unsigned char *p = pixels ? shmx_frame_pixels(hold) : NULL;
	struct shmx_rect r;
	uint32_t i;

	fuzz_expect(info->damage_count <= SHMX_DAMAGE_MAX);
	for (i = 0; i < info->damage_count; i++) {
		r = info->damage[i];
		fuzz_expect(r.x >= 0 && r.y >= 0 && r.width >= 0 &&
			    r.height >= 0);
		fuzz_expect((uint32_t)(r.x + r.width) <= info->width);
		fuzz_expect((uint32_t)(r.y + r.height) <= info->height);
	}
	(void)shmx_damage_since(hold, since, &r);
	fuzz_expect(r.width >= 0 && r.height >= 0);
	fuzz_expect(r.width == 0 || (r.x >= 0 &&
		    (uint32_t)(r.x + r.width) <= info->width));
	fuzz_expect(r.height == 0 || (r.y >= 0 &&
		    (uint32_t)(r.y + r.height) <= info->height));
	shmx_presented(hold, since);
	if (pixels)
		fuzz_look_at_streams(hold);
	if (p == NULL)
		return;
	for (i = 0; i < info->height; i++)
		fuzz_touch(p + (size_t)i * info->stride, (size_t)info->width *
			   shmx_format_bytes(info->format));
}

#endif /* FUZZ_SAMPLE_H */
