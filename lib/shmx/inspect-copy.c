/* SPDX-License-Identifier: MIT */
/*
 * inspect-copy.c - copy what a ring says, and have survey.c make sense of it
 */
#include "config.h"

#include "inspect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"
#include "atomic.h"
#include "v2-layout.h"

/* What lies before a ring's slots: directory, tables, records. */
#define COPY_MAX	(UINT32_C(16) << 20)
#define COPY_ALIGN	64

static int
malformed(const struct shmx_inspector *n, const char *what)
{
	return base_error(-EPROTO, "ring \"%s\" is malformed: %s", n->name,
			  what);
}

static int
read_at(const struct shmx_inspector *n, void *buf, size_t bytes,
	uint64_t offset)
{
	int ret = base_pread_all(n->data_fd, buf, bytes, (off_t)offset);

	return ret == -ENODATA ? malformed(n, "it ends too early") :
		ret < 0 ? base_error(ret, "cannot read ring \"%s\": %s",
				     n->name, strerror(-ret)) : 0;
}

/* Room for that much, aligned as the ring is. */
static int
make_room(struct shmx_inspector *n, size_t bytes)
{
	void *memory;

	if (bytes <= n->copy_bytes)
		return 0;
	memory = base_sys.calloc(1, bytes + COPY_ALIGN);
	if (memory == NULL)
		return base_error(-ENOMEM, "out of memory");
	free(n->memory);
	n->memory = memory;
	n->copy = (unsigned char *)memory + COPY_ALIGN -
		(uintptr_t)memory % COPY_ALIGN;
	n->copy_bytes = bytes;
	return 0;
}

/* Copy the ring's first bytes. */
static int
copy_start(struct shmx_inspector *n, uint64_t bytes)
{
	int ret;

	if (bytes > COPY_MAX)
		return malformed(n, "sizes out of range");
	ret = make_room(n, bytes);
	return ret < 0 ? ret : read_at(n, n->copy, bytes, 0);
}

/* Which slots changed while they were copied: those say nothing. */
static void
drop_torn(struct shmx_inspector *n, const struct shmx_header *h,
	  const struct shmx_layout *layout)
{
	struct shmx_survey *s = &n->survey;
	uint64_t offset = h->ext_offset + layout->ring.ext->state_offset;
	uint64_t now[SHMX_SLOTS_MAX];
	uint32_t i;

	if (read_at(n, now, s->ring.slot_count * sizeof(*now), offset) < 0)
		return;
	for (i = 0; i < s->ring.slot_count; i++)
		if (now[i] != shmx_load_relaxed(&layout->ring.state[i]))
			s->slot[i] = (struct shmx_inspect_slot){
				.state = SHMX_SLOT_WRITING,
			};
}

static void
take_record_at(struct shmx_inspector *n, int fd, uint64_t offset,
	       size_t bytes)
{
	union {
		struct shmx_record record;
		uint64_t words[SHMX_RECORD_BYTES / 8];
	} copy = { .words = { 0 } };
	struct shmx_inspect_reader *reader;

	if (base_pread_all(fd, &copy, bytes, (off_t)offset) < 0)
		return;
	reader = shmx_survey_record(&n->survey, &copy.record);
	if (reader != NULL)
		shmx_proc_program(reader->pid, reader->program,
				  sizeof(reader->program));
}

static void
take_readers(struct shmx_inspector *n, const struct shmx_header *h)
{
	uint32_t i, inside = BASE_MIN(h->reader_slots, SHMX_READERS_MAX);

	if (h->readers_offset == 0)
		inside = 0;
	for (i = 0; i < inside; i++)
		take_record_at(n, n->data_fd, h->readers_offset +
			       (uint64_t)i * h->reader_stride,
			       BASE_MIN(h->reader_stride,
					sizeof(struct shmx_record)));
	shmx_inspect_find_records(n);
	for (i = 0; i < n->records; i++)
		take_record_at(n, n->record[i].fd, 0,
			       sizeof(struct shmx_record));
}

