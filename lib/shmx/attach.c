/* SPDX-License-Identifier: MIT */
/*
 * attach.c - a reader finds its producer, notices its end, finds the next
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
 * forked may keep its sockets open.  move.c has what happens when its ring
 * grows.
 */
#include "config.h"

#include "reader.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "atomic.h"
#include "kill.h"
#include "rendezvous.h"

/* How often to look again, where nothing else tells, and where it does. */
#define RETRY_NS	(200 * BASE_NS_PER_MS)
#define RETRY_SLOW_NS	BASE_NS_PER_S
/* So many a producer has sent before its end, if it makes sense. */
#define MOVES_MAX	64

int
shmx_reader_watch(struct shmx_reader *r, int fd, enum shmx_about about)
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
	/* What asking again will not mend is said once, and louder. */
	bool news = error == -ENOTSUP && strcmp(r->trouble, why) != 0;

	r->error = error;
	snprintf(r->trouble, sizeof(r->trouble), "%s", why);
	base_log(&r->log, news ? BASE_LOG_WARNING : BASE_LOG_DEBUG, "%s", why);
}

/*
 * Names matter to who is looking for one.  An attached reader's descriptor is
 * not to be readable for every file that somebody makes in /dev/shm.
 */
static void
mind_names(struct shmx_reader *r, bool mind)
{
	struct epoll_event ev = { .events = mind ? EPOLLIN : 0,
		.data.u32 = ABOUT_NAMES };

	if (r->inotify_fd >= 0)
		epoll_ctl(r->epoll_fd, EPOLL_CTL_MOD, r->inotify_fd, &ev);
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
	shmx_foreign_close(r->foreign);
	r->foreign = NULL;
	r->pid = 0;
	r->state = SHMX_ABSENT;
	mind_names(r, true);
}

static int
say_hello(struct shmx_reader *r)
{
	struct shmx_hello h = {
		.magic = SHMX_PROTOCOL_MAGIC,
		.version_min = SHMX_PROTOCOL_VERSION,
		.version_max = SHMX_PROTOCOL_VERSION,
		.role = SHMX_ROLE_READER,
		.mode = r->every ? SHMX_MODE_EVERY : SHMX_MODE_LOSSY,
		.holds = r->holds,
	};

	_Static_assert(sizeof(h.label) == sizeof(r->label), "label");
	memcpy(h.label, r->label, sizeof(h.label));
	return shmx_channel_send(r->conn, SHMX_MSG_HELLO, &h, sizeof(h), NULL,
				 0);
}

static int
refuse_foreign(const struct shmx_reader *r)
{
	return base_error(-ENOTSUP, "ring \"%s\" is served by SHMX v2.0, %s",
			  r->name, r->sealed ?
			  "from memory that is not sealed, as this reader "
			  "wants it" :
			  "which does not wait for readers that want every "
			  "frame");
}

/*
 * Connect to the producer; where there is none, to a server of SHMX v2.0.  What
 * is said is said of the former, unless it is the latter that fails, or will
 * not do: then it is looked at, without mapping anything of it.
 */
static int
connect_to_any(struct shmx_reader *r)
{
	char line[sizeof(r->trouble)];
	int ret;

	ret = shmx_rendezvous_connect(r->name, &r->pid, &r->pidfd);
	if (ret >= 0)
		r->conn = ret;
	if (ret != -ENOENT)
		return ret;
	snprintf(line, sizeof(line), "%s", base_error_line());
	if (r->every || r->sealed)
		ret = shmx_foreign_find(r->name);
	else
		ret = shmx_foreign_open(&r->foreign, r->name, r->holds,
					&r->conn);
	if (ret == 0 && r->foreign == NULL)
		ret = refuse_foreign(r);
	return ret == -ENOENT ? base_error(ret, "%s", line) : ret;
}

/* Have the answer be noticed, and ask for it. */
static int
ask(struct shmx_reader *r)
{
	int ret;

	shmx_channel_init(&r->channel, r->conn);
	SHMX_KILL_POINT("connected");
	ret = shmx_reader_watch(r, r->conn, ABOUT_CONN);
	if (ret < 0)
		return ret;
	if (r->foreign != NULL)
		return shmx_reader_watch(r, shmx_foreign_fd(r->foreign),
					 ABOUT_FOREIGN);
	if (r->pidfd >= 0)
		ret = shmx_reader_watch(r, r->pidfd, ABOUT_PROCESS);
	return ret < 0 ? ret : say_hello(r);
}

/*
 * That nobody followed, or hung up before it answered, is no news to who has
 * just been told: one that dies may still be connected to for a moment.
 */
static bool
is_news(const struct shmx_reader *r, int error)
{
	return r->error != -EPIPE || (error != -ENOENT && error != -EPIPE &&
				      error != -ECONNRESET);
}

