/* SPDX-License-Identifier: MIT */
/*
 * view.c - where in the window a picture stands, how large, which way up
 *
 * Called by show.c, stage.c and render.c. There are three kinds of
 * coordinates: the window's; *local* ones, of the window from the layout's
 * corner on; and the picture's. Between the last two lie the *turned* ones, of
 * the picture after its quarter turns and before it is scaled:
 *
 *	turned width / layout's width  =  turned / local
 */
#include "config.h"

#include "view.h"

#include <errno.h>
#include <math.h>

#include "base/base.h"
#include "base/error.h"
#include "geometry.h"

/* Below this a layout falls into too many cells. */
#define CELL_MIN 64

int
shmfb_view_check(const struct shmfb_view *view)
{
	if (view->scale > SHMFB_SCALE_FIT || view->filter > SHMFB_LINEAR)
		return base_error(-EINVAL,
			"a view of a kind that is not known");
	if (view->rotation > 3)
		return base_error(-EINVAL,
			"a rotation is 0 to 3 quarter turns");
	/* Written so that what is not a number fails, too. */
	if (!(view->zoom == 0 || (view->zoom >= 1.0 / SHMFB_ZOOM_MAX &&
				  view->zoom <= SHMFB_ZOOM_MAX)))
		return base_error(-EINVAL, "a zoom is 0, or 1/%d to %d",
				  SHMFB_ZOOM_MAX, SHMFB_ZOOM_MAX);
	if (view->zoom != 0 && !(fabs(view->x) <= SHMX_SIDE_MAX &&
				 fabs(view->y) <= SHMX_SIDE_MAX))
		return base_error(-EINVAL, "the middle is not in any picture");
	return 0;
}

static int64_t
turned_width(const struct shmfb_layout *l)
{
	return l->turns % 2 ? l->height : l->width;
}

static int64_t
turned_height(const struct shmfb_layout *l)
{
	return l->turns % 2 ? l->width : l->height;
}

/* As large as fits, but for a cap on the factor. */
static void
fit(struct shmfb_layout *l, int64_t room_width, int64_t room_height)
{
	int64_t w = turned_width(l), h = turned_height(l);

	room_width = BASE_MIN(room_width, w * SHMFB_FACTOR_MAX);
	room_height = BASE_MIN(room_height, h * SHMFB_FACTOR_MAX);
	if (room_width * h <= room_height * w) {
		l->at.width = (int32_t)room_width;
		l->at.height = (int32_t)((room_width * h + w / 2) / w);
	} else {
		l->at.height = (int32_t)room_height;
		l->at.width = (int32_t)((room_height * w + h / 2) / h);
	}
	l->at.width = BASE_MAX(l->at.width, 1);
	l->at.height = BASE_MAX(l->at.height, 1);
}

static void
enlarge(struct shmfb_layout *l, int64_t factor)
{
	factor = BASE_MAX(BASE_MIN(factor, SHMFB_FACTOR_MAX), 1);
	l->at.width = (int32_t)(turned_width(l) * factor);
	l->at.height = (int32_t)(turned_height(l) * factor);
}

static double
clamp(double value, double most)
{
	return BASE_MAX(BASE_MIN(value, most), 0);
}

/* By that factor, with a point of the picture in the middle. */
static void
zoom(struct shmfb_layout *l, const struct shmfb_view *view, uint32_t width,
     uint32_t height)
{
	double x = clamp(view->x, l->width), y = clamp(view->y, l->height);
	double u = l->turns % 2 ? y : x, v = l->turns % 2 ? x : y;

	if (l->turns == 1 || l->turns == 2)
		u = (double)turned_width(l) - u;
	if (l->turns == 2 || l->turns == 3)
		v = (double)turned_height(l) - v;
	l->at.width = (int32_t)lround((double)turned_width(l) * view->zoom);
	l->at.height = (int32_t)lround((double)turned_height(l) * view->zoom);
	l->at.width = BASE_MAX(l->at.width, 1);
	l->at.height = BASE_MAX(l->at.height, 1);
	l->at.x = (int32_t)lround(width / 2.0 - u * l->at.width /
				  (double)turned_width(l));
	l->at.y = (int32_t)lround(height / 2.0 - v * l->at.height /
				  (double)turned_height(l));
}

