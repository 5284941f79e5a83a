/* SPDX-License-Identifier: MIT */
/*
 * clock.c - when the next frame is due
 *
 * Called by show.c (a frame went out), event.c (Present's answers) and
 * step.c (time has passed). Present's events are in the connection's own
 * queue, not in a special one, which would leave the descriptor unreadable
 * while events wait in it.
 */
#include "config.h"

#include "clock.h"

#include <xcb/present.h>

#include "base/clock.h"
#include "window.h"

void
shmfb_clock_init(struct shmfb *fb, enum shmfb_vsync vsync)
{
	struct shmfb_clock *clock = &fb->clock;

	*clock = (struct shmfb_clock){
		.vsync = vsync,
		.period_ns = SHMFB_TIMER_NS,
	};
	if (vsync == SHMFB_VSYNC_OFF || !fb->x->present_opcode ||
	    shmfb_env("SHMFB_NO_PRESENT"))
		return;
	xcb_present_select_input(fb->x->conn, xcb_generate_id(fb->x->conn),
				 fb->window,
				 XCB_PRESENT_EVENT_MASK_COMPLETE_NOTIFY);
	clock->present = true;
	clock->ticking = true;
}

bool
shmfb_clock_due(const struct shmfb_clock *clock, uint64_t now)
{
	if (clock->vsync == SHMFB_VSYNC_OFF || !clock->waiting ||
	    clock->ahead)
		return true;
	return !clock->ticking && now >= clock->next_ns;
}

/*
 * Not before the refresh after the last one, and at a refresh: of a target
 * that has passed, the divisor makes the next. One question at a time, or a
 * display that is asleep would collect them.
 */
static void
ask(struct shmfb *fb, uint64_t now)
{
	struct shmfb_clock *clock = &fb->clock;

	if (!clock->present || clock->asked)
		return;
	clock->serial++;
	clock->asked = true;
	clock->asked_ns = now;
	xcb_present_notify_msc(fb->x->conn, fb->window, clock->serial,
			       clock->msc ? clock->msc + 1 : 0, 1, 0);
}

void
shmfb_clock_shown(struct shmfb *fb, uint64_t now)
{
	struct shmfb_clock *clock = &fb->clock;

	if (clock->vsync == SHMFB_VSYNC_OFF)
		return;
	clock->waiting = true;
	clock->ahead = false;
	ask(fb, now);
	/* In step with the frame before, unless that was long ago. */
	clock->next_ns += SHMFB_TIMER_NS;
	if (clock->next_ns < now)
		clock->next_ns = now + SHMFB_TIMER_NS;
}

bool
shmfb_clock_holds(const struct shmfb_clock *clock, uint64_t now)
{
	if (clock->vsync != SHMFB_VSYNC_ON)
		return false;
	return clock->waiting || now - clock->tick_ns >= SHMFB_AT_TICK_NS;
}

void
shmfb_clock_wait(struct shmfb *fb, uint64_t now)
{
	struct shmfb_clock *clock = &fb->clock;

	if (clock->waiting)
		return;
	clock->waiting = true;
	ask(fb, now);
	/* The timer's ticks go on in step, though nobody looked at them. */
	if (clock->next_ns <= now)
		clock->next_ns += ((now - clock->next_ns) / SHMFB_TIMER_NS +
				   1) * SHMFB_TIMER_NS;
}

/* The number of the tick before that time, counted from the last one. */
static int64_t
tick_before(const struct shmfb_clock *clock, uint64_t ns)
{
	int64_t period = (int64_t)clock->period_ns;
	int64_t since = (int64_t)(ns - clock->tick_ns);

	return since >= 0 ? since / period : -((period - 1 - since) / period);
}

uint64_t
shmfb_clock_ticks(const struct shmfb_clock *clock, uint64_t after,
		  uint64_t until)
{
	if (clock->vsync == SHMFB_VSYNC_OFF || !clock->tick_ns ||
	    until <= after)
		return 0;
	return (uint64_t)(tick_before(clock, until) -
			  tick_before(clock, after));
}

