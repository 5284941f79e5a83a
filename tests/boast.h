/* SPDX-License-Identifier: MIT */
/*
 * boast.h - a server whose properties claim more than comes with them
 *
 *	boast_of(XCB_ATOM_STRING, 4096, "Xft.dpi: 192\n");
 *	...
 *	boast_end();
 *
 * Every answer of that type says that it has so many bytes, and what libxcb
 * gives of it is followed in memory by something that nobody has sent: who
 * believes it is seen to.
 */
#ifndef TESTS_BOAST_H
#define TESTS_BOAST_H

#include <stdint.h>

#include <xcb/xcb.h>

/* behind is borrowed until the end, and is repeated. */
void boast_of(xcb_atom_t type, uint32_t bytes, const char *behind);

/* No more. Returns how many answers were such. */
unsigned boast_end(void);

#endif /* TESTS_BOAST_H */
