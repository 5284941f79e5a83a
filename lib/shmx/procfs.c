/* SPDX-License-Identifier: MIT */
/*
 * procfs.c - what /proc tells of processes and the rings they have open
 */
#include "config.h"

#include "procfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/base.h"
#include "base/fd.h"
#include "base/sys.h"
#include "base/text.h"
#include "rendezvous.h"

#define MEMFD "/memfd:"

/* ---------------------------------------------------------- processes -- */

char
shmx_proc_state(pid_t pid)
{
	char path[64], line[512], *p;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (f == NULL)
		return '\0';
	p = fgets(line, sizeof(line), f);
	fclose(f);
	/* "4711 (na) me) S ...": the last bracket ends the name. */
	p = p != NULL ? strrchr(line, ')') : NULL;
	return p != NULL && p[1] == ' ' ? p[2] : '\0';
}

void
shmx_proc_program(pid_t pid, char *buf, size_t size)
{
	char path[64];
	FILE *f;

	buf[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	f = pid > 0 ? fopen(path, "re") : NULL;
	if (f == NULL)
		return;
	if (fgets(buf, (int)size, f) == NULL)
		buf[0] = '\0';
	fclose(f);
	buf[strcspn(buf, "\n")] = '\0';
	base_clean_text(buf, size, buf, size);
}

/* The value of SHMX_DIR that a process was started with; "" without. */
static bool
read_place(pid_t pid, char *buf, size_t size)
{
	static const char key[] = "SHMX_DIR=";
	char path[64], *line = NULL;
	size_t room = 0;
	ssize_t n;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	buf[0] = '\0';
	while ((n = getdelim(&line, &room, '\0', f)) > 0)
		if (strncmp(line, key, sizeof(key) - 1) == 0)
			snprintf(buf, size, "%s", line + sizeof(key) - 1);
	free(line);
	fclose(f);
	return true;
}

bool
shmx_proc_same_place(pid_t pid)
{
	const char *ours = getenv("SHMX_DIR");
	char theirs[4096];

	return pid == getpid() ||
	       !read_place(pid, theirs, sizeof(theirs)) ||
	       strcmp(theirs, ours != NULL ? ours : "") == 0;
}

/*
 * Did we fail to look for want of descriptors or memory?  Anything else is as
 * good as nothing being there: a process that has ended, or is no business of
 * ours.
 */
static bool
lacks_means(int err)
{
	return err == EMFILE || err == ENFILE || err == ENOMEM;
}

/*
 * Call fn for each process of this user, until it returns true.  -errno when
 * none could be looked at.
 */
static int
each_process(bool (*fn)(pid_t pid, void *data), void *data)
{
	const struct dirent *e;
	bool done = false;
	struct stat st;
	char *end;
	long pid;
	DIR *d;

	d = opendir("/proc");
	if (d == NULL)
		return -errno;
	while (!done && (e = readdir(d)) != NULL) {
		pid = strtol(e->d_name, &end, 10);
		if (pid > 0 && *end == '\0' &&
		    fstatat(dirfd(d), e->d_name, &st, 0) == 0 &&
		    st.st_uid == geteuid())
			done = fn((pid_t)pid, data);
	}
	closedir(d);
	return 0;
}

/* -------------------------------------------------------- descriptors -- */

struct search {
	struct shmx_proc_fds *fds;
	const char *label;
	const char *name;
	int error;
};

/* "/memfd:shmx-ring:life (deleted)": the ring's name, if it is one. */
static bool
parse_link(const struct search *s, const char *link, char *name)
{
	size_t prefix = strlen(s->label), len;
	const char *clean;

	if (strncmp(link, MEMFD, strlen(MEMFD)) != 0)
		return false;
	link += strlen(MEMFD);
	if (strncmp(link, s->label, prefix) != 0)
		return false;
	link += prefix;
	len = strcspn(link, " ");
	if (len < 1 || len > SHMX_NAME_MAX)
		return false;
	memcpy(name, link, len);
	name[len] = '\0';
	/* Whoever makes a memfd can call it anything at all. */
	if (s->name == NULL)
		return shmx_name_check(name, &clean) == 0 && clean == name;
	return strcmp(name, s->name) == 0;
}

static bool
is_writable(pid_t pid, int fd)
{
	char path[64], line[64];
	unsigned flags = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", (int)pid, fd);
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	while (fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "flags: %o", &flags) == 1)
			break;
	fclose(f);
	return (flags & O_ACCMODE) != O_RDONLY;
}

static int
add_fd(struct shmx_proc_fds *fds, const struct shmx_proc_fd *fd)
{
	struct shmx_proc_fd *more;

	/* Grows by doubling at 16, 32, 64 ... */
	if (fds->count == 0 || (fds->count >= 16 &&
				(fds->count & (fds->count - 1)) == 0)) {
		more = base_sys.realloc(fds->fd, sizeof(*more) *
					BASE_MAX(fds->count * 2, 16));
		if (more == NULL)
			return -ENOMEM;
		fds->fd = more;
	}
	fds->fd[fds->count++] = *fd;
	return 0;
}

