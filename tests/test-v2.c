/* SPDX-License-Identifier: MIT */
/*
 * test-v2.c - our own peers of SHMX v2.0, before they judge anybody
 *
 * The wire they are held against is bytes, put together here by hand.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "golden.h"
#include "suite.h"
#include "v2/v2.h"

#define SESSION UINT64_C(0x1122334455667788)

static char name[64];
static struct v2_server server;
static struct v2_client client;

static const struct v2_stream streams[] = {
	{ .id = 42, .element_type = V2_U64, .components = 1,
	  .bytes_per_elem = 8, .name = "tick" },
	{ .id = 43, .element_type = V2_F64, .components = 3, .layout = 1,
	  .bytes_per_elem = 8, .name = "position", .extra = "xyz",
	  .extra_len = 3 },
};

static struct v2_config
a_config(void)
{
	return (struct v2_config){
		.name = name, .slots = 3, .reader_slots = 2,
		.static_cap = 256, .frame_cap = 200,
		.control_per_reader = 128, .session = SESSION,
	};
}

static void
setup(void)
{
	struct v2_config c = a_config();

	snprintf(name, sizeof(name), "shmfb-test-v2-%d", (int)getpid());
	ck_assert_int_eq(v2_server_create(&server, &c, streams, 2), 0);
}

static void
teardown(void)
{
	v2_server_close(&server);
}

static uint64_t
publish(uint64_t n)
{
	uint32_t data[16], i;
	struct v2_writing w;

	for (i = 0; i < 16; i++)
		data[i] = v2_element(n, i);
	v2_begin(&server, &w);
	ck_assert_int_eq(v2_append(&w, 42, &n, 1, sizeof(n)), 0);
	ck_assert_int_eq(v2_append(&w, 7, data, 16, sizeof(data)), 0);
	return v2_publish(&server, &w, (double)n / 2);
}

/* ------------------------------------------------------------- checksum -- */

START_TEST(checksum_is_v2s)
{
	ck_assert_uint_eq(v2_checksum("", 0), 0x67f80c33);
	ck_assert_uint_eq(v2_checksum("a", 1), 0x377013d2);
	ck_assert_uint_eq(v2_checksum("shmx", 4), 0xb999f009);
}
END_TEST

START_TEST(content_tells_its_frame)
{
	uint32_t data[8], i, n;

	for (i = 0; i < 8; i++)
		data[i] = v2_element(123456, i);
	ck_assert(v2_number(data, sizeof(data), &n));
	ck_assert_uint_eq(n, 123456);
	data[7] = v2_element(123457, 7);
	ck_assert(!v2_number(data, sizeof(data), &n));
	ck_assert(!v2_number(data, 3, &n));
}
END_TEST

/* --------------------------------------------------------------- golden -- */

enum {
	STATIC = 128, READERS = 384, CONTROL = 512, SLOTS = 768,
	SLOT = 64 + 256, ALL = SLOTS + 3 * SLOT,
};

static void
put_header(void)
{
	put(0, UINT64_C(0x48494E415F53484D), 8);
	put(8, 2, 4);
	put(16, 0x01020304, 4);
	put(24, SESSION, 8);
	put(32, 2, 4);				/* generation */
	put_words(48, STATIC, 256, 48 + 64, 3, SLOT, SLOTS, 200, 2, 64, READERS,
		  CONTROL, 128, 128);
}

static void
put_directory(void)
{
	/* TLV; id, U64, components, layout, bytes, reserved, name, extra */
	put_words(STATIC, 0x1000, 32 + 4, 42, 9, 1, 0, 8, 0, 4, 0);
	put_text(STATIC + 40, "tick");
	put_words(STATIC + 48, 0x1000, 32 + 8 + 3, 43, 13, 3, 1, 8, 0, 8, 3);
	put_text(STATIC + 88, "positionxyz");
	put(40, v2_hash(golden.bytes + STATIC, 48 + 64), 8);
}

/* The n-th frame, in its slot: a number, and sixteen elements. */
static void
put_frame(uint64_t n)
{
	size_t slot = SLOTS + (n - 1) % 3 * SLOT, payload = slot + 64;
	uint32_t i;

	put(slot, SESSION, 8);
	put(slot + 8, n, 8);
	put(slot + 16, n == 1 ? UINT64_C(0x3fe0000000000000) :	/* 0.5 */
	    UINT64_C(0x3ff0000000000000), 8);			/* 1.0 */
	put(slot + 24, 32 + 96, 4);
	put(slot + 28, 2, 4);
	put_words(payload, 0x2000, 16 + 8, 42, 1, 8, 0);
	put(payload + 24, n, 8);
	put_words(payload + 32, 0x2000, 16 + 64, 7, 16, 64, 0);
	for (i = 0; i < 16; i++)
		put(payload + 56 + 4 * i,
		    (uint32_t)(n * 2654435761) ^ i, 4);
	put(slot + 32, v2_checksum(golden.bytes + payload, 128), 4);
	put(104, n, 8);				/* frame_seq */
	put(112, n, 4);				/* write_index */
	put(120, n, 4);				/* reserve_index */
}

