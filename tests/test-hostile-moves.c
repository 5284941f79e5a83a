/* SPDX-License-Identifier: MIT */
/*
 * test-hostile-moves.c - producers whose rings grow in the wrong way
 *
 * A reader that is attached to one ring (fake.h) is sent to another, wrongly,
 * or is sent what no producer says. It leaves, in words, with what it holds
 * unharmed, and nothing left behind, or it goes over if it may.
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
#include "base/fd.h"
#include "byhand.h"
#include "chance.h"
#include "child.h"
#include "fake.h"
#include "frames.h"
#include "shmx/channel.h"
#include "shmx/segment.h"
#include "suite.h"

/* The ring that it is sent to, as it is described and handed over. */
static struct fake next;
static int fds[SHMX_MESSAGE_FDS];
static unsigned fd_count;
static size_t body_bytes;
static unsigned times;

static void
send_moved(struct fake *f, int conn)
{
	unsigned i;

	(void)f;
	for (i = 0; i < times; i++)
		if (shmx_channel_send(conn, SHMX_MSG_MOVED, &next.welcome,
				      body_bytes, fds, fd_count) < 0)
			break;
}

static void
make_both(struct fake *f)
{
	fake_make(f);
	fake_make(&next);
	f->after = send_moved;
	fds[0] = fds[1] = fds[2] = next.data_fd;
	fd_count = 1;
	body_bytes = sizeof(next.welcome);
	times = 1;
}

static void
free_both(struct fake *f)
{
	fake_free(f);
	fake_free(&next);
}

/* A reader with a frame of the first ring. */
static struct shmx_reader *
attach(struct fake *f, struct child *c, struct shmx_hold **h)
{
	struct shmx_reader *r = NULL;

	ck_assert_int_eq(fake_open(f, c, &r), 0);
	ck_assert_int_eq(shmx_hold_latest(r, h), 0);
	return r;
}

static void
part(struct shmx_reader *r, struct shmx_hold *h, struct child *c)
{
	ck_assert_ptr_nonnull(shmx_frame_pixels(h));
	ck_assert_uint_eq(shmx_frame_info(h)->sequence, 1);
	shmx_release(h);
	shmx_reader_close(r);
	child_say(c->line, 'q');
	child_end(c);
}

START_TEST(the_move_is_a_good_one)
{
	struct shmx_reader *r;
	struct shmx_hold *h, *other;
	struct fake f;
	struct child c;
	uint64_t ring_id;

	make_both(&f);
	r = attach(&f, &c, &h);
	ring_id = shmx_frame_info(h)->ring_id;
	do
		ck_assert_int_eq(shmx_hold_latest(r, &other), 0);
	while (shmx_frame_info(other)->ring_id == ring_id &&
	       (shmx_release(other), shmx_reader_dispatch(r) == 0));
	ck_assert_ptr_nonnull(shmx_frame_pixels(other));
	shmx_release(other);
	part(r, h, &c);
	free_both(&f);
}
END_TEST

/* ---------------------------------------------------------- wrong memory -- */

static void
no_fds(void)
{
	fd_count = 0;
}

static void
two_fds(void)
{
	fd_count = 2;
}

static void
three_fds(void)
{
	fd_count = 3;
}

static void
replace_data(int fd)
{
	ck_assert_int_ge(fd, 0);
	base_close(&next.data_fd);
	next.data_fd = fds[0] = fd;
}

static void
no_seals(void)
{
	replace_data(fake_memfd(next.bytes, 0));
}

static void
half_the_seals(void)
{
	replace_data(fake_memfd(next.bytes, F_SEAL_SHRINK));
}

static void
short_data(void)
{
	replace_data(fake_memfd(next.bytes - 4096, SHMX_SEALS_SIZE));
}

static void
empty_data(void)
{
	replace_data(fake_memfd(next.bytes, SHMX_SEALS_SIZE));
}

