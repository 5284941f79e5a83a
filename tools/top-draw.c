/* SPDX-License-Identifier: MIT */
/*
 * top-draw.c - the dashboard, section by section, from the top down
 */
#include "config.h"

#include "base/base.h"
#include "top-draw.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include <curses.h>

#include "base/clock.h"

enum { LABEL = 19 };			/* columns beside the graph */

enum style
style_of_state(enum shmx_ring_state state)
{
	switch (state) {
	case SHMX_RING_RUNNING:
		return GOOD;
	case SHMX_RING_PAUSED:
	case SHMX_RING_STOPPED:
		return WARN;
	default:
		return BAD;
	}
}

enum style
style_of_reader(unsigned i)
{
	return (enum style)(READER + i % (READER_LAST - READER + 1));
}

void
draw_title(struct canvas *c, bool gap, const char *what)
{
	c->y += gap;
	put(c->y, SIDE, c->width, TITLE, "%s", what);
}

/* ------------------------------------------------------- header and keys -- */

static enum style
header_of_state(const struct canvas *c)
{
	enum style style = c->w->inspector == NULL ? BAD :
		style_of_state(c->s->ring.state);

	return style == GOOD ? HEADER : style == WARN ? HEADER_WARN :
		HEADER_BAD;
}

static void
draw_header(struct canvas *c)
{
	const struct shmx_inspect_ring *r = &c->s->ring;
	char who[80], up[TEXT] = "", size[TEXT];
	int x = SIDE;

	fill(0, 0, COLS, HEADER);
	x += put(0, x, COLS, HEADER, "shmx top ");
	x += put(0, x, COLS - x, HEADER_NAME, " %s ", c->w->name);
	if (!c->w->seen)
		return;
	x += put(0, x, COLS - x, header_of_state(c), " %s ",
		 c->w->inspector == NULL ? "gone" :
		 shmx_ring_state_name(r->state));
	if (r->kind != SHMX_RING_NATIVE)
		x += put(0, x, COLS - x, HEADER, " %s ",
			 shmx_ring_kind_name(r->kind));
	bytes_text(size, r->bytes);
	c->y = 1;
	/* What it was is shown; who had it says nothing any more. */
	if (c->w->inspector == NULL) {
		put_right(0, x, COLS - x - SIDE, HEADER, "%s", size);
		return;
	}
	if (r->state == SHMX_RING_ORPHANED || r->state == SHMX_RING_OUTGROWN)
		snprintf(who, sizeof(who), "kept by %" PRIu32 " reader%s",
			 r->holders, r->holders == 1 ? "" : "s");
	else if (r->state == SHMX_RING_LEFTOVER)
		snprintf(who, sizeof(who), "nobody's");
	else
		snprintf(who, sizeof(who), "%s (pid %d)", r->program,
			 (int)r->pid);
	if (r->created_ns != 0)
		age_text(up, c->w, r->created_ns);
	put_right(0, x, COLS - x - SIDE, HEADER, "%s%s%s  %s", who,
		  up[0] != '\0' ? "  up " : "", up, size);
}

int
draw_key(int x, const char *key, const char *what)
{
	int used = put(LINES - 1, x, COLS - x, FOOTER_KEY, " %s ", key);

	return used + put(LINES - 1, x + used, COLS - x - used, DIM, " %s  ",
			  what);
}

static void
draw_keys(const struct canvas *c, bool paused, bool several)
{
	static const struct {
		const char *key;
		const char *what;
	} keys[] = {
		{ "q", "quit" }, { "p", "pause" }, { "up/down", "reader" },
		{ "tab", "next ring" }, { "l", "list" },
	};
	int y = LINES - 1, x = SIDE;
	unsigned i;

	for (i = 0; i < BASE_ARRAY_SIZE(keys) - (several ? 0 : 2); i++)
		x += draw_key(x, keys[i].key, keys[i].what);
	if (paused)
		put_right(y, x, COLS - x - SIDE, WARN, "paused");
	else if (c->w->inspector == NULL)
		put_right(y, x, COLS - x - SIDE, BAD, "waiting");
	else if (c->s->ring.kind != SHMX_RING_V2 && !c->s->ring.asked &&
		 snapshot_lives(c->s))
		put_right(y, x, COLS - x - SIDE, DIM, "no answer");
}

