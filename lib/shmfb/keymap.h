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

#include "text.h"

/* Shift, Ctrl, Alt, Super, in the order of enum shmfb_modifiers. */
#define SHMFB_KEYMAP_MODIFIERS 4

/* All zero: there is none, and keys have no symbols. */
struct shmfb_keymap {
	struct xkb_context *context;	/* ours, or NULL */
	struct xkb_keymap *keymap;	/* ours, or NULL */
	struct xkb_state *state;	/* ours, or NULL */
	uint8_t masks[SHMFB_KEYMAP_MODIFIERS];	/* bits of an X state */
	struct shmfb_text text;
	uint8_t event;			/* XKB's event code; 0: none */
	bool stale;			/* there is a newer one */
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
shmfb_keymap_event(struct shmfb_keymap *map, const xcb_generic_event_t *event);

/*
 * After such events, and before a key that came after them: read the map if
 * there is a newer one, which waits for the server. One change is several
 * events, so this is not done for each. libxcb may then have queued more.
 */
void
shmfb_keymap_renew(struct shmfb_keymap *map, xcb_connection_t *conn);

/* The key symbol, with that state of an X event. XKB_KEY_NoSymbol is 0. */
uint32_t
shmfb_keymap_symbol(const struct shmfb_keymap *map, uint8_t keycode,
		    uint16_t state);

/* That state of an X event as enum shmfb_modifiers. */
uint32_t
shmfb_keymap_modifiers(const struct shmfb_keymap *map, uint16_t state);

/*
 * The key was pressed: what is written, UTF-8 with a NUL, to out; "" when
 * nothing is. Keys with Ctrl, Alt or Super write nothing, unless the layout
 * needs those to reach a character.
 */
void
shmfb_keymap_text(struct shmfb_keymap *map, uint8_t keycode, uint16_t state,
		  char *out, size_t size);

#endif /* SHMFB_KEYMAP_H */
