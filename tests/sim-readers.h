/* SPDX-License-Identifier: MIT */
#ifndef SIM_READERS_H
#define SIM_READERS_H

void
sim_free(void *p);

#endif
