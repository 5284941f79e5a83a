/* SPDX-License-Identifier: MIT */
/*
 * foreign.c - a ring of somebody else's SHMX v2.0, read as if it were ours
 *
 * foreign-server.c has the server's object, foreign-mirror.c the ring of ours
 * that its frames are copied to, foreign-relay.c the messages that go the
 * other way.  Here is when, and the connection on which the reader of that
 * ring believes to be.
 */
#include "config.h"

#include "foreign.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"
#include "atomic.h"
#include "channel.h"
#include "foreign-mirror.h"
#include "foreign-relay.h"
#include "foreign-server.h"
#include "object.h"
#include "protocol.h"

/* How often to look for a frame: the longer there was none, the less. */
#define LOOK_MIN_NS	BASE_NS_PER_MS
#define LOOK_MAX_NS	(10 * BASE_NS_PER_MS)
#define LOOK_SHARE	8
/* How often to tell the server that we live, and to look whether it does. */
#define BEAT_NS		(100 * BASE_NS_PER_MS)

struct shmx_foreign {
	struct shmx_server server;
	uint64_t beat_ns;		/* when to give the next sign of life */
	struct shmx_mirror mirror;
	struct shmx_relay relay;
	int conn;			/* -1: the server is gone */
	int timer_fd;
};

/* ---------------------------------------------------------------- pump -- */

/* Nothing more will come: the reader sees the end of the connection. */
static void
end(struct shmx_foreign *f, bool orderly)
{
	if (orderly)
		shmx_store_seq_cst(&f->mirror.region.ring.ext->host_state,
				   SHMX_HOST_ENDED);
	base_close(&f->conn);
}

/* What need not be done for each frame. */
static void
look_after(struct shmx_foreign *f, uint64_t now)
{
	if (now < f->beat_ns)
		return;
	f->beat_ns = now + BEAT_NS;
	if (!shmx_server_is_there(&f->server)) {
		end(f, true);
		return;
	}
	if (shmx_server_has_died(&f->server)) {
		end(f, false);
		return;
	}
	/* One who did not look for long may have been reaped. */
	if (!shmx_server_has_record(&f->server)) {
		f->server.record = -1;
		shmx_server_take_record(&f->server);
	} else {
		shmx_server_beat(&f->server);
	}
}

static void
set_timer(const struct shmx_foreign *f, uint64_t now)
{
	uint64_t since = now - BASE_MIN(now, f->mirror.frame_ns);
	const struct itimerspec its = { .it_value.tv_nsec = (long)
		BASE_MIN(BASE_MAX(since / LOOK_SHARE, LOOK_MIN_NS),
			 LOOK_MAX_NS) };

	timerfd_settime(f->timer_fd, 0, &its, NULL);
}

void
shmx_foreign_pump(struct shmx_foreign *f)
{
	uint64_t now = base_now_ns();

	if (f->conn >= 0)
		look_after(f, now);
	if (f->conn >= 0 && !shmx_mirror_look(&f->mirror, &f->server))
		end(f, true);
	if (f->conn < 0)
		return;
	shmx_relay_pass(&f->relay, &f->server);
	set_timer(f, now);
}

int
shmx_foreign_fd(const struct shmx_foreign *f)
{
	return f->timer_fd;
}

/* ------------------------------------------------------ open and close -- */

/* A connection, with the WELCOME that a host sends. */
static int
send_welcome(struct shmx_foreign *f, uint32_t holds, int wake_fd, int *conn)
{
	const struct shmx_region *region = &f->mirror.region;
	const struct shmx_welcome w = {
		.version = SHMX_PROTOCOL_VERSION,
		.holds = holds,
		.map_bytes = region->map_bytes,
		.session = region->session,
		.features = SHMX_FEATURE_COPIED,
		.region_bytes = region->bytes,
		.record_bytes = SHMX_RECORD_BYTES,
	};
	const int fds[SHMX_MESSAGE_FDS] = { region->fd,
		f->mirror.seat->record_fd, wake_fd };
	int pair[2], ret;

	if (base_sys.socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC |
				SOCK_NONBLOCK, 0, pair) < 0)
		return -errno;
	f->conn = pair[0];
	ret = shmx_channel_send(f->conn, SHMX_MSG_WELCOME, &w, sizeof(w), fds,
				SHMX_MESSAGE_FDS);
	if (ret < 0)
		base_close(&pair[1]);
	else
		*conn = pair[1];
	return ret;
}

/* As a host greets a reader. */
static int
greet(struct shmx_foreign *f, const char *name, uint32_t holds, int *conn)
{
	int wake_fd, ret;

	f->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC |
				     TFD_NONBLOCK);
	if (f->timer_fd < 0)
		return -errno;
	ret = shmx_mirror_give_seat(&f->mirror, name, holds, &wake_fd);
	if (ret < 0)
		return ret;
	shmx_relay_init(&f->relay,
			shmx_record_control(f->mirror.seat->record));
	ret = send_welcome(f, holds, wake_fd, conn);
	base_close(&wake_fd);
	return ret;
}

int
shmx_foreign_find(const char *name)
{
	struct shmx_server s;
	int ret;

	ret = shmx_server_init(&s, name);
	shmx_server_finish(&s);
	return ret;
}

int
shmx_foreign_open(struct shmx_foreign **out, const char *name, uint32_t holds,
		  int *conn)
{
	struct shmx_foreign *f;
	int ret;

	f = base_sys.calloc(1, sizeof(*f));
	if (f == NULL)
		return base_error(-ENOMEM, "out of memory");
	f->mirror.region.fd = f->mirror.region.data_fd = -1;
	f->mirror.region.records_fd = -1;
	f->conn = f->timer_fd = -1;
	ret = shmx_server_init(&f->server, name);
	if (ret < 0)
		goto fail;
	ret = shmx_mirror_init(&f->mirror, &f->server, name, holds);
	if (ret < 0)
		goto fail;
	ret = greet(f, name, holds, conn);
	if (ret < 0) {
		base_error(ret, "cannot read ring \"%s\" in " SHMX_OBJECT_DIR
			   ": %s", name, strerror(-ret));
		goto fail;
	}
	shmx_server_take_record(&f->server);
	f->mirror.frame_ns = base_now_ns();
	shmx_foreign_pump(f);
	*out = f;
	return 0;
fail:
	shmx_foreign_close(f);
	return ret;
}

uint32_t
shmx_foreign_message_max(const struct shmx_foreign *f)
{
	return shmx_relay_message_max(&f->server);
}

void
shmx_foreign_close(struct shmx_foreign *f)
{
	if (f == NULL)
		return;
	shmx_server_finish(&f->server);
	shmx_mirror_finish(&f->mirror);
	base_close(&f->conn);
	base_close(&f->timer_fd);
	free(f);
}
