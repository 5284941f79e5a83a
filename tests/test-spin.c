/* SPDX-License-Identifier: MIT */
/*
 * test-spin.c - whether to look before one sleeps: what is quicker is found
 */
#include "config.h"

#include <stdlib.h>

#include "shmfb/spin.h"
#include "suite.h"

#define US 1000

static struct shmfb_spin spin;
static uint64_t now;

static void
setup(void)
{
	unsetenv("SHMFB_NO_SPIN");
	shmfb_spin_init(&spin);
	/* Whatever the machine has. */
	spin.may = true;
	now = 1;
}

/*
 * So many answers of a server that needs that long while its client sleeps,
 * and that long while it looks. Returns how many were looked for.
 */
static unsigned
answers(unsigned n, uint64_t asleep_ns, uint64_t awake_ns)
{
	unsigned looked = 0;
	uint64_t begun;

	while (n--) {
		/* What the client does between two of them. */
		now += 5 * US;
		begun = now;
		ck_assert_uint_le(shmfb_spin_time(&spin), SHMFB_SPIN_NS);
		if (shmfb_spin_time(&spin)) {
			looked++;
			now += awake_ns;
		} else {
			now += asleep_ns;
		}
		shmfb_spin_learn(&spin, begun, now);
	}
	return looked;
}

START_TEST(awake_is_quicker)
{
	ck_assert_uint_ge(answers(10000, 60 * US, 30 * US), 9500);
	/* And long enough to see the answer come. */
	ck_assert_uint_ge(shmfb_spin_time(&spin), 30 * US);
}
END_TEST

/* One processor too few: what it costs to try is little. */
START_TEST(awake_is_slower)
{
	ck_assert_uint_le(answers(10000, 30 * US, 60 * US), 200);
}
END_TEST

/* A processor is not burnt for nothing. */
START_TEST(no_difference)
{
	ck_assert_uint_le(answers(10000, 50 * US, 48 * US), 200);
}
END_TEST

START_TEST(answers_that_take_long)
{
	ck_assert_uint_eq(answers(10000, 900 * US, 800 * US), 0);
	ck_assert_uint_eq(answers(10000, UINT64_C(1) << 40, US), 0);
}
END_TEST

/* What was true is found out to be true no more. */
START_TEST(times_change)
{
	answers(5000, 60 * US, 30 * US);
	answers(SHMFB_SPIN_SETTLED, 30 * US, 60 * US);
	ck_assert_uint_le(answers(10000, 30 * US, 60 * US), 200);
	answers(SHMFB_SPIN_SETTLED, 60 * US, 30 * US);
	ck_assert_uint_ge(answers(10000, 60 * US, 30 * US), 9500);
}
END_TEST

/* Now and then one takes very long, as when the machine is busy. */
START_TEST(one_does_not_decide)
{
	unsigned i, looked = 0;

	for (i = 0; i < 100; i++) {
		looked += answers(99, 60 * US, 30 * US);
		answers(1, 5000 * US, 5000 * US);
	}
	ck_assert_uint_ge(looked, 7000);
}
END_TEST

START_TEST(switched_off)
{
	setenv("SHMFB_NO_SPIN", "1", 1);
	shmfb_spin_init(&spin);
	unsetenv("SHMFB_NO_SPIN");
	ck_assert(!spin.may);
	ck_assert_uint_eq(answers(3000, 60 * US, 30 * US), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("spin");
	TCase *tc = suite_case(s, "spin");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, awake_is_quicker);
	tcase_add_test(tc, awake_is_slower);
	tcase_add_test(tc, no_difference);
	tcase_add_test(tc, answers_that_take_long);
	tcase_add_test(tc, times_change);
	tcase_add_test(tc, one_does_not_decide);
	tcase_add_test(tc, switched_off);
	return suite_run(s);
}
