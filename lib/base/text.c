/* SPDX-License-Identifier: MIT */
/*
 * text.c - words of strangers, fit for a terminal
 */
#include "config.h"

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"

/* The bytes of the character at p, and which it is; 0 when it is none. */
static size_t
decode(const unsigned char *p, size_t left, uint32_t *character)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t i, n = p[0] < 0x80 ? 1 : p[0] >> 5 == 6 ? 2 :
		p[0] >> 4 == 14 ? 3 : p[0] >> 3 == 30 ? 4 : 0;
	uint32_t c;

	if (n == 0 || n > left)
		return 0;
	c = n == 1 ? p[0] : p[0] & (0x7fu >> n);
	for (i = 1; i < n; i++) {
		if (p[i] >> 6 != 2)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	*character = c;
	return c >= least[n] && c <= 0x10ffff && c >> 11 != 0x1b ? n : 0;
}

static bool
is_shown(uint32_t c)
{
	static const uint32_t obeyed[][2] = {
		{ 0, 0x1f }, { 0x7f, 0x9f }, { 0x61c, 0x61c },
		{ 0x200e, 0x200f },
		{ 0x2028, 0x202e }, { 0x2066, 0x2069 },
	};
	size_t i;

	for (i = 0; i < BASE_ARRAY_SIZE(obeyed); i++)
		if (c >= obeyed[i][0] && c <= obeyed[i][1])
			return false;
	return true;
}

void
base_clean_text(char *to, size_t size, const char *from, size_t length)
{
	const unsigned char *p = (const unsigned char *)from;
	size_t at = 0, used = 0, n;
	uint32_t c = 0;

	while (at < length && p[at] != '\0') {
		n = decode(p + at, length - at, &c);
		if (n != 0 && !is_shown(c))
			n = 0;
		if (used + BASE_MAX(n, 1) >= size)
			break;
		if (n == 0) {
			to[used++] = '?';
			at++;
		}
		/* Never ahead of what is read. */
		for (; n > 0; n--)
			to[used++] = (char)p[at++];
	}
	to[used] = '\0';
}
