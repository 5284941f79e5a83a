/* SPDX-License-Identifier: MIT */
/*
 * top-readers.c - of the dashboard, its readers, and how late they are
 */
#include "config.h"

#include "base/base.h"
#include "top-draw.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum {
	NUMBER = 9,			/* a time, and what is before it */
	STRIP_FROM = 4, STRIP_TO = 92,	/* buckets: 512 ns to 2 s */
	READER_WIDTH = 68,
	STAGE_WIDTH = 3 * NUMBER + 3,
};

/* "16 ms": without the blank it fits more often. */
static void
draw_time(int y, int x, int width, enum style style, uint64_t ns)
{
	char text[TEXT];

	time_text(text, ns);
	put_right(y, x, width, ns > 0 ? style : DIM, "%s",
		  ns > 0 ? text : "-");
}

static void
draw_stage_numbers(int y, int x, const uint32_t *buckets)
{
	static const double percents[] = { 50, 99, 100 };
	unsigned i;

	for (i = 0; i < BASE_ARRAY_SIZE(percents); i++)
		draw_time(y, x + (int)i * NUMBER, NUMBER, i == 0 ? BOLD :
			  PLAIN, shmx_latency_percentile(buckets,
							 percents[i]));
}

/* --------------------------------------------------------------- readers -- */

/* Of this reader's stages, the last that its frames get to. */
static int
last_stage(const struct watch *w, unsigned i)
{
	uint32_t buckets[SHMX_LATENCY_BUCKETS];
	int stage;

	for (stage = SHMX_STAGES - 1; stage > 0; stage--)
		if (watch_latency(w, i, (enum shmx_stage)stage, buckets) > 0)
			break;
	return stage;
}

static void
draw_reader_stages(const struct canvas *c, int y, unsigned i)
{
	uint32_t buckets[SHMX_LATENCY_BUCKETS];
	int stage, x = SIDE + READER_WIDTH + 2;

	if (c->width >= READER_WIDTH + SHMX_STAGES * STAGE_WIDTH) {
		for (stage = 0; stage < SHMX_STAGES; stage++) {
			watch_latency(c->w, i, (enum shmx_stage)stage,
				      buckets);
			draw_stage_numbers(y, x, buckets);
			x += STAGE_WIDTH;
		}
		return;
	}
	stage = last_stage(c->w, i);
	if (watch_latency(c->w, i, (enum shmx_stage)stage, buckets) > 0)
		draw_time(y, SIDE + READER_WIDTH, 9, PLAIN,
			  shmx_latency_percentile(buckets, 50));
}

static void
draw_reader(const struct canvas *c, int y, unsigned i)
{
	const struct shmx_inspect_reader *r = &c->s->reader[i];
	bool chosen = i == c->selected && c->s->ring.reader_count > 1;
	uint64_t lag = c->s->ring.latest > r->seen ?
		c->s->ring.latest - r->seen : 0;
	char text[TEXT];

	put(y, SIDE, 1, chosen ? BOLD : DIM, chosen ? ">" : " ");
	put(y, SIDE + 2, 1, style_of_reader(i), "%c", reader_letter(i));
	put(y, SIDE + 4, 17, chosen ? BOLD : PLAIN, "%s", reader_name(r));
	if (r->pid != 0)
		put_right(y, SIDE + 21, 8, DIM, "%d", (int)r->pid);
	put(y, SIDE + 31, 8, r->evicted ? BAD : DIM, "%s", reader_mode(r));
	if (!r->v2)
		put_right(y, SIDE + 38, 6, r->holds_used > 0 ? PLAIN : DIM,
			  "%" PRIu32 "/%" PRIu32, r->holds_used,
			  r->holds_granted);
	count_text(text, lag);
	put_right(y, SIDE + 44, 6, lag > 2 ? WARN : PLAIN, "%s", text);
	rate_text(text, watch_reader_rate(c->w, i));
	put_right(y, SIDE + 50, 9, PLAIN, "%s", text);
	count_text(text, r->skipped);
	put_right(y, SIDE + 59, 9, r->skipped > 0 ? PLAIN : DIM, "%s", text);
	draw_reader_stages(c, y, i);
}

static void
draw_reader_heads(const struct canvas *c)
{
	static const char *const heads[SHMX_STAGES] = {
		"HELD", "PUT", "COMPLETED", "PRESENTED",
	};
	int stage, x = SIDE + READER_WIDTH + 2;

	put(c->y, SIDE + 21, 8, TITLE, "     PID");
	put(c->y, SIDE + 31, 8, TITLE, "MODE");
	put_right(c->y, SIDE + 38, 6, TITLE, "HOLDS");
	put_right(c->y, SIDE + 44, 6, TITLE, "LAG");
	put_right(c->y, SIDE + 50, 9, TITLE, "FRAMES/S");
	put_right(c->y, SIDE + 59, 9, TITLE, "SKIPPED");
	if (c->width < READER_WIDTH + SHMX_STAGES * STAGE_WIDTH) {
		put_right(c->y, SIDE + READER_WIDTH, 9, TITLE, "LATENCY");
		return;
	}
	for (stage = 0; stage < SHMX_STAGES; stage++) {
		put_right(c->y, x - 1, NUMBER + 1, TITLE, "%s",
			  heads[stage]);
		put_right(c->y, x + NUMBER, NUMBER, TITLE, "p99");
		put_right(c->y, x + 2 * NUMBER, NUMBER, TITLE, "max");
		x += STAGE_WIDTH;
	}
}

