/* SPDX-License-Identifier: MIT */
/*
 * cast.c - walk through a textured maze, drawn in software at every refresh
 *
 *	cc -O2 cast.c $(pkg-config --cflags --libs shmfb) -lm -o cast
 *
 * W, A, S, D or the arrows walk and turn, Shift runs; a click grabs the mouse
 * to look around with, Escape gives it back, and then ends. m shows the map,
 * f fills the screen.
 *
 * What it teaches, beside that a pixel is cheap:
 *
 *  - a game's loop: pump, take the events, move by the time that has passed,
 *    begin, draw, present; the window may have any size, and another one in
 *    the next frame;
 *  - keys by what they are (keysym: the arrows) and by where they are
 *    (keycode: W, A, S, D are a cross on every layout). A key is down until
 *    it is released, which the library also says when the focus is lost;
 *  - to look around: shmfb_grab_pointer(), and how far the mouse has moved.
 *
 * How it draws: for each column a ray is followed from square to square until
 * it hits a wall. Then rows are filled from left to right, as memory lies:
 * each pixel is ceiling, wall or floor, its texture in a size that suits the
 * distance, lit by what the lamps have thrown there, and lost in the fog.
 */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <shmfb/shmfb.h>

/* # brick, % stone, = wood; * a lamp; a comma is under the sky. */
static const char *const map[] = {
	"########################",
	"#      #       %%%%%%%%%",
	"#  *   #   *   %,,,,,,,%",
	"#              %,,,,,,,%",
	"#      #       ,,,,%,,,%",
	"###  ###########,,%%%,,%",
	"#   *  =   =   %,,,%,,,%",
	"#      = * =   %,,,,,,,%",
	"# #  # =   =   %,,,,,,,%",
	"#      == ==   %%%% %%%%",
	"# #  #         %   *   %",
	"#   *     *    % % % % %",
	"# #  #                 %",
	"#              % % % % %",
	"# #  # === ===========%%",
	"#   *  =   =   =       =",
	"###  ### * = * = *   * =",
	"#          =           =",
	"#      =   =   =       =",
	"#%%%%%%%   ========   ==",
	"%,,,,,,%           *   =",
	"%,,,,,,,   *   =       =",
	"%,,,,,,%       =       =",
	"%%%%%%%%================",
};
#define MAP_SIDE 24

enum { BRICK, STONE, WOOD, TILES, PLANKS, GRASS, TEXTURES };
#define TEXTURE_BITS 7			/* 128 texels a square */
#define TEXTURE_SIDE (1 << TEXTURE_BITS)
#define LIGHT_BITS 4			/* 16 lit spots a square, each way */
#define LIGHT (1 << LIGHT_BITS)
#define LIGHT_SIDE (MAP_SIDE * LIGHT)
#define FOG 0x10131c
#define SIDE_MAX 32767

enum { KEY_ESCAPE = 0xff1b, KEY_LEFT = 0xff51, KEY_UP, KEY_RIGHT, KEY_DOWN,
       KEY_SHIFT_L = 0xffe1, KEY_SHIFT_R };
enum { CODE_W = 25, CODE_A = 38, CODE_S, CODE_D };
enum { AHEAD = 1, BACK = 2, LEFT = 4, RIGHT = 8, TURN_LEFT = 16,
       TURN_RIGHT = 32, RUN = 64 };

/* Each texture, and after it the same in half the size, down to a texel. */
static uint32_t texture[TEXTURES][TEXTURE_SIDE * TEXTURE_SIDE * 4 / 3 + 1];
static unsigned texture_at[TEXTURE_BITS + 1];
static uint32_t light[LIGHT_SIDE][LIGHT_SIDE];

static struct {
	double x, y;			/* in squares, from the north-west */
	double angle;			/* 0 is east, more is to the right */
	double pitch;			/* how far the horizon is lowered */
	unsigned doing;			/* which of AHEAD ... RUN */
	bool grabbed, no_map, quit;
} me = { .x = 9.5, .y = 11.5, .angle = -0.35 };

/* ------------------------------------------------------------ the world -- */

static char
square(int x, int y)
{
	return x < 0 || y < 0 || x >= MAP_SIDE || y >= MAP_SIDE ? '#' :
	       map[y][x];
}

