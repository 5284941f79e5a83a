/* SPDX-License-Identifier: MIT */
/*
 * view-overlay.c - help, statistics and notices, drawn over the picture
 *
 * Each is a small window within the picture's, drawn with cairo: the picture
 * itself goes its way past them, and its pixels stay where nobody maps them.
 */
#include "config.h"

#include "view.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "view-draw.h"

#define MARGIN 12
/* To be read by then: so long, and more for each letter. */
#define NOTICE_NS (1600 * BASE_NS_PER_MS)
#define NOTICE_LETTER_NS (30 * BASE_NS_PER_MS)
#define STATS_NS (500 * BASE_NS_PER_MS)
#define RETRY_NS (10 * BASE_NS_PER_MS)
#define LINE 26
#define PAD 18

enum { STATS_ROWS = 9, VALUE = 200 };

/* --------------------------------------------------------------- panels -- */

static void
close_panel(struct view_panel *p)
{
	shmfb_close(p->fb);
	p->fb = NULL;
	p->stale = false;
}

/* Where a panel is, in the window. */
enum place { MIDDLE, TOP_LEFT, BOTTOM };

/*
 * A panel that is drawn in that size, there; what it was before is gone. As
 * large as the user wants things, but smaller where the window is.
 */
static void
open_panel(struct view *w, struct view_panel *p, enum place place,
	   double width, double height)
{
	struct shmfb_options o = SHMFB_OPTIONS_INIT;
	struct shmfb_stats s;
	double x, y;

	close_panel(p);
	shmfb_stats(w->fb, &s, sizeof(s));
	p->factor = fmin((s.width - 8.) / width, (s.height - 8.) / height);
	p->factor = fmax(0.4, fmin(shmfb_scale(w->fb), p->factor));
	p->width = width;
	p->height = height;
	o.parent = w->fb;
	o.width = (uint32_t)ceil(width * p->factor);
	o.height = (uint32_t)ceil(height * p->factor);
	x = ((double)s.width - o.width) / 2;
	y = ((double)s.height - o.height) / 2;
	if (place == TOP_LEFT) {
		x = fmin(x, MARGIN);
		y = fmin(y, MARGIN);
	} else if (place == BOTTOM) {
		y = fmax(y, 2 * y - MARGIN);
	}
	o.x = (int32_t)fmax(x, 0);
	o.y = (int32_t)fmax(y, 0);
	o.vsync = SHMFB_VSYNC_OFF;
	p->at = (struct shmx_rect){ o.x, o.y, (int32_t)o.width,
		(int32_t)o.height };
	/* Without it the picture is seen all the same. */
	if (shmfb_open(&p->fb, &o) < 0)
		p->fb = NULL;
	p->stale = p->fb != NULL;
}

/* Where there is no room for both, the one that was asked for last is seen. */
static void
make_way(const struct view_panel *asked, struct view_panel *other)
{
	const struct shmx_rect *a = &asked->at, *b = &other->at;

	if (asked->fb != NULL && other->fb != NULL &&
	    a->x < b->x + b->width && b->x < a->x + a->width &&
	    a->y < b->y + b->height && b->y < a->y + a->height)
		close_panel(other);
}

/* To measure with, before there is something to draw on. */
static cairo_t *
measure(bool bold)
{
	cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 1,
							1);
	cairo_t *cr = cairo_create(s);

	cairo_surface_destroy(s);
	view_font(cr, bold);
	return cr;
}

/*
 * One whose window somebody destroyed, or that there is no memory for: without
 * it the picture is seen all the same, and to try again would be of no use.
 */
static void
close_failed(struct view_panel *p, int ret)
{
	if (ret < 0 && ret != -EAGAIN)
		close_panel(p);
}

static void
draw_panel(struct view *w, struct view_panel *p,
	   void (*draw)(struct view *, cairo_t *, double, double))
{
	struct shmfb_event ignored;
	struct shmfb_canvas canvas;
	cairo_surface_t *surface;
	cairo_t *cr;
	int ret;

	if (p->fb == NULL)
		return;
	while (shmfb_next_event(p->fb, &ignored))
		;
	if (!p->stale)
		return;
	ret = shmfb_begin(p->fb, &canvas);
	if (ret < 0) {
		close_failed(p, ret);
		return;
	}
	surface = cairo_image_surface_create_for_data(canvas.pixels,
		CAIRO_FORMAT_RGB24, (int)canvas.width, (int)canvas.height,
		(int)canvas.stride);
	cr = cairo_create(surface);
	cairo_scale(cr, p->factor, p->factor);
	view_paper(cr, p->width, p->height);
	draw(w, cr, p->width, p->height);
	cairo_destroy(cr);
	cairo_surface_destroy(surface);
	ret = shmfb_present(p->fb, NULL, 0);
	p->stale = ret < 0;
	close_failed(p, ret);
}

