/* SPDX-License-Identifier: MIT */
/*
 * foreign-server.h - the object of a server of SHMX v2.0, from outside
 *
 * What a reader of such a server sees and changes there.  It writes to its own
 * record and control ring, and counts itself among the readers.
 */
#ifndef SHMX_FOREIGN_SERVER_H
#define SHMX_FOREIGN_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "v2-layout.h"

struct shmx_server {
	int fd;				/* the object, readable and writable */
	struct shmx_v2_layout layout;
	bool ours;			/* has our extension, so is locked */

	int record;			/* ours there; -1: all are taken */
	uint64_t reader_id;
};

/*
 * Open the object of that name.  -ENOENT for all that is no ring, or none any
 * more, or another errno with base_error() said; whichever, *s is to be
 * finished.
 */
int
shmx_server_init(struct shmx_server *s, const char *name);

/* Gives our record back.  Of one that was not opened, fd and record are -1. */
void
shmx_server_finish(struct shmx_server *s);

/* Has nobody taken the object's name, or its pages? */
bool
shmx_server_is_there(const struct shmx_server *s);

/* Of a ring of ours alone it can be told. */
bool
shmx_server_has_died(const struct shmx_server *s);

bool
shmx_server_read(const struct shmx_server *s, void *buf, size_t bytes,
		 uint64_t offset);

/* One store of a word; nobody sees a part of it. */
void
shmx_server_write_word(const struct shmx_server *s, uint64_t offset,
		       uint64_t word);

/*
 * Take a record, if one is free.  Who finds none reads all the same; the
 * server just knows nothing of it.
 */
void
shmx_server_take_record(struct shmx_server *s);

/* Is our record still ours?  One who did not look for long may be reaped. */
bool
shmx_server_has_record(const struct shmx_server *s);

/* A sign of life. */
void
shmx_server_beat(const struct shmx_server *s);

/* The frame that was seen last; into our record, if we have one. */
void
shmx_server_saw(const struct shmx_server *s, uint64_t frame);

#endif
