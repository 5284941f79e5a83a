/* SPDX-License-Identifier: MIT */
/*
 * fuzz-foreign.c - a server of SHMX v2.0, and what reading its ring makes of it
 *
 * Input: steps, a byte each and what it takes.  The object of a real server is
 * patched before its reader opens it and between the reader's calls; frames
 * that are published get the checksum of whatever is in them by then.  The
 * reader is one that found nobody: each input is another server to it.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "fuzz.h"
#include "sample.h"
#include "shmx/reader.h"
#include "v2/v2.h"

enum {
	PATCH, OPEN, PUBLISH, LATEST, RELEASE, SEND, PUMP, DIRECTORY,
	CUT,		/* the object becomes shorter, and stays as it is */
	STEPS
};

enum { SLOTS = 3, WIDTH = 16, HEIGHT = 4 };

static char name[48];

/* The server's ring as it was made, and its object, made once. */
static struct {
	unsigned char *bytes;
	size_t size;
	int fd;
	unsigned char *map;
} sample;

static struct shmx_reader *reader;
static struct {
	struct shmx_hold *hold;
	bool cut;
} us;

/* ---------------------------------------------------------- the server -- */

static void
remove_object(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/shm/%s", name);
	unlink(path);
}

static void
publish_sample(struct v2_server *server)
{
	static const unsigned char pixels[WIDTH * HEIGHT * 4];
	static const float numbers[3];
	struct v2_writing w;

	v2_begin(server, &w);
	fuzz_expect(v2_append(&w, 1, pixels, WIDTH * HEIGHT,
			      sizeof(pixels)) == 0);
	fuzz_expect(v2_append(&w, 2, numbers, 1, sizeof(numbers)) == 0);
	v2_publish(server, &w, 0.5);
}

static void
make_sample(void)
{
	static const struct shmx_image_desc image = {
		.magic = SHMX_IMAGE_MAGIC, .width = WIDTH, .height = HEIGHT,
		.stride = WIDTH * 4, .format = SHMX_XRGB8888,
	};
	static const struct v2_stream streams[] = {
		{ .id = 1, .element_type = V2_U32, .components = 1,
		  .bytes_per_elem = 4, .name = "picture", .extra = &image,
		  .extra_len = sizeof(image) },
		{ .id = 2, .element_type = V2_F32, .components = 3,
		  .bytes_per_elem = 4, .name = "numbers" },
	};
	const struct v2_config config = {
		.name = name, .slots = SLOTS, .reader_slots = 2,
		.static_cap = 256, .frame_cap = 384,
		.control_per_reader = 128, .session = 7,
	};
	struct v2_server server;

	fuzz_expect(v2_server_create(&server, &config, streams, 2) == 0);
	publish_sample(&server);
	publish_sample(&server);
	sample.size = server.bytes;
	sample.bytes = malloc(sample.size);
	fuzz_expect(sample.bytes != NULL);
	memcpy(sample.bytes, server.map, sample.size);
	v2_server_close(&server);
}

static void
make_object(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/shm/%s", name);
	sample.fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	fuzz_expect(sample.fd >= 0);
	fuzz_expect(ftruncate(sample.fd, (off_t)sample.size) == 0);
	sample.map = mmap(NULL, sample.size, PROT_READ | PROT_WRITE,
			  MAP_SHARED, sample.fd, 0);
	fuzz_expect(sample.map != MAP_FAILED);
	atexit(remove_object);
}

static void
need_sample(void)
{
	if (name[0] != '\0')
		return;
	snprintf(name, sizeof(name), "shmfb-test-fuzz-%d", (int)getpid());
	make_sample();
	make_object();
}

