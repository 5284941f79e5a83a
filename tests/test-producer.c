/* SPDX-License-Identifier: MIT */
/*
 * test-producer.c - the writing end: what it takes, refuses and promises
 */
#include "config.h"

#include <shmx/shmx.h>

#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/fd.h"
#include "byhand.h"
#include "child.h"
#include "frames.h"
#include "suite.h"

static const struct shmx_stream picture = {
	.kind = SHMX_STREAM_IMAGE,
	.id = 1,
	.name = "picture",
	.width = 64,
	.height = 48,
	.format = SHMX_XRGB8888,
};

static struct shmx_producer_options
options(const struct shmx_stream *stream)
{
	struct shmx_producer_options o = SHMX_PRODUCER_OPTIONS_INIT;

	o.streams = stream;
	o.stream_count = 1;
	return o;
}

static struct shmx_producer *
open_with(const struct shmx_producer_options *o)
{
	struct shmx_producer *p = NULL;

	ck_assert_msg(shmx_producer_open(&p, "test", o) == 0, "%s",
		      shmx_error());
	return p;
}

static struct shmx_producer *
open_picture(void)
{
	const struct shmx_producer_options o = options(&picture);

	return open_with(&o);
}

/* It fails so, in these words, and *out is as it was. */
static void
check_refused(const char *name, const struct shmx_producer_options *o,
	      int error, const char *words)
{
	struct shmx_producer *p = (void *)&p;

	ck_assert_int_eq(shmx_producer_open(&p, name, o), error);
	ck_assert_ptr_eq(p, &p);
	ck_assert_msg(strstr(shmx_error(), words) != NULL,
		      "\"%s\" does not say \"%s\"", shmx_error(), words);
	ck_assert_ptr_null(strchr(shmx_error(), '\n'));
}

/* ------------------------------------------------------------- options -- */

static const struct { uint32_t width, height; } bad_sizes[] = {
	{ 0, 48 }, { 64, 0 }, { 0, 0 }, { 32768, 48 }, { 64, 32768 },
	{ UINT32_MAX, 1 }, { 1, UINT32_MAX },
};

START_TEST(an_impossible_size_is_refused)
{
	struct shmx_stream s = picture;
	struct shmx_producer_options o = options(&s);

	s.width = bad_sizes[_i].width;
	s.height = bad_sizes[_i].height;
	check_refused("test", &o, -EINVAL, "each side is 1 to 32767 pixels");
}
END_TEST

START_TEST(the_longest_sides_are_possible)
{
	struct shmx_stream s = picture;
	struct shmx_producer_options o = options(&s);
	struct shmx_producer *p;

	s.format = SHMX_R8;
	s.width = 32767;
	s.height = 1;
	p = open_with(&o);
	shmx_producer_close(p);
	s.width = 1;
	s.height = 32767;
	shmx_producer_close(open_with(&o));
}
END_TEST

static const char *const bad_names[] = {
	NULL, "", "/", "a/b", "a b", "..\n", "caf\303\251", "//a", "a\\b",
	"0123456789012345678901234567890123456789012345678901234567890123x",
};

START_TEST(a_name_that_is_none_is_refused)
{
	struct shmx_producer_options o = options(&picture);

	check_refused(bad_names[_i], &o, -EINVAL, "name");
}
END_TEST

static const char *const good_names[] = {
	"a", "/a", ".", "..", "-", "A.b_c-9",
	"0123456789012345678901234567890123456789012345678901234567890123",
};

START_TEST(names_are_letters_digits_and_three_signs)
{
	struct shmx_producer_options o = options(&picture);
	struct shmx_producer *p;

	ck_assert_int_eq(shmx_producer_open(&p, good_names[_i], &o), 0);
	shmx_producer_close(p);
}
END_TEST

START_TEST(what_is_unknown_is_refused)
{
	struct shmx_stream s = picture;
	struct shmx_producer_options o = options(&s);

	o.flags = 1u << 31;
	check_refused("test", &o, -EINVAL, "unknown producer flags 0x80000000");
	o.flags = 0;
	s.format = SHMX_FOURCC('N', 'O', 'N', 'E');
	check_refused("test", &o, -EINVAL, "is no pixel format");
	s.format = picture.format;
	s.kind = (enum shmx_stream_kind)3;
	check_refused("test", &o, -EINVAL, "neither an image nor data");
}
END_TEST

START_TEST(a_stream_has_an_id_and_a_name)
{
	static const char longest[] =
		"012345678901234567890123456789012345678901234567890123456789"
		"012";
	struct shmx_stream s = picture;
	struct shmx_producer_options o = options(&s);
	char longer[sizeof(longest) + 1];

	s.id = 0;
	check_refused("test", &o, -EINVAL, "id that is not 0");
	s.id = 1;
	s.name = NULL;
	check_refused("test", &o, -EINVAL, "a name of at most 63 bytes");
	snprintf(longer, sizeof(longer), "%sx", longest);
	s.name = longer;
	check_refused("test", &o, -EINVAL, "a name of at most 63 bytes");
	s.name = longest;
	shmx_producer_close(open_with(&o));
	s.name = "";
	shmx_producer_close(open_with(&o));
}
END_TEST

