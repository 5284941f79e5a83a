/* SPDX-License-Identifier: MIT */
/*
 * producer.c - the writing end: begin, publish, and who serves the readers
 *
 * begin and publish run in the caller's thread and touch the ring, the scan
 * set and nothing else; everything that may fail or sleep is the service's
 * (host.c), in a thread of its own unless the caller has a loop for it.
 */
#include "config.h"

#include "producer.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/copy.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"
#include "atomic.h"
#include "kill.h"
#include "object.h"
#include "stream.h"

#define DEFAULT_SLOTS 8
#define DEFAULT_HISTORY 1
#define DEFAULT_WRITERS 4
/* What readers may hold all together, by default. */
#define DEFAULT_HOLDS 6
#define FLAGS (SHMX_NO_THREAD | SHMX_NAMED | SHMX_LAZY_CHECKSUM | \
	       SHMX_MULTI_WRITER | SHMX_ALLOW_EVERY | SHMX_INPUT)

/* ------------------------------------------------------------ service -- */

static void *
serve(void *arg)
{
	struct shmx_producer *p = arg;

	while ((p->join == NULL ? shmx_host_service(&p->host, BASE_FOREVER) :
		shmx_join_service(p, BASE_FOREVER)) != -ECANCELED)
		;
	return NULL;
}

/* The thread takes no signals: they are the application's. */
int
shmx_producer_start_thread(struct shmx_producer *p)
{
	sigset_t all, before;
	int ret;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ret = -base_sys.pthread_create(&p->thread, NULL, serve, p);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (ret == 0) {
		pthread_setname_np(p->thread, "shmx-service");
		p->threaded = true;
	}
	return ret;
}

static void
stop_thread(struct shmx_producer *p)
{
	if (p->threaded) {
		if (p->join == NULL)
			shmx_host_stop(&p->host);
		else
			shmx_join_stop(p->join);
		pthread_join(p->thread, NULL);
		p->threaded = false;
	}
}

int
shmx_producer_fd(const struct shmx_producer *p)
{
	return p->threaded ? -1 : p->join == NULL ? p->host.epoll_fd :
		shmx_join_fd(p->join);
}

int
shmx_producer_service(struct shmx_producer *p)
{
	if (p->threaded)
		return base_error(-EINVAL, "the producer serves itself by a "
				  "thread; open it with SHMX_NO_THREAD");
	if (p->join == NULL)
		(void)shmx_host_service(&p->host, 0);
	else
		(void)shmx_join_service(p, 0);
	return 0;
}

/* ------------------------------------------------------ open and close -- */

/* SHMX v2.0 counts frames modulo 2^32, and finds their slots by that. */
static unsigned
round_slots(unsigned slots)
{
	unsigned n = 4;

	while (n < slots)
		n *= 2;
	return n;
}

/* How many write, and the slots that this takes. */
static int
read_writers(struct shmx_producer_options *o)
{
	uint32_t least;

	if (!(o->flags & SHMX_MULTI_WRITER)) {
		o->writers = o->writers == 0 ? 1 : o->writers;
		return o->writers == 1 ? 0 :
			base_error(-EINVAL, "%u producers need "
				   "SHMX_MULTI_WRITER", o->writers);
	}
	if (o->flags & SHMX_NAMED)
		return base_error(-EINVAL, "a ring in /dev/shm has one "
				  "producer: leave out SHMX_NAMED, or "
				  "SHMX_MULTI_WRITER");
	if (o->flags & SHMX_ALLOW_EVERY)
		return base_error(-EINVAL, "several producers cannot wait for "
				  "readers: leave out SHMX_ALLOW_EVERY, or "
				  "SHMX_MULTI_WRITER");
	if (o->writers == 0)
		o->writers = DEFAULT_WRITERS;
	if (o->writers > SHMX_WRITERS_MAX || o->history > SHMX_SLOTS_MAX)
		return base_error(-EINVAL, "a ring has at most %d producers, "
				  "not %u", SHMX_WRITERS_MAX, o->writers);
	least = shmx_multi_slots(1, o->history, o->writers);
	if (o->slots == 0)
		o->slots = least - 1 + DEFAULT_HOLDS;
	return o->slots >= least ? 0 :
		base_error(-EINVAL, "%u producers with a history of %u need at "
			   "least %" PRIu32 " slots", o->writers, o->history,
			   least);
}

