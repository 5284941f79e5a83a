/* SPDX-License-Identifier: MIT */
/*
 * loop.c - waiting: the descriptors, and what an application's loop calls
 *
 * A window's epoll descriptor covers its connection and a timer, which are
 * those of all windows that share the connection: whichever of them looks,
 * looks for all, and pokes those that something came of.
 *
 * System calls are what a window that shows sixty frames a second spends its
 * time on, so:
 *
 *  - the socket is read only when it was seen to be readable, or when nobody
 *    looked before a return;
 *  - the timer is set only to fire earlier than it would. When it fires too
 *    early for what is due by then, it is set again. Nothing due: it is off.
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "window.h"

static int
make_fds(struct shmfb *fb)
{
	struct shmfb_display *x = fb->x;
	int err;

	if (x->timer_fd < 0)
		x->timer_fd = timerfd_create(CLOCK_MONOTONIC,
					     TFD_CLOEXEC | TFD_NONBLOCK);
	if (x->timer_fd < 0)
		return -errno;
	fb->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (fb->epoll_fd < 0)
		return -errno;
	err = shmfb_watch_fd(fb->epoll_fd, x->timer_fd);
	if (!err)
		err = shmfb_watch_fd(fb->epoll_fd,
				     xcb_get_file_descriptor(x->conn));
	if (!err)
		err = shmfb_poke_init(fb);
	return err;
}

int
shmfb_loop_init(struct shmfb *fb)
{
	int err;

	err = make_fds(fb);
	if (err)
		return base_error(err, "no descriptor to wait on: %s",
				  strerror(-err));
	shmfb_spin_init(&fb->spin);
	fb->next = fb->x->windows;
	fb->x->windows = fb;
	return 0;
}

static void
leave(struct shmfb *fb)
{
	struct shmfb **at = &fb->x->windows;

	while (*at && *at != fb)
		at = &(*at)->next;
	if (*at)
		*at = fb->next;
	/* What was read while this one was closed, or failed to open. */
	if (!fb->x->windows)
		return;
	shmfb_step_all(fb->x, false);
	shmfb_poke(fb->x, NULL);
}

void
shmfb_loop_finish(struct shmfb *fb)
{
	if (fb->x)
		leave(fb);
	base_close(&fb->epoll_fd);
	base_close(&fb->poke_fd);
}

int
shmfb_fd(const struct shmfb *fb)
{
	return fb->epoll_fd;
}

int
shmfb_dispatch(struct shmfb *fb)
{
	shmfb_without_sigpipe(fb->x);

	shmfb_poke_take(fb);
	if (!fb->gone)
		shmfb_step(fb, true);
	if (fb->closed && !fb->gone)
		return base_error(-EPIPE, "the window was closed");
	return shmfb_check_gone(fb);
}

bool
shmfb_ready(const struct shmfb *fb)
{
	return !fb->gone && !fb->held.picture &&
	       shmfb_flight_frames(&fb->flight) < SHMFB_IN_FLIGHT &&
	       shmfb_clock_due(&fb->clock, base_now_ns());
}

unsigned
shmfb_in_flight(const struct shmfb *fb)
{
	return shmfb_under_way(fb);
}

/*
 * Anything for the application? Events that it leaves in the queue wake it
 * once, not for ever; those that it has begun to take, until all are taken.
 */
static bool
has_something(const struct shmfb *fb)
{
	if (fb->news || (fb->taken && !shmfb_queue_empty(&fb->events)))
		return true;
	return shmfb_ready(fb);
}

/*
 * Wait so long, or for ever: how many descriptors are readable, or -errno.
 * *readable says whether the connection is one of them.
 */
static int
look(struct shmfb *fb, int timeout_ms, bool *readable)
{
	int conn = xcb_get_file_descriptor(fb->x->conn);
	struct epoll_event e[3];
	int i, n;

	n = epoll_wait(fb->epoll_fd, e, 3, timeout_ms);
	if (n < 0)
		return -errno;
	for (i = 0; i < n; i++)
		*readable |= e[i].data.fd == conn;
	return n;
}

/* Is it the server alone that is waited for, to be done with a frame? */
static bool
server_is_next(const struct shmfb *fb)
{
	return shmfb_flight_frames(&fb->flight) >= SHMFB_IN_FLIGHT &&
	       shmfb_clock_due(&fb->clock, base_now_ns());
}

/* Look for a while, then sleep. As look() does. */
static int
spin_and_sleep(struct shmfb *fb, bool *readable)
{
	uint64_t begun = base_now_ns();
	uint64_t end = begun + shmfb_spin_time(&fb->spin);
	int n = 0;

	while (n == 0 && base_now_ns() < end)
		n = look(fb, 0, readable);
	if (n == 0)
		n = look(fb, -1, readable);
	shmfb_spin_learn(&fb->spin, begun, base_now_ns());
	return n;
}

/* Sleep. Returns whether the connection is readable, or -errno. */
static int
sleep_on(struct shmfb *fb)
{
	bool readable = false;
	int n;

	if (fb->spin.may && server_is_next(fb))
		n = spin_and_sleep(fb, &readable);
	else
		n = look(fb, -1, &readable);
	return n < 0 ? n : readable;
}

bool
shmfb_pump(struct shmfb *fb)
{
	shmfb_without_sigpipe(fb->x);
	bool looked = false;
	int readable = 0;

	shmfb_poke_take(fb);
	shmfb_step(fb, false);
	while (!fb->gone && !fb->closed && readable >= 0) {
		/* Who is always ready has to see events all the same. */
		if (!has_something(fb)) {
			readable = sleep_on(fb);
		} else if (!looked) {
			readable = 1;
		} else {
			break;
		}
		looked = true;
		if (readable >= 0)
			shmfb_step(fb, readable);
	}
	fb->news = false;
	fb->taken = false;
	return !fb->gone && !fb->closed;
}

bool
shmfb_next_event(struct shmfb *fb, struct shmfb_event *event)
{
	fb->news = false;
	fb->taken = shmfb_queue_pop(&fb->events, event);
	/* Its text may have been replaced while it waited. */
	if (fb->taken && event->type == SHMFB_EVENT_PASTE)
		shmfb_paste_fill(fb, &event->u.paste.utf8,
				     &event->u.paste.length);
	return fb->taken;
}
