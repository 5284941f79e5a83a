/* SPDX-License-Identifier: MIT */
/*
 * fuzz-reader.c - what a producer sends to a reader, and does to its ring
 *
 * Input: steps, a byte each and what it takes.  The reader is a real one that
 * found nobody; each input is a producer to it.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>

#include "fuzz.h"
#include "sample.h"
#include "shmx/reader.h"
#include "shmx/segment.h"

enum {
	RING,		/* patch the ring, before or after it was sent */
	WELCOME,	/* patch the welcome */
	SEND,		/* the welcome, with descriptors */
	FRAMED,		/* any message */
	RAW,		/* any bytes */
	DISPATCH, LATEST, NEXT, RELEASE, WAKE, CONTROL, DIRECTORY,
	HANG_UP, STEPS
};

static struct shmx_reader *reader;
static struct {
	int conn;			/* the producer's ends */
	int wake;
	int record_fd;
	int data_fd;
	unsigned char *data;		/* data_fd, mapped */
	size_t bytes;			/* of data */
	struct shmx_welcome welcome;
	struct shmx_hold *hold;
} us;

/* The ring, in memory that both sides map, and the greeting under way. */
static void
set_up(void)
{
	const struct fuzz_ring *ring = fuzz_ring();
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	void *record;
	int sv[2], ret;

	o.flags = SHMX_WAIT;
	if (reader == NULL)
		fuzz_expect(shmx_reader_open(&reader, "fuzz", &o) == 0);
	us.welcome = ring->welcome;
	us.bytes = ring->welcome.region_bytes;
	ret = shmx_segment_create("fuzz", us.bytes, SHMX_SEALS_RECORD,
				  &us.data_fd, (void *)&us.data);
	fuzz_expect(ret == 0);
	memcpy(us.data, ring->bytes, us.bytes);
	ret = shmx_segment_create("fuzz", SHMX_RECORD_BYTES,
				  SHMX_SEALS_RECORD, &us.record_fd, &record);
	fuzz_expect(ret == 0);
	shmx_segment_unmap(record, SHMX_RECORD_BYTES);
	us.wake = -1;

	fuzz_expect(reader->state == SHMX_ABSENT);
	ret = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			 0, sv);
	fuzz_expect(ret == 0);
	us.conn = sv[0];
	reader->conn = sv[1];
	shmx_channel_init(&reader->channel, reader->conn);
	fuzz_expect(shmx_reader_watch(reader, reader->conn, ABOUT_CONN) == 0);
	reader->state = SHMX_GREETING;
}

static void
release(void)
{
	shmx_release(us.hold);
	us.hold = NULL;
}

static void
tear_down(void)
{
	int i;

	release();
	base_close(&us.conn);
	base_close(&us.wake);
	/* Wake-ups that it has not heard come first, some at a time. */
	for (i = 0; i < 16 && reader->state != SHMX_ABSENT; i++)
		(void)shmx_reader_dispatch(reader);
	fuzz_expect(reader->state == SHMX_ABSENT);
	fuzz_expect(reader->session == NULL && reader->conn < 0);
	shmx_segment_unmap(us.data, us.bytes);
	base_close(&us.data_fd);
	base_close(&us.record_fd);
}

static void
send_welcome(struct fuzz_input *in)
{
	unsigned how = fuzz_u8(in);
	int fds[SHMX_MESSAGE_FDS], sv[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
		       sv) < 0)
		abort();
	base_close(&us.wake);
	us.wake = sv[0];
	fds[0] = how & 1 ? sv[1] : us.data_fd;
	fds[1] = how & 2 ? us.data_fd : us.record_fd;
	fds[2] = how & 4 ? us.record_fd : sv[1];
	(void)shmx_channel_send(us.conn, SHMX_MSG_WELCOME, &us.welcome,
				sizeof(us.welcome), fds,
				SHMX_MESSAGE_FDS - (how >> 3) % 4);
	base_close(&sv[1]);
}

static void
send_framed(struct fuzz_input *in)
{
	unsigned char body[256];
	unsigned type = fuzz_u8(in);
	size_t n = fuzz_u8(in);

	fuzz_take(in, body, n);
	(void)shmx_channel_send(us.conn, (enum shmx_message_type)type, body, n,
				NULL, 0);
}

