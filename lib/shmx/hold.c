/* SPDX-License-Identifier: MIT */
/*
 * hold.c - frames in a reader's hand
 *
 * Each hold word of the record has a struct shmx_hold.  The reader's thread
 * takes free ones; any thread may drop references.  The last reference goes
 * through ENDING, during which the word is emptied and nobody can take it:
 *
 *	0 --take--> 1 --ref--> 2 ... --release--> 1 --release--> ENDING --> 0
 */
#include "config.h"

#include <shmx/shmx.h>

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/error.h"
#include "atomic.h"
#include "latency.h"
#include "reader.h"
#include "stream.h"

/*
 * With these, does it have any?  One that was given back too often has none,
 * until the next frame takes its place: then nobody can know.
 */
static bool
is_held(uint32_t references)
{
	return references != 0 && references != SHMX_HOLD_ENDING;
}

/* A reference to a hold that is in use already; false when it is not. */
static bool
join(struct shmx_hold *hold)
{
	uint32_t n = shmx_load_acquire(&hold->references);

	while (is_held(n))
		if (shmx_cas_acq_rel(&hold->references, &n, n + 1))
			return true;
	return false;
}

static struct shmx_hold *
find_held(struct shmx_session *s, uint64_t sequence)
{
	uint32_t i;

	/* info changes in this thread alone, when the hold is taken. */
	for (i = 0; i < s->holds; i++)
		if (s->hold[i].info.sequence == sequence && join(&s->hold[i]))
			return &s->hold[i];
	return NULL;
}

static struct shmx_hold *
find_free(struct shmx_session *s)
{
	uint32_t i;

	/*
	 * Acquires the emptying of its word.  That may hold a frame of the
	 * ring that this one grew from, by another session's hold.
	 */
	for (i = 0; i < s->holds; i++)
		if (shmx_load_acquire(&s->hold[i].references) == 0 &&
		    shmx_load_acquire(s->hold[i].word) == 0)
			return &s->hold[i];
	return NULL;
}

struct shmx_hold *
shmx_hold_ref(struct shmx_hold *hold)
{
	uint32_t n = shmx_add_relaxed(&hold->references, 1);

	assert(is_held(n));
	(void)n;
	return hold;
}

bool
shmx_hold_valid(const struct shmx_hold *hold)
{
	/*
	 * Not a load: what was read from the frame happens before this, and,
	 * this being a release that the host's exchange acquires, before the
	 * writer touches the slot.
	 */
	return shmx_add_acq_rel(&hold->session->record->evicted, 0) == 0;
}

void
shmx_release(struct shmx_hold *hold)
{
	struct shmx_session *session;
	uint32_t n, next;

	if (hold == NULL)
		return;
	n = shmx_load_relaxed(&hold->references);
	do {
		assert(is_held(n));
		next = n == 1 ? SHMX_HOLD_ENDING : n - 1;
	} while (!shmx_cas_acq_rel(&hold->references, &n, next));
	if (next != SHMX_HOLD_ENDING)
		return;
	session = hold->session;
	shmx_ring_release(hold->word);
	shmx_store_release(&hold->references, 0);
	shmx_session_unref(session);
}

/* Copy the damage of a frame, clipped to it. */
static void
read_damage(struct shmx_frame_info *info, const struct shmx_slot_meta *meta)
{
	uint32_t i, n = BASE_MIN(meta->damage_count, SHMX_DAMAGE_MAX);

	info->damage_count = 0;
	for (i = 0; i < n; i++) {
		const struct shmx_rect16 *d = &meta->damage[i];

		if (d->x >= info->width || d->y >= info->height)
			continue;
		info->damage[info->damage_count++] = (struct shmx_rect){
			d->x, d->y,
			(int32_t)BASE_MIN(d->width, info->width - d->x),
			(int32_t)BASE_MIN(d->height, info->height - d->y),
		};
	}
}

