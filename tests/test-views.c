/* SPDX-License-Identifier: MIT */
/*
 * test-views.c - what a window shows of pictures that are scaled and turned
 *
 * By GetImage, pixel by pixel: at the nearest filter each is the pixel of the
 * picture that shmfb_to_picture() names, on every route.
 */
#include "config.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <shmfb/shmfb.h>

#include "base/base.h"
#include "chance.h"
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

/* Each way that a picture can go when it cannot be put as it is. */
static const struct way {
	enum shmfb_backend backend;
	const char *no_render;
	const char *route;
} ways[] = {
	{ SHMFB_SHM, "1", "staged" },
	{ SHMFB_PUT, "0", "staged" },
	{ SHMFB_SHM, "0", "render" },
};

#define WAYS ((int)BASE_ARRAY_SIZE(ways))

static struct shmfb *
open_sized(uint32_t width, uint32_t height, const struct way *way)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;

	opt.width = width;
	opt.height = height;
	opt.backend = way->backend;
	setenv("SHMFB_NO_RENDER", way->no_render, 1);
	opt.vsync = SHMFB_VSYNC_OFF;
	return open_window(&opt);
}

/* A picture of that pattern, as the application's canvas. */
static void
present(struct shmfb *fb, uint32_t width, uint32_t height, uint32_t seed)
{
	struct shmfb_canvas canvas;
	int err;

	ck_assert_int_eq(shmfb_set_canvas_size(fb, width, height), 0);
	while ((err = shmfb_begin(fb, &canvas)) == -EAGAIN)
		ck_assert(shmfb_pump(fb));
	ck_assert_int_eq(err, 0);
	ck_assert_uint_eq(canvas.width, width);
	ck_assert_uint_eq(canvas.height, height);
	fill(canvas.pixels, canvas.stride, width, height, seed);
	ck_assert_int_eq(shmfb_present(fb, NULL, 0), 0);
}

/* Is it the colour of a pixel as near to x, y as can be told? */
static bool
is_pixel(uint32_t colour, double x, double y, uint32_t width, uint32_t height,
	 uint32_t seed)
{
	/* Steps of 1/65536, at most 512 of them off by a half. */
	static const double off[] = { 0, -0.005, 0.005 };
	unsigned i, k;
	double px, py;

	for (i = 0; i < 3; i++)
		for (k = 0; k < 3; k++) {
			px = fmin(fmax(floor(x + off[i]), 0), width - 1.0);
			py = fmin(fmax(floor(y + off[k]), 0), height - 1.0);
			if (pattern((uint32_t)px, (uint32_t)py, seed) ==
			    colour)
				return true;
		}
	return false;
}

/* All of the window; what is behind is the background. */
static void
check_view(struct shmfb *fb, uint32_t width, uint32_t height, uint32_t seed)
{
	struct shmfb_stats s = stats_of(fb);
	uint32_t *got = x_read(c, shmfb_window_id(fb), s.width, s.height);
	struct shmfb_view view;
	uint32_t is;
	int32_t x, y;
	double px, py;
	bool in;

	shmfb_get_view(fb, &view, sizeof(view));
	for (y = 0; y < (int32_t)s.height; y++)
		for (x = 0; x < (int32_t)s.width; x++) {
			/* An assertion is a system call, of each pixel. */
			is = got[(uint32_t)y * s.width + (uint32_t)x];
			in = shmfb_to_picture(fb, x, y, &px, &py);
			if (!in && is != view.background)
				ck_abort_msg("%d,%d beside it: %06x", x, y,
					     is);
			if (in && !is_pixel(is, px, py, width, height, seed))
				ck_abort_msg("%d,%d (%.3f,%.3f): %06x", x, y,
					     px, py, is);
		}
	free(got);
}

