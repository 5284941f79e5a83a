/* SPDX-License-Identifier: MIT */
/*
 * byhand.h - the protocol spoken by hand, and at will wrongly
 *
 * What a reader does, step by step, from a child: it checks with expect().
 * Rings are looked for in $SHMX_DIR, which is to be short.
 */
#ifndef TESTS_BYHAND_H
#define TESTS_BYHAND_H

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/fd.h"
#include "child.h"
#include "shmx/atomic.h"
#include "shmx/channel.h"
#include "shmx/layout.h"

static inline void
byhand_address(struct sockaddr_un *sa, const char *name)
{
	const char *dir = getenv("SHMX_DIR");

	memset(sa, 0, sizeof(*sa));
	sa->sun_family = AF_UNIX;
	expect(dir != NULL);
	expect((size_t)snprintf(sa->sun_path, sizeof(sa->sun_path),
				"%s/%s.sock", dir, name) <
	       sizeof(sa->sun_path));
}

/* A connection to the producer of ring "test". */
static inline int
byhand_connect(void)
{
	struct sockaddr_un sa;
	int fd;

	byhand_address(&sa, "test");
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	expect(fd >= 0);
	expect(connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0);
	return fd;
}

/* Something that is right, to make wrong. */
static inline struct shmx_hello
byhand_hello(uint32_t holds)
{
	return (struct shmx_hello){
		.magic = SHMX_PROTOCOL_MAGIC,
		.version_min = SHMX_PROTOCOL_VERSION,
		.version_max = SHMX_PROTOCOL_VERSION,
		.role = SHMX_ROLE_READER,
		.mode = SHMX_MODE_LOSSY,
		.holds = holds,
		.label = "by hand",
	};
}

/* Wait for a message: its type, or 0 at the end of the connection. */
static inline int
byhand_receive(struct shmx_channel *ch)
{
	struct pollfd pfd = { .fd = ch->fd, .events = POLLIN };
	int ret;

	while ((ret = shmx_channel_receive(ch)) == -EAGAIN)
		expect(poll(&pfd, 1, 20000) > 0);
	expect(ret == 0 || ret == -EPIPE);
	return ret == 0 ? ch->in.header.type : 0;
}

static inline void
byhand_ready(int conn)
{
	const struct shmx_ready ready = { SHMX_TRANSPORT_RING, 0 };

	expect(shmx_channel_send(conn, SHMX_MSG_READY, &ready, sizeof(ready),
				 NULL, 0) == 0);
}

/* HELLO and WELCOME on a connection; the record, mapped. */
static inline struct shmx_record *
byhand_greet(int conn, uint32_t holds)
{
	const struct shmx_hello hello = byhand_hello(holds);
	struct shmx_channel ch;
	void *record;
	int fd;

	expect(shmx_channel_send(conn, SHMX_MSG_HELLO, &hello, sizeof(hello),
				 NULL, 0) == 0);
	shmx_channel_init(&ch, conn);
	expect(byhand_receive(&ch) == SHMX_MSG_WELCOME);
	fd = shmx_channel_take_fd(&ch, 1);
	record = mmap(NULL, SHMX_RECORD_BYTES, PROT_READ | PROT_WRITE,
		      MAP_SHARED, fd, 0);
	expect(record != MAP_FAILED);
	base_close(&fd);
	shmx_channel_finish(&ch);
	return record;
}

/* All of it: the connection stays open until the child ends. */
static inline struct shmx_record *
byhand_attach(uint32_t holds)
{
	int conn = byhand_connect();
	struct shmx_record *record = byhand_greet(conn, holds);

	byhand_ready(conn);
	return record;
}

#endif /* TESTS_BYHAND_H */
