/* SPDX-License-Identifier: MIT */
/*
 * viewer.c - what `shmx view` and its SDL2 comparison have in common
 */
#include "config.h"

#include "viewer.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/fd.h"
#include "convert.h"
#include "readback.h"
#include "write-png.h"
#include "tool.h"

enum {
	OPT_BACKEND = 256, OPT_NO_SHM, OPT_WAIT, OPT_FRAMES, OPT_SCREENSHOT,
	OPT_SCREENSHOT_WINDOW, OPT_STATS, OPT_VSYNC, OPT_SEALED, OPT_VIEW_ONLY,
	OPT_SCALE, OPT_FILTER, OPT_ROTATE, OPT_BACKGROUND, OPT_FULLSCREEN,
	OPT_HISTORY,
};

static const struct argp_option options[] = {
	{ "backend", OPT_BACKEND, "BACKEND", 0, "auto: the fastest that works "
	  "(the default); shm: the X server reads the ring's memory, or fail; "
	  "sysv: it reads a copy in a System V segment, or fail; "
	  "put: pixels through the X connection; present: it shows a copy by the "
	  "Present extension, or fail; sdl2: an SDL2 window surface, "
	  "to compare with, of one ring at 1:1", 1 },
	{ "no-shm", OPT_NO_SHM, NULL, 0, "the same as --backend put, and as "
	  "SHMFB_NO_SHM=1", 1 },
	{ "vsync", OPT_VSYNC, "WHEN", 0, "adaptive: a frame at each refresh, "
	  "and at once when that was missed (the default); on: always at a "
	  "refresh; off: as fast as the X server takes them", 1 },
	{ "scale", OPT_SCALE, "SCALE", 0, "none: pixel by pixel (the default); "
	  "integer: by whole factors; fit: as large as the window", 2 },
	{ "filter", OPT_FILTER, "FILTER", 0, "when scaled: nearest (the default) "
	  "or linear", 2 },
	{ "rotate", OPT_ROTATE, "DEGREES", 0, "0, 90, 180 or 270, "
	  "clockwise", 2 },
	{ "background", OPT_BACKGROUND, "RRGGBB", 0, "around the picture; "
	  "default 000000", 2 },
	{ "fullscreen", OPT_FULLSCREEN, NULL, 0, "begin so", 2 },
	{ "history", OPT_HISTORY, "N", 0, "keep N frames to step back to, at "
	  "most 4, and 3 of a ring with the usual 8 slots; the producer has so "
	  "many fewer for other readers", 2 },
	{ "wait", OPT_WAIT, NULL, 0, "wait for the ring's producer if there "
	  "is none yet", 2 },
	{ "sealed", OPT_SEALED, NULL, 0, "show no ring that its producer could "
	  "cut short under the viewer: none in /dev/shm, that is", 2 },
	{ "view-only", OPT_VIEW_ONLY, NULL, 0, "send the producer no keys and "
	  "nothing of the pointer, though it takes them", 2 },
	{ "frames", OPT_FRAMES, "N", 0, "end after N frames", 2 },
	{ "screenshot", OPT_SCREENSHOT, "FILE.png", 0, "at the end, write the "
	  "last frame shown", 3 },
	{ "screenshot-window", OPT_SCREENSHOT_WINDOW, "FILE.png", 0, "at the "
	  "end, write what the X server has in the window", 3 },
	{ "stats", OPT_STATS, NULL, 0, "at the end, print one JSON object "
	  "for each ring: path taken and why, frames shown and skipped, copies, latency", 3 },
	{ 0 }
};

