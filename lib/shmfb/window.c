/* SPDX-License-Identifier: MIT */
/*
 * window.c - a window's life: open, title, close
 */
#include "config.h"

#include "window.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/copy.h"
#include "base/error.h"
#include "base/fd.h"

/* How long close waits for a server that still reads. */
#define CLOSE_NS (100 * BASE_NS_PER_MS)

/* Of enum shmfb_flags, all that there are. */
#define FLAGS (SHMFB_FIXED_SIZE | SHMFB_NATIVE_FORMAT | SHMFB_FULLSCREEN | \
	       SHMFB_MAXIMIZED | SHMFB_ABOVE | SHMFB_UNMAPPED | \
	       SHMFB_NO_DECORATION | SHMFB_ALPHA)

const char *
shmfb_error(void)
{
	return base_error_line();
}

bool
shmfb_env(const char *name)
{
	const char *value = getenv(name);

	return value && *value && strcmp(value, "0") != 0;
}

void
shmfb_set_why(struct shmfb *fb, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(fb->why, sizeof(fb->why), fmt, ap);
	va_end(ap);
	shmfb_log(fb, BASE_LOG_DEBUG, "%s", fb->why);
}

/* ------------------------------------------------------------- ending -- */

/* All that the window holds of rings and of its own memory. */
static void
let_go(struct shmfb *fb)
{
	shmfb_flight_abandon(fb);
	if (fb->x) {
		shmfb_property_forget(fb->x, &fb->state.ask);
		shmfb_property_forget(fb->x, &fb->withdrawal.ask);
	}
	shmfb_show_forget(fb);
	shmfb_segment_unref(fb, fb->ring);
	fb->ring = NULL;
}

void
shmfb_lost(struct shmfb *fb, const char *why)
{
	if (fb->gone)
		return;
	shmfb_log(fb, BASE_LOG_INFO, "%s", why);
	fb->gone = true;
	fb->gone_why = why;
	fb->news = true;
	shmfb_stir(fb);
	let_go(fb);
}

int
shmfb_check_gone(const struct shmfb *fb)
{
	return fb->gone ? base_error(-EPIPE, "%s", fb->gone_why) : 0;
}

/*
 * Have the server destroy the window, and wait until it has done what came
 * before: until then it reads slots that others are about to write.
 */
static void
destroy(struct shmfb *fb)
{
	struct pollfd conn = { xcb_get_file_descriptor(fb->x->conn), POLLIN,
			       0 };
	uint64_t deadline = base_now_ns() + CLOSE_NS;

	/* Some of a grab is of the connection, which others may go on using. */
	shmfb_pointer_release(fb);
	xcb_destroy_window(fb->x->conn, fb->window);
	xcb_flush(fb->x->conn);
	while (fb->flight.count && base_poll(&conn, 1, deadline) > 0)
		shmfb_step(fb, true);
}

void
shmfb_close(struct shmfb *fb)
{
	shmfb_without_sigpipe(NULL);

	if (!fb)
		return;
	if (fb->window && !fb->gone)
		destroy(fb);
	let_go(fb);
	shmfb_canvas_drop(fb);
	shmfb_pool_finish(fb, &fb->pool);
	shmfb_pool_finish(fb, &fb->stage);
	shmfb_queue_finish(&fb->events);
	shmfb_clipboard_finish(fb);
	if (fb->x)
		shmfb_render_finish(fb);
	shmfb_pixmap_finish(fb);
	/* Others may go on using the connection. */
	if (fb->gc && !fb->x->gone)
		xcb_free_gc(fb->x->conn, fb->gc);
	if (fb->x && !fb->x->gone)
		shmfb_sync_finish(fb);
	shmfb_loop_finish(fb);
	shmfb_display_unref(fb->x);
	free(fb->bounce);
	free(fb);
}

/* ------------------------------------------------------------ opening -- */

/*
 * Background None and gravity NorthWest: the server leaves old pixels where
 * they are until new ones come, where it would otherwise flash a colour.
 */
