/* SPDX-License-Identifier: MIT */
/*
 * test-reader.c - the reading end, with the producer in another process
 *
 * The producer is the child, which does what it is told: a byte on its line
 * is an order, answered by a byte when it is done.
 */
#include "config.h"

#include <shmx/shmx.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/fd.h"
#include "child.h"
#include "fault.h"
#include "frames.h"
#include "suite.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

#define LONG_MS 10000		/* longer than anything takes */

static const struct shmx_stream picture = {
	.kind = SHMX_STREAM_IMAGE,
	.id = 5,
	.name = "picture",
	.width = 64,
	.height = 48,
	.format = SHMX_XRGB8888,
};

/* ------------------------------------------------------- the producer -- */

struct shape {
	unsigned slots, history;
};

/* Of its statistics. */
struct numbers {
	uint64_t dropped, wakes, readers, slots_held;
};

static void
produce(int line, void *arg)
{
	const struct shape *shape = arg;
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	struct shmx_producer_stats stats;
	struct shmx_producer *p = NULL;
	struct numbers numbers;
	struct shmx_frame f;
	uint64_t n = 0;
	char order;

	o.streams = &picture;
	o.stream_count = 1;
	if (shape != NULL) {
		o.slots = shape->slots;
		o.history = shape->history;
	}
	while ((order = child_hear(line)) != '\0') {
		switch (order) {
		case 'o':	/* open */
			expect(shmx_producer_open(&p, "test", &o) == 0);
			n = 0;
			break;
		case 'p':	/* publish */
			n++;
			expect(frame_publish(p, n) == n);
			break;
		case 'd':	/* publish, with damage that n says */
			n++;
			shmx_begin(p, &f);
			shmx_damage(&f, (int32_t)n, 2, 3, 4);
			expect(shmx_publish(p, &f) == n);
			break;
		case 's':	/* stats */
			shmx_producer_stats(p, &stats, sizeof(stats));
			numbers = (struct numbers){ stats.dropped,
				stats.wakes, stats.readers, stats.slots_held };
			child_tell(line, &numbers, sizeof(numbers));
			continue;
		case 'c':	/* close */
			shmx_producer_close(p);
			p = NULL;
			break;
		}
		child_say(line, order);
	}
	shmx_producer_close(p);
}

static struct child producer;

static void
tell(const char *orders)
{
	for (; *orders != '\0'; orders++) {
		child_say(producer.line, *orders);
		ck_assert_int_eq(child_hear(producer.line), *orders);
	}
}

static struct numbers
ask_stats(void)
{
	struct numbers numbers;

	child_say(producer.line, 's');
	child_ask(producer.line, &numbers, sizeof(numbers));
	return numbers;
}

static void
start(const struct shape *shape, const char *orders)
{
	child_start(&producer, produce, (void *)(uintptr_t)shape);
	tell(orders);
}

static void
finish(void)
{
	shutdown(producer.line, SHUT_WR);
	child_end(&producer);
}

/* --------------------------------------------------------- the reader -- */

static struct shmx_reader *
attach_with(unsigned holds, uint32_t flags)
{
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	struct shmx_reader *r = NULL;

	o.holds = holds;
	o.flags = flags;
	o.label = "tester";
	ck_assert_msg(shmx_reader_open(&r, "test", &o) == 0, "%s",
		      shmx_error());
	return r;
}

static struct shmx_reader *
attach(void)
{
	struct shmx_reader *r = attach_with(2, 0);

	ck_assert_int_eq(shmx_reader_state(r), SHMX_ATTACHED);
	ck_assert_str_eq(shmx_reader_trouble(r), "");
	return r;
}

/* The newest frame, which has to be that one, and whole. */
static struct shmx_hold *
hold(struct shmx_reader *r, uint64_t n)
{
	struct shmx_hold *h = NULL;

	ck_assert_msg(shmx_hold_latest(r, &h) == 0, "%s", shmx_error());
	ck_assert_uint_eq(shmx_frame_info(h)->sequence, n);
	ck_assert_uint_eq(shmx_frame_info(h)->input_sequence, n);
	ck_assert(frame_is_whole(h));
	return h;
}

static void
check_words(const char *words)
{
	ck_assert_msg(strstr(shmx_error(), words) != NULL,
		      "\"%s\" does not say \"%s\"", shmx_error(), words);
	ck_assert_ptr_null(strchr(shmx_error(), '\n'));
}

static void
check_open_fails(int error, const char *words)
{
	struct shmx_reader *r = (void *)&r;

	ck_assert_int_eq(shmx_reader_open(&r, "test", NULL), error);
	ck_assert_ptr_eq(r, &r);
	check_words(words);
}

/* Wait until the producer has ended, by waiting for a frame. */
static void
wait_for_end(struct shmx_reader *r, const char *how)
{
	ck_assert_int_eq(shmx_wait(r, LONG_MS), -EPIPE);
	check_words(how);
	ck_assert_int_eq(shmx_reader_state(r), SHMX_ABSENT);
	ck_assert_ptr_nonnull(strstr(shmx_reader_trouble(r), how));
	/* Said once. */
	ck_assert_int_eq(shmx_wait(r, 0), -ETIMEDOUT);
}

/* ------------------------------------------------------------- options -- */

START_TEST(what_is_wrong_is_refused)
{
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	struct { struct shmx_reader_options ours; uint64_t theirs; } newer =
		{ SHMX_READER_OPTIONS_INIT, 1 };
	struct shmx_reader *r;

	ck_assert_int_eq(shmx_reader_open(&r, "a/b", NULL), -EINVAL);
	check_words("is no name for a ring");
	ck_assert_int_eq(shmx_reader_open(&r, NULL, NULL), -EINVAL);
	o.holds = 9;
	ck_assert_int_eq(shmx_reader_open(&r, "test", &o), -EINVAL);
	check_words("holds at most 8 frames, not 9");
	o.holds = 2;
	o.flags = 1U << 31;
	ck_assert_int_eq(shmx_reader_open(&r, "test", &o), -EINVAL);
	check_words("unknown reader flags 0x80000000");
	o.size = 0;
	ck_assert_int_eq(shmx_reader_open(&r, "test", &o), -EINVAL);
	newer.ours.size = sizeof(newer);
	ck_assert_int_eq(shmx_reader_open(&r, "test", &newer.ours), -E2BIG);
	shmx_reader_close(NULL);
	shmx_release(NULL);
}
END_TEST

START_TEST(nobody_there_is_said)
{
	check_open_fails(-ENOENT, "no ring \"test\": nothing produces it");
}
END_TEST

