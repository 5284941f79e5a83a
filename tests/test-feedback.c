/* SPDX-License-Identifier: MIT */
/*
 * test-feedback.c - the window tells its ring when frames get on screen
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <shmfb/shmfb.h>

#include "shmx/atomic.h"
#include "shmx/reader.h"
#include "shmfb/window.h"
#include "suite.h"
#include "xtool.h"

enum { FRAMES = 8 };

static struct shmx_producer *producer;
static struct shmx_reader *reader;
static struct shmfb *fb;

static void
open_all(enum shmfb_backend backend, enum shmfb_vsync vsync)
{
	struct shmx_reader_options ropt = SHMX_READER_OPTIONS_INIT;
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;

	ropt.holds = 3;
	ck_assert_int_eq(shmx_producer_open_image(&producer, "test", 64, 48,
						  SHMX_XRGB8888), 0);
	ck_assert_int_eq(shmx_reader_open(&reader, "test", &ropt), 0);
	opt.width = 64;
	opt.height = 48;
	opt.backend = backend;
	opt.vsync = vsync;
	fb = open_window(&opt);
}

static void
close_all(void)
{
	shmfb_close(fb);
	shmx_reader_close(reader);
	shmx_producer_close(producer);
}

/* Show a new frame; its sequence. */
static uint64_t
show_one(int seed)
{
	struct shmx_hold *hold;
	struct shmx_frame f;
	uint64_t sequence;

	while (!shmfb_ready(fb))
		ck_assert(shmfb_pump(fb));
	shmx_begin(producer, &f);
	memset(f.pixels, seed, f.stride * f.height);
	sequence = shmx_publish(producer, &f);
	ck_assert_int_eq(shmx_hold_latest(reader, &hold), 0);
	ck_assert_int_eq(shmfb_show(fb, hold), 0);
	shmx_release(hold);
	return sequence;
}

static bool
is_presented(struct shmfb *unused, void *data)
{
	(void)unused;
	return shmx_load_acquire(&reader->session->record->presented_sequence)
		== *(const uint64_t *)data;
}

static unsigned
total(enum shmx_latency_stage stage)
{
	struct shmx_record *record = reader->session->record;
	unsigned b, n = 0;

	for (b = 0; b < SHMX_LATENCY_BUCKETS; b++)
		n += shmx_load_relaxed(&record->latency[stage][b]);
	return n;
}

static void
check_feedback(void)
{
	struct shmx_record *record = reader->session->record;
	uint64_t sequence = 0, put, completed, presented;
	int i;

	for (i = 1; i <= FRAMES; i++)
		sequence = show_one(i);
	wait_until(fb, is_presented, &sequence);
	put = shmx_load_relaxed(&record->put_ns);
	completed = shmx_load_relaxed(&record->completed_ns);
	presented = shmx_load_relaxed(&record->presented_ns);
	ck_assert_uint_ge(put, shmx_load_relaxed(&record->seen_ns));
	ck_assert_uint_ge(completed, put);
	/* The display's clock has microseconds, rounded down. */
	ck_assert_uint_ge(presented + 1000, put);
	for (i = 0; i < SHMX_LATENCY_STAGES; i++)
		ck_assert_msg(total((enum shmx_latency_stage)i) == FRAMES,
			      "stage %d has %u frames; %u were left out", i,
			      total((enum shmx_latency_stage)i),
			      (unsigned)stats_of(fb).skipped);
}

static const enum shmfb_backend backends[] = { SHMFB_SHM, SHMFB_PUT, SHMFB_PRESENT };

START_TEST(by_the_displays_clock)
{
	open_all(backends[_i], SHMFB_VSYNC_ADAPTIVE);
	check_feedback();
	ck_assert_str_eq(stats_of(fb).clock, "present");
	close_all();
}
END_TEST

START_TEST(always_at_a_refresh)
{
	open_all(backends[_i], SHMFB_VSYNC_ON);
	check_feedback();
	close_all();
}
END_TEST

START_TEST(by_a_timer)
{
	setenv("SHMFB_NO_PRESENT", "1", 1);
	open_all(backends[_i], SHMFB_VSYNC_ADAPTIVE);
	unsetenv("SHMFB_NO_PRESENT");
	check_feedback();
	close_all();
}
END_TEST

START_TEST(without_a_clock)
{
	open_all(backends[_i], SHMFB_VSYNC_OFF);
	check_feedback();
	close_all();
}
END_TEST

/*
 * Drawn, as the server said, which has yet to say when: with a newer frame in
 * its place it is counted all the same.
 */
START_TEST(replaced_when_drawn)
{
	uint64_t sequence;

	open_all(SHMFB_PRESENT, SHMFB_VSYNC_OFF);
	show_one(1);
	if (!fb->newest->landed)
		shmfb_flight_idle(fb, fb->pixmap.serial);
	ck_assert(fb->newest->landed);
	ck_assert_uint_eq(total(SHMX_LATENCY_PRESENTED), 0);
	sequence = show_one(2);
	wait_until(fb, is_presented, &sequence);
	ck_assert_uint_eq(total(SHMX_LATENCY_PRESENTED), 2);
	close_all();
}
END_TEST

/* With a clock the frame is drawn at once, and presented a refresh later. */
START_TEST(presented_at_the_refresh)
{
	struct shmx_record *record;
	uint64_t sequence = 0, late = 0;
	int i;

	open_all(SHMFB_SHM, SHMFB_VSYNC_ADAPTIVE);
	record = reader->session->record;
	for (i = 1; i <= 20; i++) {
		sequence = show_one(i);
		wait_until(fb, is_presented, &sequence);
		if (shmx_load_relaxed(&record->presented_ns) >
		    shmx_load_relaxed(&record->completed_ns))
			late++;
	}
	ck_assert_uint_gt(late, 0);
	close_all();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("feedback");
	TCase *tc = suite_case(s, "feedback");

	tcase_add_loop_test(tc, by_the_displays_clock, 0, 3);
	tcase_add_loop_test(tc, always_at_a_refresh, 0, 3);
	tcase_add_loop_test(tc, by_a_timer, 0, 2);
	tcase_add_loop_test(tc, without_a_clock, 0, 3);
	tcase_add_test(tc, replaced_when_drawn);
	tcase_add_test(tc, presented_at_the_refresh);
	return suite_run(s);
}
