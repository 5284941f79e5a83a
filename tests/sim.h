/* SPDX-License-Identifier: MIT */
/*
 * sim.h - a simulator of threads that share memory
 *
 * It runs a few threads as coroutines.  Each access to a shared word is a
 * yield: the simulator decides who goes on, and where the memory model leaves
 * a choice, what is read.  It searches all decisions, or many at random, and
 * prints those that led to a failure so that they can be run again.
 *
 * Three models of memory:
 *
 *	SC	one access after another.
 *	TSO	what x86 does: each thread's stores wait in a buffer of its
 *		own, first in, first out, from which it reads itself; a
 *		seq_cst store or a read-modify-write waits until it is empty.
 *	WEAK	what the declared orders promise and no more: a load may
 *		read any store to its word, however old, that happens-before,
 *		coherence and the order of the seq_cst accesses do not hide.
 *		So a store is seen late, or by one thread before another, and
 *		independent ones in any order.  (Stores to one word have the
 *		order in which they were made, and a load does not read what
 *		is stored later: no load is delayed past a store.)
 *
 * In all of them happens-before is kept as the declared orders give it, with
 * vector clocks, and accesses to plain memory (sim_read(), sim_write()) that
 * it does not order are reported as a race: no order is stronger than it says
 * because the processor is.
 *
 * The search is depth-first over states, not over schedules: a state that was
 * reached before (a hash of all memory, stacks and buffers says so) is not
 * searched again.
 */
#ifndef SIM_H
#define SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sim_model { SIM_SC, SIM_TSO, SIM_WEAK };
enum sim_order {
	SIM_RELAXED, SIM_ACQUIRE, SIM_RELEASE, SIM_ACQ_REL, SIM_SEQ_CST
};
enum sim_how { SIM_ADD, SIM_OR, SIM_SWAP };

/* ----------------------------------------------- for the code under test -- */

uint64_t
sim_load(const volatile void *p, size_t size, enum sim_order order,
	 const char *func);
void
sim_store(volatile void *p, size_t size, uint64_t value,
	  enum sim_order order, const char *func);
uint64_t
sim_change(volatile void *p, size_t size, enum sim_how how, uint64_t value,
	   enum sim_order order, const char *func);
bool
sim_cas(volatile void *p, size_t size, void *expected, uint64_t value,
	enum sim_order order, const char *func);

/* ------------------------------------------------------ for the scenario -- */

/*
 * Memory that is part of the state, zero before each setup.  All that the
 * threads share and change is in it or on their stacks.
 */
void *
sim_alloc(size_t bytes);

/* Within setup: p is a word whose accesses are interleaved. */
void
sim_share(volatile void *p, size_t size, const char *name, int index);

/* Within setup: p is plain memory whose accesses are checked for races. */
void
sim_plain(const void *p, const char *name, int index);

bool
sim_is_plain(const void *p);

/* Within setup: a thread.  They are called a, b, c... in schedules. */
int
sim_thread(const char *name, void (*run)(int arg), int arg);

/* Within setup: the thread may be killed between any two steps. */
void
sim_killable(int thread);

/* Within setup: the thread may wait for ever when all others are through. */
void
sim_daemon(int thread);

/* A thread reads or writes plain memory; in setup nothing is checked. */
void
sim_read(const void *p);
void
sim_write(const void *p);

/* Say what happens, where a schedule is traced. */
void
sim_note(const char *text, uint64_t value);

/* A property is broken. */
void
sim_fail(const char *what);
#define sim_check(condition, what) \
	do { \
		if (!(condition)) \
			sim_fail(what); \
	} while (0)

/* A yield at which nothing happens. */
void
sim_step(void);

/*
 * Send a byte, and wait for bytes and take them all: as sockets do.  Where one
 * waits already none is sent, and nothing is ordered.
 */
void
sim_send(volatile void *word);
void
sim_receive(volatile void *word);

/* Wait until a thread was killed or is through. */
void
sim_wait_end(int thread);
bool
sim_was_killed(int thread);

/* Steps of this thread since sim_count(). */
void
sim_count(void);
unsigned
sim_counted(void);

/* The value of a shared word that all will see in the end; not a step. */
uint64_t
sim_peek(const volatile void *p);

/* Accesses of this thread until sim_unpeek() are peeks. */
void
sim_peeking(bool on);

/* ------------------------------------------------------------ the search -- */

/* An error planted in what the threads do, for the simulator's own test. */
struct sim_plant {
	const char *func;		/* NULL: none */
	enum { SIM_PLANT_ORDER, SIM_PLANT_ZERO, SIM_PLANT_SKIP,
	       SIM_PLANT_STORE, SIM_PLANT_HUGE } what;
	char kind;			/* 'l'oad, 's'tore, 'c'hange */
	enum sim_order order, becomes;
};

struct sim_options {
	enum sim_model model;
	unsigned kills;			/* threads killed, at most */
	uint64_t states_max;		/* 0: none; then not exhaustive */
	uint64_t seed, runs;		/* runs > 0: that many at random */
	unsigned depth;			/* of PCT; 0: uniform */
	double seconds;			/* 0: no limit */
	const char *replay;
	bool trace;			/* print every step */
	struct sim_plant plant;
};

struct sim_result {
	const char *failure;		/* NULL: none */
	uint64_t states, steps, ends;
	bool exhausted;
	double seconds;
	uint64_t seed;			/* of the run that failed */
	char schedule[16384];
};

/* setup makes the threads; end checks what they left, may be NULL. */
void
sim_run(void (*setup)(void), void (*end)(void),
	const struct sim_options *options, struct sim_result *result);

#endif
