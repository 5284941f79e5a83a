/* SPDX-License-Identifier: MIT */
/*
 * readers.c - the set of attached readers, as the writer scans it
 */
#include "config.h"

#include "readers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/sys.h"
#include "atomic.h"
#include "kill.h"
#include "segment.h"

/* All boxes have room for all readers, so that any can follow any. */
static struct shmx_scan_box *
box_create(void)
{
	struct shmx_scan_box *box;

	return base_sys.calloc(1, sizeof(*box) + SHMX_READERS_MAX *
			       sizeof(box->scan.entry[0]));
}

/* A record, in the region or in a memfd. */
static int
find_record(struct shmx_seat *seat, const struct shmx_records *records,
	    const char *name)
{
	char label[sizeof(SHMX_LABEL_RECORD) + SHMX_NAME_MAX];
	void *map;
	int ret;

	if (records->base != NULL) {
		seat->record = shmx_records_take(records);
		seat->records = *records;
		return seat->record != NULL ? 0 : -EUSERS;
	}
	snprintf(label, sizeof(label), SHMX_LABEL_RECORD "%s", name);
	ret = shmx_segment_create(label, SHMX_RECORD_BYTES, SHMX_SEALS_RECORD,
				  &seat->record_fd, &map);
	if (ret == 0)
		seat->record = map;
	return ret;
}

int
shmx_seat_create(struct shmx_seat **out, const struct shmx_records *records,
		 const char *name, uint32_t holds, int *wake_fd)
{
	struct shmx_seat *seat;
	int pair[2], ret = -ENOMEM;

	seat = base_sys.calloc(1, sizeof(*seat));
	if (seat == NULL)
		return -ENOMEM;
	seat->record_fd = seat->wake_fd = -1;
	seat->holds = holds;
	seat->farewell = box_create();
	if (seat->farewell == NULL)
		goto fail;
	ret = find_record(seat, records, name);
	if (ret < 0)
		goto fail;
	if (base_sys.socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
				pair) < 0) {
		ret = -errno;
		goto fail;
	}
	seat->wake_fd = pair[0];
	*wake_fd = pair[1];
	*out = seat;
	return 0;
fail:
	shmx_seat_destroy(seat);
	return ret;
}

int
shmx_seat_borrow(struct shmx_seat **out, struct shmx_record *record,
		 uint64_t id, int wake_fd)
{
	struct shmx_seat *seat = base_sys.calloc(1, sizeof(*seat));

	if (seat == NULL)
		return -ENOMEM;
	seat->record_fd = seat->wake_fd = -1;
	seat->farewell = box_create();
	if (seat->farewell == NULL) {
		shmx_seat_destroy(seat);
		return -ENOMEM;
	}
	seat->record = record;
	seat->lent = true;
	seat->id = id;
	seat->wake_fd = wake_fd;
	*out = seat;
	return 0;
}

void
shmx_seat_destroy(struct shmx_seat *seat)
{
	if (seat == NULL)
		return;
	if (seat->record_fd >= 0)
		shmx_segment_unmap(seat->record, SHMX_RECORD_BYTES);
	else if (seat->record != NULL && !seat->lent)
		shmx_records_free(&seat->records, seat->record);
	base_close(&seat->record_fd);
	base_close(&seat->wake_fd);
	free(seat->farewell);
	free(seat);
}

int
shmx_readers_init(struct shmx_readers *r)
{
	struct shmx_scan_box *box = box_create();

	if (box == NULL)
		return -ENOMEM;
	*r = (struct shmx_readers){ .retired = NULL };
	shmx_store_seq_cst(&r->box, box);
	return 0;
}

static void
free_retired(struct shmx_readers *r)
{
	struct shmx_scan_box *box;

	while ((box = r->retired) != NULL) {
		r->retired = box->next;
		shmx_seat_destroy(box->gone);
		free(box);
	}
}

void
shmx_readers_finish(struct shmx_readers *r)
{
	free_retired(r);
	free(shmx_load_relaxed(&r->box));
	shmx_store_relaxed(&r->box, NULL);
}

const struct shmx_scan *
shmx_readers_enter(struct shmx_readers *r)
{
	shmx_store_seq_cst(&r->busy, 1);		/* A1 */
	return &shmx_load_seq_cst(&r->box)->scan;	/* A2 */
}

void
shmx_readers_leave(struct shmx_readers *r)
{
	shmx_store_release(&r->busy, 0);		/* A3, with B2 */
}

/* B1; gone may be NULL. */
static void
replace(struct shmx_readers *r, struct shmx_scan_box *box,
	struct shmx_seat *gone)
{
	struct shmx_scan_box *old = shmx_load_relaxed(&r->box);

	shmx_store_seq_cst(&r->box, box);
	SHMX_KILL_POINT("B1");
	old->gone = gone;
	old->next = r->retired;
	r->retired = old;
	shmx_readers_collect(r);
}

int
shmx_readers_add(struct shmx_readers *r, struct shmx_seat *seat)
{
	const struct shmx_scan *old = &shmx_load_relaxed(&r->box)->scan;
	struct shmx_scan_box *box = box_create();

	if (box == NULL)
		return -ENOMEM;
	box->scan.count = old->count + 1;
	box->scan.every = old->every + seat->every;
	memcpy(box->scan.entry, old->entry,
	       old->count * sizeof(old->entry[0]));
	box->scan.entry[old->count] = (struct shmx_scan_entry){
		.record = seat->record,
		.holds = seat->holds,
		.wake_fd = seat->wake_fd,
		.id = seat->id,
		.every = seat->every,
	};
	replace(r, box, NULL);
	return 0;
}

void
shmx_readers_remove(struct shmx_readers *r, struct shmx_seat *seat)
{
	const struct shmx_scan *old = &shmx_load_relaxed(&r->box)->scan;
	struct shmx_scan_box *box = seat->farewell;
	uint32_t i;

	seat->farewell = NULL;
	box->scan.every = old->every - seat->every;
	for (i = 0; i < old->count; i++)
		if (old->entry[i].record != seat->record)
			box->scan.entry[box->scan.count++] = old->entry[i];
	replace(r, box, seat);
}

bool
shmx_readers_collect(struct shmx_readers *r)
{
	if (r->retired == NULL)
		return true;
	if (shmx_load_seq_cst(&r->busy) != 0)		/* B2 */
		return false;
	free_retired(r);
	return true;
}
