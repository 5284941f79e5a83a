/* SPDX-License-Identifier: MIT */
/*
 * log.c - what a library has to say, to whoever asked
 */
#include "config.h"

#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
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

void
base_log_ask(struct base_log *log, base_log_fn *fn, void *data)
{
	log->fn = fn;
	log->data = data;
	log->level = fn == NULL ? BASE_LOG_NONE : BASE_LOG_DEBUG;
}

/*
 * "[  12.345678] shmx 4711: text". One write, so that the lines of several
 * processes with one stderr do not mix.
 */
static void
trace(const struct base_log *log, const char *line)
{
	uint64_t now = base_now_ns();
	char text[LINE_SIZE];
	size_t len;
	int n;

	n = snprintf(text, sizeof(text), "[%5" PRIu64 ".%06" PRIu64 "] %s %d: "
		     "%s\n", now / BASE_NS_PER_S,
		     now % BASE_NS_PER_S / BASE_NS_PER_US, log->name,
		     (int)getpid(), line);
	if (n < 0)
		return;
	len = BASE_MIN((size_t)n, sizeof(text) - 1);
	text[len - 1] = '\n';
	/* A closed stderr is no reason to disturb anyone. */
	if (write(STDERR_FILENO, text, len) < 0)
		return;
}

void
base_log(const struct base_log *log, enum base_log_level level,
	 const char *fmt, ...)
{
	int saved = errno;
	char line[LINE_SIZE];
	va_list args;

	if (!base_log_wanted(log, level))
		return;
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	if (log->trace)
		trace(log, line);
	if (log->fn != NULL && level <= log->level)
		log->fn(log->data, (int)level, line);
	errno = saved;
}
