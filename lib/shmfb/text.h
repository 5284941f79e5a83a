/* SPDX-License-Identifier: MIT */
/*
 * text.h - what is written when keys are pressed, one after the other
 *
 * Most keys write what their symbol is. A dead key writes nothing, but makes
 * the next one another; Multi_key begins a longer sequence. Which there are is
 * the locale's affair. One for all windows of a connection, as there is one
 * keyboard. No X.
 */
#ifndef SHMFB_TEXT_H
#define SHMFB_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xkbcommon/xkbcommon-compose.h>
#include <xkbcommon/xkbcommon.h>

/* All zero: nothing was pressed yet. */
struct shmfb_text {
	struct xkb_compose_state *compose;	/* ours, or NULL */
	bool looked;			/* for the locale's sequences */
};

void
shmfb_text_finish(struct shmfb_text *text);

/* Whatever was begun is not continued: the keyboard is another's now. */
void
shmfb_text_reset(struct shmfb_text *text);

/*
 * A key with that symbol was pressed, which alone would write plain, UTF-8
 * with a NUL. Write to out what it does write, "" for nothing; cut to size,
 * between characters. context is borrowed.
 */
void
shmfb_text_press(struct shmfb_text *text, struct xkb_context *context,
		 uint32_t symbol, const char *plain, char *out, size_t size);

/* Is it UTF-8, without a NUL, a surrogate, or a character written too long? */
bool
shmfb_text_valid(const char *text, size_t length);

/* The most of it, at most max bytes, that ends between two characters. */
size_t
shmfb_text_cut(const char *text, size_t length, size_t max);

#endif /* SHMFB_TEXT_H */
