/* SPDX-License-Identifier: MIT */
/*
 * base.h - the few things that C leaves to everybody
 *
 * Macros only. Arguments of the macros in capitals' clothing (BASE_MIN,
 * BASE_MAX) are evaluated twice; give them no side effects.
 */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <stddef.h>
#include <stdint.h>

/* How many elements an array has; an array, never a pointer. */
#define BASE_ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#define BASE_MIN(a, b) ((a) < (b) ? (a) : (b))
#define BASE_MAX(a, b) ((a) > (b) ? (a) : (b))

/* Checked by the compiler as printf's: which argument, the first of `...`. */
#define BASE_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

#define BASE_UNUSED __attribute__((unused))

/*
 * n rounded up to a multiple of align, a power of two. The caller sees to it
 * that the sum fits; sizes from a peer are bounded before they get here.
 */
static inline uint64_t
base_round_up(uint64_t n, uint64_t align)
{
	return (n + align - 1) & ~(align - 1);
}

#endif /* BASE_BASE_H */
