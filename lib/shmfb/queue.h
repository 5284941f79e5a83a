/* SPDX-License-Identifier: MIT */
/*
 * queue.h - events that wait for shmfb_next_event()
 *
 * First in, first out, with two exceptions that keep a slow application from
 * drowning: pointer motion replaces the motion right before it, and a new
 * size replaces the size that still waits. Pure, no X.
 */
#ifndef SHMFB_QUEUE_H
#define SHMFB_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include <shmfb/shmfb.h>

/* What a queue that nobody empties may grow to; then the oldest go. */
#define SHMFB_QUEUE_MAX 4096

/* All zero is an empty queue. */
struct shmfb_queue {
	struct shmfb_event *events;	/* ours; a ring of `size` */
	uint32_t size;			/* a power of two, or 0 */
	uint32_t head;			/* the oldest; free-running */
	uint32_t tail;			/* after the newest; free-running */
	uint64_t lost;			/* dropped at the maximum */
};

void
shmfb_queue_finish(struct shmfb_queue *queue);

/* Copies the event. Without memory it drops the oldest. */
void
shmfb_queue_push(struct shmfb_queue *queue, const struct shmfb_event *event);

bool
shmfb_queue_pop(struct shmfb_queue *queue, struct shmfb_event *event);

static inline bool
shmfb_queue_empty(const struct shmfb_queue *queue)
{
	return queue->head == queue->tail;
}

#endif /* SHMFB_QUEUE_H */
