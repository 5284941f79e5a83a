/* SPDX-License-Identifier: MIT */
/*
 * segment.c - memory that the X server has attached, read-only
 *
 * Called by show.c (rings), pool.c (the window's own slots) and ladder.c.
 */
#include "config.h"

#include "segment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/memfd.h"
#include "window.h"

int
shmfb_memfd(uint64_t bytes)
{
	int fd, err;

	fd = base_memfd_create("shmfb");
	if (fd < 0)
		return fd;
	err = base_memfd_allocate(fd, bytes);
	if (!err && base_sys.fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK |
				   F_SEAL_GROW | F_SEAL_SEAL) < 0)
		err = -errno;
	if (err)
		base_close(&fd);
	return err ? err : fd;
}

/* Waits for the server's answer: the X error code, 0 when it attached. */
static uint8_t
answer(struct shmfb *fb, xcb_void_cookie_t cookie)
{
	xcb_generic_error_t *error = xcb_request_check(fb->x->conn, cookie);
	uint8_t code = error ? error->error_code : 0;

	free(error);
	if (!code && xcb_connection_has_error(fb->x->conn))
		code = XCB_IMPLEMENTATION;
	return code;
}

/*
 * xcb closes what it has sent, and forgets what it could not send any more:
 * copy, if it is there and is still what fd is.
 */
static void
close_unsent(const struct shmfb *fb, int copy, int fd)
{
	struct stat a, b;

	if (xcb_connection_has_error(fb->x->conn) && fstat(copy, &a) == 0 &&
	    fstat(fd, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino)
		close(copy);
}

/* copy is one of fd, to be sent. */
static void
ask(struct shmfb *fb, struct shmfb_segment *segment, int copy, int fd)
{
	xcb_shm_seg_t xid = xcb_generate_id(fb->x->conn);
	uint8_t code;

	code = answer(fb, xcb_shm_attach_fd_checked(fb->x->conn, xid, copy,
						    true));
	close_unsent(fb, copy, fd);
	if (code) {
		shmfb_set_why(fb, "the server refused the descriptor (%s)%s",
			      shmfb_display_error_name(fb->x, code),
			      code == XCB_REQUEST || code == XCB_MATCH ?
			      ": not a local connection?" : "");
		return;
	}
	segment->xid = xid;
	shmfb_set_why(fb, "MIT-SHM %u.%u attaches descriptors",
		      fb->x->shm_major, fb->x->shm_minor);
}

/* One without an xid; NULL without memory. */
static struct shmfb_segment *
segment_new(bool sysv)
{
	struct shmfb_segment *segment;

	segment = base_sys.calloc(1, sizeof(*segment));
	if (!segment)
		return NULL;
	segment->refs = 1;
	segment->sysv = sysv;
	return segment;
}

int
shmfb_segment_ask(struct shmfb *fb, int fd, uint64_t ring_id,
		  struct shmfb_segment **out)
{
	struct shmfb_segment *segment = segment_new(false);
	int copy;

	if (!segment) {
		shmfb_set_why(fb, "no memory to have the server attach it");
		return -ENOMEM;
	}
	copy = base_dup(fd);
	if (copy < 0) {
		shmfb_set_why(fb, "no descriptor to give to the server: %s",
			      strerror(-copy));
		free(segment);
		return shmfb_want(copy);
	}
	segment->ring_id = ring_id;
	ask(fb, segment, copy, fd);
	*out = segment;
	return 0;
}

int
shmfb_segment_tell(struct shmfb *fb, int fd, struct shmfb_segment **out)
{
	struct shmfb_segment *segment = segment_new(false);
	int copy;

	if (!segment)
		return -ENOMEM;
	copy = base_dup(fd);
	if (copy < 0) {
		free(segment);
		return copy;
	}
	segment->xid = xcb_generate_id(fb->x->conn);
	xcb_shm_attach_fd(fb->x->conn, segment->xid, copy, !fb->pixmap.on);
	/* What waited it would forget, should it end. */
	xcb_flush(fb->x->conn);
	close_unsent(fb, copy, fd);
	*out = segment;
	return 0;
}

struct shmfb_segment *
shmfb_segment_ask_sysv(struct shmfb *fb, int id)
{
	struct shmfb_segment *segment = segment_new(true);
	xcb_shm_seg_t xid;
	uint8_t code;

	if (!segment)
		return NULL;
	xid = xcb_generate_id(fb->x->conn);
	code = answer(fb, xcb_shm_attach_checked(fb->x->conn, xid,
						 (uint32_t)id, true));
	if (code)
		shmfb_set_why(fb,
			"the server refused the System V segment (%s): %s?",
			shmfb_display_error_name(fb->x, code),
			code == XCB_REQUEST ? "not a local connection" :
			"another IPC namespace, or user");
	else
		segment->xid = xid;
	return segment;
}

int
shmfb_segment_tell_sysv(struct shmfb *fb, int id, struct shmfb_segment **out)
{
	struct shmfb_segment *segment = segment_new(true);

	if (!segment)
		return -ENOMEM;
	segment->xid = xcb_generate_id(fb->x->conn);
	xcb_shm_attach(fb->x->conn, segment->xid, (uint32_t)id,
		       !fb->pixmap.on);
	*out = segment;
	return 0;
}

int
shmfb_segment_of_ring(struct shmfb *fb, const struct shmx_frame_info *info,
		      struct shmfb_segment **out)
{
	struct shmfb_segment *segment;
	int err;

	if (!fb->ring || fb->ring->ring_id != info->ring_id) {
		err = shmfb_segment_ask(fb, info->memory_fd, info->ring_id,
					&segment);
		if (err)
			return err;
		/* The old one is attached for as long as it is shown. */
		shmfb_segment_unref(fb, fb->ring);
		fb->ring = segment;
	}
	*out = shmfb_segment_ref(fb->ring);
	return 0;
}

static void
detach(struct shmfb *fb, struct shmfb_segment *segment)
{
	if (segment->xid && !fb->x->gone)
		xcb_shm_detach(fb->x->conn, segment->xid);
	segment->xid = 0;
}

void
shmfb_segment_unref(struct shmfb *fb, struct shmfb_segment *segment)
{
	if (!segment || --segment->refs > 0)
		return;
	detach(fb, segment);
	free(segment);
}

void
shmfb_segment_refused(struct shmfb *fb, struct shmfb_segment *segment,
		      uint8_t code)
{
	if (!segment->xid)
		return;
	shmfb_set_why(fb, "the server refused a frame from shared memory (%s)",
		      shmfb_display_error_name(fb->x, code));
	detach(fb, segment);
}
