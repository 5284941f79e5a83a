/* SPDX-License-Identifier: MIT */
/*
 * step.c - a step: all there is to do without sleeping
 *
 * Called by loop.c, and by every call that has sent or may have read. A step
 * is one of all windows that share the connection: events, answers, deadlines,
 * a repaint; then what that led to is sent and the timer is set.
 *
 * libxcb may read events while it writes, or waits for a reply. Every step
 * therefore ends with its queue empty and nothing of ours unsent, so that none
 * waits in there while somebody sleeps. Whoever sends without pause gets no
 * more than so much of a step (STEP_EVENTS in each of STEP_ROUNDS): what is
 * left has the timer fire at once.
 */
#include "config.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/timerfd.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/error.h"
#include "window.h"

#define STEP_ROUNDS 8
#define STEP_EVENTS 256

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
	deadline = BASE_MIN(deadline, shmfb_withdraw_deadline(fb));
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
		shmfb_withdraw_poll(fb);
		shmfb_clipboard_poll(fb);
		shmfb_pointer_flush(fb);
		shmfb_xinput_flush(fb);
	}
	/*
	 * When all news of it is taken, and last: it waits for answers, and
	 * what libxcb reads meanwhile is for the next round.
	 */
	if (!x->gone)
		shmfb_keymap_renew(&x->keymap, x->conn);
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
		shmfb_withdraw_expire(fb, now);
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

void
shmfb_step_all(struct shmfb_display *x, bool read)
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

void
shmfb_step(struct shmfb *fb, bool read)
{
	shmfb_step_all(fb->x, read);
	shmfb_poke(fb->x, fb);
}

/* The words of the error are kept: those of a step are nobody's. */
int
shmfb_catch_up(struct shmfb *fb, int err)
{
	char words[512];

	if (has_unseen(fb->x)) {
		shmfb_without_sigpipe(fb->x);

		snprintf(words, sizeof(words), "%s", base_error_line());
		shmfb_step(fb, false);
		base_error(err, "%s", words);
	}
	return err ? err : shmfb_check_gone(fb);
}
