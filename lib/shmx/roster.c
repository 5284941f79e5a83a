/* SPDX-License-Identifier: MIT */
/*
 * roster.c - what a producer hands to an inspector
 */
#include "config.h"

#include "roster.h"

#include <errno.h>
#include <stdio.h>

#include "base/fd.h"
#include "base/sys.h"
#include "channel.h"

/* Send a message with one descriptor, opened anew for reading. */
static int
send_readable(int conn, enum shmx_message_type type, const void *body,
	      size_t bytes, int fd)
{
	char path[64];
	int again, ret;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = base_sys.open(path, O_RDONLY | O_CLOEXEC, 0);
	if (again < 0)
		return -errno;
	ret = shmx_channel_send(conn, type, body, bytes, &again, 1);
	base_close(&again);
	return ret;
}

int
shmx_roster_welcome(int conn, const struct shmx_welcome *welcome, int data_fd)
{
	return send_readable(conn, SHMX_MSG_WELCOME, welcome,
			     sizeof(*welcome), data_fd);
}

int
shmx_roster_record(int conn, uint64_t id, int record_fd)
{
	const struct shmx_roster_record r = { id };

	return send_readable(conn, SHMX_MSG_RECORD, &r, sizeof(r), record_fd);
}

int
shmx_roster_end(int conn, uint64_t after)
{
	const struct shmx_roster r = { after };

	return shmx_channel_send(conn, SHMX_MSG_ROSTER, &r, sizeof(r), NULL,
				 0);
}
