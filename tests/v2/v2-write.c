/* SPDX-License-Identifier: MIT */
/*
 * v2-write.c - write a region as a server of SHMX v2.0 does
 *
 *	v2-write [OPTION]... NAME
 *
 *	--frames N	end after N frames (100)
 *	--elements N	in each of two streams, of u32: see v2_element() (256)
 *	--slots N	(4)
 *	--readers N	records (4)
 *	--every US	between two frames (1000)
 *	--await N	begin when N readers are there (0)
 *	--stay		after the last frame, until no reader is left
 *	--skew		the records, control rings and slots lie where rings of
 *			this project have theirs
 *	--resume N	the first frame's id is N
 *
 * A line for each control message, "control=TYPE bytes=N number=N", and one at
 * the end, "published=N reaped=N".
 */
#include "config.h"

#include "v2.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STALE_NS UINT64_C(3000000000)

static const struct option options[] = {
	{ "frames", required_argument, NULL, 'f' },
	{ "elements", required_argument, NULL, 'n' },
	{ "slots", required_argument, NULL, 's' },
	{ "readers", required_argument, NULL, 'r' },
	{ "every", required_argument, NULL, 'e' },
	{ "await", required_argument, NULL, 'a' },
	{ "stay", no_argument, NULL, 't' },
	{ "skew", no_argument, NULL, 'k' },
	{ "resume", required_argument, NULL, 'm' },
	{ NULL, 0, NULL, 0 },
};

static struct v2_config config = {
	.slots = 4,
	.reader_slots = 4,
	.static_cap = 4096 - sizeof(struct v2_header),
	.control_per_reader = 2048,
};

static struct {
	uint32_t frames, elements, every_us, await;
	uint64_t first;
	bool stay;
} ask = { .frames = 100, .elements = 256, .every_us = 1000, .first = 1 };

static const struct v2_stream streams[] = {
	{ .id = 42, .element_type = V2_U32, .components = 1,
	  .bytes_per_elem = 4, .name = "left" },
	{ .id = 43, .element_type = V2_U32, .components = 1,
	  .bytes_per_elem = 4, .name = "right", .extra = "extra",
	  .extra_len = 5 },
};

static void
read_arguments(int argc, char **argv)
{
	uint32_t n;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		n = optarg == NULL ? 0 : (uint32_t)strtoul(optarg, NULL, 0);
		switch (c) {
		case 'f': ask.frames = n; break;
		case 'n': ask.elements = n; break;
		case 's': config.slots = n; break;
		case 'r': config.reader_slots = n; break;
		case 'e': ask.every_us = n; break;
		case 'a': ask.await = n; break;
		case 't': ask.stay = true; break;
		case 'm': ask.first = n; break;
		case 'k':
			config.reader_stride = 4096;
			config.control_inside = 2048;
			config.slots_skew = 4096 - 88;
			break;
		default: exit(2);
		}
	}
	if (optind != argc - 1) {
		fprintf(stderr, "usage: v2-write [OPTION]... NAME\n");
		exit(2);
	}
	config.name = argv[optind];
	/* Two streams: of TLVs, and padding. */
	config.frame_cap = 2 * (ask.elements * 4 + 48);
}

static void
publish(struct v2_server *s, uint64_t n)
{
	uint32_t bytes = ask.elements * 4, i;
	uint32_t *data = malloc(bytes);
	struct v2_writing w;

	if (data == NULL)
		abort();
	for (i = 0; i < ask.elements; i++)
		data[i] = v2_element(n, i);
	v2_begin(s, &w);
	if (v2_append(&w, 42, data, ask.elements, bytes) < 0 ||
	    v2_append(&w, 43, data, ask.elements, bytes) < 0)
		abort();
	v2_publish(s, &w, (double)n / 60);
	free(data);
}

static unsigned reaped;

/* What a server's loop does besides. */
static void
serve(struct v2_server *s)
{
	static struct v2_message m;
	uint64_t number;

	while (v2_poll_control(s, &m)) {
		number = 0;
		memcpy(&number, m.data, m.bytes < sizeof(number) ? m.bytes :
		       sizeof(number));
		printf("control=0x%" PRIx32 " bytes=%" PRIu32 " number=%"
		       PRIu64 "\n", m.type, m.bytes, number);
	}
	reaped += v2_reap(s, v2_now(), STALE_NS);
}

static void
doze(uint32_t us)
{
	const struct timespec t = { us / 1000000, us % 1000000 * 1000L };

	if (us != 0)
		nanosleep(&t, NULL);
}

int
main(int argc, char **argv)
{
	struct v2_server s;
	uint32_t n;
	int ret;

	read_arguments(argc, argv);
	ret = v2_server_create(&s, &config, streams, 2);
	if (ret < 0) {
		fprintf(stderr, "v2-write: %s: %s\n", config.name,
			strerror(-ret));
		return 1;
	}
	atomic_store(&s.h->frame_seq, ask.first - 1);
	while (v2_snapshot_readers(&s, NULL, 0) < ask.await)
		doze(1000);
	for (n = 0; n < ask.frames; n++) {
		publish(&s, ask.first + n);
		serve(&s);
		doze(ask.every_us);
	}
	while (ask.stay && v2_snapshot_readers(&s, NULL, 0) > 0) {
		serve(&s);
		doze(1000);
	}
	serve(&s);
	printf("published=%" PRIu32 " reaped=%u\n", ask.frames, reaped);
	v2_server_close(&s);
	return 0;
}
