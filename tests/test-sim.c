/* SPDX-License-Identifier: MIT */
/*
 * test-sim.c - the ring under every interleaving, in the simulator
 *
 *	test-sim			the small cases, to the end
 *	test-sim --long			larger ones, and many at random
 *	test-sim --brief		the small ones, to the first failure
 *	test-sim --list			their names
 *	test-sim --case NAME [--model sc|tso|weak]
 *	test-sim --case NAME --replay SCHEDULE	what a failure printed
 *	test-sim --case NAME --runs N [--seed S]	at random
 *
 * The code is lib/shmx/ring.c, ring-multi.c, readers.c and control.c, see
 * sim-ring.c.  The
 * threads here do what a producer's and a reader's threads do, and check what
 * the two promise:
 *
 *	a frame held is not written, and is whole; nor is there a data race
 *	a claim finds a slot, in so many steps
 *	what was announced before a reader looked is not missed
 *	next comes in order, and skips only what left the history
 *	the damage log never gives a box to another frame
 *	who goes to sleep is woken
 *	who is to get every frame does
 *	who dies anywhere takes no slot along, once reaped
 *
 * Then errors are planted, to see that the simulator finds them.
 */
#include "config.h"

#include "sim-atomic.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "shmx/control.h"
#include "shmx/readers.h"
#include "shmx/ring-multi.h"
#include "shmx/ring.h"
#include "shmx/segment.h"
#include "sim-readers.h"

#define SLOTS	SHMX_SLOTS_MAX
#define READERS	3
#define HOLDS	2
#define BOXES	6
#define WRITERS	3
#define FIRST	100			/* of a ring that has grown */
#define FRAMES	40			/* of several writers */

/* What a reader does. */
enum role {
	NOBODY,
	LATEST,			/* holds the latest, again and again */
	NEXT,			/* in order */
	KEEP,			/* keeps one until it has the next */
	SLEEP,			/* sleeps until there is news */
	DAMAGE,			/* asks for the damage as well */
	EVERY,			/* gets every frame, and is waited for */
};

enum {
	SET = 1 << 0,		/* readers come and go: readers.c */
	TWO_STEPS = 1 << 1,	/* a frame is written in two steps */
	OLDEST_FIRST = 1 << 2,	/* the oldest slots are tried first */
	FEW_SLOTS = 1 << 3,	/* too few for every claim */
	HOST_WRITES = 1 << 4,	/* who reaps has a frame as well */
	AVOID = 1 << 7,		/* some slots are taken last */
	NO_E5 = 1 << 18,	/* nobody looks whether the writer waits */
	E4_EARLY = 1 << 19,	/* secured before it is held */
	E1_EARLY = 1 << 20,	/* the writer waits without another pass */
	GROWN = 1 << 17,	/* from a ring with frames that are held */
	CONTROL = 1 << 6,	/* a reader sends messages, all else is idle */
	ONE_MORE = 1 << 5,	/* the first writer has one frame more */
	/* Errors of the threads, for the simulator's own test. */
	EARLY = 1 << 8,		/* publishes before it has written */
	NO_HISTORY = 1 << 9,	/* the writer protects nothing */
	NO_R3 = 1 << 10,	/* holds without a second look */
	LATE_FLAG = 1 << 11,	/* looks before it says that it sleeps */
	LEAVES_EARLY = 1 << 12,	/* leaves the set before it has looked */
	EARLY_WELCOME = 1 << 13, /* welcomed before it is in the set */
	WAKES_FLAGGED = 1 << 14, /* who reaps wakes those with a flag only */
	NO_REAP = 1 << 15,	/* nobody reaps */
	NO_NUDGE = 1 << 16,	/* nobody looks who sleeps */
};

struct scenario {
	const char *name;
	enum { QUICK, QUICK_TSO, ALL, RANDOM } search;
	unsigned writers;		/* 0: one, of ring.c */
	unsigned slots, history, frames, attempts, kills, flags;
	enum role role[READERS];
};

/* All that the threads share. */
struct bench {
	struct shmx_ext ext;
	shmx_a64 state[SLOTS];
	struct shmx_damage_entry damage[SHMX_DAMAGE_ENTRIES];
	struct shmx_writer w;
	struct shmx_readers readers;
	struct shmx_seat seat[READERS];
	shmx_a32 byte[READERS];		/* wake-ups under way */
	shmx_a32 welcome[READERS];
	uint64_t payload[SLOTS];
	int boxes;
	uint8_t held[READERS][SLOTS];	/* by a reader that was told so */
	struct shmx_multi m[WRITERS + 1]; /* the last is the host's */
	uint64_t returned;		/* newest that was published */
	bool published[FRAMES];
	uint64_t seen[READERS];
	struct shmx_control_out out;
	struct shmx_control_in in;
	uint64_t sent, received;
	shmx_a32 nudge;
};

static const struct scenario *sc;
static enum sim_model model;
static struct bench *b;
static struct shmx_slot_meta *meta;
static struct shmx_scan *everybody;	/* where nobody comes or goes */
static struct shmx_record *record[READERS];
static struct shmx_scan_box *box[BOXES];
static int reader_thread[READERS], writer_thread[WRITERS];

static unsigned
holds_of(int r)
{
	return sc->role[r] == NOBODY ? 0 : sc->role[r] == KEEP ? 2 : 1;
}

static bool
waits_for_readers(void)
{
	int r;

	for (r = 0; r < READERS; r++)
		if (sc->role[r] == EVERY)
			return true;
	return false;
}

/* The writer looks at one more if it holds what is not of this ring. */
static unsigned
words_of(int r)
{
	return holds_of(r) + (sc->flags & GROWN && sc->role[r] != NOBODY);
}

static uint64_t
first(void)
{
	return sc->flags & GROWN ? FIRST : 0;
}

static unsigned
all_words(void)
{
	unsigned n = 0;
	int r;

	for (r = 0; r < READERS; r++)
		n += words_of(r);
	return n;
}

/* -------------------------------------- what readers.c asks of the world -- */

static int
box_index(const void *p)
{
	int i;

	for (i = 0; i < BOXES; i++)
		if (p == box[i])
			return i;
	return -1;
}

static void *
sim_calloc(size_t n, size_t size)
{
	(void)n;
	(void)size;
	sim_check(b->boxes < BOXES, "more sets than the scenario has");
	if (b->boxes > 1)
		sim_write(box[b->boxes]);
	return box[b->boxes++];
}

