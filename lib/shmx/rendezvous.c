/* SPDX-License-Identifier: MIT */
/*
 * rendezvous.c - how a reader finds a producer by name
 *
 * The lock is a POSIX record lock: the only kind that a forked child does not
 * inherit and that names its holder.  Its price is that it belongs to the
 * whole process, so that a second claim in the same process would succeed and
 * closing it would drop the first: the claims of this process are kept in a
 * list, the only global state of the library.  A forked child inherits the
 * list without the locks, and passes over what is not its own.
 */
#include "config.h"

#include "rendezvous.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"
#include "kill.h"
#include "procfs.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

/* A sweeper holds the lock for some microseconds: try for this long. */
#define LOCK_PATIENCE_NS	(100 * BASE_NS_PER_MS)
#define LOCK_PAUSE_NS		(2 * BASE_NS_PER_MS)

static pthread_mutex_t claims_lock = PTHREAD_MUTEX_INITIALIZER;
static struct shmx_claim *claims;

/* --------------------------------------------------- names and people -- */

int
shmx_name_check(const char *name, const char **clean)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";
	size_t len;

	if (name == NULL)
		return base_error(-EINVAL, "a ring needs a name");
	name += name[0] == '/';
	len = strlen(name);
	if (len < 1 || len > SHMX_NAME_MAX || strspn(name, allowed) != len)
		return base_error(-EINVAL, "\"%.80s\" is no name for a ring: "
				  "use 1 to %d of A-Z a-z 0-9 . _ -", name,
				  SHMX_NAME_MAX);
	*clean = name;
	return 0;
}

void
shmx_process_name(pid_t pid, char *buf, size_t size)
{
	char comm[32];

	shmx_proc_program(pid, comm, sizeof(comm));
	if (pid == 0)
		snprintf(buf, size, "a process of another container");
	else if (comm[0] != '\0')
		snprintf(buf, size, "%s (pid %d)", comm, (int)pid);
	else
		snprintf(buf, size, "pid %d", (int)pid);
}

int
shmx_peer_pidfd(int conn, pid_t pid)
{
	struct pollfd dead = { .fd = -1, .events = POLLIN };
	socklen_t len = sizeof(dead.fd);

	if (base_sys.getsockopt(conn, SOL_SOCKET, SO_PEERPIDFD, &dead.fd,
				&len) < 0) {
		dead.fd = -1;
		if (errno == ESRCH)
			return -ESRCH;
		/* Linux before 6.5; a pid of 0 is in another container. */
		if (pid > 0)
			dead.fd = base_sys.pidfd_open(pid, 0);
		if (dead.fd < 0)
			return pid > 0 && errno == ESRCH ? -ESRCH : -1;
	}
	if (base_sys.poll(&dead, 1, 0) <= 0)
		return dead.fd;
	base_close(&dead.fd);
	return -ESRCH;
}

/* -------------------------------------------------------- directories -- */

struct dirs {
	char path[SHMX_DIRS_MAX][PATH_MAX];
	unsigned count;
};

static void
add_dir(struct dirs *dirs, const char *prefix, const char *suffix)
{
	char *path = dirs->path[dirs->count];
	unsigned i;

	if ((size_t)snprintf(path, PATH_MAX, "%s%s", prefix, suffix) >=
	    PATH_MAX)
		return;
	for (i = 0; i < dirs->count; i++)
		if (strcmp(dirs->path[i], path) == 0)
			return;
	dirs->count++;
}

/* Where rings may be, in the order in which both sides look. */
static void
list_dirs(struct dirs *dirs)
{
	const char *env;
	char user[64];

	dirs->count = 0;
	env = getenv("SHMX_DIR");
	if (env != NULL && env[0] != '\0') {
		add_dir(dirs, env, "");
		return;
	}
	env = getenv("XDG_RUNTIME_DIR");
	if (env != NULL && env[0] == '/')
		add_dir(dirs, env, "/shmx");
	snprintf(user, sizeof(user), "/run/user/%u/shmx", (unsigned)geteuid());
	add_dir(dirs, user, "");
	snprintf(user, sizeof(user), "/tmp/shmx-%u", (unsigned)geteuid());
	add_dir(dirs, user, "");
}

/*
 * Open a directory of sockets, if it is ours alone.  Returns a descriptor,
 * the caller's.
 */