void
shmfb_layout_set(struct shmfb_layout *l, const struct shmfb_view *view,
		 uint32_t window_width, uint32_t window_height)
{
	l->turns = view->rotation;
	l->linear = view->filter == SHMFB_LINEAR;
	if (view->zoom != 0) {
		zoom(l, view, window_width, window_height);
		return;
	}
	if (view->scale == SHMFB_SCALE_FIT)
		fit(l, window_width, window_height);
	else if (view->scale == SHMFB_SCALE_INTEGER)
		enlarge(l, BASE_MIN(window_width / turned_width(l),
				    window_height / turned_height(l)));
	else
		enlarge(l, 1);
	l->at.x = shmfb_centre(window_width, (uint32_t)l->at.width);
	l->at.y = shmfb_centre(window_height, (uint32_t)l->at.height);
}

bool
shmfb_layout_equal(const struct shmfb_layout *a, const struct shmfb_layout *b)
{
	return a->at.x == b->at.x && a->at.y == b->at.y &&
	       a->at.width == b->at.width && a->at.height == b->at.height &&
	       a->width == b->width && a->height == b->height &&
	       a->turns == b->turns && a->linear == b->linear;
}

bool
shmfb_layout_plain(const struct shmfb_layout *l)
{
	return !l->turns && (uint32_t)l->at.width == l->width &&
	       (uint32_t)l->at.height == l->height;
}

/* ------------------------------------------------------ to the window -- */

static struct shmx_rect
turn(const struct shmfb_layout *l, const struct shmx_rect *r)
{
	int32_t width = (int32_t)l->width, height = (int32_t)l->height;

	switch (l->turns) {
	case 1:
		return (struct shmx_rect){ height - r->y - r->height, r->x,
					   r->height, r->width };
	case 2:
		return (struct shmx_rect){ width - r->x - r->width,
					   height - r->y - r->height,
					   r->width, r->height };
	case 3:
		return (struct shmx_rect){ r->y, width - r->x - r->width,
					   r->height, r->width };
	default:
		return *r;
	}
}

/* From where to where, all of it and a pixel for what is rounded. */
static void
scale(int32_t *at, int32_t *length, int64_t to, int64_t from)
{
	int64_t begin = *at * to / from - 1;
	int64_t end = (((int64_t)*at + *length) * to + from - 1) / from + 1;

	*at = (int32_t)begin;
	*length = (int32_t)(end - begin);
}

struct shmx_rect
shmfb_layout_cover(const struct shmfb_layout *l, const struct shmx_rect *rect)
{
	struct shmx_rect all = shmfb_rect_all(l->width, l->height);
	struct shmx_rect local = shmfb_rect_all((uint32_t)l->at.width,
						(uint32_t)l->at.height);
	struct shmx_rect r = shmfb_rect_cut(rect, &all);

	if (shmfb_rect_empty(&r))
		return r;
	if (!shmfb_layout_plain(l)) {
		/* Between pixels, one is seen at its neighbours' place. */
		if (l->linear)
			r = (struct shmx_rect){ r.x - 1, r.y - 1, r.width + 2,
						r.height + 2 };
		r = shmfb_rect_cut(&r, &all);
		r = turn(l, &r);
		scale(&r.x, &r.width, l->at.width, turned_width(l));
		scale(&r.y, &r.height, l->at.height, turned_height(l));
		r = shmfb_rect_cut(&r, &local);
	}
	return shmfb_rect_move(&r, l->at.x, l->at.y);
}

/* ----------------------------------------------------- to the picture -- */

