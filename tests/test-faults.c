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
#include <stdatomic.h>
#include <stdio.h>
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

/* ---------------------------------------------------------- inspectors -- */

/* What becomes of the ring that is looked at; it has one frame. */
static const struct looked_at {
	uint32_t flags;
	enum shmx_ring_state state;
} looked_at[] = {
	{ 0, SHMX_RING_RUNNING },
	{ 0, SHMX_RING_STOPPED },
	{ 0, SHMX_RING_ORPHANED },
	{ SHMX_NAMED, SHMX_RING_RUNNING },
	{ SHMX_NAMED, SHMX_RING_STOPPED },
	{ SHMX_NAMED, SHMX_RING_LEFTOVER },
};

/* Each of them with each error. */
enum {
	ALL_LOOKED_AT = BASE_ARRAY_SIZE(looked_at),
	LOOKS = ALL_LOOKED_AT * BASE_ARRAY_SIZE(errors),
};

static struct child looked_at_producer, looked_at_reader;
static char looked_at_name[32];

static void
produce_to_be_seen(int line, void *arg)
{
	const struct looked_at *how = arg;
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	struct shmx_producer *p;

	o.streams = &picture;
	o.stream_count = 1;
	o.flags = how->flags;
	expect(shmx_producer_open(&p, looked_at_name, &o) == 0);
	expect(frame_publish(p, 1) == 1);
	child_say(line, 'o');
	for (;;)
		pause();
}

static void
hold_to_be_seen(int line, void *arg)
{
	struct shmx_reader *r;
	struct shmx_hold *h;

	(void)arg;
	expect(child_hear(line) == 'g');
	expect(shmx_reader_open(&r, looked_at_name, NULL) == 0);
	expect(shmx_hold_latest(r, &h) == 0);
	child_say(line, 'h');
	for (;;)
		pause();
}

static void
start_looked_at(const struct looked_at *how)
{
	snprintf(looked_at_name, sizeof(looked_at_name),
		 "shmfb-test-faults-%d", (int)getpid());
	child_start(&looked_at_reader, hold_to_be_seen, NULL);
	child_start(&looked_at_producer, produce_to_be_seen,
		    (void *)(uintptr_t)how);
	ck_assert_int_eq(child_hear(looked_at_producer.line), 'o');
	child_say(looked_at_reader.line, 'g');
	ck_assert_int_eq(child_hear(looked_at_reader.line), 'h');
	switch (how->state) {
	case SHMX_RING_STOPPED:
		child_stop(&looked_at_producer);
		break;
	case SHMX_RING_LEFTOVER:
		child_kill(&looked_at_reader);
		child_kill(&looked_at_producer);
		break;
	case SHMX_RING_ORPHANED:
		child_kill(&looked_at_producer);
		break;
	default:
		break;
	}
}

static void
end_looked_at(void)
{
	if (looked_at_producer.pid > 0)
		child_kill(&looked_at_producer);
	if (looked_at_reader.pid > 0)
		child_kill(&looked_at_reader);
	(void)shmx_remove(looked_at_name);
}

/*
 * Something of it may not be seen; what is seen is so. Who cannot tell whether
 * a ring is in use says that it is, and not by whom.
 */
static void
check_seen(struct shmx_inspector *in, const struct looked_at *how, bool all)
{
	struct shmx_inspect_reader reader;
	struct shmx_inspect_slot slot;
	struct shmx_inspect_ring ring;

	ck_assert_int_eq(shmx_inspect_snapshot(in, &ring, sizeof(ring)), 0);
	if (all || ring.state != SHMX_RING_RUNNING || ring.pid != 0)
		ck_assert_int_eq(ring.state, how->state);
	ck_assert_uint_eq(ring.latest, 1);
	ck_assert_int_eq(shmx_inspect_slot(in, ring.latest_slot, &slot,
					   sizeof(slot)), 0);
	ck_assert_uint_eq(slot.width, picture.width);
	ck_assert_uint_le(ring.reader_count, 1);
	if (ring.reader_count == 0 || how->state == SHMX_RING_LEFTOVER) {
		ck_assert(!all || how->state == SHMX_RING_LEFTOVER);
		return;
	}
	ck_assert_int_eq(shmx_inspect_reader(in, 0, &reader, sizeof(reader)),
			 0);
	ck_assert_int_eq(reader.pid, looked_at_reader.pid);
	ck_assert_uint_eq(reader.slots, UINT64_C(1) << ring.latest_slot);
}

