/* SPDX-License-Identifier: MIT */
/*
 * test-step-streams.c - SIGKILL while streams are added, and put into frames
 *
 * A producer is killed at each store to the directory and after each
 * instruction of building a frame (step.h); its reader is left with the
 * directory before or after, and with whole frames.
 */
#include "config.h"

#include <shmx/shmx.h>

#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "child.h"
#include "step.h"
#include "suite.h"

enum { FIRST = 1, SECOND, LATE, NUMBERS = 9 };

static const struct shmx_stream streams[] = {
	{ .kind = SHMX_STREAM_DATA, .id = FIRST, .name = "first",
	  .element_type = SHMX_U64, .capacity = NUMBERS },
	{ .kind = SHMX_STREAM_DATA, .id = SECOND, .name = "second",
	  .element_type = SHMX_U64, .capacity = NUMBERS },
	{ .kind = SHMX_STREAM_DATA, .id = LATE, .name = "late",
	  .element_type = SHMX_I16, .components = 2, .layout = SHMX_AOS,
	  .capacity = 5, .extra = "twelve bytes", .extra_bytes = 12 },
};

/* Frame n: n times the index in the one, in the other n more. */
static void
publish(struct shmx_producer *p, uint64_t n)
{
	uint64_t more[NUMBERS], *numbers;
	struct shmx_frame f;
	void *data;
	unsigned i;

	shmx_begin(p, &f);
	if (shmx_frame_append(p, &f, FIRST, NUMBERS, &data) < 0)
		return;
	for (i = 0, numbers = data; i < NUMBERS; i++) {
		numbers[i] = n * i;
		more[i] = n * i + n;
	}
	(void)shmx_frame_append_copy(p, &f, SECOND, NUMBERS, more);
	(void)shmx_publish(p, &f);
}

/* All of one frame; which. */
static uint64_t
check_frame(struct shmx_reader *r)
{
	struct shmx_stream_view v[3];
	const uint64_t *a, *b;
	struct shmx_hold *hold;
	uint64_t n;
	unsigned i;

	ck_assert_int_eq(shmx_hold_latest(r, &hold), 0);
	n = shmx_frame_info(hold)->sequence;
	ck_assert_int_eq(shmx_frame_streams(hold, v, 3), 2);
	ck_assert_uint_eq(v[0].elements, NUMBERS);
	ck_assert_uint_eq(v[1].elements, NUMBERS);
	a = v[0].data;
	b = v[1].data;
	for (i = 0; i < NUMBERS; i++) {
		ck_assert_uint_eq(a[i], n * i);
		ck_assert_uint_eq(b[i], n * i + n);
	}
	shmx_release(hold);
	return n;
}

/* Serves itself: a traced process is best one of a single thread. */
static void
be_producer(int line, void *arg)
{
	const char *what = arg;
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	struct shmx_producer_stats stats;
	struct shmx_producer *p;

	o.streams = streams;
	o.stream_count = 2;
	o.flags = SHMX_NO_THREAD;
	expect(shmx_producer_open(&p, "test", &o) == 0);
	publish(p, 1);
	child_say(line, 'o');
	do {
		expect(shmx_producer_service(p) == 0);
		shmx_producer_stats(p, &stats, sizeof(stats));
	} while (stats.readers == 0 && usleep(100) == 0);
	child_say(line, 'r');
	expect(child_hear(line) == 'g');
	step_from_here();
	if (strcmp(what, "add") == 0)
		(void)shmx_producer_add_stream(p, &streams[2]);
	else
		publish(p, 2);
	step_to_here();
}

/* Start one, and attach to it. */
static struct shmx_reader *
start(struct child *c, void *what)
{
	struct shmx_reader *r;

	child_start(c, be_producer, what);
	ck_assert_int_eq(child_hear(c->line), 'o');
	ck_assert_int_eq(shmx_reader_open(&r, "test", NULL), 0);
	ck_assert_int_eq(child_hear(c->line), 'r');
	child_say(c->line, 'g');
	return r;
}

/* How often was which directory found? */
static struct { unsigned before, after; } found;

static void
check_directory(struct shmx_reader *r, bool killed)
{
	struct shmx_directory *dir;
	const struct shmx_stream *s;
	unsigned i, count;

	ck_assert_int_eq(shmx_reader_directory(r, &dir), 0);
	count = shmx_directory_count(dir);
	ck_assert(count == 3 || (count == 2 && killed));
	found.before += count == 2;
	found.after += count == 3;
	for (i = 0; i < count; i++) {
		s = shmx_directory_get(dir, i);
		ck_assert_str_eq(s->name, streams[i].name);
		ck_assert_uint_eq(s->element_type, streams[i].element_type);
		ck_assert_uint_eq(s->extra_bytes, streams[i].extra_bytes);
		ck_assert(s->extra_bytes == 0 ||
			  memcmp(s->extra, "twelve bytes", 12) == 0);
	}
	shmx_directory_free(dir);
}

static bool
kill_adder(unsigned k, void *arg)
{
	struct shmx_reader *r;
	struct child c;
	bool killed;

	r = start(&c, arg);
	killed = step_kill_after_event(&c, k);
	check_directory(r, killed);
	ck_assert_uint_eq(check_frame(r), 1);
	shmx_reader_close(r);
	return killed;
}

START_TEST(producers_die_adding)
{
	static char what[] = "add";

	/* There are few, so all of them. */
	step_through_by(what, 1, kill_adder, what);
	ck_assert_uint_gt(found.before, 0);
	ck_assert_uint_gt(found.after, 1);
}
END_TEST

static bool
kill_builder(unsigned k, void *arg)
{
	struct shmx_reader *r;
	struct child c;
	uint64_t n;
	bool killed;

	r = start(&c, arg);
	killed = step_kill_after(&c, k);
	n = check_frame(r);
	ck_assert(n == 2 || (n == 1 && killed));
	shmx_reader_close(r);
	return killed;
}

START_TEST(producers_die_building)
{
	static char what[] = "build";

	step_through(what, kill_builder, what);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("step-streams");
	TCase *tc = suite_case(s, "step");

	tcase_set_timeout(tc, STEP_SECONDS);
	if (step_is_possible()) {
		tcase_add_test(tc, producers_die_adding);
		tcase_add_test(tc, producers_die_building);
	}
	return suite_run(s);
}
