/* SPDX-License-Identifier: MIT */
/*
 * top-screen.c - colours and clipped text for shmx-top
 *
 * Where the terminal has 256 colours these are muted ones that read well on
 * dark and light; with 8 the nearest of those; with NO_COLOR none, and the
 * words say what the colours would.  Blocks and shades want UTF-8.
 */
#include "config.h"

/* Before curses: its macros are many. */
#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <curses.h>

#include "base/base.h"
#include "tool.h"
#include "top.h"

/* Colour pairs of a legend's squares, beside those of the styles. */
#define KEY_PAIR (STYLES + 1)

static SCREEN *screen;
static bool utf8, colours;
static attr_t attrs[STYLES];

struct look {
	short fg256, bg256;		/* -1: the terminal's own */
	short fg8, bg8;
	attr_t attr;			/* with colours */
	attr_t plain;			/* without */
};

static const struct look looks[STYLES] = {
	[PLAIN] = { -1, -1, -1, -1, 0, 0 },
	[DIM] = { 245, -1, -1, -1, 0, A_DIM },
	[BOLD] = { -1, -1, -1, -1, A_BOLD, A_BOLD },
	[TITLE] = { 74, -1, COLOR_CYAN, -1, A_BOLD, A_BOLD },
	[HEADER] = { 252, 24, COLOR_WHITE, COLOR_BLUE, 0, A_REVERSE },
	[HEADER_NAME] = { 231, 24, COLOR_WHITE, COLOR_BLUE, A_BOLD,
			  A_REVERSE | A_BOLD },
	[HEADER_WARN] = { 16, 178, COLOR_BLACK, COLOR_YELLOW, 0,
			  A_BOLD },
	[HEADER_BAD] = { 16, 203, COLOR_BLACK, COLOR_RED, 0, A_BOLD },
	[GOOD] = { 71, -1, COLOR_GREEN, -1, 0, 0 },
	[WARN] = { 178, -1, COLOR_YELLOW, -1, 0, A_BOLD },
	[BAD] = { 203, -1, COLOR_RED, -1, A_BOLD, A_BOLD },
	[GRAPH] = { 74, -1, COLOR_CYAN, -1, 0, 0 },
	[FOOTER_KEY] = { 16, 245, COLOR_BLACK, COLOR_WHITE, 0, A_REVERSE },
	[MEM_DIRECTORY] = { 16, 139, COLOR_BLACK, COLOR_MAGENTA, 0,
			    A_REVERSE },
	[MEM_TABLES] = { 16, 73, COLOR_BLACK, COLOR_CYAN, 0, A_REVERSE },
	[MEM_RECORDS] = { 16, 174, COLOR_BLACK, COLOR_MAGENTA, 0, A_REVERSE },
	[MEM_FREE] = { 250, 238, COLOR_WHITE, COLOR_BLACK, 0, 0 },
	[MEM_WRITING] = { 16, 147, COLOR_BLACK, COLOR_WHITE, 0, A_UNDERLINE },
	[MEM_PUBLISHED] = { 231, 61, COLOR_WHITE, COLOR_BLUE, 0, 0 },
	[MEM_HELD] = { 16, 178, COLOR_BLACK, COLOR_YELLOW, 0,
		       A_REVERSE },
	[MEM_LATEST] = { 16, 71, COLOR_BLACK, COLOR_GREEN, 0,
			 A_REVERSE | A_BOLD },
	[HEAT] = { 24, -1, COLOR_BLUE, -1, 0, 0 },
	[HEAT + 1] = { 31, -1, COLOR_CYAN, -1, 0, 0 },
	[HEAT + 2] = { 74, -1, COLOR_CYAN, -1, A_BOLD, 0 },
	[HEAT + 3] = { 229, -1, COLOR_WHITE, -1, A_BOLD, A_BOLD },
	[READER] = { 215, -1, COLOR_YELLOW, -1, A_BOLD, A_BOLD },
	[READER + 1] = { 114, -1, COLOR_GREEN, -1, A_BOLD, A_BOLD },
	[READER + 2] = { 117, -1, COLOR_CYAN, -1, A_BOLD, A_BOLD },
	[READER + 3] = { 176, -1, COLOR_MAGENTA, -1, A_BOLD, A_BOLD },
	[READER + 4] = { 210, -1, COLOR_RED, -1, A_BOLD, A_BOLD },
	[READER + 5] = { 222, -1, COLOR_WHITE, -1, A_BOLD, A_BOLD },
};

