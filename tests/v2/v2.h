/* SPDX-License-Identifier: MIT */
/*
 * v2.h - SHMX v2.0 as its peers speak it, apart from the library
 *
 * What the library says of the v2.0 wire is held against this: a server, a
 * client and an inspector written from the wire format alone.  Nothing of
 * lib/ is included here, so that no mistake can be made twice in one place.
 *
 * They do what v2.0's own do: no wake-up, no holds, frames that are
 * overwritten while somebody looks at them, readers that are counted by their
 * heartbeats.  What v2.0's own crash on, they refuse.
 */
#ifndef TESTS_V2_H
#define TESTS_V2_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define V2_MAGIC	UINT64_C(0x48494E415F53484D)
#define V2_MAJOR	2
#define V2_MINOR	0
#define V2_ENDIAN	UINT32_C(0x01020304)

enum {
	V2_STATIC_DIR = 0x1000,
	V2_FRAME_STREAM = 0x2000,
	V2_CONTROL_USER = 0x3000,
};

enum {
	V2_BOOL = 1, V2_I8, V2_U8, V2_I16, V2_U16, V2_I32, V2_U32, V2_I64,
	V2_U64, V2_F16, V2_BF16, V2_F32, V2_F64,
};

/* At 0. */
struct v2_header {
	_Atomic uint64_t magic;
	uint32_t major;
	uint32_t minor;
	uint32_t endian;
	uint32_t pad20;
	uint64_t session;
	_Atomic uint32_t static_gen;
	uint32_t pad36;
	uint64_t static_hash;
	uint32_t static_offset;
	uint32_t static_cap;
	uint32_t static_used;
	uint32_t slots;
	uint32_t slot_stride;
	uint32_t slots_offset;
	uint32_t frame_cap;
	uint32_t reader_slots;
	uint32_t reader_stride;
	uint32_t readers_offset;
	uint32_t control_offset;
	uint32_t control_per_reader;
	uint32_t control_stride;
	uint32_t pad100;
	_Atomic uint64_t frame_seq;
	_Atomic uint32_t write_index;
	_Atomic uint32_t readers_connected;
	_Atomic uint32_t reserve_index;
	uint32_t pad124;
};

/* At the start of a slot; the payload follows. */
struct v2_frame {
	uint64_t session;
	_Atomic uint64_t frame_id;
	double sim_time;
	uint32_t payload_bytes;
	uint32_t tlv_count;
	uint32_t checksum;
	uint32_t pad36;
	uint64_t reserved[2];
	uint64_t pad56;
};

struct v2_reader {
	_Atomic uint64_t reader_id;
	_Atomic uint64_t heartbeat;	/* steady_clock, here nanoseconds */
	_Atomic uint64_t last_frame_seen;
	_Atomic uint32_t in_use;
	uint32_t pad28;
	uint64_t reserved[4];
};

/* At the start of a reader's control ring; its data follow at 16. */
struct v2_ring {
	_Atomic uint64_t r;		/* bytes ever taken out */
	_Atomic uint64_t w;		/* bytes ever put in */
};

struct v2_tlv {
	uint32_t type;
	uint32_t length;
};

struct v2_desc {
	uint32_t stream_id;
	uint32_t element_type;
	uint32_t components;
	uint32_t layout;
	uint32_t bytes_per_elem;
	uint32_t reserved;
	uint32_t name_len;
	uint32_t extra_len;
};

struct v2_stream_tlv {
	uint32_t stream_id;
	uint32_t elem_count;
	uint32_t bytes_payload;
	uint32_t reserved;
};

/* FNV-1a of 64 bits from v2.0's basis, and folded to its checksum. */
uint64_t v2_hash(const void *data, size_t bytes);
uint32_t v2_checksum(const void *data, size_t bytes);

/* Now, as heartbeats count it. */
uint64_t v2_now(void);

/* -------------------------------------------------------------- server -- */

struct v2_stream {
	uint32_t id;
	uint32_t element_type;
	uint32_t components;
	uint32_t layout;
	uint32_t bytes_per_elem;
	const char *name;
	const void *extra;
	uint32_t extra_len;
};

