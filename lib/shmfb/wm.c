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
#include "base/text.h"
#include "window.h"

/* Far more than any title bar shows, far less than a request may carry. */
#define TEXT_MAX 4096

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
	char text[TEXT_MAX + 1];
	size_t length;

	/* Often the name of a file, which may be anything. */
	if (!title)
		title = "shmfb";
	base_clean_text(text, sizeof(text), title, strlen(title));
	length = strlen(text);
	shmfb_property_set(fb, atom[SHMFB_ATOM_NET_WM_NAME], utf8, 8, length,
			   text);
	shmfb_property_set(fb, atom[SHMFB_ATOM_NET_WM_ICON_NAME], utf8, 8,
			   length, text);
	/* STRING is Latin-1: what is more than ASCII says what it is. */
	shmfb_property_set(fb, XCB_ATOM_WM_NAME,
			   is_ascii(text, length) ? XCB_ATOM_STRING : utf8,
			   8, length, text);
}

/*
 * Window managers make no window fullscreen whose size is not to be changed,
 * so that it is, for as long as it is to be fullscreen.
 */
static bool
may_be_limited(const struct shmfb *fb)
{
	return !((fb->state.wanted | fb->state.said) &
		 SHMFB_STATE_FULLSCREEN);
}

static void
set_limits(struct shmfb *fb, xcb_size_hints_t *hints)
{
	const struct shmfb_limits *l = &fb->limits;
	int32_t width = (int32_t)l->width;
	int32_t height = (int32_t)l->height;

	fb->limits.off = !may_be_limited(fb);
	if (l->off)
		return;
	if (l->fixed) {
		xcb_icccm_size_hints_set_min_size(hints, width, height);
		xcb_icccm_size_hints_set_max_size(hints, width, height);
		return;
	}
	if (l->min_width)
		xcb_icccm_size_hints_set_min_size(hints,
						  (int32_t)l->min_width,
						  (int32_t)l->min_height);
	width = (int32_t)l->aspect_width;
	height = (int32_t)l->aspect_height;
	if (width)
		xcb_icccm_size_hints_set_aspect(hints, width, height, width,
						height);
}

void
shmfb_wm_size_hints(struct shmfb *fb)
{
	xcb_size_hints_t hints = { 0 };

	xcb_icccm_size_hints_set_size(&hints, 0, (int32_t)fb->limits.width,
				      (int32_t)fb->limits.height);
	if (fb->placed)
		xcb_icccm_size_hints_set_position(&hints, 0, fb->left,
						  fb->top);
	set_limits(fb, &hints);
	xcb_icccm_set_wm_normal_hints(fb->x->conn, fb->window, &hints);
}

void
shmfb_wm_state_changed(struct shmfb *fb)
{
	if (fb->limits.off == may_be_limited(fb))
		shmfb_wm_size_hints(fb);
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
	shmfb_property_set(fb, XCB_ATOM_WM_CLASS, XCB_ATOM_STRING, 8,
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
	shmfb_property_set(fb, XCB_ATOM_WM_CLIENT_MACHINE, XCB_ATOM_STRING, 8,
			   strlen(host), host);
	shmfb_property_set(fb, fb->x->atom[SHMFB_ATOM_NET_WM_PID],
			   XCB_ATOM_CARDINAL, 32, 1, &pid);
}

/* Motif's way, which has become everybody's: the second flag, no decoration. */
static void
set_undecorated(struct shmfb *fb)
{
	const uint32_t hints[5] = { 1 << 1, 0, 0, 0, 0 };
	xcb_atom_t name = fb->x->atom[SHMFB_ATOM_MOTIF_WM_HINTS];

	shmfb_property_set(fb, name, name, 32, BASE_ARRAY_SIZE(hints), hints);
}

void
shmfb_wm_init(struct shmfb *fb, const struct shmfb_options *opt)
{
	const xcb_atom_t protocols[] = {
		fb->x->atom[SHMFB_ATOM_WM_DELETE_WINDOW],
		fb->x->atom[SHMFB_ATOM_NET_WM_PING],
		fb->x->atom[SHMFB_ATOM_NET_WM_SYNC_REQUEST],
	};
	size_t count = BASE_ARRAY_SIZE(protocols);
	xcb_icccm_wm_hints_t hints = { 0 };

	shmfb_sync_init(fb);
	if (!fb->sync.counter)
		count--;
	shmfb_property_set(fb, fb->x->atom[SHMFB_ATOM_WM_PROTOCOLS],
			   XCB_ATOM_ATOM, 32, count, protocols);
	xcb_icccm_wm_hints_set_input(&hints, 1);
	xcb_icccm_wm_hints_set_normal(&hints);
	xcb_icccm_set_wm_hints(fb->x->conn, fb->window, &hints);
	shmfb_wm_size_hints(fb);
	shmfb_wm_title(fb, opt->title);
	set_class(fb, opt->class_name);
	if (opt->flags & SHMFB_NO_DECORATION)
		set_undecorated(fb);
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
		   atom[SHMFB_ATOM_NET_WM_SYNC_REQUEST]) {
		shmfb_sync_message(fb, event);
	} else if (event->data.data32[0] ==
		   atom[SHMFB_ATOM_WM_DELETE_WINDOW]) {
		fb->closed = true;
		shmfb_push(fb, &close);
	}
}
