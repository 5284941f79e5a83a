/* SPDX-License-Identifier: MIT */
/*
 * visual.h - which visual windows have, and what their pixels are made of
 */
#ifndef SHMFB_VISUAL_H
#define SHMFB_VISUAL_H

struct shmfb_display;
struct shmfb_visual;

/*
 * Which bytes are a pixel of a window here? Sets x->visual, x->colormap and
 * x->native, by x->alpha and x->screen. -ENOTSUP, with words that name the
 * display.
 */
int
shmfb_visual_choose(struct shmfb_display *x, const char *name);

/*
 * How the server wants images of visual->depth: sets all but the masks, and
 * leaves bits as they are when it takes none.
 */
void
shmfb_visual_image_format(const struct shmfb_display *x,
			  struct shmfb_visual *visual);

#endif /* SHMFB_VISUAL_H */
