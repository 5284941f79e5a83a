/* SPDX-License-Identifier: MIT */
/*
 * sim.c - a simulator of threads that share memory
 *
 * A thread runs on a stack of its own until it is about to make an access,
 * which it leaves in `pending`; the engine picks a thread, makes its access
 * for it and lets it run on.  Going back to an earlier state is copying the
 * stacks and the memory back, so a search needs no second run.
 */
/* Fortified, longjmp() refuses to change stacks. */
#undef _FORTIFY_SOURCE
#include "config.h"

#include "sim.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>

#define THREADS		6
#define LOCS		48
#define PLAINS		16
#define BUFFERED	8		/* stores in one TSO buffer */
#define MESSAGES	4096
#define ARENA		16384
#define STACK		16384
#define PATH		65536
#define CHOICES		256

enum op_kind {
	OP_START, OP_STEP, OP_LOAD, OP_STORE, OP_CHANGE, OP_CAS, OP_SEND,
	OP_RECEIVE, OP_END,
};

struct op {
	uint8_t kind, order, how, loc, thread, ok, pad[2];
	const char *func;
	uint64_t value, expected, result;
};

/* A store as others see it.  Under SC and TSO each word has but one. */
struct message {
	uint64_t value;
	uint16_t before;		/* the store before it to this word */
	uint16_t vc[THREADS];		/* what it releases */
	uint8_t view[LOCS];
	uint8_t index, released;
};

struct loc {
	uint16_t last;			/* message */
	uint8_t index, sc;		/* of the last; the last seq_cst */
};

struct buffered {
	uint64_t value;
	uint16_t vc[THREADS];
	uint8_t loc, released;
};

enum status { ALIVE, DONE, KILLED };

struct thread {
	enum status status;
	unsigned steps;			/* counted, if they are */
	bool counting;
	struct op pending;
	uint16_t vc[THREADS];
	uint8_t view[LOCS];
	uint32_t buffers;
	struct buffered buffer[BUFFERED];
	char *sp;
	jmp_buf context;
};

struct plain {
	uint16_t write, read[THREADS];
	uint8_t writer;
};

/* All that changes, but for the arena and the stacks. */
struct world {
	struct thread thread[THREADS];
	struct loc loc[LOCS];
	struct plain plain[PLAINS];
	unsigned kills, depth, messages, used;
	struct message message[MESSAGES];	/* last: only those in use */
};

struct choice {
	uint8_t kind;			/* 't'hread, 'd'rain, 'k'ill */
	uint8_t thread, variant;
};

static struct world world;
static _Alignas(64) char arena[ARENA];
static _Alignas(64) char stacks[THREADS][STACK];

/* Constant after setup. */
static struct {
	int threads, locs, plains;
	struct {
		const char *name;
		void (*run)(int arg);
		int arg;
		bool killable, daemon;
	} thread[THREADS];
	struct {
		volatile void *p;
		size_t size;
		char name[24];
	} loc[LOCS];
	struct {
		const void *p;
		char name[24];
	} plain[PLAINS];
	uint8_t loc_at[ARENA / 4], plain_at[ARENA / 4];
} fixed;

static const struct sim_options *options;
static int running = -1;		/* the thread that runs, or -1 */
static bool peeking, tracing;
static const char *failure;
static jmp_buf engine;
static ucontext_t starter;
static struct choice path[PATH];

static void
die(const char *what)
{
	printf("Bail out! simulator: %s\n", what);
	exit(99);
}

/* ---------------------------------------------------------- coroutines -- */

#if defined(__x86_64__)
#define STACK_POINTER(sp) __asm__ __volatile__("mov %%rsp, %0" : "=r"(sp))
#elif defined(__aarch64__)
#define STACK_POINTER(sp) __asm__ __volatile__("mov %0, sp" : "=r"(sp))
#else
#define STACK_POINTER(sp) ((sp) = (char *)__builtin_frame_address(0) - 512)
#endif

/* To the engine, until it has us run on. */
static void __attribute__((noinline))
yield(void)
{
	struct thread *t = &world.thread[running];

	STACK_POINTER(t->sp);
	if (_setjmp(t->context) == 0)
		_longjmp(engine, 1);
}

static void __attribute__((noinline))
resume(int i)
{
	running = i;
	if (_setjmp(engine) == 0)
		_longjmp(world.thread[i].context, 1);
	running = -1;
	peeking = false;
}

static void
body(void)
{
	yield();
	fixed.thread[running].run(fixed.thread[running].arg);
	world.thread[running].status = DONE;
	world.thread[running].pending = (struct op){ .kind = OP_END };
	yield();
	abort();
}

static void
start(int i)
{
	ucontext_t c;

	memset(stacks[i], 0, STACK);
	if (getcontext(&c) < 0)
		die("no context");
	c.uc_stack.ss_sp = stacks[i];
	c.uc_stack.ss_size = STACK;
	c.uc_link = NULL;
	makecontext(&c, body, 0);
	running = i;
	if (_setjmp(engine) == 0) {
		swapcontext(&starter, &c);
		die("a thread came back");
	}
	running = -1;
}

/* ------------------------------------------------------------- printing -- */

