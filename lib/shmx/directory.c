/* SPDX-License-Identifier: MIT */
/*
 * directory.c - the static directory: what streams a ring carries
 *
 * A sequence of TLVs, each starting at a multiple of 16: a type and a length,
 * a struct shmx_stream_desc, the name, then the extra bytes, which for an
 * image begin with a struct shmx_image_desc.
 *
 * It only ever grows.  The producer appends under a seqlock:
 *
 *	D1 sequence = odd
 *	D2 bytes behind the used ones, used, hash, generation
 *	D3 sequence = even
 *
 * Each store of D2 and D3 is a release, so whoever acquires one of them sees
 * the odd number before it.  A reader loads the sequence (E1), copies with
 * loads that acquire (E2), and loads the sequence again (E3): E3 sees at least
 * the odd number of any D2 that E2 saw a part of.
 *
 * A producer that dies between D1 and D3 leaves it odd.  What is there then
 * counts all the same, as far as it has the hash that it says it has: all the
 * used bytes, or those that were used before.
 */
#include "config.h"

#include "directory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/error.h"
#include "base/sys.h"
#include "base/text.h"
#include "atomic.h"
#include "checksum.h"
#include "kill.h"
#include "stream.h"
#include "tlv.h"

/* How often a directory that is being changed is read again. */
#define TRIES 64

struct shmx_directory {
	uint64_t generation;
	unsigned count;
	struct shmx_directory_entry entry[];
	/* then names, each ended by 0, and extras, aligned to 8 */
};

/* -------------------------------------------------------------- write -- */

static uint32_t
extra_bytes(const struct shmx_stream *s)
{
	return s->extra_bytes + (s->kind == SHMX_STREAM_IMAGE ?
		(uint32_t)sizeof(struct shmx_image_desc) : 0);
}

static uint64_t
entry_bytes(const struct shmx_stream *s)
{
	return base_round_up(sizeof(struct shmx_tlv) +
			     sizeof(struct shmx_stream_desc) +
			     strlen(s->name) + (uint64_t)s->extra_bytes +
			     (s->kind == SHMX_STREAM_IMAGE ?
			      sizeof(struct shmx_image_desc) : 0),
			     SHMX_TLV_ALIGN);
}

uint64_t
shmx_directory_bytes(const struct shmx_stream *streams, unsigned count)
{
	uint64_t bytes = 0;
	unsigned i;

	for (i = 0; i < count; i++)
		bytes += entry_bytes(&streams[i]);
	return bytes;
}

/* An image is stored as whole pixels, or bytes where those have no type. */
static void
describe_pixels(struct shmx_stream_desc *d, unsigned bytes)
{
	d->components = 1;
	d->bytes_per_element = bytes;
	switch (bytes) {
	case 4:
		d->element_type = SHMX_U32;
		break;
	case 2:
		d->element_type = SHMX_U16;
		break;
	default:
		d->element_type = SHMX_U8;
		d->components = bytes;
		d->bytes_per_element = 1;
		d->layout = bytes == 1 ? SHMX_SOA : SHMX_AOS;
		break;
	}
}

static struct shmx_stream_desc
describe(const struct shmx_stream *s)
{
	struct shmx_stream_desc d = {
		.stream_id = s->id,
		.element_type = s->element_type,
		.components = BASE_MAX(s->components, 1),
		.layout = s->layout,
		.bytes_per_element = shmx_element_bytes(s->element_type),
		.capacity = s->capacity,
		.name_bytes = (uint32_t)strlen(s->name),
		.extra_bytes = extra_bytes(s),
	};

	if (s->kind == SHMX_STREAM_IMAGE) {
		describe_pixels(&d, shmx_format_bytes(s->format));
		d.capacity = (uint32_t)(shmx_stream_bytes(s) /
					shmx_format_bytes(s->format));
	}
	return d;
}

/* Write one entry, of entry_bytes(), to memory that is zero. */
static void
write_entry(char *p, const struct shmx_stream *s, uint32_t image_flags)
{
	const struct shmx_stream_desc desc = describe(s);
	const struct shmx_image_desc image = {
		.magic = SHMX_IMAGE_MAGIC,
		.width = s->width,
		.height = s->height,
		.stride = shmx_stream_stride(s),
		.format = s->format,
		.flags = image_flags,
	};
	const struct shmx_tlv tlv = {
		.type = SHMX_TLV_STATIC_DIR,
		.length = (uint32_t)sizeof(desc) + desc.name_bytes +
			desc.extra_bytes,
	};

	memcpy(p, &tlv, sizeof(tlv));
	p += sizeof(tlv);
	memcpy(p, &desc, sizeof(desc));
	p += sizeof(desc);
	memcpy(p, s->name, desc.name_bytes);
	p += desc.name_bytes;
	if (s->kind == SHMX_STREAM_IMAGE) {
		memcpy(p, &image, sizeof(image));
		p += sizeof(image);
	}
	if (s->extra_bytes != 0)
		memcpy(p, s->extra, s->extra_bytes);
}

