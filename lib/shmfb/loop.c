/* SPDX-License-Identifier: MIT */
/*
 * loop.c - waiting: descriptors, deadlines, and the step that does the work
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
 *
 * libxcb may read events while it writes, or waits for a reply. Every step
 * therefore ends with its queue empty and nothing of ours unsent, so that none
 * waits in there while somebody sleeps. Whoever sends without pause gets no
 * more than so much of a step (STEP_EVENTS in each of STEP_ROUNDS): what is
 * left has the timer fire at once.
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "window.h"

#define STEP_ROUNDS 8
#define STEP_EVENTS 256

static int
watch_fd(int epoll_fd, int fd)
{
	struct epoll_event e = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &e) < 0 ? -errno : 0;
}

/* What the steps of other windows wake this one with. */
static int
make_poke(struct shmfb *fb)
{
	int err;

	if (fb->poke_fd >= 0)
		return 0;
	fb->poke_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fb->poke_fd < 0)
		return -errno;
	err = watch_fd(fb->epoll_fd, fb->poke_fd);
	if (err)
		base_close(&fb->poke_fd);
	return err;
}

/* Only windows that share a connection need them. */
static int
make_pokes(struct shmfb *fb)
{
	struct shmfb *other;
	int err;

	if (!fb->x->windows)
		return 0;
	err = make_poke(fb);
	shmfb_for_each(other, fb->x)
		if (!err)
			err = make_poke(other);
	return err;
}

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
	err = watch_fd(fb->epoll_fd, x->timer_fd);
	if (!err)
		err = watch_fd(fb->epoll_fd, xcb_get_file_descriptor(x->conn));
	if (!err)
		err = make_pokes(fb);
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
set_timer(struct shmfb_display *x, uint64_t deadline)
{
	struct itimerspec when = { { 0, 0 }, { 0, 0 } };

	if (deadline != UINT64_MAX) {
		when.it_value.tv_sec = (time_t)(deadline / BASE_NS_PER_S);
		when.it_value.tv_nsec = (long)(deadline % BASE_NS_PER_S);
	}
	timerfd_settime(x->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
	x->armed_ns = deadline;
}

static uint64_t
next_deadline(const struct shmfb *fb)
{
	uint64_t deadline = BASE_MIN(shmfb_clock_deadline(&fb->clock),
				     shmfb_flight_deadline(&fb->flight));

	deadline = BASE_MIN(deadline, shmfb_sync_deadline(&fb->sync));
	deadline = BASE_MIN(deadline, shmfb_clipboard_deadline(fb));
	return BASE_MIN(deadline, shmfb_repaint_deadline(fb));
}

/* Since its queue was empty libxcb has read more, or lost the server. */
static bool
has_unseen(const struct shmfb_display *x)
{
	return !x->gone && (xcb_total_read(x->conn) != x->seen ||
			    xcb_connection_has_error(x->conn));
}

static void
arm_timer(struct shmfb_display *x)
{
	uint64_t deadline = has_unseen(x) ? base_now_ns() : UINT64_MAX;
	const struct shmfb *fb;

	shmfb_for_each(fb, x)
		if (!fb->gone)
			deadline = BASE_MIN(deadline, next_deadline(fb));
	/* Setting it also makes it unreadable, if it has fired. */
	if (deadline < x->armed_ns || base_now_ns() >= x->armed_ns)
		set_timer(x, deadline);
}

static void
server_gone(struct shmfb_display *x)
{
	struct shmfb *fb;

	x->gone = true;
	shmfb_for_each(fb, x)
		shmfb_lost(fb, "the X server closed the connection");
}

/*
 * The event, and those that libxcb has read already, but no more than so many.
 * Returns whether that was all of them.
 */
static bool
take_all(struct shmfb_display *x, xcb_generic_event_t *event, unsigned most)
{
	while (event) {
		shmfb_event(x, event);
		free(event);
		if (!--most)
			return false;
		event = xcb_poll_for_queued_event(x->conn);
		/* When all news of it is taken; there may then be more. */
		if (!event && shmfb_keymap_renew(&x->keymap, x->conn))
			event = xcb_poll_for_queued_event(x->conn);
	}
	x->seen = xcb_total_read(x->conn);
	return true;
}

void
shmfb_take_queued(struct shmfb_display *x)
{
	take_all(x, xcb_poll_for_queued_event(x->conn), UINT_MAX);
}

static void
take_events(struct shmfb_display *x, bool read)
{
	struct shmfb *fb;
	bool all;

	all = take_all(x, read ? xcb_poll_for_event(x->conn) :
		       xcb_poll_for_queued_event(x->conn), STEP_EVENTS);
	if (!x->gone && xcb_connection_has_error(x->conn))
		server_gone(x);
	/* What comes before a reply is to be known before it is. */
	if (!all)
		return;
	if (!x->gone)
		shmfb_settings_poll(x);
	shmfb_for_each(fb, x) {
		if (fb->gone)
			continue;
		shmfb_flight_poll(fb);
		shmfb_state_poll(fb);
		shmfb_paste_poll(fb);
		shmfb_xinput_flush(fb);
	}
}

static void
meet_deadlines(struct shmfb_display *x)
{
	struct shmfb *fb;
	uint64_t now;

	/* The timer would have fired; before that there is nothing to meet. */
	if (x->armed_ns == UINT64_MAX)
		return;
	now = base_now_ns();
	if (now < x->armed_ns)
		return;
	shmfb_for_each(fb, x) {
		if (fb->gone)
			continue;
		shmfb_clock_expire(fb, now);
		shmfb_flight_watch(fb, now);
		shmfb_clipboard_expire(fb, now);
		shmfb_sync_expire(fb, now);
	}
}

static void
repaint(struct shmfb_display *x)
{
	struct shmfb *fb;

	shmfb_for_each(fb, x)
		if (!fb->gone)
			shmfb_repaint_now(fb);
}

/* What the events led to is sent; which may have read some more. */
static void
send_all(struct shmfb_display *x)
{
	if (x->gone)
		return;
	repaint(x);
	xcb_flush(x->conn);
}

static void
step(struct shmfb_display *x, bool read)
{
	unsigned round;

	take_events(x, read);
	meet_deadlines(x);
	send_all(x);
	for (round = 1; round < STEP_ROUNDS && has_unseen(x); round++) {
		take_events(x, false);
		send_all(x);
	}
	arm_timer(x);
}

/* Wake whom something happened to, but for the one that knows it. */
static void
poke(struct shmfb_display *x, const struct shmfb *knows)
{
	const uint64_t one = 1;
	struct shmfb *fb;

	shmfb_for_each(fb, x) {
		if (fb->stirred && fb != knows && !fb->poked)
			fb->poked = write(fb->poke_fd, &one, sizeof(one)) > 0;
		fb->stirred = false;
	}
}

/* It looks now. */
static void
take_poke(struct shmfb *fb)
{
	uint64_t count;

	if (fb->poked && read(fb->poke_fd, &count, sizeof(count)) > 0)
		fb->poked = false;
}

void
shmfb_step(struct shmfb *fb, bool read)
{
	step(fb->x, read);
	poke(fb->x, fb);
}

/* The words of the error are kept: those of a step are nobody's. */
int
shmfb_catch_up(struct shmfb *fb, int err)
{
	char words[512];

	if (has_unseen(fb->x)) {
		snprintf(words, sizeof(words), "%s", base_error_line());
		shmfb_step(fb, false);
		base_error(err, "%s", words);
	}
	return err ? err : shmfb_check_gone(fb);
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
	step(fb->x, false);
	poke(fb->x, NULL);
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

	take_poke(fb);
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

	take_poke(fb);
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
