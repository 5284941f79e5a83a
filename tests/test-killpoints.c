/* SPDX-License-Identifier: MIT */
/*
 * test-killpoints.c - SIGKILL at each point that the protocol names
 *
 * The library here is built with SHMX_KILL_POINTS: lib/shmx/kill.h. For each
 * point, and for each kind of process that comes by there, one is started that
 * does all that it can do, again and again, until it is killed there. Those
 * who were with it, in this process, go on as if nothing had been; what it had
 * can be had again; and its place can be taken.
 */
#include "config.h"

#include <shmx/shmx.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "chance.h"
#include "child.h"
#include "deaths.h"
#include "frames.h"
#include "shmx/atomic.h"
#include "shmx/producer.h"
#include "suite.h"

#ifndef LIVES
#define LIVES 1			/* that each point costs of each kind */
#endif

enum { PATIENCE_S = 20 };	/* to be killed, to notice */

/* ---------------------------------------------------------------- points -- */

/* Who comes by. */
enum {
	LATEST = 1,			/* a reader of the newest frames */
	NEXT = 2,			/* one that takes them in order */
	THREAD = 4,			/* a producer with a service thread */
	LOOP = 8,			/* one without */
	NAMED = 16,			/* a ring in /dev/shm */
	WRITER = 32,			/* joins a ring of another's */
	HOST = 64,			/* has opened one for that */
	EVERY = 128,			/* a reader that gets all frames */
	WAITING = 256,			/* a producer that waits for one */
	APART = 512,			/* has a test of its own below */
};
#define READERS (LATEST | NEXT | EVERY)
#define ALONE (THREAD | LOOP | NAMED | WAITING)
#define PRODUCERS (ALONE | HOST)
#define SEVERAL (WRITER | HOST)

static const struct point {
	const char *name;
	unsigned who;
} points[] = {
	/* holding, in ring.c */
	{ "R1", READERS },
	{ "R2", READERS },
	{ "R3", READERS },
	{ "R3 late", APART },
	{ "E4 before", EVERY },
	{ "E4", EVERY },
	{ "E2", WAITING },
	{ "E3", WAITING },
	{ "R4", READERS },
	{ "R5", READERS },
	{ "S1", READERS },
	{ "S2", READERS },
	{ "S3", READERS },
	/* messages, in control.c */
	{ "C2 pad", READERS },
	{ "C2", READERS },
	{ "C3", READERS },
	{ "nudge", READERS },
	{ "nudged", READERS },
	/* coming and going */
	{ "connected", READERS },
	{ "HELLO", READERS },
	{ "WELCOME", READERS },
	{ "mapped", READERS },
	{ "READY", READERS },
	{ "hear MOVED", READERS },
	{ "go over", READERS },
	{ "detach", READERS },
	{ "swept", APART },
	/* publishing, in ring.c */
	{ "W1", ALONE },
	{ "W2", ALONE },
	{ "W3", ALONE },
	{ "W3 held", APART },
	{ "W3 back", APART },
	{ "begun", PRODUCERS | WRITER },
	{ "W4 meta", PRODUCERS | WRITER },
	{ "W4 damage", ALONE },
	{ "W4", ALONE },
	{ "W5", ALONE },
	{ "W6", ALONE },
	{ "W7", PRODUCERS | WRITER },
	{ "woken", ALONE },
	{ "D1", PRODUCERS },
	{ "D2", PRODUCERS },
	/* admitting and parting */
	{ "accept", PRODUCERS },
	{ "seat", PRODUCERS },
	{ "B1", PRODUCERS | WRITER },
	{ "seated", PRODUCERS },
	{ "welcomed", PRODUCERS },
	{ "attached", PRODUCERS },
	{ "roster", PRODUCERS },
	{ "refused", PRODUCERS },
	{ "evict", PRODUCERS },
	{ "evict said", PRODUCERS },
	{ "reap mail", PRODUCERS },
	{ "reap evicted", PRODUCERS },
	{ "reap set", PRODUCERS },
	{ "reap hangup", PRODUCERS },
	{ "record taken", NAMED | HOST },
	{ "record wiped", NAMED | HOST },
	/* growing */
	{ "grow", THREAD | LOOP | WAITING },
	{ "MOVED", THREAD | LOOP | WAITING },
	{ "all moved", THREAD | LOOP | WAITING },
	{ "grown", THREAD | LOOP | WAITING },
	/* opening and closing */
	{ "locked", PRODUCERS },
	{ "listening", PRODUCERS },
	{ "object made", NAMED },
	{ "object cleared", NAMED },
	{ "object noted", NAMED },
	{ "object linked", NAMED },
	{ "object withdrawn", NAMED },
	{ "unnamed", PRODUCERS },
	{ "ended", PRODUCERS | WRITER },
	{ "BYE", PRODUCERS },
	/* one of several producers, in ring-multi.c, several.c and join.c */
	{ "M2", SEVERAL },
	{ "M3", SEVERAL },
	{ "M4", SEVERAL },
	{ "M4 held", APART },
	{ "M4 back", APART },
	{ "M6", SEVERAL },
	{ "M7", SEVERAL },
	{ "M8", SEVERAL },
	{ "M9", SEVERAL },
	{ "join HELLO", WRITER },
	{ "join WELCOME", WRITER },
	{ "join mapped", WRITER },
	{ "heard of reader", WRITER },
	{ "abandoned", WRITER },
	{ "join BYE", WRITER },
	{ "join", HOST },
	{ "joined", HOST },
	{ "reap slot", HOST },
	{ "reap writer", HOST },
	/* for readers of SHMX v2.0, in v2.c */
	{ "N1", NAMED },
	{ "N2", NAMED },
	{ "N3", NAMED },
	{ "N4", NAMED },
};

