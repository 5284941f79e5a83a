/* SPDX-License-Identifier: MIT */
/*
 * test-storm.c - a window that is resized a thousand times
 *
 * By a window manager, which the test plays: some sizes come faster than they
 * can be drawn, and for each fourth the manager waits. At the very instant of
 * the answer the window shows the frame of that size, to the pixel. At the end
 * neither side has more of the other's than at the beginning.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>
#include <xcb/sync.h>
#include <xcb/xcbext.h>

#include <shmfb/shmfb.h>

#include "base/base.h"
#include "shmfb/window.h"
#include "suite.h"
#include "xtool.h"

#define SIZES 1000

/* The ways that pictures go, each with what belongs to it at the server. */
static const struct {
	enum shmfb_backend backend;
	const char *path;
	const char *memory;		/* as /proc has it; NULL: none */
	bool scaled;			/* a canvas of its own size */
} ways[] = {
	{ SHMFB_SHM, "shm-fd", "memfd:shmfb", false },
	{ SHMFB_SYSV, "shm-sysv", "/SYSV", false },
	{ SHMFB_PUT, "put", NULL, false },
	{ SHMFB_SHM, "shm-fd", "memfd:shmfb", true },
};

static struct xserver server;
static xcb_connection_t *c;

static void
setup(void)
{
	xserver_start(&server, "640x480x24", NULL);
	c = x_connect(server.display);
	free(xcb_sync_initialize_reply(c, xcb_sync_initialize(c, 3, 0),
				       NULL));
}

static void
teardown(void)
{
	xcb_disconnect(c);
	xserver_stop(&server);
}

/* ------------------------------------------------------------ counting -- */

