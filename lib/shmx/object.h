/* SPDX-License-Identifier: MIT */
/*
 * object.h - a ring's memory by name: an object in /dev/shm
 *
 * Where SHMX v2.0 looks for it with shm_open("/NAME").  An object is made
 * without a name, filled, and given its name last: whoever opens it finds a
 * whole ring, on an inode that never was another.  Its maker holds an flock on
 * it through a descriptor that is handed to nobody; an object that nobody has
 * locked is a leftover, and replaced by the next ring of that name.
 */
#ifndef SHMX_OBJECT_H
#define SHMX_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <shmx/shmx.h>

#define SHMX_OBJECT_DIR "/dev/shm"

/* What an object's path takes, with its end. */
#define SHMX_OBJECT_PATH (sizeof(SHMX_OBJECT_DIR) + SHMX_NAME_MAX + 1)

void
shmx_object_path(char path[SHMX_OBJECT_PATH], const char *name);

/*
 * Open the object of a name for reading: a descriptor, the caller's.  It is a
 * file of ours that has no other name; else -EACCES, -EINVAL, or why it cannot
 * be opened, with base_error() said.
 */
int
shmx_object_open(const char *name);

/* Does it hold a ring?  Of which kind: SHMX_RING_NAMED or SHMX_RING_V2. */
bool
shmx_object_is_ring(int fd, enum shmx_ring_kind *kind);

/*
 * Make an object without a name, all of it allocated, locked and mapped.  *fd
 * and *map are the caller's.
 */
int
shmx_object_create(size_t bytes, int *fd, void **map);

/*
 * May that name be given to a ring now?  0, or with base_error() said
 * -EADDRINUSE when another ring that is in use has it, -EEXIST when it is the
 * name of something that is no ring of ours and must not be removed, -EINVAL
 * when no object can have it, or another errno.  lock_fd is the lock file of
 * the ring's name, held.
 */
int
shmx_object_check(const char *name, int lock_fd);

/*
 * Give an object its name, and remove what a ring before it left there;
 * errors are those of shmx_object_check().
 */
int
shmx_object_announce(const char *name, int fd, int lock_fd);

/* Take the name from an object, unless it is another's by now. */
void
shmx_object_withdraw(const char *name, int fd);

#endif
