/* SPDX-License-Identifier: MIT */
/*
 * buffers.h - shared words, and the store buffers in front of them
 *
 * For the models, which define WORDS (how many words are shared) and PROCS
 * (how many processors write them) and include this.  Words are m[0] to
 * m[WORDS - 1]; p is the processor's number.
 *
 *	STORE(p, a, v)		a relaxed or release store
 *	STORE_SC(p, a, v)	a seq_cst store
 *	LOAD(p, a)		a relaxed or acquire load, an expression
 *	DRAINED(p)		what a seq_cst load waits for: write
 *				atomic { DRAINED(p); x = LOAD(p, a) }
 *	EXCHANGE(p, a, v)	a read-modify-write: it is visible at once
 *	FENCE(p)		wait until all stores of p are visible
 *	drain_all(p)		when p dies: what it has stored gets there
 *
 * Without -DSB memory is sequentially consistent.  With it every processor
 * has a queue of DEPTH stores that reach memory in order, at any time later;
 * it sees its own at once.
 *
 *	-DSB=1	as x86 does it: a seq_cst store is an xchg, and waits until
 *		it is visible; loads never wait
 *	-DSB=2	the least that C11 and ARMv8's stlr and ldar promise, as far
 *		as store buffers go: a seq_cst store is queued as any other,
 *		and only a seq_cst *load* waits for the queue to be empty
 *
 * Loads are not reordered with loads, nor stores with stores.
 */
byte m[WORDS];

#ifdef SB

#ifndef DEPTH
#define DEPTH 2
#endif
#if DEPTH > 3
#error DEPTH is at most 3
#endif

typedef buffer {
	byte n;
	byte at[DEPTH];
	byte v[DEPTH]
};
buffer b[PROCS];

/* The oldest store of p reaches memory.  Vacated places are zeroed, so that
 * equal states look equal. */
inline drain_one(p)
{
	m[b[p].at[0]] = b[p].v[0];
	b[p].n--;
#if DEPTH > 1
	b[p].at[0] = b[p].at[1];
	b[p].v[0] = b[p].v[1];
#endif
#if DEPTH > 2
	b[p].at[1] = b[p].at[2];
	b[p].v[1] = b[p].v[2];
#endif
	b[p].at[DEPTH - 1] = 0;
	b[p].v[DEPTH - 1] = 0
}

inline drain_all(p)
{
	do
	:: b[p].n > 0 -> drain_one(p)
	:: else -> break
	od
}

#define STORE(p, a, x) \
	atomic { \
		b[p].n < DEPTH -> \
		b[p].at[b[p].n] = a; \
		b[p].v[b[p].n] = x; \
		b[p].n++ \
	}

/* Its own store of that word if one waits, the newest. */
#define QUEUED(p, a, i) (b[p].n > i && b[p].at[i] == (a))
#if DEPTH > 2
#define LOAD(p, a) \
	(QUEUED(p, a, 2) -> b[p].v[2] : (QUEUED(p, a, 1) -> b[p].v[1] : \
	(QUEUED(p, a, 0) -> b[p].v[0] : m[a])))
#elif DEPTH > 1
#define LOAD(p, a) \
	(QUEUED(p, a, 1) -> b[p].v[1] : \
	(QUEUED(p, a, 0) -> b[p].v[0] : m[a]))
#else
#define LOAD(p, a) (QUEUED(p, a, 0) -> b[p].v[0] : m[a])
#endif

#define FENCE(p) (b[p].n == 0)
#define EXCHANGE(p, a, x) atomic { FENCE(p); m[a] = x }
#if SB == 1
#define STORE_SC(p, a, x) atomic { FENCE(p); m[a] = x }
#define DRAINED(p) true
#else
#define STORE_SC(p, a, x) STORE(p, a, x)
#define DRAINED(p) FENCE(p)
#endif

active proctype hardware()
{
end:	do
	:: atomic { b[0].n > 0 -> drain_one(0) }
#if PROCS > 1
	:: atomic { b[1].n > 0 -> drain_one(1) }
#endif
#if PROCS > 2
	:: atomic { b[2].n > 0 -> drain_one(2) }
#endif
#if PROCS > 3
	:: atomic { b[3].n > 0 -> drain_one(3) }
#endif
#if PROCS > 4
	:: atomic { b[4].n > 0 -> drain_one(4) }
#endif
#if PROCS > 5
#error buffers.h has room for 5 processors
#endif
	od
}

#else

#define STORE(p, a, x) m[a] = x
#define STORE_SC(p, a, x) m[a] = x
#define LOAD(p, a) m[a]
#define DRAINED(p) true
#define FENCE(p) true
#define EXCHANGE(p, a, x) m[a] = x
#define drain_all(p) skip

#endif
