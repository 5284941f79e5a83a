/* SPDX-License-Identifier: MIT */
/*
 * test-input-messages.c - what viewers' windows hear, sent to the producer
 */
#include "config.h"

#include <shmx/shmx.h>

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "child.h"
#include "shmx/input.h"
#include "shmx/producer.h"
#include "shmx/reader.h"
#include "suite.h"

#define LONG_MS 20000		/* longer than anything takes */

static struct shmx_producer *p;
static struct shmx_reader *r;

static const struct shmx_stream picture = {
	.kind = SHMX_STREAM_IMAGE, .id = 1, .name = "picture",
	.width = 64, .height = 48, .format = SHMX_XRGB8888,
};

static const struct shmx_input key = {
	.kind = SHMX_INPUT_KEY, .keysym = 'w', .keycode = 25, .pressed = true,
};

static int
try_open_ring(const struct shmx_stream *stream, uint32_t flags)
{
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;

	o.streams = stream;
	o.stream_count = stream != NULL;
	o.frame_bytes = stream == NULL ? 4096 : 0;
	o.flags = flags;
	return shmx_producer_open(&p, "test", &o);
}

static void
open_ring(uint32_t flags)
{
	ck_assert_msg(try_open_ring(&picture, flags) == 0, "%s",
		      shmx_error());
}

static void
open_both(uint32_t flags)
{
	open_ring(flags);
	ck_assert_msg(shmx_reader_open(&r, "test", NULL) == 0, "%s",
		      shmx_error());
}

static void
close_both(void)
{
	shmx_reader_close(r);
	shmx_producer_close(p);
}

static void
expect_other(uint32_t type)
{
	struct shmx_control m;
	struct shmx_input in;

	ck_assert_int_eq(shmx_control_wait(p, LONG_MS), 0);
	ck_assert_int_eq(shmx_input_receive(p, &in, &m), 1);
	ck_assert_uint_eq(m.type, type);
}

static struct shmx_input
expect_input(enum shmx_input_kind kind)
{
	struct shmx_control m;
	struct shmx_input in;

	ck_assert_int_eq(shmx_control_wait(p, LONG_MS), 0);
	ck_assert_int_eq(shmx_input_receive(p, &in, &m), 0);
	ck_assert_int_eq(in.kind, kind);
	return in;
}

/* The next one that is input, whatever else comes. */
static struct shmx_input
next_input(void)
{
	struct shmx_input in;

	do {
		ck_assert_int_eq(shmx_control_wait(p, LONG_MS), 0);
	} while (shmx_input_receive(p, &in, NULL) != 0);
	return in;
}

static void
expect_nothing(void)
{
	struct shmx_control m;
	struct shmx_input in;

	ck_assert_int_eq(shmx_input_receive(p, &in, &m), -EAGAIN);
}

static void
send_input(const struct shmx_input *in)
{
	ck_assert_msg(shmx_input_send(r, in) == 0, "%s", shmx_error());
}

static void
send_key(uint32_t keycode, uint32_t keysym, bool pressed)
{
	struct shmx_input in = key;

	in.keycode = keycode;
	in.keysym = keysym;
	in.pressed = pressed;
	send_input(&in);
}

/* ------------------------------------------------------------- the bytes -- */

static struct shmx_input_bytes bytes;

static int
decode(uint32_t length, struct shmx_input *in)
{
	const struct shmx_control m = { .reader = 7, .pid = 8,
		.type = SHMX_CONTROL_INPUT, .bytes = length, .data = &bytes };

	return shmx_input_decode(&m, in);
}

