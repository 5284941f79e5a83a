/* SPDX-License-Identifier: MIT */
/*
 * keyboard.c - keys that go down and up in a window
 *
 * Called by event.c.
 */
#include "config.h"

#include "keyboard.h"

#include <string.h>

#include "window.h"

uint32_t
shmfb_keyboard_modifiers(const struct shmfb *fb, uint16_t state)
{
	return shmfb_keymap_modifiers(&fb->x->keymap, state);
}

static void
push_key(struct shmfb *fb, uint8_t keycode, uint16_t state, bool pressed,
	 bool repeat)
{
	struct shmfb_event event = { .type = SHMFB_EVENT_KEY };

	event.u.key.keysym = shmfb_keymap_symbol(&fb->x->keymap, keycode,
						  state);
	event.u.key.keycode = keycode;
	event.u.key.modifiers = shmfb_keyboard_modifiers(fb, state);
	event.u.key.pressed = pressed;
	event.u.key.repeat = repeat;
	shmfb_push(fb, &event);
}

/* What the key writes, if anything; as many events as it takes. */
static void
push_text(struct shmfb *fb, uint8_t keycode, uint16_t state)
{
	struct shmfb_event event = { .type = SHMFB_EVENT_TEXT };
	char text[256];
	size_t length, n, at;

	shmfb_keymap_text(&fb->x->keymap, keycode, state, text, sizeof(text));
	length = strlen(text);
	for (at = 0; at < length; at += n) {
		n = shmfb_text_cut(text + at, length - at,
				   sizeof(event.u.text.utf8) - 1);
		if (!n)
			return;
		memcpy(event.u.text.utf8, text + at, n);
		event.u.text.utf8[n] = '\0';
		shmfb_push(fb, &event);
	}
}

void
shmfb_keyboard_key(struct shmfb *fb, const xcb_key_press_event_t *event,
		   bool pressed)
{
	uint8_t *byte = &fb->keyboard.down[event->detail / 8];
	uint8_t bit = (uint8_t)(1U << event->detail % 8);
	bool was = *byte & bit;

	/* It is of after all that was said of the keyboard before. */
	shmfb_keymap_renew(&fb->x->keymap, fb->x->conn);
	/* Released on focus loss already: once is enough. */
	if (!pressed && !was)
		return;
	*byte = pressed ? *byte | bit : *byte & (uint8_t)~bit;
	push_key(fb, event->detail, event->state, pressed, pressed && was);
	if (pressed)
		push_text(fb, event->detail, event->state);
}

void
shmfb_keyboard_release_all(struct shmfb *fb)
{
	uint8_t *down = fb->keyboard.down;
	unsigned code;

	shmfb_text_reset(&fb->x->keymap.text);
	for (code = 0; code < 256; code++) {
		if (!(down[code / 8] & 1U << code % 8))
			continue;
		down[code / 8] &= (uint8_t)~(1U << code % 8);
		push_key(fb, (uint8_t)code, 0, false, false);
	}
}
