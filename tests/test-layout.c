/* SPDX-License-Identifier: MIT */
/*
 * test-layout.c - from the picture to the window and back
 *
 * Properties that hold for every view, of many pictures in many windows.
 */
#include "config.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <shmfb/shmfb.h>

#include "base/base.h"
#include "shmfb/geometry.h"
#include "shmfb/view.h"
#include "suite.h"

static uint32_t seed = 1;

static uint32_t
any(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)seed * below >> 32);
}

static struct shmfb_view
any_view(void)
{
	struct shmfb_view view = SHMFB_VIEW_INIT;

	view.scale = any(3);
	view.filter = any(2);
	view.rotation = any(4);
	if (any(2)) {
		view.zoom = pow(2, any(60) / 10.0 - 3);
		view.x = any(100);
		view.y = any(100);
	}
	return view;
}

/* Mostly small ones, for every pixel is looked at. */
static uint32_t
any_side(void)
{
	return 1 + any(any(4) ? 40 : 150);
}

static struct shmfb_layout
lay_out(const struct shmfb_view *view, uint32_t window_width,
	uint32_t window_height, uint32_t width, uint32_t height)
{
	struct shmfb_layout l;

	memset(&l, 0x5a, sizeof(l));
	l.width = width;
	l.height = height;
	shmfb_layout_set(&l, view, window_width, window_height);
	return l;
}

/* The pixel that is nearest to what the lens sees in the middle of x, y. */
static struct shmx_rect
nearest(const struct shmfb_layout *l, int32_t x, int32_t y)
{
	struct shmfb_lens lens;

	shmfb_layout_lens(l, x, y, &lens);
	return (struct shmx_rect){ (lens.x - 1) >> 16, (lens.y - 1) >> 16, 1,
				   1 };
}

static bool
is_in(const struct shmx_rect *r, int32_t x, int32_t y)
{
	return x >= r->x && x < r->x + r->width && y >= r->y &&
	       y < r->y + r->height;
}

/* ----------------------------------------------------------- properties -- */

/* What a pixel of the window shows is in the picture, and covers the pixel. */
START_TEST(there_and_back)
{
	struct shmx_rect window, seen, pixel, cover;
	struct shmfb_view view;
	struct shmfb_layout l;
	uint32_t w, h, i;
	int32_t x, y;

	seed = (uint32_t)_i;
	for (i = 0; i < 30; i++) {
		view = any_view();
		w = any_side();
		h = any_side();
		l = lay_out(&view, w, h, any_side(), any_side());
		window = shmfb_rect_all(w, h);
		seen = shmfb_rect_cut(&window, &l.at);
		for (y = seen.y; y < seen.y + seen.height; y++)
			for (x = seen.x; x < seen.x + seen.width; x++) {
				pixel = nearest(&l, x, y);
				ck_assert_int_ge(pixel.x, 0);
				ck_assert_int_ge(pixel.y, 0);
				ck_assert_int_lt(pixel.x, (int32_t)l.width);
				ck_assert_int_lt(pixel.y, (int32_t)l.height);
				cover = shmfb_layout_cover(&l, &pixel);
				ck_assert(is_in(&cover, x, y));
			}
	}
}
END_TEST

/* Between pixels, all four of them have a share. */
START_TEST(neighbours_are_covered)
{
	struct shmx_rect window, seen, cover, pixel;
	struct shmfb_view view;
	struct shmfb_layout l;
	struct shmfb_lens lens;
	uint32_t w, h, i, k;
	int32_t x, y;

	seed = (uint32_t)_i + 1000;
	for (i = 0; i < 20; i++) {
		view = any_view();
		view.filter = SHMFB_LINEAR;
		w = any_side();
		h = any_side();
		l = lay_out(&view, w, h, any_side(), any_side());
		if (shmfb_layout_plain(&l))
			continue;
		window = shmfb_rect_all(w, h);
		seen = shmfb_rect_cut(&window, &l.at);
		for (y = seen.y; y < seen.y + seen.height; y++)
			for (x = seen.x; x < seen.x + seen.width; x++) {
				shmfb_layout_lens(&l, x, y, &lens);
				ck_assert(lens.linear);
				for (k = 0; k < 4; k++) {
					pixel = (struct shmx_rect){
						(lens.x - 32768 +
						 (k & 1 ? 65536 : 0)) >> 16,
						(lens.y - 32768 +
						 (k & 2 ? 65536 : 0)) >> 16,
						1, 1 };
					cover = shmfb_layout_cover(&l, &pixel);
					/* Beyond the edge there is none. */
					ck_assert(shmfb_rect_empty(&cover) ||
						  is_in(&cover, x, y));
				}
			}
	}
}
END_TEST

