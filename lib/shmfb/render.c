/* SPDX-License-Identifier: MIT */
/*
 * render.c - pictures that the server scales, turns and converts: RENDER
 *
 * Called by route.c and, as a presenter, by flight.c. Servers that compute in
 * software have the same pixman as stage.c, and are told the same transform
 * for the same cells: so both show the same pixels.
 *
 * ShmCompletion would come when the pixmap has the picture, before it is in
 * the window: the end of a run is told by a fence.
 */
#include "config.h"

#include "render.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "window.h"

/* Beyond this, coordinates overflow in the server. */
#define SIDE_MAX 16384

/* -------------------------------------------------------------- formats -- */

/* Which format has the server for the window's visual? 0: none. */
static xcb_render_pictformat_t
format_of_visual(const xcb_render_query_pict_formats_reply_t *formats,
		 xcb_visualid_t visual)
{
	xcb_render_pictscreen_iterator_t s =
		xcb_render_query_pict_formats_screens_iterator(formats);
	xcb_render_pictdepth_iterator_t d;
	xcb_render_pictvisual_iterator_t v;

	for (; s.rem; xcb_render_pictscreen_next(&s))
		for (d = xcb_render_pictscreen_depths_iterator(s.data); d.rem;
		     xcb_render_pictdepth_next(&d))
			for (v = xcb_render_pictdepth_visuals_iterator(d.data);
			     v.rem; xcb_render_pictvisual_next(&v))
				if (v.data->visual == visual)
					return v.data->format;
	return 0;
}

static bool
has_depth(const xcb_screen_t *screen, uint8_t depth)
{
	xcb_depth_iterator_t d = xcb_screen_allowed_depths_iterator(screen);

	for (; d.rem; xcb_depth_next(&d))
		if (d.data->depth == depth)
			return true;
	return false;
}

/* How pixels of that format lie in a pixmap; false: like none of ours. */
static bool
native_of(const struct shmfb_display *x,
	  const xcb_render_pictforminfo_t *info, struct shmfb_native *out)
{
	const xcb_render_directformat_t *d = &info->direct;
	struct shmfb_visual visual = { .depth = info->depth };

	if (info->type != XCB_RENDER_PICT_TYPE_DIRECT ||
	    !has_depth(x->screen, info->depth))
		return false;
	shmfb_visual_image_format(x, &visual);
	visual.red = (uint32_t)d->red_mask << d->red_shift;
	visual.green = (uint32_t)d->green_mask << d->green_shift;
	visual.blue = (uint32_t)d->blue_mask << d->blue_shift;
	/* Bits that have no meaning are no alpha. */
	if (!d->alpha_mask && visual.depth == 32)
		visual.depth = 32 - (uint8_t)__builtin_clz(visual.red |
							   visual.green |
							   visual.blue);
	if (shmfb_native_of(out, &visual) < 0)
		return false;
	out->visual.depth = info->depth;
	return out->format;
}

/* Alpha is left out, unless the window has it too. */
static bool
serves(const struct shmfb *fb, uint32_t format, uint32_t pixmap_format)
{
	if (format == SHMX_ARGB8888 && !fb->x->native.alpha)
		format = SHMX_XRGB8888;
	return format == pixmap_format;
}

/* The server's name for pixels of that SHMX format; 0: it has none. */
static xcb_render_pictformat_t
find_format(const struct shmfb *fb, uint32_t format,
	    struct shmfb_native *native)
{
	xcb_render_pictforminfo_iterator_t i =
		xcb_render_query_pict_formats_formats_iterator(
			fb->render.formats);

	for (; i.rem; xcb_render_pictforminfo_next(&i))
		if (native_of(fb->x, i.data, native) &&
		    serves(fb, format, native->format))
			return i.data->id;
	return 0;
}

/* ------------------------------------------------------------ the server -- */

static bool
has_version(struct shmfb *fb)
{
	const xcb_query_extension_reply_t *ext =
		xcb_get_extension_data(fb->x->conn, &xcb_render_id);
	xcb_render_query_version_reply_t *v;
	bool enough;

	if (!ext || !ext->present)
		return false;
	v = xcb_render_query_version_reply(fb->x->conn,
		xcb_render_query_version(fb->x->conn, 0, 11), NULL);
	enough = v && shmfb_render_is_enough(v);
	free(v);
	return enough;
}

