/* SPDX-License-Identifier: MIT */
/*
 * grow.pml - a ring that grows: readers go over to another (MOVED)
 *
 * Claims: when nothing moves any more, each reader has had the newest frame
 * there is (lost), and one that wants all of them has had all, in order
 * (skipped).
 *
 * The producer publishes FRAMES frames and lets the ring grow GROWS times, in
 * any order.  Each ring has its latest; one that was left is never written
 * again, so that what it has stays there, and what a ring keeps for a reader
 * is every.pml's.  The reader's record stays the same: its sleeping flag is
 * raised and looked at as in wake.pml.  The reader has the ring that it takes
 * frames from (`here`), and perhaps the one after it (`next`), which is the
 * one that it sleeps on; a MOVED that finds both waits in the connection.  It
 * attaches at any time.
 *
 * Who wants the latest (and not EVERY) goes over as soon as the next ring has
 * a frame; and is sent no further MOVED while one is not answered, or a
 * stopped reader would keep all rings in memory.  It may so miss rings; but
 * not the one with the newest frame, which the producer keeps until the ring
 * after it has one.
 *
 * -DFRAMES= -DGROWS= -DEVERY (it begins after what is there when it comes), and
 * of buffers.h -DSB= -DDEPTH=.
 *
 * Mutants:
 *	WELCOME_NEWEST	who comes is shown the newest ring, though empty
 *	SKIP_FILLED	who answers late is sent the newest ring alone
 *	MOVE_EMPTY	the reader goes over to a ring without a frame
 *	MOVE_EARLY	a reader of every frame goes over before it is through
 *	SLEEP_HERE	the reader sleeps on the ring that it takes from
 *	DEAF		it does not poll its connection
 *	REPLACE		MOVED replaces a next ring that has frames
 */
#ifndef FRAMES
#define FRAMES 3
#endif
#ifndef GROWS
#define GROWS 2
#endif

#define LATEST(g) (g)
#define FLAG (GROWS + 1)
#define WORDS (GROWS + 2)
#define READER 0
#define WRITER 1
#define SERVICE 2
#define PROCS 3
#include "buffers.h"

#define NONE 255

chan connection = [GROWS + 1] of { byte };	/* WELCOME, MOVED */
byte answers;				/* READY, not read yet */
bool wake;				/* a byte in the wake socket */
byte published;
byte had;
bool attached;
bool lost, skipped;

/* The host's, under its lock. */
byte newest;				/* ring */
byte first[GROWS + 1];			/* later ones are in that ring */
byte filled = NONE;			/* the last ring that has frames */
byte sent = NONE;			/* ring sent last to the reader */
byte unanswered;
bool behind;

inline send(g)
{
	connection ! g;
	sent = g;
	unanswered++
}

/* Under the lock: send the reader on, or note that it must be. */
inline send_on()
{
	if
#ifndef EVERY
	:: unanswered > 0 -> behind = true
#endif
#ifndef SKIP_FILLED
	:: unanswered == 0 && filled != NONE && filled > sent && filled < newest ->
		send(filled);
		behind = true
	:: unanswered == 0 && !(filled != NONE && filled > sent && filled < newest) ->
		send(newest);
		behind = false
#else
	:: unanswered == 0 -> send(newest); behind = false
#endif
#ifdef EVERY
	:: unanswered > 0 -> send(newest)
#endif
	fi
}

active proctype service()
{
	/* HELLO, at any time. */
	atomic {
		attached = true;
#ifdef WELCOME_NEWEST
		send(newest)
#else
		if
		:: filled != NONE && filled < newest ->
			send(filled);
#ifdef EVERY
			send(newest)
#else
			behind = true
#endif
		:: else -> send(newest)
		fi
#endif
	};
end:	do
	:: atomic { answers > 0 ->
		answers--;
		unanswered--;
		if
		:: behind -> send_on()
		:: else
		fi
	   }
	od
}

active proctype writer()
{
	byte grows;
	bool up;

	do
	:: published < FRAMES ->
		atomic {
			published++;
			filled = newest;
			STORE_SC(WRITER, LATEST(newest), published)	/* W6 */
		};
		atomic { DRAINED(WRITER); up = LOAD(WRITER, FLAG) };	/* W7 */
		if
		:: up ->
			EXCHANGE(WRITER, FLAG, 0);
			wake = true;
			up = false
		:: else
		fi
	:: grows < GROWS ->
		/* What is in the old ring can be seen by who hears of this. */
		atomic {
			FENCE(WRITER);
			grows++;
			newest++;
			first[newest] = published;
			if
			:: attached -> send_on()
			:: else
			fi
		}
	:: published == FRAMES && grows == GROWS -> break
	/* Or it does not grow as often. */
	:: published == FRAMES && grows < GROWS -> break
	od
}

#define RING(g) ((g) == NONE -> 0 : (g))
#define LATEST_OF(g) ((g) == NONE -> 0 : LOAD(READER, RING(g)))

/* Receive a MOVED if there is one, and there is room for it. */
inline hear()
{
	atomic {
		if
#ifdef REPLACE
		:: len(connection) > 0 ->
#else
		:: len(connection) > 0 && LATEST_OF(next) == 0 ->
#endif
			connection ? next;
			answers++
		:: else
		fi
	}
}

#ifdef MOVE_EMPTY
#define HAS_FRAMES true
#else
#define HAS_FRAMES (LATEST_OF(next) != 0)
#endif
#if defined(EVERY) && !defined(MOVE_EARLY)
#define IS_THROUGH (had >= LATEST_OF(here))
#else
#define IS_THROUGH true
#endif
/* The ring that is slept on. */
#ifdef SLEEP_HERE
#define BED here
#else
#define BED (next == NONE -> here : next)
#endif

active proctype reader()
{
	byte here = NONE, next = NONE;

end0:	atomic {
		connection ? here;
		answers++
#ifdef EVERY
		;
		had = (LATEST_OF(here) == 0 -> first[here] : LATEST_OF(here))
#endif
	};
	do
	:: true ->
		/* Hold what there is. */
		hear();
		atomic {
			if
			:: next != NONE && HAS_FRAMES && IS_THROUGH -> here = next; next = NONE
			:: else
			fi
		};
		hear();
		atomic {
			if
			:: LATEST_OF(here) > had ->
#ifdef EVERY
				skipped = first[here] > had;
				assert(!skipped);
				had++
#else
				had = LATEST_OF(here)
#endif
			:: else
			fi
		};
		if
		:: LATEST_OF(here) > had || LATEST_OF(next) > had -> skip
		:: else ->
			STORE_SC(READER, FLAG, 1);			/* S1 */
			if						/* S2 */
			:: atomic { DRAINED(READER) && LATEST_OF(BED) > had }
			:: atomic { DRAINED(READER) && LATEST_OF(BED) <= had };
end:				if					/* poll */
				:: wake
#ifndef DEAF
				:: len(connection) > 0
#endif
				fi
			fi;
			STORE(READER, FLAG, 0);
			wake = false
		fi
	od
}

active proctype checker()
{
end:	atomic {
		timeout ->
		lost = attached && had != published;
		assert(!lost)
	}
}
