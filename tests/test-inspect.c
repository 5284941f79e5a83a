/* SPDX-License-Identifier: MIT */
/*
 * test-inspect.c - looking at rings, whatever became of who made them
 *
 * The producer and the reader are children which do what they are told: a
 * byte on their line is an order, answered by a byte when it is done.
 */
#include "config.h"

#include <shmx/shmx.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "byhand.h"
#include "child.h"
#include "frames.h"
#include "shmx/region.h"
#include "shmx/rendezvous.h"
#include "shmx/segment.h"
#include "suite.h"
#include "v2/v2.h"

static struct child producer, reader;
static char test_ring[] = "test";

static void
produce(int line, void *arg)
{
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	struct shmx_stream picture = {
		.kind = SHMX_STREAM_IMAGE, .id = 1, .name = "image",
		.width = 64, .height = 48, .format = SHMX_XRGB8888,
	};
	struct shmx_producer *p = NULL;
	uint64_t n = 0;
	char order;

	o.streams = &picture;
	o.stream_count = 1;
	while ((order = child_hear(line)) != '\0') {
		switch (order) {
		case 'o':
			o.flags = 0;
			expect(shmx_producer_open(&p, arg, &o) == 0);
			n = 0;
			break;
		case 'n':
			o.flags = SHMX_NAMED;
			expect(shmx_producer_open(&p, arg, &o) == 0);
			n = 0;
			break;
		case 'm':
			o.flags = SHMX_MULTI_WRITER;
			expect(shmx_producer_open(&p, arg, &o) == 0);
			n = 0;
			break;
		case 'e':
			o.flags = SHMX_NAMED | SHMX_ALLOW_EVERY;
			expect(shmx_producer_open(&p, arg, &o) == 0);
			n = 0;
			break;
		case 'g':
			o.flags = 0;
			picture.width *= 2;
			expect(shmx_producer_grow(p, &o) == 0);
			break;
		case 'p':
			n++;
			expect(frame_publish(p, n) == n);
			break;
		case 'c':
			shmx_producer_close(p);
			p = NULL;
			break;
		}
		child_say(line, order);
	}
	shmx_producer_close(p);
}

static void
read_ring(int line, void *arg)
{
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	struct shmx_reader *r = NULL;
	struct shmx_hold *hold = NULL;
	char order;

	(void)arg;
	o.label = "the reader";
	o.holds = 3;
	while ((order = child_hear(line)) != '\0') {
		switch (order) {
		case 'o':
			expect(shmx_reader_open(&r, "test", &o) == 0);
			break;
		case 'h':
			expect(shmx_hold_latest(r, &hold) == 0);
			break;
		case 'r':
			shmx_release(hold);
			hold = NULL;
			break;
		case 'c':
			shmx_release(hold);
			hold = NULL;
			shmx_reader_close(r);
			r = NULL;
			break;
		}
		child_say(line, order);
	}
}

static void
tell(struct child *c, const char *orders)
{
	for (; *orders != '\0'; orders++) {
		child_say(c->line, *orders);
		ck_assert_int_eq(child_hear(c->line), *orders);
	}
}

/* A ring of seven frames, the fifth of them held. */
static void
start_both(void)
{
	child_start(&producer, produce, test_ring);
	child_start(&reader, read_ring, NULL);
	tell(&producer, "oppppp");
	tell(&reader, "oh");
	tell(&producer, "pp");
}

static void
end_both(void)
{
	if (reader.pid > 0)
		child_kill(&reader);
	if (producer.pid > 0)
		child_kill(&producer);
}

static struct shmx_inspector *
open_test(struct shmx_inspect_ring *ring)
{
	struct shmx_inspector *n;

	ck_assert_msg(shmx_inspect_open(&n, "test") == 0, "%s", shmx_error());
	ck_assert_msg(shmx_inspect_snapshot(n, ring, sizeof(*ring)) == 0,
		      "%s", shmx_error());
	return n;
}

/* -------------------------------------------------------- what is seen -- */

static void
check_slots(const struct shmx_inspector *n)
{
	struct shmx_inspect_slot slot;
	unsigned i, latest = 0, held = 0, published = 0;

	for (i = 0; i < 8; i++) {
		ck_assert_int_eq(shmx_inspect_slot(n, i, &slot,
						   sizeof(slot)), 0);
		published += slot.state == SHMX_SLOT_PUBLISHED;
		if (slot.latest) {
			latest++;
			ck_assert_uint_eq(slot.sequence, 7);
			ck_assert(slot.kept);
		}
		if (slot.readers != 0) {
			held++;
			ck_assert_uint_eq(slot.readers, 1);
			ck_assert_uint_eq(slot.sequence, 5);
			ck_assert_uint_eq(slot.width, 64);
			ck_assert_uint_eq(slot.height, 48);
			ck_assert_uint_gt(slot.published_ns, 0);
		}
	}
	ck_assert_uint_eq(latest, 1);
	ck_assert_uint_eq(held, 1);
	ck_assert_uint_ge(published, 3);
	ck_assert_int_eq(shmx_inspect_slot(n, 8, &slot, sizeof(slot)),
			 -EINVAL);
}

/* What the kernel calls us: under valgrind, something else. */
static const char *
own_name(void)
{
	static char name[32];
	FILE *f = fopen("/proc/self/comm", "re");

	ck_assert_ptr_nonnull(f);
	ck_assert_ptr_nonnull(fgets(name, sizeof(name), f));
	fclose(f);
	name[strcspn(name, "\n")] = '\0';
	return name;
}

