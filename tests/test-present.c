/* SPDX-License-Identifier: MIT */
/*
 * test-present.c - what is on the screen is the frame, to the pixel
 *
 * Every picture is read back with GetImage by another client, on each way
 * that there is to get it into the window.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <shmfb/shmfb.h>

#include "base/clock.h"
#include "fault.h"
#include "shmfb/window.h"
#include "suite.h"
#include "xtool.h"

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

static struct shmfb *
open_sized(uint32_t width, uint32_t height, enum shmfb_backend backend,
	   const char *display)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;

	opt.width = width;
	opt.height = height;
	opt.backend = backend;
	opt.vsync = SHMFB_VSYNC_OFF;
	opt.display = display;
	return open_window(&opt);
}

static void
begin(struct shmfb *fb, struct shmfb_canvas *canvas)
{
	int err;

	while ((err = shmfb_begin(fb, canvas)) == -EAGAIN)
		ck_assert(shmfb_pump(fb));
	ck_assert_msg(err == 0, "%s", shmfb_error());
}

static void
present_pattern(struct shmfb *fb, uint32_t seed)
{
	struct shmfb_canvas canvas;

	begin(fb, &canvas);
	fill(canvas.pixels, canvas.stride, canvas.width, canvas.height, seed);
	ck_assert_int_eq(shmfb_present(fb, NULL, 0), 0);
}

/* -------------------------------------------------------------- canvas -- */

static const enum shmfb_backend backends[] = {
	SHMFB_SHM, SHMFB_PUT, SHMFB_SYSV, SHMFB_PRESENT,
};
static const char *const paths[] = { "shm-fd", "put", "shm-sysv", "present" };

START_TEST(canvas_is_exact)
{
	static const uint32_t sizes[][2] = {
		{ 1, 1 }, { 641, 479 }, { 16, 1000 }, { 1900, 3 },
		{ 1000, 700 },
	};
	enum shmfb_backend backend = backends[_i];
	struct shmfb *fb;
	unsigned i;

	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		fb = open_sized(sizes[i][0], sizes[i][1], backend, NULL);
		present_pattern(fb, i);
		settle(fb, c);
		check_shows(c, fb, sizes[i][0], sizes[i][1], i);
		ck_assert_uint_eq(stats_of(fb).frames_shown, 1);
		ck_assert_uint_eq(stats_of(fb).client_copies,
				  backend == SHMFB_PUT);
		ck_assert_str_eq(stats_of(fb).path, paths[_i]);
		shmfb_close(fb);
	}
}
END_TEST

/* The longest row that there is; a screen that has room for it. */
START_TEST(widest_window)
{
	enum shmfb_backend backend = backends[_i];
	struct xserver server;
	xcb_connection_t *there;
	struct shmfb *fb;

	xserver_start(&server, "32767x8x24", NULL);
	there = x_connect(server.display);
	fb = open_sized(32767, 5, backend, server.display);
	present_pattern(fb, 3);
	settle(fb, there);
	check_shows(there, fb, 32767, 5, 3);
	shmfb_close(fb);
	xcb_disconnect(there);
	xserver_stop(&server);
}
END_TEST

/* Only the damage is sent: what else was drawn is not on the screen. */
START_TEST(damage_is_what_is_shown)
{
	static const struct shmx_rect damage[] = {
		{ 10, 20, 30, 40 },
		{ -5, 90, 10, 100 },		/* clipped */
		{ 100, 0, INT32_MAX, 1 },	/* clipped */
		{ 300, 300, 5, 5 },		/* outside */
		{ 50, 50, 0, 9 },		/* empty */
	};
	struct shmfb *fb = open_sized(128, 100, backends[_i], NULL);
	struct shmfb_canvas canvas;
	uint32_t *got, x, y;
	bool in;

	present_pattern(fb, 1);
	settle(fb, c);
	begin(fb, &canvas);
	fill(canvas.pixels, canvas.stride, 128, 100, 2);
	ck_assert_int_eq(shmfb_present(fb, damage, 5), 0);
	settle(fb, c);
	got = x_read(c, shmfb_window_id(fb), 128, 100);
	for (y = 0; y < 100; y++)
		for (x = 0; x < 128; x++) {
			in = (x >= 10 && x < 40 && y >= 20 && y < 60) ||
			     (x < 5 && y >= 90) || (x >= 100 && y < 1);
			ck_assert_uint_eq(got[y * 128 + x],
					  pattern(x, y, in ? 2 : 1));
		}
	free(got);
	shmfb_close(fb);
}
END_TEST

/* An application that draws only what age says is missing is right. */
START_TEST(age_is_true)
{
	struct shmfb *fb = open_sized(64, 64, backends[_i], NULL);
	struct shmfb_canvas canvas;
	uint32_t frame, k, x, y, *row;
	struct shmx_rect cell;
	bool reused = false;

	for (frame = 0; frame < 200; frame++) {
		begin(fb, &canvas);
		ck_assert_uint_le(canvas.age, frame);
		reused |= canvas.age > 0;
		if (canvas.age == 0)
			memset(canvas.pixels, 0, canvas.stride * 64);
		/* Frame k draws cell k; the canvas lacks the last `age`. */
		for (k = canvas.age ? frame + 1 - canvas.age : 0; k <= frame;
		     k++)
			for (y = k / 16 * 4; y < k / 16 * 4 + 4; y++)
				for (x = k % 16 * 4; x < k % 16 * 4 + 4; x++) {
					row = (void *)((char *)canvas.pixels +
						       y * canvas.stride);
					row[x] = pattern(x, y, k);
				}
		cell = (struct shmx_rect){ (int32_t)(frame % 16 * 4),
					   (int32_t)(frame / 16 * 4), 4, 4 };
		ck_assert_int_eq(shmfb_present(fb, &cell, 1), 0);
		if (frame % 37 == 0)
			settle(fb, c);
	}
	ck_assert(reused);
	settle(fb, c);
	row = x_read(c, shmfb_window_id(fb), 64, 64);
	for (k = 0; k < 200; k++)
		for (y = k / 16 * 4; y < k / 16 * 4 + 4; y++)
			for (x = k % 16 * 4; x < k % 16 * 4 + 4; x++)
				ck_assert_uint_eq(row[y * 64 + x],
						  pattern(x, y, k));
	free(row);
	shmfb_close(fb);
}
END_TEST

