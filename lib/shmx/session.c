/* SPDX-License-Identifier: MIT */
/*
 * session.c - a reader's attachment to one producer's ring
 */
#include "config.h"

#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"
#include "atomic.h"
#include "kill.h"
#include "segment.h"

/* Numbers rings, so that no two have the same in this process. */
static shmx_a64 ring_ids;

void
shmx_session_ref(struct shmx_session *s)
{
	shmx_add_relaxed(&s->references, 1);
}

void
shmx_session_unref(struct shmx_session *s)
{
	if (s == NULL || shmx_add_acq_rel(&s->references, (uint32_t)-1) != 1)
		return;
	if (s->slots != NULL)
		shmx_segment_unmap(s->slots, s->layout.region_bytes -
				   s->slots_from);
	shmx_directory_free(s->directory);
	shmx_segment_unmap(s->map, s->layout.map_bytes);
	shmx_segment_unmap(s->record_map, s->record_map_bytes);
	base_close(&s->data_fd);
	base_close(&s->record_fd);
	base_close(&s->wake_fd);
	SHMX_KILL_POINT("detach");
	base_close(&s->conn);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

int
shmx_session_slots(struct shmx_session *s, uint64_t offset, const void **out)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	void *m = NULL;
	int ret = 0;

	pthread_mutex_lock(&s->lock);
	if (s->slots == NULL) {
		/* A slot's head may lie in the page before its pixels. */
		s->slots_from = s->layout.slots_offset & ~(page - 1);
		ret = shmx_segment_map(s->data_fd, s->slots_from,
				       s->layout.region_bytes - s->slots_from,
				       PROT_READ, &m);
		s->slots = m;
	}
	pthread_mutex_unlock(&s->lock);
	if (ret < 0)
		return base_error(ret, "cannot map the frames of the ring: %s",
				  strerror(-ret));
	*out = (const char *)s->slots + (offset - s->slots_from);
	return 0;
}

/*
 * A descriptor of the whole region: is it, and can nobody resize it?  The
 * latter nobody can promise of an object that has a name.  That it is the one
 * of that name is not asked: its name may be another's by now, or lie in
 * another container, and who made it can cut it short all the same.
 */
static int
check_region(const struct shmx_session *s, int fd,
	     const struct shmx_welcome *w)
{
	bool named = (w->features & SHMX_FEATURE_NAMED) != 0;
	int ret = shmx_segment_check(fd, w->region_bytes,
				     named ? 0 : SHMX_SEALS_SIZE);

	if (ret < 0)
		return base_error(ret, "the producer's ring is not %smemory of "
				  "the size it says", named ? "" : "sealed ");
	if (s->sealed && shmx_segment_check(fd, w->region_bytes,
					    SHMX_SEALS_SIZE) < 0)
		return base_error(-ENOTSUP, "the producer's ring is not sealed "
				  "memory, as this reader wants it: it is one "
				  "in /dev/shm");
	return 0;
}

void
shmx_session_nudge(const struct shmx_session *s)
{
	SHMX_KILL_POINT("nudge");
	/* If there is no room for it, there is something to be read. */
	(void)shmx_channel_send(s->conn, SHMX_MSG_NUDGE, NULL, 0, NULL, 0);
	SHMX_KILL_POINT("nudged");
}

static int
map_data(struct shmx_session *s, const struct shmx_welcome *w)
{
	int ret;

	ret = check_region(s, s->data_fd, w);
	if (ret < 0)
		return ret;
	if (w->map_bytes == 0 || w->map_bytes > w->region_bytes)
		return base_error(-EPROTO, "the producer's ring is malformed: "
				  "sizes out of range");
	ret = shmx_segment_map(s->data_fd, 0, w->map_bytes, PROT_READ,
			       &s->map);
	if (ret < 0)
		return base_error(ret, "cannot map the ring: %s",
				  strerror(-ret));
	/* For unref, should the check fail. */
	s->layout.map_bytes = w->map_bytes;
	return shmx_region_check(&s->layout, s->map, w->map_bytes,
				 w->region_bytes, w->session);
}

/* Map the record, at that offset of its memory. */
static int
map_record_at(struct shmx_session *s, uint64_t offset)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t before = offset % page;
	void *map;
	int ret;

	ret = shmx_segment_map(s->record_fd, offset - before,
			       before + SHMX_RECORD_BYTES,
			       PROT_READ | PROT_WRITE, &map);
	if (ret < 0)
		return base_error(ret, "cannot map the reader's record: %s",
				  strerror(-ret));
	s->record_map = map;
	s->record_map_bytes = before + SHMX_RECORD_BYTES;
	s->record = (void *)((char *)map + before);
	return 0;
}

/* One of the region's own, which is the second descriptor as well. */
static int
map_record_inside(struct shmx_session *s, const struct shmx_welcome *w)
{
	const struct shmx_records *records = &s->layout.records;
	int ret;

	if (w->record >= records->count)
		return base_error(-EPROTO, "the producer granted a record "
				  "that there is not");
	ret = check_region(s, s->record_fd, w);
	return ret < 0 ? ret :
		map_record_at(s, records->offset +
			      (uint64_t)w->record * SHMX_RECORD_BYTES);
}

