/* SPDX-License-Identifier: MIT */
/*
 * queue.c - events that wait for shmfb_next_event()
 */
#include "config.h"

#include "queue.h"

#include <stdlib.h>

#include "base/sys.h"

#define FIRST_SIZE 64

static struct shmfb_event *
at(const struct shmfb_queue *queue, uint32_t i)
{
	return &queue->events[i & (queue->size - 1)];
}

/* Twice the room. false leaves the queue as it is. */
static bool
grow(struct shmfb_queue *queue)
{
	struct shmfb_queue next = *queue;
	uint32_t i;

	next.size = queue->size ? queue->size * 2 : FIRST_SIZE;
	if (next.size > SHMFB_QUEUE_MAX)
		return false;
	next.events = base_sys.calloc(next.size, sizeof(*next.events));
	if (!next.events)
		return false;
	for (i = queue->head; i != queue->tail; i++)
		*at(&next, i) = *at(queue, i);
	free(queue->events);
	*queue = next;
	return true;
}

/* The event that this one stands for from now on, or NULL. */
static struct shmfb_event *
replaced_by(struct shmfb_queue *queue, const struct shmfb_event *event)
{
	uint32_t i = queue->tail;

	if (event->type == SHMFB_EVENT_MOTION && i != queue->head &&
	    at(queue, i - 1)->type == SHMFB_EVENT_MOTION &&
	    at(queue, i - 1)->u.motion.modifiers == event->u.motion.modifiers)
		return at(queue, i - 1);
	if (event->type != SHMFB_EVENT_RESIZE)
		return NULL;
	while (i-- != queue->head)
		if (at(queue, i)->type == SHMFB_EVENT_RESIZE)
			return at(queue, i);
	return NULL;
}

void
shmfb_queue_push(struct shmfb_queue *queue, const struct shmfb_event *event)
{
	struct shmfb_event *old = replaced_by(queue, event);

	if (old) {
		double dx = old->u.motion.dx, dy = old->u.motion.dy;

		*old = *event;
		if (event->type == SHMFB_EVENT_MOTION) {
			old->u.motion.dx += dx;
			old->u.motion.dy += dy;
		}
		return;
	}
	if (queue->tail - queue->head == queue->size && !grow(queue)) {
		queue->lost++;
		if (queue->size == 0)
			return;
		queue->head++;
	}
	*at(queue, queue->tail) = *event;
	queue->tail++;
}

bool
shmfb_queue_pop(struct shmfb_queue *queue, struct shmfb_event *event)
{
	if (shmfb_queue_empty(queue))
		return false;
	*event = *at(queue, queue->head);
	queue->head++;
	return true;
}

void
shmfb_queue_finish(struct shmfb_queue *queue)
{
	free(queue->events);
	*queue = (struct shmfb_queue){ 0 };
}
