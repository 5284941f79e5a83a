/* SPDX-License-Identifier: MIT */
/*
 * shmx-push.c - put frames from stdin or a file into a ring
 */
#include "config.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <shmx/shmx.h>

#include "base/clock.h"
#include "input.h"
#include "rate.h"
#include "tool.h"


struct push {
	const char *ring;
	const char *path;
	struct input in;
	bool has_size;
	double fps;			/* 0: as they come; -1: the file's */
	bool loop;
	bool stay;
	bool wait;
	bool stats;
	bool named;
	bool every;
	bool lazy_checksum;
	unsigned slots;
	unsigned history;
	uint64_t frames;
};

enum {
	OPT_FORMAT = 256, OPT_SIZE, OPT_PIXEL, OPT_FPS, OPT_LOOP, OPT_SLOTS,
	OPT_HISTORY, OPT_STAY, OPT_WAIT, OPT_STATS, OPT_NAMED,
	OPT_LAZY_CHECKSUM, OPT_EVERY, OPT_AS_IS,
};

static const struct argp_option options[] = {
	{ "format", OPT_FORMAT, "FORMAT", 0, "raw, ppm or y4m; default: by "
	  "the file's name, else raw", 1 },
	{ "size", OPT_SIZE, "WxH", 0, "pixels of a raw frame (required for "
	  "raw)", 1 },
	{ "pixel", OPT_PIXEL, "PIXEL", 0, "how raw pixels lie: xrgb8888 "
	  "(ffmpeg's bgr0, the default; read straight into the slot), "
	  "xbgr8888, rgb24, bgr24, rgb565, xrgb2101010, gray8; or as ffmpeg "
	  "calls them", 1 },
	{ "as-is", OPT_AS_IS, NULL, 0, "put raw pixels into the ring as they "
	  "lie, not as xrgb8888; who shows them converts them. Rings have no "
	  "rgb24", 1 },
	{ "fps", OPT_FPS, "RATE", 0, "frames a second, N, N.N or N/D; 0: as "
	  "fast as they come. Default: what a y4m stream says, else 0", 2 },
	{ "loop", OPT_LOOP, NULL, 0, "start again at the end of a file", 2 },
	{ "wait", OPT_WAIT, NULL, 0, "push nothing before a reader is "
	  "there", 2 },
	{ "every", OPT_EVERY, NULL, 0, "wait for readers that want every "
	  "frame, such as `shmx pull --every`", 2 },
	{ "stay", OPT_STAY, NULL, 0, "keep the ring and its last frame at the "
	  "end, until interrupted", 2 },
	{ "slots", OPT_SLOTS, "N", 0, "frames the ring has room for; default "
	  "8, which lets readers hold 6", 3 },
	{ "history", OPT_HISTORY, "K", 0, "newest frames that are not "
	  "overwritten; default 1", 3 },
	{ "named", OPT_NAMED, NULL, 0, "keep the ring in /dev/shm/NAME, where "
	  "readers of SHMX v2.0 find it too; the slots become a power of "
	  "two", 3 },
	{ "lazy-checksum", OPT_LAZY_CHECKSUM, NULL, 0, "with --named: sum up "
	  "frames only while such a reader is there", 3 },
	{ "stats", OPT_STATS, NULL, 0, "print one JSON object at the end", 4 },
	{ 0 }
};

static const char doc[] =
	"Put frames from stdin or FILE into the ring NAME, for `shmx view "
	"NAME` and any other reader."
	"\v"
	"A video, decoded by ffmpeg, in a window of another process:\n"
	"\n"
	"  ffmpeg -nostdin -re -i film.mp4 -f rawvideo -pix_fmt bgr0 - |\n"
	"      shmx push film --size 1920x1080\n"
	"  shmx view film\n"
	"\n"
	"A picture that stays:  shmx push photo --stay photo.ppm";

static void
parse_fps(struct push *p, const char *arg, struct argp_state *state)
{
	struct rate rate = { 0, 1 };

	if (strcmp(arg, "0") != 0 && !rate_parse(arg, &rate))
		argp_error(state, "--fps takes frames a second, as 25, 29.97 "
			   "or 30000/1001, 0.001 to 1000000 or 0, not \"%s\"",
			   arg);
	p->fps = (double)rate.num / rate.den;
}