static void
check_reader(const struct shmx_inspector *n)
{
	struct shmx_inspect_reader r;
	unsigned i, total = 0;

	ck_assert_int_eq(shmx_inspect_reader(n, 0, &r, sizeof(r)), 0);
	ck_assert_str_eq(r.label, "the reader");
	ck_assert_int_eq(r.pid, reader.pid);
	ck_assert_str_eq(r.program, own_name());
	ck_assert(!r.v2);
	ck_assert(!r.every);
	ck_assert_uint_eq(r.holds_granted, 3);
	ck_assert_uint_eq(r.holds_used, 1);
	ck_assert_uint_eq(r.sequence[0] + r.sequence[1] + r.sequence[2], 5);
	ck_assert_int_eq(__builtin_popcountll(r.slots), 1);
	ck_assert_uint_eq(r.held, 1);
	ck_assert_uint_eq(r.seen, 5);
	ck_assert_uint_gt(r.seen_ns, 0);
	for (i = 0; i < SHMX_LATENCY_BUCKETS; i++)
		total += r.latency[SHMX_STAGE_HELD][i];
	ck_assert_uint_eq(total, 1);
	ck_assert_int_eq(shmx_inspect_reader(n, 1, &r, sizeof(r)), -EINVAL);
}

static void
check_stream(const struct shmx_inspector *n)
{
	struct shmx_inspect_stream s;

	ck_assert_int_eq(shmx_inspect_stream(n, 0, &s, sizeof(s)), 0);
	ck_assert_str_eq(s.name, "image");
	ck_assert_uint_eq(s.id, 1);
	ck_assert_uint_eq(s.width, 64);
	ck_assert_uint_eq(s.height, 48);
	ck_assert_uint_eq(s.format, SHMX_XRGB8888);
	ck_assert(s.present);
	ck_assert_uint_eq(s.bytes, 64 * 4 * 48);
	ck_assert_int_eq(shmx_inspect_stream(n, 1, &s, sizeof(s)), -EINVAL);
}

static void
check_all(const struct shmx_inspector *n, const struct shmx_inspect_ring *ring)
{
	ck_assert_str_eq(ring->name, "test");
	ck_assert_int_eq(ring->kind, SHMX_RING_NATIVE);
	ck_assert_uint_eq(ring->slots, 8);
	ck_assert_uint_eq(ring->slot_count, 8);
	ck_assert_uint_eq(ring->history, 1);
	ck_assert_uint_eq(ring->holds_total, 6);
	ck_assert_uint_eq(ring->holds_granted, 3);
	ck_assert_uint_eq(ring->latest, 7);
	ck_assert_uint_eq(ring->published, 7);
	ck_assert_uint_eq(ring->dropped, 0);
	ck_assert_uint_eq(ring->reader_count, 1);
	ck_assert_uint_eq(ring->stream_count, 1);
	ck_assert_uint_eq(ring->slots_offset + ring->slots * ring->slot_bytes,
			  ring->bytes - SHMX_SLOT_HEAD);
	check_slots(n);
	check_reader(n);
	check_stream(n);
}

START_TEST(a_running_ring)
{
	struct shmx_inspect_ring ring;
	struct shmx_inspector *n = open_test(&ring);

	ck_assert_int_eq(ring.state, SHMX_RING_RUNNING);
	ck_assert(ring.asked);
	ck_assert_int_eq(ring.pid, producer.pid);
	check_all(n, &ring);
	/* What changes is seen, and who comes and goes. */
	tell(&producer, "p");
	tell(&reader, "rc");
	ck_assert_int_eq(shmx_inspect_snapshot(n, &ring, sizeof(ring)), 0);
	ck_assert_uint_eq(ring.latest, 8);
	ck_assert_uint_eq(ring.reader_count, 0);
	ck_assert_uint_eq(ring.holds_granted, 0);
	tell(&reader, "oh");
	ck_assert_int_eq(shmx_inspect_snapshot(n, &ring, sizeof(ring)), 0);
	ck_assert_uint_eq(ring.reader_count, 1);
	ck_assert_uint_eq(ring.holds_granted, 3);
	shmx_inspect_close(n);
}
END_TEST

START_TEST(a_stopped_producer)
{
	struct shmx_inspect_ring ring;
	struct shmx_inspector *n;

	child_stop(&producer);
	n = open_test(&ring);
	ck_assert_int_eq(ring.state, SHMX_RING_STOPPED);
	ck_assert(!ring.asked);
	ck_assert_int_eq(ring.pid, producer.pid);
	check_all(n, &ring);
	/* The same inspector sees it go on. */
	child_go_on(&producer);
	tell(&producer, "p");
	ck_assert_int_eq(shmx_inspect_snapshot(n, &ring, sizeof(ring)), 0);
	ck_assert_int_eq(ring.state, SHMX_RING_RUNNING);
	ck_assert_uint_eq(ring.latest, 8);
	shmx_inspect_close(n);
}
END_TEST

START_TEST(stopped_while_looked_at)
{
	struct shmx_inspect_ring ring;
	struct shmx_inspector *n = open_test(&ring);

	ck_assert(ring.asked);
	child_stop(&producer);
	ck_assert_int_eq(shmx_inspect_snapshot(n, &ring, sizeof(ring)), 0);
	ck_assert_int_eq(ring.state, SHMX_RING_STOPPED);
	check_all(n, &ring);
	shmx_inspect_close(n);
	child_go_on(&producer);
}
END_TEST

/* Stopped readers keep what they hold: the ring outlives its producer. */
START_TEST(readers_outlive_it)
{
	struct shmx_inspect_ring ring;
	struct shmx_inspector *n, *before = open_test(&ring);

	child_stop(&reader);
	child_kill(&producer);
	n = open_test(&ring);
	ck_assert_int_eq(ring.state, SHMX_RING_ORPHANED);
	ck_assert_uint_eq(ring.holders, 1);
	check_all(n, &ring);
	/* So does who was there before. */
	ck_assert_int_eq(shmx_inspect_snapshot(before, &ring, sizeof(ring)),
			 0);
	ck_assert_int_eq(ring.state, SHMX_RING_ORPHANED);
	check_all(before, &ring);
	/* With the reader it is gone. */
	child_kill(&reader);
	ck_assert_int_eq(shmx_inspect_snapshot(n, &ring, sizeof(ring)),
			 -EPIPE);
	shmx_inspect_close(n);
	shmx_inspect_close(before);
	ck_assert_int_eq(shmx_inspect_open(&n, "test"), -ENOENT);
}
END_TEST