static void
create_window(struct shmfb *fb, const struct shmfb *parent)
{
	const uint32_t input =
		XCB_EVENT_MASK_KEY_PRESS | XCB_EVENT_MASK_KEY_RELEASE |
		XCB_EVENT_MASK_BUTTON_PRESS | XCB_EVENT_MASK_BUTTON_RELEASE |
		XCB_EVENT_MASK_POINTER_MOTION | XCB_EVENT_MASK_FOCUS_CHANGE |
		XCB_EVENT_MASK_ENTER_WINDOW | XCB_EVENT_MASK_LEAVE_WINDOW;
	/* A border's colour and a colormap: another visual asks for both. */
	const uint32_t mask = XCB_CW_BACK_PIXMAP | XCB_CW_BORDER_PIXEL |
			      XCB_CW_BIT_GRAVITY | XCB_CW_EVENT_MASK |
			      XCB_CW_COLORMAP;
	const uint32_t values[] = {
		XCB_BACK_PIXMAP_NONE,
		0,
		XCB_GRAVITY_NORTH_WEST,
		/* What a window does not ask for, the one around it gets. */
		XCB_EVENT_MASK_EXPOSURE | XCB_EVENT_MASK_STRUCTURE_NOTIFY |
		XCB_EVENT_MASK_VISIBILITY_CHANGE |
		XCB_EVENT_MASK_PROPERTY_CHANGE |
		(parent ? 0 : input),
		fb->x->colormap,
	};
	const uint32_t gc_values[] = { shmfb_native_pixel(&fb->x->native, 0),
				       0 };

	fb->window = xcb_generate_id(fb->x->conn);
	xcb_create_window(fb->x->conn, fb->x->native.visual.depth, fb->window,
			  parent ? parent->window : fb->x->screen->root,
			  fb->left, fb->top, (uint16_t)fb->width,
			  (uint16_t)fb->height, 0,
			  XCB_WINDOW_CLASS_INPUT_OUTPUT,
			  fb->x->visual, mask, values);
	fb->gc = xcb_generate_id(fb->x->conn);
	xcb_create_gc(fb->x->conn, fb->gc, fb->window,
		      XCB_GC_FOREGROUND | XCB_GC_GRAPHICS_EXPOSURES,
		      gc_values);
}

/* What the caller gave, and defaults for what it did not. */
static int
take_options(struct shmfb_options *opt, const struct shmfb_options *given)
{
	const struct shmfb_options none = SHMFB_OPTIONS_INIT;
	int err;

	if (!given)
		given = &none;
	err = base_copy_struct(opt, sizeof(*opt), given, given->size);
	if (err)
		return base_error(err,
			"the options ask for what this version cannot do");
	if (!opt->class_name)
		opt->class_name = "shmfb";
	if (!opt->width && !opt->height) {
		opt->width = 640;
		opt->height = 480;
	}
	if (opt->flags & ~(uint32_t)FLAGS)
		return base_error(-EINVAL, "there are no flags %#x",
				  opt->flags & ~(uint32_t)FLAGS);
	if ((unsigned)opt->backend > SHMFB_PRESENT)
		return base_error(-EINVAL, "there is no backend %u",
				  (unsigned)opt->backend);
	if ((unsigned)opt->vsync > SHMFB_VSYNC_OFF)
		return base_error(-EINVAL, "there is no way %u to pace",
				  (unsigned)opt->vsync);
	return shmfb_limits_check(opt);
}

static void
choose_canvas(struct shmfb *fb, uint32_t flags)
{
	uint32_t native = fb->x->native.format;

	fb->canvas_format = SHMX_XRGB8888;
	if ((flags & SHMFB_NATIVE_FORMAT) && native)
		fb->canvas_format = native;
	if (flags & SHMFB_ALPHA)
		fb->canvas_format = SHMX_ARGB8888;
}

static int
open_connection(struct shmfb *fb, const char *display, bool alpha)
{
	int err;

	err = shmfb_display_open(&fb->x, display, alpha);
	if (err)
		return err;
	if (!shmfb_keymap_init(&fb->x->keymap, fb->x->conn))
		shmfb_log(fb, BASE_LOG_WARNING,
			  "no XKB: keys have no symbols");
	return 0;
}

