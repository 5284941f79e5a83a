/* SPDX-License-Identifier: MIT */
/*
 * bench-present - what shmfb_show() costs over the bare requests
 *
 * Both sides have the server read the very same slots of a ring, in the same
 * turn: with memory of its own, the bare client is up to 4 % slower or faster
 * from run to run, by which pages it happened to get. The library's side
 * publishes and holds each frame, too, and that counts as part of showing it.
 * No pixels are written on either side, after a slot's first time.
 *
 * All windows lie over each other, and the one that is at work is raised,
 * because the server draws only what can be seen.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <shmfb/shmfb.h>

#include "base/base.h"
#include "bare.h"
#include "bench.h"

/* One PutImage of lib/shmfb, without the request's header. */
#define PIECE (256 * 1024 - 28)

enum { SLOTS = 8 };

enum mode { AWAITED, IN_FLIGHT, PUT, MODES };

/* Where frames took turns, in the memory of a ring. */
struct turns {
	uint64_t offset[SLOTS];
	unsigned count;
};

/* A window of the library, and the ring that it shows. */
struct view {
	struct shmfb *fb;
	struct shmx_producer *producer;
	struct shmx_reader *reader;
	struct turns turns;		/* of this batch */
};

struct scene {
	struct bare shm;
	struct bare put;		/* with a large socket buffer */
	struct bare plain;
	struct view by_shm;
	struct view by_put;
	struct bench_copy copy;
	struct turns turns[MODES];	/* the library's, to do the same */
};

/* ------------------------------------------------------- the library's -- */

static void
view_open_ring(struct view *v, const char *name,
	       const struct bench_options *o)
{
	struct shmx_reader_options options = SHMX_READER_OPTIONS_INIT;

	options.holds = 3;
	if (shmx_producer_open_image(&v->producer, name, o->width, o->height,
				     SHMX_XRGB8888) < 0 ||
	    shmx_reader_open(&v->reader, name, &options) < 0)
		bench_die("%s", shmx_error());
}

static void
view_open(struct view *v, const char *name, enum shmfb_backend backend,
	  const struct bench_options *o)
{
	struct shmfb_options options = SHMFB_OPTIONS_INIT;

	view_open_ring(v, name, o);
	options.title = name;
	options.width = o->width;
	options.height = o->height;
	options.backend = backend;
	options.flags = SHMFB_FIXED_SIZE;
	options.vsync = SHMFB_VSYNC_OFF;
	if (shmfb_open(&v->fb, &options) < 0)
		bench_die("%s", shmfb_error());
}

static void
view_close(struct view *v)
{
	shmfb_close(v->fb);
	shmx_reader_close(v->reader);
	shmx_producer_close(v->producer);
}

static struct shmfb_stats
view_stats(const struct view *v)
{
	struct shmfb_stats stats;

	shmfb_stats(v->fb, &stats, sizeof(stats));
	return stats;
}

static void
note_turn(struct turns *turns, uint64_t offset)
{
	unsigned i = 0;

	while (i < turns->count && turns->offset[i] != offset)
		i++;
	if (i == turns->count && i < SLOTS)
		turns->offset[turns->count++] = offset;
}

static void
publish(struct view *v)
{
	struct shmx_frame f;

	shmx_begin(v->producer, &f);
	/* A slot's first time. No damage is given: all of it is new. */
	if (f.age == 0)
		memset(f.pixels, 0x60, f.stride * f.height);
	if (!shmx_publish(v->producer, &f))
		bench_die("a frame was dropped");
}

static void
show(struct view *v)
{
	struct shmx_hold *hold;

	publish(v);
	if (shmx_hold_latest(v->reader, &hold) < 0)
		bench_die("%s", shmx_error());
	note_turn(&v->turns, shmx_frame_info(hold)->offset);
	if (shmfb_show(v->fb, hold) < 0)
		bench_die("%s", shmfb_error());
	shmx_release(hold);
}

/* Let a bare client show the same memory. */
static void
view_share(struct view *v, struct bare *bare)
{
	const struct shmx_frame_info *f;
	struct shmx_hold *hold;

	publish(v);
	if (shmx_hold_latest(v->reader, &hold) < 0)
		bench_die("%s", shmx_error());
	f = shmx_frame_info(hold);
	bare_attach(bare, f->memory_fd, f->memory_bytes);
	shmx_release(hold);
}

