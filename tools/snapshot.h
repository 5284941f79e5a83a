/* SPDX-License-Identifier: MIT */
/*
 * snapshot.h - a ring as it is now, for the tools that show rings
 */
#ifndef TOOLS_SNAPSHOT_H
#define TOOLS_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <shmx/shmx.h>

enum { SNAPSHOT_STREAMS = 256, TEXT = 32 };

struct snapshot {
	struct shmx_inspect_ring ring;
	struct shmx_inspect_slot slot[SHMX_SLOTS_MAX];
	struct shmx_inspect_reader reader[SHMX_READERS_MAX];
	struct shmx_inspect_stream stream[SNAPSHOT_STREAMS];
};

/* Empty ones; dies where there is no memory.  To be freed. */
struct snapshot *
snapshot_new(void);

/*
 * Take it: 0, or what shmx_inspect_snapshot() says, and it is the one that was
 * taken before.
 */
int
snapshot_take(struct snapshot *s, struct shmx_inspector *inspector);

/*
 * Frames a second: by what was published between two snapshots of a ring, or,
 * where that was next to nothing, by when the newest frames were.  before may
 * be NULL.
 */
double
snapshot_rate(const struct snapshot *before, const struct snapshot *now);

/* Slots that a reader holds. */
unsigned
snapshot_held(const struct snapshot *s);

/* The first image stream, or NULL. */
const struct shmx_inspect_stream *
snapshot_image(const struct snapshot *s);

/* Is there somebody to publish? */
bool
snapshot_lives(const struct snapshot *s);

/* "640x480 XRGB8888", "f64 x3", ... */
void
stream_text(char text[2 * TEXT], const struct shmx_inspect_stream *stream);

/* "25.2 MB", "1.3 ms", "12.3k", each at most 8 columns wide. */
void
bytes_text(char text[TEXT], uint64_t bytes);
void
time_text(char text[TEXT], uint64_t ns);
void
count_text(char text[TEXT], uint64_t n);

/* "59.9", "1204", "12.3k" */
void
rate_text(char text[TEXT], double rate);

/* All of it, as one JSON object on one line. */
void
snapshot_print_json(const struct snapshot *s, double rate);

/* Without what each slot and reader does; without the braces. */
void
snapshot_print_summary(const struct snapshot *s, double rate);

#endif /* TOOLS_SNAPSHOT_H */
