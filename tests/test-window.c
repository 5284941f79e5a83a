/* SPDX-License-Identifier: MIT */
/*
 * test-window.c - the window: opening, properties, closing, painting again
 *
 * The test plays the window manager: under a bare server nobody else does.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xcb/xcb_icccm.h>

#include <shmfb/shmfb.h>

#include "base/fd.h"
#include "fault.h"
#include "shmfb/window.h"
#include "suite.h"
#include "xtool.h"

static xcb_connection_t *c;

static void
connect_observer(void)
{
	c = x_connect(NULL);
}

static void
disconnect_observer(void)
{
	xcb_disconnect(c);
}

START_TEST(no_display)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	char *display = strdup(getenv("DISPLAY"));

	opt.display = ":4711";
	ck_assert_int_eq(open_fails(&opt, "cannot open display \":4711\": is "
				    "an X server running?"), -ECONNREFUSED);
	opt.display = "nonsense";
	ck_assert_int_eq(open_fails(&opt, "\"nonsense\" is not the name"),
			 -ECONNREFUSED);
	opt.display = NULL;
	unsetenv("DISPLAY");
	ck_assert_int_eq(open_fails(&opt, "DISPLAY is not set"), -ECONNREFUSED);
	setenv("DISPLAY", display, 1);
	free(display);
}
END_TEST

START_TEST(no_such_screen)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	char display[64];

	snprintf(display, sizeof(display), "%s.7", getenv("DISPLAY"));
	opt.display = display;
	ck_assert_int_eq(open_fails(&opt, "has no screen 7"), -ECONNREFUSED);
}
END_TEST

START_TEST(bad_sizes)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	struct shmfb *fb;

	opt.width = 32768;
	opt.height = 1;
	ck_assert_int_eq(open_fails(&opt, "1 to 32767"), -EINVAL);
	opt.width = 0;
	ck_assert_int_eq(open_fails(&opt, "0x1"), -EINVAL);
	opt.height = 32768;
	opt.width = 1;
	ck_assert_int_eq(open_fails(&opt, "1x32768"), -EINVAL);

	fb = open_window(NULL);
	ck_assert_uint_eq(stats_of(fb).width, 640);
	ck_assert_uint_eq(stats_of(fb).height, 480);
	ck_assert_int_eq(shmfb_resize(fb, 0, 5), -EINVAL);
	ck_assert_int_eq(shmfb_resize(fb, 5, 40000), -EINVAL);
	shmfb_close(fb);
	shmfb_close(NULL);
}
END_TEST

START_TEST(options_that_are_not)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;

	opt.backend = (enum shmfb_backend)(SHMFB_PRESENT + 1);
	ck_assert_int_eq(open_fails(&opt, "no backend 5"), -EINVAL);
	opt.backend = (enum shmfb_backend)-1;
	ck_assert_int_eq(open_fails(&opt, "no backend"), -EINVAL);
	opt.backend = SHMFB_AUTO;
	opt.flags = SHMFB_FIXED_SIZE | 0xffff0000;
	ck_assert_int_eq(open_fails(&opt, "no flags 0xffff0000"), -EINVAL);
	opt.flags = SHMFB_ALPHA << 1;
	ck_assert_int_eq(open_fails(&opt, "no flags 0x100"), -EINVAL);
}
END_TEST

START_TEST(options_of_another_age)
{
	struct {
		struct shmfb_options opt;
		uint64_t later;
	} newer = { .opt = SHMFB_OPTIONS_INIT };
	struct shmfb *fb;

	newer.opt.size = sizeof(newer);
	fb = open_window(&newer.opt);
	shmfb_close(fb);
	newer.later = 1;
	ck_assert_int_eq(open_fails(&newer.opt, "this version"), -E2BIG);
}
END_TEST

/* The picture is another one on each of these: nothing is shown at all. */
/* Its pixels are numbers of colours, which are other windows' too. */
START_TEST(palette_is_refused)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	struct xserver server;

	xserver_start(&server, "640x480x8", NULL);
	opt.display = server.display;
	ck_assert_int_eq(open_fails(&opt, "has depth 8"), -ENOTSUP);
	xserver_stop(&server);
}
END_TEST