int
shmx_producer_read_options(struct shmx_producer_options *o,
			   const struct shmx_producer_options *given)
{
	int ret = -EINVAL;

	if (given != NULL)
		ret = base_copy_struct(o, sizeof(*o), given, given->size);
	if (ret < 0)
		return base_error(ret, "options must begin with "
				  "SHMX_PRODUCER_OPTIONS_INIT, and hold "
				  "nothing that this version does not know");
	if ((o->flags & ~(uint32_t)FLAGS) != 0)
		return base_error(-EINVAL, "unknown producer flags 0x%" PRIx32,
				  o->flags);
	if (o->history == 0)
		o->history = DEFAULT_HISTORY;
	ret = read_writers(o);
	if (ret < 0)
		return ret;
	if (o->slots == 0)
		o->slots = DEFAULT_SLOTS;
	if (o->slots > SHMX_SLOTS_MAX || o->history > o->slots - 2 ||
	    o->slots < 3)
		return base_error(-EINVAL, "%u slots with a history of %u: "
				  "there are at most %d slots, and at least "
				  "two more than the history", o->slots,
				  o->history, SHMX_SLOTS_MAX);
	if (o->flags & SHMX_NAMED)
		o->slots = round_slots(o->slots);
	return shmx_streams_check(o->streams, o->stream_count);
}

/* As a slot and what is before it: a page, then the first stream's data. */
int
shmx_producer_map_scratch(struct shmx_producer *p)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t bytes = page + p->region.slot_stride;
	void *m;

	/* Costs nothing until it is written. */
	m = base_sys.mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (m == MAP_FAILED)
		return base_error(-errno, "cannot map scratch memory: %s",
				  strerror(errno));
	p->scratch = m;
	p->scratch_bytes = bytes;
	return 0;
}

static uint64_t
features_of(uint32_t flags)
{
	if (flags & SHMX_MULTI_WRITER)
		return SHMX_FEATURE_MULTI_WRITER |
		       SHMX_FEATURE_RECORDS_INSIDE;
	return (flags & SHMX_NAMED ?
		SHMX_FEATURE_NAMED | SHMX_FEATURE_RECORDS_INSIDE : 0) |
	       (flags & SHMX_ALLOW_EVERY ? SHMX_FEATURE_EVERY : 0);
}

int
shmx_producer_make_region(struct shmx_producer *p,
			  const struct shmx_producer_options *o)
{
	const struct shmx_region_plan plan = {
		.streams = o->streams,
		.stream_count = o->stream_count,
		/* A ring that grows is asked for without flags. */
		.image_flags = p->held != NULL ? SHMX_IMAGE_INPUT : 0,
		.slots = o->slots,
		.history = o->history,
		.frame_bytes = o->frame_bytes,
		.directory_bytes = o->directory_bytes,
		.features = features_of(o->flags),
	};
	int ret = 0;

	p->stream = (struct shmx_stream){ .id = 0 };
	if (o->stream_count > 0 && o->streams->kind == SHMX_STREAM_IMAGE)
		p->stream = *o->streams;
	/* Borrowed for the call alone. */
	p->stream.name = NULL;
	p->stream.extra = NULL;
	shmx_outline_init(&p->outline, o->streams, o->stream_count);
	/* First, as what stands there may have to be removed by hand. */
	if (o->flags & SHMX_NAMED)
		ret = shmx_object_check(p->claim.name, p->claim.lock_fd);
	if (ret == 0)
		ret = shmx_region_create(&p->region, p->claim.name, &plan,
					 "");
	if (ret < 0)
		return ret;
	p->region.ring.ext->writers_max = o->writers;
	if (o->flags & SHMX_MULTI_WRITER) {
		shmx_multi_init_ring(&p->region.ring);
		return shmx_several_init(p, 0);
	}
	shmx_writer_init(&p->writer, &p->region.ring);
	if (o->flags & SHMX_NAMED)
		shmx_v2_init(&p->v2, &p->region,
			     o->flags & SHMX_LAZY_CHECKSUM);
	return 0;
}

