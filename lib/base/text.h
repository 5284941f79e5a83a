/* SPDX-License-Identifier: MIT */
/*
 * text.h - words of strangers, fit for a terminal
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stddef.h>

/*
 * Copy a text that somebody else wrote, up to `length` bytes or its NUL, into
 * size bytes (at least 1) at `to`, which may be `from`: UTF-8 with an end, cut
 * off between characters.  '?' stands for each byte that is no UTF-8 or is
 * part of what a terminal would obey rather than show: control characters,
 * those above 0x7f too, line separators, and marks that turn the writing
 * round.  Never longer than what it was.
 */
void
base_clean_text(char *to, size_t size, const char *from, size_t length);

#endif /* BASE_TEXT_H */