static const struct {
	struct shmfb_view view;
	uint32_t window[2];
	uint32_t picture[2];
} views[] = {
	{ { .scale = SHMFB_SCALE_FIT }, { 300, 200 }, { 40, 30 } },
	{ { .scale = SHMFB_SCALE_FIT }, { 61, 99 }, { 640, 480 } },
	{ { .scale = SHMFB_SCALE_FIT, .background = 0x336699 },
	  { 1500, 300 }, { 100, 90 } },
	{ { .scale = SHMFB_SCALE_INTEGER, .background = 0xffffff },
	  { 1203, 1001 }, { 70, 50 } },
	{ { .scale = SHMFB_SCALE_INTEGER }, { 64, 64 }, { 1, 1 } },
	{ { .scale = SHMFB_SCALE_INTEGER, .rotation = 1 },
	  { 333, 444 }, { 44, 33 } },
	{ { .scale = SHMFB_SCALE_INTEGER, .rotation = 2 },
	  { 500, 444 }, { 44, 33 } },
	{ { .scale = SHMFB_SCALE_INTEGER, .rotation = 3 },
	  { 500, 1060 }, { 27, 11 } },
	{ { .rotation = 1 }, { 300, 200 }, { 101, 55 } },
	{ { .rotation = 2 }, { 80, 70 }, { 101, 55 } },
	{ { .rotation = 3, .background = 0x102030 },
	  { 300, 200 }, { 500, 310 } },
	{ { .scale = SHMFB_SCALE_FIT, .rotation = 1 },
	  { 300, 200 }, { 111, 500 } },
	{ { .scale = SHMFB_SCALE_FIT, .rotation = 3 },
	  { 1300, 1050 }, { 90, 110 } },
	{ { .zoom = 3, .x = 10, .y = 20 }, { 200, 200 }, { 100, 100 } },
	{ { .zoom = 2.37, .x = 99, .y = 1, .rotation = 1 },
	  { 200, 300 }, { 100, 200 } },
	{ { .zoom = 0.31, .x = 300, .y = 300, .rotation = 2 },
	  { 200, 210 }, { 900, 1000 } },
	{ { .zoom = 64, .x = 2, .y = 2 }, { 1400, 1030 }, { 5, 5 } },
	{ { .zoom = 1, .x = 0, .y = 77 }, { 100, 100 }, { 90, 80 } },
};

#define VIEWS ((int)BASE_ARRAY_SIZE(views))

static struct shmfb_view
view_of(int i)
{
	struct shmfb_view view = views[i].view;

	view.size = sizeof(view);
	return view;
}

/* ---------------------------------------------------------------- views -- */

START_TEST(pixels_are_where_they_should_be)
{
	int i = _i / WAYS;
	const uint32_t *w = views[i].window, *p = views[i].picture;
	struct shmfb *fb = open_sized(w[0], w[1], &ways[_i % WAYS]);
	struct shmfb_view view = view_of(i), got;
	struct shmfb_stats s;

	ck_assert_int_eq(shmfb_set_view(fb, &view), 0);
	shmfb_get_view(fb, &got, sizeof(got));
	ck_assert_mem_eq(&got, &view, sizeof(got));
	present(fb, p[0], p[1], 3);
	settle(fb, c);
	check_view(fb, p[0], p[1], 3);
	present(fb, p[0], p[1], 4);
	settle(fb, c);
	check_view(fb, p[0], p[1], 4);
	/* Painted again, in a window of another size, from what is there. */
	ck_assert_int_eq(shmfb_resize(fb, w[0] + 13, w[1] / 2 + 1), 0);
	settle(fb, c);
	ck_assert_uint_eq(stats_of(fb).width, w[0] + 13);
	check_view(fb, p[0], p[1], 4);
	s = stats_of(fb);
	ck_assert_uint_eq(s.frames_shown, 2);
	if (view.zoom == 1) {
		ck_assert_str_eq(s.route, "direct");
	} else {
		ck_assert_str_eq(s.route, ways[_i % WAYS].route);
		if (_i % WAYS == 2)
			ck_assert_uint_eq(s.client_copies, 0);
		else
			ck_assert_uint_ge(s.client_copies, 2);
	}
	shmfb_close(fb);
}
END_TEST

