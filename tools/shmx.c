/* SPDX-License-Identifier: MIT */
/*
 * shmx - runs `shmx VERB` as `shmx-VERB`, as git does
 *
 * A verb is any program of the name shmx-VERB: looked for beside this one
 * first, so that a build directory or a second prefix is complete in itself,
 * then in PATH, so that anyone can add a verb.
 */
#include "config.h"

#include <argp.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"

#define PREFIX "shmx-"

enum { EXIT_USAGE = 2 };

/* What --help says of our own verbs; it lists those that are installed. */
static const struct {
	const char *name;
	const char *what;
} known[] = {
	{ "view", "show a ring in a window" },
	{ "view-sdl2", "the same on an SDL2 window surface, to compare with" },
	{ "push", "put frames from stdin or a file into a ring" },
	{ "pull", "get frames out of a ring" },
	{ "ls", "list the rings there are" },
	{ "top", "watch a ring: layout, readers, rates, latency" },
	{ "rm", "remove what a dead named ring left" },
	{ "doctor", "tell which fast paths work here, and why others do not" },
	{ "bench", "measure every path against its fallback" },
	{ "record", "write a ring's frames to a file" },
	{ "play", "feed a recording to a ring" },
	{ "call", "call a function of a producer" },
	{ "get", "read a control of a producer" },
	{ "set", "change a control of a producer" },
};

/* Verbs found beside us and in PATH, sorted; each string is our own. */
struct verbs {
	char **names;
	size_t n;
};

struct arguments {
	char **verb;		/* the verb and what follows it */
	bool list;
};

static bool
valid_verb(const char *verb)
{
	return *verb != '\0' && *verb != '-' &&
	       strspn(verb, "abcdefghijklmnopqrstuvwxyz0123456789-") ==
		       strlen(verb);
}

/* The directory this program is in, without the last slash. */
static int
own_directory(char dir[PATH_MAX])
{
	char *slash;
	ssize_t n;

	n = readlink("/proc/self/exe", dir, PATH_MAX - 1);
	if (n < 0)
		return -errno;
	dir[n] = '\0';
	slash = strrchr(dir, '/');
	if (slash == NULL)
		return -ENOENT;
	*slash = '\0';
	return 0;
}

static bool
is_verb_file(const char *dir, const char *name, char path[PATH_MAX])
{
	int n;

	n = snprintf(path, PATH_MAX, "%s/%s%s", dir, PREFIX, name);
	return n > 0 && n < PATH_MAX && access(path, X_OK) == 0;
}

/* Call fn for our own directory and each of PATH, until it returns true. */
static bool
each_directory(bool (*fn)(const char *dir, void *data), void *data)
{
	const char *env = getenv("PATH");
	char own[PATH_MAX];
	char *path, *dir, *save = NULL;
	bool done;

	if (own_directory(own) == 0 && fn(own, data))
		return true;
	path = strdup(env != NULL ? env : "/usr/local/bin:/usr/bin:/bin");
	if (path == NULL)
		return false;
	done = false;
	for (dir = strtok_r(path, ":", &save); dir != NULL && !done;
	     dir = strtok_r(NULL, ":", &save))
		done = fn(dir, data);
	free(path);
	return done;
}

/* Replaces this process if the directory has the verb. */
static bool
run_from(const char *dir, void *data)
{
	char **argv = data;
	char path[PATH_MAX];
	char *verb = argv[0];

	if (!is_verb_file(dir, verb, path))
		return false;
	argv[0] = path;
	execv(path, argv);
	fprintf(stderr, "shmx: cannot run %s: %s\n", path, strerror(errno));
	exit(EXIT_FAILURE);
}

static bool
is_listed(const struct verbs *verbs, const char *name)
{
	size_t i;

	for (i = 0; i < verbs->n; i++)
		if (strcmp(verbs->names[i], name) == 0)
			return true;
	return false;
}

static void
add_verb(struct verbs *verbs, const char *name)
{
	char **names;
	char *copy;

	names = realloc(verbs->names, (verbs->n + 1) * sizeof(*names));
	if (names == NULL)
		return;
	verbs->names = names;
	copy = strdup(name);
	if (copy != NULL)
		names[verbs->n++] = copy;
}

