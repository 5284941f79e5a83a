/* SPDX-License-Identifier: MIT */
/*
 * top-print.c - one snapshot as plain text
 */
#include "config.h"

#include "base/base.h"
#include "top.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void
print_ring(const struct watch *w)
{
	const struct shmx_inspect_ring *r = &w->now->ring;
	char text[TEXT], up[TEXT];

	printf("%s: %s, %s", r->name, shmx_ring_state_name(r->state),
	       shmx_ring_kind_name(r->kind));
	if (r->state == SHMX_RING_ORPHANED || r->state == SHMX_RING_OUTGROWN)
		printf(", kept by %" PRIu32 " reader%s", r->holders,
		       r->holders == 1 ? "" : "s");
	else if (r->pid != 0)
		printf(", by %s (pid %d)", r->program, (int)r->pid);
	if (r->created_ns != 0) {
		age_text(up, w, r->created_ns);
		printf(", up %s", up);
	}
	rate_text(text, w->rate);
	printf("\n%s frames/s; %" PRIu64 " published, %" PRIu64 " dropped, %"
	       PRIu64 " skipped by readers, %" PRIu64 " refused, %" PRIu64
	       " evicted\n", text, r->published, r->dropped, watch_skipped(w),
	       r->refused, r->evicted);
}

static void
print_section(const char *what, uint64_t offset, uint64_t bytes)
{
	char text[TEXT];

	if (bytes == 0)
		return;
	bytes_text(text, bytes);
	printf("  %-12s at %10" PRIu64 "  %10s\n", what, offset, text);
}

static void
print_memory(const struct shmx_inspect_ring *r)
{
	char text[TEXT];

	bytes_text(text, r->bytes);
	printf("\nMEMORY  %s\n", text);
	print_section("directory", r->directory_offset, r->directory_bytes);
	print_section("tables", r->tables_offset, r->tables_bytes);
	print_section("records", r->readers_offset, r->readers_bytes);
	bytes_text(text, r->slot_bytes);
	printf("  %-12s at %10" PRIu64 "  %10s each\n", "slots",
	       r->slots_offset, text);
}

static void
print_streams(const struct snapshot *s)
{
	char type[2 * TEXT], bytes[TEXT];
	unsigned i;

	printf("\n%-5s %-20s %-22s %s\n", "ID", "STREAM", "TYPE",
	       "IN THE LATEST FRAME");
	for (i = 0; i < s->ring.stream_count; i++) {
		stream_text(type, &s->stream[i]);
		bytes_text(bytes, s->stream[i].bytes);
		printf("%-5" PRIu32 " %-20s %-22s %s\n", s->stream[i].id,
		       s->stream[i].name, type,
		       s->stream[i].present ? bytes : "-");
	}
}

static void
print_slots(const struct watch *w)
{
	const struct snapshot *s = w->now;
	char age[TEXT];
	unsigned i, k;

	printf("\n%4s %-10s %10s %10s  %s\n", "SLOT", "STATE", "FRAME", "AGE",
	       "HELD BY");
	for (i = 0; i < s->ring.slot_count; i++) {
		age_text(age, w, s->slot[i].published_ns);
		printf("%4u %-10s", i, slot_state(&s->slot[i]));
		if (s->slot[i].sequence != 0)
			printf(" %10" PRIu64 " %10s ", s->slot[i].sequence,
			       age);
		for (k = 0; k < s->ring.reader_count; k++)
			if (s->slot[i].readers >> k & 1)
				printf(" %c", reader_letter(k));
		printf("\n");
	}
}

static void
print_readers(const struct watch *w)
{
	const struct snapshot *s = w->now;
	const struct shmx_inspect_reader *r;
	unsigned i;

	printf("\n%-20s %8s %-8s %5s %6s %10s %10s\n", "READER", "PID",
	       "MODE", "HOLDS", "LAG", "FRAMES", "SKIPPED");
	for (i = 0; i < s->ring.reader_count; i++) {
		r = &s->reader[i];
		printf("%c %-18s %8d %-8s %3" PRIu32 "/%" PRIu32 " %6" PRIu64
		       " %10" PRIu64 " %10" PRIu64 "\n", reader_letter(i),
		       reader_name(r), (int)r->pid, reader_mode(r),
		       r->holds_used, r->holds_granted,
		       s->ring.latest > r->seen ? s->ring.latest - r->seen : 0,
		       r->held, r->skipped);
	}
}

/* Since it attached: there is no earlier snapshot to compare with. */
static void
print_latencies(const struct snapshot *s)
{
	char p50[TEXT], p99[TEXT], max[TEXT];
	const uint32_t *buckets;
	unsigned i, stage;

	printf("\n%-20s %-10s %10s %10s %10s\n", "LATENCY", "STAGE", "P50",
	       "P99", "MAX");
	for (i = 0; i < s->ring.reader_count; i++) {
		for (stage = 0; stage < SHMX_STAGES; stage++) {
			buckets = s->reader[i].latency[stage];
			if (shmx_latency_percentile(buckets, 100) == 0)
				continue;
			time_text(p50, shmx_latency_percentile(buckets, 50));
			time_text(p99, shmx_latency_percentile(buckets, 99));
			time_text(max, shmx_latency_percentile(buckets, 100));
			printf("%c %-18s %-10s %10s %10s %10s\n",
			       reader_letter(i), reader_name(&s->reader[i]),
			       stage_name((enum shmx_stage)stage), p50, p99,
			       max);
		}
	}
}

void
print_once(const struct watch *w)
{
	print_ring(w);
	print_memory(&w->now->ring);
	if (w->now->ring.stream_count > 0)
		print_streams(w->now);
	print_slots(w);
	if (w->now->ring.reader_count > 0) {
		print_readers(w);
		print_latencies(w->now);
	}
}
