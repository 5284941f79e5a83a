/* SPDX-License-Identifier: MIT */
/*
 * view-draw.c - what the overlay's panels are drawn with, by cairo
 */
#include "config.h"

#include "view-draw.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define TEXT_SIZE 13

void
view_colour(cairo_t *cr, unsigned rgb)
{
	cairo_set_source_rgb(cr, (rgb >> 16 & 255) / 255., (rgb >> 8 & 255) /
			     255., (rgb & 255) / 255.);
}

void
view_font(cairo_t *cr, bool bold)
{
	cairo_select_font_face(cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
			       bold ? CAIRO_FONT_WEIGHT_BOLD :
			       CAIRO_FONT_WEIGHT_NORMAL);
	cairo_set_font_size(cr, TEXT_SIZE);
}

double
view_text_width(cairo_t *cr, const char *text)
{
	cairo_text_extents_t e;

	cairo_text_extents(cr, text, &e);
	return e.x_advance;
}

void
view_text(cairo_t *cr, double x, double baseline, unsigned rgb, const char *s)
{
	view_colour(cr, rgb);
	cairo_move_to(cr, x, baseline);
	cairo_show_text(cr, s);
}

void
view_paper(cairo_t *cr, double width, double height)
{
	view_colour(cr, VIEW_PAPER);
	cairo_paint(cr);
	view_colour(cr, VIEW_EDGE);
	cairo_set_line_width(cr, 1);
	cairo_rectangle(cr, 0.5, 0.5, width - 1, height - 1);
	cairo_stroke(cr);
}

static void
rounded(cairo_t *cr, double x, double y, double w, double h, double r)
{
	cairo_new_sub_path(cr);
	cairo_arc(cr, x + w - r, y + r, r, -M_PI / 2, 0);
	cairo_arc(cr, x + w - r, y + h - r, r, 0, M_PI / 2);
	cairo_arc(cr, x + r, y + h - r, r, M_PI / 2, M_PI);
	cairo_arc(cr, x + r, y + r, r, M_PI, 3 * M_PI / 2);
	cairo_close_path(cr);
}

/* A key, as it is on the keyboard; returns how wide it is. */
static double
cap(cairo_t *cr, double x, double middle, const char *label)
{
	double text = view_text_width(cr, label), wide = fmax(22, text + 14);

	if (x >= 0) {
		rounded(cr, x + 0.5, middle - 10.5, wide - 1, 20, 4);
		view_colour(cr, VIEW_CAP);
		cairo_fill_preserve(cr);
		view_colour(cr, VIEW_CAP_EDGE);
		cairo_set_line_width(cr, 1);
		cairo_stroke(cr);
		view_text(cr, x + (wide - text) / 2, middle + 4.5, VIEW_INK,
			  label);
	}
	return wide;
}

double
view_caps(cairo_t *cr, double x, double middle, const char *labels)
{
	char copy[64], *label, *rest = NULL;
	double wide = 0;

	snprintf(copy, sizeof(copy), "%s", labels);
	for (label = strtok_r(copy, " ", &rest); label != NULL;
	     label = strtok_r(NULL, " ", &rest))
		wide += cap(cr, x < 0 ? -1 : x + wide, middle, label) + 4;
	return wide - 4;
}
