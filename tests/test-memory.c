/* SPDX-License-Identifier: MIT */
/*
 * test-memory.c - how much memory there is, asked of made-up machines
 */
#include "config.h"

#include "shmx/memory.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "suite.h"

#define MIB (UINT64_C(1) << 20)

static char root[256];

/* Write a file of the made-up machine, with the directories it needs. */
static void
put(const char *path, const char *text)
{
	char full[PATH_MAX], *slash;
	FILE *f;

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (slash = full + strlen(root) + 1;
	     (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = '\0';
		mkdir(full, 0700);
		*slash = '/';
	}
	f = fopen(full, "we");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static void
setup(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(root, sizeof(root), "%s/machine-XXXXXX",
		 tmp != NULL ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(root));
	put("/proc/meminfo", "MemTotal:        4096000 kB\n"
	    "MemFree:          512000 kB\n"
	    "MemAvailable:    1024000 kB\n");
}

static void
teardown(void)
{
	char command[sizeof(root) + 16];

	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	ck_assert_int_eq(system(command), 0);
}

static void
check(uint64_t bytes, const char *limit)
{
	struct shmx_memory m = shmx_memory_available(root);

	ck_assert_uint_eq(m.bytes, bytes);
	ck_assert_str_eq(m.limit, limit);
}

static const char machine[] = "this machine has free";
static const char group[] = "this control group may use";

START_TEST(a_machine_without_groups_has_what_is_available)
{
	check(1024000 * UINT64_C(1024), machine);
}
END_TEST

START_TEST(a_machine_that_says_nothing_has_no_limit)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/proc/meminfo", root);
	unlink(path);
	check(UINT64_MAX, "there is");
	put("/proc/meminfo", "");
	check(UINT64_MAX, "there is");
	put("/proc/meminfo", "MemAvailable: much\n");
	check(UINT64_MAX, "there is");
	put("/proc/meminfo", "NotMemAvailable: 5 kB\nMemAvailable: 7 kB");
	check(7 * 1024, machine);
}
END_TEST

START_TEST(the_smallest_of_nested_groups_counts)
{
	put("/proc/self/cgroup", "0::/outer/inner\n");
	put("/sys/fs/cgroup/outer/inner/memory.max", "734003200\n");
	put("/sys/fs/cgroup/outer/inner/memory.current", "104857600\n");
	check(600 * MIB, group);
	put("/sys/fs/cgroup/outer/memory.max", "524288000\n");
	put("/sys/fs/cgroup/outer/memory.current", "209715200\n");
	check(300 * MIB, group);
	/* A container sees its own limit at the mount. */
	put("/sys/fs/cgroup/memory.max", "209715200\n");
	put("/sys/fs/cgroup/memory.current", "104857600\n");
	check(100 * MIB, group);
}
END_TEST

START_TEST(the_root_group_is_a_group)
{
	put("/proc/self/cgroup", "0::/\n");
	put("/sys/fs/cgroup/memory.max", "209715200\n");
	put("/sys/fs/cgroup/memory.current", "0\n");
	check(200 * MIB, group);
}
END_TEST

START_TEST(max_is_no_limit)
{
	put("/proc/self/cgroup", "0::/a\n");
	put("/sys/fs/cgroup/a/memory.max", "max\n");
	put("/sys/fs/cgroup/a/memory.current", "104857600\n");
	check(1024000 * UINT64_C(1024), machine);
}
END_TEST

START_TEST(file_cache_can_be_had_back)
{
	put("/proc/self/cgroup", "0::/a\n");
	put("/sys/fs/cgroup/a/memory.max", "209715200\n");
	put("/sys/fs/cgroup/a/memory.current", "104857600\n");
	put("/sys/fs/cgroup/a/memory.stat", "anon 1\nactive_inactive_file 9\n"
	    "inactive_file 52428800\nactive_file 7\n");
	check(150 * MIB, group);
	/* More cache than use: odd, and no more than the limit. */
	put("/sys/fs/cgroup/a/memory.stat", "inactive_file 999999999999\n");
	check(200 * MIB, group);
}
END_TEST

START_TEST(a_group_over_its_limit_has_nothing)
{
	put("/proc/self/cgroup", "0::/a\n");
	put("/sys/fs/cgroup/a/memory.max", "1000\n");
	put("/sys/fs/cgroup/a/memory.current", "2000\n");
	check(0, group);
}
END_TEST

START_TEST(version_one_is_understood)
{
	put("/proc/self/cgroup", "12:cpuset:/a\n7:memory:/a/b\n1:name=x:/\n");
	put("/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes",
	    "9223372036854771712\n");
	put("/sys/fs/cgroup/memory/a/b/memory.usage_in_bytes", "4096\n");
	check(1024000 * UINT64_C(1024), machine);
	put("/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "314572800\n");
	put("/sys/fs/cgroup/memory/a/memory.usage_in_bytes", "104857600\n");
	check(200 * MIB, group);
}
END_TEST

START_TEST(controllers_may_share_a_hierarchy)
{
	put("/proc/self/cgroup", "7:cpu,memory:/a\n");
	put("/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "314572800\n");
	put("/sys/fs/cgroup/memory/a/memory.usage_in_bytes", "104857600\n");
	check(200 * MIB, group);
	/* Nothing of ours, though it has the letters. */
	put("/proc/self/cgroup", "7:cpu,notmemory:/a\n");
	check(1024000 * UINT64_C(1024), machine);
}
END_TEST

START_TEST(a_group_may_have_a_colon_in_its_name)
{
	put("/proc/self/cgroup", "0::/user/dbus-:1.2-org.example\n");
	put("/sys/fs/cgroup/user/dbus-:1.2-org.example/memory.max",
	    "209715200\n");
	put("/sys/fs/cgroup/user/dbus-:1.2-org.example/memory.current",
	    "104857600\n");
	check(100 * MIB, group);
}
END_TEST

START_TEST(missing_and_broken_files_are_passed_over)
{
	put("/proc/self/cgroup", "nonsense\n0::/a\n\n::\n");
	put("/sys/fs/cgroup/a/memory.max", "209715200\n");
	check(1024000 * UINT64_C(1024), machine);
	put("/sys/fs/cgroup/a/memory.current", "what?\n");
	check(1024000 * UINT64_C(1024), machine);
}
END_TEST

/* Under limits of its own: not in the test's process. */
static void
limited(int line, void *arg)
{
	struct rlimit rl = { 12345, RLIM_INFINITY };
	struct shmx_memory m;

	(void)line;
	(void)arg;
	expect(setrlimit(RLIMIT_FSIZE, &rl) == 0);
	m = shmx_memory_available(root);
	expect(m.bytes == 12345);
	expect(strcmp(m.limit, "the file size limit allows") == 0);
#if !defined(SUITE_ASAN) && !defined(SUITE_TSAN)
	rl = (struct rlimit){ RLIM_INFINITY, RLIM_INFINITY };
	expect(setrlimit(RLIMIT_FSIZE, &rl) == 0);
	rl.rlim_cur = 512 * MIB;
	expect(setrlimit(RLIMIT_AS, &rl) == 0);
	m = shmx_memory_available("");
	expect(m.bytes < 512 * MIB);
#endif
}

START_TEST(the_process_has_limits_too)
{
	struct child c;

	child_start(&c, limited, NULL);
	child_end(&c);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("memory");
	TCase *tc = suite_case(s, "available");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_machine_without_groups_has_what_is_available);
	tcase_add_test(tc, a_machine_that_says_nothing_has_no_limit);
	tcase_add_test(tc, the_smallest_of_nested_groups_counts);
	tcase_add_test(tc, the_root_group_is_a_group);
	tcase_add_test(tc, max_is_no_limit);
	tcase_add_test(tc, file_cache_can_be_had_back);
	tcase_add_test(tc, a_group_over_its_limit_has_nothing);
	tcase_add_test(tc, version_one_is_understood);
	tcase_add_test(tc, controllers_may_share_a_hierarchy);
	tcase_add_test(tc, a_group_may_have_a_colon_in_its_name);
	tcase_add_test(tc, missing_and_broken_files_are_passed_over);
	tcase_add_test(tc, the_process_has_limits_too);
	return suite_run(s);
}
