/* SPDX-License-Identifier: MIT */
/*
 * hold.pml - holding and publishing: lib/shmx/ring.c, one writer
 *
 * Claims: what is held is whole and never written (torn); one pass over the
 * candidates finds a slot when SLOTS >= READERS * H + K + 1 (no_slot); latest
 * always names a frame that is there (dangling); and a hold fails only if K
 * newer frames were published meanwhile (gone).
 *
 * Steps are called as in ring.c.  A reader holds any of the K newest frames,
 * which is more than hold_latest() and hold_next() do; with H = 2 it keeps
 * one frame until it has the next, as a window does.  The writer tries the
 * candidates in any order, each once.  find_slot() is one step: its answer
 * depends on one load, that of the slot with the frame.
 *
 * A reader may be killed between any two steps (KILLS times in all); what it
 * had stored reaches memory, and some time later its seat is reaped: its
 * words count no more, and another reader begins with the same quota.  Until
 * then they protect what they name.  A writer that is killed is one that is
 * not scheduled any more, which every search includes; nobody follows it on
 * this ring.
 *
 * Pixels are one value for each slot, `content`: a sequence number, or 0
 * while they are written.  `pin` is what a reader relies on, known to nobody.
 *
 * -DSLOTS= -DREADERS= -DH= -DK= -DFRAMES= -DTRIES= (holds attempted by each
 * reader) -DKILLS=, and of buffers.h -DSB= -DDEPTH=.
 *
 * Mutants, one at a time:
 *	NO_W3		the holds are not looked at
 *	W3_FIRST	they are, before the slot is WRITING
 *	W4_FIRST	the pixels are written before that is known
 *	NO_R3		the slot's state is not checked
 *	W4_LAST		the pixels are written once it is announced
 *	W6_FIRST	announced before it is published
 *	R2_RELEASE, W2_RELEASE	not seq_cst: torn, with store buffers
 *	R5_RELEASE	not seq_cst: no slot found, with store buffers
 *	NO_WINDOW	the writer spares the latest frame only
 *	READ_OLDER	a reader takes frames older than the K newest
 *	REAP_ALIVE	a reader is reaped that was only slow
 */
#ifndef SLOTS
#define SLOTS 3
#endif
#ifndef READERS
#define READERS 1
#endif
#ifndef H
#define H 1
#endif
#ifndef K
#define K 1
#endif
#ifndef FRAMES
#define FRAMES 6
#endif
#ifndef TRIES
#define TRIES 3
#endif
#ifndef KILLS
#define KILLS 0
#endif

#define HOLDS (READERS * H)

#define STATE(s) (s)
#define HOLD(w) (SLOTS + (w))
#define LATEST (SLOTS + HOLDS)
#define WORDS (LATEST + 1)
#define WRITER READERS
#define PROCS (READERS + 1)
#include "buffers.h"

/* Values of state words; and latest, which is one word. */
#define FREE 0
#define WRITING 1
#define PUBLISHED(q) (2 + (q))
#define LATEST_WORD(q, s) ((q) * 8 + (s) + 1)
#define SEQ(l) ((l) / 8)
#define SLOT(l) ((l) % 8 - 1)
#define NOTHING 0

byte content[SLOTS];
byte pin[HOLDS];			/* slot + 1 */
bool killed[READERS];

bool torn, no_slot, dangling, gone;

#ifdef R2_RELEASE
#define STORE_R2 STORE
#else
#define STORE_R2 STORE_SC
#endif
#ifdef R5_RELEASE
#define STORE_R5 STORE
#else
#define STORE_R5 STORE_SC
#endif
#ifdef W2_RELEASE
#define STORE_W2 STORE
#else
#define STORE_W2 STORE_SC
#endif

/* ------------------------------------------------------------- readers -- */

/* R5, and what the reader relied on is nobody's any more. */
inline release(r, w)
{
	atomic {
		pin[w] = 0;
		STORE_R5(r, HOLD(w), 0);
		q = 0; s = 0; ok = false
	}
}

/* It could not be held: is it one of the K newest? */
inline still_there(q)
{
	gone = gone || q + K > SEQ(m[LATEST]);
	assert(!gone)
}