/* Whole rows of pixels, inside the payload's part of the slot. */
static bool
has_picture(const struct shmx_slot_meta *meta, uint64_t payload,
	    uint64_t capacity)
{
	uint64_t row = (uint64_t)meta->width * shmx_format_bytes(meta->format);
	uint64_t bytes = (uint64_t)meta->stride * meta->height;

	return meta->width >= 1 && meta->width <= SHMX_SIDE_MAX &&
	       meta->height >= 1 && meta->height <= SHMX_SIDE_MAX &&
	       row != 0 && meta->stride >= row && meta->stride % 64 == 0 &&
	       meta->pixels_offset % 4 == 0 &&
	       meta->pixels_offset >= payload + SHMX_STREAM_HEAD &&
	       meta->pixels_offset <= payload + capacity &&
	       bytes <= payload + capacity - meta->pixels_offset;
}

static void
read_picture(struct shmx_frame_info *info, const struct shmx_slot_meta *meta)
{
	info->width = meta->width;
	info->height = meta->height;
	info->stride = meta->stride;
	info->format = meta->format;
	info->offset = meta->pixels_offset;
	read_damage(info, meta);
}

/*
 * Read what the ring says of the held slot, once, and believe none of it.
 * False when it does not describe a frame inside the slot.
 */
static bool
read_meta(const struct shmx_session *s, const struct shmx_found *found,
	  struct shmx_frame_info *info)
{
	uint64_t payload = shmx_layout_payload(&s->layout, found->slot);
	uint32_t capacity = s->layout.frame_capacity;
	struct shmx_slot_meta meta;
	bool picture;

	shmx_copy_words(&meta, &s->layout.ring.meta[found->slot],
			sizeof(meta));
	picture = meta.width != 0 || meta.height != 0;
	if (meta.payload_bytes > capacity ||
	    meta.tlv_count > SHMX_STREAMS_MAX ||
	    (picture && !has_picture(&meta, payload, capacity)))
		return false;
	*info = (struct shmx_frame_info){
		.sequence = found->sequence,
		.sim_time = meta.sim_time,
		.input_sequence = meta.input_sequence,
		.begun_ns = meta.begun_ns,
		.published_ns = meta.published_ns,
		.memory_fd = s->data_fd,
		.memory_bytes = s->layout.region_bytes,
		.ring_id = s->ring_id,
		.payload_offset = payload,
		.payload_bytes = meta.payload_bytes,
		.tlv_count = meta.tlv_count,
		.copied = s->layout.features & SHMX_FEATURE_COPIED,
	};
	if (picture)
		read_picture(info, &meta);
	return true;
}

/* Count what was held and passed over, here and in the record. */
static void
account(struct shmx_reader *r, struct shmx_frame_info *info)
{
	struct shmx_record *record = r->session->record;
	uint64_t now;

	if (info->sequence <= r->last)
		return;
	if (r->last != 0)
		info->skipped = info->sequence - r->last - 1;
	r->last = info->sequence;
	r->held++;
	r->skipped += info->skipped;
	now = base_now_ns();
	shmx_latency_count(record, SHMX_LATENCY_HELD, info->published_ns, now);
	shmx_store_relaxed(&record->seen_ns, now);
	shmx_store_relaxed(&record->held, r->held);
	shmx_store_relaxed(&record->skipped, r->skipped);
	shmx_store_relaxed(&record->last_frame_seen, info->sequence);
}

static int
say_malformed(struct shmx_reader *r)
{
	shmx_reader_lose(r, "published a frame outside of its memory");
	return -EPROTO;
}

static int
nothing_yet(const struct shmx_reader *r)
{
	return base_error(-EAGAIN, "ring \"%s\" has no new frame", r->name);
}

static int
take(struct shmx_reader *r, struct shmx_hold *hold, int ret,
     const struct shmx_found *found, struct shmx_hold **out)
{
	if (ret == -EAGAIN)
		return nothing_yet(r);
	/*
	 * After R3: if it is 0 then, the writer still looked at the word when
	 * the frame was held.
	 */
	if (shmx_load_seq_cst(&r->session->record->evicted) != 0) {
		shmx_ring_release(hold->word);
		shmx_reader_lose_evicted(r);
		return -EPIPE;
	}
	if (ret < 0)
		return say_malformed(r);
	if (!read_meta(r->session, found, &hold->info)) {
		shmx_ring_release(hold->word);
		return say_malformed(r);
	}
	if (r->every && shmx_ring_secure(&r->session->layout.ring,
					 r->session->record, found->sequence))
		shmx_session_nudge(r->session);
	account(r, &hold->info);
	shmx_session_ref(r->session);
	shmx_store_release(&hold->references, 1);
	*out = hold;
	return 0;
}

