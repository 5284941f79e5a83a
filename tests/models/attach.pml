/* SPDX-License-Identifier: MIT */
/*
 * attach.pml - coming and going while the writer publishes: readers.h,
 * host-greet.c, host-leave.c
 *
 * Claims: the writer never looks at what was freed (used_freed); no hold of
 * an attached reader is overlooked (torn); one pass finds a slot (no_slot), at
 * all times, though the holds of who went are given to who comes.
 *
 * Two threads of one process, the writer and the service, and READERS readers
 * that share SLOTS - 2 holds (K is 1), one each: the service admits as many as
 * there are holds, puts a seat into the set (B1) before it says WELCOME, and
 * replaces one that died with another; seats, and the sets that named them,
 * are freed when the writer is elsewhere (B2).  Sets are numbers: bit i of
 * set[x] says that seat i is in it.  A seat is one reader's life; its record
 * is its own, and nobody else's later.
 *
 * -DSLOTS= -DREADERS= (lives in all) -DFRAMES= -DTRIES=, and of buffers.h
 * -DSB= -DDEPTH=.
 *
 * Mutants:
 *	ADD_LATE	the seat enters the set when READY has arrived
 *	A1_RELEASE	busy is not seq_cst; with store buffers
 *	B1_RELEASE	the set is not
 *	A3_EARLY	the writer leaves before it is through
 *	B2_FIRST	the service looks whether the writer is there, then
 *			swaps the sets
 *	NO_B2		it does not look
 *	GRANT_EARLY	the holds of the dead are granted again before their
 *			seat is out of the set
 */
#ifndef SLOTS
#define SLOTS 3
#endif
#ifndef READERS
#define READERS 2
#endif
#ifndef FRAMES
#define FRAMES 5
#endif
#ifndef TRIES
#define TRIES 2
#endif

/* Each seat comes and, but for the last ones, goes. */
#define SETS (2 * READERS + 1)

#define STATE(s) (s)
#define HOLD(i) (SLOTS + (i))
#define LATEST (SLOTS + READERS)
#define BUSY (LATEST + 1)
#define SET (LATEST + 2)
#define WORDS (LATEST + 3)
#define WRITER READERS
#define SERVICE (READERS + 1)
#define PROCS (READERS + 2)
#include "buffers.h"

#define FREE 0
#define WRITING 1
#define PUBLISHED(q) (2 + (q))
#define LATEST_WORD(q, s) ((q) * 8 + (s) + 1)
#define SEQ(l) ((l) / 8)
#define SLOT(l) ((l) % 8 - 1)
#define NOTHING 0

#ifdef A1_RELEASE
#define STORE_A1 STORE
#else
#define STORE_A1 STORE_SC
#endif
#ifdef B1_RELEASE
#define STORE_B1 STORE
#else
#define STORE_B1 STORE_SC
#endif

byte set[SETS];
bool set_freed[SETS];
bool seat_freed[READERS];
bool welcome[READERS], ready[READERS], dead[READERS];
byte content[SLOTS];
byte pin[READERS];
bool torn, no_slot, used_freed;

/* ------------------------------------------------------------- readers -- */

proctype reader(byte r)
{
	byte n, l, s;
	bool ok;

end0:	welcome[r];
	ready[r] = true;
	{
		do
		:: n < TRIES ->
			n++;
			atomic {
				DRAINED(r) && LOAD(r, LATEST) != NOTHING;
				l = LOAD(r, LATEST);			/* R1 */
				s = SLOT(l)
			};
			STORE_SC(r, HOLD(r), s + 1);			/* R2 */
			atomic {					/* R3 */
				DRAINED(r);
				ok = LOAD(r, STATE(s)) == PUBLISHED(SEQ(l));
				if
				:: ok ->
					pin[r] = s + 1;
					torn = torn || content[s] != SEQ(l);
					assert(!torn)
				:: else
				fi;
				l = 0
			};
			atomic {					/* R5 */
				pin[r] = 0;
				STORE_SC(r, HOLD(r), 0);
				s = 0; ok = false
			}
		:: else -> break
		od;
end:		false
	} unless {
		/* It dies, or leaves: with a hold or without. */
		atomic { dead[r] -> l = 0; s = 0; n = 0; ok = false }
	}
}

/* ------------------------------------------------------------- service -- */

/* All sets but the last, and the seats that are in none. */
inline free_retired()
{
	do
	:: first < x -> set_freed[first] = true; first++
	:: else -> break
	od;
	do
	:: i < READERS ->
		seat_freed[i] = seat_freed[i] || gone >> i & 1;
		i++
	:: else -> break
	od;
	i = 0; gone = 0
}

