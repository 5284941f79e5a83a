/* SPDX-License-Identifier: MIT */
/*
 * life.c - Conway's Life as a producer
 *
 *	cc -O2 -o life life.c hands.c universe.c rle.c picture.c \
 *		$(pkg-config --cflags --libs shmx zlib)
 *	./life acorn.rle
 *
 * and in another terminal, as often and for as long as you like:
 *
 *	shmx view life
 *
 * This is what a simulation looks like that shows itself to others and knows
 * nothing of windows.  The part that concerns shmx is in three functions,
 * open_ring(), publish() and the close in main(): a ring is opened under a
 * name, and whenever there is something to see, a frame is begun, drawn into
 * the memory that it gives, and published.  None of that ever waits.  Nobody
 * may look, three may look, one of them may be stopped in a debugger: the
 * simulation runs at the same speed.
 *
 * It can also be touched: who looks at it with `shmx view` sends keys and
 * pointer along, hands.c takes them, and obey() does what they want.
 *
 * The rest is Life.  universe.c has the cells, rle.c reads patterns and
 * picture.c makes colours; here they are put together and kept in time.
 */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <shmx/shmx.h>

#include "hands.h"
#include "picture.h"
#include "rle.h"
#include "universe.h"

#define SECOND		1000000000LL	/* in nanoseconds */
#define TICK		(SECOND / 60)	/* pictures cool down once in it */
#define LATE_MAX	(SECOND / 4)	/* behind by more: let it go */
#define NAP_MAX		(SECOND / 10)	/* look for signals that often */
#define TORUS_MIN	1024		/* for a pattern that names none */
#define REST_STEPS	120		/* see rests() */
#define REST_LOOKS	6
#define SHOW_MIN	(4 * SECOND)	/* for one soup where one can see it */
#define HEAR		(SECOND / 500)	/* ask for input that often */
#define FADE		(SECOND * 5 / 2) /* trails are gone after it */
#define RATE_MIN	0.5		/* by keys */
#define RATE_MAX	8000.0		/* twice that is without a limit */
#define RATE_SLOW	60.0		/* the first one below that */

struct options {
	const char *pattern;		/* NULL: sow something */
	char **patterns;		/* all that were given, in the end */
	unsigned pattern_count;
	const char *name;		/* of the ring */
	uint32_t width, height;		/* of a frame, in pixels */
	uint32_t torus_width, torus_height;	/* 0: choose */
	unsigned zoom_in, zoom_out;	/* 0: choose */
	bool at_given;
	uint32_t at_x, at_y;
	uint64_t seed;
	double fps;			/* 0: a frame every so many steps */
	double rate;			/* steps a second; 0: no limit */
	uint64_t steps_per_frame;	/* 0: not given */
	bool limited;
	uint64_t steps;			/* where limited */
	unsigned slots, history;
	bool no_publish, print, stats, quiet;
};

struct life {
	struct options options;
	struct rle_pattern pattern;
	struct universe *universe;
	struct picture *picture;	/* NULL with --no-publish */
	struct shmx_producer *producer;	/* likewise */
	struct hands hands;
	int64_t heard;			/* when hands were asked last */
	int64_t touched;		/* and when they did something */
	double rate;			/* steps a second now; 0: no limit */
	unsigned pattern_index;
	uint64_t generation;
	uint64_t published;		/* frames */
	uint64_t shown;			/* the last generation in one */
	int64_t start;			/* times in nanoseconds */
	int64_t next_step;
	int64_t next_frame;
	int64_t cooled;			/* the picture, up to here */
	uint64_t seed;			/* of what was sown last, and when */
	int64_t sown;
	uint64_t rest_population;
	unsigned rest_looks;
};

static volatile sig_atomic_t ended;

static void
end(int number)
{
	(void)number;
	ended = 1;
}

