/* SPDX-License-Identifier: MIT */
/*
 * rendezvous.h - how a reader finds a producer by name
 *
 * A directory of sockets that only its owner may enter.  For ring NAME:
 *
 *	NAME.lock	locked by the producer as long as it lives; never
 *			removed, so that it is always the same file
 *	NAME.sock	the producer's listening socket
 *	~NAME.sock	the same until it listens
 *
 * The lock, not the socket, is ownership: the kernel drops it when its owner
 * dies, and a socket without one is a leftover that whoever finds it removes.
 */
#ifndef SHMX_RENDEZVOUS_H
#define SHMX_RENDEZVOUS_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include <shmx/shmx.h>

#define SHMX_DIRS_MAX 3

/*
 * Check a ring's name and strip a leading "/".  *clean points into name.
 * -EINVAL, with base_error() said.
 */
int
shmx_name_check(const char *name, const char **clean);

/* A name that this process owns. */
struct shmx_claim {
	char name[SHMX_NAME_MAX + 1];
	char dir[PATH_MAX];
	int dir_fd;
	int lock_fd;
	int listen_fd;			/* non-blocking */
	dev_t lock_dev;			/* which file lock_fd is */
	ino_t lock_ino;
	dev_t sock_dev;			/* which file the socket is */
	ino_t sock_ino;
	pid_t pid;			/* whose; not a forked child's */
	struct shmx_claim *next;	/* among the claims of this process */
};

/*
 * Own a name: lock it, remove what a dead owner left, listen.  -EADDRINUSE
 * when a live process owns it; base_error() is said on every failure.
 */
int
shmx_rendezvous_claim(struct shmx_claim *claim, const char *name);

/* Give it back and remove the socket. */
void
shmx_rendezvous_unclaim(struct shmx_claim *claim);

/*
 * Connect to the producer of a name.  Returns a non-blocking socket, the
 * caller's, the producer's pid, and a pidfd as shmx_peer_pidfd() has it; or
 * -ENOENT when there is none, -EAGAIN when it has no room for another
 * connection now, -EACCES when it belongs to another user.  base_error() is
 * said on failure.  Removes the socket of a dead producer.
 */
int
shmx_rendezvous_connect(const char *name, pid_t *producer, int *pidfd);

/*
 * Who owns a name, found without disturbing the owner: 0 and its pid (0 when
 * it is in another container), or -ENOENT.
 */
int
shmx_rendezvous_owner(const char *name, pid_t *pid);

/*
 * Call fn for each name that is owned, in no order.  Removes the sockets of
 * the dead on the way.  0, or -errno where there is but one directory in which
 * rings may be, and it cannot be used.
 */
int
shmx_rendezvous_each(void (*fn)(const char *name, pid_t pid, void *data),
		     void *data);

/*
 * Have an inotify descriptor become readable when a producer of any name
 * starts to listen.  make: make the directory if need be.
 */
int
shmx_rendezvous_watch(int inotify_fd, bool make);

/*
 * A descriptor that becomes readable when the process at the other end of a
 * connection ends, the caller's.  pid is that of SO_PEERCRED.  -1 when there is
 * none to be had, and only the connection tells; -ESRCH when the process has
 * ended: what keeps the connection open is a child that it forked.
 */
int
shmx_peer_pidfd(int conn, pid_t pid);

/* "life (pid 4711)", or "pid 4711" where the name is not to be had. */
void
shmx_process_name(pid_t pid, char *buf, size_t size);

#endif
