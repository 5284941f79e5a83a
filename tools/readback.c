/* SPDX-License-Identifier: MIT */
/*
 * readback.c - what the X server has in a window
 *
 * By core GetImage, in bands of rows, so that a reply stays small.  Of a window
 * that is not all on the screen it reads what is; the rest is black.
 */
#include "config.h"

#include "readback.h"

#include <stdlib.h>
#include <string.h>
#include <xcb/xcb.h>

#include "base/base.h"
#include "base/clock.h"
#include "write-png.h"
#include "tool.h"

#define BAND_BYTES (1 << 20)

/* A window manager has that long to put a window on the screen. */
#define SEEN_NS (5 * BASE_NS_PER_S)
#define LOOK_NS (5 * BASE_NS_PER_MS)

/* How the pixels of the window lie in what the server sends. */
struct image_format {
	uint32_t red;			/* masks */
	uint32_t green;
	uint32_t blue;
	uint32_t bytes;			/* of a pixel: 1 to 4 */
	uint32_t pad;			/* of a row, in bytes */
	bool msb_first;
};

/* A part of a window. */
struct part {
	uint32_t x;
	uint32_t y;
	uint32_t width;
	uint32_t height;
};

/* -------------------------------------------------------------- format -- */

static const xcb_visualtype_t *
find_visual(const xcb_setup_t *setup, xcb_visualid_t id)
{
	xcb_screen_iterator_t s = xcb_setup_roots_iterator(setup);
	xcb_depth_iterator_t d;
	xcb_visualtype_iterator_t v;

	for (; s.rem > 0; xcb_screen_next(&s))
		for (d = xcb_screen_allowed_depths_iterator(s.data); d.rem > 0;
		     xcb_depth_next(&d))
			for (v = xcb_depth_visuals_iterator(d.data); v.rem > 0;
			     xcb_visualtype_next(&v))
				if (v.data->visual_id == id)
					return v.data;
	return NULL;
}

/* False when its pixels are no colours, or of no whole bytes. */
static bool
find_format(xcb_connection_t *conn, xcb_visualid_t visual, uint8_t depth,
	    struct image_format *f)
{
	const xcb_setup_t *setup = xcb_get_setup(conn);
	const xcb_visualtype_t *v = find_visual(setup, visual);
	xcb_format_iterator_t i = xcb_setup_pixmap_formats_iterator(setup);

	while (i.rem > 0 && i.data->depth != depth)
		xcb_format_next(&i);
	if (v == NULL || i.rem == 0 || v->red_mask == 0 ||
	    v->green_mask == 0 || v->blue_mask == 0)
		return false;
	*f = (struct image_format){
		.red = v->red_mask,
		.green = v->green_mask,
		.blue = v->blue_mask,
		.bytes = i.data->bits_per_pixel / 8,
		.pad = i.data->scanline_pad / 8,
		.msb_first = setup->image_byte_order ==
			     XCB_IMAGE_ORDER_MSB_FIRST,
	};
	return f->bytes >= 1 && f->bytes <= 4;
}

/* -------------------------------------------------------------- pixels -- */

/* A channel's bits as eight: the upper ones, or repeated to be as many. */
static uint32_t
channel(uint32_t pixel, uint32_t mask)
{
	int have = __builtin_popcount(mask);
	uint32_t value = (pixel & mask) >> __builtin_ctz(mask);

	if (have >= 8)
		return value >> (have - 8);
	value <<= 8 - have;
	for (; have < 8; have *= 2)
		value |= value >> have;
	return value;
}

static void
convert_pixels(uint32_t *to, const uint8_t *from, uint32_t width,
	       const struct image_format *f)
{
	uint32_t x, i, value;

	for (x = 0; x < width; x++, from += f->bytes) {
		for (value = 0, i = 0; i < f->bytes; i++)
			value = value << 8 |
				from[f->msb_first ? i : f->bytes - 1 - i];
		to[x] = channel(value, f->red) << 16 |
			channel(value, f->green) << 8 |
			channel(value, f->blue);
	}
}

static void
read_band(xcb_connection_t *conn, uint32_t window, const struct part *band,
	  const struct image_format *f, uint32_t *to, uint32_t stride)
{
	uint32_t row = band->width * f->bytes;
	xcb_get_image_reply_t *reply;
	const uint8_t *from;
	uint32_t y;

	row = (row + f->pad - 1) / f->pad * f->pad;
	reply = xcb_get_image_reply(conn, xcb_get_image(conn,
		XCB_IMAGE_FORMAT_Z_PIXMAP, window, (int16_t)band->x,
		(int16_t)band->y, (uint16_t)band->width,
		(uint16_t)band->height, UINT32_MAX), NULL);
	if (reply == NULL || (size_t)xcb_get_image_data_length(reply) <
	    (size_t)row * band->height)
		die("the X server does not let the window be read: is it "
		    "on the screen?");
	from = xcb_get_image_data(reply);
	for (y = 0; y < band->height; y++)
		convert_pixels(to + (size_t)(band->y + y) * stride + band->x,
			       from + (size_t)y * row, band->width, f);
	free(reply);
}

