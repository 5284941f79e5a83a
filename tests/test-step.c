/* SPDX-License-Identifier: MIT */
/*
 * test-step.c - SIGKILL after each single instruction
 *
 * A child is killed after the k-th instruction of begin, publish, adding a
 * stream, hold, release (both also by a reader that gets every frame), going to
 * sleep and sending a message, for every k (step.h), and what it left behind is
 * looked at.
 */
#include "config.h"

#include <shmx/shmx.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "child.h"
#include "frames.h"
#include "step.h"
#include "suite.h"

enum { SIDE = 16, SLOTS = 5, FRAMES = 3 };

static struct shmx_producer *
open_producer(uint32_t flags)
{
	const struct shmx_stream picture = {
		.kind = SHMX_STREAM_IMAGE,
		.id = 1,
		.name = "picture",
		.width = SIDE,
		.height = SIDE,
		.format = SHMX_XRGB8888,
	};
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	struct shmx_producer *p = NULL;

	o.streams = &picture;
	o.stream_count = 1;
	o.slots = SLOTS;
	/* Room for the stream that is added. */
	o.directory_bytes = 1000;
	o.frame_bytes = 4000;
	o.flags = flags;
	if (shmx_producer_open(&p, "test", &o) < 0)
		fprintf(stderr, "%s\n", shmx_error());
	return p;
}

static struct shmx_reader *
open_reader(unsigned holds, uint32_t flags)
{
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	struct shmx_reader *r = NULL;

	o.holds = holds;
	o.flags = flags;
	if (shmx_reader_open(&r, "test", &o) < 0)
		fprintf(stderr, "%s\n", shmx_error());
	return r;
}

/* ------------------------------------------------------------- readers -- */

struct reader_operation {
	const char *name;
	bool before;			/* something is held before */
	uint32_t flags;			/* of the reader */
	void (*run)(struct shmx_reader *r, struct shmx_hold **hold);
};

static void
run_hold(struct shmx_reader *r, struct shmx_hold **hold)
{
	(void)shmx_hold_latest(r, hold);
}

static void
run_hold_next(struct shmx_reader *r, struct shmx_hold **hold)
{
	(void)shmx_hold_next(r, hold);
}

static void
run_release(struct shmx_reader *r, struct shmx_hold **hold)
{
	(void)r;
	shmx_release(*hold);
}

static void
run_wait(struct shmx_reader *r, struct shmx_hold **hold)
{
	(void)hold;
	(void)shmx_reader_arm(r);
}

/* What is sent: how many bytes, each the same. */
enum { MESSAGE = 100, BYTE = 0x5a };

static void
run_send(struct shmx_reader *r, struct shmx_hold **hold)
{
	unsigned char message[MESSAGE];

	(void)hold;
	memset(message, BYTE, sizeof(message));
	(void)shmx_control_send(r, 1, message, sizeof(message));
}

static void
be_reader(int line, void *arg)
{
	const struct reader_operation *op = arg;
	struct shmx_hold *hold = NULL;
	struct shmx_reader *r;

	expect(child_hear(line) == 'g');
	r = open_reader(2, op->flags);
	expect(r != NULL);
	expect((op->flags & SHMX_EVERY ? shmx_hold_next(r, &hold) :
		shmx_hold_latest(r, &hold)) == 0);
	if (!op->before) {
		shmx_release(hold);
		child_say(line, 'h');
		expect(child_hear(line) == 'p');
	}
	child_say(line, 'r');
	step_from_here();
	op->run(r, &hold);
	step_to_here();
}

/* A message is whole, or there is none, and nothing comes after BYE. */
static void
check_messages(struct shmx_producer *p, bool may)
{
	struct shmx_control m;
	unsigned messages = 0, byes = 0, i;

	while (shmx_control_receive(p, &m) == 0) {
		byes += m.type == SHMX_CONTROL_BYE;
		if (m.type != 1)
			continue;
		ck_assert_uint_eq(m.bytes, MESSAGE);
		for (i = 0; i < MESSAGE; i++)
			ck_assert_uint_eq(((const unsigned char *)m.data)[i],
					  BYTE);
		ck_assert_uint_eq(byes, 0);
		messages++;
	}
	ck_assert_uint_eq(byes, 1);
	ck_assert_uint_le(messages, may);
}

