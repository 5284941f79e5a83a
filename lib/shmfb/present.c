/* SPDX-License-Identifier: MIT */
/*
 * present.c - which way the pictures go, and why
 */
#include "config.h"

#include "present.h"

#include <errno.h>

#include "base/error.h"
#include "window.h"

static bool
shm_works(struct shmfb *fb, enum shmfb_backend wanted)
{
	if (wanted == SHMFB_PUT)
		shmfb_set_why(fb, "core PutImage was asked for");
	else if (shmfb_env("SHMFB_NO_SHM"))
		shmfb_set_why(fb, "SHMFB_NO_SHM is set");
	else if (!fb->x->shm_completion)
		shmfb_set_why(fb, "the server has no MIT-SHM");
	else
		return shmfb_ladder_grants(fb, SHMFB_KIND_FD);
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
