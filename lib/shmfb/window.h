/* SPDX-License-Identifier: MIT */
/*
 * window.h - the window itself, and what its files ask of each other
 *
 *	window.c    open, close, title; limits.c: sizes and places
 *	loop.c      descriptors, and waiting; spin.c: how long to look
 *	step.c      what is done then, by deadlines as well; poke.c: for others
 *	event.c     X events, into queue.c
 *	wm.c        what window managers want to know; property.c
 *	state.c     what they make of the window: fullscreen, hidden
 *	withdraw.c  how they let go of it
 *	sync.c      frames that they wait for
 *	settings.c  how large the user wants things
 *	cursor.c    what the pointer looks like; icon.c: the window, made small
 *	keyboard.c  keys; their symbols are keymap.c's, what they write text.c's
 *	pointer.c   motion, buttons, wheel, grab; by core events, or XInput 2's,
 *	            which are xinput.c's, xinput_event.c's; xinput_device.c
 *	clipboard.c text that is copied, by owner.c and multiple.c, and pasted,
 *	            by paste.c; clip.c: the text
 *	clock.c     when the next frame is due
 *	display.c   the connection; connect.c: why there is none
 *	extension.c what the server can do; atom.c: its names; visual.c: which
 *	            pixels its windows have
 *	canvas.c    begin and present; its memory is pool.c's
 *	show.c      show, and painting again
 *	picture.c   one frame on its way; flight.c: those under way
 *	route.c     from where it is put: as it lies, or by way of
 *	            stage.c, or of the server's render.c
 *	present.c   which way it goes: present_shm.c, present_put.c
 *	            and present_pixmap.c
 *	present_copy.c  an image of the application's, into a canvas
 *	segment.c   memory that the server has attached; sysv.c: of one kind
 *	ladder.c    which kinds of memory it attaches
 *	sigpipe.c   no signal when the server dies
 *
 * Pure, without X: geometry.c, damage.c, queue.c; pixel.c, convert.c, view.c;
 * scroll.c, raw.c.
 */
#ifndef SHMFB_WINDOW_H
#define SHMFB_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include <xcb/shm.h>
#include <xcb/xcb.h>

#include <shmfb/shmfb.h>

#include "base/hist.h"
#include "base/log.h"
#include "base/sys.h"
#include "clipboard.h"
#include "clock.h"
#include "display.h"
#include "flight.h"
#include "geometry.h"
#include "keyboard.h"
#include "picture.h"
#include "pointer.h"
#include "poke.h"
#include "pool.h"
#include "present.h"
#include "property.h"
#include "present_copy.h"
#include "present_pixmap.h"
#include "queue.h"
#include "render.h"
#include "route.h"
#include "segment.h"
#include "sigpipe.h"
#include "spin.h"
#include "stage.h"
#include "state.h"
#include "sync.h"
#include "withdraw.h"

/* How many presents a staged canvas may be behind. */
#define SHMFB_DRAWN 4

/* What a window manager is told about sizes. */
struct shmfb_limits {
	uint32_t width;			/* that were asked for last */
	uint32_t height;
	bool fixed;			/* those, and no others */
	bool off;			/* not told now: fullscreen */
	uint32_t min_width;		/* both 0: any */
	uint32_t min_height;
	uint32_t aspect_width;		/* both 0: any */
	uint32_t aspect_height;
};

struct shmfb {
	struct shmfb_display *x;	/* a reference; others may share it */
	struct shmfb *next;		/* among x->windows */
	xcb_window_t window;
	xcb_gcontext_t gc;		/* background, no graphics exposures */
	uint32_t width;			/* of the window's inside */
	uint32_t height;
	struct shmfb_limits limits;
	bool child;			/* within another window of ours */
	bool placed;
	int16_t left;			/* where it was to be put, if so */
	int16_t top;
	struct shmfb_states state;
	struct shmfb_withdrawal withdrawal;
	struct shmfb_sync sync;

	/* How it ends. */
	bool closed;			/* its user wants it closed */
	bool gone;			/* there is no such window any more */
	const char *gone_why;		/* static */

	/* Waiting: loop.c. */
	int epoll_fd;			/* ours; what shmfb_fd() gives */
	int poke_fd;			/* ours; in epoll_fd; -1: not shared */
	bool poked;			/* poke_fd is readable */
	struct shmfb_spin spin;
	bool stirred;			/* something happened in this step */