START_TEST(the_bytes_are_these)
{
	static const struct {
		struct shmx_input in;
		unsigned char value[16];
	} all[] = {
		{ { .kind = SHMX_INPUT_KEY, .keysym = 0x1008ff13,
		    .keycode = 25, .pressed = true, .repeat = true },
		  { 0x13, 0xff, 0x08, 0x10, 25, 0, 0, 0, 3 } },
		{ { .kind = SHMX_INPUT_TEXT, .text = "xy" }, { 2 } },
		{ { .kind = SHMX_INPUT_MOTION, .x = 1.5, .y = -1, .dx = 2,
		    .dy = -0.25 },
		  { 0x80, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0, 2, 0, 0,
		    0xc0, 0xff, 0xff, 0xff } },
		{ { .kind = SHMX_INPUT_BUTTON, .x = 3, .y = 4, .button = 2,
		    .pressed = true },
		  { 0, 3, 0, 0, 0, 4, 0, 0, 2, 0, 0, 0, 1 } },
		{ { .kind = SHMX_INPUT_SCROLL, .x = 3, .y = 4, .dy = 1 },
		  { 0, 3, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1 } },
		{ { .kind = SHMX_INPUT_RESIZE, .width = 640, .height = 480 },
		  { 0x80, 2, 0, 0, 0xe0, 1 } },
		{ { .kind = SHMX_INPUT_FOCUS, .focused = true }, { 1 } },
		{ { .kind = SHMX_INPUT_ENTER, .x = 3, .y = 4 },
		  { 0, 3, 0, 0, 0, 4 } },
		{ { .kind = SHMX_INPUT_LEAVE, .x = 3, .y = 4 },
		  { 0, 3, 0, 0, 0, 4 } },
	};
	const unsigned char *got = (const unsigned char *)&bytes;
	struct shmx_input in = all[_i].in, back;
	int n;

	in.modifiers = 0x0102;
	in.sequence = 0x0304;
	in.time_ns = 0x0506;
	n = shmx_input_encode(&in, &bytes);
	ck_assert_int_eq(n, 40 + (int)strlen(in.text));
	ck_assert_int_eq(got[0], _i + 1);
	ck_assert_mem_eq(got + 1, "\0\0\0\x02\x01\0\0\x04\x03\0\0\0\0\0\0\x06"
			 "\x05\0\0\0\0\0\0", 23);
	ck_assert_mem_eq(got + 24, all[_i].value, 16);
	ck_assert_mem_eq(got + 40, in.text, strlen(in.text));

	ck_assert_int_eq(decode((uint32_t)n, &back), 0);
	ck_assert_uint_eq(back.reader, 7);
	ck_assert_int_eq(back.pid, 8);
	in.reader = 7;
	in.pid = 8;
	ck_assert_int_eq(back.kind, in.kind);
	ck_assert_uint_eq(back.modifiers, in.modifiers);
	ck_assert_uint_eq(back.sequence, in.sequence);
	ck_assert_uint_eq(back.time_ns, in.time_ns);
	ck_assert(back.x == in.x && back.y == in.y);
	ck_assert(back.dx == in.dx && back.dy == in.dy);
	ck_assert_uint_eq(back.keysym, in.keysym);
	ck_assert_uint_eq(back.keycode, in.keycode);
	ck_assert_uint_eq(back.button, in.button);
	ck_assert_int_eq(back.pressed, in.pressed);
	ck_assert_int_eq(back.repeat, in.repeat);
	ck_assert_int_eq(back.focused, in.focused);
	ck_assert_uint_eq(back.width, in.width);
	ck_assert_uint_eq(back.height, in.height);
	ck_assert_str_eq(back.text, in.text);
}
END_TEST

START_TEST(positions_have_ends)
{
	static const struct {
		double in, out;
	} all[] = {
		{ 1e9, INT32_MAX / 256.0 }, { -1e9, -INT32_MAX / 256.0 },
		{ INFINITY, INT32_MAX / 256.0 }, { NAN, 0 },
		{ 1 / 512.0, 1 / 256.0 }, { -1 / 512.0, -1 / 256.0 },
		{ 1 / 600.0, 0 },
	};
	struct shmx_input in = { .kind = SHMX_INPUT_MOTION, .x = all[_i].in };
	struct shmx_input out;

	ck_assert_int_eq(shmx_input_encode(&in, &bytes), 40);
	ck_assert_int_eq(decode(40, &out), 0);
	ck_assert(out.x == all[_i].out);
}
END_TEST