static void
send_raw(struct fuzz_input *in)
{
	unsigned char bytes[256];
	size_t n = fuzz_u8(in);

	fuzz_take(in, bytes, n);
	if (n != 0)
		(void)!send(us.conn, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void
look(int ret, uint64_t since)
{
	/* One at a time: a reader may run out of holds elsewhere. */
	if (ret == 0)
		fuzz_look(us.hold, since, true);
	else
		us.hold = NULL;
}

static void
read_directory(void)
{
	struct shmx_directory *d;
	const struct shmx_stream *s;
	unsigned i;

	if (shmx_reader_directory(reader, &d) < 0)
		return;
	for (i = 0; (s = shmx_directory_get(d, i)) != NULL; i++) {
		fuzz_touch(s->name, strlen(s->name));
		fuzz_touch(s->extra, s->extra_bytes);
		(void)shmx_directory_find(d, s->id);
	}
	fuzz_expect(i == shmx_directory_count(d));
	shmx_directory_free(d);
}

static void
step(struct fuzz_input *in)
{
	unsigned op = fuzz_u8(in);

	switch (op % STEPS) {
	case RING:
		fuzz_patch(in, us.data, us.bytes);
		break;
	case WELCOME:
		fuzz_patch(in, &us.welcome, sizeof(us.welcome));
		break;
	case SEND:
		send_welcome(in);
		break;
	case FRAMED:
		send_framed(in);
		break;
	case RAW:
		send_raw(in);
		break;
	case DISPATCH:
		(void)shmx_reader_dispatch(reader);
		break;
	case LATEST:
		release();
		look(shmx_hold_latest(reader, &us.hold), op);
		break;
	case NEXT:
		release();
		look(shmx_hold_next(reader, &us.hold), op);
		break;
	case RELEASE:
		release();
		break;
	case WAKE:
		if (us.wake >= 0)
			(void)!send(us.wake, "w", 1, MSG_NOSIGNAL);
		break;
	case CONTROL:
		(void)shmx_control_send(reader, 0x3000, us.data, op * 8);
		break;
	case DIRECTORY:
		read_directory();
		break;
	case HANG_UP:
		base_close(&us.conn);
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	unsigned steps = 0;

	set_up();
	while (in.left != 0 && steps++ < 256 && us.conn >= 0)
		step(&in);
	tear_down();
	return 0;
}

/* ---------------------------------------------------------------- seeds -- */

static void
put_patches(struct fuzz_seed *s, unsigned op, const void *bytes, size_t at,
	    size_t size, size_t word)
{
	struct fuzz_seed one;

	for (; size >= word; at += word, size -= word) {
		one.size = 0;
		fuzz_put_patches(&one, bytes, at, word, word);
		fuzz_put_u8(s, (uint8_t)op);
		fuzz_put(s, one.data, one.size);
	}
}

static void
put_attach(struct fuzz_seed *s, uint8_t how)
{
	fuzz_put_u8(s, SEND);
	fuzz_put_u8(s, how);
	fuzz_put_u8(s, DISPATCH);
}

static void
put_look(struct fuzz_seed *s)
{
	static const uint8_t steps[] = { WAKE, DISPATCH, LATEST, RELEASE, NEXT,
		CONTROL, NEXT, DIRECTORY };

	fuzz_put(s, steps, sizeof(steps));
}

void
fuzz_seeds(void (*seed)(const void *data, size_t size))
{
	const struct fuzz_ring *ring = fuzz_ring();
	const struct shmx_header *h = (const void *)ring->bytes;
	const struct shmx_ext *e = (const void *)(ring->bytes + h->ext_offset);
	static const struct shmx_refusal refusal = { .error = EBUSY,
		.text = "no room" };
	struct fuzz_seed s = { .size = 0 };
	uint8_t how;

	/* All descriptors right, and each wrong. */
	for (how = 0; how < 16; how = (uint8_t)(how == 0 ? 1 : how * 2)) {
		s.size = 0;
		put_attach(&s, how);
		put_look(&s);
		fuzz_put_u8(&s, FRAMED);
		fuzz_put_u8(&s, SHMX_MSG_BYE);
		fuzz_put_u8(&s, 0);
		fuzz_put_u8(&s, DISPATCH);
		seed(s.data, s.size);
	}

	s.size = 0;
	put_patches(&s, WELCOME, &ring->welcome, 0, sizeof(ring->welcome), 4);
	put_attach(&s, 0);
	put_look(&s);
	seed(s.data, s.size);

	s.size = 0;
	put_patches(&s, RING, ring->bytes, 0, sizeof(*h), 4);
	put_patches(&s, RING, ring->bytes, h->ext_offset, 104, 4);
	put_attach(&s, 0);
	put_look(&s);
	seed(s.data, s.size);

	/* Changed while it is read. */
	s.size = 0;
	put_attach(&s, 0);
	put_patches(&s, RING, ring->bytes, 128, 144, 4);
	put_look(&s);
	put_patches(&s, RING, ring->bytes, h->ext_offset + e->meta_offset +
		    (e->latest & 0xffff) * sizeof(struct shmx_slot_meta) + 40,
		    64, 4);
	put_patches(&s, RING, ring->bytes, h->ext_offset + 128, 8, 8);
	put_look(&s);
	put_patches(&s, RING, ring->bytes, h->ext_offset + e->state_offset,
		    e->slots * 8, 8);
	put_look(&s);
	seed(s.data, s.size);

	s.size = 0;
	fuzz_put_u8(&s, FRAMED);
	fuzz_put_u8(&s, SHMX_MSG_ERROR);
	fuzz_put_u8(&s, 255);
	fuzz_put(&s, &refusal, 255);
	fuzz_put_u8(&s, DISPATCH);
	seed(s.data, s.size);
}
