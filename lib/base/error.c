/* SPDX-License-Identifier: MIT */
/*
 * error.c - the words of the last failure, one line for each thread
 */
#include "config.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/error.h"

static _Thread_local char line[512] = "no error";

int
base_error(int err, const char *fmt, ...)
{
	char next[sizeof(line)], *c;
	va_list ap;

	/* Through a second buffer: an argument may be the old line itself. */
	va_start(ap, fmt);
	vsnprintf(next, sizeof(next), fmt, ap);
	va_end(ap);
	/* One line, and none that a terminal would obey. */
	for (c = next; *c != '\0'; c++)
		if (iscntrl((unsigned char)*c))
			*c = '?';
	snprintf(line, sizeof(line), "%s", next);
	return err;
}

const char *
base_error_line(void)
{
	return line;
}
