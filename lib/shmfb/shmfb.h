/* SPDX-License-Identifier: MIT */
/*
 * shmfb - a framebuffer in an X11 window, shown from shared memory
 */
#ifndef SHMFB_SHMFB_H
#define SHMFB_SHMFB_H

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/*
 * The version of the library that runs, "0.1.0". The string is the library's
 * own and lives as long as it is loaded.
 */
const char *shmfb_version(void);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* SHMFB_SHMFB_H */
