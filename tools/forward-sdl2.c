/* SPDX-License-Identifier: MIT */
/*
 * forward-sdl2.c - what an SDL2 window hears, as a producer is told
 *
 * As forward-window.c, so that a simulation does not know the difference. SDL2
 * names keys its own way; so the X events are looked at as well, which it
 * passes on before its own, for their keycodes and what the keymap makes of
 * them. Which are repeats, and what is released when the focus is lost, SDL2
 * knows.
 */
#include "config.h"

#include "forward-sdl2.h"

#include <SDL_syswm.h>
#include <stdio.h>
#include <string.h>
#include <xkbcommon/xkbcommon-x11.h>

/* Without a keymap keys have their place, and no symbol. */
static void
read_keymap(struct forward_sdl2 *f)
{
	int32_t device;

	f->conn = xcb_connect(NULL, NULL);
	f->context = xkb_context_new(XKB_CONTEXT_NO_DEFAULT_INCLUDES);
	if (xcb_connection_has_error(f->conn) || f->context == NULL ||
	    !xkb_x11_setup_xkb_extension(f->conn, 1, 0,
		    XKB_X11_SETUP_XKB_EXTENSION_NO_FLAGS, NULL, NULL, NULL,
		    NULL))
		return;
	device = xkb_x11_get_core_keyboard_device_id(f->conn);
	if (device >= 0)
		f->keymap = xkb_x11_keymap_new_from_device(f->context,
			f->conn, device, XKB_KEYMAP_COMPILE_NO_FLAGS);
	if (f->keymap != NULL)
		f->state = xkb_state_new(f->keymap);
}

void
forward_sdl2_init(struct forward_sdl2 *f, struct shmx_reader *reader)
{
	*f = (struct forward_sdl2){ .conn = NULL };
	forward_init(&f->forward, reader);
	if (reader == NULL)
		return;
	SDL_EventState(SDL_SYSWMEVENT, SDL_ENABLE);
	read_keymap(f);
}

void
forward_sdl2_finish(struct forward_sdl2 *f)
{
	xkb_state_unref(f->state);
	xkb_keymap_unref(f->keymap);
	xkb_context_unref(f->context);
	if (f->conn != NULL)
		xcb_disconnect(f->conn);
	*f = (struct forward_sdl2){ .conn = NULL };
}

/* An X event: remember the key that it is of, if it is. */
static void
look(struct forward_sdl2 *f, const SDL_SysWMmsg *msg)
{
	const XEvent *x = &msg->msg.x11.event;

	if (msg->subsystem != SDL_SYSWM_X11 ||
	    (x->type != KeyPress && x->type != KeyRelease))
		return;
	f->keycode = x->xkey.keycode;
	f->keysym = 0;
	if (f->state == NULL)
		return;
	xkb_state_update_mask(f->state, x->xkey.state & 0xff, 0, 0, 0, 0,
			      x->xkey.state >> 13 & 3);
	f->keysym = xkb_state_key_get_one_sym(f->state, f->keycode);
}

static uint32_t
modifiers(void)
{
	SDL_Keymod mod = SDL_GetModState();

	return (mod & KMOD_SHIFT ? SHMX_INPUT_MOD_SHIFT : 0U) |
	       (mod & KMOD_CTRL ? SHMX_INPUT_MOD_CTRL : 0U) |
	       (mod & KMOD_ALT ? SHMX_INPUT_MOD_ALT : 0U) |
	       (mod & KMOD_GUI ? SHMX_INPUT_MOD_SUPER : 0U);
}

/* What is released is what was pressed, whatever X had to say since. */
static bool
key(struct forward_sdl2 *f, struct shmx_input *in, const SDL_KeyboardEvent *ev)
{
	unsigned code = ev->keysym.scancode;

	if (code >= SDL_NUM_SCANCODES)
		return false;
	if (ev->state == SDL_PRESSED && !ev->repeat) {
		f->down[code].keycode = f->keycode;
		f->down[code].keysym = f->keysym;
	}
	in->kind = SHMX_INPUT_KEY;
	in->keycode = f->down[code].keycode;
	in->keysym = f->down[code].keysym;
	in->pressed = ev->state == SDL_PRESSED;
	in->repeat = ev->repeat != 0;
	return true;
}

