/* SPDX-License-Identifier: MIT */
/*
 * inspect-list.c - all rings that there are, whatever became of their makers
 */
#include "config.h"

#include <shmx/shmx.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"
#include "inspect.h"
#include "rendezvous.h"
#include "segment.h"

/* An entry, and how to get there. */
struct place {
	struct shmx_inspect_entry entry;
	bool object;			/* by its name in /dev/shm */
	struct shmx_proc_fd held;	/* of an orphan: where it is open */
};

struct shmx_inspect_list {
	struct place *place;
	unsigned count;
	int error;
};

const char *
shmx_ring_state_name(enum shmx_ring_state state)
{
	switch (state) {
	case SHMX_RING_RUNNING:
		return "running";
	case SHMX_RING_PAUSED:
		return "paused";
	case SHMX_RING_STOPPED:
		return "stopped";
	case SHMX_RING_ORPHANED:
		return "orphaned";
	case SHMX_RING_OUTGROWN:
		return "outgrown";
	case SHMX_RING_LEFTOVER:
		return "leftover";
	}
	return "?";
}

const char *
shmx_ring_kind_name(enum shmx_ring_kind kind)
{
	switch (kind) {
	case SHMX_RING_NATIVE:
		return "native";
	case SHMX_RING_NAMED:
		return "named";
	case SHMX_RING_V2:
		return "v2.0";
	}
	return "?";
}

static void
add(struct shmx_inspect_list *list, const struct place *place)
{
	struct place *more;

	if (list->error < 0)
		return;
	more = base_sys.realloc(list->place,
				(list->count + 1) * sizeof(*more));
	if (more == NULL) {
		list->error = -ENOMEM;
		return;
	}
	list->place = more;
	list->place[list->count++] = *place;
}

static struct place *
find(struct shmx_inspect_list *list, const char *name)
{
	unsigned i;

	for (i = 0; i < list->count; i++)
		if (strcmp(list->place[i].entry.name, name) == 0)
			return &list->place[i];
	return NULL;
}

/* --------------------------------------------------- who has a producer -- */

/* What the producer is, and whether it is stopped. */
static void
look_at_producer(struct shmx_inspect_entry *entry, pid_t pid)
{
	char state = shmx_proc_state(pid);

	shmx_proc_program(pid, entry->program, sizeof(entry->program));
	if (state == 'T' || state == 't')
		entry->state = SHMX_RING_STOPPED;
}

static void
add_live(const char *name, pid_t pid, void *data)
{
	struct place p = { .entry = {
		.state = SHMX_RING_RUNNING,
		.kind = SHMX_RING_NATIVE,
		.pid = (int32_t)pid,
	} };

	snprintf(p.entry.name, sizeof(p.entry.name), "%s", name);
	look_at_producer(&p.entry, pid);
	add(data, &p);
}

/* --------------------------------------------- who has readers alone -- */

static bool
same_ring(const struct shmx_proc_fd *a, const struct shmx_proc_fd *b)
{
	return a->dev == b->dev && a->ino == b->ino;
}

/* The first of its ring among all that were found? */
static bool
is_first(const struct shmx_proc_fds *fds, size_t i)
{
	size_t k;

	for (k = 0; k < i; k++)
		if (fds->fd[k].writable && same_ring(&fds->fd[k], &fds->fd[i]))
			return false;
	return true;
}

static uint32_t
count_processes(const struct shmx_proc_fds *fds, size_t i)
{
	uint32_t n = 0;
	pid_t last = 0;
	size_t k;

	for (k = i; k < fds->count; k++) {
		if (!fds->fd[k].writable || fds->fd[k].pid == last ||
		    !same_ring(&fds->fd[k], &fds->fd[i]))
			continue;
		last = fds->fd[k].pid;
		n++;
	}
	return n;
}

/* Does that process have that ring? */
static bool
is_had_by(const struct shmx_proc_fds *fds, size_t i, pid_t pid)
{
	size_t k;

	for (k = 0; k < fds->count; k++)
		if (fds->fd[k].pid == pid && fds->fd[k].writable &&
		    same_ring(&fds->fd[k], &fds->fd[i]))
			return true;
	return false;
}

/*
 * What the ring itself says of its producer: its pid, and whether it is still
 * to be believed.
 */
static bool
read_ext(const struct shmx_proc_fd *fd, struct shmx_ext *ext)
{
	struct shmx_header h;
	int memory = shmx_proc_open(fd);
	bool ok;

	if (memory < 0)
		return false;
	ok = base_pread_all(memory, &h, sizeof(h), 0) == 0 &&
		h.magic == SHMX_MAGIC && h.ext_offset % 64 == 0 &&
		base_pread_all(memory, ext, sizeof(*ext), h.ext_offset) == 0 &&
		ext->magic == SHMX_EXT_MAGIC;
	base_close(&memory);
	return ok;
}

