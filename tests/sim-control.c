/* SPDX-License-Identifier: MIT */
/*
 * sim-control.c - the library's own message ring, for the simulator
 */
#include "config.h"

#include "sim-atomic.h"

#include "shmx/control.c"
