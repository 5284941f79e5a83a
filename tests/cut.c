/* SPDX-License-Identifier: MIT */
/*
 * cut.c - end a connection in the middle of what is said on it
 *
 * The functions of the C library are replaced, for the libraries that the
 * program uses as well.
 */
#include "config.h"

#include "cut.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* Of the thread that asked for it: others have connections of their own. */
static _Thread_local struct {
	bool on;
	int fd;
	unsigned left;		/* calls before it is cut; 0: it was */
} cut;

/* There is a call for that one. */
static void
note(int fd)
{
	if (cut.on && cut.left > 0 && fd == cut.fd && --cut.left == 0)
		shutdown(fd, SHUT_RDWR);
}

__attribute__((visibility("default"))) int
poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	const struct timespec timeout = { timeout_ms / 1000,
		timeout_ms % 1000 * 1000000 };
	nfds_t i;

	for (i = 0; i < n; i++)
		note(fds[i].fd);
	return ppoll(fds, n, timeout_ms < 0 ? NULL : &timeout, NULL);
}

__attribute__((visibility("default"))) ssize_t
recvmsg(int fd, struct msghdr *msg, int flags)
{
	note(fd);
	return syscall(SYS_recvmsg, fd, msg, flags);
}

__attribute__((visibility("default"))) ssize_t
sendmsg(int fd, const struct msghdr *msg, int flags)
{
	note(fd);
	return syscall(SYS_sendmsg, fd, msg, flags);
}

__attribute__((visibility("default"))) ssize_t
writev(int fd, const struct iovec *iov, int n)
{
	note(fd);
	return syscall(SYS_writev, fd, iov, n);
}

void
cut_at(int fd, unsigned n)
{
	cut.fd = fd;
	cut.left = n;
	cut.on = true;
}

bool
cut_off(void)
{
	cut.on = false;
	return cut.left == 0;
}
