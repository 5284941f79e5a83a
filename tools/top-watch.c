/* SPDX-License-Identifier: MIT */
/*
 * top-watch.c - what is known of a ring over time
 */
#include "config.h"

#include "base/base.h"
#include "top.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tool.h"

#define RATE_NS		(BASE_NS_PER_S / 2)
#define RETRY_NS	(BASE_NS_PER_S / 2)

void
watch_start(struct watch *w, const char *name)
{
	*w = (struct watch){ .now = snapshot_new() };
	snprintf(w->name, sizeof(w->name), "%s", name);
	w->past = calloc(PAST, sizeof(*w->past));
	if (w->past == NULL)
		die("out of memory");
}

void
watch_stop(struct watch *w)
{
	shmx_inspect_close(w->inspector);
	free(w->now);
	free(w->past);
	*w = (struct watch){ .now = NULL };
}

/* ---------------------------------------------------------- remembering -- */

/* The rate, twice a second; of a new ring from the start. */
static void
remember_rate(struct watch *w)
{
	const struct shmx_inspect_ring *r = &w->now->ring;
	uint64_t ns = r->taken_ns - w->rate_ns;

	if (w->rate_ns == 0 || r->published < w->rate_published) {
		w->rate = snapshot_rate(NULL, w->now);
	} else if (ns < RATE_NS) {
		return;
	} else {
		/* Half a second of few frames says little: smooth it. */
		w->rate = (double)(r->published - w->rate_published) * 1e9 /
			(double)ns;
		if (w->rate_count == RATES)
			memmove(w->rates, w->rates + 1,
				--w->rate_count * sizeof(*w->rates));
		w->rates[w->rate_count++] = w->rate;
		if (w->rate < 8 && w->rate_count > 3)
			w->rate = (w->rates[w->rate_count - 1] +
				   w->rates[w->rate_count - 2] +
				   w->rates[w->rate_count - 3] +
				   w->rates[w->rate_count - 4]) / 4;
	}
	w->rate_ns = r->taken_ns;
	w->rate_published = r->published;
}

static void
remember_readers(struct watch *w)
{
	const struct snapshot *s = w->now;
	struct past *p = w->past;
	unsigned i;

	if (w->past_count > 0 &&
	    s->ring.taken_ns - p->taken_ns < BASE_NS_PER_S)
		return;
	memmove(p + 1, p, (PAST - 1) * sizeof(*p));
	w->past_count = BASE_MIN(w->past_count + 1, PAST);
	p->taken_ns = s->ring.taken_ns;
	p->readers = s->ring.reader_count;
	for (i = 0; i < p->readers; i++) {
		p->id[i] = s->reader[i].id;
		p->held[i] = s->reader[i].held;
		memcpy(p->latency[i], s->reader[i].latency,
		       sizeof(p->latency[i]));
	}
}

static void
forget(struct watch *w)
{
	w->past_count = 0;
	w->rate_ns = 0;
	w->rate = 0;
}

/* -------------------------------------------------------------- looking -- */

static void
lose(struct watch *w)
{
	snprintf(w->trouble, sizeof(w->trouble), "%s", shmx_error());
	shmx_inspect_close(w->inspector);
	w->inspector = NULL;
	w->rate = 0;
}

static void
look_for_it(struct watch *w)
{
	uint64_t now = base_now_ns();

	if (now < w->retry_ns)
		return;
	w->retry_ns = now + RETRY_NS;
	if (shmx_inspect_open(&w->inspector, w->name) < 0)
		lose(w);
	else
		forget(w);
}

/* Its producer is gone: has another one taken its name? */
static void
look_for_successor(struct watch *w)
{
	struct shmx_inspector *next;
	struct snapshot *s;

	if (base_now_ns() < w->retry_ns)
		return;
	w->retry_ns = base_now_ns() + RETRY_NS;
	if (shmx_inspect_open(&next, w->name) < 0)
		return;
	s = snapshot_new();
	if (snapshot_take(s, next) == 0 && snapshot_lives(s)) {
		shmx_inspect_close(w->inspector);
		w->inspector = next;
		forget(w);
	} else {
		shmx_inspect_close(next);
	}
	free(s);
}

