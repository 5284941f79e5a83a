/* SPDX-License-Identifier: MIT */
/*
 * display.c - the connection to the X server, and what the server can do
 *
 * Called by shmfb_open() alone. Questions to the server are sent together and
 * answered together, since each round trip may cost a turn of the scheduler.
 */
#include "config.h"

#include "display.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <xcb/present.h>
#include <xcb/shm.h>
#include <xcb/sync.h>
#include <xcb/xinput.h>
#include <xcb/xkb.h>

#include "base/base.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"

/*
 * One PutImage. Larger ones make the server enlarge its input buffer for
 * each, smaller ones wake it too often; both are slower.
 */
#define PUT_BYTES (256 * 1024)
/* The request itself: 24 bytes, 4 more where it is a big one. */
#define PUT_HEADER 28

#define SOCKET_BYTES (4 * 1024 * 1024)

/* In the order of enum shmfb_atom. */
static const char *const atom_names[SHMFB_ATOMS] = {
	"WM_PROTOCOLS",
	"WM_DELETE_WINDOW",
	"_NET_WM_PING",
	"_NET_WM_PID",
	"_NET_WM_NAME",
	"_NET_WM_ICON_NAME",
	"UTF8_STRING",
	"CLIPBOARD",
	"TARGETS",
	"TIMESTAMP",
	"INCR",
	"text/plain;charset=utf-8",
	"SHMFB_PASTE",
	"WM_STATE",
	"_NET_WM_STATE",
	"_NET_WM_STATE_FULLSCREEN",
	"_NET_WM_STATE_MAXIMIZED_VERT",
	"_NET_WM_STATE_MAXIMIZED_HORZ",
	"_NET_WM_STATE_ABOVE",
	"_NET_WM_STATE_HIDDEN",
	"_MOTIF_WM_HINTS",
	"_NET_WM_ICON",
	"_NET_WM_SYNC_REQUEST",
	"_NET_WM_SYNC_REQUEST_COUNTER",
};

static const char *
shown_name(const char *name)
{
	if (name)
		return name;
	name = getenv("DISPLAY");
	return name ? name : "";
}

/*
 * Does somebody listen where this display's server would, if it is here? That,
 * or -errno.
 */
static int
listens(const char *name)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int display, fd, there = 0;
	char *host = NULL;

	if (!xcb_parse_display(name, &host, &display, NULL))
		return 0;
	if (!*host || strcmp(host, "unix") == 0) {
		snprintf(sa.sun_path, sizeof(sa.sun_path),
			 "/tmp/.X11-unix/X%d", display);
		fd = base_sys.socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC |
				     SOCK_NONBLOCK, 0);
		there = fd < 0 ? -errno :
			base_sys.connect(fd, (void *)&sa, sizeof(sa)) == 0;
		base_close(&fd);
	}
	free(host);
	return there;
}

/* No server, one that does not want us, or no way to tell. */
static int
no_connection(const char *name)
{
	int there = listens(name);

	if (there < 0)
		return base_error(there, "cannot open display \"%s\": %s",
				  name, strerror(-there));
	if (there)
		return base_error(-ECONNREFUSED,
			"display \"%s\" does not let this user in: set "
			"XAUTHORITY to the file with its cookie, see xauth(1)",
			name);
	return base_error(-ECONNREFUSED,
		"cannot open display \"%s\": is an X server running? set "
		"DISPLAY or start one", name);
}

static int
connect_error(int code, const char *name, int screen)
{
	if (!*name)
		return base_error(-ECONNREFUSED,
			"no display: DISPLAY is not set; set it, or start an "
			"X server");
	switch (code) {
	case XCB_CONN_CLOSED_MEM_INSUFFICIENT:
		return base_error(-ENOMEM, "no memory to open display \"%s\"",
				  name);
	case XCB_CONN_CLOSED_PARSE_ERR:
		return base_error(-ECONNREFUSED,
			"\"%s\" is not the name of a display, such as \":0\"",
			name);
	case XCB_CONN_CLOSED_INVALID_SCREEN:
		return base_error(-ECONNREFUSED,
			"display \"%s\" has no screen %d", name, screen);
	default:
		return no_connection(name);
	}
}

