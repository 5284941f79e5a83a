/* SPDX-License-Identifier: MIT */
/*
 * test-tlv.c - walks over TLVs, whatever they say
 *
 * What is walked ends where a page ends, and nothing follows it: a read too
 * far dies.  The seed of a run is printed; SHMX_TEST_SEED=n runs it again.
 */
#include "config.h"

#include "shmx/tlv.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/base.h"
#include "base/clock.h"
#include "shmx/checksum.h"
#include "suite.h"

#define PAGE 4096
#define ROUNDS 200000

static uint64_t seed;
static unsigned char *page;		/* PAGE bytes, then none */

static uint32_t
chance(uint32_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(seed >> 33) % below;
}

static void
sow(void)
{
	const char *env = getenv("SHMX_TEST_SEED");

	seed = env != NULL ? strtoull(env, NULL, 10) : base_now_ns();
	printf("# seed %llu\n", (unsigned long long)seed);
	fflush(stdout);
}

static void
setup(void)
{
	page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(page, MAP_FAILED);
	ck_assert_int_eq(mprotect(page + PAGE, PAGE, PROT_NONE), 0);
}

static void
teardown(void)
{
	munmap(page, 2 * PAGE);
}

/* A payload being made, at the end of the page in the end. */
struct payload {
	unsigned char bytes[PAGE];
	size_t used;
};

static void
put_tlv(struct payload *p, uint32_t type, uint32_t length, const void *body,
	size_t bytes)
{
	const struct shmx_tlv tlv = { type, length };

	p->used = base_round_up(p->used, SHMX_TLV_ALIGN);
	ck_assert_uint_le(p->used + sizeof(tlv) + bytes, sizeof(p->bytes));
	memcpy(p->bytes + p->used, &tlv, sizeof(tlv));
	if (bytes != 0)
		memcpy(p->bytes + p->used + sizeof(tlv), body, bytes);
	p->used += sizeof(tlv) + bytes;
}

/* A stream whose numbers may be wrong, in front of `data` real bytes. */
static void
put_stream(struct payload *p, uint32_t id, uint32_t elements, uint32_t bytes,
	   uint32_t length, uint32_t data)
{
	unsigned char body[PAGE] = { 0 };
	const struct shmx_stream_tlv st = { id, elements, bytes, 0 };

	memcpy(body, &st, sizeof(st));
	memset(body + sizeof(st), (int)id, data);
	put_tlv(p, SHMX_TLV_FRAME_STREAM, length, body, sizeof(st) + data);
}

static void
put_right(struct payload *p, uint32_t id, uint32_t bytes)
{
	put_stream(p, id, bytes, bytes,
		   (uint32_t)sizeof(struct shmx_stream_tlv) + bytes, bytes);
}

/* Its bytes so that the last one is the page's last one, or nearly. */
static const unsigned char *
place(const struct payload *p)
{
	unsigned char *at = page + PAGE - base_round_up(p->used, 8);

	memcpy(at, p->bytes, p->used);
	return at;
}

START_TEST(the_checksum_is_that_of_version_two)
{
	static const struct {
		const char *text;
		uint32_t checksum;
		uint64_t hash;
	} vector[] = {
		{ "", 0x67f80c33, UINT64_C(0x14650fb0739d0383) },
		{ "a", 0x377013d2, UINT64_C(0x44bd8ad473cd9906) },
		{ "shmx", 0xb999f009, UINT64_C(0x7f8e942cc6176425) },
	};
	size_t i;

	for (i = 0; i < BASE_ARRAY_SIZE(vector); i++) {
		ck_assert_uint_eq(shmx_checksum(vector[i].text,
						strlen(vector[i].text)),
				  vector[i].checksum);
		ck_assert_uint_eq(shmx_hash(vector[i].text,
					    strlen(vector[i].text)),
				  vector[i].hash);
	}
}
END_TEST

START_TEST(no_bytes_are_no_streams)
{
	struct shmx_tlv_stream s;

	/* Defect 22 of v2.0: it could not say this. */
	ck_assert_int_eq(shmx_tlv_streams(page, 0, 0, &s, 1), 0);
	ck_assert_int_eq(shmx_tlv_find(page, 0, 0, 1, &s), -ENOENT);
	ck_assert_int_eq(shmx_tlv_streams(page, 0, 1, &s, 1), -EPROTO);
}
END_TEST