static bool
is_wall(int x, int y)
{
	char c = square(x, y);

	return c == '#' || c == '%' || c == '=';
}

/* What looks like chance, and is the same every time: 0 to 255. */
static int
chance(uint32_t x, uint32_t y, uint32_t seed)
{
	uint32_t h = x * 2654435761U ^ y * 2246822519U ^ seed * 3266489917U;

	h = (h ^ h >> 15) * 2246822519U;
	return (int)((h ^ h >> 13) & 255);
}

/* Clouds of that size, which meet where the texture meets itself. */
static int
noise(int x, int y, int width, int height, uint32_t seed)
{
	int i = x / width, fx = x % width * 256 / width;
	int k = y / height, fy = y % height * 256 / height;
	int j = (i + 1) % (TEXTURE_SIDE / width);
	int l = (k + 1) % (TEXTURE_SIDE / height);
	int top = chance((uint32_t)i, (uint32_t)k, seed) * (256 - fx) +
		  chance((uint32_t)j, (uint32_t)k, seed) * fx;
	int low = chance((uint32_t)i, (uint32_t)l, seed) * (256 - fx) +
		  chance((uint32_t)j, (uint32_t)l, seed) * fx;

	return (top * (256 - fy) + low * fy) >> 16;
}

static uint32_t
colour(int red, int green, int blue, int by)
{
	red = red * by / 256;
	green = green * by / 256;
	blue = blue * by / 256;
	return (uint32_t)(red > 255 ? 255 : red) << 16 |
	       (uint32_t)(green > 255 ? 255 : green) << 8 |
	       (uint32_t)(blue > 255 ? 255 : blue);
}

/* Blocks laid in rows: how far the nearest joint is, and which block. */
static int
block(int x, int y, int width, int height, int *which)
{
	int row = y / height, in_x, in_y = y % height, edge;

	x = (x + (row & 1) * width / 2) % TEXTURE_SIDE;
	in_x = x % width;
	*which = row * 16 + x / width;
	edge = in_x < width - in_x ? in_x : width - in_x;
	if (in_y < edge)
		edge = in_y;
	return height - in_y < edge ? height - in_y : edge;
}

static uint32_t
texel(int kind, int x, int y)
{
	int rough = noise(x, y, 16, 16, 1) / 2 + noise(x, y, 4, 4, 2) / 2;
	int which, joint, by;

	switch (kind) {
	case BRICK:
		joint = block(x, y, 32, 16, &which);
		by = 150 + rough / 3 + chance((uint32_t)which, 1, 7) / 5;
		return joint < 2 ? colour(140, 134, 122, 100 + rough / 3) :
		       colour(150, 84, 64, joint < 3 ? by * 3 / 4 : by);
	case STONE:
		joint = block(x, y, 64, 32, &which);
		by = 120 + rough / 2 + chance((uint32_t)which, 2, 7) / 6;
		return joint < 2 ? colour(60, 62, 60, 100 + rough / 2) :
		       colour(140, 146, 138, joint < 4 ? by * 5 / 6 : by);
	case WOOD:
		which = x / 32;
		rough = noise((x + which * 37) % TEXTURE_SIDE, y, 4, 64, 5) +
			noise(x, y, 2, 16, 6) / 4;
		by = 130 + rough / 3 + chance((uint32_t)which, 3, 7) / 6;
		return x % 32 < 2 || y < 10 || y >= TEXTURE_SIDE - 14 ?
		       colour(92, 58, 30, by * 2 / 3) :
		       colour(168, 112, 62, by);
	case TILES:
		which = (x / 64 + y / 64) & 1;
		joint = x % 64 < 2 || y % 64 < 2;
		return colour(joint ? 60 : 118 + which * 40,
			      joint ? 56 : 108 + which * 36,
			      joint ? 52 : 96 + which * 30, 150 + rough / 3);
	case PLANKS:
		return y % 64 < 12 ? colour(86, 60, 38, 140 + rough / 3) :
		       colour(136, 124, 106, (y % 64 < 16 ? 110 : 140) +
			      rough / 3);
	default:
		by = 90 + rough / 2 + chance((uint32_t)x, (uint32_t)y, 9) / 4;
		return colour(70 + noise(x, y, 32, 32, 4) / 4, 112, 46, by);
	}
}

