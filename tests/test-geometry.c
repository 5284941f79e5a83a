/* SPDX-License-Identifier: MIT */
/*
 * test-geometry.c - rectangles, damage and the event queue, without X
 *
 * Rectangles are compared with bitmaps of what they cover.
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "shmfb/damage.h"
#include "shmfb/geometry.h"
#include "shmfb/queue.h"
#include "fault.h"
#include "suite.h"

enum { SIDE = 12 };

/* How often each cell of a small field, from -2,-2, is covered. */
struct field {
	unsigned char at[SIDE][SIDE];
};

static void
cover(struct field *f, const struct shmx_rect *r)
{
	int32_t x, y;

	for (y = 0; y < SIDE; y++)
		for (x = 0; x < SIDE; x++)
			if (x - 2 >= r->x && x - 2 < r->x + r->width &&
			    y - 2 >= r->y && y - 2 < r->y + r->height)
				f->at[y][x]++;
}

static struct shmx_rect
random_rect(void)
{
	return (struct shmx_rect){ rand() % 9 - 2, rand() % 9 - 2,
				   rand() % 6 - 1, rand() % 6 - 1 };
}

START_TEST(cut_is_what_both_cover)
{
	struct shmx_rect a, b, c;
	int i, x, y;

	srand(1);
	for (i = 0; i < 20000; i++) {
		struct field both = { 0 }, cut = { 0 };

		a = random_rect();
		b = random_rect();
		c = shmfb_rect_cut(&a, &b);
		cover(&both, &a);
		cover(&both, &b);
		cover(&cut, &c);
		for (y = 0; y < SIDE; y++)
			for (x = 0; x < SIDE; x++)
				ck_assert_int_eq(cut.at[y][x],
						 both.at[y][x] == 2);
	}
}
END_TEST

START_TEST(join_is_the_bounding_box)
{
	struct shmx_rect a = { 1, 2, 3, 4 }, b = { -5, 7, 2, 1 };
	struct shmx_rect none = { 9, 9, 0, 5 };
	struct shmx_rect j = shmfb_rect_join(&a, &b);

	ck_assert_int_eq(j.x, -5);
	ck_assert_int_eq(j.y, 2);
	ck_assert_int_eq(j.width, 9);
	ck_assert_int_eq(j.height, 6);
	j = shmfb_rect_join(&a, &none);
	ck_assert_int_eq(memcmp(&j, &a, sizeof(j)), 0);
	j = shmfb_rect_join(&none, &a);
	ck_assert_int_eq(memcmp(&j, &a, sizeof(j)), 0);
}
END_TEST

START_TEST(around_and_part_make_the_whole)
{
	struct shmx_rect whole, part, in, out[4];
	unsigned n, k;
	int i, x, y;

	srand(2);
	for (i = 0; i < 20000; i++) {
		struct field got = { 0 }, want = { 0 };

		whole = random_rect();
		part = random_rect();
		n = shmfb_rect_around(&whole, &part, out);
		for (k = 0; k < n; k++) {
			ck_assert(!shmfb_rect_empty(&out[k]));
			cover(&got, &out[k]);
		}
		in = shmfb_rect_cut(&whole, &part);
		cover(&got, &in);
		cover(&want, &whole);
		for (y = 0; y < SIDE; y++)
			for (x = 0; x < SIDE; x++)
				ck_assert_int_eq(got.at[y][x], want.at[y][x]);
	}
}
END_TEST

START_TEST(extremes_do_not_overflow)
{
	struct shmx_rect all = { 0, 0, 640, 480 };
	struct shmx_rect huge = { INT_MIN, INT_MIN, INT_MAX, INT_MAX };
	struct shmx_rect far = { INT_MAX, INT_MAX, INT_MAX, INT_MAX };
	struct shmx_rect wide = { -5, -5, INT_MAX, INT_MAX };
	struct shmx_rect r;

	r = shmfb_rect_cut(&all, &huge);
	ck_assert(shmfb_rect_empty(&r));
	r = shmfb_rect_cut(&all, &far);
	ck_assert(shmfb_rect_empty(&r));
	r = shmfb_rect_cut(&all, &wide);
	ck_assert_int_eq(memcmp(&r, &all, sizeof(r)), 0);
	r = shmfb_rect_join(&huge, &far);
	ck_assert_int_eq(r.x, INT_MIN);
	ck_assert_int_eq(r.width, INT_MAX);
}
END_TEST

