/* SPDX-License-Identifier: MIT */
/*
 * version.c - which libshmx this is
 */
#include "config.h"

#include <shmx/shmx.h>

const char *
shmx_version(void)
{
	return PACKAGE_VERSION;
}
