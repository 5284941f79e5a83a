/* SPDX-License-Identifier: MIT */
/*
 * icon.c - what window managers show for a window: _NET_WM_ICON
 *
 * The property is a list of images, each two numbers for its size and one for
 * each pixel, 0xAARRGGBB and not premultiplied, in this machine's byte order.
 * It goes in one request: who is told of it may read it at once.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/error.h"
#include "convert.h"
#include "window.h"

/* A side: far more than any manager shows. */
#define ICON_SIDE 1024

static int
check_image(const struct shmfb_image *image)
{
	if (!shmfb_convert_knows(image->format))
		return base_error(-ENOTSUP,
			"an icon of format %s (%08x) cannot be shown",
			shmx_format_name(image->format), image->format);
	if (image->width < 1 || image->width > ICON_SIDE ||
	    image->height < 1 || image->height > ICON_SIDE)
		return base_error(-EINVAL,
			"an icon of %ux%u is not possible: sides are 1 to %d "
			"pixels",
			image->width, image->height, ICON_SIDE);
	if (!image->pixels)
		return base_error(-EINVAL, "an icon of %ux%u has no pixels",
				  image->width, image->height);
	if (image->stride / shmx_format_bytes(image->format) < image->width)
		return base_error(-EINVAL,
			"the rows of an icon are shorter than it is wide");
	return shmfb_image_check_reserved(image);
}

/* How many numbers they are, all together; or -errno. */
static int
count_numbers(struct shmfb *fb, const struct shmfb_image *image,
	      unsigned count, size_t *out)
{
	/* Of 4 bytes, as requests are counted; the request itself is 6. */
	size_t max = xcb_get_maximum_request_length(fb->x->conn) - 8;
	size_t n = 0;
	unsigned i;
	int err;

	for (i = 0; i < count; i++) {
		err = check_image(&image[i]);
		if (err)
			return err;
		n += 2 + (size_t)image[i].width * image[i].height;
		if (n > max)
			return base_error(-E2BIG,
				"icons of more than %zu pixels are too large",
				max);
	}
	*out = n;
	return 0;
}

/* Pixels as the property has them are those of such a visual. */
static void
get_native(struct shmfb_native *native)
{
	const struct shmfb_visual visual = {
		.depth = 32,
		.bits = 32,
		.pad = 32,
		.msb_first = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__,
		.red = 0xff0000,
		.green = 0xff00,
		.blue = 0xff,
	};

	shmfb_native_of(native, &visual);
}

/* Row by row, as that of an application may begin anywhere. */
static int
write_pixels(uint32_t *to, const struct shmfb_image *image)
{
	uint32_t row[ICON_SIDE];
	struct shmfb_native native = { 0 };
	const size_t bytes = (size_t)image->width *
			     shmx_format_bytes(image->format);
	const struct shmx_rect rect = { 0, 0, (int32_t)image->width, 1 };
	const struct shmfb_source from = { row, sizeof(row), image->width, 1,
					   image->format };
	struct shmfb_sink sink = { to, (size_t)image->width * 4, &native };
	uint32_t y;
	int err = 0;

	get_native(&native);
	for (y = 0; y < image->height && !err; y++) {
		memcpy(row, (const char *)image->pixels + y * image->stride,
		       bytes);
		sink.pixels = to + (size_t)y * image->width;
		err = shmfb_convert(&sink, &rect, &from, 0, 0);
	}
	return err;
}

static int
write_all(uint32_t *to, const struct shmfb_image *image, unsigned count)
{
	unsigned i;
	int err;

	for (i = 0; i < count; i++) {
		*to++ = image[i].width;
		*to++ = image[i].height;
		err = write_pixels(to, &image[i]);
		if (err)
			return base_error(err, "no memory for an icon");
		to += (size_t)image[i].width * image[i].height;
	}
	return 0;
}

int
shmfb_set_icon(struct shmfb *fb, const struct shmfb_image *images,
	       unsigned count)
{
	shmfb_without_sigpipe(fb->x);
	uint32_t *numbers = NULL;
	size_t n = 0;
	int err;

	err = shmfb_check_gone(fb);
	if (!err)
		err = count_numbers(fb, images, count, &n);
	if (err)
		return err;
	/* One more, as no numbers at all are no failure. */
	numbers = base_sys.calloc(n + 1, sizeof(*numbers));
	if (!numbers)
		return base_error(-ENOMEM, "no memory for an icon");
	err = write_all(numbers, images, count);
	if (!err) {
		shmfb_property_set(fb, fb->x->atom[SHMFB_ATOM_NET_WM_ICON],
				   XCB_ATOM_CARDINAL, 32, n, numbers);
		shmfb_step(fb, false);
		err = shmfb_check_gone(fb);
	}
	free(numbers);
	return err;
}