START_TEST(centre_is_the_middle)
{
	ck_assert_int_eq(shmfb_centre(100, 40), 30);
	ck_assert_int_eq(shmfb_centre(40, 100), -30);
	ck_assert_int_eq(shmfb_centre(41, 40), 0);
	ck_assert_int_eq(shmfb_centre(40, 41), 0);
	ck_assert_int_eq(shmfb_centre(1, 32767), -16383);
	ck_assert_int_eq(shmfb_centre(32767, 1), 16383);
}
END_TEST

START_TEST(pieces_fit_and_cover)
{
	uint32_t w, h, max, pw, ph;

	for (max = 1; max < 200; max += 3)
		for (w = 1; w < 60; w += 7)
			for (h = 1; h < 60; h += 7) {
				shmfb_piece_size(w, h, max, &pw, &ph);
				ck_assert_uint_le(pw * ph, max);
				ck_assert_uint_ge(pw, 1);
				ck_assert_uint_ge(ph, 1);
				ck_assert_uint_le(pw, w);
				ck_assert_uint_le(ph, h);
				/* Rows stay whole as long as one fits. */
				ck_assert(pw == w || w > max);
			}
	shmfb_piece_size(1920, 1080, 65529, &pw, &ph);
	ck_assert_uint_eq(pw, 1920);
	ck_assert_uint_eq(ph, 34);
}
END_TEST

/* -------------------------------------------------------------- damage -- */

START_TEST(damage_is_clipped_and_listed)
{
	struct shmx_rect all = { 0, 0, 100, 50 };
	struct shmx_rect in = { 10, 10, 5, 5 }, out = { 100, 0, 5, 5 };
	struct shmx_rect edge = { 98, -3, 10, 10 };
	struct shmfb_damage d;

	shmfb_damage_init(&d, &all);
	ck_assert_uint_eq(d.count, 0);
	shmfb_damage_add(&d, &in);
	shmfb_damage_add(&d, &out);
	shmfb_damage_add(&d, &edge);
	ck_assert_uint_eq(d.count, 2);
	ck_assert_int_eq(d.rect[1].x, 98);
	ck_assert_int_eq(d.rect[1].y, 0);
	ck_assert_int_eq(d.rect[1].width, 2);
	ck_assert_int_eq(d.rect[1].height, 7);
	shmfb_damage_all(&d);
	ck_assert_uint_eq(d.count, 1);
	ck_assert_int_eq(memcmp(&d.rect[0], &all, sizeof(all)), 0);
}
END_TEST

/* However many are added, all that they cover stays covered. */
START_TEST(damage_overflows_into_its_box)
{
	struct shmx_rect all = { -2, -2, SIDE, SIDE }, r;
	int n, i, x, y;

	srand(3);
	for (n = 0; n < 60; n++) {
		struct field got = { 0 }, want = { 0 };
		struct shmfb_damage d;
		unsigned k;

		shmfb_damage_init(&d, &all);
		for (i = 0; i < n; i++) {
			r = random_rect();
			cover(&want, &r);
			shmfb_damage_add(&d, &r);
		}
		ck_assert_uint_le(d.count, SHMFB_DAMAGE_RECTS);
		for (k = 0; k < d.count; k++)
			cover(&got, &d.rect[k]);
		for (y = 0; y < SIDE; y++)
			for (x = 0; x < SIDE; x++)
				ck_assert(!want.at[y][x] || got.at[y][x]);
	}
}
END_TEST

/* --------------------------------------------------------------- queue -- */

static struct shmfb_event
key(uint32_t code)
{
	struct shmfb_event e = { .type = SHMFB_EVENT_KEY };

	e.u.key.keycode = code;
	return e;
}

static struct shmfb_event
motion(int32_t x)
{
	struct shmfb_event e = { .type = SHMFB_EVENT_MOTION };

	e.u.motion.x = x;
	e.u.motion.dx = x;
	e.u.motion.dy = 1;
	return e;
}

