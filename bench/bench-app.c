/* SPDX-License-Identifier: MIT */
/*
 * bench-app - what an application pays that draws, or has pixels of its own
 *
 * Against SDL2's window surface without OpenGL (SDL_FRAMEBUFFER_ACCELERATION
 * is 0), which sends the frame by MIT-SHM and waits for the server; and
 * against core PutImage in the pieces that Xlib makes, which is what small
 * framebuffer libraries do.
 *
 * Pixels are written by memset, or copied from one image of the application's.
 * Two frames under way have a limit of their own, which is what one core can
 * copy while another reads it: a bare client's with two segments, in the same
 * run.
 * core PutImage goes through a socket that takes as much as the system allows,
 * and through one that takes what it does without being asked.
 * All windows lie over each other, and the one that is at work is raised.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <SDL.h>
#include <SDL_syswm.h>

#include <shmfb/shmfb.h>

#include "base/fd.h"
#include "base/memfd.h"
#include "bare.h"
#include "bench.h"

/* As Xlib has them. */
#define PIECE (256 * 1024 - 28)

struct scene {
	struct shmfb *shm;
	struct shmfb *put;
	struct shmfb *put_stock;
	struct shmfb *scaled;		/* by the client */
	struct bare plain;
	struct bare two;		/* two frames of its own */
	uint8_t *frames;		/* those, mapped to be written */
	SDL_Window *sdl;
	SDL_Surface *surface;		/* the window's */
	uint32_t sdl_id;
	struct shmfb_image image;
	uint8_t shade;
};

/* ------------------------------------------------------------- windows -- */

static struct shmfb *
open_window(enum shmfb_backend backend, const struct bench_options *o)
{
	struct shmfb_options options = SHMFB_OPTIONS_INIT;
	struct shmfb *fb;

	options.title = "bench-app";
	options.width = o->width;
	options.height = o->height;
	options.backend = backend;
	options.flags = SHMFB_FIXED_SIZE;
	options.vsync = SHMFB_VSYNC_OFF;
	if (shmfb_open(&fb, &options) < 0)
		bench_die("%s", shmfb_error());
	return fb;
}

/* A canvas of half the window's size, twice as large in it. */
static struct shmfb *
open_scaled(const struct bench_options *o)
{
	struct shmfb_view view = SHMFB_VIEW_INIT;
	struct shmfb *fb;

	/* Asked when it is needed first; no other row needs it. */
	setenv("SHMFB_NO_RENDER", "1", 1);
	fb = open_window(SHMFB_SHM, o);
	view.scale = SHMFB_SCALE_FIT;
	if (shmfb_set_canvas_size(fb, o->width / 2, o->height / 2) < 0 ||
	    shmfb_set_view(fb, &view) < 0)
		bench_die("%s", shmfb_error());
	return fb;
}

static unsigned
count_sockets(int *last)
{
	struct stat st;
	unsigned n = 0;
	int fd;

	for (fd = 0; fd < 256; fd++)
		if (fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode)) {
			*last = fd;
			n++;
		}
	return n;
}

/*
 * The same, but its socket takes no more than a program may ask for where the
 * limit (net.core.wmem_max) is what a socket has anyway, as it is unless it
 * was raised: twice that, for the system doubles what it is told.
 */
static struct shmfb *
open_stock(const struct bench_options *o)
{
	int pair[2], fd = -1, bytes = 0;
	socklen_t size = sizeof(bytes);
	struct shmfb *fb;
	unsigned before;

	before = count_sockets(&fd);
	fb = open_window(SHMFB_PUT, o);
	if (count_sockets(&fd) != before + 1)
		bench_die("which of the sockets is the window's?");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0 ||
	    getsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &bytes, &size) < 0)
		bench_die("socketpair: %s", strerror(errno));
	close(pair[0]);
	close(pair[1]);
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, size) < 0)
		bench_die("setsockopt: %s", strerror(errno));
	return fb;
}