/* Painted again, it is not put again: the server still has it. */
START_TEST(render_keeps_the_picture)
{
	struct shmfb *fb = open_sized(200, 200, &ways[2]);
	struct shmfb_view view = view_of(0);
	struct shmx_rect all = { 0, 0, 200, 200 };

	ck_assert_int_eq(shmfb_set_view(fb, &view), 0);
	present(fb, 100, 80, 1);
	settle(fb, c);
	/* What an application that is drawing has got to. */
	fill(fb->newest->slot->pixels, fb->newest->stride, 100, 80, 2);
	shmfb_repaint_later(fb, &all);
	settle(fb, c);
	check_view(fb, 100, 80, 1);
	ck_assert_str_eq(stats_of(fb).route, "render");
	shmfb_close(fb);
}
END_TEST

/* A server that refuses is not asked again, and nothing is missing. */
START_TEST(render_is_refused)
{
	struct shmfb *fb = open_sized(200, 200, &ways[2]);
	struct shmfb_view view = view_of(0);

	ck_assert_int_eq(shmfb_set_view(fb, &view), 0);
	present(fb, 100, 80, 1);
	settle(fb, c);
	ck_assert_str_eq(stats_of(fb).route, "render");
	/* As by a server without memory for the pixmap. */
	xcb_free_pixmap(fb->x->conn, fb->render.pixmap);
	xcb_render_free_picture(fb->x->conn, fb->render.picture);
	present(fb, 100, 80, 2);
	settle(fb, c);
	check_view(fb, 100, 80, 2);
	ck_assert_str_eq(stats_of(fb).route, "staged");
	ck_assert_ptr_nonnull(strstr(stats_of(fb).route_why, "refused"));
	ck_assert_uint_eq(stats_of(fb).frames_failed, 1);
	present(fb, 100, 80, 3);
	settle(fb, c);
	check_view(fb, 100, 80, 3);
	ck_assert_uint_eq(stats_of(fb).frames_failed, 1);
	shmfb_close(fb);
}
END_TEST

/* The same bytes on the screen, whoever has made them. */
START_TEST(render_is_as_staged)
{
	const uint32_t *w = views[_i].window, *p = views[_i].picture;
	struct shmfb_view view = view_of(_i);
	uint32_t *got[2];
	struct shmfb *fb;
	int k;

	for (k = 0; k < 2; k++) {
		fb = open_sized(w[0], w[1], &ways[k * 2]);
		ck_assert_int_eq(shmfb_set_view(fb, &view), 0);
		present(fb, p[0], p[1], 9);
		settle(fb, c);
		got[k] = x_read(c, shmfb_window_id(fb), w[0], w[1]);
		shmfb_close(fb);
	}
	ck_assert_mem_eq(got[0], got[1], (size_t)w[0] * w[1] * 4);
	free(got[0]);
	free(got[1]);
}
END_TEST

/* A view of a picture in a window, both of any size. */
struct scene {
	struct shmfb_view view;
	uint32_t window[2];
	uint32_t picture[2];
	struct shmx_rect again;		/* of the window: painted once more */
};

static struct scene
any_scene(uint32_t largest)
{
	struct scene s = { .view = SHMFB_VIEW_INIT };
	int i;

	for (i = 0; i < 2; i++) {
		s.window[i] = 1 + chance(300);
		s.picture[i] = 1 + chance(largest);
	}
	s.view.scale = chance(SHMFB_SCALE_FIT + 1);
	s.view.filter = chance(SHMFB_LINEAR + 1);
	s.view.rotation = chance(4);
	if (chance(3) == 0)
		s.view.zoom = (1 + chance(255)) / 64.0;
	s.view.x = chance(s.picture[0] + 1);
	s.view.y = chance(s.picture[1] + 1);
	s.again = (struct shmx_rect){ (int32_t)chance(s.window[0]),
		(int32_t)chance(s.window[1]), 1 + (int32_t)chance(300),
		1 + (int32_t)chance(300) };
	return s;
}