__attribute__((format(printf, 1, 2), noreturn))
static void
die(const char *format, ...)
{
	va_list args;

	fputs("life: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(EXIT_FAILURE);
}

static int64_t
clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

/* --------------------------------------------------------------- options -- */

const char *argp_program_bug_address =
	"the maintainers, see README.md";

enum {
	OPTION_FPS = 256,
	OPTION_RATE,
	OPTION_STEPS_PER_FRAME,
	OPTION_SEED,
	OPTION_SLOTS,
	OPTION_HISTORY,
	OPTION_NO_PUBLISH,
	OPTION_PRINT,
	OPTION_STATS,
};

static const char doc[] =
	"Run Conway's Life on a torus and publish what it looks like as frames "
	"of a shared-memory ring."
	"\v"
	"Of several PATTERNs the first is run; the others are for the key n. "
	"PATTERN is a file in the RLE format, plain or gzipped, or - for the "
	"standard input.  It is put into the middle of the torus: its cell "
	"(0, 0) goes to cell (TW/2 - W/2, TH/2 - H/2), each half rounded down. "
	"Where its rule names a torus (B3/S23:T600,136) that is taken, and a "
	"\"#CXRLE Pos\" comment then counts from the middle of it.  Without "
	"PATTERN a symmetrical soup is sown, and another when that has come to "
	"rest.\n"
	"\n"
	"In time, life goes as fast as it can and publishes every generation. "
	"Nobody can see that many, which is fine: a viewer takes the newest "
	"when it has time.  To slow down or to spend less on drawing:\n"
	"\n"
	"  --fps 60                         as fast as it can, 60 frames/s\n"
	"  --rate 20                        20 steps/s, each one published\n"
	"  --rate 5 --fps 60                5 steps/s; trails fade smoothly\n"
	"  --fps 60 --steps-per-frame 4     240 steps/s, each 4th published\n"
	"  --steps-per-frame 100            as fast as it can, each 100th\n"
	"\n"
	"In the window of shmx view:\n"
	"\n"
	"  left, right button    draw cells, erase them\n"
	"  Space                 pause, and go on\n"
	"  . or Right            one step\n"
	"  + and -               twice as fast, half as fast\n"
	"  n                     the next PATTERN, or another soup\n"
	"  c                     clear all\n"
	"  Ctrl+q                close the window: life goes on\n"
	"\n"
	"Examples:\n"
	"\n"
	"  life --rate 120 & shmx view life\n"
	"  life --rate 60 --zoom 8 gosper-gun.rle\n"
	"  life --zoom 1/4 --torus 8192x8192 puffer-train.rle\n"
	"  life --rate 30 patterns/*.rle & shmx view life\n"
	"  life --no-publish --steps 1000 --print acorn.rle\n";

static const struct argp_option option_table[] = {
	{ NULL, 0, NULL, 0, "The universe:", 1 },
	{ "torus", 't', "WxH", 0, "Size of the torus in cells (default: the "
	  "pattern's rule; else twice the pattern, the view and 1024x1024, "
	  "whichever is more; for a soup, the view)", 1 },
	{ "seed", OPTION_SEED, "N", 0, "What soup to sow (default 1)", 1 },
	{ "steps", 'n', "N", 0, "Stop after N generations", 1 },
	{ NULL, 0, NULL, 0, "The picture:", 2 },
	{ "size", 's', "WxH", 0, "Pixels of a frame (default 1280x720)", 2 },
	{ "zoom", 'z', "N|1/N", 0, "N pixels a cell, 1 to 64, or N by N cells "
	  "a pixel, N a power of two up to 64 (default: so that pattern and "
	  "surroundings are seen)", 2 },
	{ "at", 'a', "X,Y", 0, "The cell in the middle of the picture "
	  "(default: the middle of the torus)", 2 },
	{ NULL, 0, NULL, 0, "Time:", 3 },
	{ "fps", OPTION_FPS, "N", 0, "Publish N frames a second", 3 },
	{ "rate", OPTION_RATE, "N", 0, "Make N steps a second", 3 },
	{ "steps-per-frame", OPTION_STEPS_PER_FRAME, "K", 0,
	  "Publish every Kth generation; with --fps, also go at that pace", 3 },
	{ NULL, 0, NULL, 0, "The ring:", 4 },
	{ "name", 'N', "NAME", 0, "Its name (default life)", 4 },
	{ "slots", OPTION_SLOTS, "N", 0, "Its slots (default 8)", 4 },
	{ "history", OPTION_HISTORY, "K", 0, "Newest frames that are kept "
	  "(default 1)", 4 },
	{ "no-publish", OPTION_NO_PUBLISH, NULL, 0, "Compute, and show nobody",
	  4 },
	{ NULL, 0, NULL, 0, "Output:", 5 },
	{ "print", OPTION_PRINT, NULL, 0, "At the end print generation, "
	  "population and the live cells' box: left, top, width, height", 5 },
	{ "stats", OPTION_STATS, NULL, 0, "At the end print one JSON object, "
	  "also when ended by SIGINT or SIGTERM", 5 },
	{ "quiet", 'q', NULL, 0, "Do not say what is being run", 5 },
	{ 0 },
};

/* A whole number up to max at *text, which moves behind it. */
static bool
scan_number(const char **text, uint64_t max, uint64_t *out)
{
	char *behind;

	if (**text < '0' || **text > '9')
		return false;
	*out = strtoull(*text, &behind, 10);	/* UINT64_MAX if larger */
	*text = behind;
	return *out <= max;
}

static uint64_t
parse_number(const char *arg, uint64_t min, uint64_t max, const char *option,
	     struct argp_state *state)
{
	const char *at = arg;
	uint64_t n = 0;

	if (!scan_number(&at, max, &n) || *at != '\0' || n < min)
		argp_error(state, "--%s %s: expected a whole number from %llu "
			   "to %llu", option, arg, (unsigned long long)min,
			   (unsigned long long)max);
	return n;
}

static double
parse_rate(const char *arg, const char *option, struct argp_state *state)
{
	char *behind;
	double n = strtod(arg, &behind);

	if (behind == arg || *behind != '\0' || !(n >= 0.001 && n <= 1e9))
		argp_error(state, "--%s %s: expected a number from 0.001 to "
			   "1e9", option, arg);
	return n;
}

/* "1280x720", each side from 1 to max. */
static void
parse_size(const char *arg, uint32_t max, uint32_t *width, uint32_t *height,
	   const char *option, struct argp_state *state)
{
	const char *at = arg;
	uint64_t w = 0, h = 0;

	if (!scan_number(&at, UINT64_MAX, &w) || *at++ != 'x' ||
	    !scan_number(&at, UINT64_MAX, &h) || *at != '\0')
		argp_error(state, "--%s %s: expected WIDTHxHEIGHT", option,
			   arg);
	if (w == 0 || w > max || h == 0 || h > max)
		die("--%s %s: each side must be from 1 to %u", option, arg,
		    max);
	*width = w;
	*height = h;
}

static void
parse_at(const char *arg, struct options *o, struct argp_state *state)
{
	const char *at = arg;
	uint64_t x = 0, y = 0;

	if (!scan_number(&at, UINT32_MAX, &x) || *at++ != ',' ||
	    !scan_number(&at, UINT32_MAX, &y) || *at != '\0')
		argp_error(state, "--at %s: expected X,Y", arg);
	o->at_given = true;
	o->at_x = x;
	o->at_y = y;
}

static void
parse_zoom(const char *arg, struct options *o, struct argp_state *state)
{
	bool out = strncmp(arg, "1/", 2) == 0;
	const char *at = out ? arg + 2 : arg;
	uint64_t n = 0;

	if (!scan_number(&at, UINT64_MAX, &n) || *at != '\0')
		argp_error(state, "--zoom %s: expected N or 1/N", arg);
	if (n == 0 || n > PICTURE_ZOOM_MAX || (out && (n & (n - 1))))
		die("--zoom %s: N must be from 1 to %d%s", arg,
		    PICTURE_ZOOM_MAX, out ? " and a power of two" : "");
	o->zoom_in = out ? 1 : n;
	o->zoom_out = out ? n : 1;
}

static error_t
parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 't':
		parse_size(arg, UNIVERSE_SIDE_MAX, &o->torus_width,
			   &o->torus_height, "torus", state);
		break;
	case 's':
		parse_size(arg, SHMX_SIDE_MAX, &o->width, &o->height, "size",
			   state);
		break;
	case 'z':
		parse_zoom(arg, o, state);
		break;
	case 'a':
		parse_at(arg, o, state);
		break;
	case 'n':
		o->limited = true;
		o->steps = parse_number(arg, 0, INT64_MAX, "steps", state);
		break;
	case OPTION_SEED:
		o->seed = parse_number(arg, 0, INT64_MAX, "seed", state);
		break;
	case OPTION_FPS:
		o->fps = parse_rate(arg, "fps", state);
		break;
	case OPTION_RATE:
		o->rate = parse_rate(arg, "rate", state);
		break;
	case OPTION_STEPS_PER_FRAME:
		o->steps_per_frame = parse_number(arg, 1, INT64_MAX,
						  "steps-per-frame", state);
		break;
	case 'N':
		o->name = arg;
		break;
	case OPTION_SLOTS:
		o->slots = parse_number(arg, 1, UINT16_MAX, "slots", state);
		break;
	case OPTION_HISTORY:
		o->history = parse_number(arg, 1, UINT16_MAX, "history", state);
		break;
	case OPTION_NO_PUBLISH:
		o->no_publish = true;
		break;
	case OPTION_PRINT:
		o->print = true;
		break;
	case OPTION_STATS:
		o->stats = true;
		break;
	case 'q':
		o->quiet = true;
		break;
	case ARGP_KEY_ARGS:
		o->patterns = state->argv + state->next;
		o->pattern_count = state->argc - state->next;
		o->pattern = o->patterns[0];
		break;
	case ARGP_KEY_END:
		if (o->fps > 0 && o->rate > 0 && o->steps_per_frame > 0)
			argp_error(state, "--fps and --steps-per-frame "
				   "together give the rate; leave out --rate");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static void
print_version(FILE *stream, struct argp_state *state)
{
	(void)state;
	fprintf(stream, "life, with libshmx %s\n", shmx_version());
}

/* -------------------------------------------------------------- universe -- */

/* What the system could give without pushing others out. */
static uint64_t
memory_available(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	unsigned long long kib;
	char line[256];
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file))
		found = sscanf(line, "MemAvailable: %llu", &kib) == 1;
	if (file)
		fclose(file);
	return found ? kib * 1024 : UINT64_MAX;
}

