/* SPDX-License-Identifier: MIT */
/*
 * forward.h - input on its way to a producer that may be slow to take it
 *
 * What finds no room in the ring's record waits here, in order. Where much
 * waits, motion is joined and then let be, and so is what nobody misses; a
 * key or button that was pressed is always released, later if need be.
 */
#ifndef TOOLS_FORWARD_H
#define TOOLS_FORWARD_H

#include <stdbool.h>
#include <stdint.h>

#include <shmx/shmx.h>

#define FORWARD_WAITING_MAX	64

/* While forward_flush() says that something waits, call it that often. */
#define FORWARD_RETRY_MS	10

struct forward {
	struct shmx_reader *reader;	/* borrowed; NULL: forward nothing */
	uint64_t generation;		/* of the directory looked at last */
	uint64_t producers;		/* attached to by then */
	bool wanted;			/* by the producer */
	/* What a producer that comes later is told. */
	uint32_t width, height;		/* of the window; 0: not known */
	bool focused;
	/* Pressed, as it was sent or waits. */
	struct shmx_input down[SHMX_INPUT_HELD_MAX];
	unsigned down_count;
	struct shmx_input waiting[FORWARD_WAITING_MAX];
	unsigned waiting_count;
};

/* Nothing is opened. */
void
forward_init(struct forward *f, struct shmx_reader *reader);

/*
 * Does the producer take input? Ask before each put, and after the ring was
 * dispatched: another producer is told the window's size, and nothing of what
 * was meant for the one before. One that takes input again after it took none
 * is told that too, and what was down when it left off is released.
 */
bool
forward_wanted(struct forward *f);

/* Send it, now or later, or let it be. */
void
forward_put(struct forward *f, const struct shmx_input *in);

/* Send what waits; whether there is still some. */
bool
forward_flush(struct forward *f);

#endif /* TOOLS_FORWARD_H */
