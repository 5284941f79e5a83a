/* SPDX-License-Identifier: MIT */
/*
 * keyboard.c - from X keycodes to key symbols
 *
 * Called by event.c. The modifiers and the layout are taken from each event
 * itself, which cannot be out of step with it, so the state that xkbcommon
 * keeps is only a calculator.
 */
#include "config.h"

#include "keyboard.h"

#include <xcb/xkb.h>
#include <xkbcommon/xkbcommon-x11.h>

#include "window.h"

static void
drop_keymap(struct shmfb_keyboard *keyboard)
{
	xkb_state_unref(keyboard->state);
	xkb_keymap_unref(keyboard->keymap);
	keyboard->state = NULL;
	keyboard->keymap = NULL;
}

/* Keeps the old one when there is no new one to be had. */
static void
read_keymap(struct shmfb *fb)
{
	struct shmfb_keyboard *keyboard = &fb->keyboard;
	struct shmfb_keyboard next = *keyboard;
	int32_t device;

	device = xkb_x11_get_core_keyboard_device_id(fb->x->conn);
	if (device < 0)
		return;
	next.keymap = xkb_x11_keymap_new_from_device(keyboard->context,
		fb->x->conn, device, XKB_KEYMAP_COMPILE_NO_FLAGS);
	if (!next.keymap)
		return;
	next.state = xkb_state_new(next.keymap);
	if (!next.state) {
		xkb_keymap_unref(next.keymap);
		return;
	}
	drop_keymap(keyboard);
	*keyboard = next;
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

void
shmfb_keyboard_init(struct shmfb *fb)
{
	struct shmfb_keyboard *keyboard = &fb->keyboard;

	*keyboard = (struct shmfb_keyboard){ 0 };
	if (!xkb_x11_setup_xkb_extension(fb->x->conn, 1, 0,
			XKB_X11_SETUP_XKB_EXTENSION_NO_FLAGS, NULL, NULL,
			&keyboard->event, NULL)) {
		shmfb_log(fb, BASE_LOG_WARNING,
			  "no XKB: keys have no symbols");
		return;
	}
	/* The map comes from the server: no files are looked for. */
	keyboard->context = xkb_context_new(XKB_CONTEXT_NO_DEFAULT_INCLUDES);
	if (!keyboard->context)
		return;
	select_events(fb->x->conn);
	read_keymap(fb);
}

void
shmfb_keyboard_finish(struct shmfb_keyboard *keyboard)
{
	drop_keymap(keyboard);
	xkb_context_unref(keyboard->context);
	keyboard->context = NULL;
}

uint32_t
shmfb_keyboard_modifiers(uint16_t state)
{
	uint32_t modifiers = 0;

	if (state & XCB_MOD_MASK_SHIFT)
		modifiers |= SHMFB_MOD_SHIFT;
	if (state & XCB_MOD_MASK_CONTROL)
		modifiers |= SHMFB_MOD_CTRL;
	if (state & XCB_MOD_MASK_1)
		modifiers |= SHMFB_MOD_ALT;
	if (state & XCB_MOD_MASK_4)
		modifiers |= SHMFB_MOD_SUPER;
	return modifiers;
}

static uint32_t
keysym(const struct shmfb_keyboard *keyboard, uint8_t keycode, uint16_t state)
{
	if (!keyboard->state)
		return XKB_KEY_NoSymbol;
	/* Eight modifiers, and the layout in bits 13 and 14. */
	xkb_state_update_mask(keyboard->state, state & 0xff, 0, 0, 0, 0,
			      (state >> 13) & 3);
	return xkb_state_key_get_one_sym(keyboard->state, keycode);
}

static void
push_key(struct shmfb *fb, uint8_t keycode, uint16_t state, bool pressed,
	 bool repeat)
{
	struct shmfb_event event = { .type = SHMFB_EVENT_KEY };

	event.u.key.keysym = keysym(&fb->keyboard, keycode, state);
	event.u.key.keycode = keycode;
	event.u.key.modifiers = shmfb_keyboard_modifiers(state);
	event.u.key.pressed = pressed;
	event.u.key.repeat = repeat;
	shmfb_push(fb, &event);
}

void
shmfb_keyboard_key(struct shmfb *fb, const xcb_key_press_event_t *event,
		   bool pressed)
{
	uint8_t *byte = &fb->keyboard.down[event->detail / 8];
	uint8_t bit = (uint8_t)(1U << event->detail % 8);
	bool was = *byte & bit;

	/* Released on focus loss already: once is enough. */
	if (!pressed && !was)
		return;
	*byte = pressed ? *byte | bit : *byte & (uint8_t)~bit;
	push_key(fb, event->detail, event->state, pressed, pressed && was);
}

void
shmfb_keyboard_release_all(struct shmfb *fb)
{
	uint8_t *down = fb->keyboard.down;
	unsigned code;

	for (code = 0; code < 256; code++) {
		if (!(down[code / 8] & 1U << code % 8))
			continue;
		down[code / 8] &= (uint8_t)~(1U << code % 8);
		push_key(fb, (uint8_t)code, 0, false, false);
	}
}

void
shmfb_keyboard_event(struct shmfb *fb, const xcb_generic_event_t *event)
{
	/* XKB has one event code; the kind is where the detail is. */
	if (event->pad0 == XCB_XKB_NEW_KEYBOARD_NOTIFY ||
	    event->pad0 == XCB_XKB_MAP_NOTIFY)
		read_keymap(fb);
}
