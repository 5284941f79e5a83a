/* SPDX-License-Identifier: MIT */
/*
 * test-named.c - rings in /dev/shm: their objects, and what v2.0 sees there
 */
#include "config.h"

#include <shmx/shmx.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/fd.h"
#include "child.h"
#include "fault.h"
#include "frames.h"
#include "shmx/atomic.h"
#include "shmx/layout.h"
#include "shmx/object.h"
#include "shmx/producer.h"
#include "suite.h"
#include "v2/v2.h"

/* All tests of this machine share /dev/shm. */
static char name[64];
static char path[SHMX_OBJECT_PATH];

static void
choose_name(void)
{
	snprintf(name, sizeof(name), "shmfb-test-named-%d", (int)getpid());
	shmx_object_path(path, name);
}

/* What a killed child left there. */
static void
remove_object(void)
{
	unlink(path);
}

static int
try_open(struct shmx_producer **p, uint32_t width, uint32_t flags)
{
	const struct shmx_stream picture = {
		.kind = SHMX_STREAM_IMAGE,
		.id = 1,
		.name = "picture",
		.width = width,
		.height = 48,
		.format = SHMX_XRGB8888,
	};
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;

	o.streams = &picture;
	o.stream_count = 1;
	o.flags = SHMX_NAMED | flags;
	return shmx_producer_open(p, name, &o);
}

static struct shmx_producer *
open_named(uint32_t width, uint32_t flags)
{
	struct shmx_producer *p = NULL;

	ck_assert_msg(try_open(&p, width, flags) == 0, "%s", shmx_error());
	return p;
}

static struct stat
stat_object(void)
{
	struct stat st;

	ck_assert_int_eq(lstat(path, &st), 0);
	return st;
}

static void
count_warnings(void *data, int level, const char *line)
{
	ck_assert_ptr_null(strchr(line, '\n'));
	if (level <= SHMX_LOG_WARNING && strstr(line, "not sealed") != NULL)
		++*(int *)data;
}

/* ------------------------------------------------------------- objects -- */

