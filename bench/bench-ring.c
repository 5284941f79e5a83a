/* SPDX-License-Identifier: MIT */
/*
 * bench-ring - what the ring costs: publish, hold, release, transport
 *
 * The first table is the protocol alone: no pixel is written or read, so it
 * must not know how large the frames are. Readers are *idle* when they are
 * attached and neither hold nor sleep; the writer looks at their hold words
 * all the same. *Cold* is publishing right after a whole frame was written,
 * which has driven the words of the ring out of the near caches.
 *
 * The second is a frame's way from one process to another: written whole by
 * the one, read whole by the other, where it lies. The bare loop has the same
 * memory traffic and the same two counters to take turns by, and no protocol.
 */
#include "config.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <shmx/shmx.h>

#include "base/base.h"
#include "base/clock.h"
#include "bench.h"

enum { IDLE = 8 };

/* Operations a lap: enough for the clock to be cheap. */
enum { PUBLISHES = 500, HOLDS = 50 };

static char *
ring_name(char name[32], const char *what)
{
	snprintf(name, 32, "bench-%d-%s", (int)getpid(), what);
	return name;
}

/* NULL when there is no memory for it; ends us when it is something else. */
static struct shmx_producer *
open_producer(const char *name, unsigned width, unsigned height,
	      unsigned slots)
{
	const struct shmx_stream stream = {
		.kind = SHMX_STREAM_IMAGE, .id = 1, .name = "bench",
		.width = width, .height = height, .format = SHMX_XRGB8888,
	};
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	struct shmx_producer *p;
	int ret;

	o.streams = &stream;
	o.stream_count = 1;
	o.slots = slots;
	ret = shmx_producer_open(&p, name, &o);
	if (ret < 0 && ret != -ENOMEM)
		bench_die("%s", shmx_error());
	return ret < 0 ? NULL : p;
}

static struct shmx_reader *
open_reader(const char *name)
{
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	struct shmx_reader *r;

	o.holds = 1;
	if (shmx_reader_open(&r, name, &o) < 0)
		bench_die("%s", shmx_error());
	return r;
}

static void
publish(struct shmx_producer *p)
{
	struct shmx_frame f;

	shmx_begin(p, &f);
	if (!shmx_publish(p, &f))
		bench_die("a frame was dropped");
}

/* ------------------------------------------------------- the protocol -- */

/* A ring of one size, all in this process. */
struct ring {
	char name[32];
	struct shmx_producer *producer;
	struct shmx_reader *idle[IDLE];
	struct shmx_reader *reader;	/* the one that holds */
};

/* One measurement. */
struct cost {
	struct ring *ring;
	unsigned idle;
	enum what { PUBLISH, HOLD, RELEASE, HOLD_RELEASE, COLD } what;
};

static bool
ring_open(struct ring *ring, unsigned width, unsigned height)
{
	char size[16];

	snprintf(size, sizeof(size), "%u", height);
	ring_name(ring->name, size);
	/* As many as all readers may hold, the history, and one to write. */
	ring->producer = open_producer(ring->name, width, height,
				       IDLE + 1 + 1 + 1);
	return ring->producer != NULL;
}

/* Have these readers attached and no others. */
static void
ring_set(struct ring *ring, unsigned idle, bool reader)
{
	struct shmx_producer_stats stats;
	unsigned i;

	for (i = 0; i < IDLE; i++) {
		if (i < idle && !ring->idle[i])
			ring->idle[i] = open_reader(ring->name);
		if (i >= idle) {
			shmx_reader_close(ring->idle[i]);
			ring->idle[i] = NULL;
		}
	}
	if (reader && !ring->reader)
		ring->reader = open_reader(ring->name);
	if (!reader) {
		shmx_reader_close(ring->reader);
		ring->reader = NULL;
	}
	/* Those that left are gone when the service has seen it. */
	do {
		shmx_producer_stats(ring->producer, &stats, sizeof(stats));
	} while (stats.readers != idle + reader && usleep(100) == 0);
}

