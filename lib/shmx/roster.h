/* SPDX-License-Identifier: MIT */
/*
 * roster.h - what a producer hands to an inspector
 *
 * Descriptors that can only be read, whatever the seals allow: each is opened
 * anew.
 */
#ifndef SHMX_ROSTER_H
#define SHMX_ROSTER_H

#include <stdint.h>

#include "protocol.h"

/* WELCOME to an inspector, with the ring's memory.  0 or -errno. */
int
shmx_roster_welcome(int conn, const struct shmx_welcome *welcome,
		    int data_fd);

/* One reader's record. */
int
shmx_roster_record(int conn, uint64_t id, int record_fd);

/* And that was all of them. */
int
shmx_roster_end(int conn, uint64_t after);

#endif