/* Each call that can fail does so once; the watch sees what is left behind. */
START_TEST(opening_fails_cleanly)
{
	struct shmfb *fb;
	unsigned n;
	int err;

	for (n = 1; n < 100; n++) {
		fault_nth(NULL, n, EMFILE);
		err = shmfb_open(&fb, NULL);
		if (!fault_off())
			break;
		/* Some things have a second way. */
		if (!err)
			shmfb_close(fb);
	}
	ck_assert_int_eq(err, 0);
	ck_assert_uint_gt(n, 3);
	shmfb_close(fb);
}
END_TEST

/* Drawing as well; where memory cannot be shared it goes by the socket. */
START_TEST(drawing_fails_cleanly)
{
	struct shmfb_canvas canvas;
	struct shmfb *fb;
	bool failed = true;
	unsigned n;
	int err;

	for (n = 1; failed; n++) {
		fb = open_window(NULL);
		fault_nth(NULL, n, ENOMEM);
		err = shmfb_begin(fb, &canvas);
		failed = fault_off();
		ck_assert(err == 0 || err == -ENOMEM);
		if (err)
			ck_assert_int_eq(shmfb_begin(fb, &canvas), 0);
		fill(canvas.pixels, canvas.stride, canvas.width,
		     canvas.height, n);
		ck_assert_int_eq(shmfb_present(fb, NULL, 0), 0);
		settle(fb, c);
		check_shows(c, fb, 640, 480, n);
		shmfb_close(fb);
	}
	ck_assert_uint_gt(n, 5);
}
END_TEST

START_TEST(many_windows_leave_nothing)
{
	unsigned i;

	for (i = 0; i < 50; i++) {
		struct shmfb *fb = open_window(NULL);
		struct shmfb_canvas canvas;

		ck_assert_int_eq(shmfb_begin(fb, &canvas), 0);
		fill(canvas.pixels, canvas.stride, canvas.width,
		     canvas.height, i);
		ck_assert_int_eq(shmfb_present(fb, NULL, 0), 0);
		shmfb_close(fb);
	}
}
END_TEST

/* ---------------------------------------------------------- properties -- */

/* The bytes of a property, to be freed; as a string it has its NUL. */
static char *
property(struct shmfb *fb, const char *name, uint32_t *bytes)
{
	xcb_get_property_reply_t *r;
	char *value;

	r = xcb_get_property_reply(c, xcb_get_property(c, 0,
			shmfb_window_id(fb), x_atom(c, name),
			XCB_GET_PROPERTY_TYPE_ANY, 0, 10000), NULL);
	ck_assert_ptr_nonnull(r);
	*bytes = (uint32_t)xcb_get_property_value_length(r);
	value = calloc(1, *bytes + 1);
	memcpy(value, xcb_get_property_value(r), *bytes);
	free(r);
	return value;
}

static void
check_text(struct shmfb *fb, const char *name, const char *want, size_t bytes)
{
	uint32_t n;
	char *value = property(fb, name, &n);

	ck_assert_uint_eq(n, bytes);
	ck_assert_int_eq(memcmp(value, want, bytes), 0);
	free(value);
}

START_TEST(properties)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	struct shmfb *fb;
	char host[256];
	uint32_t n, pid;
	char *value;

	opt.title = "Plasma \xe2\x80\x94 warm";
	opt.class_name = "plasma";
	fb = open_window(&opt);
	settle(fb, c);
	check_text(fb, "_NET_WM_NAME", opt.title, strlen(opt.title));
	check_text(fb, "WM_NAME", opt.title, strlen(opt.title));
	check_text(fb, "WM_CLASS", "plasma\0plasma", 14);
	gethostname(host, sizeof(host));
	check_text(fb, "WM_CLIENT_MACHINE", host, strlen(host));
	value = property(fb, "_NET_WM_PID", &n);
	ck_assert_uint_eq(n, 4);
	memcpy(&pid, value, 4);
	ck_assert_uint_eq(pid, (uint32_t)getpid());
	free(value);
	value = property(fb, "WM_PROTOCOLS", &n);
	ck_assert_uint_eq(n, 12);
	free(value);
	shmfb_set_title(fb, "other");
	settle(fb, c);
	check_text(fb, "_NET_WM_NAME", "other", 5);
	shmfb_close(fb);
}
END_TEST

