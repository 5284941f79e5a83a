/* SPDX-License-Identifier: MIT */
/*
 * top-draw.c - the dashboard, section by section, from the top down
 */
#include "config.h"

#include "base/base.h"
#include "top.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <curses.h>

#include "base/clock.h"

enum {
	SIDE = 1,			/* columns left empty on the left */
	LABEL = 19,			/* of the graph */
	NUMBER = 9,			/* a time, and what is before it */
	STRIP_FROM = 4, STRIP_TO = 92,	/* buckets: 512 ns to 2 s */
};

struct canvas {
	const struct watch *w;
	const struct snapshot *s;
	struct layout l;
	unsigned selected;
	int y;
	int width;			/* columns of content */
};

static enum style
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

static enum style
style_of_slot(const struct shmx_inspect_slot *slot)
{
	switch (slot->state) {
	case SHMX_SLOT_WRITING:
		return MEM_WRITING;
	case SHMX_SLOT_PUBLISHED:
		return slot->latest ? MEM_LATEST : slot->readers != 0 ?
			MEM_HELD : MEM_PUBLISHED;
	default:
		return MEM_FREE;
	}
}

static enum style
style_of_reader(unsigned i)
{
	return (enum style)(READER + i % (READER_LAST - READER + 1));
}

static void
title(struct canvas *c, bool gap, const char *what)
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

	for (i = 0; i < BASE_ARRAY_SIZE(keys) - (several ? 0 : 2); i++) {
		x += put(y, x, COLS - x, FOOTER_KEY, " %s ", keys[i].key);
		x += put(y, x, COLS - x, DIM, " %s  ", keys[i].what);
	}
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

/* ---------------------------------------------------------------- memory -- */

static void
label_slot(const struct canvas *c, unsigned i, int x, int width)
{
	const struct shmx_inspect_slot *slot = &c->s->slot[i];
	enum style style = style_of_slot(slot);
	char text[TEXT];
	int n;

	n = snprintf(text, sizeof(text), "%u %s", i, slot_state(slot));
	if (n > width - 2)
		n = snprintf(text, sizeof(text), "%u", i);
	if (n <= width)
		put(c->y, x + (width - n) / 2, n, style, "%s", text);
	if (c->l.bar < 2 || slot->sequence == 0)
		return;
	n = snprintf(text, sizeof(text), "%" PRIu64, slot->sequence);
	if (n <= width)
		put(c->y + 1, x + (width - n) / 2, n, style, "%s", text);
}

static void
draw_segment(const struct canvas *c, int x, int width, enum style style)
{
	int line;

	for (line = 0; line < c->l.bar; line++)
		fill(c->y + line, x, width, style);
}

/* One before the slots: in proportion, but never nothing. */
static int
draw_part(const struct canvas *c, int x, uint64_t bytes, enum style style)
{
	uint64_t all = BASE_MAX(c->s->ring.bytes, 1);
	/* A header of v2.0 may say more than there is. */
	int width = (int)((double)BASE_MIN(bytes, all) / (double)all *
			  c->width + 0.5);

	if (bytes == 0)
		return 0;
	width = BASE_MAX(width, 1);
	draw_segment(c, x, width, style);
	return width;
}

static void
draw_bar(const struct canvas *c)
{
	const struct shmx_inspect_ring *r = &c->s->ring;
	int x = SIDE, n = (int)r->slot_count, from, to, i, width, gap;

	x += draw_part(c, x, r->directory_offset + r->directory_bytes,
		       MEM_DIRECTORY);
	x += draw_part(c, x, r->tables_bytes, MEM_TABLES);
	x += draw_part(c, x, r->readers_bytes, MEM_RECORDS);
	width = SIDE + c->width - x;
	if (n == 0 || width < 1)
		return;
	gap = width / n >= 4;
	for (i = 0; i < n; i++) {
		from = x + (int)((int64_t)width * i / n);
		to = x + (int)((int64_t)width * (i + 1) / n);
		to = BASE_MAX(to - (gap && i + 1 < n), from + 1);
		draw_segment(c, from, to - from,
			     style_of_slot(&c->s->slot[i]));
		label_slot(c, (unsigned)i, from, to - from);
	}
}

