/* SPDX-License-Identifier: MIT */
/*
 * multi.pml - several writers: lib/shmx/ring-multi.c
 *
 * Claims: what is held is whole and never written, and a slot has one writer
 * (torn); latest names a frame that is there, and never an older one than
 * before (dangling); what is among the K newest can be held (gone); a pass
 * that finds no slot, while nobody draws a number, happens only with fewer
 * than holds + K + 2 * WRITERS - 1 slots (no_slot); when nothing moves any
 * more, no slot belongs to the dead, and latest is the newest frame there is
 * (left).
 *
 * Steps M1 to M8 are ring-multi.c's, R1 to R5 as in hold.pml.  Writers change
 * shared words by read-modify-writes alone, so only readers' stores are ever
 * queued.  M2 is one step for all slots, or one for each (-DM2_STEPS).  After
 * PASSES failed passes during which others drew numbers a frame is dropped.
 *
 * Writers are killed between any two steps, KILLS times in all; the host then
 * reaps: steps of its own, between which the others go on.  The dead writer's
 * successor has what was left to publish, and begins when that is done.
 *
 * -DWRITERS= -DSLOTS= -DK= -DFRAMES= (of each writer) -DTRIES= (of the reader)
 * -DKILLS= -DPASSES=, -DANY_ORDER for candidates in other orders than that of
 * the code (which tries those last that seem to be held; here they are not
 * known), and of buffers.h -DSB= -DDEPTH=.
 *
 * Mutants:
 *	NO_RULE		any frame but the latest is a candidate, however new
 *	NO_WINDOW	the rule is for a history of one, K being more
 *	M3_STORE	the claim is a store: it was a candidate a step ago
 *	M8_STORE	so is announcing
 *	NO_M4		the holds are not looked at
 *	M4_FIRST	they are, before M3
 *	NO_REAP		what the dead had claimed stays so
 *	NO_ANNOUNCE	who reaps does not announce for the dead
 *	R2_RELEASE	as in hold.pml; with store buffers
 */
#ifndef WRITERS
#define WRITERS 2
#endif
#ifndef SLOTS
#define SLOTS 5
#endif
#ifndef K
#define K 1
#endif
#ifndef FRAMES
#define FRAMES 2
#endif
#ifndef TRIES
#define TRIES 2
#endif
#ifndef KILLS
#define KILLS 0
#endif
#ifndef PASSES
#define PASSES 2
#endif

#define STATE(s) (s)
#define HOLD SLOTS
#define LATEST (SLOTS + 1)
#define NEXT (SLOTS + 2)
#define WORDS (SLOTS + 3)
#define READER 0
#define PROCS 1
#include "buffers.h"

#define FREE 0
#define WRITING(w) (1 + (w))
#define IS_PUBLISHED(v) ((v) >= 8)
#define PUBLISHED(q) (8 + (q))
#define LATEST_WORD(q, s) ((q) * 8 + (s) + 1)
#define SEQ(l) ((l) / 8)
#define SLOT(l) ((l) % 8 - 1)

#ifdef R2_RELEASE
#define STORE_R2 STORE
#else
#define STORE_R2 STORE_SC
#endif

byte content[SLOTS];
byte owner[SLOTS];			/* who is writing: w + 1 */
byte pin;
byte killed;				/* bits */
bool torn, dangling, gone, no_slot, left;

/* -------------------------------------------------------------- reader -- */

active proctype reader()
{
	byte n, l, q, s, had;
	bool ok;

	do
	:: n < TRIES ->
		n++;
		/* Perhaps for ever, when all writers were killed. */
end:		atomic {						/* R1 */
			DRAINED(READER) && LOAD(READER, LATEST) != 0;
			l = LOAD(READER, LATEST);
			dangling = dangling || SEQ(l) < had;
			assert(!dangling);
			had = SEQ(l);
			q = SEQ(l);
			do
			:: q > 1 && q + K > SEQ(l) + 1 -> q--
			:: break
			od;
			l = 0;
			do
			:: s < SLOTS && m[STATE(s)] != PUBLISHED(q) -> s++
			:: else -> break
			od
		};
		if
		/* A gap, or not there yet. */
		:: s == SLOTS -> s = 0
		:: else ->
			STORE_R2(READER, HOLD, s + 1);			/* R2 */
			atomic {					/* R3 */
				DRAINED(READER);
				ok = m[STATE(s)] == PUBLISHED(q);
				if
				:: ok ->
					pin = s + 1;
					torn = torn || content[s] != q;
					assert(!torn)
				:: else ->
					gone = q + K > SEQ(m[LATEST]);
					assert(!gone)
				fi
			};
			atomic {					/* R5 */
				pin = 0;
				STORE_SC(READER, HOLD, 0);
				q = 0; s = 0; ok = false
			}
		fi
	:: else -> break
	od
}

/* ------------------------------------------------------------- writers -- */

#ifdef NO_RULE
#define OLD(v) ((v) != PUBLISHED(l))
#elif defined(NO_WINDOW)
#define OLD(v) ((v) - 8 < l)
#else
#define OLD(v) ((v) - 8 + K <= l)
#endif

inline look_at_states()
{
#ifdef M2_STEPS
	do
	:: s < SLOTS -> atomic { v[s] = m[STATE(s)]; s++ }
	:: else -> break
	od;
	s = 0
#else
	atomic {
		do
		:: s < SLOTS -> v[s] = m[STATE(s)]; s++
		:: else -> break
		od;
		s = 0
	}
#endif
}

#define CANDIDATE(s) \
	(!(tried >> (s) & 1) && \
	 (v[s] == FREE || (IS_PUBLISHED(v[s]) && OLD(v[s]))))

