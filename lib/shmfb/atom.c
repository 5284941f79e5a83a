/* SPDX-License-Identifier: MIT */
/*
 * atom.c - names that the X server has numbers for
 *
 * Called by display.c.
 */
#include "config.h"

#include "atom.h"

#include <stdlib.h>
#include <string.h>

/* In the order of enum shmfb_atom. */
static const char *const atom_names[SHMFB_ATOMS] = {
	"WM_PROTOCOLS",
	"WM_DELETE_WINDOW",
	"_NET_WM_PING",
	"_NET_WM_PID",
	"_NET_WM_NAME",
	"_NET_WM_ICON_NAME",
	"UTF8_STRING",
	"CLIPBOARD",
	"TARGETS",
	"TIMESTAMP",
	"MULTIPLE",
	"ATOM_PAIR",
	"INCR",
	"text/plain;charset=utf-8",
	"SHMFB_PASTE",
	"WM_STATE",
	"_NET_WM_STATE",
	"_NET_WM_STATE_FULLSCREEN",
	"_NET_WM_STATE_MAXIMIZED_VERT",
	"_NET_WM_STATE_MAXIMIZED_HORZ",
	"_NET_WM_STATE_ABOVE",
	"_NET_WM_STATE_HIDDEN",
	"_MOTIF_WM_HINTS",
	"_NET_WM_ICON",
	"_NET_WM_SYNC_REQUEST",
	"_NET_WM_SYNC_REQUEST_COUNTER",
};

void
shmfb_atom_intern(xcb_connection_t *conn, xcb_atom_t atom[SHMFB_ATOMS])
{
	xcb_intern_atom_cookie_t cookie[SHMFB_ATOMS];
	xcb_intern_atom_reply_t *r;
	unsigned i;

	for (i = 0; i < SHMFB_ATOMS; i++)
		cookie[i] = xcb_intern_atom(conn, 0,
					    (uint16_t)strlen(atom_names[i]),
					    atom_names[i]);
	for (i = 0; i < SHMFB_ATOMS; i++) {
		r = xcb_intern_atom_reply(conn, cookie[i], NULL);
		atom[i] = r ? r->atom : XCB_ATOM_NONE;
		free(r);
	}
}
