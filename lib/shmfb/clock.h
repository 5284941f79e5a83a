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
 * once.
 */
#ifndef SHMFB_CLOCK_H
#define SHMFB_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include <xcb/present.h>
#include <xcb/xcb.h>

struct shmfb;

/* How long a tick may be overdue before the timer takes over. */
#define SHMFB_TICK_LOST_NS UINT64_C(100000000)
#define SHMFB_TIMER_NS UINT64_C(16666667)

struct shmfb_clock {
	bool off;			/* not paced: always due */
	bool present;			/* the server can be asked */
	bool ticking;			/* and answers */
	bool waiting;			/* shown, and no tick since */
	bool asked;			/* an answer is due */
	uint32_t serial;		/* of the last question */
	uint64_t asked_ns;
	uint64_t msc;			/* the last tick's number; 0: none */
	uint64_t next_ns;		/* the timer: when it is due again */
};

void
shmfb_clock_init(struct shmfb *fb, bool paced);

/* May a frame go out now? */
bool
shmfb_clock_due(const struct shmfb_clock *clock, uint64_t now);

/* One did: wait for its tick. */
void
shmfb_clock_shown(struct shmfb *fb, uint64_t now);

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
