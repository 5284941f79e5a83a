/* SPDX-License-Identifier: MIT */
/*
 * object.c - a ring's memory by name: an object in /dev/shm
 *
 * Only who has the flock of an object takes its name away, and having got it
 * looks whether the name is still that object's: so nobody removes what
 * somebody else has put there meanwhile.
 *
 * An flock is inherited by a forked child, which may outlive the ring.  So the
 * maker of an object notes which one it is in the lock file of the ring's
 * name: who has that lock later knows that the maker is gone.
 */
#include "config.h"

#include "object.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/memfd.h"
#include "base/sys.h"
#include "kill.h"
#include "layout.h"
#include "procfs.h"
#include "rendezvous.h"
#include "v2-layout.h"

/* Who looks whether a ring lives has its lock for some microseconds. */
#define LOCK_PATIENCE_NS	(100 * BASE_NS_PER_MS)
#define LOCK_PAUSE_NS		(2 * BASE_NS_PER_MS)

/* What the lock file of a name holds: the object made last. */
struct note {
	uint64_t dev;
	uint64_t ino;
};

void
shmx_object_path(char path[SHMX_OBJECT_PATH], const char *name)
{
	snprintf(path, SHMX_OBJECT_PATH, SHMX_OBJECT_DIR "/%s", name);
}

int
shmx_object_open(const char *name)
{
	char path[SHMX_OBJECT_PATH];
	struct stat st;
	int fd, ret = 0;

	shmx_object_path(path, name);
	/* Neither a link to elsewhere, nor a pipe that nobody writes to. */
	fd = base_sys.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
			   O_CLOEXEC, 0);
	if (fd < 0)
		return base_error(-errno, "no named ring \"%s\": %s: %s",
				  name, path, strerror(errno));
	if (base_sys.fstat(fd, &st) < 0)
		ret = base_error(-errno, "cannot look at %s: %s", path,
				 strerror(errno));
	else if (st.st_uid != geteuid())
		ret = base_error(-EACCES, "%s belongs to user %u, not to you",
				 path, (unsigned)st.st_uid);
	else if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
		ret = base_error(-EINVAL, "%s is no ring", path);
	if (ret == 0)
		return fd;
	base_close(&fd);
	return ret;
}

bool
shmx_object_is_ring(int fd, enum shmx_ring_kind *kind)
{
	struct shmx_header h;

	if (base_pread_all(fd, &h, sizeof(h), 0) < 0 || h.magic != SHMX_MAGIC)
		return false;
	*kind = shmx_v2_is_ours(&h) ? SHMX_RING_NAMED : SHMX_RING_V2;
	return true;
}

/* -------------------------------------------------------------- making -- */

int
shmx_object_create(size_t bytes, int *fd, void **map)
{
	void *m = MAP_FAILED;
	int object, ret = 0;

	object = base_sys.open(SHMX_OBJECT_DIR, O_RDWR | O_TMPFILE | O_CLOEXEC,
			       0600);
	if (object < 0)
		return -errno;
	/* Whatever the umask is. */
	if (fchmod(object, 0600) < 0 || flock(object, LOCK_EX | LOCK_NB) < 0)
		ret = -errno;
	if (ret == 0)
		ret = base_memfd_allocate(object, bytes);
	if (ret == 0) {
		m = base_sys.mmap(NULL, bytes, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_POPULATE, object, 0);
		if (m == MAP_FAILED)
			ret = -errno;
	}
	if (ret < 0) {
		base_close(&object);
		return ret;
	}
	(void)madvise(m, bytes, MADV_DONTFORK);
	SHMX_KILL_POINT("object made");
	*fd = object;
	*map = m;
	return 0;
}

/* ------------------------------------------------------------ replacing -- */

static struct note
describe(const struct stat *st)
{
	return (struct note){ st->st_dev, st->st_ino };
}

/* Did whoever owned the ring's name before us make it? */
static bool
is_predecessors(int lock_fd, const struct stat *st)
{
	struct note now = describe(st), noted;

	return base_pread_all(lock_fd, &noted, sizeof(noted), 0) == 0 &&
	       memcmp(&noted, &now, sizeof(now)) == 0;
}

static bool
is_named(const char *path, const struct stat *st)
{
	struct stat named;

	return lstat(path, &named) == 0 && named.st_dev == st->st_dev &&
	       named.st_ino == st->st_ino;
}

static int
say_in_use(const char *name, pid_t owner)
{
	char who[64];

	shmx_process_name(owner, who, sizeof(who));
	return base_error(-EADDRINUSE, "ring \"%s\" is in use: %s has "
			  SHMX_OBJECT_DIR "/%s; stop it or choose another "
			  "name", name, who, name);
}

