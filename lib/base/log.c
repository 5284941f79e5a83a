/* SPDX-License-Identifier: MIT */
/*
 * log.c - what a library has to say, to whoever asked
 */
#include "config.h"

#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

/* A longer message is cut; it still is one line. */
#define LINE_SIZE 512

void
base_log_init(struct base_log *log, const char *name)
{
	const char *env = getenv("SHMX_DEBUG");

	*log = (struct base_log){
		.name = name,
		.level = BASE_LOG_NONE,
		.trace = env != NULL && *env != '\0' && strcmp(env, "0") != 0,
	};
}

bool
base_log_wanted(const struct base_log *log, enum base_log_level level)
{
	return log->trace || (log->fn != NULL && level <= log->level);
}

/*
 * "[  12.345678] shmx 4711: text". One write, so that the lines of several
 * processes with one stderr do not mix.
 */
static void BASE_PRINTF(2, 0)
trace(const struct base_log *log, const char *fmt, va_list args)
{
	uint64_t now = base_now_ns();
	char line[LINE_SIZE];
	size_t len, room;
	int n;

	n = snprintf(line, sizeof(line), "[%5" PRIu64 ".%06" PRIu64 "] %s %d: ",
		     now / BASE_NS_PER_S,
		     now % BASE_NS_PER_S / BASE_NS_PER_US, log->name,
		     (int)getpid());
	if (n < 0 || (size_t)n >= sizeof(line))
		return;
	len = (size_t)n;
	room = sizeof(line) - len - 1;
	n = vsnprintf(line + len, room, fmt, args);
	if (n < 0)
		return;
	len += BASE_MIN((size_t)n, room - 1);
	line[len++] = '\n';
	/* A closed stderr is no reason to disturb anyone. */
	if (write(STDERR_FILENO, line, len) < 0)
		return;
}

void
base_log(const struct base_log *log, enum base_log_level level,
	 const char *fmt, ...)
{
	int saved = errno;
	va_list args;

	if (log->trace) {
		va_start(args, fmt);
		trace(log, fmt, args);
		va_end(args);
	}
	if (log->fn != NULL && level <= log->level) {
		va_start(args, fmt);
		log->fn(log->data, level, fmt, args);
		va_end(args);
	}
	errno = saved;
}
