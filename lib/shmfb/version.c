/* SPDX-License-Identifier: MIT */
/*
 * version.c - which libshmfb this is
 */
#include "config.h"

#include <shmfb/shmfb.h>

const char *
shmfb_version(void)
{
	return PACKAGE_VERSION;
}
