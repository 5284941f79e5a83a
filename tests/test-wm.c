/* SPDX-License-Identifier: MIT */
/*
 * test-wm.c - a window and its manager, which the test plays
 *
 * Under a bare server nobody else does: what a manager would be sent is what
 * the observer gets, and what it says is what the test writes.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xcb/sync.h>
#include <xcb/xcb_icccm.h>
#include <xcb/xfixes.h>

#include <shmfb/shmfb.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/fd.h"
#include "boast.h"
#include "fault.h"
#include "shmfb/window.h"
#include "suite.h"
#include "xtool.h"

#define PATIENCE (5 * BASE_NS_PER_S)

static xcb_connection_t *c;
static xcb_window_t root;

static void
setup(void)
{
	c = x_connect(NULL);
	root = xcb_setup_roots_iterator(xcb_get_setup(c)).data->root;
}

static void
teardown(void)
{
	xcb_disconnect(c);
}

/* --------------------------------------------------------- the manager -- */

static void
select_on(xcb_window_t window, uint32_t mask)
{
	xcb_change_window_attributes(c, window, XCB_CW_EVENT_MASK, &mask);
	x_sync(c);
}

/* From now on no window is mapped but by us, as under any manager. */
static void
be_manager(void)
{
	select_on(root, XCB_EVENT_MASK_SUBSTRUCTURE_REDIRECT |
			XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY);
}

/* The next event of that type, as SendEvent has it or not; to be freed. */
static void *
next_event(struct shmfb *fb, uint8_t type)
{
	uint64_t deadline = base_now_ns() + PATIENCE;
	xcb_generic_event_t *e;

	while (base_now_ns() < deadline) {
		shmfb_dispatch(fb);
		x_sync(c);
		while ((e = xcb_poll_for_event(c))) {
			if ((e->response_type & 0x7f) == type)
				return e;
			free(e);
		}
	}
	ck_abort_msg("no event %u", type);
	return NULL;
}

static void
write_atoms(struct shmfb *fb, const char *name, const char *const *list)
{
	xcb_atom_t atom[8];
	uint32_t n = 0;

	while (list[n]) {
		atom[n] = x_atom(c, list[n]);
		n++;
	}
	xcb_change_property(c, XCB_PROP_MODE_REPLACE, shmfb_window_id(fb),
			    x_atom(c, name), XCB_ATOM_ATOM, 32, n, atom);
	x_sync(c);
}

/* WM_STATE: it is managed, and normal (1), say. */
static void
write_wm_state(struct shmfb *fb, uint32_t state)
{
	const uint32_t value[2] = { state, XCB_NONE };
	xcb_atom_t name = x_atom(c, "WM_STATE");

	xcb_change_property(c, XCB_PROP_MODE_REPLACE, shmfb_window_id(fb),
			    name, name, 32, 2, value);
	x_sync(c);
}

/* What the window asks to be mapped is. */
static void
grant_map(struct shmfb *fb)
{
	xcb_map_request_event_t *e = next_event(fb, XCB_MAP_REQUEST);

	ck_assert_uint_eq(e->window, shmfb_window_id(fb));
	free(e);
	write_wm_state(fb, 1);
	xcb_map_window(c, shmfb_window_id(fb));
	x_sync(c);
	settle(fb, c);
}

/* A property, to be freed; all of it, with its type and format. */
static xcb_get_property_reply_t *
property(struct shmfb *fb, const char *name)
{
	xcb_get_property_reply_t *r;

	x_sync(c);
	r = xcb_get_property_reply(c, xcb_get_property(c, 0,
			shmfb_window_id(fb), x_atom(c, name),
			XCB_GET_PROPERTY_TYPE_ANY, 0, 1 << 20), NULL);
	ck_assert_ptr_nonnull(r);
	return r;
}

/* Does _NET_WM_STATE hold just these? */
static void
check_atoms(struct shmfb *fb, const char *const *list)
{
	xcb_get_property_reply_t *r = property(fb, "_NET_WM_STATE");
	const xcb_atom_t *got = xcb_get_property_value(r);
	uint32_t i, n = 0;

	while (list[n]) {
		for (i = 0; i < r->value_len; i++)
			if (got[i] == x_atom(c, list[n]))
				break;
		ck_assert_msg(i < r->value_len, "%s is missing", list[n]);
		n++;
	}
	ck_assert_uint_eq(r->value_len, n);
	free(r);
}

static xcb_size_hints_t
size_hints(struct shmfb *fb)
{
	xcb_size_hints_t h = { 0 };

	ck_assert(xcb_icccm_get_wm_normal_hints_reply(c,
		xcb_icccm_get_wm_normal_hints(c, shmfb_window_id(fb)), &h,
		NULL));
	return h;
}

static void
draw(struct shmfb *fb, uint32_t seed)
{
	struct shmfb_canvas canvas;

	while (shmfb_begin(fb, &canvas) == -EAGAIN)
		ck_assert(shmfb_pump(fb));
	fill(canvas.pixels, canvas.stride, canvas.width, canvas.height, seed);
	ck_assert_int_eq(shmfb_present(fb, NULL, 0), 0);
}

/* How many; the last one is in *last. */
static unsigned
take_events(struct shmfb *fb, enum shmfb_event_type type,
	    struct shmfb_event *last)
{
	struct shmfb_event e;
	unsigned n = 0;

	while (shmfb_next_event(fb, &e)) {
		if (e.type != type)
			continue;
		*last = e;
		n++;
	}
	return n;
}

static struct shmfb *
open_with(uint32_t flags)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;

	opt.width = 200;
	opt.height = 100;
	opt.flags = flags;
	return open_window(&opt);
}

/* -------------------------------------------------------------- states -- */

static const char *const fullscreen[] = { "_NET_WM_STATE_FULLSCREEN", NULL };
static const char *const none[] = { NULL };

START_TEST(states_before_mapping)
{
	static const char *const all[] = {
		"_NET_WM_STATE_FULLSCREEN", "_NET_WM_STATE_MAXIMIZED_VERT",
		"_NET_WM_STATE_MAXIMIZED_HORZ", "_NET_WM_STATE_ABOVE", NULL
	};
	struct shmfb *fb;

	be_manager();
	fb = open_with(SHMFB_FULLSCREEN | SHMFB_MAXIMIZED | SHMFB_ABOVE);
	free(next_event(fb, XCB_MAP_REQUEST));
	check_atoms(fb, all);
	shmfb_close(fb);
	/* Also of one that is asked in time. */
	fb = open_with(SHMFB_UNMAPPED);
	ck_assert_uint_eq(shmfb_state(fb), SHMFB_STATE_HIDDEN);
	ck_assert_int_eq(shmfb_set_state(fb, SHMFB_STATE_ABOVE, true), 0);
	ck_assert_int_eq(shmfb_set_state(fb, SHMFB_STATE_FULLSCREEN, true),
			 0);
	ck_assert_int_eq(shmfb_set_state(fb, SHMFB_STATE_ABOVE, false), 0);
	ck_assert_int_eq(shmfb_set_visible(fb, true), 0);
	grant_map(fb);
	check_atoms(fb, fullscreen);
	shmfb_close(fb);
}
END_TEST

