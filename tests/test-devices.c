/* SPDX-License-Identifier: MIT */
/*
 * test-devices.c - a mouse whose wheels scroll smoothly, and a tablet
 *
 * XTEST has neither. The X.Org server has a driver for tests, inputtest, that
 * takes what a device is to say from a socket; with the dummy video driver it
 * needs no hardware at all. Where one of them is missing this is skipped.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xcb/xtest.h>

#include <shmfb/shmfb.h>

#include "base/clock.h"
#include "suite.h"
#include "xtool.h"

/* What one notch of the driver's wheels is. */
#define NOTCH 120.0

/* Of a message to the driver: see what() and the layouts below. */
#define VALUATORS 64
enum { MSG_VERSION = 0, MSG_SYNC = 1, MSG_MOTION = 2 };
enum { AXIS_X, AXIS_Y, AXIS_RIGHT, AXIS_DOWN };

static pid_t server;
static char dir[80];			/* short: sockets are in it */
static int mouse = -1, tablet = -1;

static xcb_connection_t *c;
static xcb_window_t root;
static struct shmfb *fb;

/* ---------------------------------------------------------- the server -- */

static const char config[] =
	"Section \"ServerFlags\"\n"
	"	Option \"AutoAddDevices\" \"false\"\n"
	"	Option \"AutoEnableDevices\" \"false\"\n"
	"	Option \"DontVTSwitch\" \"true\"\n"
	"EndSection\n"
	"Section \"Device\"\n"
	"	Identifier \"card\"\n"
	"	Driver \"dummy\"\n"
	"EndSection\n"
	"Section \"Screen\"\n"
	"	Identifier \"screen\"\n"
	"	Device \"card\"\n"
	"	DefaultDepth 24\n"
	"	SubSection \"Display\"\n"
	"		Depth 24\n"
	"		Virtual 1024 768\n"
	"	EndSubSection\n"
	"EndSection\n"
	"Section \"InputDevice\"\n"
	"	Identifier \"mouse\"\n"
	"	Driver \"inputtest\"\n"
	"	Option \"DeviceType\" \"Pointer\"\n"
	"	Option \"SocketPath\" \"%s/mouse\"\n"
	"EndSection\n"
	"Section \"InputDevice\"\n"
	"	Identifier \"tablet\"\n"
	"	Driver \"inputtest\"\n"
	"	Option \"DeviceType\" \"PointerAbsolute\"\n"
	"	Option \"SocketPath\" \"%s/tablet\"\n"
	"EndSection\n"
	"Section \"ServerLayout\"\n"
	"	Identifier \"layout\"\n"
	"	Screen \"screen\"\n"
	"	InputDevice \"mouse\" \"CorePointer\"\n"
	"	InputDevice \"tablet\" \"SendCoreEvents\"\n"
	"EndSection\n";

static const char *
path(const char *name)
{
	static char buffer[100];

	snprintf(buffer, sizeof(buffer), "%s/%.16s", dir, name);
	return buffer;
}

static void
exec_server(int fd)
{
	char conf[100], log[100];
	int null = open("/dev/null", O_RDWR);

	snprintf(conf, sizeof(conf), "%s/xorg.conf", dir);
	snprintf(log, sizeof(log), "%s/xorg.log", dir);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(null, 0);
	dup2(null, 1);
	dup2(null, 2);
	if (dup2(fd, 3) == 3 && fd == 3)
		fcntl(3, F_SETFD, 0);
	execlp("Xorg", "Xorg", "-displayfd", "3", "-config", conf, "-logfile",
	       log, "-noreset", "-nolisten", "tcp", "-novtswitch",
	       "-sharevts", (char *)NULL);
	_exit(127);
}

/* The socket that the driver listens on, with the version exchanged. */
static int
open_device(const char *name)
{
	static const uint8_t version[12] = { 12, 0, 0, 0, MSG_VERSION, 0, 0,
					     0, 1, 0, 0, 0 };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	uint8_t answer[12];

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path(name));
	if (fd < 0 || connect(fd, (const struct sockaddr *)&addr,
			      sizeof(addr)) < 0 ||
	    write(fd, version, sizeof(version)) != sizeof(version) ||
	    read(fd, answer, sizeof(answer)) != sizeof(answer)) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

