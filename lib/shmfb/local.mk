# shmfb - the window; knows libshmx through its public headers alone
#
# The objects are in libshmfb-core.la, which tests link to see the inside.
# libshmfb.la is the same with its symbol map: an exported function stands in
# shmfb.h, between its visibility pragmas, and in shmfb.map.

shmfbincludedir = $(includedir)/shmfb
shmfbinclude_HEADERS = %D%/shmfb.h

noinst_LTLIBRARIES += %D%/libshmfb-core.la
lib_LTLIBRARIES += %D%/libshmfb.la

%C%_libshmfb_core_la_SOURCES = \
	%D%/atom.c %D%/atom.h \
	%D%/canvas.c \
	%D%/clip.c %D%/clip.h \
	%D%/clipboard.c %D%/clipboard.h \
	%D%/clock.c %D%/clock.h \
	%D%/connect.c %D%/connect.h \
	%D%/convert.c %D%/convert.h \
	%D%/cursor.c %D%/cursor.h \
	%D%/damage.c %D%/damage.h \
	%D%/display.c %D%/display.h \
	%D%/draw.c \
	%D%/event.c \
	%D%/extension.c %D%/extension.h \
	%D%/flight.c %D%/flight.h \
	%D%/geometry.c %D%/geometry.h \
	%D%/icon.c \
	%D%/keyboard.c %D%/keyboard.h \
	%D%/keymap.c %D%/keymap.h \
	%D%/ladder.c %D%/ladder.h \
	%D%/limits.c \
	%D%/loop.c \
	%D%/multiple.c %D%/multiple.h \
	%D%/owner.c %D%/owner.h \
	%D%/paste.c %D%/paste.h \
	%D%/picture.c %D%/picture.h \
	%D%/pixel.c %D%/pixel.h \
	%D%/pointer.c %D%/pointer.h \
	%D%/poke.c %D%/poke.h \
	%D%/pool.c %D%/pool.h \
	%D%/present.c %D%/present.h \
	%D%/present_copy.c %D%/present_copy.h \
	%D%/present_pixmap.c %D%/present_pixmap.h \
	%D%/present_put.c \
	%D%/present_shm.c \
	%D%/property.c %D%/property.h \
	%D%/probe.c \
	%D%/queue.c %D%/queue.h \
	%D%/render.c %D%/render.h \
	%D%/raw.c %D%/raw.h \
	%D%/route.c %D%/route.h \
	%D%/scroll.c %D%/scroll.h \
	%D%/segment.c %D%/segment.h \
	%D%/settings.c %D%/settings.h \
	%D%/show.c \
	%D%/sigpipe.c %D%/sigpipe.h \
	%D%/stage.c %D%/stage.h \
	%D%/spin.c %D%/spin.h \
	%D%/state.c %D%/state.h \
	%D%/stats.c \
	%D%/step.c \
	%D%/sync.c %D%/sync.h \
	%D%/sysv.c %D%/sysv.h \
	%D%/text.c %D%/text.h \
	%D%/version.c \
	%D%/view.c %D%/view.h \
	%D%/visual.c %D%/visual.h \
	%D%/window.c %D%/window.h \
	%D%/withdraw.c %D%/withdraw.h \
	%D%/wm.c \
	%D%/xinput.c %D%/xinput.h \
	%D%/xinput_device.c \
	%D%/xinput_event.c
%C%_libshmfb_core_la_CFLAGS = $(AM_CFLAGS) $(XCB_CFLAGS) $(XKB_CFLAGS) \
	$(PIXMAN_CFLAGS)

# -version-info C:R:A: the three rules stand in lib/shmx/local.mk.
%C%_libshmfb_la_SOURCES =
%C%_libshmfb_la_LIBADD = %D%/libshmfb-core.la lib/shmx/libshmx.la \
	lib/base/libbase.la $(XCB_LIBS) $(XKB_LIBS) $(PIXMAN_LIBS) -lm
%C%_libshmfb_la_LDFLAGS = $(lib_ldflags) -version-info 0:0:0 \
	-Wl,--version-script=$(srcdir)/%D%/shmfb.map
EXTRA_%C%_libshmfb_la_DEPENDENCIES = %D%/shmfb.map
EXTRA_DIST += %D%/shmfb.map