static xcb_screen_t *
nth_screen(xcb_connection_t *conn, int n)
{
	xcb_screen_iterator_t it =
		xcb_setup_roots_iterator(xcb_get_setup(conn));

	while (it.rem && n-- > 0)
		xcb_screen_next(&it);
	return it.rem ? it.data : NULL;
}

void
shmfb_display_image_format(const struct shmfb_display *x,
			   struct shmfb_visual *visual)
{
	const xcb_setup_t *setup = xcb_get_setup(x->conn);
	xcb_format_iterator_t f = xcb_setup_pixmap_formats_iterator(setup);

	for (; f.rem; xcb_format_next(&f))
		if (f.data->depth == visual->depth) {
			visual->bits = f.data->bits_per_pixel;
			visual->pad = f.data->scanline_pad;
		}
	visual->msb_first = setup->image_byte_order ==
			    XCB_IMAGE_ORDER_MSB_FIRST;
}

/* How the pixels of a visual lie, in that depth; -ENOTSUP. */
static int
native_of(const struct shmfb_display *x, uint8_t depth,
	  const xcb_visualtype_t *v, struct shmfb_native *out)
{
	out->visual = (struct shmfb_visual){
		.depth = depth,
		.red = v->red_mask,
		.green = v->green_mask,
		.blue = v->blue_mask,
	};
	shmfb_display_image_format(x, &out->visual);
	return shmfb_native_of(out, &out->visual);
}

/* The screen's usual visual, or the first with alpha of true colours. */
static bool
is_wanted(const struct shmfb_display *x, const xcb_visualtype_t *v,
	  const struct shmfb_native *native)
{
	if (!x->alpha)
		return v->visual_id == x->screen->root_visual;
	return native->alpha && v->_class == XCB_VISUAL_CLASS_TRUE_COLOR;
}

static void
take_visual(struct shmfb_display *x, xcb_visualid_t id)
{
	x->visual = id;
	x->colormap = x->screen->default_colormap;
	if (id == x->screen->root_visual)
		return;
	x->colormap = xcb_generate_id(x->conn);
	xcb_create_colormap(x->conn, XCB_COLORMAP_ALLOC_NONE, x->colormap,
			    x->screen->root, id);
}

static int
no_visual(const struct shmfb_display *x, const char *name,
	  const struct shmfb_visual *v)
{
	if (x->alpha)
		return base_error(-ENOTSUP,
			"display \"%s\" has no windows with alpha", name);
	return base_error(-ENOTSUP,
		"display \"%s\" has depth %u in %u bits a pixel, masks "
		"%x/%x/%x: not colours that can be shown",
		name, v->depth, v->bits, v->red, v->green, v->blue);
}

/* Which bytes are a pixel of a window here? */
static int
get_native(struct shmfb_display *x, const char *name)
{
	xcb_depth_iterator_t d = xcb_screen_allowed_depths_iterator(x->screen);
	struct shmfb_visual odd = { .depth = x->screen->root_depth };
	xcb_visualtype_iterator_t v;
	struct shmfb_native native;

	for (; d.rem; xcb_depth_next(&d))
		for (v = xcb_depth_visuals_iterator(d.data); v.rem;
		     xcb_visualtype_next(&v)) {
			int err;

			native = (struct shmfb_native){ .alpha = 0 };
			err = native_of(x, d.data->depth, v.data, &native);
			if (!is_wanted(x, v.data, &native))
				continue;
			odd = native.visual;
			if (err)
				break;
			x->native = native;
			take_visual(x, v.data->visual_id);
			return 0;
		}
	return no_visual(x, name, &odd);
}

