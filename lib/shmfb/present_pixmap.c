/* SPDX-License-Identifier: MIT */
/*
 * present_pixmap.c - SHMFB_PRESENT: slots are pixmaps, which Present copies
 *
 * PresentOptionCopy is always set: without it some servers put a buffer of
 * their own in place of the pixmap's memory, which it then never shows again.
 * Frames that no other will follow within their refresh are shown with it;
 * others the server leaves out, if all of them is to be updated.
 *
 * A pixmap has no field for the stride either: it is as wide as its rows, for
 * which shmfb_pool_stride() sees to it that they have no more than X's own
 * padding. MIT-SHM makes pixmaps of writable memory only, so that none can be
 * made of a ring; its frames are copied into slots of fb->stage.
 *
 * Called by present.c, window.c, event.c, pool.c and, as a presenter, by
 * flight.c.
 */
#include "config.h"

#include "present_pixmap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xcb/present.h>
#include <xcb/shm.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/error.h"
#include "window.h"

/* ------------------------------------------------------------- pixmaps -- */

static xcb_void_cookie_t
make_pixmap(struct shmfb *fb, struct shmfb_slot *slot, uint32_t width,
	    uint32_t height, bool checked)
{
	slot->pixmap = xcb_generate_id(fb->x->conn);
	slot->pixmap_width = width;
	slot->pixmap_height = height;
	return (checked ? xcb_shm_create_pixmap_checked :
		xcb_shm_create_pixmap)(fb->x->conn, slot->pixmap,
		fb->x->screen->root, (uint16_t)width, (uint16_t)height,
		fb->x->native.visual.depth, slot->segment->xid, 0);
}

void
shmfb_pixmap_forget(struct shmfb *fb, struct shmfb_slot *slot)
{
	if (slot->pixmap && !fb->x->gone)
		xcb_free_pixmap(fb->x->conn, slot->pixmap);
	slot->pixmap = 0;
}

/* ----------------------------------------------------------- may it be? -- */

static bool
has_regions(const struct shmfb_display *x)
{
	const xcb_query_extension_reply_t *ext =
		xcb_get_extension_data(x->conn, &xcb_xfixes_id);
	xcb_xfixes_query_version_reply_t *v;
	bool yes;

	if (!ext || !ext->present)
		return false;
	/* Which has to be asked before anything else is. */
	v = xcb_xfixes_query_version_reply(x->conn,
		xcb_xfixes_query_version(x->conn, 4, 0), NULL);
	yes = v && v->major_version >= 2;
	free(v);
	return yes;
}

/* A real pixmap of a real slot. */
static int
try(struct shmfb *fb)
{
	xcb_generic_error_t *error = NULL;
	struct shmfb_slot *slot;
	int err;

	err = shmfb_pool_take(fb, &fb->pool, shmfb_pool_stride(fb, 1,
			      fb->x->native.bytes), 1, 1, &slot);
	if (err)
		return err;
	if (slot->segment && slot->segment->xid)
		error = xcb_request_check(fb->x->conn,
					  make_pixmap(fb, slot, 1, 1, true));
	if (error) {
		slot->pixmap = 0;
		err = base_error(-ENOTSUP,
			"the server makes no pixmaps of shared memory (%s)",
			shmfb_display_error_name(fb->x, error->error_code));
	}
	free(error);
	shmfb_slot_unref(fb, slot);
	/* Others need a larger one. */
	shmfb_pool_finish(fb, &fb->pool);
	return err;
}

/* Have a region for what differs; without one, all of a slot is copied. */
static void
make_region(struct shmfb *fb)
{
	xcb_xfixes_region_t region;
	xcb_generic_error_t *error;
	char why[sizeof(fb->why)];

	memcpy(why, fb->why, sizeof(why));
	if (!has_regions(fb->x)) {
		shmfb_set_why(fb, "%.300s; whole frames, as the server has no "
			      "XFIXES 2 for regions", why);
		return;
	}
	region = xcb_generate_id(fb->x->conn);
	error = xcb_request_check(fb->x->conn,
		xcb_xfixes_create_region_checked(fb->x->conn, region, 0,
						 NULL));
	if (error)
		shmfb_set_why(fb, "%.300s; whole frames, as the server made "
			      "no region (%s)", why, shmfb_display_error_name(
			      fb->x, error->error_code));
	else
		fb->pixmap.region = region;
	free(error);
}

int
shmfb_pixmap_choose(struct shmfb *fb)
{
	int err;

	if (shmfb_env("SHMFB_NO_PRESENT"))
		return base_error(-ENOTSUP, "SHMFB_NO_PRESENT is set");
	if (!fb->x->present_opcode)
		return base_error(-ENOTSUP, "the server has no Present");
	if (fb->x->native.visual.pad != 32)
		return base_error(-ENOTSUP,
			"the server pads rows to %u bits, not to 32",
			fb->x->native.visual.pad);
	fb->pixmap.on = true;
	err = try(fb);
	if (err) {
		fb->pixmap.on = false;
		return err;
	}
	make_region(fb);
	fb->by = &shmfb_present_pixmap;
	return 0;
}

