/* SPDX-License-Identifier: MIT */
/*
 * flock.h - many agents that go where their neighbours go
 *
 * A world of [0, 1) x [0, 1) whose edges meet. Neighbours are not looked for:
 * density and mean velocity are gathered on a grid, smoothed, and read back
 * where each agent is, so that a step takes the same few nanoseconds for each
 * of them however close they crowd.
 */
#ifndef SWARM_FLOCK_H
#define SWARM_FLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "swarm.h"

struct vec {
	float x;
	float y;
};

struct flock;

/* NULL: no memory. */
struct flock *
flock_create(size_t agents, uint32_t seed);
void
flock_destroy(struct flock *flock);

/*
 * One step of dt seconds. The new positions and velocities, `agents` of each,
 * are written to positions and velocities, too. parameters has
 * SWARM_PARAMETER_COUNT values, points are those of the readers. Returns how
 * much all go one way: the length of the mean direction.
 */
double
flock_step(struct flock *flock, float dt, const float *parameters,
	   const struct swarm_point *points, unsigned count,
	   struct vec *positions, struct vec *velocities);

#endif
