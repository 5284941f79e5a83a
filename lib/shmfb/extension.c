/* SPDX-License-Identifier: MIT */
/*
 * extension.c - what the server can do beyond the core protocol
 *
 * Called by display.c. Questions are sent together and answered together,
 * since each round trip may cost a turn of the scheduler.
 */
#include "config.h"

#include "extension.h"

#include <stdlib.h>
#include <xcb/present.h>
#include <xcb/shm.h>
#include <xcb/sync.h>
#include <xcb/xinput.h>
#include <xcb/xkb.h>

#include "display.h"

void
shmfb_extension_prefetch(xcb_connection_t *conn)
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

void
shmfb_extension_init(struct shmfb_display *x)
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