/* In that slot, and with whatever is said there; right as seen from outside. */
static void
publish(unsigned slot)
{
	struct v2_header *h = (void *)sample.map;
	const struct v2_header *was = (const void *)sample.bytes;
	unsigned char *at = sample.map + was->slots_offset +
		slot * was->slot_stride;
	struct v2_frame *f = (void *)at;

	if (f->payload_bytes <= was->frame_cap)
		f->checksum = v2_checksum(at + sizeof(*f), f->payload_bytes);
	f->frame_id += SLOTS;
	h->write_index = (h->write_index / SLOTS + 1) * SLOTS + slot + 1;
}

/* ----------------------------------------------------------- the input -- */

static void
set_up(void)
{
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;

	need_sample();
	o.flags = SHMX_WAIT;
	if (reader == NULL)
		fuzz_expect(shmx_reader_open(&reader, "fuzz", &o) == 0);
	fuzz_expect(reader->state == SHMX_ABSENT);
	us.cut = false;
	fuzz_expect(ftruncate(sample.fd, (off_t)sample.size) == 0);
	memcpy(sample.map, sample.bytes, sample.size);
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
	struct stat st;
	int i;

	release();
	/* A reader writes, too, but within what there is. */
	fuzz_expect(fstat(sample.fd, &st) == 0);
	fuzz_expect((size_t)st.st_size <= sample.size);
	fuzz_expect(ftruncate(sample.fd, (off_t)sample.size) == 0);
	((struct v2_header *)(void *)sample.map)->magic = 0;
	for (i = 0; i < 16 && reader->state != SHMX_ABSENT; i++) {
		shmx_reader_pump(reader);
		(void)shmx_reader_dispatch(reader);
	}
	fuzz_expect(reader->state == SHMX_ABSENT);
	fuzz_expect(reader->session == NULL && reader->foreign == NULL);
}

/* As it does when it comes by the object's name. */
static void
try_to_open(unsigned how)
{
	int ret, i;

	if (reader->state != SHMX_ABSENT)
		return;
	ret = shmx_foreign_open(&reader->foreign, name, how % 2 + 1,
				&reader->conn);
	fuzz_expect(ret == 0 || ret == -ENOENT || ret == -EPROTO);
	if (ret < 0)
		return;
	shmx_channel_init(&reader->channel, reader->conn);
	fuzz_expect(shmx_reader_watch(reader, reader->conn, ABOUT_CONN) == 0);
	fuzz_expect(shmx_reader_watch(reader,
				      shmx_foreign_fd(reader->foreign),
				      ABOUT_FOREIGN) == 0);
	reader->state = SHMX_GREETING;
	for (i = 0; i < 4 && reader->state == SHMX_GREETING; i++)
		(void)shmx_reader_dispatch(reader);
	fuzz_expect(reader->state != SHMX_GREETING);
}

static void
hold_latest(void)
{
	struct shmx_hold *hold;

	release();
	if (shmx_hold_latest(reader, &hold) < 0)
		return;
	us.hold = hold;
	fuzz_expect(shmx_frame_info(hold)->copied);
	fuzz_look(hold, shmx_frame_info(hold)->sequence - 1, true);
}

static void
look_at_directory(void)
{
	struct shmx_directory *dir;
	const struct shmx_stream *s;
	unsigned i;

	if (shmx_reader_directory(reader, &dir) < 0)
		return;
	for (i = 0; i < shmx_directory_count(dir); i++) {
		s = shmx_directory_get(dir, i);
		fuzz_touch(s->name, strlen(s->name));
		fuzz_touch(s->extra, s->extra_bytes);
	}
	shmx_directory_free(dir);
}

static void
send_message(unsigned bytes)
{
	unsigned char message[256];

	memset(message, (int)bytes, sizeof(message));
	(void)shmx_control_send(reader, 1, message, bytes);
}

static void
cut(unsigned sixteenths)
{
	us.cut = true;
	fuzz_expect(ftruncate(sample.fd, (off_t)(sample.size *
						 (sixteenths % 16) / 16)) == 0);
}