/* Is there a ring to hold frames of?  It is r->session. */
static int
find_ring(struct shmx_reader *r, bool in_order)
{
	if (r->session == NULL)
		return nothing_yet(r);
	shmx_reader_pump(r);
	shmx_reader_keep_up(r, in_order);
	return r->session != NULL ? 0 : base_error(-EPIPE, "%s", r->trouble);
}

static int
say_all_in_use(const struct shmx_reader *r)
{
	return base_error(-EBUSY, "all %u holds on ring \"%s\" are in use: "
			  "release one", r->session->holds, r->name);
}

int
shmx_hold_latest(struct shmx_reader *r, struct shmx_hold **out)
{
	struct shmx_found found;
	struct shmx_hold *hold;
	uint64_t latest;
	int ret;

	ret = find_ring(r, false);
	if (ret < 0)
		return ret;
	if (r->every)
		return base_error(-ENOTSUP, "a reader that gets every frame "
				  "of ring \"%s\" cannot skip to the newest: "
				  "use shmx_hold_next()", r->name);
	latest = shmx_ring_latest(&r->session->layout.ring);
	hold = latest == 0 ? NULL : find_held(r->session, latest);
	if (hold != NULL) {
		*out = hold;
		return 0;
	}
	hold = find_free(r->session);
	if (hold == NULL)
		return say_all_in_use(r);
	ret = shmx_ring_hold_latest(&r->session->layout.ring, hold->word,
				    &found);
	return take(r, hold, ret, &found, out);
}

int
shmx_hold_next(struct shmx_reader *r, struct shmx_hold **out)
{
	struct shmx_found found;
	struct shmx_hold *hold;
	int ret;

	ret = find_ring(r, true);
	if (ret < 0)
		return ret;
	if (!r->every && r->session->layout.ring.history < 2)
		return base_error(-ENOTSUP, "ring \"%s\" keeps only its newest "
				  "frame, so frames cannot be held in order: "
				  "start its producer with a history of 2 or "
				  "more", r->name);
	hold = find_free(r->session);
	if (hold == NULL)
		return say_all_in_use(r);
	ret = r->every ?
		shmx_ring_hold_every(&r->session->layout.ring, hold->word,
				     r->last, &found) :
		shmx_ring_hold_next(&r->session->layout.ring, hold->word,
				    r->last, &found);
	return take(r, hold, ret, &found, out);
}

const struct shmx_frame_info *
shmx_frame_info(const struct shmx_hold *hold)
{
	return &hold->info;
}

const void *
shmx_frame_pixels(struct shmx_hold *hold)
{
	const void *pixels = NULL;

	if (hold->info.width == 0)
		base_error(-ENOENT, "the frame has no picture");
	else
		(void)shmx_session_slots(hold->session, hold->info.offset,
					 &pixels);
	return pixels;
}

bool
shmx_damage_since(const struct shmx_hold *hold, uint64_t sequence,
		  struct shmx_rect *rect)
{
	const struct shmx_frame_info *info = &hold->info;
	int32_t left = INT32_MAX, top = INT32_MAX, right = 0, bottom = 0;
	struct shmx_rect16 box;
	uint64_t q;

	*rect = (struct shmx_rect){ 0, 0, (int32_t)info->width,
		(int32_t)info->height };
	if (sequence == 0 || sequence > info->sequence ||
	    info->sequence - sequence > SHMX_DAMAGE_ENTRIES)
		return false;
	if (sequence == info->sequence) {
		*rect = (struct shmx_rect){ 0, 0, 0, 0 };
		return true;
	}
	for (q = sequence + 1; q <= info->sequence; q++) {
		if (!shmx_ring_damage(&hold->session->layout.ring, q, &box))
			return false;
		left = BASE_MIN(left, box.x);
		top = BASE_MIN(top, box.y);
		right = BASE_MAX(right, box.x + box.width);
		bottom = BASE_MAX(bottom, box.y + box.height);
	}
	right = BASE_MIN(right, rect->width);
	bottom = BASE_MIN(bottom, rect->height);
	*rect = (struct shmx_rect){ left, top, BASE_MAX(right - left, 0),
		BASE_MAX(bottom - top, 0) };
	return true;
}
