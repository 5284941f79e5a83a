/* SPDX-License-Identifier: MIT */
/*
 * show.c - pictures into the window: shmfb_show(), and painting it again
 *
 * A picture stands where the view has it. The newest one that
 * was sent, even if the server has not done it yet, is what the window is
 * painted from when it is exposed or resized: since requests are done in
 * order, anything older would go backwards. Where some are not, but wait for a
 * refresh, painting again waits for them. What the picture leaves free is
 * the background. One that has to wait for a refresh (clock.h) is nothing that
 * the window knows of before it is sent: fb->held.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/copy.h"
#include "base/error.h"
#include "convert.h"
#include "window.h"

void
shmfb_place(const struct shmfb *fb, struct shmfb_layout *layout)
{
	shmfb_layout_set(layout, &fb->view, fb->width, fb->height);
}

struct shmx_rect
shmfb_visible_part(const struct shmfb *fb, const struct shmfb_layout *layout)
{
	struct shmx_rect window = shmfb_rect_all(fb->width, fb->height);
	struct shmx_rect part = shmfb_rect_cut(&layout->at, &window);

	if (shmfb_rect_empty(&part))
		part = (struct shmx_rect){ 0, 0, 1, 1 };
	return part;
}

/* The background, where there is no picture (NULL: everywhere). */
static void
paint_around(struct shmfb *fb, const struct shmfb_picture *picture,
	     const struct shmx_rect *part)
{
	struct shmx_rect in = { 0, 0, 0, 0 };
	struct shmx_rect rect[4];
	xcb_rectangle_t fill[4];
	unsigned i, n;

	if (picture)
		in = picture->layout.at;
	n = shmfb_rect_around(part, &in, rect);
	for (i = 0; i < n; i++)
		fill[i] = (xcb_rectangle_t){
			(int16_t)rect[i].x, (int16_t)rect[i].y,
			(uint16_t)rect[i].width, (uint16_t)rect[i].height,
		};
	if (n)
		xcb_poly_fill_rectangle(fb->x->conn, fb->window, fb->gc, n,
					fill);
}

/* Send what of these parts of the window shows the picture. */
static int
send_parts(struct shmfb *fb, struct shmfb_picture *picture,
	   const struct shmfb_damage *parts, bool repaint)
{
	/* Where the first of the pixels that are put is in the window. */
	const struct shmx_rect *at = picture->staged || picture->rendered ?
		&picture->part : &picture->layout.at;
	struct shmx_rect window = shmfb_rect_all(fb->width, fb->height);
	struct shmx_rect seen = shmfb_rect_cut(&picture->layout.at, &window);
	struct shmx_rect within = shmfb_rect_move(&seen, -at->x, -at->y);
	struct shmfb_damage visible;
	struct shmx_rect r;
	unsigned i;

	shmfb_damage_init(&visible, &within);
	for (i = 0; i < parts->count; i++) {
		r = shmfb_rect_move(&parts->rect[i], -at->x, -at->y);
		shmfb_damage_add(&visible, &r);
	}
	if (!visible.count)
		return 0;
	return shmfb_flight_start(fb, picture, &visible, at->x, at->y,
				  repaint);
}

/* The same for parts of the picture. */
static int
send_damage(struct shmfb *fb, struct shmfb_picture *picture,
	    const struct shmfb_damage *damage)
{
	struct shmfb_damage parts;
	struct shmx_rect r;
	unsigned i;

	shmfb_damage_init(&parts, &picture->layout.at);
	for (i = 0; i < damage->count; i++) {
		r = shmfb_layout_cover(&picture->layout, &damage->rect[i]);
		shmfb_damage_add(&parts, &r);
	}
	return send_parts(fb, picture, &parts, false);
}

/* Nothing had to be sent: it is on the screen already. */
static void
shown_at_once(struct shmfb *fb, struct shmfb_picture *picture, uint64_t now)
{
	uint64_t value;

	if (shmfb_sync_answers(fb, picture, &value))
		shmfb_sync_drawn(fb, value);
	fb->frames_shown++;
	if (now > picture->since_ns)
		base_hist_add(&fb->latency, now - picture->since_ns);
	if (picture->hold)
		shmx_presented(picture->hold, now);
}

static bool
same_place(const struct shmfb_picture *a, const struct shmfb_picture *b)
{
	return a && shmfb_layout_equal(&a->layout, &b->layout);
}

