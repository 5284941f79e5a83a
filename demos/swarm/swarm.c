/* SPDX-License-Identifier: MIT */
/*
 * swarm.c - a simulation whose frames are numbers, not pixels
 *
 *	cc swarm.c flock.c $(pkg-config --cflags --libs shmx) -lm -o swarm
 *
 * A hundred thousand agents. Each frame of the ring carries, of one instant,
 * their positions and velocities, the parameters they went by, the pointers
 * that lure and scare them, and how much they go one way. What a simulation
 * wants to see done once:
 *
 *  - streams, declared when the ring is made, filled where they lie;
 *  - messages from readers, who they are from, and that a reader is gone.
 *
 * It draws nothing and waits for nobody: swarm-window shows it, swarm-meter
 * prints it, and as many of either may come and go as the ring has holds.
 */
#include <argp.h>
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <shmx/shmx.h>

#include "flock.h"
#include "swarm.h"

/* Of messages in one step. */
enum { MESSAGES_MAX = 1000 };

static struct {
	const char *name;
	unsigned long agents;
	unsigned long rate;		/* steps a second; 0: all it can */
	unsigned long steps;		/* 0: for ever */
	unsigned long seed;
} options = { "swarm", 100000, 60, 0, 1 };

static struct {
	float parameters[SWARM_PARAMETER_COUNT];
	/* One for each reader that has one. */
	struct swarm_point points[SWARM_POINTERS_MAX];
	uint64_t owner[SWARM_POINTERS_MAX];
	unsigned count;
} world = { .parameters = { 0.7f, 0.5f, 0.5f, 0.3f, 0.4f } };

static volatile sig_atomic_t stop;

static void
on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

/* ------------------------------------------------- what readers ask for -- */

static unsigned
find_point(uint64_t reader)
{
	unsigned i;

	for (i = 0; i < world.count && world.owner[i] != reader; i++)
		;
	return i;
}

static void
remove_point(uint64_t reader)
{
	unsigned i = find_point(reader);

	if (i == world.count)
		return;
	world.count--;
	world.points[i] = world.points[world.count];
	world.owner[i] = world.owner[world.count];
}

/* Numbers from another process: in their range, or not at all. */
static int
is_within(float v, float low, float high)
{
	return v >= low && v <= high;
}

static void
set_point(uint64_t reader, const struct swarm_point *p)
{
	unsigned i = find_point(reader);

	if (!is_within(p->x, 0, 1) || !is_within(p->y, 0, 1) ||
	    !is_within(p->strength, -1, 1))
		return;
	if (p->strength == 0) {
		remove_point(reader);
		return;
	}
	if (i == SWARM_POINTERS_MAX)
		return;
	if (i == world.count)
		world.count++;
	world.points[i] = *p;
	world.owner[i] = reader;
}

static void
set_parameter(const struct swarm_set *set)
{
	if (set->parameter < SWARM_PARAMETER_COUNT &&
	    is_within(set->value, 0, 1))
		world.parameters[set->parameter] = set->value;
}

static void
obey(struct shmx_producer *p)
{
	struct swarm_point point;
	struct shmx_control m;
	struct swarm_set set;
	unsigned n;

	/* Not all: a reader may send faster than this receives. */
	for (n = 0; n < MESSAGES_MAX; n++) {
		if (shmx_control_receive(p, &m) < 0)
			break;
		if (m.type == SHMX_CONTROL_HELLO) {
			printf("%s (pid %d) is here\n", m.label, (int)m.pid);
		} else if (m.type == SHMX_CONTROL_BYE) {
			printf("%s (pid %d) is gone\n", m.label, (int)m.pid);
			/* Killed while it pointed: nobody points any more. */
			remove_point(m.reader);
		} else if (m.type == SWARM_SET && m.bytes == sizeof(set)) {
			memcpy(&set, m.data, sizeof(set));
			set_parameter(&set);
		} else if (m.type == SWARM_POINT && m.bytes == sizeof(point)) {
			memcpy(&point, m.data, sizeof(point));
			set_point(m.reader, &point);
		}
	}
}

/* -------------------------------------------------------------- frames -- */