static const char *const order_names[] = {
	"relaxed", "acquire", "release", "acq_rel", "seq_cst"
};

static void
trace(int i, const char *what, const struct op *op, uint64_t value,
      const char *more)
{
	if (!tracing)
		return;
	printf("# %4u %c %-9s %s", world.depth, 'a' + i, fixed.thread[i].name,
	       what);
	if (op != NULL)
		printf(" %s %s = %#llx  (%s)", order_names[op->order],
		       fixed.loc[op->loc].name, (unsigned long long)value,
		       op->func);
	printf("%s\n", more);
}

void
sim_note(const char *text, uint64_t value)
{
	if (tracing && running >= 0)
		printf("#      %c %-9s -- %s %llu\n", 'a' + running,
		       fixed.thread[running].name, text,
		       (unsigned long long)value);
}

/*
 * A schedule: a thread's step "a", one that read the n-th newest "a.n", a
 * drain "A", a kill "!a"; repeated n times "a*n".
 */
static void
print_schedule(char *to, size_t size, unsigned steps)
{
	size_t at = 0;
	unsigned i, n;

	for (i = 0; i < steps && at + 24 < size; i += n) {
		struct choice c = path[i];

		for (n = 1; i + n < steps &&
		     memcmp(&path[i + n], &c, sizeof(c)) == 0; n++)
			;
		if (c.kind == 'k')
			to[at++] = '!';
		to[at++] = (char)((c.kind == 'd' ? 'A' : 'a') + c.thread);
		if (c.variant > 0)
			at += (size_t)sprintf(to + at, ".%u", c.variant);
		if (n > 1)
			at += (size_t)sprintf(to + at, "*%u", n);
	}
	to[at] = '\0';
	if (i < steps)
		strcpy(to + at, "...");
}

static unsigned
parse_schedule(const char *s)
{
	unsigned steps = 0;

	while (*s != '\0' && *s != '\n') {
		struct choice c = { 't', 0, 0 };
		unsigned long n = 1;
		char *end;

		if (*s == '!') {
			c.kind = 'k';
			s++;
		} else if (*s >= 'A' && *s <= 'Z') {
			c.kind = 'd';
		}
		c.thread = (uint8_t)((*s++ & ~0x20) - 'A');
		if (*s == '.') {
			c.variant = (uint8_t)strtoul(s + 1, &end, 10);
			s = end;
		}
		if (*s == '*') {
			n = strtoul(s + 1, &end, 10);
			s = end;
		}
		while (n-- > 0 && steps < PATH)
			path[steps++] = c;
	}
	return steps;
}

/* --------------------------------------------------------------- memory -- */

static uint64_t
get(const volatile void *p, size_t size)
{
	return size == 8 ? *(const volatile uint64_t *)p :
		*(const volatile uint32_t *)p;
}

static void
put(volatile void *p, size_t size, uint64_t value)
{
	if (size == 8)
		*(volatile uint64_t *)p = value;
	else
		*(volatile uint32_t *)p = (uint32_t)value;
}

/* The index of a shared word, or -1. */
static int
find(const volatile void *p, const uint8_t *table)
{
	size_t at = (size_t)((const volatile char *)p - arena);

	return at < ARENA ? table[at / 4] - 1 : -1;
}

static bool
acquires(int order)
{
	return order == SIM_ACQUIRE || order >= SIM_ACQ_REL;
}

static bool
releases(int order)
{
	return order >= SIM_RELEASE;
}

static void
join_vc(uint16_t *to, const uint16_t *from)
{
	int i;

	for (i = 0; i < fixed.threads; i++)
		if (to[i] < from[i])
			to[i] = from[i];
}

static void
join_view(uint8_t *to, const uint8_t *from)
{
	int i;

	for (i = 0; i < fixed.locs; i++)
		if (to[i] < from[i])
			to[i] = from[i];
}

/* The oldest store to the word that a load of that order may read. */
static uint8_t
oldest(const struct thread *t, int loc, int order)
{
	uint8_t least = t->view[loc];

	if (order == SIM_SEQ_CST && least < world.loc[loc].sc)
		least = world.loc[loc].sc;
	return least;
}

static uint64_t
read_message(struct thread *t, int loc, const struct message *m, int order)
{
	if (t->view[loc] < m->index)
		t->view[loc] = m->index;
	if (acquires(order) && m->released) {
		join_vc(t->vc, m->vc);
		join_view(t->view, m->view);
	}
	return m->value;
}

/*
 * Make a store visible.  vc and view are what it releases, or NULL; carry: a
 * read-modify-write, which goes on with what the store before it released.
 */
static void
commit(int loc, uint64_t value, const uint16_t *vc, const uint8_t *view,
       bool sc, bool carry)
{
	struct loc *l = &world.loc[loc];
	struct message *before = &world.message[l->last], *m = before;
	struct message new = { .value = value };

	if (vc != NULL) {
		new.released = 1;
		memcpy(new.vc, vc, sizeof(new.vc));
		if (view != NULL)
			memcpy(new.view, view, sizeof(new.view));
	}
	if (carry && before->released) {
		new.released = 1;
		join_vc(new.vc, before->vc);
		join_view(new.view, before->view);
	}
	if (options->model == SIM_WEAK) {
		if (world.messages == MESSAGES || l->index == UINT8_MAX)
			die("too many stores");
		new.index = ++l->index;
		new.before = l->last;
		l->last = (uint16_t)world.messages++;
		if (sc)
			l->sc = new.index;
		m = &world.message[l->last];
		new.view[loc] = new.index;
	}
	*m = new;
	put(fixed.loc[loc].p, fixed.loc[loc].size, value);
}

