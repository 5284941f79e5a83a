/* SPDX-License-Identifier: MIT */
/*
 * wm.c - what window managers want to know of a window, and ask of it
 *
 * After ICCCM and the Extended Window Manager Hints.
 */
#include "config.h"

#include <string.h>
#include <unistd.h>
#include <xcb/xcb_icccm.h>

#include "base/base.h"
#include "window.h"

/* Far more than any title bar shows, far less than a request may carry. */
#define TEXT_MAX 4096

static void
set_property(struct shmfb *fb, xcb_atom_t name, xcb_atom_t type,
	     uint8_t format, size_t count, const void *data)
{
	xcb_change_property(fb->x->conn, XCB_PROP_MODE_REPLACE, fb->window,
			    name, type, format, (uint32_t)count, data);
}

/* At most TEXT_MAX bytes of it, and no half character. */
static size_t
text_length(const char *text)
{
	size_t length = strnlen(text, TEXT_MAX + 1);

	if (length <= TEXT_MAX)
		return length;
	length = TEXT_MAX;
	while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
		length--;
	return length;
}

static bool
is_ascii(const char *text, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		if ((unsigned char)text[i] >= 0x80)
			return false;
	return true;
}

void
shmfb_wm_title(struct shmfb *fb, const char *title)
{
	const xcb_atom_t *atom = fb->x->atom;
	xcb_atom_t utf8 = atom[SHMFB_ATOM_UTF8_STRING];
	size_t length = text_length(title);

	set_property(fb, atom[SHMFB_ATOM_NET_WM_NAME], utf8, 8, length, title);
	set_property(fb, atom[SHMFB_ATOM_NET_WM_ICON_NAME], utf8, 8, length,
		     title);
	/* STRING is Latin-1: what is more than ASCII says what it is. */
	set_property(fb, XCB_ATOM_WM_NAME,
		     is_ascii(title, length) ? XCB_ATOM_STRING : utf8, 8,
		     length, title);
}

void
shmfb_wm_size_hints(struct shmfb *fb, uint32_t width, uint32_t height)
{
	xcb_size_hints_t hints = { 0 };

	xcb_icccm_size_hints_set_size(&hints, 0, (int32_t)width,
				      (int32_t)height);
	if (fb->left || fb->top)
		xcb_icccm_size_hints_set_position(&hints, 0, fb->left,
						  fb->top);
	if (fb->fixed_size) {
		xcb_icccm_size_hints_set_min_size(&hints, (int32_t)width,
						  (int32_t)height);
		xcb_icccm_size_hints_set_max_size(&hints, (int32_t)width,
						  (int32_t)height);
	}
	xcb_icccm_set_wm_normal_hints(fb->x->conn, fb->window, &hints);
}

/* WM_CLASS is two strings, each with its NUL: instance and class. */
static void
set_class(struct shmfb *fb, const char *name)
{
	char both[2 * 256];
	size_t length = strnlen(name, 255);

	memset(both, 0, sizeof(both));
	memcpy(both, name, length);
	memcpy(both + length + 1, name, length);
	set_property(fb, XCB_ATOM_WM_CLASS, XCB_ATOM_STRING, 8,
		     2 * (length + 1), both);
}

/* Who we are, so that one that hangs can be ended: _NET_WM_PING. */
static void
set_process(struct shmfb *fb)
{
	uint32_t pid = (uint32_t)getpid();
	char host[256] = "";

	if (gethostname(host, sizeof(host) - 1) < 0)
		return;
	set_property(fb, XCB_ATOM_WM_CLIENT_MACHINE, XCB_ATOM_STRING, 8,
		     strlen(host), host);
	set_property(fb, fb->x->atom[SHMFB_ATOM_NET_WM_PID],
		     XCB_ATOM_CARDINAL, 32, 1, &pid);
}

void
shmfb_wm_init(struct shmfb *fb, const char *title, const char *class_name)
{
	const xcb_atom_t protocols[] = {
		fb->x->atom[SHMFB_ATOM_WM_DELETE_WINDOW],
		fb->x->atom[SHMFB_ATOM_NET_WM_PING],
	};
	xcb_icccm_wm_hints_t hints = { 0 };

	set_property(fb, fb->x->atom[SHMFB_ATOM_WM_PROTOCOLS], XCB_ATOM_ATOM,
		     32, BASE_ARRAY_SIZE(protocols), protocols);
	xcb_icccm_wm_hints_set_input(&hints, 1);
	xcb_icccm_wm_hints_set_normal(&hints);
	xcb_icccm_set_wm_hints(fb->x->conn, fb->window, &hints);
	shmfb_wm_size_hints(fb, fb->width, fb->height);
	shmfb_wm_title(fb, title);
	set_class(fb, class_name);
	set_process(fb);
}

/* The answer is the question, sent to the root window. */
static void
answer_ping(struct shmfb *fb, const xcb_client_message_event_t *event)
{
	xcb_client_message_event_t answer = *event;

	answer.response_type = XCB_CLIENT_MESSAGE;
	answer.window = fb->x->screen->root;
	xcb_send_event(fb->x->conn, 0, answer.window,
		       XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY |
		       XCB_EVENT_MASK_SUBSTRUCTURE_REDIRECT,
		       (const char *)&answer);
	xcb_flush(fb->x->conn);
}

void
shmfb_wm_message(struct shmfb *fb, const xcb_client_message_event_t *event)
{
	const xcb_atom_t *atom = fb->x->atom;
	struct shmfb_event close = { .type = SHMFB_EVENT_CLOSE };

	if (event->type != atom[SHMFB_ATOM_WM_PROTOCOLS] ||
	    event->format != 32)
		return;
	if (event->data.data32[0] == atom[SHMFB_ATOM_NET_WM_PING]) {
		answer_ping(fb, event);
	} else if (event->data.data32[0] ==
		   atom[SHMFB_ATOM_WM_DELETE_WINDOW]) {
		fb->closed = true;
		shmfb_push(fb, &close);
	}
}
