/* SPDX-License-Identifier: MIT */
/*
 * test-control.c - messages from readers to the producer
 *
 * What went wrong elsewhere, by the numbers of the list of defects of SHMX
 * v2.0: a length that wraps (6), a ring too small for its own arithmetic (7),
 * messages attributed to whoever is there now (8), counts and rings of readers
 * that were thought dead (10).
 */
#include "config.h"

#include <shmx/shmx.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "byhand.h"
#include "child.h"
#include "frames.h"
#include "shmx/control.h"
#include "shmx/mail.h"
#include "suite.h"

#define LONG_MS 20000		/* longer than anything takes */

#if defined(SUITE_TSAN) || defined(SUITE_ASAN)
enum { MANY = 8000, ROUNDS = 500, KILLS = 20 };
#else
enum { MANY = 40000, ROUNDS = 3000, KILLS = 60 };
#endif

/* ------------------------------------------------------- the ring alone -- */

static struct shmx_control_ring *ring;
static struct shmx_control_out out;
static struct shmx_control_in in;
static uint64_t got_words[SHMX_CONTROL_MAX / 8];
static unsigned char *const got = (unsigned char *)got_words;

static void
new_ring(void)
{
	ring = aligned_alloc(64, sizeof(*ring));
	ck_assert_ptr_nonnull(ring);
	memset(ring, 0xa5, sizeof(*ring));
	shmx_control_in_init(&in, ring);
	ck_assert_int_eq(shmx_control_out_init(&out, ring), 0);
}

static void
free_ring(void)
{
	free(ring);
}

static unsigned char
byte_of(uint32_t message, uint32_t i)
{
	return (unsigned char)(message * 31 + i * 7 + (i >> 8));
}

static int
put(uint32_t n, uint32_t bytes)
{
	unsigned char data[SHMX_CONTROL_MAX];
	uint32_t i;

	for (i = 0; i < bytes; i++)
		data[i] = byte_of(n, i);
	return shmx_control_put(&out, n, data, bytes);
}

static void
take(uint32_t n, uint32_t bytes)
{
	uint32_t type = 0, length = 0, i;

	ck_assert_int_eq(shmx_control_take(&in, &type, &length, got), 0);
	ck_assert_uint_eq(type, n);
	ck_assert_uint_eq(length, bytes);
	for (i = 0; i < bytes; i++)
		ck_assert_uint_eq(got[i], byte_of(n, i));
}

static int
try_take(void)
{
	uint32_t type, length;

	return shmx_control_take(&in, &type, &length, got);
}

START_TEST(every_length_at_every_place)
{
	uint32_t n = 1, before, bytes;

	/* From each place that a message may start at. */
	for (before = 0; before < SHMX_CONTROL_DATA / 16; before++)
		for (bytes = 0; bytes <= SHMX_CONTROL_MAX; bytes += 43) {
			if (put(n, bytes) == -ENOBUFS) {
				/* Only its pad was: from the start, then. */
				ck_assert_int_eq(try_take(), -EAGAIN);
				ck_assert_int_eq(put(n, bytes), 0);
			}
			take(n++, bytes);
			ck_assert_int_eq(try_take(), -EAGAIN);
			ck_assert_int_eq(put(n, 0), 0);
			take(n++, 0);
		}
}
END_TEST

START_TEST(as_many_as_fit)
{
	uint32_t n, i;

	for (n = 1; put(n, 8) == 0; n++)
		continue;
	ck_assert_uint_eq(n - 1, SHMX_CONTROL_DATA / 16);
	ck_assert_int_eq(put(n, 8), -ENOBUFS);
	take(1, 8);
	ck_assert_int_eq(put(n, 24), -ENOBUFS);
	ck_assert_int_eq(put(n, 8), 0);
	for (i = 2; i <= n; i++)
		take(i, 8);
	ck_assert_int_eq(try_take(), -EAGAIN);
}
END_TEST

START_TEST(the_longest_message_waits_for_room)
{
	int i;

	ck_assert_int_eq(put(1, 100), 0);
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(put(2, SHMX_CONTROL_MAX), -ENOBUFS);
	take(1, 100);
	ck_assert_int_eq(put(2, SHMX_CONTROL_MAX), -ENOBUFS);
	ck_assert_int_eq(try_take(), -EAGAIN);
	ck_assert_int_eq(put(2, SHMX_CONTROL_MAX), 0);
	ck_assert_int_eq(put(3, 0), -ENOBUFS);
	take(2, SHMX_CONTROL_MAX);
}
END_TEST

