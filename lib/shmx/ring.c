/* SPDX-License-Identifier: MIT */
/*
 * ring.c - the lock-free core: slots, holds, and who may write where
 *
 * The steps are those of doc/shmx-format.md, 6.1 to 7.3, where the tests and
 * models of each stand.
 *
 * One writer fills slots, many readers hold them, in different processes that
 * may be killed or stopped between any two instructions.  The promises:
 *
 *  P1	a held frame's bytes do not change while it is held;
 *  P2	claiming and publishing take a bounded number of steps, and find a slot
 *	as long as slots >= (sum of granted holds) + k + 1 and no reader is
 *	to get every frame;
 *  P3	whoever dies leaves words that one idempotent store repairs.
 *
 * The words
 * ---------
 *
 *	latest		seq << 16 | slot of the newest frame
 *	state[s]	FREE, WRITING, or PUBLISHED(seq)
 *	hold[r][h]	0, or seq << 16 | slot + 1: a hazard pointer
 *	sleeping[r]	reader r is about to sleep
 *
 * latest and state are written by the writer, hold and sleeping by their
 * reader (the writer clears sleeping when it wakes the reader, and its process
 * takes a dead reader's words over).  There is one read-modify-write, W7's,
 * and only for who sleeps; no count that a death could leave wrong, no lock.
 *
 * The states of a slot
 * --------------------
 *
 *	FREE --claim--> WRITING --publish--> PUBLISHED(seq) --claim--> WRITING
 *	                   ^                      |  ^
 *	                   '------- claim --------'  '-- un-claim (was held)
 *
 * The steps
 * ---------
 *
 *	hold			claim and publish
 *	R1 l = latest		W1 pick a candidate s: not among the k newest
 *	R2 hold = l		W2 state[s] = WRITING
 *	R3 state[slot(l)]	W3 any hold word naming s? state[s] back, next
 *	   == PUBLISHED(l)?	W4 write pixels and meta
 *	   held; else hold = 0,	W5 state[s] = PUBLISHED(seq)
 *	   again from R1	W6 latest = seq, s
 *	R4 read			W7 sleeping[r]? clear it, wake r
 *	R5 hold = 0
 *
 * A reader that goes to sleep stores sleeping = 1 (S1), then loads latest
 * (S2), and sleeps if that is nothing new.
 *
 * A frame is published, and can be held, from W6 on (its linearisation
 * point); a reader holds it from R2 on, if R3 agrees.
 *
 * Why nothing tears (P1)
 * ----------------------
 *
 * R2, R3, W2 and W3 are seq_cst, so they have one order.  Say R3 read
 * PUBLISHED(q) and the writer later rewrites the slot while the hold stands.
 * R3 came before the W2 that ended q, R2 before R3, and W3 after W2: W3 sees
 * the hold, and the slot is put back.  With release and acquire alone the
 * store R2 could pass the load R3, on x86 too; this is Dekker's pattern, and
 * seq_cst is what it costs.  W5 may be a release store: it happens before the
 * next W2 of its slot, so an R3 ordered after that W2 cannot read it.  The
 * store that un-claims is the same case.
 *
 * Nor is there a data race: W4 happens before W5, which R3 acquires, before
 * R4; and R4 happens before R5, whose zero W3 acquires, before the next W4.
 * Pixels may be read and written by plain code.
 *
 * Why one pass finds a slot (P2)
 * ------------------------------
 *
 * latest does not change during a pass.  A hold word can then keep the writer
 * from at most one candidate: it names either a frame held since before, or
 * one whose reader stands between R2 and R3 and read latest before it moved
 * on.  Not both, because R5 comes before the next R1 in the one order: both
 * are seq_cst.  (A release store at R5 could wait in a store buffer while R1
 * runs, and one word would then block two candidates.)  The k newest frames
 * are no candidates, and a reader takes only from those (R1), so a new hold
 * never blocks a candidate for longer than until its R3 fails.  Hence at most
 * (sum of holds) candidates fail, and there are slots - k of them.
 *
 * The held slots are first guessed with relaxed loads, to try the likely ones
 * first, most recently freed first (its lines are the warmest).  A guess may
 * be stale, so slots guessed to be held are tried too, last: the bound rests
 * on W2 and W3 alone.
 *
 * Why no wake-up is lost
 * ----------------------
 *
 * S1, S2, W6 and W7's load are seq_cst: either S2 sees the frame or W7 sees
 * the flag.  W7 clears the flag before it sends, so a reader that does not
 * run costs one system call, not one for each frame.  A clear that hits a
 * newer S1 is harmless: the byte that follows it wakes the reader.  It is an
 * exchange, so that it hits none that comes later still: a store could wait
 * in a store buffer until that reader has read all bytes, found no frame and
 * armed again, and the next W7 would take it for awake.  A writer
 * that dies between the two closes the reader's connection, which wakes it
 * as well.
 *
 * Who dies where
 * --------------
 *
 *	reader, R1 or before	nothing to repair
 *	reader, R2 to R5	its hold words are ignored once it is reaped
 *	reader, asleep		one send to a closed socket
 *	writer, W1 to W5	readers stay with latest
 *	writer, W5 to W6	a whole frame that nobody hears of
 *	writer, W6 to W7	sleepers see the connection close
 *
 * and the writer's ring dies with it: the next one makes another.
 *
 * A ring that grows goes on in another region, and readers keep their words,
 * some of which may hold frames of the old one for long.  Those have sequence
 * numbers up to `first`, and no claim in the new region heeds them; so each
 * word still keeps it from at most one candidate.
 *
 * Readers that get every frame
 * ----------------------------
 *
 * A ring may admit readers that miss nothing, for which the writer waits.  The
 * record of such a reader says up to which frame it has secured all: has, or
 * has had, them in its hand.
 *
 *	hold				claim
 *	R1 want = last + 1 <= latest?	E1 d = the least done[r] there is
 *	R2 hold = want			W1 pick a candidate, none after d
 *	R3 state == PUBLISHED(want)	W2, W3, W4 ... or, if there is none:
 *	E4 done[r] = want		E2 host_waiting = 1, and again from E1
 *	E5 host_waiting? nudge		E3 sleep until there is news
 *	R4 read
 *	R5 hold = 0
 *
 * Why no frame is lost: W2 takes a frame q away only in a pass whose E1 read
 * at least q from every such reader.  That load acquires E4, before which is
 * R2: W3 sees the reader's word with q in it, or what came after its R5.  So
 * frames after done[r] stay PUBLISHED, and R3 for the next one cannot fail.
 * Sequences have no gaps, so the reader knows what it wants.
 *
 * Where it begins: the host stores done[r] = latest - 1 before the seat enters
 * the set, and the reader, once it is welcome, loads latest again and begins
 * with that frame, L, by E4 for L - 1.  Between the two the writer may have
 * gone on without knowing of it.  But of the passes with the old set at most
 * one is still under way when the reader loads latest, and it takes none of
 * what were then the k newest, that is nothing from L on; and those with the
 * new set keep all after the host's number, which is less than L.  (An acquire
 * load does: what earlier passes published happened before the A1 or A3 of
 * readers.h that B2 read, and B2 before WELCOME.)
 *
 * Why no wake-up is lost: E4, E5, E2 and E1 are seq_cst: either E1 sees what
 * the reader stored, or E5 sees host_waiting.  A reader that dies before its
 * E5, or is sent away, leaves the set before the writer hears of it.  News are
 * a count in the kernel, read before the pass that follows: what comes during
 * the pass ends the next sleep.  R5 may give the writer a slot, and nobody
 * tells it; but while it sleeps some reader is behind, whose next E4 is all
 * that it takes: the bound above leaves a candidate as soon as all readers have
 * secured what is not among the k newest.
 *
 *	lossless reader, R2 to E4	the frame is kept, for both reasons,
 *					until it is reaped
 *	the same, E4 to E5		the writer sleeps until it is reaped
 *	the same, stopped		the writer waits, for ever
 *	writer, E2 on			nudges that nobody reads; as W6 to W7
 *
 * The k newest frames ("history") are what shmx_ring_hold_next() needs to
 * follow in order.  k is 1 where nobody does.
 */
