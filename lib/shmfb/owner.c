/* SPDX-License-Identifier: MIT */
/*
 * owner.c - text that is copied here, and goes to those who paste it
 *
 * Called by event.c and clipboard.c. What does not fit into one request goes
 * in pieces (INCR): who reads deletes the property, then the next piece is
 * written, and an empty one ends it. Who stops reading is forgotten.
 */
#include "config.h"

#include "owner.h"

#include <errno.h>
#include <string.h>

#include "base/base.h"
#include "base/error.h"
#include "text.h"
#include "window.h"

/* One piece. Within what any server takes in one request. */
#define PIECE (64 * 1024)

/* Does our text go to that window in pieces? */
static bool
has_paster(const struct shmfb *fb, xcb_window_t window)
{
	const struct shmfb_paster *p = fb->clipboard.owner.pasters;
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

	shmfb_clip_drop(&p->clip);
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
shmfb_owner_finish(struct shmfb *fb)
{
	struct shmfb_owner *o = &fb->clipboard.owner;
	unsigned i;

	for (i = 0; i < SHMFB_PASTERS; i++)
		if (o->pasters[i].clip)
			end_pieces(fb, &o->pasters[i]);
	shmfb_multiple_finish(fb);
	shmfb_clip_drop(&o->own);
}

/*
 * The server is asked for its time behind that, not before: an older time than
 * the owner's is none by which to give up.
 */
static void
acquire(struct shmfb *fb, struct shmfb_clip *clip)
{
	struct shmfb_owner *o = &fb->clipboard.owner;
	struct shmfb *other;

	/*
	 * The current time: a program may copy without its user's doing, and
	 * an older time than the owner's is refused without a word.
	 */
	o->since = xcb_set_selection_owner(fb->x->conn, fb->window,
		fb->x->atom[SHMFB_ATOM_CLIPBOARD],
		XCB_CURRENT_TIME).sequence;
	o->stamp = shmfb_clipboard_ask_time(fb);
	o->timed = false;
	/* There is one on the connection that the server knows of. */
	shmfb_for_each(other, fb->x) {
		shmfb_clip_drop(&other->clipboard.owner.own);
		other->clipboard.owner.leaving = false;
	}
	o->own = clip;
}

/*
 * By the time that it was ours: if somebody else has copied since, which may
 * not be known here, the server leaves it to them. Until that time is known it
 * is ours without a text, and nobody gets any.
 */
static void
give_up(struct shmfb *fb)
{
	struct shmfb_owner *o = &fb->clipboard.owner;

	shmfb_clip_drop(&o->own);
	o->leaving = !o->timed;
	if (o->timed)
		xcb_set_selection_owner(fb->x->conn, XCB_NONE,
					fb->x->atom[SHMFB_ATOM_CLIPBOARD],
					o->time);
}

int
shmfb_set_clipboard(struct shmfb *fb, const char *utf8)
{
	shmfb_without_sigpipe(fb->x);
	struct shmfb_clip *clip = NULL;
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
		clip = shmfb_clip_create(utf8, length);
		if (!clip)
			return base_error(-ENOMEM, "no memory for a clipboard");
	}
	if (!clip && !fb->clipboard.owner.own)
		return 0;
	if (clip)
		acquire(fb, clip);
	else
		give_up(fb);
	shmfb_step(fb, false);
	return shmfb_check_gone(fb);
}

void
shmfb_owner_lost(struct shmfb *fb, const xcb_selection_clear_event_t *e,
		 uint32_t full)
{
	struct shmfb_owner *o = &fb->clipboard.owner;

	/*
	 * Of before it was ours again: the server had not come to that. Such
	 * come before the time does; later, numbers may have gone round.
	 */
	if (e->selection != fb->x->atom[SHMFB_ATOM_CLIPBOARD] ||
	    (!o->timed && (int32_t)(full - o->since) < 0))
		return;
	shmfb_clip_drop(&o->own);
	o->leaving = false;
}

void
shmfb_owner_time(struct shmfb *fb, xcb_timestamp_t time, uint32_t full)
{
	struct shmfb_owner *o = &fb->clipboard.owner;

	if (full != o->stamp)
		return;
	o->time = time;
	o->timed = true;
	if (o->leaving)
		give_up(fb);
}

/* ------------------------------------------------------------- serving -- */

static void
put_piece(struct shmfb *fb, struct shmfb_paster *p)
{
	size_t length = BASE_MIN(p->clip->length - p->sent, (size_t)PIECE);

	xcb_change_property(fb->x->conn, XCB_PROP_MODE_REPLACE, p->window,
			    p->property, p->type, 8, (uint32_t)length,
			    p->clip->text + p->sent);
	p->sent += length;
	p->last = length == 0;
	p->deadline_ns = base_now_ns() + SHMFB_PASTE_IDLE_NS;
}

/* The one whose text that property gets: none but the last. */
static struct shmfb_paster *
find_paster(struct shmfb *fb, xcb_window_t window, xcb_atom_t property)
{
	struct shmfb_paster *p = fb->clipboard.owner.pasters;
	struct shmfb_paster *found = NULL;
	unsigned i;

	for (i = 0; i < SHMFB_PASTERS; i++) {
		if (p[i].clip && p[i].window == window &&
		    p[i].property == property)
			return &p[i];
		if (!p[i].clip && !found)
			found = &p[i];
	}
	return found;
}