static struct shmfb_event
size(uint32_t width)
{
	struct shmfb_event e = { .type = SHMFB_EVENT_RESIZE };

	e.u.resize.width = width;
	return e;
}

static void
push(struct shmfb_queue *q, struct shmfb_event e)
{
	shmfb_queue_push(q, &e);
}

START_TEST(queue_keeps_order)
{
	struct shmfb_queue q = { 0 };
	struct shmfb_event e;
	uint32_t in, out = 0;

	for (in = 0; in < 1000; in++) {
		push(&q, key(in));
		if (in % 3 == 0) {
			ck_assert(shmfb_queue_pop(&q, &e));
			ck_assert_uint_eq(e.u.key.keycode, out++);
		}
	}
	while (shmfb_queue_pop(&q, &e))
		ck_assert_uint_eq(e.u.key.keycode, out++);
	ck_assert_uint_eq(out, in);
	ck_assert_uint_eq(q.lost, 0);
	shmfb_queue_finish(&q);
}
END_TEST

START_TEST(queue_joins_motion_and_sizes)
{
	struct shmfb_queue q = { 0 };
	struct shmfb_event e;

	push(&q, motion(1));
	push(&q, motion(2));
	push(&q, size(10));
	push(&q, key(7));
	push(&q, motion(3));
	push(&q, size(20));
	push(&q, motion(4));
	ck_assert(shmfb_queue_pop(&q, &e));
	ck_assert_int_eq(e.u.motion.x, 2);
	ck_assert_double_eq(e.u.motion.dx, 3);
	ck_assert_double_eq(e.u.motion.dy, 2);
	ck_assert(shmfb_queue_pop(&q, &e));
	ck_assert_int_eq(e.type, SHMFB_EVENT_RESIZE);
	ck_assert_uint_eq(e.u.resize.width, 20);
	ck_assert(shmfb_queue_pop(&q, &e));
	ck_assert_int_eq(e.type, SHMFB_EVENT_KEY);
	ck_assert(shmfb_queue_pop(&q, &e));
	ck_assert_int_eq(e.u.motion.x, 4);
	ck_assert(!shmfb_queue_pop(&q, &e));
	shmfb_queue_finish(&q);
}
END_TEST

START_TEST(queue_is_bounded)
{
	struct shmfb_queue q = { 0 };
	struct shmfb_event e;
	uint32_t i;

	for (i = 0; i < SHMFB_QUEUE_MAX + 10; i++)
		push(&q, key(i));
	ck_assert_uint_eq(q.size, SHMFB_QUEUE_MAX);
	ck_assert_uint_eq(q.lost, 10);
	ck_assert(shmfb_queue_pop(&q, &e));
	ck_assert_uint_eq(e.u.key.keycode, 10);
	shmfb_queue_finish(&q);
}
END_TEST

START_TEST(queue_survives_no_memory)
{
	struct shmfb_queue q = { 0 };
	struct shmfb_event e;

	fault_always("calloc", ENOMEM);
	push(&q, key(1));
	ck_assert(!shmfb_queue_pop(&q, &e));
	fault_off();
	push(&q, key(2));
	ck_assert(shmfb_queue_pop(&q, &e));
	ck_assert_uint_eq(e.u.key.keycode, 2);
	shmfb_queue_finish(&q);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("geometry");
	TCase *tc = suite_case(s, "rectangles");

	tcase_add_test(tc, cut_is_what_both_cover);
	tcase_add_test(tc, join_is_the_bounding_box);
	tcase_add_test(tc, around_and_part_make_the_whole);
	tcase_add_test(tc, extremes_do_not_overflow);
	tcase_add_test(tc, centre_is_the_middle);
	tcase_add_test(tc, pieces_fit_and_cover);
	tc = suite_case(s, "damage");
	tcase_add_test(tc, damage_is_clipped_and_listed);
	tcase_add_test(tc, damage_overflows_into_its_box);
	tc = suite_case(s, "queue");
	tcase_add_test(tc, queue_keeps_order);
	tcase_add_test(tc, queue_joins_motion_and_sizes);
	tcase_add_test(tc, queue_is_bounded);
	tcase_add_test(tc, queue_survives_no_memory);
	return suite_run(s);
}