#include "config.h"

#include "ring.h"

#include <errno.h>
#include <string.h>

#include "atomic.h"
#include "kill.h"
#include "ring-words.h"

/* ------------------------------------------------------------- writer -- */

void
shmx_writer_init(struct shmx_writer *w, const struct shmx_ring *ring)
{
	*w = (struct shmx_writer){
		.ring = *ring, .latest = ring->first, .claimed = -1,
	};
	shmx_store_seq_cst(&ring->ext->latest, latest_word(0, SHMX_SLOT_NONE));
}

/* Does some hold word name this slot? */
static bool
is_held(const struct shmx_scan *scan, const struct shmx_ring *ring,
	uint32_t slot)
{
	uint32_t i;

	for (i = 0; i < scan->count; i++)
		if (names(&scan->entry[i], ring, slot))
			return true;
	return false;
}

uint64_t
shmx_scan_held(const struct shmx_scan *scan, const struct shmx_ring *ring)
{
	uint64_t held = 0, word;
	uint32_t i, h, named;

	for (i = 0; i < scan->count; i++) {
		const struct shmx_scan_entry *e = &scan->entry[i];

		for (h = 0; h < e->holds; h++) {
			/* Relaxed: a guess, which W3 will check. */
			word = shmx_load_relaxed(&e->record->hold[h]);
			named = latest_slot(word);
			/* A reader can write anything into its words. */
			if (named != 0 && named <= ring->slots &&
			    is_of(ring, word))
				held |= UINT64_C(1) << (named - 1);
		}
	}
	return held;
}

