/* SPDX-License-Identifier: MIT */
/*
 * keymap.c - what the keys mean, as the X server has it
 *
 * Called by window.c (the first window of a connection), event.c and
 * keyboard.c. The modifiers and the layout are taken from each event itself,
 * which cannot be out of step with it, so the state that xkbcommon keeps is
 * only a calculator.
 */
#include "config.h"

#include "keymap.h"

#include <xcb/xkb.h>
#include <xkbcommon/xkbcommon-x11.h>

static void
drop(struct shmfb_keymap *map)
{
	xkb_state_unref(map->state);
	xkb_keymap_unref(map->keymap);
	map->state = NULL;
	map->keymap = NULL;
}

/* Keeps the old one when there is no new one to be had. */
static void
read_map(struct shmfb_keymap *map, xcb_connection_t *conn)
{
	struct shmfb_keymap next = *map;
	int32_t device;

	device = xkb_x11_get_core_keyboard_device_id(conn);
	if (device < 0)
		return;
	next.keymap = xkb_x11_keymap_new_from_device(map->context, conn,
		device, XKB_KEYMAP_COMPILE_NO_FLAGS);
	if (!next.keymap)
		return;
	next.state = xkb_state_new(next.keymap);
	if (!next.state) {
		xkb_keymap_unref(next.keymap);
		return;
	}
	drop(map);
	*map = next;
}

static void
select_events(xcb_connection_t *conn)
{
	const uint16_t which = XCB_XKB_EVENT_TYPE_NEW_KEYBOARD_NOTIFY |
			       XCB_XKB_EVENT_TYPE_MAP_NOTIFY;
	const uint16_t parts = XCB_XKB_MAP_PART_KEY_TYPES |
			       XCB_XKB_MAP_PART_KEY_SYMS |
			       XCB_XKB_MAP_PART_MODIFIER_MAP |
			       XCB_XKB_MAP_PART_VIRTUAL_MODS |
			       XCB_XKB_MAP_PART_VIRTUAL_MOD_MAP;
	xcb_xkb_per_client_flags_cookie_t cookie;

	xcb_xkb_select_events(conn, XCB_XKB_ID_USE_CORE_KBD, which, 0, which,
			      parts, parts, NULL);
	/* For this client only; turning repeat off would be for everybody. */
	cookie = xcb_xkb_per_client_flags(conn, XCB_XKB_ID_USE_CORE_KBD,
		XCB_XKB_PER_CLIENT_FLAG_DETECTABLE_AUTO_REPEAT,
		XCB_XKB_PER_CLIENT_FLAG_DETECTABLE_AUTO_REPEAT, 0, 0, 0);
	xcb_discard_reply(conn, cookie.sequence);
}

bool
shmfb_keymap_init(struct shmfb_keymap *map, xcb_connection_t *conn)
{
	if (!xkb_x11_setup_xkb_extension(conn, 1, 0,
			XKB_X11_SETUP_XKB_EXTENSION_NO_FLAGS, NULL, NULL,
			&map->event, NULL))
		return false;
	/* The map comes from the server: no files are looked for. */
	map->context = xkb_context_new(XKB_CONTEXT_NO_DEFAULT_INCLUDES);
	if (!map->context)
		return true;
	select_events(conn);
	read_map(map, conn);
	return true;
}

void
shmfb_keymap_finish(struct shmfb_keymap *map)
{
	drop(map);
	xkb_context_unref(map->context);
	map->context = NULL;
}

void
shmfb_keymap_event(struct shmfb_keymap *map, xcb_connection_t *conn,
		   const xcb_generic_event_t *event)
{
	/* XKB has one event code; the kind is where the detail is. */
	if (event->pad0 == XCB_XKB_NEW_KEYBOARD_NOTIFY ||
	    event->pad0 == XCB_XKB_MAP_NOTIFY)
		read_map(map, conn);
}

uint32_t
shmfb_keymap_symbol(const struct shmfb_keymap *map, uint8_t keycode,
		    uint16_t state)
{
	if (!map->state)
		return XKB_KEY_NoSymbol;
	/* Eight modifiers, and the layout in bits 13 and 14. */
	xkb_state_update_mask(map->state, state & 0xff, 0, 0, 0, 0,
			      (state >> 13) & 3);
	return xkb_state_key_get_one_sym(map->state, keycode);
}