START_TEST(who_does_not_wait_makes_no_directory)
{
	const char *dir = getenv("SHMX_DIR");
	char *before, path[4096];
	struct stat st;

	if (dir == NULL)
		return;
	before = strdup(dir);
	snprintf(path, sizeof(path), "%s/not-there", dir);
	setenv("SHMX_DIR", path, 1);
	check_open_fails(-ENOENT, "nothing produces it");
	ck_assert_int_eq(stat(path, &st), -1);
	setenv("SHMX_DIR", before, 1);
	free(before);
}
END_TEST

START_TEST(the_directory_of_the_ring_is_read)
{
	struct { struct shmx_image_info info; char beyond; } i = {
		.beyond = 7 };
	struct shmx_reader *r;

	start(NULL, "o");
	r = attach();
	ck_assert_int_eq(shmx_reader_image(r, &i.info, sizeof(i)), 0);
	ck_assert_str_eq(i.info.name, "picture");
	ck_assert_uint_eq(i.info.stream_id, 5);
	ck_assert_uint_eq(i.info.width, 64);
	ck_assert_uint_eq(i.info.height, 48);
	ck_assert_uint_eq(i.info.format, SHMX_XRGB8888);
	ck_assert_int_eq(i.beyond, 7);
	tell("c");
	wait_for_end(r, "has ended");
	ck_assert_int_eq(shmx_reader_image(r, &i.info, sizeof(i.info)),
			 -EAGAIN);
	shmx_reader_close(r);
	finish();
}
END_TEST

/* -------------------------------------------------------------- frames -- */

START_TEST(frames_arrive_whole)
{
	struct shmx_reader_stats stats;
	struct shmx_reader *r;
	uint64_t n;

	start(NULL, "o");
	r = attach();
	for (n = 1; n <= 100; n++) {
		tell("p");
		ck_assert_int_eq(shmx_wait(r, LONG_MS), 0);
		shmx_release(hold(r, n));
	}
	shmx_reader_stats(r, &stats, sizeof(stats));
	ck_assert_uint_eq(stats.held, 100);
	ck_assert_uint_eq(stats.skipped, 0);
	ck_assert_uint_eq(stats.holds_granted, 2);
	ck_assert_uint_eq(stats.holds_used, 0);
	ck_assert_uint_eq(stats.slots, 8);
	ck_assert_uint_eq(stats.history, 1);
	ck_assert_int_eq(stats.producer_pid, producer.pid);
	shmx_reader_close(r);
	finish();
}
END_TEST

START_TEST(there_is_nothing_to_hold_before_the_first_frame)
{
	struct shmx_reader *r;
	struct shmx_hold *h = (void *)&r;

	start(NULL, "o");
	r = attach();
	ck_assert_int_eq(shmx_hold_latest(r, &h), -EAGAIN);
	ck_assert_ptr_eq(h, &r);
	ck_assert_int_eq(shmx_wait(r, 0), -ETIMEDOUT);
	shmx_reader_close(r);
	finish();
}
END_TEST

START_TEST(latest_skips_and_counts)
{
	struct shmx_reader_stats stats;
	struct shmx_reader *r;
	struct shmx_hold *h;

	start(NULL, "opp");
	r = attach();
	/* What was before the first is not skipped. */
	h = hold(r, 2);
	ck_assert_uint_eq(shmx_frame_info(h)->skipped, 0);
	shmx_release(h);
	tell("ppppp");
	h = hold(r, 7);
	ck_assert_uint_eq(shmx_frame_info(h)->skipped, 4);
	shmx_release(h);
	/* Again the same frame: nothing new to count. */
	shmx_release(hold(r, 7));
	shmx_reader_stats(r, &stats, sizeof(stats));
	ck_assert_uint_eq(stats.held, 2);
	ck_assert_uint_eq(stats.skipped, 4);
	shmx_reader_close(r);
	finish();
}
END_TEST

START_TEST(next_goes_in_order)
{
	static const struct shape shape = { 8, 4 };
	struct shmx_reader *r;
	struct shmx_hold *h;
	uint64_t n;

	start(&shape, "oppp");
	r = attach();
	for (n = 1; n <= 3; n++) {
		ck_assert_int_eq(shmx_hold_next(r, &h), 0);
		ck_assert_uint_eq(shmx_frame_info(h)->sequence, n);
		ck_assert_uint_eq(shmx_frame_info(h)->skipped, 0);
		ck_assert(frame_is_whole(h));
		shmx_release(h);
	}
	ck_assert_int_eq(shmx_hold_next(r, &h), -EAGAIN);
	tell("pppppp");
	/* 4 and 5 have left the history of four. */
	ck_assert_int_eq(shmx_hold_next(r, &h), 0);
	ck_assert_uint_eq(shmx_frame_info(h)->sequence, 6);
	ck_assert_uint_eq(shmx_frame_info(h)->skipped, 2);
	shmx_release(h);
	shmx_reader_close(r);
	finish();
}
END_TEST

START_TEST(next_begins_with_the_history)
{
	static const struct shape shape = { 8, 4 };
	struct shmx_reader *r;
	struct shmx_hold *h;
	uint64_t n;

	start(&shape, "opppppp");
	r = attach();
	for (n = 3; n <= 6; n++) {
		ck_assert_int_eq(shmx_hold_next(r, &h), 0);
		ck_assert_uint_eq(shmx_frame_info(h)->sequence, n);
		/* It did not miss what was there before it. */
		ck_assert_uint_eq(shmx_frame_info(h)->skipped, 0);
		ck_assert(frame_is_whole(h));
		shmx_release(h);
	}
	ck_assert_int_eq(shmx_hold_next(r, &h), -EAGAIN);
	shmx_reader_close(r);
	finish();
}
END_TEST

START_TEST(next_needs_a_history)
{
	struct shmx_reader *r;
	struct shmx_hold *h;

	start(NULL, "op");
	r = attach();
	ck_assert_int_eq(shmx_hold_next(r, &h), -ENOTSUP);
	check_words("a history of 2 or more");
	shmx_reader_close(r);
	finish();
}
END_TEST