static unsigned
count_fds(pid_t pid)
{
	char name[64];
	unsigned n = 0;
	DIR *dir;

	snprintf(name, sizeof(name), "/proc/%d/fd", (int)pid);
	dir = opendir(name);
	ck_assert_ptr_nonnull(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* How often a process has memory of that name in its address space. */
static unsigned
count_mappings(pid_t pid, const char *memory)
{
	char name[64], line[512];
	unsigned n = 0;
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%d/maps", (int)pid);
	f = fopen(name, "re");
	ck_assert_ptr_nonnull(f);
	while (memory && fgets(line, sizeof(line), f))
		n += strstr(line, memory) != NULL;
	fclose(f);
	return n;
}

/* ResQueryClientPixmapBytes, as xrestop asks it, in the wire's words. */
static uint64_t
pixmap_bytes(struct shmfb *fb)
{
	static xcb_extension_t resource = { "X-Resource", 0 };
	static const xcb_protocol_request_t protocol = { 1, &resource, 3, 0 };
	struct {
		uint8_t major, minor;
		uint16_t length;
		uint32_t xid;
	} request = { 0, 0, 0, shmfb_window_id(fb) };
	struct {
		uint8_t type, pad;
		uint16_t sequence;
		uint32_t length, bytes, overflow;
	} *reply;
	struct iovec parts[3] = { { NULL, 0 }, { NULL, 0 },
				  { &request, sizeof(request) } };
	uint64_t bytes;

	reply = xcb_wait_for_reply(c, xcb_send_request(c, 0, parts + 2,
						       &protocol), NULL);
	ck_assert_ptr_nonnull(reply);
	bytes = reply->bytes | (uint64_t)reply->overflow << 32;
	free(reply);
	return bytes;
}

/* ------------------------------------------------------------- drawing -- */

static void
draw(struct shmfb *fb, uint32_t seed)
{
	struct shmfb_canvas canvas;
	int err;

	while ((err = shmfb_begin(fb, &canvas)) == -EAGAIN)
		ck_assert(shmfb_pump(fb));
	ck_assert_int_eq(err, 0);
	fill(canvas.pixels, canvas.stride, canvas.width, canvas.height, seed);
	ck_assert_int_eq(shmfb_present(fb, NULL, 0), 0);
}

/* What a scaled one shows is where the view says. */
static uint32_t
expected(struct shmfb *fb, bool scaled, uint32_t x, uint32_t y, uint32_t seed)
{
	double px, py;

	if (!scaled)
		return pattern(x, y, seed);
	if (!shmfb_to_picture(fb, (int32_t)x, (int32_t)y, &px, &py))
		return 0;
	return pattern((uint32_t)px, (uint32_t)py, seed);
}

/* ----------------------------------------------------------- resizing -- */

static void
resize(struct shmfb *fb, uint32_t width, uint32_t height)
{
	const uint32_t values[] = { width, height };

	xcb_configure_window(c, shmfb_window_id(fb),
			     XCB_CONFIG_WINDOW_WIDTH |
			     XCB_CONFIG_WINDOW_HEIGHT, values);
}

/* Some hundred pixels each way, up and down. */
static void
any_size(uint32_t i, uint32_t *width, uint32_t *height)
{
	*width = 1 + pattern(i, 1, 7) % 260;
	*height = 1 + pattern(i, 2, 7) % 200;
}

static uint32_t
counter_of(struct shmfb *fb)
{
	return fb->sync.counter;
}

/* Have the server do nothing more for the observer until the answer. */
static void
wait_for_answer(struct shmfb *fb, uint32_t number)
{
	const xcb_sync_waitcondition_t when = {
		.trigger = {
			.counter = counter_of(fb),
			.wait_type = XCB_SYNC_VALUETYPE_ABSOLUTE,
			.wait_value = { 0, number },
			.test_type = XCB_SYNC_TESTTYPE_POSITIVE_COMPARISON,
		},
	};

	xcb_sync_await(c, 1, &when);
}

static void
check_image(struct shmfb *fb, bool scaled, xcb_get_image_cookie_t cookie,
	    uint32_t width, uint32_t height, uint32_t seed)
{
	xcb_get_image_reply_t *r = xcb_get_image_reply(c, cookie, NULL);
	const uint32_t *got;
	uint32_t x, y, is, want;

	ck_assert_ptr_nonnull(r);
	got = (const void *)xcb_get_image_data(r);
	for (y = 0; y < height; y++)
		for (x = 0; x < width; x++) {
			is = got[y * width + x] & 0xffffff;
			want = expected(fb, scaled, x, y, seed);
			if (is != want)
				ck_abort_msg("size %u, %ux%u: pixel %u,%u is "
					     "%06x, not %06x", seed, width,
					     height, x, y, is, want);
		}
	free(r);
}

static bool
has_answered(struct shmfb *fb, void *data)
{
	(void)data;
	return !fb->sync.due;
}

/* A size that the manager waits for. */
static void
resize_in_step(struct shmfb *fb, bool scaled, uint32_t i)
{
	const uint32_t data[5] = { x_atom(c, "_NET_WM_SYNC_REQUEST"), 0, i };
	xcb_get_image_cookie_t cookie;
	uint32_t width, height;

	any_size(i, &width, &height);
	x_message(c, shmfb_window_id(fb), "WM_PROTOCOLS", data);
	resize(fb, width, height);
	x_sync(c);
	wait_for_answer(fb, i);
	cookie = xcb_get_image(c, XCB_IMAGE_FORMAT_Z_PIXMAP,
			       shmfb_window_id(fb), 0, 0, (uint16_t)width,
			       (uint16_t)height, ~0U);
	xcb_flush(c);
	x_sync(fb->x->conn);
	shmfb_dispatch(fb);
	/* A machine that is slow is no reason to answer for us. */
	if (fb->sync.due)
		fb->sync.due_ns = UINT64_MAX;
	/* One of a size of its own is whole when it is painted again. */
	if (!scaled)
		draw(fb, i);
	wait_until(fb, has_answered, NULL);
	check_image(fb, scaled, cookie, width, height, scaled ? i - 1 : i);
	if (scaled)
		draw(fb, i);
}

static struct shmfb *
open_way(int way)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	struct shmfb_view view = SHMFB_VIEW_INIT;
	struct shmfb *fb;

	opt.display = server.display;
	opt.backend = ways[way].backend;
	opt.vsync = SHMFB_VSYNC_OFF;
	opt.width = 100;
	opt.height = 100;
	fb = open_window(&opt);
	if (ways[way].scaled) {
		view.scale = SHMFB_SCALE_INTEGER;
		ck_assert_int_eq(shmfb_set_view(fb, &view), 0);
		ck_assert_int_eq(shmfb_set_canvas_size(fb, 64, 48), 0);
	}
	draw(fb, 0);
	settle(fb, c);
	return fb;
}

static void
blow(struct shmfb *fb, bool scaled)
{
	uint32_t i, width, height;

	for (i = 1; i <= SIZES; i++) {
		if (i % 4 == 0) {
			resize_in_step(fb, scaled, i);
			continue;
		}
		any_size(i, &width, &height);
		resize(fb, width, height);
		xcb_flush(c);
		draw(fb, i);
	}
	settle(fb, c);
}

START_TEST(thousand_sizes)
{
	struct shmfb *fb = open_way(_i);
	unsigned fds = count_fds(getpid());
	unsigned fds_there = count_fds(server.pid);
	struct shmfb_stats s;

	ck_assert_str_eq(stats_of(fb).path, ways[_i].path);
	blow(fb, ways[_i].scaled);
	s = stats_of(fb);
	ck_assert_uint_eq(s.frames_failed, 0);
	ck_assert_uint_eq(s.frames_shown, SIZES + 1);
	ck_assert_uint_eq(count_fds(getpid()), fds);
	ck_assert_uint_eq(count_fds(server.pid), fds_there);
	/* No more than the pools have slots. */
	ck_assert_uint_le(count_mappings(server.pid, ways[_i].memory),
			  2 * SHMFB_SLOTS);
	ck_assert_uint_le(count_mappings(getpid(), ways[_i].memory),
			  2 * SHMFB_SLOTS);
	/* The picture itself, where the server scales it. */
	ck_assert_uint_le(pixmap_bytes(fb), ways[_i].scaled ? 64 * 48 * 4 : 0);
	shmfb_close(fb);
	x_sync(c);
	ck_assert_uint_eq(count_mappings(server.pid, ways[_i].memory), 0);
	ck_assert_uint_eq(count_mappings(getpid(), ways[_i].memory), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("storm");
	TCase *tc = suite_case(s, "resize");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, thousand_sizes, 0, BASE_ARRAY_SIZE(ways));
	return suite_run(s);
}
