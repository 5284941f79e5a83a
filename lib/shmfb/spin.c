/* SPDX-License-Identifier: MIT */
/*
 * spin.c - whether to look for an answer of the server before one sleeps
 *
 * Called by loop.c.
 */
#include "config.h"

#include "spin.h"

#include "base/base.h"
#include "base/spin.h"

/* One answer that took very long must not decide by itself. */
#define LONG_NS (4 * SHMFB_SPIN_NS)

void
shmfb_spin_init(struct shmfb_spin *spin)
{
	*spin = (struct shmfb_spin){ .may = base_may_spin("SHMFB_NO_SPIN") };
}

uint64_t
shmfb_spin_time(const struct shmfb_spin *spin)
{
	bool awake = spin->phase == SHMFB_SPIN_AWAKE ||
		     (spin->phase == SHMFB_SPIN_QUICKER &&
		      spin->awake_is_quicker);

	return spin->may && awake ?
		BASE_MIN(2 * spin->asleep_wait_ns, SHMFB_SPIN_NS) : 0;
}

static void
enter(struct shmfb_spin *spin, enum shmfb_spin_phase phase)
{
	spin->phase = phase;
	spin->waits = 0;
	spin->answered_ns = 0;
	spin->waited_ns = 0;
	spin->apart_ns = 0;
}

static void
end_trial_asleep(struct shmfb_spin *spin)
{
	spin->asleep_wait_ns = spin->waited_ns / spin->waits;
	spin->asleep_apart_ns = spin->apart_ns / spin->waits;
	spin->awake_is_quicker = false;
	enter(spin, spin->asleep_wait_ns <= SHMFB_SPIN_NS ?
	      SHMFB_SPIN_AWAKE : SHMFB_SPIN_QUICKER);
}

static void
end_trial_awake(struct shmfb_spin *spin)
{
	uint64_t apart_ns = spin->apart_ns / spin->waits;

	/* By an eighth: a processor that does nothing else has its price. */
	spin->awake_is_quicker = apart_ns < spin->asleep_apart_ns / 8 * 7;
	enter(spin, SHMFB_SPIN_QUICKER);
}

void
shmfb_spin_learn(struct shmfb_spin *spin, uint64_t begun_ns, uint64_t now)
{
	uint64_t last = spin->answered_ns;

	spin->answered_ns = now;
	/* The first of a phase began in another one. */
	if (!last)
		return;
	spin->waits++;
	spin->waited_ns += BASE_MIN(now - begun_ns, LONG_NS);
	spin->apart_ns += BASE_MIN(now - last, LONG_NS);
	if (spin->phase == SHMFB_SPIN_ASLEEP &&
	    spin->waits == SHMFB_SPIN_TRIAL)
		end_trial_asleep(spin);
	else if (spin->phase == SHMFB_SPIN_AWAKE &&
		 spin->waits == SHMFB_SPIN_TRIAL)
		end_trial_awake(spin);
	else if (spin->waits == SHMFB_SPIN_SETTLED)
		enter(spin, SHMFB_SPIN_ASLEEP);
}