START_TEST(title_that_is_no_text)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	struct shmfb *fb;

	opt.title = "\xff\xfe bad";
	fb = open_window(&opt);
	settle(fb, c);
	check_text(fb, "_NET_WM_NAME", "?? bad", 6);
	check_text(fb, "_NET_WM_ICON_NAME", "?? bad", 6);
	check_text(fb, "WM_NAME", "?? bad", 6);
	/* Half a character, and what a terminal would obey. */
	shmfb_set_title(fb, "\xc3\xa9\n\x1b[m\xe2\x80");
	settle(fb, c);
	check_text(fb, "_NET_WM_NAME", "\xc3\xa9??[m??", 8);
	shmfb_set_title(fb, NULL);
	settle(fb, c);
	check_text(fb, "_NET_WM_NAME", "shmfb", 5);
	shmfb_close(fb);
}
END_TEST

/* Cut, between characters, long before libxcb would break the connection. */
START_TEST(endless_title)
{
	size_t bytes = 3 * 1000 * 1000;
	char *title = calloc(1, bytes + 1);
	struct shmfb *fb = open_window(NULL);
	size_t i;

	for (i = 0; i < bytes; i += 3)
		memcpy(title + i, "\xe2\x80\x94", 3);
	shmfb_set_title(fb, title);
	settle(fb, c);
	check_text(fb, "_NET_WM_NAME", title, 4095);
	ck_assert_int_eq(shmfb_dispatch(fb), 0);
	free(title);
	shmfb_close(fb);
}
END_TEST

static xcb_size_hints_t
size_hints(struct shmfb *fb)
{
	xcb_size_hints_t h = { 0 };

	ck_assert(xcb_icccm_get_wm_normal_hints_reply(c,
		xcb_icccm_get_wm_normal_hints(c, shmfb_window_id(fb)), &h,
		NULL));
	return h;
}

START_TEST(fixed_size)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	struct shmfb *fb;
	xcb_size_hints_t h;

	fb = open_window(&opt);
	settle(fb, c);
	h = size_hints(fb);
	ck_assert_uint_eq(h.flags & XCB_ICCCM_SIZE_HINT_P_MAX_SIZE, 0);
	shmfb_close(fb);

	opt.flags = SHMFB_FIXED_SIZE;
	fb = open_window(&opt);
	settle(fb, c);
	h = size_hints(fb);
	ck_assert_int_eq(h.min_width, 640);
	ck_assert_int_eq(h.max_width, 640);
	ck_assert_int_eq(shmfb_resize(fb, 300, 200), 0);
	settle(fb, c);
	h = size_hints(fb);
	ck_assert_int_eq(h.min_height, 200);
	ck_assert_int_eq(h.max_width, 300);
	shmfb_close(fb);
}
END_TEST

/* ---------------------------------------------------------- the manager -- */

START_TEST(close_button)
{
	struct shmfb *fb = open_window(NULL);
	const uint32_t data[5] = { x_atom(c, "WM_DELETE_WINDOW") };
	struct shmfb_event e;
	bool closed = false;

	x_message(c, shmfb_window_id(fb), "WM_PROTOCOLS", data);
	while (shmfb_pump(fb))
		;
	while (shmfb_next_event(fb, &e))
		closed |= e.type == SHMFB_EVENT_CLOSE;
	ck_assert(closed);
	ck_assert_int_eq(shmfb_dispatch(fb), -EPIPE);
	ck_assert_ptr_nonnull(strstr(shmfb_error(), "closed"));
	shmfb_close(fb);
}
END_TEST

