/* SPDX-License-Identifier: MIT */
/*
 * writers.c - the host's view of who else writes into its ring
 */
#include "config.h"

#include "writers.h"

#include <stddef.h>

#include "channel.h"
#include "ring-multi.h"

void
shmx_writers_init(struct shmx_writers *w, const struct shmx_ring *ring,
		  uint32_t writers_max)
{
	uint32_t i;

	*w = (struct shmx_writers){ .ring = *ring, .max = writers_max - 1 };
	for (i = 0; i < w->max; i++)
		w->joined[i].conn = -1;
}

static bool
is_owner(const struct shmx_writers *w, uint32_t owner)
{
	uint32_t i;

	for (i = 0; i < w->max; i++)
		if (w->joined[i].conn >= 0 && w->joined[i].owner == owner)
			return true;
	return false;
}

/* All numbers in turn, so that those of the dead are not seen again soon. */
static uint32_t
next_owner(struct shmx_writers *w)
{
	do {
		w->owner = w->owner % (SHMX_OWNERS_MAX - 1) + 1;
	} while (is_owner(w, w->owner));
	return w->owner;
}

struct shmx_joined *
shmx_writers_join(struct shmx_writers *w, int conn)
{
	uint32_t i, owner = next_owner(w);

	for (i = 0; i < w->max; i++)
		if (w->joined[i].conn < 0) {
			w->joined[i] = (struct shmx_joined){
				.conn = conn, .owner = owner,
			};
			return &w->joined[i];
		}
	return NULL;
}

void
shmx_writers_leave(struct shmx_writers *w, struct shmx_joined *joined)
{
	(void)shmx_multi_reap(&w->ring, joined->owner);
	joined->conn = -1;
}

void
shmx_joined_tell(const struct shmx_joined *joined, uint64_t reader,
		 uint32_t record, int wake_fd)
{
	const struct shmx_reader_notice notice = {
		.reader = reader, .record = record, .present = wake_fd >= 0,
	};

	/* It may be stopped, and have no room for more: it will do without. */
	(void)shmx_channel_send(joined->conn, SHMX_MSG_READER, &notice,
				sizeof(notice), &wake_fd, wake_fd >= 0);
}

void
shmx_writers_tell(const struct shmx_writers *w, uint64_t reader,
		  uint32_t record, int wake_fd)
{
	uint32_t i;

	for (i = 0; i < w->max; i++)
		if (w->joined[i].conn >= 0 && w->joined[i].ready)
			shmx_joined_tell(&w->joined[i], reader, record,
					 wake_fd);
}