static void
say_no(struct shmfb *fb, const char *why)
{
	fb->render.state = SHMFB_RENDER_NO;
	fb->render.why = why;
}

static void
ask(struct shmfb *fb)
{
	struct shmfb_render *r = &fb->render;
	xcb_render_pictformat_t format = 0;

	if (shmfb_env("SHMFB_NO_RENDER")) {
		say_no(fb, "SHMFB_NO_RENDER is set");
		return;
	}
	if (!has_version(fb)) {
		say_no(fb, "the server has no RENDER 0.10");
		return;
	}
	r->formats = xcb_render_query_pict_formats_reply(fb->x->conn,
		xcb_render_query_pict_formats(fb->x->conn), NULL);
	if (r->formats)
		format = format_of_visual(r->formats,
					  fb->x->visual);
	if (!format) {
		say_no(fb, "RENDER has no format for the window");
		return;
	}
	r->window = xcb_generate_id(fb->x->conn);
	xcb_render_create_picture(fb->x->conn, r->window, fb->window, format,
				  0, NULL);
	r->state = SHMFB_RENDER_YES;
}

static void
free_pixmap(struct shmfb *fb)
{
	struct shmfb_render *r = &fb->render;

	if (!r->pixmap)
		return;
	if (!fb->x->gone) {
		xcb_render_free_picture(fb->x->conn, r->picture);
		xcb_free_gc(fb->x->conn, r->gc);
		xcb_free_pixmap(fb->x->conn, r->pixmap);
	}
	r->pixmap = 0;
	r->content.defined = false;
}

/* false when the server has no such format. */
static bool
make_pixmap(struct shmfb *fb, const struct shmfb_picture *picture)
{
	const uint32_t repeat = XCB_RENDER_REPEAT_PAD, no_exposures = 0;
	struct shmfb_render *r = &fb->render;
	xcb_connection_t *conn = fb->x->conn;
	xcb_render_pictformat_t format;
	struct shmfb_native native;

	format = find_format(fb, picture->format, &native);
	if (!format)
		return false;
	free_pixmap(fb);
	r->native = native;
	r->width = picture->layout.width;
	r->height = picture->layout.height;
	r->format = picture->format;
	r->pixmap = xcb_generate_id(conn);
	r->gc = xcb_generate_id(conn);
	r->picture = xcb_generate_id(conn);
	r->made = xcb_create_pixmap(conn, native.visual.depth, r->pixmap,
		fb->window, (uint16_t)r->width, (uint16_t)r->height).sequence;
	xcb_create_gc(conn, r->gc, r->pixmap, XCB_GC_GRAPHICS_EXPOSURES,
		      &no_exposures);
	xcb_render_create_picture(conn, r->picture, r->pixmap, format,
				  XCB_RENDER_CP_REPEAT, &repeat);
	return true;
}

bool
shmfb_render_ready(struct shmfb *fb, const struct shmfb_picture *picture)
{
	const struct shmfb_layout *l = &picture->layout;
	struct shmfb_render *r = &fb->render;

	if (r->state == SHMFB_RENDER_UNKNOWN)
		ask(fb);
	if (r->state == SHMFB_RENDER_NO)
		return false;
	r->why = "it is too large for RENDER";
	if (l->width > SIDE_MAX || l->height > SIDE_MAX)
		return false;
	r->why = "the server has no memory for it";
	if (r->too_large && (uint64_t)l->width * l->height >= r->too_large)
		return false;
	r->why = "RENDER has no such format";
	if ((!r->pixmap || r->width != l->width || r->height != l->height ||
	     r->format != picture->format) && !make_pixmap(fb, picture))
		return false;
	r->why = "its rows are none that MIT-SHM knows";
	return shmfb_native_total(&r->native, picture->from_stride);
}

bool
shmfb_render_error(struct shmfb *fb, const xcb_generic_error_t *error)
{
	struct shmfb_render *r = &fb->render;

	if (!r->pixmap || error->full_sequence != r->made)
		return false;
	/* What is put there is refused as well, and that is of a picture. */
	if (error->error_code == XCB_ALLOC)
		r->too_large = (uint64_t)r->width * r->height;
	return true;
}

