/* SPDX-License-Identifier: MIT */
/*
 * top-memory.c - of the dashboard, what is in the ring: memory, streams, slots
 */
#include "config.h"

#include "base/base.h"
#include "top-draw.h"

#include <inttypes.h>
#include <stdio.h>

/* ---------------------------------------------------------------- memory -- */

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

void
draw_memory(struct canvas *c)
{
	const struct shmx_inspect_ring *r = &c->s->ring;
	char all[TEXT], slot[TEXT], tables[TEXT], directory[TEXT];

	draw_title(c, c->l.gap_memory, "MEMORY");
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

void
draw_streams(struct canvas *c)
{
	unsigned i, n = c->s->ring.stream_count;

	if (c->l.streams == 0)
		return;
	draw_title(c, c->l.gap_streams, n == 1 ? "STREAM" : "STREAMS");
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

enum { SLOT_WITH_AGE = 38, SLOT_WITH_ALL = 70, SLOT_WITH_NAMES = 100 };

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

void
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