/* M8.  x is a slot that is PUBLISHED(q). */
inline announce(q, x)
{
	do
	:: l = m[LATEST];
		if
		:: SEQ(l) >= q -> break
		:: else ->
			atomic {
#ifdef M8_STORE
				m[LATEST] = LATEST_WORD(q, x);
				break
#else
				if
				:: m[LATEST] == l ->
					m[LATEST] = LATEST_WORD(q, x);
					break
				:: else
				fi
#endif
			}
		fi
	od;
	l = 0
}

inline reap()
{
	s = 0;
	do
	:: s < SLOTS ->
#ifndef NO_REAP
		atomic {
			if
			:: m[STATE(s)] == WRITING(w) ->
				m[STATE(s)] = FREE;
				owner[s] = 0
			:: else -> q = m[STATE(s)]
			fi
		};
#ifndef NO_ANNOUNCE
		if
		:: IS_PUBLISHED(q) -> q = q - 8; announce(q, s)
		:: else
		fi;
#endif
#endif
		q = 0;
		s++
	:: else -> break
	od;
	s = 0
}

proctype writer(byte w)
{
	byte v[SLOTS];
	byte n, l, drawn, tried, s, q, passes;
	bool ok, held;

again:
	{
		do
		:: n < FRAMES ->
			n++;
			passes = 0;
pass:			atomic { passes++; drawn = m[NEXT] };
			l = SEQ(m[LATEST]);				/* M1 */
			look_at_states();				/* M2 */
			do
			:: atomic {
				/* The newest first, as in the code. */
				s = 0; q = SLOTS;
				do
				:: s < SLOTS && CANDIDATE(s) ->
					if
					:: q == SLOTS -> q = s
					:: q < SLOTS && v[s] > v[q] -> q = s
#ifdef ANY_ORDER
					:: q < SLOTS && v[s] != v[q] -> q = s
					:: q < SLOTS && v[s] != v[q]
#endif
					:: else
					fi;
					s++
				:: s < SLOTS && !CANDIDATE(s) -> s++
				:: s == SLOTS -> break
				od;
				s = q; q = 0;
				if
				:: s == SLOTS -> break
				:: else
				fi;
				tried = tried | (1 << s)
			   };
#ifdef M4_FIRST
				held = m[HOLD] == s + 1;
#endif
#ifdef M3_STORE
				ok = m[STATE(s)] == v[s];
				if
				:: ok -> m[STATE(s)] = WRITING(w)
				:: else
				fi;
#else
				atomic {				/* M3 */
					ok = m[STATE(s)] == v[s];
					if
					:: ok -> m[STATE(s)] = WRITING(w)
					:: else
					fi
				};
#endif
				if
				:: ok ->
#if !defined(M4_FIRST) && !defined(NO_M4)
					held = m[HOLD] == s + 1;	/* M4 */
#endif
					if
					:: held -> atomic {
						m[STATE(s)] = v[s];
						held = false }
					:: else -> break
					fi
				:: else -> held = false
				fi
			od;
			atomic {
				q = 0;
				do
				:: q < SLOTS -> v[q] = 0; q++
				:: else -> break
				od;
				q = 0; tried = 0; l = 0; held = false
			};
			if
			:: s == SLOTS ->
				atomic {
					s = 0; ok = false;
					no_slot = m[NEXT] == drawn;
					drawn = 0;
					assert(!no_slot);
					if
					:: passes < PASSES -> goto pass
					:: else -> goto next
					fi
				}
			:: else -> drawn = 0; ok = false
			fi;
			atomic {					/* M5 */
				torn = torn || pin == s + 1 || owner[s] != 0;
				assert(!torn);
				owner[s] = w + 1;
				content[s] = 0
			};
			atomic {					/* M6 */
				m[NEXT] = m[NEXT] + 1;
				q = m[NEXT];
				content[s] = q
			};
			atomic {					/* M7 */
				m[STATE(s)] = PUBLISHED(q);
				owner[s] = 0
			};
			announce(q, s);					/* M8 */
next:			q = 0; s = 0
		:: else -> break
		od;
end:		false
	} unless {
		atomic {
			killed >> w & 1;
			l = 0; drawn = 0; tried = 0; passes = 0;
			ok = false; held = false; q = 0;
			s = 0;
			do
			:: s < SLOTS -> v[s] = 0; s++
			:: else -> break
			od
		};
		reap();
		atomic {
			killed = killed & ~(1 << w);
			goto again
		}
	}
}

#if KILLS > 0
active proctype killer()
{
	byte k;

end:	do
	:: k < KILLS && killed == 0 ->
		k++;
		if
		:: killed = 1
		:: killed = 2
		fi
	od
}
#endif

active proctype monitor()
{
end:	atomic {
		m[LATEST] != 0 &&
		m[SLOT(m[LATEST])] != PUBLISHED(SEQ(m[LATEST])) ->
		dangling = true;
		assert(!dangling)
	}
}

active proctype checker()
{
	byte s;

end:	atomic {
		timeout ->
		do
		:: s < SLOTS ->
			left = left || (m[STATE(s)] != FREE &&
					!IS_PUBLISHED(m[STATE(s)])) ||
				(IS_PUBLISHED(m[STATE(s)]) &&
				 m[STATE(s)] - 8 > SEQ(m[LATEST]));
			s++
		:: else -> break
		od;
		assert(!left)
	}
}

init
{
	atomic {
		run writer(0);
		run writer(1)
#if WRITERS > 2
		;
		run writer(2)
#endif
	}
}
