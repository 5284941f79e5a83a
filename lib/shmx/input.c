/* SPDX-License-Identifier: MIT */
/*
 * input.c - what viewers' windows hear, as bytes of a control message
 *
 * Positions are whole numbers of 1/256: there are none that are not numbers.
 * What values[] are, by kind:
 *
 *	KEY		keysym, keycode, state, 0
 *	TEXT		bytes of it, which follow, 0, 0, 0
 *	MOTION, SCROLL	x, y, dx, dy
 *	BUTTON		x, y, button, state
 *	RESIZE		width, height, 0, 0
 *	FOCUS		state, 0, 0, 0
 *	ENTER, LEAVE	x, y, 0, 0
 */
#include "config.h"

#include "input.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/base.h"
#include "base/error.h"
#include "base/text.h"

#define BUTTON_MAX 255

/* Is that what a person could have typed? */
static bool
is_text(const char *text, size_t bytes)
{
	char clean[SHMX_INPUT_TEXT_MAX + 1];

	if (bytes < 1 || bytes > SHMX_INPUT_TEXT_MAX)
		return false;
	base_clean_text(clean, sizeof(clean), text, bytes);
	return strlen(clean) == bytes && memcmp(clean, text, bytes) == 0;
}

static bool
makes_sense(const struct shmx_input *in)
{
	switch (in->kind) {
	case SHMX_INPUT_KEY:
		return in->keysym != 0 || in->keycode != 0;
	case SHMX_INPUT_TEXT:
		return is_text(in->text, strnlen(in->text, sizeof(in->text)));
	case SHMX_INPUT_BUTTON:
		return in->button >= 1 && in->button <= BUTTON_MAX;
	case SHMX_INPUT_RESIZE:
		return in->width >= 1 && in->width <= SHMX_SIDE_MAX &&
		       in->height >= 1 && in->height <= SHMX_SIDE_MAX;
	case SHMX_INPUT_MOTION:
	case SHMX_INPUT_SCROLL:
	case SHMX_INPUT_FOCUS:
	case SHMX_INPUT_ENTER:
	case SHMX_INPUT_LEAVE:
		return true;
	}
	return false;
}

/* --------------------------------------------------------------- encode -- */

/* To the nearest; what is no number is 0. */
static int32_t
to_fixed(double v)
{
	const double most = (double)INT32_MAX / SHMX_INPUT_ONE;

	if (v >= most)
		return INT32_MAX;
	if (v <= -most)
		return -INT32_MAX;
	if (v != v)
		return 0;
	v *= SHMX_INPUT_ONE;
	return (int32_t)(v < 0 ? v - 0.5 : v + 0.5);
}

static int32_t
state_of(const struct shmx_input *in)
{
	return (in->pressed ? SHMX_INPUT_STATE_ON : 0) |
	       (in->pressed && in->repeat ? SHMX_INPUT_STATE_REPEAT : 0);
}

static void
put_place(int32_t *value, const struct shmx_input *in)
{
	value[0] = to_fixed(in->x);
	value[1] = to_fixed(in->y);
}

static void
put_values(int32_t *value, const struct shmx_input *in)
{
	switch (in->kind) {
	case SHMX_INPUT_KEY:
		value[0] = (int32_t)in->keysym;
		value[1] = (int32_t)in->keycode;
		value[2] = state_of(in);
		break;
	case SHMX_INPUT_TEXT:
		value[0] = (int32_t)strlen(in->text);
		break;
	case SHMX_INPUT_MOTION:
	case SHMX_INPUT_SCROLL:
		put_place(value, in);
		value[2] = to_fixed(in->dx);
		value[3] = to_fixed(in->dy);
		break;
	case SHMX_INPUT_BUTTON:
		put_place(value, in);
		value[2] = (int32_t)in->button;
		value[3] = in->pressed ? SHMX_INPUT_STATE_ON : 0;
		break;
	case SHMX_INPUT_RESIZE:
		value[0] = (int32_t)in->width;
		value[1] = (int32_t)in->height;
		break;
	case SHMX_INPUT_FOCUS:
		value[0] = in->focused ? SHMX_INPUT_STATE_ON : 0;
		break;
	case SHMX_INPUT_ENTER:
	case SHMX_INPUT_LEAVE:
		put_place(value, in);
		break;
	}
}