static void
put_reader(const struct v2_client *c)
{
	put(READERS, c->me->reader_id, 8);	/* its choice */
	put(READERS + 8, c->me->heartbeat, 8);
	put(READERS + 16, 2, 8);
	put(READERS + 24, 1, 4);
	put(116, 1, 4);				/* readers_connected */
	put(CONTROL + 8, 16, 8);
	put(CONTROL + 16, 0x3000, 4);
	put(CONTROL + 20, 5, 4);
	put_text(CONTROL + 24, "hello");
}

START_TEST(regions_are_golden)
{
	struct v2_view view;

	put_header();
	put_directory();
	ck_assert_uint_eq(server.bytes, ALL);
	compare_golden(server.map, ALL);

	put_frame(1);
	put_frame(2);
	ck_assert_uint_eq(publish(1), 1);
	ck_assert_uint_eq(publish(2), 2);
	compare_golden(server.map, ALL);

	ck_assert_int_eq(v2_client_open(&client, name), 0);
	ck_assert_int_eq(v2_latest(&client, &view), 0);
	ck_assert_int_eq(v2_control_send(&client, V2_CONTROL_USER, "hello",
					 5), 0);
	put_reader(&client);
	compare_golden(server.map, ALL);
	v2_client_close(&client);
}
END_TEST

/* --------------------------------------------------------------- frames -- */

START_TEST(directory_is_read)
{
	const struct v2_stream late = { .id = 9, .element_type = V2_U8,
		.components = 1, .bytes_per_elem = 1, .name = "late" };
	struct v2_entry e[4];

	ck_assert_int_eq(v2_client_open(&client, name), 0);
	ck_assert_int_eq(v2_refresh_static(&client, e, 4), 2);
	ck_assert_uint_eq(e[0].desc.stream_id, 42);
	ck_assert_str_eq(e[0].name, "tick");
	ck_assert_str_eq(e[1].name, "position");
	ck_assert_mem_eq(e[1].extra, "xyz", 3);
	ck_assert_int_eq(v2_refresh_static(&client, e, 4), -EAGAIN);

	ck_assert_int_eq(v2_server_append_static(&server, &late), 0);
	ck_assert_int_eq(v2_refresh_static(&client, e, 4), 3);
	ck_assert_str_eq(e[2].name, "late");
	ck_assert_int_eq(v2_server_append_static(&server, &streams[1]), 0);
	ck_assert_int_eq(v2_server_append_static(&server, &late), -ENOSPC);

	server.h->static_used = 257;
	atomic_fetch_add(&server.h->static_gen, 1);
	ck_assert_int_eq(v2_refresh_static(&client, e, 4), -EPROTO);
	v2_client_close(&client);
}
END_TEST

START_TEST(frames_are_read)
{
	struct v2_view view;
	struct v2_item items[4];
	struct v2_writing w;
	uint32_t n;
	uint64_t i;

	ck_assert_int_eq(v2_client_open(&client, name), 0);
	ck_assert_int_eq(v2_latest(&client, &view), -EAGAIN);
	for (i = 1; i < 8; i++) {
		publish(i);
		ck_assert_int_eq(v2_latest(&client, &view), 0);
		ck_assert_uint_eq(view.frame_id, i);
		ck_assert_uint_eq(view.tlv_count, 2);
		ck_assert(view.sim_time == (double)i / 2);
		ck_assert_int_eq(v2_decode(&view, items, 4), 2);
		ck_assert_mem_eq(items[0].data, &i, 8);
		ck_assert_uint_eq(items[1].stream_id, 7);
		ck_assert_uint_eq(items[1].bytes, 64);
		ck_assert(v2_number(items[1].data, items[1].bytes, &n));
		ck_assert_uint_eq(n, i);
		ck_assert_uint_eq(client.me->last_frame_seen, i);
	}
	v2_begin(&server, &w);
	ck_assert_int_eq(v2_append(&w, 1, items, 169, 169), -ENOSPC);
	ck_assert_int_eq(v2_append(&w, 1, items, 1, UINT32_MAX - 8), -ENOSPC);
	v2_client_close(&client);
}
END_TEST

