/* SPDX-License-Identifier: MIT */
/*
 * withdraw.h - a window is taken off the screen, and put there again
 */
#ifndef SHMFB_WITHDRAW_H
#define SHMFB_WITHDRAW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "property.h"

struct shmfb;

/* So long a window manager may take to let go of a window. */
#define SHMFB_WITHDRAW_NS BASE_NS_PER_S

/* All zero: nothing is waited for. */
struct shmfb_withdrawal {
	bool leaving;			/* the manager has not let go of it */
	bool due;			/* then it is to be mapped again */
	uint64_t end_ns;		/* or then */
	struct shmfb_ask ask;		/* for WM_STATE */
};

/* Take it off the screen. */
void
shmfb_withdraw(struct shmfb *fb);

/* Put it there again, at once or as soon as that can be. */
void
shmfb_withdraw_return(struct shmfb *fb);

/* The window has a WM_STATE, of another value perhaps, or none any more. */
void
shmfb_withdraw_managed(struct shmfb *fb, bool managed);

/* Has the window manager let go of it? Then it is mapped again if it is due. */
void
shmfb_withdraw_poll(struct shmfb *fb);

/* When the manager has taken too long; UINT64_MAX: nobody waits for it. */
uint64_t
shmfb_withdraw_deadline(const struct shmfb *fb);

void
shmfb_withdraw_expire(struct shmfb *fb, uint64_t now);

#endif /* SHMFB_WITHDRAW_H */
