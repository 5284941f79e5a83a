/* SPDX-License-Identifier: MIT */
/*
 * mail.c - the messages of all readers, as the producer receives them
 */
#include "config.h"

#include "mail.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sys.h"

static void
queue_init(struct shmx_mail_queue *q)
{
	q->first = NULL;
	q->end = &q->first;
}

static void
push(struct shmx_mail_queue *q, struct shmx_mailbox *box)
{
	box->next = NULL;
	*q->end = box;
	q->end = &box->next;
}

/* Take the mailbox that *link points to out of the queue. */
static struct shmx_mailbox *
unlink_box(struct shmx_mail_queue *q, struct shmx_mailbox **link)
{
	struct shmx_mailbox *box = *link;

	*link = box->next;
	if (q->end == &box->next)
		q->end = link;
	return box;
}

static void
destroy(struct shmx_mailbox *box)
{
	free(box->kept);
	free(box);
}

void
shmx_mail_init(struct shmx_mail *mail)
{
	*mail = (struct shmx_mail){ .count = 0 };
	queue_init(&mail->turns);
	queue_init(&mail->leaving);
}

void
shmx_mail_finish(struct shmx_mail *mail)
{
	while (mail->turns.first != NULL)
		destroy(unlink_box(&mail->turns, &mail->turns.first));
	while (mail->leaving.first != NULL)
		destroy(unlink_box(&mail->leaving, &mail->leaving.first));
}

static struct shmx_mailbox *
create(uint64_t reader, int32_t pid, const char *label)
{
	struct shmx_mailbox *box;

	box = base_sys.calloc(1, sizeof(*box));
	if (box == NULL)
		return NULL;
	box->kept = base_sys.calloc(1, sizeof(*box->kept));
	if (box->kept == NULL) {
		free(box);
		return NULL;
	}
	box->reader = reader;
	box->pid = pid;
	snprintf(box->label, sizeof(box->label), "%s", label);
	return box;
}

int
shmx_mailbox_create(struct shmx_mailbox **out, struct shmx_control_ring *ring,
		    uint64_t reader, int32_t pid, const char *label)
{
	struct shmx_mailbox *box = create(reader, pid, label);

	if (box == NULL)
		return -ENOMEM;
	shmx_control_in_init(&box->in, ring);
	*out = box;
	return 0;
}

int
shmx_mailbox_join(struct shmx_mailbox **out, struct shmx_control_ring *ring,
		  uint64_t reader, int32_t pid, const char *label)
{
	struct shmx_mailbox *box = create(reader, pid, label);
	int ret;

	if (box == NULL)
		return -ENOMEM;
	ret = shmx_control_in_join(&box->in, ring);
	if (ret < 0)
		destroy(box);
	else
		*out = box;
	return ret;
}

void
shmx_mail_open(struct shmx_mail *mail, struct shmx_mailbox *box)
{
	box->open = true;
	push(&mail->turns, box);
	mail->count++;
}

/* Forget the oldest that came and went unseen. */
static void
forget_one(struct shmx_mail *mail)
{
	struct shmx_mailbox **link = &mail->turns.first;

	while (!(*link)->gone)
		link = &(*link)->next;
	destroy(unlink_box(&mail->turns, link));
	mail->count--;
	mail->unseen--;
}

static void
move_to_leaving(struct shmx_mail *mail, struct shmx_mailbox *box)
{
	struct shmx_mailbox **link = &mail->turns.first;

	while (*link != box)
		link = &(*link)->next;
	push(&mail->leaving, unlink_box(&mail->turns, link));
	mail->count--;
}

void
shmx_mail_close(struct shmx_mail *mail, struct shmx_mailbox *box)
{
	if (box == NULL)
		return;
	if (!box->open) {
		destroy(box);
		return;
	}
	shmx_control_keep(&box->in, box->kept);
	box->gone = true;
	if (box->greeted)
		move_to_leaving(mail, box);
	else if (++mail->unseen > SHMX_MAIL_UNSEEN_MAX)
		forget_one(mail);
}

/* ------------------------------------------------------------- receive -- */

static void
fill_in(struct shmx_control *out, const struct shmx_mailbox *box,
	uint32_t type, uint32_t bytes, const void *data)
{
	*out = (struct shmx_control){
		.reader = box->reader,
		.pid = box->pid,
		.type = type,
		.bytes = bytes,
		.data = data,
	};
	memcpy(out->label, box->label, sizeof(out->label));
}

static void
say_hello(struct shmx_mail *mail, struct shmx_control *out,
	  struct shmx_mailbox *box, const void *data)
{
	box->greeted = true;
	fill_in(out, box, SHMX_CONTROL_HELLO, 0, data);
	if (box->gone) {
		mail->unseen--;
		move_to_leaving(mail, box);
	}
}

/*
 * What a reader sent.  That it comes and goes is not for it to say: so many of
 * those fit into its ring, and who says more of them has said nothing.
 */
static int
take(struct shmx_mailbox *box, struct shmx_control *out, void *data)
{
	unsigned n = SHMX_CONTROL_DATA / SHMX_TLV_ALIGN;
	uint32_t type, bytes;
	int ret;

	do {
		if (n-- == 0)
			return -EAGAIN;
		ret = shmx_control_take(&box->in, &type, &bytes, data);
	} while (ret == 0 && (type == SHMX_CONTROL_HELLO ||
			      type == SHMX_CONTROL_BYE));
	if (ret == 0)
		fill_in(out, box, type, bytes, data);
	return ret;
}

int
shmx_mail_receive(struct shmx_mail *mail, struct shmx_control *out,
		  void *data, struct shmx_mailbox **bad)
{
	struct shmx_mailbox *box = mail->leaving.first;
	unsigned n;
	int ret;

	if (box != NULL) {
		if (take(box, out, data) == 0)
			return 0;
		fill_in(out, box, SHMX_CONTROL_BYE, 0, data);
		destroy(unlink_box(&mail->leaving, &mail->leaving.first));
		return 0;
	}
	for (n = mail->count; n > 0; n--) {
		box = mail->turns.first;
		push(&mail->turns,
		     unlink_box(&mail->turns, &mail->turns.first));
		if (!box->greeted) {
			say_hello(mail, out, box, data);
			return 0;
		}
		ret = take(box, out, data);
		if (ret == -EPROTO)
			*bad = box;
		if (ret != -EAGAIN)
			return ret;
	}
	return -EAGAIN;
}
