/* SPDX-License-Identifier: MIT */
/*
 * clip.c - a text that is copied or pasted
 *
 * Called by owner.c and paste.c. Transfers that take long have a reference
 * each, while what is copied next takes the text's place.
 */
#include "config.h"

#include "clip.h"

#include <stdlib.h>
#include <string.h>

#include "base/sys.h"

struct shmfb_clip *
shmfb_clip_create(const char *text, size_t length)
{
	struct shmfb_clip *clip =
		base_sys.calloc(1, sizeof(*clip) + length + 1);

	if (!clip)
		return NULL;
	clip->refs = 1;
	clip->length = length;
	memcpy(clip->text, text, length);
	return clip;
}

void
shmfb_clip_drop(struct shmfb_clip **clip)
{
	if (*clip && --(*clip)->refs == 0)
		free(*clip);
	*clip = NULL;
}
