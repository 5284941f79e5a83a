/* SPDX-License-Identifier: MIT */
/*
 * tool.h - what the verbs share: how they end, how they read sizes
 */
#ifndef TOOLS_TOOL_H
#define TOOLS_TOOL_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"

enum { EXIT_USAGE = 2 };

/*
 * Say one line on stderr, "shmx-view: ...", and exit with status 1.  An ending
 * with ": " has strerror(errno) put behind it by die_errno().
 */
void
die(const char *fmt, ...) BASE_PRINTF(1, 2) __attribute__((noreturn));
void
die_errno(const char *fmt, ...) BASE_PRINTF(1, 2) __attribute__((noreturn));

/*
 * To be called first.  Descriptors 0 to 2 that are closed become /dev/null,
 * or something else would be opened there and written to as stderr.
 */
void
tool_start(char **argv);

/* Exit status of a tool whose output went to stdout; dies if it did not. */
int
tool_end(void);

/* Say one line on stderr and go on. */
void
warn(const char *fmt, ...) BASE_PRINTF(1, 2);

/* "640x480" into two numbers of 1 to 32767; false for anything else. */
bool
parse_size(const char *text, uint32_t *width, uint32_t *height);

/* A whole number from min to max, all of the text; false otherwise. */
bool
parse_number(const char *text, unsigned long min, unsigned long max,
	     unsigned long *value);

/*
 * From now on the first SIGINT, SIGTERM or SIGHUP only asks us to end, and is
 * noticed by interrupted() and by what sleeps in tool_poll(), whenever it
 * comes.  A second one of the same kind ends us at once, also where a library
 * waits for somebody who does not answer.  What our parent had ignored stays
 * ignored; so is SIGPIPE.
 */
void
catch_signals(void);
bool
interrupted(void);

#define TOOL_POLL_MAX 32

/* As poll(2), for up to so many descriptors, but EINTR once interrupted. */
int
tool_poll(struct pollfd *fds, nfds_t n, int timeout_ms);

/* Sleep until that time of CLOCK_MONOTONIC, or until interrupted. */
void
tool_sleep_until(uint64_t ns);

/* A JSON string, quoted and escaped, to stdout. */
void
print_json_string(const char *text);

#endif /* TOOLS_TOOL_H */
