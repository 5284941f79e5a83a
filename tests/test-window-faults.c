/* SPDX-License-Identifier: MIT */
/*
 * test-window-faults.c - what a window does when something is not to be had
 *
 * Memory, descriptors, the right to be there, room at the server: each call
 * says so or goes another way, works when it is called again, and leaves
 * nothing behind, here or at the server.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <xcb/xcbext.h>

#include <shmfb/shmfb.h>

#include "base/base.h"
#include "cut.h"
#include "fault.h"
#include "shmfb/window.h"
#include "suite.h"
#include "xtool.h"

#define WIDTH 120
#define HEIGHT 90

static xcb_connection_t *c;

static void
connect_observer(void)
{
	c = x_connect(NULL);
}

static void
disconnect_observer(void)
{
	xcb_disconnect(c);
}

/* ------------------------------------------------------ not to be had -- */

/* A cookie for any display, as xauth(1) writes it. */
static void
write_cookie(const char *path, char byte)
{
	const char head[] = { '\xff', '\xff', 0, 0, 0, 0, 0, 18 };
	FILE *f = fopen(path, "we");
	int i;

	ck_assert_ptr_nonnull(f);
	fwrite(head, 1, sizeof(head), f);
	fputs("MIT-MAGIC-COOKIE-1", f);
	fputc(0, f);
	fputc(16, f);
	for (i = 0; i < 16; i++)
		fputc(byte, f);
	ck_assert_int_eq(fclose(f), 0);
}

START_TEST(unauthorised)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	const char *flags[] = { "-auth", NULL, NULL };
	char cookie[256], other[256];
	struct xserver server;

	snprintf(cookie, sizeof(cookie), "%s/cookie", getenv("TMPDIR"));
	snprintf(other, sizeof(other), "%s/other", getenv("TMPDIR"));
	write_cookie(cookie, 'c');
	write_cookie(other, 'o');
	flags[1] = cookie;
	xserver_start(&server, "640x480x24", flags);
	opt.display = server.display;
	setenv("XAUTHORITY", "/dev/null", 1);
	ck_assert_int_eq(open_fails(&opt, "does not let this user in"),
			 -ECONNREFUSED);
	ck_assert_ptr_nonnull(strstr(shmfb_error(), "XAUTHORITY"));
	setenv("XAUTHORITY", other, 1);
	ck_assert_int_eq(open_fails(&opt, "does not let this user in"),
			 -ECONNREFUSED);
	setenv("XAUTHORITY", cookie, 1);
	shmfb_close(open_window(&opt));
	unsetenv("XAUTHORITY");
	xserver_stop(&server);
}
END_TEST

/* However few descriptors there are: a window, or words. */
START_TEST(few_descriptors)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	struct rlimit all, few;
	unsigned spare, failed = 0, other = 0;
	struct shmfb_canvas canvas;
	struct shmfb *fb;
	int first, err;

	opt.vsync = SHMFB_VSYNC_OFF;
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &all), 0);
	for (spare = 0; spare < 12; spare++) {
		first = open("/dev/null", O_RDONLY | O_CLOEXEC);
		close(first);
		few = all;
		few.rlim_cur = (rlim_t)first + spare;
		setrlimit(RLIMIT_NOFILE, &few);
		err = shmfb_open(&fb, &opt);
		if (!err && shmfb_begin(fb, &canvas) == 0)
			fill(canvas.pixels, canvas.stride, canvas.width,
			     canvas.height, spare);
		if (!err)
			ck_assert_int_eq(shmfb_present(fb, NULL, 0), 0);
		setrlimit(RLIMIT_NOFILE, &all);
		if (err) {
			ck_assert_msg(err == -EMFILE || err == -ENOMEM,
				      "%u to spare: %d, %s", spare, err,
				      shmfb_error());
			failed++;
			continue;
		}
		settle(fb, c);
		check_shows(c, fb, 640, 480, spare);
		other += strcmp(stats_of(fb).path, "shm-fd") != 0;
		shmfb_close(fb);
	}
	ck_assert_uint_ge(failed, 3);
	/* Too few to give one to the server: then by something else. */
	ck_assert_uint_ge(other, 1);
	ck_assert_uint_lt(failed + other, 12);
}
END_TEST

/* ----------------------------------------------------- calls that fail -- */

