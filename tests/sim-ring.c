/* SPDX-License-Identifier: MIT */
/*
 * sim-ring.c - the library's own ring, to be run in the simulator
 */
#include "config.h"

#include "sim-atomic.h"

#include "shmx/ring-words.h"
#undef TRIES
#define TRIES SIM_TRIES

#include "shmx/ring.c"
