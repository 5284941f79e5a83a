/* SPDX-License-Identifier: MIT */
/*
 * foreign-server.c - the object of a server of SHMX v2.0, from outside
 *
 * It is read by pread(2), and mapped for the instant that it takes to change a
 * word which others change too: who makes it smaller then kills nobody.
 */
#include "config.h"

#include "foreign-server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"
#include "atomic.h"
#include "object.h"
#include "segment.h"

bool
shmx_server_read(const struct shmx_server *s, void *buf, size_t bytes,
		 uint64_t offset)
{
	return base_pread_all(s->fd, buf, bytes, (off_t)offset) == 0;
}

void
shmx_server_write_word(const struct shmx_server *s, uint64_t offset,
		       uint64_t word)
{
	(void)!pwrite(s->fd, &word, sizeof(word), (off_t)offset);
}

bool
shmx_server_is_there(const struct shmx_server *s)
{
	struct stat st;

	return base_sys.fstat(s->fd, &st) == 0 && st.st_nlink != 0 &&
	       (uint64_t)st.st_size >= s->layout.bytes;
}

/* A ring of ours is locked for as long as its producer lives. */
static bool
is_locked(const char *path)
{
	int fd = base_sys.open(path, O_RDONLY | O_CLOEXEC, 0);
	bool locked;

	if (fd < 0)
		return true;
	locked = flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
	base_close(&fd);
	return locked;
}

bool
shmx_server_has_died(const struct shmx_server *s)
{
	char path[64];

	/* An open file of its own, or the lock would be ours. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", s->fd);
	return s->ours && !is_locked(path);
}

int
shmx_server_init(struct shmx_server *s, const char *name)
{
	struct shmx_header h;
	const char *fault;
	char path[64];
	struct stat st;
	int fd, ret = 0;

	*s = (struct shmx_server){ .fd = -1, .record = -1 };
	fd = shmx_object_open(name);
	if (fd < 0)
		return -ENOENT;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	s->fd = base_sys.open(path, O_RDWR | O_CLOEXEC, 0);
	if (s->fd < 0 || base_sys.fstat(s->fd, &st) < 0)
		ret = base_error(-errno, "cannot open ring \"%s\" in "
				 SHMX_OBJECT_DIR ": %s", name,
				 strerror(errno));
	base_close(&fd);
	if (ret < 0)
		return ret;
	if (!shmx_server_read(s, &h, sizeof(h), 0) || h.magic != SHMX_MAGIC)
		return -ENOENT;
	fault = shmx_v2_layout_check(&s->layout, &h, (uint64_t)st.st_size);
	if (fault != NULL)
		return base_error(-EPROTO, "ring \"%s\" in " SHMX_OBJECT_DIR
				  " is malformed: %s", name, fault);
	s->ours = shmx_v2_is_ours(&h);
	return shmx_server_has_died(s) ? -ENOENT : 0;
}

/* ---------------------------------------------------------- our record -- */

static uint64_t
record_at(const struct shmx_server *s, uint32_t i)
{
	return s->layout.readers_offset +
		(uint64_t)i * s->layout.reader_stride;
}

/* The pages around some bytes, writable, for an instant. */
struct glimpse {
	void *map;
	size_t bytes;
	char *at;
};

static bool
glimpse(const struct shmx_server *s, struct glimpse *g, uint64_t offset,
	size_t bytes)
{
	uint64_t before = offset % (uint64_t)sysconf(_SC_PAGESIZE);

	g->bytes = before + bytes;
	if (!shmx_server_is_there(s) ||
	    shmx_segment_map(s->fd, offset - before, g->bytes,
			     PROT_READ | PROT_WRITE, &g->map) < 0)
		return false;
	g->at = (char *)g->map + before;
	return true;
}

static void
count_readers(const struct shmx_server *s, uint32_t more)
{
	struct glimpse g;

	if (!glimpse(s, &g, 0, sizeof(struct shmx_header)))
		return;
	shmx_add_relaxed(&((struct shmx_header *)(void *)g.at)
			 ->readers_connected, more);
	shmx_segment_unmap(g.map, g.bytes);
}

/*
 * in_use from one value to another.  A server's records need not lie where our
 * own do, at whole cache lines: the word is all that is touched.
 */
static bool
swap_in_use(const struct shmx_server *s, uint32_t i, uint32_t from,
	    uint32_t to)
{
	shmx_a32 *in_use;
	struct glimpse g;
	bool ok;

	if (!glimpse(s, &g, record_at(s, i), SHMX_V2_RECORD_BYTES))
		return false;
	in_use = (void *)(g.at + offsetof(struct shmx_record, in_use));
	ok = shmx_cas_acq_rel(in_use, &from, to);
	shmx_segment_unmap(g.map, g.bytes);
	return ok;
}

/* The words of v2.0's record, that is the first of ours. */
static bool
read_record(const struct shmx_server *s, uint32_t i, uint64_t *id,
	    uint32_t *in_use)
{
	uint64_t words[SHMX_V2_RECORD_BYTES / 8];

	if (!shmx_server_read(s, words, sizeof(words), record_at(s, i)))
		return false;
	*id = words[0];
	*in_use = (uint32_t)words[offsetof(struct shmx_record, in_use) / 8];
	return true;
}

/* A word of our record. */
static void
set_word(const struct shmx_server *s, size_t member, uint64_t word)
{
	shmx_server_write_word(s, record_at(s, (uint32_t)s->record) + member,
			       word);
}

void
shmx_server_beat(const struct shmx_server *s)
{
	set_word(s, offsetof(struct shmx_record, heartbeat), base_now_ns());
}

void
shmx_server_saw(const struct shmx_server *s, uint64_t frame)
{
	if (s->record >= 0)
		set_word(s, offsetof(struct shmx_record, last_frame_seen),
			 frame);
}

void
shmx_server_take_record(struct shmx_server *s)
{
	uint32_t i, in_use;
	uint64_t id;

	for (i = 0; i < s->layout.readers && s->record < 0; i++)
		if (read_record(s, i, &id, &in_use) && in_use == 0 &&
		    swap_in_use(s, i, 0, 1))
			s->record = (int)i;
	if (s->record < 0)
		return;
	if (getrandom(&s->reader_id, sizeof(s->reader_id), GRND_NONBLOCK) !=
	    sizeof(s->reader_id))
		s->reader_id = base_now_ns();
	s->reader_id |= 1;
	set_word(s, offsetof(struct shmx_record, reader_id), s->reader_id);
	shmx_server_saw(s, 0);
	shmx_server_beat(s);
	count_readers(s, 1);
}

bool
shmx_server_has_record(const struct shmx_server *s)
{
	uint32_t in_use;
	uint64_t id;

	return s->record >= 0 &&
	       read_record(s, (uint32_t)s->record, &id, &in_use) &&
	       in_use == 1 && id == s->reader_id;
}

static void
leave_record(struct shmx_server *s)
{
	if (!shmx_server_has_record(s) || !shmx_server_is_there(s))
		return;
	set_word(s, offsetof(struct shmx_record, reader_id), 0);
	set_word(s, offsetof(struct shmx_record, heartbeat), 0);
	if (swap_in_use(s, (uint32_t)s->record, 1, 0))
		count_readers(s, (uint32_t)-1);
	s->record = -1;
}

void
shmx_server_finish(struct shmx_server *s)
{
	leave_record(s);
	base_close(&s->fd);
}
