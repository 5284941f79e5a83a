/* SPDX-License-Identifier: MIT */
/*
 * test-version.c - the installed libraries, as an application links them
 */
#include "config.h"

#include <shmfb/shmfb.h>
#include <shmx/shmx.h>

#include "suite.h"

START_TEST(both_say_the_package_version)
{
	ck_assert_str_eq(shmx_version(), PACKAGE_VERSION);
	ck_assert_str_eq(shmfb_version(), PACKAGE_VERSION);
}
END_TEST

/* The library writes or reads all of them, and asks for no size. */
START_TEST(sizes_that_stay)
{
	struct shmfb_event event;

	ck_assert_uint_eq(sizeof(event.u), 120);
#ifdef __LP64__
	ck_assert_uint_eq(sizeof(event), 128);
	ck_assert_uint_eq(sizeof(struct shmfb_canvas), 56);
	ck_assert_uint_eq(sizeof(struct shmfb_image), 56);
#endif
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("version");
	TCase *tc = suite_case(s, "version");

	tcase_add_test(tc, both_say_the_package_version);
	tcase_add_test(tc, sizes_that_stay);
	return suite_run(s);
}