START_TEST(what_is_left_is_kept)
{
	struct shmx_control_ring *copy = aligned_alloc(64, sizeof(*copy));
	uint32_t n, end;

	for (n = 1; n <= 40; n++) {
		ck_assert_int_eq(put(n, 16), 0);
		take(n, 16);
	}
	for (end = 1; put(end, 16) == 0; end++)
		continue;
	take(1, 16);
	shmx_control_keep(&in, copy);
	memset(ring, 0, sizeof(*ring));
	for (n = 2; n < end; n++)
		take(n, 16);
	ck_assert_int_eq(try_take(), -EAGAIN);
	free(copy);
}
END_TEST

/* Nonsense that a reader may write, at the start of its ring. */
static const struct nonsense {
	uint64_t written;
	struct shmx_tlv tlv;
} nonsense[] = {
	{ 16, { 7, 9 } },			/* longer than what is there */
	{ 16, { 7, 0xfffffff8 } },		/* 6: wraps */
	{ 2032, { 7, 0xfffffff0 } },
	{ 2032, { 7, 0x7fffffff } },
	{ 2032, { 7, 2025 } },			/* longer than the ring */
	{ 2032, { 0, 0xffffffff } },		/* a pad can lie too */
	{ 2048, { 7, 0 } },			/* more than there can be */
	{ 8, { 7, 0 } },			/* between two places */
	{ 17, { 7, 0 } },
	{ UINT64_MAX - 15, { 7, 0 } },		/* backwards */
	{ UINT64_C(1) << 63, { 7, 0 } },
};

START_TEST(nonsense_is_seen)
{
	const struct nonsense *x = &nonsense[_i];

	memcpy(ring->data, &x->tlv, sizeof(x->tlv));
	shmx_store_release(&ring->written, x->written);
	ck_assert_int_eq(try_take(), -EPROTO);
	ck_assert_int_eq(try_take(), -EPROTO);
}
END_TEST

START_TEST(nothing_is_split_over_the_end)
{
	const struct shmx_tlv over = { 7, 24 };

	ck_assert_int_eq(put(1, 2000), 0);
	take(1, 2000);
	memcpy(ring->data + 2016, &over, sizeof(over));
	shmx_store_release(&ring->written, 2016 + 32);
	ck_assert_int_eq(try_take(), -EPROTO);
}
END_TEST

START_TEST(a_cursor_of_the_producers_is_checked)
{
	shmx_store_release(&ring->read, 16);
	ck_assert_int_eq(put(1, SHMX_CONTROL_MAX), 0);
	ck_assert_int_eq(put(2, 0), 0);		/* believed, as it could be */
	shmx_store_release(&ring->read, 1 << 20);
	while (put(3, 8) == 0)
		continue;
	ck_assert_int_eq(put(3, 8), -EPROTO);
	ck_assert_int_eq(shmx_control_out_init(&out, ring), -EPROTO);
}
END_TEST

/* Where somebody is said to have left off. */
START_TEST(who_begins_checks_both_cursors)
{
	static const struct {
		uint64_t read;
		uint64_t written;
		int ret;
	} cursors[] = {
		{ 160, 160, 0 },
		{ 160, 160 + SHMX_CONTROL_DATA, 0 },	/* full */
		{ 160, 160 + SHMX_CONTROL_DATA + 16, -EPROTO },
		{ 160, 160 - 16, -EPROTO },
		{ 160, 160 + 8, -EPROTO },
		{ 160, UINT64_C(1) << 63, -EPROTO },
	};
	uint32_t n;

	shmx_store_relaxed(&ring->read, cursors[_i].read);
	shmx_store_relaxed(&ring->written, cursors[_i].written);
	out = (struct shmx_control_out){ .written = 1 };
	ck_assert_int_eq(shmx_control_out_init(&out, ring), cursors[_i].ret);
	if (cursors[_i].ret < 0) {
		ck_assert_uint_eq(out.written, 1);
		ck_assert_ptr_null(out.ring);
		return;
	}
	/* Nothing is lost of what there was, and nothing put over it. */
	for (n = 0; put(n, 8) == 0; n++)
		continue;
	ck_assert_uint_eq(n, (cursors[_i].read + SHMX_CONTROL_DATA -
			      cursors[_i].written) / 16);
}
END_TEST

/* Any bytes at all: no crash, no endless loop. */
START_TEST(garbage_ends)
{
	uint64_t x = 88172645463325252u;
	unsigned round, i;

	for (round = 0; round < MANY / 20; round++) {
		shmx_control_in_init(&in, ring);
		for (i = 0; i < sizeof(ring->data); i += 8) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			/* Short lengths, most of them. */
			memcpy(ring->data + i, &(uint64_t){
			       x & UINT64_C(0x0000007f000000ff) }, 8);
		}
		shmx_store_release(&ring->written, (x % 128) * 16);
		for (i = 0; try_take() == 0; i++)
			ck_assert_uint_lt(i, 128);
	}
}
END_TEST

