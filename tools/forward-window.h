/* SPDX-License-Identifier: MIT */
/*
 * forward-window.h - what a window hears, as a producer is told
 */
#ifndef TOOLS_FORWARD_WINDOW_H
#define TOOLS_FORWARD_WINDOW_H

#include <shmfb/shmfb.h>

#include "forward.h"

/* Forward an event of the window, if it is input. */
void
forward_event(struct forward *f, const struct shmfb_event *ev);

#endif /* TOOLS_FORWARD_WINDOW_H */
