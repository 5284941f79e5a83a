/* SPDX-License-Identifier: MIT */
/*
 * xinput_device.c - what a pointer is made of: places or moves, and wheels
 *
 * Called by xinput.c, xinput_event.c and pointer.c.
 *
 * Of every other device that takes over the pointer the server tells what it
 * is made of and where its axes are. While the pointer is over windows of
 * others nothing is told, so when it comes back that is asked for. An event
 * is of after the answer if the server had done the request when it sent the
 * event; then the answer is there, too. Nobody waits for it.
 *
 * What an event or an answer says that it has is looked for within what has
 * come of it, and nowhere else.
 */
#include "config.h"

#include "xinput.h"

#include <stdlib.h>
#include <xcb/xcbext.h>
#include <xcb/xinput.h>

#include "window.h"

static void
take_valuator(struct shmfb_xinput *xi, const xcb_input_valuator_class_t *c)
{
	/* The first one is x. */
	if (c->number == 0)
		xi->absolute = c->mode == XCB_INPUT_VALUATOR_MODE_ABSOLUTE;
	shmfb_scroll_set(&xi->scroll, c->number, shmfb_xinput_number(c->value));
}

static void
take_scroll(struct shmfb_xinput *xi, const xcb_input_scroll_class_t *c)
{
	if (c->scroll_type == XCB_INPUT_SCROLL_TYPE_VERTICAL)
		shmfb_scroll_add(&xi->scroll, SHMFB_SCROLL_DOWN, c->number,
				 shmfb_xinput_number(c->increment));
	else if (c->scroll_type == XCB_INPUT_SCROLL_TYPE_HORIZONTAL)
		shmfb_scroll_add(&xi->scroll, SHMFB_SCROLL_RIGHT, c->number,
				 shmfb_xinput_number(c->increment));
}

/*
 * How many of these bytes are the next class: as many as it says, all of them
 * there and enough for what every class has. 0: there is none.
 */
static size_t
class_bytes(const uint8_t *at, size_t bytes)
{
	const xcb_input_device_class_t *c = (const void *)at;

	if (bytes < sizeof(*c) || c->len * 4U < sizeof(*c) ||
	    c->len * 4U > bytes)
		return 0;
	return c->len * 4U;
}

/* Those of one type among count classes in so many bytes. */
static void
take_type(struct shmfb_xinput *xi, uint16_t type, const uint8_t *at,
	  size_t bytes, unsigned count)
{
	const xcb_input_device_class_t *c;
	size_t done = 0, n;

	for (; count > 0; count--, done += n) {
		c = (const void *)(at + done);
		n = class_bytes(at + done, bytes - done);
		if (!n)
			return;
		if (c->type != type)
			continue;
		if (type == XCB_INPUT_DEVICE_CLASS_TYPE_SCROLL &&
		    n >= sizeof(xcb_input_scroll_class_t))
			take_scroll(xi, (const void *)c);
		if (type == XCB_INPUT_DEVICE_CLASS_TYPE_VALUATOR &&
		    n >= sizeof(xcb_input_valuator_class_t))
			take_valuator(xi, (const void *)c);
	}
}

void
shmfb_xinput_take_classes(struct shmfb_xinput *xi, const void *at, size_t bytes,
			  unsigned count)
{
	xi->scroll = (struct shmfb_scroll){ 0 };
	xi->absolute = false;
	take_type(xi, XCB_INPUT_DEVICE_CLASS_TYPE_SCROLL, at, bytes, count);
	take_type(xi, XCB_INPUT_DEVICE_CLASS_TYPE_VALUATOR, at, bytes, count);
}

/* How many bytes its classes are, of those that are left for them. */
static size_t
classes_bytes(const uint8_t *at, size_t bytes, unsigned count)
{
	size_t done = 0, n;

	for (; count > 0; count--, done += n) {
		n = class_bytes(at + done, bytes - done);
		if (!n)
			break;
	}
	return done;
}

uint16_t
shmfb_xinput_take_pointer(struct shmfb_xinput *xi,
			  const xcb_input_xi_query_device_reply_t *r,
			  uint16_t id)
{
	const uint8_t *at = (const void *)(r + 1);
	size_t bytes = (size_t)r->length * 4, n;
	const xcb_input_xi_device_info_t *info;
	unsigned i;

	for (i = 0; i < r->num_infos; i++) {
		info = (const void *)at;
		if (bytes < sizeof(*info))
			return 0;
		/* Its name precedes its classes. */
		n = sizeof(*info) + ((info->name_len + 3U) & ~3U);
		if (bytes < n)
			return 0;
		at += n;
		bytes -= n;
		if (info->type == XCB_INPUT_DEVICE_TYPE_MASTER_POINTER &&
		    (!id || info->deviceid == id)) {
			shmfb_xinput_take_classes(xi, at, bytes,
						  info->num_classes);
			return info->deviceid;
		}
		n = classes_bytes(at, bytes, info->num_classes);
		at += n;
		bytes -= n;
	}
	return 0;
}

/* Where its axes are, from which on an answer tells. */
static void
ask(struct shmfb_display *x)
{
	struct shmfb_xinput *xi = &x->xinput;

	if (xi->asked)
		xcb_discard_reply(x->conn, xi->sequence);
	shmfb_scroll_forget(&xi->scroll);
	xi->sequence = xcb_input_xi_query_device(x->conn,
						 xi->pointer).sequence;
	xi->asked = true;
}

void
shmfb_xinput_entered(struct shmfb_display *x)
{
	if (x->xinput.opcode)
		ask(x);
}

void
shmfb_xinput_take_answer(struct shmfb_display *x, uint32_t full)
{
	struct shmfb_xinput *xi = &x->xinput;
	xcb_generic_error_t *error = NULL;
	void *reply = NULL;

	if (!xi->asked || (int32_t)(full - xi->sequence) < 0 ||
	    !xcb_poll_for_reply(x->conn, xi->sequence, &reply, &error))
		return;
	xi->asked = false;
	if (reply)
		shmfb_xinput_take_pointer(xi, reply, xi->pointer);
	free(reply);
	free(error);
}
