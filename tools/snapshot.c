/* SPDX-License-Identifier: MIT */
/*
 * snapshot.c - a ring as it is now, for the tools that show rings
 */
#include "config.h"

#include "snapshot.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/clock.h"
#include "tool.h"

/* Fewer frames than these say little of a rate. */
#define FEW 4

struct snapshot *
snapshot_new(void)
{
	struct snapshot *s = calloc(1, sizeof(*s));

	if (s == NULL)
		die("out of memory");
	return s;
}

int
snapshot_take(struct snapshot *s, struct shmx_inspector *n)
{
	struct shmx_inspect_ring ring;
	unsigned i;
	int ret;

	ret = shmx_inspect_snapshot(n, &ring, sizeof(ring));
	if (ret < 0)
		return ret;
	s->ring = ring;
	for (i = 0; i < s->ring.slot_count; i++)
		shmx_inspect_slot(n, i, &s->slot[i], sizeof(s->slot[i]));
	for (i = 0; i < s->ring.reader_count; i++)
		shmx_inspect_reader(n, i, &s->reader[i],
				    sizeof(s->reader[i]));
	for (i = 0; i < s->ring.stream_count; i++)
		shmx_inspect_stream(n, i, &s->stream[i],
				    sizeof(s->stream[i]));
	return 0;
}

/* --------------------------------------------------------------- asking -- */

/*
 * By the times of the frames that are still there, or, where there is but
 * one, by the time that all of them took.
 */
static double
rate_of_slots(const struct snapshot *s)
{
	const struct shmx_inspect_slot *newest = NULL, *slot;
	uint64_t since = s->ring.created_ns, first = 0;
	double period;
	unsigned i;

	for (i = 0; i < s->ring.slot_count; i++) {
		slot = &s->slot[i];
		if (slot->published_ns != 0 &&
		    (newest == NULL || slot->sequence > newest->sequence))
			newest = slot;
	}
	for (i = 0; i < s->ring.slot_count; i++) {
		slot = &s->slot[i];
		/* What is held may be from long ago. */
		if (slot->published_ns == 0 || slot->readers != 0 ||
		    slot->sequence >= newest->sequence ||
		    slot->published_ns <= since)
			continue;
		since = slot->published_ns;
		first = slot->sequence;
	}
	if (newest == NULL || newest->published_ns <= since ||
	    newest->sequence <= first)
		return 0;
	period = (double)(newest->published_ns - since) /
		(double)(newest->sequence - first);
	/* Did it go on like that until now? */
	if (s->ring.taken_ns > newest->published_ns &&
	    (double)(s->ring.taken_ns - newest->published_ns) > 3 * period)
		return 0;
	return 1e9 / period;
}

double
snapshot_rate(const struct snapshot *before, const struct snapshot *now)
{
	uint64_t frames, ns;

	if (!snapshot_lives(now))
		return 0;
	if (before == NULL || before->ring.session != now->ring.session ||
	    before->ring.published > now->ring.published ||
	    before->ring.taken_ns >= now->ring.taken_ns)
		return rate_of_slots(now);
	frames = now->ring.published - before->ring.published;
	ns = now->ring.taken_ns - before->ring.taken_ns;
	if (frames < FEW && now->ring.kind != SHMX_RING_V2)
		return rate_of_slots(now);
	return (double)frames * 1e9 / (double)ns;
}

unsigned
snapshot_held(const struct snapshot *s)
{
	unsigned i, n = 0;

	for (i = 0; i < s->ring.slot_count; i++)
		n += s->slot[i].readers != 0;
	return n;
}

const struct shmx_inspect_stream *
snapshot_image(const struct snapshot *s)
{
	unsigned i;

	for (i = 0; i < s->ring.stream_count; i++)
		if (s->stream[i].width != 0)
			return &s->stream[i];
	return NULL;
}

bool
snapshot_lives(const struct snapshot *s)
{
	return s->ring.state == SHMX_RING_RUNNING ||
	       s->ring.state == SHMX_RING_PAUSED;
}

/* ----------------------------------------------------------------- text -- */

void
stream_text(char text[2 * TEXT], const struct shmx_inspect_stream *s)
{
	if (s->width != 0)
		snprintf(text, 2 * TEXT, "%" PRIu32 "x%" PRIu32 " %s",
			 s->width, s->height, shmx_format_name(s->format));
	else if (s->components > 1)
		snprintf(text, 2 * TEXT, "%s x%" PRIu32,
			 shmx_element_name(s->element_type), s->components);
	else
		snprintf(text, 2 * TEXT, "%s",
			 shmx_element_name(s->element_type));
}

