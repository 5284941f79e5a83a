/* SPDX-License-Identifier: MIT */
/*
 * foreign.c - a ring of somebody else's SHMX v2.0, read as if it were ours
 *
 * What is read from the object is believed for nothing but what it says: the
 * layout is checked once and kept, lengths are checked in a copy, a frame is
 * copied before its checksum is taken, and its header has to be the same
 * before and after, as session, time and number are not summed.
 */
#include "config.h"

#include "foreign.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"
#include "atomic.h"
#include "channel.h"
#include "checksum.h"
#include "control.h"
#include "directory.h"
#include "object.h"
#include "readers.h"
#include "region.h"
#include "segment.h"
#include "stream.h"
#include "tlv.h"
#include "v2-layout.h"

/* How often to look for a frame: the longer there was none, the less. */
#define LOOK_MIN_NS	BASE_NS_PER_MS
#define LOOK_MAX_NS	(10 * BASE_NS_PER_MS)
#define LOOK_SHARE	8
/* How often to tell the server that we live, and to look whether it does. */
#define BEAT_NS		(100 * BASE_NS_PER_MS)
/* How often a frame may be overwritten while it is copied. */
#define TRIES		4

struct shmx_foreign {
	int fd;				/* the object, for reading and writing */
	struct shmx_v2_layout layout;
	bool ours;			/* has our extension, so is locked */

	/* Our record there; -1 where all are taken. */
	int record;
	uint64_t reader_id;
	uint64_t beat_ns;		/* when to give the next sign of life */

	/* The ring that the frames are copied to, and its reader. */
	struct shmx_region region;
	struct shmx_writer writer;
	struct shmx_readers readers;
	struct shmx_seat *seat;
	int conn;			/* -1: the server is gone */
	int timer_fd;

	uint32_t generation;		/* of the directory copied last */
	struct shmx_stream image;	/* kind 0: there is none */
	uint32_t write_index;		/* looked at last */
	uint64_t frame_ns;		/* when the last frame came */

	/* A message of the reader's that is to be passed on. */
	struct shmx_control_in mail;
	uint32_t mail_type;		/* SHMX_CONTROL_PAD: there is none */
	uint32_t mail_bytes;
	uint64_t mail_data[(SHMX_CONTROL_MAX + 7) / 8];
};

/* ------------------------------------------------------------ the object -- */

static bool
read_at(const struct shmx_foreign *f, void *buf, size_t bytes,
	uint64_t offset)
{
	return base_pread_all(f->fd, buf, bytes, (off_t)offset) == 0;
}

/* One store of a word; nobody sees a part of it. */
static void
write_word(const struct shmx_foreign *f, uint64_t offset, uint64_t word)
{
	(void)!pwrite(f->fd, &word, sizeof(word), (off_t)offset);
}

static uint64_t
record_at(const struct shmx_foreign *f, uint32_t i)
{
	return f->layout.readers_offset +
		(uint64_t)i * f->layout.reader_stride;
}

/* Nobody has taken its name, or its pages. */
static bool
is_there(const struct shmx_foreign *f)
{
	struct stat st;

	return base_sys.fstat(f->fd, &st) == 0 && st.st_nlink != 0 &&
	       (uint64_t)st.st_size >= f->layout.bytes;
}

/* The pages around some bytes, writable, for an instant. */
struct glimpse {
	void *map;
	size_t bytes;
	char *at;
};

static bool
glimpse(const struct shmx_foreign *f, struct glimpse *g, uint64_t offset,
	size_t bytes)
{
	uint64_t before = offset % (uint64_t)sysconf(_SC_PAGESIZE);

	g->bytes = before + bytes;
	if (!is_there(f) ||
	    shmx_segment_map(f->fd, offset - before, g->bytes,
			     PROT_READ | PROT_WRITE, &g->map) < 0)
		return false;
	g->at = (char *)g->map + before;
	return true;
}

static void
count_readers(const struct shmx_foreign *f, uint32_t more)
{
	struct glimpse g;

	if (!glimpse(f, &g, 0, sizeof(struct shmx_header)))
		return;
	shmx_add_relaxed(&((struct shmx_header *)(void *)g.at)
			 ->readers_connected, more);
	shmx_segment_unmap(g.map, g.bytes);
}

