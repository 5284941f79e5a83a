/* SPDX-License-Identifier: MIT */
/*
 * fault.h - make the n-th system call fail, until none is left to fail
 *
 *	for (n = 1; ; n++) {
 *		fault_nth(NULL, n, ENOMEM);
 *		ret = thing_open(&thing);
 *		if (!fault_off())
 *			break;
 *		ck_assert_int_eq(ret, -ENOMEM);
 *	}
 *	ck_assert_int_eq(ret, 0);
 *
 * The watch of suite.h then sees whether the way back leaks. Only calls that
 * go through base_sys count, by any thread but for fault_nth_here(). call is a
 * member's name ("mmap"), NULL for all of them.
 */
#ifndef TESTS_FAULT_H
#define TESTS_FAULT_H

#include <stdbool.h>

/* From now on the n-th call, counted from 1, fails with err; once. */
void fault_nth(const char *call, unsigned n, int err);

/* The same, of calls by this thread: a producer has one that serves readers. */
void fault_nth_here(const char *call, unsigned n, int err);

/* Every such call fails, as on a kernel that does not have it. */
void fault_always(const char *call, int err);

/* The real calls again. Did any fail? */
bool fault_off(void);

/* Since the last fault_nth() or fault_always(): how many such calls. */
unsigned fault_calls(void);

#endif /* TESTS_FAULT_H */