static void
drop_events(struct view *v)
{
	struct shmfb_event event;

	while (shmfb_next_event(v->fb, &event))
		;
}

/*
 * Until all that was shown is done, asleep in between. What went through the
 * socket may be done when shmfb_show() returns.
 */
static void
wait_idle(struct view *v)
{
	struct pollfd p = { shmfb_fd(v->fb), POLLIN, 0 };

	while (view_stats(v).in_flight) {
		if (poll(&p, 1, -1) < 0 && errno != EINTR)
			bench_die("poll: %s", strerror(errno));
		if (shmfb_dispatch(v->fb) < 0)
			bench_die("%s", shmfb_error());
		drop_events(v);
	}
}

static void
wait_ready(struct view *v)
{
	do {
		if (!shmfb_pump(v->fb))
			bench_die("%s", shmfb_error());
		drop_events(v);
	} while (!shmfb_ready(v->fb));
}

/* Is this what was to be measured? */
static void
view_check(const struct view *v, const char *path,
	   const struct bench_options *o)
{
	struct shmfb_stats stats = view_stats(v);

	if (strcmp(stats.path, path) != 0)
		bench_die("frames went by %s, not by %s: %s", stats.path,
			  path, stats.why);
	if (stats.frames_failed)
		bench_die("the server refused frames");
	if (stats.width != o->width || stats.height != o->height)
		bench_die("the window was resized; is this a server of our "
			  "own? try tests/with-xvfb");
}

/* ------------------------------------------------------------ batches -- */

/* Where the n-th frame is, as the library had it. */
static uint64_t
turn(const struct scene *s, enum mode mode, unsigned n)
{
	return s->turns[mode].offset[n % s->turns[mode].count];
}

static void
bare_awaited(struct bench_row *row)
{
	struct scene *s = row->data;
	unsigned n = 0;

	bare_raise(&s->shm, s->shm.window);
	bench_begin(row);
	do {
		bare_put_shm(&s->shm, turn(s, AWAITED, n++));
		bare_wait_shm(&s->shm, 0);
	} while (bench_lap(row));
}

static void
bare_in_flight(struct bench_row *row)
{
	struct scene *s = row->data;
	unsigned n = 0;

	bare_raise(&s->shm, s->shm.window);
	bench_begin(row);
	do {
		bare_wait_shm(&s->shm, 1);
		bare_put_shm(&s->shm, turn(s, IN_FLIGHT, n++));
	} while (bench_lap(row));
	bare_wait_shm(&s->shm, 0);
}

static void
put_batch(struct bench_row *row, struct scene *s, struct bare *b)
{
	unsigned n = 0;

	bare_raise(b, b->window);
	bench_begin(row);
	do {
		bare_put_socket(b, turn(s, PUT, n++), PIECE);
	} while (bench_lap(row));
}

static void
bare_put(struct bench_row *row)
{
	struct scene *s = row->data;

	put_batch(row, s, &s->put);
}

static void
bare_plain(struct bench_row *row)
{
	struct scene *s = row->data;

	put_batch(row, s, &s->plain);
}

static void
view_begin(struct bench_row *row, struct scene *s, struct view *v)
{
	bare_raise(&s->shm, shmfb_window_id(v->fb));
	v->turns.count = 0;
	bench_begin(row);
}

static void
show_awaited(struct bench_row *row)
{
	struct scene *s = row->data;
	struct view *v = &s->by_shm;

	view_begin(row, s, v);
	do {
		show(v);
		wait_idle(v);
	} while (bench_lap(row));
	s->turns[AWAITED] = v->turns;
}

static void
show_in_flight(struct bench_row *row)
{
	struct scene *s = row->data;
	struct view *v = &s->by_shm;

	view_begin(row, s, v);
	do {
		wait_ready(v);
		show(v);
	} while (bench_lap(row));
	wait_idle(v);
	s->turns[IN_FLIGHT] = v->turns;
}

static void
show_put(struct bench_row *row)
{
	struct scene *s = row->data;
	struct view *v = &s->by_put;

	view_begin(row, s, v);
	do {
		show(v);
		wait_idle(v);
	} while (bench_lap(row));
	s->turns[PUT] = v->turns;
}

static void
memcpy_batch(struct bench_row *row)
{
	struct scene *s = row->data;

	row->data = &s->copy;
	bench_memcpy(row);
	row->data = s;
}

