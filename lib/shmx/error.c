/* SPDX-License-Identifier: MIT */
/*
 * error.c - the words of the last failure, for callers
 */
#include "config.h"

#include <shmx/shmx.h>

#include "base/error.h"

const char *
shmx_error(void)
{
	return base_error_line();
}
