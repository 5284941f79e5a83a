/* SPDX-License-Identifier: MIT */
/*
 * guests.c - readers of SHMX v2.0, who come and go without a word
 *
 * A client takes a record by in_use 0 -> 1, then gives itself a random
 * reader_id, which it stores as 0 before it sets in_use back.  A record that
 * is in use without an id belongs to somebody who is coming or going, or was
 * killed doing so.
 *
 * The control ring of a record goes from one client to the next as it is.
 * What a client leaves there is drained, for it, before anybody else's is
 * looked at; and the ring starts anew when the host gets hold of the record in
 * between.
 */
#include "config.h"

#include "guests.h"

#include <errno.h>

#include "base/clock.h"
#include "atomic.h"
#include "control.h"
#include "v2.h"

/* It left, or was replaced by another. */
static void
part(struct shmx_guests *g, uint32_t i)
{
	struct shmx_guest *guest = &g->guest[i];
	struct shmx_record *record = shmx_records_at(g->records, i);
	uint32_t none = 0;

	shmx_mail_close(g->mail, guest->box);
	*guest = (struct shmx_guest){ .id = 0 };
	g->now--;
	g->left++;
	if (!shmx_cas_acq_rel(&record->in_use, &none, 1))
		return;
	/* Ours for an instant. */
	shmx_records_wipe(record);
	shmx_store_release(&record->in_use, 0);
}

static void
welcome(struct shmx_guests *g, uint32_t i, uint64_t reader_id)
{
	struct shmx_guest *guest = &g->guest[i];
	struct shmx_record *record = shmx_records_at(g->records, i);

	int ret;

	ret = shmx_mailbox_join(&guest->box, shmx_record_control(record),
				*g->serial + 1, 0, SHMX_GUEST_LABEL);
	/* It is met at the next look. */
	if (ret == -ENOMEM)
		return;
	if (ret == 0)
		shmx_mail_open(g->mail, guest->box);
	guest->id = ++*g->serial;
	guest->reader_id = reader_id;
	g->now++;
	g->came++;
}

/* When did its heartbeat change, by our own clock? */
static void
feel_pulse(struct shmx_guest *guest, const struct shmx_record *record)
{
	uint64_t heartbeat = shmx_load_relaxed(&record->heartbeat);

	if (guest->since_ns != 0 && heartbeat == guest->heartbeat)
		return;
	guest->heartbeat = heartbeat;
	guest->since_ns = base_now_ns();
}

static bool
look_at(struct shmx_guests *g, uint32_t i)
{
	struct shmx_record *record = shmx_records_at(g->records, i);
	struct shmx_guest *guest = &g->guest[i];
	bool is_there = shmx_v2_is_guest(record), news = false;
	uint64_t id, written;

	id = is_there ? shmx_load_acquire(&record->reader_id) : 0;
	if (guest->id != 0 && id != guest->reader_id) {
		part(g, i);
		news = true;
	}
	if (!is_there) {
		*guest = (struct shmx_guest){ .id = 0 };
		return news;
	}
	feel_pulse(guest, record);
	if (guest->id == 0 && id != 0) {
		welcome(g, i, id);
		news = true;
	}
	written = shmx_load_relaxed(&shmx_record_control(record)->written);
	news |= written != guest->written;
	guest->written = written;
	return news;
}

/*
 * Clients count themselves, and some do after they were reaped.  A number that
 * is as wrong as it was the last time is no client halfway in or out.
 */
static void
correct_count(struct shmx_guests *g)
{
	uint32_t said = shmx_load_relaxed(g->records->connected);
	uint32_t i, n = 0;

	for (i = 0; i < g->records->count; i++)
		n += shmx_load_relaxed(&shmx_records_at(g->records, i)
				       ->in_use) != 0;
	if (said - n != g->miscounted)
		g->miscounted = said - n;
	else if (said != n)
		(void)shmx_cas_acq_rel(g->records->connected, &said, n);
}

bool
shmx_guests_look(struct shmx_guests *g)
{
	bool news = false;
	uint32_t i;

	if (g->records == NULL)
		return false;
	for (i = 0; i < g->records->count; i++)
		news |= look_at(g, i);
	correct_count(g);
	return news;
}

bool
shmx_guests_mute(struct shmx_guests *g, const struct shmx_mailbox *box)
{
	uint32_t i;

	for (i = 0; g->records != NULL && i < g->records->count; i++)
		if (g->guest[i].box == box) {
			shmx_mail_close(g->mail, g->guest[i].box);
			g->guest[i].box = NULL;
			return true;
		}
	return false;
}

static void
reap(struct shmx_guests *g, uint32_t i)
{
	struct shmx_record *record = shmx_records_at(g->records, i);

	if (g->guest[i].id != 0)
		part(g, i);
	g->guest[i] = (struct shmx_guest){ .id = 0 };
	/*
	 * Should it live, it will go on to write here, and one day store 0 to
	 * in_use: one of ours gets this record last.
	 */
	g->records->avoid |= UINT64_C(1) << i;
	shmx_records_free(g->records, record);
}

unsigned
shmx_guests_reap(struct shmx_guests *g, uint64_t timeout_ns)
{
	uint64_t now = base_now_ns();
	unsigned n = 0;
	uint32_t i;

	(void)shmx_guests_look(g);
	for (i = 0; g->records != NULL && i < g->records->count; i++)
		if (g->guest[i].since_ns != 0 &&
		    now - g->guest[i].since_ns >= timeout_ns &&
		    now >= g->guest[i].since_ns) {
			reap(g, i);
			n++;
		}
	return n;
}

void
shmx_guests_finish(struct shmx_guests *g)
{
	uint32_t i;

	for (i = 0; g->records != NULL && i < g->records->count; i++)
		shmx_mail_close(g->mail, g->guest[i].box);
	g->records = NULL;
}
