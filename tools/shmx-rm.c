/* SPDX-License-Identifier: MIT */
/*
 * shmx-rm.c - remove what a dead named ring left
 */
#include "config.h"

#include <argp.h>
#include <stdlib.h>

#include <shmx/shmx.h>

#include "tool.h"

static const char doc[] =
	"Remove the objects that dead named rings NAME... left in /dev/shm."
	"\v"
	"Only rings that were started with --named, and those of SHMX v2.0, "
	"leave one; the next start under the same name would replace it.  One "
	"that is in use is not removed, and `shmx rm` says by whom.";

struct rm {
	char **names;
	int count;
};

static error_t
parse(int key, char *arg BASE_UNUSED, struct argp_state *state)
{
	struct rm *rm = state->input;

	switch (key) {
	case ARGP_KEY_ARGS:
		rm->names = state->argv + state->next;
		rm->count = state->argc - state->next;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which ring? give it a NAME; `shmx ls` lists "
			   "them");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int
main(int argc, char **argv)
{
	static const struct argp argp = { NULL, parse, "NAME...", doc, NULL,
		NULL, NULL };
	struct rm rm = { NULL, 0 };
	int i, status = EXIT_SUCCESS;

	tool_start(argv);
	argp_program_version = "shmx-rm (" PACKAGE_STRING ")";
	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &rm);
	for (i = 0; i < rm.count; i++) {
		if (shmx_remove(rm.names[i]) < 0) {
			warn("%s", shmx_error());
			status = EXIT_FAILURE;
		}
	}
	return status;
}
