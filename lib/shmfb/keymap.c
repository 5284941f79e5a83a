/* SPDX-License-Identifier: MIT */
/*
 * keymap.c - what the keys mean, as the X server has it
 *
 * Called by window.c (the first window of a connection), event.c, step.c and
 * keyboard.c. The modifiers and the layout are taken from each event itself,
 * which cannot be out of step with it, so the state that xkbcommon keeps is
 * only a calculator.
 */
#include "config.h"

#include "keymap.h"

#include <xcb/xkb.h>
#include <xkbcommon/xkbcommon-keysyms.h>
#include <xkbcommon/xkbcommon-x11.h>


static void
drop(struct shmfb_keymap *map)
{
	xkb_state_unref(map->state);
	xkb_keymap_unref(map->keymap);
	map->state = NULL;
	map->keymap = NULL;
}

/* Which modifiers are down while only that key is; 0: none. */
static uint8_t
masks_of_key(struct xkb_keymap *keymap, xkb_keycode_t key)
{
	struct xkb_state *alone = xkb_state_new(keymap);
	uint32_t mask;

	if (!alone)
		return 0;
	xkb_state_update_key(alone, key, XKB_KEY_DOWN);
	mask = xkb_state_serialize_mods(alone, XKB_STATE_MODS_DEPRESSED);
	xkb_state_unref(alone);
	/* The eight that events have; above are names for them. */
	return (uint8_t)(mask & 0xff);
}

struct masks {
	struct xkb_keymap *keymap;	/* borrowed */
	uint8_t of[SHMFB_KEYMAP_MODIFIERS];
};

/* If it is a key with which one of the modifiers is pressed, which mask is? */
static void
look_at_key(struct xkb_keymap *keymap, xkb_keycode_t key, void *data)
{
	static const xkb_keysym_t symbols[SHMFB_KEYMAP_MODIFIERS][2] = {
		{ XKB_KEY_Shift_L, XKB_KEY_Shift_R },
		{ XKB_KEY_Control_L, XKB_KEY_Control_R },
		{ XKB_KEY_Alt_L, XKB_KEY_Alt_R },
		{ XKB_KEY_Super_L, XKB_KEY_Super_R },
	};
	struct masks *masks = data;
	const xkb_keysym_t *symbol;
	unsigned i;

	if (xkb_keymap_key_get_syms_by_level(keymap, key, 0, 0, &symbol) != 1)
		return;
	for (i = 0; i < SHMFB_KEYMAP_MODIFIERS; i++)
		if (*symbol == symbols[i][0] || *symbol == symbols[i][1])
			masks->of[i] |= masks_of_key(keymap, key);
}

/*
 * Shift and Ctrl are bits of the protocol's; which are Alt and Super is for
 * the layout to say. Where it has no such key they are what they are mostly.
 */
static void
find_masks(struct shmfb_keymap *map)
{
	static const uint8_t usual[SHMFB_KEYMAP_MODIFIERS] = {
		XCB_MOD_MASK_SHIFT, XCB_MOD_MASK_CONTROL, XCB_MOD_MASK_1,
		XCB_MOD_MASK_4,
	};
	struct masks masks = { .keymap = map->keymap };
	unsigned i;

	if (map->keymap)
		xkb_keymap_key_for_each(map->keymap, look_at_key, &masks);
	for (i = 0; i < SHMFB_KEYMAP_MODIFIERS; i++)
		map->masks[i] = masks.of[i] ? masks.of[i] : usual[i];
}

/*
 * Keeps the old one when there is no new one to be had. These calls of
 * libxkbcommon wait for the server, several times, and have no other way.
 */
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
	find_masks(map);
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
	find_masks(map);
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
	shmfb_text_finish(&map->text);
	xkb_context_unref(map->context);
	map->context = NULL;
}

void
shmfb_keymap_event(struct shmfb_keymap *map, const xcb_generic_event_t *event)
{
	/* XKB has one event code; the kind is where the detail is. */
	if (event->pad0 == XCB_XKB_NEW_KEYBOARD_NOTIFY ||
	    event->pad0 == XCB_XKB_MAP_NOTIFY)
		map->stale = true;
}

void
shmfb_keymap_renew(struct shmfb_keymap *map, xcb_connection_t *conn)
{
	if (!map->stale)
		return;
	map->stale = false;
	read_map(map, conn);
}

/* Have map->state be that of an X event: 8 modifiers, the layout above. */
static void
set_state(const struct shmfb_keymap *map, uint16_t state)
{
	xkb_state_update_mask(map->state, state & 0xff, 0, 0, 0, 0,
			      (state >> 13) & 3);
}

uint32_t
shmfb_keymap_symbol(const struct shmfb_keymap *map, uint8_t keycode,
		    uint16_t state)
{
	if (!map->state)
		return XKB_KEY_NoSymbol;
	set_state(map, state);
	return xkb_state_key_get_one_sym(map->state, keycode);
}

uint32_t
shmfb_keymap_modifiers(const struct shmfb_keymap *map, uint16_t state)
{
	uint32_t modifiers = 0;
	unsigned i;

	for (i = 0; i < SHMFB_KEYMAP_MODIFIERS; i++)
		if (state & map->masks[i])
			modifiers |= 1U << i;
	return modifiers;
}

/* Is a modifier down that makes it a command, and no character? */
static bool
is_command(const struct shmfb_keymap *map, uint8_t keycode, uint16_t state)
{
	uint32_t used = xkb_state_key_get_consumed_mods2(map->state, keycode,
							 XKB_CONSUMED_MODE_GTK);
	unsigned i;

	for (i = 1; i < SHMFB_KEYMAP_MODIFIERS; i++)
		if (state & map->masks[i] & ~used)
			return true;
	return false;
}

void
shmfb_keymap_text(struct shmfb_keymap *map, uint8_t keycode, uint16_t state,
		  char *out, size_t size)
{
	char plain[16] = "";

	out[0] = '\0';
	if (!map->state)
		return;
	set_state(map, state);
	if (is_command(map, keycode, state))
		return;
	xkb_state_key_get_utf8(map->state, keycode, plain, sizeof(plain));
	/* Return, Tab, Escape, Delete are keys. */
	if ((unsigned char)plain[0] < 0x20 || plain[0] == 0x7f)
		plain[0] = '\0';
	shmfb_text_press(&map->text, map->context,
			 xkb_state_key_get_one_sym(map->state, keycode),
			 plain, out, size);
}
