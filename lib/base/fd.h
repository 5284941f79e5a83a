/* SPDX-License-Identifier: MIT */
/*
 * fd.h - descriptors: closed once, kept over no exec, read to the end
 *
 * A descriptor variable holds -1 when it holds nothing. Functions return 0 or
 * -errno unless they say otherwise, and none is disturbed by a signal.
 */
#ifndef BASE_FD_H
#define BASE_FD_H

#include <poll.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/sys.h"

/* A deadline that never comes. */
#define BASE_FOREVER UINT64_MAX

/* Close *fd unless it is -1, and make it -1. errno is kept. */
void base_close(int *fd);

/*
 * A second descriptor of the same file, close-on-exec and above stderr.
 * Returns it (it is the caller's), or -errno. fd stays as it is.
 */
int base_dup(int fd);

/*
 * Read exactly len bytes at offset. -ENODATA if the file ends before, in
 * which case buf holds what there was.
 */
int base_pread_all(int fd, void *buf, size_t len, off_t offset);

/*
 * poll(2) until the monotonic time deadline_ns: 0 only looks, BASE_FOREVER
 * waits for good. Returns how many descriptors have events, 0 when the time
 * has come, or -errno. A signal does not end or lengthen the wait.
 */
int base_poll(struct pollfd *fds, nfds_t n, uint64_t deadline_ns);

/*
 * The milliseconds until then, as poll(2) takes them: -1 for BASE_FOREVER.
 * Rounded up: a poll that wakes early would make its caller spin.
 */
int base_timeout_ms(uint64_t deadline_ns);

#endif /* BASE_FD_H */