void
watch_update(struct watch *w)
{
	if (w->inspector != NULL && w->seen && !snapshot_lives(w->now) &&
	    w->now->ring.state != SHMX_RING_STOPPED)
		look_for_successor(w);
	if (w->inspector == NULL)
		look_for_it(w);
	if (w->inspector == NULL)
		return;
	if (snapshot_take(w->now, w->inspector) < 0) {
		lose(w);
		return;
	}
	w->seen = true;
	w->trouble[0] = '\0';
	remember_rate(w);
	remember_readers(w);
}

/* --------------------------------------------------------------- asking -- */

/* Where reader i was at some time, or -1. */
static int
find_past(const struct past *p, uint64_t id)
{
	unsigned i;

	for (i = 0; i < p->readers; i++)
		if (p->id[i] == id)
			return (int)i;
	return -1;
}

double
watch_reader_rate(const struct watch *w, unsigned i)
{
	const struct shmx_inspect_reader *r = &w->now->reader[i];
	const struct past *p;
	unsigned k;
	int at;

	/* Over the last second or two. */
	for (k = BASE_MIN(w->past_count, 3); k-- > 0; ) {
		p = &w->past[k];
		at = find_past(p, r->id);
		if (at >= 0 && p->taken_ns < w->now->ring.taken_ns &&
		    r->held >= p->held[at])
			return (double)(r->held - p->held[at]) * 1e9 /
				(double)(w->now->ring.taken_ns - p->taken_ns);
	}
	return 0;
}

uint64_t
watch_latency(const struct watch *w, unsigned i, enum shmx_stage stage,
	      uint32_t buckets[SHMX_LATENCY_BUCKETS])
{
	const struct shmx_inspect_reader *r = &w->now->reader[i];
	uint64_t from = w->now->ring.taken_ns -
		WINDOW_S * BASE_NS_PER_S, count = 0;
	unsigned b, k;
	int at;

	memcpy(buckets, r->latency[stage],
	       SHMX_LATENCY_BUCKETS * sizeof(*buckets));
	/* Less what was counted before; counts may have wrapped since. */
	for (k = w->past_count; k-- > 0; ) {
		at = find_past(&w->past[k], r->id);
		if (at < 0 || (k > 1 && w->past[k - 1].taken_ns < from))
			continue;
		for (b = 0; b < SHMX_LATENCY_BUCKETS; b++)
			buckets[b] -= w->past[k].latency[at][stage][b];
		break;
	}
	for (b = 0; b < SHMX_LATENCY_BUCKETS; b++)
		count += buckets[b];
	return count;
}

uint64_t
watch_skipped(const struct watch *w)
{
	uint64_t n = 0;
	unsigned i;

	for (i = 0; i < w->now->ring.reader_count; i++)
		n += w->now->reader[i].skipped;
	return n;
}

/* ----------------------------------------------------------------- words -- */

const char *
stage_name(enum shmx_stage stage)
{
	static const char *const names[SHMX_STAGES] = {
		[SHMX_STAGE_HELD] = "held",
		[SHMX_STAGE_PUT] = "put",
		[SHMX_STAGE_COMPLETED] = "completed",
		[SHMX_STAGE_PRESENTED] = "presented",
	};

	return names[stage];
}

char
reader_letter(unsigned i)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz0123456789+-";

	return letters[i % (sizeof(letters) - 1)];
}

const char *
reader_name(const struct shmx_inspect_reader *r)
{
	return r->label[0] != '\0' ? r->label :
		r->program[0] != '\0' ? r->program : "?";
}

const char *
reader_mode(const struct shmx_inspect_reader *r)
{
	return r->evicted ? "evicted" : r->v2 ? "v2.0" :
		r->every ? "every" : "latest";
}

const char *
slot_state(const struct shmx_inspect_slot *slot)
{
	switch (slot->state) {
	case SHMX_SLOT_WRITING:
		return "writing";
	case SHMX_SLOT_PUBLISHED:
		return slot->latest ? "latest" : slot->readers != 0 ? "held" :
			slot->kept ? "kept" : "published";
	default:
		return "free";
	}
}

void
age_text(char text[TEXT], const struct watch *w, uint64_t ns)
{
	uint64_t now = w->now->ring.taken_ns;

	text[0] = '\0';
	if (ns != 0)
		time_text(text, now > ns ? now - ns : 0);
}
