/* SPDX-License-Identifier: MIT */
/*
 * limits.c - sizes and places of a window: which can be, and others asked for
 *
 * Called by applications, and by window.c before there is a window. What the
 * window manager is told of them is wm.c's.
 */
#include "config.h"

#include <errno.h>

#include "base/error.h"
#include "window.h"

static int
check_size(uint32_t width, uint32_t height)
{
	if (width >= 1 && width <= SHMX_SIDE_MAX && height >= 1 &&
	    height <= SHMX_SIDE_MAX)
		return 0;
	return base_error(-EINVAL,
		"a window of %ux%u is not possible: sides are 1 to %d pixels",
		width, height, SHMX_SIDE_MAX);
}

static int
check_place(int32_t x, int32_t y)
{
	if (x == (int16_t)x && y == (int16_t)y)
		return 0;
	return base_error(-EINVAL, "no window can be at %d,%d", x, y);
}

static int
check_min_size(uint32_t width, uint32_t height)
{
	if (width <= SHMX_SIDE_MAX && height <= SHMX_SIDE_MAX &&
	    !width == !height)
		return 0;
	return base_error(-EINVAL, "%ux%u is no size to have at least",
			  width, height);
}

static int
check_aspect(uint32_t width, uint32_t height)
{
	if (width <= SHMX_SIDE_MAX && height <= SHMX_SIDE_MAX &&
	    !width == !height)
		return 0;
	return base_error(-EINVAL, "%u:%u are no proportions", width, height);
}

int
shmfb_limits_check(const struct shmfb_options *opt)
{
	int err;

	err = check_place(opt->x, opt->y);
	if (!err)
		err = check_min_size(opt->min_width, opt->min_height);
	if (!err)
		err = check_aspect(opt->aspect.width, opt->aspect.height);
	return err ? err : check_size(opt->width, opt->height);
}

/* The hints have changed, and perhaps the window is to be another. */
static int
ask(struct shmfb *fb, uint16_t mask, const uint32_t *values)
{
	if (!fb->child)
		shmfb_wm_size_hints(fb);
	if (mask)
		xcb_configure_window(fb->x->conn, fb->window, mask, values);
	shmfb_step(fb, false);
	return shmfb_check_gone(fb);
}

int
shmfb_resize(struct shmfb *fb, uint32_t width, uint32_t height)
{
	shmfb_without_sigpipe(fb->x);
	const uint32_t values[] = { width, height };
	int err;

	err = check_size(width, height);
	if (!err)
		err = shmfb_check_gone(fb);
	if (err)
		return err;
	fb->limits.width = width;
	fb->limits.height = height;
	return ask(fb, XCB_CONFIG_WINDOW_WIDTH | XCB_CONFIG_WINDOW_HEIGHT,
		   values);
}

int
shmfb_move(struct shmfb *fb, int32_t x, int32_t y)
{
	shmfb_without_sigpipe(fb->x);
	const uint32_t values[] = { (uint32_t)x, (uint32_t)y };
	int err;

	err = check_place(x, y);
	if (!err)
		err = shmfb_check_gone(fb);
	if (err)
		return err;
	fb->placed = true;
	fb->left = (int16_t)x;
	fb->top = (int16_t)y;
	return ask(fb, XCB_CONFIG_WINDOW_X | XCB_CONFIG_WINDOW_Y, values);
}

int
shmfb_set_min_size(struct shmfb *fb, uint32_t width, uint32_t height)
{
	shmfb_without_sigpipe(fb->x);
	int err;

	err = check_min_size(width, height);
	if (!err)
		err = shmfb_check_gone(fb);
	if (err)
		return err;
	fb->limits.min_width = width;
	fb->limits.min_height = height;
	return ask(fb, 0, NULL);
}

int
shmfb_set_aspect(struct shmfb *fb, uint32_t width, uint32_t height)
{
	shmfb_without_sigpipe(fb->x);
	int err;

	err = check_aspect(width, height);
	if (!err)
		err = shmfb_check_gone(fb);
	if (err)
		return err;
	fb->limits.aspect_width = width;
	fb->limits.aspect_height = height;
	return ask(fb, 0, NULL);
}