START_TEST(there_is_one_image_at_most)
{
	const struct shmx_stream two[2] = { picture, picture };
	struct shmx_producer_options o = options(two);

	o.stream_count = 2;
	check_refused("test", &o, -EINVAL, "at most one image");
	o.stream_count = 0;
	check_refused("test", &o, -EINVAL, "needs streams, or frame_bytes");
	o = options(NULL);
	check_refused("test", &o, -EINVAL, "at NULL");
}
END_TEST

static const struct { unsigned slots, history; bool fine; } shapes[] = {
	{ 1, 0, false }, { 2, 0, false }, { 2, 1, false }, { 3, 2, false },
	{ 8, 7, false }, { 0, 7, false }, { 65, 1, false },
	{ 64, 63, false }, { UINT32_MAX, UINT32_MAX, false },
	{ 4, UINT32_MAX, false }, { UINT32_MAX, 1, false },
	{ 0, 0, true }, { 3, 1, true }, { 8, 6, true }, { 64, 1, true },
	{ 64, 62, true }, { 0, 6, true },
};

START_TEST(slots_are_two_more_than_the_history)
{
	struct shmx_producer_options o = options(&picture);

	o.slots = shapes[_i].slots;
	o.history = shapes[_i].history;
	if (shapes[_i].fine)
		shmx_producer_close(open_with(&o));
	else
		check_refused("test", &o, -EINVAL, "at least two more");
}
END_TEST

START_TEST(options_of_an_older_caller_are_completed)
{
	struct shmx_producer_options o = options(&picture);
	struct shmx_producer_stats stats;
	struct shmx_producer *p;

	/* What lies behind its size is not looked at. */
	o.size = offsetof(struct shmx_producer_options, slots);
	o.slots = 12345;
	p = open_with(&o);
	shmx_producer_stats(p, &stats, sizeof(stats));
	ck_assert_uint_eq(stats.slots, 8);
	shmx_producer_close(p);
	o.size = sizeof(size_t);
	check_refused("test", &o, -EINVAL, "needs streams, or frame_bytes");
	o.size = sizeof(size_t) - 1;
	check_refused("test", &o, -EINVAL, "SHMX_PRODUCER_OPTIONS_INIT");
	o.size = 0;
	check_refused("test", &o, -EINVAL, "SHMX_PRODUCER_OPTIONS_INIT");
	check_refused("test", NULL, -EINVAL, "SHMX_PRODUCER_OPTIONS_INIT");
}
END_TEST

START_TEST(options_of_a_newer_caller_must_ask_nothing_new)
{
	struct {
		struct shmx_producer_options ours;
		uint64_t theirs;
	} o = { options(&picture), 0 };

	o.ours.size = sizeof(o);
	shmx_producer_close(open_with(&o.ours));
	o.theirs = UINT64_C(1) << 63;
	check_refused("test", &o.ours, -E2BIG, "does not know");
}
END_TEST

START_TEST(stats_of_any_size_are_filled)
{
	struct shmx_producer *p = open_picture();
	struct {
		struct shmx_producer_stats stats;
		uint64_t beyond;
	} s = { .beyond = 7 };

	ck_assert_uint_eq(frame_publish(p, 1), 1);
	shmx_producer_stats(p, &s.stats, sizeof(uint64_t));
	ck_assert_uint_eq(s.stats.published, 1);
	ck_assert_uint_eq(s.stats.slots, 0);
	shmx_producer_stats(p, &s.stats, sizeof(s));
	ck_assert_uint_eq(s.beyond, 7);
	ck_assert_uint_eq(s.stats.slots, 8);
	ck_assert_uint_eq(s.stats.holds_total, 6);
	ck_assert_uint_eq(s.stats.slots_held, 0);
	ck_assert_uint_eq(s.stats.readers, 0);
	ck_assert_uint_ge(s.stats.bytes, 8 * 64 * 48 * 4);
	shmx_producer_close(p);
}
END_TEST

/* ---------------------------------------------------------------- name -- */

static void
own_name(int line, void *arg)
{
	struct shmx_producer *p;

	(void)arg;
	expect(shmx_producer_open_image(&p, "test", 8, 8, SHMX_R8) == 0);
	child_say(line, 'o');
	child_hear(line);
	shmx_producer_close(p);
}

