/* SPDX-License-Identifier: MIT */
/*
 * test-channel.c - messages with descriptors, from peers of every kind
 *
 * The watch of suite.h counts descriptors: what arrives in excess has to be
 * closed.
 */
#include "config.h"

#include "shmx/channel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/base.h"
#include "base/fd.h"
#include "child.h"
#include "fault.h"
#include "suite.h"

static int near, far;		/* we listen at near */
static struct shmx_channel ch;

static void
setup(void)
{
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
				    pair), 0);
	near = pair[0];
	far = pair[1];
	shmx_channel_init(&ch, near);
}

static void
teardown(void)
{
	shmx_channel_finish(&ch);
	base_close(&near);
	base_close(&far);
}

/* Send some bytes with so many descriptors, whatever the protocol says. */
static void
throw(const void *bytes, size_t size, unsigned fds)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * 64)];
		struct cmsghdr align;
	} control;
	struct iovec iov = { (void *)(uintptr_t)bytes, size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;
	unsigned i;

	memset(&control, 0, sizeof(control));
	if (fds > 0) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * fds);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * fds);
		for (i = 0; i < fds; i++)
			memcpy(CMSG_DATA(c) + i * sizeof(int), &far,
			       sizeof(far));
	}
	ck_assert_int_eq(sendmsg(far, &msg, MSG_NOSIGNAL), (int)size);
}

struct message {
	struct shmx_message_header header;
	char body[24];
};

static const struct message hello = {
	{ sizeof(hello), SHMX_MSG_HELLO, 0 }, "twenty-three characters",
};

START_TEST(a_message_arrives_whole)
{
	const char *body;

	ck_assert_int_eq(shmx_channel_receive(&ch), -EAGAIN);
	ck_assert_int_eq(shmx_channel_send(far, SHMX_MSG_HELLO, hello.body,
					   sizeof(hello.body), NULL, 0), 0);
	ck_assert_int_eq(shmx_channel_send(far, SHMX_MSG_BYE, NULL, 0, NULL,
					   0), 0);
	ck_assert_int_eq(shmx_channel_receive(&ch), 0);
	ck_assert_uint_eq(ch.in.header.type, SHMX_MSG_HELLO);
	body = shmx_channel_body(&ch, sizeof(hello.body), 0);
	ck_assert_ptr_nonnull(body);
	ck_assert_str_eq(body, hello.body);
	/* Longer than it is, or with descriptors, it is not. */
	ck_assert_ptr_null(shmx_channel_body(&ch, sizeof(hello.body) + 1, 0));
	ck_assert_ptr_null(shmx_channel_body(&ch, 1, 1));
	shmx_channel_next(&ch);
	ck_assert_int_eq(shmx_channel_receive(&ch), 0);
	ck_assert_uint_eq(ch.in.header.type, SHMX_MSG_BYE);
	ck_assert_ptr_nonnull(shmx_channel_body(&ch, 0, 0));
	ck_assert_ptr_null(shmx_channel_body(&ch, 1, 0));
	shmx_channel_next(&ch);
	ck_assert_int_eq(shmx_channel_receive(&ch), -EAGAIN);
}
END_TEST

START_TEST(descriptors_come_with_their_message)
{
	const int fds[3] = { near, far, near };
	int fd;

	ck_assert_int_eq(shmx_channel_send(far, SHMX_MSG_HELLO, hello.body,
					   sizeof(hello.body), NULL, 0), 0);
	ck_assert_int_eq(shmx_channel_send(far, SHMX_MSG_WELCOME, "12345678",
					   8, fds, 3), 0);
	ck_assert_int_eq(shmx_channel_receive(&ch), 0);
	ck_assert_uint_eq(ch.fd_count, 0);
	shmx_channel_next(&ch);
	ck_assert_int_eq(shmx_channel_receive(&ch), 0);
	ck_assert_ptr_nonnull(shmx_channel_body(&ch, 8, 3));
	fd = shmx_channel_take_fd(&ch, 1);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	base_close(&fd);
	/* What was not taken is closed. */
	shmx_channel_next(&ch);
	ck_assert_uint_eq(ch.fd_count, 0);
}
END_TEST

/* How many are too many, from one more to what the kernel cuts off. */
static const unsigned excess[] = { 4, 5, 16, 17, 63 };

START_TEST(excess_descriptors_are_closed)
{
	size_t before = child_count_fds();

	throw(&hello, sizeof(hello), excess[_i]);
	ck_assert_int_eq(shmx_channel_receive(&ch), -EPROTO);
	shmx_channel_finish(&ch);
	ck_assert_uint_eq(child_count_fds(), before);
}
END_TEST

START_TEST(a_body_brings_no_descriptors)
{
	throw(&hello, 10, 0);
	ck_assert_int_eq(shmx_channel_receive(&ch), -EAGAIN);
	throw((const char *)&hello + 10, sizeof(hello) - 10, 1);
	ck_assert_int_eq(shmx_channel_receive(&ch), -EPROTO);
}
END_TEST

START_TEST(the_middle_of_a_header_brings_no_descriptors)
{
	throw(&hello, 3, 1);
	ck_assert_int_eq(shmx_channel_receive(&ch), -EAGAIN);
	throw((const char *)&hello + 3, sizeof(hello) - 3, 1);
	ck_assert_int_eq(shmx_channel_receive(&ch), -EPROTO);
}
END_TEST

