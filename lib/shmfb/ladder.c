/* SPDX-License-Identifier: MIT */
/*
 * ladder.c - which kinds of shared memory the X server takes from us
 *
 * QueryVersion tells little: it also succeeds for clients at the other end of
 * a network, for whom every other MIT-SHM request fails. So the question is a
 * real piece of memory, attached and detached again.
 *
 * Called by present.c.
 */
#include "config.h"

#include "ladder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "sysv.h"
#include "window.h"

#define PROBE_BYTES 4096
#define SECRET_PIXELS 64

/* --------------------------------------------------------- descriptors -- */

/* What keeps us from asking at all: it may be otherwise another time. */
static bool
may_ask(struct shmfb *fb)
{
	const struct shmfb_display *x = fb->x;

	if (shmfb_env("SHMFB_NO_FD"))
		shmfb_set_why(fb, "SHMFB_NO_FD is set");
	else if (x->shm_major < 1 ||
		 (x->shm_major == 1 && x->shm_minor < 2))
		shmfb_set_why(fb,
			"the server's MIT-SHM %u.%u cannot attach descriptors",
			x->shm_major, x->shm_minor);
	else
		return true;
	return false;
}

static void
ask_fd(struct shmfb *fb, struct shmfb_rung *rung)
{
	struct shmfb_segment *segment;
	int fd, err;

	fd = shmfb_memfd(PROBE_BYTES);
	if (fd < 0) {
		shmfb_set_why(fb, "no sealed memory to be had: %s",
			      strerror(-fd));
		return;
	}
	err = shmfb_segment_ask(fb, fd, 0, &segment);
	base_close(&fd);
	if (err)
		return;
	rung->asked = true;
	rung->granted = segment->xid != 0;
	shmfb_segment_unref(fb, segment);
}

/* ----------------------------------------------------------- System V -- */

/*
 * The number of a segment means something else in another IPC namespace: the
 * server may attach a segment that is not ours. So it is made to draw from
 * there, on a pixmap, and what it has drawn is read back.
 */

/* Black and white pixels, whatever the depth, as nobody else has them. */
static void
fill_secret(uint8_t *memory)
{
	uint64_t secret = base_now_ns() ^ (uint64_t)getpid() << 48;
	unsigned i;

	for (i = 0; i < SECRET_PIXELS; i++)
		memset(memory + i * 4, secret >> i & 1 ? 0xff : 0, 4);
}

/* Four bytes have the same bits, but for those that are no colour. */
static bool
same_secret(const uint8_t *drawn, size_t bytes, const uint8_t *memory)
{
	static const uint8_t black[4];
	size_t i;

	for (i = 0; i + 4 <= bytes && i < SECRET_PIXELS * 4; i += 4)
		if ((memcmp(drawn + i, black, 4) != 0) != (memory[i] != 0))
			return false;
	return bytes >= SECRET_PIXELS;
}

/* What the server draws from the segment; NULL: it does not. To be freed. */
static xcb_get_image_reply_t *
draw_secret(struct shmfb *fb, xcb_shm_seg_t xid)
{
	uint8_t depth = fb->x->native.visual.depth;
	xcb_connection_t *c = fb->x->conn;
	xcb_pixmap_t pixmap = xcb_generate_id(c);
	xcb_gcontext_t gc = xcb_generate_id(c);
	xcb_get_image_cookie_t cookie;

	xcb_create_pixmap(c, depth, pixmap, fb->x->screen->root,
			  SECRET_PIXELS, 1);
	xcb_create_gc(c, gc, pixmap, 0, NULL);
	xcb_shm_put_image(c, pixmap, gc, SECRET_PIXELS, 1, 0, 0,
			  SECRET_PIXELS, 1, 0, 0, depth,
			  XCB_IMAGE_FORMAT_Z_PIXMAP, 0, xid, 0);
	cookie = xcb_get_image(c, XCB_IMAGE_FORMAT_Z_PIXMAP, pixmap, 0, 0,
			       SECRET_PIXELS, 1, ~0U);
	xcb_free_gc(c, gc);
	xcb_free_pixmap(c, pixmap);
	return xcb_get_image_reply(c, cookie, NULL);
}

static void
trust(struct shmfb *fb, struct shmfb_rung *rung, xcb_shm_seg_t xid,
      const uint8_t *memory)
{
	xcb_get_image_reply_t *drawn = draw_secret(fb, xid);

	rung->granted = drawn &&
		same_secret(xcb_get_image_data(drawn),
			    (size_t)xcb_get_image_data_length(drawn), memory);
	if (rung->granted)
		shmfb_set_why(fb, "MIT-SHM %u.%u attaches System V segments",
			      fb->x->shm_major, fb->x->shm_minor);
	else if (drawn)
		shmfb_set_why(fb,
			"the server has another System V segment of that "
			"number: another IPC namespace?");
	else
		shmfb_set_why(fb,
			"what the server draws cannot be read back");
	free(drawn);
}

static void
ask_sysv(struct shmfb *fb, struct shmfb_rung *rung)
{
	struct shmfb_segment *segment;
	void *memory;
	int id;

	id = shmfb_sysv_create(PROBE_BYTES, &memory);
	if (id < 0) {
		shmfb_set_why(fb, "no System V segment to be had: %s",
			      strerror(-id));
		return;
	}
	fill_secret(memory);
	segment = shmfb_segment_ask_sysv(fb, id);
	if (!segment)
		shmfb_set_why(fb, "no memory");
	else
		rung->asked = true;
	if (segment && segment->xid)
		trust(fb, rung, segment->xid, memory);
	shmfb_segment_unref(fb, segment);
	shmfb_sysv_unmap(memory);
}

/* ----------------------------------------------------------- the ladder -- */

bool
shmfb_ladder_grants(struct shmfb *fb, enum shmfb_kind kind)
{
	struct shmfb_rung *rung = &fb->x->rung[kind];

	if (kind == SHMFB_KIND_FD && !may_ask(fb))
		return false;
	if (rung->asked) {
		shmfb_set_why(fb, "%s", rung->why);
		return rung->granted;
	}
	if (kind == SHMFB_KIND_FD)
		ask_fd(fb, rung);
	else
		ask_sysv(fb, rung);
	snprintf(rung->why, sizeof(rung->why), "%.159s", fb->why);
	return rung->granted;
}
