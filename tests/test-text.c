/* SPDX-License-Identifier: MIT */
/*
 * test-text.c - what strangers write is shown and not obeyed
 */
#include "config.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "suite.h"

static const struct {
	const char *from;
	const char *to;
} texts[] = {
	{ "", "" },
	{ "viewer 1.0", "viewer 1.0" },
	{ "Größe 漢字 \xf0\x9f\x90\x9f", "Größe 漢字 \xf0\x9f\x90\x9f" },
	{ "\033[2J\n\177", "?[2J??" },
	{ "\xc2\x9b" "31m", "??31m" },		/* CSI in one character */
	{ "\x9b" "31m", "?31m" },
	{ "a\xe2\x80\xaetxt.exe", "a???txt.exe" }, /* right to left */
	{ "a\xd8\x9c" "b", "a??b" },		/* an arabic mark, the same */
	{ "a\xe2\x80\xa8" "b", "a???b" },	/* line separator */
	{ "\xc0\x9b", "??" },			/* longer than need be */
	{ "\xe0\x80\x9b", "???" },
	{ "\xed\xa0\x80", "???" },		/* half a pair */
	{ "\xf4\x90\x80\x80", "????" },		/* beyond the last */
	{ "\xf8\x88\x80\x80\x80", "?????" },
	{ "ab\xc3", "ab?" },			/* ends too early */
	{ "\xe6\xbc" "a", "??a" },
};

START_TEST(what_is_shown)
{
	const char *from = texts[_i].from;
	char text[64];

	base_clean_text(text, sizeof(text), from, strlen(from));
	ck_assert_str_eq(text, texts[_i].to);
	/* In place, up to the NUL, and once more. */
	strcpy(text, from);
	base_clean_text(text, sizeof(text), text, sizeof(text));
	ck_assert_str_eq(text, texts[_i].to);
	base_clean_text(text, sizeof(text), text, sizeof(text));
	ck_assert_str_eq(text, texts[_i].to);
}
END_TEST

START_TEST(it_ends_between_characters)
{
	char text[8];

	base_clean_text(text, 5, "aböc", 5);
	ck_assert_str_eq(text, "abö");
	base_clean_text(text, 4, "aböc", 5);
	ck_assert_str_eq(text, "ab");
	base_clean_text(text, sizeof(text), "aböc", 3);
	ck_assert_str_eq(text, "ab?");
	base_clean_text(text, 1, "aböc", 5);
	ck_assert_str_eq(text, "");
	base_clean_text(text, sizeof(text), "ab", 0);
	ck_assert_str_eq(text, "");
}
END_TEST

/* For the address sanitizer: exactly the bytes that there are. */
START_TEST(nothing_else_is_touched)
{
	unsigned length, i;
	char *from, *to;

	srand(1);
	for (length = 0; length < 2000; length++) {
		from = malloc(length % 40 + 1);
		to = malloc(length % 40 + 1);
		for (i = 0; i < length % 40; i++)
			from[i] = (char)(rand() % 255 + 1);
		base_clean_text(to, length % 40 + 1, from, length % 40);
		ck_assert_uint_eq(strlen(to), length % 40);
		free(from);
		free(to);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("text");
	TCase *tc = suite_case(s, "text");

	tcase_add_loop_test(tc, what_is_shown, 0,
			    (int)BASE_ARRAY_SIZE(texts));
	tcase_add_test(tc, it_ends_between_characters);
	tcase_add_test(tc, nothing_else_is_touched);
	return suite_run(s);
}
