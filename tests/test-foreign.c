/* SPDX-License-Identifier: MIT */
/*
 * test-foreign.c - our readers at a server of SHMX v2.0
 */
#include "config.h"

#include <shmx/shmx.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/fd.h"
#include "child.h"
#include "fault.h"
#include "frames.h"
#include "shmx/layout.h"
#include "shmx/object.h"
#include "suite.h"
#include "v2/v2.h"

#define ELEMENTS 64

static char name[64];
static char path[SHMX_OBJECT_PATH];
static struct v2_server server;

static const struct v2_stream streams[] = {
	{ .id = 42, .element_type = V2_U32, .components = 1,
	  .bytes_per_elem = 4, .name = "left" },
	{ .id = 43, .element_type = V2_U32, .components = 1,
	  .bytes_per_elem = 4, .name = "right", .extra = "extra",
	  .extra_len = 5 },
};

static struct v2_config
a_config(void)
{
	return (struct v2_config){
		.name = name, .slots = 4, .reader_slots = 2,
		.static_cap = 512, .frame_cap = 2 * (ELEMENTS * 4 + 48),
		.control_per_reader = 2048,
	};
}

static void
choose_name(void)
{
	snprintf(name, sizeof(name), "shmfb-test-foreign-%d", (int)getpid());
	shmx_object_path(path, name);
}

static void
serve(const struct v2_config *config)
{
	ck_assert_int_eq(v2_server_create(&server, config, streams, 2), 0);
}

static void
setup(void)
{
	struct v2_config config = a_config();

	choose_name();
	serve(&config);
}

static void
teardown(void)
{
	if (server.name[0] != '\0')
		v2_server_close(&server);
	unlink(path);
}

static void
fill(struct v2_writing *w, uint64_t n)
{
	uint32_t data[ELEMENTS], i;

	for (i = 0; i < ELEMENTS; i++)
		data[i] = v2_element(n, i);
	v2_append(w, 42, data, ELEMENTS, sizeof(data));
	v2_append(w, 43, data, ELEMENTS, sizeof(data));
}

static uint64_t
publish(uint64_t n)
{
	struct v2_writing w;

	v2_begin(&server, &w);
	fill(&w, n);
	return v2_publish(&server, &w, (double)n / 4);
}

static struct shmx_reader *
open_reader(void)
{
	struct shmx_reader *r = NULL;

	ck_assert_msg(shmx_reader_open(&r, name, NULL) == 0, "%s",
		      shmx_error());
	ck_assert_int_eq(shmx_reader_state(r), SHMX_ATTACHED);
	return r;
}

static struct shmx_hold *
hold_next_of(struct shmx_reader *r, uint64_t sequence)
{
	uint64_t until = base_now_ns() + 10 * BASE_NS_PER_S;
	struct shmx_hold *h = NULL;

	while (base_now_ns() < until) {
		if (shmx_hold_latest(r, &h) == 0 &&
		    shmx_frame_info(h)->sequence >= sequence)
			return h;
		shmx_release(h);
		h = NULL;
		(void)shmx_wait(r, 100);
	}
	ck_abort_msg("frame %llu did not come",
		     (unsigned long long)sequence);
	return NULL;
}

/* Both streams are of that frame. */
static bool
is_whole(struct shmx_hold *h, uint64_t n)
{
	struct shmx_stream_view views[4];
	uint32_t number;
	int i;

	if (shmx_frame_streams(h, views, 4) != 2)
		return false;
	for (i = 0; i < 2; i++)
		if (views[i].id != 42 + (uint32_t)i ||
		    views[i].elements != ELEMENTS ||
		    views[i].element_type != SHMX_U32 ||
		    !v2_number(views[i].data, (uint32_t)views[i].bytes,
			       &number) || number != n)
			return false;
	return true;
}

