/* SPDX-License-Identifier: MIT */
/*
 * shmx.h - frames from one process to many, without copying them
 *
 * A *producer* owns a ring: a handful of slots in sealed shared memory.  It
 * begins a frame, writes the pixels where they will stay, and publishes it.
 * A *reader* in another process waits for a frame, holds it and releases it;
 * what it holds is the very slot, mapped read-only, and it does not change
 * while it is held, for however long and whatever other processes do.
 * Neither side waits for the other, unless both ask for it: a reader can have
 * every frame (SHMX_EVERY) of a producer that waits for it (SHMX_ALLOW_EVERY).
 *
 *	producer                            reader
 *	shmx_producer_open_image()          shmx_reader_open()
 *	loop:                               loop:
 *	        shmx_begin()                        shmx_wait()
 *	        ... write f.pixels ...              shmx_hold_latest()
 *	        shmx_publish()                      ... shmx_frame_pixels() ...
 *	                                            shmx_release()
 *	shmx_producer_close()               shmx_reader_close()
 *
 * Conventions, for every function unless it says otherwise:
 *
 *  - It returns 0 on success or a negative errno value.  On failure the
 *    out-parameter is untouched and shmx_error() holds one line in words.
 *  - Lengths are in bytes, widths and heights in pixels, times in
 *    nanoseconds of CLOCK_MONOTONIC (the same in every process of a host).
 *  - A stride is the distance in bytes from the start of a row to the start
 *    of the next; it is a multiple of 64.
 *  - Descriptors that the library hands out are *borrowed*: the caller polls
 *    them, or duplicates them, and never closes them.  All are close-on-exec.
 *  - "Threads" says which calls may run at the same time.  One producer or
 *    one reader is used by one thread at a time, except where noted.
 *  - Open after fork: a handle does not survive fork() in the child, which
 *    must not use it and must not close it (exec is fine).
 */
#ifndef SHMX_SHMX_H
#define SHMX_SHMX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/* The version of the library in use, such as "0.1.0".  Static storage. */
const char *
shmx_version(void);

/*
 * Why the last shmx call that failed on the calling thread failed: one line
 * without a newline that says what was wrong, where, and what to do, such as
 *
 *	ring "life" is in use: life (pid 4711) produces it; stop it or choose
 *	another name
 *
 * Never NULL.  Valid until the next shmx call on this thread.
 */
const char *
shmx_error(void);

/* ------------------------------------------------------------ pictures -- */

/* Limits.  X11 windows, and so images, are at most 32767 pixels a side. */
#define SHMX_NAME_MAX		64
#define SHMX_SIDE_MAX		32767
#define SHMX_SLOTS_MAX		64
#define SHMX_HOLDS_MAX		8
#define SHMX_READERS_MAX	64
#define SHMX_DAMAGE_MAX		12
#define SHMX_STREAMS_MAX	256
#define SHMX_WRITERS_MAX	16

