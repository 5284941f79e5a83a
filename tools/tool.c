/* SPDX-License-Identifier: MIT */
/*
 * tool.c - what the verbs share: how they end, how they read sizes
 */
#include "config.h"

#include "tool.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <shmx/shmx.h>

#include "base/clock.h"

static volatile sig_atomic_t signalled;
static int signal_pipe[2] = { -1, -1 };

static void BASE_PRINTF(1, 0)
say(const char *fmt, va_list ap, int error)
{
	fflush(stdout);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	vfprintf(stderr, fmt, ap);
	if (error != 0)
		fputs(strerror(error), stderr);
	fputc('\n', stderr);
}

void
die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap, 0);
	va_end(ap);
	exit(EXIT_FAILURE);
}

void
die_errno(const char *fmt, ...)
{
	int error = errno;
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap, error);
	va_end(ap);
	exit(EXIT_FAILURE);
}

void
warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap, 0);
	va_end(ap);
}

void
tool_start(char **argv)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
	/* getopt's complaints begin with this name, ours with that. */
	argv[0] = program_invocation_short_name;
}

int
tool_end(void)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		die_errno("cannot write to the standard output: ");
	return EXIT_SUCCESS;
}

/* Digits from *text on; false without any, or beyond max. */
static bool
take_number(const char **text, unsigned long max, unsigned long *value)
{
	char *end;

	if (!isdigit((unsigned char)**text))
		return false;
	errno = 0;
	*value = strtoul(*text, &end, 10);
	*text = end;
	return errno == 0 && *value <= max;
}

bool
parse_size(const char *text, uint32_t *width, uint32_t *height)
{
	unsigned long w, h;

	if (!take_number(&text, SHMX_SIDE_MAX, &w) || *text++ != 'x' ||
	    !take_number(&text, SHMX_SIDE_MAX, &h) || *text != '\0' ||
	    w < 1 || h < 1)
		return false;
	*width = (uint32_t)w;
	*height = (uint32_t)h;
	return true;
}

bool
parse_number(const char *text, unsigned long min, unsigned long max,
	     unsigned long *value)
{
	return take_number(&text, max, value) && *text == '\0' &&
	       *value >= min;
}

/* The byte stays in the pipe: from then on nothing sleeps. */
static void
note_signal(int sig BASE_UNUSED)
{
	int saved = errno;

	signalled = 1;
	(void)!write(signal_pipe[1], "", 1);
	errno = saved;
}

static void
catch_signal(int sig)
{
	/* No SA_RESTART: a sleeping call is to end. */
	struct sigaction sa = { .sa_handler = note_signal,
		.sa_flags = SA_RESETHAND };
	struct sigaction old;

	sigemptyset(&sa.sa_mask);
	if (sigaction(sig, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
		sigaction(sig, &sa, NULL);
}

void
catch_signals(void)
{
	if (pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) < 0)
		die_errno("cannot make a pipe: ");
	signal(SIGPIPE, SIG_IGN);
	catch_signal(SIGINT);
	catch_signal(SIGTERM);
	catch_signal(SIGHUP);
}

static int
poll_until(struct pollfd *fds, nfds_t n, const struct timespec *t)
{
	struct pollfd all[TOOL_POLL_MAX + 1] = { { .fd = signal_pipe[0], .events = POLLIN } };
	int found;

	if (n > 0)
		memcpy(all + 1, fds, n * sizeof(*fds));
	found = ppoll(all, n + 1, t, NULL);
	if (n > 0)
		memcpy(fds, all + 1, n * sizeof(*fds));
	if (found >= 0 && interrupted()) {
		errno = EINTR;
		return -1;
	}
	return found;
}

int
tool_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	const struct timespec t = { timeout_ms / 1000,
		timeout_ms % 1000 * 1000000L };

	return poll_until(fds, n, timeout_ms < 0 ? NULL : &t);
}

void
tool_sleep_until(uint64_t ns)
{
	uint64_t now = base_now_ns();
	struct timespec t;

	while (!interrupted() && now < ns) {
		t = (struct timespec){ (time_t)((ns - now) / BASE_NS_PER_S),
			(long)((ns - now) % BASE_NS_PER_S) };
		poll_until(NULL, 0, &t);
		now = base_now_ns();
	}
}

bool
interrupted(void)
{
	return signalled != 0;
}

void
print_json_string(const char *text)
{
	const unsigned char *p;

	putchar('"');
	for (p = (const unsigned char *)text; *p != '\0'; p++) {
		if (*p == '"' || *p == '\\')
			printf("\\%c", *p);
		else if (*p < 0x20)
			printf("\\u%04x", *p);
		else
			putchar(*p);
	}
	putchar('"');
}
