/* SPDX-License-Identifier: MIT */
/*
 * sys.c - the seams' defaults: the real calls
 *
 * Small functions stand in for the calls that are variadic, that glibc
 * declares with transparent unions, or that it does not have everywhere.
 */
#include "config.h"

#include "base/sys.h"

#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static int
sys_open(const char *path, int flags, mode_t mode)
{
	return open(path, flags, mode);
}

static int
sys_fstat(int fd, struct stat *st)
{
	return fstat(fd, st);
}

static int
sys_fcntl(int fd, int cmd, int arg)
{
	return fcntl(fd, cmd, arg);
}

static int
sys_bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	return bind(fd, addr, len);
}

static int
sys_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	return connect(fd, addr, len);
}

static int
sys_accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	return accept4(fd, addr, len, flags);
}

static int
sys_pidfd_open(pid_t pid, unsigned flags)
{
	return (int)syscall(SYS_pidfd_open, pid, flags);
}

struct base_sys base_sys = {
	.calloc = calloc,
	.realloc = realloc,
	.memfd_create = memfd_create,
	.ftruncate = ftruncate,
	.fallocate = fallocate,
	.mmap = mmap,
	.shmget = shmget,
	.shmat = shmat,

	.open = sys_open,
	.mkdir = mkdir,
	.fstat = sys_fstat,
	.fcntl = sys_fcntl,
	.pread = pread,

	.socket = socket,
	.socketpair = socketpair,
	.bind = sys_bind,
	.listen = listen,
	.connect = sys_connect,
	.accept4 = sys_accept4,
	.getsockopt = getsockopt,
	.sendmsg = sendmsg,
	.recvmsg = recvmsg,

	.pidfd_open = sys_pidfd_open,
	.poll = poll,
	.pthread_create = pthread_create,
};
