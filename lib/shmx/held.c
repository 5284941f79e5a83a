/* SPDX-License-Identifier: MIT */
/*
 * held.c - which keys and buttons are pressed, by the windows of which readers
 */
#include "config.h"

#include "held.h"

#include "base/base.h"

/*
 * The same key?  By its place, as the symbol may have changed with shift; where
 * that is not known, by the symbol.
 */
static bool
is_of(const struct shmx_held_entry *e, const struct shmx_input *in)
{
	if (e->kind != in->kind)
		return false;
	if (in->kind == SHMX_INPUT_BUTTON)
		return e->button == in->button;
	return e->keycode == in->keycode &&
	       (e->keycode != 0 || e->keysym == in->keysym);
}

/* How many the reader holds; *found is the one that this is about. */
static unsigned
look_up(struct shmx_held *held, uint64_t reader, const struct shmx_input *in,
	struct shmx_held_entry **found)
{
	struct shmx_held_entry *e;
	unsigned n = 0;

	*found = NULL;
	for (e = held->entry; e < held->entry + held->count; e++) {
		if (e->reader != reader)
			continue;
		n++;
		if (is_of(e, in))
			*found = e;
	}
	return n;
}

static void
forget(struct shmx_held *held, struct shmx_held_entry *e)
{
	*e = held->entry[--held->count];
}

bool
shmx_held_note(struct shmx_held *held, uint64_t reader,
	       const struct shmx_input *in)
{
	struct shmx_held_entry *e;
	unsigned n;

	if (in->kind != SHMX_INPUT_KEY && in->kind != SHMX_INPUT_BUTTON)
		return true;
	n = look_up(held, reader, in, &e);
	if (!in->pressed) {
		if (e != NULL)
			forget(held, e);
		return e != NULL;
	}
	if (in->kind == SHMX_INPUT_KEY && in->repeat)
		return e != NULL;
	if (e != NULL || n >= SHMX_INPUT_HELD_MAX ||
	    held->count >= BASE_ARRAY_SIZE(held->entry))
		return false;
	held->entry[held->count++] = (struct shmx_held_entry){
		.reader = reader,
		.kind = in->kind,
		.keysym = in->keysym,
		.keycode = in->keycode,
		.button = in->button,
	};
	return true;
}

bool
shmx_held_release(struct shmx_held *held, uint64_t reader,
		  struct shmx_input *in)
{
	struct shmx_held_entry *e = held->entry + held->count;

	while (e-- > held->entry) {
		if (e->reader != reader)
			continue;
		*in = (struct shmx_input){
			.kind = e->kind,
			.keysym = e->keysym,
			.keycode = e->keycode,
			.button = e->button,
		};
		forget(held, e);
		return true;
	}
	return false;
}
