/* SPDX-License-Identifier: MIT */
/*
 * every.pml - readers that miss no frame, and the producer that waits for them
 *
 * Claims: from the frame that it starts with, such a reader gets each frame,
 * whole (skipped, torn); when nothing moves any more, the writer has published
 * all its frames and each living reader has had them (lost).
 *
 * The words are ring.c's, and for each reader done_sequence, up to which it
 * has secured all frames; and host_waiting.
 *
 *	reader				writer
 *	R1 to R3 for the frame last + 1	E1 done of each reader in the set
 *	E4 done = q			W1 candidates: not above any of these
 *	E5 host_waiting? NUDGE		W2, W3 ... or, if there is none:
 *	R4, R5				E2 host_waiting = 1, once more from E1
 *					E3 sleep until there is news
 *
 * News come from the service: for a NUDGE, and when a reader is reaped.  A
 * reader comes at any time: the service stores done = latest - 1,
 * puts the seat into the set (as attach.pml has it) and says WELCOME; the
 * reader begins with what is latest then, and says so by E4 and E5.  That must
 * not be the number that the service had: between that and the set the writer
 * may have gone on, bound by nobody.
 *
 * How the reader learns of new frames is wake.pml's; here it just does.  The
 * writer's order of candidates is free.
 *
 * With -DAFTER it begins after that frame, and the host stores latest: then it
 * may be that all it has to say is where it begins, and some mutants are found
 * only there.
 *
 * -DSLOTS= -DREADERS= -DH= -DFRAMES= -DKILLS=, and of buffers.h -DSB= -DDEPTH=.
 *
 * Mutants:
 *	NO_E1		the writer does not look at done
 *	E4_FIRST	done is stored before the frame is held
 *	E4_RELEASE, E2_RELEASE	not seq_cst; with store buffers
 *	E5_FIRST	host_waiting is looked at before done is stored
 *	E2_LATE		the flag goes up after the last try
 *	NEWS_LATE	news are read after the try that follows them
 *	REAP_SILENT	no news when a reader is reaped
 *	START_HOST	the reader begins after the number that the host stored
 *	START_SILENT	it does not say where it begins
 *	START_LATE	without AFTER, the host stores latest all the same
 *	SET_LATE	the seat enters the set after WELCOME
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
#ifndef FRAMES
#define FRAMES 5
#endif
#ifndef KILLS
#define KILLS 0
#endif

#define STATE(s) (s)
#define HOLD(w) (SLOTS + (w))
#define DONE(r) (SLOTS + READERS * H + (r))
#define LATEST (SLOTS + READERS * (H + 1))
#define WAITING (LATEST + 1)
#define SET (LATEST + 2)
#define WORDS (LATEST + 3)
#ifdef AFTER
#define BEFORE(q) (q)
#else
#define BEFORE(q) ((q) == 0 -> 0 : (q) - 1)
#endif
#define WRITER READERS
#define SERVICE (READERS + 1)
#define PROCS (READERS + 2)
#include "buffers.h"

#define FREE 0
#define WRITE 1
#define PUBLISHED(q) (2 + (q))
#define LATEST_WORD(q, s) ((q) * 8 + (s) + 1)
#define SEQ(l) ((l) / 8)
#define SLOT(l) ((l) % 8 - 1)

#ifdef E4_RELEASE
#define STORE_E4 STORE
#else
#define STORE_E4 STORE_SC
#endif
#ifdef E2_RELEASE
#define STORE_E2 STORE
#else
#define STORE_E2 STORE_SC
#endif

byte content[SLOTS];
byte pin[READERS * H];
byte last[READERS];			/* had by reader r */
bool welcome[READERS], killed[READERS];
bool nudge[READERS];			/* in the connection */
bool news;				/* in the eventfd */
bool done_all;
bool torn, skipped, lost;

/* ------------------------------------------------------------- readers -- */

inline secure(q)
{
#ifdef E5_FIRST
	atomic { DRAINED(r); up = LOAD(r, WAITING) };
#endif
	STORE_E4(r, DONE(r), q);					/* E4 */
#ifndef E5_FIRST
	atomic { DRAINED(r); up = LOAD(r, WAITING) };			/* E5 */
#endif
	if
	:: up -> atomic { FENCE(r) -> nudge[r] = true; up = false }
	:: else
	fi
}

proctype reader(byte r)
{
	byte s, h;
	bool up;

end0:	welcome[r];
	{
#ifdef START_HOST
		last[r] = LOAD(r, DONE(r));
#else
		atomic {
			DRAINED(r);
			last[r] = BEFORE(SEQ(LOAD(r, LATEST)))
		};
#ifndef START_SILENT
		secure(last[r]);
#endif
#endif
		do
		:: last[r] < FRAMES ->
end:			atomic {					/* R1 */
				DRAINED(r) && SEQ(LOAD(r, LATEST)) > last[r];
				do
				:: s < SLOTS && LOAD(r, STATE(s)) !=
				   PUBLISHED(last[r] + 1) -> s++
				:: else -> break
				od;
				skipped = s == SLOTS;
				assert(!skipped)
			};
#ifdef E4_FIRST
			secure(last[r] + 1);
#endif
			STORE_SC(r, HOLD(r * H + h), s + 1);		/* R2 */
			atomic {					/* R3 */
				DRAINED(r);
				skipped = LOAD(r, STATE(s)) !=
					PUBLISHED(last[r] + 1);
				assert(!skipped);
				pin[r * H + h] = s + 1;
				torn = torn || content[s] != last[r] + 1;
				assert(!torn);
				s = 0;
				last[r]++
			};
#ifndef E4_FIRST
			secure(last[r]);
#endif
#if H > 1
			h = 1 - h;
#endif
			atomic {					/* R5 */
				pin[r * H + h] = 0;
				STORE_SC(r, HOLD(r * H + h), 0)
			}
		:: else -> break
		od;
end1:		false
	} unless {
		atomic { killed[r] -> drain_all(r); s = 0; h = 0; up = false }
	}
}

