/* SPDX-License-Identifier: MIT */
/*
 * test-faults.c - each system call fails once, and nothing is left behind
 *
 * The watch of suite.h sees what leaks; here we see that a failure has words,
 * and that it is over when the call no longer fails.
 */
#include "config.h"

#include <shmx/shmx.h>

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "child.h"
#include "fault.h"
#include "frames.h"
#include "suite.h"

static const struct shmx_stream picture = {
	.kind = SHMX_STREAM_IMAGE,
	.id = 1,
	.name = "picture",
	.width = 64,
	.height = 48,
	.format = SHMX_XRGB8888,
};

static const int errors[] = { ENOMEM, EMFILE, EIO };

static int
open_producer(struct shmx_producer **p, uint32_t flags)
{
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;

	o.streams = &picture;
	o.stream_count = 1;
	o.flags = flags;
	return shmx_producer_open(p, "test", &o);
}

/* Words that have nothing to do with what went before. */
static void
forget_words(void)
{
	base_error(0, "forgotten");
}

static void
check_words(unsigned n)
{
	ck_assert_msg(strcmp(shmx_error(), "forgotten") != 0,
		      "failing call %u has no words", n);
	ck_assert_ptr_null(strchr(shmx_error(), '\n'));
	ck_assert_ptr_null(strstr(shmx_error(), "Success"));
}

START_TEST(opening_a_producer_fails_cleanly)
{
	struct shmx_producer *p = NULL;
	bool failed;
	unsigned n;
	int ret;

	for (n = 1; ; n++) {
		ck_assert_uint_lt(n, 200);
		forget_words();
		fault_nth(NULL, n, errors[_i]);
		ret = open_producer(&p, SHMX_NO_THREAD);
		failed = fault_off();
		if (!failed)
			break;
		ck_assert_int_lt(ret, 0);
		ck_assert_ptr_null(p);
		check_words(n);
	}
	ck_assert_int_eq(ret, 0);
	ck_assert_uint_gt(n, 8);
	ck_assert_uint_eq(frame_publish(p, 1), 1);
	shmx_producer_close(p);
}
END_TEST

START_TEST(a_producer_without_a_thread_to_be_had_is_none)
{
	struct shmx_producer *p = NULL;

	forget_words();
	fault_always("pthread_create", EAGAIN);
	ck_assert_int_eq(open_producer(&p, 0), -EAGAIN);
	fault_off();
	check_words(1);
	ck_assert_ptr_null(p);
	ck_assert_int_eq(open_producer(&p, 0), 0);
	shmx_producer_close(p);
}
END_TEST

/* ------------------------------------------------------------- readers -- */

/* The producer of the reader that is to fail, in a child. */
static void
produce(int line, void *arg)
{
	struct shmx_producer *p;
	struct shmx_producer_stats stats;

	(void)arg;
	expect(open_producer(&p, 0) == 0);
	frame_publish(p, 1);
	child_say(line, 'o');
	child_hear(line);
	/* Whoever failed has left. */
	do {
		usleep(1000);
		shmx_producer_stats(p, &stats, sizeof(stats));
	} while (stats.holds_granted != 0 || stats.readers != 0);
	shmx_producer_close(p);
}

START_TEST(opening_a_reader_fails_cleanly)
{
	struct shmx_reader *r = NULL;
	struct shmx_hold *h;
	struct child c;
	bool failed;
	unsigned n;
	int ret;

	child_start(&c, produce, NULL);
	ck_assert_int_eq(child_hear(c.line), 'o');
	for (n = 1; ; n++) {
		ck_assert_uint_lt(n, 200);
		forget_words();
		fault_nth(NULL, n, errors[_i]);
		ret = shmx_reader_open(&r, "test", NULL);
		failed = fault_off();
		if (!failed)
			break;
		if (ret < 0) {
			ck_assert_ptr_null(r);
			check_words(n);
			continue;
		}
		/* It can do without, then, but not only seemingly. */
		ck_assert_int_eq(shmx_hold_latest(r, &h), 0);
		ck_assert(frame_is_whole(h));
		shmx_release(h);
		shmx_reader_close(r);
		r = NULL;
	}
	ck_assert_int_eq(ret, 0);
	ck_assert_uint_gt(n, 8);
	ck_assert_int_eq(shmx_hold_latest(r, &h), 0);
	ck_assert(frame_is_whole(h));
	shmx_release(h);
	shmx_reader_close(r);
	child_say(c.line, 'q');
	child_end(&c);
}
END_TEST

START_TEST(holding_and_waiting_fail_cleanly)
{
	struct shmx_reader *r;
	struct shmx_hold *h;
	struct shmx_image_info info;
	struct child c;

	child_start(&c, produce, NULL);
	ck_assert_int_eq(child_hear(c.line), 'o');
	ck_assert_int_eq(shmx_reader_open(&r, "test", NULL), 0);
	ck_assert_int_eq(shmx_hold_latest(r, &h), 0);
	forget_words();
	fault_always("mmap", ENOMEM);
	ck_assert_ptr_null(shmx_frame_pixels(h));
	fault_off();
	check_words(1);
	/* Another time it may do. */
	ck_assert(frame_is_whole(h));
	forget_words();
	fault_always("calloc", ENOMEM);
	ck_assert_int_eq(shmx_reader_image(r, &info, sizeof(info)), -ENOMEM);
	fault_off();
	check_words(2);
	forget_words();
	fault_always("poll", ENOMEM);
	ck_assert_int_eq(shmx_wait(r, 1000), -ENOMEM);
	fault_off();
	check_words(3);
	shmx_release(h);
	shmx_reader_close(r);
	child_say(c.line, 'q');
	child_end(&c);
}
END_TEST

/* -------------------------------------------------------- the producer -- */