static struct shmx_producer *
open_ring(void)
{
	const uint32_t agents = (uint32_t)options.agents;
	const struct shmx_stream streams[] = {
		{ .kind = SHMX_STREAM_DATA, .id = SWARM_POSITIONS,
		  .name = "positions", .element_type = SHMX_F32,
		  .components = 2, .layout = SHMX_AOS, .capacity = agents },
		{ .kind = SHMX_STREAM_DATA, .id = SWARM_VELOCITIES,
		  .name = "velocities", .element_type = SHMX_F32,
		  .components = 2, .layout = SHMX_AOS, .capacity = agents },
		{ .kind = SHMX_STREAM_DATA, .id = SWARM_PARAMETERS,
		  .name = "parameters", .element_type = SHMX_F32,
		  .capacity = SWARM_PARAMETER_COUNT },
		{ .kind = SHMX_STREAM_DATA, .id = SWARM_POINTERS,
		  .name = "pointers", .element_type = SHMX_F32,
		  .components = 3, .layout = SHMX_AOS,
		  .capacity = SWARM_POINTERS_MAX },
		{ .kind = SHMX_STREAM_DATA, .id = SWARM_ORDER,
		  .name = "order", .element_type = SHMX_F64, .capacity = 1 },
	};
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	struct shmx_producer *p;

	o.streams = streams;
	o.stream_count = sizeof(streams) / sizeof(*streams);
	if (shmx_producer_open(&p, options.name, &o) < 0)
		errx(1, "%s", shmx_error());
	return p;
}

/* A stream of the frame, in the slot itself. */
static void *
place(struct shmx_producer *p, struct shmx_frame *f, uint32_t id,
      uint32_t elements)
{
	void *data;

	if (shmx_frame_append(p, f, id, elements, &data) < 0)
		errx(1, "%s", shmx_error());
	return data;
}

/* One step, straight into a frame. */
static void
step(struct shmx_producer *p, struct flock *flock, unsigned long n)
{
	const uint32_t agents = (uint32_t)options.agents;
	const float dt = 1 / 60.0f;
	struct vec *positions, *velocities;
	struct shmx_frame f;
	double order;
	unsigned i;
	float *out;

	shmx_begin(p, &f);
	positions = place(p, &f, SWARM_POSITIONS, agents);
	velocities = place(p, &f, SWARM_VELOCITIES, agents);
	order = flock_step(flock, dt, world.parameters, world.points,
			   world.count, positions, velocities);
	memcpy(place(p, &f, SWARM_PARAMETERS, SWARM_PARAMETER_COUNT),
	       world.parameters, sizeof(world.parameters));
	out = place(p, &f, SWARM_POINTERS, world.count);
	for (i = 0; i < world.count; i++) {
		out[3 * i] = world.points[i].x;
		out[3 * i + 1] = world.points[i].y;
		out[3 * i + 2] = world.points[i].strength;
	}
	memcpy(place(p, &f, SWARM_ORDER, 1), &order, sizeof(order));
	f.sim_time = (double)n * (double)dt;
	shmx_publish(p, &f);
}

/* Until it is time for the next one. What is late is not made up for. */
static void
pace(struct timespec *next)
{
	struct timespec now;

	if (options.rate == 0)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec > next->tv_sec + 1)
		*next = now;
	next->tv_nsec += (long)(1000000000 / options.rate);
	if (next->tv_nsec >= 1000000000) {
		next->tv_nsec -= 1000000000;
		next->tv_sec++;
	}
	while (!stop && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, next,
					NULL) == EINTR)
		;
}

/* ---------------------------------------------------------- the command -- */

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'a':
		options.agents = strtoul(arg, NULL, 10);
		if (options.agents < 1 || options.agents > 10000000)
			argp_error(state, "1 to 10000000 agents, not %s", arg);
		break;
	case 'r':
		options.rate = strtoul(arg, NULL, 10);
		if (options.rate > 100000)
			argp_error(state, "at most 100000 steps a second");
		break;
	case 'n':
		options.steps = strtoul(arg, NULL, 10);
		break;
	case 's':
		options.seed = strtoul(arg, NULL, 10);
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
	{ "agents", 'a', "N", 0, "So many; default 100000", 0 },
	{ "rate", 'r', "N", 0, "Steps a second, 0 for all it can; default 60",
	  0 },
	{ "steps", 'n', "N", 0, "End after so many", 0 },
	{ "seed", 's', "N", 0, "Of the random numbers; default 1", 0 },
	{ 0 }
};

int
main(int argc, char **argv)
{
	static const struct argp argp = { option_list, parse, "[NAME]",
		"Simulate a swarm into ring NAME (default: swarm).\v"
		"Look at it with swarm-window and swarm-meter.", 0, 0, 0 };
	const struct sigaction act = { .sa_handler = on_signal };
	struct shmx_producer_stats stats;
	struct shmx_producer *p;
	struct timespec next;
	struct flock *flock;
	unsigned long n;

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	flock = flock_create(options.agents, (uint32_t)options.seed);
	if (!flock)
		errx(1, "no memory for %lu agents", options.agents);
	p = open_ring();
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (n = 1; !stop && (options.steps == 0 || n <= options.steps); n++) {
		obey(p);
		step(p, flock, n);
		pace(&next);
	}
	shmx_producer_stats(p, &stats, sizeof(stats));
	printf("%llu steps of %lu agents published, %llu dropped\n",
	       (unsigned long long)stats.published, options.agents,
	       (unsigned long long)stats.dropped);
	shmx_producer_close(p);
	flock_destroy(flock);
	return 0;
}