static void
fill_with(uint32_t type, uint32_t length)
{
	const struct shmx_tlv tlv = { type, length };
	uint32_t at;

	for (at = 0; at < SHMX_CONTROL_DATA; at += 16)
		memcpy(ring->data + at, &tlv, sizeof(tlv));
}

/* Nobody needs two pads in a row, and they could go on for ever. */
START_TEST(nothing_but_pads_is_nonsense)
{
	fill_with(SHMX_CONTROL_PAD, 8);
	shmx_store_release(&ring->written, 2 * 16);
	ck_assert_int_eq(try_take(), -EAGAIN);
	shmx_store_release(&ring->written, 2 * 16 + SHMX_CONTROL_DATA);
	ck_assert_int_eq(try_take(), -EPROTO);
}
END_TEST

/* The ring is always full again. */
static void *
write_for_ever(void *done)
{
	while (shmx_load_relaxed((shmx_a32 *)done) == 0)
		shmx_store_release(&ring->written, SHMX_CONTROL_DATA +
				   shmx_load_acquire(&ring->read));
	return NULL;
}

/* Whom a reader keeps busy is the producer, under its host's lock. */
START_TEST(what_is_passed_over_ends)
{
	struct shmx_mailbox *box, *bad;
	struct shmx_control m;
	struct shmx_mail mail;
	pthread_t thread;
	uint64_t before;
	shmx_a32 done;
	int i;

	shmx_store_relaxed(&done, 0);
	shmx_mail_init(&mail);
	ck_assert_int_eq(shmx_mailbox_create(&box, ring, 1, 1, "bad"), 0);
	shmx_mail_open(&mail, box);
	ck_assert_int_eq(shmx_mail_receive(&mail, &m, got, &bad), 0);
	ck_assert_uint_eq(m.type, SHMX_CONTROL_HELLO);
	fill_with(SHMX_CONTROL_BYE, 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, write_for_ever, &done),
			 0);
	for (i = 0; i < MANY / 10; i++) {
		before = box->in.read;
		ck_assert_int_eq(shmx_mail_receive(&mail, &m, got, &bad),
				 -EAGAIN);
		ck_assert_uint_le(box->in.read - before, SHMX_CONTROL_DATA);
	}
	shmx_store_relaxed(&done, 1);
	pthread_join(thread, NULL);
	shmx_mail_finish(&mail);
}
END_TEST

static void *
put_many(void *arg)
{
	uint32_t n;

	(void)arg;
	for (n = 1; n <= MANY; n++)
		while (shmx_control_put(&out, n, &n, sizeof(n)) == -ENOBUFS)
			sched_yield();
	return NULL;
}

/* On one mapping, for the thread sanitizer. */
START_TEST(one_thread_puts_another_takes)
{
	uint32_t n, type, bytes;
	pthread_t thread;
	int ret;

	ck_assert_int_eq(pthread_create(&thread, NULL, put_many, NULL), 0);
	for (n = 1; n <= MANY; n++) {
		while ((ret = shmx_control_take(&in, &type, &bytes, got)) ==
		       -EAGAIN)
			sched_yield();
		if (ret != 0 || type != n || bytes != 4 ||
		    memcmp(got, &n, 4) != 0)
			ck_abort_msg("message %u: %d, type %u, %u bytes",
				     n, ret, type, bytes);
	}
	pthread_join(thread, NULL);
}
END_TEST

/* ---------------------------------------------------------- the producer -- */

static struct shmx_producer *p;

static void
open_ring(uint32_t flags)
{
	static const struct shmx_stream picture = {
		.kind = SHMX_STREAM_IMAGE, .id = 1, .name = "picture",
		.width = 64, .height = 48, .format = SHMX_XRGB8888,
	};
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;

	o.streams = &picture;
	o.stream_count = 1;
	o.slots = 16;
	o.flags = flags;
	ck_assert_msg(shmx_producer_open(&p, "test", &o) == 0, "%s",
		      shmx_error());
}

static struct shmx_producer_stats
stats(void)
{
	struct shmx_producer_stats s;

	shmx_producer_stats(p, &s, sizeof(s));
	return s;
}

static void
await_readers(uint32_t n)
{
	int i;

	for (i = 0; i < 4000 && stats().readers != n; i++)
		usleep(5000);
	ck_assert_uint_eq(stats().readers, n);
}

/* The next message, from whomever. */
static struct shmx_control
receive(void)
{
	struct shmx_control m = { .type = 0 };

	ck_assert_msg(shmx_control_wait(p, LONG_MS) == 0, "%s", shmx_error());
	ck_assert_int_eq(shmx_control_receive(p, &m), 0);
	ck_assert_uint_eq((uintptr_t)m.data % 8, 0);
	return m;
}