static int
open_dir(const char *path, bool make)
{
	struct stat st;
	int fd, ret;

	if (make && base_sys.mkdir(path, 0700) < 0 && errno != EEXIST)
		return base_error(-errno, "cannot make the directory of rings "
				  "%s: %s; set SHMX_DIR to one that can be "
				  "written", path, strerror(errno));
	fd = base_sys.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
			   O_CLOEXEC, 0);
	if (fd < 0)
		return base_error(-errno, "cannot open the directory of rings "
				  "%s: %s", path, strerror(errno));
	if (base_sys.fstat(fd, &st) < 0) {
		ret = base_error(-errno, "cannot look at the directory of "
				 "rings %s: %s", path, strerror(errno));
	} else if (st.st_uid != geteuid() || (st.st_mode & 022) != 0) {
		ret = base_error(-EACCES, "the directory of rings %s must "
				 "belong to you and be writable by nobody "
				 "else; set SHMX_DIR to another", path);
	} else if (make && faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) < 0) {
		ret = base_error(-errno, "the directory of rings %s cannot be "
				 "written: %s; set SHMX_DIR to another", path,
				 strerror(errno));
	} else {
		return fd;
	}
	base_close(&fd);
	return ret;
}

/* The first directory that can be used, made if need be. */
static int
open_first_dir(char *path, size_t size)
{
	struct dirs dirs;
	unsigned i;
	int fd = -ENOENT;

	list_dirs(&dirs);
	for (i = 0; i < dirs.count; i++) {
		fd = open_dir(dirs.path[i], true);
		if (fd >= 0) {
			snprintf(path, size, "%s", dirs.path[i]);
			return fd;
		}
	}
	return fd;
}

/*
 * A socket's address.  sun_path is short and directories may be long: reach
 * long ones through their descriptor.
 */
static int
address(struct sockaddr_un *sa, const char *dir, int dir_fd,
	const char *before, const char *name, const char *after)
{
	int n;

	memset(sa, 0, sizeof(*sa));
	sa->sun_family = AF_UNIX;
	n = snprintf(sa->sun_path, sizeof(sa->sun_path), "%s/%s%s%s", dir,
		     before, name, after);
	if ((size_t)n < sizeof(sa->sun_path))
		return 0;
	n = snprintf(sa->sun_path, sizeof(sa->sun_path),
		     "/proc/self/fd/%d/%s%s%s", dir_fd, before, name, after);
	return (size_t)n < sizeof(sa->sun_path) ? 0 : -ENAMETOOLONG;
}

/* --------------------------------------------------------------- lock -- */

static int
open_lock(int dir_fd, const char *name, bool make)
{
	char file[SHMX_NAME_MAX + 8];
	int fd;

	snprintf(file, sizeof(file), "%s.lock", name);
	fd = openat(dir_fd, file, O_RDWR | O_CLOEXEC | O_NOFOLLOW |
		    (make ? O_CREAT : 0), 0600);
	return fd < 0 ? -errno : fd;
}

/*
 * 0, or -EBUSY and the pid of who has it, or another errno.  The pid is 0
 * when the owner cannot be seen from here: it is in another container.
 */
static int
try_lock(int fd, pid_t *owner)
{
	struct flock fl = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_SETLK, &fl) == 0)
		return 0;
	if (errno != EACCES && errno != EAGAIN)
		return -errno;
	if (fcntl(fd, F_GETLK, &fl) < 0)
		return -errno;
	/* Let go in between: as good as held by somebody; try again. */
	*owner = fl.l_type == F_UNLCK ? getpid() : BASE_MAX(fl.l_pid, 0);
	return -EBUSY;
}

/*
 * Whether this process owns the name, found without opening the lock file:
 * closing it again would drop the lock.  claims_lock is held.
 */
