/* SPDX-License-Identifier: MIT */
/*
 * keymap.h - what the keys mean, as the X server has it
 *
 * One for all windows of a connection: the server sends the news of a new
 * map once.
 */
#ifndef SHMFB_KEYMAP_H
#define SHMFB_KEYMAP_H

#include <stdbool.h>
#include <stdint.h>

#include <xcb/xcb.h>
#include <xkbcommon/xkbcommon.h>

/* All zero: there is none, and keys have no symbols. */
struct shmfb_keymap {
	struct xkb_context *context;	/* ours, or NULL */
	struct xkb_keymap *keymap;	/* ours, or NULL */
	struct xkb_state *state;	/* ours, or NULL */
	uint8_t event;			/* XKB's event code; 0: none */
};

/*
 * Read the map, and ask for repeats that can be told from new presses. map is
 * all zero, conn is borrowed. false without XKB.
 */
bool
shmfb_keymap_init(struct shmfb_keymap *map, xcb_connection_t *conn);

void
shmfb_keymap_finish(struct shmfb_keymap *map);

/* An event of XKB: another keyboard, or another map. */
void
shmfb_keymap_event(struct shmfb_keymap *map, xcb_connection_t *conn,
		   const xcb_generic_event_t *event);

/* The key symbol, with that state of an X event. XKB_KEY_NoSymbol is 0. */
uint32_t
shmfb_keymap_symbol(const struct shmfb_keymap *map, uint8_t keycode,
		    uint16_t state);

#endif /* SHMFB_KEYMAP_H */
