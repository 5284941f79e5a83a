/* SPDX-License-Identifier: MIT */
/*
 * shmx-pull.c - get frames out of a ring
 */
#include "config.h"

#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <shmx/shmx.h>

#include "base/base.h"
#include "pull.h"
#include "tool.h"

struct pull {
	const char *ring;
	uint64_t frames;		/* 0: until the producer ends */
	uint32_t flags;			/* enum shmx_reader_flags */
	struct pull_sink sink;
	struct shmx_reader *reader;
};

enum { OPT_FORMAT = 256, OPT_FRAMES, OPT_EVERY, OPT_WAIT, OPT_SEALED,
       OPT_FPS };

static const struct argp_option options[] = {
	{ "format", OPT_FORMAT, "FORMAT", 0, "raw, ppm, y4m or png; by "
	  "default what FILE ends with", 1 },
	{ "fps", OPT_FPS, "RATE", 0, "the frames a second that a y4m says it "
	  "has: N, N.N or N/D. Default: as its first frames come", 1 },
	{ "frames", OPT_FRAMES, "N", 0, "end after N frames; default: when "
	  "the producer ends, or after one if FILE has room for one", 2 },
	{ "every", OPT_EVERY, NULL, 0, "miss no frame: the producer waits "
	  "for us. It has to be willing", 2 },
	{ "wait", OPT_WAIT, NULL, 0, "wait for the ring's producer if there "
	  "is none yet", 2 },
	{ "sealed", OPT_SEALED, NULL, 0, "read no ring that its producer "
	  "could cut short: none in /dev/shm, that is", 2 },
	{ 0 }
};

static const char doc[] =
	"Write the frames of the ring NAME to FILE, or to the standard "
	"output."
	"\v"
	"Formats:\n"
	"\n"
	"  raw  pixels as they are in the ring, row after row without gaps\n"
	"  ppm  one P6 after the other, 8 bits a channel\n"
	"  y4m  YUV4MPEG2, 4:4:4, for ffmpeg, mpv and the like\n"
	"  png  a file for each frame\n"
	"\n"
	"A FILE with %d in it, or %04d, is one for each frame, from 1.\n"
	"\n"
	"Unless it is told to get every frame, it takes the newest one each "
	"time, and the producer notices nothing of it. It ends, and well, "
	"when its reader has enough, as in `| head`.\n"
	"\n"
	"  shmx pull life life.png\n"
	"  shmx pull life --frames 100 'life-%03d.png'\n"
	"  shmx pull life --format y4m | ffmpeg -i - life.mp4\n"
	"  shmx pull a --format ppm | shmx push b --format ppm\n";

static bool
makes_files(const struct pull_sink *sink)
{
	return sink->path != NULL && pull_is_pattern(sink->path) > 0;
}

