/* SPDX-License-Identifier: MIT */
/*
 * test-forward.c - input on its way to a producer that may be slow to take it
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "forward.h"
#include "suite.h"

#define LONG_MS 20000		/* longer than anything takes */

static struct shmx_producer *p;
static struct shmx_reader *r;
static struct forward f;

static void
open_ring(uint32_t flags)
{
	const struct shmx_stream picture = {
		.kind = SHMX_STREAM_IMAGE, .id = 1, .name = "picture",
		.width = 64, .height = 48, .format = SHMX_XRGB8888,
	};
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;

	o.streams = &picture;
	o.stream_count = 1;
	o.flags = flags;
	ck_assert_msg(shmx_producer_open(&p, "test", &o) == 0, "%s",
		      shmx_error());
}

/* A producer that takes input, and has received a hello. */
static void
set_up(void)
{
	struct shmx_control m;

	open_ring(SHMX_INPUT);
	ck_assert_int_eq(shmx_reader_open(&r, "test", NULL), 0);
	forward_init(&f, r);
	ck_assert(forward_wanted(&f));
	ck_assert_int_eq(shmx_control_wait(p, LONG_MS), 0);
	ck_assert_int_eq(shmx_control_receive(p, &m), 0);
}

static void
tear_down(void)
{
	shmx_reader_close(r);
	shmx_producer_close(p);
}

static void
press(uint32_t keycode, bool pressed)
{
	forward_put(&f, &(struct shmx_input){ .kind = SHMX_INPUT_KEY,
		    .keycode = keycode, .pressed = pressed });
}

static void
move(double x)
{
	forward_put(&f, &(struct shmx_input){ .kind = SHMX_INPUT_MOTION,
		    .x = x, .dx = 1 });
}

/* The next one that there is, or ever will be. */
static struct shmx_input
next(void)
{
	struct shmx_input in;
	int ret;

	ret = shmx_input_receive(p, &in, NULL);
	if (ret == -EAGAIN) {
		(void)forward_flush(&f);
		ret = shmx_input_receive(p, &in, NULL);
	}
	ck_assert_int_eq(ret, 0);
	return in;
}

static void
expect_nothing(void)
{
	struct shmx_input in;

	ck_assert(!forward_flush(&f));
	ck_assert_int_eq(shmx_input_receive(p, &in, NULL), -EAGAIN);
}

/* Until the record is full, and something waits. */
static unsigned
fill_record(void)
{
	unsigned n = 0;

	while (f.waiting_count == 0) {
		forward_put(&f, &(struct shmx_input){
			    .kind = SHMX_INPUT_LEAVE });
		n++;
	}
	return n;
}

START_TEST(what_fits_goes_at_once)
{
	move(1);
	move(2);
	ck_assert(next().x == 1);
	ck_assert(next().x == 2);
	expect_nothing();
}
END_TEST

START_TEST(motion_that_waits_is_joined)
{
	unsigned n = fill_record(), i;
	struct shmx_input in;

	for (i = 1; i <= 1000; i++)
		move(i);
	ck_assert_uint_eq(f.waiting_count, 2);
	while (n-- > 0)
		ck_assert_int_eq(next().kind, SHMX_INPUT_LEAVE);
	in = next();
	ck_assert(in.x == 1000);
	ck_assert(in.dx == 1000);
	expect_nothing();
}
END_TEST

/* What waits is in order, and what is pressed is released, at any rate. */
START_TEST(releases_are_never_dropped)
{
	bool down[SHMX_INPUT_HELD_MAX + 4] = { false };
	unsigned n = fill_record(), i, pressed = 0;
	struct shmx_input in;
	double x = 0;

	for (i = 0; i < 500; i++) {
		press(10 + i % (SHMX_INPUT_HELD_MAX + 4), true);
		move(i);
		press(10 + (i * 7) % (SHMX_INPUT_HELD_MAX + 4), false);
		forward_put(&f, &(struct shmx_input){
			    .kind = SHMX_INPUT_TEXT, .text = "x" });
	}
	ck_assert_uint_le(f.waiting_count, FORWARD_WAITING_MAX);
	for (i = 0; i < SHMX_INPUT_HELD_MAX + 4; i++)
		press(10 + i, false);
	ck_assert_uint_eq(f.down_count, 0);
	ck_assert_uint_le(f.waiting_count, FORWARD_WAITING_MAX);
	while (n-- > 0)
		ck_assert_int_eq(next().kind, SHMX_INPUT_LEAVE);
	while (f.waiting_count > 0 ||
	       shmx_control_wait(p, 0) == 0) {
		in = next();
		if (in.kind == SHMX_INPUT_MOTION) {
			ck_assert(in.x >= x);
			x = in.x;
		}
		if (in.kind != SHMX_INPUT_KEY)
			continue;
		ck_assert(down[in.keycode - 10] != in.pressed);
		down[in.keycode - 10] = in.pressed;
		pressed += in.pressed;
	}
	for (i = 0; i < SHMX_INPUT_HELD_MAX + 4; i++)
		ck_assert(!down[i]);
	ck_assert_uint_gt(pressed, 4);
	expect_nothing();
}
END_TEST

/* A press that found no room is as if it had not been. */
START_TEST(what_was_not_pressed_is_not_released)
{
	unsigned n, i;

	press(9, false);
	expect_nothing();
	n = fill_record();
	for (i = 0; i < FORWARD_WAITING_MAX; i++)
		forward_put(&f, &(struct shmx_input){
			    .kind = SHMX_INPUT_LEAVE });
	ck_assert_uint_eq(f.waiting_count, FORWARD_WAITING_MAX);
	press(9, true);
	ck_assert_uint_eq(f.down_count, 0);
	for (i = 1; i < n + FORWARD_WAITING_MAX; i++)
		ck_assert_int_eq(next().kind, SHMX_INPUT_LEAVE);
	press(9, false);
	expect_nothing();
	press(9, true);
	ck_assert(next().pressed);
}
END_TEST