#define SHMX_FOURCC(a, b, c, d) \
	((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | \
	 (uint32_t)(d) << 24)

/*
 * Pixel formats, numbered and named as in Linux' drm_fourcc.h: the name lists
 * the channels of a little-endian pixel from its most significant bit down.
 * SHMX_XRGB8888 is bytes B, G, R, unused in memory: what an X server with
 * depth 24 shows without converting.
 */
#define SHMX_XRGB8888	SHMX_FOURCC('X', 'R', '2', '4')
#define SHMX_ARGB8888	SHMX_FOURCC('A', 'R', '2', '4')
#define SHMX_XBGR8888	SHMX_FOURCC('X', 'B', '2', '4')
#define SHMX_RGB565	SHMX_FOURCC('R', 'G', '1', '6')
#define SHMX_XRGB2101010 SHMX_FOURCC('X', 'R', '3', '0')
#define SHMX_RGB888	SHMX_FOURCC('R', 'G', '2', '4')
#define SHMX_R8		SHMX_FOURCC('R', '8', ' ', ' ')

/* Bytes in one pixel of a format; 0 for a format that is not listed above. */
unsigned
shmx_format_bytes(uint32_t format);

/* "XRGB8888" for SHMX_XRGB8888; "unknown" where it is.  Static storage. */
const char *
shmx_format_name(uint32_t format);

/* --------------------------------------------------------------- types -- */

/*
 * What the elements of a stream consist of; numbered as in SHMX v2.0.  Little
 * endian, as in the memory of the machine.  SHMX_BOOL is a byte, 0 or 1;
 * SHMX_F16 is IEEE 754 binary16, SHMX_BF16 the upper half of a binary32.
 */
enum shmx_element_type {
	SHMX_BOOL = 1,
	SHMX_I8,
	SHMX_U8,
	SHMX_I16,
	SHMX_U16,
	SHMX_I32,
	SHMX_U32,
	SHMX_I64,
	SHMX_U64,
	SHMX_F16,
	SHMX_BF16,
	SHMX_F32,
	SHMX_F64,
};

/* Bytes of one component of a type; 0 for one that is not listed above. */
unsigned
shmx_element_bytes(uint32_t element_type);

/* "f32" for SHMX_F32; "unknown" where it is.  Static storage. */
const char *
shmx_element_name(uint32_t element_type);

/*
 * How elements of several components lie in memory: for points with three
 * components x x x ... y y y ... z z z ... (an array for each component) or
 * x y z x y z ... (an array of structures).
 */
enum shmx_stream_layout {
	SHMX_SOA = 0,
	SHMX_AOS = 1,
};

/*
 * A rectangle in pixels, (0, 0) the top left corner of the frame.  Left and
 * top may be negative and the far edges may lie outside where a function
 * says that it clips.
 */
struct shmx_rect {
	int32_t x;
	int32_t y;
	int32_t width;
	int32_t height;
};

/* ------------------------------------------------------------- producer -- */

struct shmx_producer;

enum shmx_stream_kind {
	SHMX_STREAM_IMAGE = 1,
	SHMX_STREAM_DATA,
};

/*
 * A part of what a ring's frames carry, declared when the ring is made or by
 * shmx_producer_add_stream(), and readable by every peer in the ring's
 * directory.  All pointers are borrowed for the call.
 *
 * A frame is one picture, or none, and any number of arrays of numbers, all
 * published in the same instant:
 *
 *	const struct shmx_stream streams[] = {
 *		{ .kind = SHMX_STREAM_IMAGE, .id = 1, .name = "picture",
 *		  .width = 800, .height = 600, .format = SHMX_XRGB8888 },
 *		{ .kind = SHMX_STREAM_DATA, .id = 2, .name = "energy",
 *		  .element_type = SHMX_F64, .capacity = 1 },
 *		{ .kind = SHMX_STREAM_DATA, .id = 3, .name = "positions",
 *		  .element_type = SHMX_F32, .components = 3,
 *		  .layout = SHMX_SOA, .capacity = 100000 },
 *	};
 */
struct shmx_stream {
	enum shmx_stream_kind kind;
	uint32_t id;			/* the caller's number, not 0 */
	const char *name;		/* UTF-8, at most 63 bytes */

	/* SHMX_STREAM_IMAGE: the largest frame that will be published. */
	uint32_t width;			/* 1 to SHMX_SIDE_MAX */
	uint32_t height;		/* 1 to SHMX_SIDE_MAX */
	uint32_t format;		/* SHMX_XRGB8888 ... */

	/* SHMX_STREAM_DATA: an array of elements. */
	uint32_t element_type;		/* enum shmx_element_type */
	uint32_t components;		/* of each element; 0 means 1 */
	uint32_t layout;		/* enum shmx_stream_layout */
	uint32_t capacity;		/* elements in a frame at most */

	/* Anything else that readers should know: units, a schema ... */
	const void *extra;
	uint32_t extra_bytes;		/* 0: none */
};

enum shmx_producer_flags {
	/*
	 * Start no service thread.  The caller polls shmx_producer_fd() and
	 * calls shmx_producer_service() when it is readable; until it does,
	 * nobody can attach and the dead are not reaped.
	 */
	SHMX_NO_THREAD = 1 << 0,
	/*
	 * Keep the ring in /dev/shm/NAME, where readers of SHMX v2.0 find it,
	 * with the header and checksum that they want of each frame; slots
	 * are rounded up to a power of two.  Every process of this user can
	 * write to it, so what is said of frames that do not change while held
	 * is said of well-behaved processes only.
	 */
	SHMX_NAMED = 1 << 1,
	/*
	 * With SHMX_NAMED: fill header and checksum, which read the whole
	 * frame, only while a reader of SHMX v2.0 is there.  It sees the first
	 * frame that is published after it came.
	 */
	SHMX_LAZY_CHECKSUM = 1 << 2,
	/*
	 * Let other processes publish into this ring as well: see
	 * shmx_producer_join().  Whoever may open the ring may then write to
	 * all of it, so that what is said of held frames is said of
	 * well-behaved processes only.
	 */
	SHMX_MULTI_WRITER = 1 << 3,
	/*
	 * Admit readers with SHMX_EVERY, and wait for them: shmx_begin() then
	 * sleeps while each slot has a frame that one of them has not held.
	 * Not with SHMX_MULTI_WRITER.
	 */
	SHMX_ALLOW_EVERY = 1 << 4,
	/*
	 * Say in the directory that viewers may send the keys and the pointer
	 * of their windows: see shmx_input_receive().  Needs an image.
	 */
	SHMX_INPUT = 1 << 5,
};

enum shmx_log_level {
	SHMX_LOG_ERROR = 1,
	SHMX_LOG_WARNING,
	SHMX_LOG_INFO,
	SHMX_LOG_DEBUG,
};

/*
 * Called with one line without a newline, from the thread that noticed: for a
 * producer that may be its service thread.  level is an enum shmx_log_level,
 * data the caller's.  It must not call back into the library.
 */
typedef void shmx_log_fn(void *data, int level, const char *line);

/* Begin with SHMX_PRODUCER_OPTIONS_INIT; zero means the default. */
struct shmx_producer_options {
	size_t size;			/* set by the initialiser */
	/*
	 * At most one image among them, and that the first.  NULL and 0 for
	 * none yet, with frame_bytes to say how much a frame will take.
	 */
	const struct shmx_stream *streams;
	unsigned stream_count;		/* at most SHMX_STREAMS_MAX */
	unsigned slots;			/* default 8; at least history + 2 */
	unsigned history;		/* newest frames kept; default 1 */
	uint32_t flags;			/* enum shmx_producer_flags */
	shmx_log_fn *log;		/* NULL: SHMX_DEBUG=1 to stderr only */
	void *log_data;
	/*
	 * Room in each slot: each stream of a frame takes 24 bytes and its
	 * data, rounded up to a multiple of 16.  Default: what all streams
	 * take together when they are full.  Less than that is allowed where
	 * they never are (but for each one alone, beside the image).
	 */
	size_t frame_bytes;
	/*
	 * Room for the directory, rounded up so that pages are full: 40 bytes
	 * and name and extra for each stream.  Default: what the streams need.
	 */
	size_t directory_bytes;
	/*
	 * With SHMX_MULTI_WRITER: so many producers at one time, this one
	 * among them; at most SHMX_WRITERS_MAX, default 4.  Each but one takes
	 * two slots: there are 6 + history + 2 * writers - 1 by default, and
	 * readers may hold 6 frames.
	 */
	unsigned writers;
};

#define SHMX_PRODUCER_OPTIONS_INIT { sizeof(struct shmx_producer_options), \
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/*
 * Make a ring and own its name.  name is [A-Za-z0-9._-]{1,64}; a leading "/"
 * is ignored.  The ring lives in anonymous sealed memory, unless it is
 * SHMX_NAMED; nothing of it outlives the processes that use it, but that a
 * named ring whose producer was killed keeps its name until the next producer
 * takes it.  Its socket stands in $SHMX_DIR, else
 * $XDG_RUNTIME_DIR/shmx, else /run/user/UID/shmx, else /tmp/shmx-UID.
 *
 * The readers of the ring may together hold slots - history - 1 frames at a
 * time (6 by default); with that the producer never waits and never drops.
 * (Of several producers, one may find all others faster 64 times in a row.)
 *
 * Errors: -EINVAL bad name, streams, size, format, slots or flags; -EEXIST two
 * streams have the same id, or something else than a ring of yours stands in
 * /dev/shm under that name; -E2BIG options of a newer version; -EADDRINUSE a
 * live producer owns the name; -ENOMEM the slots do not fit into the memory
 * that there is (the message says how many would); -EMFILE no descriptors;
 * -EACCES or another errno, the directory of sockets cannot be used.
 * Threads: any.  *out is the caller's, to be closed with
 * shmx_producer_close().
 */
int
shmx_producer_open(struct shmx_producer **out, const char *name,
		   const struct shmx_producer_options *options);

/*
 * The same for the usual case: one image stream, everything else by default.
 */
int
shmx_producer_open_image(struct shmx_producer **out, const char *name,
			 uint32_t width, uint32_t height, uint32_t format);

/*
 * Go on in a larger ring, or in any other: with other streams, or more slots
 * for more readers.  options are as for shmx_producer_open(), where 0 slots and
 * 0 history mean as many as there were; flags and log stay what they are, and
 * have to be 0 here.
 *
 * Nobody is cut off.  Readers go over by themselves, with as many holds as
 * they have, once they have held what they want of the old ring; what they
 * hold in it stays what it is, and sequence numbers go on.  The ring_id of
 * frames changes, and shmx_damage_since() does not reach back.  A reader that
 * is stopped keeps its old ring's memory, and no more, however often the ring
 * grows; everybody else gives it back.  Until the new ring has a frame, who
 * attaches finds the last one of the old ring.
 *
 * A frame that was begun is lost, and its pixels are gone: begin again.
 *
 * Errors, after which everything is as before: -EBUSY the readers were granted
 * more holds than the new ring would have; -ENOTSUP a ring in /dev/shm
 * (SHMX_NAMED) or of several producers stays as large as it is; and those of
 * shmx_producer_open() that are about options, memory and descriptors.
 * Threads: the one that begins and publishes.
 */
int
shmx_producer_grow(struct shmx_producer *producer,
		   const struct shmx_producer_options *options);

/* Begin with SHMX_JOIN_OPTIONS_INIT; zero means the default. */
struct shmx_join_options {
	size_t size;			/* set by the initialiser */
	uint32_t flags;			/* SHMX_NO_THREAD, or 0 */
	const char *label;		/* who we are; default program name */
	shmx_log_fn *log;
	void *log_data;
};

#define SHMX_JOIN_OPTIONS_INIT { sizeof(struct shmx_join_options), \
	0, 0, 0, 0 }