/* E1: the last frame that every reader that is to get it has secured. */
static uint64_t
secured(const struct shmx_scan *scan)
{
	uint64_t least = UINT64_MAX, done;
	uint32_t i;

	for (i = 0; scan->every != 0 && i < scan->count; i++) {
		if (!scan->entry[i].every)
			continue;
		/* Dekker with E4, between E2 and E5; acquires it. */
		done = shmx_load_seq_cst(
			&scan->entry[i].record->done_sequence);
		if (done < least)
			least = done;
	}
	return least;
}

/* W1: the slots with nothing in them, or a frame up to that one. */
static uint64_t
candidates(const struct shmx_writer *w, uint64_t last)
{
	uint64_t set = 0;
	uint32_t s;

	for (s = 0; s < w->ring.slots; s++)
		if (w->sequence[s] <= last)
			set |= UINT64_C(1) << s;
	return set;
}

/* The newest frame that is not among the k newest; 0: there is none. */
static uint64_t
past_history(const struct shmx_writer *w)
{
	return w->latest < w->ring.history ? 0 : w->latest - w->ring.history;
}

/* The slot of a set that was freed last; among equals the newest content. */
static int
warmest(const struct shmx_writer *w, uint64_t set)
{
	int best = -1;
	uint32_t s;

	for (s = 0; s < w->ring.slots; s++) {
		if (!(set >> s & 1))
			continue;
		if (best < 0 || w->freed[s] > w->freed[best] ||
		    (w->freed[s] == w->freed[best] &&
		     w->sequence[s] > w->sequence[best]))
			best = (int)s;
	}
	return best;
}

/* The slot of a set whose content is oldest, if it has any. */
static int
oldest(const struct shmx_writer *w, uint64_t set)
{
	int best = -1;
	uint32_t s;

	for (s = 0; s < w->ring.slots; s++)
		if (set >> s & 1 &&
		    (best < 0 || w->sequence[s] < w->sequence[best]))
			best = (int)s;
	return best;
}

/* W2 and W3 for one candidate. */
static bool
try_claim(struct shmx_writer *w, const struct shmx_scan *scan, int slot)
{
	shmx_a64 *state = &w->ring.state[slot];
	uint64_t before = w->sequence[slot] == 0 ?
		SHMX_STATE(SHMX_STATE_FREE, 0) : published(w->sequence[slot]);

	SHMX_KILL_POINT("W1");
	/* W2: Dekker with R3; the load of W3 must not pass it. */
	shmx_store_seq_cst(state, SHMX_STATE(SHMX_STATE_WRITING, 0));
	SHMX_KILL_POINT("W2");
	if (is_held(scan, &w->ring, (uint32_t)slot)) {
		SHMX_KILL_POINT("W3 held");
		/* Release, as W5: the content is the same as ever. */
		shmx_store_release(state, before);
		SHMX_KILL_POINT("W3 back");
		return false;
	}
	w->claimed = slot;
	SHMX_KILL_POINT("W3");
	return true;
}