	struct shmfb_queue events;
	bool news;			/* an event since pump returned */
	bool taken;			/* one was taken since pump returned */
	struct shmfb_keyboard keyboard;
	struct shmfb_pointer pointer;
	struct shmfb_clipboard clipboard;
	struct shmfb_clock clock;

	/* Presenting. */
	enum shmfb_backend wanted;
	bool shm;			/* descriptors can be attached */
	bool sysv;			/* System V segments can, only those */
	const struct shmfb_presenter *by;	/* the last picture's */
	char why[400];			/* why that one */
	const char *route;		/* "direct", "render" or "staged" */
	char route_why[160];
	uint8_t *bounce;		/* ours; rows of one piece, or NULL */
	struct shmfb_segment *ring;	/* of the last ring; a reference */
	struct shmfb_pool pool;
	struct shmfb_pool stage;
	struct shmfb_copy staging;	/* the last picture's, into that */
	struct shmfb_render render;
	struct shmfb_pixmaps pixmap;

	/* What the application draws on; slot NULL: nothing begun. */
	struct {
		struct shmfb_slot *slot;	/* a reference */
		uint32_t width;
		uint32_t height;
		uint32_t stride;
		uint32_t format;
		uint64_t begun_ns;
	} canvas;
	uint32_t canvas_format;		/* SHMX_XRGB8888 ... */
	uint32_t canvas_width;		/* both 0: the window's size */
	uint32_t canvas_height;
	uint64_t presents;		/* canvases presented */
	/* Where canvases that were to be presented differ from the last. */
	struct {
		uint64_t count;
		struct shmx_rect box[SHMFB_DRAWN];	/* by count */
	} drawn;

	struct shmfb_view view;
	struct shmfb_picture pictures[SHMFB_PICTURES];
	struct shmfb_picture *newest;	/* sent last; a reference, or NULL */
	/* Not sent before the next refresh; its slot is pinned. */
	struct {
		struct shmfb_picture *picture;	/* a reference, or NULL */
		struct shmfb_damage damage;
	} held;
	uint64_t sent_ns;		/* when a picture was, last; or 0 */
	struct shmfb_flight flight;
	struct shmx_rect repaint;	/* of the window; empty: nothing */
	uint64_t repaint_ns;		/* not before; UINT64_MAX: an event */

	/* Statistics. */
	uint64_t frames_shown;
	uint64_t frames_failed;
	uint64_t client_copies;
	uint32_t copies;		/* of the last frame */
	uint64_t skipped;
	uint64_t missed;
	uint64_t repaints;
	struct base_hist latency;	/* ns */
	uint64_t opened_ns;

	struct base_log log;
};

/* This process has copied all, or what was missing, of the picture. */
static inline void
shmfb_count_copy(struct shmfb *fb, struct shmfb_picture *picture)
{
	fb->client_copies++;
	picture->copies++;
}

#define shmfb_log(fb, ...) base_log(&(fb)->log, __VA_ARGS__)

/* Is that environment variable a switch that is on: set, not "" or "0"? */
bool
shmfb_env(const char *name);

/* Why pictures go the way they go; also logged. */
void
shmfb_set_why(struct shmfb *fb, const char *fmt, ...) BASE_PRINTF(2, 3);

/* Did the application ask for shared memory, or else to fail? */
static inline bool
shmfb_must_share(const struct shmfb *fb)
{
	return fb->wanted == SHMFB_SHM || fb->wanted == SHMFB_SYSV ||
	       fb->wanted == SHMFB_PRESENT;
}

/* The windows of a connection, one after the other. */
#define shmfb_for_each(fb, x) \
	for ((fb) = (x)->windows; (fb); (fb) = (fb)->next)

/* The window or the connection is gone; why is static. Lets go of all. */
void
shmfb_lost(struct shmfb *fb, const char *why);

/* -EPIPE, in words, once it is; else 0. */
int
shmfb_check_gone(const struct shmfb *fb);

/* ------------------------------------------------------------- loop.c -- */

/*
 * Something happened that this window's application may wait for: an event, a
 * free buffer, a refresh, the end. If another window's step found it, its
 * descriptor becomes readable.
 */
static inline void
shmfb_stir(struct shmfb *fb)
{
	fb->stirred = true;
}

/* Make the window one of its connection's, with a descriptor to wait on. */
int
shmfb_loop_init(struct shmfb *fb);

/* Also of a window whose shmfb_loop_init() has failed. */
void
shmfb_loop_finish(struct shmfb *fb);

/* ------------------------------------------------------------- step.c -- */

