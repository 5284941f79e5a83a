/* SPDX-License-Identifier: MIT */
/*
 * sim-readers.c - the library's own set of readers, for the simulator
 *
 * Memory comes from sim_calloc() and goes to sim_free(), which say so when
 * somebody still looks at it; there are no segments and no sockets.
 */
#include "config.h"

#include "sim-atomic.h"

#include <stdlib.h>

#include "sim-readers.h"

#define free sim_free
#include "shmx/readers.c"