/* Last of all: who finds it by its name finds it whole, and served. */
static int
announce(struct shmx_producer *p, const struct shmx_producer_options *o)
{
	int ret = 0;

	if (o->flags & SHMX_NAMED)
		ret = shmx_object_announce(p->claim.name, p->region.fd,
					   p->claim.lock_fd);
	p->announced = (o->flags & SHMX_NAMED) && ret == 0;
	return ret;
}

static int
start_host(struct shmx_producer *p, const struct shmx_producer_options *o)
{
	int ret;

	p->host.claim = &p->claim;
	p->host.readers = &p->readers;
	p->host.log = &p->log;
	shmx_host_set_ring(&p->host, &p->region,
			   o->slots - (shmx_multi_slots(1, o->history,
							o->writers) - 1));
	ret = shmx_host_init(&p->host);
	if (ret == 0 && !(o->flags & SHMX_NO_THREAD))
		ret = shmx_producer_start_thread(p);
	return ret == 0 ? 0 :
		base_error(ret, "cannot serve ring \"%s\": %s", p->claim.name,
			   strerror(-ret));
}

struct shmx_producer *
shmx_producer_new(base_log_fn *log, void *log_data)
{
	struct shmx_producer *p = base_sys.calloc(1, sizeof(*p));

	if (p == NULL) {
		base_error(-ENOMEM, "out of memory");
		return NULL;
	}
	p->claim.lock_fd = p->host.epoll_fd = -1;
	p->region.fd = p->region.data_fd = p->region.records_fd = -1;
	base_log_init(&p->log, "shmx");
	base_log_ask(&p->log, log, log_data);
	return p;
}

static int
prepare_input(struct shmx_producer *p, const struct shmx_producer_options *o)
{
	if (!(o->flags & SHMX_INPUT))
		return 0;
	if (o->stream_count == 0 || o->streams->kind != SHMX_STREAM_IMAGE)
		return base_error(-EINVAL, "SHMX_INPUT needs an image: input "
				  "is about a place in it");
	p->held = base_sys.calloc(1, sizeof(*p->held));
	return p->held != NULL ? 0 : base_error(-ENOMEM, "out of memory");
}

int
shmx_producer_open(struct shmx_producer **out, const char *name,
		   const struct shmx_producer_options *options)
{
	struct shmx_producer_options o;
	struct shmx_producer *p;
	int ret;

	ret = shmx_name_check(name, &name);
	if (ret == 0)
		ret = shmx_producer_read_options(&o, options);
	if (ret < 0)
		return ret;
	p = shmx_producer_new(o.log, o.log_data);
	if (p == NULL)
		return -ENOMEM;
	ret = prepare_input(p, &o);
	if (ret < 0)
		goto fail;
	/* The name first: whose it is matters more than what fits. */
	ret = shmx_rendezvous_claim(&p->claim, name);
	if (ret < 0)
		goto fail;
	ret = shmx_producer_make_region(p, &o);
	if (ret < 0)
		goto fail;
	shmx_spin_init(&p->spin);
	ret = shmx_readers_init(&p->readers);
	if (ret < 0) {
		base_error(ret, "out of memory");
		goto fail;
	}
	p->message_data = base_sys.calloc(1, SHMX_CONTROL_MAX);
	if (p->message_data == NULL)
		ret = base_error(-ENOMEM, "out of memory");
	if (ret == 0)
		ret = shmx_producer_map_scratch(p);
	if (ret == 0)
		ret = start_host(p, &o);
	if (ret == 0)
		ret = announce(p, &o);
	if (ret < 0)
		goto fail;
	base_log(&p->log, BASE_LOG_DEBUG, "ring %s: %u slots of %" PRIu32
		 " bytes in %s", name, o.slots, p->region.slot_stride,
		 p->claim.dir);
	*out = p;
	return 0;
fail:
	shmx_producer_close(p);
	return ret;
}

