/* SPDX-License-Identifier: MIT */
/*
 * bare.c - the shortest X client that shows frames, to compare with
 */
#include "config.h"

#include "bare.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <xcb/xcbext.h>

#include "base/base.h"
#include "base/fd.h"
#include "bench.h"

static void
fence(struct bare *b)
{
	free(xcb_get_input_focus_reply(b->conn, xcb_get_input_focus(b->conn),
				       NULL));
	if (xcb_connection_has_error(b->conn))
		bench_die("the X server closed the connection");
}

static void
make_window(struct bare *b, const xcb_screen_t *screen)
{
	const uint32_t none = XCB_BACK_PIXMAP_NONE, exposures = 0;

	b->window = xcb_generate_id(b->conn);
	xcb_create_window(b->conn, b->depth, b->window, screen->root, 0, 0,
			  b->width, b->height, 0,
			  XCB_WINDOW_CLASS_INPUT_OUTPUT, screen->root_visual,
			  XCB_CW_BACK_PIXMAP, &none);
	b->gc = xcb_generate_id(b->conn);
	xcb_create_gc(b->conn, b->gc, b->window, XCB_GC_GRAPHICS_EXPOSURES,
		      &exposures);
	xcb_map_window(b->conn, b->window);
	fence(b);
}

void
bare_open(struct bare *b, unsigned width, unsigned height)
{
	const xcb_query_extension_reply_t *shm;
	const xcb_screen_t *screen;

	*b = (struct bare){ .width = (uint16_t)width,
			    .height = (uint16_t)height };
	b->conn = xcb_connect(NULL, NULL);
	if (xcb_connection_has_error(b->conn))
		bench_die("no X server; try tests/with-xvfb %s",
			  program_invocation_name);
	shm = xcb_get_extension_data(b->conn, &xcb_shm_id);
	if (!shm || !shm->present)
		bench_die("the X server has no MIT-SHM");
	b->completion = shm->first_event + XCB_SHM_COMPLETION;
	screen = xcb_setup_roots_iterator(xcb_get_setup(b->conn)).data;
	b->depth = screen->root_depth;
	if (b->depth != 24 && b->depth != 32)
		bench_die("the screen has depth %u, not 24 or 32", b->depth);
	make_window(b, screen);
}

void
bare_attach(struct bare *b, int fd, size_t bytes)
{
	xcb_generic_error_t *error;
	void *memory;

	memory = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		bench_die("cannot map frames: %s", strerror(errno));
	b->memory = memory;
	b->bytes = bytes;
	/* xcb closes what it is given. */
	fd = base_dup(fd);
	if (fd < 0)
		bench_die("no descriptor to be had: %s", strerror(-fd));
	b->segment = xcb_generate_id(b->conn);
	error = xcb_request_check(b->conn, xcb_shm_attach_fd_checked(
		b->conn, b->segment, fd, true));
	if (error)
		bench_die("the X server does not attach descriptors");
}

void
bare_widen(const struct bare *b)
{
	int fd = xcb_get_file_descriptor(b->conn);
	int bytes = 4 * 1024 * 1024;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes,
		       sizeof(bytes)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

void
bare_close(struct bare *b)
{
	if (b->memory)
		munmap((void *)(uintptr_t)b->memory, b->bytes);
	xcb_disconnect(b->conn);
}

pid_t
bare_server(const struct bare *b)
{
	struct ucred peer = { 0, 0, 0 };
	socklen_t len = sizeof(peer);

	if (getsockopt(xcb_get_file_descriptor(b->conn), SOL_SOCKET,
		       SO_PEERCRED, &peer, &len) < 0)
		return 0;
	return peer.pid;
}

void
bare_raise(struct bare *b, xcb_window_t window)
{
	const uint32_t above = XCB_STACK_MODE_ABOVE;

	xcb_configure_window(b->conn, window, XCB_CONFIG_WINDOW_STACK_MODE,
			     &above);
	fence(b);
}

bool
bare_fits(const struct bare *b)
{
	const xcb_screen_t *screen =
		xcb_setup_roots_iterator(xcb_get_setup(b->conn)).data;

	return b->width <= screen->width_in_pixels &&
	       b->height <= screen->height_in_pixels;
}

/* ------------------------------------------------------ shared memory -- */

void
bare_put_shm(struct bare *b, uint64_t offset)
{
	xcb_shm_put_image(b->conn, b->window, b->gc, b->width, b->height, 0, 0,
			  b->width, b->height, 0, 0, b->depth,
			  XCB_IMAGE_FORMAT_Z_PIXMAP, true, b->segment,
			  (uint32_t)offset);
	xcb_flush(b->conn);
	b->in_flight++;
}

static void
sleep_on(struct bare *b)
{
	struct pollfd p = { xcb_get_file_descriptor(b->conn), POLLIN, 0 };

	if (poll(&p, 1, -1) < 0 && errno != EINTR)
		bench_die("poll: %s", strerror(errno));
	if (xcb_connection_has_error(b->conn))
		bench_die("the X server closed the connection");
}

static void
take(struct bare *b, xcb_generic_event_t *event)
{
	if (event->response_type == b->completion)
		b->in_flight--;
	else if (event->response_type == 0)
		bench_die("the X server refused a frame");
	free(event);
}

void
bare_wait_shm(struct bare *b, unsigned in_flight)
{
	xcb_generic_event_t *event;

	while (b->in_flight > in_flight) {
		event = xcb_poll_for_queued_event(b->conn);
		if (!event) {
			sleep_on(b);
			event = xcb_poll_for_event(b->conn);
		}
		if (event)
			take(b, event);
	}
}

/* ------------------------------------------------------------- socket -- */

void
bare_put_socket(struct bare *b, uint64_t offset, size_t piece)
{
	const uint8_t *pixels = b->memory + offset;
	const size_t row = (size_t)b->width * 4;
	const unsigned rows = (unsigned)(piece / row);
	xcb_get_input_focus_cookie_t end;
	void *reply = NULL;
	unsigned y, n;

	for (y = 0; y < b->height; y += n) {
		n = BASE_MIN(rows, b->height - y);
		xcb_put_image(b->conn, XCB_IMAGE_FORMAT_Z_PIXMAP, b->window,
			      b->gc, b->width, (uint16_t)n, 0, (int16_t)y, 0,
			      b->depth, (uint32_t)(n * row), pixels + y * row);
	}
	end = xcb_get_input_focus(b->conn);
	xcb_flush(b->conn);
	while (!xcb_poll_for_reply(b->conn, end.sequence, &reply, NULL))
		sleep_on(b);
	free(reply);
}
