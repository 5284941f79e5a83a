/* SPDX-License-Identifier: MIT */
/*
 * test-join.c - several producers of one ring
 *
 * The host is the test's process in most of it, and those who join are
 * children, started before there is a ring; or the other way round where the
 * host is to die, or must not have threads here.
 */
#include "config.h"

#include <shmx/shmx.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/error.h"
#include "byhand.h"
#include "child.h"
#include "fault.h"
#include "frames.h"
#include "shmx/producer.h"
#include "suite.h"

#define LONG_MS 10000		/* longer than anything takes */

static const struct shmx_stream picture = {
	.kind = SHMX_STREAM_IMAGE,
	.id = 1,
	.name = "picture",
	.width = 32,
	.height = 24,
	.format = SHMX_XRGB8888,
};

static int
try_open(struct shmx_producer **p, unsigned writers, unsigned slots,
	 uint32_t flags)
{
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;

	o.streams = &picture;
	o.stream_count = 1;
	o.history = 2;
	o.slots = slots;
	o.writers = writers;
	o.flags = flags;
	return shmx_producer_open(p, "test", &o);
}

static struct shmx_producer *
open_host(unsigned writers)
{
	struct shmx_producer *p = NULL;

	ck_assert_int_eq(try_open(&p, writers, 0, SHMX_MULTI_WRITER), 0);
	return p;
}

static struct shmx_producer *
join(uint32_t flags)
{
	struct shmx_join_options o = SHMX_JOIN_OPTIONS_INIT;
	struct shmx_producer *p = NULL;

	o.flags = flags;
	if (shmx_producer_join(&p, "test", &o) < 0)
		fprintf(stderr, "%s\n", shmx_error());
	return p;
}

/* The same as soon as it can be: no host yet, or full of the dead. */
static struct shmx_producer *
join_at_last(uint32_t flags)
{
	struct shmx_join_options o = SHMX_JOIN_OPTIONS_INIT;
	struct shmx_producer *p = NULL;

	o.flags = flags;
	while (shmx_producer_join(&p, "test", &o) < 0)
		usleep(1000);
	return p;
}

static struct shmx_reader *
open_reader(void)
{
	struct shmx_reader *r = NULL;

	ck_assert_int_eq(shmx_reader_open(&r, "test", NULL), 0);
	return r;
}

static bool
is_writing(const struct shmx_ring *ring, uint32_t slot)
{
	return shmx_load_seq_cst(&ring->state[slot]) >> 62 ==
	       SHMX_STATE_WRITING;
}

static unsigned
count_writing(const struct shmx_producer *p)
{
	unsigned n = 0;
	uint32_t s;

	for (s = 0; s < p->region.ring.slots; s++)
		n += is_writing(&p->region.ring, s);
	return n;
}

/* Until so many others have joined, as the host sees it. */
static void
settle(struct shmx_producer *p, unsigned joined)
{
	unsigned n = 0;
	int t;
	uint32_t i;

	for (t = 0; t < LONG_MS; t++) {
		pthread_mutex_lock(&p->host.lock);
		for (i = n = 0; i < p->host.writers.max; i++)
			n += p->host.writers.joined[i].conn >= 0;
		pthread_mutex_unlock(&p->host.lock);
		if (n == joined)
			return;
		usleep(1000);
	}
	ck_abort_msg("%u have joined, not %u", n, joined);
}

/* Until the joined producer has heard of so many readers. */
static void
hear_of(struct shmx_producer *p, uint32_t readers)
{
	uint32_t n = 0;
	int t;

	for (t = 0; t < LONG_MS; t++) {
		n = shmx_readers_enter(&p->readers)->count;
		shmx_readers_leave(&p->readers);
		if (n == readers)
			return;
		usleep(1000);
	}
	child_fail(__FILE__, __LINE__, "it hears of all readers");
}

static void
check_latest(struct shmx_reader *r, uint64_t sequence, uint64_t n)
{
	struct shmx_hold *h;

	ck_assert_int_eq(shmx_hold_latest(r, &h), 0);
	ck_assert_uint_eq(shmx_frame_info(h)->sequence, sequence);
	ck_assert_uint_eq(shmx_frame_info(h)->input_sequence, n);
	ck_assert(frame_is_whole(h));
	shmx_release(h);
}

/* ------------------------------------------------------------ together -- */

/* Publishes frame n when told so, and says its sequence number. */
static void
publish_when_told(int line, void *arg)
{
	const uint32_t *flags = arg;
	struct shmx_producer *p = join_at_last(flags != NULL ? *flags : 0);
	uint64_t n;

	child_say(line, 'j');
	for (;;) {
		child_ask(line, &n, sizeof(n));
		if (n == 0)
			break;
		n = frame_publish(p, n);
		child_tell(line, &n, sizeof(n));
	}
	expect(shmx_producer_state(p) == 0);
	shmx_producer_close(p);
}

