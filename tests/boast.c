/* SPDX-License-Identifier: MIT */
/*
 * boast.c - a server whose properties claim more than comes with them
 *
 * This program's functions of libxcb's names come before libxcb's own, which
 * they call.
 */
#include "config.h"

#include "boast.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include <xcb/xcbext.h>

/* What is behind an answer, in bytes. */
#define BEHIND 8192

static struct {
	const char *behind;		/* NULL: all is told as it is */
	xcb_atom_t type;
	uint32_t bytes;
	unsigned told;
} boast;

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

/* As it is, or one that boasts in its place. */
static xcb_get_property_reply_t *
exaggerate(xcb_get_property_reply_t *r)
{
	const size_t step = strlen(boast.behind);
	size_t at, size = sizeof(*r) + (size_t)r->length * 4;
	char *more;

	/* No other answers that are asked for have an 8 there. */
	if (r->response_type != 1 || r->format != 8 || r->type != boast.type)
		return r;
	at = sizeof(*r) + r->value_len;
	more = realloc(r, size + BEHIND);
	if (!more)
		abort();
	for (; at + step <= size + BEHIND; at += step)
		memcpy(more + at, boast.behind, step);
	((xcb_get_property_reply_t *)more)->value_len = boast.bytes;
	boast.told++;
	return (void *)more;
}

__attribute__((visibility("default"))) int
xcb_poll_for_reply(xcb_connection_t *conn, unsigned request, void **reply,
		   xcb_generic_error_t **error)
{
	int done = REAL(xcb_poll_for_reply)(conn, request, reply, error);

	if (boast.behind && done && *reply)
		*reply = exaggerate(*reply);
	return done;
}

__attribute__((visibility("default"))) xcb_get_property_reply_t *
xcb_get_property_reply(xcb_connection_t *conn, xcb_get_property_cookie_t cookie,
		       xcb_generic_error_t **error)
{
	xcb_get_property_reply_t *r =
		REAL(xcb_get_property_reply)(conn, cookie, error);

	return boast.behind && r ? exaggerate(r) : r;
}

void
boast_of(xcb_atom_t type, uint32_t bytes, const char *behind)
{
	boast.type = type;
	boast.bytes = bytes;
	boast.behind = behind;
	boast.told = 0;
}

unsigned
boast_end(void)
{
	boast.behind = NULL;
	return boast.told;
}