START_TEST(a_name_in_use_is_refused_with_who_has_it)
{
	struct shmx_producer_options o = options(&picture);
	char pid[32], comm[64] = "";
	struct child c;
	FILE *f;

	child_start(&c, own_name, NULL);
	ck_assert_int_eq(child_hear(c.line), 'o');
	snprintf(pid, sizeof(pid), "(pid %d)", (int)c.pid);
	check_refused("test", &o, -EADDRINUSE, pid);
	check_refused("/test", &o, -EADDRINUSE, "ring \"test\" is in use");
	f = fopen("/proc/self/comm", "re");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fscanf(f, "%63s", comm), 1);
	fclose(f);
	check_refused("test", &o, -EADDRINUSE, comm);
	child_say(c.line, 'q');
	child_end(&c);
	shmx_producer_close(open_with(&o));
}
END_TEST

START_TEST(a_killed_owner_is_in_nobodys_way)
{
	struct child c;
	int i;

	for (i = 0; i < 3; i++) {
		child_start(&c, own_name, NULL);
		ck_assert_int_eq(child_hear(c.line), 'o');
		child_kill(&c);
		shmx_producer_close(open_picture());
	}
}
END_TEST

START_TEST(one_process_owns_a_name_once)
{
	struct shmx_producer_options o = options(&picture);
	struct shmx_producer *p = open_picture(), *other;
	char pid[32];

	snprintf(pid, sizeof(pid), "(pid %d)", (int)getpid());
	check_refused("test", &o, -EADDRINUSE, pid);
	/* Having tried costs it nothing. */
	check_refused("test", &o, -EADDRINUSE, pid);
	ck_assert_int_eq(shmx_producer_open(&other, "test2", &o), 0);
	shmx_producer_close(other);
	check_refused("test", &o, -EADDRINUSE, pid);
	shmx_producer_close(p);
	shmx_producer_close(open_picture());
}
END_TEST

/* Forked by an owner, which is none by that. */
static void
try_name(int line, void *arg)
{
	struct shmx_producer *p;
	char pid[32];

	(void)arg;
	snprintf(pid, sizeof(pid), "(pid %d)", (int)getppid());
	expect(shmx_producer_open_image(&p, "test", 8, 8, SHMX_R8) ==
	       -EADDRINUSE);
	expect(strstr(shmx_error(), pid) != NULL);
	child_say(line, 't');
	child_hear(line);
	expect(shmx_producer_open_image(&p, "test", 8, 8, SHMX_R8) == 0);
	shmx_producer_close(p);
}

START_TEST(a_forked_child_does_not_inherit_the_name)
{
	struct shmx_producer_options o = options(&picture);
	struct shmx_producer *p;
	struct child c;

	/* Without a thread: a sanitizer's fork has trouble with those. */
	o.flags = SHMX_NO_THREAD;
	p = open_with(&o);
	child_start(&c, try_name, NULL);
	ck_assert_int_eq(child_hear(c.line), 't');
	shmx_producer_close(p);
	child_say(c.line, 'q');
	child_end(&c);
}
END_TEST

/* From where the owner cannot be seen. */
static void
try_name_unseen(int line, void *arg)
{
	struct shmx_producer *p;

	(void)line;
	(void)arg;
	expect(shmx_producer_open_image(&p, "test", 8, 8, SHMX_R8) ==
	       -EADDRINUSE);
	expect(strstr(shmx_error(), "another container") != NULL);
}

static void
enter_container(int line, void *arg)
{
	struct child c;

	(void)line;
	(void)arg;
	if (unshare(CLONE_NEWPID) < 0)
		return;		/* an ordinary user may not */
	child_start(&c, try_name_unseen, NULL);
	child_end(&c);
}

START_TEST(an_owner_in_another_container_is_an_owner)
{
	struct child owner, c;

	child_start(&owner, own_name, NULL);
	ck_assert_int_eq(child_hear(owner.line), 'o');
	child_start(&c, enter_container, NULL);
	child_end(&c);
	child_say(owner.line, 'q');
	child_end(&owner);
}
END_TEST

/* ----------------------------------------------------------- directory -- */

static char where[2048];	/* the directory of this test's rings */

static bool
exists(const char *dir, const char *file)
{
	char path[4096];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	return lstat(path, &st) == 0;
}

START_TEST(closing_leaves_the_lock_and_no_socket)
{
	const char *dir = getenv("SHMX_DIR");
	struct shmx_producer *p;

	if (dir == NULL)
		return;
	p = open_picture();
	ck_assert(exists(dir, "test.sock"));
	ck_assert(exists(dir, "test.lock"));
	shmx_producer_close(p);
	ck_assert(!exists(dir, "test.sock"));
	ck_assert(exists(dir, "test.lock"));
}
END_TEST

START_TEST(closing_nothing_is_fine)
{
	shmx_producer_close(NULL);
}
END_TEST

static void
read_one(int line, void *arg)
{
	struct shmx_reader *r;
	struct shmx_hold *h;

	(void)arg;
	expect(child_hear(line) == 'g');
	expect(shmx_reader_open(&r, "test", NULL) == 0);
	expect(shmx_wait(r, 10000) == 0);
	expect(shmx_hold_latest(r, &h) == 0);
	expect(frame_is_whole(h));
	shmx_release(h);
	shmx_reader_close(r);
}

