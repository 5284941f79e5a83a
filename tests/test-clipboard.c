/* SPDX-License-Identifier: MIT */
/*
 * test-clipboard.c - text copied and pasted, with a second client that is
 * well-behaved, slow, silent or hostile
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <shmfb/shmfb.h>

#include "base/base.h"
#include "base/clock.h"
#include "boast.h"
#include "shmfb/window.h"
#include "suite.h"
#include "xtool.h"

#define MB (1024 * 1024)
/* More than one piece, and no multiple of one. */
#define LONG 300001

static xcb_connection_t *c;
static xcb_window_t window, root;	/* the other client's, and of all */
static xcb_atom_t clipboard, utf8, targets, incr, property;
static struct shmfb *fb;

static void
setup(void)
{
	const uint32_t mask = XCB_EVENT_MASK_PROPERTY_CHANGE;

	c = x_connect(NULL);
	root = xcb_setup_roots_iterator(xcb_get_setup(c)).data->root;
	window = xcb_generate_id(c);
	xcb_create_window(c, 0, window, root, 0, 0, 1, 1, 0,
			  XCB_WINDOW_CLASS_INPUT_ONLY, 0, XCB_CW_EVENT_MASK,
			  &mask);
	clipboard = x_atom(c, "CLIPBOARD");
	utf8 = x_atom(c, "UTF8_STRING");
	targets = x_atom(c, "TARGETS");
	incr = x_atom(c, "INCR");
	property = x_atom(c, "TEST_PASTE");
	fb = open_window(NULL);
	settle(fb, c);
}

static void
teardown(void)
{
	shmfb_close(fb);
	xcb_disconnect(c);
}

/* Of LONG bytes, with characters of several; to be freed. */
static char *
long_text(void)
{
	char *text = malloc(LONG + 1);
	size_t i;

	ck_assert_ptr_nonnull(text);
	for (i = 0; i < LONG; i++)
		text[i] = (char)('a' + i / 7 % 26);
	for (i = 100; i + 2 < LONG; i += 997)
		memcpy(text + i, "\xc3\xa4", 2);
	text[LONG] = '\0';
	return text;
}

/* ------------------------------------------------- the other one pastes -- */

/* Some servers look at what is copied, too: that is not what is waited for. */
static bool
is_of_others(const xcb_generic_event_t *e)
{
	const xcb_selection_request_event_t *r = (const void *)e;

	return (e->response_type & 0x7f) == XCB_SELECTION_REQUEST &&
	       r->requestor != shmfb_window_id(fb);
}

/* The other client's next event of that type, while the window is served. */
static xcb_generic_event_t *
await(uint8_t type)
{
	uint64_t deadline = base_now_ns() + 5 * BASE_NS_PER_S;
	xcb_generic_event_t *e;

	for (;;) {
		ck_assert_msg(base_now_ns() < deadline, "no event %u", type);
		ck_assert_int_eq(shmfb_dispatch(fb), 0);
		e = xcb_poll_for_event(c);
		if (e && (e->response_type & 0x7f) == type &&
		    !is_of_others(e))
			return e;
		free(e);
	}
}

/* The property that the owner's answer is in; XCB_NONE: it refuses. */
static xcb_atom_t
ask(xcb_atom_t target, xcb_atom_t to)
{
	static const char nothing[32 - sizeof(xcb_selection_notify_event_t)];
	xcb_selection_notify_event_t *e;
	xcb_atom_t answer;

	/* First of all what the window has sent is done. */
	settle(fb, c);
	xcb_delete_property(c, window, to);
	xcb_convert_selection(c, window, clipboard, target, to,
			      XCB_CURRENT_TIME);
	xcb_flush(c);
	e = (void *)await(XCB_SELECTION_NOTIFY);
	answer = e->property;
	/* Nothing that happened to be in memory goes to others. */
	ck_assert_mem_eq(e + 1, nothing, sizeof(nothing));
	free(e);
	return answer;
}

static xcb_get_property_reply_t *
get(xcb_atom_t name, bool delete)
{
	xcb_get_property_reply_t *r;

	r = xcb_get_property_reply(c, xcb_get_property(c, delete, window, name,
			XCB_GET_PROPERTY_TYPE_ANY, 0, 64 * MB), NULL);
	ck_assert_ptr_nonnull(r);
	return r;
}

