/* SPDX-License-Identifier: MIT */
/*
 * shmx-doctor.c - which fast paths work here, why others do not, what to do
 *
 * Nothing is believed that can be tried: a ring is made and read, memory is
 * sealed and then cut, and the X server is asked to attach some.
 */
#include "config.h"

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <shmfb/shmfb.h>
#include <shmx/shmx.h>

#include "base/base.h"
#include "base/fd.h"
#include "base/memfd.h"
#include "base/spin.h"
#include "tool.h"

#define LOCAL_PATHS 9
#define PUT_BUFFER (4 << 20)

struct doctor {
	const char *display;		/* NULL: $DISPLAY */
	bool json;
	unsigned count;
	struct shmfb_probe_path path[LOCAL_PATHS + SHMFB_PROBE_PATHS];
};

enum { OPT_JSON = 256, OPT_DISPLAY };

static const struct argp_option options[] = {
	{ "display", OPT_DISPLAY, "DISPLAY", 0, "that of another X server "
	  "than $DISPLAY", 1 },
	{ "json", OPT_JSON, NULL, 0, "print one JSON object", 1 },
	{ 0 }
};

static const char doc[] =
	"Try each fast path between a ring and the screen, for this display "
	"and this user, and say what came of it and what to do."
	"\v"
	"\"no\" is no failure: everything works without, at the price that "
	"is told. Switches in the environment (SHMFB_NO_SHM, SHMFB_NO_FD, "
	"SHMFB_NO_PRESENT, SHMFB_NO_RENDER, SHMFB_NO_XINPUT, SHMFB_NO_SPIN, "
	"SHMX_NO_SPIN) are found to be on.\n"
	"\n"
	"The exit status is 0, whatever was found.\n";

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	struct doctor *d = state->input;

	switch (key) {
	case OPT_JSON:
		d->json = true;
		return 0;
	case OPT_DISPLAY:
		d->display = arg;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "it takes no name; --display is another "
			   "server's");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* What was found; advice is for when it does not work. */
static void BASE_PRINTF(5, 6)
find(struct doctor *d, const char *name, bool works, const char *advice,
     const char *fmt, ...)
{
	struct shmfb_probe_path *p = &d->path[d->count++];
	va_list ap;

	snprintf(p->name, sizeof(p->name), "%s", name);
	p->verdict = works ? SHMFB_WORKS : SHMFB_FAILS;
	va_start(ap, fmt);
	vsnprintf(p->why, sizeof(p->why), fmt, ap);
	va_end(ap);
	if (!works)
		snprintf(p->advice, sizeof(p->advice), "%s", advice);
}

/* -------------------------------------------------------------- memory -- */

static void
try_memory(struct doctor *d)
{
	int fd = base_memfd_create("shmx-doctor");
	int err = fd < 0 ? -fd : -base_memfd_allocate(fd, 4096);
	bool kept = false;

	find(d, "ring memory", err == 0, "use Linux 3.17 or newer, and allow "
	     "memfd_create() where a sandbox forbids it",
	     "memfd_create: %s", err == 0 ? "anonymous memory, no file to "
	     "clean up" : strerror(err));
	if (err == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW |
			      F_SEAL_SEAL) == 0)
		kept = ftruncate(fd, 0) < 0;
	find(d, "seals", kept, "allow fcntl(F_ADD_SEALS) where a sandbox "
	     "forbids it", kept ?
	     "F_ADD_SEALS: nobody can cut short what others have mapped" :
	     "sealed memory can be cut short all the same, or not be had");
	base_close(&fd);
}

static void
try_dev_shm(struct doctor *d)
{
	struct statvfs fs;
	char name[64];
	int fd, err;

	snprintf(name, sizeof(name), "/shmx-doctor-%d", (int)getpid());
	fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	err = fd < 0 ? errno : 0;
	if (fd >= 0)
		shm_unlink(name);
	if (err == 0 && fstatvfs(fd, &fs) == 0)
		find(d, "/dev/shm", true, "", "room for %llu MB; only named "
		     "rings (SHMX v2.0) lie there",
		     (unsigned long long)fs.f_bavail * fs.f_bsize >> 20);
	else
		find(d, "/dev/shm", false, "mount a tmpfs there; only named "
		     "rings (SHMX v2.0) need it", "%s", strerror(err));
	base_close(&fd);
}

/* Reads a short file of the kernel's; "" where there is none. */
static void
read_line(const char *path, char *line, size_t size)
{
	FILE *f = fopen(path, "re");

	line[0] = '\0';
	if (f != NULL && fgets(line, (int)size, f) != NULL)
		line[strcspn(line, "\n")] = '\0';
	if (f != NULL)
		fclose(f);
}