START_TEST(ping_is_answered)
{
	struct shmfb *fb = open_window(NULL);
	const uint32_t data[5] = { x_atom(c, "_NET_WM_PING"), 12345,
				   shmfb_window_id(fb) };
	const uint32_t mask = XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY;
	xcb_window_t root = xcb_setup_roots_iterator(xcb_get_setup(c))
		.data->root;
	xcb_client_message_event_t *e = NULL;
	xcb_generic_event_t *any;

	xcb_change_window_attributes(c, root, XCB_CW_EVENT_MASK, &mask);
	x_message(c, shmfb_window_id(fb), "WM_PROTOCOLS", data);
	settle(fb, c);
	while (!e && (any = xcb_poll_for_event(c))) {
		if ((any->response_type & 0x7f) == XCB_CLIENT_MESSAGE)
			e = (void *)any;
		else
			free(any);
	}
	ck_assert_ptr_nonnull(e);
	ck_assert_uint_eq(e->window, root);
	ck_assert_uint_eq(e->data.data32[0], data[0]);
	ck_assert_uint_eq(e->data.data32[1], 12345);
	ck_assert_uint_eq(e->data.data32[2], shmfb_window_id(fb));
	free(e);
	shmfb_close(fb);
}
END_TEST

static bool
is_over(struct shmfb *fb, void *data)
{
	(void)data;
	return shmfb_dispatch(fb) == -EPIPE;
}

START_TEST(destroyed_by_others)
{
	struct shmfb *fb = open_window(NULL);
	struct shmfb_canvas canvas;

	/* Or the server may be told to destroy what it has not yet made. */
	settle(fb, c);
	xcb_destroy_window(c, shmfb_window_id(fb));
	xcb_flush(c);
	wait_until(fb, is_over, NULL);
	ck_assert(!shmfb_pump(fb));
	ck_assert(!shmfb_ready(fb));
	ck_assert_int_eq(shmfb_begin(fb, &canvas), -EPIPE);
	ck_assert_int_eq(shmfb_present(fb, NULL, 0), -EPIPE);
	ck_assert_int_eq(shmfb_resize(fb, 10, 10), -EPIPE);
	shmfb_set_title(fb, "nobody reads this");
	shmfb_close(fb);
}
END_TEST

/* As xkill has it: the server goes on, and it is not said to have ended. */
START_TEST(killed_by_another)
{
	struct shmfb *fb = open_window(NULL);

	settle(fb, c);
	xcb_kill_client(c, shmfb_window_id(fb));
	xcb_flush(c);
	while (shmfb_pump(fb))
		;
	ck_assert_int_eq(shmfb_dispatch(fb), -EPIPE);
	ck_assert_str_eq(shmfb_error(), "the X server closed the connection");
	shmfb_close(fb);
	fb = open_window(NULL);
	shmfb_close(fb);
}
END_TEST

START_TEST(server_dies)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	struct shmfb_canvas canvas;
	struct xserver server;
	struct shmfb *fb;

	xserver_start(&server, "640x480x24", NULL);
	opt.display = server.display;
	fb = open_window(&opt);
	ck_assert_int_eq(shmfb_begin(fb, &canvas), 0);
	xserver_stop(&server);
	memset(canvas.pixels, 1, canvas.stride * canvas.height);
	shmfb_present(fb, NULL, 0);
	while (shmfb_pump(fb))
		;
	ck_assert_int_eq(shmfb_dispatch(fb), -EPIPE);
	ck_assert_ptr_nonnull(strstr(shmfb_error(), "closed the connection"));
	ck_assert_uint_eq(stats_of(fb).in_flight, 0);
	shmfb_close(fb);
}
END_TEST

/* ------------------------------------------------------- painting again -- */

static void
show_pattern(struct shmfb *fb, uint32_t seed)
{
	struct shmfb_canvas canvas;

	while (shmfb_begin(fb, &canvas) == -EAGAIN)
		ck_assert(shmfb_pump(fb));
	fill(canvas.pixels, canvas.stride, canvas.width, canvas.height, seed);
	ck_assert_int_eq(shmfb_present(fb, NULL, 0), 0);
	settle(fb, c);
}

static bool
has_size(struct shmfb *fb, void *data)
{
	const uint32_t *size = data;

	return stats_of(fb).width == size[0] && stats_of(fb).height == size[1];
}

static void
resize(struct shmfb *fb, uint32_t width, uint32_t height)
{
	uint32_t size[2] = { width, height };

	ck_assert_int_eq(shmfb_resize(fb, width, height), 0);
	wait_until(fb, has_size, size);
	settle(fb, c);
}

