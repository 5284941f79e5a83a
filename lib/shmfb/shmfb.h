/* SPDX-License-Identifier: MIT */
/*
 * shmfb.h - a window on X11 that shows pixels computed on the CPU
 *
 * Three ways to fill it, the first two without a copy by the client where the
 * X server has MIT-SHM 1.2:
 *
 *  - An application that draws: shmfb_begin() hands out a canvas in the
 *    window's own shared memory, shmfb_present() has the server show it.
 *  - A viewer of a ring: shmfb_show() has the server read the held slot of a
 *    shmx ring where it lies.
 *  - An application with an image of its own: shmfb_present_copy().
 *
 *	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
 *	struct shmfb_canvas c;
 *	struct shmfb *fb;
 *
 *	if (shmfb_open(&fb, &opt) < 0)
 *	        return 1;
 *	while (shmfb_pump(fb)) {
 *	        if (shmfb_begin(fb, &c) < 0)
 *	                continue;
 *	        draw(&c);
 *	        shmfb_present(fb, NULL, 0);
 *	}
 *	shmfb_close(fb);
 *
 * Conventions are those of <shmx/shmx.h>: 0 or a negative errno value, the
 * out-parameter untouched on failure and one line of words in shmfb_error();
 * sizes in pixels, strides in bytes, times in nanoseconds of CLOCK_MONOTONIC.
 * A window belongs to one thread at a time. There is no hidden thread and no
 * hidden loop: everything happens inside the calls.
 */
#ifndef SHMFB_SHMFB_H
#define SHMFB_SHMFB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <shmx/shmx.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

struct shmfb;

/* The version of the library in use, such as "0.1.0". Static storage. */
const char *
shmfb_version(void);

/*
 * Why the last shmfb call that failed on the calling thread failed: one line
 * without a newline. Never NULL; valid until the next shmfb call.
 */
const char *
shmfb_error(void);

enum shmfb_backend {
	SHMFB_AUTO,		/* the fastest that a checked request grants */
	SHMFB_SHM,		/* MIT-SHM with a descriptor, or fail */
	SHMFB_SYSV,		/* MIT-SHM with a System V segment, or fail */
	SHMFB_PUT,		/* core PutImage through the socket */
	/*
	 * The Present extension copies from memory of the window at the
	 * refresh, or fail. What is not drawn or copied there by the
	 * application, such as a ring's frame, is copied by this process.
	 */
	SHMFB_PRESENT,
};

/*
 * When frames are drawn. The refreshes are the display's, as the Present
 * extension tells of them, or a timer's where it tells of none.
 */
enum shmfb_vsync {
	/* One each refresh, beginning with it; at once if it was missed. */
	SHMFB_VSYNC_ADAPTIVE,
	/*
	 * Always at a refresh: what comes in between waits for the next one,
	 * while another canvas may be drawn as soon as that was sent.
	 */
	SHMFB_VSYNC_ON,
	/* Not paced: ready as soon as a buffer is, for measuring. */
	SHMFB_VSYNC_OFF,
};

enum shmfb_flags {
	/* Tell the window manager that the size is not to be changed. */
	SHMFB_FIXED_SIZE = 1 << 0,
	/*
	 * Give canvases in the window's own format if SHMX has a name for it,
	 * so that none has to be converted: see shmfb_canvas.format.
	 */
	SHMFB_NATIVE_FORMAT = 1 << 1,
	/* What the window manager is to make of it: see shmfb_set_state(). */
	SHMFB_FULLSCREEN = 1 << 2,
	SHMFB_MAXIMIZED = 1 << 3,
	SHMFB_ABOVE = 1 << 4,
	/* Not to be seen before shmfb_set_visible(). */
	SHMFB_UNMAPPED = 1 << 5,
	/* Without the window manager's frame and title. */
	SHMFB_NO_DECORATION = 1 << 6,
	/*
	 * With alpha (depth 32): where a compositor runs, what is behind is
	 * seen through it. Canvases are SHMX_ARGB8888, and like images and
	 * frames of that format premultiplied; all else is opaque. Windows
	 * that share a connection have it all or none.
	 */
	SHMFB_ALPHA = 1 << 7,
};