/* How many things the server has for the client that made that one. */
static unsigned
resources(xcb_window_t of)
{
	static xcb_extension_t ext = { "X-Resource", 0 };
	const xcb_protocol_request_t client_resources = { 1, &ext, 2, 0 };
	uint32_t request[2] = { 0, of }, n, i, count, sum = 0;
	struct iovec io[3] = { { NULL, 0 } };
	uint8_t *reply;

	/* The first two are libxcb's own. */
	io[2].iov_base = request;
	io[2].iov_len = sizeof(request);
	reply = xcb_wait_for_reply(c, xcb_send_request(c, XCB_REQUEST_CHECKED,
						       io + 2,
						       &client_resources),
				   NULL);
	ck_assert_ptr_nonnull(reply);
	memcpy(&n, reply + 8, sizeof(n));
	for (i = 0; i < n; i++) {
		memcpy(&count, reply + 32 + 8 * i + 4, sizeof(count));
		sum += count;
	}
	free(reply);
	return sum;
}

struct ring {
	struct shmx_producer *producer;
	struct shmx_reader *reader;
	struct shmx_hold *hold;
};

static struct ring rings[2];

static void
ring_open(struct ring *r, const char *name, uint32_t format, uint32_t seed)
{
	struct shmx_frame f;

	ck_assert_int_eq(shmx_producer_open_image(&r->producer, name, WIDTH,
						  HEIGHT, format), 0);
	ck_assert_int_eq(shmx_reader_open(&r->reader, name, NULL), 0);
	shmx_begin(r->producer, &f);
	/* Any bytes are pixels. */
	fill(f.pixels, f.stride, f.stride / 4, HEIGHT, seed);
	ck_assert_uint_gt(shmx_publish(r->producer, &f), 0);
	ck_assert_int_eq(shmx_hold_latest(r->reader, &r->hold), 0);
}

static void
ring_close(struct ring *r)
{
	shmx_release(r->hold);
	shmx_reader_close(r->reader);
	shmx_producer_close(r->producer);
}

/* How many slots of the ring somebody holds. */
static uint32_t
held(const struct ring *r)
{
	struct shmx_producer_stats s;

	shmx_producer_stats(r->producer, &s, sizeof(s));
	return s.slots_held;
}

static void
open_rings(void)
{
	connect_observer();
	ring_open(&rings[0], "same", SHMX_XRGB8888, 1);
	ring_open(&rings[1], "other", SHMX_RGB888, 2);
}

static void
close_rings(void)
{
	ring_close(&rings[0]);
	ring_close(&rings[1]);
	disconnect_observer();
}

static int
show_same(struct shmfb *fb)
{
	return shmfb_show(fb, rings[0].hold);
}

static int
show_other(struct shmfb *fb)
{
	return shmfb_show(fb, rings[1].hold);
}

static int
draw(struct shmfb *fb)
{
	struct shmfb_canvas canvas;
	int err = shmfb_begin(fb, &canvas);

	if (err)
		return err;
	fill(canvas.pixels, canvas.stride, canvas.width, canvas.height, 3);
	return shmfb_present(fb, NULL, 0);
}

static int
copy(struct shmfb *fb, uint32_t format)
{
	static uint32_t pixels[WIDTH * HEIGHT];
	const struct shmfb_image image = {
		.pixels = pixels, .stride = WIDTH * 4, .width = WIDTH,
		.height = HEIGHT, .format = format,
	};

	fill(pixels, WIDTH * 4, WIDTH, HEIGHT, 4);
	return shmfb_present_copy(fb, &image, NULL, 0);
}

static int
copy_same(struct shmfb *fb)
{
	return copy(fb, SHMX_XRGB8888);
}

static int
copy_other(struct shmfb *fb)
{
	return copy(fb, SHMX_XRGB2101010);
}

static int (*const calls[])(struct shmfb *) = {
	draw, copy_same, copy_other, show_same, show_other,
};
static const enum shmfb_backend backends[] = {
	SHMFB_AUTO, SHMFB_SYSV, SHMFB_PUT, SHMFB_PRESENT,
};

#define CALLS ((int)BASE_ARRAY_SIZE(calls))
#define BACKENDS ((int)BASE_ARRAY_SIZE(backends))

/* A window on that one's connection, beside it. */
static struct shmfb *
open_beside(struct shmfb *first, enum shmfb_backend backend, bool turned)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	struct shmfb_view view = SHMFB_VIEW_INIT;
	struct shmfb *fb;

	opt.share = first;
	opt.backend = backend;
	opt.vsync = SHMFB_VSYNC_OFF;
	opt.width = WIDTH;
	opt.height = HEIGHT;
	opt.x = 700;
	fb = open_window(&opt);
	view.scale = SHMFB_SCALE_FIT;
	view.rotation = turned;
	ck_assert_int_eq(shmfb_set_view(fb, &view), 0);
	return fb;
}

/* What the window shows after that call; to be freed. */
static uint32_t *
showing(struct shmfb *fb)
{
	settle(fb, c);
	return x_read(c, shmfb_window_id(fb), WIDTH, HEIGHT);
}