static int
send_frame(struct shmfb *fb, struct shmfb_picture *picture,
	   const struct shmfb_damage *damage)
{
	struct shmx_rect window = shmfb_rect_all(fb->width, fb->height);
	struct shmfb_damage changed = *damage;
	unsigned before = fb->flight.count;
	bool all;
	int err;

	/* Whatever was to be painted again is painted by this. */
	all = !shmfb_rect_empty(&fb->repaint) ||
	      !same_place(fb->newest, picture);
	if (all)
		shmfb_damage_all(&changed);
	/* They may reach beyond it, into the background that is painted now. */
	if (all)
		shmfb_flight_overtake(&fb->flight, picture);
	err = send_damage(fb, picture, &changed);
	if (err)
		return err;
	fb->repaint = (struct shmx_rect){ 0, 0, 0, 0 };
	/* Some of a picture that is staged: all of it another time. */
	if (shmfb_copy_rest(picture) < 0 && picture->staged)
		shmfb_repaint_later(fb, NULL);
	if (all)
		paint_around(fb, picture, &window);
	if (fb->flight.count == before)
		shown_at_once(fb, picture, base_now_ns());
	else if (picture->by->copies)
		shmfb_count_copy(fb, picture);
	/* By the reader, as nobody would have kept it for us. */
	if (picture->hold && shmx_frame_info(picture->hold)->copied)
		shmfb_count_copy(fb, picture);
	fb->copies = picture->copies;
	return 0;
}

/*
 * Of a ring: from when it was there, or the one before was sent, until now.
 * At the first of these refreshes nobody could have done better. Of others: as
 * many as it took to draw.
 */
static void
count_missed(struct shmfb *fb, const struct shmfb_picture *picture)
{
	uint64_t since = BASE_MAX(picture->since_ns, fb->sent_ns), ticks;

	if (fb->clock.vsync == SHMFB_VSYNC_OFF || !fb->sent_ns ||
	    (fb->newest && fb->newest->ring_id == picture->ring_id &&
	     fb->newest->sequence >= picture->sequence))
		return;
	if (picture->hold) {
		ticks = shmfb_clock_ticks(&fb->clock, since, base_now_ns());
		fb->missed += ticks ? ticks - 1 : 0;
	} else {
		fb->missed += (picture->since_ns - picture->begun_ns) /
			      fb->clock.period_ns;
	}
}

/* It has been sent, or will be as the newest one. The reference is taken. */
static void
become_newest(struct shmfb *fb, struct shmfb_picture *picture)
{
	uint64_t now = base_now_ns();

	/* It is drawn: what would have told when is of this one from now on. */
	if (fb->newest && fb->newest->landed)
		shmx_presented(fb->newest->hold, now);
	shmfb_picture_unref(fb, fb->newest);
	fb->newest = picture;
	fb->sent_ns = now;
	shmfb_clock_shown(fb, now);
}

static int
send_now(struct shmfb *fb, struct shmfb_picture *picture,
	 const struct shmfb_damage *damage)
{
	int err = send_frame(fb, picture, damage);

	if (err)
		return err;
	count_missed(fb, picture);
	become_newest(fb, picture);
	return 0;
}

/* Until the next refresh, as long as its slot is not to be written to. */
static int
hold_back(struct shmfb *fb, struct shmfb_picture *picture,
	  const struct shmfb_damage *damage)
{
	int err = shmfb_copy_rest(picture);

	if (err)
		return err;
	if (picture->slot)
		picture->slot->pins++;
	fb->held.picture = picture;
	fb->held.damage = *damage;
	shmfb_clock_wait(fb, base_now_ns());
	return 0;
}

static struct shmfb_picture *
take_held(struct shmfb *fb)
{
	struct shmfb_picture *picture = fb->held.picture;

	fb->held.picture = NULL;
	if (picture && picture->slot)
		shmfb_slot_unpin(fb, picture->slot);
	return picture;
}

/* This is the refresh. The window may be another one by now. */
static void
send_held(struct shmfb *fb)
{
	struct shmfb_picture *picture = take_held(fb);
	bool drawn;
	int err;

	if (!picture)
		return;
	drawn = picture->drawn;
	err = shmfb_route_again(fb, &picture);
	if (!err)
		err = send_now(fb, picture, &fb->held.damage);
	if (err) {
		/* The next one may only tell what differs from this. */
		fb->frames_failed++;
		become_newest(fb, picture);
		shmfb_repaint_later(fb, NULL);
	}
	/* The next canvas has until then to be drawn. */
	fb->clock.ahead = drawn;
}

int
shmfb_show_picture(struct shmfb *fb, struct shmfb_picture *picture,
		   const struct shmfb_damage *damage)
{
	int err;

	err = (!picture->by->idles &&
	       shmfb_clock_holds(&fb->clock, base_now_ns()) ?
	       hold_back : send_now)(fb, picture, damage);
	if (err) {
		shmfb_picture_unref(fb, picture);
		return shmfb_catch_up(fb, err);
	}
	shmfb_step(fb, false);
	return shmfb_check_gone(fb);
}