/* One death: whose, and where. */
struct death {
	const struct point *point;
	unsigned who;
	unsigned passage;
	char fault[64];
};

/* /dev/shm has one name space for all tests that run. */
static char name[32];

static uint32_t
flags_of(unsigned who)
{
	return who == LOOP ? SHMX_NO_THREAD : who == NAMED ? SHMX_NAMED :
		who == HOST ? SHMX_MULTI_WRITER :
		who == WAITING ? SHMX_ALLOW_EVERY : 0;
}

/* In a child, which is to die. */
static void
arm(const char *fault)
{
	expect(setenv("SHMX_FAULT", fault, 1) == 0);
}

/* --------------------------------------------------------------- readers -- */

/* What a message says: which it is of its reader's, and how it looks. */
struct message {
	uint64_t number;
	unsigned char rest[192];
};

static size_t
message_bytes(uint64_t number)
{
	return offsetof(struct message, rest) + number * 37 % 192;
}

static void
send_one(struct shmx_reader *r, uint64_t *number)
{
	struct message m = { .number = *number };
	size_t bytes = message_bytes(m.number);
	int ret;

	memset(m.rest, (int)(m.number % 251), sizeof(m.rest));
	ret = shmx_control_send(r, 1, &m, bytes);
	expect(ret == 0 || ret == -ENOBUFS);
	*number += ret == 0;
}

/* One attachment: frames held alone and two at a time, messages, sleep. */
static void
read_once(unsigned who)
{
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	struct shmx_reader *r;
	struct shmx_hold *h, *old = NULL;
	uint64_t number = 1, last = 0;
	int i, n;

	o.flags = who == EVERY ? SHMX_EVERY : 0;
	expect(shmx_reader_open(&r, name, &o) == 0);
	for (i = 0; i < 60; i++) {
		if (shmx_wait(r, 20) == 0 &&
		    (who == LATEST ? shmx_hold_latest(r, &h) :
		     shmx_hold_next(r, &h)) == 0) {
			expect(frame_is_whole(h));
			expect(who != EVERY || last == 0 ||
			       shmx_frame_info(h)->sequence == last + 1);
			last = shmx_frame_info(h)->sequence;
			shmx_release(old);
			old = h;
		}
		send_one(r, &number);
		if (i % 3 != 0)
			continue;
		shmx_release(old);
		old = NULL;
		/* Not until there is room: it may be waiting for us. */
		for (n = 0; i % 9 == 0 && n < 16; n++)
			send_one(r, &number);
	}
	shmx_release(old);
	shmx_reader_close(r);
}

static void
be_reader(int line, void *arg)
{
	const struct death *d = arg;
	uint64_t deadline = base_now_ns() + PATIENCE_S * BASE_NS_PER_S;

	expect(child_hear(line) == 'g');
	arm(d->fault);
	while (base_now_ns() < deadline)
		read_once(d->who);
}

/* What a producer hears of its readers; the last one's. */
struct heard {
	uint64_t reader;
	uint64_t number;
	bool bye;
};

