/* SPDX-License-Identifier: MIT */
/*
 * host.c - admit, greet and reap readers
 *
 * A peer's life:
 *
 *	accepted --HELLO--> WELCOME sent --READY--> attached --end--> reaped
 *	              |
 *	              |--> ERROR sent, dropped
 *	              '--> an inspector: shown around, counted nowhere
 *
 * It ends by its connection or its process ending, whichever is seen first (a
 * child that it forked may keep the one open), or by saying something that it
 * should not.  No clock decides about anybody.
 *
 * Ordering: a seat is in the writer's scan set before WELCOME is sent, so
 * that no hold of its owner can be overlooked; READY changes nothing in
 * memory.
 *
 * When the ring grows, every reader is sent MOVED, and answers with READY once
 * it has mapped the new one.  Who has not answered the last one yet, and may
 * be stopped, is not sent another, or all those rings would be kept in memory:
 * it is "behind", and is sent the newest ring when it answers.  A lossless
 * reader is sent them all.
 *
 * The newest ring may have no frame yet, perhaps for long.  So the last one
 * that has is kept until then: it is where newcomers are welcomed, and where
 * who has not been there is sent first, being "behind" the newest again.
 *
 * Everything here but the sleep runs with host->lock held.
 */
#include "config.h"

#include "host.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/sys.h"
#include "base/text.h"
#include "atomic.h"
#include "channel.h"
#include "kill.h"
#include "roster.h"

#define ACCEPT_PAUSE_NS	(100 * BASE_NS_PER_MS)	/* less than a second */
#define COLLECT_PAUSE_NS BASE_NS_PER_MS
#define GUESTS_PERIOD_NS (20 * BASE_NS_PER_MS)	/* less than a second */
#define EVENTS_MAX	256
/* Of one peer in a row; the others wait. */
#define MESSAGES_MAX	64

enum peer_state {
	ACCEPTED, WELCOMED, ATTACHED, INSPECTING, JOINING, WRITING, SENT_OFF,
};

struct shmx_peer {
	enum peer_state state;
	unsigned index;			/* in host->peers */
	uint64_t serial;		/* order of arrival */
	int conn;
	int pidfd;			/* -1: only the connection tells */
	pid_t pid;
	char label[64];
	struct shmx_seat *seat;		/* NULL until welcomed */
	struct shmx_mailbox *box;	/* the same */
	struct shmx_record *lent;	/* SENT_OFF: until it is gone, too */
	struct shmx_joined *joined;	/* JOINING, WRITING: the same */
	uint32_t mode;
	unsigned unanswered;		/* WELCOME and MOVED without a READY */
	uint32_t sent;			/* generation of the last of those */
	bool behind;			/* the ring grew since the last one */
	struct shmx_channel channel;
};

/*
 * What an epoll event is about: the connection of the peer of that index, the
 * process of the peer of that index less ABOUT_PROCESS, or one of these.
 */
enum {
	ABOUT_PROCESS = SHMX_PEERS_MAX,
	ABOUT_LISTEN = 2 * SHMX_PEERS_MAX,
	ABOUT_PAUSE,
	ABOUT_GUESTS,
	ABOUT_STOP,
};

static int
watch(struct shmx_host *host, int fd, unsigned about)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u32 = about };

	return epoll_ctl(host->epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0 ?
		-errno : 0;
}