/* Begin with SHMFB_OPTIONS_INIT; zero means the default. */
struct shmfb_options {
	size_t size;			/* set by the initialiser */
	const char *title;		/* see shmfb_set_title() */
	const char *class_name;		/* WM_CLASS; default "shmfb" */
	const char *display;		/* default $DISPLAY */
	uint32_t width;			/* both 0: 640x480 */
	uint32_t height;
	enum shmfb_backend backend;
	uint32_t flags;			/* enum shmfb_flags */
	shmx_log_fn *log;		/* NULL: SHMX_DEBUG=1 to stderr only */
	void *log_data;

	/*
	 * Another window, whose connection this one is to use as well:
	 * display is not looked at. Borrowed for the call; the two may be
	 * closed in any order. Windows that share a connection belong to one
	 * thread at a time, together. Each has events, a descriptor and a
	 * pace of its own: what one finds that is another's makes that one's
	 * descriptor readable. It may be one that is gone, as long as the
	 * connection is not.
	 */
	struct shmfb *share;
	/*
	 * The same, and a window within that one, over what it shows, at x, y
	 * of it: not moved by its user, and without input, which is the
	 * parent's. It is gone when its parent is closed.
	 */
	struct shmfb *parent;
	/* Without a parent: on the screen, a wish; both 0: none. */
	int32_t x;
	int32_t y;

	/* What the user may resize it to, if the window manager cares. */
	uint32_t min_width;		/* both 0: anything */
	uint32_t min_height;
	struct {
		uint32_t width;		/* in these proportions; both 0: any */
		uint32_t height;
	} aspect;

	enum shmfb_vsync vsync;
};

#define SHMFB_OPTIONS_INIT { sizeof(struct shmfb_options), \
	0, 0, 0, 0, 0, SHMFB_AUTO, 0, 0, 0, 0, 0, 0, 0, \
	0, 0, { 0, 0 }, SHMFB_VSYNC_ADAPTIVE }

/*
 * Connect to the X server and map a window. options may be NULL.
 *
 * Errors: -EINVAL one side 0, or above SHMX_SIDE_MAX, x or y beyond 16 bits,
 * a smallest size or proportions of which one side is 0, a backend, flags or
 * vsync that there are not, share and parent of two connections, or SHMFB_ALPHA
 * and to share with a window that has none;
 * -EPIPE the connection to share, or the window to be within, is gone;
 * -ECONNREFUSED no display, or one that does not let this user in (the message
 * says which was tried); -ENOTSUP a screen whose default visual has no colours
 * of its own (it has a palette), or SHMFB_ALPHA without a visual that has some,
 * or SHMFB_SHM without MIT-SHM 1.2, or SHMFB_SYSV without one that attaches our
 * segments, or SHMFB_PRESENT without Present and shared pixmaps; -EMFILE,
 * -ENOMEM.
 * Environment: SHMFB_NO_SHM=1 has the effect of SHMFB_PUT; SHMFB_NO_FD=1 has
 * no descriptor given to the server, as if its MIT-SHM were older than 1.2;
 * SHMFB_NO_RENDER=1 has nothing scaled or converted by the server;
 * SHMFB_NO_PRESENT=1 paces by a timer, not by the display; SHMFB_NO_SPIN=1
 * has shmfb_pump() never look for an answer of the server before it sleeps;
 * SHMFB_NO_XINPUT=1 has wheels turn by notches, and motion be the screen's.
 * *out is the caller's, to be closed with shmfb_close().
 */
int
shmfb_open(struct shmfb **out, const struct shmfb_options *options);

/* Release what is shown, destroy the window, disconnect. NULL is allowed. */
void
shmfb_close(struct shmfb *fb);

/*
 * Sleep until there is something to do: an event to take, or a buffer free
 * and, unless SHMFB_VSYNC_OFF, the display's next refresh due. Returns true,
 * or false once the window was closed by its user or the connection is gone. A
 * signal ends the sleep: it may return true with nothing to do.
 */
bool
shmfb_pump(struct shmfb *fb);

/*
 * For loops of one's own. shmfb_fd() is a borrowed descriptor, the same for
 * the window's whole life, that is readable when shmfb_dispatch() has
 * something to do. Any call here may find events: before sleeping take them
 * with shmfb_next_event(), and ask shmfb_ready(). shmfb_dispatch() never
 * sleeps until something happens. For a server that is slow, or stopped, it
 * waits in these cases alone: the keyboard's map has changed, which is read
 * once for all changes that are told together; a picture is painted again
 * through a view that is the first to need RENDER; what is sent, such as a
 * picture that is put again by core PutImage, does not fit into the socket.
 * It returns 0, or -EPIPE once the window was closed or the server is gone. To
 * call it when nothing is readable costs a system call and is otherwise
 * harmless.
 */
