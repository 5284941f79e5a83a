/* SPDX-License-Identifier: MIT */
/*
 * forward-sdl2.h - what an SDL2 window hears, as a producer is told
 */
#ifndef TOOLS_FORWARD_SDL2_H
#define TOOLS_FORWARD_SDL2_H

#include <SDL.h>
#include <xcb/xcb.h>
#include <xkbcommon/xkbcommon.h>

#include "forward.h"

struct forward_sdl2 {
	struct forward forward;
	int left, top;			/* of the picture in the window */
	/* What X calls the keys, which SDL2 has names of its own for. */
	xcb_connection_t *conn;		/* ours, to read the keymap; or NULL */
	struct xkb_context *context;	/* ours, these too */
	struct xkb_keymap *keymap;
	struct xkb_state *state;
	uint32_t keycode;		/* of the X event before */
	uint32_t keysym;
	struct {
		uint32_t keycode;
		uint32_t keysym;
	} down[SDL_NUM_SCANCODES];	/* as they were pressed */
};

/* After SDL_Init(). reader is borrowed; NULL: forward nothing. */
void
forward_sdl2_init(struct forward_sdl2 *f, struct shmx_reader *reader);

void
forward_sdl2_finish(struct forward_sdl2 *f);

/* Forward an event, if it is input; also those that are not are looked at. */
void
forward_sdl2_event(struct forward_sdl2 *f, const SDL_Event *ev);

#endif /* TOOLS_FORWARD_SDL2_H */
