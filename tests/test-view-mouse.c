/* SPDX-License-Identifier: MIT */
/*
 * test-view-mouse.c - how far the wheel takes shmx view at once
 *
 * What it asks of the window is counted here instead.
 */
#include "config.h"

#include <stdlib.h>

#include "suite.h"
#include "view.h"

static struct view w;
static int zoomed, turns;

void
view_zoom_at(struct view *of, int direction, int32_t x, int32_t y)
{
	ck_assert_ptr_eq(of, &w);
	ck_assert_int_eq(x, 30);
	ck_assert_int_eq(y, 20);
	zoomed += direction;
	turns++;
}

void
view_drag(struct view *of, int32_t x, int32_t y)
{
	ck_abort_msg("%p is dragged to %d, %d", (void *)of, x, y);
}

bool
forward_wanted(struct forward *f)
{
	(void)f;
	return false;
}

bool
shmfb_to_picture(const struct shmfb *fb, int32_t window_x, int32_t window_y,
		 double *x, double *y)
{
	ck_abort_msg("%p is asked for %d, %d: %p, %p", (const void *)fb,
		     window_x, window_y, (void *)x, (void *)y);
}

/* How many steps that is, each of them in that direction. */
static int
scroll(double dy)
{
	struct shmfb_event ev = { .type = SHMFB_EVENT_SCROLL };

	ev.u.scroll.dy = dy;
	ev.u.scroll.window_x = 30;
	ev.u.scroll.window_y = 20;
	zoomed = turns = 0;
	ck_assert(view_mouse(&w, &ev));
	ck_assert_int_eq(abs(zoomed), turns);
	return zoomed;
}

START_TEST(notches_and_parts)
{
	w = (struct view){ 0 };
	ck_assert_int_eq(scroll(1), 1);
	ck_assert_int_eq(scroll(-3), -3);
	ck_assert_int_eq(scroll(0.75), 0);
	ck_assert_int_eq(scroll(0.5), 1);
	ck_assert_int_eq(scroll(-1.25), -1);
	ck_assert_int_eq(scroll(0.25), 0);
}
END_TEST

/* As far as there are levels, and not for as long as the number says. */
START_TEST(farther_than_there_is)
{
	static const double far[] = { 1000, 1e6, 7.2e16, 1e300 };
	unsigned i;

	for (i = 0; i < BASE_ARRAY_SIZE(far); i++) {
		w = (struct view){ 0 };
		ck_assert_int_eq(scroll(far[i]), 64);
		ck_assert_int_eq(scroll(-far[i]), -64);
		ck_assert_int_eq(scroll(1), 1);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("view-mouse");
	TCase *tc = suite_case(s, "wheel");

	tcase_set_timeout(tc, 10);
	tcase_add_test(tc, notches_and_parts);
	tcase_add_test(tc, farther_than_there_is);
	return suite_run(s);
}