int
shmfb_fd(const struct shmfb *fb);
int
shmfb_dispatch(struct shmfb *fb);

/* Whether begin or show would succeed now: a buffer free and the clock due. */
bool
shmfb_ready(const struct shmfb *fb);

/*
 * How many frames are at the server now, or wait here for their refresh: 0 to
 * 2. Costs nothing.
 */
unsigned
shmfb_in_flight(const struct shmfb *fb);

/* -------------------------------------------------------------- drawing -- */

/* What to draw on. */
struct shmfb_canvas {
	void *pixels;			/* row 0 */
	size_t stride;			/* bytes from row to row */
	/*
	 * As shmfb_set_canvas_size() has it; else the window's size now, from
	 * 1 to SHMX_SIDE_MAX: of a window that was made larger still, the
	 * canvas covers that much.
	 */
	uint32_t width;
	uint32_t height;
	/*
	 * How many presents ago this buffer's content was presented: 1 means
	 * that it holds the last picture, 0 that it is not defined.
	 */
	uint32_t age;
	/*
	 * SHMX_XRGB8888 (bytes B, G, R, unused), which is converted where the
	 * window has another format; with SHMFB_NATIVE_FORMAT the window's,
	 * with SHMFB_ALPHA SHMX_ARGB8888.
	 */
	uint32_t format;
	uint32_t reserved[6];		/* all 0 */
};

/*
 * A canvas to draw on, valid until the matching shmfb_present(). -EAGAIN
 * while two frames are at the server or the clock is not due: pump. -ENOMEM;
 * -EMFILE; -EPIPE when the connection is gone. To begin again without a present
 * gives the same canvas, unless the window has another size now.
 *
 * The canvas may be the picture that is on the screen (age 1). Should the
 * window be uncovered before the present, it shows what is drawn so far.
 */
int
shmfb_begin(struct shmfb *fb, struct shmfb_canvas *canvas);

/*
 * From the next shmfb_begin() on have canvases of this size, whatever that of
 * the window is; 0, 0: of the window's. A view tells how they are seen in it.
 * -EINVAL one side 0, or above SHMX_SIDE_MAX.
 */
int
shmfb_set_canvas_size(struct shmfb *fb, uint32_t width, uint32_t height);

/*
 * Show the canvas that shmfb_begin() gave. damage (borrowed, clipped) lists
 * the count rectangles that differ from what was presented before; count 0
 * means all of it.
 *
 * Errors: -EINVAL without a matching begin; -EAGAIN when frames were shown
 * since and two are under way; -ENOTSUP when SHMFB_SHM was asked for and the
 * server has come to refuse it; -ENOMEM; -EMFILE; -EPIPE when the connection
 * is gone. But for the last, the canvas stays begun: present it again, or
 * begin, which gives it with age 0.
 */
int
shmfb_present(struct shmfb *fb, const struct shmx_rect *damage,
	      unsigned count);

/* Pixels of the application's own. Borrowed, never written to. */
struct shmfb_image {
	const void *pixels;		/* row 0 */
	size_t stride;			/* bytes from row to row */
	uint32_t width;			/* 1 to SHMX_SIDE_MAX */
	uint32_t height;
	uint32_t format;		/* SHMX_XRGB8888 ... */
	uint32_t reserved[6];		/* all 0: name members to initialise */
};

/*
 * For who has pixels already: show the image, in the middle of the window and
 * as the view has it. It is copied, and converted if need be, while the server
 * draws what is copied already; it is the caller's again on return. damage
 * (borrowed, clipped) lists the count rectangles in which it differs from the
 * image or canvas before, and only that is copied; count 0 means all of it.
 * A canvas that was begun is begun no more.
 *
 * Errors: -EINVAL an image of no such size or without pixels, or whose rows
 * are too short, or whose reserved words are not 0;
 * -ENOTSUP a format that shmx.h does not name, or SHMFB_SHM was asked for and
 * the server has come to refuse it; -EAGAIN as for shmfb_begin(); -ENOMEM;
 * -EMFILE; -EPIPE when the connection is gone. Present all of it after an
 * error.
 */
