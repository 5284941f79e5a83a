/* SPDX-License-Identifier: MIT */
/*
 * readback.c - what the X server has in a window
 *
 * By core GetImage, in bands of rows, so that a reply stays small.
 */
#include "config.h"

#include "readback.h"

#include <stdlib.h>
#include <string.h>
#include <xcb/xcb.h>

#include "base/base.h"
#include "write-png.h"
#include "tool.h"

#define BAND_BYTES (1 << 20)

static void
read_band(xcb_connection_t *conn, uint32_t window, uint32_t width, uint32_t y,
	  uint32_t rows, void *to)
{
	xcb_get_image_reply_t *reply;
	size_t bytes = (size_t)width * rows * 4;

	reply = xcb_get_image_reply(conn, xcb_get_image(conn,
		XCB_IMAGE_FORMAT_Z_PIXMAP, window, 0, (int16_t)y,
		(uint16_t)width, (uint16_t)rows, UINT32_MAX), NULL);
	if (reply == NULL ||
	    (size_t)xcb_get_image_data_length(reply) < bytes)
		die("the X server does not let the window be read: is all "
		    "of it on the screen?");
	memcpy(to, xcb_get_image_data(reply), bytes);
	free(reply);
}

void
readback_png(const char *path, uint32_t window)
{
	xcb_connection_t *conn = xcb_connect(NULL, NULL);
	xcb_get_geometry_reply_t *g;
	uint32_t y, rows, width, height;
	char *pixels;

	if (xcb_connection_has_error(conn))
		die("cannot connect to the X server to read the window");
	g = xcb_get_geometry_reply(conn, xcb_get_geometry(conn, window), NULL);
	if (g == NULL)
		die("the window is gone, so it cannot be read");
	width = g->width;
	height = g->height;
	free(g);
	pixels = malloc((size_t)width * height * 4);
	if (pixels == NULL)
		die("out of memory for a picture of the window");
	for (y = 0; y < height; y += rows) {
		rows = BASE_MAX(BAND_BYTES / (width * 4), 1);
		rows = BASE_MIN(rows, height - y);
		read_band(conn, window, width, y, rows,
			  pixels + (size_t)y * width * 4);
	}
	write_png_xrgb(path, pixels, (size_t)width * 4, width, height);
	free(pixels);
	xcb_disconnect(conn);
}
