/* SPDX-License-Identifier: MIT */
/*
 * cut.h - end a connection in the middle of what is said on it
 *
 *	for (n = 1; ; n++) {
 *		thing_open(&thing);
 *		cut_at(thing.fd, n);
 *		ret = thing_talk(&thing);
 *		if (!cut_off())
 *			break;
 *		ck_assert_int_eq(ret, -EPIPE);
 *	}
 *
 * Counted are the system calls with which libraries such as libxcb look at a
 * socket, read it and write to it. At the n-th it is as if the other side had
 * gone just before. By one thread at a time.
 */
#ifndef TESTS_CUT_H
#define TESTS_CUT_H

#include <stdbool.h>

/* From now on, counted from 1. */
void cut_at(int fd, unsigned n);

/* No more. Was it? */
bool cut_off(void);

#endif /* TESTS_CUT_H */