START_TEST(an_object_is_its_users_alone)
{
	static const mode_t masks[] = { 0, 0777 };
	struct shmx_producer *p;
	struct stat st;
	mode_t before = umask(masks[_i]);

	p = open_named(64, 0);
	umask(before);
	st = stat_object();
	ck_assert(S_ISREG(st.st_mode));
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	ck_assert_uint_eq(st.st_uid, geteuid());
	ck_assert_uint_eq(st.st_nlink, 1);
	shmx_producer_close(p);
	ck_assert_int_eq(lstat(path, &st), -1);
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

/* A producer elsewhere: *arg is its SHMX_DIR, or NULL for the same. */
static void
produce(int line, void *arg)
{
	struct shmx_producer *p;

	if (arg != NULL)
		expect(setenv("SHMX_DIR", arg, 1) == 0);
	expect(try_open(&p, 64, 0) == 0);
	child_say(line, 'o');
	child_hear(line);
	shmx_producer_close(p);
}

static char *
other_dir(void)
{
	static char dir[256];

	snprintf(dir, sizeof(dir), "%s/other", getenv("TMPDIR"));
	mkdir(dir, 0700);
	return dir;
}

START_TEST(a_live_ring_is_not_replaced)
{
	struct shmx_producer *p = (void *)&p;
	struct stat before, after;
	char who[64];
	struct child c;

	child_start(&c, produce, _i == 0 ? NULL : other_dir());
	ck_assert_int_eq(child_hear(c.line), 'o');
	before = stat_object();
	ck_assert_int_eq(try_open(&p, 64, 0), -EADDRINUSE);
	ck_assert_ptr_eq(p, &p);
	snprintf(who, sizeof(who), "(pid %d)", (int)c.pid);
	ck_assert_msg(strstr(shmx_error(), who) != NULL, "%s", shmx_error());
	after = stat_object();
	ck_assert_uint_eq(before.st_ino, after.st_ino);
	child_say(c.line, 'q');
	child_end(&c);
	shmx_producer_close(open_named(64, 0));
}
END_TEST

START_TEST(a_leftover_is_replaced)
{
	struct shmx_producer *p;
	struct stat before, after;
	struct child c;
	int fd;

	child_start(&c, produce, _i == 0 ? NULL : other_dir());
	ck_assert_int_eq(child_hear(c.line), 'o');
	child_kill(&c);
	before = stat_object();
	/* As long as it is open its number is not given out again. */
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	p = open_named(64, 0);
	after = stat_object();
	ck_assert_uint_ne(before.st_ino, after.st_ino);
	ck_assert_int_eq(fstat(fd, &before), 0);
	ck_assert_uint_eq(before.st_nlink, 0);
	ck_assert_int_gt(before.st_size, 0);
	close(fd);
	shmx_producer_close(p);
}
END_TEST

/* Dies, and leaves all that it had open to a child. */
static void
produce_and_fork(int line, void *arg)
{
	struct shmx_producer *p;
	pid_t heir;

	(void)arg;
	expect(try_open(&p, 64, 0) == 0);
	if (fork() == 0) {
		alarm(60);
		child_say(line, 'o');
		heir = getpid();
		child_tell(line, &heir, sizeof(heir));
		while (child_hear(line) != '\0')
			continue;
		_exit(0);
	}
	for (;;)
		pause();
}

START_TEST(a_forked_child_is_not_in_the_way)
{
	struct stat before, after;
	struct shmx_producer *p;
	struct child c;
	char who[32];
	pid_t heir;
	int line;

	child_start(&c, produce_and_fork, NULL);
	ck_assert_int_eq(child_hear(c.line), 'o');
	child_ask(c.line, &heir, sizeof(heir));
	line = base_dup(c.line);
	before = stat_object();
	child_kill(&c);
	/* It has the lock, and is who can be asked to let go of it. */
	snprintf(who, sizeof(who), "(pid %d)", (int)heir);
	ck_assert_int_eq(shmx_remove(name), -EBUSY);
	ck_assert_msg(strstr(shmx_error(), who) != NULL, "%s, not %s",
		      shmx_error(), who);
	p = open_named(64, 0);
	after = stat_object();
	ck_assert_uint_ne(before.st_ino, after.st_ino);
	shmx_producer_close(p);
	base_close(&line);
}
END_TEST

static void
put_symlink(void)
{
	ck_assert_int_eq(symlink("/etc/passwd", path), 0);
}

static void
put_dangling_symlink(void)
{
	ck_assert_int_eq(symlink("/nonexistent/file", path), 0);
}

static void
put_directory(void)
{
	ck_assert_int_eq(mkdir(path, 0700), 0);
}

static void
put_pipe(void)
{
	ck_assert_int_eq(mkfifo(path, 0600), 0);
}

static void
put_file(const void *data, size_t size)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, data, size), (ssize_t)size);
	close(fd);
}

static void
put_empty(void)
{
	put_file("", 0);
}

static void
put_garbage(void)
{
	static char garbage[8192];

	memset(garbage, 0x5a, sizeof(garbage));
	put_file(garbage, sizeof(garbage));
}

static struct shmx_header
a_header(void)
{
	return (struct shmx_header){ .magic = SHMX_MAGIC };
}

static char second[SHMX_OBJECT_PATH + 8];

static void
put_hard_link(void)
{
	struct shmx_header h = a_header();

	put_file(&h, sizeof(h));
	snprintf(second, sizeof(second), "%s-2", path);
	ck_assert_int_eq(link(path, second), 0);
}

static void
put_of_another_user(void)
{
	struct shmx_header h = a_header();

	put_file(&h, sizeof(h));
	ck_assert_int_eq(chmod(path, 0666), 0);
	ck_assert_int_eq(chown(path, 12345, (gid_t)-1), 0);
}

static void (*const obstacles[])(void) = {
	put_symlink, put_dangling_symlink, put_directory, put_pipe, put_empty,
	put_garbage, put_hard_link, put_of_another_user,
};

START_TEST(what_is_no_ring_of_ours_stays)
{
	struct shmx_producer *p = (void *)&p;
	struct stat before, after;

	if (obstacles[_i] == put_of_another_user && geteuid() != 0)
		return;		/* not allowed to make one */
	obstacles[_i]();
	before = stat_object();
	ck_assert_int_eq(try_open(&p, 64, 0), -EEXIST);
	ck_assert_ptr_eq(p, &p);
	ck_assert_msg(strstr(shmx_error(), path) != NULL &&
		      strstr(shmx_error(), "remove it") != NULL, "%s",
		      shmx_error());
	after = stat_object();
	ck_assert_uint_eq(before.st_ino, after.st_ino);
	ck_assert_uint_eq(before.st_mode, after.st_mode);
	ck_assert_int_eq(before.st_size, after.st_size);
	if (S_ISDIR(before.st_mode))
		rmdir(path);
	if (second[0] != '\0')
		unlink(second);
	second[0] = '\0';
}
END_TEST