START_TEST(it_ends_while_looked_at)
{
	struct shmx_inspect_ring ring;
	struct shmx_inspector *n;

	child_kill(&reader);
	n = open_test(&ring);
	/* The process lives on. */
	tell(&producer, "c");
	ck_assert_int_eq(shmx_inspect_snapshot(n, &ring, sizeof(ring)),
			 -EPIPE);
	shmx_inspect_close(n);
	/* And so may make the next one. */
	tell(&producer, "op");
	n = open_test(&ring);
	ck_assert_int_eq(ring.state, SHMX_RING_RUNNING);
	shmx_inspect_close(n);
}
END_TEST

/* The producer goes on in another ring, and who looks goes with it. */
START_TEST(it_grows)
{
	struct shmx_inspect_stream s;
	struct shmx_inspect_ring ring;
	struct shmx_inspector *n;

	if (_i == 1)
		child_stop(&producer);
	n = open_test(&ring);
	if (_i == 1)
		child_go_on(&producer);
	tell(&producer, "gp");
	ck_assert_int_eq(shmx_inspect_snapshot(n, &ring, sizeof(ring)), 0);
	ck_assert_int_eq(ring.state, SHMX_RING_RUNNING);
	ck_assert_uint_eq(ring.generation, 1);
	ck_assert_uint_eq(ring.latest, 8);
	ck_assert_int_eq(shmx_inspect_stream(n, 0, &s, sizeof(s)), 0);
	ck_assert_uint_eq(s.width, 128);
	ck_assert_uint_eq(ring.reader_count, 1);
	shmx_inspect_close(n);
}
END_TEST

/* A reader that holds a frame of the old ring keeps that. */
START_TEST(what_it_outgrew)
{
	struct shmx_inspect_list *list;
	struct shmx_inspect_entry e;
	struct shmx_inspect_ring ring;
	struct shmx_inspector *n;
	unsigned i, seen = 0;

	tell(&producer, "gp");
	ck_assert_int_eq(shmx_inspect_list(&list), 0);
	for (i = 0; i < shmx_inspect_count(list); i++) {
		shmx_inspect_get(list, i, &e, sizeof(e));
		if (strcmp(e.name, "test") != 0)
			continue;
		ck_assert_int_eq(e.state, seen == 0 ? SHMX_RING_RUNNING :
				 SHMX_RING_OUTGROWN);
		ck_assert_int_eq(shmx_inspect_entry_open(&n, list, i), 0);
		ck_assert_int_eq(shmx_inspect_snapshot(n, &ring,
						       sizeof(ring)), 0);
		ck_assert_int_eq(ring.state, e.state);
		ck_assert_uint_eq(ring.generation, seen == 0);
		ck_assert_uint_eq(ring.holders, seen);
		shmx_inspect_close(n);
		seen++;
	}
	ck_assert_uint_eq(seen, 2);
	shmx_inspect_list_free(list);
}
END_TEST

/* Joins the ring, and has a frame begun until it is told to publish it. */
static void
write_slowly(int line, void *arg)
{
	struct shmx_join_options o = SHMX_JOIN_OPTIONS_INIT;
	struct shmx_producer *p = NULL;
	struct shmx_frame f;
	char order;

	(void)arg;
	o.flags = SHMX_NO_THREAD;
	while ((order = child_hear(line)) != '\0') {
		switch (order) {
		case 'j':
			expect(shmx_producer_join(&p, "test", &o) == 0);
			break;
		case 'b':
			shmx_begin(p, &f);
			break;
		case 'p':
			expect(shmx_publish(p, &f) != 0);
			break;
		}
		child_say(line, order);
	}
}

/* How many slots are being written by whom; bit i: it is writer i. */
static unsigned
count_writing(const struct shmx_inspector *n,
	      const struct shmx_inspect_ring *ring, uint32_t *writers)
{
	struct shmx_inspect_slot slot;
	unsigned i, writing = 0;

	*writers = 0;
	for (i = 0; i < ring->slot_count; i++) {
		ck_assert_int_eq(shmx_inspect_slot(n, i, &slot,
						   sizeof(slot)), 0);
		if (slot.state != SHMX_SLOT_WRITING) {
			ck_assert_uint_eq(slot.writer, 0);
			continue;
		}
		ck_assert_uint_eq(slot.sequence, 0);
		ck_assert_uint_lt(slot.writer, 32);
		*writers |= UINT32_C(1) << slot.writer;
		writing++;
	}
	return writing;
}

/* Two that joined, each with a frame begun, and the host with none. */
START_TEST(a_ring_of_several_writers)
{
	struct child writer[2];
	struct shmx_inspect_ring ring;
	struct shmx_inspector *n;
	uint32_t writers, both;
	unsigned i;

	tell(&producer, "c");
	child_kill(&reader);
	for (i = 0; i < 2; i++)
		child_start(&writer[i], write_slowly, NULL);
	tell(&producer, "mp");
	n = open_test(&ring);
	ck_assert_uint_eq(ring.writers_max, 4);
	ck_assert_int_eq(ring.pid, producer.pid);
	ck_assert_uint_eq(count_writing(n, &ring, &writers), 0);
	tell(&writer[0], "jb");
	tell(&writer[1], "jb");
	ck_assert_int_eq(shmx_inspect_snapshot(n, &ring, sizeof(ring)), 0);
	ck_assert_uint_eq(count_writing(n, &ring, &both), 2);
	/* Of different ones, none of them the host. */
	ck_assert_int_eq(__builtin_popcount(both), 2);
	ck_assert_uint_eq(both & 1, 0);
	tell(&writer[0], "p");
	ck_assert_int_eq(shmx_inspect_snapshot(n, &ring, sizeof(ring)), 0);
	ck_assert_uint_eq(ring.latest, 2);
	ck_assert_uint_eq(count_writing(n, &ring, &writers), 1);
	ck_assert_uint_eq(writers & ~both, 0);
	/* What the dead had begun is nobody's, once the host has seen it. */
	child_kill(&writer[1]);
	for (i = 0; i < 10000 && writers != 0; i++) {
		usleep(1000);
		ck_assert_int_eq(shmx_inspect_snapshot(n, &ring,
						       sizeof(ring)), 0);
		(void)count_writing(n, &ring, &writers);
	}
	ck_assert_uint_eq(writers, 0);
	ck_assert_uint_eq(ring.latest, 2);
	shmx_inspect_close(n);
	child_kill(&writer[0]);
}
END_TEST

