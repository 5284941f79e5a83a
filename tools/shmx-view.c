/* SPDX-License-Identifier: MIT */
/*
 * shmx-view.c - show rings in windows
 *
 * The viewer touches no pixel: it holds a slot, has the X server read it, and
 * gives it back when the server is done, all of which is libshmfb's.  What is
 * left is this loop: when a window can take a frame, give it the newest; when
 * none can, or there is none, sleep until either changes.
 *
 * Several rings have a window each, all on one connection.
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "readback.h"
#include "tool.h"
#include "view.h"

/* Frames given in a row without a look at what else there is. */
#define BUSY_MAX 16

struct windows {
	struct view view[VIEWER_RINGS_MAX];
	bool readable[VIEWER_RINGS_MAX];	/* what they wait on */
	bool ready[VIEWER_RINGS_MAX];		/* they take a frame */
	unsigned count;
	unsigned open;
	char lost[256];				/* why the connection is gone */
};

/* `--backend sdl2` is another program, so that nothing else loads SDL2. */
static void
run_sdl2(char **argv)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 8);

	if (n > 0) {
		memcpy(path + n, "-sdl2", sizeof("-sdl2"));
		execv(path, argv);
	}
	execvp("shmx-view-sdl2", argv);
	die("--backend sdl2 needs the program shmx-view-sdl2, which is not "
	    "here: was shmfb built without SDL2?");
}

/* What is at the server is shown; wait for the end of it, but not for ever. */
static void
finish(struct view *w)
{
	uint64_t deadline = base_now_ns() + BASE_NS_PER_S;
	struct pollfd pfd = { .fd = shmfb_fd(w->fb), .events = POLLIN };

	while (shmfb_in_flight(w->fb) > 0 &&
	       base_poll(&pfd, 1, deadline) > 0 && shmfb_dispatch(w->fb) == 0)
		;
}

static void
report(struct view *w)
{
	struct shmfb_stats s;

	shmfb_stats(w->fb, &s, sizeof(s));
	viewer_print_stats(&w->v, &(struct viewer_result){
		.path = s.path,
		.why = s.why,
		.route = s.route,
		.route_why = s.route_why,
		.clock = s.clock,
		.frames_shown = s.frames_shown,
		.copies = s.copies,
		.repaints = s.repaints,
		.skipped = s.skipped,
		.missed = s.missed,
		.latency_p50_ns = s.latency_p50_ns,
		.latency_p99_ns = s.latency_p99_ns,
	});
}

/* The server is gone, which is said once, or the window is. */
static void
note_loss(struct windows *all, const struct view *w)
{
	const char *why = shmfb_error();

	if (strcmp(why, all->lost) == 0)
		return;
	snprintf(all->lost, sizeof(all->lost), "%s", why);
	if (all->count > 1)
		warn("%s: %s", w->v.ring, why);
	else
		warn("%s", why);
}

/* The end of one of them. */
static void
close_window(struct windows *all, struct view *w)
{
	/* Without an event from its user the window did not close itself. */
	if (w->lost && !w->over)
		note_loss(all, w);
	finish(w);
	report(w);
	viewer_write_screenshot(&w->v);
	if (w->v.screenshot_window != NULL && all->lost[0] == '\0' &&
	    w->given == 0)
		die("no frame was shown, so there is no %s",
		    w->v.screenshot_window);
	if (w->v.screenshot_window != NULL && all->lost[0] == '\0')
		readback_png(w->v.screenshot_window, shmfb_window_id(w->fb));
	view_overlay_close(w);
	view_trail_drop(w);
	shmfb_close(w->fb);
	w->fb = NULL;
	viewer_close(&w->v);
	all->open--;
}

static int
sooner(int a, int b)
{
	return a < 0 ? b : b < 0 ? a : BASE_MIN(a, b);
}