static struct v2_server *
open_v2_server(void)
{
	static struct v2_server server;
	const struct v2_config config = {
		.name = name, .slots = 3, .reader_slots = 2,
		.static_cap = 256, .frame_cap = 200,
		.control_per_reader = 128,
	};

	return v2_server_create(&server, &config, NULL, 0) == 0 ? &server :
		NULL;
}

static void
serve_v2(int line, void *arg)
{
	struct v2_server *server = open_v2_server();

	(void)arg;
	expect(server != NULL);
	child_say(line, 'o');
	child_hear(line);
	v2_server_close(server);
}

START_TEST(directories_are_in_nobodys_way)
{
	static const char *const names[] = { ".", ".." };
	struct shmx_producer *p;

	snprintf(name, sizeof(name), "%s", names[_i]);
	ck_assert_int_eq(try_open(&p, 64, 0), -EINVAL);
	ck_assert_msg(strstr(shmx_error(), "is no name for a ring in "
			     SHMX_OBJECT_DIR) != NULL, "%s", shmx_error());
}
END_TEST

START_TEST(a_server_of_v2_is_not_replaced)
{
	struct shmx_producer *p = NULL;
	struct child c;

	child_start(&c, serve_v2, NULL);
	ck_assert_int_eq(child_hear(c.line), 'o');
	ck_assert_int_eq(try_open(&p, 64, 0), -EADDRINUSE);
	child_kill(&c);
	/* Its object is still there, and nobody has it. */
	stat_object();
	shmx_producer_close(open_named(64, 0));
}
END_TEST

START_TEST(nothing_that_fails_leaves_a_name)
{
	struct shmx_producer *p = NULL;
	struct stat st;
	unsigned n;
	int ret;

	for (n = 1; ; n++) {
		fault_nth(NULL, n, ENOMEM);
		ret = try_open(&p, 64, 0);
		if (!fault_off())
			break;
		if (ret == 0)
			shmx_producer_close(p);
		else
			ck_assert_ptr_null(p);
		p = NULL;
		ck_assert_int_eq(lstat(path, &st), -1);
	}
	ck_assert_int_eq(ret, 0);
	ck_assert_uint_gt(n, 10);
	shmx_producer_close(p);
}
END_TEST

START_TEST(too_much_is_said_before)
{
	const struct shmx_stream picture = {
		.kind = SHMX_STREAM_IMAGE, .id = 1, .name = "picture",
		.width = 20000, .height = 20000, .format = SHMX_XRGB8888,
	};
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	struct shmx_producer *p;
	struct stat st;

	o.streams = &picture;
	o.stream_count = 1;
	o.flags = SHMX_NAMED;
	ck_assert_int_eq(shmx_producer_open(&p, name, &o), -ENOMEM);
	ck_assert_int_eq(lstat(path, &st), -1);
}
END_TEST

START_TEST(slots_are_a_power_of_two)
{
	static const unsigned wanted[] = { 3, 4, 5, 8, 33, 64 };
	static const unsigned given[] = { 4, 4, 8, 8, 64, 64 };
	const struct shmx_stream picture = {
		.kind = SHMX_STREAM_IMAGE, .id = 1, .name = "picture",
		.width = 16, .height = 16, .format = SHMX_XRGB8888,
	};
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	struct shmx_producer_stats stats;
	struct shmx_producer *p;

	o.streams = &picture;
	o.stream_count = 1;
	o.flags = SHMX_NAMED;
	o.slots = wanted[_i];
	ck_assert_int_eq(shmx_producer_open(&p, name, &o), 0);
	shmx_producer_stats(p, &stats, sizeof(stats));
	ck_assert_uint_eq(stats.slots, given[_i]);
	ck_assert_uint_eq(stats.holds_total, given[_i] - 2);
	shmx_producer_close(p);
}
END_TEST

/* Opens it again and again while it comes and goes. */
static void *
peek(void *arg)
{
	shmx_a32 *end = arg;
	struct v2_client c;
	uintptr_t odd = 0;
	int ret;

	while (shmx_load_acquire(end) == 0) {
		ret = v2_inspect_open(&c, name);
		if (ret == 0)
			v2_client_close(&c);
		else if (ret != -ENOENT)
			odd++;
	}
	return (void *)odd;
}

