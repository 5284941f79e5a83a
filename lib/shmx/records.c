/* SPDX-License-Identifier: MIT */
/*
 * records.c - reader records that lie in the region itself
 */
#include "config.h"

#include "records.h"

#include <stdbool.h>

#include "atomic.h"
#include "kill.h"

void
shmx_records_wipe(struct shmx_record *record)
{
	struct shmx_control_ring *control = (void *)
		((char *)record + SHMX_RECORD_CONTROL_OFFSET);
	_Atomic uint64_t *words = (void *)record;
	size_t i, n = sizeof(*record) / sizeof(*words);

	/* Other writers may be looking, and v2.0's inspectors. */
	for (i = 0; i < n; i++)
		if (i != offsetof(struct shmx_record, in_use) /
		    sizeof(*words))
			shmx_store_relaxed(&words[i], 0);
	shmx_store_relaxed(&control->read, 0);
	shmx_store_relaxed(&control->written, 0);
}

/* One of those that are to be avoided, or of the others. */
static struct shmx_record *
take_one(const struct shmx_records *r, bool avoided)
{
	struct shmx_record *record;
	uint32_t i, none;

	for (i = r->count; i-- > 0;) {
		if ((r->avoid >> i & 1) != avoided)
			continue;
		record = shmx_records_at(r, i);
		none = 0;
		/* Acquires what the last owner left. */
		if (shmx_cas_acq_rel(&record->in_use, &none, 1))
			return record;
	}
	return NULL;
}

struct shmx_record *
shmx_records_take(const struct shmx_records *r)
{
	struct shmx_record *record = take_one(r, false);

	if (record == NULL)
		record = take_one(r, true);
	if (record != NULL) {
		SHMX_KILL_POINT("record taken");
		shmx_records_wipe(record);
		shmx_add_relaxed(r->connected, 1);
	}
	return record;
}

void
shmx_records_free(const struct shmx_records *r, struct shmx_record *record)
{
	uint32_t n = shmx_load_relaxed(r->connected);

	shmx_records_wipe(record);
	/* Not below 0: v2.0's clients count themselves, or forget to. */
	while (n != 0 && !shmx_cas_acq_rel(r->connected, &n, n - 1))
		continue;
	SHMX_KILL_POINT("record wiped");
	/* Hands it over, wiped, to who takes it next. */
	shmx_store_release(&record->in_use, 0);
}