void
sim_free(void *p)
{
	if (box_index(p) >= 0)
		sim_write(p);
}

struct base_sys base_sys = { .calloc = sim_calloc };

void
base_close(int *fd)
{
	*fd = -1;
}

int
shmx_segment_create(const char *label, size_t bytes, int seals, int *fd,
		    void **map)
{
	(void)label;
	(void)bytes;
	(void)seals;
	(void)fd;
	(void)map;
	abort();
}

struct shmx_record *
shmx_records_take(const struct shmx_records *records)
{
	(void)records;
	abort();
}

void
shmx_records_free(const struct shmx_records *records,
		  struct shmx_record *r)
{
	(void)records;
	(void)r;
	abort();
}

void
shmx_segment_unmap(void *map, size_t bytes)
{
	(void)bytes;
	sim_write(map);
}

/* --------------------------------------------------------------- writer -- */

static const struct shmx_scan *
enter(void)
{
	const struct shmx_scan *scan = everybody;
	uint32_t i;

	if (!(sc->flags & SET))
		return scan;
	scan = shmx_readers_enter(&b->readers);
	sim_read((const char *)scan - offsetof(struct shmx_scan_box, scan));
	for (i = 0; i < scan->count; i++)
		sim_read(scan->entry[i].record);
	if (sc->flags & LEAVES_EARLY)
		shmx_readers_leave(&b->readers);
	return scan;
}

static void
leave(const struct shmx_scan *scan)
{
	uint32_t i;

	if (!(sc->flags & SET))
		return;
	sim_read((const char *)scan - offsetof(struct shmx_scan_box, scan));
	for (i = 0; i < scan->count; i++)
		sim_read(scan->entry[i].record);
	if (!(sc->flags & LEAVES_EARLY))
		shmx_readers_leave(&b->readers);
}

static void
check_writer(void)
{
	const char *broken;

	sim_peeking(true);
	broken = shmx_writer_check(&b->w);
	sim_peeking(false);
	if (broken != NULL)
		sim_fail(broken);
}

/* The bound must not rest on which slots the writer likes best. */
static void
prefer(void)
{
	b->w.oldest_first = sc->flags & OLDEST_FIRST;
	b->w.avoid = sc->flags & AVOID ? 1 | b->w.latest << 1 : 0;
}

static int
claim(void)
{
	const struct shmx_scan *scan = enter();
	unsigned n = all_words(), steps;
	int slot;

	prefer();
	sim_count();
	slot = shmx_writer_claim(&b->w, scan);
	steps = sim_counted();
	leave(scan);
	sim_check(slot >= 0 || b->w.behind, "no slot found");
	sim_check(steps <= n + READERS + sc->slots * (n + 2),
		  "too many steps");
	check_writer();
	sim_note("claims slot", (uint64_t)slot);
	return slot;
}

/* As await_room() of lib/shmx/producer.c. */
static int
claim_and_wait(void)
{
	int slot = claim();

	while (slot < 0) {
		/* E2, and E1 once more. */
		shmx_store_seq_cst(&b->ext.host_waiting, 1);
		if (!(sc->flags & E1_EARLY))
			slot = claim();
		if (slot < 0)
			sim_receive(&b->nudge);
	}
	shmx_store_relaxed(&b->ext.host_waiting, 0);
	return slot;
}

static void
write_half(int slot, uint64_t value)
{
	int r;

	for (r = 0; r < READERS; r++)
		sim_check(b->held[r][slot] == 0 ||
			  sim_was_killed(reader_thread[r]),
			  "a held frame is written");
	sim_write(&b->payload[slot]);
	b->payload[slot] = value;
}

static void
write_frame(int slot, uint64_t sequence)
{
	sim_check(b->w.sequence[slot] == 0 ||
		  b->w.sequence[slot] + sc->history <= b->w.latest ||
		  (sc->flags & (NO_HISTORY | EARLY)),
		  "a frame of the history is written");
	if (sc->flags & TWO_STEPS) {
		write_half(slot, 0);
		sim_step();
	}
	write_half(slot, sequence);
}

static void
wake(void)
{
	const struct shmx_scan *scan = enter();
	uint64_t sleepers = shmx_writer_sleepers(scan);
	uint32_t i;

	for (i = 0; i < scan->count; i++)
		if (sleepers >> i & 1)
			sim_send(&b->byte[scan->entry[i].wake_fd]);
	leave(scan);
}

static void
run_writer(int arg)
{
	struct shmx_rect16 rect = { 0, 0, 1, 1 };
	uint64_t i;
	int slot;

	(void)arg;
	for (i = first() + 1; i <= first() + sc->frames; i++) {
		slot = waits_for_readers() ? claim_and_wait() : claim();
		rect.x = (uint16_t)i;
		if (!(sc->flags & EARLY))
			write_frame(slot, i);
		sim_check(shmx_writer_publish(&b->w, rect) == i,
			  "sequences do not follow each other");
		if (sc->flags & EARLY)
			write_frame(slot, i);
		check_writer();
		wake();
	}
}

static uint64_t
announced(void)
{
	return sim_peek(&b->ext.latest) >> 16;
}

/* ------------------------------------------------------ several writers -- */

static void
check_latest(void)
{
	uint64_t l = sim_peek(&b->ext.latest);

	if (l >> 16 != 0)
		sim_check(sim_peek(&b->state[l & 0xffff]) ==
			  SHMX_STATE(SHMX_STATE_PUBLISHED, l >> 16),
			  "latest dangles");
}

static int
claim_among(struct shmx_multi *m)
{
	uint64_t drawn = sim_peek(&b->ext.next_sequence);
	unsigned n = all_words(), steps;
	int slot;

	sim_count();
	slot = shmx_multi_claim(m, everybody);
	steps = sim_counted();
	drawn = sim_peek(&b->ext.next_sequence) - drawn;
	sim_check(slot >= 0 || sc->flags & FEW_SLOTS || drawn >= SIM_TRIES,
		  "no slot found");
	sim_check(steps <= SIM_TRIES * (3 + n + sc->slots * (n + 3)),
		  "too many steps");
	check_latest();
	sim_note("claims slot", (uint64_t)slot);
	return slot;
}

static void
write_among(int slot, uint64_t value)
{
	sim_check((sim_peek(&b->ext.latest) & 0xffff) != (uint64_t)slot,
		  "the latest frame is written");
	if (sc->flags & TWO_STEPS) {
		write_half(slot, 0);
		sim_step();
	}
	write_half(slot, value);
}