/* A texture in half the size: each of its texels is the mean of four. */
static void
halve(uint32_t *to, const uint32_t *from, unsigned side)
{
	unsigned x, y, shift;
	const uint32_t *f;

	for (y = 0; y < side; y++)
		for (x = 0; x < side; x++) {
			f = from + y * 2 * side * 2 + x * 2;
			*to = 0;
			for (shift = 0; shift < 24; shift += 8)
				*to |= ((f[0] >> shift & 255) +
					(f[1] >> shift & 255) +
					(f[side * 2] >> shift & 255) +
					(f[side * 2 + 1] >> shift & 255)) / 4
				       << shift;
			to++;
		}
}

static void
make_textures(void)
{
	unsigned l;
	int i, kind;

	for (l = 0; l < TEXTURE_BITS; l++)
		texture_at[l + 1] = texture_at[l] +
				    (1U << 2 * (TEXTURE_BITS - l));
	for (kind = 0; kind < TEXTURES; kind++) {
		for (i = 0; i < TEXTURE_SIDE * TEXTURE_SIDE; i++)
			texture[kind][i] = texel(kind, i % TEXTURE_SIDE,
						 i / TEXTURE_SIDE);
		for (l = 0; l < TEXTURE_BITS; l++)
			halve(texture[kind] + texture_at[l + 1],
			      texture[kind] + texture_at[l],
			      TEXTURE_SIDE >> (l + 1));
	}
}

static bool
sees(double x, double y, double to_x, double to_y)
{
	int i, steps = (int)(hypot(to_x - x, to_y - y) * 8) + 1;

	for (i = 1; i < steps; i++)
		if (is_wall((int)(x + (to_x - x) * i / steps),
			    (int)(y + (to_y - y) * i / steps)))
			return false;
	return true;
}

/* What the lamps throw on one spot; under the sky it is dusk. */
static void
add_light(double x, double y, double sum[3])
{
	bool outside = square((int)x, (int)y) == ',';
	double far, by;
	int i, k;

	sum[0] += outside ? 82 : 50;
	sum[1] += outside ? 98 : 48;
	sum[2] += outside ? 142 : 60;
	for (k = (int)y - 6; k <= (int)y + 6; k++)
		for (i = (int)x - 6; i <= (int)x + 6; i++) {
			if (square(i, k) != '*' ||
			    !sees(i + 0.5, k + 0.5, x, y))
				continue;
			far = hypot(i + 0.5 - x, k + 0.5 - y);
			by = fmax(0, 1 - far / 6) / (1 + 0.5 * far * far);
			sum[0] += 205 * by;
			sum[1] += 158 * by;
			sum[2] += 96 * by;
		}
}

/* Each spot, and its neighbours: shadows are soft. Walls are lit in front. */
static void
make_light(void)
{
	static float lit[LIGHT_SIDE][LIGHT_SIDE][3];
	int x, y, i, k, n, c;
	double sum[3];

	for (y = 0; y < LIGHT_SIDE; y++)
		for (x = 0; x < LIGHT_SIDE; x++) {
			memset(sum, 0, sizeof(sum));
			if (!is_wall(x / LIGHT, y / LIGHT))
				add_light((x + 0.5) / LIGHT,
					  (y + 0.5) / LIGHT, sum);
			for (c = 0; c < 3; c++)
				lit[y][x][c] = (float)sum[c];
		}
	for (y = 3; y < LIGHT_SIDE - 3; y++)
		for (x = 3; x < LIGHT_SIDE - 3; x++) {
			memset(sum, 0, sizeof(sum));
			for (n = 0, k = y - 3; k <= y + 3; k++)
				for (i = x - 3; i <= x + 3; i++) {
					if (is_wall(i / LIGHT, k / LIGHT))
						continue;
					for (c = 0; c < 3; c++)
						sum[c] += lit[k][i][c];
					n++;
				}
			light[y][x] = n == 0 ? 0 :
				      colour((int)sum[0], (int)sum[1],
					     (int)sum[2], 256 / n);
		}
}

/* ---------------------------------------------------------- the picture -- */

