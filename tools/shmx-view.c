/* SPDX-License-Identifier: MIT */
/*
 * shmx-view.c - show a ring in a window
 *
 * The viewer touches no pixel: it holds a slot, has the X server read it, and
 * gives it back when the server is done, all of which is libshmfb's.  What is
 * left is this loop: when the window can take a frame, give it the newest;
 * when it cannot, or there is none, sleep until either changes.
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <shmfb/shmfb.h>
#include <shmx/shmx.h>

#include <xkbcommon/xkbcommon-keysyms.h>

#include "base/clock.h"
#include "base/fd.h"
#include "forward-window.h"
#include "readback.h"
#include "tool.h"
#include "viewer.h"

/* Two with the server, one kept for repainting. */
#define HOLDS 3
/* When the newest frame could not be held: try again. */
#define RETRY_MS 1
/* Frames given in a row without a look at what else there is. */
#define BUSY_MAX 16

struct view {
	struct viewer v;
	struct shmfb *fb;
	struct forward forward;		/* input, to the producer */
	uint64_t given;			/* frames given to the window */
	uint64_t ring_id;		/* of the last one */
	bool over;			/* the user said so */
	bool lost;			/* the X server is gone */
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

static void
open_window(struct view *w)
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
	o.width = w->v.image.width;
	o.height = w->v.image.height;
	o.backend = backends[w->v.backend];
	o.flags = w->v.no_vsync ? SHMFB_NO_VSYNC : 0;
	if (shmfb_open(&w->fb, &o) < 0)
		die("%s", shmfb_error());
}

/*
 * Is it for the viewer itself? All keys are, unless the producer wants them:
 * then those with control.
 */
static bool
is_own(struct view *w, const struct shmfb_event *ev)
{
	return ev->type == SHMFB_EVENT_CLOSE ||
	       (ev->type == SHMFB_EVENT_KEY && ev->u.key.pressed &&
		(!forward_wanted(&w->forward) ||
		 (ev->u.key.modifiers & SHMFB_MOD_CTRL)));
}

static void
handle_event(struct view *w, const struct shmfb_event *ev)
{
	if (ev->type == SHMFB_EVENT_CLOSE ||
	    (ev->type == SHMFB_EVENT_KEY &&
	     (ev->u.key.keysym == XKB_KEY_q ||
	      ev->u.key.keysym == XKB_KEY_Escape)))
		w->over = true;
}

static void
handle_events(struct view *w)
{
	struct shmfb_event ev;

	while (shmfb_next_event(w->fb, &ev))
		if (is_own(w, &ev))
			handle_event(w, &ev);
		else
			forward_event(&w->forward, &ev);
}

/* The producer has gone: say so where it is seen. */
static void
show_absence(struct view *w)
{
	char title[SHMX_NAME_MAX + 64];

	snprintf(title, sizeof(title), "%s (producer gone, waiting)",
		 w->v.ring);
	shmfb_set_title(w->fb, title);
}

/* Another producer, or a ring that grew: frames may have another size. */
static void
fit_window(struct view *w)
{
	struct shmx_image_info image;

	if (shmx_reader_image(w->v.reader, &image, sizeof(image)) < 0)
		return;
	if (image.width != w->v.image.width ||
	    image.height != w->v.image.height)
		(void)shmfb_resize(w->fb, image.width, image.height);
	w->v.image = image;
}

static void
show_return(struct view *w)
{
	shmfb_set_title(w->fb, w->v.ring);
	fit_window(w);
}

static void
dispatch_ring(struct view *w)
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

/*
 * Give the window the newest frame.  Returns how long to sleep afterwards, in
 * milliseconds: 0 not at all, -1 until something happens.
 */
static int
show_newest(struct view *w)
{
	struct shmx_hold *hold;
	int ret;

	ret = viewer_next(&w->v, &hold);
	if (ret == -EAGAIN)
		return -1;
	if (ret == -EPROTO)
		show_absence(w);
	if (ret < 0)
		return RETRY_MS;
	if (shmx_frame_info(hold)->ring_id != w->ring_id) {
		w->ring_id = shmx_frame_info(hold)->ring_id;
		fit_window(w);
	}
	ret = shmfb_show(w->fb, hold);
	if (ret < 0 && ret != -EAGAIN && ret != -EPIPE)
		die("%s", shmfb_error());
	if (ret == 0) {
		viewer_keep(&w->v, hold);
		w->given++;
	}
	shmx_release(hold);
	return 0;
}

/* Returns whether the window's descriptor is readable. */
static bool
sleep_for_something(struct view *w, bool ready, int ms)
{
	struct pollfd fds[] = {
		{ .fd = shmfb_fd(w->fb), .events = POLLIN },
		/* Of no use while the window takes nothing. */
		{ .fd = shmx_reader_fd(w->v.reader), .events = POLLIN },
	};

	if (forward_flush(&w->forward) && (ms < 0 || ms > FORWARD_RETRY_MS))
		ms = FORWARD_RETRY_MS;
	if (tool_poll(fds, ready ? 2 : 1, ms) < 0)
		return true;
	if (ready && fds[1].revents != 0)
		dispatch_ring(w);
	return fds[0].revents != 0;
}

/* Whether --frames were given to the window, and all have been shown. */
static bool
all_shown(const struct view *w)
{
	return w->v.frames > 0 && w->given >= w->v.frames &&
	       shmfb_in_flight(w->fb) == 0;
}

static void
run(struct view *w)
{
	bool readable = true, ready;
	int ms, busy = 0;

	while (!interrupted()) {
		w->lost = readable && shmfb_dispatch(w->fb) < 0;
		handle_events(w);
		if (w->lost || w->over || all_shown(w))
			return;
		readable = false;
		ready = shmfb_ready(w->fb) &&
			(w->v.frames == 0 || w->given < w->v.frames);
		ms = ready ? show_newest(w) : -1;
		/* Frames not to be sent must not keep us from looking. */
		if (ms != 0 || ++busy == BUSY_MAX) {
			readable = sleep_for_something(w, ready, ms);
			busy = 0;
		}
	}
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
		.clock = s.clock,
		.frames_shown = s.frames_shown,
		.client_copies = s.client_copies,
		.repaints = s.repaints,
		.latency_p50_ns = s.latency_p50_ns,
		.latency_p99_ns = s.latency_p99_ns,
	});
}

int
main(int argc, char **argv)
{
	struct view w = { .fb = NULL };

	viewer_parse(&w.v, argc, argv, "shmx-view (" PACKAGE_STRING ")");
	if (w.v.backend == VIEW_SDL2)
		run_sdl2(argv);
	catch_signals();
	if (!viewer_open(&w.v, HOLDS + (w.v.screenshot != NULL)))
		return EXIT_SUCCESS;
	open_window(&w);
	forward_init(&w.forward, w.v.view_only ? NULL : w.v.reader);
	/* Told when the producer is known to want it. */
	forward_put(&w.forward, &(struct shmx_input){
		.kind = SHMX_INPUT_RESIZE,
		.width = w.v.image.width, .height = w.v.image.height });
	run(&w);
	finish(&w);
	report(&w);
	viewer_write_screenshot(&w.v);
	/* Without an event from its user the window did not close itself. */
	if (w.lost && !w.over)
		die("%s", shmfb_error());
	if (w.v.screenshot_window != NULL)
		readback_png(w.v.screenshot_window, shmfb_window_id(w.fb));
	shmfb_close(w.fb);
	viewer_close(&w.v);
	return tool_end();
}
