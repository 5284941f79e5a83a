/* SPDX-License-Identifier: MIT */
/*
 * foreign-mirror.h - a ring of ours that a server's frames are copied to
 *
 * It has one reader, which is attached to it as to any other.
 */
#ifndef SHMX_FOREIGN_MIRROR_H
#define SHMX_FOREIGN_MIRROR_H

#include <stdbool.h>
#include <stdint.h>

#include "foreign-server.h"
#include "readers.h"
#include "region.h"
#include "ring.h"
#include "stream.h"

struct shmx_mirror {
	struct shmx_region region;
	struct shmx_writer writer;
	struct shmx_readers readers;
	struct shmx_seat *seat;		/* NULL: nobody has it yet */

	uint32_t generation;		/* of the directory copied last */
	struct shmx_stream image;	/* kind 0: there is none */
	uint32_t write_index;		/* looked at last */
	uint64_t frame_ns;		/* when the last frame came */
};

/*
 * Make it, for a reader of that many holds.  0, or an errno with base_error()
 * said; whichever, *m is to be finished.
 */
int
shmx_mirror_init(struct shmx_mirror *m, const struct shmx_server *s,
		 const char *name, uint32_t holds);

/* What is held stays.  Of one that was not made, the region's fds are -1. */
void
shmx_mirror_finish(struct shmx_mirror *m);

/* Its reader; *wake_fd, given, is the end of its that wakes it. */
int
shmx_mirror_give_seat(struct shmx_mirror *m, const char *name, uint32_t holds,
		      int *wake_fd);

/*
 * Copy the directory if it is another, and the newest frame if there is one.
 * False when it is not the server's object any more.
 */
bool
shmx_mirror_look(struct shmx_mirror *m, const struct shmx_server *s);

#endif
