/* SPDX-License-Identifier: MIT */
/*
 * stats.c - what the window has done, and which way it does it
 */
#include "config.h"

#include <string.h>

#include "base/base.h"
#include "window.h"

void
shmfb_stats(const struct shmfb *fb, struct shmfb_stats *stats, size_t size)
{
	struct shmfb_stats s = {
		.path = fb->by->path,
		.why = fb->why,
		.frames_shown = fb->frames_shown,
		.frames_failed = fb->frames_failed,
		.client_copies = fb->client_copies,
		.repaints = fb->repaints,
		.in_flight = shmfb_under_way(fb),
		.width = fb->width,
		.height = fb->height,
		.latency_p50_ns = base_hist_percentile(&fb->latency, 50),
		.latency_p99_ns = base_hist_percentile(&fb->latency, 99),
		.latency_max_ns = fb->latency.max,
		.clock = shmfb_clock_name(&fb->clock),
		.route = fb->route,
		.route_why = fb->route_why,
		.copies = fb->copies,
		.skipped = fb->skipped,
		.missed = fb->missed,
	};

	memcpy(stats, &s, BASE_MIN(size, sizeof(s)));
}