/* Before anything is shown the window is black, whatever was behind it. */
START_TEST(black_at_first)
{
	struct shmfb *fb = open_window(NULL);

	settle(fb, c);
	check_shows(c, fb, 0, 0, 0);
	shmfb_close(fb);
}
END_TEST

static void
resizes_and_exposes(enum shmfb_backend backend)
{
	static const uint32_t sizes[][2] = {
		{ 300, 200 }, { 301, 201 }, { 250, 300 }, { 300, 150 },
		{ 101, 99 }, { 1, 1 }, { 640, 480 },
	};
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	struct shmfb *fb;
	unsigned i;

	opt.width = 200;
	opt.height = 150;
	opt.backend = backend;
	fb = open_window(&opt);
	show_pattern(fb, 7);
	check_shows(c, fb, 200, 150, 7);
	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		resize(fb, sizes[i][0], sizes[i][1]);
		check_shows(c, fb, 200, 150, 7);
	}
	ck_assert_uint_ge(stats_of(fb).repaints, 7);
	ck_assert_uint_eq(stats_of(fb).frames_shown, 1);
	/* And the application's answer to its size. */
	show_pattern(fb, 8);
	check_shows(c, fb, 640, 480, 8);
	shmfb_close(fb);
}

START_TEST(resized_shm)
{
	resizes_and_exposes(SHMFB_SHM);
}
END_TEST

START_TEST(resized_put)
{
	resizes_and_exposes(SHMFB_PUT);
}
END_TEST

START_TEST(exposed)
{
	struct shmfb *fb = open_window(NULL);
	xcb_window_t over = xcb_generate_id(c);
	xcb_screen_t *screen = xcb_setup_roots_iterator(xcb_get_setup(c)).data;
	const uint32_t red = 0xff0000;
	struct shmfb_event e;
	unsigned exposes = 0;

	show_pattern(fb, 9);
	while (shmfb_next_event(fb, &e))
		;
	xcb_create_window(c, XCB_COPY_FROM_PARENT, over, screen->root, 30, 40,
			  100, 50, 0, XCB_WINDOW_CLASS_INPUT_OUTPUT,
			  XCB_COPY_FROM_PARENT, XCB_CW_BACK_PIXEL, &red);
	xcb_map_window(c, over);
	x_sync(c);
	xcb_destroy_window(c, over);
	x_sync(c);
	settle(fb, c);
	check_shows(c, fb, 640, 480, 9);
	while (shmfb_next_event(fb, &e)) {
		if (e.type != SHMFB_EVENT_EXPOSE)
			continue;
		exposes++;
		ck_assert_int_eq(e.u.expose.rect.x, 30);
		ck_assert_int_eq(e.u.expose.rect.y, 40);
		ck_assert_int_eq(e.u.expose.rect.width, 100);
		ck_assert_int_eq(e.u.expose.rect.height, 50);
	}
	ck_assert_uint_eq(exposes, 1);
	shmfb_close(fb);
}
END_TEST

static void
configure(struct shmfb *fb, uint32_t width, uint32_t height)
{
	const uint32_t size[2] = { width, height };

	xcb_configure_window(c, shmfb_window_id(fb), XCB_CONFIG_WINDOW_WIDTH |
			     XCB_CONFIG_WINDOW_HEIGHT, size);
	x_sync(c);
	settle(fb, c);
}

/* As the server would send it, but for the mark. */
static void
pretend_size(struct shmfb *fb, uint16_t width, uint16_t height)
{
	xcb_configure_notify_event_t e = {
		.response_type = XCB_CONFIGURE_NOTIFY,
		.event = shmfb_window_id(fb),
		.window = shmfb_window_id(fb),
		.width = width,
		.height = height,
	};

	xcb_send_event(c, 0, shmfb_window_id(fb), 0, (const char *)&e);
	x_sync(c);
	settle(fb, c);
}

