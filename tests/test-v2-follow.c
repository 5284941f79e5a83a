/* SPDX-License-Identifier: MIT */
/*
 * test-v2-follow.c - SHMX v2.0's reader at our ring, and ours at its server's
 *
 * FRAMES frames each, one after the other in two processes, as fast as the
 * reader takes them: not one is rejected, torn or missed.  Each frame is a
 * stream of numbers that say which frame they are of.
 */
#include "config.h"

#include <shmx/shmx.h>

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "child.h"
#include "suite.h"
#include "v2/v2.h"

#ifndef FRAMES
#define FRAMES 3000
#endif
#define ELEMENTS 500
/* For a frame, however busy the machine is. */
#define PATIENCE_NS (20 * BASE_NS_PER_S)

/* What a reader in a child has seen. */
struct seen {
	uint64_t frames;
	uint64_t rejected;
	uint64_t torn;
	uint64_t missed;
};

static char name[64];

static void
choose_name(void)
{
	snprintf(name, sizeof(name), "shmfb-test-follow-%d", (int)getpid());
}

static uint64_t
deadline(void)
{
	return base_now_ns() + PATIENCE_NS;
}

static void
fill(uint32_t *data, uint64_t n)
{
	uint32_t i;

	for (i = 0; i < ELEMENTS; i++)
		data[i] = v2_element(n, i);
}

/* --------------------------------------------------- v2.0 reads ours -- */

static void
look_at(struct seen *seen, const struct v2_view *view, uint64_t last)
{
	struct v2_item item;
	uint32_t number;

	seen->frames++;
	seen->missed += view->frame_id - last - 1;
	if (v2_decode(view, &item, 1) != 1 || item.stream_id != 42 ||
	    !v2_number(item.data, item.bytes, &number) ||
	    number != (uint32_t)view->frame_id)
		seen->torn++;
}

static void
read_as_v2(int line, void *arg)
{
	struct seen seen = { 0, 0, 0, 0 };
	uint64_t last = 0, until;
	struct v2_client c;
	struct v2_view view;
	int ret;

	(void)arg;
	/* Children are given less. */
	alarm(FRAMES > 10000 ? 600 : 60);
	expect(child_hear(line) == 'g');
	child_ask(line, name, sizeof(name));
	expect(v2_client_open(&c, name) == 0);
	child_say(line, 'o');
	for (until = deadline(); last < FRAMES && base_now_ns() < until;) {
		ret = v2_latest(&c, &view);
		if (ret == 0 && view.frame_id != last) {
			look_at(&seen, &view, last);
			last = view.frame_id;
			until = deadline();
		} else if (ret < 0 && ret != -EAGAIN) {
			seen.rejected++;
		} else {
			sched_yield();
		}
	}
	child_tell(line, &seen, sizeof(seen));
	child_hear(line);
	v2_client_close(&c);
}

static uint64_t
seen_last(struct shmx_producer *p)
{
	struct shmx_reader_snapshot s;

	return shmx_producer_readers(p, &s, sizeof(s), 1) == 1 ?
		s.last_seen : 0;
}

START_TEST(v2_follows_ours)
{
	static const struct shmx_stream stream = {
		.kind = SHMX_STREAM_DATA, .id = 42, .name = "numbers",
		.element_type = SHMX_U32, .capacity = ELEMENTS,
	};
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	struct shmx_producer *p;
	struct shmx_frame f;
	struct seen seen;
	struct child c;
	uint64_t n, until;
	void *data;

	child_start(&c, read_as_v2, NULL);
	choose_name();
	o.streams = &stream;
	o.stream_count = 1;
	o.flags = SHMX_NAMED | (_i == 1 ? SHMX_LAZY_CHECKSUM : 0);
	ck_assert_int_eq(shmx_producer_open(&p, name, &o), 0);
	child_say(c.line, 'g');
	child_tell(c.line, name, sizeof(name));
	ck_assert_int_eq(child_hear(c.line), 'o');
	for (n = 1; n <= FRAMES; n++) {
		shmx_begin(p, &f);
		ck_assert_int_eq(shmx_frame_append(p, &f, 42, ELEMENTS,
						   &data), 0);
		fill(data, n);
		ck_assert_uint_eq(shmx_publish(p, &f), n);
		for (until = deadline(); seen_last(p) != n; sched_yield())
			ck_assert_uint_lt(base_now_ns(), until);
	}
	child_ask(c.line, &seen, sizeof(seen));
	child_say(c.line, 'q');
	child_end(&c);
	shmx_producer_close(p);
	ck_assert_uint_eq(seen.frames, FRAMES);
	ck_assert_uint_eq(seen.rejected, 0);
	ck_assert_uint_eq(seen.torn, 0);
	ck_assert_uint_eq(seen.missed, 0);
}
END_TEST