/* In order, none missing, each as it was sent, up to the last one's BYE. */
static void
receive(struct shmx_producer *p, uint64_t except, struct heard *heard)
{
	struct shmx_control m;
	struct message what;

	while (shmx_control_receive(p, &m) == 0) {
		if (m.reader == except)
			continue;
		if (m.type == SHMX_CONTROL_HELLO) {
			*heard = (struct heard){ .reader = m.reader };
			continue;
		}
		ck_assert_uint_eq(m.reader, heard->reader);
		ck_assert(!heard->bye);
		heard->bye = m.type == SHMX_CONTROL_BYE;
		if (heard->bye)
			continue;
		ck_assert_uint_eq(m.type, 1);
		ck_assert_uint_ge(m.bytes, offsetof(struct message, rest));
		memcpy(&what, m.data, m.bytes);
		ck_assert_uint_eq(what.number, ++heard->number);
		ck_assert_uint_eq(m.bytes, message_bytes(what.number));
		for (; m.bytes > offsetof(struct message, rest); m.bytes--)
			ck_assert_uint_eq(((unsigned char *)&what)
					  [m.bytes - 1], what.number % 251);
	}
}

static struct shmx_producer *
open_for_readers(void)
{
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	struct shmx_producer *p;

	o.streams = &deaths_picture;
	o.stream_count = 1;
	o.history = 3;
	/* Whoever wants every frame gets them; others are not waited for. */
	o.flags = SHMX_ALLOW_EVERY;
	ck_assert_msg(shmx_producer_open(&p, name, &o) == 0, "%s",
		      shmx_error());
	return p;
}

static void
grow(struct shmx_producer *p)
{
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;

	o.streams = &deaths_picture;
	o.stream_count = 1;
	ck_assert_msg(shmx_producer_grow(p, &o) == 0, "%s", shmx_error());
}

/* Publish to it, hear what it says, and grow, until it is dead. */
static void
produce_until_dead(struct shmx_producer *p, struct child *c, unsigned who,
		   uint64_t except, uint64_t *n, struct heard *heard)
{
	unsigned i;

	do {
		/* More than fit: it sleeps, and may be waiting for the dead. */
		for (i = 0; i < (who == EVERY ? 12 : 1); i++, (*n)++)
			ck_assert_uint_eq(frame_publish(p, *n), *n);
		/* Asleep most of the time, so that it has to nudge. */
		(void)shmx_control_wait(p, 1);
		if (*n % 4 == 0)
			receive(p, except, heard);
		if (*n % 64 < i)
			grow(p);
	} while (!child_has_died(c));
}

static void
kill_reader(struct death *d)
{
	struct heard heard = { .bye = true };
	struct shmx_reader_snapshot s[2];
	struct shmx_producer *p;
	struct shmx_reader *other;
	struct shmx_hold *held;
	struct child c;
	uint64_t n = 1;
	unsigned i;

	child_start(&c, be_reader, d);
	p = open_for_readers();
	ck_assert_int_eq(shmx_reader_open(&other, name, NULL), 0);
	ck_assert_uint_eq(frame_publish(p, n), n);
	n++;
	ck_assert_int_eq(shmx_hold_latest(other, &held), 0);
	while (shmx_producer_readers(p, s, sizeof(s[0]), 2) != 1)
		usleep(100);
	child_say(c.line, 'g');
	produce_until_dead(p, &c, d->who, s[0].id, &n, &heard);
	/* Its quota is there again, and every slot. */
	deaths_check_gone(p, 1, 2);
	receive(p, s[0].id, &heard);
	ck_assert(heard.bye);
	for (i = 0; i < 30; i++, n++)
		ck_assert_uint_eq(frame_publish(p, n), n);
	deaths_check_gone(p, 1, 2);
	ck_assert(frame_is_whole(held));
	ck_assert_uint_eq(shmx_frame_info(held)->sequence, 1);
	shmx_release(held);
	shmx_reader_close(other);
	deaths_check_gone(p, 0, 0);
	shmx_producer_close(p);
}

/* ------------------------------------------------------------- producers -- */

/* Send away whoever is called a victim. */
static unsigned
evict_victims(struct shmx_producer *p)
{
	struct shmx_reader_snapshot s[8];
	int i, n = shmx_producer_readers(p, s, sizeof(s[0]), 8);
	unsigned evicted = 0;

	for (i = 0; i < n && i < 8; i++)
		if (strcmp(s[i].label, "victim") == 0)
			evicted += shmx_producer_evict(p, s[i].id,
						       "for a test") == 0;
	return evicted;
}

