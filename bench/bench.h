/* SPDX-License-Identifier: MIT */
/*
 * bench.h - what the benchmarks share: rounds, medians, tables, verdicts
 *
 * A benchmark is an array of rows: ways of doing something, each with a
 * function that does a short batch of it. The rows take turns, round after
 * round, in alternating direction, so that whatever else the machine does
 * meets all of them. What counts is the median over the rounds; rows are
 * compared round by round, and only the ratios are reported as a result. A
 * round during which others took much of the machine is done again, for all
 * rows alike, as long as there are not too many such rounds.
 *
 * A batch is
 *
 *	bench_begin(row);
 *	do {
 *	        ... one operation, or row->ops of them ...
 *	} while (bench_lap(row));
 *
 * whose first laps are not counted.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/base.h"

struct bench_options {
	unsigned width;			/* of the frames */
	unsigned height;
	bool json;
	bool quick;
};

/* Numbers that pile up; all zero is none. */
struct bench_pile {
	double *v;			/* ours */
	size_t n;
	size_t room;
};

struct bench_row {
	/* The program's. Strings are borrowed for good. */
	const char *bench;		/* "present", "ring" */
	const char *impl;
	const char *mode;
	unsigned width;
	unsigned height;
	unsigned client_copies;		/* of a whole frame, by the client */
	unsigned ops;			/* operations a lap; 0 is 1 */
	bool rate;			/* a batch counts by its mean */
	bool own_clock;			/* bench_lap_of(): no CPU times */
	void (*batch)(struct bench_row *row);
	void *data;

	/* The harness's. Times in microseconds an operation. */
	struct bench_pile laps;
	struct bench_pile rounds;
	struct bench_pile client_cpu;
	struct bench_pile server_cpu;
	unsigned warm;			/* laps not to be counted yet */
	size_t first;			/* this batch's laps begin here */
	uint64_t begun_ns;
	uint64_t lap_ns;
	uint64_t client_ns;		/* CPU time when the batch began */
	uint64_t server_ns;
};

/* What tells the rows of a table from each other. */
struct bench_kind {
	const char *impl;
	const char *mode;
	unsigned copies;		/* client_copies */
	bool rate;
	void (*batch)(struct bench_row *row);
};

struct bench_set {
	const struct bench_options *options;
	struct bench_row *rows;		/* borrowed */
	size_t count;
	unsigned rounds;
	const struct bench_row *unit;	/* ratio_to_memcpy's, or NULL */
	bool ns;			/* the table is in nanoseconds */

	/* The harness's. */
	double others;			/* part of the CPUs that others took */
	unsigned left_out;		/* rounds in which they took too much */
};

/* A median, and between what it is with 95 % confidence. */
struct bench_estimate {
	double median;
	double low;
	double high;
};

/* What one row is to be against another, or by itself. */
struct bench_target {
	const char *what;
	const struct bench_row *row;
	const struct bench_row *against; /* NULL: bound is in microseconds */
	double bound;
	bool at_least;			/* of the rates; else of the times */
	bool cpu;			/* of its client CPU; against is NULL */
};

/* Say what is wrong, with the program's name, and exit 1. */
void
bench_die(const char *fmt, ...) BASE_PRINTF(1, 2) __attribute__((noreturn));

/* The command line; exits by itself on --help and wrong usage. */
void
bench_options(struct bench_options *options, int argc, char **argv,
	      const char *doc);

/* One row for each of the kinds, of frames of the size that was asked for. */
void
bench_rows(struct bench_row *rows, const struct bench_kind *kinds,
	   size_t count, const char *bench, const struct bench_options *options,
	   void *data);

/*
 * The process that the rows keep busy beside ours, 0 for none: its CPU time
 * is measured too, where the system tells. what heads its column; borrowed.
 */
void
bench_server(pid_t pid, const char *what);

void
bench_begin(struct bench_row *row);

/* An operation has ended. Returns whether to do another. */
bool
bench_lap(struct bench_row *row);

/* The same for one that was timed by the caller. */
bool
bench_lap_of(struct bench_row *row, double us);

/*
 * A batch for the row that is the unit: memcpy of a frame of the row's size,
 * over six buffers in turn. data is a struct bench_copy, all zero at first.
 */
struct bench_copy {
	uint8_t *buffer;		/* ours */
	size_t bytes;			/* of one frame */
	unsigned turn;
};

void
bench_memcpy(struct bench_row *row);

void
bench_run(struct bench_set *set);

/* The table for people, or JSON, one object a row. */
void
bench_print(const struct bench_set *set, const char *title);

/*
 * Whether targets were met. With --json on stderr, so that stdout is rows
 * and nothing else.
 */
void
bench_verdicts(const struct bench_set *set, const struct bench_target *target,
	       size_t count);

void
bench_finish(struct bench_set *set);

#endif /* BENCH_BENCH_H */
