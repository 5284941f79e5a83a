/* SPDX-License-Identifier: MIT */
/*
 * probe.c - which fast paths a display has, and why it has not the others
 *
 * What the window itself asks, and in the same way: by requests that the
 * server grants or refuses. Called by applications, such as `shmx doctor`.
 */
#include "config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xcb/present.h>
#include <xcb/render.h>
#include <xcb/xcbext.h>

#include "base/base.h"
#include "base/error.h"
#include "base/text.h"
#include "window.h"

#define SHM_ADVICE "use the server on this machine, started without " \
	"-extension MIT-SHM"
/* Of its name, so that what follows has room on the line. */
#define VENDOR_MAX 64

static struct shmfb_probe_path *
add(struct shmfb_probe *probe, const char *name, enum shmfb_verdict verdict,
    const char *advice)
{
	struct shmfb_probe_path *p = &probe->path[probe->count++];

	snprintf(p->name, sizeof(p->name), "%s", name);
	p->verdict = verdict;
	if (verdict != SHMFB_WORKS)
		snprintf(p->advice, sizeof(p->advice), "%s", advice);
	return p;
}

/* Some of it is the server's own words, which may be any bytes. */
static void BASE_PRINTF(2, 3)
say(struct shmfb_probe_path *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p->why, sizeof(p->why), fmt, ap);
	va_end(ap);
	base_clean_text(p->why, sizeof(p->why), p->why, sizeof(p->why));
}

static enum shmfb_verdict
verdict(bool works)
{
	return works ? SHMFB_WORKS : SHMFB_FAILS;
}

/* Switched off by a variable: said, with what to do, and true. */
static bool
switched_off(struct shmfb_probe *probe, const char *name,
	     const char *variable)
{
	char advice[80];

	if (!shmfb_env(variable))
		return false;
	snprintf(advice, sizeof(advice), "unset %s", variable);
	say(add(probe, name, SHMFB_FAILS, advice), "%s is set", variable);
	return true;
}

/* -------------------------------------------------------- shared memory -- */

static void
probe_shm(struct shmfb *fb, struct shmfb_probe *probe)
{
	bool there = fb->x->shm_major > 0;
	struct shmfb_probe_path *p;

	if (switched_off(probe, "MIT-SHM", "SHMFB_NO_SHM"))
		return;
	p = add(probe, "MIT-SHM", verdict(there), SHM_ADVICE);
	if (there)
		say(p, "version %u.%u", fb->x->shm_major, fb->x->shm_minor);
	else
		say(p, "the server does not have it: pixels go through the "
		    "socket");
}

static void
probe_kind(struct shmfb *fb, struct shmfb_probe *probe, const char *name,
	   enum shmfb_kind kind, const char *advice)
{
	bool works;

	if (!fb->x->shm_major || shmfb_env("SHMFB_NO_SHM")) {
		say(add(probe, name, SHMFB_NOT_TRIED, ""), "needs MIT-SHM");
		return;
	}
	if (kind == SHMFB_KIND_FD && switched_off(probe, name, "SHMFB_NO_FD"))
		return;
	works = shmfb_ladder_grants(fb, kind);
	say(add(probe, name, verdict(works), advice), "%s", fb->why);
}

/* ----------------------------------------------------------- extensions -- */

/*
 * The version of an extension of which nothing else is used here: of two
 * numbers of four bytes each, in request and reply alike.
 */
static bool
ask_version(xcb_connection_t *conn, xcb_extension_t *ext, uint8_t request,
	    unsigned *major, unsigned *minor)
{
	const xcb_query_extension_reply_t *there =
		xcb_get_extension_data(conn, ext);
	const xcb_protocol_request_t protocol = { 1, ext, request, 0 };
	/* Behind the four bytes of the head, which libxcb fills in. */
	uint32_t body[] = { 0, 1, 5 };
	struct iovec io[3] = { { NULL, 0 } };
	uint32_t n[2];
	uint8_t *reply;

	if (!there || !there->present)
		return false;
	/* The first two are libxcb's own. */
	io[2].iov_base = body;
	io[2].iov_len = sizeof(body);
	reply = xcb_wait_for_reply(conn, xcb_send_request(conn,
		XCB_REQUEST_CHECKED, io + 2, &protocol), NULL);
	if (!reply)
		return false;
	memcpy(n, reply + 8, sizeof(n));
	free(reply);
	*major = n[0];
	*minor = n[1];
	return true;
}

