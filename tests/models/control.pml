/* SPDX-License-Identifier: MIT */
/*
 * control.pml - messages from a reader to the producer, which sleeps for them
 *
 * Claims: the producer receives what was sent, whole, each once and in order,
 * and then the end (wrong); when nothing moves any more it has received all
 * of that, the end too if the reader is gone (lost).
 *
 * Steps are called as in lib/shmx/control.c.  The record's ring has ROOM
 * messages; one is a number, and 0 while it is being written.  A full ring
 * makes the reader wait (the real one is told so, and tries again).  The
 * producer, before it sleeps, sets host_waiting and looks once more; the
 * service turns a NUDGE into news.  When the reader dies the service copies
 * what it left (keep), out of the producer's way, and there are news.
 *
 * -DROOM= -DMESSAGES= -DKILLS= (0 or 1), and of buffers.h -DSB= -DDEPTH=.
 *
 * Mutants:
 *	C3_FIRST	written is moved before the message is there
 *	D3_FIRST	read is moved before the message is copied
 *	C3_RELEASE, WAIT_RELEASE	not seq_cst; with store buffers
 *	LOOK_FIRST	the reader looks at host_waiting before C3
 *	WAIT_LATE	the producer sets host_waiting after its last look
 *	NEWS_LATE	news are read after the look that follows them
 *	NO_KEEP		what the dead reader left is not looked at
 *	KEEP_SILENT	no news when a reader is gone
 */
#ifndef ROOM
#define ROOM 2
#endif
#ifndef MESSAGES
#define MESSAGES 4
#endif
#ifndef KILLS
#define KILLS 0
#endif

#define DATA(i) ((i) % ROOM)
#define READ ROOM
#define WRITTEN (ROOM + 1)
#define WAITING (ROOM + 2)
#define WORDS (ROOM + 3)
#define READER 0
#define PRODUCER 1
#define PROCS 2
#ifndef DEPTH
#define DEPTH 3
#endif
#include "buffers.h"

#ifdef C3_RELEASE
#define STORE_C3 STORE
#else
#define STORE_C3 STORE_SC
#endif
#ifdef WAIT_RELEASE
#define STORE_WAIT STORE
#else
#define STORE_WAIT STORE_SC
#endif

byte sent, got;				/* how many */
byte kept;				/* WRITTEN, at the reader's death */
bool nudge, news, killed, gone, ended;
bool wrong, lost;

active proctype reader()
{
	bool up;

	{
		do
		:: sent < MESSAGES ->
end0:			(sent - LOAD(READER, READ) < ROOM);	/* C1 */
#ifdef LOOK_FIRST
			atomic { DRAINED(READER); up = LOAD(READER, WAITING) };
#endif
#ifdef C3_FIRST
			STORE(READER, WRITTEN, sent + 1);
#endif
			STORE(READER, DATA(sent), 0);
			STORE(READER, DATA(sent), sent + 1);		/* C2 */
			/* From its C3 on it is sent. */
			atomic {
#ifndef C3_FIRST
				STORE_C3(READER, WRITTEN, sent + 1);	/* C3 */
#endif
				sent++
			};
#ifndef LOOK_FIRST
			atomic { DRAINED(READER); up = LOAD(READER, WAITING) };
#endif
			if
			:: up ->
				atomic {
					FENCE(READER) ->
					nudge = true;
					up = false
				}
			:: else
			fi
		:: else -> break
		od;
end1:		false
	} unless {
		atomic { killed -> drain_all(READER); up = false }
	}
}

active proctype service()
{
end:	do
	:: atomic { nudge -> nudge = false; news = true }
#if KILLS > 0
	:: !killed ->
		atomic { killed = true; drain_all(READER) };
		/* Under the lock that the producer looks under. */
		atomic {
			kept = m[WRITTEN];
			gone = true;
#ifndef KEEP_SILENT
			news = true
#endif
		}
#endif
	od
}

/* D1: is there a message? */
inline look()
{
	atomic {
		DRAINED(PRODUCER);
		if
		:: gone ->
#ifdef NO_KEEP
			there = false
#else
			there = kept != got
#endif
		:: else -> there = LOAD(PRODUCER, WRITTEN) != got
		fi;
		there = there || (gone && !ended)
	}
}

active proctype producer()
{
	bool there;

	do
	:: look();
		if
		:: there && gone && (
#ifdef NO_KEEP
		   true ||
#endif
		   kept == got) ->
			atomic { ended = true; there = false }
		:: there && !(gone && (
#ifdef NO_KEEP
		   true ||
#endif
		   kept == got)) ->
#ifdef D3_FIRST
			STORE(PRODUCER, READ, got + 1);
#endif
			atomic {					/* D2 */
				wrong = wrong || ended ||
					LOAD(PRODUCER, DATA(got)) != got + 1;
				assert(!wrong);
				got++;
				there = false
			};
#ifndef D3_FIRST
			STORE(PRODUCER, READ, got)			/* D3 */
#endif
		:: else ->
			STORE_WAIT(PRODUCER, WAITING, 1);
#ifndef WAIT_LATE
			look();
#endif
			if
			:: !there ->
end:				news;
#ifdef NEWS_LATE
				look();
				news = false;
				if
				:: there -> skip
				:: else -> goto end
				fi
#else
				news = false
#endif
			:: else
			fi;
			there = false;
			STORE(PRODUCER, WAITING, 0)
		fi
	od
}

active proctype checker()
{
end:	atomic {
		timeout ->
		lost = got != m[WRITTEN] || (killed -> !ended :
					     sent != MESSAGES);
		assert(!lost)
	}
}
