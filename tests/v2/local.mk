# tests/v2 - SHMX v2.0 as its peers speak it, for tests of what we speak
#
# Nothing here includes or links anything of lib/; tests/test-includes.sh holds
# us to it.

check_LTLIBRARIES += %D%/libv2.la
%C%_libv2_la_SOURCES = \
	%D%/client.c \
	%D%/server.c \
	%D%/v2.c %D%/v2.h
%C%_libv2_la_CPPFLAGS =

v2_programs = %D%/v2-inspect %D%/v2-read %D%/v2-write
check_PROGRAMS += $(v2_programs)
%C%_v2_inspect_SOURCES = %D%/v2-inspect.c
%C%_v2_inspect_CPPFLAGS =
%C%_v2_inspect_LDADD = %D%/libv2.la
%C%_v2_read_SOURCES = %D%/v2-read.c
%C%_v2_read_CPPFLAGS =
%C%_v2_read_LDADD = %D%/libv2.la
%C%_v2_write_SOURCES = %D%/v2-write.c
%C%_v2_write_CPPFLAGS =
%C%_v2_write_LDADD = %D%/libv2.la

shell_tests += tests/test-v2-peers.sh

if HAVE_CHECK
check_programs += tests/test-golden
tests_test_golden_SOURCES = tests/test-golden.c tests/golden.h
tests_test_golden_LDADD = %D%/libv2.la lib/shmx/libshmx-core.la $(suite_libs)

check_programs += tests/test-v2
tests_test_v2_SOURCES = tests/test-v2.c tests/golden.h
tests_test_v2_LDADD = %D%/libv2.la $(suite_libs)
endif
