/* SPDX-License-Identifier: MIT */
/*
 * view-draw.h - what the overlay's panels are drawn with, by cairo
 */
#ifndef TOOLS_VIEW_DRAW_H
#define TOOLS_VIEW_DRAW_H

#include <stdbool.h>

#include <cairo.h>

/* 0xRRGGBB */
enum {
	VIEW_PAPER = 0x1b1e25, VIEW_EDGE = 0x3b4252, VIEW_INK = 0xe5e9f0,
	VIEW_DIM = 0x8b95a7, VIEW_CAP = 0x2e3440, VIEW_CAP_EDGE = 0x4c566a,
	VIEW_ACCENT = 0x88c0d0,
};

void
view_colour(cairo_t *cr, unsigned rgb);

void
view_font(cairo_t *cr, bool bold);

double
view_text_width(cairo_t *cr, const char *text);

void
view_text(cairo_t *cr, double x, double baseline, unsigned rgb,
	  const char *s);

/* The ground of a panel, with an edge. */
void
view_paper(cairo_t *cr, double width, double height);

/*
 * Keys as they are on the keyboard, with blanks between their labels; x below
 * 0 only measures. Returns how wide they are.
 */
double
view_caps(cairo_t *cr, double x, double middle, const char *labels);

#endif /* TOOLS_VIEW_DRAW_H */