START_TEST(others_paste_what_was_copied)
{
	xcb_get_property_reply_t *r;

	ck_assert_int_eq(shmfb_set_clipboard(fb, "gr\xc3\xbc\xc3\x9f dich"), 0);
	ck_assert_uint_eq(ask(utf8, property), property);
	r = get(property, true);
	ck_assert_uint_eq(r->type, utf8);
	ck_assert_int_eq(xcb_get_property_value_length(r), 11);
	ck_assert_mem_eq(xcb_get_property_value(r), "gr\xc3\xbc\xc3\x9f dich",
			 11);
	free(r);
	/* What there is, and what there is not. */
	ck_assert_uint_eq(ask(targets, property), property);
	r = get(property, true);
	ck_assert_uint_eq(r->type, XCB_ATOM_ATOM);
	ck_assert_uint_eq(((xcb_atom_t *)xcb_get_property_value(r))[0],
			  targets);
	ck_assert_uint_eq(((xcb_atom_t *)xcb_get_property_value(r))[1],
			  x_atom(c, "TIMESTAMP"));
	ck_assert_uint_eq(((xcb_atom_t *)xcb_get_property_value(r))[2], utf8);
	free(r);
	ck_assert_uint_eq(ask(x_atom(c, "image/png"), property), XCB_NONE);
	/* Given up: there is no owner, says the server. */
	ck_assert_int_eq(shmfb_set_clipboard(fb, NULL), 0);
	ck_assert_uint_eq(ask(utf8, property), XCB_NONE);
}
END_TEST

/* That property begins with pieces of that type, which are this text. */
static void
check_pieces(xcb_atom_t in, xcb_atom_t type, const char *text)
{
	xcb_property_notify_event_t *e;
	xcb_get_property_reply_t *r;
	char *got = malloc(LONG);
	size_t length = 0;
	int n;

	r = get(in, true);
	ck_assert_uint_eq(r->type, incr);
	free(r);
	do {
		do {
			e = (void *)await(XCB_PROPERTY_NOTIFY);
			n = e->state == XCB_PROPERTY_NEW_VALUE &&
			    e->atom == in;
			free(e);
		} while (!n);
		r = get(in, true);
		n = xcb_get_property_value_length(r);
		/* The event of INCR itself is seen after it was read. */
		if (r->type == XCB_NONE) {
			n = 1;
		} else {
			ck_assert_uint_eq(r->type, type);
			ck_assert_uint_le(length + (size_t)n, LONG);
			memcpy(got + length, xcb_get_property_value(r),
			       (size_t)n);
			length += (size_t)n;
		}
		free(r);
	} while (n > 0);
	ck_assert_uint_eq(length, LONG);
	ck_assert_int_eq(memcmp(got, text, LONG), 0);
	free(got);
}

START_TEST(others_paste_long_texts_in_pieces)
{
	char *text = long_text();

	ck_assert_int_eq(shmfb_set_clipboard(fb, text), 0);
	ck_assert_uint_eq(ask(utf8, property), property);
	/* What is copied meanwhile does not mix with it. */
	ck_assert_int_eq(shmfb_set_clipboard(fb, "another"), 0);
	check_pieces(property, utf8, text);
	free(text);
}
END_TEST

/* Under the name by which they were asked for, as in one piece. */
START_TEST(pieces_of_the_type_that_was_wanted)
{
	xcb_atom_t plain = x_atom(c, "text/plain;charset=utf-8");
	xcb_get_property_reply_t *r;
	char *text = long_text();

	ck_assert_int_eq(shmfb_set_clipboard(fb, "short"), 0);
	ck_assert_uint_eq(ask(plain, property), property);
	r = get(property, true);
	ck_assert_uint_eq(r->type, plain);
	free(r);
	ck_assert_int_eq(shmfb_set_clipboard(fb, text), 0);
	ck_assert_uint_eq(ask(plain, property), property);
	check_pieces(property, plain, text);
	free(text);
}
END_TEST

/* It has begun once, and begins again: the first one is over. */
START_TEST(pieces_from_the_beginning)
{
	xcb_atom_t first = x_atom(c, "TEST_FIRST");
	char *text = long_text();

	ck_assert_int_eq(shmfb_set_clipboard(fb, text), 0);
	ck_assert_uint_eq(ask(utf8, first), first);
	ck_assert_uint_eq(ask(utf8, property), property);
	check_pieces(first, utf8, text);
	ck_assert_uint_eq(ask(utf8, property), property);
	check_pieces(property, utf8, text);
	free(text);
}
END_TEST

/* ------------------------------------------------------------ MULTIPLE -- */

/* Ask for what a list names, which is so many words of any type. */
static void
send_list(xcb_atom_t in, xcb_atom_t type, uint8_t format, uint32_t count,
	  const void *list)
{
	xcb_delete_property(c, window, in);
	if (count)
		xcb_change_property(c, XCB_PROP_MODE_REPLACE, window, in,
				    type, format, count, list);
	xcb_convert_selection(c, window, clipboard, x_atom(c, "MULTIPLE"), in,
			      XCB_CURRENT_TIME);
	x_sync(c);
}

/* The property of the answer, and what it has to be besides. */
static xcb_atom_t
answered(void)
{
	xcb_selection_notify_event_t *e = (void *)await(XCB_SELECTION_NOTIFY);
	xcb_atom_t answer = e->property;

	ck_assert_uint_eq(e->target, x_atom(c, "MULTIPLE"));
	ck_assert_uint_eq(e->selection, clipboard);
	ck_assert_uint_eq(e->requestor, window);
	free(e);
	return answer;
}