static void
store(int i, const struct op *op, uint64_t value, bool carry)
{
	struct thread *t = &world.thread[i];
	bool release = releases(op->order);

	commit(op->loc, value, release ? t->vc : NULL,
	       release ? t->view : NULL, op->order == SIM_SEQ_CST, carry);
	t->view[op->loc] = world.loc[op->loc].index;
	if (release)
		t->vc[i]++;
}

/* What a thread reads from its own buffer; NULL: nothing. */
static const struct buffered *
forwarded(const struct thread *t, int loc)
{
	uint32_t b;

	for (b = t->buffers; b-- > 0;)
		if (t->buffer[b].loc == loc)
			return &t->buffer[b];
	return NULL;
}

static void
drain(int i)
{
	struct thread *t = &world.thread[i];
	struct buffered b = t->buffer[0];

	t->buffers--;
	memmove(&t->buffer[0], &t->buffer[1],
		t->buffers * sizeof(t->buffer[0]));
	memset(&t->buffer[t->buffers], 0, sizeof(t->buffer[0]));
	if (tracing)
		printf("# %4u %c %-9s drains %s = %#llx\n", world.depth,
		       'A' + i, fixed.thread[i].name, fixed.loc[b.loc].name,
		       (unsigned long long)b.value);
	commit(b.loc, b.value, b.released ? b.vc : NULL, NULL, false, false);
}

static const struct message *
nth_newest(int loc, int n)
{
	const struct message *m = &world.message[world.loc[loc].last];

	while (n-- > 0)
		m = &world.message[m->before];
	return m;
}

static void
end_wait(struct thread *t, const struct thread *of)
{
	join_vc(t->vc, of->vc);
	join_view(t->view, of->view);
}

static void
execute_load(int i, struct op *op, int variant)
{
	struct thread *t = &world.thread[i];
	const struct buffered *own = forwarded(t, op->loc);
	char age[32] = "";

	op->result = own != NULL ? own->value :
		read_message(t, op->loc, nth_newest(op->loc, variant),
			     op->order);
	if (tracing && variant > 0)
		sprintf(age, "  [%d older]", variant);
	trace(i, own != NULL ? "forwards" : "loads", op, op->result, age);
}

static void
execute_change(int i, struct op *op)
{
	struct thread *t = &world.thread[i];
	uint64_t value;

	op->result = read_message(t, op->loc, nth_newest(op->loc, 0),
				  op->order);
	value = op->how == SIM_ADD ? op->result + op->value :
		op->how == SIM_OR ? op->result | op->value : op->value;
	store(i, op, value, true);
	trace(i, "changes", op, value, "");
}

static void
execute_cas(int i, struct op *op, int variant)
{
	struct thread *t = &world.thread[i];
	const struct message *m = nth_newest(op->loc, variant);
	int order = op->order;

	op->ok = m->value == op->expected;
	if (!op->ok && order == SIM_ACQ_REL)
		order = SIM_ACQUIRE;
	op->result = read_message(t, op->loc, m, order);
	if (op->ok)
		store(i, op, op->value, true);
	trace(i, op->ok ? "swaps" : "does not swap", op,
	      op->ok ? op->value : op->result, "");
}

/* Make the access that a thread waits to make. */
static void
execute(int i, int variant)
{
	struct thread *t = &world.thread[i];
	struct op *op = &t->pending;

	switch (op->kind) {
	case OP_LOAD:
		execute_load(i, op, variant);
		break;
	case OP_STORE:
		store(i, op, op->value, false);
		trace(i, "stores", op, op->value, "");
		break;
	case OP_CHANGE:
		execute_change(i, op);
		break;
	case OP_CAS:
		execute_cas(i, op, variant);
		break;
	case OP_SEND:
		if (nth_newest(op->loc, 0)->value == 0)
			execute_change(i, op);
		break;
	case OP_RECEIVE:
		op->how = SIM_SWAP;
		execute_change(i, op);
		break;
	case OP_END:
		end_wait(t, &world.thread[op->thread]);
		trace(i, "sees an end", NULL, 0, "");
		break;
	case OP_START:
	case OP_STEP:
		break;
	}
}

/* ----------------------------------------------- what the threads call -- */

static int
planted(char kind, int order, const char *func)
{
	const struct sim_plant *p = &options->plant;

	return p->func != NULL && p->kind == kind &&
		(int)p->order == order && strcmp(p->func, func) == 0;
}

static void
count_step(void)
{
	world.thread[running].steps += world.thread[running].counting;
}

static void
submit(struct op op)
{
	world.thread[running].pending = op;
	yield();
	count_step();
}

static uint64_t
result(void)
{
	return world.thread[running].pending.result;
}