/* The kernel puts its choice in brackets. */
static void
try_huge_pages(struct doctor *d)
{
	static const char path[] =
		"/sys/kernel/mm/transparent_hugepage/shmem_enabled";
	char line[128], *from, *to;
	bool on;

	read_line(path, line, sizeof(line));
	from = strchr(line, '[');
	to = from != NULL ? strchr(from, ']') : NULL;
	if (to == NULL) {
		find(d, "huge pages", false, "nothing depends on it",
		     "this kernel has none for shared memory");
		return;
	}
	*to = '\0';
	from++;
	on = strcmp(from, "always") == 0 || strcmp(from, "force") == 0 ||
	     strcmp(from, "within_size") == 0;
	find(d, "huge pages", on, "as root, write within_size to "
	     "/sys/kernel/mm/transparent_hugepage/shmem_enabled: large rings "
	     "then cost fewer page faults", "shmem_enabled is %s", from);
}

/* who looks again before it sleeps, unless it has one processor alone. */
static void
try_waiting(struct doctor *d, const char *name, const char *who,
	    const char *variable)
{
	const char *value = getenv(variable);
	bool may = base_may_spin(variable);
	char advice[80];

	if (!may && value != NULL && strcmp(value, "1") == 0) {
		snprintf(advice, sizeof(advice), "unset %s", variable);
		find(d, name, false, advice, "%s is set: %s sleep at once",
		     variable, who);
		return;
	}
	find(d, name, may, "let it run on a second processor: it is woken "
	     "without a system call then", "%ld processors%s%s%s",
	     sysconf(_SC_NPROCESSORS_ONLN), may ? "" : ", and one to run on: ",
	     may ? "" : who, may ? "" : " sleep at once");
}

static void
try_socket_buffer(struct doctor *d)
{
	char line[64];
	long bytes;

	read_line("/proc/sys/net/core/wmem_max", line, sizeof(line));
	bytes = strtol(line, NULL, 10);
	find(d, "socket buffer", bytes >= PUT_BUFFER, "only PutImage is "
	     "slower: as root, sysctl net.core.wmem_max=4194304",
	     "net.core.wmem_max is %ld bytes", bytes);
}

/* ---------------------------------------------------------------- rings -- */

/* Where a ring of that name has its socket; "" when it is nowhere. */
static void
find_socket(char out[PATH_MAX], const char *name)
{
	const char *dir = getenv("SHMX_DIR"), *run = getenv("XDG_RUNTIME_DIR");
	struct stat st;

	if (dir != NULL && snprintf(out, PATH_MAX, "%s/%s.sock", dir,
				    name) < PATH_MAX && stat(out, &st) == 0)
		return;
	if (run != NULL && snprintf(out, PATH_MAX, "%s/shmx/%s.sock", run,
				    name) < PATH_MAX && stat(out, &st) == 0)
		return;
	snprintf(out, PATH_MAX, "/run/user/%u/shmx/%s.sock",
		 (unsigned)getuid(), name);
	if (stat(out, &st) == 0)
		return;
	snprintf(out, PATH_MAX, "/tmp/shmx-%u/%s.sock", (unsigned)getuid(),
		 name);
	if (stat(out, &st) < 0)
		out[0] = '\0';
}

/* One frame from a producer to a reader; NULL, or why not. */
static const char *
pass_frame(struct shmx_producer *producer, const char *name)
{
	struct shmx_reader *reader = NULL;
	struct shmx_hold *hold = NULL;
	const uint32_t *pixels = NULL;
	struct shmx_frame f;
	const char *why = NULL;

	shmx_begin(producer, &f);
	memset(f.pixels, 0x5a, f.stride);
	shmx_publish(producer, &f);
	if (shmx_reader_open(&reader, name, NULL) < 0 ||
	    shmx_hold_latest(reader, &hold) < 0)
		why = shmx_error();
	else
		pixels = shmx_frame_pixels(hold);
	if (why == NULL && (pixels == NULL || *pixels != 0x5a5a5a5a))
		why = "the frame that arrived is not the one that was sent";
	shmx_release(hold);
	shmx_reader_close(reader);
	return why;
}

static void
try_ring(struct doctor *d)
{
	static const char advice[] = "set XDG_RUNTIME_DIR or SHMX_DIR to a "
		"directory of yours that nobody else may enter";
	struct shmx_producer *producer;
	char name[64], path[PATH_MAX];
	const char *why;

	snprintf(name, sizeof(name), "shmx-doctor-%d", (int)getpid());
	if (shmx_producer_open_image(&producer, name, 64, 1,
				     SHMX_XRGB8888) < 0) {
		find(d, "socket directory", false, advice, "%s",
		     shmx_error());
		return;
	}
	find_socket(path, name);
	if (strrchr(path, '/') != NULL)
		*strrchr(path, '/') = '\0';
	find(d, "socket directory", true, advice, "%.300s",
	     path[0] != '\0' ? path : "one that readers find");
	why = pass_frame(producer, name);
	find(d, "rings", why == NULL, advice, "%.300s", why != NULL ? why :
	     "a frame went through one, and nobody copied it");
	shmx_producer_close(producer);
	/* Locks are never removed, but this name is nobody else's. */
	snprintf(path + strlen(path), sizeof(path) - strlen(path), "/%s.lock",
		 name);
	unlink(path);
}