/* Not what is a command: SDL2 has text of keys with Alt, too. */
static bool
text(struct shmx_input *in, const SDL_TextInputEvent *ev)
{
	if (SDL_GetModState() & (KMOD_CTRL | KMOD_LALT | KMOD_GUI))
		return false;
	in->kind = SHMX_INPUT_TEXT;
	in->modifiers = 0;
	snprintf(in->text, sizeof(in->text), "%s", ev->text);
	return true;
}

/* Where the pointer is now, which for SDL2's wheel is as good as then. */
static void
place(const struct forward_sdl2 *f, struct shmx_input *in)
{
	int x, y;

	SDL_GetMouseState(&x, &y);
	in->x = x - f->left;
	in->y = y - f->top;
}

static bool
button(const struct forward_sdl2 *f, struct shmx_input *in,
       const SDL_MouseButtonEvent *ev)
{
	in->kind = SHMX_INPUT_BUTTON;
	in->x = ev->x - f->left;
	in->y = ev->y - f->top;
	/* X's first four after the third are the wheel's. */
	in->button = ev->button > 3 ? ev->button + 4U : ev->button;
	in->pressed = ev->state == SDL_PRESSED;
	return true;
}

static bool
motion(const struct forward_sdl2 *f, struct shmx_input *in,
       const SDL_MouseMotionEvent *ev)
{
	in->kind = SHMX_INPUT_MOTION;
	in->x = ev->x - f->left;
	in->y = ev->y - f->top;
	in->dx = ev->xrel;
	in->dy = ev->yrel;
	return true;
}

static bool
scroll(const struct forward_sdl2 *f, struct shmx_input *in,
       const SDL_MouseWheelEvent *ev)
{
	in->kind = SHMX_INPUT_SCROLL;
	place(f, in);
	in->dx = ev->x;
	in->dy = ev->y;
	return true;
}

static bool
window(const struct forward_sdl2 *f, struct shmx_input *in,
       const SDL_WindowEvent *ev)
{
	switch (ev->event) {
	case SDL_WINDOWEVENT_SIZE_CHANGED:
		in->kind = SHMX_INPUT_RESIZE;
		in->width = (uint32_t)ev->data1;
		in->height = (uint32_t)ev->data2;
		return true;
	case SDL_WINDOWEVENT_FOCUS_GAINED:
	case SDL_WINDOWEVENT_FOCUS_LOST:
		in->kind = SHMX_INPUT_FOCUS;
		in->focused = ev->event == SDL_WINDOWEVENT_FOCUS_GAINED;
		return true;
	case SDL_WINDOWEVENT_ENTER:
	case SDL_WINDOWEVENT_LEAVE:
		in->kind = ev->event == SDL_WINDOWEVENT_ENTER ?
			   SHMX_INPUT_ENTER : SHMX_INPUT_LEAVE;
		place(f, in);
		return true;
	default:
		return false;
	}
}

/* false where it is nothing that a producer could want. */
static bool
translate(struct forward_sdl2 *f, struct shmx_input *in, const SDL_Event *ev)
{
	switch (ev->type) {
	case SDL_KEYDOWN:
	case SDL_KEYUP:
		return key(f, in, &ev->key);
	case SDL_TEXTINPUT:
		return text(in, &ev->text);
	case SDL_MOUSEBUTTONDOWN:
	case SDL_MOUSEBUTTONUP:
		return button(f, in, &ev->button);
	case SDL_MOUSEMOTION:
		return motion(f, in, &ev->motion);
	case SDL_MOUSEWHEEL:
		return scroll(f, in, &ev->wheel);
	case SDL_WINDOWEVENT:
		return window(f, in, &ev->window);
	default:
		return false;
	}
}

void
forward_sdl2_event(struct forward_sdl2 *f, const SDL_Event *ev)
{
	struct shmx_input in = { .modifiers = modifiers() };

	if (ev->type == SDL_SYSWMEVENT)
		look(f, ev->syswm.msg);
	(void)forward_wanted(&f->forward);
	if (translate(f, &in, ev))
		forward_put(&f->forward, &in);
}
