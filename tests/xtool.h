/* SPDX-License-Identifier: MIT */
/*
 * xtool.h - what the X tests share: servers, a second client, waiting
 */
#ifndef TESTS_XTOOL_H
#define TESTS_XTOOL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <xcb/xcb.h>

#include <shmfb/shmfb.h>

#include "base/clock.h"

/*
 * For programs that wait for each other on a machine that may be busy; less
 * than a test may take.
 */
#define X_PATIENCE_NS (8 * BASE_NS_PER_S)

/* An Xvfb of the test's own, beside the one that it runs under. */
struct xserver {
	pid_t pid;
	char display[32];
};

/* screen is "800x600x24"; flags is a list that NULL ends, or NULL. */
void
xserver_start(struct xserver *server, const char *screen,
	      const char *const *flags);

void
xserver_stop(struct xserver *server);

/* Another client of $DISPLAY: it looks at what the window shows. */
xcb_connection_t *
x_connect(const char *display);

/* What is on the screen of a window, 0xRRGGBB a pixel; to be freed. */
uint32_t *
x_read(xcb_connection_t *c, xcb_window_t window, uint32_t width,
       uint32_t height);

/* A format 32 message to the window, as a window manager sends it. */
void
x_message(xcb_connection_t *c, xcb_window_t window, const char *type,
	  const uint32_t data[5]);

xcb_atom_t
x_atom(xcb_connection_t *c, const char *name);

/* Until everything this client sent has been done. */
void
x_sync(xcb_connection_t *c);

/* Dispatch until done(fb, data) is true; fails the test after X_PATIENCE_NS. */
void
wait_until(struct shmfb *fb, bool (*done)(struct shmfb *fb, void *data),
	   void *data);

/*
 * Until the server has done all that c and the window sent, what the server
 * had to say to the window has been taken, and nothing is left to be
 * repainted.
 */
void
settle(struct shmfb *fb, xcb_connection_t *c);

/*
 * A window, or the end of the test; with its own or default options. Others
 * find it, too.
 */
struct shmfb *
open_window(const struct shmfb_options *opt);

/* What opening fails with, in such words; no window may come of it. */
int
open_fails(const struct shmfb_options *opt, const char *words);

struct shmfb_stats
stats_of(const struct shmfb *fb);

/* A colour for each pixel, different for its neighbours and other seeds. */
uint32_t
pattern(uint32_t x, uint32_t y, uint32_t seed);

void
fill(void *pixels, size_t stride, uint32_t width, uint32_t height,
     uint32_t seed);

/*
 * The window shows that pattern in the middle, cropped, and black around it;
 * else the test fails and says where.
 */
void
check_shows(xcb_connection_t *c, struct shmfb *fb, uint32_t width,
	    uint32_t height, uint32_t seed);

/*
 * The System V segments that process has made and that are there: how many,
 * and how many of them stay when nobody has them attached any more.  All are of
 * mode 0600, or the test fails.
 */
unsigned
segments_of(pid_t pid, unsigned *staying);

/* There are none, as soon as servers have let go of them. */
void
check_no_segments(pid_t pid);

#endif /* TESTS_XTOOL_H */