/* The call, in a window whose n-th try to get something fails. Did it? */
static bool
try_call(struct shmfb *fb, int (*call)(struct shmfb *), bool later,
	 unsigned n, const uint32_t *want)
{
	uint32_t *got;
	bool failed;
	int err;

	if (later)
		ck_assert_int_eq(draw(fb), 0);
	settle(fb, c);
	fault_nth_here(NULL, n, ENOMEM);
	err = call(fb);
	failed = fault_off();
	ck_assert_msg(err == 0 || (failed && err == -ENOMEM), "%u: %d, %s", n,
		      err, shmfb_error());
	if (err) {
		settle(fb, c);
		err = call(fb);
		ck_assert_msg(err == 0, "again: %d, %s", err, shmfb_error());
	}
	got = showing(fb);
	ck_assert_mem_eq(got, want, WIDTH * HEIGHT * 4);
	free(got);
	return failed;
}

/* Each way, each call, each time that it wants something, in turn. */
START_TEST(pictures)
{
	enum shmfb_backend backend = backends[_i / CALLS / 4];
	int (*call)(struct shmfb *) = calls[_i % CALLS];
	bool turned = _i / CALLS % 2, later = _i / CALLS / 2 % 2;
	struct shmfb *first = open_window(NULL), *fb;
	uint32_t *want;
	unsigned n, before;
	bool failed = true;

	fb = open_beside(first, backend, turned);
	ck_assert_int_eq(call(fb), 0);
	want = showing(fb);
	shmfb_close(fb);
	settle(first, c);
	before = resources(shmfb_window_id(first));
	for (n = 1; failed; n++) {
		fb = open_beside(first, backend, turned);
		failed = try_call(fb, call, later, n, want);
		shmfb_close(fb);
		settle(first, c);
		ck_assert_uint_eq(resources(shmfb_window_id(first)), before);
	}
	/* A slot to draw on is had before, when something was drawn. */
	ck_assert_uint_ge(n, later ? 2 : 3);
	free(want);
	shmfb_close(first);
}
END_TEST

/* What the calls that show something, or are to draw on, may say of it. */
static bool
is_documented(int err, int because)
{
	if (because == EMFILE || because == ENFILE)
		return err == -EMFILE || err == -ENOMEM;
	return err == -ENOMEM;
}

/* Whatever the system says: what shmfb.h says, in words; and then it works. */
START_TEST(errors)
{
	static const enum shmfb_backend every[] = {
		SHMFB_AUTO, SHMFB_SHM, SHMFB_SYSV, SHMFB_PUT, SHMFB_PRESENT,
	};
	static const int because[] = {
		ENOMEM, EMFILE, ENFILE, ENOSPC, EAGAIN, EPERM,
	};
	int (*call)(struct shmfb *) = calls[_i % CALLS];
	enum shmfb_backend backend = every[_i / CALLS % 5];
	bool turned = _i / CALLS / 5, failed;
	struct shmfb *first = open_window(NULL), *fb;
	unsigned i, n;
	int err;

	for (i = 0; i < BASE_ARRAY_SIZE(because); i++)
		for (n = 1, failed = true; failed; n++) {
			fb = open_beside(first, backend, turned);
			settle(fb, c);
			fault_nth_here(NULL, n, because[i]);
			err = call(fb);
			failed = fault_off();
			ck_assert_msg(err == 0 ||
				      is_documented(err, because[i]),
				      "call %u, %s: %d, %s", n,
				      strerror(because[i]), err,
				      shmfb_error());
			ck_assert_uint_eq(stats_of(fb).in_flight > 0 && err,
					  0);
			settle(fb, c);
			ck_assert_int_eq(call(fb), 0);
			settle(fb, c);
			ck_assert_uint_eq(stats_of(fb).frames_failed, 0);
			shmfb_close(fb);
			ck_assert_uint_eq(held(&rings[0]), 1);
			ck_assert_uint_eq(held(&rings[1]), 1);
		}
	shmfb_close(first);
}
END_TEST

static int
set_icon(struct shmfb *fb)
{
	static const uint32_t red[16 * 16] = { 0xffff0000 };
	const struct shmfb_image image = {
		.pixels = red, .stride = 64, .width = 16, .height = 16,
		.format = SHMX_ARGB8888,
	};

	return shmfb_set_icon(fb, &image, 1);
}

static int
copy_text(struct shmfb *fb)
{
	return shmfb_set_clipboard(fb, "words");
}

static int
set_cross(struct shmfb *fb)
{
	return shmfb_set_cursor(fb, SHMFB_CURSOR_CROSS);
}

static int
turn(struct shmfb *fb)
{
	struct shmfb_view view = SHMFB_VIEW_INIT;

	view.rotation = 2;
	return shmfb_set_view(fb, &view);
}

static int (*const settings[])(struct shmfb *) = {
	set_icon, copy_text, set_cross, turn,
};

