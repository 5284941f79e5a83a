/* SPDX-License-Identifier: MIT */
/*
 * test-scroll.c - wheels that are axes, and moves that are no places
 */
#include "config.h"

#include <math.h>

#include "shmfb/raw.h"
#include "shmfb/scroll.h"
#include "suite.h"

static double dx, dy;

/* --------------------------------------------------------------- wheels -- */

static struct shmfb_scroll
wheels(void)
{
	struct shmfb_scroll s = { 0 };

	shmfb_scroll_add(&s, SHMFB_SCROLL_DOWN, 3, 120);
	shmfb_scroll_add(&s, SHMFB_SCROLL_RIGHT, 2, 15);
	shmfb_scroll_set(&s, 3, 1000);
	shmfb_scroll_set(&s, 2, -7.5);
	dx = dy = 0;
	return s;
}

START_TEST(notches_and_parts)
{
	struct shmfb_scroll s = wheels();

	ck_assert(shmfb_scroll_move(&s, 3, 1120, &dx, &dy));
	ck_assert_double_eq(dy, -1);
	ck_assert(shmfb_scroll_move(&s, 3, 1090, &dx, &dy));
	ck_assert_double_eq(dy, -0.75);
	ck_assert(shmfb_scroll_move(&s, 2, 7.5, &dx, &dy));
	ck_assert_double_eq(dx, 1);
	ck_assert_double_eq(dy, -0.75);
	/* There is no other. */
	ck_assert(!shmfb_scroll_move(&s, 0, 500, &dx, &dy));
	ck_assert(!shmfb_scroll_move(&s, 4, 500, &dx, &dy));
	ck_assert_double_eq(dx, 1);
}
END_TEST

/* The user's wish to scroll the other way round. */
START_TEST(the_other_way)
{
	struct shmfb_scroll s = wheels();

	shmfb_scroll_add(&s, SHMFB_SCROLL_DOWN, 3, -10);
	shmfb_scroll_set(&s, 3, 0);
	ck_assert(shmfb_scroll_move(&s, 3, 5, &dx, &dy));
	ck_assert_double_eq(dy, 0.5);
}
END_TEST

/* From where it was not known, it has not been moved. */
START_TEST(unknown)
{
	struct shmfb_scroll s = wheels();

	shmfb_scroll_forget(&s);
	ck_assert(!shmfb_scroll_move(&s, 3, 5000, &dx, &dy));
	ck_assert_double_eq(dy, 0);
	ck_assert(shmfb_scroll_move(&s, 3, 5060, &dx, &dy));
	ck_assert_double_eq(dy, -0.5);
	/* Another device, with axes of its own. */
	shmfb_scroll_add(&s, SHMFB_SCROLL_DOWN, 7, 1);
	ck_assert(!shmfb_scroll_move(&s, 3, 6000, &dx, &dy));
	ck_assert(!shmfb_scroll_move(&s, 7, 1, &dx, &dy));
	ck_assert(shmfb_scroll_move(&s, 7, 3, &dx, &dy));
	ck_assert_double_eq(dy, -2.5);
}
END_TEST

START_TEST(no_notch)
{
	static const double notch[] = { 0, -0.0, NAN, INFINITY, -INFINITY,
					0x1p-32, -0x1p-32, 0x1p-11 };
	struct shmfb_scroll s = { 0 };
	unsigned i;

	for (i = 0; i < sizeof(notch) / sizeof(notch[0]); i++) {
		shmfb_scroll_add(&s, SHMFB_SCROLL_DOWN, 3, notch[i]);
		ck_assert(!s.axis[SHMFB_SCROLL_DOWN].there);
	}
	shmfb_scroll_set(&s, 3, 1);
	ck_assert(!shmfb_scroll_move(&s, 3, 2, &dx, &dy));
	ck_assert(!shmfb_scroll_move(&s, 0, 2, &dx, &dy));
}
END_TEST

/* A number that began anew: it goes on from there. */
START_TEST(farther_than_a_wheel_turns)
{
	struct shmfb_scroll s = wheels();

	ck_assert(shmfb_scroll_move(&s, 3, 121000, &dx, &dy));
	ck_assert_double_eq(dy, -1000);
	dy = 0;
	ck_assert(!shmfb_scroll_move(&s, 3, 241120, &dx, &dy));
	ck_assert_double_eq(dy, 0);
	ck_assert(!shmfb_scroll_move(&s, 3, -2147483648., &dx, &dy));
	ck_assert_double_eq(dy, 0);
	ck_assert(shmfb_scroll_move(&s, 3, -2147483708., &dx, &dy));
	ck_assert_double_eq(dy, 0.5);
	ck_assert(!shmfb_scroll_move(&s, 2, 2147483647., &dx, &dy));
	ck_assert_double_eq(dx, 0);
}
END_TEST

