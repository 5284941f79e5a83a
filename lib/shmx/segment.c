/* SPDX-License-Identifier: MIT */
/*
 * segment.c - sealed anonymous shared memory
 *
 * All pages are allocated before anything is written, so that a lack of
 * memory is an error here and never a SIGBUS later.
 */
#include "config.h"

#include "segment.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/fd.h"
#include "base/memfd.h"
#include "base/sys.h"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

int
shmx_segment_create(const char *label, size_t bytes, int seals, int *fd,
		    void **map)
{
	void *m = MAP_FAILED;
	int memfd, ret;

	memfd = base_memfd_create(label);
	if (memfd < 0)
		return memfd;
	ret = base_memfd_allocate(memfd, bytes);
	if (ret < 0)
		goto fail;
	/* Populated: no page fault in the first frames. */
	m = base_sys.mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_POPULATE, memfd, 0);
	if (m == MAP_FAILED) {
		ret = -errno;
		goto fail;
	}
	/* Not in a forked child, which would keep writing to it. */
	if (madvise(m, bytes, MADV_DONTFORK) < 0 ||
	    base_sys.fcntl(memfd, F_ADD_SEALS, seals) < 0) {
		ret = -errno;
		goto fail;
	}
	*fd = memfd;
	*map = m;
	return 0;
fail:
	if (m != MAP_FAILED)
		munmap(m, bytes);
	base_close(&memfd);
	return ret;
}

bool
shmx_segment_is_memory(int fd)
{
	struct statfs fs;

	/* First: it asks nobody but the kernel, and fails for other files. */
	if (base_sys.fcntl(fd, F_GET_SEALS, 0) < 0)
		return false;
	return fstatfs(fd, &fs) == 0 && fs.f_type == TMPFS_MAGIC;
}

int
shmx_segment_check(int fd, uint64_t bytes, int seals)
{
	struct stat st;

	if (!shmx_segment_is_memory(fd))
		return -EPROTO;
	if (base_sys.fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size < 0 ||
	    (uint64_t)st.st_size != bytes)
		return -EPROTO;
	return (base_sys.fcntl(fd, F_GET_SEALS, 0) & seals) == seals ? 0 :
		-EPROTO;
}

int
shmx_segment_map(int fd, uint64_t offset, size_t bytes, int prot,
		 void **map)
{
	void *m;

	m = base_sys.mmap(NULL, bytes, prot, MAP_SHARED, fd, (off_t)offset);
	if (m == MAP_FAILED)
		return -errno;
	(void)madvise(m, bytes, MADV_DONTFORK);
	*map = m;
	return 0;
}

void
shmx_segment_unmap(void *map, size_t bytes)
{
	if (map != NULL)
		munmap(map, bytes);
}