inline swap_sets()						/* B1 */
{
#ifdef B2_FIRST
	atomic { DRAINED(SERVICE) && LOAD(SERVICE, BUSY) == 0 };
#endif
	atomic {
		x++;
		set[x] = members;
		STORE_B1(SERVICE, SET, x)
	}
#if defined(B2_FIRST) || defined(NO_B2)
	;
	atomic { free_retired() }
#endif
}

/* What was stored before a message is sent is there when it is received. */
inline send_welcome()
{
	atomic { FENCE(SERVICE) -> welcome[next] = true }
}

inline admit()
{
	members = members | (1 << next);
	swap_sets()
}

active proctype service()
{
	byte members, x, first, gone, next, granted, i;

end:	do
	:: next < READERS && granted < SLOTS - 2 ->
		granted++;
#ifdef ADD_LATE
		send_welcome();
		ready[next];
		admit();
#else
		admit();
		send_welcome();
#endif
		next++
	:: next < READERS && granted == SLOTS - 2 ->
		/* The oldest dies, and another wants its place. */
		atomic {
			i = next - granted;
			dead[i] = true;
			drain_all(i);
			pin[i] = 0;
			i = 0
		};
#ifdef GRANT_EARLY
		admit();
		send_welcome();
		next++;
		atomic {
			members = members & ~(1 << (next - 1 - granted));
			gone = gone | (1 << (next - 1 - granted))
		};
		swap_sets()
#else
		atomic {
			members = members & ~(1 << (next - granted));
			gone = gone | (1 << (next - granted))
		};
		swap_sets();
		granted--
#endif
#if !defined(B2_FIRST) && !defined(NO_B2)
	:: first < x ->						/* B2 */
		atomic {
			DRAINED(SERVICE) && LOAD(SERVICE, BUSY) == 0 ->
			free_retired()
		}
#endif
	od
}

/* -------------------------------------------------------------- writer -- */

#define STATE_W(s) LOAD(WRITER, STATE(s))
#define CANDIDATE(s) \
	(!(tried >> (s) & 1) && \
	 !(STATE_W(s) > WRITING && STATE_W(s) - 2 == latest) && \
	 !(s > 0 && STATE_W(s) == FREE && \
	   STATE_W((s > 0 -> s - 1 : 0)) == FREE))

inline enter()
{
	STORE_A1(WRITER, BUSY, 1);					/* A1 */
	atomic {							/* A2 */
		DRAINED(WRITER);
		x = LOAD(WRITER, SET)
	}
}

inline use(what)
{
	used_freed = used_freed || what;
	assert(!used_freed)
}

active proctype writer()
{
	byte latest, tried, s, before, r, x;
	bool held;

	do
	:: latest < FRAMES ->
		enter();
#ifdef A3_EARLY
		STORE(WRITER, BUSY, 0);
#endif
		tried = 0;
		do
		:: atomic {						/* W1 */
			if
			:: CANDIDATE(0) -> s = 0
			:: CANDIDATE(1) -> s = 1
			:: CANDIDATE(2) -> s = 2
#if SLOTS > 3
			:: CANDIDATE(3) -> s = 3
#endif
			:: else ->
				no_slot = true;
				assert(!no_slot)
			fi;
			before = STATE_W(s)
		   };
			STORE_SC(WRITER, STATE(s), WRITING);		/* W2 */
			held = false;
			r = 0;
			do						/* W3 */
			:: atomic { r < READERS && !held ->
				use(set_freed[x]);
				if
				:: set[x] >> r & 1 ->
					use(seat_freed[r]);
					DRAINED(WRITER);
					held = LOAD(WRITER, HOLD(r)) == s + 1
				:: else
				fi;
				r++ }
			:: else -> break
			od;
			r = 0;
			if
			:: held ->
				STORE(WRITER, STATE(s), before);
				tried = tried | (1 << s)
			:: else -> break
			fi
		od;
		tried = 0; before = 0; held = false; x = 0;
#ifndef A3_EARLY
		STORE(WRITER, BUSY, 0);					/* A3 */
#endif
		atomic {						/* W4 */
			do
			:: r < READERS ->
				torn = torn || pin[r] == s + 1;
				r++
			:: else -> break
			od;
			r = 0;
			assert(!torn);
			content[s] = 0
		};
		content[s] = latest + 1;
		STORE(WRITER, STATE(s), PUBLISHED(latest + 1));		/* W5 */
		STORE_SC(WRITER, LATEST, LATEST_WORD(latest + 1, s));	/* W6 */
		latest++;
		enter();						/* W7 */
		atomic {
			use(set_freed[x]);
			do
			:: r < READERS ->
				if
				:: set[x] >> r & 1 -> use(seat_freed[r])
				:: else
				fi;
				r++
			:: else -> break
			od;
			r = 0; x = 0
		};
		STORE(WRITER, BUSY, 0)
	:: else -> break
	od
}

init
{
	atomic {
		run reader(0);
		run reader(1);
#if READERS > 2
		run reader(2)
#endif
	}
}