static void
check_asked(struct shmfb *fb, uint32_t on, const char *first,
	    const char *second)
{
	xcb_client_message_event_t *e = next_event(fb, XCB_CLIENT_MESSAGE);

	ck_assert_uint_eq(e->window, shmfb_window_id(fb));
	ck_assert_uint_eq(e->type, x_atom(c, "_NET_WM_STATE"));
	ck_assert_uint_eq(e->format, 32);
	ck_assert_uint_eq(e->data.data32[0], on);
	ck_assert_uint_eq(e->data.data32[1], x_atom(c, first));
	ck_assert_uint_eq(e->data.data32[2], second ? x_atom(c, second) : 0);
	ck_assert_uint_eq(e->data.data32[3], 1);
	free(e);
}

/* Once it is mapped the property is the manager's. */
START_TEST(states_by_message)
{
	struct shmfb *fb;

	be_manager();
	fb = open_with(0);
	grant_map(fb);
	ck_assert_int_eq(shmfb_set_state(fb, SHMFB_STATE_FULLSCREEN, true),
			 0);
	check_asked(fb, 1, "_NET_WM_STATE_FULLSCREEN", NULL);
	check_atoms(fb, none);
	ck_assert_int_eq(shmfb_set_state(fb, SHMFB_STATE_MAXIMIZED, true), 0);
	check_asked(fb, 1, "_NET_WM_STATE_MAXIMIZED_VERT",
		    "_NET_WM_STATE_MAXIMIZED_HORZ");
	ck_assert_int_eq(shmfb_set_state(fb, SHMFB_STATE_ABOVE, false), 0);
	check_asked(fb, 0, "_NET_WM_STATE_ABOVE", NULL);
	/* Nobody has said yes. */
	ck_assert_uint_eq(shmfb_state(fb), 0);
	shmfb_close(fb);
}
END_TEST

static void
check_told(struct shmfb *fb, uint32_t state, uint32_t changed)
{
	struct shmfb_event e;

	settle(fb, c);
	ck_assert_uint_eq(take_events(fb, SHMFB_EVENT_STATE, &e), 1);
	ck_assert_uint_eq(e.u.state.state, state);
	ck_assert_uint_eq(e.u.state.changed, changed);
	ck_assert_uint_eq(shmfb_state(fb), state);
}

START_TEST(states_as_the_manager_says)
{
	static const char *const one[] = {
		"_NET_WM_STATE_ABOVE", "_NET_WM_STATE_MAXIMIZED_VERT", NULL
	};
	static const char *const both[] = {
		"_NET_WM_STATE_MAXIMIZED_HORZ", "_NET_WM_STATE_MODAL",
		"_NET_WM_STATE_MAXIMIZED_VERT", "_NET_WM_STATE_HIDDEN", NULL
	};
	struct shmfb_event e;
	struct shmfb *fb;

	be_manager();
	fb = open_with(0);
	grant_map(fb);
	take_events(fb, SHMFB_EVENT_STATE, &e);
	write_atoms(fb, "_NET_WM_STATE", one);
	check_told(fb, SHMFB_STATE_ABOVE, SHMFB_STATE_ABOVE);
	write_atoms(fb, "_NET_WM_STATE", both);
	check_told(fb, SHMFB_STATE_MAXIMIZED | SHMFB_STATE_HIDDEN,
		   SHMFB_STATE_MAXIMIZED | SHMFB_STATE_HIDDEN |
		   SHMFB_STATE_ABOVE);
	/* The same again is no news. */
	write_atoms(fb, "_NET_WM_STATE", both);
	settle(fb, c);
	ck_assert_uint_eq(take_events(fb, SHMFB_EVENT_STATE, &e), 0);
	xcb_delete_property(c, shmfb_window_id(fb),
			    x_atom(c, "_NET_WM_STATE"));
	x_sync(c);
	check_told(fb, 0, SHMFB_STATE_MAXIMIZED | SHMFB_STATE_HIDDEN);
	shmfb_close(fb);
}
END_TEST

/* Whoever: the property may be anything at all. */
START_TEST(states_of_nonsense)
{
	uint32_t junk[300];
	struct shmfb_event e;
	struct shmfb *fb;

	be_manager();
	fb = open_with(0);
	grant_map(fb);
	take_events(fb, SHMFB_EVENT_STATE, &e);
	memset(junk, 0xa5, sizeof(junk));
	xcb_change_property(c, XCB_PROP_MODE_REPLACE, shmfb_window_id(fb),
			    x_atom(c, "_NET_WM_STATE"), XCB_ATOM_ATOM, 32,
			    300, junk);
	xcb_change_property(c, XCB_PROP_MODE_REPLACE, shmfb_window_id(fb),
			    x_atom(c, "WM_STATE"), XCB_ATOM_STRING, 8, 3,
			    junk);
	x_sync(c);
	settle(fb, c);
	ck_assert_uint_eq(take_events(fb, SHMFB_EVENT_STATE, &e), 0);
	xcb_change_property(c, XCB_PROP_MODE_REPLACE, shmfb_window_id(fb),
			    x_atom(c, "_NET_WM_STATE"), XCB_ATOM_STRING, 8, 3,
			    junk);
	x_sync(c);
	settle(fb, c);
	ck_assert_uint_eq(take_events(fb, SHMFB_EVENT_STATE, &e), 0);
	ck_assert_int_eq(shmfb_set_state(fb, SHMFB_STATE_HIDDEN, true),
			 -EINVAL);
	ck_assert_int_eq(shmfb_set_state(fb, SHMFB_STATE_ABOVE |
					 SHMFB_STATE_FULLSCREEN, true),
			 -EINVAL);
	ck_assert_int_eq(shmfb_set_state(fb, 0, true), -EINVAL);
	shmfb_close(fb);
}
END_TEST

/* What the window wrote itself is no manager's word. */
START_TEST(nobody_manages)
{
	static const char *const above[] = { "_NET_WM_STATE_ABOVE", NULL };
	struct shmfb *fb = open_with(SHMFB_ABOVE);
	struct shmfb_event e;

	settle(fb, c);
	check_atoms(fb, above);
	ck_assert_uint_eq(shmfb_state(fb), 0);
	ck_assert_int_eq(shmfb_set_state(fb, SHMFB_STATE_ABOVE, false), 0);
	settle(fb, c);
	ck_assert_uint_eq(take_events(fb, SHMFB_EVENT_STATE, &e), 0);
	shmfb_close(fb);
}
END_TEST

static void
check_place(struct shmfb *fb, int x, int y, unsigned width, unsigned height)
{
	xcb_get_geometry_reply_t *g = xcb_get_geometry_reply(c,
		xcb_get_geometry(c, shmfb_window_id(fb)), NULL);

	ck_assert_ptr_nonnull(g);
	ck_assert_int_eq(g->x, x);
	ck_assert_int_eq(g->y, y);
	ck_assert_uint_eq(g->width, width);
	ck_assert_uint_eq(g->height, height);
	ck_assert_uint_eq(stats_of(fb).width, width);
	ck_assert_uint_eq(stats_of(fb).height, height);
	free(g);
}