/* What v2.0 does not keep its readers from, and what a ring of ours does. */
START_TEST(views_are_overwritten)
{
	struct v2_view view;
	struct v2_item items[2];
	struct v2_writing w;
	uint32_t n;

	ck_assert_int_eq(v2_client_open(&client, name), 0);
	publish(1);
	ck_assert_int_eq(v2_latest(&client, &view), 0);
	ck_assert_int_eq(v2_decode(&view, items, 2), 2);
	publish(2);
	publish(3);
	ck_assert(v2_number(items[1].data, items[1].bytes, &n) && n == 1);
	publish(4);
	ck_assert(v2_number(items[1].data, items[1].bytes, &n) && n == 4);

	/* One slot after the other is begun, and nothing is left to read. */
	for (n = 0; n < 3; n++) {
		v2_begin(&server, &w);
		ck_assert_int_eq(v2_append(&w, 5, "x", 1, 1), 0);
	}
	ck_assert_int_eq(v2_latest(&client, &view), -EBADMSG);
	v2_client_close(&client);
}
END_TEST

START_TEST(what_is_wrong_is_rejected)
{
	struct v2_frame *f = (void *)((char *)server.map + SLOTS);
	struct v2_view view;
	struct v2_item items[4];
	char *payload = (char *)(f + 1);

	ck_assert_int_eq(v2_client_open(&client, name), 0);
	publish(1);
	payload[100] ^= 1;
	ck_assert_int_eq(v2_latest(&client, &view), -EBADMSG);
	payload[100] ^= 1;
	ck_assert_int_eq(v2_latest(&client, &view), 0);
	f->session++;
	ck_assert_int_eq(v2_latest(&client, &view), -ESTALE);
	f->session--;
	f->payload_bytes = 201;
	ck_assert_int_eq(v2_latest(&client, &view), -EBADMSG);
	f->payload_bytes = 128;
	f->frame_id = 0;
	ck_assert_int_eq(v2_latest(&client, &view), -EBADMSG);
	f->frame_id = 1;
	ck_assert_int_eq(v2_latest(&client, &view), 0);

	/* A stream of 65 bytes in a TLV of 64. */
	payload[48] = 65;
	ck_assert_int_eq(v2_decode(&view, items, 4), -EPROTO);
	payload[48] = 64;
	payload[36] = 89;
	ck_assert_int_eq(v2_decode(&view, items, 4), -EPROTO);
	payload[36] = 15;
	ck_assert_int_eq(v2_decode(&view, items, 4), -EPROTO);
	v2_client_close(&client);
}
END_TEST

/* -------------------------------------------------------------- readers -- */

START_TEST(records_are_taken_and_reaped)
{
	struct v2_client second, third;
	struct v2_snapshot s[2];

	ck_assert_int_eq(v2_client_open(&client, name), 0);
	ck_assert_int_eq(v2_client_open(&second, name), 0);
	ck_assert_int_eq(v2_client_open(&third, name), -EBUSY);
	ck_assert_uint_eq(server.h->readers_connected, 2);
	v2_client_close(&client);
	ck_assert_uint_eq(server.h->readers_connected, 1);
	ck_assert_uint_eq(v2_snapshot_readers(&server, s, 2), 1);
	ck_assert_uint_eq(s[0].record, 1);
	ck_assert_uint_eq(s[0].reader_id, second.me->reader_id);

	ck_assert_uint_eq(v2_reap(&server, s[0].heartbeat + 10, 10), 0);
	ck_assert_uint_eq(v2_reap(&server, s[0].heartbeat + 11, 10), 1);
	ck_assert_uint_eq(v2_snapshot_readers(&server, s, 2), 0);
	/* Who was reaped and leaves is counted twice: v2.0's own mistake. */
	v2_client_close(&second);
	ck_assert_uint_eq(server.h->readers_connected, UINT32_MAX);
}
END_TEST

/* Every length there is, around the ring, and around it again. */
START_TEST(control_arrives_in_order)
{
	static struct v2_message m;
	char data[96];
	uint32_t sent = 0, got = 0, bytes;

	ck_assert_int_eq(v2_client_open(&client, name), 0);
	for (bytes = 0; bytes < 40; bytes++)
		data[bytes] = (char)bytes;
	while (got < 2000) {
		bytes = sent * 7 % 41;
		if (v2_control_send(&client, 1 + sent, data, bytes) == 0) {
			sent++;
			continue;
		}
		ck_assert(v2_peek_control(&client, 0, &m));
		ck_assert_uint_eq(m.type, 1 + got);
		while (v2_poll_control(&server, &m)) {
			ck_assert_uint_eq(m.type, 1 + got);
			ck_assert_uint_eq(m.bytes, got * 7 % 41);
			ck_assert_mem_eq(m.data, data, m.bytes);
			ck_assert_uint_eq(m.reader_id, client.me->reader_id);
			got++;
		}
		ck_assert_uint_eq(got, sent);
	}
	ck_assert_int_eq(v2_control_send(&client, 1, data, 105), -EMSGSIZE);
	v2_client_close(&client);
}
END_TEST

