/* SPDX-License-Identifier: MIT */
/*
 * test-traps.c - what others fell over, seen in the requests that are made
 *
 * Some of what goes wrong with shared memory cannot be seen in the pixels of
 * a good server: a flag that is missing, memory that is given to be written.
 * So the requests are looked at on their way. This program's functions of
 * libxcb's names come before libxcb's own, which they call.
 */
#include "config.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xcb/present.h>
#include <xcb/shm.h>
#include <xcb/xcb.h>

#include <shmfb/shmfb.h>

#include "base/clock.h"
#include "shmfb/window.h"
#include "suite.h"
#include "xtool.h"

enum { WIDTH = 301, HEIGHT = 203 };

/* What went by since the test began. */
static struct {
	unsigned presents;
	unsigned presents_without_copy;
	unsigned attached;		/* descriptors given away */
	unsigned attached_writable;
	ino_t last_inode;		/* of which memory the last one was */
	unsigned puts;
	unsigned puts_askew;		/* that the server would refuse */
	unsigned events;
	unsigned needless_events;	/* NoExposure, GraphicsExposure */
} seen;

static xcb_connection_t *c;

static void
begin_looking(void)
{
	memset(&seen, 0, sizeof(seen));
	c = x_connect(NULL);
}

static void
end_looking(void)
{
	xcb_disconnect(c);
}

/* ---------------------------------------------------------- in between -- */

/* The function of that name behind ours. */
#define REAL(name) ((__typeof__(&name))real(#name))

static void *
real(const char *name)
{
	void *fn = dlsym(RTLD_NEXT, name);

	if (!fn)
		abort();
	return fn;
}

xcb_void_cookie_t
xcb_present_pixmap(xcb_connection_t *conn, xcb_window_t window,
		   xcb_pixmap_t pixmap, uint32_t serial,
		   xcb_xfixes_region_t valid, xcb_xfixes_region_t update,
		   int16_t x, int16_t y, xcb_randr_crtc_t crtc,
		   xcb_sync_fence_t wait_fence, xcb_sync_fence_t idle_fence,
		   uint32_t options, uint64_t target, uint64_t divisor,
		   uint64_t remainder, uint32_t count,
		   const xcb_present_notify_t *notifies)
{
	seen.presents++;
	if (!(options & XCB_PRESENT_OPTION_COPY))
		seen.presents_without_copy++;
	return REAL(xcb_present_pixmap)(conn, window, pixmap, serial, valid,
		update, x, y, crtc, wait_fence, idle_fence, options, target,
		divisor, remainder, count, notifies);
}

static void
note_attach(int fd, uint8_t read_only)
{
	struct stat st;

	seen.attached++;
	seen.attached_writable += !read_only;
	if (fstat(fd, &st) == 0)
		seen.last_inode = st.st_ino;
}

xcb_void_cookie_t
xcb_shm_attach_fd(xcb_connection_t *conn, xcb_shm_seg_t segment, int32_t fd,
		  uint8_t read_only)
{
	note_attach(fd, read_only);
	return REAL(xcb_shm_attach_fd)(conn, segment, fd, read_only);
}

xcb_void_cookie_t
xcb_shm_attach_fd_checked(xcb_connection_t *conn, xcb_shm_seg_t segment,
			  int32_t fd, uint8_t read_only)
{
	note_attach(fd, read_only);
	return REAL(xcb_shm_attach_fd_checked)(conn, segment, fd, read_only);
}

xcb_void_cookie_t
xcb_shm_put_image(xcb_connection_t *conn, xcb_drawable_t drawable,
		  xcb_gcontext_t gc, uint16_t total_width,
		  uint16_t total_height, uint16_t src_x, uint16_t src_y,
		  uint16_t src_width, uint16_t src_height, int16_t x,
		  int16_t y, uint8_t depth, uint8_t format,
		  uint8_t send_event, xcb_shm_seg_t segment, uint32_t offset)
{
	seen.puts++;
	if (offset % 4 != 0 || depth != 24 ||
	    format != XCB_IMAGE_FORMAT_Z_PIXMAP ||
	    src_x + src_width > total_width ||
	    src_y + src_height > total_height)
		seen.puts_askew++;
	return REAL(xcb_shm_put_image)(conn, drawable, gc, total_width,
		total_height, src_x, src_y, src_width, src_height, x, y,
		depth, format, send_event, segment, offset);
}