static const char doc[] =
	"Show rings, each in a window: at each refresh, the newest frame that "
	"the ring's producer published."
	"\v"
	"The producer never waits for the window. When it ends, the window "
	"keeps the last frame and goes on with the next producer of that "
	"name.\n"
	"\n"
	"Keys:  ? shows them; + - 0 zoom, w fit, i whole factor, n smooth, "
	"r and R turn, arrows move, space freeze, , and . a frame back and forward, "
	"s screenshot, h statistics, f and F11 fullscreen, q or Escape end. "
	"Wheel zooms at the pointer, Button 1 drags the picture.\n"
	"\n"
	"A producer that takes input (life does) is sent the keys and the "
	"pointer of the window. The viewer's own keys, wheel and button then "
	"want Ctrl, which the window says when it begins: Ctrl+q ends, Ctrl+F1 "
	"shows them. What is pressed when the viewer ends is released.\n"
	"\n"
	"Toggle shared memory off and measure the difference:\n"
	"\n"
	"  shmx view life --frames 600 --stats\n"
	"  shmx view life --frames 600 --stats --no-shm\n";

/* One of the names, by its number. */
static unsigned
by_name(const char *name, const char *const *names, unsigned n,
	const char *takes, struct argp_state *state)
{
	unsigned i;

	for (i = 0; i < n; i++)
		if (strcmp(name, names[i]) == 0)
			return i;
	argp_error(state, "%s, not \"%s\"", takes, name);
	return 0;
}

static enum viewer_backend
backend_by_name(const char *name, struct argp_state *state)
{
	static const char *const names[] = {
		"auto", "shm", "sysv", "put", "present", "sdl2",
	};

	return by_name(name, names, BASE_ARRAY_SIZE(names), "--backend takes "
		       "auto, shm, sysv, put, present or sdl2", state);
}
static uint32_t
parse_colour(const char *text, struct argp_state *state)
{
	const char *hex = text + (*text == '#');

	if (strlen(hex) != 6 || strspn(hex, "0123456789abcdefABCDEF") != 6)
		argp_error(state, "--background takes six hexadecimal digits, "
			   "not \"%s\"", text);
	return (uint32_t)strtoul(hex, NULL, 16);
}

/* How the picture is seen; false: it is none of these. */
static bool
parse_look(struct viewer *v, int key, const char *arg,
	   struct argp_state *state)
{
	/* In the order of enum shmfb_scale, shmfb_filter and shmfb_vsync. */
	static const char *const scales[] = { "none", "integer", "fit" };
	static const char *const filters[] = { "nearest", "linear" };
	static const char *const vsyncs[] = { "adaptive", "on", "off" };
	static const char *const turns[] = { "0", "90", "180", "270" };
	unsigned long n;

	switch (key) {
	case OPT_SCALE:
		v->scale = by_name(arg, scales, 3, "--scale takes none, "
				   "integer or fit", state);
		return true;
	case OPT_FILTER:
		v->filter = by_name(arg, filters, 2, "--filter takes "
				    "nearest or linear", state);
		return true;
	case OPT_VSYNC:
		v->vsync = by_name(arg, vsyncs, 3, "--vsync takes "
				   "adaptive, on or off", state);
		return true;
	case OPT_ROTATE:
		v->rotation = by_name(arg, turns, 4, "--rotate takes 0, 90, "
				      "180 or 270", state);
		return true;
	case OPT_BACKGROUND:
		v->background = parse_colour(arg, state);
		return true;
	case OPT_FULLSCREEN:
		v->fullscreen = true;
		return true;
	case OPT_HISTORY:
		if (!parse_number(arg, 0, VIEWER_HISTORY_MAX, &n))
			argp_error(state, "--history takes 0 to %d, not "
				   "\"%s\"", VIEWER_HISTORY_MAX, arg);
		v->history = (unsigned)n;
		return true;
	default:
		return false;
	}
}

