/* SPDX-License-Identifier: MIT */
/*
 * keys.c - shows every event that a window gets, as text
 *
 *	cc keys.c $(pkg-config --cflags --libs shmfb cairo xkbcommon) -o keys
 *
 * Type, click, turn the wheel, resize. What is typed stands in the line at the
 * bottom, with dead keys and compose sequences as the locale has them; Return
 * copies the line to the clipboard, Ctrl+V pastes, F1 grabs the pointer and
 * gives it back, F11 fills the screen, Escape ends.
 *
 * What it teaches: that a canvas is memory like any other, so that any library
 * that draws can draw on it: this one is cairo. Which event is for what: KEY
 * is a key that goes down or up, TEXT is what it writes. And to sleep while
 * there is nothing new to be seen.
 */
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cairo.h>
#include <shmfb/shmfb.h>
#include <xkbcommon/xkbcommon.h>

#define LINES 64
#define LINE_HEIGHT 20.0
#define BUTTONS 9

static struct shmfb *fb;

/* What was told: a ring, of which the newest is number told - 1. */
static struct line {
	enum shmfb_event_type type;
	unsigned times;			/* the same, joined: motion */
	char what[160];
} lines[LINES];
static unsigned told;

/* How things are now, by what was told. */
static struct {
	char typed[160];
	uint32_t modifiers;
	bool button[BUTTONS + 1];
	double scrolled_x, scrolled_y;
	int32_t x, y;
	double dx, dy;
	bool inside, focused, grabbed;
	uint32_t state;
} now;
static bool dirty = true;		/* something has to be drawn */

/* By type: what it is called, and its colour. */
static const struct {
	const char *name;
	double red, green, blue;
} types[] = {
	[SHMFB_EVENT_CLOSE] = { "CLOSE", 0.95, 0.40, 0.40 },
	[SHMFB_EVENT_RESIZE] = { "RESIZE", 0.70, 0.62, 0.95 },
	[SHMFB_EVENT_EXPOSE] = { "EXPOSE", 0.55, 0.55, 0.62 },
	[SHMFB_EVENT_KEY] = { "KEY", 0.98, 0.80, 0.40 },
	[SHMFB_EVENT_BUTTON] = { "BUTTON", 0.45, 0.82, 0.60 },
	[SHMFB_EVENT_MOTION] = { "MOTION", 0.42, 0.70, 0.90 },
	[SHMFB_EVENT_FOCUS] = { "FOCUS", 0.92, 0.60, 0.80 },
	[SHMFB_EVENT_TEXT] = { "TEXT", 0.98, 0.92, 0.72 },
	[SHMFB_EVENT_SCROLL] = { "SCROLL", 0.40, 0.86, 0.84 },
	[SHMFB_EVENT_PASTE] = { "PASTE", 0.98, 0.92, 0.72 },
	[SHMFB_EVENT_ENTER] = { "ENTER", 0.42, 0.70, 0.90 },
	[SHMFB_EVENT_LEAVE] = { "LEAVE", 0.42, 0.70, 0.90 },
	[SHMFB_EVENT_STATE] = { "STATE", 0.70, 0.62, 0.95 },
	[SHMFB_EVENT_SCALE] = { "SCALE", 0.70, 0.62, 0.95 },
};
#define TYPES (sizeof(types) / sizeof(types[0]))

static const char *const modifier_names[] = { "Shift", "Ctrl", "Alt",
					      "Super" };

/* ------------------------------------------------------------- events -- */

/* Half a character at the end, where it was cut off, is none. */
static void
end_between_characters(char *text)
{
	size_t n = strlen(text), i = n, bytes = 0;

	while (i > 0 && ((unsigned char)text[i - 1] & 0xc0) == 0x80)
		i--;
	if (i > 0 && (unsigned char)text[i - 1] >= 0xc0)
		bytes = (unsigned char)text[i - 1] >= 0xf0 ? 4 :
			(unsigned char)text[i - 1] >= 0xe0 ? 3 : 2;
	if (n - i + 1 < bytes)
		text[i - 1] = '\0';
}

/* Motion after motion is one line, that of the last. */
__attribute__((format(printf, 2, 3))) static void
say(enum shmfb_event_type type, const char *fmt, ...)
{
	struct line *l = &lines[(told + LINES - 1) % LINES];
	va_list ap;

	if (told == 0 || type != SHMFB_EVENT_MOTION || l->type != type) {
		l = &lines[told++ % LINES];
		l->type = type;
		l->times = 0;
	}
	l->times++;
	va_start(ap, fmt);
	vsnprintf(l->what, sizeof(l->what), fmt, ap);
	va_end(ap);
	/* cairo would draw nothing from there on. */
	end_between_characters(l->what);
	dirty = true;
}

