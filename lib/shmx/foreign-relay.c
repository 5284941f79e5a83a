/* SPDX-License-Identifier: MIT */
/*
 * foreign-relay.c - what a reader sends, passed on to a server of SHMX v2.0
 */
#include "config.h"

#include "foreign-relay.h"

#include <unistd.h>

#include "base/base.h"
#include "tlv.h"

void
shmx_relay_init(struct shmx_relay *r, struct shmx_control_ring *from)
{
	shmx_control_in_init(&r->in, from);
	r->type = SHMX_CONTROL_PAD;
}

/* What the reader sent, once.  False when there is nothing. */
static bool
fetch(struct shmx_relay *r)
{
	if (r->type == SHMX_CONTROL_PAD &&
	    shmx_control_take(&r->in, &r->type, &r->bytes, r->data) < 0)
		r->type = SHMX_CONTROL_PAD;
	return r->type != SHMX_CONTROL_PAD;
}

/* A message into the server's ring, at that cursor. */
static void
write_message(const struct shmx_server *to, uint64_t data, uint64_t cursor,
	      struct shmx_tlv tlv, const void *bytes)
{
	uint64_t at = data + cursor % (to->layout.control_bytes -
				       SHMX_V2_CONTROL_HEAD);

	(void)!pwrite(to->fd, &tlv, sizeof(tlv), (off_t)at);
	if (bytes != NULL)
		(void)!pwrite(to->fd, bytes, tlv.length,
			      (off_t)(at + sizeof(tlv)));
}

/* As shmx_control_put(), from outside.  False when there is no room. */
static bool
pass_on(const struct shmx_relay *r, const struct shmx_server *to)
{
	const struct shmx_tlv tlv = { r->type, r->bytes };
	uint64_t at = to->layout.control_offset + (uint64_t)to->record *
		to->layout.control_stride;
	uint64_t data = at + SHMX_V2_CONTROL_HEAD, cursor[2], used;
	uint32_t room = to->layout.control_bytes - SHMX_V2_CONTROL_HEAD;
	uint32_t stride = (uint32_t)base_round_up(sizeof(tlv) + tlv.length,
						  SHMX_TLV_ALIGN);
	uint32_t end, pad;

	if (stride > room)
		return true;	/* shmx_relay_message_max() said so */
	if (!shmx_server_read(to, cursor, sizeof(cursor), at))
		return false;
	used = cursor[1] - cursor[0];
	end = room - (uint32_t)(cursor[1] % room);
	pad = stride > end ? end : 0;
	if (used > room || room - used < pad)
		return false;
	if (pad >= sizeof(tlv))
		write_message(to, data, cursor[1], (struct shmx_tlv){
			SHMX_CONTROL_PAD, pad - (uint32_t)sizeof(tlv) }, NULL);
	cursor[1] += pad;
	/* The pad alone, where there is not room for both. */
	if (room - used >= pad + stride) {
		write_message(to, data, cursor[1], tlv, r->data);
		shmx_server_write_word(to, at + 8, cursor[1] + stride);
		return true;
	}
	shmx_server_write_word(to, at + 8, cursor[1]);
	return false;
}

void
shmx_relay_pass(struct shmx_relay *r, const struct shmx_server *to)
{
	while (fetch(r)) {
		/* Nobody there would ever read it. */
		if (to->layout.control_bytes != 0 &&
		    (!shmx_server_has_record(to) || !pass_on(r, to)))
			return;
		r->type = SHMX_CONTROL_PAD;
	}
}

uint32_t
shmx_relay_message_max(const struct shmx_server *to)
{
	uint32_t room;

	if (to->layout.control_bytes == 0)
		return SHMX_CONTROL_MAX;
	room = to->layout.control_bytes - SHMX_V2_CONTROL_HEAD;
	room -= room % SHMX_TLV_ALIGN;
	return BASE_MIN(room - (uint32_t)sizeof(struct shmx_tlv),
			SHMX_CONTROL_MAX);
}
