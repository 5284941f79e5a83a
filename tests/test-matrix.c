/* SPDX-License-Identifier: MIT */
/*
 * test-matrix.c - every way to the window, on whatever server this is
 *
 * Each backend, with and without RENDER; what is drawn, what is copied and a
 * ring's frames; every format; at 1:1, enlarged, fitted and turned. The whole
 * window is read back by GetImage each time and held against the reference,
 * to the bit, on a server of any depth and byte order.
 *
 * test-servers.sh runs it on servers and in circumstances of many kinds, and
 * says by the environment what is to be expected of them:
 *
 *	SHMX_TEST_GRANTS="auto=shm-fd shm put"	those ways, no others
 *	SHMX_TEST_WHY="refused the descriptor"	is in why auto took its path
 *	SHMX_TEST_REPORT=FILE	what was found is added there
 *	SHMX_TEST_LOOK=:7	read windows there: DISPLAY is a proxy for that
 */
#include "config.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <shmfb/shmfb.h>

#include "base/base.h"
#include "colour.h"
#include "shmfb/window.h"
#include "suite.h"
#include "xtool.h"

#define WIDTH 121
#define HEIGHT 83
#define SIDE_MAX 200

static const struct {
	const char *name;
	enum shmfb_backend backend;
	const char *no_render;
	const char *path;		/* NULL: any */
} ways[] = {
	{ "auto", SHMFB_AUTO, "0", NULL },
	{ "auto", SHMFB_AUTO, "1", NULL },
	{ "shm", SHMFB_SHM, "0", "shm-fd" },
	{ "shm", SHMFB_SHM, "1", "shm-fd" },
	{ "sysv", SHMFB_SYSV, "0", "shm-sysv" },
	{ "sysv", SHMFB_SYSV, "1", "shm-sysv" },
	{ "put", SHMFB_PUT, "0", "put" },
	{ "present", SHMFB_PRESENT, "0", "present" },
};

#define WAYS ((int)BASE_ARRAY_SIZE(ways))

static const uint32_t formats[] = {
	SHMX_XRGB8888, SHMX_ARGB8888, SHMX_XBGR8888, SHMX_RGB565,
	SHMX_XRGB2101010, SHMX_RGB888, SHMX_R8,
};

#define FORMATS ((int)BASE_ARRAY_SIZE(formats))

static const struct {
	struct shmfb_view view;
	uint32_t width, height;		/* of the picture */
} views[] = {
	{ { .background = 0x336699 }, 100, 80 },
	{ { 0 }, 150, 97 },
	{ { .scale = SHMFB_SCALE_INTEGER }, 33, 20 },
	{ { .scale = SHMFB_SCALE_FIT }, 50, 47 },
	{ { .scale = SHMFB_SCALE_FIT, .rotation = 1 }, 190, 111 },
};

#define VIEWS ((int)BASE_ARRAY_SIZE(views))

static xcb_connection_t *c;
static struct shmfb *fb;

static void
connect_observer(void)
{
	c = x_connect(getenv("SHMX_TEST_LOOK"));
}

static void
disconnect_observer(void)
{
	xcb_disconnect(c);
}

static void BASE_PRINTF(1, 2)
report(const char *fmt, ...)
{
	const char *name = getenv("SHMX_TEST_REPORT");
	FILE *f = name ? fopen(name, "ae") : NULL;
	va_list ap;

	if (!f)
		return;
	va_start(ap, fmt);
	vfprintf(f, fmt, ap);
	va_end(ap);
	fclose(f);
}

static int
try_open(int way)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;

	opt.width = WIDTH;
	opt.height = HEIGHT;
	opt.backend = ways[way].backend;
	opt.vsync = SHMFB_VSYNC_OFF;
	setenv("SHMFB_NO_RENDER", ways[way].no_render, 1);
	fb = NULL;
	return shmfb_open(&fb, &opt);
}

/* false where the server does not grant it: choices has said so. */
static bool
start(int way)
{
	int err = try_open(way);

	if (err == -ENOTSUP && ways[way].path &&
	    ways[way].backend != SHMFB_PUT)
		return false;
	ck_assert_msg(err == 0, "%s", shmfb_error());
	settle(fb, c);
	return true;
}

/* ------------------------------------------------------------- reference -- */

static uint8_t
noise(uint32_t y, uint32_t i, uint32_t seed)
{
	return (uint8_t)(pattern(i, y, seed) >> 7);
}