static void
probe_present(struct shmfb *fb, struct shmfb_probe *probe)
{
	xcb_connection_t *conn = fb->x->conn;
	xcb_present_query_version_reply_t *v = NULL;
	struct shmfb_probe_path *p;

	if (switched_off(probe, "Present", "SHMFB_NO_PRESENT"))
		return;
	if (fb->x->present_opcode)
		v = xcb_present_query_version_reply(conn,
			xcb_present_query_version(conn, 1, 2), NULL);
	p = add(probe, "Present", verdict(v), "use a newer X server");
	if (v)
		say(p, "version %u.%u: frames are paced by the display",
		    v->major_version, v->minor_version);
	else
		say(p, "the server does not have it: a timer paces frames");
	free(v);
}

static void
probe_render(struct shmfb *fb, struct shmfb_probe *probe)
{
	const xcb_query_extension_reply_t *there =
		xcb_get_extension_data(fb->x->conn, &xcb_render_id);
	const struct shmfb_rung *rung = fb->x->rung;
	bool shared = rung[SHMFB_KIND_FD].granted ||
		      rung[SHMFB_KIND_SYSV].granted;
	xcb_render_query_version_reply_t *v = NULL;
	struct shmfb_probe_path *p;
	bool works;

	if (switched_off(probe, "RENDER", "SHMFB_NO_RENDER"))
		return;
	if (there && there->present)
		v = xcb_render_query_version_reply(fb->x->conn,
			xcb_render_query_version(fb->x->conn, 0, 11), NULL);
	works = v && shmfb_render_is_enough(v);
	p = add(probe, "RENDER", verdict(works), "use a newer X server");
	if (works)
		say(p, "version %u.%u: the server scales, turns and converts%s",
		    v->major_version, v->minor_version, shared ? "" :
		    " what is shared with it, and nothing is");
	else
		say(p, "the server does not have %s: scaling and converting "
		    "cost the client a copy", v ? "version 0.10" : "it");
	free(v);
}

static void
probe_randr(struct shmfb *fb, struct shmfb_probe *probe)
{
	static xcb_extension_t randr = { "RANDR", 0 };
	unsigned major = 0, minor = 0;
	bool works = ask_version(fb->x->conn, &randr, 0, &major, &minor);
	struct shmfb_probe_path *p = add(probe, "RANDR", verdict(works),
		"nothing depends on it");

	if (works)
		say(p, "version %u.%u: monitors and their sizes are known",
		    major, minor);
	else
		say(p, "the server does not have it: the screen is one "
		    "monitor");
}

static void
probe_xinput(struct shmfb *fb, struct shmfb_probe *probe)
{
	const struct shmfb_xinput *xi = &fb->x->xinput;
	struct shmfb_probe_path *p;

	if (switched_off(probe, "XInput2", "SHMFB_NO_XINPUT"))
		return;
	p = add(probe, "XInput2", verdict(xi->opcode), "use a newer X server");
	if (xi->opcode)
		say(p, "version %u.%u: smooth scrolling and raw motion",
		    xi->major, xi->minor);
	else if (xi->major)
		say(p, "version %u.%u, not 2.1: wheels have notches, motion "
		    "is accelerated", xi->major, xi->minor);
	else
		say(p, "the server does not have it: wheels have notches, "
		    "motion is accelerated");
}

/* --------------------------------------------------------------- pixels -- */

