/* SPDX-License-Identifier: MIT */
/*
 * swarm.h - what the swarm's processes agree on: streams and messages
 *
 * Every frame of the ring carries all five streams, of the same instant.
 */
#ifndef SWARM_SWARM_H
#define SWARM_SWARM_H

#include <stdint.h>

enum swarm_stream {
	SWARM_POSITIONS = 1,		/* f32 x, y in [0, 1), for each agent */
	SWARM_VELOCITIES,		/* f32 x, y, worlds a second */
	SWARM_PARAMETERS,		/* f32, enum swarm_parameter */
	SWARM_POINTERS,			/* f32 x, y, strength */
	SWARM_ORDER,			/* f64: how much all go one way, 0-1 */
};

/* Each is from 0 to 1. */
enum swarm_parameter {
	SWARM_ALIGN,			/* go where the others go */
	SWARM_COHESION,			/* go where the others are */
	SWARM_SEPARATION,		/* but not too close */
	SWARM_NOISE,
	SWARM_SPEED,
	SWARM_PARAMETER_COUNT
};

#define SWARM_PARAMETER_NAMES \
	{ "align", "cohesion", "separation", "noise", "speed" }

/* Messages from readers. */
enum swarm_message {
	SWARM_SET = 1,			/* struct swarm_set */
	SWARM_POINT,			/* struct swarm_point */
};

struct swarm_set {
	uint32_t parameter;		/* enum swarm_parameter */
	float value;
};

/* Each reader has one pointer, which goes when the reader goes. */
struct swarm_point {
	float x;
	float y;
	float strength;			/* 1 lures, -1 scares, 0: none */
	float unused;
};

#define SWARM_POINTERS_MAX 64

#endif
