/* SPDX-License-Identifier: MIT */
/*
 * shmx - frame rings in shared memory, one producer and many readers
 */
#ifndef SHMX_SHMX_H
#define SHMX_SHMX_H

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/*
 * The version of the library that runs, "0.1.0". The string is the library's
 * own and lives as long as it is loaded.
 */
const char *shmx_version(void);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* SHMX_SHMX_H */
