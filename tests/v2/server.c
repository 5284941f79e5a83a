/* SPDX-License-Identifier: MIT */
/*
 * server.c - the writing end of SHMX v2.0
 */
#include "config.h"

#include "v2.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

static uint64_t
align(uint64_t n, uint64_t to)
{
	return (n + to - 1) / to * to;
}

/* Where everything goes, in 64 bits; -EOVERFLOW when the wire has 32. */
static int
lay_out(struct v2_header *h, const struct v2_config *c, uint64_t *bytes)
{
	uint64_t stride = c->reader_stride ? c->reader_stride :
		sizeof(struct v2_reader);
	uint64_t readers = align(sizeof(*h) + c->static_cap, 64);
	uint64_t control = align(readers + c->reader_slots * stride, 64);
	uint64_t control_stride = align(c->control_per_reader, 64);
	uint64_t slots = control + c->reader_slots * control_stride;
	uint64_t slot = sizeof(struct v2_frame) + align(c->frame_cap, 64);

	if (c->control_inside != 0) {
		slots = control;
		control = readers + c->control_inside;
		control_stride = stride;
	}
	slots = align(slots, 64) + c->slots_skew;
	*bytes = slots + c->slots * slot;
	if (c->slots == 0 || *bytes > UINT32_MAX)
		return -EOVERFLOW;
	h->static_offset = sizeof(*h);
	h->static_cap = c->static_cap;
	h->slots = c->slots;
	h->slot_stride = (uint32_t)slot;
	h->slots_offset = (uint32_t)slots;
	h->frame_cap = c->frame_cap;
	h->reader_slots = c->reader_slots;
	h->reader_stride = (uint32_t)stride;
	h->readers_offset = (uint32_t)readers;
	h->control_offset = (uint32_t)control;
	h->control_per_reader = c->control_per_reader;
	h->control_stride = (uint32_t)control_stride;
	return 0;
}

/* On an inode of its own: v2.0's would use, and resize, what is there. */
static int
map_new(const char *name, uint64_t bytes, void **map)
{
	int fd, ret = 0;

	shm_unlink(name);
	fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)bytes) < 0)
		ret = -errno;
	if (ret == 0) {
		*map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
			    fd, 0);
		if (*map == MAP_FAILED)
			ret = -errno;
	}
	close(fd);
	if (ret < 0)
		shm_unlink(name);
	return ret;
}

int
v2_server_create(struct v2_server *s, const struct v2_config *config,
		 const struct v2_stream *streams, unsigned count)
{
	struct v2_header h = {
		.major = V2_MAJOR,
		.minor = V2_MINOR,
		.endian = V2_ENDIAN,
		.session = config->session,
	};
	unsigned i;
	int ret;

	ret = lay_out(&h, config, &s->bytes);
	if (ret < 0)
		return ret;
	if (h.session == 0 &&
	    getrandom(&h.session, sizeof(h.session), 0) < 0)
		return -errno;
	snprintf(s->name, sizeof(s->name), "%s%s",
		 config->name[0] == '/' ? "" : "/", config->name);
	ret = map_new(s->name, s->bytes, &s->map);
	if (ret < 0)
		return ret;
	s->h = s->map;
	memcpy(s->map, &h, sizeof(h));
	s->h->static_hash = v2_hash("", 0);
	for (i = 0; i < count && ret == 0; i++)
		ret = v2_server_append_static(s, &streams[i]);
	if (ret < 0) {
		v2_server_close(s);
		return ret;
	}
	/* Last, for who opens it meanwhile; v2.0's own begins with it. */
	atomic_store_explicit(&s->h->magic, V2_MAGIC, memory_order_release);
	return 0;
}

void
v2_server_close(struct v2_server *s)
{
	munmap(s->map, s->bytes);
	shm_unlink(s->name);
	s->name[0] = '\0';
}

