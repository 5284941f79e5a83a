/* SPDX-License-Identifier: MIT */
/*
 * top-draw.h - what is drawn upon, and the sections of the dashboard
 */
#ifndef TOOLS_TOP_DRAW_H
#define TOOLS_TOP_DRAW_H

#include <stdbool.h>

#include <shmx/shmx.h>

#include "snapshot.h"
#include "top.h"

enum { SIDE = 1 };			/* columns left empty on the left */

struct canvas {
	const struct watch *w;
	const struct snapshot *s;
	struct layout l;
	unsigned selected;
	int y;				/* the next line */
	int width;			/* columns of content */
};

enum style
style_of_state(enum shmx_ring_state state);
enum style
style_of_reader(unsigned i);

/* The title of a section, after an empty line if there is a gap. */
void
draw_title(struct canvas *c, bool gap, const char *what);

/* A key and what it does, in the last line; returns the columns taken. */
int
draw_key(int x, const char *key, const char *what);

/*
 * Each section is drawn from line c->y on, and leaves there the line after it.
 */

/* top-memory.c */
void
draw_memory(struct canvas *c);
void
draw_streams(struct canvas *c);
void
draw_slots(struct canvas *c);

/* top-readers.c */
void
draw_readers(struct canvas *c);
void
draw_latencies(struct canvas *c);

#endif /* TOOLS_TOP_DRAW_H */