/* Of the screen, then, and back, however it is asked for. */
START_TEST(fullscreen_without_a_manager)
{
	xcb_get_geometry_reply_t *g = xcb_get_geometry_reply(c,
		xcb_get_geometry(c, root), NULL);
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	struct shmfb *fb;
	int i;

	opt.width = 200;
	opt.height = 100;
	opt.x = 30;
	opt.y = 40;
	opt.flags = SHMFB_FULLSCREEN | (_i ? SHMFB_FIXED_SIZE : 0);
	fb = open_window(&opt);
	for (i = 0; i < 2; i++) {
		check_told(fb, SHMFB_STATE_FULLSCREEN, SHMFB_STATE_FULLSCREEN);
		check_place(fb, 0, 0, g->width, g->height);
		check_atoms(fb, fullscreen);
		ck_assert_int_eq(shmfb_set_state(fb, SHMFB_STATE_FULLSCREEN,
						 false), 0);
		check_told(fb, 0, SHMFB_STATE_FULLSCREEN);
		check_place(fb, 30, 40, 200, 100);
		check_atoms(fb, none);
		ck_assert_int_eq(shmfb_set_state(fb, SHMFB_STATE_FULLSCREEN,
						 true), 0);
	}
	shmfb_close(fb);
	free(g);
}
END_TEST

/* It is the manager's, which may say no. */
START_TEST(fullscreen_is_the_managers)
{
	struct shmfb *fb;

	be_manager();
	fb = open_with(SHMFB_FULLSCREEN);
	grant_map(fb);
	check_place(fb, 0, 0, 200, 100);
	ck_assert_int_eq(shmfb_set_state(fb, SHMFB_STATE_FULLSCREEN, true),
			 0);
	settle(fb, c);
	check_place(fb, 0, 0, 200, 100);
	shmfb_close(fb);
}
END_TEST

/* Asked for with the window gone in between. */
START_TEST(states_of_the_gone)
{
	struct shmfb *fb;

	be_manager();
	fb = open_with(0);
	grant_map(fb);
	write_atoms(fb, "_NET_WM_STATE", fullscreen);
	xcb_destroy_window(c, shmfb_window_id(fb));
	x_sync(c);
	while (shmfb_dispatch(fb) == 0)
		x_sync(c);
	ck_assert_int_eq(shmfb_set_state(fb, SHMFB_STATE_ABOVE, true), -EPIPE);
	ck_assert_int_eq(shmfb_set_visible(fb, false), -EPIPE);
	ck_assert_int_eq(shmfb_move(fb, 1, 1), -EPIPE);
	ck_assert_int_eq(shmfb_set_min_size(fb, 1, 1), -EPIPE);
	ck_assert_int_eq(shmfb_set_aspect(fb, 1, 1), -EPIPE);
	shmfb_close(fb);
}
END_TEST

/* ------------------------------------------------------- hidden, covered -- */

START_TEST(hidden_by_the_manager)
{
	struct shmfb_event e;
	struct shmfb *fb;

	be_manager();
	fb = open_with(0);
	grant_map(fb);
	take_events(fb, SHMFB_EVENT_STATE, &e);
	/* To another desktop: that is not said in any property. */
	xcb_unmap_window(c, shmfb_window_id(fb));
	x_sync(c);
	check_told(fb, SHMFB_STATE_HIDDEN, SHMFB_STATE_HIDDEN);
	xcb_map_window(c, shmfb_window_id(fb));
	x_sync(c);
	check_told(fb, 0, SHMFB_STATE_HIDDEN);
	shmfb_close(fb);
}
END_TEST

static xcb_window_t
cover(int16_t x, int16_t y, uint16_t width, uint16_t height)
{
	const uint32_t values[] = { 0xff0000, 1 };
	xcb_window_t over = xcb_generate_id(c);

	xcb_create_window(c, XCB_COPY_FROM_PARENT, over, root, x, y, width,
			  height, 0, XCB_WINDOW_CLASS_INPUT_OUTPUT,
			  XCB_COPY_FROM_PARENT,
			  XCB_CW_BACK_PIXEL | XCB_CW_OVERRIDE_REDIRECT,
			  values);
	xcb_map_window(c, over);
	x_sync(c);
	return over;
}

START_TEST(covered)
{
	struct shmfb *fb = open_with(0);
	struct shmfb_event e;
	xcb_window_t over;

	draw(fb, 1);
	settle(fb, c);
	take_events(fb, SHMFB_EVENT_STATE, &e);
	over = cover(0, 0, 300, 99);
	settle(fb, c);
	ck_assert_uint_eq(take_events(fb, SHMFB_EVENT_STATE, &e), 0);
	xcb_destroy_window(c, over);
	over = cover(0, 0, 300, 300);
	check_told(fb, SHMFB_STATE_COVERED, SHMFB_STATE_COVERED);
	draw(fb, 2);
	xcb_destroy_window(c, over);
	x_sync(c);
	check_told(fb, 0, SHMFB_STATE_COVERED);
	settle(fb, c);
	check_shows(c, fb, 200, 100, 2);
	shmfb_close(fb);
}
END_TEST

/* Whoever cannot be seen is neither stuck nor let loose. */
static void
check_pace(struct shmfb *fb)
{
	uint64_t begun = base_now_ns(), took;
	uint32_t i;

	for (i = 0; i < 30; i++)
		draw(fb, i);
	took = base_now_ns() - begun;
	ck_assert_uint_gt(took, 300 * BASE_NS_PER_MS);
	ck_assert_uint_lt(took, 2 * BASE_NS_PER_S);
}

START_TEST(paced_out_of_sight)
{
	struct shmfb *fb = open_with(0);
	struct shmfb_stats s;
	xcb_window_t over;

	over = cover(0, 0, 300, 300);
	check_pace(fb);
	xcb_destroy_window(c, over);
	ck_assert_int_eq(shmfb_set_visible(fb, false), 0);
	settle(fb, c);
	ck_assert_uint_eq(shmfb_state(fb), SHMFB_STATE_HIDDEN);
	check_pace(fb);
	draw(fb, 99);
	settle(fb, c);
	s = stats_of(fb);
	ck_assert_uint_eq(s.frames_failed, 0);
	ck_assert_uint_eq(s.frames_shown, 61);
	ck_assert_int_eq(shmfb_set_visible(fb, true), 0);
	settle(fb, c);
	check_shows(c, fb, 200, 100, 99);
	ck_assert_uint_eq(shmfb_state(fb), 0);
	shmfb_close(fb);
}
END_TEST

/* It takes leave of its manager, and comes back as it was. */
START_TEST(withdrawn)
{
	xcb_unmap_notify_event_t *e;
	struct shmfb *fb;

	be_manager();
	fb = open_with(0);
	grant_map(fb);
	write_atoms(fb, "_NET_WM_STATE", fullscreen);
	settle(fb, c);
	ck_assert_int_eq(shmfb_set_visible(fb, false), 0);
	do
		e = next_event(fb, XCB_UNMAP_NOTIFY);
	while (!(e->response_type & 0x80) && (free(e), true));
	ck_assert_uint_eq(e->event, root);
	ck_assert_uint_eq(e->window, shmfb_window_id(fb));
	free(e);
	xcb_delete_property(c, shmfb_window_id(fb),
			    x_atom(c, "_NET_WM_STATE"));
	xcb_delete_property(c, shmfb_window_id(fb), x_atom(c, "WM_STATE"));
	settle(fb, c);
	ck_assert_uint_eq(shmfb_state(fb), SHMFB_STATE_HIDDEN);
	ck_assert_int_eq(shmfb_set_visible(fb, true), 0);
	ck_assert_int_eq(shmfb_set_visible(fb, true), 0);
	grant_map(fb);
	check_atoms(fb, fullscreen);
	ck_assert_uint_eq(shmfb_state(fb), SHMFB_STATE_FULLSCREEN);
	shmfb_close(fb);
}
END_TEST

