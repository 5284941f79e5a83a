/* SPDX-License-Identifier: MIT */
/*
 * clock.c - when the next frame is due
 *
 * Called by show.c (a frame went out), event.c (Present's answers) and
 * loop.c (time has passed). Present's events are in the connection's own
 * queue, not in a special one, which would leave the descriptor unreadable
 * while events wait in it.
 */
#include "config.h"

#include "clock.h"

#include <xcb/present.h>

#include "base/clock.h"
#include "window.h"

void
shmfb_clock_init(struct shmfb *fb, bool paced)
{
	struct shmfb_clock *clock = &fb->clock;

	*clock = (struct shmfb_clock){ .off = !paced };
	if (!paced || !fb->x->present_opcode ||
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
	if (clock->off || !clock->waiting)
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

	if (clock->off)
		return;
	clock->waiting = true;
	ask(fb, now);
	/* In step with the frame before, unless that was long ago. */
	clock->next_ns += SHMFB_TIMER_NS;
	if (clock->next_ns < now)
		clock->next_ns = now + SHMFB_TIMER_NS;
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

void
shmfb_clock_event(struct shmfb *fb, const xcb_ge_generic_event_t *event)
{
	const xcb_present_complete_notify_event_t *tick = (const void *)event;
	struct shmfb_clock *clock = &fb->clock;
	uint64_t now = base_now_ns();

	if (event->event_type != XCB_PRESENT_COMPLETE_NOTIFY ||
	    !shmfb_clock_event_is_whole(event, sizeof(*tick)) ||
	    tick->kind != XCB_PRESENT_COMPLETE_KIND_NOTIFY_MSC ||
	    tick->serial != clock->serial || !clock->asked)
		return;
	if (!clock->ticking)
		shmfb_log(fb, BASE_LOG_DEBUG, "the display's clock is back");
	clock->asked = false;
	clock->ticking = true;
	clock->waiting = false;
	shmfb_stir(fb);
	clock->msc = tick->msc;
	clock->next_ns = now;
	shmfb_show_refreshed(fb, shmfb_clock_time(tick, now));
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
	clock->waiting = false;
	shmfb_stir(fb);
	shmfb_show_refreshed(fb, now);
}

const char *
shmfb_clock_name(const struct shmfb_clock *clock)
{
	if (clock->off)
		return "none";
	return clock->ticking ? "present" : "timer";
}