static void
open_sdl(struct scene *s, const struct bench_options *o)
{
	SDL_SysWMinfo info;

	setenv("SDL_FRAMEBUFFER_ACCELERATION", "0", 1);
	setenv("SDL_VIDEODRIVER", "x11", 1);
	SDL_VERSION(&info.version);
	if (SDL_Init(SDL_INIT_VIDEO) < 0)
		bench_die("SDL2: %s", SDL_GetError());
	s->sdl = SDL_CreateWindow("bench-app", 0, 0, (int)o->width,
				  (int)o->height, SDL_WINDOW_BORDERLESS);
	if (!s->sdl || !SDL_GetWindowWMInfo(s->sdl, &info))
		bench_die("SDL2: %s", SDL_GetError());
	s->sdl_id = (uint32_t)info.info.x11.window;
	SDL_PumpEvents();
	s->surface = SDL_GetWindowSurface(s->sdl);
	if (!s->surface || s->surface->w != (int)o->width ||
	    s->surface->h != (int)o->height)
		bench_die("SDL2: no surface of that size");
}

/* Memory to be written, which the bare client's server has attached. */
static void *
share(struct bare *b, size_t bytes)
{
	int fd = base_memfd_create("bench-app");
	void *pixels;

	if (fd < 0 || base_memfd_allocate(fd, bytes) < 0)
		bench_die("no memory for an image");
	pixels = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (pixels == MAP_FAILED)
		bench_die("cannot map an image: %s", strerror(errno));
	memset(pixels, 0x60, bytes);
	bare_attach(b, fd, bytes);
	base_close(&fd);
	return pixels;
}

/* The application's image, where the bare client finds it too. */
static void
make_image(struct scene *s, const struct bench_options *o)
{
	size_t bytes = (size_t)o->width * o->height * 4;

	s->image = (struct shmfb_image){
		.pixels = share(&s->plain, bytes),
		.stride = (size_t)o->width * 4,
		.width = o->width, .height = o->height,
		.format = SHMX_XRGB8888,
	};
	s->frames = share(&s->two, 2 * bytes);
}

/* ------------------------------------------------------------- batches -- */

static void
drop_events(struct shmfb *fb)
{
	struct shmfb_event event;

	while (shmfb_next_event(fb, &event))
		;
}

/* Until the server is done, asleep in between. */
static void
wait_idle(struct shmfb *fb)
{
	struct pollfd p = { shmfb_fd(fb), POLLIN, 0 };

	while (shmfb_in_flight(fb)) {
		if (poll(&p, 1, -1) < 0 && errno != EINTR)
			bench_die("poll: %s", strerror(errno));
		if (shmfb_dispatch(fb) < 0)
			bench_die("%s", shmfb_error());
		drop_events(fb);
	}
}

static void
wait_ready(struct shmfb *fb)
{
	while (!shmfb_ready(fb)) {
		if (!shmfb_pump(fb))
			bench_die("%s", shmfb_error());
		drop_events(fb);
	}
}

static void
draw(struct scene *s, struct shmfb *fb, bool fill)
{
	struct shmfb_canvas canvas;

	if (shmfb_begin(fb, &canvas) < 0)
		bench_die("%s", shmfb_error());
	if (fill)
		memset(canvas.pixels, s->shade++,
		       canvas.stride * canvas.height);
	if (shmfb_present(fb, NULL, 0) < 0)
		bench_die("%s", shmfb_error());
}

static void
copy(struct scene *s, struct shmfb *fb)
{
	if (shmfb_present_copy(fb, &s->image, NULL, 0) < 0)
		bench_die("%s", shmfb_error());
}

static void
draw_batch(struct bench_row *row, struct shmfb *fb, bool fill)
{
	struct scene *s = row->data;

	bare_raise(&s->plain, shmfb_window_id(fb));
	bench_begin(row);
	do {
		draw(s, fb, fill);
		wait_idle(fb);
	} while (bench_lap(row));
}

