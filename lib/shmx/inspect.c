/* SPDX-License-Identifier: MIT */
/*
 * inspect.c - one ring, looked at from outside
 */
#include "config.h"

#include "inspect.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"
#include "rendezvous.h"
#include "segment.h"

/* -------------------------------------------------------- attaching -- */

struct shmx_inspector *
shmx_inspector_new(const char *name)
{
	struct shmx_inspector *n = base_sys.calloc(1, sizeof(*n));

	if (n == NULL) {
		base_error(-ENOMEM, "out of memory");
		return NULL;
	}
	snprintf(n->name, sizeof(n->name), "%s", name);
	n->conn = n->data_fd = n->pidfd = -1;
	shmx_channel_init(&n->channel, -1);
	return n;
}

static void
let_go(struct shmx_inspector *n)
{
	while (n->records > 0)
		base_close(&n->record[--n->records].fd);
	shmx_inspect_hang_up(n);
	base_close(&n->data_fd);
	base_close(&n->pidfd);
	n->after = 0;
}

void
shmx_inspect_close(struct shmx_inspector *n)
{
	if (n == NULL)
		return;
	let_go(n);
	free(n->memory);
	free(n);
}

/* Who the ring's memory is, and that it is some. */
static int
look_at_memory(struct shmx_inspector *n)
{
	struct stat st;

	if (!shmx_segment_is_memory(n->data_fd))
		return base_error(-EPROTO, "what the producer of ring \"%s\" "
				  "handed out is no memory", n->name);
	if (base_sys.fstat(n->data_fd, &st) < 0)
		return base_error(-errno, "cannot look at ring \"%s\": %s",
				  n->name, strerror(errno));
	n->dev = st.st_dev;
	n->ino = st.st_ino;
	return 0;
}

static void
know_producer(struct shmx_inspector *n)
{
	shmx_proc_program(n->pid, n->program, sizeof(n->program));
	if (n->pidfd < 0 && n->pid > 0)
		n->pidfd = base_sys.pidfd_open(n->pid, 0);
}

/* Of the rings a process has open, the one that has not been outgrown. */
static int
find_ring(struct shmx_inspector *n)
{
	struct shmx_proc_fds fds = { NULL, 0 };
	int ret = -ENOENT;
	size_t i;

	(void)shmx_proc_find(&fds, n->pid, SHMX_LABEL_RING, n->name);
	for (i = 0; i < fds.count && ret < 0; i++) {
		if (!fds.fd[i].writable)
			continue;
		n->data_fd = shmx_proc_open(&fds.fd[i]);
		if (n->data_fd < 0)
			continue;
		ret = shmx_inspect_copy(n);
		if (ret == 0 && n->survey.ring.state == SHMX_RING_OUTGROWN)
			ret = -ENOENT;
		if (ret < 0)
			base_close(&n->data_fd);
	}
	shmx_proc_free(&fds);
	return ret;
}

/* Or the object of that name, if it is the producer's. */
static int
find_object(struct shmx_inspector *n)
{
	int fd = shmx_object_open(n->name);
	pid_t pid;

	if (fd < 0)
		return fd;
	if (shmx_object_state(n->name, fd, &pid) == SHMX_RING_RUNNING &&
	    pid == n->pid) {
		n->data_fd = fd;
		return 0;
	}
	base_close(&fd);
	return -ENOENT;
}

int
shmx_inspect_live(struct shmx_inspector *n)
{
	int ret;

	ret = shmx_rendezvous_connect(n->name, &n->pid, &n->pidfd);
	if (ret >= 0) {
		n->conn = ret;
		ret = shmx_inspect_is_stopped(n->pid) ? -ETIMEDOUT :
			shmx_inspect_ask(n);
		if (ret < 0)
			shmx_inspect_hang_up(n);
	} else if (ret != -EAGAIN) {
		return ret;
	} else {
		ret = shmx_rendezvous_owner(n->name, &n->pid);
		if (ret == 0)
			ret = -ETIMEDOUT;
	}
	n->state = SHMX_RING_RUNNING;
	know_producer(n);
	if (ret < 0 && n->pid > 0 &&
	    (find_ring(n) == 0 || find_object(n) == 0))
		ret = 0;
	if (ret == 0)
		ret = look_at_memory(n);
	else
		base_error(ret, "the producer of ring \"%s\", %s (pid %d), "
			   "does not answer, and its memory cannot be seen",
			   n->name, n->program, (int)n->pid);
	if (ret < 0)
		let_go(n);
	return ret;
}

int
shmx_inspect_held(struct shmx_inspector *n, const struct shmx_proc_fd *fd,
		  enum shmx_ring_state state)
{
	int ret = shmx_proc_open(fd);

	if (ret < 0)
		return base_error(ret, "ring \"%s\" is gone: %s", n->name,
				  strerror(-ret));
	n->data_fd = ret;
	n->state = state;
	return look_at_memory(n);
}

/* ----------------------------------------------------------- objects -- */

enum shmx_ring_state
shmx_object_state(const char *name, int fd, pid_t *pid)
{
	char path[SHMX_OBJECT_PATH];
	struct stat st;
	pid_t user;

	*pid = 0;
	/* What cannot be told may be in use: it is not to be removed. */
	if (base_sys.fstat(fd, &st) < 0)
		return SHMX_RING_RUNNING;
	shmx_object_path(path, name);
	user = shmx_proc_flock_owner(st.st_dev, st.st_ino);
	/* Nobody locks those of SHMX v2.0; but somebody has them mapped. */
	if (user <= 0)
		user = shmx_proc_mapper(path);
	*pid = BASE_MAX(user, 0);
	return user != 0 ? SHMX_RING_RUNNING : SHMX_RING_LEFTOVER;
}