/* What cannot be sent, nor believed where somebody sent it all the same. */
START_TEST(what_makes_no_sense_is_refused)
{
	static const struct {
		const char *text;	/* whose bytes are more, or others */
		uint32_t bytes;
		uint32_t kind;
		int32_t value[4];
	} all[] = {
		{ "", 0, 0, { 0 } },
		{ "", 0, SHMX_INPUT_LEAVE + 1, { 0 } },
		{ "", 0, UINT32_MAX, { 0 } },
		{ "", 0, SHMX_INPUT_KEY, { 0, 0, 1 } },
		{ "", 0, SHMX_INPUT_BUTTON, { 0, 0, 0, 1 } },
		{ "", 0, SHMX_INPUT_BUTTON, { 0, 0, 256, 1 } },
		{ "", 0, SHMX_INPUT_BUTTON, { 0, 0, -1, 1 } },
		{ "", 0, SHMX_INPUT_RESIZE, { 0, 10 } },
		{ "", 0, SHMX_INPUT_RESIZE, { 10, 32768 } },
		{ "", 0, SHMX_INPUT_RESIZE, { -1, 10 } },
		{ "x", 1, SHMX_INPUT_MOTION, { 0 } },
		{ "", 0, SHMX_INPUT_TEXT, { 0 } },
		{ "x", 1, SHMX_INPUT_TEXT, { 2 } },
		{ "xy", 2, SHMX_INPUT_TEXT, { 1 } },
		{ "x", 1, SHMX_INPUT_TEXT, { -1 } },
		{ "\0", 1, SHMX_INPUT_TEXT, { 1 } },
		{ "\x03", 1, SHMX_INPUT_TEXT, { 1 } },
		{ "\xff", 1, SHMX_INPUT_TEXT, { 1 } },
		{ "\xc3", 1, SHMX_INPUT_TEXT, { 1 } },
	};
	struct shmx_input in;

	bytes.message = (struct shmx_input_message){ .kind = all[_i].kind };
	memcpy(bytes.message.value, all[_i].value, 16);
	memcpy(bytes.text, all[_i].text, all[_i].bytes);
	ck_assert_int_eq(decode(40 + all[_i].bytes, &in), -EPROTO);
}
END_TEST

START_TEST(what_is_cut_off_is_refused)
{
	struct shmx_input in = { .kind = SHMX_INPUT_TEXT };
	uint32_t n;

	memset(in.text, 'x', SHMX_INPUT_TEXT_MAX);
	ck_assert_int_eq(shmx_input_encode(&in, &bytes), 103);
	ck_assert_int_eq(decode(103, &in), 0);
	ck_assert_uint_eq(strlen(in.text), SHMX_INPUT_TEXT_MAX);
	for (n = 0; n < 103; n++)
		ck_assert_int_eq(decode(n, &in), -EPROTO);
	ck_assert_int_eq(decode(104, &in), -EPROTO);
	in.text[SHMX_INPUT_TEXT_MAX] = 'x';
	ck_assert_int_eq(shmx_input_encode(&in, &bytes), -EINVAL);
}
END_TEST

/* -------------------------------------------------------------- the way -- */

START_TEST(only_who_asked_is_sent_any)
{
	struct shmx_image_info info;
	uint32_t wanted = _i != 0;

	open_both(wanted ? SHMX_INPUT : 0);
	ck_assert_int_eq(shmx_reader_image(r, &info, sizeof(info)), 0);
	ck_assert_int_eq(info.input, wanted != 0);
	ck_assert_int_eq(shmx_input_send(r, &key), wanted ? 0 : -ENOTSUP);
	expect_other(SHMX_CONTROL_HELLO);
	if (wanted)
		expect_input(SHMX_INPUT_KEY);
	expect_nothing();
	close_both();
}
END_TEST

START_TEST(opting_in_needs_an_image)
{
	const struct shmx_stream numbers = { .kind = SHMX_STREAM_DATA,
		.id = 1, .name = "numbers", .element_type = SHMX_F32,
		.capacity = 4 };

	ck_assert_int_eq(try_open_ring(NULL, SHMX_INPUT), -EINVAL);
	ck_assert_int_eq(try_open_ring(&numbers, SHMX_INPUT), -EINVAL);
	ck_assert_ptr_nonnull(strstr(shmx_error(), "image"));
}
END_TEST