static void
add_stream(struct shmx_producer *p, uint32_t id)
{
	const struct shmx_stream s = {
		.kind = SHMX_STREAM_DATA,
		.id = id,
		.name = "numbers",
		.element_type = SHMX_U32,
		.capacity = 16,
	};
	int ret = shmx_producer_add_stream(p, &s);

	expect(ret == 0 || ret == -ENOSPC);
}

static void
grow_if_possible(struct shmx_producer *p, unsigned who)
{
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;

	o.streams = &deaths_picture;
	o.stream_count = 1;
	o.directory_bytes = 4000;
	o.frame_bytes = 20000;
	if (who == THREAD || who == LOOP || who == WAITING)
		expect(shmx_producer_grow(p, &o) == 0);
}

/* From opening to closing, with all that a producer can do between. */
static void
produce_once(unsigned who)
{
	struct shmx_producer *p = deaths_producer(name, flags_of(who));
	struct shmx_producer_stats stats = { .published = 0 };
	struct shmx_control m;
	unsigned n, evicted = 0;

	expect(p != NULL);
	for (n = 1; n < 2000; n++) {
		frame_publish(p, n);
		if (n % 8 == 3)
			add_stream(p, n + 1);
		if (n % 8 == 5)
			evicted += evict_victims(p);
		if (n % 32 == 31)
			grow_if_possible(p, who);
		while (shmx_control_receive(p, &m) == 0)
			continue;
		if (who == LOOP)
			shmx_producer_service(p);
		else
			usleep(200);
		shmx_producer_stats(p, &stats, sizeof(stats));
		if (n > 80 && evicted > 0 && stats.reaped > 2)
			break;
	}
	shmx_producer_close(p);
}

static void
be_producer(int line, void *arg)
{
	const struct death *d = arg;
	uint64_t deadline = base_now_ns() + PATIENCE_S * BASE_NS_PER_S;

	(void)line;
	arm(d->fault);
	while (base_now_ns() < deadline)
		produce_once(d->who);
}

/* Those who live with it, all in this thread. */
struct readers {
	struct shmx_reader *watcher;	/* takes frames as they come */
	struct shmx_reader *keeper;	/* holds one */
	struct shmx_hold *kept;
	uint64_t kept_is;		/* which frame that is */
	struct shmx_reader *victim;	/* NULL while it is none */
	struct shmx_producer *partner;	/* NULL, or publishes as well */
	struct shmx_reader *every;	/* NULL, or gets all frames */
	uint64_t every_had;		/* the last one; 0 */
};

static struct shmx_reader *
open_patient(void)
{
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	struct shmx_reader *r;

	o.flags = SHMX_WAIT;
	o.holds = 1;
	ck_assert_msg(shmx_reader_open(&r, name, &o) == 0, "%s", shmx_error());
	return r;
}

/*
 * Whole as frame_is_whole() has it; or read as SHMX v2.0 has it, from the
 * object of a named ring whose socket has just gone: which frame it is of is
 * then not said.
 */
static bool
is_whole(struct shmx_hold *h)
{
	const struct shmx_frame_info *info = shmx_frame_info(h);
	const uint32_t *pixels = shmx_frame_pixels(h);
	uint32_t i;

	if (!info->copied)
		return frame_is_whole(h);
	for (i = 0; pixels != NULL && i < info->width * info->height; i++)
		if ((pixels[i] ^ i) != pixels[0])
			return false;
	return pixels != NULL && info->stride == info->width * 4;
}

/* The newest frame, if there is a new one; else NULL. */
static struct shmx_hold *
hold(struct shmx_reader *r, int timeout_ms)
{
	struct shmx_hold *h;
	int ret;

	ret = shmx_wait(r, timeout_ms);
	ck_assert_msg(ret == 0 || ret == -EPIPE || ret == -ETIMEDOUT, "%s",
		      shmx_error());
	ret = shmx_hold_latest(r, &h);
	ck_assert_msg(ret == 0 || ret == -EPIPE || ret == -EAGAIN, "%s",
		      shmx_error());
	return ret < 0 ? NULL : h;
}

/* Whatever is to be had is whole. */
static void
watch(struct shmx_reader *r, int timeout_ms)
{
	struct shmx_hold *h = hold(r, timeout_ms);

	ck_assert(h == NULL || is_whole(h));
	shmx_release(h);
}

static void
keep(struct readers *all)
{
	if (all->kept == NULL) {
		(void)shmx_wait(all->keeper, 0);
		if (shmx_hold_latest(all->keeper, &all->kept) < 0)
			return;
		all->kept_is = shmx_frame_info(all->kept)->input_sequence;
	}
	ck_assert(shmx_hold_valid(all->kept));
	ck_assert(is_whole(all->kept));
	ck_assert_uint_eq(shmx_frame_info(all->kept)->input_sequence,
			  all->kept_is);
}