/* All holds are taken: who looks needs none. */
START_TEST(a_full_ring)
{
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	struct shmx_inspect_ring ring;
	struct shmx_reader *r, *another;
	struct shmx_inspector *n;

	o.holds = 3;
	ck_assert_int_eq(shmx_reader_open(&r, "test", &o), 0);
	ck_assert_int_eq(shmx_reader_open(&another, "test", NULL), -EBUSY);
	n = open_test(&ring);
	ck_assert(ring.asked);
	ck_assert_uint_eq(ring.holds_granted, 6);
	ck_assert_uint_eq(ring.reader_count, 2);
	shmx_inspect_close(n);
	shmx_reader_close(r);
}
END_TEST

/* ---------------------------------------------------------- read only -- */

/* Nothing of a ring may be mapped, and no descriptor of one may write. */
static void
check_reads_only(void)
{
	char path[300], line[512];
	const struct dirent *e;
	unsigned rings = 0;
	ssize_t len;
	DIR *d;
	FILE *f;
	void *m;
	int fd;

	f = fopen("/proc/self/maps", "re");
	expect(f != NULL);
	while (fgets(line, sizeof(line), f) != NULL)
		expect(strstr(line, "memfd:shmx-") == NULL ||
		       strstr(line, " r--s ") != NULL);
	fclose(f);
	d = opendir("/proc/self/fd");
	expect(d != NULL);
	while ((e = readdir(d)) != NULL) {
		len = readlinkat(dirfd(d), e->d_name, path, sizeof(path) - 1);
		path[len > 0 ? len : 0] = '\0';
		if (strstr(path, "memfd:shmx-") == NULL)
			continue;
		fd = atoi(e->d_name);
		rings++;
		expect((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY);
		m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			 0);
		expect(m == MAP_FAILED && errno == EACCES);
	}
	closedir(d);
	/* The ring and the record of its reader. */
	expect(rings == 2);
}

static void
look_on(int line, void *arg)
{
	struct shmx_inspect_ring ring;
	struct shmx_inspector *n;

	(void)arg;
	expect(shmx_inspect_open(&n, "test") == 0);
	expect(shmx_inspect_snapshot(n, &ring, sizeof(ring)) == 0);
	expect(ring.reader_count == 1);
	check_reads_only();
	shmx_inspect_close(n);
	child_say(line, 'd');
}

START_TEST(reads_only)
{
	struct child c;

	if (_i == 1)
		child_stop(&producer);
	child_start(&c, look_on, NULL);
	ck_assert_int_eq(child_hear(c.line), 'd');
	child_end(&c);
	if (_i == 1)
		child_go_on(&producer);
}
END_TEST

/* ------------------------------------------------------------- listing -- */

/* The state of the entry of that name; 0 when it is not listed. */
static enum shmx_ring_state
listed(const char *name, struct shmx_inspect_entry *entry)
{
	struct shmx_inspect_list *list;
	enum shmx_ring_state state = 0;
	unsigned i;

	ck_assert_int_eq(shmx_inspect_list(&list), 0);
	for (i = 0; i < shmx_inspect_count(list) && state == 0; i++) {
		shmx_inspect_get(list, i, entry, sizeof(*entry));
		if (strcmp(entry->name, name) == 0)
			state = entry->state;
	}
	shmx_inspect_list_free(list);
	return state;
}

START_TEST(listed_in_every_state)
{
	struct shmx_inspect_entry e;

	ck_assert_int_eq(listed("test", &e), SHMX_RING_RUNNING);
	ck_assert_int_eq(e.pid, producer.pid);
	ck_assert_str_eq(e.program, own_name());
	ck_assert_int_eq(e.kind, SHMX_RING_NATIVE);
	child_stop(&producer);
	ck_assert_int_eq(listed("test", &e), SHMX_RING_STOPPED);
	child_stop(&reader);
	child_kill(&producer);
	ck_assert_int_eq(listed("test", &e), SHMX_RING_ORPHANED);
	ck_assert_uint_eq(e.holders, 1);
	child_kill(&reader);
	ck_assert_int_eq(listed("test", &e), 0);
}
END_TEST

/* An orphan, and the ring that came after it. */
START_TEST(two_of_one_name)
{
	struct shmx_inspect_list *list;
	struct shmx_inspect_entry e;
	struct shmx_inspect_ring ring;
	struct shmx_inspector *n;
	unsigned i, seen = 0;

	child_stop(&reader);
	child_kill(&producer);
	child_start(&producer, produce, test_ring);
	tell(&producer, "op");
	ck_assert_int_eq(shmx_inspect_list(&list), 0);
	for (i = 0; i < shmx_inspect_count(list); i++) {
		shmx_inspect_get(list, i, &e, sizeof(e));
		if (strcmp(e.name, "test") != 0)
			continue;
		ck_assert_int_eq(e.state, seen == 0 ? SHMX_RING_RUNNING :
				 SHMX_RING_ORPHANED);
		ck_assert_int_eq(shmx_inspect_entry_open(&n, list, i), 0);
		ck_assert_int_eq(shmx_inspect_snapshot(n, &ring,
						       sizeof(ring)), 0);
		ck_assert_uint_eq(ring.latest, seen == 0 ? 1 : 7);
		ck_assert_uint_eq(ring.reader_count, seen);
		shmx_inspect_close(n);
		seen++;
	}
	ck_assert_uint_eq(seen, 2);
	shmx_inspect_list_free(list);
	n = open_test(&ring);
	ck_assert_uint_eq(ring.latest, 1);
	shmx_inspect_close(n);
}
END_TEST

static unsigned
count_sockets(void)
{
	const struct dirent *e;
	unsigned n = 0;
	DIR *d = opendir(getenv("SHMX_DIR"));

	ck_assert_ptr_nonnull(d);
	while ((e = readdir(d)) != NULL)
		n += strstr(e->d_name, ".sock") != NULL;
	closedir(d);
	return n;
}

