/* SPDX-License-Identifier: MIT */
/*
 * replay.c - a fuzz target without its fuzzer: the seeds, changed a little
 *
 *	fuzz-NAME		each seed and what is near it; TAP
 *	fuzz-NAME --seeds DIR	write the seeds there
 *	fuzz-NAME FILE...	just these: what a fuzzer has found
 *
 * The changes are the same in every run, so that what fails fails again.  The
 * input under way is in `input`, for a debugger.
 */
#include "config.h"

#include "fuzz.h"

#include <fcntl.h>
#include <unistd.h>

enum { NEAR = 3000 };

static struct {
	uint8_t data[65536];
	size_t size;
} input;
static unsigned long inputs;
static unsigned seeds;
static const char *seeds_dir;

static void
run(void)
{
	uint8_t *exact = malloc(input.size == 0 ? 1 : input.size);

	if (exact == NULL)
		abort();
	memcpy(exact, input.data, input.size);
	LLVMFuzzerTestOneInput(exact, input.size);
	free(exact);
	inputs++;
}

static uint64_t
draw(void)
{
	static uint64_t x = UINT64_C(0x9e3779b97f4a7c15);

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x;
}

/* Numbers that programs are wrong about. */
static uint64_t
odd_number(void)
{
	static const uint64_t numbers[] = {
		0, 1, 7, 8, 16, 63, 64, 127, 255, 4095, 4096, 65535, 65536,
		INT32_MAX, (uint64_t)INT32_MAX + 1, UINT32_MAX - 15,
		UINT32_MAX - 7, UINT32_MAX, (uint64_t)UINT32_MAX + 1,
		INT64_MAX, UINT64_MAX - 7, UINT64_MAX,
	};

	return numbers[draw() % (sizeof(numbers) / sizeof(*numbers))];
}

static void
change(void)
{
	static const size_t widths[] = { 1, 2, 4, 8 };
	uint64_t v = odd_number();
	size_t at = draw() % input.size, width = widths[draw() % 4], n;

	switch (draw() % 5) {
	case 0:
		input.data[at] ^= (uint8_t)(1 << draw() % 8);
		break;
	case 1:
		input.data[at] = (uint8_t)draw();
		break;
	case 2:
		at -= at % width;
		__attribute__((fallthrough));
	case 3:
		n = input.size - at < width ? input.size - at : width;
		memcpy(input.data + at, &v, n);
		break;
	default:
		input.size = at + 1;
		break;
	}
}

static void
run_near(const void *data, size_t size)
{
	unsigned i, changes;

	memcpy(input.data, data, size);
	input.size = size;
	run();
	for (i = 0; i < NEAR && size != 0; i++) {
		memcpy(input.data, data, size);
		input.size = size;
		for (changes = 1 + draw() % 3; changes != 0; changes--)
			change();
		run();
	}
}

static void
write_seed(const void *data, size_t size)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/seed-%u", seeds_dir, seeds);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size) {
		perror(path);
		exit(1);
	}
	close(fd);
}

static void
take_seed(const void *data, size_t size)
{
	seeds++;
	if (seeds_dir != NULL)
		write_seed(data, size);
	else
		run_near(data, size);
}

static int
run_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, input.data, sizeof(input.data));

	if (n < 0) {
		perror(path);
		return 1;
	}
	close(fd);
	input.size = (size_t)n;
	run();
	return 0;
}

int
main(int argc, char **argv)
{
	int i, ret = 0;

	if (argc == 3 && strcmp(argv[1], "--seeds") == 0) {
		seeds_dir = argv[2];
		fuzz_seeds(take_seed);
	} else if (argc > 1) {
		for (i = 1; i < argc; i++)
			ret |= run_file(argv[i]);
	} else {
		input.size = 0;
		run();
		fuzz_seeds(take_seed);
		printf("ok 1 - %lu inputs, near %u seeds\n1..1\n", inputs,
		       seeds);
	}
	return ret;
}