static struct shmx_control
receive_type(uint32_t type)
{
	struct shmx_control m = receive();

	ck_assert_uint_eq(m.type, type);
	return m;
}

static void
receive_nothing(void)
{
	struct shmx_control m;

	ck_assert_int_eq(shmx_control_receive(p, &m), -EAGAIN);
}

/* --------------------------------------------------------- the readers -- */

/* A reader that does what it is told. */
static void
obey(int line, void *arg)
{
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	struct shmx_reader *r = NULL;
	uint32_t n = 0, order;

	o.label = arg;
	o.holds = 1;
	while (child_ask(line, &order, sizeof(order)), order != 0) {
		switch (order) {
		case 'o':
			expect(shmx_reader_open(&r, "test", &o) == 0);
			break;
		case 'c':
			shmx_reader_close(r);
			r = NULL;
			break;
		default:	/* so many messages: 100, 101 ... */
			for (n = 100; n < 100 + order; n++)
				expect(shmx_control_send(r, n, &n, 4) == 0);
		}
		child_say(line, '.');
	}
	shmx_reader_close(r);
}

static void
tell(struct child *c, uint32_t order)
{
	child_tell(c->line, &order, sizeof(order));
	if (order != 0)
		ck_assert_int_eq(child_hear(c->line), '.');
}

static void
start(struct child *c, const char *label)
{
	child_start(c, obey, (void *)(uintptr_t)label);
}

static void
check_from(const struct shmx_control *m, const struct child *c,
	   const char *label)
{
	ck_assert_int_eq(m->pid, c->pid);
	ck_assert_str_eq(m->label, label);
}

/* n messages of a reader, 100 and up. */
static void
receive_numbers(uint64_t reader, uint32_t n)
{
	struct shmx_control m;
	uint32_t i;

	for (i = 100; i < 100 + n; i++) {
		m = receive_type(i);
		ck_assert_uint_eq(m.reader, reader);
		ck_assert_uint_eq(m.bytes, 4);
		ck_assert_mem_eq(m.data, &i, 4);
	}
}

START_TEST(hello_messages_bye)
{
	struct shmx_control m;
	struct child c;
	uint64_t id;

	start(&c, "talker");
	open_ring((uint32_t)_i);
	receive_nothing();
	if (_i == 0) {
		tell(&c, 'o');
		tell(&c, 3);
		tell(&c, 'c');
	} else {
		uint32_t orders[] = { 'o', 3, 'c' };

		/* It is served in shmx_control_wait(). */
		child_tell(c.line, orders, sizeof(orders));
	}
	m = receive_type(SHMX_CONTROL_HELLO);
	check_from(&m, &c, "talker");
	ck_assert_uint_eq(m.bytes, 0);
	id = m.reader;
	receive_numbers(id, 3);
	m = receive_type(SHMX_CONTROL_BYE);
	check_from(&m, &c, "talker");
	ck_assert_uint_eq(m.reader, id);
	ck_assert_int_eq(shmx_control_wait(p, 20), -ETIMEDOUT);
	receive_nothing();
	tell(&c, 0);
	child_end(&c);
	shmx_producer_close(p);
}
END_TEST

/* 8: what a killed reader had sent is its own, and comes before its BYE. */
START_TEST(what_the_dead_left_is_theirs)
{
	struct child first, second;
	struct shmx_control m;
	uint64_t id;

	start(&first, "first");
	start(&second, "second");
	open_ring(0);
	tell(&first, 'o');
	m = receive_type(SHMX_CONTROL_HELLO);
	id = m.reader;
	tell(&first, 50);
	m.pid = (int32_t)first.pid;
	child_kill(&first);
	await_readers(0);
	tell(&second, 'o');
	tell(&second, 4);
	/* The dead first, and all of it. */
	receive_numbers(id, 50);
	m = receive_type(SHMX_CONTROL_BYE);
	ck_assert_uint_eq(m.reader, id);
	ck_assert_str_eq(m.label, "first");
	m = receive_type(SHMX_CONTROL_HELLO);
	check_from(&m, &second, "second");
	ck_assert_uint_ne(m.reader, id);
	receive_numbers(m.reader, 4);
	receive_nothing();
	tell(&second, 0);
	child_end(&second);
	receive_type(SHMX_CONTROL_BYE);
	shmx_producer_close(p);
}
END_TEST

/* Nobody had heard of it when it was gone. */
START_TEST(a_life_unseen_is_told_later)
{
	struct shmx_control m;
	struct child c;

	start(&c, "brief");
	open_ring(0);
	tell(&c, 'o');
	tell(&c, 5);
	child_kill(&c);
	await_readers(0);
	m = receive_type(SHMX_CONTROL_HELLO);
	ck_assert_str_eq(m.label, "brief");
	receive_numbers(m.reader, 5);
	receive_type(SHMX_CONTROL_BYE);
	receive_nothing();
	shmx_producer_close(p);
}
END_TEST