START_TEST(streams_are_found_where_they_lie)
{
	struct payload p = { .used = 0 };
	struct shmx_tlv_stream s[4];
	const unsigned char *at;

	put_right(&p, 7, 5);
	put_tlv(&p, 0x7777, 3, "abc", 3);
	put_right(&p, 8, 0);
	put_right(&p, 9, 40);
	at = place(&p);
	ck_assert_int_eq(shmx_tlv_streams(at, p.used, 4, s, 4), 3);
	ck_assert_uint_eq(s[0].id, 7);
	ck_assert_uint_eq(s[0].bytes, 5);
	ck_assert_uint_eq(s[0].offset, 24);
	ck_assert_uint_eq(s[1].id, 8);
	ck_assert_uint_eq(s[1].bytes, 0);
	ck_assert_uint_eq(s[2].id, 9);
	ck_assert_uint_eq(s[2].elements, 40);
	ck_assert_uint_eq(s[2].offset % 16, 8);
	ck_assert_uint_eq(at[s[2].offset + 39], 9);

	ck_assert_int_eq(shmx_tlv_find(at, p.used, 4, 9, &s[0]), 0);
	ck_assert_uint_eq(s[0].offset, s[2].offset);
	ck_assert_int_eq(shmx_tlv_find(at, p.used, 4, 10, &s[0]), -ENOENT);
	ck_assert_uint_eq(s[0].id, 9);
	/* Fewer are asked for than there are: they are counted all the same. */
	s[1].id = 1234;
	ck_assert_int_eq(shmx_tlv_streams(at, p.used, 4, s, 1), 3);
	ck_assert_uint_eq(s[1].id, 1234);
	ck_assert_int_eq(shmx_tlv_streams(at, p.used, 4, NULL, 0), 3);
}
END_TEST

START_TEST(the_padding_at_the_end_may_be_counted)
{
	struct payload p = { .used = 0 };
	struct shmx_tlv_stream s;
	const unsigned char *at;

	put_right(&p, 7, 5);
	p.used = base_round_up(p.used, SHMX_TLV_ALIGN);
	at = place(&p);
	ck_assert_int_eq(shmx_tlv_streams(at, p.used, 1, &s, 1), 1);
	/* But not a piece of another one. */
	p.used += 4;
	at = place(&p);
	ck_assert_int_eq(shmx_tlv_streams(at, p.used, 1, &s, 1), -EPROTO);
}
END_TEST

/*
 * Defect 15 of v2.0: the bytes of a stream were held against the end of the
 * frame, and reached into the TLV behind it.
 */
START_TEST(a_stream_stays_in_its_own_tlv)
{
	struct payload p = { .used = 0 };
	struct shmx_tlv_stream s;
	const unsigned char *at;

	put_stream(&p, 1, 56, 56, 16 + 16, 16);
	put_right(&p, 2, 64);
	at = place(&p);
	ck_assert_int_eq(shmx_tlv_streams(at, p.used, 2, &s, 1), -EPROTO);
	ck_assert_int_eq(shmx_tlv_find(at, p.used, 2, 1, &s), -EPROTO);
}
END_TEST

/* Defect 12 of v2.0: lengths near the end of 32 bits wrapped. */
START_TEST(lengths_do_not_wrap)
{
	static const uint32_t lengths[] = {
		UINT32_MAX, UINT32_MAX - 7, UINT32_MAX - 8, UINT32_MAX - 15,
		UINT32_MAX - 16, UINT32_MAX - 22, UINT32_MAX - 23,
		INT32_MAX, UINT32_C(1) << 31,
	};
	struct shmx_tlv_stream s;
	size_t i;

	for (i = 0; i < BASE_ARRAY_SIZE(lengths); i++) {
		struct payload p = { .used = 0 }, q = { .used = 0 };

		put_stream(&p, 1, 16, 16, lengths[i], 16);
		ck_assert_int_eq(shmx_tlv_streams(place(&p), p.used, 1, &s, 1),
				 -EPROTO);
		put_stream(&q, 1, 16, lengths[i], 32, 16);
		ck_assert_int_eq(shmx_tlv_streams(place(&q), q.used, 1, &s, 1),
				 -EPROTO);
	}
}
END_TEST

START_TEST(what_is_cut_off_is_malformed)
{
	struct payload p = { .used = 0 };
	struct shmx_tlv_stream s;
	size_t whole;

	put_right(&p, 1, 8);
	put_right(&p, 2, 8);
	whole = p.used;
	for (p.used = 0; p.used < whole; p.used++)
		ck_assert_int_eq(shmx_tlv_streams(place(&p), p.used, 2, &s, 1),
				 -EPROTO);
	ck_assert_int_eq(shmx_tlv_streams(place(&p), whole, 2, &s, 1), 2);
	/* A body that is too short for what it claims to be. */
	p.used = 0;
	put_tlv(&p, SHMX_TLV_FRAME_STREAM, 15, "0123456789abcde", 15);
	ck_assert_int_eq(shmx_tlv_streams(place(&p), p.used, 1, &s, 1),
			 -EPROTO);
}
END_TEST

