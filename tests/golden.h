/* SPDX-License-Identifier: MIT */
/*
 * golden.h - a region put together by hand, to hold a real one against
 *
 * Little-endian numbers at offsets, no struct of anybody's.  What is nobody's
 * to foretell, a time or a random number, is masked.
 */
#ifndef TESTS_GOLDEN_H
#define TESTS_GOLDEN_H

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static struct {
	unsigned char bytes[1 << 17];
	bool masked[1 << 17];
} golden;

static inline void
put(size_t at, uint64_t value, unsigned bytes)
{
	unsigned i;

	for (i = 0; i < bytes; i++)
		golden.bytes[at + i] = (unsigned char)(value >> 8 * i);
}

/* Words of 4 bytes, one after the other; how far they reach. */
#define put_words(at, ...) \
	put_words_of((at), (const uint32_t []){ __VA_ARGS__ }, \
		     sizeof((const uint32_t []){ __VA_ARGS__ }) / 4)

static inline void
put_words_of(size_t at, const uint32_t *words, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		put(at + 4 * i, words[i], 4);
}

static inline void
put_text(size_t at, const char *text)
{
	memcpy(golden.bytes + at, text, strlen(text));
}

static inline void
mask(size_t at, size_t bytes)
{
	memset(golden.masked + at, true, bytes);
}

static inline void
compare_golden(const void *got, size_t bytes)
{
	const unsigned char *p = got;
	size_t i;

	ck_assert_uint_le(bytes, sizeof(golden.bytes));
	for (i = 0; i < bytes; i++)
		ck_assert_msg(golden.masked[i] || p[i] == golden.bytes[i],
			      "byte %zu (0x%zx): 0x%02x, not 0x%02x", i, i,
			      p[i], golden.bytes[i]);
}

#endif /* TESTS_GOLDEN_H */