START_TEST(begin_and_present_rules)
{
	struct shmfb *fb = open_sized(100, 100, backends[_i], NULL);
	struct shmfb_canvas a, b;

	ck_assert_int_eq(shmfb_present(fb, NULL, 0), -EINVAL);
	begin(fb, &a);
	ck_assert_uint_eq(a.age, 0);
	begin(fb, &b);
	ck_assert_ptr_eq(a.pixels, b.pixels);
	ck_assert_int_eq(shmfb_present(fb, NULL, 2), -EINVAL);
	memset(a.pixels, 0, a.stride * a.height);
	ck_assert_int_eq(shmfb_present(fb, NULL, 0), 0);
	ck_assert_int_eq(shmfb_present(fb, NULL, 0), -EINVAL);
	settle(fb, c);
	/* Done: the last one freed is the one that is shown. */
	begin(fb, &b);
	ck_assert_ptr_eq(a.pixels, b.pixels);
	ck_assert_uint_eq(b.age, 1);
	shmfb_close(fb);
}
END_TEST

/* A present that fails has shown nothing, and says so. */
START_TEST(present_fails)
{
	struct shmfb *fb = open_sized(100, 100, SHMFB_PUT, NULL);
	struct shmfb_canvas canvas;

	begin(fb, &canvas);
	fill(canvas.pixels, canvas.stride, 100, 100, 1);
	/* The buffer that pieces are gathered in. */
	fault_always("calloc", ENOMEM);
	ck_assert_int_eq(shmfb_present(fb, NULL, 0), -ENOMEM);
	ck_assert(fault_off());
	ck_assert_uint_eq(stats_of(fb).in_flight, 0);
	begin(fb, &canvas);
	ck_assert_uint_eq(canvas.age, 0);
	/* Still begun: it can be presented now. */
	ck_assert_int_eq(shmfb_present(fb, NULL, 0), 0);
	settle(fb, c);
	check_shows(c, fb, 100, 100, 1);
	begin(fb, &canvas);
	ck_assert_uint_eq(canvas.age, 1);
	shmfb_close(fb);
}
END_TEST

static const struct shmfb_presenter *one_go;

/* The upper half first. */
static int
put_in_two(struct shmfb *fb, const struct shmfb_target *target,
	   struct shmfb_picture *picture, const struct shmfb_damage *damage,
	   struct shmfb_run *run)
{
	struct shmx_rect all = damage->within, half = all;
	struct shmfb_target at = *target;
	struct shmfb_damage part;
	int err;

	half.height /= 2;
	shmfb_damage_init(&part, &half);
	shmfb_damage_all(&part);
	at.more = true;
	err = one_go->put(fb, &at, picture, &part, run);
	ck_assert_int_eq(err, 0);
	half.y = half.height;
	half.height = all.height - half.y;
	shmfb_damage_init(&part, &half);
	shmfb_damage_all(&part);
	return one_go->put(fb, target, picture, &part, run);
}

/* Put in several bands it is one run, with one end. */
START_TEST(bands_are_one_frame)
{
	struct shmfb *fb = open_sized(100, 81, backends[_i], NULL);
	struct shmfb_picture *picture;
	struct shmfb_presenter two;
	struct shmfb_damage all;

	present_pattern(fb, 1);
	settle(fb, c);
	picture = shmfb_picture_ref(fb->newest);
	fill(picture->slot->pixels, picture->stride, 100, 81, 2);
	one_go = picture->by;
	two = *one_go;
	two.put = put_in_two;
	picture->by = &two;
	shmfb_damage_init(&all, &(struct shmx_rect){ 0, 0, 100, 81 });
	shmfb_damage_all(&all);
	ck_assert_int_eq(shmfb_flight_start(fb, picture, &all, 0, 0, false),
			 0);
	ck_assert_uint_eq(fb->flight.count, 1);
	settle(fb, c);
	check_shows(c, fb, 100, 81, 2);
	ck_assert_uint_eq(stats_of(fb).frames_shown, 2);
	picture->by = one_go;
	shmfb_picture_unref(fb, picture);
	shmfb_close(fb);
}
END_TEST

/* At most two under way, and never the memory that the server reads. */
START_TEST(two_in_flight)
{
	struct shmfb *fb = open_sized(1900, 1000, SHMFB_SHM, NULL);
	struct shmfb_canvas canvas;
	void *last = NULL;
	unsigned i, most = 0;

	for (i = 0; i < 50; i++) {
		begin(fb, &canvas);
		if (shmfb_in_flight(fb))
			ck_assert_ptr_ne(canvas.pixels, last);
		last = canvas.pixels;
		memset(last, (int)i, 4096);
		ck_assert_int_eq(shmfb_present(fb, NULL, 0), 0);
		ck_assert_uint_le(shmfb_in_flight(fb), 2);
		ck_assert_uint_eq(shmfb_in_flight(fb),
				  stats_of(fb).in_flight);
		if (shmfb_in_flight(fb) > most)
			most = shmfb_in_flight(fb);
	}
	ck_assert_uint_eq(most, 2);
	settle(fb, c);
	ck_assert_uint_eq(shmfb_in_flight(fb), 0);
	ck_assert_uint_eq(stats_of(fb).frames_shown, 50);
	shmfb_close(fb);
}
END_TEST

/* Memory is made anew now and then, not for every size on the way. */
START_TEST(resizes_reuse_memory)
{
	struct shmfb *fb = open_sized(100, 100, SHMFB_SHM, NULL);
	xcb_shm_seg_t last = 0;
	unsigned i, made = 0;

	for (i = 0; i < 200; i++) {
		ck_assert_int_eq(shmfb_resize(fb, 100 + i, 100 + i), 0);
		settle(fb, c);
		ck_assert_uint_eq(stats_of(fb).width, 100 + i);
		present_pattern(fb, i);
		settle(fb, c);
		check_shows(c, fb, 100 + i, 100 + i, i);
		made += fb->newest->segment->xid > last;
		if (fb->newest->segment->xid > last)
			last = fb->newest->segment->xid;
	}
	ck_assert_uint_ge(made, 2);
	ck_assert_uint_le(made, 16);
	shmfb_close(fb);
}
END_TEST

/* --------------------------------------------------------------- order -- */

/*
 * A frame may be at the server until a refresh, while all else is drawn at
 * once: what is on the screen in the end is the newest, all the same.
 */
static const enum shmfb_vsync paces[] = {
	SHMFB_VSYNC_OFF, SHMFB_VSYNC_ADAPTIVE, SHMFB_VSYNC_ON,
};