/* Note when slots became free, to prefer the warmest. */
static void
note_freed(struct shmx_writer *w, uint64_t free)
{
	uint64_t newly = free & ~w->free;
	uint32_t s;

	w->claims++;
	for (s = 0; s < w->ring.slots; s++)
		if (newly >> s & 1 && w->sequence[s] != 0)
			w->freed[s] = w->claims;
	w->free = free;
}

/* A slot of the set, the best that is not held; or -1. */
static int
claim_of(struct shmx_writer *w, const struct shmx_scan *scan, uint64_t set)
{
	int slot;

	for (; set != 0; set &= ~(UINT64_C(1) << slot)) {
		slot = w->oldest_first ? oldest(w, set) : warmest(w, set);
		if (try_claim(w, scan, slot))
			return slot;
	}
	return -1;
}

int
shmx_writer_claim(struct shmx_writer *w, const struct shmx_scan *scan)
{
	uint64_t past = past_history(w), done = secured(scan);
	uint64_t all, likely;
	int slot;

	if (w->claimed >= 0)
		return w->claimed;
	all = candidates(w, done < past ? done : past);
	likely = all & ~shmx_scan_held(scan, &w->ring);
	note_freed(w, likely);

	slot = claim_of(w, scan, likely & ~w->avoid);
	if (slot < 0)
		slot = claim_of(w, scan, likely & w->avoid);
	if (slot < 0)
		slot = claim_of(w, scan, all & ~likely);
	w->behind = slot < 0 && candidates(w, past) != all;
	return slot;
}

uint64_t
shmx_writer_age(const struct shmx_writer *w, int slot)
{
	return w->sequence[slot] == 0 ? 0 : w->latest + 1 - w->sequence[slot];
}

/*
 * Enter a frame into the damage log.  Readers check the tag before and after
 * they read the box; each store is a release so that they see them in order.
 */
static void
log_damage(struct shmx_ring *ring, uint64_t sequence, struct shmx_rect16 box)
{
	struct shmx_damage_entry *e =
		&ring->damage[sequence % SHMX_DAMAGE_ENTRIES];
	uint64_t bits;

	memcpy(&bits, &box, sizeof(bits));
	shmx_store_relaxed(&e->tag, 0);
	SHMX_KILL_POINT("W4 damage");
	shmx_store_release(&e->box, bits);
	shmx_store_release(&e->tag, sequence);
}

uint64_t
shmx_writer_publish(struct shmx_writer *w, struct shmx_rect16 damage)
{
	uint64_t sequence = w->latest + 1;
	uint32_t slot = (uint32_t)w->claimed;

	w->ring.meta[slot].sequence = sequence;
	log_damage(&w->ring, sequence, damage);
	shmx_drain_nontemporal();
	SHMX_KILL_POINT("W4");
	/* W5: pairs with R3; hands over pixels and meta. */
	shmx_store_release(&w->ring.state[slot], published(sequence));
	SHMX_KILL_POINT("W5");
	/* W6: pairs with R1 and, before W7, with S1 and S2. */
	shmx_store_seq_cst(&w->ring.ext->latest, latest_word(sequence, slot));
	SHMX_KILL_POINT("W6");

	w->latest = sequence;
	w->sequence[slot] = sequence;
	w->free &= ~(UINT64_C(1) << slot);
	w->claimed = -1;
	return sequence;
}