START_TEST(others_paste_several_forms)
{
	const xcb_atom_t to[] = { x_atom(c, "TO_0"), x_atom(c, "TO_1"),
				  x_atom(c, "TO_2"), x_atom(c, "TO_3") };
	const xcb_atom_t list[] = {
		targets, to[0],
		x_atom(c, "image/png"), to[1],		/* no such */
		utf8, to[2],
		utf8, XCB_NONE,				/* nowhere */
		x_atom(c, "MULTIPLE"), to[3],		/* within one */
		utf8, property,				/* over the list */
		XCB_NONE, to[3],
	};
	const bool there[] = { true, false, true, false, false, false, false };
	xcb_get_property_reply_t *r;
	const xcb_atom_t *got;
	unsigned i;

	ck_assert_int_eq(shmfb_set_clipboard(fb, "gr\xc3\xbc\xc3\x9f"), 0);
	settle(fb, c);
	send_list(property, x_atom(c, "ATOM_PAIR"), 32, 14, list);
	ck_assert_uint_eq(answered(), property);
	r = get(property, true);
	ck_assert_uint_eq(r->type, x_atom(c, "ATOM_PAIR"));
	ck_assert_uint_eq(r->value_len, 14);
	got = xcb_get_property_value(r);
	for (i = 0; i < 7; i++) {
		ck_assert_uint_eq(got[2 * i], there[i] ? list[2 * i] : 0);
		ck_assert_uint_eq(got[2 * i + 1],
				  there[i] ? list[2 * i + 1] : 0);
	}
	free(r);
	r = get(to[0], true);
	ck_assert_uint_eq(r->type, XCB_ATOM_ATOM);
	got = xcb_get_property_value(r);
	for (i = 0; i < r->value_len && got[i] != x_atom(c, "MULTIPLE"); i++)
		;
	ck_assert_uint_lt(i, r->value_len);
	free(r);
	r = get(to[2], true);
	ck_assert_uint_eq(r->type, utf8);
	ck_assert_int_eq(xcb_get_property_value_length(r), 6);
	ck_assert_mem_eq(xcb_get_property_value(r), "gr\xc3\xbc\xc3\x9f", 6);
	free(r);
	for (i = 1; i < 4; i += 2) {
		r = get(to[i], true);
		ck_assert_uint_eq(r->type, XCB_NONE);
		free(r);
	}
}
END_TEST

/* Each of them in its own pieces, and no more of them than alone. */
START_TEST(several_forms_in_pieces)
{
	xcb_atom_t list[20];
	char *text = long_text(), name[] = "TO_A";
	xcb_get_property_reply_t *r;
	const xcb_atom_t *got;
	unsigned i;

	for (i = 0; i < 10; i++) {
		name[3] = (char)('A' + i);
		list[2 * i] = utf8;
		list[2 * i + 1] = x_atom(c, name);
	}
	ck_assert_int_eq(shmfb_set_clipboard(fb, text), 0);
	settle(fb, c);
	send_list(property, x_atom(c, "ATOM_PAIR"), 32, 20, list);
	ck_assert_uint_eq(answered(), property);
	r = get(property, true);
	ck_assert_uint_eq(r->value_len, 20);
	got = xcb_get_property_value(r);
	ck_assert_mem_eq(got, list, 8 * 8);
	for (i = 16; i < 20; i++)
		ck_assert_uint_eq(got[i], XCB_NONE);
	free(r);
	for (i = 0; i < 8; i++)
		check_pieces(list[2 * i + 1], utf8, text);
	free(text);
}
END_TEST

/* A list may be anything, of any length: nothing is taken of such. */
START_TEST(lists_of_nonsense)
{
	static const struct {
		const char *type;
		uint8_t format;
		uint32_t count;
	} lists[] = {
		{ "ATOM_PAIR", 32, 0 }, { "ATOM_PAIR", 32, 1 },
		{ "ATOM_PAIR", 32, 3 }, { "ATOM_PAIR", 32, 63 },
		{ "ATOM_PAIR", 32, 65 }, { "ATOM_PAIR", 32, 66 },
		{ "ATOM_PAIR", 32, 50000 }, { "ATOM_PAIR", 8, 8 },
		{ "ATOM_PAIR", 8, 256 }, { "ATOM_PAIR", 16, 4 },
		{ "UTF8_STRING", 32, 2 },
	};
	xcb_atom_t *list = calloc(50000, sizeof(*list));
	xcb_get_property_reply_t *r;
	unsigned i;

	for (i = 0; i < 50000; i += 2) {
		list[i] = utf8;
		list[i + 1] = x_atom(c, "TO_0");
	}
	ck_assert_int_eq(shmfb_set_clipboard(fb, "text"), 0);
	settle(fb, c);
	for (i = 0; i < BASE_ARRAY_SIZE(lists); i++) {
		send_list(property, x_atom(c, lists[i].type),
			  lists[i].format, lists[i].count, list);
		ck_assert_uint_eq(answered(), XCB_NONE);
		r = get(list[1], true);
		ck_assert_uint_eq(r->type, XCB_NONE);
		free(r);
	}
	/* As many as there may be. */
	send_list(property, x_atom(c, "ATOM_PAIR"), 32, 64, list);
	ck_assert_uint_eq(answered(), property);
	r = get(list[1], true);
	ck_assert_uint_eq(r->type, utf8);
	free(r);
	free(list);
}
END_TEST

