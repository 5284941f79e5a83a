/* SPDX-License-Identifier: MIT */
/*
 * test-grow.c - a ring grows under its readers
 *
 * Producer and reader are one process in most of it: what one does is done
 * before the other looks. Where readers sleep, or are stopped, they are
 * children.
 */
#include "config.h"

#include <shmx/shmx.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "byhand.h"
#include "child.h"
#include "fault.h"
#include "frames.h"
#include "shmx/producer.h"
#include "suite.h"

#define LONG_MS 10000		/* longer than anything takes */

static struct shmx_stream
picture(uint32_t side)
{
	return (struct shmx_stream){
		.kind = SHMX_STREAM_IMAGE,
		.id = 1,
		.name = "picture",
		.width = side,
		.height = side,
		.format = SHMX_XRGB8888,
	};
}

static struct shmx_producer *
open_producer(unsigned slots, unsigned history, uint32_t flags)
{
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	struct shmx_stream stream = picture(16);
	struct shmx_producer *p = NULL;

	o.streams = &stream;
	o.stream_count = 1;
	o.slots = slots;
	o.history = history;
	o.flags = flags;
	ck_assert_int_eq(shmx_producer_open(&p, "test", &o), 0);
	return p;
}

static int
grow(struct shmx_producer *p, uint32_t side, unsigned slots)
{
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	struct shmx_stream stream = picture(side);

	o.streams = &stream;
	o.stream_count = 1;
	o.slots = slots;
	return shmx_producer_grow(p, &o);
}

static struct shmx_reader *
open_reader(void)
{
	struct shmx_reader *r = NULL;

	ck_assert_int_eq(shmx_reader_open(&r, "test", NULL), 0);
	ck_assert_int_eq(shmx_reader_state(r), SHMX_ATTACHED);
	return r;
}

/* Until the host has heard what its readers said. */
static void
settle(struct shmx_producer *p, uint32_t readers, uint32_t holds)
{
	struct shmx_producer_stats stats;
	int i;

	for (i = 0; i < LONG_MS; i++) {
		if (shmx_producer_fd(p) >= 0)
			shmx_producer_service(p);
		shmx_producer_stats(p, &stats, sizeof(stats));
		if (stats.readers == readers && stats.holds_granted == holds)
			return;
		usleep(1000);
	}
	ck_abort_msg("%u readers with %u holds", stats.readers,
		     stats.holds_granted);
}

static void
check_frame(struct shmx_hold *h, uint64_t n, uint32_t side)
{
	const struct shmx_frame_info *info = shmx_frame_info(h);

	ck_assert_uint_eq(info->sequence, n);
	ck_assert_uint_eq(info->width, side);
	ck_assert_uint_eq(info->height, side);
	ck_assert(frame_is(info, shmx_frame_pixels(h), n));
}

/* --------------------------------------------------------------- steps -- */

START_TEST(frames_go_on_in_the_larger_ring)
{
	struct shmx_producer *p = open_producer(0, 0, 0);
	struct shmx_reader *r = open_reader();
	struct shmx_hold *old, *new;
	struct shmx_rect rect;

	frame_publish(p, 1);
	ck_assert_int_eq(shmx_wait(r, LONG_MS), 0);
	ck_assert_int_eq(shmx_hold_latest(r, &old), 0);
	check_frame(old, 1, 16);

	ck_assert_int_eq(grow(p, 40, 0), 0);
	ck_assert_uint_eq(frame_publish(p, 2), 2);
	ck_assert_int_eq(shmx_wait(r, LONG_MS), 0);
	ck_assert_int_eq(shmx_hold_latest(r, &new), 0);
	check_frame(new, 2, 40);
	ck_assert_uint_eq(shmx_frame_info(new)->skipped, 0);
	ck_assert_uint_ne(shmx_frame_info(new)->ring_id,
			  shmx_frame_info(old)->ring_id);
	ck_assert_uint_ne(shmx_frame_info(new)->memory_bytes,
			  shmx_frame_info(old)->memory_bytes);
	(void)shmx_damage_since(new, 1, &rect);
	ck_assert_int_eq(rect.width, 40);
	ck_assert_int_eq(rect.height, 40);
	/* What was held before is what it was. */
	check_frame(old, 1, 16);
	shmx_release(old);
	shmx_release(new);
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

START_TEST(the_last_frame_stays_until_there_is_another)
{
	struct shmx_producer *p = open_producer(0, 0, 0);
	struct shmx_reader *r = open_reader();
	struct shmx_hold *h;
	int i;

	frame_publish(p, 1);
	ck_assert_int_eq(grow(p, 40, 0), 0);
	/* Not held before the ring grew, nor lost. */
	ck_assert_int_eq(shmx_wait(r, LONG_MS), 0);
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(shmx_hold_latest(r, &h), 0);
		check_frame(h, 1, 16);
		shmx_release(h);
	}
	ck_assert_int_eq(shmx_wait(r, 0), -ETIMEDOUT);
	ck_assert_int_eq(shmx_wait(r, 20), -ETIMEDOUT);
	ck_assert_int_eq(shmx_reader_arm(r), 0);
	frame_publish(p, 2);
	ck_assert_int_eq(shmx_reader_arm(r), -EAGAIN);
	ck_assert_int_eq(shmx_hold_latest(r, &h), 0);
	check_frame(h, 2, 40);
	shmx_release(h);
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

/* The new ring has no frame yet, and there may never be one. */
START_TEST(who_comes_meanwhile_finds_the_last_frame)
{
	struct shmx_producer *p = open_producer(8, 2, 0);
	struct shmx_reader *r, *in_order;
	struct shmx_hold *h;
	uint64_t n;
	int i;

	frame_publish(p, 1);
	/* Rings without a frame are passed over. */
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(grow(p, 40, 0), 0);
		r = open_reader();
		ck_assert_int_eq(shmx_wait(r, LONG_MS), 0);
		ck_assert_int_eq(shmx_hold_latest(r, &h), 0);
		check_frame(h, 1, 16);
		shmx_release(h);
		shmx_reader_close(r);
	}
	r = open_reader();
	in_order = open_reader();
	frame_publish(p, 2);
	for (i = 1; i <= 2; i++) {
		ck_assert_int_eq(shmx_wait(in_order, LONG_MS), 0);
		ck_assert_int_eq(shmx_hold_next(in_order, &h), 0);
		check_frame(h, (uint64_t)i, i == 1 ? 16 : 40);
		shmx_release(h);
	}
	/* It did not look before. */
	do {
		ck_assert_int_eq(shmx_wait(r, LONG_MS), 0);
		ck_assert_int_eq(shmx_hold_latest(r, &h), 0);
		n = shmx_frame_info(h)->sequence;
		shmx_release(h);
	} while (n == 1);
	ck_assert_int_eq(shmx_hold_latest(r, &h), 0);
	check_frame(h, 2, 40);
	shmx_release(h);
	shmx_reader_close(r);
	/* There is nothing of the old ring any more. */
	r = open_reader();
	ck_assert_int_eq(shmx_hold_next(r, &h), 0);
	check_frame(h, 2, 40);
	shmx_release(h);
	shmx_reader_close(r);
	shmx_reader_close(in_order);
	ck_assert_int_eq(p->host.filled.fd, -1);
	ck_assert_int_eq(grow(p, 50, 0), 0);
	ck_assert_int_ge(p->host.filled.fd, 0);
	shmx_producer_close(p);
}
END_TEST