START_TEST(frames_are_held)
{
	const struct shmx_frame_info *info;
	struct shmx_stream_view view;
	struct shmx_reader *r;
	struct shmx_hold *h;
	uint64_t n;

	publish(1);
	r = open_reader();
	h = hold_next_of(r, 1);
	info = shmx_frame_info(h);
	ck_assert_uint_eq(info->sequence, 1);
	ck_assert(info->copied);
	ck_assert(info->sim_time == 0.25);
	ck_assert_uint_eq(info->width, 0);
	ck_assert_uint_eq(info->tlv_count, 2);
	ck_assert_int_eq(shmx_frame_stream(h, 43, &view), 0);
	ck_assert_uint_eq((uintptr_t)view.data % 16, 0);
	for (n = 2; n <= 100; n++)
		publish(n);
	ck_assert(is_whole(h, 1));
	shmx_release(h);
	h = hold_next_of(r, 100);
	ck_assert(is_whole(h, 100));
	ck_assert_uint_eq(shmx_frame_info(h)->skipped, 98);
	shmx_release(h);
	shmx_reader_close(r);
}
END_TEST

START_TEST(waiting_ends)
{
	struct shmx_reader *r = open_reader();
	struct shmx_hold *h;
	uint64_t n;

	ck_assert_int_eq(shmx_wait(r, 20), -ETIMEDOUT);
	ck_assert_int_eq(shmx_hold_latest(r, &h), -EAGAIN);
	for (n = 1; n <= 50; n++) {
		publish(n);
		ck_assert_int_eq(shmx_wait(r, 5000), 0);
		ck_assert_int_eq(shmx_hold_latest(r, &h), 0);
		ck_assert(is_whole(h, n));
		shmx_release(h);
	}
	shmx_reader_close(r);
}
END_TEST

/* Who has a loop of his own. */
START_TEST(its_descriptor_tells)
{
	struct shmx_reader *r = open_reader();
	struct pollfd pfd = { shmx_reader_fd(r), POLLIN, 0 };
	uint64_t until = base_now_ns() + 10 * BASE_NS_PER_S;
	struct shmx_hold *h;

	publish(1);
	while (shmx_hold_latest(r, &h) < 0) {
		ck_assert_uint_lt(base_now_ns(), until);
		if (shmx_reader_arm(r) == 0)
			ck_assert_int_eq(poll(&pfd, 1, 10000), 1);
		ck_assert_int_eq(shmx_reader_dispatch(r), 0);
	}
	shmx_release(h);
	shmx_reader_close(r);
}
END_TEST

START_TEST(the_server_sees_a_client)
{
	struct v2_snapshot s[2];
	struct shmx_reader *r = open_reader();
	struct shmx_hold *h;
	uint64_t heartbeat;

	ck_assert_uint_eq(v2_snapshot_readers(&server, s, 2), 1);
	ck_assert_uint_ne(s[0].reader_id, 0);
	ck_assert_uint_eq(server.h->readers_connected, 1);
	heartbeat = s[0].heartbeat;
	ck_assert_uint_ne(heartbeat, 0);
	publish(1);
	h = hold_next_of(r, 1);
	(void)shmx_wait(r, 300);
	v2_snapshot_readers(&server, s, 2);
	ck_assert_uint_eq(s[0].last_frame_seen, 1);
	ck_assert_uint_gt(s[0].heartbeat, heartbeat);
	shmx_reader_close(r);
	ck_assert_uint_eq(v2_snapshot_readers(&server, s, 2), 0);
	ck_assert_uint_eq(server.h->readers_connected, 0);
	/* It is gone, and what it held is not. */
	ck_assert(is_whole(h, 1));
	shmx_release(h);
}
END_TEST

START_TEST(a_reaped_client_takes_another_record)
{
	struct v2_snapshot s[2];
	struct shmx_reader *r = open_reader();
	uint64_t id;

	v2_snapshot_readers(&server, s, 2);
	id = s[0].reader_id;
	ck_assert_uint_eq(v2_reap(&server, UINT64_MAX, 0), 1);
	while (v2_snapshot_readers(&server, s, 2) == 0)
		(void)shmx_wait(r, 10);
	ck_assert_uint_ne(s[0].reader_id, id);
	shmx_reader_close(r);
	ck_assert_uint_eq(v2_snapshot_readers(&server, s, 2), 0);
	ck_assert_uint_eq(server.h->readers_connected, 0);
}
END_TEST