START_TEST(a_ring_that_grew_still_wants_it)
{
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	struct shmx_stream larger = picture;
	struct shmx_image_info info;
	struct shmx_reader *late;
	struct shmx_frame f;

	open_both(SHMX_INPUT);
	send_key(25, 'w', true);
	larger.width *= 2;
	o.streams = &larger;
	o.stream_count = 1;
	ck_assert_int_eq(shmx_producer_grow(p, &o), 0);
	send_key(25, 'w', false);
	/* Who comes now is welcomed to the larger one: it has a frame. */
	shmx_begin(p, &f);
	ck_assert_uint_ne(shmx_publish(p, &f), 0);
	ck_assert_int_eq(shmx_reader_open(&late, "test", NULL), 0);
	ck_assert_int_eq(shmx_reader_image(late, &info, sizeof(info)), 0);
	ck_assert_uint_eq(info.width, larger.width);
	ck_assert(info.input);
	shmx_reader_close(late);
	ck_assert(next_input().pressed);
	ck_assert(!next_input().pressed);
	close_both();
}
END_TEST

START_TEST(who_sent_it_and_when)
{
	struct shmx_input in = key, got;
	struct shmx_control m;
	uint64_t before = base_now_ns();

	open_both(SHMX_INPUT);
	send_input(&in);
	in.repeat = true;
	in.time_ns = 5;
	in.reader = 99;
	in.sequence = 99;
	send_input(&in);
	ck_assert_int_eq(shmx_control_wait(p, LONG_MS), 0);
	ck_assert_int_eq(shmx_control_receive(p, &m), 0);
	ck_assert_uint_eq(m.type, SHMX_CONTROL_HELLO);
	got = expect_input(SHMX_INPUT_KEY);
	ck_assert_uint_eq(got.reader, m.reader);
	ck_assert_int_eq(got.pid, getpid());
	ck_assert_uint_eq(got.sequence, 1);
	ck_assert_uint_ge(got.time_ns, before);
	ck_assert_uint_le(got.time_ns, base_now_ns());
	got = expect_input(SHMX_INPUT_KEY);
	ck_assert_uint_eq(got.reader, m.reader);
	ck_assert_uint_eq(got.sequence, 2);
	ck_assert_uint_eq(got.time_ns, 5);
	ck_assert(got.repeat);
	close_both();
}
END_TEST

/* Both ways to receive have all of it, in one order. */
START_TEST(other_messages_are_not_swallowed)
{
	struct shmx_control m;
	struct shmx_input in;

	open_both(SHMX_INPUT);
	ck_assert_int_eq(shmx_control_send(r, 100, "a", 1), 0);
	send_key(25, 'w', true);
	ck_assert_int_eq(shmx_control_send(r, 101, "b", 1), 0);
	send_key(25, 'w', false);
	ck_assert_int_eq(shmx_control_send(r, 102, "c", 1), 0);
	expect_other(SHMX_CONTROL_HELLO);
	expect_other(100);
	ck_assert(expect_input(SHMX_INPUT_KEY).pressed);
	expect_other(101);
	ck_assert_int_eq(shmx_control_receive(p, &m), 0);
	ck_assert_uint_eq(m.type, SHMX_CONTROL_INPUT);
	ck_assert_int_eq(shmx_input_decode(&m, &in), 0);
	ck_assert(!in.pressed);
	ck_assert_int_eq(shmx_control_receive(p, &m), 0);
	ck_assert_uint_eq(m.type, 102);
	ck_assert_int_eq(shmx_input_decode(&m, &in), -ENOMSG);

	/* Unless nobody wants them. */
	ck_assert_int_eq(shmx_control_send(r, 100, "a", 1), 0);
	send_key(25, 'w', true);
	ck_assert(next_input().pressed);
	ck_assert_int_eq(shmx_input_receive(p, &in, NULL), -EAGAIN);
	close_both();
}
END_TEST