/* in_use from one value to another. */
static bool
swap_in_use(const struct shmx_foreign *f, uint32_t i, uint32_t from,
	    uint32_t to)
{
	struct shmx_record *record;
	struct glimpse g;
	bool ok;

	if (!glimpse(f, &g, record_at(f, i), SHMX_V2_RECORD_BYTES))
		return false;
	record = (void *)g.at;
	ok = shmx_cas_acq_rel(&record->in_use, &from, to);
	shmx_segment_unmap(g.map, g.bytes);
	return ok;
}

/* The words of v2.0's record, that is the first of ours. */
static bool
read_record(const struct shmx_foreign *f, uint32_t i, uint64_t *id,
	    uint32_t *in_use)
{
	uint64_t words[SHMX_V2_RECORD_BYTES / 8];

	if (!read_at(f, words, sizeof(words), record_at(f, i)))
		return false;
	*id = words[0];
	*in_use = (uint32_t)words[offsetof(struct shmx_record, in_use) / 8];
	return true;
}

static void
beat(struct shmx_foreign *f)
{
	write_word(f, record_at(f, (uint32_t)f->record) +
		   offsetof(struct shmx_record, heartbeat), base_now_ns());
}

/*
 * Who finds no record reads all the same; the server just knows nothing of it.
 */
static void
take_record(struct shmx_foreign *f)
{
	uint32_t i, in_use;
	uint64_t id;

	for (i = 0; i < f->layout.readers && f->record < 0; i++)
		if (read_record(f, i, &id, &in_use) && in_use == 0 &&
		    swap_in_use(f, i, 0, 1))
			f->record = (int)i;
	if (f->record < 0)
		return;
	if (getrandom(&f->reader_id, sizeof(f->reader_id), GRND_NONBLOCK) !=
	    sizeof(f->reader_id))
		f->reader_id = base_now_ns();
	f->reader_id |= 1;
	write_word(f, record_at(f, (uint32_t)f->record) +
		   offsetof(struct shmx_record, reader_id), f->reader_id);
	write_word(f, record_at(f, (uint32_t)f->record) +
		   offsetof(struct shmx_record, last_frame_seen), 0);
	beat(f);
	count_readers(f, 1);
}

static bool
has_record(const struct shmx_foreign *f)
{
	uint32_t in_use;
	uint64_t id;

	return f->record >= 0 &&
	       read_record(f, (uint32_t)f->record, &id, &in_use) &&
	       in_use == 1 && id == f->reader_id;
}

static void
leave_record(struct shmx_foreign *f)
{
	uint64_t at;

	if (!has_record(f) || !is_there(f))
		return;
	at = record_at(f, (uint32_t)f->record);
	write_word(f, at + offsetof(struct shmx_record, reader_id), 0);
	write_word(f, at + offsetof(struct shmx_record, heartbeat), 0);
	if (swap_in_use(f, (uint32_t)f->record, 1, 0))
		count_readers(f, (uint32_t)-1);
	f->record = -1;
}

/* ----------------------------------------------------------- directory -- */

/* Which stream is a picture? */
static void
find_image(struct shmx_foreign *f, const struct shmx_directory *dir)
{
	const struct shmx_directory_entry *e = shmx_directory_image(dir);

	f->image = (struct shmx_stream){ .id = 0 };
	if (e == NULL || shmx_format_bytes(e->stream.format) == 0)
		return;
	f->image = e->stream;
	/* The directory's own. */
	f->image.name = NULL;
	f->image.extra = NULL;
}

/* Take over a directory that is whole, and not changed meanwhile. */
static void
copy_directory(struct shmx_foreign *f, uint32_t generation, uint32_t used)
{
	const struct shmx_directory_place place =
		shmx_region_directory(&f->region);
	struct shmx_directory *dir = NULL;
	struct shmx_header again;
	void *bytes;

	if (used > f->layout.static_capacity || used > SHMX_DIRECTORY_MAX)
		return;
	bytes = base_sys.calloc(1, base_round_up(used, 8) + 8);
	if (bytes == NULL)
		return;
	if (read_at(f, bytes, used, f->layout.static_offset) &&
	    read_at(f, &again, sizeof(again), 0) &&
	    shmx_load_relaxed(&again.static_generation) == generation &&
	    shmx_directory_parse(&dir, bytes, used, 0) == 0) {
		shmx_directory_replace(&place, bytes, used);
		find_image(f, dir);
		f->generation = generation;
	}
	shmx_directory_free(dir);
	free(bytes);
}

