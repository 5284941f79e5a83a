/* SPDX-License-Identifier: MIT */
/*
 * shmx-view-sdl2.c - the same viewer on an SDL2 window surface, to compare
 *
 * Reached by `shmx view --backend sdl2`.  SDL2 has memory of its own, so each
 * frame is copied into it, and SDL_UpdateWindowSurface() waits for the server.
 * The surface is X11's, not the renderer that SDL2 would put in between by
 * default: SDL_FRAMEBUFFER_ACCELERATION is 0.
 */
#include "config.h"

#include <SDL.h>
#include <SDL_syswm.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <shmx/shmx.h>

#include "base/clock.h"
#include "base/hist.h"
#include "convert.h"
#include "forward-sdl2.h"
#include "readback.h"
#include "tool.h"
#include "viewer.h"

/* A window refreshed 60 times a second, as libshmfb's on a server without. */
#define REFRESH_NS (BASE_NS_PER_S / 60)
/* How often to look at SDL2's events, which have no descriptor. */
#define EVENTS_MS 20

struct view {
	struct viewer v;
	SDL_Window *window;
	SDL_Surface *other;		/* to convert from, or NULL */
	struct forward_sdl2 input;
	bool own[SDL_NUM_SCANCODES];	/* pressed, and for the viewer */
	bool own_text;			/* the last key's: for the viewer */
	uint32_t room[SHMX_SIDE_MAX];	/* a row that is being converted */
	struct base_hist latency;
	uint64_t shown;
	uint64_t due_ns;		/* of the next refresh */
	bool over;
};

static void
open_window(struct view *w)
{
	SDL_SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0");
	SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
	/* A click that brings the focus is one all the same. */
	SDL_SetHint(SDL_HINT_MOUSE_FOCUS_CLICKTHROUGH, "1");
	if (SDL_Init(SDL_INIT_VIDEO) != 0)
		die("SDL2: %s", SDL_GetError());
	w->window = SDL_CreateWindow(w->v.ring, SDL_WINDOWPOS_UNDEFINED,
				     SDL_WINDOWPOS_UNDEFINED,
				     (int)w->v.image.width,
				     (int)w->v.image.height,
				     SDL_WINDOW_RESIZABLE);
	if (w->window == NULL)
		die("SDL2: %s", SDL_GetError());
	forward_sdl2_init(&w->input, w->v.view_only ? NULL : w->v.reader);
	/* Told when the producer is known to want it. */
	forward_put(&w->input.forward, &(struct shmx_input){
		.kind = SHMX_INPUT_RESIZE,
		.width = w->v.image.width, .height = w->v.image.height });
}

/*
 * Is it for the viewer itself, as shmx view has it? All keys are, unless the
 * producer wants them: then those with control. What a key that is held down
 * repeats goes where its press went, whatever is pressed beside it meanwhile.
 */
static bool
is_own_key(struct view *w, const SDL_KeyboardEvent *ev)
{
	bool *own = &w->own[ev->keysym.scancode % SDL_NUM_SCANCODES];

	if (!ev->repeat)
		*own = ev->state == SDL_PRESSED &&
		       (!forward_wanted(&w->input.forward) ||
			(ev->keysym.mod & KMOD_CTRL));
	return *own;
}

/* What a key writes comes right after it, and goes where that went. */
static bool
is_own(struct view *w, const SDL_Event *ev)
{
	bool key = ev->type == SDL_KEYDOWN || ev->type == SDL_KEYUP;

	if (key)
		w->own_text = is_own_key(w, &ev->key);
	return ev->type == SDL_QUIT ||
	       ((key || ev->type == SDL_TEXTINPUT) && w->own_text);
}

/* Ending once is enough: what a key repeats does nothing. */
static void
handle_own(struct view *w, const SDL_Event *ev)
{
	if (ev->type == SDL_QUIT)
		w->over = true;
	else if (ev->type == SDL_KEYDOWN && !ev->key.repeat)
		w->over |= ev->key.keysym.sym == SDLK_q ||
			   ev->key.keysym.sym == SDLK_ESCAPE;
}

