/* SPDX-License-Identifier: MIT */
/*
 * flock.c - many agents that go where their neighbours go
 */
#include "flock.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 128, CELLS = SIDE * SIDE };

/* What is gathered in a cell, or read between four of them. */
struct field {
	float n;			/* agents; 1 is the mean of all cells */
	float x;			/* their velocities, summed */
	float y;
};

struct flock {
	size_t agents;
	uint32_t random;
	struct vec *position;
	struct vec *velocity;
	struct field field[CELLS];
	struct field smooth[CELLS];
};

static uint32_t
next_random(struct flock *f)
{
	f->random ^= f->random << 13;
	f->random ^= f->random >> 17;
	f->random ^= f->random << 5;
	return f->random;
}

/* From 0 to 1, without 1. */
static float
chance(struct flock *f)
{
	return (float)(next_random(f) >> 8) / 16777216.0f;
}

struct flock *
flock_create(size_t agents, uint32_t seed)
{
	struct flock *f = calloc(1, sizeof(*f));
	float angle;
	size_t i;

	if (!f)
		return NULL;
	f->agents = agents;
	f->random = seed * 2654435761u | 1;
	f->position = calloc(agents, sizeof(*f->position));
	f->velocity = calloc(agents, sizeof(*f->velocity));
	if (!f->position || !f->velocity) {
		flock_destroy(f);
		return NULL;
	}
	for (i = 0; i < agents; i++) {
		angle = 2 * (float)M_PI * chance(f);
		f->position[i] = (struct vec){ chance(f), chance(f) };
		f->velocity[i] = (struct vec){ 0.1f * cosf(angle),
					       0.1f * sinf(angle) };
	}
	return f;
}

void
flock_destroy(struct flock *f)
{
	if (!f)
		return;
	free(f->position);
	free(f->velocity);
	free(f);
}

/* ------------------------------------------------------------ the grid -- */

static void
gather(struct flock *f)
{
	const float one = (float)CELLS / (float)f->agents;
	struct field *c;
	size_t i;

	memset(f->field, 0, sizeof(f->field));
	for (i = 0; i < f->agents; i++) {
		c = &f->field[(int)(f->position[i].y * SIDE) * SIDE +
			      (int)(f->position[i].x * SIDE)];
		c->n += one;
		c->x += one * f->velocity[i].x;
		c->y += one * f->velocity[i].y;
	}
}

/* 1 4 6 4 1 in one direction: cells are `step` apart, a line SIDE long. */
static void
smooth_line(const struct field *in, struct field *out, int step)
{
	static const float weight[] = { 1 / 16.0f, 4 / 16.0f, 6 / 16.0f,
					4 / 16.0f, 1 / 16.0f };
	int i, k;

	for (i = 0; i < SIDE; i++) {
		struct field sum = { 0, 0, 0 };

		for (k = -2; k <= 2; k++) {
			const struct field *c =
				&in[((i + k) & (SIDE - 1)) * step];

			sum.n += weight[k + 2] * c->n;
			sum.x += weight[k + 2] * c->x;
			sum.y += weight[k + 2] * c->y;
		}
		out[i * step] = sum;
	}
}

static void
smooth(struct flock *f)
{
	int i;

	for (i = 0; i < SIDE; i++)
		smooth_line(&f->field[i * SIDE], &f->smooth[i * SIDE], 1);
	for (i = 0; i < SIDE; i++)
		smooth_line(&f->smooth[i], &f->field[i], SIDE);
}

