# tools - the shmx command: a dispatcher, and one program for each verb
#
# A verb is one file:
#
#	bin_PROGRAMS += %D%/shmx-view
#	%C%_shmx_view_SOURCES = %D%/shmx-view.c
#	%C%_shmx_view_LDADD = lib/shmfb/libshmfb.la lib/shmx/libshmx.la
#
# and a line in the table of shmx.c, for `shmx --help`.

bin_PROGRAMS += %D%/shmx

# No library: so libtool makes no wrapper of it, and in the build directory
# as anywhere else it finds the verbs beside itself.
%C%_shmx_SOURCES = %D%/shmx.c

# What the verbs share.
noinst_LTLIBRARIES += %D%/libverbs.la
%C%_libverbs_la_SOURCES = %D%/tool.c %D%/tool.h
tool_libs = %D%/libverbs.la lib/shmx/libshmx.la lib/base/libbase.la

bin_PROGRAMS += %D%/shmx-push
%C%_shmx_push_SOURCES = \
	%D%/shmx-push.c \
	%D%/convert.c %D%/convert.h \
	%D%/input.c %D%/input.h \
	%D%/rate.c %D%/rate.h
%C%_shmx_push_LDADD = $(tool_libs)

bin_PROGRAMS += %D%/shmx-pull
%C%_shmx_pull_SOURCES = \
	%D%/shmx-pull.c \
	%D%/convert.c %D%/convert.h \
	%D%/pull-write.c %D%/pull.h \
	%D%/rate.c %D%/rate.h \
	%D%/write-png.c %D%/write-png.h
%C%_shmx_pull_CFLAGS = $(AM_CFLAGS) $(PNG_CFLAGS)
%C%_shmx_pull_LDADD = $(tool_libs) $(PNG_LIBS)

bin_PROGRAMS += %D%/shmx-ls
%C%_shmx_ls_SOURCES = %D%/shmx-ls.c %D%/snapshot.c %D%/snapshot.h
%C%_shmx_ls_LDADD = $(tool_libs)

bin_PROGRAMS += %D%/shmx-rm
%C%_shmx_rm_SOURCES = %D%/shmx-rm.c
%C%_shmx_rm_LDADD = $(tool_libs)

bin_PROGRAMS += %D%/shmx-top
%C%_shmx_top_SOURCES = \
	%D%/shmx-top.c \
	%D%/snapshot.c %D%/snapshot.h \
	%D%/top-choice.c \
	%D%/top-draw.c %D%/top-draw.h \
	%D%/top-layout.c \
	%D%/top-memory.c \
	%D%/top-print.c \
	%D%/top-readers.c \
	%D%/top-screen.c \
	%D%/top-watch.c \
	%D%/top.h
%C%_shmx_top_CFLAGS = $(AM_CFLAGS) $(NCURSES_CFLAGS)
%C%_shmx_top_LDADD = $(tool_libs) $(NCURSES_LIBS) -lm

bin_PROGRAMS += %D%/shmx-doctor
%C%_shmx_doctor_SOURCES = %D%/shmx-doctor.c
%C%_shmx_doctor_LDADD = lib/shmfb/libshmfb.la $(tool_libs)

# The viewer, and the same with an SDL2 window surface to compare with.
%C%_viewer_sources = \
	%D%/convert.c %D%/convert.h \
	%D%/write-png.c %D%/write-png.h \
	%D%/viewer.c %D%/viewer.h

bin_PROGRAMS += %D%/shmx-view
%C%_shmx_view_SOURCES = \
	%D%/shmx-view.c \
	%D%/forward.c %D%/forward.h \
	%D%/forward-window.c %D%/forward-window.h \
	%D%/readback.c %D%/readback.h \
	%D%/view.h \
	%D%/view-draw.c %D%/view-draw.h \
	%D%/view-keys.c \
	%D%/view-mouse.c \
	%D%/view-look.c \
	%D%/view-overlay.c \
	%D%/view-trail.c \
	%D%/view-window.c \
	$(%C%_viewer_sources)
%C%_shmx_view_CFLAGS = $(AM_CFLAGS) $(PNG_CFLAGS) $(XCB_CFLAGS) $(XKB_CFLAGS) \
	$(CAIRO_CFLAGS)
%C%_shmx_view_LDADD = lib/shmfb/libshmfb.la $(tool_libs) $(PNG_LIBS) \
	$(XCB_LIBS) $(CAIRO_LIBS) -lm

if HAVE_SDL2
bin_PROGRAMS += %D%/shmx-view-sdl2
%C%_shmx_view_sdl2_SOURCES = \
	%D%/shmx-view-sdl2.c \
	%D%/forward.c %D%/forward.h \
	%D%/forward-sdl2.c %D%/forward-sdl2.h \
	%D%/readback.c %D%/readback.h \
	$(%C%_viewer_sources)
%C%_shmx_view_sdl2_CFLAGS = $(AM_CFLAGS) $(SDL2_CFLAGS) $(PNG_CFLAGS) \
	$(XCB_CFLAGS) $(XKB_CFLAGS)
%C%_shmx_view_sdl2_LDADD = $(tool_libs) $(SDL2_LIBS) $(PNG_LIBS) $(XCB_LIBS) \
	$(XKB_LIBS)
endif
