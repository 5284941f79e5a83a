/* SPDX-License-Identifier: MIT */
/*
 * multiple.c - those who want our text in several forms at once
 *
 * Called by owner.c and clipboard.c. The requestor's property has pairs of a
 * target and a property each, every one of which is converted as if it came
 * alone, in pieces if need be (ICCCM 2.6.2). Of those that are refused the
 * requestor reads None in the same place: some look for it at the target, as
 * it is written, and others at the property.
 *
 * What is in the property is anything at all: so many pairs of the right type
 * are looked at, and a request that has more, or none, is refused as a whole.
 */
#include "config.h"

#include "multiple.h"

#include <stdlib.h>
#include <string.h>

#include "window.h"

/* As they lie in the property. */
struct pair {
	xcb_atom_t target;
	xcb_atom_t property;
};

bool
shmfb_multiple_wanted(struct shmfb *fb, const xcb_selection_request_event_t *e)
{
	struct shmfb_multiple *m = fb->clipboard.owner.multiples;
	unsigned i;

	for (i = 0; i < SHMFB_MULTIPLES && m[i].ask.due; i++)
		;
	if (i == SHMFB_MULTIPLES)
		return false;
	m[i].request = *e;
	shmfb_property_ask(fb->x, &m[i].ask, e->requestor, e->property,
			   fb->x->atom[SHMFB_ATOM_ATOM_PAIR],
			   SHMFB_PAIRS_MAX * sizeof(struct pair));
	return true;
}

/* false: refused. The list itself is no place for what it asks for. */
static bool
convert(struct shmfb *fb, const xcb_selection_request_event_t *e,
	const struct pair *pair)
{
	xcb_selection_request_event_t alone = *e;

	alone.target = pair->target;
	return pair->property && pair->property != e->property &&
	       shmfb_owner_convert(fb, &alone, pair->property);
}

static void
convert_all(struct shmfb *fb, const xcb_selection_request_event_t *e,
	    struct pair *pairs, uint32_t count)
{
	bool refused = false;
	uint32_t i;

	for (i = 0; i < count; i++) {
		if (convert(fb, e, &pairs[i]))
			continue;
		pairs[i] = (struct pair){ XCB_NONE, XCB_NONE };
		refused = true;
	}
	if (refused)
		xcb_change_property(fb->x->conn, XCB_PROP_MODE_REPLACE,
				    e->requestor, e->property,
				    fb->x->atom[SHMFB_ATOM_ATOM_PAIR], 32,
				    2 * count, pairs);
}

/* How many pairs are in it; 0: none, or it is no list of such. */
static uint32_t
count_pairs(const xcb_get_property_reply_t *r, xcb_atom_t type)
{
	if (!r || r->type != type || r->format != 32 || r->bytes_after ||
	    r->value_len % 2 != 0 || r->value_len / 2 > SHMFB_PAIRS_MAX)
		return 0;
	return r->value_len / 2;
}

static void
serve(struct shmfb *fb, const xcb_selection_request_event_t *e,
      const xcb_get_property_reply_t *r)
{
	uint32_t count = count_pairs(r, fb->x->atom[SHMFB_ATOM_ATOM_PAIR]);
	struct pair pairs[SHMFB_PAIRS_MAX];

	if (count) {
		memcpy(pairs, xcb_get_property_value(r),
		       count * sizeof(*pairs));
		convert_all(fb, e, pairs, count);
	}
	shmfb_owner_answer(fb, e, count ? e->property : XCB_NONE);
}

void
shmfb_multiple_poll(struct shmfb *fb)
{
	struct shmfb_multiple *m = fb->clipboard.owner.multiples;
	xcb_get_property_reply_t *r;
	bool answered;
	unsigned i;

	for (i = 0; i < SHMFB_MULTIPLES; i++) {
		answered = false;
		r = shmfb_property_answer(fb->x, &m[i].ask, &answered);
		if (answered)
			serve(fb, &m[i].request, r);
		free(r);
	}
}

void
shmfb_multiple_finish(struct shmfb *fb)
{
	struct shmfb_multiple *m = fb->clipboard.owner.multiples;
	unsigned i;

	for (i = 0; i < SHMFB_MULTIPLES; i++)
		if (m[i].ask.due)
			shmfb_property_forget(fb->x, &m[i].ask);
}
