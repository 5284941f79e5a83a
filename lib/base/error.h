/* SPDX-License-Identifier: MIT */
/*
 * error.h - the words of the last failure, one line for each thread
 *
 * Public functions return -errno; what a user needs to read stands here and
 * is handed out by shmx_error() and shmfb_error(), each library having its
 * own copy of this file and so its own line.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "base/base.h"

/*
 * Keep the formatted line and return err, so that a failing function can end
 * with `return base_error(-EINVAL, "...", ...)`.  Longer lines are cut,
 * and control characters of what somebody else called something become "?".
 */
int
base_error(int err, const char *fmt, ...) BASE_PRINTF(2, 3);

/* The line kept last on this thread; "no error" before the first. */
const char *
base_error_line(void);

#endif
