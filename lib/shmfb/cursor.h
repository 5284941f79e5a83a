/* SPDX-License-Identifier: MIT */
/*
 * cursor.h - what the pointer looks like over a window
 */
#ifndef SHMFB_CURSOR_H
#define SHMFB_CURSOR_H

#include <xcb/xcb.h>

#include <shmfb/shmfb.h>

struct shmfb_display;

#define SHMFB_CURSORS (SHMFB_CURSOR_NONE + 1)

/*
 * The cursor's id, made when it is first wanted; it lives as long as the
 * connection. XCB_CURSOR_NONE, which is that of the window around, where none
 * can be had.
 */
xcb_cursor_t
shmfb_cursor_get(struct shmfb_display *x, enum shmfb_cursor which);

#endif /* SHMFB_CURSOR_H */