uint64_t
sim_load(const volatile void *p, size_t size, enum sim_order order,
	 const char *func)
{
	int loc = find(p, fixed.loc_at);

	if (running < 0 || peeking || loc < 0) {
		const struct buffered *own = running < 0 || loc < 0 ? NULL :
			forwarded(&world.thread[running], loc);

		return own != NULL ? own->value : get(p, size);
	}
	if (planted('l', order, func)) {
		if (options->plant.what == SIM_PLANT_ZERO)
			return 0;
		if (options->plant.what == SIM_PLANT_HUGE)
			return UINT64_MAX;
		order = options->plant.becomes;
	}
	submit((struct op){ .kind = OP_LOAD, .order = (uint8_t)order,
			    .loc = (uint8_t)loc, .func = func });
	return result();
}

void
sim_store(volatile void *p, size_t size, uint64_t value,
	  enum sim_order order, const char *func)
{
	int loc = find(p, fixed.loc_at);
	struct thread *t = &world.thread[running < 0 ? 0 : running];
	struct op op;

	if (running < 0 || loc < 0) {
		put(p, size, value);
		return;
	}
	if (planted('s', order, func)) {
		if (options->plant.what == SIM_PLANT_SKIP)
			return;
		order = options->plant.becomes;
	}
	op = (struct op){ .kind = OP_STORE, .order = (uint8_t)order,
			  .loc = (uint8_t)loc, .func = func,
			  .value = size == 8 ? value : (uint32_t)value };
	if (options->model == SIM_TSO && order != SIM_SEQ_CST &&
	    t->buffers < BUFFERED) {
		struct buffered *b = &t->buffer[t->buffers++];

		/* Nobody sees it yet, so nothing is to be decided here. */
		b->value = op.value;
		b->loc = (uint8_t)loc;
		b->released = releases(order);
		if (b->released) {
			memcpy(b->vc, t->vc, sizeof(b->vc));
			t->vc[running]++;
		}
		trace(running, "buffers", &op, op.value, "");
		count_step();
		return;
	}
	submit(op);
}

uint64_t
sim_change(volatile void *p, size_t size, enum sim_how how, uint64_t value,
	   enum sim_order order, const char *func)
{
	int loc = find(p, fixed.loc_at);
	uint64_t was = get(p, size);

	if (running < 0 || loc < 0) {
		put(p, size, how == SIM_ADD ? was + value :
		    how == SIM_OR ? was | value : value);
		return was;
	}
	if (planted('c', order, func)) {
		order = options->plant.becomes;
		if (options->plant.what == SIM_PLANT_STORE) {
			sim_store(p, size, value, order, func);
			return was;
		}
	}
	submit((struct op){ .kind = OP_CHANGE, .order = (uint8_t)order,
			    .how = (uint8_t)how, .loc = (uint8_t)loc,
			    .value = value, .func = func });
	return result();
}

bool
sim_cas(volatile void *p, size_t size, void *expected, uint64_t value,
	enum sim_order order, const char *func)
{
	int loc = find(p, fixed.loc_at);
	uint64_t want = get(expected, size), was = get(p, size);
	bool ok;

	if (running < 0 || loc < 0) {
		if (was == want)
			put(p, size, value);
		else
			put(expected, size, was);
		return was == want;
	}
	if (planted('c', order, func))
		order = options->plant.becomes;
	submit((struct op){ .kind = OP_CAS, .order = (uint8_t)order,
			    .loc = (uint8_t)loc, .value = value,
			    .expected = want, .func = func });
	ok = world.thread[running].pending.ok;
	if (!ok)
		put(expected, size, result());
	return ok;
}

void
sim_step(void)
{
	submit((struct op){ .kind = OP_STEP });
}

void
sim_send(volatile void *word)
{
	submit((struct op){ .kind = OP_SEND, .order = SIM_ACQ_REL,
			    .how = SIM_ADD, .value = 1, .func = __func__,
			    .loc = (uint8_t)find(word, fixed.loc_at) });
}

void
sim_receive(volatile void *word)
{
	submit((struct op){ .kind = OP_RECEIVE, .order = SIM_ACQ_REL,
			    .loc = (uint8_t)find(word, fixed.loc_at),
			    .func = __func__ });
}

void
sim_wait_end(int thread)
{
	submit((struct op){ .kind = OP_END, .thread = (uint8_t)thread });
}

bool
sim_was_killed(int thread)
{
	return world.thread[thread].status == KILLED;
}

void
sim_count(void)
{
	world.thread[running].counting = true;
}

unsigned
sim_counted(void)
{
	unsigned steps = world.thread[running].steps;

	world.thread[running].counting = false;
	world.thread[running].steps = 0;
	return steps;
}

uint64_t
sim_peek(const volatile void *p)
{
	int loc = find(p, fixed.loc_at);

	return get(p, loc < 0 ? 8 : fixed.loc[loc].size);
}

void
sim_peeking(bool on)
{
	peeking = on;
}

void
sim_fail(const char *what)
{
	failure = what;
	if (running >= 0) {
		yield();
		abort();
	}
}

static char race[96];