static void
publish_among(struct shmx_multi *m, uint64_t value)
{
	uint64_t sequence, before = b->returned;
	int slot = claim_among(m);

	if (slot < 0)
		return;
	write_among(slot, value);
	sequence = shmx_multi_publish(m);
	sim_note("has published", sequence);
	sim_check(sequence != 0, "the slot was lost");
	sim_check(sequence > before, "not in the order of publishing");
	sim_check(!b->published[sequence], "a number is drawn twice");
	sim_check(announced() >= sequence, "published and not announced");
	b->published[sequence] = true;
	if (b->returned < sequence)
		b->returned = sequence;
	check_latest();
	wake();
}

static void
run_one_of_many(int i)
{
	unsigned f;

	for (f = 1; f <= sc->frames + (i == 0 && sc->flags & ONE_MORE); f++)
		publish_among(&b->m[i], (uint64_t)(i + 1) * 100 + f);
}

/* Takes over what a writer leaves, whether it was killed or is through. */
static void
run_host(int arg)
{
	unsigned w, r;

	(void)arg;
	for (w = 0; w < sc->writers; w++) {
		sim_wait_end(writer_thread[w]);
		if (sc->flags & NO_REAP)
			continue;
		shmx_multi_reap(&b->w.ring, w + 1);
		check_latest();
		if (sc->flags & WAKES_FLAGGED) {
			wake();
			continue;
		}
		for (r = 0; r < READERS; r++)
			if (sc->role[r] == SLEEP)
				sim_send(&b->byte[r]);
	}
	if (sc->flags & HOST_WRITES)
		publish_among(&b->m[WRITERS], 1000);
}

/* --------------------------------------------------------------- reader -- */

/* A hold that trusts latest. */
static int
hold_blindly(shmx_a64 *hold, struct shmx_found *f)
{
	uint64_t l = shmx_load_seq_cst(&b->ext.latest);

	if ((l & 0xffff) == SHMX_SLOT_NONE)
		return -EAGAIN;
	*f = (struct shmx_found){ l >> 16, l & 0xffff };
	shmx_store_seq_cst(hold, l + 1);
	return 0;
}

static void
look(int r, const struct shmx_found *f)
{
	(void)r;
	sim_read(&b->payload[f->slot]);
	sim_check((b->payload[f->slot] == f->sequence || sc->writers > 0) &&
		  meta[f->slot].sequence == f->sequence,
		  "a held frame is not what it was");
}

/* So often that a reader gives up. */
static bool
overtaken(uint64_t before)
{
	return announced() >= before + SIM_TRIES;
}

/*
 * A reader that finds a later frame in latest knows nothing of another
 * writer's M7: only that it will see it in the end.
 */
static bool
may_be_unseen(void)
{
	return sc->writers > 0 && model == SIM_WEAK;
}

/* Was a frame there, from before until now, that was skipped? */
static bool
skipped(uint64_t last, uint64_t sequence, const bool *published)
{
	uint64_t q;

	for (q = last + 1; q < sequence; q++)
		if (q + sc->history > announced() &&
		    (sc->writers == 0 || published[q]))
			return true;
	return false;
}

/* Hold a frame after `last`, and check that it is the right one. */
static bool
take(int r, int h, uint64_t last, struct shmx_found *f)
{
	shmx_a64 *hold = &record[r]->hold[h];
	uint64_t before = announced();
	bool published[FRAMES];
	int ret;

	memcpy(published, b->published, sizeof(published));
	*f = (struct shmx_found){ 0, 0 };
	if (sc->role[r] == NEXT) {
		ret = shmx_ring_hold_next(&b->w.ring, hold, last, f);
		sim_check(ret == 0 || before <= last || overtaken(before),
			  "next is missed");
		sim_check(ret < 0 || f->sequence > last, "next goes back");
		sim_check(ret < 0 || f->sequence + sc->history > before,
			  "next has left the history");
		sim_check(ret < 0 || may_be_unseen() ||
			  !skipped(last, f->sequence, published),
			  "next skips what is there");
	} else {
		ret = sc->flags & NO_R3 ? hold_blindly(hold, f) :
			shmx_ring_hold_latest(&b->w.ring, hold, f);
		sim_check(ret == 0 || before == 0 || overtaken(before),
			  "the latest is missed");
		sim_check(ret < 0 || f->sequence >= before,
			  "not the latest");
	}
	sim_check(ret == 0 || ret == -EAGAIN, "the ring is refused");
	sim_check(f->sequence <= announced(), "held before it is announced");
	if (ret < 0)
		return false;
	sim_note("holds frame", f->sequence);
	b->held[r][f->slot]++;
	return true;
}

static void
drop(int r, int h, const struct shmx_found *f)
{
	b->held[r][f->slot]--;
	shmx_ring_release(&record[r]->hold[h]);
}

static void
ask_damage(uint64_t sequence)
{
	struct shmx_rect16 rect;

	if (shmx_ring_damage(&b->w.ring, sequence, &rect))
		sim_check(rect.x == sequence && rect.width == 1,
			  "the damage of another frame");
}

static void
keep_taking(int r)
{
	struct shmx_found f[HOLDS] = { { 0, 0 }, { 0, 0 } };
	int h = 0;
	unsigned i;

	for (i = 0; i < sc->attempts; i++) {
		if (!take(r, h, 0, &f[h]))
			continue;
		look(r, &f[h]);
		h = !h;
		if (f[h].sequence != 0) {
			look(r, &f[h]);
			drop(r, h, &f[h]);
			f[h].sequence = 0;
		}
	}
	if (f[!h].sequence != 0)
		drop(r, !h, &f[!h]);
}

static void
take_often(int r)
{
	struct shmx_found f;
	uint64_t last = 0;
	unsigned i;

	for (i = 0; i < sc->attempts; i++) {
		if (!take(r, 0, last, &f))
			continue;
		look(r, &f);
		last = f.sequence;
		if (sc->role[r] == DAMAGE) {
			ask_damage(last);
			/* Which may be logged and not be published. */
			ask_damage(last + 1);
		}
		drop(r, 0, &f);
	}
}

/* Say "I sleep", then look: the wrong way round. */
static bool
arm_late(int r, uint64_t last)
{
	if (shmx_load_seq_cst(&b->ext.latest) >> 16 != last)
		return false;
	shmx_store_seq_cst(&record[r]->sleeping, 1);
	return true;
}