START_TEST(who_finds_it_finds_it_whole)
{
	shmx_a32 end = 0;
	pthread_t thread;
	void *odd;
	int i;

	ck_assert_int_eq(pthread_create(&thread, NULL, peek, &end), 0);
	for (i = 0; i < 100; i++)
		shmx_producer_close(open_named(64, 0));
	shmx_store_release(&end, 1);
	pthread_join(thread, &odd);
	ck_assert_ptr_null(odd);
}
END_TEST

/* ------------------------------------------------------------- readers -- */

static struct shmx_reader *
open_reader(void)
{
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	struct shmx_reader *r = NULL;

	ck_assert_msg(shmx_reader_open(&r, name, &o) == 0, "%s",
		      shmx_error());
	return r;
}

START_TEST(our_readers_hold_frames)
{
	struct shmx_producer *p = open_named(64, 0);
	struct shmx_reader *r = open_reader();
	struct shmx_hold *h;
	uint64_t n;
	void *map;

	frame_publish(p, 1);
	ck_assert_int_eq(shmx_wait(r, 5000), 0);
	ck_assert_int_eq(shmx_hold_latest(r, &h), 0);
	for (n = 2; n < 50; n++)
		ck_assert_uint_eq(frame_publish(p, n), n);
	ck_assert(frame_is(shmx_frame_info(h), shmx_frame_pixels(h), 1));
	/* What is handed on to a server cannot be written through. */
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED,
		   shmx_frame_info(h)->memory_fd, 0);
	ck_assert_ptr_eq(map, MAP_FAILED);
	shmx_release(h);
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

/* Its holder may still write there. */
START_TEST(a_record_is_free_when_its_evicted_reader_is_gone)
{
	struct shmx_producer *p = open_named(64, 0);
	struct shmx_record *record = shmx_records_at(&p->region.records, 15);
	struct shmx_reader *r = open_reader(), *other;
	struct shmx_reader_snapshot s;
	struct shmx_hold *h;
	int i;

	frame_publish(p, 1);
	ck_assert_int_eq(shmx_hold_latest(r, &h), 0);
	for (i = 0; i < 2000 &&
	     shmx_producer_readers(p, &s, sizeof(s), 1) == 0; i++)
		usleep(5000);
	ck_assert_int_eq(shmx_producer_evict(p, s.id, "test"), 0);
	ck_assert(!shmx_hold_valid(h));
	other = open_reader();
	ck_assert_uint_eq(shmx_load_acquire(&record->in_use), 1);
	ck_assert_uint_eq(shmx_load_acquire(
		&shmx_records_at(&p->region.records, 14)->mark),
			  SHMX_EXT_MAGIC);
	ck_assert(!shmx_hold_valid(h));
	shmx_release(h);
	shmx_reader_close(r);
	for (i = 0; i < 2000 && shmx_load_acquire(&record->in_use) != 0; i++)
		usleep(5000);
	ck_assert_uint_eq(shmx_load_acquire(&record->in_use), 0);
	ck_assert_uint_eq(shmx_load_acquire(&record->evicted), 0);
	shmx_reader_close(other);
	shmx_producer_close(p);
}
END_TEST

static void
produce_frames(int line, void *arg)
{
	const uint32_t *width = arg;
	struct shmx_producer *p;
	uint64_t n;

	expect(try_open(&p, *width, 0) == 0);
	for (n = 1; n <= 20; n++)
		frame_publish(p, n);
	child_say(line, 'o');
	for (;;)
		pause();
}

/* Until the reader has found the producer of frames that wide. */
static void
await_width(struct shmx_reader *r, uint32_t width)
{
	uint64_t until = base_now_ns() + 10 * BASE_NS_PER_S;
	struct shmx_hold *h;
	bool found = false;

	while (!found && base_now_ns() < until) {
		if (shmx_wait(r, 100) < 0 || shmx_hold_latest(r, &h) < 0)
			continue;
		found = shmx_frame_info(h)->width == width;
		shmx_release(h);
	}
	ck_assert(found);
}

