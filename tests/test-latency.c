/* SPDX-License-Identifier: MIT */
/*
 * test-latency.c - how long frames take is counted where it belongs
 */
#include "config.h"

#include <string.h>

#include "base/clock.h"
#include "frames.h"
#include "shmx/atomic.h"
#include "shmx/latency.h"
#include "shmx/reader.h"
#include "suite.h"

/* ------------------------------------------------------------- buckets -- */

START_TEST(buckets_touch)
{
	uint64_t end;
	unsigned b;

	ck_assert_uint_eq(shmx_latency_bucket(0), 0);
	ck_assert_uint_eq(shmx_latency_bucket(319), 0);
	for (b = 0; b + 1 < SHMX_LATENCY_BUCKETS; b++) {
		end = shmx_latency_end(b);
		ck_assert_uint_eq(shmx_latency_bucket(end - 1), b);
		ck_assert_uint_eq(shmx_latency_bucket(end), b + 1);
	}
	ck_assert_uint_eq(shmx_latency_bucket(UINT64_MAX),
			  SHMX_LATENCY_BUCKETS - 1);
	ck_assert_uint_eq(shmx_latency_end(3), 512);
	ck_assert_uint_eq(shmx_latency_end(95), UINT64_C(1) << 32);
}
END_TEST

START_TEST(percentiles)
{
	uint32_t buckets[SHMX_LATENCY_BUCKETS] = { 0 };

	ck_assert_uint_eq(shmx_latency_percentile(buckets, 50), 0);
	ck_assert_uint_eq(shmx_latency_percentile(buckets, 100), 0);
	buckets[8] = 98;
	buckets[20] = 1;
	buckets[40] = 1;
	ck_assert_uint_eq(shmx_latency_percentile(buckets, 0),
			  shmx_latency_end(8));
	ck_assert_uint_eq(shmx_latency_percentile(buckets, 98),
			  shmx_latency_end(8));
	ck_assert_uint_eq(shmx_latency_percentile(buckets, 99),
			  shmx_latency_end(20));
	ck_assert_uint_eq(shmx_latency_percentile(buckets, 100),
			  shmx_latency_end(40));
	/* More than 32 bits of them in all. */
	buckets[8] = buckets[9] = UINT32_MAX;
	ck_assert_uint_eq(shmx_latency_percentile(buckets, 51),
			  shmx_latency_end(9));
}
END_TEST

/* ------------------------------------------------------------ counting -- */

static struct shmx_producer *producer;
static struct shmx_reader *reader;

static void
open_both(void)
{
	ck_assert_int_eq(shmx_producer_open_image(&producer, "test", 16, 16,
						  SHMX_XRGB8888), 0);
	ck_assert_int_eq(shmx_reader_open(&reader, "test", NULL), 0);
}

static void
close_both(void)
{
	base_clock = NULL;
	shmx_reader_close(reader);
	shmx_producer_close(producer);
}

static uint64_t fake_now;

static uint64_t
fake_clock(void)
{
	return fake_now;
}

static uint32_t
counted(enum shmx_latency_stage stage, unsigned bucket)
{
	struct shmx_record *record = reader->session->record;

	return shmx_load_relaxed(&record->latency[stage][bucket]);
}

static uint32_t
total(enum shmx_latency_stage stage)
{
	uint32_t n = 0;
	unsigned b;

	for (b = 0; b < SHMX_LATENCY_BUCKETS; b++)
		n += counted(stage, b);
	return n;
}

/* Publish at one time and hold at another. */
static struct shmx_hold *
hold_after(uint64_t ns)
{
	struct shmx_hold *hold;

	fake_now += BASE_NS_PER_S;
	base_clock = fake_clock;
	ck_assert_uint_ne(frame_publish(producer, 1), 0);
	fake_now += ns;
	ck_assert_int_eq(shmx_hold_latest(reader, &hold), 0);
	base_clock = NULL;
	return hold;
}