static struct universe *
create_universe(uint32_t width, uint32_t height)
{
	uint64_t bytes = universe_bytes(width, height);
	struct universe *u;

	if (bytes > memory_available() || universe_create(&u, width, height))
		die("a %ux%u torus takes %.1f GB, more memory than there is; "
		    "choose a smaller one with --torus", width, height,
		    bytes / 1e9);
	return u;
}

/* How many cells the frame is wide or high. */
static uint32_t
view_side(const struct options *o, uint32_t pixels)
{
	return (uint64_t)pixels * o->zoom_out / o->zoom_in;
}

/* So that twice the pattern is seen, and cells can be told apart. */
static void
choose_zoom(struct options *o, uint32_t width, uint32_t height)
{
	if (o->zoom_in != 0)
		return;
	o->zoom_in = 4;
	o->zoom_out = 1;
	while (o->zoom_in > 1 && (view_side(o, o->width) / 2 < width ||
				  view_side(o, o->height) / 2 < height))
		o->zoom_in--;
	while (o->zoom_out < PICTURE_ZOOM_MAX &&
	       (view_side(o, o->width) < width ||
		view_side(o, o->height) < height))
		o->zoom_out *= 2;
}

static uint32_t
choose_side(uint32_t pattern, uint32_t view)
{
	uint32_t side = 2 * pattern;

	if (side < view)
		side = view;
	if (side < TORUS_MIN)
		side = TORUS_MIN;
	return side < UNIVERSE_SIDE_MAX ? side : UNIVERSE_SIDE_MAX;
}