/* D2: bytes is a multiple of 8. */
static void
store_words(shmx_a64 *to, const char *from, size_t bytes)
{
	uint64_t word;
	size_t i;

	for (i = 0; i < bytes / 8; i++) {
		memcpy(&word, from + i * 8, 8);
		shmx_store_release(&to[i], word);
	}
}

/* D1 to D3. */
static void
publish(const struct shmx_directory_place *place, const char *bytes,
	uint32_t used, uint32_t more)
{
	struct shmx_header *h = place->header;
	uint32_t sequence = shmx_load_relaxed(place->sequence);

	shmx_store_relaxed(place->sequence, sequence + 1);
	SHMX_KILL_POINT("D1");
	store_words((shmx_a64 *)place->bytes + used / 8, bytes, more);
	shmx_store_release(&h->static_used, used + more);
	shmx_store_release(&h->static_hash,
			   shmx_hash(place->bytes, used + more));
	/* Last: who has read this number has read what it numbers. */
	shmx_store_release(&h->static_generation,
			   shmx_load_relaxed(&h->static_generation) + 1);
	SHMX_KILL_POINT("D2");
	shmx_store_release(place->sequence, sequence + 2);
}

int
shmx_directory_append(const struct shmx_directory_place *place,
		      const struct shmx_stream *streams, unsigned count,
		      uint32_t image_flags)
{
	uint32_t used = shmx_load_relaxed(&place->header->static_used);
	uint32_t room = BASE_MIN(place->capacity, SHMX_DIRECTORY_MAX);
	uint64_t more = shmx_directory_bytes(streams, count);
	char *bytes, *p;
	unsigned i;

	/* In a named ring others can write to the header. */
	if (used > room || used % SHMX_TLV_ALIGN != 0 || more > room - used)
		return -ENOSPC;
	bytes = base_sys.calloc(1, more + 1);
	if (bytes == NULL)
		return -ENOMEM;
	for (i = 0, p = bytes; i < count; i++) {
		write_entry(p, &streams[i], image_flags);
		p += entry_bytes(&streams[i]);
	}
	publish(place, bytes, used, (uint32_t)more);
	free(bytes);
	return 0;
}

void
shmx_directory_replace(const struct shmx_directory_place *place,
		       const void *bytes, uint32_t used)
{
	publish(place, bytes, 0, used & ~UINT32_C(7));
}

/* -------------------------------------------------------------- parse -- */

/* A TLV of a directory taken apart; pointers into it. */
struct raw {
	struct shmx_stream_desc desc;
	const unsigned char *name;
	const unsigned char *extra;
};

/*
 * What can be used of a stream is checked here.  Types and layouts that are
 * not known are somebody's newer ones: their bytes can still be passed on.
 */
static bool
read_raw(const struct shmx_tlv_item *item, struct raw *raw)
{
	struct shmx_stream_desc *d = &raw->desc;
	unsigned size;
	uint32_t left;

	if (item->length < sizeof(*d))
		return false;
	memcpy(d, item->body, sizeof(*d));
	left = item->length - (uint32_t)sizeof(*d);
	if (d->name_bytes > left || d->extra_bytes > left - d->name_bytes)
		return false;
	raw->name = item->body + sizeof(*d);
	raw->extra = raw->name + d->name_bytes;
	if (d->components == 0 || d->bytes_per_element == 0)
		return false;
	size = shmx_element_bytes(d->element_type);
	/* v2.0 leaves open whether it is all components together. */
	if (size != 0 && d->bytes_per_element == (uint64_t)size *
	    d->components)
		d->bytes_per_element = size;
	return size == 0 || d->bytes_per_element == size;
}

/* Is it an image?  -EPROTO when it says so and is not. */
static int
read_image(const struct raw *raw, struct shmx_image_desc *image)
{
	if (raw->desc.extra_bytes < sizeof(*image))
		return 0;
	memcpy(image, raw->extra, sizeof(*image));
	if (image->magic != SHMX_IMAGE_MAGIC)
		return 0;
	return image->width < 1 || image->width > SHMX_SIDE_MAX ||
	       image->height < 1 || image->height > SHMX_SIDE_MAX ?
		-EPROTO : 1;
}

