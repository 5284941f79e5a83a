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
put(struct shmfb *fb, const struct shmfb_target *target,
    struct shmfb_picture *picture, const struct shmfb_damage *damage,
    struct shmfb_run *run)
{
	uint16_t total = (uint16_t)shmfb_native_total(target->native,
						      picture->stride);
	unsigned i;

	for (i = 0; i < damage->count; i++) {
		const struct shmx_rect *r = &damage->rect[i];
		/* Requests are done in order: the last one's end is all's. */
		bool last = !target->more && i + 1 == damage->count;

		shmfb_run_add(run, xcb_shm_put_image(fb->x->conn,
			target->drawable, target->gc, total,
			(uint16_t)picture->height,
			(uint16_t)r->x, (uint16_t)r->y,
			(uint16_t)r->width, (uint16_t)r->height,
			(int16_t)(target->x + r->x),
			(int16_t)(target->y + r->y),
			target->native->visual.depth,
			XCB_IMAGE_FORMAT_Z_PIXMAP, last,
			picture->segment->xid, picture->offset).sequence);
	}
	return 0;
}

const struct shmfb_presenter shmfb_present_shm = {
	.path = "shm-fd",
	.put = put,
};

const struct shmfb_presenter shmfb_present_sysv = {
	.path = "shm-sysv",
	.put = put,
};