/* As managers do that are done with a window, in either way. */
static void
let_go(struct shmfb *fb, bool removed)
{
	xcb_delete_property(c, shmfb_window_id(fb),
			    x_atom(c, "_NET_WM_STATE"));
	if (removed)
		xcb_delete_property(c, shmfb_window_id(fb),
				    x_atom(c, "WM_STATE"));
	else
		write_wm_state(fb, 0);
	x_sync(c);
}

static void
check_not_mapped(struct shmfb *fb)
{
	xcb_generic_event_t *e;

	settle(fb, c);
	while ((e = xcb_poll_for_event(c))) {
		ck_assert_uint_ne(e->response_type & 0x7f, XCB_MAP_REQUEST);
		free(e);
	}
	ck_assert_uint_eq(shmfb_state(fb) & SHMFB_STATE_HIDDEN,
			  SHMFB_STATE_HIDDEN);
}

/* The manager comes to it late: not before that does it say how it was. */
START_TEST(withdrawn_and_back_at_once)
{
	struct shmfb *fb;

	be_manager();
	fb = open_with(0);
	grant_map(fb);
	write_atoms(fb, "_NET_WM_STATE", fullscreen);
	settle(fb, c);
	ck_assert_int_eq(shmfb_set_visible(fb, false), 0);
	ck_assert_int_eq(shmfb_set_visible(fb, true), 0);
	check_not_mapped(fb);
	/* What it did before it heard of that. */
	write_wm_state(fb, 3);
	check_not_mapped(fb);
	/* To and fro ends where it began. */
	ck_assert_int_eq(shmfb_set_visible(fb, false), 0);
	let_go(fb, _i == 0);
	check_not_mapped(fb);
	ck_assert_int_eq(shmfb_set_visible(fb, true), 0);
	grant_map(fb);
	check_atoms(fb, fullscreen);
	ck_assert_int_eq(shmfb_set_visible(fb, false), 0);
	ck_assert_int_eq(shmfb_set_visible(fb, true), 0);
	check_not_mapped(fb);
	let_go(fb, _i == 0);
	grant_map(fb);
	check_atoms(fb, fullscreen);
	ck_assert_uint_eq(shmfb_state(fb), SHMFB_STATE_FULLSCREEN);
	shmfb_close(fb);
}
END_TEST

/*
 * What the manager has not come to when it lets go of the window is asked for
 * by the property; what it has answered is as it says.
 */
START_TEST(withdrawn_before_the_answer)
{
	static const char *const both[] = {
		"_NET_WM_STATE_ABOVE", "_NET_WM_STATE_FULLSCREEN", NULL
	};
	const bool wanted = _i == 0;
	struct shmfb *fb;

	be_manager();
	fb = open_with(SHMFB_FIXED_SIZE);
	grant_map(fb);
	if (!wanted) {
		write_atoms(fb, "_NET_WM_STATE", fullscreen);
		settle(fb, c);
	}
	ck_assert_int_eq(shmfb_set_state(fb, SHMFB_STATE_FULLSCREEN, wanted),
			 0);
	settle(fb, c);
	ck_assert_int_eq(shmfb_set_visible(fb, false), 0);
	let_go(fb, true);
	settle(fb, c);
	ck_assert_int_eq(shmfb_set_visible(fb, true), 0);
	grant_map(fb);
	check_atoms(fb, wanted ? fullscreen : none);
	/* A manager makes no window fullscreen that must keep its size. */
	ck_assert_int_eq(!(size_hints(fb).flags &
			   XCB_ICCCM_SIZE_HINT_P_MAX_SIZE), wanted);
	/* Now it answers, and then its user wants it otherwise. */
	ck_assert_int_eq(shmfb_set_state(fb, SHMFB_STATE_ABOVE, true), 0);
	write_atoms(fb, "_NET_WM_STATE", both);
	settle(fb, c);
	/* To ask for what it is anyway is answered by nothing. */
	ck_assert_int_eq(shmfb_set_state(fb, SHMFB_STATE_FULLSCREEN, true),
			 0);
	settle(fb, c);
	write_atoms(fb, "_NET_WM_STATE", wanted ? none : fullscreen);
	settle(fb, c);
	ck_assert_int_eq(shmfb_set_visible(fb, false), 0);
	let_go(fb, true);
	settle(fb, c);
	ck_assert_int_eq(shmfb_set_visible(fb, true), 0);
	grant_map(fb);
	check_atoms(fb, wanted ? none : fullscreen);
	shmfb_close(fb);
}
END_TEST

/* Taken back before the manager has even come to show it. */
START_TEST(withdrawn_unseen)
{
	struct shmfb *fb;

	be_manager();
	fb = open_with(SHMFB_FULLSCREEN);
	ck_assert_int_eq(shmfb_set_visible(fb, false), 0);
	ck_assert_int_eq(shmfb_set_visible(fb, true), 0);
	grant_map(fb);
	check_not_mapped(fb);
	let_go(fb, true);
	grant_map(fb);
	check_atoms(fb, fullscreen);
	shmfb_close(fb);
}
END_TEST

/* It is waited for so long, by a loop that sleeps; and then no longer. */
START_TEST(manager_that_does_not_let_go)
{
	uint64_t begun = base_now_ns(), now;
	struct shmfb *fb;
	struct pollfd p = { -1, POLLIN, 0 };

	be_manager();
	fb = open_with(0);
	grant_map(fb);
	ck_assert_int_eq(shmfb_set_visible(fb, false), 0);
	ck_assert_int_eq(shmfb_set_visible(fb, true), 0);
	begun = base_now_ns();
	check_not_mapped(fb);
	p.fd = shmfb_fd(fb);
	ck_assert_int_eq(base_poll(&p, 1, begun + PATIENCE), 1);
	now = base_now_ns();
	ck_assert_uint_ge(now, begun + 900 * BASE_NS_PER_MS);
	grant_map(fb);
	shmfb_close(fb);
}
END_TEST

/* Where there is none, none is waited for. */
START_TEST(back_at_once_without_a_manager)
{
	uint64_t begun;
	struct shmfb *fb = open_with(0);

	settle(fb, c);
	begun = base_now_ns();
	ck_assert_int_eq(shmfb_set_visible(fb, false), 0);
	ck_assert_int_eq(shmfb_set_visible(fb, true), 0);
	ck_assert(!fb->withdrawal.due);
	settle(fb, c);
	ck_assert_uint_eq(shmfb_state(fb), 0);
	ck_assert_uint_lt(base_now_ns(), begun + SHMFB_WITHDRAW_NS);
	shmfb_close(fb);
}
END_TEST

/* --------------------------------------------------------------- hints -- */

