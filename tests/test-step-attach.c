/* SPDX-License-Identifier: MIT */
/*
 * test-step-attach.c - SIGKILL at each system call and each store to shared
 * memory of coming and going
 *
 * The same as test-step, for what is too long to be tried at every
 * instruction: a producer that opens, admits a reader, sees one off and
 * closes; a reader that attaches and detaches; an inspector that looks.
 */
#include "config.h"

#include <shmx/shmx.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/base.h"
#include "child.h"
#include "frames.h"
#include "step.h"
#include "suite.h"

/* Each of these takes long. */
enum { STRIDE = STEP_STRIDE == 1 ? 1 : 37 };

enum { SIDE = 16, PATIENCE_MS = 20000 };

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
	o.flags = flags;
	if (shmx_producer_open(&p, "test", &o) < 0)
		fprintf(stderr, "%s\n", shmx_error());
	return p;
}

/* ------------------------------------------------------------- readers -- */

static void
be_reader(int line, void *arg)
{
	bool detach = arg != NULL;
	struct shmx_hold *hold;
	struct shmx_reader *r;

	expect(child_hear(line) == 'g');
	if (!detach) {
		step_from_here();
		(void)shmx_reader_open(&r, "test", NULL);
		step_to_here();
	}
	expect(shmx_reader_open(&r, "test", NULL) == 0);
	expect(shmx_hold_latest(r, &hold) == 0);
	expect(frame_is_whole(hold));
	step_from_here();
	shmx_release(hold);
	shmx_reader_close(r);
	step_to_here();
}

/* The dead is gone, with all that it had; nobody else has noticed. */
static void
check_reaped(struct shmx_producer *p)
{
	struct shmx_producer_stats stats;
	uint64_t n;
	int i;

	for (i = 0; i < PATIENCE_MS; i++) {
		shmx_producer_stats(p, &stats, sizeof(stats));
		if (stats.readers == 0 && stats.holds_granted == 0)
			break;
		usleep(1000);
	}
	ck_assert_uint_eq(stats.readers, 0);
	ck_assert_uint_eq(stats.holds_granted, 0);
	ck_assert_uint_eq(stats.slots_held, 0);
	for (n = 2; n < 30; n++)
		ck_assert_uint_eq(frame_publish(p, n), n);
	shmx_producer_stats(p, &stats, sizeof(stats));
	ck_assert_uint_eq(stats.dropped, 0);
}

static bool
kill_reader(unsigned k, void *arg)
{
	struct shmx_producer *p;
	struct child c;
	bool killed;

	child_start(&c, be_reader, arg);
	p = open_producer(0);
	ck_assert_ptr_nonnull(p);
	ck_assert_uint_eq(frame_publish(p, 1), 1);
	child_say(c.line, 'g');
	killed = step_kill_after_event(&c, k);
	check_reaped(p);
	shmx_producer_close(p);
	return killed;
}

START_TEST(readers_die_while_attaching)
{
	step_through_by("attach", STRIDE, kill_reader, NULL);
}
END_TEST

START_TEST(readers_die_while_detaching)
{
	static char detach;

	step_through_by("detach", STRIDE, kill_reader, &detach);
}
END_TEST

/* ---------------------------------------------------------- inspectors -- */

static void
be_inspector(int line, void *arg)
{
	struct shmx_inspect_ring ring;
	struct shmx_inspector *n;

	(void)arg;
	expect(child_hear(line) == 'g');
	step_from_here();
	expect(shmx_inspect_open(&n, "test") == 0);
	expect(shmx_inspect_snapshot(n, &ring, sizeof(ring)) == 0);
	shmx_inspect_close(n);
	step_to_here();
}

/* It takes no part, and nobody notices its end. */
static bool
kill_inspector(unsigned k, void *arg)
{
	struct shmx_producer_stats stats;
	struct shmx_inspect_ring ring;
	struct shmx_inspector *in;
	struct shmx_producer *p;
	struct shmx_reader *r;
	struct shmx_hold *hold;
	struct child c;
	uint64_t n;
	bool killed;

	child_start(&c, be_inspector, arg);
	p = open_producer(0);
	ck_assert_ptr_nonnull(p);
	ck_assert_uint_eq(frame_publish(p, 1), 1);
	ck_assert_int_eq(shmx_reader_open(&r, "test", NULL), 0);
	ck_assert_int_eq(shmx_hold_latest(r, &hold), 0);
	child_say(c.line, 'g');
	killed = step_kill_after_event(&c, k);
	for (n = 2; n < 30; n++)
		ck_assert_uint_eq(frame_publish(p, n), n);
	ck_assert(frame_is_whole(hold));
	shmx_producer_stats(p, &stats, sizeof(stats));
	ck_assert_uint_eq(stats.attached, 1);
	ck_assert_uint_eq(stats.readers, 1);
	ck_assert_uint_eq(stats.slots_held, 1);
	ck_assert_uint_eq(stats.dropped, 0);
	/* The next one sees what it would have seen. */
	ck_assert_int_eq(shmx_inspect_open(&in, "test"), 0);
	ck_assert_int_eq(shmx_inspect_snapshot(in, &ring, sizeof(ring)), 0);
	ck_assert_uint_eq(ring.latest, 29);
	ck_assert_uint_eq(ring.reader_count, 1);
	shmx_inspect_close(in);
	shmx_release(hold);
	shmx_reader_close(r);
	shmx_producer_close(p);
	return killed;
}