static void
race_between(int i, int other, int plain, const char *what)
{
	snprintf(race, sizeof(race), "race: %s %s %s, not ordered with %s",
		 fixed.thread[i].name, what, fixed.plain[plain].name,
		 fixed.thread[other].name);
	sim_fail(race);
}

bool
sim_is_plain(const void *p)
{
	return find(p, fixed.plain_at) >= 0;
}

void
sim_read(const void *p)
{
	int i = find(p, fixed.plain_at);
	struct plain *m = &world.plain[i < 0 ? 0 : i];
	struct thread *t = &world.thread[running < 0 ? 0 : running];

	if (running < 0)
		return;
	if (i < 0)
		die("read of what is not shared");
	if (m->write > t->vc[m->writer] && m->writer != running)
		race_between(running, m->writer, i, "reads");
	m->read[running] = t->vc[running];
}

void
sim_write(const void *p)
{
	int r, i = find(p, fixed.plain_at);
	struct plain *m = &world.plain[i < 0 ? 0 : i];
	struct thread *t = &world.thread[running < 0 ? 0 : running];

	if (running < 0)
		return;
	if (i < 0)
		die("write of what is not shared");
	if (m->write > t->vc[m->writer] && m->writer != running)
		race_between(running, m->writer, i, "writes");
	for (r = 0; r < fixed.threads; r++)
		if (r != running && m->read[r] > t->vc[r])
			race_between(running, r, i, "writes");
	m->writer = (uint8_t)running;
	m->write = t->vc[running];
}

/* ---------------------------------------------------------------- setup -- */

void *
sim_alloc(size_t bytes)
{
	void *p = arena + world.used;

	bytes = (bytes + 63) / 64 * 64;
	if (world.used + bytes > ARENA)
		die("arena is full");
	world.used += (unsigned)bytes;
	return p;
}

void
sim_share(volatile void *p, size_t size, const char *name, int index)
{
	int i = fixed.locs++;

	if (i == LOCS)
		die("too many words");
	fixed.loc[i].p = p;
	fixed.loc[i].size = size;
	snprintf(fixed.loc[i].name, sizeof(fixed.loc[i].name), "%s[%d]", name,
		 index);
	fixed.loc_at[((volatile char *)p - arena) / 4] = (uint8_t)(i + 1);
}

void
sim_plain(const void *p, const char *name, int index)
{
	int i = fixed.plains++;

	if (i == PLAINS)
		die("too much plain memory");
	fixed.plain[i].p = p;
	snprintf(fixed.plain[i].name, sizeof(fixed.plain[i].name), "%s[%d]",
		 name, index);
	fixed.plain_at[((const char *)p - arena) / 4] = (uint8_t)(i + 1);
}

int
sim_thread(const char *name, void (*run)(int arg), int arg)
{
	int i = fixed.threads++;

	if (i == THREADS)
		die("too many threads");
	fixed.thread[i].name = name;
	fixed.thread[i].run = run;
	fixed.thread[i].arg = arg;
	return i;
}

void
sim_killable(int thread)
{
	fixed.thread[thread].killable = true;
}

void
sim_daemon(int thread)
{
	fixed.thread[thread].daemon = true;
}

static void
prepare(void (*setup)(void))
{
	int i;

	memset(&world, 0, sizeof(world));
	memset(&fixed, 0, sizeof(fixed));
	memset(arena, 0, sizeof(arena));
	failure = NULL;
	running = -1;
	setup();
	for (i = 0; i < fixed.locs; i++) {
		struct message *m = &world.message[world.messages];

		m->value = get(fixed.loc[i].p, fixed.loc[i].size);
		world.loc[i].last = (uint16_t)world.messages++;
	}
	for (i = 0; i < fixed.threads; i++) {
		world.thread[i].vc[i] = 1;
		start(i);
	}
}

/* -------------------------------------------------------------- choices -- */

/* How many ways there are for this thread to go on. */
static int
variants(const struct thread *t)
{
	const struct op *op = &t->pending;
	const struct message *m;
	const struct thread *other;
	int n = 1;

	if (t->status != ALIVE)
		return 0;
	switch (op->kind) {
	case OP_LOAD:
	case OP_CAS:
		if (options->model != SIM_WEAK)
			break;
		m = nth_newest(op->loc, 0);
		while (m->index > oldest(t, op->loc, op->order)) {
			m = &world.message[m->before];
			n++;
		}
		return n;
	case OP_END:
		other = &world.thread[op->thread];
		return other->status != ALIVE && other->buffers == 0;
	case OP_SEND:
		if (nth_newest(op->loc, 0)->value != 0)
			return 1;
		break;
	case OP_RECEIVE:
		if (nth_newest(op->loc, 0)->value == 0)
			return 0;
		break;
	default:
		break;
	}
	if (t->buffers > 0 && op->kind != OP_LOAD && op->kind != OP_STEP &&
	    op->kind != OP_START)
		return 0;
	return n;
}