static void
fill_noise(void *pixels, size_t stride, uint32_t format, uint32_t width,
	   uint32_t height, uint32_t seed)
{
	uint32_t y, i, n = width * shmx_format_bytes(format);

	for (y = 0; y < height; y++)
		for (i = 0; i < n; i++)
			((uint8_t *)pixels)[y * stride + i] =
				noise(y, i, seed);
}

/* As the server that is looked at has its windows. */
static struct shmfb_visual
seen_visual(void)
{
	struct shmfb_visual v = fb->x->native.visual;

	v.msb_first = xcb_get_setup(c)->image_byte_order ==
		      XCB_IMAGE_ORDER_MSB_FIRST;
	return v;
}

/* Is that the picture's pixel there, if there is one? */
static bool
is_noise(const struct shmfb_visual *v, const uint8_t *is, uint32_t format,
	 double x, double y, uint32_t seed)
{
	unsigned k, bytes = shmx_format_bytes(format);
	uint8_t from[4], want[4];

	for (k = 0; k < bytes; k++)
		from[k] = noise((uint32_t)y, (uint32_t)x * bytes + k, seed);
	memset(want, 0, sizeof(want));
	colour_write(v, colour_read(format, from), want);
	return colour_same(v, is, want);
}

/*
 * The same a bit to each side: the server counts in steps of 1/65536, which
 * may decide between two pixels of the picture where it is not a whole factor.
 */
static bool
is_noise_near(const struct shmfb_visual *v, const uint8_t *is,
	      uint32_t format, double x, double y, const uint32_t size[2],
	      uint32_t seed)
{
	static const double off[] = { 0, -0.005, 0.005 };
	unsigned i, k;

	for (i = 0; i < 3; i++)
		for (k = 0; k < 3; k++)
			if (is_noise(v, is, format,
				fmin(fmax(floor(x + off[i]), 0), size[0] - 1.),
				fmin(fmax(floor(y + off[k]), 0), size[1] - 1.),
				seed))
				return true;
	return false;
}

static bool
is_background(const struct shmfb_visual *v, const uint8_t *is,
	      uint32_t background)
{
	struct colour colour = { .alpha = 0xff };
	uint8_t want[4] = { 0 };
	unsigned i;

	for (i = 0; i < 3; i++) {
		colour.c[i] = background >> (16 - 8 * i) & 0xff;
		colour.c[i] = colour.c[i] << 2 | colour.c[i] >> 6;
	}
	colour_write(v, colour, want);
	return colour_same(v, is, want);
}

/* How many times larger, at whole factors; 0: none of them. */
static uint32_t
factor_of(const struct shmfb_view *view, const uint32_t size[2])
{
	uint32_t f = BASE_MIN(WIDTH / size[0], HEIGHT / size[1]);

	if (view->rotation || view->scale == SHMFB_SCALE_FIT)
		return 0;
	return view->scale == SHMFB_SCALE_INTEGER ? BASE_MAX(f, 1) : 1;
}

/* Which pixel of the picture the window shows at x, y; false: none. */
static bool
expected_at(const struct shmfb_view *view, const uint32_t size[2], int32_t x,
	    int32_t y, double *px, double *py)
{
	uint32_t f = factor_of(view, size);

	if (!f)
		return shmfb_to_picture(fb, x, y, px, py);
	/* In the middle, as the C of the header's words. */
	x -= (WIDTH - (int32_t)(size[0] * f)) / 2;
	y -= (HEIGHT - (int32_t)(size[1] * f)) / 2;
	*px = floor((double)x / f);
	*py = floor((double)y / f);
	return x >= 0 && y >= 0 && *px < size[0] && *py < size[1];
}

static xcb_get_image_reply_t *
read_window(void)
{
	xcb_get_image_reply_t *r;

	r = xcb_get_image_reply(c, xcb_get_image(c, XCB_IMAGE_FORMAT_Z_PIXMAP,
		shmfb_window_id(fb), 0, 0, WIDTH, HEIGHT, ~0U), NULL);
	ck_assert_ptr_nonnull(r);
	return r;
}