int
v2_server_append_static(struct v2_server *s, const struct v2_stream *stream)
{
	struct v2_header *h = s->h;
	const struct v2_desc desc = {
		.stream_id = stream->id,
		.element_type = stream->element_type,
		.components = stream->components,
		.layout = stream->layout,
		.bytes_per_elem = stream->bytes_per_elem,
		.name_len = (uint32_t)strlen(stream->name),
		.extra_len = stream->extra_len,
	};
	const uint64_t length = sizeof(desc) + (uint64_t)desc.name_len +
		desc.extra_len;
	const struct v2_tlv tlv = { V2_STATIC_DIR, (uint32_t)length };
	const uint64_t step = align(sizeof(tlv) + length, 16);
	char *directory = (char *)s->map + h->static_offset;
	char *p = directory + h->static_used;

	if (step > h->static_cap - h->static_used)
		return -ENOSPC;
	memcpy(p, &tlv, sizeof(tlv));
	p += sizeof(tlv);
	memcpy(p, &desc, sizeof(desc));
	p += sizeof(desc);
	memcpy(p, stream->name, desc.name_len);
	if (desc.extra_len != 0)
		memcpy(p + desc.name_len, stream->extra, desc.extra_len);
	h->static_used += (uint32_t)step;
	/*
	 * The wire has a hash of 64 bits and does not say of what: of the
	 * bytes used, as v2.0 hashes, not folded.
	 */
	h->static_hash = v2_hash(directory, h->static_used);
	atomic_fetch_add_explicit(&h->static_gen, 1, memory_order_release);
	return 0;
}

/* -------------------------------------------------------------- frames -- */

void
v2_begin(struct v2_server *s, struct v2_writing *w)
{
	struct v2_header *h = s->h;
	uint32_t slot;

	/* 0 is for "none". */
	do {
		w->index = atomic_fetch_add_explicit(
			&h->reserve_index, 1, memory_order_relaxed) + 1;
	} while (w->index == 0);
	slot = (w->index - 1) % h->slots;
	w->frame = (void *)((char *)s->map + h->slots_offset +
			    (uint64_t)slot * h->slot_stride);
	w->payload = (char *)(w->frame + 1);
	w->cap = h->frame_cap;
	w->used = 0;
	w->tlvs = 0;
}

int
v2_append(struct v2_writing *w, uint32_t stream_id, const void *data,
	  uint32_t elements, uint32_t bytes)
{
	const struct v2_stream_tlv st = { stream_id, elements, bytes, 0 };
	const uint64_t length = sizeof(st) + (uint64_t)bytes;
	const struct v2_tlv tlv = { V2_FRAME_STREAM, (uint32_t)length };
	const uint64_t whole = sizeof(tlv) + length, step = align(whole, 16);
	char *p = w->payload + w->used;

	if (step > w->cap - w->used)
		return -ENOSPC;
	memcpy(p, &tlv, sizeof(tlv));
	memcpy(p + sizeof(tlv), &st, sizeof(st));
	memcpy(p + sizeof(tlv) + sizeof(st), data, bytes);
	/* The padding counts as payload, and is summed with it. */
	memset(p + whole, 0, step - whole);
	w->used += (uint32_t)step;
	w->tlvs++;
	return 0;
}

uint64_t
v2_publish(struct v2_server *s, struct v2_writing *w, double sim_time)
{
	uint64_t id = atomic_fetch_add_explicit(&s->h->frame_seq, 1,
						memory_order_relaxed) + 1;
	struct v2_frame *f = w->frame;

	f->session = s->h->session;
	f->sim_time = sim_time;
	f->payload_bytes = w->used;
	f->tlv_count = w->tlvs;
	f->checksum = v2_checksum(w->payload, w->used);
	/* In v2.0 a release fence stands here; its pair loads write_index. */
	atomic_store_explicit(&f->frame_id, id, memory_order_release);
	atomic_store_explicit(&s->h->write_index, w->index,
			      memory_order_release);
	return id;
}

/* ------------------------------------------------------------- readers -- */