START_TEST(sizes_that_are_wanted)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	struct shmfb *fb;
	xcb_size_hints_t h;

	opt.min_width = 64;
	opt.min_height = 48;
	opt.aspect.width = 4;
	opt.aspect.height = 3;
	fb = open_window(&opt);
	settle(fb, c);
	h = size_hints(fb);
	ck_assert_uint_eq(h.flags & (XCB_ICCCM_SIZE_HINT_P_MIN_SIZE |
				     XCB_ICCCM_SIZE_HINT_P_MAX_SIZE |
				     XCB_ICCCM_SIZE_HINT_P_ASPECT |
				     XCB_ICCCM_SIZE_HINT_P_POSITION),
			  XCB_ICCCM_SIZE_HINT_P_MIN_SIZE |
			  XCB_ICCCM_SIZE_HINT_P_ASPECT);
	ck_assert_int_eq(h.min_width, 64);
	ck_assert_int_eq(h.min_height, 48);
	ck_assert_int_eq(h.min_aspect_num, 4);
	ck_assert_int_eq(h.max_aspect_den, 3);
	ck_assert_int_eq(shmfb_set_min_size(fb, 7, 8), 0);
	ck_assert_int_eq(shmfb_set_aspect(fb, 0, 0), 0);
	ck_assert_int_eq(shmfb_move(fb, -5, 70), 0);
	settle(fb, c);
	h = size_hints(fb);
	ck_assert_int_eq(h.min_height, 8);
	ck_assert_uint_eq(h.flags & XCB_ICCCM_SIZE_HINT_P_ASPECT, 0);
	ck_assert_uint_ne(h.flags & XCB_ICCCM_SIZE_HINT_P_POSITION, 0);
	ck_assert_int_eq(shmfb_set_min_size(fb, 0, 0), 0);
	settle(fb, c);
	ck_assert_uint_eq(size_hints(fb).flags &
			  XCB_ICCCM_SIZE_HINT_P_MIN_SIZE, 0);
	shmfb_close(fb);
}
END_TEST

START_TEST(sizes_that_are_not)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	struct shmfb *fb = NULL;

	opt.min_width = 1;
	ck_assert_int_eq(shmfb_open(&fb, &opt), -EINVAL);
	opt.min_height = 40000;
	ck_assert_int_eq(shmfb_open(&fb, &opt), -EINVAL);
	opt.min_height = 1;
	opt.aspect.height = 1;
	ck_assert_int_eq(shmfb_open(&fb, &opt), -EINVAL);
	opt.aspect.width = 1;
	fb = open_window(&opt);
	ck_assert_int_eq(shmfb_set_min_size(fb, 0, 5), -EINVAL);
	ck_assert_int_eq(shmfb_set_min_size(fb, 5, 32768), -EINVAL);
	ck_assert_int_eq(shmfb_set_aspect(fb, 16, 0), -EINVAL);
	ck_assert_int_eq(shmfb_move(fb, 32768, 0), -EINVAL);
	ck_assert_int_eq(shmfb_move(fb, 0, -32769), -EINVAL);
	shmfb_close(fb);
}
END_TEST

START_TEST(moved)
{
	xcb_get_geometry_reply_t *g;
	struct shmfb *fb = open_with(0);

	ck_assert_int_eq(shmfb_move(fb, 31, 47), 0);
	settle(fb, c);
	g = xcb_get_geometry_reply(c, xcb_get_geometry(c,
				   shmfb_window_id(fb)), NULL);
	ck_assert_ptr_nonnull(g);
	ck_assert_int_eq(g->x, 31);
	ck_assert_int_eq(g->y, 47);
	free(g);
	shmfb_close(fb);
}
END_TEST

/* A manager would make no window fullscreen that must keep its size. */
START_TEST(fixed_but_for_fullscreen)
{
	const uint32_t max = XCB_ICCCM_SIZE_HINT_P_MAX_SIZE;
	struct shmfb *fb;

	be_manager();
	fb = open_with(SHMFB_FIXED_SIZE);
	grant_map(fb);
	ck_assert_uint_ne(size_hints(fb).flags & max, 0);
	ck_assert_int_eq(shmfb_set_state(fb, SHMFB_STATE_FULLSCREEN, true),
			 0);
	settle(fb, c);
	ck_assert_uint_eq(size_hints(fb).flags & max, 0);
	write_atoms(fb, "_NET_WM_STATE", fullscreen);
	settle(fb, c);
	ck_assert_int_eq(shmfb_set_state(fb, SHMFB_STATE_FULLSCREEN, false),
			 0);
	settle(fb, c);
	ck_assert_uint_eq(size_hints(fb).flags & max, 0);
	write_atoms(fb, "_NET_WM_STATE", none);
	settle(fb, c);
	ck_assert_uint_ne(size_hints(fb).flags & max, 0);
	shmfb_close(fb);
}
END_TEST

START_TEST(undecorated)
{
	struct shmfb *fb = open_with(SHMFB_NO_DECORATION);
	xcb_get_property_reply_t *r;
	const uint32_t *hints;

	settle(fb, c);
	r = property(fb, "_MOTIF_WM_HINTS");
	ck_assert_uint_eq(r->value_len, 5);
	hints = xcb_get_property_value(r);
	ck_assert_uint_eq(hints[0], 2);
	ck_assert_uint_eq(hints[2], 0);
	free(r);
	shmfb_close(fb);
	fb = open_with(0);
	settle(fb, c);
	r = property(fb, "_MOTIF_WM_HINTS");
	ck_assert_uint_eq(r->value_len, 0);
	free(r);
	shmfb_close(fb);
}
END_TEST

/* ---------------------------------------------------------------- sync -- */

/* Announce a size, by its number. */
static void
announce(struct shmfb *fb, uint64_t value)
{
	const uint32_t data[5] = { x_atom(c, "_NET_WM_SYNC_REQUEST"), 0,
				   (uint32_t)value, (uint32_t)(value >> 32) };

	x_message(c, shmfb_window_id(fb), "WM_PROTOCOLS", data);
}

static void
resize(struct shmfb *fb, uint32_t width, uint32_t height)
{
	const uint32_t values[] = { width, height };

	xcb_configure_window(c, shmfb_window_id(fb),
			     XCB_CONFIG_WINDOW_WIDTH |
			     XCB_CONFIG_WINDOW_HEIGHT, values);
	x_sync(c);
}

/* As a manager says that the window was moved. */
static void
say_configured(struct shmfb *fb, uint16_t width, uint16_t height)
{
	const xcb_configure_notify_event_t e = {
		.response_type = XCB_CONFIGURE_NOTIFY,
		.event = shmfb_window_id(fb),
		.window = shmfb_window_id(fb),
		.width = width,
		.height = height,
	};

	xcb_send_event(c, 0, shmfb_window_id(fb),
		       XCB_EVENT_MASK_STRUCTURE_NOTIFY, (const char *)&e);
	x_sync(c);
}

static uint32_t
counter_of(struct shmfb *fb)
{
	xcb_get_property_reply_t *r =
		property(fb, "_NET_WM_SYNC_REQUEST_COUNTER");
	uint32_t counter;

	ck_assert_uint_eq(r->value_len, 1);
	memcpy(&counter, xcb_get_property_value(r), sizeof(counter));
	free(r);
	return counter;
}

static uint64_t
counter_value(struct shmfb *fb)
{
	xcb_sync_query_counter_reply_t *r;
	uint64_t value;

	r = xcb_sync_query_counter_reply(c, xcb_sync_query_counter(c,
						counter_of(fb)), NULL);
	ck_assert_ptr_nonnull(r);
	value = (uint64_t)(uint32_t)r->counter_value.hi << 32 |
		r->counter_value.lo;
	free(r);
	return value;
}

/* The application has all the time in the world. */
static void
be_patient(struct shmfb *fb)
{
	settle(fb, c);
	ck_assert(fb->sync.due);
	fb->sync.due_ns = UINT64_MAX;
}

static struct shmfb *
open_synced(void)
{
	struct shmfb *fb = open_with(0);

	free(xcb_sync_initialize_reply(c, xcb_sync_initialize(c, 3, 0),
				       NULL));
	draw(fb, 1);
	settle(fb, c);
	ck_assert_uint_eq(counter_value(fb), 0);
	return fb;
}