/* Where a pattern begins on one axis of the torus. */
static uint32_t
place(uint32_t torus, uint32_t pattern, bool placed, int32_t from_middle)
{
	int64_t at = (int64_t)(torus / 2) - pattern / 2;

	if (placed)
		at = (int64_t)(torus / 2) + from_middle;
	at %= torus;
	return at < 0 ? at + torus : at;
}

/* Put the pattern that was read into the universe. */
static void
place_pattern(struct life *l, bool placed)
{
	struct options *o = &l->options;
	struct rle_pattern *p = &l->pattern;
	uint32_t left = place(o->torus_width, p->width, placed, p->place_x);
	uint32_t top = place(o->torus_height, p->height, placed, p->place_y);
	uint32_t x, y;
	size_t i;

	for (i = 0; i < p->run_count; i++) {
		x = (left + p->runs[i].x) % o->torus_width;
		y = (top + p->runs[i].y) % o->torus_height;
		universe_set(l->universe, x, y, p->runs[i].count);
	}
	rle_finish(p);
}

static void
load_pattern(struct life *l)
{
	struct options *o = &l->options;
	struct rle_pattern *p = &l->pattern;
	char error[512];
	bool placed;

	if (rle_read(p, o->pattern, error, sizeof(error)) < 0)
		die("%s", error);
	choose_zoom(o, p->width, p->height);

	/* A position means something on the torus that it was made for. */
	placed = p->placed && p->torus_width > 0 && o->torus_width == 0;
	if (o->torus_width == 0) {
		o->torus_width = p->torus_width;
		o->torus_height = p->torus_height;
	}
	if (o->torus_width == 0) {
		o->torus_width = choose_side(p->width,
					     view_side(o, o->width));
		o->torus_height = choose_side(p->height,
					      view_side(o, o->height));
	}
	if (p->width > o->torus_width || p->height > o->torus_height)
		die("%s: the pattern is %ux%u cells, larger than the %ux%u "
		    "torus; choose a larger one with --torus", o->pattern,
		    p->width, p->height, o->torus_width, o->torus_height);

	l->universe = create_universe(o->torus_width, o->torus_height);
	place_pattern(l, placed);
}

