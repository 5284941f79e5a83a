/* SPDX-License-Identifier: MIT */
/*
 * child.c - processes that a test starts, and ends
 */
#include "config.h"

#include "child.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__has_include)
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif

#include "base/fd.h"

/* Longer than any test: for when even the death of its parent is not heard. */
enum { ALARM_S = 600 };

static pid_t
fork_child(pid_t parent)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* 0 is a parent in another pid namespace. */
	if (getppid() != parent && getppid() != 0)
		_exit(1);
#ifdef VALGRIND_CLO_CHANGE
	/* What the parent has is no leak of the child's. */
	VALGRIND_CLO_CHANGE("--leak-check=no");
#endif
	signal(SIGALRM, SIG_DFL);
	alarm(ALARM_S);
	return 0;
}

void
child_start(struct child *c, void (*run)(int line, void *arg), void *arg)
{
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
				    pair), 0);
	fflush(NULL);
	c->pid = fork_child(getpid());
	ck_assert_int_ge(c->pid, 0);
	if (c->pid == 0) {
		close(pair[0]);
		run(pair[1], arg);
		_exit(0);
	}
	close(pair[1]);
	c->line = pair[0];
}

static int
reap(struct child *c)
{
	int status = -1;

	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	base_close(&c->line);
	c->pid = -1;
	return status;
}

void
child_end(struct child *c)
{
	int status = reap(c);

	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
		      "the child ended with status 0x%x", (unsigned)status);
}

void
child_kill(struct child *c)
{
	int status;

	kill(c->pid, SIGKILL);
	status = reap(c);
	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
		      "the child ended before, with status 0x%x",
		      (unsigned)status);
}

bool
child_has_died(struct child *c)
{
	int status;

	if (waitpid(c->pid, &status, WNOHANG) != c->pid)
		return false;
	base_close(&c->line);
	c->pid = -1;
	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
		      "the child ended with status 0x%x", (unsigned)status);
	return true;
}

bool
child_has_stopped(const struct child *c)
{
	int status;

	if (waitpid(c->pid, &status, WNOHANG | WUNTRACED) != c->pid)
		return false;
	ck_assert_msg(WIFSTOPPED(status), "the child ended, status 0x%x",
		      (unsigned)status);
	return true;
}

void
child_stop(struct child *c)
{
	int status;

	kill(c->pid, SIGSTOP);
	ck_assert_int_eq(waitpid(c->pid, &status, WUNTRACED), c->pid);
	ck_assert(WIFSTOPPED(status));
}

void
child_go_on(struct child *c)
{
	kill(c->pid, SIGCONT);
}

void
child_tell(int line, const void *what, size_t size)
{
	ssize_t n;

	do
		n = send(line, what, size, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
}

void
child_ask(int line, void *what, size_t size)
{
	ssize_t n;

	memset(what, 0, size);
	do
		n = recv(line, what, size, MSG_WAITALL);
	while (n < 0 && errno == EINTR);
}

void
child_say(int line, char what)
{
	child_tell(line, &what, 1);
}

char
child_hear(int line)
{
	char what;

	child_ask(line, &what, 1);
	return what;
}

void
child_fail(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: in a child: not so: %s\n", file, line, what);
	_exit(1);
}

size_t
child_count_fds(void)
{
	const struct dirent *entry;
	size_t n = 0;
	DIR *dir;

	dir = opendir("/proc/self/fd");
	if (dir == NULL)
		return 0;
	while ((entry = readdir(dir)) != NULL)
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n - 1;
}
