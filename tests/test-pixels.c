/* SPDX-License-Identifier: MIT */
/*
 * test-pixels.c - every format, in windows of depth 16, 24 and 30
 *
 * Each on a server of its own. What the window shows is read back by GetImage
 * and held against the reference, to the bit.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <shmfb/shmfb.h>

#include "base/base.h"
#include "colour.h"
#include "shmfb/window.h"
#include "suite.h"
#include "xtool.h"

static const struct {
	const char *screen;
	uint8_t depth;
	uint8_t bits;
	uint32_t native;
	uint32_t flags;
} servers[] = {
	{ "640x480x16", 16, 16, SHMX_RGB565, 0 },
	{ "640x480x24", 24, 32, SHMX_XRGB8888, 0 },
	{ "640x480x30", 30, 32, SHMX_XRGB2101010, 0 },
	{ "640x480x24", 32, 32, SHMX_ARGB8888, SHMFB_ALPHA },
};

#define SERVERS ((int)BASE_ARRAY_SIZE(servers))

static const uint32_t formats[] = {
	SHMX_XRGB8888, SHMX_ARGB8888, SHMX_XBGR8888, SHMX_RGB565,
	SHMX_XRGB2101010, SHMX_RGB888, SHMX_R8,
};

/* Each way that a picture can go when it cannot be put as it is. */
static const struct way {
	enum shmfb_backend backend;
	const char *no_render;
} ways[] = { { SHMFB_SHM, "1" }, { SHMFB_PUT, "0" }, { SHMFB_SHM, "0" } };

#define WAYS ((int)BASE_ARRAY_SIZE(ways))

#define FORMATS ((int)BASE_ARRAY_SIZE(formats))

/* The server of this test, its window, and another client of it. */
static struct xserver server;
static struct shmfb *fb;
static xcb_connection_t *c;

static void
start(int which, const struct way *way, uint32_t width, uint32_t height,
      uint32_t flags)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;

	xserver_start(&server, servers[which].screen, NULL);
	opt.display = server.display;
	opt.width = width;
	opt.height = height;
	opt.backend = way->backend;
	setenv("SHMFB_NO_RENDER", way->no_render, 1);
	opt.flags = flags | servers[which].flags;
	opt.vsync = SHMFB_VSYNC_OFF;
	fb = open_window(&opt);
	c = x_connect(server.display);
	ck_assert_uint_eq(fb->x->native.visual.depth, servers[which].depth);
	ck_assert_uint_eq(fb->x->native.visual.bits, servers[which].bits);
}

static void
stop(void)
{
	shmfb_close(fb);
	xcb_disconnect(c);
	xserver_stop(&server);
}

/* Any bytes, different for other seeds. */
static uint8_t
noise(uint32_t y, size_t i, uint32_t seed)
{
	return (uint8_t)(pattern((uint32_t)i, y, seed) >> 7);
}

static void
fill_rect(void *pixels, size_t stride, unsigned bytes,
	  const struct shmx_rect *r, uint32_t seed)
{
	int32_t y;
	size_t i;

	for (y = r->y; y < r->y + r->height; y++)
		for (i = (size_t)r->x * bytes;
		     i < (size_t)(r->x + r->width) * bytes; i++)
			((uint8_t *)pixels)[(size_t)y * stride + i] =
				noise((uint32_t)y, i, seed);
}

static void
fill_noise(void *pixels, size_t stride, uint32_t format, uint32_t width,
	   uint32_t height, uint32_t seed)
{
	struct shmx_rect all = { 0, 0, (int32_t)width, (int32_t)height };

	fill_rect(pixels, stride, shmx_format_bytes(format), &all, seed);
}

static xcb_get_image_reply_t *
read_window(uint32_t width, uint32_t height)
{
	xcb_get_image_reply_t *r;

	r = xcb_get_image_reply(c, xcb_get_image(c, XCB_IMAGE_FORMAT_Z_PIXMAP,
		shmfb_window_id(fb), 0, 0, (uint16_t)width, (uint16_t)height,
		~0U), NULL);
	ck_assert_ptr_nonnull(r);
	return r;
}