static xcb_generic_event_t *
note_event(xcb_generic_event_t *event)
{
	uint8_t type;

	if (!event)
		return NULL;
	type = event->response_type & 0x7f;
	seen.events++;
	if (type == XCB_NO_EXPOSURE || type == XCB_GRAPHICS_EXPOSURE)
		seen.needless_events++;
	return event;
}

xcb_generic_event_t *
xcb_poll_for_event(xcb_connection_t *conn)
{
	return note_event(REAL(xcb_poll_for_event)(conn));
}

xcb_generic_event_t *
xcb_poll_for_queued_event(xcb_connection_t *conn)
{
	return note_event(REAL(xcb_poll_for_queued_event)(conn));
}

/* -------------------------------------------------------------- a ring -- */

static struct shmx_producer *producer;
static struct shmx_reader *reader;

static void
open_ring(void)
{
	struct shmx_reader_options opt = SHMX_READER_OPTIONS_INIT;

	opt.holds = 3;
	ck_assert_msg(shmx_producer_open_image(&producer, "test", WIDTH,
					       HEIGHT, SHMX_XRGB8888) == 0,
		      "%s", shmx_error());
	ck_assert_msg(shmx_reader_open(&reader, "test", &opt) == 0, "%s",
		      shmx_error());
}

static void
close_ring(void)
{
	shmx_reader_close(reader);
	shmx_producer_close(producer);
}

/* Every pixel of one value. */
static void
publish(uint32_t value)
{
	struct shmx_frame f;
	uint32_t *row, x, y;

	shmx_begin(producer, &f);
	for (y = 0; y < HEIGHT; y++) {
		row = (uint32_t *)((char *)f.pixels + y * f.stride);
		for (x = 0; x < WIDTH; x++)
			row[x] = value;
	}
	shmx_publish(producer, &f);
}

/* Returns its memory's inode. */
static ino_t
show_latest(struct shmfb *fb)
{
	struct shmx_hold *hold = NULL;
	struct stat st;
	int err, fd;

	/* Two may be under way, and one kept for when it is uncovered. */
	while ((err = shmx_hold_latest(reader, &hold)) == -EBUSY)
		ck_assert(shmfb_pump(fb));
	ck_assert_msg(err == 0, "%s", shmx_error());
	fd = shmx_frame_info(hold)->memory_fd;
	while ((err = shmfb_show(fb, hold)) == -EAGAIN)
		ck_assert(shmfb_pump(fb));
	ck_assert_msg(err == 0, "%s", shmfb_error());
	/* It is ours still: libxcb has closed a copy. */
	ck_assert_int_eq(fstat(fd, &st), 0);
	shmx_release(hold);
	return st.st_ino;
}

static struct shmfb *
open_by(enum shmfb_backend backend, uint32_t width, uint32_t height)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;

	opt.width = width;
	opt.height = height;
	opt.backend = backend;
	opt.vsync = SHMFB_VSYNC_OFF;
	return open_window(&opt);
}

static void
draw(struct shmfb *fb, uint32_t seed, bool all)
{
	const struct shmx_rect part = { 3, 5, 70, 40 };
	struct shmfb_canvas canvas;
	int err;

	while ((err = shmfb_begin(fb, &canvas)) == -EAGAIN)
		ck_assert(shmfb_pump(fb));
	ck_assert_msg(err == 0, "%s", shmfb_error());
	fill(canvas.pixels, canvas.stride, canvas.width, canvas.height, seed);
	ck_assert_int_eq(shmfb_present(fb, &part, all ? 0 : 1), 0);
}

/* ----------------------------------------------------------- the traps -- */

/*
 * Without PresentOptionCopy a server may take a pixmap's memory to be its own
 * from then on; where it does is not for us to know. The window is the
 * screen's size once, when that is most likely.
 */