#define ORDERS (4 * 3)

/* By a backend and a pace, with a canvas that is smaller than the window. */
static struct shmfb *
open_paced(int i)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	struct shmfb *fb;

	opt.width = 200;
	opt.height = 120;
	opt.backend = backends[i / 3];
	opt.vsync = paces[i % 3];
	fb = open_window(&opt);
	ck_assert_int_eq(shmfb_set_canvas_size(fb, 100, 60), 0);
	return fb;
}

/* Until nothing happens any more: for some refreshes. */
static void
fall_asleep(struct shmfb *fb)
{
	struct pollfd p = { shmfb_fd(fb), POLLIN, 0 };

	do
		shmfb_dispatch(fb);
	while (poll(&p, 1, 60) > 0);
}

/* Twice as large, and it fills the window. */
static void
check_doubled(struct shmfb *fb, uint32_t seed)
{
	uint32_t *got = x_read(c, shmfb_window_id(fb), 200, 120);
	uint32_t x, y;

	for (y = 0; y < 120; y++)
		for (x = 0; x < 200; x++)
			ck_assert_uint_eq(got[y * 200 + x],
					  pattern(x / 2, y / 2, seed));
	free(got);
}

START_TEST(view_after_frame)
{
	struct shmfb_view view = SHMFB_VIEW_INIT;
	struct shmfb *fb = open_paced(_i);
	bool waits = backends[_i / 3] == SHMFB_PRESENT;
	uint32_t seed;

	for (seed = 1; seed <= (waits ? 10 : 2); seed++) {
		view.scale = seed % 2 ? SHMFB_SCALE_FIT : SHMFB_SCALE_NONE;
		present_pattern(fb, seed);
		ck_assert_int_eq(shmfb_set_view(fb, &view), 0);
		fall_asleep(fb);
		if (seed % 2)
			check_doubled(fb, seed);
		else
			check_shows(c, fb, 100, 60, seed);
	}
	shmfb_close(fb);
}
END_TEST

START_TEST(size_after_frames)
{
	struct shmfb *fb = open_paced(_i);
	bool waits = backends[_i / 3] == SHMFB_PRESENT;
	uint32_t width, seed;

	for (seed = 2; seed <= (waits ? 8 : 4); seed += 2) {
		present_pattern(fb, seed - 1);
		present_pattern(fb, seed);
		width = seed % 4 ? 300 : 200;
		xcb_configure_window(c, shmfb_window_id(fb),
				     XCB_CONFIG_WINDOW_WIDTH, &width);
		x_sync(c);
		fall_asleep(fb);
		ck_assert_uint_eq(stats_of(fb).width, width);
		check_shows(c, fb, 100, 60, seed);
	}
	shmfb_close(fb);
}
END_TEST

/* ---------------------------------------------------------------- ring -- */

struct ring {
	struct shmx_producer *producer;
	struct shmx_reader *reader;
};

static void
ring_open(struct ring *r, uint32_t width, uint32_t height, uint32_t format)
{
	struct shmx_reader_options opt = SHMX_READER_OPTIONS_INIT;

	opt.holds = 3;
	ck_assert_msg(shmx_producer_open_image(&r->producer, "test", width,
					       height, format) == 0, "%s",
		      shmx_error());
	ck_assert_msg(shmx_reader_open(&r->reader, "test", &opt) == 0, "%s",
		      shmx_error());
}

static void
ring_close(struct ring *r)
{
	shmx_reader_close(r->reader);
	shmx_producer_close(r->producer);
}

/* Publish a frame of that pattern. */
static void
ring_publish(struct ring *r, uint32_t width, uint32_t height, uint32_t seed,
	     const struct shmx_rect *damage)
{
	struct shmx_frame f;

	shmx_begin(r->producer, &f);
	f.width = width;
	f.height = height;
	fill(f.pixels, f.stride, width, height, seed);
	if (damage)
		shmx_damage(&f, damage->x, damage->y, damage->width,
			    damage->height);
	ck_assert_uint_gt(shmx_publish(r->producer, &f), 0);
}

static struct shmx_hold *
ring_hold(struct ring *r)
{
	struct shmx_hold *hold = NULL;

	ck_assert_msg(shmx_hold_latest(r->reader, &hold) == 0, "%s",
		      shmx_error());
	return hold;
}

static void
show_latest(struct shmfb *fb, struct ring *r)
{
	struct shmx_hold *hold = ring_hold(r);
	int err;

	while ((err = shmfb_show(fb, hold)) == -EAGAIN)
		ck_assert(shmfb_pump(fb));
	ck_assert_msg(err == 0, "%s", shmfb_error());
	shmx_release(hold);
}

START_TEST(slot_is_shown)
{
	/* Frame and window; strides are padded for most of these. */
	static const uint32_t sizes[][4] = {
		{ 640, 480, 640, 480 }, { 641, 479, 641, 479 },
		{ 1, 1, 1, 1 }, { 33, 7, 300, 200 }, { 300, 200, 33, 7 },
		{ 100, 100, 101, 99 }, { 32767, 3, 501, 50 },
		{ 3, 2000, 30, 1001 }, { 1000, 700, 999, 701 },
	};
	const uint32_t *s = sizes[_i / 4];
	enum shmfb_backend backend = backends[_i % 4];
	struct ring ring;
	struct shmfb *fb;

	ring_open(&ring, s[0], s[1], SHMX_XRGB8888);
	fb = open_sized(s[2], s[3], backend, NULL);
	ring_publish(&ring, s[0], s[1], 5, NULL);
	show_latest(fb, &ring);
	settle(fb, c);
	check_shows(c, fb, s[0], s[1], 5);
	ring_publish(&ring, s[0], s[1], 6, NULL);
	show_latest(fb, &ring);
	settle(fb, c);
	check_shows(c, fb, s[0], s[1], 6);
	ck_assert_uint_eq(stats_of(fb).frames_shown, 2);
	ck_assert_uint_eq(stats_of(fb).client_copies, _i % 4 ? 2 : 0);
	ck_assert_str_eq(stats_of(fb).path, paths[_i % 4]);
	ck_assert_uint_gt(stats_of(fb).latency_p50_ns, 0);
	shmfb_close(fb);
	ring_close(&ring);
}
END_TEST