/* NULL when it runs, with $DISPLAY set; else why it does not. */
static const char *
start(void)
{
	static char display[32] = ":";
	const char *tmp = getenv("TMPDIR");
	int fds[2];
	size_t n;
	FILE *f;

	snprintf(dir, sizeof(dir), "%s/devices-XXXXXX", tmp ? tmp : "/tmp");
	if (strlen(dir) == sizeof(dir) - 1)
		snprintf(dir, sizeof(dir), "/tmp/devices-XXXXXX");
	if (!mkdtemp(dir) || !(f = fopen(path("xorg.conf"), "we")))
		return "no directory to work in";
	fprintf(f, config, dir, dir);
	fclose(f);
	if (pipe2(fds, O_CLOEXEC) < 0)
		return "no pipe";
	server = fork();
	if (server == 0)
		exec_server(fds[1]);
	close(fds[1]);
	/* The number comes first and the newline, perhaps, later. */
	for (n = 1; n < sizeof(display) - 1; n++)
		if (read(fds[0], display + n, 1) != 1 || display[n] == '\n')
			break;
	close(fds[0]);
	if (display[n] != '\n')
		return "Xorg with the drivers dummy and inputtest does not "
		       "start here";
	display[n] = '\0';
	setenv("DISPLAY", display, 1);
	mouse = open_device("mouse");
	tablet = open_device("tablet");
	return mouse < 0 || tablet < 0 ? "Xorg has no driver inputtest" : NULL;
}

static void
stop(void)
{
	static const char *const names[] = { "xorg.conf", "xorg.log",
		"xorg.log.old", "mouse", "tablet" };
	unsigned i;

	close(mouse);
	close(tablet);
	if (server > 0) {
		kill(server, SIGTERM);
		waitpid(server, NULL, 0);
	}
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(path(names[i]));
	rmdir(dir);
}

/* ------------------------------------------------------------- devices -- */

/* The driver's struct of a motion, as this machine's compiler lays it out. */
struct motion {
	uint32_t length;
	uint32_t type;
	uint32_t absolute;
	struct {
		uint32_t has_raw;	/* else the same as values */
		uint8_t mask[VALUATORS / 8];
		double values[VALUATORS];
		double raw[VALUATORS];
	} v;
};

static void
say(int device, const struct motion *m)
{
	const uint32_t sync[2] = { 8, MSG_SYNC };
	uint32_t answer[2];

	ck_assert_int_eq(write(device, m, sizeof(*m)), sizeof(*m));
	/* Until the server has done with it. */
	ck_assert_int_eq(write(device, sync, sizeof(sync)), sizeof(sync));
	ck_assert_int_eq(read(device, answer, sizeof(answer)),
			 sizeof(answer));
}

static struct motion
motion(void)
{
	return (struct motion){ .length = sizeof(struct motion),
				.type = MSG_MOTION };
}

static void
turn(int device, int axis, double by)
{
	struct motion m = motion();

	m.v.mask[0] = (uint8_t)(1U << axis);
	m.v.values[axis] = by;
	say(device, &m);
}

/* As a driver that accelerates says it. */
static void
move(double x, double y, double raw_x, double raw_y)
{
	struct motion m = motion();

	m.v.mask[0] = 1 << AXIS_X | 1 << AXIS_Y;
	m.v.has_raw = 1;
	m.v.values[AXIS_X] = x;
	m.v.values[AXIS_Y] = y;
	m.v.raw[AXIS_X] = raw_x;
	m.v.raw[AXIS_Y] = raw_y;
	say(mouse, &m);
}

/* There: 0 to 1 of the screen. */
static void
touch(double x, double y)
{
	struct motion m = motion();

	m.absolute = 1;
	m.v.mask[0] = 1 << AXIS_X | 1 << AXIS_Y;
	m.v.values[AXIS_X] = x * 65535;
	m.v.values[AXIS_Y] = y * 65535;
	say(tablet, &m);
}

