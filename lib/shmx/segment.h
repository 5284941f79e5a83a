/* SPDX-License-Identifier: MIT */
/*
 * segment.h - sealed anonymous shared memory
 */
#ifndef SHMX_SEGMENT_H
#define SHMX_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Seals of what a producer hands out.  Data: nobody resizes it, and nobody
 * can map it writable from now on but who has done so already.  Record: the
 * reader writes into it, so only the size is sealed.
 */
#define SHMX_SEALS_SIZE		(F_SEAL_SHRINK | F_SEAL_GROW)
#define SHMX_SEALS_RECORD	(SHMX_SEALS_SIZE | F_SEAL_SEAL)
#define SHMX_SEALS_DATA		(SHMX_SEALS_RECORD | F_SEAL_FUTURE_WRITE)

/*
 * What /proc shows of a ring's memfds, before its name: by these, and the
 * contents, they are found where nobody answers for them.
 */
#define SHMX_LABEL_RING		"shmx-ring:"
#define SHMX_LABEL_RECORD	"shmx-record:"
/* And of what a reader copied, which is nobody's ring. */
#define SHMX_LABEL_COPY		"shmx-copy:"

/*
 * Make a memfd of that size, all of it allocated, map it for reading and
 * writing, and seal it.  *fd and *map are the caller's.  -ENOMEM or -ENOSPC
 * when there is no memory.
 */
int
shmx_segment_create(const char *label, size_t bytes, int seals, int *fd,
		    void **map);

/*
 * Whether a descriptor from a peer is the kernel's plain shared memory, with
 * seals or without.  A page of any other file may be one that its server never
 * gives, and so may its size.  Huge pages can be taken back by punching holes,
 * whatever the size is, and there may be none left when they are touched
 * again, which is a SIGBUS.
 */
bool
shmx_segment_is_memory(int fd);

/*
 * Whether it is that, of exactly that size, and has these seals: by
 * SHMX_SEALS_SIZE, nobody can change its size any more.  -EPROTO where it is
 * not.
 */
int
shmx_segment_check(int fd, uint64_t bytes, int seals);

/* Map bytes of a segment from a page on.  *map is the caller's. */
int
shmx_segment_map(int fd, uint64_t offset, size_t bytes, int prot,
		 void **map);

void
shmx_segment_unmap(void *map, size_t bytes);

#endif
