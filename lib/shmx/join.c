/* SPDX-License-Identifier: MIT */
/*
 * join.c - a producer joins a ring that another one has opened
 *
 * It maps the whole region, writes into it as the host does (several.c), and
 * is served by a thread of its own, or by its caller, that hears of readers,
 * and of the host's end: the ring's end as well, whoever still writes.
 */
#include "config.h"

#include "producer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/copy.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"
#include "atomic.h"
#include "channel.h"
#include "directory.h"
#include "kill.h"
#include "segment.h"
#include "stream.h"

#define GREETING_NS	(2 * BASE_NS_PER_S)
#define COLLECT_PAUSE_NS BASE_NS_PER_MS
#define EVENTS_MAX	64
#define MESSAGES_MAX	64

enum about { ABOUT_CONN, ABOUT_PROCESS, ABOUT_STOP };

struct shmx_join {
	int epoll_fd;
	int stop_fd;
	int conn;
	int pidfd;			/* -1: only the connection tells */
	pid_t pid;			/* the host's */
	struct shmx_channel channel;
	shmx_a32 lost;			/* no host that will have us */
	char why[512];			/* in its words, before lost; or "" */
	/* The service's: who has which record; we know how to wake it. */
	struct shmx_seat *seat[SHMX_READERS_MAX];
};

static int
watch(struct shmx_join *j, int fd, enum about about)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u32 = about };

	return epoll_ctl(j->epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0 ? -errno : 0;
}

/* ------------------------------------------------------------- service -- */

static void
forget_reader(struct shmx_producer *p, uint32_t record)
{
	struct shmx_seat **seat = &p->join->seat[record];

	if (*seat != NULL)
		shmx_readers_remove(&p->readers, *seat);
	*seat = NULL;
}

/* For lack of memory it will be the host who wakes that reader. */
static void
hear_of_reader(struct shmx_producer *p, const struct shmx_reader_notice *n)
{
	struct shmx_join *j = p->join;
	struct shmx_seat *seat;
	int fd;

	forget_reader(p, n->record);
	if (!n->present)
		return;
	fd = shmx_channel_take_fd(&j->channel, 0);
	if (shmx_seat_borrow(&seat, shmx_records_at(&p->region.records,
						    n->record),
			     n->reader, fd) < 0) {
		base_close(&fd);
		return;
	}
	if (shmx_readers_add(&p->readers, seat) < 0)
		shmx_seat_destroy(seat);
	else
		j->seat[n->record] = seat;
	SHMX_KILL_POINT("heard of reader");
}

/* One message.  False for the last one, or nonsense. */
static bool
hear(struct shmx_producer *p)
{
	struct shmx_channel *ch = &p->join->channel;
	const struct shmx_reader_notice *n;
	struct shmx_refusal refusal;

	if (ch->in.header.type == SHMX_MSG_ERROR &&
	    shmx_channel_refusal(ch, &refusal))
		snprintf(p->join->why, sizeof(p->join->why), "%s",
			 refusal.text);
	if (ch->in.header.type != SHMX_MSG_READER)
		return false;
	n = shmx_channel_body(ch, sizeof(*n), ch->fd_count);
	if (n == NULL || n->record >= p->region.records.count ||
	    (n->present != 0) != (ch->fd_count == 1))
		return false;
	hear_of_reader(p, n);
	return true;
}

static void
lose(struct shmx_producer *p)
{
	struct shmx_join *j = p->join;

	epoll_ctl(j->epoll_fd, EPOLL_CTL_DEL, j->conn, NULL);
	if (j->pidfd >= 0)
		epoll_ctl(j->epoll_fd, EPOLL_CTL_DEL, j->pidfd, NULL);
	shmx_store_release(&j->lost, 1);
	base_log(&p->log, BASE_LOG_DEBUG, "ring %s: its host, pid %d, %s",
		 p->claim.name, (int)j->pid,
		 j->why[0] != '\0' ? "sent us away" : "is gone");
}

static void
listen_to_host(struct shmx_producer *p)
{
	struct shmx_channel *ch = &p->join->channel;
	int n, ret;

	for (n = 0; n < MESSAGES_MAX; n++) {
		ret = shmx_channel_receive(ch);
		if (ret == -EAGAIN)
			return;
		if (ret < 0 || !hear(p)) {
			lose(p);
			return;
		}
		shmx_channel_next(ch);
	}
}

