/* SPDX-License-Identifier: MIT */
/*
 * test-guests.c - readers of SHMX v2.0 at a ring of ours
 */
#include "config.h"

#include <shmx/shmx.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "child.h"
#include "frames.h"
#include "shmx/atomic.h"
#include "shmx/layout.h"
#include "shmx/object.h"
#include "shmx/producer.h"
#include "suite.h"
#include "v2/v2.h"

static char name[64];
static struct shmx_producer *p;

static void
open_ring(uint32_t flags)
{
	const struct shmx_stream picture = {
		.kind = SHMX_STREAM_IMAGE, .id = 1, .name = "picture",
		.width = 64, .height = 48, .format = SHMX_XRGB8888,
	};
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;

	snprintf(name, sizeof(name), "shmfb-test-guests-%d", (int)getpid());
	o.streams = &picture;
	o.stream_count = 1;
	o.flags = SHMX_NAMED | flags;
	ck_assert_msg(shmx_producer_open(&p, name, &o) == 0, "%s",
		      shmx_error());
}

static void
setup(void)
{
	open_ring(0);
}

static void
teardown(void)
{
	char path[SHMX_OBJECT_PATH];

	shmx_producer_close(p);
	p = NULL;
	shmx_object_path(path, name);
	ck_assert_int_eq(access(path, F_OK), -1);
}

static const struct shmx_header *
header(void)
{
	return p->region.map;
}

static struct shmx_record *
record(uint32_t i)
{
	return shmx_records_at(&p->region.records, i);
}

static struct v2_client
open_client(void)
{
	struct v2_client c;

	ck_assert_int_eq(v2_client_open(&c, name), 0);
	return c;
}

static void
send_number(struct v2_client *c, uint64_t number)
{
	ck_assert_int_eq(v2_control_send(c, V2_CONTROL_USER, &number,
					 sizeof(number)), 0);
}

static struct shmx_control
receive(uint32_t type)
{
	struct shmx_control m;

	ck_assert_msg(shmx_control_wait(p, 10000) == 0, "%s", shmx_error());
	ck_assert_int_eq(shmx_control_receive(p, &m), 0);
	ck_assert_uint_eq(m.type, type);
	ck_assert_str_eq(m.label, "SHMX v2.0");
	ck_assert_int_eq(m.pid, 0);
	return m;
}

static void
receive_number(uint64_t reader, uint64_t number)
{
	struct shmx_control m = receive(V2_CONTROL_USER);

	ck_assert_uint_eq(m.reader, reader);
	ck_assert_uint_eq(m.bytes, sizeof(number));
	ck_assert_int_eq(memcmp(m.data, &number, sizeof(number)), 0);
}

static uint32_t
count_readers(void)
{
	struct shmx_producer_stats stats;

	shmx_producer_stats(p, &stats, sizeof(stats));
	return stats.readers;
}

static void
await_readers(uint32_t n)
{
	int i;

	for (i = 0; i < 2000 && count_readers() != n; i++)
		usleep(5000);
	ck_assert_uint_eq(count_readers(), n);
}

static void
await_connected(uint32_t n)
{
	int i;

	for (i = 0; i < 2000 &&
	     shmx_load_relaxed(&header()->readers_connected) != n; i++)
		usleep(5000);
	ck_assert_uint_eq(shmx_load_relaxed(&header()->readers_connected), n);
}

START_TEST(come_and_go)
{
	struct shmx_reader_snapshot s;
	struct shmx_producer_stats stats;
	struct v2_client a, b;
	struct v2_view view;

	frame_publish(p, 1);
	ck_assert_int_eq(shmx_producer_readers(p, &s, sizeof(s), 1), 0);
	a = open_client();
	await_readers(1);
	b = open_client();
	await_readers(2);
	ck_assert_int_eq(v2_latest(&a, &view), 0);
	ck_assert_int_eq(shmx_producer_readers(p, &s, sizeof(s), 1), 2);
	ck_assert_str_eq(s.label, "SHMX v2.0");
	ck_assert_uint_eq(s.last_seen, 1);
	ck_assert_uint_eq(s.holds_granted, 0);
	v2_client_close(&a);
	await_readers(1);
	v2_client_close(&b);
	await_readers(0);
	shmx_producer_stats(p, &stats, sizeof(stats));
	ck_assert_uint_eq(stats.attached, 2);
	ck_assert_uint_eq(stats.reaped, 2);
}
END_TEST

