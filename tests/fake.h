/* SPDX-License-Identifier: MIT */
/*
 * fake.h - a producer of our making, to be made wrong
 *
 * A valid ring with a frame in slot 0, in memory that stays writable to the
 * test, and a child that shows it to one reader, who looks for "test".
 */
#ifndef TESTS_FAKE_H
#define TESTS_FAKE_H

#include <stddef.h>

#include <shmx/shmx.h>

#include "child.h"
#include "shmx/layout.h"
#include "shmx/protocol.h"

struct fake {
	int listen_fd;
	struct shmx_welcome welcome;
	unsigned fds_sent;		/* of three */
	int data_fd, record_fd;
	int wake[2];
	unsigned char *data;		/* all of it, writable */
	size_t bytes;
	struct shmx_header *header;
	struct shmx_ext *ext;
	struct shmx_slot_meta *meta;
	shmx_a64 *state;
	/* Called in place of sending WELCOME, if set. */
	void (*answer)(struct fake *fake, int conn);
	/* Called after WELCOME, if set; else the connection stays open. */
	void (*after)(struct fake *fake, int conn);
};

void fake_make(struct fake *f);
void fake_free(struct fake *f);

/* Start the child; and open a reader there: what that returned. */
void fake_start(struct fake *f, struct child *c);
int fake_open(struct fake *f, struct child *c, struct shmx_reader **r);

/* For what is to take the place of its memory. */
int fake_memfd(size_t bytes, int seals);
void *fake_map(int fd, size_t bytes);

#endif /* TESTS_FAKE_H */
