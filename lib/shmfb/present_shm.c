/* SPDX-License-Identifier: MIT */
/*
 * present_shm.c - ShmPutImage from attached memory: the server reads the slot
 *
 * The request names the segment and the offset of row 0. There is no field
 * for the stride: the server takes it from total_width, which therefore is
 * the stride in pixels and may be larger than what is shown.
 */
#include "config.h"

#include "window.h"

static int
put(struct shmfb *fb, struct shmfb_picture *picture,
    const struct shmfb_damage *damage, int32_t x, int32_t y,
    struct shmfb_run *run)
{
	xcb_void_cookie_t cookie;
	unsigned i;

	for (i = 0; i < damage->count; i++) {
		const struct shmx_rect *r = &damage->rect[i];
		/* Requests are done in order: the last one's end is all's. */
		bool last = i + 1 == damage->count;

		cookie = xcb_shm_put_image(fb->x->conn, fb->window, fb->gc,
			(uint16_t)(picture->stride / 4),
			(uint16_t)picture->height,
			(uint16_t)r->x, (uint16_t)r->y,
			(uint16_t)r->width, (uint16_t)r->height,
			(int16_t)(x + r->x), (int16_t)(y + r->y),
			fb->x->depth, XCB_IMAGE_FORMAT_Z_PIXMAP, last,
			picture->segment->xid, picture->offset);
		if (i == 0)
			run->first = cookie.sequence;
		run->last = cookie.sequence;
	}
	return 0;
}

const struct shmfb_presenter shmfb_present_shm = {
	.path = "shm-fd",
	.put = put,
};