START_TEST(the_count_has_to_be_right)
{
	struct payload p = { .used = 0 };
	struct shmx_tlv_stream s;
	const unsigned char *at;

	put_right(&p, 1, 8);
	put_right(&p, 2, 8);
	at = place(&p);
	ck_assert_int_eq(shmx_tlv_streams(at, p.used, 2, &s, 1), 2);
	ck_assert_int_eq(shmx_tlv_streams(at, p.used, 0, &s, 1), -EPROTO);
	ck_assert_int_eq(shmx_tlv_streams(at, p.used, 1, &s, 1), -EPROTO);
	ck_assert_int_eq(shmx_tlv_streams(at, p.used, 3, &s, 1), -EPROTO);
	ck_assert_int_eq(shmx_tlv_streams(at, p.used, UINT32_MAX, &s, 1),
			 -EPROTO);
}
END_TEST

/* ------------------------------------------------------------ property -- */

/* A payload of good and bad TLVs. */
static void
random_payload(struct payload *p, uint32_t *tlvs)
{
	uint32_t i, n = chance(6), bytes, wrong;

	p->used = 0;
	*tlvs = n + (chance(16) == 0);
	for (i = 0; i < n; i++) {
		bytes = chance(64);
		wrong = chance(40);
		if (wrong == 0)
			put_stream(p, i, bytes, bytes + 1 + chance(40),
				   16 + bytes, bytes);
		else if (wrong == 1)
			put_stream(p, i, bytes, bytes,
				   UINT32_MAX - chance(64), bytes);
		else if (wrong == 2)
			put_tlv(p, chance(3) * 0x1000, chance(64),
				p->bytes + PAGE / 2, chance(64));
		else
			put_right(p, chance(8), bytes);
	}
	/* And some bits of it anyhow. */
	for (n = chance(4) == 0 ? chance(4) : 0; n > 0 && p->used > 0; n--)
		p->bytes[chance((uint32_t)p->used)] ^=
			(unsigned char)(1u << chance(8));
	if (chance(8) == 0 && p->used > 0)
		p->used -= chance((uint32_t)p->used + 1);
}

static uint64_t
word32(const unsigned char *at)
{
	return at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 |
	       (uint64_t)at[3] << 24;
}

/* What the walk should say, from the format's definition and byte by byte. */
static int
judge(const unsigned char *at, uint64_t bytes, uint64_t tlvs,
      struct shmx_tlv_stream *out)
{
	uint64_t next = 0, length, data;
	int n = 0;

	for (; next < bytes; tlvs--) {
		if (tlvs == 0 || next + 8 > bytes)
			return -EPROTO;
		length = word32(at + next + 4);
		if (next + 8 + length > bytes)
			return -EPROTO;
		if (word32(at + next) == SHMX_TLV_FRAME_STREAM) {
			if (length < 16)
				return -EPROTO;
			data = word32(at + next + 16);
			if (24 + data > 8 + length)
				return -EPROTO;
			out[n++] = (struct shmx_tlv_stream){
				(uint32_t)word32(at + next + 8),
				(uint32_t)word32(at + next + 12),
				(uint32_t)data, (size_t)next + 24,
			};
		}
		next += (8 + length + 15) / 16 * 16;
	}
	return tlvs == 0 ? n : -EPROTO;
}

START_TEST(walks_say_what_the_format_says)
{
	struct shmx_tlv_stream want[256], got[256], one;
	struct payload p = { .used = 0 };
	const unsigned char *at;
	uint32_t i, tlvs, right = 0;
	int n, ret, j;

	sow();
	for (i = 0; i < ROUNDS; i++) {
		random_payload(&p, &tlvs);
		at = place(&p);
		n = judge(at, p.used, tlvs, want);
		ret = shmx_tlv_streams(at, p.used, tlvs, got, 256);
		ck_assert_int_eq(ret, n);
		for (j = 0; j < n; j++) {
			ck_assert_uint_eq(got[j].id, want[j].id);
			ck_assert_uint_eq(got[j].elements, want[j].elements);
			ck_assert_uint_eq(got[j].bytes, want[j].bytes);
			ck_assert_uint_eq(got[j].offset, want[j].offset);
			ck_assert_int_eq(shmx_tlv_find(at, p.used, tlvs,
						       want[j].id, &one), 0);
			ck_assert_uint_eq(one.id, want[j].id);
			ck_assert_uint_le(one.offset, want[j].offset);
		}
		right += n > 0;
	}
	/* Neither all of them nor none. */
	ck_assert_uint_gt(right, ROUNDS / 10);
	ck_assert_uint_lt(right, ROUNDS - ROUNDS / 10);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tlv");
	TCase *tc = suite_case(s, "walk");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, the_checksum_is_that_of_version_two);
	tcase_add_test(tc, no_bytes_are_no_streams);
	tcase_add_test(tc, streams_are_found_where_they_lie);
	tcase_add_test(tc, the_padding_at_the_end_may_be_counted);
	tcase_add_test(tc, a_stream_stays_in_its_own_tlv);
	tcase_add_test(tc, lengths_do_not_wrap);
	tcase_add_test(tc, what_is_cut_off_is_malformed);
	tcase_add_test(tc, the_count_has_to_be_right);
	tcase_add_test(tc, walks_say_what_the_format_says);
	return suite_run(s);
}
