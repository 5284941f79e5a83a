/* SPDX-License-Identifier: MIT */
/*
 * viewer.h - what `shmx view` and its SDL2 comparison have in common
 *
 * Options, the ring, screenshots and the statistics; how pixels reach the
 * screen is each program's own.
 */
#ifndef TOOLS_VIEWER_H
#define TOOLS_VIEWER_H

#include <stdbool.h>
#include <stdint.h>

#include <shmx/shmx.h>

enum viewer_backend {
	VIEW_AUTO, VIEW_SHM, VIEW_SYSV, VIEW_PUT, VIEW_PRESENT, VIEW_SDL2,
};

/* As enum shmfb_vsync has them. */
enum viewer_vsync {
	VIEW_VSYNC_ADAPTIVE, VIEW_VSYNC_ON, VIEW_VSYNC_OFF,
};

/* Why a frame of a ring was never held. */
enum viewer_skip {
	VIEWER_SKIP_PACED,		/* the window took none meanwhile */
	VIEWER_SKIP_LAGGED,		/* it did, but the viewer was slow */
	VIEWER_SKIP_FROZEN,		/* its user wanted none */
	VIEWER_SKIPS
};

#define VIEWER_RINGS_MAX 16
/* Beside what it takes to show frames: two, and one for the screenshot. */
#define VIEWER_HISTORY_MAX 4

struct viewer {
	/* From the command line. */
	const char *rings[VIEWER_RINGS_MAX];
	unsigned ring_count;
	unsigned scale;			/* enum shmfb_scale */
	unsigned filter;		/* enum shmfb_filter */
	unsigned rotation;		/* quarter turns clockwise */
	uint32_t background;		/* 0xRRGGBB */
	bool fullscreen;
	bool looks;			/* how it is to be seen was given */
	unsigned history;		/* frames kept for stepping back */
	enum viewer_backend backend;
	bool no_shm;
	bool wait;
	bool sealed;
	enum viewer_vsync vsync;
	bool view_only;			/* send no input to the producer */
	bool stats;
	uint64_t frames;		/* stop after that many; 0: never */
	const char *screenshot;		/* of the last frame; NULL */
	const char *screenshot_window;	/* of the window, from the server */

	const char *ring;		/* the one that is shown */
	struct shmx_reader *reader;
	struct shmx_image_info image;	/* of the producer attached to */
	struct shmx_hold *last;		/* for the screenshot; or NULL */
	uint64_t skipped[VIEWER_SKIPS];
	uint64_t started_ns;
	char trouble[512];		/* as it was looked at last */
	bool said;			/* to the user; the end of it is too */
};

/* What the window did, for viewer_print_stats(). */
struct viewer_result {
	const char *path;
	const char *why;
	const char *route;		/* of the last frame */
	const char *route_why;
	const char *clock;
	uint64_t frames_shown;
	uint32_t copies;		/* by us, of the last frame */
	uint64_t repaints;
	uint64_t skipped;		/* given, but not shown */
	uint64_t missed;		/* refreshes */
	uint64_t latency_p50_ns;
	uint64_t latency_p99_ns;
};

/* Read the command line; ends the program on --help and bad usage. */
void
viewer_parse(struct viewer *v, int argc, char **argv, const char *program,
	     enum viewer_backend backend);

/*
 * Attach to the ring with that many holds, waiting for its producer if the
 * user said so.  False when interrupted; dies with one line when there is
 * none.
 */
bool
viewer_open(struct viewer *v, unsigned holds);

/*
 * Frames that are counted, and a window that is read, are to have been seen: if
 * either was asked for, wait until all these windows are on the screen.  One
 * that is on another desktop, say, may be shown frames all the same, but there
 * is nothing to be read: then it dies.  Borrowed.
 */
void
viewer_wait_to_be_seen(const struct viewer *v, const uint32_t *windows,
		       unsigned count);

/*
 * The newest frame if it was not yet held: 0 and a reference that is the
 * caller's.  -EAGAIN when there is none and the ring's descriptor will tell of
 * one, -EBUSY when it cannot be had at this moment, -EPROTO when the producer
 * talks nonsense and was left.
 */
int
viewer_next(struct viewer *v, struct shmx_hold **hold);

/* The frames before this one were skipped for that. */
void
viewer_count_skipped(struct viewer *v, const struct shmx_hold *hold,
		     enum viewer_skip why);

/*
 * Say on stderr why there is no producer, each time the reason changes, and
 * when there is one again.
 */
void
viewer_say_trouble(struct viewer *v);

/*
 * Write a frame as a PNG: false and why, if it cannot be.  It is read, not
 * mapped: a viewer maps no pixel.
 */
bool
viewer_save(struct shmx_hold *hold, const char *path, const char **why);

/* Keep a frame for the screenshot, if one was asked for. */
void
viewer_keep(struct viewer *v, struct shmx_hold *hold);

/* Write the screenshot of the last frame kept, if one was asked for. */
void
viewer_write_screenshot(struct viewer *v);

/* Print the statistics, if they were asked for. */
void
viewer_print_stats(const struct viewer *v, const struct viewer_result *r);

void
viewer_close(struct viewer *v);

#endif /* TOOLS_VIEWER_H */