static uint64_t
let_publish(struct child *c, uint64_t n)
{
	child_tell(c->line, &n, sizeof(n));
	child_ask(c->line, &n, sizeof(n));
	return n;
}

static void
let_go(struct child *c)
{
	const uint64_t n = 0;

	child_tell(c->line, &n, sizeof(n));
	child_end(c);
}

START_TEST(frames_of_all_have_one_order)
{
	struct shmx_producer_stats stats;
	struct shmx_producer *p;
	struct shmx_reader *r;
	struct child c[2];
	uint64_t q = 0;
	int i;

	for (i = 0; i < 2; i++)
		child_start(&c[i], publish_when_told, NULL);
	p = open_host(3);
	for (i = 0; i < 2; i++)
		ck_assert_int_eq(child_hear(c[i].line), 'j');
	r = open_reader();
	for (i = 0; i < 60; i++) {
		q++;
		ck_assert_uint_eq(i % 3 < 2 ?
				  let_publish(&c[i % 3], 100 + q) :
				  frame_publish(p, 100 + q), q);
		ck_assert_int_eq(shmx_wait(r, LONG_MS), 0);
		check_latest(r, q, 100 + q);
	}
	shmx_producer_stats(p, &stats, sizeof(stats));
	ck_assert_uint_eq(stats.published, 20);
	ck_assert_uint_eq(stats.dropped, 0);
	ck_assert_uint_eq(p->region.ring.ext->published, 60);
	ck_assert_uint_eq(p->region.ring.ext->writers_max, 3);
	for (i = 0; i < 2; i++)
		let_go(&c[i]);
	settle(p, 0);
	ck_assert_ptr_null(shmx_multi_check(&p->region.ring));
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

START_TEST(a_sleeper_is_woken_by_whoever_publishes)
{
	/* With a service that hears of readers, and with one that does not. */
	static const uint32_t flags[] = { 0, SHMX_NO_THREAD };
	struct pollfd pfd = { .events = POLLIN };
	struct shmx_producer *p;
	struct shmx_reader *r;
	struct child c;
	uint64_t n;

	child_start(&c, publish_when_told, (void *)(uintptr_t)&flags[_i]);
	p = open_host(2);
	ck_assert_int_eq(child_hear(c.line), 'j');
	r = open_reader();
	pfd.fd = shmx_reader_fd(r);
	for (n = 1; n < 20; n++) {
		ck_assert_int_eq(shmx_reader_arm(r), 0);
		child_tell(c.line, &n, sizeof(n));
		ck_assert_int_eq(poll(&pfd, 1, LONG_MS), 1);
		ck_assert_int_eq(shmx_wait(r, LONG_MS), 0);
		check_latest(r, n, n);
		child_ask(c.line, &n, sizeof(n));
	}
	let_go(&c);
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

/* What is held is nobody's, whoever looks for a slot. */
START_TEST(nobody_writes_what_is_held)
{
	struct shmx_producer *p;
	struct shmx_reader *r;
	struct shmx_hold *h[2];
	struct child c;
	uint64_t n;
	int i;

	child_start(&c, publish_when_told, NULL);
	p = open_host(2);
	ck_assert_int_eq(child_hear(c.line), 'j');
	r = open_reader();
	for (i = 0; i < 2; i++) {
		n = (uint64_t)i + 1;
		ck_assert_uint_eq(i == 0 ? frame_publish(p, n) :
				  let_publish(&c, n), n);
		ck_assert_int_eq(shmx_hold_latest(r, &h[i]), 0);
	}
	for (n = 3; n < 200; n++)
		ck_assert_uint_eq(n % 2 ? frame_publish(p, n) :
				  let_publish(&c, n), n);
	for (i = 0; i < 2; i++) {
		ck_assert_uint_eq(shmx_frame_info(h[i])->sequence, i + 1);
		ck_assert(frame_is_whole(h[i]));
		shmx_release(h[i]);
	}
	let_go(&c);
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

/* Begins a frame, and leaves it at that. */
static void
begin_and_close(int line, void *arg)
{
	struct shmx_producer *p = join_at_last(0);
	struct shmx_frame f;

	shmx_begin(p, &f);
	expect(f.age == 0 && f.slot != SHMX_NO_SLOT && f.width == 32);
	child_say(line, 'b');
	child_hear(line);
	if (arg == NULL)
		shmx_producer_close(p);
	/* Else it is as if it were killed here. */
	_exit(0);
}

START_TEST(what_was_begun_is_given_back)
{
	static int crash;
	struct shmx_producer *p;
	struct child c;

	child_start(&c, begin_and_close, _i == 0 ? NULL : &crash);
	p = open_host(2);
	ck_assert_int_eq(child_hear(c.line), 'b');
	ck_assert_uint_eq(count_writing(p), 1);
	child_say(c.line, 'c');
	child_end(&c);
	settle(p, 0);
	ck_assert_uint_eq(count_writing(p), 0);
	shmx_producer_close(p);
}
END_TEST

/* ------------------------------------------------------------- refused -- */

START_TEST(who_may_not_join_is_told_why)
{
	struct shmx_join_options o = SHMX_JOIN_OPTIONS_INIT;
	struct shmx_producer *p = NULL, *q = NULL, *more = NULL;

	ck_assert_int_eq(shmx_producer_join(&q, "test", NULL), -ENOENT);
	ck_assert_int_eq(shmx_producer_join(&q, "te/st", NULL), -EINVAL);
	o.flags = SHMX_MULTI_WRITER;
	ck_assert_int_eq(shmx_producer_join(&q, "test", &o), -EINVAL);
	o.size = 1;
	ck_assert_int_eq(shmx_producer_join(&q, "test", &o), -EINVAL);

	ck_assert_int_eq(try_open(&p, 0, 0, 0), 0);
	ck_assert_int_eq(shmx_producer_join(&q, "test", NULL), -ENOTSUP);
	ck_assert_ptr_nonnull(strstr(shmx_error(), "SHMX_MULTI_WRITER"));
	shmx_producer_close(p);

	p = open_host(2);
	ck_assert_int_eq(shmx_producer_join(&q, "test", NULL), 0);
	ck_assert_int_eq(shmx_producer_join(&more, "test", NULL), -EBUSY);
	shmx_producer_close(q);
	settle(p, 0);
	ck_assert_int_eq(shmx_producer_join(&q, "test", NULL), 0);
	shmx_producer_close(q);
	ck_assert_ptr_null(more);
	shmx_producer_close(p);
}
END_TEST

START_TEST(slots_for_all_of_them)
{
	struct shmx_producer_stats stats;
	struct shmx_producer *p = NULL;

	/* History 2 here: 6 + 2 + 2 * 4 - 1. */
	p = open_host(0);
	shmx_producer_stats(p, &stats, sizeof(stats));
	ck_assert_uint_eq(stats.slots, 15);
	ck_assert_uint_eq(stats.holds_total, 6);
	shmx_producer_close(p);
	ck_assert_int_eq(try_open(&p, 3, 8, SHMX_MULTI_WRITER), 0);
	shmx_producer_stats(p, &stats, sizeof(stats));
	ck_assert_uint_eq(stats.holds_total, 1);
	shmx_producer_close(p);
	ck_assert_int_eq(try_open(&p, 3, 7, SHMX_MULTI_WRITER), -EINVAL);
	ck_assert_int_eq(try_open(&p, 2, 0, 0), -EINVAL);
	ck_assert_int_eq(try_open(&p, SHMX_WRITERS_MAX + 1, 0,
				  SHMX_MULTI_WRITER), -EINVAL);
	ck_assert_int_eq(try_open(&p, UINT32_MAX, 0, SHMX_MULTI_WRITER),
			 -EINVAL);
	ck_assert_int_eq(try_open(&p, 2, 0, SHMX_MULTI_WRITER | SHMX_NAMED),
			 -EINVAL);
	ck_assert_int_eq(try_open(&p, 1, 0, SHMX_MULTI_WRITER), 0);
	ck_assert_int_eq(shmx_producer_join(&p, "test", NULL), -EBUSY);
	shmx_producer_close(p);
}
END_TEST

START_TEST(the_hosts_business_is_the_hosts)
{
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	struct shmx_producer *p = open_host(2), *q = join(0);
	struct shmx_stream data = {
		.kind = SHMX_STREAM_DATA, .id = 9, .name = "more",
		.element_type = SHMX_U8, .capacity = 1,
	};
	struct shmx_reader_snapshot s;
	struct shmx_control c;

	o.streams = &picture;
	o.stream_count = 1;
	ck_assert_ptr_nonnull(q);
	ck_assert_int_eq(shmx_producer_grow(q, &o), -ENOTSUP);
	ck_assert_int_eq(shmx_producer_add_stream(q, &data), -ENOTSUP);
	ck_assert_int_eq(shmx_control_receive(q, &c), -ENOTSUP);
	ck_assert_int_eq(shmx_control_wait(q, 0), -ENOTSUP);
	ck_assert_int_eq(shmx_producer_readers(q, &s, sizeof(s), 1), -ENOTSUP);
	ck_assert_int_eq(shmx_producer_evict(q, 1, "because"), -ENOTSUP);
	ck_assert_int_eq(shmx_producer_reap_stale(q, 1), -ENOTSUP);
	/* And this nobody's. */
	ck_assert_int_eq(shmx_producer_grow(p, &o), -ENOTSUP);
	ck_assert_int_eq(shmx_producer_state(p), 0);
	ck_assert_int_eq(shmx_producer_fd(q), -1);
	ck_assert_int_eq(shmx_producer_service(q), -EINVAL);
	shmx_producer_close(q);
	shmx_producer_close(p);
}
END_TEST

START_TEST(a_loop_of_ones_own_serves)
{
	struct shmx_producer *p = NULL, *q;
	struct shmx_reader *r;
	struct pollfd pfd = { .events = POLLIN };
	uint64_t n;

	p = open_host(2);
	q = join(SHMX_NO_THREAD);
	ck_assert_ptr_nonnull(q);
	r = open_reader();
	pfd.fd = shmx_producer_fd(q);
	ck_assert_int_ge(pfd.fd, 0);
	ck_assert_int_eq(poll(&pfd, 1, LONG_MS), 1);
	ck_assert_int_eq(shmx_producer_service(q), 0);
	hear_of(q, 1);
	for (n = 1; n < 10; n++) {
		ck_assert_int_eq(shmx_reader_arm(r), 0);
		ck_assert_uint_eq(frame_publish(q, n), n);
		ck_assert_int_eq(shmx_wait(r, LONG_MS), 0);
		check_latest(r, n, n);
	}
	ck_assert_uint_gt(q->wakes, 0);
	shmx_reader_close(r);
	ck_assert_int_eq(poll(&pfd, 1, LONG_MS), 1);
	ck_assert_int_eq(shmx_producer_service(q), 0);
	hear_of(q, 0);
	/* Asleep, when there is nothing. */
	ck_assert_int_eq(poll(&pfd, 1, 20), 0);
	shmx_producer_close(p);
	ck_assert_int_eq(poll(&pfd, 1, LONG_MS), 1);
	ck_assert_int_eq(shmx_producer_service(q), 0);
	ck_assert_int_eq(shmx_producer_state(q), -EPIPE);
	ck_assert_int_eq(poll(&pfd, 1, 20), 0);
	shmx_producer_close(q);
}
END_TEST

START_TEST(streams_of_numbers_are_published_by_all)
{
	const struct shmx_stream streams[] = {
		picture,
		{ .kind = SHMX_STREAM_DATA, .id = 7, .name = "numbers",
		  .element_type = SHMX_U32, .capacity = 8 },
	};
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	struct shmx_producer *p[2] = { NULL, NULL };
	struct shmx_stream_view view;
	struct shmx_reader *r;
	struct shmx_frame f;
	struct shmx_hold *h;
	uint32_t i, numbers[8];

	o.streams = streams;
	o.stream_count = 2;
	o.flags = SHMX_MULTI_WRITER;
	o.writers = 2;
	ck_assert_int_eq(shmx_producer_open(&p[0], "test", &o), 0);
	p[1] = join(0);
	ck_assert_ptr_nonnull(p[1]);
	r = open_reader();
	for (i = 1; i < 40; i++) {
		shmx_begin(p[i % 2], &f);
		ck_assert_uint_eq(f.width, picture.width);
		memset(numbers, (int)i, sizeof(numbers));
		/* Of another size each time, and sometimes none. */
		f.height = 1 + i % picture.height;
		memset(f.pixels, (int)i, f.stride * f.height);
		if (i % 3 != 0)
			ck_assert_int_eq(shmx_frame_append_copy(p[i % 2], &f,
					 7, i % 8 + 1, numbers), 0);
		ck_assert_uint_eq(shmx_publish(p[i % 2], &f), i);
		ck_assert_int_eq(shmx_hold_latest(r, &h), 0);
		ck_assert_uint_eq(shmx_frame_info(h)->height,
				  1 + i % picture.height);
		ck_assert_int_eq(((const uint8_t *)shmx_frame_pixels(h))[9],
				 i);
		ck_assert_int_eq(shmx_frame_stream(h, 1, &view), 0);
		ck_assert_int_eq(shmx_frame_stream(h, 7, &view), i % 3 == 0 ?
				 -ENOENT : 0);
		if (i % 3 != 0) {
			ck_assert_uint_eq(view.elements, i % 8 + 1);
			ck_assert_mem_eq(view.data, numbers, view.bytes);
		}
		shmx_release(h);
	}
	shmx_reader_close(r);
	shmx_producer_close(p[1]);
	shmx_producer_close(p[0]);
}
END_TEST

/* ---------------------------------------------------------------- ends -- */

/* A host, until it is told to end or killed. */
static void
be_host(int line, void *arg)
{
	struct shmx_producer *p = NULL;

	(void)arg;
	expect(try_open(&p, 2, 0, SHMX_MULTI_WRITER) == 0);
	frame_publish(p, 1);
	child_say(line, 'o');
	child_hear(line);
	shmx_producer_close(p);
}

START_TEST(who_joined_notices_the_hosts_end)
{
	struct shmx_producer_stats stats;
	struct shmx_producer *q;
	struct shmx_reader *r;
	struct shmx_frame f;
	struct shmx_hold *h;
	struct child c;
	int i;

	child_start(&c, be_host, NULL);
	ck_assert_int_eq(child_hear(c.line), 'o');
	q = join(0);
	ck_assert_ptr_nonnull(q);
	r = open_reader();
	ck_assert_uint_eq(frame_publish(q, 2), 2);
	ck_assert_int_eq(shmx_hold_latest(r, &h), 0);
	shmx_begin(q, &f);
	ck_assert_int_eq(shmx_producer_state(q), 0);
	if (_i == 0) {
		child_kill(&c);
	} else {
		child_say(c.line, 'c');
		child_end(&c);
	}
	for (i = 0; i < LONG_MS && shmx_producer_state(q) == 0; i++)
		usleep(1000);
	ck_assert_int_eq(shmx_producer_state(q), -EPIPE);
	ck_assert_ptr_nonnull(strstr(shmx_error(), "is gone"));
	/* What was begun before may go wherever. */
	memset(f.pixels, 1, f.stride * f.height);
	(void)shmx_publish(q, &f);
	for (i = 0; i < 10; i++)
		ck_assert_uint_eq(frame_publish(q, 3), 0);
	shmx_producer_stats(q, &stats, sizeof(stats));
	ck_assert_uint_ge(stats.dropped, 10);
	/* What is held stays what it was, and the reader knows too. */
	ck_assert(frame_is_whole(h));
	while ((i = shmx_wait(r, LONG_MS)) == 0) {
		shmx_release(h);
		ck_assert_int_eq(shmx_hold_latest(r, &h), 0);
	}
	ck_assert_int_eq(i, -EPIPE);
	shmx_release(h);
	shmx_reader_close(r);
	shmx_producer_close(q);
}
END_TEST

/* M8 is done, M9 is not. */
static void
publish_and_die(int line, void *arg)
{
	struct shmx_producer *p = join_at_last(0);
	struct shmx_frame f;

	(void)arg;
	child_say(line, 'j');
	child_hear(line);
	shmx_begin(p, &f);
	memset(f.pixels, 7, f.stride * f.height);
	shmx_frame_finish(&p->outline, &f);
	p->region.ring.meta[f.slot].payload_bytes = f.payload_bytes;
	p->region.ring.meta[f.slot].tlv_count = f.tlv_count;
	expect(shmx_multi_publish(&p->multi) == 1);
	kill(getpid(), SIGKILL);
}

START_TEST(sleepers_hear_of_what_the_dead_published)
{
	struct shmx_producer *p;
	struct shmx_reader *r;
	struct pollfd pfd = { .events = POLLIN };
	struct child c;

	child_start(&c, publish_and_die, NULL);
	p = open_host(2);
	ck_assert_int_eq(child_hear(c.line), 'j');
	r = open_reader();
	pfd.fd = shmx_reader_fd(r);
	ck_assert_int_eq(shmx_reader_arm(r), 0);
	child_say(c.line, 'g');
	ck_assert_int_eq(poll(&pfd, 1, LONG_MS), 1);
	ck_assert_int_eq(shmx_wait(r, LONG_MS), 0);
	child_kill(&c);
	settle(p, 0);
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

static void
publish_many(int line, void *arg)
{
	struct shmx_producer *p = join_at_last(0);
	struct shmx_frame f;
	uint64_t n;

	(void)arg;
	hear_of(p, 0);
	shmx_begin(p, &f);
	child_say(line, 'b');
	child_hear(line);
	memset(f.pixels, 3, f.stride * f.height);
	expect(shmx_publish(p, &f) != 0);
	for (n = 1; n < 10; n++)
		expect(frame_publish(p, n) != 0);
	shmx_producer_close(p);
}

START_TEST(a_stopped_writer_keeps_its_slot_alone)
{
	struct shmx_producer *p;
	struct shmx_reader *r;
	struct shmx_hold *h;
	struct child c;
	uint64_t n;
	int i;

	child_start(&c, publish_many, NULL);
	p = open_host(2);
	ck_assert_int_eq(child_hear(c.line), 'b');
	child_stop(&c);
	/* Readers come and go, more than it can be told of. */
	for (i = 0; i < 600; i++) {
		r = open_reader();
		ck_assert_uint_gt(frame_publish(p, 1), 0);
		if (i % 100 == 0) {
			ck_assert_int_eq(shmx_hold_latest(r, &h), 0);
			ck_assert(frame_is_whole(h));
			shmx_release(h);
		}
		shmx_reader_close(r);
	}
	settle(p, 1);
	ck_assert_uint_eq(count_writing(p), 1);
	r = open_reader();
	n = shmx_ring_latest(&p->region.ring);
	ck_assert_int_eq(shmx_hold_latest(r, &h), 0);
	shmx_release(h);
	ck_assert_int_eq(shmx_reader_arm(r), 0);
	child_go_on(&c);
	child_say(c.line, 'g');
	/* It may not know this reader; the reader is woken all the same. */
	ck_assert_int_eq(shmx_wait(r, LONG_MS), 0);
	child_end(&c);
	ck_assert_uint_eq(shmx_ring_latest(&p->region.ring), n + 10);
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

/* --------------------------------------------------------------- kills -- */

#define WRITERS 3
#define READERS 2
#define KILLS 60

struct shared {
	atomic_uint torn;		/* frames that were not whole */
	atomic_uint changed;		/* held frames that changed */
	atomic_uint back;		/* frames older than the last */
	atomic_uint_least64_t held;
	atomic_uint stop;
};
static struct shared *shared;

/* Serves, and publishes now and then; the test looks at what is left. */
static void
host_for_ever(int line, void *arg)
{
	struct shmx_producer *p = NULL;
	uint64_t n;

	(void)arg;
	expect(try_open(&p, WRITERS + 2, 0, SHMX_MULTI_WRITER) == 0);
	child_say(line, 'o');
	for (n = 1; !atomic_load(&shared->stop); n++) {
		expect(frame_publish(p, n) != 0);
		usleep(500);
	}
	child_hear(line);
	shmx_producer_close(p);
}

static void
write_for_ever(int line, void *arg)
{
	struct shmx_producer *p = join_at_last(0);
	uint64_t n = (uint64_t)getpid() << 32, q, last = 0;

	(void)arg;
	child_say(line, 'w');
	while (!atomic_load(&shared->stop)) {
		q = frame_publish(p, ++n);
		if (q != 0 && q <= last)
			atomic_fetch_add(&shared->back, 1);
		last = q != 0 ? q : last;
	}
	shmx_producer_close(p);
}

static void
read_for_ever(int line, void *arg)
{
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	struct shmx_hold *h, *old = NULL;
	struct shmx_reader *r = NULL;
	uint64_t last = 0;
	int ret;

	while (shmx_reader_open(&r, "test", &o) < 0)
		usleep(1000);
	child_say(line, 'r');
	while (!atomic_load(&shared->stop)) {
		if (shmx_wait(r, 100) < 0)
			continue;
		ret = arg == NULL ? shmx_hold_latest(r, &h) :
			shmx_hold_next(r, &h);
		if (ret < 0)
			continue;
		if (!frame_is_whole(h))
			atomic_fetch_add(&shared->torn, 1);
		if (old != NULL && !frame_is_whole(old))
			atomic_fetch_add(&shared->changed, 1);
		if (shmx_frame_info(h)->sequence < last)
			atomic_fetch_add(&shared->back, 1);
		last = shmx_frame_info(h)->sequence;
		shmx_release(old);
		old = h;
		atomic_fetch_add(&shared->held, 1);
	}
	shmx_release(old);
	shmx_reader_close(r);
}

static void
start_one(struct child *c, unsigned i)
{
	static int in_order;

	child_start(c, i < WRITERS ? write_for_ever : read_for_ever,
		    i == WRITERS ? NULL : &in_order);
}

START_TEST(anybody_may_be_killed_at_any_time)
{
	struct child c[WRITERS + READERS], host;
	struct shmx_producer *p;
	struct shmx_hold *h;
	struct shmx_reader *r;
	unsigned i, n;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(shared, MAP_FAILED);
	child_start(&host, host_for_ever, NULL);
	ck_assert_int_eq(child_hear(host.line), 'o');
	for (i = 0; i < WRITERS + READERS; i++) {
		start_one(&c[i], i);
		child_hear(c[i].line);
	}
	for (n = 0; n < KILLS; n++) {
		usleep((useconds_t)(rand() % 8000));
		i = (unsigned)rand() % (WRITERS + READERS);
		child_kill(&c[i]);
		start_one(&c[i], i);
		child_hear(c[i].line);
	}
	atomic_store(&shared->stop, 1);
	for (i = 0; i < WRITERS + READERS; i++)
		child_end(&c[i]);
	ck_assert_uint_eq(atomic_load(&shared->torn), 0);
	ck_assert_uint_eq(atomic_load(&shared->changed), 0);
	ck_assert_uint_eq(atomic_load(&shared->back), 0);
	ck_assert_uint_gt(atomic_load(&shared->held), 0);
	/* Latest is whole, nothing is being written, every slot is there. */
	p = join(SHMX_NO_THREAD);
	ck_assert_ptr_nonnull(p);
	for (n = 0; n < LONG_MS && count_writing(p) != 0; n++)
		usleep(1000);
	ck_assert_uint_eq(count_writing(p), 0);
	ck_assert_ptr_null(shmx_multi_check(&p->region.ring));
	r = open_reader();
	ck_assert_int_eq(shmx_hold_latest(r, &h), 0);
	ck_assert(frame_is_whole(h));
	shmx_release(h);
	shmx_reader_close(r);
	shmx_producer_close(p);
	child_say(host.line, 'e');
	child_end(&host);
	munmap(shared, sizeof(*shared));
}
END_TEST

/* ------------------------------------------------------------- by hand -- */

static void
say(int conn, int type, const void *body, size_t bytes)
{
	expect(shmx_channel_send(conn, (enum shmx_message_type)type, body,
				 bytes, NULL, 0) == 0);
}

/* Joins; then talks nonsense, and stays. */
static void
talk_nonsense(int line, void *arg)
{
	const int *what = arg;
	struct shmx_hello hello = byhand_hello(0);
	struct shmx_refusal refusal;
	int conn = byhand_connect(), type;
	struct shmx_channel ch;

	hello.role = SHMX_ROLE_WRITER;
	say(conn, SHMX_MSG_HELLO, &hello, sizeof(hello));
	shmx_channel_init(&ch, conn);
	expect(byhand_receive(&ch) == SHMX_MSG_WELCOME);
	expect(ch.fd_count == 1);
	if (*what != 0)
		byhand_ready(conn);
	switch (*what) {
	case 0:
		say(conn, SHMX_MSG_NUDGE, NULL, 0);
		break;
	case 1:
		byhand_ready(conn);
		break;
	case 2:
		say(conn, SHMX_MSG_HELLO, &hello, sizeof(hello));
		break;
	case 3:
		say(conn, 999, NULL, 0);
		break;
	}
	do {
		shmx_channel_next(&ch);
		type = byhand_receive(&ch);
	} while (type == SHMX_MSG_READER);
	expect(type == SHMX_MSG_ERROR);
	expect(shmx_channel_refusal(&ch, &refusal));
	expect(strstr(refusal.text, "sent this producer away") != NULL);
	child_say(line, 't');
	/* It has just published, as far as anybody knows. */
	expect(child_hear(line) == 'n');
	say(conn, SHMX_MSG_NUDGE, NULL, 0);
	child_hear(line);
	shmx_channel_finish(&ch);
}

START_TEST(nonsense_costs_a_place_while_it_lives)
{
	struct shmx_producer *p = open_host(2), *q = NULL;
	struct shmx_reader *r = open_reader();
	struct pollfd pfd = { .fd = shmx_reader_fd(r), .events = POLLIN };
	struct child c;
	int what = _i;

	child_start(&c, talk_nonsense, &what);
	ck_assert_int_eq(child_hear(c.line), 't');
	/* It has the ring mapped: its place is not another's. */
	usleep(20000);
	settle(p, 1);
	ck_assert_int_eq(shmx_producer_join(&q, "test", NULL), -EBUSY);
	/* Nor does it leave who sleeps asleep. */
	ck_assert_int_eq(shmx_reader_arm(r), 0);
	ck_assert_int_eq(poll(&pfd, 1, 0), 0);
	child_say(c.line, 'n');
	ck_assert_int_eq(poll(&pfd, 1, LONG_MS), 1);
	shmx_reader_close(r);
	ck_assert_uint_eq(frame_publish(p, 1), 1);
	child_say(c.line, 'e');
	child_end(&c);
	settle(p, 0);
	ck_assert_int_eq(shmx_producer_join(&q, "test", NULL), 0);
	shmx_producer_close(q);
	shmx_producer_close(p);
}
END_TEST

/* This process' end of a connection to the producer of "test". */
static int
find_connection(void)
{
	struct sockaddr_un sa, want;
	socklen_t len;
	int fd;

	byhand_address(&want, "test");
	for (fd = 3; fd < 1024; fd++) {
		len = sizeof(sa);
		memset(&sa, 0, sizeof(sa));
		if (getpeername(fd, (struct sockaddr *)&sa, &len) == 0 &&
		    sa.sun_family == AF_UNIX &&
		    strstr(sa.sun_path, "test.sock") != NULL)
			return fd;
	}
	ck_abort_msg("no connection to %s", want.sun_path);
}

START_TEST(who_is_sent_away_hears_why)
{
	struct shmx_producer *p = open_host(2), *q = join(0);
	struct shmx_frame f;
	int t;

	ck_assert_uint_eq(frame_publish(q, 1), 1);
	ck_assert_int_eq(shmx_producer_state(q), 0);
	say(find_connection(), 999, NULL, 0);
	for (t = 0; t < LONG_MS && shmx_producer_state(q) == 0; t++)
		usleep(1000);
	ck_assert_int_eq(shmx_producer_state(q), -EPIPE);
	ck_assert_msg(strstr(shmx_error(), "sent this producer away") != NULL,
		      "%s", shmx_error());
	/* It can go on drawing, for nobody. */
	shmx_begin(q, &f);
	ck_assert_ptr_nonnull(f.pixels);
	ck_assert_uint_eq(shmx_publish(q, &f), 0);
	ck_assert_uint_eq(count_writing(p), 0);
	ck_assert_uint_eq(frame_publish(p, 2), 2);
	shmx_producer_close(q);
	settle(p, 0);
	q = join(0);
	ck_assert_ptr_nonnull(q);
	ck_assert_uint_eq(frame_publish(q, 3), 3);
	shmx_producer_close(q);
	shmx_producer_close(p);
}
END_TEST

/* -------------------------------------------------------------- faults -- */

static const int errors[] = { ENOMEM, EMFILE };

static void
host_until_told(int line, void *arg)
{
	struct shmx_producer *p = NULL;

	(void)arg;
	expect(try_open(&p, 2, 0, SHMX_MULTI_WRITER) == 0);
	child_say(line, 'o');
	child_hear(line);
	settle(p, 0);
	expect(count_writing(p) == 0);
	shmx_producer_close(p);
}

START_TEST(joining_fails_cleanly)
{
	struct shmx_producer *q = NULL;
	struct shmx_join_options o = SHMX_JOIN_OPTIONS_INIT;
	struct child c;
	unsigned n;
	int i, ret;

	child_start(&c, host_until_told, NULL);
	ck_assert_int_eq(child_hear(c.line), 'o');
	o.flags = SHMX_NO_THREAD;
	for (n = 1; ; n++) {
		ck_assert_uint_lt(n, 100);
		base_error(0, "forgotten");
		/* Whoever failed has left, and the host knows it. */
		for (i = 0; i < LONG_MS; i++) {
			fault_nth(NULL, n, errors[_i]);
			ret = shmx_producer_join(&q, "test", &o);
			if (ret != -EBUSY)
				break;
			fault_off();
			usleep(1000);
		}
		if (!fault_off())
			break;
		/* Some failures are not noticed: no pidfd, say. */
		if (ret == 0) {
			shmx_producer_close(q);
			q = NULL;
			continue;
		}
		ck_assert_ptr_null(q);
		ck_assert_str_ne(shmx_error(), "forgotten");
		ck_assert_ptr_null(strchr(shmx_error(), '\n'));
	}
	ck_assert_int_eq(ret, 0);
	ck_assert_uint_gt(n, 10);
	ck_assert_uint_eq(frame_publish(q, 1), 1);
	shmx_producer_close(q);
	child_say(c.line, 'e');
	child_end(&c);
}
END_TEST

START_TEST(without_memory_readers_are_woken_by_the_host)
{
	struct pollfd pfd = { .events = POLLIN };
	struct shmx_producer *q;
	struct shmx_reader *r;
	struct child c;

	child_start(&c, host_until_told, NULL);
	ck_assert_int_eq(child_hear(c.line), 'o');
	q = join(SHMX_NO_THREAD);
	ck_assert_ptr_nonnull(q);
	r = open_reader();
	pfd.fd = shmx_producer_fd(q);
	ck_assert_int_eq(poll(&pfd, 1, LONG_MS), 1);
	fault_nth("calloc", 1 + (unsigned)_i, ENOMEM);
	ck_assert_int_eq(shmx_producer_service(q), 0);
	ck_assert(fault_off());
	hear_of(q, 0);
	ck_assert_int_eq(shmx_reader_arm(r), 0);
	ck_assert_uint_eq(frame_publish(q, 1), 1);
	pfd.fd = shmx_reader_fd(r);
	ck_assert_int_eq(poll(&pfd, 1, LONG_MS), 1);
	check_latest(r, 1, 1);
	shmx_reader_close(r);
	shmx_producer_close(q);
	child_say(c.line, 'e');
	child_end(&c);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("join");
	TCase *tc = suite_case(s, "together");

	tcase_add_test(tc, frames_of_all_have_one_order);
	tcase_add_loop_test(tc, a_sleeper_is_woken_by_whoever_publishes, 0, 2);
	tcase_add_test(tc, nobody_writes_what_is_held);
	tcase_add_loop_test(tc, what_was_begun_is_given_back, 0, 2);
	tcase_add_test(tc, a_loop_of_ones_own_serves);
	tcase_add_test(tc, streams_of_numbers_are_published_by_all);

	tc = suite_case(s, "refused");
	tcase_add_test(tc, who_may_not_join_is_told_why);
	tcase_add_test(tc, slots_for_all_of_them);
	tcase_add_test(tc, the_hosts_business_is_the_hosts);

	tc = suite_case(s, "ends");
	tcase_add_loop_test(tc, who_joined_notices_the_hosts_end, 0, 2);
	tcase_add_test(tc, sleepers_hear_of_what_the_dead_published);
	tcase_add_test(tc, a_stopped_writer_keeps_its_slot_alone);
	tcase_add_test(tc, anybody_may_be_killed_at_any_time);

	tc = suite_case(s, "wrong");
	tcase_add_test(tc, who_is_sent_away_hears_why);
	tcase_add_loop_test(tc, nonsense_costs_a_place_while_it_lives, 0, 4);
	tcase_add_loop_test(tc, joining_fails_cleanly, 0,
			    BASE_ARRAY_SIZE(errors));
	tcase_add_loop_test(tc, without_memory_readers_are_woken_by_the_host,
			    0, 3);
	return suite_run(s);
}