/* What the middle of the window shows is that noise; within r of a seed. */
static void
check_noise(uint32_t format, uint32_t width, uint32_t height, uint32_t seed,
	    const struct shmx_rect *r, uint32_t seed_within)
{
	const struct shmfb_visual *v = &fb->x->native.visual;
	struct shmfb_stats s = stats_of(fb);
	int32_t dx = ((int32_t)s.width - (int32_t)width) / 2;
	int32_t dy = ((int32_t)s.height - (int32_t)height) / 2;
	xcb_get_image_reply_t *reply = read_window(s.width, s.height);
	const uint8_t *image = xcb_get_image_data(reply);
	unsigned n = v->bits / 8, bytes = shmx_format_bytes(format), k;
	size_t stride = (s.width * n + 3) / 4 * 4;
	const struct colour black = { { 0, 0, 0 }, 0xff };
	uint8_t from[4], want[4];
	int32_t x, y;

	for (y = 0; y < (int32_t)s.height; y++)
		for (x = 0; x < (int32_t)s.width; x++) {
			int32_t px = x - dx, py = y - dy;
			bool within = r && px >= r->x && py >= r->y &&
				px < r->x + r->width && py < r->y + r->height;

			colour_write(v, black, want);
			if (px >= 0 && px < (int32_t)width && py >= 0 &&
			    py < (int32_t)height) {
				for (k = 0; k < bytes; k++)
					from[k] = noise((uint32_t)py,
						(size_t)px * bytes + k,
						within ? seed_within : seed);
				colour_write(v, colour_read(format, from),
					     want);
			}
			if (!colour_same(v, image + (size_t)y * stride +
					 (size_t)x * n, want))
				ck_abort_msg("%s at depth %u: pixel %d,%d",
					     shmx_format_name(format),
					     v->depth, x, y);
		}
	free(reply);
}

/* --------------------------------------------------------------- rings -- */

struct ring {
	struct shmx_producer *producer;
	struct shmx_reader *reader;
	uint32_t format;
};

static void
ring_open(struct ring *r, uint32_t width, uint32_t height, uint32_t format)
{
	struct shmx_reader_options opt = SHMX_READER_OPTIONS_INIT;

	opt.holds = 4;
	r->format = format;
	ck_assert_int_eq(shmx_producer_open_image(&r->producer, "pixels",
						  width, height, format), 0);
	ck_assert_int_eq(shmx_reader_open(&r->reader, "pixels", &opt), 0);
}

static void
ring_close(struct ring *r)
{
	shmx_reader_close(r->reader);
	shmx_producer_close(r->producer);
}

static void
ring_show(struct ring *r)
{
	struct shmx_hold *hold;
	int err;

	ck_assert_int_eq(shmx_hold_latest(r->reader, &hold), 0);
	while ((err = shmfb_show(fb, hold)) == -EAGAIN)
		ck_assert(shmfb_pump(fb));
	ck_assert_msg(err == 0, "%s", shmfb_error());
	shmx_release(hold);
}

static void
ring_frame(struct ring *r, uint32_t width, uint32_t height, uint32_t seed)
{
	struct shmx_frame f;

	shmx_begin(r->producer, &f);
	f.width = width;
	f.height = height;
	fill_noise(f.pixels, f.stride, r->format, width, height, seed);
	ck_assert_uint_gt(shmx_publish(r->producer, &f), 0);
	ring_show(r);
}

/* One of that noise, but for the rectangle, and it says so. */
static void
ring_change(struct ring *r, uint32_t width, uint32_t height, uint32_t seed,
	    const struct shmx_rect *rect, uint32_t seed_within)
{
	struct shmx_frame f;

	shmx_begin(r->producer, &f);
	f.width = width;
	f.height = height;
	fill_noise(f.pixels, f.stride, r->format, width, height, seed);
	fill_rect(f.pixels, f.stride, shmx_format_bytes(r->format), rect,
		  seed_within);
	shmx_damage(&f, rect->x, rect->y, rect->width, rect->height);
	ck_assert_uint_gt(shmx_publish(r->producer, &f), 0);
	ring_show(r);
}

static bool
is_direct(int which, uint32_t format)
{
	return format == servers[which].native ||
	       (which == 1 && format == SHMX_ARGB8888);
}

