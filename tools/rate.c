/* SPDX-License-Identifier: MIT */
/*
 * rate.c - frames a second, as a fraction
 *
 * Called by shmx-push.c and shmx-pull.c with what their users say, and by
 * pull-write.c.
 */
#include "config.h"

#include "rate.h"

#include "base/base.h"

/* So that ten of them after the point are never more than 32 bits. */
#define DIGITS 9

/* Digits, appended to those of n; how many. */
static unsigned
take_digits(const char **text, uint32_t *n, unsigned max)
{
	unsigned count = 0;

	while (**text >= '0' && **text <= '9' && count < max) {
		*n = *n * 10 + (uint32_t)(*(*text)++ - '0');
		count++;
	}
	return count;
}

static struct rate
reduced(uint32_t num, uint32_t den)
{
	uint32_t a = num, b = den, rest;

	while (b != 0) {
		rest = a % b;
		a = b;
		b = rest;
	}
	return (struct rate){ num / a, den / a };
}

bool
rate_parse(const char *text, struct rate *rate)
{
	uint32_t num = 0, den = 1;
	unsigned count = take_digits(&text, &num, DIGITS), more = 0;

	if (count == 0)
		return false;
	if (*text == '/') {
		text++;
		den = 0;
		if (take_digits(&text, &den, DIGITS) == 0)
			return false;
	} else if (*text == '.') {
		text++;
		more = take_digits(&text, &num, DIGITS - count);
		if (more == 0)
			return false;
	}
	for (; more > 0; more--)
		den *= 10;
	if (*text != '\0' || den == 0 || (uint64_t)num * 1000 < den ||
	    num > (uint64_t)den * 1000000)
		return false;
	*rate = reduced(num, den);
	return true;
}

struct rate
rate_measured(uint64_t frames, uint64_t ns)
{
	double fps = (double)frames * 1e9 / (double)ns;
	double whole = (double)(uint32_t)(BASE_MIN(fps, 1e6) + 0.5);
	double off = fps > whole ? fps - whole : whole - fps;

	if (whole >= 1 && (off <= whole / 100 || whole >= 1e6))
		return (struct rate){ (uint32_t)whole, 1 };
	return reduced((uint32_t)BASE_MAX(fps * 100 + 0.5, 1), 100);
}
