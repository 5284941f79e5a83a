/* SPDX-License-Identifier: MIT */
/*
 * deaths.c - what the tests have in common in which processes are killed
 */
#include "config.h"

#include "deaths.h"

#include <check.h>
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "frames.h"

/* Readers that take all holds of 8 slots with a history of 1. */
enum { ALL_READERS = 3, ALL_HOLDS = 6 };

const struct shmx_stream deaths_picture = {
	.kind = SHMX_STREAM_IMAGE,
	.id = 1,
	.name = "picture",
	.width = 64,
	.height = 48,
	.format = SHMX_XRGB8888,
};

struct shmx_producer *
deaths_producer(const char *name, uint32_t flags)
{
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	struct shmx_producer *p = NULL;

	o.streams = &deaths_picture;
	o.stream_count = 1;
	/* Room for streams that are added. */
	o.directory_bytes = 4000;
	o.frame_bytes = 20000;
	o.flags = flags;
	return shmx_producer_open(&p, name, &o) < 0 ? NULL : p;
}

void
deaths_check_gone(struct shmx_producer *p, unsigned readers, unsigned holds)
{
	struct shmx_producer_stats stats;
	int i;

	for (i = 0; i < 2000; i++) {
		if (shmx_producer_fd(p) >= 0)
			shmx_producer_service(p);
		shmx_producer_stats(p, &stats, sizeof(stats));
		if (stats.readers == readers && stats.holds_granted == holds)
			break;
		usleep(i < 100 ? 100 : 5000);
	}
	ck_assert_uint_eq(stats.readers, readers);
	ck_assert_uint_eq(stats.holds_granted, holds);
	ck_assert_uint_le(stats.slots_held, holds);
	ck_assert_uint_eq(stats.attached, stats.reaped + readers);
	ck_assert_uint_eq(stats.dropped, 0);
}

void
deaths_check_all_can_be_held(struct shmx_producer *p, const char *name,
			     uint64_t *n)
{
	struct shmx_reader *r[ALL_READERS];
	struct shmx_hold *h[ALL_HOLDS];
	struct shmx_producer_stats stats;
	int i;

	for (i = 0; i < ALL_READERS; i++)
		ck_assert_int_eq(shmx_reader_open(&r[i], name, NULL), 0);
	for (i = 0; i < ALL_HOLDS; i++) {
		ck_assert_uint_eq(frame_publish(p, *n), *n);
		ck_assert_int_eq(shmx_hold_latest(r[i / 2], &h[i]), 0);
		ck_assert_uint_eq(shmx_frame_info(h[i])->sequence, (*n)++);
	}
	for (i = 0; i < 20; i++, (*n)++)
		ck_assert_uint_eq(frame_publish(p, *n), *n);
	shmx_producer_stats(p, &stats, sizeof(stats));
	ck_assert_uint_eq(stats.slots_held, ALL_HOLDS);
	for (i = 0; i < ALL_HOLDS; i++) {
		ck_assert(frame_is_whole(h[i]));
		shmx_release(h[i]);
	}
	for (i = 0; i < ALL_READERS; i++)
		shmx_reader_close(r[i]);
	deaths_check_gone(p, 0, 0);
}

void
deaths_check_no_socket(const char *name)
{
	const char *path = getenv("SHMX_DIR"), *at;
	const struct dirent *e;
	DIR *d;

	ck_assert_ptr_nonnull(path);
	d = opendir(path);
	ck_assert_ptr_nonnull(d);
	while ((e = readdir(d)) != NULL) {
		at = strstr(e->d_name, name);
		if (at == NULL)
			continue;
		at += strlen(name);
		/* Names end in a process's number: 1234 begins with 123. */
		ck_assert_msg(isdigit((unsigned char)*at) ||
			      strcmp(at, ".lock") == 0,
			      "%s is left", e->d_name);
	}
	closedir(d);
}