static void
shmfb_drawn(struct bench_row *row)
{
	draw_batch(row, ((struct scene *)row->data)->shm, true);
}

static void
shmfb_again(struct bench_row *row)
{
	draw_batch(row, ((struct scene *)row->data)->shm, false);
}

static void
put_again(struct bench_row *row)
{
	draw_batch(row, ((struct scene *)row->data)->put, false);
}

static void
put_stock(struct bench_row *row)
{
	draw_batch(row, ((struct scene *)row->data)->put_stock, false);
}

static void
scaled_again(struct bench_row *row)
{
	draw_batch(row, ((struct scene *)row->data)->scaled, false);
}

static void
shmfb_copied(struct bench_row *row)
{
	struct scene *s = row->data;

	bare_raise(&s->plain, shmfb_window_id(s->shm));
	bench_begin(row);
	do {
		copy(s, s->shm);
		wait_idle(s->shm);
	} while (bench_lap(row));
}

static void
shmfb_copied_in_flight(struct bench_row *row)
{
	struct scene *s = row->data;

	bare_raise(&s->plain, shmfb_window_id(s->shm));
	bench_begin(row);
	do {
		wait_ready(s->shm);
		copy(s, s->shm);
	} while (bench_lap(row));
	wait_idle(s->shm);
}

static void
bare_copied_in_flight(struct bench_row *row)
{
	struct scene *s = row->data;
	size_t bytes = s->image.stride * s->image.height, turn = 0;

	bare_raise(&s->plain, s->two.window);
	bench_begin(row);
	do {
		bare_wait_shm(&s->two, 1);
		memcpy(s->frames + turn, s->image.pixels, bytes);
		bare_put_shm(&s->two, turn);
		turn = bytes - turn;
	} while (bench_lap(row));
	bare_wait_shm(&s->two, 0);
}

static void
sdl_batch(struct bench_row *row, const void *image)
{
	struct scene *s = row->data;
	size_t bytes = (size_t)s->surface->pitch * (size_t)s->surface->h;

	bare_raise(&s->plain, s->sdl_id);
	bench_begin(row);
	do {
		if (image)
			memcpy(s->surface->pixels, image, bytes);
		else
			memset(s->surface->pixels, s->shade++, bytes);
		if (SDL_UpdateWindowSurface(s->sdl) < 0)
			bench_die("SDL2: %s", SDL_GetError());
	} while (bench_lap(row));
}

static void
sdl_drawn(struct bench_row *row)
{
	sdl_batch(row, NULL);
}

static void
sdl_copied(struct bench_row *row)
{
	sdl_batch(row, ((struct scene *)row->data)->image.pixels);
}

static void
plain_put(struct bench_row *row)
{
	struct scene *s = row->data;

	bare_raise(&s->plain, s->plain.window);
	bench_begin(row);
	do {
		bare_put_socket(&s->plain, 0, PIECE);
	} while (bench_lap(row));
}

/* ---------------------------------------------------------------- rows -- */

enum {
	DRAWN,
	SDL_DRAWN,
	COPIED,
	SDL_COPIED,
	COPIED_IN_FLIGHT,
	BARE_IN_FLIGHT,
	AGAIN,
	SCALED,
	PUT,
	PUT_STOCK,
	PLAIN,
	ROWS
};