START_TEST(holding_counts_each_frame_once)
{
	struct shmx_hold *hold, *again;

	hold = hold_after(5000);
	ck_assert_int_eq(shmx_hold_latest(reader, &again), 0);
	ck_assert_uint_eq(counted(SHMX_LATENCY_HELD,
				  shmx_latency_bucket(5000)), 1);
	ck_assert_uint_eq(total(SHMX_LATENCY_HELD), 1);
	ck_assert_uint_eq(shmx_load_relaxed(
		&reader->session->record->seen_ns), fake_now);
	shmx_release(again);
	shmx_release(hold);
	/* The same frame, held anew. */
	ck_assert_int_eq(shmx_hold_latest(reader, &hold), 0);
	ck_assert_uint_eq(total(SHMX_LATENCY_HELD), 1);
	shmx_release(hold);
	shmx_release(hold_after(70000));
	ck_assert_uint_eq(counted(SHMX_LATENCY_HELD,
				  shmx_latency_bucket(70000)), 1);
	ck_assert_uint_eq(total(SHMX_LATENCY_HELD), 2);
}
END_TEST

START_TEST(feedback_counts_its_stage)
{
	struct shmx_hold *hold = hold_after(1000);
	struct shmx_record *record = reader->session->record;
	uint64_t at = shmx_frame_info(hold)->published_ns;

	shmx_feedback(hold, SHMX_STAGE_PUT, at + 3000);
	shmx_feedback(hold, SHMX_STAGE_COMPLETED, at + 200000);
	shmx_feedback(hold, SHMX_STAGE_PRESENTED, at + 16000000);
	ck_assert_uint_eq(shmx_load_relaxed(&record->put_ns), at + 3000);
	ck_assert_uint_eq(shmx_load_relaxed(&record->completed_ns),
			  at + 200000);
	ck_assert_uint_eq(shmx_load_relaxed(&record->presented_ns),
			  at + 16000000);
	ck_assert_uint_eq(shmx_load_relaxed(&record->presented_sequence), 1);
	ck_assert_uint_eq(counted(SHMX_LATENCY_PUT,
				  shmx_latency_bucket(3000)), 1);
	ck_assert_uint_eq(counted(SHMX_LATENCY_COMPLETED,
				  shmx_latency_bucket(200000)), 1);
	ck_assert_uint_eq(counted(SHMX_LATENCY_PRESENTED,
				  shmx_latency_bucket(16000000)), 1);
	shmx_release(hold);
}
END_TEST

START_TEST(what_cannot_be_does_no_harm)
{
	struct shmx_hold *hold = hold_after(1000);
	uint64_t at = shmx_frame_info(hold)->published_ns;

	/* Before it was published, and not a stage to be told. */
	shmx_feedback(hold, SHMX_STAGE_PUT, at - 1);
	ck_assert_uint_eq(counted(SHMX_LATENCY_PUT, 0), 1);
	shmx_feedback(hold, SHMX_STAGE_HELD, at);
	shmx_feedback(hold, (enum shmx_stage)SHMX_STAGES, at);
	shmx_feedback(hold, (enum shmx_stage)-1, at);
	ck_assert_uint_eq(total(SHMX_LATENCY_HELD), 1);
	ck_assert_uint_eq(total(SHMX_LATENCY_COMPLETED), 0);
	shmx_release(hold);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("latency");
	TCase *tc = suite_case(s, "buckets");

	tcase_add_test(tc, buckets_touch);
	tcase_add_test(tc, percentiles);
	tc = suite_case(s, "counting");
	tcase_add_checked_fixture(tc, open_both, close_both);
	tcase_add_test(tc, holding_counts_each_frame_once);
	tcase_add_test(tc, feedback_counts_its_stage);
	tcase_add_test(tc, what_cannot_be_does_no_harm);
	return suite_run(s);
}