static void
handle_events(struct view *w)
{
	SDL_Event ev;

	while (SDL_PollEvent(&ev)) {
		if (is_own(w, &ev))
			handle_own(w, &ev);
		else
			forward_sdl2_event(&w->input, &ev);
	}
	(void)forward_flush(&w->input.forward);
}

/* A part of a row, as XRGB8888, through a row's room. */
static void
copy_row(void *to, const uint8_t *from, int skip, int width,
	 const struct shmx_frame_info *info, uint32_t *room)
{
	enum pixel_format format = pixel_format_of(info->format);

	if (format == PIXEL_XRGB8888) {
		memcpy(to, from + (size_t)skip * 4, (size_t)width * 4);
		return;
	}
	convert_row(room, from, info->width, format);
	memcpy(to, room + skip, (size_t)width * 4);
}

/* The part of a frame that fits, centred as libshmfb does. */
static void
copy_frame(SDL_Surface *to, const struct shmx_frame_info *info,
	   const void *pixels, uint32_t *room)
{
	int dx = (to->w - (int)info->width) / 2;
	int dy = (to->h - (int)info->height) / 2;
	int sx = SDL_max(-dx, 0), sy = SDL_max(-dy, 0);
	int width = SDL_min((int)info->width, to->w);
	int height = SDL_min((int)info->height, to->h);
	const uint8_t *from = pixels;
	char *row = to->pixels;
	int y;

	dx = SDL_max(dx, 0);
	dy = SDL_max(dy, 0);
	for (y = 0; y < height; y++)
		copy_row(row + (size_t)(dy + y) * (size_t)to->pitch +
			 (size_t)dx * 4,
			 from + (size_t)(sy + y) * info->stride, sx, width,
			 info, room);
}

/*
 * What frames are copied to: the window's surface, or where that has pixels of
 * another kind, one that SDL2 converts from.
 */
static SDL_Surface *
surface_for(struct view *w, SDL_Surface *window)
{
	if (window->format->format == SDL_PIXELFORMAT_RGB888 ||
	    window->format->format == SDL_PIXELFORMAT_ARGB8888)
		return window;
	if (w->other != NULL && w->other->w == window->w &&
	    w->other->h == window->h)
		return w->other;
	SDL_FreeSurface(w->other);
	w->other = SDL_CreateRGBSurfaceWithFormat(0, window->w, window->h, 32,
						  SDL_PIXELFORMAT_RGB888);
	if (w->other == NULL)
		die("SDL2: %s", SDL_GetError());
	return w->other;
}

static void
draw(struct view *w, const struct shmx_frame_info *info, const void *pixels)
{
	SDL_Surface *window = SDL_GetWindowSurface(w->window), *surface;

	if (window == NULL)
		die("SDL2: %s", SDL_GetError());
	surface = surface_for(w, window);
	w->input.left = (surface->w - (int)info->width) / 2;
	w->input.top = (surface->h - (int)info->height) / 2;
	copy_frame(surface, info, pixels, w->room);
	if (surface != window && SDL_BlitSurface(surface, NULL, window, NULL))
		die("SDL2: %s", SDL_GetError());
}

static void
show(struct view *w, struct shmx_hold *hold)
{
	const struct shmx_frame_info *info = shmx_frame_info(hold);
	const void *pixels = shmx_frame_pixels(hold);
	uint64_t now;

	if (pixel_format_of(info->format) == PIXEL_UNKNOWN)
		die("frames of format %s (%08x) cannot be shown",
		    shmx_format_name(info->format), info->format);
	if (pixels == NULL)
		die("%s", shmx_error());
	draw(w, info, pixels);
	shmx_feedback(hold, SHMX_STAGE_PUT, base_now_ns());
	SDL_UpdateWindowSurface(w->window);
	now = base_now_ns();
	shmx_feedback(hold, SHMX_STAGE_COMPLETED, now);
	shmx_feedback(hold, SHMX_STAGE_PRESENTED, now);
	base_hist_add(&w->latency, now - info->published_ns);
	w->shown++;
	viewer_keep(&w->v, hold);
}