static void
draw_legend(const struct canvas *c, int y)
{
	static const struct {
		enum style style;
		const char *what;
	} keys[] = {
		{ MEM_DIRECTORY, "directory" }, { MEM_TABLES, "tables" },
		{ MEM_RECORDS, "records" },
		{ MEM_FREE, "free" }, { MEM_WRITING, "writing" },
		{ MEM_PUBLISHED, "published" }, { MEM_HELD, "held" },
		{ MEM_LATEST, "latest" },
	};
	int x = SIDE;
	unsigned i;

	for (i = 0; i < BASE_ARRAY_SIZE(keys); i++) {
		if (keys[i].style == MEM_RECORDS &&
		    c->s->ring.readers_bytes == 0)
			continue;
		x += put_key(y, x, SIDE + c->width - x, keys[i].style,
			     keys[i].what) + 2;
	}
}

static void
draw_memory(struct canvas *c)
{
	const struct shmx_inspect_ring *r = &c->s->ring;
	char all[TEXT], slot[TEXT], tables[TEXT], directory[TEXT];

	title(c, c->l.gap_memory, "MEMORY");
	bytes_text(all, r->bytes);
	bytes_text(slot, r->slot_bytes);
	bytes_text(tables, r->tables_bytes);
	bytes_text(directory, r->directory_bytes);
	put(c->y, SIDE + 8, c->width - 8, PLAIN, "%s: %" PRIu32 " slots of "
	    "%s, directory %s, tables %s%s", all, r->slots, slot, directory,
	    tables, r->generation > 0 ? ", grown" : "");
	c->y++;
	draw_bar(c);
	c->y += c->l.bar;
	draw_legend(c, c->y++);
}

/* --------------------------------------------------------------- streams -- */

static void
draw_stream(const struct canvas *c, int y, int x,
	    const struct shmx_inspect_stream *s)
{
	char type[2 * TEXT], bytes[TEXT], elements[TEXT];

	stream_text(type, s);
	bytes_text(bytes, s->bytes);
	count_text(elements, s->elements);
	x += BASE_MAX(put(y, x, 20, PLAIN, "%s", s->name), 12) + 2;
	x += BASE_MAX(put(y, x, 24, PLAIN, "%s", type), 8) + 2;
	if (!s->present)
		put(y, x, SIDE + c->width - x, DIM, "not in the latest frame");
	else if (s->width != 0)
		put(y, x, SIDE + c->width - x, DIM, "%s a frame", bytes);
	else
		put(y, x, SIDE + c->width - x, DIM, "%s element%s, %s a frame",
		    elements, s->elements == 1 ? "" : "s", bytes);
}

static void
draw_streams(struct canvas *c)
{
	unsigned i, n = c->s->ring.stream_count;

	if (c->l.streams == 0)
		return;
	title(c, c->l.gap_streams, n == 1 ? "STREAM" : "STREAMS");
	if (c->l.streams == 1) {
		draw_stream(c, c->y, SIDE + 8, &c->s->stream[0]);
		if (n > 1)
			put_right(c->y, SIDE, c->width, DIM, "and %u more",
				  n - 1);
		c->y++;
		return;
	}
	put(c->y++, SIDE + 8, c->width - 8, DIM, "%u in the directory", n);
	for (i = 0; i < (unsigned)c->l.streams; i++)
		draw_stream(c, c->y++, SIDE + 2, &c->s->stream[i]);
}

/* ----------------------------------------------------------------- slots -- */

static void
draw_holders(const struct canvas *c, int y, int x, int width,
	     const struct shmx_inspect_slot *slot, bool names)
{
	unsigned i;
	int used;

	for (i = 0; i < c->s->ring.reader_count && width > 0; i++) {
		if (!(slot->readers >> i & 1))
			continue;
		used = put(y, x, width, style_of_reader(i), "%c",
			   reader_letter(i));
		if (names)
			used += put(y, x + used, width - used, PLAIN, " %s",
				    reader_name(&c->s->reader[i])) + 2;
		x += used;
		width -= used;
	}
}