/* Every format on every depth, each way; odd sizes, cropped and with room. */
START_TEST(frames)
{
	static const uint32_t sizes[][2] = {
		{ 101, 77 }, { 33, 20 }, { 1, 1 }, { 150, 90 }, { 102, 80 },
	};
	int which = _i / FORMATS / WAYS;
	uint32_t format = formats[_i / WAYS % FORMATS];
	bool direct = is_direct(which, format), render;
	struct shmfb_stats s;
	struct ring ring;
	unsigned i, n = 0;

	start(which, &ways[_i % WAYS], 101, 77, 0);
	ring_open(&ring, 150, 90, format);
	for (i = 0; i < BASE_ARRAY_SIZE(sizes); i++) {
		ring_frame(&ring, sizes[i][0], sizes[i][1], i);
		settle(fb, c);
		check_noise(format, sizes[i][0], sizes[i][1], i, NULL, 0);
		n++;
		s = stats_of(fb);
		render = _i % WAYS == 2 && !direct &&
			 strcmp(s.route, "render") == 0;
		ck_assert_str_eq(s.route, direct ? "direct" :
				 render ? "render" : "staged");
		/* Those that every server has for its own visuals. */
		if (_i % WAYS == 2 && format == SHMX_XRGB8888 && which == 0)
			ck_assert(render);
		ck_assert_ptr_nonnull(strstr(s.route_why,
					     shmx_format_name(format)));
		ck_assert_uint_eq(s.frames_shown, n);
		ck_assert_uint_eq(s.client_copies,
				  n * (unsigned)(!direct - render +
					       (_i % WAYS == 1)));
	}
	/* Another size of the window: all of it anew, if it had been cut. */
	ck_assert_int_eq(shmfb_resize(fb, 120, 101), 0);
	settle(fb, c);
	check_noise(format, 102, 80, i - 1, NULL, 0);
	ring_close(&ring);
	stop();
}
END_TEST

/* Only what differs, also into slots that are some frames behind. */
START_TEST(damage)
{
	static const struct shmx_rect rects[] = {
		{ 10, 12, 7, 9 }, { 50, 3, 31, 60 }, { 0, 0, 1, 1 },
		{ 99, 76, 2, 1 }, { 20, 30, 40, 40 },
	};
	int which = _i / WAYS;
	struct ring ring;
	unsigned i, k;

	start(which, &ways[_i % WAYS], 101, 77, 0);
	ring_open(&ring, 101, 77, SHMX_RGB888);
	for (i = 0; i < 20; i++) {
		k = i % BASE_ARRAY_SIZE(rects);
		ring_frame(&ring, 101, 77, 1);
		/* Two that are under way have a slot each. */
		ring_change(&ring, 101, 77, 1, &rects[k], i);
		if (i % 3 == 0)
			settle(fb, c);
		if (i % 3 == 0)
			check_noise(SHMX_RGB888, 101, 77, 1, &rects[k], i);
	}
	ring_close(&ring);
	stop();
}
END_TEST

/* A damage that is too small is believed: what is staged is what differs. */
START_TEST(only_damage_is_converted)
{
	const struct shmx_rect told = { 10, 10, 5, 5 };
	struct shmx_frame f;
	struct ring ring;

	start(0, &ways[0], 60, 50, 0);
	ring_open(&ring, 60, 50, SHMX_XRGB8888);
	ring_frame(&ring, 60, 50, 1);
	settle(fb, c);
	shmx_begin(ring.producer, &f);
	fill_noise(f.pixels, f.stride, SHMX_XRGB8888, 60, 50, 2);
	shmx_damage(&f, told.x, told.y, told.width, told.height);
	ck_assert_uint_gt(shmx_publish(ring.producer, &f), 0);
	ring_show(&ring);
	settle(fb, c);
	check_noise(SHMX_XRGB8888, 60, 50, 1, &told, 2);
	/* Shown again, there is nothing to convert. */
	ck_assert_uint_eq(stats_of(fb).client_copies, 2);
	ring_show(&ring);
	settle(fb, c);
	ck_assert_uint_eq(stats_of(fb).client_copies, 2);
	ck_assert_uint_eq(stats_of(fb).frames_shown, 3);
	ring_close(&ring);
	stop();
}
END_TEST

