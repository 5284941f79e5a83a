/* SPDX-License-Identifier: MIT */
/*
 * channel.c - messages with descriptors over a stream socket
 *
 * A message is received in two steps, its header and then its body, so that a
 * receive never reaches into the next message and its descriptors.  The
 * kernel hands descriptors over with the first byte they were sent with: they
 * may come with the first byte of a header and nowhere else.
 */
#include "config.h"

#include "channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/base.h"
#include "base/fd.h"
#include "base/sys.h"
#include "base/text.h"

/* Room for more than is allowed, to see excess ones and close them. */
#define FDS_ROOM 16

union control {
	char bytes[CMSG_SPACE(sizeof(int) * FDS_ROOM)];
	struct cmsghdr align;
};

void
shmx_channel_init(struct shmx_channel *ch, int fd)
{
	unsigned i;

	memset(ch, 0, sizeof(*ch));
	ch->fd = fd;
	for (i = 0; i < SHMX_MESSAGE_FDS; i++)
		ch->fds[i] = -1;
}

void
shmx_channel_finish(struct shmx_channel *ch)
{
	unsigned i;

	for (i = 0; i < SHMX_MESSAGE_FDS; i++)
		base_close(&ch->fds[i]);
	ch->fd_count = 0;
}

void
shmx_channel_next(struct shmx_channel *ch)
{
	shmx_channel_finish(ch);
	ch->have = 0;
}

int
shmx_channel_take_fd(struct shmx_channel *ch, unsigned i)
{
	int fd = ch->fds[i];

	ch->fds[i] = -1;
	return fd;
}

const void *
shmx_channel_body(const struct shmx_channel *ch, size_t bytes, unsigned fds)
{
	if (ch->in.header.bytes < sizeof(ch->in.header) + bytes ||
	    ch->fd_count != fds)
		return NULL;
	return ch->in.bytes + sizeof(ch->in.header);
}

/*
 * Keep the descriptors of one receive.  They are in order when they came with
 * the first byte of a header, all of them, and no more than we take.
 */
static int
keep_fds(struct shmx_channel *ch, struct msghdr *msg)
{
	struct cmsghdr *c;
	int fd, ret = 0;
	size_t i, n;

	for (c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int),
			       sizeof(fd));
			if (ch->have > 0 ||
			    ch->fd_count == SHMX_MESSAGE_FDS) {
				base_close(&fd);
				ret = -EPROTO;
			} else {
				ch->fds[ch->fd_count++] = fd;
			}
		}
	}
	return msg->msg_flags & MSG_CTRUNC ? -EPROTO : ret;
}

/* One receive of up to `want` bytes behind those that are here. */
static int
receive_some(struct shmx_channel *ch, size_t want)
{
	union control control;
	struct iovec iov = { ch->in.bytes + ch->have, want };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	ssize_t n;
	int ret;

	do {
		n = base_sys.recvmsg(ch->fd, &msg,
				     MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	ret = keep_fds(ch, &msg);
	if (ret < 0)
		return ret;
	if (n == 0)
		return -EPIPE;
	ch->have += (size_t)n;
	return 0;
}

int
shmx_channel_receive(struct shmx_channel *ch)
{
	const size_t head = sizeof(ch->in.header);
	int ret;

	while (ch->have < head) {
		ret = receive_some(ch, head - ch->have);
		if (ret < 0)
			return ret;
	}
	if (ch->in.header.bytes < head ||
	    ch->in.header.bytes > sizeof(ch->in.bytes))
		return -EPROTO;
	while (ch->have < ch->in.header.bytes) {
		ret = receive_some(ch, ch->in.header.bytes - ch->have);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static void
attach_fds(struct msghdr *msg, union control *control, const int *fds,
	   unsigned count)
{
	struct cmsghdr *c;

	memset(control, 0, sizeof(*control));
	msg->msg_control = control->bytes;
	msg->msg_controllen = CMSG_SPACE(sizeof(int) * count);
	c = CMSG_FIRSTHDR(msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int) * count);
	memcpy(CMSG_DATA(c), fds, sizeof(int) * count);
}

int
shmx_channel_send(int fd, enum shmx_message_type type, const void *body,
		  size_t bytes, const int *fds, unsigned fd_count)
{
	struct shmx_message_header header = { 0 };
	union control control;
	struct iovec iov[2] = {
		{ &header, sizeof(header) },
		{ (void *)(uintptr_t)body, bytes },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = bytes ? 2 : 1 };
	ssize_t n;

	header.bytes = (uint32_t)(sizeof(header) + bytes);
	header.type = (uint16_t)type;
	if (fd_count > 0)
		attach_fds(&msg, &control, fds, fd_count);
	do {
		n = base_sys.sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	return (size_t)n == header.bytes ? 0 : -EAGAIN;
}

bool
shmx_channel_refusal(const struct shmx_channel *ch, struct shmx_refusal *out)
{
	const void *body = shmx_channel_body(ch, sizeof(*out), 0);

	if (body == NULL)
		return false;
	memcpy(out, body, sizeof(*out));
	base_clean_text(out->text, sizeof(out->text), out->text,
			sizeof(out->text));
	if (out->error <= 0 || out->error >= 4096)
		out->error = EPROTO;
	return true;
}