#define NUMBER UINT64_C(0x123456789)

/* What the observer sends after this is done when the counter is there. */
static void
wait_for_counter(struct shmfb *fb, uint64_t value)
{
	const xcb_sync_waitcondition_t when = {
		.trigger = {
			.counter = counter_of(fb),
			.wait_type = XCB_SYNC_VALUETYPE_ABSOLUTE,
			.wait_value = { (int32_t)(value >> 32),
					(uint32_t)value },
			.test_type = XCB_SYNC_TESTTYPE_POSITIVE_COMPARISON,
		},
	};

	xcb_sync_await(c, 1, &when);
}

/* At the instant of the answer every pixel is of the new frame. */
START_TEST(answered_when_drawn)
{
	struct shmfb *fb = open_synced();
	xcb_get_image_cookie_t cookie;
	xcb_get_image_reply_t *r;
	const uint32_t *got;
	uint32_t x, y;

	announce(fb, NUMBER);
	resize(fb, 300, 170);
	be_patient(fb);
	ck_assert_uint_eq(counter_value(fb), 0);
	wait_for_counter(fb, NUMBER);
	cookie = xcb_get_image(c, XCB_IMAGE_FORMAT_Z_PIXMAP,
			       shmfb_window_id(fb), 0, 0, 300, 170, ~0U);
	xcb_flush(c);
	draw(fb, 2);
	x_sync(fb->x->conn);
	shmfb_dispatch(fb);
	ck_assert(!fb->sync.due);
	r = xcb_get_image_reply(c, cookie, NULL);
	ck_assert_ptr_nonnull(r);
	got = (const void *)xcb_get_image_data(r);
	for (y = 0; y < 170; y++)
		for (x = 0; x < 300; x++)
			ck_assert_uint_eq(got[y * 300 + x] & 0xffffff,
					  pattern(x, y, 2));
	free(r);
	ck_assert_uint_eq(counter_value(fb), NUMBER);
	shmfb_close(fb);
}
END_TEST

/* No size, no answer, whatever is drawn. */
START_TEST(not_answered_without_its_size)
{
	struct shmfb *fb = open_synced();

	announce(fb, NUMBER);
	settle(fb, c);
	draw(fb, 2);
	settle(fb, c);
	ck_assert_uint_eq(counter_value(fb), 0);
	/* The server has not said this, so it is not so. */
	say_configured(fb, 300, 170);
	settle(fb, c);
	ck_assert(!fb->sync.due);
	draw(fb, 3);
	settle(fb, c);
	ck_assert_uint_eq(counter_value(fb), 0);
	/* The size that it has: it was moved only. */
	say_configured(fb, 200, 100);
	be_patient(fb);
	draw(fb, 4);
	settle(fb, c);
	ck_assert_uint_eq(counter_value(fb), NUMBER);
	shmfb_close(fb);
}
END_TEST

/* Drawn for the old size, shown in the new one. */
START_TEST(not_answered_by_an_old_canvas)
{
	struct shmfb *fb = open_synced();
	struct shmfb_canvas canvas;

	while (shmfb_begin(fb, &canvas) == -EAGAIN)
		ck_assert(shmfb_pump(fb));
	announce(fb, NUMBER);
	resize(fb, 300, 170);
	be_patient(fb);
	fill(canvas.pixels, canvas.stride, 200, 100, 2);
	ck_assert_int_eq(shmfb_present(fb, NULL, 0), 0);
	settle(fb, c);
	ck_assert_uint_eq(counter_value(fb), 0);
	draw(fb, 3);
	settle(fb, c);
	ck_assert_uint_eq(counter_value(fb), NUMBER);
	shmfb_close(fb);
}
END_TEST

/* A canvas with a size of its own is whole when it is painted again. */
START_TEST(answered_by_painting_again)
{
	struct shmfb *fb = open_with(0);

	free(xcb_sync_initialize_reply(c, xcb_sync_initialize(c, 3, 0),
				       NULL));
	ck_assert_int_eq(shmfb_set_canvas_size(fb, 160, 90), 0);
	draw(fb, 1);
	settle(fb, c);
	announce(fb, NUMBER);
	resize(fb, 300, 170);
	settle(fb, c);
	ck_assert_uint_eq(counter_value(fb), NUMBER);
	check_shows(c, fb, 160, 90, 1);
	shmfb_close(fb);
}
END_TEST

static bool
has_answered(struct shmfb *fb, void *data)
{
	(void)data;
	return !fb->sync.due;
}

/*
 * Nor while a frame of before waits at the server for a refresh, which would
 * be drawn over what is painted now.
 */
START_TEST(answered_after_frames_of_before)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	uint32_t seed, width, x, y, at;
	xcb_get_image_cookie_t cookie;
	xcb_get_image_reply_t *r;
	const uint32_t *got;
	struct shmfb *fb;
	bool in;

	free(xcb_sync_initialize_reply(c, xcb_sync_initialize(c, 3, 0),
				       NULL));
	opt.width = 200;
	opt.height = 100;
	opt.backend = SHMFB_PRESENT;
	opt.vsync = _i ? SHMFB_VSYNC_ON : SHMFB_VSYNC_ADAPTIVE;
	fb = open_window(&opt);
	ck_assert_int_eq(shmfb_set_canvas_size(fb, 160, 100), 0);
	for (seed = 1; seed <= 8; seed++) {
		width = seed % 2 ? 300 : 200;
		at = (width - 160) / 2;
		draw(fb, seed);
		announce(fb, seed);
		resize(fb, width, 100);
		wait_for_counter(fb, seed);
		cookie = xcb_get_image(c, XCB_IMAGE_FORMAT_Z_PIXMAP,
				       shmfb_window_id(fb), 0, 0,
				       (uint16_t)width, 100, ~0U);
		xcb_flush(c);
		shmfb_dispatch(fb);
		wait_until(fb, has_answered, NULL);
		r = xcb_get_image_reply(c, cookie, NULL);
		ck_assert_ptr_nonnull(r);
		got = (const void *)xcb_get_image_data(r);
		for (y = 0; y < 100; y++)
			for (x = 0; x < width; x++) {
				in = x >= at && x < at + 160;
				ck_assert_uint_eq(got[y * width + x] &
						  0xffffff, in ?
						  pattern(x - at, y, seed) :
						  0);
			}
		free(r);
		/* And so it stays, some refreshes later. */
		usleep(50000);
		check_shows(c, fb, 160, 100, seed);
	}
	shmfb_close(fb);
}
END_TEST

START_TEST(only_the_last_is_answered)
{
	struct shmfb *fb = open_synced();

	announce(fb, 5);
	resize(fb, 300, 170);
	announce(fb, 6);
	be_patient(fb);
	/* Six has been announced, but its size is not there. */
	draw(fb, 2);
	settle(fb, c);
	ck_assert_uint_eq(counter_value(fb), 5);
	resize(fb, 310, 180);
	be_patient(fb);
	announce(fb, 7);
	resize(fb, 320, 190);
	be_patient(fb);
	ck_assert_uint_eq(counter_value(fb), 5);
	draw(fb, 3);
	settle(fb, c);
	ck_assert_uint_eq(counter_value(fb), 7);
	check_shows(c, fb, 320, 190, 3);
	shmfb_close(fb);
}
END_TEST