/* Begin to send in pieces of a type; the first when it has deleted this. */
static bool
begin_pieces(struct shmfb *fb, xcb_window_t window, xcb_atom_t property,
	     xcb_atom_t type)
{
	const uint32_t mask = XCB_EVENT_MASK_PROPERTY_CHANGE;
	struct shmfb_paster *p = find_paster(fb, window, property);
	const uint32_t length = (uint32_t)fb->clipboard.owner.own->length;

	if (!p)
		return false;
	shmfb_clip_drop(&p->clip);
	*p = (struct shmfb_paster){
		.clip = shmfb_clip_ref(fb->clipboard.owner.own),
		.window = window,
		.property = property,
		.type = type,
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
		fb->x->atom[SHMFB_ATOM_MULTIPLE],
	};

	xcb_change_property(fb->x->conn, XCB_PROP_MODE_REPLACE, window,
			    property, XCB_ATOM_ATOM, 32,
			    BASE_ARRAY_SIZE(targets), targets);
}

/* Do we have that selection, and is it for that window to ask for? */
static bool
may_have(const struct shmfb *fb, const xcb_selection_request_event_t *e)
{
	const struct shmfb *other;

	if (!fb->clipboard.owner.own ||
	    e->selection != fb->x->atom[SHMFB_ATOM_CLIPBOARD])
		return false;
	/* Ours know it without asking, and their event masks are theirs. */
	shmfb_for_each(other, fb->x)
		if (other->window == e->requestor)
			return false;
	return true;
}

bool
shmfb_owner_convert(struct shmfb *fb, const xcb_selection_request_event_t *e,
		    xcb_atom_t property)
{
	const struct shmfb_owner *o = &fb->clipboard.owner;
	const xcb_atom_t *atom = fb->x->atom;

	if (!may_have(fb, e))
		return false;
	if (e->target == atom[SHMFB_ATOM_TARGETS]) {
		put_targets(fb, e->requestor, property);
	} else if (e->target == atom[SHMFB_ATOM_TIMESTAMP]) {
		if (!o->timed)
			return false;
		xcb_change_property(fb->x->conn, XCB_PROP_MODE_REPLACE,
				    e->requestor, property, XCB_ATOM_INTEGER,
				    32, 1, &o->time);
	} else if (e->target != atom[SHMFB_ATOM_UTF8_STRING] &&
		   e->target != atom[SHMFB_ATOM_TEXT_PLAIN_UTF8]) {
		return false;
	} else if (o->own->length > PIECE) {
		return begin_pieces(fb, e->requestor, property, e->target);
	} else {
		xcb_change_property(fb->x->conn, XCB_PROP_MODE_REPLACE,
				    e->requestor, property, e->target, 8,
				    (uint32_t)o->own->length, o->own->text);
	}
	return true;
}

void
shmfb_owner_answer(struct shmfb *fb, const xcb_selection_request_event_t *e,
		   xcb_atom_t property)
{
	xcb_selection_notify_event_t answer = {
		.response_type = XCB_SELECTION_NOTIFY,
		.time = e->time,
		.requestor = e->requestor,
		.selection = e->selection,
		.target = e->target,
		.property = property,
	};
	char event[32] = "";

	memcpy(event, &answer, sizeof(answer));
	xcb_send_event(fb->x->conn, 0, e->requestor, 0, event);
}

void
shmfb_owner_wanted(struct shmfb *fb, const xcb_selection_request_event_t *e)
{
	/* As clients of old ask. */
	xcb_atom_t property = e->property ? e->property : e->target;

	if (e->target == fb->x->atom[SHMFB_ATOM_MULTIPLE]) {
		/* Answered when it is known what is wanted. */
		if (e->property && may_have(fb, e) &&
		    shmfb_multiple_wanted(fb, e))
			return;
		property = XCB_NONE;
	} else if (!property || !shmfb_owner_convert(fb, e, property)) {
		property = XCB_NONE;
	}
	shmfb_owner_answer(fb, e, property);
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

void
shmfb_owner_deleted(struct shmfb *fb, xcb_window_t window, xcb_atom_t property)
{
	struct shmfb_paster *p = fb->clipboard.owner.pasters;
	unsigned i;

	for (i = 0; i < SHMFB_PASTERS; i++)
		if (p[i].clip && p[i].window == window &&
		    p[i].property == property)
			piece_taken(fb, &p[i]);
}

uint64_t
shmfb_owner_deadline(const struct shmfb *fb)
{
	const struct shmfb_paster *p = fb->clipboard.owner.pasters;
	uint64_t deadline = UINT64_MAX;
	unsigned i;

	for (i = 0; i < SHMFB_PASTERS; i++)
		if (p[i].clip)
			deadline = BASE_MIN(deadline, p[i].deadline_ns);
	return deadline;
}

void
shmfb_owner_expire(struct shmfb *fb, uint64_t now)
{
	struct shmfb_paster *p = fb->clipboard.owner.pasters;
	unsigned i;

	for (i = 0; i < SHMFB_PASTERS; i++)
		if (p[i].clip && now >= p[i].deadline_ns)
			end_pieces(fb, &p[i]);
}
