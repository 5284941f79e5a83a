/* SPDX-License-Identifier: MIT */
/*
 * clipboard.c - text that is copied here, and text that is pasted
 *
 * Called by event.c, and by loop.c for what takes too long. What does not fit
 * into one request goes in pieces, either way (INCR): who reads deletes the
 * property, who writes then writes the next piece, and an empty one ends it.
 * Windows that share a connection get each other's text without the server.
 *
 * Nobody waits for the server. Its time, by which an answer is known to be one
 * to the last question, comes with the event of a property that is written for
 * that; what an owner has written is looked for in each step.
 */
#include "config.h"

#include "clipboard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/error.h"
#include "text.h"
#include "window.h"

/* One piece. Within what any server takes in one request. */
#define PIECE (64 * 1024)

/* ---------------------------------------------------------------- text -- */

static struct shmfb_clip *
clip_create(const char *text, size_t length)
{
	struct shmfb_clip *clip =
		base_sys.calloc(1, sizeof(*clip) + length + 1);

	if (!clip)
		return NULL;
	clip->refs = 1;
	clip->length = length;
	memcpy(clip->text, text, length);
	return clip;
}

static struct shmfb_clip *
clip_ref(struct shmfb_clip *clip)
{
	clip->refs++;
	return clip;
}

static void
clip_drop(struct shmfb_clip **clip)
{
	if (*clip && --(*clip)->refs == 0)
		free(*clip);
	*clip = NULL;
}

static void
drop_got(struct shmfb_clipboard *b)
{
	free(b->got);
	b->got = NULL;
	b->got_length = 0;
	b->got_size = 0;
}

static bool
has_paster(const struct shmfb *fb, xcb_window_t window)
{
	const struct shmfb_paster *p = fb->clipboard.pasters;
	unsigned i;

	for (i = 0; i < SHMFB_PASTERS; i++)
		if (p[i].clip && p[i].window == window)
			return true;
	return false;
}

/* It pastes no more, and is not listened to for nothing. */
static void
end_pieces(struct shmfb *fb, struct shmfb_paster *p)
{
	const uint32_t mask = XCB_EVENT_MASK_NO_EVENT;
	const struct shmfb *other;

	clip_drop(&p->clip);
	if (p->window == shmfb_settings_root(fb->x) ||
	    has_paster(fb, p->window))
		return;
	shmfb_for_each(other, fb->x)
		if (has_paster(other, p->window))
			return;
	xcb_change_window_attributes(fb->x->conn, p->window, XCB_CW_EVENT_MASK,
				     &mask);
}

void
shmfb_clipboard_finish(struct shmfb *fb)
{
	struct shmfb_clipboard *b = &fb->clipboard;
	unsigned i;

	for (i = 0; i < SHMFB_PASTERS; i++)
		if (b->pasters[i].clip)
			end_pieces(fb, &b->pasters[i]);
	if (b->ask.due)
		shmfb_property_forget(fb->x, &b->ask);
	clip_drop(&b->own);
	clip_drop(&b->pasted);
	drop_got(b);
	b->state = SHMFB_PASTE_NONE;
}

void
shmfb_clipboard_fill(const struct shmfb *fb, const char **text,
		     size_t *length)
{
	const struct shmfb_clip *clip = fb->clipboard.pasted;

	*text = clip ? clip->text : NULL;
	*length = clip ? clip->length : 0;
}

/* ---------------------------------------------------------------- copy -- */

/* Have the server tell its time: the request whose event that is. */
static uint32_t
ask_time(struct shmfb *fb)
{
	return xcb_change_property(fb->x->conn, XCB_PROP_MODE_REPLACE,
				   fb->window,
				   fb->x->atom[SHMFB_ATOM_TIMESTAMP],
				   XCB_ATOM_INTEGER, 32, 0, NULL).sequence;
}

