/* SPDX-License-Identifier: MIT */
/*
 * sim-ring-multi.c - the ring of several writers, to be run in the simulator
 */
#include "config.h"

#include "sim-atomic.h"

#include "shmx/ring-words.h"
#undef TRIES
#define TRIES SIM_TRIES

#include "shmx/ring-multi.c"