int
shmfb_present_copy(struct shmfb *fb, const struct shmfb_image *image,
		   const struct shmx_rect *damage, unsigned count);

/*
 * Show a held frame of a ring, in the middle of the window and as the view has
 * it: at 1:1 unless told otherwise, cropped where it is larger. Takes its own
 * reference, keeps it for as long as the server reads the slot and the window
 * may have to be repainted, then releases it.
 * Only what changed since the frame shown before is sent; when that is
 * nothing, the frame counts as shown at once. Needs a reader with at least 3
 * holds to keep two frames under way. A frame that goes by core PutImage may
 * be complete when this returns.
 *
 * A frame that is not in the window's format is converted: by the server, or
 * into memory of the window, which is a copy by the client. So is one of a
 * ring that the server does not attach, while it does attach that. Alpha
 * counts only where the window has some.
 *
 * Errors: -EAGAIN as for shmfb_begin(); -ENOTSUP a frame without a picture, or
 * of a format that shmx.h does not name, or SHMFB_SHM was asked for and the
 * server refuses this ring; -EPROTO a frame that does not fit into its ring;
 * -ENOMEM; -EMFILE; -EPIPE when the connection is gone.
 */
int
shmfb_show(struct shmfb *fb, struct shmx_hold *hold);

/*
 * One pixel of a canvas, 0xRRGGBB whatever its format is: set, or asked for,
 * which is 0 outside of it. Outside of the canvas nothing is set, whatever
 * the numbers are. Formats with fewer bits keep the highest, SHMX_R8 how
 * bright it is. To fill all of a canvas, walk its rows instead.
 */
void
shmfb_set_pixel(const struct shmfb_canvas *canvas, int32_t x, int32_t y,
		uint32_t rgb);
uint32_t
shmfb_get_pixel(const struct shmfb_canvas *canvas, int32_t x, int32_t y);

/* A rectangle, or with NULL all of it; what is outside is left out. */
void
shmfb_fill(const struct shmfb_canvas *canvas, const struct shmx_rect *rect,
	   uint32_t rgb);

/* ----------------------------------------------------------------- view -- */

enum shmfb_scale {
	SHMFB_SCALE_NONE,		/* pixel by pixel, cropped */
	SHMFB_SCALE_INTEGER,		/* by the largest whole factor, or 1 */
	SHMFB_SCALE_FIT,		/* as large as the window has room */
};

enum shmfb_filter {
	SHMFB_NEAREST,			/* pixels stay squares */
	SHMFB_LINEAR,			/* smooth between them */
};

/*
 * How pictures are seen in the window: always in their proportions, in the
 * middle, on a background. Begin with SHMFB_VIEW_INIT, which is at 1:1. What
 * is put as it is, or scaled and turned by the server, costs no copy by the
 * client: see shmfb_stats.route.
 */
struct shmfb_view {
	size_t size;			/* set by the initialiser */
	enum shmfb_scale scale;
	enum shmfb_filter filter;
	uint32_t rotation;		/* quarter turns clockwise, 0 to 3 */
	uint32_t background;		/* 0xRRGGBB */
	/*
	 * 0: by scale. Else the factor, 1/64 to 64, with the point x, y of the
	 * picture in the middle of the window; pulled into the picture.
	 */
	double zoom;
	double x;
	double y;
};

#define SHMFB_VIEW_INIT { sizeof(struct shmfb_view), SHMFB_SCALE_NONE, \
	SHMFB_NEAREST, 0, 0, 0, 0, 0 }

/*
 * See pictures like this from now on, the one that is shown as well. Copied.
 * -EINVAL what there is not; -EPIPE when the connection is gone.
 */
int
shmfb_set_view(struct shmfb *fb, const struct shmfb_view *view);

/* size is sizeof(struct shmfb_view) as the caller knows it. */
void
shmfb_get_view(const struct shmfb *fb, struct shmfb_view *view, size_t size);

/*
 * Which point of the picture that is shown the middle of a pixel of the window
 * shows: the whole parts of x and y are the pixel. false outside of the
 * picture, where x and y go on as if it had no end, or when there is none.
 */
bool
shmfb_to_picture(const struct shmfb *fb, int32_t window_x, int32_t window_y,
		 double *x, double *y);

/* --------------------------------------------------------------- events -- */