static struct v2_reader *
record(const struct v2_server *s, uint32_t i)
{
	return (void *)((char *)s->map + s->h->readers_offset +
			(uint64_t)i * s->h->reader_stride);
}

/*
 * Wrapping, of which the wire format says no more than "pad record = TLV
 * type 0": a message lies in one piece; what is too short for it before the
 * end is filled by a record of type 0 that reaches up to it, and a rest too
 * short even for a TLV, which only odd moduli have, is passed over unmarked.
 */
static bool
take_message(struct v2_ring *ring, uint32_t modulus, struct v2_message *m)
{
	uint64_t r = atomic_load_explicit(&ring->r, memory_order_relaxed);
	uint64_t w = atomic_load_explicit(&ring->w, memory_order_acquire);
	const char *data = (const char *)(ring + 1);
	struct v2_tlv tlv = { 0, 0 };
	uint64_t left, step;
	bool found = false;

	if (w - r > modulus)
		r = w;		/* a client's nonsense: v2.0's would follow */
	while (w != r && !found) {
		left = modulus - r % modulus;
		if (left >= sizeof(tlv))
			memcpy(&tlv, data + r % modulus, sizeof(tlv));
		step = align(sizeof(tlv) + (uint64_t)tlv.length, 16);
		if (left < sizeof(tlv) || tlv.type == 0) {
			step = left;
		} else if (tlv.length > left - sizeof(tlv) ||
			   tlv.length > sizeof(m->data)) {
			step = w - r;
		} else {
			m->type = tlv.type;
			m->bytes = tlv.length;
			memcpy(m->data, data + r % modulus + sizeof(tlv),
			       tlv.length);
			found = true;
		}
		r += step < w - r ? step : w - r;
	}
	atomic_store_explicit(&ring->r, r, memory_order_release);
	return found;
}

bool
v2_poll_control(struct v2_server *s, struct v2_message *m)
{
	const struct v2_header *h = s->h;
	struct v2_ring *ring;
	uint32_t i;

	if (h->control_per_reader <= sizeof(*ring))
		return false;
	for (i = 0; i < h->reader_slots; i++) {
		ring = (void *)((char *)s->map + h->control_offset +
				(uint64_t)i * h->control_stride);
		if (!take_message(ring, h->control_per_reader -
				  (uint32_t)sizeof(*ring), m))
			continue;
		m->record = i;
		/* Perhaps of who came after it was sent: so v2.0. */
		m->reader_id = atomic_load(&record(s, i)->reader_id);
		return true;
	}
	return false;
}

unsigned
v2_snapshot_readers(const struct v2_server *s, struct v2_snapshot *out,
		    unsigned max)
{
	const struct v2_reader *r;
	unsigned n = 0;
	uint32_t i;

	for (i = 0; i < s->h->reader_slots; i++) {
		r = record(s, i);
		if (atomic_load(&r->in_use) == 0)
			continue;
		if (n < max)
			out[n] = (struct v2_snapshot){ i, r->reader_id,
				r->heartbeat, r->last_frame_seen, 1 };
		n++;
	}
	return n;
}

unsigned
v2_reap(struct v2_server *s, uint64_t now, uint64_t timeout)
{
	struct v2_reader *r;
	uint64_t heartbeat;
	unsigned n = 0;
	uint32_t i;

	for (i = 0; i < s->h->reader_slots; i++) {
		r = record(s, i);
		heartbeat = atomic_load(&r->heartbeat);
		/* One that never had a heartbeat stays for ever: so v2.0. */
		if (atomic_load(&r->in_use) == 0 || heartbeat == 0 ||
		    now - heartbeat <= timeout)
			continue;
		atomic_store(&r->reader_id, 0);
		atomic_store(&r->heartbeat, 0);
		atomic_store(&r->in_use, 0);
		atomic_fetch_sub(&s->h->readers_connected, 1);
		n++;
	}
	return n;
}