/*
 * Do all there is to do without sleeping: events, completions, deadlines, a
 * repaint; flush; set the timer. With read, what waits in the socket too.
 * For all windows of the connection.
 */
void
shmfb_step(struct shmfb *fb, bool read);

/* The same, and nobody is woken yet: shmfb_poke(). */
void
shmfb_step_all(struct shmfb_display *x, bool read);

/*
 * A call that asked the server, or may have written, ends: step if libxcb has
 * read anything meanwhile, which would wait in there while the application
 * sleeps. Returns err and leaves its words alone; without one 0, or -EPIPE.
 */
int
shmfb_catch_up(struct shmfb *fb, int err);

/* The events that libxcb has read already. */
void
shmfb_take_queued(struct shmfb_display *x);

/* ------------------------------------------------------------ event.c -- */

/* One event, borrowed: to the window that it is for. */
void
shmfb_event(struct shmfb_display *x, const xcb_generic_event_t *event);

/* Queue an event for the application; copied. */
void
shmfb_push(struct shmfb *fb, const struct shmfb_event *event);

/* ----------------------------------------------------------- limits.c -- */

/* Are the sizes and the place possible that options ask for? -EINVAL. */
int
shmfb_limits_check(const struct shmfb_options *options);

/* --------------------------------------------------------------- wm.c -- */

/* All that is said about the window before it is mapped. */
void
shmfb_wm_init(struct shmfb *fb, const struct shmfb_options *opt);

void
shmfb_wm_title(struct shmfb *fb, const char *title);

/* What sizes the window may have: fb->limits. */
void
shmfb_wm_size_hints(struct shmfb *fb);

/* It is to be fullscreen, or is no longer: they are others. */
void
shmfb_wm_state_changed(struct shmfb *fb);

/* A client message: a request to close, or a ping to answer. */
void
shmfb_wm_message(struct shmfb *fb, const xcb_client_message_event_t *event);

/* ------------------------------------------------------------- show.c -- */

/*
 * Show the picture, whose reference is taken even on failure. damage, within
 * the picture, is what differs from the newest one; without any nothing is
 * sent, but it counts as shown and becomes the newest.
 */
int
shmfb_show_picture(struct shmfb *fb, struct shmfb_picture *picture,
		   const struct shmfb_damage *damage);

/* Where a picture of layout->width by height stands in the window now. */
void
shmfb_place(const struct shmfb *fb, struct shmfb_layout *layout);

/* What of the window shows that layout; a pixel if it shows nothing of it. */
struct shmx_rect
shmfb_visible_part(const struct shmfb *fb, const struct shmfb_layout *layout);

/* This part of the window (all that there is: NULL) has to be painted. */
void
shmfb_repaint_later(struct shmfb *fb, const struct shmx_rect *rect);

/*
 * The server refused part of a picture: all has to be painted, for the next
 * one only tells what differs. Not without end: see SHMFB_REFUSALS.
 */
void
shmfb_repaint_refused(struct shmfb *fb);

/* The server has drawn a frame of a ring: it is on screen, or soon will be. */
void
shmfb_show_landed(struct shmfb *fb, struct shmfb_picture *picture,
		  uint64_t now);

/*
 * A refresh of the display, then, or what stands for it: what waited for it
 * is sent.
 */
void
shmfb_show_refreshed(struct shmfb *fb, uint64_t when_ns);

/* Let go of all pictures. */
void
shmfb_show_forget(struct shmfb *fb);

/* How many frames are under way: at the server, or held back. */
unsigned
shmfb_under_way(const struct shmfb *fb);

/* Would shmfb_repaint_now() do something? */
bool
shmfb_repaint_due(const struct shmfb *fb);

/* When it will; UINT64_MAX: not because of the time. */
uint64_t
shmfb_repaint_deadline(const struct shmfb *fb);

/* Paint what has to be, unless a repaint is under way already. */
void
shmfb_repaint_now(struct shmfb *fb);

/* ----------------------------------------------------------- canvas.c -- */

void
shmfb_canvas_drop(struct shmfb *fb);

/*
 * Have fb->canvas be of that size and format, the one that was begun if it is.
 * -EAGAIN, -ENOMEM.
 */
int
shmfb_canvas_take(struct shmfb *fb, uint32_t width, uint32_t height,
		  uint32_t format);

/* As shmfb_present(), of a canvas to which the copy (or NULL) is to be made. */
int
shmfb_canvas_present(struct shmfb *fb, struct shmfb_copy *copy,
		     const struct shmx_rect *damage, unsigned count);

#endif /* SHMFB_WINDOW_H */