/* What a window shows of it; to be freed. */
static uint32_t *
show_scene(struct shmfb *fb, const struct scene *s)
{
	ck_assert_int_eq(shmfb_resize(fb, s->window[0], s->window[1]), 0);
	ck_assert_int_eq(shmfb_set_view(fb, &s->view), 0);
	settle(fb, c);
	present(fb, s->picture[0], s->picture[1], 9);
	settle(fb, c);
	shmfb_repaint_later(fb, &s->again);
	settle(fb, c);
	return x_read(c, shmfb_window_id(fb), s->window[0], s->window[1]);
}

static void
check_same(const struct scene *s, const uint32_t *a, const uint32_t *b)
{
	const struct shmfb_view *v = &s->view;
	uint32_t i;

	for (i = 0; i < s->window[0] * s->window[1]; i++)
		if (a[i] != b[i])
			ck_abort_msg("%ux%u in %ux%u, scale %d, filter %d, %u "
				"turns, zoom %g at %g,%g: pixel %u,%u is %06x "
				"and %06x", s->picture[0], s->picture[1],
				s->window[0], s->window[1], v->scale,
				v->filter, v->rotation, v->zoom, v->x, v->y,
				i % s->window[0], i / s->window[0], a[i],
				b[i]);
}

/* As they come; the first has the middle of a pixel at the edge of one. */
START_TEST(any_view_is_as_staged)
{
	struct scene s = { { .size = sizeof(struct shmfb_view),
			     .scale = SHMFB_SCALE_FIT },
			   { 43, 121 }, { 64, 48 }, { 21, 44, 1, 1 } };
	uint32_t *got[2];
	struct shmfb *fb[2];
	unsigned i, k;

	chance_seed();
	for (k = 0; k < 2; k++)
		fb[k] = open_sized(10, 10, &ways[k * 2]);
	/* What is covered cannot be read. */
	ck_assert_int_eq(shmfb_move(fb[1], 400, 0), 0);
	for (i = 0; i < 80; i++) {
		for (k = 0; k < 2; k++) {
			/* Which is looked at with the first picture. */
			setenv("SHMFB_NO_RENDER", ways[k * 2].no_render, 1);
			got[k] = show_scene(fb[k], &s);
		}
		check_same(&s, got[0], got[1]);
		free(got[0]);
		free(got[1]);
		s = any_scene(i % 2 ? 300 : 64);
	}
	ck_assert_uint_gt(stats_of(fb[0]).client_copies, 0);
	ck_assert_uint_eq(stats_of(fb[1]).client_copies, 0);
	shmfb_close(fb[0]);
	shmfb_close(fb[1]);
}
END_TEST

/* What is drawn on for another size is not what the window is painted from. */
START_TEST(another_canvas_begun)
{
	struct shmfb *fb = open_sized(200, 200, &ways[_i]);
	struct shmfb_view view = view_of(0);
	struct shmfb_canvas canvas;

	ck_assert_int_eq(shmfb_set_view(fb, &view), 0);
	present(fb, 100, 80, 1);
	settle(fb, c);
	ck_assert_int_eq(shmfb_set_canvas_size(fb, 300, 10), 0);
	ck_assert_int_eq(shmfb_begin(fb, &canvas), 0);
	fill(canvas.pixels, canvas.stride, 300, 10, 2);
	/* Of that size it is made ready anew. */
	ck_assert_int_eq(shmfb_resize(fb, 210, 190), 0);
	settle(fb, c);
	check_view(fb, 100, 80, 1);
	ck_assert_int_eq(shmfb_present(fb, NULL, 0), 0);
	settle(fb, c);
	check_view(fb, 300, 10, 2);
	shmfb_close(fb);
}
END_TEST

/* One picture, one view after the other, while frames are under way. */
START_TEST(views_change)
{
	struct shmfb *fb = open_sized(400, 300, &ways[_i]);
	struct shmfb_view view;
	int i;

	for (i = 0; i < 3 * VIEWS; i++) {
		if (i % 2)
			present(fb, 100, 80, (uint32_t)i);
		view = view_of(i % VIEWS);
		ck_assert_int_eq(shmfb_set_view(fb, &view), 0);
		if (i % 2 == 0)
			present(fb, 100, 80, (uint32_t)i);
		if (i % 3)
			continue;
		settle(fb, c);
		check_view(fb, 100, 80, (uint32_t)i);
	}
	/* And back to where no copy is needed. */
	view = (struct shmfb_view)SHMFB_VIEW_INIT;
	ck_assert_int_eq(shmfb_set_view(fb, &view), 0);
	settle(fb, c);
	check_view(fb, 100, 80, (uint32_t)i - 1);
	ck_assert_str_eq(stats_of(fb).route, "direct");
	shmfb_close(fb);
}
END_TEST