/* Before one of them was looked at: so many wait, and not one more. */
START_TEST(many_lists_at_once)
{
	const xcb_atom_t list[] = { utf8, x_atom(c, "TO_0") };
	char name[] = "LIST_0";
	unsigned i, refused = 0;

	ck_assert_int_eq(shmfb_set_clipboard(fb, "text"), 0);
	settle(fb, c);
	for (i = 0; i < 5; i++) {
		name[5] = (char)('0' + i);
		send_list(x_atom(c, name), x_atom(c, "ATOM_PAIR"), 32, 2,
			  list);
	}
	for (i = 0; i < 5; i++)
		refused += answered() == XCB_NONE;
	ck_assert_uint_eq(refused, 1);
	/* One who goes before it is answered, and then the window itself. */
	send_list(property, x_atom(c, "ATOM_PAIR"), 32, 2, list);
	xcb_destroy_window(c, window);
	x_sync(c);
	settle(fb, c);
	window = xcb_generate_id(c);
	xcb_create_window(c, 0, window, root, 0, 0, 1, 1, 0,
			  XCB_WINDOW_CLASS_INPUT_ONLY, 0, 0, NULL);
	send_list(property, x_atom(c, "ATOM_PAIR"), 32, 2, list);
	ck_assert_uint_eq(answered(), property);
	send_list(property, x_atom(c, "ATOM_PAIR"), 32, 2, list);
	ck_assert_int_eq(shmfb_dispatch(fb), 0);
}
END_TEST

/* The server's time. */
static xcb_timestamp_t
time_now(void)
{
	xcb_property_notify_event_t *e;
	xcb_timestamp_t time;

	xcb_change_property(c, XCB_PROP_MODE_REPLACE, window,
			    XCB_ATOM_CUT_BUFFER0, XCB_ATOM_STRING, 8, 0, NULL);
	xcb_flush(c);
	do {
		e = (void *)await(XCB_PROPERTY_NOTIFY);
		time = e->atom == XCB_ATOM_CUT_BUFFER0 ? e->time : 0;
		free(e);
	} while (!time);
	return time;
}

START_TEST(owner_says_since_when)
{
	xcb_timestamp_t before = time_now(), since;
	xcb_get_property_reply_t *r;

	ck_assert_int_eq(shmfb_set_clipboard(fb, "text"), 0);
	settle(fb, c);
	usleep(20000);
	ck_assert_uint_eq(ask(x_atom(c, "TIMESTAMP"), property), property);
	r = get(property, true);
	ck_assert_uint_eq(r->type, XCB_ATOM_INTEGER);
	ck_assert_uint_eq(r->format, 32);
	ck_assert_uint_eq(r->value_len, 1);
	since = *(xcb_timestamp_t *)xcb_get_property_value(r);
	free(r);
	ck_assert_uint_ge(since, before);
	ck_assert_uint_lt(since, time_now());
}
END_TEST

/* Does anybody listen to that window's properties, but for this client? */
static bool
is_listened_to(xcb_window_t of)
{
	xcb_get_window_attributes_reply_t *r;
	bool all;

	settle(fb, c);
	r = xcb_get_window_attributes_reply(c,
			xcb_get_window_attributes(c, of), NULL);
	ck_assert_ptr_nonnull(r);
	all = (r->all_event_masks & ~r->your_event_mask) &
	      XCB_EVENT_MASK_PROPERTY_CHANGE;
	free(r);
	return all;
}

/* A window pastes a long text, and looks for the pieces itself. */
static void
paste_all(xcb_window_t by)
{
	xcb_get_property_reply_t *r;
	bool last = false;
	size_t length = 0;
	uint64_t deadline = base_now_ns() + 5 * BASE_NS_PER_S;

	settle(fb, c);
	xcb_convert_selection(c, by, clipboard, utf8, property,
			      XCB_CURRENT_TIME);
	while (!last) {
		ck_assert_uint_lt(base_now_ns(), deadline);
		x_sync(c);
		settle(fb, c);
		r = xcb_get_property_reply(c, xcb_get_property(c, 1, by,
				property, XCB_GET_PROPERTY_TYPE_ANY, 0,
				64 * MB), NULL);
		ck_assert_ptr_nonnull(r);
		if (r->type == utf8)
			length += r->value_len;
		last = r->type == utf8 && !r->value_len;
		free(r);
	}
	ck_assert_uint_eq(length, LONG);
	x_sync(c);
}