void
shmfb_show_forget(struct shmfb *fb)
{
	shmfb_picture_unref(fb, take_held(fb));
	shmfb_picture_unref(fb, fb->newest);
	fb->newest = NULL;
}

unsigned
shmfb_under_way(const struct shmfb *fb)
{
	return shmfb_flight_frames(&fb->flight) + !!fb->held.picture;
}

/*
 * The display's clock was asked with the newest frame, after it, so that its
 * tick is the refresh which shows it.  Anything else is on screen by now as
 * far as can be told.
 */
void
shmfb_show_landed(struct shmfb *fb, struct shmfb_picture *picture,
		  uint64_t now)
{
	if (!picture->hold)
		return;
	shmx_feedback(picture->hold, SHMX_STAGE_COMPLETED, now);
	if (picture == fb->newest && (picture->by->idles ||
	    (fb->clock.ticking && fb->clock.waiting)))
		picture->landed = true;
	else
		shmx_presented(picture->hold, now);
}

void
shmfb_show_refreshed(struct shmfb *fb, uint64_t when_ns)
{
	struct shmfb_picture *newest = fb->newest;

	if (newest && newest->landed) {
		newest->landed = false;
		shmx_presented(newest->hold, when_ns);
	}
	send_held(fb);
}

/* ------------------------------------------------------------ repaint -- */

void
shmfb_repaint_later(struct shmfb *fb, const struct shmx_rect *rect)
{
	struct shmx_rect window = shmfb_rect_all(fb->width, fb->height);

	if (!rect)
		rect = &window;
	fb->repaint = shmfb_rect_join(&fb->repaint, rect);
	fb->repaint = shmfb_rect_cut(&fb->repaint, &window);
	fb->repaint_ns = 0;
}

void
shmfb_repaint_refused(struct shmfb *fb)
{
	shmfb_repaint_later(fb, NULL);
	if (fb->flight.refused > SHMFB_REFUSALS)
		fb->repaint_ns = UINT64_MAX;
	else if (fb->flight.refused > 1)
		fb->repaint_ns = base_now_ns() + SHMFB_REFUSED_NS;
}

/*
 * For nothing, for the repaint that is under way, or for frames that the
 * server has until a refresh: it would do this first, and them over it.
 */
static bool
has_to_wait(const struct shmfb *fb)
{
	return shmfb_rect_empty(&fb->repaint) ||
	       shmfb_flight_repainting(&fb->flight) ||
	       shmfb_flight_waits(&fb->flight);
}

bool
shmfb_repaint_due(const struct shmfb *fb)
{
	if (has_to_wait(fb))
		return false;
	return !fb->repaint_ns || fb->repaint_ns <= base_now_ns();
}

uint64_t
shmfb_repaint_deadline(const struct shmfb *fb)
{
	/* One under way is followed by an event, and that by a look. */
	if (has_to_wait(fb))
		return UINT64_MAX;
	return fb->repaint_ns;
}

static int
repaint(struct shmfb *fb, const struct shmx_rect *part)
{
	struct shmfb_damage parts;
	int err, rest;

	shmfb_damage_init(&parts, part);
	shmfb_damage_all(&parts);
	err = send_parts(fb, fb->newest, &parts, true);
	rest = shmfb_copy_rest(fb->newest);
	return err ? err : rest;
}

void
shmfb_repaint_now(struct shmfb *fb)
{
	struct shmx_rect part = fb->repaint;
	int err = 0;

	if (!shmfb_repaint_due(fb))
		return;
	fb->repaint = (struct shmx_rect){ 0, 0, 0, 0 };
	if (fb->newest)
		err = shmfb_route_again(fb, &fb->newest);
	paint_around(fb, fb->newest, &part);
	if (!fb->newest || (!err && repaint(fb, &part) == 0))
		return;
	/* It cannot be sent now, but it is not forgotten. */
	shmfb_repaint_later(fb, &part);
	fb->repaint_ns = UINT64_MAX;
}

/* --------------------------------------------------------------- view -- */

int
shmfb_set_view(struct shmfb *fb, const struct shmfb_view *view)
{
	shmfb_without_sigpipe(fb->x);
	struct shmfb_view v;
	uint32_t pixel;
	int err;

	err = shmfb_check_gone(fb);
	if (err)
		return err;
	err = base_copy_struct(&v, sizeof(v), view, view->size);
	if (err)
		return base_error(err,
			"the view asks for what this version cannot do");
	err = shmfb_view_check(&v);
	if (err)
		return err;
	v.size = sizeof(v);
	fb->view = v;
	pixel = shmfb_native_pixel(&fb->x->native, v.background);
	xcb_change_gc(fb->x->conn, fb->gc, XCB_GC_FOREGROUND, &pixel);
	shmfb_repaint_later(fb, NULL);
	shmfb_step(fb, false);
	return shmfb_check_gone(fb);
}