/* Who does not wait may find nobody, or somebody who is just dying. */
static struct shmx_reader *
try_to_open(const char *label, unsigned holds)
{
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	struct shmx_reader *r;
	int ret;

	o.label = label;
	o.holds = holds;
	ret = shmx_reader_open(&r, name, &o);
	if (ret == 0)
		return r;
	ck_assert_msg(ret == -ENOENT || ret == -ECONNRESET || ret == -EPIPE ||
		      (ret == -EBUSY && holds == 7), "%d: %s", ret,
		      shmx_error());
	return NULL;
}

static void
come_and_go(void)
{
	struct shmx_reader *r = try_to_open("leaver", 1);

	ck_assert_ptr_null(try_to_open("too greedy", 7));
	if (r == NULL)
		return;
	watch(r, 0);
	shmx_reader_close(r);
}

/*
 * What it has is whole as long as it is not sent away, of which it is not
 * asked first: it lingers, so that this happens with a frame in its hand.
 */
static void
be_victim(struct readers *all)
{
	struct shmx_hold *h;

	if (all->victim == NULL)
		all->victim = try_to_open("victim", 1);
	if (all->victim == NULL)
		return;
	h = hold(all->victim, 0);
	if (h != NULL) {
		usleep(1000);
		ck_assert(is_whole(h) || !shmx_hold_valid(h));
		shmx_release(h);
	}
	if (shmx_reader_state(all->victim) == SHMX_ATTACHED)
		return;
	shmx_reader_close(all->victim);
	all->victim = NULL;
}

static void
inspect(void)
{
	struct shmx_inspect_ring ring;
	struct shmx_inspector *i;

	if (shmx_inspect_open(&i, name) < 0)
		return;
	(void)shmx_inspect_snapshot(i, &ring, sizeof(ring));
	shmx_inspect_close(i);
}

/* Take a frame, the next one: slowly, so that the producer has to wait. */
static void
take_every(struct readers *all)
{
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	const struct shmx_frame_info *info;
	struct shmx_hold *h;
	int ret;

	o.flags = SHMX_WAIT | SHMX_EVERY;
	o.holds = 1;
	if (all->every == NULL)
		ck_assert_msg(shmx_reader_open(&all->every, name, &o) == 0,
			      "%s", shmx_error());
	ret = shmx_wait(all->every, 1);
	if (ret == 0)
		ret = shmx_hold_next(all->every, &h);
	/* The next producer's begin anew. */
	if (ret == -EPIPE)
		all->every_had = 0;
	if (ret < 0)
		return;
	info = shmx_frame_info(h);
	ck_assert(frame_is_whole(h));
	if (all->every_had != 0)
		ck_assert_uint_eq(info->sequence, all->every_had + 1);
	all->every_had = info->sequence;
	shmx_release(h);
}

/* Join its ring, publish, and leave now and then. */
static void
be_partner(struct readers *all, unsigned i)
{
	int ret;

	if (all->partner == NULL) {
		ret = shmx_producer_join(&all->partner, name, NULL);
		ck_assert_msg(ret == 0 || ret == -ENOENT || ret == -EPIPE ||
			      ret == -ECONNRESET, "%s", shmx_error());
		if (ret < 0)
			return;
	}
	frame_publish(all->partner, 1000 + i);
	if (i % 8 != 1 && shmx_producer_state(all->partner) == 0)
		return;
	shmx_producer_close(all->partner);
	all->partner = NULL;
}

/* The ring ends with its host, and who joined hears of it. */
static void
check_partner(struct readers *all)
{
	int i;

	if (all->partner == NULL)
		return;
	for (i = 0; i < PATIENCE_S * 1000; i++) {
		if (shmx_producer_state(all->partner) == -EPIPE)
			break;
		usleep(1000);
	}
	ck_assert_int_eq(shmx_producer_state(all->partner), -EPIPE);
	ck_assert_uint_eq(frame_publish(all->partner, 1), 0);
	shmx_producer_close(all->partner);
	all->partner = NULL;
}

/* Nobody hangs: with nothing but its death, they are told of that. */
static void
check_bereft(struct readers *all)
{
	uint64_t deadline = base_now_ns() + PATIENCE_S * BASE_NS_PER_S;

	while (shmx_reader_state(all->watcher) == SHMX_ATTACHED) {
		watch(all->watcher, PATIENCE_S * 1000);
		ck_assert_uint_lt(base_now_ns(), deadline);
	}
	keep(all);
}

