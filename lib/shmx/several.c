/* SPDX-License-Identifier: MIT */
/*
 * several.c - a producer among several, the host or one that joined
 *
 * Each claims and publishes by itself (ring-multi.c), and looks at the hold
 * words of every record there is, in use or not: who is a reader need not be
 * known for that.  It needs to be known to wake one, by a descriptor.  The
 * host has them; who joined is told by the host, and nudges it when it finds
 * somebody asleep whom it has not been told of.
 */
#include "config.h"

#include "producer.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/sys.h"
#include "atomic.h"
#include "kill.h"

int
shmx_several_init(struct shmx_producer *p, uint32_t owner)
{
	const struct shmx_records *records = &p->region.records;
	struct shmx_scan *scan;
	uint32_t i;

	scan = base_sys.calloc(1, sizeof(*scan) + records->count *
			       sizeof(scan->entry[0]));
	if (scan == NULL)
		return base_error(-ENOMEM, "out of memory");
	scan->count = records->count;
	for (i = 0; i < records->count; i++)
		scan->entry[i] = (struct shmx_scan_entry){
			.record = shmx_records_at(records, i),
			.holds = SHMX_HOLDS_MAX,
			.wake_fd = -1,
		};
	p->everybody = scan;
	shmx_multi_init(&p->multi, &p->region.ring, owner);
	return 0;
}

void
shmx_several_finish(struct shmx_producer *p)
{
	if (p->everybody == NULL)
		return;
	shmx_multi_abandon(&p->multi);
	SHMX_KILL_POINT("abandoned");
	free(p->everybody);
}

int
shmx_several_claim(struct shmx_producer *p)
{
	int slot;

	if (p->join != NULL && shmx_join_is_lost(p))
		return -1;
	slot = shmx_multi_claim(&p->multi, p->everybody);
	/* What others wrote there is not what we remember. */
	if (slot >= 0)
		p->outline.head[slot] = 0;
	return slot;
}

/* M9, for those whom we can wake; the others' flags stay up. */
static bool
wake_known(struct shmx_producer *p)
{
	const struct shmx_scan *scan = shmx_readers_enter(&p->readers);
	uint64_t sleepers = shmx_writer_sleepers(scan);
	const struct shmx_scan_entry *e = scan->entry;
	bool all = true;

	for (; sleepers != 0; e++, sleepers >>= 1) {
		if (!(sleepers & 1))
			continue;
		(void)send(e->wake_fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
		p->wakes++;
		/*
		 * Has its record another reader, we cleared that one's flag,
		 * which came after its number.
		 */
		if (e->id != 0 &&
		    shmx_load_relaxed(&e->record->reader_id) != e->id)
			all = false;
	}
	shmx_readers_leave(&p->readers);
	return all;
}

static bool
is_anybody_asleep(const struct shmx_scan *everybody)
{
	uint32_t i;

	for (i = 0; i < everybody->count; i++)
		/* M9: Dekker with S1. */
		if (shmx_load_seq_cst(&everybody->entry[i].record->sleeping))
			return true;
	return false;
}

uint64_t
shmx_several_publish(struct shmx_producer *p)
{
	uint64_t sequence = shmx_multi_publish(&p->multi);

	if (sequence == 0)
		return 0;
	p->published++;
	shmx_add_relaxed(&p->region.ring.ext->published, 1);
	if (!wake_known(p) ||
	    (p->join != NULL && is_anybody_asleep(p->everybody)))
		shmx_join_nudge(p->join);
	SHMX_KILL_POINT("M9");
	return sequence;
}

int
shmx_producer_is_host(const struct shmx_producer *p)
{
	return p->join == NULL ? 0 :
		base_error(-ENOTSUP, "this is for the producer that opened "
			   "ring \"%s\", not for who joined it",
			   p->claim.name);
}