START_TEST(waiting_has_its_time)
{
	uint64_t from;
	struct shmx_reader *r;

	start(NULL, "op");
	r = attach();
	ck_assert_int_eq(shmx_wait(r, 0), 0);
	shmx_release(hold(r, 1));
	ck_assert_int_eq(shmx_wait(r, 0), -ETIMEDOUT);
	from = base_now_ns();
	ck_assert_int_eq(shmx_wait(r, 50), -ETIMEDOUT);
	ck_assert_uint_ge(base_now_ns() - from, 50 * BASE_NS_PER_MS);
	check_words("no new frame for 50 ms");
	/* The next frame ends it, whichever way it is waited for. */
	child_say(producer.line, 'p');
	ck_assert_int_eq(shmx_wait(r, -1), 0);
	ck_assert_int_eq(child_hear(producer.line), 'p');
	shmx_release(hold(r, 2));
	shmx_reader_close(r);
	finish();
}
END_TEST

static void
on_signal(int sig)
{
	(void)sig;
}

START_TEST(a_signal_ends_the_wait)
{
	const struct itimerval soon = { { 0, 20000 }, { 0, 20000 } };
	const struct itimerval never = { { 0, 0 }, { 0, 0 } };
	struct sigaction sa = { .sa_handler = on_signal }, before;
	struct shmx_reader *r;

	start(NULL, "o");
	r = attach();
	sigaction(SIGALRM, &sa, &before);
	setitimer(ITIMER_REAL, &soon, NULL);
	ck_assert_int_eq(shmx_wait(r, LONG_MS), -EINTR);
	setitimer(ITIMER_REAL, &never, NULL);
	sigaction(SIGALRM, &before, NULL);
	shmx_reader_close(r);
	finish();
}
END_TEST

START_TEST(damage_is_told_since_any_frame)
{
	struct shmx_rect rect;
	struct shmx_reader *r;
	struct shmx_hold *h;
	int i;

	start(NULL, "opdd");
	r = attach();
	ck_assert_int_eq(shmx_hold_latest(r, &h), 0);
	ck_assert_uint_eq(shmx_frame_info(h)->damage_count, 1);
	ck_assert_int_eq(shmx_frame_info(h)->damage[0].x, 3);
	ck_assert(shmx_damage_since(h, 2, &rect));
	ck_assert_mem_eq(&rect, (&(struct shmx_rect){ 3, 2, 3, 4 }),
			 sizeof(rect));
	ck_assert(shmx_damage_since(h, 1, &rect));
	ck_assert_mem_eq(&rect, (&(struct shmx_rect){ 2, 2, 4, 4 }),
			 sizeof(rect));
	ck_assert(shmx_damage_since(h, 3, &rect));
	ck_assert_int_eq(rect.width, 0);
	/* Before the first, or after this one: all of it. */
	ck_assert(!shmx_damage_since(h, 0, &rect));
	ck_assert_mem_eq(&rect, (&(struct shmx_rect){ 0, 0, 64, 48 }),
			 sizeof(rect));
	ck_assert(!shmx_damage_since(h, 4, &rect));
	shmx_release(h);
	for (i = 0; i < 70; i++)
		tell("p");
	ck_assert_int_eq(shmx_hold_latest(r, &h), 0);
	ck_assert_uint_eq(shmx_frame_info(h)->damage_count, 0);
	ck_assert(!shmx_damage_since(h, 3, &rect));
	ck_assert(shmx_damage_since(h, 73 - 64, &rect));
	ck_assert(!shmx_damage_since(h, 73 - 65, &rect));
	shmx_release(h);
	shmx_reader_close(r);
	finish();
}
END_TEST

/* -------------------------------------------------------------- memory -- */

/* Bytes of the ring that this process maps, and whether it can write. */
static size_t
mapped_bytes(bool *writable)
{
	unsigned long from, to;
	char line[512], perms[8];
	size_t bytes = 0;
	FILE *f;

	*writable = false;
	f = fopen("/proc/self/maps", "re");
	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f) != NULL)
		if (strstr(line, "memfd:shmx-ring") != NULL &&
		    sscanf(line, "%lx-%lx %7s", &from, &to, perms) == 3) {
			bytes += to - from;
			*writable |= perms[1] == 'w';
		}
	fclose(f);
	return bytes;
}

START_TEST(no_pixel_is_mapped_before_it_is_asked_for)
{
	const struct shmx_frame_info *info;
	struct shmx_reader *r;
	struct shmx_hold *h;
	bool writable;

	start(NULL, "op");
	r = attach();
	ck_assert_int_eq(shmx_hold_latest(r, &h), 0);
	info = shmx_frame_info(h);
	ck_assert_uint_eq(info->offset % 4096, 0);
	ck_assert_uint_le(mapped_bytes(&writable), info->offset);
	ck_assert_uint_gt(mapped_bytes(&writable), 0);
	ck_assert(!writable);
	ck_assert(frame_is_whole(h));
	/* The page with the first slot's header is mapped twice. */
	ck_assert_uint_eq(mapped_bytes(&writable), info->memory_bytes + 4096);
	ck_assert(!writable);
	shmx_release(h);
	shmx_reader_close(r);
	ck_assert_uint_eq(mapped_bytes(&writable), 0);
	finish();
}
END_TEST

START_TEST(a_slot_can_be_read_through_its_descriptor)
{
	const struct shmx_frame_info *info;
	uint32_t row[64];
	struct shmx_reader *r;
	struct shmx_hold *h;
	void *m;

	start(NULL, "op");
	r = attach();
	ck_assert_int_eq(shmx_hold_latest(r, &h), 0);
	info = shmx_frame_info(h);
	ck_assert_int_eq(pread(info->memory_fd, row, sizeof(row),
			       (off_t)(info->offset + info->stride)),
			 sizeof(row));
	ck_assert_uint_eq(row[0], frame_pixel(1, 64));
	/* And not be written through it. */
	ck_assert_int_eq(pwrite(info->memory_fd, row, sizeof(row),
				(off_t)info->offset), -1);
	m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED,
		 info->memory_fd, 0);
	ck_assert_ptr_eq(m, MAP_FAILED);
	ck_assert_int_eq(ftruncate(info->memory_fd, 0), -1);
	shmx_release(h);
	shmx_reader_close(r);
	finish();
}
END_TEST

static void
write_pixel(int line, void *arg)
{
	struct shmx_reader *r;
	struct shmx_hold *h;

	(void)arg;
	signal(SIGSEGV, SIG_DFL);
	expect(child_hear(line) == 'g');
	expect(shmx_reader_open(&r, "test", NULL) == 0);
	expect(shmx_hold_latest(r, &h) == 0);
	child_say(line, 'w');
	*(volatile char *)(uintptr_t)shmx_frame_pixels(h) = 1;
	child_say(line, '!');
}

