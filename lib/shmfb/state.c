/* SPDX-License-Identifier: MIT */
/*
 * state.c - fullscreen, maximised, above, hidden: asked for, and told
 *
 * Called by window.c, and by event.c and step.c with what has come of it.
 */
#include "config.h"

#include "state.h"

#include <errno.h>
#include <stdlib.h>

#include "base/base.h"
#include "base/error.h"
#include "window.h"

/* What an application may ask for. */
#define STATES_WANTED (SHMFB_STATE_FULLSCREEN | SHMFB_STATE_MAXIMIZED | \
		       SHMFB_STATE_ABOVE)
/* More than there are in the specification. */
#define ATOMS_MAX 64

/* Who says it to a window manager: a normal application, not a pager. */
#define SOURCE_APPLICATION 1

/* One state of ours is one of theirs, or two. */
static const struct {
	uint32_t bit;
	enum shmfb_atom atom[2];
} states[] = {
	{ SHMFB_STATE_FULLSCREEN, { SHMFB_ATOM_NET_WM_STATE_FULLSCREEN,
				    SHMFB_ATOM_NET_WM_STATE_FULLSCREEN } },
	{ SHMFB_STATE_MAXIMIZED, { SHMFB_ATOM_NET_WM_STATE_MAXIMIZED_VERT,
				   SHMFB_ATOM_NET_WM_STATE_MAXIMIZED_HORZ } },
	{ SHMFB_STATE_ABOVE, { SHMFB_ATOM_NET_WM_STATE_ABOVE,
			       SHMFB_ATOM_NET_WM_STATE_ABOVE } },
	{ SHMFB_STATE_HIDDEN, { SHMFB_ATOM_NET_WM_STATE_HIDDEN,
				SHMFB_ATOM_NET_WM_STATE_HIDDEN } },
};

/* ------------------------------------------------------------- telling -- */

static uint32_t
state_now(const struct shmfb *fb)
{
	const struct shmfb_states *s = &fb->state;
	uint32_t now = s->said;

	if (s->filled && !s->managed)
		now |= SHMFB_STATE_FULLSCREEN;
	if (!s->shown || s->unmapped)
		now |= SHMFB_STATE_HIDDEN;
	if (s->covered)
		now |= SHMFB_STATE_COVERED;
	return now;
}

static void
tell(struct shmfb *fb)
{
	struct shmfb_event event = { .type = SHMFB_EVENT_STATE };

	event.u.state.state = state_now(fb);
	event.u.state.changed = event.u.state.state ^ fb->state.told;
	if (!event.u.state.changed)
		return;
	fb->state.told = event.u.state.state;
	shmfb_push(fb, &event);
}

uint32_t
shmfb_state(const struct shmfb *fb)
{
	return fb->state.told;
}

void
shmfb_state_mapped(struct shmfb *fb, bool mapped)
{
	fb->state.unmapped = !mapped;
	/* The server tells again when it is there to be seen. */
	if (!mapped)
		fb->state.covered = false;
	tell(fb);
}

void
shmfb_state_visible(struct shmfb *fb,
		    const xcb_visibility_notify_event_t *event)
{
	fb->state.covered = event->state == XCB_VISIBILITY_FULLY_OBSCURED;
	tell(fb);
}

void
shmfb_state_property(struct shmfb *fb,
		     const xcb_property_notify_event_t *event)
{
	xcb_atom_t state = fb->x->atom[SHMFB_ATOM_NET_WM_STATE];

	/*
	 * Where there is none the property is what we have written. Who
	 * manages a window says that in WM_STATE.
	 */
	if (event->atom == fb->x->atom[SHMFB_ATOM_WM_STATE]) {
		fb->state.managed = event->state == XCB_PROPERTY_NEW_VALUE;
		shmfb_withdraw_managed(fb, fb->state.managed);
	} else if (event->atom != state) {
		return;
	}
	shmfb_property_ask(fb->x, &fb->state.ask, fb->window, state,
			   XCB_ATOM_ATOM, ATOMS_MAX * sizeof(xcb_atom_t));
}