/* Every pixel of the window. */
static void
check(uint32_t format, const uint32_t size[2], uint32_t seed)
{
	struct shmfb_visual v = seen_visual();
	xcb_get_image_reply_t *reply;
	unsigned n = v.bits / 8;
	size_t stride = (WIDTH * v.bits + v.pad - 1) / v.pad * v.pad / 8;
	struct shmfb_view view;
	const uint8_t *is;
	double px, py;
	int32_t x, y;
	bool same;

	settle(fb, c);
	ck_assert_uint_eq(stats_of(fb).width, WIDTH);
	ck_assert_uint_eq(stats_of(fb).height, HEIGHT);
	ck_assert_uint_eq(stats_of(fb).frames_failed, 0);
	shmfb_get_view(fb, &view, sizeof(view));
	reply = read_window();
	for (y = 0; y < HEIGHT; y++)
		for (x = 0; x < WIDTH; x++) {
			is = xcb_get_image_data(reply) +
			     (size_t)y * stride + (size_t)x * n;
			same = expected_at(&view, size, x, y, &px, &py) ?
				is_noise_near(&v, is, format, px, py, size,
					      seed) :
				is_background(&v, is, view.background);
			if (!same)
				ck_abort_msg("%s, scale %d, %s by %s: "
					     "pixel %d,%d is %02x%02x%02x%02x",
					     shmx_format_name(format),
					     view.scale, stats_of(fb).path,
					     stats_of(fb).route, x, y, is[0],
					     is[1], n > 2 ? is[2] : 0,
					     n > 2 ? is[3] : 0);
		}
	free(reply);
}

static void
set_view(int which)
{
	struct shmfb_view view = views[which].view;

	view.size = sizeof(view);
	ck_assert_int_eq(shmfb_set_view(fb, &view), 0);
}

/* -------------------------------------------------------------- choices -- */

static bool
is_one_of(const char *words, const char *name)
{
	size_t n = strlen(name);
	const char *w;

	for (w = words; (w = strstr(w, name)); w += n)
		if ((w == words || w[-1] == ' ') && (w[n] == '\0' ||
						     w[n] == ' '))
			return true;
	return false;
}

/* What was expected of this way, if something was. */
static void
check_grant(int way, bool granted, const char *why)
{
	const char *grants = getenv("SHMX_TEST_GRANTS");
	const char *words = getenv("SHMX_TEST_WHY");
	char name[64];

	if (!grants)
		return;
	if (ways[way].backend == SHMFB_AUTO) {
		snprintf(name, sizeof(name), "auto=%s", stats_of(fb).path);
		ck_assert_msg(is_one_of(grants, name), "%s (%s)", name, why);
		ck_assert_msg(!words || strstr(why, words), "\"%s\"", why);
		return;
	}
	ck_assert_msg(is_one_of(grants, ways[way].name) == granted,
		      "%s is %s: %s", ways[way].name,
		      granted ? "granted" : "refused", why);
}

/* Which are granted, and why; refusals are in words. */
START_TEST(choices)
{
	struct shmfb_stats s;
	int err = try_open(_i);
	char why[600];

	if (err) {
		ck_assert_msg(err == -ENOTSUP, "%s", shmfb_error());
		ck_assert_ptr_nonnull(ways[_i].path);
		ck_assert_int_ne(ways[_i].backend, SHMFB_PUT);
		snprintf(why, sizeof(why), "%s", shmfb_error());
		ck_assert_uint_gt(strlen(why), 10);
		check_grant(_i, false, why);
		report("%s: refused: %s\n", ways[_i].name, why);
		return;
	}
	s = stats_of(fb);
	ck_assert_uint_gt(strlen(s.why), 0);
	if (ways[_i].path)
		ck_assert_str_eq(s.path, ways[_i].path);
	check_grant(_i, true, s.why);
	if (ways[_i].no_render[0] == '0')
		report("%s: %s: %s\n", ways[_i].name, s.path, s.why);
	shmfb_close(fb);
}
END_TEST

/* What the server says of itself, and what doctor makes of it. */
START_TEST(server)
{
	static struct shmfb_probe probe;
	const struct shmfb_probe_path *p;
	unsigned i;

	ck_assert_int_eq(shmfb_probe(NULL, &probe, sizeof(probe)), 0);
	for (i = 0; i < probe.count; i++) {
		p = &probe.path[i];
		ck_assert_uint_gt(strlen(p->why), 0);
		report("%s: %s%s\n", p->name, p->verdict == SHMFB_WORKS ? "" :
		       p->verdict == SHMFB_FAILS ? "no: " : "not tried: ",
		       p->why);
	}
	ck_assert_uint_eq(probe.path[0].verdict, SHMFB_WORKS);
}
END_TEST

/* ------------------------------------------------------------- pictures -- */

static void
draw(int view, uint32_t seed)
{
	const uint32_t size[2] = { views[view].width, views[view].height };
	struct shmfb_canvas canvas;
	int err;

	ck_assert_int_eq(shmfb_set_canvas_size(fb, size[0], size[1]), 0);
	while ((err = shmfb_begin(fb, &canvas)) == -EAGAIN)
		ck_assert(shmfb_pump(fb));
	ck_assert_msg(err == 0, "%s", shmfb_error());
	fill_noise(canvas.pixels, canvas.stride, canvas.format, size[0],
		   size[1], seed);
	ck_assert_int_eq(shmfb_present(fb, NULL, 0), 0);
	check(SHMX_XRGB8888, size, seed);
}

