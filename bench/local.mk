# bench - what `make bench` runs
#
# Built only for that, and run one after the other under a private X server:
#
#	bench_programs += %D%/bench-present
#	%C%_bench_present_SOURCES = %D%/bench-present.c
#
# Pass options through BENCHFLAGS.

bench_programs =
EXTRA_PROGRAMS += $(bench_programs)
CLEANFILES += $(bench_programs)

.PHONY: bench
bench: all $(bench_programs)
	@set -e; \
	if test -z "$(strip $(bench_programs))"; then \
		echo "bench: there are no benchmarks yet"; \
		exit 0; \
	fi; \
	for program in $(bench_programs); do \
		echo "# $$program"; \
		$(with_tmp) $(with_xvfb) ./$$program $(BENCHFLAGS); \
	done
