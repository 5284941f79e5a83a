/* SPDX-License-Identifier: MIT */
/*
 * wait.c - a reader waits for the next frame
 *
 * First by looking at the ring for a short time, which costs no system call
 * and no wake-up when the producer is quick; then asleep, its flag up, on the
 * descriptor that covers all that can happen.
 */
#include "config.h"

#include "reader.h"

#include <errno.h>
#include <string.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"
#include "atomic.h"
#include "kill.h"

/* Attached, and not sent away: the connection is about to tell of that. */
static bool
is_admitted(const struct shmx_reader *r)
{
	return r->session != NULL &&
	       shmx_load_relaxed(&r->session->record->evicted) == 0;
}

static bool
has_news(const struct shmx_reader *r)
{
	return is_admitted(r) &&
	       (shmx_ring_latest(&r->session->layout.ring) > r->last ||
		(r->successor != NULL &&
		 shmx_ring_latest(&r->successor->layout.ring) > r->last));
}

int
shmx_reader_arm(struct shmx_reader *r)
{
	if (!is_admitted(r))
		return 0;
	/* What is left in a ring that has grown wakes nobody. */
	if (r->successor != NULL && has_news(r))
		return -EAGAIN;
	return shmx_ring_arm(shmx_reader_newest(r), r->session->record,
			     r->last) ? 0 : -EAGAIN;
}

/* Look for a frame for a while. */
static bool
spin(struct shmx_reader *r)
{
	bool found = false;
	uint64_t end;
	int i;

	if (!r->spin.may || r->session == NULL || r->foreign != NULL)
		return false;
	end = base_now_ns() + r->spin.ns;
	do {
		for (i = 0; i < 64 && !found; i++) {
			found = has_news(r);
			shmx_relax();
		}
	} while (!found && base_now_ns() < end);
	shmx_spin_learn(&r->spin, found);
	return found;
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
	SHMX_KILL_POINT("S2");
	n = base_sys.poll(&pfd, 1, ms > INT32_MAX ? -1 : (int)ms);
	SHMX_KILL_POINT("S3");
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

	shmx_reader_pump(r);
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
		shmx_reader_pump(r);
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
