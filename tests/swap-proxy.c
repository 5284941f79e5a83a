/* SPDX-License-Identifier: MIT */
/*
 * swap-proxy.c - an X server whose pixels are of the other byte order
 *
 *	swap-proxy PROGRAM [ARGUMENT...]
 *
 * Runs the program with a DISPLAY of this one's, on a free port of 127.0.0.1,
 * and passes on all that is said to the DISPLAY that it was started with. What
 * it changes is what a server on a machine of the other byte order does not
 * have in common with ours, as its clients see it (the numbers of requests and
 * events are in the client's order, always):
 *
 *  - the setup's image_byte_order is the other one;
 *  - the pixels of PutImage and GetImage have their bytes reversed;
 *  - the vendor's name begins with an escape and is longer than anybody reads,
 *    for what prints it;
 *  - there is no MIT-SHM: nobody reverses bytes in memory that is shared.
 *
 * The exit status is the program's.
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* Opcodes of the core protocol. */
enum { PUT_IMAGE = 72, GET_IMAGE = 73, QUERY_EXTENSION = 98 };
enum { REPLY = 1, Z_PIXMAP = 2, GENERIC_EVENT = 35 };

/* The setup, as the server sends it. */
enum {
	SETUP_HEAD = 8,
	SETUP_VENDOR_LENGTH = 24,
	SETUP_FORMATS = 29,
	SETUP_IMAGE_ORDER = 30,
	SETUP_VENDOR = 40,
};

#define VENDOR_MORE 1000
#define BUFFER (1 << 20)
#define X_PORT 6000
/* A request without a head is the client's first words. */
#define FIRST_HEAD 12

/* One direction: what was read, and not passed on yet. */
struct stream {
	int from, to;
	uint8_t *data;
	size_t length, room;
	bool begun;
};

static uint8_t bits[256];		/* in a pixel, by depth */
/* Which requests' replies are images, by the number that these carry. */
static bool is_image[65536];
static uint16_t requests;

static _Noreturn void
give_up(const char *what)
{
	fprintf(stderr, "swap-proxy: %s: %s\n", what, strerror(errno));
	_exit(99);
}

static uint32_t
get16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint32_t
get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* ------------------------------------------------------------- swapping -- */

static void
reverse(uint8_t *p, size_t length, uint8_t depth)
{
	size_t i, k, n = bits[depth] / 8;
	uint8_t byte;

	for (i = 0; n > 1 && i + n <= length; i += n)
		for (k = 0; k < n / 2; k++) {
			byte = p[i + k];
			p[i + k] = p[i + n - 1 - k];
			p[i + n - 1 - k] = byte;
		}
}

static void
change_request(uint8_t *p, size_t size, size_t head)
{
	/* Big ones have their length behind the head. */
	const uint8_t *rest = p + head;

	requests++;
	is_image[requests] = p[0] == GET_IMAGE;
	if (p[0] == PUT_IMAGE && p[1] == Z_PIXMAP)
		reverse(p + head + 20, size - head - 20, rest[17]);
	else if (p[0] == QUERY_EXTENSION && get16(rest) == 7 &&
		 memcmp(rest + 4, "MIT-SHM", 7) == 0)
		memcpy(p + head + 4, "NOT-SHM", 7);
}

static void
change_answer(uint8_t *p, size_t size)
{
	if (p[0] != REPLY || !is_image[get16(p + 2)])
		return;
	is_image[get16(p + 2)] = false;
	reverse(p + 32, size - 32, p[1]);
}

static void
note_setup(uint8_t *p)
{
	size_t vendor = (get16(p + SETUP_VENDOR_LENGTH) + 3) / 4 * 4;
	const uint8_t *format = p + SETUP_VENDOR + vendor;
	unsigned i;

	p[SETUP_IMAGE_ORDER] ^= 1;
	for (i = 0; i < p[SETUP_FORMATS]; i++, format += 8)
		bits[format[0]] = format[1];
}

/* Put in front of the vendor's name what terminals obey, and much of it. */
static size_t
lengthen_setup(struct stream *s, size_t size)
{
	uint16_t vendor = (uint16_t)(get16(s->data + SETUP_VENDOR_LENGTH) +
				     VENDOR_MORE);
	uint16_t words = (uint16_t)(get16(s->data + 6) + VENDOR_MORE / 4);
	uint8_t *at;

	s->room += VENDOR_MORE;
	s->data = realloc(s->data, s->room);
	if (!s->data)
		give_up("memory");
	at = s->data + SETUP_VENDOR;
	memmove(at + VENDOR_MORE, at, s->length - SETUP_VENDOR);
	memset(at, 'v', VENDOR_MORE);
	at[0] = '\033';
	memcpy(s->data + SETUP_VENDOR_LENGTH, &vendor, sizeof(vendor));
	memcpy(s->data + 6, &words, sizeof(words));
	s->length += VENDOR_MORE;
	return size + VENDOR_MORE;
}

/* Returns how long it is then. */
static size_t
change_setup(struct stream *s, size_t size)
{
	/* Refusals are passed on as they are. */
	if (s->data[0] != 1)
		return size;
	note_setup(s->data);
	return lengthen_setup(s, size);
}

/* ------------------------------------------------------------- messages -- */

