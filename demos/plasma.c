/* SPDX-License-Identifier: MIT */
/*
 * plasma.c - an application that draws for itself, sixty times a second
 *
 *	cc plasma.c $(pkg-config --cflags --libs shmfb) -lm
 *
 * Four waves are added up for each pixel and the sum is looked up in a ring
 * of colours. What a program that draws wants to see done once:
 *
 *  - the loop: pump, take the events, begin, draw, present;
 *  - a canvas that is as large as the window is now, whatever it was before;
 *  - keys, and a title that changes;
 *  - what the window says of itself: frames, copies, delays.
 *
 * Keys: space stops the motion, left and right change its speed, c the
 * colours, s prints the statistics, q or Escape ends.
 *
 * Everything that is slow is in tables: a pixel costs three additions and
 * two loads. Rows share their part of the sum, columns theirs.
 */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <shmfb/shmfb.h>

#define SIDE_MAX 32767

/* Key symbols are X's; these are in xkbcommon-keysyms.h, too. */
enum { KEY_ESCAPE = 0xff1b, KEY_LEFT = 0xff51, KEY_RIGHT = 0xff53 };

/*
 * One turn of the sine, 1024 steps and quarters between them, from -4080 to
 * 4080: sums are sixteenths of a colour, or bands would show.
 */
#define TURN 4096
static int16_t sine[TURN];

/* What each column adds, and where on the diagonal wave it stands. */
static int32_t column[SIDE_MAX];
static uint16_t bend[SIDE_MAX];

/* The colours that sums stand for; they come back after 1024. */
static uint32_t palette[1024];

static struct {
	double time;			/* of the waves, in steps */
	double speed;			/* steps a second */
	unsigned colours;		/* which palette */
	bool stopped;
	bool quit;
} plasma = { .speed = 120 };

static int32_t
wave(double step)
{
	return sine[(int64_t)(step * 4) & (TURN - 1)];
}

static void
make_sine(void)
{
	unsigned i;

	for (i = 0; i < TURN; i++)
		sine[i] = (int16_t)lrint(4080 * sin(i * 2 * M_PI / TURN));
}

/* Three cosines out of step; each palette steps differently. */
static void
make_palette(unsigned which)
{
	static const double shift[4][3] = {
		{ 0.50, 0.62, 0.78 },	/* dusk: rose, amber, indigo */
		{ 0.95, 0.20, 0.45 },	/* sea */
		{ 0.00, 0.33, 0.67 },	/* rainbow */
		{ 0.45, 0.50, 0.58 },	/* paper lantern */
	};
	static const double turns[4][3] = {
		{ 1, 1, 1 }, { 1, 1, 1 }, { 1, 1, 1 }, { 2, 2, 1 },
	};
	unsigned i, k, value;

	for (i = 0; i < 1024; i++) {
		palette[i] = 0;
		for (k = 0; k < 3; k++) {
			double turn = turns[which % 4][k] * i / 1024 +
				      shift[which % 4][k];

			value = (unsigned)lrint(127.5 +
						127.5 * cos(2 * M_PI * turn));
			palette[i] = palette[i] << 8 | value;
		}
	}
}

static void
prepare_columns(uint32_t width, double t)
{
	uint32_t x;

	for (x = 0; x < width; x++) {
		column[x] = 2 * wave(x * 1.7 + t) + wave(x * 0.9 - t * 1.3);
		bend[x] = (uint16_t)((int64_t)(x * 4.4 + t * 2.8) &
				     (TURN - 1));
	}
}

static void
draw(const struct shmfb_canvas *canvas, double t)
{
	uint32_t x, y;

	prepare_columns(canvas->width, t);
	for (y = 0; y < canvas->height; y++) {
		uint32_t *row = (uint32_t *)((char *)canvas->pixels +
					     y * canvas->stride);
		int32_t sum = 2 * wave(y * 1.3 - t * 0.8) +
			      wave(y * 2.3 + t * 0.5) + (int32_t)(t * 16);
		/* The diagonal, bent by how far down we are. */
		uint32_t along = (uint32_t)((int32_t)(y * 4.8) +
					    wave(y * 0.6 + t) / 12);

		for (x = 0; x < canvas->width; x++)
			row[x] = palette[(uint32_t)(sum + column[x] +
				 sine[(along + bend[x]) & (TURN - 1)]) >> 4 &
				 1023];
	}
}