START_TEST(a_write_to_the_pixels_is_fatal)
{
	struct child c;
	int status;

	if (suite_is_nofork())
		return;		/* valgrind would call it a finding */
	child_start(&c, write_pixel, NULL);
	start(NULL, "op");
	child_say(c.line, 'g');
	ck_assert_int_eq(child_hear(c.line), 'w');
	ck_assert_int_eq(child_hear(c.line), '\0');
	ck_assert_int_eq(waitpid(c.pid, &status, 0), c.pid);
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGSEGV);
	base_close(&c.line);
	finish();
}
END_TEST

/* --------------------------------------------------------------- holds -- */

START_TEST(a_held_frame_does_not_change)
{
	struct shmx_reader *r;
	struct shmx_hold *h[2];
	int i;

	start(NULL, "op");
	r = attach();
	h[0] = hold(r, 1);
	tell("p");
	h[1] = hold(r, 2);
	for (i = 0; i < 50; i++)
		tell("p");
	ck_assert(frame_is_whole(h[0]));
	ck_assert(frame_is_whole(h[1]));
	ck_assert_uint_eq(ask_stats().slots_held, 2);
	ck_assert_uint_eq(ask_stats().dropped, 0);
	shmx_release(h[0]);
	shmx_release(h[1]);
	ck_assert_uint_eq(ask_stats().slots_held, 0);
	shmx_reader_close(r);
	finish();
}
END_TEST

START_TEST(holds_run_out_and_come_back)
{
	struct shmx_reader *r;
	struct shmx_hold *h[2], *more = (void *)h;

	start(NULL, "op");
	r = attach();
	h[0] = hold(r, 1);
	tell("p");
	h[1] = hold(r, 2);
	/* The same frame again is the same hold. */
	ck_assert_int_eq(shmx_hold_latest(r, &more), 0);
	ck_assert_ptr_eq(more, h[1]);
	shmx_release(more);
	tell("p");
	more = (void *)h;
	ck_assert_int_eq(shmx_hold_latest(r, &more), -EBUSY);
	check_words("all 2 holds on ring \"test\" are in use");
	ck_assert_ptr_eq(more, (void *)h);
	shmx_release(h[0]);
	h[0] = hold(r, 3);
	shmx_release(h[0]);
	shmx_release(h[1]);
	shmx_reader_close(r);
	finish();
}
END_TEST

START_TEST(a_hold_ends_with_its_last_reference)
{
	struct shmx_reader *r;
	struct shmx_hold *h, *g;

	start(NULL, "op");
	r = attach();
	h = hold(r, 1);
	ck_assert_ptr_eq(shmx_hold_ref(h), h);
	ck_assert_int_eq(shmx_hold_latest(r, &g), 0);
	ck_assert_ptr_eq(g, h);
	shmx_release(h);
	shmx_release(h);
	tell("pppp");
	ck_assert_uint_eq(ask_stats().slots_held, 1);
	ck_assert(frame_is_whole(h));
	shmx_release(g);
	ck_assert_uint_eq(ask_stats().slots_held, 0);
	shmx_reader_close(r);
	finish();
}
END_TEST

#ifndef NDEBUG
/* What is wrong in our caller: the slot may be another frame's already. */
START_TEST(giving_back_too_often_is_fatal)
{
	struct shmx_reader *r;
	struct shmx_hold *h;

	start(NULL, "op");
	r = attach();
	h = hold(r, 1);
	ck_assert_ptr_eq(shmx_hold_ref(h), h);
	shmx_release(h);
	shmx_release(h);
	ck_assert_uint_eq(ask_stats().slots_held, 0);
	if (_i == 0)
		shmx_release(h);
	else
		shmx_hold_ref(h);
	/* Not reached: an end without the signal fails. */
	shmx_reader_close(r);
	finish();
}
END_TEST
#endif

/* Releases what it is given, at once. */
static void *
release_in_thread(void *arg)
{
	struct shmx_hold *h;
	int fd = *(int *)arg;

	while (read(fd, &h, sizeof(h)) == (ssize_t)sizeof(h)) {
		ck_assert(frame_is_whole(h));
		shmx_release(h);
	}
	return NULL;
}

START_TEST(another_thread_may_release)
{
	struct shmx_reader *r;
	struct shmx_hold *h;
	pthread_t thread;
	int fds[2], ret, held = 0;
	uint64_t n;

	start(NULL, "op");
	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, release_in_thread,
					&fds[0]), 0);
	r = attach();
	for (n = 1; n <= 300; n++) {
		if (n % 3 == 0)
			tell("p");
		ret = shmx_hold_latest(r, &h);
		ck_assert(ret == 0 || ret == -EBUSY);
		if (ret < 0)
			continue;
		held++;
		if (n % 2 == 0)
			shmx_release(shmx_hold_ref(h));
		ck_assert_int_eq(write(fds[1], &h, sizeof(h)), sizeof(h));
	}
	ck_assert_int_gt(held, 0);
	/* The last ones when the reader is closed already. */
	shmx_reader_close(r);
	close(fds[1]);
	pthread_join(thread, NULL);
	close(fds[0]);
	finish();
}
END_TEST

START_TEST(holds_outlive_reader_and_producer)
{
	struct shmx_reader *r;
	struct shmx_hold *h;

	start(NULL, "opp");
	r = attach();
	h = hold(r, 2);
	shmx_reader_close(r);
	/* Still held, and the producer knows. */
	tell("ppppp");
	ck_assert_uint_eq(ask_stats().slots_held, 1);
	ck_assert_uint_eq(ask_stats().readers, 1);
	ck_assert(frame_is_whole(h));
	child_kill(&producer);
	ck_assert(frame_is_whole(h));
	ck_assert_uint_eq(shmx_frame_info(h)->sequence, 2);
	shmx_release(h);
}
END_TEST

START_TEST(a_full_ring_says_who_holds_it)
{
	struct shmx_reader *r[3], *late;
	char pid[64];
	int i;

	start(NULL, "o");
	for (i = 0; i < 3; i++)
		r[i] = attach();
	check_open_fails(-EBUSY, "6 of 6 holds are taken by tester (pid ");
	snprintf(pid, sizeof(pid), "tester (pid %d) 2, tester", (int)getpid());
	check_words(pid);
	check_words("2 wanted");
	/* SHMX_WAIT waits for a producer, not for room. */
	ck_assert_int_eq(shmx_reader_open(&late, "test",
		&(struct shmx_reader_options){ .size =
			sizeof(struct shmx_reader_options),
			.flags = SHMX_WAIT }), -EBUSY);
	shmx_reader_close(r[1]);
	/* Who leaves makes room, as soon as it is noticed. */
	for (i = 0; i < 1000; i++) {
		if (shmx_reader_open(&r[1], "test", NULL) == 0)
			break;
		usleep(10000);
	}
	ck_assert_int_lt(i, 1000);
	for (i = 0; i < 3; i++)
		shmx_reader_close(r[i]);
	finish();
}
END_TEST

