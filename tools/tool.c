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
static sigset_t while_asleep;

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

static void
note_signal(int sig BASE_UNUSED)
{
	signalled = 1;
}

void
catch_signals(void)
{
	struct sigaction sa = { .sa_handler = note_signal };
	sigset_t ours;

	sigemptyset(&ours);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGHUP);
	sigprocmask(SIG_BLOCK, &ours, &while_asleep);
	sigdelset(&while_asleep, SIGINT);
	sigdelset(&while_asleep, SIGTERM);
	sigdelset(&while_asleep, SIGHUP);
	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
}

int
tool_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	const struct timespec t = { timeout_ms / 1000,
		timeout_ms % 1000 * 1000000L };

	return ppoll(fds, n, timeout_ms < 0 ? NULL : &t, &while_asleep);
}

void
tool_sleep_until(uint64_t ns)
{
	uint64_t now = base_now_ns();
	struct timespec t;

	while (!interrupted() && now < ns) {
		t = (struct timespec){ (time_t)((ns - now) / BASE_NS_PER_S),
			(long)((ns - now) % BASE_NS_PER_S) };
		ppoll(NULL, 0, &t, &while_asleep);
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