START_TEST(no_record_is_no_reason)
{
	struct v2_client a, b;
	struct shmx_reader *r;
	struct shmx_hold *h;

	ck_assert_int_eq(v2_client_open(&a, name), 0);
	ck_assert_int_eq(v2_client_open(&b, name), 0);
	r = open_reader();
	publish(1);
	h = hold_next_of(r, 1);
	shmx_release(h);
	ck_assert_uint_eq(server.h->readers_connected, 2);
	shmx_reader_close(r);
	v2_client_close(&a);
	v2_client_close(&b);
	ck_assert_uint_eq(server.h->readers_connected, 0);
}
END_TEST

/* All sizes, through rings of all sizes, in order. */
START_TEST(messages_arrive)
{
	static const uint32_t rings[] = { 2048, 32, 48, 100, 1023, 4096 };
	struct v2_config config = a_config();
	static struct v2_message m;
	struct shmx_reader *r;
	uint64_t until = base_now_ns() + 20 * BASE_NS_PER_S;
	uint32_t sent = 0, got = 0, number, bytes;
	uint32_t max = BASE_MIN((rings[_i] - 16) / 16 * 16 - 8, 600);
	unsigned char data[4096];

	choose_name();
	config.control_per_reader = rings[_i];
	serve(&config);
	r = open_reader();
	memset(data, 0x55, sizeof(data));
	ck_assert_int_eq(shmx_control_send(r, 0x3000, data,
					   BASE_MIN(rings[_i] - 16, 2032)),
			 -EMSGSIZE);
	while (got < 400) {
		ck_assert_uint_lt(base_now_ns(), until);
		bytes = 4 + sent * 7 % (max - 3);
		memcpy(data, &sent, 4);
		if (sent < 400 && shmx_control_send(r, 0x3000 + sent % 3,
						    data, bytes) == 0)
			sent++;
		(void)shmx_wait(r, 0);
		while (v2_poll_control(&server, &m)) {
			memcpy(&number, m.data, 4);
			ck_assert_uint_eq(number, got);
			ck_assert_uint_eq(m.type, 0x3000 + got % 3);
			ck_assert_uint_eq(m.bytes, 4 + got * 7 % (max - 3));
			got++;
		}
	}
	shmx_reader_close(r);
	teardown();
}
END_TEST

START_TEST(the_directory_is_followed)
{
	const struct v2_stream third = { .id = 44, .element_type = V2_F32,
		.components = 3, .layout = 1, .bytes_per_elem = 4,
		.name = "third" };
	struct shmx_reader *r = open_reader();
	struct shmx_directory *dir;
	const struct shmx_stream *s;
	uint64_t generation = shmx_reader_generation(r);
	uint64_t until = base_now_ns() + 10 * BASE_NS_PER_S;

	ck_assert_int_eq(shmx_reader_directory(r, &dir), 0);
	ck_assert_uint_eq(shmx_directory_count(dir), 2);
	s = shmx_directory_find(dir, 43);
	ck_assert_str_eq(s->name, "right");
	ck_assert_uint_eq(s->extra_bytes, 5);
	ck_assert_int_eq(memcmp(s->extra, "extra", 5), 0);
	shmx_directory_free(dir);
	ck_assert_int_eq(v2_server_append_static(&server, &third), 0);
	while (shmx_reader_generation(r) == generation) {
		ck_assert_uint_lt(base_now_ns(), until);
		(void)shmx_wait(r, 10);
	}
	ck_assert_int_eq(shmx_reader_directory(r, &dir), 0);
	ck_assert_uint_eq(shmx_directory_count(dir), 3);
	s = shmx_directory_find(dir, 44);
	ck_assert_str_eq(s->name, "third");
	ck_assert_uint_eq(s->components, 3);
	shmx_directory_free(dir);
	shmx_reader_close(r);
}
END_TEST

/* ------------------------------------------------------ coming and going -- */

/* Until the reader has lost its server, and said so once. */
static void
await_loss(struct shmx_reader *r)
{
	uint64_t until = base_now_ns() + 10 * BASE_NS_PER_S;
	struct shmx_hold *h;
	int ret;

	do {
		ck_assert_uint_lt(base_now_ns(), until);
		/* A last frame may be there, which comes before the end. */
		if (shmx_hold_latest(r, &h) == 0)
			shmx_release(h);
		ret = shmx_wait(r, 100);
	} while (ret != -EPIPE);
}