/* -------------------------------------------------------------- frames -- */

/* What the ring of ours says of a frame that was copied to that slot. */
static void
describe(const struct shmx_foreign *f, struct shmx_slot_meta *meta,
	 const struct shmx_frame_header *h, const char *payload,
	 uint64_t payload_offset)
{
	uint32_t stride = shmx_stream_stride(&f->image);
	struct shmx_tlv_stream s;

	*meta = (struct shmx_slot_meta){
		.sim_time = h->sim_time,
		.begun_ns = f->frame_ns,
		.published_ns = f->frame_ns,
		/* No stream at all is a TLV of none in v2.0. */
		.payload_bytes = h->tlv_count != 0 ? h->payload_bytes : 0,
		.tlv_count = h->tlv_count,
	};
	if (f->image.kind != SHMX_STREAM_IMAGE ||
	    shmx_tlv_find(payload, h->payload_bytes, h->tlv_count,
			  f->image.id, &s) < 0 ||
	    s.bytes == 0 || s.bytes % stride != 0 ||
	    s.bytes / stride > f->image.height)
		return;
	meta->width = f->image.width;
	meta->height = s.bytes / stride;
	meta->stride = stride;
	meta->format = f->image.format;
	meta->pixels_offset = payload_offset + s.offset;
	meta->pixels_bytes = s.bytes;
}

static void
wake(struct shmx_foreign *f)
{
	const struct shmx_scan *scan = shmx_readers_enter(&f->readers);

	if (shmx_writer_sleepers(scan) != 0)
		(void)send(f->seat->wake_fd, "", 1,
			   MSG_DONTWAIT | MSG_NOSIGNAL);
	shmx_readers_leave(&f->readers);
}

static void
publish(struct shmx_foreign *f, uint32_t slot,
	const struct shmx_frame_header *h)
{
	uint64_t offset = shmx_region_data(&f->region, slot) -
		SHMX_STREAM_HEAD;
	struct shmx_slot_meta *meta = &f->region.ring.meta[slot];
	struct shmx_rect16 all;

	f->frame_ns = base_now_ns();
	describe(f, meta, h, (char *)f->region.map + offset, offset);
	all = (struct shmx_rect16){ 0, 0, (uint16_t)meta->width,
		(uint16_t)meta->height };
	/* The server's numbers, gaps and all. */
	f->writer.latest = shmx_load_relaxed(&h->frame_id) - 1;
	shmx_writer_publish(&f->writer, all);
	wake(f);
}

/* Can it be a frame of this server that was not copied yet? */
static bool
is_new_frame(const struct shmx_foreign *f, const struct shmx_frame_header *h)
{
	uint64_t id = shmx_load_relaxed(&h->frame_id);

	return id > f->writer.latest && id <= SHMX_SEQUENCE_MAX &&
	       h->session == f->layout.session && h->payload_bytes != 0 &&
	       h->payload_bytes <= f->layout.frame_capacity &&
	       h->tlv_count <= SHMX_STREAMS_MAX;
}

/* False when it was overwritten meanwhile. */
static bool
copy_frame(struct shmx_foreign *f, uint64_t at)
{
	struct shmx_frame_header before, after;
	char *to;
	int slot;

	if (!read_at(f, &before, sizeof(before), at))
		return false;
	if (!is_new_frame(f, &before))
		return true;
	slot = shmx_writer_claim(&f->writer, shmx_readers_enter(&f->readers));
	shmx_readers_leave(&f->readers);
	if (slot < 0)
		return true;	/* there are enough of them, but who knows */
	to = (char *)f->region.map +
		shmx_region_data(&f->region, (uint32_t)slot) -
		SHMX_STREAM_HEAD;
	if (!read_at(f, to, before.payload_bytes, at + sizeof(before)) ||
	    shmx_checksum(to, before.payload_bytes) != before.checksum ||
	    !read_at(f, &after, sizeof(after), at) ||
	    memcmp(&before, &after, sizeof(before)) != 0)
		return false;
	if (f->record >= 0)
		write_word(f, record_at(f, (uint32_t)f->record) +
			   offsetof(struct shmx_record, last_frame_seen),
			   shmx_load_relaxed(&before.frame_id));
	publish(f, (uint32_t)slot, &before);
	return true;
}

