/* SPDX-License-Identifier: MIT */
/*
 * foreign.h - a ring of somebody else's SHMX v2.0, read as if it were ours
 *
 * A v2.0 server overwrites its frames when it likes and wakes nobody.  So its
 * reader makes a small ring of its own, copies each frame there, and attaches
 * to that as to any other: holds, waiting and windows know no difference.
 *
 * The server is looked at from outside: the object is read by pread(2) and
 * never mapped for longer than it takes to count a reader in or out, so that
 * one who makes it smaller kills nobody.
 */
#ifndef SHMX_FOREIGN_H
#define SHMX_FOREIGN_H

#include <stdint.h>

struct shmx_foreign;

/*
 * Open the object of that name, if a server of v2.0 (or a ring of ours whose
 * socket cannot be reached) lives there, for a reader of that many holds.
 * *conn, the caller's, is a connection to its producer on which the WELCOME
 * has arrived.  -ENOENT when there is none, or another errno with
 * base_error() said.
 */
int
shmx_foreign_open(struct shmx_foreign **out, const char *name, uint32_t holds,
		  int *conn);

/*
 * Does such a server live there?  0, or what shmx_foreign_open() would return.
 * Nothing of it is mapped.
 */
int
shmx_foreign_find(const char *name);

/* Becomes readable when it is time for shmx_foreign_pump(). */
int
shmx_foreign_fd(const struct shmx_foreign *f);

/*
 * Look for a newer frame, and publish it; pass on what the reader has sent.
 * When the server is gone the connection ends.
 */
void
shmx_foreign_pump(struct shmx_foreign *f);

/* The longest message that the server's control rings can take. */
uint32_t
shmx_foreign_message_max(const struct shmx_foreign *f);

/* What is held stays. NULL is allowed. */
void
shmx_foreign_close(struct shmx_foreign *f);

#endif