uint64_t
shmx_writer_sleepers(const struct shmx_scan *scan)
{
	uint64_t sleepers = 0;
	uint32_t i;

	for (i = 0; i < scan->count; i++) {
		shmx_a32 *sleeping = &scan->entry[i].record->sleeping;

		/* W7: Dekker with S1. */
		if (shmx_load_seq_cst(sleeping) == 0)
			continue;
		/* An exchange: not after an S1 that it has not seen. */
		(void)shmx_exchange_seq_cst(sleeping, 0);
		SHMX_KILL_POINT("W7");
		sleepers |= UINT64_C(1) << i;
	}
	return sleepers;
}

const char *
shmx_writer_check(const struct shmx_writer *w)
{
	const struct shmx_ring *ring = &w->ring;
	uint64_t l = shmx_load_seq_cst(&ring->ext->latest);
	uint64_t state;
	uint32_t s;

	if (l >> 16 != (w->latest == ring->first ? 0 : w->latest))
		return "latest is not the frame published last";
	if (w->latest != ring->first && (latest_slot(l) >= ring->slots ||
	    w->sequence[latest_slot(l)] != w->latest))
		return "latest names a slot with another frame";
	for (s = 0; s < ring->slots; s++) {
		state = shmx_load_seq_cst(&ring->state[s]);
		if ((int)s == w->claimed) {
			if (state >> 62 != SHMX_STATE_WRITING)
				return "the claimed slot is not WRITING";
		} else if (w->sequence[s] == 0) {
			if (state >> 62 != SHMX_STATE_FREE)
				return "a slot never published is not FREE";
		} else if (state != published(w->sequence[s])) {
			return "a published slot has another state";
		}
	}
	return NULL;
}

/* ------------------------------------------------------------- reader -- */

/* R2 and R3 for a frame that the ring says is in that slot. */
static bool
try_hold(const struct shmx_ring *ring, shmx_a64 *hold, uint64_t sequence,
	 uint32_t slot)
{
	SHMX_KILL_POINT("R1");
	/* R2: Dekker with W3; the load of R3 must not pass it. */
	shmx_store_seq_cst(hold, latest_word(sequence, slot + 1));
	SHMX_KILL_POINT("R2");
	/* R3: Dekker with W2; acquires W5. */
	if (shmx_load_seq_cst(&ring->state[slot]) == published(sequence)) {
		SHMX_KILL_POINT("R3");
		return true;
	}
	SHMX_KILL_POINT("R3 late");
	shmx_ring_release(hold);
	return false;
}

int
shmx_ring_hold_latest(const struct shmx_ring *ring, shmx_a64 *hold,
		      struct shmx_found *found)
{
	uint64_t l;
	uint32_t slot;
	int i;

	for (i = 0; i < TRIES; i++) {
		/* R1: not before the R5 of this hold word. */
		l = shmx_load_seq_cst(&ring->ext->latest);
		slot = latest_slot(l);
		if (slot == SHMX_SLOT_NONE)
			return -EAGAIN;
		if (slot >= ring->slots)
			return -EPROTO;
		if (try_hold(ring, hold, l >> 16, slot)) {
			*found = (struct shmx_found){ l >> 16, slot };
			return 0;
		}
	}
	return -EAGAIN;
}

/* The slot of a published frame, or -1.  A guess, which R3 checks. */
static int
find_slot(const struct shmx_ring *ring, uint64_t sequence)
{
	uint32_t s;

	for (s = 0; s < ring->slots; s++)
		if (shmx_load_relaxed(&ring->state[s]) == published(sequence))
			return (int)s;
	return -1;
}

/*
 * The slot of the oldest frame from *want to latest, which *want becomes; or
 * -1.  Several writers leave gaps: see ring-multi.c.
 */
static int
find_oldest(const struct shmx_ring *ring, uint64_t *want, uint64_t latest)
{
	uint64_t state, end = latest + 1;
	int slot = -1;
	uint32_t s;

	for (s = 0; s < ring->slots; s++) {
		state = shmx_load_relaxed(&ring->state[s]);
		if (state < published(*want) || state >= published(end))
			continue;
		end = state - published(0);
		slot = (int)s;
	}
	*want = end;
	return slot;
}

