/* SPDX-License-Identifier: MIT */
/*
 * connect.c - why there is no connection, in words that help
 *
 * Called by display.c when libxcb could not connect; which says little of it.
 */
#include "config.h"

#include "connect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <xcb/xcb.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"

const char *
shmfb_connect_name(const char *name)
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

int
shmfb_connect_error(int code, const char *name, int screen)
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
