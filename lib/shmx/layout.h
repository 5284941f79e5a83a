/* SPDX-License-Identifier: MIT */
/*
 * layout.h - the ring as bytes in memory
 *
 * doc/shmx-format.md is the specification, with a picture of each struct here.
 *
 * A ring is one region of shared memory, laid out as a superset of SHMX v2.0
 * (offsets from the start of the region; every section is found through the
 * offsets of a header, never through a constant):
 *
 *	0	struct shmx_header, 128 bytes		SHMX v2.0
 *	128	static directory, TLVs			SHMX v2.0
 *	E	struct shmx_ext				page-aligned
 *	E+512	slot state words, 8 bytes each
 *	E+...	struct shmx_slot_meta, 256 bytes each
 *	E+...	struct shmx_damage_entry, 16 bytes each, 64 of them
 *	R	reader records, 4096 bytes each		page-aligned
 *	P - 88	slot 0: frame header 64, TLV 8, stream TLV 16,
 *	P	its first stream's data			page-aligned
 *		more streams: TLV 8, stream TLV 16, data ...
 *		slot 1 at P - 88 + slot_stride, ...
 *
 * E, P and slot_stride are multiples of the page size: a reader maps [0, P)
 * and no pixel, and every slot's pixels start on a page.  A slot starts at 8
 * mod 16 and a TLV in it at a multiple of 16 from the first, so the data of
 * every stream is aligned to 16.
 *
 * In a native ring all of this is one memfd, written by the producer alone
 * and sealed so that nobody else can ever map it writable; it has no reader
 * section (readers_offset is 0).  What a reader writes, struct shmx_record,
 * lies in a memfd of its own.  Rings that others than the producer's process
 * write (SHMX_FEATURE_RECORDS_INSIDE) have the records between the extension
 * and P, a page each, header.readers_offset to the first.  Nothing here is
 * ever resized: a ring that has to grow is another region.
 */
#ifndef SHMX_LAYOUT_H
#define SHMX_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

/* Atomic words of the wire; accessed through atomic.h alone. */
typedef _Atomic uint64_t shmx_a64;
typedef _Atomic uint32_t shmx_a32;

#define SHMX_MAGIC		UINT64_C(0x48494E415F53484D)
#define SHMX_VERSION_MAJOR	2
#define SHMX_VERSION_MINOR	0
#define SHMX_ENDIAN_TAG		UINT32_C(0x01020304)

/*
 * header.ext_offset is v2.0 padding that v2.0 sets to 0; ext_check tells a
 * real extension from somebody's garbage.
 */
#define SHMX_EXT_CHECK		UINT32_C(0x33584D53)	/* "SMX3" */
#define SHMX_EXT_MAGIC		UINT64_C(0x334E4950584D4853)	/* SHMXPIN3 */
#define SHMX_EXT_VERSION	1

enum {
	SHMX_TLV_STATIC_DIR = 0x1000,
	SHMX_TLV_FRAME_STREAM = 0x2000,
	SHMX_TLV_CONTROL_USER = 0x3000,
	SHMX_TLV_ALIGN = 16,
};

/* SHMX v2.0.  Constant once the ring is announced, but for the atomics. */
struct shmx_header {
	uint64_t magic;
	uint32_t version_major;
	uint32_t version_minor;
	uint32_t endian_tag;
	uint32_t ext_offset;		/* ours; 0 in a v2.0 ring */
	uint64_t session;
	shmx_a32 static_generation;
	uint32_t ext_check;		/* ext_offset ^ SHMX_EXT_CHECK */
	shmx_a64 static_hash;		/* shmx_hash() of the used bytes */
	uint32_t static_offset;
	uint32_t static_capacity;
	shmx_a32 static_used;
	uint32_t slots;
	uint32_t slot_stride;
	uint32_t slots_offset;
	uint32_t frame_capacity;	/* payload bytes a slot takes */
	uint32_t reader_slots;
	uint32_t reader_stride;
	uint32_t readers_offset;
	uint32_t control_offset;
	uint32_t control_bytes;
	uint32_t control_stride;
	uint32_t pad;
	shmx_a64 frame_sequence;
	shmx_a32 write_index;
	shmx_a32 readers_connected;
	shmx_a32 reserve_index;
	uint32_t pad_end;
};

