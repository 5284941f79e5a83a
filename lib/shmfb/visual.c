/* SPDX-License-Identifier: MIT */
/*
 * visual.c - which visual windows have, and what their pixels are made of
 *
 * Called by display.c, and by those who have to know what images of some
 * depth look like here.
 */
#include "config.h"

#include "visual.h"

#include <errno.h>

#include "base/error.h"
#include "display.h"

void
shmfb_visual_image_format(const struct shmfb_display *x,
			  struct shmfb_visual *visual)
{
	const xcb_setup_t *setup = xcb_get_setup(x->conn);
	xcb_format_iterator_t f = xcb_setup_pixmap_formats_iterator(setup);

	for (; f.rem; xcb_format_next(&f))
		if (f.data->depth == visual->depth) {
			visual->bits = f.data->bits_per_pixel;
			visual->pad = f.data->scanline_pad;
		}
	visual->msb_first = setup->image_byte_order ==
			    XCB_IMAGE_ORDER_MSB_FIRST;
}

/* How the pixels of a visual lie, in that depth; -ENOTSUP. */
static int
native_of(const struct shmfb_display *x, uint8_t depth,
	  const xcb_visualtype_t *v, struct shmfb_native *out)
{
	out->visual = (struct shmfb_visual){
		.depth = depth,
		.red = v->red_mask,
		.green = v->green_mask,
		.blue = v->blue_mask,
	};
	shmfb_visual_image_format(x, &out->visual);
	return shmfb_native_of(out, &out->visual);
}

/* The screen's usual visual, or the first with alpha of true colours. */
static bool
is_wanted(const struct shmfb_display *x, const xcb_visualtype_t *v,
	  const struct shmfb_native *native)
{
	if (!x->alpha)
		return v->visual_id == x->screen->root_visual;
	return native->alpha && v->_class == XCB_VISUAL_CLASS_TRUE_COLOR;
}

static void
take_visual(struct shmfb_display *x, xcb_visualid_t id)
{
	x->visual = id;
	x->colormap = x->screen->default_colormap;
	if (id == x->screen->root_visual)
		return;
	x->colormap = xcb_generate_id(x->conn);
	xcb_create_colormap(x->conn, XCB_COLORMAP_ALLOC_NONE, x->colormap,
			    x->screen->root, id);
}

static int
no_visual(const struct shmfb_display *x, const char *name,
	  const struct shmfb_visual *v)
{
	if (x->alpha)
		return base_error(-ENOTSUP,
			"display \"%s\" has no windows with alpha", name);
	return base_error(-ENOTSUP,
		"display \"%s\" has depth %u in %u bits a pixel, masks "
		"%x/%x/%x: not colours that can be shown",
		name, v->depth, v->bits, v->red, v->green, v->blue);
}

int
shmfb_visual_choose(struct shmfb_display *x, const char *name)
{
	xcb_depth_iterator_t d = xcb_screen_allowed_depths_iterator(x->screen);
	struct shmfb_visual odd = { .depth = x->screen->root_depth };
	xcb_visualtype_iterator_t v;
	struct shmfb_native native;

	for (; d.rem; xcb_depth_next(&d))
		for (v = xcb_depth_visuals_iterator(d.data); v.rem;
		     xcb_visualtype_next(&v)) {
			int err;

			native = (struct shmfb_native){ .alpha = 0 };
			err = native_of(x, d.data->depth, v.data, &native);
			if (!is_wanted(x, v.data, &native))
				continue;
			odd = native.visual;
			if (err)
				break;
			x->native = native;
			take_visual(x, v.data->visual_id);
			return 0;
		}
	return no_visual(x, name, &odd);
}