START_TEST(a_long_directory_is_no_trouble)
{
	const char *tmp = getenv("TMPDIR"), *dir = getenv("SHMX_DIR");
	char *before = dir != NULL ? strdup(dir) : NULL;
	struct shmx_producer *p;
	struct child c;
	size_t n;
	int i;

	n = (size_t)snprintf(where, sizeof(where), "%s",
			     tmp != NULL ? tmp : "/tmp");
	for (i = 0; i < 4; i++) {
		memset(where + n, 'd', 200);
		where[n] = '/';
		where[n += 200] = '\0';
		ck_assert(mkdir(where, 0700) == 0 || errno == EEXIST);
	}
	setenv("SHMX_DIR", where, 1);
	child_start(&c, read_one, NULL);
	p = open_picture();
	ck_assert_uint_eq(frame_publish(p, 1), 1);
	child_say(c.line, 'g');
	child_end(&c);
	shmx_producer_close(p);
	ck_assert(!exists(where, "test.sock"));
	if (before != NULL)
		setenv("SHMX_DIR", before, 1);
	else
		unsetenv("SHMX_DIR");
	free(before);
}
END_TEST

START_TEST(what_a_killed_listener_left_is_removed)
{
	const char *dir = getenv("SHMX_DIR");
	char path[4096];
	FILE *f;

	if (dir == NULL)
		return;
	/* Between bind(2) and rename(2) it is called so. */
	snprintf(path, sizeof(path), "%s/~test.sock", dir);
	f = fopen(path, "we");
	ck_assert_ptr_nonnull(f);
	fclose(f);
	shmx_producer_close(open_picture());
	ck_assert(!exists(dir, "~test.sock"));
}
END_TEST

/*
 * Directories that do not do, each tried in a process of its own: for the
 * environment, and to be one that file modes say something to.
 */
struct bad_dir {
	const char *what;
	void (*make)(char *path, size_t size);
	const char *words;
};

static void
new_dir(char *path, size_t size)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(path, size, "%s/bad-XXXXXX", tmp != NULL ? tmp : "/tmp");
	expect(mkdtemp(path) != NULL);
}

static void
make_orphan(char *path, size_t size)
{
	new_dir(path, size);
	strcat(path, "/missing/dir");
}

static void
make_file(char *path, size_t size)
{
	FILE *f;

	new_dir(path, size);
	strcat(path, "/file");
	f = fopen(path, "we");
	expect(f != NULL);
	fclose(f);
}

static void
make_unwritable(char *path, size_t size)
{
	new_dir(path, size);
	expect(chmod(path, 0500) == 0);
}

static void
make_open_to_all(char *path, size_t size)
{
	new_dir(path, size);
	expect(chmod(path, 0777) == 0);
}

static void
make_a_groups(char *path, size_t size)
{
	new_dir(path, size);
	expect(chmod(path, 0770) == 0);
}

static void
make_anothers(char *path, size_t size)
{
	new_dir(path, size);
	expect(chmod(path, 0755) == 0);
	if (chown(path, geteuid() + 1, (gid_t)-1) < 0)
		snprintf(path, size, "/usr");	/* root's, and we are not */
}

static void
make_unreachable(char *path, size_t size)
{
	new_dir(path, size);
	expect(chmod(path, 0) == 0);
	strcat(path, "/dir");
}

static void
make_a_link(char *path, size_t size)
{
	char target[4096];

	new_dir(target, sizeof(target));
	snprintf(path, size, "%s/link", target);
	expect(symlink(target, path) == 0);
}

static const struct bad_dir bad_dirs[] = {
	{ "missing parent", make_orphan,
	  "No such file or directory; set SHMX_DIR" },
	{ "a file", make_file, "Not a directory" },
	{ "not writable", make_unwritable, "cannot be written" },
	{ "writable by all", make_open_to_all, "writable by nobody else" },
	{ "writable by a group", make_a_groups, "writable by nobody else" },
	{ "of another", make_anothers, "must belong to you" },
	{ "unreachable", make_unreachable, "Permission denied" },
	{ "a link", make_a_link, "Not a directory" },
};