/*
 * Join the producer that opened a ring with SHMX_MULTI_WRITER, the ring's host,
 * and publish into it side by side: each begins and publishes as if it were
 * alone.  What streams there are is the host's to say, as it is when we join.
 *
 * Frames have one order, that of their sequence numbers, and a reader is never
 * given one older than what it had.  Two that are published in the same
 * instant may reach a reader that follows in order as the later one alone.
 * shmx_frame.age is always 0, damage is not passed on.
 *
 * Any producer may be killed at any time; its unpublished frame is lost and
 * its slot is the others' again.  Should the host end the ring has ended, for
 * readers as well: from then on shmx_producer_state() says so, and what is
 * published is dropped and counted.
 *
 * Readers, their messages, growing and new streams are the host's: those
 * functions return -ENOTSUP for who joined.
 *
 * options may be NULL.  Errors: -EINVAL bad name or options; -ENOENT nobody
 * produces the ring; -ENOTSUP its producer does not share it; -EBUSY there are
 * as many producers as it allows; -EACCES another user's ring; -ETIMEDOUT the
 * host is stopped or does not serve; -ECONNRESET it ended meanwhile; -EPROTO
 * it does not speak the protocol; -ENOMEM, -EMFILE.
 * *out is the caller's, to be closed with shmx_producer_close().
 */
int
shmx_producer_join(struct shmx_producer **out, const char *name,
		   const struct shmx_join_options *options);

/*
 * 0 while the ring is there; -EPIPE for who joined it, once its host is gone or
 * has sent it away, for breaking the protocol.
 * Threads: the one that begins and publishes.
 */
int
shmx_producer_state(const struct shmx_producer *producer);

/*
 * Take the name back and end the service.  Readers keep what they hold, are
 * told that the producer is gone, and wait for the next one of this name.
 * NULL is allowed.
 */
void
shmx_producer_close(struct shmx_producer *producer);

/*
 * A frame being drawn.  shmx_begin() sets every member; the caller may change
 * width and height (never above what begin set), sim_time and input_sequence,
 * adds damage with shmx_damage() and data with shmx_frame_append().
 */
struct shmx_frame {
	void *pixels;			/* row 0; page-aligned; or NULL */
	size_t stride;			/* bytes from row to row */
	uint32_t width;
	uint32_t height;
	uint32_t format;
	/*
	 * How many publishes ago the slot's content was published: 1 means
	 * that it is the frame before this one, 0 that it is not defined and
	 * everything has to be drawn.
	 */
	uint32_t age;
	double sim_time;		/* the simulation's own, any unit */
	uint64_t input_sequence;	/* last input seen, for the reader */
	uint32_t damage_count;		/* 0: all of the frame is new */
	struct shmx_rect damage[SHMX_DAMAGE_MAX];
	/* The library's. */
	uint32_t slot;
	uint64_t begun_ns;
	void *payload;
	uint32_t payload_bytes;
	uint32_t tlv_count;
};

/*
 * Begin a frame: *frame describes a free slot, and frame->pixels is the slot
 * itself.  Never fails, and waits for nobody but readers with SHMX_EVERY, where
 * SHMX_ALLOW_EVERY admits them: until one has made room or is gone, or a signal
 * comes.  With SHMX_NO_THREAD it serves readers meanwhile.  Should no slot be
 * free all the same (a reader broke the protocol, or a signal came), pixels is
 * scratch memory of the same shape, and shmx_publish() counts a dropped frame.
 * Beginning again without publishing hands out the same slot again.
 *
 * No system call, unless it waits.  Threads: one thread at a time.
 */
void
shmx_begin(struct shmx_producer *producer, struct shmx_frame *frame);

/*
 * Say that only this part of the frame differs from the frame published
 * before it.  Clipped to the frame.  More than SHMX_DAMAGE_MAX rectangles are
 * merged into their bounding box.
 */
void
shmx_damage(struct shmx_frame *frame, int32_t x, int32_t y, int32_t width,
	    int32_t height);

/*
 * Put a data stream into the frame: room for that many elements, in the slot
 * itself.  *data, aligned to 16 bytes (to a page, where it is the first and
 * there is no image), is to be filled before shmx_publish(); what is in it
 * until then is not defined.  For SHMX_SOA the array of each component has
 * `elements` elements.  Every stream may be in a frame once or not at all;
 * the image always is.
 *
 * Errors: -ENOENT no data stream of that id in the ring; -EEXIST it is in the
 * frame already; -EOVERFLOW more elements than its capacity; -ENOSPC more
 * than the frame has room for; -EINVAL the frame is not begun.  The frame is
 * then as it was.  No system call.  Threads: shmx_begin()'s.
 */
int
shmx_frame_append(struct shmx_producer *producer, struct shmx_frame *frame,
		  uint32_t stream_id, uint32_t elements, void **data);

/* The same, with the data copied from where it is. */
int
shmx_frame_append_copy(struct shmx_producer *producer,
		       struct shmx_frame *frame, uint32_t stream_id,
		       uint32_t elements, const void *data);

/*
 * Add a data stream to the ring's directory; it may be in frames that are
 * begun from now on.  Readers see another shmx_reader_generation(), and know
 * the stream when they meet it in a frame.
 *
 * Errors: -EINVAL no such stream is possible, or it is an image; -EEXIST the
 * ring has a stream of that id; -ENOSPC the directory (see directory_bytes)
 * is full, there are SHMX_STREAMS_MAX, or no frame has room for the stream
 * beside the image; -ENOMEM.  Threads: shmx_begin()'s.
 */
int
shmx_producer_add_stream(struct shmx_producer *producer,
			 const struct shmx_stream *stream);

/*
 * Publish the frame that shmx_begin() gave.  From here on its pixels belong
 * to the readers; the caller keeps no pointer into them.  Wait-free; one
 * system call for each reader that sleeps, none otherwise.
 *
 * Returns the frame's sequence number (1, 2, 3 ...), or 0 if it was dropped
 * because no slot was free.
 */
uint64_t
shmx_publish(struct shmx_producer *producer, struct shmx_frame *frame);

