/* SPDX-License-Identifier: MIT */
/*
 * step.c - run a child one instruction at a time, and kill it there
 */
#include "config.h"

#include "step.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/fd.h"
#include "suite.h"

enum {
	STEPS_MAX = 100000,		/* an operation that never ends */
	AREAS_MAX = 8,
	LOOKED_AT = 32768,		/* of a ring: what precedes its slots */
};

bool
step_is_possible(void)
{
#if !defined(__x86_64__) || defined(SUITE_ASAN) || defined(SUITE_TSAN)
	return false;
#else
	return !suite_is_nofork();
#endif
}

void
step_from_here(void)
{
	expect(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0);
	raise(SIGSTOP);
}

void
step_to_here(void)
{
	raise(SIGUSR1);
}

/* One stop of the child: by which signal. */
static int
next_stop(const struct child *c)
{
	int status;

	ck_assert_int_eq(waitpid(c->pid, &status, 0), c->pid);
	ck_assert_msg(WIFSTOPPED(status), "the child ended, status %x",
		      (unsigned)status);
	return WSTOPSIG(status);
}

/* True when there is more to come. */
static bool
step(const struct child *c)
{
	int sig;

	ck_assert_int_eq(ptrace(PTRACE_SINGLESTEP, c->pid, NULL, NULL), 0);
	sig = next_stop(c);
	ck_assert(sig == SIGTRAP || sig == SIGUSR1);
	return sig == SIGTRAP;
}

bool
step_kill_after(struct child *c, unsigned k)
{
	bool more = true;
	unsigned i;

	ck_assert_int_eq(next_stop(c), SIGSTOP);
	for (i = 0; i < k && more; i++)
		more = step(c);
	child_kill(c);
	return more;
}

/* -------------------------------------------------------------- events -- */

/* Memory of the library's that the child has, or had, a descriptor of. */
struct area {
	ino_t ino;
	size_t bytes;
	void *map;
	void *before;
};

struct areas {
	unsigned count;
	struct area area[AREAS_MAX];
};

static void
look_at(struct areas *areas, const char *path)
{
	struct area *a = &areas->area[areas->count];
	struct stat st;
	unsigned i;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	ck_assert_int_eq(fstat(fd, &st), 0);
	for (i = 0; i < areas->count; i++)
		if (areas->area[i].ino == st.st_ino)
			break;
	if (i == areas->count && st.st_size > 0 && i < AREAS_MAX) {
		a->ino = st.st_ino;
		a->bytes = BASE_MIN((size_t)st.st_size, LOOKED_AT);
		a->map = mmap(NULL, a->bytes, PROT_READ, MAP_SHARED, fd, 0);
		ck_assert_ptr_ne(a->map, MAP_FAILED);
		a->before = malloc(a->bytes);
		ck_assert_ptr_nonnull(a->before);
		memcpy(a->before, a->map, a->bytes);
		areas->count++;
	}
	base_close(&fd);
}

/* A system call may have made or brought one. */
static void
look_for_areas(struct areas *areas, pid_t pid)
{
	char dir[32], path[300], target[64];
	struct dirent *e;
	ssize_t n;
	DIR *d;

	snprintf(dir, sizeof(dir), "/proc/%d/fd", (int)pid);
	d = opendir(dir);
	ck_assert_ptr_nonnull(d);
	while ((e = readdir(d)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		n = readlink(path, target, sizeof(target) - 1);
		target[BASE_MAX(n, 0)] = '\0';
		if (strncmp(target, "/memfd:shmx-", 12) == 0)
			look_at(areas, path);
	}
	closedir(d);
}

static bool
have_changed(struct areas *areas)
{
	bool changed = false;
	struct area *a;

	for (a = areas->area; a < areas->area + areas->count; a++) {
		if (memcmp(a->map, a->before, a->bytes) == 0)
			continue;
		memcpy(a->before, a->map, a->bytes);
		changed = true;
	}
	return changed;
}

static void
forget(struct areas *areas)
{
	struct area *a;

	for (a = areas->area; a < areas->area + areas->count; a++) {
		munmap(a->map, a->bytes);
		free(a->before);
	}
}

/* Is the child's next instruction a system call? */
static bool
is_at_system_call(const struct child *c)
{
	bool is = false;
#ifdef __x86_64__
	struct user_regs_struct regs;

	ck_assert_int_eq(ptrace(PTRACE_GETREGS, c->pid, NULL, &regs), 0);
	is = (ptrace(PTRACE_PEEKTEXT, c->pid, (void *)regs.rip, NULL) &
	      0xffff) == 0x050f;
#endif
	return is;
}

bool
step_kill_after_event(struct child *c, unsigned k)
{
	struct areas areas = { 0 };
	bool more = true, call;
	unsigned events = 0;

	ck_assert_int_eq(next_stop(c), SIGSTOP);
	look_for_areas(&areas, c->pid);
	while (events < k && more) {
		call = is_at_system_call(c);
		more = step(c);
		if (call)
			look_for_areas(&areas, c->pid);
		/* Both: a store in the kernel is the kernel's. */
		events += have_changed(&areas) || call;
	}
	child_kill(c);
	forget(&areas);
	return more;
}

/* --------------------------------------------------------------- all k -- */

static unsigned
seed(void)
{
	const char *env = getenv("SHMX_TEST_SEED");

	return env != NULL ? (unsigned)atoi(env) :
		(unsigned)(base_now_ns() / 1000 % 1000000);
}

void
step_through_by(const char *what, unsigned stride,
		bool (*one)(unsigned k, void *arg), void *arg)
{
	unsigned first = seed(), k, n = 0;

	for (k = first % stride; one(k, arg); k += stride) {
		n++;
		ck_assert_uint_lt(k, STEPS_MAX);
	}
	/* Shorter than where we began: then at its first. */
	if (n == 0)
		n = one(0, arg);
	printf("# %s: killed at %u of about %u steps, seed %u\n", what, n, k,
	       first);
	fflush(stdout);
	ck_assert_uint_gt(n, 0);
}