/* Anybody may make the window larger than X can address. */
START_TEST(larger_than_coordinates)
{
	struct shmfb *fb = open_window(NULL);
	struct shmfb_event e;

	show_pattern(fb, 1);
	configure(fb, 40000, 100);
	ck_assert_uint_eq(stats_of(fb).width, SHMX_SIDE_MAX);
	ck_assert_uint_eq(stats_of(fb).height, 100);
	while (shmfb_next_event(fb, &e))
		if (e.type == SHMFB_EVENT_RESIZE)
			ck_assert_uint_le(e.u.resize.width, SHMX_SIDE_MAX);
	show_pattern(fb, 2);
	configure(fb, 65535, 3);
	show_pattern(fb, 3);
	configure(fb, 3, 60000);
	ck_assert_uint_eq(stats_of(fb).height, SHMX_SIDE_MAX);
	show_pattern(fb, 4);
	ck_assert_uint_eq(stats_of(fb).frames_failed, 0);
	ck_assert_uint_eq(stats_of(fb).frames_shown, 4);
	configure(fb, 300, 200);
	show_pattern(fb, 5);
	check_shows(c, fb, 300, 200, 5);
	shmfb_close(fb);
}
END_TEST

START_TEST(sizes_that_are_made_up)
{
	struct shmfb *fb = open_window(NULL);

	show_pattern(fb, 1);
	pretend_size(fb, 40000, 40000);
	pretend_size(fb, 0, 0);
	pretend_size(fb, 10, 0);
	ck_assert_uint_eq(stats_of(fb).width, 640);
	ck_assert_uint_eq(stats_of(fb).height, 480);
	check_shows(c, fb, 640, 480, 1);
	show_pattern(fb, 2);
	check_shows(c, fb, 640, 480, 2);
	shmfb_close(fb);
}
END_TEST

/* Unmapped and mapped again, the picture is back without the application. */
START_TEST(unmapped_and_back)
{
	struct shmfb *fb = open_window(NULL);

	show_pattern(fb, 10);
	xcb_unmap_window(c, shmfb_window_id(fb));
	x_sync(c);
	show_pattern(fb, 11);
	xcb_map_window(c, shmfb_window_id(fb));
	x_sync(c);
	settle(fb, c);
	check_shows(c, fb, 640, 480, 11);
	shmfb_close(fb);
}
END_TEST

/* The simple loop of shmfb.h takes no events: they must not keep it awake. */
START_TEST(events_that_nobody_takes)
{
	struct shmfb *fb = open_window(NULL);
	struct shmfb_canvas canvas;
	unsigned frames = 0, turns = 0;

	while (frames < 10 && shmfb_pump(fb)) {
		turns++;
		if (shmfb_begin(fb, &canvas) < 0)
			continue;
		memset(canvas.pixels, 0, canvas.stride * canvas.height);
		shmfb_present(fb, NULL, 0);
		frames++;
	}
	ck_assert_uint_le(turns, 20);
	shmfb_close(fb);
}
END_TEST

/* The descriptor is quiet while there is nothing to do. */
START_TEST(descriptor_sleeps)
{
	struct shmfb *fb = open_window(NULL);
	struct pollfd p = { shmfb_fd(fb), POLLIN, 0 };
	int i;

	show_pattern(fb, 12);
	for (i = 0; i < 10; i++) {
		poll(&p, 1, 150);
		shmfb_dispatch(fb);
	}
	ck_assert_int_eq(poll(&p, 1, 200), 0);
	shmfb_close(fb);
}
END_TEST

/* ------------------------------------------- events that libxcb has read -- */

/*
 * libxcb reads what is there whenever it writes. So an event that waits in the
 * socket during any of our calls is then in libxcb's queue, of which the
 * descriptor knows nothing.
 */
static void
wait_in_socket(struct shmfb *fb)
{
	struct pollfd p = { shmfb_fd(fb), POLLIN, 0 };

	x_sync(c);
	ck_assert_int_eq(poll(&p, 1, 5000), 1);
}

/* As an application does that sleeps on the descriptor. How many of a type? */
static unsigned
sleep_and_count(struct shmfb *fb, enum shmfb_event_type type)
{
	struct pollfd p = { shmfb_fd(fb), POLLIN, 0 };
	struct shmfb_event e;
	unsigned n = 0;

	do {
		while (shmfb_next_event(fb, &e))
			n += e.type == type;
		shmfb_dispatch(fb);
	} while (poll(&p, 1, 300) > 0);
	while (shmfb_next_event(fb, &e))
		n += e.type == type;
	return n;
}