proctype reader(byte r)
{
	byte n, l, q, s, h;
	bool ok;

again:
	{
		do
		:: n < TRIES ->
			n++;
			/* R1 */
			atomic {
				DRAINED(r) && LOAD(r, LATEST) != NOTHING;
				l = LOAD(r, LATEST);
				/* Any of the K newest. */
				q = SEQ(l);
				do
#ifdef READ_OLDER
				:: q > 1 -> q--
#else
				:: q > 1 && q + K > SEQ(l) + 1 -> q--
#endif
				:: break
				od;
				l = 0;
				s = 0;
				do
				:: s < SLOTS &&
				   LOAD(r, STATE(s)) != PUBLISHED(q) -> s++
				:: else -> break
				od
			};
			if
			:: s == SLOTS -> still_there(q)
			:: else ->
				STORE_R2(r, HOLD(r * H + h), s + 1);	/* R2 */
				atomic {				/* R3 */
					DRAINED(r);
#ifdef NO_R3
					ok = true;
#else
					ok = LOAD(r, STATE(s)) == PUBLISHED(q);
#endif
					if
					:: ok ->
						pin[r * H + h] = s + 1;
						torn = torn || content[s] != q;
						assert(!torn)
					:: else -> still_there(q)
					fi
				};
#if H > 1
				if
				:: ok -> h = 1 - h
				:: else
				fi;
#endif
				/* R4: H = 2 goes on reading, to the next. */
				release(r, r * H + h)
			fi
		:: else -> break
		od
	} unless {
		/* What was on its way gets there. */
		atomic { killed[r] -> drain_all(r) };
		/* Reaped. */
		atomic {
			killed[r] = false;
			s = 0;
			do
			:: s < H ->
				m[HOLD(r * H + s)] = 0;
				pin[r * H + s] = 0;
				s++
			:: else -> break
			od;
			h = 0; q = 0; s = 0; ok = false;
			goto again
		}
	}
}

#if KILLS > 0
active proctype killer()
{
	byte k;

end:	do
	:: k < KILLS ->
		k++;
		if
		:: killed[0] = true
#if READERS > 1
		:: killed[1] = true
#endif
		fi
	od
}
#endif

#ifdef REAP_ALIVE
active proctype reaper()
{
	byte w;

	/* By a clock: "it has not said anything for a while". */
	do
	:: w < HOLDS -> m[HOLD(w)] = 0; w++
	:: else -> break
	od
}
#endif

/* -------------------------------------------------------------- writer -- */

/* W1 */
#ifdef NO_WINDOW
#define PROTECTED(q) ((q) == latest)
#else
#define PROTECTED(q) ((q) + K > latest)
#endif
#define STATE_W(s) LOAD(WRITER, STATE(s))
/* Free slots are all the same: the first of them will do. */
#define CANDIDATE(s) \
	(!(tried >> (s) & 1) && \
	 !(STATE_W(s) > WRITING && PROTECTED(STATE_W(s) - 2)) && \
	 !(s > 0 && STATE_W(s) == FREE && STATE_W((s > 0 -> s - 1 : 0)) == FREE))

inline look_at_holds()
{
	held = false;
#ifndef NO_W3
	w = 0;
	do
	:: w < HOLDS && !held ->
		atomic {
			DRAINED(WRITER);
			held = LOAD(WRITER, HOLD(w)) == s + 1;
			w++
		}
	:: else -> break
	od;
	w = 0
#endif
}

inline write_begins()
{
	atomic {
		w = 0;
		do
		:: w < HOLDS -> torn = torn || pin[w] == s + 1; w++
		:: else -> break
		od;
		w = 0;
		assert(!torn);
		content[s] = 0
	}
}

active proctype writer()
{
	byte latest, tried, s, before, w;
	bool held;

	do
	:: latest < FRAMES ->
		tried = 0;
		do
		:: atomic {
			if
			:: CANDIDATE(0) -> s = 0
			:: CANDIDATE(1) -> s = 1
#if SLOTS > 2
			:: CANDIDATE(2) -> s = 2
#endif
#if SLOTS > 3
			:: CANDIDATE(3) -> s = 3
#endif
#if SLOTS > 4
			:: CANDIDATE(4) -> s = 4
#endif
#if SLOTS > 5
			:: CANDIDATE(5) -> s = 5
#endif
#if SLOTS > 6
#error SLOTS is at most 6
#endif
			:: else ->
				no_slot = true;
				assert(!no_slot)
			fi;
			before = STATE_W(s)
		   };
#ifdef W3_FIRST
			look_at_holds();
#endif
			STORE_W2(WRITER, STATE(s), WRITING);		/* W2 */
#ifdef W4_FIRST
			write_begins();
#endif
#ifndef W3_FIRST
			look_at_holds();				/* W3 */
#endif
			if
			:: held ->
				STORE(WRITER, STATE(s), before);
				tried = tried | (1 << s)
			:: else -> break
			fi
		od;
		tried = 0; before = 0; held = false;
#ifndef W4_LAST
		write_begins();						/* W4 */
		content[s] = latest + 1;
#endif
#ifdef W6_FIRST
		STORE_SC(WRITER, LATEST, LATEST_WORD(latest + 1, s));
#endif
		STORE(WRITER, STATE(s), PUBLISHED(latest + 1));		/* W5 */
#ifndef W6_FIRST
		STORE_SC(WRITER, LATEST, LATEST_WORD(latest + 1, s));	/* W6 */
#endif
#ifdef W4_LAST
		write_begins();
		content[s] = latest + 1;
#endif
		latest++
	:: else -> break
	od
}

active proctype monitor()
{
end:	atomic {
		m[LATEST] != NOTHING &&
		m[SLOT(m[LATEST])] != PUBLISHED(SEQ(m[LATEST])) ->
		dangling = true;
		assert(!dangling)
	}
}

init
{
	atomic {
		run reader(0);
#if READERS > 1
		run reader(1)
#endif
	}
}
