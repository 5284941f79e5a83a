# tests/fuzz - what others send us, made up by a fuzzer
#
# A target is one file, which fuzz.h explains:
#
#	fuzz_programs += %D%/fuzz-NAME
#	%C%_fuzz_NAME_SOURCES = %D%/fuzz-NAME.c $(fuzz_common)
#	%C%_fuzz_NAME_LDADD = $(fuzz_libs)
#
# `make check` tries what is near its seeds, `make check-fuzz` searches on from
# them, with clang's libFuzzer, FUZZ_SECONDS for each.

FUZZ_SECONDS = 60
fuzz_programs =
fuzz_common = %D%/replay.c %D%/fuzz.h
fuzz_libs = tests/v2/libv2.la lib/shmx/libshmx-core.la lib/base/libbase.la

fuzz_programs += %D%/fuzz-control
%C%_fuzz_control_SOURCES = %D%/fuzz-control.c %D%/sample.h $(fuzz_common)
%C%_fuzz_control_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_fuzz_control_LDADD = $(fuzz_libs)

fuzz_programs += %D%/fuzz-directory
%C%_fuzz_directory_SOURCES = %D%/fuzz-directory.c $(fuzz_common)
%C%_fuzz_directory_LDADD = $(fuzz_libs)

fuzz_programs += %D%/fuzz-foreign
%C%_fuzz_foreign_SOURCES = %D%/fuzz-foreign.c %D%/sample.h $(fuzz_common)
%C%_fuzz_foreign_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_fuzz_foreign_LDADD = $(fuzz_libs)

fuzz_programs += %D%/fuzz-host
%C%_fuzz_host_SOURCES = %D%/fuzz-host.c %D%/sample.h $(fuzz_common)
%C%_fuzz_host_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_fuzz_host_LDADD = $(fuzz_libs)

fuzz_programs += %D%/fuzz-input
%C%_fuzz_input_SOURCES = %D%/fuzz-input.c $(fuzz_common)
%C%_fuzz_input_LDADD = $(fuzz_libs)

fuzz_programs += %D%/fuzz-reader
%C%_fuzz_reader_SOURCES = %D%/fuzz-reader.c %D%/sample.h $(fuzz_common)
%C%_fuzz_reader_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_fuzz_reader_LDADD = $(fuzz_libs)

fuzz_programs += %D%/fuzz-region
%C%_fuzz_region_SOURCES = %D%/fuzz-region.c %D%/sample.h $(fuzz_common)
%C%_fuzz_region_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_fuzz_region_LDADD = $(fuzz_libs)
fuzz_programs += %D%/fuzz-inspect
%C%_fuzz_inspect_SOURCES = %D%/fuzz-inspect.c $(fuzz_common)
%C%_fuzz_inspect_LDADD = $(fuzz_libs)

fuzz_programs += %D%/fuzz-tlv
%C%_fuzz_tlv_SOURCES = %D%/fuzz-tlv.c $(fuzz_common)
%C%_fuzz_tlv_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_fuzz_tlv_LDADD = $(fuzz_libs)

check_PROGRAMS += $(fuzz_programs)
TESTS += $(fuzz_programs)
EXTRA_DIST += %D%/run

fuzz_sources = $(filter %.c,$(lib_shmx_libshmx_core_la_SOURCES) \
	$(lib_base_libbase_la_SOURCES) $(tests_v2_libv2_la_SOURCES))
fuzz_cppflags = $(DEFS) $(DEFAULT_INCLUDES) -I$(top_srcdir)/lib \
	-I$(top_srcdir)/tests

.PHONY: check-fuzz clean-fuzz
check-fuzz: all $(fuzz_programs)
	@CLANG='$(CLANG)' top_srcdir='$(top_srcdir)' \
	top_builddir='$(top_builddir)' FUZZ_SOURCES='$(fuzz_sources)' \
	FUZZ_CPPFLAGS='$(fuzz_cppflags)' $(with_tmp) $(SHELL) \
	$(top_srcdir)/%D%/run $(FUZZ_SECONDS) $(fuzz_programs)

clean-local: clean-fuzz
clean-fuzz:
	rm -rf %D%/objects %D%/*.corpus %D%/*.seeds %D%/fuzz-*.log \
		%D%/fuzz-*-crash-* %D%/fuzz-*-oom-* %D%/fuzz-*-timeout-* \
		%D%/fuzz-*-leak-* %D%/fuzz-*-slow-unit-*