int
shmx_inspect_object(struct shmx_inspector *n, enum shmx_ring_state state,
		    pid_t pid)
{
	int ret = shmx_object_open(n->name);

	if (ret < 0)
		return ret;
	n->data_fd = ret;
	n->state = state;
	n->pid = pid;
	know_producer(n);
	return look_at_memory(n);
}

/* --------------------------------------------------------- snapshots -- */

/* Processes that still have the ring, apart from inspectors. */
static uint32_t
count_holders(const struct shmx_inspector *n)
{
	struct shmx_proc_fds fds = { NULL, 0 };
	uint32_t count = 0;
	pid_t last = 0;
	size_t i;

	(void)shmx_proc_find(&fds, 0, SHMX_LABEL_RING, n->name);
	for (i = 0; i < fds.count; i++) {
		if (!fds.fd[i].writable || fds.fd[i].dev != n->dev ||
		    fds.fd[i].ino != n->ino || fds.fd[i].pid == last)
			continue;
		last = fds.fd[i].pid;
		count++;
	}
	shmx_proc_free(&fds);
	return count;
}

static bool
has_died(const struct shmx_inspector *n)
{
	struct pollfd dead = { .fd = n->pidfd, .events = POLLIN };

	return n->pidfd >= 0 && base_sys.poll(&dead, 1, 0) > 0;
}

/* The producer went away: it is not asked any more. */
static void
mourn(struct shmx_inspector *n)
{
	shmx_inspect_hang_up(n);
	base_close(&n->pidfd);
	n->state = n->survey.ring.kind == SHMX_RING_NATIVE ?
		SHMX_RING_ORPHANED : SHMX_RING_LEFTOVER;
}

/* What the ring's words do not say. */
static int
describe(struct shmx_inspector *n)
{
	struct shmx_inspect_ring *r = &n->survey.ring;

	memcpy(r->name, n->name, sizeof(r->name));
	memcpy(r->program, n->program, sizeof(r->program));
	r->pid = (int32_t)n->pid;
	r->asked = n->conn >= 0;
	r->taken_ns = base_now_ns();
	if (n->state != SHMX_RING_RUNNING)
		r->state = n->state;
	else if (shmx_inspect_is_stopped(n->pid))
		r->state = SHMX_RING_STOPPED;
	else if (r->state != SHMX_RING_PAUSED &&
		 r->state != SHMX_RING_OUTGROWN)
		r->state = SHMX_RING_RUNNING;
	if (r->state != SHMX_RING_ORPHANED && r->state != SHMX_RING_OUTGROWN)
		return 0;
	r->holders = n->holders = count_holders(n);
	return r->holders > 0 ? 0 :
		base_error(-EPIPE, "ring \"%s\" is gone: its producer has "
			   "ended, and nobody else has it", n->name);
}

/* The producer lives, with a larger ring: go there. */
static int
follow(struct shmx_inspector *n)
{
	int ret;

	let_go(n);
	ret = shmx_inspect_live(n);
	return ret < 0 ? ret : shmx_inspect_copy(n);
}

int
shmx_inspect_snapshot(struct shmx_inspector *n, struct shmx_inspect_ring *out,
		      size_t size)
{
	int ret;

	ret = shmx_inspect_copy(n);
	if (ret == 0 && n->state == SHMX_RING_RUNNING) {
		/* It may have said so, and live on without the ring. */
		if (has_died(n) ||
		    n->survey.ring.state == SHMX_RING_ORPHANED)
			mourn(n);
		else if (n->survey.ring.state == SHMX_RING_OUTGROWN)
			ret = follow(n);
	}
	if (ret == 0)
		ret = describe(n);
	if (ret == 0 && out != NULL)
		memcpy(out, &n->survey.ring,
		       BASE_MIN(size, sizeof(n->survey.ring)));
	return ret;
}

/* ---------------------------------------------------------- accessors -- */

int
shmx_inspect_slot(const struct shmx_inspector *n, unsigned i,
		  struct shmx_inspect_slot *slot, size_t size)
{
	if (i >= n->survey.ring.slot_count)
		return base_error(-EINVAL, "there is no slot %u", i);
	memcpy(slot, &n->survey.slot[i], BASE_MIN(size, sizeof(*slot)));
	return 0;
}

int
shmx_inspect_reader(const struct shmx_inspector *n, unsigned i,
		    struct shmx_inspect_reader *reader, size_t size)
{
	if (i >= n->survey.ring.reader_count)
		return base_error(-EINVAL, "there is no reader %u", i);
	memcpy(reader, &n->survey.reader[i], BASE_MIN(size, sizeof(*reader)));
	return 0;
}

int
shmx_inspect_stream(const struct shmx_inspector *n, unsigned i,
		    struct shmx_inspect_stream *stream, size_t size)
{
	if (i >= n->survey.ring.stream_count)
		return base_error(-EINVAL, "there is no stream %u", i);
	memcpy(stream, &n->survey.stream[i], BASE_MIN(size, sizeof(*stream)));
	return 0;
}