/* Steps that are rounded never get far from where they should be. */
START_TEST(lenses_are_true)
{
	struct shmfb_view view;
	struct shmfb_layout l;
	struct shmfb_lens lens, next;
	uint32_t i;
	int32_t x, y, cell;
	double px, py, far;

	seed = (uint32_t)_i;
	for (i = 0; i < 2000; i++) {
		view = any_view();
		l = lay_out(&view, 1 + any(32767), 1 + any(32767),
			    1 + any(32767), 1 + any(32767));
		x = l.at.x + (int32_t)any((uint32_t)l.at.width);
		y = l.at.y + (int32_t)any((uint32_t)l.at.height);
		shmfb_layout_lens(&l, x, y, &lens);
		ck_assert(shmfb_layout_point(&l, x, y, &px, &py));
		far = 512.0 / 65536;
		ck_assert_double_lt(fabs(lens.x / 65536.0 - px), far);
		ck_assert_double_lt(fabs(lens.y / 65536.0 - py), far);
		/* Within a cell, the steps lead where a new one begins. */
		cell = shmfb_layout_cell(&l);
		ck_assert_int_le(cell, SHMFB_LENS_SIDE);
		if ((x - l.at.x + 1) % cell && x + 1 < l.at.x + l.at.width) {
			shmfb_layout_lens(&l, x + 1, y, &next);
			ck_assert_int_eq(next.x, lens.x + lens.x_right);
			ck_assert_int_eq(next.y, lens.y + lens.y_right);
		}
		if ((y - l.at.y + 1) % cell && y + 1 < l.at.y + l.at.height) {
			shmfb_layout_lens(&l, x, y + 1, &next);
			ck_assert_int_eq(next.x, lens.x + lens.x_down);
			ck_assert_int_eq(next.y, lens.y + lens.y_down);
		}
	}
}
END_TEST

/* A walk comes to each pixel once, and never leaves a cell. */
START_TEST(walks_are_complete)
{
	struct shmx_rect rect, part, none = { 5, 5, 0, 9 };
	struct shmfb_view view;
	struct shmfb_layout l;
	static uint8_t seen[600 * 400];
	int32_t cell, x, y;
	uint32_t i, most;

	seed = (uint32_t)_i;
	for (i = 0; i < 20; i++) {
		view = any_view();
		/* The smaller it is, the more cells it has. */
		most = i % 2 ? 8 : 300;
		l = lay_out(&view, 600, 400, 1 + any(most), 1 + any(most));
		rect = (struct shmx_rect){ (int32_t)any(600),
			(int32_t)any(400), 1 + (int32_t)any(600),
			1 + (int32_t)any(400) };
		rect = shmfb_rect_cut(&rect, &l.at);
		rect = shmfb_rect_cut(&rect, &(struct shmx_rect){
			0, 0, 600, 400 });
		cell = shmfb_layout_cell(&l);
		memset(seen, 0, sizeof(seen));
		part = (struct shmx_rect){ 0, 0, 0, 0 };
		while (shmfb_layout_next(&l, &rect, &part)) {
			ck_assert(!shmfb_rect_empty(&part));
			ck_assert_int_eq((part.x - l.at.x) / cell,
				(part.x + part.width - 1 - l.at.x) / cell);
			ck_assert_int_eq((part.y - l.at.y) / cell,
				(part.y + part.height - 1 - l.at.y) / cell);
			for (y = part.y; y < part.y + part.height; y++)
				for (x = part.x; x < part.x + part.width; x++)
					seen[y * 600 + x]++;
		}
		for (y = 0; y < 400; y++)
			for (x = 0; x < 600; x++)
				if (seen[y * 600 + x] != is_in(&rect, x, y))
					ck_abort_msg("%d,%d: %u times", x, y,
						     seen[y * 600 + x]);
		part = (struct shmx_rect){ 0, 0, 0, 0 };
		ck_assert(!shmfb_layout_next(&l, &none, &part));
	}
}
END_TEST