static const struct bench_kind kinds[ROWS] = {
	[DRAWN] = { "shmfb", "drawn", 0, false, shmfb_drawn },
	[SDL_DRAWN] = { "sdl2-surface", "drawn", 0, false, sdl_drawn },
	[COPIED] = { "shmfb", "copied", 1, false, shmfb_copied },
	[SDL_COPIED] = { "sdl2-surface", "copied", 1, false, sdl_copied },
	[COPIED_IN_FLIGHT] = { "shmfb", "copied, 2 in flight", 1, true,
			       shmfb_copied_in_flight },
	[BARE_IN_FLIGHT] = { "bare-shm", "copied, 2 in flight", 1, true,
			     bare_copied_in_flight },
	[AGAIN] = { "shmfb", "not drawn", 0, false, shmfb_again },
	[SCALED] = { "shmfb", "not drawn, scaled by it", 1, false,
		     scaled_again },
	[PUT] = { "shmfb-put", "not drawn", 1, false, put_again },
	[PUT_STOCK] = { "shmfb-put", "not drawn, stock socket", 1, false,
			put_stock },
	[PLAIN] = { "bare-put-plain", "not drawn", 1, false, plain_put },
};

static void
run(struct scene *s, const struct bench_options *o)
{
	struct bench_row rows[ROWS];
	bool small = o->width * o->height <= 800 * 600;
	const struct bench_target targets[] = {
		{ "drawn in place: time over SDL2",
		  &rows[DRAWN], &rows[SDL_DRAWN], 1.0, false, false },
		{ "copied, awaited: rate over SDL2",
		  &rows[COPIED], &rows[SDL_COPIED], 1.5, true, false },
		{ "copied, 2 in flight: rate over SDL2",
		  &rows[COPIED_IN_FLIGHT], &rows[SDL_COPIED],
		  small ? 3.0 : 2.2, true, false },
		{ "the same: rate over a bare client",
		  &rows[COPIED_IN_FLIGHT], &rows[BARE_IN_FLIGHT], 0.97, true,
		  false },
		{ "core PutImage: time over a plain client",
		  &rows[PUT], &rows[PLAIN], 0.6, false, false },
		{ "the same, stock socket",
		  &rows[PUT_STOCK], &rows[PLAIN], 0.85, false, false },
		{ "client CPU of a frame from the slot, asleep in between",
		  &rows[AGAIN], NULL, 40, false, true },
	};
	struct bench_set set = {
		.options = o, .rows = rows, .count = ROWS,
		.rounds = o->quick ? 20 : 100,
	};

	bench_rows(rows, kinds, ROWS, "app", o, s);
	bench_run(&set);
	bench_print(&set, "Whole frames of an application into a window, "
		    "awaited unless it says otherwise.\nSDL2's surface is one "
		    "without OpenGL.");
	bench_verdicts(&set, targets, BASE_ARRAY_SIZE(targets));
	bench_finish(&set);
}

int
main(int argc, char **argv)
{
	struct bench_options options;
	struct scene scene = { 0 };

	bench_options(&options, argc, argv,
		      "What an application pays to show its frames, with "
		      "shmfb and with SDL2's window surface.");
	bare_open(&scene.plain, options.width, options.height);
	if (!bare_fits(&scene.plain))
		bench_die("the screen is smaller than %ux%u; for make bench "
			  "set XVFB_SCREEN=%ux%ux24", options.width,
			  options.height, options.width, options.height);
	bare_open(&scene.two, options.width, options.height);
	make_image(&scene, &options);
	open_sdl(&scene, &options);
	scene.shm = open_window(SHMFB_SHM, &options);
	scene.put = open_window(SHMFB_PUT, &options);
	scene.scaled = open_scaled(&options);
	scene.put_stock = open_stock(&options);
	bench_server(bare_server(&scene.plain), "server's");
	run(&scene, &options);
	shmfb_close(scene.shm);
	shmfb_close(scene.put);
	shmfb_close(scene.put_stock);
	shmfb_close(scene.scaled);
	SDL_Quit();
	bare_close(&scene.plain);
	bare_close(&scene.two);
	munmap(scene.frames, 2 * scene.image.stride * scene.image.height);
	munmap((void *)(uintptr_t)scene.image.pixels,
	       scene.image.stride * scene.image.height);
	return EXIT_SUCCESS;
}