struct v2_config {
	const char *name;
	uint32_t slots;
	uint32_t reader_slots;
	uint32_t static_cap;
	uint32_t frame_cap;
	uint32_t control_per_reader;
	uint64_t session;		/* 0: a random one */

	/* Other places for the same things, which the header allows. */
	uint32_t reader_stride;		/* 0: 64 */
	uint32_t control_inside;	/* at this place of each record; or 0 */
	uint32_t slots_skew;		/* slots begin that much later */
};

struct v2_server {
	char name[256];			/* "" once closed */
	void *map;
	uint64_t bytes;
	struct v2_header *h;
};

/* A frame being written. */
struct v2_writing {
	struct v2_frame *frame;
	char *payload;
	uint32_t index;			/* becomes write_index */
	uint32_t used;
	uint32_t cap;
	uint32_t tlvs;
};

struct v2_message {
	uint32_t record;
	uint64_t reader_id;		/* whose record it is now */
	uint32_t type;
	uint32_t bytes;
	char data[4096];
};

struct v2_snapshot {
	uint32_t record;
	uint64_t reader_id;
	uint64_t heartbeat;
	uint64_t last_frame_seen;
	uint32_t in_use;
};

int v2_server_create(struct v2_server *s, const struct v2_config *config,
		     const struct v2_stream *streams, unsigned count);

/* The name goes; v2.0's own would leave it for ever. */
void v2_server_close(struct v2_server *s);

int v2_server_append_static(struct v2_server *s,
			    const struct v2_stream *stream);

void v2_begin(struct v2_server *s, struct v2_writing *w);
int v2_append(struct v2_writing *w, uint32_t stream_id, const void *data,
	      uint32_t elements, uint32_t bytes);

/* The frame's id. */
uint64_t v2_publish(struct v2_server *s, struct v2_writing *w,
		    double sim_time);

/* The next message of any reader, or false. */
bool v2_poll_control(struct v2_server *s, struct v2_message *m);

/* Records that are in use, at most max; how many there are. */
unsigned v2_snapshot_readers(const struct v2_server *s,
			     struct v2_snapshot *out, unsigned max);

/* Free the records whose heartbeat is older; how many there were. */
unsigned v2_reap(struct v2_server *s, uint64_t now, uint64_t timeout);

/* -------------------------------------------------------------- client -- */

/* What a client and an inspector know of a region, read when it opens. */
struct v2_client {
	void *map;
	uint64_t bytes;
	struct v2_header *h;
	uint64_t session;
	uint32_t slots, slot_stride, slots_offset, frame_cap;
	uint32_t reader_slots, reader_stride, readers_offset;
	uint32_t control_offset, control_per_reader, control_stride;
	uint32_t static_offset, static_cap;

	int record;			/* -1: an inspector, or detached */
	struct v2_reader *me;
	uint32_t static_gen;		/* of the directory seen */
};

/* A frame where it lies; whoever looks long sees it overwritten. */
struct v2_view {
	uint64_t session;
	uint64_t frame_id;
	double sim_time;
	uint32_t checksum;
	uint32_t payload_bytes;
	uint32_t tlv_count;
	const char *payload;
};

struct v2_item {
	uint32_t stream_id;
	uint32_t elements;
	uint32_t bytes;
	const void *data;
};

struct v2_entry {
	struct v2_desc desc;
	char name[64];
	char extra[256];
};

int v2_client_open(struct v2_client *c, const char *name);
void v2_client_close(struct v2_client *c);

/*
 * The directory, if it has changed: how many entries (at most max are
 * written), or -EAGAIN when it is as it was, or -EPROTO.
 */
int v2_refresh_static(struct v2_client *c, struct v2_entry *out,
		      unsigned max);

/*
 * The newest frame: 0, -EAGAIN when there is none yet, -ESTALE when another
 * session has written it, -EBADMSG when its checksum does not hold.
 */
int v2_latest(struct v2_client *c, struct v2_view *view);