static int
choices(struct choice *c)
{
	int i, n = 0, v, all;

	for (i = 0; i < fixed.threads; i++) {
		const struct thread *t = &world.thread[i];

		all = variants(t);
		for (v = 0; v < all && n < CHOICES - 2 * THREADS; v++) {
			/* Only the newest can be swapped. */
			if (v > 0 && t->pending.kind == OP_CAS &&
			    nth_newest(t->pending.loc, v)->value ==
			    t->pending.expected)
				continue;
			c[n++] = (struct choice){ 't', (uint8_t)i,
						  (uint8_t)v };
		}
		if (t->buffers > 0)
			c[n++] = (struct choice){ 'd', (uint8_t)i, 0 };
		if (fixed.thread[i].killable && t->status == ALIVE &&
		    world.kills < options->kills)
			c[n++] = (struct choice){ 'k', (uint8_t)i, 0 };
	}
	return n;
}

static void
take(struct choice c)
{
	if (world.depth == PATH)
		die("a run does not end");
	path[world.depth++] = c;
	switch (c.kind) {
	case 'd':
		drain(c.thread);
		break;
	case 'k':
		world.thread[c.thread].status = KILLED;
		world.kills++;
		trace(c.thread, "is killed", NULL, 0, "");
		break;
	default:
		execute(c.thread, c.variant);
		resume(c.thread);
	}
}

/* Nothing can happen any more: is that an end? */
static void
check_end(void (*end)(void))
{
	int i;

	for (i = 0; i < fixed.threads; i++)
		if (world.thread[i].status == ALIVE &&
		    !fixed.thread[i].daemon) {
			failure = "somebody waits for ever";
			return;
		}
	if (end != NULL)
		end();
}

/* --------------------------------------------------------------- states -- */