struct shmx_producer_stats {
	uint64_t published;		/* frames, since opened */
	uint64_t dropped;		/* frames for which no slot was free */
	uint64_t wakes;			/* sleeping readers woken */
	uint64_t attached;		/* readers ever attached */
	uint64_t reaped;		/* readers that left or died */
	uint32_t readers;		/* attached now */
	uint32_t holds_granted;		/* of holds_total */
	uint32_t holds_total;
	uint32_t slots;
	uint32_t slots_held;		/* slots in some reader's hand now */
	uint64_t bytes;			/* memory of the ring */
	uint64_t refused;		/* attempts to attach */
	uint64_t evicted;		/* readers sent away */
	uint64_t waited_ns;		/* for readers that get every frame */
};

/* size is sizeof(struct shmx_producer_stats) as the caller knows it. */
void
shmx_producer_stats(struct shmx_producer *producer,
		    struct shmx_producer_stats *stats, size_t size);

/*
 * With SHMX_NO_THREAD: a borrowed descriptor that is readable when
 * shmx_producer_service() has work, for poll, epoll or any loop.  -1 with the
 * thread.
 */
int
shmx_producer_fd(const struct shmx_producer *producer);

/*
 * With SHMX_NO_THREAD: admit, greet and reap readers; never sleeps.  Returns
 * 0, or -EINVAL when a thread does it.  Call it from the producer's thread.
 */
int
shmx_producer_service(struct shmx_producer *producer);

/* ------------------------------------------------------ who is attached -- */

/*
 * A reader, as the producer sees it.  From last_seen on it is what the reader
 * says of itself.  One of SHMX v2.0 is called that, has no pid that could be
 * known, and holds nothing.
 */
struct shmx_reader_snapshot {
	uint64_t id;			/* never given to another */
	int32_t pid;
	uint32_t holds_granted;
	uint32_t holds_used;
	uint32_t every;			/* 1: it gets every frame */
	char label[64];			/* what it calls itself */
	uint64_t holding[SHMX_HOLDS_MAX]; /* sequences, holds_used of them */
	uint64_t last_seen;		/* sequence held last */
	uint64_t secured;		/* if every: none before is missing */
	uint64_t held;			/* frames held, each counted once */
	uint64_t skipped;		/* frames passed over */
	uint64_t presented_sequence;	/* on screen last, and when */
	uint64_t presented_ns;
	uint64_t seen_ns;		/* when it did what with a frame last */
	uint64_t put_ns;
	uint64_t completed_ns;
	uint64_t phase_ns;
};

/*
 * Look at the attached readers: up to max of them are written to out, size is
 * sizeof(struct shmx_reader_snapshot) as the caller knows it.  Returns how
 * many there are.  Threads: any.
 */
int
shmx_producer_readers(struct shmx_producer *producer,
		      struct shmx_reader_snapshot *out, size_t size,
		      unsigned max);

/*
 * Send a reader away, such as one that is stopped and keeps frames that others
 * want: what it holds returns to the producer at once, shmx_hold_valid() tells
 * it so, and its next call returns -EPIPE with `why`, one line, borrowed, or
 * NULL for no reason.  It may ask to be attached again.  -ENOENT: no reader of
 * that id is attached.  Threads: any, also while another is in shmx_begin().
 */
int
shmx_producer_evict(struct shmx_producer *producer, uint64_t reader,
		    const char *why);

/*
 * With SHMX_NAMED: free the records of readers of SHMX v2.0 whose heartbeat
 * has not moved for timeout_ns; returns how many there were.  Nobody can tell
 * whether they are dead or stopped, so nothing does this by itself: a v2.0
 * reader that was killed keeps its record, and nothing else.  Threads: any.
 */
int
shmx_producer_reap_stale(struct shmx_producer *producer,
			 uint64_t timeout_ns);

/* ------------------------------------------------ messages from readers -- */

/* The longest message that a reader can send. */
#define SHMX_CONTROL_MAX	2024

/* Types that the library uses; all others but 0 are the application's. */
enum shmx_control_type {
	SHMX_CONTROL_HELLO = 0x48454C4F,	/* a reader has attached */
	SHMX_CONTROL_BYE = 0x4259455F,		/* it is gone, dead or alive */
	SHMX_CONTROL_INPUT = 0x494E5054,	/* see shmx_input_decode() */
};

/* A message, and who sent it. */
struct shmx_control {
	uint64_t reader;		/* its id: never given to another */
	int32_t pid;
	uint32_t type;
	char label[64];			/* what it calls itself */
	uint32_t bytes;			/* of data */
	const void *data;		/* valid until the next call */
};

/*
 * Receive what readers sent with shmx_control_send(): 0, or -EAGAIN when there
 * is nothing.  *out is the caller's; out->data is borrowed, aligned to 8 bytes
 * and a copy that no reader can change any more.
 *
 * Of each reader comes, in order, SHMX_CONTROL_HELLO, all that it sent, and
 * SHMX_CONTROL_BYE: also when it was killed, and then too what it had sent
 * before comes first.  A message is whole or was never sent.  Readers take
 * turns.  A reader that writes something else into its messages is detached.
 *
 * What nobody asks for costs nothing: a reader whose messages are not taken
 * cannot send any more.  Of readers that came and went before anything of them
 * was received, the last 64 are remembered.
 *
 * No system call.
 */
int
shmx_control_receive(struct shmx_producer *producer, struct shmx_control *out);

/*
 * Sleep until there is something to receive: 0.  -ETIMEDOUT after timeout_ms
 * milliseconds (-1: never), -EINTR on a signal.  With SHMX_NO_THREAD it serves
 * readers meanwhile.
 */
int
shmx_control_wait(struct shmx_producer *producer, int timeout_ms);

/* -------------------------------------------------- input from viewers -- */

/*
 * A simulation can be used with keyboard and pointer without knowing of any
 * window: it opens its ring with SHMX_INPUT, and whoever shows the ring sends
 * what its window hears, as `shmx view` does.
 *
 *	struct shmx_input in;
 *
 *	while (shmx_input_receive(producer, &in, NULL) == 0)
 *		if (in.kind == SHMX_INPUT_BUTTON && in.pressed)
 *			... at in.x, in.y of the picture ...
 *
 * Of each viewer, and there may be several at once, comes a consistent story.
 * What is released or repeats was pressed before, by the same one; and what it
 * has not released when it leaves, or is killed, the library releases before
 * it says SHMX_CONTROL_BYE.  One viewer can press SHMX_INPUT_HELD_MAX keys and
 * buttons at a time; what is more, or makes no sense, is passed over.
 *
 * Input is not trusted and can be anything else that a person might do: a
 * pointer may be outside of the picture, and it may move without an enter.
 */
enum shmx_input_kind {
	SHMX_INPUT_KEY = 1,	/* keysym, keycode, pressed, repeat */
	SHMX_INPUT_TEXT,	/* text: what was typed */
	SHMX_INPUT_MOTION,	/* x, y; dx, dy: how far, in the window */
	SHMX_INPUT_BUTTON,	/* x, y, button, pressed */
	SHMX_INPUT_SCROLL,	/* x, y; dx, dy: notches, right and up */
	SHMX_INPUT_RESIZE,	/* width, height: of the viewer's window */
	SHMX_INPUT_FOCUS,	/* focused: do keys go to the window? */
	SHMX_INPUT_ENTER,	/* x, y: the pointer came into the window */
	SHMX_INPUT_LEAVE,	/* it has left */
};

