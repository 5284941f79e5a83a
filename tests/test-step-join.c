/* SPDX-License-Identifier: MIT */
/*
 * test-step-join.c - one of several producers is killed at each instruction
 *
 * The same as test-step, for who has joined another's ring: begin and publish,
 * after each instruction; joining, and leaving with a frame begun, at each
 * system call and each store to the ring.  Its host and a reader that holds a
 * frame go on, no slot is lost, and its place can be taken.
 */
#include "config.h"

#include <shmx/shmx.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/base.h"
#include "child.h"
#include "frames.h"
#include "shmx/atomic.h"
#include "shmx/producer.h"
#include "step.h"
#include "suite.h"

/* Of the events in joining and leaving, of which there are few. */
enum { STRIDE = STEP_STRIDE == 1 ? 1 : 5 };

enum { SIDE = 16, WRITERS = 2, FRAMES = 3, PATIENCE_MS = 20000 };

static struct shmx_producer *
open_host(void)
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
	uint64_t n;

	o.streams = &picture;
	o.stream_count = 1;
	o.writers = WRITERS;
	o.flags = SHMX_MULTI_WRITER;
	ck_assert_msg(shmx_producer_open(&p, "test", &o) == 0, "%s",
		      shmx_error());
	for (n = 1; n <= FRAMES; n++)
		ck_assert_uint_eq(frame_publish(p, n), n);
	return p;
}

/* A traced process is best one of a single thread. */
static struct shmx_producer *
join(void)
{
	struct shmx_join_options o = SHMX_JOIN_OPTIONS_INIT;
	struct shmx_producer *p = NULL;

	o.flags = SHMX_NO_THREAD;
	if (shmx_producer_join(&p, "test", &o) < 0)
		fprintf(stderr, "%s\n", shmx_error());
	return p;
}

enum stage { BEGIN, PUBLISH, JOIN, LEAVE };

static void
be_writer(int line, void *arg)
{
	const enum stage stage = *(const enum stage *)arg;
	struct shmx_producer *p;
	struct shmx_frame f;

	expect(child_hear(line) == 'g');
	if (stage == JOIN) {
		step_from_here();
		p = join();
		step_to_here();
	}
	p = join();
	expect(p != NULL);
	/* Published by it, so that its words are not all as they began. */
	expect(frame_publish(p, 100) == FRAMES + 1);
	if (stage != BEGIN)
		shmx_begin(p, &f);
	step_from_here();
	if (stage == BEGIN)
		shmx_begin(p, &f);
	else if (stage == PUBLISH)
		(void)shmx_publish(p, &f);
	else
		/* What was begun goes back first. */
		shmx_producer_close(p);
	step_to_here();
}

/* Everybody else's: the frames, and all slots but the one that is held. */
static void
check_others(struct shmx_producer *host, struct shmx_reader *r,
	     struct shmx_hold *held)
{
	struct shmx_producer_stats stats;
	struct shmx_hold *hold;
	uint64_t n, q = 0;

	for (n = 200; n < 200 + 3 * host->region.ring.slots; n++) {
		q = frame_publish(host, n);
		ck_assert_uint_ne(q, 0);
		ck_assert_int_eq(shmx_hold_latest(r, &hold), 0);
		ck_assert_uint_eq(shmx_frame_info(hold)->sequence, q);
		ck_assert_uint_eq(shmx_frame_info(hold)->input_sequence, n);
		ck_assert(frame_is_whole(hold));
		shmx_release(hold);
	}
	ck_assert(frame_is_whole(held));
	ck_assert_uint_eq(shmx_frame_info(held)->input_sequence, FRAMES);
	shmx_producer_stats(host, &stats, sizeof(stats));
	ck_assert_uint_eq(stats.dropped, 0);
	ck_assert_uint_eq(stats.slots_held, 1);
}

/* The place that it had is given to the next, who finds a slot there. */
static void
check_succession(struct shmx_producer *host)
{
	struct shmx_producer *p = NULL;
	const struct shmx_ring *ring = &host->region.ring;
	uint32_t s;
	int i;

	for (i = 0; i < PATIENCE_MS; i++) {
		if (shmx_producer_join(&p, "test", NULL) == 0)
			break;
		usleep(1000);
	}
	ck_assert_ptr_nonnull(p);
	ck_assert_ptr_null(shmx_multi_check(ring));
	for (s = 0; s < ring->slots; s++)
		ck_assert_uint_ne(shmx_load_seq_cst(&ring->state[s]) >> 62,
				  SHMX_STATE_WRITING);
	ck_assert_uint_ne(frame_publish(p, 300), 0);
	shmx_producer_close(p);
}

static bool
kill_writer(unsigned k, void *arg)
{
	const enum stage stage = *(const enum stage *)arg;
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	struct shmx_producer *host;
	struct shmx_reader *r;
	struct shmx_hold *held;
	struct child c;
	bool killed;

	child_start(&c, be_writer, arg);
	host = open_host();
	o.holds = 2;
	ck_assert_int_eq(shmx_reader_open(&r, "test", &o), 0);
	ck_assert_int_eq(shmx_hold_latest(r, &held), 0);
	ck_assert_int_eq(shmx_reader_arm(r), 0);
	child_say(c.line, 'g');
	killed = stage == BEGIN || stage == PUBLISH ?
		step_kill_after(&c, k) : step_kill_after_event(&c, k);
	/* Before it is known to be dead, and after. */
	check_others(host, r, held);
	check_succession(host);
	check_others(host, r, held);
	shmx_release(held);
	shmx_reader_close(r);
	shmx_producer_close(host);
	return killed;
}

static enum stage stages[] = { BEGIN, PUBLISH, JOIN, LEAVE };
static const char *const stage_names[] = {
	"begin", "publish", "join", "leave",
};

START_TEST(writers_die_anywhere)
{
	bool whole = stages[_i] == BEGIN || stages[_i] == PUBLISH;

	step_through_by(stage_names[_i], whole ? STEP_STRIDE : STRIDE,
			kill_writer, &stages[_i]);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("step-join");
	TCase *tc = suite_case(s, "step");

	tcase_set_timeout(tc, STEP_SECONDS);
	if (step_is_possible())
		tcase_add_loop_test(tc, writers_die_anywhere, 0,
				    BASE_ARRAY_SIZE(stages));
	return suite_run(s);
}
