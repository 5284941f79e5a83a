/* SPDX-License-Identifier: MIT */
/*
 * fuzz-host.c - what readers say to a producer, and write into their records
 *
 * Input: steps, a byte each and what it takes.  Three connections come and
 * go; whatever they do, a frame can be published after every step, and once
 * they are gone nothing of them is left.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>

#include "frames.h"
#include "fuzz.h"
#include "sample.h"

enum { CONNS = 3 };
enum {
	SERVE, CONNECT, RAW, FRAMED, CLOSE, RECEIVE, RECORD, PUBLISH, TAKE,
	LOOK, EVICT, STEPS
};

static struct shmx_producer *producer;
static uint64_t published = 4;
static unsigned hellos, byes;

static struct {
	struct shmx_channel channel;	/* fd -1: not there */
	unsigned char *record;
} conns[CONNS];

static void
do_connect(unsigned i)
{
	if (conns[i].channel.fd < 0)
		shmx_channel_init(&conns[i].channel, fuzz_connect("fuzz"));
}

static void
do_close(unsigned i)
{
	shmx_channel_finish(&conns[i].channel);
	base_close(&conns[i].channel.fd);
	if (conns[i].record != NULL)
		munmap(conns[i].record, SHMX_RECORD_BYTES);
	conns[i].record = NULL;
}