enum shmfb_event_type {
	SHMFB_EVENT_CLOSE = 1,		/* the user closed the window */
	SHMFB_EVENT_RESIZE,		/* .resize */
	SHMFB_EVENT_EXPOSE,		/* .expose; repainted already */
	SHMFB_EVENT_KEY,		/* .key */
	SHMFB_EVENT_BUTTON,		/* .button */
	SHMFB_EVENT_MOTION,		/* .motion */
	SHMFB_EVENT_FOCUS,		/* .focus */
	SHMFB_EVENT_TEXT,		/* .text */
	SHMFB_EVENT_SCROLL,		/* .scroll */
	SHMFB_EVENT_PASTE,		/* .paste */
	SHMFB_EVENT_ENTER,		/* .motion: the pointer has come */
	SHMFB_EVENT_LEAVE,		/* .motion: it has gone */
	SHMFB_EVENT_STATE,		/* .state */
	SHMFB_EVENT_SCALE,		/* .scale */
};

/* Which keys they are is for the keyboard's layout to say. */
enum shmfb_modifiers {
	SHMFB_MOD_SHIFT = 1 << 0,
	SHMFB_MOD_CTRL = 1 << 1,
	SHMFB_MOD_ALT = 1 << 2,
	SHMFB_MOD_SUPER = 1 << 3,
};

struct shmfb_event {
	enum shmfb_event_type type;
	union {
		struct {
			uint32_t width;
			uint32_t height;
		} resize;
		struct {
			struct shmx_rect rect;
		} expose;
		struct {
			uint32_t keysym;	/* as in xkbcommon-keysyms.h */
			uint32_t keycode;	/* X keycode */
			uint32_t modifiers;
			bool pressed;	/* those down at focus loss: released */
			bool repeat;	/* held down, no release between */
		} key;
		/*
		 * x, y is the pixel of the picture under the pointer, as the
		 * view shows it: see shmfb_to_picture(). Beside the picture it
		 * goes on as if it had no end; before there is one, as if it
		 * filled the window. window_x, window_y is that of the window.
		 */
		struct {
			int32_t x;
			int32_t y;
			uint32_t button;	/* 1 left, 2 middle, 3 right */
			uint32_t modifiers;
			bool pressed;
			int32_t window_x;
			int32_t window_y;
		} button;
		struct {
			int32_t x;
			int32_t y;
			uint32_t modifiers;
			int32_t window_x;
			int32_t window_y;
			/* Since the motion before, in pixels of the window. */
			double dx;
			double dy;
		} motion;
		struct {
			int32_t x;
			int32_t y;
			uint32_t modifiers;
			int32_t window_x;
			int32_t window_y;
			/*
			 * Notches of the wheel: to the right, and up or away
			 * from the user. Parts of one where the device is
			 * smooth and the server has XInput 2.1: add them up.
			 * Never more than 1000 of them at once.
			 * The wheel's buttons, 4 to 7, do not come as
			 * SHMFB_EVENT_BUTTON.
			 */
			double dx;
			double dy;
		} scroll;
		/*
		 * What was written, by this layout's keys and this locale's
		 * compose sequences: at least a character of UTF-8, no control
		 * characters (those are keys), NUL at the end. Comes after the
		 * key. For what is typed; for what is pressed there is .key.
		 */
		struct {
			char utf8[32];
		} text;
		/*
		 * What shmfb_request_clipboard() has got: UTF-8 with a NUL,
		 * NULL when there was no text. Borrowed until the answer to
		 * the next request, or close.
		 */
		struct {
			const char *utf8;
			size_t length;		/* bytes, without the NUL */
		} paste;
		struct {
			bool focused;
		} focus;
		struct {
			uint32_t state;		/* enum shmfb_state */
			uint32_t changed;	/* which of them have */
		} state;
		struct {
			double scale;		/* see shmfb_scale() */
		} scale;
		/* What comes later finds room here: 128 bytes in all. */
		uint64_t reserved[15];
	} u;
};

/*
 * Take the oldest event; false when there is none. Motion that follows motion
 * (dx, dy are added) and a size that replaces a size are joined; an
 * application that takes none at all loses the oldest beyond some thousands.
 */
bool
shmfb_next_event(struct shmfb *fb, struct shmfb_event *event);