/* ----------------------------------------------------------------- help -- */

/* Two columns of keys and what they do. */
struct help_layout {
	double keys[2];			/* width of the keys of a column */
	double column[2];		/* and of all of it */
	double width;
	double height;
	unsigned rows;
};

static void
lay_out_help(struct help_layout *l, cairo_t *cr)
{
	unsigned i, c;

	*l = (struct help_layout){ .rows = (view_key_count + 1) / 2 };
	for (i = 0; i < view_key_count; i++) {
		c = i / l->rows;
		l->keys[c] = fmax(l->keys[c],
				  view_caps(cr, -1, 0, view_keys[i].caps));
	}
	for (i = 0; i < view_key_count; i++) {
		c = i / l->rows;
		l->column[c] = fmax(l->column[c], l->keys[c] + 12 +
				    view_text_width(cr, view_keys[i].what));
	}
	l->width = ceil(l->column[0] + l->column[1] + 40 + 2 * PAD);
	l->height = 2 * PAD + 34 + l->rows * LINE + LINE;
}

static void
draw_help(struct view *w, cairo_t *cr, double width BASE_UNUSED,
	  double height BASE_UNUSED)
{
	struct help_layout l;
	double x, y;
	unsigned i;

	view_font(cr, false);
	lay_out_help(&l, cr);
	view_font(cr, true);
	view_text(cr, PAD, PAD + 12, VIEW_ACCENT, "Keys");
	view_font(cr, false);
	view_colour(cr, VIEW_EDGE);
	cairo_rectangle(cr, PAD, PAD + 22, l.width - 2 * PAD, 1);
	cairo_fill(cr);
	for (i = 0; i < view_key_count; i++) {
		x = PAD + (i / l.rows) * (l.column[0] + 32);
		y = PAD + 34 + (i % l.rows) * LINE + LINE / 2.;
		view_caps(cr, x, y, view_keys[i].caps);
		view_text(cr, x + l.keys[i / l.rows] + 12, y + 4.5, VIEW_INK,
		     view_keys[i].what);
	}
	view_text(cr, PAD, l.height - PAD + 2, VIEW_DIM,
	     forward_wanted(&w->forward) ?
	     "The program takes input: press Ctrl with these." :
	     "shmx view --help has the rest.");
}

static void
open_help(struct view *w)
{
	cairo_t *cr = measure(false);
	struct help_layout l;

	lay_out_help(&l, cr);
	cairo_destroy(cr);
	open_panel(w, &w->help, MIDDLE, l.width, l.height);
}

void
view_toggle_help(struct view *w)
{
	if (w->help.fb != NULL) {
		close_panel(&w->help);
		return;
	}
	open_help(w);
	make_way(&w->help, &w->stats);
}

/* ----------------------------------------------------------- statistics -- */

/* Rates are of the time since they were taken last. */
static void
count(struct view *w, const struct shmfb_stats *s,
      const struct shmx_reader_stats *r)
{
	uint64_t now = base_now_ns();
	double seconds = (double)(now - w->counted_ns) / 1e9;

	if (w->counted_ns > 0 && seconds > 0.1) {
		w->shown_rate = (double)(s->frames_shown - w->counted_shown) /
			seconds;
		w->skipped_rate = (double)(r->skipped - w->counted_skipped) /
			seconds;
	} else if (w->counted_ns > 0) {
		return;
	}
	w->counted_ns = now;
	w->counted_shown = s->frames_shown;
	w->counted_skipped = r->skipped;
}

static void
frame_text(const struct view *w, char *out, size_t size)
{
	const struct shmx_frame_info *info;

	if (w->trail_count == 0) {
		snprintf(out, size, "none yet");
		return;
	}
	info = shmx_frame_info(w->trail[w->trail_at]);
	snprintf(out, size, "%" PRIu64 ", %ux%u %s%s", info->sequence,
		 info->width, info->height, shmx_format_name(info->format),
		 w->frozen ? ", frozen" : "");
}

static void
fill_stats(struct view *w, char value[STATS_ROWS][VALUE])
{
	struct shmx_reader_stats r;
	struct shmfb_stats s;

	shmfb_stats(w->fb, &s, sizeof(s));
	shmx_reader_stats(w->v.reader, &r, sizeof(r));
	count(w, &s, &r);
	if (r.producer_pid != 0)
		snprintf(value[0], VALUE, "%s, of process %d", w->v.ring,
			 (int)r.producer_pid);
	else
		snprintf(value[0], VALUE, "%s, and nobody produces it",
			 w->v.ring);
	frame_text(w, value[1], VALUE);
	snprintf(value[2], VALUE, "%.1f a second, %" PRIu64 " in all",
		 w->shown_rate, s.frames_shown);
	snprintf(value[3], VALUE, "%.1f a second, %" PRIu64 " in all",
		 w->skipped_rate, r.skipped);
	snprintf(value[4], VALUE, "%.2f ms, 1 %% over %.2f ms",
		 (double)s.latency_p50_ns / 1e6,
		 (double)s.latency_p99_ns / 1e6);
	snprintf(value[5], VALUE, "%s, %s", s.path, s.route);
	snprintf(value[6], VALUE, "%" PRIu32 " a frame", s.copies);
	snprintf(value[7], VALUE, "%s", s.clock);
	snprintf(value[8], VALUE, "%g %%, window %ux%u",
		 round(view_factor(w) * 1000) / 10, s.width, s.height);
}