enum { SLOT_WITH_AGE = 38, SLOT_WITH_ALL = 70, SLOT_WITH_NAMES = 100 };

/* What a wide line has room for. */
static void
draw_slot_more(int y, int x, const struct shmx_inspect_slot *slot)
{
	char text[TEXT];

	if (slot->published_ns > slot->begun_ns && slot->begun_ns != 0) {
		time_text(text, slot->published_ns - slot->begun_ns);
		put_right(y, x + 32, 9, PLAIN, "%s", text);
	}
	if (slot->width != 0)
		put_right(y, x + 42, 12, PLAIN, "%" PRIu32 "x%" PRIu32,
			  slot->width, slot->height);
	if (slot->state != SHMX_SLOT_PUBLISHED)
		return;
	if (slot->damage_count == 0)
		put_right(y, x + 55, 7, DIM, "all");
	else
		put_right(y, x + 55, 7, DIM, "%" PRIu32, slot->damage_count);
}

static void
draw_slot(const struct canvas *c, int y, int x, int width, unsigned i)
{
	const struct shmx_inspect_slot *slot = &c->s->slot[i];
	enum style style = slot->latest ? GOOD : slot->readers != 0 ? WARN :
		slot->state == SHMX_SLOT_PUBLISHED ? PLAIN : DIM;
	int holders = width < SLOT_WITH_AGE ? 22 :
		width < SLOT_WITH_ALL ? 32 : 65;
	char text[TEXT];

	put_right(y, x, 3, DIM, "%u", i);
	put(y, x + 5, 9, style, "%s", slot_state(slot));
	if (slot->sequence != 0)
		put_right(y, x + 14, width < SLOT_WITH_AGE ? 7 : 9, style,
			  "%" PRIu64, slot->sequence);
	if (width >= SLOT_WITH_AGE) {
		age_text(text, c->w, slot->published_ns);
		put_right(y, x + 23, 8, DIM, "%s", text);
	}
	if (width >= SLOT_WITH_ALL)
		draw_slot_more(y, x, slot);
	draw_holders(c, y, x + holders, width - holders - 1, slot,
		     width >= SLOT_WITH_NAMES);
}

static void
draw_slot_heads(const struct canvas *c, int x, int width)
{
	put(c->y, x, width, TITLE, "SLOT STATE");
	put_right(c->y, x + 14, width < SLOT_WITH_AGE ? 7 : 9, TITLE,
		  "FRAME");
	if (width < SLOT_WITH_AGE) {
		put(c->y, x + 22, width - 22, TITLE, "BY");
		return;
	}
	put_right(c->y, x + 23, 8, TITLE, "AGE");
	if (width < SLOT_WITH_ALL) {
		put(c->y, x + 32, width - 32, TITLE, "BY");
		return;
	}
	put_right(c->y, x + 32, 9, TITLE, "DRAWN IN");
	put_right(c->y, x + 42, 12, TITLE, "SIZE");
	put_right(c->y, x + 55, 7, TITLE, "DAMAGE");
	put(c->y, x + 65, width - 65, TITLE, "HELD BY");
}

static void
draw_slots(struct canvas *c)
{
	int columns = c->l.slot_columns, lines = c->l.slots, i, n;
	int width = (c->width + 1) / columns;

	if (lines == 0)
		return;
	c->y += c->l.gap_slots;
	for (i = 0; i < columns; i++)
		draw_slot_heads(c, SIDE + i * width, width);
	c->y++;
	n = BASE_MIN((int)c->s->ring.slot_count, lines * columns);
	/* Down the columns, as one reads a list. */
	for (i = 0; i < n; i++)
		draw_slot(c, c->y + i % lines, SIDE + i / lines * width,
			  width, (unsigned)i);
	c->y += lines;
}

/* --------------------------------------------------------------- readers -- */

