/* SPDX-License-Identifier: MIT */
/*
 * xquery.c - ask the X server about a window, for shell tests
 *
 *	xquery CLASS id		its id, in decimal
 *	xquery CLASS title	its _NET_WM_NAME
 *	xquery CLASS close	ask it to close, as a window manager does
 *	xquery CLASS key SYM	press and release a key, by its symbol's number
 *	xquery CLASS children	how many windows are within it
 *	xquery CLASS destroy-children	destroy those
 *	xquery CLASS count	how many such windows there are
 *	xquery CLASS size	its width and height, as 640x480
 *	xquery CLASS resize 640x480	have it resized
 *	xquery CLASS managed	is it a window manager's? exits 1 if not
 *	xquery CLASS destroy	as a user does with xkill, nearly
 *	xquery CLASS colours	how many colours it shows
 *	xquery CLASS colour RRGGBB	how many pixels are of that one
 *
 * CLASS is the second part of WM_CLASS.  Waits up to five seconds for such a
 * window to be mapped, which is later than that it has its class, and before
 * which it hears no key; exits 1 when there is none.
 */
#include "config.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xcb/xcb.h>

static xcb_atom_t
intern(xcb_connection_t *conn, const char *name)
{
	xcb_intern_atom_reply_t *r = xcb_intern_atom_reply(conn,
		xcb_intern_atom(conn, 0, (uint16_t)strlen(name), name), NULL);
	xcb_atom_t atom = r == NULL ? XCB_ATOM_NONE : r->atom;

	free(r);
	return atom;
}

/*
 * Not by libxcb-icccm, which reads on where a client has left out the NUL at
 * the end, as window managers do for windows of their own.
 */
static int
has_class(xcb_connection_t *conn, xcb_window_t w, const char *class)
{
	xcb_get_property_reply_t *r = xcb_get_property_reply(conn,
		xcb_get_property(conn, 0, w, XCB_ATOM_WM_CLASS,
				 XCB_ATOM_STRING, 0, 64), NULL);
	char value[257] = "";
	size_t n, instance;

	if (r == NULL)
		return 0;
	n = (size_t)xcb_get_property_value_length(r);
	memcpy(value, xcb_get_property_value(r), n);
	free(r);
	instance = strlen(value) + 1;
	return instance < n && strcmp(value + instance, class) == 0;
}

/* The key that has the symbol without Shift, or with it: in *state. */
static xcb_keycode_t
key_of(xcb_connection_t *conn, xcb_keysym_t sym, uint16_t *state)
{
	const xcb_setup_t *setup = xcb_get_setup(conn);
	uint8_t n = (uint8_t)(setup->max_keycode - setup->min_keycode + 1);
	xcb_get_keyboard_mapping_reply_t *map = xcb_get_keyboard_mapping_reply(
		conn, xcb_get_keyboard_mapping(conn, setup->min_keycode, n),
		NULL);
	xcb_keycode_t found = 0;
	int i, k, each;

	if (map == NULL)
		return 0;
	each = map->keysyms_per_keycode;
	for (k = 0; k < 2 && k < each && found == 0; k++)
		for (i = 0; i < n && found == 0; i++)
			if (xcb_get_keyboard_mapping_keysyms(map)[i * each +
			    k] == sym) {
				found = (xcb_keycode_t)(setup->min_keycode + i);
				*state = k ? XCB_MOD_MASK_SHIFT : 0;
			}
	free(map);
	return found;
}

static int
press(xcb_connection_t *conn, xcb_window_t root, xcb_window_t w,
      const char *sym)
{
	xcb_key_press_event_t ev = {
		.response_type = XCB_KEY_PRESS,
		.root = root,
		.event = w,
		.same_screen = 1,
	};

	ev.detail = key_of(conn, (xcb_keysym_t)strtoul(sym, NULL, 0),
			   &ev.state);
	if (ev.detail == 0)
		return 1;
	xcb_send_event(conn, 0, w, XCB_EVENT_MASK_KEY_PRESS,
		       (const char *)&ev);
	ev.response_type = XCB_KEY_RELEASE;
	xcb_send_event(conn, 0, w, XCB_EVENT_MASK_KEY_RELEASE,
		       (const char *)&ev);
	free(xcb_get_input_focus_reply(conn, xcb_get_input_focus(conn),
				       NULL));
	return 0;
}

