/* SPDX-License-Identifier: MIT */
/*
 * route.h - from where a picture is put, and what has to be done before
 *
 *	direct   from where it lies: no copy by the client
 *	render   from there, and the server scales, turns, converts: render.h
 *	staged   from a slot that it was converted or scaled into: stage.h
 *
 * present.h is about how it gets from there to the server.
 */
#ifndef SHMFB_ROUTE_H
#define SHMFB_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

struct shmfb;
struct shmfb_picture;

/*
 * Lay the picture out and make it ready to be put. -ENOTSUP when SHMFB_SHM
 * was asked for and the server refuses; -ENOMEM; -EAGAIN all slots are at
 * the server.
 */
int
shmfb_route(struct shmfb *fb, struct shmfb_picture *picture);

/*
 * Will what the application has drawn be put from where it lies, and may that
 * be in several bands? To be asked before shmfb_route().
 */
bool
shmfb_route_in_bands(const struct shmfb *fb, struct shmfb_picture *picture);

/*
 * The window or its view may have changed since the picture was made ready:
 * then do it again. The server may still be reading what it was put from, so
 * *picture may be another one afterwards, of the same frame: the reference is
 * to that, then. The same errors, and nothing changed.
 */
int
shmfb_route_again(struct shmfb *fb, struct shmfb_picture **picture);

#endif /* SHMFB_ROUTE_H */
