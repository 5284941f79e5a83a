/* SPDX-License-Identifier: MIT */
/*
 * present.c - which way the pictures go, and why
 */
#include "config.h"

#include "present.h"

#include <errno.h>
#include <stdio.h>

#include "base/error.h"
#include "window.h"

/* Descriptors, then System V; with both refused, the words of both. */
static void
climb(struct shmfb *fb)
{
	char refused[160] = "";

	if (fb->wanted != SHMFB_SYSV) {
		fb->shm = shmfb_ladder_grants(fb, SHMFB_KIND_FD);
		if (fb->shm || fb->wanted == SHMFB_SHM)
			return;
		snprintf(refused, sizeof(refused), "%.157s; ", fb->why);
	}
	fb->sysv = shmfb_ladder_grants(fb, SHMFB_KIND_SYSV);
	shmfb_set_why(fb, "%s%s", refused,
		      fb->x->rung[SHMFB_KIND_SYSV].why);
}

static const struct shmfb_presenter *
own_memory(const struct shmfb *fb)
{
	if (fb->shm)
		return &shmfb_present_shm;
	return fb->sysv ? &shmfb_present_sysv : &shmfb_present_put;
}

int
shmfb_present_choose(struct shmfb *fb, enum shmfb_backend wanted)
{
	fb->wanted = wanted;
	if (wanted == SHMFB_PUT)
		shmfb_set_why(fb, "core PutImage was asked for");
	else if (shmfb_env("SHMFB_NO_SHM"))
		shmfb_set_why(fb, "SHMFB_NO_SHM is set");
	else if (!fb->x->shm_completion)
		shmfb_set_why(fb, "the server has no MIT-SHM");
	else
		climb(fb);
	fb->by = own_memory(fb);
	if (fb->by != &shmfb_present_put)
		return wanted == SHMFB_PRESENT ? shmfb_pixmap_choose(fb) : 0;
	if (shmfb_must_share(fb))
		return base_error(-ENOTSUP, "no MIT-SHM to be had: %s",
				  fb->why);
	shmfb_display_widen(fb->x);
	return 0;
}

const struct shmfb_presenter *
shmfb_present_by(const struct shmfb_segment *segment)
{
	if (!segment || !segment->xid)
		return &shmfb_present_put;
	return segment->sysv ? &shmfb_present_sysv : &shmfb_present_shm;
}

int
shmfb_present_assign(struct shmfb *fb, struct shmfb_picture *picture)
{
	const struct shmfb_presenter *by = shmfb_present_by(picture->segment);

	if (by == &shmfb_present_put) {
		if (shmfb_must_share(fb))
			return base_error(picture->unasked ?
					  picture->unasked : -ENOTSUP, "%s",
					  fb->why);
		shmfb_display_widen(fb->x);
	} else if (fb->pixmap.on) {
		by = &shmfb_present_pixmap;
	}
	if (fb->by != by)
		shmfb_log(fb, BASE_LOG_INFO, "from now on by %s: %s",
			  by->path, fb->why);
	picture->by = by;
	fb->by = by;
	return 0;
}
