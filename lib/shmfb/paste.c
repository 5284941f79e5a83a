/* SPDX-License-Identifier: MIT */
/*
 * paste.c - text that is pasted here, from whoever has copied it
 *
 * Called by event.c and clipboard.c. Long texts come in pieces (INCR):
 * that the property is deleted asks for the next, and an empty one ends it.
 * Windows that share a connection get each other's text without the server.
 *
 * Nobody waits for the server. Its time, by which an answer is known to be one
 * to the last question, comes with the event of a property that is written for
 * that; what an owner has written is looked for in each step.
 */
#include "config.h"

#include "paste.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/error.h"
#include "text.h"
#include "window.h"

/* Room for the first that comes: a piece, as most send them. */
#define FIRST_SIZE (64 * 1024)

static void
drop_got(struct shmfb_paste *p)
{
	free(p->got);
	p->got = NULL;
	p->got_length = 0;
	p->got_size = 0;
}

void
shmfb_paste_finish(struct shmfb *fb)
{
	struct shmfb_paste *p = &fb->clipboard.paste;

	if (p->ask.due)
		shmfb_property_forget(fb->x, &p->ask);
	shmfb_clip_drop(&p->pasted);
	drop_got(p);
	p->state = SHMFB_PASTE_NONE;
}

void
shmfb_paste_fill(const struct shmfb *fb, const char **text, size_t *length)
{
	const struct shmfb_clip *clip = fb->clipboard.paste.pasted;

	*text = clip ? clip->text : NULL;
	*length = clip ? clip->length : 0;
}

/* It is over: clip, whose reference is taken, is what there was; or NULL. */
static void
pasted(struct shmfb *fb, struct shmfb_clip *clip)
{
	struct shmfb_event event = { .type = SHMFB_EVENT_PASTE };

	shmfb_clip_drop(&fb->clipboard.paste.pasted);
	fb->clipboard.paste.pasted = clip;
	fb->clipboard.paste.state = SHMFB_PASTE_NONE;
	shmfb_property_forget(fb->x, &fb->clipboard.paste.ask);
	drop_got(&fb->clipboard.paste);
	shmfb_push(fb, &event);
}

/* What has come is all there is; text it has to be. */
static void
paste_got(struct shmfb *fb)
{
	struct shmfb_paste *p = &fb->clipboard.paste;
	size_t length = p->got_length;

	/* Some send the NUL of theirs. */
	while (length > 0 && p->got[length - 1] == '\0')
		length--;
	if (shmfb_text_valid(p->got, length))
		pasted(fb, shmfb_clip_create(length ? p->got : "", length));
	else
		pasted(fb, NULL);
}

static struct shmfb_clip *
own_text(const struct shmfb *fb)
{
	const struct shmfb *other;

	shmfb_for_each(other, fb->x)
		if (!other->gone && other->clipboard.owner.own)
			return other->clipboard.owner.own;
	return NULL;
}

int
shmfb_request_clipboard(struct shmfb *fb)
{
	shmfb_without_sigpipe(fb->x);
	struct shmfb_paste *p = &fb->clipboard.paste;
	struct shmfb_clip *own;
	int err;

	err = shmfb_check_gone(fb);
	if (err)
		return err;
	if (p->state != SHMFB_PASTE_NONE)
		return base_error(-EALREADY, "the clipboard was asked already");
	/* Have we lost it without having heard of it? */
	shmfb_step(fb, true);
	own = own_text(fb);
	if (own) {
		pasted(fb, shmfb_clip_ref(own));
		return 0;
	}
	p->state = SHMFB_PASTE_STAMPED;
	p->asked_stamp = shmfb_clipboard_ask_time(fb);
	p->end_ns = base_now_ns() + SHMFB_PASTE_NS;
	p->deadline_ns = base_now_ns() + SHMFB_PASTE_IDLE_NS;
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
	fb->clipboard.paste.asked = time;
	fb->clipboard.paste.state = SHMFB_PASTE_ASKED;
}

/* Room for so much more; false: that is too much. */
static bool
make_room(struct shmfb_paste *p, size_t more)
{
	size_t size = p->got_size ? p->got_size : FIRST_SIZE;
	char *got;

	if (more > SHMFB_PASTE_MAX - p->got_length)
		return false;
	while (size < p->got_length + more)
		size *= 2;
	if (size == p->got_size)
		return true;
	got = base_sys.calloc(1, size);
	if (!got)
		return false;
	if (p->got_length)
		memcpy(got, p->got, p->got_length);
	free(p->got);
	p->got = got;
	p->got_size = size;
	return true;
}