int
shmx_join_service(struct shmx_producer *p, uint64_t deadline_ns)
{
	struct shmx_join *j = p->join;
	struct epoll_event ev;
	int n;

	if (deadline_ns != 0 && !shmx_readers_collect(&p->readers))
		deadline_ns = BASE_MIN(deadline_ns, base_now_ns() +
				       COLLECT_PAUSE_NS);
	for (n = 0; n < EVENTS_MAX; n++, deadline_ns = 0) {
		if (epoll_wait(j->epoll_fd, &ev, 1,
			       base_timeout_ms(deadline_ns)) != 1)
			return 0;
		if (ev.data.u32 == ABOUT_STOP)
			return -ECANCELED;
		if (ev.data.u32 == ABOUT_PROCESS)
			lose(p);
		else
			listen_to_host(p);
	}
	return 0;
}

int
shmx_join_fd(const struct shmx_join *j)
{
	return j->epoll_fd;
}

void
shmx_join_stop(struct shmx_join *j)
{
	const uint64_t one = 1;

	(void)!write(j->stop_fd, &one, sizeof(one));
}

bool
shmx_join_is_lost(const struct shmx_producer *p)
{
	return shmx_load_acquire(&p->join->lost) != 0 ||
	       shmx_load_relaxed(&p->region.ring.ext->host_state) ==
	       SHMX_HOST_ENDED;
}

void
shmx_join_nudge(const struct shmx_join *j)
{
	/* Is there no room, others are there to be heard. */
	(void)shmx_channel_send(j->conn, SHMX_MSG_NUDGE, NULL, 0, NULL, 0);
}

int
shmx_producer_state(const struct shmx_producer *p)
{
	char who[64];

	if (p->join == NULL || !shmx_join_is_lost(p))
		return 0;
	/* Acquires why. */
	if (shmx_load_acquire(&p->join->lost) != 0 && p->join->why[0] != '\0')
		return base_error(-EPIPE, "%s", p->join->why);
	shmx_process_name(p->join->pid, who, sizeof(who));
	return base_error(-EPIPE, "the host of ring \"%s\", %s, is gone",
			  p->claim.name, who);
}

/* ---------------------------------------------------------------- join -- */

static int
say_hello(struct shmx_join *j, const char *label)
{
	struct shmx_hello h = {
		.magic = SHMX_PROTOCOL_MAGIC,
		.version_min = SHMX_PROTOCOL_VERSION,
		.version_max = SHMX_PROTOCOL_VERSION,
		.role = SHMX_ROLE_WRITER,
		.mode = SHMX_MODE_LOSSY,
	};

	snprintf(h.label, sizeof(h.label), "%s", label);
	return shmx_channel_send(j->conn, SHMX_MSG_HELLO, &h, sizeof(h), NULL,
				 0);
}

/* Wait for the host's answer: 0 when it is there. */
static int
await_answer(struct shmx_join *j, const char *name)
{
	uint64_t deadline = base_now_ns() + GREETING_NS;
	struct pollfd pfd = { .fd = j->conn, .events = POLLIN };
	char who[64];
	int ret;

	while ((ret = shmx_channel_receive(&j->channel)) == -EAGAIN) {
		ret = base_poll(&pfd, 1, deadline);
		if (ret > 0)
			continue;
		shmx_process_name(j->pid, who, sizeof(who));
		return ret < 0 ? base_error(ret, "waiting for the producer of "
					    "ring \"%s\": %s", name,
					    strerror(-ret)) :
			base_error(-ETIMEDOUT, "the producer of ring \"%s\", "
				   "%s, does not answer: is it stopped?", name,
				   who);
	}
	return ret == 0 ? 0 :
		base_error(ret == -EPIPE ? -ECONNRESET : ret,
			   "the producer of ring \"%s\" hung up", name);
}

static int
hear_refusal(const struct shmx_join *j, const char *name)
{
	struct shmx_refusal r;

	return shmx_channel_refusal(&j->channel, &r) ?
		base_error(-r.error, "%s", r.text) :
		base_error(-EPROTO, "the producer of ring \"%s\" does not "
			   "speak the protocol", name);
}