static bool
search_process(pid_t pid, void *data)
{
	struct shmx_proc_fd found = { .pid = pid };
	struct search *s = data;
	const struct dirent *e;
	char path[64], link[256];
	struct stat st;
	ssize_t n;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	d = opendir(path);
	if (d == NULL)
		return false;
	while (s->error == 0 && (e = readdir(d)) != NULL) {
		n = readlinkat(dirfd(d), e->d_name, link, sizeof(link) - 1);
		if (n < 0)
			continue;
		link[n] = '\0';
		if (!parse_link(s, link, found.name) ||
		    fstatat(dirfd(d), e->d_name, &st, 0) < 0)
			continue;
		found.fd = atoi(e->d_name);
		found.dev = st.st_dev;
		found.ino = st.st_ino;
		found.writable = is_writable(pid, found.fd);
		s->error = add_fd(s->fds, &found);
	}
	closedir(d);
	return s->error < 0;
}

int
shmx_proc_find(struct shmx_proc_fds *fds, pid_t pid, const char *label,
	       const char *name)
{
	struct search s = { fds, label, name, 0 };

	if (pid != 0)
		search_process(pid, &s);
	else
		each_process(search_process, &s);
	return s.error;
}

void
shmx_proc_free(struct shmx_proc_fds *fds)
{
	free(fds->fd);
	*fds = (struct shmx_proc_fds){ NULL, 0 };
}

int
shmx_proc_open(const struct shmx_proc_fd *which)
{
	struct stat st;
	char path[64];
	int fd, ret;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)which->pid,
		 which->fd);
	/* Not what it has become: opening a device can have effects. */
	fd = base_sys.open(path, O_PATH | O_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	ret = base_sys.fstat(fd, &st) < 0 ? -errno :
		st.st_dev != which->dev || st.st_ino != which->ino ||
		!S_ISREG(st.st_mode) ? -ENOENT : 0;
	if (ret == 0) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		ret = base_sys.open(path, O_RDONLY | O_CLOEXEC, 0);
		if (ret < 0)
			ret = -errno;
	}
	base_close(&fd);
	return ret;
}

/* -------------------------------------------------- objects with names -- */

struct mapper {
	const char *path;
	pid_t pid;
};

static bool
maps_it(pid_t pid, void *data)
{
	struct mapper *m = data;
	char path[64], *line = NULL, *name;
	size_t room = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	if (pid == getpid())
		return false;
	f = fopen(path, "re");
	if (f == NULL) {
		m->pid = lacks_means(errno) ? -1 : 0;
		return m->pid != 0;
	}
	while (m->pid == 0 && getline(&line, &room, f) > 0) {
		line[strcspn(line, "\n")] = '\0';
		name = strchr(line, '/');
		if (name != NULL && strcmp(name, m->path) == 0)
			m->pid = pid;
	}
	free(line);
	fclose(f);
	return m->pid != 0;
}

pid_t
shmx_proc_mapper(const char *path)
{
	struct mapper m = { path, 0 };
	int ret = each_process(maps_it, &m);

	return lacks_means(-ret) ? -1 : m.pid;
}

struct locked {
	dev_t dev;
	ino_t ino;
	pid_t pid;			/* who has it; 0: nobody was found */
};

/* "1: FLOCK  ADVISORY  WRITE 4711 00:1a:12345 0 EOF": of that file, by whom? */
static bool
parse_flock(const struct locked *l, const char *line, int *pid)
{
	unsigned major, minor;
	unsigned long long inode;

	return sscanf(line, "%*d: FLOCK %*s %*s %d %x:%x:%llu", pid, &major,
		      &minor, &inode) == 4 &&
	       inode == l->ino && major == major(l->dev) &&
	       minor == minor(l->dev);
}

/* Is one of a process' descriptors, by its fdinfo, the one that is locked? */
static bool
is_locked_by(const struct locked *l, pid_t pid, int fd)
{
	static const char key[] = "lock:\t";
	char path[64], line[256];
	bool found = false;
	int locker;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", (int)pid, fd);
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	while (!found && fgets(line, sizeof(line), f) != NULL)
		found = strncmp(line, key, sizeof(key) - 1) == 0 &&
			parse_flock(l, line + sizeof(key) - 1, &locker);
	fclose(f);
	return found;
}

static bool
has_lock(pid_t pid, void *data)
{
	struct locked *l = data;
	const struct dirent *e;
	char path[64];
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo", (int)pid);
	d = opendir(path);
	if (d == NULL)
		return false;
	while (l->pid == 0 && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.' &&
		    is_locked_by(l, pid, atoi(e->d_name)))
			l->pid = pid;
	closedir(d);
	return l->pid != 0;
}

pid_t
shmx_proc_flock_heir(dev_t dev, ino_t ino)
{
	struct locked l = { dev, ino, 0 };

	(void)each_process(has_lock, &l);
	return l.pid;
}

pid_t
shmx_proc_flock_owner(dev_t dev, ino_t ino)
{
	struct locked l = { dev, ino, 0 };
	pid_t owner = 0, heir;
	char line[256];
	int pid;
	FILE *f;

	f = fopen("/proc/locks", "re");
	if (f == NULL)
		return -1;
	while (owner == 0 && fgets(line, sizeof(line), f) != NULL)
		if (parse_flock(&l, line, &pid))
			owner = pid > 0 ? pid : -1;
	fclose(f);
	/* It tells who locked the file, who may have died since. */
	if (owner <= 0 || has_lock(owner, &l))
		return owner;
	heir = shmx_proc_flock_heir(dev, ino);
	return heir != 0 ? heir : owner;
}