#define SETTINGS ((int)BASE_ARRAY_SIZE(settings))

/* What is set besides: the same, and the picture is what it was. */
START_TEST(others)
{
	struct shmfb *first = open_window(NULL), *fb;
	bool failed = true;
	unsigned n, before = 0;
	int err;

	for (n = 0; failed || n < 2; n++) {
		fb = open_beside(first, SHMFB_AUTO, false);
		ck_assert_int_eq(draw(fb), 0);
		settle(fb, c);
		if (n > 0)
			fault_nth_here(NULL, n, ENOMEM);
		err = settings[_i](fb);
		failed = fault_off();
		ck_assert(err == 0 || (failed && err == -ENOMEM));
		ck_assert_int_eq(settings[_i](fb), 0);
		settle(fb, c);
		if (_i != SETTINGS - 1)
			check_shows(c, fb, WIDTH, HEIGHT, 3);
		shmfb_close(fb);
		settle(first, c);
		if (n == 0)
			before = resources(shmfb_window_id(first));
		ck_assert_uint_eq(resources(shmfb_window_id(first)), before);
	}
	shmfb_close(first);
}
END_TEST

/* ----------------------------------------------- refused by the server -- */

/* Twice, of which the second differs in two places from the first. */
static void
draw_some(struct shmfb *fb)
{
	const struct shmx_rect parts[] = { { 5, 5, 9, 9 }, { 50, 40, 20, 3 } };
	struct shmfb_canvas canvas;

	ck_assert_int_eq(draw(fb), 0);
	settle(fb, c);
	ck_assert_int_eq(shmfb_begin(fb, &canvas), 0);
	shmfb_fill(&canvas, &parts[0], 0x123456);
	shmfb_fill(&canvas, &parts[1], 0x654321);
	ck_assert_int_eq(shmfb_present(fb, parts, 2), 0);
	settle(fb, c);
}

/*
 * The region for what differs: its number is in use, by something else. It is
 * the same from the window's opening on, however often it is opened.
 */
START_TEST(no_region)
{
	struct shmfb *first = open_window(NULL), *fb;
	xcb_connection_t *own = first->x->conn;
	uint32_t before, number, *want, *got;
	xcb_pixmap_t taken;

	/* What is asked of the server but once has been asked. */
	shmfb_close(open_beside(first, SHMFB_PRESENT, false));
	before = xcb_generate_id(own);
	fb = open_beside(first, SHMFB_PRESENT, false);
	draw_some(fb);
	ck_assert_uint_ne(fb->pixmap.region, 0);
	number = fb->pixmap.region - before;
	want = showing(fb);
	ck_assert_ptr_null(strstr(stats_of(fb).why, "region"));
	shmfb_close(fb);

	taken = xcb_generate_id(own) + number;
	xcb_create_pixmap(own, 1, taken, first->window, 1, 1);
	fb = open_beside(first, SHMFB_PRESENT, false);
	draw_some(fb);
	got = showing(fb);
	ck_assert_mem_eq(got, want, WIDTH * HEIGHT * 4);
	ck_assert_uint_eq(stats_of(fb).frames_failed, 0);
	ck_assert_uint_eq(stats_of(fb).frames_shown, 2);
	ck_assert_ptr_nonnull(strstr(stats_of(fb).why, "region"));
	shmfb_close(fb);
	/* It is there still, as nobody else's. */
	ck_assert_ptr_null(xcb_request_check(own,
		xcb_free_pixmap_checked(own, taken)));
	free(got);
	free(want);
	shmfb_close(first);
}
END_TEST

/* ------------------------------------------------------ wild numbers -- */

static const struct shmx_rect wild[] = {
	{ INT32_MIN, INT32_MIN, INT32_MAX, INT32_MAX },
	{ INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX },
	{ INT32_MIN, 0, INT32_MIN, 5 },
	{ -5, -5, INT32_MAX, INT32_MAX },
	{ 0, 0, -1, -1 },
	{ 3, INT32_MAX - 2, 10, 10 },
	{ WIDTH - 1, HEIGHT - 1, 32768, 65536 },
};

#define WILD ((unsigned)BASE_ARRAY_SIZE(wild))