START_TEST(it_does_not_have_every_frame)
{
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	struct shmx_reader *r = NULL;

	o.flags = SHMX_EVERY;
	ck_assert_int_eq(shmx_reader_open(&r, name, &o), -ENOTSUP);
	ck_assert_ptr_nonnull(strstr(shmx_error(), "every frame"));
}
END_TEST

START_TEST(it_is_not_sealed)
{
	static const uint32_t flags[] = { 0, SHMX_WAIT };
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	struct shmx_reader *r = NULL;
	struct v2_snapshot s[2];

	o.flags = SHMX_SEALED | flags[_i];
	ck_assert_int_eq(shmx_reader_open(&r, name, &o), -ENOTSUP);
	ck_assert_ptr_nonnull(strstr(shmx_error(), "not sealed"));
	/* Nothing was written there; nor is it looked at by halves. */
	ck_assert_uint_eq(v2_snapshot_readers(&server, s, 2), 0);
	server.h->slots = 0;
	ck_assert_int_eq(shmx_reader_open(&r, name, &o), -EPROTO);
	server.h->magic ^= 1;
	o.flags = SHMX_SEALED;
	ck_assert_int_eq(shmx_reader_open(&r, name, &o), -ENOENT);
	ck_assert_ptr_nonnull(strstr(shmx_error(), "nothing produces it"));
}
END_TEST

START_TEST(a_server_that_ends_is_noticed)
{
	struct v2_config config = a_config();
	struct shmx_reader *r = open_reader();
	struct shmx_hold *h, *next;

	publish(1);
	h = hold_next_of(r, 1);
	v2_server_close(&server);
	await_loss(r);
	ck_assert_int_eq(shmx_reader_state(r), SHMX_ABSENT);
	ck_assert_msg(strstr(shmx_reader_trouble(r), "SHMX v2.0") != NULL,
		      "%s", shmx_reader_trouble(r));
	ck_assert(is_whole(h, 1));
	/* And the next one is found. */
	config.slots = 7;
	serve(&config);
	publish(2);
	publish(3);
	next = hold_next_of(r, 2);
	ck_assert(is_whole(next, 3));
	ck_assert(is_whole(h, 1));
	ck_assert_uint_ne(shmx_frame_info(h)->ring_id,
			  shmx_frame_info(next)->ring_id);
	shmx_release(h);
	shmx_release(next);
	shmx_reader_close(r);
}
END_TEST

