/* SPDX-License-Identifier: MIT */
/*
 * swarm-window.c - a window on a swarm, with a hand in it
 *
 *	cc swarm-window.c $(pkg-config --cflags --libs shmfb) -lm \
 *		-o swarm-window
 *
 * Reads the agents where the simulation wrote them and draws them into a
 * framebuffer of its own, coloured by where they go, with fading trails. What
 * a renderer of somebody else's numbers wants to see done once:
 *
 *  - the display's clock paces the drawing, the newest frame is drawn, and
 *    the simulation never notices;
 *  - parameters go back through the reader's messages, and what the bars show
 *    is what the simulation says it goes by, not what was asked for;
 *  - a simulation that ends leaves its last picture, and the next one of that
 *    name goes on.
 *
 * Mouse: hold the left button to lure, the right one to scare. Keys: up and
 * down (or tab) choose a parameter, left and right change it, q ends.
 */
#include <argp.h>
#include <err.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <shmfb/shmfb.h>

#include "swarm.h"

/* Key symbols are X's. */
enum { KEY_TAB = 0xff09, KEY_ESCAPE = 0xff1b, KEY_LEFT = 0xff51,
       KEY_UP, KEY_RIGHT, KEY_DOWN };

enum { DIRECTIONS = 256 };

static const char *const names[] = SWARM_PARAMETER_NAMES;

static struct {
	struct shmfb *fb;
	struct shmx_reader *reader;
	uint32_t colours[DIRECTIONS];
	uint32_t *trail;		/* what is shown, without the bars */
	uint32_t width;			/* of trail */
	uint32_t height;

	float parameters[SWARM_PARAMETER_COUNT];	/* the swarm's */
	unsigned chosen;
	struct swarm_set set;		/* to be sent */
	bool set_due;
	struct swarm_point point;	/* the same */
	bool point_due;

	uint64_t sequence;		/* of the frame drawn last */
	uint32_t agents;
	bool quit;
} window = { .parameters = { -1, -1, -1, -1, -1 } };

static struct {
	const char *name;
	uint32_t side;
} options = { "swarm", 800 };

/* -------------------------------------------------------------- drawing -- */

/* A ring of colours, dim: where many meet they add up. */
static void
make_colours(void)
{
	unsigned i, k, value;

	for (i = 0; i < DIRECTIONS; i++) {
		window.colours[i] = 0;
		for (k = 0; k < 3; k++) {
			value = (unsigned)lrint(44 + 40 * cos(2 * M_PI *
				(i / (double)DIRECTIONS + k / 3.0)));
			window.colours[i] = window.colours[i] << 8 | value;
		}
	}
}

/* Both colours together, each channel at most 255. */
static uint32_t
add_colours(uint32_t a, uint32_t b)
{
	uint32_t sum = (a & 0x7f7f7f) + (b & 0x7f7f7f);
	uint32_t high = (a ^ b) & 0x808080, both = a & b & 0x808080;
	uint32_t over = both | (high & sum & 0x808080);

	return ((sum ^ high) | (over >> 7) * 255) & 0xffffff;
}

/* Three quarters of what was there. */
static void
fade(void)
{
	size_t i, n = (size_t)window.width * window.height;
	uint32_t c;

	for (i = 0; i < n; i++) {
		c = window.trail[i];
		window.trail[i] = (c >> 1 & 0x7f7f7f) + (c >> 2 & 0x3f3f3f);
	}
}

/* Where it goes, as one of the directions; near enough without an arctan. */
static unsigned
direction(float x, float y)
{
	float ax = fabsf(x), ay = fabsf(y);
	float q = ax + ay > 0 ? ay / (ax + ay) : 0;

	/* Infinite, or no number: another process's. */
	if (!(q >= 0 && q <= 1))
		return 0;
	q = x < 0 ? 2 - q : q;
	q = y < 0 ? 4 - q : q;
	return (unsigned)(q * (DIRECTIONS / 4)) & (DIRECTIONS - 1);
}

static void
plot(const float *position, const float *velocity, uint32_t agents)
{
	uint32_t i, x, y, *pixel;

	for (i = 0; i < agents; i++) {
		/* Another process's numbers: also one that is none. */
		float fx = position[2 * i] * (float)window.width;
		float fy = position[2 * i + 1] * (float)window.height;

		if (!(fx >= 0 && fx < (float)window.width && fy >= 0 &&
		      fy < (float)window.height))
			continue;
		x = (uint32_t)fx;
		y = (uint32_t)fy;
		pixel = &window.trail[(size_t)y * window.width + x];
		*pixel = add_colours(*pixel, window.colours[direction(
			velocity[2 * i], velocity[2 * i + 1])]);
	}
}