/* The streams of the latest frame: the heads of its TLVs. */
static void
take_frame(struct shmx_inspector *n)
{
	struct shmx_inspect_ring *r = &n->survey.ring;
	const struct shmx_inspect_slot *slot = n->survey.slot;
	struct {
		struct shmx_tlv tlv;
		struct shmx_stream_tlv stream;
	} head;
	uint64_t at, end;
	unsigned i;

	if (r->latest == 0 || r->latest_slot >= r->slot_count)
		return;
	slot += r->latest_slot;
	if (slot->state != SHMX_SLOT_PUBLISHED)
		return;
	at = r->slots_offset + r->latest_slot * r->slot_bytes +
		sizeof(struct shmx_frame_header);
	end = at + BASE_MIN(slot->payload_bytes, r->slot_bytes -
			    sizeof(struct shmx_frame_header));
	for (i = 0; i < slot->streams && i < SHMX_SURVEY_STREAMS &&
	     at + sizeof(head) <= end; i++) {
		if (base_pread_all(n->data_fd, &head, sizeof(head),
				   (off_t)at) < 0)
			return;
		if (head.tlv.type == SHMX_TLV_FRAME_STREAM &&
		    head.tlv.length <= end - at - sizeof(head.tlv))
			shmx_survey_present(&n->survey, &head.stream);
		at += base_round_up(sizeof(head.tlv) +
				    (uint64_t)head.tlv.length,
				    SHMX_TLV_ALIGN);
	}
}

static int
survey_ours(struct shmx_inspector *n, const struct shmx_header *h,
	    uint64_t bytes)
{
	struct shmx_layout layout;
	struct shmx_ext ext;
	int ret;

	if ((uint64_t)h->ext_offset + sizeof(ext) > bytes)
		return malformed(n, "extension out of bounds");
	ret = read_at(n, &ext, sizeof(ext), h->ext_offset);
	if (ret == 0)
		ret = copy_start(n, ext.map_bytes);
	if (ret == 0)
		ret = shmx_region_check(&layout, n->copy, ext.map_bytes,
					bytes, h->session);
	if (ret < 0)
		return ret;
	/* Of one and the same copy from here on. */
	h = (const void *)n->copy;
	if ((uint64_t)h->slots_offset + (uint64_t)h->slots * h->slot_stride >
	    bytes || h->slot_stride < SHMX_SLOT_HEAD ||
	    (uint64_t)h->readers_offset + (uint64_t)h->reader_slots *
	    h->reader_stride > bytes)
		return malformed(n, "sections out of bounds");
	shmx_survey_ring(&n->survey, &layout, h);
	drop_torn(n, h, &layout);
	shmx_survey_directory(&n->survey, layout.directory.bytes,
			      h->static_used);
	take_readers(n, h);
	return 0;
}

static int
survey_v2(struct shmx_inspector *n, const struct shmx_header *h,
	  uint64_t bytes)
{
	struct shmx_frame_header frame;
	struct shmx_survey_v2 v2;
	const char *fault;
	uint64_t end;
	uint32_t i;
	int ret;

	fault = shmx_survey_v2(&n->survey, h, bytes, &v2);
	if (fault != NULL)
		return malformed(n, fault);
	for (i = 0; i < v2.slots; i++) {
		ret = read_at(n, &frame, sizeof(frame), v2.slots_offset +
			      (uint64_t)i * v2.slot_stride);
		if (ret < 0)
			return ret;
		shmx_survey_v2_slot(&n->survey, i, &frame);
	}
	for (i = 0; i < v2.readers; i++)
		take_record_at(n, n->data_fd, v2.readers_offset +
			       (uint64_t)i * v2.reader_stride, 64);
	/* Beyond 32 bits where the object is longer than a ring may be. */
	end = (uint64_t)v2.static_offset + v2.static_used;
	if (v2.static_used == 0 || v2.static_offset % 8 != 0 ||
	    copy_start(n, end) < 0)
		return 0;
	shmx_survey_directory(&n->survey, n->copy + v2.static_offset,
			      v2.static_used);
	return 0;
}

int
shmx_inspect_copy(struct shmx_inspector *n)
{
	struct shmx_header h;
	struct stat st;
	int ret;

	memset(&n->survey.ring, 0, sizeof(n->survey.ring));
	if (base_sys.fstat(n->data_fd, &st) < 0)
		return base_error(-errno, "cannot look at ring \"%s\": %s",
				  n->name, strerror(errno));
	ret = read_at(n, &h, sizeof(h), 0);
	if (ret < 0)
		return ret;
	if (shmx_v2_is_ours(&h))
		ret = survey_ours(n, &h, (uint64_t)st.st_size);
	else
		ret = survey_v2(n, &h, (uint64_t)st.st_size);
	if (ret == 0)
		take_frame(n);
	return ret;
}
