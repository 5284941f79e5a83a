/* SPDX-License-Identifier: MIT */
/*
 * loop-poll.c - a window in a loop of one's own: poll, a timer, and stdin
 *
 *	cc loop-poll.c $(pkg-config --cflags --libs shmfb) -o loop-poll
 *
 * A clock ticks ten times a second, and each line that is written to it on
 * standard input is a colour, such as ff8000. Between those it sleeps.
 *
 * What there is to know: the descriptor wakes for what comes after the last
 * call. What a call has found already lies in the window's queue of events, or
 * is that a frame may be shown: shmfb_ready(). So before each sleep take the
 * events, and show what there is to show; as that was a call, look again.
 */
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <shmfb/shmfb.h>

enum { WINDOW, TIMER, INPUT, DESCRIPTORS };

static struct shmfb *fb;
static uint32_t colour = 0x4090e0;
static uint64_t ticks;
static bool changed = true;		/* there is something to show */
static bool go_on = true;

/* A hand goes round: a second for the whole way. Was it shown? */
static bool
show(void)
{
	struct shmx_rect hand;
	struct shmfb_canvas c;

	if (!changed || !shmfb_ready(fb) || shmfb_begin(fb, &c) < 0)
		return false;
	hand.width = (int32_t)c.width / 10;
	hand.height = (int32_t)c.height;
	hand.x = (int32_t)(ticks % 10) * hand.width;
	hand.y = 0;
	shmfb_fill(&c, NULL, 0x181a20);
	shmfb_fill(&c, &hand, colour);
	changed = shmfb_present(fb, NULL, 0) < 0;
	return !changed;
}

static void
take_events(void)
{
	struct shmfb_event e;

	while (shmfb_next_event(fb, &e)) {
		if (e.type == SHMFB_EVENT_RESIZE)
			changed = true;
		if (e.type == SHMFB_EVENT_KEY && e.u.key.pressed &&
		    e.u.key.keysym == 'q')
			go_on = false;
	}
}

/* stdin at its end is readable for ever: then it is left out. */
static void
read_colour(struct pollfd *input)
{
	char line[64];
	ssize_t n = read(STDIN_FILENO, line, sizeof(line) - 1);

	if (n <= 0) {
		input->fd = -1;
		return;
	}
	line[n] = '\0';
	colour = (uint32_t)strtoul(line, NULL, 16) & 0xffffff;
	changed = true;
}

static int
usage(int status)
{
	fprintf(status ? stderr : stdout,
		"usage: loop-poll\n"
		"A clock in a window; each line on standard input is its "
		"colour,\nsuch as ff8000. q quits.\n");
	return status;
}

int
main(int argc, char **argv)
{
	const struct itimerspec tenth = { { 0, 100000000 }, { 0, 100000000 } };
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	struct pollfd p[DESCRIPTORS];
	uint64_t n;

	if (argc > 1)
		return usage(strcmp(argv[1], "--help") ? 2 : 0);
	opt.title = opt.class_name = "loop-poll";
	if (shmfb_open(&fb, &opt) < 0) {
		fprintf(stderr, "loop-poll: %s\n", shmfb_error());
		return 1;
	}
	p[WINDOW] = (struct pollfd){ shmfb_fd(fb), POLLIN, 0 };
	p[TIMER] = (struct pollfd){ timerfd_create(CLOCK_MONOTONIC,
						   TFD_CLOEXEC), POLLIN, 0 };
	p[INPUT] = (struct pollfd){ STDIN_FILENO, POLLIN, 0 };
	timerfd_settime(p[TIMER].fd, 0, &tenth, NULL);
	for (;;) {
		do
			take_events();
		while (show());
		if (!go_on || poll(p, DESCRIPTORS, -1) < 0)
			break;
		if (p[TIMER].revents &&
		    read(p[TIMER].fd, &n, sizeof(n)) == sizeof(n)) {
			ticks += n;
			changed = true;
		}
		if (p[INPUT].revents)
			read_colour(&p[INPUT]);
		if (p[WINDOW].revents && shmfb_dispatch(fb) < 0)
			break;
	}
	close(p[TIMER].fd);
	shmfb_close(fb);
	return 0;
}
