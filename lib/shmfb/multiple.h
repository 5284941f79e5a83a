/* SPDX-License-Identifier: MIT */
/*
 * multiple.h - those who want our text in several forms at once
 */
#ifndef SHMFB_MULTIPLE_H
#define SHMFB_MULTIPLE_H

#include <stdbool.h>

#include <xcb/xcb.h>

#include "property.h"

struct shmfb;

/* How many are served at once, and how many forms one may want. */
#define SHMFB_MULTIPLES 4
#define SHMFB_PAIRS_MAX 32

/* One such request; ask.due is false: free. */
struct shmfb_multiple {
	xcb_selection_request_event_t request;
	struct shmfb_ask ask;		/* for what it wants */
};

/* A request of the target MULTIPLE; false: there are too many. */
bool
shmfb_multiple_wanted(struct shmfb *fb,
		      const xcb_selection_request_event_t *event);

/* Is it known what somebody wants? It is converted and answered. */
void
shmfb_multiple_poll(struct shmfb *fb);

void
shmfb_multiple_finish(struct shmfb *fb);

#endif /* SHMFB_MULTIPLE_H */
