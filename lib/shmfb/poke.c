/* SPDX-License-Identifier: MIT */
/*
 * poke.c - what the steps of other windows wake a window with
 *
 * Called by loop.c and step.c. Whichever of the windows that share a
 * connection looks, looks for all: those that something came of are poked, by
 * an eventfd that is in their epoll descriptor.
 */
#include "config.h"

#include "poke.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/fd.h"
#include "window.h"

int
shmfb_watch_fd(int epoll_fd, int fd)
{
	struct epoll_event e = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &e) < 0 ? -errno : 0;
}

static int
make_poke(struct shmfb *fb)
{
	int err;

	if (fb->poke_fd >= 0)
		return 0;
	fb->poke_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fb->poke_fd < 0)
		return -errno;
	err = shmfb_watch_fd(fb->epoll_fd, fb->poke_fd);
	if (err)
		base_close(&fb->poke_fd);
	return err;
}

int
shmfb_poke_init(struct shmfb *fb)
{
	struct shmfb *other;
	int err;

	if (!fb->x->windows)
		return 0;
	err = make_poke(fb);
	shmfb_for_each(other, fb->x)
		if (!err)
			err = make_poke(other);
	return err;
}

void
shmfb_poke(struct shmfb_display *x, const struct shmfb *knows)
{
	const uint64_t one = 1;
	struct shmfb *fb;

	shmfb_for_each(fb, x) {
		if (fb->stirred && fb != knows && !fb->poked)
			fb->poked = write(fb->poke_fd, &one, sizeof(one)) > 0;
		fb->stirred = false;
	}
}

void
shmfb_poke_take(struct shmfb *fb)
{
	uint64_t count;

	if (fb->poked && read(fb->poke_fd, &count, sizeof(count)) > 0)
		fb->poked = false;
}