int
shmx_ring_hold_next(const struct shmx_ring *ring, shmx_a64 *hold,
		    uint64_t after, struct shmx_found *found)
{
	uint64_t l, latest, want;
	int i, slot;

	for (i = 0; i < 2 * TRIES; i++) {
		/* R1, as above. */
		l = shmx_load_seq_cst(&ring->ext->latest);
		latest = l >> 16;
		if (latest_slot(l) == SHMX_SLOT_NONE || latest <= after)
			return -EAGAIN;
		want = after + 1;
		if (want + ring->history <= latest)
			want = latest - ring->history + 1;
		/* For a while: its writer may be about to publish it. */
		slot = i < TRIES ? find_slot(ring, want) :
			find_oldest(ring, &want, latest);
		if (slot >= 0 && try_hold(ring, hold, want, (uint32_t)slot)) {
			*found = (struct shmx_found){ want, (uint32_t)slot };
			return 0;
		}
	}
	return -EAGAIN;
}

int
shmx_ring_hold_every(const struct shmx_ring *ring, shmx_a64 *hold,
		     uint64_t after, struct shmx_found *found)
{
	/* R1, as above: acquires W5 of all frames up to it. */
	uint64_t l = shmx_load_seq_cst(&ring->ext->latest);
	int slot;

	if (latest_slot(l) == SHMX_SLOT_NONE || l >> 16 <= after)
		return -EAGAIN;
	/* No guess here: the state of a frame after done[r] does not change. */
	slot = find_slot(ring, after + 1);
	if (slot < 0 || !try_hold(ring, hold, after + 1, (uint32_t)slot))
		return -EPROTO;
	*found = (struct shmx_found){ after + 1, (uint32_t)slot };
	return 0;
}

bool
shmx_ring_secure(const struct shmx_ring *ring, struct shmx_record *record,
		 uint64_t sequence)
{
	SHMX_KILL_POINT("E4 before");
	/* E4: after R2, which E1 acquires; Dekker with E1. */
	shmx_store_seq_cst(&record->done_sequence, sequence);
	SHMX_KILL_POINT("E4");
	return shmx_ring_is_awaited(ring);
}

bool
shmx_ring_is_awaited(const struct shmx_ring *ring)
{
	/* E5: Dekker with E2. */
	return shmx_load_seq_cst(&ring->ext->host_waiting) != 0;
}

void
shmx_ring_release(shmx_a64 *hold)
{
	SHMX_KILL_POINT("R4");
	/*
	 * R5: hands what was read to W3; and seq_cst, so that the next R1
	 * stays behind it, without which a pass may find no slot.
	 */
	shmx_store_seq_cst(hold, 0);
	SHMX_KILL_POINT("R5");
}

uint64_t
shmx_ring_latest(const struct shmx_ring *ring)
{
	return shmx_load_acquire(&ring->ext->latest) >> 16;
}

bool
shmx_ring_arm(const struct shmx_ring *ring, struct shmx_record *record,
	      uint64_t seen)
{
	/* S1: Dekker with W7; the load of S2 must not pass it. */
	shmx_store_seq_cst(&record->sleeping, 1);
	SHMX_KILL_POINT("S1");
	/* S2: Dekker with W6. */
	if (shmx_load_seq_cst(&ring->ext->latest) >> 16 <= seen)
		return true;
	shmx_ring_disarm(record);
	return false;
}

void
shmx_ring_disarm(struct shmx_record *record)
{
	shmx_store_relaxed(&record->sleeping, 0);
}

bool
shmx_ring_damage(const struct shmx_ring *ring, uint64_t sequence,
		 struct shmx_rect16 *box)
{
	const struct shmx_damage_entry *e =
		&ring->damage[sequence % SHMX_DAMAGE_ENTRIES];
	uint64_t bits;

	/* Acquires the box of log_damage(). */
	if (shmx_load_acquire(&e->tag) != sequence)
		return false;
	/*
	 * A box of a later frame is seen together with the tag that was
	 * zeroed before it: this load acquires, the next cannot pass it.
	 */
	bits = shmx_load_acquire(&e->box);
	if (shmx_load_relaxed(&e->tag) != sequence)
		return false;
	memcpy(box, &bits, sizeof(bits));
	return true;
}