/* The next of a sequence of random numbers (splitmix64). */
static uint64_t
draw_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* The cell and its mirror images left and right, above and below. */
static void
set_mirrored(struct universe *u, uint32_t a, uint32_t b)
{
	uint32_t w = universe_width(u), h = universe_height(u);
	uint32_t left = w / 2 + w - 1 - a % w, right = w / 2 + a;
	uint32_t top = h / 2 + h - 1 - b % h, bottom = h / 2 + b;

	universe_set(u, left % w, top % h, 1);
	universe_set(u, right % w, top % h, 1);
	universe_set(u, left % w, bottom % h, 1);
	universe_set(u, right % w, bottom % h, 1);
}

/*
 * A disc of random cells that is its own mirror image in eight ways.  Life
 * keeps what symmetry it is given (until it meets itself round the torus,
 * where four ways are left), and grows ornaments of it.
 */
static void
sow(struct life *l)
{
	struct universe *u = l->universe;
	uint32_t w = universe_width(u), h = universe_height(u);
	uint32_t radius = (w < h ? w : h) * 2 / 5 + 1, a, b;
	uint64_t random = l->seed;

	for (b = 0; b < radius; b++)
		for (a = 0; a <= b; a++)
			if ((uint64_t)a * a + (uint64_t)b * b <
			    (uint64_t)radius * radius &&
			    draw_random(&random) % 8 < 3) {
				set_mirrored(u, a, b);
				set_mirrored(u, b, a);
			}
	l->sown = clock_ns();
}

static void
sow_first(struct life *l)
{
	struct options *o = &l->options;

	if (o->zoom_in == 0) {
		o->zoom_in = 2;
		o->zoom_out = 1;
	}
	if (o->torus_width == 0) {
		o->torus_width = view_side(o, o->width);
		o->torus_height = view_side(o, o->height);
		if (o->torus_width == 0)
			o->torus_width = 1;
		if (o->torus_height == 0)
			o->torus_height = 1;
	}
	l->universe = create_universe(o->torus_width, o->torus_height);
	l->seed = o->seed;
	sow(l);
}

/*
 * Has it come to rest?  When only still lifes, oscillators and gliders are
 * left, the population repeats after REST_STEPS steps, a multiple of nearly
 * every period that turns up by itself.  At full speed that is soon; let people
 * look at it then.
 */