/* Without a dispatch that nothing has asked for. */
static unsigned
sleep_only(struct shmfb *fb, enum shmfb_event_type type)
{
	struct pollfd p = { shmfb_fd(fb), POLLIN, 0 };
	struct shmfb_event e;
	unsigned n = 0;

	while (shmfb_next_event(fb, &e))
		n += e.type == type;
	return poll(&p, 1, 300) > 0 ? n + sleep_and_count(fb, type) : n;
}

static struct shmfb *
open_quiet(void)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	struct shmfb *fb;

	opt.vsync = SHMFB_VSYNC_OFF;
	fb = open_window(&opt);
	sleep_and_count(fb, SHMFB_EVENT_CLOSE);
	return fb;
}

/*
 * Until the observer has so many events of a type, or 5 seconds. (Nothing that
 * is sent for the window here, or what it has not sent itself would be, too.)
 */
static unsigned
count_seen(uint8_t type, unsigned wanted)
{
	struct pollfd p = { xcb_get_file_descriptor(c), POLLIN, 0 };
	xcb_generic_event_t *e;
	unsigned n = 0;

	x_sync(c);
	do {
		while ((e = xcb_poll_for_event(c))) {
			n += (e->response_type & 0x7f) == type;
			free(e);
		}
	} while (n < wanted && poll(&p, 1, 5000) > 0);
	return n;
}

/* What answers an event is sent, though the event was read while writing. */
START_TEST(answer_is_sent)
{
	const struct shmfb_view view = SHMFB_VIEW_INIT;
	xcb_window_t asks = xcb_generate_id(c);
	struct shmfb *fb = open_quiet();

	xcb_create_window(c, 0, asks, xcb_setup_roots_iterator(
			  xcb_get_setup(c)).data->root, 0, 0, 1, 1, 0,
			  XCB_WINDOW_CLASS_INPUT_ONLY, 0, 0, NULL);
	ck_assert_int_eq(shmfb_set_clipboard(fb, "copied"), 0);
	sleep_and_count(fb, SHMFB_EVENT_CLOSE);
	xcb_convert_selection(c, asks, x_atom(c, "CLIPBOARD"),
			      x_atom(c, "UTF8_STRING"), x_atom(c, "HERE"),
			      XCB_CURRENT_TIME);
	wait_in_socket(fb);
	/* Which asks nothing, and of which no event comes. */
	ck_assert_int_eq(shmfb_set_view(fb, &view), 0);
	sleep_only(fb, SHMFB_EVENT_CLOSE);
	ck_assert_uint_eq(count_seen(XCB_SELECTION_NOTIFY, 1), 1);
	shmfb_close(fb);
}
END_TEST

#define PINGS 20000

/*
 * Who pings without pause is answered, but not in one dispatch; and what is
 * left is found, though the descriptor of the connection is silent.
 */
START_TEST(dispatch_ends)
{
	struct shmfb *fb = open_quiet();
	const uint32_t mask = XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY;
	const xcb_client_message_event_t ping = {
		.response_type = XCB_CLIENT_MESSAGE,
		.format = 32,
		.window = shmfb_window_id(fb),
		.type = x_atom(c, "WM_PROTOCOLS"),
		.data.data32 = { x_atom(c, "_NET_WM_PING") },
	};
	uint64_t before;
	int i;

	xcb_change_window_attributes(c, xcb_setup_roots_iterator(
		xcb_get_setup(c)).data->root, XCB_CW_EVENT_MASK, &mask);
	for (i = 0; i < PINGS; i++)
		xcb_send_event(c, 0, shmfb_window_id(fb), 0,
			       (const char *)&ping);
	x_sync(c);
	/* All of them are in libxcb's queue, and none in the socket. */
	x_sync(fb->x->conn);
	before = xcb_total_written(fb->x->conn);
	ck_assert_int_eq(shmfb_dispatch(fb), 0);
	ck_assert_uint_lt(xcb_total_written(fb->x->conn) - before,
			  PINGS / 2 * sizeof(ping));
	sleep_only(fb, SHMFB_EVENT_CLOSE);
	ck_assert_uint_eq(count_seen(XCB_CLIENT_MESSAGE, PINGS), PINGS);
	shmfb_close(fb);
}
END_TEST

