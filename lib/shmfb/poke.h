/* SPDX-License-Identifier: MIT */
/*
 * poke.h - what the steps of other windows wake a window with
 */
#ifndef SHMFB_POKE_H
#define SHMFB_POKE_H

struct shmfb;
struct shmfb_display;

/* Have that descriptor, when it is readable, make the other so. -errno. */
int
shmfb_watch_fd(int epoll_fd, int fd);

/*
 * The window is to be another of its connection's: if there are some, all of
 * them can be poked from now on. -errno.
 */
int
shmfb_poke_init(struct shmfb *fb);

/*
 * Wake whom something happened to, but for the one that knows it: NULL when
 * none does.
 */
void
shmfb_poke(struct shmfb_display *x, const struct shmfb *knows);

/* It looks now. */
void
shmfb_poke_take(struct shmfb *fb);

#endif /* SHMFB_POKE_H */
