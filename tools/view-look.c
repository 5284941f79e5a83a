/* SPDX-License-Identifier: MIT */
/*
 * view-look.c - zoom, scale, filter, rotation
 *
 * All of it is a struct shmfb_view, which the X server carries out.
 */
#include "config.h"

#include "view.h"

#include <math.h>

static const double levels[] = {
	1. / 16, 1. / 8, 1. / 4, 1. / 3, 1. / 2, 2. / 3, 1, 1.5, 2, 3, 4, 6,
	8, 12, 16, 24, 32, 48, 64,
};

static void
look(struct view *w, const struct shmfb_view *view)
{
	/* -EPIPE: the next dispatch will tell. */
	(void)shmfb_set_view(w->fb, view);
}

void
view_look_init(struct view *w)
{
	struct shmfb_view view = SHMFB_VIEW_INIT;

	view.scale = w->v.scale;
	view.filter = w->v.filter;
	view.rotation = w->v.rotation;
	view.background = w->v.background;
	look(w, &view);
}

static struct shmfb_view
current(const struct view *w)
{
	struct shmfb_view view = SHMFB_VIEW_INIT;

	shmfb_get_view(w->fb, &view, sizeof(view));
	return view;
}

/* From what two pixels show that are far from each other. */
double
view_factor(const struct view *w)
{
	double x0 = 0, y0 = 0, x1 = 0, y1 = 0, far;

	(void)shmfb_to_picture(w->fb, 0, 0, &x0, &y0);
	(void)shmfb_to_picture(w->fb, 10000, 0, &x1, &y1);
	far = hypot(x1 - x0, y1 - y0);
	return far > 0 ? 10000 / far : 0;
}

/* The point of the picture in the middle of the window stays there. */
static void
centre(const struct view *w, struct shmfb_view *view, double dx, double dy)
{
	struct shmfb_stats s;

	shmfb_stats(w->fb, &s, sizeof(s));
	(void)shmfb_to_picture(w->fb, (int32_t)(s.width * (0.5 + dx)),
			       (int32_t)(s.height * (0.5 + dy)), &view->x,
			       &view->y);
}

static double
next_level(double now, int direction)
{
	const int n = (int)BASE_ARRAY_SIZE(levels);
	int i;

	/* A little off, for what is there after a division. */
	if (direction > 0) {
		for (i = 0; i < n - 1 && levels[i] <= now * 1.001; i++)
			;
	} else {
		for (i = n - 1; i > 0 && levels[i] >= now * 0.999; i--)
			;
	}
	return levels[i];
}

void
view_zoom(struct view *w, int direction)
{
	struct shmfb_view view = current(w);
	double factor = view_factor(w);

	if (factor == 0)
		return;
	if (direction == 0) {
		view_scale(w, SHMFB_SCALE_NONE);
		return;
	}
	centre(w, &view, 0, 0);
	view.zoom = next_level(factor, direction);
	look(w, &view);
	view_say(w, "zoom %g %%", round(view.zoom * 1000) / 10);
}

void
view_scale(struct view *w, enum shmfb_scale scale)
{
	static const char *const names[] = {
		[SHMFB_SCALE_NONE] = "pixel by pixel",
		[SHMFB_SCALE_INTEGER] = "whole factor",
		[SHMFB_SCALE_FIT] = "fits the window",
	};
	struct shmfb_view view = current(w);

	view.scale = scale;
	view.zoom = 0;
	look(w, &view);
	view_say(w, "%s: %g %%", names[scale],
		 round(view_factor(w) * 1000) / 10);
}

void
view_filter(struct view *w)
{
	struct shmfb_view view = current(w);

	view.filter = view.filter == SHMFB_NEAREST ? SHMFB_LINEAR :
		SHMFB_NEAREST;
	look(w, &view);
	view_say(w, "%s", view.filter == SHMFB_NEAREST ?
		 "sharp: nearest pixel" : "smooth: linear");
}

void
view_rotate(struct view *w, unsigned quarters)
{
	struct shmfb_view view = current(w);
	uint32_t width, height;
	struct shmfb_stats s;

	view_natural_size(w, &width, &height);
	view.rotation = (view.rotation + quarters) % 4;
	look(w, &view);
	/* A window that was as the picture is turned with it. */
	shmfb_stats(w->fb, &s, sizeof(s));
	if (s.width == width && s.height == height)
		view_resize(w, height, width);
	view_say(w, "turned by %u degrees", (unsigned)view.rotation * 90);
}

void
view_pan(struct view *w, int dx, int dy)
{
	struct shmfb_view view = current(w);
	double factor = view_factor(w);

	if (factor == 0)
		return;
	centre(w, &view, dx / 8., dy / 8.);
	view.zoom = factor;
	look(w, &view);
}

/* The point of the picture in the middle: that may be between two pixels. */
static void
find_middle(const struct view *w, double *x, double *y)
{
	double x0 = 0, y0 = 0, x1 = 0, y1 = 0;
	struct shmfb_stats s;

	shmfb_stats(w->fb, &s, sizeof(s));
	(void)shmfb_to_picture(w->fb, (int32_t)(s.width - 1) / 2,
			       (int32_t)(s.height - 1) / 2, &x0, &y0);
	(void)shmfb_to_picture(w->fb, (int32_t)s.width / 2,
			       (int32_t)s.height / 2, &x1, &y1);
	*x = (x0 + x1) / 2;
	*y = (y0 + y1) / 2;
}

void
view_zoom_at(struct view *w, int direction, int32_t x, int32_t y)
{
	struct shmfb_view view = current(w);
	double factor = view_factor(w), px = 0, py = 0, mx, my;

	if (factor == 0)
		return;
	(void)shmfb_to_picture(w->fb, x, y, &px, &py);
	find_middle(w, &mx, &my);
	view.zoom = next_level(factor, direction);
	/* As far from it in the window is less far in the picture. */
	view.x = px + (mx - px) * factor / view.zoom;
	view.y = py + (my - py) * factor / view.zoom;
	look(w, &view);
	view_say(w, "zoom %g %%", round(view.zoom * 1000) / 10);
}

void
view_drag(struct view *w, int32_t x, int32_t y)
{
	struct shmfb_view view = current(w);
	double factor = view_factor(w), px = 0, py = 0, mx, my;

	if (factor == 0)
		return;
	(void)shmfb_to_picture(w->fb, x, y, &px, &py);
	find_middle(w, &mx, &my);
	view.zoom = factor;
	view.x = mx + w->drag_x - px;
	view.y = my + w->drag_y - py;
	look(w, &view);
}
