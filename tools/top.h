/* SPDX-License-Identifier: MIT */
/*
 * top.h - a ring being watched, shared by the files of shmx-top
 *
 * shmx-top.c has the keys and the loop, top-watch.c what is known of a ring
 * over time, top-screen.c colours and clipped text, top-layout.c what goes
 * where, top-draw.c draws it with top-memory.c and top-readers.c, top-choice.c
 * draws the rings to choose from, top-print.c prints a snapshot.
 */
#ifndef TOOLS_TOP_H
#define TOOLS_TOP_H

#include <stdbool.h>
#include <stdint.h>

#include <shmx/shmx.h>

#include "snapshot.h"

enum {
	RATES = 512,			/* samples of the rate kept */
	PAST = 12,			/* snapshots of readers kept */
	WINDOW_S = 10,			/* latencies are of so many seconds */
};

/* What is remembered of the readers, once a second. */
struct past {
	uint64_t taken_ns;
	unsigned readers;
	uint64_t id[SHMX_READERS_MAX];
	uint64_t held[SHMX_READERS_MAX];
	uint32_t latency[SHMX_READERS_MAX][SHMX_STAGES][SHMX_LATENCY_BUCKETS];
};

struct watch {
	char name[SHMX_NAME_MAX + 1];
	struct shmx_inspector *inspector; /* NULL: not there (any more) */
	struct snapshot *now;		/* the last there was */
	bool seen;			/* now is one */
	char trouble[256];		/* why it is not there */
	uint64_t retry_ns;

	double rate;			/* frames a second, now */
	double rates[RATES];		/* twice a second; the newest last */
	unsigned rate_count;
	uint64_t rate_ns;		/* when the last was taken */
	uint64_t rate_published;
	struct past *past;		/* [PAST]; the newest first */
	unsigned past_count;
};

/* Begin to watch the ring of that name, which need not be there yet. */
void
watch_start(struct watch *w, const char *name);
void
watch_stop(struct watch *w);

/* Look at it; looks for it where it is not there. */
void
watch_update(struct watch *w);

/* Frames a second that reader i takes. */
double
watch_reader_rate(const struct watch *w, unsigned i);

/*
 * How long frames took to get to a stage with reader i, in the last
 * WINDOW_S seconds: how many there were, and the histogram.
 */
uint64_t
watch_latency(const struct watch *w, unsigned i, enum shmx_stage stage,
	      uint32_t buckets[SHMX_LATENCY_BUCKETS]);

/* Frames that readers passed over, all together. */
uint64_t
watch_skipped(const struct watch *w);

/* "held", "put", "drawn", "shown" */
const char *
stage_name(enum shmx_stage stage);

/* A letter for each reader, so that slots can say who holds them. */
char
reader_letter(unsigned i);

/* "viewer", or the program's name where it says no more. */
const char *
reader_name(const struct shmx_inspect_reader *r);

const char *
reader_mode(const struct shmx_inspect_reader *r);

const char *
slot_state(const struct shmx_inspect_slot *slot);

/* Since then, as text; "" for a time that is not known. */
void
age_text(char text[TEXT], const struct watch *w, uint64_t ns);

/* One plain snapshot, to stdout. */
void
print_once(const struct watch *w);

/* ------------------------------------------------------------- screen -- */

enum style {
	PLAIN, DIM, BOLD, TITLE, HEADER, HEADER_NAME, HEADER_WARN, HEADER_BAD,
	GOOD, WARN, BAD, GRAPH, FOOTER_KEY,
	/* Backgrounds of the memory bar. */
	MEM_DIRECTORY, MEM_TABLES, MEM_RECORDS, MEM_FREE, MEM_WRITING,
	MEM_PUBLISHED, MEM_HELD, MEM_LATEST,
	/* Shades of the latency strips, rare to frequent. */
	HEAT, HEAT_LAST = HEAT + 3,
	READER, READER_LAST = READER + 5,
	STYLES,
};

/* Take the terminal over; dies when it cannot be used. */
void
screen_open(void);
void
screen_close(void);

/* Text of at most width columns; returns how many it has taken. */
int
put(int y, int x, int width, enum style style, const char *fmt, ...)
	BASE_PRINTF(5, 6);

/* The same, at the right end of those columns. */
int
put_right(int y, int x, int width, enum style style, const char *fmt, ...)
	BASE_PRINTF(5, 6);

/* Fill columns with a style. */
void
fill(int y, int x, int width, enum style style);

/* A block of that many eighths of a cell's height, 0 to 8. */
void
put_block(int y, int x, enum style style, unsigned eighths);

/* How much of something there is, from 0 (none) to 4. */
void
put_shade(int y, int x, unsigned shade);

/* A word of a legend, and a square in the colour of that background. */
int
put_key(int y, int x, int width, enum style style, const char *what);

/* ------------------------------------------------------------- drawing -- */

/* How the dashboard is divided; see top-layout.c. */
struct layout {
	int rows;
	int columns;
	int graph;			/* lines of the rate's graph */
	int bar;			/* lines of the memory bar */
	int streams;			/* of them; 1: on the title's line */
	int slot_columns;		/* 1: a table with all there is */
	int slots;			/* lines */
	int readers;			/* lines */
	int latencies;			/* readers whose latencies are shown */
	bool counts;
	/* An empty line before it? */
	bool gap_rate, gap_memory, gap_streams, gap_slots, gap_readers;
	bool gap_latency, gap_each;
};

struct layout
layout_make(const struct snapshot *s, int rows, int columns);

/* The dashboard. */
void
draw_watch(const struct watch *w, unsigned selected, bool paused,
	   bool several);

/* The rings to choose from; in top-choice.c. */
void
draw_choice(const struct shmx_inspect_list *list, unsigned selected);

#endif /* TOOLS_TOP_H */