static bool
rests(struct life *l)
{
	struct census census;

	if (l->generation % REST_STEPS != 0)
		return false;
	universe_census(l->universe, &census);
	l->rest_looks = census.population == l->rest_population
			? l->rest_looks + 1 : 0;
	l->rest_population = census.population;
	return l->rest_looks >= REST_LOOKS &&
	       (!l->producer || clock_ns() - l->sown >= SHOW_MIN);
}

static void
sow_again(struct life *l)
{
	l->rest_looks = 0;
	l->seed++;
	universe_clear(l->universe);
	sow(l);
}

/* ------------------------------------------------------------------ ring -- */

static void
open_ring(struct life *l)
{
	const struct options *o = &l->options;
	struct shmx_producer_options ring = SHMX_PRODUCER_OPTIONS_INIT;
	struct shmx_stream stream = {
		.kind = SHMX_STREAM_IMAGE,
		.id = 1,
		.name = "life",
		.width = o->width,
		.height = o->height,
		.format = SHMX_XRGB8888,
	};
	struct picture_options picture = {
		.width = o->width,
		.height = o->height,
		.zoom_in = o->zoom_in,
		.zoom_out = o->zoom_out,
		.centre_x = o->at_given ? o->at_x : o->torus_width / 2,
		.centre_y = o->at_given ? o->at_y : o->torus_height / 2,
	};

	ring.flags = SHMX_INPUT;
	ring.streams = &stream;
	ring.stream_count = 1;
	ring.slots = o->slots;
	ring.history = o->history;
	if (shmx_producer_open(&l->producer, o->name, &ring) < 0)
		die("%s", shmx_error());
	if (picture_create(&l->picture, l->universe, &picture) < 0) {
		shmx_producer_close(l->producer);
		die("out of memory for a %ux%u picture", o->width, o->height);
	}
	l->hands = (struct hands){
		.producer = l->producer,
		.universe = l->universe,
		.picture = l->picture,
	};
}

/*
 * One frame.  f.pixels is the place where viewers, and the X server, will
 * read it: nothing is copied after this.  It holds a frame from f.age frames
 * ago, so that only what has changed since then needs to be drawn; and viewers
 * are told what has changed since the last one.
 */
static void
publish(struct life *l, int64_t now)
{
	int64_t ticks = (now - l->cooled) / TICK;
	struct picture_box box;
	struct shmx_frame f;
	uint64_t frame, since;

	if (!l->producer)
		return;
	shmx_begin(l->producer, &f);
	frame = l->published + 1;
	since = f.age > 0 && f.age < frame ? frame - f.age : 0;

	picture_look(l->picture, ticks < 255 ? ticks : 255, frame);
	picture_draw(l->picture, f.pixels, f.stride, since);
	if (frame > 1) {
		box = picture_changes(l->picture, frame - 1);
		/* No damage at all would mean that all is new. */
		shmx_damage(&f, box.x, box.y, box.width ? box.width : 1,
			    box.height ? box.height : 1);
	}
	f.sim_time = l->generation;
	f.input_sequence = l->hands.sequence;
	if (shmx_publish(l->producer, &f) > 0)
		l->published = frame;
	l->cooled += ticks * TICK;
	l->shown = l->generation;
	l->hands.changed = false;
}

/* ----------------------------------------------------------------- hands -- */

/* The next pattern into the same universe; what is wrong with it is said. */
static void
load_next(struct life *l)
{
	struct options *o = &l->options;
	char error[512];
	const char *path;

	if (!o->pattern) {
		sow_again(l);
		return;
	}
	l->pattern_index = (l->pattern_index + 1) % o->pattern_count;
	path = o->patterns[l->pattern_index];
	if (rle_read(&l->pattern, path, error, sizeof(error)) < 0) {
		fprintf(stderr, "life: %s\n", error);
		return;
	}
	if (l->pattern.width > o->torus_width ||
	    l->pattern.height > o->torus_height) {
		fprintf(stderr, "life: %s: the pattern is larger than the "
			"torus\n", path);
		rle_finish(&l->pattern);
		return;
	}
	universe_clear(l->universe);
	place_pattern(l, l->pattern.placed &&
		      l->pattern.torus_width == o->torus_width &&
		      l->pattern.torus_height == o->torus_height);
}

