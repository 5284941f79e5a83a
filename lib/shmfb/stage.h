/* SPDX-License-Identifier: MIT */
/*
 * stage.h - pictures that the server cannot show as they lie
 *
 * Of a picture of another format, scaled or turned, what the window shows is
 * written into a slot of the window's own (fb->stage), in the window's format,
 * and put from there. That is a copy by the client. A slot remembers what is
 * in it, so that of the next picture only what differs is written.
 */
#ifndef SHMFB_STAGE_H
#define SHMFB_STAGE_H

#include <shmx/shmx.h>

struct shmfb;
struct shmfb_content;
struct shmfb_picture;

/*
 * Write the picture into a slot, by its layout and as far as the window has
 * room for it, and have it put from there: in bands, by shmfb_copy_put(), or
 * shmfb_copy_rest(), which has to follow. Counts a client copy unless all of
 * it was there. -ENOMEM; -EAGAIN all slots are at the server.
 */
int
shmfb_stage(struct shmfb *fb, struct shmfb_picture *picture);

/*
 * A canvas is about to be presented that differs from the one before in this
 * box (NULL: everywhere). fb->drawn.count is its sequence number from now on.
 */
void
shmfb_stage_note(struct shmfb *fb, const struct shmx_rect *box);

/* What of a picture is missing where there is that. */
struct shmx_rect
shmfb_content_missing(const struct shmfb *fb,
		      const struct shmfb_content *content,
		      const struct shmfb_picture *picture);

/* Now it is there. */
void
shmfb_content_set(struct shmfb_content *content,
		  const struct shmfb_picture *picture);

#endif /* SHMFB_STAGE_H */