static void
check_name_is_free(const char *path)
{
	ck_assert_int_eq(access(path, F_OK), -1);
	deaths_check_no_socket(name);
}

/* The next one is served as if there had been none before. */
static void
check_succession(struct readers *all, unsigned who)
{
	struct shmx_producer *p = deaths_producer(name, flags_of(who) &
						  ~(uint32_t)SHMX_NO_THREAD);
	char path[64];
	uint64_t n;

	ck_assert_ptr_nonnull(p);
	for (n = 1; n < 20; n++)
		ck_assert_uint_eq(frame_publish(p, n), n);
	while (shmx_reader_state(all->watcher) != SHMX_ATTACHED)
		watch(all->watcher, PATIENCE_S * 1000);
	watch(all->watcher, 0);
	keep(all);
	shmx_release(all->kept);
	shmx_reader_close(all->keeper);
	shmx_reader_close(all->watcher);
	shmx_reader_close(all->victim);
	deaths_check_gone(p, 0, 0);
	deaths_check_all_can_be_held(p, name, &n);
	shmx_producer_close(p);
	snprintf(path, sizeof(path), "/dev/shm/%s", name);
	check_name_is_free(path);
}

static void
kill_producer(struct death *d)
{
	struct readers all = { .watcher = NULL };
	struct child c;
	unsigned i;

	child_start(&c, be_producer, d);
	all.watcher = open_patient();
	all.keeper = open_patient();
	for (i = 0; !child_has_died(&c); i++) {
		watch(all.watcher, 2);
		keep(&all);
		/* Or the watcher would never sleep. */
		if (d->who == HOST && i % 4 != 0)
			be_partner(&all, i);
		if (d->who == WAITING)
			take_every(&all);
		if (i % 4 == 1)
			come_and_go();
		if (i % 4 == 2)
			be_victim(&all);
		if (i % 4 == 3)
			inspect();
	}
	check_partner(&all);
	/* What it published is had to the last frame. */
	for (i = 0; i < 100 && all.every != NULL; i++)
		take_every(&all);
	shmx_reader_close(all.every);
	check_bereft(&all);
	check_succession(&all, d->who);
}

/* --------------------------------------------------------------- writers -- */

/* From joining to leaving, a frame begun. */
static void
write_once(void)
{
	struct shmx_producer *p;
	struct shmx_frame f;
	uint64_t n;

	if (shmx_producer_join(&p, name, NULL) < 0) {
		usleep(100);
		return;
	}
	for (n = 1; n < 30; n++) {
		expect(frame_publish(p, n) != 0);
		usleep(100);
	}
	shmx_begin(p, &f);
	shmx_producer_close(p);
}

static void
be_writer(int line, void *arg)
{
	const struct death *d = arg;
	uint64_t deadline = base_now_ns() + PATIENCE_S * BASE_NS_PER_S;

	expect(child_hear(line) == 'g');
	arm(d->fault);
	while (base_now_ns() < deadline)
		write_once();
}

static struct shmx_producer *
open_for_writers(void)
{
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	struct shmx_producer *p;

	o.streams = &deaths_picture;
	o.stream_count = 1;
	o.flags = SHMX_MULTI_WRITER;
	o.writers = 2;
	ck_assert_msg(shmx_producer_open(&p, name, &o) == 0, "%s",
		      shmx_error());
	return p;
}

/* What it had is the others' again: its slot, and its place. */
static void
check_writer_gone(struct shmx_producer *host)
{
	uint64_t deadline = base_now_ns() + PATIENCE_S * BASE_NS_PER_S;
	struct shmx_producer *p = NULL;
	uint32_t s;

	while (shmx_producer_join(&p, name, NULL) < 0) {
		ck_assert_uint_lt(base_now_ns(), deadline);
		usleep(1000);
	}
	ck_assert_ptr_null(shmx_multi_check(&host->region.ring));
	for (s = 0; s < host->region.ring.slots; s++)
		ck_assert_uint_ne(shmx_load_seq_cst(
			&host->region.ring.state[s]) >> 62,
			SHMX_STATE_WRITING);
	ck_assert_uint_gt(frame_publish(p, 1), 0);
	ck_assert_uint_gt(frame_publish(host, 2), 0);
	shmx_producer_close(p);
}