START_TEST(sockets_of_the_dead)
{
	struct shmx_inspect_entry e;
	struct sockaddr_un sa;
	char name[16], lock[sizeof(sa.sun_path)];
	int i, fd;

	for (i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "dead%d", i);
		byhand_address(&sa, name);
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		ck_assert_int_eq(bind(fd, (struct sockaddr *)&sa, sizeof(sa)),
				 0);
		close(fd);
		memcpy(lock, sa.sun_path, sizeof(lock));
		strcpy(strstr(lock, ".sock"), ".lock");
		fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		ck_assert_int_ge(fd, 0);
		close(fd);
	}
	ck_assert_int_eq(listed("dead7", &e), 0);
	ck_assert_int_eq(listed("test", &e), SHMX_RING_RUNNING);
	ck_assert_uint_eq(count_sockets(), 1);
}
END_TEST

/* In the producer's own process: looking must not lose it its name. */
START_TEST(rings_of_ones_own)
{
	struct shmx_inspect_entry e;
	struct shmx_inspect_ring ring;
	struct shmx_inspector *n;
	struct shmx_producer *p;
	struct shmx_reader *r;

	ck_assert_int_eq(shmx_producer_open_image(&p, "own", 16, 16,
						  SHMX_XRGB8888), 0);
	ck_assert_int_eq(listed("own", &e), SHMX_RING_RUNNING);
	ck_assert_int_eq(e.pid, getpid());
	ck_assert_int_eq(shmx_inspect_open(&n, "own"), 0);
	ck_assert_int_eq(shmx_inspect_snapshot(n, &ring, sizeof(ring)), 0);
	ck_assert_uint_eq(ring.latest, 0);
	shmx_inspect_close(n);
	ck_assert_int_eq(shmx_reader_open(&r, "own", NULL), 0);
	shmx_reader_close(r);
	ck_assert_int_eq(listed("own", &e), SHMX_RING_RUNNING);
	shmx_producer_close(p);
	ck_assert_int_eq(listed("own", &e), 0);
}
END_TEST

/* -------------------------------------------------------- named objects -- */

static char object[64];

static void
serve_v2(int line, void *arg)
{
	static const struct v2_stream streams[] = {
		{ .id = 42, .element_type = V2_U64, .components = 1,
		  .bytes_per_elem = 8, .name = "tick" },
		{ .id = 43, .element_type = V2_F64, .components = 3,
		  .layout = 1, .bytes_per_elem = 8, .name = "position" },
	};
	const struct v2_config config = {
		.name = object, .slots = 3, .reader_slots = 2,
		.static_cap = 256, .frame_cap = 200,
		.control_per_reader = 128,
	};
	struct v2_server server;
	struct v2_writing w;
	uint64_t tick = 0;
	char order;

	(void)arg;
	expect(v2_server_create(&server, &config, streams, 2) == 0);
	while ((order = child_hear(line)) != '\0') {
		if (order == 'p') {
			v2_begin(&server, &w);
			tick++;
			expect(v2_append(&w, 42, &tick, 1, sizeof(tick)) == 0);
			v2_publish(&server, &w, 0);
		}
		child_say(line, order);
	}
	v2_server_close(&server);
}

static void
read_v2(int line, void *arg)
{
	struct v2_client c;

	(void)arg;
	expect(v2_client_open(&c, object) == 0);
	child_say(line, 'o');
	child_hear(line);
	v2_client_close(&c);
}

static const char *
object_path(void)
{
	static char path[128];

	snprintf(path, sizeof(path), "/dev/shm/%s", object);
	return path;
}

static void
start_v2(void)
{
	snprintf(object, sizeof(object), "shmfb-test-inspect-%d",
		 (int)getpid());
	child_start(&producer, serve_v2, NULL);
	tell(&producer, "pp");
}

static void
end_v2(void)
{
	end_both();
	unlink(object_path());
}

START_TEST(a_v2_ring)
{
	struct shmx_inspect_stream s;
	struct shmx_inspect_reader r;
	struct shmx_inspect_ring ring;
	struct shmx_inspect_slot slot;
	struct shmx_inspect_entry e;
	struct shmx_inspector *n;
	char who[64];

	child_start(&reader, read_v2, NULL);
	ck_assert_int_eq(child_hear(reader.line), 'o');
	ck_assert_int_eq(listed(object, &e), SHMX_RING_RUNNING);
	ck_assert_int_eq(e.kind, SHMX_RING_V2);
	ck_assert_int_eq(shmx_inspect_open(&n, object), 0);
	ck_assert_int_eq(shmx_inspect_snapshot(n, &ring, sizeof(ring)), 0);
	ck_assert_int_eq(ring.kind, SHMX_RING_V2);
	ck_assert_uint_eq(ring.slots, 3);
	ck_assert_uint_eq(ring.latest, 2);
	ck_assert_uint_eq(ring.reader_count, 1);
	ck_assert_uint_eq(ring.stream_count, 2);
	ck_assert_int_eq(shmx_inspect_slot(n, ring.latest_slot, &slot,
					   sizeof(slot)), 0);
	ck_assert(slot.latest);
	ck_assert_uint_eq(slot.sequence, 2);
	ck_assert_int_eq(shmx_inspect_reader(n, 0, &r, sizeof(r)), 0);
	ck_assert(r.v2);
	ck_assert_int_eq(shmx_inspect_stream(n, 0, &s, sizeof(s)), 0);
	ck_assert_str_eq(s.name, "tick");
	ck_assert_str_eq(shmx_element_name(s.element_type), "u64");
	ck_assert(s.present);
	ck_assert_uint_eq(s.bytes, 8);
	ck_assert_int_eq(shmx_inspect_stream(n, 1, &s, sizeof(s)), 0);
	ck_assert_str_eq(s.name, "position");
	ck_assert(!s.present);
	/* In use: it is not to be removed. */
	ck_assert_int_eq(shmx_remove(object), -EBUSY);
	snprintf(who, sizeof(who), "%s (pid ", own_name());
	ck_assert_msg(strstr(shmx_error(), who), "%s", shmx_error());
	shmx_inspect_close(n);
}
END_TEST