/* What the server does. */
static void
serve(struct fuzz_input *in, unsigned what)
{
	if (us.cut)
		return;
	if (what == PATCH)
		fuzz_patch(in, sample.map, sample.size);
	else if (what == PUBLISH)
		publish(fuzz_u8(in) % SLOTS);
	else
		cut(fuzz_u8(in));
}

/* What the reader does, once it is one. */
static void
read_on(struct fuzz_input *in, unsigned what)
{
	switch (what) {
	case LATEST:
		hold_latest();
		break;
	case RELEASE:
		release();
		break;
	case SEND:
		send_message(fuzz_u8(in));
		break;
	case PUMP:
		shmx_reader_pump(reader);
		break;
	case DIRECTORY:
		look_at_directory();
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	unsigned what;

	set_up();
	while (in.left > 0) {
		what = fuzz_u8(&in) % STEPS;
		if (what == PATCH || what == PUBLISH || what == CUT)
			serve(&in, what);
		else if (what == OPEN)
			try_to_open(fuzz_u8(&in));
		else if (reader->state == SHMX_ATTACHED)
			read_on(&in, what);
	}
	tear_down();
	return 0;
}

/* ---------------------------------------------------------------- seeds -- */

static void
put_patches(struct fuzz_seed *s, size_t at, size_t size)
{
	for (; size >= 4; at += 4, size -= 4) {
		fuzz_put_u8(s, PATCH);
		fuzz_put_patches(s, sample.bytes, at, 4, 4);
	}
}

static void
put_open(struct fuzz_seed *s)
{
	fuzz_put_u8(s, OPEN);
	fuzz_put_u8(s, 1);
}

static void
put_frame(struct fuzz_seed *s, unsigned slot)
{
	fuzz_put_u8(s, PUBLISH);
	fuzz_put_u8(s, (uint8_t)slot);
	fuzz_put_u8(s, LATEST);
}

/* Frames of all slots, a message between them, the directory. */
static void
put_life(struct fuzz_seed *s)
{
	unsigned i;

	fuzz_put_u8(s, LATEST);
	fuzz_put_u8(s, DIRECTORY);
	for (i = 0; i < 4; i++) {
		put_frame(s, i % SLOTS);
		fuzz_put_u8(s, SEND);
		fuzz_put_u8(s, 30);
		fuzz_put_u8(s, PUMP);
	}
	fuzz_put_u8(s, RELEASE);
}

void
fuzz_seeds(void (*seed)(const void *data, size_t size))
{
	const struct v2_header *h;
	struct fuzz_seed s = { .size = 0 };

	need_sample();
	h = (const void *)sample.bytes;
	put_open(&s);
	put_life(&s);
	fuzz_put_u8(&s, CUT);
	fuzz_put_u8(&s, 8);
	put_life(&s);
	seed(s.data, s.size);

	/* Another header, before it is opened and after. */
	s.size = 0;
	put_patches(&s, 0, sizeof(*h));
	put_open(&s);
	put_life(&s);
	seed(s.data, s.size);
	s.size = 0;
	put_open(&s);
	put_patches(&s, 0, sizeof(*h));
	put_life(&s);
	seed(s.data, s.size);

	/* Another directory, and other records and control rings. */
	s.size = 0;
	put_patches(&s, h->static_offset, h->static_used);
	put_open(&s);
	put_patches(&s, h->readers_offset, 2 * h->reader_stride);
	put_patches(&s, h->control_offset, 32);
	put_life(&s);
	seed(s.data, s.size);

	/* Another frame: its header, the first TLV, and the second. */
	s.size = 0;
	put_open(&s);
	put_patches(&s, h->slots_offset + h->slot_stride,
		    sizeof(struct v2_frame) + 24);
	put_patches(&s, h->slots_offset + h->slot_stride +
		    sizeof(struct v2_frame) + 288, 24);
	put_frame(&s, 1);
	put_life(&s);
	seed(s.data, s.size);
}