int
shmx_input_encode(const struct shmx_input *in, struct shmx_input_bytes *out)
{
	size_t text = 0;

	if (!makes_sense(in))
		return -EINVAL;
	if (in->kind == SHMX_INPUT_TEXT)
		text = strlen(in->text);
	out->message = (struct shmx_input_message){
		.kind = in->kind,
		.modifiers = in->modifiers,
		.sequence = in->sequence,
		.time_ns = in->time_ns,
	};
	put_values(out->message.value, in);
	memcpy(out->text, in->text, text);
	return (int)(sizeof(out->message) + text);
}

/* --------------------------------------------------------------- decode -- */

static void
take_place(struct shmx_input *in, const int32_t *value)
{
	in->x = (double)value[0] / SHMX_INPUT_ONE;
	in->y = (double)value[1] / SHMX_INPUT_ONE;
}

static void
take_state(struct shmx_input *in, int32_t state)
{
	in->pressed = (state & SHMX_INPUT_STATE_ON) != 0;
	in->repeat = in->pressed && (state & SHMX_INPUT_STATE_REPEAT) != 0;
}

static void
take_values(struct shmx_input *in, const int32_t *value)
{
	switch (in->kind) {
	case SHMX_INPUT_KEY:
		in->keysym = (uint32_t)value[0];
		in->keycode = (uint32_t)value[1];
		take_state(in, value[2]);
		break;
	case SHMX_INPUT_TEXT:
		break;
	case SHMX_INPUT_MOTION:
	case SHMX_INPUT_SCROLL:
		take_place(in, value);
		in->dx = (double)value[2] / SHMX_INPUT_ONE;
		in->dy = (double)value[3] / SHMX_INPUT_ONE;
		break;
	case SHMX_INPUT_BUTTON:
		take_place(in, value);
		in->button = (uint32_t)value[2];
		in->pressed = (value[3] & SHMX_INPUT_STATE_ON) != 0;
		break;
	case SHMX_INPUT_RESIZE:
		in->width = (uint32_t)value[0];
		in->height = (uint32_t)value[1];
		break;
	case SHMX_INPUT_FOCUS:
		in->focused = (value[0] & SHMX_INPUT_STATE_ON) != 0;
		break;
	case SHMX_INPUT_ENTER:
	case SHMX_INPUT_LEAVE:
		take_place(in, value);
		break;
	}
}

/* The text of a message, and nothing after it.  false when it is not so. */
static bool
take_text(struct shmx_input *in, const struct shmx_input_message *m,
	  const char *text, size_t bytes)
{
	if (in->kind != SHMX_INPUT_TEXT)
		return bytes == 0;
	if (m->value[0] < 0 || (size_t)m->value[0] != bytes ||
	    bytes > SHMX_INPUT_TEXT_MAX || memchr(text, '\0', bytes) != NULL)
		return false;
	memcpy(in->text, text, bytes);
	return true;
}

int
shmx_input_decode(const struct shmx_control *message, struct shmx_input *out)
{
	struct shmx_input in = { .reader = message->reader,
		.pid = message->pid };
	struct shmx_input_message m;

	if (message->type != SHMX_CONTROL_INPUT)
		return base_error(-ENOMSG, "a message of type 0x%x is no input",
				  message->type);
	if (message->bytes >= sizeof(m)) {
		memcpy(&m, message->data, sizeof(m));
		in.kind = m.kind;
		in.modifiers = m.modifiers;
		in.sequence = m.sequence;
		in.time_ns = m.time_ns;
		take_values(&in, m.value);
		if (take_text(&in, &m, (const char *)message->data + sizeof(m),
			      message->bytes - sizeof(m)) &&
		    makes_sense(&in)) {
			*out = in;
			return 0;
		}
	}
	return base_error(-EPROTO, "input of reader %llu makes no sense",
			  (unsigned long long)message->reader);
}
