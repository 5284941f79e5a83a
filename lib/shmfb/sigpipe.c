/* SPDX-License-Identifier: MIT */
/*
 * sigpipe.c - a server that is gone is an error, not the process' end
 *
 * The signal is this thread's own, as it is its write that fails: blocked, it
 * waits, and is taken away before it is let in again.  That is done only when
 * the connection has failed, or cannot be asked.
 */
#include "config.h"

#include "sigpipe.h"

#include <errno.h>
#include <time.h>

#include <xcb/xcb.h>

#include "display.h"

static sigset_t
only_sigpipe(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	return set;
}

struct shmfb_sigpipe
shmfb_sigpipe_hold(const struct shmfb_display *x)
{
	struct shmfb_sigpipe held = { .x = x };
	const sigset_t set = only_sigpipe();

	if (x && !x->sigpipe_kills)
		return held;
	pthread_sigmask(SIG_BLOCK, &set, &held.before);
	held.held = !sigismember(&held.before, SIGPIPE);
	return held;
}

void
shmfb_sigpipe_let_go(struct shmfb_sigpipe *held)
{
	const struct timespec now = { 0, 0 };
	const sigset_t set = only_sigpipe();

	if (!held->held)
		return;
	if (!held->x || xcb_connection_has_error(held->x->conn))
		while (sigtimedwait(&set, NULL, &now) < 0 && errno == EINTR)
			continue;
	pthread_sigmask(SIG_SETMASK, &held->before, NULL);
}