static bool
has_atom(const xcb_atom_t *atom, unsigned count, xcb_atom_t wanted)
{
	unsigned i;

	for (i = 0; i < count; i++)
		if (atom[i] == wanted)
			return true;
	return false;
}

/* Both of two, or else it is only as wide as the screen, say. */
static uint32_t
said_by(const struct shmfb_display *x, const xcb_atom_t *atom, unsigned count)
{
	uint32_t said = 0;
	unsigned i;

	for (i = 0; i < BASE_ARRAY_SIZE(states); i++)
		if (has_atom(atom, count, x->atom[states[i].atom[0]]) &&
		    has_atom(atom, count, x->atom[states[i].atom[1]]))
			said |= states[i].bit;
	return said;
}

void
shmfb_state_poll(struct shmfb *fb)
{
	xcb_get_property_reply_t *r;
	bool answered = false;
	uint32_t said = 0;

	r = shmfb_property_answer(fb->x, &fb->state.ask, &answered);
	if (!answered)
		return;
	if (r && fb->state.managed && r->format == 32 &&
	    r->type == XCB_ATOM_ATOM)
		said = said_by(fb->x, xcb_get_property_value(r),
			       BASE_MIN(r->value_len, ATOMS_MAX));
	free(r);
	fb->state.said = said;
	/* It has come to what it says as it was asked to. */
	fb->state.asked &= said ^ fb->state.wanted;
	shmfb_wm_state_changed(fb);
	tell(fb);
}

/* -------------------------------------------------------------- asking -- */

/* As the property says it, before the window is mapped. */
static void
write_wanted(struct shmfb *fb)
{
	xcb_atom_t atom[2 * BASE_ARRAY_SIZE(states)];
	unsigned i, n = 0;

	for (i = 0; i < BASE_ARRAY_SIZE(states); i++) {
		if (!(fb->state.wanted & states[i].bit))
			continue;
		atom[n++] = fb->x->atom[states[i].atom[0]];
		if (states[i].atom[1] != states[i].atom[0])
			atom[n++] = fb->x->atom[states[i].atom[1]];
	}
	shmfb_property_set(fb, fb->x->atom[SHMFB_ATOM_NET_WM_STATE],
			   XCB_ATOM_ATOM, 32, n, atom);
}

void
shmfb_state_tell_manager(struct shmfb *fb, const void *event)
{
	xcb_send_event(fb->x->conn, 0, fb->x->screen->root,
		       XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY |
		       XCB_EVENT_MASK_SUBSTRUCTURE_REDIRECT, event);
}

static void
ask_manager(struct shmfb *fb, uint32_t bit, bool on)
{
	xcb_client_message_event_t e = {
		.response_type = XCB_CLIENT_MESSAGE,
		.format = 32,
		.window = fb->window,
		.type = fb->x->atom[SHMFB_ATOM_NET_WM_STATE],
	};
	unsigned i = 0;

	while (states[i].bit != bit)
		i++;
	e.data.data32[0] = on;
	e.data.data32[1] = fb->x->atom[states[i].atom[0]];
	if (states[i].atom[1] != states[i].atom[0])
		e.data.data32[2] = fb->x->atom[states[i].atom[1]];
	e.data.data32[3] = SOURCE_APPLICATION;
	shmfb_state_tell_manager(fb, &e);
}

bool
shmfb_state_is_unmanaged(struct shmfb *fb, struct shmx_rect *screen)
{
	xcb_connection_t *conn = fb->x->conn;
	xcb_window_t root = fb->x->screen->root;
	xcb_get_window_attributes_cookie_t asked =
		xcb_get_window_attributes(conn, root);
	xcb_get_geometry_cookie_t size = xcb_get_geometry(conn, root);
	xcb_get_window_attributes_reply_t *a =
		xcb_get_window_attributes_reply(conn, asked, NULL);
	xcb_get_geometry_reply_t *g =
		xcb_get_geometry_reply(conn, size, NULL);
	bool nobody = a && g && !(a->all_event_masks &
				  XCB_EVENT_MASK_SUBSTRUCTURE_REDIRECT);

	if (nobody)
		*screen = shmfb_rect_all(g->width, g->height);
	free(a);
	free(g);
	return nobody;
}

