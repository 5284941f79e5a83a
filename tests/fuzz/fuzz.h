/* SPDX-License-Identifier: MIT */
/*
 * fuzz.h - what every fuzz target here shares
 *
 * A target is one file, fuzz-NAME.c: a function that is given bytes and must
 * come back, and the bytes to begin with, made by code.  It is built twice.
 * With replay.c, by any compiler, it is a test: each seed and thousands of
 * small changes of it, the same every time.  With libFuzzer it searches on
 * from the seeds; see run.
 *
 * What it should not do it says with fuzz_expect(); what it must not touch
 * lies beside memory of fuzz_memory(), where a sanitizer looks.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The target. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Give each seed to seed(). */
void fuzz_seeds(void (*seed)(const void *data, size_t size));

#define fuzz_expect(cond) \
	((cond) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #cond))

static inline void
fuzz_fail(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
	abort();
}

/* That many bytes and no more, from a cache line on; the caller's. */
static inline void *
fuzz_memory(size_t bytes)
{
	void *p;

	if (posix_memalign(&p, 64, bytes == 0 ? 1 : bytes) != 0)
		abort();
	memset(p, 0, bytes);
	return p;
}

/* Read all of it, where nothing else would. */
static inline void
fuzz_touch(const void *p, size_t bytes)
{
	static volatile unsigned char sum;
	const unsigned char *b = p;
	size_t i;

	for (i = 0; i < bytes; i++)
		sum = (unsigned char)(sum + b[i]);
}

/* An input that is read from its front; zeroes follow its end. */
struct fuzz_input {
	const uint8_t *data;
	size_t left;
};

static inline void
fuzz_take(struct fuzz_input *in, void *to, size_t bytes)
{
	size_t n = bytes < in->left ? bytes : in->left;

	memset(to, 0, bytes);
	if (n != 0)
		memcpy(to, in->data, n);
	in->data += n;
	in->left -= n;
}

static inline uint8_t
fuzz_u8(struct fuzz_input *in)
{
	uint8_t v;

	fuzz_take(in, &v, sizeof(v));
	return v;
}

static inline uint16_t
fuzz_u16(struct fuzz_input *in)
{
	uint16_t v;

	fuzz_take(in, &v, sizeof(v));
	return v;
}

static inline uint32_t
fuzz_u32(struct fuzz_input *in)
{
	uint32_t v;

	fuzz_take(in, &v, sizeof(v));
	return v;
}

static inline uint64_t
fuzz_u64(struct fuzz_input *in)
{
	uint64_t v;

	fuzz_take(in, &v, sizeof(v));
	return v;
}

/* A seed being put together. */
struct fuzz_seed {
	uint8_t data[8192];
	size_t size;
};

static inline void
fuzz_put(struct fuzz_seed *s, const void *data, size_t bytes)
{
	fuzz_expect(bytes <= sizeof(s->data) - s->size);
	if (bytes != 0)
		memcpy(s->data + s->size, data, bytes);
	s->size += bytes;
}

static inline void
fuzz_put_u8(struct fuzz_seed *s, uint8_t v)
{
	fuzz_put(s, &v, sizeof(v));
}

static inline void
fuzz_put_u16(struct fuzz_seed *s, uint16_t v)
{
	fuzz_put(s, &v, sizeof(v));
}

static inline void
fuzz_put_u32(struct fuzz_seed *s, uint32_t v)
{
	fuzz_put(s, &v, sizeof(v));
}

static inline void
fuzz_put_u64(struct fuzz_seed *s, uint64_t v)
{
	fuzz_put(s, &v, sizeof(v));
}

#endif /* FUZZ_H */
