/* SPDX-License-Identifier: MIT */
/*
 * channel.h - messages with descriptors over a stream socket
 *
 * Used by both sides; never sleeps.  Whatever a peer sends, the answer is an
 * error code: every descriptor that arrives is handed on or closed.
 */
#ifndef SHMX_CHANNEL_H
#define SHMX_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol.h"

/* A message being received.  fd is borrowed. */
struct shmx_channel {
	int fd;
	size_t have;			/* bytes of `bytes` that are here */
	int fds[SHMX_MESSAGE_FDS];	/* owned until taken; -1 */
	unsigned fd_count;
	union {
		struct shmx_message_header header;
		unsigned char bytes[SHMX_MESSAGE_MAX];
	} in;
};

void
shmx_channel_init(struct shmx_channel *ch, int fd);

/* Close descriptors that were received and not taken. */
void
shmx_channel_finish(struct shmx_channel *ch);

/*
 * Receive the rest of one message.  0 when it is whole: its type is
 * ch->in.header.type.  Otherwise -EAGAIN (nothing more now), -EPIPE (the peer
 * has gone), -EPROTO (it does not speak the protocol) or another errno.
 */
int
shmx_channel_receive(struct shmx_channel *ch);

/*
 * The body of the message just received, if it has at least `bytes` bytes and
 * came with exactly `fds` descriptors; else NULL.
 */
const void *
shmx_channel_body(const struct shmx_channel *ch, size_t bytes, unsigned fds);

/* Take descriptor i of the message just received; it is the caller's. */
int
shmx_channel_take_fd(struct shmx_channel *ch, unsigned i);

/* Forget the message just received, to receive the next. */
void
shmx_channel_next(struct shmx_channel *ch);

/*
 * Send one message with fd_count borrowed descriptors, all of it or nothing
 * that the peer can use: -EAGAIN when the peer does not drain its socket (it
 * must then be dropped).  Never SIGPIPE.
 */
int
shmx_channel_send(int fd, enum shmx_message_type type, const void *body,
		  size_t bytes, const int *fds, unsigned fd_count);

/*
 * The words of an ERROR that was received: *out has a positive errno value, or
 * EPROTO, and one line of printable characters.  False if it is malformed.
 */
bool
shmx_channel_refusal(const struct shmx_channel *ch, struct shmx_refusal *out);

#endif
