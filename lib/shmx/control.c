/* SPDX-License-Identifier: MIT */
/*
 * control.c - messages from a reader to the producer, in the reader's record
 *
 *	reader				producer
 *	C1 read, for the room		D1 written, for what there is
 *	C2 write the message		D2 copy the message
 *	C3 written = its end		D3 read = its end
 *
 * C2 happens before C3, which D1 acquires; D2 before D3, which C1 acquires.
 * A reader that is killed before C3 has said nothing: no part of a message is
 * ever seen.
 *
 * C3 and D1 are seq_cst.  The producer that is going to sleep sets
 * ext.host_waiting, then looks once more (D1); the reader loads host_waiting
 * after C3, and nudges.  One of the two sees the other, as in ring.c.
 *
 * Neither side believes a number of the other's.  The producer loads each
 * once, checks it before it calculates with it, and copies before it looks.
 */
#include "config.h"

#include "control.h"

#include <errno.h>
#include <string.h>

#include "atomic.h"
#include "kill.h"

static uint32_t
stride_of(uint32_t bytes)
{
	const uint32_t align = SHMX_TLV_ALIGN;

	return ((uint32_t)sizeof(struct shmx_tlv) + bytes + align - 1) &
		~(align - 1);
}

/* --------------------------------------------------------------- reader -- */

int
shmx_control_out_init(struct shmx_control_out *out,
		      struct shmx_control_ring *ring)
{
	uint64_t read = shmx_load_acquire(&ring->read);
	uint64_t written = shmx_load_relaxed(&ring->written);

	if (written % SHMX_TLV_ALIGN != 0 || written - read > SHMX_CONTROL_DATA)
		return -EPROTO;
	*out = (struct shmx_control_out){ ring, written, read };
	return 0;
}

static void
write_tlv(struct shmx_control_out *out, uint32_t type, uint32_t length,
	  const void *data)
{
	const struct shmx_tlv tlv = { type, length };
	unsigned char *to = out->ring->data + out->written % SHMX_CONTROL_DATA;

	shmx_write_words(to, &tlv, sizeof(tlv));
	if (data != NULL)
		shmx_write_words(to + sizeof(tlv), data, length);
}

int
shmx_control_put(struct shmx_control_out *out, uint32_t type,
		 const void *data, uint32_t bytes)
{
	uint32_t stride = stride_of(bytes);
	uint32_t end = SHMX_CONTROL_DATA -
		(uint32_t)(out->written % SHMX_CONTROL_DATA);
	uint32_t pad = stride > end ? end : 0;
	uint64_t room = SHMX_CONTROL_DATA - (out->written - out->read);
	uint64_t read;

	if (room < pad + stride) {
		read = shmx_load_acquire(&out->ring->read);	/* C1 */
		if (out->written - read > SHMX_CONTROL_DATA)
			return -EPROTO;
		out->read = read;
		room = SHMX_CONTROL_DATA - (out->written - out->read);
	}
	if (room < pad)
		return -ENOBUFS;
	if (pad != 0) {
		write_tlv(out, SHMX_CONTROL_PAD,
			  pad - (uint32_t)sizeof(struct shmx_tlv), NULL);
		out->written += pad;
	}
	if (room < pad + stride) {
		SHMX_KILL_POINT("C2 pad");
		/*
		 * The pad goes alone, so that the longest message finds a
		 * ring that is empty from its start when it is tried again.
		 */
		shmx_store_release(&out->ring->written, out->written);
		return -ENOBUFS;
	}
	write_tlv(out, type, bytes, data);				/* C2 */
	SHMX_KILL_POINT("C2");
	out->written += stride;
	/* C3: pairs with D1; Dekker with host_waiting. */
	shmx_store_seq_cst(&out->ring->written, out->written);
	SHMX_KILL_POINT("C3");
	return 0;
}

/* ------------------------------------------------------------- producer -- */

void
shmx_control_in_init(struct shmx_control_in *in,
		     struct shmx_control_ring *ring)
{
	*in = (struct shmx_control_in){ ring, 0, 0 };
	shmx_store_relaxed(&ring->read, 0);
	shmx_store_relaxed(&ring->written, 0);
}

int
shmx_control_in_join(struct shmx_control_in *in,
		     struct shmx_control_ring *ring)
{
	uint64_t read = shmx_load_acquire(&ring->read);

	if (read % SHMX_TLV_ALIGN != 0)
		return -EPROTO;
	*in = (struct shmx_control_in){ ring, read, read };
	return 0;
}

/* D1.  Is there a message? */
static int
look(struct shmx_control_in *in)
{
	uint64_t written;

	if (in->written != in->read)
		return 0;
	written = shmx_load_seq_cst(&in->ring->written);
	if (written % SHMX_TLV_ALIGN != 0 ||
	    written - in->read > SHMX_CONTROL_DATA)
		return -EPROTO;
	in->written = written;
	return written == in->read ? -EAGAIN : 0;
}

/* D2 for one message, or the pad.  Its stride, or -EPROTO. */
static int
copy_out(const struct shmx_control_in *in, struct shmx_tlv *tlv, void *data)
{
	uint32_t at = (uint32_t)(in->read % SHMX_CONTROL_DATA), stride;
	const unsigned char *from = in->ring->data + at;

	shmx_copy_words(tlv, from, sizeof(*tlv));
	if (tlv->length > SHMX_CONTROL_MAX)
		return -EPROTO;
	stride = stride_of(tlv->length);
	if (stride > SHMX_CONTROL_DATA - at ||
	    stride > in->written - in->read)
		return -EPROTO;
	if (tlv->type != SHMX_CONTROL_PAD)
		shmx_copy_words(data, from + sizeof(*tlv),
				(tlv->length + 7) & ~UINT32_C(7));
	return (int)stride;
}

int
shmx_control_take(struct shmx_control_in *in, uint32_t *type,
		  uint32_t *bytes, void *data)
{
	const uint64_t end = in->read + SHMX_CONTROL_DATA;
	struct shmx_tlv tlv;
	int ret;

	do {
		/* One pad fills the end; who writes more of them never ends. */
		if (in->read >= end)
			return -EPROTO;
		ret = look(in);
		if (ret < 0)
			return ret;
		ret = copy_out(in, &tlv, data);
		if (ret < 0)
			return ret;
		in->read += (uint32_t)ret;
		/* D3: pairs with C1. */
		shmx_store_release(&in->ring->read, in->read);
	} while (tlv.type == SHMX_CONTROL_PAD);
	*type = tlv.type;
	*bytes = tlv.length;
	return 0;
}

void
shmx_control_keep(struct shmx_control_in *in, struct shmx_control_ring *copy)
{
	uint64_t written = shmx_load_seq_cst(&in->ring->written);	/* D1 */

	shmx_copy_words(copy->data, in->ring->data, sizeof(copy->data));
	shmx_store_relaxed(&copy->written, written);
	/* D3, for all of it. */
	shmx_store_release(&in->ring->read, written);
	in->ring = copy;
}
