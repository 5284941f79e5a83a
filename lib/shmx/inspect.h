/* SPDX-License-Identifier: MIT */
/*
 * inspect.h - to look at a ring without taking part in it
 *
 * inspect.c attaches to one ring and takes snapshots, inspect-ask.c gets at
 * its memory, inspect-copy.c copies that; inspect-list.c finds all rings that
 * there are.
 *
 * Everything is copied by pread(2) from descriptors that were opened for
 * reading only, so that nothing is mapped: no memory that shrinks can fault,
 * and what was checked is what is used.
 */
#ifndef SHMX_INSPECT_H
#define SHMX_INSPECT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "channel.h"
#include "object.h"
#include "procfs.h"
#include "survey.h"

/* A reader's record, outside of the ring. */
struct shmx_inspect_record {
	int fd;
	dev_t dev;
	ino_t ino;
};

struct shmx_inspector {
	char name[SHMX_NAME_MAX + 1];
	enum shmx_ring_state state;	/* as it was found */
	pid_t pid;			/* producer; 0: not known */
	int pidfd;			/* -1: cannot be watched */
	char program[32];
	uint32_t holders;

	int data_fd;
	dev_t dev;
	ino_t ino;
	int conn;			/* -1: the producer is not asked */
	struct shmx_channel channel;	/* of conn */
	uint64_t after;			/* records known, by the producer */
	struct shmx_inspect_record record[SHMX_READERS_MAX];
	unsigned records;

	void *memory;			/* for the copy; owned */
	unsigned char *copy;		/* of the ring's first bytes, aligned */
	size_t copy_bytes;
	struct shmx_survey survey;
};

/* One without a ring; NULL, with base_error() said, when there is no memory. */
struct shmx_inspector *
shmx_inspector_new(const char *name);

/* Attach to the ring of a live producer.  -ENOENT when there is none. */
int
shmx_inspect_live(struct shmx_inspector *inspector);

/* To a ring that some process has open. */
int
shmx_inspect_held(struct shmx_inspector *inspector,
		  const struct shmx_proc_fd *fd, enum shmx_ring_state state);

/* To the object of that name. */
int
shmx_inspect_object(struct shmx_inspector *inspector,
		    enum shmx_ring_state state, pid_t pid);

/* Have the producer at the other end of conn hand out its ring. */
int
shmx_inspect_ask(struct shmx_inspector *inspector);
void
shmx_inspect_hang_up(struct shmx_inspector *inspector);

/* Bring the records up to date, by asking or by looking. */
void
shmx_inspect_find_records(struct shmx_inspector *inspector);

/* Copy the ring into survey.  -EPROTO when it is malformed. */
int
shmx_inspect_copy(struct shmx_inspector *inspector);

bool
shmx_inspect_is_stopped(pid_t pid);

/*
 * How a named object is used: RUNNING and by whom (0 where that cannot be
 * told), or LEFTOVER.
 */
enum shmx_ring_state
shmx_object_state(const char *name, int fd, pid_t *pid);

#endif