static void
kill_writer(struct death *d)
{
	struct readers all = { .watcher = NULL };
	struct shmx_producer *host;
	struct shmx_reader *r;
	struct child c;
	uint64_t n = 1;

	child_start(&c, be_writer, d);
	host = open_for_writers();
	all.watcher = open_patient();
	all.keeper = open_patient();
	child_say(c.line, 'g');
	do {
		if (n % 4 == 0)
			ck_assert_uint_gt(frame_publish(host, n), 0);
		watch(all.watcher, 2);
		keep(&all);
		/* One of whom it has to be told. */
		r = try_to_open("leaver", 1);
		shmx_reader_close(r);
		n++;
	} while (!child_has_died(&c));
	check_writer_gone(host);
	keep(&all);
	watch(all.watcher, 0);
	shmx_release(all.kept);
	shmx_reader_close(all.keeper);
	shmx_reader_close(all.watcher);
	shmx_producer_close(host);
}

/* ---------------------------------------------------------- all of them -- */

static void
die(const struct point *point, unsigned who, unsigned passage)
{
	struct death d = { point, who, passage, "" };

	snprintf(d.fault, sizeof(d.fault), "kill@%s:%u", point->name, passage);
	/* For when it fails. */
	printf("# %s by %u\n", d.fault, who);
	fflush(stdout);
	if (who & READERS)
		kill_reader(&d);
	else if (who == WRITER)
		kill_writer(&d);
	else
		kill_producer(&d);
}

START_TEST(whoever_dies_there_harms_nobody)
{
	const struct point *point = &points[_i];
	unsigned who, life;
	int i;

	/* Each test begins with the same seed. */
	for (i = 0; i < _i; i++)
		chance(1);
	snprintf(name, sizeof(name), "points-%d", (int)getpid());
	for (who = 1; who < APART; who *= 2)
		for (life = 0; (point->who & who) && life < LIVES; life++)
			die(point, who, chance(2) ? 1 : 1 + chance(8));
}
END_TEST

/* Every point that there is in the library. */
extern const char *const __start_shmx_kill_points[];
extern const char *const __stop_shmx_kill_points[];

START_TEST(all_points_are_known)
{
	const char *const *p;
	unsigned i, n = 0;

	for (p = __start_shmx_kill_points; p < __stop_shmx_kill_points; p++) {
		for (i = 0; i < BASE_ARRAY_SIZE(points); i++)
			if (strcmp(points[i].name, *p) == 0)
				break;
		ck_assert_msg(i < BASE_ARRAY_SIZE(points),
			      "nobody has died at \"%s\"", *p);
		n++;
	}
	ck_assert_uint_ge(n, BASE_ARRAY_SIZE(points));
}
END_TEST

/* -------------------------------------------------- between two of them -- */

static void
check_next(void)
{
	struct shmx_producer *p = deaths_producer(name, 0);
	uint64_t n = 1;

	ck_assert_ptr_nonnull(p);
	deaths_check_all_can_be_held(p, name, &n);
	shmx_producer_close(p);
}

static void
await_stop(const struct child *c)
{
	while (!child_has_stopped(c))
		usleep(100);
}

static void
await_death(struct child *c)
{
	while (!child_has_died(c))
		usleep(100);
}

/* Takes a frame, having been stopped before that. */
static void
hold_late(int line, void *arg)
{
	struct shmx_reader *r;
	struct shmx_hold *h;
	uint64_t n;
	char what;

	expect(child_hear(line) == 'g');
	expect(shmx_reader_open(&r, name, NULL) == 0);
	expect(shmx_wait(r, 10000) == 0);
	arm(arg);
	expect(shmx_hold_latest(r, &h) == 0);
	n = shmx_frame_info(h)->sequence;
	do {
		child_say(line, 'h');
		what = child_hear(line);
		expect(frame_is_whole(h));
		expect(shmx_frame_info(h)->input_sequence == n);
	} while (what == 'g');
	shmx_release(h);
	shmx_reader_close(r);
}

/* The frame that it saw is gone when it gets to hold it, and so is it. */
START_TEST(a_reader_that_came_too_late_dies)
{
	static char fault[] = "stop@R1,kill@R3 late";
	struct shmx_producer *p;
	struct child c;
	uint64_t n;

	snprintf(name, sizeof(name), "points-%d", (int)getpid());
	child_start(&c, hold_late, fault);
	p = deaths_producer(name, 0);
	ck_assert_ptr_nonnull(p);
	ck_assert_uint_eq(frame_publish(p, 1), 1);
	child_say(c.line, 'g');
	await_stop(&c);
	for (n = 2; n < 20; n++)
		ck_assert_uint_eq(frame_publish(p, n), n);
	child_go_on(&c);
	await_death(&c);
	deaths_check_gone(p, 0, 0);
	deaths_check_all_can_be_held(p, name, &n);
	shmx_producer_close(p);
}
END_TEST