struct shmx_tlv {
	uint32_t type;
	uint32_t length;		/* of what follows, without padding */
};

/* Follows a TLV of type SHMX_TLV_STATIC_DIR; then name, then extra. */
struct shmx_stream_desc {
	uint32_t stream_id;
	uint32_t element_type;		/* enum shmx_element_type */
	uint32_t components;
	uint32_t layout;		/* enum shmx_stream_layout */
	uint32_t bytes_per_element;	/* of one component */
	uint32_t capacity;		/* elements in a frame; 0 in v2.0 */
	uint32_t name_bytes;
	uint32_t extra_bytes;
};

#define SHMX_IMAGE_MAGIC	UINT32_C(0x31474D49)	/* "IMG1" */

/* Starts the extra field of an image stream: the largest frame it carries. */
struct shmx_image_desc {
	uint32_t magic;
	uint32_t width;
	uint32_t height;
	uint32_t stride;
	uint32_t format;		/* DRM fourcc */
	uint32_t colour_space;		/* 0: sRGB */
	uint32_t flags;			/* enum shmx_image_flags */
	uint32_t reserved;
};

enum shmx_image_flags {
	SHMX_IMAGE_INPUT = 1 << 0,	/* SHMX_CONTROL_INPUT is understood */
};

#define SHMX_INPUT_ONE		256	/* a pixel, or a notch of the wheel */

enum shmx_input_state {
	SHMX_INPUT_STATE_ON = 1 << 0,	/* pressed, focused */
	SHMX_INPUT_STATE_REPEAT = 1 << 1,
};

/* A message of type SHMX_CONTROL_INPUT; text follows where it is text. */
struct shmx_input_message {
	uint32_t kind;			/* enum shmx_input_kind */
	uint32_t modifiers;
	uint64_t sequence;
	uint64_t time_ns;
	int32_t value[4];		/* what they are depends on the kind */
};

/* SHMX v2.0: the first 64 bytes of a slot.  Unused in native rings. */
struct shmx_frame_header {
	uint64_t session;
	shmx_a64 frame_id;
	double sim_time;
	uint32_t payload_bytes;
	uint32_t tlv_count;
	uint32_t checksum;
	uint32_t pad;
	uint64_t reserved[2];
	uint64_t pad_end;
};

/* Follows a TLV of type SHMX_TLV_FRAME_STREAM; then the data. */
struct shmx_stream_tlv {
	uint32_t stream_id;
	uint32_t elements;
	uint32_t bytes;
	uint32_t reserved;
};

/* Bytes before a slot's first pixel. */
#define SHMX_SLOT_HEAD \
	(sizeof(struct shmx_frame_header) + sizeof(struct shmx_tlv) + \
	 sizeof(struct shmx_stream_tlv))

/*
 * The extension.  Written by the producer's process alone.  The first 128
 * bytes are constant once announced; each group below is a cache line of its
 * own, so that stores to one do not disturb pollers of another.
 */
struct shmx_ext {
	uint64_t magic;
	uint32_t version;
	uint32_t bytes;			/* of the extension, tables included */
	uint64_t session;
	uint64_t features;		/* SHMX_FEATURE_... */
	uint64_t region_bytes;
	uint32_t page_bytes;
	uint32_t slots;
	uint32_t readers_max;
	uint32_t holds_max;		/* hold words in a record */
	uint32_t history;		/* k: newest frames never rewritten */
	uint32_t state_offset;		/* these three from the extension */
	uint32_t meta_offset;
	uint32_t damage_offset;
	uint32_t meta_stride;
	uint32_t damage_entries;
	uint32_t map_bytes;		/* P: all that lies before pixels */
	int32_t producer_pid;		/* for display */
	uint64_t created_ns;		/* CLOCK_MONOTONIC */
	uint32_t generation;		/* 0; one more each time it grew */
	uint32_t writers_max;		/* 1 without MULTI_WRITER */
	uint64_t first_sequence;	/* sequences in it are greater */
	uint64_t reserved[2];

	_Alignas(64) shmx_a64 latest;	/* sequence << 16 | slot */
	shmx_a64 next_sequence;		/* MULTI_WRITER: counts them out */

