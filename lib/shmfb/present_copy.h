/* SPDX-License-Identifier: MIT */
/*
 * present_copy.h - an application's own image, copied into a slot and put
 *
 * In bands where that can be: the server draws one while the next is copied,
 * so that showing an image takes little longer than the longer of both. So
 * does what is staged.
 */
#ifndef SHMFB_PRESENT_COPY_H
#define SHMFB_PRESENT_COPY_H

#include <shmfb/shmfb.h>
#include <shmx/shmx.h>

#include "convert.h"

struct shmfb;
struct shmfb_damage;
struct shmfb_picture;
struct shmfb_run;
struct shmfb_target;

/*
 * Pixels on their way into the slot of a picture: an image of the
 * application's, or what stage.c makes of a frame or canvas.
 */
struct shmfb_copy {
	struct shmfb_source from;
	struct shmfb_sink to;		/* native NULL: bytes as they are */
	struct shmx_rect missing;	/* in the slot, still */
	int err;			/* why it was given up, or 0 */
	/* Write that part of the slot. 0, or -errno in words. */
	int (*write)(const struct shmfb_copy *copy,
		     const struct shmx_rect *part);
	const struct shmfb_picture *picture;	/* for stage.c; borrowed */
};

/* Is nothing in it that a later version may know? 0, or -EINVAL in words. */
int
shmfb_image_check_reserved(const struct shmfb_image *image);

/*
 * The picture, not routed yet, is to show the image that copy->from describes:
 * find out what its slot lacks of it, and copy that now, or leave it to
 * shmfb_copy_put() if the picture can be put in bands. -ENOMEM.
 */
int
shmfb_copy_begin(struct shmfb *fb, struct shmfb_copy *copy,
		 struct shmfb_picture *picture);

/* As the put of a presenter, which is picture->by: copies what it puts. */
int
shmfb_copy_put(struct shmfb *fb, const struct shmfb_target *target,
	       struct shmfb_picture *picture,
	       const struct shmfb_damage *damage, struct shmfb_run *run);

/*
 * What the put had no use for, or was not put yet; the pixels are not needed
 * any more. 0, or the copy's err: what was put of it is not right, then.
 */
int
shmfb_copy_rest(struct shmfb_picture *picture);

#endif /* SHMFB_PRESENT_COPY_H */