/* -------------------------------------------------------------- canvases -- */

static void
begin(struct shmfb_canvas *canvas)
{
	int err;

	while ((err = shmfb_begin(fb, canvas)) == -EAGAIN)
		ck_assert(shmfb_pump(fb));
	ck_assert_msg(err == 0, "%s", shmfb_error());
}

START_TEST(canvases)
{
	int which = _i / WAYS / 2;
	bool native = _i / WAYS % 2;
	uint32_t format = native || servers[which].flags & SHMFB_ALPHA ?
		servers[which].native : SHMX_XRGB8888;
	bool direct = is_direct(which, format), render;
	struct shmx_rect r = { 5, 6, 30, 20 };
	struct shmfb_canvas canvas;
	unsigned i;

	start(which, &ways[_i % WAYS], 101, 77,
	      native ? SHMFB_NATIVE_FORMAT : 0);
	for (i = 0; i < 6; i++) {
		begin(&canvas);
		ck_assert_uint_eq(canvas.format, format);
		ck_assert_uint_eq(canvas.width, 101);
		fill_noise(canvas.pixels, canvas.stride, format, 101, 77, 1);
		r.x = 5 + (int32_t)i * 7;
		fill_rect(canvas.pixels, canvas.stride,
			  shmx_format_bytes(format), &r, i);
		/* What was drawn on before differs, too. */
		ck_assert_int_eq(shmfb_present(fb, (struct shmx_rect[]){ r,
			{ r.x - 7, r.y, 30, 20 } }, i ? 2 : 0), 0);
		if (i % 3)
			continue;
		settle(fb, c);
		check_noise(format, 101, 77, 1, &r, i);
	}
	settle(fb, c);
	check_noise(format, 101, 77, 1, &r, 5);
	render = strcmp(stats_of(fb).route, "render") == 0;
	ck_assert(!render || (!direct && _i % WAYS == 2));
	if (!render)
		ck_assert_str_eq(stats_of(fb).route, direct ? "direct" :
				 "staged");
	ck_assert_uint_eq(stats_of(fb).client_copies,
			  6U * (unsigned)(!direct - render +
					  (_i % WAYS == 1)));
	/* It stays in the middle of what is larger. */
	ck_assert_int_eq(shmfb_resize(fb, 110, 90), 0);
	settle(fb, c);
	check_noise(format, 101, 77, 1, &r, 5);
	stop();
}
END_TEST

/* ------------------------------------------------------------- images -- */

static void
show_image(const struct shmfb_image *image, const struct shmx_rect *rects,
	   unsigned count)
{
	int err;

	while ((err = shmfb_present_copy(fb, image, rects, count)) == -EAGAIN)
		ck_assert(shmfb_pump(fb));
	ck_assert_msg(err == 0, "%s", shmfb_error());
}

/* Copied in bands, into what the window shows as it is: once. */
static bool
copied_once(int which, uint32_t format, size_t stride)
{
	return is_direct(which, format) || stride % 4 == 0;
}

/* Every format on every depth, each way, with any bytes from row to row. */
START_TEST(images)
{
	static const uint32_t sizes[][2] = {
		{ 203, 977 }, { 33, 20 }, { 1, 1 }, { 301, 90 }, { 250, 801 },
	};
	static uint8_t pixels[1024 * 1024 * 2];
	int which = _i / FORMATS / WAYS;
	bool put = ways[_i % WAYS].backend == SHMFB_PUT;
	struct shmfb_image image = { .format = formats[_i / WAYS % FORMATS] };
	unsigned i, bytes = shmx_format_bytes(image.format);
	struct shmfb_stats s;

	start(which, &ways[_i % WAYS], 203, 471, 0);
	for (i = 0; i < BASE_ARRAY_SIZE(sizes); i++) {
		image.pixels = pixels + (i & 1);
		image.width = sizes[i][0];
		image.height = sizes[i][1];
		image.stride = image.width * bytes + i % 3;
		fill_noise(pixels + (i & 1), image.stride, image.format,
			   image.width, image.height, i);
		show_image(&image, NULL, 0);
		/* It is the caller's again. */
		memset(pixels, 0x5a, image.stride * image.height + 1);
		settle(fb, c);
		check_noise(image.format, image.width, image.height, i, NULL,
			    0);
		s = stats_of(fb);
		ck_assert_uint_eq(s.frames_shown, i + 1);
		if (copied_once(which, image.format, image.stride | (i & 1)))
			ck_assert_str_eq(s.route, "direct");
		ck_assert_uint_eq(s.copies, 1U + put +
				  (strcmp(s.route, "staged") == 0));
	}
	stop();
}
END_TEST