static const struct {
	const char *fault;
	uint32_t flags;
} late_faults[] = {
	{ "stop@W1", 0 },
	{ "stop@W1,kill@W3 held", 0 },
	{ "stop@W1,kill@W3 back", 0 },
	{ "stop@M2", SHMX_MULTI_WRITER },
	{ "stop@M2,kill@M4 held", SHMX_MULTI_WRITER },
	{ "stop@M2,kill@M4 back", SHMX_MULTI_WRITER },
};

/* Claims the slot of frame 1, which somebody comes to hold just then. */
static void
claim_what_is_held(int line, void *arg)
{
	const int *i = arg;
	struct shmx_producer *p = deaths_producer(name, late_faults[*i].flags);
	uint64_t n;

	expect(p != NULL);
	expect(frame_publish(p, 1) == 1);
	child_say(line, 'o');
	expect(child_hear(line) == 'g');
	expect(frame_publish(p, 2) == 2);
	arm(late_faults[*i].fault);
	for (n = 3; n < 30; n++)
		expect(frame_publish(p, n) == n);
	child_say(line, 'd');
	child_hear(line);
	shmx_producer_close(p);
}

START_TEST(a_slot_that_was_claimed_and_is_held_stays_as_it_is)
{
	static char stop[] = "stop@R1";
	struct child reader, producer;
	bool dies = strstr(late_faults[_i].fault, "kill") != NULL;

	snprintf(name, sizeof(name), "points-%d", (int)getpid());
	child_start(&reader, hold_late, stop);
	child_start(&producer, claim_what_is_held, &_i);
	ck_assert_int_eq(child_hear(producer.line), 'o');
	child_say(reader.line, 'g');
	await_stop(&reader);
	child_say(producer.line, 'g');
	await_stop(&producer);
	/* R2 and R3, when W1 was and W2 is to come. */
	child_go_on(&reader);
	ck_assert_int_eq(child_hear(reader.line), 'h');
	child_go_on(&producer);
	if (dies)
		await_death(&producer);
	else
		ck_assert_int_eq(child_hear(producer.line), 'd');
	child_say(reader.line, 'g');
	ck_assert_int_eq(child_hear(reader.line), 'h');
	child_say(reader.line, 'q');
	child_end(&reader);
	if (dies) {
		check_next();
	} else {
		child_say(producer.line, 'q');
		child_end(&producer);
	}
}
END_TEST

static void
die_while_sweeping(int line, void *arg)
{
	struct shmx_reader *r;

	(void)arg;
	expect(child_hear(line) == 'g');
	arm("kill@swept");
	(void)shmx_reader_open(&r, name, NULL);
}

static void
produce(int line, void *arg)
{
	struct shmx_producer *p = deaths_producer(name, 0);

	(void)arg;
	expect(p != NULL);
	child_say(line, 'o');
	for (;;)
		pause();
}

/* One that died left its socket; a reader removes that, and dies of it. */
START_TEST(a_reader_that_clears_up_dies)
{
	struct child reader, producer;

	snprintf(name, sizeof(name), "points-%d", (int)getpid());
	child_start(&reader, die_while_sweeping, NULL);
	child_start(&producer, produce, NULL);
	ck_assert_int_eq(child_hear(producer.line), 'o');
	child_kill(&producer);
	child_say(reader.line, 'g');
	await_death(&reader);
	deaths_check_no_socket(name);
	check_next();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("killpoints");
	TCase *tc = suite_case(s, "points");

	chance_seed();
	tcase_set_timeout(tc, 120 + 2 * LIVES);
	tcase_add_test(tc, all_points_are_known);
	tcase_add_loop_test(tc, whoever_dies_there_harms_nobody, 0,
			    BASE_ARRAY_SIZE(points));
	tc = suite_case(s, "between");
	tcase_add_test(tc, a_reader_that_came_too_late_dies);
	tcase_add_loop_test(tc,
			    a_slot_that_was_claimed_and_is_held_stays_as_it_is,
			    0, BASE_ARRAY_SIZE(late_faults));
	tcase_add_test(tc, a_reader_that_clears_up_dies);
	return suite_run(s);
}