/* What does not go together. */
static void
check_usage(struct viewer *v, struct argp_state *state)
{
	if (v->ring_count == 0)
		argp_error(state, "which ring? give it a NAME");
	if (v->no_shm && v->backend != VIEW_AUTO && v->backend != VIEW_PUT)
		argp_error(state, "--no-shm goes with --backend auto or put");
	if (v->no_shm)
		v->backend = VIEW_PUT;
	if (v->ring_count > 1 && (v->screenshot || v->screenshot_window))
		argp_error(state, "a screenshot is of one ring: press s in "
			   "the window");
	if (v->ring_count > 1 && v->backend == VIEW_SDL2)
		argp_error(state, "--backend sdl2 shows one ring");
	if (v->looks && v->backend == VIEW_SDL2)
		argp_error(state, "--backend sdl2 shows frames as they are: no "
			   "--scale, --filter, --rotate, --background, "
			   "--fullscreen or --history");
	v->ring = v->rings[0];
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	struct viewer *v = state->input;
	unsigned long n = 0;

	switch (key) {
	case OPT_BACKEND:
		v->backend = backend_by_name(arg, state);
		break;
	case OPT_NO_SHM:
		v->no_shm = true;
		break;
	case OPT_WAIT:
		v->wait = true;
		break;
	case OPT_SEALED:
		v->sealed = true;
		break;
	case OPT_VIEW_ONLY:
		v->view_only = true;
		break;
	case OPT_FRAMES:
		if (!parse_number(arg, 1, ULONG_MAX, &n))
			argp_error(state, "--frames takes a number from 1, "
				   "not \"%s\"", arg);
		v->frames = n;
		break;
	case OPT_SCREENSHOT:
		v->screenshot = arg;
		break;
	case OPT_SCREENSHOT_WINDOW:
		v->screenshot_window = arg;
		break;
	case OPT_STATS:
		v->stats = true;
		break;
	case ARGP_KEY_ARG:
		if (v->ring_count == VIEWER_RINGS_MAX)
			argp_error(state, "at most %d rings are shown at "
				   "once", VIEWER_RINGS_MAX);
		v->rings[v->ring_count++] = arg;
		break;
	case ARGP_KEY_END:
		check_usage(v, state);
		break;
	default:
		if (!parse_look(v, key, arg, state))
			return ARGP_ERR_UNKNOWN;
		v->looks = true;
	}
	return 0;
}

void
viewer_parse(struct viewer *v, int argc, char **argv, const char *program,
	     enum viewer_backend backend)
{
	static const struct argp argp = { options, parse, "NAME...", doc, NULL,
		NULL, NULL };

	tool_start(argv);
	argp_program_version = program;
	argp_err_exit_status = EXIT_USAGE;
	*v = (struct viewer){ .backend = backend };
	argp_parse(&argp, argc, argv, 0, NULL, v);
}

/* ---------------------------------------------------------------- ring -- */

static void
say_return(const struct viewer *v)
{
	struct shmx_reader_stats s;

	shmx_reader_stats(v->reader, &s, sizeof(s));
	warn("ring \"%s\" is back, of process %d", v->ring,
	     (int)s.producer_pid);
}

void
viewer_say_trouble(struct viewer *v)
{
	const char *trouble = shmx_reader_trouble(v->reader);

	if (strcmp(trouble, v->trouble) == 0)
		return;
	snprintf(v->trouble, sizeof(v->trouble), "%s", trouble);
	if (trouble[0] != '\0')
		warn("%s; waiting", trouble);
	else if (v->said)
		say_return(v);
	v->said = trouble[0] != '\0';
}

/* What cannot be written is to be known before, not after the last frame. */
static void
check_target(const char *path)
{
	const char *why;

	if (path != NULL && !png_can_be_written(path, &why))
		die("cannot write %s: %s", path, why);
}

/* The first frame: a window of nothing is of no use to anybody. */
static bool
wait_for_frame(struct viewer *v)
{
	struct pollfd pfd = { .fd = shmx_reader_fd(v->reader),
		.events = POLLIN };
	int n, ms = 1000;

	while (shmx_reader_state(v->reader) != SHMX_ATTACHED ||
	       shmx_reader_arm(v->reader) != -EAGAIN) {
		n = tool_poll(&pfd, 1, ms);
		if (interrupted())
			return false;
		if (n > 0)
			(void)shmx_reader_dispatch(v->reader);
		viewer_say_trouble(v);
		if (n == 0 && shmx_reader_state(v->reader) == SHMX_ATTACHED)
			warn("waiting for the first frame of ring \"%s\"",
			     v->ring);
		if (n == 0)
			ms = -1;
	}
	return true;
}