static void
parse_format(struct push *p, const char *arg, struct argp_state *state)
{
	if (strcmp(arg, "raw") == 0)
		p->in.format = INPUT_RAW;
	else if (strcmp(arg, "ppm") == 0)
		p->in.format = INPUT_PPM;
	else if (strcmp(arg, "y4m") == 0)
		p->in.format = INPUT_Y4M;
	else
		argp_error(state, "--format takes raw, ppm or y4m, not \"%s\"",
			   arg);
}

static unsigned
parse_count(const char *what, const char *arg, unsigned long min,
	    struct argp_state *state)
{
	unsigned long v = 0;

	if (!parse_number(arg, min, SHMX_SLOTS_MAX, &v))
		argp_error(state, "%s takes a number from %lu to %d, not "
			   "\"%s\"", what, min, SHMX_SLOTS_MAX, arg);
	return (unsigned)v;
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	struct push *p = state->input;

	switch (key) {
	case OPT_FORMAT:
		parse_format(p, arg, state);
		break;
	case OPT_SIZE:
		p->has_size = true;
		if (!parse_size(arg, &p->in.width, &p->in.height))
			argp_error(state, "--size takes WIDTHxHEIGHT, each 1 "
				   "to %d, not \"%s\"", SHMX_SIDE_MAX, arg);
		break;
	case OPT_PIXEL:
		p->in.pixel = pixel_format_by_name(arg);
		if (p->in.pixel == PIXEL_UNKNOWN)
			argp_error(state, "no pixel format \"%s\"; there are "
				   "%s", arg, pixel_format_names());
		break;
	case OPT_AS_IS:
		p->in.as_is = true;
		break;
	case OPT_FPS:
		parse_fps(p, arg, state);
		break;
	case OPT_LOOP:
		p->loop = true;
		break;
	case OPT_STAY:
		p->stay = true;
		break;
	case OPT_WAIT:
		p->wait = true;
		break;
	case OPT_STATS:
		p->stats = true;
		break;
	case OPT_EVERY:
		p->every = true;
		break;
	case OPT_NAMED:
		p->named = true;
		break;
	case OPT_LAZY_CHECKSUM:
		p->lazy_checksum = true;
		break;
	case OPT_SLOTS:
		p->slots = parse_count("--slots", arg, 3, state);
		break;
	case OPT_HISTORY:
		p->history = parse_count("--history", arg, 1, state);
		break;
	case ARGP_KEY_ARG:
		if (state->arg_num == 0)
			p->ring = arg;
		else if (state->arg_num == 1)
			p->path = arg;
		else
			argp_error(state, "one NAME and one FILE, please");
		break;
	case ARGP_KEY_END:
		if (p->ring == NULL)
			argp_error(state, "which ring? give it a NAME");
		if (p->lazy_checksum && !p->named)
			argp_error(state, "--lazy-checksum is for --named");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* By the end of its name, unless it was said. */
static enum input_format
guess_format(const char *path)
{
	const char *dot = strrchr(path, '.');

	if (dot != NULL && strcmp(dot, ".y4m") == 0)
		return INPUT_Y4M;
	if (dot != NULL && (strcmp(dot, ".ppm") == 0 ||
			    strcmp(dot, ".pgm") == 0 ||
			    strcmp(dot, ".pnm") == 0))
		return INPUT_PPM;
	return INPUT_RAW;
}

/* Closed however the program ends, so that no socket is left behind. */
static struct shmx_producer *producer;

static void
close_ring(void)
{
	shmx_producer_close(producer);
	producer = NULL;
}

static void
open_ring(const struct push *p)
{
	const struct shmx_stream stream = {
		.kind = SHMX_STREAM_IMAGE,
		.id = 1,
		.name = "video",
		.width = p->in.width,
		.height = p->in.height,
		.format = p->in.as_is ? pixel_format_in_ring(p->in.pixel) :
			SHMX_XRGB8888,
	};
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;

	o.streams = &stream;
	o.stream_count = 1;
	o.slots = p->slots;
	o.history = p->history;
	o.flags = (p->named ? SHMX_NAMED : 0) |
		(p->lazy_checksum ? SHMX_LAZY_CHECKSUM : 0) |
		(p->every ? SHMX_ALLOW_EVERY : 0);
	if (shmx_producer_open(&producer, p->ring, &o) < 0)
		die("%s", shmx_error());
	atexit(close_ring);
}

static void
wait_for_reader(void)
{
	struct shmx_producer_stats s;

	do {
		shmx_producer_stats(producer, &s, sizeof(s));
		if (s.readers > 0)
			return;
		tool_poll(NULL, 0, 5);
	} while (!interrupted());
}

/* Sleep until a frame is due; a signal ends it. */
static void
pace(uint64_t start, uint64_t frame, double fps)
{
	tool_sleep_until(start + (uint64_t)((double)frame * 1e9 / fps));
}

static bool
next_picture(struct push *p, const struct shmx_frame *f)
{
	if (input_read(&p->in, f->pixels, f->stride))
		return true;
	if (!p->loop || interrupted())
		return false;
	if (!input_rewind(&p->in))
		die("%s cannot be read again for --loop: it is no file",
		    p->in.name);
	return input_read(&p->in, f->pixels, f->stride);
}

static void
push_all(struct push *p)
{
	uint64_t start = base_now_ns();
	struct shmx_frame f;

	while (!interrupted()) {
		/* Files never make us sleep: look for a signal here too. */
		tool_poll(NULL, 0, 0);
		shmx_begin(producer, &f);
		if (!next_picture(p, &f))
			return;
		if (p->fps > 0)
			pace(start, p->frames, p->fps);
		shmx_publish(producer, &f);
		p->frames++;
	}
}

/* With the ring goes what they have not held. */
static void
wait_for_every(uint64_t published)
{
	struct shmx_reader_snapshot r[SHMX_READERS_MAX];
	int i, n, behind;

	do {
		n = shmx_producer_readers(producer, r, sizeof(r[0]),
					  SHMX_READERS_MAX);
		for (behind = 0, i = 0; i < n; i++)
			behind += r[i].every && r[i].last_seen < published;
		if (behind > 0)
			tool_poll(NULL, 0, 1);
	} while (behind > 0 && !interrupted());
}

static void
print_stats(const struct push *p, uint64_t ns)
{
	struct shmx_producer_stats s;

	shmx_producer_stats(producer, &s, sizeof(s));
	printf("{\"ring\": ");
	print_json_string(p->ring);
	printf(", \"width\": %" PRIu32 ", \"height\": %" PRIu32
	       ", \"frames_published\": %" PRIu64 ", \"frames_dropped\": %"
	       PRIu64 ", \"seconds\": %.3f, \"readers_attached\": %" PRIu64
	       ", \"readers\": %" PRIu32 ", \"slots\": %" PRIu32
	       ", \"slots_held\": %" PRIu32 "}\n", p->in.width, p->in.height,
	       s.published, s.dropped, (double)ns / 1e9, s.attached,
	       s.readers, s.slots, s.slots_held);
}

/* What is only known to be wrong with all of them read; says so. */
static bool
is_complete(const struct push *p)
{
	if (p->in.format == INPUT_RAW && !p->has_size)
		warn("raw frames do not say their size: give it with "
		     "--size WxH");
	else if (p->in.as_is && p->in.format != INPUT_RAW)
		warn("--as-is is for raw pixels");
	else if (p->in.as_is && pixel_format_in_ring(p->in.pixel) == 0)
		warn("rings have no rgb24: leave out --as-is, or push bgr24");
	else
		return true;
	return false;
}

int
main(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "NAME [FILE]", doc,
		NULL, NULL, NULL };
	struct push p = { .path = "-", .fps = -1 };
	uint64_t start;

	tool_start(argv);
	argp_program_version = "shmx-push (" PACKAGE_STRING ")";
	argp_err_exit_status = EXIT_USAGE;
	p.in.format = (enum input_format)-1;
	argp_parse(&argp, argc, argv, 0, NULL, &p);
	if (p.in.format == (enum input_format)-1)
		p.in.format = guess_format(p.path);
	if (!is_complete(&p))
		return EXIT_USAGE;
	catch_signals();
	input_open(&p.in, p.path);
	if (p.fps < 0)
		p.fps = p.in.fps;
	open_ring(&p);
	if (p.wait)
		wait_for_reader();
	start = base_now_ns();
	push_all(&p);
	if (p.frames == 0 && !interrupted())
		die("%s has no frame in it", p.in.name);
	if (p.every)
		wait_for_every(p.frames);
	while (p.stay && !interrupted())
		tool_poll(NULL, 0, -1);
	if (p.stats)
		print_stats(&p, base_now_ns() - start);
	input_close(&p.in);
	return tool_end();
}
