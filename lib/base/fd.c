/* SPDX-License-Identifier: MIT */
/*
 * fd.c - descriptors: closed once, kept over no exec, read to the end
 */
#include "config.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"

void
base_close(int *fd)
{
	int saved = errno;

	/*
	 * Never tried again: Linux frees the descriptor even on EINTR, and by
	 * then the number may be somebody else's.
	 */
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

int
base_dup(int fd)
{
	int copy;

	copy = base_sys.fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return copy < 0 ? -errno : copy;
}

int
base_pread_all(int fd, void *buf, size_t len, off_t offset)
{
	char *p = buf;
	ssize_t n;

	while (len > 0) {
		n = base_sys.pread(fd, p, len, offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -ENODATA;
		p += n;
		offset += n;
		len -= (size_t)n;
	}
	return 0;
}

int
base_timeout_ms(uint64_t deadline_ns)
{
	uint64_t ms, now_ns;

	if (deadline_ns == BASE_FOREVER)
		return -1;
	if (deadline_ns == 0)
		return 0;
	now_ns = base_now_ns();
	if (deadline_ns <= now_ns)
		return 0;
	ms = (deadline_ns - now_ns - 1) / BASE_NS_PER_MS + 1;
	return (int)BASE_MIN(ms, (uint64_t)INT_MAX);
}

int
base_poll(struct pollfd *fds, nfds_t n, uint64_t deadline_ns)
{
	int ret;

	for (;;) {
		ret = base_sys.poll(fds, n, base_timeout_ms(deadline_ns));
		if (ret > 0)
			return ret;
		if (ret < 0 && errno != EINTR)
			return -errno;
		if (ret == 0 && deadline_ns <= base_now_ns())
			return 0;
	}
}