/* What differs is seen, whatever becomes of it in the window. */
START_TEST(damage_is_seen)
{
	int i = _i / WAYS;
	const uint32_t *w = views[i].window, *p = views[i].picture;
	struct shmfb *fb = open_sized(w[0], w[1], &ways[_i % WAYS]);
	struct shmfb_view view = view_of(i);
	struct shmfb_canvas canvas;
	struct shmx_rect r;
	uint32_t n, x, y, *row;
	int err;

	ck_assert_int_eq(shmfb_set_view(fb, &view), 0);
	present(fb, p[0], p[1], 1);
	for (n = 0; n < 12; n++) {
		while ((err = shmfb_begin(fb, &canvas)) == -EAGAIN)
			ck_assert(shmfb_pump(fb));
		ck_assert_int_eq(err, 0);
		/* A column or a row of pixels turns into the next pattern. */
		r = n % 2 ? (struct shmx_rect){ (int32_t)(n * 7 % p[0]), 0, 1,
						(int32_t)p[1] } :
			(struct shmx_rect){ 0, (int32_t)(n * 5 % p[1]),
					    (int32_t)p[0], 1 };
		fill(canvas.pixels, canvas.stride, p[0], p[1], 1);
		for (y = (uint32_t)r.y; y < (uint32_t)(r.y + r.height); y++) {
			row = (uint32_t *)(void *)((char *)canvas.pixels +
						   y * canvas.stride);
			for (x = (uint32_t)r.x;
			     x < (uint32_t)(r.x + r.width); x++)
				row[x] = pattern(x, y, 2);
		}
		ck_assert_int_eq(shmfb_present(fb, &r, 1), 0);
		/* And back again. */
		while ((err = shmfb_begin(fb, &canvas)) == -EAGAIN)
			ck_assert(shmfb_pump(fb));
		fill(canvas.pixels, canvas.stride, p[0], p[1], 1);
		ck_assert_int_eq(shmfb_present(fb, &r, 1), 0);
	}
	settle(fb, c);
	check_view(fb, p[0], p[1], 1);
	shmfb_close(fb);
}
END_TEST

/* --------------------------------------------------------------- filter -- */

static int
channel(uint32_t colour, unsigned shift)
{
	return (int)(colour >> shift & 0xff);
}

/* What is between four pixels, by how near each is. */
static double
between(double x, double y, uint32_t width, uint32_t height, uint32_t seed,
	unsigned shift)
{
	double fx = x - 0.5 - floor(x - 0.5), fy = y - 0.5 - floor(y - 0.5);
	double sum = 0;
	unsigned i;

	for (i = 0; i < 4; i++) {
		double px = floor(x - 0.5) + (i & 1);
		double py = floor(y - 0.5) + (i >> 1);
		uint32_t colour;

		px = fmin(fmax(px, 0), width - 1.0);
		py = fmin(fmax(py, 0), height - 1.0);
		colour = pattern((uint32_t)px, (uint32_t)py, seed);
		sum += (i & 1 ? fx : 1 - fx) * (i >> 1 ? fy : 1 - fy) *
			channel(colour, shift);
	}
	return sum;
}