START_TEST(what_they_say_is_theirs)
{
	struct v2_client a = open_client(), b;
	uint64_t first, second;
	int record_of_a = a.record;

	send_number(&a, 1);
	first = receive(SHMX_CONTROL_HELLO).reader;
	receive_number(first, 1);
	send_number(&a, 2);
	send_number(&a, 3);
	v2_client_close(&a);
	await_readers(0);
	/* The same record, with what was left in it. */
	b = open_client();
	ck_assert_int_eq(b.record, record_of_a);
	send_number(&b, 4);
	receive_number(first, 2);
	receive_number(first, 3);
	ck_assert_uint_eq(receive(SHMX_CONTROL_BYE).reader, first);
	second = receive(SHMX_CONTROL_HELLO).reader;
	ck_assert_uint_ne(first, second);
	receive_number(second, 4);
	v2_client_close(&b);
	ck_assert_uint_eq(receive(SHMX_CONTROL_BYE).reader, second);
}
END_TEST

/* More than the ring of a record takes: back-pressure, and nothing is lost. */
START_TEST(many_messages)
{
	struct v2_client c = open_client();
	uint64_t sent = 0, got = 0, reader;
	struct shmx_control m;
	uint64_t number;

	reader = receive(SHMX_CONTROL_HELLO).reader;
	while (got < 5000) {
		number = sent + 1;
		while (sent < 5000 &&
		       v2_control_send(&c, V2_CONTROL_USER, &number,
				       sizeof(number)) == 0)
			number = ++sent + 1;
		while (shmx_control_receive(p, &m) == 0) {
			ck_assert_uint_eq(m.reader, reader);
			memcpy(&number, m.data, sizeof(number));
			ck_assert_uint_eq(number, ++got);
		}
	}
	v2_client_close(&c);
}
END_TEST

/* What v2.0's own server dies of. */
START_TEST(nonsense_is_nobody_elses)
{
	static const uint32_t lengths[] = {
		0xfffffff8, 0xffffffff, 0x7fffffff, 2033, 2048, 1,
	};
	struct v2_client bad = open_client(), good = open_client();
	struct shmx_control_ring *ring = (void *)
		((char *)record((uint32_t)bad.record) +
		 SHMX_RECORD_CONTROL_OFFSET);
	const struct shmx_tlv tlv = { 0x3000, lengths[_i] };
	struct shmx_control m;
	int hellos = 0, byes = 0, numbers = 0;
	uint64_t until = base_now_ns() + 10 * BASE_NS_PER_S;

	memcpy(ring->data, &tlv, sizeof(tlv));
	shmx_store_release(&ring->written, lengths[_i] == 1 ? 8 : 16);
	send_number(&good, 7);
	while ((hellos < 2 || byes < 1 || numbers < 1) &&
	       base_now_ns() < until) {
		if (shmx_control_receive(p, &m) < 0)
			continue;
		hellos += m.type == SHMX_CONTROL_HELLO;
		byes += m.type == SHMX_CONTROL_BYE;
		numbers += m.type == V2_CONTROL_USER;
	}
	ck_assert_int_eq(hellos, 2);
	ck_assert_int_eq(byes, 1);
	ck_assert_int_eq(numbers, 1);
	/* The next one there is heard again. */
	v2_client_close(&bad);
	await_readers(1);
	bad = open_client();
	receive(SHMX_CONTROL_HELLO);
	send_number(&bad, 8);
	receive(V2_CONTROL_USER);
	v2_client_close(&bad);
	v2_client_close(&good);
}
END_TEST