/* How long the first message is; 0: not all of what says so is there. */
static size_t
request_size(const struct stream *s, size_t *head)
{
	const uint8_t *p = s->data;

	*head = 4;
	if (!s->begun)
		return s->length < FIRST_HEAD ? 0 : FIRST_HEAD +
			(get16(p + 6) + 3) / 4 * 4 + (get16(p + 8) + 3) / 4 * 4;
	if (s->length < 8)
		/* The shortest are of four. */
		return s->length >= 4 && get16(p + 2) == 1 ? 4 : 0;
	if (get16(p + 2))
		return get16(p + 2) * 4;
	*head = 8;
	return (size_t)get32(p + 4) * 4;
}

static size_t
answer_size(const struct stream *s)
{
	const uint8_t *p = s->data;

	if (!s->begun)
		return s->length < SETUP_HEAD ? 0 :
			SETUP_HEAD + get16(p + 6) * 4;
	if (s->length < 32)
		return 0;
	if (p[0] == REPLY || (p[0] & 0x7f) == GENERIC_EVENT)
		return 32 + (size_t)get32(p + 4) * 4;
	return 32;
}

static void
write_all(int fd, const uint8_t *p, size_t size)
{
	ssize_t n;

	while (size > 0) {
		n = send(fd, p, size, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		/* The other end has gone: what it is told no more is lost. */
		if (n < 0)
			_exit(0);
		p += n;
		size -= (size_t)n;
	}
}

/* Pass on what is whole. */
static void
pass_on(struct stream *s, bool to_server)
{
	size_t size, head = 0;

	for (;;) {
		size = to_server ? request_size(s, &head) : answer_size(s);
		if (size > s->room) {
			s->room = size;
			s->data = realloc(s->data, size);
			if (!s->data)
				give_up("memory");
		}
		if (!size || s->length < size)
			return;
		if (to_server && s->begun)
			change_request(s->data, size, head);
		else if (!to_server && s->begun)
			change_answer(s->data, size);
		else if (!to_server)
			size = change_setup(s, size);
		s->begun = true;
		write_all(s->to, s->data, size);
		s->length -= size;
		memmove(s->data, s->data + size, s->length);
	}
}

static void
read_some(struct stream *s, bool to_server)
{
	ssize_t n = recv(s->from, s->data + s->length, s->room - s->length,
			 0);

	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0)
		_exit(0);
	s->length += (size_t)n;
	pass_on(s, to_server);
}

/* A process for each client. */
static _Noreturn void
serve(int client, int server)
{
	struct stream up = { client, server, malloc(BUFFER), 0, BUFFER, 0 };
	struct stream down = { server, client, malloc(BUFFER), 0, BUFFER, 0 };
	struct pollfd p[2] = { { client, POLLIN, 0 }, { server, POLLIN, 0 } };

	if (!up.data || !down.data)
		give_up("memory");
	for (;;) {
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			give_up("poll");
		/*
		 * Answers first: a server that cannot get rid of them does
		 * not read requests either.
		 */
		if (p[1].revents)
			read_some(&down, false);
		else if (p[0].revents)
			read_some(&up, true);
	}
}

/* -------------------------------------------------------------- sockets -- */

/* That of a server on this machine. */
static int
connect_to_server(int number)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "/tmp/.X11-unix/X%d",
		 number);
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		give_up(a.sun_path);
	return fd;
}

/* The kernel chooses the port: above 6000, which is display 0. */
static int
listen_somewhere(int *number)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t size = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ||
	    listen(fd, 16) < 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &size) < 0)
		give_up("listen");
	*number = ntohs(a.sin_port) - X_PORT;
	if (*number < 0)
		give_up("a port below that of display 0");
	return fd;
}

static void
gone(int signal)
{
	(void)signal;
}

/* Until the program ends; returns its status. */
static int
run(int listener, int server, pid_t program)
{
	struct pollfd p = { listener, POLLIN, 0 };
	pid_t pid, parent = getpid();
	int client, status, one = 1;

	for (;;) {
		/* Its end interrupts, or is found a moment later. */
		poll(&p, 1, 50);
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			if (pid == program)
				return WIFEXITED(status) ?
					WEXITSTATUS(status) : 99;
		client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (client < 0)
			continue;
		setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one,
			   sizeof(one));
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (getppid() != parent)
				_exit(0);
			serve(client, connect_to_server(server));
		}
		close(client);
	}
}

int
main(int argc, char **argv)
{
	const char *display = getenv("DISPLAY");
	int listener, number;
	char name[32];
	pid_t pid;

	if (argc < 2 || !display || *display != ':') {
		fprintf(stderr,
			"usage: DISPLAY=:N swap-proxy PROGRAM [ARGUMENT...]\n");
		return 2;
	}
	listener = listen_somewhere(&number);
	/* So that poll() is interrupted by it. */
	signal(SIGCHLD, gone);
	pid = fork();
	if (pid < 0)
		give_up("fork");
	if (pid == 0) {
		signal(SIGCHLD, SIG_DFL);
		snprintf(name, sizeof(name), "127.0.0.1:%d", number);
		setenv("DISPLAY", name, 1);
		execvp(argv[1], argv + 1);
		give_up(argv[1]);
	}
	return run(listener, atoi(display + 1), pid);
}