static uint64_t
mix(uint64_t h, uint64_t v)
{
	__uint128_t m = (__uint128_t)(h ^ v ^ UINT64_C(0x9E3779B97F4A7C15)) *
		UINT64_C(0xD6E8FEB86659FD93);

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static uint64_t
mix_bytes(uint64_t h, const void *p, size_t bytes)
{
	const unsigned char *c = p;
	uint64_t a = h, b = ~h, v[2];

	for (; bytes >= 16; bytes -= 16, c += 16) {
		memcpy(v, c, 16);
		a = mix(a, v[0]);
		b = mix(b, v[1]);
	}
	v[0] = v[1] = 0;
	memcpy(v, c, bytes);
	return mix(mix(mix(a, v[0]), v[1]), b);
}

/*
 * A clock counts only against the clocks that stand at plain memory: as many
 * of those as it covers are what it is.
 */
static uint16_t marks[THREADS][2 * PLAINS];
static int mark_count[THREADS];

static void
add_mark(int thread, uint16_t clock)
{
	int i;

	for (i = 0; i < mark_count[thread]; i++)
		if (marks[thread][i] == clock)
			return;
	marks[thread][mark_count[thread]++] = clock;
}

static void
collect_marks(void)
{
	int i, r;

	memset(mark_count, 0, sizeof(mark_count));
	for (i = 0; i < fixed.plains; i++) {
		const struct plain *m = &world.plain[i];

		if (m->write > 0)
			add_mark(m->writer, m->write);
		for (r = 0; r < fixed.threads; r++)
			if (m->read[r] > 0)
				add_mark(r, m->read[r]);
	}
}

static uint64_t
rank(int thread, uint16_t clock)
{
	uint64_t n = 0;
	int i;

	for (i = 0; i < mark_count[thread]; i++)
		n += marks[thread][i] <= clock;
	return n;
}

static uint64_t
hash_vc(uint64_t h, const uint16_t *vc)
{
	uint64_t packed = 0;
	int i;

	for (i = 0; i < fixed.threads; i++)
		packed = packed << 8 | rank(i, vc[i]);
	return mix(h, packed);
}

/* Stores are counted from the newest back. */
static uint64_t
hash_view(uint64_t h, const uint8_t *view)
{
	uint8_t back[LOCS];
	int i;

	if (options->model != SIM_WEAK)
		return h;
	for (i = 0; i < fixed.locs; i++)
		back[i] = (uint8_t)(world.loc[i].index - view[i]);
	return mix_bytes(h, back, (size_t)fixed.locs);
}

static uint64_t
hash_thread(uint64_t h, int i)
{
	const struct thread *t = &world.thread[i];
	uint32_t b;

	h = mix(h, (uint64_t)t->status << 32 | t->buffers);
	h = hash_view(hash_vc(h, t->vc), t->view);
	for (b = 0; b < t->buffers; b++) {
		h = mix(h, t->buffer[b].value);
		h = mix(h, (uint64_t)t->buffer[b].loc << 8 |
			t->buffer[b].released);
		h = hash_vc(h, t->buffer[b].vc);
	}
	if (t->status != ALIVE)
		return h;
	h = mix(h, t->steps);
	h = mix_bytes(h, &t->pending, sizeof(t->pending));
	h = mix_bytes(h, &t->context, sizeof(t->context));
	return mix_bytes(h, t->sp, (size_t)(stacks[i] + STACK - t->sp));
}

static uint64_t
hash_loc(uint64_t h, int loc)
{
	const struct message *m = nth_newest(loc, 0);
	uint8_t least = world.loc[loc].index;
	int i;

	for (i = 0; i < fixed.threads; i++)
		if (world.thread[i].status == ALIVE &&
		    world.thread[i].view[loc] < least)
			least = world.thread[i].view[loc];
	h = mix(h, world.loc[loc].index - world.loc[loc].sc);
	for (;;) {
		h = mix(mix(h, m->value), m->released);
		if (m->released)
			h = hash_view(hash_vc(h, m->vc), m->view);
		if (m->index <= least)
			return h;
		m = &world.message[m->before];
	}
}

static uint64_t
hash_world(void)
{
	uint64_t h = world.kills;
	int i, r;

	collect_marks();
	for (i = 0; i < fixed.threads; i++)
		h = hash_thread(h, i);
	for (i = 0; i < fixed.locs; i++)
		h = hash_loc(h, i);
	for (i = 0; i < fixed.plains; i++) {
		const struct plain *m = &world.plain[i];

		h = mix(h, (uint64_t)m->writer << 8 |
			rank(m->writer, m->write));
		for (r = 0; r < fixed.threads; r++)
			h = mix(h, rank(r, m->read[r]));
	}
	h = mix_bytes(h, arena, world.used);
	return h == 0 ? 1 : h;
}

/* The hashes of the states that were reached: open addressing. */
static uint64_t *seen;
static size_t seen_size, seen_count;

static void
seen_insert(uint64_t h)
{
	size_t at = h & (seen_size - 1);

	while (seen[at] != 0)
		at = (at + 1) & (seen_size - 1);
	seen[at] = h;
}

static void
seen_grow(void)
{
	uint64_t *old = seen;
	size_t i, size = seen_size;

	seen_size = size == 0 ? 1 << 16 : size * 2;
	seen = calloc(seen_size, sizeof(*seen));
	if (seen == NULL)
		die("no memory for states");
	for (i = 0; i < size; i++)
		if (old[i] != 0)
			seen_insert(old[i]);
	free(old);
}

/* False: it was there. */
static bool
see(uint64_t h)
{
	size_t at;

	if (seen_count * 2 >= seen_size)
		seen_grow();
	for (at = h & (seen_size - 1); seen[at] != 0;
	     at = (at + 1) & (seen_size - 1))
		if (seen[at] == h)
			return false;
	seen[at] = h;
	seen_count++;
	return true;
}

/* A state to go back to, and what has not been tried from there. */
struct frame {
	char *copy;
	size_t size;
	int choices, next;
	struct choice choice[CHOICES];
};

static size_t
world_bytes(void)
{
	return offsetof(struct world, message) +
		world.messages * sizeof(world.message[0]);
}

static void
save(struct frame *f)
{
	size_t bytes = world_bytes(), size = bytes + world.used, at;
	int i;

	for (i = 0; i < fixed.threads; i++)
		size += (size_t)(stacks[i] + STACK - world.thread[i].sp);
	if (f->size < size) {
		f->size = size * 3 / 2;
		f->copy = realloc(f->copy, f->size);
		if (f->copy == NULL)
			die("no memory for a state");
	}
	memcpy(f->copy, &world, bytes);
	memcpy(f->copy + bytes, arena, world.used);
	at = bytes + world.used;
	for (i = 0; i < fixed.threads; i++) {
		size = (size_t)(stacks[i] + STACK - world.thread[i].sp);
		memcpy(f->copy + at, world.thread[i].sp, size);
		at += size;
	}
}

static void
restore(const struct frame *f)
{
	const struct world *old = (const struct world *)(const void *)f->copy;
	size_t bytes = offsetof(struct world, message) +
		old->messages * sizeof(world.message[0]), size, at;
	int i;

	/* What was allocated since then is zero again. */
	if (world.used > old->used)
		memset(arena + old->used, 0, world.used - old->used);
	memcpy(&world, f->copy, bytes);
	memcpy(arena, f->copy + bytes, world.used);
	at = bytes + world.used;
	for (i = 0; i < fixed.threads; i++) {
		size = (size_t)(stacks[i] + STACK - world.thread[i].sp);
		memcpy(world.thread[i].sp, f->copy + at, size);
		at += size;
	}
	failure = NULL;
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static struct frame *stack;
static size_t stack_size;

static struct frame *
frame(size_t at)
{
	if (at >= stack_size) {
		size_t size = stack_size == 0 ? 64 : stack_size * 2;

		stack = realloc(stack, size * sizeof(*stack));
		if (stack == NULL)
			die("no memory for the search");
		memset(stack + stack_size, 0,
		       (size - stack_size) * sizeof(*stack));
		stack_size = size;
	}
	return &stack[at];
}

/* Go on from here until there is something to decide, or nothing at all. */
static int
advance(struct choice *c, void (*end)(void), struct sim_result *r)
{
	int n;

	while ((n = choices(c)) == 1 && failure == NULL) {
		take(c[0]);
		r->steps++;
	}
	if (n == 0 && failure == NULL) {
		r->ends++;
		check_end(end);
	}
	return n;
}

static void
search(void (*end)(void), struct sim_result *r)
{
	struct choice c[CHOICES];
	size_t top = 0;
	double began = now();
	bool fresh;
	int n;

	seen_count = 0;
	if (seen != NULL)
		memset(seen, 0, seen_size * sizeof(*seen));
	r->exhausted = true;
	n = advance(c, end, r);
	for (;;) {
		if (failure != NULL)
			return;
		fresh = n > 1 && see(hash_world());
		if (fresh) {
			struct frame *f = frame(top++);

			r->states++;
			save(f);
			f->choices = n;
			f->next = 0;
			memcpy(f->choice, c, (size_t)n * sizeof(*c));
		}
		while (top > 0 && frame(top - 1)->next ==
		       frame(top - 1)->choices)
			top--;
		if (top == 0)
			return;
		if ((options->states_max > 0 &&
		     r->states >= options->states_max) ||
		    (options->seconds > 0 && r->states % 1024 == 0 &&
		     now() - began > options->seconds)) {
			r->exhausted = false;
			return;
		}
		if (!fresh)
			restore(frame(top - 1));
		take(frame(top - 1)->choice[frame(top - 1)->next++]);
		r->steps++;
		n = advance(c, end, r);
	}
}

/* --------------------------------------------------------------- random -- */

static uint64_t random_state;

static uint64_t
draw(uint64_t n)
{
	random_state += UINT64_C(0x9E3779B97F4A7C15);
	return mix(random_state, 0) % n;
}

/* Priorities, and steps at which the first loses its own (PCT). */
static struct {
	unsigned of[3 * THREADS], change[16], least;
} pct;

static void
pct_init(unsigned length)
{
	unsigned i;

	for (i = 0; i < 3 * THREADS; i++)
		pct.of[i] = 1000 + (unsigned)draw(1000);
	for (i = 0; i < options->depth && i < 16; i++)
		pct.change[i] = (unsigned)draw(length);
	pct.least = 1000;
}

static unsigned *
pct_of(struct choice c)
{
	return &pct.of[c.thread + THREADS *
		       (c.kind == 't' ? 0 : c.kind == 'd' ? 1 : 2)];
}

static int
pick_pct(const struct choice *c, int n)
{
	int best = -1, i;
	unsigned d;

	for (i = 0; i < n; i++)
		if (c[i].variant == 0 && c[i].kind != 'k' &&
		    (best < 0 || *pct_of(c[i]) > *pct_of(c[best])))
			best = i;
	if (best < 0)
		best = 0;
	for (d = 0; d < options->depth && d < 16; d++)
		if (pct.change[d] == world.depth)
			*pct_of(c[best]) = --pct.least;
	return best;
}

/* A thread by priority or evenly, then mostly the newest that it may read. */
static int
pick(const struct choice *c, int n, bool by_priority)
{
	int i, same = 0;

	if (by_priority) {
		i = pick_pct(c, n);
	} else {
		do
			i = (int)draw((uint64_t)n);
		while (c[i].variant > 0 ||
		       (c[i].kind == 'k' && draw(16) != 0));
	}
	if (by_priority && draw(200) == 0) {
		for (same = 0; same < n; same++)
			if (c[same].kind == 'k')
				return same;
	}
	if (c[i].kind != 't' || draw(2) == 0)
		return i;
	for (same = 0; i + same < n && c[i + same].kind == 't' &&
	     c[i + same].thread == c[i].thread; same++)
		;
	return i + (int)draw((uint64_t)same);
}

static void
run_randomly(void (*end)(void), struct sim_result *r)
{
	struct frame root = { .copy = NULL };
	struct choice c[CHOICES];
	unsigned length = 200;
	double began = now();
	uint64_t i;
	int n;

	save(&root);
	for (i = 0; i < options->runs && failure == NULL; i++) {
		if (options->seconds > 0 && i % 64 == 0 &&
		    now() - began > options->seconds)
			break;
		if (i > 0)
			restore(&root);
		r->seed = options->seed + i;
		random_state = mix(r->seed, 1);
		pct_init(length);
		while (failure == NULL && (n = choices(c)) > 0) {
			take(c[n == 1 ? 0 :
			       pick(c, n, options->depth > 0 &&
				    r->seed % 2 == 1)]);
			r->steps++;
		}
		length = world.depth + 1;
		r->ends++;
		if (failure == NULL)
			check_end(end);
	}
	free(root.copy);
}

static void
replay(void (*end)(void), struct sim_result *r)
{
	struct choice c[CHOICES], wanted;
	unsigned i, steps = parse_schedule(options->replay);
	int j, n = 0;

	for (i = 0; i < steps && failure == NULL; i++) {
		n = choices(c);
		wanted = path[i];
		for (j = 0; j < n; j++)
			if (memcmp(&c[j], &wanted, sizeof(wanted)) == 0)
				break;
		if (j == n) {
			failure = "the schedule does not fit";
			return;
		}
		take(c[j]);
		r->steps++;
	}
	if (failure == NULL && choices(c) == 0)
		check_end(end);
}

void
sim_run(void (*setup)(void), void (*end)(void), const struct sim_options *o,
	struct sim_result *r)
{
	double began = now();

	options = o;
	tracing = o->trace;
	memset(r, 0, sizeof(*r));
	prepare(setup);
	if (o->replay != NULL)
		replay(end, r);
	else if (o->runs > 0)
		run_randomly(end, r);
	else
		search(end, r);
	r->failure = failure;
	r->seconds = now() - began;
	print_schedule(r->schedule, sizeof(r->schedule), world.depth);
}