/* As many as are remembered, and they are the last ones. */
START_TEST(lives_unseen_are_bounded)
{
	struct shmx_control m;
	uint64_t last = 0;
	struct child c;
	unsigned i;

	start(&c, "again");
	open_ring(0);
	for (i = 0; i < 100; i++) {
		tell(&c, 'o');
		tell(&c, i < 99 ? 1 : 2);
		tell(&c, 'c');
	}
	await_readers(0);
	for (i = 0; i < 64; i++) {
		m = receive_type(SHMX_CONTROL_HELLO);
		ck_assert_uint_gt(m.reader, last);
		last = m.reader;
		receive_numbers(last, i < 63 ? 1 : 2);
		receive_type(SHMX_CONTROL_BYE);
	}
	receive_nothing();
	tell(&c, 0);
	child_end(&c);
	shmx_producer_close(p);
}
END_TEST

/* Messages are there, and nobody takes them: nothing leaks. */
START_TEST(a_producer_may_close_before_it_has_received)
{
	struct child gone, there;

	start(&gone, "gone");
	start(&there, "there");
	open_ring(0);
	tell(&gone, 'o');
	tell(&gone, 5);
	tell(&there, 'o');
	receive_type(SHMX_CONTROL_HELLO);
	child_kill(&gone);
	await_readers(1);
	shmx_control_wait(p, LONG_MS);
	shmx_producer_close(p);
	tell(&there, 0);
	child_end(&there);
}
END_TEST

/* Sends 1, 2, 3 ... until it is killed. */
static void
send_for_ever(int line, void *arg)
{
	struct shmx_reader *r;
	uint64_t n;
	int ret;

	(void)arg;
	child_hear(line);
	expect(shmx_reader_open(&r, "test", NULL) == 0);
	for (n = 1; ; n++) {
		do {
			ret = shmx_control_send(r, 7, &n, sizeof(n));
		} while (ret == -ENOBUFS);
		expect(ret == 0);
	}
}

/* Killed wherever it was, also within shmx_control_send(). */
START_TEST(killed_at_any_point)
{
	struct shmx_control m;
	uint64_t n, id;
	struct child c;
	bool gone;
	int i;

	for (i = 0; i < KILLS; i++) {
		child_start(&c, send_for_ever, NULL);
		/* Without a thread: a sanitizer's fork has trouble with it. */
		open_ring(SHMX_NO_THREAD);
		child_say(c.line, 'g');
		id = receive_type(SHMX_CONTROL_HELLO).reader;
		gone = false;
		for (n = 1; ; n++) {
			m = receive();
			ck_assert_uint_eq(m.reader, id);
			if (m.type == SHMX_CONTROL_BYE)
				break;
			ck_assert_uint_eq(m.type, 7);
			ck_assert_uint_eq(m.bytes, 8);
			ck_assert_mem_eq(m.data, &n, 8);
			if (n > (uint64_t)i * 37 && !gone) {
				child_kill(&c);
				gone = true;
			}
		}
		ck_assert(gone);
		receive_nothing();
		shmx_producer_close(p);
	}
}
END_TEST

/* -------------------------------------------------------- wrong readers -- */

/* Attach by hand, write a message that is not announced, and be killed. */
static void
write_half(int line, void *arg)
{
	const struct shmx_tlv tlv = { 7, 100 };
	struct shmx_control_ring *c;

	(void)arg;
	child_hear(line);
	c = shmx_record_control(byhand_attach(1));
	memcpy(c->data, &tlv, sizeof(tlv));
	memset(c->data + sizeof(tlv), 0x11, 50);
	child_say(line, 'h');
	pause();
}

START_TEST(half_a_message_was_never_sent)
{
	struct child c;

	child_start(&c, write_half, NULL);
	open_ring(SHMX_NO_THREAD);
	child_say(c.line, 'g');
	receive_type(SHMX_CONTROL_HELLO);
	ck_assert_int_eq(child_hear(c.line), 'h');
	child_kill(&c);
	receive_type(SHMX_CONTROL_BYE);
	receive_nothing();
	shmx_producer_close(p);
}
END_TEST