/* Who draws no more holds no manager up. */
START_TEST(answered_for_the_lazy)
{
	uint64_t begun = base_now_ns();
	struct shmfb *fb = open_synced();

	announce(fb, NUMBER);
	resize(fb, 300, 170);
	settle(fb, c);
	wait_until(fb, has_answered, NULL);
	ck_assert_uint_ge(base_now_ns() - begun, SHMFB_SYNC_NS);
	ck_assert_uint_eq(counter_value(fb), NUMBER);
	shmfb_close(fb);
}
END_TEST

/* ------------------------------------------------------------ settings -- */

/* The resources, as xrdb sets them. */
static void
set_resources(const char *text)
{
	xcb_change_property(c, XCB_PROP_MODE_REPLACE, root,
			    XCB_ATOM_RESOURCE_MANAGER, XCB_ATOM_STRING, 8,
			    (uint32_t)strlen(text), text);
	x_sync(c);
}

static void
check_scale(const char *text, double want)
{
	double got = shmfb_settings_scale(text, strlen(text));

	ck_assert_msg(got > want - 1e-6 && got < want + 1e-6,
		      "%g, not %g: %s", got, want, text);
}

START_TEST(resources_are_read)
{
	char *endless = malloc(100000);

	check_scale("", 1);
	check_scale("Xft.dpi:\t192\n", 2);
	check_scale("Xft.dpi:144", 1.5);
	check_scale("Xft.dpi: 120.5 \n", 120.5 / 96);
	check_scale("Xcursor.size:\t24\nXft.dpi:\t48\nXft.hint: 1\n", 0.5);
	check_scale("Xft.dpi: 192\nXft.dpi: 288\n", 3);
	/* Of others, or of nobody. */
	check_scale("URxvt.Xft.dpi: 192\n", 1);
	check_scale("Xft.dpix: 192\n", 1);
	check_scale("Xft.dpi", 1);
	check_scale("Xft.dpi:", 1);
	check_scale("Xft.dpi:\n192\n", 1);
	check_scale("Xft.dpi: -192", 1);
	check_scale("Xft.dpi: big", 1);
	check_scale("Xft.dpi: 0.001", 1);
	check_scale("Xft.dpi: 5000", 1);
	memset(endless, '9', 100000);
	memcpy(endless, "Xft.dpi:", 8);
	endless[99999] = '\0';
	check_scale(endless, 1);
	endless[9] = '.';
	check_scale(endless, 1);
	free(endless);
	/* No further than it says: the byte behind is another's. */
	ck_assert(shmfb_settings_scale("Xft.dpi:1925", 11) < 2.1);
}
END_TEST

START_TEST(scale_changes)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	struct shmfb *fb, *other;
	struct shmfb_event e = { 0 };

	set_resources("Xft.dpi:\t192\n");
	fb = open_with(0);
	ck_assert(shmfb_scale(fb) > 1.99 && shmfb_scale(fb) < 2.01);
	opt.share = fb;
	opt.x = 300;
	other = open_window(&opt);
	settle(fb, c);
	ck_assert_uint_eq(take_events(fb, SHMFB_EVENT_SCALE, &e), 0);
	take_events(other, SHMFB_EVENT_SCALE, &e);
	set_resources("Xft.dpi:\t144\n");
	settle(fb, c);
	ck_assert_uint_eq(take_events(fb, SHMFB_EVENT_SCALE, &e), 1);
	ck_assert(e.u.scale.scale > 1.49 && e.u.scale.scale < 1.51);
	ck_assert_uint_eq(take_events(other, SHMFB_EVENT_SCALE, &e), 1);
	/* Something else has. */
	set_resources("Xft.dpi:\t144\nXcursor.size:\t48\n");
	settle(fb, c);
	ck_assert_uint_eq(take_events(fb, SHMFB_EVENT_SCALE, &e), 0);
	xcb_delete_property(c, root, XCB_ATOM_RESOURCE_MANAGER);
	x_sync(c);
	settle(fb, c);
	ck_assert_uint_eq(take_events(fb, SHMFB_EVENT_SCALE, &e), 1);
	ck_assert(e.u.scale.scale > 0.99 && e.u.scale.scale < 1.01);
	ck_assert(shmfb_scale(other) < 1.01);
	shmfb_close(other);
	shmfb_close(fb);
}
END_TEST

/* What was not sent is not looked at: on opening, and when it changes. */
START_TEST(resources_that_boast)
{
	static const char real[] = "Xft.dpi: 144";
	static const char behind[] = "\nXft.dpi: 192\n";
	const uint32_t some = sizeof(real) - 1 + 100 * (sizeof(behind) - 1);
	const uint32_t bytes[] = { some, 0x80000000, UINT32_MAX };
	struct shmfb *fb;
	unsigned i;

	for (i = 0; i < BASE_ARRAY_SIZE(bytes); i++) {
		set_resources(real);
		boast_of(XCB_ATOM_STRING, bytes[i], behind);
		fb = open_with(0);
		ck_assert_uint_eq(boast_end(), 1);
		ck_assert(shmfb_scale(fb) < 1.01);
		set_resources("Xft.dpi: 288");
		settle(fb, c);
		ck_assert(shmfb_scale(fb) > 2.99);
		boast_of(XCB_ATOM_STRING, bytes[i], behind);
		set_resources(real);
		settle(fb, c);
		ck_assert_uint_eq(boast_end(), 1);
		ck_assert(shmfb_scale(fb) < 1.01);
		shmfb_close(fb);
	}
	xcb_delete_property(c, root, XCB_ATOM_RESOURCE_MANAGER);
	x_sync(c);
}
END_TEST

/* -------------------------------------------------------------- cursor -- */

/* What the pointer looks like; to be freed. */
static xcb_xfixes_get_cursor_image_reply_t *
pointer_image(struct shmfb *fb)
{
	xcb_xfixes_get_cursor_image_reply_t *r;

	settle(fb, c);
	r = xcb_xfixes_get_cursor_image_reply(c,
			xcb_xfixes_get_cursor_image(c), NULL);
	ck_assert_ptr_nonnull(r);
	return r;
}

static unsigned
count_opaque(const xcb_xfixes_get_cursor_image_reply_t *r)
{
	const uint32_t *pixel = xcb_xfixes_get_cursor_image_cursor_image(r);
	int i, n = xcb_xfixes_get_cursor_image_cursor_image_length(r);
	unsigned opaque = 0;

	for (i = 0; i < n; i++)
		opaque += pixel[i] >> 24 != 0;
	return opaque;
}

static bool
same_image(const xcb_xfixes_get_cursor_image_reply_t *a,
	   const xcb_xfixes_get_cursor_image_reply_t *b)
{
	int n = xcb_xfixes_get_cursor_image_cursor_image_length(a);

	return a->width == b->width && a->height == b->height &&
	       memcmp(xcb_xfixes_get_cursor_image_cursor_image(a),
		      xcb_xfixes_get_cursor_image_cursor_image(b),
		      (size_t)n * 4) == 0;
}

