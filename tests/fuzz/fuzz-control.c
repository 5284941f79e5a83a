/* SPDX-License-Identifier: MIT */
/*
 * fuzz-control.c - messages in a record, ours and v2.0's, and nonsense
 *
 * Input: a byte, then steps.  The byte says which ends are ours and which are
 * v2.0's, and whether the ring is patched in between: what comes out then may
 * be anything but must come to an end; else it is what was put in.
 */
#include "config.h"

#include <errno.h>

#include "fuzz.h"
#include "sample.h"
#include "shmx/control.h"
#include "v2/v2.h"

enum { PUT, TAKE, PATCH, STEPS };
enum { OURS_PUTS = 1, OURS_TAKES = 2, NONSENSE = 4 };

/* A region of v2.0 that has nothing but one reader. */
struct region {
	struct v2_header header;
	struct v2_reader reader;
	struct shmx_control_ring ring;
};

static struct {
	unsigned how;
	struct region *region;
	struct shmx_control_out out;
	struct shmx_control_in in;
	struct v2_client client;
	struct v2_server server;
	uint32_t put;			/* messages put, and taken */
	uint32_t taken;
	unsigned char data[SHMX_CONTROL_MAX];
} us;

static void
set_up(unsigned how)
{
	struct v2_header *h;

	memset(&us, 0, sizeof(us));
	us.how = how;
	us.region = fuzz_memory(sizeof(*us.region));
	h = &us.region->header;
	h->reader_slots = 1;
	h->readers_offset = offsetof(struct region, reader);
	h->reader_stride = sizeof(struct v2_reader);
	h->control_offset = offsetof(struct region, ring);
	h->control_per_reader = SHMX_RECORD_CONTROL_BYTES;
	h->control_stride = SHMX_RECORD_CONTROL_BYTES;
	us.server = (struct v2_server){ .map = us.region, .h = h };
	us.client = (struct v2_client){
		.map = us.region, .h = h, .record = 0,
		.control_offset = h->control_offset,
		.control_per_reader = h->control_per_reader,
		.control_stride = h->control_stride,
	};
	shmx_control_in_init(&us.in, &us.region->ring);
	fuzz_expect(shmx_control_out_init(&us.out, &us.region->ring) == 0);
}

/* Message n of that length, from its type on. */
static void
fill(uint32_t n, uint32_t bytes)
{
	uint32_t i;

	for (i = 0; i < bytes; i++)
		us.data[i] = (unsigned char)(n * 31 + i);
}

/* Bytes of message n: most of them few, some of them all there is room for. */
static uint32_t
length_of(uint32_t n)
{
	return n % 7 == 6 ? SHMX_CONTROL_MAX - n % 64 : n * n % 600;
}

static int
put_one(uint32_t n)
{
	uint32_t bytes = length_of(n);

	fill(n, bytes);
	return us.how & OURS_PUTS ?
		shmx_control_put(&us.out, n + 1, us.data, bytes) :
		v2_control_send(&us.client, n + 1, us.data, bytes);
}

static void
put(void)
{
	int ret = put_one(us.put);

	fuzz_expect(ret == 0 || ret == -ENOBUFS ||
		    (ret == -EPROTO && (us.how & NONSENSE)));
	if (ret == 0)
		us.put++;
}

static int
take_one(uint32_t *type, uint32_t *bytes)
{
	_Alignas(8) unsigned char data[SHMX_CONTROL_MAX];
	static struct v2_message m;
	int ret;

	if (us.how & OURS_TAKES) {
		ret = shmx_control_take(&us.in, type, bytes, data);
		if (ret == 0)
			fuzz_expect(*bytes <= SHMX_CONTROL_MAX);
	} else {
		ret = v2_poll_control(&us.server, &m) ? 0 : -EAGAIN;
		*type = m.type;
		*bytes = m.bytes;
		memcpy(data, m.data, sizeof(data));
	}
	if (ret == 0 && !(us.how & NONSENSE)) {
		fill(us.taken, *bytes);
		fuzz_expect(memcmp(data, us.data, *bytes) == 0);
	}
	return ret;
}

static void
take(void)
{
	uint32_t type = 0, bytes = 0;
	int ret = take_one(&type, &bytes);

	if (us.how & NONSENSE) {
		fuzz_expect(ret == 0 || ret == -EAGAIN || ret == -EPROTO);
		fuzz_expect(us.in.written - us.in.read <= SHMX_CONTROL_DATA);
		return;
	}
	fuzz_expect(ret == (us.taken == us.put ? -EAGAIN : 0));
	if (ret < 0)
		return;
	fuzz_expect(type == us.taken + 1);
	fuzz_expect(bytes == length_of(us.taken));
	us.taken++;
}

/* Everything comes out, and the longest goes in at the second try. */
static void
check_longest(void)
{
	while (us.taken != us.put)
		take();
	us.put = us.taken = 6;
	put();
	if (us.put == 6) {
		take();
		put();
	}
	fuzz_expect(us.put == 7);
	take();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	unsigned steps = 0, times;
	uint8_t op;

	set_up(fuzz_u8(&in));
	while (in.left != 0 && steps++ < 256) {
		op = fuzz_u8(&in);
		times = op / STEPS % 8 + 1;
		if (op % STEPS == PATCH && (us.how & NONSENSE))
			fuzz_patch(&in, &us.region->ring,
				   sizeof(us.region->ring));
		while (op % STEPS != PATCH && times-- != 0)
			if (op % STEPS == PUT)
				put();
			else
				take();
	}
	if (!(us.how & NONSENSE))
		check_longest();
	free(us.region);
	return 0;
}

static void
put_word(struct fuzz_seed *s, uint16_t at, uint64_t word)
{
	fuzz_put_u8(s, PATCH);
	fuzz_put_u16(s, at);
	fuzz_put_u8(s, 7);
	fuzz_put_u64(s, word);
}

void
fuzz_seeds(void (*seed)(const void *data, size_t size))
{
	struct fuzz_seed s;
	uint8_t how, i;

	for (how = 0; how < NONSENSE; how++) {
		s.size = 0;
		fuzz_put_u8(&s, how);
		for (i = 0; i < 64; i++)
			fuzz_put_u8(&s, (uint8_t)(i * 5 % (8 * STEPS)));
		seed(s.data, s.size);
	}
	for (how = NONSENSE; how < 2 * NONSENSE; how++) {
		s.size = 0;
		fuzz_put_u8(&s, how);
		fuzz_put_u8(&s, PUT + 3 * STEPS);
		put_word(&s, 8, 2032);
		fuzz_put_u8(&s, TAKE);
		put_word(&s, 16, UINT64_C(0x0000000800003000));
		fuzz_put_u8(&s, TAKE);
		/* A message that goes on over the end of the ring. */
		put_word(&s, 8, 2048);
		put_word(&s, 32, (uint64_t)SHMX_CONTROL_MAX << 32 | 0x3000);
		fuzz_put_u8(&s, TAKE + 2 * STEPS);
		put_word(&s, 32, UINT64_C(0xfffffff800003000));
		fuzz_put_u8(&s, TAKE + 7 * STEPS);
		put_word(&s, 0, 16);
		fuzz_put_u8(&s, PUT);
		seed(s.data, s.size);
	}
}