static void
ring_close(struct ring *ring)
{
	ring_set(ring, 0, false);
	shmx_producer_close(ring->producer);
}

static int
compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* What it takes to look at the clock, in ns. */
static uint64_t
clock_ns(void)
{
	static uint64_t cost;
	uint64_t v[501], before;
	size_t i;

	for (i = 0; !cost && i < BASE_ARRAY_SIZE(v); i++) {
		before = base_now_ns();
		v[i] = base_now_ns() - before;
	}
	if (!cost) {
		qsort(v, BASE_ARRAY_SIZE(v), sizeof(*v), compare);
		cost = v[BASE_ARRAY_SIZE(v) / 2];
	}
	return cost;
}

static void
publish_batch(struct bench_row *row)
{
	struct cost *cost = row->data;
	int i;

	ring_set(cost->ring, cost->idle, false);
	bench_begin(row);
	do {
		for (i = 0; i < PUBLISHES; i++)
			publish(cost->ring->producer);
	} while (bench_lap(row));
}

/* Hold and release a new frame; how long the one of them took, in ns. */
static uint64_t
hold_once(const struct cost *cost)
{
	struct ring *ring = cost->ring;
	struct shmx_hold *hold;
	uint64_t before, between, after;

	publish(ring->producer);
	before = base_now_ns();
	if (shmx_hold_latest(ring->reader, &hold) < 0)
		bench_die("%s", shmx_error());
	between = base_now_ns();
	shmx_release(hold);
	after = base_now_ns();
	switch (cost->what) {
	case HOLD:
		return between - before;
	case RELEASE:
		return after - between;
	default:
		/* The look between the two is not theirs. */
		return after - before - clock_ns();
	}
}

/* Publish a frame that was just written; how long that took, in ns. */
static uint64_t
publish_cold(const struct cost *cost)
{
	static uint8_t colour;
	struct shmx_frame f;
	uint64_t before;

	shmx_begin(cost->ring->producer, &f);
	memset(f.pixels, ++colour, f.stride * f.height);
	before = base_now_ns();
	if (!shmx_publish(cost->ring->producer, &f))
		bench_die("a frame was dropped");
	return base_now_ns() - before;
}

static void
hold_batch(struct bench_row *row)
{
	struct cost *cost = row->data;
	const double clock = (double)clock_ns();
	double ns;
	unsigned i;

	ring_set(cost->ring, cost->idle, true);
	bench_begin(row);
	do {
		ns = 0;
		for (i = 0; i < row->ops; i++)
			ns += (double)hold_once(cost) - clock;
	} while (bench_lap_of(row, ns / row->ops / 1000));
}

static void
cold_batch(struct bench_row *row)
{
	struct cost *cost = row->data;
	const double clock = (double)clock_ns();

	ring_set(cost->ring, cost->idle, false);
	bench_begin(row);
	while (bench_lap_of(row, ((double)publish_cold(cost) - clock) / 1000))
		;
}

/* For each kind of cost, first the small frames, then the large ones. */
struct size {
	unsigned width;
	unsigned height;
};

static const struct size small = { 640, 480 };
/* The largest of these that there is memory for. */
static const struct size large[] = {
	{ 7680, 4320 }, { 3840, 2160 }, { 1920, 1080 },
};

enum { SIZES = 2 };

static const struct kind {
	const char *name;
	unsigned idle;
	enum what what;
	unsigned ops;
	void (*batch)(struct bench_row *row);
	const char *target;		/* large frames against small ones */
} kinds[] = {
	{ "begin+publish", 0, PUBLISH, PUBLISHES, publish_batch,
	  "publish: large frames over small" },
	{ "hold", 0, HOLD, HOLDS, hold_batch, "hold" },
	{ "release", 0, RELEASE, HOLDS, hold_batch, "release" },
	{ "begin+publish", IDLE, PUBLISH, PUBLISHES, publish_batch,
	  "publish, 8 idle readers" },
	{ "hold", IDLE, HOLD, HOLDS, hold_batch, "hold, 8 idle readers" },
	{ "release", IDLE, RELEASE, HOLDS, hold_batch,
	  "release, 8 idle readers" },
	{ "hold+release", IDLE, HOLD_RELEASE, HOLDS, hold_batch,
	  "hold+release, 8 idle readers" },
	/* What a cold cache costs depends on the frame: no target. */
	{ "publish, cold", IDLE, COLD, 1, cold_batch, NULL },
};