static bool
is_ours(int dir_fd, const char *name)
{
	const struct shmx_claim *c;
	char file[SHMX_NAME_MAX + 8];
	struct stat st;

	snprintf(file, sizeof(file), "%s.lock", name);
	if (fstatat(dir_fd, file, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	for (c = claims; c != NULL; c = c->next)
		if (c->pid == getpid() && c->lock_dev == st.st_dev &&
		    c->lock_ino == st.st_ino)
			return true;
	return false;
}

static int
say_in_use(const char *name, pid_t owner)
{
	char who[64];

	shmx_process_name(owner, who, sizeof(who));
	return base_error(-EADDRINUSE, "ring \"%s\" is in use: %s produces it; "
			  "stop it or choose another name", name, who);
}

/* Whether a file is still the one of that name. */
static bool
is_named(const struct stat *st, int dir_fd, const char *file)
{
	struct stat named;

	return fstatat(dir_fd, file, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       named.st_dev == st->st_dev && named.st_ino == st->st_ino;
}

/*
 * One attempt to own the name: 0, or -EBUSY and by whom it is owned, or
 * -EAGAIN when somebody removed the lock file meanwhile (what was locked is
 * then nobody's name), or another errno.  claims_lock is held.
 */
static int
lock_once(struct shmx_claim *claim, pid_t *owner)
{
	char file[SHMX_NAME_MAX + 8];
	struct stat st;
	int ret;

	*owner = getpid();
	if (is_ours(claim->dir_fd, claim->name))
		return -EBUSY;
	claim->lock_fd = open_lock(claim->dir_fd, claim->name, true);
	if (claim->lock_fd < 0)
		return claim->lock_fd;
	snprintf(file, sizeof(file), "%s.lock", claim->name);
	ret = try_lock(claim->lock_fd, owner);
	if (ret == 0 && base_sys.fstat(claim->lock_fd, &st) < 0)
		ret = -errno;
	if (ret == 0 && !is_named(&st, claim->dir_fd, file))
		ret = -EAGAIN;
	if (ret < 0) {
		base_close(&claim->lock_fd);
		return ret;
	}
	claim->lock_dev = st.st_dev;
	claim->lock_ino = st.st_ino;
	claim->pid = getpid();
	return 0;
}

/* ----------------------------------------------------------- producer -- */

/*
 * Listen under a temporary name, then rename: whoever sees the socket can
 * connect to it.  The temporary name is no ring's, and ours as long as we have
 * the lock: what was left there by somebody killed meanwhile is removed.
 */
static int
listen_on(struct shmx_claim *claim)
{
	struct sockaddr_un temp, final;
	struct stat st;
	int fd, ret;

	ret = address(&temp, claim->dir, claim->dir_fd, "~", claim->name,
		      ".sock");
	if (ret == 0)
		ret = address(&final, claim->dir, claim->dir_fd, "",
			      claim->name, ".sock");
	if (ret < 0)
		return ret;
	fd = base_sys.socket(AF_UNIX,
			     SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	unlink(temp.sun_path);
	if (base_sys.bind(fd, (struct sockaddr *)&temp, sizeof(temp)) < 0) {
		ret = -errno;
	} else if (base_sys.listen(fd, 64) < 0 ||
		   lstat(temp.sun_path, &st) < 0 ||
		   rename(temp.sun_path, final.sun_path) < 0) {
		ret = -errno;
		unlink(temp.sun_path);
	} else {
		SHMX_KILL_POINT("listening");
		claim->listen_fd = fd;
		claim->sock_dev = st.st_dev;
		claim->sock_ino = st.st_ino;
		return 0;
	}
	base_close(&fd);
	return ret;
}

/* One attempt to own the name and listen, said in words when it is final. */
static int
claim_once(struct shmx_claim *claim, pid_t *owner)
{
	int ret;

	pthread_mutex_lock(&claims_lock);
	ret = lock_once(claim, owner);
	if (ret < 0 && ret != -EBUSY && ret != -EAGAIN)
		base_error(ret, "cannot lock %s/%s.lock: %s", claim->dir,
			   claim->name, strerror(-ret));
	if (ret == 0) {
		SHMX_KILL_POINT("locked");
		ret = listen_on(claim);
		if (ret < 0) {
			base_error(ret, "cannot listen in the directory of "
				   "rings %s: %s", claim->dir, strerror(-ret));
			base_close(&claim->lock_fd);
		} else {
			claim->next = claims;
			claims = claim;
		}
	}
	pthread_mutex_unlock(&claims_lock);
	return ret;
}

int
shmx_rendezvous_claim(struct shmx_claim *claim, const char *name)
{
	uint64_t deadline = base_now_ns() + LOCK_PATIENCE_NS;
	pid_t owner;
	int ret;

	*claim = (struct shmx_claim){
		.dir_fd = -1, .lock_fd = -1, .listen_fd = -1,
	};
	snprintf(claim->name, sizeof(claim->name), "%s", name);
	claim->dir_fd = open_first_dir(claim->dir, sizeof(claim->dir));
	if (claim->dir_fd < 0)
		return claim->dir_fd;
	while ((ret = claim_once(claim, &owner)) == -EBUSY || ret == -EAGAIN) {
		if (base_now_ns() >= deadline) {
			ret = say_in_use(claim->name, owner);
			break;
		}
		base_sleep_until(base_now_ns() + LOCK_PAUSE_NS);
	}
	if (ret < 0)
		base_close(&claim->dir_fd);
	return ret;
}

/*
 * Remove the socket if it is ours: somebody may have removed the lock file,
 * and somebody else then owns the name.
 */
static void
remove_socket(const struct shmx_claim *claim)
{
	char file[SHMX_NAME_MAX + 8];
	struct stat st;

	snprintf(file, sizeof(file), "%s.sock", claim->name);
	if (claim->pid == getpid() &&
	    fstatat(claim->dir_fd, file, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_dev == claim->sock_dev && st.st_ino == claim->sock_ino)
		unlinkat(claim->dir_fd, file, 0);
}

void
shmx_rendezvous_unclaim(struct shmx_claim *claim)
{
	struct shmx_claim **c;

	if (claim->lock_fd < 0)
		return;
	pthread_mutex_lock(&claims_lock);
	remove_socket(claim);
	SHMX_KILL_POINT("unnamed");
	for (c = &claims; *c != NULL; c = &(*c)->next)
		if (*c == claim) {
			*c = claim->next;
			break;
		}
	base_close(&claim->listen_fd);
	base_close(&claim->lock_fd);
	base_close(&claim->dir_fd);
	pthread_mutex_unlock(&claims_lock);
}

/* ------------------------------------------------------------- reader -- */

/* Remove the socket of a producer that died, if it is still dead. */
static void
sweep(int dir_fd, const char *name)
{
	char lock[SHMX_NAME_MAX + 8], file[SHMX_NAME_MAX + 8];
	struct stat st;
	pid_t owner;
	int fd;

	snprintf(lock, sizeof(lock), "%s.lock", name);
	snprintf(file, sizeof(file), "%s.sock", name);
	pthread_mutex_lock(&claims_lock);
	fd = is_ours(dir_fd, name) ? -1 : open_lock(dir_fd, name, false);
	if (fd >= 0 && try_lock(fd, &owner) == 0 && fstat(fd, &st) == 0 &&
	    is_named(&st, dir_fd, lock))
		unlinkat(dir_fd, file, 0);
	SHMX_KILL_POINT("swept");
	if (fd >= 0)
		base_close(&fd);
	pthread_mutex_unlock(&claims_lock);
}

/* Whose end is it?  The pid is that of who called listen(2). */
static int
check_peer(int fd, const char *name, pid_t *pid)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (base_sys.getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return base_error(-errno, "cannot see who produces ring "
				  "\"%s\": %s", name, strerror(errno));
	if (cred.uid != geteuid() && cred.uid != 0)
		return base_error(-EACCES, "ring \"%s\" belongs to user %u, "
				  "not to you", name, (unsigned)cred.uid);
	*pid = cred.pid;
	return 0;
}

static int
connect_in(const char *dir, int dir_fd, const char *name, pid_t *producer,
	   int *pidfd)
{
	struct sockaddr_un sa;
	int fd, ret, process = -1;

	ret = address(&sa, dir, dir_fd, "", name, ".sock");
	if (ret < 0)
		return base_error(ret, "the path of ring \"%s\" is too long",
				  name);
	fd = base_sys.socket(AF_UNIX,
			     SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return base_error(-errno, "cannot make a socket: %s",
				  strerror(errno));
	if (base_sys.connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0) {
		ret = base_error(-errno, "cannot connect to the producer of "
				 "ring \"%s\": %s", name, strerror(errno));
	} else {
		ret = check_peer(fd, name, producer);
		if (ret == 0)
			process = shmx_peer_pidfd(fd, *producer);
		if (process == -ESRCH)
			ret = -ECONNREFUSED;
	}
	if (ret == 0) {
		*pidfd = process;
		return fd;
	}
	if (ret == -ECONNREFUSED) {
		sweep(dir_fd, name);
		ret = -ENOENT;
	}
	base_close(&fd);
	return ret;
}

int
shmx_rendezvous_connect(const char *name, pid_t *producer, int *pidfd)
{
	struct dirs dirs;
	int dir_fd, ret;
	unsigned i;

	list_dirs(&dirs);
	for (i = 0; i < dirs.count; i++) {
		dir_fd = open_dir(dirs.path[i], false);
		/* Passed over by producers too, unless there is no other. */
		if (dir_fd == -ENOENT || (dir_fd < 0 && dirs.count > 1))
			continue;
		if (dir_fd < 0)
			return dir_fd;
		ret = connect_in(dirs.path[i], dir_fd, name, producer, pidfd);
		base_close(&dir_fd);
		if (ret == -EAGAIN)
			return base_error(ret, "the producer of ring \"%s\" "
					  "does not answer: is it stopped?",
					  name);
		if (ret != -ENOENT)
			return ret;
	}
	return base_error(-ENOENT, "no ring \"%s\": nothing produces it "
			  "(looked in %s%s); start its producer first", name,
			  dirs.path[0],
			  dirs.count > 1 ? " and where rings are otherwise" :
			  "");
}

/* ---------------------------------------------------------- inspector -- */

/* Who has the lock: 0 and the pid, or -ENOENT. */
static int
lock_owner(int dir_fd, const char *name, pid_t *pid)
{
	struct flock fl = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd, ret = -ENOENT;

	pthread_mutex_lock(&claims_lock);
	if (is_ours(dir_fd, name)) {
		*pid = getpid();
		ret = 0;
	} else {
		fd = open_lock(dir_fd, name, false);
		if (fd >= 0 && fcntl(fd, F_GETLK, &fl) == 0 &&
		    fl.l_type != F_UNLCK) {
			*pid = BASE_MAX(fl.l_pid, 0);
			ret = 0;
		}
		if (fd >= 0)
			base_close(&fd);
	}
	pthread_mutex_unlock(&claims_lock);
	return ret;
}

int
shmx_rendezvous_owner(const char *name, pid_t *pid)
{
	int dir_fd, ret = -ENOENT;
	struct dirs dirs;
	unsigned i;

	list_dirs(&dirs);
	for (i = 0; i < dirs.count && ret < 0; i++) {
		dir_fd = open_dir(dirs.path[i], false);
		if (dir_fd < 0)
			continue;
		ret = lock_owner(dir_fd, name, pid);
		base_close(&dir_fd);
	}
	return ret;
}

/* "life.sock": the name, if it is a ring's. */
static bool
socket_name(const char *file, char *name)
{
	static const char suffix[] = ".sock";
	size_t len = strlen(file), n = sizeof(suffix) - 1;
	const char *clean;

	if (len <= n || len - n > SHMX_NAME_MAX ||
	    strcmp(file + len - n, suffix) != 0)
		return false;
	memcpy(name, file, len - n);
	name[len - n] = '\0';
	/* The "~" of those that are being made is in no name. */
	return shmx_name_check(name, &clean) == 0;
}

static void
each_in(int dir_fd, void (*fn)(const char *name, pid_t pid, void *data),
	void *data)
{
	char name[SHMX_NAME_MAX + 1];
	const struct dirent *e;
	pid_t pid;
	DIR *d;
	int fd;

	/* readdir() moves the descriptor, and closedir() closes it. */
	fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	d = fd < 0 ? NULL : fdopendir(fd);
	if (d == NULL) {
		if (fd >= 0)
			base_close(&fd);
		return;
	}
	while ((e = readdir(d)) != NULL) {
		if (!socket_name(e->d_name, name))
			continue;
		if (lock_owner(dir_fd, name, &pid) == 0)
			fn(name, pid, data);
		else
			sweep(dir_fd, name);
	}
	closedir(d);
}

int
shmx_rendezvous_each(void (*fn)(const char *name, pid_t pid, void *data),
		     void *data)
{
	struct dirs dirs;
	unsigned i;
	int dir_fd;

	list_dirs(&dirs);
	for (i = 0; i < dirs.count; i++) {
		dir_fd = open_dir(dirs.path[i], false);
		/* As a reader does: see shmx_rendezvous_connect(). */
		if (dir_fd == -ENOENT || (dir_fd < 0 && dirs.count > 1))
			continue;
		if (dir_fd < 0)
			return dir_fd;
		each_in(dir_fd, fn, data);
		base_close(&dir_fd);
	}
	return 0;
}

int
shmx_rendezvous_watch(int inotify_fd, bool make)
{
	struct dirs dirs;
	unsigned i;
	int dir_fd, ret = -ENOENT;
	char path[64];

	list_dirs(&dirs);
	for (i = 0; i < dirs.count; i++) {
		/* Made only where a producer would make it. */
		dir_fd = open_dir(dirs.path[i], make && ret != 0);
		if (dir_fd < 0)
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", dir_fd);
		if (inotify_add_watch(inotify_fd, path, IN_MOVED_TO) >= 0)
			ret = 0;
		else if (ret != 0)
			ret = -errno;
		base_close(&dir_fd);
	}
	return ret;
}