START_TEST(drawn)
{
	int i;

	if (!start(_i))
		return;
	for (i = 0; i < 2 * VIEWS; i++) {
		set_view(i / 2);
		draw(i / 2, (uint32_t)i);
	}
	/* Painted over by others, it paints again. */
	xcb_clear_area(c, 1, shmfb_window_id(fb), 3, 5, 60, 50);
	x_sync(c);
	check(SHMX_XRGB8888, (uint32_t[]){ views[VIEWS - 1].width,
	      views[VIEWS - 1].height }, (uint32_t)i - 1);
	shmfb_close(fb);
}
END_TEST

static void
copy(int view, uint32_t format, uint32_t seed)
{
	static uint8_t pixels[SIDE_MAX * SIDE_MAX * 4];
	const uint32_t size[2] = { views[view].width, views[view].height };
	const struct shmfb_image image = {
		.pixels = pixels, .stride = SIDE_MAX * 4,
		.width = size[0], .height = size[1], .format = format,
	};
	int err;

	fill_noise(pixels, image.stride, format, size[0], size[1], seed);
	while ((err = shmfb_present_copy(fb, &image, NULL, 0)) == -EAGAIN)
		ck_assert(shmfb_pump(fb));
	ck_assert_msg(err == 0, "%s", shmfb_error());
	check(format, size, seed);
}

START_TEST(copied)
{
	int i;

	if (!start(_i))
		return;
	/* Each format at one size or another, and each of those. */
	for (i = 0; i < 2 * FORMATS; i++) {
		set_view((i + _i) % VIEWS);
		copy((i + _i) % VIEWS, formats[i % FORMATS], (uint32_t)i);
	}
	shmfb_close(fb);
}
END_TEST

static void
show(struct shmx_producer *producer, struct shmx_reader *reader, int view,
     uint32_t format, uint32_t seed)
{
	const uint32_t size[2] = { views[view].width, views[view].height };
	struct shmx_hold *hold;
	struct shmx_frame f;
	int err;

	shmx_begin(producer, &f);
	f.width = size[0];
	f.height = size[1];
	fill_noise(f.pixels, f.stride, format, size[0], size[1], seed);
	ck_assert_uint_gt(shmx_publish(producer, &f), 0);
	ck_assert_int_eq(shmx_hold_latest(reader, &hold), 0);
	while ((err = shmfb_show(fb, hold)) == -EAGAIN)
		ck_assert(shmfb_pump(fb));
	ck_assert_msg(err == 0, "%s", shmfb_error());
	shmx_release(hold);
	check(format, size, seed);
}

/* A ring's frames, of each format in turn. */
START_TEST(shown)
{
	struct shmx_reader_options opt = SHMX_READER_OPTIONS_INIT;
	struct shmx_producer *producer;
	struct shmx_reader *reader;
	int f, i;

	/* A ring that cannot be attached is not shown then: shm is strict. */
	if (!start(_i))
		return;
	opt.holds = 4;
	for (f = 0; f < FORMATS; f++) {
		ck_assert_int_eq(shmx_producer_open_image(&producer, "matrix",
				SIDE_MAX, SIDE_MAX, formats[f]), 0);
		ck_assert_int_eq(shmx_reader_open(&reader, "matrix", &opt),
				 0);
		for (i = 0; i < 3; i++) {
			set_view((i + f) % VIEWS);
			show(producer, reader, (i + f) % VIEWS, formats[f],
			     (uint32_t)i);
		}
		if (_i == 0)
			report("a ring's %s: %s, %s: %s\n",
			       shmx_format_name(formats[f]),
			       stats_of(fb).path, stats_of(fb).route,
			       stats_of(fb).route_why);
		shmx_reader_close(reader);
		shmx_producer_close(producer);
	}
	shmfb_close(fb);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("matrix");
	TCase *tc = suite_case(s, "server");

	tcase_add_test(tc, server);
	tcase_add_loop_test(tc, choices, 0, WAYS);

	tc = suite_case(s, "pictures");
	tcase_add_checked_fixture(tc, connect_observer, disconnect_observer);
	tcase_add_loop_test(tc, drawn, 0, WAYS);
	tcase_add_loop_test(tc, copied, 0, WAYS);
	tcase_add_loop_test(tc, shown, 0, WAYS);
	return suite_run(s);
}