/* Whatever differs, it is cut to what there is. */
START_TEST(wild_damage)
{
	static uint32_t pixels[WIDTH * HEIGHT];
	const struct shmfb_image image = {
		.pixels = pixels, .stride = WIDTH * 4, .width = WIDTH,
		.height = HEIGHT, .format = SHMX_XRGB8888,
	};
	struct shmfb *first = open_window(NULL);
	struct shmfb *fb = open_beside(first, backends[_i / 2], _i % 2);
	struct shmfb_canvas canvas;
	uint32_t *want, *got;
	unsigned i;

	fill(pixels, WIDTH * 4, WIDTH, HEIGHT, 3);
	ck_assert_int_eq(draw(fb), 0);
	want = showing(fb);
	for (i = 0; i < WILD; i++) {
		ck_assert_int_eq(shmfb_begin(fb, &canvas), 0);
		fill(canvas.pixels, canvas.stride, WIDTH, HEIGHT, 3);
		ck_assert_int_eq(shmfb_present(fb, &wild[i], 1), 0);
		settle(fb, c);
		ck_assert_int_eq(shmfb_present_copy(fb, &image, wild,
						    i + 1), 0);
		settle(fb, c);
	}
	got = showing(fb);
	ck_assert_mem_eq(got, want, WIDTH * HEIGHT * 4);
	free(got);
	free(want);
	shmfb_close(fb);
	shmfb_close(first);
}
END_TEST

START_TEST(wild_views)
{
	static const double none[] = {
		NAN, INFINITY, -INFINITY, -1, 65, 1 / 65., 1e300,
	};
	static const int32_t far[] = { INT32_MIN, -1, 0, INT32_MAX };
	struct shmfb *first = open_window(NULL);
	struct shmfb *fb = open_beside(first, SHMFB_AUTO, false);
	struct shmfb_view view = SHMFB_VIEW_INIT;
	double x, y;
	unsigned i;

	ck_assert_int_eq(draw(fb), 0);
	for (i = 0; i < BASE_ARRAY_SIZE(none); i++) {
		view.zoom = none[i];
		view.x = view.y = 0;
		ck_assert_int_eq(shmfb_set_view(fb, &view), -EINVAL);
		/* Only with a zoom it is a point of the picture. */
		view.zoom = 2;
		view.x = none[i] * 1e9;
		ck_assert_int_eq(shmfb_set_view(fb, &view), -EINVAL);
		view.zoom = 0;
		ck_assert_int_eq(shmfb_set_view(fb, &view), 0);
	}
	for (i = 0; i < BASE_ARRAY_SIZE(far); i++) {
		view.zoom = i % 2 ? 64 : 1 / 64.;
		view.x = view.y = i % 2 ? 32767 : -32767;
		ck_assert_int_eq(shmfb_set_view(fb, &view), 0);
		shmfb_to_picture(fb, far[i], far[3 - i], &x, &y);
		ck_assert(isfinite(x) && isfinite(y));
		settle(fb, c);
	}
	shmfb_close(fb);
	shmfb_close(first);
}
END_TEST

/* ------------------------------------------------------------- rings -- */

static void
next_frame(struct ring *r, uint32_t seed)
{
	struct shmx_frame f;

	shmx_release(r->hold);
	shmx_begin(r->producer, &f);
	fill(f.pixels, f.stride, f.stride / 4, HEIGHT, seed);
	ck_assert_uint_gt(shmx_publish(r->producer, &f), 0);
	ck_assert_int_eq(shmx_hold_latest(r->reader, &r->hold), 0);
}

/* Two frames that nobody has waited for, by each way. */
static struct shmfb *
open_with_two_under_way(int i, struct ring *r, struct shmfb *first)
{
	struct shmfb *fb = open_beside(first, backends[i % BACKENDS],
				       i / BACKENDS % 2);

	settle(fb, c);
	ck_assert_int_eq(shmfb_show(fb, r->hold), 0);
	next_frame(r, 5);
	/* What goes through the socket may be done by now. */
	ck_assert_int_eq(shmfb_show(fb, r->hold), 0);
	return fb;
}

/* The slots are the producer's again, but for the one that the test holds. */
START_TEST(closed_meanwhile)
{
	struct ring *r = &rings[_i / BACKENDS / 2];
	struct shmfb *first = open_window(NULL), *fb;

	fb = open_with_two_under_way(_i, r, first);
	shmfb_close(fb);
	ck_assert_uint_eq(held(r), 1);
	shmfb_close(first);
}
END_TEST

START_TEST(destroyed_meanwhile)
{
	struct ring *r = &rings[_i / BACKENDS / 2];
	struct shmfb *first = open_window(NULL), *fb;

	fb = open_with_two_under_way(_i, r, first);
	xcb_destroy_window(c, shmfb_window_id(fb));
	x_sync(c);
	settle(first, c);
	ck_assert_int_eq(shmfb_dispatch(fb), -EPIPE);
	ck_assert_uint_eq(held(r), 1);
	ck_assert_int_eq(shmfb_show(fb, r->hold), -EPIPE);
	ck_assert_uint_eq(held(r), 1);
	shmfb_close(fb);
	shmfb_close(first);
}
END_TEST

