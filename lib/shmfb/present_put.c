/* SPDX-License-Identifier: MIT */
/*
 * present_put.c - core PutImage: the pixels go through the socket, in pieces
 *
 * libxcb does not split a request and breaks the connection over one that is
 * too long; and a request of the whole frame is slower than pieces of it. A
 * piece whose rows touch is sent from where it lies; any other one is
 * gathered first, in a buffer that the cache keeps.
 *
 * When put() returns the client has nothing left to do with the pixels: they
 * are in the socket or in libxcb's own buffer.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "geometry.h"
#include "window.h"

static const uint8_t *
gather(uint8_t *to, const uint8_t *from, size_t stride, uint32_t row,
       const struct shmx_rect *piece, const struct shmfb_native *native)
{
	size_t bytes = (size_t)piece->width * native->bytes;
	int32_t y;

	from += (size_t)piece->y * stride + (size_t)piece->x * native->bytes;
	if ((row == stride && !piece->x) ||
	    (row == bytes && piece->height == 1))
		return from;
	for (y = 0; y < piece->height; y++)
		memcpy(to + (size_t)y * row, from + (size_t)y * stride,
		       bytes);
	return to;
}

static void
put_piece(struct shmfb *fb, const struct shmfb_target *target,
	  const struct shmfb_picture *picture, const uint8_t *pixels,
	  const struct shmx_rect *piece, struct shmfb_run *run)
{
	uint32_t row = shmfb_native_row(target->native,
					(uint32_t)piece->width);
	const uint8_t *data = gather(fb->bounce, pixels, picture->stride, row,
				     piece, target->native);

	shmfb_run_add(run, xcb_put_image(fb->x->conn,
		XCB_IMAGE_FORMAT_Z_PIXMAP, target->drawable, target->gc,
		(uint16_t)piece->width, (uint16_t)piece->height,
		(int16_t)(target->x + piece->x),
		(int16_t)(target->y + piece->y), 0,
		target->native->visual.depth, row * (uint32_t)piece->height,
		data).sequence);
}

static void
put_rect(struct shmfb *fb, const struct shmfb_target *target,
	 const struct shmfb_picture *picture, const uint8_t *pixels,
	 const struct shmx_rect *r, struct shmfb_run *run)
{
	struct shmx_rect cell, piece;
	uint32_t w, h;

	shmfb_piece_size((uint32_t)r->width, (uint32_t)r->height,
			 fb->x->put_pixels, &w, &h);
	cell = (struct shmx_rect){ r->x, r->y, (int32_t)w, (int32_t)h };
	for (; cell.y < r->y + r->height; cell.y += cell.height) {
		for (cell.x = r->x; cell.x < r->x + r->width;
		     cell.x += cell.width) {
			piece = shmfb_rect_cut(&cell, r);
			put_piece(fb, target, picture, pixels, &piece, run);
		}
	}
}

static int
put(struct shmfb *fb, const struct shmfb_target *target,
    struct shmfb_picture *picture, const struct shmfb_damage *damage,
    struct shmfb_run *run)
{
	const uint8_t *pixels = shmfb_picture_pixels(picture);
	unsigned i;

	if (!pixels)
		return base_error(-ENOMEM, "cannot map the frame: %s",
				  shmx_error());
	if (!fb->bounce)
		fb->bounce = base_sys.calloc(fb->x->put_pixels, 4);
	if (!fb->bounce)
		return base_error(-ENOMEM, "no memory to send a frame");
	for (i = 0; i < damage->count; i++)
		put_rect(fb, target, picture, pixels, &damage->rect[i], run);
	if (!target->more)
		shmfb_run_add(run, xcb_get_input_focus(fb->x->conn).sequence);
	return 0;
}

const struct shmfb_presenter shmfb_present_put = {
	.path = "put",
	.copies = true,
	.fenced = true,
	.put = put,
};