static const char *const stats_labels[STATS_ROWS] = {
	"Ring", "Frame", "Shown", "Skipped", "Latency", "Path",
	"Client copies", "Clock", "Zoom",
};

#define STATS_LINE 20
#define STATS_LABELS 104

static void
draw_stats(struct view *w, cairo_t *cr, double width BASE_UNUSED,
	   double height BASE_UNUSED)
{
	char value[STATS_ROWS][VALUE];
	unsigned i;

	fill_stats(w, value);
	view_font(cr, false);
	for (i = 0; i < STATS_ROWS; i++) {
		view_text(cr, PAD - 4, PAD + 8 + i * STATS_LINE, VIEW_DIM,
		     stats_labels[i]);
		view_text(cr, PAD + STATS_LABELS, PAD + 8 + i * STATS_LINE,
		     i == 0 ? VIEW_ACCENT : VIEW_INK, value[i]);
	}
}

static void
open_stats(struct view *w)
{
	open_panel(w, &w->stats, TOP_LEFT, 400,
		   2 * PAD - 6 + STATS_ROWS * STATS_LINE - 4);
}

void
view_toggle_stats(struct view *w)
{
	if (w->stats.fb != NULL) {
		close_panel(&w->stats);
		return;
	}
	w->counted_ns = 0;
	w->shown_rate = w->skipped_rate = 0;
	w->stats_ns = base_now_ns() + STATS_NS;
	open_stats(w);
	make_way(&w->stats, &w->help);
}

/* -------------------------------------------------------------- notices -- */

static void
draw_notice(struct view *w, cairo_t *cr, double width, double height)
{
	view_font(cr, false);
	view_text(cr, (width - view_text_width(cr, w->notice_text)) / 2,
	     height / 2 + 4.5, VIEW_INK, w->notice_text);
}

static void
open_notice(struct view *w)
{
	cairo_t *cr = measure(false);
	double wide = ceil(view_text_width(cr, w->notice_text)) + 2 * PAD;

	cairo_destroy(cr);
	open_panel(w, &w->notice, BOTTOM, wide, 32);
}

void
view_say(struct view *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(w->notice_text, sizeof(w->notice_text), fmt, ap);
	va_end(ap);
	w->notice_ns = base_now_ns() + NOTICE_NS +
		strlen(w->notice_text) * NOTICE_LETTER_NS;
	open_notice(w);
}

/* -------------------------------------------------------------- overlay -- */

void
view_overlay_resized(struct view *w)
{
	/* What is opened last is on top. */
	if (w->stats.fb != NULL)
		open_stats(w);
	if (w->help.fb != NULL)
		open_help(w);
	make_way(&w->help, &w->stats);
	if (w->notice.fb != NULL)
		open_notice(w);
}

static int
ms_until(uint64_t when, uint64_t now)
{
	return when <= now ? 1 : (int)((when - now) / BASE_NS_PER_MS) + 1;
}

int
view_overlay_step(struct view *w)
{
	uint64_t now, next = UINT64_MAX;

	if (!w->help.fb && !w->stats.fb && !w->notice.fb)
		return -1;
	now = base_now_ns();
	if (w->notice.fb != NULL && now >= w->notice_ns)
		close_panel(&w->notice);
	if (w->stats.fb != NULL && now >= w->stats_ns) {
		w->stats_ns = now + STATS_NS;
		w->stats.stale = true;
	}
	draw_panel(w, &w->stats, draw_stats);
	draw_panel(w, &w->help, draw_help);
	draw_panel(w, &w->notice, draw_notice);
	if (w->notice.fb != NULL)
		next = w->notice_ns;
	if (w->stats.fb != NULL)
		next = BASE_MIN(next, w->stats_ns);
	/* Two of its frames are at the server: soon there will be one less. */
	if (w->help.stale || w->stats.stale || w->notice.stale)
		next = BASE_MIN(next, now + RETRY_NS);
	return next == UINT64_MAX ? -1 : ms_until(next, now);
}

void
view_overlay_close(struct view *w)
{
	close_panel(&w->help);
	close_panel(&w->stats);
	close_panel(&w->notice);
}
