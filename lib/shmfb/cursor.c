/* SPDX-License-Identifier: MIT */
/*
 * cursor.c - what the pointer looks like over a window
 *
 * The arrow and the cross are those of the user's cursor theme and size, or
 * of the server's own font where there is no theme.
 */
#include "config.h"

#include "cursor.h"

#include <errno.h>
#include <xcb/xcb_cursor.h>

#include "base/base.h"
#include "base/error.h"
#include "window.h"

/* Themes name them after the cursor font, and some differently. */
static const char *const names[SHMFB_CURSORS][2] = {
	[SHMFB_CURSOR_ARROW] = { "left_ptr", "default" },
	[SHMFB_CURSOR_CROSS] = { "crosshair", "cross" },
};

static xcb_cursor_t
load(struct shmfb_display *x, enum shmfb_cursor which)
{
	xcb_cursor_t cursor = XCB_CURSOR_NONE;
	xcb_cursor_context_t *ctx;
	unsigned i;

	if (xcb_cursor_context_new(x->conn, x->screen, &ctx) < 0)
		return XCB_CURSOR_NONE;
	for (i = 0; i < BASE_ARRAY_SIZE(names[which]) && !cursor; i++)
		cursor = xcb_cursor_load_cursor(ctx, names[which][i]);
	xcb_cursor_context_free(ctx);
	return cursor;
}

/* One pixel, which its mask leaves out. */
static xcb_cursor_t
make_blank(struct shmfb_display *x)
{
	const uint32_t clear = XCB_GX_CLEAR;
	const xcb_rectangle_t all = { 0, 0, 1, 1 };
	xcb_pixmap_t pixmap = xcb_generate_id(x->conn);
	xcb_gcontext_t gc = xcb_generate_id(x->conn);
	xcb_cursor_t cursor = xcb_generate_id(x->conn);

	xcb_create_pixmap(x->conn, 1, pixmap, x->screen->root, 1, 1);
	xcb_create_gc(x->conn, gc, pixmap, XCB_GC_FUNCTION, &clear);
	xcb_poly_fill_rectangle(x->conn, pixmap, gc, 1, &all);
	xcb_create_cursor(x->conn, cursor, pixmap, pixmap, 0, 0, 0, 0, 0, 0,
			  0, 0);
	xcb_free_gc(x->conn, gc);
	xcb_free_pixmap(x->conn, pixmap);
	return cursor;
}

xcb_cursor_t
shmfb_cursor_get(struct shmfb_display *x, enum shmfb_cursor which)
{
	xcb_cursor_t *cursor = &x->cursor[which];

	if (!*cursor)
		*cursor = which == SHMFB_CURSOR_NONE ? make_blank(x) :
			load(x, which);
	return *cursor;
}

int
shmfb_set_cursor(struct shmfb *fb, enum shmfb_cursor cursor)
{
	shmfb_without_sigpipe(fb->x);
	xcb_cursor_t id;
	int err;

	err = shmfb_check_gone(fb);
	if (err)
		return err;
	if ((unsigned)cursor >= SHMFB_CURSORS)
		return base_error(-EINVAL, "there is no cursor %d",
				  (int)cursor);
	id = shmfb_cursor_get(fb->x, cursor);
	xcb_change_window_attributes(fb->x->conn, fb->window, XCB_CW_CURSOR,
				     &id);
	shmfb_step(fb, false);
	return shmfb_check_gone(fb);
}