/* Of this reader's stages, the last that its frames get to. */
static int
last_stage(const struct watch *w, unsigned i)
{
	uint32_t buckets[SHMX_LATENCY_BUCKETS];
	int stage;

	for (stage = SHMX_STAGES - 1; stage > 0; stage--)
		if (watch_latency(w, i, (enum shmx_stage)stage, buckets) > 0)
			break;
	return stage;
}

/* "16 ms": without the blank it fits more often. */
static void
draw_time(int y, int x, int width, enum style style, uint64_t ns)
{
	char text[TEXT];

	time_text(text, ns);
	put_right(y, x, width, ns > 0 ? style : DIM, "%s",
		  ns > 0 ? text : "-");
}

static void
draw_stage_numbers(int y, int x, const uint32_t *buckets)
{
	static const double percents[] = { 50, 99, 100 };
	unsigned i;

	for (i = 0; i < BASE_ARRAY_SIZE(percents); i++)
		draw_time(y, x + (int)i * NUMBER, NUMBER, i == 0 ? BOLD :
			  PLAIN, shmx_latency_percentile(buckets,
							 percents[i]));
}

enum { READER_WIDTH = 68, STAGE_WIDTH = 3 * NUMBER + 3 };

static void
draw_reader_stages(const struct canvas *c, int y, unsigned i)
{
	uint32_t buckets[SHMX_LATENCY_BUCKETS];
	int stage, x = SIDE + READER_WIDTH + 2;

	if (c->width >= READER_WIDTH + SHMX_STAGES * STAGE_WIDTH) {
		for (stage = 0; stage < SHMX_STAGES; stage++) {
			watch_latency(c->w, i, (enum shmx_stage)stage,
				      buckets);
			draw_stage_numbers(y, x, buckets);
			x += STAGE_WIDTH;
		}
		return;
	}
	stage = last_stage(c->w, i);
	if (watch_latency(c->w, i, (enum shmx_stage)stage, buckets) > 0)
		draw_time(y, SIDE + READER_WIDTH, 9, PLAIN,
			  shmx_latency_percentile(buckets, 50));
}

static void
draw_reader(const struct canvas *c, int y, unsigned i)
{
	const struct shmx_inspect_reader *r = &c->s->reader[i];
	bool chosen = i == c->selected && c->s->ring.reader_count > 1;
	uint64_t lag = c->s->ring.latest > r->seen ?
		c->s->ring.latest - r->seen : 0;
	char text[TEXT];

	put(y, SIDE, 1, chosen ? BOLD : DIM, chosen ? ">" : " ");
	put(y, SIDE + 2, 1, style_of_reader(i), "%c", reader_letter(i));
	put(y, SIDE + 4, 17, chosen ? BOLD : PLAIN, "%s", reader_name(r));
	if (r->pid != 0)
		put_right(y, SIDE + 21, 8, DIM, "%d", (int)r->pid);
	put(y, SIDE + 31, 8, r->evicted ? BAD : DIM, "%s", reader_mode(r));
	if (!r->v2)
		put_right(y, SIDE + 38, 6, r->holds_used > 0 ? PLAIN : DIM,
			  "%" PRIu32 "/%" PRIu32, r->holds_used,
			  r->holds_granted);
	count_text(text, lag);
	put_right(y, SIDE + 44, 6, lag > 2 ? WARN : PLAIN, "%s", text);
	rate_text(text, watch_reader_rate(c->w, i));
	put_right(y, SIDE + 50, 9, PLAIN, "%s", text);
	count_text(text, r->skipped);
	put_right(y, SIDE + 59, 9, r->skipped > 0 ? PLAIN : DIM, "%s", text);
	draw_reader_stages(c, y, i);
}