static void
data_is_a_socket(void)
{
	replace_data(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static void
data_is_a_directory(void)
{
	replace_data(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static void
data_is_another_ring(void)
{
	next.welcome.session ^= 1;
}

static void
another_version(void)
{
	next.welcome.version++;
}

static void
nothing_to_map(void)
{
	next.welcome.map_bytes = 0;
}

static void
a_little_to_map(void)
{
	next.welcome.map_bytes = 64;
}

static void
too_much_to_map(void)
{
	next.welcome.map_bytes = UINT32_MAX;
}

static void
of_another_size(void)
{
	next.welcome.region_bytes += 4096;
}

static void
not_an_object(void)
{
	/* That it has a name would excuse it from being sealed. */
	no_seals();
	next.welcome.features = 0;
}

static void
slots_out_of_bounds(void)
{
	next.header->slots_offset = UINT32_MAX;
}

static void
no_extension(void)
{
	next.header->ext_check ^= 1;
}

static void
a_short_body(void)
{
	body_bytes = 20;
}

static void
no_body(void)
{
	body_bytes = 0;
}

static void (*const wrongs[])(void) = {
	no_fds, two_fds, three_fds, no_seals, half_the_seals, short_data,
	empty_data, data_is_a_socket, data_is_a_directory,
	data_is_another_ring, another_version, nothing_to_map,
	a_little_to_map, too_much_to_map, of_another_size, not_an_object,
	slots_out_of_bounds, no_extension, a_short_body, no_body,
};

START_TEST(a_wrong_ring_is_not_followed)
{
	struct shmx_reader *r;
	struct shmx_hold *h, *other;
	struct fake f;
	struct child c;
	int ret;

	make_both(&f);
	wrongs[_i]();
	r = attach(&f, &c, &h);
	/* There may be the frame that it has; but not for long. */
	while ((ret = shmx_wait(r, 10000)) == 0 &&
	       (ret = shmx_hold_latest(r, &other)) == 0)
		shmx_release(other);
	ck_assert_int_eq(ret, -EPIPE);
	ck_assert_msg(strstr(shmx_error(), "the producer of ring") != NULL,
		      "%s", shmx_error());
	ck_assert_ptr_null(strchr(shmx_error(), '\n'));
	ck_assert_int_ne(shmx_reader_state(r), SHMX_ATTACHED);
	part(r, h, &c);
	free_both(&f);
}
END_TEST

/* It may not be led out of sealed memory. */
START_TEST(a_ring_that_can_shrink_is_not_followed)
{
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	struct shmx_reader *r = NULL;
	struct shmx_hold *h, *other;
	struct fake f;
	struct child c;
	int ret;

	make_both(&f);
	no_seals();
	ck_assert_int_eq(pwrite(fds[0], next.data, next.bytes, 0),
			 (ssize_t)next.bytes);
	next.welcome.features = SHMX_FEATURE_NAMED;
	/* Who does not mind goes there. */
	o.flags = _i == 0 ? 0 : SHMX_SEALED;
	fake_start(&f, &c);
	ck_assert_int_eq(shmx_reader_open(&r, "test", &o), 0);
	ck_assert_int_eq(shmx_hold_latest(r, &h), 0);
	do {
		ret = shmx_wait(r, 100);
		if (ret == 0 && (ret = shmx_hold_latest(r, &other)) == 0)
			shmx_release(other);
	} while (ret == 0);
	ck_assert_int_eq(ret, _i == 0 ? -ETIMEDOUT : -EPIPE);
	if (_i == 1)
		ck_assert_msg(strstr(shmx_error(), "not sealed memory, as") !=
			      NULL, "%s", shmx_error());
	ck_assert_int_eq(shmx_reader_state(r),
			 _i == 0 ? SHMX_ATTACHED : SHMX_ABSENT);
	part(r, h, &c);
	free_both(&f);
}
END_TEST

/* It takes one after the other, or leaves; and keeps none of them. */
START_TEST(a_flood_of_rings_is_survived)
{
	struct shmx_reader *r;
	struct shmx_hold *h, *other;
	struct fake f;
	struct child c;
	int i;

	make_both(&f);
	times = 500;
	if (_i == 1)
		next.ext->latest = SHMX_SLOT_NONE;
	r = attach(&f, &c, &h);
	for (i = 0; i < 2000; i++) {
		(void)shmx_wait(r, 0);
		if (shmx_hold_latest(r, &other) == 0)
			shmx_release(other);
		ck_assert_uint_lt(child_count_fds(), 40);
	}
	part(r, h, &c);
	free_both(&f);
}
END_TEST

/* Any word of what is believed, changed by chance. */
START_TEST(no_random_ring_is_fatal)
{
	struct shmx_reader *r;
	struct shmx_hold *h, *other;
	unsigned char *good;
	struct fake f;
	struct child c;
	int round, i;

	make_both(&f);
	good = malloc(next.welcome.map_bytes);
	ck_assert_ptr_nonnull(good);
	memcpy(good, next.data, next.welcome.map_bytes);
	for (round = 0; round < 150; round++) {
		for (i = 0; i < 3; i++) {
			uint32_t *word = (uint32_t *)(void *)
				(chance(2) ? (char *)next.header :
				 (char *)next.ext) + chance(64);

			*word = chance(2) ? chance(1 << 30) * 4 :
				UINT32_MAX >> chance(32);
		}
		r = attach(&f, &c, &h);
		for (i = 0; i < 4; i++) {
			(void)shmx_wait(r, 1);
			if (shmx_hold_latest(r, &other) < 0)
				continue;
			(void)shmx_frame_pixels(other);
			shmx_release(other);
		}
		part(r, h, &c);
		memcpy(next.data, good, next.welcome.map_bytes);
	}
	free(good);
	free_both(&f);
}
END_TEST

/* ------------------------------------------------------- wrong messages -- */

static unsigned message;

/* A type that no reader is sent, with a body and a descriptor or without. */
static void
send_message(struct fake *f, int conn)
{
	const struct shmx_roster_record body = { 1 };

	(void)shmx_channel_send(conn, (enum shmx_message_type)message, &body,
				message % 2 ? sizeof(body) : 0, &f->data_fd,
				message % 3 == 0);
}

START_TEST(what_is_not_for_readers_ends_it)
{
	static const unsigned types[] = {
		0, SHMX_MSG_HELLO, SHMX_MSG_WELCOME, SHMX_MSG_READY,
		SHMX_MSG_NUDGE, SHMX_MSG_FRAME, SHMX_MSG_CREDIT,
		SHMX_MSG_ROSTER, SHMX_MSG_RECORD, 99, UINT16_MAX,
	};
	struct shmx_reader *r;
	struct shmx_hold *h;
	struct fake f;
	struct child c;
	size_t i;

	make_both(&f);
	f.after = send_message;
	for (i = 0; i < BASE_ARRAY_SIZE(types); i++) {
		message = types[i];
		r = attach(&f, &c, &h);
		ck_assert_int_eq(shmx_wait(r, 10000), -EPIPE);
		ck_assert_msg(strstr(shmx_error(), "does not speak") != NULL,
			      "%s", shmx_error());
		part(r, h, &c);
	}
	free_both(&f);
}
END_TEST

/* How many bytes the header says, and how many come before the end. */
static const struct {
	uint32_t said;
	size_t sent;
} lengths[] = {
	{ 0, 8 }, { 7, 8 }, { 8, 4 }, { 4097, 8 }, { UINT32_MAX, 8 },
	{ 4096, 100 }, { 56, 30 },
};

static void
send_length(struct fake *f, int conn)
{
	unsigned char bytes[128] = { 0 };
	const struct shmx_message_header head = {
		lengths[message].said, SHMX_MSG_MOVED, 0,
	};

	(void)f;
	memcpy(bytes, &head, sizeof(head));
	expect(send(conn, bytes, lengths[message].sent, MSG_NOSIGNAL) > 0);
	shutdown(conn, SHUT_WR);
}

START_TEST(messages_of_any_length_end_it)
{
	struct shmx_reader *r;
	struct shmx_hold *h;
	struct fake f;
	struct child c;

	make_both(&f);
	f.after = send_length;
	message = (unsigned)_i;
	r = attach(&f, &c, &h);
	ck_assert_int_eq(shmx_wait(r, 10000), -EPIPE);
	part(r, h, &c);
	free_both(&f);
}
END_TEST

/* Before there is any ring to move from. */
START_TEST(a_move_is_no_welcome)
{
	struct shmx_reader *r = NULL;
	struct fake f;
	struct child c;

	make_both(&f);
	f.answer = send_moved;
	ck_assert_int_eq(fake_open(&f, &c, &r), -EPROTO);
	child_say(c.line, 'q');
	child_end(&c);
	free_both(&f);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hostile-moves");
	TCase *tc;

	if (getenv("SHMX_DIR") == NULL) {
		puts("1..0 # SKIP needs SHMX_DIR; run it by tests/with-tmp");
		return 0;
	}
	chance_seed();
	tc = suite_case(s, "memory");
	tcase_add_test(tc, the_move_is_a_good_one);
	tcase_add_loop_test(tc, a_wrong_ring_is_not_followed, 0,
			    BASE_ARRAY_SIZE(wrongs));
	tcase_add_loop_test(tc, a_ring_that_can_shrink_is_not_followed, 0, 2);
	tcase_add_loop_test(tc, a_flood_of_rings_is_survived, 0, 2);
	tcase_add_test(tc, no_random_ring_is_fatal);
	tc = suite_case(s, "messages");
	tcase_add_test(tc, what_is_not_for_readers_ends_it);
	tcase_add_loop_test(tc, messages_of_any_length_end_it, 0,
			    BASE_ARRAY_SIZE(lengths));
	tcase_add_test(tc, a_move_is_no_welcome);
	return suite_run(s);
}