	_Alignas(64) shmx_a32 host_state; /* enum shmx_host_state */
	/* The producer sleeps for a lossless reader, or for a message. */
	shmx_a32 host_waiting;

	_Alignas(64) shmx_a32 directory_sequence; /* odd: being changed */

	_Alignas(64) shmx_a64 published; /* statistics, for display */
	shmx_a64 dropped;
	shmx_a64 wakes;
	shmx_a64 evicted;
	shmx_a64 checksummed;
	shmx_a64 waited_ns;		/* for lossless readers */
	shmx_a64 refused;		/* attempts to attach */

	_Alignas(64) uint64_t spare[16];
};

/* What a ring is beyond the usual; bits of ext.features. */
enum shmx_feature {
	SHMX_FEATURE_RECORDS_INSIDE = 1 << 0, /* readers_offset is not 0 */
	SHMX_FEATURE_NAMED = 1 << 1,	/* an object in /dev/shm */
	SHMX_FEATURE_MULTI_WRITER = 1 << 2, /* several processes publish */
	SHMX_FEATURE_EVERY = 1 << 3,	/* lossless readers are admitted */
	SHMX_FEATURE_COPIED = 1 << 4,	/* by a reader, from a v2.0 ring */
};

enum shmx_host_state {
	SHMX_HOST_RUNNING = 1,
	SHMX_HOST_PAUSED,
	SHMX_HOST_ENDED,
	SHMX_HOST_MOVED,
};

/* A `latest` that names no frame. */
#define SHMX_SLOT_NONE		0xffff
#define SHMX_SEQUENCE_MAX	((UINT64_C(1) << 48) - 1)

/*
 * A slot state word:
 *
 *	63  62 61                    0
 *	tag    FREE       0: nothing in it, or never used
 *	       WRITING    1: owner (14 bits) << 32 | generation (32 bits)
 *	       PUBLISHED  2: sequence (48 bits)
 */
enum { SHMX_STATE_FREE, SHMX_STATE_WRITING, SHMX_STATE_PUBLISHED };
#define SHMX_STATE(tag, value)	((uint64_t)(tag) << 62 | (value))

/* Two corners would do; x, y, width, height read better in a dump. */
struct shmx_rect16 {
	uint16_t x;
	uint16_t y;
	uint16_t width;
	uint16_t height;
};

/*
 * What a frame is, apart from its bytes.  Written between claiming and
 * publishing a slot, constant while published.
 */
struct shmx_slot_meta {
	uint64_t sequence;
	double sim_time;
	uint64_t begun_ns;
	uint64_t published_ns;
	uint64_t input_sequence;
	uint32_t width;
	uint32_t height;
	uint32_t stride;
	uint32_t format;
	uint32_t colour_space;
	uint32_t flags;
	uint32_t payload_bytes;
	uint32_t tlv_count;
	uint64_t pixels_offset;		/* from the start of the region */
	uint64_t pixels_bytes;
	shmx_a64 watermark;		/* rows written so far; reserved */
	uint32_t damage_count;		/* 0: all of it */
	uint32_t pad;
	struct shmx_rect16 damage[12];
	uint64_t reserved[7];
};

/*
 * The damage of frame `tag` as a bounding box, at index tag % 64.  tag is 0
 * while box is being replaced.
 */
struct shmx_damage_entry {
	shmx_a64 tag;
	shmx_a64 box;			/* struct shmx_rect16 as bits */
};
#define SHMX_DAMAGE_ENTRIES	64

/* When a reader looks at its clock, counted from published_ns. */
enum shmx_latency_stage {
	SHMX_LATENCY_HELD,		/* the reader held the frame */
	SHMX_LATENCY_PUT,		/* asked the server to show it */
	SHMX_LATENCY_COMPLETED,		/* the server had read it */
	SHMX_LATENCY_PRESENTED,		/* it was on screen */
};
#define SHMX_LATENCY_STAGES	4
#define SHMX_LATENCY_BUCKETS	96

/*
 * What a reader says.  In a native ring the first bytes of a memfd that only
 * the reader and the producer's process can map, else those of a page of the
 * region.  The first 64 bytes are SHMX v2.0's, so that its inspectors list our
 * readers too.
 *
 * Single writer for each word: the reader, but `sleeping`, which the
 * producer clears when it wakes the reader, `evicted` and what is for
 * display, which are the host's, and all of it by the producer's process once
 * the reader is gone.
 */