START_TEST(the_last_size_is_told)
{
	unsigned n = fill_record(), i;
	struct shmx_input in;

	for (i = 1; i <= 100; i++) {
		forward_put(&f, &(struct shmx_input){
			    .kind = SHMX_INPUT_RESIZE, .width = i,
			    .height = 10 });
		move(i);
	}
	while (n-- > 0)
		ck_assert_int_eq(next().kind, SHMX_INPUT_LEAVE);
	in = next();
	ck_assert_int_eq(in.kind, SHMX_INPUT_RESIZE);
	ck_assert_uint_eq(in.width, 100);
	ck_assert(next().x == 100);
	expect_nothing();
}
END_TEST

/* The next producer is told what it cannot know, and nothing that is over. */
START_TEST(another_producer_begins_anew)
{
	struct shmx_input in;

	forward_put(&f, &(struct shmx_input){ .kind = SHMX_INPUT_RESIZE,
		    .width = 20, .height = 10 });
	forward_put(&f, &(struct shmx_input){ .kind = SHMX_INPUT_FOCUS,
		    .focused = true });
	fill_record();
	press(9, true);
	shmx_producer_close(p);
	ck_assert_int_eq(shmx_reader_dispatch(r), -EPIPE);
	ck_assert(!forward_wanted(&f));
	press(9, false);
	press(10, true);
	open_ring(SHMX_INPUT);
	while (shmx_reader_state(r) != SHMX_ATTACHED)
		(void)shmx_wait(r, 10);
	ck_assert(forward_wanted(&f));
	ck_assert_int_eq(shmx_control_wait(p, LONG_MS), 0);
	in = next();
	ck_assert_int_eq(in.kind, SHMX_INPUT_RESIZE);
	ck_assert_uint_eq(in.width, 20);
	in = next();
	ck_assert_int_eq(in.kind, SHMX_INPUT_FOCUS);
	ck_assert(in.focused);
	press(9, false);
	press(10, false);
	expect_nothing();
}
END_TEST

/* By a ring without a picture, and by one that has it again. */
static void
grow(bool with_picture)
{
	const struct shmx_stream picture = {
		.kind = SHMX_STREAM_IMAGE, .id = 1, .name = "picture",
		.width = 64, .height = 48, .format = SHMX_XRGB8888,
	};
	const struct shmx_stream numbers = {
		.kind = SHMX_STREAM_DATA, .id = 2, .name = "numbers",
		.element_type = SHMX_F32, .capacity = 16,
	};
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	struct shmx_frame frame;

	o.streams = with_picture ? &picture : &numbers;
	o.stream_count = 1;
	ck_assert_msg(shmx_producer_grow(p, &o) == 0, "%s", shmx_error());
	shmx_begin(p, &frame);
	shmx_publish(p, &frame);
}

/* Follow the ring until it is as the viewer would see it then. */
static void
follow(bool wanted)
{
	struct shmx_hold *hold;

	while (forward_wanted(&f) != wanted) {
		(void)shmx_wait(r, 10);
		if (shmx_hold_latest(r, &hold) == 0)
			shmx_release(hold);
	}
}

/* A key that went up while the producer took no input is not down for ever. */
START_TEST(who_wants_it_again_has_nothing_down)
{
	struct shmx_input in;

	forward_put(&f, &(struct shmx_input){ .kind = SHMX_INPUT_RESIZE,
		    .width = 20, .height = 10 });
	ck_assert_int_eq(next().kind, SHMX_INPUT_RESIZE);
	press(9, true);
	ck_assert(next().pressed);
	grow(false);
	follow(false);
	press(9, false);
	grow(true);
	follow(true);
	in = next();
	ck_assert_int_eq(in.kind, SHMX_INPUT_KEY);
	ck_assert_uint_eq(in.keycode, 9);
	ck_assert(!in.pressed);
	ck_assert_int_eq(next().kind, SHMX_INPUT_RESIZE);
	press(9, true);
	ck_assert(next().pressed);
	press(9, false);
	ck_assert(!next().pressed);
	expect_nothing();
}
END_TEST

START_TEST(who_wants_nothing_gets_nothing)
{
	struct shmx_control m;

	open_ring(0);
	ck_assert_int_eq(shmx_reader_open(&r, "test", NULL), 0);
	forward_init(&f, r);
	ck_assert(!forward_wanted(&f));
	press(9, true);
	move(1);
	ck_assert(!forward_flush(&f));
	ck_assert_uint_eq(f.waiting_count, 0);
	ck_assert_int_eq(shmx_control_wait(p, LONG_MS), 0);
	ck_assert_int_eq(shmx_control_receive(p, &m), 0);
	ck_assert_int_eq(shmx_control_receive(p, &m), -EAGAIN);
	tear_down();
	/* Nor does anybody from a viewer that is to view only. */
	forward_init(&f, NULL);
	ck_assert(!forward_wanted(&f));
	press(9, true);
	ck_assert(!forward_flush(&f));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("forward");
	TCase *tc = suite_case(s, "queue");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, what_fits_goes_at_once);
	tcase_add_test(tc, motion_that_waits_is_joined);
	tcase_add_test(tc, releases_are_never_dropped);
	tcase_add_test(tc, what_was_not_pressed_is_not_released);
	tcase_add_test(tc, the_last_size_is_told);
	tcase_add_test(tc, another_producer_begins_anew);
	tcase_add_test(tc, who_wants_it_again_has_nothing_down);

	tc = suite_case(s, "unwanted");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, who_wants_nothing_gets_nothing);
	return suite_run(s);
}