/* ------------------------------------------------------------- service -- */

active proctype service()
{
	byte members, next, kills, l;

end:	do
	:: next < READERS ->
		atomic {
			DRAINED(SERVICE);
			l = SEQ(LOAD(SERVICE, LATEST))
		};
#ifndef START_LATE
		l = BEFORE(l);
#endif
		STORE_SC(SERVICE, DONE(next), l);
		l = 0;
#ifdef SET_LATE
		welcome[next] = true;
#endif
		members = members | (1 << next);
		STORE_SC(SERVICE, SET, members);
		atomic { FENCE(SERVICE) -> welcome[next] = true };
		next++
	:: atomic { nudge[0] -> nudge[0] = false; news = true }
#if READERS > 1
	:: atomic { nudge[1] -> nudge[1] = false; news = true }
#endif
#if KILLS > 0
	:: kills < KILLS && next > 0 ->
		/* The reader that came last; then it is reaped. */
		kills++;
		atomic {
			killed[next - 1] = true;
			do
			:: l < H -> pin[(next - 1) * H + l] = 0; l++
			:: else -> break
			od;
			l = 0
		};
		members = members & ~(1 << (next - 1));
		STORE_SC(SERVICE, SET, members);
		atomic {
			FENCE(SERVICE);
#ifndef REAP_SILENT
			news = true
#else
			skip
#endif
		}
#endif
	od
}

/* -------------------------------------------------------------- writer -- */

#define STATE_W(s) LOAD(WRITER, STATE(s))
/* W1, with a history of one. */
#define CANDIDATE(s) \
	(!(tried >> (s) & 1) && \
	 !(STATE_W(s) > WRITE && (STATE_W(s) - 2 == latest || \
				  STATE_W(s) - 2 > least)) && \
	 !(s > 0 && STATE_W(s) == FREE && \
	   STATE_W((s > 0 -> s - 1 : 0)) == FREE))

/* A pass: s is a slot, or SLOTS. */
inline claim()
{
	atomic { DRAINED(WRITER); set = LOAD(WRITER, SET) };
	least = 255;
#ifndef NO_E1
	i = 0;
	do								/* E1 */
	:: atomic { i < READERS ->
		if
		:: set >> i & 1 ->
			DRAINED(WRITER);
			if
			:: LOAD(WRITER, DONE(i)) < least ->
				least = LOAD(WRITER, DONE(i))
			:: else
			fi
		:: else
		fi;
		i++ }
	:: else -> break
	od;
	i = 0;
#endif
	do
	:: atomic {							/* W1 */
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
		:: else -> s = SLOTS; break
		fi;
		before = STATE_W(s)
	   };
		STORE_SC(WRITER, STATE(s), WRITE);			/* W2 */
		held = false;
		do							/* W3 */
		:: atomic { i < READERS * H && !held ->
			if
			:: set >> (i / H) & 1 ->
				DRAINED(WRITER);
				held = LOAD(WRITER, HOLD(i)) == s + 1
			:: else
			fi;
			i++ }
		:: else -> break
		od;
		i = 0;
		if
		:: held ->
			STORE(WRITER, STATE(s), before);
			tried = tried | (1 << s)
		:: else -> break
		fi
	od;
	atomic { tried = 0; before = 0; held = false; least = 0; set = 0 }
}

active proctype writer()
{
	byte latest, tried, s, before, least, set, i;
	bool held;

	do
	:: latest < FRAMES ->
		claim();
		if
		:: s == SLOTS ->
			STORE_E2(WRITER, WAITING, 1);			/* E2 */
#ifndef E2_LATE
			claim();
#endif
			do						/* E3 */
			:: s == SLOTS ->
end:				news;
#ifdef NEWS_LATE
				claim();
				news = false
#else
				news = false;
				claim()
#endif
			:: else -> break
			od;
			STORE(WRITER, WAITING, 0)
		:: else
		fi;
		atomic {						/* W4 */
			do
			:: i < READERS * H ->
				torn = torn || pin[i] == s + 1;
				i++
			:: else -> break
			od;
			i = 0;
			assert(!torn);
			content[s] = 0
		};
		content[s] = latest + 1;
		STORE(WRITER, STATE(s), PUBLISHED(latest + 1));		/* W5 */
		STORE_SC(WRITER, LATEST, LATEST_WORD(latest + 1, s));	/* W6 */
		latest++;
		s = 0
	:: else -> break
	od;
	done_all = true
}

active proctype checker()
{
end:	atomic {
		timeout ->
		lost = !done_all;
#define LEFT_BEHIND(r) (welcome[r] && !killed[r] && last[r] < FRAMES)
		lost = lost || LEFT_BEHIND(0);
#if READERS > 1
		lost = lost || LEFT_BEHIND(1);
#endif
		assert(!lost)
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