/* Killed, and followed by one of larger and one of smaller frames. */
START_TEST(readers_survive_a_restart)
{
	static uint32_t widths[] = { 64, 640, 16 };
	struct v2_client old, now;
	struct shmx_hold *kept;
	struct shmx_reader *r;
	struct v2_view view;
	struct child c;
	int i, k;

	child_start(&c, produce_frames, &widths[0]);
	ck_assert_int_eq(child_hear(c.line), 'o');
	ck_assert_int_eq(v2_client_open(&old, name), 0);
	r = open_reader();
	ck_assert_int_eq(shmx_hold_latest(r, &kept), 0);
	for (i = 1; i < 3; i++) {
		child_kill(&c);
		child_start(&c, produce_frames, &widths[i]);
		ck_assert_int_eq(child_hear(c.line), 'o');
		/* The old memory is as it was, whole and mapped. */
		for (k = 0; k < 100; k++)
			ck_assert_int_eq(v2_latest(&old, &view), 0);
		ck_assert_uint_eq(view.frame_id, 20);
		ck_assert(frame_is(shmx_frame_info(kept),
				   shmx_frame_pixels(kept), 20));
		ck_assert_int_eq(v2_client_open(&now, name), 0);
		ck_assert_int_eq(v2_latest(&now, &view), 0);
		ck_assert_uint_gt(view.payload_bytes, widths[i] * 48 * 4);
		v2_client_close(&now);
		await_width(r, widths[i]);
	}
	v2_client_close(&old);
	shmx_release(kept);
	shmx_reader_close(r);
	child_kill(&c);
}
END_TEST

/* -------------------------------------------------------- frames of v2.0 -- */

static const struct shmx_header *
header_of(const struct shmx_producer *p)
{
	return p->region.map;
}

START_TEST(every_frame_is_right)
{
	struct shmx_producer *p = open_named(64, 0);
	const struct shmx_header *h = header_of(p);
	struct v2_item item;
	struct v2_view view;
	struct v2_client c;
	struct shmx_frame f;
	uint64_t n;

	ck_assert_int_eq(v2_inspect_open(&c, name), 0);
	for (n = 1; n <= 200; n++) {
		shmx_begin(p, &f);
		memset(f.pixels, (int)n, f.stride * f.height);
		f.sim_time = (double)n / 4;
		ck_assert_uint_eq(shmx_publish(p, &f), n);
		/* Verifies session and checksum. */
		ck_assert_int_eq(v2_inspect_slot(&c, (h->write_index - 1) %
						 h->slots, &view), 0);
		ck_assert_uint_eq(view.frame_id, n);
		ck_assert_uint_eq(h->frame_sequence, n);
		ck_assert(view.sim_time == (double)n / 4);
		ck_assert_uint_eq(view.tlv_count, 1);
		ck_assert_uint_eq(view.session, p->region.session);
		ck_assert_int_eq(v2_decode(&view, &item, 1), 1);
		ck_assert_uint_eq(item.stream_id, 1);
		ck_assert_uint_eq(item.bytes, 64 * 4 * 48);
		ck_assert_uint_eq(item.elements, 64 * 48);
		ck_assert_uint_eq((uintptr_t)item.data % 4096,
				  (uintptr_t)f.pixels % 4096);
		ck_assert_int_eq(*(const unsigned char *)item.data, (int)n);
	}
	v2_client_close(&c);
	ck_assert_uint_eq(p->region.ring.ext->checksummed, 200);
	shmx_producer_close(p);
}
END_TEST

START_TEST(a_frame_being_written_is_none)
{
	struct shmx_producer *p = open_named(64, 0);
	struct v2_client c;
	struct v2_view view;
	struct shmx_frame f;
	uint64_t n;

	ck_assert_int_eq(v2_client_open(&c, name), 0);
	ck_assert_int_eq(v2_latest(&c, &view), -EAGAIN);
	for (n = 1; n <= 20; n++)
		frame_publish(p, n);
	for (n = 0; n < 3; n++) {
		shmx_begin(p, &f);
		ck_assert_int_eq(v2_inspect_slot(&c, f.slot, &view),
				 -EBADMSG);
		ck_assert_uint_eq(view.frame_id, 0);
		/* And the newest is there all the time. */
		ck_assert_int_eq(v2_latest(&c, &view), 0);
		ck_assert_uint_eq(view.frame_id, 20);
	}
	v2_client_close(&c);
	shmx_producer_close(p);
}
END_TEST