START_TEST(linear_is_between)
{
	static const struct shmfb_view smooth[] = {
		{ .scale = SHMFB_SCALE_FIT }, { .zoom = 2.5, .rotation = 1,
						.x = 3, .y = 4 },
		{ .zoom = 0.6, .rotation = 3, .x = 20, .y = 20 },
		{ .scale = SHMFB_SCALE_INTEGER, .rotation = 2 },
	};
	struct shmfb *fb = open_sized(201, 150, &ways[_i % WAYS]);
	struct shmfb_view view = smooth[_i / WAYS];
	uint32_t *got, is;
	unsigned shift;
	int32_t x, y;
	double px, py, want;

	view.size = sizeof(view);
	view.filter = SHMFB_LINEAR;
	view.background = 0x445566;
	ck_assert_int_eq(shmfb_set_view(fb, &view), 0);
	present(fb, 50, 40, 7);
	settle(fb, c);
	got = x_read(c, shmfb_window_id(fb), 201, 150);
	for (y = 0; y < 150; y++)
		for (x = 0; x < 201; x++) {
			is = got[y * 201 + x];
			if (!shmfb_to_picture(fb, x, y, &px, &py)) {
				ck_assert_uint_eq(is, view.background);
				continue;
			}
			/* Weights have 7 bits: two of them, and rounding. */
			for (shift = 0; shift <= 16; shift += 8) {
				want = between(px, py, 50, 40, 7, shift);
				ck_assert_double_le(fabs(channel(is, shift) -
							 want), 7);
			}
		}
	free(got);
	shmfb_close(fb);
}
END_TEST

/* ---------------------------------------------------------------- calls -- */

START_TEST(what_cannot_be)
{
	struct shmfb *fb = open_sized(100, 100, &ways[0]);
	struct shmfb_view view = SHMFB_VIEW_INIT, now;
	struct {
		struct shmfb_view view;
		uint32_t later;
	} newer = { SHMFB_VIEW_INIT, 0 };
	double x, y;

	view.rotation = 4;
	ck_assert_int_eq(shmfb_set_view(fb, &view), -EINVAL);
	newer.view.size = sizeof(newer);
	newer.view.rotation = 1;
	newer.later = 1;
	ck_assert_int_eq(shmfb_set_view(fb, &newer.view), -E2BIG);
	shmfb_get_view(fb, &now, sizeof(now));
	ck_assert_uint_eq(now.rotation, 0);
	newer.later = 0;
	ck_assert_int_eq(shmfb_set_view(fb, &newer.view), 0);
	shmfb_get_view(fb, &now, sizeof(now));
	ck_assert_uint_eq(now.rotation, 1);
	ck_assert_uint_eq(now.size, sizeof(now));
	/* Nothing is shown yet. */
	ck_assert(!shmfb_to_picture(fb, 5, 5, &x, &y));
	ck_assert_int_eq(shmfb_set_canvas_size(fb, 0, 1), -EINVAL);
	ck_assert_int_eq(shmfb_set_canvas_size(fb, 1, 32768), -EINVAL);
	ck_assert_int_eq(shmfb_set_canvas_size(fb, 10, 10), 0);
	present(fb, 10, 10, 1);
	ck_assert(shmfb_to_picture(fb, 50, 50, &x, &y));
	ck_assert(!shmfb_to_picture(fb, 44, 50, &x, &y));
	ck_assert_int_eq(shmfb_set_canvas_size(fb, 0, 0), 0);
	settle(fb, c);
	shmfb_close(fb);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("views");
	TCase *tc = suite_case(s, "views");

	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, connect_observer, disconnect_observer);
	tcase_add_loop_test(tc, pixels_are_where_they_should_be, 0, WAYS * VIEWS);
	tcase_add_loop_test(tc, views_change, 0, WAYS);
	tcase_add_loop_test(tc, another_canvas_begun, 0, WAYS);
	tcase_add_loop_test(tc, damage_is_seen, 0, WAYS * VIEWS);
	tcase_add_loop_test(tc, linear_is_between, 0, 4 * WAYS);
	tcase_add_test(tc, what_cannot_be);

	tc = suite_case(s, "render");
	tcase_add_checked_fixture(tc, connect_observer, disconnect_observer);
	tcase_add_test(tc, render_keeps_the_picture);
	tcase_add_test(tc, render_is_refused);
	tcase_add_loop_test(tc, render_is_as_staged, 0, VIEWS);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, any_view_is_as_staged);
	return suite_run(s);
}