/* A window of its own connection, which nobody else keeps. */
static struct shmfb *
open_alone(enum shmfb_backend backend, bool turned)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	struct shmfb_view view = SHMFB_VIEW_INIT;
	struct shmfb *fb;

	opt.backend = backend;
	opt.vsync = SHMFB_VSYNC_OFF;
	opt.width = WIDTH;
	opt.height = HEIGHT;
	fb = open_window(&opt);
	view.scale = SHMFB_SCALE_FIT;
	view.rotation = turned;
	ck_assert_int_eq(shmfb_set_view(fb, &view), 0);
	return fb;
}

/* Every call says so, and nothing of the rings is kept. */
static void
check_is_over(struct shmfb *fb)
{
	struct shmfb_canvas canvas;
	int i;

	for (i = 0; i < CALLS; i++) {
		ck_assert_int_eq(calls[i](fb), -EPIPE);
		ck_assert_ptr_nonnull(strstr(shmfb_error(),
					     "closed the connection"));
	}
	ck_assert_int_eq(shmfb_begin(fb, &canvas), -EPIPE);
	ck_assert_int_eq(shmfb_present(fb, NULL, 0), -EPIPE);
	ck_assert_int_eq(shmfb_dispatch(fb), -EPIPE);
	ck_assert(!shmfb_pump(fb));
	ck_assert_uint_eq(shmfb_in_flight(fb), 0);
	ck_assert_uint_eq(held(&rings[0]), 1);
	ck_assert_uint_eq(held(&rings[1]), 1);
}

/*
 * The connection ends at each moment of the call; how many there are. With
 * nothing shown yet, or with another picture at the server.
 */
static unsigned
cut_each(enum shmfb_backend backend, bool turned, bool later,
	 int (*call)(struct shmfb *))
{
	struct shmfb *fb;
	bool cut = true;
	unsigned n;
	int err;

	for (n = 0; cut; n++) {
		fb = open_alone(backend, turned);
		settle(fb, c);
		if (later)
			ck_assert_int_eq(draw(fb), 0);
		cut_at(xcb_get_file_descriptor(fb->x->conn), n + 1);
		err = call(fb);
		cut = cut_off();
		ck_assert_msg(err == (cut ? -EPIPE : 0), "%u: %d, %s", n, err,
			      shmfb_error());
		if (cut)
			check_is_over(fb);
		shmfb_close(fb);
		ck_assert_uint_eq(held(&rings[0]), 1);
		ck_assert_uint_eq(held(&rings[1]), 1);
	}
	check_no_segments(getpid());
	return n - 1;
}

START_TEST(cut_meanwhile)
{
	enum shmfb_backend backend = backends[_i / CALLS % BACKENDS];
	bool turned = _i / CALLS / BACKENDS % 2;
	bool later = _i / CALLS / BACKENDS / 2;

	unsigned moments = cut_each(backend, turned, later, calls[_i % CALLS]);

	/* It looks whether there is room, and writes. */
	ck_assert_uint_ge(moments, 2);
}
END_TEST

static int
begin(struct shmfb *fb)
{
	struct shmfb_canvas canvas;

	return shmfb_begin(fb, &canvas);
}

/* The server is told of new memory, at once where it is a descriptor. */
START_TEST(cut_in_begin)
{
	bool tells = backends[_i] == SHMFB_AUTO ||
		     backends[_i] == SHMFB_PRESENT;

	unsigned moments = cut_each(backends[_i], false, false, begin);

	if (tells)
		ck_assert_uint_ge(moments, 2);
}
END_TEST

/* So long that the server has done all that it was sent, and said so. */
static void
catch_up(struct shmfb *fb)
{
	x_sync(fb->x->conn);
	ck_assert_int_eq(shmfb_dispatch(fb), 0);
	ck_assert_int_eq(shmfb_dispatch(fb), 0);
	ck_assert_uint_eq(shmfb_in_flight(fb), 0);
}

/* What has to be shared is shared no more: said by the next call, in words. */
static void
check_refused(struct shmfb *fb, int (*call)(struct shmfb *))
{
	ck_assert_int_eq(call(fb), -ENOTSUP);
	ck_assert_ptr_nonnull(strstr(shmfb_error(), "refused a frame"));
	ck_assert_uint_eq(shmfb_in_flight(fb), 0);
}

/*
 * The server has lost a canvas' memory: the frame from there fails, and the
 * next ones are refused. The canvas stays begun, to be drawn anew; a ring's
 * memory is another matter.
 */
