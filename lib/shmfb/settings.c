/* SPDX-License-Identifier: MIT */
/*
 * settings.c - what the user has set for all applications of a display
 *
 * Called by display.c, event.c and step.c.
 */
#include "config.h"

#include "settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "window.h"

/* Resources are some kilobytes at most; what comes later is not looked at. */
#define RESOURCES_MAX (1 << 20)

#define DPI "Xft.dpi:"
#define DPI_NORMAL 96
/* Beyond these somebody has mistyped, and could not see to mend it. */
#define DPI_MIN 24
#define DPI_MAX 960

xcb_window_t
shmfb_settings_root(const struct shmfb_display *x)
{
	return xcb_setup_roots_iterator(xcb_get_setup(x->conn)).data->root;
}

static void
ask(struct shmfb_display *x)
{
	shmfb_property_ask(x, &x->settings.ask, shmfb_settings_root(x),
			   XCB_ATOM_RESOURCE_MANAGER, XCB_ATOM_STRING,
			   RESOURCES_MAX);
}

/*
 * A number such as 96 or 120.5, whatever the locale; anything behind it is
 * ignored, as Xft does.
 */
static double
read_number(const char *at, const char *end)
{
	double value = 0, unit = 1;

	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	while (at < end && *at >= '0' && *at <= '9' && value < DPI_MAX * 10)
		value = value * 10 + (*at++ - '0');
	if (at < end && *at == '.')
		for (at++; at < end && *at >= '0' && *at <= '9'; at++)
			value += (*at - '0') * (unit /= 10);
	return value;
}

double
shmfb_settings_scale(const char *resources, size_t length)
{
	const char *end = resources + length;
	const size_t name = strlen(DPI);
	const char *line, *next;
	double dpi = 0;

	for (line = resources; line < end; line = next + 1) {
		next = memchr(line, '\n', (size_t)(end - line));
		if (!next)
			next = end;
		if ((size_t)(next - line) > name &&
		    memcmp(line, DPI, name) == 0)
			dpi = read_number(line + name, next);
	}
	return dpi >= DPI_MIN && dpi <= DPI_MAX ? dpi / DPI_NORMAL : 1;
}

/* Without resources the answer has no value, of no length. */
static double
scale_of(const xcb_get_property_reply_t *r)
{
	if (!r || r->format != 8)
		return 1;
	return shmfb_settings_scale(xcb_get_property_value(r),
				    (size_t)xcb_get_property_value_length(r));
}

void
shmfb_settings_init(struct shmfb_display *x)
{
	const uint32_t mask = XCB_EVENT_MASK_PROPERTY_CHANGE;

	x->settings.scale = 1;
	xcb_change_window_attributes(x->conn, shmfb_settings_root(x),
				     XCB_CW_EVENT_MASK, &mask);
	ask(x);
}

void
shmfb_settings_wait(struct shmfb_display *x)
{
	xcb_get_property_reply_t *r =
		shmfb_property_wait(x, &x->settings.ask);

	x->settings.scale = scale_of(r);
	free(r);
}

void
shmfb_settings_property(struct shmfb_display *x,
			const xcb_property_notify_event_t *event)
{
	if (event->atom == XCB_ATOM_RESOURCE_MANAGER &&
	    event->window == shmfb_settings_root(x))
		ask(x);
}

static void
tell(struct shmfb_display *x, double scale)
{
	struct shmfb_event event = { .type = SHMFB_EVENT_SCALE };
	struct shmfb *fb;

	event.u.scale.scale = scale;
	x->settings.scale = scale;
	shmfb_for_each(fb, x)
		if (!fb->gone)
			shmfb_push(fb, &event);
}

void
shmfb_settings_poll(struct shmfb_display *x)
{
	xcb_get_property_reply_t *r;
	bool answered = false;
	double scale;

	r = shmfb_property_answer(x, &x->settings.ask, &answered);
	if (!answered)
		return;
	scale = scale_of(r);
	free(r);
	/* To the last digit the same: it is the same text. */
	if (scale < x->settings.scale || scale > x->settings.scale)
		tell(x, scale);
}

double
shmfb_scale(const struct shmfb *fb)
{
	return fb->x->settings.scale;
}
