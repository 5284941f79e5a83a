/* SPDX-License-Identifier: MIT */
/*
 * damage.c - the parts of a frame that have to be shown
 */
#include "config.h"

#include "damage.h"

#include "geometry.h"

void
shmfb_damage_init(struct shmfb_damage *damage, const struct shmx_rect *within)
{
	damage->within = *within;
	damage->count = 0;
}

static void
make_box(struct shmfb_damage *damage)
{
	unsigned i;

	for (i = 1; i < damage->count; i++)
		damage->rect[0] = shmfb_rect_join(&damage->rect[0],
						  &damage->rect[i]);
	damage->count = 1;
}

void
shmfb_damage_add(struct shmfb_damage *damage, const struct shmx_rect *rect)
{
	struct shmx_rect r = shmfb_rect_cut(&damage->within, rect);

	if (shmfb_rect_empty(&r))
		return;
	if (damage->count == SHMFB_DAMAGE_RECTS)
		make_box(damage);
	damage->rect[damage->count++] = r;
}

void
shmfb_damage_all(struct shmfb_damage *damage)
{
	damage->count = 0;
	shmfb_damage_add(damage, &damage->within);
}
