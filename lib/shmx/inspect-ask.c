/* SPDX-License-Identifier: MIT */
/*
 * inspect-ask.c - a ring's memory and its readers' records, asked for or found
 */
#include "config.h"

#include "inspect.h"

#include <errno.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/sys.h"
#include "segment.h"

/* How long a producer may take to answer before we look for ourselves. */
#define ANSWER_NS	(200 * BASE_NS_PER_MS)

/* ------------------------------------------------ asking the producer -- */

void
shmx_inspect_hang_up(struct shmx_inspector *n)
{
	shmx_channel_finish(&n->channel);
	base_close(&n->conn);
}

/*
 * The next message, until then, however many others have come already; its
 * type, or -errno.
 */
static int
hear(struct shmx_inspector *n, uint64_t deadline)
{
	struct pollfd pfd = { .fd = n->conn, .events = POLLIN };
	int ret;

	if (base_now_ns() >= deadline)
		return -ETIMEDOUT;
	while ((ret = shmx_channel_receive(&n->channel)) == -EAGAIN) {
		ret = base_poll(&pfd, 1, deadline);
		if (ret <= 0)
			return ret < 0 ? ret : -ETIMEDOUT;
	}
	return ret < 0 ? ret : n->channel.in.header.type;
}

static int
say_hello(const struct shmx_inspector *n)
{
	const struct shmx_hello h = {
		.magic = SHMX_PROTOCOL_MAGIC,
		.version_min = SHMX_PROTOCOL_VERSION,
		.version_max = SHMX_PROTOCOL_VERSION,
		.role = SHMX_ROLE_INSPECTOR,
		.label = "inspector",
	};

	return shmx_channel_send(n->conn, SHMX_MSG_HELLO, &h, sizeof(h), NULL,
				 0);
}

int
shmx_inspect_ask(struct shmx_inspector *n)
{
	int ret;

	shmx_channel_init(&n->channel, n->conn);
	ret = say_hello(n);
	if (ret == 0)
		ret = hear(n, base_now_ns() + ANSWER_NS);
	if (ret == SHMX_MSG_WELCOME &&
	    shmx_channel_body(&n->channel, sizeof(struct shmx_welcome), 1)) {
		n->data_fd = shmx_channel_take_fd(&n->channel, 0);
		shmx_channel_next(&n->channel);
		return 0;
	}
	shmx_inspect_hang_up(n);
	return ret < 0 ? ret : -EPROTO;
}

/* Take the descriptor of a record.  False when that is to be tried again. */
static bool
add_record(struct shmx_inspector *n, int fd)
{
	bool known = true;
	struct stat st;
	unsigned i;

	if (n->records == SHMX_READERS_MAX || !shmx_segment_is_memory(fd))
		goto refuse;
	known = base_sys.fstat(fd, &st) == 0;
	if (!known)
		goto refuse;
	for (i = 0; i < n->records; i++)
		if (n->record[i].dev == st.st_dev &&
		    n->record[i].ino == st.st_ino)
			goto refuse;
	n->record[n->records++] = (struct shmx_inspect_record){
		.fd = fd, .dev = st.st_dev, .ino = st.st_ino,
	};
	return true;
refuse:
	base_close(&fd);
	return known;
}

static int
ask_for_records(struct shmx_inspector *n)
{
	uint64_t deadline = base_now_ns() + ANSWER_NS;
	const struct shmx_roster ask = { n->after }, *end;
	bool complete = true;
	int type;

	type = shmx_channel_send(n->conn, SHMX_MSG_ROSTER, &ask, sizeof(ask),
				 NULL, 0);
	while (type >= 0) {
		type = hear(n, deadline);
		if (type == SHMX_MSG_RECORD &&
		    shmx_channel_body(&n->channel,
				      sizeof(struct shmx_roster_record), 1)) {
			complete &= add_record(n, shmx_channel_take_fd(
				&n->channel, 0));
		} else if (type == SHMX_MSG_ROSTER) {
			end = shmx_channel_body(&n->channel, sizeof(*end), 0);
			/* Else they come once more, and we have most. */
			if (end != NULL && complete)
				n->after = end->after;
			shmx_channel_next(&n->channel);
			return end != NULL ? 0 : -EPROTO;
		} else if (type >= 0) {
			type = -EPROTO;
		}
		shmx_channel_next(&n->channel);
	}
	return type;
}

/* --------------------------------------------- looking for ourselves -- */

bool
shmx_inspect_is_stopped(pid_t pid)
{
	char state = pid > 0 ? shmx_proc_state(pid) : '\0';

	return state == 'T' || state == 't';
}

static void
add_record_fd(struct shmx_inspector *n, const struct shmx_proc_fd *found)
{
	unsigned i;
	int fd;

	for (i = 0; i < n->records; i++)
		if (n->record[i].dev == found->dev &&
		    n->record[i].ino == found->ino)
			return;
	fd = shmx_proc_open(found);
	if (fd >= 0)
		(void)add_record(n, fd);
}

/* The records of readers, as their producer or they themselves keep them. */
static void
find_records(struct shmx_inspector *n)
{
	struct shmx_proc_fds fds = { NULL, 0 };
	size_t i;

	(void)shmx_proc_find(&fds, n->state == SHMX_RING_ORPHANED ||
			     n->state == SHMX_RING_OUTGROWN ? 0 : n->pid,
			     SHMX_LABEL_RECORD, n->name);
	for (i = 0; i < fds.count; i++)
		add_record_fd(n, &fds.fd[i]);
	shmx_proc_free(&fds);
}

/* Or may be: one that cannot be read just now would not be sent again. */
static bool
is_taken(int fd)
{
	uint32_t in_use = 0;
	int ret = base_pread_all(fd, &in_use, sizeof(in_use),
				 offsetof(struct shmx_record, in_use));

	return ret == 0 ? in_use != 0 : ret != -ENODATA;
}

/* Records that nobody has any more. */
static void
forget_records(struct shmx_inspector *n)
{
	unsigned i, kept = 0;

	for (i = 0; i < n->records; i++) {
		if (is_taken(n->record[i].fd))
			n->record[kept++] = n->record[i];
		else
			base_close(&n->record[i].fd);
	}
	n->records = kept;
}

void
shmx_inspect_find_records(struct shmx_inspector *n)
{
	forget_records(n);
	if (n->conn >= 0 && (shmx_inspect_is_stopped(n->pid) ||
			     ask_for_records(n) < 0))
		shmx_inspect_hang_up(n);
	if (n->conn < 0 && n->state != SHMX_RING_LEFTOVER)
		find_records(n);
}
