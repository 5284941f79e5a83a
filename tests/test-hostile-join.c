/* SPDX-License-Identifier: MIT */
/*
 * test-hostile-join.c - hosts that welcome other producers wrongly
 *
 * The listener is that of fake.h; what it welcomes a producer to is a ring for
 * several, made wrong. Who joins is told why not, or is joined to something
 * that is changed under its hands; nothing is left behind, and nothing worse
 * happens than that its frames are lost.
 */
#include "config.h"

#include <shmx/shmx.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/fd.h"
#include "byhand.h"
#include "chance.h"
#include "child.h"
#include "fake.h"
#include "frames.h"
#include "shmx/channel.h"
#include "shmx/region.h"
#include "shmx/ring-multi.h"
#include "shmx/segment.h"
#include "suite.h"

/* The ring, its memory shared with the child that welcomes us to it. */
static struct {
	int fd;
	unsigned char *data;
	size_t bytes;
	struct shmx_header *header;
	struct shmx_ext *ext;
	struct shmx_welcome welcome;
	int fds[SHMX_MESSAGE_FDS];
	unsigned fd_count;
	size_t body_bytes;
	enum shmx_message_type type;
} host;

static void
make_host(void)
{
	const struct shmx_stream picture = {
		.kind = SHMX_STREAM_IMAGE, .id = 1, .name = "picture",
		.width = 16, .height = 16, .format = SHMX_XRGB8888,
	};
	const struct shmx_region_plan plan = {
		.streams = &picture,
		.stream_count = 1,
		.slots = 8,
		.history = 1,
		.features = SHMX_FEATURE_MULTI_WRITER |
			SHMX_FEATURE_RECORDS_INSIDE,
	};
	struct shmx_region r;

	memset(&host, 0, sizeof(host));
	ck_assert_int_eq(shmx_region_create(&r, "fake", &plan, ""), 0);
	shmx_multi_init_ring(&r.ring);
	host.bytes = r.bytes;
	host.fd = fake_memfd(r.bytes, SHMX_SEALS_SIZE);
	host.data = fake_map(host.fd, r.bytes);
	memcpy(host.data, r.map, r.bytes);
	host.header = (void *)host.data;
	host.ext = (void *)(host.data + host.header->ext_offset);
	host.welcome = (struct shmx_welcome){
		.version = SHMX_PROTOCOL_VERSION,
		.record = 1,
		.map_bytes = r.map_bytes,
		.session = r.session,
		.features = plan.features,
		.region_bytes = r.bytes,
	};
	host.fds[0] = host.fds[1] = host.fds[2] = host.fd;
	host.fd_count = 1;
	host.body_bytes = sizeof(host.welcome);
	host.type = SHMX_MSG_WELCOME;
	shmx_region_destroy(&r);
}

static void
free_host(void)
{
	munmap(host.data, host.bytes);
	base_close(&host.fd);
}

static void
welcome(struct fake *f, int conn)
{
	(void)f;
	(void)shmx_channel_send(conn, host.type, &host.welcome,
				host.body_bytes, host.fds, host.fd_count);
}

/* Start the listener, and join. */
static int
join(void (*answer)(struct fake *f, int conn), struct child *c,
     struct shmx_producer **p)
{
	struct fake f;

	fake_make(&f);
	f.answer = answer;
	fake_start(&f, c);
	fake_free(&f);
	*p = NULL;
	return shmx_producer_join(p, "test", NULL);
}

static void
end(struct child *c)
{
	child_say(c->line, 'q');
	child_end(c);
	free_host();
}

START_TEST(the_host_is_a_good_one)
{
	struct shmx_producer *p;
	struct child c;

	make_host();
	ck_assert_msg(join(welcome, &c, &p) == 0, "%s", shmx_error());
	ck_assert_uint_eq(frame_publish(p, 1), 1);
	ck_assert_uint_eq(frame_publish(p, 2), 2);
	ck_assert_int_eq(shmx_producer_state(p), 0);
	shmx_producer_close(p);
	end(&c);
}
END_TEST

/* ------------------------------------------------------- wrong welcomes -- */

static void
no_fds(void)
{
	host.fd_count = 0;
}

static void
three_fds(void)
{
	host.fd_count = 3;
}

static void
replace(int fd)
{
	ck_assert_int_ge(fd, 0);
	base_close(&host.fd);
	host.fd = host.fds[0] = fd;
}

static void
no_seals(void)
{
	replace(fake_memfd(host.bytes, 0));
}

static void
half_the_seals(void)
{
	replace(fake_memfd(host.bytes, F_SEAL_GROW));
}

static void
short_memory(void)
{
	replace(fake_memfd(host.bytes - 4096, SHMX_SEALS_SIZE));
}

static void
empty_memory(void)
{
	replace(fake_memfd(host.bytes, SHMX_SEALS_SIZE));
}