/* Whoever has all of it is left alone; the root has the user's settings. */
START_TEST(pasters_are_listened_to_meanwhile)
{
	const uint32_t mask = XCB_EVENT_MASK_NO_EVENT;
	char *text = long_text();

	xcb_change_window_attributes(c, window, XCB_CW_EVENT_MASK, &mask);
	ck_assert_int_eq(shmfb_set_clipboard(fb, text), 0);
	free(text);
	ck_assert(!is_listened_to(window));
	ck_assert_uint_eq(ask(utf8, x_atom(c, "TEST_STOPS")),
			  x_atom(c, "TEST_STOPS"));
	ck_assert(is_listened_to(window));
	paste_all(window);
	/* The other transfer to it has not ended. */
	ck_assert(is_listened_to(window));
	usleep(2100 * 1000);
	ck_assert(!is_listened_to(window));
	paste_all(window);
	ck_assert(!is_listened_to(window));
	paste_all(root);
	ck_assert(is_listened_to(root));
}
END_TEST

/* Those who never fetch what they asked for are forgotten. */
START_TEST(pasters_that_stop_are_forgotten)
{
	char *text = long_text(), name[] = "TEST_PASTE_0";
	uint64_t begun;
	unsigned i;

	ck_assert_int_eq(shmfb_set_clipboard(fb, text), 0);
	free(text);
	for (i = 0; i < 8; i++) {
		name[11] = (char)('0' + i);
		ck_assert_uint_ne(ask(utf8, x_atom(c, name)), XCB_NONE);
	}
	ck_assert_uint_eq(ask(utf8, property), XCB_NONE);
	begun = base_now_ns();
	while (base_now_ns() < begun + 2200 * BASE_NS_PER_MS)
		ck_assert_int_eq(shmfb_dispatch(fb), 0);
	ck_assert_uint_eq(ask(utf8, property), property);
}
END_TEST

START_TEST(not_everything_can_be_copied)
{
	static const char *const bad[] = {
		"\xff", "a\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
		"\xe2\x82", "\x80",
	};
	unsigned i;

	for (i = 0; i < 7; i++)
		ck_assert_int_eq(shmfb_set_clipboard(fb, bad[i]), -EINVAL);
	ck_assert_int_eq(shmfb_set_clipboard(fb, "\xf4\x8f\xbf\xbf"), 0);
	ck_assert_int_eq(shmfb_set_clipboard(fb, ""), 0);
}
END_TEST

/* -------------------------------------------------- the other one copies -- */

static void
own(void)
{
	/* After what the window has copied, which the server may not know. */
	settle(fb, c);
	xcb_set_selection_owner(c, window, clipboard, XCB_CURRENT_TIME);
	x_sync(c);
	settle(fb, c);
}

/* Wait for the window to ask, and say that the answer is in its property. */
static xcb_selection_request_event_t *
asked(void)
{
	ck_assert_int_eq(shmfb_request_clipboard(fb), 0);
	return (void *)await(XCB_SELECTION_REQUEST);
}

static void
put(const xcb_selection_request_event_t *e, uint8_t mode, xcb_atom_t type,
    uint8_t format, size_t count, const void *data)
{
	xcb_change_property(c, mode, e->requestor, e->property, type, format,
			    (uint32_t)count, data);
}

static void
answer(const xcb_selection_request_event_t *e, xcb_atom_t in)
{
	union {
		xcb_selection_notify_event_t notify;
		char bytes[32];
	} a = { .notify = {
		.response_type = XCB_SELECTION_NOTIFY,
		.time = e->time,
		.requestor = e->requestor,
		.selection = e->selection,
		.target = e->target,
		.property = in,
	} };

	xcb_send_event(c, 0, e->requestor, 0, a.bytes);
	x_sync(c);
}

static bool
has_paste(struct shmfb *of, void *data)
{
	struct shmfb_event *e = data;

	while (shmfb_next_event(of, e))
		if (e->type == SHMFB_EVENT_PASTE)
			return true;
	return false;
}

/* What was pasted, in the end; NULL: nothing. */
static const char *
paste_of(struct shmfb *of)
{
	struct shmfb_event e;

	wait_until(of, has_paste, &e);
	if (e.u.paste.utf8)
		ck_assert_uint_eq(strlen(e.u.paste.utf8), e.u.paste.length);
	return e.u.paste.utf8;
}

/* Copied by the other client, in one piece. */
static const char *
paste(xcb_atom_t type, const void *data, size_t length)
{
	xcb_selection_request_event_t *e;

	own();
	e = asked();
	ck_assert_uint_eq(e->target, utf8);
	put(e, XCB_PROP_MODE_REPLACE, type, 8, length, data);
	answer(e, e->property);
	free(e);
	return paste_of(fb);
}