static void
sleep_between(int r)
{
	struct shmx_found f;
	uint64_t last = 0;
	bool armed;

	/* Of several writers nobody knows what comes last: see at_end(). */
	while (last < first() + sc->frames || sc->writers > 0) {
		armed = sc->flags & LATE_FLAG ? arm_late(r, last) :
			shmx_ring_arm(&b->w.ring, record[r], last);
		if (armed) {
			sim_receive(&b->byte[r]);
			shmx_ring_disarm(record[r]);
		} else if (take(r, 0, last, &f)) {
			look(r, &f);
			last = b->seen[r] = f.sequence;
			drop(r, 0, &f);
		}
	}
}

/* E4 and E5. */
static void
secure(int r, uint64_t sequence)
{
	if (shmx_ring_secure(&b->w.ring, record[r], sequence) &&
	    !(sc->flags & NO_E5))
		sim_send(&b->nudge);
}

/* As begin_every() of lib/shmx/attach.c, and hold.c. */
static void
get_every_frame(int r)
{
	shmx_a64 *hold = &record[r]->hold[0];
	struct shmx_found f;
	uint64_t last = 0;
	int ret;

	if (sc->flags & SET) {
		last = shmx_ring_latest(&b->w.ring);
		last -= last > 0;
		secure(r, last);
	}
	while (last < sc->frames) {
		if (sc->flags & E4_EARLY)
			secure(r, last + 1);
		ret = shmx_ring_hold_every(&b->w.ring, hold, last, &f);
		sim_check(ret == 0 || ret == -EAGAIN, "a frame is lost");
		if (ret == 0) {
			sim_check(f.sequence == last + 1, "not every frame");
			sim_note("holds frame", f.sequence);
			b->held[r][f.slot]++;
			look(r, &f);
			last = f.sequence;
			if (!(sc->flags & E4_EARLY))
				secure(r, last);
			look(r, &f);
			drop(r, 0, &f);
		} else if (shmx_ring_arm(&b->w.ring, record[r], last)) {
			sim_receive(&b->byte[r]);
			shmx_ring_disarm(record[r]);
		}
	}
}

static void
run_reader(int r)
{
	if (sc->flags & SET)
		sim_receive(&b->welcome[r]);
	switch (sc->role[r]) {
	case KEEP:
		keep_taking(r);
		break;
	case SLEEP:
		sleep_between(r);
		break;
	case EVERY:
		get_every_frame(r);
		break;
	default:
		take_often(r);
	}
}

/* -------------------------------------------------------------- service -- */

/* As lib/shmx/host-greet.c. */
static void
keep_every_frame(void)
{
	uint64_t latest = shmx_load_seq_cst(&b->ext.latest) >> 16;

	shmx_store_seq_cst(&record[1]->done_sequence, latest - (latest > 0));
}

/*
 * The first reader is there; when it has left or was killed its holds are
 * granted to the second, if there is one.
 */
static void
run_service(int arg)
{
	(void)arg;
	sim_wait_end(reader_thread[0]);
	shmx_readers_remove(&b->readers, &b->seat[0]);
	if (sc->role[1] != NOBODY) {
		if (sc->flags & EARLY_WELCOME)
			sim_send(&b->welcome[1]);
		if (sc->role[1] == EVERY)
			keep_every_frame();
		if (shmx_readers_add(&b->readers, &b->seat[1]) < 0)
			sim_fail("no memory");
		if (!(sc->flags & EARLY_WELCOME))
			sim_send(&b->welcome[1]);
	}
	/* The writer may wait for who is gone. */
	if (waits_for_readers())
		sim_send(&b->nudge);
	shmx_readers_collect(&b->readers);
}

/* ------------------------------------------------------------- messages -- */

/* As lib/shmx/send.c. */
static void
run_sender(int arg)
{
	uint64_t data[2];
	unsigned i;

	(void)arg;
	for (i = 0; i < sc->attempts; i++) {
		/* A word, then two: the end of the ring falls anywhere. */
		data[0] = data[1] = b->sent + 1;
		if (shmx_control_put(&b->out, (uint32_t)data[0], data,
				     b->sent % 2 == 0 ? 8 : 16) < 0)
			continue;
		b->sent++;
		sim_note("has sent", b->sent);
		if (!(sc->flags & NO_NUDGE) &&
		    shmx_load_seq_cst(&b->ext.host_waiting) != 0)
			sim_send(&b->nudge);
	}
}

static bool
receive(void)
{
	uint32_t type, bytes;
	uint64_t data[SHMX_CONTROL_MAX / 8];
	int ret = shmx_control_take(&b->in, &type, &bytes, data);

	sim_check(ret == 0 || ret == -EAGAIN, "a message is refused");
	if (ret < 0)
		return false;
	b->received++;
	sim_note("has received", b->received);
	sim_check(type == b->received && data[0] == b->received &&
		  bytes == (b->received % 2 == 1 ? 8 : 16) &&
		  (bytes == 8 || data[1] == b->received),
		  "not the message that was sent");
	return true;
}

/* As lib/shmx/service.c. */
static void
run_receiver(int arg)
{
	(void)arg;
	for (;;) {
		if (receive())
			continue;
		shmx_store_seq_cst(&b->ext.host_waiting, 1);
		if (!receive())
			sim_receive(&b->nudge);
		shmx_store_relaxed(&b->ext.host_waiting, 0);
	}
}

static void
make_messages(void)
{
	struct shmx_control_ring *ring = sim_alloc(16 + SHMX_CONTROL_DATA);
	int i;

	shmx_control_in_init(&b->in, ring);
	shmx_control_out_init(&b->out, ring);
	sim_share(&ring->read, 8, "read", 0);
	sim_share(&ring->written, 8, "written", 0);
	for (i = 0; i < SHMX_CONTROL_DATA / 8; i++)
		sim_plain(ring->data + 8 * i, "data", i);
	sim_share(&b->ext.host_waiting, 4, "waiting", 0);
	sim_share(&b->nudge, 4, "nudge", 0);
	sim_thread("sender", run_sender, 0);
	sim_daemon(sim_thread("receiver", run_receiver, 0));
}

/* ---------------------------------------------------------------- setup -- */