/* Send now what get_extensions() and the rest will ask for. */
static void
prefetch(xcb_connection_t *conn)
{
	xcb_prefetch_extension_data(conn, &xcb_shm_id);
	xcb_prefetch_extension_data(conn, &xcb_present_id);
	xcb_prefetch_extension_data(conn, &xcb_sync_id);
	xcb_prefetch_extension_data(conn, &xcb_input_id);
	xcb_prefetch_extension_data(conn, &xcb_xkb_id);
	xcb_prefetch_maximum_request_length(conn);
}

static const xcb_query_extension_reply_t *
extension(xcb_connection_t *conn, xcb_extension_t *id)
{
	const xcb_query_extension_reply_t *r =
		xcb_get_extension_data(conn, id);

	return r && r->present ? r : NULL;
}

static void
get_shm(struct shmfb_display *x, xcb_shm_query_version_cookie_t cookie,
	const xcb_query_extension_reply_t *ext)
{
	xcb_shm_query_version_reply_t *v =
		xcb_shm_query_version_reply(x->conn, cookie, NULL);

	if (!v)
		return;
	x->shm_major = v->major_version;
	x->shm_minor = v->minor_version;
	x->shm_completion = ext->first_event + XCB_SHM_COMPLETION;
	x->shm_error = ext->first_error + XCB_SHM_BAD_SEG;
	free(v);
}

static void
get_present(struct shmfb_display *x, xcb_present_query_version_cookie_t cookie,
	    const xcb_query_extension_reply_t *ext)
{
	xcb_present_query_version_reply_t *v =
		xcb_present_query_version_reply(x->conn, cookie, NULL);

	if (v)
		x->present_opcode = ext->major_opcode;
	free(v);
}

static void
get_sync(struct shmfb_display *x, xcb_sync_initialize_cookie_t cookie)
{
	xcb_sync_initialize_reply_t *v =
		xcb_sync_initialize_reply(x->conn, cookie, NULL);

	x->sync = v != NULL;
	free(v);
}

static void
get_extensions(struct shmfb_display *x)
{
	const xcb_query_extension_reply_t *shm, *present, *sync;
	xcb_present_query_version_cookie_t present_cookie = { 0 };
	xcb_sync_initialize_cookie_t sync_cookie = { 0 };
	xcb_shm_query_version_cookie_t shm_cookie = { 0 };

	shm = extension(x->conn, &xcb_shm_id);
	present = extension(x->conn, &xcb_present_id);
	sync = extension(x->conn, &xcb_sync_id);
	if (shm)
		shm_cookie = xcb_shm_query_version(x->conn);
	if (present)
		present_cookie = xcb_present_query_version(x->conn, 1, 2);
	if (sync)
		sync_cookie = xcb_sync_initialize(x->conn, 3, 0);
	if (shm)
		get_shm(x, shm_cookie, shm);
	if (present)
		get_present(x, present_cookie, present);
	if (sync)
		get_sync(x, sync_cookie);
}

static void
get_atoms(struct shmfb_display *x)
{
	xcb_intern_atom_cookie_t cookie[SHMFB_ATOMS];
	xcb_intern_atom_reply_t *r;
	unsigned i;

	for (i = 0; i < SHMFB_ATOMS; i++)
		cookie[i] = xcb_intern_atom(x->conn, 0,
					    (uint16_t)strlen(atom_names[i]),
					    atom_names[i]);
	for (i = 0; i < SHMFB_ATOMS; i++) {
		r = xcb_intern_atom_reply(x->conn, cookie[i], NULL);
		x->atom[i] = r ? r->atom : XCB_ATOM_NONE;
		free(r);
	}
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
	name = shown_name(name);
	if (xcb_connection_has_error(x->conn))
		return connect_error(xcb_connection_has_error(x->conn), name,
				     nr);
	x->screen = nth_screen(x->conn, nr);
	if (!x->screen)
		return connect_error(XCB_CONN_CLOSED_INVALID_SCREEN, name, nr);
	err = get_native(x, name);
	if (err)
		return err;
	prefetch(x->conn);
	get_extensions(x);
	shmfb_settings_init(x);
	get_atoms(x);
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
