/* SPDX-License-Identifier: MIT */
/*
 * display.c - the connection to the X server
 *
 * Called by shmfb_open() alone. What the server can do is asked by
 * extension.c, atom.c and visual.c; why there is none connect.c says.
 */
#include "config.h"

#include "display.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/base.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"
#include "connect.h"
#include "extension.h"

/*
 * One PutImage. Larger ones make the server enlarge its input buffer for
 * each, smaller ones wake it too often; both are slower.
 */
#define PUT_BYTES (256 * 1024)
/* The request itself: 24 bytes, 4 more where it is a big one. */
#define PUT_HEADER 28

#define SOCKET_BYTES (4 * 1024 * 1024)

static xcb_screen_t *
nth_screen(xcb_connection_t *conn, int n)
{
	xcb_screen_iterator_t it =
		xcb_setup_roots_iterator(xcb_get_setup(conn));

	while (it.rem && n-- > 0)
		xcb_screen_next(&it);
	return it.rem ? it.data : NULL;
}

/* libxcb breaks the connection over a request that is too long. */
static void
get_limits(struct shmfb_display *x)
{
	uint64_t max = (uint64_t)xcb_get_maximum_request_length(x->conn) * 4;

	max = BASE_MIN(max, PUT_BYTES);
	x->put_pixels = max > PUT_HEADER + 4 ?
		(uint32_t)(max - PUT_HEADER) / 4 : 1;
}

/* Everything about the server that the windows have to know. */
static int
get_display(struct shmfb_display *x, const char *name)
{
	int err, nr = 0;

	x->conn = xcb_connect(name, &nr);
	name = shmfb_connect_name(name);
	if (xcb_connection_has_error(x->conn))
		return shmfb_connect_error(xcb_connection_has_error(x->conn),
					   name, nr);
	x->screen = nth_screen(x->conn, nr);
	if (!x->screen)
		return shmfb_connect_error(XCB_CONN_CLOSED_INVALID_SCREEN,
					   name, nr);
	err = shmfb_visual_choose(x, name);
	if (err)
		return err;
	shmfb_extension_prefetch(x->conn);
	shmfb_extension_init(x);
	shmfb_settings_init(x);
	shmfb_atom_intern(x->conn, x->atom);
	shmfb_xinput_init(x);
	shmfb_settings_wait(x);
	get_limits(x);
	if (xcb_connection_has_error(x->conn))
		return base_error(-ECONNREFUSED,
				  "display \"%s\" closed the connection",
				  name);
	return 0;
}

static bool
sigpipe_kills(void)
{
	struct sigaction now;

	return sigaction(SIGPIPE, NULL, &now) == 0 &&
	       now.sa_handler == SIG_DFL;
}

int
shmfb_display_open(struct shmfb_display **out, const char *name, bool alpha)
{
	struct shmfb_display *x;
	int err;

	x = base_sys.calloc(1, sizeof(*x));
	if (!x)
		return base_error(-ENOMEM, "no memory for a connection");
	x->refs = 1;
	x->timer_fd = -1;
	x->armed_ns = UINT64_MAX;
	x->alpha = alpha;
	x->sigpipe_kills = sigpipe_kills();
	err = get_display(x, name);
	if (err) {
		shmfb_display_unref(x);
		return err;
	}
	*out = x;
	return 0;
}

void
shmfb_display_unref(struct shmfb_display *x)
{
	if (!x || --x->refs > 0)
		return;
	shmfb_keymap_finish(&x->keymap);
	base_close(&x->timer_fd);
	if (x->conn)
		xcb_disconnect(x->conn);
	free(x);
}

void
shmfb_display_widen(struct shmfb_display *x)
{
	int fd = xcb_get_file_descriptor(x->conn);
	int bytes = SOCKET_BYTES;

	if (x->widened)
		return;
	x->widened = true;
	/* The first needs CAP_NET_ADMIN, the second is cut to wmem_max. */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes,
		       sizeof(bytes)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

const char *
shmfb_display_error_name(const struct shmfb_display *x, uint8_t code)
{
	static const char *const names[] = {
		"Success", "BadRequest", "BadValue", "BadWindow", "BadPixmap",
		"BadAtom", "BadCursor", "BadFont", "BadMatch", "BadDrawable",
		"BadAccess", "BadAlloc", "BadColor", "BadGC", "BadIDChoice",
		"BadName", "BadLength", "BadImplementation",
	};

	if (x->shm_completion && code == x->shm_error)
		return "BadShmSeg";
	return code < BASE_ARRAY_SIZE(names) ? names[code] : "an X error";
}