/* What a ray has hit, for each column of the window. */
static struct column {
	double ray_x, ray_y;		/* to what is 1 ahead */
	double top, bottom;		/* rows between which there is wall */
	double step;			/* texels a row */
	const uint32_t *texels;		/* a column of the texture */
	unsigned level, light, fog;
} *columns;
static unsigned columns_room;

/* Of a texel every so many pixels: which of the sizes to take. */
static unsigned
level_for(double texels)
{
	unsigned l = 0;

	for (; texels > 1.4 && l < TEXTURE_BITS; texels /= 2)
		l++;
	return l;
}

static unsigned
fog_at(double distance)
{
	return (unsigned)(256 * exp(-0.11 * distance));
}

/* A texel, in that light, so much (of 256) of which comes through the fog. */
static inline uint32_t
shade(uint32_t c, uint32_t lit, unsigned through)
{
	unsigned r = (c >> 16 & 255) * (lit >> 16 & 255) >> 7;
	unsigned g = (c >> 8 & 255) * (lit >> 8 & 255) >> 7;
	unsigned b = (c & 255) * (lit & 255) >> 7;
	unsigned rest = 256 - through;

	r = ((r > 255 ? 255 : r) * through + (FOG >> 16 & 255) * rest) >> 8;
	g = ((g > 255 ? 255 : g) * through + (FOG >> 8 & 255) * rest) >> 8;
	b = ((b > 255 ? 255 : b) * through + (FOG & 255) * rest) >> 8;
	return r << 16 | g << 8 | b;
}

static uint32_t
light_at(double x, double y)
{
	int i = (int)(x * LIGHT), k = (int)(y * LIGHT);

	return i < 0 || k < 0 || i >= LIGHT_SIDE || k >= LIGHT_SIDE ? 0 :
	       light[k][i];
}

/* From square to square, always over the nearer border, into a wall. */
static void
cast(struct column *c, double focal, double horizon)
{
	int x = (int)me.x, y = (int)me.y;
	int step_x = c->ray_x < 0 ? -1 : 1, step_y = c->ray_y < 0 ? -1 : 1;
	double each_x = fabs(1 / c->ray_x), each_y = fabs(1 / c->ray_y);
	double next_x = (c->ray_x < 0 ? me.x - x : x + 1 - me.x) * each_x;
	double next_y = (c->ray_y < 0 ? me.y - y : y + 1 - me.y) * each_y;
	double far = 0, hit_x, hit_y, along;
	bool sideways = false;
	int kind;

	while (!is_wall(x, y)) {
		sideways = next_x < next_y;
		far = sideways ? next_x : next_y;
		if (sideways) {
			next_x += each_x;
			x += step_x;
		} else {
			next_y += each_y;
			y += step_y;
		}
	}
	far = fmax(far, 1e-3);
	hit_x = me.x + c->ray_x * far;
	hit_y = me.y + c->ray_y * far;
	along = sideways ? hit_y : hit_x;
	kind = square(x, y) == '=' ? WOOD : square(x, y) == '%' ? STONE :
	       BRICK;
	c->top = horizon - focal / far / 2;
	c->bottom = horizon + focal / far / 2;
	c->step = TEXTURE_SIDE * far / focal;
	c->level = level_for(c->step);
	c->texels = texture[kind] + texture_at[c->level] +
		((unsigned)((along - floor(along)) * TEXTURE_SIDE) >>
		 c->level);
	c->fog = fog_at(far);
	/* Just in front of it; walls that face north or south are darker. */
	c->light = light_at(hit_x - c->ray_x * 0.02, hit_y - c->ray_y * 0.02);
	if (!sideways)
		c->light = (c->light >> 1 & 0x7f7f7f) +
			   (c->light >> 2 & 0x3f3f3f);
}

static uint32_t
sky(const struct column *c, double up)
{
	uint32_t turn = (uint32_t)((atan2(c->ray_y, c->ray_x) + 4) * 250);
	double high = fmin(1, up * 1.3);

	if (chance(turn, (uint32_t)(up * 250), 3) == 0 &&
	    chance(turn, (uint32_t)(up * 250), 4) < 60)
		return 0xc8ccd8;
	return colour((int)(92 - 76 * high), (int)(64 - 40 * high),
		      (int)(84 - 28 * high), 256);
}