int
shmx_reader_find(struct shmx_reader *r)
{
	int ret;

	ret = connect_to_any(r);
	if (ret >= 0) {
		ret = ask(r);
		if (ret == 0) {
			SHMX_KILL_POINT("HELLO");
			r->state = SHMX_GREETING;
			set_timer(r, 0);
			return 0;
		}
		hang_up(r);
		base_error(ret, "cannot talk to the producer of ring \"%s\": "
			   "%s", r->name, strerror(-ret));
	}
	if (is_news(r, ret))
		set_trouble(r, ret, base_error_line());
	/* A name that appears is announced; nothing else is. */
	set_timer(r, ret == -ENOENT && r->inotify_fd >= 0 ? RETRY_SLOW_NS :
		  RETRY_NS);
	return ret;
}

/* See "where it begins" in ring.c.  After READY, as it may nudge. */
static void
begin_every(struct shmx_reader *r)
{
	struct shmx_session *s = r->session;
	uint64_t latest = shmx_ring_latest(&s->layout.ring);
	uint64_t first = s->layout.first_sequence;

	/* Those before are in the ring that this one followed, if any. */
	r->last = latest <= first ? first : latest - 1;
	if (shmx_ring_secure(&s->layout.ring, s->record, r->last))
		shmx_session_nudge(s);
}

/* GREETING came to nothing. */
static void
give_up(struct shmx_reader *r, int error, const char *why)
{
	hang_up(r);
	if (is_news(r, error))
		set_trouble(r, error, why);
	set_timer(r, RETRY_NS);
}

static void
welcome(struct shmx_reader *r)
{
	const struct shmx_ready ready = { .transport = SHMX_TRANSPORT_RING };
	struct shmx_session *s;
	int ret;

	SHMX_KILL_POINT("WELCOME");
	ret = shmx_session_create(&s, &r->channel, r->conn, r->sealed);
	if (ret < 0) {
		give_up(r, ret, base_error_line());
		return;
	}
	if (r->foreign != NULL)
		s->message_max = shmx_foreign_message_max(r->foreign);
	/* From here on the connection is the session's. */
	r->conn = -1;
	shmx_channel_next(&r->channel);
	shmx_reader_set_session(r, s);
	r->state = SHMX_ATTACHED;
	mind_names(r, false);
	r->last = 0;
	r->error = 0;
	r->evicted = false;
	r->trouble[0] = '\0';
	r->producers++;
	SHMX_KILL_POINT("mapped");
	ret = shmx_reader_watch(r, s->wake_fd, ABOUT_WAKE);
	if (ret == 0)
		ret = shmx_channel_send(s->conn, SHMX_MSG_READY, &ready,
					sizeof(ready), NULL, 0);
	if (ret < 0) {
		shmx_reader_lose(r, "hung up");
		return;
	}
	SHMX_KILL_POINT("READY");
	if (r->every)
		begin_every(r);
	base_log(&r->log, BASE_LOG_DEBUG, "ring %s: attached to pid %d, %"
		 PRIu32 " slots, %" PRIu32 " holds", r->name, (int)r->pid,
		 s->layout.ring.slots, s->holds);
}

void
shmx_reader_lose(struct shmx_reader *r, const char *why)
{
	struct shmx_session *s = r->session;
	char who[64];

	if (r->foreign != NULL)
		snprintf(who, sizeof(who), "a server of SHMX v2.0");
	else
		shmx_process_name(r->pid, who, sizeof(who));
	unwatch(r, s->conn);
	unwatch(r, s->wake_fd);
	shmx_reader_set_session(r, NULL);
	hang_up(r);
	shmx_session_unref(s);
	shmx_session_unref(r->successor);
	r->successor = NULL;
	base_error(-EPIPE, "the producer of ring \"%s\", %s, %s", r->name, who,
		   why);
	set_trouble(r, -EPIPE, base_error_line());
	set_timer(r, RETRY_NS);
}

/* ------------------------------------------------------------- events -- */

static void
lose_ended(struct shmx_reader *r)
{
	const struct shmx_ring *ring = shmx_reader_newest(r);

	shmx_reader_lose(r, shmx_load_relaxed(&ring->ext->host_state) ==
			 SHMX_HOST_ENDED ? "has ended" : "has died");
}