/* Nobody holds anything but ourselves, and every slot can be had. */
static void
check_reaped(struct shmx_producer *p, uint64_t *n)
{
	struct shmx_producer_stats stats;
	int i;

	for (i = 0; i < 2000; i++) {
		shmx_producer_stats(p, &stats, sizeof(stats));
		if (stats.readers == 1 && stats.holds_granted == 1)
			break;
		usleep(1000);
	}
	ck_assert_uint_eq(stats.readers, 1);
	ck_assert_uint_eq(stats.holds_granted, 1);
	ck_assert_uint_eq(stats.slots_held, 1);
	for (i = 0; i < 3 * SLOTS; i++, ++*n)
		ck_assert_uint_eq(frame_publish(p, *n), *n);
	shmx_producer_stats(p, &stats, sizeof(stats));
	ck_assert_uint_eq(stats.dropped, 0);
}

static bool
kill_reader(unsigned k, void *arg)
{
	const struct reader_operation *op = arg;
	struct shmx_producer *p;
	struct shmx_reader *other;
	struct shmx_hold *hold;
	struct child c;
	uint64_t n = 1;
	bool killed;

	child_start(&c, be_reader, arg);
	p = open_producer(SHMX_ALLOW_EVERY);
	ck_assert_ptr_nonnull(p);
	other = open_reader(1, 0);
	ck_assert_ptr_nonnull(other);
	ck_assert_uint_eq(frame_publish(p, n), n);
	ck_assert_int_eq(shmx_hold_latest(other, &hold), 0);
	child_say(c.line, 'g');
	if (!op->before) {
		ck_assert_int_eq(child_hear(c.line), 'h');
		n++;
		ck_assert_uint_eq(frame_publish(p, n), n);
		child_say(c.line, 'p');
	}
	ck_assert_int_eq(child_hear(c.line), 'r');
	killed = step_kill_after(&c, k);
	n++;
	check_reaped(p, &n);
	check_messages(p, op->run == run_send);
	ck_assert(frame_is_whole(hold));
	ck_assert_uint_eq(shmx_frame_info(hold)->input_sequence, 1);
	shmx_release(hold);
	shmx_reader_close(other);
	shmx_producer_close(p);
	return killed;
}

static struct reader_operation reader_operations[] = {
	{ "hold", false, 0, run_hold },
	{ "release", true, 0, run_release },
	{ "going to sleep", true, 0, run_wait },
	{ "sending", true, 0, run_send },
	/* Waited for until it is known to be dead. */
	{ "hold of every frame", false, SHMX_EVERY, run_hold_next },
	{ "release of every frame", true, SHMX_EVERY, run_release },
};

START_TEST(readers_die_anywhere)
{
	struct reader_operation *op = &reader_operations[_i];

	step_through(op->name, kill_reader, op);
}
END_TEST

/* ----------------------------------------------------------- producers -- */

static void
draw(struct shmx_frame *f, uint64_t n)
{
	uint32_t x, y;

	for (y = 0; y < f->height; y++)
		for (x = 0; x < f->width; x++)
			((uint32_t *)f->pixels)[y * f->stride / 4 + x] =
				frame_pixel(n, y * f->width + x);
	f->input_sequence = n;
}

static void
add_stream(struct shmx_producer *p)
{
	const struct shmx_stream s = {
		.kind = SHMX_STREAM_DATA,
		.id = 2,
		.name = "numbers",
		.element_type = SHMX_U32,
		.capacity = 16,
	};

	(void)shmx_producer_add_stream(p, &s);
}

