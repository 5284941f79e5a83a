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
#include <xcb/xcb_icccm.h>

#include <shmfb/shmfb.h>

#include "base/base.h"
#include "base/clock.h"
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
	struct shmfb *fb = open_with(SHMFB_FULLSCREEN);
	struct shmfb_event e;

	settle(fb, c);
	check_atoms(fb, fullscreen);
	ck_assert_uint_eq(shmfb_state(fb), 0);
	ck_assert_int_eq(shmfb_set_state(fb, SHMFB_STATE_FULLSCREEN, false),
			 0);
	settle(fb, c);
	ck_assert_uint_eq(take_events(fb, SHMFB_EVENT_STATE, &e), 0);
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
	tcase_add_test(tc, states_of_the_gone);

	tc = suite_case(s, "sight");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, hidden_by_the_manager);
	tcase_add_test(tc, covered);
	tcase_add_test(tc, paced_out_of_sight);
	tcase_add_test(tc, withdrawn);

	tc = suite_case(s, "hints");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, sizes_that_are_wanted);
	tcase_add_test(tc, sizes_that_are_not);
	tcase_add_test(tc, moved);
	tcase_add_test(tc, fixed_but_for_fullscreen);
	tcase_add_test(tc, undecorated);
	return suite_run(s);
}
