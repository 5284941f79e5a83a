/* SPDX-License-Identifier: MIT */
/*
 * view.h - a window that shows a ring, and what its files ask of each other
 *
 *	shmx-view.c	all windows: open, wait, end
 *	view-window.c	one: the newest frame, its producer's coming and going
 *	view-keys.c	what keys do
 *	view-mouse.c	what wheel and button do
 *	view-look.c	zoom, scale, filter, rotation
 *	view-trail.c	frames that were shown, and stepping through them
 *	view-overlay.c	help, statistics and notices, drawn over the picture
 *	view-draw.c	what those are drawn with
 */
#ifndef TOOLS_VIEW_H
#define TOOLS_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include <shmfb/shmfb.h>
#include <shmx/shmx.h>

#include "base/base.h"
#include "forward-window.h"
#include "viewer.h"

/* Two with the server, one kept for repainting. */
#define VIEW_HOLDS 3

/* X's keycodes are bytes. */
#define VIEW_KEYCODES 256

/* A piece of the overlay: a window of its own within the picture's. */
struct view_panel {
	struct shmfb *fb;		/* ours; NULL: not to be seen */
	double width;			/* as it is drawn */
	double height;
	double factor;			/* and by how much that is scaled */
	struct shmx_rect at;		/* in the window */
	bool stale;			/* to be drawn again */
};

struct view {
	struct viewer v;
	struct shmfb *fb;		/* NULL: closed */
	struct forward forward;		/* input, to the producer */
	bool own[VIEW_KEYCODES];	/* pressed, and for the viewer */
	bool own_text;			/* the last key's: for the viewer */
	bool said_whose;		/* that its own keys want Ctrl */
	uint64_t given;			/* frames given to the window */
	uint64_t ring_id;		/* of the last one */
	bool unshown;			/* frames come that cannot be shown */
	uint32_t asked_width;		/* the size that we gave it last */
	uint32_t asked_height;
	bool own_size;			/* it has that, or nobody said no */
	double notches;			/* of the wheel, not yet a whole one */
	bool dragging;
	double drag_x;			/* the point that was taken hold of, */
	double drag_y;			/* in the picture */
	bool over;			/* the user said so */
	bool lost;			/* the X server closed the connection */

	/* Frames that were shown, the newest first: references. */
	struct shmx_hold *trail[SHMX_HOLDS_MAX];
	unsigned trail_count;
	unsigned trail_at;		/* the one on screen */
	bool frozen;			/* nothing new is shown */
	bool again;			/* trail_at is to be shown */
	bool one_more;			/* frozen, but for the next frame */

	/* For those that are skipped before the next frame. */
	bool waited;			/* the window was ready, the ring not */
	bool froze;			/* it was frozen */

	/* The overlay. */
	struct view_panel help;
	struct view_panel stats;
	struct view_panel notice;
	char notice_text[256];
	uint64_t notice_ns;		/* when it goes */
	uint64_t stats_ns;		/* when it is drawn again */
	uint64_t counted_ns;		/* what it counted when, to tell rates */
	uint64_t counted_shown;
	uint64_t counted_skipped;
	double shown_rate;
	double skipped_rate;
};

/* ----------------------------------------------------- view-window.c -- */

/* Open it, on the connection of another (NULL: a new one); dies if not. */
void
view_open(struct view *w, struct shmfb *share);

/* Do what there is to do; false once it is over.  readable: its descriptor. */
bool
view_dispatch(struct view *w, bool readable);

/*
 * Show what is to be shown, if the window takes it (*ready).  Returns how long
 * to sleep afterwards, in milliseconds: 0 not at all, -1 until something
 * happens.
 */
int
view_step(struct view *w, bool *ready);

/* The ring's descriptor is readable. */
void
view_dispatch_ring(struct view *w);

/* The size a window has in which all of the ring is seen, at 1:1. */
void
view_natural_size(const struct view *w, uint32_t *width, uint32_t *height);

/* Give the window a size; until its user does, it goes with the ring's. */
void
view_resize(struct view *w, uint32_t width, uint32_t height);

/* ------------------------------------------------------- view-keys.c -- */

struct view_key {
	const char *caps;		/* one for each key, with blanks */
	const char *what;
};

/* What the help lists. */
extern const struct view_key view_keys[];
extern const unsigned view_key_count;

/* A key of the viewer's was pressed, or is held down. */
void
view_key(struct view *w, uint32_t keysym, bool repeat);

/* ------------------------------------------------------ view-mouse.c -- */

/* An event of the window: was it of the pointer, and the viewer's own? */
bool
view_mouse(struct view *w, const struct shmfb_event *ev);

/* ------------------------------------------------------- view-look.c -- */

/* As the command line has it. */
void
view_look_init(struct view *w);

void
view_zoom(struct view *w, int direction);	/* -1, 0: 1:1, 1 */
void
view_scale(struct view *w, enum shmfb_scale scale);
void
view_filter(struct view *w);
void
view_rotate(struct view *w, unsigned quarters);
void
view_pan(struct view *w, int dx, int dy);	/* in eighths of the window */

/* What is at that pixel of the window stays there. */
void
view_zoom_at(struct view *w, int direction, int32_t x, int32_t y);

/* What was taken hold of is to be at that pixel of the window. */
void
view_drag(struct view *w, int32_t x, int32_t y);

/* How large a pixel of the picture is now; 0 without a picture. */
double
view_factor(const struct view *w);

/* ------------------------------------------------------ view-trail.c -- */

/* That frame was given to the window. */
void
view_trail_add(struct view *w, struct shmx_hold *hold);

/* Make room for a frame more, where holds are few. */
void
view_trail_make_room(struct view *w);

void
view_trail_drop(struct view *w);

void
view_freeze(struct view *w, bool frozen);
void
view_back(struct view *w);
void
view_forth(struct view *w);

/* The frame on screen, as a file of a name that nobody has yet. */
void
view_screenshot(struct view *w);

/* ---------------------------------------------------- view-overlay.c -- */

void
view_toggle_help(struct view *w);
void
view_toggle_stats(struct view *w);

/* Say something for a while, at the bottom of the window. */
void
view_say(struct view *w, const char *fmt, ...) BASE_PRINTF(2, 3);

/* The window has another size, or things are to. */
void
view_overlay_resized(struct view *w);

/* Draw what is stale.  Returns as view_step() does, but never 0. */
int
view_overlay_step(struct view *w);

void
view_overlay_close(struct view *w);

#endif /* TOOLS_VIEW_H */
