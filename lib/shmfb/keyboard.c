/* SPDX-License-Identifier: MIT */
/*
 * keyboard.c - keys that go down and up in a window
 *
 * Called by event.c.
 */
#include "config.h"

#include "keyboard.h"

#include "window.h"

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

static void
push_key(struct shmfb *fb, uint8_t keycode, uint16_t state, bool pressed,
	 bool repeat)
{
	struct shmfb_event event = { .type = SHMFB_EVENT_KEY };

	event.u.key.keysym = shmfb_keymap_symbol(&fb->x->keymap, keycode,
						  state);
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
