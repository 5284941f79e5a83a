/* SPDX-License-Identifier: MIT */
/*
 * host.c - the service: what happens, one event at a time
 *
 * The files of the host: host-greet.c has who comes, host-hear.c what they
 * say, host-leave.c how they go; host-ring.c says which ring a reader is
 * shown, host-join.c has the other writers, host-roll.c who is there.
 * host-peer.h says what they share.
 */
#include "config.h"

#include "host-peer.h"

#include <errno.h>
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
#include "channel.h"
#include "kill.h"
#include "protocol.h"

#define ACCEPT_PAUSE_NS	(100 * BASE_NS_PER_MS)	/* less than a second */
#define COLLECT_PAUSE_NS BASE_NS_PER_MS
#define GUESTS_PERIOD_NS (20 * BASE_NS_PER_MS)	/* less than a second */
#define EVENTS_MAX	256

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

void
shmx_host_announce(struct shmx_host *host)
{
	const uint64_t one = 1;

	(void)!write(host->news_fd, &one, sizeof(one));
}

int
shmx_peer_watch(struct shmx_host *host, const struct shmx_peer *peer)
{
	int ret = watch(host, peer->conn, peer->index);

	if (ret == 0 && peer->pidfd >= 0)
		ret = watch(host, peer->pidfd, ABOUT_PROCESS + peer->index);
	return ret;
}

void
shmx_peer_unwatch(struct shmx_host *host, const struct shmx_peer *peer)
{
	unwatch(host, peer->conn);
	unwatch(host, peer->pidfd);
}

/* ----------------------------------------------------------- listening -- */

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
		shmx_host_admit(host, conn);
	} else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
		   errno == ENOBUFS) {
		base_log(host->log, BASE_LOG_WARNING,
			 "ring %s: cannot accept a reader: %s",
			 host->claim->name, strerror(errno));
		pause_accepting(host);
	}
}

/* ------------------------------------------------------- begin and end -- */

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
			shmx_peer_drop(host, host->peers[i], "is told goodbye");
		}
	shmx_guests_finish(&host->guests);
	close_all(host);
	shmx_mail_finish(&host->mail);
	pthread_mutex_destroy(&host->lock);
}

void
shmx_host_stop(struct shmx_host *host)
{
	const uint64_t one = 1;

	(void)!write(host->stop_fd, &one, sizeof(one));
}

/* ------------------------------------------------------------- service -- */

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
		shmx_host_look_for_guests(host);
		return;
	}
	peer = host->peers[about % SHMX_PEERS_MAX];
	if (peer != NULL)
		shmx_peer_hear(host, peer, about >= ABOUT_PROCESS);
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
