/* SPDX-License-Identifier: MIT */
/*
 * holder NAME [LABEL] - a reader that takes the newest frame and keeps it
 *
 * Says "held" when it has it, and sleeps until it is killed.
 */
#include "config.h"

#include <stdio.h>
#include <unistd.h>

#include <shmx/shmx.h>

int
main(int argc, char **argv)
{
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	struct shmx_reader *reader;
	struct shmx_hold *hold;

	o.label = argc > 2 ? argv[2] : NULL;
	if (argc < 2 || shmx_reader_open(&reader, argv[1], &o) < 0 ||
	    shmx_wait(reader, 5000) < 0 ||
	    shmx_hold_latest(reader, &hold) < 0) {
		fprintf(stderr, "holder: %s\n", shmx_error());
		return 1;
	}
	puts("held");
	fflush(stdout);
	for (;;)
		pause();
}
