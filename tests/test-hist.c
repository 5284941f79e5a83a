/* SPDX-License-Identifier: MIT */
/*
 * test-hist.c - percentiles are within a sixteenth, whatever the samples
 */
#include "config.h"

#include "base/hist.h"

#include <stdlib.h>

#include "suite.h"

static struct base_hist hist;

static void
empty(void)
{
	hist = (struct base_hist){ 0 };
}

START_TEST(empty_is_zero)
{
	ck_assert_uint_eq(base_hist_percentile(&hist, 50), 0);
	ck_assert_uint_eq(hist.max, 0);
}
END_TEST

START_TEST(small_values_are_exact)
{
	uint64_t v;

	for (v = 0; v < 32; v++)
		base_hist_add(&hist, v);
	ck_assert_uint_eq(base_hist_percentile(&hist, 0), 0);
	ck_assert_uint_eq(base_hist_percentile(&hist, 50), 15);
	ck_assert_uint_eq(base_hist_percentile(&hist, 100), 31);
}
END_TEST

START_TEST(one_value_is_all_percentiles)
{
	static const uint64_t values[] = { 0, 1, 31, 32, 33, 1000, 123456789,
					   UINT64_MAX / 2, UINT64_MAX };
	size_t i;

	for (i = 0; i < sizeof(values) / sizeof(*values); i++) {
		empty();
		base_hist_add(&hist, values[i]);
		ck_assert_uint_eq(base_hist_percentile(&hist, 0), values[i]);
		ck_assert_uint_eq(base_hist_percentile(&hist, 99), values[i]);
		ck_assert_uint_eq(hist.max, values[i]);
	}
}
END_TEST

/* Against sorted samples: never below, at most a sixteenth above. */
START_TEST(percentiles_are_close)
{
	uint64_t v, rank, last = 0;
	unsigned n = 0;
	double percent;

	for (v = 1; v < UINT64_C(1) << 40; v += v / 100 + 1, n++)
		base_hist_add(&hist, v);
	for (percent = 1; percent < 100; percent += 1) {
		uint64_t got = base_hist_percentile(&hist, percent);

		/* The same sequence again, up to that rank. */
		rank = 1;
		for (v = 1; (double)rank < n * percent / 100; rank++)
			v += v / 100 + 1;
		ck_assert_uint_ge(got, v);
		ck_assert_uint_le(got, v + v / 16 + 1);
		ck_assert_uint_ge(got, last);
		last = got;
	}
}
END_TEST

START_TEST(counts_do_not_wrap)
{
	hist.bucket[7] = UINT32_MAX;
	hist.count = UINT32_MAX;
	hist.max = 7;
	base_hist_add(&hist, 7);
	ck_assert_uint_eq(hist.bucket[7], UINT32_MAX);
	ck_assert_uint_eq(base_hist_percentile(&hist, 50), 7);
	ck_assert_uint_eq(base_hist_percentile(&hist, 100), 7);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hist");
	TCase *tc = suite_case(s, "percentiles");

	tcase_add_checked_fixture(tc, empty, NULL);
	tcase_add_test(tc, empty_is_zero);
	tcase_add_test(tc, small_values_are_exact);
	tcase_add_test(tc, one_value_is_all_percentiles);
	tcase_add_test(tc, percentiles_are_close);
	tcase_add_test(tc, counts_do_not_wrap);
	return suite_run(s);
}