START_TEST(inspectors_die_while_looking)
{
	step_through_by("inspect", STRIDE, kill_inspector, NULL);
}
END_TEST

/* ----------------------------------------------------------- producers -- */

/* Attaches to whoever produces, for as long as it takes; then says so. */
static void
be_patient(int line, void *arg)
{
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	struct shmx_hold *hold;
	struct shmx_reader *r;
	bool *leaves = arg;
	uint64_t n;
	int ret;

	o.flags = SHMX_WAIT;
	expect(child_hear(line) == 'g');
	expect(shmx_reader_open(&r, "test", &o) == 0);
	child_say(line, 'o');
	for (;;) {
		ret = shmx_wait(r, PATIENCE_MS);
		expect(ret == 0 || ret == -EPIPE);
		if (ret < 0 || shmx_hold_latest(r, &hold) < 0)
			continue;
		expect(frame_is_whole(hold));
		n = shmx_frame_info(hold)->input_sequence;
		if (n == 1 && leaves != NULL && *leaves)
			_exit(0);
		shmx_release(hold);
		/* The successor's: its numbers are other ones. */
		if (n >= 100)
			break;
	}
	shmx_reader_close(r);
	child_say(line, 'd');
}

static void
serve_until(struct shmx_producer *p, uint64_t attached, uint64_t reaped)
{
	struct shmx_producer_stats stats;

	do {
		expect(shmx_producer_service(p) == 0);
		shmx_producer_stats(p, &stats, sizeof(stats));
	} while (stats.attached < attached || stats.reaped < reaped);
}

enum stage { OPEN, ADMIT, DISMISS, CLOSE };

static void
be_producer(int line, void *arg)
{
	const enum stage stage = *(const enum stage *)arg;
	struct shmx_producer *p;

	if (stage == OPEN) {
		step_from_here();
		p = open_producer(SHMX_NO_THREAD);
		step_to_here();
	}
	p = open_producer(SHMX_NO_THREAD);
	expect(p != NULL);
	expect(frame_publish(p, 1) == 1);
	child_say(line, 'o');
	if (stage == ADMIT)
		step_from_here();
	serve_until(p, 1, 0);
	if (stage == ADMIT)
		step_to_here();
	if (stage == DISMISS) {
		step_from_here();
		serve_until(p, 1, 1);
		step_to_here();
	}
	step_from_here();
	shmx_producer_close(p);
	step_to_here();
}

static bool
kill_producer(unsigned k, void *arg)
{
	const enum stage stage = *(const enum stage *)arg;
	static bool leaves;
	struct shmx_producer *p;
	struct pollfd said = { .events = POLLIN };
	struct child c, reader;
	uint64_t n;
	bool killed;

	leaves = stage == DISMISS;
	child_start(&reader, be_patient, &leaves);
	said.fd = reader.line;
	child_start(&c, be_producer, arg);
	if (stage != OPEN)
		ck_assert_int_eq(child_hear(c.line), 'o');
	child_say(reader.line, 'g');
	killed = step_kill_after_event(&c, k);
	/* The name can be had, and whoever waited for it goes on. */
	p = open_producer(0);
	ck_assert_ptr_nonnull(p);
	for (n = 100; n < 100 + PATIENCE_MS; n++) {
		ck_assert_uint_eq(frame_publish(p, n), n - 99);
		if (poll(&said, 1, 1) > 0 && child_hear(reader.line) != 'o')
			break;
	}
	child_end(&reader);
	shmx_producer_close(p);
	return killed;
}

static enum stage stages[] = { OPEN, ADMIT, DISMISS, CLOSE };
static const char *const stage_names[] = {
	"open", "admit", "dismiss", "close",
};

START_TEST(producers_die_while_serving)
{
	step_through_by(stage_names[_i], STRIDE,
			kill_producer, &stages[_i]);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("step-attach");
	TCase *tc = suite_case(s, "step");

	tcase_set_timeout(tc, STEP_SECONDS);
	if (step_is_possible()) {
		tcase_add_test(tc, readers_die_while_attaching);
		tcase_add_test(tc, readers_die_while_detaching);
		tcase_add_test(tc, inspectors_die_while_looking);
		tcase_add_loop_test(tc, producers_die_while_serving, 0,
				    BASE_ARRAY_SIZE(stages));
	}
	return suite_run(s);
}