enum { KINDS = BASE_ARRAY_SIZE(kinds), PUBLISH_IDLE = 3, BOTH_IDLE = 6 };

static void
fill_row(struct bench_row *row, struct cost *cost, const struct kind *kind,
	 struct size size, struct ring *ring)
{
	*cost = (struct cost){ ring, kind->idle, kind->what };
	*row = (struct bench_row){
		.bench = "ring",
		.impl = kind->name,
		.mode = cost->idle ? "8 idle" : "0 idle",
		.width = size.width,
		.height = size.height,
		.ops = kind->ops,
		.own_clock = kind->what != PUBLISH,
		.batch = kind->batch,
		.data = cost,
	};
}

/* The rings of both sizes; sizes[] says which. */
static void
open_rings(struct ring rings[SIZES], struct size sizes[SIZES])
{
	unsigned i;

	sizes[0] = small;
	if (!ring_open(&rings[0], small.width, small.height))
		bench_die("%s", shmx_error());
	for (i = 0; i < BASE_ARRAY_SIZE(large); i++) {
		sizes[1] = large[i];
		if (ring_open(&rings[1], large[i].width, large[i].height))
			return;
		fprintf(stderr, "bench-ring: %s\n", shmx_error());
	}
	bench_die("no large ring fits");
}

static size_t
list_targets(struct bench_target *targets, const struct bench_row *rows)
{
	size_t i, n = 0;

	for (i = 0; i < KINDS; i++)
		if (kinds[i].target)
			targets[n++] = (struct bench_target){
				kinds[i].target, &rows[i * SIZES + 1],
				&rows[i * SIZES], 1.10, false, false,
			};
	targets[n++] = (struct bench_target){ "hold+release",
		&rows[BOTH_IDLE * SIZES + 1], NULL, 0.100, false,
		false };
	targets[n++] = (struct bench_target){ "publish, 8 idle readers",
		&rows[PUBLISH_IDLE * SIZES + 1], NULL, 0.300, false,
		false };
	return n;
}

static void
bench_protocol(const struct bench_options *options)
{
	struct bench_row rows[KINDS * SIZES];
	struct bench_target targets[KINDS + 2];
	struct cost costs[KINDS * SIZES];
	struct ring rings[SIZES] = { 0 };
	struct size sizes[SIZES];
	struct bench_set set = {
		.options = options, .rows = rows, .count = KINDS * SIZES,
		.rounds = options->quick ? 15 : 60, .ns = true,
	};
	unsigned i;

	open_rings(rings, sizes);
	for (i = 0; i < KINDS * SIZES; i++)
		fill_row(&rows[i], &costs[i], &kinds[i / SIZES],
			 sizes[i % SIZES], &rings[i % SIZES]);
	bench_run(&set);
	bench_print(&set, "The ring alone: no pixel is written or read, but "
		    "for the cold.\nidle: so many readers are attached.");
	bench_verdicts(&set, targets, list_targets(targets, rows));
	bench_finish(&set);
	for (i = 0; i < SIZES; i++)
		ring_close(&rings[i]);
}

/* ------------------------------------------------------ the transport -- */

/* Frames that the bare loop takes turns with, as the ring does. */
enum { BARE_FRAMES = 2 };