static const char *
names_of(uint32_t modifiers)
{
	static char names[64];
	unsigned i;

	now.modifiers = modifiers;
	names[0] = '\0';
	for (i = 0; i < 4; i++)
		if (modifiers & 1U << i) {
			strcat(names, "  ");
			strcat(names, modifier_names[i]);
		}
	return names;
}

static void
append(const char *text)
{
	size_t room = sizeof(now.typed) - strlen(now.typed) - 1;

	if (strlen(text) <= room)
		strcat(now.typed, text);
}

/* The last character: all of its bytes. */
static void
backspace(void)
{
	size_t n = strlen(now.typed);

	while (n > 0 && ((unsigned char)now.typed[--n] & 0xc0) == 0x80);
	now.typed[n] = '\0';
}

static void
try(int err)
{
	if (err < 0)
		say(SHMFB_EVENT_CLOSE, "%s", shmfb_error());
}

/* false: the end. */
static bool
press(uint32_t keysym, uint32_t modifiers)
{
	bool full = now.state & SHMFB_STATE_FULLSCREEN;
	int err;

	switch (keysym) {
	case XKB_KEY_Escape:
		return false;
	case XKB_KEY_BackSpace:
		backspace();
		break;
	case XKB_KEY_Return:
		try(shmfb_set_clipboard(fb, now.typed));
		now.typed[0] = '\0';
		break;
	case XKB_KEY_v:
		if (modifiers & SHMFB_MOD_CTRL)
			try(shmfb_request_clipboard(fb));
		break;
	case XKB_KEY_F1:
		err = shmfb_grab_pointer(fb, !now.grabbed);
		try(err);
		now.grabbed ^= err == 0;
		break;
	case XKB_KEY_F11:
		try(shmfb_set_state(fb, SHMFB_STATE_FULLSCREEN, !full));
		break;
	}
	return true;
}

static void
on_pointer(const struct shmfb_event *e)
{
	now.x = e->u.motion.x;
	now.y = e->u.motion.y;
	now.dx = e->u.motion.dx;
	now.dy = e->u.motion.dy;
	now.inside = e->type != SHMFB_EVENT_LEAVE;
	say(e->type, "%d,%d  moved %+g,%+g%s", now.x, now.y, now.dx, now.dy,
	    names_of(e->u.motion.modifiers));
}

static void
on_button(const struct shmfb_event *e)
{
	if (e->u.button.button <= BUTTONS)
		now.button[e->u.button.button] = e->u.button.pressed;
	say(e->type, "%u %s  at %d,%d%s", e->u.button.button,
	    e->u.button.pressed ? "down" : "up", e->u.button.x,
	    e->u.button.y, names_of(e->u.button.modifiers));
}

static void
on_focus(const struct shmfb_event *e)
{
	now.focused = e->u.focus.focused;
	/* The library has given the pointer back by now. */
	now.grabbed &= now.focused;
	say(e->type, "%s", now.focused ? "in" : "out");
}

static void
on_state(const struct shmfb_event *e)
{
	static const char *const names[] = { "fullscreen", "maximized",
		"above", "hidden", "covered" };
	char what[80] = "";
	unsigned i;

	now.state = e->u.state.state;
	for (i = 0; i < 5; i++)
		if (now.state & 1U << i) {
			strcat(what, names[i]);
			strcat(what, "  ");
		}
	say(e->type, "%s", *what ? what : "normal");
}

/* An event has the modifiers of before it: also one that is of such a key. */
static void
on_modifier(uint32_t keysym, bool pressed)
{
	static const uint32_t keys[][2] = {
		{ XKB_KEY_Shift_L, XKB_KEY_Shift_R },
		{ XKB_KEY_Control_L, XKB_KEY_Control_R },
		{ XKB_KEY_Alt_L, XKB_KEY_Alt_R },
		{ XKB_KEY_Super_L, XKB_KEY_Super_R },
	};
	unsigned i;

	for (i = 0; i < 4; i++)
		if (keysym == keys[i][0] || keysym == keys[i][1])
			now.modifiers = pressed ? now.modifiers | 1U << i :
					now.modifiers & ~(1U << i);
}

/* false: the end. */
static bool
on_key(const struct shmfb_event *e)
{
	char name[64] = "";

	xkb_keysym_get_name(e->u.key.keysym, name, sizeof(name));
	say(e->type, "%s %s  code %u%s", name, e->u.key.repeat ? "again" :
	    e->u.key.pressed ? "down" : "up", e->u.key.keycode,
	    names_of(e->u.key.modifiers));
	on_modifier(e->u.key.keysym, e->u.key.pressed);
	return !e->u.key.pressed ||
	       press(e->u.key.keysym, e->u.key.modifiers);
}

