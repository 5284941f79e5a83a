/* SPDX-License-Identifier: MIT */
/*
 * top-layout.c - what of the dashboard has room, and how much
 *
 * It starts with the least that says everything.  If that is too much, what
 * matters least goes; what is left over is spent, in an order, on empty lines
 * and on more of everything.
 */
#include "config.h"

#include "base/base.h"
#include "top.h"

enum {
	SLOT_WIDTH = 39,
	SLOT_COMPACT = 26,
	READERS_LEAST = 3,
	GRAPH_MOST = 6,
	STAGE_LINES = 5,
};

static int
divide_up(int n, int by)
{
	return (n + by - 1) / by;
}

/* Lines that it takes as it is. */
static int
lines(const struct layout *l)
{
	return 1 + l->graph + l->counts +			/* header */
		1 + l->bar + 1 +				/* memory */
		(l->streams > 1 ? 1 + l->streams : l->streams) +
		(l->slots > 0 ? 1 + l->slots : 0) +
		(l->readers > 0 ? 1 + l->readers : 0) +
		l->latencies * STAGE_LINES +
		l->gap_rate + l->gap_memory + l->gap_streams + l->gap_slots +
		l->gap_readers + l->gap_latency +
		(l->gap_each ? BASE_MAX(l->latencies - 1, 0) : 0) +
		1;						/* keys */
}

static void
slots_in_columns(struct layout *l, const struct snapshot *s, int width)
{
	int slots = (int)s->ring.slot_count;

	l->slot_columns = BASE_MAX((l->columns - 2) / width, 1);
	l->slot_columns = BASE_MIN(l->slot_columns, BASE_MAX(slots, 1));
	l->slots = divide_up(slots, l->slot_columns);
}

static void
shrink(struct layout *l, const struct snapshot *s)
{
	slots_in_columns(l, s, SLOT_COMPACT);
	while (lines(l) > l->rows && l->readers > READERS_LEAST)
		l->readers--;
	if (lines(l) > l->rows)
		l->latencies = 0;
	if (lines(l) > l->rows && l->streams > 1)
		l->streams = 1;
	while (lines(l) > l->rows && l->slots > 2)
		l->slots--;
	while (lines(l) > l->rows && l->readers > 1)
		l->readers--;
	if (lines(l) > l->rows)
		l->counts = false;
	if (lines(l) > l->rows)
		l->streams = 0;
	if (lines(l) > l->rows)
		l->slots = 0;
}

static void
try_gap(struct layout *l, bool *gap)
{
	*gap = true;
	*gap = lines(l) <= l->rows;
}

static void
grow(struct layout *l, const struct snapshot *s)
{
	int slots = (int)s->ring.slot_count, readers;
	int streams = (int)s->ring.stream_count;
	struct layout more;

	if (l->slots > 0)
		try_gap(l, &l->gap_slots);
	if (l->readers > 0)
		try_gap(l, &l->gap_readers);
	try_gap(l, &l->gap_memory);
	if (l->latencies > 0)
		try_gap(l, &l->gap_latency);
	if (l->streams > 0)
		try_gap(l, &l->gap_streams);
	try_gap(l, &l->gap_rate);
	more = *l;
	more.streams = BASE_MIN(streams, 8);
	if (l->streams > 0 && lines(&more) <= l->rows)
		*l = more;
	more = *l;
	more.slot_columns = 1;
	more.slots = slots;
	if (lines(&more) <= l->rows)
		*l = more;
	readers = l->latencies > 0 ? (int)s->ring.reader_count : 0;
	while (l->latencies < readers) {
		l->latencies++;
		l->gap_each = true;
		if (lines(l) <= l->rows)
			continue;
		l->latencies--;
		break;
	}
	for (l->bar = 2; l->bar > 1 && lines(l) > l->rows; )
		l->bar--;
	for (l->graph = GRAPH_MOST; l->graph > 1 && lines(l) > l->rows; )
		l->graph--;
}

struct layout
layout_make(const struct snapshot *s, int rows, int columns)
{
	struct layout l = { .rows = rows, .columns = columns, .graph = 1,
		.bar = 1, .counts = true };

	slots_in_columns(&l, s, SLOT_WIDTH);
	l.streams = BASE_MIN((int)s->ring.stream_count, 1);
	l.readers = BASE_MAX((int)s->ring.reader_count, 1);
	l.latencies = s->ring.reader_count > 0 ? 1 : 0;
	if (lines(&l) > rows)
		shrink(&l, s);
	if (lines(&l) <= rows)
		grow(&l, s);
	return l;
}