enum shmx_input_modifiers {
	SHMX_INPUT_MOD_SHIFT = 1 << 0,
	SHMX_INPUT_MOD_CTRL = 1 << 1,
	SHMX_INPUT_MOD_ALT = 1 << 2,
	SHMX_INPUT_MOD_SUPER = 1 << 3,
};

#define SHMX_INPUT_TEXT_MAX	63
#define SHMX_INPUT_HELD_MAX	16

struct shmx_input {
	enum shmx_input_kind kind;	/* says which members are set */
	uint32_t modifiers;		/* enum shmx_input_modifiers */
	/*
	 * Who sent it, as in struct shmx_control.  The sender leaves this 0,
	 * and sequence, which counts from 1 what it sends.  A producer may put
	 * it into the frame that shows the effect (input_sequence); 0 for what
	 * the library released.
	 */
	uint64_t reader;
	int32_t pid;
	uint64_t sequence;
	uint64_t time_ns;		/* of CLOCK_MONOTONIC; 0: now */
	double x;			/* pixels of the picture */
	double y;
	double dx;
	double dy;
	uint32_t keysym;		/* as in xkbcommon-keysyms.h */
	uint32_t keycode;		/* evdev's number + 8; 0: not known */
	uint32_t button;		/* 1 left, 2 middle, 3 right; to 255 */
	bool pressed;
	bool repeat;			/* it is still pressed */
	bool focused;
	uint32_t width;
	uint32_t height;
	/* UTF-8 without control characters: keys have those. */
	char text[SHMX_INPUT_TEXT_MAX + 1];
};

/*
 * Receive what readers sent: 0 and *in; 1 and *other, as
 * shmx_control_receive() has it, when the next message is something else, a
 * hello, a goodbye or the application's own; or an error of that function's.
 * With other NULL nobody wants those, and they are passed over.
 *
 * shmx_control_receive() and this receive the same messages in the same order;
 * the former has input as SHMX_CONTROL_INPUT.  shmx_control_wait() waits for
 * either.
 */
int
shmx_input_receive(struct shmx_producer *producer, struct shmx_input *in,
		   struct shmx_control *other);

/*
 * What a message that was received says: 0; -ENOMSG it is not of type
 * SHMX_CONTROL_INPUT; -EPROTO it makes no sense, or not to this version, which
 * is not so with those that a producer with SHMX_INPUT receives.
 */
int
shmx_input_decode(const struct shmx_control *message, struct shmx_input *in);

/* --------------------------------------------------------------- reader -- */

struct shmx_reader;
struct shmx_hold;

enum shmx_reader_flags {
	/*
	 * Succeed even when nobody produces the ring yet; the reader attaches
	 * by itself as soon as somebody does.
	 */
	SHMX_WAIT = 1 << 0,
	/*
	 * Get every frame, in order, from the newest at the time of attaching
	 * on, and have the producer wait where this reader is too slow.  Use
	 * shmx_hold_next().  A reader that stops reading stops the producer,
	 * and never has less than one hold to spare: keep what is held no
	 * longer than need be.  -ENOTSUP where the producer did not ask for
	 * such readers (SHMX_ALLOW_EVERY).
	 */
	SHMX_EVERY = 1 << 1,
	/*
	 * Attach to sealed memory only, which nobody can cut short any more.
	 * Who can write to a ring in /dev/shm (SHMX_NAMED, or of SHMX v2.0),
	 * which is every process of this user, could, and a SIGBUS would end
	 * whoever looks at what is gone.  -ENOTSUP for such a ring; found
	 * later, it is logged as a warning, once, and not attached to.
	 */
	SHMX_SEALED = 1 << 2,
};

/* Begin with SHMX_READER_OPTIONS_INIT; zero means the default. */
struct shmx_reader_options {
	size_t size;			/* set by the initialiser */
	unsigned holds;			/* frames held at once; default 2 */
	uint32_t flags;			/* enum shmx_reader_flags */
	const char *label;		/* who we are; default program name */
	shmx_log_fn *log;
	void *log_data;
};

#define SHMX_READER_OPTIONS_INIT { sizeof(struct shmx_reader_options), \
	0, 0, 0, 0, 0 }

/*
 * Attach to the ring of that name.  options may be NULL.  Where no producer of
 * this library has that name, a server of SHMX v2.0 in /dev/shm/NAME will do:
 * its frames are copied as they are noticed, some milliseconds late.
 *
 * Errors: -EINVAL bad name or options; -ENOENT no producer of that name (not
 * with SHMX_WAIT); -EBUSY all holds are granted (the message names the
 * readers that have them); -EACCES another user's ring; -ETIMEDOUT the
 * producer is stopped or does not serve; -ECONNRESET it ended meanwhile;
 * -EPROTO it does not speak the protocol; -ENOTSUP it admits no such reader,
 * or is none that this one would read (SHMX_SEALED); -E2BIG options of a newer
 * version; -ENOMEM, -EMFILE.
 * *out is the caller's, to be closed with shmx_reader_close().
 */
int
shmx_reader_open(struct shmx_reader **out, const char *name,
		 const struct shmx_reader_options *options);

/*
 * Detach.  Holds that are still referenced stay valid until they are
 * released.  NULL is allowed.
 */
void
shmx_reader_close(struct shmx_reader *reader);

enum shmx_reader_state {
	SHMX_ABSENT,		/* nobody produces the ring */
	SHMX_GREETING,		/* a producer was found and asked */
	SHMX_ATTACHED,		/* frames may arrive */
};

/*
 * Where the reader stands.  After the producer's death it is SHMX_ABSENT,
 * what it holds stays valid, and it attaches to the next producer by itself
 * (in shmx_wait() or shmx_reader_dispatch()).
 */
enum shmx_reader_state
shmx_reader_state(const struct shmx_reader *reader);

/*
 * Why the reader is not attached, in words (the last refusal, or that the
 * producer ended); "" while all is well.  Borrowed until the next call.
 */
const char *
shmx_reader_trouble(const struct shmx_reader *reader);

/*
 * Sleep until a frame newer than the last one held is there: 0.  -ETIMEDOUT
 * after timeout_ms milliseconds (-1: never), -EPIPE as soon as the producer is
 * found to be gone or to have sent the reader away (once; the next call waits
 * for its successor, or to be let in again), -EINTR on a signal.  Spins for a
 * short, adaptive time first unless SHMX_NO_SPIN=1.
 */
int
shmx_wait(struct shmx_reader *reader, int timeout_ms);

/*
 * For loops of one's own.  shmx_reader_fd() is a borrowed descriptor, the
 * same for the reader's whole life, that becomes readable when
 * shmx_reader_dispatch() has something to do.  Before sleeping on it call
 * shmx_reader_arm(): 0 when it will wake for the next frame, -EAGAIN when a
 * new frame is there already and sleeping would be wrong.
 * shmx_reader_dispatch() never sleeps and returns 0, or -EPIPE when this very
 * call found the producer gone.
 */
