/* SPDX-License-Identifier: MIT */
/*
 * log.h - what a library has to say, to whoever asked
 *
 * A library says nothing by itself. Each context has a struct base_log; the
 * application may put a function there, and whoever runs the program may set
 * SHMX_DEBUG=1, which traces to stderr, with times, whatever the application
 * did.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

#include "base/base.h"

enum base_log_level {
	BASE_LOG_NONE,		/* as a limit: nothing passes */
	BASE_LOG_ERROR,		/* something asked for could not be done */
	BASE_LOG_WARNING,	/* it was done, but not as one would expect */
	BASE_LOG_INFO,		/* which path was chosen, and why */
	BASE_LOG_DEBUG,		/* each change of state */
};

/*
 * Gets one message of one line, without a newline, and its level, an enum
 * base_log_level. Called in the thread where it happened, at times with locks
 * held: it must not call back in. The public headers declare the same type.
 */
typedef void base_log_fn(void *data, int level, const char *line);

struct base_log {
	const char *name;		/* "shmx"; borrowed */
	base_log_fn *fn;		/* NULL: nobody asks */
	void *data;			/* for fn; borrowed */
	enum base_log_level level;	/* fn gets these and graver ones */
	bool trace;			/* SHMX_DEBUG is set */
};

/* Start with nobody asking, except as SHMX_DEBUG says. name is borrowed. */
void base_log_init(struct base_log *log, const char *name);

/* From now on fn, unless it is NULL, gets everything; data is for it. */
void
base_log_ask(struct base_log *log, base_log_fn *fn, void *data);

/* Would such a message reach anyone? To spare the work of making it. */
bool base_log_wanted(const struct base_log *log, enum base_log_level level);

void base_log(const struct base_log *log, enum base_log_level level,
	      const char *fmt, ...) BASE_PRINTF(3, 4);

#endif /* BASE_LOG_H */
