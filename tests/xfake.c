/* SPDX-License-Identifier: MIT */
/*
 * xfake.c - use keyboard and pointer as a person would, for shell tests
 *
 *	xfake move 84 100 down 1 move 100 100 up 1 key space
 *
 * One after the other, by XTEST: move X Y on the screen; down and up, a button;
 * press and release, a key, by the name of its symbol; key, both.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xcb/xcb.h>
#include <xcb/xtest.h>
#include <xkbcommon/xkbcommon.h>

static xcb_connection_t *conn;

static void
fake(uint8_t type, uint8_t detail, int x, int y)
{
	xcb_test_fake_input(conn, type, detail, XCB_CURRENT_TIME, XCB_NONE,
			    (int16_t)x, (int16_t)y, 0);
	/* The server has done it when it answers. */
	free(xcb_get_input_focus_reply(conn, xcb_get_input_focus(conn),
				       NULL));
}

/* The key that has a symbol, without shift; 0. */
static uint8_t
find_key(const char *name)
{
	xkb_keysym_t want = xkb_keysym_from_name(name, XKB_KEYSYM_NO_FLAGS);
	const xcb_setup_t *setup = xcb_get_setup(conn);
	uint8_t first = setup->min_keycode;
	uint8_t count = (uint8_t)(setup->max_keycode - first + 1);
	xcb_get_keyboard_mapping_reply_t *map;
	const xcb_keysym_t *symbols;
	uint8_t i, found = 0;

	map = xcb_get_keyboard_mapping_reply(conn,
		xcb_get_keyboard_mapping(conn, first, count), NULL);
	if (map == NULL)
		return 0;
	symbols = xcb_get_keyboard_mapping_keysyms(map);
	for (i = 0; i < count && found == 0; i++)
		if (symbols[i * map->keysyms_per_keycode] == want)
			found = (uint8_t)(first + i);
	free(map);
	return found;
}

/* Returns how many words it took; 0 when they make no sense. */
static int
obey(char **words)
{
	uint8_t key;

	if (words[1] == NULL)
		return 0;
	if (strcmp(words[0], "move") == 0 && words[2] != NULL) {
		fake(XCB_MOTION_NOTIFY, 0, atoi(words[1]), atoi(words[2]));
		return 3;
	}
	if (strcmp(words[0], "down") == 0 || strcmp(words[0], "up") == 0) {
		fake(words[0][0] == 'd' ? XCB_BUTTON_PRESS :
		     XCB_BUTTON_RELEASE, (uint8_t)atoi(words[1]), 0, 0);
		return 2;
	}
	key = find_key(words[1]);
	if (key == 0)
		return 0;
	if (strcmp(words[0], "key") == 0 || strcmp(words[0], "press") == 0)
		fake(XCB_KEY_PRESS, key, 0, 0);
	if (strcmp(words[0], "key") == 0 || strcmp(words[0], "release") == 0)
		fake(XCB_KEY_RELEASE, key, 0, 0);
	return 2;
}

int
main(int argc, char **argv)
{
	int i, n;

	conn = xcb_connect(NULL, NULL);
	if (xcb_connection_has_error(conn)) {
		fprintf(stderr, "xfake: no display\n");
		return 1;
	}
	for (i = 1; i < argc; i += n) {
		n = obey(argv + i);
		if (n == 0) {
			fprintf(stderr, "xfake: what is %s?\n", argv[i]);
			return 1;
		}
	}
	xcb_disconnect(conn);
	return 0;
}