/* Have what is in the property now, which is deleted. */
static void
take_property(struct shmfb *fb)
{
	shmfb_property_take(fb->x, &fb->clipboard.paste.ask, fb->window,
			    fb->x->atom[SHMFB_ATOM_SHMFB_PASTE],
			    SHMFB_PASTE_MAX);
}

/* Bytes of text, all of which were read: more there were not to be. */
static bool
append(struct shmfb_paste *p, const xcb_get_property_reply_t *r)
{
	size_t length = (size_t)xcb_get_property_value_length(r);

	if (r->format != 8 || r->bytes_after || !make_room(p, length))
		return false;
	memcpy(p->got + p->got_length, xcb_get_property_value(r), length);
	p->got_length += length;
	return true;
}

static void
take_answer(struct shmfb *fb, const xcb_get_property_reply_t *r)
{
	struct shmfb_paste *p = &fb->clipboard.paste;

	if (r && r->type == fb->x->atom[SHMFB_ATOM_INCR]) {
		/* That it was deleted asks for the first piece. */
		p->state = SHMFB_PASTE_PIECES;
		p->deadline_ns = base_now_ns() + SHMFB_PASTE_IDLE_NS;
	} else if (r && r->type == fb->x->atom[SHMFB_ATOM_UTF8_STRING] &&
		   append(p, r)) {
		paste_got(fb);
	} else {
		pasted(fb, NULL);
	}
}

static void
take_piece(struct shmfb *fb, const xcb_get_property_reply_t *r)
{
	struct shmfb_paste *p = &fb->clipboard.paste;

	if (!r || r->type != fb->x->atom[SHMFB_ATOM_UTF8_STRING])
		pasted(fb, NULL);
	else if (!r->value_len && !r->bytes_after)
		paste_got(fb);
	else if (!append(p, r))
		pasted(fb, NULL);
	else
		p->deadline_ns = base_now_ns() + SHMFB_PASTE_IDLE_NS;
}

void
shmfb_paste_poll(struct shmfb *fb)
{
	struct shmfb_paste *p = &fb->clipboard.paste;
	xcb_get_property_reply_t *r;
	bool answered = false;

	r = shmfb_property_answer(fb->x, &p->ask, &answered);
	if (!answered)
		return;
	if (p->state == SHMFB_PASTE_ANSWERED)
		take_answer(fb, r);
	else
		take_piece(fb, r);
	free(r);
}

void
shmfb_paste_answered(struct shmfb *fb,
		     const xcb_selection_notify_event_t *e)
{
	struct shmfb_paste *p = &fb->clipboard.paste;
	const xcb_atom_t *atom = fb->x->atom;

	/* Who answers late answers a question that was given up. */
	if (p->state != SHMFB_PASTE_ASKED || e->time != p->asked ||
	    e->selection != atom[SHMFB_ATOM_CLIPBOARD] ||
	    e->target != atom[SHMFB_ATOM_UTF8_STRING])
		return;
	if (e->property != atom[SHMFB_ATOM_SHMFB_PASTE]) {
		pasted(fb, NULL);
		return;
	}
	p->state = SHMFB_PASTE_ANSWERED;
	take_property(fb);
}

void
shmfb_paste_time(struct shmfb *fb, xcb_timestamp_t time, uint32_t full)
{
	struct shmfb_paste *p = &fb->clipboard.paste;

	if (full == p->asked_stamp && p->state == SHMFB_PASTE_STAMPED)
		ask_owner(fb, time);
}

void
shmfb_paste_written(struct shmfb *fb, uint32_t full)
{
	struct shmfb_paste *p = &fb->clipboard.paste;

	/* What came before this event comes first. */
	shmfb_paste_poll(fb);
	/* Of before the last question, it is in the answer to that. */
	if (p->state == SHMFB_PASTE_PIECES &&
	    (int32_t)(full - p->ask.sequence) >= 0)
		take_property(fb);
}

uint64_t
shmfb_paste_deadline(const struct shmfb *fb)
{
	const struct shmfb_paste *p = &fb->clipboard.paste;

	if (p->state == SHMFB_PASTE_NONE)
		return UINT64_MAX;
	return BASE_MIN(p->deadline_ns, p->end_ns);
}

void
shmfb_paste_expire(struct shmfb *fb, uint64_t now)
{
	if (now >= shmfb_paste_deadline(fb))
		pasted(fb, NULL);
}