START_TEST(in_order_nothing_is_lost)
{
	struct shmx_producer *p = open_producer(12, 4, 0);
	struct shmx_reader *r = open_reader();
	struct shmx_hold *h;
	uint64_t n;

	settle(p, 1, 2);
	for (n = 1; n <= 3; n++)
		frame_publish(p, n);
	ck_assert_int_eq(grow(p, 24, 0), 0);
	for (; n <= 6; n++)
		frame_publish(p, n);
	for (n = 1; n <= 6; n++) {
		ck_assert_int_eq(shmx_wait(r, LONG_MS), 0);
		ck_assert_int_eq(shmx_hold_next(r, &h), 0);
		check_frame(h, n, n <= 3 ? 16 : 24);
		ck_assert_uint_eq(shmx_frame_info(h)->skipped, 0);
		shmx_release(h);
	}
	ck_assert_int_eq(shmx_hold_next(r, &h), -EAGAIN);
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

/* As often as it grows before it looks, with frames in all rings or not. */
START_TEST(who_takes_every_frame_loses_none)
{
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	struct shmx_producer *p = open_producer(8, 1, SHMX_ALLOW_EVERY);
	struct shmx_producer_stats stats;
	struct shmx_reader *r = NULL;
	struct shmx_hold *h;
	uint64_t n = 1, seen;
	uint32_t i, j;

	o.flags = SHMX_EVERY;
	ck_assert_int_eq(shmx_reader_open(&r, "test", &o), 0);
	if (_i == 1)
		settle(p, 1, 2);
	for (i = 0; i < 12; i++) {
		for (j = 0; j < i % 4; j++, n++)
			ck_assert_uint_eq(frame_publish(p, n), n);
		ck_assert_int_eq(grow(p, 17 + i, 0), 0);
	}
	ck_assert_uint_eq(frame_publish(p, n), n);
	for (seen = 1; seen <= n; seen++) {
		ck_assert_int_eq(shmx_wait(r, LONG_MS), 0);
		while (shmx_hold_next(r, &h) < 0)
			ck_assert_int_eq(shmx_wait(r, LONG_MS), 0);
		ck_assert_uint_eq(shmx_frame_info(h)->sequence, seen);
		ck_assert_uint_eq(shmx_frame_info(h)->skipped, 0);
		ck_assert(frame_is_whole(h));
		shmx_release(h);
	}
	ck_assert_int_eq(shmx_hold_next(r, &h), -EAGAIN);
	shmx_producer_stats(p, &stats, sizeof(stats));
	ck_assert_uint_eq(stats.dropped, 0);
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

START_TEST(who_never_dispatches_follows_too)
{
	struct shmx_producer *p = open_producer(8, 2, 0);
	struct shmx_reader *r = open_reader();
	int (*hold)(struct shmx_reader *, struct shmx_hold **) =
		_i == 0 ? shmx_hold_latest : shmx_hold_next;
	struct shmx_hold *h;
	uint64_t n, seen = 0;
	int i;

	for (n = 1; n < 20; n++) {
		ck_assert_int_eq(grow(p, 8 + (uint32_t)n, 0), 0);
		frame_publish(p, n);
		for (i = 0; i < LONG_MS && seen < n; i++) {
			if (hold(r, &h) < 0) {
				usleep(1000);
				continue;
			}
			seen = shmx_frame_info(h)->sequence;
			check_frame(h, seen, 8 + (uint32_t)seen);
			shmx_release(h);
		}
		ck_assert_uint_eq(seen, n);
	}
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

START_TEST(a_loop_of_ones_own_follows)
{
	struct shmx_producer *p = open_producer(0, 0, 0);
	struct shmx_reader *r = open_reader();
	struct pollfd pfd = { shmx_reader_fd(r), POLLIN, 0 };
	struct shmx_hold *h;
	uint64_t n, seen = 0;

	for (n = 1; n < 20; n++) {
		ck_assert_int_eq(grow(p, 8 + (uint32_t)n, 0), 0);
		frame_publish(p, n);
		while (seen < n) {
			if (shmx_reader_arm(r) == 0) {
				ck_assert_int_eq(poll(&pfd, 1, LONG_MS), 1);
				ck_assert_int_eq(shmx_reader_dispatch(r), 0);
			}
			if (shmx_hold_latest(r, &h) < 0)
				continue;
			seen = shmx_frame_info(h)->sequence;
			shmx_release(h);
		}
	}
	/* And then it sleeps. */
	while (poll(&pfd, 1, 0) > 0)
		ck_assert_int_eq(shmx_reader_dispatch(r), 0);
	ck_assert_int_eq(shmx_reader_arm(r), 0);
	ck_assert_int_eq(poll(&pfd, 1, 50), 0);
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

START_TEST(again_and_again_leaves_nothing_behind)
{
	struct shmx_producer *p = open_producer(0, 0, 0);
	struct shmx_reader *r = open_reader();
	struct shmx_hold *h, *first = NULL;
	size_t fds = 0;
	uint64_t seen;
	uint32_t n;

	frame_publish(p, 1);
	ck_assert_int_eq(shmx_hold_latest(r, &first), 0);
	for (n = 2; n < 100; n++) {
		ck_assert_int_eq(grow(p, 16 + n % 7, 0), 0);
		frame_publish(p, n);
		do {
			ck_assert_int_eq(shmx_wait(r, LONG_MS), 0);
			ck_assert_int_eq(shmx_hold_latest(r, &h), 0);
			seen = shmx_frame_info(h)->sequence;
			shmx_release(h);
		} while (seen < n);
		settle(p, 1, 2);
		if (n == 10)
			fds = child_count_fds();
	}
	ck_assert_uint_eq(child_count_fds(), fds);
	check_frame(first, 1, 16);
	shmx_release(first);
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

START_TEST(a_begun_frame_is_begun_again)
{
	struct shmx_producer *p = open_producer(0, 0, 0);
	struct shmx_frame f;

	shmx_begin(p, &f);
	ck_assert_int_eq(grow(p, 100, 0), 0);
	shmx_begin(p, &f);
	ck_assert_uint_eq(f.width, 100);
	ck_assert_uint_eq(f.age, 0);
	ck_assert_uint_eq(shmx_publish(p, &f), 1);
	ck_assert_ptr_null(shmx_writer_check(&p->writer));
	ck_assert_int_eq(grow(p, 200, 0), 0);
	ck_assert_ptr_null(shmx_writer_check(&p->writer));
	ck_assert_uint_eq(p->region.ring.ext->generation, 2);
	ck_assert_uint_eq(p->region.ring.ext->first_sequence, 1);
	ck_assert_uint_eq(frame_publish(p, 2), 2);
	ck_assert_ptr_null(shmx_writer_check(&p->writer));
	shmx_producer_close(p);
}
END_TEST

START_TEST(more_slots_admit_more_readers)
{
	struct shmx_producer *p = open_producer(4, 1, 0);
	struct shmx_reader *r = open_reader(), *other = NULL;
	struct shmx_producer_stats stats;
	struct shmx_hold *h;

	settle(p, 1, 2);
	ck_assert_int_eq(shmx_reader_open(&other, "test", NULL), -EBUSY);
	ck_assert_int_eq(grow(p, 16, 6), 0);
	ck_assert_int_eq(shmx_reader_open(&other, "test", NULL), 0);
	shmx_producer_stats(p, &stats, sizeof(stats));
	ck_assert_uint_eq(stats.slots, 6);
	ck_assert_uint_eq(stats.holds_total, 4);
	/* Nothing is in it yet, and whoever is new sleeps. */
	ck_assert_int_eq(shmx_wait(other, 20), -ETIMEDOUT);
	ck_assert_int_eq(shmx_hold_latest(other, &h), -EAGAIN);
	frame_publish(p, 1);
	ck_assert_int_eq(shmx_wait(other, LONG_MS), 0);
	ck_assert_int_eq(shmx_hold_latest(other, &h), 0);
	check_frame(h, 1, 16);
	shmx_release(h);
	settle(p, 2, 4);

	/* As they have those holds, they keep them. */
	ck_assert_int_eq(grow(p, 16, 5), -EBUSY);
	ck_assert_uint_eq(frame_publish(p, 2), 2);
	ck_assert_int_eq(shmx_wait(other, LONG_MS), 0);
	shmx_reader_close(r);
	shmx_reader_close(other);
	shmx_producer_close(p);
}
END_TEST

/* A stream of numbers that becomes longer, and another beside it. */
START_TEST(streams_of_numbers_grow_too)
{
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	struct shmx_stream streams[] = {
		{ .kind = SHMX_STREAM_DATA, .id = 7, .name = "numbers",
		  .element_type = SHMX_U32, .capacity = 4 },
		{ .kind = SHMX_STREAM_DATA, .id = 8, .name = "more",
		  .element_type = SHMX_U64, .capacity = 1 },
	};
	uint32_t numbers[1000], i, generation = 0;
	struct shmx_stream_view view;
	struct shmx_producer *p;
	struct shmx_reader *r;
	struct shmx_frame f;
	struct shmx_hold *h, *old;

	for (i = 0; i < 1000; i++)
		numbers[i] = i * 7;
	o.streams = streams;
	o.stream_count = 1;
	ck_assert_int_eq(shmx_producer_open(&p, "test", &o), 0);
	r = open_reader();
	shmx_begin(p, &f);
	ck_assert_int_eq(shmx_frame_append_copy(p, &f, 7, 5, numbers),
			 -EOVERFLOW);
	ck_assert_int_eq(shmx_frame_append_copy(p, &f, 7, 4, numbers), 0);
	ck_assert_uint_eq(shmx_publish(p, &f), 1);
	ck_assert_int_eq(shmx_wait(r, LONG_MS), 0);
	ck_assert_int_eq(shmx_hold_latest(r, &old), 0);
	generation = shmx_reader_generation(r);

	streams[0].capacity = 1000;
	o.stream_count = 2;
	ck_assert_int_eq(shmx_producer_grow(p, &o), 0);
	shmx_begin(p, &f);
	ck_assert_int_eq(shmx_frame_append_copy(p, &f, 7, 1000, numbers), 0);
	ck_assert_int_eq(shmx_frame_append_copy(p, &f, 8, 1, numbers), 0);
	ck_assert_uint_eq(shmx_publish(p, &f), 2);
	ck_assert_int_eq(shmx_wait(r, LONG_MS), 0);
	ck_assert_int_eq(shmx_hold_latest(r, &h), 0);
	ck_assert_uint_gt(shmx_reader_generation(r), generation);
	ck_assert_int_eq(shmx_frame_stream(h, 7, &view), 0);
	ck_assert_uint_eq(view.elements, 1000);
	ck_assert_mem_eq(view.data, numbers, sizeof(numbers));
	ck_assert_int_eq(shmx_frame_stream(h, 8, &view), 0);
	/* By the directory of its own ring. */
	ck_assert_int_eq(shmx_frame_stream(old, 7, &view), 0);
	ck_assert_uint_eq(view.elements, 4);
	ck_assert_mem_eq(view.data, numbers, 16);
	ck_assert_int_eq(shmx_frame_stream(old, 8, &view), -ENOENT);
	shmx_release(h);
	shmx_release(old);
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

/* Sent away for what it holds of a ring of the past. */
START_TEST(who_holds_the_past_can_be_evicted)
{
	struct shmx_reader_snapshot snapshot;
	struct shmx_producer *p = open_producer(0, 0, 0);
	struct shmx_reader *r = open_reader();
	struct shmx_hold *h;

	settle(p, 1, 2);
	frame_publish(p, 1);
	ck_assert_int_eq(shmx_hold_latest(r, &h), 0);
	ck_assert_int_eq(grow(p, 20, 0), 0);
	if (_i == 1)
		ck_assert_int_eq(shmx_reader_dispatch(r), 0);
	ck_assert_int_eq(shmx_producer_readers(p, &snapshot, sizeof(snapshot),
					       1), 1);
	ck_assert_int_eq(shmx_producer_evict(p, snapshot.id, "so there"), 0);
	ck_assert(!shmx_hold_valid(h));
	frame_publish(p, 2);
	ck_assert_int_eq(shmx_wait(r, LONG_MS), -EPIPE);
	ck_assert_msg(strstr(shmx_error(), "so there"), "%s", shmx_error());
	shmx_release(h);
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

START_TEST(all_holds_together_are_what_was_granted)
{
	struct shmx_producer *p = open_producer(4, 1, 0);
	struct shmx_reader *r = open_reader();
	struct shmx_hold *h[2], *more;
	uint64_t n;
	int i;

	settle(p, 1, 2);
	frame_publish(p, 1);
	ck_assert_int_eq(shmx_hold_latest(r, &h[0]), 0);
	frame_publish(p, 2);
	ck_assert_int_eq(shmx_hold_latest(r, &h[1]), 0);
	ck_assert_int_eq(grow(p, 40, 0), 0);
	ck_assert_uint_eq(frame_publish(p, 3), 3);
	ck_assert_int_eq(shmx_wait(r, LONG_MS), 0);
	ck_assert_int_eq(shmx_hold_latest(r, &more), -EBUSY);
	shmx_release(h[0]);
	ck_assert_int_eq(shmx_hold_latest(r, &h[0]), 0);
	check_frame(h[0], 3, 40);
	/* Exactly as many slots as it takes, and no frame is dropped. */
	for (n = 4; n < 50; n++)
		ck_assert_uint_eq(frame_publish(p, n), n);
	ck_assert_int_eq(shmx_hold_latest(r, &more), -EBUSY);
	check_frame(h[0], 3, 40);
	check_frame(h[1], 2, 16);
	for (i = 0; i < 2; i++)
		shmx_release(h[i]);
	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(shmx_hold_latest(r, &h[i]), 0);
		check_frame(h[i], 49 + (uint64_t)i, 40);
		frame_publish(p, 50 + (uint64_t)i);
	}
	for (i = 0; i < 2; i++)
		shmx_release(h[i]);
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

START_TEST(messages_go_on)
{
	struct shmx_producer *p = open_producer(0, 0, 0);
	struct shmx_reader *r = open_reader();
	struct shmx_control c;
	struct shmx_hold *h;
	uint32_t sent = 0, heard = 0;
	int i;

	settle(p, 1, 2);
	for (i = 0; i < 40; i++) {
		/* Before it has heard, on its way, and when it is there. */
		sent++;
		ck_assert_int_eq(shmx_control_send(r, 1, &sent, 4), 0);
		ck_assert_int_eq(grow(p, 16 + (uint32_t)i, 0), 0);
		sent++;
		ck_assert_int_eq(shmx_control_send(r, 1, &sent, 4), 0);
		ck_assert_uint_gt(frame_publish(p, 1), 0);
		if (i % 3 == 0)
			continue;
		ck_assert_int_eq(shmx_reader_dispatch(r), 0);
		sent++;
		ck_assert_int_eq(shmx_control_send(r, 1, &sent, 4), 0);
		if (shmx_hold_latest(r, &h) == 0)
			shmx_release(h);
		sent++;
		ck_assert_int_eq(shmx_control_send(r, 1, &sent, 4), 0);
		while (heard < sent) {
			ck_assert_int_eq(shmx_control_wait(p, LONG_MS), 0);
			ck_assert_int_eq(shmx_control_receive(p, &c), 0);
			if (c.type != 1)
				continue;
			heard++;
			ck_assert_mem_eq(c.data, &heard, 4);
		}
	}
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

/* Sends when told to; follows when told to. */
static void
send_when_told(int line, void *arg)
{
	struct shmx_reader *r = NULL;
	struct shmx_hold *h;
	char order;

	(void)arg;
	expect(shmx_reader_open(&r, "test", NULL) == 0);
	child_say(line, 'r');
	while ((order = child_hear(line)) != 'e') {
		if (order == 'f') {
			expect(shmx_hold_latest(r, &h) == 0);
			shmx_release(h);
		}
		usleep(20000);
		expect(shmx_control_send(r, 1, "", 1) == 0);
	}
	shmx_reader_close(r);
}

START_TEST(who_has_not_heard_of_it_nudges_all_the_same)
{
	struct shmx_producer *p = open_producer(0, 0, 0);
	struct shmx_control c;
	struct child child;
	int i;

	child_start(&child, send_when_told, NULL);
	ck_assert_int_eq(child_hear(child.line), 'r');
	ck_assert_int_eq(shmx_control_wait(p, LONG_MS), 0);
	ck_assert_int_eq(shmx_control_receive(p, &c), 0);
	for (i = 1; i < 6; i++) {
		ck_assert_int_eq(grow(p, 16 + (uint32_t)i, 0), 0);
		ck_assert_uint_gt(frame_publish(p, 1), 0);
		child_say(child.line, i % 3 == 0 ? 'f' : 's');
		/* It sleeps by then. */
		ck_assert_int_eq(shmx_control_wait(p, LONG_MS), 0);
		ck_assert_int_eq(shmx_control_receive(p, &c), 0);
		ck_assert_uint_eq(c.type, 1);
	}
	child_say(child.line, 'e');
	child_end(&child);
	shmx_producer_close(p);
}
END_TEST

START_TEST(wrong_options_change_nothing)
{
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	struct shmx_producer *p = open_producer(0, 0, 0);
	struct shmx_stream stream = picture(20);

	ck_assert_int_eq(shmx_producer_grow(p, NULL), -EINVAL);
	ck_assert_int_lt(shmx_producer_grow(p, &o), 0);
	ck_assert_int_eq(grow(p, 0, 0), -EINVAL);
	ck_assert_int_eq(grow(p, 20, 2), -EINVAL);
	o.streams = &stream;
	o.stream_count = 1;
	o.flags = SHMX_NO_THREAD;
	ck_assert_int_eq(shmx_producer_grow(p, &o), -EINVAL);
	stream.width = stream.height = SHMX_SIDE_MAX;
	o.flags = 0;
	ck_assert_int_eq(shmx_producer_grow(p, &o), -ENOMEM);
	ck_assert_uint_eq(frame_publish(p, 1), 1);
	ck_assert_uint_eq(p->region.ring.ext->generation, 0);
	shmx_producer_close(p);
}
END_TEST

START_TEST(a_hold_outlives_its_reader_and_its_ring)
{
	struct shmx_producer *p = open_producer(0, 0, 0);
	struct shmx_reader *r = open_reader();
	struct shmx_hold *h, *other;
	int i;

	settle(p, 1, 2);
	frame_publish(p, 1);
	ck_assert_int_eq(shmx_hold_latest(r, &other), 0);
	h = shmx_hold_ref(other);
	ck_assert_int_eq(grow(p, 40, 0), 0);
	frame_publish(p, 2);
	while (_i == 1 && shmx_frame_info(other)->sequence == 1) {
		shmx_release(other);
		ck_assert_int_eq(shmx_wait(r, LONG_MS), 0);
		ck_assert_int_eq(shmx_hold_latest(r, &other), 0);
	}
	shmx_release(other);
	shmx_reader_close(r);
	for (i = 3; i < 20; i++)
		ck_assert_uint_eq(frame_publish(p, (uint64_t)i), i);
	/* Who has not gone over is there until its last frame is released. */
	settle(p, _i == 0, _i == 0 ? 2 : 0);
	check_frame(h, 1, 16);
	if (_i == 1)
		shmx_producer_close(p);
	check_frame(h, 1, 16);
	shmx_release(h);
	if (_i == 0) {
		settle(p, 0, 0);
		shmx_producer_close(p);
	}
}
END_TEST

START_TEST(the_end_comes_after_the_move)
{
	struct shmx_producer *p = open_producer(0, 0, 0);
	struct shmx_reader *r = open_reader();
	struct shmx_hold *h;
	int ret, i;

	if (_i != 3)
		settle(p, 1, 2);
	frame_publish(p, 1);
	ck_assert_int_eq(grow(p, 40, 0), 0);
	if (_i == 1)
		frame_publish(p, 2);
	if (_i == 2)
		ck_assert_int_eq(shmx_reader_dispatch(r), 0);
	shmx_producer_close(p);
	for (i = 0; i < 10; i++) {
		ret = shmx_wait(r, LONG_MS);
		if (ret < 0)
			break;
		if (shmx_hold_latest(r, &h) == 0)
			shmx_release(h);
	}
	ck_assert_int_eq(ret, -EPIPE);
	ck_assert_msg(strstr(shmx_error(), "has ended"), "%s", shmx_error());
	ck_assert_int_eq(shmx_reader_state(r), SHMX_ABSENT);

	/* And its successor is found. */
	p = open_producer(0, 0, 0);
	frame_publish(p, 1);
	while (shmx_hold_latest(r, &h) < 0)
		(void)shmx_wait(r, LONG_MS);
	check_frame(h, 1, 16);
	shmx_release(h);
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

/* ------------------------------------------------------------ children -- */

/* Reads in one of several ways until frame 100; each has its size. */
static void
follow(int line, void *arg)
{
	const int *mode = arg;
	struct shmx_reader *r = NULL;
	struct shmx_hold *h = NULL, *old = NULL;
	const struct shmx_frame_info *info;
	uint64_t seen = 0;
	int ret;

	expect(shmx_reader_open(&r, "test", NULL) == 0);
	child_say(line, 'r');
	while (seen < 100) {
		ret = shmx_wait(r, *mode == 2 ? 0 : LONG_MS);
		expect(ret == 0 || (ret == -ETIMEDOUT && *mode == 2));
		ret = *mode == 1 ? shmx_hold_next(r, &h) :
			shmx_hold_latest(r, &h);
		if (ret < 0)
			continue;
		info = shmx_frame_info(h);
		expect(info->sequence >= seen);
		expect(info->width == 16 + info->sequence / 5);
		expect(frame_is(info, shmx_frame_pixels(h), info->sequence));
		/* As a window does: one is shown while the next is taken. */
		if (old != NULL)
			expect(frame_is_whole(old));
		seen = info->sequence;
		shmx_release(old);
		old = h;
	}
	shmx_release(old);
	shmx_reader_close(r);
}

START_TEST(readers_of_all_kinds_follow)
{
	static const int modes[] = { 0, 1, 2 };
	struct child c[BASE_ARRAY_SIZE(modes)];
	struct shmx_producer *p = open_producer(10, 3, 0);
	size_t i;
	uint64_t n;

	for (i = 0; i < BASE_ARRAY_SIZE(modes); i++) {
		child_start(&c[i], follow, (void *)(uintptr_t)&modes[i]);
		ck_assert_int_eq(child_hear(c[i].line), 'r');
	}
	for (n = 1; n <= 100; n++) {
		if (n % 5 == 0)
			ck_assert_int_eq(grow(p, 16 + (uint32_t)n / 5, 0), 0);
		ck_assert_uint_eq(frame_publish(p, n), n);
		usleep(2000);
	}
	for (i = 0; i < BASE_ARRAY_SIZE(modes); i++)
		child_end(&c[i]);
	shmx_producer_close(p);
}
END_TEST

/* Holds a frame, says so; when told to, looks at it and takes the newest. */
static void
keep_one(int line, void *arg)
{
	struct shmx_reader *r = NULL;
	struct shmx_hold *old, *h;
	uint64_t want, seen = 0;

	(void)arg;
	expect(shmx_reader_open(&r, "test", NULL) == 0);
	expect(shmx_wait(r, LONG_MS) == 0);
	expect(shmx_hold_latest(r, &old) == 0);
	child_say(line, 'h');
	child_ask(line, &want, sizeof(want));
	do {
		expect(frame_is_whole(old));
		expect(shmx_frame_info(old)->sequence == 1);
		expect(shmx_wait(r, LONG_MS) == 0);
		if (shmx_hold_latest(r, &h) < 0)
			continue;
		expect(frame_is_whole(h));
		seen = shmx_frame_info(h)->sequence;
		shmx_release(h);
	} while (seen < want);
	expect(frame_is_whole(old));
	shmx_release(old);
	shmx_reader_close(r);
}

START_TEST(a_stopped_reader_hinders_nobody)
{
	struct shmx_producer *p = open_producer(0, 0, 0);
	struct child c;
	uint64_t n;

	frame_publish(p, 1);
	child_start(&c, keep_one, NULL);
	ck_assert_int_eq(child_hear(c.line), 'h');
	settle(p, 1, 2);
	child_stop(&c);
	for (n = 2; n <= 200; n++) {
		ck_assert_int_eq(grow(p, 16 + (uint32_t)n, 0), 0);
		ck_assert_uint_eq(frame_publish(p, n), n);
	}
	settle(p, 1, 2);
	child_go_on(&c);
	n--;
	child_tell(c.line, &n, sizeof(n));
	child_end(&c);
	settle(p, 0, 0);
	shmx_producer_close(p);
}
END_TEST

START_TEST(a_stopped_reader_can_be_killed)
{
	struct shmx_producer *p = open_producer(0, 0, 0);
	struct child c;
	int n;

	frame_publish(p, 1);
	child_start(&c, keep_one, NULL);
	ck_assert_int_eq(child_hear(c.line), 'h');
	child_stop(&c);
	for (n = 2; n <= 5; n++)
		ck_assert_int_eq(grow(p, 16, 0), 0);
	child_kill(&c);
	settle(p, 0, 0);
	ck_assert_int_eq(grow(p, 16, 0), 0);
	ck_assert_uint_eq(frame_publish(p, 2), 2);
	shmx_producer_close(p);
}
END_TEST

/* ------------------------------------------------------------- by hand -- */

static uint64_t
body_session(struct shmx_channel *ch)
{
	const struct shmx_welcome *w = shmx_channel_body(ch, sizeof(*w), 1);

	expect(w != NULL);
	return w->session;
}

/* Answers none of it; then one by one. */
static void
never_answer(int line, void *arg)
{
	int conn = byhand_connect(), ret;
	const struct shmx_hello hello = byhand_hello(1);
	struct shmx_channel ch;
	uint64_t session;

	expect(shmx_channel_send(conn, SHMX_MSG_HELLO, &hello, sizeof(hello),
				 NULL, 0) == 0);
	shmx_channel_init(&ch, conn);
	expect(byhand_receive(&ch) == SHMX_MSG_WELCOME);
	shmx_channel_next(&ch);
	/* Ready, or welcomed and not heard of since. */
	if (arg != NULL)
		byhand_ready(conn);
	child_say(line, 'a');
	child_ask(line, &session, sizeof(session));
	if (arg != NULL) {
		expect(byhand_receive(&ch) == SHMX_MSG_MOVED);
		expect(body_session(&ch) != session);
		shmx_channel_next(&ch);
	}
	/* That was all there was. */
	ret = shmx_channel_receive(&ch);
	expect(ret == -EAGAIN);
	byhand_ready(conn);
	expect(byhand_receive(&ch) == SHMX_MSG_MOVED);
	expect(body_session(&ch) == session);
	shmx_channel_next(&ch);
	byhand_ready(conn);
	/* One answer too many is nonsense. */
	byhand_ready(conn);
	expect(byhand_receive(&ch) == 0);
	shmx_channel_finish(&ch);
	child_say(line, 'd');
}

START_TEST(who_does_not_answer_is_sent_one_ring)
{
	struct shmx_producer *p = open_producer(0, 0, 0);
	static int ready;
	struct child c;
	int i;

	child_start(&c, never_answer, _i == 0 ? NULL : &ready);
	ck_assert_int_eq(child_hear(c.line), 'a');
	settle(p, _i == 0 ? 0 : 1, 1);
	for (i = 1; i < 10; i++) {
		ck_assert_int_eq(grow(p, 16 + (uint32_t)i, 0), 0);
		ck_assert_uint_gt(frame_publish(p, 1), 0);
	}
	child_tell(c.line, &p->region.session, sizeof(p->region.session));
	ck_assert_int_eq(child_hear(c.line), 'd');
	settle(p, 0, 0);
	child_end(&c);
	shmx_producer_close(p);
}
END_TEST

/* Says of each ring that it is sent which it is, and answers when told to. */
static void
answer_late(int line, void *arg)
{
	int conn = byhand_connect(), type;
	const struct shmx_hello hello = byhand_hello(1);
	struct shmx_channel ch;
	uint64_t session;

	(void)arg;
	expect(shmx_channel_send(conn, SHMX_MSG_HELLO, &hello, sizeof(hello),
				 NULL, 0) == 0);
	shmx_channel_init(&ch, conn);
	while ((type = byhand_receive(&ch)) != 0) {
		if (type == SHMX_MSG_BYE)
			break;
		expect(type == SHMX_MSG_WELCOME || type == SHMX_MSG_MOVED);
		session = ((const struct shmx_welcome *)(const void *)
			   (ch.in.bytes + sizeof(ch.in.header)))->session;
		shmx_channel_next(&ch);
		child_tell(line, &session, sizeof(session));
		if (child_hear(line) == 'a')
			byhand_ready(conn);
	}
	shmx_channel_finish(&ch);
}

static void
expect_session(const struct child *c, uint64_t session)
{
	uint64_t said;

	child_ask(c->line, &said, sizeof(said));
	ck_assert_uint_eq(said, session);
}

/* It is sent two rings at most, but not without the newest frame. */
START_TEST(who_answers_late_is_sent_the_last_frame)
{
	struct shmx_producer *p = open_producer(0, 0, 0);
	uint64_t session[4];
	struct child c;
	int i;

	session[0] = p->region.session;
	frame_publish(p, 1);
	child_start(&c, answer_late, NULL);
	expect_session(&c, session[0]);
	for (i = 1; i < 4; i++) {
		ck_assert_int_eq(grow(p, 16, 0), 0);
		session[i] = p->region.session;
		if (i == 2)
			ck_assert_uint_eq(frame_publish(p, 2), 2);
	}
	child_say(c.line, 'a');
	expect_session(&c, session[2]);
	child_say(c.line, 'a');
	expect_session(&c, session[3]);
	/* No answer: the end may come before it. */
	child_say(c.line, '-');
	settle(p, 1, 1);
	shmx_producer_close(p);
	child_end(&c);
}
END_TEST

/* -------------------------------------------------------------- faults -- */

/* Takes each frame that it is told of. */
static void
take_each(int line, void *arg)
{
	struct shmx_reader *r = NULL;
	struct shmx_hold *h;
	uint64_t want, seen = 0;

	(void)arg;
	expect(shmx_reader_open(&r, "test", NULL) == 0);
	child_say(line, 'r');
	for (;;) {
		child_ask(line, &want, sizeof(want));
		if (want == 0)
			break;
		do {
			expect(shmx_wait(r, LONG_MS) == 0);
			if (shmx_hold_latest(r, &h) < 0)
				continue;
			expect(frame_is_whole(h));
			seen = shmx_frame_info(h)->sequence;
			shmx_release(h);
		} while (seen < want);
		child_say(line, 't');
	}
	shmx_reader_close(r);
}

static void
let_take(struct child *c, uint64_t n)
{
	child_tell(c->line, &n, sizeof(n));
	ck_assert_int_eq(child_hear(c->line), 't');
}

static const int errors[] = { ENOMEM, EMFILE };

START_TEST(what_fails_leaves_the_ring_as_it_was)
{
	struct shmx_producer *p = open_producer(0, 0, SHMX_NO_THREAD);
	struct shmx_producer_stats stats;
	uint64_t n, session;
	struct child c;
	size_t fds;
	bool failed;
	void *map;
	int ret;

	child_start(&c, take_each, NULL);
	settle(p, 1, 2);
	ck_assert_int_eq(child_hear(c.line), 'r');
	fds = child_count_fds();
	for (n = 1; ; n++) {
		ck_assert_uint_lt(n, 100);
		session = p->region.session;
		map = p->region.map;
		base_error(0, "forgotten");
		fault_nth(NULL, (unsigned)n, errors[_i]);
		ret = grow(p, 32, 0);
		failed = fault_off();
		if (!failed)
			break;
		/* The last: a reader cannot be told, and attaches anew. */
		if (ret == 0)
			break;
		/* Out of memory has words of its own. */
		ck_assert(ret == -errors[_i] || ret == -ENOMEM);
		ck_assert_str_ne(shmx_error(), "forgotten");
		ck_assert_uint_eq(p->region.session, session);
		ck_assert_ptr_eq(p->region.map, map);
		ck_assert_uint_eq(child_count_fds(), fds);
		ck_assert_uint_eq(frame_publish(p, n), n);
		let_take(&c, n);
		shmx_producer_stats(p, &stats, sizeof(stats));
		ck_assert_uint_eq(stats.readers, 1);
	}
	ck_assert_uint_gt(n, 6);
	ck_assert_int_eq(ret, 0);
	if (!failed) {
		ck_assert_uint_eq(frame_publish(p, n), n);
		let_take(&c, n);
		n = 0;
		child_tell(c.line, &n, sizeof(n));
		child_end(&c);
	} else {
		child_kill(&c);
	}
	settle(p, 0, 0);
	shmx_producer_close(p);
}
END_TEST

/* The producer of a reader that cannot follow. */
static void
grow_once(int line, void *arg)
{
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	struct shmx_stream stream = picture(16);
	struct shmx_producer *p = NULL;
	char order;

	(void)arg;
	o.streams = &stream;
	o.stream_count = 1;
	expect(shmx_producer_open(&p, "test", &o) == 0);
	child_say(line, 'o');
	while ((order = child_hear(line)) == 'g') {
		stream.width++;
		expect(shmx_producer_grow(p, &o) == 0);
		frame_publish(p, stream.width);
		child_say(line, 'g');
	}
	shmx_producer_close(p);
}

START_TEST(who_cannot_follow_attaches_anew)
{
	struct shmx_reader *r;
	struct shmx_hold *h = NULL;
	struct pollfd pfd = { .events = POLLIN };
	struct child c;
	unsigned n, lost = 0;
	bool failed;
	int i, ret;

	child_start(&c, grow_once, NULL);
	ck_assert_int_eq(child_hear(c.line), 'o');
	r = open_reader();
	for (n = 1; ; n++) {
		ck_assert_uint_lt(n, 100);
		child_say(c.line, 'g');
		ck_assert_int_eq(child_hear(c.line), 'g');
		pfd.fd = shmx_reader_fd(r);
		ck_assert_int_eq(poll(&pfd, 1, LONG_MS), 1);
		fault_nth(NULL, n, errors[_i]);
		ret = shmx_reader_dispatch(r);
		failed = fault_off();
		lost += ret == -EPIPE;
		ck_assert(ret == 0 || ret == -EPIPE);
		for (i = 0; i < LONG_MS; i++) {
			(void)shmx_wait(r, 100);
			if (shmx_hold_latest(r, &h) < 0)
				continue;
			if (shmx_frame_info(h)->width == 16 + n)
				break;
			shmx_release(h);
		}
		ck_assert_int_lt(i, LONG_MS);
		ck_assert(frame_is_whole(h));
		shmx_release(h);
		if (!failed)
			break;
	}
	ck_assert_uint_gt(lost, 3);
	shmx_reader_close(r);
	child_say(c.line, 'e');
	child_end(&c);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("grow");
	TCase *tc = suite_case(s, "steps");

	tcase_add_test(tc, frames_go_on_in_the_larger_ring);
	tcase_add_test(tc, the_last_frame_stays_until_there_is_another);
	tcase_add_test(tc, who_comes_meanwhile_finds_the_last_frame);
	tcase_add_test(tc, in_order_nothing_is_lost);
	tcase_add_loop_test(tc, who_takes_every_frame_loses_none, 0, 2);
	tcase_add_loop_test(tc, who_never_dispatches_follows_too, 0, 2);
	tcase_add_test(tc, a_loop_of_ones_own_follows);
	tcase_add_test(tc, again_and_again_leaves_nothing_behind);
	tcase_add_test(tc, a_begun_frame_is_begun_again);
	tcase_add_test(tc, more_slots_admit_more_readers);
	tcase_add_test(tc, streams_of_numbers_grow_too);
	tcase_add_loop_test(tc, who_holds_the_past_can_be_evicted, 0, 2);
	tcase_add_test(tc, all_holds_together_are_what_was_granted);
	tcase_add_test(tc, messages_go_on);
	tcase_add_test(tc, wrong_options_change_nothing);
	tcase_add_loop_test(tc, a_hold_outlives_its_reader_and_its_ring, 0, 2);
	tcase_add_loop_test(tc, the_end_comes_after_the_move, 0, 4);

	tc = suite_case(s, "children");
	tcase_add_test(tc, readers_of_all_kinds_follow);
	tcase_add_test(tc, a_stopped_reader_hinders_nobody);
	tcase_add_test(tc, who_has_not_heard_of_it_nudges_all_the_same);
	tcase_add_test(tc, a_stopped_reader_can_be_killed);
	tcase_add_loop_test(tc, who_does_not_answer_is_sent_one_ring, 0, 2);
	tcase_add_test(tc, who_answers_late_is_sent_the_last_frame);

	tc = suite_case(s, "faults");
	tcase_add_loop_test(tc, what_fails_leaves_the_ring_as_it_was, 0,
			    BASE_ARRAY_SIZE(errors));
	tcase_add_loop_test(tc, who_cannot_follow_attaches_anew, 0,
			    BASE_ARRAY_SIZE(errors));
	return suite_run(s);
}
