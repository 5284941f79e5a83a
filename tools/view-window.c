/* SPDX-License-Identifier: MIT */
/*
 * view-window.c - one window: the newest frame, its producer's coming and going
 */
#include "config.h"

#include "view.h"

#include <errno.h>
#include <stdio.h>

#include "tool.h"

/* When the newest frame could not be held: try again. */
#define RETRY_MS 1

void
view_natural_size(const struct view *w, uint32_t *width, uint32_t *height)
{
	struct shmfb_view view = SHMFB_VIEW_INIT;
	bool turned = w->v.rotation & 1;

	if (w->fb != NULL) {
		shmfb_get_view(w->fb, &view, sizeof(view));
		turned = view.rotation & 1;
	}
	*width = turned ? w->v.image.height : w->v.image.width;
	*height = turned ? w->v.image.width : w->v.image.height;
}

void
view_resize(struct view *w, uint32_t width, uint32_t height)
{
	w->asked_width = width;
	w->asked_height = height;
	w->own_size = true;
	/* -EPIPE: the next dispatch will tell. */
	(void)shmfb_resize(w->fb, width, height);
}

void
view_open(struct view *w, struct shmfb *share)
{
	static const enum shmfb_backend backends[] = {
		[VIEW_AUTO] = SHMFB_AUTO,
		[VIEW_SHM] = SHMFB_SHM,
		[VIEW_SYSV] = SHMFB_SYSV,
		[VIEW_PUT] = SHMFB_PUT,
		[VIEW_PRESENT] = SHMFB_PRESENT,
	};
	struct shmfb_options o = SHMFB_OPTIONS_INIT;

	o.title = w->v.ring;
	o.class_name = "shmx-view";
	o.share = share;
	view_natural_size(w, &o.width, &o.height);
	o.backend = backends[w->v.backend];
	o.vsync = (enum shmfb_vsync)w->v.vsync;
	o.flags = w->v.fullscreen ? SHMFB_FULLSCREEN : 0;
	if (shmfb_open(&w->fb, &o) < 0)
		die("%s", shmfb_error());
	w->asked_width = o.width;
	w->asked_height = o.height;
	w->own_size = true;
	view_look_init(w);
	forward_init(&w->forward, w->v.view_only ? NULL : w->v.reader);
	/* Told when the producer is known to want it. */
	forward_put(&w->forward, &(struct shmx_input){
		.kind = SHMX_INPUT_RESIZE,
		.width = o.width, .height = o.height });
}

/* --------------------------------------------------------------- events -- */

/*
 * Is it for the viewer itself? All keys are, unless the producer wants them:
 * then those with control. What a key that is held down repeats goes where its
 * press went, whatever is pressed beside it meanwhile.
 */
static bool
is_own_key(struct view *w, const struct shmfb_event *ev)
{
	bool *own = &w->own[ev->u.key.keycode % VIEW_KEYCODES];

	if (!ev->u.key.repeat)
		*own = ev->u.key.pressed &&
		       (!forward_wanted(&w->forward) ||
			(ev->u.key.modifiers & SHMFB_MOD_CTRL));
	return *own;
}

/* What a key writes comes right after it, and goes where that went. */
static bool
is_own(struct view *w, const struct shmfb_event *ev)
{
	if (ev->type == SHMFB_EVENT_KEY)
		w->own_text = is_own_key(w, ev);
	return ev->type == SHMFB_EVENT_CLOSE ||
	       ((ev->type == SHMFB_EVENT_KEY ||
		 ev->type == SHMFB_EVENT_TEXT) && w->own_text);
}

static void
handle_event(struct view *w, const struct shmfb_event *ev)
{
	if (ev->type == SHMFB_EVENT_CLOSE)
		w->over = true;
	else if (ev->type == SHMFB_EVENT_KEY)
		view_key(w, ev->u.key.keysym, ev->u.key.repeat);
}

/* Is it what we asked for, or what its user or the window manager wants? */
static void
note_size(struct view *w, const struct shmfb_event *ev)
{
	w->own_size = ev->u.resize.width == w->asked_width &&
		      ev->u.resize.height == w->asked_height;
}

static void
handle_events(struct view *w)
{
	struct shmfb_event ev;

	while (!w->over && shmfb_next_event(w->fb, &ev)) {
		if (ev.type == SHMFB_EVENT_RESIZE)
			note_size(w, &ev);
		if (ev.type == SHMFB_EVENT_RESIZE ||
		    ev.type == SHMFB_EVENT_SCALE)
			view_overlay_resized(w);
		if (is_own(w, &ev))
			handle_event(w, &ev);
		else if (!view_mouse(w, &ev))
			forward_event(&w->forward, &ev);
	}
}

/* Whether --frames were given to the window, and all have been shown. */
static bool
all_shown(const struct view *w)
{
	return w->v.frames > 0 && w->given >= w->v.frames &&
	       shmfb_in_flight(w->fb) == 0;
}

bool
view_dispatch(struct view *w, bool readable)
{
	w->lost = readable && shmfb_dispatch(w->fb) < 0;
	handle_events(w);
	return !w->lost && !w->over && !all_shown(w);
}

/* ----------------------------------------------------------------- ring -- */