static void
draw_reader_heads(const struct canvas *c)
{
	static const char *const heads[SHMX_STAGES] = {
		"HELD", "PUT", "COMPLETED", "PRESENTED",
	};
	int stage, x = SIDE + READER_WIDTH + 2;

	put(c->y, SIDE + 21, 8, TITLE, "     PID");
	put(c->y, SIDE + 31, 8, TITLE, "MODE");
	put_right(c->y, SIDE + 38, 6, TITLE, "HOLDS");
	put_right(c->y, SIDE + 44, 6, TITLE, "LAG");
	put_right(c->y, SIDE + 50, 9, TITLE, "FRAMES/S");
	put_right(c->y, SIDE + 59, 9, TITLE, "SKIPPED");
	if (c->width < READER_WIDTH + SHMX_STAGES * STAGE_WIDTH) {
		put_right(c->y, SIDE + READER_WIDTH, 9, TITLE, "LATENCY");
		return;
	}
	for (stage = 0; stage < SHMX_STAGES; stage++) {
		put_right(c->y, x - 1, NUMBER + 1, TITLE, "%s",
			  heads[stage]);
		put_right(c->y, x + NUMBER, NUMBER, TITLE, "p99");
		put_right(c->y, x + 2 * NUMBER, NUMBER, TITLE, "max");
		x += STAGE_WIDTH;
	}
}

static void
draw_readers(struct canvas *c)
{
	unsigned n = c->s->ring.reader_count, lines = (unsigned)c->l.readers;
	unsigned first = 0, i;

	title(c, c->l.gap_readers, "READERS");
	if (n == 0) {
		c->y++;
		put(c->y++, SIDE, c->width, DIM, c->w->inspector == NULL ?
		    "Nobody read it." : snapshot_lives(c->s) &&
		    snapshot_image(c->s) != NULL ?
		    "Nobody reads it: try `shmx view %s`" :
		    "Nobody reads it.", c->w->name);
		return;
	}
	draw_reader_heads(c);
	if (lines < n)
		put(c->y, SIDE + 8, 13, DIM, "%u of %u", lines, n);
	c->y++;
	/* The one that was chosen is among those that are shown. */
	if (c->selected >= lines)
		first = c->selected - lines + 1;
	for (i = first; i < n && i < first + lines; i++)
		draw_reader(c, c->y++, i);
}

/* --------------------------------------------------------------- latency -- */

/* Where the strip begins, and how wide it is. */
static int
strip_of(const struct canvas *c, int *width)
{
	int x = SIDE + 12 + 3 * NUMBER + 2;

	*width = BASE_MIN(SIDE + c->width - x, STRIP_TO - STRIP_FROM);
	return x;
}

static void
draw_axis(const struct canvas *c)
{
	static const struct {
		const char *what;
		double ns;
	} marks[] = {
		{ "1us", 1e3 }, { "10us", 1e4 }, { "100us", 1e5 },
		{ "1ms", 1e6 }, { "10ms", 1e7 }, { "100ms", 1e8 },
		{ "1s", 1e9 },
	};
	int width, x = strip_of(c, &width), at, free = x;
	unsigned i;

	for (i = 0; i < BASE_ARRAY_SIZE(marks); i++) {
		at = x + (int)((log2(marks[i].ns / 256) * 4 - STRIP_FROM) *
			       width / (STRIP_TO - STRIP_FROM));
		/* Its middle is where it is. */
		at = BASE_MAX(at - (int)strlen(marks[i].what) / 2, x);
		if (at < free ||
		    at + (int)strlen(marks[i].what) > x + width)
			continue;
		free = at + put(c->y, at, 8, DIM, "%s", marks[i].what) + 1;
	}
}

static void
draw_strip(const struct canvas *c, int y, const uint32_t *buckets)
{
	double sum[STRIP_TO - STRIP_FROM] = { 0 };
	int width, x = strip_of(c, &width), i, at;
	double most = 0;
	unsigned shade;

	if (width < 8)
		return;
	for (i = 0; i < SHMX_LATENCY_BUCKETS; i++) {
		at = (i - STRIP_FROM) * width / (STRIP_TO - STRIP_FROM);
		at = BASE_MAX(BASE_MIN(at, width - 1), 0);
		sum[at] += buckets[i];
	}
	for (i = 0; i < width; i++)
		most = BASE_MAX(most, sum[i]);
	for (i = 0; i < width; i++) {
		/* A single frame among thousands is seen too. */
		shade = sum[i] <= 0 ? 0 :
			1 + (unsigned)BASE_MIN(sqrt(sum[i] / most) * 3.5, 3);
		put_shade(y, x + i, shade);
	}
}

