/* SPDX-License-Identifier: MIT */
/*
 * fuzz-input.c - messages that say to be what a viewer's window heard
 *
 * Input: messages, each a byte of length and so many bytes.  What is believed
 * says the same when it is sent on, and what it leaves pressed is released.
 */
#include "config.h"

#include <errno.h>
#include <math.h>

#include "fuzz.h"
#include "shmx/held.h"
#include "shmx/input.h"

/* What comes of it when it is sent on. */
static void
send_on(const struct shmx_input *in)
{
	struct shmx_input_bytes bytes;
	struct shmx_control m = { .type = SHMX_CONTROL_INPUT,
		.data = &bytes };
	struct shmx_input again;
	int n = shmx_input_encode(in, &bytes);

	fuzz_expect(n >= (int)sizeof(bytes.message) &&
		    n <= (int)sizeof(bytes));
	m.bytes = (uint32_t)n;
	fuzz_expect(shmx_input_decode(&m, &again) == 0);
	fuzz_expect(again.kind == in->kind);
	fuzz_expect(again.modifiers == in->modifiers);
	fuzz_expect(again.sequence == in->sequence);
	/* INT32_MIN comes back as the other end of what there is. */
	fuzz_expect(fabs(again.x - in->x) < 0.01);
	fuzz_expect(fabs(again.y - in->y) < 0.01);
	fuzz_expect(fabs(again.dx - in->dx) < 0.01);
	fuzz_expect(fabs(again.dy - in->dy) < 0.01);
	fuzz_expect(again.keysym == in->keysym);
	fuzz_expect(again.keycode == in->keycode);
	fuzz_expect(again.button == in->button);
	fuzz_expect(again.pressed == in->pressed);
	fuzz_expect(again.repeat == in->repeat);
	fuzz_expect(again.focused == in->focused);
	fuzz_expect(again.width == in->width && again.height == in->height);
	fuzz_expect(strcmp(again.text, in->text) == 0);
}

/* One message; whether it was believed. */
static bool
hear(struct shmx_held *held, struct fuzz_input *data, uint64_t reader)
{
	struct shmx_control m = { .type = SHMX_CONTROL_INPUT,
		.reader = reader };
	struct shmx_input in;
	void *bytes;
	int ret;

	m.bytes = fuzz_u8(data);
	bytes = fuzz_memory(m.bytes);
	fuzz_take(data, bytes, m.bytes);
	m.data = bytes;
	ret = shmx_input_decode(&m, &in);
	fuzz_expect(ret == 0 || ret == -EPROTO);
	free(bytes);
	if (ret < 0)
		return false;
	fuzz_expect(in.reader == reader);
	send_on(&in);
	return shmx_held_note(held, reader, &in);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct shmx_held *held = fuzz_memory(sizeof(*held));
	struct shmx_input out;
	uint64_t reader;
	unsigned n, released;

	for (n = 0; in.left != 0; n++)
		(void)hear(held, &in, n % 2 + 1);
	for (reader = 1; reader <= 2; reader++) {
		for (released = 0; shmx_held_release(held, reader, &out);
		     released++)
			fuzz_expect(!out.pressed);
		fuzz_expect(released <= SHMX_INPUT_HELD_MAX);
	}
	fuzz_expect(held->count == 0);
	free(held);
	return 0;
}

static void
put_input(struct fuzz_seed *s, const struct shmx_input *in)
{
	struct shmx_input_bytes bytes;
	int n = shmx_input_encode(in, &bytes);

	fuzz_expect(n > 0);
	fuzz_put_u8(s, (uint8_t)n);
	fuzz_put(s, &bytes, (size_t)n);
}

void
fuzz_seeds(void (*seed)(const void *data, size_t size))
{
	static const struct shmx_input inputs[] = {
		{ .kind = SHMX_INPUT_KEY, .keysym = 'a', .keycode = 38,
		  .pressed = true },
		{ .kind = SHMX_INPUT_KEY, .keysym = 'a', .keycode = 38,
		  .pressed = true, .repeat = true },
		{ .kind = SHMX_INPUT_TEXT, .text = "a\303\244\342\202\254" },
		{ .kind = SHMX_INPUT_MOTION, .x = 3.5, .y = -1, .dx = 2 },
		{ .kind = SHMX_INPUT_BUTTON, .x = 3.5, .y = 4, .button = 1,
		  .pressed = true },
		{ .kind = SHMX_INPUT_SCROLL, .x = 3, .y = 4, .dy = -0.5 },
		{ .kind = SHMX_INPUT_RESIZE, .width = 640, .height = 480 },
		{ .kind = SHMX_INPUT_FOCUS, .focused = true },
		{ .kind = SHMX_INPUT_ENTER, .x = 1, .y = 2 },
		{ .kind = SHMX_INPUT_LEAVE },
		{ .kind = SHMX_INPUT_KEY, .keysym = 'A', .keycode = 38 },
	};
	struct fuzz_seed all = { .size = 0 }, one;
	size_t i;

	for (i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
		one.size = 0;
		put_input(&one, &inputs[i]);
		seed(one.data, one.size);
		/* By both readers. */
		put_input(&all, &inputs[i]);
		put_input(&all, &inputs[i]);
	}
	seed(all.data, all.size);
}
