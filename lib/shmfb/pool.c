/* SPDX-License-Identifier: MIT */
/*
 * pool.c - the window's own memory, for applications that draw
 *
 * Called by canvas.c and stage.c. Each slot is memory and a segment of its
 * own: they come and go one by one, and none is larger than the 4 GiB that an
 * offset in MIT-SHM can reach.
 */
#include "config.h"

#include "pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "base/error.h"
#include "base/fd.h"
#include "sysv.h"
#include "window.h"

#define ROW_ALIGN 64
#define PAGE 4096
/* Below this a slot is never too large to be kept. */
#define SMALL (1024 * 1024)

uint32_t
shmfb_pool_stride(const struct shmfb *fb, uint32_t width, unsigned bytes)
{
	return (uint32_t)base_round_up((uint64_t)width * bytes,
				       fb->pixmap.on ? 4 : ROW_ALIGN);
}

static bool
fits(const struct shmfb_slot *slot, uint64_t bytes)
{
	return bytes <= slot->bytes &&
	       (slot->bytes <= SMALL || slot->bytes / 4 <= bytes);
}

/* Would rows like these spoil there what has to be repainted from? */
static bool
is_shown(const struct shmfb *fb, const struct shmfb_slot *slot,
	 uint32_t stride, uint32_t width, uint32_t height)
{
	const struct shmfb_picture *p = fb->newest;

	if (!p)
		return false;
	return (p->slot == slot && (p->stride != stride ||
				    p->width != width ||
				    p->height != height)) ||
	       (p->drawn == slot && (p->from_stride != stride ||
				     p->layout.width != width ||
				     p->layout.height != height));
}

/* The one among those that can be had that was freed last, or NULL. */
static struct shmfb_slot *
find(const struct shmfb *fb, const struct shmfb_pool *pool, uint32_t stride,
     uint32_t width, uint32_t height)
{
	uint64_t bytes = (uint64_t)stride * height;
	struct shmfb_slot *slot, *best = NULL;
	unsigned i;

	for (i = 0; i < SHMFB_SLOTS; i++) {
		slot = pool->slot[i];
		if (!slot || slot->pins || !fits(slot, bytes) ||
		    is_shown(fb, slot, stride, width, height))
			continue;
		if (!best || slot->freed > best->freed)
			best = slot;
	}
	return best;
}

/* Memory that the server can attach. */
static int
map_shared(struct shmfb *fb, struct shmfb_slot *slot)
{
	int fd, err = 0;

	fd = shmfb_memfd(slot->bytes);
	if (fd < 0)
		return fd;
	slot->pixels = base_sys.mmap(NULL, slot->bytes, PROT_READ | PROT_WRITE,
				     MAP_SHARED, fd, 0);
	if (slot->pixels == MAP_FAILED)
		err = -errno;
	else
		err = shmfb_segment_tell(fb, fd, &slot->segment);
	if (err && slot->pixels != MAP_FAILED)
		munmap(slot->pixels, slot->bytes);
	base_close(&fd);
	return err;
}

/* The same, for one that takes no descriptors. */
static int
map_sysv(struct shmfb *fb, struct shmfb_slot *slot)
{
	int id = shmfb_sysv_create(slot->bytes, &slot->pixels);
	int err;

	if (id < 0)
		return id;
	err = shmfb_segment_tell_sysv(fb, id, &slot->segment);
	slot->sysv = !err;
	if (err)
		shmfb_sysv_unmap(slot->pixels);
	return err;
}

static void
unmap(struct shmfb_slot *slot)
{
	if (slot->sysv)
		shmfb_sysv_unmap(slot->pixels);
	else
		munmap(slot->pixels, slot->bytes);
}

static int
map(struct shmfb *fb, struct shmfb_slot *slot)
{
	int err = -ENOTSUP;

	slot->pixels = MAP_FAILED;
	if (fb->shm || fb->sysv) {
		err = fb->shm ? map_shared(fb, slot) : map_sysv(fb, slot);
		if (err)
			shmfb_set_why(fb, "no shared memory for a canvas: %s",
				      strerror(-err));
	}
	/* No other memory would do. */
	if (err && shmfb_must_share(fb))
		return err;
	if (err)
		slot->pixels = base_sys.mmap(NULL, slot->bytes,
					     PROT_READ | PROT_WRITE,
					     MAP_PRIVATE | MAP_ANONYMOUS, -1,
					     0);
	return slot->pixels == MAP_FAILED ? -errno : 0;
}