/* A picture may have been there for long before somebody came to look. */
START_TEST(latency_begins_with_the_window)
{
	const struct timespec while_ago = { .tv_nsec = 200000000 };
	struct ring ring;
	struct shmfb *fb;
	uint64_t before;

	ring_open(&ring, 64, 64, SHMX_XRGB8888);
	ring_publish(&ring, 64, 64, 5, NULL);
	nanosleep(&while_ago, NULL);
	before = base_now_ns();
	fb = open_sized(64, 64, SHMFB_AUTO, NULL);
	show_latest(fb, &ring);
	settle(fb, c);
	ck_assert_uint_gt(stats_of(fb).latency_max_ns, 0);
	ck_assert_uint_le(stats_of(fb).latency_max_ns, base_now_ns() - before);
	shmfb_close(fb);
	ring_close(&ring);
}
END_TEST

/* Why a ring's frame is copied: at 1:1, and scaled. */
START_TEST(copied_and_why)
{
	static const char *const whys[][2] = {
		{ "as it is", "by the server" },
		{ "as it is", "nothing is shared" },
		{ "not attached this ring", "no System V segment" },
		{ "from memory of the window", "from memory of the window" },
	};
	struct shmfb_view view = SHMFB_VIEW_INIT;
	struct ring ring;
	struct shmfb *fb;
	int i;

	ring_open(&ring, 64, 64, SHMX_XRGB8888);
	fb = open_sized(200, 200, backends[_i], NULL);
	for (i = 0; i < 2; i++) {
		view.scale = i ? SHMFB_SCALE_FIT : SHMFB_SCALE_NONE;
		ck_assert_int_eq(shmfb_set_view(fb, &view), 0);
		ring_publish(&ring, 64, 64, 5, NULL);
		show_latest(fb, &ring);
		settle(fb, c);
		ck_assert_str_eq(stats_of(fb).path, paths[_i]);
		ck_assert_msg(strstr(stats_of(fb).route_why, whys[_i][i]),
			      "%s", stats_of(fb).route_why);
	}
	shmfb_close(fb);
	ring_close(&ring);
}
END_TEST

/* Of one ring; the border is painted when a frame is smaller. */
START_TEST(frames_change_size)
{
	static const uint32_t sizes[][2] = {
		{ 200, 100 }, { 50, 90 }, { 199, 99 }, { 1, 1 }, { 64, 64 },
	};
	struct ring ring;
	struct shmfb *fb;
	uint32_t i;

	ring_open(&ring, 200, 100, SHMX_ARGB8888);
	fb = open_sized(120, 110, backends[_i], NULL);
	for (i = 0; i < 15; i++) {
		ring_publish(&ring, sizes[i % 5][0], sizes[i % 5][1], i, NULL);
		show_latest(fb, &ring);
		settle(fb, c);
		check_shows(c, fb, sizes[i % 5][0], sizes[i % 5][1], i);
	}
	shmfb_close(fb);
	ring_close(&ring);
}
END_TEST

/* Only what the producer says differs is put, also over skipped frames. */
START_TEST(ring_damage)
{
	const struct shmx_rect a = { 10, 10, 20, 10 }, b = { 50, 60, 5, 5 };
	struct ring ring;
	struct shmfb *fb;
	uint32_t *got, x, y;
	bool in_box;

	ring_open(&ring, 100, 100, SHMX_XRGB8888);
	fb = open_sized(100, 100, backends[_i], NULL);
	ring_publish(&ring, 100, 100, 1, NULL);
	show_latest(fb, &ring);
	settle(fb, c);
	ring_publish(&ring, 100, 100, 2, &a);
	ring_publish(&ring, 100, 100, 3, &b);
	show_latest(fb, &ring);
	settle(fb, c);
	got = x_read(c, shmfb_window_id(fb), 100, 100);
	for (y = 0; y < 100; y++)
		for (x = 0; x < 100; x++) {
			in_box = x >= 10 && x < 55 && y >= 10 && y < 65;
			ck_assert_uint_eq(got[y * 100 + x],
					  pattern(x, y, in_box ? 3 : 1));
		}
	free(got);
	/* An expose puts all of it. */
	ck_assert_int_eq(shmfb_resize(fb, 110, 110), 0);
	settle(fb, c);
	check_shows(c, fb, 100, 100, 3);
	shmfb_close(fb);
	ring_close(&ring);
}
END_TEST

START_TEST(same_frame_again)
{
	struct ring ring;
	struct shmfb *fb;

	ring_open(&ring, 100, 100, SHMX_XRGB8888);
	fb = open_sized(100, 100, SHMFB_SHM, NULL);
	ring_publish(&ring, 100, 100, 1, NULL);
	show_latest(fb, &ring);
	settle(fb, c);
	show_latest(fb, &ring);
	ck_assert_uint_eq(stats_of(fb).in_flight, 0);
	ck_assert_uint_eq(stats_of(fb).frames_shown, 2);
	check_shows(c, fb, 100, 100, 1);
	shmfb_close(fb);
	ring_close(&ring);
}
END_TEST

/* A ring, its successor, and drawing, in one window. */
START_TEST(sources_take_turns)
{
	struct shmfb *fb = open_sized(100, 80, backends[_i], NULL);
	struct ring ring;
	uint32_t i;

	for (i = 0; i < 6; i++) {
		ring_open(&ring, 100, 80, SHMX_XRGB8888);
		ring_publish(&ring, 100, 80, 2 * i, NULL);
		show_latest(fb, &ring);
		settle(fb, c);
		check_shows(c, fb, 100, 80, 2 * i);
		ring_close(&ring);
		/* The slot outlives reader and producer, for repainting. */
		ck_assert_int_eq(shmfb_resize(fb, 110 - i, 90), 0);
		settle(fb, c);
		check_shows(c, fb, 100, 80, 2 * i);
		present_pattern(fb, 2 * i + 1);
		settle(fb, c);
		check_shows(c, fb, 110 - i, 90, 2 * i + 1);
	}
	shmfb_close(fb);
}
END_TEST

START_TEST(formats_that_are_not_shown)
{
	struct shmfb *fb = open_sized(100, 80, SHMFB_AUTO, NULL);
	struct shmx_frame_info *info;
	struct shmx_hold *hold;
	struct ring ring;

	ring_open(&ring, 100, 80, SHMX_XRGB8888);
	ring_publish(&ring, 100, 80, 1, NULL);
	hold = ring_hold(&ring);
	/* As a ring of another version may have it. */
	info = (struct shmx_frame_info *)(uintptr_t)shmx_frame_info(hold);
	info->format = SHMX_FOURCC('N', 'V', '1', '2');
	ck_assert_int_eq(shmfb_show(fb, hold), -ENOTSUP);
	ck_assert_ptr_nonnull(strstr(shmfb_error(), "3231564e"));
	shmx_release(hold);
	shmfb_close(fb);
	ring_close(&ring);
}
END_TEST