/* A stream of that shape, or NULL. */
static const float *
look(struct shmx_hold *hold, uint32_t id, uint32_t components,
     uint32_t *elements)
{
	struct shmx_stream_view v;

	if (shmx_frame_stream(hold, id, &v) < 0 ||
	    v.element_type != SHMX_F32 || v.components != components)
		return NULL;
	*elements = v.elements;
	return v.data;
}

/* The newest frame, if there is a new one. */
static void
draw_agents(void)
{
	const float *position, *velocity, *parameters;
	uint32_t agents = 0, moving = 0, n = 0;
	struct shmx_hold *hold;

	if (shmx_hold_latest(window.reader, &hold) < 0)
		return;
	position = look(hold, SWARM_POSITIONS, 2, &agents);
	velocity = look(hold, SWARM_VELOCITIES, 2, &moving);
	parameters = look(hold, SWARM_PARAMETERS, 1, &n);
	if (!position || !velocity || !parameters || moving != agents ||
	    n != SWARM_PARAMETER_COUNT)
		errx(1, "ring \"%s\" carries something else than a swarm",
		     options.name);
	if (shmx_frame_info(hold)->sequence != window.sequence) {
		fade();
		plot(position, velocity, agents);
	}
	memcpy(window.parameters, parameters, sizeof(window.parameters));
	window.sequence = shmx_frame_info(hold)->sequence;
	window.agents = agents;
	shmx_release(hold);
}

static void
fill(const struct shmfb_canvas *c, uint32_t x, uint32_t y, uint32_t width,
     uint32_t height, uint32_t colour)
{
	uint32_t i, j;

	for (j = y; j < y + height && j < c->height; j++)
		for (i = x; i < x + width && i < c->width; i++)
			((uint32_t *)((char *)c->pixels + j * c->stride))[i] =
				colour;
}

/* The parameters that the swarm goes by, in the corner. */
static void
draw_bars(const struct shmfb_canvas *c)
{
	uint32_t i, y;

	for (i = 0; i < SWARM_PARAMETER_COUNT; i++) {
		y = 12 + 14 * i;
		/* Not known yet, or nothing that a bar can show. */
		if (!(window.parameters[i] >= 0 && window.parameters[i] <= 1))
			continue;
		fill(c, 12, y, 104, 10, 0x303030);
		fill(c, 14, y + 2, (uint32_t)(100 * window.parameters[i]), 6,
		     i == window.chosen ? 0xffd75f : 0x9a9a9a);
	}
}

/* The trail is as large as the window. */
static void
fit(const struct shmfb_canvas *c)
{
	if (c->width == window.width && c->height == window.height)
		return;
	free(window.trail);
	window.trail = calloc((size_t)c->width * c->height,
			      sizeof(*window.trail));
	if (!window.trail)
		errx(1, "no memory for a window of %ux%u", (unsigned)c->width,
		     (unsigned)c->height);
	window.width = c->width;
	window.height = c->height;
	window.sequence = 0;
}

static void
draw(const struct shmfb_canvas *c)
{
	uint32_t y;

	fit(c);
	draw_agents();
	for (y = 0; y < c->height; y++)
		memcpy((char *)c->pixels + y * c->stride,
		       &window.trail[(size_t)y * window.width],
		       window.width * sizeof(*window.trail));
	draw_bars(c);
}

static void
set_title(void)
{
	static unsigned ticks;
	char title[160];

	if (ticks++ % 30 != 0)
		return;
	if (shmx_reader_state(window.reader) != SHMX_ATTACHED)
		snprintf(title, sizeof(title), "swarm: waiting for \"%s\"",
			 options.name);
	else
		snprintf(title, sizeof(title), "swarm: %u agents, step %llu, "
			 "%s %.2f", (unsigned)window.agents,
			 (unsigned long long)window.sequence,
			 names[window.chosen],
			 (double)window.parameters[window.chosen]);
	shmfb_set_title(window.fb, title);
}

/* ---------------------------------------------------------------- input -- */

static void
change(float by)
{
	float v = window.parameters[window.chosen] + by;

	if (window.parameters[window.chosen] < 0)
		return;
	v = v < 0 ? 0 : v > 1 ? 1 : v;
	window.set = (struct swarm_set){ window.chosen, v };
	window.set_due = true;
}

