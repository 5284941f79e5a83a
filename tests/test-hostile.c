/* SPDX-License-Identifier: MIT */
/*
 * test-hostile.c - peers that are wrong, and peers that mean it
 *
 * Hostile readers are children that speak the protocol by hand to a producer
 * in the test's process, which a good reader in the same process watches.
 * Hostile producers are listeners that the test makes itself, with a ring of
 * its own making; the reader is in the test's process, where a sanitizer sees
 * what it does.
 */
#include "config.h"

#include <shmx/shmx.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/fd.h"
#include "byhand.h"
#include "chance.h"
#include "child.h"
#include "fake.h"
#include "frames.h"
#include "shmx/atomic.h"
#include "shmx/checksum.h"
#include "shmx/region.h"
#include "shmx/segment.h"
#include "suite.h"

static void
check_words(const char *words)
{
	ck_assert_msg(strstr(shmx_error(), words) != NULL,
		      "\"%s\" does not say \"%s\"", shmx_error(), words);
	ck_assert_ptr_null(strchr(shmx_error(), '\n'));
}

/* ----------------------------------------------------- hostile readers -- */

static struct shmx_producer *producer;
static struct child hostile;

/* Start a child that waits, then the producer, then let the child go. */
static void
let_loose(void (*run)(int line, void *arg))
{
	child_start(&hostile, run, NULL);
	ck_assert_int_eq(shmx_producer_open_image(&producer, "test", 64, 48,
						  SHMX_XRGB8888), 0);
	ck_assert_uint_eq(frame_publish(producer, 1), 1);
	child_say(hostile.line, 'g');
}

static struct shmx_producer_stats
stats_of(struct shmx_producer *p)
{
	struct shmx_producer_stats stats;

	shmx_producer_stats(p, &stats, sizeof(stats));
	return stats;
}

/* Nothing of anybody is left, and who comes next is served. */
static void
check_unharmed(void)
{
	struct shmx_producer_stats stats;
	struct shmx_reader *r;
	struct shmx_hold *h;
	uint64_t n, q;
	int i;

	for (i = 0; i < 2000; i++) {
		stats = stats_of(producer);
		if (stats.readers == 0 && stats.holds_granted == 0)
			break;
		usleep(5000);
	}
	ck_assert_uint_eq(stats.readers, 0);
	ck_assert_uint_eq(stats.holds_granted, 0);
	ck_assert_uint_eq(stats.slots_held, 0);
	ck_assert_msg(shmx_reader_open(&r, "test", NULL) == 0, "%s",
		      shmx_error());
	for (i = 0; i < 10; i++) {
		n = frame_publish(producer, (uint64_t)i);
		ck_assert_uint_ne(n, 0);
		do {
			ck_assert_int_eq(shmx_wait(r, 10000), 0);
			ck_assert_int_eq(shmx_hold_latest(r, &h), 0);
			ck_assert(frame_is_whole(h));
			q = shmx_frame_info(h)->sequence;
			shmx_release(h);
			/* The last of a ring that grew, where that is first. */
		} while (i == 0 && q < n);
		ck_assert_uint_eq(q, n);
	}
	shmx_reader_close(r);
	shmx_producer_close(producer);
}

/* What a refusal says. */
static void
expect_refusal(int conn, int error, const char *words)
{
	const struct shmx_refusal *r;
	struct shmx_channel ch;

	shmx_channel_init(&ch, conn);
	expect(byhand_receive(&ch) == SHMX_MSG_ERROR);
	r = shmx_channel_body(&ch, sizeof(*r), 0);
	expect(r != NULL);
	expect(r->error == error);
	expect(memchr(r->text, '\0', sizeof(r->text)) != NULL);
	expect(strstr(r->text, words) != NULL);
	shmx_channel_next(&ch);
	expect(byhand_receive(&ch) == 0);
	close(conn);
}

static void
expect_hang_up(int conn)
{
	char byte;

	/* Not even a word, or what was not read on either side. */
	expect(recv(conn, &byte, 1, 0) <= 0);
	close(conn);
}

static void
say_hello(int conn, const struct shmx_hello *hello)
{
	expect(shmx_channel_send(conn, SHMX_MSG_HELLO, hello, sizeof(*hello),
				 NULL, 0) == 0);
}

static void
speak_wrongly(int line, void *arg)
{
	struct shmx_message_header head = { 0 };
	struct shmx_hello hello;
	unsigned char garbage[512];
	int conn;
	size_t i;

	(void)arg;
	child_hear(line);
	for (i = 0; i < sizeof(garbage); i++)
		garbage[i] = (unsigned char)(i * 37 + 200);
	conn = byhand_connect();
	expect(send(conn, garbage, sizeof(garbage), MSG_NOSIGNAL) > 0);
	expect_hang_up(conn);

	/* A hello that is too short, one with descriptors. */
	conn = byhand_connect();
	hello = byhand_hello(1);
	expect(shmx_channel_send(conn, SHMX_MSG_HELLO, &hello, 8, NULL,
				 0) == 0);
	expect_hang_up(conn);
	conn = byhand_connect();
	expect(shmx_channel_send(conn, SHMX_MSG_HELLO, &hello, sizeof(hello),
				 &conn, 1) == 0);
	expect_hang_up(conn);

	/* Every type there is but the right one, and sizes of all kinds. */
	for (i = 0; i < 20; i++) {
		if (i == SHMX_MSG_HELLO)
			continue;
		conn = byhand_connect();
		head.type = (uint16_t)i;
		head.bytes = sizeof(head);
		expect(send(conn, &head, sizeof(head), MSG_NOSIGNAL) > 0);
		expect_hang_up(conn);
	}
	head.bytes = 0;
	conn = byhand_connect();
	expect(send(conn, &head, sizeof(head), MSG_NOSIGNAL) > 0);
	expect_hang_up(conn);

	/* Half a message, and the end. */
	conn = byhand_connect();
	head.bytes = 4096;
	expect(send(conn, &head, sizeof(head), MSG_NOSIGNAL) > 0);
	expect(send(conn, garbage, 100, MSG_NOSIGNAL) > 0);
	close(conn);
}