static void
put_pointer(int16_t x, int16_t y)
{
	xcb_warp_pointer(c, XCB_NONE, root, 0, 0, 0, 0, x, y);
	x_sync(c);
}

/* -------------------------------------------------------------- events -- */

static bool
is_focused(struct shmfb *window, void *data)
{
	struct shmfb_event e;

	(void)data;
	while (shmfb_next_event(window, &e))
		if (e.type == SHMFB_EVENT_FOCUS && e.u.focus.focused)
			return true;
	return false;
}

static void
setup(void)
{
	c = x_connect(NULL);
	root = xcb_setup_roots_iterator(xcb_get_setup(c)).data->root;
	put_pointer(900, 700);
	fb = open_window(NULL);
	settle(fb, c);
	xcb_set_input_focus(c, XCB_INPUT_FOCUS_POINTER_ROOT,
			    shmfb_window_id(fb), XCB_CURRENT_TIME);
	x_sync(c);
	wait_until(fb, is_focused, NULL);
	put_pointer(100, 100);
	settle(fb, c);
	while (shmfb_next_event(fb, &(struct shmfb_event){ 0 }));
}

static void
teardown(void)
{
	shmfb_close(fb);
	xcb_disconnect(c);
}

/* What all there was since adds up to. */
struct sum {
	unsigned scrolls;
	unsigned buttons;
	unsigned motions;
	double right;
	double up;
	double x;
	double y;
	double farthest;
};

static struct sum
sum(void)
{
	struct shmfb_event e;
	struct sum s = { 0 };

	settle(fb, c);
	while (shmfb_next_event(fb, &e)) {
		if (e.type == SHMFB_EVENT_SCROLL) {
			s.scrolls++;
			s.right += e.u.scroll.dx;
			s.up += e.u.scroll.dy;
		} else if (e.type == SHMFB_EVENT_BUTTON) {
			s.buttons++;
		} else if (e.type == SHMFB_EVENT_MOTION) {
			s.motions++;
			s.x += e.u.motion.dx;
			s.y += e.u.motion.dy;
			s.farthest = fmax(s.farthest, fabs(e.u.motion.dx));
		}
	}
	return s;
}

static void
check_scrolled(double right, double up, unsigned times)
{
	struct sum s = sum();

	ck_assert_double_eq_tol(s.right, right, 1e-9);
	ck_assert_double_eq_tol(s.up, up, 1e-9);
	ck_assert_uint_eq(s.scrolls, times);
	ck_assert_uint_eq(s.buttons, 0);
	ck_assert_uint_eq(s.motions, 0);
}

START_TEST(smooth)
{
	unsigned i;

	turn(mouse, AXIS_DOWN, NOTCH / 4);
	check_scrolled(0, -0.25, 1);
	/* Buttons that emulate it are pressed on the way. */
	for (i = 0; i < 8; i++)
		turn(mouse, AXIS_DOWN, -NOTCH / 2);
	check_scrolled(0, 4, 8);
	turn(mouse, AXIS_RIGHT, NOTCH / 2);
	turn(mouse, AXIS_RIGHT, 2 * NOTCH);
	check_scrolled(2.5, 0, 2);
	turn(mouse, AXIS_RIGHT, -NOTCH / 8);
	check_scrolled(-0.125, 0, 1);
}
END_TEST

/* What was turned elsewhere was for somebody else. */
START_TEST(elsewhere)
{
	turn(mouse, AXIS_DOWN, NOTCH / 2);
	check_scrolled(0, -0.5, 1);
	put_pointer(900, 700);
	turn(mouse, AXIS_DOWN, 3 * NOTCH);
	turn(mouse, AXIS_RIGHT, NOTCH / 2);
	put_pointer(100, 100);
	sum();
	turn(mouse, AXIS_DOWN, NOTCH / 4);
	check_scrolled(0, -0.25, 1);
	turn(mouse, AXIS_RIGHT, NOTCH / 4);
	check_scrolled(0.25, 0, 1);
}
END_TEST