START_TEST(presented_pixmaps_are_copied)
{
	struct shmfb *fb = open_by(SHMFB_PRESENT, 1920, 1080);
	uint32_t i;

	for (i = 0; i < 6; i++)
		draw(fb, i, i % 2 == 0);
	ck_assert_int_eq(shmfb_resize(fb, WIDTH, HEIGHT), 0);
	settle(fb, c);
	for (i = 0; i < 6; i++)
		draw(fb, i, i % 2 == 0);
	settle(fb, c);
	ck_assert_uint_ge(seen.presents, 12);
	ck_assert_uint_eq(seen.presents_without_copy, 0);
	shmfb_close(fb);
}
END_TEST

/* Nor is it attached for each frame: a page is faulted in there each time. */
START_TEST(rings_are_attached_once_to_be_read)
{
	struct shmfb *fb = open_by(SHMFB_SHM, WIDTH, HEIGHT);
	unsigned before = seen.attached;
	ino_t ring = 0;
	uint32_t i;

	/* The server was asked with a piece of memory to try. */
	ck_assert_uint_ge(before, 1);
	open_ring();
	for (i = 0; i < 20; i++) {
		publish(i);
		ring = show_latest(fb);
	}
	settle(fb, c);
	ck_assert_uint_eq(seen.attached, before + 1);
	ck_assert_uint_eq(seen.last_inode, ring);
	ck_assert_uint_eq(seen.attached_writable, 0);
	for (i = 0; i < 20; i++)
		draw(fb, i, true);
	settle(fb, c);
	ck_assert_uint_le(seen.attached, before + 1 + SHMFB_SLOTS);
	ck_assert_uint_eq(seen.attached_writable, 0);
	shmfb_close(fb);
	close_ring();
}
END_TEST

/* Pixmaps have to be writable: of the window's own memory, not of a ring's. */
START_TEST(rings_are_no_pixmaps)
{
	struct shmfb *fb = open_by(SHMFB_PRESENT, WIDTH, HEIGHT);
	unsigned before;
	ino_t ring;

	draw(fb, 1, true);
	settle(fb, c);
	before = seen.attached;
	open_ring();
	publish(0x123456);
	ring = show_latest(fb);
	settle(fb, c);
	/* Copied, into memory which may be new; the ring's it is not. */
	if (seen.attached > before)
		ck_assert_uint_ne(seen.last_inode, ring);
	ck_assert_uint_eq(stats_of(fb).client_copies, 1);
	shmfb_close(fb);
	close_ring();
}
END_TEST

/* Whoever asks the server to write to a ring is refused by its seals. */
START_TEST(a_ring_cannot_be_attached_to_be_written)
{
	struct shmx_hold *hold = NULL;
	xcb_generic_error_t *error;
	xcb_shm_seg_t xid;
	uint8_t writable;
	int fd;

	open_ring();
	publish(1);
	ck_assert_int_eq(shmx_hold_latest(reader, &hold), 0);
	for (writable = 0; writable < 2; writable++) {
		fd = fcntl(shmx_frame_info(hold)->memory_fd, F_DUPFD_CLOEXEC,
			   3);
		ck_assert_int_ge(fd, 0);
		xid = xcb_generate_id(c);
		error = xcb_request_check(c,
			xcb_shm_attach_fd_checked(c, xid, fd, !writable));
		if (writable)
			ck_assert_uint_eq(error ? error->error_code : 0,
					  XCB_ACCESS);
		else
			ck_assert_ptr_null(error);
		free(error);
	}
	shmx_release(hold);
	close_ring();
}
END_TEST

/*
 * The server refuses offsets that are no multiple of four, another depth than
 * the window's, and more than the segment has: odd sizes, parts of pictures,
 * pictures that are larger than the window, and smaller.
 */
START_TEST(puts_are_as_the_server_wants_them)
{
	static const uint32_t sizes[][2] = {
		{ 1, 1 }, { 3, 7 }, { WIDTH, HEIGHT }, { 997, 5 },
	};
	struct shmfb *fb;
	unsigned i;

	open_ring();
	for (i = 0; i < 4; i++) {
		fb = open_by(SHMFB_SHM, sizes[i][0], sizes[i][1]);
		draw(fb, i, true);
		draw(fb, i + 1, false);
		publish(i);
		show_latest(fb);
		settle(fb, c);
		ck_assert_uint_eq(stats_of(fb).frames_failed, 0);
		shmfb_close(fb);
	}
	/* What is drawn anew is within one of them only. */
	ck_assert_uint_ge(seen.puts, 9);
	ck_assert_uint_eq(seen.puts_askew, 0);
	close_ring();
}
END_TEST

