/* SPDX-License-Identifier: MIT */
/*
 * keyboard.h - from X keycodes to key symbols
 */
#ifndef SHMFB_KEYBOARD_H
#define SHMFB_KEYBOARD_H

#include <stdbool.h>
#include <stdint.h>

#include <xcb/xcb.h>
#include <xkbcommon/xkbcommon.h>

struct shmfb;

struct shmfb_keyboard {
	struct xkb_context *context;	/* ours; NULL: no key symbols */
	struct xkb_keymap *keymap;	/* ours, or NULL */
	struct xkb_state *state;	/* ours, or NULL */
	uint8_t event;			/* XKB's event code; 0: none */
	uint8_t down[256 / 8];		/* keycodes that are pressed, as bits */
};

/*
 * Read the keymap, and ask for repeats that can be told from new presses.
 * Without XKB events have keycodes alone.
 */
void
shmfb_keyboard_init(struct shmfb *fb);

void
shmfb_keyboard_finish(struct shmfb_keyboard *keyboard);

/* A key was pressed or released: queue the event. */
void
shmfb_keyboard_key(struct shmfb *fb, const xcb_key_press_event_t *event,
		   bool pressed);

/* Nobody will tell us when the keys that are down go up: say so now. */
void
shmfb_keyboard_release_all(struct shmfb *fb);

/* An event of XKB: another keyboard, or another map. */
void
shmfb_keyboard_event(struct shmfb *fb, const xcb_generic_event_t *event);

/* The state of an X input event as enum shmfb_modifiers. */
uint32_t
shmfb_keyboard_modifiers(uint16_t state);

#endif /* SHMFB_KEYBOARD_H */