START_TEST(canvas_lost)
{
	static const enum shmfb_backend shared[] = { SHMFB_SHM, SHMFB_SYSV };
	struct shmfb *fb = open_alone(shared[_i], false);
	struct shmfb_canvas canvas, again;

	ck_assert_int_eq(draw(fb), 0);
	settle(fb, c);
	ck_assert_int_eq(shmfb_begin(fb, &canvas), 0);
	xcb_shm_detach(fb->x->conn, fb->canvas.slot->segment->xid);
	/* It is not waited for. */
	ck_assert_int_eq(shmfb_present(fb, NULL, 0), 0);
	catch_up(fb);
	ck_assert_uint_eq(stats_of(fb).frames_failed, 1);
	ck_assert_int_eq(shmfb_begin(fb, &canvas), 0);
	check_refused(fb, draw);
	ck_assert_int_eq(shmfb_begin(fb, &again), 0);
	ck_assert_ptr_eq(again.pixels, canvas.pixels);
	ck_assert_uint_eq(again.age, 0);
	check_refused(fb, copy_same);
	ck_assert_int_eq(shmfb_present(fb, NULL, 0), -EINVAL);
	ck_assert_int_eq(show_same(fb), 0);
	settle(fb, c);
	ck_assert_uint_eq(stats_of(fb).frames_failed, 1);
	shmfb_close(fb);
	ck_assert_uint_eq(held(&rings[0]), 1);
	check_no_segments(getpid());
}
END_TEST

/* The server has lost a ring's. */
START_TEST(ring_lost)
{
	struct shmfb *fb = open_alone(SHMFB_SHM, false);

	ck_assert_int_eq(show_same(fb), 0);
	settle(fb, c);
	xcb_shm_detach(fb->x->conn, fb->ring->xid);
	next_frame(&rings[0], 5);
	ck_assert_int_eq(show_same(fb), 0);
	catch_up(fb);
	ck_assert_uint_eq(stats_of(fb).frames_failed, 1);
	check_refused(fb, show_same);
	/* The newest one, and the test's: of the same slot. */
	ck_assert_uint_eq(held(&rings[0]), 1);
	ck_assert_int_eq(draw(fb), 0);
	settle(fb, c);
	check_shows(c, fb, WIDTH, HEIGHT, 3);
	shmfb_close(fb);
	ck_assert_uint_eq(held(&rings[0]), 1);
}
END_TEST

/* As where a producer comes back with another: of every format in turn. */
START_TEST(formats_take_turns)
{
	static const uint32_t formats[] = {
		SHMX_XRGB8888, SHMX_RGB565, SHMX_ARGB8888, SHMX_R8,
		SHMX_XBGR8888, SHMX_RGB888, SHMX_XRGB2101010,
	};
	enum { FORMATS = BASE_ARRAY_SIZE(formats) };
	struct shmfb *first = open_window(NULL), *fb;
	uint32_t *want[FORMATS], *got;
	struct ring ring[FORMATS];
	char name[16];
	unsigned i, k;

	for (k = 0; k < FORMATS; k++) {
		snprintf(name, sizeof(name), "turn%u", k);
		ring_open(&ring[k], name, formats[k], k);
		fb = open_beside(first, backends[_i / 2], _i % 2);
		ck_assert_int_eq(shmfb_show(fb, ring[k].hold), 0);
		want[k] = showing(fb);
		shmfb_close(fb);
	}
	fb = open_beside(first, backends[_i / 2], _i % 2);
	for (i = 0; i < 3 * FORMATS; i++) {
		k = i * 3 % FORMATS;
		ck_assert_int_eq(shmfb_show(fb, ring[k].hold), 0);
		got = showing(fb);
		ck_assert_mem_eq(got, want[k], WIDTH * HEIGHT * 4);
		free(got);
	}
	shmfb_close(fb);
	for (k = 0; k < FORMATS; k++) {
		ck_assert_uint_eq(held(&ring[k]), 1);
		ring_close(&ring[k]);
		free(want[k]);
	}
	shmfb_close(first);
}
END_TEST

/* ------------------------------------------------------------- servers -- */

/* Have the server get no more than so much memory beyond what it has. */
static void
leave_memory(const struct xserver *server, rlim_t bytes)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
	unsigned long pages;
	char name[64];
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%d/statm", (int)server->pid);
	f = fopen(name, "re");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fscanf(f, "%lu", &pages), 1);
	fclose(f);
	if (bytes != RLIM_INFINITY)
		limit.rlim_cur = pages * 4096 + bytes;
	ck_assert_int_eq(prlimit(server->pid, RLIMIT_AS, &limit, NULL), 0);
}

/* A pattern that is larger than the window, shown in it. */
static void
draw_large(struct shmfb *fb, uint32_t width, uint32_t height, uint32_t seed)
{
	struct shmfb_canvas canvas;
	int err;

	ck_assert_int_eq(shmfb_set_canvas_size(fb, width, height), 0);
	while ((err = shmfb_begin(fb, &canvas)) == -EAGAIN)
		ck_assert(shmfb_pump(fb));
	ck_assert_int_eq(err, 0);
	fill(canvas.pixels, canvas.stride, width, height, seed);
	ck_assert_int_eq(shmfb_present(fb, NULL, 0), 0);
}