/* ------------------------------------------------------------------ rate -- */

static double
largest(const double *v, unsigned n)
{
	double most = 0;
	unsigned i;

	for (i = 0; i < n; i++)
		most = BASE_MAX(most, v[i]);
	return most;
}

static void
draw_graph(const struct canvas *c, int x, int width)
{
	unsigned n = BASE_MIN(c->w->rate_count, (unsigned)BASE_MAX(width, 0));
	const double *v = c->w->rates + (c->w->rate_count - n);
	double most = largest(v, n);
	int lines = c->l.graph, line, left;
	/* Some air above, so that a steady rate is a line and no wall. */
	double room = lines * 8 * 0.85;
	unsigned i;

	for (i = 0; i < n; i++) {
		/* What is more than nothing is seen. */
		left = most > 0 ? (int)ceil(v[i] / most * room) : 0;
		for (line = lines - 1; line >= 0; line--) {
			put_block(c->y + line, x + width - (int)(n - i),
				  GRAPH, (unsigned)BASE_MIN(left, 8));
			left = BASE_MAX(left - 8, 0);
		}
	}
}

static void
draw_rate(struct canvas *c)
{
	int x = SIDE + LABEL, width = c->width - LABEL;
	unsigned n = BASE_MIN(c->w->rate_count, (unsigned)BASE_MAX(width, 0));
	char text[TEXT];

	c->y += c->l.gap_rate;
	rate_text(text, c->w->rate);
	put(c->y, SIDE, LABEL, BOLD, "%s frames/s", text);
	if (c->l.graph > 1) {
		rate_text(text, largest(c->w->rates + (c->w->rate_count - n),
					n));
		put(c->y + 1, SIDE, LABEL, DIM, "at most %s", text);
	}
	if (c->l.graph > 2)
		put(c->y + 2, SIDE, LABEL, DIM, "in the last %u s",
		    (n + 1) / 2);
	draw_graph(c, x, width);
	c->y += c->l.graph;
}

static int
draw_count(const struct canvas *c, int x, uint64_t n, enum style style,
	   const char *what)
{
	char text[TEXT];
	int used;

	count_text(text, n);
	used = put(c->y, x, SIDE + c->width - x, n > 0 ? style : DIM, "%s",
		   text);
	used += put(c->y, x + used, SIDE + c->width - x - used, DIM, " %s",
		    what);
	return used + 3;
}

static void
draw_counts(struct canvas *c)
{
	const struct shmx_inspect_ring *r = &c->s->ring;
	int x = SIDE;

	if (!c->l.counts)
		return;
	x += draw_count(c, x, r->published, BOLD, "published");
	x += draw_count(c, x, r->dropped, BAD, "dropped");
	x += draw_count(c, x, watch_skipped(c->w), WARN, "skipped");
	x += draw_count(c, x, r->refused, WARN, "refused");
	x += draw_count(c, x, r->evicted, WARN, "evicted");
	if (c->width > 100) {
		x += draw_count(c, x, r->wakes, BOLD, "wakes");
		if (r->every)
			x += draw_count(c, x, r->waited_ns / BASE_NS_PER_MS,
					WARN, "ms waited for readers");
		if (r->kind != SHMX_RING_NATIVE)
			draw_count(c, x, r->checksummed, BOLD, "checksummed");
	}
	c->y++;
}

/* ------------------------------------------------------------------- all -- */

void
draw_watch(const struct watch *w, unsigned selected, bool paused,
	   bool several)
{
	struct canvas c = { .w = w, .s = w->now, .selected = selected,
		.y = 1, .width = COLS - 2 * SIDE };

	erase();
	draw_header(&c);
	if (!w->seen) {
		put(LINES / 2, SIDE, c.width, DIM, "Waiting for ring \"%s\" "
		    "...", w->name);
		put(LINES / 2 + 1, SIDE, c.width, DIM, "%s", w->trouble);
	} else {
		c.l = layout_make(w->now, LINES, COLS);
		draw_rate(&c);
		draw_counts(&c);
		draw_memory(&c);
		draw_streams(&c);
		draw_slots(&c);
		draw_readers(&c);
		draw_latencies(&c);
	}
	draw_keys(&c, paused, several);
	refresh();
}