/* ---------------------------------------------------------------- window -- */

/* Where it is on the screen; false when it is gone. */
static bool
find_origin(xcb_connection_t *conn, uint32_t window, xcb_window_t root,
	    int32_t *x, int32_t *y)
{
	xcb_translate_coordinates_reply_t *t;

	t = xcb_translate_coordinates_reply(conn,
		xcb_translate_coordinates(conn, window, root, 0, 0), NULL);
	if (t == NULL)
		return false;
	*x = t->dst_x;
	*y = t->dst_y;
	free(t);
	return true;
}

/* What of at to at + length is within 0 to room: an offset and a length. */
static void
cut(int32_t at, uint32_t length, uint32_t room, uint32_t *skip, uint32_t *left)
{
	int64_t begin = BASE_MAX(at, 0);
	int64_t end = BASE_MIN((int64_t)at + length, (int64_t)room);

	*skip = (uint32_t)(begin - at);
	*left = end > begin ? (uint32_t)(end - begin) : 0;
}

/* What of it is on the screen; false when that cannot be told. */
static bool
find_part(xcb_connection_t *conn, uint32_t window,
	  const xcb_get_geometry_reply_t *g, struct part *part)
{
	xcb_get_geometry_reply_t *root;
	int32_t x, y;

	root = xcb_get_geometry_reply(conn, xcb_get_geometry(conn, g->root),
				      NULL);
	if (root == NULL || !find_origin(conn, window, g->root, &x, &y)) {
		free(root);
		return false;
	}
	cut(x, g->width, root->width, &part->x, &part->width);
	cut(y, g->height, root->height, &part->y, &part->height);
	free(root);
	return true;
}

/* Its size, its format, and what of it there is to be read. */
static bool
ask(xcb_connection_t *conn, uint32_t window, uint32_t *width,
    uint32_t *height, struct image_format *f, struct part *part)
{
	xcb_get_window_attributes_reply_t *a;
	xcb_get_geometry_reply_t *g;
	bool ok = false;

	a = xcb_get_window_attributes_reply(conn,
		xcb_get_window_attributes(conn, window), NULL);
	g = xcb_get_geometry_reply(conn, xcb_get_geometry(conn, window), NULL);
	if (a != NULL && g != NULL) {
		if (!find_format(conn, a->visual, g->depth, f))
			die("the window's pixels are of a kind that cannot "
			    "be read");
		*width = g->width;
		*height = g->height;
		ok = find_part(conn, window, g, part);
	}
	free(a);
	free(g);
	return ok;
}

/* Whether all of them are mapped, and what they are in as well. */
static bool
all_viewable(xcb_connection_t *conn, const uint32_t *windows, unsigned count)
{
	xcb_get_window_attributes_reply_t *a;
	bool viewable = true;
	unsigned i;

	for (i = 0; i < count && viewable; i++) {
		a = xcb_get_window_attributes_reply(conn,
			xcb_get_window_attributes(conn, windows[i]), NULL);
		viewable = a != NULL &&
			a->map_state == XCB_MAP_STATE_VIEWABLE;
		free(a);
	}
	return viewable;
}

bool
readback_wait(const uint32_t *windows, unsigned count)
{
	uint64_t until = base_now_ns() + SEEN_NS;
	xcb_connection_t *conn = xcb_connect(NULL, NULL);
	bool viewable;

	if (xcb_connection_has_error(conn))
		die("cannot connect to the X server to look for the window");
	while (!(viewable = all_viewable(conn, windows, count)) &&
	       !interrupted() && base_now_ns() < until)
		tool_sleep_until(base_now_ns() + LOOK_NS);
	xcb_disconnect(conn);
	return viewable;
}

void
readback_png(const char *path, uint32_t window)
{
	xcb_connection_t *conn = xcb_connect(NULL, NULL);
	uint32_t y, end, width, height, *pixels;
	struct image_format f;
	struct part part;

	if (xcb_connection_has_error(conn))
		die("cannot connect to the X server to read the window");
	if (!ask(conn, window, &width, &height, &f, &part))
		die("the window is gone, so it cannot be read");
	pixels = calloc((size_t)width * height, 4);
	if (pixels == NULL)
		die("out of memory for a picture of the window");
	end = part.width > 0 ? part.y + part.height : part.y;
	for (y = part.y; y < end; y += part.height) {
		part.y = y;
		part.height = BASE_MAX(BAND_BYTES / (part.width * 4), 1);
		part.height = BASE_MIN(part.height, end - y);
		read_band(conn, window, &part, &f, pixels, width);
	}
	write_png_xrgb(path, pixels, (size_t)width * 4, width, height);
	free(pixels);
	xcb_disconnect(conn);
}