START_TEST(sending_says_what_is_wrong)
{
	struct shmx_input in = { .kind = SHMX_INPUT_TEXT };
	int n;

	open_both(SHMX_INPUT);
	ck_assert_int_eq(shmx_input_send(r, &in), -EINVAL);
	ck_assert_int_eq(shmx_control_send(r, SHMX_CONTROL_INPUT, "x", 1),
			 -EINVAL);
	in.kind = SHMX_INPUT_LEAVE;
	for (n = 0; shmx_input_send(r, &in) == 0; n++)
		;
	ck_assert_int_eq(n, 2032 / 48);
	ck_assert_int_eq(shmx_input_send(r, &in), -ENOBUFS);
	/* What was not sent is not counted. */
	expect_other(SHMX_CONTROL_HELLO);
	while (n-- > 0)
		in = expect_input(SHMX_INPUT_LEAVE);
	send_input(&in);
	ck_assert_uint_eq(expect_input(SHMX_INPUT_LEAVE).sequence,
			  in.sequence + 1);
	shmx_producer_close(p);
	ck_assert_int_eq(shmx_reader_dispatch(r), -EPIPE);
	ck_assert_int_eq(shmx_input_send(r, &in), -EPIPE);
	shmx_reader_close(r);
}
END_TEST

/* Written as somebody would who has read the format and means harm. */
static void
put_raw(uint32_t kind, int32_t a, int32_t b, int32_t c, int32_t d)
{
	const struct shmx_input_message m = { .kind = kind,
		.value = { a, b, c, d } };

	ck_assert_int_eq(shmx_control_put(&r->session->control,
					  SHMX_CONTROL_INPUT, &m, sizeof(m)),
			 0);
}

START_TEST(nonsense_is_passed_over)
{
	open_both(SHMX_INPUT);
	expect_other(SHMX_CONTROL_HELLO);
	put_raw(SHMX_INPUT_LEAVE + 1, 0, 0, 0, 0);
	put_raw(SHMX_INPUT_BUTTON, 0, 0, 0, 1);
	ck_assert_int_eq(shmx_control_put(&r->session->control,
					  SHMX_CONTROL_INPUT, "x", 1), 0);
	/* Released, or repeated, and never pressed. */
	put_raw(SHMX_INPUT_KEY, 'w', 25, 0, 0);
	put_raw(SHMX_INPUT_KEY, 'w', 25, 3, 0);
	put_raw(SHMX_INPUT_BUTTON, 0, 0, 1, 0);
	expect_nothing();
	/* Nobody was detached for that. */
	send_key(25, 'w', true);
	ck_assert(expect_input(SHMX_INPUT_KEY).pressed);
	/* Twice. */
	put_raw(SHMX_INPUT_KEY, 'w', 25, 1, 0);
	expect_nothing();
	close_both();
}
END_TEST

/* As much as a reader's ring takes, but for some room at its end. */
static unsigned
fill_with_nonsense(struct shmx_reader *from)
{
	unsigned n;

	for (n = 0; n < 100; n++)
		ck_assert_int_eq(shmx_control_put(&from->session->control,
						  SHMX_CONTROL_INPUT, "", 0),
				 0);
	return n;
}

/*
 * A look does not see the end of it, and nobody nudges for what is there: who
 * waits is not to sleep on it.
 */