START_TEST(paste_what_others_copy)
{
	ck_assert_str_eq(paste(utf8, "caf\xc3\xa9", 5), "caf\xc3\xa9");
	/* Some send the NUL of theirs, too. */
	ck_assert_str_eq(paste(utf8, "nul", 4), "nul");
	ck_assert_str_eq(paste(utf8, "", 0), "");
	ck_assert_ptr_null(paste(utf8, "\xff\xfe", 2));
	ck_assert_ptr_null(paste(utf8, "a\0b", 3));
	ck_assert_ptr_null(paste(XCB_ATOM_STRING, "latin", 5));
	ck_assert_str_eq(paste(utf8, "again", 5), "again");
}
END_TEST

START_TEST(paste_of_what_was_copied_here)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	struct shmfb *other;

	ck_assert_int_eq(shmfb_set_clipboard(fb, "mine"), 0);
	ck_assert_int_eq(shmfb_request_clipboard(fb), 0);
	ck_assert_str_eq(paste_of(fb), "mine");
	opt.share = fb;
	other = open_window(&opt);
	ck_assert_int_eq(shmfb_request_clipboard(other), 0);
	ck_assert_str_eq(paste_of(other), "mine");
	/* The newest counts, whoever has copied it. */
	ck_assert_int_eq(shmfb_set_clipboard(other, "theirs"), 0);
	ck_assert_int_eq(shmfb_request_clipboard(fb), 0);
	ck_assert_str_eq(paste_of(fb), "theirs");
	shmfb_close(other);
	ck_assert_str_eq(paste(utf8, "foreign", 7), "foreign");
}
END_TEST

START_TEST(paste_when_there_is_nothing)
{
	xcb_selection_request_event_t *e;

	ck_assert_int_eq(shmfb_request_clipboard(fb), 0);
	ck_assert_ptr_null(paste_of(fb));
	own();
	e = asked();
	ck_assert_int_eq(shmfb_request_clipboard(fb), -EALREADY);
	answer(e, XCB_NONE);
	free(e);
	ck_assert_ptr_null(paste_of(fb));
}
END_TEST

/* Until the window has taken the piece, or has had enough. */
static bool
taken(const xcb_selection_request_event_t *e)
{
	xcb_get_property_reply_t *r;
	bool gone;

	x_sync(c);
	settle(fb, c);
	r = xcb_get_property_reply(c, xcb_get_property(c, 0, e->requestor,
			e->property, XCB_GET_PROPERTY_TYPE_ANY, 0, 0), NULL);
	ck_assert_ptr_nonnull(r);
	gone = r->type == XCB_NONE;
	free(r);
	return gone;
}

static void
begin_pieces(const xcb_selection_request_event_t *e)
{
	const uint32_t least = 1;

	put(e, XCB_PROP_MODE_REPLACE, incr, 32, 1, &least);
	answer(e, e->property);
	ck_assert(taken(e));
}

START_TEST(paste_long_texts_in_pieces)
{
	char *text = long_text();
	xcb_selection_request_event_t *e;
	size_t at, n;

	own();
	e = asked();
	begin_pieces(e);
	for (at = 0; at < LONG; at += n) {
		n = LONG - at < 70000 ? LONG - at : 70000;
		put(e, XCB_PROP_MODE_REPLACE, utf8, 8, n, text + at);
		ck_assert(taken(e));
	}
	put(e, XCB_PROP_MODE_REPLACE, utf8, 8, 0, NULL);
	x_sync(c);
	ck_assert_str_eq(paste_of(fb), text);
	free(e);
	free(text);
}
END_TEST

/* Piece after piece, without end: it is ended. */
START_TEST(owner_that_sends_for_ever)
{
	char *piece = malloc(MB);
	xcb_selection_request_event_t *e;
	unsigned n = 0;

	memset(piece, 'x', MB);
	own();
	e = asked();
	begin_pieces(e);
	do
		put(e, XCB_PROP_MODE_REPLACE, utf8, 8, MB, piece);
	while (taken(e) && ++n < 40 &&
	       shmfb_request_clipboard(fb) == -EALREADY);
	ck_assert_uint_eq(n, 17);
	ck_assert_ptr_null(paste_of(fb));
	free(e);
	free(piece);
}
END_TEST

/* All at once, and more than is taken. */
START_TEST(owner_that_sends_too_much)
{
	char *half = malloc(9 * MB);
	xcb_selection_request_event_t *e;

	memset(half, 'x', 9 * MB);
	own();
	e = asked();
	put(e, XCB_PROP_MODE_REPLACE, utf8, 8, 9 * MB, half);
	put(e, XCB_PROP_MODE_APPEND, utf8, 8, 9 * MB, half);
	answer(e, e->property);
	ck_assert_ptr_null(paste_of(fb));
	free(e);
	free(half);
}
END_TEST

START_TEST(owner_that_is_silent)
{
	uint64_t begun = base_now_ns();

	own();
	free(asked());
	ck_assert_ptr_null(paste_of(fb));
	ck_assert_uint_ge(base_now_ns() - begun, 1900 * BASE_NS_PER_MS);
	ck_assert_str_eq(paste(utf8, "awake", 5), "awake");
}
END_TEST