/* Any slot may be next; it is found by the index also where that wraps. */
START_TEST(the_index_wraps)
{
	struct shmx_producer *p = open_named(16, 0);
	const struct shmx_header *h = header_of(p);
	uint32_t before, index, wraps = 0;
	struct shmx_frame f;
	struct v2_client c;
	struct v2_view view;
	uint64_t n;

	ck_assert_int_eq(v2_client_open(&c, name), 0);
	p->v2.write_index = before = UINT32_MAX - 200 - (uint32_t)_i;
	for (n = 1; n <= 500; n++) {
		shmx_begin(p, &f);
		*(uint64_t *)f.pixels = n;
		shmx_publish(p, &f);
		index = h->write_index;
		ck_assert_uint_ne(index, 0);
		ck_assert_uint_ne(index, before);
		ck_assert_uint_le(index - before, 2 * h->slots);
		ck_assert_uint_eq((index - 1) % h->slots, f.slot);
		wraps += index < before;
		before = index;
		ck_assert_int_eq(v2_latest(&c, &view), 0);
		ck_assert_uint_eq(view.frame_id, n);
	}
	ck_assert_uint_eq(wraps, 1);
	v2_client_close(&c);
	shmx_producer_close(p);
}
END_TEST

START_TEST(what_v2_looks_at_stays)
{
	struct shmx_producer *p = open_named(64, 0);
	struct v2_client a, b;
	struct v2_view seen_a, seen_b, view;
	uint64_t n;

	ck_assert_int_eq(v2_client_open(&a, name), 0);
	ck_assert_int_eq(v2_client_open(&b, name), 0);
	frame_publish(p, 1);
	ck_assert_int_eq(v2_latest(&a, &seen_a), 0);
	frame_publish(p, 2);
	ck_assert_int_eq(v2_latest(&b, &seen_b), 0);
	for (n = 3; n < 200; n++)
		ck_assert_uint_eq(frame_publish(p, n), n);
	ck_assert_uint_eq(v2_checksum(seen_a.payload, seen_a.payload_bytes),
			  seen_a.checksum);
	ck_assert_uint_eq(v2_checksum(seen_b.payload, seen_b.payload_bytes),
			  seen_b.checksum);
	/* Looking at another lets go of it. */
	ck_assert_int_eq(v2_latest(&a, &view), 0);
	for (; n < 220; n++)
		frame_publish(p, n);
	ck_assert_uint_ne(v2_checksum(seen_a.payload, seen_a.payload_bytes),
			  seen_a.checksum);
	v2_client_close(&a);
	v2_client_close(&b);
	shmx_producer_close(p);
}
END_TEST

/* It is a wish: where nothing else is left, the frame goes. */
START_TEST(what_v2_looks_at_is_no_hold)
{
	struct shmx_producer *p = open_named(64, 0);
	struct shmx_reader *r[3];
	struct shmx_hold *h[6];
	struct v2_client c;
	struct v2_view view;
	uint64_t n;
	unsigned i;

	for (i = 0; i < 3; i++)
		r[i] = open_reader();
	for (i = 0; i < 6; i++) {
		frame_publish(p, i + 1);
		ck_assert_int_eq(shmx_hold_latest(r[i / 2], &h[i]), 0);
	}
	frame_publish(p, 7);
	ck_assert_int_eq(v2_client_open(&c, name), 0);
	ck_assert_int_eq(v2_latest(&c, &view), 0);
	for (n = 8; n < 30; n++)
		ck_assert_uint_eq(frame_publish(p, n), n);
	for (i = 0; i < 6; i++) {
		ck_assert(frame_is(shmx_frame_info(h[i]),
				   shmx_frame_pixels(h[i]), i + 1));
		shmx_release(h[i]);
	}
	v2_client_close(&c);
	for (i = 0; i < 3; i++)
		shmx_reader_close(r[i]);
	shmx_producer_close(p);
}
END_TEST

/* While somebody reads without a hold, a slot rests as long as it can. */
START_TEST(the_oldest_slot_is_next)
{
	struct shmx_producer *p = open_named(64, 0);
	struct shmx_frame f;
	struct v2_client c;
	uint32_t last[8], seen = 0;
	uint64_t n;

	for (n = 1; n <= 20; n++)
		frame_publish(p, n);
	shmx_begin(p, &f);
	/* The warmest: that of the frame before the newest. */
	ck_assert_uint_eq(f.age, 2);
	shmx_publish(p, &f);
	ck_assert_int_eq(v2_client_open(&c, name), 0);
	for (n = 0; n < 8; n++) {
		shmx_begin(p, &f);
		last[n] = f.slot;
		seen |= 1U << f.slot;
		shmx_publish(p, &f);
	}
	ck_assert_uint_eq(seen, 0xff);
	for (n = 0; n < 16; n++) {
		shmx_begin(p, &f);
		ck_assert_uint_eq(f.slot, last[n % 8]);
		shmx_publish(p, &f);
	}
	v2_client_close(&c);
	shmx_producer_close(p);
}
END_TEST

