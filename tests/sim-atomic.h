/* SPDX-License-Identifier: MIT */
/*
 * sim-atomic.h - lib/shmx/atomic.h for code that runs in the simulator
 *
 * Included before a source file of the library (which is itself included, see
 * sim-ring.c), it takes the place of atomic.h: every access is a call of the
 * simulator, with the order that its name declares.  It also makes the world
 * small, so that its states can be counted.
 */
#ifndef SIM_ATOMIC_H
#define SIM_ATOMIC_H

#ifdef SHMX_ATOMIC_H
#error "sim-atomic.h comes first"
#endif
#define SHMX_ATOMIC_H
/* The simulator stops whom it likes where it likes. */
#undef SHMX_KILL_POINTS

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <shmx/shmx.h>
#include "shmx/layout.h"
#include "sim.h"

#undef SHMX_SLOTS_MAX
#define SHMX_SLOTS_MAX 9
#undef SHMX_READERS_MAX
#define SHMX_READERS_MAX 3
#undef SHMX_DAMAGE_ENTRIES
#define SHMX_DAMAGE_ENTRIES 2
#undef SHMX_CONTROL_DATA
#define SHMX_CONTROL_DATA 48		/* a message or two */
#undef SHMX_CONTROL_MAX
#define SHMX_CONTROL_MAX 40
#define SIM_TRIES 3			/* for TRIES of ring-words.h */

/* What *p is as a value: not atomic, not const. */
#define SIM_VALUE(p) __typeof__(((void)0, *(p)))
#define SIM_BITS(v) ((uint64_t)(uintptr_t)(v))

#define SIM_LOAD(p, order) \
	((SIM_VALUE(p))sim_load((p), sizeof(*(p)), SIM_##order, __func__))
#define shmx_load_relaxed(p) SIM_LOAD(p, RELAXED)
#define shmx_load_acquire(p) SIM_LOAD(p, ACQUIRE)
#define shmx_load_seq_cst(p) SIM_LOAD(p, SEQ_CST)

#define SIM_STORE(p, v, order) \
	sim_store((p), sizeof(*(p)), SIM_BITS(v), SIM_##order, __func__)
#define shmx_store_relaxed(p, v) SIM_STORE(p, v, RELAXED)
#define shmx_store_release(p, v) SIM_STORE(p, v, RELEASE)
#define shmx_store_seq_cst(p, v) SIM_STORE(p, v, SEQ_CST)

#define SIM_CHANGE(p, v, how, order) \
	((SIM_VALUE(p))sim_change((p), sizeof(*(p)), SIM_##how, \
				  SIM_BITS(v), SIM_##order, __func__))
#define shmx_add_relaxed(p, v) SIM_CHANGE(p, v, ADD, RELAXED)
#define shmx_add_acq_rel(p, v) SIM_CHANGE(p, v, ADD, ACQ_REL)
#define shmx_add_seq_cst(p, v) SIM_CHANGE(p, v, ADD, SEQ_CST)
#define shmx_or_acq_rel(p, v) SIM_CHANGE(p, v, OR, ACQ_REL)
#define shmx_exchange_acq_rel(p, v) SIM_CHANGE(p, v, SWAP, ACQ_REL)
#define shmx_exchange_seq_cst(p, v) SIM_CHANGE(p, v, SWAP, SEQ_CST)

#define SIM_CAS(p, expected, v, order) \
	sim_cas((p), sizeof(*(p)), (expected), SIM_BITS(v), SIM_##order, \
		__func__)
#define shmx_cas_relaxed(p, expected, v) SIM_CAS(p, expected, v, RELAXED)
#define shmx_cas_acq_rel(p, expected, v) SIM_CAS(p, expected, v, ACQ_REL)
#define shmx_cas_seq_cst(p, expected, v) SIM_CAS(p, expected, v, SEQ_CST)

static inline void
shmx_drain_nontemporal(void)
{
}

static inline void
shmx_copy_words(void *to, const void *from, size_t bytes)
{
	uint64_t word;
	size_t i;

	for (i = 0; i < bytes; i += 8) {
		if (sim_is_plain((const char *)from + i))
			sim_read((const char *)from + i);
		word = sim_load((const char *)from + i, 8, SIM_RELAXED,
				__func__);
		memcpy((char *)to + i, &word, 8);
	}
}

static inline void
shmx_write_words(void *to, const void *from, size_t bytes)
{
	uint64_t word;
	size_t i;

	for (i = 0; i < bytes; i += 8) {
		if (sim_is_plain((char *)to + i))
			sim_write((char *)to + i);
		word = 0;
		memcpy(&word, (const char *)from + i,
		       bytes - i < 8 ? bytes - i : 8);
		sim_store((char *)to + i, 8, word, SIM_RELAXED, __func__);
	}
}

static inline void
shmx_relax(void)
{
}

#endif