/* ----------------------------------------------------- coming and going -- */

START_TEST(the_end_of_the_producer_is_noticed)
{
	struct shmx_reader_stats stats;
	struct shmx_reader *r;

	start(NULL, "op");
	r = attach();
	shmx_release(hold(r, 1));
	tell("c");
	wait_for_end(r, "has ended");
	shmx_reader_stats(r, &stats, sizeof(stats));
	ck_assert_int_eq(stats.producer_pid, 0);
	ck_assert_uint_eq(stats.producers, 1);
	shmx_reader_close(r);
	finish();
}
END_TEST

START_TEST(the_death_of_the_producer_is_noticed)
{
	struct shmx_reader *r;
	struct shmx_hold *h;

	start(NULL, "op");
	r = attach();
	h = hold(r, 1);
	child_kill(&producer);
	wait_for_end(r, "has died");
	ck_assert(frame_is_whole(h));
	ck_assert_int_eq(shmx_hold_latest(r, &h), -EAGAIN);
	shmx_release(h);
	/* The socket that it left has been swept. */
	shmx_reader_close(r);
	check_open_fails(-ENOENT, "nothing produces it");
}
END_TEST

START_TEST(the_next_producer_is_followed)
{
	struct shmx_reader_stats stats;
	struct shmx_reader *r;
	struct shmx_hold *h, *g;
	int i;

	start(NULL, "oppp");
	r = attach();
	h = hold(r, 3);
	for (i = 2; i < 5; i++) {
		if (i % 2 == 0)
			tell("c");
		else
			child_kill(&producer);
		ck_assert_int_eq(shmx_wait(r, LONG_MS), -EPIPE);
		if (i % 2 != 0)
			child_start(&producer, produce, NULL);
		tell("op");
		ck_assert_int_eq(shmx_wait(r, LONG_MS), 0);
		g = hold(r, 1);
		ck_assert_uint_ne(shmx_frame_info(g)->ring_id,
				  shmx_frame_info(h)->ring_id);
		ck_assert_uint_eq(shmx_frame_info(g)->skipped, 0);
		shmx_release(g);
		shmx_reader_stats(r, &stats, sizeof(stats));
		ck_assert_uint_eq(stats.producers, (uint64_t)i);
	}
	/* All the time, and of the first of them all. */
	ck_assert(frame_is_whole(h));
	shmx_release(h);
	shmx_reader_close(r);
	finish();
}
END_TEST

/* At a path, and moved to where a producer's socket is. */
static int
listen_as(const char *name)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	char path[sizeof(sa.sun_path)];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/other",
		 getenv("SHMX_DIR"));
	snprintf(path, sizeof(path), "%s/%s.sock", getenv("SHMX_DIR"), name);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	ck_assert_int_eq(listen(fd, 4), 0);
	ck_assert_int_eq(rename(sa.sun_path, path), 0);
	return fd;
}

/*
 * Its connections may be closed before the socket on which it listened is.
 * Who connects in between is hung up on, and then finds nobody: that its
 * producer has died is all there is to say.
 */
START_TEST(a_death_is_told_in_the_same_words_all_the_time)
{
	struct shmx_reader *r;
	char words[512];
	int dying;

	start(NULL, "op");
	r = attach();
	shmx_release(hold(r, 1));
	dying = listen_as("test");
	child_kill(&producer);
	ck_assert_int_eq(shmx_wait(r, LONG_MS), -EPIPE);
	snprintf(words, sizeof(words), "%s", shmx_reader_trouble(r));
	ck_assert_ptr_nonnull(strstr(words, "has died"));
	ck_assert_int_eq(shmx_reader_state(r), SHMX_GREETING);
	base_close(&dying);
	ck_assert_int_eq(shmx_wait(r, 300), -ETIMEDOUT);
	ck_assert_int_eq(shmx_reader_state(r), SHMX_ABSENT);
	ck_assert_str_eq(shmx_reader_trouble(r), words);
	shmx_reader_close(r);
}
END_TEST

START_TEST(a_reader_may_wait_for_the_first_producer)
{
	struct shmx_reader *r = attach_with(2, SHMX_WAIT);

	ck_assert_int_eq(shmx_reader_state(r), SHMX_ABSENT);
	ck_assert_ptr_nonnull(strstr(shmx_reader_trouble(r), "no ring"));
	ck_assert_int_eq(shmx_wait(r, 10), -ETIMEDOUT);
	start(NULL, "op");
	ck_assert_int_eq(shmx_wait(r, LONG_MS), 0);
	shmx_release(hold(r, 1));
	shmx_reader_close(r);
	finish();
}
END_TEST

START_TEST(a_reader_may_wait_for_the_directory)
{
	const char *tmp = getenv("TMPDIR"), *dir = getenv("SHMX_DIR");
	char *before = dir != NULL ? strdup(dir) : NULL;
	struct shmx_reader *r;
	char path[4096];

	/* Its parent is missing too: inotify cannot tell. */
	snprintf(path, sizeof(path), "%s/wait-XXXXXX",
		 tmp != NULL ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(path));
	strcat(path, "/parent");
	setenv("SHMX_DIR", path, 1);
	strcat(path, "/dir");
	setenv("SHMX_DIR", path, 1);
	r = attach_with(2, SHMX_WAIT);
	ck_assert_int_eq(shmx_reader_state(r), SHMX_ABSENT);
	*strrchr(path, '/') = '\0';
	ck_assert_int_eq(mkdir(path, 0700), 0);
	start(NULL, "op");
	ck_assert_int_eq(shmx_wait(r, LONG_MS), 0);
	shmx_release(hold(r, 1));
	shmx_reader_close(r);
	finish();
	if (before != NULL)
		setenv("SHMX_DIR", before, 1);
	else
		unsetenv("SHMX_DIR");
	free(before);
}
END_TEST

static struct shmx_producer *
open_here(unsigned slots)
{
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	struct shmx_producer *p;

	o.streams = &picture;
	o.stream_count = 1;
	o.slots = slots;
	ck_assert_int_eq(shmx_producer_open(&p, "test", &o), 0);
	return p;
}