/* A named ring of ours, in whatever state its producer is. */
START_TEST(a_named_ring)
{
	struct shmx_inspect_ring ring;
	struct shmx_inspect_entry e;
	struct shmx_inspector *n;

	child_kill(&producer);
	ck_assert_int_eq(shmx_remove(object), 0);
	child_start(&producer, produce, object);
	tell(&producer, "npp");
	ck_assert_int_eq(listed(object, &e), SHMX_RING_RUNNING);
	ck_assert_int_eq(e.kind, SHMX_RING_NAMED);
	ck_assert_int_eq(e.pid, producer.pid);
	ck_assert_int_eq(shmx_inspect_open(&n, object), 0);
	ck_assert_int_eq(shmx_inspect_snapshot(n, &ring, sizeof(ring)), 0);
	ck_assert_int_eq(ring.kind, SHMX_RING_NAMED);
	ck_assert(ring.asked);
	ck_assert_uint_eq(ring.latest, 2);
	ck_assert_uint_gt(ring.readers_bytes, 0);
	ck_assert_int_eq(shmx_remove(object), -EBUSY);
	shmx_inspect_close(n);

	child_stop(&producer);
	ck_assert_int_eq(listed(object, &e), SHMX_RING_STOPPED);
	ck_assert_msg(shmx_inspect_open(&n, object) == 0, "%s", shmx_error());
	ck_assert_int_eq(shmx_inspect_snapshot(n, &ring, sizeof(ring)), 0);
	ck_assert_int_eq(ring.state, SHMX_RING_STOPPED);
	ck_assert_int_eq(ring.kind, SHMX_RING_NAMED);
	ck_assert_uint_eq(ring.latest, 2);
	ck_assert_int_eq(shmx_remove(object), -EBUSY);

	child_kill(&producer);
	ck_assert_int_eq(shmx_inspect_snapshot(n, &ring, sizeof(ring)), 0);
	ck_assert_int_eq(ring.state, SHMX_RING_LEFTOVER);
	shmx_inspect_close(n);
	ck_assert_int_eq(listed(object, &e), SHMX_RING_LEFTOVER);
	ck_assert_int_eq(e.kind, SHMX_RING_NAMED);
	ck_assert_int_eq(shmx_remove(object), 0);
	ck_assert_int_eq(listed(object, &e), 0);
}
END_TEST

/* Who gets every frame of a named ring, and is waited for. */
START_TEST(an_every_reader_of_a_named_ring)
{
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	struct shmx_inspect_reader seen;
	struct shmx_inspect_ring ring;
	struct shmx_inspector *n;
	struct shmx_reader *r;
	struct shmx_hold *hold;
	uint64_t q;

	child_kill(&producer);
	ck_assert_int_eq(shmx_remove(object), 0);
	child_start(&producer, produce, object);
	tell(&producer, "ep");
	o.flags = SHMX_EVERY;
	o.label = "gets all";
	ck_assert_msg(shmx_reader_open(&r, object, &o) == 0, "%s",
		      shmx_error());
	tell(&producer, "ppp");
	for (q = 1; q <= 4; q++) {
		ck_assert_int_eq(shmx_wait(r, 10000), 0);
		ck_assert_int_eq(shmx_hold_next(r, &hold), 0);
		ck_assert_uint_eq(shmx_frame_info(hold)->sequence, q);
		ck_assert_uint_eq(shmx_frame_info(hold)->skipped, 0);
		ck_assert(!shmx_frame_info(hold)->copied);
		ck_assert(frame_is_whole(hold));
		if (q < 4)
			shmx_release(hold);
	}
	ck_assert_int_eq(shmx_inspect_open(&n, object), 0);
	ck_assert_int_eq(shmx_inspect_snapshot(n, &ring, sizeof(ring)), 0);
	ck_assert_int_eq(ring.kind, SHMX_RING_NAMED);
	ck_assert(ring.every);
	ck_assert_uint_eq(ring.reader_count, 1);
	ck_assert_int_eq(shmx_inspect_reader(n, 0, &seen, sizeof(seen)), 0);
	ck_assert(seen.every);
	ck_assert(!seen.v2);
	ck_assert_str_eq(seen.label, "gets all");
	ck_assert_uint_eq(seen.seen, 4);
	ck_assert_uint_eq(seen.holds_used, 1);
	shmx_inspect_close(n);
	shmx_release(hold);
	shmx_reader_close(r);
}
END_TEST

START_TEST(a_v2_leftover)
{
	struct shmx_inspect_ring ring;
	struct shmx_inspect_entry e;
	struct shmx_inspector *n;

	child_kill(&producer);
	ck_assert_int_eq(listed(object, &e), SHMX_RING_LEFTOVER);
	ck_assert_int_eq(e.pid, 0);
	ck_assert_int_eq(shmx_inspect_open(&n, object), 0);
	ck_assert_int_eq(shmx_inspect_snapshot(n, &ring, sizeof(ring)), 0);
	ck_assert_int_eq(ring.state, SHMX_RING_LEFTOVER);
	ck_assert_uint_eq(ring.latest, 2);
	shmx_inspect_close(n);
	ck_assert_int_eq(shmx_remove(object), 0);
	ck_assert_int_eq(listed(object, &e), 0);
	ck_assert_int_eq(shmx_remove(object), -ENOENT);
}
END_TEST

/*
 * SHMX v2.0 locks nothing: whether its server lives is seen in /proc alone, for
 * which there have to be descriptors.
 */
START_TEST(who_cannot_look_removes_nothing)
{
	struct rlimit before, few;
	int first, i, ret;

	if (suite_is_nofork())
		return;		/* valgrind has limits of its own */
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	first = base_dup(0);
	base_close(&(int){ first });
	for (i = 0; i < 12; i++) {
		few = (struct rlimit){ (rlim_t)(first + i), before.rlim_max };
		ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
		ret = shmx_remove(object);
		ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
		ck_assert_int_lt(ret, 0);
		ck_assert_int_eq(access(object_path(), F_OK), 0);
	}
	ck_assert_int_eq(ret, -EBUSY);
	tell(&producer, "p");
}
END_TEST

