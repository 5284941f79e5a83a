/* SPDX-License-Identifier: MIT */
/*
 * service.c - what the producer asks of its host: who is there, what they say
 */
#include "config.h"

#include "producer.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"
#include "atomic.h"
#include "input.h"

int
shmx_producer_sleep(struct shmx_producer *p, uint64_t deadline_ns)
{
	struct pollfd fds[] = {
		{ .fd = p->host.news_fd, .events = POLLIN },
		{ .fd = p->host.epoll_fd, .events = POLLIN },
	};
	uint64_t count;

	/* Not base_poll(): a signal is to be seen. */
	if (base_sys.poll(fds, p->threaded ? 1 : 2,
			  base_timeout_ms(deadline_ns)) < 0)
		return -errno;
	if (!p->threaded)
		(void)shmx_host_service(&p->host, 0);
	/* What it is about is looked at after this. */
	(void)!read(p->host.news_fd, &count, sizeof(count));
	return 0;
}

/* ------------------------------------------------------------- messages -- */

/* So many are passed over in a row before others have a turn, and we. */
#define PASSED_OVER_MAX 4096

/* A reader that has gone: release what it holds, one by one, then say so. */
static void
say_goodbye(struct shmx_producer *p)
{
	struct shmx_input_bytes bytes;
	struct shmx_input in;
	int n;

	p->message = p->held->bye;
	p->held->leaving = shmx_held_release(p->held, p->message.reader, &in);
	if (!p->held->leaving)
		return;
	in.time_ns = base_now_ns();
	n = shmx_input_encode(&in, &bytes);
	assert(n > 0);
	memcpy(p->message_data, &bytes, (size_t)n);
	p->message.type = SHMX_CONTROL_INPUT;
	p->message.bytes = (uint32_t)n;
}

/* For who takes input: whether this message is to be handed out. */
static bool
is_in_order(struct shmx_producer *p)
{
	struct shmx_input in;

	if (p->message.type != SHMX_CONTROL_INPUT)
		return true;
	return shmx_input_decode(&p->message, &in) == 0 &&
	       shmx_held_note(p->held, in.reader, &in);
}

static bool
receive(struct shmx_producer *p)
{
	unsigned n = 0;

	if (p->held != NULL && p->held->leaving) {
		say_goodbye(p);
		return true;
	}
	do {
		if (n++ == PASSED_OVER_MAX) {
			/* There may be more: nobody sleeps on it. */
			shmx_host_announce(&p->host);
			return false;
		}
		if (shmx_host_receive(&p->host, &p->message,
				      p->message_data) < 0)
			return false;
	} while (p->held != NULL && !is_in_order(p));
	if (p->held != NULL && p->message.type == SHMX_CONTROL_BYE) {
		p->held->bye = p->message;
		say_goodbye(p);
	}
	return true;
}

/* Receive a message to be handed out later. */
static bool
has_message(struct shmx_producer *p)
{
	if (!p->has_message)
		p->has_message = receive(p);
	return p->has_message;
}

int
shmx_control_receive(struct shmx_producer *p, struct shmx_control *out)
{
	if (p->join != NULL)
		return shmx_producer_is_host(p);
	if (!has_message(p))
		return base_error(-EAGAIN, "the readers of ring \"%s\" have "
				  "sent nothing", p->claim.name);
	p->has_message = false;
	*out = p->message;
	return 0;
}

int
shmx_input_receive(struct shmx_producer *p, struct shmx_input *in,
		   struct shmx_control *other)
{
	struct shmx_control m;
	unsigned n;
	int ret;

	for (n = 0; n < PASSED_OVER_MAX; n++) {
		ret = shmx_control_receive(p, &m);
		if (ret < 0)
			return ret;
		if (shmx_input_decode(&m, in) == 0)
			return 0;
		if (other != NULL) {
			*other = m;
			return 1;
		}
	}
	return base_error(-EAGAIN, "the readers of ring \"%s\" have sent a "
			  "lot, and no input", p->claim.name);
}

/* Sleep unless there is a message, having said that we do. */
static int
sleep_for_message(struct shmx_producer *p, uint64_t deadline)
{
	shmx_a32 *waiting = &p->region.ring.ext->host_waiting;
	int ret = 0;

	/* Dekker with the reader, who looks at it after C3: see control.c. */
	shmx_store_seq_cst(waiting, 1);
	if (!has_message(p))
		ret = shmx_producer_sleep(p, deadline);
	shmx_store_relaxed(waiting, 0);
	return ret;
}

int
shmx_control_wait(struct shmx_producer *p, int timeout_ms)
{
	uint64_t deadline = timeout_ms < 0 ? BASE_FOREVER :
		base_now_ns() + (uint64_t)timeout_ms * BASE_NS_PER_MS;
	int ret;

	ret = shmx_producer_is_host(p);
	if (ret < 0)
		return ret;
	while (!has_message(p)) {
		if (base_now_ns() >= deadline)
			return base_error(-ETIMEDOUT, "the readers of ring "
					  "\"%s\" have sent nothing for %d ms",
					  p->claim.name, timeout_ms);
		ret = sleep_for_message(p, deadline);
		if (ret < 0)
			return base_error(ret, "waiting for the readers of "
					  "ring \"%s\": %s", p->claim.name,
					  strerror(-ret));
	}
	return 0;
}

/* -------------------------------------------------------------- readers -- */

int
shmx_producer_readers(struct shmx_producer *p,
		      struct shmx_reader_snapshot *out, size_t size,
		      unsigned max)
{
	int ret = shmx_producer_is_host(p);

	return ret < 0 ? ret : (int)shmx_host_list(&p->host, out, size, max);
}

int
shmx_producer_evict(struct shmx_producer *p, uint64_t reader, const char *why)
{
	int ret;

	ret = shmx_producer_is_host(p);
	if (ret < 0)
		return ret;
	ret = shmx_host_evict(&p->host, reader,
			      why != NULL ? why : "no reason was given");
	return ret < 0 ? base_error(ret, "ring \"%s\" has no reader %" PRIu64,
				    p->claim.name, reader) : 0;
}

int
shmx_producer_reap_stale(struct shmx_producer *p, uint64_t timeout_ns)
{
	int ret = shmx_producer_is_host(p);

	return ret < 0 ? ret : (int)shmx_host_reap_stale(&p->host, timeout_ns);
}