/* Floor below the horizon, ceiling above it: a row is all equally far. */
static void
draw_flat(uint32_t *out, const struct column *c, double far, unsigned level,
	  unsigned fog, double up)
{
	double x = me.x + c->ray_x * far, y = me.y + c->ray_y * far;
	int u = (int)(x * TEXTURE_SIDE), v = (int)(y * TEXTURE_SIDE);
	char what = square(u >> TEXTURE_BITS, v >> TEXTURE_BITS);
	int kind = up > 0 ? PLANKS : what == ',' ? GRASS : TILES;
	uint32_t lit;

	if (up > 0 && what == ',') {
		*out = sky(c, up);
		return;
	}
	/* The lamp itself. */
	if (up > 0 && what == '*' &&
	    hypot(x - floor(x) - 0.5, y - floor(y) - 0.5) < 0.16) {
		*out = shade(0xffe6b0, 0x808080, fog);
		return;
	}
	/* Between walls, but for the last digit: then the one in front. */
	lit = what == '#' ? c->light :
	      light[v >> (TEXTURE_BITS - LIGHT_BITS)]
		   [u >> (TEXTURE_BITS - LIGHT_BITS)];
	u = (u & (TEXTURE_SIDE - 1)) >> level;
	v = (v & (TEXTURE_SIDE - 1)) >> level;
	*out = shade(texture[kind][texture_at[level] +
		     ((unsigned)v << (TEXTURE_BITS - level)) + (unsigned)u],
		     lit, fog);
}

static void
draw_wall(uint32_t *out, const struct column *c, double y)
{
	unsigned v = (unsigned)((y - c->top) * c->step) & (TEXTURE_SIDE - 1);

	*out = shade(c->texels[v >> c->level << (TEXTURE_BITS - c->level)],
		     c->light, c->fog);
}

static void
draw_row(const struct shmfb_canvas *canvas, uint32_t row, double focal,
	 double horizon)
{
	uint32_t *out = (void *)((char *)canvas->pixels +
				 row * canvas->stride);
	double y = row + 0.5, below = y - horizon;
	double far = focal / 2 / fmax(fabs(below), 0.25);
	unsigned level = level_for(TEXTURE_SIDE * far / focal *
				   sqrt(fmax(1, far)));
	double up = -below / focal;
	unsigned fog = fog_at(far);
	uint32_t x;

	for (x = 0; x < canvas->width; x++) {
		if (y >= columns[x].top && y < columns[x].bottom)
			draw_wall(&out[x], &columns[x], y);
		else
			draw_flat(&out[x], &columns[x], far, level, fog, up);
	}
}

/* In a corner, half of what is below it still to be seen. */
static void
draw_map(const struct shmfb_canvas *canvas)
{
	int32_t size = (int32_t)canvas->height / (3 * MAP_SIDE), x, y, i;
	int32_t left = (int32_t)canvas->width - (MAP_SIDE + 1) * size;
	uint32_t c;

	if (size < 2 || left < 0)
		return;
	for (y = 0; y < MAP_SIDE * size; y++)
		for (x = 0; x < MAP_SIDE * size; x++) {
			c = shmfb_get_pixel(canvas, left + x, size + y);
			c = (c >> 1 & 0x7f7f7f) +
			    (is_wall(x / size, y / size) ? 0x605c58 : 0x101018);
			shmfb_set_pixel(canvas, left + x, size + y, c);
		}
	for (i = 0; i < size * 4; i++)
		shmfb_set_pixel(canvas,
			left + (int)(me.x * size + cos(me.angle) * i / 2),
			size + (int)(me.y * size + sin(me.angle) * i / 2),
			0xffd060);
	shmfb_fill(canvas, &(struct shmx_rect){ left + (int)(me.x * size) - 1,
		   size + (int)(me.y * size) - 1, 3, 3 }, 0xffffff);
}