int
shmx_reader_fd(const struct shmx_reader *reader);
int
shmx_reader_arm(struct shmx_reader *reader);
int
shmx_reader_dispatch(struct shmx_reader *reader);

/*
 * Hold the newest frame.  *out is a reference that the caller gives back with
 * shmx_release().  Holding a frame that this reader holds already takes
 * another reference to the same hold.
 *
 * Errors: -EAGAIN nothing has been published yet (or, after 64 tries, the
 * producer laps us: keep the frame there is); -EBUSY every granted hold is in
 * use; -EPROTO the ring says nonsense (the reader detaches); -EPIPE the
 * producer sent the reader away, or has grown the ring and there is no memory
 * or descriptor here to follow (it has detached); -ENOTSUP the reader gets
 * every frame, by shmx_hold_next().
 * No system call, but when the ring has grown.
 */
int
shmx_hold_latest(struct shmx_reader *reader, struct shmx_hold **out);

/*
 * Hold the frame that follows the last one held, in order; at first, the oldest
 * of those that the ring's history keeps.  Frames that were overwritten before
 * they could be held are skipped and counted in shmx_frame_info.skipped; with
 * SHMX_EVERY none ever is.  -EAGAIN when there is no newer frame.  Needs a ring
 * with a history of at least 2 or SHMX_EVERY, else -ENOTSUP.  Otherwise as
 * shmx_hold_latest().  No system call, unless the producer waits for this
 * reader.
 */
int
shmx_hold_next(struct shmx_reader *reader, struct shmx_hold **out);

/* One more reference.  Returns hold.  Threads: any. */
struct shmx_hold *
shmx_hold_ref(struct shmx_hold *hold);

/*
 * Is the frame still what it was when it was held?  Always, unless the
 * producer sent the reader away (shmx_producer_evict(), or for breaking the
 * protocol): then never again.  What was read before true was returned was
 * right.  No system call.  Threads: any.
 */
bool
shmx_hold_valid(const struct shmx_hold *hold);

/*
 * Give a reference back; with the last one the slot returns to the producer
 * and every pointer into it is dead.  NULL is allowed.  No system call while
 * the reader is open.  Threads: any, also after shmx_reader_close().
 */
void
shmx_release(struct shmx_hold *hold);

/*
 * What is known of a held frame; valid as long as the hold.  A frame without a
 * picture has width, height, stride and format 0.
 */
struct shmx_frame_info {
	uint64_t sequence;		/* 1, 2, 3 ... of this producer */
	uint64_t skipped;		/* frames passed over since the last */
	uint32_t width;
	uint32_t height;
	uint32_t stride;
	uint32_t format;
	double sim_time;
	uint64_t input_sequence;
	uint64_t begun_ns;		/* CLOCK_MONOTONIC of the producer */
	uint64_t published_ns;
	uint32_t damage_count;		/* since the frame before it; 0: all */
	struct shmx_rect damage[SHMX_DAMAGE_MAX];
	/*
	 * Where the pixels lie, for those who pass the slot on without mapping
	 * it: the ring's memory, borrowed and valid while held, the same
	 * ring_id for every frame in it and never reused by this process
	 * (another producer has another ring, and so has one that grew), and
	 * the offset of row 0 in it.
	 */
	int memory_fd;
	uint64_t memory_bytes;
	uint64_t ring_id;
	uint64_t offset;
	/* All of its streams as they lie there, as TLVs. */
	uint64_t payload_offset;
	uint32_t payload_bytes;
	uint32_t tlv_count;
	/*
	 * Of a server of SHMX v2.0, which would overwrite it: the reader copied
	 * it, and that is when it was begun and published.
	 */
	bool copied;
};

const struct shmx_frame_info *
shmx_frame_info(const struct shmx_hold *hold);

/*
 * The pixels of row 0, read-only, mapped at the first call for this ring (a
 * viewer that only passes slots on never maps them).  NULL when that fails or
 * the frame has no picture; shmx_error() says why.  Valid until the hold is
 * released.  The memory is the producer's: a hostile one may still change it,
 * so whoever parses it (rather than looks at it) copies it first.
 */
const void *
shmx_frame_pixels(struct shmx_hold *hold);

/* A stream of a held frame. */
struct shmx_stream_view {
	enum shmx_stream_kind kind;
	uint32_t id;
	uint32_t element_type;		/* enum shmx_element_type; or unknown */
	uint32_t components;
	uint32_t layout;		/* enum shmx_stream_layout */
	uint32_t elements;		/* of an image: pixels, with padding */
	size_t bytes;
	const void *data;		/* read-only, aligned to 16 */
	/*
	 * Component c of element i lies at data + i * element_stride +
	 * c * component_stride.
	 */
	size_t element_stride;
	size_t component_stride;
	uint64_t reserved[2];
};

/*
 * A stream of a held frame, where it lies: no copy is made, and *view is good
 * until the hold is released.  A stream that the directory does not know
 * (SHMX v2.0 allows that) has element_type, components and strides 0.
 *
 * Whatever a hostile producer does, data and bytes stay inside the ring; what
 * is in them it can change at any time, so whoever parses it rather than
 * computes with it takes shmx_frame_stream_copy().
 *
 * Errors: -ENOENT the frame has no such stream; -EPROTO the frame or the
 * ring's directory is malformed; -EAGAIN the directory is being changed;
 * -ENOMEM and others when the ring cannot be mapped.  No system call but at
 * the first call for a ring, and after the directory has changed.
 * Threads: any.
 */
int
shmx_frame_stream(struct shmx_hold *hold, uint32_t id,
		  struct shmx_stream_view *view);

/*
 * All streams of a held frame, in the order in which they were put into it:
 * the first max of them in views[].  Returns how many there are in all, or an
 * error as above but -ENOENT; views[] is not defined then.
 */
int
shmx_frame_streams(struct shmx_hold *hold, struct shmx_stream_view *views,
		   unsigned max);

/*
 * As shmx_frame_stream(), with the data copied into size bytes at buf, which
 * nobody changes behind the caller's back.  -ENOSPC when they are too few.
 */
int
shmx_frame_stream_copy(struct shmx_hold *hold, uint32_t id, void *buf,
		       size_t size, struct shmx_stream_view *view);

/*
 * The part of a held frame that differs from the frame of that sequence
 * number in the same ring (compare ring_id first: every producer counts
 * from 1): the union of the damage between.  false when the ring no longer
 * knows (more than 64 frames ago): take all of it; *rect is then the whole
 * frame.  An empty rectangle means that nothing changed.
 */
bool
shmx_damage_since(const struct shmx_hold *hold, uint64_t sequence,
		  struct shmx_rect *rect);

/*
 * Where a frame got to in the reader's hands.  For each the record keeps the
 * time of the last frame and a histogram of how long after its publishing
 * frames got there, for the producer and for who inspects the ring.
 */
enum shmx_stage {
	SHMX_STAGE_HELD,		/* held: noted by the library itself */
	SHMX_STAGE_PUT,			/* handed to what shows it */
	SHMX_STAGE_COMPLETED,		/* which is done reading it */
	SHMX_STAGE_PRESENTED,		/* on screen */
};
#define SHMX_STAGES 4

