/* SPDX-License-Identifier: MIT */
/*
 * held.h - which keys and buttons are pressed, by the windows of which readers
 *
 * So that what a reader pressed is released though it was killed, and nothing
 * is released or repeats that was not pressed.  Pure; the producer's thread's.
 */
#ifndef SHMX_HELD_H
#define SHMX_HELD_H

#include <stdbool.h>
#include <stdint.h>

#include <shmx/shmx.h>

struct shmx_held_entry {
	uint64_t reader;
	enum shmx_input_kind kind;	/* a key or a button */
	uint32_t keysym;
	uint32_t keycode;
	uint32_t button;
};

/* Room for all readers that there can be; who finds none presses nothing. */
struct shmx_held {
	unsigned count;
	struct shmx_held_entry entry[SHMX_READERS_MAX * SHMX_INPUT_HELD_MAX];
	/* A reader has gone, and this is to be said when all is released. */
	bool leaving;
	struct shmx_control bye;
};

/*
 * A reader says that.  true, and it is noted; false when it does not go with
 * what the reader said before and is to be passed over.
 */
bool
shmx_held_note(struct shmx_held *held, uint64_t reader,
	       const struct shmx_input *in);

/*
 * Release one of those that the reader holds, as *in says, but for the sender;
 * false when there is none.
 */
bool
shmx_held_release(struct shmx_held *held, uint64_t reader,
		  struct shmx_input *in);

#endif