/* Whole factors make squares, up to the largest and the last pixel. */
START_TEST(whole_factors_are_exact)
{
	static const uint32_t sides[] = { 1, 2, 3, 5, 64, 127, 1000, 4095,
					  32767 };
	struct shmfb_view view = SHMFB_VIEW_INIT;
	struct shmfb_layout l;
	struct shmx_rect pixel;
	uint32_t n, i, side;
	int32_t x, u, want;

	view.scale = SHMFB_SCALE_INTEGER;
	view.rotation = (uint32_t)_i;
	for (i = 0; i < BASE_ARRAY_SIZE(sides); i++) {
		side = sides[i];
		for (n = 1; n * side <= 32767 && n <= SHMFB_FACTOR_MAX; n++) {
			l = lay_out(&view, n * side, n * side, side, side);
			ck_assert_int_eq(l.at.width, (int32_t)(n * side));
			for (x = 0; x < l.at.width;
			     x += 1 + l.at.width / 300) {
				u = x / (int32_t)n;
				pixel = nearest(&l, x, 0);
				want = _i == 0 || _i == 3 ? u :
					(int32_t)side - 1 - u;
				ck_assert_int_eq(_i % 2 ? pixel.y : pixel.x,
						 want);
				pixel = nearest(&l, 0, x);
				want = _i < 2 ? u : (int32_t)side - 1 - u;
				ck_assert_int_eq(_i % 2 ? pixel.x : pixel.y,
						 want);
			}
		}
	}
}
END_TEST

/* ---------------------------------------------------------------- views -- */

START_TEST(whole_factors_are_the_largest)
{
	struct shmfb_view view = SHMFB_VIEW_INIT;
	struct shmfb_layout l;
	uint32_t w, h, pw, ph, tw, th, n, i;

	view.scale = SHMFB_SCALE_INTEGER;
	for (i = 0; i < 3000; i++) {
		view.rotation = any(4);
		w = 1 + any(3000);
		h = 1 + any(3000);
		pw = 1 + any(500);
		ph = 1 + any(500);
		tw = view.rotation % 2 ? ph : pw;
		th = view.rotation % 2 ? pw : ph;
		l = lay_out(&view, w, h, pw, ph);
		n = (uint32_t)l.at.width / tw;
		ck_assert_uint_eq(n * tw, (uint32_t)l.at.width);
		ck_assert_uint_eq(n * th, (uint32_t)l.at.height);
		ck_assert_uint_ge(n, 1);
		ck_assert(n == 1 || (n * tw <= w && n * th <= h));
		ck_assert(n == SHMFB_FACTOR_MAX || (n + 1) * tw > w ||
			  (n + 1) * th > h);
		ck_assert_int_eq(l.at.x, shmfb_centre(w, n * tw));
		ck_assert_int_eq(l.at.y, shmfb_centre(h, n * th));
	}
}
END_TEST

START_TEST(what_fits_keeps_its_proportions)
{
	struct shmfb_view view = SHMFB_VIEW_INIT;
	struct shmfb_layout l;
	uint32_t w, h, pw, ph, i;
	double tw, th, f;

	view.scale = SHMFB_SCALE_FIT;
	for (i = 0; i < 3000; i++) {
		view.rotation = any(4);
		w = 1 + any(3000);
		h = 1 + any(3000);
		pw = 1 + any(any(2) ? 3000 : 32767);
		ph = 1 + any(any(2) ? 3000 : 32767);
		tw = view.rotation % 2 ? ph : pw;
		th = view.rotation % 2 ? pw : ph;
		l = lay_out(&view, w, h, pw, ph);
		f = fmin(fmin(w / tw, h / th), SHMFB_FACTOR_MAX);
		ck_assert_double_le(fabs(l.at.width - fmax(tw * f, 1)), 0.51);
		ck_assert_double_le(fabs(l.at.height - fmax(th * f, 1)), 0.51);
		ck_assert_int_le(l.at.width, (int32_t)w);
		ck_assert_int_le(l.at.height, (int32_t)h);
		ck_assert_int_eq(l.at.x, shmfb_centre(w,
					(uint32_t)l.at.width));
	}
}
END_TEST