static int
connect_to_host(struct shmx_producer *p, const char *label)
{
	struct shmx_join *j = p->join;
	const char *name = p->claim.name;
	int ret;

	ret = shmx_rendezvous_connect(name, &j->pid, &j->pidfd);
	if (ret < 0)
		return ret;
	j->conn = ret;
	shmx_channel_init(&j->channel, j->conn);
	ret = say_hello(j, label);
	if (ret < 0)
		return base_error(ret, "cannot talk to the producer of ring "
				  "\"%s\": %s", name, strerror(-ret));
	SHMX_KILL_POINT("join HELLO");
	ret = await_answer(j, name);
	if (ret < 0)
		return ret;
	SHMX_KILL_POINT("join WELCOME");
	if (j->channel.in.header.type == SHMX_MSG_ERROR)
		return hear_refusal(j, name);
	if (j->channel.in.header.type == SHMX_MSG_BYE)
		return base_error(-ECONNRESET, "the producer of ring \"%s\" "
				  "has ended", name);
	return j->channel.in.header.type == SHMX_MSG_WELCOME ? 0 :
		base_error(-EPROTO, "the producer of ring \"%s\" does not "
			   "speak the protocol", name);
}

/* What frames are made of, as the ring's directory has it now. */
static int
use_streams(struct shmx_producer *p, const struct shmx_stream *streams,
	    unsigned count)
{
	int ret;

	ret = shmx_streams_check(streams, count);
	if (ret < 0)
		return ret;
	shmx_outline_init(&p->outline, streams, count);
	if (count > 0 && streams[0].kind == SHMX_STREAM_IMAGE)
		p->stream = streams[0];
	/* The directory's, which is about to be freed. */
	p->stream.name = NULL;
	p->stream.extra = NULL;
	return p->outline.image_bytes <= p->region.frame_capacity ? 0 :
		base_error(-EPROTO, "the picture of ring \"%s\" does not fit "
			   "into its slots", p->claim.name);
}

static int
read_streams(struct shmx_producer *p, const struct shmx_layout *l)
{
	struct shmx_stream *streams;
	struct shmx_directory *dir;
	unsigned i, n;
	int ret;

	ret = shmx_directory_read(&dir, &l->directory, 0);
	if (ret < 0)
		return ret;
	n = shmx_directory_count(dir);
	streams = base_sys.calloc(n + 1, sizeof(*streams));
	for (i = 0; streams != NULL && i < n; i++)
		streams[i] = *shmx_directory_get(dir, i);
	ret = streams != NULL ? use_streams(p, streams, n) :
		base_error(-ENOMEM, "out of memory");
	free(streams);
	shmx_directory_free(dir);
	return ret;
}

/* The region, all of it to be written. */
static int
map_region(struct shmx_producer *p, const struct shmx_welcome *w)
{
	struct shmx_region *r = &p->region;
	struct shmx_layout l;
	int ret;

	ret = shmx_segment_check(r->fd, w->region_bytes, SHMX_SEALS_SIZE);
	if (ret == 0)
		ret = shmx_segment_map(r->fd, 0, w->region_bytes,
				       PROT_READ | PROT_WRITE, &r->map);
	if (ret < 0)
		return base_error(ret, "cannot map ring \"%s\": %s",
				  p->claim.name, strerror(-ret));
	r->bytes = w->region_bytes;
	ret = shmx_region_check(&l, r->map, w->map_bytes, w->region_bytes,
				w->session);
	if (ret < 0)
		return ret;
	if (!(l.features & SHMX_FEATURE_MULTI_WRITER) ||
	    l.records.count > SHMX_READERS_MAX ||
	    l.slots_offset + SHMX_SLOT_HEAD != l.map_bytes)
		return base_error(-EPROTO, "ring \"%s\" is not one to be "
				  "joined", p->claim.name);
	r->records = l.records;
	r->map_bytes = l.map_bytes;
	r->slot_stride = l.slot_stride;
	r->frame_capacity = l.frame_capacity;
	r->session = w->session;
	r->ring = l.ring;
	return read_streams(p, &l);
}