static void
change_speed(struct life *l, int by, int64_t now)
{
	int64_t due;

	if (by == 0)
		return;

	for (; by > 0 && l->rate > 0; by--)
		l->rate = l->rate < RATE_MAX ? l->rate * 2 : 0;
	for (; by < 0; by++)
		if (l->rate == 0)
			l->rate = RATE_SLOW;
		else if (l->rate > 2 * RATE_MIN)
			l->rate /= 2;
	/* Not as late as it would have been. */
	due = l->rate > 0 ? now + (int64_t)(SECOND / l->rate) : now;
	if (l->next_step > due)
		l->next_step = due;
}

/* Do what people want who look at it. */
static void
obey(struct life *l, int64_t now)
{
	struct hands *h = &l->hands;

	if (!l->producer || now - l->heard < HEAR)
		return;
	l->heard = now;
	hands_take(h);
	if (h->changed)
		l->touched = now;
	change_speed(l, h->speed, now);
	h->speed = 0;
	for (; h->next > 0; h->next--)
		load_next(l);
}

/* Should what they did be shown, without a step? */
static bool
is_worth_a_look(const struct life *l, int64_t now)
{
	return l->hands.changed ||
	       (l->hands.paused && now - l->touched < FADE);
}

/* ------------------------------------------------------------------ time -- */

/* When it is due next, and not to be made up for when much too late. */
static int64_t
next_time(int64_t due, double per_second, int64_t now)
{
	due += SECOND / per_second;
	return due < now - LATE_MAX ? now : due;
}