/* What the two processes agree by, in memory of both. */
struct turn {
	_Atomic uint64_t published;	/* frames; the writer's */
	_Atomic uint64_t taken;		/* begun to read; the reader's */
	_Atomic uint64_t done;		/* read; the reader's */
	atomic_bool by_ring;		/* the writer's, before published */
	atomic_bool ready;		/* there is a ring to attach to */
	atomic_bool attached;
	uint64_t sum;			/* so that reading is not in vain */
};

struct transport {
	struct turn *turn;
	uint8_t *frames;		/* the bare loop's */
	size_t bytes;			/* of one */
	char name[32];
	struct shmx_producer *producer;
	pid_t reader;			/* 0 in the reader itself */
};

static void *
share(size_t bytes)
{
	void *m = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (m == MAP_FAILED)
		bench_die("cannot map frames: %s", strerror(errno));
	return m;
}

/* Is the reader, if we are not it, still there? */
static void
look_after(const struct transport *t)
{
	if (t->reader && waitpid(t->reader, NULL, WNOHANG) != 0)
		bench_die("the reading process died");
}

/* Spin, but let others run where there are no cores to spare. */
static void
wait_for(const struct transport *t, _Atomic uint64_t *counter, uint64_t value)
{
	unsigned i;

	for (i = 1; atomic_load_explicit(counter, memory_order_acquire) <
	     value; i++) {
		if (i % 4096 == 0) {
			look_after(t);
			sched_yield();
		}
	}
}

/* A word of every cache line. */
static uint64_t
read_all(const void *frame, size_t bytes)
{
	const uint64_t *word = frame;
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < bytes / sizeof(*word); i += 8)
		sum += word[i];
	return sum;
}

static void
check(const void *frame, uint64_t n)
{
	if (*(const uint8_t *)frame != (uint8_t)n)
		bench_die("frame %llu is another one", (unsigned long long)n);
}

static void
take(const struct transport *t, uint64_t n)
{
	atomic_store_explicit(&t->turn->taken, n, memory_order_release);
}

static uint64_t
read_ring(const struct transport *t, struct shmx_reader *r, uint64_t n)
{
	struct shmx_hold *hold;
	const void *frame;
	uint64_t sum;

	if (shmx_hold_latest(r, &hold) < 0)
		bench_die("%s", shmx_error());
	take(t, n);
	frame = shmx_frame_pixels(hold);
	if (!frame)
		bench_die("%s", shmx_error());
	check(frame, n);
	sum = read_all(frame, t->bytes);
	shmx_release(hold);
	return sum;
}

static uint64_t
read_bare(const struct transport *t, uint64_t n)
{
	const uint8_t *frame = t->frames + n % BARE_FRAMES * t->bytes;

	take(t, n);
	check(frame, n);
	return read_all(frame, t->bytes);
}

/* The other process, until it is killed or we die. */
static void __attribute__((noreturn))
reader_main(const struct transport *t)
{
	struct turn *turn = t->turn;
	struct shmx_reader *r;
	uint64_t n;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (!atomic_load(&turn->ready))
		usleep(1000);
	r = open_reader(t->name);
	atomic_store(&turn->attached, true);
	for (n = 1; ; n++) {
		wait_for(t, &turn->published, n);
		turn->sum += atomic_load(&turn->by_ring) ?
			read_ring(t, r, n) : read_bare(t, n);
		atomic_store_explicit(&turn->done, n, memory_order_release);
	}
}

/*
 * A frame is written while the one before it is read, into the place of the
 * one before that; it is handed over when the other has been begun, so that
 * none is skipped. The reader then finds the next one there already.
 */
static uint64_t
take_turn(const struct transport *t)
{
	uint64_t n = atomic_load(&t->turn->published) + 1;

	if (n > 2)
		wait_for(t, &t->turn->done, n - 2);
	return n;
}

static void
hand_over(const struct transport *t, uint64_t n)
{
	atomic_store_explicit(&t->turn->published, n, memory_order_release);
}

static void
drain(const struct transport *t)
{
	wait_for(t, &t->turn->done, atomic_load(&t->turn->published));
}