/* There was a tick. Both of its times are the display's, or the timer's. */
static void
tick(struct shmfb *fb, uint64_t ns, uint64_t period_ns)
{
	struct shmfb_clock *clock = &fb->clock;

	clock->waiting = false;
	clock->ahead = false;
	clock->tick_ns = ns;
	clock->period_ns = period_ns;
	shmfb_stir(fb);
	shmfb_show_refreshed(fb, ns);
}

/* libxcb allocates what the event says that it is long, and its own word. */
bool
shmfb_clock_event_is_whole(const xcb_ge_generic_event_t *event, size_t bytes)
{
	return 32 + (uint64_t)event->length * 4 +
	       sizeof(event->full_sequence) >= bytes;
}

/*
 * Servers count microseconds of the monotonic clock, but
 * nothing says so, and one may be of another machine: what cannot be is
 * taken to be now.
 */
uint64_t
shmfb_clock_time(const xcb_present_complete_notify_event_t *tick,
		 uint64_t now)
{
	uint64_t ns = tick->ust <= UINT64_MAX / BASE_NS_PER_US ?
		tick->ust * BASE_NS_PER_US : 0;

	return ns <= now && now - ns < BASE_NS_PER_S ? ns : now;
}

/* By the tick that is the msc-th, at that time. What cannot be is not taken. */
static uint64_t
period(const struct shmfb_clock *clock, uint64_t msc, uint64_t ns)
{
	uint64_t p;

	if (!clock->msc || msc <= clock->msc || ns <= clock->tick_ns)
		return clock->period_ns;
	p = (ns - clock->tick_ns) / (msc - clock->msc);
	return p >= BASE_NS_PER_MS && p <= BASE_NS_PER_S ?
		p : clock->period_ns;
}

void
shmfb_clock_event(struct shmfb *fb, const xcb_ge_generic_event_t *event)
{
	const xcb_present_complete_notify_event_t *e = (const void *)event;
	struct shmfb_clock *clock = &fb->clock;
	uint64_t now = base_now_ns(), period_ns;

	if (event->event_type != XCB_PRESENT_COMPLETE_NOTIFY ||
	    !shmfb_clock_event_is_whole(event, sizeof(*e)) ||
	    e->kind != XCB_PRESENT_COMPLETE_KIND_NOTIFY_MSC ||
	    e->serial != clock->serial || !clock->asked)
		return;
	if (!clock->ticking)
		shmfb_log(fb, BASE_LOG_DEBUG, "the display's clock is back");
	clock->asked = false;
	clock->ticking = true;
	clock->next_ns = now;
	now = shmfb_clock_time(e, now);
	period_ns = period(clock, e->msc, now);
	clock->msc = e->msc;
	tick(fb, now, period_ns);
}

uint64_t
shmfb_clock_deadline(const struct shmfb_clock *clock)
{
	if (!clock->waiting)
		return UINT64_MAX;
	return clock->ticking ? clock->asked_ns + SHMFB_TICK_LOST_NS :
		clock->next_ns;
}

void
shmfb_clock_expire(struct shmfb *fb, uint64_t now)
{
	struct shmfb_clock *clock = &fb->clock;

	if (now < shmfb_clock_deadline(clock))
		return;
	if (clock->ticking) {
		shmfb_log(fb, BASE_LOG_DEBUG, "no tick from the display");
		/*
		 * Ask anew, for the next refresh of all: on another monitor
		 * the number that was asked for may be years away.
		 */
		clock->asked = false;
		clock->msc = 0;
		clock->next_ns = now;
	}
	clock->ticking = false;
	tick(fb, now, SHMFB_TIMER_NS);
}

const char *
shmfb_clock_name(const struct shmfb_clock *clock)
{
	if (clock->vsync == SHMFB_VSYNC_OFF)
		return "none";
	return clock->ticking ? "present" : "timer";
}
