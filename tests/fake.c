/* SPDX-License-Identifier: MIT */
/*
 * fake.c - a producer of our making, to be made wrong
 */
#include "config.h"

#include "fake.h"

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "byhand.h"
#include "shmx/region.h"
#include "shmx/segment.h"

static const struct shmx_stream picture = {
	.kind = SHMX_STREAM_IMAGE,
	.id = 1,
	.name = "picture",
	.width = 64,
	.height = 48,
	.format = SHMX_XRGB8888,
};

int
fake_memfd(size_t bytes, int seals)
{
	int fd = memfd_create("fake", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, (off_t)bytes), 0);
	if (seals != 0)
		ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

void *
fake_map(int fd, size_t bytes)
{
	void *m = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	ck_assert_ptr_ne(m, MAP_FAILED);
	return m;
}

/* A valid ring, copied to where it stays writable, with a frame in slot 0. */
static void
make_ring(struct fake *f)
{
	const struct shmx_region_plan plan = {
		.streams = &picture,
		.stream_count = 1,
		.slots = 4,
		.history = 1,
	};
	struct shmx_region region;
	struct shmx_rect16 all = { 0, 0, 64, 48 };
	struct shmx_writer w;
	struct shmx_scan none = { .count = 0 };

	ck_assert_int_eq(shmx_region_create(&region, "fake", &plan, ""), 0);
	shmx_writer_init(&w, &region.ring);
	ck_assert_int_eq(shmx_writer_claim(&w, &none), 0);
	region.ring.meta[0].width = 64;
	region.ring.meta[0].height = 48;
	region.ring.meta[0].stride = 256;
	region.ring.meta[0].format = SHMX_XRGB8888;
	region.ring.meta[0].pixels_offset = region.map_bytes;
	shmx_writer_publish(&w, all);

	f->bytes = region.bytes;
	f->data_fd = fake_memfd(region.bytes, 0);
	f->data = fake_map(f->data_fd, region.bytes);
	memcpy(f->data, region.map, region.bytes);
	f->header = (void *)f->data;
	f->ext = (void *)(f->data + f->header->ext_offset);
	f->meta = (void *)((char *)f->ext + f->ext->meta_offset);
	f->state = (void *)((char *)f->ext + f->ext->state_offset);
	ck_assert_int_eq(fcntl(f->data_fd, F_ADD_SEALS, SHMX_SEALS_SIZE), 0);
	f->welcome = (struct shmx_welcome){
		.version = SHMX_PROTOCOL_VERSION,
		.holds = 2,
		.map_bytes = region.map_bytes,
		.session = region.session,
		.region_bytes = region.bytes,
		.record_bytes = SHMX_RECORD_BYTES,
	};
	shmx_region_destroy(&region);
}

void
fake_make(struct fake *f)
{
	memset(f, 0, sizeof(*f));
	f->listen_fd = -1;
	f->fds_sent = 3;
	make_ring(f);
	f->record_fd = fake_memfd(SHMX_RECORD_BYTES, SHMX_SEALS_RECORD);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
				    f->wake), 0);
}

void
fake_free(struct fake *f)
{
	munmap(f->data, f->bytes);
	base_close(&f->data_fd);
	base_close(&f->record_fd);
	base_close(&f->wake[0]);
	base_close(&f->wake[1]);
}

static void
send_welcome(struct fake *f, int conn)
{
	const int fds[3] = { f->data_fd, f->record_fd, f->wake[1] };

	expect(shmx_channel_send(conn, SHMX_MSG_WELCOME, &f->welcome,
				 sizeof(f->welcome), fds,
				 f->fds_sent) == 0);
}

/* Serve one reader, in a child: its end is what the reader then sees. */
static void
fake_serve(int line, void *arg)
{
	struct shmx_channel ch;
	struct fake *f = arg;
	struct sockaddr_un sa;
	int conn;

	byhand_address(&sa, "test");
	unlink(sa.sun_path);
	f->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	expect(bind(f->listen_fd, (struct sockaddr *)&sa, sizeof(sa)) == 0);
	expect(listen(f->listen_fd, 8) == 0);
	child_say(line, 'l');
	conn = accept(f->listen_fd, NULL, NULL);
	expect(conn >= 0);
	/* Nobody else is served. */
	close(f->listen_fd);
	unlink(sa.sun_path);
	shmx_channel_init(&ch, conn);
	expect(byhand_receive(&ch) == SHMX_MSG_HELLO);
	if (f->answer != NULL) {
		f->answer(f, conn);
	} else {
		send_welcome(f, conn);
		if (f->after != NULL)
			f->after(f, conn);
	}
	/* Until the reader leaves, or we are killed. */
	child_hear(line);
}

void
fake_start(struct fake *f, struct child *c)
{
	child_start(c, fake_serve, f);
	ck_assert_int_eq(child_hear(c->line), 'l');
}

int
fake_open(struct fake *f, struct child *c, struct shmx_reader **r)
{
	fake_start(f, c);
	return shmx_reader_open(r, "test", NULL);
}
