/* SPDX-License-Identifier: MIT */
/*
 * view-trail.c - frames that were shown, and stepping through them
 *
 * Kept are references to held slots, not copies. While frames run there are
 * as many as --history asked the producer for; while they do not, the holds
 * that two frames on their way would take are free for it too.
 */
#include "config.h"

#include "view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void
trim(struct view *w, unsigned most)
{
	while (w->trail_count > most)
		shmx_release(w->trail[--w->trail_count]);
	/* Not one that is released. */
	if (w->trail_at > 0 && w->trail_at >= w->trail_count)
		w->trail_at = w->trail_count > 0 ? w->trail_count - 1 : 0;
}

void
view_trail_add(struct view *w, struct shmx_hold *hold)
{
	trim(w, SHMX_HOLDS_MAX - 1);
	memmove(w->trail + 1, w->trail, w->trail_count * sizeof(w->trail[0]));
	w->trail[0] = shmx_hold_ref(hold);
	w->trail_count++;
	w->trail_at = 0;
	if (!w->frozen)
		trim(w, w->v.history + 1);
}

/* What is held beside: the frame that is to come. */
void
view_trail_make_room(struct view *w)
{
	if (w->frozen)
		trim(w, VIEW_HOLDS + w->v.history - 1);
}

void
view_trail_drop(struct view *w)
{
	trim(w, 0);
	w->trail_at = 0;
}

void
view_freeze(struct view *w, bool frozen)
{
	w->frozen = frozen;
	w->one_more = false;
	/* What is newest comes back, should there be nothing newer. */
	w->again = !frozen && w->trail_at > 0;
	if (!frozen) {
		trim(w, w->v.history + 1);
		w->trail_at = 0;
		view_say(w, "running");
	} else if (w->trail_count > 0) {
		view_say(w, "frozen at frame %" PRIu64,
			 shmx_frame_info(w->trail[w->trail_at])->sequence);
	}
}

static void
go_to(struct view *w, unsigned at)
{
	w->trail_at = at;
	w->again = true;
	/* This one is wanted, and no longer what comes next. */
	w->one_more = false;
	view_say(w, "frame %" PRIu64 ", %u back",
		 shmx_frame_info(w->trail[at])->sequence, at);
}

void
view_back(struct view *w)
{
	if (!w->frozen)
		view_freeze(w, true);
	if (w->trail_at + 1 < w->trail_count)
		go_to(w, w->trail_at + 1);
	else if (w->v.history > 0)
		view_say(w, "no frame before that is kept");
	else
		view_say(w, "no frame before that is kept: see --history");
}

void
view_forth(struct view *w)
{
	if (!w->frozen)
		view_freeze(w, true);
	else if (w->trail_at > 0)
		go_to(w, w->trail_at - 1);
	else
		w->one_more = true;
}

/* NAME-20240131-235959.png, or -2.png and so on. */
static bool
choose_name(char *out, size_t size, const char *ring)
{
	time_t now = time(NULL);
	char stamp[32];
	struct tm tm;
	int i;

	localtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm);
	snprintf(out, size, "%s-%s.png", ring, stamp);
	for (i = 2; i < 100 && access(out, F_OK) == 0; i++)
		snprintf(out, size, "%s-%s-%d.png", ring, stamp, i);
	return i < 100;
}

void
view_screenshot(struct view *w)
{
	char name[SHMX_NAME_MAX + 64];
	const char *why = "there are too many of that second";

	if (w->trail_count == 0)
		return;
	if (choose_name(name, sizeof(name), w->v.ring) &&
	    viewer_save(w->trail[w->trail_at], name, &why))
		view_say(w, "%s", name);
	else
		view_say(w, "no screenshot: %s", why);
}
