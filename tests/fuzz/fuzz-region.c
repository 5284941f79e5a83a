/* SPDX-License-Identifier: MIT */
/*
 * fuzz-region.c - a ring's memory, as a reader checks and then uses it
 *
 * Input: how much less of it is mapped, 2 bytes; how much more there is, 2
 * bytes, 0 for what there was; since which frame damage is asked for, 8 bytes;
 * then patches of it.
 */
#include "config.h"

#include <errno.h>

#include "fuzz.h"
#include "sample.h"
#include "shmx/reader.h"
#include "shmx/region.h"

/* Where a reader maps from to see slots. */
static uint64_t
slots_from(const struct shmx_layout *layout)
{
	return layout->slots_offset & ~UINT64_C(4095);
}

/* A session of that ring, which nobody frees. */
static void
make_session(struct shmx_session *s, const struct shmx_layout *layout,
	     void *map, void *slots)
{
	unsigned i;

	memset(s, 0, sizeof(*s));
	s->references = 1000;
	s->layout = *layout;
	s->map = map;
	s->slots = slots;
	s->slots_from = slots_from(layout);
	s->record = fuzz_memory(SHMX_RECORD_BYTES);
	s->data_fd = s->wake_fd = s->conn = -1;
	s->holds = SHMX_HOLDS_MAX;
	pthread_mutex_init(&s->lock, NULL);
	for (i = 0; i < s->holds; i++) {
		s->hold[i].session = s;
		s->hold[i].word = &s->record->hold[i];
	}
}

static void
make_reader(struct shmx_reader *r, struct shmx_session *s)
{
	memset(r, 0, sizeof(*r));
	base_log_init(&r->log, "fuzz");
	r->epoll_fd = r->inotify_fd = r->timer_fd = r->conn = r->pidfd = -1;
	shmx_channel_init(&r->channel, -1);
	r->state = SHMX_ATTACHED;
	r->session = s;
}

static void
read_ring(struct shmx_layout *layout, void *map, const unsigned char *all,
	  uint64_t all_bytes, uint64_t since)
{
	uint64_t from = slots_from(layout);
	uint64_t bytes = layout->region_bytes - from;
	void *slots = fuzz_memory(bytes);
	struct shmx_session s;
	struct shmx_reader r;
	struct shmx_hold *hold;
	unsigned i;

	if (from < all_bytes)
		memcpy(slots, all + from, BASE_MIN(bytes, all_bytes - from));
	make_session(&s, layout, map, slots);
	make_reader(&r, &s);
	if (shmx_hold_latest(&r, &hold) == 0) {
		fuzz_look(hold, since, true);
		shmx_release(hold);
	}
	r.last = 0;
	for (i = 0; i < 4 && shmx_hold_next(&r, &hold) == 0; i++) {
		fuzz_look(hold, since, true);
		shmx_release(hold);
	}
	for (i = 0; i < s.holds; i++)
		fuzz_expect(s.record->hold[i] == 0);
	pthread_mutex_destroy(&s.lock);
	shmx_directory_free(s.directory);
	free(s.record);
	free(slots);
}

static void
read_directory(const struct shmx_layout *l, const unsigned char *map)
{
	const unsigned char *bytes = l->directory.bytes;
	struct shmx_directory *dir;
	int ret;

	fuzz_expect(bytes >= map && bytes - map <= l->map_bytes &&
		    l->directory.capacity <= l->map_bytes - (bytes - map));
	fuzz_touch(bytes, l->directory.capacity);
	ret = shmx_directory_read(&dir, &l->directory, 1);
	fuzz_expect(ret == 0 || ret == -EPROTO || ret == -EAGAIN);
	if (ret == 0)
		shmx_directory_free(dir);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct fuzz_ring *ring = fuzz_ring();
	struct fuzz_input in = { data, size };
	uint32_t less = fuzz_u16(&in), more = fuzz_u16(&in);
	uint64_t since = fuzz_u64(&in);
	uint32_t map_bytes = ring->welcome.map_bytes;
	uint64_t region_bytes = ring->welcome.region_bytes;
	struct shmx_layout layout;
	unsigned char *map, *all;
	int ret;

	map_bytes -= less < map_bytes ? less : map_bytes;
	if (more != 0)
		region_bytes = map_bytes + more;
	all = fuzz_memory(ring->welcome.region_bytes);
	memcpy(all, ring->bytes, ring->welcome.region_bytes);
	while (in.left != 0)
		fuzz_patch(&in, all, ring->welcome.region_bytes);
	map = fuzz_memory(map_bytes);
	memcpy(map, all, map_bytes);
	ret = shmx_region_check(&layout, map, map_bytes, region_bytes,
				ring->welcome.session);
	fuzz_expect(ret == 0 || ret == -EPROTO);
	if (ret == 0) {
		read_directory(&layout, map);
		read_ring(&layout, map, all, ring->welcome.region_bytes,
			  since);
	}
	free(map);
	free(all);
	return 0;
}

static void
begin_seed(struct fuzz_seed *s, uint64_t since)
{
	s->size = 0;
	fuzz_put_u16(s, 0);
	fuzz_put_u16(s, 0);
	fuzz_put_u64(s, since);
}

void
fuzz_seeds(void (*seed)(const void *data, size_t size))
{
	const struct fuzz_ring *ring = fuzz_ring();
	const struct shmx_header *h = (const void *)ring->bytes;
	const struct shmx_ext *e = (const void *)(ring->bytes + h->ext_offset);
	struct fuzz_seed s;

	begin_seed(&s, 1);
	seed(s.data, s.size);
	fuzz_put_patches(&s, ring->bytes, 0, sizeof(*h), 4);
	seed(s.data, s.size);

	begin_seed(&s, 2);
	fuzz_put_patches(&s, ring->bytes, h->ext_offset, 104, 4);
	seed(s.data, s.size);

	/* What a producer changes all the time. */
	begin_seed(&s, 2);
	fuzz_put_patches(&s, ring->bytes, h->ext_offset + 128, 8, 8);
	fuzz_put_patches(&s, ring->bytes, h->ext_offset + e->state_offset,
			 e->slots * 8, 8);
	fuzz_put_patches(&s, ring->bytes, h->ext_offset + e->damage_offset +
			 sizeof(struct shmx_damage_entry), 64, 8);
	seed(s.data, s.size);

	/* The headers of its streams, and its directory. */
	begin_seed(&s, 1);
	fuzz_put_patches(&s, ring->bytes, h->slots_offset + 64 +
			 (e->latest & 0xffff) * h->slot_stride, 24, 4);
	fuzz_put_patches(&s, ring->bytes, h->slots_offset + 64 +
			 (e->latest & 0xffff) * h->slot_stride + 288, 24, 4);
	seed(s.data, s.size);
	begin_seed(&s, 1);
	fuzz_put_patches(&s, ring->bytes, h->static_offset, 160, 4);
	seed(s.data, s.size);

	/* What it says of the newest frame, in the slot of latest. */
	begin_seed(&s, 1);
	fuzz_put_patches(&s, ring->bytes, h->ext_offset + e->meta_offset +
			 (e->latest & 0xffff) * sizeof(struct shmx_slot_meta),
			 sizeof(struct shmx_slot_meta), 4);
	seed(s.data, s.size);
}