START_TEST(who_polls_without_waiting_attaches_and_notices)
{
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	struct shmx_producer *p;
	struct shmx_reader *r;
	struct shmx_hold *h;
	int i, ret = -1;

	o.flags = SHMX_WAIT;
	ck_assert_int_eq(shmx_reader_open(&r, "test", &o), 0);
	ck_assert_int_eq(shmx_wait(r, 0), -ETIMEDOUT);
	p = open_here(0);
	frame_publish(p, 1);
	for (i = 0; i < 1000 && (ret = shmx_wait(r, 0)) != 0; i++)
		usleep(5000);
	ck_assert_int_eq(ret, 0);
	shmx_producer_close(p);
	/* What was published is still news; the end comes after it. */
	ck_assert_int_eq(shmx_wait(r, 0), 0);
	ck_assert_int_eq(shmx_hold_latest(r, &h), 0);
	shmx_release(h);
	for (i = 0; i < 1000 && (ret = shmx_wait(r, 0)) != -EPIPE; i++)
		usleep(5000);
	ck_assert_int_eq(ret, -EPIPE);
	shmx_reader_close(r);
}
END_TEST

static int connects;
static int (*real_connect)(int fd, const struct sockaddr *addr,
			   socklen_t len);

static int
count_connects(int fd, const struct sockaddr *addr, socklen_t len)
{
	connects++;
	return real_connect(fd, addr, len);
}

START_TEST(who_was_refused_does_not_ask_all_the_time)
{
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	struct shmx_producer *p;
	struct shmx_reader *r;
	char path[64];
	int fd, i;

	real_connect = base_sys.connect;
	base_sys.connect = count_connects;
	o.holds = 4;
	p = open_here(8);
	ck_assert_int_eq(shmx_reader_open(&r, "test", &o), 0);
	shmx_producer_close(p);
	/* The next one has room for two. */
	p = open_here(4);
	ck_assert_int_eq(shmx_wait(r, 1000), -EPIPE);
	connects = 0;
	ck_assert_int_eq(shmx_wait(r, 1000), -ETIMEDOUT);
	ck_assert_int_ge(connects, 1);
	ck_assert_int_le(connects, 12);
	ck_assert_ptr_nonnull(strstr(shmx_reader_trouble(r), "more slots"));
	/* Nor when somebody else's name appears. */
	snprintf(path, sizeof(path), "/dev/shm/test-%d", (int)getpid());
	connects = 0;
	for (i = 0; i < 50; i++) {
		fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
		ck_assert_int_ge(fd, 0);
		base_close(&fd);
		unlink(path);
		ck_assert_int_eq(shmx_wait(r, 1), -ETIMEDOUT);
	}
	ck_assert_int_le(connects, 12);
	shmx_producer_close(p);
	shmx_reader_close(r);
	base_sys.connect = real_connect;
}
END_TEST

/* A name appears as those of rings do, and goes again. */
static void
flash(const char *path)
{
	char made[300];
	int fd;

	expect((size_t)snprintf(made, sizeof(made), "%s~", path) <
	       sizeof(made));
	fd = open(made, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	expect(fd >= 0);
	close(fd);
	expect(rename(made, path) == 0);
	expect(unlink(path) == 0);
}

static void
flash_for_ever(int line, void *arg)
{
	char sock[256], object[64];

	(void)arg;
	snprintf(sock, sizeof(sock), "%s/other.sock", getenv("SHMX_DIR"));
	snprintf(object, sizeof(object), "/dev/shm/shmfb-test-names-%d",
		 (int)getppid());
	child_say(line, 'r');
	for (;;) {
		flash(sock);
		flash(object);
		usleep(2000);
	}
}

START_TEST(who_is_attached_minds_no_names)
{
	struct shmx_producer *p;
	struct shmx_reader *r;
	struct pollfd pfd = { .events = POLLIN };
	char left[64];
	struct child c;

	child_start(&c, flash_for_ever, NULL);
	ck_assert_int_eq(child_hear(c.line), 'r');
	p = open_here(0);
	ck_assert_int_eq(shmx_reader_open(&r, "test", NULL), 0);
	ck_assert_int_eq(shmx_reader_dispatch(r), 0);
	pfd.fd = shmx_reader_fd(r);
	ck_assert_int_eq(poll(&pfd, 1, 300), 0);
	shmx_reader_close(r);
	shmx_producer_close(p);
	child_kill(&c);
	snprintf(left, sizeof(left), "/dev/shm/shmfb-test-names-%d",
		 (int)getpid());
	unlink(left);
	strcat(left, "~");
	unlink(left);
}
END_TEST

/* Somebody cleans up a directory that is not theirs. */
START_TEST(a_removed_lock_takes_no_socket_away)
{
	struct shmx_producer *first = open_here(0), *second;
	struct shmx_reader *r;
	char path[4096];

	snprintf(path, sizeof(path), "%s/test.lock", getenv("SHMX_DIR"));
	ck_assert_int_eq(unlink(path), 0);
	second = open_here(0);
	shmx_producer_close(first);
	ck_assert_int_eq(shmx_reader_open(&r, "test", NULL), 0);
	shmx_reader_close(r);
	shmx_producer_close(second);
	ck_assert_int_eq(shmx_reader_open(&r, "test", NULL), -ENOENT);
}
END_TEST

START_TEST(a_stopped_producer_is_said_to_be)
{
	start(NULL, "o");
	child_stop(&producer);
	check_open_fails(-ETIMEDOUT, "does not answer: is it stopped?");
	child_go_on(&producer);
	shmx_reader_close(attach());
	finish();
}
END_TEST

START_TEST(a_waiting_reader_waits_for_a_stopped_producer_too)
{
	struct shmx_reader *r;

	start(NULL, "op");
	child_stop(&producer);
	r = attach_with(2, SHMX_WAIT);
	ck_assert_int_eq(shmx_wait(r, 10), -ETIMEDOUT);
	child_go_on(&producer);
	ck_assert_int_eq(shmx_wait(r, LONG_MS), 0);
	shmx_release(hold(r, 1));
	shmx_reader_close(r);
	finish();
}
END_TEST

static int (*real_getsockopt)(int, int, int, void *, socklen_t *);

/* A kernel before 6.5. */
static int
old_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	if (level == SOL_SOCKET && name == SO_PEERPIDFD) {
		errno = ENOPROTOOPT;
		return -1;
	}
	return real_getsockopt(fd, level, name, value, len);
}

/*
 * Opens, publishes, and forks a child that keeps all of it open for as long
 * as the test has the other end of the line.
 */