/* A client in a child, which leaves nothing but its record. */
static void
attach_and_send(int line, void *arg)
{
	struct v2_client c;
	uint64_t number = 9;

	(void)arg;
	expect(child_hear(line) == 'g');
	child_ask(line, name, sizeof(name));
	expect(v2_client_open(&c, name) == 0);
	expect(v2_control_send(&c, V2_CONTROL_USER, &number,
			       sizeof(number)) == 0);
	child_say(line, 'o');
	for (;;)
		pause();
}

START_TEST(only_those_who_are_stale_are_reaped)
{
	struct v2_client alive, next;
	struct v2_view view;
	struct child c;
	uint64_t reader, until;
	int reaped = 0;

	child_start(&c, attach_and_send, NULL);
	open_ring(0);
	child_say(c.line, 'g');
	child_tell(c.line, name, sizeof(name));
	ck_assert_int_eq(child_hear(c.line), 'o');
	child_kill(&c);
	reader = receive(SHMX_CONTROL_HELLO).reader;
	alive = open_client();
	await_readers(2);
	/* Nothing happens by itself. */
	usleep(200000);
	await_readers(2);
	ck_assert_int_eq(shmx_producer_reap_stale(p, 60 * BASE_NS_PER_S), 0);
	for (until = base_now_ns() + 10 * BASE_NS_PER_S;
	     reaped == 0 && base_now_ns() < until; usleep(1000)) {
		(void)v2_latest(&alive, &view);
		reaped = shmx_producer_reap_stale(p, 300 * BASE_NS_PER_MS);
	}
	ck_assert_int_eq(reaped, 1);
	/* However long ago the other came. */
	for (until = base_now_ns() + 500 * BASE_NS_PER_MS;
	     base_now_ns() < until; usleep(1000)) {
		(void)v2_latest(&alive, &view);
		ck_assert_int_eq(shmx_producer_reap_stale(p, 300 *
							  BASE_NS_PER_MS), 0);
	}
	await_readers(1);
	await_connected(1);
	/* Its record is free, and its message was no other's. */
	next = open_client();
	receive_number(reader, 9);
	ck_assert_uint_eq(receive(SHMX_CONTROL_BYE).reader, reader);
	receive(SHMX_CONTROL_HELLO);
	receive(SHMX_CONTROL_HELLO);
	ck_assert_int_eq(next.record, 0);
	v2_client_close(&next);
	v2_client_close(&alive);
	teardown();
}
END_TEST

/* Killed between its compare-and-swap and its first heartbeat. */
START_TEST(who_never_had_a_heartbeat_is_reaped)
{
	uint64_t until = base_now_ns() + 10 * BASE_NS_PER_S;
	int reaped = 0;

	shmx_store_relaxed(&record(0)->in_use, 1);
	ck_assert_int_eq(shmx_producer_reap_stale(p, BASE_NS_PER_S), 0);
	while (reaped == 0 && base_now_ns() < until) {
		usleep(10000);
		reaped = shmx_producer_reap_stale(p, 100 * BASE_NS_PER_MS);
	}
	ck_assert_int_eq(reaped, 1);
	ck_assert_uint_eq(shmx_load_relaxed(&record(0)->in_use), 0);
	ck_assert_uint_eq(shmx_load_relaxed(&header()->readers_connected), 0);
	await_readers(0);
}
END_TEST

/* It was stopped, not dead, and detaches after it was reaped. */
START_TEST(a_late_farewell_does_no_harm)
{
	struct shmx_reader *r = NULL;
	struct v2_client c = open_client();

	await_readers(1);
	while (shmx_producer_reap_stale(p, 0) == 0)
		usleep(1000);
	await_connected(0);
	ck_assert_int_eq(shmx_reader_open(&r, name, NULL), 0);
	v2_client_close(&c);
	await_connected(1);
	await_readers(1);
	shmx_reader_close(r);
	await_connected(0);
}
END_TEST

