/* SPDX-License-Identifier: MIT */
/*
 * v2-read.c - read a region as a client of SHMX v2.0 does
 *
 *	v2-read [OPTION]... NAME
 *
 *	--frames N	end after N frames (100)
 *	--wait S	wait at most S seconds for the region, and as long for
 *			each frame (10)
 *	--verify	each stream says which frame it is of: see v2_element()
 *	--linger US	look at a frame only so much later
 *	--every US	ask so often (200)
 *	--hash		a line for each frame, with a hash of its streams
 *	--directory	a line for each stream of the directory
 *	--control N	send N messages, type 0x3000, eight bytes of number each
 *	--keep		end without detaching, as if killed
 *
 * Ends with one line:
 *
 *	frames=F skipped=S rejected=R torn=T sent=N last=ID
 *
 * rejected: latest() returned nothing though frames there are; torn: it did
 * return something, and that was no single frame.  Exits 1 when frames stayed
 * away, 3 when one was torn.
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
#include <unistd.h>

enum { STREAMS_MAX = 64 };

static const struct option options[] = {
	{ "frames", required_argument, NULL, 'f' },
	{ "wait", required_argument, NULL, 'w' },
	{ "verify", no_argument, NULL, 'v' },
	{ "linger", required_argument, NULL, 'l' },
	{ "every", required_argument, NULL, 'e' },
	{ "hash", no_argument, NULL, 'h' },
	{ "directory", no_argument, NULL, 'd' },
	{ "control", required_argument, NULL, 'c' },
	{ "keep", no_argument, NULL, 'k' },
	{ NULL, 0, NULL, 0 },
};

static struct {
	const char *name;
	uint64_t frames, wait_ns, linger_us, every_us, control;
	bool verify, hash, directory, keep;
} ask = { .frames = 100, .wait_ns = UINT64_C(10000000000), .every_us = 200 };

static struct {
	uint64_t frames, skipped, rejected, torn, sent, last;
	uint32_t ahead;			/* number in the data less frame_id */
	bool know_ahead;
} seen;

static void
doze(uint64_t us)
{
	const struct timespec t = { (time_t)(us / 1000000),
		(long)(us % 1000000 * 1000) };

	if (us != 0)
		nanosleep(&t, NULL);
}

static void
read_arguments(int argc, char **argv)
{
	uint64_t n;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		n = optarg == NULL ? 0 : strtoull(optarg, NULL, 0);
		switch (c) {
		case 'f': ask.frames = n; break;
		case 'w': ask.wait_ns = n * 1000000000; break;
		case 'v': ask.verify = true; break;
		case 'l': ask.linger_us = n; break;
		case 'e': ask.every_us = n; break;
		case 'h': ask.hash = true; break;
		case 'd': ask.directory = true; break;
		case 'c': ask.control = n; break;
		case 'k': ask.keep = true; break;
		default: exit(2);
		}
	}
	if (optind != argc - 1) {
		fprintf(stderr, "usage: v2-read [OPTION]... NAME\n");
		exit(2);
	}
	ask.name = argv[optind];
}

static int
open_until(struct v2_client *c)
{
	uint64_t until = v2_now() + ask.wait_ns;
	int ret;

	while ((ret = v2_client_open(c, ask.name)) == -ENOENT ||
	       ret == -EAGAIN) {
		if (v2_now() > until)
			break;
		doze(1000);
	}
	return ret;
}

static void
print_directory(struct v2_client *c)
{
	static struct v2_entry entries[STREAMS_MAX];
	int i, n = v2_refresh_static(c, entries, STREAMS_MAX);

	if (n < 0) {
		printf("directory: %s\n", strerror(-n));
		return;
	}
	for (i = 0; i < n && i < STREAMS_MAX; i++)
		printf("stream=%" PRIu32 " type=%" PRIu32 " components=%" PRIu32
		       " layout=%" PRIu32 " bytes=%" PRIu32 " extra=%" PRIu32
		       " name=%s\n", entries[i].desc.stream_id,
		       entries[i].desc.element_type,
		       entries[i].desc.components, entries[i].desc.layout,
		       entries[i].desc.bytes_per_elem,
		       entries[i].desc.extra_len, entries[i].name);
}

/* Is it one frame, whole, and the one its header says? */
static bool
is_whole(const struct v2_view *view, const struct v2_item *items, int n)
{
	uint32_t number;
	int i;

	if (n < 0 || (uint32_t)n != view->tlv_count)
		return false;
	for (i = 0; i < n && ask.verify; i++) {
		if (!v2_number(items[i].data, items[i].bytes, &number))
			return false;
		if (!seen.know_ahead)
			seen.ahead = number - (uint32_t)view->frame_id;
		seen.know_ahead = true;
		if (number - (uint32_t)view->frame_id != seen.ahead)
			return false;
	}
	return true;
}

static void
look_at(const struct v2_view *view)
{
	struct v2_item items[STREAMS_MAX];
	int i, n;

	doze(ask.linger_us);
	n = v2_decode(view, items, STREAMS_MAX);
	if (n > STREAMS_MAX)
		n = STREAMS_MAX;
	if (!is_whole(view, items, n))
		seen.torn++;
	if (seen.last != 0 && view->frame_id > seen.last)
		seen.skipped += view->frame_id - seen.last - 1;
	seen.last = view->frame_id;
	seen.frames++;
	if (!ask.hash)
		return;
	printf("frame=%" PRIu64 " time=%g bytes=%" PRIu32 " checksum=%08"
	       PRIx32, view->frame_id, view->sim_time, view->payload_bytes,
	       view->checksum);
	for (i = 0; i < n; i++)
		printf(" %" PRIu32 ":%016" PRIx64, items[i].stream_id,
		       v2_hash(items[i].data, items[i].bytes));
	printf("\n");
}

static void
send_control(struct v2_client *c)
{
	uint64_t number = seen.sent + 1;

	if (seen.sent < ask.control &&
	    v2_control_send(c, V2_CONTROL_USER, &number, sizeof(number)) == 0)
		seen.sent++;
}

static void
read_frames(struct v2_client *c)
{
	uint64_t until = v2_now() + ask.wait_ns;
	struct v2_view view;
	int ret;

	while ((seen.frames < ask.frames || seen.sent < ask.control) &&
	       v2_now() < until) {
		send_control(c);
		ret = v2_latest(c, &view);
		if (ret == 0 && view.frame_id != seen.last) {
			look_at(&view);
			until = v2_now() + ask.wait_ns;
			continue;
		}
		if (ret < 0 && ret != -EAGAIN)
			seen.rejected++;
		doze(ask.every_us);
	}
}

int
main(int argc, char **argv)
{
	struct v2_client client;
	int ret;

	read_arguments(argc, argv);
	ret = open_until(&client);
	if (ret < 0) {
		fprintf(stderr, "v2-read: %s: %s\n", ask.name, strerror(-ret));
		return 1;
	}
	if (ask.directory)
		print_directory(&client);
	read_frames(&client);
	printf("frames=%" PRIu64 " skipped=%" PRIu64 " rejected=%" PRIu64
	       " torn=%" PRIu64 " sent=%" PRIu64 " last=%" PRIu64 "\n",
	       seen.frames, seen.skipped, seen.rejected, seen.torn, seen.sent,
	       seen.last);
	if (!ask.keep)
		v2_client_close(&client);
	if (seen.torn != 0)
		return 3;
	return seen.frames < ask.frames;
}