START_TEST(inspecting_fails_cleanly)
{
	const struct looked_at *how = &looked_at[_i % ALL_LOOKED_AT];
	struct shmx_inspector *in = NULL;
	bool failed = true;
	unsigned n;
	int ret;

	start_looked_at(how);
	for (n = 1; failed; n++) {
		ck_assert_uint_lt(n, 500);
		forget_words();
		fault_nth(NULL, n, errors[_i / ALL_LOOKED_AT]);
		ret = shmx_inspect_open(&in, looked_at_name);
		failed = fault_off();
		if (ret == 0) {
			check_seen(in, how, !failed);
			shmx_inspect_close(in);
			in = NULL;
			continue;
		}
		ck_assert(failed);
		ck_assert_ptr_null(in);
		check_words(n);
	}
	ck_assert_uint_gt(n, 8);
}
END_TEST

/* The same inspector goes on when the calls work again. */
START_TEST(a_snapshot_fails_cleanly)
{
	const struct looked_at *how = &looked_at[_i % ALL_LOOKED_AT];
	struct shmx_inspect_ring ring;
	struct shmx_inspector *in;
	bool failed = true;
	unsigned n;
	int ret;

	start_looked_at(how);
	for (n = 1; failed; n++) {
		ck_assert_uint_lt(n, 500);
		ck_assert_int_eq(shmx_inspect_open(&in, looked_at_name), 0);
		forget_words();
		fault_nth(NULL, n, errors[_i / ALL_LOOKED_AT]);
		ret = shmx_inspect_snapshot(in, &ring, sizeof(ring));
		failed = fault_off();
		ck_assert(ret == 0 || failed);
		if (ret == 0)
			ck_assert_int_eq(ring.state, how->state);
		else
			check_words(n);
		check_seen(in, how, true);
		shmx_inspect_close(in);
	}
	ck_assert_uint_gt(n, 3);
}
END_TEST

/* That it is there may be missed. */
static void
check_listed(const struct shmx_inspect_list *list, const struct looked_at *how,
	     bool all)
{
	struct shmx_inspect_entry e;
	unsigned i, seen = 0;

	for (i = 0; i < shmx_inspect_count(list); i++) {
		shmx_inspect_get(list, i, &e, sizeof(e));
		if (strcmp(e.name, looked_at_name) != 0)
			continue;
		seen++;
		if (all || e.state != SHMX_RING_RUNNING || e.pid != 0)
			ck_assert_int_eq(e.state, how->state);
	}
	ck_assert(!all || seen == 1);
}

START_TEST(listing_fails_cleanly)
{
	const struct looked_at *how = &looked_at[_i % ALL_LOOKED_AT];
	struct shmx_inspect_list *list = NULL;
	bool failed = true;
	unsigned n;
	int ret;

	start_looked_at(how);
	for (n = 1; failed; n++) {
		ck_assert_uint_lt(n, 2000);
		forget_words();
		fault_nth(NULL, n, errors[_i / ALL_LOOKED_AT]);
		ret = shmx_inspect_list(&list);
		failed = fault_off();
		if (ret == 0) {
			check_listed(list, how, !failed);
			shmx_inspect_list_free(list);
			list = NULL;
			continue;
		}
		ck_assert(failed);
		ck_assert_ptr_null(list);
		check_words(n);
	}
	ck_assert_uint_gt(n, 2);
}
END_TEST