/* The next stream of a walk: 1, 0 or -EPROTO. */
static int
next_raw(struct shmx_tlv_walk *walk, struct raw *raw)
{
	struct shmx_image_desc image;
	struct shmx_tlv_item item;
	int ret;

	while ((ret = shmx_tlv_next(walk, &item)) > 0) {
		if (item.type != SHMX_TLV_STATIC_DIR)
			continue;
		if (!read_raw(&item, raw) || read_image(raw, &image) < 0)
			return -EPROTO;
		return 1;
	}
	return ret;
}

/* How many streams, and the bytes of their names and extras. */
static int
measure(const void *bytes, uint32_t used, unsigned *count, size_t *text)
{
	struct shmx_tlv_walk walk = shmx_tlv_walk(bytes, used);
	struct raw raw;
	int ret;

	*count = 0;
	*text = 0;
	while ((ret = next_raw(&walk, &raw)) > 0) {
		if (++*count > SHMX_STREAMS_MAX)
			return -EPROTO;
		*text += base_round_up((uint64_t)raw.desc.name_bytes + 1, 8) +
			base_round_up(raw.desc.extra_bytes, 8);
	}
	return ret;
}

/* A name ends up on terminals. */
static const char *
copy_name(unsigned char **text, const struct raw *raw)
{
	const size_t n = raw->desc.name_bytes;
	char *to = (char *)*text;

	base_clean_text(to, n + 1, (const char *)raw->name, n);
	*text += base_round_up((uint64_t)n + 1, 8);
	return to;
}

static void
fill_entry(struct shmx_directory_entry *e, const struct raw *raw,
	   unsigned char **text)
{
	const struct shmx_stream_desc *d = &raw->desc;
	struct shmx_image_desc image;
	uint32_t skip = 0;

	e->stream = (struct shmx_stream){
		.kind = SHMX_STREAM_DATA,
		.id = d->stream_id,
		.name = copy_name(text, raw),
		.element_type = d->element_type,
		.components = d->components,
		.layout = d->layout,
		.capacity = d->capacity,
	};
	e->bytes_per_component = d->bytes_per_element;
	e->element_bytes = (uint64_t)d->bytes_per_element * d->components;
	if (read_image(raw, &image) > 0) {
		e->stream.kind = SHMX_STREAM_IMAGE;
		e->stream.width = image.width;
		e->stream.height = image.height;
		e->stream.format = image.format;
		e->image_flags = image.flags;
		skip = sizeof(image);
	}
	e->stream.extra_bytes = d->extra_bytes - skip;
	if (e->stream.extra_bytes == 0)
		return;
	memcpy(*text, raw->extra + skip, e->stream.extra_bytes);
	e->stream.extra = *text;
	*text += base_round_up(e->stream.extra_bytes, 8);
}

/* No id twice. */
static bool
ids_differ(const struct shmx_directory *dir)
{
	unsigned i, j;

	for (i = 0; i < dir->count; i++)
		for (j = 0; j < i; j++)
			if (dir->entry[i].stream.id == dir->entry[j].stream.id)
				return false;
	return true;
}

static int
malformed(void)
{
	return base_error(-EPROTO, "the ring's directory is malformed");
}

int
shmx_directory_parse(struct shmx_directory **out, const void *bytes,
		     uint32_t used, uint64_t generation)
{
	struct shmx_tlv_walk walk = shmx_tlv_walk(bytes, used);
	struct shmx_directory *dir;
	unsigned char *text;
	unsigned count, i;
	struct raw raw;
	size_t size;

	if (measure(bytes, used, &count, &size) < 0)
		return malformed();
	dir = base_sys.calloc(1, sizeof(*dir) + count * sizeof(dir->entry[0]) +
			      size);
	if (dir == NULL)
		return base_error(-ENOMEM, "out of memory");
	dir->generation = generation;
	dir->count = count;
	text = (unsigned char *)&dir->entry[count];
	for (i = 0; i < count && next_raw(&walk, &raw) > 0; i++)
		fill_entry(&dir->entry[i], &raw, &text);
	if (!ids_differ(dir)) {
		shmx_directory_free(dir);
		return malformed();
	}
	*out = dir;
	return 0;
}

/* --------------------------------------------------------------- read -- */