/* v2.0's own restarts on the same inode, and makes it smaller. */
START_TEST(a_server_that_starts_again_kills_nobody)
{
	struct shmx_reader *r = open_reader();
	struct shmx_hold *h;
	int fd;

	publish(1);
	h = hold_next_of(r, 1);
	fd = open(path, O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	server.h->session ^= 1;
	if (_i == 1)
		ck_assert_int_eq(ftruncate(fd, 4096), 0);
	else if (_i == 2)
		ck_assert_int_eq(ftruncate(fd, 0), 0);
	await_loss(r);
	(void)shmx_wait(r, 50);
	ck_assert(is_whole(h, 1));
	shmx_release(h);
	shmx_reader_close(r);
	ck_assert_int_eq(ftruncate(fd, (off_t)server.bytes), 0);
	close(fd);
}
END_TEST

static void
serve_later(int line, void *arg)
{
	struct v2_config config = a_config();

	(void)arg;
	expect(child_hear(line) == 'g');
	child_ask(line, name, sizeof(name));
	expect(v2_server_create(&server, &config, streams, 2) == 0);
	publish(1);
	child_hear(line);
	v2_server_close(&server);
}

START_TEST(a_server_is_waited_for)
{
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	struct shmx_reader *r = NULL;
	struct shmx_hold *h;
	struct child c;

	child_start(&c, serve_later, NULL);
	choose_name();
	ck_assert_int_eq(shmx_reader_open(&r, name, NULL), -ENOENT);
	ck_assert_ptr_nonnull(strstr(shmx_error(), "nothing produces it"));
	o.flags = SHMX_WAIT;
	ck_assert_int_eq(shmx_reader_open(&r, name, &o), 0);
	child_say(c.line, 'g');
	child_tell(c.line, name, sizeof(name));
	h = hold_next_of(r, 1);
	ck_assert(is_whole(h, 1));
	shmx_release(h);
	shmx_reader_close(r);
	child_say(c.line, 'q');
	child_end(&c);
}
END_TEST

/* Overwrites its two slots as fast as it can. */
static void
hurry(int line, void *arg)
{
	struct v2_config config = a_config();
	uint64_t n;

	(void)arg;
	config.slots = 2;
	expect(child_hear(line) == 'g');
	child_ask(line, name, sizeof(name));
	expect(v2_server_create(&server, &config, streams, 2) == 0);
	child_say(line, 'o');
	for (n = 1; ; n++) {
		publish(n);
		if (n % 16 == 0)
			usleep(50);
	}
}

START_TEST(no_frame_is_torn)
{
	uint64_t until;
	struct shmx_reader *r;
	struct shmx_hold *h;
	struct child c;
	int seen = 0;

	child_start(&c, hurry, NULL);
	choose_name();
	child_say(c.line, 'g');
	child_tell(c.line, name, sizeof(name));
	ck_assert_int_eq(child_hear(c.line), 'o');
	r = open_reader();
	for (until = base_now_ns() + BASE_NS_PER_S; base_now_ns() < until;) {
		(void)shmx_wait(r, 10);
		if (shmx_hold_latest(r, &h) < 0)
			continue;
		ck_assert(is_whole(h, shmx_frame_info(h)->sequence));
		seen++;
		shmx_release(h);
	}
	ck_assert_int_gt(seen, 20);
	shmx_reader_close(r);
	child_kill(&c);
	unlink(path);
}
END_TEST

/* ------------------------------------------------------- ours as theirs -- */

static char *
other_dir(void)
{
	static char dir[256];

	snprintf(dir, sizeof(dir), "%s/other", getenv("TMPDIR"));
	mkdir(dir, 0700);
	return dir;
}

/* A named ring of ours whose socket we do not see. */
static void
produce_elsewhere(int line, void *arg)
{
	const struct shmx_stream picture = {
		.kind = SHMX_STREAM_IMAGE, .id = 1, .name = "picture",
		.width = 64, .height = 48, .format = SHMX_XRGB8888,
	};
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	struct shmx_producer *p;
	uint64_t n = 0;

	expect(setenv("SHMX_DIR", arg, 1) == 0);
	expect(child_hear(line) == 'g');
	child_ask(line, name, sizeof(name));
	o.streams = &picture;
	o.stream_count = 1;
	o.flags = SHMX_NAMED;
	expect(shmx_producer_open(&p, name, &o) == 0);
	for (;;) {
		frame_publish(p, ++n);
		if (n == 1)
			child_say(line, 'o');
		usleep(1000);
	}
}

START_TEST(our_own_ring_without_its_socket)
{
	struct shmx_image_info image;
	const struct shmx_frame_info *info;
	struct shmx_reader *r;
	struct shmx_hold *h;
	struct child c;
	int i;

	child_start(&c, produce_elsewhere, other_dir());
	choose_name();
	child_say(c.line, 'g');
	child_tell(c.line, name, sizeof(name));
	ck_assert_int_eq(child_hear(c.line), 'o');
	r = open_reader();
	ck_assert_int_eq(shmx_reader_image(r, &image, sizeof(image)), 0);
	ck_assert_uint_eq(image.width, 64);
	for (i = 0; i < 50; i++) {
		ck_assert_int_eq(shmx_wait(r, 5000), 0);
		ck_assert_int_eq(shmx_hold_latest(r, &h), 0);
		info = shmx_frame_info(h);
		ck_assert_uint_eq(info->width, 64);
		ck_assert_uint_eq(info->height, 48);
		ck_assert_uint_eq(info->format, SHMX_XRGB8888);
		ck_assert(info->copied);
		ck_assert(frame_is(info, shmx_frame_pixels(h),
				   info->sequence));
		shmx_release(h);
	}
	/* Its object stays, but the lock on it does not. */
	child_kill(&c);
	await_loss(r);
	ck_assert_ptr_nonnull(strstr(shmx_reader_trouble(r), "has died"));
	shmx_reader_close(r);
	r = NULL;
	ck_assert_int_eq(access(path, F_OK), 0);
	ck_assert_int_eq(shmx_reader_open(&r, name, NULL), -ENOENT);
	unlink(path);
}
END_TEST

/* ------------------------------------------------------------- hostile -- */

static struct v2_header *
lie(void)
{
	return server.h;
}

#define LIE(what, statement) \
	static void \
	what(void) \
	{ \
		struct v2_header *h = lie(); \
		statement; \
	}
LIE(no_slots, h->slots = 0)
LIE(many_slots, h->slots = UINT32_MAX)
LIE(wide_slots, h->slot_stride = UINT32_C(0xfffffff8))
LIE(narrow_slots, h->slot_stride = 64)
LIE(odd_slots, h->slot_stride += 1)
LIE(no_stride, h->slot_stride = 0)
LIE(slots_far_away, h->slots_offset = UINT32_MAX - 7)
LIE(slots_in_the_header, h->slots_offset = 0)
LIE(large_frames, h->frame_cap = UINT32_MAX)
LIE(no_frames, h->frame_cap = 0)
LIE(directory_far_away, h->static_offset = UINT32_MAX - 7)
LIE(large_directory, h->static_cap = UINT32_MAX)
LIE(another_version, h->major = 3)
LIE(another_order, h->endian = UINT32_C(0x04030201))

static void (*const bad_headers[])(void) = {
	no_slots, many_slots, wide_slots, narrow_slots, odd_slots, no_stride,
	slots_far_away, slots_in_the_header, large_frames, no_frames,
	directory_far_away, large_directory, another_version, another_order,
};

START_TEST(a_bad_header_is_an_error)
{
	struct shmx_reader *r = (void *)&r;

	bad_headers[_i]();
	ck_assert_int_eq(shmx_reader_open(&r, name, NULL), -EPROTO);
	ck_assert_ptr_eq(r, &r);
	ck_assert_msg(strstr(shmx_error(), "malformed") != NULL, "%s",
		      shmx_error());
}
END_TEST

LIE(readers_far_away, h->readers_offset = UINT32_MAX - 7)
LIE(many_readers, h->reader_slots = UINT32_MAX)
LIE(readers_in_the_header, h->readers_offset = 0)
LIE(reader_stride_odd, h->reader_stride = 65)
LIE(no_reader_stride, h->reader_stride = 0)
LIE(control_far_away, h->control_offset = UINT32_MAX - 7)
LIE(small_control, h->control_per_reader = 16)
LIE(large_control, h->control_per_reader = UINT32_MAX)
LIE(used_directory, h->static_used = UINT32_MAX)
LIE(a_newer_minor_version, h->minor = 7)

static void (*const odd_headers[])(void) = {
	readers_far_away, many_readers, readers_in_the_header,
	reader_stride_odd, no_reader_stride, control_far_away, small_control,
	large_control, used_directory, a_newer_minor_version,
};

/* Frames are read all the same. */
START_TEST(an_odd_header_is_none)
{
	struct shmx_reader *r;
	struct shmx_hold *h;
	uint64_t n;

	odd_headers[_i]();
	r = open_reader();
	for (n = 1; n <= 200; n++)
		(void)shmx_control_send(r, 0x3000, &n, sizeof(n));
	publish(1);
	h = hold_next_of(r, 1);
	shmx_release(h);
	shmx_reader_close(r);
}
END_TEST

/* Layout that changes behind our back. */
START_TEST(a_layout_is_read_once)
{
	struct shmx_reader *r = open_reader();
	struct v2_header kept = *server.h;
	struct shmx_hold *h;

	publish(1);
	h = hold_next_of(r, 1);
	shmx_release(h);
	bad_headers[_i]();
	(void)shmx_wait(r, 20);
	server.h->slots = kept.slots;
	server.h->slot_stride = kept.slot_stride;
	server.h->slots_offset = kept.slots_offset;
	server.h->frame_cap = kept.frame_cap;
	publish(2);
	h = hold_next_of(r, 2);
	ck_assert(is_whole(h, 2));
	shmx_release(h);
	shmx_reader_close(r);
	server.h->static_offset = kept.static_offset;
}
END_TEST

static void
seal_frame(struct v2_writing *w, uint64_t id)
{
	struct v2_frame *f = w->frame;

	f->session = server.h->session;
	f->payload_bytes = w->used;
	f->tlv_count = w->tlvs;
	f->checksum = v2_checksum(w->payload, w->used);
	f->frame_id = id;
}

#define BAD(what, statement) \
	static void \
	what(struct v2_writing *w) \
	{ \
		struct v2_frame *f = w->frame; \
		statement; \
	}
BAD(wrong_checksum, f->checksum ^= 1)
BAD(wrong_session, f->session ^= 1)
BAD(no_bytes, f->payload_bytes = 0)
BAD(too_many_bytes, f->payload_bytes = UINT32_MAX)
BAD(a_few_too_many, f->payload_bytes = w->cap + 1)
BAD(no_id, f->frame_id = 0)
BAD(an_old_id, f->frame_id = 1)
BAD(a_huge_id, f->frame_id = UINT64_MAX)
BAD(too_many_tlvs, f->tlv_count = UINT32_MAX)

static void (*const bad_frames[])(struct v2_writing *w) = {
	wrong_checksum, wrong_session, no_bytes, too_many_bytes,
	a_few_too_many, no_id, an_old_id, a_huge_id, too_many_tlvs,
};

START_TEST(a_bad_frame_is_none)
{
	struct shmx_reader *r = open_reader();
	struct v2_writing w;
	struct shmx_hold *h;

	publish(1);
	h = hold_next_of(r, 1);
	shmx_release(h);
	v2_begin(&server, &w);
	fill(&w, 2);
	seal_frame(&w, 2);
	bad_frames[_i](&w);
	server.h->write_index = w.index;
	ck_assert_int_eq(shmx_wait(r, 50), -ETIMEDOUT);
	ck_assert_int_eq(shmx_reader_state(r), SHMX_ATTACHED);
	server.h->frame_seq = 2;
	publish(3);
	h = hold_next_of(r, 3);
	ck_assert(is_whole(h, 3));
	shmx_release(h);
	shmx_reader_close(r);
}
END_TEST

/* A length is checked before so much is copied: over what is held, say. */
START_TEST(a_long_frame_overwrites_nothing)
{
	struct v2_config config = a_config();
	struct shmx_hold *a, *b;
	struct shmx_reader *r;
	struct v2_writing w;

	choose_name();
	config.slots = 64;
	serve(&config);
	r = open_reader();
	publish(1);
	a = hold_next_of(r, 1);
	publish(2);
	b = hold_next_of(r, 2);
	v2_begin(&server, &w);
	fill(&w, 3);
	seal_frame(&w, 3);
	w.frame->payload_bytes = 30000;
	server.h->write_index = w.index;
	ck_assert_int_eq(shmx_wait(r, 50), -ETIMEDOUT);
	ck_assert(is_whole(a, 1));
	ck_assert(is_whole(b, 2));
	shmx_release(a);
	shmx_release(b);
	shmx_reader_close(r);
	teardown();
}
END_TEST

/* Well summed, and nonsense: whoever looks at it is told. */
START_TEST(bad_streams_are_an_error)
{
	static const struct v2_tlv tlvs[] = {
		{ V2_FRAME_STREAM, 0xfffffff8 }, { V2_FRAME_STREAM, 8 },
		{ V2_FRAME_STREAM, 4096 }, { 0x7777, 0xffffffff },
	};
	struct shmx_reader *r = open_reader();
	struct shmx_stream_view views[4];
	struct v2_writing w;
	struct shmx_hold *h;

	v2_begin(&server, &w);
	fill(&w, 1);
	memcpy(w.payload, &tlvs[_i], sizeof(tlvs[_i]));
	seal_frame(&w, 1);
	server.h->frame_seq = 1;
	server.h->write_index = w.index;
	h = hold_next_of(r, 1);
	ck_assert_int_eq(shmx_frame_streams(h, views, 4), -EPROTO);
	ck_assert_int_eq(shmx_frame_stream(h, 43, views), -EPROTO);
	shmx_release(h);
	shmx_reader_close(r);
}
END_TEST

/* Everything but what says that it is there at all. */
START_TEST(whatever_is_written_there)
{
	struct shmx_stream_view views[4];
	struct shmx_directory *dir;
	struct shmx_reader *r = open_reader();
	unsigned char *map = server.map;
	unsigned seed = (unsigned)_i + 1, at;
	struct shmx_hold *h;
	int n, i;

	for (n = 0; n < 3000; n++) {
		if (n % 3 == 0)
			publish((uint64_t)n);
		for (i = 0; i < 40; i++) {
			at = 32 + (unsigned)rand_r(&seed) %
				((unsigned)server.bytes - 32);
			map[at] = rand_r(&seed) % 3 == 0 ? 0xff :
				(unsigned char)rand_r(&seed);
		}
		(void)shmx_wait(r, 0);
		(void)shmx_control_send(r, 0x3000, &n, sizeof(n));
		if (shmx_hold_latest(r, &h) == 0) {
			(void)shmx_frame_streams(h, views, 4);
			shmx_release(h);
		}
		if (n % 16 == 0 && shmx_reader_directory(r, &dir) == 0)
			shmx_directory_free(dir);
		/* Where the server itself would die of it. */
		server.h->slots = 4;
		server.h->slot_stride = (uint32_t)
			(server.bytes - server.h->slots_offset) / 4;
		server.h->slots_offset = (uint32_t)
			(server.bytes - 4 * (64 + 640));
		server.h->slot_stride = 64 + 640;
		server.h->frame_cap = 608;
	}
	shmx_reader_close(r);
}
END_TEST

START_TEST(opening_fails_cleanly)
{
	struct shmx_reader *r = NULL;
	struct shmx_hold *h;
	bool failed;
	unsigned n;
	int ret;

	publish(1);
	for (n = 1; ; n++) {
		ck_assert_uint_lt(n, 200);
		fault_nth(NULL, n, ENOMEM);
		ret = shmx_reader_open(&r, name, NULL);
		failed = fault_off();
		if (!failed)
			break;
		if (ret == 0) {
			h = hold_next_of(r, 1);
			shmx_release(h);
			shmx_reader_close(r);
		}
		r = NULL;
	}
	ck_assert_int_eq(ret, 0);
	ck_assert_uint_gt(n, 10);
	shmx_reader_close(r);
	ck_assert_uint_eq(server.h->readers_connected, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("foreign");
	TCase *tc = suite_case(s, "frames");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, frames_are_held);
	tcase_add_test(tc, it_does_not_have_every_frame);
	tcase_add_loop_test(tc, it_is_not_sealed, 0, 2);
	tcase_add_test(tc, waiting_ends);
	tcase_add_test(tc, its_descriptor_tells);
	tcase_add_test(tc, the_server_sees_a_client);
	tcase_add_test(tc, a_reaped_client_takes_another_record);
	tcase_add_test(tc, no_record_is_no_reason);
	tcase_add_test(tc, the_directory_is_followed);
	tcase_add_test(tc, a_server_that_ends_is_noticed);
	tcase_add_loop_test(tc, a_server_that_starts_again_kills_nobody, 0, 3);

	tc = suite_case(s, "alone");
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, messages_arrive, 0, 6);
	tcase_add_test(tc, a_long_frame_overwrites_nothing);
	tcase_add_test(tc, a_server_is_waited_for);
	tcase_add_test(tc, no_frame_is_torn);
	tcase_add_test(tc, our_own_ring_without_its_socket);

	tc = suite_case(s, "hostile");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, a_bad_header_is_an_error, 0,
			    BASE_ARRAY_SIZE(bad_headers));
	tcase_add_loop_test(tc, an_odd_header_is_none, 0,
			    BASE_ARRAY_SIZE(odd_headers));
	tcase_add_loop_test(tc, a_layout_is_read_once, 0, 12);
	tcase_add_loop_test(tc, a_bad_frame_is_none, 0,
			    BASE_ARRAY_SIZE(bad_frames));
	tcase_add_loop_test(tc, bad_streams_are_an_error, 0, 4);
	tcase_add_loop_test(tc, whatever_is_written_there, 0, 4);
	tcase_add_test(tc, opening_fails_cleanly);
	return suite_run(s);
}