/* Until it is due, or there is input. */
static void
sleep_until(struct life *l, int64_t due)
{
	int64_t now = clock_ns();
	struct timespec t;

	if (due > now + NAP_MAX)
		due = now + NAP_MAX;
	/* To the millisecond, and a little early: the rest is slept. */
	if (l->producer && due - now > SECOND / 500) {
		if (shmx_control_wait(l->producer,
				      (due - now) / (SECOND / 1000) - 1) == 0)
			l->heard = 0;
		return;
	}
	t.tv_sec = due / SECOND;
	t.tv_nsec = due % SECOND;
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

static void
step(struct life *l)
{
	universe_step(l->universe);
	l->generation++;
	if (!l->options.pattern && rests(l))
		sow_again(l);
}

static bool
is_step_due(const struct life *l, int64_t now)
{
	return l->hands.paused ? l->hands.steps > 0 :
		l->rate == 0 || now >= l->next_step;
}

static void
step_on_time(struct life *l, int64_t now)
{
	step(l);
	if (l->hands.paused) {
		l->hands.steps--;
		l->hands.changed = true;
	}
	if (l->rate > 0)
		l->next_step = next_time(l->next_step, l->rate, now);
}

/* The next time when something is to be done. */
static int64_t
next_due(const struct life *l, double fps, int64_t now)
{
	int64_t due = now + NAP_MAX;

	if (!l->hands.paused && l->next_step < due)
		due = l->next_step;
	if (fps > 0 && l->next_frame < due)
		due = l->next_frame;
	if (is_worth_a_look(l, now) && l->cooled + TICK < due)
		due = l->cooled + TICK;
	return due;
}

/*
 * Steps have a time when they are due, or always are; frames have one, too,
 * or come with every so many steps.
 */
static void
run(struct life *l)
{
	const struct options *o = &l->options;
	uint64_t every = o->steps_per_frame ? o->steps_per_frame : 1;
	double fps = o->fps;

	l->rate = o->rate;
	if (fps > 0 && o->steps_per_frame > 0) {
		l->rate = fps * every;
		fps = 0;
	}

	l->start = l->next_step = l->next_frame = l->cooled = clock_ns();
	publish(l, l->start);
	if (fps > 0)
		l->next_frame = next_time(l->start, fps, l->start);
	while (!ended && !(o->limited && l->generation >= o->steps)) {
		int64_t now = clock_ns();
		bool step_due, frame_due = fps > 0 && now >= l->next_frame;

		obey(l, now);
		step_due = is_step_due(l, now);
		if (step_due) {
			step_on_time(l, now);
			if (fps == 0)
				frame_due = l->generation % every == 0;
		}
		frame_due |= is_worth_a_look(l, now) &&
			now - l->cooled >= TICK;
		if (frame_due) {
			publish(l, now);
			if (fps > 0)
				l->next_frame = next_time(l->next_frame, fps,
							  now);
		}
		if (!step_due && !frame_due)
			sleep_until(l, next_due(l, fps, now));
	}
	if (l->shown != l->generation)
		publish(l, clock_ns());
}

/* ---------------------------------------------------------------- output -- */

static void
say_what(const struct life *l)
{
	const struct options *o = &l->options;

	if (o->quiet)
		return;
	fprintf(stderr, "life: %s on a %ux%u torus",
		o->pattern ? o->pattern : "a symmetrical soup", o->torus_width,
		o->torus_height);
	if (l->producer)
		fprintf(stderr, ", %ux%u pixels, zoom %s%u; see it with: "
			"shmx view %s", o->width, o->height,
			o->zoom_out > 1 ? "1/" : "",
			o->zoom_out > 1 ? o->zoom_out : o->zoom_in, o->name);
	fputc('\n', stderr);
}

static void
print_census(const struct life *l)
{
	struct census c;

	universe_census(l->universe, &c);
	printf("generation %llu population %llu box %u,%u,%u,%u\n",
	       (unsigned long long)l->generation,
	       (unsigned long long)c.population, c.x, c.y, c.width, c.height);
}

static void
print_stats(const struct life *l)
{
	struct shmx_producer_stats ring = { 0 };
	double seconds = (double)(clock_ns() - l->start) / SECOND;
	double rate = seconds > 0 ? l->generation / seconds : 0;
	double cells = (double)l->options.torus_width * l->options.torus_height;
	struct census c;

	if (l->producer)
		shmx_producer_stats(l->producer, &ring, sizeof(ring));
	universe_census(l->universe, &c);
	printf("{\"torus_width\":%u,\"torus_height\":%u,\"steps\":%llu,"
	       "\"population\":%llu,\"seconds\":%.6f,"
	       "\"steps_per_second\":%.1f,\"cells_per_second\":%.0f,",
	       l->options.torus_width, l->options.torus_height,
	       (unsigned long long)l->generation,
	       (unsigned long long)c.population, seconds, rate, rate * cells);
	printf("\"frames_published\":%llu,\"frames_dropped\":%llu,"
	       "\"readers_attached\":%llu,\"readers\":%u,\"slots\":%u,"
	       "\"slots_held\":%u,\"ring_bytes\":%llu}\n",
	       (unsigned long long)ring.published,
	       (unsigned long long)ring.dropped,
	       (unsigned long long)ring.attached, ring.readers, ring.slots,
	       ring.slots_held, (unsigned long long)ring.bytes);
}

static void
catch_signals(void)
{
	struct sigaction action = { .sa_handler = end };

	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

int
main(int argc, char **argv)
{
	struct life l = {
		.options = {
			.name = "life",
			.width = 1280,
			.height = 720,
			.seed = 1,
		},
	};
	struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.args_doc = "[PATTERN.rle|PATTERN.rle.gz|-]...",
		.doc = doc,
	};

	argp_err_exit_status = 2;
	argp_program_version_hook = print_version;
	argp_parse(&argp, argc, argv, 0, NULL, &l.options);

	if (l.options.pattern)
		load_pattern(&l);
	else
		sow_first(&l);
	if (!l.options.no_publish)
		open_ring(&l);
	say_what(&l);
	catch_signals();
	run(&l);

	if (l.options.print)
		print_census(&l);
	if (l.options.stats)
		print_stats(&l);
	shmx_producer_close(l.producer);
	picture_destroy(l.picture);
	universe_destroy(l.universe);
	if (fflush(stdout) == EOF || ferror(stdout))
		die("cannot write to the standard output: %s",
		    strerror(errno));
	return EXIT_SUCCESS;
}
