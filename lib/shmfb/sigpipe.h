/* SPDX-License-Identifier: MIT */
/*
 * sigpipe.h - a server that is gone is an error, not the process' end
 *
 * libxcb writes with writev(2), so that a server which dies just then would
 * kill who draws, by SIGPIPE, unless it has seen to that itself.  A library
 * has no business with what the process does about a signal: this thread does
 * without it while it is in a call of ours.
 */
#ifndef SHMFB_SIGPIPE_H
#define SHMFB_SIGPIPE_H

#include <signal.h>
#include <stdbool.h>

#include "base/base.h"

struct shmfb_display;

struct shmfb_sigpipe {
	bool held;			/* blocked by us */
	const struct shmfb_display *x;	/* NULL: not to be looked at */
	sigset_t before;
};

/* x is NULL where it is not open yet, or will not be any more. */
struct shmfb_sigpipe
shmfb_sigpipe_hold(const struct shmfb_display *x);
void
shmfb_sigpipe_let_go(struct shmfb_sigpipe *held);

/* Until the end of the block, at whose beginning it stands. */
#define shmfb_without_sigpipe(x)					\
	struct shmfb_sigpipe held_sigpipe BASE_UNUSED			\
		__attribute__((cleanup(shmfb_sigpipe_let_go))) =	\
		shmfb_sigpipe_hold(x)

#endif /* SHMFB_SIGPIPE_H */
