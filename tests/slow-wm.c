/* SPDX-License-Identifier: MIT */
/*
 * slow-wm.c - a window manager that takes its time, for shell tests
 *
 *	slow-wm >ready
 *
 * It maps each window at once, in a frame of its own, and the frame half a
 * second later: so long the window is mapped, as its client is told, and not on
 * the screen.  It writes a line when it manages windows, until it is killed.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <xcb/xcb.h>

#define SLOWLY_US 500000

static xcb_connection_t *conn;
static const xcb_screen_t *screen;

static void
put_on_screen(xcb_window_t client)
{
	xcb_get_geometry_reply_t *g = xcb_get_geometry_reply(conn,
		xcb_get_geometry(conn, client), NULL);
	xcb_window_t frame = xcb_generate_id(conn);

	if (g == NULL)
		return;
	xcb_create_window(conn, XCB_COPY_FROM_PARENT, frame, screen->root, 40,
			  30, g->width, g->height, 0,
			  XCB_WINDOW_CLASS_INPUT_OUTPUT, screen->root_visual,
			  0, NULL);
	xcb_reparent_window(conn, client, frame, 0, 0);
	xcb_map_window(conn, client);
	xcb_flush(conn);
	free(g);
	usleep(SLOWLY_US);
	xcb_map_window(conn, frame);
	xcb_flush(conn);
}

/* As it is asked: sizes are not what this one is about. */
static void
configure(const xcb_configure_request_event_t *e)
{
	const uint32_t size[] = { e->width, e->height };

	xcb_configure_window(conn, e->window, XCB_CONFIG_WINDOW_WIDTH |
			     XCB_CONFIG_WINDOW_HEIGHT, size);
	xcb_flush(conn);
}

/* What SDL2 looks for, or it takes the focus before it can be had. */
static void
say_that_we_are_there(void)
{
	static const char name[] = "_NET_SUPPORTING_WM_CHECK";
	xcb_intern_atom_reply_t *check = xcb_intern_atom_reply(conn,
		xcb_intern_atom(conn, 0, sizeof(name) - 1, name), NULL);
	xcb_window_t w = xcb_generate_id(conn);

	if (check == NULL)
		return;
	xcb_create_window(conn, XCB_COPY_FROM_PARENT, w, screen->root, -1, -1,
			  1, 1, 0, XCB_WINDOW_CLASS_INPUT_OUTPUT,
			  screen->root_visual, 0, NULL);
	xcb_change_property(conn, XCB_PROP_MODE_REPLACE, w, check->atom,
			    XCB_ATOM_WINDOW, 32, 1, &w);
	xcb_change_property(conn, XCB_PROP_MODE_REPLACE, screen->root,
			    check->atom, XCB_ATOM_WINDOW, 32, 1, &w);
	free(check);
}

int
main(void)
{
	const uint32_t mask = XCB_EVENT_MASK_SUBSTRUCTURE_REDIRECT;
	xcb_generic_event_t *e;
	xcb_generic_error_t *error;

	conn = xcb_connect(NULL, NULL);
	if (xcb_connection_has_error(conn)) {
		fprintf(stderr, "slow-wm: no display\n");
		return 1;
	}
	screen = xcb_setup_roots_iterator(xcb_get_setup(conn)).data;
	say_that_we_are_there();
	error = xcb_request_check(conn,
		xcb_change_window_attributes_checked(conn, screen->root,
			XCB_CW_EVENT_MASK, &mask));
	if (error != NULL) {
		fprintf(stderr, "slow-wm: there is a window manager\n");
		return 1;
	}
	puts("ready");
	fflush(stdout);
	while ((e = xcb_wait_for_event(conn)) != NULL) {
		if ((e->response_type & 0x7f) == XCB_MAP_REQUEST)
			put_on_screen(((xcb_map_request_event_t *)e)->window);
		if ((e->response_type & 0x7f) == XCB_CONFIGURE_REQUEST)
			configure((xcb_configure_request_event_t *)e);
		free(e);
	}
	xcb_disconnect(conn);
	return 0;
}