START_TEST(behind_much_nonsense_is_sense)
{
	enum { READERS = 60 };
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	struct shmx_reader_options one = SHMX_READER_OPTIONS_INIT;
	static struct shmx_reader *many[READERS];
	struct pollfd pfd = { .events = POLLIN };
	struct shmx_control m;
	unsigned i, n = 0;

	o.streams = &picture;
	o.stream_count = 1;
	o.slots = READERS + 2;
	o.flags = SHMX_INPUT;
	ck_assert_msg(shmx_producer_open(&p, "test", &o) == 0, "%s",
		      shmx_error());
	one.holds = 1;
	for (i = 0; i < READERS; i++)
		ck_assert_msg(shmx_reader_open(&many[i], "test", &one) == 0,
			      "%s", shmx_error());
	for (i = 0; i < READERS; i++)
		expect_other(SHMX_CONTROL_HELLO);
	ck_assert_int_eq(shmx_control_wait(p, 50), -ETIMEDOUT);
	for (i = 0; i < READERS; i++)
		n += fill_with_nonsense(many[i]);
	ck_assert_uint_gt(n, 4096);
	r = many[READERS - 1];
	put_raw(SHMX_INPUT_KEY, 'w', 25, 1, 0);
	pfd.fd = p->host.news_fd;
	ck_assert_int_eq(poll(&pfd, 1, 0), 0);
	ck_assert_int_eq(shmx_control_receive(p, &m), -EAGAIN);
	ck_assert_int_eq(poll(&pfd, 1, 0), 1);
	ck_assert(expect_input(SHMX_INPUT_KEY).pressed);
	for (i = 0; i < READERS; i++)
		shmx_reader_close(many[i]);
	shmx_producer_close(p);
}
END_TEST

/* More than fingers: what finds no room is not pressed, nor released. */
START_TEST(so_many_are_held_at_a_time)
{
	uint32_t i;

	open_both(SHMX_INPUT);
	expect_other(SHMX_CONTROL_HELLO);
	for (i = 0; i <= SHMX_INPUT_HELD_MAX; i++)
		send_key(10 + i, 'w', true);
	for (i = 0; i < SHMX_INPUT_HELD_MAX; i++)
		ck_assert_uint_eq(expect_input(SHMX_INPUT_KEY).keycode,
				  10 + i);
	expect_nothing();
	send_key(10 + SHMX_INPUT_HELD_MAX, 'w', false);
	expect_nothing();
	send_key(10, 'w', false);
	send_key(9, 'w', true);
	ck_assert(!expect_input(SHMX_INPUT_KEY).pressed);
	ck_assert_uint_eq(expect_input(SHMX_INPUT_KEY).keycode, 9);
	close_both();
}
END_TEST

/* The symbol of a key may be another by then. */
START_TEST(a_key_is_known_by_its_place)
{
	open_both(SHMX_INPUT);
	expect_other(SHMX_CONTROL_HELLO);
	send_key(25, 'w', true);
	send_key(25, 'W', false);
	send_key(0, 'w', true);
	send_key(0, 'W', false);
	send_key(0, 'w', false);
	ck_assert(expect_input(SHMX_INPUT_KEY).pressed);
	ck_assert_uint_eq(expect_input(SHMX_INPUT_KEY).keysym, 'W');
	ck_assert(expect_input(SHMX_INPUT_KEY).pressed);
	ck_assert_uint_eq(expect_input(SHMX_INPUT_KEY).keysym, 'w');
	expect_nothing();
	close_both();
}
END_TEST

/* ------------------------------------------------------------- the end -- */

/* Press a key and two buttons, release one of these, and wait. */
static void
press_and_wait(int line, void *arg)
{
	struct shmx_input in = { .kind = SHMX_INPUT_BUTTON, .pressed = true,
		.x = 3, .y = 4 };
	struct shmx_reader *mine;

	(void)arg;
	child_hear(line);
	expect(shmx_reader_open(&mine, "test", NULL) == 0);
	expect(shmx_input_send(mine, &key) == 0);
	for (in.button = 1; in.button <= 2; in.button++)
		expect(shmx_input_send(mine, &in) == 0);
	in.button = 1;
	in.pressed = false;
	expect(shmx_input_send(mine, &in) == 0);
	child_say(line, 'd');
	child_hear(line);
	shmx_reader_close(mine);
}

