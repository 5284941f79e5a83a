# shmx - the transport; knows nothing of X
#
# The objects are in libshmx-core.la, which tests link to see the inside.
# libshmx.la is the same with its symbol map: an exported function stands in
# shmx.h, between its visibility pragmas, and in shmx.map.

shmxincludedir = $(includedir)/shmx
shmxinclude_HEADERS = %D%/shmx.h

noinst_LTLIBRARIES += %D%/libshmx-core.la
lib_LTLIBRARIES += %D%/libshmx.la

shmx_parts = \
	%D%/atomic.h \
	%D%/attach.c \
	%D%/channel.c %D%/channel.h \
	%D%/checksum.c %D%/checksum.h \
	%D%/control.c %D%/control.h \
	%D%/directory.c %D%/directory.h \
	%D%/error.c \
	%D%/foreign.c %D%/foreign.h \
	%D%/foreign-mirror.c %D%/foreign-mirror.h \
	%D%/foreign-relay.c %D%/foreign-relay.h \
	%D%/foreign-server.c %D%/foreign-server.h \
	%D%/format.c \
	%D%/frame.c %D%/frame.h \
	%D%/guests.c %D%/guests.h \
	%D%/held.c %D%/held.h \
	%D%/grow.c \
	%D%/hold.c \
	%D%/host.c %D%/host.h %D%/host-peer.h \
	%D%/host-greet.c \
	%D%/host-hear.c \
	%D%/host-join.c \
	%D%/host-leave.c \
	%D%/host-ring.c \
	%D%/host-roll.c \
	%D%/input.c %D%/input.h \
	%D%/inspect.c %D%/inspect.h \
	%D%/inspect-ask.c \
	%D%/inspect-copy.c \
	%D%/inspect-list.c \
	%D%/kill.h \
	%D%/join.c \
	%D%/latency.c %D%/latency.h \
	%D%/layout.h \
	%D%/mail.c %D%/mail.h \
	%D%/memory.c %D%/memory.h \
	%D%/object.c %D%/object.h \
	%D%/procfs.c %D%/procfs.h \
	%D%/move.c \
	%D%/producer.c %D%/producer.h \
	%D%/protocol.h \
	%D%/reader.c %D%/reader.h \
	%D%/readers.c %D%/readers.h \
	%D%/records.c %D%/records.h \
	%D%/region.c %D%/region.h \
	%D%/rendezvous.c %D%/rendezvous.h \
	%D%/ring.c %D%/ring.h %D%/ring-words.h \
	%D%/ring-multi.c %D%/ring-multi.h \
	%D%/roster.c %D%/roster.h \
	%D%/segment.c %D%/segment.h \
	%D%/send.c \
	%D%/service.c \
	%D%/spin.c %D%/spin.h \
	%D%/session.c %D%/session.h \
	%D%/survey.c %D%/survey.h \
	%D%/several.c \
	%D%/stream.c %D%/stream.h \
	%D%/tlv.c %D%/tlv.h \
	%D%/v2-layout.c %D%/v2-layout.h \
	%D%/v2.c %D%/v2.h \
	%D%/version.c \
	%D%/writers.c %D%/writers.h \
	%D%/view.c \
	%D%/wait.c

%C%_libshmx_core_la_SOURCES = $(shmx_parts)
if KILL_POINTS
%C%_libshmx_core_la_SOURCES += %D%/kill.c
endif

# The same with kill points, whatever configure was told: for the tests.
check_LTLIBRARIES += %D%/libshmx-kill.la
%C%_libshmx_kill_la_SOURCES = $(shmx_parts) %D%/kill.c
%C%_libshmx_kill_la_CPPFLAGS = $(AM_CPPFLAGS) -DSHMX_KILL_POINTS

# -version-info C:R:A, before each release:
#   an interface was added:              C+1:0:A+1
#   an interface was removed or changed: C+1:0:0
#   only the code changed:               C:R+1:A
%C%_libshmx_la_SOURCES =
%C%_libshmx_la_LIBADD = %D%/libshmx-core.la lib/base/libbase.la
%C%_libshmx_la_LDFLAGS = $(lib_ldflags) -version-info 0:0:0 \
	-Wl,--version-script=$(srcdir)/%D%/shmx.map
EXTRA_%C%_libshmx_la_DEPENDENCIES = %D%/shmx.map
EXTRA_DIST += %D%/shmx.map
