/* SPDX-License-Identifier: MIT */
/*
 * test-show-grown.c - the window shows a ring that grows, from its memory
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <shmfb/shmfb.h>

#include "shmfb/window.h"
#include "suite.h"
#include "xtool.h"

static xcb_connection_t *c;
static struct shmx_producer *producer;

static void
setup(void)
{
	c = x_connect(NULL);
	ck_assert_msg(shmx_producer_open_image(&producer, "test", 64, 48,
					       SHMX_XRGB8888) == 0, "%s",
		      shmx_error());
}

static void
teardown(void)
{
	shmx_producer_close(producer);
	xcb_disconnect(c);
}

static void
grow(uint32_t width, uint32_t height)
{
	const struct shmx_stream stream = {
		.kind = SHMX_STREAM_IMAGE,
		.id = 1,
		.name = "image",
		.width = width,
		.height = height,
		.format = SHMX_XRGB8888,
	};
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;

	o.streams = &stream;
	o.stream_count = 1;
	ck_assert_msg(shmx_producer_grow(producer, &o) == 0, "%s",
		      shmx_error());
}

static void
publish(uint32_t seed)
{
	struct shmx_frame f;

	shmx_begin(producer, &f);
	fill(f.pixels, f.stride, f.width, f.height, seed);
	ck_assert_uint_gt(shmx_publish(producer, &f), 0);
}

/* Show the newest frame; which ring it is of. */
static uint64_t
show_newest(struct shmfb *fb, struct shmx_reader *r)
{
	struct shmx_hold *hold;
	uint64_t ring;
	int err;

	ck_assert_msg(shmx_wait(r, 10000) == 0, "%s", shmx_error());
	ck_assert_msg(shmx_hold_latest(r, &hold) == 0, "%s", shmx_error());
	ring = shmx_frame_info(hold)->ring_id;
	while ((err = shmfb_show(fb, hold)) == -EAGAIN)
		ck_assert(shmfb_pump(fb));
	ck_assert_msg(err == 0, "%s", shmfb_error());
	shmx_release(hold);
	return ring;
}

static const enum shmfb_backend backends[] = { SHMFB_SHM, SHMFB_PUT };

START_TEST(each_ring_is_shown)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	struct shmx_reader_options ropt = SHMX_READER_OPTIONS_INIT;
	struct shmx_reader *r;
	struct shmfb *fb;
	uint64_t ring, last = 0;
	uint32_t i, w = 64, h = 48;

	opt.width = 150;
	opt.height = 120;
	opt.backend = backends[_i];
	opt.vsync = SHMFB_VSYNC_OFF;
	ropt.holds = 3;
	ck_assert_int_eq(shmx_reader_open(&r, "test", &ropt), 0);
	fb = open_window(&opt);
	for (i = 1; i < 30; i++) {
		if (i % 3 == 0) {
			w = 64 + i * 3;
			h = 48 + i;
			grow(w, h);
		}
		publish(i);
		ring = show_newest(fb, r);
		while (fb->newest->width != w) {
			/* It was on its way. */
			ring = show_newest(fb, r);
		}
		ck_assert_int_eq(ring != last, i == 1 || i % 3 == 0);
		last = ring;
		/* The frame of the old ring is at the server, or kept. */
		if (i % 2 == 0)
			continue;
		settle(fb, c);
		check_shows(c, fb, w, h, i);
	}
	/* The pixels were never copied but by the server. */
	ck_assert_uint_eq(stats_of(fb).client_copies, _i == 0 ? 0 : 29);
	/* What is repainted is of the ring of today. */
	settle(fb, c);
	xcb_unmap_window(c, shmfb_window_id(fb));
	xcb_map_window(c, shmfb_window_id(fb));
	x_sync(c);
	settle(fb, c);
	check_shows(c, fb, w, h, 29);
	shmfb_close(fb);
	shmx_reader_close(r);
}
END_TEST

/* --------------------------------------------------------- shmx view -- */

/* Width and height of a PNG. */
static void
read_size(const char *path, uint32_t *width, uint32_t *height)
{
	unsigned char head[24];
	FILE *f = fopen(path, "re");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fread(head, 1, sizeof(head), f), sizeof(head));
	fclose(f);
	*width = (uint32_t)head[18] << 8 | head[19];
	*height = (uint32_t)head[22] << 8 | head[23];
}

static void
run_view(const char *png)
{
	const char *build = getenv("top_builddir");
	char path[4096];

	snprintf(path, sizeof(path), "%s/tools/shmx-view",
		 build != NULL ? build : ".");
	execl(path, "shmx-view", "test", "--frames", "2", "--vsync=off",
	      "--screenshot-window", png, (char *)NULL);
	_exit(127);
}

/* Published by a thread of its own, the ring needs none of ours. */
START_TEST(the_viewers_window_follows)
{
	struct shmx_reader_snapshot s;
	char png[64];
	uint32_t width, height;
	int status;
	pid_t pid;

	snprintf(png, sizeof(png), "grown-%d.png", (int)getpid());
	publish(1);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		run_view(png);
	/* It has shown the first. */
	do {
		ck_assert_int_eq(waitpid(pid, &status, WNOHANG), 0);
		usleep(1000);
	} while (shmx_producer_readers(producer, &s, sizeof(s), 1) != 1 ||
		 s.held == 0);
	grow(200, 150);
	publish(2);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0);
	read_size(png, &width, &height);
	unlink(png);
	ck_assert_uint_eq(width, 200);
	ck_assert_uint_eq(height, 150);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("show-grown");
	TCase *tc = suite_case(s, "show-grown");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, each_ring_is_shown, 0, 2);
	tcase_add_test(tc, the_viewers_window_follows);
	return suite_run(s);
}
