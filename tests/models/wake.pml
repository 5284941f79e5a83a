/* SPDX-License-Identifier: MIT */
/*
 * wake.pml - sleeping and waking: lib/shmx/ring.c (S1, S2, W6, W7), wait.c
 *
 * Claim: when nothing moves any more, the reader has seen the latest frame,
 * or knows that its producer is gone (lost).
 *
 * The reader looks, arms (S1, S2), polls its wake descriptor and its
 * connection, disarms, reads the bytes, and looks again; TIMEOUTS times it is
 * woken by something else.  A writer stores latest (W6), and where the flag
 * is up (W7) clears it and then sends a byte.  The wake socket takes ROOM
 * bytes; sending to a full one fails.  What succeeds is a barrier, as it takes
 * and leaves the socket's lock; what fails, and polling and receiving, is
 * taken to be none.
 *
 * With KILLS a writer dies between any two steps.  The only writer takes the
 * connection with it.  One of several (WRITERS = 2) does not: it is another
 * process than the one the reader is connected to, which reaps it.  Announcing
 * is then a fetch_add and a compare-and-exchange.
 *
 * -DFRAMES= (of each writer) -DWRITERS= -DKILLS= -DTIMEOUTS= -DROOM=,
 * and of buffers.h -DSB= -DDEPTH=.
 *
 * Mutants:
 *	S1_RELEASE	the flag is not seq_cst; with store buffers
 *	W6_RELEASE	latest is not
 *	S2_FIRST	the flag goes up after the look
 *	CLEAR_LATE	the writer clears the flag after it sent the byte
 *	CLEAR_RELEASE	it clears it by a release store, and not by an
 *			exchange: where the socket is full nothing keeps that
 *			from being late, and it hits the flag of a reader that
 *			has armed once more
 *	CLEAR_SC	by a seq_cst store: so with SB=2
 *	DRAIN_LATE	the bytes are read after the last look
 *	NO_HANGUP	the reader does not poll its connection
 *	REAP_SILENT	who reaps one of several writers wakes nobody
 */
#ifndef FRAMES
#define FRAMES 3
#endif
#ifndef WRITERS
#define WRITERS 1
#endif
#ifndef KILLS
#define KILLS 0
#endif
#ifndef TIMEOUTS
#define TIMEOUTS 1
#endif
#ifndef ROOM
#define ROOM 2
#endif

#define LATEST 0
#define FLAG 1
#define WORDS 2
#define READER WRITERS
#define PROCS (WRITERS + 1)
#include "buffers.h"

byte bytes;			/* in the wake socket */
bool closed;			/* the connection, by the producer's death */
bool told;			/* the reader knows of it */
byte seen;
byte next_sequence;
bool killed[WRITERS];
bool lost;

#ifdef S1_RELEASE
#define STORE_S1 STORE
#else
#define STORE_S1 STORE_SC
#endif
#ifdef W6_RELEASE
#define STORE_W6 STORE
#else
#define STORE_W6 STORE_SC
#endif
#ifdef CLEAR_RELEASE
#define CLEAR(p, a) STORE(p, a, 0)
#elif defined(CLEAR_SC)
#define CLEAR(p, a) STORE_SC(p, a, 0)
#else
#define CLEAR(p, a) EXCHANGE(p, a, 0)
#endif

active proctype reader()
{
	byte l, timeouts;

	do
	:: closed && told -> break
	:: else ->
look:		l = LOAD(READER, LATEST);
		if
		:: l != seen ->
			atomic { seen = l; l = 0; goto look }
		:: else
		fi;
#ifndef S2_FIRST
		STORE_S1(READER, FLAG, 1);			/* S1 */
#endif
		atomic { DRAINED(READER); l = LOAD(READER, LATEST) };
		if
		:: l != seen ->
			STORE(READER, FLAG, 0);
			goto look
		:: else -> l = 0
		fi;
#ifdef S2_FIRST
		STORE_S1(READER, FLAG, 1);
#endif
#ifdef DRAIN_LATE
		bytes = 0;
#endif
end:		if						/* poll */
		:: bytes > 0
#ifndef NO_HANGUP
		:: closed -> told = true
#endif
		:: timeouts < TIMEOUTS -> timeouts++
		fi;
		STORE(READER, FLAG, 0);
#ifndef DRAIN_LATE
		bytes = 0
#endif
	od
}

inline send_byte()
{
	if
	:: atomic { bytes < ROOM && FENCE(w) -> bytes++ }
	:: bytes == ROOM
	fi
}

proctype writer(byte w)
{
	byte n, q;
	bool up;

	{
		do
		:: n < FRAMES ->
			n++;
#if WRITERS == 1
			STORE_W6(w, LATEST, n);			/* W6 */
#else
			atomic { next_sequence++; q = next_sequence };
			/* M8, a compare-and-exchange in a loop. */
			atomic {
				FENCE(w);
				m[LATEST] = (q > m[LATEST] -> q : m[LATEST]);
				q = 0
			};
#endif
			atomic { DRAINED(w); up = LOAD(w, FLAG) };	/* W7 */
			if
			:: up ->
#ifndef CLEAR_LATE
				CLEAR(w, FLAG);
#endif
				send_byte();
#ifdef CLEAR_LATE
				CLEAR(w, FLAG);
#endif
				up = false
			:: else
			fi
		:: else -> break
		od
	} unless {
		atomic {
			killed[w] -> drain_all(w)
#if WRITERS == 1
			; closed = true
#endif
		};
#if WRITERS > 1 && !defined(REAP_SILENT)
		/* The host: somebody may have been about to be woken. */
		atomic { bytes = (bytes < ROOM -> bytes + 1 : bytes) }
#endif
	}
}

#if KILLS > 0
active proctype killer()
{
	/* Or not at all. */
end:	killed[0] = true
}
#endif

active proctype checker()
{
end:	atomic {
		timeout ->
		lost = (closed -> !told : m[LATEST] != seen);
		assert(!lost)
	}
}

init
{
	atomic {
		run writer(0);
#if WRITERS > 1
		run writer(1)
#endif
	}
}