/* ---------------------------------------------------------------- mail -- */

/* What the reader sent, once.  False when there is nothing. */
static bool
fetch_mail(struct shmx_foreign *f)
{
	if (f->mail_type == SHMX_CONTROL_PAD &&
	    shmx_control_take(&f->mail, &f->mail_type, &f->mail_bytes,
			      f->mail_data) < 0)
		f->mail_type = SHMX_CONTROL_PAD;
	return f->mail_type != SHMX_CONTROL_PAD;
}

/* A message into the server's ring, at that cursor. */
static void
write_message(const struct shmx_foreign *f, uint64_t data, uint64_t cursor,
	      struct shmx_tlv tlv, const void *bytes)
{
	uint64_t at = data + cursor % (f->layout.control_bytes -
				       SHMX_V2_CONTROL_HEAD);

	(void)!pwrite(f->fd, &tlv, sizeof(tlv), (off_t)at);
	if (bytes != NULL)
		(void)!pwrite(f->fd, bytes, tlv.length,
			      (off_t)(at + sizeof(tlv)));
}

/* As shmx_control_put(), from outside.  False when there is no room. */
static bool
pass_on(const struct shmx_foreign *f)
{
	const struct shmx_tlv tlv = { f->mail_type, f->mail_bytes };
	uint64_t at = f->layout.control_offset + (uint64_t)f->record *
		f->layout.control_stride;
	uint64_t data = at + SHMX_V2_CONTROL_HEAD, cursor[2], used;
	uint32_t room = f->layout.control_bytes - SHMX_V2_CONTROL_HEAD;
	uint32_t stride = (uint32_t)base_round_up(sizeof(tlv) + tlv.length,
						  SHMX_TLV_ALIGN);
	uint32_t end, pad;

	if (stride > room)
		return true;	/* shmx_foreign_message_max() said so */
	if (!read_at(f, cursor, sizeof(cursor), at))
		return false;
	used = cursor[1] - cursor[0];
	end = room - (uint32_t)(cursor[1] % room);
	pad = stride > end ? end : 0;
	if (used > room || room - used < pad)
		return false;
	if (pad >= sizeof(tlv))
		write_message(f, data, cursor[1], (struct shmx_tlv){
			SHMX_CONTROL_PAD, pad - (uint32_t)sizeof(tlv) }, NULL);
	cursor[1] += pad;
	/* The pad alone, where there is not room for both. */
	if (room - used >= pad + stride) {
		write_message(f, data, cursor[1], tlv, f->mail_data);
		write_word(f, at + 8, cursor[1] + stride);
		return true;
	}
	write_word(f, at + 8, cursor[1]);
	return false;
}

static void
pass_mail(struct shmx_foreign *f)
{
	while (fetch_mail(f)) {
		/* Nobody there would ever read it. */
		if (f->layout.control_bytes != 0 &&
		    (!has_record(f) || !pass_on(f)))
			return;
		f->mail_type = SHMX_CONTROL_PAD;
	}
}

/* ---------------------------------------------------------------- pump -- */