static bool
draw(const struct shmfb_canvas *canvas)
{
	/* As much to be seen above and below, whatever the width is. */
	double focal = canvas->height * 0.85;
	double horizon = canvas->height * (0.5 + me.pitch);
	double ahead_x = cos(me.angle), ahead_y = sin(me.angle), k;
	uint32_t x, y;

	if (canvas->width > columns_room) {
		free(columns);
		columns_room = canvas->width;
		columns = calloc(columns_room, sizeof(*columns));
		if (columns == NULL)
			return false;
	}
	for (x = 0; x < canvas->width; x++) {
		k = (x + 0.5 - canvas->width / 2.0) / focal;
		columns[x].ray_x = ahead_x - ahead_y * k;
		columns[x].ray_y = ahead_y + ahead_x * k;
		cast(&columns[x], focal, horizon);
	}
	for (y = 0; y < canvas->height; y++)
		draw_row(canvas, y, focal, horizon);
	if (!me.no_map)
		draw_map(canvas);
	return true;
}

/* --------------------------------------------------------------- moving -- */

static bool
has_room(double x, double y)
{
	const double r = 0.22;

	return !is_wall((int)(x - r), (int)(y - r)) &&
	       !is_wall((int)(x + r), (int)(y - r)) &&
	       !is_wall((int)(x - r), (int)(y + r)) &&
	       !is_wall((int)(x + r), (int)(y + r));
}

/* Each way on its own: who runs into a wall at an angle slides along it. */
static void
move(double seconds)
{
	double far = fmin(seconds, 0.1) * (me.doing & RUN ? 5.5 : 2.8);
	double ahead = !!(me.doing & AHEAD) - !!(me.doing & BACK);
	double aside = !!(me.doing & RIGHT) - !!(me.doing & LEFT);
	double turn = !!(me.doing & TURN_RIGHT) - !!(me.doing & TURN_LEFT);
	double dx, dy;

	me.angle += turn * fmin(seconds, 0.1) * 2.2;
	if (ahead != 0 && aside != 0)
		far /= sqrt(2);
	dx = far * (ahead * cos(me.angle) - aside * sin(me.angle));
	dy = far * (ahead * sin(me.angle) + aside * cos(me.angle));
	if (has_room(me.x + dx, me.y))
		me.x += dx;
	if (has_room(me.x, me.y + dy))
		me.y += dy;
}

static unsigned
meaning(uint32_t keysym, uint32_t keycode)
{
	switch (keysym) {
	case KEY_UP:
		return AHEAD;
	case KEY_DOWN:
		return BACK;
	case KEY_LEFT:
		return TURN_LEFT;
	case KEY_RIGHT:
		return TURN_RIGHT;
	case KEY_SHIFT_L:
	case KEY_SHIFT_R:
		return RUN;
	}
	return keycode == CODE_W ? AHEAD : keycode == CODE_S ? BACK :
	       keycode == CODE_A ? LEFT : keycode == CODE_D ? RIGHT : 0;
}

static void
grab(struct shmfb *fb, bool wanted)
{
	if (wanted != me.grabbed && shmfb_grab_pointer(fb, wanted) == 0)
		me.grabbed = wanted;
	shmfb_set_title(fb, me.grabbed ? "cast - Escape frees the mouse" :
			"cast - click to look around");
}

static void
press(struct shmfb *fb, uint32_t keysym)
{
	bool full = shmfb_state(fb) & SHMFB_STATE_FULLSCREEN;

	if (keysym == KEY_ESCAPE && me.grabbed)
		grab(fb, false);
	else if (keysym == KEY_ESCAPE || keysym == 'q')
		me.quit = true;
	else if (keysym == 'm')
		me.no_map = !me.no_map;
	else if (keysym == 'f')
		shmfb_set_state(fb, SHMFB_STATE_FULLSCREEN, !full);
}

static void
take_events(struct shmfb *fb)
{
	struct shmfb_event e;
	unsigned what;

	while (shmfb_next_event(fb, &e)) {
		switch (e.type) {
		case SHMFB_EVENT_KEY:
			what = meaning(e.u.key.keysym, e.u.key.keycode);
			me.doing = e.u.key.pressed ? me.doing | what :
				   me.doing & ~what;
			if (e.u.key.pressed && !e.u.key.repeat)
				press(fb, e.u.key.keysym);
			break;
		case SHMFB_EVENT_BUTTON:
			if (e.u.button.pressed)
				grab(fb, true);
			break;
		case SHMFB_EVENT_MOTION:
			if (!me.grabbed)
				break;
			me.angle += e.u.motion.dx * 0.0025;
			me.pitch = fmin(0.45, fmax(-0.45, me.pitch -
				       e.u.motion.dy * 0.002));
			break;
		case SHMFB_EVENT_FOCUS:
			/* Who loses it has given the pointer back. */
			me.grabbed &= e.u.focus.focused;
			break;
		default:
			break;
		}
	}
}

