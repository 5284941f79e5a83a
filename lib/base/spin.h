/* SPDX-License-Identifier: MIT */
/*
 * spin.h - may one look again and again, before one sleeps?
 */
#ifndef BASE_SPIN_H
#define BASE_SPIN_H

#include <stdbool.h>

/*
 * Not when that environment variable is "1", nor with one processor, which
 * the other side needs.
 */
bool base_may_spin(const char *off);

#endif
