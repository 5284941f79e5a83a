/* SPDX-License-Identifier: MIT */
/*
 * geometry.c - rectangles: cut, join, place, border, split
 */
#include "config.h"

#include "geometry.h"

#include "base/base.h"

/* From the first to before the last; nothing when they are the wrong way. */
static struct shmx_rect
rect_between(int64_t x0, int64_t y0, int64_t x1, int64_t y1)
{
	if (x0 >= x1 || y0 >= y1)
		return (struct shmx_rect){ 0, 0, 0, 0 };
	return (struct shmx_rect){
		(int32_t)x0, (int32_t)y0,
		(int32_t)BASE_MIN(x1 - x0, INT32_MAX),
		(int32_t)BASE_MIN(y1 - y0, INT32_MAX),
	};
}

static int64_t
right(const struct shmx_rect *r)
{
	return (int64_t)r->x + r->width;
}

static int64_t
bottom(const struct shmx_rect *r)
{
	return (int64_t)r->y + r->height;
}

struct shmx_rect
shmfb_rect_cut(const struct shmx_rect *a, const struct shmx_rect *b)
{
	return rect_between(BASE_MAX(a->x, b->x), BASE_MAX(a->y, b->y),
			    BASE_MIN(right(a), right(b)),
			    BASE_MIN(bottom(a), bottom(b)));
}

struct shmx_rect
shmfb_rect_join(const struct shmx_rect *a, const struct shmx_rect *b)
{
	if (shmfb_rect_empty(a))
		return *b;
	if (shmfb_rect_empty(b))
		return *a;
	return rect_between(BASE_MIN(a->x, b->x), BASE_MIN(a->y, b->y),
			    BASE_MAX(right(a), right(b)),
			    BASE_MAX(bottom(a), bottom(b)));
}

int32_t
shmfb_centre(uint32_t room, uint32_t length)
{
	return (int32_t)(((int64_t)room - (int64_t)length) / 2);
}

static unsigned
keep(struct shmx_rect *out, unsigned n, struct shmx_rect r)
{
	if (shmfb_rect_empty(&r))
		return n;
	out[n] = r;
	return n + 1;
}

unsigned
shmfb_rect_around(const struct shmx_rect *whole, const struct shmx_rect *part,
		  struct shmx_rect out[4])
{
	struct shmx_rect in = shmfb_rect_cut(whole, part);
	int64_t x0 = whole->x, x1 = right(whole);
	unsigned n = 0;

	if (shmfb_rect_empty(&in))
		return keep(out, 0, *whole);
	n = keep(out, n, rect_between(x0, whole->y, x1, in.y));
	n = keep(out, n, rect_between(x0, in.y, in.x, bottom(&in)));
	n = keep(out, n, rect_between(right(&in), in.y, x1, bottom(&in)));
	n = keep(out, n, rect_between(x0, bottom(&in), x1, bottom(whole)));
	return n;
}

void
shmfb_piece_size(uint32_t width, uint32_t height, uint32_t max_pixels,
		 uint32_t *piece_width, uint32_t *piece_height)
{
	if (width > max_pixels) {
		*piece_width = max_pixels;
		*piece_height = 1;
		return;
	}
	*piece_width = width;
	*piece_height = width ? BASE_MIN(height, max_pixels / width) : height;
}
