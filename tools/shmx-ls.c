/* SPDX-License-Identifier: MIT */
/*
 * shmx-ls.c - list the rings there are
 */
#include "config.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <shmx/shmx.h>

#include "base/base.h"
#include "base/clock.h"
#include "snapshot.h"
#include "tool.h"

/* How long to watch what is published. */
#define WATCH_NS (250 * BASE_NS_PER_MS)

enum { COLUMNS = 8, CELL = 112 };

struct ring {
	struct shmx_inspector *inspector;
	struct snapshot *before;
	struct snapshot *now;
	double rate;
};

struct ls {
	bool json;
	struct ring *ring;
	unsigned count;
};

enum { OPT_JSON = 256 };

static const struct argp_option options[] = {
	{ "json", OPT_JSON, NULL, 0, "print one JSON object for each ring", 1 },
	{ 0 }
};

static const char doc[] =
	"List the rings of this user: who produces them, what they carry, how "
	"many frames a second, how many readers, and how much memory."
	"\v"
	"States:\n"
	"\n"
	"  running    somebody produces it\n"
	"  paused     its producer says that it has paused\n"
	"  stopped    its producer's process is stopped; readers keep what "
	"they\n             hold\n"
	"  orphaned   its producer is gone; it goes with the last reader\n"
	"  outgrown   a smaller one that readers still keep after it grew\n"
	"  leftover   an object in /dev/shm that is nobody's: `shmx rm NAME`\n"
	"\n"
	"HELD is how many of the slots readers hold now.  `shmx top NAME` "
	"shows one of them at work.";

