/* SPDX-License-Identifier: MIT */
/*
 * kill.h - places where a process may be made to die
 *
 * For tests. SHMX_KILL_POINT("W5") is nothing, unless SHMX_KILL_POINTS is
 * defined (configure --enable-kill-points, and a library that the tests link).
 * It is then a place that the environment can name:
 *
 *	SHMX_FAULT=kill@W5		SIGKILL whoever comes here first
 *	SHMX_FAULT=kill@W5:3		at the third time
 *	SHMX_FAULT=stop@W1,kill@W3	first SIGSTOP there, then, once it has
 *					been continued, SIGKILL here
 *
 * Names are those of the steps in the comments of ring.c and others.
 */
#ifndef SHMX_KILL_H
#define SHMX_KILL_H

#ifdef SHMX_KILL_POINTS

/* Each is noted, so that a test can see that it knows them all. */
#define SHMX_KILL_POINT(name)						\
	do {								\
		static const char *const here				\
			__attribute__((section("shmx_kill_points"),	\
				       used)) = (name);			\
		shmx_kill_point(here);					\
	} while (0)

void
shmx_kill_point(const char *name);

#else
#define SHMX_KILL_POINT(name) ((void)0)
#endif

#endif
