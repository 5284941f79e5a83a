/* SPDX-License-Identifier: MIT */
/*
 * forward.c - input on its way to a producer that may be slow to take it
 */
#include "config.h"

#include "forward.h"

#include <errno.h>
#include <string.h>

void
forward_init(struct forward *f, struct shmx_reader *reader)
{
	*f = (struct forward){ .reader = reader };
}

static bool
is_pressing(const struct shmx_input *in)
{
	return in->kind == SHMX_INPUT_KEY || in->kind == SHMX_INPUT_BUTTON;
}

/* The entry of down[] for a key, known by its place, or a button; or NULL. */
static struct shmx_input *
find_down(struct forward *f, const struct shmx_input *in)
{
	struct shmx_input *d;

	for (d = f->down; d < f->down + f->down_count; d++)
		if (d->kind == in->kind && d->keycode == in->keycode &&
		    d->button == in->button &&
		    (d->keycode != 0 || d->keysym == in->keysym))
			return d;
	return NULL;
}

/* Room for one more, and for the release of each that is down. */
static bool
has_room(const struct forward *f, unsigned more)
{
	return f->waiting_count + f->down_count + more <= FORWARD_WAITING_MAX;
}

static void
append(struct forward *f, const struct shmx_input *in)
{
	f->waiting[f->waiting_count++] = *in;
}

/* Is it enough to change what waits already? */
static bool
join(struct forward *f, const struct shmx_input *in)
{
	struct shmx_input *last = f->waiting + f->waiting_count - 1;
	unsigned i;

	if (in->kind == SHMX_INPUT_RESIZE)
		for (i = 0; i < f->waiting_count; i++)
			if (f->waiting[i].kind == SHMX_INPUT_RESIZE) {
				f->waiting[i] = *in;
				return true;
			}
	if (f->waiting_count == 0 || last->kind != in->kind ||
	    last->modifiers != in->modifiers ||
	    (in->kind != SHMX_INPUT_MOTION && in->kind != SHMX_INPUT_SCROLL))
		return false;
	last->x = in->x;
	last->y = in->y;
	last->dx += in->dx;
	last->dy += in->dy;
	last->time_ns = in->time_ns;
	return true;
}

static void
put_press(struct forward *f, const struct shmx_input *in)
{
	struct shmx_input *down = find_down(f, in);

	if (!in->pressed) {
		/* What was not pressed for the producer is not released. */
		if (down == NULL)
			return;
		*down = f->down[--f->down_count];
		append(f, in);
	} else if (in->repeat) {
		if (down != NULL && has_room(f, 1))
			append(f, in);
	} else if (down == NULL && f->down_count < SHMX_INPUT_HELD_MAX &&
		   has_room(f, 2)) {
		f->down[f->down_count++] = *in;
		append(f, in);
	}
}

void
forward_put(struct forward *f, const struct shmx_input *in)
{
	if (in->kind == SHMX_INPUT_RESIZE) {
		f->width = in->width;
		f->height = in->height;
	}
	if (in->kind == SHMX_INPUT_FOCUS)
		f->focused = in->focused;
	if (!f->wanted)
		return;
	if (is_pressing(in))
		put_press(f, in);
	else if (!join(f, in) && has_room(f, 1))
		append(f, in);
	(void)forward_flush(f);
}

bool
forward_flush(struct forward *f)
{
	unsigned sent = 0;
	int ret = 0;

	while (sent < f->waiting_count) {
		ret = shmx_input_send(f->reader, &f->waiting[sent]);
		/* What cannot be said at all is let be. */
		if (ret < 0 && ret != -EINVAL)
			break;
		sent++;
	}
	f->waiting_count -= sent;
	memmove(f->waiting, f->waiting + sent,
		f->waiting_count * sizeof(f->waiting[0]));
	return f->waiting_count > 0 && (ret == -ENOBUFS || ret == -EAGAIN);
}

/* What it cannot know. */
static void
tell(struct forward *f)
{
	if (f->width != 0)
		forward_put(f, &(struct shmx_input){
			.kind = SHMX_INPUT_RESIZE,
			.width = f->width, .height = f->height });
	if (f->focused)
		forward_put(f, &(struct shmx_input){
			.kind = SHMX_INPUT_FOCUS, .focused = true });
}

/* Another producer, which knows of nothing. */
static void
begin_anew(struct forward *f)
{
	f->waiting_count = f->down_count = 0;
	tell(f);
}

/*
 * The same one wants input again. What was down has been released since, or
 * will be; were it down still, here or there, the next press would be no news.
 */
static void
resume(struct forward *f)
{
	struct shmx_input in;

	while (f->down_count > 0) {
		in = f->down[--f->down_count];
		in.pressed = false;
		append(f, &in);
	}
	tell(f);
}

bool
forward_wanted(struct forward *f)
{
	uint64_t generation = f->reader == NULL ? 0 :
		shmx_reader_generation(f->reader);
	struct shmx_image_info image = { .input = false };
	struct shmx_reader_stats s;
	bool before = f->wanted;

	if (generation == 0 || generation == f->generation) {
		f->wanted &= generation != 0;
		f->generation = generation;
		return f->wanted;
	}
	/* Being changed: look again at the next event. */
	if (shmx_reader_image(f->reader, &image, sizeof(image)) == -EAGAIN)
		return f->wanted;
	f->wanted = image.input;
	f->generation = generation;
	shmx_reader_stats(f->reader, &s, sizeof(s));
	if (s.producers != f->producers)
		begin_anew(f);
	else if (f->wanted && !before)
		resume(f);
	f->producers = s.producers;
	return f->wanted;
}