/* One that needs all of the ring gets it, wherever the last one ended. */
START_TEST(control_takes_the_longest)
{
	static struct v2_message m;
	char data[104] = "long";

	ck_assert_int_eq(v2_client_open(&client, name), 0);
	ck_assert_int_eq(v2_control_send(&client, 1, data, 20), 0);
	ck_assert(v2_poll_control(&server, &m));
	ck_assert_int_eq(v2_control_send(&client, 2, data, 104), -ENOBUFS);
	ck_assert(!v2_poll_control(&server, &m));
	ck_assert_int_eq(v2_control_send(&client, 2, data, 104), 0);
	ck_assert(v2_poll_control(&server, &m));
	ck_assert_uint_eq(m.type, 2);
	ck_assert_uint_eq(m.bytes, 104);
	v2_client_close(&client);
}
END_TEST

START_TEST(control_nonsense_is_left_out)
{
	static struct v2_message m;
	struct v2_ring *ring;

	ck_assert_int_eq(v2_client_open(&client, name), 0);
	ring = (void *)((char *)server.map + CONTROL);
	ck_assert_int_eq(v2_control_send(&client, 1, "abc", 3), 0);
	((struct v2_tlv *)(void *)(ring + 1))->length = 0xfffffff8;
	ck_assert(!v2_peek_control(&client, 0, &m));
	ck_assert(!v2_poll_control(&server, &m));
	ring->w = ring->r + 1000;
	ck_assert(!v2_poll_control(&server, &m));
	ck_assert_uint_eq(ring->r, ring->w);
	v2_client_close(&client);
}
END_TEST

/* ------------------------------------------------------------- elsewhere -- */

/* The header says where everything is: here it is where ours is. */
START_TEST(strides_are_honoured)
{
	static struct v2_message m;
	struct v2_config c = a_config();
	struct v2_client second;
	struct v2_view view;

	v2_server_close(&server);
	c.reader_stride = 4096;
	c.control_inside = 2048;
	c.control_per_reader = 2048;
	c.slots_skew = 4096 - 88;
	ck_assert_int_eq(v2_server_create(&server, &c, streams, 2), 0);
	ck_assert_int_eq(v2_client_open(&client, name), 0);
	ck_assert_int_eq(v2_client_open(&second, name), 0);
	ck_assert_uint_eq((uintptr_t)second.me - (uintptr_t)second.map,
			  READERS + 4096);
	publish(1);
	ck_assert_int_eq(v2_latest(&second, &view), 0);
	ck_assert_uint_eq(view.frame_id, 1);
	ck_assert_int_eq(v2_control_send(&second, 5, "abc", 3), 0);
	ck_assert(v2_poll_control(&server, &m));
	ck_assert_uint_eq(m.record, 1);
	ck_assert_uint_eq(m.reader_id, second.me->reader_id);
	v2_client_close(&second);
	v2_client_close(&client);
}
END_TEST

START_TEST(others_are_refused)
{
	struct v2_config c = a_config();
	struct v2_server other;

	server.h->endian = 0x04030201;
	ck_assert_int_eq(v2_client_open(&client, name), -EPROTO);
	server.h->endian = V2_ENDIAN;
	server.h->slots = 1000;
	ck_assert_int_eq(v2_client_open(&client, name), -EPROTO);
	server.h->slots = 3;
	atomic_store(&server.h->magic, 0);
	ck_assert_int_eq(v2_client_open(&client, name), -EAGAIN);
	ck_assert_int_eq(v2_client_open(&client, "shmfb-test-none"), -ENOENT);
	c.control_per_reader = 4 << 20;
	c.reader_slots = 1024;
	ck_assert_int_eq(v2_server_create(&other, &c, NULL, 0), -EOVERFLOW);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("v2");
	TCase *tc = suite_case(s, "wire");

	tcase_add_test(tc, checksum_is_v2s);
	tcase_add_test(tc, content_tells_its_frame);

	tc = suite_case(s, "peers");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, regions_are_golden);
	tcase_add_test(tc, directory_is_read);
	tcase_add_test(tc, frames_are_read);
	tcase_add_test(tc, views_are_overwritten);
	tcase_add_test(tc, what_is_wrong_is_rejected);
	tcase_add_test(tc, records_are_taken_and_reaped);
	tcase_add_test(tc, control_arrives_in_order);
	tcase_add_test(tc, control_takes_the_longest);
	tcase_add_test(tc, control_nonsense_is_left_out);
	tcase_add_test(tc, strides_are_honoured);
	tcase_add_test(tc, others_are_refused);
	return suite_run(s);
}
