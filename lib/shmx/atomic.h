/* SPDX-License-Identifier: MIT */
/*
 * atomic.h - atomics with the order in the name
 *
 * The only file that includes <stdatomic.h>.  Orders stand on the accesses,
 * never on fences of their own (thread sanitizers do not model those), and
 * one grep finds every seq_cst access of the ring.
 *
 * The words shared between processes must be address-free and lock-free, and
 * loading one must not write (readers map them read-only): true of every
 * 64-bit Linux, not of 32-bit x86, which also lays out the wire differently.
 */
#ifndef SHMX_ATOMIC_H
#define SHMX_ATOMIC_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2 && ATOMIC_INT_LOCK_FREE == 2,
	       "the ring needs lock-free 32 and 64 bit atomics");
_Static_assert(sizeof(void *) == 8, "the ring needs a 64-bit platform");

#define shmx_load_relaxed(p) \
	atomic_load_explicit((p), memory_order_relaxed)
#define shmx_load_acquire(p) \
	atomic_load_explicit((p), memory_order_acquire)
#define shmx_load_seq_cst(p) \
	atomic_load_explicit((p), memory_order_seq_cst)

#define shmx_store_relaxed(p, v) \
	atomic_store_explicit((p), (v), memory_order_relaxed)
#define shmx_store_release(p, v) \
	atomic_store_explicit((p), (v), memory_order_release)
#define shmx_store_seq_cst(p, v) \
	atomic_store_explicit((p), (v), memory_order_seq_cst)

#define shmx_exchange_seq_cst(p, v) \
	atomic_exchange_explicit((p), (v), memory_order_seq_cst)
#define shmx_add_relaxed(p, v) \
	atomic_fetch_add_explicit((p), (v), memory_order_relaxed)
#define shmx_add_acq_rel(p, v) \
	atomic_fetch_add_explicit((p), (v), memory_order_acq_rel)
#define shmx_cas_acq_rel(p, expected, v) \
	atomic_compare_exchange_strong_explicit((p), (expected), (v), \
		memory_order_acq_rel, memory_order_acquire)
#define shmx_cas_seq_cst(p, expected, v) \
	atomic_compare_exchange_strong_explicit((p), (expected), (v), \
		memory_order_seq_cst, memory_order_seq_cst)

/*
 * Wait until non-temporal stores of this thread are visible.  Those are not
 * ordered by a release store on x86, so publishing drains them first.
 */
static inline void
shmx_drain_nontemporal(void)
{
#if defined(__x86_64__)
	__builtin_ia32_sfence();
#endif
}

/*
 * Copy what a peer may be changing, reading every byte once: what was checked
 * in the copy is what is used.  Both are aligned to 8 bytes, and bytes is a
 * multiple of 8.
 */
static inline void
shmx_copy_words(void *to, const void *from, size_t bytes)
{
	const _Atomic uint64_t *src = from;
	unsigned char *dst = to;
	uint64_t word;
	size_t i;

	for (i = 0; i < bytes / 8; i++) {
		word = atomic_load_explicit(&src[i], memory_order_relaxed);
		memcpy(dst + i * 8, &word, 8);
	}
}

/*
 * Write what a peer may be reading.  to is aligned to 8 bytes and has room for
 * bytes rounded up to them; from is anywhere.
 */
static inline void
shmx_write_words(void *to, const void *from, size_t bytes)
{
	_Atomic uint64_t *dst = to;
	const unsigned char *src = from;
	uint64_t word;
	size_t i, n;

	for (i = 0; i < bytes; i += 8) {
		n = bytes - i < 8 ? bytes - i : 8;
		word = 0;
		memcpy(&word, src + i, n);
		atomic_store_explicit(&dst[i / 8], word, memory_order_relaxed);
	}
}

/* Tell the processor that this is a spin loop. */
static inline void
shmx_relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ __volatile__("yield");
#endif
}

#endif
