/* SPDX-License-Identifier: MIT */
/*
 * present.c - which way the pictures go, and why
 *
 * QueryVersion tells little: it also succeeds for clients at the other end of
 * a network, for whom every other MIT-SHM request fails. So the choice is
 * made by a real descriptor, attached and detached again.
 */
#include "config.h"

#include "present.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/fd.h"
#include "window.h"

#define PROBE_BYTES 4096

static bool
probe(struct shmfb *fb)
{
	struct shmfb_segment *segment;
	bool granted;
	int fd;

	fd = shmfb_memfd(PROBE_BYTES);
	if (fd < 0) {
		shmfb_set_why(fb, "no sealed memory to be had: %s",
			      strerror(-fd));
		return false;
	}
	segment = shmfb_segment_ask(fb, fd, 0);
	base_close(&fd);
	if (!segment) {
		shmfb_set_why(fb, "no memory");
		return false;
	}
	granted = segment->xid != 0;
	shmfb_segment_unref(fb, segment);
	return granted;
}

static bool
shm_works(struct shmfb *fb, enum shmfb_backend wanted)
{
	const struct shmfb_display *x = fb->x;

	if (wanted == SHMFB_PUT)
		shmfb_set_why(fb, "core PutImage was asked for");
	else if (shmfb_env("SHMFB_NO_SHM"))
		shmfb_set_why(fb, "SHMFB_NO_SHM is set");
	else if (!x->shm_completion)
		shmfb_set_why(fb, "the server has no MIT-SHM");
	else if (x->shm_major < 1 ||
		 (x->shm_major == 1 && x->shm_minor < 2))
		shmfb_set_why(fb,
			"the server's MIT-SHM %u.%u cannot attach descriptors",
			x->shm_major, x->shm_minor);
	else
		return probe(fb);
	return false;
}

int
shmfb_present_choose(struct shmfb *fb, enum shmfb_backend wanted)
{
	fb->wanted = wanted;
	fb->shm = shm_works(fb, wanted);
	fb->by = fb->shm ? &shmfb_present_shm : &shmfb_present_put;
	if (wanted == SHMFB_SHM && !fb->shm)
		return base_error(-ENOTSUP, "no MIT-SHM to be had: %s",
				  fb->why);
	if (!fb->shm)
		shmfb_display_widen(fb->x);
	return 0;
}

int
shmfb_present_assign(struct shmfb *fb, struct shmfb_picture *picture)
{
	if (picture->segment && picture->segment->xid) {
		picture->by = &shmfb_present_shm;
	} else {
		if (fb->wanted == SHMFB_SHM)
			return base_error(-ENOTSUP, "%s", fb->why);
		shmfb_display_widen(fb->x);
		picture->by = &shmfb_present_put;
	}
	if (fb->by != picture->by)
		shmfb_log(fb, BASE_LOG_INFO, "from now on by %s: %s",
			  picture->by->path, fb->why);
	fb->by = picture->by;
	return 0;
}