static void
on_key(uint32_t key)
{
	switch (key) {
	case KEY_UP:
		window.chosen = (window.chosen + SWARM_PARAMETER_COUNT - 1) %
			SWARM_PARAMETER_COUNT;
		break;
	case KEY_DOWN:
	case KEY_TAB:
		window.chosen = (window.chosen + 1) % SWARM_PARAMETER_COUNT;
		break;
	case KEY_LEFT:
		change(-0.05f);
		break;
	case KEY_RIGHT:
		change(0.05f);
		break;
	case 'q':
	case KEY_ESCAPE:
		window.quit = true;
		break;
	default:
		break;
	}
}

static void
point_at(int32_t x, int32_t y, float strength)
{
	float fx = (float)x / (float)(window.width ? window.width : 1);
	float fy = (float)y / (float)(window.height ? window.height : 1);

	window.point = (struct swarm_point){
		.x = fx < 0 ? 0 : fx > 1 ? 1 : fx,
		.y = fy < 0 ? 0 : fy > 1 ? 1 : fy,
		.strength = strength,
	};
	window.point_due = true;
}

static void
take_events(void)
{
	struct shmfb_event e;

	while (shmfb_next_event(window.fb, &e)) {
		if (e.type == SHMFB_EVENT_KEY && e.u.key.pressed)
			on_key(e.u.key.keysym);
		else if (e.type == SHMFB_EVENT_BUTTON && e.u.button.pressed &&
			 (e.u.button.button == 1 || e.u.button.button == 3))
			point_at(e.u.button.x, e.u.button.y,
				 e.u.button.button == 1 ? 1 : -1);
		else if (e.type == SHMFB_EVENT_BUTTON &&
			 !e.u.button.pressed && window.point.strength != 0 &&
			 (e.u.button.button == 1 || e.u.button.button == 3))
			point_at(e.u.button.x, e.u.button.y, 0);
		else if (e.type == SHMFB_EVENT_MOTION &&
			 window.point.strength != 0)
			point_at(e.u.motion.x, e.u.motion.y,
				 window.point.strength);
	}
}

/* What could not be sent is tried again, and only the newest of it. */
static void
send_messages(void)
{
	if (window.set_due &&
	    shmx_control_send(window.reader, SWARM_SET, &window.set,
			      sizeof(window.set)) == 0)
		window.set_due = false;
	if (window.point_due &&
	    shmx_control_send(window.reader, SWARM_POINT, &window.point,
			      sizeof(window.point)) == 0)
		window.point_due = false;
}

/* ---------------------------------------------------------- the command -- */

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 's':
		options.side = (uint32_t)strtoul(arg, NULL, 10);
		if (options.side < 1 || options.side > SHMX_SIDE_MAX)
			argp_error(state, "1 to %d pixels", SHMX_SIDE_MAX);
		break;
	case ARGP_KEY_ARG:
		if (state->arg_num > 0)
			argp_usage(state);
		options.name = arg;
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const struct argp_option option_list[] = {
	{ "side", 's', "PIXELS", 0, "Of the window; default 800", 0 },
	{ 0 }
};

int
main(int argc, char **argv)
{
	static const struct argp argp = { option_list, parse, "[NAME]",
		"Show the swarm of ring NAME (default: swarm).\v"
		"Left button lures, right button scares. Up and down choose a "
		"parameter, left and right change it. q ends.", 0, 0, 0 };
	struct shmx_reader_options ro = SHMX_READER_OPTIONS_INIT;
	struct shmfb_options fo = SHMFB_OPTIONS_INIT;
	struct shmfb_canvas c;

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	make_colours();
	ro.holds = 1;
	ro.flags = SHMX_WAIT;
	if (shmx_reader_open(&window.reader, options.name, &ro) < 0)
		errx(1, "%s", shmx_error());
	fo.title = "swarm";
	fo.class_name = "swarm-window";
	fo.width = fo.height = options.side;
	if (shmfb_open(&window.fb, &fo) < 0)
		errx(1, "%s", shmfb_error());
	while (!window.quit && shmfb_pump(window.fb)) {
		take_events();
		/* Never sleeps: attaches to whoever produces the ring now. */
		(void)shmx_reader_dispatch(window.reader);
		send_messages();
		if (shmfb_begin(window.fb, &c) < 0)
			continue;
		draw(&c);
		set_title();
		if (shmfb_present(window.fb, NULL, 0) == -EPIPE)
			break;
	}
	shmx_reader_close(window.reader);
	shmfb_close(window.fb);
	free(window.trail);
	return 0;
}
