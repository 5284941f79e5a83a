/* SPDX-License-Identifier: MIT */
/*
 * sys.h - the test seams: system calls that can be made to fail
 *
 * What may fail in ways that no test can arrange from outside (no memory, no
 * descriptors, an old kernel) is called through this table:
 *
 *	fd = base_sys.memfd_create(name, MFD_CLOEXEC);
 *	if (fd < 0)
 *		return -errno;
 *
 * Each member behaves as the call of its name, fcntl and open with their last
 * argument always given. Tests replace members while no other thread runs;
 * nobody else writes here. close(), munmap() and their like are not in the
 * table: they are how one cleans up, and cleaning up does not fail.
 */
#ifndef BASE_SYS_H
#define BASE_SYS_H

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>

struct base_sys {
	/* memory */
	void *(*calloc)(size_t n, size_t size);
	void *(*realloc)(void *memory, size_t size);
	int (*memfd_create)(const char *name, unsigned flags);
	int (*ftruncate)(int fd, off_t size);
	int (*fallocate)(int fd, int mode, off_t offset, off_t len);
	void *(*mmap)(void *addr, size_t len, int prot, int flags, int fd,
		      off_t offset);
	int (*shmget)(key_t key, size_t size, int flags);
	void *(*shmat)(int id, const void *addr, int flags);

	/* files */
	int (*open)(const char *path, int flags, mode_t mode);
	int (*mkdir)(const char *path, mode_t mode);
	int (*fstat)(int fd, struct stat *st);
	int (*fcntl)(int fd, int cmd, int arg);
	ssize_t (*pread)(int fd, void *buf, size_t len, off_t offset);

	/* sockets */
	int (*socket)(int domain, int type, int protocol);
	int (*socketpair)(int domain, int type, int protocol, int fds[2]);
	int (*bind)(int fd, const struct sockaddr *addr, socklen_t len);
	int (*listen)(int fd, int backlog);
	int (*connect)(int fd, const struct sockaddr *addr, socklen_t len);
	int (*accept4)(int fd, struct sockaddr *addr, socklen_t *len,
		       int flags);
	int (*getsockopt)(int fd, int level, int name, void *value,
			  socklen_t *len);
	ssize_t (*sendmsg)(int fd, const struct msghdr *msg, int flags);
	ssize_t (*recvmsg)(int fd, struct msghdr *msg, int flags);

	/* processes, threads, waiting */
	int (*pidfd_open)(pid_t pid, unsigned flags);
	int (*poll)(struct pollfd *fds, nfds_t n, int timeout_ms);
	int (*pthread_create)(pthread_t *thread, const pthread_attr_t *attr,
			      void *(*start)(void *), void *arg);
};

extern struct base_sys base_sys;

#endif /* BASE_SYS_H */