START_TEST(frames_without_a_picture_are_not_shown)
{
	const struct shmx_stream numbers = {
		.kind = SHMX_STREAM_DATA, .id = 1, .name = "numbers",
		.element_type = SHMX_F32, .capacity = 4,
	};
	struct shmfb *fb = open_sized(100, 80, SHMFB_AUTO, NULL);
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	struct shmx_producer *p;
	struct shmx_reader *r;
	struct shmx_hold *hold;
	struct shmx_frame f;

	o.streams = &numbers;
	o.stream_count = 1;
	ck_assert_int_eq(shmx_producer_open(&p, "numbers", &o), 0);
	shmx_begin(p, &f);
	shmx_publish(p, &f);
	ck_assert_int_eq(shmx_reader_open(&r, "numbers", NULL), 0);
	ck_assert_int_eq(shmx_hold_latest(r, &hold), 0);
	ck_assert_int_eq(shmfb_show(fb, hold), -ENOTSUP);
	ck_assert_ptr_nonnull(strstr(shmfb_error(), "has no picture"));
	shmx_release(hold);
	shmx_reader_close(r);
	shmx_producer_close(p);
	shmfb_close(fb);
}
END_TEST

/* How much of the file is mapped, and where its lowest byte is. */
static uint64_t
mapped(const struct shmx_frame_info *info, uint64_t *lowest)
{
	unsigned long from, to, offset, inode;
	uint64_t bytes = 0;
	struct stat st;
	char line[512];
	FILE *f = fopen("/proc/self/maps", "re");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fstat(info->memory_fd, &st), 0);
	*lowest = UINT64_MAX;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx %*s %lx %*s %lu", &from, &to,
			   &offset, &inode) != 4 || inode != st.st_ino)
			continue;
		bytes += to - from;
		if (offset + (to - from) > info->offset && *lowest > offset)
			*lowest = offset;
	}
	fclose(f);
	return bytes;
}

/*
 * A viewer in a process of its own, for the producer maps the slots: it shows
 * a frame without having its pixels, and has them once it asks.
 */
static int
look_without_pixels(void)
{
	struct shmx_reader_options opt = SHMX_READER_OPTIONS_INIT;
	struct shmfb *fb = open_sized(640, 480, SHMFB_SHM, NULL);
	xcb_connection_t *own = x_connect(NULL);
	struct ring ring = { 0 };
	struct shmx_hold *hold;
	uint64_t before, lowest;

	opt.holds = 3;
	if (shmx_reader_open(&ring.reader, "test", &opt) < 0)
		return 2;
	show_latest(fb, &ring);
	settle(fb, own);
	check_shows(own, fb, 640, 480, 5);
	hold = ring_hold(&ring);
	before = mapped(shmx_frame_info(hold), &lowest);
	if (before == 0 || lowest != UINT64_MAX)
		return 3;
	if (!shmx_frame_pixels(hold))
		return 4;
	mapped(shmx_frame_info(hold), &lowest);
	if (lowest == UINT64_MAX)
		return 5;
	shmx_release(hold);
	shmfb_close(fb);
	shmx_reader_close(ring.reader);
	xcb_disconnect(own);
	return 0;
}

START_TEST(no_pixel_is_mapped)
{
	struct shmx_producer *producer;
	struct shmx_frame f;
	int status;
	pid_t pid;

	/* The child first: what the parent has open is not for it. */
	int ready[2];
	char byte;

	ck_assert_int_eq(pipe(ready), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		close(ready[1]);
		if (read(ready[0], &byte, 1) != 1)
			_exit(6);
		_exit(look_without_pixels());
	}
	ck_assert_int_eq(shmx_producer_open_image(&producer, "test", 640, 480,
						  SHMX_XRGB8888), 0);
	shmx_begin(producer, &f);
	fill(f.pixels, f.stride, 640, 480, 5);
	shmx_publish(producer, &f);
	ck_assert_int_eq(write(ready[1], "", 1), 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0);
	shmx_producer_close(producer);
	close(ready[0]);
	close(ready[1]);
}
END_TEST

/* ----------------------------------------------------------- fallbacks -- */

/* Falls back for that reason, says so, and shows the right pixels. */
static void
check_falls_back(const char *display, const char *why)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	xcb_connection_t *there = x_connect(display);
	struct shmfb *fb = open_sized(641, 479, SHMFB_AUTO, display);
	struct ring ring;

	ck_assert_str_eq(stats_of(fb).path, "put");
	ck_assert_msg(strstr(stats_of(fb).why, why), "\"%s\" without \"%s\"",
		      stats_of(fb).why, why);
	present_pattern(fb, 1);
	settle(fb, there);
	check_shows(there, fb, 641, 479, 1);
	ring_open(&ring, 333, 222, SHMX_XRGB8888);
	ring_publish(&ring, 333, 222, 2, NULL);
	show_latest(fb, &ring);
	settle(fb, there);
	check_shows(there, fb, 333, 222, 2);
	ck_assert_uint_eq(stats_of(fb).client_copies, 2);
	shmfb_close(fb);
	ring_close(&ring);

	fb = NULL;
	opt.backend = SHMFB_SHM;
	opt.display = display;
	ck_assert_int_eq(shmfb_open(&fb, &opt), -ENOTSUP);
	ck_assert_ptr_nonnull(strstr(shmfb_error(), why));
	xcb_disconnect(there);
}

START_TEST(switched_off)
{
	setenv("SHMFB_NO_SHM", "1", 1);
	check_falls_back(NULL, "SHMFB_NO_SHM is set");
	unsetenv("SHMFB_NO_SHM");
}
END_TEST

START_TEST(switch_that_is_not_on)
{
	struct shmfb *fb;

	setenv("SHMFB_NO_SHM", "0", 1);
	fb = open_sized(10, 10, SHMFB_AUTO, NULL);
	ck_assert_str_eq(stats_of(fb).path, "shm-fd");
	ck_assert_str_eq(stats_of(fb).why,
			 "MIT-SHM 1.2 attaches descriptors");
	shmfb_close(fb);
	unsetenv("SHMFB_NO_SHM");
}
END_TEST