static bool
list_from(const char *dir, void *data)
{
	struct verbs *verbs = data;
	char path[PATH_MAX];
	const struct dirent *entry;
	const char *name;
	DIR *d;

	d = opendir(dir);
	if (d == NULL)
		return false;
	while ((entry = readdir(d)) != NULL) {
		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0)
			continue;
		name = entry->d_name + strlen(PREFIX);
		if (valid_verb(name) && !is_listed(verbs, name) &&
		    is_verb_file(dir, name, path))
			add_verb(verbs, name);
	}
	closedir(d);
	return false;
}

static const char *
what_it_does(const char *name)
{
	size_t i;

	for (i = 0; i < BASE_ARRAY_SIZE(known); i++)
		if (strcmp(known[i].name, name) == 0)
			return known[i].what;
	return "";
}

/* Ours in the table's order, which tells a story; others by name. */
static size_t
rank(const char *name)
{
	size_t i;

	for (i = 0; i < BASE_ARRAY_SIZE(known); i++)
		if (strcmp(known[i].name, name) == 0)
			break;
	return i;
}

static int
compare_verbs(const void *a, const void *b)
{
	const char *x = *(char *const *)a;
	const char *y = *(char *const *)b;
	size_t i = rank(x), j = rank(y);

	if (i != j)
		return i < j ? -1 : 1;
	return strcmp(x, y);
}

static struct verbs
find_verbs(void)
{
	struct verbs verbs = { NULL, 0 };

	each_directory(list_from, &verbs);
	if (verbs.n > 0)
		qsort(verbs.names, verbs.n, sizeof(*verbs.names),
		      compare_verbs);
	return verbs;
}

static void
free_verbs(struct verbs *verbs)
{
	while (verbs->n > 0)
		free(verbs->names[--verbs->n]);
	free(verbs->names);
}

static void
list_verbs(void)
{
	struct verbs verbs = find_verbs();
	size_t i;

	for (i = 0; i < verbs.n; i++)
		puts(verbs.names[i]);
	free_verbs(&verbs);
}

/* The list of verbs goes where argp puts what follows the options. */
static char *
help_filter(int key, const char *text, void *input BASE_UNUSED)
{
	struct verbs verbs;
	char *help = NULL;
	size_t size, i;
	FILE *f;

	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)(uintptr_t)text;
	f = open_memstream(&help, &size);
	if (f == NULL)
		return NULL;
	verbs = find_verbs();
	fputs(verbs.n > 0 ? "Verbs:\n" :
			    "No verbs: there is no shmx-VERB beside this "
			    "program or in PATH.\n", f);
	for (i = 0; i < verbs.n; i++)
		fprintf(f, "  %-10s %s\n", verbs.names[i],
			what_it_does(verbs.names[i]));
	free_verbs(&verbs);
	fprintf(f, "\n`shmx VERB --help` tells more about one of them.\n");
	if (fclose(f) != 0) {
		free(help);
		return NULL;
	}
	return help;
}

static error_t
parse(int key, char *arg BASE_UNUSED, struct argp_state *state)
{
	struct arguments *args = state->input;

	switch (key) {
	case 'l':
		args->list = true;
		return 0;
	case ARGP_KEY_ARG:
		/* What follows is the verb's own. */
		args->verb = &state->argv[state->next - 1];
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		if (!args->list)
			argp_error(state, "which verb?");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* `shmx help` is `shmx --help`, `shmx help VERB` is `shmx VERB --help`. */
static void
translate_help(int argc, char **argv)
{
	static char help[] = "--help";

	if (argc < 2 || strcmp(argv[1], "help") != 0)
		return;
	argv[1] = argc > 2 ? argv[2] : help;
	if (argc > 2)
		argv[2] = help;
}

int
main(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "list", 'l', NULL, 0, "List the verbs, one a line", 0 },
		{ 0 },
	};
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "VERB [ARGUMENT...]",
		.doc = "Frames in shared memory: from the process that makes "
		       "them, into a window, a file or a program of yours."
		       "\v",
		.help_filter = help_filter,
	};
	struct arguments args = { NULL, false };

	argp_program_version = PACKAGE_STRING;
	argp_err_exit_status = EXIT_USAGE;
	translate_help(argc, argv);
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &args);
	if (args.list) {
		list_verbs();
		return EXIT_SUCCESS;
	}
	if (valid_verb(args.verb[0]))
		each_directory(run_from, args.verb);
	fprintf(stderr,
		"shmx: there is no verb '%s'; `shmx --help` lists them\n",
		args.verb[0]);
	return EXIT_USAGE;
}
