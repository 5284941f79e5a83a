/* SPDX-License-Identifier: MIT */
/*
 * bench-wake - what it costs to wake somebody who waits for a frame
 *
 * Two processes take turns: each sleeps until the other has something for it
 * and then answers, so that a round trip is two wake-ups. The bare loop does
 * the least that a process can do that sleeps in poll(2) and is woken through
 * a socketpair: send a byte, poll, receive a byte. The ring's does all of it:
 * publish on a ring of one's own, wait for the other's, hold the frame, look
 * at it, release it.
 *
 * The rings do not spin here: it is sleeping that is measured.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <shmx/shmx.h>

#include "base/base.h"
#include "bench.h"

enum { WIDTH = 64, HEIGHT = 64 };

/* Both processes have one; what is theirs differs. */
struct side {
	char mine[32];
	char theirs[32];
	struct shmx_producer *producer;
	struct shmx_reader *reader;
	int bare;			/* a socket to the other side */
	int order;			/* which of the two is next */
	pid_t other;
};

/* What travels: whether another round trip follows. */
enum { MORE = 1, LAST };

/* ----------------------------------------------------------- the bare -- */

static void
bare_send(struct side *s, char what)
{
	if (send(s->bare, &what, 1, MSG_DONTWAIT | MSG_NOSIGNAL) != 1)
		bench_die("send: %s", strerror(errno));
}

static char
bare_wait(struct side *s)
{
	struct pollfd pfd = { .fd = s->bare, .events = POLLIN };
	char what;

	while (poll(&pfd, 1, -1) < 0 && errno == EINTR)
		;
	if (recv(s->bare, &what, 1, MSG_DONTWAIT) != 1)
		bench_die("the other process died");
	return what;
}

/* ----------------------------------------------------------- the ring -- */

static void
ring_send(struct side *s, char what)
{
	struct shmx_frame f;

	shmx_begin(s->producer, &f);
	f.input_sequence = (uint64_t)what;
	if (!shmx_publish(s->producer, &f))
		bench_die("a frame was dropped");
}

static char
ring_wait(struct side *s)
{
	struct shmx_hold *hold;
	char what;
	int ret;

	while ((ret = shmx_wait(s->reader, -1)) == -EINTR)
		;
	if (ret < 0 || shmx_hold_latest(s->reader, &hold) < 0)
		bench_die("%s", shmx_error());
	what = (char)shmx_frame_info(hold)->input_sequence;
	shmx_release(hold);
	return what;
}

static void
open_ends(struct side *s)
{
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;

	o.flags = SHMX_WAIT;
	if (shmx_producer_open_image(&s->producer, s->mine, WIDTH, HEIGHT,
				     SHMX_XRGB8888) < 0 ||
	    shmx_reader_open(&s->reader, s->theirs, &o) < 0)
		bench_die("%s", shmx_error());
}

/* --------------------------------------------------------- the answer -- */

/* A way of taking turns. */
struct way {
	char order;
	void (*send)(struct side *s, char what);
	char (*wait)(struct side *s);
};

static const struct way by_bare = { 'b', bare_send, bare_wait };
static const struct way by_ring = { 'r', ring_send, ring_wait };

/* The other process: batch after batch, until we close the line. */
static void __attribute__((noreturn))
answer(struct side *s)
{
	const struct way *way;
	char order, what;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	open_ends(s);
	while (recv(s->order, &order, 1, 0) == 1) {
		way = order == by_bare.order ? &by_bare : &by_ring;
		do {
			what = way->wait(s);
			way->send(s, what);
		} while (what != LAST);
	}
	_exit(0);
}

static void
trip(struct side *s, const struct way *way, char what)
{
	way->send(s, what);
	(void)way->wait(s);
}

static void
begin(const struct side *s, const struct way *way)
{
	if (send(s->order, &way->order, 1, MSG_NOSIGNAL) != 1)
		bench_die("the other process died");
}

static void
batch(struct bench_row *row, const struct way *way)
{
	struct side *s = row->data;

	begin(s, way);
	bench_begin(row);
	do {
		trip(s, way, MORE);
	} while (bench_lap(row));
	trip(s, way, LAST);
}

static void
bare_batch(struct bench_row *row)
{
	batch(row, &by_bare);
}

static void
ring_batch(struct bench_row *row)
{
	batch(row, &by_ring);
}

static void
start(struct side *s)
{
	struct side other = { 0 };
	int bare[2], orders[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, bare) < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, orders) < 0)
		bench_die("socketpair: %s", strerror(errno));
	snprintf(s->mine, sizeof(s->mine), "wake-%d-ask", (int)getpid());
	snprintf(s->theirs, sizeof(s->theirs), "wake-%d-answer",
		 (int)getpid());
	memcpy(other.mine, s->theirs, sizeof(other.mine));
	memcpy(other.theirs, s->mine, sizeof(other.theirs));
	s->bare = bare[0];
	other.bare = bare[1];
	s->order = orders[0];
	other.order = orders[1];
	fflush(NULL);
	s->other = fork();
	if (s->other < 0)
		bench_die("fork: %s", strerror(errno));
	if (s->other == 0) {
		close(bare[0]);
		close(orders[0]);
		answer(&other);
	}
	close(bare[1]);
	close(orders[1]);
	open_ends(s);
	bench_server(s->other, "other's");
}

static void
stop(struct side *s)
{
	bench_server(0, NULL);
	kill(s->other, SIGKILL);
	waitpid(s->other, NULL, 0);
	shmx_reader_close(s->reader);
	shmx_producer_close(s->producer);
	close(s->bare);
	close(s->order);
}

/* Both ends attach; a ring that nobody produces yet is waited for. */
static void
attach(struct side *s)
{
	begin(s, &by_ring);
	trip(s, &by_ring, LAST);
}

int
main(int argc, char **argv)
{
	struct bench_options options;
	struct side side = { 0 };
	struct bench_row rows[] = {
		{ .bench = "wake", .impl = "bare", .mode = "poll",
		  .batch = bare_batch, .data = &side },
		{ .bench = "wake", .impl = "shmx", .mode = "asleep",
		  .width = WIDTH, .height = HEIGHT, .batch = ring_batch,
		  .data = &side },
	};
	const struct bench_target target = {
		"wake: round trip over bare", &rows[1], &rows[0], 1.15, false,
		false,
	};
	struct bench_set set = { .rows = rows,
		.count = BASE_ARRAY_SIZE(rows) };

	bench_options(&options, argc, argv,
		      "Waking a process that sleeps until there is a frame, "
		      "against poll and a socketpair.");
	setenv("SHMX_NO_SPIN", "1", 1);
	set.options = &options;
	set.rounds = options.quick ? 25 : 100;
	start(&side);
	attach(&side);
	bench_run(&set);
	bench_print(&set, "A round trip between two processes that sleep: two "
		    "wake-ups.");
	bench_verdicts(&set, &target, 1);
	bench_finish(&set);
	stop(&side);
	return EXIT_SUCCESS;
}
