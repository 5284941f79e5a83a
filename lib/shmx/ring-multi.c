/* SPDX-License-Identifier: MIT */
/*
 * ring-multi.c - the lock-free core of a ring with several writers
 *
 * As ring.c, whose words, readers and steps R1 to R5, S1 and S2 are the same,
 * with several writers in different processes, any of which may be killed or
 * stopped between any two instructions.  One process, the host, owns the ring
 * and takes back what the dead leave; it may write as well.  The promises:
 *
 *  P1	a held frame's bytes do not change while it is held;
 *  P2	claiming and publishing take a bounded number of steps.  With
 *	slots >= holds + k + 2 * writers - 1 a claim fails only if other
 *	writers published during each of its passes, 64 in a row;
 *  P3	whoever dies leaves words that one idempotent pass repairs;
 *
 * and frames have one order, that of their sequence numbers: no reader is
 * ever given a frame older than one it had.
 *
 * The words that differ
 * ---------------------
 *
 *	state[s]	FREE, WRITING(owner, generation), PUBLISHED(seq)
 *	next		the sequence number drawn last
 *
 * A WRITING word says who is to be asked about, and differs from every other
 * WRITING word there has been lately: who finds it unchanged knows that the
 * slot was its own all the time.
 *
 * The steps
 * ---------
 *
 *	claim				publish
 *	M1 l = latest			M5 write pixels and meta
 *	M2 v = state[s]: FREE, or	M6 q = ++next
 *	   PUBLISHED(q), q + k <= l	M7 state[s]: WRITING(me) ->
 *	M3 state[s]: v -> WRITING(me)	   PUBLISHED(q)
 *	M4 any hold word naming s?	M8 latest = max(latest, (q, s))
 *	   WRITING(me) -> v, next s	M9 sleeping[r]? wake r
 *
 * M3, M4, M7 and M8 are compare-and-exchange.  A frame can be held from M8
 * on; where M8 finds a later frame it was overtaken between M6 and M8, and
 * its frame is part of the history at once.
 *
 * Why latest never dangles
 * ------------------------
 *
 * latest only grows.  A slot PUBLISHED(q) is claimed only by who read a latest
 * of at least q + k before (M1 comes first), and k is at least 1: the slot
 * that latest names is never a candidate.  Nor can M8 make it name a slot that
 * was claimed meanwhile: until M8 succeeds latest is below q, so that nobody
 * may claim the slot.  That holds for whoever performs M8: anybody who sees
 * PUBLISHED(q) above latest may announce it, which shmx_multi_reap() does for
 * the dead.
 *
 * Without the first rule a writer that slept between M2 and M3 could take the
 * slot of a frame that another is just announcing.
 *
 * Why nothing tears (P1)
 * ----------------------
 *
 * M3 takes the place of W2, and M4 of W3: all seq_cst, with R2 and R3.  Say R3
 * read PUBLISHED(q).  Whoever claims the slot later does so by an M3 that is
 * after R3 in the one order, or R3 would have read its word or a later one;
 * so R2, R3, M3, M4, and M4 sees the hold.  An un-claim stores the same
 * PUBLISHED(q) again, with the same bytes under it, and a slot that a dead
 * writer had claimed while it was held is FREE afterwards, with the same bytes
 * too: who claims it next scans the hold words as well.
 *
 * There is no ABA at M3: a sequence number is published once, and FREE is FREE.
 *
 * M5 happens before M7 (release), which R3 acquires, and which the next M3
 * acquires; R4 happens before R5, which M4 acquires.  Several M4 of others in
 * between change nothing: they are on the same hold words.
 *
 * When a claim finds a slot (P2)
 * ------------------------------
 *
 * Count what keeps one pass from a slot while nobody joins the writers or
 * draws a sequence number:
 *
 *  - k slots with the frames (l - k, l];
 *  - one for each hold word: it names what it did at M1, or what a reader
 *    chose before M1 and has not stored yet, never both (R5 comes before the
 *    next R1).  What it chooses after M1 is above l - k: no candidate;
 *  - two for each other writer: one at which it found a hold word that has
 *    been emptied since, and which it has not un-claimed when this pass comes
 *    by; and the one that it claims next, and keeps, as to publish it would
 *    draw a number.  A writer between M6 and M8 is the same: its frame, and the
 *    slot that it claims then.
 *
 * So holds + k + 2 * (writers - 1) + 1 slots suffice.  If a number was drawn
 * meanwhile the pass is repeated: others made progress, which is all that can
 * be had without a lock.  After 64 such passes the frame is dropped, and
 * counted.  A dead writer counts as one until it is reaped; a frame that it
 * published and did not announce is announced then, as nobody may claim what
 * is above latest, and the dead could fill a ring with such frames.
 *
 * Order, and gaps
 * ---------------
 *
 * A number is drawn as late as possible, at M6, so that the order of numbers
 * is that of publishing: who returned from publishing has the smaller one.  A
 * writer killed between M6 and M7 leaves a number that is never published; a
 * writer that is slow there publishes its frame after a later one.  Readers
 * that follow in order look for a number for a while, then pass it over:
 * shmx_ring_hold_next().
 *
 * Who dies where
 * --------------
 *
 *	reader			as in ring.c; the host empties its words
 *	writer, M1, M2		nothing to repair
 *	writer, M3 to M6	WRITING(it): reaped, FREE.  An old frame that
 *				was being un-claimed leaves the history, and
 *				stays whole for who holds it
 *	writer, M6 to M7	the same, and a gap in the numbers
 *	writer, M7 to M8	a whole frame that nobody hears of: announced
 *	writer, M8 to M9	all readers are woken by who reaps, also those
 *				whose flag it took down
 *	host			the ring ends; the others write on, unheard
 *
 * A slot is freed once its owner can write no more, that is by its death: a
 * stopped writer keeps its slot.  Should one be reaped all the same, M4 and M7
 * find another word, and it has lost its frame but done no harm to the words.
 *
 * The damage log of ring.c is not kept: writers that are 64 numbers apart
 * would write one entry, and a frame differs from the one before it, which is
 * somebody else's, everywhere.
 */
