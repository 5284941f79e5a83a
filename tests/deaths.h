/* SPDX-License-Identifier: MIT */
/*
 * deaths.h - what the tests have in common in which processes are killed
 */
#ifndef TESTS_DEATHS_H
#define TESTS_DEATHS_H

#include <stdint.h>

#include <shmx/shmx.h>

/* The picture of all their rings. */
extern const struct shmx_stream deaths_picture;

/* A ring of 8 slots; NULL and a line on stderr when that failed. */
struct shmx_producer *deaths_producer(const char *name, uint32_t flags);

/*
 * The dead are gone: there are so many readers, with so many holds, and no
 * slot is held but by them; and no frame was ever dropped.
 */
void deaths_check_gone(struct shmx_producer *p, unsigned readers,
		       unsigned holds);

/*
 * Nobody is attached: a full set of holds can be granted, and taken, and the
 * producer goes on, from frame *n. *n becomes the one after the last.
 */
void deaths_check_all_can_be_held(struct shmx_producer *p, const char *name,
				  uint64_t *n);

/* In $SHMX_DIR there is nothing of that name but its lock file. */
void deaths_check_no_socket(const char *name);

#endif /* TESTS_DEATHS_H */