START_TEST(descriptors_switched_off)
{
	struct shmfb *fb;

	setenv("SHMFB_NO_FD", "1", 1);
	fb = open_sized(10, 10, SHMFB_AUTO, NULL);
	unsetenv("SHMFB_NO_FD");
	ck_assert_str_ne(stats_of(fb).path, "shm-fd");
	ck_assert_ptr_nonnull(strstr(stats_of(fb).why, "SHMFB_NO_FD is set"));
	shmfb_close(fb);
}
END_TEST

/* ---------------------------------------- Present, of pixmaps of ours -- */

static const struct {
	const char *screen;
	const char *no_fd;		/* System V segments instead */
	uint32_t format;
	uint32_t mask;			/* of a pixel's bits, those that count */
} pixmaps[] = {
	{ "320x200x16", "0", SHMX_RGB565, 0xffff },
	{ "320x200x16", "1", SHMX_RGB565, 0xffff },
	{ "320x200x24", "0", SHMX_XRGB8888, 0xffffff },
	{ "320x200x24", "1", SHMX_XRGB8888, 0xffffff },
	{ "320x200x30", "0", SHMX_XRGB2101010, 0x3fffffff },
	{ "320x200x30", "1", SHMX_XRGB2101010, 0x3fffffff },
};

#define PIXMAPS ((int)BASE_ARRAY_SIZE(pixmaps))

/* An odd width: rows of 16 bits a pixel end in padding. */
enum { PIXMAP_WIDTH = 101, PIXMAP_HEIGHT = 57 };

static uint32_t
pixmap_value(const void *pixels, size_t stride, unsigned bytes, uint32_t x,
	     uint32_t y)
{
	uint32_t value = 0;

	memcpy(&value, (const uint8_t *)pixels + y * stride +
	       (size_t)x * bytes, bytes);
	return value;
}

static void
present_noise(struct shmfb *fb, uint32_t seed, const struct shmx_rect *part)
{
	unsigned bytes = shmx_format_bytes(fb->canvas_format);
	struct shmfb_canvas canvas;
	uint32_t x, y, value;

	while (!shmfb_ready(fb))
		ck_assert(shmfb_pump(fb));
	ck_assert_int_eq(shmfb_begin(fb, &canvas), 0);
	for (y = 0; y < canvas.height; y++)
		for (x = 0; x < canvas.width; x++) {
			value = pattern(x, y, seed) * 2654435761U;
			memcpy((uint8_t *)canvas.pixels + y * canvas.stride +
			       (size_t)x * bytes, &value, bytes);
		}
	ck_assert_int_eq(shmfb_present(fb, part, part ? 1 : 0), 0);
}

/* Within part the one, around it the other. */
static void
check_noise_of(xcb_connection_t *there, struct shmfb *fb, uint32_t mask,
	       uint32_t seed, const struct shmx_rect *part, uint32_t around)
{
	unsigned bytes = shmx_format_bytes(fb->canvas_format);
	size_t stride = (PIXMAP_WIDTH * bytes + 3) / 4 * 4;
	xcb_get_image_reply_t *r;
	uint32_t x, y, want;
	bool in;

	r = xcb_get_image_reply(there, xcb_get_image(there,
		XCB_IMAGE_FORMAT_Z_PIXMAP, shmfb_window_id(fb), 0, 0,
		PIXMAP_WIDTH, PIXMAP_HEIGHT, ~0U), NULL);
	ck_assert_ptr_nonnull(r);
	ck_assert_uint_ge((size_t)xcb_get_image_data_length(r),
			  stride * PIXMAP_HEIGHT);
	for (y = 0; y < PIXMAP_HEIGHT; y++)
		for (x = 0; x < PIXMAP_WIDTH; x++) {
			in = (int32_t)x >= part->x && (int32_t)y >= part->y &&
			     (int32_t)x < part->x + part->width &&
			     (int32_t)y < part->y + part->height;
			want = pattern(x, y, in ? seed : around) *
			       2654435761U;
			ck_assert_uint_eq(mask & pixmap_value(
				xcb_get_image_data(r), stride, bytes, x, y),
				mask & want);
		}
	free(r);
}

START_TEST(pixmaps_of_each_depth)
{
	const struct shmx_rect all = { 0, 0, PIXMAP_WIDTH, PIXMAP_HEIGHT };
	const struct shmx_rect part = { 33, 20, 41, 17 };
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	struct xserver server;
	xcb_connection_t *there;
	struct shmfb *fb;

	xserver_start(&server, pixmaps[_i].screen, NULL);
	there = x_connect(server.display);
	setenv("SHMFB_NO_FD", pixmaps[_i].no_fd, 1);
	opt.display = server.display;
	opt.width = PIXMAP_WIDTH;
	opt.height = PIXMAP_HEIGHT;
	opt.backend = SHMFB_PRESENT;
	opt.flags = SHMFB_NATIVE_FORMAT;
	fb = open_window(&opt);
	unsetenv("SHMFB_NO_FD");
	ck_assert_uint_eq(fb->canvas_format, pixmaps[_i].format);
	ck_assert(fb->sysv == (pixmaps[_i].no_fd[0] == '1'));
	present_noise(fb, 1, NULL);
	settle(fb, there);
	check_noise_of(there, fb, pixmaps[_i].mask, 1, &all, 0);
	/* What is said to differ is all that is copied. */
	present_noise(fb, 2, &part);
	settle(fb, there);
	check_noise_of(there, fb, pixmaps[_i].mask, 2, &part, 1);
	ck_assert_str_eq(stats_of(fb).path, "present");
	ck_assert_str_eq(stats_of(fb).route, "direct");
	ck_assert_uint_eq(stats_of(fb).client_copies, 0);
	ck_assert_uint_eq(stats_of(fb).frames_failed, 0);
	shmfb_close(fb);
	xcb_disconnect(there);
	xserver_stop(&server);
}
END_TEST