START_TEST(cursors)
{
	xcb_xfixes_get_cursor_image_reply_t *arrow, *cross, *hidden, *again;
	struct shmfb *fb = open_with(0);

	free(xcb_xfixes_query_version_reply(c,
			xcb_xfixes_query_version(c, 4, 0), NULL));
	xcb_warp_pointer(c, XCB_NONE, shmfb_window_id(fb), 0, 0, 0, 0, 50,
			 50);
	ck_assert_int_eq(shmfb_set_cursor(fb, SHMFB_CURSOR_ARROW), 0);
	arrow = pointer_image(fb);
	ck_assert_int_eq(shmfb_set_cursor(fb, SHMFB_CURSOR_CROSS), 0);
	cross = pointer_image(fb);
	ck_assert_int_eq(shmfb_set_cursor(fb, SHMFB_CURSOR_NONE), 0);
	hidden = pointer_image(fb);
	ck_assert_int_eq(shmfb_set_cursor(fb, SHMFB_CURSOR_ARROW), 0);
	again = pointer_image(fb);
	ck_assert_uint_gt(count_opaque(arrow), 10);
	ck_assert_uint_gt(count_opaque(cross), 10);
	ck_assert_uint_eq(count_opaque(hidden), 0);
	ck_assert(!same_image(arrow, cross));
	ck_assert(same_image(arrow, again));
	free(arrow);
	free(cross);
	free(hidden);
	free(again);
	ck_assert_int_eq(shmfb_set_cursor(fb, SHMFB_CURSOR_NONE + 1),
			 -EINVAL);
	shmfb_close(fb);
}
END_TEST

/* ---------------------------------------------------------------- icon -- */

static void
check_icon(struct shmfb *fb, const uint32_t *want, uint32_t count)
{
	xcb_get_property_reply_t *r;

	settle(fb, c);
	r = property(fb, "_NET_WM_ICON");
	ck_assert_uint_eq(r->value_len, count);
	if (count) {
		ck_assert_uint_eq(r->type, XCB_ATOM_CARDINAL);
		ck_assert_uint_eq(r->format, 32);
		ck_assert_int_eq(memcmp(xcb_get_property_value(r), want,
					count * 4), 0);
	}
	free(r);
}

/* Each of a format and a stride of its own. */
START_TEST(icons)
{
	static const uint32_t argb[] = { 0x80ff0000, 0x00123456, 0xdeadbeef,
					 0xff0000ff, 0x40404040, 0xdeadbeef };
	static const uint8_t grey[] = { 1, 2, 3, 99, 4, 5, 255 };
	static const uint32_t want[] = {
		2, 2, 0x80ff0000, 0x00123456, 0xff0000ff, 0x40404040,
		3, 2, 0xff010101, 0xff020202, 0xff030303,
		0xff040404, 0xff050505, 0xffffffff,
	};
	const struct shmfb_image image[] = {
		{ .pixels = argb, .stride = 12, .width = 2, .height = 2,
		  .format = SHMX_ARGB8888 },
		{ .pixels = grey, .stride = 4, .width = 3, .height = 2,
		  .format = SHMX_R8 },
	};
	struct shmfb *fb = open_with(0);

	ck_assert_int_eq(shmfb_set_icon(fb, image, 2), 0);
	check_icon(fb, want, 14);
	ck_assert_int_eq(shmfb_set_icon(fb, image, 1), 0);
	check_icon(fb, want, 6);
	ck_assert_int_eq(shmfb_set_icon(fb, NULL, 0), 0);
	check_icon(fb, NULL, 0);
	shmfb_close(fb);
}
END_TEST

START_TEST(bad_icons)
{
	static const uint32_t pixel[] = { 0xff123456 };
	static const uint32_t want[] = { 1, 1, 0xff123456 };
	const struct shmfb_image good = {
		.pixels = pixel, .stride = 4, .width = 1, .height = 1,
		.format = SHMX_ARGB8888,
	};
	struct shmfb_image bad = good, large[5];
	struct shmfb *fb = open_with(0);
	void *pixels = calloc(1024, 4096);
	bool failed = true;
	unsigned i;

	ck_assert_int_eq(shmfb_set_icon(fb, &good, 1), 0);
	bad.width = 0;
	ck_assert_int_eq(shmfb_set_icon(fb, &bad, 1), -EINVAL);
	bad.width = 1025;
	ck_assert_int_eq(shmfb_set_icon(fb, &bad, 1), -EINVAL);
	bad.width = 2;
	ck_assert_int_eq(shmfb_set_icon(fb, &bad, 1), -EINVAL);
	bad = good;
	bad.format = 0x12345678;
	ck_assert_int_eq(shmfb_set_icon(fb, &bad, 1), -ENOTSUP);
	bad = good;
	bad.reserved[0] = 1;
	ck_assert_int_eq(shmfb_set_icon(fb, &bad, 1), -EINVAL);
	bad = good;
	bad.pixels = NULL;
	ck_assert_int_eq(shmfb_set_icon(fb, &bad, 1), -EINVAL);
	for (i = 0; i < 5; i++)
		large[i] = (struct shmfb_image){
			.pixels = pixels, .stride = 4096, .width = 1024,
			.height = 1024, .format = SHMX_ARGB8888,
		};
	ck_assert_int_eq(shmfb_set_icon(fb, large, 5), -E2BIG);
	for (i = 1; failed; i++) {
		fault_nth(NULL, i, ENOMEM);
		shmfb_set_icon(fb, &good, 1);
		failed = fault_off();
	}
	ck_assert_uint_gt(i, 2);
	check_icon(fb, want, 3);
	/* All that fits is taken, and the connection survives. */
	ck_assert_int_eq(shmfb_set_icon(fb, large, 3), 0);
	settle(fb, c);
	ck_assert_int_eq(shmfb_dispatch(fb), 0);
	free(pixels);
	shmfb_close(fb);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("wm");
	TCase *tc = suite_case(s, "states");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, states_before_mapping);
	tcase_add_test(tc, states_by_message);
	tcase_add_test(tc, states_as_the_manager_says);
	tcase_add_test(tc, states_of_nonsense);
	tcase_add_test(tc, nobody_manages);
	tcase_add_loop_test(tc, fullscreen_without_a_manager, 0, 2);
	tcase_add_test(tc, fullscreen_is_the_managers);
	tcase_add_test(tc, states_of_the_gone);

	tc = suite_case(s, "sight");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, hidden_by_the_manager);
	tcase_add_test(tc, covered);
	tcase_add_test(tc, paced_out_of_sight);
	tcase_add_test(tc, withdrawn);
	tcase_add_loop_test(tc, withdrawn_and_back_at_once, 0, 2);
	tcase_add_loop_test(tc, withdrawn_before_the_answer, 0, 2);
	tcase_add_test(tc, withdrawn_unseen);
	tcase_add_test(tc, manager_that_does_not_let_go);
	tcase_add_test(tc, back_at_once_without_a_manager);

	tc = suite_case(s, "hints");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, sizes_that_are_wanted);
	tcase_add_test(tc, sizes_that_are_not);
	tcase_add_test(tc, moved);
	tcase_add_test(tc, fixed_but_for_fullscreen);
	tcase_add_test(tc, undecorated);

	tc = suite_case(s, "sync");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, answered_when_drawn);
	tcase_add_test(tc, not_answered_without_its_size);
	tcase_add_test(tc, not_answered_by_an_old_canvas);
	tcase_add_test(tc, answered_by_painting_again);
	tcase_add_loop_test(tc, answered_after_frames_of_before, 0, 2);
	tcase_add_test(tc, only_the_last_is_answered);
	tcase_add_test(tc, answered_for_the_lazy);

	tc = suite_case(s, "settings");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, resources_are_read);
	tcase_add_test(tc, scale_changes);
	tcase_add_test(tc, resources_that_boast);

	tc = suite_case(s, "cursor");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, cursors);

	tc = suite_case(s, "icon");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, icons);
	tcase_add_test(tc, bad_icons);
	return suite_run(s);
}
