/* SPDX-License-Identifier: MIT */
/*
 * ladder.h - which kinds of shared memory the X server takes from us
 *
 * Each rung is tried by a real request, once a connection; what comes of it
 * is kept, in words, for all windows that share it.
 */
#ifndef SHMFB_LADDER_H
#define SHMFB_LADDER_H

#include <stdbool.h>

struct shmfb;

enum shmfb_kind {
	SHMFB_KIND_FD,			/* sealed memory, by its descriptor */
	SHMFB_KIND_SYSV,		/* System V's, by its number */
	SHMFB_KINDS
};

struct shmfb_rung {
	bool asked;			/* and answered, by the server */
	bool granted;
	char why[160];			/* one line */
};

/*
 * Does the server take memory of that kind? fb->why says why, or why not. It
 * waits for the server's answer when it is asked for the first time.
 */
bool
shmfb_ladder_grants(struct shmfb *fb, enum shmfb_kind kind);

#endif /* SHMFB_LADDER_H */