START_TEST(removing_what_is_locked)
{
	int fd;

	child_kill(&producer);
	fd = open(object_path(), O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	ck_assert_int_eq(shmx_remove(object), -EBUSY);
	close(fd);
	ck_assert_int_eq(shmx_remove(object), 0);
}
END_TEST

START_TEST(removing_what_is_no_ring)
{
	const char *path = object_path();
	int fd;

	child_kill(&producer);
	ck_assert_int_eq(shmx_remove(object), 0);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, 4096), 0);
	close(fd);
	ck_assert_int_eq(shmx_remove(object), -EINVAL);
	ck_assert_int_eq(access(path, F_OK), 0);
	ck_assert_int_eq(shmx_remove("../etc/passwd"), -EINVAL);
	unlink(path);
	ck_assert_int_eq(symlink("/etc/passwd", path), 0);
	ck_assert_int_lt(shmx_remove(object), 0);
	ck_assert_int_eq(unlink(path), 0);
}
END_TEST

/* Nobody seals these: one that shrinks under our eyes must not end us. */
START_TEST(an_object_that_shrinks)
{
	struct shmx_inspect_ring ring;
	struct shmx_inspector *n;
	char path[128];
	off_t size, all;

	ck_assert_int_eq(shmx_inspect_open(&n, object), 0);
	ck_assert_int_eq(shmx_inspect_snapshot(n, &ring, sizeof(ring)), 0);
	all = (off_t)ring.bytes;
	snprintf(path, sizeof(path), "/dev/shm/%s", object);
	for (size = all; size >= 0; size -= 8) {
		ck_assert_int_eq(truncate(path, size), 0);
		ck_assert_int_eq(shmx_inspect_snapshot(n, &ring,
						       sizeof(ring)),
				 size < all ? -EPROTO : 0);
	}
	shmx_inspect_close(n);
}
END_TEST

/* -------------------------------------------------------------- hostile -- */

/* Something of a ring's name that is none, left by the dead. */
static void
keep_garbage(int line, void *arg)
{
	const size_t bytes = *(const size_t *)arg;
	int fd = memfd_create(SHMX_LABEL_RING "test", MFD_CLOEXEC);
	uint64_t magic = SHMX_MAGIC;

	expect(fd >= 0 && ftruncate(fd, (off_t)bytes) == 0);
	if (bytes >= sizeof(magic))
		expect(pwrite(fd, &magic, sizeof(magic), 0) == sizeof(magic));
	child_say(line, 'k');
	child_hear(line);
}

START_TEST(garbage_in_a_rings_name)
{
	static const size_t sizes[] = { 0, 8, 100, 128, 4096, 1 << 20 };
	struct shmx_inspect_entry e;
	struct shmx_inspector *n;
	struct child c;

	child_start(&c, keep_garbage, (void *)(uintptr_t)&sizes[_i]);
	ck_assert_int_eq(child_hear(c.line), 'k');
	ck_assert_int_eq(listed("test", &e), 0);
	ck_assert_int_eq(shmx_inspect_open(&n, "test"), -ENOENT);
	child_kill(&c);
}
END_TEST

enum answer {
	NOTHING, HANG_UP, NOISE, NO_FDS, A_PIPE, A_FILE, TWO_FDS,
	GOOD_THEN_NOTHING,
	GOOD_THEN_NOISE, RECORDS_FOR_EVER, ANSWERS,
};

static void
send_fd(int conn, enum shmx_message_type type, size_t bytes, const int *fds,
	unsigned count)
{
	static const char body[sizeof(struct shmx_welcome)];

	(void)shmx_channel_send(conn, type, body, bytes, fds, count);
}

/* Only in a ring are readers looked for. */
static int
memory_for(enum answer answer)
{
	const struct shmx_region_plan plan = {
		.slots = 3, .history = 1, .frame_bytes = 64,
	};
	struct shmx_region region;
	int memory;

	if (answer == RECORDS_FOR_EVER) {
		expect(shmx_region_create(&region, "x", &plan, "") == 0);
		return region.fd;
	}
	if (answer == A_FILE)
		return open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	memory = memfd_create("nothing", 0);
	expect(memory >= 0 && ftruncate(memory, 65536) == 0);
	return memory;
}

/* Owns the name, and answers an inspector wrongly. */
static void
answer_wrongly(int line, void *arg)
{
	enum answer answer = *(const enum answer *)arg;
	struct sockaddr_un sa;
	struct flock fl = { .l_type = F_WRLCK };
	int fds[2], lock, listener, conn, ring;
	char path[sizeof(sa.sun_path)];

	byhand_address(&sa, "test");
	memcpy(path, sa.sun_path, sizeof(path));
	strcpy(strstr(path, ".sock"), ".lock");
	lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	expect(lock >= 0 && fcntl(lock, F_SETLK, &fl) == 0);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	unlink(sa.sun_path);
	expect(bind(listener, (struct sockaddr *)&sa, sizeof(sa)) == 0);
	expect(listen(listener, 5) == 0 && pipe(fds) == 0);
	ring = memory_for(answer);
	child_say(line, 'l');
	for (;;) {
		conn = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		expect(conn >= 0);
		switch (answer) {
		case HANG_UP:
			close(conn);
			break;
		case NOISE:
		case GOOD_THEN_NOISE:
			if (answer == GOOD_THEN_NOISE)
				send_fd(conn, SHMX_MSG_WELCOME,
					sizeof(struct shmx_welcome), &ring, 1);
			(void)send(conn, "\xff\xff\xff\xff\xff\xff\xff\xff\xff",
				   9, MSG_NOSIGNAL);
			break;
		case NO_FDS:
			send_fd(conn, SHMX_MSG_WELCOME,
				sizeof(struct shmx_welcome), NULL, 0);
			break;
		case A_PIPE:
			send_fd(conn, SHMX_MSG_WELCOME,
				sizeof(struct shmx_welcome), fds, 1);
			break;
		case TWO_FDS:
			send_fd(conn, SHMX_MSG_WELCOME,
				sizeof(struct shmx_welcome), fds, 2);
			break;
		case A_FILE:
		case GOOD_THEN_NOTHING:
		case RECORDS_FOR_EVER:
			send_fd(conn, SHMX_MSG_WELCOME,
				sizeof(struct shmx_welcome), &ring, 1);
			while (answer == RECORDS_FOR_EVER &&
			       shmx_channel_send(conn, SHMX_MSG_RECORD,
						 "12345678", 8, &ring,
						 1) != -EPIPE)
				continue;
			break;
		default:
			break;
		}
	}
}