/*
 * Note when a held frame got to a stage after SHMX_STAGE_HELD; call it once
 * for each frame and stage.  when_ns is of CLOCK_MONOTONIC.  A few stores, no
 * system call.  libshmfb does it for the frames that it shows.
 */
void
shmx_feedback(struct shmx_hold *hold, enum shmx_stage stage,
	      uint64_t when_ns);

/*
 * Tell the producer when a frame was on screen: its reader record keeps the
 * sequence and the time of the last one.  The same as shmx_feedback() with
 * SHMX_STAGE_PRESENTED.
 */
void
shmx_presented(struct shmx_hold *hold, uint64_t when_ns);

/*
 * Those histograms: bucket 0 counts what took less than 320 ns, and each of
 * the others is a quarter of an octave long, the last without an end.
 *
 * shmx_latency_percentile() is the time that percent (0 to 100) of what is
 * counted did not exceed, rounded up to the end of its bucket: 100 is the
 * longest; 0 when nothing is counted.
 */
#define SHMX_LATENCY_BUCKETS 96

uint64_t
shmx_latency_percentile(const uint32_t buckets[SHMX_LATENCY_BUCKETS],
			double percent);

/*
 * Send the producer a message of the application's own: type is any number
 * but 0 and those of enum shmx_control_type, data is borrowed.  0 when it is
 * there to be received, also should this process be killed next.
 *
 * Errors: -ENOBUFS the producer has not received enough of what was sent
 * before (2032 bytes; a message takes 8 and what it is long, rounded up to
 * 16): try again later, or let it be; -EMSGSIZE it is longer than
 * SHMX_CONTROL_MAX; -EINVAL a type of the library's; -EPIPE the reader is not
 * attached.
 *
 * No system call, unless the producer sleeps in shmx_control_wait().
 * Threads: any, until shmx_reader_close().
 */
int
shmx_control_send(struct shmx_reader *reader, uint32_t type, const void *data,
		  size_t bytes);

/*
 * Send the producer what a window heard.  What does not belong to its kind is
 * not sent; positions are rounded to 1/256.
 *
 * Errors: -ENOTSUP the producer does not want any (SHMX_INPUT; see also
 * shmx_image_info.input); -EINVAL what it cannot be: an unknown kind, a button
 * of 0, text that is empty, too long or not UTF-8; -EAGAIN the directory is
 * being changed; else as for shmx_control_send().  At -ENOBUFS let motion be,
 * but send what is released later, in its order: a key is held until then.
 * Threads: any, until shmx_reader_close().
 */
int
shmx_input_send(struct shmx_reader *reader, const struct shmx_input *in);

struct shmx_reader_stats {
	uint64_t held;			/* frames held, each counted once */
	uint64_t skipped;		/* frames passed over */
	uint64_t sleeps;		/* times it went to sleep */
	uint64_t producers;		/* attached to, one after the other */
	uint32_t holds_granted;
	uint32_t holds_used;
	uint32_t slots;			/* of the ring */
	uint32_t history;
	int32_t producer_pid;		/* 0 while SHMX_ABSENT */
	uint64_t sent;			/* messages to the producer */
	uint64_t unsent;		/* not sent, for lack of room */
};

void
shmx_reader_stats(const struct shmx_reader *reader,
		  struct shmx_reader_stats *stats, size_t size);

/*
 * What the ring's directory says of its image stream, before any frame:
 * name (NUL-terminated), the largest width and height, the format.  -EAGAIN
 * while not attached; -ENOENT it carries no image; -EPROTO it is malformed;
 * -ENOMEM; -EAGAIN also while the directory is being changed.
 */
struct shmx_image_info {
	char name[64];
	uint32_t stream_id;
	uint32_t width;
	uint32_t height;
	uint32_t format;
	bool input;			/* it takes shmx_input_send() */
};

int
shmx_reader_image(const struct shmx_reader *reader,
		  struct shmx_image_info *info, size_t size);

/*
 * All that the ring's directory says, as it was at one instant: a snapshot of
 * one's own.  It outlives the reader.
 *
 * Errors: -EAGAIN while not attached, or while the directory is being
 * changed; -EPROTO it is malformed; -ENOMEM.  *out is the caller's, to be
 * freed with shmx_directory_free().
 */
struct shmx_directory;

int
shmx_reader_directory(const struct shmx_reader *reader,
		      struct shmx_directory **out);

/*
 * A number that is another one whenever the directory is another one, also
 * that of another producer: to know when to take a new snapshot, whose own
 * number shmx_directory_generation() is.  0 while not attached.  Cheap.
 */
uint64_t
shmx_reader_generation(const struct shmx_reader *reader);

uint64_t
shmx_directory_generation(const struct shmx_directory *directory);

/* How many streams there are. */
unsigned
shmx_directory_count(const struct shmx_directory *directory);

/*
 * The stream of that index, from 0 up in the order in which they were
 * declared, or of that id; NULL where there is none.  Borrowed, name and
 * extra too, as long as the directory.  components is at least 1; capacity is
 * 0 where it is not known (SHMX v2.0); extra is aligned to 8 bytes.  A name
 * is UTF-8, with '?' for what a terminal would obey rather than show.
 */
const struct shmx_stream *
shmx_directory_get(const struct shmx_directory *directory, unsigned index);
const struct shmx_stream *
shmx_directory_find(const struct shmx_directory *directory, uint32_t id);

/* NULL is allowed. */
void
shmx_directory_free(struct shmx_directory *directory);

/* ----------------------------------------------------------- inspecting -- */

/*
 * To look at a ring without taking part in it: as an inspector, which holds
 * no frame, is counted nowhere, and opens all memory for reading only.  What
 * it reads is copied, checked and then believed: neither a producer nor a
 * reader that writes nonsense can do more to it than be shown as nonsense.
 *
 * A producer that answers hands the memory out; that of one which is stopped
 * is found through /proc, and so is a ring whose producer has died while
 * readers keep it.
 */
struct shmx_inspector;
struct shmx_inspect_list;

enum shmx_ring_state {
	SHMX_RING_RUNNING = 1,		/* somebody produces it */
	SHMX_RING_PAUSED,		/* and says that it has paused */
	SHMX_RING_STOPPED,		/* its producer's process is stopped */
	SHMX_RING_ORPHANED,		/* its producer is gone; readers stay */
	SHMX_RING_OUTGROWN,		/* readers still keep a smaller one */
	SHMX_RING_LEFTOVER,		/* a named object that is nobody's */
};

enum shmx_ring_kind {
	SHMX_RING_NATIVE = 1,		/* sealed anonymous memory */
	SHMX_RING_NAMED,		/* an object in /dev/shm, of ours */
	SHMX_RING_V2,			/* one of SHMX v2.0 */
};

/* "running", "orphaned", ..., and "native", ...  Static storage. */
const char *
shmx_ring_state_name(enum shmx_ring_state state);
const char *
shmx_ring_kind_name(enum shmx_ring_kind kind);

