/* SPDX-License-Identifier: MIT */
/*
 * settings.h - what the user has set for all applications of a display
 *
 * That is how large things are to be: Xft.dpi of the resources that are a
 * property of the first screen's root window, and may change.
 */
#ifndef SHMFB_SETTINGS_H
#define SHMFB_SETTINGS_H

#include <stddef.h>

#include <xcb/xcb.h>

#include "property.h"

struct shmfb_display;

struct shmfb_settings {
	double scale;			/* 1 is 96 dots per inch */
	struct shmfb_ask ask;
};

/* The window whose properties they are, which are listened to. */
xcb_window_t
shmfb_settings_root(const struct shmfb_display *x);

/* Ask, and be told of changes from now on. */
void
shmfb_settings_init(struct shmfb_display *x);

/* Take the answer, which has come, or is waited for. */
void
shmfb_settings_wait(struct shmfb_display *x);

/* A property of a root window has changed. */
void
shmfb_settings_property(struct shmfb_display *x,
			const xcb_property_notify_event_t *event);

/* Look for the answer, and tell the windows if it is another one. */
void
shmfb_settings_poll(struct shmfb_display *x);

/* The scale that such resources ask for; 1 when they do not, or of nonsense. */
double
shmfb_settings_scale(const char *resources, size_t length);

#endif /* SHMFB_SETTINGS_H */
