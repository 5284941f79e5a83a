/* SPDX-License-Identifier: MIT */
/*
 * suite.h - what every Check program here shares
 *
 *	START_TEST(closes_once) { ... } END_TEST
 *
 *	int
 *	main(void)
 *	{
 *		Suite *s = suite_create("fd");
 *		TCase *tc = suite_case(s, "close");
 *
 *		tcase_add_test(tc, closes_once);
 *		return suite_run(s);
 *	}
 *
 * A case made by suite_case() is watched: a test that leaves a descriptor, a
 * shared mapping or a thread behind fails, and says which.
 */
#ifndef TESTS_SUITE_H
#define TESTS_SUITE_H

#include <check.h>

/* As tcase_create() and suite_add_tcase(), and watched for leaks. */
TCase *suite_case(Suite *s, const char *name);

/* Run it, as TAP on stdout. Returns what main() returns. */
int suite_run(Suite *s);

/* For harness tests only: how many fail when s runs silently. */
int suite_count_failures(Suite *s, char *message, size_t size);

/* Are we run with CK_FORK=no, as under valgrind? A crash then is final. */
int suite_is_nofork(void);

/* A sanitized build? Its findings end the test process by themselves. */
#if defined(__SANITIZE_ADDRESS__)
#define SUITE_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__)
#define SUITE_TSAN 1
#endif
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SUITE_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define SUITE_TSAN 1
#endif
#endif

#endif /* TESTS_SUITE_H */
