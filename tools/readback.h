/* SPDX-License-Identifier: MIT */
/*
 * readback.h - what the X server has in a window
 */
#ifndef TOOLS_READBACK_H
#define TOOLS_READBACK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Wait until all these windows are on the screen: a window manager takes its
 * time, and what is drawn before is lost.  Borrowed.  False when some are not
 * after five seconds, or when interrupted.  Dies when it cannot ask.
 */
bool
readback_wait(const uint32_t *windows, unsigned count);

/*
 * Write the window's content, read back from the server of $DISPLAY over a
 * connection of its own, as a PNG.  Where other windows cover it the server
 * may have nothing.  Dies with one line when it cannot.
 */
void
readback_png(const char *path, uint32_t window);

#endif /* TOOLS_READBACK_H */
