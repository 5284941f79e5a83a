/* SPDX-License-Identifier: MIT */
/*
 * sysv.c - System V shared memory, for servers that take no descriptors
 *
 * Called by pool.c and ladder.c. A segment is marked to be removed as soon as
 * it is attached here. Linux attaches it by its number all the same for as
 * long as somebody has it, so the server need not have been asked before.
 */
#include "config.h"

#include "sysv.h"

#include <errno.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#include "base/sys.h"

#define FAILED ((void *)-1)

int
shmfb_sysv_create(uint64_t bytes, void **memory)
{
	void *at;
	int id, err;

	id = base_sys.shmget(IPC_PRIVATE, bytes, IPC_CREAT | 0600);
	if (id < 0)
		return -errno;
	at = base_sys.shmat(id, NULL, 0);
	err = at == FAILED ? -errno : 0;
	shmctl(id, IPC_RMID, NULL);
	if (err)
		return err;
	*memory = at;
	return id;
}

void
shmfb_sysv_unmap(void *memory)
{
	shmdt(memory);
}