START_TEST(whoever_speaks_wrongly_is_dropped)
{
	let_loose(speak_wrongly);
	child_end(&hostile);
	check_unharmed();
}
END_TEST

static void
ask_too_much(int line, void *arg)
{
	struct shmx_hello hello = byhand_hello(1);
	static const uint32_t holds[] = { 0, 9, INT32_MAX, UINT32_MAX };
	char label[sizeof(hello.label)];
	size_t i;
	int conn;

	(void)arg;
	child_hear(line);
	conn = byhand_connect();
	hello.magic ^= 1;
	say_hello(conn, &hello);
	expect_refusal(conn, EPROTO, "use the same release");
	hello = byhand_hello(1);
	hello.version_min = hello.version_max = SHMX_PROTOCOL_VERSION + 1;
	conn = byhand_connect();
	say_hello(conn, &hello);
	expect_refusal(conn, EPROTO, "speaks version 3");
	hello = byhand_hello(1);
	hello.version_max = SHMX_PROTOCOL_VERSION - 1;
	conn = byhand_connect();
	say_hello(conn, &hello);
	expect_refusal(conn, EPROTO, "speaks version 3");
	hello = byhand_hello(1);
	hello.role = SHMX_ROLE_WRITER;
	conn = byhand_connect();
	say_hello(conn, &hello);
	expect_refusal(conn, ENOTSUP, "has one producer");
	hello = byhand_hello(1);
	hello.mode = SHMX_MODE_EVERY;
	conn = byhand_connect();
	say_hello(conn, &hello);
	expect_refusal(conn, ENOTSUP, "may skip frames");
	hello.mode = SHMX_MODE_EVERY + 1;
	conn = byhand_connect();
	say_hello(conn, &hello);
	expect_refusal(conn, ENOTSUP, "admits only readers");
	for (i = 0; i < BASE_ARRAY_SIZE(holds); i++) {
		hello = byhand_hello(holds[i]);
		conn = byhand_connect();
		say_hello(conn, &hello);
		expect_refusal(conn, EINVAL, "holds 1 to 8 frames");
	}
	hello = byhand_hello(7);
	conn = byhand_connect();
	say_hello(conn, &hello);
	expect_refusal(conn, EBUSY, "lets readers hold 6 frames, 7 are wanted");

	/* A label without an end, of signs that a terminal obeys. */
	conn = byhand_connect();
	hello = byhand_hello(6);
	memset(hello.label, '\033', sizeof(hello.label));
	say_hello(conn, &hello);
	byhand_connect();
	hello = byhand_hello(1);
	i = (size_t)byhand_connect();
	say_hello((int)i, &hello);
	memset(label, '?', sizeof(label));
	label[sizeof(label) - 1] = '\0';
	expect_refusal((int)i, EBUSY, label);
	/* Hello again: no. */
	say_hello(conn, &hello);
	{
		struct shmx_channel ch;

		shmx_channel_init(&ch, conn);
		expect(byhand_receive(&ch) == SHMX_MSG_WELCOME);
		shmx_channel_next(&ch);
		expect(byhand_receive(&ch) == 0);
	}
	close(conn);
}

START_TEST(whoever_asks_too_much_is_refused_in_words)
{
	let_loose(ask_too_much);
	child_end(&hostile);
	check_unharmed();
}
END_TEST

static void
go_on_talking(int line, void *arg)
{
	const struct shmx_ready socket_please = { SHMX_TRANSPORT_SOCKET, 0 };
	struct shmx_message_header head = { sizeof(head), 0, 0 };
	int conn, type;

	(void)arg;
	child_hear(line);
	/* Ready for what there is not. */
	conn = byhand_connect();
	byhand_greet(conn, 1);
	shmx_channel_send(conn, SHMX_MSG_READY, &socket_please,
			  sizeof(socket_please), NULL, 0);
	expect_hang_up(conn);
	/* Ready twice, and anything else afterwards but goodbye or a nudge. */
	for (type = 0; type < 12; type++) {
		if (type == SHMX_MSG_NUDGE)
			continue;
		conn = byhand_connect();
		byhand_greet(conn, 6);
		byhand_ready(conn);
		if (type == SHMX_MSG_READY)
			byhand_ready(conn);
		head.type = (uint16_t)type;
		expect(send(conn, &head, sizeof(head), MSG_NOSIGNAL) > 0 ||
		       type == SHMX_MSG_READY);
		expect_hang_up(conn);
	}
	/* Leave without having been ready. */
	conn = byhand_connect();
	byhand_greet(conn, 6);
	close(conn);
}

START_TEST(whoever_goes_on_talking_is_dropped)
{
	let_loose(go_on_talking);
	child_end(&hostile);
	check_unharmed();
}
END_TEST

enum { FLOOD = 200 };