/* ---------------------------------------------------------------- moves -- */

static struct shmfb_raw raw;

static void
check_match(double x, double y, bool absolute, double want_x, double want_y)
{
	dx = dy = 0;
	ck_assert(shmfb_raw_match(&raw, x, y, absolute, &dx, &dy));
	ck_assert_double_eq(dx, want_x);
	ck_assert_double_eq(dy, want_y);
	ck_assert(!shmfb_raw_match(&raw, x, y, absolute, &dx, &dy));
}

START_TEST(moved)
{
	raw = (struct shmfb_raw){ 0 };
	ck_assert(!shmfb_raw_match(&raw, 5, 5, false, &dx, &dy));
	ck_assert(!shmfb_raw_take(&raw, &dx, &dy));
	shmfb_raw_add(&raw, 6, 3, -2.5);
	check_match(327, 235, false, 3, -2.5);
	/* At an edge; and twice before there was word of it. */
	shmfb_raw_add(&raw, 6, 30, 0);
	shmfb_raw_add(&raw, 6, 12, 1);
	check_match(640, 235, false, 42, 1);
	/* That it says how far is known: no need to wait for a place. */
	shmfb_raw_add(&raw, 6, 1, 2);
	ck_assert(shmfb_raw_take(&raw, &dx, &dy));
	ck_assert_double_eq(dx, 1);
	ck_assert_double_eq(dy, 2);
	ck_assert(!shmfb_raw_match(&raw, 641, 237, false, &dx, &dy));
}
END_TEST

/* Of a device that is not known there will be word, or there never is. */
START_TEST(never_a_place)
{
	unsigned i;

	raw = (struct shmfb_raw){ 0 };
	for (i = 1; i < SHMFB_RAW_WAIT; i++) {
		shmfb_raw_add(&raw, 6, 10, 1);
		ck_assert(!shmfb_raw_take(&raw, &dx, &dy));
	}
	shmfb_raw_add(&raw, 6, 10, 1);
	ck_assert(shmfb_raw_take(&raw, &dx, &dy));
	ck_assert_double_eq(dx, 10 * SHMFB_RAW_WAIT);
	ck_assert_double_eq(dy, SHMFB_RAW_WAIT);
	shmfb_raw_add(&raw, 6, 10, 1);
	ck_assert(shmfb_raw_take(&raw, &dx, &dy));
	ck_assert_double_eq(dx, 10);
}
END_TEST

/* It moved to where it said: it says places, whether it admits it or not. */
START_TEST(places)
{
	raw = (struct shmfb_raw){ 0 };
	shmfb_raw_add(&raw, 4, 500, 300);
	ck_assert(!shmfb_raw_take(&raw, &dx, &dy));
	check_match(500, 300.5, false, 0, 0);
	shmfb_raw_add(&raw, 4, 503, 299);
	ck_assert(!shmfb_raw_take(&raw, &dx, &dy));
	check_match(503, 299, false, 3, -1.5);
	/* Units of its own, and it admits it. */
	shmfb_raw_add(&raw, 7, 32000, 32000);
	check_match(400, 200, true, 0, 0);
	shmfb_raw_add(&raw, 7, 33000, 32000);
	check_match(410, 200, true, 10, 0);
	/* The same one, which can do both. */
	shmfb_raw_add(&raw, 7, 2, 2);
	check_match(412, 202, false, 2, 2);
	shmfb_raw_add(&raw, 7, 2, 2);
	ck_assert(shmfb_raw_take(&raw, &dx, &dy));
	shmfb_raw_add(&raw, 7, 100, 120);
	check_match(100, 120, false, 0, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("scroll");
	TCase *tc = suite_case(s, "wheels");

	tcase_add_test(tc, notches_and_parts);
	tcase_add_test(tc, the_other_way);
	tcase_add_test(tc, unknown);
	tcase_add_test(tc, no_notch);
	tcase_add_test(tc, farther_than_a_wheel_turns);
	tc = suite_case(s, "moves");
	tcase_add_test(tc, moved);
	tcase_add_test(tc, never_a_place);
	tcase_add_test(tc, places);
	return suite_run(s);
}
