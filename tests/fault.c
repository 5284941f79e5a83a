/* SPDX-License-Identifier: MIT */
/*
 * fault.c - make the n-th system call fail, until none is left to fail
 *
 * Every member of base_sys is replaced by a function that counts, fails if
 * it is its turn, and else makes the real call.
 */
#include "config.h"

#include "fault.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/sys.h"

static struct {
	const char *call;	/* NULL: all */
	unsigned nth;		/* 0: always */
	int err;
	bool here;		/* of that thread only */
	pthread_t thread;
	atomic_uint calls;
	atomic_uint failed;
	bool on;
} fault;

/* The real calls, while they are replaced. */
static struct base_sys real;

static bool
fails(const char *call)
{
	unsigned n;

	if (fault.call != NULL && strcmp(fault.call, call) != 0)
		return false;
	if (fault.here && !pthread_equal(fault.thread, pthread_self()))
		return false;
	n = atomic_fetch_add(&fault.calls, 1) + 1;
	if (fault.nth != 0 && n != fault.nth)
		return false;
	atomic_fetch_add(&fault.failed, 1);
	errno = fault.err;
	return true;
}

/* Such a function: its type, name and parameters, failing value, arguments. */
#define FAULT(type, name, params, failure, args)	\
	static type					\
	fault_##name params				\
	{						\
		if (fails(#name))			\
			return failure;			\
		return real.name args;			\
	}

FAULT(void *, calloc, (size_t n, size_t size), NULL, (n, size))
FAULT(void *, realloc, (void *memory, size_t size), NULL, (memory, size))
FAULT(int, memfd_create, (const char *name, unsigned flags), -1,
      (name, flags))
FAULT(int, ftruncate, (int fd, off_t size), -1, (fd, size))
FAULT(int, fallocate, (int fd, int mode, off_t offset, off_t len), -1,
      (fd, mode, offset, len))
FAULT(void *, mmap, (void *addr, size_t len, int prot, int flags, int fd,
		     off_t offset), MAP_FAILED,
      (addr, len, prot, flags, fd, offset))
FAULT(int, shmget, (key_t key, size_t size, int flags), -1,
      (key, size, flags))
FAULT(void *, shmat, (int id, const void *addr, int flags), (void *)-1,
      (id, addr, flags))
FAULT(int, open, (const char *path, int flags, mode_t mode), -1,
      (path, flags, mode))
FAULT(int, mkdir, (const char *path, mode_t mode), -1, (path, mode))
FAULT(int, fstat, (int fd, struct stat *st), -1, (fd, st))
FAULT(int, fcntl, (int fd, int cmd, int arg), -1, (fd, cmd, arg))
FAULT(ssize_t, pread, (int fd, void *buf, size_t len, off_t offset), -1,
      (fd, buf, len, offset))
FAULT(int, socket, (int domain, int type, int protocol), -1,
      (domain, type, protocol))
FAULT(int, socketpair, (int domain, int type, int protocol, int fds[2]), -1,
      (domain, type, protocol, fds))
FAULT(int, bind, (int fd, const struct sockaddr *addr, socklen_t len), -1,
      (fd, addr, len))
FAULT(int, listen, (int fd, int backlog), -1, (fd, backlog))
FAULT(int, connect, (int fd, const struct sockaddr *addr, socklen_t len), -1,
      (fd, addr, len))
FAULT(int, accept4, (int fd, struct sockaddr *addr, socklen_t *len,
		     int flags), -1, (fd, addr, len, flags))
FAULT(int, getsockopt, (int fd, int level, int name, void *value,
			socklen_t *len), -1, (fd, level, name, value, len))
FAULT(ssize_t, sendmsg, (int fd, const struct msghdr *msg, int flags), -1,
      (fd, msg, flags))
FAULT(ssize_t, recvmsg, (int fd, struct msghdr *msg, int flags), -1,
      (fd, msg, flags))
FAULT(int, pidfd_open, (pid_t pid, unsigned flags), -1, (pid, flags))
FAULT(int, poll, (struct pollfd *fds, nfds_t n, int timeout_ms), -1,
      (fds, n, timeout_ms))
FAULT(int, pthread_create, (pthread_t *thread, const pthread_attr_t *attr,
			    void *(*start)(void *), void *arg), errno,
      (thread, attr, start, arg))

#define FAULT_MEMBER(name) .name = fault_##name

static const struct base_sys faulty = {
	FAULT_MEMBER(calloc),
	FAULT_MEMBER(realloc),
	FAULT_MEMBER(memfd_create),
	FAULT_MEMBER(ftruncate),
	FAULT_MEMBER(fallocate),
	FAULT_MEMBER(mmap),
	FAULT_MEMBER(shmget),
	FAULT_MEMBER(shmat),
	FAULT_MEMBER(open),
	FAULT_MEMBER(mkdir),
	FAULT_MEMBER(fstat),
	FAULT_MEMBER(fcntl),
	FAULT_MEMBER(pread),
	FAULT_MEMBER(socket),
	FAULT_MEMBER(socketpair),
	FAULT_MEMBER(bind),
	FAULT_MEMBER(listen),
	FAULT_MEMBER(connect),
	FAULT_MEMBER(accept4),
	FAULT_MEMBER(getsockopt),
	FAULT_MEMBER(sendmsg),
	FAULT_MEMBER(recvmsg),
	FAULT_MEMBER(pidfd_open),
	FAULT_MEMBER(poll),
	FAULT_MEMBER(pthread_create),
};

static void
fault_on(const char *call, unsigned nth, int err, bool here)
{
	fault_off();
	fault.here = here;
	fault.thread = pthread_self();
	fault.call = call;
	fault.nth = nth;
	fault.err = err;
	atomic_store(&fault.calls, 0);
	atomic_store(&fault.failed, 0);
	real = base_sys;
	base_sys = faulty;
	fault.on = true;
}

void
fault_nth(const char *call, unsigned n, int err)
{
	fault_on(call, n, err, false);
}

void
fault_nth_here(const char *call, unsigned n, int err)
{
	fault_on(call, n, err, true);
}

void
fault_always(const char *call, int err)
{
	fault_on(call, 0, err, false);
}

bool
fault_off(void)
{
	if (!fault.on)
		return false;
	base_sys = real;
	fault.on = false;
	return atomic_load(&fault.failed) > 0;
}

unsigned
fault_calls(void)
{
	return atomic_load(&fault.calls);
}