static int
print_size(xcb_connection_t *conn, xcb_window_t w)
{
	xcb_get_geometry_reply_t *g = xcb_get_geometry_reply(conn,
		xcb_get_geometry(conn, w), NULL);

	if (g == NULL)
		return 1;
	printf("%ux%u\n", g->width, g->height);
	free(g);
	return 0;
}

static int
compare(const void *a, const void *b)
{
	const uint32_t *one = a, *other = b;

	return *one < *other ? -1 : *one > *other;
}

/* What it shows, 0xRRGGBB a pixel, to be freed; *count is 0 if it cannot. */
static uint32_t *
read_window(xcb_connection_t *conn, xcb_window_t w, size_t *count)
{
	xcb_get_geometry_reply_t *size = xcb_get_geometry_reply(conn,
		xcb_get_geometry(conn, w), NULL);
	xcb_get_image_reply_t *image = size == NULL ? NULL :
		xcb_get_image_reply(conn, xcb_get_image(conn,
			XCB_IMAGE_FORMAT_Z_PIXMAP, w, 0, 0, size->width,
			size->height, ~0U), NULL);
	size_t n = 0, i;
	uint32_t *pixels = NULL;

	/* Of 32 bits a pixel, or it is not for here. */
	if (image != NULL && (size_t)xcb_get_image_data_length(image) ==
			     (size_t)size->width * size->height * 4)
		pixels = malloc((size_t)xcb_get_image_data_length(image));
	if (pixels != NULL) {
		n = (size_t)size->width * size->height;
		memcpy(pixels, xcb_get_image_data(image), n * 4);
	}
	for (i = 0; i < n; i++)
		pixels[i] &= 0xffffff;
	free(image);
	free(size);
	*count = n;
	return pixels;
}

/* How many colours, or how many pixels of the one. */
static int
look(xcb_connection_t *conn, xcb_window_t w, const char *colour)
{
	uint32_t want = colour == NULL ? 0 :
		(uint32_t)strtoul(colour, NULL, 16);
	size_t n, i, found = 0;
	uint32_t *pixels = read_window(conn, w, &n);

	if (pixels == NULL)
		return 1;
	qsort(pixels, n, sizeof(*pixels), compare);
	for (i = 0; i < n; i++)
		found += colour != NULL ? pixels[i] == want :
			 i == 0 || pixels[i] != pixels[i - 1];
	free(pixels);
	printf("%zu\n", found);
	return 0;
}

/* The windows within one: all, or those of that class. */
static int
count(xcb_connection_t *conn, xcb_window_t around, const char *class)
{
	xcb_query_tree_reply_t *tree = xcb_query_tree_reply(conn,
		xcb_query_tree(conn, around), NULL);
	int i, n = 0;

	for (i = 0; tree != NULL && i < xcb_query_tree_children_length(tree);
	     i++)
		n += class == NULL || has_class(conn,
			xcb_query_tree_children(tree)[i], class);
	free(tree);
	return n;
}

static int
is_mapped(xcb_connection_t *conn, xcb_window_t w)
{
	xcb_get_window_attributes_reply_t *r = xcb_get_window_attributes_reply(
		conn, xcb_get_window_attributes(conn, w), NULL);
	int mapped = r != NULL && r->map_state != XCB_MAP_STATE_UNMAPPED;

	free(r);
	return mapped;
}