int
shmx_producer_open_image(struct shmx_producer **out, const char *name,
			 uint32_t width, uint32_t height, uint32_t format)
{
	const struct shmx_stream stream = {
		.kind = SHMX_STREAM_IMAGE,
		.id = 1,
		.name = "image",
		.width = width,
		.height = height,
		.format = format,
	};
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;

	o.streams = &stream;
	o.stream_count = 1;
	return shmx_producer_open(out, name, &o);
}

void
shmx_producer_close(struct shmx_producer *p)
{
	if (p == NULL)
		return;
	stop_thread(p);
	/* The name first, so that nobody new comes. */
	if (p->announced && p->claim.pid == getpid())
		shmx_object_withdraw(p->claim.name, p->region.fd);
	shmx_rendezvous_unclaim(&p->claim);
	if (p->region.map != NULL && p->join == NULL)
		shmx_store_seq_cst(&p->region.ring.ext->host_state,
				   SHMX_HOST_ENDED);
	SHMX_KILL_POINT("ended");
	shmx_several_finish(p);
	shmx_join_finish(p);
	if (p->host.epoll_fd >= 0)
		shmx_host_finish(&p->host);
	free(p->message_data);
	free(p->held);
	shmx_readers_finish(&p->readers);
	if (p->scratch != NULL)
		munmap(p->scratch, p->scratch_bytes);
	shmx_region_destroy(&p->region);
	free(p);
}

/* --------------------------------------------------- begin and publish -- */

static int
claim(struct shmx_producer *p)
{
	int slot;

	if (p->v2.header != NULL)
		shmx_v2_prefer(&p->v2, &p->writer);
	if (p->everybody != NULL) {
		slot = shmx_several_claim(p);
	} else {
		slot = shmx_writer_claim(&p->writer,
					 shmx_readers_enter(&p->readers));
		shmx_readers_leave(&p->readers);
	}
	if (slot >= 0 && p->v2.header != NULL)
		shmx_v2_spoil(&p->v2, (uint32_t)slot);
	return slot;
}

/* Try for a while.  A slot, or -1. */
static int
spin_for_room(struct shmx_producer *p)
{
	uint64_t end = base_now_ns() + p->spin.ns;
	int i, slot = -1;

	if (!p->spin.may)
		return -1;
	do {
		for (i = 0; i < 16 && slot < 0; i++) {
			shmx_relax();
			slot = claim(p);
		}
	} while (slot < 0 && base_now_ns() < end);
	shmx_spin_learn(&p->spin, slot >= 0);
	return slot;
}

/*
 * Wait for readers that get every frame.  A slot, or -1 when that does not
 * help, or a signal came.
 */
static int
await_room(struct shmx_producer *p)
{
	struct shmx_ext *ext = p->region.ring.ext;
	uint64_t since = base_now_ns();
	int ret = 0, slot;

	slot = spin_for_room(p);
	while (slot < 0 && ret == 0) {
		/* E2: Dekker with E5; and E1 once more. */
		shmx_store_seq_cst(&ext->host_waiting, 1);
		SHMX_KILL_POINT("E2");
		slot = claim(p);
		if (slot >= 0 || !p->writer.behind)
			break;
		SHMX_KILL_POINT("E3");
		ret = shmx_producer_sleep(p, BASE_FOREVER);	/* E3 */
	}
	shmx_store_relaxed(&ext->host_waiting, 0);
	p->waited_ns += base_now_ns() - since;
	shmx_store_relaxed(&ext->waited_ns, p->waited_ns);
	return slot;
}

void
shmx_begin(struct shmx_producer *p, struct shmx_frame *frame)
{
	bool again = p->writer.claimed >= 0;
	int slot;

	slot = claim(p);
	if (slot < 0 && p->writer.behind)
		slot = await_room(p);
	SHMX_KILL_POINT("begun");
	shmx_frame_start(&p->outline, frame, slot < 0 ?
		(char *)p->scratch + p->scratch_bytes - p->region.slot_stride :
		(char *)p->region.map +
		shmx_region_data(&p->region, (uint32_t)slot));
	frame->width = p->stream.width;
	frame->height = p->stream.height;
	frame->format = p->stream.format;
	/*
	 * What an unpublished begin left behind is nobody's picture, and one
	 * of another producer's is not ours.
	 */
	frame->age = slot < 0 || again || p->everybody != NULL ? 0 :
		(uint32_t)BASE_MIN(
		shmx_writer_age(&p->writer, slot), UINT32_MAX);
	frame->sim_time = 0;
	frame->input_sequence = 0;
	frame->damage_count = 0;
	frame->slot = slot < 0 ? SHMX_NO_SLOT : (uint32_t)slot;
	frame->begun_ns = base_now_ns();
}