static void
unwatch(struct shmx_host *host, int fd)
{
	if (fd >= 0)
		epoll_ctl(host->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

/* Wake the producer's thread, should it wait for a reader. */
static void
announce(struct shmx_host *host)
{
	const uint64_t one = 1;

	(void)!write(host->news_fd, &one, sizeof(one));
}

/* ------------------------------------------------------------- writers -- */

/* Tell those who write of a reader; and when it is gone. */
static void
tell_writers(const struct shmx_host *host, const struct shmx_peer *peer,
	     bool present)
{
	if (host->writers.max != 0)
		shmx_writers_tell(&host->writers, peer->serial,
				  shmx_records_index(&host->records,
						     peer->seat->record),
				  present ? peer->seat->wake_fd : -1);
}

/* All readers there are, to who has just joined. */
static void
tell_of_readers(const struct shmx_host *host, struct shmx_joined *joined)
{
	const struct shmx_peer *p;
	unsigned i;

	joined->ready = true;
	SHMX_KILL_POINT("joined");
	for (i = 0; i < SHMX_PEERS_MAX; i++) {
		p = host->peers[i];
		if (p != NULL && p->seat != NULL)
			shmx_joined_tell(joined, p->serial, shmx_records_index(
					 &host->records, p->seat->record),
					 p->seat->wake_fd);
	}
}

/*
 * Wake every reader, in place of a writer that cannot, or died before it did.
 * Whether their flags are up is not asked: it may have cleared them.
 */
static void
wake_readers(const struct shmx_host *host)
{
	const struct shmx_peer *p;
	unsigned i;

	for (i = 0; i < SHMX_PEERS_MAX; i++) {
		p = host->peers[i];
		if (p == NULL || p->seat == NULL)
			continue;
		shmx_exchange_seq_cst(&p->seat->record->sleeping, 0);
		(void)send(p->seat->wake_fd, "", 1,
			   MSG_DONTWAIT | MSG_NOSIGNAL);
	}
}

/* ------------------------------------------------------ coming, going -- */

/* The writer looks at its holds no more, and nobody hears it. */
static void
unseat(struct shmx_host *host, struct shmx_peer *peer)
{
	uint32_t granted;

	/* While the ring that it sent them by is there. */
	shmx_mail_close(&host->mail, peer->box);
	peer->box = NULL;
	SHMX_KILL_POINT("reap mail");
	if (peer->seat != NULL) {
		granted = shmx_load_relaxed(&host->holds_granted) -
			peer->seat->holds;
		/* One in the region is free once the writer looks away. */
		if (peer->seat->record_fd >= 0)
			shmx_store_relaxed(&peer->seat->record->in_use, 0);
		/*
		 * Should it live on, it is not to believe that what it holds
		 * stays as it is.  Before its words are overlooked; acquires
		 * shmx_hold_valid().
		 */
		if (!host->finishing)
			shmx_exchange_seq_cst(&peer->seat->record->evicted, 1);
		SHMX_KILL_POINT("reap evicted");
		tell_writers(host, peer, false);
		shmx_readers_remove(host->readers, peer->seat);
		peer->seat = NULL;
		SHMX_KILL_POINT("reap set");
		/* Release: who sees it gone sees no hold of it. */
		shmx_store_release(&host->holds_granted, granted);
		announce(host);
	}
	if (peer->state == ATTACHED) {
		shmx_add_relaxed(&host->reaped, 1);
		shmx_add_acq_rel(&host->attached_now, (uint32_t)-1);
	}
}

static void
drop(struct shmx_host *host, struct shmx_peer *peer, const char *why)
{
	base_log(host->log, BASE_LOG_DEBUG, "ring %s: %s (pid %d) %s",
		 host->claim->name, peer->label, (int)peer->pid, why);
	unseat(host, peer);
	if (peer->lent != NULL)
		shmx_records_free(&host->records, peer->lent);
	/* At our end it may live, and write. */
	if (peer->joined != NULL && !host->finishing) {
		shmx_writers_leave(&host->writers, peer->joined);
		SHMX_KILL_POINT("reap writer");
		wake_readers(host);
	}
	unwatch(host, peer->conn);
	unwatch(host, peer->pidfd);
	shmx_channel_finish(&peer->channel);
	base_close(&peer->conn);
	SHMX_KILL_POINT("reap hangup");
	base_close(&peer->pidfd);
	host->peers[peer->index] = NULL;
	free(peer);
}

/*
 * Drop a peer that lives.  It may go on to write into its record, to let go of
 * what it held: one in the region is nobody else's before it is gone.
 */
static void
send_off(struct shmx_host *host, struct shmx_peer *peer, const char *why)
{
	/* Nor are the slots of a writer anybody else's before. */
	if (peer->joined == NULL &&
	    (peer->seat == NULL || peer->seat->record_fd >= 0)) {
		drop(host, peer, why);
		return;
	}
	base_log(host->log, BASE_LOG_DEBUG, "ring %s: %s (pid %d) %s",
		 host->claim->name, peer->label, (int)peer->pid, why);
	if (peer->joined != NULL) {
		peer->joined->ready = false;
		peer->state = SENT_OFF;
		return;
	}
	peer->lent = peer->seat->record;
	peer->seat->lent = true;
	unseat(host, peer);
	peer->state = SENT_OFF;
}

/* All that counts of what it says is its end. */
static void
await_end(struct shmx_host *host, struct shmx_peer *peer, bool dead)
{
	char words[4096];
	ssize_t n;

	n = recv(peer->conn, words, sizeof(words), MSG_DONTWAIT);
	if (dead || n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		drop(host, peer, "is gone at last");
}

static void
send_error(const struct shmx_peer *peer, const struct shmx_refusal *r)
{
	(void)shmx_channel_send(peer->conn, SHMX_MSG_ERROR, r, sizeof(*r),
				NULL, 0);
}

static void
refuse(struct shmx_host *host, struct shmx_peer *peer, int error,
       const char *fmt, ...) BASE_PRINTF(4, 5);

static void
refuse(struct shmx_host *host, struct shmx_peer *peer, int error,
       const char *fmt, ...)
{
	struct shmx_refusal r = { .error = error };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r.text, sizeof(r.text), fmt, ap);
	va_end(ap);
	host->refused++;
	shmx_store_relaxed(&host->ext->refused, host->refused);
	send_error(peer, &r);
	SHMX_KILL_POINT("refused");
	drop(host, peer, r.text);
}

/* A free place, made by dropping the oldest that is no reader (yet). */
static int
find_place(struct shmx_host *host)
{
	struct shmx_peer *oldest = NULL, *p;
	unsigned i;

	for (i = 0; i < SHMX_PEERS_MAX; i++) {
		p = host->peers[i];
		if (p == NULL)
			return (int)i;
		if ((p->state == ACCEPTED || p->state == INSPECTING) &&
		    (oldest == NULL || p->serial < oldest->serial))
			oldest = p;
	}
	if (oldest == NULL)
		return -1;
	i = oldest->index;
	drop(host, oldest, "has to make room");
	return (int)i;
}

static void
admit(struct shmx_host *host, int conn)
{
	struct shmx_peer *peer;
	struct ucred cred;
	socklen_t len = sizeof(cred);
	int place;

	place = find_place(host);
	peer = place < 0 ? NULL : base_sys.calloc(1, sizeof(*peer));
	if (peer == NULL ||
	    base_sys.getsockopt(conn, SOL_SOCKET, SO_PEERCRED, &cred,
				&len) < 0) {
		free(peer);
		base_close(&conn);
		return;
	}
	peer->index = (unsigned)place;
	peer->serial = ++host->serial;
	peer->conn = conn;
	peer->pid = cred.pid;
	peer->pidfd = -1;
	snprintf(peer->label, sizeof(peer->label), "somebody");
	shmx_channel_init(&peer->channel, conn);
	host->peers[place] = peer;
	if (cred.uid != geteuid() && cred.uid != 0) {
		refuse(host, peer, EACCES, "ring \"%s\" belongs to another "
		       "user", host->claim->name);
		return;
	}
	peer->pidfd = shmx_peer_pidfd(conn, cred.pid);
	if (peer->pidfd == -ESRCH)
		drop(host, peer, "has died");
	else if (watch(host, conn, (unsigned)place) < 0 ||
	    (peer->pidfd >= 0 &&
	     watch(host, peer->pidfd, ABOUT_PROCESS + (unsigned)place) < 0))
		drop(host, peer, "could not be watched");
}

/* The listening socket stays readable: look away, or this would be a spin. */
static void
pause_accepting(struct shmx_host *host)
{
	const struct itimerspec pause = {
		.it_value.tv_nsec = ACCEPT_PAUSE_NS,
	};

	unwatch(host, host->claim->listen_fd);
	timerfd_settime(host->pause_fd, 0, &pause, NULL);
}

static void
accept_again(struct shmx_host *host)
{
	uint64_t ticks;

	(void)!read(host->pause_fd, &ticks, sizeof(ticks));
	if (watch(host, host->claim->listen_fd, ABOUT_LISTEN) < 0)
		pause_accepting(host);
}

static void
accept_peer(struct shmx_host *host)
{
	int conn;

	conn = base_sys.accept4(host->claim->listen_fd, NULL, NULL,
				SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (conn >= 0) {
		SHMX_KILL_POINT("accept");
		admit(host, conn);
	} else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
		   errno == ENOBUFS) {
		base_log(host->log, BASE_LOG_WARNING,
			 "ring %s: cannot accept a reader: %s",
			 host->claim->name, strerror(errno));
		pause_accepting(host);
	}
}

/* ------------------------------------------------------------ greeting -- */

/* "viewer (pid 12) 3, recorder (pid 13) 1": who holds how much. */
static void
list_holders(const struct shmx_host *host, char *buf, size_t size)
{
	const struct shmx_peer *p;
	size_t used = 0;
	unsigned i;

	buf[0] = '\0';
	for (i = 0; i < SHMX_PEERS_MAX && used < size; i++) {
		p = host->peers[i];
		if (p == NULL || p->seat == NULL)
			continue;
		used += (size_t)snprintf(buf + used, size - used,
					 "%s%s (pid %d) %" PRIu32,
					 used == 0 ? "" : ", ", p->label,
					 (int)p->pid, p->seat->holds);
	}
}

/* Reasons to refuse a HELLO; true when it was refused. */
static bool
refuse_hello(struct shmx_host *host, struct shmx_peer *peer,
	     const struct shmx_hello *h)
{
	uint32_t granted = shmx_load_relaxed(&host->holds_granted);
	uint32_t left = host->holds_total - granted;
	char who[320];

	if (h->magic != SHMX_PROTOCOL_MAGIC ||
	    h->version_min > SHMX_PROTOCOL_VERSION ||
	    h->version_max < SHMX_PROTOCOL_VERSION) {
		refuse(host, peer, EPROTO, "ring \"%s\" speaks version %d of "
		       "the protocol, the reader another; use the same "
		       "release of shmfb", host->claim->name,
		       SHMX_PROTOCOL_VERSION);
	} else if (h->role == SHMX_ROLE_INSPECTOR) {
		return false;
	} else if (h->role == SHMX_ROLE_WRITER) {
		if (host->features & SHMX_FEATURE_MULTI_WRITER)
			return false;
		refuse(host, peer, ENOTSUP, "ring \"%s\" has one producer: "
		       "start that with SHMX_MULTI_WRITER for others to join",
		       host->claim->name);
	} else if (h->role != SHMX_ROLE_READER ||
		   (h->mode != SHMX_MODE_LOSSY && h->mode != SHMX_MODE_EVERY)) {
		refuse(host, peer, ENOTSUP, "ring \"%s\" admits only readers, "
		       "of frames as they come or of every frame",
		       host->claim->name);
	} else if (h->mode == SHMX_MODE_EVERY &&
		   !(host->features & SHMX_FEATURE_EVERY)) {
		refuse(host, peer, ENOTSUP, "ring \"%s\" admits only readers "
		       "that may skip frames: its producer would have to wait "
		       "for others, and was not started to (SHMX_ALLOW_EVERY)",
		       host->claim->name);
	} else if (h->holds < 1 || h->holds > SHMX_HOLDS_MAX) {
		refuse(host, peer, EINVAL, "a reader holds 1 to %d frames, not "
		       "%" PRIu32, SHMX_HOLDS_MAX, h->holds);
	} else if (h->holds > left) {
		list_holders(host, who, sizeof(who));
		refuse(host, peer, EBUSY, "ring \"%s\" is full: %" PRIu32 " of "
		       "%" PRIu32 " holds are taken%s%s, %" PRIu32 " wanted; "
		       "close a reader, or start the producer with more slots",
		       host->claim->name, granted, host->holds_total,
		       who[0] ? " by " : "", who, h->holds);
	} else {
		return false;
	}
	return true;
}

static void
forget_filled(struct shmx_host *host)
{
	base_close(&host->filled.fd);
}

/* The last ring with frames, if it is not the newest; else NULL. */
static const struct shmx_outgrown *
last_filled(struct shmx_host *host)
{
	if (host->filled.fd >= 0 &&
	    shmx_load_acquire(&host->ext->latest) >> 16 != 0)
		forget_filled(host);
	return host->filled.fd >= 0 ? &host->filled : NULL;
}

bool
shmx_host_forget(struct shmx_host *host)
{
	if (pthread_mutex_trylock(&host->lock) != 0)
		return false;
	forget_filled(host);
	pthread_mutex_unlock(&host->lock);
	return true;
}

/* The newest ring, or an older one. */
static struct shmx_welcome
describe(const struct shmx_host *host, const struct shmx_peer *peer,
	 const struct shmx_outgrown *old)
{
	const struct shmx_seat *seat = peer->seat;
	const bool inside = seat->record_fd < 0;

	return (struct shmx_welcome){
		.version = SHMX_PROTOCOL_VERSION,
		.record = inside ? shmx_records_index(&seat->records,
						      seat->record) :
			peer->index,
		.holds = seat->holds,
		.map_bytes = old ? old->map_bytes : host->map_bytes,
		.session = old ? old->session : host->session,
		.features = old ? old->features : host->features,
		.region_bytes = old ? old->region_bytes : host->region_bytes,
		.record_bytes = inside ? 0 : SHMX_RECORD_BYTES,
	};
}

static int
send_welcome(struct shmx_host *host, struct shmx_peer *peer, int wake_fd)
{
	const struct shmx_outgrown *old = last_filled(host);
	const struct shmx_welcome w = describe(host, peer, old);
	const int fds[SHMX_MESSAGE_FDS] = { old ? old->fd : host->data_fd,
		w.record_bytes == 0 ? host->records_fd : peer->seat->record_fd,
		wake_fd };

	peer->unanswered++;
	peer->sent = old ? old->generation : host->ext->generation;
	peer->behind = old != NULL;
	return shmx_channel_send(peer->conn, SHMX_MSG_WELCOME, &w, sizeof(w),
				 fds, SHMX_MESSAGE_FDS);
}

/* Whose it is, for who inspects the ring. */
static void
sign_record(const struct shmx_host *host, const struct shmx_peer *peer,
	    const struct shmx_hello *h, struct shmx_record *record)
{
	record->session = host->session;
	record->mode = h->mode;
	record->granted = h->holds;
	record->pid = (int32_t)peer->pid;
	base_clean_text(record->label, sizeof(record->label), peer->label,
			sizeof(peer->label));
	shmx_store_relaxed(&record->reader_id, peer->serial);
	shmx_store_relaxed(&record->mark, SHMX_EXT_MAGIC);
	shmx_store_relaxed(&record->in_use, 1);
}

/* See "where it begins" in ring.c. */
static void
keep_every_frame(const struct shmx_host *host, struct shmx_seat *seat)
{
	uint64_t latest = shmx_load_seq_cst(&host->ext->latest) >> 16;

	seat->every = true;
	shmx_store_seq_cst(&seat->record->done_sequence,
			   latest == 0 ? 0 : latest - 1);
}

/* Give a peer a seat and a mailbox. */
static int
give_seat(struct shmx_host *host, struct shmx_peer *peer,
	  const struct shmx_hello *h, int *wake_fd)
{
	struct shmx_seat *seat = NULL;
	int ret;

	ret = shmx_seat_create(&seat, &host->records, host->claim->name,
			       h->holds, wake_fd);
	if (ret < 0)
		return ret;
	sign_record(host, peer, h, seat->record);
	if (h->mode == SHMX_MODE_EVERY)
		keep_every_frame(host, seat);
	SHMX_KILL_POINT("seat");
	ret = shmx_mailbox_create(&peer->box,
				  shmx_record_control(seat->record),
				  peer->serial, (int32_t)peer->pid,
				  peer->label);
	/* Before WELCOME: no hold may be overlooked. */
	if (ret == 0)
		ret = shmx_readers_add(host->readers, seat);
	SHMX_KILL_POINT("seated");
	if (ret < 0) {
		shmx_seat_destroy(seat);
		return ret;
	}
	peer->seat = seat;
	tell_writers(host, peer, true);
	shmx_store_relaxed(&host->holds_granted,
			   shmx_load_relaxed(&host->holds_granted) +
			   seat->holds);
	return 0;
}

static void
greet_inspector(struct shmx_host *host, struct shmx_peer *peer)
{
	const struct shmx_welcome w = {
		.version = SHMX_PROTOCOL_VERSION,
		.map_bytes = host->map_bytes,
		.session = host->session,
		.features = host->features,
		.region_bytes = host->region_bytes,
	};
	int ret = shmx_roster_welcome(peer->conn, &w, host->data_fd);

	if (ret < 0)
		refuse(host, peer, -ret, "ring \"%s\" cannot be shown: %s",
		       host->claim->name, strerror(-ret));
	else
		peer->state = INSPECTING;
}

static void
greet_writer(struct shmx_host *host, struct shmx_peer *peer)
{
	struct shmx_welcome w = {
		.version = SHMX_PROTOCOL_VERSION,
		.map_bytes = host->map_bytes,
		.session = host->session,
		.features = host->features,
		.region_bytes = host->region_bytes,
	};
	int ret;

	peer->joined = shmx_writers_join(&host->writers, peer->conn);
	if (peer->joined == NULL) {
		refuse(host, peer, EBUSY, "ring \"%s\" has %" PRIu32
		       " producers already; start the first with more writers",
		       host->claim->name, host->writers.max + 1);
		return;
	}
	SHMX_KILL_POINT("join");
	peer->state = JOINING;
	w.record = peer->joined->owner;
	peer->unanswered++;
	ret = shmx_channel_send(peer->conn, SHMX_MSG_WELCOME, &w, sizeof(w),
				&host->records_fd, 1);
	if (ret < 0)
		refuse(host, peer, -ret, "ring \"%s\" cannot be joined: %s",
		       host->claim->name, strerror(-ret));
}

/* The records of readers that were seated after those it knows. */
static int
send_roster(const struct shmx_host *host, const struct shmx_peer *inspector,
	    uint64_t after)
{
	const struct shmx_peer *p;
	unsigned i;
	int ret = 0;

	for (i = 0; i < SHMX_PEERS_MAX && ret == 0; i++) {
		p = host->peers[i];
		if (p != NULL && p->seat != NULL && p->seat->record_fd >= 0 &&
		    p->serial > after)
			ret = shmx_roster_record(inspector->conn, p->serial,
						 p->seat->record_fd);
	}
	SHMX_KILL_POINT("roster");
	return ret < 0 ? ret : shmx_roster_end(inspector->conn,
					       host->serial);
}

static void
greet(struct shmx_host *host, struct shmx_peer *peer,
      const struct shmx_hello *h)
{
	int wake_fd = -1, ret;

	base_clean_text(peer->label, sizeof(peer->label), h->label,
			sizeof(h->label));
	peer->mode = h->mode;
	if (refuse_hello(host, peer, h))
		return;
	if (h->role == SHMX_ROLE_INSPECTOR) {
		greet_inspector(host, peer);
		return;
	}
	if (h->role == SHMX_ROLE_WRITER) {
		greet_writer(host, peer);
		return;
	}
	/* In the order in which they are seated, which rosters go by. */
	peer->serial = ++host->serial;
	ret = give_seat(host, peer, h, &wake_fd);
	if (ret == 0)
		ret = send_welcome(host, peer, wake_fd);
	SHMX_KILL_POINT("welcomed");
	base_close(&wake_fd);
	if (ret == -EUSERS)
		refuse(host, peer, EBUSY, "ring \"%s\" is full: all %" PRIu32
		       " reader records are in use; close a reader",
		       host->claim->name, host->records.count);
	else if (ret < 0)
		refuse(host, peer, -ret, "ring \"%s\" cannot take another "
		       "reader: %s", host->claim->name, strerror(-ret));
	else
		peer->state = WELCOMED;
}

static void
attach(struct shmx_host *host, struct shmx_peer *peer)
{
	peer->state = ATTACHED;
	shmx_add_relaxed(&host->attached_now, 1);
	shmx_add_relaxed(&host->attached, 1);
	shmx_mail_open(&host->mail, peer->box);
	SHMX_KILL_POINT("attached");
	announce(host);
	base_log(host->log, BASE_LOG_DEBUG,
		 "ring %s: %s (pid %d) attached with %" PRIu32 " holds",
		 host->claim->name, peer->label, (int)peer->pid,
		 peer->seat->holds);
}

static void
start_writing(struct shmx_host *host, struct shmx_peer *peer)
{
	peer->state = WRITING;
	tell_of_readers(host, peer->joined);
	base_log(host->log, BASE_LOG_DEBUG, "ring %s: %s (pid %d) joined",
		 host->claim->name, peer->label, (int)peer->pid);
}

/* ------------------------------------------------------------- growing -- */

void
shmx_host_set_ring(struct shmx_host *host, const struct shmx_region *region,
		   uint32_t holds_total)
{
	host->ext = region->ring.ext;
	host->data_fd = region->data_fd >= 0 ? region->data_fd : region->fd;
	host->records_fd = region->records_fd;
	host->records = region->records;
	host->session = region->session;
	host->features = region->ring.ext->features;
	host->region_bytes = region->bytes;
	host->map_bytes = region->map_bytes;
	host->holds_total = holds_total;
	shmx_writers_init(&host->writers, &region->ring,
			  region->ring.ext->writers_max);
}

/* Send a reader on to the host's ring, unless it is on its way to another. */
static void
send_moved(struct shmx_host *host, struct shmx_peer *peer)
{
	const struct shmx_outgrown *old = last_filled(host);
	struct shmx_welcome w;

	peer->seat->record->session = host->session;
	peer->behind = peer->unanswered > 0 && peer->mode != SHMX_MODE_EVERY;
	if (peer->behind)
		return;
	/* It may have missed the ring with the newest frame: that first. */
	if (old != NULL && old->generation <= peer->sent)
		old = NULL;
	w = describe(host, peer, old);
	peer->unanswered++;
	peer->sent = old ? old->generation : host->ext->generation;
	peer->behind = old != NULL;
	if (shmx_channel_send(peer->conn, SHMX_MSG_MOVED, &w, sizeof(w),
			      old ? &old->fd : &host->data_fd, 1) < 0)
		drop(host, peer, "does not hear that the ring grew");
	SHMX_KILL_POINT("MOVED");
}

/* The ring that was is the last with frames, if it has any. */
static void
outgrow(struct shmx_host *host, struct shmx_region *old)
{
	if (shmx_load_acquire(&old->ring.ext->latest) >> 16 == 0)
		return;
	forget_filled(host);
	host->filled = (struct shmx_outgrown){
		.fd = old->fd,
		.map_bytes = old->map_bytes,
		.generation = old->ring.ext->generation,
		.session = old->session,
		.features = old->ring.ext->features,
		.region_bytes = old->bytes,
	};
	old->fd = -1;
}

int
shmx_host_move(struct shmx_host *host, const struct shmx_region *region,
	       uint32_t holds_total, struct shmx_region *old)
{
	int ret = -EBUSY;
	unsigned i;

	pthread_mutex_lock(&host->lock);
	if (shmx_load_relaxed(&host->holds_granted) <= holds_total) {
		outgrow(host, old);
		shmx_host_set_ring(host, region, holds_total);
		shmx_store_relaxed(&host->ext->refused, host->refused);
		shmx_store_relaxed(&host->ext->evicted, host->evicted);
		SHMX_KILL_POINT("grow");
		for (i = 0; i < SHMX_PEERS_MAX; i++)
			if (host->peers[i] != NULL &&
			    host->peers[i]->seat != NULL)
				send_moved(host, host->peers[i]);
		ret = 0;
	}
	pthread_mutex_unlock(&host->lock);
	return ret;
}

/* A reader has mapped what it was sent.  False for nonsense. */
static bool
hear_ready(struct shmx_host *host, struct shmx_peer *peer,
	   const struct shmx_ready *ready)
{
	if (ready == NULL || peer->unanswered == 0 ||
	    ready->transport != SHMX_TRANSPORT_RING)
		return false;
	peer->unanswered--;
	if (peer->state == WELCOMED)
		attach(host, peer);
	if (peer->state == JOINING)
		start_writing(host, peer);
	if (peer->behind)
		send_moved(host, peer);
	return true;
}

/* One whole message.  False when the peer is gone after it. */
static bool
answer(struct shmx_host *host, struct shmx_peer *peer)
{
	struct shmx_channel *ch = &peer->channel;
	const struct shmx_hello *hello;
	const struct shmx_ready *ready;
	const struct shmx_roster *roster;
	unsigned index = peer->index;

	switch (ch->in.header.type) {
	case SHMX_MSG_HELLO:
		hello = shmx_channel_body(ch, sizeof(*hello), 0);
		if (hello == NULL || peer->state != ACCEPTED)
			break;
		greet(host, peer, hello);
		return host->peers[index] == peer;
	case SHMX_MSG_READY:
		ready = shmx_channel_body(ch, sizeof(*ready), 0);
		if (!hear_ready(host, peer, ready))
			break;
		return host->peers[index] == peer;
	case SHMX_MSG_NUDGE:
		if (peer->state == WRITING)
			wake_readers(host);
		else if (peer->seat != NULL)
			announce(host);
		else
			break;
		return true;
	case SHMX_MSG_ROSTER:
		roster = shmx_channel_body(ch, sizeof(*roster), 0);
		if (roster == NULL || peer->state != INSPECTING)
			break;
		if (send_roster(host, peer, roster->after) == 0)
			return true;
		drop(host, peer, "does not listen");
		return false;
	case SHMX_MSG_BYE:
		drop(host, peer, "left");
		return false;
	default:
		break;
	}
	send_off(host, peer, "does not speak the protocol");
	return false;
}

/* Hear what a peer said.  False when it is gone after it. */
static bool
listen_to(struct shmx_host *host, struct shmx_peer *peer)
{
	int n, ret;

	for (n = 0; n < MESSAGES_MAX; n++) {
		ret = shmx_channel_receive(&peer->channel);
		/*
		 * Nobody sends us descriptors.  Kept until the rest comes,
		 * one might be the peer's own end: it would never hang up.
		 */
		if (peer->channel.fd_count != 0)
			ret = -EPROTO;
		if (ret == -EAGAIN)
			return true;
		if (ret < 0) {
			if (ret == -EPIPE)
				drop(host, peer, "is gone");
			else
				send_off(host, peer, "does not speak the "
					 "protocol");
			return false;
		}
		if (!answer(host, peer))
			return false;
		shmx_channel_next(&peer->channel);
	}
	return true;
}

/* ------------------------------------------------------------- service -- */

/* Who takes a record by itself is only found by looking. */
static int
init_guests(struct shmx_host *host)
{
	const struct timespec period = { .tv_nsec = GUESTS_PERIOD_NS };
	const struct itimerspec its = { period, period };

	if (!(host->features & SHMX_FEATURE_NAMED))
		return 0;
	host->guests_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC |
					 TFD_NONBLOCK);
	if (host->guests_fd < 0 ||
	    timerfd_settime(host->guests_fd, 0, &its, NULL) < 0)
		return -errno;
	host->guests.records = &host->records;
	host->guests.mail = &host->mail;
	host->guests.serial = &host->serial;
	return watch(host, host->guests_fd, ABOUT_GUESTS);
}

static void
close_all(struct shmx_host *host)
{
	base_close(&host->epoll_fd);
	base_close(&host->pause_fd);
	base_close(&host->guests_fd);
	base_close(&host->stop_fd);
	base_close(&host->news_fd);
	base_close(&host->filled.fd);
}

int
shmx_host_init(struct shmx_host *host)
{
	int ret = 0;

	host->epoll_fd = host->pause_fd = host->guests_fd = -1;
	host->filled.fd = -1;
	host->stop_fd = host->news_fd = -1;
	if ((host->epoll_fd = epoll_create1(EPOLL_CLOEXEC)) < 0 ||
	    (host->pause_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC |
					     TFD_NONBLOCK)) < 0 ||
	    (host->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0 ||
	    (host->news_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0)
		ret = -errno;
	if (ret == 0)
		ret = watch(host, host->claim->listen_fd, ABOUT_LISTEN);
	if (ret == 0)
		ret = watch(host, host->pause_fd, ABOUT_PAUSE);
	if (ret == 0)
		ret = watch(host, host->stop_fd, ABOUT_STOP);
	if (ret == 0)
		ret = init_guests(host);
	if (ret < 0) {
		close_all(host);
		return ret;
	}
	shmx_mail_init(&host->mail);
	pthread_mutex_init(&host->lock, NULL);
	return 0;
}

void
shmx_host_finish(struct shmx_host *host)
{
	unsigned i;

	host->finishing = true;
	for (i = 0; i < SHMX_PEERS_MAX; i++)
		if (host->peers[i] != NULL) {
			(void)shmx_channel_send(host->peers[i]->conn,
						SHMX_MSG_BYE, NULL, 0, NULL,
						0);
			SHMX_KILL_POINT("BYE");
			drop(host, host->peers[i], "is told goodbye");
		}
	shmx_guests_finish(&host->guests);
	close_all(host);
	shmx_mail_finish(&host->mail);
	pthread_mutex_destroy(&host->lock);
}

/* Who of v2.0 is there?  For the statistics, they are readers as any. */
static void
look_for_guests(struct shmx_host *host)
{
	struct shmx_guests *g = &host->guests;
	uint32_t now = g->now;
	uint64_t came = g->came, left = g->left;

	if (shmx_guests_look(g))
		announce(host);
	shmx_add_relaxed(&host->attached, g->came - came);
	shmx_add_relaxed(&host->reaped, g->left - left);
	shmx_add_acq_rel(&host->attached_now, g->now - now);
}

unsigned
shmx_host_reap_stale(struct shmx_host *host, uint64_t timeout_ns)
{
	uint64_t left;
	unsigned n;

	pthread_mutex_lock(&host->lock);
	look_for_guests(host);
	left = host->guests.left;
	n = shmx_guests_reap(&host->guests, timeout_ns);
	left = host->guests.left - left;
	shmx_add_relaxed(&host->reaped, left);
	shmx_add_acq_rel(&host->attached_now, (uint32_t)0 - (uint32_t)left);
	if (n > 0)
		announce(host);
	pthread_mutex_unlock(&host->lock);
	return n;
}

/* Send a reader away, in those words. */
static void
dismiss(struct shmx_host *host, struct shmx_peer *peer, int error,
	const char *why)
{
	struct shmx_refusal r = { .error = error };

	snprintf(r.text, sizeof(r.text), "the producer of ring \"%s\" sent "
		 "this reader away: %s", host->claim->name, why);
	send_error(peer, &r);
	SHMX_KILL_POINT("evict said");
	send_off(host, peer, "is sent away");
}

/* A reader that broke the rules, or whose record somebody else wrote to. */
static void
dismiss_sender(struct shmx_host *host, const struct shmx_mailbox *box)
{
	unsigned i;

	if (shmx_guests_mute(&host->guests, box))
		return;
	for (i = 0; i < SHMX_PEERS_MAX; i++)
		if (host->peers[i] != NULL && host->peers[i]->box == box) {
			dismiss(host, host->peers[i], EPROTO,
				"a message in its record makes no sense");
			return;
		}
}

int
shmx_host_receive(struct shmx_host *host, struct shmx_control *out, void *data)
{
	struct shmx_mailbox *bad = NULL;
	int ret;

	pthread_mutex_lock(&host->lock);
	look_for_guests(host);
	while ((ret = shmx_mail_receive(&host->mail, out, data, &bad)) ==
	       -EPROTO)
		dismiss_sender(host, bad);
	pthread_mutex_unlock(&host->lock);
	return ret;
}

/* ------------------------------------------------------- who is there -- */

/* As the reader says, but for what the host knows of it. */
static void
look_at(const struct shmx_peer *peer, struct shmx_reader_snapshot *s)
{
	const struct shmx_record *record = peer->seat->record;
	uint64_t word;
	uint32_t i;

	*s = (struct shmx_reader_snapshot){
		.id = peer->serial,
		.pid = (int32_t)peer->pid,
		.holds_granted = peer->seat->holds,
		.every = peer->seat->every,
		.last_seen = shmx_load_relaxed(&record->last_frame_seen),
		.secured = shmx_load_relaxed(&record->done_sequence),
		.held = shmx_load_relaxed(&record->held),
		.skipped = shmx_load_relaxed(&record->skipped),
		.presented_sequence =
			shmx_load_acquire(&record->presented_sequence),
		.presented_ns = shmx_load_relaxed(&record->presented_ns),
		.seen_ns = shmx_load_relaxed(&record->seen_ns),
		.put_ns = shmx_load_relaxed(&record->put_ns),
		.completed_ns = shmx_load_relaxed(&record->completed_ns),
		.phase_ns = shmx_load_relaxed(&record->phase_ns),
	};
	memcpy(s->label, peer->label, sizeof(s->label));
	for (i = 0; i < peer->seat->holds; i++) {
		word = shmx_load_relaxed(&record->hold[i]);
		if (word != 0)
			s->holding[s->holds_used++] = word >> 16;
	}
}

static void
look_at_guest(const struct shmx_guests *g, uint32_t i,
	      struct shmx_reader_snapshot *s)
{
	*s = (struct shmx_reader_snapshot){
		.id = g->guest[i].id,
		.label = SHMX_GUEST_LABEL,
		.last_seen = shmx_load_relaxed(&shmx_records_at(g->records, i)
					       ->last_frame_seen),
	};
}

unsigned
shmx_host_list(struct shmx_host *host, void *out, size_t size, unsigned max)
{
	struct shmx_reader_snapshot s;
	unsigned i, n = 0;

	pthread_mutex_lock(&host->lock);
	look_for_guests(host);
	for (i = 0; i < SHMX_PEERS_MAX; i++) {
		if (host->peers[i] == NULL || host->peers[i]->state != ATTACHED)
			continue;
		if (n < max) {
			look_at(host->peers[i], &s);
			memcpy((char *)out + n * size, &s,
			       BASE_MIN(size, sizeof(s)));
		}
		n++;
	}
	for (i = 0; i < host->records.count; i++) {
		if (host->guests.guest[i].id == 0)
			continue;
		if (n < max) {
			look_at_guest(&host->guests, i, &s);
			memcpy((char *)out + n * size, &s,
			       BASE_MIN(size, sizeof(s)));
		}
		n++;
	}
	pthread_mutex_unlock(&host->lock);
	return n;
}

static void
evict(struct shmx_host *host, struct shmx_peer *peer, const char *why)
{
	host->evicted++;
	shmx_store_relaxed(&host->ext->evicted, host->evicted);
	SHMX_KILL_POINT("evict");
	dismiss(host, peer, EPERM, why);
}

int
shmx_host_evict(struct shmx_host *host, uint64_t id, const char *why)
{
	struct shmx_peer *peer;
	int ret = -ENOENT;
	unsigned i;

	pthread_mutex_lock(&host->lock);
	for (i = 0; i < SHMX_PEERS_MAX && ret != 0; i++) {
		peer = host->peers[i];
		if (peer == NULL || peer->state != ATTACHED ||
		    peer->serial != id)
			continue;
		evict(host, peer, why);
		ret = 0;
	}
	pthread_mutex_unlock(&host->lock);
	return ret;
}

void
shmx_host_stop(struct shmx_host *host)
{
	const uint64_t one = 1;

	(void)!write(host->stop_fd, &one, sizeof(one));
}

/* When to wake up at the latest, for work that waits. */
static uint64_t
next_deadline(struct shmx_host *host, uint64_t deadline_ns)
{
	bool left;

	pthread_mutex_lock(&host->lock);
	left = !shmx_readers_collect(host->readers);
	pthread_mutex_unlock(&host->lock);
	return left && deadline_ns != 0 ?
		BASE_MIN(deadline_ns, base_now_ns() + COLLECT_PAUSE_NS) :
		deadline_ns;
}

static void
handle(struct shmx_host *host, unsigned about)
{
	struct shmx_peer *peer;
	uint64_t ticks;

	switch (about) {
	case ABOUT_LISTEN:
		accept_peer(host);
		return;
	case ABOUT_PAUSE:
		accept_again(host);
		return;
	case ABOUT_GUESTS:
		(void)!read(host->guests_fd, &ticks, sizeof(ticks));
		look_for_guests(host);
		return;
	}
	peer = host->peers[about % SHMX_PEERS_MAX];
	if (peer == NULL)
		return;
	if (peer->state == SENT_OFF) {
		await_end(host, peer, about >= ABOUT_PROCESS);
		return;
	}
	/* What it said before it died counts. */
	if (listen_to(host, peer) && about >= ABOUT_PROCESS)
		drop(host, peer, "has died");
}

/*
 * Handle one event.  False when there is none.
 *
 * One at a time, fetched under the lock: handling one may end the peer of
 * another, in whichever thread.
 */
static bool
handle_next(struct shmx_host *host, int *ret)
{
	struct epoll_event ev;
	bool some;

	pthread_mutex_lock(&host->lock);
	some = epoll_wait(host->epoll_fd, &ev, 1, 0) == 1;
	if (some && ev.data.u32 == ABOUT_STOP)
		*ret = -ECANCELED;
	else if (some)
		handle(host, ev.data.u32);
	pthread_mutex_unlock(&host->lock);
	return some && *ret == 0;
}

int
shmx_host_service(struct shmx_host *host, uint64_t deadline_ns)
{
	uint64_t until = next_deadline(host, deadline_ns);
	struct epoll_event ev;
	int n, ret = 0;

	/*
	 * Not poll(2), which fails, and so does not sleep, where not even two
	 * descriptors are allowed.  What it finds is level-triggered.
	 */
	if (until != 0 && epoll_wait(host->epoll_fd, &ev, 1,
				     base_timeout_ms(until)) < 0)
		return -errno;
	/* Not for ever, whatever they send: the producer may be waiting. */
	for (n = 0; n < EVENTS_MAX && handle_next(host, &ret); n++)
		;
	return ret;
}