/* The streams of a frame, at most max; how many, or -EPROTO. */
int v2_decode(const struct v2_view *view, struct v2_item *out, unsigned max);

/* 0, -ENOBUFS when it is full, -EMSGSIZE when it can never fit. */
int v2_control_send(struct v2_client *c, uint32_t type, const void *data,
		    uint32_t bytes);

/* ----------------------------------------------------------- inspector -- */

/* The same, taking no record; v2.0's own maps read-write all the same. */
int v2_inspect_open(struct v2_client *c, const char *name);
unsigned v2_inspect_readers(const struct v2_client *c,
			    struct v2_snapshot *out, unsigned max);

/* What lies in slot i, whole or not: as v2_latest(). */
int v2_inspect_slot(const struct v2_client *c, uint32_t i,
		    struct v2_view *view);

/* The first message that waits in a record's ring, left there. */
bool v2_peek_control(const struct v2_client *c, uint32_t record,
		     struct v2_message *m);

/* ------------------------------------------------------------- content -- */

/* Element i of frame n: as tests/frames.h has its pixels. */
static inline uint32_t
v2_element(uint64_t n, uint32_t i)
{
	return (uint32_t)(n * UINT32_C(2654435761)) ^ i;
}

/* Which frame these elements are of; false when not all of one frame. */
bool v2_number(const void *data, uint32_t bytes, uint32_t *n);

/* Every offset is the wire's. */
#define V2_AT(type, member, offset) \
	_Static_assert(offsetof(struct type, member) == (offset), \
		       #type "." #member)
#define V2_SIZE(type, size) \
	_Static_assert(sizeof(struct type) == (size), #type)

V2_SIZE(v2_header, 128);
V2_AT(v2_header, magic, 0);
V2_AT(v2_header, major, 8);
V2_AT(v2_header, minor, 12);
V2_AT(v2_header, endian, 16);
V2_AT(v2_header, session, 24);
V2_AT(v2_header, static_gen, 32);
V2_AT(v2_header, static_hash, 40);
V2_AT(v2_header, static_offset, 48);
V2_AT(v2_header, static_cap, 52);
V2_AT(v2_header, static_used, 56);
V2_AT(v2_header, slots, 60);
V2_AT(v2_header, slot_stride, 64);
V2_AT(v2_header, slots_offset, 68);
V2_AT(v2_header, frame_cap, 72);
V2_AT(v2_header, reader_slots, 76);
V2_AT(v2_header, reader_stride, 80);
V2_AT(v2_header, readers_offset, 84);
V2_AT(v2_header, control_offset, 88);
V2_AT(v2_header, control_per_reader, 92);
V2_AT(v2_header, control_stride, 96);
V2_AT(v2_header, frame_seq, 104);
V2_AT(v2_header, write_index, 112);
V2_AT(v2_header, readers_connected, 116);
V2_AT(v2_header, reserve_index, 120);

V2_SIZE(v2_frame, 64);
V2_AT(v2_frame, session, 0);
V2_AT(v2_frame, frame_id, 8);
V2_AT(v2_frame, sim_time, 16);
V2_AT(v2_frame, payload_bytes, 24);
V2_AT(v2_frame, tlv_count, 28);
V2_AT(v2_frame, checksum, 32);
V2_AT(v2_frame, reserved, 40);

V2_SIZE(v2_reader, 64);
V2_AT(v2_reader, reader_id, 0);
V2_AT(v2_reader, heartbeat, 8);
V2_AT(v2_reader, last_frame_seen, 16);
V2_AT(v2_reader, in_use, 24);
V2_AT(v2_reader, reserved, 32);

V2_SIZE(v2_ring, 16);
V2_SIZE(v2_tlv, 8);
V2_SIZE(v2_desc, 32);
V2_AT(v2_desc, bytes_per_elem, 16);
V2_AT(v2_desc, name_len, 24);
V2_AT(v2_desc, extra_len, 28);
V2_SIZE(v2_stream_tlv, 16);
V2_AT(v2_stream_tlv, bytes_payload, 8);

#endif /* TESTS_V2_H */
