/* SPDX-License-Identifier: MIT */
/*
 * clock.h - when the next frame is due
 *
 * With each frame the server is asked to say when the next refresh is
 * (PresentNotifyMSC). Where there is no Present, or no answer comes (a
 * display that is switched off, a server that is busy), frames are paced by
 * a timer until an answer does come:
 *
 *	           shown                  tick
 *	  due ------------> waiting (Present) ------------> due
 *	                      |  ^
 *	    no tick in 100 ms |  | a tick after all
 *	                      v  |
 *	  due ------------> waiting (timer) --------------> due
 *	           shown                  1/60 s
 *
 * Who was idle for longer than a refresh finds the clock due and shows at
 * once. But with SHMFB_VSYNC_ON what comes later than right after a tick is
 * held back by show.c until the next. A canvas that was sent so leaves the
 * clock due (ahead), or who draws for long would see every other refresh.
 */
#ifndef SHMFB_CLOCK_H
#define SHMFB_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include <xcb/present.h>
#include <xcb/xcb.h>

#include <shmfb/shmfb.h>

struct shmfb;

/* How long a tick may be overdue before the timer takes over. */
#define SHMFB_TICK_LOST_NS UINT64_C(100000000)
#define SHMFB_TIMER_NS UINT64_C(16666667)
/* So soon after a tick it is still the refresh. */
#define SHMFB_AT_TICK_NS UINT64_C(2000000)

struct shmfb_clock {
	enum shmfb_vsync vsync;		/* off: always due */
	bool present;			/* the server can be asked */
	bool ticking;			/* and answers */
	bool waiting;			/* for a tick */
	bool ahead;			/* due all the same */
	bool asked;			/* an answer is due */
	uint32_t serial;		/* of the last question */
	uint64_t asked_ns;
	uint64_t msc;			/* the last tick's number; 0: none */
	uint64_t tick_ns;		/* when it was; 0: none */
	uint64_t period_ns;		/* from tick to tick */
	uint64_t next_ns;		/* the timer: when it is due again */
};

void
shmfb_clock_init(struct shmfb *fb, enum shmfb_vsync vsync);

/* May a frame go out now? */
bool
shmfb_clock_due(const struct shmfb_clock *clock, uint64_t now);

/* One did: wait for its tick. */
void
shmfb_clock_shown(struct shmfb *fb, uint64_t now);

/* Has one that is ready now to wait for a refresh? */
bool
shmfb_clock_holds(const struct shmfb_clock *clock, uint64_t now);

/* Then it does: shmfb_show_refreshed() follows. */
void
shmfb_clock_wait(struct shmfb *fb, uint64_t now);

/* How many ticks there were, or must have been, after the one until the other. */
uint64_t
shmfb_clock_ticks(const struct shmfb_clock *clock, uint64_t after,
		  uint64_t until);

/* A Present event. */
void
shmfb_clock_event(struct shmfb *fb, const xcb_ge_generic_event_t *event);

/* Is an event of a server as long as it has to be? */
bool
shmfb_clock_event_is_whole(const xcb_ge_generic_event_t *event, size_t bytes);

/* When that was that Present tells of. */
uint64_t
shmfb_clock_time(const xcb_present_complete_notify_event_t *tick,
		 uint64_t now);

/* When shmfb_clock_expire() is to be called; UINT64_MAX: need not. */
uint64_t
shmfb_clock_deadline(const struct shmfb_clock *clock);

void
shmfb_clock_expire(struct shmfb *fb, uint64_t now);

/* "present", "timer" or "none". */
const char *
shmfb_clock_name(const struct shmfb_clock *clock);

#endif /* SHMFB_CLOCK_H */