/* Serves itself: a traced process is best one of a single thread. */
static void
be_producer(int line, void *arg)
{
	const char *what = arg;
	struct shmx_producer_stats stats;
	struct shmx_producer *p = open_producer(SHMX_NO_THREAD);
	struct shmx_frame f;
	uint64_t n;

	expect(p != NULL);
	for (n = 1; n <= FRAMES; n++)
		expect(frame_publish(p, n) == n);
	child_say(line, 'o');
	do {
		expect(shmx_producer_service(p) == 0);
		shmx_producer_stats(p, &stats, sizeof(stats));
	} while (stats.readers == 0 && usleep(100) == 0);
	child_say(line, 'r');
	/* The reader holds a frame, and may have armed its wake-up. */
	expect(child_hear(line) == 'g');
	if (strcmp(what, "begin") == 0) {
		step_from_here();
		shmx_begin(p, &f);
		step_to_here();
	} else if (strcmp(what, "add") == 0) {
		step_from_here();
		add_stream(p);
		step_to_here();
	} else {
		shmx_begin(p, &f);
		draw(&f, n);
		step_from_here();
		(void)shmx_publish(p, &f);
		step_to_here();
	}
}

/* One stream, or two, and each of them what it is. */
static void
check_directory(struct shmx_reader *r)
{
	const struct shmx_stream *s;
	struct shmx_directory *d;
	unsigned i, count;

	ck_assert_msg(shmx_reader_directory(r, &d) == 0, "%s", shmx_error());
	count = shmx_directory_count(d);
	ck_assert(count == 1 || count == 2);
	for (i = 0; i < count; i++) {
		s = shmx_directory_get(d, i);
		ck_assert_uint_eq(s->id, i + 1);
		ck_assert_str_eq(s->name, i == 0 ? "picture" : "numbers");
	}
	shmx_directory_free(d);
}

/* What a reader is left with: the last frame, or the one after it. */
static void
check_bereft(struct shmx_reader *r, struct shmx_hold *held)
{
	struct shmx_hold *hold;
	struct shmx_producer *p;
	uint64_t q;
	int ret;

	ck_assert_int_eq(shmx_hold_latest(r, &hold), 0);
	q = shmx_frame_info(hold)->sequence;
	ck_assert(q == FRAMES || q == FRAMES + 1);
	ck_assert_uint_eq(shmx_frame_info(hold)->input_sequence, q);
	ck_assert(frame_is_whole(hold));
	shmx_release(hold);
	check_directory(r);
	/* Nobody hangs: the death is heard of, after a frame if need be. */
	while ((ret = shmx_wait(r, 20000)) == 0) {
		ck_assert_int_eq(shmx_hold_latest(r, &hold), 0);
		shmx_release(hold);
	}
	ck_assert_int_eq(ret, -EPIPE);
	ck_assert(frame_is_whole(held));
	ck_assert_uint_eq(shmx_frame_info(held)->input_sequence, FRAMES);
	/* And nothing is in the way of the next. */
	p = open_producer(0);
	ck_assert_ptr_nonnull(p);
	ck_assert_uint_eq(frame_publish(p, 1), 1);
	ck_assert_int_eq(shmx_wait(r, 20000), 0);
	ck_assert_int_eq(shmx_hold_latest(r, &hold), 0);
	ck_assert(frame_is_whole(hold));
	shmx_release(hold);
	shmx_producer_close(p);
}

static bool
kill_producer(unsigned k, void *arg)
{
	struct shmx_reader *r;
	struct shmx_hold *held;
	struct child c;
	bool killed;

	child_start(&c, be_producer, arg);
	ck_assert_int_eq(child_hear(c.line), 'o');
	r = open_reader(2, 0);
	ck_assert_ptr_nonnull(r);
	ck_assert_int_eq(child_hear(c.line), 'r');
	ck_assert_int_eq(shmx_hold_latest(r, &held), 0);
	ck_assert_int_eq(shmx_reader_arm(r), 0);
	child_say(c.line, 'g');
	killed = step_kill_after(&c, k);
	check_bereft(r, held);
	shmx_release(held);
	shmx_reader_close(r);
	return killed;
}

static char stages[][8] = { "begin", "publish", "add" };

START_TEST(producers_die_anywhere)
{
	step_through(stages[_i], kill_producer, stages[_i]);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("step");
	TCase *tc = suite_case(s, "step");

	tcase_set_timeout(tc, STEP_SECONDS);
	if (step_is_possible()) {
		tcase_add_loop_test(tc, readers_die_anywhere, 0,
				    BASE_ARRAY_SIZE(reader_operations));
		tcase_add_loop_test(tc, producers_die_anywhere, 0,
				    BASE_ARRAY_SIZE(stages));
	}
	return suite_run(s);
}
