/* SPDX-License-Identifier: MIT */
/*
 * segment.h - memory that the X server has attached, read-only
 *
 * Of the window's own it makes pixmaps for SHMFB_PRESENT, which it does only of
 * what it may write.
 *
 * One segment covers all of a ring, or one slot of the window's own. It is
 * counted, and detached with its last reference: requests are processed in
 * order, so a detach never overtakes the puts that came before it.
 */
#ifndef SHMFB_SEGMENT_H
#define SHMFB_SEGMENT_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include <xcb/shm.h>

#include <shmx/shmx.h>

struct shmfb;

struct shmfb_segment {
	unsigned refs;
	/* 0: the server refused it, which is remembered and not asked again. */
	xcb_shm_seg_t xid;
	uint64_t ring_id;		/* 0: the window's own memory */
	bool sysv;			/* attached by its number */
};

/*
 * For want of what: descriptors, -EMFILE, or memory, -ENOMEM, of which there
 * are several kinds with limits that the system has other numbers for.
 */
static inline int
shmfb_want(int err)
{
	return err == -EMFILE || err == -ENFILE ? -EMFILE : -ENOMEM;
}

/*
 * An anonymous file of that many bytes that can neither shrink nor grow, for
 * the server must not be made to read past its end. All its pages are there:
 * to draw on it, or to read it, never ends in a SIGBUS. Returns a descriptor
 * that is the caller's, or -errno.
 */
int
shmfb_memfd(uint64_t bytes);

/*
 * Ask the server to attach the file, and wait for its answer: a ring's, or
 * the first of all, to find out whether it can be done. fd is borrowed. The
 * answer may be no: then the segment's xid is 0 and fb->why says why. So it
 * does on -EMFILE and -ENOMEM, when the server was not asked.
 */
int
shmfb_segment_ask(struct shmfb *fb, int fd, uint64_t ring_id,
		  struct shmfb_segment **out);

/*
 * The same for memory of our own, without waiting: a server that sleeps must
 * not hold up who only draws. Should the answer be no, the first put from
 * there fails, which is seen to by shmfb_segment_refused(). -EMFILE, -ENOMEM.
 */
int
shmfb_segment_tell(struct shmfb *fb, int fd, struct shmfb_segment **out);

/* Both, for a System V segment of that number. */
struct shmfb_segment *
shmfb_segment_ask_sysv(struct shmfb *fb, int id);

int
shmfb_segment_tell_sysv(struct shmfb *fb, int id, struct shmfb_segment **out);

/*
 * The segment of the ring that this frame lies in: attached at the first
 * frame of a ring, the same from then on, also when it was refused; tried anew
 * when the server could not be asked: -EMFILE, -ENOMEM. *out is a new
 * reference for the caller.
 */
int
shmfb_segment_of_ring(struct shmfb *fb, const struct shmx_frame_info *info,
		      struct shmfb_segment **out);

static inline struct shmfb_segment *
shmfb_segment_ref(struct shmfb_segment *segment)
{
	if (segment)
		segment->refs++;
	return segment;
}

/* The last one detaches and frees. NULL is allowed. */
void
shmfb_segment_unref(struct shmfb *fb, struct shmfb_segment *segment);

/*
 * The server refused a put from it, with that X error: use it no more, and
 * say so in fb->why.
 */
void
shmfb_segment_refused(struct shmfb *fb, struct shmfb_segment *segment,
		      uint8_t code);

#endif /* SHMFB_SEGMENT_H */