START_TEST(answers_that_are_wrong)
{
	enum answer answer = (enum answer)_i;
	uint64_t start = base_now_ns();
	struct shmx_inspector *n;
	struct child c;

	child_start(&c, answer_wrongly, &answer);
	ck_assert_int_eq(child_hear(c.line), 'l');
	if (answer == RECORDS_FOR_EVER) {
		ck_assert_int_eq(shmx_inspect_open(&n, "test"), 0);
		shmx_inspect_close(n);
	} else {
		ck_assert_int_lt(shmx_inspect_open(&n, "test"), 0);
	}
	if (answer == A_FILE)
		ck_assert_msg(strstr(shmx_error(), "is no memory") != NULL,
			      "%s", shmx_error());
	ck_assert_uint_lt(base_now_ns() - start, 3 * BASE_NS_PER_S);
	child_kill(&c);
}
END_TEST

/* Its descriptors are handed back, so that it may go on for ever. */
START_TEST(looks_for_ever)
{
	struct shmx_inspect_ring ring;
	struct shmx_inspector *n = open_test(&ring);
	size_t fds = child_count_fds();
	int i;

	for (i = 0; i < 200; i++) {
		ck_assert_int_eq(shmx_inspect_snapshot(n, &ring,
						       sizeof(ring)), 0);
		if (i % 20 == 0)
			tell(&reader, "rcoh");
	}
	ck_assert_uint_eq(child_count_fds(), fds);
	shmx_inspect_close(n);
}
END_TEST

/* More inspectors than there is room for: readers come first. */
START_TEST(inspectors_make_room)
{
	struct shmx_inspector *n[40], *more[60];
	struct shmx_inspect_ring ring;
	struct shmx_reader *r;
	int i;

	for (i = 0; i < 40; i++)
		n[i] = open_test(&ring);
	for (i = 0; i < 60; i++)
		more[i] = open_test(&ring);
	ck_assert_int_eq(shmx_reader_open(&r, "test", NULL), 0);
	/* And those that had to go look for themselves. */
	ck_assert_int_eq(shmx_inspect_snapshot(n[0], &ring, sizeof(ring)), 0);
	ck_assert_uint_eq(ring.reader_count, 2);
	shmx_reader_close(r);
	for (i = 0; i < 60; i++)
		shmx_inspect_close(more[i]);
	for (i = 0; i < 40; i++)
		shmx_inspect_close(n[i]);
}
END_TEST

/* A memfd and a process can be called anything. */
START_TEST(names_that_a_terminal_would_obey)
{
	const struct shmx_region_plan plan = {
		.slots = 3, .history = 1, .frame_bytes = 64,
	};
	struct shmx_inspect_entry e;
	struct shmx_inspect_list *list;
	struct shmx_region region;
	char who[64], before[32];
	unsigned i;

	ck_assert_int_eq(shmx_region_create(&region, "x\033[31m", &plan, ""),
			 0);
	shmx_store_relaxed(&region.ring.ext->host_state, SHMX_HOST_ENDED);
	ck_assert_int_eq(shmx_inspect_list(&list), 0);
	for (i = 0; i < shmx_inspect_count(list); i++) {
		shmx_inspect_get(list, i, &e, sizeof(e));
		ck_assert_ptr_null(strchr(e.name, '\033'));
	}
	shmx_inspect_list_free(list);
	shmx_region_destroy(&region);

	snprintf(before, sizeof(before), "%s", own_name());
	ck_assert_int_eq(prctl(PR_SET_NAME, "a\033[31m\xc2\x9bm"), 0);
	shmx_process_name(getpid(), who, sizeof(who));
	ck_assert_int_eq(prctl(PR_SET_NAME, before), 0);
	ck_assert_int_eq(strncmp(who, "a?[31m??m (pid ", 15), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("inspect");
	TCase *tc = suite_case(s, "rings");

	tcase_add_checked_fixture(tc, start_both, end_both);
	tcase_add_test(tc, a_running_ring);
	tcase_add_test(tc, a_stopped_producer);
	tcase_add_test(tc, stopped_while_looked_at);
	tcase_add_test(tc, readers_outlive_it);
	tcase_add_test(tc, it_ends_while_looked_at);
	tcase_add_loop_test(tc, it_grows, 0, 2);
	tcase_add_test(tc, what_it_outgrew);
	tcase_add_test(tc, a_ring_of_several_writers);
	tcase_add_test(tc, a_full_ring);
	tcase_add_loop_test(tc, reads_only, 0, 2);
	tcase_add_test(tc, listed_in_every_state);
	tcase_add_test(tc, two_of_one_name);
	tcase_add_test(tc, sockets_of_the_dead);
	tcase_add_test(tc, looks_for_ever);
	tcase_add_test(tc, inspectors_make_room);
	tc = suite_case(s, "own");
	tcase_add_test(tc, rings_of_ones_own);
	tcase_add_test(tc, names_that_a_terminal_would_obey);
	tc = suite_case(s, "objects");
	tcase_add_checked_fixture(tc, start_v2, end_v2);
	tcase_add_test(tc, a_v2_ring);
	tcase_add_test(tc, a_named_ring);
	tcase_add_test(tc, an_every_reader_of_a_named_ring);
	tcase_add_test(tc, a_v2_leftover);
	tcase_add_test(tc, who_cannot_look_removes_nothing);
	tcase_add_test(tc, removing_what_is_locked);
	tcase_add_test(tc, removing_what_is_no_ring);
	tcase_add_test(tc, an_object_that_shrinks);
	tc = suite_case(s, "hostile");
	tcase_add_loop_test(tc, garbage_in_a_rings_name, 0, 6);
	tcase_add_loop_test(tc, answers_that_are_wrong, 0, ANSWERS);
	return suite_run(s);
}
