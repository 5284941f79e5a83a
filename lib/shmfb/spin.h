/* SPDX-License-Identifier: MIT */
/*
 * spin.h - whether to look for an answer of the server before one sleeps
 *
 * To be woken may take about as long as the server needs for a small frame,
 * so that to look again and again, for a while, is quicker. Or it is slower,
 * where the server has to do without the processor meanwhile. Nobody can tell
 * beforehand: both are tried now and then, and what clearly gave more answers
 * in the same time is done until the next trial.
 *
 *	asleep (16) --> awake (16) --> the quicker of both (1024) --+
 *	   ^                                                        |
 *	   +--------------------------------------------------------+
 *
 * Answers that take too long to be looked for are slept through, always.
 */
#ifndef SHMFB_SPIN_H
#define SHMFB_SPIN_H

#include <stdbool.h>
#include <stdint.h>

/* No look takes longer. */
#define SHMFB_SPIN_NS UINT64_C(100000)

#define SHMFB_SPIN_TRIAL 16
#define SHMFB_SPIN_SETTLED 1024

enum shmfb_spin_phase {
	SHMFB_SPIN_ASLEEP,
	SHMFB_SPIN_AWAKE,
	SHMFB_SPIN_QUICKER,
};

/* All zero, but for may, is how it begins. */
struct shmfb_spin {
	bool may;			/* else never */
	bool awake_is_quicker;
	enum shmfb_spin_phase phase;
	unsigned waits;			/* in this phase, but for the first */
	uint64_t answered_ns;		/* when; 0: none in this phase */
	uint64_t waited_ns;		/* in this phase */
	uint64_t apart_ns;		/* from answer to answer, together */
	uint64_t asleep_wait_ns;	/* in the trial asleep: a wait's */
	uint64_t asleep_apart_ns;	/* and from answer to answer */
};

/* SHMFB_NO_SPIN=1 switches it off. */
void
shmfb_spin_init(struct shmfb_spin *spin);

/* How long to look now: 0 to SHMFB_SPIN_NS. */
uint64_t
shmfb_spin_time(const struct shmfb_spin *spin);

/* The answer has come; the first look was at begun_ns. */
void
shmfb_spin_learn(struct shmfb_spin *spin, uint64_t begun_ns, uint64_t now);

#endif /* SHMFB_SPIN_H */
