/* SPDX-License-Identifier: MIT */
/*
 * test-book.c - peers made from doc/shmx-format.md alone
 *
 * A reader and an inspector that know of the ring what that page says, as
 * numbers: no struct of ours, no name, no function.  Next to them what the page
 * says of sizes, of newer peers, and of languages that have no atomics.
 */
#include "config.h"

#include <shmx/shmx.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/sys.h"
#include "child.h"
#include "frames.h"
#include "shmx/producer.h"
#include "suite.h"

enum { WIDTH = 16, HEIGHT = 8, LONG_MS = 20000 };

static struct shmx_producer *producer;

/* Three holds, and the frame before the newest can be held. */
static void
setup(void)
{
	static const struct shmx_stream streams[] = {
		{ .kind = SHMX_STREAM_IMAGE, .id = 1, .name = "picture",
		  .width = WIDTH, .height = HEIGHT, .format = SHMX_XRGB8888 },
		{ .kind = SHMX_STREAM_DATA, .id = 7, .name = "points",
		  .element_type = SHMX_U32, .components = 2,
		  .layout = SHMX_AOS, .capacity = 4 },
	};
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;

	o.streams = streams;
	o.stream_count = 2;
	o.slots = 6;
	o.history = 2;
	ck_assert_msg(shmx_producer_open(&producer, "test", &o) == 0, "%s",
		      shmx_error());
}

static void
teardown(void)
{
	shmx_producer_close(producer);
}

/* ------------------------------------------------------------ 4: meeting -- */

static uint32_t
get32(const void *from, size_t at)
{
	uint32_t value;

	memcpy(&value, (const char *)from + at, 4);
	return value;
}

static uint64_t
get64(const void *from, size_t at)
{
	uint64_t value;

	memcpy(&value, (const char *)from + at, 8);
	return value;
}

static void
put(void *to, size_t at, uint64_t value, size_t bytes)
{
	memcpy((char *)to + at, &value, bytes);
}

static int
dial(void)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int conn = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/test.sock",
		 getenv("SHMX_DIR"));
	ck_assert_int_ge(conn, 0);
	ck_assert_int_eq(connect(conn, (struct sockaddr *)&sa, sizeof(sa)), 0);
	return conn;
}

static void
say(int conn, unsigned type, const void *body, size_t bytes)
{
	unsigned char message[256] = { 0 };

	put(message, 0, 8 + bytes, 4);
	put(message, 4, type, 2);
	if (bytes != 0)
		memcpy(message + 8, body, bytes);
	ck_assert_int_eq(send(conn, message, 8 + bytes, MSG_NOSIGNAL),
			 (ssize_t)(8 + bytes));
}

struct message {
	unsigned type;
	size_t bytes;			/* of body */
	unsigned char body[4096 - 8];
	int fds[3];
	unsigned fd_count;
};

