/* SPDX-License-Identifier: MIT */
/*
 * kill.c - places where a process may be made to die
 *
 * Built only where SHMX_KILL_POINTS is defined.
 */
#include "config.h"

#include "kill.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned done;			/* faults of the list that were */
static unsigned long passed;		/* the next one's point so often */

/* The next fault of the list; NULL: there is none. */
static const char *
next_fault(void)
{
	const char *fault = getenv("SHMX_FAULT");
	unsigned i;

	for (i = 0; fault != NULL && i < done; i++) {
		fault = strchr(fault, ',');
		if (fault != NULL)
			fault++;
	}
	return fault;
}

/* Is it the fault's turn?  It is "kill@NAME" or "stop@NAME:N". */
static bool
is_due(const char *fault, const char *name)
{
	size_t len = strlen(name);
	const char *end;

	if (strncmp(fault, "kill@", 5) != 0 && strncmp(fault, "stop@", 5) != 0)
		return false;
	end = fault + 5 + len;
	if (strncmp(fault + 5, name, len) != 0 || strchr(":,", *end) == NULL)
		return false;
	return ++passed >= (*end == ':' ? strtoul(end + 1, NULL, 10) : 1);
}

void
shmx_kill_point(const char *name)
{
	const char *fault;
	int sig = 0;

	pthread_mutex_lock(&lock);
	fault = next_fault();
	if (fault != NULL && is_due(fault, name)) {
		sig = *fault == 'k' ? SIGKILL : SIGSTOP;
		passed = 0;
		done++;
	}
	if (sig != 0)
		raise(sig);
	pthread_mutex_unlock(&lock);
}
