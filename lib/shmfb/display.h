/* SPDX-License-Identifier: MIT */
/*
 * display.h - the connection to the X server, and what the server can do
 *
 * One for all windows that share it. They belong to one thread at a time.
 */
#ifndef SHMFB_DISPLAY_H
#define SHMFB_DISPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include <xcb/xcb.h>

#include "atom.h"
#include "cursor.h"
#include "keymap.h"
#include "ladder.h"
#include "pixel.h"
#include "settings.h"
#include "visual.h"
#include "xinput.h"

struct shmfb;

struct shmfb_display {
	unsigned refs;			/* a window each */
	struct shmfb *windows;		/* those that get its events */
	xcb_connection_t *conn;		/* ours */
	bool gone;			/* nothing can be sent any more */
	bool widened;			/* the socket's buffer is large */
	bool sigpipe_kills;		/* see sigpipe.h */
	uint64_t seen;			/* bytes read when no event waited */
	int timer_fd;			/* ours: loop.c, step.c */
	uint64_t armed_ns;		/* when it fires; UINT64_MAX: never */

	/* What the server has: set by shmfb_display_open(). */
	xcb_screen_t *screen;		/* conn's */
	bool alpha;			/* the windows were asked to have it */
	xcb_visualid_t visual;		/* of the windows */
	xcb_colormap_t colormap;	/* for that */
	struct shmfb_native native;	/* and their pixels */
	uint32_t put_pixels;		/* how many one PutImage carries */
	xcb_atom_t atom[SHMFB_ATOMS];

	unsigned shm_major;		/* MIT-SHM's version; 0: not there */
	unsigned shm_minor;
	uint8_t shm_completion;		/* event code; 0: not there */
	uint8_t shm_error;		/* code of BadShmSeg */
	uint8_t present_opcode;		/* 0: the server has no Present */
	bool sync;			/* it has SYNC: counters */

	struct shmfb_keymap keymap;
	struct shmfb_xinput xinput;
	struct shmfb_settings settings;
	xcb_cursor_t cursor[SHMFB_CURSORS];	/* made so far */
	struct shmfb_rung rung[SHMFB_KINDS];
};

/*
 * Connect, look at the default screen and intern the atoms: three round
 * trips. name is borrowed; NULL is $DISPLAY. With alpha its windows have some.
 * *out has a reference for the caller.
 *
 * Errors: -ECONNREFUSED, -ENOTSUP (see shmfb_open), -ENOMEM. On failure
 * nothing is left open.
 */
int
shmfb_display_open(struct shmfb_display **out, const char *name, bool alpha);

static inline struct shmfb_display *
shmfb_display_ref(struct shmfb_display *x)
{
	x->refs++;
	return x;
}

/* The last one disconnects. NULL is allowed. */
void
shmfb_display_unref(struct shmfb_display *x);

/*
 * Let the socket take megabytes at once, as far as the system allows, so
 * that core PutImage does not sleep for every 200 KB. Once.
 */
void
shmfb_display_widen(struct shmfb_display *x);

/* "BadAccess" for 10, and so on; BadShmSeg as this server numbers it. */
const char *
shmfb_display_error_name(const struct shmfb_display *x, uint8_t code);

#endif /* SHMFB_DISPLAY_H */