/* The field at a place, and the slope of its density. */
static struct field
look(const struct flock *f, struct vec at, struct vec *slope)
{
	float x = at.x * SIDE - 0.5f, y = at.y * SIDE - 0.5f;
	int left = (int)floorf(x), top = (int)floorf(y);
	float fx = x - (float)left, fy = y - (float)top;
	int x0 = left & (SIDE - 1), x1 = (left + 1) & (SIDE - 1);
	int y0 = (top & (SIDE - 1)) * SIDE;
	int y1 = ((top + 1) & (SIDE - 1)) * SIDE;
	const struct field *a = &f->field[y0 + x0], *b = &f->field[y0 + x1];
	const struct field *c = &f->field[y1 + x0], *d = &f->field[y1 + x1];
	float wa = (1 - fx) * (1 - fy), wb = fx * (1 - fy);
	float wc = (1 - fx) * fy, wd = fx * fy;

	slope->x = (b->n - a->n) * (1 - fy) + (d->n - c->n) * fy;
	slope->y = (c->n - a->n) * (1 - fx) + (d->n - b->n) * fx;
	return (struct field){
		wa * a->n + wb * b->n + wc * c->n + wd * d->n,
		wa * a->x + wb * b->x + wc * c->x + wd * d->x,
		wa * a->y + wb * b->y + wc * c->y + wd * d->y,
	};
}

/* ----------------------------------------------------------- the agents -- */

/* The way to the nearer side. */
static float
around(float d)
{
	return d > 0.5f ? d - 1 : d < -0.5f ? d + 1 : d;
}

static struct vec
follow(struct vec at, const struct swarm_point *points, unsigned count)
{
	struct vec pull = { 0, 0 };
	unsigned i;

	for (i = 0; i < count; i++) {
		float dx = around(points[i].x - at.x);
		float dy = around(points[i].y - at.y);
		float r2 = dx * dx + dy * dy;
		float k;

		if (r2 > 0.0625f)
			continue;
		k = points[i].strength * (0.0625f - r2) /
			(r2 + 0.0005f) * 0.05f;
		pull.x += k * dx;
		pull.y += k * dy;
	}
	return pull;
}

static float
wrap(float v)
{
	v -= floorf(v);
	/* A tiny negative number rounds to 1. */
	return v < 1 ? v : 0;
}

/* What an agent does next; its velocity is changed. */
static void
steer(struct flock *f, struct vec at, struct vec *v, float dt,
      const float *p, struct vec pull)
{
	struct vec slope;
	struct field here = look(f, at, &slope);
	float crowd, turn, length, want = 0.02f + 0.3f * p[SWARM_SPEED];
	struct vec old;

	if (here.n > 1e-6f) {
		v->x += 6 * p[SWARM_ALIGN] * dt * (here.x / here.n - v->x);
		v->y += 6 * p[SWARM_ALIGN] * dt * (here.y / here.n - v->y);
	}
	crowd = p[SWARM_COHESION] - 0.4f * p[SWARM_SEPARATION] * here.n;
	crowd = crowd < -1 ? -1 : crowd;
	v->x += dt * (crowd * slope.x + pull.x);
	v->y += dt * (crowd * slope.y + pull.y);

	/* A small turn, whose cosine is nearly 1. */
	turn = p[SWARM_NOISE] * sqrtf(dt) * 6 * (chance(f) - 0.5f);
	old = *v;
	v->x = old.x - turn * old.y;
	v->y = old.y + turn * old.x;

	length = sqrtf(v->x * v->x + v->y * v->y) + 1e-9f;
	length = 1 + 3 * dt * (want / length - 1);
	length = length < 0.2f ? 0.2f : length > 5 ? 5 : length;
	v->x *= length;
	v->y *= length;
}

double
flock_step(struct flock *f, float dt, const float *parameters,
	   const struct swarm_point *points, unsigned count,
	   struct vec *positions, struct vec *velocities)
{
	double sum_x = 0, sum_y = 0, length;
	size_t i;

	gather(f);
	smooth(f);
	for (i = 0; i < f->agents; i++) {
		struct vec at = f->position[i], v = f->velocity[i];

		steer(f, at, &v, dt, parameters, follow(at, points, count));
		at.x = wrap(at.x + v.x * dt);
		at.y = wrap(at.y + v.y * dt);
		f->position[i] = positions[i] = at;
		f->velocity[i] = velocities[i] = v;
		length = sqrtf(v.x * v.x + v.y * v.y) + 1e-9f;
		sum_x += v.x / length;
		sum_y += v.y / length;
	}
	return sqrt(sum_x * sum_x + sum_y * sum_y) / (double)f->agents;
}