static void
add_held(struct shmx_inspect_list *list, const struct shmx_proc_fds *fds,
	 size_t i)
{
	struct place p = { .held = fds->fd[i], .entry = {
		.state = SHMX_RING_ORPHANED,
		.kind = SHMX_RING_NATIVE,
		.holders = count_processes(fds, i),
	} };
	struct shmx_ext ext;
	bool lives;

	if (!shmx_proc_same_place(fds->fd[i].pid) ||
	    !read_ext(&fds->fd[i], &ext))
		return;
	lives = ext.producer_pid > 0 &&
		is_had_by(fds, i, (pid_t)ext.producer_pid);
	if (ext.host_state == SHMX_HOST_MOVED)
		p.entry.state = SHMX_RING_OUTGROWN;
	else if (lives && ext.host_state != SHMX_HOST_ENDED)
		return;
	p.entry.pid = ext.producer_pid;
	snprintf(p.entry.name, sizeof(p.entry.name), "%s", fds->fd[i].name);
	add(list, &p);
}

static void
list_held(struct shmx_inspect_list *list)
{
	struct shmx_proc_fds fds = { NULL, 0 };
	size_t i;

	if (shmx_proc_find(&fds, 0, SHMX_LABEL_RING, NULL) < 0)
		list->error = -ENOMEM;
	for (i = 0; i < fds.count; i++)
		if (fds.fd[i].writable && is_first(&fds, i))
			add_held(list, &fds, i);
	shmx_proc_free(&fds);
}

/* ------------------------------------------------------ named objects -- */

static void
add_object(struct shmx_inspect_list *list, const char *name, int fd)
{
	struct place p = { .object = true }, *live = find(list, name);
	pid_t pid;

	if (!shmx_object_is_ring(fd, &p.entry.kind))
		return;
	p.entry.state = shmx_object_state(name, fd, &pid);
	p.entry.pid = (int32_t)pid;
	/* Its producer has a socket of that name too: one and the same. */
	if (live != NULL && p.entry.kind == SHMX_RING_NAMED &&
	    p.entry.state == SHMX_RING_RUNNING && live->entry.pid == pid) {
		live->entry.kind = SHMX_RING_NAMED;
		return;
	}
	snprintf(p.entry.name, sizeof(p.entry.name), "%.*s", SHMX_NAME_MAX,
		 name);
	look_at_producer(&p.entry, pid);
	add(list, &p);
}