int
shmfb_set_clipboard(struct shmfb *fb, const char *utf8)
{
	shmfb_without_sigpipe(fb->x);
	struct shmfb_clipboard *b = &fb->clipboard;
	struct shmfb_clip *clip = NULL;
	struct shmfb *other;
	size_t length = utf8 ? strlen(utf8) : 0;
	int err;

	err = shmfb_check_gone(fb);
	if (err)
		return err;
	if (length > SHMFB_PASTE_MAX || !shmfb_text_valid(utf8, length))
		return base_error(-EINVAL, length > SHMFB_PASTE_MAX ?
			"the text is too long for a clipboard" :
			"the text for the clipboard is not UTF-8");
	if (utf8) {
		clip = clip_create(utf8, length);
		if (!clip)
			return base_error(-ENOMEM, "no memory for a clipboard");
	}
	/*
	 * The current time: a program may copy without its user's doing, and
	 * an older time than the owner's is refused without a word.
	 */
	if (!clip && !b->own)
		return 0;
	b->stamp = ask_time(fb);
	b->since = xcb_set_selection_owner(fb->x->conn,
		clip ? fb->window : XCB_NONE,
		fb->x->atom[SHMFB_ATOM_CLIPBOARD],
		XCB_CURRENT_TIME).sequence;
	/* There is one on the connection that the server knows of. */
	shmfb_for_each(other, fb->x)
		clip_drop(&other->clipboard.own);
	b->own = clip;
	shmfb_step(fb, false);
	return shmfb_check_gone(fb);
}

void
shmfb_clipboard_lost(struct shmfb *fb, const xcb_selection_clear_event_t *e,
		     uint32_t full)
{
	/* Of before it was ours again: the server had not come to that. */
	if (e->selection == fb->x->atom[SHMFB_ATOM_CLIPBOARD] &&
	    (int32_t)(full - fb->clipboard.since) >= 0)
		clip_drop(&fb->clipboard.own);
}

static void
put_piece(struct shmfb *fb, struct shmfb_paster *p)
{
	size_t length = BASE_MIN(p->clip->length - p->sent, (size_t)PIECE);

	xcb_change_property(fb->x->conn, XCB_PROP_MODE_REPLACE, p->window,
			    p->property, fb->x->atom[SHMFB_ATOM_UTF8_STRING],
			    8, (uint32_t)length, p->clip->text + p->sent);
	p->sent += length;
	p->last = length == 0;
	p->deadline_ns = base_now_ns() + SHMFB_PASTE_IDLE_NS;
}

/* Begin to send in pieces; the first when it has deleted this. */
static bool
begin_pieces(struct shmfb *fb, xcb_window_t window, xcb_atom_t property)
{
	const uint32_t mask = XCB_EVENT_MASK_PROPERTY_CHANGE;
	struct shmfb_paster *p = fb->clipboard.pasters;
	const uint32_t length = (uint32_t)fb->clipboard.own->length;
	unsigned i;

	for (i = 0; i < SHMFB_PASTERS && p->clip; i++)
		p++;
	if (i == SHMFB_PASTERS)
		return false;
	*p = (struct shmfb_paster){
		.clip = clip_ref(fb->clipboard.own),
		.window = window,
		.property = property,
		.deadline_ns = base_now_ns() + SHMFB_PASTE_IDLE_NS,
	};
	xcb_change_window_attributes(fb->x->conn, window, XCB_CW_EVENT_MASK,
				     &mask);
	xcb_change_property(fb->x->conn, XCB_PROP_MODE_REPLACE, window,
			    property, fb->x->atom[SHMFB_ATOM_INCR], 32, 1,
			    &length);
	return true;
}

static void
put_targets(struct shmfb *fb, xcb_window_t window, xcb_atom_t property)
{
	const xcb_atom_t targets[] = {
		fb->x->atom[SHMFB_ATOM_TARGETS],
		fb->x->atom[SHMFB_ATOM_TIMESTAMP],
		fb->x->atom[SHMFB_ATOM_UTF8_STRING],
		fb->x->atom[SHMFB_ATOM_TEXT_PLAIN_UTF8],
	};

	xcb_change_property(fb->x->conn, XCB_PROP_MODE_REPLACE, window,
			    property, XCB_ATOM_ATOM, 32,
			    BASE_ARRAY_SIZE(targets), targets);
}

