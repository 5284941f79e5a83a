/* SPDX-License-Identifier: MIT */
/*
 * connect.h - why there is no connection, in words that help
 */
#ifndef SHMFB_CONNECT_H
#define SHMFB_CONNECT_H

/* The display that is meant: name, or $DISPLAY; "" when there is none. */
const char *
shmfb_connect_name(const char *name);

/*
 * What libxcb failed with (XCB_CONN_...), as an error with its words. screen
 * is the one that was asked for. -ECONNREFUSED, -ENOMEM, -EMFILE and the like.
 */
int
shmfb_connect_error(int code, const char *name, int screen);

#endif /* SHMFB_CONNECT_H */