START_TEST(a_message_may_come_byte_by_byte)
{
	size_t i;

	for (i = 0; i < sizeof(hello); i++) {
		ck_assert_int_eq(shmx_channel_receive(&ch), -EAGAIN);
		throw((const char *)&hello + i, 1, i == 0 ? 3 : 0);
	}
	ck_assert_int_eq(shmx_channel_receive(&ch), 0);
	ck_assert_ptr_nonnull(shmx_channel_body(&ch, sizeof(hello.body), 3));
	ck_assert_mem_eq(ch.in.bytes, &hello, sizeof(hello));
}
END_TEST

/* Sizes that no message has. */
static const uint32_t sizes[] = {
	0, 1, sizeof(struct shmx_message_header) - 1, SHMX_MESSAGE_MAX + 1,
	INT32_MAX, UINT32_MAX,
};

START_TEST(a_message_of_an_impossible_size_is_refused)
{
	struct message m = hello;

	m.header.bytes = sizes[_i];
	throw(&m, sizeof(m), 0);
	ck_assert_int_eq(shmx_channel_receive(&ch), -EPROTO);
}
END_TEST

START_TEST(the_longest_message_is_received)
{
	unsigned char bytes[SHMX_MESSAGE_MAX];

	memset(bytes, 'x', sizeof(bytes));
	memcpy(bytes, &(struct shmx_message_header){ sizeof(bytes), 77, 5 },
	       sizeof(struct shmx_message_header));
	throw(bytes, sizeof(bytes), 0);
	throw("next", 4, 0);
	ck_assert_int_eq(shmx_channel_receive(&ch), 0);
	ck_assert_mem_eq(ch.in.bytes, bytes, sizeof(bytes));
}
END_TEST

START_TEST(the_end_is_noticed_at_every_byte)
{
	size_t i;

	for (i = 0; i < sizeof(hello); i++) {
		if (i > 0)
			throw(&hello, i, i % 4);
		shutdown(far, SHUT_WR);
		ck_assert_int_eq(shmx_channel_receive(&ch), -EPIPE);
		teardown();
		setup();
	}
}
END_TEST

START_TEST(a_reset_is_the_end)
{
	/* What we said and they did not read makes it one. */
	throw(&hello, 4, 0);
	ck_assert_int_eq(send(near, "unread", 6, 0), 6);
	base_close(&far);
	ck_assert_int_eq(shmx_channel_receive(&ch), -EPIPE);
	ck_assert_int_eq(shmx_channel_send(near, SHMX_MSG_BYE, NULL, 0, NULL,
					   0), -EPIPE);
}
END_TEST

/* Descriptors arrive where there is room for one more. */
static void
receive_without_room(int line, void *arg)
{
	struct rlimit rl;
	size_t before = child_count_fds();

	(void)line;
	(void)arg;
	throw(&hello, sizeof(hello), 3);
	expect(getrlimit(RLIMIT_NOFILE, &rl) == 0);
	rl.rlim_cur = (rlim_t)dup(0) + 1;
	close((int)rl.rlim_cur - 1);
	expect(setrlimit(RLIMIT_NOFILE, &rl) == 0);
	expect(shmx_channel_receive(&ch) == -EPROTO);
	shmx_channel_finish(&ch);
	rl.rlim_cur = rl.rlim_max;
	expect(setrlimit(RLIMIT_NOFILE, &rl) == 0);
	expect(child_count_fds() == before);
}

START_TEST(descriptors_lost_for_want_of_room_are_noticed)
{
	struct child c;

	if (suite_is_nofork())
		return;		/* valgrind has limits of its own */
	child_start(&c, receive_without_room, NULL);
	child_end(&c);
}
END_TEST

START_TEST(a_peer_that_does_not_drain_is_not_waited_for)
{
	char body[1024] = "";
	int ret = 0, n;

	for (n = 0; n < 100000 && ret == 0; n++)
		ret = shmx_channel_send(far, SHMX_MSG_HELLO, body,
					sizeof(body), NULL, 0);
	ck_assert_int_eq(ret, -EAGAIN);
}
END_TEST

START_TEST(a_signal_interrupts_nothing)
{
	fault_nth("sendmsg", 1, EINTR);
	ck_assert_int_eq(shmx_channel_send(far, SHMX_MSG_HELLO, hello.body,
					   sizeof(hello.body), NULL, 0), 0);
	ck_assert(fault_off());
	fault_nth("recvmsg", 1, EINTR);
	ck_assert_int_eq(shmx_channel_receive(&ch), 0);
	ck_assert(fault_off());
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("channel");
	TCase *tc = suite_case(s, "channel");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_message_arrives_whole);
	tcase_add_test(tc, descriptors_come_with_their_message);
	tcase_add_loop_test(tc, excess_descriptors_are_closed, 0,
			    BASE_ARRAY_SIZE(excess));
	tcase_add_test(tc, a_body_brings_no_descriptors);
	tcase_add_test(tc, the_middle_of_a_header_brings_no_descriptors);
	tcase_add_test(tc, a_message_may_come_byte_by_byte);
	tcase_add_loop_test(tc, a_message_of_an_impossible_size_is_refused, 0,
			    BASE_ARRAY_SIZE(sizes));
	tcase_add_test(tc, the_longest_message_is_received);
	tcase_add_test(tc, the_end_is_noticed_at_every_byte);
	tcase_add_test(tc, a_reset_is_the_end);
	tcase_add_test(tc, descriptors_lost_for_want_of_room_are_noticed);
	tcase_add_test(tc, a_peer_that_does_not_drain_is_not_waited_for);
	tcase_add_test(tc, a_signal_interrupts_nothing);
	return suite_run(s);
}
