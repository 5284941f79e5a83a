/* SPDX-License-Identifier: MIT */
/*
 * client.c - the reading ends of SHMX v2.0: client and inspector
 */
#include "config.h"

#include "v2.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t
align16(uint64_t n)
{
	return (n + 15) & ~UINT64_C(15);
}

/* --------------------------------------------------------------- region -- */

static bool
section_fits(uint64_t offset, uint64_t count, uint64_t stride, uint64_t size,
	     uint64_t bytes)
{
	return count == 0 || (stride >= size && offset <= bytes &&
			      count * stride <= bytes - offset + stride - size);
}

/* The layout, once: v2.0's own reads it again and again. */
static int
read_layout(struct v2_client *c, const struct v2_header *h, uint64_t size)
{
	uint64_t total;

	c->session = h->session;
	c->slots = h->slots;
	c->slot_stride = h->slot_stride;
	c->slots_offset = h->slots_offset;
	c->frame_cap = h->frame_cap;
	c->reader_slots = h->reader_slots;
	c->reader_stride = h->reader_stride;
	c->readers_offset = h->readers_offset;
	c->control_offset = h->control_offset;
	c->control_per_reader = h->control_per_reader;
	c->control_stride = h->control_stride;
	c->static_offset = h->static_offset;
	c->static_cap = h->static_cap;
	total = c->slots_offset + (uint64_t)c->slots * c->slot_stride;
	if (c->slots == 0 || total > UINT32_MAX || total > size ||
	    c->frame_cap > c->slot_stride - sizeof(struct v2_frame) ||
	    c->slot_stride < sizeof(struct v2_frame) ||
	    (uint64_t)c->static_offset + c->static_cap > total ||
	    !section_fits(c->readers_offset, c->reader_slots,
			  c->reader_stride, sizeof(struct v2_reader), total) ||
	    (c->control_per_reader != 0 &&
	     !section_fits(c->control_offset, c->reader_slots,
			   c->control_stride, c->control_per_reader, total)))
		return -EPROTO;
	c->bytes = total;
	return 0;
}

static int
map_all(struct v2_client *c, int fd)
{
	struct v2_header *h;
	struct stat st;
	int ret;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size < (off_t)sizeof(*h))
		return -EAGAIN;		/* being made */
	h = mmap(NULL, sizeof(*h), PROT_READ, MAP_SHARED, fd, 0);
	if (h == MAP_FAILED)
		return -errno;
	if (atomic_load_explicit(&h->magic, memory_order_acquire) != V2_MAGIC)
		ret = -EAGAIN;
	else if (h->major != V2_MAJOR || h->endian != V2_ENDIAN)
		ret = -EPROTO;
	else
		ret = read_layout(c, h, (uint64_t)st.st_size);
	munmap(h, sizeof(*h));
	if (ret < 0)
		return ret;
	c->map = mmap(NULL, c->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		      0);
	c->h = c->map;
	return c->map == MAP_FAILED ? -errno : 0;
}

int
v2_inspect_open(struct v2_client *c, const char *name)
{
	char path[256];
	int fd, ret;

	memset(c, 0, sizeof(*c));
	c->record = -1;
	snprintf(path, sizeof(path), "%s%s", name[0] == '/' ? "" : "/", name);
	fd = shm_open(path, O_RDWR, 0);
	if (fd < 0)
		return -errno;
	ret = map_all(c, fd);
	close(fd);
	return ret;
}

static struct v2_reader *
record(const struct v2_client *c, uint32_t i)
{
	return (void *)((char *)c->map + c->readers_offset +
			(uint64_t)i * c->reader_stride);
}

static struct v2_ring *
control(const struct v2_client *c, uint32_t i)
{
	return (void *)((char *)c->map + c->control_offset +
			(uint64_t)i * c->control_stride);
}

/* --------------------------------------------------------------- client -- */

static bool
take_record(struct v2_client *c)
{
	uint32_t i, none;
	uint64_t id;

	for (i = 0; i < c->reader_slots; i++) {
		none = 0;
		if (atomic_compare_exchange_strong(&record(c, i)->in_use,
						   &none, 1))
			break;
	}
	if (i == c->reader_slots)
		return false;
	c->record = (int)i;
	c->me = record(c, i);
	if (getrandom(&id, sizeof(id), 0) < 0)
		id = v2_now();
	atomic_store(&c->me->reader_id, id | 1);
	atomic_store(&c->me->last_frame_seen, 0);
	atomic_store(&c->me->heartbeat, v2_now());
	atomic_fetch_add(&c->h->readers_connected, 1);
	return true;
}