/* --------------------------------------------------- ours reads v2.0's -- */

/* The reader says what it has held. */
static bool
is_acknowledged(struct v2_server *server, uint64_t n)
{
	static struct v2_message m;
	uint64_t number;

	if (!v2_poll_control(server, &m))
		return false;
	expect(m.bytes == sizeof(number));
	memcpy(&number, m.data, sizeof(number));
	expect(number == n);
	return true;
}

static void
serve_v2(int line, void *arg)
{
	static const struct v2_stream stream = {
		.id = 42, .element_type = V2_U32, .components = 1,
		.bytes_per_elem = 4, .name = "numbers",
	};
	const struct v2_config config = {
		.name = name, .slots = 3, .reader_slots = 2,
		.static_cap = 256, .frame_cap = ELEMENTS * 4 + 64,
		.control_per_reader = 2048,
	};
	uint32_t data[ELEMENTS];
	struct v2_server server;
	struct v2_writing w;
	uint64_t n, until;

	(void)arg;
	/* Children are given less. */
	alarm(FRAMES > 10000 ? 600 : 60);
	expect(child_hear(line) == 'g');
	child_ask(line, name, sizeof(name));
	expect(v2_server_create(&server, &config, &stream, 1) == 0);
	child_say(line, 'o');
	expect(child_hear(line) == 'a');
	for (n = 1; n <= FRAMES; n++) {
		v2_begin(&server, &w);
		fill(data, n);
		expect(v2_append(&w, 42, data, ELEMENTS, sizeof(data)) == 0);
		expect(v2_publish(&server, &w, 0) == n);
		for (until = deadline(); !is_acknowledged(&server, n);
		     sched_yield())
			expect(base_now_ns() < until);
	}
	child_hear(line);
	v2_server_close(&server);
}

START_TEST(ours_follows_v2)
{
	struct shmx_stream_view view;
	struct shmx_reader_stats stats;
	struct shmx_reader *r = NULL;
	struct shmx_hold *h;
	struct child c;
	uint64_t n, until;
	uint32_t number;

	child_start(&c, serve_v2, NULL);
	choose_name();
	child_say(c.line, 'g');
	child_tell(c.line, name, sizeof(name));
	ck_assert_int_eq(child_hear(c.line), 'o');
	ck_assert_int_eq(shmx_reader_open(&r, name, NULL), 0);
	child_say(c.line, 'a');
	for (n = 1; n <= FRAMES; n++) {
		/* Which also passes on what was sent. */
		for (until = deadline(); shmx_wait(r, 0) < 0; sched_yield())
			ck_assert_uint_lt(base_now_ns(), until);
		ck_assert_int_eq(shmx_hold_latest(r, &h), 0);
		ck_assert_uint_eq(shmx_frame_info(h)->sequence, n);
		ck_assert_int_eq(shmx_frame_stream(h, 42, &view), 0);
		ck_assert_uint_eq(view.elements, ELEMENTS);
		ck_assert(v2_number(view.data, (uint32_t)view.bytes, &number));
		ck_assert_uint_eq(number, n);
		shmx_release(h);
		ck_assert_int_eq(shmx_control_send(r, V2_CONTROL_USER, &n,
						   sizeof(n)), 0);
	}
	shmx_reader_stats(r, &stats, sizeof(stats));
	ck_assert_uint_eq(stats.held, FRAMES);
	ck_assert_uint_eq(stats.skipped, 0);
	ck_assert_int_eq(shmx_wait(r, 50), -ETIMEDOUT);
	shmx_reader_close(r);
	child_say(c.line, 'q');
	child_end(&c);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("v2-follow");
	TCase *tc = suite_case(s, "follow");

	tcase_set_timeout(tc, FRAMES > 10000 ? 600 : 60);
	tcase_add_loop_test(tc, v2_follows_ours, 0, 2);
	tcase_add_test(tc, ours_follows_v2);
	return suite_run(s);
}