/*
 * Have the pointer for this window alone, hidden and in it, to look around
 * with or to turn something: SHMFB_EVENT_MOTION tells how far it moves, dx and
 * dy, which no edge ends; where it is does not change. With XInput 2.1 that is
 * how far the device was moved, in its own steps and with parts of them, before
 * the desktop accelerates it; a tablet moves as far as its places are apart.
 * Released by false, and when the window loses the keyboard's focus or is no
 * longer on the screen, after which it is the application's to ask again. The
 * pointer is then where it was before. Another window of the connection that
 * asks for the pointer takes it from this one.
 *
 * Errors: -EAGAIN the window is not on the screen yet; -EBUSY another
 * application has the pointer; -ENOTSUP the server refuses; -EINVAL a child;
 * -EPIPE. Waits for the server.
 */
int
shmfb_grab_pointer(struct shmfb *fb, bool grab);

/*
 * Copy: have the clipboard be that text (UTF-8, copied) until somebody copies
 * something else, or the window is closed; NULL gives up what this one has.
 * Others fetch it while this window is pumped or dispatched. -EINVAL not
 * UTF-8, or above 16 MB; -ENOMEM; -EPIPE.
 */
int
shmfb_set_clipboard(struct shmfb *fb, const char *utf8);

/*
 * Paste: ask whoever has copied something for it. SHMFB_EVENT_PASTE follows in
 * any case: with no text when there is none, when it is not UTF-8 (nor can be
 * had so, but as STRING, say) or above 16 MB, and when its owner is silent for 2 seconds, or not done after 20.
 * -EALREADY when it was asked for and has not come; -EPIPE.
 */
int
shmfb_request_clipboard(struct shmfb *fb);

/* --------------------------------------------------------------- window -- */

/*
 * UTF-8, copied; '?' stands for each byte that is not, or that a terminal
 * would obey, such as control characters. NULL: "shmfb". Without effect once
 * the server is gone.
 */
void
shmfb_set_title(struct shmfb *fb, const char *title);

/*
 * What window managers show for the window: the same in count sizes, such as
 * 16, 32, 48 and 128 pixels square, from which they choose; none with count 0.
 * Copied. The alpha of SHMX_ARGB8888 counts, and is not premultiplied; all
 * else is opaque.
 *
 * Errors: -EINVAL a side 0 or above 1024, no pixels, rows that are too short,
 * or reserved words that are not 0; -ENOTSUP a format that shmx.h does not
 * name; -E2BIG more pixels than one request carries, some millions as a rule;
 * -ENOMEM; -EPIPE. What it had before stays, then.
 */
int
shmfb_set_icon(struct shmfb *fb, const struct shmfb_image *images,
	       unsigned count);

enum shmfb_cursor {
	SHMFB_CURSOR_ARROW,
	SHMFB_CURSOR_CROSS,
	SHMFB_CURSOR_NONE,		/* not to be seen */
};

/*
 * What the pointer looks like over the window, in the user's theme. Until it
 * is called, whatever is usual on this display. -EINVAL another one.
 */
int
shmfb_set_cursor(struct shmfb *fb, enum shmfb_cursor cursor);

/* Ask for another size of the window's inside; SHMFB_EVENT_RESIZE follows. */
int
shmfb_resize(struct shmfb *fb, uint32_t width, uint32_t height);

/*
 * Ask for another place: of a child in its parent, else on the screen, where
 * it is the window manager's frame that is moved. -EINVAL beyond 16 bits.
 */
int
shmfb_move(struct shmfb *fb, int32_t x, int32_t y);

/*
 * The smallest size, and the proportions, to which the user may resize the
 * window; 0, 0: any. It is a wish, and the window may have others all the
 * same: a view keeps the picture's. -EINVAL one alone 0, or above
 * SHMX_SIDE_MAX.
 */
int
shmfb_set_min_size(struct shmfb *fb, uint32_t width, uint32_t height);
int
shmfb_set_aspect(struct shmfb *fb, uint32_t width, uint32_t height);

/*
 * Take it off the screen, or put it there (again). Frames may be shown all the
 * while, at the same pace; what the window shows when it comes back is the
 * newest. It comes back in the states it had, or had asked for without an
 * answer yet, for which the window manager first has to let go of it: that is
 * waited for by the window's loop, not by this call, and no longer than a
 * second. To put it there waits for the server.
 */
int
shmfb_set_visible(struct shmfb *fb, bool visible);