static void
produce_and_fork(int line, void *arg)
{
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	struct shmx_producer *p;
	char byte;

	(void)arg;
	o.streams = &picture;
	o.stream_count = 1;
	expect(shmx_producer_open(&p, "test", &o) == 0);
	frame_publish(p, 1);
	child_say(line, 'o');
	expect(child_hear(line) == 'f');
	if (fork() == 0) {
		alarm(60);
		child_say(line, 'f');
		while (recv(line, &byte, 1, 0) > 0)
			continue;
		_exit(0);
	}
	for (;;)
		pause();
}

/* With what the kernel has, and without. */
START_TEST(a_producers_child_does_not_stand_for_it)
{
	struct shmx_reader *r, *late;
	struct shmx_hold *h;
	int line;

	child_start(&producer, produce_and_fork, NULL);
	ck_assert_int_eq(child_hear(producer.line), 'o');
	real_getsockopt = base_sys.getsockopt;
	if (_i == 1)
		base_sys.getsockopt = old_getsockopt;
	r = attach();
	h = hold(r, 1);
	child_say(producer.line, 'f');
	ck_assert_int_eq(child_hear(producer.line), 'f');
	line = base_dup(producer.line);
	child_kill(&producer);
	wait_for_end(r, "has died");
	ck_assert(frame_is_whole(h));
	shmx_release(h);
	/* It still listens, but nobody takes it for the producer. */
	check_open_fails(-ENOENT, "nothing produces it");
	late = attach_with(2, SHMX_WAIT);
	ck_assert_int_eq(shmx_wait(late, 10), -ETIMEDOUT);
	start(NULL, "op");
	ck_assert_int_eq(shmx_wait(r, LONG_MS), 0);
	shmx_release(hold(r, 1));
	ck_assert_int_eq(shmx_wait(late, LONG_MS), 0);
	shmx_release(hold(late, 1));
	base_sys.getsockopt = real_getsockopt;
	shmx_reader_close(late);
	shmx_reader_close(r);
	finish();
	base_close(&line);
}
END_TEST

/* Attaches, holds, and forks a child that keeps its connection open. */
static void
read_and_fork(int line, void *arg)
{
	struct shmx_reader *r;
	struct shmx_hold *h;
	char byte;

	(void)arg;
	expect(child_hear(line) == 'g');
	expect(shmx_reader_open(&r, "test", NULL) == 0);
	expect(shmx_hold_latest(r, &h) == 0);
	if (fork() == 0) {
		alarm(60);
		child_say(line, 'f');
		while (recv(line, &byte, 1, 0) > 0)
			continue;
		_exit(0);
	}
	for (;;)
		pause();
}

START_TEST(a_readers_child_does_not_stand_for_it)
{
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	struct shmx_producer_stats stats;
	struct shmx_producer *p;
	struct child c;
	int line, i;

	child_start(&c, read_and_fork, NULL);
	real_getsockopt = base_sys.getsockopt;
	if (_i == 1)
		base_sys.getsockopt = old_getsockopt;
	o.streams = &picture;
	o.stream_count = 1;
	ck_assert_int_eq(shmx_producer_open(&p, "test", &o), 0);
	frame_publish(p, 1);
	child_say(c.line, 'g');
	ck_assert_int_eq(child_hear(c.line), 'f');
	shmx_producer_stats(p, &stats, sizeof(stats));
	ck_assert_uint_eq(stats.slots_held, 1);
	line = base_dup(c.line);
	child_kill(&c);
	for (i = 0; i < 1000; i++) {
		shmx_producer_stats(p, &stats, sizeof(stats));
		/* Granted before it was ready, and taken back after. */
		if (stats.readers == 0 && stats.holds_granted == 0)
			break;
		usleep(10000);
	}
	ck_assert_uint_eq(stats.readers, 0);
	ck_assert_uint_eq(stats.slots_held, 0);
	ck_assert_uint_eq(stats.holds_granted, 0);
	shmx_producer_close(p);
	base_sys.getsockopt = real_getsockopt;
	base_close(&line);
}
END_TEST

/* A producer that ends while it is being greeted, which no test can time. */
START_TEST(a_waiting_reader_survives_an_end_in_the_greeting)
{
	struct shmx_reader *r;
	int i;

	for (i = 0; i < 40; i++) {
		start(NULL, "o");
		child_say(producer.line, 'c');
		r = attach_with(2, SHMX_WAIT);
		finish();
		shmx_reader_close(r);
	}
}
END_TEST

/* ------------------------------------------------------ loops of theirs -- */

/* One turn of a loop: sleep until there is a frame, or the end. */
static int
turn(struct shmx_reader *r)
{
	struct pollfd pfd = { .fd = shmx_reader_fd(r), .events = POLLIN };

	if (shmx_reader_arm(r) == -EAGAIN)
		return 1;
	ck_assert_int_eq(poll(&pfd, 1, LONG_MS), 1);
	return shmx_reader_dispatch(r);
}

START_TEST(a_loop_can_be_woken_by_frames)
{
	struct shmx_reader *r;
	struct shmx_hold *h;
	uint64_t last = 0;
	int fd, n;

	start(NULL, "o");
	r = attach();
	fd = shmx_reader_fd(r);
	for (n = 0; n < 100; n++)
		child_say(producer.line, 'p');
	while (last < 100) {
		ck_assert_int_ge(turn(r), 0);
		if (shmx_hold_latest(r, &h) < 0)
			continue;
		ck_assert_uint_ge(shmx_frame_info(h)->sequence, last);
		last = shmx_frame_info(h)->sequence;
		ck_assert(frame_is_whole(h));
		shmx_release(h);
	}
	for (n = 0; n < 100; n++)
		ck_assert_int_eq(child_hear(producer.line), 'p');
	tell("c");
	while ((n = turn(r)) == 0)
		continue;
	ck_assert_int_eq(n, -EPIPE);
	check_words("has ended");
	ck_assert_int_eq(shmx_reader_dispatch(r), 0);
	/* And by the next producer. */
	tell("op");
	while (shmx_hold_latest(r, &h) < 0)
		ck_assert_int_ge(turn(r), 0);
	shmx_release(h);
	ck_assert_int_eq(fd, shmx_reader_fd(r));
	shmx_reader_close(r);
	finish();
}
END_TEST