#include "config.h"

#include "ring-multi.h"

#include <stdbool.h>
#include <stddef.h>

#include "atomic.h"
#include "kill.h"
#include "ring-words.h"

#define FREE SHMX_STATE(SHMX_STATE_FREE, 0)

void
shmx_multi_init_ring(const struct shmx_ring *ring)
{
	shmx_store_seq_cst(&ring->ext->latest, latest_word(0, SHMX_SLOT_NONE));
}

void
shmx_multi_init(struct shmx_multi *w, const struct shmx_ring *ring,
		uint32_t owner)
{
	*w = (struct shmx_multi){
		.ring = *ring, .owner = owner % SHMX_OWNERS_MAX, .claimed = -1,
	};
}

/* ---------------------------------------------------------- announcing -- */

static bool
is_published(uint64_t state)
{
	return state >> 62 == SHMX_STATE_PUBLISHED;
}

static uint64_t
sequence_of(uint64_t state)
{
	return state & SHMX_SEQUENCE_MAX;
}

/*
 * M8: make latest name a slot that is PUBLISHED(sequence), unless it names a
 * later frame.
 */
static void
announce(const struct shmx_ring *ring, uint64_t sequence, uint32_t slot)
{
	shmx_a64 *latest = &ring->ext->latest;
	uint64_t l = shmx_load_seq_cst(latest);

	/* Pairs with R1, with M1, and, before M9, with S1 and S2. */
	while (l >> 16 < sequence)
		if (shmx_cas_seq_cst(latest, &l, latest_word(sequence, slot)))
			break;
}

/* ------------------------------------------------------------ claiming -- */

/* What M2 found, and what is left of it to try. */
struct pass {
	uint64_t state[SHMX_SLOTS_MAX];
	uint64_t all;			/* candidates, as bits */
	uint64_t likely;		/* those that nobody seems to hold */
};

static void
look(const struct shmx_multi *w, const struct shmx_scan *scan, struct pass *p)
{
	const struct shmx_ring *ring = &w->ring;
	uint64_t l, v;
	uint32_t s;

	/* M1: before M2, or latest could come to name what is claimed. */
	l = shmx_load_seq_cst(&ring->ext->latest) >> 16;
	p->all = 0;
	for (s = 0; s < ring->slots; s++) {
		/* M2: acquires M6 of whoever wrote it. */
		v = p->state[s] = shmx_load_acquire(&ring->state[s]);
		if (v == FREE || (is_published(v) &&
				  sequence_of(v) + ring->history <= l))
			p->all |= UINT64_C(1) << s;
	}
	p->likely = p->all & ~shmx_scan_held(scan, ring);
}

/* The slot of a set with the newest frame: its lines are the warmest. */
static int
newest(const struct pass *p, uint64_t set)
{
	int best = -1, s;

	for (; set != 0; set &= set - 1) {
		s = __builtin_ctzll(set);
		if (best < 0 || p->state[s] > p->state[best])
			best = s;
	}
	return best;
}

/* Does a reader that was not evicted hold this slot?  M4. */
static bool
is_held(const struct shmx_scan *scan, const struct shmx_ring *ring,
	uint32_t slot)
{
	uint32_t i;

	for (i = 0; i < scan->count; i++)
		if (names(&scan->entry[i], ring, slot) &&
		    !shmx_load_relaxed(&scan->entry[i].record->evicted))
			return true;
	return false;
}