void
shmfb_render_refused(struct shmfb *fb)
{
	struct shmfb_render *r = &fb->render;
	uint64_t pixels = (uint64_t)r->width * r->height;

	if (!r->too_large || pixels < r->too_large)
		say_no(fb, "the server refused to RENDER");
	else
		r->why = "the server has no memory for it";
	free_pixmap(fb);
	shmfb_log(fb, BASE_LOG_WARNING, "%s", r->why);
}

void
shmfb_render_finish(struct shmfb *fb)
{
	struct shmfb_render *r = &fb->render;

	free_pixmap(fb);
	if (r->window && !fb->x->gone && !fb->gone)
		xcb_render_free_picture(fb->x->conn, r->window);
	r->window = 0;
	free(r->formats);
	r->formats = NULL;
}

/* ------------------------------------------------------------ requests -- */

/* What the pixmap lacks of the picture. */
static int
upload(struct shmfb *fb, struct shmfb_picture *picture, struct shmfb_run *run)
{
	struct shmfb_render *r = &fb->render;
	const struct shmfb_target pixmap = {
		.drawable = r->pixmap,
		.gc = r->gc,
		.native = &r->native,
		.more = true,
	};
	struct shmx_rect all = shmfb_rect_all(r->width, r->height);
	struct shmx_rect box = shmfb_content_missing(fb, &r->content, picture);
	struct shmfb_damage damage;
	int err = 0;

	shmfb_damage_init(&damage, &all);
	shmfb_damage_add(&damage, &box);
	if (damage.count)
		err = shmfb_present_by(picture->segment)->put(fb, &pixmap,
			picture, &damage, run);
	if (!err)
		shmfb_content_set(&r->content, picture);
	return err;
}

static void
set_filter(struct shmfb *fb, bool linear)
{
	const char *name = linear ? "bilinear" : "nearest";

	xcb_render_set_picture_filter(fb->x->conn, fb->render.picture,
				      (uint16_t)strlen(name), name, 0, NULL);
}

/* As set_lens() in convert.c. */
static void
set_lens(struct shmfb *fb, const struct shmfb_lens *l)
{
	const xcb_render_transform_t t = {
		l->x_right, l->x_down,
		(int32_t)(l->x - ((int64_t)l->x_right + l->x_down) / 2),
		l->y_right, l->y_down,
		(int32_t)(l->y - ((int64_t)l->y_right + l->y_down) / 2),
		0, 0, 65536,
	};

	xcb_render_set_picture_transform(fb->x->conn, fb->render.picture, t);
}

static void
compose(struct shmfb *fb, const struct shmx_rect *r,
	const struct shmfb_layout *layout, struct shmfb_run *run)
{
	struct shmfb_lens lens;

	shmfb_layout_lens(layout, r->x, r->y, &lens);
	set_lens(fb, &lens);
	shmfb_run_add(run, xcb_render_composite(fb->x->conn,
		XCB_RENDER_PICT_OP_SRC, fb->render.picture, 0,
		fb->render.window, 0, 0, 0, 0, (int16_t)r->x, (int16_t)r->y,
		(uint16_t)r->width, (uint16_t)r->height).sequence);
}

static int
put(struct shmfb *fb, const struct shmfb_target *target,
    struct shmfb_picture *picture, const struct shmfb_damage *damage,
    struct shmfb_run *run)
{
	struct shmx_rect r, cell;
	unsigned i;
	int err;

	err = upload(fb, picture, run);
	if (err)
		return err;
	set_filter(fb, picture->layout.linear);
	for (i = 0; i < damage->count; i++) {
		r = shmfb_rect_move(&damage->rect[i], target->x, target->y);
		cell = (struct shmx_rect){ 0, 0, 0, 0 };
		while (shmfb_layout_next(&picture->layout, &r, &cell))
			compose(fb, &cell, &picture->layout, run);
	}
	shmfb_run_add(run, xcb_get_input_focus(fb->x->conn).sequence);
	return 0;
}

const struct shmfb_presenter shmfb_present_render = {
	.path = "render",
	.fenced = true,
	.put = put,
};