/* Connections that say nothing, or half a word. */
static void
flood(int line, void *arg)
{
	struct sockaddr_un sa;
	int conn[FLOOD], i;

	(void)arg;
	child_hear(line);
	byhand_address(&sa, "test");
	for (i = 0; i < FLOOD; i++) {
		conn[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		expect(conn[i] >= 0);
		expect(connect(conn[i], (struct sockaddr *)&sa,
			       sizeof(sa)) == 0);
		if (i % 3 == 0)
			(void)!send(conn[i], "\60\0\0", 3, MSG_NOSIGNAL);
	}
	child_say(line, 'f');
	/* And again and again, the oldest making room for the next. */
	for (i = 0; ; i = (i + 1) % FLOOD) {
		close(conn[i]);
		conn[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		expect(connect(conn[i], (struct sockaddr *)&sa,
			       sizeof(sa)) == 0);
	}
}

START_TEST(a_flood_of_connections_keeps_nobody_out)
{
	struct shmx_reader *r;
	struct shmx_hold *h;
	int i;

	let_loose(flood);
	ck_assert_int_eq(child_hear(hostile.line), 'f');
	for (i = 0; i < 5; i++) {
		ck_assert_msg(shmx_reader_open(&r, "test", NULL) == 0, "%s",
			      shmx_error());
		ck_assert_uint_ne(frame_publish(producer, 1), 0);
		ck_assert_int_eq(shmx_wait(r, 10000), 0);
		ck_assert_int_eq(shmx_hold_latest(r, &h), 0);
		ck_assert(frame_is_whole(h));
		shmx_release(h);
		shmx_reader_close(r);
	}
	child_kill(&hostile);
	check_unharmed();
}
END_TEST

static bool
has_hung_up(int conn)
{
	struct pollfd pfd = { .fd = conn, .events = POLLIN };

	return poll(&pfd, 1, 0) > 0 && (pfd.revents & POLLHUP) != 0;
}

/*
 * Writes whatever it likes to all that it can write to: its record, the hold
 * words and the messages in it. Comes again when it is thrown out.
 */
static void
scribble(int line, void *arg)
{
	struct shmx_record *record = NULL;
	_Atomic uint64_t *words = NULL;
	uint64_t n = chance(UINT32_MAX), i;
	int conn = -1;

	(void)arg;
	child_hear(line);
	for (i = 0;; i++) {
		if (i % 4096 == 0 && (conn < 0 || has_hung_up(conn))) {
			base_close(&conn);
			if (record != NULL)
				munmap(record, SHMX_RECORD_BYTES);
			conn = byhand_connect();
			record = byhand_greet(conn, 3);
			byhand_ready(conn);
			words = (void *)record;
			child_say(line, 's');
		}
		n = n * UINT64_C(6364136223846793005) + 1442695040888963407;
		atomic_store_explicit(&words[(n >> 33) % 512],
				      n >> (n >> 58), memory_order_relaxed);
		/* Now and then something that it may hold. */
		shmx_store_relaxed(&record->hold[(n >> 40) % 8],
				   (n >> 20) % 10);
		shmx_store_relaxed(&record->sleeping, (uint32_t)n & 1);
	}
}

/* All that a producer does which looks at what readers wrote. */
static void
look_at_garbage(void)
{
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	const struct shmx_stream picture = {
		.kind = SHMX_STREAM_IMAGE, .id = 1, .name = "image",
		.width = 64, .height = 48, .format = SHMX_XRGB8888,
	};
	struct shmx_reader_snapshot readers[4];
	struct shmx_inspect_ring ring;
	struct shmx_inspector *inspector;
	struct shmx_control m;
	int i;

	for (i = 0; i < 1000; i++)
		if (shmx_control_receive(producer, &m) < 0)
			break;
	ck_assert_int_le(shmx_producer_readers(producer, readers,
					       sizeof(readers[0]), 4), 3);
	if (shmx_inspect_open(&inspector, "test") == 0) {
		(void)shmx_inspect_snapshot(inspector, &ring, sizeof(ring));
		shmx_inspect_close(inspector);
	}
	o.streams = &picture;
	o.stream_count = 1;
	ck_assert_int_eq(shmx_producer_grow(producer, &o), 0);
}

START_TEST(a_record_full_of_garbage_harms_nobody)
{
	uint64_t deadline, n, dropped = 0;
	struct shmx_reader *r;
	struct shmx_hold *h, *old = NULL;
	int ret;

	let_loose(scribble);
	ck_assert_int_eq(child_hear(hostile.line), 's');
	ck_assert_int_eq(shmx_reader_open(&r, "test", NULL), 0);
	deadline = base_now_ns() + BASE_NS_PER_S;
	for (n = 2; base_now_ns() < deadline; n++) {
		dropped += frame_publish(producer, n) == 0;
		if (_i == 1 && n % 256 == 0)
			look_at_garbage();
		ret = shmx_hold_latest(r, &h);
		ck_assert_int_eq(ret, 0);
		ck_assert(frame_is_whole(h));
		/* Kept while the next ones are drawn. */
		if (old == NULL) {
			old = h;
			continue;
		}
		shmx_release(h);
		if (n % 16 == 0) {
			ck_assert(frame_is_whole(old));
			shmx_release(old);
			old = NULL;
		}
	}
	ck_assert_uint_eq(stats_of(producer).dropped, dropped);
	ck_assert_uint_eq(stats_of(producer).published + dropped, n - 1);
	shmx_release(old);
	shmx_reader_close(r);
	child_kill(&hostile);
	check_unharmed();
}
END_TEST

/* Never reads its wake-ups, and always says that it sleeps. */
static void
sleep_on(int line, void *arg)
{
	struct shmx_record *record;

	(void)arg;
	child_hear(line);
	record = byhand_attach(1);
	child_say(line, 's');
	for (;;)
		shmx_store_relaxed(&record->sleeping, 1);
}

START_TEST(a_sleeper_that_cannot_be_woken_holds_nobody_up)
{
	uint64_t n;

	let_loose(sleep_on);
	ck_assert_int_eq(child_hear(hostile.line), 's');
	for (n = 2; n < 20000; n++)
		ck_assert_uint_eq(frame_publish(producer, n), n);
	child_kill(&hostile);
	check_unharmed();
}
END_TEST

/* --------------------------------------------------- hostile producers -- */

static void
check_refused(struct fake *f, int error, const char *words)
{
	struct shmx_reader *r = NULL;
	struct child c;

	ck_assert_int_eq(fake_open(f, &c, &r), error);
	check_words(words);
	child_say(c.line, 'q');
	child_end(&c);
}

START_TEST(the_fake_is_a_good_one)
{
	struct shmx_image_info info;
	struct shmx_reader *r;
	struct shmx_hold *h;
	struct fake f;
	struct child c;

	fake_make(&f);
	ck_assert_int_eq(fake_open(&f, &c, &r), 0);
	ck_assert_int_eq(shmx_reader_image(r, &info, sizeof(info)), 0);
	ck_assert_str_eq(info.name, "picture");
	ck_assert_int_eq(shmx_hold_latest(r, &h), 0);
	ck_assert_uint_eq(shmx_frame_info(h)->sequence, 1);
	ck_assert_ptr_nonnull(shmx_frame_pixels(h));
	shmx_release(h);
	child_say(c.line, 'q');
	child_end(&c);
	shmx_reader_close(r);
	fake_free(&f);
}
END_TEST

/* What is wrong with the descriptors. */
static void
no_seals(struct fake *f)
{
	base_close(&f->data_fd);
	f->data_fd = fake_memfd(f->bytes, 0);
}

static void
half_the_seals(struct fake *f)
{
	base_close(&f->data_fd);
	f->data_fd = fake_memfd(f->bytes, F_SEAL_GROW);
}

static void
short_data(struct fake *f)
{
	base_close(&f->data_fd);
	f->data_fd = fake_memfd(f->bytes - 4096, SHMX_SEALS_SIZE);
}

static void
long_data(struct fake *f)
{
	base_close(&f->data_fd);
	f->data_fd = fake_memfd(f->bytes + 4096, SHMX_SEALS_SIZE);
}

static void
data_is_a_socket(struct fake *f)
{
	base_close(&f->data_fd);
	f->data_fd = base_dup(f->wake[1]);
}

static void
data_is_a_file(struct fake *f)
{
	base_close(&f->data_fd);
	f->data_fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	f->welcome.region_bytes = (uint64_t)lseek(f->data_fd, 0, SEEK_END);
}

/*
 * Sealed, and can all the same lose its pages.  It needs none to be made; where
 * the kernel has no such memory, one without seals stands for it.
 */
static void
data_is_of_huge_pages(struct fake *f)
{
	const uint64_t huge = UINT64_C(1) << 30;
	int fd = memfd_create("fake", MFD_CLOEXEC | MFD_ALLOW_SEALING |
			      MFD_HUGETLB);

	base_close(&f->data_fd);
	if (fd < 0 || ftruncate(fd, (off_t)huge) < 0 ||
	    fcntl(fd, F_ADD_SEALS, SHMX_SEALS_SIZE) < 0) {
		base_close(&fd);
		fd = fake_memfd(f->bytes, 0);
	}
	f->data_fd = fd;
	f->welcome.region_bytes = huge;
}

/* It needs no seals, but memory it has to be. */
static void
a_named_ring_is_a_file(struct fake *f)
{
	base_close(&f->data_fd);
	f->data_fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	f->welcome.region_bytes = 0;
	f->welcome.features = SHMX_FEATURE_NAMED;
}

static void
record_without_seals(struct fake *f)
{
	base_close(&f->record_fd);
	f->record_fd = fake_memfd(SHMX_RECORD_BYTES, 0);
}

static void
short_record(struct fake *f)
{
	base_close(&f->record_fd);
	f->record_fd = fake_memfd(16, SHMX_SEALS_RECORD);
}

static void
record_not_writable(struct fake *f)
{
	base_close(&f->record_fd);
	f->record_fd = fake_memfd(SHMX_RECORD_BYTES, SHMX_SEALS_RECORD &
				  ~F_SEAL_SEAL);
	ck_assert_int_eq(fcntl(f->record_fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
}

static void
wake_is_a_file(struct fake *f)
{
	base_close(&f->wake[1]);
	f->wake[1] = base_dup(f->record_fd);
}

static void
two_fds(struct fake *f)
{
	f->fds_sent = 2;
}

static void
no_fds(struct fake *f)
{
	f->fds_sent = 0;
}

static void
another_version(struct fake *f)
{
	f->welcome.version++;
}

static void
no_holds(struct fake *f)
{
	f->welcome.holds = 0;
}

static void
many_holds(struct fake *f)
{
	f->welcome.holds = 9;
}

static void
a_large_record(struct fake *f)
{
	f->welcome.record_bytes = UINT64_MAX;
}

static void
nothing_to_map(struct fake *f)
{
	f->welcome.map_bytes = 0;
}

static void
a_little_to_map(struct fake *f)
{
	f->welcome.map_bytes = 64;
}

static void
too_much_to_map(struct fake *f)
{
	f->welcome.map_bytes = UINT32_MAX;
}

static void
another_session(struct fake *f)
{
	f->welcome.session++;
}

static const struct wrong {
	void (*make)(struct fake *f);
	int error;
	const char *words;
} wrongs[] = {
	{ no_seals, -EPROTO, "is not sealed memory" },
	{ half_the_seals, -EPROTO, "is not sealed memory" },
	{ short_data, -EPROTO, "is not sealed memory" },
	{ long_data, -EPROTO, "is not sealed memory" },
	{ data_is_a_socket, -EPROTO, "is not sealed memory" },
	{ data_is_a_file, -EPROTO, "is not sealed memory" },
	{ data_is_of_huge_pages, -EPROTO, "is not sealed memory" },
	{ a_named_ring_is_a_file, -EPROTO, "ring is not memory" },
	{ record_without_seals, -EPROTO, "record is not sealed memory" },
	{ short_record, -EPROTO, "record is not sealed memory" },
	{ record_not_writable, -EPERM, "cannot map the reader's record" },
	{ wake_is_a_file, -EPIPE, "hung up" },
	{ two_fds, -EPROTO, "descriptors were lost" },
	{ no_fds, -EPROTO, "descriptors were lost" },
	{ another_version, -EPROTO, "welcome is malformed" },
	{ no_holds, -EPROTO, "makes no sense" },
	{ many_holds, -EPROTO, "makes no sense" },
	{ a_large_record, -EPROTO, "makes no sense" },
	{ nothing_to_map, -EPROTO, "sizes out of range" },
	{ a_little_to_map, -EPROTO, "sizes out of range" },
	{ too_much_to_map, -EPROTO, "sizes out of range" },
	{ another_session, -EPROTO, "another session" },
};

START_TEST(a_wrong_welcome_is_refused)
{
	struct fake f;

	fake_make(&f);
	wrongs[_i].make(&f);
	check_refused(&f, wrongs[_i].error, wrongs[_i].words);
	fake_free(&f);
}
END_TEST

/* ------------------------------------------------- memory that shrinks -- */

/* The same ring in memory whose size is not sealed, as if it had a name. */
static void
unseal(struct fake *f)
{
	base_close(&f->data_fd);
	f->data_fd = fake_memfd(f->bytes, 0);
	ck_assert_int_eq(pwrite(f->data_fd, f->data, f->bytes, 0),
			 (ssize_t)f->bytes);
	f->welcome.features = SHMX_FEATURE_NAMED;
}

/* Whoever looks at it now, in this instant or that, gets a SIGBUS. */
static void
cut_short(struct fake *f, int conn)
{
	(void)conn;
	for (;;) {
		expect(ftruncate(f->data_fd, 0) == 0);
		expect(ftruncate(f->data_fd, (off_t)f->bytes) == 0);
		expect(pwrite(f->data_fd, f->data, f->bytes, 0) ==
		       (ssize_t)f->bytes);
	}
}

static int
open_sealed(struct fake *f, struct child *c, struct shmx_reader **r,
	    uint32_t flags)
{
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;

	o.flags = SHMX_SEALED | flags;
	fake_start(f, c);
	return shmx_reader_open(r, "test", &o);
}

START_TEST(a_ring_that_can_shrink_is_refused)
{
	static const uint32_t flags[] = { 0, SHMX_WAIT };
	struct shmx_reader *r = NULL;
	struct fake f;
	struct child c;

	fake_make(&f);
	/* It is that which is refused, and nothing else. */
	ck_assert_int_eq(open_sealed(&f, &c, &r, flags[_i]), 0);
	shmx_reader_close(r);
	child_kill(&c);
	unseal(&f);
	ck_assert_int_eq(fake_open(&f, &c, &r), 0);
	shmx_reader_close(r);
	child_kill(&c);
	r = NULL;
	ck_assert_int_eq(open_sealed(&f, &c, &r, flags[_i]), -ENOTSUP);
	check_words("not sealed memory");
	ck_assert_ptr_null(r);
	child_kill(&c);
	fake_free(&f);
}
END_TEST

START_TEST(who_wants_sealed_memory_lives)
{
	struct shmx_reader *r = NULL;
	struct fake f;
	struct child c;
	int i, ret, refused = 0;

	fake_make(&f);
	unseal(&f);
	f.after = cut_short;
	for (i = 0; i < 100 || (refused == 0 && i < 2000); i++) {
		ret = open_sealed(&f, &c, &r, 0);
		/* Or it is seen that it is too short. */
		ck_assert_msg(ret == -ENOTSUP || ret == -EPROTO, "%d: %s", ret,
			      shmx_error());
		refused += ret == -ENOTSUP;
		child_kill(&c);
	}
	ck_assert_int_gt(refused, 0);
	fake_free(&f);
}
END_TEST

/* --------------------------------------------------- malformed regions -- */

/* Values that a 32-bit field is good for. */
static const uint32_t edges[] = {
	0, 1, 2, 3, 4, 7, 8, 63, 64, 65, 127, 128, 255, 256, 4095, 4096, 4097,
	8192, 65535, 65536, 0x7fffffff, 0x80000000, 0xfffff000, 0xfffffff8,
	0xffffffff,
};

/* As a reader goes about it, with all that it may do afterwards. */
static void
use_layout(const struct shmx_layout *layout, const void *map)
{
	struct shmx_found found;
	struct shmx_rect16 box;
	shmx_a64 word = 0;
	uint64_t q;

	if (shmx_ring_hold_latest(&layout->ring, &word, &found) == 0) {
		ck_assert_uint_lt(found.slot, layout->ring.slots);
		(void)*(volatile uint64_t *)
			&layout->ring.meta[found.slot].sequence;
	}
	(void)shmx_ring_hold_next(&layout->ring, &word, 0, &found);
	for (q = 0; q < 200; q++)
		(void)shmx_ring_damage(&layout->ring, q, &box);
	ck_assert((const char *)layout->directory.bytes >=
		  (const char *)map + sizeof(struct shmx_header));
	ck_assert((const char *)layout->directory.bytes +
		  layout->directory.capacity <=
		  (const char *)layout->ring.ext);
	ck_assert_uint_le(layout->slots_offset +
			  (uint64_t)layout->ring.slots * layout->slot_stride,
			  layout->region_bytes);
	ck_assert_uint_le(shmx_layout_payload(layout, 0) +
			  layout->frame_capacity,
			  layout->slots_offset + layout->slot_stride);
}

/*
 * Each 32-bit word of the headers with each edge value; the region ends where
 * the memory does, so that a sanitizer sees a step too far.
 */
START_TEST(no_malformed_header_is_believed)
{
	struct shmx_layout layout;
	unsigned char *map;
	struct fake f;
	uint32_t before;
	size_t bytes, at, i, accepted = 0;

	fake_make(&f);
	bytes = f.welcome.map_bytes;
	map = aligned_alloc(64, bytes);
	ck_assert_ptr_nonnull(map);
	memcpy(map, f.data, bytes);
	ck_assert_int_eq(shmx_region_check(&layout, map, (uint32_t)bytes,
					   f.bytes, f.welcome.session), 0);
	for (at = 0; at < 4096 + 512; at += 4) {
		if (at == sizeof(struct shmx_header))
			at = f.header->ext_offset;
		memcpy(&before, map + at, 4);
		for (i = 0; i < BASE_ARRAY_SIZE(edges); i++) {
			memcpy(map + at, &edges[i], 4);
			if (shmx_region_check(&layout, map, (uint32_t)bytes,
					      f.bytes,
					      f.welcome.session) < 0)
				continue;
			accepted++;
			use_layout(&layout, map);
		}
		memcpy(map + at, &before, 4);
	}
	ck_assert_uint_gt(accepted, 0);
	/* And sizes that the welcome may say. */
	for (i = 0; i < BASE_ARRAY_SIZE(edges); i++) {
		if (edges[i] <= bytes)
			(void)shmx_region_check(&layout, map, edges[i],
						f.bytes, f.welcome.session);
		(void)shmx_region_check(&layout, map, (uint32_t)bytes,
					edges[i], f.welcome.session);
	}
	ck_assert_int_eq(shmx_region_check(&layout, map, (uint32_t)bytes,
					   UINT64_MAX, f.welcome.session),
			 -EPROTO);
	free(map);
	fake_free(&f);
}
END_TEST

/* Random words all over the headers, many at a time. */
START_TEST(no_random_header_is_fatal)
{
	struct shmx_layout layout;
	unsigned char *map;
	struct fake f;
	uint64_t n = 12345;
	uint32_t value;
	size_t bytes, at;
	int round, i;

	fake_make(&f);
	bytes = f.welcome.map_bytes;
	map = aligned_alloc(64, bytes);
	ck_assert_ptr_nonnull(map);
	for (round = 0; round < 20000; round++) {
		memcpy(map, f.data, bytes);
		for (i = 0; i < 1 + round % 3; i++) {
			n = n * UINT64_C(6364136223846793005) +
				1442695040888963407;
			at = (n >> 33) % 512;
			at = at < 32 ? at * 4 : f.header->ext_offset +
				(at - 32) * 4 % 1024;
			value = (uint32_t)(n >> 20) >> (n >> 59);
			memcpy(map + at, &value, 4);
		}
		if (shmx_region_check(&layout, map, (uint32_t)bytes, f.bytes,
				      f.welcome.session) == 0)
			use_layout(&layout, map);
	}
	free(map);
	fake_free(&f);
}
END_TEST

START_TEST(a_directory_that_is_wrong_has_no_picture)
{
	struct shmx_image_info info;
	struct shmx_reader *r;
	struct fake f;
	struct child c;
	unsigned char *dir;
	uint32_t before;
	size_t at, i, read = 0;

	fake_make(&f);
	ck_assert_int_eq(fake_open(&f, &c, &r), 0);
	dir = f.data + f.header->static_offset;
	for (at = 0; at < f.header->static_used; at += 4) {
		memcpy(&before, dir + at, 4);
		for (i = 0; i < BASE_ARRAY_SIZE(edges); i++) {
			memcpy(dir + at, &edges[i], 4);
			/* It must not be the hash alone that tells. */
			f.header->static_hash =
				shmx_hash(dir, f.header->static_used);
			if (shmx_reader_image(r, &info, sizeof(info)) < 0)
				continue;
			read++;
			ck_assert_ptr_nonnull(memchr(info.name, '\0',
						     sizeof(info.name)));
			ck_assert_uint_ge(info.width, 1);
			ck_assert_uint_le(info.width, SHMX_SIDE_MAX);
			ck_assert_uint_ge(info.height, 1);
			ck_assert_uint_le(info.height, SHMX_SIDE_MAX);
		}
		memcpy(dir + at, &before, 4);
	}
	ck_assert_uint_gt(read, 0);
	/* Nothing but the hash is wrong. */
	ck_assert_int_eq(shmx_reader_image(r, &info, sizeof(info)), -EPROTO);
	child_say(c.line, 'q');
	child_end(&c);
	shmx_reader_close(r);
	fake_free(&f);
}
END_TEST

START_TEST(a_directory_of_gigabytes_is_refused)
{
	struct fake f;

	fake_make(&f);
	/* Sparse memory costs its maker nothing, but a reader's copy does. */
	munmap(f.data, f.bytes);
	base_close(&f.data_fd);
	f.bytes = UINT64_C(3) << 30;
	f.data_fd = fake_memfd(f.bytes, SHMX_SEALS_SIZE);
	f.data = fake_map(f.data_fd, f.bytes);
	f.header = (void *)f.data;
	f.welcome.region_bytes = f.bytes;
	f.welcome.map_bytes = UINT32_C(1) << 31;
	*f.header = (struct shmx_header){
		.magic = SHMX_MAGIC,
		.version_major = SHMX_VERSION_MAJOR,
		.endian_tag = SHMX_ENDIAN_TAG,
		.ext_offset = f.welcome.map_bytes - 65536,
		.ext_check = (f.welcome.map_bytes - 65536) ^ SHMX_EXT_CHECK,
		.session = f.welcome.session,
		.static_offset = 128,
		.static_used = f.welcome.map_bytes - 131072,
		.slots = 4,
	};
	check_refused(&f, -EPROTO, "directory out of bounds");
	fake_free(&f);
}
END_TEST

/* ---------------------------------------------------- malformed frames -- */

static const uint64_t edges64[] = {
	0, 1, 4, 4096, 0x7fffffff, 0xffffffff, UINT64_C(0x100000000),
	INT64_MAX, UINT64_MAX - 4095, UINT64_MAX - 3, UINT64_MAX,
};

/* What is taken lies in the ring; what does not is refused. */
static void
try_frame(struct fake *f, struct shmx_reader **r, struct child *c)
{
	const struct shmx_frame_info *info;
	struct shmx_hold *h;
	struct shmx_rect rect;
	const volatile unsigned char *pixels;
	unsigned i;
	int ret;

	ret = shmx_hold_latest(*r, &h);
	if (ret < 0) {
		ck_assert_int_eq(ret, -EPROTO);
		check_words("a frame outside of its memory");
		ck_assert_int_eq(shmx_reader_state(*r), SHMX_ABSENT);
		child_say(c->line, 'q');
		child_end(c);
		shmx_reader_close(*r);
		ck_assert_int_eq(fake_open(f, c, r), 0);
		return;
	}
	info = shmx_frame_info(h);
	ck_assert_uint_le((uint64_t)info->width *
			  shmx_format_bytes(info->format), info->stride);
	ck_assert_uint_le(info->offset, info->memory_bytes);
	ck_assert_uint_le((uint64_t)info->stride * info->height,
			  info->memory_bytes - info->offset);
	pixels = shmx_frame_pixels(h);
	ck_assert(pixels != NULL);
	(void)pixels[0];
	(void)pixels[(size_t)info->stride * info->height - 1];
	for (i = 0; i < info->damage_count; i++) {
		ck_assert_int_le(info->damage[i].x + info->damage[i].width,
				 (int32_t)info->width);
		ck_assert_int_le(info->damage[i].y + info->damage[i].height,
				 (int32_t)info->height);
	}
	shmx_damage_since(h, 0, &rect);
	shmx_release(h);
}

START_TEST(no_malformed_frame_is_believed)
{
	struct shmx_reader *r;
	struct fake f;
	struct child c;
	unsigned char *meta;
	uint64_t before;
	size_t at, i;

	fake_make(&f);
	ck_assert_int_eq(fake_open(&f, &c, &r), 0);
	meta = (unsigned char *)&f.meta[0];
	for (at = 40; at < 96; at += 4) {
		memcpy(&before, meta + at, 8);
		for (i = 0; i < BASE_ARRAY_SIZE(edges); i++) {
			memcpy(meta + at, &edges[i], 4);
			try_frame(&f, &r, &c);
			memcpy(meta + at, &before, 8);
		}
	}
	at = offsetof(struct shmx_slot_meta, pixels_offset);
	memcpy(&before, meta + at, 8);
	for (i = 0; i < BASE_ARRAY_SIZE(edges64); i++) {
		memcpy(meta + at, &edges64[i], 8);
		try_frame(&f, &r, &c);
	}
	memcpy(meta + at, &before, 8);
	/* Damage of all kinds, more of it than there is room for. */
	memset(f.meta[0].damage, 0xff, sizeof(f.meta[0].damage));
	f.meta[0].damage_count = UINT32_MAX;
	try_frame(&f, &r, &c);
	memset(f.meta[0].damage, 0x00, sizeof(f.meta[0].damage));
	f.meta[0].damage[3] = (struct shmx_rect16){ 63, 47, 65535, 65535 };
	try_frame(&f, &r, &c);
	child_say(c.line, 'q');
	child_end(&c);
	shmx_reader_close(r);
	fake_free(&f);
}
END_TEST

START_TEST(a_latest_that_is_wrong_is_noticed)
{
	static const uint64_t latest[] = {
		UINT64_C(1) << 16 | 4, UINT64_C(1) << 16 | 0xfffe,
		UINT64_C(1) << 16 | 0xffff, UINT64_MAX, 0,
		UINT64_C(2) << 16, UINT64_MAX - 0xffff,
	};
	struct shmx_reader *r;
	struct shmx_hold *h;
	struct fake f;
	struct child c;
	size_t i;
	int ret;

	fake_make(&f);
	for (i = 0; i < BASE_ARRAY_SIZE(latest); i++) {
		f.ext->latest = latest[i];
		ck_assert_int_eq(fake_open(&f, &c, &r), 0);
		ret = shmx_hold_latest(r, &h);
		ck_assert(ret == -EPROTO || ret == -EAGAIN);
		ck_assert(ret != -EPROTO ||
			  shmx_reader_state(r) == SHMX_ABSENT);
		child_say(c.line, 'q');
		child_end(&c);
		shmx_reader_close(r);
	}
	fake_free(&f);
}
END_TEST

/* --------------------------------------------------- malformed answers -- */

static void
close_at_once(struct fake *f, int conn)
{
	(void)f;
	close(conn);
}

static void
answer_garbage(struct fake *f, int conn)
{
	(void)f;
	expect(send(conn, "GET / HTTP/1.1\r\n\r\n", 18, MSG_NOSIGNAL) == 18);
}

static void
answer_hello(struct fake *f, int conn)
{
	const struct shmx_hello hello = byhand_hello(1);

	(void)f;
	say_hello(conn, &hello);
}

static void
answer_half(struct fake *f, int conn)
{
	const struct shmx_message_header head = {
		sizeof(head) + sizeof(f->welcome), SHMX_MSG_WELCOME, 0 };

	expect(send(conn, &head, sizeof(head), MSG_NOSIGNAL) > 0);
	expect(send(conn, &f->welcome, 20, MSG_NOSIGNAL) > 0);
	close(conn);
}

static void
answer_error(struct fake *f, int conn)
{
	struct shmx_refusal r = { .error = EBUSY };

	(void)f;
	memset(r.text, '\n', sizeof(r.text));
	memcpy(r.text, "no\033[2Jway", 9);
	expect(shmx_channel_send(conn, SHMX_MSG_ERROR, &r, sizeof(r), NULL,
				 0) == 0);
}

static void
answer_odd_error(struct fake *f, int conn)
{
	struct shmx_refusal r = { .error = -5, .text = "odd" };

	(void)f;
	expect(shmx_channel_send(conn, SHMX_MSG_ERROR, &r, sizeof(r), NULL,
				 0) == 0);
}

static void
answer_success(struct fake *f, int conn)
{
	struct shmx_refusal r = { .error = 0, .text = "success" };

	(void)f;
	expect(shmx_channel_send(conn, SHMX_MSG_ERROR, &r, sizeof(r), NULL,
				 0) == 0);
}

static void
answer_short_error(struct fake *f, int conn)
{
	struct shmx_refusal r = { .error = EBUSY, .text = "short" };

	(void)f;
	expect(shmx_channel_send(conn, SHMX_MSG_ERROR, &r, 20, NULL, 0) == 0);
}

static void
answer_nothing(struct fake *f, int conn)
{
	(void)f;
	(void)conn;
}

static const struct answer {
	void (*answer)(struct fake *f, int conn);
	int error;
	const char *words;
} answers[] = {
	{ close_at_once, -ECONNRESET, "hung up" },
	{ answer_garbage, -EPROTO, "malformed" },
	{ answer_hello, -EPROTO, "does not speak the protocol" },
	{ answer_half, -ECONNRESET, "hung up" },
	{ answer_error, -EBUSY, "no?[2Jway??" },
	{ answer_odd_error, -EPROTO, "odd" },
	{ answer_success, -EPROTO, "success" },
	{ answer_short_error, -EPROTO, "does not speak the protocol" },
	{ answer_nothing, -ETIMEDOUT, "does not answer" },
};

START_TEST(a_wrong_answer_is_an_error)
{
	struct fake f;

	fake_make(&f);
	f.answer = answers[_i].answer;
	check_refused(&f, answers[_i].error, answers[_i].words);
	fake_free(&f);
}
END_TEST

static void
chatter(struct fake *f, int conn)
{
	struct shmx_message_header head = { sizeof(head), SHMX_MSG_FRAME, 0 };

	(void)f;
	expect(send(conn, &head, sizeof(head), MSG_NOSIGNAL) > 0);
}

START_TEST(a_producer_that_goes_on_talking_is_left)
{
	struct shmx_reader *r;
	struct shmx_hold *h;
	struct fake f;
	struct child c;

	fake_make(&f);
	f.after = chatter;
	ck_assert_int_eq(fake_open(&f, &c, &r), 0);
	ck_assert_int_eq(shmx_hold_latest(r, &h), 0);
	ck_assert_int_eq(shmx_wait(r, 10000), -EPIPE);
	check_words("does not speak the protocol");
	shmx_release(h);
	shmx_reader_close(r);
	child_say(c.line, 'q');
	child_end(&c);
	fake_free(&f);
}
END_TEST

/* What can be polled but is no socket: something is always there. */
static void
wake_is_an_eventfd(struct fake *f)
{
	base_close(&f->wake[1]);
	f->wake[1] = eventfd(1, EFD_CLOEXEC);
}

static void
wake_is_a_pipe(struct fake *f)
{
	int fds[2];

	base_close(&f->wake[1]);
	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(write(fds[1], "x", 1), 1);
	close(fds[1]);
	f->wake[1] = fds[0];
}

static void
wake_is_a_listener(struct fake *f)
{
	base_close(&f->wake[1]);
	f->wake[1] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static void (*const bad_wakes[])(struct fake *f) = {
	wake_is_an_eventfd, wake_is_a_pipe, wake_is_a_listener,
};

START_TEST(a_wake_descriptor_that_is_none_is_not_polled_for_ever)
{
	struct shmx_reader_stats stats;
	struct shmx_reader *r;
	struct shmx_hold *h;
	struct fake f;
	struct child c;

	fake_make(&f);
	bad_wakes[_i](&f);
	ck_assert_int_eq(fake_open(&f, &c, &r), 0);
	ck_assert_int_eq(shmx_hold_latest(r, &h), 0);
	shmx_release(h);
	ck_assert_int_eq(shmx_wait(r, 300), -EPIPE);
	check_words("does not speak the protocol");
	shmx_reader_stats(r, &stats, sizeof(stats));
	ck_assert_uint_lt(stats.sleeps, 10);
	shmx_reader_close(r);
	child_say(c.line, 'q');
	child_end(&c);
	fake_free(&f);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hostile");
	TCase *tc;

	if (getenv("SHMX_DIR") == NULL) {
		puts("1..0 # SKIP needs SHMX_DIR; run it by tests/with-tmp");
		return 0;
	}
	chance_seed();
	tc = suite_case(s, "readers");
	tcase_add_test(tc, whoever_speaks_wrongly_is_dropped);
	tcase_add_test(tc, whoever_asks_too_much_is_refused_in_words);
	tcase_add_test(tc, whoever_goes_on_talking_is_dropped);
	tcase_add_test(tc, a_flood_of_connections_keeps_nobody_out);
	tcase_add_loop_test(tc, a_record_full_of_garbage_harms_nobody, 0, 2);
	tcase_add_test(tc, a_sleeper_that_cannot_be_woken_holds_nobody_up);

	tc = suite_case(s, "producers");
	tcase_add_test(tc, the_fake_is_a_good_one);
	tcase_add_loop_test(tc, a_wrong_welcome_is_refused, 0,
			    BASE_ARRAY_SIZE(wrongs));
	tcase_add_loop_test(tc, a_ring_that_can_shrink_is_refused, 0, 2);
	tcase_add_test(tc, who_wants_sealed_memory_lives);
	tcase_add_test(tc, no_malformed_header_is_believed);
	tcase_add_test(tc, no_random_header_is_fatal);
	tcase_add_test(tc, a_directory_that_is_wrong_has_no_picture);
	tcase_add_test(tc, a_directory_of_gigabytes_is_refused);
	tcase_add_test(tc, no_malformed_frame_is_believed);
	tcase_add_test(tc, a_latest_that_is_wrong_is_noticed);
	tcase_add_loop_test(tc, a_wrong_answer_is_an_error, 0,
			    BASE_ARRAY_SIZE(answers));
	tcase_add_test(tc, a_producer_that_goes_on_talking_is_left);
	tcase_add_loop_test(tc,
		a_wake_descriptor_that_is_none_is_not_polled_for_ever, 0,
		BASE_ARRAY_SIZE(bad_wakes));
	return suite_run(s);
}
