/* SPDX-License-Identifier: MIT */
/*
 * xquery.c - ask the X server about a window, for shell tests
 *
 *	xquery CLASS id		its id, in decimal
 *	xquery CLASS title	its _NET_WM_NAME
 *	xquery CLASS close	ask it to close, as a window manager does
 *
 * CLASS is the second part of WM_CLASS.  Waits up to five seconds for such a
 * window to be mapped; exits 1 when there is none.
 */
#include "config.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xcb/xcb.h>
#include <xcb/xcb_icccm.h>

static xcb_atom_t
intern(xcb_connection_t *conn, const char *name)
{
	xcb_intern_atom_reply_t *r = xcb_intern_atom_reply(conn,
		xcb_intern_atom(conn, 0, (uint16_t)strlen(name), name), NULL);
	xcb_atom_t atom = r == NULL ? XCB_ATOM_NONE : r->atom;

	free(r);
	return atom;
}

static int
has_class(xcb_connection_t *conn, xcb_window_t w, const char *class)
{
	xcb_icccm_get_wm_class_reply_t r;
	int yes;

	if (!xcb_icccm_get_wm_class_reply(conn,
	    xcb_icccm_get_wm_class(conn, w), &r, NULL))
		return 0;
	yes = strcmp(r.class_name, class) == 0;
	xcb_icccm_get_wm_class_reply_wipe(&r);
	return yes;
}

/* Top-level windows only: there is no window manager in these tests. */
static xcb_window_t
find(xcb_connection_t *conn, xcb_window_t root, const char *class)
{
	xcb_query_tree_reply_t *tree = xcb_query_tree_reply(conn,
		xcb_query_tree(conn, root), NULL);
	xcb_window_t found = XCB_NONE;
	int i;

	if (tree == NULL)
		return XCB_NONE;
	for (i = 0; i < xcb_query_tree_children_length(tree); i++)
		if (has_class(conn, xcb_query_tree_children(tree)[i], class))
			found = xcb_query_tree_children(tree)[i];
	free(tree);
	return found;
}

static void
print_title(xcb_connection_t *conn, xcb_window_t w)
{
	xcb_get_property_reply_t *r = xcb_get_property_reply(conn,
		xcb_get_property(conn, 0, w, intern(conn, "_NET_WM_NAME"),
				 XCB_GET_PROPERTY_TYPE_ANY, 0, 256), NULL);

	if (r != NULL)
		printf("%.*s\n", xcb_get_property_value_length(r),
		       (const char *)xcb_get_property_value(r));
	free(r);
}

static void
ask_to_close(xcb_connection_t *conn, xcb_window_t w)
{
	xcb_client_message_event_t ev = {
		.response_type = XCB_CLIENT_MESSAGE,
		.format = 32,
		.window = w,
		.type = intern(conn, "WM_PROTOCOLS"),
	};

	ev.data.data32[0] = intern(conn, "WM_DELETE_WINDOW");
	xcb_send_event(conn, 0, w, 0, (const char *)&ev);
	/* A round trip: the server has passed it on before we leave. */
	free(xcb_get_input_focus_reply(conn, xcb_get_input_focus(conn),
				       NULL));
}

int
main(int argc, char **argv)
{
	xcb_connection_t *conn = xcb_connect(NULL, NULL);
	xcb_window_t root, w = XCB_NONE;
	int i;

	if (argc != 3 || xcb_connection_has_error(conn))
		return 2;
	root = xcb_setup_roots_iterator(xcb_get_setup(conn)).data->root;
	for (i = 0; i < 250 && w == XCB_NONE; i++) {
		if (i > 0)
			poll(NULL, 0, 20);
		w = find(conn, root, argv[1]);
	}
	if (w == XCB_NONE)
		return 1;
	if (strcmp(argv[2], "title") == 0)
		print_title(conn, w);
	else if (strcmp(argv[2], "close") == 0)
		ask_to_close(conn, w);
	else
		printf("%u\n", (unsigned)w);
	xcb_disconnect(conn);
	return 0;
}