/* Its answer to the first question is none to the second. */
START_TEST(owner_that_is_late)
{
	xcb_selection_request_event_t *first, *second, other;

	own();
	first = asked();
	ck_assert_ptr_null(paste_of(fb));
	second = asked();
	put(first, XCB_PROP_MODE_REPLACE, utf8, 8, 4, "late");
	answer(first, first->property);
	settle(fb, c);
	answer(first, XCB_NONE);
	settle(fb, c);
	/* Nor is one to what was not asked. */
	other = *second;
	other.target = XCB_ATOM_STRING;
	answer(&other, other.property);
	settle(fb, c);
	put(second, XCB_PROP_MODE_REPLACE, utf8, 8, 7, "in time");
	answer(second, second->property);
	ck_assert_str_eq(paste_of(fb), "in time");
	free(first);
	free(second);
}
END_TEST

/* Copied text comes in two writes, which may be seen before either is read. */
START_TEST(piece_in_two_parts)
{
	xcb_selection_request_event_t *e;

	own();
	e = asked();
	begin_pieces(e);
	put(e, XCB_PROP_MODE_REPLACE, utf8, 8, 3, "one");
	put(e, XCB_PROP_MODE_APPEND, utf8, 8, 4, "-two");
	ck_assert(taken(e));
	put(e, XCB_PROP_MODE_REPLACE, utf8, 8, 0, NULL);
	x_sync(c);
	ck_assert_str_eq(paste_of(fb), "one-two");
	free(e);
}
END_TEST

START_TEST(owner_that_stops_in_between)
{
	xcb_selection_request_event_t *e;

	own();
	e = asked();
	begin_pieces(e);
	put(e, XCB_PROP_MODE_REPLACE, utf8, 8, 4, "half");
	ck_assert(taken(e));
	free(e);
	ck_assert_ptr_null(paste_of(fb));
}
END_TEST

/*
 * A server, or what is between, that says of a piece that it is longer than
 * what has come: a little, as much as a signed number has no room for, and as
 * much as 32 bits have none for.
 */
START_TEST(texts_that_boast)
{
	static const uint32_t bytes[] = { 9, 4096, 0x80000000, UINT32_MAX };
	xcb_selection_request_event_t *e;
	unsigned i;

	for (i = 0; i < BASE_ARRAY_SIZE(bytes); i++) {
		boast_of(utf8, bytes[i], "x");
		ck_assert_ptr_null(paste(utf8, "text", 4));
		ck_assert_uint_eq(boast_end(), 1);
		own();
		e = asked();
		begin_pieces(e);
		boast_of(utf8, bytes[i], "x");
		put(e, XCB_PROP_MODE_REPLACE, utf8, 8, 4, "text");
		x_sync(c);
		ck_assert_ptr_null(paste_of(fb));
		ck_assert_uint_eq(boast_end(), 1);
		free(e);
	}
	ck_assert_str_eq(paste(utf8, "honest", 6), "honest");
}
END_TEST

/* ------------------------------------------------------- it is given up -- */

static xcb_window_t
owner(void)
{
	xcb_get_selection_owner_reply_t *r;
	xcb_window_t w;

	r = xcb_get_selection_owner_reply(c,
			xcb_get_selection_owner(c, clipboard), NULL);
	ck_assert_ptr_nonnull(r);
	w = r->owner;
	free(r);
	return w;
}

static void
give_up(void)
{
	ck_assert_int_eq(shmfb_set_clipboard(fb, NULL), 0);
	settle(fb, c);
}

/*
 * Copied, and the server knows of it; the window has heard of when, or not
 * even that.
 */
static void
copy(const char *text, bool heard)
{
	uint64_t deadline = base_now_ns() + 5 * BASE_NS_PER_S;

	ck_assert_int_eq(shmfb_set_clipboard(fb, text), 0);
	if (heard)
		settle(fb, c);
	while (owner() != shmfb_window_id(fb))
		ck_assert_uint_lt(base_now_ns(), deadline);
}

START_TEST(given_up)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	struct shmfb *other;
	unsigned i;

	/* Within the time that it was copied at, and after it. */
	for (i = 0; i < 50; i++) {
		copy("mine", _i);
		give_up();
		ck_assert_uint_eq(owner(), XCB_NONE);
	}
	/* It is copied again, here or there: that stays. */
	copy("mine", _i);
	ck_assert_int_eq(shmfb_set_clipboard(fb, NULL), 0);
	ck_assert_int_eq(shmfb_set_clipboard(fb, "again"), 0);
	settle(fb, c);
	ck_assert_uint_eq(owner(), shmfb_window_id(fb));
	ck_assert_uint_eq(ask(utf8, property), property);
	opt.share = fb;
	other = open_window(&opt);
	copy("mine", _i);
	ck_assert_int_eq(shmfb_set_clipboard(fb, NULL), 0);
	ck_assert_int_eq(shmfb_set_clipboard(other, "theirs"), 0);
	settle(fb, c);
	ck_assert_uint_eq(owner(), shmfb_window_id(other));
	shmfb_close(other);
}
END_TEST