static int
slot_new(struct shmfb *fb, uint64_t bytes, struct shmfb_slot **out)
{
	shmfb_without_sigpipe(fb->x);
	struct shmfb_slot *slot;
	int err = -ENOMEM;

	slot = base_sys.calloc(1, sizeof(*slot));
	if (!slot)
		goto out;
	slot->refs = 1;
	slot->bytes = base_round_up(bytes, PAGE);
	err = map(fb, slot);
	if (err)
		goto out;
	*out = slot;
	return 0;
out:
	free(slot);
	return base_error(shmfb_want(err),
			  "no memory for a canvas of %llu bytes: %s",
			  (unsigned long long)bytes, strerror(-err));
}

/*
 * A place for a new slot: an empty one, else that of the smallest that is not
 * in use, and only if there is no other that of the picture that is shown.
 */
static struct shmfb_slot **
find_place(const struct shmfb *fb, struct shmfb_pool *pool)
{
	struct shmfb_slot **place = NULL, **shown = NULL;
	unsigned i;

	for (i = 0; i < SHMFB_SLOTS; i++) {
		struct shmfb_slot **at = &pool->slot[i];

		if (!*at)
			return at;
		if ((*at)->pins)
			continue;
		if (fb->newest && (fb->newest->slot == *at ||
				   fb->newest->drawn == *at))
			shown = at;
		else if (!place || (*at)->bytes < (*place)->bytes)
			place = at;
	}
	return place ? place : shown;
}

/*
 * Exactly what is needed at first; with a reserve once the size has proved
 * to change.
 */
static uint64_t
generous(const struct shmfb_pool *pool, uint64_t bytes)
{
	unsigned i;

	for (i = 0; i < SHMFB_SLOTS; i++)
		if (pool->slot[i] && !fits(pool->slot[i], bytes))
			return BASE_MIN(bytes + bytes / 2,
					BASE_MAX(bytes, UINT32_MAX - PAGE));
	return bytes;
}

int
shmfb_pool_take(struct shmfb *fb, struct shmfb_pool *pool, uint32_t stride,
		uint32_t width, uint32_t height, struct shmfb_slot **out)
{
	uint64_t bytes = (uint64_t)stride * height;
	struct shmfb_slot *slot, **place;
	int err;

	slot = find(fb, pool, stride, width, height);
	if (!slot) {
		place = find_place(fb, pool);
		if (!place)
			return base_error(-EAGAIN,
					  "the server has all canvases");
		err = slot_new(fb, generous(pool, bytes), &slot);
		if (err)
			return err;
		shmfb_slot_unref(fb, *place);
		*place = slot;
	}
	*out = shmfb_slot_ref(slot);
	return 0;
}

void
shmfb_pool_finish(struct shmfb *fb, struct shmfb_pool *pool)
{
	unsigned i;

	for (i = 0; i < SHMFB_SLOTS; i++) {
		shmfb_slot_unref(fb, pool->slot[i]);
		pool->slot[i] = NULL;
	}
}

struct shmfb_slot *
shmfb_slot_ref(struct shmfb_slot *slot)
{
	slot->refs++;
	return slot;
}

static void
slot_free(struct shmfb *fb, struct shmfb_slot *slot)
{
	shmfb_without_sigpipe(fb->x);

	shmfb_pixmap_forget(fb, slot);
	shmfb_segment_unref(fb, slot->segment);
	unmap(slot);
	free(slot);
}

void
shmfb_slot_unref(struct shmfb *fb, struct shmfb_slot *slot)
{
	if (slot && --slot->refs == 0)
		slot_free(fb, slot);
}

void
shmfb_slot_unpin(struct shmfb *fb, struct shmfb_slot *slot)
{
	slot->pins--;
	slot->freed = ++fb->pool.frees;
}