/* What does not differ is not copied, nor is it sent. */
START_TEST(image_damage)
{
	static uint8_t pixels[203 * 477 * 4];
	struct shmfb_image image = {
		.pixels = pixels, .stride = 203 * 4, .width = 203,
		.height = 477, .format = SHMX_XRGB8888,
	};
	struct shmx_rect rect = { 0, 0, 31, 120 };
	struct shmfb_canvas canvas;
	unsigned i;

	start(_i / WAYS, &ways[_i % WAYS], 203, 477, 0);
	for (i = 0; i < 40; i++) {
		/* Now and then the canvas is another's. */
		if (i % 10 == 5) {
			while (shmfb_begin(fb, &canvas) == -EAGAIN)
				ck_assert(shmfb_pump(fb));
			memset(canvas.pixels, 0, canvas.stride);
		}
		fill_noise(pixels, image.stride, image.format, 203, 477, 1);
		if (i % 3 == 0) {
			show_image(&image, NULL, 0);
			continue;
		}
		rect.x = (int32_t)(i * 37 % 190);
		rect.y = (int32_t)(i * 101 % 400);
		/* The damage of before is over, and this is new. */
		fill_rect(pixels, image.stride, 4, &rect, i);
		show_image(&image, &rect, 1);
		if (i % 3 == 1) {
			if (i % 2)
				settle(fb, c);
			show_image(&image, &rect, 1);
			settle(fb, c);
			check_noise(image.format, 203, 477, 1, &rect, i);
		} else {
			show_image(&image, NULL, 0);
		}
	}
	stop();
}
END_TEST

/* A damage that is too small is believed: only that is copied. */
START_TEST(only_damage_is_copied)
{
	static uint8_t pixels[60 * 50 * 4];
	struct shmfb_image image = {
		.pixels = pixels, .stride = 240, .width = 60, .height = 50,
		.format = SHMX_XRGB8888,
	};
	/* However far away another is. */
	const struct shmx_rect told[] = {
		{ 10, 10, 5, 5 }, { INT32_MIN, 10, 5, 5 },
	};
	const struct shmx_rect none = { 70, 0, 5, 5 };

	start(1, &ways[_i], 60, 50, 0);
	fill_noise(pixels, 240, image.format, 60, 50, 1);
	show_image(&image, NULL, 0);
	settle(fb, c);
	fill_noise(pixels, 240, image.format, 60, 50, 2);
	show_image(&image, told, 2);
	settle(fb, c);
	show_image(&image, &none, 1);
	settle(fb, c);
	/* Painted again: from what was copied. */
	xcb_clear_area(c, 1, shmfb_window_id(fb), 0, 0, 0, 0);
	xcb_flush(c);
	settle(fb, c);
	check_noise(image.format, 60, 50, 1, told, 2);
	ck_assert_uint_eq(stats_of(fb).frames_shown, 3);
	ck_assert_uint_eq(stats_of(fb).copies, 0);
	stop();
}
END_TEST

