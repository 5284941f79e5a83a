/* SPDX-License-Identifier: MIT */
/*
 * reader.c - the reading end: open, close, and what is known of it
 *
 * attach.c has how a reader finds its producer, move.c how it follows one whose
 * ring grows, wait.c how it waits for a frame, hold.c how it holds one, send.c
 * how it talks back.
 */
#include "config.h"

#include "reader.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/copy.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"
#include "atomic.h"
#include "directory.h"
#include "object.h"
#include "rendezvous.h"

#define DEFAULT_HOLDS	2
/* How long shmx_reader_open() waits for a producer's answer. */
#define GREETING_NS	(2 * BASE_NS_PER_S)
/* How often, when so many want to connect that there is no room to. */
#define ROOM_PAUSE_NS	(5 * BASE_NS_PER_MS)

static int
read_options(struct shmx_reader *r, const struct shmx_reader_options *given,
	     uint32_t *flags)
{
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	int ret = 0;

	if (given != NULL)
		ret = base_copy_struct(&o, sizeof(o), given, given->size);
	if (ret < 0)
		return base_error(ret, "options must begin with "
				  "SHMX_READER_OPTIONS_INIT, and hold nothing "
				  "that this version does not know");
	if (o.holds > SHMX_HOLDS_MAX)
		return base_error(-EINVAL, "a reader holds at most %d frames, "
				  "not %u", SHMX_HOLDS_MAX, o.holds);
	if ((o.flags & ~(uint32_t)(SHMX_WAIT | SHMX_EVERY |
				      SHMX_SEALED)) != 0)
		return base_error(-EINVAL, "unknown reader flags 0x%" PRIx32,
				  o.flags);
	r->every = (o.flags & SHMX_EVERY) != 0;
	r->sealed = (o.flags & SHMX_SEALED) != 0;
	r->holds = o.holds == 0 ? DEFAULT_HOLDS : o.holds;
	snprintf(r->label, sizeof(r->label), "%s", o.label != NULL ? o.label :
		 program_invocation_short_name);
	base_log_init(&r->log, "shmx");
	base_log_ask(&r->log, o.log, o.log_data);
	*flags = o.flags;
	return 0;
}

static int
open_watches(struct shmx_reader *r, uint32_t flags)
{
	int ret;

	r->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	r->timer_fd = timerfd_create(CLOCK_MONOTONIC,
				     TFD_CLOEXEC | TFD_NONBLOCK);
	if (r->epoll_fd < 0 || r->timer_fd < 0)
		return -errno;
	ret = shmx_reader_watch(r, r->timer_fd, ABOUT_TIMER);
	if (ret < 0)
		return ret;
	/* Without inotify the timer has to do. */
	r->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (r->inotify_fd >= 0)
		(void)inotify_add_watch(r->inotify_fd, SHMX_OBJECT_DIR,
					IN_CREATE | IN_MOVED_TO);
	if (r->inotify_fd >= 0 &&
	    (shmx_rendezvous_watch(r->inotify_fd, flags & SHMX_WAIT) < 0 ||
	     shmx_reader_watch(r, r->inotify_fd, ABOUT_NAMES) < 0))
		base_close(&r->inotify_fd);
	return 0;
}

static int
say_no_answer(const struct shmx_reader *r)
{
	char who[64];

	shmx_process_name(r->pid, who, sizeof(who));
	return base_error(-ETIMEDOUT, "the producer of ring \"%s\", %s, does "
			  "not answer: is it stopped?", r->name, who);
}

/* Find a producer that has room for one more connection. */
static int
find_until(struct shmx_reader *r, uint64_t deadline)
{
	int ret;

	while ((ret = shmx_reader_find(r)) == -EAGAIN) {
		if (base_now_ns() >= deadline)
			return -ETIMEDOUT;
		base_sleep_until(base_now_ns() + ROOM_PAUSE_NS);
	}
	return ret;
}

/* Is it what SHMX_WAIT waits out: nobody there, or leaving, or stopped? */
static bool
is_absence(int error)
{
	return error == -ENOENT || error == -ECONNRESET || error == -EPIPE ||
	       error == -ETIMEDOUT;
}

/* The first attempt, to its end. */
static int
attach(struct shmx_reader *r, uint32_t flags)
{
	uint64_t deadline = base_now_ns() + GREETING_NS;
	struct pollfd pfd = { .fd = r->epoll_fd, .events = POLLIN };
	int ret;

	ret = find_until(r, deadline);
	if (ret < 0)
		return is_absence(ret) && (flags & SHMX_WAIT) ? 0 : ret;
	while (r->state == SHMX_GREETING) {
		ret = base_poll(&pfd, 1, deadline);
		if (ret < 0)
			return base_error(ret, "waiting for the producer of "
					  "ring \"%s\": %s", r->name,
					  strerror(-ret));
		if (ret == 0)
			return flags & SHMX_WAIT ? 0 : say_no_answer(r);
		shmx_reader_hear_greeting(r);
		if (r->state == SHMX_GREETING)
			(void)shmx_reader_dispatch(r);
	}
	if (r->state == SHMX_ATTACHED ||
	    (is_absence(r->error) && (flags & SHMX_WAIT)))
		return 0;
	return base_error(r->error, "%s", r->trouble);
}

