/* SPDX-License-Identifier: MIT */
/*
 * picture.c - one frame on its way to the screen, or there
 */
#include "config.h"

#include "picture.h"

#include <assert.h>

#include "window.h"

struct shmfb_picture *
shmfb_picture_take(struct shmfb *fb)
{
	struct shmfb_picture *picture = fb->pictures;

	while (picture->refs > 0) {
		picture++;
		assert(picture < fb->pictures + SHMFB_PICTURES);
	}
	*picture = (struct shmfb_picture){ .refs = 1 };
	return picture;
}

struct shmfb_picture *
shmfb_picture_ref(struct shmfb_picture *picture)
{
	picture->refs++;
	return picture;
}

void
shmfb_picture_unref(struct shmfb *fb, struct shmfb_picture *picture)
{
	if (!picture || --picture->refs > 0)
		return;
	shmfb_segment_unref(fb, picture->segment);
	shmfb_slot_unref(fb, picture->slot);
	shmfb_slot_unref(fb, picture->drawn);
	shmx_release(picture->hold);
}

const uint8_t *
shmfb_picture_pixels(const struct shmfb_picture *picture)
{
	if (picture->slot)
		return picture->slot->pixels;
	return shmx_frame_pixels(picture->hold);
}