void
shmfb_get_view(const struct shmfb *fb, struct shmfb_view *view, size_t size)
{
	memcpy(view, &fb->view, BASE_MIN(size, sizeof(fb->view)));
	view->size = size;
}

bool
shmfb_to_picture(const struct shmfb *fb, int32_t window_x, int32_t window_y,
		 double *x, double *y)
{
	struct shmfb_layout layout = { .width = fb->width,
				       .height = fb->height };

	/* Before there is a picture, what would fill the window. */
	if (fb->newest)
		layout = fb->newest->layout;
	shmfb_place(fb, &layout);
	return shmfb_layout_point(&layout, window_x, window_y, x, y) &&
	       fb->newest;
}

/* --------------------------------------------------------------- show -- */

/* A ring is another process's: what it says is looked at before it is used. */
static int
check_frame(const struct shmx_frame_info *f)
{
	if (f->width == 0 && f->height == 0)
		return base_error(-ENOTSUP,
			"the frame has no picture that could be shown");
	if (!shmfb_convert_knows(f->format))
		return base_error(-ENOTSUP,
			"frames of format %s (%08x) cannot be shown",
			shmx_format_name(f->format), f->format);
	if (f->width < 1 || f->width > SHMX_SIDE_MAX || f->height < 1 ||
	    f->height > SHMX_SIDE_MAX || f->stride % 4 ||
	    f->stride > INT32_MAX ||
	    f->stride / shmx_format_bytes(f->format) < f->width ||
	    f->offset > f->memory_bytes ||
	    (uint64_t)f->stride * f->height > f->memory_bytes - f->offset)
		return base_error(-EPROTO,
			"the ring describes a frame that does not fit into it");
	return 0;
}

/* A picture of the held frame. Returns NULL with *err set. */
static struct shmfb_picture *
picture_of(struct shmfb *fb, struct shmx_hold *hold, int *err)
{
	const struct shmx_frame_info *f = shmx_frame_info(hold);
	struct shmfb_picture *picture = shmfb_picture_take(fb);

	picture->hold = shmx_hold_ref(hold);
	picture->layout.width = f->width;
	picture->layout.height = f->height;
	picture->from_stride = f->stride;
	picture->format = f->format;
	picture->ring_id = f->ring_id;
	picture->sequence = f->sequence;
	/* Before that nobody here could have shown it. */
	picture->since_ns = BASE_MAX(f->published_ns, fb->opened_ns);
	*err = shmfb_route(fb, picture);
	if (!*err)
		return picture;
	shmfb_picture_unref(fb, picture);
	return NULL;
}

/* What of the picture is not on the screen yet. */
static void
damage_of(const struct shmfb *fb, struct shmx_hold *hold,
	  struct shmfb_damage *damage)
{
	const struct shmx_frame_info *f = shmx_frame_info(hold);
	const struct shmfb_picture *newest = fb->newest;
	struct shmx_rect rect = shmfb_rect_all(f->width, f->height);
	unsigned i;

	shmfb_damage_init(damage, &rect);
	if (!newest || newest->ring_id != f->ring_id ||
	    newest->sequence > f->sequence) {
		shmfb_damage_all(damage);
	} else if (newest->sequence + 1 == f->sequence &&
		   f->damage_count && f->damage_count <= SHMX_DAMAGE_MAX) {
		/* The very next: by rectangles, not by their box. */
		for (i = 0; i < f->damage_count; i++)
			shmfb_damage_add(damage, &f->damage[i]);
	} else {
		shmx_damage_since(hold, newest->sequence, &rect);
		shmfb_damage_add(damage, &rect);
	}
}

int
shmfb_show(struct shmfb *fb, struct shmx_hold *hold)
{
	shmfb_without_sigpipe(fb->x);
	struct shmfb_picture *picture;
	struct shmfb_damage damage;
	int err;

	err = shmfb_check_gone(fb);
	if (err)
		return err;
	err = check_frame(shmx_frame_info(hold));
	if (err)
		return err;
	if (!shmfb_ready(fb))
		return base_error(-EAGAIN, "not yet: pump first");
	picture = picture_of(fb, hold, &err);
	if (!picture)
		return shmfb_catch_up(fb, err);
	damage_of(fb, hold, &damage);
	return shmfb_show_picture(fb, picture, &damage);
}