/* Nor is there a way to say what differs: each time, all is copied. */
START_TEST(server_without_xfixes)
{
	static const char *const flags[] = { "-extension", "XFIXES", NULL };
	const struct shmx_rect all = { 0, 0, PIXMAP_WIDTH, PIXMAP_HEIGHT };
	const struct shmx_rect part = { 33, 20, 41, 17 };
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	struct xserver server;
	xcb_connection_t *there;
	struct shmfb *fb;

	xserver_start(&server, "800x600x24", flags);
	there = x_connect(server.display);
	opt.display = server.display;
	opt.width = PIXMAP_WIDTH;
	opt.height = PIXMAP_HEIGHT;
	opt.backend = SHMFB_PRESENT;
	fb = open_window(&opt);
	present_noise(fb, 1, NULL);
	settle(fb, there);
	present_noise(fb, 2, &part);
	settle(fb, there);
	check_noise_of(there, fb, 0xffffff, 2, &all, 0);
	ck_assert_str_eq(stats_of(fb).path, "present");
	ck_assert_msg(strstr(stats_of(fb).why, "the server has no XFIXES 2"),
		      "%s", stats_of(fb).why);
	ck_assert_uint_eq(stats_of(fb).frames_failed, 0);
	shmfb_close(fb);
	xcb_disconnect(there);
	xserver_stop(&server);
}
END_TEST

START_TEST(server_without_shm)
{
	static const char *const flags[] = { "-extension", "MIT-SHM", NULL };
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	struct xserver server;
	struct shmfb *fb;

	xserver_start(&server, "800x600x24", flags);
	check_falls_back(server.display, "the server has no MIT-SHM");
	opt.display = server.display;
	opt.backend = SHMFB_PRESENT;
	ck_assert_int_eq(shmfb_open(&fb, &opt), -ENOTSUP);
	ck_assert_msg(strstr(shmfb_error(), "the server has no MIT-SHM"),
		      "%s", shmfb_error());
	xserver_stop(&server);
}
END_TEST

/* The server says that it has MIT-SHM 1.2; a descriptor cannot get there. */
START_TEST(server_over_tcp)
{
	static const char *const flags[] = { "-listen", "tcp", "-ac", NULL };
	struct xserver server;
	char display[64];

	xserver_start(&server, "800x600x24", flags);
	snprintf(display, sizeof(display), "127.0.0.1%s", server.display);
	check_falls_back(display, "refused the descriptor (BadMatch)");
	xserver_stop(&server);
}
END_TEST

/* One ring is refused, and only it. */
START_TEST(one_ring_is_refused)
{
	struct shmfb *fb = open_sized(100, 80, SHMFB_AUTO, NULL);
	struct ring ring;

	ring_open(&ring, 100, 80, SHMX_XRGB8888);
	ring_publish(&ring, 100, 80, 1, NULL);
	show_latest(fb, &ring);
	settle(fb, c);
	ck_assert_str_eq(stats_of(fb).path, "shm-fd");
	/* Behind the window's back: its next put is an error. */
	xcb_shm_detach(fb->x->conn, fb->ring->xid);
	ring_publish(&ring, 100, 80, 2, NULL);
	show_latest(fb, &ring);
	settle(fb, c);
	check_shows(c, fb, 100, 80, 2);
	ck_assert_str_eq(stats_of(fb).path, "shm-fd");
	ck_assert_str_eq(stats_of(fb).route, "staged");
	ck_assert_ptr_nonnull(strstr(stats_of(fb).why, "BadShmSeg"));
	ck_assert_uint_eq(stats_of(fb).frames_failed, 1);
	ring_publish(&ring, 100, 80, 3, NULL);
	show_latest(fb, &ring);
	settle(fb, c);
	check_shows(c, fb, 100, 80, 3);
	ring_close(&ring);
	/* The next one is asked about anew. */
	ring_open(&ring, 100, 80, SHMX_XRGB8888);
	ring_publish(&ring, 100, 80, 4, NULL);
	show_latest(fb, &ring);
	settle(fb, c);
	check_shows(c, fb, 100, 80, 4);
	ck_assert_str_eq(stats_of(fb).path, "shm-fd");
	ck_assert_str_eq(stats_of(fb).route, "direct");
	shmfb_close(fb);
	ring_close(&ring);
}
END_TEST

/* A pixel of what was drawn differs, says the application. */
static void
present_corner(struct shmfb *fb, uint32_t seed)
{
	const struct shmx_rect corner = { 0, 0, 1, 1 };
	struct shmfb_canvas canvas;

	begin(fb, &canvas);
	fill(canvas.pixels, canvas.stride, canvas.width, canvas.height, seed);
	ck_assert_int_eq(shmfb_present(fb, &corner, 1), 0);
}

static void
dispatch_often(struct shmfb *fb)
{
	unsigned i;

	for (i = 0; i < 30; i++) {
		x_sync(fb->x->conn);
		ck_assert_int_eq(shmfb_dispatch(fb), 0);
	}
}

/* Also no repaint is under way, which may yet be refused and come again. */
static bool
nothing_to_repaint(struct shmfb *fb, void *data)
{
	(void)data;
	return shmfb_rect_empty(&fb->repaint) && fb->flight.count == 0;
}

static bool
has_repainted(struct shmfb *fb, void *data)
{
	const uint64_t *times = data;

	return stats_of(fb).repaints >= *times;
}

/* One frame is, as when the server is short of memory: it is sent again. */
START_TEST(refused_once)
{
	struct shmfb *fb = open_sized(100, 80, backends[_i], NULL);
	xcb_gcontext_t gc = fb->gc;
	uint64_t before;

	present_pattern(fb, 1);
	settle(fb, c);
	before = stats_of(fb).repaints;
	fb->gc = xcb_generate_id(fb->x->conn);
	present_pattern(fb, 2);
	fb->gc = gc;
	/* Some repaints may have been refused with it. */
	settle(fb, c);
	wait_until(fb, nothing_to_repaint, NULL);
	settle(fb, c);
	check_shows(c, fb, 100, 80, 2);
	ck_assert_uint_eq(stats_of(fb).frames_failed, 1);
	ck_assert_uint_ge(stats_of(fb).repaints - before, 1);
	present_corner(fb, 2);
	settle(fb, c);
	check_shows(c, fb, 100, 80, 2);
	/* Nothing has come of it for good. */
	ck_assert_str_eq(stats_of(fb).path, paths[_i]);
	shmfb_close(fb);
}
END_TEST

