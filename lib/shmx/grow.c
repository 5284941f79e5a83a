/* SPDX-License-Identifier: MIT */
/*
 * grow.c - a producer goes on in a larger ring
 *
 * A region is never resized, and what a reader has mapped stays as it is: the
 * producer makes another one, with the next generation's number, and has the
 * host send every reader there (MOVED).  The old region is never written again
 * from then on, so whatever is held in it stays valid for as long as its
 * readers keep it mapped.  The producer itself unmaps it; the host keeps it
 * for those who come before there is a frame in the new one.
 *
 * Sequence numbers go on, and readers keep their records: which ring a hold
 * word is about is told by the number in it, messages go on where they were,
 * and a lossless reader is waited for as ever.
 *
 * Runs in the producer's thread, as begin and publish do.
 */
#include "config.h"

#include <shmx/shmx.h>

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

#include "base/copy.h"
#include "base/error.h"
#include "atomic.h"
#include "kill.h"
#include "producer.h"

/* What is asked for, completed with what there is. */
static int
read_options(const struct shmx_producer *p, struct shmx_producer_options *o,
	     const struct shmx_producer_options *given)
{
	struct shmx_producer_options asked;
	int ret;

	ret = given == NULL ? -EINVAL :
		base_copy_struct(&asked, sizeof(asked), given, given->size);
	if (ret < 0)
		return base_error(ret, "options must begin with "
				  "SHMX_PRODUCER_OPTIONS_INIT, and hold "
				  "nothing that this version does not know");
	if (asked.flags != 0 || asked.log != NULL)
		return base_error(-EINVAL, "a ring that grows keeps its flags "
				  "and its log: leave them 0");
	asked.size = sizeof(asked);
	if (asked.slots == 0)
		asked.slots = p->writer.ring.slots;
	if (asked.history == 0)
		asked.history = p->writer.ring.history;
	return shmx_producer_read_options(o, &asked);
}

/* What a ring that grows replaces. */
struct parts {
	struct shmx_region region;
	struct shmx_stream stream;
	struct shmx_outline outline;
	struct shmx_writer writer;
	void *scratch;
	size_t scratch_bytes;
};

/* Numbers that do not begin anew. */
static void
go_on(struct shmx_producer *p, const struct parts *old)
{
	const struct shmx_header *was = old->region.map;
	const struct shmx_ext *before = old->region.ring.ext;
	struct shmx_header *header = p->region.map;
	struct shmx_ext *ext = p->region.ring.ext;

	shmx_store_relaxed(&header->static_generation,
			   shmx_load_relaxed(&was->static_generation) + 1);
	ext->features |= before->features & SHMX_FEATURE_EVERY;
	ext->generation = before->generation + 1;
	ext->first_sequence = p->region.ring.first = old->writer.latest;
	shmx_store_relaxed(&ext->published, old->writer.latest);
	shmx_store_relaxed(&ext->dropped, p->dropped);
	shmx_store_relaxed(&ext->waited_ns,
			   shmx_load_relaxed(&before->waited_ns));
	shmx_writer_init(&p->writer, &p->region.ring);
}

/* Have the readers go over; the old ring says that there is another. */
static int
move(struct shmx_producer *p, uint32_t holds_total, struct shmx_region *old)
{
	struct shmx_ext *ext = old->ring.ext;
	int ret;

	ret = shmx_host_move(&p->host, &p->region, holds_total, old);
	if (ret < 0)
		return base_error(ret, "ring \"%s\" cannot grow: its readers "
				  "were granted more holds than the %" PRIu32
				  " that there would be", p->claim.name,
				  holds_total);
	/* Who has not heard of it looks here whether to nudge us: always. */
	shmx_store_seq_cst(&ext->host_waiting, 1);
	SHMX_KILL_POINT("all moved");
	/* For those who look at the ring alone; their MOVED is there. */
	shmx_store_seq_cst(&ext->host_state, SHMX_HOST_MOVED);
	SHMX_KILL_POINT("grown");
	return 0;
}

static void
put_back(struct shmx_producer *p, const struct parts *parts)
{
	p->region = parts->region;
	p->stream = parts->stream;
	p->outline = parts->outline;
	p->writer = parts->writer;
	p->scratch = parts->scratch;
	p->scratch_bytes = parts->scratch_bytes;
}

static void
destroy(struct shmx_region *region, void *scratch, size_t scratch_bytes)
{
	if (scratch != NULL)
		munmap(scratch, scratch_bytes);
	shmx_region_destroy(region);
}

int
shmx_producer_grow(struct shmx_producer *p,
		   const struct shmx_producer_options *options)
{
	struct parts old = { p->region, p->stream, p->outline, p->writer,
		p->scratch, p->scratch_bytes };
	struct shmx_producer_options o;
	int ret;

	ret = shmx_producer_is_host(p);
	if (ret < 0)
		return ret;
	if (p->region.ring.ext->features & SHMX_FEATURE_RECORDS_INSIDE)
		return base_error(-ENOTSUP, "ring \"%s\" cannot grow: its "
				  "readers' records lie in it", p->claim.name);
	ret = read_options(p, &o, options);
	if (ret < 0)
		return ret;
	p->scratch = NULL;
	p->region = (struct shmx_region){
		.fd = -1, .data_fd = -1, .records_fd = -1,
	};
	ret = shmx_producer_make_region(p, &o);
	if (ret == 0) {
		go_on(p, &old);
		ret = shmx_producer_map_scratch(p);
	}
	if (ret == 0)
		ret = move(p, o.slots - o.history - 1, &old.region);
	if (ret < 0) {
		destroy(&p->region, p->scratch, p->scratch_bytes);
		put_back(p, &old);
		return ret;
	}
	destroy(&old.region, old.scratch, old.scratch_bytes);
	p->grew = true;
	p->last_width = 0;		/* the next frame differs everywhere */
	base_log(&p->log, BASE_LOG_DEBUG, "ring %s: grew to %u slots of %"
		 PRIu32 " bytes", p->claim.name, o.slots,
		 p->region.slot_stride);
	return 0;
}
