/* SPDX-License-Identifier: MIT */
/*
 * reader.c - the reading end: attach, wait, notice death, attach again
 *
 *	            found             WELCOME
 *	  ABSENT ----------> GREETING --------> ATTACHED
 *	   ^ ^  <-----------    |                  |
 *	   | '---- ERROR -------'                  |
 *	   '------- producer ended or died --------'
 *
 * While ABSENT, inotify tells when a producer starts to listen, and a slow
 * timer covers what inotify cannot see.  A producer's death shows as the end
 * of the connection or of its process, whichever comes first: a child that it
 * forked may keep its sockets open.
 */
#include "config.h"

#include "reader.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/copy.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"
#include "atomic.h"
#include "directory.h"
#include "rendezvous.h"

#define DEFAULT_HOLDS	2
/* How long shmx_reader_open() waits for a producer's answer. */
#define GREETING_NS	(2 * BASE_NS_PER_S)
/* How often to look again, where nothing else tells, and where it does. */
#define RETRY_NS	(200 * BASE_NS_PER_MS)
#define RETRY_SLOW_NS	BASE_NS_PER_S
/* How often, when so many want to connect that there is no room to. */
#define ROOM_PAUSE_NS	(5 * BASE_NS_PER_MS)
#define SPIN_MIN_NS	(2 * BASE_NS_PER_US)
#define SPIN_MAX_NS	(50 * BASE_NS_PER_US)

enum about { ABOUT_CONN, ABOUT_PROCESS, ABOUT_WAKE, ABOUT_NAMES, ABOUT_TIMER };

static int
watch(struct shmx_reader *r, int fd, enum about about)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u32 = about };

	return epoll_ctl(r->epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0 ? -errno : 0;
}

