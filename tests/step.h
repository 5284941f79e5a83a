/* SPDX-License-Identifier: MIT */
/*
 * step.h - run a child one instruction at a time, and kill it there
 *
 * A child does this, and its parent steps it from the one to the other:
 *
 *	step_from_here();
 *	... an operation ...
 *	step_to_here();
 *
 * Once for every k, a new child each time, which is killed at its k-th step;
 * the operation has ended when the child gets there alive. A step is an
 * instruction, or, for operations that are too long for that, a system call
 * or a store to the memory of a ring.
 *
 * A program that is not built with STEP_STRIDE 1 leaves most k out, others
 * each time. SHMX_TEST_SEED=n takes the same once more.
 */
#ifndef TESTS_STEP_H
#define TESTS_STEP_H

#include <stdbool.h>

#include "child.h"

#ifndef STEP_STRIDE
#define STEP_STRIDE 9
#endif

#define STEP_SECONDS (STEP_STRIDE == 1 ? 1200 : 120)

/* Not under valgrind, whose instructions it would be, nor sanitizers. */
bool step_is_possible(void);

/* In the child, on both sides of what is stepped through. */
void step_from_here(void);
void step_to_here(void);

/*
 * Step the child through k instructions and kill it there. False when it had
 * come to the end before.
 */
bool step_kill_after(struct child *c, unsigned k);

/*
 * The same, but what is counted are system calls and the instructions that
 * changed a ring's or a record's memory.
 */
bool step_kill_after_event(struct child *c, unsigned k);

/* All k: one() does one of them and returns what the above returned. */
#define step_through(what, one, arg) \
	step_through_by((what), STEP_STRIDE, (one), (arg))
void step_through_by(const char *what, unsigned stride,
		     bool (*one)(unsigned k, void *arg), void *arg);

#endif /* TESTS_STEP_H */