/* What is in use stays, and what is left over goes when nothing fails. */
START_TEST(removing_fails_cleanly)
{
	const struct looked_at *how = &looked_at[_i % ALL_LOOKED_AT];
	const bool goes = how->state == SHMX_RING_LEFTOVER;
	bool failed = true;
	char path[64];
	unsigned n;
	int ret;

	start_looked_at(how);
	snprintf(path, sizeof(path), "/dev/shm/%s", looked_at_name);
	for (n = 1; failed; n++) {
		ck_assert_uint_lt(n, 500);
		forget_words();
		fault_nth(NULL, n, errors[_i / ALL_LOOKED_AT]);
		ret = shmx_remove(looked_at_name);
		failed = fault_off();
		if (ret == 0)
			break;
		check_words(n);
		ck_assert_int_eq(access(path, F_OK),
				 how->flags & SHMX_NAMED ? 0 : -1);
	}
	ck_assert_int_eq(ret == 0, goes);
	ck_assert_int_eq(access(path, F_OK) == 0,
			 (how->flags & SHMX_NAMED) && !goes);
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

/* Asleep, running, or waiting for its turn to: a line of /proc. */
static void
read_proc(pid_t pid, const char *file, char *line, int size)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	f = fopen(path, "re");
	if (f == NULL || fgets(line, size, f) == NULL)
		snprintf(line, (size_t)size, "not known");
	if (f != NULL)
		fclose(f);
	line[strcspn(line, "\n")] = '\0';
}

/* Neither the child nor a reader has anything to say: where do they stand? */
static void
give_up(struct shmx_producer *p, const struct child *c, unsigned fault)
{
	char stat[512], times[128], where[128];
	struct shmx_producer_stats s;

	read_proc(c->pid, "stat", stat, sizeof(stat));
	read_proc(c->pid, "schedstat", times, sizeof(times));
	read_proc(c->pid, "wchan", where, sizeof(where));
	shmx_producer_stats(p, &s, sizeof(s));
	ck_abort_msg("fault %u: a silent child, stat %s; ns it has run, ns it "
		     "waited to, turns: %s; asleep in %s; readers %u, frames "
		     "%llu", fault, stat, times, where, (unsigned)s.readers,
		     (unsigned long long)s.published);
}

/*
 * Serve and publish until the child has said something.  Patience is counted
 * in looks: when all of the machine stands still for a while, time goes by for
 * the child and the clock, and only one of them could do something about it.
 */
static char
serve_until_heard(struct shmx_producer *p, const struct child *c,
		  unsigned fault)
{
	struct pollfd fds[] = {
		{ .fd = shmx_producer_fd(p), .events = POLLIN },
		{ .fd = c->line, .events = POLLIN },
	};
	unsigned looks = 0;
	int n;

	for (;;) {
		n = poll(fds, 2, 100);
		ck_assert_int_ge(n, 0);
		looks = n > 0 ? 0 : looks + 1;
		if (looks == 100)
			give_up(p, c, fault);
		if (n == 0)
			continue;
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
		said = serve_until_heard(p, &c, n);
		failed = fault_off();
		if (!failed)
			break;
		/* Whatever it was, the next one is not concerned. */
		child_say(other.line, 'g');
		ck_assert_int_eq(serve_until_heard(p, &other, n), 'y');
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

static atomic_uint warnings;

static void
count_warnings(void *data, int level, const char *line)
{
	(void)data;
	if (level <= SHMX_LOG_WARNING && strstr(line, "cannot accept") != NULL)
		atomic_fetch_add(&warnings, 1);
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
	atomic_store(&warnings, 0);
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
		/* It asks when it has its turn, and then for a while. */
		while (atomic_load(&warnings) == 0)
			usleep(1000);
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
		ck_assert_int_eq(serve_until_heard(p, &c, 0), 'y');
	shutdown(c.line, SHUT_WR);
	child_end(&c);
	shmx_producer_close(p);
	/* Once for each attempt, not as fast as it goes. */
	ck_assert_uint_ge(atomic_load(&warnings), 1);
	ck_assert_uint_le(atomic_load(&warnings), 20);
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

	tc = suite_case(s, "inspect");
	tcase_add_checked_fixture(tc, NULL, end_looked_at);
	tcase_add_loop_test(tc, inspecting_fails_cleanly, 0, LOOKS);
	tcase_add_loop_test(tc, a_snapshot_fails_cleanly, 0, LOOKS);
	tcase_add_loop_test(tc, listing_fails_cleanly, 0, LOOKS);
	tcase_add_loop_test(tc, removing_fails_cleanly, 0, LOOKS);

	tc = suite_case(s, "serve");
	tcase_add_loop_test(tc, attaching_a_reader_fails_cleanly, 0,
			    BASE_ARRAY_SIZE(errors));
	tcase_add_loop_test(tc, a_producer_out_of_descriptors_recovers, 0, 2);
	return suite_run(s);
}