/* All of a life, and what it left: button 2 and the key, in any order. */
static void
expect_life(uint64_t *reader)
{
	struct shmx_control m;
	struct shmx_input in;
	bool a_key = false, a_button = false;
	int i;

	expect_other(SHMX_CONTROL_HELLO);
	*reader = expect_input(SHMX_INPUT_KEY).reader;
	for (i = 0; i < 3; i++)
		expect_input(SHMX_INPUT_BUTTON);
	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(shmx_control_wait(p, LONG_MS), 0);
		ck_assert_int_eq(shmx_input_receive(p, &in, &m), 0);
		ck_assert_uint_eq(in.reader, *reader);
		ck_assert(!in.pressed);
		ck_assert_uint_eq(in.sequence, 0);
		ck_assert_uint_ne(in.time_ns, 0);
		a_key |= in.kind == SHMX_INPUT_KEY && in.keycode == 25 &&
			in.keysym == 'w';
		a_button |= in.kind == SHMX_INPUT_BUTTON && in.button == 2;
	}
	ck_assert(a_key && a_button);
}

START_TEST(what_the_dead_hold_is_released)
{
	struct shmx_control m;
	struct shmx_input in;
	struct child c;
	uint64_t reader;
	int32_t pid;

	child_start(&c, press_and_wait, NULL);
	open_ring(SHMX_INPUT);
	child_say(c.line, 'g');
	ck_assert_int_eq(child_hear(c.line), 'd');
	pid = (int32_t)c.pid;
	if (_i == 0) {
		child_kill(&c);
	} else {
		child_say(c.line, 'g');
		child_end(&c);
	}
	expect_life(&reader);
	/* Its goodbye says as much as any. */
	ck_assert_int_eq(shmx_input_receive(p, &in, &m), 1);
	ck_assert_uint_eq(m.type, SHMX_CONTROL_BYE);
	ck_assert_uint_eq(m.reader, reader);
	ck_assert_int_eq(m.pid, pid);
	expect_nothing();
	shmx_producer_close(p);
}
END_TEST

START_TEST(each_holds_its_own)
{
	struct shmx_control m;
	struct shmx_input in;
	struct child c;
	uint64_t theirs, ours;

	child_start(&c, press_and_wait, NULL);
	open_ring(SHMX_INPUT);
	child_say(c.line, 'g');
	ck_assert_int_eq(child_hear(c.line), 'd');
	expect_other(SHMX_CONTROL_HELLO);
	theirs = expect_input(SHMX_INPUT_KEY).reader;
	ck_assert_int_eq(shmx_reader_open(&r, "test", NULL), 0);
	send_key(25, 'w', true);
	do {
		ours = next_input().reader;
	} while (ours == theirs);
	child_kill(&c);
	do {
		ck_assert_int_eq(shmx_control_wait(p, LONG_MS), 0);
	} while (shmx_input_receive(p, &in, &m) != 1);
	ck_assert_uint_eq(m.type, SHMX_CONTROL_BYE);
	/* Ours is still pressed. */
	send_key(25, 'w', false);
	in = expect_input(SHMX_INPUT_KEY);
	ck_assert_uint_eq(in.reader, ours);
	ck_assert(!in.pressed);
	close_both();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("input-messages");
	TCase *tc = suite_case(s, "bytes");

	tcase_add_loop_test(tc, the_bytes_are_these, 0, 9);
	tcase_add_loop_test(tc, positions_have_ends, 0, 7);
	tcase_add_loop_test(tc, what_makes_no_sense_is_refused, 0, 19);
	tcase_add_test(tc, what_is_cut_off_is_refused);

	tc = suite_case(s, "way");
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, only_who_asked_is_sent_any, 0, 2);
	tcase_add_test(tc, opting_in_needs_an_image);
	tcase_add_test(tc, a_ring_that_grew_still_wants_it);
	tcase_add_test(tc, who_sent_it_and_when);
	tcase_add_test(tc, other_messages_are_not_swallowed);
	tcase_add_test(tc, sending_says_what_is_wrong);
	tcase_add_test(tc, nonsense_is_passed_over);
	tcase_add_test(tc, behind_much_nonsense_is_sense);
	tcase_add_test(tc, so_many_are_held_at_a_time);
	tcase_add_test(tc, a_key_is_known_by_its_place);

	tc = suite_case(s, "end");
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, what_the_dead_hold_is_released, 0, 2);
	tcase_add_test(tc, each_holds_its_own);
	return suite_run(s);
}