/* On the screen, or within a window manager's frame there. */
static xcb_window_t
find(xcb_connection_t *conn, xcb_window_t root, const char *class, int deep)
{
	xcb_query_tree_reply_t *tree = xcb_query_tree_reply(conn,
		xcb_query_tree(conn, root), NULL);
	xcb_window_t found = XCB_NONE;
	int i;

	if (tree == NULL)
		return XCB_NONE;
	for (i = 0; i < xcb_query_tree_children_length(tree); i++)
		if (has_class(conn, xcb_query_tree_children(tree)[i], class) &&
		    is_mapped(conn, xcb_query_tree_children(tree)[i]))
			found = xcb_query_tree_children(tree)[i];
	for (i = 0; deep && found == XCB_NONE &&
	     i < xcb_query_tree_children_length(tree); i++)
		found = find(conn, xcb_query_tree_children(tree)[i], class, 0);
	free(tree);
	return found;
}

static int
is_managed(xcb_connection_t *conn, xcb_window_t w)
{
	xcb_get_property_reply_t *r = xcb_get_property_reply(conn,
		xcb_get_property(conn, 0, w, intern(conn, "WM_STATE"),
				 XCB_GET_PROPERTY_TYPE_ANY, 0, 2), NULL);
	int managed = r != NULL && r->value_len > 0;

	free(r);
	return managed;
}

static int
resize(xcb_connection_t *conn, xcb_window_t w, const char *size)
{
	uint32_t values[2];

	if (sscanf(size, "%ux%u", &values[0], &values[1]) != 2)
		return 2;
	xcb_configure_window(conn, w, XCB_CONFIG_WINDOW_WIDTH |
			     XCB_CONFIG_WINDOW_HEIGHT, values);
	return 0;
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

static void
destroy_children(xcb_connection_t *conn, xcb_window_t w)
{
	xcb_destroy_subwindows(conn, w);
	/* Done before we leave. */
	free(xcb_get_input_focus_reply(conn, xcb_get_input_focus(conn),
				       NULL));
}

int
main(int argc, char **argv)
{
	xcb_connection_t *conn = xcb_connect(NULL, NULL);
	xcb_window_t root, w = XCB_NONE;
	int i, status = 0;

	if (argc < 3 || xcb_connection_has_error(conn))
		return 2;
	root = xcb_setup_roots_iterator(xcb_get_setup(conn)).data->root;
	for (i = 0; i < 250 && w == XCB_NONE; i++) {
		if (i > 0)
			poll(NULL, 0, 20);
		w = find(conn, root, argv[1], 1);
	}
	if (w == XCB_NONE)
		return 1;
	if (strcmp(argv[2], "title") == 0)
		print_title(conn, w);
	else if (strcmp(argv[2], "close") == 0)
		ask_to_close(conn, w);
	else if (strcmp(argv[2], "key") == 0 && argc == 4)
		status = press(conn, root, w, argv[3]);
	else if (strcmp(argv[2], "size") == 0)
		status = print_size(conn, w);
	else if (strcmp(argv[2], "resize") == 0 && argc == 4)
		status = resize(conn, w, argv[3]);
	else if (strcmp(argv[2], "managed") == 0)
		status = !is_managed(conn, w);
	else if (strcmp(argv[2], "destroy") == 0)
		xcb_destroy_window(conn, w);
	else if (strcmp(argv[2], "colours") == 0)
		status = look(conn, w, NULL);
	else if (strcmp(argv[2], "colour") == 0 && argc == 4)
		status = look(conn, w, argv[3]);
	else if (strcmp(argv[2], "children") == 0)
		printf("%d\n", count(conn, w, NULL));
	else if (strcmp(argv[2], "destroy-children") == 0)
		destroy_children(conn, w);
	else if (strcmp(argv[2], "count") == 0)
		printf("%d\n", count(conn, root, argv[1]));
	else
		printf("%u\n", (unsigned)w);
	/* A round trip: all of it has been done before we leave. */
	free(xcb_get_input_focus_reply(conn, xcb_get_input_focus(conn),
				       NULL));
	xcb_disconnect(conn);
	return status;
}
