/* SPDX-License-Identifier: MIT */
/*
 * test-evict.c - who is attached, and sending them away
 */
#include "config.h"

#include <shmx/shmx.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "byhand.h"
#include "child.h"
#include "frames.h"
#include "shmx/control.h"
#include "shmx/reader.h"
#include "suite.h"

#define LONG_MS 20000		/* longer than anything takes */

#if defined(SUITE_TSAN) || defined(SUITE_ASAN)
enum { EVICTIONS = 5 };
#else
enum { EVICTIONS = 30 };
#endif

static struct shmx_producer *p;

static void
open_ring(unsigned slots)
{
	static const struct shmx_stream picture = {
		.kind = SHMX_STREAM_IMAGE, .id = 1, .name = "picture",
		.width = 64, .height = 48, .format = SHMX_XRGB8888,
	};
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;

	o.streams = &picture;
	o.stream_count = 1;
	o.slots = slots;
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

/* All readers, when there are n. */
static struct shmx_reader_snapshot *
readers(int n)
{
	static struct shmx_reader_snapshot s[8];
	int i, have = -1;

	for (i = 0; i < 4000 && have != n; i++) {
		have = shmx_producer_readers(p, s, sizeof(s[0]), 8);
		if (have != n)
			usleep(5000);
	}
	ck_assert_int_eq(have, n);
	return s;
}

/* ---------------------------------------------------------- the readers -- */

/* What a reader does when it is told to. */
static void
obey(int line, void *arg)
{
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	struct shmx_hold *h[SHMX_HOLDS_MAX];
	struct shmx_reader *r = NULL;
	unsigned n = 0;
	char order;
	int ret;

	o.label = "obedient";
	o.holds = *(unsigned *)arg;
	while ((order = child_hear(line)) != '\0') {
		switch (order) {
		case 'o':
			ret = shmx_reader_open(&r, "test", &o);
			expect(ret == 0 || ret == -EBUSY);
			order = ret == 0 ? order : 'b';
			break;
		case 'h':	/* hold the newest */
			ret = shmx_hold_latest(r, &h[n]);
			if (ret == 0) {
				n++;
				break;
			}
			expect(ret == -EPIPE);
			expect(shmx_reader_state(r) == SHMX_ABSENT);
			expect(strstr(shmx_error(), "away") != NULL);
			order = 'p';
			break;
		case 'v':	/* is all that is held valid? */
			while (n > 0) {
				expect(shmx_hold_valid(h[n - 1]));
				expect(frame_is_whole(h[n - 1]));
				expect(shmx_hold_valid(h[n - 1]));
				shmx_release(h[--n]);
			}
			break;
		case 'i':	/* invalid? */
			expect(n > 0);
			while (n > 0) {
				expect(!shmx_hold_valid(h[n - 1]));
				shmx_release(h[--n]);
			}
			break;
		case 'w':	/* sent away, and why */
			expect(shmx_wait(r, LONG_MS) == -EPIPE);
			expect(strstr(shmx_error(), "in the way") != NULL);
			expect(strcmp(shmx_error(),
				      shmx_reader_trouble(r)) == 0);
			expect(shmx_reader_state(r) == SHMX_ABSENT);
			break;
		case 'a':	/* and let in again */
			while (shmx_reader_state(r) != SHMX_ATTACHED)
				expect(shmx_wait(r, 10) != -EPIPE);
			break;
		case 's':	/* send a message */
			ret = shmx_control_send(r, 5, "five", 4);
			expect(ret == 0 || ret == -EPIPE);
			order = ret == 0 ? order : 'p';
			break;
		case 'f':	/* feedback */
			expect(n > 0);
			shmx_presented(h[n - 1], 12345);
			break;
		}
		child_say(line, order);
	}
	shmx_reader_close(r);
}

static unsigned holds[] = { 1, 2, 3, 4, 5, 6 };

static void
start(struct child *c, unsigned n)
{
	child_start(c, obey, &holds[n - 1]);
}

static void
answer(struct child *c, char said)
{
	char heard = child_hear(c->line);

	ck_assert_msg(heard == said, "it said %c, not %c", heard, said);
}

static void
tell(struct child *c, const char *orders)
{
	for (; *orders != '\0'; orders++) {
		child_say(c->line, *orders);
		answer(c, *orders);
	}
}

static void
finish(struct child *c)
{
	shutdown(c->line, SHUT_WR);
	child_end(c);
}

/* --------------------------------------------------------------- evict -- */

START_TEST(what_it_held_is_free_at_once)
{
	struct child slow, next;
	unsigned i;

	start(&slow, 6);
	start(&next, 6);
	open_ring(8);
	frame_publish(p, 1);
	tell(&slow, "o");
	for (i = 0; i < 6; i++) {
		frame_publish(p, i + 2);
		tell(&slow, "h");
	}
	frame_publish(p, 8);
	child_say(next.line, 'o');
	answer(&next, 'b');
	ck_assert_uint_eq(stats().slots_held, 6);
	ck_assert_uint_eq(stats().refused, 1);

	ck_assert_int_eq(shmx_producer_evict(p, readers(1)->id,
					     "it is in the way"), 0);
	ck_assert_uint_eq(stats().slots_held, 0);
	ck_assert_uint_eq(stats().holds_granted, 0);
	ck_assert_uint_eq(stats().evicted, 1);
	ck_assert_uint_eq(stats().readers, 0);
	tell(&next, "oh");
	/* More than there are slots. */
	for (i = 0; i < 20; i++)
		ck_assert_uint_ne(frame_publish(p, 9 + i), 0);
	tell(&slow, "wi");
	tell(&next, "v");
	ck_assert_uint_eq(stats().dropped, 0);
	finish(&slow);
	finish(&next);
	shmx_producer_close(p);
}
END_TEST

START_TEST(a_stopped_reader_learns_it_later)
{
	struct child c;
	int i;

	start(&c, 2);
	open_ring(8);
	frame_publish(p, 1);
	tell(&c, "oh");
	child_stop(&c);
	ck_assert_int_eq(shmx_producer_evict(p, readers(1)->id,
					     "it is in the way"), 0);
	for (i = 2; i < 30; i++)
		ck_assert_uint_ne(frame_publish(p, (uint64_t)i), 0);
	child_go_on(&c);
	/* Without having heard of it. */
	tell(&c, "i");
	tell(&c, "w");
	finish(&c);
	shmx_producer_close(p);
}
END_TEST

/* Nothing can be held any more, and nothing sent, from then on. */
START_TEST(it_cannot_go_on_unawares)
{
	const char order = _i == 0 ? 'h' : 's';
	struct child c;

	start(&c, 2);
	open_ring(8);
	frame_publish(p, 1);
	tell(&c, "o");
	ck_assert_int_eq(shmx_producer_evict(p, readers(1)->id,
					     "it is in the way"), 0);
	child_say(c.line, order);
	answer(&c, 'p');
	finish(&c);
	shmx_producer_close(p);
}
END_TEST

/* What a reader is told, word by word. */
static void
hear_no_reason(int line, void *arg)
{
	const struct shmx_refusal *r;
	struct shmx_channel ch;
	int conn;

	(void)arg;
	expect(child_hear(line) == 'g');
	conn = byhand_connect();
	(void)byhand_greet(conn, 1);
	byhand_ready(conn);
	shmx_channel_init(&ch, conn);
	expect(byhand_receive(&ch) == SHMX_MSG_ERROR);
	r = shmx_channel_body(&ch, sizeof(*r), 0);
	expect(r != NULL && strstr(r->text, "no reason was given") != NULL);
}

START_TEST(no_reason_need_be_given)
{
	struct child c;

	child_start(&c, hear_no_reason, NULL);
	open_ring(8);
	child_say(c.line, 'g');
	ck_assert_int_eq(shmx_producer_evict(p, readers(1)->id, NULL), 0);
	child_end(&c);
	shmx_producer_close(p);
}
END_TEST

START_TEST(it_may_come_again)
{
	struct child c;
	uint64_t id;

	start(&c, 2);
	open_ring(8);
	frame_publish(p, 1);
	tell(&c, "oh");
	id = readers(1)->id;
	ck_assert_int_eq(shmx_producer_evict(p, id, "it is in the way"), 0);
	ck_assert_int_eq(shmx_producer_evict(p, id, "again"), -ENOENT);
	tell(&c, "wi");
	tell(&c, "ahv");
	ck_assert_uint_ne(readers(1)->id, id);
	ck_assert_uint_eq(stats().attached, 2);
	finish(&c);
	shmx_producer_close(p);
}
END_TEST

START_TEST(who_is_not_there_is_not_evicted)
{
	open_ring(8);
	ck_assert_int_eq(shmx_producer_evict(p, 1, "no"), -ENOENT);
	ck_assert_ptr_nonnull(strstr(shmx_error(), "no reader 1"));
	ck_assert_int_eq(shmx_producer_readers(p, NULL, 0, 0), 0);
	shmx_producer_close(p);
}
END_TEST

START_TEST(what_it_sent_is_received)
{
	static const uint32_t types[] = {
		SHMX_CONTROL_HELLO, 5, 5, SHMX_CONTROL_BYE,
	};
	struct shmx_control m;
	struct child c;
	unsigned i;

	start(&c, 2);
	open_ring(8);
	tell(&c, "oss");
	ck_assert_int_eq(shmx_producer_evict(p, readers(1)->id,
					     "it is in the way"), 0);
	for (i = 0; i < BASE_ARRAY_SIZE(types); i++) {
		ck_assert_int_eq(shmx_control_receive(p, &m), 0);
		ck_assert_uint_eq(m.type, types[i]);
	}
	ck_assert_int_eq(shmx_control_receive(p, &m), -EAGAIN);
	finish(&c);
	shmx_producer_close(p);
}
END_TEST

/* Whoever is shown the door for nonsense is not to trust what it holds. */
static void
hold_and_misbehave(int line, void *arg)
{
	struct shmx_record *record;
	int conn, i;

	(void)arg;
	child_hear(line);
	conn = byhand_connect();
	record = byhand_greet(conn, 1);
	byhand_ready(conn);
	shmx_store_seq_cst(&shmx_record_control(record)->written, 8);
	child_say(line, 'w');
	for (i = 0; i < 4000 && shmx_load_acquire(&record->evicted) == 0; i++)
		usleep(5000);
	expect(shmx_load_acquire(&record->evicted) == 1);
}

START_TEST(nonsense_is_an_eviction_too)
{
	struct shmx_control m;
	struct child c;

	child_start(&c, hold_and_misbehave, NULL);
	open_ring(8);
	child_say(c.line, 'g');
	answer(&c, 'w');
	readers(1);
	while (shmx_control_receive(p, &m) != 0 || m.type != SHMX_CONTROL_BYE)
		usleep(1000);
	child_end(&c);
	ck_assert_uint_eq(stats().evicted, 0);
	shmx_producer_close(p);
}
END_TEST

/* Whoever broke the rules is told so, also where it is not hung up on. */
START_TEST(nonsense_is_not_passed_over_in_silence)
{
	static const struct shmx_stream picture = {
		.kind = SHMX_STREAM_IMAGE, .id = 1, .name = "picture",
		.width = 64, .height = 48, .format = SHMX_XRGB8888,
	};
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	struct shmx_reader *r = NULL;
	struct shmx_control m;
	char name[32];

	/* In /dev/shm it is everybody's. */
	snprintf(name, sizeof(name), "evict-%d", (int)getpid());
	o.streams = &picture;
	o.stream_count = 1;
	o.flags = _i == 0 ? 0 : SHMX_NAMED;
	ck_assert_int_eq(shmx_producer_open(&p, name, &o), 0);
	ck_assert_int_eq(shmx_reader_open(&r, name, NULL), 0);
	readers(1);
	shmx_store_seq_cst(&shmx_record_control(r->session->record)->written,
			   8);
	while (shmx_control_receive(p, &m) != 0 || m.type != SHMX_CONTROL_BYE)
		usleep(1000);
	ck_assert_int_eq(shmx_wait(r, 2000), -EPIPE);
	ck_assert_ptr_nonnull(strstr(shmx_error(), "makes no sense"));
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

/* A farewell is none: what is held stays. */
START_TEST(the_end_of_the_ring_is_none)
{
	struct child c;

	start(&c, 2);
	open_ring(8);
	frame_publish(p, 1);
	tell(&c, "oh");
	readers(1);
	shmx_producer_close(p);
	tell(&c, "v");
	finish(&c);
}
END_TEST

/* What was read before it was said to be valid was. */
static void
look_closely(int line, void *arg)
{
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	struct shmx_reader *r;
	struct shmx_hold *h;
	bool whole, open = true;
	struct pollfd pfd = { .fd = line, .events = POLLIN };

	(void)arg;
	child_hear(line);
	o.holds = 1;
	expect(shmx_reader_open(&r, "test", &o) == 0);
	child_say(line, 'o');
	while (open) {
		if (shmx_wait(r, 10) < 0 || shmx_hold_latest(r, &h) < 0)
			open = poll(&pfd, 1, 0) == 0;
		else {
			whole = true;
			while (whole && poll(&pfd, 1, 0) == 0 &&
			       shmx_hold_valid(h)) {
				whole = frame_is_whole(h);
				expect(whole || !shmx_hold_valid(h));
			}
			shmx_release(h);
		}
	}
	shmx_reader_close(r);
}

static atomic_bool stop;

static void *
evict_often(void *arg)
{
	struct shmx_reader_snapshot s;
	int n = 0;

	(void)arg;
	while (n < EVICTIONS) {
		usleep(2000);
		if (shmx_producer_readers(p, &s, sizeof(s), 1) == 1 &&
		    shmx_producer_evict(p, s.id, "for the test") == 0)
			n++;
	}
	atomic_store(&stop, true);
	return NULL;
}

START_TEST(valid_means_valid)
{
	pthread_t thread;
	struct child c;
	uint64_t n;

	child_start(&c, look_closely, NULL);
	/* So few that what is free is used next. */
	open_ring(3);
	child_say(c.line, 'g');
	answer(&c, 'o');
	atomic_store(&stop, false);
	ck_assert_int_eq(pthread_create(&thread, NULL, evict_often, NULL), 0);
	for (n = 1; !atomic_load(&stop); n++)
		ck_assert_uint_ne(frame_publish(p, n), 0);
	pthread_join(thread, NULL);
	finish(&c);
	ck_assert_uint_eq(stats().evicted, EVICTIONS);
	shmx_producer_close(p);
}
END_TEST

/* ------------------------------------------------------------- snapshot -- */

START_TEST(a_snapshot_says_who_holds_what)
{
	struct shmx_reader_snapshot *s;
	struct {
		struct shmx_reader_snapshot s;
		uint64_t guard;
	} one = { .guard = 77 };
	struct child a, b;
	uint64_t id;

	start(&a, 2);
	start(&b, 3);
	open_ring(8);
	frame_publish(p, 1);
	tell(&a, "oh");
	id = readers(1)->id;
	frame_publish(p, 2);
	frame_publish(p, 3);
	tell(&a, "hf");
	tell(&b, "oh");
	s = readers(2);
	ck_assert_uint_eq(s[0].id, id);
	ck_assert_int_eq(s[0].pid, a.pid);
	ck_assert_str_eq(s[0].label, "obedient");
	ck_assert_uint_eq(s[0].holds_granted, 2);
	ck_assert_uint_eq(s[0].holds_used, 2);
	ck_assert_uint_eq(s[0].holding[0] + s[0].holding[1], 1 + 3);
	ck_assert_uint_eq(s[0].last_seen, 3);
	ck_assert_uint_eq(s[0].held, 2);
	ck_assert_uint_eq(s[0].skipped, 1);
	ck_assert_uint_eq(s[0].presented_sequence, 3);
	ck_assert_uint_eq(s[0].presented_ns, 12345);
	ck_assert_int_eq(s[1].pid, b.pid);
	ck_assert_uint_eq(s[1].holds_granted, 3);
	ck_assert_uint_eq(s[1].holds_used, 1);
	ck_assert_uint_eq(s[1].holding[0], 3);
	/* No more than there is room for. */
	ck_assert_int_eq(shmx_producer_readers(p, &one.s, sizeof(one.s), 1),
			 2);
	ck_assert_uint_eq(one.s.id, id);
	ck_assert_uint_eq(one.guard, 77);
	/* A caller that knows less. */
	one.s.pid = 0;
	ck_assert_int_eq(shmx_producer_readers(p, &one.s, 8, 1), 2);
	ck_assert_int_eq(one.s.pid, 0);
	tell(&a, "v");
	tell(&b, "v");
	finish(&a);
	finish(&b);
	shmx_producer_close(p);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("evict");
	TCase *tc = suite_case(s, "evict");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, what_it_held_is_free_at_once);
	tcase_add_test(tc, a_stopped_reader_learns_it_later);
	tcase_add_loop_test(tc, it_cannot_go_on_unawares, 0, 2);
	tcase_add_test(tc, no_reason_need_be_given);
	tcase_add_test(tc, it_may_come_again);
	tcase_add_test(tc, who_is_not_there_is_not_evicted);
	tcase_add_test(tc, what_it_sent_is_received);
	tcase_add_test(tc, nonsense_is_an_eviction_too);
	tcase_add_loop_test(tc, nonsense_is_not_passed_over_in_silence, 0, 2);
	tcase_add_test(tc, the_end_of_the_ring_is_none);
	tcase_add_test(tc, valid_means_valid);

	tc = suite_case(s, "snapshot");
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, a_snapshot_says_who_holds_what);
	return suite_run(s);
}