static void
ring_batch(struct bench_row *row)
{
	const struct transport *t = row->data;
	struct shmx_frame f;
	uint64_t n;

	atomic_store(&t->turn->by_ring, true);
	bench_begin(row);
	do {
		n = take_turn(t);
		shmx_begin(t->producer, &f);
		memset(f.pixels, (uint8_t)n, t->bytes);
		wait_for(t, &t->turn->taken, n - 1);
		if (!shmx_publish(t->producer, &f))
			bench_die("a frame was dropped");
		hand_over(t, n);
	} while (bench_lap(row));
	drain(t);
}

static void
bare_batch(struct bench_row *row)
{
	const struct transport *t = row->data;
	uint64_t n;

	atomic_store(&t->turn->by_ring, false);
	bench_begin(row);
	do {
		n = take_turn(t);
		memset(t->frames + n % BARE_FRAMES * t->bytes, (uint8_t)n,
		       t->bytes);
		wait_for(t, &t->turn->taken, n - 1);
		hand_over(t, n);
	} while (bench_lap(row));
	drain(t);
}

/* The reader is forked first: neither end of a ring goes through a fork. */
static void
transport_open(struct transport *t, unsigned width, unsigned height)
{
	size_t stride = base_round_up((uint64_t)width * 4, 64);

	t->bytes = stride * height;
	t->frames = share(t->bytes * BARE_FRAMES);
	t->turn = share(sizeof(*t->turn));
	ring_name(t->name, "transport");
	fflush(NULL);
	t->reader = fork();
	if (t->reader < 0)
		bench_die("fork: %s", strerror(errno));
	if (t->reader == 0)
		reader_main(t);
	t->producer = open_producer(t->name, width, height, 0);
	if (!t->producer)
		bench_die("%s", shmx_error());
	atomic_store(&t->turn->ready, true);
	while (!atomic_load(&t->turn->attached)) {
		look_after(t);
		usleep(1000);
	}
	bench_server(t->reader, "reader's");
}

static void
transport_close(struct transport *t)
{
	bench_server(0, NULL);
	kill(t->reader, SIGKILL);
	waitpid(t->reader, NULL, 0);
	shmx_producer_close(t->producer);
	munmap(t->frames, t->bytes * BARE_FRAMES);
	munmap(t->turn, sizeof(*t->turn));
}

static struct bench_row
transport_row(const struct bench_options *o, const char *impl,
	      const char *mode, void (*batch)(struct bench_row *), void *data)
{
	return (struct bench_row){
		.bench = "ring", .impl = impl, .mode = mode, .width = o->width,
		.height = o->height, .rate = true, .batch = batch,
		.data = data,
	};
}

static void
bench_transport(const struct bench_options *o)
{
	struct transport t = { 0 };
	struct bench_copy copy = { 0 };
	struct bench_row rows[] = {
		transport_row(o, "memcpy", "6 buffers", bench_memcpy, &copy),
		transport_row(o, "bare", "transport", bare_batch, &t),
		transport_row(o, "shmx", "transport", ring_batch, &t),
	};
	const struct bench_target target = {
		"transport: time over bare", &rows[2], &rows[1],
		1.03, false, false,
	};
	struct bench_set set = {
		.options = o, .rows = rows, .count = BASE_ARRAY_SIZE(rows),
		.rounds = o->quick ? 25 : 100, .unit = &rows[0],
	};

	transport_open(&t, o->width, o->height);
	bench_run(&set);
	bench_print(&set, "\nFrom one process to another: a frame written in "
		    "place by the one,\nread in place by the other at the "
		    "same time as the next is written.");
	bench_verdicts(&set, &target, 1);
	bench_finish(&set);
	transport_close(&t);
	free(copy.buffer);
}

int
main(int argc, char **argv)
{
	struct bench_options options;

	bench_options(&options, argc, argv,
		      "What the ring costs: publish, hold and release at two "
		      "sizes of frame, and frames from process to process.");
	bench_protocol(&options);
	bench_transport(&options);
	return EXIT_SUCCESS;
}