/* One message that is right, then nonsense; it is shown the door. */
static void
write_nonsense(int line, void *arg)
{
	const struct nonsense *x = arg;
	const struct shmx_tlv good = { 100, 4 };
	const uint32_t number = 100;
	struct shmx_control_ring *c;
	struct shmx_channel ch;
	int conn;

	child_hear(line);
	conn = byhand_connect();
	c = shmx_record_control(byhand_greet(conn, 1));
	byhand_ready(conn);
	memcpy(c->data, &good, sizeof(good));
	memcpy(c->data + 8, &number, sizeof(number));
	memcpy(c->data + 16, &x->tlv, sizeof(x->tlv));
	/* It starts at 16, so 2032 is the end of the ring again. */
	shmx_store_seq_cst(&c->written,
			   x->written < 2032 ? 16 + x->written : x->written);
	expect(shmx_channel_send(conn, SHMX_MSG_NUDGE, NULL, 0, NULL, 0) == 0);
	shmx_channel_init(&ch, conn);
	expect(byhand_receive(&ch) == SHMX_MSG_ERROR);
	shmx_channel_next(&ch);
	expect(byhand_receive(&ch) == 0);
	child_say(line, 'd');
}

START_TEST(nonsense_ends_only_who_wrote_it)
{
	struct child bad, good;
	struct shmx_control m;
	uint64_t good_id;
	int hundreds = 0;

	start(&good, "good");
	child_start(&bad, write_nonsense,
		    (void *)(uintptr_t)&nonsense[_i]);
	open_ring(0);
	tell(&good, 'o');
	good_id = receive_type(SHMX_CONTROL_HELLO).reader;
	child_say(bad.line, 'g');
	m = receive_type(SHMX_CONTROL_HELLO);
	do {
		m = receive();
		ck_assert_int_eq(m.pid, bad.pid);
		hundreds += m.type == 100;
	} while (m.type == 100);
	ck_assert_uint_eq(m.type, SHMX_CONTROL_BYE);
	/* What it says of its end is believed of all of it or nothing. */
	ck_assert_int_eq(hundreds, nonsense[_i].written % 16 == 0 &&
			 nonsense[_i].written <= 2032);
	ck_assert_int_eq(child_hear(bad.line), 'd');
	child_end(&bad);
	tell(&good, 3);
	receive_numbers(good_id, 3);
	ck_assert_uint_eq(stats().readers, 1);
	ck_assert_uint_eq(stats().reaped, 1);
	tell(&good, 0);
	child_end(&good);
	m = receive_type(SHMX_CONTROL_BYE);
	ck_assert_uint_eq(m.reader, good_id);
	/* 10: no count went below 0. */
	ck_assert_uint_eq(stats().readers, 0);
	ck_assert_uint_eq(stats().holds_granted, 0);
	shmx_producer_close(p);
}
END_TEST

/* Nudges without end, and sends nothing. */
static void
nudge_for_ever(int line, void *arg)
{
	int conn;

	(void)arg;
	child_hear(line);
	conn = byhand_connect();
	byhand_greet(conn, 1);
	byhand_ready(conn);
	for (;;)
		(void)shmx_channel_send(conn, SHMX_MSG_NUDGE, NULL, 0, NULL,
					0);
}

START_TEST(whoever_nudges_for_ever_delays_nobody_for_ever)
{
	struct child bad, good;

	start(&good, "good");
	child_start(&bad, nudge_for_ever, NULL);
	open_ring(0);
	child_say(bad.line, 'g');
	receive_type(SHMX_CONTROL_HELLO);
	tell(&good, 'o');
	tell(&good, 10);
	receive_numbers(receive_type(SHMX_CONTROL_HELLO).reader, 10);
	ck_assert_int_eq(shmx_control_wait(p, 20), -ETIMEDOUT);
	child_kill(&bad);
	receive_type(SHMX_CONTROL_BYE);
	tell(&good, 0);
	child_end(&good);
	receive_type(SHMX_CONTROL_BYE);
	shmx_producer_close(p);
}
END_TEST

/* HELLO and BYE in a reader's own words, as v2.0's demo says them. */
static void
pretend(int line, void *arg)
{
	static const uint32_t types[] = {
		SHMX_CONTROL_BYE, 5, SHMX_CONTROL_HELLO, 6,
	};
	struct shmx_control_out o;
	unsigned i;

	(void)arg;
	child_hear(line);
	expect(shmx_control_out_init(&o, shmx_record_control(
				     byhand_attach(1))) == 0);
	for (i = 0; i < BASE_ARRAY_SIZE(types); i++)
		expect(shmx_control_put(&o, types[i], NULL, 0) == 0);
	child_say(line, 's');
}

START_TEST(nobody_says_bye_for_the_library)
{
	struct child c;

	child_start(&c, pretend, NULL);
	open_ring(SHMX_NO_THREAD);
	child_say(c.line, 'g');
	receive_type(SHMX_CONTROL_HELLO);
	ck_assert_int_eq(child_hear(c.line), 's');
	receive_type(5);
	receive_type(6);
	receive_type(SHMX_CONTROL_BYE);
	receive_nothing();
	child_end(&c);
	shmx_producer_close(p);
}
END_TEST

/* ------------------------------------------------------------- sending -- */