/* Write what is wanted to the property; false: there is no such thing. */
static bool
convert(struct shmfb *fb, const xcb_selection_request_event_t *e,
	xcb_atom_t property)
{
	const struct shmfb_clipboard *b = &fb->clipboard;
	const xcb_atom_t *atom = fb->x->atom;
	const struct shmfb *other;

	if (!b->own || e->selection != atom[SHMFB_ATOM_CLIPBOARD])
		return false;
	/* Ours know it without asking, and their event masks are theirs. */
	shmfb_for_each(other, fb->x)
		if (other->window == e->requestor)
			return false;
	if (e->target == atom[SHMFB_ATOM_TARGETS]) {
		put_targets(fb, e->requestor, property);
	} else if (e->target == atom[SHMFB_ATOM_TIMESTAMP]) {
		xcb_change_property(fb->x->conn, XCB_PROP_MODE_REPLACE,
				    e->requestor, property, XCB_ATOM_INTEGER,
				    32, 1, &b->time);
	} else if (e->target != atom[SHMFB_ATOM_UTF8_STRING] &&
		   e->target != atom[SHMFB_ATOM_TEXT_PLAIN_UTF8]) {
		return false;
	} else if (b->own->length > PIECE) {
		return begin_pieces(fb, e->requestor, property);
	} else {
		xcb_change_property(fb->x->conn, XCB_PROP_MODE_REPLACE,
				    e->requestor, property, e->target, 8,
				    (uint32_t)b->own->length, b->own->text);
	}
	return true;
}

void
shmfb_clipboard_wanted(struct shmfb *fb,
		       const xcb_selection_request_event_t *e)
{
	xcb_atom_t property = e->property ? e->property : e->target;
	xcb_selection_notify_event_t answer = {
		.response_type = XCB_SELECTION_NOTIFY,
		.time = e->time,
		.requestor = e->requestor,
		.selection = e->selection,
		.target = e->target,
		.property = property,
	};
	char event[32] = "";

	if (!property || !convert(fb, e, property))
		answer.property = XCB_NONE;
	memcpy(event, &answer, sizeof(answer));
	xcb_send_event(fb->x->conn, 0, e->requestor, 0, event);
}

/* One that pastes has taken a piece. */
static void
piece_taken(struct shmfb *fb, struct shmfb_paster *p)
{
	if (p->last)
		end_pieces(fb, p);
	else
		put_piece(fb, p);
}

/* --------------------------------------------------------------- paste -- */

/* It is over: clip, whose reference is taken, is what there was; or NULL. */
static void
pasted(struct shmfb *fb, struct shmfb_clip *clip)
{
	struct shmfb_event event = { .type = SHMFB_EVENT_PASTE };

	clip_drop(&fb->clipboard.pasted);
	fb->clipboard.pasted = clip;
	fb->clipboard.state = SHMFB_PASTE_NONE;
	shmfb_property_forget(fb->x, &fb->clipboard.ask);
	drop_got(&fb->clipboard);
	shmfb_push(fb, &event);
}

/* What has come is all there is; text it has to be. */
static void
paste_got(struct shmfb *fb)
{
	struct shmfb_clipboard *b = &fb->clipboard;
	size_t length = b->got_length;

	/* Some send the NUL of theirs. */
	while (length > 0 && b->got[length - 1] == '\0')
		length--;
	if (shmfb_text_valid(b->got, length))
		pasted(fb, clip_create(length ? b->got : "", length));
	else
		pasted(fb, NULL);
}

static struct shmfb_clip *
own_text(const struct shmfb *fb)
{
	const struct shmfb *other;

	shmfb_for_each(other, fb->x)
		if (!other->gone && other->clipboard.own)
			return other->clipboard.own;
	return NULL;
}