struct shmx_record {
	shmx_a64 reader_id;
	shmx_a64 heartbeat;
	shmx_a64 last_frame_seen;
	shmx_a32 in_use;
	uint32_t pad;
	shmx_a64 mark;			/* SHMX_EXT_MAGIC: no v2.0 client's */
	uint64_t session;		/* of the ring; the host's */
	uint64_t reserved_v2[2];

	/* 0: empty, else sequence << 16 | (slot + 1). */
	_Alignas(64) shmx_a64 hold[8];

	_Alignas(64) shmx_a32 sleeping;
	/* Set by the producer's process, and not cleared while this is one. */
	shmx_a32 evicted;

	_Alignas(64) shmx_a64 held;	/* statistics, for display */
	shmx_a64 skipped;
	shmx_a64 presented_sequence;	/* feedback: what was shown last */
	shmx_a64 presented_ns;
	shmx_a64 seen_ns;
	shmx_a64 put_ns;
	shmx_a64 completed_ns;
	shmx_a64 phase_ns;

	/* Lossless readers: every frame up to this one is secured. */
	_Alignas(64) shmx_a64 done_sequence;
	/* For display; written by the host before the reader is told. */
	uint32_t mode;			/* SHMX_MODE_... of protocol.h */
	uint32_t granted;		/* hold words it may use */
	int32_t pid;
	uint32_t pad_pid;
	char label[40];

	/*
	 * How long after published_ns, counted by quarter octaves from 256 ns;
	 * the reader's, for display.
	 */
	_Alignas(64) shmx_a32 latency[SHMX_LATENCY_STAGES]
				     [SHMX_LATENCY_BUCKETS];
};

/*
 * SHMX v2.0's control ring: messages from a reader, who alone moves `written`,
 * to the producer, whose process alone moves `read`.  Both count bytes and
 * never wrap; the data of cursor c is at c % SHMX_CONTROL_DATA.  A message is
 * a struct shmx_tlv with the caller's type, then length bytes; the next one
 * starts at the next multiple of 16 and none is split over the end: what is
 * left there is a message of type SHMX_CONTROL_PAD.
 */
struct shmx_control_ring {
	shmx_a64 read;
	shmx_a64 written;
	unsigned char data[2032];
};
#define SHMX_CONTROL_DATA		2032
#define SHMX_CONTROL_PAD		0

/* A record's page: the record, then its control ring. */
#define SHMX_RECORD_CONTROL_OFFSET	2048
#define SHMX_RECORD_CONTROL_BYTES	2048
#define SHMX_RECORD_BYTES		4096
/* Records in a region that has them, unless its maker says otherwise. */
#define SHMX_RECORDS_INSIDE		16