static struct shmx_rect
unite(struct shmx_rect a, struct shmx_rect b)
{
	int32_t x = BASE_MIN(a.x, b.x), y = BASE_MIN(a.y, b.y);
	int32_t right = BASE_MAX(a.x + a.width, b.x + b.width);
	int32_t bottom = BASE_MAX(a.y + a.height, b.y + b.height);

	return (struct shmx_rect){ x, y, right - x, bottom - y };
}

void
shmx_damage(struct shmx_frame *frame, int32_t x, int32_t y, int32_t width,
	    int32_t height)
{
	int64_t left = BASE_MAX(x, 0), top = BASE_MAX(y, 0);
	int64_t right = BASE_MIN((int64_t)x + width, (int64_t)frame->width);
	int64_t bottom = BASE_MIN((int64_t)y + height,
				  (int64_t)frame->height);
	struct shmx_rect r;
	uint32_t i;

	if (left >= right || top >= bottom)
		return;
	r = (struct shmx_rect){ (int32_t)left, (int32_t)top,
		(int32_t)(right - left), (int32_t)(bottom - top) };
	if (frame->damage_count < SHMX_DAMAGE_MAX) {
		frame->damage[frame->damage_count++] = r;
		return;
	}
	for (i = 0; i < SHMX_DAMAGE_MAX; i++)
		r = unite(r, frame->damage[i]);
	frame->damage[0] = r;
	frame->damage_count = 1;
}

static struct shmx_rect16
narrow(struct shmx_rect r)
{
	return (struct shmx_rect16){ (uint16_t)r.x, (uint16_t)r.y,
		(uint16_t)r.width, (uint16_t)r.height };
}

/* Copy the damage and return its bounding box; all of it if none is said. */
static struct shmx_rect16
write_damage(const struct shmx_producer *p, struct shmx_slot_meta *meta,
	     const struct shmx_frame *frame)
{
	struct shmx_rect box = { 0, 0, (int32_t)frame->width,
		(int32_t)frame->height };
	uint32_t i;

	meta->damage_count = 0;
	/* Another size, or the first: it differs everywhere. */
	if (frame->damage_count == 0 || frame->width != p->last_width ||
	    frame->height != p->last_height)
		return narrow(box);
	box = frame->damage[0];
	for (i = 0; i < frame->damage_count; i++) {
		meta->damage[i] = narrow(frame->damage[i]);
		box = unite(box, frame->damage[i]);
	}
	meta->damage_count = frame->damage_count;
	return narrow(box);
}

static void
write_meta(const struct shmx_producer *p, struct shmx_slot_meta *meta,
	   const struct shmx_frame *frame)
{
	meta->sim_time = frame->sim_time;
	meta->begun_ns = frame->begun_ns;
	meta->input_sequence = frame->input_sequence;
	meta->width = frame->width;
	SHMX_KILL_POINT("W4 meta");
	meta->height = frame->height;
	meta->stride = p->outline.stride;
	meta->format = p->stream.format;
	meta->payload_bytes = frame->payload_bytes;
	meta->tlv_count = frame->tlv_count;
	meta->pixels_offset = frame->pixels == NULL ? 0 :
		shmx_region_data(&p->region, frame->slot);
	meta->pixels_bytes = (uint64_t)p->outline.stride * frame->height;
	shmx_store_relaxed(&meta->watermark, frame->height);
	meta->published_ns = base_now_ns();
}

/* W7: wake those who sleep.  Never blocks: a full socket is readable. */
static void
wake_sleepers(struct shmx_producer *p)
{
	const struct shmx_scan *scan = shmx_readers_enter(&p->readers);
	uint64_t sleepers = shmx_writer_sleepers(scan);
	uint32_t i;

	for (i = 0; sleepers != 0; i++, sleepers >>= 1) {
		if (!(sleepers & 1))
			continue;
		(void)send(scan->entry[i].wake_fd, "", 1,
			   MSG_DONTWAIT | MSG_NOSIGNAL);
		p->wakes++;
		SHMX_KILL_POINT("woken");
	}
	shmx_readers_leave(&p->readers);
}