START_TEST(zoom_has_a_middle)
{
	struct shmfb_view view = SHMFB_VIEW_INIT;
	struct shmfb_layout l;
	uint32_t i, w, h;
	double x, y, step;

	for (i = 0; i < 5000; i++) {
		view.rotation = any(4);
		view.zoom = pow(2, any(120) / 10.0 - 6);
		view.x = any(1000) + 0.5;
		view.y = any(700) + 0.5;
		w = 2 * (1 + any(1000));
		h = 2 * (1 + any(1000));
		l = lay_out(&view, w, h, 1000, 700);
		/* The corner that four pixels share is half a pixel off. */
		shmfb_layout_point(&l, (int32_t)w / 2, (int32_t)h / 2, &x, &y);
		step = 1000.0 / (l.turns % 2 ? l.at.height : l.at.width);
		ck_assert_double_le(fabs(x - view.x), 1.01 * step);
		step = 700.0 / (l.turns % 2 ? l.at.width : l.at.height);
		ck_assert_double_le(fabs(y - view.y), 1.01 * step);
	}
	/* The middle is pulled into the picture. */
	view.rotation = 0;
	view.zoom = 2;
	view.x = -500;
	view.y = 9000;
	l = lay_out(&view, 100, 100, 1000, 700);
	ck_assert_int_eq(l.at.x, 50);
	ck_assert_int_eq(l.at.y + l.at.height, 50);
}
END_TEST

/* A quarter turn clockwise brings the left column up. */
START_TEST(turns_are_clockwise)
{
	static const int32_t corner[4][2] = { { 0, 0 }, { 19, 0 }, { 29, 19 },
					      { 0, 29 } };
	struct shmfb_view view = SHMFB_VIEW_INIT;
	struct shmfb_layout l;
	double x, y;

	view.rotation = (uint32_t)_i;
	l = lay_out(&view, _i % 2 ? 20 : 30, _i % 2 ? 30 : 20, 30, 20);
	ck_assert(shmfb_layout_plain(&l) == !_i);
	ck_assert(shmfb_layout_point(&l, corner[_i][0], corner[_i][1], &x,
				     &y));
	ck_assert_double_eq(x, 0.5);
	ck_assert_double_eq(y, 0.5);
	ck_assert(!shmfb_layout_point(&l, -1, 5, &x, &y));
	ck_assert(!shmfb_layout_point(&l, 5, 30, &x, &y));
}
END_TEST

START_TEST(what_a_view_cannot_be)
{
	struct shmfb_view view = SHMFB_VIEW_INIT, bad;

	ck_assert_int_eq(shmfb_view_check(&view), 0);
	bad = view;
	bad.scale = 3;
	ck_assert_int_eq(shmfb_view_check(&bad), -EINVAL);
	bad = view;
	bad.filter = 2;
	ck_assert_int_eq(shmfb_view_check(&bad), -EINVAL);
	bad = view;
	bad.rotation = 4;
	ck_assert_int_eq(shmfb_view_check(&bad), -EINVAL);
	bad = view;
	bad.zoom = 64;
	ck_assert_int_eq(shmfb_view_check(&bad), 0);
	bad.zoom = 64.1;
	ck_assert_int_eq(shmfb_view_check(&bad), -EINVAL);
	bad.zoom = -1;
	ck_assert_int_eq(shmfb_view_check(&bad), -EINVAL);
	bad.zoom = (double)NAN;
	ck_assert_int_eq(shmfb_view_check(&bad), -EINVAL);
	bad.zoom = 1;
	bad.x = (double)NAN;
	ck_assert_int_eq(shmfb_view_check(&bad), -EINVAL);
	bad.x = 0;
	bad.y = (double)INFINITY;
	ck_assert_int_eq(shmfb_view_check(&bad), -EINVAL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("layout");
	TCase *tc = suite_case(s, "properties");

	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, there_and_back, 0, 10);
	tcase_add_loop_test(tc, neighbours_are_covered, 0, 10);
	tcase_add_loop_test(tc, lenses_are_true, 0, 10);
	tcase_add_loop_test(tc, walks_are_complete, 0, 10);
	tcase_add_loop_test(tc, whole_factors_are_exact, 0, 4);

	tc = suite_case(s, "views");
	tcase_add_test(tc, whole_factors_are_the_largest);
	tcase_add_test(tc, what_fits_keeps_its_proportions);
	tcase_add_test(tc, zoom_has_a_middle);
	tcase_add_loop_test(tc, turns_are_clockwise, 0, 4);
	tcase_add_test(tc, what_a_view_cannot_be);
	return suite_run(s);
}