/* The connection of another window; parent is within share's, or NULL. */
static int
share_connection(struct shmfb *fb, const struct shmfb *share,
		 const struct shmfb *parent, bool alpha)
{
	if (share->x->gone)
		return base_error(-EPIPE, "%s", share->gone_why);
	if (parent && parent->gone)
		return base_error(-EPIPE, "no window can be within: %s",
				  parent->gone_why);
	if (parent && parent->x != share->x)
		return base_error(-EINVAL,
			"share and parent are of two connections");
	if (alpha && !share->x->alpha)
		return base_error(-EINVAL,
			"the windows of that connection have no alpha");
	fb->x = shmfb_display_ref(share->x);
	return 0;
}

static int
get_connection(struct shmfb *fb, const struct shmfb_options *opt)
{
	bool alpha = opt->flags & SHMFB_ALPHA;

	if (opt->share)
		return share_connection(fb, opt->share, opt->parent, alpha);
	if (opt->parent)
		return share_connection(fb, opt->parent, opt->parent, alpha);
	return open_connection(fb, opt->display, alpha);
}

static int
open_window(struct shmfb *fb, const struct shmfb_options *opt)
{
	int err;

	fb->opened_ns = base_now_ns();
	err = get_connection(fb, opt);
	if (err)
		return err;
	err = shmfb_loop_init(fb);
	if (err)
		return err;
	err = shmfb_present_choose(fb, opt->backend);
	if (err)
		return err;
	choose_canvas(fb, opt->flags);
	create_window(fb, opt->parent);
	if (!fb->child) {
		shmfb_xinput_select(fb);
		shmfb_wm_init(fb, opt);
	}
	shmfb_pixmap_init(fb);
	shmfb_clock_init(fb, opt->vsync);
	if (!(opt->flags & SHMFB_UNMAPPED))
		shmfb_state_map(fb, false);
	shmfb_log(fb, BASE_LOG_INFO, "%ux%u by %s: %s", fb->width,
		  fb->height, fb->by->path, fb->why);
	shmfb_step(fb, false);
	return shmfb_check_gone(fb);
}

int
shmfb_open(struct shmfb **out, const struct shmfb_options *options)
{
	shmfb_without_sigpipe(NULL);
	struct shmfb_options opt;
	struct shmfb *fb;
	int err;

	err = take_options(&opt, options);
	if (err)
		return err;
	fb = base_sys.calloc(1, sizeof(*fb));
	if (!fb)
		return base_error(-ENOMEM, "no memory for a window");
	fb->epoll_fd = -1;
	fb->poke_fd = -1;
	fb->width = opt.width;
	fb->height = opt.height;
	fb->placed = opt.x || opt.y;
	fb->left = (int16_t)opt.x;
	fb->top = (int16_t)opt.y;
	fb->child = opt.parent != NULL;
	fb->limits = (struct shmfb_limits){
		.width = opt.width,
		.height = opt.height,
		.fixed = opt.flags & SHMFB_FIXED_SIZE,
		.min_width = opt.min_width,
		.min_height = opt.min_height,
		.aspect_width = opt.aspect.width,
		.aspect_height = opt.aspect.height,
	};
	shmfb_state_init(fb, opt.flags);
	fb->route = "direct";
	fb->view = (struct shmfb_view)SHMFB_VIEW_INIT;
	base_log_init(&fb->log, "shmfb");
	base_log_ask(&fb->log, opt.log, opt.log_data);
	err = open_window(fb, &opt);
	if (err) {
		shmfb_close(fb);
		return err;
	}
	*out = fb;
	return 0;
}

/* ----------------------------------------------------- while it lives -- */

void
shmfb_set_title(struct shmfb *fb, const char *title)
{
	shmfb_without_sigpipe(fb->x);

	if (fb->gone)
		return;
	shmfb_wm_title(fb, title);
	shmfb_step(fb, false);
}

uint32_t
shmfb_window_id(const struct shmfb *fb)
{
	return fb->window;
}