static void
check_usage(struct pull *p, struct argp_state *state)
{
	struct pull_sink *sink = &p->sink;

	if (p->ring == NULL)
		argp_error(state, "which ring? give it a NAME");
	if (sink->path != NULL && pull_is_pattern(sink->path) < 0)
		argp_error(state, "a FILE may have one %%d or %%04d; any "
			   "other %% is written %%%%");
	if (sink->format == PULL_NONE && sink->path != NULL)
		sink->format = pull_format_by_path(sink->path);
	if (sink->format == PULL_NONE)
		argp_error(state, "which format? say --format raw, ppm, y4m "
			   "or png");
	if (sink->format == PULL_PNG && sink->path == NULL)
		argp_error(state, "PNGs go to files: give it a FILE, such as "
			   "%s-%%03d.png", p->ring);
	if (sink->format != PULL_Y4M && sink->fps.den != 0)
		argp_error(state, "--fps is for a y4m, which alone says it");
	if (sink->format == PULL_Y4M && makes_files(sink))
		argp_error(state, "a y4m has all frames in one file");
	if (sink->format == PULL_PNG && !makes_files(sink)) {
		if (p->frames > 1)
			argp_error(state, "%llu PNGs need a FILE with %%d in "
				   "it", (unsigned long long)p->frames);
		p->frames = 1;
	}
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	struct pull *p = state->input;
	unsigned long n = 0;

	switch (key) {
	case OPT_FORMAT:
		p->sink.format = pull_format_by_name(arg);
		if (p->sink.format == PULL_NONE)
			argp_error(state, "no format \"%s\"; there are raw, "
				   "ppm, y4m and png", arg);
		break;
	case OPT_FPS:
		if (!rate_parse(arg, &p->sink.fps))
			argp_error(state, "--fps takes frames a second, as 25, "
				   "29.97 or 30000/1001, not \"%s\"", arg);
		break;
	case OPT_FRAMES:
		if (!parse_number(arg, 1, ULONG_MAX, &n))
			argp_error(state, "--frames takes a number from 1, "
				   "not \"%s\"", arg);
		p->frames = n;
		break;
	case OPT_EVERY:
		p->flags |= SHMX_EVERY;
		break;
	case OPT_WAIT:
		p->flags |= SHMX_WAIT;
		break;
	case OPT_SEALED:
		p->flags |= SHMX_SEALED;
		break;
	case ARGP_KEY_ARG:
		if (state->arg_num > 1)
			argp_error(state, "one NAME and one FILE, please");
		if (state->arg_num == 0)
			p->ring = arg;
		else if (strcmp(arg, "-") != 0)
			p->sink.path = arg;
		break;
	case ARGP_KEY_END:
		check_usage(p, state);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* ----------------------------------------------------------------- ring -- */

static void
attach(struct pull *p)
{
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	int ret;

	/* With SHMX_EVERY one must be to spare. */
	o.holds = 2;
	o.flags = p->flags;
	ret = shmx_reader_open(&p->reader, p->ring, &o);
	if (ret == -ENOENT)
		die("%s, or wait for it with --wait", shmx_error());
	if (ret < 0)
		die("%s", shmx_error());
}

/*
 * The next frame: 0, and a reference that is the caller's; -EAGAIN when the
 * ring's descriptor will tell of one.
 */
static int
next_frame(struct pull *p, struct shmx_hold **hold)
{
	if (shmx_reader_arm(p->reader) != -EAGAIN)
		return -EAGAIN;
	return p->flags & SHMX_EVERY ? shmx_hold_next(p->reader, hold) :
		shmx_hold_latest(p->reader, hold);
}

/* Sleep until there may be one.  false: the producer has ended, or we do. */
static bool
sleep_for_frame(struct pull *p, int ms)
{
	struct pollfd pfd = { .fd = shmx_reader_fd(p->reader),
		.events = POLLIN };

	if (tool_poll(&pfd, 1, ms) < 0)
		return !interrupted();
	return pfd.revents == 0 || shmx_reader_dispatch(p->reader) != -EPIPE;
}

static void
run(struct pull *p)
{
	struct shmx_hold *hold;
	bool more = true;
	int ret;

	while (more && !interrupted() &&
	       (p->frames == 0 || p->sink.count < p->frames)) {
		ret = next_frame(p, &hold);
		if (ret == -EAGAIN) {
			more = sleep_for_frame(p, -1);
		} else if (ret == -EPROTO || ret == -EPIPE) {
			die("%s", shmx_error());
		} else if (ret < 0) {
			/* Lapped by a producer that is faster than a look. */
			more = sleep_for_frame(p, 1);
		} else if (shmx_frame_info(hold)->width == 0) {
			die("ring \"%s\" carries no picture", p->ring);
		} else {
			more = pull_write(&p->sink, hold);
			shmx_release(hold);
		}
	}
}

int
main(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "NAME [FILE]", doc,
		NULL, NULL, NULL };
	struct pull p = { .sink = { .fd = -1 } };

	tool_start(argv);
	argp_program_version = "shmx-pull (" PACKAGE_STRING ")";
	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &p);
	if (p.sink.path == NULL && isatty(STDOUT_FILENO))
		die("frames are not for a terminal: give it a FILE, or a "
		    "pipe");
	catch_signals();
	attach(&p);
	run(&p);
	pull_finish(&p.sink);
	/* Who closed the pipe, or interrupted us, wanted no more. */
	if (shmx_reader_state(p.reader) != SHMX_ATTACHED && !interrupted() &&
	    p.sink.count < (p.frames > 0 ? p.frames : 1))
		die("the producer of ring \"%s\" ended after %llu frames",
		    p.ring, (unsigned long long)p.sink.count);
	shmx_reader_close(p.reader);
	return tool_end();
}