/* Three digits that count, and the unit that is right for them. */
static void
scaled(char text[TEXT], double v, double step, const char *const *units,
       const char *gap)
{
	while (v >= 999.5 && units[1] != NULL) {
		v /= step;
		units++;
	}
	snprintf(text, TEXT, v >= 99.95 || v == (double)(long)v ?
		 "%.0f%s%s" : "%.1f%s%s", v, gap, *units);
}

void
bytes_text(char text[TEXT], uint64_t bytes)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", NULL };

	scaled(text, (double)bytes, 1e3, units, " ");
}

void
time_text(char text[TEXT], uint64_t ns)
{
	static const char *const units[] = { "ns", "us", "ms", "s", NULL };

	uint64_t s = ns / BASE_NS_PER_S;

	if (s < 100)
		scaled(text, (double)ns, 1e3, units, " ");
	else if (s < 6000)
		snprintf(text, TEXT, "%" PRIu64 "m%02" PRIu64 "s", s / 60,
			 s % 60);
	else if (s < 100 * 3600)
		snprintf(text, TEXT, "%" PRIu64 "h%02" PRIu64 "m", s / 3600,
			 s / 60 % 60);
	else
		snprintf(text, TEXT, "%" PRIu64 " days", s / 86400);
}

void
count_text(char text[TEXT], uint64_t n)
{
	static const char *const units[] = { "", "k", "M", "G", "T", NULL };

	if (n < 100000)
		snprintf(text, TEXT, "%" PRIu64, n);
	else
		scaled(text, (double)n, 1e3, units, "");
}

void
rate_text(char text[TEXT], double rate)
{
	if (rate < 1000)
		snprintf(text, TEXT, "%.1f", rate);
	else
		/* Whatever a ring says: no more than fits. */
		count_text(text, (uint64_t)BASE_MIN(rate + 0.5, 1e18));
}

/* ----------------------------------------------------------------- json -- */

static void
print_string(const char *key, const char *text)
{
	printf("\"%s\": ", key);
	print_json_string(text);
	printf(", ");
}

static void
print_number(const char *key, uint64_t n)
{
	printf("\"%s\": %" PRIu64 ", ", key, n);
}

/* One of a list of numbers, of which it may be the first. */
static void
print_item(uint64_t n, bool *first)
{
	printf("%s%" PRIu64, *first ? "" : ", ", n);
	*first = false;
}

static void
print_stream(const struct shmx_inspect_stream *s)
{
	putchar('{');
	print_number("id", s->id);
	print_string("name", s->name);
	print_string("type", shmx_element_name(s->element_type));
	print_number("components", s->components);
	if (s->width != 0) {
		print_number("width", s->width);
		print_number("height", s->height);
		print_number("stride", s->stride);
		print_string("format", shmx_format_name(s->format));
	}
	if (s->present) {
		print_number("elements", s->elements);
		print_number("bytes", s->bytes);
	}
	printf("\"in_latest_frame\": %s}", s->present ? "true" : "false");
}

static void
print_streams(const struct snapshot *s)
{
	unsigned i;

	printf("\"streams\": [");
	for (i = 0; i < s->ring.stream_count; i++) {
		printf(i > 0 ? ", " : "");
		print_stream(&s->stream[i]);
	}
	printf("], ");
}

void
snapshot_print_summary(const struct snapshot *s, double rate)
{
	const struct shmx_inspect_ring *r = &s->ring;

	print_string("name", r->name);
	print_string("state", shmx_ring_state_name(r->state));
	print_string("kind", shmx_ring_kind_name(r->kind));
	printf("\"pid\": %d, ", (int)r->pid);
	print_string("program", r->program);
	print_number("holders", r->holders);
	print_streams(s);
	print_number("slots", r->slots);
	print_number("slots_held", snapshot_held(s));
	print_number("readers", r->reader_count);
	print_number("holds_granted", r->holds_granted);
	print_number("holds_total", r->holds_total);
	print_number("published", r->published);
	print_number("dropped", r->dropped);
	printf("\"rate\": %.2f, ", rate);
	printf("\"bytes\": %" PRIu64, r->bytes);
}