/* Lost so many requests later that 32 bits do not tell later from before. */
START_TEST(lost_however_late)
{
	struct shmfb_owner *o = &fb->clipboard.owner;
	xcb_selection_clear_event_t e = {
		.response_type = XCB_SELECTION_CLEAR,
		.owner = shmfb_window_id(fb),
		.selection = clipboard,
	};

	copy("mine", true);
	shmfb_owner_lost(fb, &e, o->since + 0x80000000 + 5);
	ck_assert_ptr_null(o->own);
	/* What was sent before it was ours is not meant, if it comes then. */
	copy("mine", true);
	o->timed = false;
	shmfb_owner_lost(fb, &e, o->since - 1);
	ck_assert_ptr_nonnull(o->own);
	shmfb_owner_lost(fb, &e, o->since);
	ck_assert_ptr_null(o->own);
}
END_TEST

/* Somebody else has copied, and that was not heard of yet: it is theirs. */
START_TEST(given_up_when_it_was_lost)
{
	copy("mine", _i);
	usleep(5000);
	xcb_set_selection_owner(c, window, clipboard, XCB_CURRENT_TIME);
	x_sync(c);
	give_up();
	ck_assert_uint_eq(owner(), window);
}
END_TEST

/* ------------------------------------------------------ nobody sleeps -- */

static struct xserver server;

static void
setup_own(void)
{
	xserver_start(&server, "640x480x24", NULL);
	setenv("DISPLAY", server.display, 1);
	setup();
}

static void
teardown_own(void)
{
	teardown();
	xserver_stop(&server);
}

/* Stop the server, for 1.5 s: who goes on with it is to be waited for. */
static pid_t
stop_server(void)
{
	pid_t pid;

	kill(server.pid, SIGSTOP);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		usleep(1500 * 1000);
		kill(server.pid, SIGCONT);
		_exit(0);
	}
	return pid;
}

/* The answer, or a piece, is there when the server stops. */
START_TEST(paste_while_the_server_sleeps)
{
	xcb_selection_request_event_t *e;
	uint64_t begun;
	pid_t pid;

	own();
	e = asked();
	if (_i > 0)
		begin_pieces(e);
	put(e, XCB_PROP_MODE_REPLACE, utf8, 8, 4, "text");
	if (_i == 0)
		answer(e, e->property);
	x_sync(c);
	pid = stop_server();
	begun = base_now_ns();
	while (base_now_ns() < begun + 500 * BASE_NS_PER_MS) {
		ck_assert_int_eq(shmfb_dispatch(fb), 0);
		usleep(1000);
	}
	ck_assert_uint_lt(base_now_ns() - begun, 1000 * BASE_NS_PER_MS);
	ck_assert(!has_paste(fb, &(struct shmfb_event){ 0 }));
	waitpid(pid, NULL, 0);
	if (_i > 0) {
		ck_assert(taken(e));
		put(e, XCB_PROP_MODE_REPLACE, utf8, 8, 0, NULL);
		x_sync(c);
	}
	ck_assert_str_eq(paste_of(fb), "text");
	free(e);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("clipboard");
	TCase *tc = suite_case(s, "text");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, others_paste_what_was_copied);
	tcase_add_test(tc, others_paste_long_texts_in_pieces);
	tcase_add_test(tc, pieces_of_the_type_that_was_wanted);
	tcase_add_test(tc, pieces_from_the_beginning);
	tcase_add_test(tc, others_paste_several_forms);
	tcase_add_test(tc, several_forms_in_pieces);
	tcase_add_test(tc, lists_of_nonsense);
	tcase_add_test(tc, many_lists_at_once);
	tcase_add_test(tc, pasters_that_stop_are_forgotten);
	tcase_add_test(tc, not_everything_can_be_copied);
	tcase_add_test(tc, paste_what_others_copy);
	tcase_add_test(tc, paste_of_what_was_copied_here);
	tcase_add_test(tc, paste_when_there_is_nothing);
	tcase_add_test(tc, paste_long_texts_in_pieces);
	tcase_add_test(tc, owner_that_sends_for_ever);
	tcase_add_test(tc, owner_that_sends_too_much);
	tcase_add_test(tc, owner_that_is_silent);
	tcase_add_test(tc, owner_that_stops_in_between);
	tcase_add_test(tc, owner_that_is_late);
	tcase_add_test(tc, piece_in_two_parts);
	tcase_add_test(tc, texts_that_boast);
	tcase_add_test(tc, lost_however_late);
	tcase_add_loop_test(tc, given_up, 0, 2);
	tcase_add_loop_test(tc, given_up_when_it_was_lost, 0, 2);
	tcase_add_test(tc, owner_says_since_when);
	tcase_add_test(tc, pasters_are_listened_to_meanwhile);
	tc = suite_case(s, "asleep");
	tcase_add_checked_fixture(tc, setup_own, teardown_own);
	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, paste_while_the_server_sleeps, 0, 2);
	return suite_run(s);
}
