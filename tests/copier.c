/* SPDX-License-Identifier: MIT */
/*
 * copier TEXT - has the clipboard be that text, until it is ended
 *
 * It prints "copied" when others can paste it.
 */
#include "config.h"

#include <poll.h>
#include <stdio.h>

#include <shmfb/shmfb.h>

int
main(int argc, char **argv)
{
	struct shmfb_options o = SHMFB_OPTIONS_INIT;
	struct pollfd wait;
	struct shmfb *fb;

	if (argc != 2)
		return 2;
	o.title = o.class_name = "copier";
	o.flags = SHMFB_UNMAPPED;
	if (shmfb_open(&fb, &o) < 0 || shmfb_set_clipboard(fb, argv[1]) < 0) {
		fprintf(stderr, "copier: %s\n", shmfb_error());
		return 1;
	}
	puts("copied");
	fflush(stdout);
	wait = (struct pollfd){ shmfb_fd(fb), POLLIN, 0 };
	while (shmfb_dispatch(fb) == 0)
		poll(&wait, 1, -1);
	shmfb_close(fb);
	return 0;
}