static error_t
parse(int key, char *arg BASE_UNUSED, struct argp_state *state)
{
	struct ls *ls = state->input;

	switch (key) {
	case OPT_JSON:
		ls->json = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "it lists all rings; `shmx top NAME` shows "
			   "one");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* -------------------------------------------------------------- looking -- */

/*
 * Those that go while they are opened are not there.  What is there and cannot
 * be looked at is said, and the others are listed.
 */
static void
open_all(struct ls *ls)
{
	struct shmx_inspect_list *list;
	struct ring r;
	unsigned i, n;
	int ret;

	if (shmx_inspect_list(&list) < 0)
		die("%s", shmx_error());
	n = shmx_inspect_count(list);
	ls->ring = calloc(n + 1, sizeof(*ls->ring));
	if (ls->ring == NULL)
		die("out of memory");
	for (i = 0; i < n; i++) {
		r = (struct ring){ .inspector = NULL };
		ret = shmx_inspect_entry_open(&r.inspector, list, i);
		if (ret < 0 && ret != -ENOENT && ret != -EPIPE)
			warn("%s", shmx_error());
		if (ret < 0)
			continue;
		r.before = snapshot_new();
		r.now = snapshot_new();
		if (snapshot_take(r.before, r.inspector) == 0) {
			ls->ring[ls->count++] = r;
			continue;
		}
		shmx_inspect_close(r.inspector);
		free(r.before);
		free(r.now);
	}
	shmx_inspect_list_free(list);
}

static void
watch_all(struct ls *ls)
{
	bool lives = false;
	struct ring *r;
	unsigned i;

	for (i = 0; i < ls->count; i++)
		lives |= snapshot_lives(ls->ring[i].before);
	if (lives)
		tool_sleep_until(base_now_ns() + WATCH_NS);
	for (i = 0; i < ls->count; i++) {
		r = &ls->ring[i];
		/* Gone meanwhile: it was there when we looked. */
		if (snapshot_take(r->now, r->inspector) < 0)
			*r->now = *r->before;
		r->rate = snapshot_rate(r->before, r->now);
	}
}

static void
close_all(struct ls *ls)
{
	unsigned i;

	for (i = 0; i < ls->count; i++) {
		shmx_inspect_close(ls->ring[i].inspector);
		free(ls->ring[i].before);
		free(ls->ring[i].now);
	}
	free(ls->ring);
}

/* ------------------------------------------------------------- printing -- */

typedef char table_row[COLUMNS][CELL];

static void
describe_producer(char *cell, const struct shmx_inspect_ring *r)
{
	char plural[TEXT];

	snprintf(plural, sizeof(plural), "%" PRIu32 " reader%s", r->holders,
		 r->holders == 1 ? "" : "s");
	if (r->state == SHMX_RING_ORPHANED || r->state == SHMX_RING_OUTGROWN)
		snprintf(cell, CELL, "kept by %s", plural);
	else if (r->state == SHMX_RING_LEFTOVER)
		snprintf(cell, CELL, "nobody");
	else if (r->pid == 0)
		snprintf(cell, CELL, "another container");
	else
		snprintf(cell, CELL, "%s (%d)", r->program, (int)r->pid);
}

static void
describe_streams(char *cell, const struct snapshot *s)
{
	const struct shmx_inspect_stream *image = snapshot_image(s);
	unsigned n = s->ring.stream_count;
	char text[2 * TEXT];

	if (n == 0) {
		snprintf(cell, CELL, "none");
		return;
	}
	stream_text(text, image != NULL ? image : &s->stream[0]);
	if (n > 1)
		snprintf(cell, CELL, "%s, %u more", text, n - 1);
	else
		snprintf(cell, CELL, "%s", text);
}

static void
fill_row(table_row row, const struct ring *ring)
{
	const struct shmx_inspect_ring *r = &ring->now->ring;
	char text[TEXT];

	snprintf(row[0], CELL, "%s", r->name);
	snprintf(row[1], CELL, "%s%s", shmx_ring_state_name(r->state),
		 r->kind == SHMX_RING_NAMED ? ", named" :
		 r->kind == SHMX_RING_V2 ? ", v2.0" : "");
	describe_producer(row[2], r);
	describe_streams(row[3], ring->now);
	snprintf(row[4], CELL, "%u/%" PRIu32, snapshot_held(ring->now),
		 r->slots);
	snprintf(row[5], CELL, "%" PRIu32, r->reader_count);
	rate_text(text, ring->rate);
	snprintf(row[6], CELL, "%s", snapshot_lives(ring->now) ? text : "-");
	bytes_text(text, r->bytes);
	snprintf(row[7], CELL, "%s", text);
}

static const char *
colour_of(enum shmx_ring_state state)
{
	switch (state) {
	case SHMX_RING_RUNNING:
		return "\033[32m";
	case SHMX_RING_PAUSED:
	case SHMX_RING_STOPPED:
		return "\033[33m";
	default:
		return "\033[31m";
	}
}

static void
print_row(table_row row, const int *width, const char *colour, bool head)
{
	int i;

	if (head)
		printf("\033[1m");
	for (i = 0; i < COLUMNS; i++) {
		if (colour != NULL && i == 1)
			printf("%s", colour);
		/* Numbers to the right, and nothing behind the last. */
		printf("%s%*s", i > 0 ? "  " : "", i < 4 ? -width[i] :
		       width[i], row[i]);
		if (colour != NULL && i == 1)
			printf("\033[m");
	}
	printf(head ? "\033[m\n" : "\n");
}

static void
print_table(const struct ls *ls)
{
	static const char *const heads[COLUMNS] = {
		"NAME", "STATE", "PRODUCER", "STREAMS", "HELD", "READERS",
		"FRAMES/S", "MEMORY",
	};
	bool colours = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;
	table_row *row = calloc(ls->count + 1, sizeof(*row));
	int width[COLUMNS] = { 0 };
	unsigned i, k;

	if (row == NULL)
		die("out of memory");
	for (k = 0; k < COLUMNS; k++)
		snprintf(row[0][k], CELL, "%s", heads[k]);
	for (i = 0; i < ls->count; i++)
		fill_row(row[i + 1], &ls->ring[i]);
	for (i = 0; i <= ls->count; i++)
		for (k = 0; k < COLUMNS; k++)
			width[k] = BASE_MAX(width[k], (int)strlen(row[i][k]));
	print_row(row[0], width, NULL, colours);
	for (i = 0; i < ls->count; i++)
		print_row(row[i + 1], width, colours ?
			  colour_of(ls->ring[i].now->ring.state) : NULL,
			  false);
	free(row);
}

int
main(int argc, char **argv)
{
	static const struct argp argp = { options, parse, NULL, doc, NULL,
		NULL, NULL };
	struct ls ls = { .json = false };
	unsigned i;

	tool_start(argv);
	argp_program_version = "shmx-ls (" PACKAGE_STRING ")";
	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &ls);
	catch_signals();
	open_all(&ls);
	watch_all(&ls);
	for (i = 0; ls.json && i < ls.count; i++) {
		putchar('{');
		snapshot_print_summary(ls.ring[i].now, ls.ring[i].rate);
		printf("}\n");
	}
	if (!ls.json && ls.count > 0)
		print_table(&ls);
	else if (!ls.json && isatty(STDOUT_FILENO))
		printf("There are no rings.\n");
	close_all(&ls);
	return tool_end();
}