void
draw_readers(struct canvas *c)
{
	unsigned n = c->s->ring.reader_count, lines = (unsigned)c->l.readers;
	unsigned first = 0, i;

	draw_title(c, c->l.gap_readers, "READERS");
	if (n == 0) {
		c->y++;
		put(c->y++, SIDE, c->width, DIM, c->w->inspector == NULL ?
		    "Nobody read it." : snapshot_lives(c->s) &&
		    snapshot_image(c->s) != NULL ?
		    "Nobody reads it: try `shmx view %s`" :
		    "Nobody reads it.", c->w->name);
		return;
	}
	draw_reader_heads(c);
	if (lines < n)
		put(c->y, SIDE + 8, 13, DIM, "%u of %u", lines, n);
	c->y++;
	/* The one that was chosen is among those that are shown. */
	if (c->selected >= lines)
		first = c->selected - lines + 1;
	for (i = first; i < n && i < first + lines; i++)
		draw_reader(c, c->y++, i);
}

/* --------------------------------------------------------------- latency -- */

/* Where the strip begins, and how wide it is. */
static int
strip_of(const struct canvas *c, int *width)
{
	int x = SIDE + 12 + 3 * NUMBER + 2;

	*width = BASE_MIN(SIDE + c->width - x, STRIP_TO - STRIP_FROM);
	return x;
}

static void
draw_axis(const struct canvas *c)
{
	static const struct {
		const char *what;
		double ns;
	} marks[] = {
		{ "1us", 1e3 }, { "10us", 1e4 }, { "100us", 1e5 },
		{ "1ms", 1e6 }, { "10ms", 1e7 }, { "100ms", 1e8 },
		{ "1s", 1e9 },
	};
	int width, x = strip_of(c, &width), at, free = x;
	unsigned i;

	for (i = 0; i < BASE_ARRAY_SIZE(marks); i++) {
		at = x + (int)((log2(marks[i].ns / 256) * 4 - STRIP_FROM) *
			       width / (STRIP_TO - STRIP_FROM));
		/* Its middle is where it is. */
		at = BASE_MAX(at - (int)strlen(marks[i].what) / 2, x);
		if (at < free ||
		    at + (int)strlen(marks[i].what) > x + width)
			continue;
		free = at + put(c->y, at, 8, DIM, "%s", marks[i].what) + 1;
	}
}

static void
draw_strip(const struct canvas *c, int y, const uint32_t *buckets)
{
	double sum[STRIP_TO - STRIP_FROM] = { 0 };
	int width, x = strip_of(c, &width), i, at;
	double most = 0;
	unsigned shade;

	if (width < 8)
		return;
	for (i = 0; i < SHMX_LATENCY_BUCKETS; i++) {
		at = (i - STRIP_FROM) * width / (STRIP_TO - STRIP_FROM);
		at = BASE_MAX(BASE_MIN(at, width - 1), 0);
		sum[at] += buckets[i];
	}
	for (i = 0; i < width; i++)
		most = BASE_MAX(most, sum[i]);
	for (i = 0; i < width; i++) {
		/* A single frame among thousands is seen too. */
		shade = sum[i] <= 0 ? 0 :
			1 + (unsigned)BASE_MIN(sqrt(sum[i] / most) * 3.5, 3);
		put_shade(y, x + i, shade);
	}
}

static void
draw_latency(struct canvas *c, unsigned reader, bool gap)
{
	static const char *const heads[] = { "p50", "p99", "max" };
	uint32_t buckets[SHMX_LATENCY_BUCKETS];
	int stage, i;
	uint64_t n;

	c->y += gap;
	put(c->y, SIDE, 8, TITLE, "LATENCY");
	put(c->y, SIDE + 8, 2, style_of_reader(reader), "%c",
	    reader_letter(reader));
	for (i = 0; i < 3; i++)
		put_right(c->y, SIDE + 12 + i * NUMBER, NUMBER, TITLE, "%s",
			  heads[i]);
	draw_axis(c);
	c->y++;
	for (stage = 0; stage < SHMX_STAGES; stage++) {
		n = watch_latency(c->w, reader, (enum shmx_stage)stage,
				  buckets);
		put(c->y, SIDE + 2, 10, n > 0 ? PLAIN : DIM, "%s",
		    stage_name((enum shmx_stage)stage));
		draw_stage_numbers(c->y, SIDE + 12, buckets);
		if (n > 0)
			draw_strip(c, c->y, buckets);
		c->y++;
	}
}

void
draw_latencies(struct canvas *c)
{
	unsigned n = c->s->ring.reader_count, i;

	if (c->l.latencies == 0)
		return;
	if ((unsigned)c->l.latencies < n) {
		draw_latency(c, c->selected, c->l.gap_latency);
		return;
	}
	for (i = 0; i < n; i++)
		draw_latency(c, i, i == 0 ? c->l.gap_latency :
			     c->l.gap_each);
}
