/* SPDX-License-Identifier: MIT */
/*
 * keyboard.h - keys that go down and up in a window
 */
#ifndef SHMFB_KEYBOARD_H
#define SHMFB_KEYBOARD_H

#include <stdbool.h>
#include <stdint.h>

#include <xcb/xcb.h>

struct shmfb;

/* All zero: no key is down. */
struct shmfb_keyboard {
	uint8_t down[256 / 8];		/* keycodes that are pressed, as bits */
};

/* A key was pressed or released: queue the event. */
void
shmfb_keyboard_key(struct shmfb *fb, const xcb_key_press_event_t *event,
		   bool pressed);

/* Nobody will tell us when the keys that are down go up: say so now. */
void
shmfb_keyboard_release_all(struct shmfb *fb);

/* The state of an X input event as enum shmfb_modifiers. */
uint32_t
shmfb_keyboard_modifiers(const struct shmfb *fb, uint16_t state);

#endif /* SHMFB_KEYBOARD_H */