/*
 * All rings of this user that can be found from here, by name.  Removes the
 * sockets of dead producers that it comes across.
 *
 * Errors: -ENOMEM; -EACCES or another errno, $SHMX_DIR is set to what cannot
 * be used.  *out is the caller's, to be freed with shmx_inspect_list_free().
 */
int
shmx_inspect_list(struct shmx_inspect_list **out);
void
shmx_inspect_list_free(struct shmx_inspect_list *list);

unsigned
shmx_inspect_count(const struct shmx_inspect_list *list);

struct shmx_inspect_entry {
	char name[SHMX_NAME_MAX + 1];
	enum shmx_ring_state state;
	enum shmx_ring_kind kind;
	int32_t pid;			/* of its producer; 0: not known */
	char program[32];		/* its name; "" */
	uint32_t holders;		/* other processes that keep it */
};

/* Entry i, which is below the count. */
void
shmx_inspect_get(const struct shmx_inspect_list *list, unsigned i,
		 struct shmx_inspect_entry *entry, size_t size);

/*
 * Inspect a ring: that of entry i, or the one of a name, which is the running
 * one if there are several.  A name may be that of an object in /dev/shm.
 *
 * Errors: -EINVAL bad name; -ENOENT no such ring; -EACCES it is another
 * user's; -EPROTO it is malformed; -ENOMEM, -EMFILE.  *out is the caller's,
 * to be closed with shmx_inspect_close().
 */
int
shmx_inspect_entry_open(struct shmx_inspector **out,
			const struct shmx_inspect_list *list, unsigned i);
int
shmx_inspect_open(struct shmx_inspector **out, const char *name);
void
shmx_inspect_close(struct shmx_inspector *inspector);

/* A ring, as a snapshot has it.  Offsets and sizes are in bytes. */
struct shmx_inspect_ring {
	char name[SHMX_NAME_MAX + 1];
	enum shmx_ring_state state;
	enum shmx_ring_kind kind;
	bool asked;			/* its producer answered */
	int32_t pid;
	char program[32];
	uint32_t holders;
	uint64_t taken_ns;		/* when the snapshot was taken */

	uint64_t session;
	uint64_t created_ns;
	uint32_t generation;		/* times it grew */
	uint32_t directory_generation;	/* times its streams changed, plus 1 */
	uint32_t writers_max;
	bool every;			/* lossless readers are admitted */

	uint64_t bytes;			/* of all of it */
	uint64_t directory_offset;
	uint64_t directory_bytes;
	uint64_t directory_used;
	uint64_t tables_offset;		/* what the ring itself needs */
	uint64_t tables_bytes;
	uint64_t readers_offset;	/* records, where they lie inside */
	uint64_t readers_bytes;
	uint64_t slots_offset;
	uint64_t slot_bytes;		/* from one to the next */
	uint64_t frame_bytes;		/* payload that a slot takes */

	uint32_t slots;
	uint32_t history;
	uint32_t holds_total;
	uint32_t holds_granted;

	/* How many shmx_inspect_slot() and the others have to tell of. */
	uint32_t slot_count;
	uint32_t reader_count;
	uint32_t stream_count;

	uint64_t latest;		/* sequence published last; 0: none */
	uint32_t latest_slot;
	uint64_t published;
	uint64_t dropped;		/* no slot was free */
	uint64_t refused;		/* attempts to attach */
	uint64_t evicted;		/* readers, because somebody said so */
	uint64_t wakes;
	uint64_t waited_ns;		/* for lossless readers */
	uint64_t checksummed;
};

/*
 * Look at the ring now.  What the functions below tell is of this moment,
 * until the next snapshot.  -EPIPE when the ring is gone, with everybody who
 * had it; -EPROTO when it is malformed; -ENOMEM.
 */
int
shmx_inspect_snapshot(struct shmx_inspector *inspector,
		      struct shmx_inspect_ring *ring, size_t size);

enum shmx_slot_state {
	SHMX_SLOT_FREE,			/* nothing in it */
	SHMX_SLOT_WRITING,		/* a frame is being drawn */
	SHMX_SLOT_PUBLISHED,		/* a frame is in it */
};

struct shmx_inspect_slot {
	enum shmx_slot_state state;
	bool latest;
	bool kept;			/* among the newest, by history */
	uint64_t sequence;		/* published, else 0 */
	uint64_t begun_ns;
	uint64_t published_ns;
	uint32_t width;			/* of its image; 0: none */
	uint32_t height;
	uint32_t format;
	uint32_t payload_bytes;
	uint32_t streams;		/* in the frame */
	uint32_t damage_count;		/* 0: all of it */
	uint64_t readers;		/* bit i: reader i holds it */
	uint32_t writer;		/* who of several; 0: the host */
};

struct shmx_inspect_reader {
	uint64_t id;
	int32_t pid;			/* 0: not known */
	char program[32];
	char label[64];
	bool v2;			/* an SHMX v2.0 client */
	bool every;			/* lossless */
	bool sleeping;
	bool evicted;
	uint32_t holds_granted;
	uint32_t holds_used;
	uint64_t sequence[SHMX_HOLDS_MAX]; /* of each hold; 0: not in use */
	uint64_t slots;			/* bit i: it holds slot i */
	uint64_t held;			/* frames, since it attached */
	uint64_t skipped;
	uint64_t seen;			/* sequence held last */
	uint64_t seen_ns;		/* when; 0: never */
	uint64_t put_ns;		/* as shmx_feedback() was told */
	uint64_t completed_ns;
	uint64_t presented_ns;
	uint64_t presented;		/* sequence */
	uint64_t heartbeat;		/* of v2.0 clients */
	uint32_t latency[SHMX_STAGES][SHMX_LATENCY_BUCKETS];
};

struct shmx_inspect_stream {
	uint32_t id;
	char name[64];
	uint32_t element_type;		/* as SHMX counts them: 7 is u32 */
	uint32_t components;
	uint32_t layout;
	uint32_t element_bytes;
	uint32_t width;			/* of an image; 0: it is none */
	uint32_t height;
	uint32_t stride;
	uint32_t format;
	/* In the latest frame. */
	bool present;
	uint32_t elements;
	uint32_t bytes;
};

/* Number i of the last snapshot; -EINVAL when there are not so many. */
int
shmx_inspect_slot(const struct shmx_inspector *inspector, unsigned i,
		  struct shmx_inspect_slot *slot, size_t size);
int
shmx_inspect_reader(const struct shmx_inspector *inspector, unsigned i,
		    struct shmx_inspect_reader *reader, size_t size);
int
shmx_inspect_stream(const struct shmx_inspector *inspector, unsigned i,
		    struct shmx_inspect_stream *stream, size_t size);

/*
 * Remove what a dead named ring left in /dev/shm.  -EBUSY when it is in use
 * (the message names by whom), -ENOENT when there is no such object, -EINVAL
 * when it is no ring, -EACCES when it is another user's.
 */
int
shmx_remove(const char *name);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* SHMX_SHMX_H */
