# bench - what `make bench` runs
#
# Built only for that, and run one after the other under a private X server:
#
#	bench_programs += %D%/bench-NAME
#	%C%_bench_NAME_SOURCES = %D%/bench-NAME.c $(bench_common)
#
# Pass options through BENCHFLAGS, to all: --quick, --json, --size WxH. They
# say whether a target was met, and exit 0 all the same; a benchmark is no
# test.

bench_programs =
bench_common = %D%/bench.c %D%/bench.h

bench_programs += %D%/bench-ring
%C%_bench_ring_SOURCES = %D%/bench-ring.c $(bench_common)
%C%_bench_ring_LDADD = lib/shmx/libshmx.la lib/base/libbase.la -lm

bench_programs += %D%/bench-wake
%C%_bench_wake_SOURCES = %D%/bench-wake.c $(bench_common)
%C%_bench_wake_LDADD = lib/shmx/libshmx.la lib/base/libbase.la -lm

bench_programs += %D%/bench-present
%C%_bench_present_SOURCES = %D%/bench-present.c %D%/bare.c %D%/bare.h \
	$(bench_common)
%C%_bench_present_CFLAGS = $(AM_CFLAGS) $(XCB_CFLAGS)
%C%_bench_present_LDADD = lib/shmfb/libshmfb.la lib/shmx/libshmx.la \
	lib/base/libbase.la $(XCB_LIBS) -lm

# Compares with SDL2's window surface.
if HAVE_SDL2
bench_programs += %D%/bench-app
endif
%C%_bench_app_SOURCES = %D%/bench-app.c %D%/bare.c %D%/bare.h $(bench_common)
%C%_bench_app_CFLAGS = $(AM_CFLAGS) $(XCB_CFLAGS) $(SDL2_CFLAGS)
%C%_bench_app_LDADD = lib/shmfb/libshmfb.la lib/shmx/libshmx.la \
	lib/base/libbase.la $(SDL2_LIBS) $(XCB_LIBS) -lm

EXTRA_PROGRAMS += $(bench_programs)
CLEANFILES += $(bench_programs)

.PHONY: bench
bench: all $(bench_programs)
	@set -e; \
	for program in $(bench_programs); do \
		echo "# $$program"; \
		$(with_tmp) $(with_xvfb) ./$$program $(BENCHFLAGS); \
	done
