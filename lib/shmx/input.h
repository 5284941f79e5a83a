/* SPDX-License-Identifier: MIT */
/*
 * input.h - what viewers' windows hear, as bytes of a control message
 *
 * shmx_input_decode(), in shmx.h, is the way back.
 */
#ifndef SHMX_INPUT_H
#define SHMX_INPUT_H

#include <stdint.h>

#include "layout.h"
#include <shmx/shmx.h>

/* The longest there are. */
struct shmx_input_bytes {
	struct shmx_input_message message;
	char text[SHMX_INPUT_TEXT_MAX];
};

/*
 * How many bytes of *out it takes; or -EINVAL where nobody would understand
 * it.
 */
int
shmx_input_encode(const struct shmx_input *in, struct shmx_input_bytes *out);

#endif