/* All are, for a long time: no endless repainting, and right in the end. */
START_TEST(refused_for_long)
{
	struct shmfb *fb = open_sized(100, 80, backends[_i], NULL);
	xcb_gcontext_t gc = fb->gc;
	uint64_t repaints, begun;

	present_pattern(fb, 1);
	settle(fb, c);
	repaints = stats_of(fb).repaints + SHMFB_REFUSALS;
	begun = base_now_ns();
	fb->gc = xcb_generate_id(fb->x->conn);
	present_pattern(fb, 2);
	wait_until(fb, has_repainted, &repaints);
	ck_assert_uint_ge(base_now_ns() - begun,
			  (SHMFB_REFUSALS - 1) * SHMFB_REFUSED_NS);
	usleep(SHMFB_REFUSED_NS / 1000);
	dispatch_often(fb);
	ck_assert_uint_eq(stats_of(fb).repaints, repaints);
	/* An expose is tried, once. */
	shmfb_repaint_later(fb, &(struct shmx_rect){ 5, 5, 1, 1 });
	dispatch_often(fb);
	ck_assert_uint_eq(stats_of(fb).repaints, repaints + 1);
	fb->gc = gc;
	present_corner(fb, 3);
	settle(fb, c);
	check_shows(c, fb, 100, 80, 3);
	shmfb_close(fb);
}
END_TEST

/* What could not be repainted is with the next frame. */
START_TEST(no_memory_to_repaint)
{
	struct shmfb *fb = open_sized(100, 80, SHMFB_PUT, NULL);
	uint64_t before;

	present_pattern(fb, 1);
	settle(fb, c);
	before = stats_of(fb).repaints;
	free(fb->bounce);
	fb->bounce = NULL;
	fault_always("calloc", ENOMEM);
	shmfb_repaint_later(fb, NULL);
	dispatch_often(fb);
	ck_assert(fault_off());
	ck_assert_uint_eq(stats_of(fb).repaints, before);
	present_corner(fb, 2);
	settle(fb, c);
	check_shows(c, fb, 100, 80, 2);
	shmfb_close(fb);
}
END_TEST

/* What is drawn on is there: else the application gets a SIGBUS. */
START_TEST(memory_is_reserved)
{
	int fd = shmfb_memfd(1000 * 4096);
	struct stat st;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(st.st_size, 1000 * 4096);
	ck_assert_int_eq(st.st_blocks, 1000 * 8);
	close(fd);
}
END_TEST

/* None to be had that is shared: drawn elsewhere, and it says so. */
START_TEST(no_memory_to_share)
{
	struct shmfb *fb = open_sized(100, 80, SHMFB_AUTO, NULL);
	struct shmfb_canvas canvas;

	fault_always("fallocate", ENOMEM);
	begin(fb, &canvas);
	ck_assert(fault_off());
	fill(canvas.pixels, canvas.stride, canvas.width, canvas.height, 1);
	ck_assert_int_eq(shmfb_present(fb, NULL, 0), 0);
	settle(fb, c);
	check_shows(c, fb, 100, 80, 1);
	ck_assert_str_eq(stats_of(fb).path, "put");
	ck_assert_ptr_nonnull(strstr(stats_of(fb).why, "no shared memory"));
	shmfb_close(fb);

	fb = open_sized(100, 80, SHMFB_SHM, NULL);
	fault_always("fallocate", ENOMEM);
	ck_assert_int_eq(shmfb_begin(fb, &canvas), -ENOMEM);
	ck_assert(fault_off());
	present_pattern(fb, 2);
	shmfb_close(fb);
}
END_TEST

/* Requests of 16 KB at most, as the protocol allows: rows are cut, too. */
START_TEST(narrow_connection)
{
	struct shmfb *fb = open_sized(1900, 20, SHMFB_PUT, NULL);

	fb->x->put_pixels = 700;
	present_pattern(fb, 1);
	settle(fb, c);
	check_shows(c, fb, 1900, 20, 1);
	shmfb_close(fb);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("present");
	TCase *tc = suite_case(s, "canvas");

	tcase_add_checked_fixture(tc, connect_observer, disconnect_observer);
	tcase_add_loop_test(tc, canvas_is_exact, 0, 4);
	tcase_add_loop_test(tc, widest_window, 0, 4);
	tcase_add_loop_test(tc, damage_is_what_is_shown, 0, 4);
	tcase_add_loop_test(tc, age_is_true, 0, 4);
	tcase_add_loop_test(tc, begin_and_present_rules, 0, 4);
	tcase_add_test(tc, present_fails);
	tcase_add_loop_test(tc, bands_are_one_frame, 0, 3);
	tcase_add_test(tc, two_in_flight);
	tcase_add_test(tc, resizes_reuse_memory);

	tc = suite_case(s, "order");
	tcase_add_checked_fixture(tc, connect_observer, disconnect_observer);
	tcase_add_loop_test(tc, view_after_frame, 0, ORDERS);
	tcase_add_loop_test(tc, size_after_frames, 0, ORDERS);

	tc = suite_case(s, "ring");
	tcase_add_checked_fixture(tc, connect_observer, disconnect_observer);
	tcase_add_loop_test(tc, slot_is_shown, 0, 36);
	tcase_add_test(tc, latency_begins_with_the_window);
	tcase_add_loop_test(tc, copied_and_why, 0, 4);
	tcase_add_loop_test(tc, frames_change_size, 0, 4);
	tcase_add_loop_test(tc, ring_damage, 0, 4);
	tcase_add_test(tc, same_frame_again);
	tcase_add_loop_test(tc, sources_take_turns, 0, 4);
	tcase_add_test(tc, formats_that_are_not_shown);
	tcase_add_test(tc, frames_without_a_picture_are_not_shown);
	tcase_add_test(tc, no_pixel_is_mapped);

	tc = suite_case(s, "fallbacks");
	tcase_add_checked_fixture(tc, connect_observer, disconnect_observer);
	tcase_add_test(tc, switched_off);
	tcase_add_test(tc, switch_that_is_not_on);
	tcase_add_test(tc, descriptors_switched_off);
	tcase_add_loop_test(tc, pixmaps_of_each_depth, 0, PIXMAPS);
	tcase_add_test(tc, server_without_shm);
	tcase_add_test(tc, server_without_xfixes);
	tcase_add_test(tc, server_over_tcp);
	tcase_add_test(tc, one_ring_is_refused);
	tcase_add_loop_test(tc, refused_once, 0, 3);
	tcase_add_loop_test(tc, refused_for_long, 0, 3);
	tcase_add_test(tc, no_memory_to_repaint);
	tcase_add_test(tc, memory_is_reserved);
	tcase_add_test(tc, no_memory_to_share);
	tcase_add_test(tc, narrow_connection);
	return suite_run(s);
}