/* Calls that ask the server, and fail or not: the button is not forgotten. */
enum { FAILING_GRAB, GRAB, BEGIN, CURSOR, VIEW, CALLS };

START_TEST(event_is_found)
{
	struct shmfb_view view = SHMFB_VIEW_INIT;
	struct shmfb *fb = open_quiet();
	const uint32_t data[5] = { x_atom(c, "WM_DELETE_WINDOW") };
	struct shmfb_canvas canvas;

	if (_i == FAILING_GRAB)
		free(xcb_grab_pointer_reply(c, xcb_grab_pointer(c, 0,
			xcb_setup_roots_iterator(xcb_get_setup(c)).data->root,
			0, XCB_GRAB_MODE_ASYNC, XCB_GRAB_MODE_ASYNC, XCB_NONE,
			XCB_NONE, XCB_CURRENT_TIME), NULL));
	sleep_and_count(fb, SHMFB_EVENT_CLOSE);
	x_message(c, shmfb_window_id(fb), "WM_PROTOCOLS", data);
	wait_in_socket(fb);
	switch (_i) {
	case FAILING_GRAB:
		ck_assert_int_eq(shmfb_grab_pointer(fb, true), -EBUSY);
		ck_assert_ptr_nonnull(strstr(shmfb_error(), "another"));
		break;
	case GRAB:
		ck_assert_int_eq(shmfb_grab_pointer(fb, true), 0);
		break;
	case BEGIN:
		ck_assert_int_eq(shmfb_begin(fb, &canvas), 0);
		break;
	case CURSOR:
		ck_assert_int_eq(shmfb_set_cursor(fb, SHMFB_CURSOR_CROSS), 0);
		break;
	case VIEW:
		view.scale = SHMFB_SCALE_FIT;
		ck_assert_int_eq(shmfb_set_view(fb, &view), 0);
		break;
	}
	ck_assert_uint_eq(sleep_only(fb, SHMFB_EVENT_CLOSE), 1);
	shmfb_close(fb);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("window");
	TCase *tc = suite_case(s, "open");

	tcase_add_checked_fixture(tc, connect_observer, disconnect_observer);
	tcase_add_test(tc, no_display);
	tcase_add_test(tc, no_such_screen);
	tcase_add_test(tc, bad_sizes);
	tcase_add_test(tc, options_that_are_not);
	tcase_add_test(tc, options_of_another_age);
	tcase_add_test(tc, palette_is_refused);
	tcase_add_test(tc, opening_fails_cleanly);
	tcase_add_test(tc, drawing_fails_cleanly);
	tcase_add_test(tc, many_windows_leave_nothing);

	tc = suite_case(s, "manager");
	tcase_add_checked_fixture(tc, connect_observer, disconnect_observer);
	tcase_add_test(tc, properties);
	tcase_add_test(tc, title_that_is_no_text);
	tcase_add_test(tc, endless_title);
	tcase_add_test(tc, fixed_size);
	tcase_add_test(tc, close_button);
	tcase_add_test(tc, ping_is_answered);
	tcase_add_test(tc, destroyed_by_others);
	tcase_add_test(tc, killed_by_another);
	tcase_add_test(tc, server_dies);

	tc = suite_case(s, "repaint");
	tcase_add_checked_fixture(tc, connect_observer, disconnect_observer);
	tcase_add_test(tc, black_at_first);
	tcase_add_test(tc, resized_shm);
	tcase_add_test(tc, resized_put);
	tcase_add_test(tc, exposed);
	tcase_add_test(tc, larger_than_coordinates);
	tcase_add_test(tc, sizes_that_are_made_up);
	tcase_add_test(tc, unmapped_and_back);
	tcase_add_test(tc, events_that_nobody_takes);
	tcase_add_test(tc, descriptor_sleeps);

	tc = suite_case(s, "read");
	tcase_add_checked_fixture(tc, connect_observer, disconnect_observer);
	tcase_add_test(tc, answer_is_sent);
	tcase_add_test(tc, dispatch_ends);
	tcase_add_loop_test(tc, event_is_found, 0, CALLS);
	return suite_run(s);
}
