/* SPDX-License-Identifier: MIT */
/*
 * foreign-relay.h - what a reader sends, passed on to a server of SHMX v2.0
 *
 * The reader writes into the control ring of its record in our ring, as any.
 * What it writes is taken out there, and put into the server's ring for our
 * record when there is room.
 */
#ifndef SHMX_FOREIGN_RELAY_H
#define SHMX_FOREIGN_RELAY_H

#include <stdint.h>

#include "control.h"
#include "foreign-server.h"

struct shmx_relay {
	struct shmx_control_in in;
	/* A message that is to be passed on. */
	uint32_t type;			/* SHMX_CONTROL_PAD: there is none */
	uint32_t bytes;
	uint64_t data[(SHMX_CONTROL_MAX + 7) / 8];
};

/* From this ring, which stays the caller's. */
void
shmx_relay_init(struct shmx_relay *r, struct shmx_control_ring *from);

/* Pass on what there is, as far as there is room. */
void
shmx_relay_pass(struct shmx_relay *r, const struct shmx_server *to);

/* The longest message that the server's control rings can take. */
uint32_t
shmx_relay_message_max(const struct shmx_server *to);

#endif