int
shmfb_request_clipboard(struct shmfb *fb)
{
	shmfb_without_sigpipe(fb->x);
	struct shmfb_clipboard *b = &fb->clipboard;
	struct shmfb_clip *own;
	int err;

	err = shmfb_check_gone(fb);
	if (err)
		return err;
	if (b->state != SHMFB_PASTE_NONE)
		return base_error(-EALREADY, "the clipboard was asked already");
	/* Have we lost it without having heard of it? */
	shmfb_step(fb, true);
	own = own_text(fb);
	if (own) {
		pasted(fb, clip_ref(own));
		return 0;
	}
	b->state = SHMFB_PASTE_STAMPED;
	b->asked_stamp = ask_time(fb);
	b->end_ns = base_now_ns() + SHMFB_PASTE_NS;
	b->deadline_ns = base_now_ns() + SHMFB_PASTE_IDLE_NS;
	shmfb_step(fb, false);
	return shmfb_check_gone(fb);
}

/* By the time of the question its answer is known, and not a later one's. */
static void
ask_owner(struct shmfb *fb, xcb_timestamp_t time)
{
	const xcb_atom_t *atom = fb->x->atom;

	xcb_delete_property(fb->x->conn, fb->window,
			    atom[SHMFB_ATOM_SHMFB_PASTE]);
	xcb_convert_selection(fb->x->conn, fb->window,
			      atom[SHMFB_ATOM_CLIPBOARD],
			      atom[SHMFB_ATOM_UTF8_STRING],
			      atom[SHMFB_ATOM_SHMFB_PASTE], time);
	fb->clipboard.asked = time;
	fb->clipboard.state = SHMFB_PASTE_ASKED;
}

/* Room for so much more; false: that is too much. */
static bool
make_room(struct shmfb_clipboard *b, size_t more)
{
	size_t size = b->got_size ? b->got_size : PIECE;
	char *got;

	if (more > SHMFB_PASTE_MAX - b->got_length)
		return false;
	while (size < b->got_length + more)
		size *= 2;
	if (size == b->got_size)
		return true;
	got = base_sys.calloc(1, size);
	if (!got)
		return false;
	if (b->got_length)
		memcpy(got, b->got, b->got_length);
	free(b->got);
	b->got = got;
	b->got_size = size;
	return true;
}

/* Have what is in the property now, which is deleted. */
static void
take_property(struct shmfb *fb)
{
	shmfb_property_take(fb->x, &fb->clipboard.ask, fb->window,
			    fb->x->atom[SHMFB_ATOM_SHMFB_PASTE],
			    SHMFB_PASTE_MAX);
}

/* Bytes of text, all of which were read: more there were not to be. */
static bool
append(struct shmfb_clipboard *b, const xcb_get_property_reply_t *r)
{
	size_t length = (size_t)xcb_get_property_value_length(r);

	if (r->format != 8 || r->bytes_after || !make_room(b, length))
		return false;
	memcpy(b->got + b->got_length, xcb_get_property_value(r), length);
	b->got_length += length;
	return true;
}

static void
take_answer(struct shmfb *fb, const xcb_get_property_reply_t *r)
{
	struct shmfb_clipboard *b = &fb->clipboard;

	if (r && r->type == fb->x->atom[SHMFB_ATOM_INCR]) {
		/* That it was deleted asks for the first piece. */
		b->state = SHMFB_PASTE_PIECES;
		b->deadline_ns = base_now_ns() + SHMFB_PASTE_IDLE_NS;
	} else if (r && r->type == fb->x->atom[SHMFB_ATOM_UTF8_STRING] &&
		   append(b, r)) {
		paste_got(fb);
	} else {
		pasted(fb, NULL);
	}
}

static void
take_piece(struct shmfb *fb, const xcb_get_property_reply_t *r)
{
	struct shmfb_clipboard *b = &fb->clipboard;

	if (!r || r->type != fb->x->atom[SHMFB_ATOM_UTF8_STRING])
		pasted(fb, NULL);
	else if (!r->value_len && !r->bytes_after)
		paste_got(fb);
	else if (!append(b, r))
		pasted(fb, NULL);
	else
		b->deadline_ns = base_now_ns() + SHMFB_PASTE_IDLE_NS;
}