START_TEST(who_does_not_sleep_is_not_woken)
{
	struct shmx_reader *r;
	uint64_t n;

	setenv("SHMX_NO_SPIN", "1", 1);
	start(NULL, "o");
	r = attach();
	for (n = 1; n <= 20; n++) {
		tell("p");
		ck_assert_int_eq(shmx_wait(r, LONG_MS), 0);
		shmx_release(hold(r, n));
	}
	ck_assert_uint_eq(ask_stats().wakes, 0);
	/* Asleep for three frames: woken for the first of them. */
	ck_assert_int_eq(shmx_reader_arm(r), 0);
	tell("ppp");
	ck_assert_uint_eq(ask_stats().wakes, 1);
	shmx_reader_close(r);
	finish();
	unsetenv("SHMX_NO_SPIN");
}
END_TEST

/* -------------------------------------------------------- system calls -- */

#if defined(__x86_64__) && !defined(SUITE_ASAN) && !defined(SUITE_TSAN)

static volatile sig_atomic_t system_calls;

static void
on_system_call(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	system_calls = info->si_syscall;
}

/* From now on this thread's system calls are told and not made. */
static bool
trap_system_calls(void)
{
	static struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 2, 0),
		/* To come back from the handler. */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigreturn, 1, 0),
		/* Where the kernel has a clock that user space can read. */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clock_gettime, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
	};
	const struct sock_fprog program = {
		BASE_ARRAY_SIZE(filter), filter };
	struct sigaction sa = { .sa_sigaction = on_system_call,
		.sa_flags = SA_SIGINFO };

	sigaction(SIGSYS, &sa, NULL);
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* Producer and reader in one process, its service asleep in its thread. */
static void
pass_frames_without_system_calls(int line, void *arg)
{
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	struct shmx_producer *p;
	struct shmx_reader *r;
	struct shmx_hold *h;
	int i, held = 0;

	(void)line;
	(void)arg;
	o.streams = &picture;
	o.stream_count = 1;
	o.history = 2;
	expect(shmx_producer_open(&p, "test", &o) == 0);
	frame_publish(p, 1);
	expect(shmx_reader_open(&r, "test", NULL) == 0);
	expect(shmx_hold_latest(r, &h) == 0);
	expect(frame_is_whole(h));
	shmx_release(h);
	if (!trap_system_calls())
		return;
	for (i = 2; i < 10000; i++) {
		frame_publish(p, (uint64_t)i);
		held += (i % 2 ? shmx_hold_latest : shmx_hold_next)(r, &h) == 0;
		shmx_release(shmx_hold_ref(h));
		shmx_release(h);
	}
	_exit(system_calls != 0 ? system_calls % 255 + 1 : held != i - 2);
}

START_TEST(passing_frames_makes_no_system_call)
{
	struct child c;

	if (suite_is_nofork())
		return;		/* valgrind makes some of its own */
	child_start(&c, pass_frames_without_system_calls, NULL);
	child_end(&c);
}
END_TEST
#endif

int
main(void)
{
	Suite *s = suite_create("reader");
	/* Today's and an old one's; valgrind has no pidfd_open(). */
	int kernels = suite_is_nofork() ? 1 : 2;
	TCase *tc = suite_case(s, "options");

	tcase_add_test(tc, what_is_wrong_is_refused);
	tcase_add_test(tc, nobody_there_is_said);
	tcase_add_test(tc, who_does_not_wait_makes_no_directory);
	tcase_add_test(tc, the_directory_of_the_ring_is_read);

	tc = suite_case(s, "frames");
	tcase_add_test(tc, frames_arrive_whole);
	tcase_add_test(tc, there_is_nothing_to_hold_before_the_first_frame);
	tcase_add_test(tc, latest_skips_and_counts);
	tcase_add_test(tc, next_goes_in_order);
	tcase_add_test(tc, next_begins_with_the_history);
	tcase_add_test(tc, next_needs_a_history);
	tcase_add_test(tc, waiting_has_its_time);
	tcase_add_test(tc, a_signal_ends_the_wait);
	tcase_add_test(tc, damage_is_told_since_any_frame);

	tc = suite_case(s, "memory");
	tcase_add_test(tc, no_pixel_is_mapped_before_it_is_asked_for);
	tcase_add_test(tc, a_slot_can_be_read_through_its_descriptor);
	tcase_add_test(tc, a_write_to_the_pixels_is_fatal);

	tc = suite_case(s, "holds");
	tcase_add_test(tc, a_held_frame_does_not_change);
	tcase_add_test(tc, holds_run_out_and_come_back);
	tcase_add_test(tc, a_hold_ends_with_its_last_reference);
#ifndef NDEBUG
	if (!suite_is_nofork())
		tcase_add_loop_test_raise_signal(
			tc, giving_back_too_often_is_fatal, SIGABRT, 0, 2);
#endif
	tcase_add_test(tc, another_thread_may_release);
	tcase_add_test(tc, holds_outlive_reader_and_producer);
	tcase_add_test(tc, a_full_ring_says_who_holds_it);

	tc = suite_case(s, "coming and going");
	tcase_add_test(tc, the_end_of_the_producer_is_noticed);
	tcase_add_test(tc, the_death_of_the_producer_is_noticed);
	tcase_add_test(tc, the_next_producer_is_followed);
	tcase_add_test(tc, a_death_is_told_in_the_same_words_all_the_time);
	tcase_add_test(tc, a_reader_may_wait_for_the_first_producer);
	tcase_add_test(tc, a_reader_may_wait_for_the_directory);
	tcase_add_test(tc, who_polls_without_waiting_attaches_and_notices);
	tcase_add_test(tc, who_was_refused_does_not_ask_all_the_time);
	tcase_add_test(tc, who_is_attached_minds_no_names);
	tcase_add_test(tc, a_removed_lock_takes_no_socket_away);
	tcase_add_test(tc, a_stopped_producer_is_said_to_be);
	tcase_add_test(tc, a_waiting_reader_waits_for_a_stopped_producer_too);
	tcase_add_loop_test(tc, a_producers_child_does_not_stand_for_it, 0,
			    kernels);
	tcase_add_loop_test(tc, a_readers_child_does_not_stand_for_it, 0,
			    kernels);
	tcase_add_test(tc, a_waiting_reader_survives_an_end_in_the_greeting);

	tc = suite_case(s, "loops");
	tcase_add_test(tc, a_loop_can_be_woken_by_frames);
	tcase_add_test(tc, who_does_not_sleep_is_not_woken);

#if defined(__x86_64__) && !defined(SUITE_ASAN) && !defined(SUITE_TSAN)
	tc = suite_case(s, "system calls");
	tcase_add_test(tc, passing_frames_makes_no_system_call);
#endif
	return suite_run(s);
}