/* As a window manager would, where there is none: on a bare server. */
static void
fill_screen(struct shmfb *fb, bool on)
{
	const uint16_t mask = XCB_CONFIG_WINDOW_X | XCB_CONFIG_WINDOW_Y |
			      XCB_CONFIG_WINDOW_WIDTH |
			      XCB_CONFIG_WINDOW_HEIGHT;
	struct shmfb_states *s = &fb->state;
	struct shmx_rect to;
	uint32_t values[4];

	if (on == s->filled)
		return;
	if (!shmfb_state_is_unmanaged(fb, &to)) {
		s->filled = false;
		return;
	}
	if (on)
		s->before = (struct shmx_rect){ fb->left, fb->top,
						(int32_t)fb->width,
						(int32_t)fb->height };
	else
		to = s->before;
	s->filled = on;
	/* For a manager that comes later. */
	write_wanted(fb);
	values[0] = (uint32_t)to.x;
	values[1] = (uint32_t)to.y;
	values[2] = (uint32_t)to.width;
	values[3] = (uint32_t)to.height;
	xcb_configure_window(fb->x->conn, fb->window, mask, values);
}

void
shmfb_state_init(struct shmfb *fb, uint32_t flags)
{
	if (flags & SHMFB_FULLSCREEN)
		fb->state.wanted |= SHMFB_STATE_FULLSCREEN;
	if (flags & SHMFB_MAXIMIZED)
		fb->state.wanted |= SHMFB_STATE_MAXIMIZED;
	if (flags & SHMFB_ABOVE)
		fb->state.wanted |= SHMFB_STATE_ABOVE;
	/* Of a window that is opened to be seen nothing is to be told. */
	fb->state.told = flags & SHMFB_UNMAPPED ? SHMFB_STATE_HIDDEN : 0;
}

void
shmfb_state_map(struct shmfb *fb, bool managed)
{
	bool full = fb->state.wanted & SHMFB_STATE_FULLSCREEN;

	if (!fb->child) {
		write_wanted(fb);
		fb->state.asked = 0;
		/* How large it is then is the manager's business. */
		if (managed)
			fb->state.filled &= full;
		else
			fill_screen(fb, full);
	}
	xcb_map_window(fb->x->conn, fb->window);
	fb->state.shown = true;
}

int
shmfb_set_state(struct shmfb *fb, enum shmfb_state bit, bool on)
{
	shmfb_without_sigpipe(fb->x);
	int err;

	err = shmfb_check_gone(fb);
	if (err)
		return err;
	if (!(bit & STATES_WANTED) || (bit & (bit - 1)) || fb->child)
		return base_error(-EINVAL,
			"no window manager can be asked for state %#x",
			(unsigned)bit);
	if (on)
		fb->state.wanted |= bit;
	else
		fb->state.wanted &= ~(uint32_t)bit;
	shmfb_wm_state_changed(fb);
	if (fb->state.shown) {
		ask_manager(fb, bit, on);
		/* What it is already it need not come to. */
		fb->state.asked |= (fb->state.wanted ^ fb->state.said) & bit;
		if (bit == SHMFB_STATE_FULLSCREEN)
			fill_screen(fb, on);
		tell(fb);
	}
	shmfb_step(fb, false);
	return shmfb_check_gone(fb);
}

void
shmfb_state_unmap(struct shmfb *fb)
{
	struct shmfb_states *s = &fb->state;

	xcb_unmap_window(fb->x->conn, fb->window);
	/*
	 * It is to come back as it went, if we know how that is; and as it was
	 * to be, where the manager has not come to that.
	 */
	if (s->managed && !s->ask.due)
		s->wanted = (s->said & STATES_WANTED & ~s->asked) |
			    (s->wanted & s->asked);
	s->shown = false;
}

int
shmfb_set_visible(struct shmfb *fb, bool visible)
{
	shmfb_without_sigpipe(fb->x);
	int err;

	err = shmfb_check_gone(fb);
	if (err || visible == (fb->state.shown || fb->withdrawal.due))
		return err;
	if (visible)
		shmfb_withdraw_return(fb);
	else
		shmfb_withdraw(fb);
	tell(fb);
	shmfb_step(fb, false);
	return shmfb_check_gone(fb);
}