/* What a reader has copied. */
struct copy {
	uint32_t generation;
	uint32_t used;
	uint64_t hash;
	unsigned char *bytes;		/* as many as the place may have */
};

static uint32_t
room(const struct shmx_directory_place *place)
{
	return BASE_MIN(place->capacity, SHMX_DIRECTORY_MAX);
}

/* E2: false when the numbers make no sense. */
static bool
copy_words(const struct shmx_directory_place *place, struct copy *c)
{
	const shmx_a64 *from = place->bytes;
	struct shmx_header *h = place->header;
	uint64_t word;
	uint32_t i;

	/* Backwards, so that none is newer than what it is of. */
	c->generation = shmx_load_acquire(&h->static_generation);
	c->hash = shmx_load_acquire(&h->static_hash);
	c->used = shmx_load_acquire(&h->static_used);
	if (c->used > room(place))
		return false;
	for (i = 0; i < (c->used + 7) / 8; i++) {
		word = shmx_load_acquire(&from[i]);
		memcpy(c->bytes + (size_t)i * 8, &word, 8);
	}
	return true;
}

/* Cut off what the hash is not of; false when it is of nothing there. */
static bool
cut_off(struct copy *c)
{
	struct shmx_tlv_walk walk = shmx_tlv_walk(c->bytes, c->used);
	uint64_t hash = SHMX_HASH_BASIS;
	struct shmx_tlv_item item;
	size_t hashed = 0;

	do {
		if (walk.next > c->used)
			break;
		/* Only what came with the last one: there may be many. */
		hash = shmx_hash_more(hash, c->bytes + hashed,
				      walk.next - hashed);
		hashed = walk.next;
		if (hash == c->hash) {
			c->used = (uint32_t)hashed;
			return true;
		}
	} while (shmx_tlv_next(&walk, &item) > 0);
	return false;
}

/* E1 to E3 until they agree, or as far as the hash does. */
static int
copy_whole(const struct shmx_directory_place *place, struct copy *c)
{
	uint32_t before, i;
	bool sane = true;

	for (i = 0; i < TRIES; i++) {
		before = shmx_load_acquire(place->sequence);
		sane = copy_words(place, c);
		if (before % 2 == 0 &&
		    shmx_load_relaxed(place->sequence) == before)
			return sane && shmx_hash(c->bytes, c->used) == c->hash ?
				0 : malformed();
		shmx_relax();
	}
	if (sane && cut_off(c))
		return 0;
	return base_error(-EAGAIN, "the ring's directory is being changed");
}

int
shmx_directory_read(struct shmx_directory **out,
		    const struct shmx_directory_place *place, uint64_t serial)
{
	struct copy c = { 0 };
	int ret;

	c.bytes = base_sys.calloc(1, base_round_up(room(place), 8) + 8);
	if (c.bytes == NULL)
		return base_error(-ENOMEM, "out of memory");
	ret = copy_whole(place, &c);
	if (ret == 0)
		ret = shmx_directory_parse(out, c.bytes, c.used,
			shmx_directory_number(serial, c.generation));
	free(c.bytes);
	return ret;
}

/* ------------------------------------------------------- of a snapshot -- */

const struct shmx_directory_entry *
shmx_directory_entry(const struct shmx_directory *dir, uint32_t id)
{
	unsigned i;

	for (i = 0; i < dir->count; i++)
		if (dir->entry[i].stream.id == id)
			return &dir->entry[i];
	return NULL;
}

const struct shmx_directory_entry *
shmx_directory_image(const struct shmx_directory *dir)
{
	unsigned i;

	for (i = 0; i < dir->count; i++)
		if (dir->entry[i].stream.kind == SHMX_STREAM_IMAGE)
			return &dir->entry[i];
	return NULL;
}

unsigned
shmx_directory_count(const struct shmx_directory *dir)
{
	return dir->count;
}

uint64_t
shmx_directory_generation(const struct shmx_directory *dir)
{
	return dir->generation;
}

const struct shmx_stream *
shmx_directory_get(const struct shmx_directory *dir, unsigned index)
{
	return index < dir->count ? &dir->entry[index].stream : NULL;
}

const struct shmx_stream *
shmx_directory_find(const struct shmx_directory *dir, uint32_t id)
{
	const struct shmx_directory_entry *e = shmx_directory_entry(dir, id);

	return e == NULL ? NULL : &e->stream;
}

void
shmx_directory_free(struct shmx_directory *dir)
{
	free(dir);
}
