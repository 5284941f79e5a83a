/* SPDX-License-Identifier: MIT */
/*
 * ladder.c - which kinds of shared memory the X server takes from us
 *
 * QueryVersion tells little: it also succeeds for clients at the other end of
 * a network, for whom every other MIT-SHM request fails. So the question is a
 * real piece of memory, attached and detached again.
 *
 * Called by present.c.
 */
#include "config.h"

#include "ladder.h"

#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "window.h"

#define PROBE_BYTES 4096

/* What keeps us from asking at all: it may be otherwise another time. */
static bool
may_ask(struct shmfb *fb)
{
	const struct shmfb_display *x = fb->x;

	if (shmfb_env("SHMFB_NO_FD"))
		shmfb_set_why(fb, "SHMFB_NO_FD is set");
	else if (x->shm_major < 1 ||
		 (x->shm_major == 1 && x->shm_minor < 2))
		shmfb_set_why(fb,
			"the server's MIT-SHM %u.%u cannot attach descriptors",
			x->shm_major, x->shm_minor);
	else
		return true;
	return false;
}

static void
ask_fd(struct shmfb *fb, struct shmfb_rung *rung)
{
	struct shmfb_segment *segment;
	int fd;

	fd = shmfb_memfd(PROBE_BYTES);
	if (fd < 0) {
		shmfb_set_why(fb, "no sealed memory to be had: %s",
			      strerror(-fd));
		return;
	}
	segment = shmfb_segment_ask(fb, fd, 0);
	base_close(&fd);
	if (!segment) {
		shmfb_set_why(fb, "no memory");
		return;
	}
	rung->asked = segment->answered;
	rung->granted = segment->xid != 0;
	shmfb_segment_unref(fb, segment);
}

bool
shmfb_ladder_grants(struct shmfb *fb, enum shmfb_kind kind)
{
	struct shmfb_rung *rung = &fb->x->rung[kind];

	if (!may_ask(fb))
		return false;
	if (rung->asked) {
		shmfb_set_why(fb, "%s", rung->why);
	} else {
		ask_fd(fb, rung);
		snprintf(rung->why, sizeof(rung->why), "%.159s", fb->why);
	}
	return rung->granted;
}