static struct shmx_reader *
open_reader(uint32_t flags)
{
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	struct shmx_reader *r = NULL;

	o.flags = flags;
	ck_assert_msg(shmx_reader_open(&r, "test", &o) == 0, "%s",
		      shmx_error());
	return r;
}

START_TEST(sending_says_what_is_wrong)
{
	char data[SHMX_CONTROL_MAX + 1] = "";
	struct shmx_reader *r = open_reader(SHMX_WAIT);

	ck_assert_int_eq(shmx_control_send(r, 1, data, 1), -EPIPE);
	open_ring(0);
	while (shmx_reader_state(r) != SHMX_ATTACHED)
		(void)shmx_wait(r, 10);
	ck_assert_int_eq(shmx_control_send(r, 0, data, 1), -EINVAL);
	ck_assert_int_eq(shmx_control_send(r, SHMX_CONTROL_HELLO, data, 1),
			 -EINVAL);
	ck_assert_int_eq(shmx_control_send(r, SHMX_CONTROL_BYE, data, 1),
			 -EINVAL);
	ck_assert_int_eq(shmx_control_send(r, 1, NULL, 1), -EINVAL);
	ck_assert_int_eq(shmx_control_send(r, 1, data, sizeof(data)),
			 -EMSGSIZE);
	ck_assert_int_eq(shmx_control_send(r, 1, NULL, 0), 0);
	receive_type(SHMX_CONTROL_HELLO);
	receive_type(1);
	ck_assert_int_eq(shmx_control_send(r, 2, data, SHMX_CONTROL_MAX),
			 -ENOBUFS);
	receive_nothing();
	ck_assert_int_eq(shmx_control_send(r, 2, data, SHMX_CONTROL_MAX), 0);
	ck_assert_uint_eq(receive_type(2).bytes, SHMX_CONTROL_MAX);
	shmx_producer_close(p);
	ck_assert_int_eq(shmx_wait(r, LONG_MS), -EPIPE);
	ck_assert_int_eq(shmx_control_send(r, 1, data, 1), -EPIPE);
	shmx_reader_close(r);
}
END_TEST