/* Is it a ring that is over?  -EBUSY: somebody has it locked. */
static int
check_leftover(const char *name, const char *path, int fd, int lock_fd,
	       const struct stat *st)
{
	enum shmx_ring_kind kind;
	pid_t user;

	if (!shmx_object_is_ring(fd, &kind))
		return base_error(-EEXIST, "%s is no ring: remove it, or "
				  "choose another name", path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 && !is_predecessors(lock_fd, st))
		return -EBUSY;
	/* Those of v2.0 lock nothing; but their server maps it. */
	user = kind == SHMX_RING_V2 ? shmx_proc_mapper(path) : 0;
	return user != 0 ? say_in_use(name, BASE_MAX(user, 0)) : 0;
}

/*
 * One look at what has the name: 0 when nothing has, or a leftover that was
 * removed; -EBUSY and *st when it is locked.
 */
static int
clear_once(const char *name, int lock_fd, bool remove, struct stat *st)
{
	char path[SHMX_OBJECT_PATH];
	int fd, ret;

	shmx_object_path(path, name);
	if (lstat(path, st) < 0)
		return errno == ENOENT ? 0 :
			base_error(-errno, "cannot look at %s: %s", path,
				   strerror(errno));
	fd = shmx_object_open(name);
	if (fd == -ENOENT)
		return 0;
	if (fd == -EINVAL || fd == -ELOOP || fd == -EACCES)
		return base_error(-EEXIST, "%s is in the way, and no ring of "
				  "yours: remove it, or choose another name",
				  path);
	if (fd < 0)
		return fd;
	ret = base_sys.fstat(fd, st) < 0 ? -errno :
		check_leftover(name, path, fd, lock_fd, st);
	if (ret == 0 && remove && is_named(path, st) && unlink(path) < 0)
		ret = base_error(-errno, "cannot remove %s: %s", path,
				 strerror(errno));
	base_close(&fd);
	return ret;
}

static int
clear(const char *name, int lock_fd, bool remove)
{
	uint64_t deadline = base_now_ns() + LOCK_PATIENCE_NS;
	struct stat st;
	int ret;

	while ((ret = clear_once(name, lock_fd, remove, &st)) == -EBUSY) {
		if (base_now_ns() >= deadline)
			return say_in_use(name, BASE_MAX(0,
				shmx_proc_flock_owner(st.st_dev, st.st_ino)));
		base_sleep_until(base_now_ns() + LOCK_PAUSE_NS);
	}
	return ret;
}

int
shmx_object_check(const char *name, int lock_fd)
{
	/* Not "in the way": nobody is to be told to remove /dev/shm. */
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return base_error(-EINVAL, "\"%s\" is no name for a ring in "
				  SHMX_OBJECT_DIR, name);
	return clear(name, lock_fd, false);
}

/* ---------------------------------------------------------------- names -- */

int
shmx_object_announce(const char *name, int fd, int lock_fd)
{
	char path[SHMX_OBJECT_PATH], self[64];
	struct note note;
	struct stat st;
	int ret;

	shmx_object_path(path, name);
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	do {
		ret = clear(name, lock_fd, true);
		if (ret < 0)
			return ret;
		SHMX_KILL_POINT("object cleared");
		/* Before the name: nobody is to find an object unnoted. */
		if (base_sys.fstat(fd, &st) < 0)
			return base_error(-errno, "cannot look at ring \"%s\": "
					  "%s", name, strerror(errno));
		note = describe(&st);
		if (pwrite(lock_fd, &note, sizeof(note), 0) != sizeof(note))
			return base_error(-EIO, "cannot write to the lock file "
					  "of ring \"%s\"", name);
		SHMX_KILL_POINT("object noted");
		ret = linkat(AT_FDCWD, self, AT_FDCWD, path,
			     AT_SYMLINK_FOLLOW) < 0 ? -errno : 0;
	} while (ret == -EEXIST);
	SHMX_KILL_POINT("object linked");
	return ret == 0 ? 0 :
		base_error(ret, "cannot name ring \"%s\" %s: %s", name, path,
			   strerror(-ret));
}

void
shmx_object_withdraw(const char *name, int fd)
{
	char path[SHMX_OBJECT_PATH];
	struct stat st;

	shmx_object_path(path, name);
	if (base_sys.fstat(fd, &st) == 0 && is_named(path, &st))
		unlink(path);
	SHMX_KILL_POINT("object withdrawn");
}