enum shmfb_state {
	SHMFB_STATE_FULLSCREEN = 1 << 0,
	SHMFB_STATE_MAXIMIZED = 1 << 1,	/* both ways */
	SHMFB_STATE_ABOVE = 1 << 2,	/* always on top */
	/* Iconified, on another desktop, or not mapped for other reasons. */
	SHMFB_STATE_HIDDEN = 1 << 3,
	/* All of it, by other windows: where no compositor shows it still. */
	SHMFB_STATE_COVERED = 1 << 4,
};

/*
 * Ask the window manager for one of the first three, or to end it. Its answer,
 * if there is one, is SHMFB_EVENT_STATE. A window of fixed size may be resized
 * for as long as it is to be fullscreen. Where there is no window manager, a
 * window that is to be fullscreen is moved and resized to the screen, and
 * back. -EINVAL another state, or a child.
 */
int
shmfb_set_state(struct shmfb *fb, enum shmfb_state state, bool on);

/*
 * What the window manager and the server have said last: enum shmfb_state. A
 * window that is hidden or covered is paced as any other, by a timer where
 * the display does not tick for it. Who would rather do nothing meanwhile
 * waits for SHMFB_EVENT_STATE.
 */
uint32_t
shmfb_state(const struct shmfb *fb);

/*
 * How large the user wants things to be: 1 is 96 dots per inch, as Xft.dpi of
 * the server's resources has it, 2 twice that. Sizes here are in pixels
 * whatever it is; who draws text or opens a window may multiply.
 * SHMFB_EVENT_SCALE comes when it changes.
 */
double
shmfb_scale(const struct shmfb *fb);

/* The X window's id, for those who talk to the server themselves. */
uint32_t
shmfb_window_id(const struct shmfb *fb);

struct shmfb_stats {
	/* "shm-fd", "shm-sysv", "put", "present"; and why: borrowed until close. */
	const char *path;
	const char *why;
	uint64_t frames_shown;		/* presents and shows completed */
	uint64_t frames_failed;		/* refused by the server */
	uint64_t client_copies;		/* whole-frame copies by this process */
	uint64_t repaints;		/* put again for expose and resize */
	uint32_t in_flight;		/* at the server now */
	uint32_t width;			/* of the window */
	uint32_t height;
	/*
	 * From publish (or present), or from when the window was opened if
	 * that was later, to completion: percentiles, in ns.
	 */
	uint64_t latency_p50_ns;
	uint64_t latency_p99_ns;
	uint64_t latency_max_ns;
	const char *clock;		/* "present", "timer" or "none" */
	/*
	 * The last picture: "direct" from where it lies; "render", from there
	 * and scaled, turned or converted by the server; or "staged", which
	 * is done by this process into memory of the window. As for path.
	 */
	const char *route;
	const char *route_why;
	/* How often this process has copied the last frame, or a part of it. */
	uint32_t copies;
	/* Frames that the server left out for a newer one. */
	uint64_t skipped;
	/*
	 * Refreshes that went by while the next picture was being drawn, or
	 * was in its ring, beyond the one that each waits for.
	 */
	uint64_t missed;
};

/* size is sizeof(struct shmfb_stats) as the caller knows it. */
void
shmfb_stats(const struct shmfb *fb, struct shmfb_stats *stats, size_t size);

/* ---------------------------------------------------------------- probe -- */

enum shmfb_verdict {
	SHMFB_WORKS = 1,
	SHMFB_FAILS,
	SHMFB_NOT_TRIED,		/* what it needs does not work */
};

#define SHMFB_PROBE_PATHS 16

struct shmfb_probe {
	uint32_t count;
	struct shmfb_probe_path {
		char name[32];		/* "descriptors" */
		enum shmfb_verdict verdict;
		char why[400];		/* what was found: one line */
		char advice[200];	/* what to do; "" where it works */
	} path[SHMFB_PROBE_PATHS];
};

/*
 * Try each fast path of a display (NULL: $DISPLAY), as a window of it would,
 * without opening one, and say what came of it. No display is a finding too:
 * the first path, "display", fails then. Environment: as for shmfb_open(),
 * whose switches are found to be on. size is sizeof(struct shmfb_probe) as
 * the caller knows it. -ENOMEM.
 */
int
shmfb_probe(const char *display, struct shmfb_probe *probe, size_t size);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* SHMFB_SHMFB_H */