int
v2_client_open(struct v2_client *c, const char *name)
{
	int ret = v2_inspect_open(c, name);

	if (ret < 0)
		return ret;
	if (take_record(c))
		return 0;
	v2_client_close(c);
	return -EBUSY;
}

void
v2_client_close(struct v2_client *c)
{
	if (c->record >= 0) {
		atomic_store(&c->me->reader_id, 0);
		atomic_store(&c->me->heartbeat, 0);
		atomic_store(&c->me->in_use, 0);
		/* Also when it was reaped before: so v2.0. */
		atomic_fetch_sub(&c->h->readers_connected, 1);
		c->record = -1;
	}
	munmap(c->map, c->bytes);
}

/* One TLV of the directory; false when it does not add up. */
static bool
read_entry(const char *body, uint32_t length, struct v2_entry *e)
{
	uint32_t left = length - (uint32_t)sizeof(e->desc), n;

	memset(e, 0, sizeof(*e));
	memcpy(&e->desc, body, sizeof(e->desc));
	body += sizeof(e->desc);
	if (e->desc.name_len > left ||
	    e->desc.extra_len > left - e->desc.name_len)
		return false;
	n = e->desc.name_len < sizeof(e->name) ? e->desc.name_len :
		(uint32_t)sizeof(e->name) - 1;
	memcpy(e->name, body, n);
	n = e->desc.extra_len < sizeof(e->extra) ? e->desc.extra_len :
		(uint32_t)sizeof(e->extra);
	memcpy(e->extra, body + e->desc.name_len, n);
	return true;
}

int
v2_refresh_static(struct v2_client *c, struct v2_entry *out, unsigned max)
{
	uint32_t gen = atomic_load_explicit(&c->h->static_gen,
					    memory_order_acquire);
	const char *p = (const char *)c->map + c->static_offset;
	uint32_t used = c->h->static_used;
	struct v2_entry ignored;
	struct v2_tlv tlv;
	uint64_t at = 0;
	unsigned n = 0;

	if (gen == c->static_gen)
		return -EAGAIN;
	if (used > c->static_cap)
		return -EPROTO;
	while (at + sizeof(tlv) <= used) {
		memcpy(&tlv, p + at, sizeof(tlv));
		if (tlv.length > used - at - sizeof(tlv))
			return -EPROTO;
		if (tlv.type == V2_STATIC_DIR) {
			if (tlv.length < sizeof(struct v2_desc) ||
			    !read_entry(p + at + sizeof(tlv), tlv.length,
					n < max ? &out[n] : &ignored))
				return -EPROTO;
			n++;
		}
		at += align16(sizeof(tlv) + (uint64_t)tlv.length);
	}
	if (atomic_load_explicit(&c->h->static_gen, memory_order_acquire) !=
	    gen)
		return -EPROTO;
	c->static_gen = gen;
	return (int)n;
}

int
v2_inspect_slot(const struct v2_client *c, uint32_t i, struct v2_view *view)
{
	const struct v2_frame *f = (const void *)((const char *)c->map +
		c->slots_offset + (uint64_t)i * c->slot_stride);

	*view = (struct v2_view){
		.frame_id = atomic_load_explicit(&f->frame_id,
						 memory_order_acquire),
		.session = f->session,
		.sim_time = f->sim_time,
		.checksum = f->checksum,
		.payload_bytes = f->payload_bytes,
		.tlv_count = f->tlv_count,
		.payload = (const char *)(f + 1),
	};
	/*
	 * frame_id is stored last, so 0 was never published; and v2.0 has no
	 * frame of no bytes.
	 */
	if (view->frame_id == 0)
		return -EBADMSG;
	if (view->session != c->session || c->h->session != c->session)
		return -ESTALE;
	if (view->payload_bytes == 0 || view->payload_bytes > c->frame_cap ||
	    v2_checksum(view->payload, view->payload_bytes) != view->checksum)
		return -EBADMSG;
	return 0;
}

int
v2_latest(struct v2_client *c, struct v2_view *view)
{
	uint32_t index;
	int ret;

	atomic_store(&c->me->heartbeat, v2_now());
	index = atomic_load_explicit(&c->h->write_index,
				     memory_order_acquire);
	if (index == 0)
		return -EAGAIN;
	ret = v2_inspect_slot(c, (index - 1) % c->slots, view);
	if (ret == 0)
		atomic_store(&c->me->last_frame_seen, view->frame_id);
	return ret;
}