void
shmfb_clipboard_poll(struct shmfb *fb)
{
	struct shmfb_clipboard *b = &fb->clipboard;
	xcb_get_property_reply_t *r;
	bool answered = false;

	r = shmfb_property_answer(fb->x, &b->ask, &answered);
	if (!answered)
		return;
	if (b->state == SHMFB_PASTE_ANSWERED)
		take_answer(fb, r);
	else
		take_piece(fb, r);
	free(r);
}

void
shmfb_clipboard_answered(struct shmfb *fb,
			 const xcb_selection_notify_event_t *e)
{
	struct shmfb_clipboard *b = &fb->clipboard;
	const xcb_atom_t *atom = fb->x->atom;

	/* Who answers late answers a question that was given up. */
	if (b->state != SHMFB_PASTE_ASKED || e->time != b->asked ||
	    e->selection != atom[SHMFB_ATOM_CLIPBOARD] ||
	    e->target != atom[SHMFB_ATOM_UTF8_STRING])
		return;
	if (e->property != atom[SHMFB_ATOM_SHMFB_PASTE]) {
		pasted(fb, NULL);
		return;
	}
	b->state = SHMFB_PASTE_ANSWERED;
	take_property(fb);
}

/* The server has told its time, by the request of that number. */
static void
take_time(struct shmfb *fb, xcb_timestamp_t time, uint32_t full)
{
	struct shmfb_clipboard *b = &fb->clipboard;

	if (full == b->stamp)
		b->time = time;
	if (full == b->asked_stamp && b->state == SHMFB_PASTE_STAMPED)
		ask_owner(fb, time);
}

/* The owner has written something. */
static void
piece_written(struct shmfb *fb, uint32_t full)
{
	struct shmfb_clipboard *b = &fb->clipboard;

	/* What came before this event comes first. */
	shmfb_clipboard_poll(fb);
	/* Of before the last question, it is in the answer to that. */
	if (b->state == SHMFB_PASTE_PIECES &&
	    (int32_t)(full - b->ask.sequence) >= 0)
		take_property(fb);
}

void
shmfb_clipboard_property(struct shmfb *fb,
			 const xcb_property_notify_event_t *e, uint32_t full)
{
	struct shmfb_paster *p = fb->clipboard.pasters;
	unsigned i;

	for (i = 0; i < SHMFB_PASTERS; i++)
		if (p[i].clip && e->state == XCB_PROPERTY_DELETE &&
		    p[i].window == e->window && p[i].property == e->atom)
			piece_taken(fb, &p[i]);
	if (e->window != fb->window || e->state != XCB_PROPERTY_NEW_VALUE)
		return;
	if (e->atom == fb->x->atom[SHMFB_ATOM_TIMESTAMP])
		take_time(fb, e->time, full);
	else if (e->atom == fb->x->atom[SHMFB_ATOM_SHMFB_PASTE])
		piece_written(fb, full);
}

/* ---------------------------------------------------------------- time -- */

uint64_t
shmfb_clipboard_deadline(const struct shmfb *fb)
{
	const struct shmfb_clipboard *b = &fb->clipboard;
	uint64_t deadline = UINT64_MAX;
	unsigned i;

	if (b->state != SHMFB_PASTE_NONE)
		deadline = BASE_MIN(b->deadline_ns, b->end_ns);
	for (i = 0; i < SHMFB_PASTERS; i++)
		if (b->pasters[i].clip)
			deadline = BASE_MIN(deadline,
					    b->pasters[i].deadline_ns);
	return deadline;
}

void
shmfb_clipboard_expire(struct shmfb *fb, uint64_t now)
{
	struct shmfb_clipboard *b = &fb->clipboard;
	unsigned i;

	for (i = 0; i < SHMFB_PASTERS; i++)
		if (b->pasters[i].clip && now >= b->pasters[i].deadline_ns)
			end_pieces(fb, &b->pasters[i]);
	if (b->state != SHMFB_PASTE_NONE &&
	    now >= BASE_MIN(b->deadline_ns, b->end_ns))
		pasted(fb, NULL);
}
