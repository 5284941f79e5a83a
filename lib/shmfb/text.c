/* SPDX-License-Identifier: MIT */
/*
 * text.c - what is written when keys are pressed, one after the other
 *
 * Called by keyboard.c; owner.c and paste.c ask what is UTF-8.
 */
#include "config.h"

#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xkbcommon/xkbcommon-keysyms.h>

#include "base/base.h"

/* The application may never have called setlocale(): ask what it would. */
static const char *
locale(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *value;
	unsigned i;

	for (i = 0; i < BASE_ARRAY_SIZE(names); i++) {
		value = getenv(names[i]);
		if (value && *value)
			return value;
	}
	return "C";
}

static struct xkb_compose_table *
read_table(struct xkb_context *context)
{
	struct xkb_compose_table *table;

	table = xkb_compose_table_new_from_locale(context, locale(),
						  XKB_COMPOSE_COMPILE_NO_FLAGS);
	/* Locales without one are mostly those that nobody has set. */
	if (!table)
		table = xkb_compose_table_new_from_locale(context,
			"en_US.UTF-8", XKB_COMPOSE_COMPILE_NO_FLAGS);
	return table;
}

/* Without sequences every key writes what it alone writes. */
static void
look(struct shmfb_text *text, struct xkb_context *context)
{
	struct xkb_compose_table *table;

	text->looked = true;
	table = read_table(context);
	if (!table)
		return;
	text->compose = xkb_compose_state_new(table,
					      XKB_COMPOSE_STATE_NO_FLAGS);
	xkb_compose_table_unref(table);
}

/*
 * The table is half a megabyte of text: some ten milliseconds, which nobody
 * has to wait for who writes English, plays, or steers. No locale has a
 * sequence that begins with one of these.
 */
static bool
may_begin(uint32_t symbol)
{
	if (symbol < 0x80 || symbol == XKB_KEY_Multi_key)
		return symbol == XKB_KEY_Multi_key;
	/* Modifiers; cursor, function and other keys that write nothing. */
	return !(symbol >= 0xfe00 && symbol < XKB_KEY_dead_grave) &&
	       !(symbol >= 0xff00 && symbol <= 0xffff);
}

void
shmfb_text_finish(struct shmfb_text *text)
{
	xkb_compose_state_unref(text->compose);
	*text = (struct shmfb_text){ 0 };
}

void
shmfb_text_reset(struct shmfb_text *text)
{
	if (text->compose)
		xkb_compose_state_reset(text->compose);
}

static void
copy(char *out, size_t size, const char *from)
{
	size_t length = shmfb_text_cut(from, strlen(from), size - 1);

	memcpy(out, from, length);
	out[length] = '\0';
}

void
shmfb_text_press(struct shmfb_text *text, struct xkb_context *context,
		 uint32_t symbol, const char *plain, char *out, size_t size)
{
	char composed[256];

	if (!text->looked && may_begin(symbol))
		look(text, context);
	out[0] = '\0';
	/* Modifiers are passed over: they may be part of what follows. */
	if (!text->compose || xkb_compose_state_feed(text->compose, symbol) ==
			      XKB_COMPOSE_FEED_IGNORED) {
		copy(out, size, plain);
		return;
	}
	switch (xkb_compose_state_get_status(text->compose)) {
	case XKB_COMPOSE_NOTHING:
		copy(out, size, plain);
		break;
	case XKB_COMPOSE_COMPOSED:
		xkb_compose_state_get_utf8(text->compose, composed,
					   sizeof(composed));
		copy(out, size, composed);
		break;
	case XKB_COMPOSE_COMPOSING:
	case XKB_COMPOSE_CANCELLED:
		break;
	}
}

/* How many bytes the character at the beginning has; 0: it is none. */
static size_t
character(const unsigned char *s, size_t length)
{
	/* By length: the least that is not written shorter. */
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t code;
	size_t n, i;

	if (s[0] < 0x80)
		return s[0] != 0;
	n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	if (s[0] < 0xc0 || s[0] >= 0xf8 || n > length)
		return 0;
	code = s[0] & (0x7fU >> n);
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	if (code < least[n] || code > 0x10ffff ||
	    (code >= 0xd800 && code < 0xe000))
		return 0;
	return n;
}

bool
shmfb_text_valid(const char *text, size_t length)
{
	size_t at = 0, n;

	for (; at < length; at += n) {
		n = character((const unsigned char *)text + at, length - at);
		if (!n)
			return false;
	}
	return true;
}

size_t
shmfb_text_cut(const char *text, size_t length, size_t max)
{
	if (length <= max)
		return length;
	while (max > 0 && ((unsigned char)text[max] & 0xc0) == 0x80)
		max--;
	return max;
}