int
v2_decode(const struct v2_view *view, struct v2_item *out, unsigned max)
{
	struct v2_stream_tlv st;
	struct v2_tlv tlv;
	uint64_t at = 0, left;
	unsigned n = 0;

	while (at + sizeof(tlv) <= view->payload_bytes) {
		left = view->payload_bytes - at - sizeof(tlv);
		memcpy(&tlv, view->payload + at, sizeof(tlv));
		if (tlv.length > left)
			return -EPROTO;
		if (tlv.type == V2_FRAME_STREAM) {
			if (tlv.length < sizeof(st))
				return -EPROTO;
			memcpy(&st, view->payload + at + sizeof(tlv),
			       sizeof(st));
			if (st.bytes_payload > tlv.length - sizeof(st))
				return -EPROTO;
			if (n < max)
				out[n] = (struct v2_item){ st.stream_id,
					st.elem_count, st.bytes_payload,
					view->payload + at + sizeof(tlv) +
					sizeof(st) };
			n++;
		}
		at += align16(sizeof(tlv) + (uint64_t)tlv.length);
	}
	return (int)n;
}

/* -------------------------------------------------------------- control -- */

/* Wrapping as in server.c. */
int
v2_control_send(struct v2_client *c, uint32_t type, const void *data,
		uint32_t bytes)
{
	const struct v2_tlv message = { type, bytes };
	const uint64_t need = align16(sizeof(message) + (uint64_t)bytes);
	struct v2_ring *ring = control(c, (uint32_t)c->record);
	char *base = (char *)(ring + 1);
	uint64_t r, w, modulus, tail;
	struct v2_tlv pad = { 0, 0 };

	if (c->control_per_reader <= sizeof(*ring))
		return -EMSGSIZE;
	modulus = c->control_per_reader - sizeof(*ring);
	if (need > modulus)
		return -EMSGSIZE;
	r = atomic_load_explicit(&ring->r, memory_order_acquire);
	w = atomic_load_explicit(&ring->w, memory_order_relaxed);
	tail = modulus - w % modulus;
	if (tail >= need)
		tail = 0;
	if (w - r + tail > modulus)
		return -ENOBUFS;
	if (tail >= sizeof(pad)) {
		pad.length = (uint32_t)(tail - sizeof(pad));
		memcpy(base + w % modulus, &pad, sizeof(pad));
	}
	w += tail;
	if (w - r + need > modulus) {
		/* The pad alone, so that a long one finds room next time. */
		atomic_store_explicit(&ring->w, w, memory_order_release);
		return -ENOBUFS;
	}
	memcpy(base + w % modulus, &message, sizeof(message));
	if (bytes != 0)
		memcpy(base + w % modulus + sizeof(message), data, bytes);
	atomic_store_explicit(&ring->w, w + need, memory_order_release);
	return 0;
}

/* ------------------------------------------------------------ inspector -- */

unsigned
v2_inspect_readers(const struct v2_client *c, struct v2_snapshot *out,
		   unsigned max)
{
	const struct v2_reader *r;
	unsigned n = 0;
	uint32_t i;

	for (i = 0; i < c->reader_slots; i++) {
		r = record(c, i);
		if (atomic_load(&r->in_use) == 0)
			continue;
		if (n < max)
			out[n] = (struct v2_snapshot){ i, r->reader_id,
				r->heartbeat, r->last_frame_seen, 1 };
		n++;
	}
	return n;
}

bool
v2_peek_control(const struct v2_client *c, uint32_t i, struct v2_message *m)
{
	const struct v2_ring *ring = control(c, i);
	const char *base = (const char *)(ring + 1);
	struct v2_tlv tlv = { 0, 0 };
	uint64_t r, w, modulus, left;

	if (c->control_per_reader <= sizeof(*ring))
		return false;
	modulus = c->control_per_reader - sizeof(*ring);
	r = atomic_load_explicit(&ring->r, memory_order_acquire);
	w = atomic_load_explicit(&ring->w, memory_order_acquire);
	while (r != w && w - r <= modulus) {
		left = modulus - r % modulus;
		if (left >= sizeof(tlv))
			memcpy(&tlv, base + r % modulus, sizeof(tlv));
		if (left < sizeof(tlv) || tlv.type == 0) {
			r += left;
			continue;
		}
		if (tlv.length > left - sizeof(tlv) ||
		    tlv.length > sizeof(m->data))
			return false;
		*m = (struct v2_message){ .record = i, .type = tlv.type,
			.bytes = tlv.length,
			.reader_id = atomic_load(&record(c, i)->reader_id) };
		memcpy(m->data, base + r % modulus + sizeof(tlv), tlv.length);
		return true;
	}
	return false;
}
