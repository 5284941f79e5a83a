/* SPDX-License-Identifier: MIT */
/*
 * procfs.h - what /proc tells of processes and the rings they have open
 *
 * For inspecting rings that nobody answers for.  All of it may have changed
 * by the time it is told: what is opened by it is looked at again.
 */
#ifndef SHMX_PROCFS_H
#define SHMX_PROCFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <shmx/shmx.h>

/* A descriptor of some process that is a ring's memory, or a record's. */
struct shmx_proc_fd {
	pid_t pid;
	int fd;
	bool writable;			/* else an inspector's */
	dev_t dev;
	ino_t ino;
	char name[SHMX_NAME_MAX + 1];	/* of the ring */
};

struct shmx_proc_fds {
	struct shmx_proc_fd *fd;
	size_t count;
};

/*
 * Find the memfds with that label (SHMX_LABEL_RING ...) in a process, or in
 * all processes of this user for a pid of 0, and add them to what is there.
 * name is a ring's, or NULL for all.  Processes that cannot be looked into
 * are passed over.  0 or -ENOMEM.
 */
int
shmx_proc_find(struct shmx_proc_fds *fds, pid_t pid, const char *label,
	       const char *name);
void
shmx_proc_free(struct shmx_proc_fds *fds);

/* Open it, for reading only.  -ENOENT when it is not there any more. */
int
shmx_proc_open(const struct shmx_proc_fd *fd);

/* 'R', 'S', 'T' ... as ps shows it; '\0' when there is no such process. */
char
shmx_proc_state(pid_t pid);

/* "life"; "" when there is no such process, or it is hidden. */
void
shmx_proc_program(pid_t pid, char *buf, size_t size);

/*
 * Whether a process was started with the same SHMX_DIR as this one, and so
 * calls the same rings by the same names.
 */
bool
shmx_proc_same_place(pid_t pid);

/*
 * Who maps a file: the first of this user's processes that does, but this one,
 * 0 for nobody, or -1 when that cannot be told for want of descriptors or
 * memory.
 */
pid_t
shmx_proc_mapper(const char *path);

/*
 * Who has an flock on a file: a pid, 0 for nobody, or -1 when that cannot be
 * told.  Nothing is locked to find out.  Not who took it and is dead, if it can
 * be told who inherited it.
 */
pid_t
shmx_proc_flock_owner(dev_t dev, ino_t ino);

/*
 * Who keeps an flock that somebody holds: a process of this user that has the
 * descriptor, by fork or else; 0 when there is none to be seen.  In a container
 * it is the only way: there the lock of a dead process is not listed.
 */
pid_t
shmx_proc_flock_heir(dev_t dev, ino_t ino);

#endif