/* With how many fewer holds the ring would be open to us; 0: with none. */
static unsigned
find_fewer(const struct viewer *v, struct shmx_reader_options o)
{
	struct shmx_reader *r;
	unsigned fewer;

	for (fewer = 1; fewer <= v->history; fewer++) {
		o.holds--;
		if (shmx_reader_open(&r, v->ring, &o) == 0) {
			shmx_reader_close(r);
			return fewer;
		}
	}
	return 0;
}

/* The ring has too few holds left, which fewer frames to step back to mend. */
static void
die_of_history(const struct viewer *v, const struct shmx_reader_options *o)
{
	unsigned fewer;
	char why[512];

	snprintf(why, sizeof(why), "%s", shmx_error());
	fewer = find_fewer(v, *o);
	if (fewer == 0)
		die("%s", why);
	die("%s: --history takes at most %u here", why, v->history - fewer);
}

bool
viewer_open(struct viewer *v, unsigned holds)
{
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	int ret;

	check_target(v->screenshot);
	check_target(v->screenshot_window);
	o.holds = holds;
	o.flags = (v->wait ? SHMX_WAIT : 0) | (v->sealed ? SHMX_SEALED : 0);
	ret = shmx_reader_open(&v->reader, v->ring, &o);
	if (ret == -ENOENT)
		die("%s, or wait for it with --wait", shmx_error());
	if (ret == -EBUSY && v->history > 0)
		die_of_history(v, &o);
	if (ret < 0)
		die("%s", shmx_error());
	/* As the ring is called, whatever was typed: files are named so. */
	v->ring += v->ring[0] == '/';
	if (shmx_reader_state(v->reader) != SHMX_ATTACHED)
		warn("waiting for ring \"%s\"", v->ring);
	snprintf(v->trouble, sizeof(v->trouble), "%s",
		 shmx_reader_trouble(v->reader));
	if (!wait_for_frame(v))
		return false;
	if (shmx_reader_image(v->reader, &v->image, sizeof(v->image)) < 0)
		die("%s", shmx_error());
	v->started_ns = base_now_ns();
	return true;
}

void
viewer_wait_to_be_seen(const struct viewer *v, const uint32_t *windows,
		       unsigned count)
{
	if (v->frames == 0 && v->screenshot_window == NULL)
		return;
	if (readback_wait(windows, count) || interrupted())
		return;
	if (v->screenshot_window != NULL)
		die("the window does not come to the screen, so there is no "
		    "%s", v->screenshot_window);
	warn("%s not on the screen: its frames count all the same",
	     count == 1 ? "the window is" : "a window is");
}

int
viewer_next(struct viewer *v, struct shmx_hold **hold)
{
	int ret;

	/* Arming tells whether there is one, and has us woken if not. */
	if (shmx_reader_arm(v->reader) != -EAGAIN)
		return -EAGAIN;
	ret = shmx_hold_latest(v->reader, hold);
	/* Lapped by a producer that is faster than a look at its frames. */
	return ret == -EAGAIN ? -EBUSY : ret;
}

void
viewer_count_skipped(struct viewer *v, const struct shmx_hold *hold,
		     enum viewer_skip why)
{
	v->skipped[why] += shmx_frame_info(hold)->skipped;
}

void
viewer_keep(struct viewer *v, struct shmx_hold *hold)
{
	if (v->screenshot == NULL)
		return;
	shmx_release(v->last);
	v->last = shmx_hold_ref(hold);
}

/* Both are the caller's to free, also when it fails. */
static int
read_frame(const struct shmx_frame_info *info, uint8_t **copy,
	   uint32_t **pixels)
{
	size_t bytes = (size_t)info->stride * info->height;
	uint32_t y;
	int ret;

	*copy = malloc(bytes);
	*pixels = malloc((size_t)info->width * info->height * 4);
	if (*copy == NULL || *pixels == NULL)
		return -ENOMEM;
	ret = base_pread_all(info->memory_fd, *copy, bytes,
			     (off_t)info->offset);
	if (ret < 0)
		return ret;
	for (y = 0; y < info->height; y++)
		convert_row(*pixels + (size_t)y * info->width,
			    *copy + (size_t)y * info->stride, info->width,
			    pixel_format_of(info->format));
	return 0;
}