START_TEST(checksums_only_where_they_are_read)
{
	struct shmx_producer *p = open_named(64, SHMX_LAZY_CHECKSUM);
	struct shmx_reader *r = open_reader();
	struct v2_client c;
	struct v2_view view;
	uint64_t n;

	for (n = 1; n <= 5; n++)
		frame_publish(p, n);
	ck_assert_uint_eq(p->region.ring.ext->checksummed, 0);
	ck_assert_int_eq(v2_client_open(&c, name), 0);
	ck_assert_int_eq(v2_latest(&c, &view), -EAGAIN);
	frame_publish(p, 6);
	ck_assert_int_eq(v2_latest(&c, &view), 0);
	ck_assert_uint_eq(view.frame_id, 6);
	v2_client_close(&c);
	frame_publish(p, 7);
	ck_assert_uint_eq(p->region.ring.ext->checksummed, 1);
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

/* v2.0 itself has no frame without a stream. */
START_TEST(a_frame_of_nothing_is_one)
{
	const struct shmx_stream ticks = {
		.kind = SHMX_STREAM_DATA, .id = 7, .name = "ticks",
		.element_type = SHMX_U64, .capacity = 4,
	};
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;
	const uint64_t tick = 4711;
	struct shmx_producer *p;
	struct v2_item item;
	struct v2_client c;
	struct v2_view view;
	struct shmx_frame f;

	o.streams = &ticks;
	o.stream_count = 1;
	o.flags = SHMX_NAMED;
	ck_assert_int_eq(shmx_producer_open(&p, name, &o), 0);
	ck_assert_int_eq(v2_client_open(&c, name), 0);
	shmx_begin(p, &f);
	shmx_publish(p, &f);
	ck_assert_int_eq(v2_latest(&c, &view), 0);
	ck_assert_uint_eq(view.frame_id, 1);
	ck_assert_int_eq(v2_decode(&view, &item, 1), 0);
	shmx_begin(p, &f);
	ck_assert_int_eq(shmx_frame_append_copy(p, &f, 7, 1, &tick), 0);
	shmx_publish(p, &f);
	ck_assert_int_eq(v2_latest(&c, &view), 0);
	ck_assert_int_eq(v2_decode(&view, &item, 1), 1);
	ck_assert_uint_eq(item.bytes, 8);
	ck_assert_int_eq(memcmp(item.data, &tick, 8), 0);
	v2_client_close(&c);
	shmx_producer_close(p);
}
END_TEST

/* Everybody of this user can write there; the producer goes on. */
START_TEST(whatever_is_written_there)
{
	const struct shmx_stream more = {
		.kind = SHMX_STREAM_DATA, .id = 9, .name = "more",
		.element_type = SHMX_U8, .capacity = 4,
	};
	struct shmx_producer *p = open_named(64, 0);
	size_t i, bytes = p->region.map_bytes;
	struct shmx_frame f;
	unsigned char *map;
	unsigned seed = 1;
	int fd, n;

	fd = open(path, O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ck_assert_ptr_ne(map, MAP_FAILED);
	close(fd);
	for (n = 0; n < 300; n++) {
		for (i = 0; i < bytes; i++)
			map[i] = n % 3 == 0 ? 0xff : n % 3 == 1 ? 0x7f :
				(unsigned char)rand_r(&seed);
		shmx_begin(p, &f);
		memset(f.pixels, n, f.stride * f.height);
		shmx_publish(p, &f);
		(void)shmx_producer_add_stream(p, &more);
	}
	memset(map, 0, bytes);
	munmap(map, bytes);
	shmx_producer_close(p);
}
END_TEST

START_TEST(inspectors_see_our_readers)
{
	struct shmx_producer *p = open_named(64, 0);
	struct shmx_reader *r = open_reader();
	struct v2_snapshot snapshot[4];
	struct shmx_hold *h;
	struct v2_client c;

	frame_publish(p, 1);
	ck_assert_int_eq(shmx_hold_latest(r, &h), 0);
	ck_assert_int_eq(v2_inspect_open(&c, name), 0);
	ck_assert_uint_eq(v2_inspect_readers(&c, snapshot, 4), 1);
	ck_assert_uint_eq(snapshot[0].record, 15);
	ck_assert_uint_eq(snapshot[0].last_frame_seen, 1);
	ck_assert_uint_eq(header_of(p)->readers_connected, 1);
	v2_client_close(&c);
	shmx_release(h);
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

/* Not of either kind of ring, also when it takes the place of another. */
START_TEST(who_wants_sealed_memory_wants_no_object)
{
	struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;
	struct shmx_producer_options several = SHMX_PRODUCER_OPTIONS_INIT;
	struct shmx_producer *p = open_named(64, 0);
	struct shmx_reader *r = NULL;
	int warnings = 0, i;

	o.flags = SHMX_SEALED;
	o.log = count_warnings;
	o.log_data = &warnings;
	ck_assert_int_eq(shmx_reader_open(&r, name, &o), -ENOTSUP);
	ck_assert_ptr_nonnull(strstr(shmx_error(), "not sealed memory"));
	ck_assert_int_eq(warnings, 1);
	shmx_producer_close(p);

	several.flags = SHMX_MULTI_WRITER;
	several.frame_bytes = 4096;
	ck_assert_int_eq(shmx_producer_open(&p, name, &several), 0);
	ck_assert_msg(shmx_reader_open(&r, name, &o) == 0, "%s", shmx_error());
	shmx_producer_close(p);
	ck_assert_int_eq(shmx_wait(r, 10000), -EPIPE);
	p = open_named(64, 0);
	/* Some attempts later it is still the same news. */
	for (i = 0; i < 10; i++)
		ck_assert_int_eq(shmx_wait(r, 100), -ETIMEDOUT);
	ck_assert_int_ne(shmx_reader_state(r), SHMX_ATTACHED);
	ck_assert_ptr_nonnull(strstr(shmx_reader_trouble(r), "not sealed"));
	ck_assert_int_eq(warnings, 2);
	shmx_producer_close(p);

	ck_assert_int_eq(shmx_producer_open_image(&p, name, 64, 48,
						  SHMX_XRGB8888), 0);
	frame_publish(p, 1);
	ck_assert_int_eq(shmx_wait(r, 10000), 0);
	ck_assert_int_eq(shmx_reader_state(r), SHMX_ATTACHED);
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("named");
	TCase *tc = suite_case(s, "objects");

	tcase_add_checked_fixture(tc, choose_name, remove_object);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, an_object_is_its_users_alone, 0, 2);
	tcase_add_loop_test(tc, a_live_ring_is_not_replaced, 0, 2);
	tcase_add_loop_test(tc, a_leftover_is_replaced, 0, 2);
	tcase_add_test(tc, a_forked_child_is_not_in_the_way);
	tcase_add_loop_test(tc, what_is_no_ring_of_ours_stays, 0,
			    BASE_ARRAY_SIZE(obstacles));
	tcase_add_loop_test(tc, directories_are_in_nobodys_way, 0, 2);
	tcase_add_test(tc, a_server_of_v2_is_not_replaced);
	tcase_add_test(tc, nothing_that_fails_leaves_a_name);
	tcase_add_test(tc, too_much_is_said_before);
	tcase_add_loop_test(tc, slots_are_a_power_of_two, 0, 6);
	tcase_add_test(tc, who_finds_it_finds_it_whole);

	tc = suite_case(s, "readers");
	tcase_add_checked_fixture(tc, choose_name, remove_object);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, our_readers_hold_frames);
	tcase_add_test(tc, a_record_is_free_when_its_evicted_reader_is_gone);
	tcase_add_test(tc, readers_survive_a_restart);
	tcase_add_test(tc, who_wants_sealed_memory_wants_no_object);

	tc = suite_case(s, "v2");
	tcase_add_checked_fixture(tc, choose_name, remove_object);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, every_frame_is_right);
	tcase_add_test(tc, a_frame_being_written_is_none);
	tcase_add_loop_test(tc, the_index_wraps, 0, 8);
	tcase_add_test(tc, what_v2_looks_at_stays);
	tcase_add_test(tc, what_v2_looks_at_is_no_hold);
	tcase_add_test(tc, the_oldest_slot_is_next);
	tcase_add_test(tc, checksums_only_where_they_are_read);
	tcase_add_test(tc, a_frame_of_nothing_is_one);
	tcase_add_test(tc, inspectors_see_our_readers);
	tcase_add_test(tc, whatever_is_written_there);
	return suite_run(s);
}