static int
map_record(struct shmx_session *s, const struct shmx_welcome *w)
{
	int ret;

	if (w->holds < 1 || w->holds > SHMX_HOLDS_MAX ||
	    (w->record_bytes != SHMX_RECORD_BYTES && w->record_bytes != 0))
		return base_error(-EPROTO, "the producer granted a record "
				  "that makes no sense");
	if (w->record_bytes == 0)
		return map_record_inside(s, w);
	ret = shmx_segment_check(s->record_fd, w->record_bytes,
				 SHMX_SEALS_SIZE);
	if (ret < 0)
		return base_error(ret, "the reader's record is not sealed "
				  "memory of the size it should have");
	return map_record_at(s, 0);
}

static int
begin_control(struct shmx_session *s)
{
	int ret;

	ret = shmx_control_out_init(&s->control,
				    shmx_record_control(s->record));
	return ret < 0 ? base_error(ret, "the producer granted a record in "
				    "disorder") : 0;
}

static struct shmx_session *
new_session(bool sealed)
{
	struct shmx_session *s = base_sys.calloc(1, sizeof(*s));

	if (s == NULL) {
		base_error(-ENOMEM, "out of memory");
		return NULL;
	}
	shmx_store_relaxed(&s->references, 1);
	pthread_mutex_init(&s->lock, NULL);
	s->data_fd = s->record_fd = s->wake_fd = s->conn = -1;
	s->sealed = sealed;
	s->message_max = SHMX_CONTROL_MAX;
	s->ring_id = shmx_add_relaxed(&ring_ids, 1) + 1;
	return s;
}

static void
set_holds(struct shmx_session *s, uint32_t holds)
{
	uint32_t i;

	s->holds = holds;
	for (i = 0; i < holds; i++) {
		s->hold[i].session = s;
		s->hold[i].word = &s->record->hold[i];
	}
}

/* The body of a WELCOME or MOVED, or NULL. */
static const struct shmx_welcome *
read_welcome(const struct shmx_channel *ch, unsigned fds)
{
	const struct shmx_welcome *w = shmx_channel_body(ch, sizeof(*w), fds);

	if (w != NULL && w->version == SHMX_PROTOCOL_VERSION)
		return w;
	base_error(-EPROTO, "the producer's welcome is malformed, or its "
		   "descriptors were lost");
	return NULL;
}

int
shmx_session_create(struct shmx_session **out, struct shmx_channel *ch,
		    int conn, bool sealed)
{
	const struct shmx_welcome *w = read_welcome(ch, SHMX_MESSAGE_FDS);
	struct shmx_session *s;
	int ret;

	if (w == NULL)
		return -EPROTO;
	s = new_session(sealed);
	if (s == NULL)
		return -ENOMEM;
	s->data_fd = shmx_channel_take_fd(ch, 0);
	s->record_fd = shmx_channel_take_fd(ch, 1);
	s->wake_fd = shmx_channel_take_fd(ch, 2);

	ret = map_data(s, w);
	if (ret == 0)
		ret = map_record(s, w);
	if (ret == 0)
		ret = begin_control(s);
	if (ret < 0) {
		shmx_session_unref(s);
		return ret;
	}
	set_holds(s, w->holds);
	s->conn = conn;
	*out = s;
	return 0;
}

/* The same record, mapped once more: sessions end in any order. */
static int
share_record(struct shmx_session *s, const struct shmx_session *old)
{
	s->record_fd = base_sys.fcntl(old->record_fd, F_DUPFD_CLOEXEC, 0);
	if (s->record_fd < 0)
		return base_error(-errno, "cannot keep the reader's record: "
				  "%s", strerror(errno));
	return map_record_at(s, 0);
}

int
shmx_session_create_after(struct shmx_session **out, struct shmx_channel *ch,
			  const struct shmx_session *old)
{
	const struct shmx_welcome *w = read_welcome(ch, 1);
	struct shmx_session *s;
	int ret;

	if (w == NULL)
		return -EPROTO;
	if (old->layout.records.count != 0)
		return base_error(-EPROTO, "a ring that has its readers' "
				  "records inside cannot grow");
	s = new_session(old->sealed);
	if (s == NULL)
		return -ENOMEM;
	s->data_fd = shmx_channel_take_fd(ch, 0);
	ret = map_data(s, w);
	if (ret == 0)
		ret = share_record(s, old);
	if (ret < 0) {
		shmx_session_unref(s);
		return ret;
	}
	set_holds(s, old->holds);
	*out = s;
	return 0;
}

void
shmx_session_take_over(struct shmx_session *s, struct shmx_session *old)
{
	s->conn = old->conn;
	s->wake_fd = old->wake_fd;
	old->conn = old->wake_fd = -1;
	s->control = old->control;
	s->control.ring = shmx_record_control(s->record);
}
