/* SPDX-License-Identifier: MIT */
/*
 * child.h - processes that a test starts, and ends
 *
 *	static void
 *	run(int line, void *arg)
 *	{
 *		expect(thing_open() == 0);
 *		child_say(line, 'o');
 *		child_hear(line);
 *	}
 *
 *	struct child c;
 *
 *	child_start(&c, run, arg);
 *	child_hear(c.line);
 *	child_kill(&c);
 *
 * A child is killed when the test's thread ends, and by an alarm. Start it
 * before anything is opened that fork() does not get on with. It checks with
 * expect(), as Check's own assertions belong to the test's process.
 */
#ifndef TESTS_CHILD_H
#define TESTS_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

struct child {
	pid_t pid;
	int line;		/* a stream socket to it */
};

/* A child that ends with 0 when run returns. line is run's. */
void child_start(struct child *c, void (*run)(int line, void *arg),
		 void *arg);

/* Wait for its end, which has to be with 0. */
void child_end(struct child *c);

/* SIGKILL, and wait. */
void child_kill(struct child *c);

/*
 * Has it been killed, or stopped, by itself? Without waiting for that, and it
 * must not have ended otherwise. What is dead has been waited for.
 */
bool child_has_died(struct child *c);
bool child_has_stopped(const struct child *c);

/* SIGSTOP, and wait until it has stopped; and SIGCONT. */
void child_stop(struct child *c);
void child_go_on(struct child *c);

/* One byte, from either end; '\0' where the other has ended. */
void child_say(int line, char what);
char child_hear(int line);

/* The same with some bytes. */
void child_tell(int line, const void *what, size_t size);
void child_ask(int line, void *what, size_t size);

/* In a child: end with 1 and a line on stderr unless it holds. */
#define expect(cond) \
	((cond) ? (void)0 : child_fail(__FILE__, __LINE__, #cond))
_Noreturn void child_fail(const char *file, int line, const char *what);

/* How many descriptors this process has open. */
size_t child_count_fds(void);

#endif /* TESTS_CHILD_H */
