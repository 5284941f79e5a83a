/* SPDX-License-Identifier: MIT */
/*
 * paint.c - draw with the mouse: pointer, damage, buffer age
 *
 *	cc paint.c $(pkg-config --cflags --libs shmfb) -lm -o paint
 *
 * Left button draws, right button rubs out, the wheel makes the brush larger
 * and smaller; 1 to 7 choose a colour, c clears, q quits.
 *
 * What it teaches: to draw only what has changed. The window has a few buffers
 * in turn, so the one that begin gives may lack what was drawn since it was
 * shown last, `age` presents ago. This program keeps its picture, and which
 * rectangle each of the last frames has changed: what the buffer lacks is
 * copied to it, which is all only where it lacks more than is remembered. To
 * the server it names what is new since the last frame, which is less.
 */
#include <math.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <shmfb/shmfb.h>

#define WIDTH 640
#define HEIGHT 480
#define REMEMBER 4		/* frames */

static struct shmfb *fb;
static uint32_t picture[HEIGHT][WIDTH];	/* what it should look like */

/* What each of the last frames has changed; changed[0] is the next one. */
static struct shmx_rect changed[REMEMBER];

static double size = 5;			/* of the brush: its radius */
static uint32_t colour = 0xf0f0f0;
static int brush;			/* the button that is down, or 0 */
static double last_x, last_y;

static struct shmx_rect
join(struct shmx_rect a, struct shmx_rect b)
{
	int32_t right = a.x + a.width, bottom = a.y + a.height;

	if (a.width == 0)
		return b;
	if (b.width == 0)
		return a;
	if (b.x + b.width > right)
		right = b.x + b.width;
	if (b.y + b.height > bottom)
		bottom = b.y + b.height;
	a.x = a.x < b.x ? a.x : b.x;
	a.y = a.y < b.y ? a.y : b.y;
	a.width = right - a.x;
	a.height = bottom - a.y;
	return a;
}

/* A round dab, in the picture; the pointer may be outside of it. */
static void
dab(double x, double y)
{
	int left = (int)fmax(0, floor(x - size));
	int top = (int)fmax(0, floor(y - size));
	int right = (int)fmin(WIDTH - 1, ceil(x + size));
	int bottom = (int)fmin(HEIGHT - 1, ceil(y + size));
	int i, k;

	if (left > right || top > bottom)
		return;
	for (k = top; k <= bottom; k++)
		for (i = left; i <= right; i++)
			if ((i - x) * (i - x) + (k - y) * (k - y) <=
			    size * size)
				picture[k][i] = brush == 3 ? 0 : colour;
	changed[0] = join(changed[0], (struct shmx_rect){ left, top,
			  right - left + 1, bottom - top + 1 });
}

/* Dabs so close to each other that they are a line. */
static void
line_to(double x, double y)
{
	double length = hypot(x - last_x, y - last_y);
	int steps = (int)(length / fmax(1, size / 3)) + 1, i;

	for (i = 1; i <= steps; i++)
		dab(last_x + (x - last_x) * i / steps,
		    last_y + (y - last_y) * i / steps);
	last_x = x;
	last_y = y;
}

static void
clear(void)
{
	memset(picture, 0, sizeof(picture));
	changed[0] = (struct shmx_rect){ 0, 0, WIDTH, HEIGHT };
}

/* false: quit. */
static bool
on_text(const char *text)
{
	static const uint32_t colours[] = {
		0xf0f0f0, 0xe04030, 0xf0a030, 0xe8e040, 0x50c050, 0x4090e0,
		0xa060d0,
	};

	if (*text >= '1' && *text <= '7')
		colour = colours[*text - '1'];
	else if (*text == 'c')
		clear();
	return *text != 'q';
}

/* Events say where in the picture: also where the window is larger. */
static bool
take_events(void)
{
	struct shmfb_event e;
	bool go_on = true;

	while (shmfb_next_event(fb, &e)) {
		switch (e.type) {
		case SHMFB_EVENT_BUTTON:
			if (e.u.button.button != 1 && e.u.button.button != 3)
				break;
			brush = e.u.button.pressed ? (int)e.u.button.button : 0;
			last_x = e.u.button.x;
			last_y = e.u.button.y;
			if (brush)
				dab(last_x, last_y);
			break;
		case SHMFB_EVENT_MOTION:
			if (brush)
				line_to(e.u.motion.x, e.u.motion.y);
			break;
		case SHMFB_EVENT_SCROLL:
			size = fmin(60, fmax(1, size * pow(1.2,
							   e.u.scroll.dy)));
			break;
		case SHMFB_EVENT_TEXT:
			go_on &= on_text(e.u.text.utf8);
			break;
		default:
			break;
		}
	}
	return go_on;
}

/* What the canvas lacks: all that the frames since have changed. */
static struct shmx_rect
lacking(uint32_t age)
{
	struct shmx_rect r = { 0, 0, WIDTH, HEIGHT };
	uint32_t i;

	if (age == 0 || age > REMEMBER)
		return r;
	r = changed[0];
	for (i = 1; i < age; i++)
		r = join(r, changed[i]);
	return r;
}

static void
show(void)
{
	struct shmfb_canvas c;
	struct shmx_rect r;
	int32_t y;

	if (shmfb_begin(fb, &c) < 0)
		return;
	r = lacking(c.age);
	for (y = r.y; y < r.y + r.height; y++)
		memcpy((char *)c.pixels + (size_t)y * c.stride +
		       (size_t)r.x * 4, &picture[y][r.x],
		       (size_t)r.width * 4);
	if (shmfb_present(fb, changed, 1) < 0)
		return;
	memmove(changed + 1, changed, sizeof(changed) - sizeof(changed[0]));
	changed[0] = (struct shmx_rect){ 0, 0, 0, 0 };
}

static int
usage(int status)
{
	fprintf(status ? stderr : stdout,
		"usage: paint\n"
		"Draw with the mouse: left draws, right rubs out, the wheel is "
		"the\nbrush; 1 to 7 choose a colour, c clears, q quits.\n");
	return status;
}

int
main(int argc, char **argv)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	struct shmfb_view view = SHMFB_VIEW_INIT;
	struct pollfd wait;
	bool go_on = true;

	if (argc > 1)
		return usage(strcmp(argv[1], "--help") ? 2 : 0);
	opt.title = opt.class_name = "paint";
	if (shmfb_open(&fb, &opt) < 0) {
		fprintf(stderr, "paint: %s\n", shmfb_error());
		return 1;
	}
	/* The picture keeps its size, whatever that of the window is. */
	shmfb_set_canvas_size(fb, WIDTH, HEIGHT);
	view.scale = SHMFB_SCALE_FIT;
	view.background = 0x303030;
	shmfb_set_view(fb, &view);
	clear();
	wait = (struct pollfd){ shmfb_fd(fb), POLLIN, 0 };
	while (go_on && take_events()) {
		if (changed[0].width == 0) {
			/* Pump would not sleep, as a frame could be shown. */
			poll(&wait, 1, -1);
			go_on = shmfb_dispatch(fb) == 0;
		} else if (shmfb_ready(fb)) {
			show();
		} else {
			go_on = shmfb_pump(fb);
		}
	}
	shmfb_close(fb);
	return 0;
}
