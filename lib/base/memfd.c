/* SPDX-License-Identifier: MIT */
/*
 * memfd.c - anonymous files to be sealed and shared
 */
#include "config.h"

#include "base/memfd.h"

#include <errno.h>

#include "base/base.h"
#include "base/sys.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U		/* Linux 6.3 */
#endif

/*
 * Reserved at a time. A signal undoes the call that it interrupts: one call
 * for all might never get through between the signals of a profiler.
 */
#define PIECE (UINT64_C(8) << 20)

int
base_memfd_create(const char *label)
{
	const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd;

	fd = base_sys.memfd_create(label, flags | MFD_NOEXEC_SEAL);
	/* An older kernel does not know the last flag. */
	if (fd < 0 && errno == EINVAL)
		fd = base_sys.memfd_create(label, flags);
	return fd < 0 ? -errno : fd;
}

static int
reserve(int fd, uint64_t offset, uint64_t bytes)
{
	int ret;

	do
		ret = base_sys.fallocate(fd, 0, (off_t)offset, (off_t)bytes);
	while (ret < 0 && errno == EINTR);
	return ret < 0 ? -errno : 0;
}

int
base_memfd_allocate(int fd, uint64_t bytes)
{
	uint64_t at;
	int err = 0;

	if (base_sys.ftruncate(fd, (off_t)bytes) < 0)
		return -errno;
	for (at = 0; !err && at < bytes; at += PIECE)
		err = reserve(fd, at, BASE_MIN(PIECE, bytes - at));
	return err;
}