/* ------------------------------------------------------------- printing -- */

static bool
works(const struct doctor *d, const char *name)
{
	unsigned i;

	for (i = 0; i < d->count; i++)
		if (strcmp(d->path[i].name, name) == 0)
			return d->path[i].verdict == SHMFB_WORKS;
	return false;
}

/* As shmfb_stats.path says it; and in words. */
static const char *
best_path(const struct doctor *d, const char **words)
{
	if (!works(d, "display"))
		*words = "Nothing can be shown, for want of a display.";
	else if (works(d, "descriptors") && works(d, "depth"))
		*words = "The X server reads frames where their producer "
			"wrote them: no copy.";
	else if (works(d, "descriptors"))
		*words = "The X server reads frames from shared memory, and "
			"they have to be converted.";
	else if (works(d, "System V"))
		*words = "The X server reads a copy of each frame, from a "
			"System V segment.";
	else
		*words = "Pixels go through the connection to the X server.";
	return !works(d, "display") ? "none" : works(d, "descriptors") ?
		"shm-fd" : works(d, "System V") ? "shm-sysv" : "put";
}

static void
print_json(const struct doctor *d)
{
	static const char *const verdicts[] = {
		[SHMFB_WORKS] = "true", [SHMFB_FAILS] = "false",
		[SHMFB_NOT_TRIED] = "null",
	};
	const char *words;
	unsigned i;

	printf("{\"path\": \"%s\"", best_path(d, &words));
	printf(", \"summary\": ");
	print_json_string(words);
	printf(", \"findings\": [");
	for (i = 0; i < d->count; i++) {
		printf("%s{\"name\": ", i > 0 ? ", " : "");
		print_json_string(d->path[i].name);
		printf(", \"works\": %s, \"why\": ",
		       verdicts[d->path[i].verdict]);
		print_json_string(d->path[i].why);
		printf(", \"advice\": ");
		print_json_string(d->path[i].advice);
		printf("}");
	}
	printf("]}\n");
}

static void
print_table(const struct doctor *d)
{
	static const struct {
		const char *word;
		const char *colour;
	} verdicts[] = {
		[SHMFB_WORKS] = { "yes", "\033[32m" },
		[SHMFB_FAILS] = { "no", "\033[33m" },
		[SHMFB_NOT_TRIED] = { "-", "\033[2m" },
	};
	bool colours = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;
	const struct shmfb_probe_path *p;
	const char *words;
	int width = 0;
	unsigned i;

	for (i = 0; i < d->count; i++)
		width = BASE_MAX(width, (int)strlen(d->path[i].name));
	for (i = 0; i < d->count; i++) {
		p = &d->path[i];
		printf("%-*s  %s%-3s%s  %s\n", width, p->name,
		       colours ? verdicts[p->verdict].colour : "",
		       verdicts[p->verdict].word, colours ? "\033[m" : "",
		       p->why);
		if (p->advice[0] != '\0')
			printf("%*s  > %s\n", width + 5, "", p->advice);
	}
	(void)best_path(d, &words);
	printf("\n%s%s%s\n", colours ? "\033[1m" : "", words,
	       colours ? "\033[m" : "");
}

int
main(int argc, char **argv)
{
	static const struct argp argp = { options, parse, NULL, doc, NULL,
		NULL, NULL };
	static struct doctor d;
	struct shmfb_probe probe;

	tool_start(argv);
	argp_program_version = "shmx-doctor (" PACKAGE_STRING ")";
	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &d);
	try_memory(&d);
	try_ring(&d);
	try_dev_shm(&d);
	try_huge_pages(&d);
	try_waiting(&d, "spinning", "readers", "SHMX_NO_SPIN");
	try_waiting(&d, "window spinning", "windows", "SHMFB_NO_SPIN");
	try_socket_buffer(&d);
	if (shmfb_probe(d.display, &probe, sizeof(probe)) < 0)
		die("%s", shmfb_error());
	memcpy(d.path + d.count, probe.path,
	       probe.count * sizeof(probe.path[0]));
	d.count += probe.count;
	if (d.json)
		print_json(&d);
	else
		print_table(&d);
	return tool_end();
}
