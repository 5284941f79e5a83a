/* SPDX-License-Identifier: MIT */
/*
 * top-choice.c - the rings to choose from
 */
#include "config.h"

#include "base/base.h"
#include "top-draw.h"

#include <curses.h>

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
	x += draw_key(x, "q", "quit");
	x += draw_key(x, "up/down", "choose");
	draw_key(x, "enter", "watch");
	refresh();
}
