/* SPDX-License-Identifier: MIT */
/*
 * swarm-meter.c - a swarm in numbers, a line a second
 *
 *	cc swarm-meter.c $(pkg-config --cflags --libs shmx) -lm -o swarm-meter
 *
 * A reader without a window: it waits for frames, looks at their streams where
 * they lie, and may set parameters on the way. Start it, stop it and kill it
 * while a swarm-window is open; neither it nor the swarm will notice.
 */
#include <argp.h>
#include <err.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <shmx/shmx.h>

#include "swarm.h"

static const char *const names[] = SWARM_PARAMETER_NAMES;

static struct {
	const char *name;
	unsigned long lines;		/* 0: for ever */
	struct swarm_set set[16];
	unsigned sets;
	struct swarm_point point;
	bool points;
} options = { .name = "swarm" };

static volatile sig_atomic_t stop;

static void
on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A stream of that shape: others may publish under this name, too. */
static const void *
look(struct shmx_hold *hold, uint32_t id, uint32_t type, uint32_t components,
     uint32_t *elements)
{
	struct shmx_stream_view v;

	if (shmx_frame_stream(hold, id, &v) < 0 || v.element_type != type ||
	    v.components != components)
		errx(1, "ring \"%s\" carries something else than a swarm",
		     options.name);
	*elements = v.elements;
	return v.data;
}

/* How fast the agents are, on average. */
static double
mean_speed(struct shmx_hold *hold, uint32_t *agents)
{
	const float *v = look(hold, SWARM_VELOCITIES, SHMX_F32, 2, agents);
	double sum = 0;
	uint32_t i;

	for (i = 0; i < *agents; i++)
		sum += sqrtf(v[2 * i] * v[2 * i] + v[2 * i + 1] * v[2 * i + 1]);
	return *agents > 0 ? sum / *agents : 0;
}

static void
print(struct shmx_hold *hold, double frames, double steps)
{
	const struct shmx_frame_info *info = shmx_frame_info(hold);
	uint32_t agents, n, pointers, i;
	const float *p = look(hold, SWARM_PARAMETERS, SHMX_F32, 1, &n);
	const double *order;
	double speed;

	(void)look(hold, SWARM_POINTERS, SHMX_F32, 3, &pointers);
	speed = mean_speed(hold, &agents);
	printf("step %llu, %.0f a second (%.0f seen): %u agents, speed %.3f",
	       (unsigned long long)info->sequence, steps, frames,
	       (unsigned)agents, speed);
	order = look(hold, SWARM_ORDER, SHMX_F64, 1, &i);
	if (i == 1)
		printf(", order %.2f", *order);
	printf(", %u pointers;", (unsigned)pointers);
	for (i = 0; i < n && i < SWARM_PARAMETER_COUNT; i++)
		printf(" %s %.2f", names[i], (double)p[i]);
	putchar('\n');
}

/* What was asked for on the command line. */
static void
send_wishes(struct shmx_reader *r)
{
	while (options.sets > 0 &&
	       shmx_control_send(r, SWARM_SET, &options.set[options.sets - 1],
				 sizeof(struct swarm_set)) == 0)
		options.sets--;
	if (options.points &&
	    shmx_control_send(r, SWARM_POINT, &options.point,
			      sizeof(options.point)) == 0)
		options.points = false;
}

static void
run(struct shmx_reader *r)
{
	double began = now(), t;
	uint64_t first = 0;
	unsigned frames = 0;
	unsigned long lines = 0;
	struct shmx_hold *hold;
	uint32_t agents;
	int ret;

	while (!stop && (options.lines == 0 || lines < options.lines)) {
		send_wishes(r);
		ret = shmx_wait(r, 1000);
		if (ret == -EPIPE)
			fprintf(stderr, "swarm-meter: %s\n", shmx_error());
		if (ret < 0 || shmx_hold_latest(r, &hold) < 0)
			continue;
		/* Ends us when this is no swarm. */
		(void)look(hold, SWARM_POSITIONS, SHMX_F32, 2, &agents);
		frames++;
		t = now();
		if (first == 0 || shmx_frame_info(hold)->sequence < first)
			first = shmx_frame_info(hold)->sequence;
		if (t - began >= 1) {
			print(hold, frames / (t - began), (double)
			      (shmx_frame_info(hold)->sequence - first) /
			      (t - began));
			first = shmx_frame_info(hold)->sequence;
			began = t;
			frames = 0;
			lines++;
		}
		shmx_release(hold);
	}
}

/* ---------------------------------------------------------- the command -- */

static void
parse_set(const char *arg, struct argp_state *state)
{
	const char *equals = strchr(arg, '=');
	struct swarm_set *set = &options.set[options.sets];
	uint32_t i;

	if (options.sets == sizeof(options.set) / sizeof(*options.set))
		argp_error(state, "too many --set");
	for (i = 0; equals && i < SWARM_PARAMETER_COUNT; i++) {
		if (strlen(names[i]) != (size_t)(equals - arg) ||
		    strncmp(names[i], arg, strlen(names[i])) != 0)
			continue;
		*set = (struct swarm_set){ i, strtof(equals + 1, NULL) };
		options.sets++;
		if (!(set->value >= 0 && set->value <= 1))
			argp_error(state, "%s is from 0 to 1", names[i]);
		return;
	}
	argp_error(state, "--set align=, cohesion=, separation=, noise= or "
		   "speed=, not %s", arg);
}

static void
parse_point(const char *arg, struct argp_state *state)
{
	struct swarm_point *p = &options.point;
	char end;

	if (sscanf(arg, "%f,%f,%f%c", &p->x, &p->y, &p->strength, &end) != 3 ||
	    !(p->x >= 0 && p->x <= 1 && p->y >= 0 && p->y <= 1 &&
	      p->strength >= -1 && p->strength <= 1))
		argp_error(state, "--point X,Y,STRENGTH: from 0 to 1, and the "
			   "strength from -1 to 1, not %s", arg);
	options.points = true;
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'p':
		parse_point(arg, state);
		break;
	case 's':
		parse_set(arg, state);
		break;
	case 'n':
		options.lines = strtoul(arg, NULL, 10);
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
	{ "set", 's', "NAME=VALUE", 0, "Set a parameter, from 0 to 1: align, "
	  "cohesion, separation, noise, speed", 0 },
	{ "point", 'p', "X,Y,STRENGTH", 0, "Lure the agents to a place, or "
	  "scare them with a strength below 0, while this runs", 0 },
	{ "lines", 'n', "N", 0, "End after so many", 0 },
	{ 0 }
};

int
main(int argc, char **argv)
{
	static const struct argp argp = { option_list, parse, "[NAME]",
		"Print a swarm in numbers, a line a second.", 0, 0, 0 };
	const struct sigaction act = { .sa_handler = on_signal };
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	struct shmx_reader *r;

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	o.holds = 1;
	o.flags = SHMX_WAIT;
	if (shmx_reader_open(&r, options.name, &o) < 0)
		errx(1, "%s", shmx_error());
	run(r);
	shmx_reader_close(r);
	return 0;
}
