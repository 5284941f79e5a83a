/* SPDX-License-Identifier: MIT */
/*
 * v2-inspect.c - look at a region as an inspector of SHMX v2.0 does
 *
 *	v2-inspect NAME
 *
 * The layout, the directory, the readers, what waits in their control rings,
 * and every slot, a line each.  Exits 1 when it is no region.
 */
#include "config.h"

#include "v2.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MAX = 64 };

static void
print_layout(const struct v2_client *c)
{
	printf("session=%016" PRIx64 " bytes=%" PRIu64 " static=%" PRIu32 "+%"
	       PRIu32 " readers=%" PRIu32 "+%" PRIu32 "*%" PRIu32 " control=%"
	       PRIu32 "+%" PRIu32 "*%" PRIu32 " slots=%" PRIu32 "+%" PRIu32
	       "*%" PRIu32 " connected=%" PRIu32 " index=%" PRIu32 "\n",
	       c->session, c->bytes, c->static_offset, c->static_cap,
	       c->readers_offset, c->reader_slots, c->reader_stride,
	       c->control_offset, c->control_per_reader, c->control_stride,
	       c->slots_offset, c->slots, c->slot_stride,
	       atomic_load(&c->h->readers_connected),
	       atomic_load(&c->h->write_index));
}

static void
print_directory(struct v2_client *c)
{
	static struct v2_entry entries[MAX];
	int i, n = v2_refresh_static(c, entries, MAX);

	for (i = 0; i < n && i < MAX; i++)
		printf("stream=%" PRIu32 " name=%s\n",
		       entries[i].desc.stream_id, entries[i].name);
}

static void
print_readers(const struct v2_client *c)
{
	static struct v2_snapshot readers[MAX];
	static struct v2_message m;
	unsigned i, n = v2_inspect_readers(c, readers, MAX);

	for (i = 0; i < n && i < MAX; i++) {
		printf("reader=%" PRIu32 " id=%" PRIu64 " last=%" PRIu64,
		       readers[i].record, readers[i].reader_id,
		       readers[i].last_frame_seen);
		if (v2_peek_control(c, readers[i].record, &m))
			printf(" control=0x%" PRIx32, m.type);
		printf("\n");
	}
}

static void
print_slots(const struct v2_client *c)
{
	struct v2_view view;
	uint32_t i;
	int ret;

	for (i = 0; i < c->slots; i++) {
		ret = v2_inspect_slot(c, i, &view);
		printf("slot=%" PRIu32 " frame=%" PRIu64 " bytes=%" PRIu32
		       " tlvs=%" PRIu32 " %s\n", i, view.frame_id,
		       view.payload_bytes, view.tlv_count,
		       ret == 0 ? "whole" : strerror(-ret));
	}
}

int
main(int argc, char **argv)
{
	struct v2_client c;
	int ret;

	if (argc != 2) {
		fprintf(stderr, "usage: v2-inspect NAME\n");
		return 2;
	}
	ret = v2_inspect_open(&c, argv[1]);
	if (ret < 0) {
		fprintf(stderr, "v2-inspect: %s: %s\n", argv[1],
			strerror(-ret));
		return 1;
	}
	print_layout(&c);
	print_directory(&c);
	print_readers(&c);
	print_slots(&c);
	v2_client_close(&c);
	return 0;
}