/* Images and canvases in turn, of which each knows what it lacks. */
START_TEST(images_between_canvases)
{
	static uint8_t pixels[60 * 50 * 4];
	struct shmfb_image image = {
		.pixels = pixels, .stride = 240, .width = 60, .height = 50,
		.format = SHMX_XRGB8888,
	};
	struct shmfb_canvas canvas;
	unsigned i;

	start(1, &ways[0], 60, 50, 0);
	for (i = 0; i < 30; i++) {
		fill_noise(pixels, 240, image.format, 60, 50, i);
		if (i % 3) {
			show_image(&image, NULL, 0);
		} else {
			ck_assert_int_eq(shmfb_begin(fb, &canvas), 0);
			/* The image is what a canvas of its age holds. */
			ck_assert_uint_eq(canvas.age, i ? 1 : 0);
			fill_noise(canvas.pixels, canvas.stride, image.format,
				   60, 50, i);
			ck_assert_int_eq(shmfb_present(fb, NULL, 0), 0);
		}
		settle(fb, c);
		check_noise(image.format, 60, 50, i, NULL, 0);
	}
	/* Of another format, that is no canvas's content; the one before is. */
	image.format = SHMX_RGB565;
	image.pixels = pixels + 1;
	fill_noise(pixels + 1, 240, image.format, 60, 50, 1);
	show_image(&image, NULL, 0);
	settle(fb, c);
	ck_assert_int_eq(shmfb_begin(fb, &canvas), 0);
	ck_assert_uint_eq(canvas.age, 2);
	stop();
}
END_TEST

START_TEST(images_refused)
{
	static uint8_t pixels[64 * 64 * 4];
	const struct shmfb_image good = {
		.pixels = pixels, .stride = 256, .width = 64, .height = 64,
		.format = SHMX_XRGB8888,
	};
	struct shmfb_image image = good;

	start(1, &ways[0], 60, 50, 0);
	image.pixels = NULL;
	ck_assert_int_eq(shmfb_present_copy(fb, &image, NULL, 0), -EINVAL);
	ck_assert_ptr_nonnull(strstr(shmfb_error(), "no pixels"));
	image = good;
	image.width = 65;
	ck_assert_int_eq(shmfb_present_copy(fb, &image, NULL, 0), -EINVAL);
	image.width = 0;
	ck_assert_int_eq(shmfb_present_copy(fb, &image, NULL, 0), -EINVAL);
	image = good;
	image.height = SHMX_SIDE_MAX + 1;
	ck_assert_int_eq(shmfb_present_copy(fb, &image, NULL, 0), -EINVAL);
	image = good;
	image.stride = 255;
	ck_assert_int_eq(shmfb_present_copy(fb, &image, NULL, 0), -EINVAL);
	image.stride = SIZE_MAX;
	ck_assert_int_eq(shmfb_present_copy(fb, &image, NULL, 0), -EINVAL);
	image = good;
	image.format = 1;
	ck_assert_int_eq(shmfb_present_copy(fb, &image, NULL, 0), -ENOTSUP);
	/* What it may come to mean is not what this version does. */
	image = good;
	image.reserved[5] = 1;
	ck_assert_int_eq(shmfb_present_copy(fb, &image, NULL, 0), -EINVAL);
	ck_assert_int_eq(shmfb_present_copy(fb, &good, NULL, 1), -EINVAL);
	show_image(&good, NULL, 0);
	ck_assert_uint_eq(stats_of(fb).client_copies, 1);
	xcb_destroy_window(c, shmfb_window_id(fb));
	xcb_flush(c);
	while (shmfb_pump(fb))
		;
	ck_assert_int_eq(shmfb_present_copy(fb, &good, NULL, 0), -EPIPE);
	stop();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("pixels");
	TCase *tc = suite_case(s, "rings");

	tcase_set_timeout(tc, 20);
	tcase_add_loop_test(tc, frames, 0, SERVERS * FORMATS * WAYS);
	tcase_add_loop_test(tc, damage, 0, SERVERS * WAYS);
	tcase_add_test(tc, only_damage_is_converted);

	tc = suite_case(s, "canvases");
	tcase_set_timeout(tc, 20);
	tcase_add_loop_test(tc, canvases, 0, SERVERS * 2 * WAYS);

	tc = suite_case(s, "images");
	tcase_set_timeout(tc, 20);
	tcase_add_loop_test(tc, images, 0, SERVERS * FORMATS * WAYS);
	tcase_add_loop_test(tc, image_damage, 0, SERVERS * WAYS);
	tcase_add_loop_test(tc, only_damage_is_copied, 0, WAYS);
	tcase_add_test(tc, images_between_canvases);
	tcase_add_test(tc, images_refused);
	return suite_run(s);
}