/* Nothing more will come: the reader sees the end of the connection. */
static void
end(struct shmx_foreign *f, bool orderly)
{
	if (orderly)
		shmx_store_seq_cst(&f->region.ring.ext->host_state,
				   SHMX_HOST_ENDED);
	base_close(&f->conn);
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

static bool
has_died(const struct shmx_foreign *f)
{
	char path[64];

	/* An open file of its own, or the lock would be ours. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", f->fd);
	return f->ours && !is_locked(path);
}

/* What need not be done for each frame. */
static void
look_after(struct shmx_foreign *f, uint64_t now)
{
	if (now < f->beat_ns)
		return;
	f->beat_ns = now + BEAT_NS;
	if (!is_there(f)) {
		end(f, true);
		return;
	}
	if (has_died(f)) {
		end(f, false);
		return;
	}
	/* One who did not look for long may have been reaped. */
	if (!has_record(f)) {
		f->record = -1;
		take_record(f);
	} else {
		beat(f);
	}
}

static void
look_for_frame(struct shmx_foreign *f)
{
	struct shmx_header h;
	uint32_t index, generation;
	int i;

	for (i = 0; i < TRIES; i++) {
		if (!read_at(f, &h, sizeof(h), 0) || h.magic != SHMX_MAGIC ||
		    h.session != f->layout.session) {
			end(f, true);
			return;
		}
		generation = shmx_load_relaxed(&h.static_generation);
		if (generation != f->generation)
			copy_directory(f, generation,
				       shmx_load_relaxed(&h.static_used));
		index = shmx_load_relaxed(&h.write_index);
		if (index == 0 || index == f->write_index)
			return;
		if (copy_frame(f, f->layout.slots_offset +
			       (uint64_t)((index - 1) % f->layout.slots) *
			       f->layout.slot_stride)) {
			f->write_index = index;
			return;
		}
	}
}

static void
set_timer(const struct shmx_foreign *f, uint64_t now)
{
	uint64_t ns = (now - BASE_MIN(now, f->frame_ns)) / LOOK_SHARE;
	const struct itimerspec its = { .it_value.tv_nsec = (long)
		BASE_MIN(BASE_MAX(ns, LOOK_MIN_NS), LOOK_MAX_NS) };

	timerfd_settime(f->timer_fd, 0, &its, NULL);
}

void
shmx_foreign_pump(struct shmx_foreign *f)
{
	uint64_t now = base_now_ns();

	if (f->conn >= 0)
		look_after(f, now);
	if (f->conn >= 0)
		look_for_frame(f);
	if (f->conn < 0)
		return;
	pass_mail(f);
	set_timer(f, now);
}

int
shmx_foreign_fd(const struct shmx_foreign *f)
{
	return f->timer_fd;
}

/* ------------------------------------------------------ open and close -- */

/* -ENOENT for all that is no ring, or none any more. */
static int
open_object(struct shmx_foreign *f, const char *name)
{
	struct shmx_header h;
	const char *fault;
	char path[64];
	struct stat st;
	int fd, ret = 0;

	fd = shmx_object_open(name);
	if (fd < 0)
		return -ENOENT;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	f->fd = base_sys.open(path, O_RDWR | O_CLOEXEC, 0);
	if (f->fd < 0 || base_sys.fstat(f->fd, &st) < 0)
		ret = base_error(-errno, "cannot open ring \"%s\" in "
				 SHMX_OBJECT_DIR ": %s", name,
				 strerror(errno));
	base_close(&fd);
	if (ret < 0)
		return ret;
	if (!read_at(f, &h, sizeof(h), 0) || h.magic != SHMX_MAGIC)
		return -ENOENT;
	fault = shmx_v2_layout_check(&f->layout, &h, (uint64_t)st.st_size);
	if (fault != NULL)
		return base_error(-EPROTO, "ring \"%s\" in " SHMX_OBJECT_DIR
				  " is malformed: %s", name, fault);
	f->ours = shmx_v2_is_ours(&h);
	return has_died(f) ? -ENOENT : 0;
}

/* The ring that frames are copied to. */
static int
make_ring(struct shmx_foreign *f, const char *name, uint32_t holds)
{
	const struct shmx_region_plan plan = {
		.slots = holds + 2,
		.history = 1,
		.frame_bytes = f->layout.frame_capacity,
		.directory_bytes = BASE_MIN(f->layout.static_capacity,
					    SHMX_DIRECTORY_MAX),
		.features = SHMX_FEATURE_COPIED,
	};
	int ret;

	ret = shmx_region_create(&f->region, name, &plan, "");
	if (ret < 0)
		return ret;
	shmx_writer_init(&f->writer, &f->region.ring);
	return shmx_readers_init(&f->readers);
}

/* Its reader: as a host greets one. */
static int
seat_reader(struct shmx_foreign *f, const char *name, uint32_t holds,
	    int *conn)
{
	const struct shmx_welcome w = {
		.version = SHMX_PROTOCOL_VERSION,
		.holds = holds,
		.map_bytes = f->region.map_bytes,
		.session = f->region.session,
		.features = SHMX_FEATURE_COPIED,
		.region_bytes = f->region.bytes,
		.record_bytes = SHMX_RECORD_BYTES,
	};
	int fds[SHMX_MESSAGE_FDS] = { f->region.fd, -1, -1 }, pair[2], ret;

	ret = shmx_seat_create(&f->seat, &f->region.records, name, holds,
			       &fds[2]);
	if (ret < 0)
		return ret;
	fds[1] = f->seat->record_fd;
	shmx_control_in_init(&f->mail, shmx_record_control(f->seat->record));
	ret = shmx_readers_add(&f->readers, f->seat);
	if (ret < 0) {
		shmx_seat_destroy(f->seat);
		f->seat = NULL;
	} else if (base_sys.socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC |
				       SOCK_NONBLOCK, 0, pair) < 0) {
		ret = -errno;
	} else {
		f->conn = pair[0];
		ret = shmx_channel_send(f->conn, SHMX_MSG_WELCOME, &w,
					sizeof(w), fds, SHMX_MESSAGE_FDS);
		if (ret < 0)
			base_close(&pair[1]);
		else
			*conn = pair[1];
	}
	base_close(&fds[2]);
	return ret;
}

static struct shmx_foreign *
new_foreign(void)
{
	struct shmx_foreign *f = base_sys.calloc(1, sizeof(*f));

	if (f == NULL) {
		base_error(-ENOMEM, "out of memory");
		return NULL;
	}
	f->fd = f->conn = f->timer_fd = f->record = -1;
	f->generation = UINT32_MAX;
	f->region.fd = f->region.data_fd = f->region.records_fd = -1;
	return f;
}

int
shmx_foreign_find(const char *name)
{
	struct shmx_foreign *f = new_foreign();
	int ret;

	if (f == NULL)
		return -ENOMEM;
	ret = open_object(f, name);
	shmx_foreign_close(f);
	return ret;
}

int
shmx_foreign_open(struct shmx_foreign **out, const char *name, uint32_t holds,
		  int *conn)
{
	struct shmx_foreign *f = new_foreign();
	int ret;

	if (f == NULL)
		return -ENOMEM;
	ret = open_object(f, name);
	if (ret < 0)
		goto fail;
	ret = make_ring(f, name, holds);
	if (ret < 0)
		goto fail;
	f->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC |
				     TFD_NONBLOCK);
	ret = f->timer_fd < 0 ? -errno : seat_reader(f, name, holds, conn);
	if (ret < 0) {
		base_error(ret, "cannot read ring \"%s\" in " SHMX_OBJECT_DIR
			   ": %s", name, strerror(-ret));
		goto fail;
	}
	take_record(f);
	f->frame_ns = base_now_ns();
	shmx_foreign_pump(f);
	*out = f;
	return 0;
fail:
	shmx_foreign_close(f);
	return ret;
}

uint32_t
shmx_foreign_message_max(const struct shmx_foreign *f)
{
	uint32_t room;

	if (f->layout.control_bytes == 0)
		return SHMX_CONTROL_MAX;
	room = f->layout.control_bytes - SHMX_V2_CONTROL_HEAD;
	room -= room % SHMX_TLV_ALIGN;
	return BASE_MIN(room - (uint32_t)sizeof(struct shmx_tlv),
			SHMX_CONTROL_MAX);
}

void
shmx_foreign_close(struct shmx_foreign *f)
{
	if (f == NULL)
		return;
	leave_record(f);
	if (f->seat != NULL)
		shmx_readers_remove(&f->readers, f->seat);
	shmx_readers_finish(&f->readers);
	shmx_region_destroy(&f->region);
	base_close(&f->conn);
	base_close(&f->timer_fd);
	base_close(&f->fd);
	free(f);
}