void
shmx_reader_hear_greeting(struct shmx_reader *r)
{
	struct shmx_refusal refusal;
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
		if (!shmx_channel_refusal(&r->channel, &refusal))
			break;
		give_up(r, -refusal.error, refusal.text);
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

/* Sent away, in the producer's words. */
static bool
hear_eviction(struct shmx_reader *r)
{
	struct shmx_refusal refusal;

	if (!shmx_channel_refusal(&r->channel, &refusal))
		return false;
	shmx_reader_lose(r, "sent this reader away");
	r->evicted = true;
	set_trouble(r, -EPIPE, refusal.text);
	base_error(-EPIPE, "%s", r->trouble);
	return true;
}

/* A message that the ring has moved it is not. */
static void
hear_last_words(struct shmx_reader *r)
{
	if (r->channel.in.header.type == SHMX_MSG_BYE)
		shmx_reader_lose(r, "has ended");
	else if (r->channel.in.header.type != SHMX_MSG_ERROR ||
		 !hear_eviction(r))
		shmx_reader_lose(r, "does not speak the protocol");
}

/* Where the ring moved to does not matter any more: what is behind that? */
static void
hear_rest(struct shmx_reader *r)
{
	int ret, n;

	for (n = 0; n < MOVES_MAX; n++) {
		ret = shmx_channel_receive(&r->channel);
		if (ret == -EAGAIN)
			return;
		if (ret < 0) {
			lose_ended(r);
			return;
		}
		if (r->channel.in.header.type != SHMX_MSG_MOVED) {
			hear_last_words(r);
			return;
		}
		shmx_channel_next(&r->channel);
	}
}

/* ATTACHED: the ring has moved, an eviction, a farewell, or the end. */
static void
hear_attached(struct shmx_reader *r)
{
	int ret;

	if (shmx_load_relaxed(&r->session->record->evicted) != 0) {
		hear_rest(r);
		return;
	}
	ret = shmx_reader_hear_move(r);
	if (ret == 0 || r->state != SHMX_ATTACHED)
		return;
	if (ret == -ENOMSG)
		hear_last_words(r);
	else
		lose_ended(r);
}

/* The end, which its last words may explain. */
static void
hear_the_end(struct shmx_reader *r)
{
	hear_rest(r);
	if (r->state == SHMX_ATTACHED)
		lose_ended(r);
}

void
shmx_reader_lose_evicted(struct shmx_reader *r)
{
	hear_attached(r);
	/* The words are on their way. */
	if (r->state == SHMX_ATTACHED)
		shmx_reader_lose(r, "sent this reader away");
	r->evicted = true;
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
		hear_the_end(r);
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		/* No socket, and readable for ever. */
		shmx_reader_lose(r, "does not speak the protocol");
}

/* Is that what appears when a producer of ours does? */
static bool
is_ours(const struct shmx_reader *r, const char *name)
{
	size_t n = strlen(r->name);

	return strncmp(name, r->name, n) == 0 &&
	       (name[n] == '\0' || strcmp(name + n, ".sock") == 0);
}

/*
 * Names have appeared.  Of all those in /dev/shm, or of rings, only ours is a
 * reason to look: who was refused would be made to ask again by any other.
 */
static bool
hear_names(struct shmx_reader *r)
{
	union {
		char bytes[4096];
		struct inotify_event align;
	} buf;
	const struct inotify_event *ev;
	bool ours = false;
	ssize_t n, at;

	n = read(r->inotify_fd, buf.bytes, sizeof(buf.bytes));
	for (at = 0; at < n; at += (ssize_t)(sizeof(*ev) + ev->len)) {
		ev = (const void *)(buf.bytes + at);
		/* Without a name: some were lost, perhaps ours. */
		ours |= ev->len == 0 || is_ours(r, ev->name);
	}
	return ours;
}

/* True when it is time to look for a producer. */
static bool
handle(struct shmx_reader *r, enum shmx_about about)
{
	uint64_t ticks;

	switch (about) {
	case ABOUT_CONN:
		if (r->state == SHMX_GREETING)
			shmx_reader_hear_greeting(r);
		else if (r->state == SHMX_ATTACHED)
			hear_attached(r);
		break;
	case ABOUT_PROCESS:
		if (r->state == SHMX_GREETING)
			give_up(r, -ECONNRESET, "the producer has died");
		else if (r->state == SHMX_ATTACHED)
			hear_the_end(r);
		break;
	case ABOUT_WAKE:
		if (r->state == SHMX_ATTACHED)
			hear_wake(r);
		break;
	case ABOUT_FOREIGN:
		shmx_reader_pump(r);
		break;
	case ABOUT_NAMES:
		return hear_names(r);
	case ABOUT_TIMER:
		(void)!read(r->timer_fd, &ticks, sizeof(ticks));
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
	 * A successor may be there already.  Who was refused or sent away has
	 * to wait for the timer, or it would ask again and again.
	 */
	if (r->state == SHMX_ABSENT && (look || (lost && !r->evicted)))
		(void)shmx_reader_find(r);
	if (!lost)
		return 0;
	return base_error(-EPIPE, "%s", r->trouble);
}