int
shmx_reader_open(struct shmx_reader **out, const char *name,
		 const struct shmx_reader_options *options)
{
	struct shmx_reader *r;
	uint32_t flags = 0;
	int ret;

	ret = shmx_name_check(name, &name);
	if (ret < 0)
		return ret;
	r = base_sys.calloc(1, sizeof(*r));
	if (r == NULL)
		return base_error(-ENOMEM, "out of memory");
	snprintf(r->name, sizeof(r->name), "%s", name);
	r->epoll_fd = r->inotify_fd = r->timer_fd = r->conn = r->pidfd = -1;
	shmx_channel_init(&r->channel, -1);
	pthread_mutex_init(&r->lock, NULL);
	shmx_spin_init(&r->spin);
	ret = read_options(r, options, &flags);
	if (ret == 0) {
		ret = open_watches(r, flags);
		if (ret < 0)
			base_error(ret, "cannot watch for ring \"%s\": %s",
				   name, strerror(-ret));
	}
	if (ret == 0)
		ret = attach(r, flags);
	if (ret < 0) {
		shmx_reader_close(r);
		return ret;
	}
	*out = r;
	return 0;
}

void
shmx_reader_close(struct shmx_reader *r)
{
	if (r == NULL)
		return;
	shmx_session_unref(r->session);
	shmx_session_unref(r->successor);
	shmx_foreign_close(r->foreign);
	shmx_channel_finish(&r->channel);
	base_close(&r->conn);
	base_close(&r->pidfd);
	base_close(&r->inotify_fd);
	base_close(&r->timer_fd);
	base_close(&r->epoll_fd);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

void
shmx_reader_set_session(struct shmx_reader *r, struct shmx_session *s)
{
	pthread_mutex_lock(&r->lock);
	r->session = s;
	pthread_mutex_unlock(&r->lock);
}

/* ----------------------------------------------------- looking at one -- */

int
shmx_reader_fd(const struct shmx_reader *r)
{
	return r->epoll_fd;
}

enum shmx_reader_state
shmx_reader_state(const struct shmx_reader *r)
{
	return r->state;
}

const char *
shmx_reader_trouble(const struct shmx_reader *r)
{
	return r->trouble;
}

static uint32_t
holds_used(const struct shmx_session *s)
{
	uint32_t i, n = 0;

	for (i = 0; i < s->holds; i++)
		n += shmx_load_relaxed(&s->hold[i].references) != 0;
	return n;
}

void
shmx_reader_stats(const struct shmx_reader *r, struct shmx_reader_stats *out,
		  size_t size)
{
	struct shmx_reader_stats stats = {
		.held = r->held,
		.skipped = r->skipped,
		.sleeps = r->sleeps,
		.producers = r->producers,
		.sent = shmx_load_relaxed(&r->sent),
		.unsent = shmx_load_relaxed(&r->unsent),
	};
	const struct shmx_session *s = r->session;

	if (s != NULL) {
		stats.holds_granted = s->holds;
		stats.holds_used = holds_used(s);
		stats.slots = s->layout.ring.slots;
		stats.history = s->layout.ring.history;
		stats.producer_pid = r->pid;
	}
	memcpy(out, &stats, BASE_MIN(size, sizeof(stats)));
}

uint64_t
shmx_reader_generation(const struct shmx_reader *r)
{
	const struct shmx_session *s = r->session;

	return s == NULL ? 0 : shmx_directory_number(s->ring_id,
		/* Acquires what it numbers. */
		shmx_load_acquire(&s->layout.directory.header
				  ->static_generation));
}

int
shmx_reader_directory(const struct shmx_reader *r, struct shmx_directory **out)
{
	const struct shmx_session *s = r->session;

	if (s == NULL)
		return base_error(-EAGAIN, "ring \"%s\" is not attached",
				  r->name);
	return shmx_directory_read(out, &s->layout.directory, s->ring_id);
}

int
shmx_reader_image(const struct shmx_reader *r, struct shmx_image_info *out,
		  size_t size)
{
	const struct shmx_directory_entry *image;
	struct shmx_image_info info = { .stream_id = 0 };
	struct shmx_directory *dir;
	int ret;

	ret = shmx_reader_directory(r, &dir);
	if (ret < 0)
		return ret;
	image = shmx_directory_image(dir);
	if (image != NULL) {
		info.stream_id = image->stream.id;
		info.width = image->stream.width;
		info.height = image->stream.height;
		info.format = image->stream.format;
		info.input = image->image_flags & SHMX_IMAGE_INPUT;
		snprintf(info.name, sizeof(info.name), "%s",
			 image->stream.name);
		memcpy(out, &info, BASE_MIN(size, sizeof(info)));
	}
	shmx_directory_free(dir);
	return image != NULL ? 0 :
		base_error(-ENOENT, "ring \"%s\" carries no picture",
			   r->name);
}