/*
 * A graphics context as it comes has an event sent for each area that is
 * copied, which no put is: there are none of any kind.
 */
START_TEST(copies_cause_no_events)
{
	struct shmfb_view view = SHMFB_VIEW_INIT;
	struct shmfb *fb = open_by(SHMFB_SHM, WIDTH, HEIGHT);
	uint32_t i;

	for (i = 0; i < 10; i++)
		draw(fb, i, i % 2 == 0);
	/* And where the server scales, from a pixmap of its own. */
	view.scale = SHMFB_SCALE_FIT;
	ck_assert_int_eq(shmfb_set_canvas_size(fb, 100, 100), 0);
	ck_assert_int_eq(shmfb_set_view(fb, &view), 0);
	for (i = 0; i < 10; i++)
		draw(fb, i, i % 2 == 0);
	settle(fb, c);
	ck_assert_str_eq(stats_of(fb).route, "render");
	/* Completions, at the least. */
	ck_assert_uint_ge(seen.events, 10);
	ck_assert_uint_eq(seen.needless_events, 0);
	shmfb_close(fb);
}
END_TEST

/* ---------------------------------------------------------- the socket -- */

/* From shared memory a frame is a request or two, however large it is. */
START_TEST(a_frame_is_some_bytes)
{
	struct shmfb *fb = open_by(SHMFB_SHM, 1920, 1080);
	uint64_t before;
	uint32_t i;

	draw(fb, 0, true);
	draw(fb, 1, true);
	settle(fb, c);
	before = xcb_total_written(fb->x->conn);
	for (i = 0; i < 20; i++)
		draw(fb, i, true);
	settle(fb, c);
	ck_assert_uint_lt((xcb_total_written(fb->x->conn) - before) / 20, 400);
	shmfb_close(fb);
}
END_TEST

/*
 * Through the socket it is its pixels, which here are twice as many as one
 * request may have: libxcb would close the connection.
 */
START_TEST(a_large_frame_goes_in_pieces)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	struct xserver server;
	xcb_connection_t *there;
	struct shmfb *fb;
	uint64_t before;

	xserver_start(&server, "3840x2160x24", NULL);
	there = x_connect(server.display);
	opt.display = server.display;
	opt.width = 3840;
	opt.height = 2160;
	opt.backend = SHMFB_PUT;
	fb = open_window(&opt);
	before = xcb_total_written(fb->x->conn);
	draw(fb, 9, true);
	settle(fb, there);
	check_shows(there, fb, 3840, 2160, 9);
	ck_assert_uint_ge(xcb_total_written(fb->x->conn) - before,
			  3840 * 2160 * 4);
	ck_assert_uint_gt(3840 * 2160 * 4, 4 *
		(uint64_t)xcb_get_maximum_request_length(fb->x->conn));
	shmfb_close(fb);
	xcb_disconnect(there);
	xserver_stop(&server);
}
END_TEST

/* ------------------------------------------------------------ resizing -- */

/*
 * Before the window has even heard of its size, what it shows is there still:
 * the server paints no background over it, which would be a flash.
 */
START_TEST(a_resize_wipes_nothing)
{
	struct shmfb *fb = open_by(SHMFB_AUTO, WIDTH, HEIGHT);
	xcb_window_t window = shmfb_window_id(fb);
	uint32_t size[2] = { 2 * WIDTH, 2 * HEIGHT };
	uint32_t *got, x, y;

	draw(fb, 5, true);
	settle(fb, c);
	check_shows(c, fb, WIDTH, HEIGHT, 5);
	xcb_configure_window(c, window, XCB_CONFIG_WINDOW_WIDTH |
			     XCB_CONFIG_WINDOW_HEIGHT, size);
	x_sync(c);
	got = x_read(c, window, WIDTH, HEIGHT);
	for (y = 0; y < HEIGHT; y++)
		for (x = 0; x < WIDTH; x++)
			ck_assert_uint_eq(got[y * WIDTH + x],
					  pattern(x, y, 5));
	free(got);
	settle(fb, c);
	ck_assert_uint_eq(stats_of(fb).width, 2 * WIDTH);
	check_shows(c, fb, WIDTH, HEIGHT, 5);
	shmfb_close(fb);
}
END_TEST