static void
share_ring(void)
{
	unsigned i;

	sim_share(&b->ext.latest, 8, "latest", 0);
	for (i = 0; i < sc->slots; i++) {
		sim_share(&b->state[i], 8, "state", (int)i);
		sim_plain(&b->payload[i], "frame", (int)i);
	}
	for (i = 0; i < READERS; i++)
		if (sc->role[i] == DAMAGE)
			break;
	if (i == READERS)
		return;
	for (i = 0; i < SHMX_DAMAGE_ENTRIES; i++) {
		sim_share(&b->damage[i].tag, 8, "tag", (int)i);
		sim_share(&b->damage[i].box, 8, "box", (int)i);
	}
}

static void
make_reader(int r)
{
	unsigned h;

	/* What ring.c does not look at need not be there. */
	record[r] = sim_alloc(320);
	b->seat[r] = (struct shmx_seat){ .record = record[r],
					 .holds = words_of(r), .wake_fd = r,
					 .every = sc->role[r] == EVERY };
	for (h = 0; h < words_of(r); h++) {
		if (h == holds_of(r))
			record[r]->hold[h] = (uint64_t)FIRST << 16 | 1;
		sim_share(&record[r]->hold[h], 8, "hold", r * 10 + (int)h);
	}
	if (sc->role[r] == EVERY)
		sim_share(&record[r]->done_sequence, 8, "done", r);
	if (sc->role[r] == SLEEP || sc->role[r] == EVERY) {
		sim_share(&record[r]->sleeping, 4, "sleeping", r);
		sim_share(&b->byte[r], 4, "byte", r);
	}
	reader_thread[r] = sim_thread("reader", run_reader, r);
	if (sc->role[r] == SLEEP && sc->writers > 0)
		sim_daemon(reader_thread[r]);
	/* The service sees to the first alone. */
	if (sc->kills > 0 && sc->writers == 0 &&
	    (r == 0 || sc->role[r] != EVERY))
		sim_killable(reader_thread[r]);
}

static void
make_set(void)
{
	int i;

	for (i = 0; i < BOXES; i++) {
		box[i] = sim_alloc(sizeof(*box[i]) + SHMX_READERS_MAX *
				   sizeof(box[i]->scan.entry[0]));
		sim_plain(box[i], "set", i);
	}
	sim_plain(record[0], "record", 0);
	if (record[1] != NULL)
		sim_plain(record[1], "record", 1);
	shmx_readers_init(&b->readers);
	b->seat[0].farewell = box[b->boxes++];
	shmx_readers_add(&b->readers, &b->seat[0]);
	sim_share(&b->readers.box, 8, "set", 0);
	sim_share(&b->readers.busy, 4, "busy", 0);
	sim_share(&b->welcome[0], 4, "welcome", 0);
	sim_share(&b->welcome[1], 4, "welcome", 1);
	b->welcome[0] = 1;
	sim_thread("service", run_service, 0);
}

static void
make_writers(const struct shmx_ring *ring)
{
	struct shmx_ring its = *ring;
	unsigned w;

	if (sc->writers == 0) {
		sim_thread("writer", run_writer, 0);
		return;
	}
	sim_share(&b->ext.next_sequence, 8, "next", 0);
	if (sc->flags & NO_HISTORY)
		its.history = 0;
	shmx_multi_init(&b->m[WRITERS], &its, 0);
	for (w = 0; w < sc->writers; w++) {
		shmx_multi_init(&b->m[w], &its, w + 1);
		writer_thread[w] = sim_thread("writer", run_one_of_many,
					      (int)w);
		if (sc->kills > 0)
			sim_killable(writer_thread[w]);
	}
	if (sc->kills > 0)
		sim_thread("host", run_host, 0);
}

static void
setup(void)
{
	struct shmx_ring ring;
	int r;

	if (sc->slots > SLOTS) {
		fprintf(stderr, "%s: more than %d slots\n", sc->name, SLOTS);
		exit(99);
	}
	memset(record, 0, sizeof(record));
	b = sim_alloc(sizeof(*b));
	meta = sim_alloc(sc->slots * sizeof(*meta));
	everybody = sim_alloc(sizeof(*everybody) +
			      READERS * sizeof(everybody->entry[0]));
	ring = (struct shmx_ring){
		.ext = &b->ext, .state = b->state, .meta = meta,
		.damage = b->damage, .slots = sc->slots,
		.history = sc->history, .first = first(),
	};
	shmx_writer_init(&b->w, &ring);
	if (sc->flags & CONTROL) {
		make_messages();
		return;
	}
	if (sc->flags & NO_HISTORY)
		b->w.ring.history = 0;
	share_ring();
	make_writers(&ring);
	for (r = 0; r < READERS; r++) {
		if (sc->role[r] == NOBODY)
			continue;
		make_reader(r);
		everybody->entry[everybody->count++] =
			(struct shmx_scan_entry){ .record = record[r],
						  .holds = words_of(r),
						  .wake_fd = r,
						  .every = sc->role[r] ==
							EVERY };
		everybody->every += sc->role[r] == EVERY;
	}
	if (waits_for_readers()) {
		sim_share(&b->ext.host_waiting, 4, "waiting", 0);
		sim_share(&b->nudge, 4, "nudge", 0);
	}
	if (sc->flags & SET)
		make_set();
}

static void
at_end(void)
{
	const char *broken = sc->writers > 0 ?
		shmx_multi_check(&b->w.ring) : shmx_writer_check(&b->w);
	unsigned i;

	if (broken != NULL)
		sim_fail(broken);
	if (sc->flags & CONTROL) {
		sim_check(b->received == b->sent,
			  "the producer sleeps and there is a message");
		return;
	}
	if (sc->writers > 0) {
		for (i = 0; i < sc->slots; i++)
			sim_check(b->state[i] >> 62 != SHMX_STATE_WRITING,
				  "a dead writer keeps a slot");
		for (i = 0; i < READERS; i++)
			sim_check(sc->role[i] != SLEEP ||
				  b->seen[i] == announced(),
				  "somebody sleeps and there is news");
		return;
	}
	sim_check(b->w.latest == first() + sc->frames, "not all was published");
}

/* ---------------------------------------------------------------- cases -- */