/* Root without its powers is still root, and file modes apply. */
static void
become_ordinary(void)
{
	struct __user_cap_header_struct head = {
		_LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct none[2] = { { 0, 0, 0 }, { 0, 0, 0 } };

	if (geteuid() == 0)
		expect(syscall(SYS_capset, &head, none) == 0);
}

static void
try_dir(int line, void *arg)
{
	const struct bad_dir *bad = arg;
	struct shmx_producer *p;
	char path[4096];
	int ret;

	(void)line;
	bad->make(path, sizeof(path));
	become_ordinary();
	setenv("SHMX_DIR", path, 1);
	ret = shmx_producer_open_image(&p, "test", 8, 8, SHMX_R8);
	if (ret >= 0 || strstr(shmx_error(), bad->words) == NULL ||
	    strstr(shmx_error(), path) == NULL ||
	    strchr(shmx_error(), '\n') != NULL) {
		fprintf(stderr, "%s: %d, %s\n", bad->what, ret, shmx_error());
		_exit(1);
	}
}

START_TEST(an_unusable_directory_is_said_in_one_line)
{
	struct child c;

	child_start(&c, try_dir, (void *)(uintptr_t)&bad_dirs[_i]);
	child_end(&c);
}
END_TEST

/* Both sides pass over a runtime directory that is not theirs. */
static void
meet_elsewhere(int line, void *arg)
{
	struct shmx_producer *p;
	struct shmx_reader *r;
	char path[4096], name[64];

	(void)line;
	(void)arg;
	new_dir(path, sizeof(path));
	unsetenv("SHMX_DIR");
	setenv("XDG_RUNTIME_DIR", path, 1);
	strcat(path, "/shmx");
	expect(mkdir(path, 0777) == 0);
	expect(chmod(path, 0777) == 0);
	snprintf(name, sizeof(name), "shmx-test-%d", (int)getpid());
	expect(shmx_producer_open_image(&p, name, 8, 8, SHMX_R8) == 0);
	expect(shmx_reader_open(&r, name, NULL) == 0);
	shmx_reader_close(r);
	shmx_producer_close(p);
}

START_TEST(both_sides_pass_over_the_same_directories)
{
	struct child c;

	child_start(&c, meet_elsewhere, NULL);
	child_end(&c);
}
END_TEST

/* --------------------------------------------------------------- frame -- */

static const struct { uint32_t width, height, format; } pictures[] = {
	{ 1, 1, SHMX_R8 }, { 64, 48, SHMX_XRGB8888 }, { 65, 3, SHMX_RGB565 },
	{ 1023, 7, SHMX_RGB888 }, { 4096, 2, SHMX_ARGB8888 },
};

START_TEST(pixels_begin_on_a_page_and_rows_on_a_cache_line)
{
	struct shmx_stream s = picture;
	struct shmx_producer_options o = options(&s);
	struct shmx_producer *p;
	struct shmx_frame f;
	int i;

	s.width = pictures[_i].width;
	s.height = pictures[_i].height;
	s.format = pictures[_i].format;
	p = open_with(&o);
	for (i = 0; i < 20; i++) {
		shmx_begin(p, &f);
		ck_assert_uint_eq((uintptr_t)f.pixels % 4096, 0);
		ck_assert_uint_eq(f.stride % 64, 0);
		ck_assert_uint_ge(f.stride, (size_t)s.width *
				  shmx_format_bytes(s.format));
		ck_assert_uint_eq(f.width, s.width);
		ck_assert_uint_eq(f.height, s.height);
		ck_assert_uint_eq(f.format, s.format);
		ck_assert_uint_eq(f.damage_count, 0);
		memset(f.pixels, 0xee, f.stride * f.height);
		ck_assert_uint_eq(shmx_publish(p, &f), (uint64_t)i + 1);
	}
	shmx_producer_close(p);
}
END_TEST

START_TEST(age_says_whose_content_a_slot_has)
{
	struct shmx_producer *p = open_picture();
	struct shmx_frame f;
	uint32_t *first;
	uint64_t n;

	for (n = 1; n <= 20; n++) {
		shmx_begin(p, &f);
		first = f.pixels;
		if (f.age > 0)
			ck_assert_uint_eq(*first, n - f.age);
		else
			ck_assert_uint_le(n, 2);
		*first = (uint32_t)n;
		ck_assert_uint_eq(shmx_publish(p, &f), n);
	}
	shmx_producer_close(p);
}
END_TEST

START_TEST(beginning_twice_gives_the_same_slot)
{
	struct shmx_producer *p = open_picture();
	struct shmx_frame f, g;
	int i;

	for (i = 0; i < 5; i++)
		frame_publish(p, 1);
	shmx_begin(p, &f);
	ck_assert_uint_ne(f.age, 0);
	shmx_damage(&f, 1, 1, 1, 1);
	f.width = 3;
	shmx_begin(p, &g);
	ck_assert_ptr_eq(f.pixels, g.pixels);
	ck_assert_uint_eq(g.damage_count, 0);
	ck_assert_uint_eq(g.width, 64);
	/* Somebody may have drawn into it. */
	ck_assert_uint_eq(g.age, 0);
	ck_assert_uint_eq(shmx_publish(p, &g), 6);
	shmx_producer_close(p);
}
END_TEST

#ifdef NDEBUG
START_TEST(publishing_twice_drops_the_second)
{
	struct shmx_producer *p = open_picture();
	struct shmx_frame f, g;

	shmx_begin(p, &f);
	ck_assert_uint_eq(shmx_publish(p, &f), 1);
	ck_assert_uint_eq(shmx_publish(p, &f), 0);
	shmx_begin(p, &g);
	ck_assert_uint_eq(shmx_publish(p, &f), 0);
	ck_assert_uint_eq(shmx_publish(p, &g), 2);
	shmx_producer_close(p);
}
END_TEST
#endif

/* -------------------------------------------------------------- damage -- */

START_TEST(damage_is_clipped_to_the_frame)
{
	struct shmx_frame f = { .width = 100, .height = 50 };

	shmx_damage(&f, -10, -5, 20, 10);
	shmx_damage(&f, 90, 45, 20, 10);
	shmx_damage(&f, INT32_MIN, INT32_MIN, INT32_MAX, INT32_MAX);
	shmx_damage(&f, INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX);
	shmx_damage(&f, 10, 10, 0, 10);
	shmx_damage(&f, 10, 10, 10, -1);
	shmx_damage(&f, 100, 0, 1, 1);
	shmx_damage(&f, 0, 50, 1, 1);
	ck_assert_uint_eq(f.damage_count, 2);
	ck_assert_mem_eq(&f.damage[0], (&(struct shmx_rect){ 0, 0, 10, 5 }),
			 sizeof(f.damage[0]));
	ck_assert_mem_eq(&f.damage[1], (&(struct shmx_rect){ 90, 45, 10, 5 }),
			 sizeof(f.damage[0]));
	shmx_damage(&f, -1, -1, INT32_MAX, INT32_MAX);
	ck_assert_mem_eq(&f.damage[2], (&(struct shmx_rect){ 0, 0, 100, 50 }),
			 sizeof(f.damage[0]));
}
END_TEST

START_TEST(too_many_rectangles_become_their_bounding_box)
{
	struct shmx_frame f = { .width = 100, .height = 50 };
	int i;

	for (i = 0; i < SHMX_DAMAGE_MAX; i++)
		shmx_damage(&f, 10 + i, 20 + i, 1, 1);
	ck_assert_uint_eq(f.damage_count, SHMX_DAMAGE_MAX);
	shmx_damage(&f, 5, 40, 2, 3);
	ck_assert_uint_eq(f.damage_count, 1);
	ck_assert_mem_eq(&f.damage[0], (&(struct shmx_rect){ 5, 20, 17, 23 }),
			 sizeof(f.damage[0]));
	shmx_damage(&f, 0, 0, 1, 1);
	ck_assert_uint_eq(f.damage_count, 2);
}
END_TEST

/* ----------------------------------------------------- a loop of theirs -- */

static struct shmx_producer *
open_unthreaded(void)
{
	struct shmx_producer_options o = options(&picture);

	o.flags = SHMX_NO_THREAD;
	return open_with(&o);
}

/* Serve until the child has said something. */
static char
serve_until_heard(struct shmx_producer *p, const struct child *c)
{
	struct pollfd fds[] = {
		{ .fd = shmx_producer_fd(p), .events = POLLIN },
		{ .fd = c->line, .events = POLLIN },
	};

	for (;;) {
		ck_assert_int_gt(poll(fds, 2, 10000), 0);
		ck_assert_int_eq(shmx_producer_service(p), 0);
		if (fds[1].revents != 0)
			return child_hear(c->line);
	}
}

/* Names now this slot, now that one, as fast as it can. */
static void
flicker(int line, void *arg)
{
	struct shmx_record *record;
	uint64_t n = 1;

	(void)arg;
	child_hear(line);
	record = byhand_attach(5);
	child_say(line, 'h');
	for (;;) {
		n = n * UINT64_C(6364136223846793005) + 1;
		shmx_store_relaxed(&record->hold[(n >> 40) % 5],
				   (n >> 33) % 8 + 1);
		shmx_store_relaxed(&record->sleeping, (uint32_t)n);
	}
}

/*
 * Words that move while the producer looks can be wherever it looks. Whether
 * they are is luck, of which there is none on a single processor.
 */
START_TEST(a_hostile_reader_costs_frames_which_are_counted)
{
	/* They have to run at the same time: on a busy machine that takes. */
	uint64_t deadline = base_now_ns() + 40 * BASE_NS_PER_S;
	uint64_t dropped = 0, published = 0;
	struct shmx_reader_options ro = SHMX_READER_OPTIONS_INIT;
	struct shmx_producer_stats stats;
	struct shmx_producer *p;
	struct shmx_reader *r;
	struct shmx_hold *hold;
	struct shmx_frame f;
	struct child c;
	bool after_drop;

	if (getenv("SHMX_DIR") == NULL)
		return;
	child_start(&c, flicker, NULL);
	p = open_picture();
	frame_publish(p, 1);
	published++;
	ro.holds = 1;
	ck_assert_int_eq(shmx_reader_open(&r, "test", &ro), 0);
	child_say(c.line, 'g');
	ck_assert_int_eq(child_hear(c.line), 'h');
	while (dropped < 3 && base_now_ns() < deadline) {
		shmx_begin(p, &f);
		memset(f.pixels, 1, f.stride * f.height);
		after_drop = shmx_publish(p, &f) == 0;
		dropped += after_drop;
		published += !after_drop;
		if (!after_drop)
			continue;
		do {
			shmx_begin(p, &f);
			shmx_damage(&f, 1, 1, 1, 1);
		} while (shmx_publish(p, &f) == 0 && dropped++);
		published++;
		/* It differs from the last one by what was dropped too. */
		ck_assert_int_eq(shmx_hold_latest(r, &hold), 0);
		ck_assert_uint_eq(shmx_frame_info(hold)->damage_count, 0);
		shmx_release(hold);
	}
	shmx_producer_stats(p, &stats, sizeof(stats));
	ck_assert_uint_eq(stats.published, published);
	ck_assert_uint_eq(stats.dropped, dropped);
	if (sysconf(_SC_NPROCESSORS_ONLN) > 1)
		ck_assert_uint_gt(dropped, 0);
	child_kill(&c);
	shmx_reader_close(r);
	shmx_producer_close(p);
}
END_TEST

/* Says for ever that it holds six slots which nobody gave to it. */
static void
hold_six(int line, void *arg)
{
	struct shmx_record *record;
	uint32_t i;

	(void)arg;
	child_hear(line);
	record = byhand_attach(6);
	for (i = 0; i < 6; i++)
		shmx_store_seq_cst(&record->hold[i], i + 1);
	child_say(line, 'h');
	child_hear(line);
}

START_TEST(words_that_stand_still_cost_nothing)
{
	struct shmx_producer_stats stats;
	struct shmx_producer *p;
	struct child c;
	uint64_t n;

	if (getenv("SHMX_DIR") == NULL)
		return;
	child_start(&c, hold_six, NULL);
	p = open_unthreaded();
	child_say(c.line, 'g');
	ck_assert_int_eq(serve_until_heard(p, &c), 'h');
	for (n = 1; n <= 100; n++)
		ck_assert_uint_eq(frame_publish(p, n), n);
	shmx_producer_stats(p, &stats, sizeof(stats));
	ck_assert_uint_eq(stats.slots_held, 6);
	ck_assert_uint_eq(stats.dropped, 0);
	child_kill(&c);
	shmx_producer_close(p);
}
END_TEST

START_TEST(without_a_thread_the_caller_serves)
{
	struct shmx_producer_stats stats;
	struct shmx_producer *p;
	struct child c;

	child_start(&c, read_one, NULL);
	p = open_unthreaded();
	ck_assert_int_ge(shmx_producer_fd(p), 0);
	frame_publish(p, 1);
	child_say(c.line, 'g');
	/* '\0' is its end, which the service hears of too. */
	ck_assert_int_eq(serve_until_heard(p, &c), '\0');
	child_end(&c);
	ck_assert_int_eq(shmx_producer_service(p), 0);
	shmx_producer_stats(p, &stats, sizeof(stats));
	ck_assert_uint_eq(stats.attached, 1);
	ck_assert_uint_eq(stats.reaped, 1);
	ck_assert_uint_eq(stats.readers, 0);
	ck_assert_uint_eq(stats.holds_granted, 0);
	shmx_producer_close(p);
}
END_TEST

START_TEST(with_a_thread_the_caller_does_not)
{
	struct shmx_producer *p = open_picture();

	ck_assert_int_eq(shmx_producer_fd(p), -1);
	ck_assert_int_eq(shmx_producer_service(p), -EINVAL);
	shmx_producer_close(p);
}
END_TEST

/* -------------------------------------------------------------- memory -- */

START_TEST(a_ring_beyond_4_gib_is_refused)
{
	struct shmx_stream s = picture;
	struct shmx_producer_options o = options(&s);

	s.width = 32767;
	s.height = 32767;
	check_refused("test", &o, -ENOMEM, "needs 34358.7 MB, 8 slots of 4294");
	check_refused("test", &o, -ENOMEM, "not even 3 slots fit");
	/* And has left nothing in the way. */
	shmx_producer_close(open_picture());
}
END_TEST

/* A ring of 8 slots of 4.2 MB under 16 MB of something. */
static void
open_limited(int resource, rlim_t limit, const char *words)
{
	const struct rlimit rl = { limit, RLIM_INFINITY };
	struct shmx_stream s = picture;
	struct shmx_producer_options o = options(&s);
	struct shmx_producer *p;

	expect(setrlimit(resource, &rl) == 0);
	s.width = s.height = 1024;
	o.flags = SHMX_NO_THREAD;
	expect(shmx_producer_open(&p, "test", &o) == -ENOMEM);
	if (strstr(shmx_error(), "needs 33.6 MB, 8 slots of 4.2 MB") == NULL ||
	    strstr(shmx_error(), words) == NULL ||
	    strstr(shmx_error(), "3 slots would fit") == NULL) {
		fprintf(stderr, "%s\n", shmx_error());
		_exit(1);
	}
	/* As many as it says do fit. */
	o.slots = 3;
	if (shmx_producer_open(&p, "test", &o) < 0) {
		fprintf(stderr, "%s\n", shmx_error());
		_exit(1);
	}
	frame_publish(p, 1);
	shmx_producer_close(p);
}

#if !defined(SUITE_ASAN) && !defined(SUITE_TSAN)
static void
open_in_little_space(int line, void *arg)
{
	unsigned long pages;
	FILE *f;

	(void)line;
	(void)arg;
	f = fopen("/proc/self/statm", "re");
	expect(f != NULL);
	expect(fscanf(f, "%lu", &pages) == 1);
	fclose(f);
	open_limited(RLIMIT_AS, pages * 4096 + (19 << 20),
		     "but the address space limit leaves");
}

START_TEST(too_little_address_space_is_said)
{
	struct child c;

	if (suite_is_nofork())
		return;		/* valgrind needs space of its own */
	child_start(&c, open_in_little_space, NULL);
	child_end(&c);
}
END_TEST
#endif

static void
open_in_small_files(int line, void *arg)
{
	(void)line;
	(void)arg;
	open_limited(RLIMIT_FSIZE, 17 << 20,
		     "but the file size limit allows");
}

START_TEST(a_file_size_limit_is_said_and_kills_nobody)
{
	struct child c;

	child_start(&c, open_in_small_files, NULL);
	child_end(&c);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("producer");
	TCase *tc = suite_case(s, "options");

	tcase_add_loop_test(tc, an_impossible_size_is_refused, 0,
			    BASE_ARRAY_SIZE(bad_sizes));
	tcase_add_test(tc, the_longest_sides_are_possible);
	tcase_add_loop_test(tc, a_name_that_is_none_is_refused, 0,
			    BASE_ARRAY_SIZE(bad_names));
	tcase_add_loop_test(tc, names_are_letters_digits_and_three_signs, 0,
			    BASE_ARRAY_SIZE(good_names));
	tcase_add_test(tc, what_is_unknown_is_refused);
	tcase_add_test(tc, a_stream_has_an_id_and_a_name);
	tcase_add_test(tc, there_is_one_image_at_most);
	tcase_add_loop_test(tc, slots_are_two_more_than_the_history, 0,
			    BASE_ARRAY_SIZE(shapes));
	tcase_add_test(tc, options_of_an_older_caller_are_completed);
	tcase_add_test(tc, options_of_a_newer_caller_must_ask_nothing_new);
	tcase_add_test(tc, stats_of_any_size_are_filled);

	tc = suite_case(s, "name");
	tcase_add_test(tc, a_name_in_use_is_refused_with_who_has_it);
	tcase_add_test(tc, a_killed_owner_is_in_nobodys_way);
	tcase_add_test(tc, one_process_owns_a_name_once);
	tcase_add_test(tc, a_forked_child_does_not_inherit_the_name);
	tcase_add_test(tc, an_owner_in_another_container_is_an_owner);

	tc = suite_case(s, "directory");
	tcase_add_test(tc, closing_leaves_the_lock_and_no_socket);
	tcase_add_test(tc, closing_nothing_is_fine);
	tcase_add_test(tc, a_long_directory_is_no_trouble);
	tcase_add_test(tc, what_a_killed_listener_left_is_removed);
	tcase_add_loop_test(tc, an_unusable_directory_is_said_in_one_line, 0,
			    BASE_ARRAY_SIZE(bad_dirs));
	tcase_add_test(tc, both_sides_pass_over_the_same_directories);

	tc = suite_case(s, "frame");
	tcase_add_loop_test(tc,
			    pixels_begin_on_a_page_and_rows_on_a_cache_line,
			    0, BASE_ARRAY_SIZE(pictures));
	tcase_add_test(tc, age_says_whose_content_a_slot_has);
	tcase_add_test(tc, beginning_twice_gives_the_same_slot);
#ifdef NDEBUG
	tcase_add_test(tc, publishing_twice_drops_the_second);
#endif

	tc = suite_case(s, "damage");
	tcase_add_test(tc, damage_is_clipped_to_the_frame);
	tcase_add_test(tc, too_many_rectangles_become_their_bounding_box);

	tc = suite_case(s, "readers");
	tcase_add_test(tc, a_hostile_reader_costs_frames_which_are_counted);
	tcase_add_test(tc, words_that_stand_still_cost_nothing);
	tcase_add_test(tc, without_a_thread_the_caller_serves);
	tcase_add_test(tc, with_a_thread_the_caller_does_not);

	tc = suite_case(s, "memory");
	tcase_add_test(tc, a_ring_beyond_4_gib_is_refused);
#if !defined(SUITE_ASAN) && !defined(SUITE_TSAN)
	tcase_add_test(tc, too_little_address_space_is_said);
#endif
	tcase_add_test(tc, a_file_size_limit_is_said_and_kills_nobody);
	return suite_run(s);
}