/* Some bytes, alone or with up to four descriptors. */
static void
send_bytes(int fd, const void *bytes, size_t size, unsigned fds)
{
	union {
		char bytes[CMSG_SPACE(4 * sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };
	struct iovec iov = { (void *)(uintptr_t)bytes, size };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;
	unsigned i;
	int *out;

	if (fd < 0 || size == 0)
		return;
	if (fds != 0) {
		m.msg_control = control.bytes;
		m.msg_controllen = CMSG_SPACE(fds * sizeof(int));
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(fds * sizeof(int));
		out = (int *)(void *)CMSG_DATA(c);
		for (i = 0; i < fds; i++)
			out[i] = fd;
	}
	(void)!sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void
do_raw(struct fuzz_input *in, int fd)
{
	unsigned char bytes[256];
	unsigned fds = fuzz_u8(in);
	size_t n = fuzz_u8(in);

	fuzz_take(in, bytes, n);
	send_bytes(fd, bytes, n, fds < 5 ? fds : 0);
}

/* A message whose length is right. */
static void
do_framed(struct fuzz_input *in, int fd)
{
	struct {
		struct shmx_message_header head;
		unsigned char body[256];
	} m = { { 0, 0, 0 }, { 0 } };
	size_t n;

	m.head.type = fuzz_u8(in);
	n = fuzz_u8(in);
	m.head.bytes = (uint32_t)(sizeof(m.head) + n);
	fuzz_take(in, m.body, n);
	send_bytes(fd, &m, m.head.bytes, 0);
}

/* Take the answer; a welcome brings the record. */
static void
do_receive(unsigned i)
{
	struct shmx_channel *ch = &conns[i].channel;
	void *m;

	if (ch->fd < 0)
		return;
	if (shmx_channel_receive(ch) < 0)
		return;
	if (ch->in.header.type == SHMX_MSG_WELCOME && conns[i].record == NULL &&
	    shmx_channel_body(ch, sizeof(struct shmx_welcome),
			      SHMX_MESSAGE_FDS) != NULL) {
		m = mmap(NULL, SHMX_RECORD_BYTES, PROT_READ | PROT_WRITE,
			 MAP_SHARED, ch->fds[1], 0);
		fuzz_expect(m != MAP_FAILED);
		conns[i].record = m;
	}
	shmx_channel_next(ch);
}

/* Whatever readers write into their records. */
static void
check_publish(void)
{
	published++;
	fuzz_expect(frame_publish(producer, published) == published);
}

/* Their messages, as the producer gets them. */
static void
take_messages(void)
{
	struct shmx_control m;

	while (shmx_control_receive(producer, &m) == 0) {
		fuzz_expect(m.bytes <= SHMX_CONTROL_MAX);
		fuzz_touch(m.data, m.bytes);
		fuzz_expect(memchr(m.label, '\0', sizeof(m.label)) != NULL);
		hellos += m.type == SHMX_CONTROL_HELLO;
		byes += m.type == SHMX_CONTROL_BYE;
	}
}

/* What the producer says of its readers, and one of them sent away. */
static void
look_at_readers(int evict)
{
	struct shmx_reader_snapshot s[CONNS] = { { 0 } };
	int i, n = shmx_producer_readers(producer, s, sizeof(*s), CONNS);

	fuzz_expect(n >= 0 && n <= CONNS);
	for (i = 0; i < n; i++) {
		fuzz_expect(memchr(s[i].label, '\0', sizeof(s[i].label)));
		fuzz_expect(s[i].holds_used <= s[i].holds_granted);
		fuzz_expect(s[i].holds_granted <= SHMX_HOLDS_MAX);
	}
	if (evict >= 0 && evict < n)
		fuzz_expect(shmx_producer_evict(producer, s[evict].id,
						"fuzz") == 0);
}

static void
step(struct fuzz_input *in)
{
	unsigned op = fuzz_u8(in), i = op / STEPS % CONNS;

	switch (op % STEPS) {
	case SERVE:
		shmx_producer_service(producer);
		break;
	case CONNECT:
		do_connect(i);
		break;
	case RAW:
		do_raw(in, conns[i].channel.fd);
		break;
	case FRAMED:
		do_framed(in, conns[i].channel.fd);
		break;
	case CLOSE:
		do_close(i);
		break;
	case RECEIVE:
		do_receive(i);
		break;
	case RECORD:
		if (conns[i].record != NULL)
			fuzz_patch(in, conns[i].record, SHMX_RECORD_BYTES);
		break;
	case TAKE:
		take_messages();
		break;
	case PUBLISH:
		check_publish();
		break;
	case LOOK:
		look_at_readers(-1);
		break;
	case EVICT:
		look_at_readers((int)i);
		break;
	}
}

static void
check_nothing_left(void)
{
	struct shmx_producer_stats stats;
	unsigned i;

	for (i = 0; i < CONNS; i++)
		do_close(i);
	/* What was not accepted yet is, and goes; then records are freed. */
	for (i = 0; i < 100; i++) {
		shmx_producer_service(producer);
		shmx_producer_stats(producer, &stats, sizeof(stats));
		if (i >= 2 && stats.readers == 0 && stats.holds_granted == 0)
			break;
	}
	fuzz_expect(stats.readers == 0);
	fuzz_expect(stats.holds_granted == 0);
	fuzz_expect(stats.slots_held == 0);
	check_publish();
	/* Who came has gone, once each. */
	take_messages();
	fuzz_expect(hellos == byes);
}

static void
set_up(void)
{
	unsigned i;

	if (producer != NULL)
		return;
	producer = fuzz_producer("fuzz");
	for (i = 0; i < CONNS; i++)
		shmx_channel_init(&conns[i].channel, -1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	unsigned steps = 0;

	set_up();
	while (in.left != 0 && steps++ < 64)
		step(&in);
	check_nothing_left();
	return 0;
}

/* ---------------------------------------------------------------- seeds -- */

static void
put_step(struct fuzz_seed *s, unsigned op, unsigned conn)
{
	fuzz_put_u8(s, (uint8_t)(op + conn * STEPS));
}

static void
put_message(struct fuzz_seed *s, unsigned conn, enum shmx_message_type type,
	    const void *body, size_t bytes)
{
	put_step(s, FRAMED, conn);
	fuzz_put_u8(s, (uint8_t)type);
	fuzz_put_u8(s, (uint8_t)bytes);
	fuzz_put(s, body, bytes);
	put_step(s, SERVE, conn);
}

static void
put_attach(struct fuzz_seed *s, unsigned conn, uint32_t holds)
{
	const struct shmx_ready ready = { SHMX_TRANSPORT_RING, 0 };
	const struct shmx_hello hello = fuzz_hello(holds);

	put_step(s, CONNECT, conn);
	put_step(s, SERVE, conn);
	put_message(s, conn, SHMX_MSG_HELLO, &hello, sizeof(hello));
	put_step(s, RECEIVE, conn);
	put_message(s, conn, SHMX_MSG_READY, &ready, sizeof(ready));
}

static void
put_record(struct fuzz_seed *s, unsigned conn, uint16_t at, uint64_t word)
{
	put_step(s, RECORD, conn);
	fuzz_put_u16(s, at);
	fuzz_put_u8(s, 7);
	fuzz_put_u64(s, word);
}

void
fuzz_seeds(void (*seed)(const void *data, size_t size))
{
	static const uint8_t bye[] = { 8, 0, 0, 0, SHMX_MSG_BYE, 0, 0, 0 };
	struct fuzz_seed s = { .size = 0 };
	uint16_t i;

	put_attach(&s, 0, 2);
	put_step(&s, RAW, 0);
	fuzz_put_u8(&s, 0);
	fuzz_put_u8(&s, sizeof(bye));
	fuzz_put(&s, bye, sizeof(bye));
	put_step(&s, SERVE, 0);
	seed(s.data, s.size);

	/* A message in two pieces, one with descriptors, one out of order. */
	s.size = 0;
	put_attach(&s, 0, 1);
	put_step(&s, CONNECT, 1);
	put_step(&s, RAW, 1);
	fuzz_put_u8(&s, 2);
	fuzz_put_u8(&s, 3);
	fuzz_put(&s, bye, 3);
	put_step(&s, SERVE, 1);
	put_step(&s, RAW, 1);
	fuzz_put_u8(&s, 1);
	fuzz_put_u8(&s, 5);
	fuzz_put(&s, bye + 3, 5);
	put_step(&s, SERVE, 1);
	put_message(&s, 0, SHMX_MSG_NUDGE, NULL, 0);
	seed(s.data, s.size);

	/* Its own end, in the first bytes of what never comes. */
	s.size = 0;
	put_step(&s, CONNECT, 0);
	put_step(&s, RAW, 0);
	fuzz_put_u8(&s, 1);
	fuzz_put_u8(&s, 3);
	fuzz_put(&s, bye, 3);
	seed(s.data, s.size);

	/* Hold words and cursors that make no sense. */
	s.size = 0;
	put_attach(&s, 0, 1);
	put_attach(&s, 1, 1);
	for (i = 0; i < 8; i++) {
		put_record(&s, i % 2, (uint16_t)(64 + 8 * i),
			   UINT64_MAX >> i);
		put_step(&s, PUBLISH, 0);
	}
	put_record(&s, 0, 128, UINT64_MAX);
	put_record(&s, 0, 256, UINT64_MAX);
	put_record(&s, 0, 2048, 16);
	put_record(&s, 0, 2056, 1 << 20);
	put_record(&s, 1, 2056, 32);
	put_record(&s, 1, 2064, UINT64_C(0xfffffff800003000));
	put_step(&s, TAKE, 0);
	put_step(&s, PUBLISH, 0);
	put_step(&s, SERVE, 0);
	put_step(&s, CLOSE, 0);
	put_step(&s, PUBLISH, 0);
	put_step(&s, SERVE, 0);
	seed(s.data, s.size);

	/* Messages that make sense, and who sent them leaves. */
	s.size = 0;
	put_attach(&s, 0, 1);
	put_attach(&s, 1, 1);
	for (i = 0; i < 2; i++) {
		put_record(&s, i, 2064, UINT64_C(0x0000000800003000));
		put_record(&s, i, 2080, UINT64_C(0x0000000000003001));
		put_record(&s, i, 2056, 32);
		put_step(&s, LOOK, 0);
		put_step(&s, i == 0 ? EVICT : CLOSE, 0);
		put_step(&s, SERVE, 0);
	}
	put_step(&s, TAKE, 0);
	seed(s.data, s.size);
}
