/* SPDX-License-Identifier: MIT */
/*
 * extension.h - what the server can do beyond the core protocol
 */
#ifndef SHMFB_EXTENSION_H
#define SHMFB_EXTENSION_H

#include <xcb/xcb.h>

struct shmfb_display;

/* Send now what shmfb_extension_init() and the rest will ask for. */
void
shmfb_extension_prefetch(xcb_connection_t *conn);

/* MIT-SHM, Present and SYNC: what of them there is, in x. */
void
shmfb_extension_init(struct shmfb_display *x);

#endif /* SHMFB_EXTENSION_H */
