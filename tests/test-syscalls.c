/* SPDX-License-Identifier: MIT */
/*
 * test-syscalls - publish, hold and release make no system call
 *
 * A child opens both ends of a ring, has the kernel kill it at any system
 * call of this thread but the one that ends it, and pushes a million frames
 * through.
 */
#include "config.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <shmx/shmx.h>

#include "base/base.h"
#include "base/clock.h"
#include "child.h"
#include "suite.h"

#ifdef SUITE_TSAN
enum { TSAN = 1 };
#else
enum { TSAN = 0 };
#endif

enum { FRAMES = 1000000, IDLE = 4 };

/* From here on this thread can end its process, and nothing else. */
static void
give_up_system_calls(void)
{
	static struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	const struct sock_fprog program = { BASE_ARRAY_SIZE(code), code };

	expect(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	expect(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

/* How a child ends that does this. */
static int
status_of(void (*run)(void))
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		alarm(120);
		run();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static void
look_at_the_clock(void)
{
	give_up_system_calls();
	_exit(base_now_ns() == 0);
}

static void
get_a_pid(void)
{
	give_up_system_calls();
	_exit(syscall(SYS_getpid) == 0);
}

static void
push_frames(void)
{
	struct shmx_reader *reader, *idle[IDLE];
	struct shmx_producer *producer;
	struct shmx_hold *hold;
	struct shmx_frame f;
	int i;

	expect(shmx_producer_open_image(&producer, "test", 64, 64,
					SHMX_XRGB8888) == 0);
	expect(shmx_reader_open(&reader, "test", NULL) == 0);
	for (i = 0; i < IDLE; i++) {
		struct shmx_reader_options o = SHMX_READER_OPTIONS_INIT;

		o.holds = 1;
		expect(shmx_reader_open(&idle[i], "test", &o) == 0);
	}
	give_up_system_calls();
	for (i = 1; i <= FRAMES; i++) {
		shmx_begin(producer, &f);
		*(uint32_t *)f.pixels = (uint32_t)i;
		shmx_damage(&f, 0, 0, 1, 1);
		if (shmx_publish(producer, &f) != (uint64_t)i ||
		    shmx_wait(reader, -1) != 0 ||
		    shmx_hold_latest(reader, &hold) != 0 ||
		    shmx_frame_info(hold)->sequence != (uint64_t)i)
			_exit(1);
		shmx_release(hold);
	}
	_exit(0);
}

static bool
ended_well(int status)
{
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

START_TEST(one_is_noticed)
{
	int status = status_of(get_a_pid);

	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGSYS);
}
END_TEST

START_TEST(none_in_a_million_frames)
{
	/* Where the clock is a system call, that one is the clock's. */
	if (!ended_well(status_of(look_at_the_clock))) {
		printf("# the clock is a system call here: nothing shown\n");
		fflush(stdout);
		return;
	}
	ck_assert(ended_well(status_of(push_frames)));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("syscalls");
	TCase *tc = suite_case(s, "none");

	tcase_set_timeout(tc, 120);
	/* Valgrind's and the thread sanitizer's own would be the ones. */
	if (!suite_is_nofork() && !TSAN) {
		tcase_add_test(tc, one_is_noticed);
		tcase_add_test(tc, none_in_a_million_frames);
	}
	return suite_run(s);
}