bool
shmfb_layout_point(const struct shmfb_layout *l, int32_t x, int32_t y,
		   double *picture_x, double *picture_y)
{
	double u = ((double)x - l->at.x + 0.5) * (double)turned_width(l) /
		   l->at.width;
	double v = ((double)y - l->at.y + 0.5) * (double)turned_height(l) /
		   l->at.height;
	double px, py;

	px = l->turns % 2 ? v : u;
	py = l->turns % 2 ? u : v;
	if (l->turns == 2 || l->turns == 3)
		px = l->width - px;
	if (l->turns == 1 || l->turns == 2)
		py = l->height - py;
	*picture_x = px;
	*picture_y = py;
	return px >= 0 && px < l->width && py >= 0 && py < l->height;
}

int32_t
shmfb_layout_cell(const struct shmfb_layout *l)
{
	int64_t factor = BASE_MAX(l->at.width / turned_width(l),
				  l->at.height / turned_height(l)) + 1;
	int32_t cell = SHMFB_LENS_SIDE;

	/*
	 * A step is wrong by half of 1/65536 of a pixel at most, and the steps
	 * are counted from the middle: at the cell's edge that makes less
	 * than half a pixel of the window, the distance to the next one's.
	 */
	while (cell > CELL_MIN && cell * factor > 65536)
		cell /= 2;
	return cell;
}

/*
 * Where the middle of a local pixel is among the turned ones, and how far it
 * is from there to the next one's, in 16.16.
 */
static void
look(int64_t local, int32_t cell, int64_t length, int64_t turned,
     int64_t *where, int64_t *step)
{
	int64_t middle = local / cell * cell + cell / 2;

	*step = (turned * 65536 + length / 2) / length;
	*where = (2 * middle + 1) * turned * 65536 / (2 * length) +
		 (local - middle) * *step;
}

/* How far it is from there to the end of the cell, or to that end. */
static int32_t
rest_of_cell(int32_t from, int32_t corner, int32_t side, int32_t end)
{
	return BASE_MIN(side - (from - corner) % side, end - from);
}

bool
shmfb_layout_next(const struct shmfb_layout *l, const struct shmx_rect *rect,
		  struct shmx_rect *part)
{
	int32_t side = shmfb_layout_cell(l), x = rect->x, y = rect->y;
	int32_t right = rect->x + rect->width;
	int32_t bottom = rect->y + rect->height;

	if (!shmfb_rect_empty(part)) {
		x = part->x + part->width;
		y = part->y;
	}
	if (x >= right) {
		x = rect->x;
		y += part->height;
	}
	if (x >= right || y >= bottom)
		return false;
	*part = (struct shmx_rect){
		x, y, rest_of_cell(x, l->at.x, side, right),
		rest_of_cell(y, l->at.y, side, bottom),
	};
	return true;
}

void
shmfb_layout_lens(const struct shmfb_layout *l, int32_t x, int32_t y,
		  struct shmfb_lens *lens)
{
	int32_t cell = shmfb_layout_cell(l);
	int64_t u, v, right, down;
	int64_t width = (int64_t)l->width * 65536;
	int64_t height = (int64_t)l->height * 65536;

	look((int64_t)x - l->at.x, cell, l->at.width, turned_width(l), &u,
	     &right);
	look((int64_t)y - l->at.y, cell, l->at.height, turned_height(l), &v,
	     &down);
	*lens = (struct shmfb_lens){ .linear = l->linear };
	switch (l->turns) {
	case 0:
		lens->x = (int32_t)u;
		lens->y = (int32_t)v;
		lens->x_right = (int32_t)right;
		lens->y_down = (int32_t)down;
		break;
	case 1:
		lens->x = (int32_t)v;
		lens->y = (int32_t)(height - u);
		lens->x_down = (int32_t)down;
		lens->y_right = (int32_t)-right;
		break;
	case 2:
		lens->x = (int32_t)(width - u);
		lens->y = (int32_t)(height - v);
		lens->x_right = (int32_t)-right;
		lens->y_down = (int32_t)-down;
		break;
	default:
		lens->x = (int32_t)(width - v);
		lens->y = (int32_t)u;
		lens->x_down = (int32_t)-down;
		lens->y_right = (int32_t)right;
		break;
	}
}