/* false: the end. */
static bool
on_event(const struct shmfb_event *e)
{
	switch (e->type) {
	case SHMFB_EVENT_KEY:
		return on_key(e);
	case SHMFB_EVENT_TEXT:
		say(e->type, "%s", e->u.text.utf8);
		append(e->u.text.utf8);
		break;
	case SHMFB_EVENT_PASTE:
		say(e->type, "%.100s", e->u.paste.utf8 ? e->u.paste.utf8 :
		    "there is no text");
		append(e->u.paste.utf8 ? e->u.paste.utf8 : "");
		break;
	case SHMFB_EVENT_BUTTON:
		on_button(e);
		break;
	case SHMFB_EVENT_SCROLL:
		now.scrolled_x += e->u.scroll.dx;
		now.scrolled_y += e->u.scroll.dy;
		say(e->type, "%+g,%+g notches  at %d,%d%s", e->u.scroll.dx,
		    e->u.scroll.dy, e->u.scroll.x, e->u.scroll.y,
		    names_of(e->u.scroll.modifiers));
		break;
	case SHMFB_EVENT_MOTION:
	case SHMFB_EVENT_ENTER:
	case SHMFB_EVENT_LEAVE:
		on_pointer(e);
		break;
	case SHMFB_EVENT_FOCUS:
		on_focus(e);
		break;
	case SHMFB_EVENT_RESIZE:
		say(e->type, "%ux%u", e->u.resize.width, e->u.resize.height);
		break;
	case SHMFB_EVENT_EXPOSE:
		say(e->type, "%dx%d at %d,%d", e->u.expose.rect.width,
		    e->u.expose.rect.height, e->u.expose.rect.x,
		    e->u.expose.rect.y);
		break;
	case SHMFB_EVENT_STATE:
		on_state(e);
		break;
	case SHMFB_EVENT_SCALE:
		say(e->type, "%g", e->u.scale.scale);
		break;
	case SHMFB_EVENT_CLOSE:
		say(e->type, "closed by its user");
		break;
	}
	return true;
}

/* ------------------------------------------------------------ drawing -- */

static void
text_at(cairo_t *cr, double x, double y, const char *text)
{
	cairo_move_to(cr, x, y);
	cairo_show_text(cr, text);
}

/* A small sign that is lit or not; returns where the next one begins. */
static double
lamp(cairo_t *cr, double x, double y, const char *text, bool lit)
{
	cairo_text_extents_t size;
	double width;

	cairo_text_extents(cr, text, &size);
	width = size.x_advance + 16;
	if (lit)
		cairo_set_source_rgb(cr, 0.98, 0.78, 0.35);
	else
		cairo_set_source_rgb(cr, 0.17, 0.20, 0.26);
	cairo_rectangle(cr, x, y - 15, width, 21);
	cairo_fill(cr);
	if (lit)
		cairo_set_source_rgb(cr, 0.10, 0.10, 0.10);
	else
		cairo_set_source_rgb(cr, 0.45, 0.49, 0.57);
	text_at(cr, x + 8, y, text);
	return x + width + 6;
}

static double
draw_now(cairo_t *cr, double width)
{
	char text[120];
	double x = 14;
	unsigned i;

	cairo_set_source_rgb(cr, 0.12, 0.14, 0.19);
	cairo_rectangle(cr, 0, 0, width, 70);
	cairo_fill(cr);
	for (i = 0; i < 4; i++)
		x = lamp(cr, x, 26, modifier_names[i],
			 now.modifiers & 1U << i);
	x += 12;
	for (i = 1; i <= BUTTONS; i++) {
		/* 4 to 7 are the wheel's, which scrolls instead. */
		if (i >= 4 && i <= 7)
			continue;
		snprintf(text, sizeof(text), "%u", i);
		x = lamp(cr, x, 26, text, now.button[i]);
	}
	x = lamp(cr, x + 12, 26, "focus", now.focused);
	x = lamp(cr, x, 26, "inside", now.inside);
	lamp(cr, x, 26, "grabbed", now.grabbed);
	cairo_set_source_rgb(cr, 0.72, 0.76, 0.82);
	snprintf(text, sizeof(text), "at %d,%d   moved %+g,%+g   scrolled "
		 "%+.3g,%+.3g   scale %g", now.x, now.y, now.dx, now.dy,
		 now.scrolled_x, now.scrolled_y, shmfb_scale(fb));
	text_at(cr, 14, 56, text);
	return 70;
}