bool
viewer_save(struct shmx_hold *hold, const char *path, const char **why)
{
	const struct shmx_frame_info *info = shmx_frame_info(hold);
	uint32_t *pixels = NULL;
	uint8_t *copy = NULL;
	bool ok = false;
	int ret;

	if (pixel_format_of(info->format) == PIXEL_UNKNOWN) {
		*why = "the frame is of a format that is not known";
		return false;
	}
	ret = read_frame(info, &copy, &pixels);
	if (ret < 0)
		*why = strerror(-ret);
	else
		ok = try_png_xrgb(path, pixels, (size_t)info->width * 4,
				  info->width, info->height, why);
	free(copy);
	free(pixels);
	return ok;
}

void
viewer_write_screenshot(struct viewer *v)
{
	const char *why;

	if (v->screenshot == NULL)
		return;
	if (v->last == NULL) {
		warn("no frame was shown, so there is no %s", v->screenshot);
		return;
	}
	if (!viewer_save(v->last, v->screenshot, &why))
		die("cannot write %s: %s", v->screenshot, why);
}

/* ---------------------------------------------------------- statistics -- */

static double
cpu_us(void)
{
	struct rusage ru;

	getrusage(RUSAGE_SELF, &ru);
	return (double)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * 1e6 +
	       (double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec);
}

void
viewer_print_stats(const struct viewer *v, const struct viewer_result *r)
{
	double seconds = (double)(base_now_ns() - v->started_ns) / 1e9;
	double frames = (double)BASE_MAX(r->frames_shown, 1);
	struct shmx_reader_stats s;

	if (!v->stats)
		return;
	shmx_reader_stats(v->reader, &s, sizeof(s));
	printf("{\"ring\": ");
	print_json_string(v->ring);
	printf(", \"path\": ");
	print_json_string(r->path);
	printf(", \"why\": ");
	print_json_string(r->why);
	printf(", \"route\": ");
	print_json_string(r->route);
	printf(", \"route_why\": ");
	print_json_string(r->route_why);
	printf(", \"width\": %" PRIu32 ", \"height\": %" PRIu32
	       ", \"frames_shown\": %" PRIu64 ", \"frames_skipped\": %" PRIu64
	       ", \"skipped_by_pacing\": %" PRIu64
	       ", \"skipped_by_lag\": %" PRIu64
	       ", \"skipped_frozen\": %" PRIu64
	       ", \"skipped_by_server\": %" PRIu64
	       ", \"refreshes_missed\": %" PRIu64
	       ", \"client_copies_per_frame\": %" PRIu32
	       ", \"us_p50\": %.1f, \"us_p99\": %.1f"
	       ", \"seconds\": %.3f, \"frames_per_second\": %.1f"
	       ", \"client_cpu_us_per_frame\": %.1f, \"repaints\": %" PRIu64
	       ", \"producers\": %" PRIu64 ", \"clock\": ",
	       v->image.width, v->image.height, r->frames_shown, s.skipped,
	       v->skipped[VIEWER_SKIP_PACED], v->skipped[VIEWER_SKIP_LAGGED],
	       v->skipped[VIEWER_SKIP_FROZEN], r->skipped, r->missed,
	       r->copies,
	       (double)r->latency_p50_ns / 1e3,
	       (double)r->latency_p99_ns / 1e3, seconds,
	       (double)r->frames_shown / seconds, cpu_us() / frames,
	       r->repaints, s.producers);
	print_json_string(r->clock);
	printf("}\n");
}

void
viewer_close(struct viewer *v)
{
	shmx_release(v->last);
	v->last = NULL;
	shmx_reader_close(v->reader);
	v->reader = NULL;
}
