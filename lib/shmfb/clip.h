/* SPDX-License-Identifier: MIT */
/*
 * clip.h - a text that is copied or pasted
 */
#ifndef SHMFB_CLIP_H
#define SHMFB_CLIP_H

#include <stddef.h>

/* A text that several transfers may share. */
struct shmfb_clip {
	unsigned refs;
	size_t length;
	char text[];			/* length bytes and a NUL */
};

/* A copy of so many bytes, with a reference for the caller; NULL: no memory. */
struct shmfb_clip *
shmfb_clip_create(const char *text, size_t length);

static inline struct shmfb_clip *
shmfb_clip_ref(struct shmfb_clip *clip)
{
	clip->refs++;
	return clip;
}

/* Gives up the reference, if there is one, and forgets it. */
void
shmfb_clip_drop(struct shmfb_clip **clip);

#endif /* SHMFB_CLIP_H */
