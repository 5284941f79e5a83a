/* SPDX-License-Identifier: MIT */
/*
 * bare.h - the shortest X client that shows frames, to compare with
 *
 * What an engineer would write who needs nothing but this: a connection, a
 * window, requests and their completions. No other events, no damage, no
 * expose, no resize, no errors handled but by giving up.
 */
#ifndef BENCH_BARE_H
#define BENCH_BARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <xcb/shm.h>
#include <xcb/xcb.h>

struct bare {
	xcb_connection_t *conn;		/* ours */
	xcb_window_t window;
	xcb_gcontext_t gc;
	uint8_t depth;
	uint8_t completion;		/* event code of ShmCompletion */
	uint16_t width;
	uint16_t height;
	unsigned in_flight;		/* ShmPutImage, not completed */

	/* Memory with frames in it, which the server has attached. */
	xcb_shm_seg_t segment;
	const uint8_t *memory;		/* ours, mapped read-only */
	size_t bytes;
};

/* All die when it cannot be done: there is nothing to compare with then. */

/* Connect to $DISPLAY and map a window at 0, 0. */
void
bare_open(struct bare *b, unsigned width, unsigned height);

/* Map memory, and have the server attach it read-only. fd is borrowed. */
void
bare_attach(struct bare *b, int fd, size_t bytes);

/* Let the socket take 4 MB at once, as far as the system allows. */
void
bare_widen(const struct bare *b);

void
bare_close(struct bare *b);

/* The server's process. */
pid_t
bare_server(const struct bare *b);

/* Put that window of this server's, ours or not, above all others. */
void
bare_raise(struct bare *b, xcb_window_t window);

/* Does the screen have room for the window? */
bool
bare_fits(const struct bare *b);

/* Have the server read the frame that is at offset. */
void
bare_put_shm(struct bare *b, uint64_t offset);

/* Until no more than that many are in flight. */
void
bare_wait_shm(struct bare *b, unsigned in_flight);

/* Send it in pieces of at most so many bytes, and wait for the server. */
void
bare_put_socket(struct bare *b, uint64_t offset, size_t piece);

#endif /* BENCH_BARE_H */