static const struct scenario scenarios[] = {
	/* name  search  writers slots k frames attempts kills flags  readers */
	{ "latest", QUICK, 0, 3, 1, 4, 3, 0, TWO_STEPS, { LATEST } },
	{ "order", QUICK, 0, 3, 1, 4, 3, 0, OLDEST_FIRST, { LATEST } },
	{ "grown", QUICK, 0, 3, 1, 4, 3, 0, GROWN, { LATEST } },
	{ "keep", QUICK, 0, 4, 1, 4, 3, 0, AVOID, { KEEP } },
	{ "next", QUICK, 0, 4, 2, 4, 3, 0, 0, { NEXT } },
	{ "next-3", QUICK, 0, 5, 3, 5, 4, 0, 0, { NEXT } },
	{ "sleep", QUICK, 0, 3, 1, 3, 0, 0, 0, { SLEEP } },
	{ "damage", QUICK, 0, 3, 1, 4, 2, 0, 0, { DAMAGE } },
	{ "mixed", ALL, 0, 5, 2, 3, 2, 0, 0, { LATEST, NEXT } },
	{ "kill", QUICK, 0, 3, 1, 3, 2, 1, SET, { LATEST } },
	{ "leave", QUICK, 0, 3, 1, 2, 1, 0, SET, { LATEST, LATEST } },
	{ "latest-2", ALL, 0, 4, 1, 3, 2, 0, 0, { LATEST, LATEST } },
	{ "leave-2", ALL, 0, 3, 1, 3, 1, 0, SET, { LATEST, LATEST } },
	{ "kill-2", ALL, 0, 3, 1, 3, 1, 1, SET, { LATEST, LATEST } },
	{ "sleep-2", ALL, 0, 4, 1, 2, 0, 0, 0, { SLEEP, SLEEP } },
	{ "two", QUICK, 2, 2, 1, 1, 1, 0, FEW_SLOTS | ONE_MORE, { LATEST } },
	{ "two-twice", ALL, 2, 3, 1, 2, 1, 0, FEW_SLOTS, { LATEST } },
	{ "two-next", QUICK, 2, 4, 2, 1, 2, 0, FEW_SLOTS, { NEXT } },
	{ "two-bound", QUICK, 2, 5, 1, 1, 2, 0, 0, { LATEST } },
	{ "two-kill", ALL, 2, 3, 1, 1, 1, 1, FEW_SLOTS, { LATEST } },
	{ "one-reaped", QUICK, 1, 3, 1, 2, 1, 1, HOST_WRITES, { LATEST } },
	{ "one-sleep", QUICK, 1, 3, 1, 2, 0, 1, 0, { SLEEP } },
	{ "two-sleep", ALL, 2, 3, 1, 1, 0, 0, FEW_SLOTS, { SLEEP } },
	{ "every", QUICK_TSO, 0, 3, 1, 4, 0, 0, 0, { EVERY } },
	{ "every-kill", ALL, 0, 3, 1, 3, 0, 1, SET, { EVERY } },
	{ "every-join", ALL, 0, 3, 1, 3, 0, 0, SET, { LATEST, EVERY } },
	{ "every-2", ALL, 0, 4, 1, 3, 0, 0, 0, { EVERY, EVERY } },
	{ "every-mixed", ALL, 0, 4, 1, 4, 2, 0, 0, { EVERY, LATEST } },
	{ "many-every", RANDOM, 0, 5, 1, 12, 8, 0, 0,
	  { EVERY, KEEP, EVERY } },
	{ "many-after", RANDOM, 0, 4, 2, 12, 4, 1, SET, { KEEP, EVERY } },
	{ "control", QUICK, 0, 3, 1, 0, 4, 0, CONTROL, { NOBODY } },
	{ "many-control", RANDOM, 0, 3, 1, 0, 20, 0, CONTROL, { NOBODY } },
	{ "many-write", RANDOM, 3, 8, 1, 4, 6, 0, 0, { LATEST, LATEST } },
	{ "many-few", RANDOM, 3, 4, 1, 4, 6, 0, FEW_SLOTS | TWO_STEPS,
	  { LATEST, KEEP } },
	{ "many-order", RANDOM, 3, 9, 3, 4, 6, 0, 0, { NEXT } },
	{ "many-reaped", RANDOM, 3, 5, 1, 3, 6, 2, FEW_SLOTS | HOST_WRITES,
	  { LATEST, SLEEP } },
	{ "many-dead", RANDOM, 2, 7, 1, 5, 6, 1, HOST_WRITES, { LATEST } },
	{ "many-keep", RANDOM, 0, 8, 1, 12, 8, 0, TWO_STEPS,
	  { KEEP, KEEP, KEEP } },
	{ "many-next", RANDOM, 0, 7, 3, 12, 8, 0, 0, { NEXT, LATEST, NEXT } },
	{ "many-old", RANDOM, 0, 5, 1, 12, 8, 0, OLDEST_FIRST,
	  { LATEST, LATEST, LATEST } },
	{ "many-kill", RANDOM, 0, 4, 1, 12, 6, 2, SET, { KEEP, KEEP } },
	{ "many-sleep", RANDOM, 0, 5, 1, 8, 0, 0, 0, { SLEEP, SLEEP, SLEEP } },
	{ "many-damage", RANDOM, 0, 6, 2, 12, 8, 0, 0,
	  { DAMAGE, DAMAGE, NEXT } },
};

/*
 * Errors to be found: a wrong order, a load that gives 0, a store left out,
 * or a thread that does the wrong thing.
 */
