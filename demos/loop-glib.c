/* SPDX-License-Identifier: MIT */
/*
 * loop-glib.c - a window in GLib's main loop, beside a timer of it
 *
 *	cc loop-glib.c $(pkg-config --cflags --libs shmfb glib-2.0) -o loop-glib
 *
 * The same loop runs GTK, GStreamer and much else; libuv's uv_poll_t and
 * libevent's event_new() take the descriptor in the same way. Click, or press
 * a key: each changes the colour; q ends.
 *
 * What there is to know is in loop-poll.c, too: whoever has called something
 * (a timer, say, that shows a frame) takes the events and shows what there is
 * to show, before the loop sleeps again. Here that is settle().
 */
#include <stdio.h>
#include <string.h>

#include <glib-unix.h>
#include <shmfb/shmfb.h>

struct app {
	GMainLoop *loop;
	struct shmfb *fb;
	guint watch;
	uint32_t colour;
	unsigned ticks;
	gboolean changed;		/* there is something to show */
};

static gboolean
show(struct app *app)
{
	struct shmfb_canvas c;
	struct shmx_rect bar;

	if (!app->changed || !shmfb_ready(app->fb) ||
	    shmfb_begin(app->fb, &c) < 0)
		return FALSE;
	bar.width = (int32_t)c.width;
	bar.height = (int32_t)c.height / 20;
	bar.x = 0;
	bar.y = (int32_t)(app->ticks % 20) * bar.height;
	shmfb_fill(&c, NULL, app->colour);
	shmfb_fill(&c, &bar, 0xffffff);
	app->changed = shmfb_present(app->fb, NULL, 0) < 0;
	return !app->changed;
}

static void
take_events(struct app *app)
{
	struct shmfb_event e;

	while (shmfb_next_event(app->fb, &e)) {
		if (e.type == SHMFB_EVENT_RESIZE)
			app->changed = TRUE;
		if ((e.type == SHMFB_EVENT_KEY && e.u.key.pressed) ||
		    (e.type == SHMFB_EVENT_BUTTON && e.u.button.pressed)) {
			app->colour = (app->colour * 77 + 0x305030) & 0x7f7f7f;
			app->changed = TRUE;
		}
		if (e.type == SHMFB_EVENT_KEY && e.u.key.keysym == 'q')
			g_main_loop_quit(app->loop);
	}
}

/* To show is a call, which may have found some more. */
static void
settle(struct app *app)
{
	do
		take_events(app);
	while (show(app));
}

static gboolean
on_window(gint fd, GIOCondition condition, gpointer data)
{
	struct app *app = data;

	(void)fd;
	(void)condition;
	if (shmfb_dispatch(app->fb) == 0) {
		settle(app);
		return G_SOURCE_CONTINUE;
	}
	/* Closed by its user, or the connection is gone. */
	app->watch = 0;
	g_main_loop_quit(app->loop);
	return G_SOURCE_REMOVE;
}

static gboolean
on_timer(gpointer data)
{
	struct app *app = data;

	app->ticks++;
	app->changed = TRUE;
	settle(app);
	return G_SOURCE_CONTINUE;
}

static int
usage(int status)
{
	fprintf(status ? stderr : stdout,
		"usage: loop-glib\n"
		"A window in GLib's loop: click, or press a key; q quits.\n");
	return status;
}

int
main(int argc, char **argv)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	struct app app = { .colour = 0x204060, .changed = TRUE };

	if (argc > 1)
		return usage(strcmp(argv[1], "--help") ? 2 : 0);
	opt.title = opt.class_name = "loop-glib";
	if (shmfb_open(&app.fb, &opt) < 0) {
		fprintf(stderr, "loop-glib: %s\n", shmfb_error());
		return 1;
	}
	app.loop = g_main_loop_new(NULL, FALSE);
	app.watch = g_unix_fd_add(shmfb_fd(app.fb), G_IO_IN, on_window, &app);
	g_timeout_add(50, on_timer, &app);
	settle(&app);
	g_main_loop_run(app.loop);
	if (app.watch != 0)
		g_source_remove(app.watch);
	g_main_loop_unref(app.loop);
	shmfb_close(app.fb);
	return 0;
}
