/* SPDX-License-Identifier: MIT */
/*
 * bench.c - what the benchmarks share: rounds, medians, tables, verdicts
 */
#include "config.h"

#include "bench.h"

#include <argp.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

/* Laps that are not counted, to warm up and to fill a pipeline. */
#define WARM_LAPS 4
/* Others may take that part of the machine before we say something. */
#define NOISY 0.10
/* And a round is done again. */
#define DISTURBED 0.10

static const uint64_t batch_ns = 20 * BASE_NS_PER_MS;
static const unsigned batch_laps = 8;	/* at least */

static const char *server;		/* what it is called, or NULL */
static clockid_t server_clock;

void
bench_die(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(EXIT_FAILURE);
}

/* ------------------------------------------------------------ options -- */

static bool
read_size(const char *arg, struct bench_options *o)
{
	char end;

	return sscanf(arg, "%ux%u%c", &o->width, &o->height, &end) == 2 &&
	       o->width >= 1 && o->width <= 32767 && o->height >= 1 &&
	       o->height <= 32767;
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	struct bench_options *o = state->input;

	switch (key) {
	case 'j':
		o->json = true;
		return 0;
	case 'q':
		o->quick = true;
		return 0;
	case 's':
		if (!read_size(arg, o))
			argp_error(state, "'%s' is no size such as 1920x1080",
				   arg);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

void
bench_options(struct bench_options *options, int argc, char **argv,
	      const char *doc)
{
	static const struct argp_option list[] = {
		{ "json", 'j', NULL, 0,
		  "One JSON object a row on stdout, verdicts on stderr", 0 },
		{ "quick", 'q', NULL, 0,
		  "Fewer rounds: seconds, and less certain", 0 },
		{ "size", 's', "WxH", 0,
		  "Of the frames (default: 1920x1080)", 0 },
		{ 0 },
	};
	const struct argp argp = { .options = list, .parser = parse,
				   .doc = doc };

	*options = (struct bench_options){ .width = 1920, .height = 1080 };
	argp_program_version = PACKAGE_STRING;
	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, options);
}

/* ------------------------------------------------------------ numbers -- */

static void
push(struct bench_pile *pile, double value)
{
	if (pile->n == pile->room) {
		pile->room = pile->room ? pile->room * 2 : 256;
		pile->v = realloc(pile->v, pile->room * sizeof(*pile->v));
		if (!pile->v)
			bench_die("out of memory");
	}
	pile->v[pile->n++] = value;
}

static int
compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* A sorted copy of all from first on; the caller frees its numbers. */
static struct bench_pile
sorted(const struct bench_pile *pile, size_t first)
{
	struct bench_pile copy = { 0 };
	size_t i;

	for (i = first; i < pile->n; i++)
		push(&copy, pile->v[i]);
	if (copy.n)
		qsort(copy.v, copy.n, sizeof(*copy.v), compare);
	return copy;
}

static double
percentile(const struct bench_pile *pile, size_t first, double percent)
{
	struct bench_pile s = sorted(pile, first);
	double value = 0;

	if (s.n)
		value = s.v[(size_t)((double)(s.n - 1) * percent / 100 + 0.5)];
	free(s.v);
	return value;
}

static double
mean(const struct bench_pile *pile, size_t first)
{
	double sum = 0;
	size_t i;

	for (i = first; i < pile->n; i++)
		sum += pile->v[i];
	return pile->n > first ? sum / (double)(pile->n - first) : 0;
}

/*
 * How many of n values are below the median is a coin thrown n times; so the
 * median is between these two of them, whatever the distribution.
 */
static struct bench_estimate
estimate(const struct bench_pile *pile)
{
	struct bench_pile s = sorted(pile, 0);
	struct bench_estimate e = { 0, 0, 0 };
	double n = (double)s.n, skip;
	size_t low;

	if (s.n) {
		skip = floor((n - 1.96 * sqrt(n)) / 2);
		low = skip > 0 ? (size_t)skip : 0;
		e.low = s.v[low];
		e.high = s.v[s.n - 1 - low];
		e.median = (s.v[(s.n - 1) / 2] + s.v[s.n / 2]) / 2;
	}
	free(s.v);
	return e;
}

/* a over b, round by round. */
static struct bench_estimate
ratio(const struct bench_row *a, const struct bench_row *b)
{
	struct bench_pile ratios = { 0 };
	struct bench_estimate e;
	size_t i;

	for (i = 0; i < BASE_MIN(a->rounds.n, b->rounds.n); i++)
		push(&ratios, a->rounds.v[i] / b->rounds.v[i]);
	e = estimate(&ratios);
	free(ratios.v);
	return e;
}

/* --------------------------------------------------------------- rows -- */

void
bench_rows(struct bench_row *rows, const struct bench_kind *kinds,
	   size_t count, const char *bench, const struct bench_options *options,
	   void *data)
{
	size_t i;

	for (i = 0; i < count; i++)
		rows[i] = (struct bench_row){
			.bench = bench,
			.impl = kinds[i].impl,
			.mode = kinds[i].mode,
			.width = options->width,
			.height = options->height,
			.client_copies = kinds[i].copies,
			.rate = kinds[i].rate,
			.batch = kinds[i].batch,
			.data = data,
		};
}

/* ------------------------------------------------------------ batches -- */

void
bench_server(pid_t pid, const char *what)
{
	server = NULL;
	if (pid && clock_getcpuclockid(pid, &server_clock) == 0)
		server = what;
}

static uint64_t
read_clock(clockid_t id)
{
	struct timespec t = { 0, 0 };

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * BASE_NS_PER_S + (uint64_t)t.tv_nsec;
}

static uint64_t
client_cpu(void)
{
	return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

static uint64_t
server_cpu(void)
{
	return server ? read_clock(server_clock) : 0;
}

static unsigned
ops(const struct bench_row *row)
{
	return row->ops ? row->ops : 1;
}

/* From here on it counts. */
static void
start(struct bench_row *row)
{
	row->first = row->laps.n;
	row->client_ns = client_cpu();
	row->server_ns = server_cpu();
	row->begun_ns = row->lap_ns = base_now_ns();
}

void
bench_begin(struct bench_row *row)
{
	row->warm = WARM_LAPS;
	start(row);
}

static void
stop(struct bench_row *row)
{
	double n = (double)(row->laps.n - row->first) * ops(row) * 1000;
	uint64_t client = client_cpu(), other = server_cpu();

	if (!row->own_clock)
		push(&row->client_cpu, (double)(client - row->client_ns) / n);
	if (server && !row->own_clock)
		push(&row->server_cpu, (double)(other - row->server_ns) / n);
	push(&row->rounds, row->rate ? mean(&row->laps, row->first) :
	     percentile(&row->laps, row->first, 50));
}

bool
bench_lap_of(struct bench_row *row, double us)
{
	if (row->warm) {
		if (--row->warm == 0)
			start(row);
		return true;
	}
	push(&row->laps, us);
	row->lap_ns = base_now_ns();
	if (row->laps.n - row->first < batch_laps ||
	    row->lap_ns - row->begun_ns < batch_ns)
		return true;
	stop(row);
	return false;
}

bool
bench_lap(struct bench_row *row)
{
	return bench_lap_of(row, (double)(base_now_ns() - row->lap_ns) /
			    ops(row) / 1000);
}

#define COPY_BUFFERS 6

void
bench_memcpy(struct bench_row *row)
{
	struct bench_copy *c = row->data;
	uint8_t *from;

	if (!c->buffer) {
		c->bytes = (size_t)row->width * row->height * 4;
		c->buffer = malloc(c->bytes * COPY_BUFFERS);
		if (!c->buffer)
			bench_die("out of memory");
		memset(c->buffer, 0x40, c->bytes * COPY_BUFFERS);
	}
	bench_begin(row);
	do {
		from = c->buffer + c->turn * 2 * c->bytes;
		memcpy(from + c->bytes, from, c->bytes);
		c->turn = (c->turn + 1) % (COPY_BUFFERS / 2);
	} while (bench_lap(row));
}

/* ------------------------------------------------------------- rounds -- */

/* CPU time of the whole machine, in ticks: in all, and not idle. */
static void
machine(double *all, double *busy)
{
	double v[8] = { 0 };
	FILE *f = fopen("/proc/stat", "re");
	int i;

	*all = *busy = 0;
	if (!f)
		return;
	if (fscanf(f, "cpu %lf %lf %lf %lf %lf %lf %lf %lf", &v[0], &v[1],
		   &v[2], &v[3], &v[4], &v[5], &v[6], &v[7]) == 8) {
		for (i = 0; i < 8; i++)
			*all += v[i];
		*busy = *all - v[3] - v[4];
	}
	fclose(f);
}

/* What all rows have counted, to go back to. */
struct bench_mark {
	size_t laps, rounds, client_cpu, server_cpu;
};

static void
mark(const struct bench_set *set, struct bench_mark *marks)
{
	size_t i;

	for (i = 0; i < set->count; i++)
		marks[i] = (struct bench_mark){
			set->rows[i].laps.n, set->rows[i].rounds.n,
			set->rows[i].client_cpu.n, set->rows[i].server_cpu.n,
		};
}

static void
go_back(struct bench_set *set, const struct bench_mark *marks)
{
	size_t i;

	for (i = 0; i < set->count; i++) {
		set->rows[i].laps.n = marks[i].laps;
		set->rows[i].rounds.n = marks[i].rounds;
		set->rows[i].client_cpu.n = marks[i].client_cpu;
		set->rows[i].server_cpu.n = marks[i].server_cpu;
	}
}

/* What we had of it, the server included. */
static double
our_ticks(void)
{
	return (double)(client_cpu() + server_cpu()) /
	       (double)BASE_NS_PER_S * (double)sysconf(_SC_CLK_TCK);
}

/* Each row's batch. Returns which part of the machine others had meanwhile. */
static double
one_round(struct bench_set *set, bool backwards)
{
	double all[2], busy[2], ours[2];
	struct bench_row *row;
	size_t i;

	machine(&all[0], &busy[0]);
	ours[0] = our_ticks();
	for (i = 0; i < set->count; i++) {
		row = &set->rows[backwards ? set->count - 1 - i : i];
		row->batch(row);
	}
	machine(&all[1], &busy[1]);
	ours[1] = our_ticks();
	return all[1] > all[0] ?
		BASE_MAX(busy[1] - busy[0] - (ours[1] - ours[0]), 0) /
		(all[1] - all[0]) : 0;
}

void
bench_run(struct bench_set *set)
{
	unsigned round = 0, spare = 2 * set->rounds;
	struct bench_mark *marks;
	double others, sum = 0;

	marks = calloc(set->count, sizeof(*marks));
	if (!marks)
		bench_die("out of memory");
	while (round < set->rounds) {
		mark(set, marks);
		others = one_round(set, round % 2);
		if (others > DISTURBED && spare) {
			spare--;
			set->left_out++;
			go_back(set, marks);
			continue;
		}
		sum += others;
		round++;
		if (isatty(STDERR_FILENO))
			fprintf(stderr, "\rround %u of %u%s", round,
				set->rounds,
				round == set->rounds ? "\r\033[K" : "");
	}
	set->others = sum / set->rounds;
	free(marks);
}

void
bench_finish(struct bench_set *set)
{
	struct bench_row *row;

	for (row = set->rows; row < set->rows + set->count; row++) {
		free(row->laps.v);
		free(row->rounds.v);
		free(row->client_cpu.v);
		free(row->server_cpu.v);
	}
}

/* ------------------------------------------------------------- output -- */

static double
p50(const struct bench_row *row)
{
	return estimate(&row->rounds).median;
}

static double
p99(const struct bench_row *row)
{
	return percentile(&row->laps, 0, 99);
}

static void
print_json_cpu(const char *name, const struct bench_pile *cpu)
{
	if (cpu->n)
		printf("\"%s\":%.4f,", name, estimate(cpu).median);
	else
		printf("\"%s\":null,", name);
}

/* Names are ours: nothing in them needs escaping. */
static void
print_json(const struct bench_set *set, const struct bench_row *row)
{
	printf("{\"bench\":\"%s\",\"impl\":\"%s\",\"width\":%u,\"height\":%u,"
	       "\"mode\":\"%s\",\"n\":%zu,\"us_p50\":%.4f,\"us_p99\":%.4f,",
	       row->bench, row->impl, row->width, row->height, row->mode,
	       row->laps.n * ops(row), p50(row), p99(row));
	print_json_cpu("client_cpu_us", &row->client_cpu);
	print_json_cpu("server_cpu_us", &row->server_cpu);
	printf("\"client_copies\":%u", row->client_copies);
	if (set->unit)
		printf(",\"ratio_to_memcpy\":%.4f",
		       ratio(row, set->unit).median);
	puts("}");
}

/* Three figures or more. */
static void
print_time(const struct bench_set *set, double us)
{
	double v = set->ns ? us * 1000 : us;

	printf(" %7.*f", v < 10 ? 2 : v < 100 ? 1 : 0, v);
}

static void
print_cpu(const struct bench_set *set, const struct bench_pile *cpu)
{
	if (cpu->n)
		print_time(set, estimate(cpu).median);
	else
		printf(" %7s", "");
}

static void
print_row(const struct bench_set *set, const struct bench_row *row)
{
	struct bench_estimate e = estimate(&row->rounds);
	char size[24];

	snprintf(size, sizeof(size), "%ux%u", row->width, row->height);
	printf("%-14s %-11s %9s", row->impl, row->mode, size);
	print_time(set, e.median);
	printf(" %3.0f%%", 50 * (e.high - e.low) / e.median);
	print_time(set, p99(row));
	print_cpu(set, &row->client_cpu);
	if (server)
		print_cpu(set, &row->server_cpu);
	if (set->unit)
		printf(" %6.2f", ratio(row, set->unit).median);
	putchar('\n');
}

static void
print_noise(const struct bench_set *set, FILE *to)
{
	if (set->others > NOISY)
		fprintf(to, "Noisy: others had %.0f%% of this machine "
			"meanwhile. Trust the ratios, not the times.\n",
			100 * set->others);
	if (set->left_out)
		fprintf(to, "%u rounds were done again, because others had "
			"more than %.0f%% of this machine.\n", set->left_out,
			100 * DISTURBED);
}

void
bench_print(const struct bench_set *set, const char *title)
{
	size_t i;

	if (set->options->json) {
		for (i = 0; i < set->count; i++)
			print_json(set, &set->rows[i]);
		fflush(stdout);
		return;
	}
	printf("%s\n", title);
	printf("%-14s %-11s %9s %7s %4s %7s %7s", "", "", "size",
	       set->ns ? "ns" : "us", "+-", "p99", "our CPU");
	if (server)
		printf(" %7s", server);
	if (set->unit)
		printf(" %6s", "memcpy");
	putchar('\n');
	for (i = 0; i < set->count; i++)
		print_row(set, &set->rows[i]);
	printf("%s: median of %u rounds, +- its 95%% confidence.%s\n",
	       set->ns ? "ns" : "us", set->rounds, set->unit ?
	       "\nmemcpy: how many of them, of the same frame, that is." : "");
	print_noise(set, stdout);
	fflush(stdout);
}

static struct bench_estimate
target_estimate(const struct bench_target *t)
{
	if (t->cpu)
		return estimate(&t->row->client_cpu);
	if (!t->against)
		return estimate(&t->row->rounds);
	/* A rate is the inverse of a time. */
	return t->at_least ? ratio(t->against, t->row) :
			     ratio(t->row, t->against);
}

static void
print_verdict(const struct bench_set *set, const struct bench_target *t,
	      FILE *to)
{
	struct bench_estimate e = target_estimate(t);
	bool met = t->at_least ? e.median >= t->bound : e.median <= t->bound;
	bool sure = e.low > t->bound || e.high < t->bound;
	double unit = !t->against && set->ns ? 1000 : 1;
	const char *name = t->against ? "" : set->ns ? " ns" : " us";
	int digits = t->against ? 3 : 1;

	fprintf(to, "%-34s %.*f%s (%.*f-%.*f), %s %.*f: %s%s\n", t->what,
		digits, e.median * unit, name, digits, e.low * unit, digits,
		e.high * unit, t->at_least ? "at least" : "at most",
		t->against ? 2 : 0, t->bound * unit, met ? "met" : "MISSED",
		sure ? "" : ", too noisy to be sure");
}

void
bench_verdicts(const struct bench_set *set, const struct bench_target *target,
	       size_t count)
{
	FILE *to = set->options->json ? stderr : stdout;
	size_t i;

	fprintf(to, "%s\n",
		"\nTargets: ratio (95% confidence), what it has to be");
	for (i = 0; i < count; i++)
		print_verdict(set, &target[i], to);
	if (set->options->json)
		print_noise(set, to);
	fflush(to);
}