/* The newest at the bottom; older ones fade. */
static void
draw_lines(cairo_t *cr, double top, double bottom)
{
	double y = bottom - LINE_HEIGHT * 0.6, light;
	const struct line *l;
	char times[16];
	unsigned i;

	for (i = 1; i <= told && i <= LINES && y > top + 12; i++) {
		l = &lines[(told - i) % LINES];
		light = 1 - 0.025 * (i < 24 ? i : 24);
		cairo_set_source_rgba(cr, types[l->type].red,
				      types[l->type].green,
				      types[l->type].blue, light);
		text_at(cr, 14, y, types[l->type].name);
		cairo_set_source_rgba(cr, 0.90, 0.92, 0.95, light);
		text_at(cr, 90, y, l->what);
		if (l->times > 1) {
			snprintf(times, sizeof(times), "x%u", l->times);
			cairo_set_source_rgba(cr, 0.5, 0.54, 0.6, light);
			text_at(cr, 520, y, times);
		}
		y -= LINE_HEIGHT;
	}
}

static void
draw(cairo_t *cr, double width, double height)
{
	const double line = height - 2 * LINE_HEIGHT;

	cairo_set_source_rgb(cr, 0.075, 0.085, 0.115);
	cairo_paint(cr);
	cairo_select_font_face(cr, "monospace", CAIRO_FONT_SLANT_NORMAL,
			       CAIRO_FONT_WEIGHT_NORMAL);
	cairo_set_font_size(cr, 14);
	draw_lines(cr, draw_now(cr, width), line);
	cairo_set_source_rgb(cr, 0.15, 0.20, 0.29);
	cairo_rectangle(cr, 0, line, width, 2 * LINE_HEIGHT);
	cairo_fill(cr);
	if (*now.typed) {
		cairo_set_source_rgb(cr, 1, 0.88, 0.55);
		text_at(cr, 14, line + 1.3 * LINE_HEIGHT, now.typed);
		cairo_show_text(cr, "_");
	} else {
		cairo_set_source_rgb(cr, 0.55, 0.61, 0.70);
		text_at(cr, 14, line + 1.3 * LINE_HEIGHT, "type; Return "
			"copies, Ctrl+V pastes, F1 grabs, F11 fills, "
			"Escape ends");
	}
}

/* Whether a frame was shown; the drawing is saved if that was asked for. */
static bool
show(const char *path)
{
	struct shmfb_canvas c;
	cairo_surface_t *surface;
	cairo_t *cr;

	if (shmfb_begin(fb, &c) < 0)
		return false;
	/* Cairo's RGB24 is our XRGB8888, and needs no memory of its own. */
	surface = cairo_image_surface_create_for_data(c.pixels,
		CAIRO_FORMAT_RGB24, (int)c.width, (int)c.height,
		(int)c.stride);
	cr = cairo_create(surface);
	draw(cr, c.width, c.height);
	cairo_destroy(cr);
	if (path != NULL)
		cairo_surface_write_to_png(surface, path);
	cairo_surface_destroy(surface);
	dirty = shmfb_present(fb, NULL, 0) < 0;
	return !dirty;
}

/* false: quit. */
static bool
take_events(void)
{
	struct shmfb_event e;
	bool go_on = true;

	while (go_on && shmfb_next_event(fb, &e))
		go_on = on_event(&e);
	return go_on;
}

/* frames 0: until it is closed, and else so many, though nothing happens. */
static void
run(unsigned long frames, const char *path)
{
	struct pollfd wait = { shmfb_fd(fb), POLLIN, 0 };
	unsigned long shown = 0;
	bool go_on = true;

	while (go_on && take_events() && (frames == 0 || shown < frames)) {
		dirty |= frames != 0;
		if (dirty && shmfb_ready(fb)) {
			shown += show(shown + 1 == frames ? path : NULL);
		} else if (dirty) {
			go_on = shmfb_pump(fb);
		} else {
			/* Pump would not sleep, as a frame could be shown. */
			poll(&wait, 1, -1);
			go_on = shmfb_dispatch(fb) == 0;
		}
	}
}

static int
usage(int status)
{
	fprintf(status ? stderr : stdout,
		"usage: keys [--frames N [--screenshot FILE.png]]\n"
		"Shows every event of its window.\n");
	return status;
}

int
main(int argc, char **argv)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	const char *path = NULL;
	unsigned long frames = 0;
	int i;

	opt.title = opt.class_name = "keys";
	opt.width = 720;
	for (i = 1; i + 1 < argc; i += 2) {
		if (!strcmp(argv[i], "--frames"))
			frames = strtoul(argv[i + 1], NULL, 10);
		else if (!strcmp(argv[i], "--screenshot"))
			path = argv[i + 1];
		else
			break;
	}
	if (i < argc)
		return usage(argc > 2 || strcmp(argv[1], "--help") ? 2 : 0);
	opt.height = 520;
	if (shmfb_open(&fb, &opt) < 0) {
		fprintf(stderr, "keys: %s\n", shmfb_error());
		return 1;
	}
	run(frames, path);
	shmfb_close(fb);
	return 0;
}