static void
probe_depth(struct shmfb *fb, struct shmfb_probe *probe)
{
	const struct shmfb_native *n = &fb->x->native;
	struct shmfb_probe_path *p = add(probe, "depth", verdict(n->format),
		"frames are converted, by the server where it has RENDER; "
		"one of depth 24 needs that least");

	say(p, "%u in %u bits a pixel: %s%s", n->visual.depth, n->visual.bits,
	    n->format ? "frames in " : "no format of SHMX lies like this",
	    n->format ? shmx_format_name(n->format) : "");
	if (n->format)
		snprintf(p->why + strlen(p->why),
			 sizeof(p->why) - strlen(p->why), " go as they lie");
}

static void
probe_byte_order(struct shmfb *fb, struct shmfb_probe *probe)
{
	const uint16_t one = 1;
	bool ours = *(const uint8_t *)&one == 0;
	bool same = fb->x->native.visual.msb_first == ours;
	struct shmfb_probe_path *p = add(probe, "byte order", verdict(same),
		"use a server on a machine of this kind");

	say(p, "%s first, %s", fb->x->native.visual.msb_first ?
	    "most significant" : "least significant", same ?
	    "as here" : "not as here: frames are converted");
}

/* ---------------------------------------------------------------- probe -- */

static void
probe_all(struct shmfb *fb, struct shmfb_probe *probe)
{
	const xcb_setup_t *setup = xcb_get_setup(fb->x->conn);

	say(add(probe, "display", SHMFB_WORKS, ""),
	    "%.*s %u.%u.%u, %ux%u",
	    BASE_MIN(xcb_setup_vendor_length(setup), VENDOR_MAX),
	    xcb_setup_vendor(setup), setup->release_number / 10000000,
	    setup->release_number / 100000 % 100,
	    setup->release_number / 1000 % 100,
	    fb->x->screen->width_in_pixels, fb->x->screen->height_in_pixels);
	probe_shm(fb, probe);
	probe_kind(fb, probe, "descriptors", SHMFB_KIND_FD,
		   "rings are copied into memory that the server takes; a "
		   "local server with MIT-SHM 1.2 takes theirs");
	probe_kind(fb, probe, "System V", SHMFB_KIND_SYSV,
		   "only needed where descriptors are refused; in a "
		   "container, run it with --ipc=host");
	probe_present(fb, probe);
	probe_render(fb, probe);
	probe_randr(fb, probe);
	probe_xinput(fb, probe);
	probe_depth(fb, probe);
	probe_byte_order(fb, probe);
}

/* Nothing of this can be known without a server. */
static void
without_display(struct shmfb_probe *probe)
{
	static const char *const names[] = {
		"MIT-SHM", "descriptors", "System V", "Present", "RENDER",
		"RANDR", "XInput2", "depth", "byte order",
	};
	const char *why = base_error_line();
	unsigned i;

	/* After a semicolon it says what to do, which the advice does here. */
	say(add(probe, "display", SHMFB_FAILS, "start an X server, or set "
		"DISPLAY, and XAUTHORITY where it is another user's"),
	    "%.*s", (int)strcspn(why, ";"), why);
	for (i = 0; i < BASE_ARRAY_SIZE(names); i++)
		say(add(probe, names[i], SHMFB_NOT_TRIED, ""), "no display");
}

int
shmfb_probe(const char *display, struct shmfb_probe *probe, size_t size)
{
	shmfb_without_sigpipe(NULL);
	struct shmfb_probe found = { .count = 0 };
	struct shmfb *fb;
	int err;

	/* Not a window: what a window asks its server with. */
	fb = base_sys.calloc(1, sizeof(*fb));
	if (!fb)
		return base_error(-ENOMEM, "no memory to probe with");
	base_log_init(&fb->log, "shmfb");
	err = shmfb_display_open(&fb->x, display, false);
	if (err == -ENOMEM) {
		free(fb);
		return err;
	}
	if (err)
		without_display(&found);
	else
		probe_all(fb, &found);
	shmfb_display_unref(fb->x);
	free(fb);
	memcpy(probe, &found, BASE_MIN(size, sizeof(found)));
	return 0;
}