static const struct plant {
	const char *what, *scenario;
	enum sim_model model;
	struct sim_plant plant;
	unsigned flags;
} plants[] = {
#define ORDER(func, kind, was, is) \
	{ func, SIM_PLANT_ORDER, kind, SIM_##was, SIM_##is }
	{ "R1 acquire", "latest", SIM_WEAK,
	  ORDER("shmx_ring_hold_latest", 'l', SEQ_CST, ACQUIRE), 0 },
	{ "R2 release", "latest", SIM_TSO,
	  ORDER("try_hold", 's', SEQ_CST, RELEASE), 0 },
	{ "R2 release", "latest", SIM_WEAK,
	  ORDER("try_hold", 's', SEQ_CST, RELEASE), 0 },
	{ "R3 acquire", "latest", SIM_WEAK,
	  ORDER("try_hold", 'l', SEQ_CST, ACQUIRE), 0 },
	{ "R5 release", "order", SIM_WEAK,
	  ORDER("shmx_ring_release", 's', SEQ_CST, RELEASE), 0 },
	{ "R5 relaxed", "latest", SIM_TSO,
	  ORDER("shmx_ring_release", 's', SEQ_CST, RELAXED), 0 },
	{ "W2 release", "latest", SIM_TSO,
	  ORDER("try_claim", 's', SEQ_CST, RELEASE), 0 },
	{ "W3 acquire", "latest", SIM_WEAK,
	  ORDER("names", 'l', SEQ_CST, ACQUIRE), 0 },
	{ "W3 relaxed", "latest", SIM_TSO,
	  ORDER("names", 'l', SEQ_CST, RELAXED), 0 },
	{ "W6 release", "sleep", SIM_TSO,
	  ORDER("shmx_writer_publish", 's', SEQ_CST, RELEASE), 0 },
	{ "W7 acquire", "sleep", SIM_WEAK,
	  ORDER("shmx_writer_sleepers", 'l', SEQ_CST, ACQUIRE), 0 },
	{ "W7 clears by a store", "sleep", SIM_TSO,
	  { "shmx_writer_sleepers", SIM_PLANT_STORE, 'c', SIM_SEQ_CST,
	    SIM_RELEASE }, 0 },
	{ "S1 release", "sleep", SIM_TSO,
	  ORDER("shmx_ring_arm", 's', SEQ_CST, RELEASE), 0 },
	{ "S2 acquire", "sleep", SIM_WEAK,
	  ORDER("shmx_ring_arm", 'l', SEQ_CST, ACQUIRE), 0 },
	{ "damage relaxed", "damage", SIM_WEAK,
	  ORDER("log_damage", 's', RELEASE, RELAXED), 0 },
	{ "damage read relaxed", "damage", SIM_WEAK,
	  ORDER("shmx_ring_damage", 'l', ACQUIRE, RELAXED), 0 },
	{ "A1 release", "leave", SIM_TSO,
	  ORDER("shmx_readers_enter", 's', SEQ_CST, RELEASE), 0 },
	{ "A2 acquire", "leave", SIM_WEAK,
	  ORDER("shmx_readers_enter", 'l', SEQ_CST, ACQUIRE), 0 },
	{ "A3 relaxed", "leave", SIM_TSO,
	  ORDER("shmx_readers_leave", 's', RELEASE, RELAXED), 0 },
	{ "B1 release", "leave", SIM_TSO,
	  ORDER("replace", 's', SEQ_CST, RELEASE), 0 },
	{ "B2 acquire", "leave", SIM_WEAK,
	  ORDER("shmx_readers_collect", 'l', SEQ_CST, ACQUIRE), 0 },
	{ "no scan", "latest", SIM_SC,
	  { "names", SIM_PLANT_ZERO, 'l', SIM_SEQ_CST, 0 }, 0 },
	{ "no WRITING", "latest", SIM_SC,
	  { "try_claim", SIM_PLANT_SKIP, 's', SIM_SEQ_CST, 0 }, 0 },
	{ "no hold word", "latest", SIM_SC,
	  { "try_hold", SIM_PLANT_SKIP, 's', SIM_SEQ_CST, 0 }, 0 },
	{ "no flag", "sleep", SIM_SC,
	  { "shmx_ring_arm", SIM_PLANT_SKIP, 's', SIM_SEQ_CST, 0 }, 0 },
	{ "published before it is written", "latest", SIM_SC,
	  { NULL, 0, 0, 0, 0 }, EARLY },
	{ "no history", "next", SIM_SC, { NULL, 0, 0, 0, 0 }, NO_HISTORY },
	{ "no R3", "latest", SIM_SC, { NULL, 0, 0, 0, 0 }, NO_R3 },
	{ "S2 before S1", "sleep", SIM_SC, { NULL, 0, 0, 0, 0 }, LATE_FLAG },
	{ "A3 too early", "leave", SIM_SC, { NULL, 0, 0, 0, 0 },
	  LEAVES_EARLY },
	{ "welcome too early", "leave-2", SIM_SC, { NULL, 0, 0, 0, 0 },
	  EARLY_WELCOME },
	{ "M3 acq_rel", "two", SIM_WEAK,
	  ORDER("try_claim", 'c', SEQ_CST, ACQ_REL), 0 },
	{ "M7 relaxed", "two-next", SIM_TSO,
	  ORDER("shmx_multi_publish", 'c', ACQ_REL, RELAXED), 0 },
	{ "M8 acq_rel", "one-sleep", SIM_WEAK,
	  ORDER("announce", 'c', SEQ_CST, ACQ_REL), 0 },
	{ "no M4", "two", SIM_SC,
	  { "names", SIM_PLANT_ZERO, 'l', SIM_SEQ_CST, 0 }, 0 },
	{ "no M2", "two", SIM_SC, { NULL, 0, 0, 0, 0 }, NO_HISTORY },
	{ "not reaped", "one-reaped", SIM_SC, { NULL, 0, 0, 0, 0 },
	  NO_REAP },
	{ "flagged are woken", "one-sleep", SIM_SC, { NULL, 0, 0, 0, 0 },
	  WAKES_FLAGGED },
	{ "E1 acquire", "every", SIM_WEAK,
	  ORDER("secured", 'l', SEQ_CST, ACQUIRE), 0 },
	{ "E2 release", "every", SIM_TSO,
	  ORDER("claim_and_wait", 's', SEQ_CST, RELEASE), 0 },
	{ "no E4", "every", SIM_SC,
	  { "shmx_ring_secure", SIM_PLANT_SKIP, 's', SIM_SEQ_CST, 0 }, 0 },
	{ "E5 acquire", "every", SIM_WEAK,
	  ORDER("shmx_ring_is_awaited", 'l', SEQ_CST, ACQUIRE), 0 },
	{ "no E1", "every", SIM_SC,
	  { "secured", SIM_PLANT_HUGE, 'l', SIM_SEQ_CST, 0 }, 0 },
	{ "no E5", "every", SIM_SC, { NULL, 0, 0, 0, 0 }, NO_E5 },
	{ "E4 before R2", "every", SIM_SC, { NULL, 0, 0, 0, 0 }, E4_EARLY },
	{ "no E1 after E2", "every", SIM_SC, { NULL, 0, 0, 0, 0 },
	  E1_EARLY },
	{ "C1 relaxed", "control", SIM_WEAK,
	  ORDER("shmx_control_put", 'l', ACQUIRE, RELAXED), 0 },
	{ "C3 release", "control", SIM_TSO,
	  ORDER("shmx_control_put", 's', SEQ_CST, RELEASE), 0 },
	{ "D1 acquire", "control", SIM_WEAK,
	  ORDER("look", 'l', SEQ_CST, ACQUIRE), 0 },
	{ "D1 relaxed", "control", SIM_WEAK,
	  ORDER("look", 'l', SEQ_CST, RELAXED), 0 },
	{ "D3 relaxed", "control", SIM_WEAK,
	  ORDER("shmx_control_take", 's', RELEASE, RELAXED), 0 },
	{ "nobody nudges", "control", SIM_SC, { NULL, 0, 0, 0, 0 },
	  NO_NUDGE },
#undef ORDER
};

static const char *const model_names[] = { "sc", "tso", "weak" };

static struct sim_result result;
static int tests, failures;

static const struct scenario *
scenario(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
		if (strcmp(scenarios[i].name, name) == 0)
			return &scenarios[i];
	fprintf(stderr, "test-sim: no case %s\n", name);
	exit(2);
}

static void
report(bool good, const struct sim_options *o, const char *what)
{
	printf("%sok %d - %s, %s%s: %llu %s, %llu steps, %llu ends, %.1f s\n",
	       good ? "" : "not ", ++tests, sc->name, model_names[o->model],
	       what, (unsigned long long)(o->runs > 0 ? result.ends :
					  result.states),
	       o->runs > 0 ? "schedules" : "states",
	       (unsigned long long)result.steps,
	       (unsigned long long)result.ends, result.seconds);
	fflush(stdout);
	failures += !good;
}

/* Print how it came to the failure, step by step. */
static void
explain(const struct sim_options *o)
{
	struct sim_options again = *o;
	static char schedule[sizeof(result.schedule)];

	printf("# %s\n# schedule: %s\n", result.failure, result.schedule);
	if (o->runs > 0)
		printf("# seed: %llu\n", (unsigned long long)result.seed);
	memcpy(schedule, result.schedule, sizeof(schedule));
	again.runs = 0;
	again.replay = schedule;
	again.trace = true;
	sim_run(setup, at_end, &again, &result);
}

static bool brief;			/* stop at the first failure */

static void
run(const char *name, struct sim_options o)
{
	sc = scenario(name);
	model = o.model;
	o.kills = sc->kills;
	sim_run(setup, at_end, &o, &result);
	report(result.failure == NULL, &o, o.runs > 0 ? ", at random" :
	       result.exhausted ? "" : ", not to the end");
	if (result.failure == NULL)
		return;
	if (brief) {
		printf("# failure: %s, %s: %s\n", sc->name,
		       model_names[o.model], result.failure);
		exit(1);
	}
	explain(&o);
}

static void
find_planted(const struct plant *p)
{
	struct scenario wrong = *scenario(p->scenario);
	struct sim_options o = { .model = p->model, .plant = p->plant,
				 .states_max = 4000000 };
	static struct sim_result found;
	char what[160];

	wrong.flags |= p->flags;
	sc = &wrong;
	model = o.model;
	o.kills = wrong.kills;
	sim_run(setup, at_end, &o, &result);
	found = result;
	snprintf(what, sizeof(what), " finds \"%s\": %s", p->what,
		 result.failure == NULL ? "nothing" : result.failure);
	report(result.failure != NULL, &o, what);
	if (found.failure == NULL)
		return;
	/* The schedule leads there again. */
	o.replay = found.schedule;
	sim_run(setup, at_end, &o, &result);
	if (result.failure == NULL || strcmp(result.failure, found.failure))
		printf("not ok %d - replay\n", ++tests), failures++;
}

static void
usage(void)
{
	fputs("usage: test-sim [--long | --brief | --list | --case NAME "
	      "[--model sc|tso|weak]\n\t[--replay SCHEDULE | "
	      "--runs N [--seed N]] [--seconds N]]\n", stderr);
	exit(2);
}

static enum sim_model
model_of(const char *name)
{
	int m;

	for (m = SIM_SC; m <= SIM_WEAK; m++)
		if (strcmp(name, model_names[m]) == 0)
			return (enum sim_model)m;
	usage();
	return SIM_SC;
}

/* The quick ones; or all, each for at most so many seconds. */
static void
run_all(bool quick, struct sim_options o)
{
	size_t i;

	for (i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		const struct scenario *s = &scenarios[i];

		if (quick && s->search == ALL)
			continue;
		o.runs = s->search != RANDOM ? 0 : quick ? 1500 : UINT64_MAX;
		for (o.model = SIM_TSO; o.model <= SIM_WEAK; o.model++)
			if (!quick || brief || o.model == SIM_TSO ||
			    s->search != QUICK_TSO)
				run(s->name, o);
	}
	for (i = 0; !brief && i < sizeof(plants) / sizeof(plants[0]); i++)
		find_planted(&plants[i]);
}

int
main(int argc, char **argv)
{
	struct sim_options o = { .model = SIM_TSO, .seed = 1, .depth = 3 };
	const char *name = NULL, *value;
	bool all = false;
	size_t s;
	int i;

	for (i = 1; i < argc; i++) {
		value = i + 1 < argc ? argv[i + 1] : "";
		if (strcmp(argv[i], "--long") == 0) {
			all = true;
			continue;
		} else if (strcmp(argv[i], "--brief") == 0) {
			brief = true;
			o.states_max = 3000000;
			continue;
		} else if (strcmp(argv[i], "--list") == 0) {
			for (s = 0; s < sizeof(scenarios) /
			     sizeof(scenarios[0]); s++)
				puts(scenarios[s].name);
			return 0;
		}
		if (strcmp(argv[i], "--case") == 0)
			name = value;
		else if (strcmp(argv[i], "--model") == 0)
			o.model = model_of(value);
		else if (strcmp(argv[i], "--replay") == 0)
			o.replay = value, o.trace = true;
		else if (strcmp(argv[i], "--runs") == 0)
			o.runs = strtoull(value, NULL, 10);
		else if (strcmp(argv[i], "--seed") == 0)
			o.seed = strtoull(value, NULL, 10);
		else if (strcmp(argv[i], "--seconds") == 0)
			o.seconds = strtod(value, NULL);
		else
			usage();
		i++;
	}
	if (name != NULL) {
		run(name, o);
	} else {
		if (all) {
			o.states_max = 12000000;
			if (o.seconds <= 0)
				o.seconds = 15;
		}
		run_all(!all, o);
	}
	printf("1..%d\n", tests);
	return failures > 0;
}
