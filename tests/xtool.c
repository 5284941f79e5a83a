/* SPDX-License-Identifier: MIT */
/*
 * xtool.c - what the X tests share: servers, a second client, waiting
 */
#include "config.h"

#include "xtool.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "shmfb/window.h"
#include "suite.h"

/* ------------------------------------------------------------- servers -- */

/* Where the servers' last words are; of one that did not start, at least. */
static const char *
log_name(void)
{
	static char name[256];
	const char *dir = getenv("TMPDIR");

	snprintf(name, sizeof(name), "%s/xserver.log", dir ? dir : "/tmp");
	return name;
}

static void
exec_server(int fd, const char *screen, const char *const *flags)
{
	const char *argv[24] = { "Xvfb", "-displayfd", "3", "-screen", "0",
				 screen, "-noreset" };
	unsigned n = 7;
	int log = open(log_name(), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	while (flags && *flags && n < 23)
		argv[n++] = *flags++;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(log, 1);
	dup2(log, 2);
	if (dup2(fd, 3) == 3 && fd == 3)
		fcntl(3, F_SETFD, 0);
	execvp("Xvfb", (char *const *)(uintptr_t)argv);
	_exit(127);
}

/* false when it ended before it was ready. */
static bool
try_start(struct xserver *server, const char *screen, const char *const *flags)
{
	char number[16] = "";
	int fds[2];
	ssize_t n;

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	server->pid = fork();
	ck_assert_int_ge(server->pid, 0);
	if (server->pid == 0)
		exec_server(fds[1], screen, flags);
	close(fds[1]);
	/* The number comes first and the newline, perhaps, later. */
	for (n = 0; n < (ssize_t)sizeof(number) - 1; n++)
		if (read(fds[0], number + n, 1) != 1 || number[n] == '\n')
			break;
	close(fds[0]);
	if (n == 0) {
		waitpid(server->pid, NULL, 0);
		return false;
	}
	number[strcspn(number, "\n")] = '\0';
	snprintf(server->display, sizeof(server->display), ":%s", number);
	return true;
}

static void
fail_with_log(void)
{
	char words[400] = "";
	FILE *f = fopen(log_name(), "re");

	if (f) {
		words[fread(words, 1, sizeof(words) - 1, f)] = '\0';
		fclose(f);
	}
	words[strcspn(words, "\n")] = '\0';
	ck_abort_msg("Xvfb did not start: %s", words);
}

void
xserver_start(struct xserver *server, const char *screen,
	      const char *const *flags)
{
	unsigned tries;

	/* Those that start at once may want the same number: one gives up. */
	for (tries = 1; !try_start(server, screen, flags); tries++) {
		if (tries == 20)
			fail_with_log();
		usleep(20000 * tries);
	}
}

void
xserver_stop(struct xserver *server)
{
	/* It removes its socket; one that is stopped has to go on for that. */
	kill(server->pid, SIGTERM);
	kill(server->pid, SIGCONT);
	waitpid(server->pid, NULL, 0);
}

/* --------------------------------------------------- the other client -- */

xcb_connection_t *
x_connect(const char *display)
{
	xcb_connection_t *c = xcb_connect(display, NULL);

	ck_assert_int_eq(xcb_connection_has_error(c), 0);
	return c;
}

uint32_t *
x_read(xcb_connection_t *c, xcb_window_t window, uint32_t width,
       uint32_t height)
{
	xcb_get_image_reply_t *r;
	uint32_t *pixels;
	size_t i, n = (size_t)width * height;

	r = xcb_get_image_reply(c, xcb_get_image(c, XCB_IMAGE_FORMAT_Z_PIXMAP,
						 window, 0, 0,
						 (uint16_t)width,
						 (uint16_t)height, ~0U),
				NULL);
	ck_assert_ptr_nonnull(r);
	ck_assert_uint_ge((size_t)xcb_get_image_data_length(r), n * 4);
	pixels = malloc(n * 4);
	ck_assert_ptr_nonnull(pixels);
	memcpy(pixels, xcb_get_image_data(r), n * 4);
	for (i = 0; i < n; i++)
		pixels[i] &= 0xffffff;
	free(r);
	return pixels;
}

xcb_atom_t
x_atom(xcb_connection_t *c, const char *name)
{
	xcb_intern_atom_reply_t *r;
	xcb_atom_t atom;

	r = xcb_intern_atom_reply(c, xcb_intern_atom(c, 0,
				(uint16_t)strlen(name), name), NULL);
	ck_assert_ptr_nonnull(r);
	atom = r->atom;
	free(r);
	return atom;
}

void
x_message(xcb_connection_t *c, xcb_window_t window, const char *type,
	  const uint32_t data[5])
{
	xcb_client_message_event_t e = {
		.response_type = XCB_CLIENT_MESSAGE,
		.format = 32,
		.window = window,
		.type = x_atom(c, type),
	};

	memcpy(e.data.data32, data, sizeof(e.data.data32));
	xcb_send_event(c, 0, window, 0, (const char *)&e);
	x_sync(c);
}

void
x_sync(xcb_connection_t *c)
{
	free(xcb_get_input_focus_reply(c, xcb_get_input_focus(c), NULL));
}

/* ------------------------------------------------------------- waiting -- */

void
wait_until(struct shmfb *fb, bool (*done)(struct shmfb *fb, void *data),
	   void *data)
{
	struct pollfd p = { shmfb_fd(fb), POLLIN, 0 };
	uint64_t deadline = base_now_ns() + X_PATIENCE_NS;

	while (!done(fb, data)) {
		ck_assert_msg(base_now_ns() < deadline, "waited in vain");
		base_poll(&p, 1, base_now_ns() + 20 * BASE_NS_PER_MS);
		shmfb_dispatch(fb);
	}
}

static bool
nothing_under_way(struct shmfb *fb, void *data)
{
	(void)data;
	return stats_of(fb).in_flight == 0;
}

void
settle(struct shmfb *fb, xcb_connection_t *c)
{
	unsigned i;

	/* A busy server may not have come to what c has flushed. */
	x_sync(c);
	/* Twice: the first round may have led to a repaint. */
	for (i = 0; i < 3; i++) {
		x_sync(fb->x->conn);
		shmfb_dispatch(fb);
		wait_until(fb, nothing_under_way, NULL);
	}
	x_sync(c);
}

struct shmfb *
open_window(const struct shmfb_options *opt)
{
	struct shmfb *fb = NULL;
	int err = shmfb_open(&fb, opt);

	ck_assert_msg(err == 0, "shmfb_open: %d, %s", err, shmfb_error());
	/* What two clients ask for a server does in any order. */
	x_sync(fb->x->conn);
	return fb;
}

int
open_fails(const struct shmfb_options *opt, const char *words)
{
	struct shmfb *const untouched = (void *)&opt;
	struct shmfb *fb = untouched;
	int err = shmfb_open(&fb, opt);

	ck_assert_int_lt(err, 0);
	ck_assert_ptr_eq(fb, untouched);
	ck_assert_msg(strstr(shmfb_error(), words), "\"%s\" without \"%s\"",
		      shmfb_error(), words);
	return err;
}

struct shmfb_stats
stats_of(const struct shmfb *fb)
{
	struct shmfb_stats s;

	shmfb_stats(fb, &s, sizeof(s));
	return s;
}

/* ------------------------------------------------------------ patterns -- */

uint32_t
pattern(uint32_t x, uint32_t y, uint32_t seed)
{
	uint32_t h = x * 2654435761U + y * 2246822519U + seed * 3266489917U;

	h ^= h >> 15;
	h *= 2246822519U;
	h ^= h >> 13;
	/* Never black: black is what is around. */
	return (h & 0xffffff) | 0x010000;
}

void
fill(void *pixels, size_t stride, uint32_t width, uint32_t height,
     uint32_t seed)
{
	uint32_t x, y, *row;

	for (y = 0; y < height; y++) {
		row = (uint32_t *)(void *)((char *)pixels + y * stride);
		for (x = 0; x < width; x++)
			row[x] = pattern(x, y, seed);
		/* Behind the row: must not be seen. */
		for (; x < stride / 4; x++)
			row[x] = 0xff00ff;
	}
}

void
check_shows(xcb_connection_t *c, struct shmfb *fb, uint32_t width,
	    uint32_t height, uint32_t seed)
{
	struct shmfb_stats s = stats_of(fb);
	uint32_t *got = x_read(c, shmfb_window_id(fb), s.width, s.height);
	int32_t dx = ((int32_t)s.width - (int32_t)width) / 2;
	int32_t dy = ((int32_t)s.height - (int32_t)height) / 2;
	int32_t x, y;
	uint32_t want, is;

	for (y = 0; y < (int32_t)s.height; y++)
		for (x = 0; x < (int32_t)s.width; x++) {
			bool in = x >= dx && x < dx + (int32_t)width &&
				  y >= dy && y < dy + (int32_t)height;

			want = in ? pattern((uint32_t)(x - dx),
					    (uint32_t)(y - dy), seed) : 0;
			is = got[(uint32_t)y * s.width + (uint32_t)x];
			if (is != want)
				ck_abort_msg("pixel %d,%d is %06x, not %06x",
					     x, y, is, want);
		}
	free(got);
}

/* ----------------------------------------------------- System V segments -- */

unsigned
segments_of(pid_t pid, unsigned *staying)
{
	unsigned perms, n = 0;
	char line[512];
	FILE *f;
	int cpid;

	*staying = 0;
	f = fopen("/proc/sysvipc/shm", "re");
	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%*d %*d %o %*u %d", &perms, &cpid) != 2 ||
		    cpid != (int)pid)
			continue;
		n++;
		ck_assert_uint_eq(perms & 0777, 0600);
		/* As the kernel marks what is removed: SHM_DEST. */
		*staying += !(perms & 01000);
	}
	fclose(f);
	return n;
}

void
check_no_segments(pid_t pid)
{
	uint64_t end = base_now_ns() + 5 * BASE_NS_PER_S;
	unsigned staying;

	/* The server lets go when it notices that its client is gone. */
	while (segments_of(pid, &staying)) {
		ck_assert_uint_eq(staying, 0);
		ck_assert_msg(base_now_ns() < end, "a segment is left");
		usleep(1000);
	}
}