/* Give each what it takes; how long to sleep, as view_step() says it. */
static int
step(struct windows *all)
{
	struct view *w;
	unsigned i;
	int ms = -1;

	for (i = 0; i < all->count; i++) {
		w = &all->view[i];
		if (w->fb == NULL)
			continue;
		if (!view_dispatch(w, all->readable[i])) {
			close_window(all, w);
			/* What others wait on may have been read with it. */
			memset(all->readable, true, sizeof(all->readable));
			ms = 0;
			continue;
		}
		all->readable[i] = false;
		ms = sooner(ms, view_step(w, &all->ready[i]));
		ms = sooner(ms, view_overlay_step(w));
		if (forward_flush(&w->forward))
			ms = sooner(ms, FORWARD_RETRY_MS);
	}
	return ms;
}

static void
sleep_for_something(struct windows *all, int ms)
{
	struct pollfd fds[2 * VIEWER_RINGS_MAX];
	unsigned i, n = 0;
	struct view *w;

	for (i = 0; i < all->count; i++) {
		w = &all->view[i];
		fds[n++] = (struct pollfd){ .events = POLLIN,
			.fd = w->fb == NULL ? -1 : shmfb_fd(w->fb) };
		/* Of no use while the window takes nothing. */
		fds[n++] = (struct pollfd){ .events = POLLIN,
			.fd = w->fb == NULL || !all->ready[i] ? -1 :
			shmx_reader_fd(w->v.reader) };
	}
	if (tool_poll(fds, n, ms) < 0) {
		memset(all->readable, true, sizeof(all->readable));
		return;
	}
	for (i = 0; i < all->count; i++) {
		all->readable[i] = fds[2 * i].revents != 0;
		if (fds[2 * i + 1].revents != 0)
			view_dispatch_ring(&all->view[i]);
	}
}

static void
run(struct windows *all)
{
	int ms, busy = 0;

	memset(all->readable, true, sizeof(all->readable));
	while (!interrupted()) {
		ms = step(all);
		if (all->open == 0)
			return;
		/* Frames not to be sent must not keep us from looking. */
		if (ms != 0 || ++busy == BUSY_MAX) {
			sleep_for_something(all, ms);
			busy = 0;
		}
	}
}

/* Attach to all, then show all.  False when interrupted. */
static bool
open_all(struct windows *all, const struct viewer *v)
{
	unsigned i, holds = VIEW_HOLDS + v->history + (v->screenshot != NULL);

	for (i = 0; i < v->ring_count; i++) {
		all->view[i].v = *v;
		all->view[i].v.ring = v->rings[i];
		if (!viewer_open(&all->view[i].v, holds))
			return false;
	}
	for (i = 0; i < v->ring_count; i++)
		view_open(&all->view[i], i > 0 ? all->view[0].fb : NULL);
	all->count = all->open = v->ring_count;
	return true;
}

static void
wait_to_be_seen(const struct windows *all, const struct viewer *v)
{
	uint32_t ids[VIEWER_RINGS_MAX];
	unsigned i;

	for (i = 0; i < all->count; i++)
		ids[i] = shmfb_window_id(all->view[i].fb);
	viewer_wait_to_be_seen(v, ids, all->count);
}

int
main(int argc, char **argv)
{
	static struct windows all;
	struct viewer v;
	unsigned i;

	viewer_parse(&v, argc, argv, "shmx-view (" PACKAGE_STRING ")",
		     VIEW_AUTO);
	if (v.backend == VIEW_SDL2)
		run_sdl2(argv);
	catch_signals();
	if (!open_all(&all, &v))
		return EXIT_SUCCESS;
	wait_to_be_seen(&all, &v);
	run(&all);
	for (i = 0; i < all.count; i++)
		if (all.view[i].fb != NULL)
			close_window(&all, &all.view[i]);
	/* Of what was lost it has been said. */
	return tool_end() == EXIT_SUCCESS && all.lost[0] == '\0' ?
		EXIT_SUCCESS : EXIT_FAILURE;
}
