/* SPDX-License-Identifier: MIT */
/*
 * withdraw.c - a window is taken off the screen, and put there again
 *
 * Called by state.c, and by step.c for what it waits for.
 *
 * A window manager that lets go of a window removes what _NET_WM_STATE says.
 * When it comes to that only after the window wants to be back, it removes the
 * new wishes as well. So a window is not mapped again before the manager has
 * removed WM_STATE or has written there that it is withdrawn (ICCCM 4.1.4);
 * one that does neither is waited for no longer than SHMFB_WITHDRAW_NS.
 */
#include "config.h"

#include "withdraw.h"

#include <stdlib.h>
#include <string.h>

#include "window.h"

/* WM_STATE is that and an icon's window: two words. */
#define WITHDRAWN 0
#define WM_STATE_BYTES 8

/*
 * A window manager that has iconified a window cannot see that it is unmapped:
 * it already is. So it is told.
 */
static void
tell_unmapped(struct shmfb *fb)
{
	const xcb_unmap_notify_event_t e = {
		.response_type = XCB_UNMAP_NOTIFY,
		.event = fb->x->screen->root,
		.window = fb->window,
	};
	char event[32] = "";

	memcpy(event, &e, sizeof(e));
	shmfb_state_tell_manager(fb, event);
}

void
shmfb_withdraw(struct shmfb *fb)
{
	struct shmfb_withdrawal *w = &fb->withdrawal;

	if (w->due) {
		w->due = false;
		return;
	}
	/* Now: it may be mapped and grab again before the event is taken. */
	shmfb_pointer_release(fb);
	shmfb_state_unmap(fb);
	if (fb->child)
		return;
	tell_unmapped(fb);
	w->leaving = true;
	w->end_ns = base_now_ns() + SHMFB_WITHDRAW_NS;
}

/*
 * Is there a manager that is still to let go of it? WM_STATE does not say: one
 * that has died left it, and one that lives may not have come to what it was
 * asked first, which is to show the window.
 */
static bool
is_leaving(struct shmfb *fb)
{
	const struct shmfb_withdrawal *w = &fb->withdrawal;
	struct shmx_rect screen;

	return w->leaving && base_now_ns() < w->end_ns &&
	       !shmfb_state_is_unmanaged(fb, &screen);
}

static void
return_now(struct shmfb *fb, bool managed)
{
	fb->withdrawal.due = false;
	/*
	 * A manager may have come to show it only after it was unmapped here.
	 * If it is mapped, nobody would hear of its being mapped again.
	 */
	if (!fb->child)
		xcb_unmap_window(fb->x->conn, fb->window);
	shmfb_state_map(fb, managed);
}

void
shmfb_withdraw_return(struct shmfb *fb)
{
	struct shmfb_withdrawal *w = &fb->withdrawal;

	w->leaving = is_leaving(fb);
	w->due = w->leaving;
	if (!w->leaving)
		return_now(fb, false);
}

void
shmfb_withdraw_managed(struct shmfb *fb, bool managed)
{
	struct shmfb_withdrawal *w = &fb->withdrawal;

	if (!w->leaving)
		return;
	if (managed)
		shmfb_property_ask(fb->x, &w->ask, fb->window,
				   fb->x->atom[SHMFB_ATOM_WM_STATE],
				   fb->x->atom[SHMFB_ATOM_WM_STATE],
				   WM_STATE_BYTES);
	else
		w->leaving = false;
}

static bool
says_withdrawn(const xcb_get_property_reply_t *r)
{
	const uint32_t *state;

	/* By now it was removed. */
	if (!r || r->format != 32 || r->value_len < 1)
		return true;
	state = xcb_get_property_value(r);
	return state[0] == WITHDRAWN;
}

void
shmfb_withdraw_poll(struct shmfb *fb)
{
	struct shmfb_withdrawal *w = &fb->withdrawal;
	xcb_get_property_reply_t *r;
	bool answered = false;

	r = shmfb_property_answer(fb->x, &w->ask, &answered);
	if (answered && w->leaving && says_withdrawn(r)) {
		w->leaving = false;
		fb->state.managed = false;
	}
	free(r);
	/*
	 * There was a manager when it was to return, or that would not be due.
	 * To look again would have a step wait for the server.
	 */
	if (w->due && !w->leaving)
		return_now(fb, true);
}

uint64_t
shmfb_withdraw_deadline(const struct shmfb *fb)
{
	const struct shmfb_withdrawal *w = &fb->withdrawal;

	return w->due && w->leaving ? w->end_ns : UINT64_MAX;
}

void
shmfb_withdraw_expire(struct shmfb *fb, uint64_t now)
{
	if (now < shmfb_withdraw_deadline(fb))
		return;
	fb->withdrawal.leaving = false;
	shmfb_withdraw_poll(fb);
}