/* ------------------------------------------------------ the terminal -- */

static void
mix_colours(void)
{
	const struct look *l;
	bool many;
	int i;

	colours = getenv("NO_COLOR") == NULL && has_colors() &&
		start_color() == OK && use_default_colors() == OK;
	many = colours && COLORS >= 256 && COLOR_PAIRS > 2 * STYLES;
	for (i = 0; i < STYLES; i++) {
		l = &looks[i];
		attrs[i] = l->plain;
		if (!colours)
			continue;
		init_pair((short)(i + 1), many ? l->fg256 : l->fg8,
			  many ? l->bg256 : l->bg8);
		init_pair((short)(KEY_PAIR + i), many ? l->bg256 : l->bg8, -1);
		attrs[i] = l->attr | (attr_t)COLOR_PAIR(i + 1);
	}
}

void
screen_open(void)
{
	setlocale(LC_ALL, "");
	utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	screen = newterm(NULL, stdout, stdin);
	if (screen == NULL)
		die("this terminal (TERM=%s) cannot show it; `shmx top --once` "
		    "prints one snapshot", getenv("TERM") != NULL ?
		    getenv("TERM") : "");
	set_term(screen);
	atexit(screen_close);
	mix_colours();
	cbreak();
	noecho();
	nonl();
	curs_set(0);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(25);
}

void
screen_close(void)
{
	if (screen == NULL)
		return;
	endwin();
	delscreen(screen);
	screen = NULL;
}

/* --------------------------------------------------------------- text -- */

/* Columns of a UTF-8 text, and where it has to end to have at most width. */
static int
measure(const char *text, int width, size_t *bytes)
{
	mbstate_t state = { 0 };
	size_t left = strlen(text), n;
	const char *p = text;
	int columns = 0, w;
	wchar_t c;

	while (left > 0) {
		n = mbrtowc(&c, p, left, &state);
		if (n == (size_t)-1 || n == (size_t)-2 || n == 0)
			break;
		w = wcwidth(c);
		if (w < 0 || columns + w > width)
			break;
		columns += w;
		p += n;
		left -= n;
	}
	*bytes = (size_t)(p - text);
	return columns;
}

static int
put_text(int y, int x, int width, bool right, enum style style,
	 const char *text)
{
	size_t bytes;
	int columns;

	if (y < 0 || y >= LINES || x < 0 || x >= COLS)
		return 0;
	width = BASE_MIN(width, COLS - x);
	columns = measure(text, width, &bytes);
	attrset(attrs[style]);
	mvaddnstr(y, right ? x + width - columns : x, text, (int)bytes);
	attrset(A_NORMAL);
	return columns;
}

int
put(int y, int x, int width, enum style style, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return put_text(y, x, width, false, style, text);
}

int
put_right(int y, int x, int width, enum style style, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return put_text(y, x, width, true, style, text);
}

void
fill(int y, int x, int width, enum style style)
{
	if (y < 0 || y >= LINES || x < 0 || x >= COLS)
		return;
	attrset(attrs[style]);
	mvhline(y, x, ' ', BASE_MIN(width, COLS - x));
	attrset(A_NORMAL);
}

void
put_block(int y, int x, enum style style, unsigned eighths)
{
	static const char *const blocks[] = {
		" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█",
	};
	static const char *const plain[] = {
		" ", "_", "_", ".", ".", "-", "=", "#", "#",
	};

	put_text(y, x, 1, false, style, (utf8 ? blocks : plain)[eighths]);
}

void
put_shade(int y, int x, unsigned shade)
{
	static const char *const shades[] = { "·", "░", "▒", "▓", "█" };
	static const char *const plain[] = { ".", "-", "+", "x", "#" };

	put_text(y, x, 1, false, shade == 0 ? DIM :
		 (enum style)(HEAT + shade - 1),
		 (utf8 ? shades : plain)[shade]);
}

int
put_key(int y, int x, int width, enum style style, const char *what)
{
	int used = (int)strlen(what);

	if (!colours)
		return put_text(y, x, width, false, style, what);
	used += 2;
	if (used > width)
		return 0;
	attrset((attr_t)COLOR_PAIR(KEY_PAIR + (int)style));
	mvaddstr(y, x, utf8 ? "■" : "#");
	put_text(y, x + 2, width - 2, false, DIM, what);
	return used;
}