START_TEST(a_full_ring_is_said_and_counted)
{
	struct shmx_reader_stats s;
	struct shmx_reader *r;
	uint32_t n;

	open_ring(0);
	r = open_reader(0);
	for (n = 100; shmx_control_send(r, n, &n, 4) == 0; n++)
		continue;
	ck_assert_uint_eq(n - 100, SHMX_CONTROL_DATA / 16);
	ck_assert_int_eq(shmx_control_send(r, n, &n, 4), -ENOBUFS);
	ck_assert_ptr_nonnull(strstr(shmx_error(), "has not received"));
	shmx_reader_stats(r, &s, sizeof(s));
	ck_assert_uint_eq(s.sent, n - 100);
	ck_assert_uint_eq(s.unsent, 2);
	receive_numbers(receive_type(SHMX_CONTROL_HELLO).reader, 1);
	ck_assert_int_eq(shmx_control_send(r, n, &n, 4), 0);
	ck_assert_int_eq(shmx_control_send(r, n, &n, 4), -ENOBUFS);
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

struct sender {
	struct shmx_reader *reader;
	uint32_t type;
	pthread_t thread;
};

static void *
send_many(void *arg)
{
	struct sender *s = arg;
	uint32_t n;
	int ret;

	for (n = 1; n <= MANY / 4; n++)
		while ((ret = shmx_control_send(s->reader, s->type, &n,
						sizeof(n))) != 0)
			if (ret != -ENOBUFS)
				abort();
			else
				sched_yield();
	return NULL;
}

/* Two threads of one reader send, and the producer sleeps for each. */
START_TEST(two_threads_send)
{
	struct sender s[2] = { { .type = 0 } };
	uint32_t seen[2] = { 0, 0 }, i;
	struct shmx_control m;
	struct shmx_reader *r;

	open_ring(0);
	r = open_reader(0);
	receive_type(SHMX_CONTROL_HELLO);
	for (i = 0; i < 2; i++) {
		s[i].reader = r;
		s[i].type = 1 + i;
		ck_assert_int_eq(pthread_create(&s[i].thread, NULL, send_many,
						&s[i]), 0);
	}
	while (seen[0] + seen[1] < MANY / 4 * 2) {
		m = receive();
		ck_assert_uint_le(m.type, 2);
		i = ++seen[m.type - 1];
		ck_assert_mem_eq(m.data, &i, 4);
	}
	pthread_join(s[0].thread, NULL);
	pthread_join(s[1].thread, NULL);
	shmx_reader_close(r);
	receive_type(SHMX_CONTROL_BYE);
	shmx_producer_close(p);
}
END_TEST

/* ------------------------------------------------------------- waiting -- */

/* A message for each frame, a frame for each message: none may sleep on. */
static void
ping(int line, void *arg)
{
	struct shmx_reader *r;
	struct shmx_hold *h;
	uint64_t n;

	(void)arg;
	child_hear(line);
	expect(shmx_reader_open(&r, "test", NULL) == 0);
	for (n = 1; n <= ROUNDS; n++) {
		expect(shmx_control_send(r, 1, &n, sizeof(n)) == 0);
		expect(shmx_wait(r, LONG_MS) == 0);
		expect(shmx_hold_latest(r, &h) == 0);
		expect(shmx_frame_info(h)->sequence == n);
		shmx_release(h);
	}
	shmx_reader_close(r);
}

START_TEST(no_wake_up_is_lost)
{
	struct shmx_control m;
	struct child c;
	uint64_t n;

	child_start(&c, ping, NULL);
	open_ring((uint32_t)_i);
	child_say(c.line, 'g');
	receive_type(SHMX_CONTROL_HELLO);
	for (n = 1; n <= ROUNDS; n++) {
		m = receive_type(1);
		ck_assert_mem_eq(m.data, &n, sizeof(n));
		ck_assert_uint_eq(frame_publish(p, n), n);
	}
	receive_type(SHMX_CONTROL_BYE);
	child_end(&c);
	shmx_producer_close(p);
}
END_TEST

static void
ignore(int sig)
{
	(void)sig;
}

static void *
interrupt(void *arg)
{
	usleep(100000);
	pthread_kill(*(pthread_t *)arg, SIGUSR1);
	return NULL;
}

START_TEST(a_signal_ends_the_wait)
{
	struct sigaction sa = { .sa_handler = ignore, .sa_flags = SA_RESTART };
	pthread_t self = pthread_self(), thread;
	uint64_t start_ns;

	sigaction(SIGUSR1, &sa, NULL);
	open_ring((uint32_t)_i);
	ck_assert_int_eq(pthread_create(&thread, NULL, interrupt, &self), 0);
	ck_assert_int_eq(shmx_control_wait(p, LONG_MS), -EINTR);
	pthread_join(thread, NULL);
	start_ns = base_now_ns();
	ck_assert_int_eq(shmx_control_wait(p, 50), -ETIMEDOUT);
	ck_assert_uint_ge(base_now_ns() - start_ns, 50 * BASE_NS_PER_MS);
	ck_assert_int_eq(shmx_control_wait(p, 0), -ETIMEDOUT);
	shmx_producer_close(p);
}
END_TEST

int
main(void)
{
	const int modes = SHMX_NO_THREAD + 1;
	Suite *s = suite_create("control");
	TCase *tc = suite_case(s, "ring");

	tcase_add_checked_fixture(tc, new_ring, free_ring);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, every_length_at_every_place);
	tcase_add_test(tc, as_many_as_fit);
	tcase_add_test(tc, the_longest_message_waits_for_room);
	tcase_add_test(tc, what_is_left_is_kept);
	tcase_add_loop_test(tc, nonsense_is_seen, 0,
			    (int)BASE_ARRAY_SIZE(nonsense));
	tcase_add_test(tc, nothing_is_split_over_the_end);
	tcase_add_test(tc, a_cursor_of_the_producers_is_checked);
	tcase_add_loop_test(tc, who_begins_checks_both_cursors, 0, 6);
	tcase_add_test(tc, garbage_ends);
	tcase_add_test(tc, nothing_but_pads_is_nonsense);
	tcase_add_test(tc, what_is_passed_over_ends);
	tcase_add_test(tc, one_thread_puts_another_takes);

	tc = suite_case(s, "attribution");
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, hello_messages_bye, 0, modes);
	tcase_add_test(tc, what_the_dead_left_is_theirs);
	tcase_add_test(tc, a_life_unseen_is_told_later);
	tcase_add_test(tc, lives_unseen_are_bounded);
	tcase_add_test(tc, a_producer_may_close_before_it_has_received);
	tcase_add_test(tc, killed_at_any_point);

	tc = suite_case(s, "wrong");
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, half_a_message_was_never_sent);
	tcase_add_loop_test(tc, nonsense_ends_only_who_wrote_it, 0,
			    (int)BASE_ARRAY_SIZE(nonsense));
	tcase_add_test(tc, whoever_nudges_for_ever_delays_nobody_for_ever);
	tcase_add_test(tc, nobody_says_bye_for_the_library);

	tc = suite_case(s, "send");
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, sending_says_what_is_wrong);
	tcase_add_test(tc, a_full_ring_is_said_and_counted);
	tcase_add_test(tc, two_threads_send);

	tc = suite_case(s, "wait");
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, no_wake_up_is_lost, 0, modes);
	tcase_add_loop_test(tc, a_signal_ends_the_wait, 0, modes);
	return suite_run(s);
}