/* Attaches as often as it is told to; says whether it worked. */
static void
read_on_demand(int line, void *arg)
{
	struct shmx_reader *r;
	struct shmx_hold *h;
	int ret;

	(void)arg;
	while (child_hear(line) == 'g') {
		ret = shmx_reader_open(&r, "test", NULL);
		if (ret < 0) {
			expect(shmx_error()[0] != '\0');
			child_say(line, 'n');
			continue;
		}
		ret = shmx_hold_latest(r, &h);
		/* Its attachment failed after it was welcome. */
		expect(ret == 0 || ret == -EPIPE);
		if (ret == 0) {
			expect(frame_is_whole(h));
			shmx_release(h);
		}
		shmx_reader_close(r);
		child_say(line, ret == 0 ? 'y' : 'n');
	}
}

/* Serve and publish until the child has said something. */
static char
serve_until_heard(struct shmx_producer *p, const struct child *c)
{
	struct pollfd fds[] = {
		{ .fd = shmx_producer_fd(p), .events = POLLIN },
		{ .fd = c->line, .events = POLLIN },
	};

	for (;;) {
		ck_assert_int_gt(poll(fds, 2, 10000), 0);
		ck_assert_int_eq(shmx_producer_service(p), 0);
		ck_assert_uint_ne(frame_publish(p, 1), 0);
		if (fds[1].revents != 0)
			return child_hear(c->line);
	}
}

START_TEST(attaching_a_reader_fails_cleanly)
{
	struct shmx_producer_stats stats;
	struct child c, other;
	struct shmx_producer *p;
	bool failed;
	unsigned n;
	char said;

	child_start(&c, read_on_demand, NULL);
	child_start(&other, read_on_demand, NULL);
	ck_assert_int_eq(open_producer(&p, SHMX_NO_THREAD), 0);
	ck_assert_uint_eq(frame_publish(p, 1), 1);
	for (n = 1; ; n++) {
		ck_assert_uint_lt(n, 500);
		fault_nth(NULL, n, errors[_i]);
		child_say(c.line, 'g');
		said = serve_until_heard(p, &c);
		failed = fault_off();
		if (!failed)
			break;
		/* Whatever it was, the next one is not concerned. */
		child_say(other.line, 'g');
		ck_assert_int_eq(serve_until_heard(p, &other), 'y');
	}
	ck_assert_int_eq(said, 'y');
	ck_assert_uint_gt(n, 8);
	ck_assert_int_eq(shmx_producer_service(p), 0);
	shmx_producer_stats(p, &stats, sizeof(stats));
	ck_assert_uint_eq(stats.readers, 0);
	ck_assert_uint_eq(stats.holds_granted, 0);
	ck_assert_uint_eq(stats.slots_held, 0);
	ck_assert_uint_eq(stats.dropped, 0);
	shutdown(c.line, SHUT_WR);
	shutdown(other.line, SHUT_WR);
	child_end(&c);
	child_end(&other);
	shmx_producer_close(p);
}
END_TEST

static unsigned warnings;

static void
count_warnings(void *data, int level, const char *line)
{
	(void)data;
	if (level <= SHMX_LOG_WARNING && strstr(line, "cannot accept") != NULL)
		warnings++;
}

/* Out of descriptors for a while, and whoever asked meanwhile gets in. */
START_TEST(a_producer_out_of_descriptors_recovers)
{
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	struct rlimit before, none;
	struct shmx_producer *p;
	struct child c;

	if (suite_is_nofork())
		return;		/* valgrind has limits of its own */
	warnings = 0;
	child_start(&c, read_on_demand, NULL);
	o.streams = &picture;
	o.stream_count = 1;
	o.flags = _i == 0 ? 0 : SHMX_NO_THREAD;
	o.log = count_warnings;
	ck_assert_int_eq(shmx_producer_open(&p, "test", &o), 0);
	ck_assert_uint_eq(frame_publish(p, 1), 1);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	/* The lowest number that is free is one too many. */
	none = (struct rlimit){ (rlim_t)base_dup(0), before.rlim_max };
	close((int)none.rlim_cur);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	child_say(c.line, 'g');
	if (_i == 0) {
		usleep(250000);
	} else {
		struct pollfd pfd = { .fd = shmx_producer_fd(p),
			.events = POLLIN };

		setrlimit(RLIMIT_NOFILE, &before);
		ck_assert_int_eq(poll(&pfd, 1, 10000), 1);
		setrlimit(RLIMIT_NOFILE, &none);
		ck_assert_int_eq(shmx_producer_service(p), 0);
	}
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	if (_i == 0)
		ck_assert_int_eq(child_hear(c.line), 'y');
	else
		ck_assert_int_eq(serve_until_heard(p, &c), 'y');
	shutdown(c.line, SHUT_WR);
	child_end(&c);
	shmx_producer_close(p);
	/* Once for each attempt, not as fast as it goes. */
	ck_assert_uint_ge(warnings, 1);
	ck_assert_uint_le(warnings, 20);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("faults");
	TCase *tc = suite_case(s, "open");

	tcase_add_loop_test(tc, opening_a_producer_fails_cleanly, 0,
			    BASE_ARRAY_SIZE(errors));
	tcase_add_test(tc, a_producer_without_a_thread_to_be_had_is_none);
	tcase_add_loop_test(tc, opening_a_reader_fails_cleanly, 0,
			    BASE_ARRAY_SIZE(errors));
	tcase_add_test(tc, holding_and_waiting_fail_cleanly);

	tc = suite_case(s, "serve");
	tcase_add_loop_test(tc, attaching_a_reader_fails_cleanly, 0,
			    BASE_ARRAY_SIZE(errors));
	tcase_add_loop_test(tc, a_producer_out_of_descriptors_recovers, 0, 2);
	return suite_run(s);
}