/* Of 3000x2000 in 640x480, each pixel as shmfb_to_picture() has it. */
static void
check_sample(xcb_connection_t *there, struct shmfb *fb, uint32_t seed)
{
	uint32_t *got = x_read(there, shmfb_window_id(fb), 640, 480);
	double px, py;
	int32_t x, y;

	for (y = 0; y < 480; y++)
		for (x = 0; x < 640; x++) {
			uint32_t is = got[y * 640 + x], want = 0;

			if (shmfb_to_picture(fb, x, y, &px, &py))
				want = pattern((uint32_t)px, (uint32_t)py,
					       seed);
			if (is != want && px != floor(px) && py != floor(py))
				ck_abort_msg("%d,%d is %06x, not %06x", x, y,
					     is, want);
		}
	free(got);
}

/* Each way, while it cannot make a pixmap of the picture. */
START_TEST(server_without_memory)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	struct shmfb_view view = SHMFB_VIEW_INIT;
	struct shmfb_stats s;
	struct xserver server;
	xcb_connection_t *there;
	const char *route;
	struct shmfb *fb;
	unsigned i;

	xserver_start(&server, "640x480x24", NULL);
	there = x_connect(server.display);
	opt.display = server.display;
	opt.vsync = SHMFB_VSYNC_OFF;
	opt.backend = backends[_i];
	fb = open_window(&opt);
	view.scale = SHMFB_SCALE_FIT;
	ck_assert_int_eq(shmfb_set_view(fb, &view), 0);
	draw_large(fb, 64, 48, 1);
	settle(fb, there);
	route = stats_of(fb).route;
	leave_memory(&server, 4 << 20);
	for (i = 0; i < 5; i++) {
		draw_large(fb, 3000, 2000, i);
		settle(fb, there);
		check_sample(there, fb, i);
	}
	s = stats_of(fb);
	ck_assert_str_eq(s.route, "staged");
	if (strcmp(route, "render") == 0)
		ck_assert_ptr_nonnull(strstr(s.route_why, "no memory"));
	/* The first of them, which was then shown the other way. */
	ck_assert_uint_le(s.frames_failed, 1);
	leave_memory(&server, RLIM_INFINITY);
	/* Smaller ones go as they did. */
	draw_large(fb, 64, 48, 1);
	settle(fb, there);
	ck_assert_str_eq(stats_of(fb).route, route);
	ck_assert_uint_eq(stats_of(fb).frames_failed, s.frames_failed);
	shmfb_close(fb);
	xcb_disconnect(there);
	xserver_stop(&server);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("window-faults");
	TCase *tc = suite_case(s, "opening");

	tcase_add_checked_fixture(tc, connect_observer, disconnect_observer);
	tcase_set_timeout(tc, 20);
	tcase_add_test(tc, unauthorised);
	tcase_add_test(tc, few_descriptors);

	tc = suite_case(s, "calls");
	tcase_add_checked_fixture(tc, open_rings, close_rings);
	tcase_set_timeout(tc, 20);
	/* The calls are replaced while the rings' threads may look at them. */
#ifndef SUITE_TSAN
	tcase_add_loop_test(tc, pictures, 0, BACKENDS * CALLS * 4);
	tcase_add_loop_test(tc, errors, 0, CALLS * 5 * 2);
	tcase_add_loop_test(tc, others, 0, SETTINGS);
#else
	(void)errors;
	(void)pictures;
	(void)others;
#endif

	tc = suite_case(s, "refused");
	tcase_add_checked_fixture(tc, open_rings, close_rings);
	tcase_add_test(tc, no_region);

	tc = suite_case(s, "numbers");
	tcase_add_checked_fixture(tc, open_rings, close_rings);
	tcase_add_loop_test(tc, wild_damage, 0, BACKENDS * 2);
	tcase_add_test(tc, wild_views);

	tc = suite_case(s, "rings");
	tcase_add_checked_fixture(tc, open_rings, close_rings);
	tcase_add_loop_test(tc, closed_meanwhile, 0, BACKENDS * 4);
	tcase_add_loop_test(tc, destroyed_meanwhile, 0, BACKENDS * 4);
	tcase_add_loop_test(tc, cut_meanwhile, 0, CALLS * BACKENDS * 4);
	tcase_add_loop_test(tc, cut_in_begin, 0, BACKENDS);
	tcase_add_loop_test(tc, canvas_lost, 0, 2);
	tcase_add_test(tc, ring_lost);
	tcase_add_loop_test(tc, formats_take_turns, 0, BACKENDS * 2);

	tc = suite_case(s, "servers");
	tcase_add_loop_test(tc, server_without_memory, 0, BACKENDS);
	return suite_run(s);
}