static void
list_objects(struct shmx_inspect_list *list)
{
	const struct dirent *e;
	const char *clean;
	struct stat st;
	DIR *d;
	int fd;

	d = opendir(SHMX_OBJECT_DIR);
	if (d == NULL)
		return;
	while ((e = readdir(d)) != NULL) {
		if (shmx_name_check(e->d_name, &clean) < 0 ||
		    fstatat(dirfd(d), e->d_name, &st,
			    AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(st.st_mode) || st.st_uid != geteuid())
			continue;
		fd = shmx_object_open(e->d_name);
		if (fd < 0)
			continue;
		add_object(list, e->d_name, fd);
		base_close(&fd);
	}
	closedir(d);
}

/* ----------------------------------------------------------- the list -- */

static int
compare(const void *a, const void *b)
{
	const struct shmx_inspect_entry *x = &((const struct place *)a)->entry;
	const struct shmx_inspect_entry *y = &((const struct place *)b)->entry;
	int by_name = strcmp(x->name, y->name);

	/* The running one first. */
	return by_name != 0 ? by_name : (int)x->state - (int)y->state;
}

int
shmx_inspect_list(struct shmx_inspect_list **out)
{
	struct shmx_inspect_list *list = base_sys.calloc(1, sizeof(*list));
	int ret;

	if (list == NULL)
		return base_error(-ENOMEM, "out of memory");
	ret = shmx_rendezvous_each(add_live, list);
	if (ret == 0) {
		list_objects(list);
		list_held(list);
		if (list->error < 0)
			ret = base_error(-ENOMEM, "out of memory");
	}
	if (ret < 0) {
		shmx_inspect_list_free(list);
		return ret;
	}
	if (list->count > 0)
		qsort(list->place, list->count, sizeof(*list->place), compare);
	*out = list;
	return 0;
}

void
shmx_inspect_list_free(struct shmx_inspect_list *list)
{
	if (list == NULL)
		return;
	free(list->place);
	free(list);
}

unsigned
shmx_inspect_count(const struct shmx_inspect_list *list)
{
	return list->count;
}

void
shmx_inspect_get(const struct shmx_inspect_list *list, unsigned i,
		 struct shmx_inspect_entry *entry, size_t size)
{
	memcpy(entry, &list->place[i].entry, BASE_MIN(size, sizeof(*entry)));
}

/* ------------------------------------------------------------ opening -- */

int
shmx_inspect_entry_open(struct shmx_inspector **out,
			const struct shmx_inspect_list *list, unsigned i)
{
	const struct place *p = &list->place[i];
	struct shmx_inspector *n;
	int ret;

	n = shmx_inspector_new(p->entry.name);
	if (n == NULL)
		return -ENOMEM;
	if (p->object)
		ret = shmx_inspect_object(n, p->entry.state ==
					  SHMX_RING_LEFTOVER ?
					  SHMX_RING_LEFTOVER :
					  SHMX_RING_RUNNING,
					  (pid_t)p->entry.pid);
	else if (p->held.name[0] != '\0')
		ret = shmx_inspect_held(n, &p->held, p->entry.state);
	else
		ret = shmx_inspect_live(n);
	if (ret == 0)
		ret = shmx_inspect_snapshot(n, NULL, 0);
	if (ret < 0)
		shmx_inspect_close(n);
	else
		*out = n;
	return ret;
}

/* The one of that name that nobody produces any more. */
static int
open_remains(struct shmx_inspector **out, const char *name)
{
	struct shmx_inspect_list *list;
	int ret;
	unsigned i;

	ret = shmx_inspect_list(&list);
	if (ret < 0)
		return ret;
	ret = base_error(-ENOENT, "no ring \"%s\": nothing produces it, and "
			 "nobody keeps it; `shmx ls` lists those that there "
			 "are", name);
	for (i = 0; i < list->count; i++) {
		if (strcmp(list->place[i].entry.name, name) != 0)
			continue;
		ret = shmx_inspect_entry_open(out, list, i);
		break;
	}
	shmx_inspect_list_free(list);
	return ret;
}

int
shmx_inspect_open(struct shmx_inspector **out, const char *name)
{
	struct shmx_inspector *n;
	int ret;

	ret = shmx_name_check(name, &name);
	if (ret < 0)
		return ret;
	n = shmx_inspector_new(name);
	if (n == NULL)
		return -ENOMEM;
	ret = shmx_inspect_live(n);
	if (ret == 0)
		ret = shmx_inspect_snapshot(n, NULL, 0);
	if (ret == 0) {
		*out = n;
		return 0;
	}
	shmx_inspect_close(n);
	return ret == -ENOENT ? open_remains(out, name) : ret;
}

/* ----------------------------------------------------------- removing -- */

static int
say_locked(const char *name, const char *path, int fd)
{
	char who[64] = "somebody";
	struct stat st;
	pid_t heir = fstat(fd, &st) < 0 ? 0 :
		shmx_proc_flock_heir(st.st_dev, st.st_ino);

	if (heir != 0)
		shmx_process_name(heir, who, sizeof(who));
	return base_error(-EBUSY, "ring \"%s\" is in use: %s has locked %s",
			  name, who, path);
}

int
shmx_remove(const char *name)
{
	char path[SHMX_OBJECT_PATH], who[64];
	struct stat st, named;
	enum shmx_ring_kind kind;
	int fd, ret = 0;
	pid_t pid;

	ret = shmx_name_check(name, &name);
	if (ret < 0)
		return ret;
	if (shmx_rendezvous_owner(name, &pid) == 0) {
		shmx_process_name(pid, who, sizeof(who));
		return base_error(-EBUSY, "ring \"%s\" is in use: %s "
				  "produces it", name, who);
	}
	fd = shmx_object_open(name);
	if (fd < 0)
		return fd;
	shmx_object_path(path, name);
	if (!shmx_object_is_ring(fd, &kind)) {
		ret = base_error(-EINVAL, "%s is no ring", path);
	} else if (shmx_object_state(name, fd, &pid) == SHMX_RING_RUNNING) {
		shmx_process_name(BASE_MAX(pid, 0), who, sizeof(who));
		ret = base_error(-EBUSY, "ring \"%s\" is in use: %s has it "
				 "open", name, who);
	} else if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		ret = say_locked(name, path, fd);
	} else if (fstat(fd, &st) < 0 || stat(path, &named) < 0 ||
		   st.st_dev != named.st_dev || st.st_ino != named.st_ino) {
		/* Somebody has made another, under our lock's nose. */
		ret = base_error(-EBUSY, "ring \"%s\" was replaced just now",
				 name);
	} else if (unlink(path) < 0) {
		ret = base_error(-errno, "cannot remove %s: %s", path,
				 strerror(errno));
	}
	base_close(&fd);
	return ret;
}
