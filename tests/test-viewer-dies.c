/* SPDX-License-Identifier: MIT */
/*
 * test-viewer-dies.c - a viewer is killed while the X server has its frame
 *
 * It has asked the server to put a held slot into its window, and dies before
 * the completion.  The server is stopped meanwhile, so that there can be none,
 * and then does what it was asked to, for a client that is no more.
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <shmfb/shmfb.h>

#include "base/base.h"
#include "child.h"
#include "deaths.h"
#include "frames.h"
#include "suite.h"
#include "xtool.h"

static struct xserver server;

static void
stop_server(void)
{
	ck_assert_int_eq(kill(server.pid, SIGSTOP), 0);
}

/* Shows what it holds, and waits for its death with that under way. */
static void
view(int line, void *arg)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	struct shmx_reader *r;
	struct shmx_hold *hold;
	struct shmfb *fb;

	(void)arg;
	expect(child_hear(line) == 'g');
	opt.width = deaths_picture.width;
	opt.height = deaths_picture.height;
	opt.backend = SHMFB_SHM;
	opt.vsync = SHMFB_VSYNC_OFF;
	opt.display = server.display;
	expect(shmx_reader_open(&r, "test", NULL) == 0);
	expect(shmfb_open(&fb, &opt) == 0);
	/* The first one in peace: the memory is known to the server then. */
	expect(shmx_hold_latest(r, &hold) == 0);
	expect(shmfb_show(fb, hold) == 0);
	shmx_release(hold);
	while (shmfb_in_flight(fb) > 0)
		expect(shmfb_pump(fb));
	child_say(line, 's');
	expect(child_hear(line) == 'g');
	expect(shmx_hold_latest(r, &hold) == 0);
	expect(shmfb_show(fb, hold) == 0);
	shmx_release(hold);
	expect(shmfb_in_flight(fb) == 1);
	child_say(line, 'p');
	child_hear(line);
}

/* A frame is shown, with all that it takes: the server has its wits. */
static void
check_server(void)
{
	xcb_connection_t *c = x_connect(server.display);

	x_sync(c);
	xcb_disconnect(c);
}

START_TEST(the_server_reads_on_when_its_client_is_dead)
{
	struct shmx_producer_stats stats;
	struct shmx_producer *p;
	struct shmx_reader *r;
	struct shmx_hold *held;
	struct child c;
	uint64_t n;

	xserver_start(&server, "320x200x24", NULL);
	child_start(&c, view, NULL);
	p = deaths_producer("test", 0);
	ck_assert_ptr_nonnull(p);
	ck_assert_uint_eq(frame_publish(p, 1), 1);
	ck_assert_int_eq(shmx_reader_open(&r, "test", NULL), 0);
	ck_assert_int_eq(shmx_hold_latest(r, &held), 0);
	child_say(c.line, 'g');
	ck_assert_int_eq(child_hear(c.line), 's');
	stop_server();
	ck_assert_uint_eq(frame_publish(p, 2), 2);
	child_say(c.line, 'g');
	ck_assert_int_eq(child_hear(c.line), 'p');
	/* The slot is the server's for as long as the viewer lives. */
	for (n = 3; n < 30; n++)
		ck_assert_uint_eq(frame_publish(p, n), n);
	shmx_producer_stats(p, &stats, sizeof(stats));
	ck_assert_uint_eq(stats.slots_held, 2);
	child_kill(&c);
	/* And then the producer's, whatever the server is at. */
	deaths_check_gone(p, 1, 2);
	for (; n < 60; n++)
		ck_assert_uint_eq(frame_publish(p, n), n);
	shmx_producer_stats(p, &stats, sizeof(stats));
	ck_assert_uint_eq(stats.slots_held, 1);
	ck_assert_int_eq(kill(server.pid, SIGCONT), 0);
	check_server();
	for (; n < 90; n++)
		ck_assert_uint_eq(frame_publish(p, n), n);
	ck_assert(frame_is_whole(held));
	ck_assert_uint_eq(shmx_frame_info(held)->sequence, 1);
	shmx_release(held);
	shmx_reader_close(r);
	deaths_check_all_can_be_held(p, "test", &n);
	shmx_producer_close(p);
	xserver_stop(&server);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("viewer-dies");
	TCase *tc = suite_case(s, "viewer-dies");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, the_server_reads_on_when_its_client_is_dead);
	return suite_run(s);
}