static int
enter(struct shmx_producer *p, const char *label)
{
	const struct shmx_ready ready = { .transport = SHMX_TRANSPORT_RING };
	struct shmx_join *j = p->join;
	const struct shmx_welcome *w;
	uint32_t owner;
	int ret;

	ret = connect_to_host(p, label);
	if (ret < 0)
		return ret;
	w = shmx_channel_body(&j->channel, sizeof(*w), 1);
	if (w == NULL || w->version != SHMX_PROTOCOL_VERSION)
		return base_error(-EPROTO, "the welcome of ring \"%s\" is "
				  "malformed, or its descriptor was lost",
				  p->claim.name);
	p->region.fd = shmx_channel_take_fd(&j->channel, 0);
	owner = w->record;
	ret = map_region(p, w);
	shmx_channel_next(&j->channel);
	if (ret == 0)
		ret = shmx_several_init(p, owner);
	if (ret == 0)
		ret = shmx_producer_map_scratch(p);
	if (ret < 0)
		return ret;
	SHMX_KILL_POINT("join mapped");
	ret = shmx_channel_send(j->conn, SHMX_MSG_READY, &ready,
				sizeof(ready), NULL, 0);
	return ret == 0 ? 0 :
		base_error(-ECONNRESET, "the producer of ring \"%s\" hung up",
			   p->claim.name);
}

static int
start_service(struct shmx_producer *p, uint32_t flags)
{
	struct shmx_join *j = p->join;
	int ret = 0;

	if ((j->epoll_fd = epoll_create1(EPOLL_CLOEXEC)) < 0 ||
	    (j->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0)
		ret = -errno;
	if (ret == 0)
		ret = watch(j, j->stop_fd, ABOUT_STOP);
	if (ret == 0)
		ret = watch(j, j->conn, ABOUT_CONN);
	if (ret == 0 && j->pidfd >= 0)
		ret = watch(j, j->pidfd, ABOUT_PROCESS);
	if (ret == 0 && !(flags & SHMX_NO_THREAD))
		ret = shmx_producer_start_thread(p);
	return ret == 0 ? 0 :
		base_error(ret, "cannot serve ring \"%s\": %s", p->claim.name,
			   strerror(-ret));
}

static int
read_options(struct shmx_join_options *o, const struct shmx_join_options *given)
{
	int ret = 0;

	if (given != NULL)
		ret = base_copy_struct(o, sizeof(*o), given, given->size);
	if (ret < 0)
		return base_error(ret, "options must begin with "
				  "SHMX_JOIN_OPTIONS_INIT, and hold nothing "
				  "that this version does not know");
	if ((o->flags & ~(uint32_t)SHMX_NO_THREAD) != 0)
		return base_error(-EINVAL, "unknown flags 0x%" PRIx32 " to "
				  "join with", o->flags);
	if (o->label == NULL)
		o->label = program_invocation_short_name;
	return 0;
}

int
shmx_producer_join(struct shmx_producer **out, const char *name,
		   const struct shmx_join_options *options)
{
	struct shmx_join_options o = SHMX_JOIN_OPTIONS_INIT;
	struct shmx_producer *p;
	int ret;

	ret = shmx_name_check(name, &name);
	if (ret == 0)
		ret = read_options(&o, options);
	if (ret < 0)
		return ret;
	p = shmx_producer_new(o.log, o.log_data);
	if (p == NULL)
		return -ENOMEM;
	snprintf(p->claim.name, sizeof(p->claim.name), "%s", name);
	p->join = base_sys.calloc(1, sizeof(*p->join));
	ret = p->join == NULL ? base_error(-ENOMEM, "out of memory") : 0;
	if (ret == 0) {
		p->join->epoll_fd = p->join->stop_fd = -1;
		p->join->conn = p->join->pidfd = -1;
		shmx_channel_init(&p->join->channel, -1);
		ret = shmx_readers_init(&p->readers);
		if (ret < 0)
			base_error(ret, "out of memory");
	}
	if (ret == 0)
		ret = enter(p, o.label);
	if (ret == 0)
		ret = start_service(p, o.flags);
	if (ret < 0) {
		shmx_producer_close(p);
		return ret;
	}
	*out = p;
	return 0;
}

void
shmx_join_finish(struct shmx_producer *p)
{
	struct shmx_join *j = p->join;
	uint32_t i;

	if (j == NULL)
		return;
	/* Nothing is claimed any more: it may be taken at its word. */
	if (j->conn >= 0)
		(void)shmx_channel_send(j->conn, SHMX_MSG_BYE, NULL, 0, NULL,
					0);
	SHMX_KILL_POINT("join BYE");
	for (i = 0; i < SHMX_READERS_MAX; i++)
		forget_reader(p, i);
	shmx_channel_finish(&j->channel);
	base_close(&j->conn);
	base_close(&j->pidfd);
	base_close(&j->stop_fd);
	base_close(&j->epoll_fd);
	free(j);
}