/* -------------------------------------------------------- whole frames -- */

static atomic_bool ended;

static void *
publish_on(void *unused)
{
	uint32_t i;

	(void)unused;
	for (i = 0; !atomic_load(&ended); i++)
		publish(i * 0x010203 & 0xffffff);
	return NULL;
}

/* And which that is, or the first of them. */
static bool
is_of_one_value(struct shmfb *fb, uint32_t *value)
{
	uint32_t *got = x_read(c, shmfb_window_id(fb), WIDTH, HEIGHT);
	unsigned i;

	*value = got[0];
	for (i = 1; i < WIDTH * HEIGHT && got[i] == got[0]; i++)
		;
	free(got);
	return i == WIDTH * HEIGHT;
}

/*
 * A slot that is written to before the server has read it is two frames at
 * once. The producer goes as fast as it can, and never waits for the window.
 */
START_TEST(no_picture_is_of_two_frames)
{
	static const enum shmfb_backend backends[] = {
		SHMFB_SHM, SHMFB_SYSV, SHMFB_PUT, SHMFB_PRESENT,
	};
	struct shmfb *fb = open_by(backends[_i], WIDTH, HEIGHT);
	uint32_t value, before = 1, others = 0;
	pthread_t thread;
	unsigned i;

	open_ring();
	publish(0);
	show_latest(fb);
	settle(fb, c);
	atomic_store(&ended, false);
	ck_assert_int_eq(pthread_create(&thread, NULL, publish_on, NULL), 0);
	/* Until it was another picture often enough, however busy we are. */
	for (i = 0; i < 150 || others < 50; i++) {
		show_latest(fb);
		ck_assert_msg(is_of_one_value(fb, &value),
			      "two frames in one, at %u", i);
		others += value != before;
		before = value;
	}
	atomic_store(&ended, true);
	pthread_join(thread, NULL);
	ck_assert_uint_eq(stats_of(fb).frames_failed, 0);
	shmfb_close(fb);
	close_ring();
}
END_TEST

/* With several screens for one the end is told by the first of them. */
START_TEST(several_screens_are_one)
{
	static const char *const flags[] = {
		"-screen", "1", "800x600x24", "+xinerama", NULL
	};
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	struct xserver server;
	xcb_connection_t *there;
	struct shmfb *fb;
	uint32_t i;

	xserver_start(&server, "800x600x24", flags);
	there = x_connect(server.display);
	opt.display = server.display;
	opt.width = WIDTH;
	opt.height = HEIGHT;
	opt.vsync = SHMFB_VSYNC_OFF;
	fb = open_window(&opt);
	for (i = 0; i < 5; i++)
		draw(fb, i, true);
	settle(fb, there);
	check_shows(there, fb, WIDTH, HEIGHT, 4);
	ck_assert_uint_eq(stats_of(fb).frames_shown, 5);
	shmfb_close(fb);
	xcb_disconnect(there);
	xserver_stop(&server);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("traps");
	TCase *tc = suite_case(s, "traps");

	tcase_add_checked_fixture(tc, begin_looking, end_looking);
	tcase_add_test(tc, presented_pixmaps_are_copied);
	tcase_add_test(tc, rings_are_attached_once_to_be_read);
	tcase_add_test(tc, rings_are_no_pixmaps);
	tcase_add_test(tc, a_ring_cannot_be_attached_to_be_written);
	tcase_add_test(tc, puts_are_as_the_server_wants_them);
	tcase_add_test(tc, copies_cause_no_events);
	tcase_add_test(tc, a_frame_is_some_bytes);
	tcase_add_test(tc, a_large_frame_goes_in_pieces);
	tcase_add_test(tc, a_resize_wipes_nothing);
	tcase_add_loop_test(tc, no_picture_is_of_two_frames, 0, 4);
	tcase_add_test(tc, several_screens_are_one);
	return suite_run(s);
}