/* Until the next refresh, or until there is a frame after it. */
static void
wait_for_refresh(struct view *w)
{
	uint64_t now = base_now_ns();

	if (w->v.vsync == VIEW_VSYNC_OFF) {
		tool_poll(NULL, 0, 0);
		return;
	}
	if (now < w->due_ns)
		tool_sleep_until(w->due_ns);
	w->due_ns = SDL_max(w->due_ns, now) + REFRESH_NS;
}

/* Until there may be a frame, or the window's events are due. */
static void
sleep_for_frame(struct view *w)
{
	struct pollfd pfd = { .fd = shmx_reader_fd(w->v.reader),
		.events = POLLIN };

	if (tool_poll(&pfd, 1, EVENTS_MS) > 0)
		(void)shmx_reader_dispatch(w->v.reader);
	(void)forward_wanted(&w->input.forward);
	viewer_say_trouble(&w->v);
}

static void
run(struct view *w)
{
	struct shmx_hold *hold;

	bool waited = false;

	while (!w->over && !interrupted() &&
	       (w->v.frames == 0 || w->shown < w->v.frames)) {
		handle_events(w);
		if (viewer_next(&w->v, &hold) < 0) {
			sleep_for_frame(w);
			waited = true;
			continue;
		}
		viewer_count_skipped(&w->v, hold, waited ?
				     VIEWER_SKIP_LAGGED : VIEWER_SKIP_PACED);
		waited = false;
		show(w, hold);
		shmx_release(hold);
		wait_for_refresh(w);
	}
}

/* 0 where it is not X11 that SDL2 shows it by. */
static uint32_t
window_id(struct view *w)
{
	SDL_SysWMinfo info;

	SDL_VERSION(&info.version);
	if (!SDL_GetWindowWMInfo(w->window, &info) ||
	    info.subsystem != SDL_SYSWM_X11)
		return 0;
	return (uint32_t)info.info.x11.window;
}

static void
wait_to_be_seen(struct view *w)
{
	uint32_t window = window_id(w);

	if (window != 0)
		viewer_wait_to_be_seen(&w->v, &window, 1);
	else if (w->v.screenshot_window != NULL)
		die("SDL2 does not run on X11 here, so there is no %s",
		    w->v.screenshot_window);
}

/* A window without a frame is no picture of anything. */
static void
read_window(struct view *w)
{
	if (w->v.screenshot_window == NULL)
		return;
	if (w->shown == 0)
		die("no frame was shown, so there is no %s",
		    w->v.screenshot_window);
	readback_png(w->v.screenshot_window, window_id(w));
}

int
main(int argc, char **argv)
{
	static struct view w;

	viewer_parse(&w.v, argc, argv, "shmx-view-sdl2 (" PACKAGE_STRING ")",
		     VIEW_SDL2);
	catch_signals();
	if (!viewer_open(&w.v, 2 + (w.v.screenshot != NULL)))
		return EXIT_SUCCESS;
	open_window(&w);
	wait_to_be_seen(&w);
	run(&w);
	viewer_print_stats(&w.v, &(struct viewer_result){
		.path = "sdl2",
		.why = "asked for",
		.route = "staged",
		.route_why = "frames are copied to SDL2's surface",
		.clock = w.v.vsync == VIEW_VSYNC_OFF ? "none" : "timer",
		.frames_shown = w.shown,
		.copies = w.shown != 0,
		.latency_p50_ns = base_hist_percentile(&w.latency, 50),
		.latency_p99_ns = base_hist_percentile(&w.latency, 99),
	});
	viewer_write_screenshot(&w.v);
	read_window(&w);
	forward_sdl2_finish(&w.input);
	SDL_FreeSurface(w.other);
	SDL_DestroyWindow(w.window);
	SDL_Quit();
	viewer_close(&w.v);
	return tool_end();
}
