/* SPDX-License-Identifier: MIT */
/*
 * state.h - fullscreen, maximised, above, hidden: asked for, and told
 *
 * Before it is mapped a window says in _NET_WM_STATE how it wants to be;
 * from then on the property is the window manager's, and wishes are messages
 * to the root window. What is so is what the manager says, not what was
 * asked for.
 */
#ifndef SHMFB_STATE_H
#define SHMFB_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include <shmx/shmx.h>
#include <xcb/xcb.h>

#include "property.h"

struct shmfb;

struct shmfb_states {
	bool shown;			/* we have mapped it */
	bool unmapped;			/* but it is not */
	bool covered;			/* all of it, as the server says */
	bool managed;			/* there is a window manager */
	bool filled;			/* there was none: fullscreen by us */
	struct shmx_rect before;	/* and where it was before that */
	uint32_t wanted;		/* enum shmfb_state: asked for */
	uint32_t asked;			/* of wanted: not answered yet */
	uint32_t said;			/* by the window manager */
	uint32_t told;			/* to the application */
	struct shmfb_ask ask;
};

/* What it wants to be, before it is mapped: enum shmfb_flags. */
void
shmfb_state_init(struct shmfb *fb, uint32_t flags);

/*
 * Map the window, which says before how it wants to be. Where it is not said to
 * be managed, and wants to be fullscreen, the server is asked whether it is.
 */
void
shmfb_state_map(struct shmfb *fb, bool managed);

/* Unmap it; when it is mapped again it is to be as it was. */
void
shmfb_state_unmap(struct shmfb *fb);

/*
 * Does nobody manage windows? Then their places are what the server is told,
 * and the screen, whose size RANDR changes, is the root window. A round trip.
 */
bool
shmfb_state_is_unmanaged(struct shmfb *fb, struct shmx_rect *screen);

/* To whoever manages windows, which may be nobody: an event, 32 bytes. */
void
shmfb_state_tell_manager(struct shmfb *fb, const void *event);

/* A property of the window has changed. */
void
shmfb_state_property(struct shmfb *fb,
		     const xcb_property_notify_event_t *event);

/* The server has mapped it, or someone has unmapped it. */
void
shmfb_state_mapped(struct shmfb *fb, bool mapped);

/* It is seen, or wholly covered. */
void
shmfb_state_visible(struct shmfb *fb,
		    const xcb_visibility_notify_event_t *event);

/* Look for the window manager's answer. */
void
shmfb_state_poll(struct shmfb *fb);

#endif /* SHMFB_STATE_H */
