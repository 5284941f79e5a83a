/* SPDX-License-Identifier: MIT */
/*
 * bench-ring - what the ring costs: publish, hold, release, transport
 *
 * The first table is the protocol alone: no pixel is written or read, so it
 * must not know how large the frames are. Readers are *idle* when they are
 * attached and neither hold nor sleep; the writer looks at their hold words
 * all the same.
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

	o.streams = &stream;
	o.stream_count = 1;
	o.slots = slots;
	if (shmx_producer_open(&p, name, &o) < 0)
		bench_die("%s", shmx_error());
	return p;
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
	enum { PUBLISH, HOLD, RELEASE } what;
};

static void
ring_open(struct ring *ring, unsigned width, unsigned height)
{
	char size[16];

	snprintf(size, sizeof(size), "%u", height);
	ring_name(ring->name, size);
	/* As many as all readers may hold, the history, and one to write. */
	ring->producer = open_producer(ring->name, width, height,
				       IDLE + 1 + 1 + 1);
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
	return cost->what == HOLD ? between - before : after - between;
}

static void
hold_batch(struct bench_row *row)
{
	struct cost *cost = row->data;
	const double clock = (double)clock_ns();
	double ns;
	int i;

	ring_set(cost->ring, cost->idle, true);
	bench_begin(row);
	do {
		ns = 0;
		for (i = 0; i < HOLDS; i++)
			ns += (double)hold_once(cost) - clock;
	} while (bench_lap_of(row, ns / HOLDS / 1000));
}

/* For each kind of cost, first the small frames, then the large ones. */
static const struct {
	unsigned width;
	unsigned height;
} sizes[] = { { 640, 480 }, { 3840, 2160 } };

enum { SIZES = BASE_ARRAY_SIZE(sizes) };

static const struct kind {
	const char *name;
	unsigned idle;
	const char *target;
} kinds[] = {
	[PUBLISH] = { "begin+publish", 0, "publish: large frames over small" },
	[HOLD] = { "hold", 0, "hold" },
	[RELEASE] = { "release", 0, "release" },
	{ "begin+publish", IDLE, "publish, 8 idle readers" },
	{ "hold", IDLE, "hold, 8 idle readers" },
	{ "release", IDLE, "release, 8 idle readers" },
};

enum { KINDS = BASE_ARRAY_SIZE(kinds) };

static void
fill_row(struct bench_row *row, struct cost *cost, unsigned kind,
	 unsigned size, struct ring *ring)
{
	bool publishes = kind % 3 == PUBLISH;

	*cost = (struct cost){ ring, kinds[kind].idle, kind % 3 };
	*row = (struct bench_row){
		.bench = "ring",
		.impl = kinds[kind].name,
		.mode = cost->idle ? "8 idle" : "0 idle",
		.width = sizes[size].width,
		.height = sizes[size].height,
		.ops = publishes ? PUBLISHES : HOLDS,
		.own_clock = !publishes,
		.batch = publishes ? publish_batch : hold_batch,
		.data = cost,
	};
}

static void
bench_protocol(const struct bench_options *options)
{
	struct bench_row rows[KINDS * SIZES];
	struct bench_target targets[KINDS];
	struct cost costs[KINDS * SIZES];
	struct ring rings[SIZES] = { 0 };
	struct bench_set set = {
		.options = options, .rows = rows, .count = KINDS * SIZES,
		.rounds = options->quick ? 15 : 60, .ns = true,
	};
	unsigned i, kind;

	for (i = 0; i < SIZES; i++)
		ring_open(&rings[i], sizes[i].width, sizes[i].height);
	for (i = 0; i < KINDS * SIZES; i++)
		fill_row(&rows[i], &costs[i], i / SIZES, i % SIZES,
			 &rings[i % SIZES]);
	bench_run(&set);
	bench_print(&set, "The ring alone: no pixel is written or read. "
		    "idle: so many readers are attached.");
	for (kind = 0; kind < KINDS; kind++)
		targets[kind] = (struct bench_target){
			kinds[kind].target, &rows[kind * SIZES + 1],
			&rows[kind * SIZES], 1.10, false,
		};
	bench_verdicts(&set, targets, KINDS);
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
	_Atomic uint64_t done;		/* frames read; the reader's */
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

static uint64_t
read_ring(struct shmx_reader *r, uint64_t n, size_t bytes)
{
	struct shmx_hold *hold;
	const void *frame;
	uint64_t sum;

	if (shmx_hold_latest(r, &hold) < 0)
		bench_die("%s", shmx_error());
	frame = shmx_frame_pixels(hold);
	if (!frame)
		bench_die("%s", shmx_error());
	check(frame, n);
	sum = read_all(frame, bytes);
	shmx_release(hold);
	return sum;
}

static uint64_t
read_bare(const struct transport *t, uint64_t n)
{
	const uint8_t *frame = t->frames + n % BARE_FRAMES * t->bytes;

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
			read_ring(r, n, t->bytes) : read_bare(t, n);
		atomic_store_explicit(&turn->done, n, memory_order_release);
	}
}

/*
 * A frame is written while the one before it is read, and handed over when
 * that is done: one waits for the other, so that none is skipped.
 */
static uint64_t
take_turn(const struct transport *t)
{
	return atomic_load(&t->turn->published) + 1;
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
		wait_for(t, &t->turn->done, n - 1);
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
		wait_for(t, &t->turn->done, n - 1);
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
		1.05, false,
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