/* Every offset is the wire's; a compiler that differs must not build. */
#define SHMX_AT(type, member, offset) \
	_Static_assert(offsetof(struct type, member) == (offset), \
		       #type "." #member)
#define SHMX_SIZE(type, size) \
	_Static_assert(sizeof(struct type) == (size), #type)

SHMX_SIZE(shmx_header, 128);
SHMX_AT(shmx_header, magic, 0);
SHMX_AT(shmx_header, version_major, 8);
SHMX_AT(shmx_header, version_minor, 12);
SHMX_AT(shmx_header, endian_tag, 16);
SHMX_AT(shmx_header, ext_offset, 20);
SHMX_AT(shmx_header, session, 24);
SHMX_AT(shmx_header, static_generation, 32);
SHMX_AT(shmx_header, ext_check, 36);
SHMX_AT(shmx_header, static_hash, 40);
SHMX_AT(shmx_header, static_offset, 48);
SHMX_AT(shmx_header, static_capacity, 52);
SHMX_AT(shmx_header, static_used, 56);
SHMX_AT(shmx_header, slots, 60);
SHMX_AT(shmx_header, slot_stride, 64);
SHMX_AT(shmx_header, slots_offset, 68);
SHMX_AT(shmx_header, frame_capacity, 72);
SHMX_AT(shmx_header, reader_slots, 76);
SHMX_AT(shmx_header, reader_stride, 80);
SHMX_AT(shmx_header, readers_offset, 84);
SHMX_AT(shmx_header, control_offset, 88);
SHMX_AT(shmx_header, control_bytes, 92);
SHMX_AT(shmx_header, control_stride, 96);
SHMX_AT(shmx_header, frame_sequence, 104);
SHMX_AT(shmx_header, write_index, 112);
SHMX_AT(shmx_header, readers_connected, 116);
SHMX_AT(shmx_header, reserve_index, 120);

SHMX_SIZE(shmx_tlv, 8);
SHMX_SIZE(shmx_stream_desc, 32);
SHMX_SIZE(shmx_image_desc, 32);
SHMX_SIZE(shmx_stream_tlv, 16);
SHMX_SIZE(shmx_frame_header, 64);
SHMX_AT(shmx_frame_header, frame_id, 8);
SHMX_AT(shmx_frame_header, sim_time, 16);
SHMX_AT(shmx_frame_header, payload_bytes, 24);
SHMX_AT(shmx_frame_header, tlv_count, 28);
SHMX_AT(shmx_frame_header, checksum, 32);
_Static_assert(SHMX_SLOT_HEAD == 88, "bytes before a slot's pixels");

SHMX_SIZE(shmx_ext, 512);
SHMX_AT(shmx_ext, session, 16);
SHMX_AT(shmx_ext, features, 24);
SHMX_AT(shmx_ext, region_bytes, 32);
SHMX_AT(shmx_ext, history, 56);
SHMX_AT(shmx_ext, map_bytes, 80);
SHMX_AT(shmx_ext, created_ns, 88);
SHMX_AT(shmx_ext, generation, 96);
SHMX_AT(shmx_ext, writers_max, 100);
SHMX_AT(shmx_ext, first_sequence, 104);
SHMX_AT(shmx_ext, latest, 128);
SHMX_AT(shmx_ext, next_sequence, 136);
SHMX_AT(shmx_ext, host_state, 192);
SHMX_AT(shmx_ext, host_waiting, 196);
SHMX_AT(shmx_ext, directory_sequence, 256);
SHMX_AT(shmx_ext, published, 320);
SHMX_AT(shmx_ext, evicted, 344);
SHMX_AT(shmx_ext, waited_ns, 360);
SHMX_AT(shmx_ext, refused, 368);
SHMX_AT(shmx_ext, spare, 384);

SHMX_SIZE(shmx_slot_meta, 256);
SHMX_AT(shmx_slot_meta, width, 40);
SHMX_AT(shmx_slot_meta, pixels_offset, 72);
SHMX_AT(shmx_slot_meta, watermark, 88);
SHMX_AT(shmx_slot_meta, damage_count, 96);
SHMX_AT(shmx_slot_meta, damage, 104);
SHMX_AT(shmx_slot_meta, reserved, 200);

SHMX_SIZE(shmx_damage_entry, 16);
SHMX_AT(shmx_damage_entry, box, 8);

SHMX_AT(shmx_record, last_frame_seen, 16);
SHMX_AT(shmx_record, in_use, 24);
SHMX_AT(shmx_record, mark, 32);
SHMX_AT(shmx_record, session, 40);
SHMX_AT(shmx_record, hold, 64);
SHMX_AT(shmx_record, sleeping, 128);
SHMX_AT(shmx_record, evicted, 132);
SHMX_AT(shmx_record, held, 192);
SHMX_AT(shmx_record, presented_sequence, 208);
SHMX_AT(shmx_record, done_sequence, 256);
SHMX_AT(shmx_record, mode, 264);
SHMX_AT(shmx_record, granted, 268);
SHMX_AT(shmx_record, pid, 272);
SHMX_AT(shmx_record, label, 280);
SHMX_AT(shmx_record, latency, 320);
SHMX_SIZE(shmx_record, 1856);
_Static_assert(sizeof(struct shmx_record) <= SHMX_RECORD_CONTROL_OFFSET,
	       "the record reaches into its control ring");

SHMX_SIZE(shmx_control_ring, SHMX_RECORD_CONTROL_BYTES);
SHMX_AT(shmx_control_ring, written, 8);
SHMX_AT(shmx_control_ring, data, 16);

#endif
