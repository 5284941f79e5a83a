/* SPDX-License-Identifier: MIT */
/*
 * memory.c - how much memory may still be taken here
 *
 * A ring allocates all its slots when it is made.  Asking first turns the
 * out-of-memory killer, minutes later and in somebody else's process, into
 * one line of text.
 */
#include "config.h"

#include "memory.h"

#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/base.h"

/* Read a small file whole, as a string.  False if there is none. */
static bool
read_file(const char *root, const char *dir, const char *name, char *buf,
	  size_t size)
{
	char path[PATH_MAX];
	size_t n;
	FILE *f;

	if ((size_t)snprintf(path, sizeof(path), "%s%s/%s", root, dir, name) >=
	    sizeof(path))
		return false;
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	n = fread(buf, 1, size - 1, f);
	fclose(f);
	buf[n] = '\0';
	return n > 0;
}

/* The number behind a key at the start of a line. */
static bool
find_number(const char *text, const char *key, uint64_t *value)
{
	size_t len = strlen(key);
	const char *line;

	for (line = text; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, len) == 0)
			return sscanf(line + len, "%" SCNu64, value) == 1;
	}
	return false;
}

static bool
read_number(const char *root, const char *dir, const char *name,
	    uint64_t *value)
{
	char buf[64];

	/* "max" is no number, and no limit. */
	return read_file(root, dir, name, buf, sizeof(buf)) &&
	       sscanf(buf, "%" SCNu64, value) == 1;
}

static void
limit_to(struct shmx_memory *m, uint64_t bytes, const char *limit)
{
	if (bytes < m->bytes) {
		m->bytes = bytes;
		m->limit = limit;
	}
}

static void
limit_system(struct shmx_memory *m, const char *root)
{
	char buf[4096];
	uint64_t kib;

	if (read_file(root, "/proc", "meminfo", buf, sizeof(buf)) &&
	    find_number(buf, "MemAvailable:", &kib))
		limit_to(m, kib * 1024, "this machine has free");
}

/* What one control group leaves; its file cache can be reclaimed. */
static void
limit_cgroup_dir(struct shmx_memory *m, const char *root, const char *dir,
		 const char *max_name, const char *used_name)
{
	char stat[8192];
	uint64_t max, used, cache = 0;

	if (!read_number(root, dir, max_name, &max) ||
	    !read_number(root, dir, used_name, &used))
		return;
	if (read_file(root, dir, "memory.stat", stat, sizeof(stat)))
		find_number(stat, "inactive_file ", &cache);
	used -= BASE_MIN(used, cache);
	limit_to(m, max - BASE_MIN(max, used), "this control group may use");
}

/* The group and all groups above it, up to the mount. */
static void
limit_cgroup_path(struct shmx_memory *m, const char *root, const char *mount,
		  const char *group, const char *max_name,
		  const char *used_name)
{
	char dir[PATH_MAX];
	size_t base = strlen(mount);
	char *slash;

	if ((size_t)snprintf(dir, sizeof(dir), "%s%s", mount, group) >=
	    sizeof(dir))
		return;
	for (;;) {
		limit_cgroup_dir(m, root, dir, max_name, used_name);
		slash = strrchr(dir, '/');
		if (slash == NULL || (size_t)(slash - dir) < base)
			return;
		*slash = '\0';
	}
}

/* Is it among the names of a list such as "cpu,memory"? */
static bool
has_memory(const char *list)
{
	size_t len;

	for (;; list += len + 1) {
		len = strcspn(list, ",");
		if (len == 6 && memcmp(list, "memory", 6) == 0)
			return true;
		if (list[len] == '\0')
			return false;
	}
}

static void
limit_cgroup(struct shmx_memory *m, const char *root)
{
	char buf[8192];
	char *line, *save, *names, *path;

	if (!read_file(root, "/proc/self", "cgroup", buf, sizeof(buf)))
		return;
	/* Lines are "number:controllers:path"; v2 is "0::path". */
	for (line = strtok_r(buf, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		names = strchr(line, ':');
		path = names == NULL ? NULL : strchr(names + 1, ':');
		if (path == NULL)
			continue;
		*path++ = '\0';
		if (strcmp(line, "0:") == 0)
			limit_cgroup_path(m, root, "/sys/fs/cgroup", path,
					  "memory.max", "memory.current");
		else if (has_memory(names + 1))
			limit_cgroup_path(m, root, "/sys/fs/cgroup/memory",
					  path, "memory.limit_in_bytes",
					  "memory.usage_in_bytes");
	}
}

static void
limit_resources(struct shmx_memory *m, const char *root)
{
	char buf[64];
	struct rlimit rl;
	uint64_t pages, used;

	if (getrlimit(RLIMIT_FSIZE, &rl) == 0 && rl.rlim_cur != RLIM_INFINITY)
		limit_to(m, rl.rlim_cur, "the file size limit allows");
	if (getrlimit(RLIMIT_AS, &rl) < 0 || rl.rlim_cur == RLIM_INFINITY ||
	    !read_file(root, "/proc/self", "statm", buf, sizeof(buf)) ||
	    sscanf(buf, "%" SCNu64, &pages) != 1)
		return;
	used = pages * (uint64_t)sysconf(_SC_PAGESIZE);
	limit_to(m, rl.rlim_cur - BASE_MIN(rl.rlim_cur, used),
		 "the address space limit leaves");
}

struct shmx_memory
shmx_memory_available(const char *root)
{
	struct shmx_memory m = { UINT64_MAX, "there is" };

	limit_system(&m, root);
	limit_cgroup(&m, root);
	limit_resources(&m, root);
	return m;
}

void
shmx_memory_limit_dir(struct shmx_memory *m, const char *dir,
		      const char *limit)
{
	struct statvfs fs;

	if (statvfs(dir, &fs) == 0)
		limit_to(m, (uint64_t)fs.f_bavail * fs.f_frsize, limit);
}