static uint64_t
drop(struct shmx_producer *p)
{
	p->dropped++;
	p->last_width = 0;		/* the next differs by this one too */
	shmx_add_relaxed(&p->region.ring.ext->dropped, 1);
	return 0;
}

uint64_t
shmx_publish(struct shmx_producer *p, struct shmx_frame *frame)
{
	struct shmx_slot_meta *meta;
	struct shmx_rect16 box;
	uint64_t sequence;
	uint32_t least = p->outline.has_image;
	int claimed = shmx_producer_claimed(p);

	assert(frame->width >= least && frame->width <= p->stream.width);
	assert(frame->height >= least && frame->height <= p->stream.height);
	assert(frame->slot == SHMX_NO_SLOT || (int)frame->slot == claimed);
	/* The latter is a frame that was published before, or never begun. */
	if (frame->slot == SHMX_NO_SLOT || (int)frame->slot != claimed)
		return drop(p);
	frame->width = BASE_MIN(BASE_MAX(frame->width, least),
				p->stream.width);
	frame->height = BASE_MIN(BASE_MAX(frame->height, least),
				 p->stream.height);
	frame->damage_count = BASE_MIN(frame->damage_count, SHMX_DAMAGE_MAX);
	shmx_frame_finish(&p->outline, frame);

	meta = &p->region.ring.meta[frame->slot];
	box = write_damage(p, meta, frame);
	write_meta(p, meta, frame);
	if (p->everybody != NULL) {
		/* Against which frame nobody knows: all of it differs. */
		meta->damage_count = 0;
		sequence = shmx_several_publish(p);
		return sequence != 0 ? sequence : drop(p);
	}
	sequence = shmx_writer_publish(&p->writer, box);
	p->last_width = frame->width;
	p->last_height = frame->height;
	shmx_store_relaxed(&p->region.ring.ext->published, sequence);
	wake_sleepers(p);
	/* Once after growing: the old ring's memory goes. */
	if (p->grew)
		p->grew = !shmx_host_forget(&p->host);
	if (p->v2.header != NULL) {
		/* After who waits was woken: it takes a while. */
		shmx_v2_publish(&p->v2, frame, sequence);
		shmx_store_relaxed(&p->region.ring.ext->checksummed,
				   p->v2.checksummed);
	}
	return sequence;
}

/* --------------------------------------------------------- statistics -- */

static uint32_t
count_held(struct shmx_producer *p)
{
	const struct shmx_scan *scan = shmx_readers_enter(&p->readers);
	uint64_t held;

	held = shmx_scan_held(p->everybody != NULL ? p->everybody : scan,
			      &p->region.ring);
	shmx_readers_leave(&p->readers);
	return (uint32_t)__builtin_popcountll(held);
}

void
shmx_producer_stats(struct shmx_producer *p, struct shmx_producer_stats *out,
		    size_t size)
{
	struct shmx_producer_stats stats = {
		.published = p->everybody != NULL ? p->published :
			p->writer.latest,
		.dropped = p->dropped,
		.wakes = p->wakes,
		/* Acquire, with drop(): what is gone holds nothing below. */
		.readers = shmx_load_acquire(&p->host.attached_now),
		.holds_granted = shmx_load_acquire(&p->host.holds_granted),
		.attached = shmx_load_relaxed(&p->host.attached),
		.reaped = shmx_load_relaxed(&p->host.reaped),
		.holds_total = p->host.holds_total,
		.slots = p->region.ring.slots,
		.bytes = p->region.bytes,
		.refused = shmx_load_relaxed(&p->region.ring.ext->refused),
		.evicted = shmx_load_relaxed(&p->region.ring.ext->evicted),
		.waited_ns = p->waited_ns,
	};

	stats.slots_held = count_held(p);
	memcpy(out, &stats, BASE_MIN(size, sizeof(stats)));
}
