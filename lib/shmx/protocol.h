/* SPDX-License-Identifier: MIT */
/*
 * protocol.h - what producer and reader say to each other over the socket
 *
 * Specified in doc/shmx-format.md, 4.5 and on.
 *
 *	reader				producer
 *	HELLO			-->
 *				<--	WELCOME + data, record and wake fds
 *				   or	ERROR in words, and the end
 *	READY			-->
 *	        ... frames go through memory; nothing is sent ...
 *	BYE, or the end		<->	BYE, or the end
 *
 *	inspector			producer
 *	HELLO			-->
 *				<--	WELCOME + data fd	or ERROR
 *	ROSTER			-->
 *				<--	RECORD + record fd, for each reader
 *				<--	ROSTER
 *
 * whose descriptors can only be read.  It asks again when it likes.
 *
 *	writer				producer
 *	HELLO			-->
 *				<--	WELCOME + region fd	or ERROR
 *	READY			-->
 *				<--	READER + wake fd, for each reader
 *	NUDGE			-->
 *
 * A writer that does not know how to wake a reader nudges, and the producer
 * wakes them all.
 *
 * A message is a header and a body of fixed layout; a receiver ignores what
 * is longer than it knows.  Descriptors travel with a message's first byte.
 * Either side's end of the connection is the notice of its death.
 */
#ifndef SHMX_PROTOCOL_H
#define SHMX_PROTOCOL_H

#include <stdint.h>

#define SHMX_PROTOCOL_MAGIC	UINT32_C(0x584D4853)	/* "SHMX" */
#define SHMX_PROTOCOL_VERSION	3

/* No message but FRAME is longer, header included. */
#define SHMX_MESSAGE_MAX	4096
#define SHMX_MESSAGE_FDS	3

enum shmx_message_type {
	SHMX_MSG_HELLO = 1,
	SHMX_MSG_WELCOME,
	SHMX_MSG_READY,
	SHMX_MSG_ERROR,
	SHMX_MSG_BYE,
	SHMX_MSG_MOVED,			/* the ring has a larger successor */
	SHMX_MSG_NUDGE,			/* there is news; see host_waiting */
	/* Reserved: known numbers that this version never sends. */
	SHMX_MSG_FRAME,			/* a frame over the socket */
	SHMX_MSG_CREDIT,		/* more frames may be sent */
	/* An inspector asks for the readers, and is told of each. */
	SHMX_MSG_ROSTER = 16,
	SHMX_MSG_RECORD,
	SHMX_MSG_READER,		/* a writer is told of a reader */
};

struct shmx_message_header {
	uint32_t bytes;			/* of header and body */
	uint16_t type;
	uint16_t flags;			/* 0 */
};

enum { SHMX_ROLE_READER = 1, SHMX_ROLE_WRITER, SHMX_ROLE_INSPECTOR };
enum { SHMX_MODE_LOSSY = 1, SHMX_MODE_EVERY };
enum { SHMX_TRANSPORT_RING = 1, SHMX_TRANSPORT_SOCKET };

struct shmx_hello {
	uint32_t magic;
	uint16_t version_min;
	uint16_t version_max;
	uint32_t role;
	uint32_t mode;
	uint32_t holds;			/* wanted: this many or refuse */
	uint32_t reserved;
	uint64_t features;		/* wanted; none so far */
	char label[64];			/* who is asking, for display */
};

/*
 * With three descriptors: data, record, wake; an inspector gets the data.
 * Where the records lie in the region, the second is that of the whole region,
 * to map one page of it writable, and the first cannot be mapped writable.
 *
 * A writer gets the region alone; its record is the number that it writes
 * into the slots' states.
 *
 * MOVED has the same body, one descriptor, the data, and the same answer: the
 * ring goes on in that memory, and the old is never written again.  Record
 * and wake descriptor stay what they are.
 */
struct shmx_welcome {
	uint32_t version;
	uint32_t record;		/* index; else for display */
	uint32_t holds;			/* granted */
	uint32_t map_bytes;		/* to map of data; no pixel in it */
	uint64_t session;
	uint64_t features;
	uint64_t region_bytes;		/* size of data */
	uint64_t record_bytes;		/* size of record; 0: in the region */
};

/* From an inspector: the greatest id it knows.  To it: all were sent. */
struct shmx_roster {
	uint64_t after;
};

/* With one descriptor: the record of a reader whose seat is not inside. */
struct shmx_roster_record {
	uint64_t id;			/* as in the record */
};

/* To a writer; with the descriptor that wakes the reader if present. */
struct shmx_reader_notice {
	uint64_t reader;		/* as in the record */
	uint32_t record;		/* its index */
	uint32_t present;		/* 0: it is gone */
};

struct shmx_ready {
	uint32_t transport;
	uint32_t reserved;
};

struct shmx_refusal {
	int32_t error;			/* an errno value, positive */
	uint32_t reserved;
	char text[512];			/* one line, NUL-terminated */
};

#endif
