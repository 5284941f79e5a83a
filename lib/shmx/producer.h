/* SPDX-License-Identifier: MIT */
/*
 * producer.h - the writing end's state, shared by its files
 */
#ifndef SHMX_PRODUCER_H
#define SHMX_PRODUCER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "host.h"
#include "readers.h"
#include "region.h"
#include "rendezvous.h"
#include <shmx/shmx.h>

/* frame->slot when there is none, and pixels is scratch memory. */
#define SHMX_NO_SLOT UINT32_MAX

struct shmx_producer {
	struct shmx_writer writer;
	struct shmx_readers readers;
	struct shmx_region region;
	struct shmx_stream stream;
	uint32_t last_width;		/* of the frame published last */
	uint32_t last_height;
	uint64_t dropped;
	uint64_t wakes;
	void *scratch;			/* pixels_bytes, never read */

	struct base_log log;
	struct shmx_claim claim;
	struct shmx_host host;
	bool threaded;
	pthread_t thread;
};

#endif