static void
print_layout(const struct shmx_inspect_ring *r)
{
	printf("\"layout\": {");
	print_number("directory_offset", r->directory_offset);
	print_number("directory_bytes", r->directory_bytes);
	print_number("directory_used", r->directory_used);
	print_number("tables_offset", r->tables_offset);
	print_number("tables_bytes", r->tables_bytes);
	print_number("readers_offset", r->readers_offset);
	print_number("readers_bytes", r->readers_bytes);
	print_number("slots_offset", r->slots_offset);
	print_number("slot_bytes", r->slot_bytes);
	printf("\"frame_bytes\": %" PRIu64 "}, ", r->frame_bytes);
}

static void
print_slot(const struct snapshot *s, unsigned i)
{
	static const char *const states[] = {
		[SHMX_SLOT_FREE] = "free",
		[SHMX_SLOT_WRITING] = "writing",
		[SHMX_SLOT_PUBLISHED] = "published",
	};
	const struct shmx_inspect_slot *slot = &s->slot[i];
	bool first = true;
	unsigned k;

	printf("{\"state\": \"%s\", ", states[slot->state]);
	if (slot->state == SHMX_SLOT_PUBLISHED) {
		print_number("sequence", slot->sequence);
		print_number("published_ns", slot->published_ns);
		printf("\"latest\": %s, \"kept\": %s, ",
		       slot->latest ? "true" : "false",
		       slot->kept ? "true" : "false");
	}
	printf("\"held_by\": [");
	for (k = 0; k < s->ring.reader_count; k++)
		if (slot->readers >> k & 1)
			print_item(s->reader[k].id, &first);
	printf("]}");
}

static void
print_latency(const struct shmx_inspect_reader *r)
{
	static const char *const stages[SHMX_STAGES] = {
		"held", "put", "completed", "presented",
	};
	const uint32_t *buckets;
	uint64_t count;
	unsigned i, k;

	printf("\"latency_ns\": {");
	for (i = 0; i < SHMX_STAGES; i++) {
		buckets = r->latency[i];
		for (count = k = 0; k < SHMX_LATENCY_BUCKETS; k++)
			count += buckets[k];
		printf("%s\"%s\": {", i > 0 ? ", " : "", stages[i]);
		print_number("count", count);
		print_number("p50", shmx_latency_percentile(buckets, 50));
		print_number("p99", shmx_latency_percentile(buckets, 99));
		printf("\"max\": %" PRIu64 "}",
		       shmx_latency_percentile(buckets, 100));
	}
	printf("}");
}

static void
print_reader(const struct snapshot *s, unsigned i)
{
	const struct shmx_inspect_reader *r = &s->reader[i];
	bool first = true;
	unsigned k;

	putchar('{');
	print_number("id", r->id);
	print_string("label", r->label);
	printf("\"pid\": %d, ", (int)r->pid);
	print_string("program", r->program);
	print_string("mode", r->v2 ? "v2.0" : r->every ? "every" : "latest");
	printf("\"sleeping\": %s, \"evicted\": %s, ",
	       r->sleeping ? "true" : "false", r->evicted ? "true" : "false");
	print_number("holds_granted", r->holds_granted);
	printf("\"holds\": [");
	for (k = 0; k < SHMX_HOLDS_MAX; k++)
		if (r->sequence[k] != 0)
			print_item(r->sequence[k], &first);
	printf("], ");
	print_number("held", r->held);
	print_number("skipped", r->skipped);
	print_number("seen", r->seen);
	print_number("lag", s->ring.latest > r->seen ?
		     s->ring.latest - r->seen : 0);
	print_number("presented", r->presented);
	print_latency(r);
	putchar('}');
}

void
snapshot_print_json(const struct snapshot *s, double rate)
{
	const struct shmx_inspect_ring *r = &s->ring;
	unsigned i;

	putchar('{');
	print_number("taken_ns", r->taken_ns);
	print_number("created_ns", r->created_ns);
	print_number("generation", r->generation);
	print_number("history", r->history);
	print_number("latest", r->latest);
	print_number("refused", r->refused);
	print_number("evicted", r->evicted);
	print_number("wakes", r->wakes);
	print_number("waited_ns", r->waited_ns);
	print_layout(r);
	printf("\"slot\": [");
	for (i = 0; i < r->slot_count; i++) {
		printf(i > 0 ? ", " : "");
		print_slot(s, i);
	}
	printf("], \"reader\": [");
	for (i = 0; i < r->reader_count; i++) {
		printf(i > 0 ? ", " : "");
		print_reader(s, i);
	}
	printf("], ");
	snapshot_print_summary(s, rate);
	printf("}\n");
}