/* ------------------------------------------------------------- the rest -- */

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The canvas as a PPM, which most programs that show pictures read. */
static void
save(const struct shmfb_canvas *canvas, const char *path)
{
	FILE *f = fopen(path, "wb");
	uint32_t x, y, c;

	if (f == NULL) {
		perror(path);
		return;
	}
	fprintf(f, "P6\n%u %u\n255\n", canvas->width, canvas->height);
	for (y = 0; y < canvas->height; y++)
		for (x = 0; x < canvas->width; x++) {
			c = shmfb_get_pixel(canvas, (int32_t)x, (int32_t)y);
			fputc((int)(c >> 16), f);
			fputc((int)(c >> 8 & 255), f);
			fputc((int)(c & 255), f);
		}
	if (fclose(f) != 0)
		perror(path);
}

/* frames 0: until it is closed. The last one is saved, if that is asked for. */
static void
run(struct shmfb *fb, unsigned long frames, const char *path)
{
	double last = seconds(), now, drawing = 0;
	struct shmfb_canvas canvas;
	unsigned long shown = 0;

	grab(fb, false);
	while (!me.quit && (frames == 0 || shown < frames) &&
	       shmfb_pump(fb)) {
		take_events(fb);
		if (shmfb_begin(fb, &canvas) < 0)
			continue;
		now = seconds();
		move(now - last);
		last = now;
		if (!draw(&canvas))
			break;
		drawing += seconds() - now;
		if (++shown == frames && path != NULL)
			save(&canvas, path);
		shmfb_present(fb, NULL, 0);
	}
	printf("%lu frames, %.1f ms to draw one; at %.2f,%.2f,%.0f\n", shown,
	       shown ? drawing * 1000 / (double)shown : 0, me.x, me.y,
	       me.angle * 180 / acos(-1));
}

static int
usage(int status)
{
	fprintf(status ? stderr : stdout,
		"usage: cast [--frames N [--screenshot FILE.ppm]] "
		"[--at X,Y,DEGREES] [WIDTHxHEIGHT]\n"
		"A maze to walk through. W A S D and arrows: walk and turn, "
		"Shift: run, click: look\naround with the mouse, m: map, "
		"f: fill the screen, Escape: end.\n");
	return status;
}

int
main(int argc, char **argv)
{
	struct shmfb_options opt = SHMFB_OPTIONS_INIT;
	const char *path = NULL;
	unsigned long frames = 0;
	struct shmfb *fb;
	char end;
	int i;

	opt.title = opt.class_name = "cast";
	opt.width = 960;
	opt.height = 600;
	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--help"))
			return usage(0);
		if (!strcmp(argv[i], "--frames") && i + 1 < argc)
			frames = strtoul(argv[++i], NULL, 10);
		else if (!strcmp(argv[i], "--screenshot") && i + 1 < argc)
			path = argv[++i];
		else if (!strcmp(argv[i], "--at") && i + 1 < argc &&
			 sscanf(argv[++i], "%lf,%lf,%lf%c", &me.x, &me.y,
				&me.angle, &end) == 3)
			me.angle *= acos(-1) / 180;
		else if (sscanf(argv[i], "%ux%u%c", &opt.width, &opt.height,
				&end) != 2)
			return usage(2);
	}
	if (!(fabs(me.x) < MAP_SIDE && fabs(me.y) < MAP_SIDE &&
	      fabs(me.angle) < 1e6 && has_room(me.x, me.y))) {
		fprintf(stderr, "cast: nobody can stand there\n");
		return 2;
	}
	make_textures();
	make_light();
	if (shmfb_open(&fb, &opt) < 0) {
		fprintf(stderr, "cast: %s\n", shmfb_error());
		return 1;
	}
	run(fb, frames, path);
	shmfb_close(fb);
	free(columns);
	return 0;
}