static void
draw_latency(struct canvas *c, unsigned reader, bool gap)
{
	static const char *const heads[] = { "p50", "p99", "max" };
	uint32_t buckets[SHMX_LATENCY_BUCKETS];
	int stage, i;
	uint64_t n;

	c->y += gap;
	put(c->y, SIDE, 8, TITLE, "LATENCY");
	put(c->y, SIDE + 8, 2, style_of_reader(reader), "%c",
	    reader_letter(reader));
	for (i = 0; i < 3; i++)
		put_right(c->y, SIDE + 12 + i * NUMBER, NUMBER, TITLE, "%s",
			  heads[i]);
	draw_axis(c);
	c->y++;
	for (stage = 0; stage < SHMX_STAGES; stage++) {
		n = watch_latency(c->w, reader, (enum shmx_stage)stage,
				  buckets);
		put(c->y, SIDE + 2, 10, n > 0 ? PLAIN : DIM, "%s",
		    stage_name((enum shmx_stage)stage));
		draw_stage_numbers(c->y, SIDE + 12, buckets);
		if (n > 0)
			draw_strip(c, c->y, buckets);
		c->y++;
	}
}

static void
draw_latencies(struct canvas *c)
{
	unsigned n = c->s->ring.reader_count, i;

	if (c->l.latencies == 0)
		return;
	if ((unsigned)c->l.latencies < n) {
		draw_latency(c, c->selected, c->l.gap_latency);
		return;
	}
	for (i = 0; i < n; i++)
		draw_latency(c, i, i == 0 ? c->l.gap_latency :
			     c->l.gap_each);
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

void
draw_choice(const struct shmx_inspect_list *list, unsigned selected)
{
	unsigned i, n = shmx_inspect_count(list), lines, first = 0;
	struct shmx_inspect_entry e;
	int y = 2, x;

	erase();
	fill(0, 0, COLS, HEADER);
	put(0, SIDE, COLS, HEADER, "shmx top  %u ring%s", n,
	    n == 1 ? "" : "s");
	if (n == 0)
		put(LINES / 2, SIDE, COLS, DIM, "There are no rings.  Waiting "
		    "for one ...");
	else
		put(y++, SIDE + 2, COLS, TITLE, "%-24s %-10s %-8s %s", "NAME",
		    "STATE", "KIND", "PRODUCER");
	lines = (unsigned)BASE_MAX(LINES - y - 2, 1);
	if (selected >= lines)
		first = selected - lines + 1;
	for (i = first; i < n && i < first + lines; i++, y++) {
		shmx_inspect_get(list, i, &e, sizeof(e));
		put(y, SIDE, 1, BOLD, i == selected ? ">" : " ");
		put(y, SIDE + 2, 24, i == selected ? BOLD : PLAIN, "%s",
		    e.name);
		put(y, SIDE + 27, 10, style_of_state(e.state), "%s",
		    shmx_ring_state_name(e.state));
		put(y, SIDE + 38, 8, DIM, "%s", shmx_ring_kind_name(e.kind));
		if (e.program[0] != '\0')
			put(y, SIDE + 47, COLS, PLAIN, "%s (pid %d)",
			    e.program, (int)e.pid);
	}
	x = SIDE;
	x += put(LINES - 1, x, COLS, FOOTER_KEY, " q ");
	x += put(LINES - 1, x, COLS, DIM, " quit  ");
	x += put(LINES - 1, x, COLS, FOOTER_KEY, " up/down ");
	x += put(LINES - 1, x, COLS, DIM, " choose  ");
	x += put(LINES - 1, x, COLS, FOOTER_KEY, " enter ");
	put(LINES - 1, x, COLS, DIM, " watch ");
	refresh();
}