static void
not_to_be_written(void)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", host.fd);
	replace(open(path, O_RDONLY | O_CLOEXEC));
}

static void
a_socket(void)
{
	replace(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static void
a_directory(void)
{
	replace(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static void
another_session(void)
{
	host.welcome.session ^= 1;
}

static void
another_version(void)
{
	host.welcome.version++;
}

static void
nothing_to_map(void)
{
	host.welcome.map_bytes = 0;
}

static void
too_much_to_map(void)
{
	host.welcome.map_bytes = UINT32_MAX;
}

static void
of_another_size(void)
{
	host.welcome.region_bytes += 4096;
}

static void
for_one_alone(void)
{
	host.ext->features &= ~(uint64_t)SHMX_FEATURE_MULTI_WRITER;
}

static void
no_records(void)
{
	host.header->readers_offset = 0;
}

static void
slots_out_of_bounds(void)
{
	host.header->slots_offset = UINT32_MAX - 87;
}

static void
no_directory(void)
{
	host.header->static_used = 8;
}

static void
a_short_body(void)
{
	host.body_bytes = 20;
}

static void
a_move(void)
{
	host.type = SHMX_MSG_MOVED;
}

static void (*const wrongs[])(void) = {
	no_fds, three_fds, no_seals, half_the_seals, short_memory,
	empty_memory, not_to_be_written, a_socket, a_directory,
	another_session, another_version, nothing_to_map, too_much_to_map,
	of_another_size, for_one_alone, no_records, slots_out_of_bounds,
	no_directory, a_short_body, a_move,
};

START_TEST(a_wrong_welcome_is_refused)
{
	struct shmx_producer *p;
	struct child c;

	make_host();
	wrongs[_i]();
	ck_assert_int_lt(join(welcome, &c, &p), 0);
	ck_assert_ptr_null(p);
	ck_assert_ptr_null(strchr(shmx_error(), '\n'));
	ck_assert_msg(strstr(shmx_error(), "Success") == NULL, "%s",
		      shmx_error());
	end(&c);
}
END_TEST

static void
say_goodbye(struct fake *f, int conn)
{
	(void)f;
	expect(shmx_channel_send(conn, SHMX_MSG_BYE, NULL, 0, NULL, 0) == 0);
}

/* It closes in the same instant. */
START_TEST(a_goodbye_is_no_error_of_the_protocol)
{
	struct shmx_producer *p;
	struct child c;

	make_host();
	ck_assert_int_eq(join(say_goodbye, &c, &p), -ECONNRESET);
	ck_assert_msg(strstr(shmx_error(), "has ended") != NULL, "%s",
		      shmx_error());
	end(&c);
}
END_TEST

/* --------------------------------------------------------- what follows -- */

static struct {
	struct shmx_reader_notice notice;
	enum shmx_message_type type;
	size_t bytes;
	unsigned fds;
} notices[] = {
	{ { .reader = 1, .record = 16, .present = 1 }, SHMX_MSG_READER,
		sizeof(notices->notice), 1 },
	{ { .reader = 1, .record = UINT32_MAX, .present = 0 },
		SHMX_MSG_READER, sizeof(notices->notice), 0 },
	{ { .reader = 1, .record = 0, .present = 1 }, SHMX_MSG_READER,
		sizeof(notices->notice), 0 },
	{ { .reader = 1, .record = 0, .present = 0 }, SHMX_MSG_READER,
		sizeof(notices->notice), 1 },
	{ { .reader = 1, .record = 0, .present = 1 }, SHMX_MSG_READER,
		sizeof(notices->notice), 3 },
	{ { .reader = 1, .record = 0, .present = 1 }, SHMX_MSG_READER, 4, 1 },
	{ { .reader = 1, .record = 0, .present = 1 }, SHMX_MSG_NUDGE,
		sizeof(notices->notice), 0 },
	{ { .reader = 1, .record = 0, .present = 1 }, SHMX_MSG_RECORD,
		sizeof(notices->notice), 1 },
	{ { .reader = 1, .record = 0, .present = 1 }, SHMX_MSG_MOVED,
		sizeof(notices->notice), 1 },
};
static int which;

static void
tell_nonsense(struct fake *f, int conn)
{
	welcome(f, conn);
	expect(shmx_channel_send(conn, notices[which].type,
				 &notices[which].notice, notices[which].bytes,
				 host.fds, notices[which].fds) == 0);
}

START_TEST(nonsense_ends_it)
{
	struct shmx_producer *p;
	struct child c;
	int i;

	make_host();
	which = _i;
	ck_assert_int_eq(join(tell_nonsense, &c, &p), 0);
	for (i = 0; i < 10000 && shmx_producer_state(p) == 0; i++)
		usleep(1000);
	ck_assert_int_eq(shmx_producer_state(p), -EPIPE);
	ck_assert_uint_eq(frame_publish(p, 1), 0);
	shmx_producer_close(p);
	end(&c);
}
END_TEST

/* In its words, as far as they are fit to be shown; or in none. */
static void
send_away(struct fake *f, int conn)
{
	struct shmx_refusal r = { .error = which == 1 ? -1 : EPERM };

	memset(r.text, which == 2 ? '\033' : '\0', sizeof(r.text));
	if (which < 2)
		memcpy(r.text, "no more", sizeof("no more"));
	welcome(f, conn);
	expect(shmx_channel_send(conn, SHMX_MSG_ERROR, &r,
				 which == 3 ? 8 : sizeof(r), NULL, 0) == 0);
}

START_TEST(it_may_be_sent_away)
{
	struct shmx_producer *p;
	struct child c;
	int i;

	make_host();
	which = _i;
	ck_assert_int_eq(join(send_away, &c, &p), 0);
	for (i = 0; i < 10000 && shmx_producer_state(p) == 0; i++)
		usleep(1000);
	ck_assert_int_eq(shmx_producer_state(p), -EPIPE);
	ck_assert_msg(strstr(shmx_error(), which < 2 ? "no more" :
			     which == 2 ? "????" : "is gone") != NULL, "%s",
		      shmx_error());
	ck_assert_ptr_null(strchr(shmx_error(), '\033'));
	ck_assert_uint_eq(frame_publish(p, 1), 0);
	shmx_producer_close(p);
	end(&c);
}
END_TEST

/* Readers come, with whatever is to wake them, and never go. */
static void
tell_a_lot(struct fake *f, int conn)
{
	struct shmx_reader_notice n = { .present = 1 };
	int i;

	welcome(f, conn);
	for (i = 0; i < 3000; i++) {
		n.reader = (uint64_t)i;
		n.record = (uint32_t)i % 16;
		if (shmx_channel_send(conn, SHMX_MSG_READER, &n, sizeof(n),
				      host.fds, 1) < 0)
			usleep(100);
	}
}

START_TEST(readers_beyond_number_are_survived)
{
	struct shmx_producer *p;
	struct child c;
	uint64_t n, until;

	make_host();
	ck_assert_int_eq(join(tell_a_lot, &c, &p), 0);
	for (n = 1; n < 5000; n++)
		ck_assert_uint_eq(frame_publish(p, n), n);
	/* Those that came during a publish that took long are let go of too. */
	until = base_now_ns() + 10 * BASE_NS_PER_S;
	for (; child_count_fds() >= 60; n++) {
		ck_assert_uint_eq(frame_publish(p, n), n);
		ck_assert_uint_lt(base_now_ns(), until);
	}
	shmx_producer_close(p);
	end(&c);
}
END_TEST

/* Writes whatever it likes to all that is not pixels, as a host can. */
static void
scribble(struct fake *f, int conn)
{
	_Atomic uint64_t *words = (void *)host.data;
	uint64_t n = chance(UINT32_MAX), until, i;

	welcome(f, conn);
	until = base_now_ns() + BASE_NS_PER_S / 2;
	for (i = 0; i % 256 != 0 || base_now_ns() < until; i++) {
		n = n * UINT64_C(6364136223846793005) + 1442695040888963407;
		/* Once it has joined. */
		if (i > 100000)
			atomic_store_explicit(&words[(n >> 33) %
					      (host.welcome.map_bytes / 8)],
					      n >> (n >> 58),
					      memory_order_relaxed);
	}
}

START_TEST(a_ring_full_of_garbage_loses_frames_only)
{
	uint64_t n, until = base_now_ns() + BASE_NS_PER_S * 3 / 4;
	struct shmx_producer *p;
	struct child c;

	make_host();
	if (join(scribble, &c, &p) == 0) {
		for (n = 1; base_now_ns() < until; n++)
			(void)frame_publish(p, n);
		shmx_producer_close(p);
	}
	end(&c);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hostile-join");
	TCase *tc;

	if (getenv("SHMX_DIR") == NULL) {
		puts("1..0 # SKIP needs SHMX_DIR; run it by tests/with-tmp");
		return 0;
	}
	chance_seed();
	tc = suite_case(s, "welcome");
	tcase_add_test(tc, the_host_is_a_good_one);
	tcase_add_loop_test(tc, a_wrong_welcome_is_refused, 0,
			    BASE_ARRAY_SIZE(wrongs));
	tcase_add_test(tc, a_goodbye_is_no_error_of_the_protocol);
	tc = suite_case(s, "joined");
	tcase_add_loop_test(tc, nonsense_ends_it, 0,
			    BASE_ARRAY_SIZE(notices));
	tcase_add_loop_test(tc, it_may_be_sent_away, 0, 4);
	tcase_add_test(tc, readers_beyond_number_are_survived);
	tcase_add_test(tc, a_ring_full_of_garbage_loses_frames_only);
	return suite_run(s);
}