/* M3 and M4 for one candidate. */
static bool
try_claim(struct shmx_multi *w, const struct shmx_scan *scan,
	  const struct pass *p, int slot)
{
	shmx_a64 *state = &w->ring.state[slot];
	uint64_t before = p->state[slot], mine;

	w->generation++;
	mine = SHMX_STATE(SHMX_STATE_WRITING,
			  (uint64_t)w->owner << 32 | w->generation);
	/* M3: Dekker with R3; the loads of M4 must not pass it. */
	if (!shmx_cas_seq_cst(state, &before, mine))
		return false;
	SHMX_KILL_POINT("M3");
	if (is_held(scan, &w->ring, (uint32_t)slot)) {
		SHMX_KILL_POINT("M4 held");
		/* Release, as M7: the content is the same as ever. */
		before = mine;
		(void)shmx_cas_acq_rel(state, &before, p->state[slot]);
		SHMX_KILL_POINT("M4 back");
		return false;
	}
	SHMX_KILL_POINT("M4");
	w->word = mine;
	w->claimed = slot;
	return true;
}

/* Try the slots of a set, the warmest first. */
static bool
try_set(struct shmx_multi *w, const struct shmx_scan *scan,
	const struct pass *p, uint64_t set)
{
	int slot;

	for (; (slot = newest(p, set)) >= 0; set &= ~(UINT64_C(1) << slot))
		if (try_claim(w, scan, p, slot))
			return true;
	return false;
}

int
shmx_multi_claim(struct shmx_multi *w, const struct shmx_scan *scan)
{
	shmx_a64 *next = &w->ring.ext->next_sequence;
	uint64_t drawn;
	struct pass p;
	int i;

	if (w->claimed >= 0)
		return w->claimed;
	for (i = 0; i < TRIES; i++) {
		drawn = shmx_load_acquire(next);
		look(w, scan, &p);
		SHMX_KILL_POINT("M2");
		if (try_set(w, scan, &p, p.likely) ||
		    try_set(w, scan, &p, p.all & ~p.likely))
			return w->claimed;
		/* Nobody published: there is no slot. */
		if (shmx_load_acquire(next) == drawn)
			break;
	}
	return -1;
}

/* ---------------------------------------------------------- publishing -- */

uint64_t
shmx_multi_publish(struct shmx_multi *w)
{
	struct shmx_ring *ring = &w->ring;
	uint32_t slot = (uint32_t)w->claimed;
	uint64_t mine = w->word, sequence;

	/* M6: relaxed, as the number alone orders; M7 hands it on. */
	sequence = shmx_add_relaxed(&ring->ext->next_sequence, 1) + 1;
	SHMX_KILL_POINT("M6");
	ring->meta[slot].sequence = sequence;
	shmx_drain_nontemporal();
	w->claimed = -1;
	/* M7: pairs with R3 and M2; hands over pixels and meta. */
	if (!shmx_cas_acq_rel(&ring->state[slot], &mine, published(sequence)))
		return 0;
	SHMX_KILL_POINT("M7");
	announce(ring, sequence, slot);
	SHMX_KILL_POINT("M8");
	w->latest = sequence;
	return sequence;
}

void
shmx_multi_abandon(struct shmx_multi *w)
{
	uint64_t mine = w->word;

	if (w->claimed < 0)
		return;
	/* What was drawn is nobody's picture. */
	(void)shmx_cas_acq_rel(&w->ring.state[w->claimed], &mine, FREE);
	w->claimed = -1;
}

/* -------------------------------------------------------------- reaping -- */

static bool
is_writing(uint64_t state, uint32_t owner)
{
	return state >> 62 == SHMX_STATE_WRITING &&
	       (state >> 32 & (SHMX_OWNERS_MAX - 1)) == owner;
}

unsigned
shmx_multi_reap(const struct shmx_ring *ring, uint32_t owner)
{
	unsigned freed = 0;
	uint64_t v;
	uint32_t s;

	for (s = 0; s < ring->slots; s++) {
		v = shmx_load_acquire(&ring->state[s]);
		if (is_writing(v, owner))
			freed += shmx_cas_acq_rel(&ring->state[s], &v, FREE);
		else if (is_published(v))
			announce(ring, sequence_of(v), s);
		SHMX_KILL_POINT("reap slot");
	}
	return freed;
}

const char *
shmx_multi_check(const struct shmx_ring *ring)
{
	uint64_t l = shmx_load_seq_cst(&ring->ext->latest);
	uint64_t next = shmx_load_seq_cst(&ring->ext->next_sequence);
	uint64_t v, seen[SHMX_SLOTS_MAX];
	uint32_t s, t;

	if (l >> 16 > next)
		return "latest is above the numbers drawn";
	if (l >> 16 != 0 && latest_slot(l) >= ring->slots)
		return "latest names no slot";
	if (l >> 16 != 0 &&
	    shmx_load_seq_cst(&ring->state[latest_slot(l)]) !=
	    published(l >> 16))
		return "latest dangles";
	for (s = 0; s < ring->slots; s++) {
		v = seen[s] = shmx_load_seq_cst(&ring->state[s]);
		if (is_published(v) && sequence_of(v) > next)
			return "a frame has a number that was not drawn";
		if (is_published(v) &&
		    ring->meta[s].sequence != sequence_of(v))
			return "a frame's number is not that of its slot";
		for (t = 0; t < s; t++)
			if (v != FREE && v == seen[t])
				return "two slots have the same state";
	}
	return NULL;
}