/* One device takes over from the other, each with axes of its own. */
START_TEST(devices_take_turns)
{
	unsigned i;

	for (i = 0; i < 3; i++) {
		turn(mouse, AXIS_DOWN, NOTCH / 4);
		check_scrolled(0, -0.25, 1);
		turn(tablet, AXIS_DOWN, -NOTCH);
		check_scrolled(0, 1, 1);
		/* XTEST's has buttons and nothing else. */
		xcb_test_fake_input(c, XCB_BUTTON_PRESS, 5, XCB_CURRENT_TIME,
				    XCB_NONE, 0, 0, 0);
		xcb_test_fake_input(c, XCB_BUTTON_RELEASE, 5,
				    XCB_CURRENT_TIME, XCB_NONE, 0, 0, 0);
		x_sync(c);
		check_scrolled(0, -1, 1);
	}
}
END_TEST

/* Without XInput there are notches, wherever the server has them begin. */
START_TEST(notches)
{
	struct sum s;
	unsigned i;

	for (i = 0; i < 16; i++)
		turn(mouse, AXIS_DOWN, NOTCH / 4);
	s = sum();
	ck_assert_uint_ge(s.scrolls, 3);
	ck_assert_uint_le(s.scrolls, 5);
	ck_assert_double_eq(s.up, -(double)s.scrolls);
	ck_assert_uint_eq(s.buttons, 0);
}
END_TEST

static void
setup_core(void)
{
	setenv("SHMFB_NO_XINPUT", "1", 1);
	setup();
	unsetenv("SHMFB_NO_XINPUT");
}

/* As far as the hand has moved it, not as far as that moves the pointer. */
START_TEST(grabbed_is_raw)
{
	struct sum s;
	unsigned i;

	ck_assert_int_eq(shmfb_grab_pointer(fb, true), 0);
	sum();
	for (i = 0; i < 200; i++)
		move(40, -20, 10, -5.5);
	s = sum();
	ck_assert_double_eq_tol(s.x, 2000, 1e-6);
	ck_assert_double_eq_tol(s.y, -1100, 1e-6);
	turn(mouse, AXIS_DOWN, NOTCH / 2);
	check_scrolled(0, -0.5, 1);
	ck_assert_int_eq(shmfb_grab_pointer(fb, false), 0);
	sum();
	move(3, 0, 50, 0);
	s = sum();
	ck_assert_double_lt(s.x, 50);
}
END_TEST

/* A tablet says where it is touched, wherever the pointer was put since. */
START_TEST(grabbed_with_a_tablet)
{
	struct sum s;
	unsigned i;

	ck_assert_int_eq(shmfb_grab_pointer(fb, true), 0);
	touch(0.5, 0.5);
	sum();
	for (i = 1; i <= 20; i++)
		touch(0.5 + 0.02 * i, 0.5);
	s = sum();
	ck_assert_double_eq_tol(s.x, 0.4 * 1023, 2);
	ck_assert_double_eq_tol(s.y, 0, 1);
	/* The mouse again: it has no places. */
	move(40, 0, 10, 0);
	s = sum();
	ck_assert_double_eq_tol(s.x, 10, 1e-6);
	touch(0.1, 0.5);
	touch(0.2, 0.5);
	s = sum();
	ck_assert_double_lt(s.farthest, 1023);
	ck_assert_int_eq(shmfb_grab_pointer(fb, false), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("devices");
	TCase *tc = suite_case(s, "xinput"), *core = suite_case(s, "core");
	const char *why = start();
	int status = EXIT_SUCCESS;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, smooth);
	tcase_add_test(tc, elsewhere);
	tcase_add_test(tc, devices_take_turns);
	tcase_add_test(tc, grabbed_is_raw);
	tcase_add_test(tc, grabbed_with_a_tablet);
	tcase_add_checked_fixture(core, setup_core, teardown);
	tcase_add_test(core, notches);
	if (why)
		printf("1..0 # SKIP %s\n", why);
	else
		status = suite_run(s);
	stop();
	return status;
}
