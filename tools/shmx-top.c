/* SPDX-License-Identifier: MIT */
/*
 * shmx-top.c - watch a ring at work
 */
#include "config.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <shmx/shmx.h>

#include <curses.h>

#include "base/base.h"
#include "base/clock.h"
#include "snapshot.h"
#include "tool.h"
#include "top.h"

/* How often it looks, and how long --once watches for a rate. */
#define REFRESH_MS	200
#define ONCE_NS		(250 * BASE_NS_PER_MS)

enum { KEY_ESC = 27 };

struct top {
	const char *ring;
	bool once;
	bool json;

	struct watch watch;		/* now NULL: choosing */
	struct shmx_inspect_list *list;
	unsigned chosen;		/* of the list */
	unsigned reader;
	bool several;			/* there was a choice */
	bool paused;
	bool over;
};

enum { OPT_ONCE = 256, OPT_JSON };

static const struct argp_option options[] = {
	{ "once", OPT_ONCE, NULL, 0, "print one snapshot, and end", 1 },
	{ "json", OPT_JSON, NULL, 0, "with --once: as one JSON object", 1 },
	{ 0 }
};

static const char doc[] =
	"Watch the ring NAME: its memory, what its slots are used for and who "
	"holds them, its readers, how far behind they are, and how long frames "
	"take to get to them and on screen.  Without NAME, the only ring there "
	"is, or one to be chosen."
	"\v"
	"It reads, and nothing else: neither the producer nor a reader "
	"notices, and it works as well where either is stopped or dead.\n"
	"\n"
	"Keys: q quits, p pauses, up and down choose a reader, tab goes to the "
	"next ring, l to the list of them.\n"
	"\n"
	"What is counted:\n"
	"\n"
	"  dropped    frames for which no slot was free\n"
	"  skipped    frames that readers passed over, since newer ones were "
	"there\n"
	"  refused    readers that could not attach\n"
	"  evicted    readers that the producer sent away\n"
	"  LAG        how many frames a reader is behind the newest\n"
	"\n"
	"Latencies count from publishing to the frame being held, put to the "
	"server, completed (drawn) and presented (at the display's refresh), "
	"of the last ten seconds.";

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	struct top *t = state->input;

	switch (key) {
	case OPT_ONCE:
		t->once = true;
		break;
	case OPT_JSON:
		t->json = true;
		break;
	case ARGP_KEY_ARG:
		if (state->arg_num > 0)
			argp_error(state, "one NAME, please");
		t->ring = arg;
		break;
	case ARGP_KEY_END:
		if (t->json && !t->once)
			argp_error(state, "--json goes with --once");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* ------------------------------------------------------------- the list -- */

static void
look_around(struct top *t)
{
	struct shmx_inspect_list *list;

	if (shmx_inspect_list(&list) < 0)
		return;
	shmx_inspect_list_free(t->list);
	t->list = list;
	t->several = shmx_inspect_count(list) > 1;
	t->chosen = BASE_MIN(t->chosen,
			     BASE_MAX(shmx_inspect_count(list), 1) - 1);
}

static void
watch_chosen(struct top *t)
{
	struct shmx_inspect_entry e;

	if (t->list == NULL || shmx_inspect_count(t->list) == 0)
		return;
	shmx_inspect_get(t->list, t->chosen, &e, sizeof(e));
	watch_stop(&t->watch);
	watch_start(&t->watch, e.name);
	t->reader = 0;
	t->paused = false;
}

/*
 * Choose the first in the list, which is by name, that is not before the one
 * that is watched; after: the one after that.
 */
static void
choose_from_watched(struct top *t, bool after)
{
	struct shmx_inspect_entry e;
	unsigned i, n;

	look_around(t);
	n = t->list != NULL ? shmx_inspect_count(t->list) : 0;
	for (i = 0; i < n; i++) {
		shmx_inspect_get(t->list, i, &e, sizeof(e));
		if (strcmp(e.name, t->watch.name) >= (after ? 1 : 0))
			break;
	}
	t->chosen = i < n ? i : 0;
}

/* ----------------------------------------------------------------- keys -- */

static void
choose_by(struct top *t, int key)
{
	unsigned n = t->list != NULL ? shmx_inspect_count(t->list) : 0;

	switch (key) {
	case KEY_DOWN:
	case 'j':
	case '\t':
		t->chosen = n > 0 ? (t->chosen + 1) % n : 0;
		break;
	case KEY_UP:
	case 'k':
		t->chosen = n > 0 ? (t->chosen + n - 1) % n : 0;
		break;
	case '\r':
	case '\n':
	case KEY_ENTER:
	case KEY_RIGHT:
		watch_chosen(t);
		break;
	}
}

static void
watch_by(struct top *t, int key)
{
	unsigned n = t->watch.now->ring.reader_count;

	switch (key) {
	case 'p':
	case ' ':
		t->paused = !t->paused;
		break;
	case KEY_DOWN:
	case 'j':
		t->reader = n > 0 ? (t->reader + 1) % n : 0;
		break;
	case KEY_UP:
	case 'k':
		t->reader = n > 0 ? (t->reader + n - 1) % n : 0;
		break;
	case '\t':
		choose_from_watched(t, true);
		watch_chosen(t);
		break;
	case 'l':
	case KEY_LEFT:
	case KEY_ESC:
		choose_from_watched(t, false);
		watch_stop(&t->watch);
		break;
	}
}

static void
handle_keys(struct top *t)
{
	int key;

	while ((key = getch()) != ERR) {
		if (key == 'q' || key == 'Q')
			t->over = true;
		else if (t->watch.now == NULL)
			choose_by(t, key);
		else
			watch_by(t, key);
	}
}

/* ----------------------------------------------------------------- loop -- */

static void
look_and_draw(struct top *t)
{
	if (t->watch.now == NULL) {
		look_around(t);
		draw_choice(t->list, t->chosen);
		return;
	}
	if (!t->paused)
		watch_update(&t->watch);
	if (t->reader >= t->watch.now->ring.reader_count)
		t->reader = 0;
	draw_watch(&t->watch, t->reader, t->paused, t->several);
}

static void
run(struct top *t)
{
	struct pollfd keys = { .fd = STDIN_FILENO, .events = POLLIN };

	screen_open();
	look_around(t);
	if (t->ring == NULL && t->list != NULL &&
	    shmx_inspect_count(t->list) == 1)
		watch_chosen(t);
	else if (t->ring != NULL)
		watch_start(&t->watch, t->ring);
	while (!t->over && !interrupted()) {
		look_and_draw(t);
		/* A terminal that was resized ends the sleep as well. */
		(void)tool_poll(&keys, 1, REFRESH_MS);
		if (keys.revents & (POLLHUP | POLLERR | POLLNVAL))
			t->over = true;
		handle_keys(t);
	}
	screen_close();
}

/* --once without NAME: the only one, or a complaint. */
static const char *
only_ring(struct top *t)
{
	static char name[SHMX_NAME_MAX + 1];
	struct shmx_inspect_entry e;

	look_around(t);
	if (t->list == NULL)
		die("%s", shmx_error());
	if (shmx_inspect_count(t->list) == 0)
		die("there are no rings");
	if (t->several)
		die("there are %u rings, so which? `shmx ls` lists them",
		    shmx_inspect_count(t->list));
	shmx_inspect_get(t->list, 0, &e, sizeof(e));
	memcpy(name, e.name, sizeof(name));
	return name;
}

static void
show_once(struct top *t)
{
	struct snapshot *before = snapshot_new();

	watch_start(&t->watch, t->ring != NULL ? t->ring : only_ring(t));
	watch_update(&t->watch);
	if (t->watch.inspector == NULL)
		die("%s", t->watch.trouble);
	memcpy(before, t->watch.now, sizeof(*before));
	if (snapshot_lives(before))
		tool_sleep_until(base_now_ns() + ONCE_NS);
	if (snapshot_take(t->watch.now, t->watch.inspector) < 0)
		die("%s", shmx_error());
	t->watch.rate = snapshot_rate(before, t->watch.now);
	if (t->json)
		snapshot_print_json(t->watch.now, t->watch.rate);
	else
		print_once(&t->watch);
	free(before);
}

int
main(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "[NAME]", doc, NULL,
		NULL, NULL };
	struct top t = { .ring = NULL };

	tool_start(argv);
	argp_program_version = "shmx-top (" PACKAGE_STRING ")";
	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &t);
	catch_signals();
	if (t.ring != NULL && t.ring[0] == '/')
		t.ring++;
	if (t.once)
		show_once(&t);
	else if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		die("it needs a terminal; `shmx top --once` prints one "
		    "snapshot");
	else
		run(&t);
	watch_stop(&t.watch);
	shmx_inspect_list_free(t.list);
	return tool_end();
}