void
shmfb_pixmap_init(struct shmfb *fb)
{
	if (!fb->pixmap.on)
		return;
	fb->pixmap.id = xcb_generate_id(fb->x->conn);
	xcb_present_select_input(fb->x->conn, fb->pixmap.id, fb->window,
				 XCB_PRESENT_EVENT_MASK_COMPLETE_NOTIFY |
				 XCB_PRESENT_EVENT_MASK_IDLE_NOTIFY);
}

void
shmfb_pixmap_finish(struct shmfb *fb)
{
	if (fb->pixmap.region && !fb->x->gone)
		xcb_xfixes_destroy_region(fb->x->conn, fb->pixmap.region);
	fb->pixmap.region = 0;
}

/* ------------------------------------------------------------ requests -- */

/* What of the picture is to be copied; None: all of it. */
static xcb_xfixes_region_t
region_of(struct shmfb *fb, const struct shmfb_damage *damage,
	  struct shmfb_run *run)
{
	struct shmfb_pixmaps *p = &fb->pixmap;
	xcb_rectangle_t rect[SHMFB_DAMAGE_RECTS];
	unsigned i;

	/* A slot is whole: to copy more than differs is no mistake. */
	if (!p->region || (damage->count == 1 &&
	    shmfb_rect_equal(&damage->rect[0], &damage->within)))
		return XCB_NONE;
	for (i = 0; i < damage->count; i++)
		rect[i] = (xcb_rectangle_t){
			(int16_t)damage->rect[i].x,
			(int16_t)damage->rect[i].y,
			(uint16_t)damage->rect[i].width,
			(uint16_t)damage->rect[i].height,
		};
	shmfb_run_add(run, xcb_xfixes_set_region(fb->x->conn, p->region,
						 damage->count,
						 rect).sequence);
	return p->region;
}

/* The refresh after the last one; 0: the next, whichever it is. */
static uint64_t
target_msc(const struct shmfb_clock *clock, bool at_once)
{
	return clock->vsync == SHMFB_VSYNC_OFF || !clock->ticking ||
	       !clock->msc || at_once ? 0 : clock->msc + 1;
}

/* Async: at once, if it is too late for that refresh. */
static uint32_t
options(const struct shmfb_clock *clock, bool at_once)
{
	return XCB_PRESENT_OPTION_COPY |
	       (clock->vsync == SHMFB_VSYNC_ON && !at_once ? 0 :
		XCB_PRESENT_OPTION_ASYNC);
}

static int
put(struct shmfb *fb, const struct shmfb_target *target,
    struct shmfb_picture *picture, const struct shmfb_damage *damage,
    struct shmfb_run *run)
{
	struct shmfb_slot *slot = picture->slot;
	xcb_xfixes_region_t region;

	if (slot->pixmap && (slot->pixmap_width != picture->width ||
			     slot->pixmap_height != picture->height))
		shmfb_pixmap_forget(fb, slot);
	if (!slot->pixmap)
		shmfb_run_add(run, make_pixmap(fb, slot, picture->width,
					       picture->height,
					       false).sequence);
	region = region_of(fb, damage, run);
	picture->serial = ++fb->pixmap.serial;
	shmfb_run_add(run, xcb_present_pixmap(fb->x->conn, fb->window,
		slot->pixmap, picture->serial, XCB_NONE, region,
		(int16_t)target->x, (int16_t)target->y, XCB_NONE, XCB_NONE,
		XCB_NONE, options(&fb->clock, target->at_once),
		target_msc(&fb->clock, target->at_once), 0, 0, 0,
		NULL).sequence);
	return 0;
}

const struct shmfb_presenter shmfb_present_pixmap = {
	.path = "present",
	.idles = true,
	.put = put,
};

/* -------------------------------------------------------------- events -- */

static void
completed(struct shmfb *fb, const xcb_ge_generic_event_t *event)
{
	const xcb_present_complete_notify_event_t *e = (const void *)event;

	if (!shmfb_clock_event_is_whole(event, sizeof(*e)) ||
	    e->kind != XCB_PRESENT_COMPLETE_KIND_PIXMAP)
		return;
	if (e->mode == XCB_PRESENT_COMPLETE_MODE_SKIP)
		fb->skipped++;
	else
		shmfb_show_refreshed(fb, shmfb_clock_time(e, base_now_ns()));
}

void
shmfb_pixmap_event(struct shmfb *fb, const xcb_ge_generic_event_t *event)
{
	const xcb_present_idle_notify_event_t *e = (const void *)event;

	/* The clock's have another number. */
	if (!fb->pixmap.on || e->event != fb->pixmap.id)
		return;
	if (event->event_type == XCB_PRESENT_COMPLETE_NOTIFY)
		completed(fb, event);
	else if (event->event_type == XCB_PRESENT_IDLE_NOTIFY)
		shmfb_flight_idle(fb, e->serial);
}