static void
unwatch(struct shmx_reader *r, int fd)
{
	if (fd >= 0)
		epoll_ctl(r->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

/* Look again every so often; 0: do not. */
static void
set_timer(struct shmx_reader *r, uint64_t ns)
{
	const struct timespec t = { (time_t)(ns / BASE_NS_PER_S),
		(long)(ns % BASE_NS_PER_S) };
	const struct itimerspec its = { t, t };

	timerfd_settime(r->timer_fd, 0, &its, NULL);
}

/* -------------------------------------------------- attach and detach -- */

static void
set_trouble(struct shmx_reader *r, int error, const char *why)
{
	r->error = error;
	snprintf(r->trouble, sizeof(r->trouble), "%s", why);
	base_log(&r->log, BASE_LOG_DEBUG, "%s", why);
}

/* Let go of a producer that was being greeted. */
static void
hang_up(struct shmx_reader *r)
{
	unwatch(r, r->conn);
	unwatch(r, r->pidfd);
	shmx_channel_finish(&r->channel);
	base_close(&r->conn);
	base_close(&r->pidfd);
	r->pid = 0;
	r->state = SHMX_ABSENT;
}

static int
say_hello(struct shmx_reader *r)
{
	struct shmx_hello h = {
		.magic = SHMX_PROTOCOL_MAGIC,
		.version_min = SHMX_PROTOCOL_VERSION,
		.version_max = SHMX_PROTOCOL_VERSION,
		.role = SHMX_ROLE_READER,
		.mode = SHMX_MODE_LOSSY,
		.holds = r->holds,
	};

	_Static_assert(sizeof(h.label) == sizeof(r->label), "label");
	memcpy(h.label, r->label, sizeof(h.label));
	return shmx_channel_send(r->conn, SHMX_MSG_HELLO, &h, sizeof(h), NULL,
				 0);
}

/* ABSENT: is there a producer now?  Sets trouble and returns -errno if not. */
static int
find_producer(struct shmx_reader *r)
{
	int ret;

	ret = shmx_rendezvous_connect(r->name, &r->pid, &r->pidfd);
	if (ret >= 0) {
		r->conn = ret;
		shmx_channel_init(&r->channel, r->conn);
		ret = watch(r, r->conn, ABOUT_CONN);
		if (ret == 0 && r->pidfd >= 0)
			ret = watch(r, r->pidfd, ABOUT_PROCESS);
		if (ret == 0)
			ret = say_hello(r);
		if (ret == 0) {
			r->state = SHMX_GREETING;
			set_timer(r, 0);
			return 0;
		}
		hang_up(r);
		base_error(ret, "cannot talk to the producer of ring \"%s\": "
			   "%s", r->name, strerror(-ret));
	}
	/* That nobody followed is no news to who has just been told. */
	if (ret != -ENOENT || r->error != -EPIPE)
		set_trouble(r, ret, base_error_line());
	/* A name that appears is announced; nothing else is. */
	set_timer(r, ret == -ENOENT && r->inotify_fd >= 0 ? RETRY_SLOW_NS :
		  RETRY_NS);
	return ret;
}

/* GREETING came to nothing. */
static void
give_up(struct shmx_reader *r, int error, const char *why)
{
	hang_up(r);
	set_trouble(r, error, why);
	set_timer(r, RETRY_NS);
}

static void
welcome(struct shmx_reader *r)
{
	const struct shmx_ready ready = { .transport = SHMX_TRANSPORT_RING };
	struct shmx_session *s;
	int ret;

	ret = shmx_session_create(&s, &r->channel, r->conn);
	if (ret < 0) {
		give_up(r, ret, base_error_line());
		return;
	}
	/* From here on the connection is the session's. */
	r->conn = -1;
	shmx_channel_next(&r->channel);
	r->session = s;
	r->state = SHMX_ATTACHED;
	r->last = 0;
	r->error = 0;
	r->trouble[0] = '\0';
	r->producers++;
	ret = watch(r, s->wake_fd, ABOUT_WAKE);
	if (ret == 0)
		ret = shmx_channel_send(s->conn, SHMX_MSG_READY, &ready,
					sizeof(ready), NULL, 0);
	if (ret < 0) {
		shmx_reader_lose(r, "hung up");
		return;
	}
	base_log(&r->log, BASE_LOG_DEBUG, "ring %s: attached to pid %d, %"
		 PRIu32 " slots, %" PRIu32 " holds", r->name, (int)r->pid,
		 s->layout.ring.slots, s->holds);
}

void
shmx_reader_lose(struct shmx_reader *r, const char *why)
{
	struct shmx_session *s = r->session;
	char who[64];

	shmx_process_name(r->pid, who, sizeof(who));
	unwatch(r, s->conn);
	unwatch(r, s->wake_fd);
	r->session = NULL;
	hang_up(r);
	shmx_session_unref(s);
	base_error(-EPIPE, "the producer of ring \"%s\", %s, %s", r->name, who,
		   why);
	set_trouble(r, -EPIPE, base_error_line());
	set_timer(r, RETRY_NS);
}

/* ------------------------------------------------------------- events -- */

static void
lose_ended(struct shmx_reader *r)
{
	const struct shmx_ext *ext = r->session->layout.ring.ext;

	shmx_reader_lose(r, shmx_load_relaxed(&ext->host_state) ==
			 SHMX_HOST_ENDED ? "has ended" : "has died");
}

/* A stranger's words: one line of printable characters. */
static void
clean_text(char *text, size_t size)
{
	size_t i;

	text[size - 1] = '\0';
	for (i = 0; text[i] != '\0'; i++)
		if (!isprint((unsigned char)text[i]))
			text[i] = '?';
}

static void
hear_greeting(struct shmx_reader *r)
{
	struct shmx_refusal refusal;
	const void *body;
	int ret;

	ret = shmx_channel_receive(&r->channel);
	if (ret == -EAGAIN)
		return;
	if (ret < 0) {
		base_error(ret, ret == -EPROTO ?
			   "the answer of ring \"%s\" is malformed, or its "
			   "descriptors did not arrive: are any left here?" :
			   "the producer of ring \"%s\" hung up", r->name);
		give_up(r, ret == -EPIPE ? -ECONNRESET : ret,
			base_error_line());
		return;
	}
	switch (r->channel.in.header.type) {
	case SHMX_MSG_WELCOME:
		welcome(r);
		return;
	case SHMX_MSG_ERROR:
		body = shmx_channel_body(&r->channel, sizeof(refusal), 0);
		if (body == NULL)
			break;
		memcpy(&refusal, body, sizeof(refusal));
		clean_text(refusal.text, sizeof(refusal.text));
		give_up(r, refusal.error > 0 && refusal.error < 4096 ?
			-refusal.error : -EPROTO, refusal.text);
		return;
	case SHMX_MSG_BYE:
		base_error(-ECONNRESET, "the producer of ring \"%s\" has ended",
			   r->name);
		give_up(r, -ECONNRESET, base_error_line());
		return;
	default:
		break;
	}
	base_error(-EPROTO, "the producer of ring \"%s\" does not speak the "
		   "protocol", r->name);
	give_up(r, -EPROTO, base_error_line());
}

/* ATTACHED: all that can come is a farewell, or the end. */
static void
hear_attached(struct shmx_reader *r)
{
	int ret = shmx_channel_receive(&r->channel);

	if (ret == -EAGAIN)
		return;
	if (ret == 0 && r->channel.in.header.type != SHMX_MSG_BYE)
		shmx_reader_lose(r, "does not speak the protocol");
	else
		lose_ended(r);
}

/* Some wake-up bytes; 0 at their end, when the producer is gone. */
static ssize_t
drain_wake(struct shmx_reader *r)
{
	char bytes[64];

	return recv(r->session->wake_fd, bytes, sizeof(bytes), MSG_DONTWAIT);
}

static void
hear_wake(struct shmx_reader *r)
{
	ssize_t n = drain_wake(r);

	if (n == 0)
		lose_ended(r);
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		/* No socket, and readable for ever. */
		shmx_reader_lose(r, "does not speak the protocol");
}

/* True when it is time to look for a producer. */
static bool
handle(struct shmx_reader *r, enum about about)
{
	char events[1024];

	switch (about) {
	case ABOUT_CONN:
		if (r->state == SHMX_GREETING)
			hear_greeting(r);
		else if (r->state == SHMX_ATTACHED)
			hear_attached(r);
		break;
	case ABOUT_PROCESS:
		if (r->state == SHMX_GREETING)
			give_up(r, -ECONNRESET, "the producer has died");
		else if (r->state == SHMX_ATTACHED)
			lose_ended(r);
		break;
	case ABOUT_WAKE:
		if (r->state == SHMX_ATTACHED)
			hear_wake(r);
		break;
	case ABOUT_NAMES:
		/* Which name does not matter: look for ours. */
		(void)!read(r->inotify_fd, events, sizeof(events));
		return true;
	case ABOUT_TIMER:
		(void)!read(r->timer_fd, events, sizeof(uint64_t));
		return true;
	}
	return false;
}

int
shmx_reader_dispatch(struct shmx_reader *r)
{
	bool attached = r->state == SHMX_ATTACHED, look = false, lost;
	struct epoll_event ev[8];
	int i, n;

	/* Usually a frame, found by one system call. */
	if (attached && drain_wake(r) > 0)
		return 0;
	n = epoll_wait(r->epoll_fd, ev, BASE_ARRAY_SIZE(ev), 0);
	for (i = 0; i < n; i++)
		look |= handle(r, ev[i].data.u32);
	lost = attached && r->state != SHMX_ATTACHED;
	/*
	 * A successor may be there already.  Who was refused has to wait for
	 * the timer, or it would ask again and again.
	 */
	if (r->state == SHMX_ABSENT && (look || lost))
		(void)find_producer(r);
	if (!lost)
		return 0;
	return base_error(-EPIPE, "%s", r->trouble);
}

/* ------------------------------------------------------------ waiting -- */

static bool
has_news(const struct shmx_reader *r)
{
	return r->session != NULL &&
	       shmx_ring_latest(&r->session->layout.ring) > r->last;
}

int
shmx_reader_arm(struct shmx_reader *r)
{
	if (r->session == NULL ||
	    shmx_ring_arm(&r->session->layout.ring, r->session->record,
			  r->last))
		return 0;
	return -EAGAIN;
}

/*
 * Look for a frame for a while.  What is found quickly makes the next spin
 * longer, what is not shorter: a reader of a slow producer hardly spins.
 */
static bool
spin(struct shmx_reader *r)
{
	uint64_t end;
	int i;

	if (!r->may_spin || r->session == NULL)
		return false;
	end = base_now_ns() + r->spin_ns;
	do {
		for (i = 0; i < 64; i++) {
			if (has_news(r)) {
				r->spin_ns = BASE_MIN(r->spin_ns * 2,
						      SPIN_MAX_NS);
				return true;
			}
			shmx_relax();
		}
	} while (base_now_ns() < end);
	r->spin_ns = BASE_MAX(r->spin_ns / 2, SPIN_MIN_NS);
	return false;
}

/* Asleep until the descriptor is readable: 0, -ETIMEDOUT or -EINTR. */
static int
sleep_until(struct shmx_reader *r, uint64_t deadline)
{
	struct pollfd pfd = { .fd = r->epoll_fd, .events = POLLIN };
	uint64_t now = base_now_ns(), ms;
	int n;

	if (deadline != BASE_FOREVER && now >= deadline)
		return -ETIMEDOUT;
	ms = deadline == BASE_FOREVER ? UINT64_MAX :
		(deadline - now + BASE_NS_PER_MS - 1) / BASE_NS_PER_MS;
	r->sleeps++;
	n = base_sys.poll(&pfd, 1, ms > INT32_MAX ? -1 : (int)ms);
	return n > 0 ? 0 : n == 0 ? -ETIMEDOUT : -errno;
}

static int
say_nothing_new(const struct shmx_reader *r, int timeout_ms)
{
	return base_error(-ETIMEDOUT, "ring \"%s\" had no new frame for %d ms",
			  r->name, timeout_ms);
}

/* shmx_wait() for those who poll: never sleeps, but attaches and notices. */
static int
look_once(struct shmx_reader *r)
{
	int ret;

	if (has_news(r))
		return 0;
	ret = shmx_reader_dispatch(r);
	if (ret < 0)
		return ret;
	return has_news(r) ? 0 : say_nothing_new(r, 0);
}

int
shmx_wait(struct shmx_reader *r, int timeout_ms)
{
	uint64_t deadline = timeout_ms < 0 ? BASE_FOREVER :
		base_now_ns() + (uint64_t)timeout_ms * BASE_NS_PER_MS;
	int ret;

	if (timeout_ms == 0)
		return look_once(r);
	for (;;) {
		if (has_news(r) || spin(r))
			return 0;
		if (shmx_reader_arm(r) == -EAGAIN)
			return 0;
		ret = sleep_until(r, deadline);
		if (r->session != NULL)
			shmx_ring_disarm(r->session->record);
		if (ret == -ETIMEDOUT)
			return say_nothing_new(r, timeout_ms);
		if (ret < 0)
			return base_error(ret, "waiting for ring \"%s\": %s",
					  r->name, strerror(-ret));
		ret = shmx_reader_dispatch(r);
		if (ret < 0)
			return ret;
	}
}

/* ------------------------------------------------------ open and close -- */

static bool
can_spin(void)
{
	const char *env = getenv("SHMX_NO_SPIN");
	cpu_set_t cpus;

	if (env != NULL && strcmp(env, "1") == 0)
		return false;
	/* With one processor the producer needs it. */
	return sched_getaffinity(0, sizeof(cpus), &cpus) < 0 ||
	       CPU_COUNT(&cpus) > 1;
}

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
	if ((o.flags & ~(uint32_t)SHMX_WAIT) != 0)
		return base_error(-EINVAL, "unknown reader flags 0x%" PRIx32,
				  o.flags);
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
	ret = watch(r, r->timer_fd, ABOUT_TIMER);
	if (ret < 0)
		return ret;
	/* Without inotify the timer has to do. */
	r->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (r->inotify_fd >= 0 &&
	    (shmx_rendezvous_watch(r->inotify_fd, flags & SHMX_WAIT) < 0 ||
	     watch(r, r->inotify_fd, ABOUT_NAMES) < 0))
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

	while ((ret = find_producer(r)) == -EAGAIN) {
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
		handle(r, ABOUT_CONN);
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
	r->may_spin = can_spin();
	r->spin_ns = SPIN_MIN_NS;
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
	shmx_channel_finish(&r->channel);
	base_close(&r->conn);
	base_close(&r->pidfd);
	base_close(&r->inotify_fd);
	base_close(&r->timer_fd);
	base_close(&r->epoll_fd);
	free(r);
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

int
shmx_reader_image(const struct shmx_reader *r, struct shmx_image_info *out,
		  size_t size)
{
	const struct shmx_session *s = r->session;
	struct shmx_image_info info = { .stream_id = 0 };
	uint32_t used;
	void *copy;
	int ret;

	if (s == NULL)
		return base_error(-EAGAIN, "ring \"%s\" is not attached",
				  r->name);
	used = s->layout.static_used;
	copy = base_sys.calloc(1, used + 8);
	if (copy == NULL)
		return base_error(-ENOMEM, "out of memory");
	shmx_copy_words(copy, (const char *)s->map + s->layout.static_offset,
			used & ~UINT32_C(7));
	ret = shmx_directory_find_image(copy, used & ~UINT32_C(7), &info);
	free(copy);
	if (ret < 0)
		return base_error(ret, "ring \"%s\" carries no picture",
				  r->name);
	memcpy(out, &info, BASE_MIN(size, sizeof(info)));
	return 0;
}
