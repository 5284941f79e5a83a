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

int
main(void)
{
	Suite *s = suite_create("version");
	TCase *tc = suite_case(s, "version");

	tcase_add_test(tc, both_say_the_package_version);
	return suite_run(s);
}