/* Where there are others, one of ours is not given such a record. */
START_TEST(a_record_that_was_reaped_is_given_last)
{
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	struct shmx_reader *r[6];
	struct shmx_record *last = record(15);
	unsigned i;

	shmx_store_relaxed(&last->reader_id, 99);
	shmx_store_relaxed(&last->in_use, 1);
	while (shmx_producer_reap_stale(p, 0) == 0)
		usleep(1000);
	o.holds = 1;
	for (i = 0; i < 6; i++) {
		ck_assert_int_eq(shmx_reader_open(&r[i], name, &o), 0);
		ck_assert_uint_eq(shmx_load_relaxed(&record(14 - i)->mark),
				  SHMX_EXT_MAGIC);
	}
	ck_assert_uint_eq(shmx_load_relaxed(&last->in_use), 0);
	for (i = 0; i < 6; i++)
		shmx_reader_close(r[i]);
}
END_TEST

START_TEST(they_are_counted_with_ours)
{
	struct shmx_reader *r = NULL;
	struct v2_client a = open_client(), b = open_client();

	ck_assert_int_eq(shmx_reader_open(&r, name, NULL), 0);
	await_readers(3);
	await_connected(3);
	/* Whatever somebody writes there. */
	shmx_store_relaxed(p->region.records.connected, 4294967295);
	await_connected(3);
	v2_client_close(&a);
	shmx_reader_close(r);
	await_connected(1);
	v2_client_close(&b);
	await_connected(0);
}
END_TEST

/* It left, and another took its record, and nobody had looked meanwhile. */
START_TEST(a_record_changes_hands_unseen)
{
	struct v2_client a, b;
	uint64_t first, second;

	open_ring(SHMX_NO_THREAD);
	a = open_client();
	first = receive(SHMX_CONTROL_HELLO).reader;
	send_number(&a, 1);
	v2_client_close(&a);
	b = open_client();
	receive_number(first, 1);
	ck_assert_uint_eq(receive(SHMX_CONTROL_BYE).reader, first);
	second = receive(SHMX_CONTROL_HELLO).reader;
	ck_assert_uint_ne(second, first);
	send_number(&b, 2);
	receive_number(second, 2);
	v2_client_close(&b);
	ck_assert_uint_eq(receive(SHMX_CONTROL_BYE).reader, second);
	teardown();
}
END_TEST

START_TEST(served_without_a_thread)
{
	struct shmx_control m;
	struct pollfd pfd;
	struct v2_client c;

	open_ring(SHMX_NO_THREAD);
	c = open_client();
	pfd = (struct pollfd){ .fd = shmx_producer_fd(p), .events = POLLIN };
	while (count_readers() == 0) {
		ck_assert_int_eq(poll(&pfd, 1, 10000), 1);
		ck_assert_int_eq(shmx_producer_service(p), 0);
	}
	send_number(&c, 1);
	receive(SHMX_CONTROL_HELLO);
	receive(V2_CONTROL_USER);
	ck_assert_int_eq(shmx_control_receive(p, &m), -EAGAIN);
	v2_client_close(&c);
	receive(SHMX_CONTROL_BYE);
	teardown();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("guests");
	TCase *tc = suite_case(s, "guests");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, come_and_go);
	tcase_add_test(tc, what_they_say_is_theirs);
	tcase_add_test(tc, many_messages);
	tcase_add_loop_test(tc, nonsense_is_nobody_elses, 0, 6);
	tcase_add_test(tc, who_never_had_a_heartbeat_is_reaped);
	tcase_add_test(tc, a_late_farewell_does_no_harm);
	tcase_add_test(tc, a_record_that_was_reaped_is_given_last);
	tcase_add_test(tc, they_are_counted_with_ours);

	tc = suite_case(s, "by themselves");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, only_those_who_are_stale_are_reaped);
	tcase_add_test(tc, a_record_changes_hands_unseen);
	tcase_add_test(tc, served_without_a_thread);
	return suite_run(s);
}