/* The producer has gone: say so where it is seen. */
static void
show_absence(struct view *w)
{
	char title[SHMX_NAME_MAX + 64];

	snprintf(title, sizeof(title), "%s (producer gone, waiting)",
		 w->v.ring);
	shmfb_set_title(w->fb, title);
}

/*
 * Whether the window is to have the ring's size: while it shows it pixel by
 * pixel, and has the size that we gave it.
 */
static bool
goes_with_ring(const struct view *w)
{
	struct shmfb_view view = SHMFB_VIEW_INIT;

	shmfb_get_view(w->fb, &view, sizeof(view));
	return w->own_size && view.scale == SHMFB_SCALE_NONE &&
	       view.zoom == 0 && !(shmfb_state(w->fb) &
		(SHMFB_STATE_FULLSCREEN | SHMFB_STATE_MAXIMIZED));
}

/* Another producer, or a ring that grew: frames may have another size. */
static void
fit_window(struct view *w)
{
	struct shmx_image_info image;
	uint32_t width, height;

	if (shmx_reader_image(w->v.reader, &image, sizeof(image)) < 0)
		return;
	if (image.width != w->v.image.width ||
	    image.height != w->v.image.height) {
		w->v.image = image;
		view_natural_size(w, &width, &height);
		if (goes_with_ring(w))
			view_resize(w, width, height);
	}
	w->v.image = image;
}

static void
show_return(struct view *w)
{
	w->unshown = false;
	shmfb_set_title(w->fb, w->v.ring);
	fit_window(w);
}

void
view_dispatch_ring(struct view *w)
{
	enum shmx_reader_state before = shmx_reader_state(w->v.reader);

	if (shmx_reader_dispatch(w->v.reader) == -EPIPE)
		show_absence(w);
	if (before != SHMX_ATTACHED &&
	    shmx_reader_state(w->v.reader) == SHMX_ATTACHED)
		show_return(w);
	viewer_say_trouble(&w->v);
	(void)forward_wanted(&w->forward);
}

/* --------------------------------------------------------------- frames -- */

/*
 * Frames have come that no window shows: without a picture, say. Other rings
 * go on, and so does this one with its next producer; the end is for who
 * waits for it alone, or counts.
 */
static void
say_unshown(struct view *w)
{
	char title[SHMX_NAME_MAX + 64];

	if (w->v.ring_count == 1 || w->v.frames > 0)
		die("%s", shmfb_error());
	if (w->unshown)
		return;
	w->unshown = true;
	warn("%s: %s", w->v.ring, shmfb_error());
	view_say(w, "%s", shmfb_error());
	snprintf(title, sizeof(title), "%s (frames that cannot be shown)",
		 w->v.ring);
	shmfb_set_title(w->fb, title);
}

static int
show(struct view *w, struct shmx_hold *hold)
{
	int ret = shmfb_show(w->fb, hold);

	/*
	 * For want of memory or of a descriptor it is skipped: there may be
	 * one for the next.
	 */
	if (ret < 0 && ret != -EAGAIN && ret != -EPIPE && ret != -ENOMEM &&
	    ret != -EMFILE)
		say_unshown(w);
	if (ret == 0 && w->unshown) {
		w->unshown = false;
		shmfb_set_title(w->fb, w->v.ring);
	}
	return ret;
}

/*
 * The viewer's keys want Ctrl where the producer takes input: once, for who is
 * there to press them, and not in what is counted or read.
 */
static void
say_whose_keys(struct view *w)
{
	if (w->said_whose || w->v.frames > 0 ||
	    w->v.screenshot_window != NULL || !forward_wanted(&w->forward))
		return;
	w->said_whose = true;
	view_say(w, "the program takes input: the viewer's keys want Ctrl, "
		 "Ctrl+F1 shows them");
}

/* Those before the frame that is held now. */
static enum viewer_skip
why_skipped(const struct view *w)
{
	if (w->froze)
		return VIEWER_SKIP_FROZEN;
	return w->waited ? VIEWER_SKIP_LAGGED : VIEWER_SKIP_PACED;
}

static int
show_newest(struct view *w)
{
	struct shmx_hold *hold;
	int ret;

	view_trail_make_room(w);
	ret = viewer_next(&w->v, &hold);
	if (ret == -EAGAIN) {
		w->waited = true;
		return -1;
	}
	if (ret == -EPROTO)
		show_absence(w);
	if (ret < 0)
		return RETRY_MS;
	if (shmx_frame_info(hold)->ring_id != w->ring_id) {
		w->ring_id = shmx_frame_info(hold)->ring_id;
		fit_window(w);
	}
	viewer_count_skipped(&w->v, hold, why_skipped(w));
	w->waited = false;
	w->froze = false;
	if (show(w, hold) == 0) {
		viewer_keep(&w->v, hold);
		view_trail_add(w, hold);
		w->given++;
		w->one_more = false;
		say_whose_keys(w);
	}
	shmx_release(hold);
	return 0;
}

int
view_step(struct view *w, bool *ready)
{
	*ready = shmfb_ready(w->fb) &&
		(w->v.frames == 0 || w->given < w->v.frames);
	if (!*ready)
		return -1;
	if (w->again) {
		w->again = show(w, w->trail[w->trail_at]) == -EAGAIN;
		return 0;
	}
	w->froze |= w->frozen;
	if (w->frozen && !w->one_more)
		return -1;
	return show_newest(w);
}