static double
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void
print_stats(struct shmfb *fb)
{
	struct shmfb_stats s;

	shmfb_stats(fb, &s, sizeof(s));
	printf("%ux%u by %s (%s), paced by %s: %llu frames, %llu copies by "
	       "the client, present to done %.2f ms (99%%: %.2f ms)\n",
	       s.width, s.height, s.path, s.why, s.clock,
	       (unsigned long long)s.frames_shown,
	       (unsigned long long)s.client_copies,
	       (double)s.latency_p50_ns / 1e6, (double)s.latency_p99_ns / 1e6);
	fflush(stdout);
}

/* Once a second: in the title and on standard output. */
static void
report(struct shmfb *fb, double now)
{
	static double since;
	static uint64_t frames;
	struct shmfb_stats s;
	char title[64];
	double rate;

	if (since == 0)
		since = now;
	if (now - since < 1)
		return;
	shmfb_stats(fb, &s, sizeof(s));
	rate = (double)(s.frames_shown - frames) / (now - since);
	printf("%.1f frames/s\n", rate);
	fflush(stdout);
	snprintf(title, sizeof(title), "plasma - %.0f frames/s", rate);
	shmfb_set_title(fb, title);
	since = now;
	frames = s.frames_shown;
}

static void
press(struct shmfb *fb, uint32_t key)
{
	switch (key) {
	case ' ':
		plasma.stopped = !plasma.stopped;
		break;
	case 'c':
		make_palette(++plasma.colours);
		break;
	case 's':
		print_stats(fb);
		break;
	case KEY_LEFT:
		plasma.speed *= 0.8;
		break;
	case KEY_RIGHT:
		plasma.speed *= 1.25;
		break;
	case 'q':
	case KEY_ESCAPE:
		plasma.quit = true;
		break;
	}
}

static void
take_events(struct shmfb *fb)
{
	struct shmfb_event event;

	/* A new size needs no answer: the next canvas has it. */
	while (shmfb_next_event(fb, &event))
		if (event.type == SHMFB_EVENT_KEY && event.u.key.pressed)
			press(fb, event.u.key.keysym);
}

static void
run(struct shmfb *fb)
{
	double last = seconds(), now;
	struct shmfb_canvas canvas;

	while (!plasma.quit && shmfb_pump(fb)) {
		take_events(fb);
		if (shmfb_begin(fb, &canvas) < 0)
			continue;
		now = seconds();
		if (!plasma.stopped)
			plasma.time += (now - last) * plasma.speed;
		last = now;
		draw(&canvas, plasma.time);
		shmfb_present(fb, NULL, 0);
		report(fb, now);
	}
}

static int
usage(int status)
{
	fprintf(status ? stderr : stdout,
		"usage: plasma [--unpaced] [WIDTHxHEIGHT]\n"
		"An animated picture in a window; --unpaced: as fast as it "
		"goes.\n"
		"Keys: space stop, left/right speed, c colours, s statistics, "
		"q quit.\n");
	return status;
}

int
main(int argc, char **argv)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	struct shmfb *fb;
	char end;
	int i;

	opt.title = "plasma";
	opt.class_name = "plasma";
	opt.width = 800;
	opt.height = 600;
	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--unpaced"))
			opt.vsync = SHMFB_VSYNC_OFF;
		else if (!strcmp(argv[i], "--help"))
			return usage(0);
		else if (sscanf(argv[i], "%ux%u%c", &opt.width, &opt.height,
				&end) != 2)
			return usage(2);
	}
	make_sine();
	make_palette(0);
	if (shmfb_open(&fb, &opt) < 0) {
		fprintf(stderr, "plasma: %s\n", shmfb_error());
		return 1;
	}
	run(fb);
	print_stats(fb);
	shmfb_close(fb);
	return 0;
}