/* --------------------------------------------------------------- rows -- */

/*
 * Those that are compared are neighbours, and both next to such as leave the
 * same in the caches: memcpy, which does not, is at the far end.
 */
enum {
	SHOW_AWAITED,
	BARE_AWAITED,
	SHOW_IN_FLIGHT,
	BARE_IN_FLIGHT,
	SHOW_PUT,
	BARE_PUT,
	BARE_PLAIN,
	MEMCPY,
	ROWS
};

static const struct bench_kind kinds[ROWS] = {
	[SHOW_AWAITED] = { "shmfb-shm", "awaited", 0, false, show_awaited },
	[BARE_AWAITED] = { "bare-shm", "awaited", 0, false, bare_awaited },
	[SHOW_IN_FLIGHT] = { "shmfb-shm", "2 in flight", 0, true,
			     show_in_flight },
	[BARE_IN_FLIGHT] = { "bare-shm", "2 in flight", 0, true,
			     bare_in_flight },
	[SHOW_PUT] = { "shmfb-put", "awaited", 1, false, show_put },
	[BARE_PUT] = { "bare-put", "awaited", 1, false, bare_put },
	[BARE_PLAIN] = { "bare-put-plain", "awaited", 1, false, bare_plain },
	[MEMCPY] = { "memcpy", "6 buffers", 1, false, memcpy_batch },
};

static void
scene_open(struct scene *s, const struct bench_options *o)
{
	bare_open(&s->shm, o->width, o->height);
	if (!bare_fits(&s->shm))
		bench_die("the screen is smaller than %ux%u, and what cannot "
			  "be seen costs nothing; for make bench set "
			  "XVFB_SCREEN=%ux%ux24", o->width, o->height,
			  o->width, o->height);
	bare_open(&s->put, o->width, o->height);
	bare_open(&s->plain, o->width, o->height);
	bare_widen(&s->put);
	view_open(&s->by_shm, "bench-shm", SHMFB_SHM, o);
	view_open(&s->by_put, "bench-put", SHMFB_PUT, o);
	view_share(&s->by_shm, &s->shm);
	view_share(&s->by_put, &s->put);
	view_share(&s->by_put, &s->plain);
	bench_server(bare_server(&s->shm), "server's");
}

static void
scene_close(struct scene *s)
{
	view_close(&s->by_shm);
	view_close(&s->by_put);
	bare_close(&s->shm);
	bare_close(&s->put);
	bare_close(&s->plain);
	free(s->copy.buffer);
}

static void
run(struct scene *s, const struct bench_options *o)
{
	struct bench_row rows[ROWS];
	const struct bench_target targets[] = {
		{ "show, awaited: time over bare",
		  &rows[SHOW_AWAITED], &rows[BARE_AWAITED], 1.03, false, false },
		{ "show, 2 in flight: rate over bare",
		  &rows[SHOW_IN_FLIGHT], &rows[BARE_IN_FLIGHT],
		  0.97, true, false },
		{ "core PutImage: time over bare",
		  &rows[SHOW_PUT], &rows[BARE_PUT], 1.10, false, false },
	};
	struct bench_set set = {
		.options = o, .rows = rows, .count = ROWS,
		.rounds = o->quick ? 40 : 150, .unit = &rows[MEMCPY],
	};

	bench_rows(rows, kinds, ROWS, "present", o, s);
	bench_run(&set);
	view_check(&s->by_shm, "shm-fd", o);
	view_check(&s->by_put, "put", o);
	bench_print(&set, "Whole frames into a window. awaited: until the "
		    "server is done with each;\n2 in flight: the next one is "
		    "sent meanwhile. bare: nothing but the requests.");
	if (!o->json)
		printf("Slots in turn, on both sides: %u awaited, %u with 2 in "
		       "flight.\n", s->turns[AWAITED].count,
		       s->turns[IN_FLIGHT].count);
	bench_verdicts(&set, targets, BASE_ARRAY_SIZE(targets));
	bench_finish(&set);
}

int
main(int argc, char **argv)
{
	struct bench_options options;
	struct scene scene = { 0 };

	bench_options(&options, argc, argv,
		      "What shmfb_show() costs over a client that does "
		      "nothing but send the same requests.");
	scene_open(&scene, &options);
	run(&scene, &options);
	scene_close(&scene);
	return EXIT_SUCCESS;
}