/* One receive, and the descriptors that come with it. */
static ssize_t
receive(int conn, void *to, size_t bytes, struct message *m)
{
	union {
		char bytes[CMSG_SPACE(3 * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { to, bytes };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	struct cmsghdr *c;
	ssize_t n = recvmsg(conn, &msg, MSG_CMSG_CLOEXEC);

	ck_assert(!(msg.msg_flags & MSG_CTRUNC));
	c = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;
	if (c != NULL) {
		m->fd_count = (unsigned)((c->cmsg_len - CMSG_LEN(0)) /
					 sizeof(int));
		memcpy(m->fds, CMSG_DATA(c), m->fd_count * sizeof(int));
	}
	return n;
}

/* The next message; type 0 is the end. */
static void
hear(int conn, struct message *m)
{
	unsigned char head[8];
	size_t have;
	ssize_t n;

	*m = (struct message){ .fds = { -1, -1, -1 } };
	for (have = 0; have < 8; have += (size_t)n) {
		n = receive(conn, head + have, 8 - have, m);
		if (n <= 0)
			return;
	}
	m->type = get32(head, 4) & 0xffff;
	m->bytes = get32(head, 0) - 8;
	ck_assert_uint_le(m->bytes, sizeof(m->body));
	for (have = 0; have < m->bytes; have += (size_t)n) {
		n = receive(conn, m->body + have, m->bytes - have, m);
		ck_assert_int_gt(n, 0);
	}
}

static void
hello(unsigned char body[96], uint32_t role, uint32_t holds)
{
	memset(body, 0, 96);
	put(body, 0, 0x584D4853, 4);
	put(body, 4, 3, 2);
	put(body, 6, 3, 2);
	put(body, 8, role, 4);
	put(body, 12, 1, 4);
	put(body, 16, holds, 4);
	memcpy(body + 32, "by the\tbook", 12);
}

/* --------------------------------------------------------- 17: a reader -- */

struct book {
	int conn, data, record_fd, wake;
	uint32_t holds;
	uint32_t p;
	uint64_t region_bytes;
	unsigned char *map;		/* [0, P) */
	unsigned char *record;
	/* From the headers. */
	uint64_t slots_offset, slot_stride;
	uint32_t slots, capacity;
	unsigned char *ext, *states, *metas;
};

static _Atomic uint64_t *
word64(unsigned char *at)
{
	return (_Atomic uint64_t *)(void *)at;
}

static _Atomic uint32_t *
word32(unsigned char *at)
{
	return (_Atomic uint32_t *)(void *)at;
}

static void *
map_fd(int fd, size_t bytes, int prot)
{
	void *m = mmap(NULL, bytes, prot, MAP_SHARED, fd, 0);

	ck_assert_ptr_ne(m, MAP_FAILED);
	return m;
}

/* Section 2. */
static void
read_headers(struct book *b, uint64_t session)
{
	const unsigned char *h = b->map;
	uint32_t e = get32(h, 20);

	ck_assert_uint_eq(get64(h, 0), UINT64_C(0x48494E415F53484D));
	ck_assert_uint_eq(get32(h, 8), 2);
	ck_assert_uint_eq(get32(h, 16), 0x01020304);
	ck_assert_uint_eq(get64(h, 24), session);
	ck_assert_uint_eq(get32(h, 36), e ^ 0x33584D53);
	ck_assert_uint_eq(get32(h, 84), 0);
	b->slots = get32(h, 60);
	b->slot_stride = get32(h, 64);
	b->slots_offset = get32(h, 68);
	b->capacity = get32(h, 72);
	ck_assert_uint_eq(b->slots_offset, b->p - 88);
	b->ext = b->map + e;
	ck_assert_uint_eq(get64(b->ext, 0), UINT64_C(0x334E4950584D4853));
	ck_assert_uint_eq(get64(b->ext, 16), session);
	ck_assert_uint_eq(get64(b->ext, 32), b->region_bytes);
	ck_assert_uint_eq(get32(b->ext, 80), b->p);
	b->states = b->ext + get32(b->ext, 60);
	b->metas = b->ext + get32(b->ext, 64);
}

static void
attach(struct book *b, const void *body, size_t bytes)
{
	const unsigned char ready[8] = { 1 };
	struct message m;

	b->conn = dial();
	say(b->conn, 1, body, bytes);
	hear(b->conn, &m);
	ck_assert_uint_eq(m.type, 2);
	ck_assert_uint_eq(m.fd_count, 3);
	ck_assert_uint_eq(get32(m.body, 0), 3);
	b->data = m.fds[0];
	b->record_fd = m.fds[1];
	b->wake = m.fds[2];
	b->holds = get32(m.body, 8);
	b->p = get32(m.body, 12);
	b->region_bytes = get64(m.body, 32);
	ck_assert_uint_eq(get64(m.body, 40), 4096);
	b->map = map_fd(b->data, b->p, PROT_READ);
	b->record = map_fd(b->record_fd, 4096, PROT_READ | PROT_WRITE);
	read_headers(b, get64(m.body, 16));
	say(b->conn, 3, ready, sizeof(ready));
}

static void
attach_reader(struct book *b, uint32_t holds)
{
	unsigned char body[96];

	hello(body, 1, holds);
	attach(b, body, sizeof(body));
	ck_assert_uint_eq(b->holds, holds);
}

static void
leave(struct book *b)
{
	munmap(b->map, b->p);
	munmap(b->record, 4096);
	base_close(&b->conn);
	base_close(&b->data);
	base_close(&b->record_fd);
	base_close(&b->wake);
}

/* R2 and R3. */
static bool
try_hold(struct book *b, unsigned h, uint64_t sequence, uint32_t slot)
{
	atomic_store(word64(b->record + 64 + 8 * h), sequence << 16 |
		     (slot + 1));
	return atomic_load(word64(b->states + 8 * slot)) ==
	       (UINT64_C(2) << 62 | sequence);
}

/* R1 to R3. */
static uint32_t
hold_latest(struct book *b, unsigned h, uint64_t *sequence)
{
	uint64_t l;

	do {
		l = atomic_load(word64(b->ext + 128));
		ck_assert_uint_lt(l & 0xffff, b->slots);
		*sequence = l >> 16;
	} while (!try_hold(b, h, *sequence, (uint32_t)(l & 0xffff)));
	return (uint32_t)(l & 0xffff);
}

static void
release(struct book *b, unsigned h)
{
	atomic_store(word64(b->record + 64 + 8 * h), 0);
}

/* Pixels of frame n, all of them, read as a stranger would. */
static bool
shows(struct book *b, uint32_t slot, uint64_t n)
{
	const unsigned char *meta = b->metas + 256 * slot;
	uint64_t at = get64(meta, 72), x, y;
	uint32_t row[WIDTH];

	ck_assert_uint_eq(get32(meta, 40), WIDTH);
	ck_assert_uint_eq(get32(meta, 44), HEIGHT);
	ck_assert_uint_eq(get32(meta, 52), 0x34325258);
	ck_assert_uint_eq(at, b->p + slot * b->slot_stride);
	for (y = 0; y < HEIGHT; y++) {
		if (pread(b->data, row, sizeof(row), (off_t)
			  (at + y * get32(meta, 48))) != sizeof(row))
			return false;
		for (x = 0; x < WIDTH; x++)
			if (row[x] != frame_pixel(n, (uint32_t)(y * WIDTH + x)))
				return false;
	}
	return get64(meta, 32) == n;
}

static void
wait_for_readers(uint32_t readers)
{
	struct shmx_producer_stats stats;
	int i;

	for (i = 0; i < LONG_MS; i++) {
		shmx_producer_stats(producer, &stats, sizeof(stats));
		if (stats.readers == readers)
			return;
		usleep(1000);
	}
	ck_abort_msg("%u readers, not %u", stats.readers, readers);
}

START_TEST(a_reader_by_the_book)
{
	uint32_t slot, other, kept;
	uint64_t q, r, n;
	struct book b, c;

	for (n = 1; n <= 2; n++)
		ck_assert_uint_eq(frame_publish(producer, n), n);
	attach_reader(&b, 2);
	/* It holds before it is heard of. */
	slot = hold_latest(&b, 0, &q);
	ck_assert_uint_eq(q, 2);
	for (; n <= 30; n++)
		ck_assert_uint_eq(frame_publish(producer, n), n);
	ck_assert(shows(&b, slot, 2));
	/* 6.4: the one before the newest, which is looked for. */
	for (other = 0; other < b.slots; other++)
		if (atomic_load(word64(b.states + 8 * other)) ==
		    (UINT64_C(2) << 62 | 29))
			break;
	ck_assert_uint_lt(other, b.slots);
	ck_assert(try_hold(&b, 1, 29, other));
	for (; n <= 60; n++)
		ck_assert_uint_eq(frame_publish(producer, n), n);
	ck_assert(shows(&b, slot, 2) && shows(&b, other, 29));
	/* What is released is written again, when no other slot is free. */
	release(&b, 0);
	kept = hold_latest(&b, 0, &r);
	ck_assert_uint_eq(r, 60);
	ck_assert_uint_eq(frame_publish(producer, n), n);
	attach_reader(&c, 1);
	hold_latest(&c, 0, &r);
	for (n++; n <= 70; n++)
		ck_assert_uint_eq(frame_publish(producer, n), n);
	ck_assert(!shows(&b, slot, 2));
	ck_assert(shows(&b, other, 29) && shows(&b, kept, 60));
	/* And a word that is too late holds nothing. */
	release(&b, 0);
	ck_assert(!try_hold(&b, 0, 2, slot));
	release(&b, 0);
	slot = hold_latest(&b, 0, &r);
	ck_assert(r == 70 && shows(&b, slot, 70));
	wait_for_readers(2);
	leave(&b);
	leave(&c);
	wait_for_readers(0);
}
END_TEST

/* 7. */
START_TEST(a_sleeper_by_the_book)
{
	struct book b;
	char byte;

	attach_reader(&b, 1);
	atomic_store(word32(b.record + 128), 1);	/* S1 */
	ck_assert_uint_eq(atomic_load(word64(b.ext + 128)), 0xffff); /* S2 */
	ck_assert_uint_eq(frame_publish(producer, 1), 1);
	ck_assert_uint_eq(atomic_load(word32(b.record + 128)), 0);
	ck_assert_int_eq(recv(b.wake, &byte, 1, 0), 1);
	/* Who is awake is left alone. */
	ck_assert_uint_eq(frame_publish(producer, 2), 2);
	ck_assert_int_lt(recv(b.wake, &byte, 1, MSG_DONTWAIT), 0);
	/* The end of the producer, 10.8. */
	shmx_producer_close(producer);
	producer = NULL;
	ck_assert_int_eq(recv(b.wake, &byte, 1, 0), 0);
	ck_assert_uint_eq(atomic_load(word32(b.ext + 192)), 3);
	leave(&b);
}
END_TEST

/* 2.4, 2.6: the streams of a frame, and what the directory says of them. */
START_TEST(streams_by_the_book)
{
	const uint32_t points[6] = { 1, 2, 3, 4, 5, 6 };
	unsigned char slot_bytes[4096];
	struct shmx_frame f;
	const unsigned char *d;
	uint32_t slot, at, i;
	struct book b;
	uint64_t q;

	attach_reader(&b, 1);
	shmx_begin(producer, &f);
	memset(f.pixels, 0, f.stride * f.height);
	ck_assert_int_eq(shmx_frame_append_copy(producer, &f, 7, 3, points),
			 0);
	ck_assert_uint_eq(shmx_publish(producer, &f), 1);
	slot = hold_latest(&b, 0, &q);

	/* The second TLV of the directory. */
	d = b.map + get32(b.map, 48);
	ck_assert_uint_eq(get32(d, 0), 0x1000);
	d += (8 + get32(d, 4) + 15) / 16 * 16;
	ck_assert_uint_eq(get32(d, 0), 0x1000);
	ck_assert_uint_eq(get32(d, 8 + 0), 7);		/* id */
	ck_assert_uint_eq(get32(d, 8 + 4), 7);		/* U32 */
	ck_assert_uint_eq(get32(d, 8 + 8), 2);		/* components */
	ck_assert_uint_eq(get32(d, 8 + 12), 1);		/* side by side */
	ck_assert_uint_eq(get32(d, 8 + 16), 4);
	ck_assert_uint_eq(get32(d, 8 + 20), 4);		/* capacity */
	ck_assert_uint_eq(get32(d, 8 + 24), 6);
	ck_assert_mem_eq(d + 8 + 32, "points", 6);

	/* The second TLV of the frame. */
	ck_assert_uint_eq(get32(b.metas + 256 * slot, 68), 2);
	ck_assert_int_eq(pread(b.data, slot_bytes, sizeof(slot_bytes), (off_t)
			       (b.slots_offset + slot * b.slot_stride)),
			 sizeof(slot_bytes));
	at = 64;
	ck_assert_uint_eq(get32(slot_bytes, at), 0x2000);
	ck_assert_uint_eq(get32(slot_bytes, at + 8), 1);
	at += (8 + get32(slot_bytes, at + 4) + 15) / 16 * 16;
	ck_assert_uint_eq(get32(slot_bytes, at), 0x2000);
	ck_assert_uint_ge(get32(slot_bytes, at + 4), 16 + 24);
	ck_assert_uint_eq(get32(slot_bytes, at + 8), 7);
	ck_assert_uint_eq(get32(slot_bytes, at + 12), 3);
	ck_assert_uint_eq(get32(slot_bytes, at + 16), 24);
	ck_assert_mem_eq(slot_bytes + at + 24, points, 24);
	i = at + 8 + get32(slot_bytes, at + 4) - 64;
	ck_assert_uint_le(i, get32(b.metas + 256 * slot, 64));
	ck_assert_uint_le(get32(b.metas + 256 * slot, 64), b.capacity);
	leave(&b);
}
END_TEST

/* 9. */
START_TEST(messages_by_the_book)
{
	struct shmx_control got;
	struct book b;
	unsigned char *at;

	attach_reader(&b, 1);
	ck_assert_int_eq(shmx_control_wait(producer, LONG_MS), 0);
	ck_assert_int_eq(shmx_control_receive(producer, &got), 0);
	ck_assert_uint_eq(got.type, 0x48454C4F);
	ck_assert_str_eq(got.label, "by the?book");

	at = b.record + 2048 + 16;
	put(at, 0, 0x1234, 4);
	put(at, 4, 5, 4);
	memcpy(at + 8, "hello", 5);
	atomic_store(word64(b.record + 2048 + 8), 16);	/* C3 */
	say(b.conn, 7, NULL, 0);
	ck_assert_int_eq(shmx_control_wait(producer, LONG_MS), 0);
	ck_assert_int_eq(shmx_control_receive(producer, &got), 0);
	ck_assert_uint_eq(got.type, 0x1234);
	ck_assert_uint_eq(got.bytes, 5);
	ck_assert_mem_eq(got.data, "hello", 5);
	ck_assert_uint_eq(atomic_load(word64(b.record + 2048)), 16);

	say(b.conn, 5, NULL, 0);
	ck_assert_int_eq(shmx_control_wait(producer, LONG_MS), 0);
	ck_assert_int_eq(shmx_control_receive(producer, &got), 0);
	ck_assert_uint_eq(got.type, 0x4259455F);
	leave(&b);
}
END_TEST

/* 10.2, 10.3, 10.6. */
START_TEST(moved_and_evicted_by_the_book)
{
	static const struct shmx_stream larger = {
		.kind = SHMX_STREAM_IMAGE, .id = 1, .name = "picture",
		.width = 200, .height = 100, .format = SHMX_XRGB8888,
	};
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	const unsigned char ready[8] = { 1 };
	struct shmx_reader_snapshot who;
	unsigned char *old_map;
	uint32_t old_p, slot;
	struct message m;
	struct book b;
	uint64_t q;

	ck_assert_uint_eq(frame_publish(producer, 1), 1);
	attach_reader(&b, 2);
	slot = hold_latest(&b, 0, &q);
	wait_for_readers(1);
	o.streams = &larger;
	o.stream_count = 1;
	ck_assert_int_eq(shmx_producer_grow(producer, &o), 0);
	ck_assert_uint_eq(atomic_load(word32(b.ext + 192)), 4);
	ck_assert_uint_eq(atomic_load(word32(b.ext + 196)), 1);
	hear(b.conn, &m);
	ck_assert_uint_eq(m.type, 6);
	ck_assert_uint_eq(m.fd_count, 1);
	ck_assert_uint_eq(get32(m.body, 8), 2);
	ck_assert_uint_eq(frame_publish(producer, 2), 2);
	ck_assert(shows(&b, slot, 1));

	/* The new region, with the old record. */
	old_map = b.map;
	old_p = b.p;
	base_close(&b.data);
	b.data = m.fds[0];
	b.p = get32(m.body, 12);
	b.region_bytes = get64(m.body, 32);
	b.map = map_fd(b.data, b.p, PROT_READ);
	read_headers(&b, get64(m.body, 16));
	say(b.conn, 3, ready, sizeof(ready));
	ck_assert_uint_eq(get32(b.ext, 96), 1);
	ck_assert_uint_eq(get64(b.ext, 104), 1);
	hold_latest(&b, 1, &q);
	ck_assert_uint_eq(q, 2);
	munmap(old_map, old_p);

	ck_assert_int_eq(shmx_producer_readers(producer, &who, sizeof(who),
					       1), 1);
	ck_assert_int_eq(shmx_producer_evict(producer, who.id, "why not"), 0);
	hear(b.conn, &m);
	ck_assert_uint_eq(m.type, 4);
	ck_assert_uint_eq(get32(m.body, 0), EPERM);
	ck_assert_ptr_nonnull(strstr((char *)m.body + 8, "why not"));
	ck_assert_uint_eq(atomic_load(word32(b.record + 132)), 1);
	hear(b.conn, &m);
	ck_assert_uint_eq(m.type, 0);
	leave(&b);
}
END_TEST

/* 2.22. */
START_TEST(the_record_is_signed)
{
	struct book b;

	attach_reader(&b, 3);
	ck_assert_uint_ne(get64(b.record, 0), 0);
	ck_assert_uint_eq(get32(b.record, 24), 1);
	ck_assert_uint_eq(get64(b.record, 32), UINT64_C(0x334E4950584D4853));
	ck_assert_uint_eq(get64(b.record, 40), get64(b.map, 24));
	ck_assert_uint_eq(get32(b.record, 264), 1);
	ck_assert_uint_eq(get32(b.record, 268), 3);
	ck_assert_uint_eq(get32(b.record, 272), (uint32_t)getpid());
	ck_assert_str_eq((char *)b.record + 280, "by the?book");
	ck_assert_uint_eq(get32(b.record, 132), 0);
	leave(&b);
}
END_TEST

enum { SEAL = 1, SHRINK = 2, GROW = 4, FUTURE_WRITE = 16 };

/* 3.1. */
START_TEST(memory_is_sealed)
{
	struct book b;
	char path[64];
	int fd, all;

	attach_reader(&b, 1);
	all = SEAL | SHRINK | GROW | FUTURE_WRITE;
	ck_assert_int_eq(fcntl(b.data, F_GET_SEALS) & all, all);
	ck_assert_int_eq(fcntl(b.record_fd, F_GET_SEALS) & all,
			 SEAL | SHRINK | GROW);
	ck_assert_int_lt(ftruncate(b.data, 0), 0);
	ck_assert_ptr_eq(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED,
			      b.data, 0), MAP_FAILED);
	/* Nor by way of another description. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", b.data);
	fd = open(path, O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_ptr_eq(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED,
			      fd, 0), MAP_FAILED);
	ck_assert_int_lt(pwrite(fd, "", 1, 0), 0);
	close(fd);
	leave(&b);
}
END_TEST

/* 2.9. */
START_TEST(formats_have_sizes)
{
	static const struct {
		uint32_t format;
		unsigned bytes;
	} formats[] = {
		{ 0x34325258, 4 }, { 0x34325241, 4 }, { 0x34324258, 4 },
		{ 0x36314752, 2 }, { 0x30335258, 4 }, { 0x34324752, 3 },
		{ 0x20203852, 1 }, { 0, 0 }, { 0x34325259, 0 },
	};
	size_t i;

	for (i = 0; i < BASE_ARRAY_SIZE(formats); i++)
		ck_assert_uint_eq(shmx_format_bytes(formats[i].format),
				  formats[i].bytes);
}
END_TEST

/*
 * Sections of a region that may have been planned with 32 bits: what is not
 * refused does not overlap.  Nothing here is so large that memory would do.
 */
static void
check_sections(const unsigned char *h, uint64_t bytes)
{
	const uint64_t e = get32(h, 20), p = get32(h, 68) + UINT64_C(88);
	uint64_t end = e + get32(h, e + 12), readers = get32(h, 84);

	ck_assert_uint_le(get32(h, 48) + (uint64_t)get32(h, 52), e);
	if (readers != 0) {
		ck_assert_uint_le(end, readers);
		end = readers + (uint64_t)get32(h, 76) * get32(h, 80);
	}
	ck_assert_uint_le(end, p - 88);
	ck_assert_uint_le(get32(h, 72) + UINT64_C(64), get32(h, 64));
	ck_assert_uint_eq(p + (uint64_t)get32(h, 60) * get32(h, 64), bytes);
}

START_TEST(no_sizes_wrap)
{
	static const size_t frames[] = {
		4000, UINT32_MAX / 64 + 1, UINT32_MAX - 4096, UINT32_MAX,
		(size_t)1 << 32, ((size_t)1 << 32) + 100, SIZE_MAX / 64,
		SIZE_MAX / 64 + 100, SIZE_MAX - 64, SIZE_MAX,
	};
	static const size_t directories[] = {
		0, 4000, 1 << 20, (1 << 20) + 1, UINT32_MAX - 127, UINT32_MAX,
		(size_t)1 << 32, SIZE_MAX - 4096, SIZE_MAX,
	};
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	struct shmx_producer *p;
	size_t i, j;
	int ret, made = 0;

	for (i = 0; i < BASE_ARRAY_SIZE(frames); i++) {
		for (j = 0; j < BASE_ARRAY_SIZE(directories); j++) {
			o.slots = 64;
			o.frame_bytes = frames[i];
			o.directory_bytes = directories[j];
			ret = shmx_producer_open(&p, "large", &o);
			ck_assert(ret == 0 || ret == -EINVAL ||
				  ret == -ENOMEM);
			ck_assert(ret < 0 || (i == 0 && j < 3));
			if (ret < 0)
				continue;
			check_sections(p->region.map, p->region.bytes);
			shmx_producer_close(p);
			made++;
		}
	}
	ck_assert_int_eq(made, 3);
}
END_TEST

/* --------------------------------------------------------- newer peers -- */

/* 4.5, 4.7: longer messages, a range of versions. */
START_TEST(a_newer_peer_is_understood)
{
	unsigned char body[96 + 40];
	struct book b;

	memset(body, 0xa5, sizeof(body));
	hello(body, 1, 1);
	put(body, 4, 2, 2);
	put(body, 6, 9, 2);
	attach(&b, body, sizeof(body));
	wait_for_readers(1);
	leave(&b);
}
END_TEST

/*
 * Between a ring and its reader: what is handed over is changed on the way,
 * as a newer producer would have it.
 */
static ssize_t (*real_recvmsg)(int, struct msghdr *, int);

static void
add_a_feature(int fd)
{
	unsigned char *m;
	struct stat st;
	int copy;

	ck_assert_int_eq(fstat(fd, &st), 0);
	copy = memfd_create("newer", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	ck_assert_int_ge(copy, 0);
	ck_assert_int_eq(ftruncate(copy, st.st_size), 0);
	m = map_fd(copy, (size_t)st.st_size, PROT_READ | PROT_WRITE);
	ck_assert_int_eq(pread(fd, m, (size_t)st.st_size, 0), st.st_size);
	put(m + get32(m, 20), 24, UINT64_C(0x8000000000000100), 8);
	put(m, 12, 1, 4);			/* 2.1 */
	munmap(m, (size_t)st.st_size);
	ck_assert_int_eq(fcntl(copy, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW),
			 0);
	ck_assert_int_eq(dup3(copy, fd, O_CLOEXEC), fd);
	close(copy);
}

/* The producer's thread calls it too, whose peers are none of our business. */
static _Thread_local bool is_reader;

static ssize_t
newer_recvmsg(int fd, struct msghdr *msg, int flags)
{
	ssize_t n = real_recvmsg(fd, msg, flags);
	struct cmsghdr *c = n > 0 && msg->msg_controllen > 0 ?
		CMSG_FIRSTHDR(msg) : NULL;
	int data;

	if (!is_reader || c == NULL || c->cmsg_type != SCM_RIGHTS)
		return n;
	memcpy(&data, CMSG_DATA(c), sizeof(data));
	add_a_feature(data);
	return n;
}

/* 2.12, and a minor version. */
START_TEST(a_feature_that_is_not_known_is_ignored)
{
	struct shmx_reader *r;
	struct shmx_hold *h;
	int ret;

	/* Nobody else may look at the seam while it is changed. */
	shmx_producer_close(producer);
	real_recvmsg = base_sys.recvmsg;
	base_sys.recvmsg = newer_recvmsg;
	setup();
	ck_assert_uint_eq(frame_publish(producer, 1), 1);
	is_reader = true;
	ret = shmx_reader_open(&r, "test", NULL);
	is_reader = false;
	ck_assert_msg(ret == 0, "%s", shmx_error());
	ck_assert_int_eq(shmx_hold_latest(r, &h), 0);
	ck_assert(frame_is_whole(h));
	shmx_release(h);
	shmx_reader_close(r);
	shmx_producer_close(producer);
	producer = NULL;
	base_sys.recvmsg = real_recvmsg;
}
END_TEST

/* ------------------------------------------------------------ strangers -- */

static int (*real_getsockopt)(int, int, int, void *, socklen_t *);

/* Everybody is the user after us. */
static int
strange_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	int ret = real_getsockopt(fd, level, name, value, len);

	if (ret == 0 && level == SOL_SOCKET && name == SO_PEERCRED)
		((struct ucred *)value)->uid = geteuid() + 1;
	return ret;
}

/* 4.4, by both sides. */
START_TEST(another_user_is_refused)
{
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	static const struct shmx_stream picture = {
		.kind = SHMX_STREAM_IMAGE, .id = 1, .name = "picture",
		.width = 1, .height = 1, .format = SHMX_XRGB8888,
	};
	unsigned char body[96];
	struct shmx_reader *r;
	struct message m;
	int conn;

	/* Served by us, so that nobody looks at base_sys meanwhile. */
	shmx_producer_close(producer);
	o.streams = &picture;
	o.stream_count = 1;
	o.flags = SHMX_NO_THREAD;
	ck_assert_int_eq(shmx_producer_open(&producer, "test", &o), 0);
	conn = dial();
	hello(body, 1, 1);
	say(conn, 1, body, sizeof(body));
	real_getsockopt = base_sys.getsockopt;
	base_sys.getsockopt = strange_getsockopt;
	ck_assert_int_eq(shmx_producer_service(producer), 0);
	ck_assert_int_eq(shmx_reader_open(&r, "test", NULL), -EACCES);
	base_sys.getsockopt = real_getsockopt;
	hear(conn, &m);
	ck_assert_uint_eq(m.type, 4);
	ck_assert_uint_eq(get32(m.body, 0), EACCES);
	close(conn);
}
END_TEST

/* ------------------------------------------------------- 16: looking in -- */

static int
inspect(struct message *m)
{
	unsigned char body[96];
	int conn = dial();

	hello(body, 3, 0);
	put(body, 12, 0, 4);
	say(conn, 1, body, sizeof(body));
	hear(conn, m);
	ck_assert_uint_eq(m->type, 2);
	ck_assert_uint_eq(m->fd_count, 1);
	ck_assert_uint_eq(get32(m->body, 8), 0);
	ck_assert_uint_eq(get64(m->body, 40), 0);
	ck_assert_int_eq(fcntl(m->fds[0], F_GETFL) & O_ACCMODE, O_RDONLY);
	return conn;
}

/* Asks; how many records came, and the id that all were sent up to. */
static unsigned
ask_for_roster(int conn, uint64_t after, uint64_t *last)
{
	unsigned char body[8];
	struct message m;
	unsigned n;

	put(body, 0, after, 8);
	say(conn, 16, body, sizeof(body));
	for (n = 0; hear(conn, &m), m.type == 17; n++) {
		ck_assert_uint_eq(m.fd_count, 1);
		ck_assert_int_eq(fcntl(m.fds[0], F_GETFL) & O_ACCMODE,
				 O_RDONLY);
		ck_assert_uint_gt(get64(m.body, 0), after);
		base_close(&m.fds[0]);
	}
	ck_assert_uint_eq(m.type, 16);
	*last = get64(m.body, 0);
	return n;
}

static void
look_and_die(int line, void *arg)
{
	uint64_t last;
	struct message m;
	int conn;

	(void)arg;
	child_hear(line);
	conn = inspect(&m);
	ask_for_roster(conn, 0, &last);
	child_say(line, 'i');
	child_hear(line);
}

/* 16.1, 16.2, K14. */
START_TEST(an_inspector_leaves_nothing)
{
	struct shmx_producer_stats stats;
	struct book one, two;
	uint64_t last, n;
	struct child c;
	struct message m;
	int conn;

	teardown();
	child_start(&c, look_and_die, NULL);
	setup();
	attach_reader(&one, 2);
	attach_reader(&two, 1);
	wait_for_readers(2);
	/* All holds are taken, and still it is let in. */
	conn = inspect(&m);
	base_close(&m.fds[0]);
	ck_assert_uint_eq(ask_for_roster(conn, 0, &last), 2);
	ck_assert_uint_eq(ask_for_roster(conn, last, &last), 0);
	leave(&two);
	wait_for_readers(1);
	ck_assert_uint_eq(ask_for_roster(conn, 0, &last), 1);
	attach_reader(&two, 1);
	wait_for_readers(2);
	ck_assert_uint_eq(ask_for_roster(conn, last, &last), 1);

	child_say(c.line, 'g');
	ck_assert_int_eq(child_hear(c.line), 'i');
	child_kill(&c);
	close(conn);
	for (n = 1; n <= 20; n++)
		ck_assert_uint_eq(frame_publish(producer, n), n);
	leave(&one);
	leave(&two);
	wait_for_readers(0);
	shmx_producer_stats(producer, &stats, sizeof(stats));
	ck_assert_uint_eq(stats.attached, 3);
	ck_assert_uint_eq(stats.holds_granted, 0);
	ck_assert_uint_eq(stats.dropped, 0);
}
END_TEST

/* ----------------------------------------------- 14.2: without atomics -- */

#if defined(__x86_64__)

enum { MEMBARRIER_GLOBAL_EXPEDITED = 2, MEMBARRIER = 324 };

/* On a busy machine each of them may take long. */
enum { ROUNDS = 20000, ENOUGH_NS = 2 * BASE_NS_PER_S };

/* Dekker: the hold word and the state word, and who saw what. */
static struct {
	_Alignas(64) atomic_uint round;
	_Alignas(64) _Atomic uint64_t hold;
	_Alignas(64) _Atomic uint64_t state;
	_Alignas(64) _Atomic uint64_t seen_by_writer;
	_Alignas(64) atomic_uint done;
} litmus;

static unsigned
await_change(atomic_uint *word, unsigned from)
{
	unsigned now;

	while ((now = atomic_load_explicit(word, memory_order_acquire)) ==
	       from)
		;
	return now;
}

/* W2 and W3, in each round until there is none. */
static void *
write_and_look(void *arg)
{
	unsigned i = 0;

	(void)arg;
	while ((i = await_change(&litmus.round, i)) != UINT32_MAX) {
		atomic_store(&litmus.state, i);
		litmus.seen_by_writer = atomic_load(&litmus.hold);
		atomic_store_explicit(&litmus.done, i, memory_order_release);
	}
	return NULL;
}

/* Plain accesses are these, in such a language, and nothing between them. */
#define PLAIN_STORE(word, value) \
	atomic_store_explicit(&(word), (value), memory_order_relaxed)
#define PLAIN_LOAD(word) \
	atomic_load_explicit(&(word), memory_order_relaxed)

START_TEST(membarrier_takes_the_place_of_seq_cst)
{
	pthread_t writer;
	uint64_t seen, end = base_now_ns() + ENOUGH_NS;
	unsigned i, wrong = 0;
	volatile unsigned later;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2 ||
	    syscall(MEMBARRIER, MEMBARRIER_GLOBAL_EXPEDITED, 0) < 0)
		return;
	ck_assert_int_eq(pthread_create(&writer, NULL, write_and_look, NULL),
			 0);
	for (i = 1; i <= ROUNDS && base_now_ns() < end; i++) {
		atomic_store_explicit(&litmus.round, i, memory_order_release);
		/* For the two to meet, now and then. */
		for (later = i % 256; later > 0; later--)
			;
		PLAIN_STORE(litmus.hold, i);			/* R2 */
		syscall(MEMBARRIER, MEMBARRIER_GLOBAL_EXPEDITED, 0);
		seen = PLAIN_LOAD(litmus.state);		/* R3 */
		await_change(&litmus.done, i - 1);
		/* One of the two has to have seen the other. */
		wrong += seen != i && litmus.seen_by_writer != i;
	}
	atomic_store(&litmus.round, UINT32_MAX);
	pthread_join(writer, NULL);
	ck_assert_uint_eq(wrong, 0);
}
END_TEST

#endif /* __x86_64__ */

int
main(void)
{
	Suite *s = suite_create("book");
	TCase *tc = suite_case(s, "by the book");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_reader_by_the_book);
	tcase_add_test(tc, a_sleeper_by_the_book);
	tcase_add_test(tc, streams_by_the_book);
	tcase_add_test(tc, messages_by_the_book);
	tcase_add_test(tc, moved_and_evicted_by_the_book);
	tcase_add_test(tc, the_record_is_signed);
	tcase_add_test(tc, memory_is_sealed);
	tcase_add_test(tc, formats_have_sizes);
	tcase_add_test(tc, no_sizes_wrap);
	tcase_add_test(tc, a_newer_peer_is_understood);
	tcase_add_test(tc, a_feature_that_is_not_known_is_ignored);
	tcase_add_test(tc, another_user_is_refused);
	tcase_add_test(tc, an_inspector_leaves_nothing);

#if defined(__x86_64__)
	tc = suite_case(s, "processor");
	tcase_add_test(tc, membarrier_takes_the_place_of_seq_cst);
#endif
	return suite_run(s);
}
